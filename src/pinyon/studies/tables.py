"""The rows of a study as columns and cells, in English and Korean."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from pinyon.studies.plans import plan_of, series
from pinyon.studies.results import Results
from pinyon.studies.values import Configuration, Parameter, Row
from pinyon.studies.words import HEADS, NOTES, check, say

_NOTHING = "-"


def columns(study: Results, language: str) -> list[str]:
    """The heads of ``cells``."""
    check(language)
    names = ["build", "size", "rss", "peak", "median", "fastest", "slowest"]
    recalls = ["R@1"] if study.settings.k == 1 else ["R@1", f"R@{study.settings.k}"]
    filtered = [HEADS["returned"][language]] if study.settings.study == "filter" else []
    return [
        HEADS["kind"][language],
        *varied(study.configurations),
        *(HEADS[name][language] for name in names),
        *recalls,
        *filtered,
    ]


def cells(study: Results) -> list[list[str]]:
    """Lines of text cells: the rows by series, so that one that belongs to several is shown in each."""
    names = varied(study.configurations)
    return [_line(study, row, names) for row in ordered(study)]


def ordered(study: Results) -> list[Row]:
    """The rows as they are read: what belongs to no series first, then each series."""
    settings, rows = study.settings, {row.configuration.key: row for row in study.rows}
    sweeps = list(series(plan_of(settings.study), settings.options, settings.n))
    keys = [one.key for sweep in sweeps for one in sweep.configurations]
    return [rows[key] for key in [*(key for key in rows if key not in keys), *keys] if key in rows]


def _line(study: Results, row: Row, names: Sequence[str]) -> list[str]:
    start = [row.kind, *(shown(row.parameters.get(name)) for name in names)]
    k, filtered = study.settings.k, study.settings.study == "filter"
    if row.error is not None:
        return start + [_NOTHING] * (7 + (k > 1) + 1 + filtered)
    return [
        *start,
        f"{row.build_seconds:.2f}",
        *(megabytes(count) for count in (row.serialised_bytes, row.rss_bytes, row.peak_bytes)),
        *(f"{value:.3f}" for value in (row.median, row.fastest, row.slowest)),
        f"{row.recall_at_1:.4f}",
        *([f"{row.recall_at_k:.4f}"] if k > 1 else []),
        *([f"{row.returned:.2f}"] if filtered else []),
    ]


def text(study: Results, language: str) -> str:
    """The table with aligned columns, numbers to the right, and the remarks below."""
    return "\n".join([aligned(columns(study, language), cells(study)), *remarks(study, language)])


def remarks(study: Results, language: str) -> list[str]:
    """What the table does not hold: parameters that never vary, rows that failed, rows that are still missing."""
    fixed: dict[str, dict[str, Parameter]] = {}
    for (kind, name), value in constant(study.configurations).items():
        fixed.setdefault(kind, {})[name] = value
    told = "; ".join(str(Configuration(kind, values)) for kind, values in fixed.items())
    failed = [say(NOTES, "fixed", language, settings=told)] if told else []
    failed += [
        say(NOTES, "failed", language, setting=row.configuration, error=row.error)
        for row in study.rows
        if row.error is not None
    ]
    if study.complete:
        return failed
    return [*failed, say(NOTES, "missing", language, done=len(study.rows), total=len(study.configurations))]


def side_by_side(old: Results, new: Results, language: str) -> tuple[list[str], list[list[str]]]:
    """(columns, cells): recall, build and time of each configuration, as recorded and as it is now."""
    check(language)
    was, now = HEADS["was"][language], HEADS["now"][language]
    names = parameters(new.configurations)
    heads = [HEADS["kind"][language], *names]
    figures = [("R@1", "recall_at_1", ".4f"), (f"R@{new.settings.k}", "recall_at_k", ".4f")][: 1 + (new.settings.k > 1)]
    figures += [(HEADS["build"][language], "build_seconds", ".2f"), (HEADS["median"][language], "median", ".3f")]
    for head, _, _ in figures:
        heads += [f"{head} {was}", f"{head} {now}"]
    before = {row.configuration.key: row for row in old.rows}
    lines = []
    for row in new.rows:
        line = [row.kind, *(shown(row.parameters.get(name)) for name in names)]
        pair = (before.get(row.configuration.key), row)
        for _, name, form in figures:
            line += [_NOTHING if one is None or one.error else format(getattr(one, name), form) for one in pair]
        lines.append(line)
    return heads, lines


def parameters(configurations: Sequence[Configuration]) -> list[str]:
    """The names of all parameters, in the order in which they first come up."""
    return list(dict.fromkeys(name for one in configurations for name in one.parameters))


def varied(configurations: Sequence[Configuration]) -> list[str]:
    """The names of the parameters that have several values."""
    fixed = {name for _, name in constant(configurations)}
    return [name for name in parameters(configurations) if name not in fixed]


def constant(configurations: Sequence[Configuration]) -> dict[tuple[str, str], Parameter]:
    """(kind, name) -> the value of each parameter that never varies, for all kinds that have it."""
    found: dict[tuple[str, str], Parameter] = {}
    for name in parameters(configurations):
        values = {(one.kind, one.parameters[name]) for one in configurations if name in one.parameters}
        if len({value for _, value in values}) == 1:
            found |= {(kind, name): value for kind, value in values}
    return found


def megabytes(count: int | None) -> str:
    """1,500,000 -> "1.5"."""
    return _NOTHING if count is None else f"{count / 1e6:.1f}"


def shown(value: Parameter | None) -> str:
    """A parameter as a cell."""
    return _NOTHING if value is None else str(value)


def aligned(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns under their heads, the first to the left and the others to the right; Korean letters are two wide."""
    rows = [list(heads), *map(list, lines)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    told = []
    for row in rows:
        padded = [
            cell + " " * (room - width(cell)) if at == 0 else " " * (room - width(cell)) + cell
            for at, (cell, room) in enumerate(zip(row, widths, strict=True))
        ]
        told.append("  ".join(padded).rstrip())
    return "\n".join(told)


def width(text: str) -> int:
    """Columns that a terminal needs for a text."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
