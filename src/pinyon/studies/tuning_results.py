"""What a tuning measured, and what of it is the cheapest that keeps the contract."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.studies import choosing
from pinyon.studies.candidates import Candidate, Ladder, ladders
from pinyon.studies.choosing import Contract, Finding
from pinyon.studies.saved import read_json, sheet, write_json, write_text
from pinyon.studies.sources import Source
from pinyon.studies.values import Row

FORMAT = "pinyon tuning 1"
RESULTS, SHEET = "tuning.json", "tuning.csv"


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the recall of every candidate. n: rows that are measured, of total. filters: their JSON.
    kinds: those that are tried."""

    source: Source | None
    metric: str
    n: int
    total: int
    d: int
    queries: int
    k: int
    repeats: int
    recall: float
    filters: tuple[str, ...]
    kinds: tuple[str, ...]
    sample: int | None
    digest: str

    @property
    def sampled(self) -> bool:
        return self.n < self.total

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"filters": list(self.filters), "kinds": list(self.kinds)}

    @classmethod
    def from_json(cls, found: Any) -> Settings:
        """Raises InvalidRequestError when it is no record of settings."""
        try:
            given = dict(found)
            given["filters"] = tuple(map(str, given["filters"]))
            given["kinds"] = tuple(map(str, given["kinds"]))
            given["source"] = None if given["source"] is None else Source.from_json(given["source"])
            made = cls(**given)
            if not all(isinstance(one, int) and one > 0 for one in (made.n, made.total, made.d, made.k, made.repeats)):
                raise ValueError("n, total, d, k and repeats are not all numbers above 0")
        except (TypeError, ValueError, KeyError) as error:
            raise InvalidRequestError(f"these are not the settings of a tuning ({error})") from None
        return made


@dataclass(frozen=True, slots=True)
class TuningResults:
    """Settings, contract, and what is measured so far. possible: candidates that there are. skipped: why how many of
    them are not measured. complete: whether none is left to measure."""

    settings: Settings
    contract: Contract
    environment: Mapping[str, Any]
    started: str
    rows: tuple[Row, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False

    @property
    def possible(self) -> int:
        return sum(1 for ladder in self.ladders for _ in ladder)

    @property
    def ladders(self) -> list[Ladder]:
        known = ladders(self.settings.n, self.settings.recall, self.settings.k)
        return [one for one in known if one.kind in self.settings.kinds]

    @property
    def findings(self) -> list[Finding]:
        """Every candidate that is measured, in the order of the ladders."""
        found = (self.finding(one) for ladder in self.ladders for one in ladder)
        return [one for one in found if one is not None]

    def finding(self, candidate: Candidate) -> Finding | None:
        rows = {row.configuration.key: row for row in self.rows if row.error is None}
        keys = [one.key for one in candidate.configurations(self.settings.filters)]
        if not all(key in rows for key in keys):
            return None
        return Finding(candidate, tuple(rows[key] for key in keys), self.settings.total)

    @property
    def front(self) -> list[Finding]:
        """The best trade-offs of time, recall and memory, the fastest first."""
        return choosing.front(self.findings)

    @property
    def best(self) -> Finding | None:
        """The cheapest that keeps the contract; None when nothing does."""
        return choosing.cheapest(self.findings, self.contract)

    @property
    def shown(self) -> list[Finding]:
        """The front, and the chosen one, which may be a little slower than one that it is level with."""
        best, found = self.best, self.front
        if best is None or best.candidate in [one.candidate for one in found]:
            return found
        return sorted([*found, best], key=lambda one: one.milliseconds)

    @property
    def nearest(self) -> list[Finding]:
        """Those that break the contract least, where nothing keeps it."""
        return [] if self.best is not None else choosing.nearest(self.findings, self.contract)

    def with_row(self, row: Row) -> Self:
        return replace(self, rows=(*(one for one in self.rows if one.configuration != row.configuration), row))

    def write(self, folder: Path) -> None:
        """Write tuning.json and tuning.csv; each is the old or the new one whenever the process may end."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RESULTS, self.to_json())
        write_text(folder / SHEET, self._sheet())

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "complete": self.complete,
            "started": self.started,
            "settings": self.settings.to_json(),
            "contract": self.contract.to_json(),
            "environment": dict(self.environment),
            "possible": self.possible,
            "skipped": dict(self.skipped),
            "best": None if self.best is None else self.best.to_json(),
            "front": [one.to_json() for one in self.front],
            "nearest": [
                one.to_json() | {"misses": [asdict(miss) for miss in one.misses(self.contract)]} for one in self.nearest
            ],
            "rows": [row.to_json() for row in self.rows],
        }

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The tuning in a tuning.json, or in the folder of one. Raises NotFoundError, FormatError."""
        file, found = read_json(Path(path), RESULTS, FORMAT, "tuning")
        try:
            return cls(
                Settings.from_json(found["settings"]),
                Contract(**found["contract"]).check(),
                dict(found["environment"]),
                str(found["started"]),
                tuple(map(Row.from_json, found["rows"])),
                dict(found["skipped"]),
                bool(found["complete"]),
            )
        except (InvalidRequestError, TypeError, ValueError, KeyError) as error:
            raise FormatError(f"{file} cannot be read: {error}") from None

    def _sheet(self) -> str:
        """A line for each measured candidate."""
        front, best, settings = [one.candidate for one in self.front], self.best, self.settings
        lines = []
        for one in self.findings:
            line = {
                **one.to_json(),
                "front": one.candidate in front,
                "chosen": best is not None and one.candidate == best.candidate,
                "misses": " ".join(miss.bound for miss in one.misses(self.contract)),
                "rss_bytes": one.rows[0].rss_bytes,
                "n": settings.n,
                "total": settings.total,
                "dimension": settings.d,
                "metric": settings.metric,
                "data": str(settings.source or "arrays"),
                "queries": settings.queries,
                "top_k": settings.k,
                "repeats": settings.repeats,
                "filters": len(settings.filters),
                "digest": settings.digest,
                **{f"contract_{name}": value for name, value in self.contract.to_json().items()},
                **dict(self.environment.get("versions") or {}),
            }
            lines.append(line)
        return sheet(lines)
