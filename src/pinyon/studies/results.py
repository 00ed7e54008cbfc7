"""What a study measured: its settings and rows, as values and as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from pinyon.errors import FormatError, InvalidRequestError, NotFoundError
from pinyon.studies import plans
from pinyon.studies.saved import read_json, sheet, write_json, write_text
from pinyon.studies.sources import Source
from pinyon.studies.values import Configuration, Options, Row

FORMAT = "pinyon study 1"
RESULTS, SHEET = "results.json", "results.csv"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a study's recall: equal settings on equal machines give equal recall.

    options: every list of the study, resolved. digest: of the vectors. source: None for arrays of the caller.
    """

    study: str
    options: Options
    source: Source | None
    metric: str
    n: int
    d: int
    queries: int
    k: int
    repeats: int
    digest: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Any) -> Settings:
        """Raises InvalidRequestError when it is no record of settings."""
        try:
            given = dict(found)
            given["options"] = {name: tuple(values) for name, values in dict(given["options"]).items()}
            given["source"] = None if given["source"] is None else Source.from_json(given["source"])
            made = cls(**given)
            numbers = (made.n, made.d, made.queries, made.k, made.repeats)
            if not all(isinstance(number, int) and number > 0 for number in numbers):
                raise ValueError(f"n, d, queries, k and repeats are {numbers}")
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise InvalidRequestError(f"these are not the settings of a study ({error})") from None
        return replace(made, options=plans.resolve(plans.plan_of(made.study), made.options, made.n))


@dataclass(frozen=True, slots=True)
class Results:
    """Settings, machine, and the rows that are measured so far, in the order of ``configurations``."""

    settings: Settings
    environment: Mapping[str, Any]
    started: str
    rows: tuple[Row, ...] = ()

    @property
    def configurations(self) -> list[Configuration]:
        plan = plans.plan_of(self.settings.study)
        return plans.configurations(plan, self.settings.options, self.settings.n)

    @property
    def complete(self) -> bool:
        return len(self.rows) == len(self.configurations)

    def with_row(self, row: Row) -> Self:
        """The same with one more row, in place of an older one of the same configuration."""
        rows = {one.configuration.key: one for one in (*self.rows, row)}
        kept = [rows[one.key] for one in self.configurations if one.key in rows]
        return replace(self, rows=tuple(kept))

    def write(self, folder: Path) -> None:
        """Write results.json and results.csv; each is the old or the new one whenever the process may end."""
        write_json(folder / RESULTS, self.to_json())
        write_text(folder / SHEET, self._sheet())

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "complete": self.complete,
            "started": self.started,
            "settings": self.settings.to_json(),
            "environment": dict(self.environment),
            "rows": [row.to_json() for row in self.rows],
        }

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The study in a results.json, or in the folder of one. Raises NotFoundError, FormatError."""
        file, found = read_json(Path(path), RESULTS, FORMAT, "study")
        try:
            settings = Settings.from_json(found.get("settings"))
            rows = [Row.from_json(row) for row in found.get("rows", ())]
        except (InvalidRequestError, NotFoundError, TypeError) as error:
            raise FormatError(f"{file} cannot be read: {error}") from None
        study = cls(settings, dict(found.get("environment") or {}), str(found.get("started")))
        for row in rows:
            study = study.with_row(row)
        return study

    def _sheet(self) -> str:
        """One line a row, with the settings in every line, so that sheets of several studies can be joined."""
        settings, environment = self.settings, self.environment
        parameters = list(dict.fromkeys(name for one in self.configurations for name in one.parameters))
        shared = {
            "data": str(settings.source or "arrays"),
            "metric": settings.metric,
            "dimension": settings.d,
            "queries": settings.queries,
            "top_k": settings.k,
            "repeats": settings.repeats,
            "seed": "" if settings.source is None else settings.source.seed,
            "digest": settings.digest,
            "processor": environment.get("processor"),
            **dict(environment.get("versions") or {}),
        }
        lines = []
        for row in self.rows:
            line = {
                "study": settings.study,
                "kind": row.kind,
                **{name: row.parameters.get(name, "") for name in parameters},
                "n": row.n,
                "build_seconds": row.build_seconds,
                "serialised_bytes": row.serialised_bytes,
                "rss_bytes": row.rss_bytes,
                "peak_bytes": row.peak_bytes,
                "milliseconds_min": row.fastest,
                "milliseconds_median": row.median,
                "milliseconds_max": row.slowest,
                "recall_at_1": row.recall_at_1,
                "recall_at_k": row.recall_at_k,
                "returned": row.returned,
                "load": row.load,
                "error": row.error,
                **shared,
            }
            lines.append(line)
        return sheet(lines)
