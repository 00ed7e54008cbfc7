"""The process that gets killed: it writes, acknowledges, and now and then does what is dangerous to interrupt."""

from __future__ import annotations

from typing import Any

import numpy as np

from faults.engine_workload import DIMENSION, SPEC, lower_thresholds, run, step
from faults.forks import Send
from pinyon.engine import Database, Index
from pinyon.types import Query

UPKEEP = ("ready", "close", "compact", "backup", "scratch")
SCRATCH = "scratch"


def work(argument: dict[str, Any], send: Send) -> None:
    """Write on from `first`. Lines: ``begin <what>``, ``done <sequence>``; ``compact`` and the like count as work.

    upkeep: what to do after every few writes.
    """
    lower_thresholds()
    path, seed, first, upkeep = argument["path"], argument["seed"], argument["first"], argument["upkeep"]
    rng = np.random.default_rng(argument["shuffle"])
    send("begin", "open")
    database = Database(path)
    index = database.index(SPEC.name)
    for sequence in range(first, first + 5_000):
        write = step(seed, sequence)
        send("begin", write.kind)
        run(index, write)
        send("done", sequence)
        if rng.random() < 0.15:
            send("begin", "search")
            search(index, write.namespace, rng)
        if upkeep and rng.random() < 0.2:
            send("begin", upkeep)
            if upkeep == "close":
                database.close()
                send("begin", "open")
                database = Database(path)
                index = database.index(SPEC.name)
            else:
                maintain(database, index, upkeep, sequence)
    database.close()


def search(index: Index, namespace: str, rng: np.random.Generator) -> None:
    vector = rng.standard_normal(DIMENSION, dtype=np.float32)
    matches = index.query(namespace, Query(10, vector=vector, include_metadata=True)).matches
    assert len({match.id for match in matches}) == len(matches) == min(10, index.count(namespace))


def maintain(database: Database, index: Index, upkeep: str, sequence: int) -> None:
    if upkeep == "ready":
        index.ready()
    elif upkeep == "compact":
        database.compact(SPEC.name)
    elif upkeep == "backup":
        database.create_backup(SPEC.name, name=f"after-{sequence}")
    else:
        # A whole other index: made, filled, saved, restored and dropped.
        if database.has_index(SCRATCH):
            database.delete_index(SCRATCH)
        info = database.create_backup(SPEC.name, name=f"after-{sequence}")
        database.restore_backup(info.id, SCRATCH)
        database.index(SCRATCH).delete("", ["0001", "0002"])
        database.delete_index(SCRATCH)
        database.delete_backup(info.id)
