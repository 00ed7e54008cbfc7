"""Ranks, recall and reciprocal rank, by hand and against what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.evaluation import rank_of, recall_at, reciprocal_rank

FOUND = ["c", "a", "d", "b"]
ids = st.lists(st.sampled_from("abcdefgh"), unique=True)


def test_the_first_right_answer_counts() -> None:
    assert rank_of({"b", "d"}, FOUND) == 3
    assert reciprocal_rank({"b", "d"}, FOUND) == 1 / 3
    assert rank_of({"z"}, FOUND) is None
    assert reciprocal_rank({"z"}, FOUND) == 0.0


def test_recall_is_the_share_among_the_first() -> None:
    assert [recall_at(k, {"a", "b"}, FOUND) for k in (1, 2, 3, 4, 9)] == [0.0, 0.5, 0.5, 1.0, 1.0]


@pytest.mark.parametrize(("k", "relevant"), [(0, {"a"}), (1, set())])
def test_recall_of_nothing_is_refused(k: int, relevant: set[str]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        recall_at(k, relevant, FOUND)


@given(found=ids, relevant=ids.filter(bool))
def test_they_agree_with_each_other(found: list[str], relevant: list[str]) -> None:
    rank = rank_of(relevant, found)
    assert (rank is None) == (reciprocal_rank(relevant, found) == 0.0) == (recall_at(99, relevant, found) == 0.0)
    if rank is not None:
        assert recall_at(rank, relevant, found) > 0.0
        assert rank == 1 or recall_at(rank - 1, relevant, found) == 0.0
    rising = [recall_at(k, relevant, found) for k in range(1, 10)]
    assert rising == sorted(rising)
