"""A fresh process that builds one index and measures it: ``python -m pinyon.studies.child``, for ``running``.

One line of JSON on stdin is the task; lines of JSON on stdout are {"stage": ...} and {"row": ...}. When stdin ends, the
parent is gone, and so is this process. Ctrl-C is the parent's to handle.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from pinyon.errors import PinyonError
from pinyon.index import _faiss
from pinyon.studies.measuring import Task, measure_each
from pinyon.studies.sources import Data
from pinyon.studies.truth import Truth
from pinyon.studies.values import Configuration

BASE, QUERIES, MASKS = "base.npy", "queries.npy", "masks.npy"


def main() -> None:
    """Serve one task and end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not get between the answers
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _serve(job, answers)
    except PinyonError as error:
        _tell(answers, {"error": str(error)})
    except MemoryError as error:
        _tell(answers, {"error": f"memory ran out ({error})"})


def _serve(job: dict[str, Any], answers: TextIO) -> None:
    configurations = [Configuration(kind, parameters) for kind, parameters in job["configurations"]]
    task = _task(job, Path(job["folder"]), answers)
    if _faiss.available():
        _faiss.load()  # before memory is weighed
    for row in measure_each(configurations, task):
        _tell(answers, {"row": row.to_json()})


def _task(job: dict[str, Any], folder: Path, answers: TextIO) -> Task:
    # Read, not mapped: pages that come and go would be counted as the index's.
    base = np.array(np.load(folder / BASE, mmap_mode="r", allow_pickle=False)[: job["rows"]])
    data = Data(base, np.load(folder / QUERIES, allow_pickle=False), job["metric"], job["digest"])
    names = job["masks"]
    masks = np.load(folder / MASKS, allow_pickle=False) if names else []
    truths = {(rows, name): Truth(np.load(path, allow_pickle=False)) for rows, name, path in job["truths"]}
    return Task(
        data,
        dict(zip(names, masks, strict=True)),
        truths,
        job["k"],
        job["repeats"],
        stage=lambda name: _tell(answers, {"stage": name}),
    )


def _tell(answers: TextIO, found: dict[str, Any]) -> None:
    answers.write(json.dumps(found, ensure_ascii=False) + "\n")
    answers.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
