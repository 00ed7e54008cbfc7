"""Many dimensions on a plane: the two principal components; and how far each row is from its nearest other.

Components are found by subspace iteration (N. Halko, P.-G. Martinsson, J. Tropp: Finding structure with randomness,
SIAM Review 53, 2011, algorithms 4.4 and 5.1), which costs the same few products whatever the dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pinyon.types import Floats, Ints, Metric

Doubles: TypeAlias = NDArray[np.float64]

_WIDTH: Final = 12
"""Directions that are followed at once, so that the first two settle soon."""
_ROUNDS: Final = 10
_SEED: Final = 20_260
_BLOCK: Final = 1_024


@dataclass(frozen=True, slots=True)
class Plane:
    """middle: (d,) the mean. axes: (d, 2) orthonormal, or zero where the rows do not spread so far.

    shares: of the variance, what each axis explains.
    """

    middle: Doubles
    axes: Doubles
    shares: tuple[float, float]

    def place(self, rows: Floats) -> Doubles:
        """(m, d) rows -> (m, 2) positions."""
        placed: Doubles = (rows.astype(np.float64) - self.middle) @ self.axes
        return placed


def principal_plane(rows: Floats) -> Plane:
    """The plane on which (n, d) rows, n >= 1, spread most. Equal rows give an equal plane, its sides included."""
    wide = rows.astype(np.float64)
    middle = wide.mean(axis=0)
    wide -= middle
    d = wide.shape[1]
    total = float(np.vdot(wide, wide))
    if total == 0.0:
        return Plane(middle, np.zeros((d, 2)), (0.0, 0.0))
    width = min(_WIDTH, d)
    basis = np.linalg.qr(np.random.default_rng(_SEED).standard_normal((d, width)))[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(wide.T @ (wide @ basis))[0]
    seen = wide @ basis
    sizes, turns = np.linalg.eigh(seen.T @ seen)  # ascending
    axes = np.zeros((d, 2))
    shares = [0.0, 0.0]
    for at, size in enumerate(sizes[::-1][:2].tolist()):
        if size > 1e-12 * total:
            axis = basis @ turns[:, -1 - at]
            axes[:, at] = axis * np.sign(axis[np.argmax(np.abs(axis))])
            shares[at] = size / total
    return Plane(middle, axes, (shares[0], shares[1]))


def nearest_others(n: int, fetch: Callable[[Ints], Floats], metric: Metric) -> Doubles:
    """(n,) distance of each of n rows to the nearest other one: 1 - cosine, else the Euclidean distance.

    fetch: (m,) row numbers -> (m, d) prepared rows. NaN where there is no other. Which row is nearest is found in
    float32; how far it is, in float64 and without cancellation, so that equal rows are at 0.
    """
    if n < 2:
        return np.full(n, np.nan)
    best, whose = np.full(n, np.inf, np.float32), np.zeros(n, np.int64)
    blocks = [np.arange(start, min(n, start + _BLOCK)) for start in range(0, n, _BLOCK)]
    middle = fetch(blocks[0]).mean(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        for at, mine in enumerate(blocks):
            left = fetch(mine) - middle
            for theirs in blocks[at:]:
                right = left if theirs is mine else fetch(theirs) - middle
                table = _squares(left, right)
                if theirs is mine:
                    np.fill_diagonal(table, np.inf)
                _improve(best, whose, mine, theirs, table)
                _improve(best, whose, theirs, mine, table.T)
    found = np.empty(n)
    for mine in blocks:
        difference = fetch(mine).astype(np.float64) - fetch(whose[mine])
        found[mine] = np.einsum("ij,ij->i", difference, difference)
    return found / 2.0 if metric == "cosine" else np.sqrt(found)


def _squares(left: Floats, right: Floats) -> Floats:
    """(p, d) and (q, d) rows -> (p, q) squared distances, nearly: what cancels is lost."""
    table: Floats = left @ right.T
    table *= np.float32(-2.0)
    table += np.einsum("ij,ij->i", left, left)[:, None]
    table += np.einsum("ij,ij->i", right, right)
    return table


def _improve(best: Floats, whose: Ints, mine: Ints, theirs: Ints, table: Floats) -> None:
    """table: squared distances of ``mine`` to ``theirs``."""
    which = table.argmin(axis=1)
    values = table[np.arange(len(mine)), which]
    better = values < best[mine]
    best[mine[better]] = values[better]
    whose[mine[better]] = theirs[which[better]]
