"""Where the official SDKs are installed, and the server that they talk to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def environment(sdk: str) -> Path:
    """The Python of ``.venv-sdk7`` or ``.venv-sdk10``. Skips the test when it was not built."""
    folder = Path(os.environ.get(f"PINYON_{sdk.upper()}", REPOSITORY / f".venv-{sdk}"))
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        pytest.skip(f"the official SDK is not installed: no {python}; make test builds it")
    return python


class Serving:
    """``pinyon serve`` on a free port, from entering to leaving."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.imports = folder / "imports"
        self.imports.mkdir()
        self.key = "pclocal"
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Serving:
        command = [sys.executable, "-m", "pinyon.cli", "serve", "--data", str(self.data), "--port", "0"]
        command += ["--key", self.key, "--import-root", str(self.imports)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"}
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "http://" in line:
                self.url = "http://" + line.split("http://")[1].split()[0].rstrip("/.,")
                return self
        raise AssertionError("the server did not start:\n" + "".join(said))

    def __exit__(self, *problem: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)
