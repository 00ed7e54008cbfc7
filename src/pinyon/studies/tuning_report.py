"""A tuning as a plot of time against recall, and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pinyon.errors import MissingExtraError
from pinyon.studies import tuning_words as words
from pinyon.studies.choosing import Finding
from pinyon.studies.drawing import INK, LEGEND, Drawing, drawn
from pinyon.studies.report import PAGE, PNG, SVG, document, html_table, listing
from pinyon.studies.tuning_results import TuningResults
from pinyon.studies.words import NOTES, PLOTS, REPORT, say

_COLOURS = {"flat": "#000000", "scan": "#0072b2", "ivf": "#009e73", "symqg": "#cc79a7", "hnsw": "#d55e00"}
_MARKS = {"flat": "s", "scan": "D", "ivf": "^", "symqg": "v", "hnsw": "o"}


def write(tuning: TuningResults, folder: Path, language: str) -> list[str]:
    """Write the page and, with matplotlib, the plots. Gives remarks about what is missing."""
    remarks, drawing = [], None
    try:
        drawing = draw(tuning, language)
    except MissingExtraError:
        remarks.append(say(NOTES, "no_plots", language))
    if drawing is not None:
        (folder / PNG).write_bytes(drawing.png)
        (folder / SVG).write_text(drawing.svg, encoding="utf-8")
        if language == "ko" and not drawing.korean:
            remarks.append(say(NOTES, "no_font", language))
    text = page(tuning, language, "" if drawing is None else drawing.inline, remarks)
    (folder / PAGE).write_text(text, encoding="utf-8")
    return remarks


def page(tuning: TuningResults, language: str, drawing: str, remarks: list[str]) -> str:
    """The page as text. drawing: an SVG element, or nothing."""
    title = escape(say(words.TITLE, "tune", language))
    heads = words.columns(tuning, language)
    body = [
        f"<h1>{title}</h1>",
        f"<p>{escape(words.data_line(tuning, language))}</p>",
        *(f"<p>{escape(line)}</p>" for line in words.sentences(tuning, language) if line),
        drawing,
        f"<h2>{_said('front', language)}</h2>",
        html_table(heads, words.cells(tuning, tuning.shown, language)),
        f"<h2>{_said('all', language)}</h2>",
        html_table(heads, words.cells(tuning, tuning.findings, language)),
        *(f'<p class="note">{escape(line)}</p>' for line in remarks),
        f"<h2>{escape(say(REPORT, 'settings', language))}</h2>",
        listing({**tuning.settings.to_json(), "contract": tuning.contract.to_json()}),
        f"<h2>{escape(say(REPORT, 'machine', language))}</h2>",
        listing({**tuning.environment, "started": tuning.started}),
    ]
    return document(title, body, language)


def draw(tuning: TuningResults, language: str) -> Drawing | None:
    """Every finding by time and recall, with the front as a line; None without any. Raises MissingExtraError."""
    return drawn(lambda said: _figure(tuning, said), language) if tuning.findings else None


def _figure(tuning: TuningResults, language: str) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    axes.set_title(say(words.TITLE, "tune", language))
    axes.set_xlabel(say(PLOTS, "time", language))
    axes.set_ylabel(f"R@{tuning.settings.k}")
    _scale(axes, [one.milliseconds for one in tuning.findings])
    axes.grid(visible=True, alpha=0.25, color=INK)
    front = _rising(tuning.front)
    axes.plot([one.milliseconds for one in front], [one.recall for one in front], color=INK, alpha=0.4, zorder=1)
    for kind in dict.fromkeys(one.candidate.kind for one in tuning.findings):
        own = [one for one in tuning.findings if one.candidate.kind == kind]
        times, recalls = [one.milliseconds for one in own], [one.recall for one in own]
        colour = INK if kind == "flat" else _COLOURS[kind]
        axes.scatter(times, recalls, label=kind, color=colour, marker=_MARKS[kind], s=26, zorder=2)
    contract, best = tuning.contract, tuning.best
    bound: Any = {"color": INK, "linewidth": 1}
    axes.axhline(contract.recall, linestyle=":", label=words.bound("recall", contract.recall, language), **bound)
    if contract.latency_ms is not None:
        label = words.bound("latency_ms", contract.latency_ms, language)
        axes.axvline(contract.latency_ms, linestyle="--", label=label, **bound)
    if best is not None:
        ring: Any = {"s": 150, "facecolors": "none", "edgecolors": INK, "zorder": 3}
        axes.scatter([best.milliseconds], [best.recall], label=best.candidate.settings, **ring)
    figure.legend(ncols=4, **LEGEND)
    return figure


def _rising(front: Sequence[Finding]) -> list[Finding]:
    """Those of the front that nothing beats in time and recall alone, by time."""
    kept: list[Finding] = []
    for one in sorted(front, key=lambda one: (one.milliseconds, -one.recall)):
        if not kept or one.recall > kept[-1].recall:
            kept.append(one)
    return kept


def _scale(axes: Any, times: Sequence[float]) -> None:
    """A logarithmic axis that has several labels however near the times are."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    axes.set_xscale("log")
    wide = max(times) > 10 * min(times)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if wide else MaxNLocator(6))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _said(key: str, language: str) -> str:
    return escape(say(words.SAID, key, language))
