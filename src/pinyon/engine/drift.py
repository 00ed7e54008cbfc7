"""Notices, for a fraction of a microsecond a query, that queries are not what they were."""

from __future__ import annotations

from typing import Final

FAST: Final = 1 / 32
SLOW: Final = 1 / 1_024
APART: Final = 0.75
"""Standard deviations between the mean of the last queries and the usual one. The mean of some 63 independent values,
which is what ``FAST`` amounts to, strays by an eighth of one; so this is six times what chance would do."""
_WARM: Final = 256


class Drift:
    """The mean of a figure that every query has, lately and usually. Threads may get in each other's way unharmed.

    After a shift it stays ``off`` for some hundred queries, until the new ones have become usual.
    """

    __slots__ = ("_count", "_usual", "_variance", "lately", "off")

    def __init__(self) -> None:
        self.lately = self._usual = 0.0
        self._variance = 0.0
        self._count = 0
        self.off = False

    def add(self, value: float) -> bool:
        """Whether the last values are off what is usual."""
        count = self._count
        if not count:
            self.lately = self._usual = value
        self._count = count + 1
        weight = SLOW if count > 1_024 else 1.0 / (count + 1)
        apart = value - self._usual
        self._usual += weight * apart
        self._variance += weight * (apart * apart - self._variance)
        self.lately += FAST * (value - self.lately)
        apart = self.lately - self._usual
        self.off = count > _WARM and apart * apart > APART * APART * self._variance + 1e-12
        return self.off
