"""The thread of upkeep outlives whatever stops it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from pinyon.engine import Database, bases
from pinyon.types import IndexSpec, Query
from waiting import eventually


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_an_unforeseen_error_upkeep_begins_anew_with_the_next_write(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).standard_normal((6_000, 16)).astype(np.float32)
    struck = threading.Event()

    def broken(*_: object, **__: object) -> None:
        struck.set()
        raise RuntimeError("nobody foresaw this")

    with Database(":memory:") as database:
        database.create_index(IndexSpec("films", 16, "cosine"))
        index = database.index("films")
        with monkeypatch.context() as patched:
            patched.setattr(bases.Builder, "codes", broken)
            index.upsert("", [str(row) for row in range(len(rows))], rows)
            assert struck.wait(30)
            assert eventually(lambda: not any(one.name == "pinyon-films" for one in threading.enumerate()))
        index.upsert("", ["new"], rows[:1])
        assert eventually(lambda: index.describe("").kind == "scan")
        assert len(index.query("", Query(10, vector=rows[0])).matches) == 10
