"""One database in three places: in memory, on disk, and on disk with every read answered by a fresh open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from engine.places import FreshDatabase, Place, Processes
from pinyon.engine import Database


@pytest.fixture(params=["memory", "disk", "fresh"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database in each place in turn."""
    place: Place = request.param
    if place == "memory":
        opened = Database(":memory:")
    elif place == "disk":
        opened = Database(tmp_path / "data")
    else:
        opened = cast(Database, FreshDatabase(tmp_path / "data"))
    yield opened
    opened.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def run_python() -> Iterator[Processes]:
    """``run_python(script, *arguments)`` starts a Python that imports the same Pinyon."""
    processes = Processes()
    yield processes
    processes.stop()
