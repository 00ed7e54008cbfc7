"""Metric kernels on numpy arrays.

Scores follow the metric: cosine and dotproduct grow with similarity, euclidean is the squared L2 distance and shrinks.

A score depends on the values of the row and the query alone: equal rows get bitwise equal scores wherever they lie, in
whichever call, so that ties are ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinyon.types import Floats, Ints, Metric

_CHUNK_BYTES = 1 << 20
_DOT_LANES = 16
_DOT_LIMIT = 8_192


def prepare(vectors: ArrayLike, metric: Metric) -> Floats:
    """(n, d) numbers -> (n, d) float32 C-contiguous mirror rows: unit rows for cosine, unchanged otherwise.

    An all-zero row stays zero under cosine. An array that already fits is given back as it is.
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if metric != "cosine" or rows.size == 0:
        return rows
    unit = np.empty_like(rows)
    step = max(1, _CHUNK_BYTES // (8 * rows.shape[1]))
    for start in range(0, len(rows), step):
        wide = rows[start : start + step].astype(np.float64)
        # Not BLAS: a row must get the same unit row in every batch that it comes in.
        norms = np.sqrt(np.add.reduce(np.square(wide), axis=1, keepdims=True))
        norms[norms == 0.0] = 1.0
        np.divide(wide, norms, out=unit[start : start + step], casting="same_kind")
    return unit


def prepare_query(vector: ArrayLike, metric: Metric) -> Floats:
    """(d,) numbers -> (d,) float32, prepared as a row of ``prepare`` is."""
    query = np.ascontiguousarray(vector, dtype=np.float32)
    if metric != "cosine":
        return query
    wide = query.astype(np.float64)
    norm = np.sqrt(np.add.reduce(np.square(wide)))
    unit: Floats = (wide / norm).astype(np.float32) if norm else query
    return unit


def scores(rows: Floats, query: Floats, metric: Metric) -> Floats:
    """Exact scores, (m, d) float32 prepared rows and a (d,) prepared query -> (m,) float32.

    cosine is clipped to [-1, 1]; euclidean sums the squared differences, so that near rows of large norm keep their
    digits. Unit vectors score within 1e-6 of float64.
    """
    rows = np.ascontiguousarray(rows)
    if metric == "euclidean":
        difference = rows - query
        return _dot(difference, difference)
    products = _dot(rows, query)
    if metric == "cosine":
        np.clip(products, np.float32(-1.0), np.float32(1.0), out=products)
    return products


def best_first(values: NDArray[Any], metric: Metric) -> Ints:
    """The (m,) positions of ``values`` from best to worst; equal scores keep their order."""
    order = np.argsort(values if metric == "euclidean" else -values, kind="stable")
    positions: Ints = order.astype(np.int64, copy=False)
    return positions


def dots_rows(d: int) -> bool:
    """Whether products of rows of dimension d are left to BLAS, row by row, which is fast and uses one thread.

    A BLAS dot may treat the unaligned head of a row apart, and may split a very long one among threads. Where every row
    is aligned alike and short enough it does neither; everywhere else numpy's own pairwise sum is used.
    """
    return d % _DOT_LANES == 0 and 0 < d <= _DOT_LIMIT


def _dot(left: Floats, right: Floats) -> Floats:
    """Row-wise dot product in a summation order that does not depend on where a row lies."""
    d = left.shape[1]
    if dots_rows(d):
        dotted: Floats = np.vecdot(left, right)
        return dotted
    summed: Floats = np.add.reduce(left * right, axis=1, dtype=np.float32)
    return summed
