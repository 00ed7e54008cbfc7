"""Exact search for many queries at once, where each already has an answer: what would the best have been?

One product of a block of rows with all queries costs a fraction of as many single ones, and since the answers say how
good a row must be to matter, nearly all products are only compared with a bound. What is left is scored as any search
does it, so that ties are ties to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pinyon.distance import scores
from pinyon.index import _faiss
from pinyon.index.cutting import kth_best
from pinyon.index.flat import flat_search
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints, Metric

_CHUNK_BYTES = 3 << 20
_CROWD = 1_024
_ROUNDING = 2.0**-24


@dataclass(frozen=True, slots=True)
class Answered:
    """One query, and how good its answer was.

    query: (d,) float32 prepared. k: rows that were asked for, at most as many as match. reached: exact score of the
    last of the k rows that were found. n: rows 0..n-1 existed then. mask: (n,) bool, those that match; None for all.
    """

    query: Floats
    k: int
    reached: float
    n: int
    mask: Bools | None


def kth_scores(
    vectors: Vectors, answered: list[Answered], metric: Metric, between: Callable[[], None] | None = None
) -> Floats:
    """(q,) float32: the exact score of the truly k-th best row of each query, bit by bit as ``distance.scores`` has it.

    ``vectors`` holds the rows of all queries; later ones may follow. ``between`` is called every millisecond or so, and
    may raise to stop the work. Uses one thread.
    """
    sieve = _Sieve(vectors, answered, metric)
    at = 0
    for block in vectors.blocks():
        step = max(64, _CHUNK_BYTES // (4 * block.shape[1]))
        for start in range(0, len(block), step):
            sieve.read(block[start : start + step], at + start)
            if between is not None:
                between()
        at += len(block)
    return np.array([sieve.kth(number) for number in range(len(answered))], np.float32)


class _Sieve:
    """Lets those rows pass that are as good as the last one found, give or take the rounding of a product."""

    def __init__(self, vectors: Vectors, answered: list[Answered], metric: Metric) -> None:
        self._vectors = vectors
        self._answered = answered
        self._metric = metric
        queries = np.stack([one.query for one in answered])
        reached = np.array([one.reached for one in answered], np.float64)
        unit = 4.0 * (queries.shape[1] + 8) * _ROUNDING
        self._middle: Floats | None = None
        self._shrink = 1.0
        if metric == "euclidean":
            # |x - q|^2 <= r becomes 2 q x - |x|^2 + r - |q|^2 >= 0. Around the middle of the queries it cancels less.
            self._middle = queries.mean(axis=0)
            queries = queries - self._middle
            lengths = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
            self._shrink = 1.0 - unit
            self._bias = (reached * (1.0 + unit) - lengths * (1.0 - unit)).astype(np.float32)
            queries = 2.0 * queries
        else:
            norms = np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
            longest = 1.0 if metric == "cosine" else vectors.largest_norm()
            self._bias = (unit * norms * longest - reached).astype(np.float32)
        self._products = _faiss.Products(queries, self._bias)
        self._rows: list[Ints] = []
        self._owners: list[Ints] = []
        self._passed = np.zeros(len(answered), np.int64)
        self._crowded = ~np.isfinite(self._bias)

    def read(self, rows: Floats, at: int) -> None:
        """(m, d) rows of which the first has number ``at``."""
        if self._middle is not None:
            rows = rows - self._middle
        margins = self._products.of(rows)
        if self._middle is not None:
            margins -= self._shrink * np.einsum("ij,ij->i", rows, rows)[:, None]
        places = np.flatnonzero(margins.ravel() >= 0.0)
        if not places.size:
            return
        found, owners = np.divmod(places, len(self._answered))
        self._rows.append(found + at)
        self._owners.append(owners)
        self._passed += np.bincount(owners, minlength=len(self._answered))
        crowds = (self._passed > _CROWD + 16 * self._asked()) & ~self._crowded
        if crowds.any():  # more rows than rounding can tell apart: these queries are searched one by one
            self._crowded |= crowds
            self._products.rebias(np.where(self._crowded, np.float32(-np.inf), self._bias))

    def kth(self, number: int) -> float:
        one = self._answered[number]
        if self._crowded[number]:
            return self._searched(one)
        rows = self._mine(number)
        rows = rows[rows < one.n]
        if one.mask is not None:
            rows = rows[one.mask[rows]]
        if rows.size < one.k:
            return self._searched(one)
        exact = scores(self._vectors.take(rows), one.query, self._metric)
        return kth_best(exact, one.k, self._metric)

    def _searched(self, one: Answered) -> float:
        blocks = self._vectors.span(0, one.n)
        norm = self._vectors.largest_norm() if self._metric == "dotproduct" else None
        _, best = flat_search(blocks, one.query, self._metric, one.k, one.mask, norm=norm)
        return float(best[min(one.k, best.size) - 1])

    def _mine(self, number: int) -> Ints:
        if not self._rows:
            return np.empty(0, np.int64)
        if len(self._rows) > 1:
            self._rows, self._owners = [np.concatenate(self._rows)], [np.concatenate(self._owners)]
        mine: Ints = self._rows[0][self._owners[0] == number]
        return mine

    def _asked(self) -> Ints:
        return np.array([one.k for one in self._answered], np.int64)
