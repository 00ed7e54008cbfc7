"""The k-th best of many values beside a plain sort, with crowds of equal values and numbers that are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.index.cutting import floor_of_best, kth_best, kth_largest, kth_smallest, largest
from pinyon.index.flat import flat_search, select
from pinyon.types import METRICS, Floats, Metric

SIZES = st.sampled_from([1, 2, 31, 33, 700, 2_047, 2_049, 4_096, 9_999, 70_001])
KINDS = st.sampled_from(["ordinary", "crowd below", "crowd above", "crowd between", "few values", "equal", "ascending"])


def values_of(kind: str, n: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(n).astype(np.float32)
    if kind.startswith("crowd"):
        values[rng.random(n) < 0.9] = {"crowd below": -9.0, "crowd above": 9.0, "crowd between": 0.125}[kind]
    if kind == "few values":
        values = np.round(values)
    if kind == "equal":
        values[:] = 0.5
    return np.sort(values) if kind == "ascending" else values


@settings(max_examples=300, deadline=None)
@given(n=SIZES, kind=KINDS, seed=st.integers(0, 999), share=st.floats(0, 1), special=st.integers(0, 60))
def test_the_kth_value_is_that_of_a_plain_sort(n: int, kind: str, seed: int, share: float, special: int) -> None:
    values = values_of(kind, n, seed)
    at = np.random.default_rng(seed + 1).integers(0, n, special)
    values[at] = np.array([np.nan, np.inf, -np.inf], np.float32)[at % 3]
    k = 1 + int(share**3 * (n - 1))
    ascending = np.sort(values)
    assert np.array_equal(kth_largest(values, k), ascending[n - k], equal_nan=True)
    assert np.array_equal(kth_smallest(values, k), ascending[k - 1], equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(n=SIZES, kind=KINDS, seed=st.integers(0, 999), share=st.floats(0, 1))
def test_the_positions_of_the_largest_hold_what_a_sort_leaves_last(n: int, kind: str, seed: int, share: float) -> None:
    values = values_of(kind, n, seed)
    k = 1 + int(share**3 * (n - 1))
    rows = largest(values, k)
    assert rows.size == k == np.unique(rows).size
    assert np.array_equal(np.sort(values[rows]), np.sort(values)[n - k :])
    assert np.count_nonzero(values >= floor_of_best(values, k)) >= k


@settings(max_examples=150, deadline=None)
@given(n=SIZES, kind=KINDS, seed=st.integers(0, 999), share=st.floats(0, 1), metric=st.sampled_from(METRICS))
def test_selection_keeps_the_k_best_and_all_ties(n: int, kind: str, seed: int, share: float, metric: Metric) -> None:
    values = values_of(kind, n, seed)
    rows = np.random.default_rng(seed + 1).permutation(3 * n)[:n].astype(np.int64)
    k = 1 + int(share**3 * (n - 1))
    goodness = -values if metric == "euclidean" else values
    order = np.lexsort((rows, -goodness))
    order = order[goodness[order] >= goodness[order[k - 1]]]
    found, scored = select(rows, values, metric, k)
    assert found.tolist() == rows[order].tolist()
    assert scored.tobytes() == values[order].tobytes()
    assert kth_best(values, k, metric) == values[order[k - 1]]


@pytest.mark.parametrize("copies", ["far from the query", "near the query"])
@pytest.mark.parametrize("metric", METRICS)
def test_an_exact_search_among_copies_of_one_row_finds_the_best(metric: Metric, copies: str) -> None:
    rng = np.random.default_rng(7)
    rows = rng.standard_normal((6_000, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    query = rows[0].copy()
    rows[rng.random(len(rows)) < 0.9] = query if copies == "near the query" else -query
    goodness = rows.astype(np.float64) @ query
    found, _ = flat_search([rows[:1_000], rows[1_000:]], query, metric, 10)
    assert found.size == (np.count_nonzero((rows == query).all(axis=1)) if copies == "near the query" else 10)
    assert np.array_equal(np.sort(goodness[found[:10]]), np.sort(goodness)[-10:])
