"""Runs a step of a contender in a process of its own and reads its result; a crash is a result too."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WORKER = Path(__file__).with_name("worker.py")
ONE_THREAD = dict.fromkeys(
    [f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "RAYON")]
    + ["TOKIO_WORKER_THREADS", "LANCE_CPU_THREADS"],
    "1",
)
"""For steps that measure one thread; who uses more all the same shows it in the processor time of a query."""
EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b")
QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Job:
    """What the worker is told, and how long it may take (s) before it is ended."""

    python: Path
    options: dict[str, Any]
    folder: Path
    data: Path
    result: Path
    limit: float
    one_thread: bool
    code: str

    @property
    def inputs(self) -> str:
        """A digest of everything that decides the figures but the machine: a result of other inputs is out of date."""
        about = {"options": self.options, "data": self.data.name, "code": self.code, "one_thread": self.one_thread}
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()

    def known(self) -> dict[str, Any] | None:
        """The result of an earlier run, if it fits."""
        if not self.result.exists():
            return None
        found = load(self.result)
        return found if found.get("inputs") == self.inputs else None

    def run(self) -> dict[str, Any]:
        """The result of a run now, also kept on disk. A step that failed or crashed has an entry ``problem``."""
        self.result.parent.mkdir(parents=True, exist_ok=True)
        for old in (self.result, self.result.with_suffix(".npz")):
            old.unlink(missing_ok=True)
        places = {"folder": str(self.folder), "data": str(self.data), "result": str(self.result)}
        told = {**self.options, **places, "limit": self.limit}
        path, log = self.result.with_suffix(".job"), self.result.with_suffix(".log")
        path.write_text(json.dumps(told))
        environment = {**os.environ, **QUIET, **(ONE_THREAD if self.one_thread else {})}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(self.python), "-P", str(WORKER), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.folder,
                start_new_session=True,
            )
            ended = _wait(process, self.limit)
        found = json.loads(self.result.read_text()) if self.result.exists() else {}
        if ended != "finished":
            found["problem"] = ended if process.returncode != 1 else _error(log) or ended
        self.result.write_text(json.dumps({**found, "inputs": self.inputs}))
        return load(self.result)


def _wait(process: subprocess.Popen[bytes], limit: float) -> str:
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        return f"ended after {limit:g} s"
    finally:
        _end(process)
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    return "finished" if code == 0 else f"ended with status {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends what the step has left running: it had a session of its own."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _error(log: Path) -> str:
    """The last line that names an exception: libraries go on talking while the process ends."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if EXCEPTION.match(line)]
    return lines[-1][:300] if lines else ""


def load(path: Path) -> dict[str, Any]:
    """A result with its arrays."""
    plain = json.loads(path.read_text())
    arrays = path.with_suffix(".npz")
    if not arrays.exists():
        return dict(plain)
    with np.load(arrays) as stored:
        return dict(_with_arrays(plain, stored))


def _with_arrays(value: Any, stored: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return stored[value["array"]]
        return {key: _with_arrays(one, stored) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_arrays(one, stored) for one in value]
    return value
