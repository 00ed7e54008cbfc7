"""What is remembered between queries never outlives the state that it was true for."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.engine import Database, Index, recent
from pinyon.engine.recent import RecentMasks, RecentRows
from pinyon.filters import Compare
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
