"""What a study is made of: configurations to measure, and the rows that come of them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeAlias

from pinyon.errors import InvalidRequestError

Parameter: TypeAlias = "int | float | str"
Parameters: TypeAlias = "Mapping[str, Parameter]"
Options: TypeAlias = "dict[str, tuple[Parameter, ...]]"


class Watch(Protocol):
    """What a study tells while it runs. ``begin``: so much is ahead; ``advance``: so much of it is done."""

    def begin(self, label: str, total: int, unit: str) -> None: ...
    def advance(self, done: int, note: str = "") -> None: ...


class Silent:
    """A watch that says nothing."""

    def begin(self, label: str, total: int, unit: str) -> None:
        """Nothing."""

    def advance(self, done: int, note: str = "") -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One thing to measure: a kind of ``kinds.KINDS`` and its parameters."""

    kind: str
    parameters: Parameters = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Equal for equal configurations, in every process."""
        return json.dumps([self.kind, dict(sorted(self.parameters.items()))], ensure_ascii=False)

    def __str__(self) -> str:
        return " ".join([self.kind, *(f"{name}={value}" for name, value in self.parameters.items())])


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one configuration.

    n: rows in the index. build_seconds: from the rows in memory to a finished index. serialised_bytes: of the index as
    it would be saved. rss_bytes: growth of the process's resident memory by the build, peak_bytes: at its highest
    during the build; None where the system does not tell. milliseconds: of one query, the mean of each repeat over all
    queries. recall_at_1, recall_at_k: share of the true best 1 and top_k that were found. returned: mean number of
    results. load: mean number of running processes of the last minute, when it began. error: why there are no figures.
    p50, p99: milliseconds within which 50 % and 99 % of the queries were answered, each in its middle repeat.
    """

    kind: str
    parameters: Parameters
    n: int = 0
    build_seconds: float = 0.0
    serialised_bytes: int = 0
    rss_bytes: int | None = None
    peak_bytes: int | None = None
    milliseconds: tuple[float, ...] = ()
    recall_at_1: float = 0.0
    recall_at_k: float = 0.0
    returned: float = 0.0
    load: float | None = None
    error: str | None = None
    p50: float | None = None
    p99: float | None = None

    @property
    def configuration(self) -> Configuration:
        return Configuration(self.kind, self.parameters)

    @property
    def median(self) -> float:
        """Milliseconds of a query in the middle repeat."""
        return statistics.median(self.milliseconds) if self.milliseconds else float("nan")

    @property
    def fastest(self) -> float:
        return min(self.milliseconds, default=float("nan"))

    @property
    def slowest(self) -> float:
        return max(self.milliseconds, default=float("nan"))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Any) -> Row:
        """Raises InvalidRequestError when it is no row."""
        try:
            given = dict(found)
            row = cls(**{**given, "milliseconds": tuple(map(float, given["milliseconds"]))})
            parameters = dict(row.parameters)
        except (TypeError, ValueError, KeyError) as error:
            raise InvalidRequestError(f"{str(found)[:80]!r} is not a row of a study ({error})") from None
        if not isinstance(row.kind, str) or not all(isinstance(v, int | float | str) for v in parameters.values()):
            raise InvalidRequestError(f"{str(found)[:80]!r} is not a row of a study: kind and parameters are missing")
        return row
