"""Exact search and the metric kernels, against a float64 brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.distance import best_first, prepare, prepare_query, scores
from pinyon.errors import InvalidRequestError
from pinyon.index.flat import flat_search, gather_search, select
from pinyon.types import METRICS, Bools, Floats, Metric


def oracle(rows: Floats, query: Floats, metric: Metric) -> np.ndarray:
    wide, q = rows.astype(np.float64), query.astype(np.float64)
    return ((wide - q) ** 2).sum(1) if metric == "euclidean" else wide @ q


def split(rows: Floats, cuts: list[int]) -> list[Floats]:
    return [part.copy() for part in np.split(rows, sorted(cut % (len(rows) + 1) for cut in cuts))]


def assert_k_best(found: tuple, rows: Floats, query: Floats, metric: Metric, k: int, mask: Bools) -> None:
    numbers, values = found
    exact = scores(rows, query, metric)
    goodness = -exact if metric == "euclidean" else exact
    matching = np.flatnonzero(mask)
    if matching.size <= k:
        expected = matching
    else:
        kth = np.sort(goodness[matching])[::-1][k - 1]
        expected = matching[goodness[matching] >= kth]
    expected = expected[np.argsort(-goodness[expected], kind="stable")]
    assert numbers.tolist() == expected.tolist()
    assert numbers.dtype == np.int64
    assert np.array_equal(values, exact[expected])


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 200),
    d=st.sampled_from([1, 2, 3, 7, 16, 17, 32, 48, 100]),
    metric=st.sampled_from(METRICS),
    k=st.integers(1, 30),
    copies=st.integers(0, 40),
    keep=st.sampled_from([None, 0.0, 0.05, 0.5, 1.0]),
    cuts=st.lists(st.integers(0, 1000), max_size=3),
    offset=st.sampled_from([0.0, 1000.0]),
)
def test_the_k_best_and_all_their_ties_are_found(
    seed: int, n: int, d: int, metric: Metric, k: int, copies: int, keep: float | None, cuts: list[int], offset: float
) -> None:
    rng = np.random.default_rng(seed)
    raw = (rng.standard_normal((n, d)) + offset).astype(np.float32)
    raw[rng.integers(0, n, copies)] = raw[rng.integers(0, n, copies)]
    rows = prepare(raw, metric)
    query = prepare_query(raw[rng.integers(n)] if seed % 2 else rng.standard_normal(d), metric)
    mask = np.ones(n, dtype=np.bool_) if keep is None else rng.random(n) < keep
    given_mask = None if keep is None else mask
    found = flat_search(split(rows, cuts), query, metric, k, given_mask)
    assert_k_best(found, rows, query, metric, k, mask)
    gathered = gather_search(np.flatnonzero(mask), lambda part: rows[part], query, metric, k)
    assert_k_best(gathered, rows, query, metric, k, mask)
    truth = oracle(rows, query, metric)
    scale = np.abs(truth).max() + 1.0 if metric != "dotproduct" else (1.0 + offset) ** 2 * d * 20
    assert np.allclose(found[1], truth[found[0]], rtol=0, atol=2e-6 * scale)


@pytest.mark.parametrize("d", [1, 3, 16, 17, 128, 384, 385, 1536, 10_000, 16_384, 20_000])
@pytest.mark.parametrize("metric", METRICS)
def test_unit_vectors_score_within_a_millionth_of_float64(d: int, metric: Metric) -> None:
    rng = np.random.default_rng(d)
    rows = prepare(rng.standard_normal((40, d)) + 0.5, "cosine")
    query = prepare_query(rng.standard_normal(d) + 0.5, "cosine")
    assert np.abs(scores(rows, query, metric) - oracle(rows, query, metric)).max() < 1e-6


@pytest.mark.parametrize("d", [1, 5, 16, 17, 384, 1000, 16_384])
@pytest.mark.parametrize("metric", METRICS)
def test_equal_rows_score_equally_wherever_they_lie(d: int, metric: Metric) -> None:
    rng = np.random.default_rng(d)
    row = prepare(rng.standard_normal((1, d)), metric)
    query = prepare_query(rng.standard_normal(d), metric)
    values = {scores(row, query, metric)[0]}
    for m in (2, 3, 50):
        values |= set(scores(np.repeat(row, m, axis=0), query, metric).tolist())
        shifted = np.empty(m * d + 3, dtype=np.float32)[3:].reshape(m, d)
        shifted[:] = row
        values |= set(scores(shifted, query, metric).tolist())
    assert len(values) == 1


def test_a_row_is_prepared_alike_in_every_batch() -> None:
    raw = np.random.default_rng(0).standard_normal((3000, 37)).astype(np.float32)
    whole = prepare(raw, "cosine")
    assert all(np.array_equal(prepare(raw[i : i + 1], "cosine")[0], whole[i]) for i in range(0, 3000, 97))
    assert np.allclose(np.linalg.norm(whole.astype(np.float64), axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_cosine_does_not_depend_on_the_length_of_a_vector(size: float) -> None:
    raw = np.array([[3.0, 4.0]]) * size
    assert np.allclose(prepare(raw, "cosine"), [[0.6, 0.8]])


def test_an_all_zero_row_stays_zero_and_scores_zero() -> None:
    rows = prepare(np.zeros((1, 4)), "cosine")
    assert not rows.any()
    assert scores(rows, prepare_query([1, 0, 0, 0], "cosine"), "cosine").tolist() == [0.0]


def test_cosine_never_leaves_minus_one_to_one() -> None:
    rows = prepare(np.random.default_rng(1).standard_normal((500, 384)), "cosine")
    both = np.concatenate([rows, -rows])
    values = np.concatenate([scores(both, row, "cosine") for row in rows[:50]])
    assert values.max() <= 1.0
    assert values.min() >= -1.0


def test_near_rows_of_large_norm_keep_their_distance() -> None:
    rows = np.array([[1e4, 1e4], [1e4 + 0.01, 1e4]], dtype=np.float32)
    values = scores(rows, rows[0], "euclidean")
    assert values[0] == 0.0
    assert values[1] == pytest.approx(float(rows[1, 0] - rows[0, 0]) ** 2)


@pytest.mark.parametrize(
    ("metric", "order"), [("cosine", [1, 0, 2]), ("dotproduct", [1, 0, 2]), ("euclidean", [0, 2, 1])]
)
def test_equal_scores_keep_their_order(metric: Metric, order: list[int]) -> None:
    assert best_first(np.array([1.0, 2.0, 1.0], dtype=np.float32), metric).tolist() == order


def test_one_huge_row_does_not_hide_the_others() -> None:
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((5000, 32)).astype(np.float32)
    rows[17] = 1e6
    query = rng.standard_normal(32).astype(np.float32)
    query -= query.mean()
    assert_k_best(flat_search([rows], query, "dotproduct", 10), rows, query, "dotproduct", 10, np.ones(5000, np.bool_))


def test_a_mask_may_be_longer_than_the_rows_but_not_shorter() -> None:
    rows = prepare(np.eye(4), "cosine")
    mask = np.array([False, True, False, False, True, True])
    assert flat_search([rows], rows[0], "cosine", 3, mask)[0].tolist() == [1]
    with pytest.raises(InvalidRequestError, match="3 rows does not cover 4"):
        flat_search([rows], rows[0], "cosine", 3, mask[:3])


def test_nothing_to_search_gives_nothing() -> None:
    rows, values = flat_search([], np.ones(3, dtype=np.float32), "cosine", 5)
    assert rows.size == values.size == 0
    assert (
        gather_search(rows, lambda part: np.empty((0, 3), np.float32), np.ones(3, np.float32), "cosine", 5)[0].size == 0
    )


def test_select_keeps_the_ties_of_the_last_place_in_row_order() -> None:
    rows, values = select(np.array([9, 4, 7, 1]), np.array([0.5, 0.5, 0.9, 0.1], dtype=np.float32), "cosine", 2)
    assert rows.tolist() == [7, 4, 9]
    assert values.tolist() == pytest.approx([0.9, 0.5, 0.5])
