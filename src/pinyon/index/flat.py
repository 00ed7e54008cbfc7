"""Exact search: the oracle of every other kind, and the fastest way for few rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pinyon.distance import best_first, scores
from pinyon.errors import InvalidRequestError
from pinyon.index.cutting import kth_best, kth_smallest
from pinyon.index.vectors import largest_norm
from pinyon.types import Bools, Floats, Ints, Metric

_CHUNK_BYTES = 1 << 19
_ROUNDING = 2.0**-24
_TABLE_ROWS = 4_096


def flat_search(
    blocks: Sequence[Floats],
    query: Floats,
    metric: Metric,
    k: int,
    mask: Bools | None = None,
    *,
    norm: float | None = None,
) -> tuple[Ints, Floats]:
    """The k best rows and every row that ties with the k-th, best first, equal scores by row.

    blocks: (n_i, d) float32 prepared rows; row numbers run on from block to block.
    mask: (>= n,) bool, the rows that may be returned; all without one.
    norm: the largest norm of a row, when it is known; cosine needs none, dotproduct reads the rows again without it.
    Returns (m,) int64 rows and their (m,) float32 exact scores; m < k only where fewer rows match.
    """
    n = sum(len(block) for block in blocks)
    allowed = _checked(mask, n)
    matching = n if allowed is None else int(np.count_nonzero(allowed))
    if matching == 0 or k < 1:
        return _nothing()
    coarse = _coarse(blocks, query, metric, n)
    if matching <= k:
        rows = np.arange(n) if allowed is None else np.flatnonzero(allowed)
    else:
        # Smaller is better here for every metric.
        among = coarse if allowed is None else coarse[allowed]
        kth = kth_smallest(among, k)
        reach = np.nextafter(np.float32(kth + _slack(blocks, query, metric, kth, norm)), np.float32(np.inf))
        near = coarse <= reach
        rows = np.flatnonzero(near if allowed is None else near & allowed)
    return gather_search(rows, lambda part: _fetch(blocks, part), query, metric, k)


def gather_search(
    rows: Ints, fetch: Callable[[Ints], Floats], query: Floats, metric: Metric, k: int
) -> tuple[Ints, Floats]:
    """``flat_search`` among the given (m,) distinct row numbers; ``fetch`` maps row numbers to their (m, d) vectors."""
    if rows.size == 0 or k < 1:
        return _nothing()
    step = max(16, _CHUNK_BYTES // (4 * query.size))
    exact = np.empty(rows.size, dtype=np.float32)
    for start in range(0, rows.size, step):
        exact[start : start + step] = scores(fetch(rows[start : start + step]), query, metric)
    return select(rows, exact, metric, k)


def goodness_table(blocks: Sequence[Floats], queries: Floats, metric: Metric) -> Floats:
    """(q, d) queries against the rows of the blocks: (q, n) float32 of which higher is better, in one product.

    Nearly, not exactly, in the order of the scores: whoever needs the best scores a few more of them again.
    """
    n = sum(len(block) for block in blocks)
    table = np.empty((len(queries), n), np.float32)
    # The expanded form of a distance cancels less around the middle of the data.
    middle = queries.mean(axis=0) if metric == "euclidean" else None
    if middle is not None:
        queries = queries - middle
    at = 0
    for block in blocks:
        for start in range(0, len(block), _TABLE_ROWS):
            part = block[start : start + _TABLE_ROWS]
            if middle is not None:
                part = part - middle
            cells = queries @ part.T
            if metric == "euclidean":
                cells *= 2.0
                cells -= np.einsum("ij,ij->i", part, part)
            table[:, at : at + len(part)] = cells
            at += len(part)
    return table


def select(rows: Ints, values: Floats, metric: Metric, k: int) -> tuple[Ints, Floats]:
    """Keeps the k best of (m,) scored rows and every row that ties with the k-th, best first, equal scores by row."""
    if rows.size > k:
        kth = kth_best(values, k, metric)
        kept = values <= kth if metric == "euclidean" else values >= kth
        rows, values = rows[kept], values[kept]
    by_row = np.argsort(rows, kind="stable")
    order = by_row[best_first(values[by_row], metric)]
    return rows[order].astype(np.int64, copy=False), values[order]


def _coarse(blocks: Sequence[Floats], query: Floats, metric: Metric, n: int) -> Floats:
    """(n,) float32 of which smaller is better: the negated inner product, or the squared distance."""
    coarse = np.empty(n, dtype=np.float32)
    negated = -query
    at = 0
    for block in blocks:
        part = coarse[at : at + len(block)]
        if metric == "euclidean":
            step = max(16, _CHUNK_BYTES // (4 * query.size))
            for start in range(0, len(block), step):
                part[start : start + step] = scores(block[start : start + step], query, metric)
        else:
            np.dot(block, negated, out=part)
        at += len(block)
    return coarse


def _slack(blocks: Sequence[Floats], query: Floats, metric: Metric, kth: float, norm: float | None) -> float:
    """How far the coarse value of a true member may lie behind the k-th coarse value: twice the summation bound
    d * 2**-24 * sum(|x_i * q_i|) of either pass."""
    bound = 4.0 * (query.size + 4) * _ROUNDING
    if metric == "euclidean":
        return bound * abs(kth) + float(np.finfo(np.float32).tiny)
    if metric == "cosine":
        return bound * 1.0001
    longest = max((largest_norm(block) for block in blocks), default=0.0) if norm is None else norm
    return bound * longest * float(np.linalg.norm(query.astype(np.float64)))


def _fetch(blocks: Sequence[Floats], rows: Ints) -> Floats:
    """Ascending row numbers -> their vectors."""
    parts = []
    at = 0
    for block in blocks:
        low, high = np.searchsorted(rows, (at, at + len(block)))
        if low < high:
            parts.append(block.take(rows[low:high] - at, axis=0, mode="clip"))
        at += len(block)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _checked(mask: Bools | None, n: int) -> Bools | None:
    if mask is None:
        return None
    if len(mask) < n:
        raise InvalidRequestError(f"a mask of {len(mask)} rows does not cover {n} rows; give one value per row")
    return mask[:n]


def _nothing() -> tuple[Ints, Floats]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
