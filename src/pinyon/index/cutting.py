"""Which of many scores can be among the best, in one pass and whatever the scores are.

A selection algorithm such as ``np.partition`` slows down a hundredfold where many values are equal and others are not,
as the scores of copies are, or sparse scores: most rows share no term and stand at zero. Sorting has no such weakness,
and is as fast where there are few values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.types import Ints, Metric

_MOST_ROWS = 64
_BLOCKS = 8
_SORTED = 2_048


def floor_of_best(values: NDArray[Any], k: int) -> float:
    """A number that at least k >= 1 of the (n,) ``values`` reach, and few besides; -inf when there are no k."""
    if values.size < k:
        return -np.inf
    rows = _block_rows(values.size, k)
    bests = values if rows < 2 else _blocks(values, rows).max(axis=0)
    return float(np.sort(bests)[bests.size - k])


def kth_largest(values: NDArray[Any], k: int) -> float:
    """The k-th largest of (n,) floats, 1 <= k <= n; NaN counts as larger than any number, as in ``np.sort``."""
    if values.size > _SORTED and (rows := _block_rows(values.size, k)) > 1:
        bests = np.sort(_blocks(values, rows).max(axis=0))
        floor = bests[bests.size - k]
        beyond = values[~(values <= floor)]
        if beyond.size < k:
            return float(floor)  # a crowd at the k-th place
        values = beyond
    return float(np.sort(values)[values.size - k])


def kth_smallest(values: NDArray[Any], k: int) -> float:
    """The k-th smallest of (n,) floats, 1 <= k <= n; NaN counts as larger than any number, as in ``np.sort``."""
    if values.size > _SORTED and (rows := _block_rows(values.size, k)) > 1:
        ceiling = np.sort(_blocks(values, rows).min(axis=0))[k - 1]
        if not np.isnan(ceiling):
            beyond = values[values < ceiling]
            if beyond.size < k:
                return float(ceiling)
            values = beyond
    return float(np.sort(values)[k - 1])


def kth_best(values: NDArray[Any], k: int, metric: Metric) -> float:
    """The k-th best of (n,) scores, 1 <= k <= n."""
    return kth_smallest(values, k) if metric == "euclidean" else kth_largest(values, k)


def largest(values: NDArray[Any], k: int) -> Ints:
    """(k,) positions of the k largest of (n,) numbers, 1 <= k <= n, in no order; of equal ones the first are taken."""
    kth = kth_largest(values, k)
    above = np.flatnonzero(values > kth)
    return np.concatenate([above, np.flatnonzero(values == kth)[: k - above.size]])


def _block_rows(n: int, k: int) -> int:
    """How many values to a block: few enough that there are many more blocks than k."""
    return min(_MOST_ROWS, n // (_BLOCKS * k))


def _blocks(values: NDArray[Any], rows: int) -> NDArray[Any]:
    """(rows, n // rows): each column is a block, less the last few values.

    The bests of the blocks are different values, so their k-th is no better than the k-th of all. Neighbours are often
    alike: a block takes its values at a stride.
    """
    width = values.size // rows
    return values[: rows * width].reshape(rows, width)
