"""An environment for each contender, built from its file of pinned versions, anew when the file changes."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks._workload import say

FILES = Path(__file__).parent / "pins"


class UnavailableError(Exception):
    """A contender's packages cannot be had here; the text says why."""


def python_of(name: str, root: Path) -> Path:
    """The interpreter of the environment ``name``, which is built when it is missing. Raises UnavailableError."""
    folder, wanted = root / name, (FILES / f"{name}.txt").read_text()
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / ".pinned"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    say(f"{name}: building its environment")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", "--no-deps"]
    done = subprocess.run([*command, "-r", str(FILES / f"{name}.txt")], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["pip failed"]
        raise UnavailableError(f"its packages cannot be installed ({reason[0].strip()})")
    stamp.write_text(wanted)
    return python


def here(package: str) -> Path:
    """This interpreter, if it has the package. Raises UnavailableError."""
    if importlib.util.find_spec(package) is None:
        raise UnavailableError(f"this environment has no {package}")
    return Path(sys.executable)
