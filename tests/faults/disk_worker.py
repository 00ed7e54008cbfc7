"""What the tests of full and read-only disks do in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from faults import engine_workload as workload
from faults.engine_workload import SPEC, State, foretell, lower_thresholds, step
from faults.forks import Send
from pinyon.engine import Database, Index
from pinyon.errors import PinyonError, ReadOnlyError, StorageFullError
from pinyon.types import IndexSpec, Query

NOBODY = 65534
RETRIES = 3


def limited(argument: dict[str, Any], send: Send) -> dict[str, Any]:
    """Fill up to a limit on the size of files, where the system writes a part and then says no."""
    lower_thresholds()
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (argument["bytes"], unlimited[1]))

    return fill_up(Path(argument["path"]), argument["seed"], fill, free)


def small_disk(path: Path, seed: int) -> dict[str, Any]:
    """Fill a small file system; a file beside the database is deleted when space is needed again."""
    lower_thresholds()
    ballast = path.with_name("ballast")
    ballast.write_bytes(bytes(1 << 20))
    return fill_up(path, seed, lambda: None, ballast.unlink)


def fill_up(path: Path, seed: int, fill: Callable[[], None], free: Callable[[], None]) -> dict[str, Any]:
    """Write until the disk is full, look at everything, make room, and go on."""
    errors: list[str] = []
    state, sequence = workload.empty(), 0
    with Database(path) as database:
        index = workload.fresh_index(database)
        for _ in range(10):
            state, sequence = write(index, state, seed, sequence)
        fill()
        with contextlib.suppress(StorageFullError):
            while sequence < 5_000:
                state, sequence = write(index, state, seed, sequence)
        for _ in range(RETRIES):  # full stays full, and the store stays what it was
            for attempt in (
                lambda: write_large(index),
                lambda: database.create_backup(SPEC.name),
                lambda: database.compact(SPEC.name),
                index.ready,
            ):
                with contextlib.suppress(StorageFullError):
                    attempt()
                    continue
                errors.append(str(getattr(attempt, "__name__", "")))
            look(index, state, seed)
        backups = [info.id for info in database.list_backups()]
        left = sorted(entry.name for entry in (path / "backups").iterdir()) if (path / "backups").exists() else []
        assert sorted(backups) == left, "a backup that failed left something behind"
        free()
        for _ in range(5):
            state, sequence = write(index, state, seed, sequence)
        look(index, state, seed)
        assert index.ready()
        assert database.verify() == []
    with Database(path) as database:
        look(database.index(SPEC.name), state, seed)
        assert database.verify() == []
    return {"written": sequence, "refused": len(errors)}


def write(index: Index, state: State, seed: int, sequence: int) -> tuple[State, int]:
    made = step(seed, sequence)
    workload.run(index, made)
    return foretell(state, made), sequence + 1


def write_large(index: Index) -> None:
    ids = [f"large-{number}" for number in range(150)]
    metadata = [{"text": "x" * 30_000}] * len(ids)
    index.upsert("", ids, np.ones((len(ids), workload.DIMENSION), np.float32), metadata=metadata)


def look(index: Index, state: State, seed: int) -> None:
    assert workload.read(index) == (state, 0)
    list(workload.check_searches(index, state, np.random.default_rng(seed)))


# -- read-only --------------------------------------------------------------------------------------------------------


def read_only(argument: dict[str, Any], send: Send) -> list[str]:
    """Use a directory that may only be read, as a user for whom that holds; gives the messages of refused writes."""
    path, seed = Path(argument["path"]), argument["seed"]
    state = workload.empty()
    with Database(":memory:") as database:  # imports what is imported late: nobody may not read the library's folder
        index = workload.fresh_index(database)
        for sequence in range(argument["writes"]):
            state, _ = write(index, state, seed, sequence)
        look(index, state, seed)
        database.verify()
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    refused: list[str] = []
    with Database(path, read_only=True) as database:
        index = database.index(SPEC.name)
        look(index, state, seed)
        assert database.verify() == []
        vector = np.ones(workload.DIMENSION, np.float32)
        attempts: list[Callable[[], object]] = [
            lambda: index.upsert("", ["new"], [vector]),
            lambda: index.update("", "0001", set_metadata={"a": 1}),
            lambda: index.delete("", ["0001"]),
            lambda: index.delete_all(""),
            lambda: database.create_index(IndexSpec("other", 2, "cosine")),
            lambda: database.delete_index(SPEC.name),
            lambda: database.configure_index(SPEC.name, tags={"a": "b"}),
            lambda: database.create_backup(SPEC.name),
            lambda: database.compact(),
            lambda: database.repair(),
        ]
        for attempt in attempts:
            refused.append(_refusal(attempt))
        assert index.query("", Query(3, vector=vector)).matches
        look(index, state, seed)
    refused.append(_refusal(lambda: Database(path)))
    return refused


def _refusal(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except ReadOnlyError as error:
        return error.message
    except PinyonError as error:
        raise AssertionError(f"refused with {type(error).__name__}: {error}") from error
    raise AssertionError("a write to a read-only directory was accepted")


if __name__ == "__main__":
    json.dump(small_disk(Path(sys.argv[1]), int(sys.argv[2])), sys.stdout)
