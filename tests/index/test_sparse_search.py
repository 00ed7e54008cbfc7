"""Inverted lists at the size where they are cut short: the best rows, and what many changes leave behind."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.errors import InvalidRequestError
from pinyon.index.flat import select
from pinyon.index.sparse import Sparse
from pinyon.types import Floats, Ints, SparseValues

ROWS, VOCABULARY = 20_000, 400


def vector(terms: dict[int, float]) -> SparseValues:
    ordered = sorted(terms)
    return SparseValues(np.array(ordered, np.uint32), np.array([terms[term] for term in ordered], np.float32))


def documents(rng: np.random.Generator, count: int, *, signed: bool = False, whole: bool = False) -> list[SparseValues]:
    """Terms by Zipf's law. signed: half of the weights are negative. whole: weights 1 and 2 only, so that many tie."""
    shares = 1.0 / np.arange(1, VOCABULARY + 1)
    reach = np.cumsum(shares / shares.sum())
    found = []
    for _ in range(count):
        terms = np.unique(np.searchsorted(reach, rng.random(12)).clip(max=VOCABULARY - 1)).astype(np.uint32)
        weights = rng.integers(1, 3, terms.size) if whole else rng.exponential(size=terms.size)
        if signed:
            weights = weights * rng.choice([-1, 1], terms.size)
        found.append(SparseValues(terms, weights.astype(np.float32)))
    return found


def by_hand(held: list[SparseValues], query: SparseValues) -> tuple[Ints, Floats]:
    """Products added one by one in float64, in the order of the terms, and rounded once."""
    wanted = dict(zip(query.indices.tolist(), query.values.tolist(), strict=True))
    rows, sums = [], []
    for row, values in enumerate(held):
        pairs = zip(values.indices.tolist(), values.values.tolist(), strict=True)
        shared = [(term, weight) for term, weight in pairs if term in wanted]
        if shared:
            total = 0.0
            for term, weight in shared:
                total += weight * wanted[term]
            rows.append(row)
            sums.append(total)
    return np.array(rows, np.int64), np.array(sums, np.float64).astype(np.float32)


@pytest.mark.parametrize("signed", [False, True])
def test_scores_are_float64_sums_rounded_once_whatever_the_history(signed: bool) -> None:
    rng = np.random.default_rng(1)
    held = documents(rng, 3_000, signed=signed)
    lists = Sparse()
    for start in range(0, 3_000, 70):
        lists = lists.append(held[start : start + 70])
    for _ in range(40):
        rows = rng.choice(3_000, 25, replace=False)
        fresh = documents(rng, 25, signed=signed)
        lists = lists.replace(rows, fresh)
        for row, values in zip(rows.tolist(), fresh, strict=True):
            held[row] = values
    for query in documents(rng, 5, signed=signed):
        rows, sums = by_hand(held, query)
        for value in (lists, lists.settle(), Sparse().append(held), Sparse.from_arrays(lists.to_arrays())):
            found, scores = value.scores(query)
            assert found.tolist() == rows.tolist()
            assert scores.tobytes() == sums.tobytes()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_the_best_rows_are_the_best_of_all_scores(signed: bool, whole: bool) -> None:
    rng = np.random.default_rng(2)
    lists = Sparse().append(documents(rng, ROWS, signed=signed, whole=whole))
    lists = lists.replace(rng.choice(ROWS, 500, replace=False), documents(rng, 500, signed=signed, whole=whole))
    masks = [None, rng.random(ROWS) < 0.9, rng.random(ROWS + 7) < 0.01, np.zeros(ROWS, np.bool_)]
    for query in [*documents(rng, 4, signed=True), *documents(rng, 4), vector({VOCABULARY + 1: 1.0})]:
        for weights in (query.values, -np.abs(query.values)):
            asked = SparseValues(query.indices, weights)
            for mask in masks:
                everything = lists.scores(asked, mask)
                for k in (1, 10, 77, 78, 1_000, ROWS, 2 * ROWS):
                    rows, scores = lists.top(asked, k, mask)
                    expected = select(*everything, "dotproduct", k)
                    assert rows.tolist() == expected[0].tolist()
                    assert scores.tobytes() == expected[1].tobytes()


