"""At rest the sparse values of a namespace lie in one list per term, and searches find what they found before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pinyon.engine import Database, maintenance
from pinyon.engine.index import Index
from pinyon.engine.namespace import NamespaceState
from pinyon.types import IndexSpec, Query, SparseValues

ROWS, FIRST, D = 6_000, 5_000, 4
IDS = [f"row-{number}" for number in range(ROWS)]


def documents(rng: np.random.Generator, count: int) -> list[SparseValues]:
    terms = [np.sort(rng.choice(400, 12, replace=False)).astype(np.uint32) for _ in range(count)]
    return [SparseValues(each, rng.random(12).astype(np.float32)) for each in terms]


@pytest.fixture(autouse=True)
def nothing_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "QUIET", 1e9)


def filled(index: Index, asked: Query, vectors: np.ndarray | None, held: list[SparseValues]) -> NamespaceState:
    """Two batches, of which a search brings each into memory by itself."""
    for part in (slice(0, FIRST), slice(FIRST, ROWS)):
        index.upsert("", IDS[part], None if vectors is None else vectors[part], sparse=held[part])
        index.query("", asked)
    return index.memory.loaded_states()[0]


@pytest.mark.parametrize("place", ["memory", "disk"])
@pytest.mark.parametrize("dense", [True, False], ids=["hybrid", "sparse alone"])
def test_the_lists_are_merged_and_answer_as_before(tmp_path: Path, place: str, dense: bool) -> None:
    rng = np.random.default_rng(5)
    held = documents(rng, ROWS)
    vectors = rng.normal(size=(ROWS, D)).astype(np.float32) if dense else None
    asked = [Query(10, vector=rng.normal(size=D) if dense else None, sparse=query) for query in documents(rng, 20)]
    with Database(":memory:" if place == "memory" else tmp_path / "data") as database:
        kind = IndexSpec("docs", D, "dotproduct") if dense else IndexSpec("docs", None, "dotproduct", "sparse")
        database.create_index(kind)
        index = database.index("docs")
        state = filled(index, asked[0], vectors, held)
        index.delete("", IDS[:50])
        before = [index.query("", query).matches for query in asked]
        assert state.snapshot.sparse.loose > 0
        assert index.ready()
        assert state.snapshot.sparse.loose == 0
        assert [index.query("", query).matches for query in asked] == before


def test_what_was_written_while_the_lists_were_merged_stays(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    held = documents(rng, ROWS)
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", None, "dotproduct", "sparse"))
        index = database.index("docs")
        state = filled(index, Query(1, sparse=held[0]), None, held)
        worn = state.snapshot.sparse
        merged = worn.settle()
        alone = SparseValues(np.array([9_999], np.uint32), np.ones(1, np.float32))
        index.upsert("", ["new"], sparse=[alone])
        assert [match.id for match in index.query("", Query(1, sparse=alone)).matches] == ["new"]
        assert state.publish_sparse(worn, merged) is state.snapshot
        assert [match.id for match in index.query("", Query(1, sparse=alone)).matches] == ["new"]


def test_a_few_newer_values_are_left_where_they_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    held = documents(rng, ROWS)
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", None, "dotproduct", "sparse"))
        index = database.index("docs")
        state = filled(index, Query(1, sparse=held[0]), None, held)
        assert index.ready()
        index.upsert("", IDS[:20], sparse=documents(rng, 20))
        index.query("", Query(1, sparse=held[0]))
        worn = state.snapshot.sparse
        assert 0 < worn.loose < maintenance.LOOSE_SHARE
        assert index.ready()
        assert state.snapshot.sparse is worn
