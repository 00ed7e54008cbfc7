"""Reciprocal rank fusion, against the numbers of a book and a dictionary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.index.fusion import reciprocal_ranks

RANKING = st.lists(st.integers(0, 30), max_size=20, unique=True)


def fused(rankings: list[list[int]], constant: float) -> dict[int, float]:
    rows, sums = reciprocal_ranks([np.array(ranking, np.int64) for ranking in rankings], constant)
    return dict(zip(rows.tolist(), sums.tolist(), strict=True))


def test_the_worked_example_comes_out_exactly() -> None:
    """Onlybooks' LLM book, chapter 10, with its constant of 5."""
    expected = {1: 0.30952, 3: 0.25, 4: 0.24286, 6: 0.21111, 2: 0.16667, 5: 0.11111}
    found = fused([[1, 4, 3, 5, 6], [2, 1, 3, 6, 4]], 5)
    assert {row: round(score, 5) for row, score in found.items()} == expected
    assert sorted(found, key=found.__getitem__, reverse=True) == list(expected)


@given(RANKING, RANKING, st.sampled_from([0.0, 5.0, 20.0, 60.0]))
def test_sums_are_those_of_a_dictionary(one: list[int], other: list[int], constant: float) -> None:
    expected: dict[int, float] = {}
    for ranking in (one, other):
        for rank, row in enumerate(ranking, 1):
            expected[row] = expected.get(row, 0.0) + 1.0 / (constant + rank)
    found = fused([one, other], constant)
    assert list(found) == sorted(expected)
    assert found == pytest.approx(expected)
