"""The file of an index with two generations is damaged: neither is taken for the other, and repair saves the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from faults.forks import ForkServer
from faults.reembed_worker import NAME, models, prepare
from pinyon.engine import Database
from pinyon.engine.reembedding import reembed
from pinyon.storage.generations import KEYS
from pinyon.storage.schema import PAGE_SIZE
from storage.sample import flip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
RECORDS = 200
FLIPS = 2_000 if NIGHTLY else 25
STRIDE = 1 if NIGHTLY else 3


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.reembed_worker") as server:
        yield server


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bound to ``same``, with the vectors of ``old`` kept: both have 16 numbers."""
    path = tmp_path_factory.mktemp("switched") / "data"
    prepare(path, RECORDS)
    with Database(path) as database:
        reembed(database, models()[1], NAME, "same", sample=0)
        database.compact()
    shutil.rmtree(path / "cache", ignore_errors=True)
    return path


def truth_file(path: Path) -> Path:
    (found,) = (path / "indexes").glob("*.sqlite")
    return found


def endure(server: ForkServer, path: Path) -> dict[str, Any]:
    argument = {"path": str(path), "records": RECORDS}
    told: dict[str, Any] = server.call("faults.reembed_worker:endure", argument)
    assert told["served"] == 2 * RECORDS or told["errors"] or told["findings"], "what is missing is named"
    return told


def change(path: Path, sql: str, *values: object) -> None:
    connection = apsw.Connection(str(truth_file(path)))
    connection.execute(sql, values)  # type: ignore[arg-type]
    connection.close()


@pytest.mark.parametrize("key", KEYS)
def test_a_lost_word_about_the_generations_mixes_none_of_them_and_is_repaired(
    key: str, server: ForkServer, switched: Path, tmp_path: Path
) -> None:
    path = shutil.copytree(switched, tmp_path / "data")
    change(path, "DELETE FROM meta WHERE key = ?", key)
    told = endure(server, path)
    assert told["left"] == 2 * RECORDS, told


@pytest.mark.parametrize(
    ("key", "value"), [("offset", 0), ("offset", 3), ("generation", 1), ("other", "{}"), ("embed", 5)]
)
def test_a_wrong_word_about_the_generations_mixes_none_of_them_and_is_repaired(
    key: str, value: object, server: ForkServer, switched: Path, tmp_path: Path
) -> None:
    path = shutil.copytree(switched, tmp_path / "data")
    change(path, "UPDATE meta SET value = ? WHERE key = ?", value, key)
    told = endure(server, path)
    assert told["findings"]
    assert told["left"] == 2 * RECORDS, told


def test_flipped_bits_and_lost_pages_anywhere(
    server: ForkServer, switched: Path, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    rng = np.random.default_rng([seed, 3])
    size = truth_file(switched).stat().st_size
    pages = size // PAGE_SIZE
    damages = [("flip", int(offset)) for offset in rng.integers(0, size, FLIPS)]
    damages += [("zero", page) for page in range(int(rng.integers(STRIDE)), pages, STRIDE)]
    lost, noticed = 0, 0
    for kind, at in damages:
        path = shutil.copytree(switched, tmp_path / "data")
        if kind == "flip":
            flip(truth_file(path), at, int(rng.integers(8)))
        else:
            with truth_file(path).open("r+b") as file:
                file.seek(at * PAGE_SIZE)
                file.write(bytes(PAGE_SIZE))
        told = endure(server, path)
        lost += 2 * RECORDS - told["left"]
        noticed += bool(told["errors"] or told["findings"])
        assert kind == "zero" or told["left"] >= 2 * RECORDS - 140, "a flipped bit costs at most a page"
        shutil.rmtree(path)
    record_property(
        "record", f"damage with two generations: {len(damages)} files, {noticed} noticed, {lost} records set aside"
    )
    assert noticed > len(damages) // 3
