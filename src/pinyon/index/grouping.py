"""Rows that are nearly the same, in groups around the first of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from pinyon.types import Floats, Ints

_BLOCK: Final = 2_048
_ROUNDING: Final = np.float32(1e-6)
"""By which the product of two equal float32 unit rows may fall short of 1."""


def near_groups(
    n: int, fetch: Callable[[Ints], Floats], least: float, progress: Callable[[int], None] = lambda done: None
) -> tuple[Ints, Floats]:
    """The leader of each of n rows, and its cosine to it, (n,) each.

    A row is its own leader unless its cosine to a former leader is ``least`` or more; it then belongs to the first of
    those (J. A. Hartigan, Clustering Algorithms, 1975, chapter 3: the leader algorithm). So every member is near to its
    leader, and no two leaders are near to each other. Each row is compared with all leaders before it, which takes at
    most n * n / 2 products; cosines are good to 1e-6.

    fetch: (m,) row numbers -> (m, d) unit rows; a row of zeros is near to none. progress: is told how many are done.
    """
    leader, cosine = np.arange(n), np.ones(n, np.float32)
    enough = np.float32(least) - _ROUNDING
    leaders = np.empty(0, np.int64)

    def follow(rows: Ints, some: Ints, table: Floats) -> None:
        """table: (p, q) cosines of (p,) rows and (q,) leaders before them."""
        near = table >= enough
        found = np.flatnonzero((leader[rows] == rows) & near.any(axis=1))
        first = near[found].argmax(axis=1)
        leader[rows[found]], cosine[rows[found]] = some[first], table[found, first]

    for start in range(0, n, _BLOCK):
        rows = np.arange(start, min(n, start + _BLOCK))
        mine = fetch(rows)
        for at in range(0, len(leaders), _BLOCK):
            some = leaders[at : at + _BLOCK]
            follow(rows, some, mine @ fetch(some).T)
        table: Floats = mine @ mine.T
        for at in np.flatnonzero((np.triu(table, 1) >= enough).any(axis=1)).tolist():
            if leader[rows[at]] == rows[at]:
                follow(rows[at + 1 :], rows[at : at + 1], table[at + 1 :, at : at + 1])
        leaders = np.concatenate([leaders, rows[leader[rows] == rows]])
        progress(int(rows[-1]) + 1)
    return leader, np.minimum(cosine, np.float32(1.0))
