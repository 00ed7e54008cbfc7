"""Sums of dense and sparse scores: the bounded search beside the one that scores every row."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.distance import scores
from pinyon.index.flat import flat_search
from pinyon.index.fusion import fuse, fuse_all, kth_of_all
from pinyon.index.vectors import Vectors
from pinyon.types import Floats

ROWS, D = 3_000, 24
DEPTHS = (10, 40, 200)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def vectors(rng: np.random.Generator) -> Vectors:
    rows = rng.normal(size=(ROWS, D)).astype(np.float32)
    return Vectors(D, (rows[:1_000],)).append(rows[1_000:])


def sparse_scores(kind: str, rng: np.random.Generator, dense: Floats) -> Floats:
    """(n,) sparse scores, zero for two thirds of the rows unless the kind is about every row."""
    n = dense.size
    shared = rng.random(n) < 1 / 3
    found = {
        "none": np.zeros(n),
        "independent": rng.exponential(size=n) * shared,
        "agreeing": np.maximum(dense, 0) * shared,
        "opposed": -dense * shared,
        "opposed everywhere": -dense,
        "negative": -rng.exponential(size=n) * shared,
        "one large": np.where(np.arange(n) == 17, 1e6, 0.0),
        "large and near": 1e6 + rng.random(n),
        "equal": np.full(n, 3.0),
    }[kind]
    return found.astype(np.float32)


KINDS = (
    "none",
    "independent",
    "agreeing",
    "opposed",
    "opposed everywhere",
    "negative",
    "one large",
    "large and near",
    "equal",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_both_searches_give_the_best_exact_sums(
    kind: str, scale: float, vectors: Vectors, rng: np.random.Generator
) -> None:
    everything = vectors.take(np.arange(ROWS))
    for masked in (False, True):
        query = rng.normal(size=D).astype(np.float32)
        dense = scores(everything, query, "dotproduct")
        weights = sparse_scores(kind, rng, dense) * np.float32(scale)
        mask = rng.random(ROWS) < 0.4 if masked else np.ones(ROWS, np.bool_)
        weights[~mask] = -np.inf
        sums = dense + weights
        for k in (1, 7, 10):
            last = np.sort(sums)[-k]
            expected = [int(row) for row in np.lexsort((np.arange(ROWS), -sums)) if sums[row] >= last]
            rows, found = fuse_all(vectors, query, "dotproduct", weights, k)
            assert rows.tolist() == expected
            assert found.tobytes() == sums[expected].tobytes()
            for depth in DEPTHS:
                near, best = flat_search(vectors.blocks(), query, "dotproduct", depth, mask)
                fused = fuse(near, float(best[-1]), vectors, query, "dotproduct", weights, k, ROWS)
                assert fused is not None
                assert fused[0].tolist() == expected
                assert fused[1].tobytes() == sums[expected].tobytes()


def test_few_rows_are_scored_where_either_side_decides(vectors: Vectors, rng: np.random.Generator) -> None:
    query = rng.normal(size=D).astype(np.float32)
    near, best = flat_search(vectors.blocks(), query, "dotproduct", 60)
    terms = rng.exponential(size=ROWS).astype(np.float32) * (rng.random(ROWS) < 0.3)
    for scale in (0.001, 1_000.0):
        weights = (terms * np.float32(scale)).astype(np.float32)
        fused = fuse(near, float(best[-1]), vectors, query, "dotproduct", weights, 10, ROWS)
        assert fused is not None
        assert fused[2] < 150


def test_a_search_that_the_bound_does_not_cut_short_is_left_to_the_other(
    vectors: Vectors, rng: np.random.Generator
) -> None:
    query = rng.normal(size=D).astype(np.float32)
    near, best = flat_search(vectors.blocks(), query, "dotproduct", 10)
    dense = scores(vectors.take(np.arange(ROWS)), query, "dotproduct")
    assert fuse(near, float(best[-1]), vectors, query, "dotproduct", -dense, 10, ROWS // 10) is None
    assert fuse(near, float(best[-1]), vectors, query, "dotproduct", -dense, 10, ROWS) is not None


def test_a_row_that_the_dense_search_missed_is_found_by_its_terms(vectors: Vectors, rng: np.random.Generator) -> None:
    query = rng.normal(size=D).astype(np.float32)
    near, best = flat_search(vectors.blocks(), query, "dotproduct", 50)
    weights = np.zeros(ROWS, np.float32)
    weights[near[0]] = 1.0
    without = near[1:]
    fused = fuse(without, float(best[-1]), vectors, query, "dotproduct", weights, 3, ROWS)
    assert fused is not None
    assert fused[0].tolist() == fuse_all(vectors, query, "dotproduct", weights, 3)[0].tolist()


def test_few_allowed_rows_are_scored_alone(vectors: Vectors, rng: np.random.Generator) -> None:
    query = rng.normal(size=D).astype(np.float32)
    weights = np.full(ROWS, -np.inf, np.float32)
    weights[[2_999, 4]] = [0.0, 1.0]
    rows, found = fuse_all(vectors, query, "dotproduct", weights, 2)
    expected = scores(vectors.take(np.array([4, 2_999])), query, "dotproduct") + np.float32([1.0, 0.0])
    assert sorted(rows.tolist()) == [4, 2_999]
    assert sorted(found.tolist()) == sorted(expected.tolist())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_the_last_of_the_best_sums_is_the_same_to_the_bit_whatever_was_reached(
    kind: str, scale: float, vectors: Vectors, rng: np.random.Generator
) -> None:
    """From nothing known to everything found, and in small pieces between which somebody may stop it."""
    everything = vectors.take(np.arange(ROWS))
    pieces: list[int] = []
    for k in (1, 10, 300):
        query = rng.normal(size=D).astype(np.float32)
        dense = scores(everything, query, "dotproduct")
        weights = sparse_scores(kind, rng, dense) * np.float32(scale)
        weights[rng.random(ROWS) < 0.5] = -np.inf
        _, best = fuse_all(vectors, query, "dotproduct", weights, k)
        totals = np.sort(dense[weights > -np.inf] + weights[weights > -np.inf])[::-1]
        for reached in (-np.inf, float(totals[-1]), float(totals[2 * k]), float(best[k - 1])):
            known = kth_of_all(vectors, query, "dotproduct", weights, k, reached, lambda: pieces.append(1))
            assert known == float(best[k - 1])
    assert len(pieces) == 3 * 4 * len(vectors.blocks())


def test_whoever_stops_the_search_for_the_last_sum_is_obeyed(vectors: Vectors) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        kth_of_all(vectors, np.ones(D, np.float32), "dotproduct", np.zeros(ROWS, np.float32), 3, -np.inf, stop)
