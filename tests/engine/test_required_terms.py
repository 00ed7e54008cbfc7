"""Terms that every match of a sparse query must hold, against looking at every record."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon import engine
from pinyon.errors import InvalidRequestError
from pinyon.index.sparse import Sparse
from pinyon.types import IndexSpec, Query, SparseValues

TERMS = st.dictionaries(st.integers(0, 6), st.floats(0.5, 2.0, width=32), min_size=1, max_size=5)


def sparse(weights: dict[int, float]) -> SparseValues:
    indices = np.array(sorted(weights), np.uint32)
    return SparseValues(indices, np.array([weights[int(index)] for index in indices], np.float32))


@given(st.lists(st.none() | TERMS, max_size=12), st.lists(st.integers(0, 7), max_size=3), st.integers(0, 12))
def test_holders_are_the_rows_with_every_term(rows: list[dict[int, float] | None], terms: list[int], cut: int) -> None:
    values = [None if row is None else sparse(row) for row in rows]
    lists = Sparse().append(values[:cut]).append(values[cut:])
    expected = [set(terms) <= set(row or {}) for row in rows]
    assert lists.holders(terms).tolist() == expected
    assert lists.settle().holders(terms).tolist() == expected


def test_replaced_rows_hold_what_they_hold_now() -> None:
    lists = Sparse().append([sparse({1: 1.0, 2: 1.0}), sparse({1: 1.0})])
    changed = lists.replace(np.array([0, 1]), [None, sparse({2: 1.0})])
    assert changed.holders([2]).tolist() == [False, True]
    assert lists.holders([1, 2]).tolist() == [True, False]


@pytest.fixture
def index() -> Iterator[engine.Index]:
    with engine.Database(":memory:") as database:
        database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
        yield database.index("words")


def test_a_query_gives_only_records_with_every_required_term(index: engine.Index) -> None:
    stored = {"a": {1: 1.0, 2: 1.0}, "b": {1: 3.0}, "c": {1: 2.0, 2: 1.0, 3: 1.0}, "d": {2: 1.0, 3: 1.0}}
    kinds = [{"kind": "old" if id_ in "ab" else "new"} for id_ in stored]
    index.upsert("", list(stored), sparse=list(map(sparse, stored.values())), metadata=kinds)
    index.upsert("", ["gone"], sparse=[sparse({1: 9.0, 2: 9.0})])
    index.delete("", ["gone"])

    def found(*required: int, **more: object) -> list[str]:
        query = Query(3, sparse=sparse({1: 1.0}), required=required, **more)  # type: ignore[arg-type]
        return [match.id for match in index.query("", query).matches]

    assert found() == ["b", "c", "a"]
    assert found(2) == ["c", "a"]
    assert found(2, 3) == ["c"]
    assert found(9) == []
    assert found(2, filter={"kind": "old"}) == ["a"]
    assert [match.id for match in index.query("", Query(3, id="a", required=(3,))).matches] == ["c", "d"]


def test_a_dense_index_has_no_terms_to_require() -> None:
    with engine.Database(":memory:") as database:
        database.create_index(IndexSpec("films", 2, "dotproduct"))
        with pytest.raises(InvalidRequestError, match="in a sparse index only"):
            database.index("films").query("", Query(1, [1.0, 2.0], required=(1,)))
