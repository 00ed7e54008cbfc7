"""A tuning as a plot of time against recall, and as one HTML page that needs nothing else."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinyon.errors import MissingExtraError
from pinyon.studies import tuning_words as words
from pinyon.studies.plots import INK, Drawing, korean_font
from pinyon.studies.report import PAGE, PNG, SVG, document, html_table, listing
from pinyon.studies.words import NOTES, PLOTS, REPORT, say

if TYPE_CHECKING:
    from pinyon.studies.tuning import Tuning

_COLOURS = {"flat": "#000000", "scan": "#0072b2", "ivf": "#009e73", "symqg": "#cc79a7", "hnsw": "#d55e00"}
_MARKS = {"flat": "s", "scan": "D", "ivf": "^", "symqg": "v", "hnsw": "o"}
_DPI = 144


def write(tuning: Tuning, folder: Path, language: str) -> list[str]:
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


def page(tuning: Tuning, language: str, drawing: str, remarks: list[str]) -> str:
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


def draw(tuning: Tuning, language: str) -> Drawing | None:
    """Every finding by time and recall, with the front as a line; None without any. Raises MissingExtraError."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError(f"plots need matplotlib ({error}). Run: pip install 'pinyon[study]'") from None
    if not tuning.findings:
        return None
    font = korean_font() if language == "ko" else None
    settings: Any = {
        "font.family": [font, "DejaVu Sans"] if font else ["DejaVu Sans"],
        "axes.unicode_minus": False,
        "svg.hashsalt": "pinyon",
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    }
    with matplotlib.rc_context(settings):
        figure = _figure(tuning, "ko" if font else "en")
        png = _saved(figure, "png", facecolor="white")
        svg = _saved(figure, "svg", transparent=True).decode("utf-8")
    ink = svg.replace(INK, "currentColor")
    return Drawing(png, svg, ink[ink.index("<svg") :], bool(font))


def _figure(tuning: Tuning, language: str) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    axes.set_title(say(words.TITLE, "tune", language))
    axes.set_xlabel(say(PLOTS, "time", language))
    axes.set_ylabel(f"R@{tuning.settings.k}")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, alpha=0.25, color=INK)
    front = tuning.front
    axes.plot([one.milliseconds for one in front], [one.recall for one in front], color=INK, alpha=0.4, zorder=1)
    for kind in dict.fromkeys(one.candidate.kind for one in tuning.findings):
        own = [one for one in tuning.findings if one.candidate.kind == kind]
        times, recalls = [one.milliseconds for one in own], [one.recall for one in own]
        colour = INK if kind == "flat" else _COLOURS[kind]
        axes.scatter(times, recalls, label=kind, color=colour, marker=_MARKS[kind], s=26, zorder=2)
    contract, best = tuning.contract, tuning.best
    axes.axhline(contract.recall, color=INK, linestyle=":", linewidth=1)
    if contract.latency_ms is not None:
        axes.axvline(contract.latency_ms, color=INK, linestyle=":", linewidth=1)
    if best is not None:
        axes.scatter([best.milliseconds], [best.recall], s=150, facecolors="none", edgecolors=INK, zorder=3)
        axes.annotate(
            best.candidate.settings, (best.milliseconds, best.recall), (8, -14), textcoords="offset points", fontsize=8
        )
    place: Any = {"loc": "lower right", "fontsize": "small", "framealpha": 0.0}
    axes.legend(**place)
    return figure


def _saved(figure: Any, form: str, **options: Any) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format=form, dpi=_DPI, metadata={"Date": None} if form == "svg" else None, **options)
    return made.getvalue()


def _said(key: str, language: str) -> str:
    return escape(say(words.SAID, key, language))
