"""Which of the measured candidates is the cheapest that keeps a contract, and which are the best trade-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.studies.candidates import Candidate
from pinyon.studies.values import Row

TIE = 1.05
"""Times that differ by less than this factor are as good as equal: other runs would order them otherwise."""
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Contract:
    """What an index must keep. recall: mean recall@k, without a filter and with each. latency_ms: of a query in the
    median, p99_ms: of 99 of 100 queries, both for each of the filters. memory_mb: 1,000,000 bytes that the namespace
    holds in memory. None is no bound."""

    recall: float
    latency_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> Contract:
        """Raises InvalidRequestError."""
        if not 0.0 < self.recall <= 1.0:
            raise InvalidRequestError(f"recall is {self.recall}: it must be above 0 and at most 1, such as 0.99")
        for name in ("latency_ms", "p99_ms", "memory_mb"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < float("inf"):
                raise InvalidRequestError(f"{name} is {value}: it must be above 0, or left out for no bound")
        return self


@dataclass(frozen=True, slots=True)
class Miss:
    """A bound of the contract that is broken: its name there, what was measured, and what was asked for."""

    bound: str
    value: float
    limit: float

    @property
    def excess(self) -> float:
        """How far it is missed, as a share of what was allowed: of time or memory, or of the results to be missing."""
        if self.bound == "recall":
            return (self.limit - self.value) / max(1.0 - self.limit, 1e-3)
        return self.value / self.limit - 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured of a candidate: a row for searches without a filter, and one for each filter.

    total: rows of the whole set; memory is scaled up to it from the rows that were measured.
    """

    candidate: Candidate
    rows: tuple[Row, ...]
    total: int

    @property
    def milliseconds(self) -> float:
        """Of a query in the median; the mean over the filters."""
        return sum(row.p50 or row.median for row in self.rows) / len(self.rows)

    @property
    def slowest(self) -> float:
        """The median of the filter that takes longest."""
        return max(row.p50 or row.median for row in self.rows)

    @property
    def p99(self) -> float:
        return max(row.p99 or row.slowest for row in self.rows)

    @property
    def recall(self) -> float:
        """Recall@k, with the filter that fares worst."""
        return min(row.recall_at_k for row in self.rows)

    @property
    def memory_bytes(self) -> float:
        return self.rows[0].serialised_bytes * self.total / self.rows[0].n

    @property
    def build_seconds(self) -> float:
        """Of the rows that were measured, from the first upsert on."""
        return self.rows[0].build_seconds

    def misses(self, contract: Contract) -> list[Miss]:
        """The bounds that it breaks; none where it keeps the contract."""
        found = [Miss("recall", self.recall, contract.recall)] if self.recall < contract.recall else []
        for bound, value, limit in (
            ("latency_ms", self.slowest, contract.latency_ms),
            ("p99_ms", self.p99, contract.p99_ms),
            ("memory_mb", self.memory_bytes / 1e6, contract.memory_mb),
        ):
            if limit is not None and value > limit:
                found.append(Miss(bound, value, limit))
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "index": self.candidate.settings,
            "milliseconds": self.milliseconds,
            "p99": self.p99,
            "recall": self.recall,
            "memory_bytes": round(self.memory_bytes),
            "build_seconds": self.build_seconds,
        }


def dominates(one: Finding, other: Finding) -> bool:
    """Whether ``one`` is nowhere worse in time, recall and memory, and somewhere better."""
    mine = (one.milliseconds, -one.recall, one.memory_bytes)
    theirs = (other.milliseconds, -other.recall, other.memory_bytes)
    return mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def front(findings: Sequence[Finding]) -> list[Finding]:
    """Those that nothing dominates (Pareto), the fastest first."""
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda one: (one.milliseconds, -one.recall, one.memory_bytes)):
        # Whatever dominates it is at least as fast, so it has been seen, and so has what dominates that.
        if not any(dominates(other, one) for other in kept):
            kept.append(one)
    return kept


def cheapest(findings: Sequence[Finding], contract: Contract) -> Finding | None:
    """The fastest that keeps the contract. Of those that are within 5 % of its time, that with the least memory, then
    the shortest build, then one whose effort the engine goes on to choose."""
    keeping = [one for one in findings if not one.misses(contract)]
    if not keeping:
        return None
    limit = TIE * min(one.milliseconds for one in keeping)
    level = [one for one in keeping if one.milliseconds <= limit]
    return min(
        level,
        key=lambda one: (one.memory_bytes, one.build_seconds, not one.candidate.adaptive, one.milliseconds),
    )


def nearest(findings: Sequence[Finding], contract: Contract) -> list[Finding]:
    """The findings that break the contract least, all bounds together."""
    broken = [one for one in findings if one.misses(contract)]
    return sorted(broken, key=lambda one: sum(miss.excess for miss in one.misses(contract)))[:_NEAREST]
