"""Conducts a study and keeps its results: after every row they are on disk, and a study that was cut short goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pinyon.errors import FailedPreconditionError, InvalidRequestError
from pinyon.studies import findings, machine, plans, report, sources, tables
from pinyon.studies.measuring import REPEATS, TOP_K
from pinyon.studies.results import RESULTS, Results, Settings
from pinyon.studies.running import bench
from pinyon.studies.sources import Data, Source
from pinyon.studies.values import Configuration, Parameter, Watch
from pinyon.studies.words import LANGUAGES

Given = Mapping[str, "Sequence[Parameter] | None"]


@dataclass(frozen=True, slots=True)
class Study(Results):
    """Results with the words for them."""

    def to_json(self) -> dict[str, Any]:
        """With what the figures show, in every language, for readers that have only the file."""
        said = {language: findings.sentences(self, language) for language in LANGUAGES}
        return {**Results.to_json(self), "findings": said}

    def table(self, language: str = "en") -> str:
        """The rows as aligned text under a heading, and what the figures show. language: "en" or "ko"."""
        return "\n".join([tables.text(self, language), "", *findings.sentences(self, language)])

    def save(self, folder: str | os.PathLike[str], language: str = "en") -> list[str]:
        """Write results.json, results.csv, report.html, and with matplotlib plot.png and plot.svg.

        Gives remarks, such as how to get plots where there are none. Raises StorageError when the disk says no.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.write(target)
        return report.write(self, target, language)


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
