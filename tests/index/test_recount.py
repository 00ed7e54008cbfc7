"""The k-th best score of many queries at once is the one that searching for each alone finds, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("faiss", reason="the product of many rows with many queries needs faiss")

from pinyon.distance import prepare, prepare_query
from pinyon.errors import ClosedError
from pinyon.index.flat import flat_search
from pinyon.index.recount import Answered, kth_scores
from pinyon.index.vectors import Vectors
from pinyon.types import METRICS, Bools, Floats, Metric

CASES = [(3_000, 48, 0.0), (3_000, 48, 40.0), (900, 7, 0.0), (5_000, 384, 0.5)]


def stored(rows: Floats, metric: Metric) -> Vectors:
    """In three blocks, the last of them in memory that grows."""
    prepared = prepare(rows, metric)
    third = len(rows) // 3
    return Vectors(rows.shape[1], (prepared[:third], prepared[third : 2 * third])).append(prepared[2 * third :])


def best(vectors: Vectors, query: Floats, metric: Metric, k: int, n: int, mask: Bools | None) -> float:
    return float(flat_search(vectors.span(0, n), query, metric, k, mask)[1][k - 1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "d", "offset"), CASES)
def test_it_agrees_with_exact_search(metric: Metric, n: int, d: int, offset: float) -> None:
    """Some answers are right and some are not; with filters, repeated rows, and rows that came later."""
    rng = np.random.default_rng(n + d)
    rows = (rng.standard_normal((n, d)) + offset).astype(np.float32)
    rows[20:70] = rows[5]
    vectors = stored(rows, metric)
    answered, truth = [], []
    for number in range(24):
        query = prepare_query(rows[5] if number == 3 else rng.standard_normal(d).astype(np.float32) + offset, metric)
        seen = n - 40 * (number % 2)
        mask = rng.random(seen) < (0.5, 0.1, 0.02)[number // 2 % 3] if number % 3 == 0 else None
        k = (1, 10, 60)[number % 3] if mask is None else 5
        truth.append(best(vectors, query, metric, k, seen, mask))
        reached = truth[-1] if number % 4 else best(vectors, query, metric, k + 4, seen, mask)
        answered.append(Answered(query, k, reached, seen, mask))
    found = kth_scores(vectors, answered, metric)
    assert found.dtype == np.float32
    assert found.tolist() == truth


@pytest.mark.parametrize("metric", METRICS)
def test_crowds_of_equal_rows_are_told_apart_from_better_ones(metric: Metric) -> None:
    """4,000 rows tie with the last one found, far more than are scored again one by one."""
    rng = np.random.default_rng(2)
    rows = np.tile(rng.standard_normal(16).astype(np.float32), (4_000, 1))
    rows[:6] += rng.standard_normal((6, 16)).astype(np.float32) * 1e-3
    vectors = stored(rows, metric)
    queries = [prepare_query(rows[9], metric), prepare_query(rng.standard_normal(16), metric)]
    reached = [best(vectors, query, metric, 14, 4_000, None) for query in queries]
    answered = [Answered(query, 10, score, 4_000, None) for query, score in zip(queries, reached, strict=True)]
    found = kth_scores(vectors, answered, metric)
    assert found.tolist() == [best(vectors, query, metric, 10, 4_000, None) for query in queries]


@pytest.mark.parametrize("metric", METRICS)
def test_an_answer_that_found_too_few_rows_is_searched_alone(metric: Metric) -> None:
    rng = np.random.default_rng(4)
    vectors = stored(rng.standard_normal((500, 24)).astype(np.float32), metric)
    query = prepare_query(rng.standard_normal(24), metric)
    nothing = np.inf if metric == "euclidean" else -np.inf
    assert kth_scores(vectors, [Answered(query, 7, nothing, 500, None)], metric).tolist() == [
        best(vectors, query, metric, 7, 500, None)
    ]


def test_work_can_be_stopped_between_blocks() -> None:
    rng = np.random.default_rng(5)
    vectors = stored(rng.standard_normal((30_000, 64)).astype(np.float32), "cosine")
    query = prepare_query(rng.standard_normal(64), "cosine")
    calls = []

    def between() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise ClosedError("enough")

    with pytest.raises(ClosedError):
        kth_scores(vectors, [Answered(query, 10, 0.3, 30_000, None)], "cosine", between)
    assert len(calls) == 2


def test_scores_past_the_range_of_float32_do_no_harm() -> None:
    rows = np.full((300, 32), 1e30, np.float32)
    rows[:150] *= -1.0
    vectors = stored(rows, "dotproduct")
    query = np.full(32, 1e10, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        found = kth_scores(vectors, [Answered(query, 3, float("inf"), 300, None)], "dotproduct")
    assert found.tolist() == [np.inf]
