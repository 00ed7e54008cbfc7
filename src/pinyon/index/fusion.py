"""The best sums of a dense and a sparse score: two searches, whose bounds tell which other rows are worth scoring.

The threshold algorithm of Fagin, Lotem & Naor (2003), "Optimal aggregation algorithms for middleware", with one list
that is known in full. Sparse scores are exact, and cheap for all rows at once. Of the dense scores a search gives the
best, and no other row has a higher one than the last of them. So a row that is not among these can belong to the best
sums only if its sparse score makes up for that, and only such rows are scored besides. The sums are exact; a row can be
missed only where the dense search missed it and its sparse score did not bring it forward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from pinyon.distance import scores
from pinyon.index.cutting import floor_of_best, kth_largest
from pinyon.index.flat import select
from pinyon.index.vectors import Vectors
from pinyon.types import Floats, Ints, Metric, Scores

SIGNS: Final[Mapping[Metric, float]] = {"cosine": 1.0, "dotproduct": 1.0, "euclidean": -1.0}
"""What a score is multiplied by, so that higher is better."""
_CHUNK_BYTES = 1 << 19
_PIECE_BYTES = 3 << 20
_GATHER_SHARE = 6


def fuse(
    near: Ints, floor: float, vectors: Vectors, query: Floats, metric: Metric, weights: Floats, k: int, most: int
) -> tuple[Ints, Floats, int] | None:
    """The k best sums and every row that ties with the k-th, best first, equal scores by row, and the number of rows
    that were scored. None when more than ``most`` rows would have to be scored besides: then score all of them.

    near: (m,) rows of the best dense scores, k <= m; floor: a dense score that no other row is better than.
    query: (d,) prepared. weights: (n,) float32 sparse scores, -inf for at most n - m rows that may not be returned;
    a distance is taken from them, so the higher a sum, the better.
    """
    rows = np.union1d(near, _best(weights, near.size))
    totals = _totals(rows, vectors, query, metric, weights)
    kth = kth_largest(totals, k)
    # Sums of float32 numbers are rounded in order: who stays below with the floor stays below with less.
    further = np.flatnonzero(weights + np.float32(SIGNS[metric] * floor) >= kth)
    further = further[~np.isin(further, rows, assume_unique=True)]
    if further.size > most:
        return None
    rows = np.concatenate([rows, further])
    totals = np.concatenate([totals, _totals(further, vectors, query, metric, weights)])
    return *select(rows, totals, "dotproduct", k), rows.size


def fuse_all(vectors: Vectors, query: Floats, metric: Metric, weights: Floats, k: int) -> tuple[Ints, Floats]:
    """The same from every row whose weight is not -inf, of which there are at least k: the oracle of ``fuse``."""
    allowed = np.flatnonzero(weights > -np.inf)
    if allowed.size * _GATHER_SHARE < vectors.n or metric == "euclidean":
        return select(allowed, _totals(allowed, vectors, query, metric, weights), "dotproduct", k)
    coarse = np.concatenate([block @ query for block in vectors.blocks()]) + weights
    rows = np.flatnonzero(coarse >= _surely(floor_of_best(coarse, k), vectors, query))
    return select(rows, _totals(rows, vectors, query, metric, weights), "dotproduct", k)


def reciprocal_ranks(rankings: Sequence[Ints], constant: float) -> tuple[Ints, Scores]:
    """Rankings of rows, best first -> the (m,) rows of all of them, ascending, and their (m,) sums of
    1 / (constant + rank), with ranks from 1: Cormack, Clarke & Buettcher (2009), "Reciprocal rank fusion"."""
    rows, where = np.unique(np.concatenate(rankings), return_inverse=True)
    parts = [1.0 / (constant + np.arange(1, len(ranking) + 1)) for ranking in rankings]
    sums: Scores = np.bincount(where, np.concatenate(parts), len(rows)).astype(np.float64, copy=False)
    return rows, sums


def kth_of_all(
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    weights: Floats,
    k: int,
    reached: float,
    between: Callable[[], None] = lambda: None,
) -> float:
    """The k-th best sum that ``fuse_all`` gives. reached: what k rows are known to reach, -inf where none are known.
    ``between`` is called every millisecond or so, and may raise to stop the work."""
    least, at = _surely(reached, vectors, query), 0
    kept: list[Ints] = []
    step = max(64, _PIECE_BYTES // (4 * query.size))
    for block in vectors.blocks():
        for start in range(0, len(block), step):
            products = block[start : start + step] @ query
            part = weights[at + start : at + start + len(products)]
            kept.append(np.flatnonzero((products + part >= least) & (part > -np.inf)) + (at + start))
            between()
        at += len(block)
    rows = np.concatenate(kept)
    return float(select(rows, _totals(rows, vectors, query, metric, weights), metric, k)[1][k - 1])


def _surely(total: float, vectors: Vectors, query: Floats) -> float:
    """What a sum with a fast product is at least, where the exact sum is ``total`` or better: the product rounds
    differently from row to row, and whoever may belong to the best is scored again."""
    norms = float(np.linalg.norm(query.astype(np.float64))) * vectors.largest_norm()
    return total - 4.0 * (query.size + 4) * 2.0**-24 * norms - 2.0**-21 * (abs(total) + norms)


def _totals(rows: Ints, vectors: Vectors, query: Floats, metric: Metric, weights: Floats) -> Floats:
    """(m,) row numbers -> their (m,) float32 exact dense scores plus weights."""
    totals = weights[rows]
    step = max(16, _CHUNK_BYTES // (4 * query.size))
    for start in range(0, rows.size, step):
        part = slice(start, start + step)
        dense = scores(vectors.take(rows[part]), query, metric)
        totals[part] += dense if SIGNS[metric] > 0.0 else -dense
    return totals


def _best(weights: Floats, count: int) -> Ints:
    """Rows of the ``count`` largest weights above zero, of fewer where there are no more."""
    floor = floor_of_best(weights, count)
    rows = np.flatnonzero(weights >= floor if floor > 0.0 else weights > 0.0)
    if rows.size <= count:
        return rows
    return rows[np.argsort(-weights[rows], kind="stable")[:count]]
