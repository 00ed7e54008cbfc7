"""One step of one contender: ``python worker.py <job.json>``, run by the harness inside the contender's environment.

The result goes to the file that the job names. What the contender prints goes to the log, and if it brings the process
down, the harness sees how.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

import numpy as np
from benchmarks.peers import process
from benchmarks.peers.contract import Adapter, UnsupportedError
from benchmarks.peers.data import Data
from benchmarks.peers.steps import STEPS


def _without_arrays(value: Any, path: Path, arrays: dict[str, Any]) -> Any:
    """The same figures, with a name in place of each array."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {key: _without_arrays(one, path, arrays) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_arrays(one, path, arrays) for one in value]
    return value


def keep(result: dict[str, Any], path: Path) -> None:
    """Writes a result so that it is there whole or not at all."""
    arrays: dict[str, Any] = {}
    plain = _without_arrays(result, path, arrays)
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(plain))
    part.replace(path)


def perform(job: dict[str, Any]) -> dict[str, Any]:
    data = Data(Path(job["data"]))
    job["bare_mb"] = process.resident()
    begin = time.perf_counter()
    made = importlib.import_module(f"benchmarks.peers.adapters.{job['adapter']}")
    job["imported_s"] = time.perf_counter() - begin
    adapter: Adapter = made.Peer(Path(job["folder"]), data.dimension, job["options"])
    about = {"version": adapter.version, "promise": adapter.promise, "load": os.getloadavg()[0]}
    result = Path(job["result"])
    job["keep"] = lambda figures: keep({**about, **figures, "problem": "ended before the last phase"}, result)
    try:
        return {**about, **STEPS[job["step"]](adapter, data, job)}
    except UnsupportedError as reason:
        return {**about, "unsupported": str(reason)}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    faulthandler.enable()  # the log says where it crashed, or hung until its time was up
    faulthandler.dump_traceback_later(max(1.0, job["limit"] - 5))
    keep(perform(job), Path(job["result"]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a contender left behind must not keep the process


if __name__ == "__main__":
    main()
