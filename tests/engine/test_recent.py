"""What is remembered between queries never outlives the state that it was true for."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.engine import Database, Index, recent
from pinyon.engine.recent import RecentMasks, RecentRows
from pinyon.filters import Compare
from pinyon.index.vectors import Vectors
from pinyon.storage.values import StoredRow
from pinyon.types import IndexSpec, Query


def row(ord_: int, size: int = 10) -> StoredRow:
    return StoredRow(ord_, str(ord_), b"x" * size, None)


@pytest.fixture
def films() -> Index:
    database = Database(":memory:")
    database.create_index(IndexSpec("films", 2, "cosine"))
    index = database.index("films")
    index.upsert("", ["a", "b"], [[1.0, 0.0], [0.0, 1.0]], metadata=[{"seen": False}, {"seen": False}])
    return index


def seen(index: Index, **options: object) -> dict[str, object]:
    query = Query(2, vector=[1.0, 1.0], include_metadata=True, **options)  # type: ignore[arg-type]
    return {match.id: match.metadata and match.metadata["seen"] for match in index.query("", query).matches}


def test_a_hit_shows_metadata_that_was_updated_since_it_was_last_returned(films: Index) -> None:
    assert seen(films) == {"a": False, "b": False}
    films.update("", "b", set_metadata={"seen": True})
    assert seen(films) == {"a": False, "b": True}
    films.upsert("", ["b"], [[0.0, 1.0]], metadata=[{"seen": False}])
    assert seen(films) == {"a": False, "b": False}


def test_a_repeated_filter_follows_every_change(films: Index) -> None:
    wanted = {"seen": False}
    assert sorted(seen(films, filter=wanted)) == ["a", "b"]
    films.update("", "b", set_metadata={"seen": True})
    assert sorted(seen(films, filter=wanted)) == ["a"]
    films.upsert("", ["c"], [[1.0, 1.0]], metadata=[{"seen": False}])
    assert sorted(seen(films, filter=wanted)) == ["a", "c"]
    films.delete("", ["a"])
    assert sorted(seen(films, filter=wanted)) == ["c"]


def test_equal_looking_filters_of_other_types_are_told_apart(films: Index) -> None:
    films.upsert("", ["one"], [[1.0, 0.5]], metadata=[{"seen": 1}])
    assert sorted(seen(films, filter={"seen": 1})) == ["one"]
    assert sorted(seen(films, filter={"seen": True})) == []
    assert sorted(seen(films, filter={"seen": 1.0})) == ["one"]


def test_the_oldest_rows_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "ROWS", 8)
    rows = RecentRows()
    for number in range(20):
        rows.add([row(number)])
    kept = rows.get(range(20))
    assert 19 in kept
    assert 0 not in kept
    assert len(kept) <= 8


def test_rows_with_much_metadata_are_not_kept() -> None:
    rows = RecentRows()
    rows.add([row(1, recent.ROW_BYTES), row(2, recent.ROW_BYTES + 1)])
    assert list(rows.get([1, 2])) == [1]


def test_a_cache_without_updated_rows_leaves_the_older_one_as_it_was() -> None:
    older = RecentRows()
    older.add([row(1), row(2)])
    newer = older.without([2])
    newer.add([row(3)])
    assert sorted(older.get([1, 2, 3])) == [1, 2]
    assert sorted(newer.get([1, 2, 3])) == [1, 3]


def test_a_remembered_mask_cannot_be_written_into_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MASKS", 2)
    masks = RecentMasks()
    nodes = [Compare("year", "$eq", float(year)) for year in range(3)]
    for node in nodes:
        masks.add(node, np.ones(4, np.bool_), 4)
    assert masks.get(nodes[0]) is None
    known = masks.get(nodes[2])
    assert known is not None
    with pytest.raises(ValueError, match="read-only"):
        known[0][0] = False


def filled(n: int) -> Index:
    database = Database(":memory:")
    database.create_index(IndexSpec("many", 16, "cosine"))
    index = database.index("many")
    rows = np.random.default_rng(5).standard_normal((n, 16)).astype(np.float32)
    index.upsert("", [f"{at}" for at in range(n)], rows, metadata={"part": [at % 50 for at in range(n)]})
    return index


def test_a_filter_that_is_asked_for_again_gives_the_same_whether_its_vectors_lie_ready_or_not() -> None:
    index = filled(3_000)
    query = np.random.default_rng(6).standard_normal(16)
    wanted = Query(10, vector=query, filter={"part": 7}, explain=True)
    first, second, third = (index.query("", wanted) for _ in range(3))
    assert first.plan is not None
    assert first.plan.kind == "gather"
    assert first.matches == second.matches == third.matches
    with index.memory.truth.read() as view:
        opened = index.memory.snapshot(view, "")
    assert opened is not None
    [few] = opened[1].masks._few.values()
    assert few.vectors is not None
    assert np.array_equal(few.rows, np.arange(7, 3_000, 50))
    index.update("", "7", values=query)
    assert index.query("", wanted).matches[0].id == "7", "of another moment, other vectors"


def test_vectors_lie_ready_only_while_they_take_little(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = Vectors(4, (np.random.default_rng(1).standard_normal((100, 4)).astype(np.float32),))
    masks = RecentMasks()
    nodes = [Compare("part", "$eq", float(at)) for at in range(3)]
    for at, node in enumerate(nodes):
        masks.add(node, np.arange(100) % 3 == at, 34 if at == 0 else 33)

    def ready(at: int) -> bool:
        known = masks.get(nodes[at])
        assert known is not None
        rows, found = masks.few(known[0], vectors)
        assert rows.tolist() == list(range(at, 100, 3))
        assert found is None or np.array_equal(found, vectors.take(rows))
        return found is not None

    assert (ready(0), ready(0)) == (False, True)
    monkeypatch.setattr(recent, "ALL_FEW_BYTES", masks._few[id(masks._masks[nodes[0]][0])].nbytes + 800)
    before = masks.nbytes
    assert (ready(1), ready(1)) == (False, True)
    assert masks.nbytes == before + 33 * (8 + 16)
    assert not any(ready(2) for _ in range(5)), "two filters take all that there is"
    monkeypatch.setattr(recent, "FEW_BYTES", 100)
    masks.clear()
    assert masks.nbytes == 0
    stranger = np.arange(100) < 5
    assert not any(masks.few(stranger, vectors)[1] is not None for _ in range(3)), "only filters are remembered"