def test_rows_that_only_float64_tells_apart_tie() -> None:
    held: list[SparseValues | None] = [vector({1: 0.5})] * ROWS
    # 1 + 2**-30 and 1 are the same float32.
    held[123], held[15_000] = vector({1: 1.0}), vector({1: 1.0, 2: 2.0**-30})
    rows, scores = Sparse().append(held).top(vector({1: 1.0, 2: 1.0}), 1)
    assert rows.tolist() == [123, 15_000]
    assert scores.tolist() == [1.0, 1.0]


def test_rows_whose_terms_cancel_out_or_count_against_them_are_found_too() -> None:
    held: list[SparseValues | None] = [vector({9: 1.0})] * ROWS
    held[5], held[6], held[7] = vector({1: 1.0, 2: -1.0}), vector({1: -3.0}), vector({1: 0.0})
    rows, scores = Sparse().append(held).top(vector({1: 1.0, 2: 1.0}), 10)
    assert rows.tolist() == [5, 7, 6]
    assert scores.tolist() == [0.0, 0.0, -3.0]


def test_a_mask_must_cover_every_row() -> None:
    lists = Sparse().append([vector({1: 1.0})] * 3)
    with pytest.raises(InvalidRequestError, match="2 rows does not cover 3"):
        lists.top(vector({1: 1.0}), 1, np.ones(2, np.bool_))


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_writes_leaves_many_segments(seed: int) -> None:
    """Each holds more than twice what all behind it hold, so their number is the logarithm of the postings."""
    rng = np.random.default_rng(seed)
    held = documents(rng, 500)
    lists, most = Sparse(), 0
    for _ in range(600):
        size = int(rng.choice([1, 1, 1, 5, 40, 400]))
        if lists.n and rng.random() < 0.3:
            rows = rng.choice(lists.n, min(size, lists.n), replace=False)
            lists = lists.replace(rows, [held[i] for i in rng.integers(0, 500, rows.size)])
        else:
            lists = lists.append([held[i] for i in rng.integers(0, 500, size)])
        most = max(most, len(lists._segments))
    postings = sum(segment.rows.size for segment in lists._segments)
    assert postings > 100_000
    assert most <= np.log2(postings / 4_096) + 2


def test_replaced_postings_do_not_pile_up() -> None:
    rng = np.random.default_rng(6)
    held = documents(rng, 2_000)
    lists = Sparse().append(held)
    for _ in range(6_000):
        row = int(rng.integers(2_000))
        held[row] = documents(rng, 1)[0]
        lists = lists.replace(np.array([row]), [held[row]])
    assert lists.nbytes < 3 * lists.settle().nbytes
    query = documents(rng, 1)[0]
    rows, scores = Sparse().append(held).scores(query)
    found = lists.scores(query)
    assert found[0].tolist() == rows.tolist()
    assert found[1].tobytes() == scores.tobytes()


def test_every_row_can_be_cleared_and_filled_again() -> None:
    lists = Sparse().append([vector({1: 1.0, row: 1.0}) for row in range(2, 50)])
    cleared = lists.replace(np.arange(48), [None] * 48)
    assert cleared.top(vector({1: 1.0}), 5)[0].tolist() == []
    assert Sparse.from_arrays(cleared.to_arrays()).n == 48
    filled = cleared.replace(np.array([40, 3]), [vector({1: 2.0}), vector({1: 4.0})]).append([vector({1: 3.0})])
    assert filled.top(vector({1: 1.0}), 5)[0].tolist() == [3, 48, 40]
    assert lists.top(vector({1: 1.0}), 50)[0].tolist() == list(range(48))


def test_holders_of_terms_follow_every_change() -> None:
    rng = np.random.default_rng(7)
    held = documents(rng, 900)
    lists = Sparse()
    for start in range(0, 900, 100):
        lists = lists.append(held[start : start + 100])
    for row in rng.choice(900, 300, replace=False).tolist():
        held[row] = documents(rng, 1)[0]
        lists = lists.replace(np.array([row]), [held[row]])
    for terms in ([0], [1, 0], [0, 0, 3], [0, 1, 2], [VOCABULARY + 5], []):
        expected = [set(terms) <= set(values.indices.tolist()) for values in held]
        assert lists.holders(terms).tolist() == expected
