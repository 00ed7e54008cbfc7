"""Conducts a study and keeps its results: after every row they are on disk, and a study that was cut short goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinyon.errors import FailedPreconditionError, FormatError, InvalidRequestError, NotFoundError
from pinyon.studies import machine, plans, sources
from pinyon.studies.measuring import REPEATS, TOP_K
from pinyon.studies.running import bench
from pinyon.studies.saved import read_json, sheet, write_json, write_text
from pinyon.studies.sources import Data, Source
from pinyon.studies.values import Configuration, Options, Parameter, Row, Watch

FORMAT = "pinyon study 1"
RESULTS, SHEET = "results.json", "results.csv"
Given = Mapping[str, "Sequence[Parameter] | None"]


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
class Study:
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

    def with_row(self, row: Row) -> Study:
        """The study with one more row, in place of an older one of the same configuration."""
        rows = {one.configuration.key: one for one in (*self.rows, row)}
        kept = [rows[one.key] for one in self.configurations if one.key in rows]
        return replace(self, rows=tuple(kept))

    def table(self, language: str = "en") -> str:
        """The rows as aligned text under a heading, and what the figures show. language: "en" or "ko"."""
        from pinyon.studies import findings, tables

        return "\n".join([tables.text(self, language), "", *findings.sentences(self, language)])

    def save(self, folder: str | os.PathLike[str], language: str = "en") -> list[str]:
        """Write results.json, results.csv, report.html, and with matplotlib plot.png and plot.svg.

        Gives remarks, such as how to get plots where there are none. Raises StorageError when the disk says no.
        """
        from pinyon.studies import report

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.write(target)
        return report.write(self, target, language)

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
    def read(cls, path: str | os.PathLike[str]) -> Study:
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


def conduct(
    name: str,
    data: Data | Source,
    options: Given | None = None,
    *,
    k: int = TOP_K,
    repeats: int = REPEATS,
    out: str | os.PathLike[str] | None = None,
    watch: Watch | None = None,
) -> Study:
    """Measure every configuration of the study ``name``, each build in a fresh process.

    options: lists by name; what is left out has its default. k: results of a query. repeats: passes over the queries
    that are timed. out: a folder for the results, which are written after every row; one that holds an unfinished study
    with the same settings is continued.
    Raises NotFoundError, InvalidRequestError, and FailedPreconditionError when ``out`` holds another study. A
    configuration that fails gives a row with the reason.
    """
    plan = plans.plan_of(name)
    source = absolute(data) if isinstance(data, Source) else data.source
    data = sources.load(source) if isinstance(data, Source) and source is not None else data
    assert isinstance(data, Data)
    resolved = plans.resolve(plan, options or {}, data.n)
    settings = Settings(name, resolved, source, data.metric, data.n, data.d, len(data.queries), k, repeats, data.digest)
    _check(settings)
    folder = None if out is None else Path(out)
    study = _begun(settings, folder)
    left = [one for one in study.configurations if not _measured(study, one)]
    masks = plans.filter_masks(resolved, data, source.seed if source else 0) if "selectivity" in resolved else None
    if not left:
        return study
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        study.write(folder)
    with bench(data, masks=masks, k=k, repeats=repeats, cache=folder, watch=watch) as ready:
        for row in ready.rows(left):
            study = study.with_row(row)
            if folder is not None:
                study.write(folder)
    return study


def again(recorded: Study, *, out: str | os.PathLike[str] | None = None, watch: Watch | None = None) -> Study:
    """The recorded study once more, with its settings. Raises FailedPreconditionError when its vectors have changed."""
    settings = recorded.settings
    if settings.source is None:
        raise FailedPreconditionError(
            "the recorded study measured arrays of a program, which are not in its results: let that program repeat it"
        )
    data = sources.load(settings.source)
    sources.same(data, settings.digest)
    return conduct(settings.study, data, settings.options, k=settings.k, repeats=settings.repeats, out=out, watch=watch)


def differences(old: Study, new: Study) -> list[str]:
    """What of the recall differs between two runs of the same settings; nothing when they agree."""
    rows = {row.configuration.key: row for row in old.rows}
    found = []
    for row in new.rows:
        before = rows.get(row.configuration.key)
        if before is None or before.error is not None or row.error is not None:
            continue
        for name in ("recall_at_1", "recall_at_k", "returned"):
            was, is_ = getattr(before, name), getattr(row, name)
            if was != is_:
                found.append(f"{row.configuration}: {name} {was:.6g} -> {is_:.6g}")
    return found


def _check(settings: Settings) -> None:
    n, k = settings.n, settings.k
    if not 1 <= k <= n or settings.repeats < 1:
        raise InvalidRequestError(f"top_k is {k} and repeats {settings.repeats}: 1 to {n} rows, and at least 1 repeat")
    for name, least in (("rows", k), ("nlist", 1)):
        for value in settings.options.get(name, ()):
            if not least <= int(value) <= n:
                raise InvalidRequestError(f"{name} is {value}: {n} rows and top_k {k} allow {least} to {n}")


def _begun(settings: Settings, folder: Path | None) -> Study:
    """The study that ``folder`` holds, if its settings are these; else a new one."""
    environment = machine.environment()
    fresh = Study(settings, environment, datetime.now(UTC).isoformat(timespec="seconds"))
    if folder is None or not (folder / RESULTS).exists():
        return fresh
    found = Study.read(folder)
    mine, theirs = settings.to_json(), found.settings.to_json()
    other = [name for name in mine if mine[name] != theirs[name]]
    if other:
        raise FailedPreconditionError(
            f"{folder} holds a study with other settings ({other[0]} {theirs[other[0]]!r}, not {mine[other[0]]!r}): "
            "write to another folder, or repeat what is there with `again`"
        )
    changed = machine.same_machine(found.environment, environment)
    if changed and not found.complete:
        raise FailedPreconditionError(
            f"{folder} holds a study that was begun on another machine or release ({changed[0]}): its figures cannot "
            "stand beside new ones. Write to another folder"
        )
    return found


def _measured(study: Study, configuration: Configuration) -> bool:
    return any(row.configuration.key == configuration.key and row.error is None for row in study.rows)


def absolute(source: Source) -> Source:
    """Paths that mean the same from every working directory."""

    def rooted(path: str | None) -> str | None:
        return None if path is None else str(Path(path).absolute())

    return replace(
        source,
        file=rooted(source.file),
        database=rooted(source.database),
        queries=rooted(source.queries),
        truth=rooted(source.truth),
    )
