"""The process that gets killed while its index becomes one of another kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from faults.engine_workload import SPEC, lower_thresholds, run, step
from faults.forks import Send
from faults.kill_worker import search
from pinyon.engine import Database, bases

KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "hnsw", "m": 8, "ef_construction": 40},
    {"kind": "ivf", "nlist": 24},
    {"kind": "scan"},
    {"kind": "hnsw", "m": 16, "ef_construction": 40},
    {"kind": "ivf", "codes": "float32"},
    {"kind": "flat"},
)


def lower_all_thresholds() -> None:
    """...so that a graph is linked in many slices, between which it may end."""
    lower_thresholds()
    bases.LINK_SECONDS = 0.02
    bases.LINK_ROWS = 64


def work(argument: dict[str, Any], send: Send) -> None:
    """Write on from `first`, and ask for another kind again and again. Lines: ``begin <what>``, ``done <sequence>``."""
    lower_all_thresholds()
    path, seed, first = argument["path"], argument["seed"], argument["first"]
    rng = np.random.default_rng(argument["shuffle"])
    send("begin", "open")
    database = Database(path)
    index = database.index(SPEC.name)
    for sequence in range(first, first + 5_000):
        settings = KINDS[int(rng.integers(len(KINDS)))]
        send("begin", settings["kind"])
        database.configure_index(SPEC.name, index={"recall": 0.9, **settings})
        write = step(seed, sequence)
        send("begin", write.kind)
        run(index, write)
        send("done", sequence)
        search(index, "", rng)
        if rng.random() < 0.7:
            send("begin", "ready")
            index.ready()
        if rng.random() < 0.3:
            send("begin", "close")
            database.close()
            send("begin", "open")
            database = Database(path)
            index = database.index(SPEC.name)
    database.close()
