"""Notices that recall is below its target, as soon as the evidence bears it and at any moment.

A bet against the target: while the mean recall is at least the target, no stake can be expected to grow, so large
gains are rare, and when the mean falls below it they come fast. Looking after every outcome costs nothing. Each stake
begins anew whenever it has lost, so that long good times do not make it slow.

J. Shin, A. Ramdas and A. Rinaldo, E-detectors: a nonparametric framework for sequential change detection, The New
England Journal of Statistics in Data Science 2 (2023), the CUSUM form; bets on a bounded mean: I. Waudby-Smith and A.
Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024).
"""

from __future__ import annotations

import numpy as np

ALARM = 1_000.0
"""The gain that counts as proof. Even if the mean is just the target, false alarms are at least this many outcomes
apart on average, however often one looks. With all outcomes at 0.9 and a target of 0.99 five of them are enough."""
SHIFTED_ALARM = 100.0
"""The gain that is enough where there is another sign that recall may have fallen."""
SUSPICION = 8.0
"""The gain that is worth a closer look."""

_STAKES = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
_FINEST = 1e-3


class Shortfall:
    """Bets of several sizes against one target; their mean gain counts. Not thread-safe."""

    __slots__ = ("_gains", "_seen", "_since", "_stakes", "_target")

    def __init__(self, target: float) -> None:
        self._target = target
        # The largest stake that no outcome can lose is 1 / (1 - target).
        self._stakes = _STAKES / max(1.0 - target, _FINEST)
        self._gains = np.ones(len(_STAKES))
        self._since = np.zeros(len(_STAKES), np.int64)
        self._seen = 0

    def add(self, outcome: float) -> None:
        """One query's recall, 0 to 1."""
        self._since[self._gains <= 1.0] = self._seen
        np.maximum(self._gains, 1.0, out=self._gains)
        self._gains *= 1.0 + self._stakes * (self._target - outcome)
        self._seen += 1

    @property
    def gain(self) -> float:
        return float(self._gains.mean())

    @property
    def run(self) -> int:
        """How many of the last outcomes the strongest evidence rests on: about those since recall fell."""
        return self._seen - int(self._since[self._gains.argmax()])
