"""Which of many scores can be among the best, in one pass and whatever the scores are.

A selection algorithm such as ``np.partition`` slows down a hundredfold where many values are equal and others are not,
as sparse scores are: most rows share no term and stand at zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_ROWS = 64
_BLOCKS = 8


def floor_of_best(values: NDArray[Any], k: int) -> float:
    """A number that at least k >= 1 of the (n,) ``values`` reach, and few besides; -inf when there are no k.

    The best of each block are different values, so their k-th is no better than the k-th of all.
    """
    if values.size < k:
        return -np.inf
    rows = min(_MOST_ROWS, values.size // (_BLOCKS * k))
    if rows > 1:
        width = values.size // rows
        # Neighbours are often alike: a block takes its values at a stride.
        values = values[: rows * width].reshape(rows, width).max(axis=0)
    return float(np.sort(values)[values.size - k])
