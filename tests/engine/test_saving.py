"""Caches that were too small to be written at once are written when the database is closed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from pinyon.engine import Database
from pinyon.types import IndexSpec


def test_a_namespace_that_has_been_quiet_for_long_is_saved_when_the_database_is_closed(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(5_000, 16)).astype(np.float32)
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", 16, "cosine"))
        index = database.index("docs")
        index.upsert("", [f"row-{number}" for number in range(len(rows))], rows)
        assert index.ready()
        time.sleep(1)  # long enough for the background thread to find nothing left to do
    with Database(tmp_path / "data") as database, database.index("docs").truth.connections.read() as connection:
        assert connection.execute("SELECT kind FROM cache").fetchall() == [("snapshot",)]
