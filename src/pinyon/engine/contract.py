"""The quality contract of one namespace: what checked queries found, and what follows from it for search effort.

Two rules, neither of which follows noise upwards or waits for ever:

* **Broken**: a bet against the target (``Shortfall``) has won, over all queries or over those of one band (``BANDS``).
  It is looked at after every outcome, and a handful of bad ones is enough.
* **Unproven, or more than proven**: whenever as many outcomes have come as an interval needs to be narrow, its lower
  end is compared with the target. Below it, effort rises a little. Well above it, effort falls a little; when that
  turns out to have been too early, the next attempt waits twice as long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

from pinyon.index.interval import mean_interval
from pinyon.index.rerank import MOST_RAISED
from pinyon.index.shortfall import ALARM, Shortfall
from pinyon.types import RecallBand

BANDS: Final = ("all", "30-100%", "3-30%", "0-3%", "hybrid")
"""Dense queries by the share of the records that their filter keeps, "all" meaning no filter; and hybrid ones, with
any filter or none: what they miss depends on both of their sides, so they are a population of their own."""
HYBRID: Final = BANDS.index("hybrid")
EXACT_EFFORT: Final = 2.0 * MOST_RAISED
"""Effort at which every search scores every record."""
STEP: Final = 1.5
"""The factor of small steps up and down."""
_WINDOW: Final = (1_000, 20_000)
_PROOF: Final = 12.0
_MARGIN: Final = 0.25
_MOST_PATIENCE: Final = 64

Verdict = Literal["unproven", "generous"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One checked query. band: its number in ``BANDS``. exact: it was answered exactly, and so found everything."""

    recall: float
    band: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What a contract knows besides its outcomes. since: outcomes since it began anew. patience: windows that must be
    good before effort falls. lowered: whether the last change was a fall."""

    since: int
    patience: int
    lowered: bool


class Outcomes:
    """The outcomes that count at one moment, a value. Figures are worked out when they are first asked for."""

    __slots__ = ("_all", "_figures")

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        self._all = tuple(outcomes)
        self._figures: dict[int | None, RecallBand] = {}

    def __len__(self) -> int:
        return len(self._all)

    def figures(self, band: int | None = None) -> RecallBand:
        """Of all outcomes or those of one band, of which there may be none."""
        found = self._figures.get(band)
        if found is None:
            recalls = [one.recall for one in self._all if band in (None, one.band)]
            mean = sum(recalls) / max(1, len(recalls))
            found = self._figures[band] = RecallBand(mean, mean_interval(recalls), len(recalls))
        return found

    @property
    def exact_share(self) -> float:
        """Share of the queries that were answered exactly."""
        return sum(one.exact for one in self._all) / max(1, len(self._all))


class Contract:
    """Outcomes at one effort, and the evidence in them. Not thread-safe."""

    __slots__ = ("_bets", "_due", "_lowered", "_patience", "_since", "target", "window")

    def __init__(self, target: float) -> None:
        self.target = target
        self._patience = 1
        self._lowered = False
        self.forget()

    def forget(self) -> None:
        """Begin anew: searches are not what they were."""
        self.window: deque[Outcome] = deque(maxlen=window_of(self.target))
        self._bets: dict[int | None, Shortfall] = {}
        self._since = 0
        self._due = False

    @property
    def standing(self) -> Standing:
        return Standing(self._since, self._patience, self._lowered)

    def resume(self, outcomes: Iterable[Outcome], standing: Standing) -> None:
        """Go on where another contract with this target left off; what it looked at is not looked at again."""
        self.forget()
        for outcome in outcomes:
            self.add(outcome)
        self._since, self._patience, self._lowered = standing.since, standing.patience, standing.lowered
        self._due = False

    def add(self, outcome: Outcome) -> None:
        self.window.append(outcome)
        self._since += 1
        self._due |= self._since % window_of(self.target) == 0
        for place in (None, outcome.band):
            if place not in self._bets:
                self._bets[place] = Shortfall(self.target)
            self._bets[place].add(outcome.recall)

    @property
    def gain(self) -> float:
        """The strongest evidence against the target, over all queries or those of one band."""
        return max((bet.gain for bet in self._bets.values()), default=1.0)

    def broken(self, alarm: float = ALARM) -> tuple[int | None, int] | None:
        """(band, or None for all queries; how many of its last outcomes show it), once the evidence is ``alarm``."""
        place = max(self._bets, key=lambda place: self._bets[place].gain, default=None)
        if place not in self._bets or self._bets[place].gain < alarm:
            return None
        return place, self._bets[place].run

    def recent(self, band: int | None, run: int) -> float:
        """Mean recall of the last outcomes, of one band or of all."""
        recalls = [one.recall for one in self.window if band in (None, one.band)][-max(1, run) :]
        return sum(recalls) / max(1, len(recalls))

    def review(self) -> Verdict | None:
        """What a full window of new outcomes says; None in between, and where effort is as it should be."""
        if not self._due:
            return None
        self._due = False
        size = window_of(self.target)
        low, _ = mean_interval([one.recall for one in self.window])
        if low < self.target:
            return "unproven" if mean_interval([1.0] * size)[0] >= self.target else None
        patient = self._since >= self._patience * size
        return "generous" if patient and low >= self.target + _MARGIN * (1.0 - self.target) else None

    def changed(self, *, raised: bool) -> None:
        """Effort was changed, so the outcomes so far tell nothing about what comes."""
        if raised and self._lowered:
            self._patience = min(2 * self._patience, _MOST_PATIENCE)
        self._lowered = not raised
        self.forget()


def window_of(target: float) -> int:
    """How many of the last outcomes count: three times as many as prove the target if all of them are perfect."""
    least, most = _WINDOW
    return most if target >= 1.0 else min(most, max(least, ceil(_PROOF / (1.0 - target))))


def band_of(filtered: bool, matching: int, records: int) -> int:
    """The number of a query's band in ``BANDS``."""
    if not filtered:
        return 0
    share = matching / max(1, records)
    return 1 if share >= 0.3 else 2 if share >= 0.03 else 3
