"""Duplicates among the records of an index, by their vectors."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from pinyon.engine import Database, Index
from pinyon.engine.duplicates import Duplicates, duplicates_of
from pinyon.errors import FilterError, InvalidRequestError
from pinyon.types import IndexSpec, Metric

AXES = np.eye(4, dtype=np.float32)


def filled(database: Database, metric: Metric = "cosine") -> Index:
    """{a, b, e} and {c, d} are near to each other, and differ in length; f is like nothing; z lies elsewhere."""
    database.create_index(IndexSpec("films", 4, metric))
    index = database.index("films")
    index.upsert(
        "",
        list("abcdef"),
        np.stack([AXES[0], 3 * AXES[0] + 0.3 * AXES[1], AXES[2], 0.2 * AXES[2], 7 * AXES[0], AXES[3]]),
        metadata={"year": [1, 2, 1, 1, 2, 2]},
    )
    index.upsert("other", ["z"], AXES[:1])
    return index


def ids(found: Duplicates) -> list[list[str]]:
    return [[id for id, _ in group] for group in found.groups]


@pytest.mark.parametrize("metric", get_args(Metric))
def test_records_that_point_the_same_way_are_duplicates_whatever_the_metric(database: Database, metric: Metric) -> None:
    found = duplicates_of(filled(database, metric), "", 0.99)
    assert found.records == 6
    assert ids(found) == [["a", "b", "e"], ["c", "d"]]
    assert [round(cosine, 4) for _, cosine in found.groups[0]] == [1.0, 0.995, 1.0]


def test_a_stricter_cosine_finds_fewer(database: Database) -> None:
    assert ids(duplicates_of(filled(database), "", 1.0)) == [["a", "e"], ["c", "d"]]


def test_only_records_that_a_filter_keeps_are_compared(database: Database) -> None:
    found = duplicates_of(filled(database), "", 0.9, filter={"year": 2})
    assert (found.records, ids(found)) == (3, [["b", "e"]])


def test_what_was_deleted_or_replaced_is_no_duplicate(database: Database) -> None:
    index = filled(database)
    index.delete("", ["d", "a"])
    assert ids(duplicates_of(index, "", 0.9)) == [["b", "e"]]
    index.upsert("", ["e"], AXES[1:2])
    assert ids(duplicates_of(index, "", 0.9)) == []


def test_each_namespace_is_by_itself_and_an_unknown_one_is_empty(database: Database) -> None:
    index = filled(database)
    assert duplicates_of(index, "other", 0.5) == Duplicates(1, [])
    assert duplicates_of(index, "nowhere", 0.5) == Duplicates(0, [])


def test_progress_reaches_all_records(database: Database) -> None:
    told: list[int] = []
    duplicates_of(filled(database), "", 0.9, progress=told.append)
    assert told == [6]


@pytest.mark.parametrize("least", [0.0, -1.0, 1.1, float("nan")])
def test_a_cosine_that_makes_no_sense_is_refused(database: Database, least: float) -> None:
    with pytest.raises(InvalidRequestError, match="more than 0, and at most 1"):
        duplicates_of(filled(database), "", least)


def test_a_broken_filter_and_a_sparse_index_are_refused(database: Database) -> None:
    with pytest.raises(FilterError):
        duplicates_of(filled(database), "", 0.9, filter={"year": {"$near": 2}})
    database.create_index(IndexSpec("words", None, "dotproduct", vector_type="sparse"))
    with pytest.raises(InvalidRequestError, match="no dense vectors"):
        duplicates_of(database.index("words"), "", 0.9)
