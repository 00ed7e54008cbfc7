"""How far a mean of few measurements can be trusted, and whether one of two is better on the same items.

Everything is drawn with a fixed seed: equal measurements give equal answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pinyon.types import Scores

__all__ = ["Interval", "Paired", "bootstrap", "paired_test"]

DRAWS: Final = 10_000
_SEED: Final = 0
_EXACT: Final = 12
"""Up to so many items all 2^n signs are counted instead of drawn."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of n measurements, and between which values it lies with the confidence that was asked for."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Paired:
    """difference: mean of one less the other, on the same n items. p: how often so large a difference, in either
    direction, comes of chance alone."""

    difference: Interval
    p: float


def bootstrap(values: Sequence[float], level: float = 0.95) -> Interval:
    """The percentile bootstrap of a mean (B. Efron, Bootstrap methods, Annals of Statistics 7, 1979).

    With few values, or where all are equal, the interval is too narrow: it knows no value that was not seen. Raises
    ValueError without values.
    """
    measured = _measured(values)
    rng = np.random.default_rng(_SEED)
    means = np.concatenate(
        [
            measured[rng.integers(0, measured.size, (count, measured.size))].mean(axis=1)
            for count in _shares(DRAWS, measured.size)
        ]
    )
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(float(measured.mean()), float(low), float(high), measured.size)


def paired_test(one: Sequence[float], other: Sequence[float], level: float = 0.95) -> Paired:
    """The sign-flip permutation test of two methods on the same items (R. A. Fisher, The Design of Experiments, 1935).

    It asks nothing of the distribution but that, without a difference, either sign of each item's difference is as
    likely. Raises ValueError where the items are not as many.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} measurements of one and {len(other)} of the other are no pairs")
    differences = _measured(one) - _measured(other)
    seen = abs(differences.sum())
    flipped = np.abs(_sums(differences))
    slack = 1e-12 * (1.0 + seen)  # sums of the same numbers in another order
    reached = int(np.count_nonzero(flipped >= seen - slack))
    exact = differences.size <= _EXACT
    p = reached / flipped.size if exact else (reached + 1) / (flipped.size + 1)
    return Paired(bootstrap(differences.tolist(), level), float(p))


def _sums(differences: Scores) -> Scores:
    """Sums with signs flipped in every way, or in ``DRAWS`` random ways."""
    n = differences.size
    if n <= _EXACT:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return np.asarray(signs @ differences, np.float64)
    rng = np.random.default_rng(_SEED)
    drawn = [rng.integers(0, 2, (count, n)) for count in _shares(DRAWS, n)]
    return np.concatenate([(1.0 - 2.0 * flips) @ differences for flips in drawn])


def _shares(total: int, n: int) -> list[int]:
    """The total in shares whose tables have about a million cells."""
    most = max(1, 1_000_000 // n)
    return [min(most, total - at) for at in range(0, total, most)]


def _measured(values: Sequence[float]) -> Scores:
    measured = np.asarray(values, np.float64)
    if not measured.size or not np.isfinite(measured).all():
        raise ValueError("a mean needs at least one measurement, and all of them finite")
    return measured
