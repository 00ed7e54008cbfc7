"""Plots of a study as PNG and SVG, drawn by matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinyon.studies.drawing import INK, LEGEND, Drawing, drawn
from pinyon.studies.findings import strategy
from pinyon.studies.plans import plan_of, series
from pinyon.studies.results import Results
from pinyon.studies.values import Row
from pinyon.studies.words import PLOTS, TITLES, say

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by the colour-blind as well
_MARKS = ("o", "s", "^", "D", "v", "P")
_PANEL = (3.6, 2.9)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a panel. low, high: ends of the error bars, or None."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class _Panel:
    """ticks: where the x axis, which is then logarithmic, is labelled. share: y is a share of one. bars: names on the y
    axis (``label``), one bar each, in place of lines."""

    title: str
    lines: Sequence[_Line]
    x_label: str = ""
    ticks: Sequence[float] = ()
    log_y: bool = False
    share: bool = False
    bars: bool = False


def draw(study: Results, language: str) -> Drawing | None:
    """The plots of a study; None when there are no figures yet. Raises MissingExtraError without matplotlib."""
    rows = [row for row in study.rows if row.error is None and row.milliseconds]
    return drawn(lambda said: _figure(study, _panels(study, rows, said), said), language) if rows else None


def _figure(study: Results, panels: Sequence[_Panel], language: str) -> Any:
    from matplotlib.figure import Figure

    across = min(len(panels), 3)
    down = -(-len(panels) // across)
    tall = max((len(panel.lines) for panel in panels if panel.bars), default=0)
    height = max(_PANEL[1], 0.28 * tall + 1.2)
    figure = Figure(figsize=(_PANEL[0] * across, height * down), layout="constrained")
    figure.suptitle(say(TITLES, study.settings.study, language))
    labels = dict.fromkeys(line.label for panel in panels for line in panel.lines if not panel.bars)
    styles = {label: _style(label, at) for at, label in enumerate(labels)}
    for at, panel in enumerate(panels):
        axes = figure.add_subplot(down, across, at + 1)
        axes.patch.set_alpha(0.0)
        axes.set_title(panel.title, fontsize="medium")
        axes.set_xlabel(panel.x_label)
        axes.grid(visible=True, alpha=0.25, color=INK)
        if panel.bars:
            _draw_bars(axes, panel, named=at == 0)
        else:
            _draw_lines(axes, panel, styles)
    handles = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(handles.values(), handles.keys(), ncols=4 if len(handles) <= 4 else 3, **LEGEND)
    return figure


def _draw_bars(axes: Any, panel: _Panel, *, named: bool) -> None:
    places = range(len(panel.lines))
    axes.barh(places, [line.y[0] for line in panel.lines], color=_COLOURS[0])
    axes.set_yticks(places, [line.label if named else "" for line in panel.lines], fontsize="small")
    axes.set_axisbelow(True)
    axes.margins(y=0.02)
    axes.invert_yaxis()


def _style(label: str, at: int) -> dict[str, Any]:
    """Every other line is dashed and on top, so that what it covers shows through."""
    dashed = bool(label) and at % 2 == 1
    shared = {"label": label, "color": _COLOURS[at % len(_COLOURS)], "markersize": 4}
    return {**shared, "marker": _MARKS[at % len(_MARKS)], "linestyle": "--" if dashed else "-", "zorder": 2.5 + dashed}


def _draw_lines(axes: Any, panel: _Panel, styles: Mapping[str, Mapping[str, Any]]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

    for line in panel.lines:
        style = styles[line.label]
        if line.low is None or line.high is None:
            axes.plot(line.x, line.y, **style)
        else:
            below = [y - low for y, low in zip(line.y, line.low, strict=True)]
            above = [high - y for y, high in zip(line.y, line.high, strict=True)]
            axes.errorbar(line.x, line.y, yerr=(below, above), capsize=2, **style)
    if panel.ticks:
        axes.set_xscale("log")
        axes.set_xticks(panel.ticks, [f"{tick:g}" for tick in panel.ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    if panel.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif panel.share:
        axes.set_ylim(top=1.0 + 0.05 * (1.0 - min(axes.get_ylim()[0], 0.999)))
    else:
        axes.set_ylim(bottom=0)


# -- what each study shows --------------------------------------------------------------------------------------------


def _panels(study: Results, rows: Sequence[Row], language: str) -> list[_Panel]:
    draw: dict[str, Callable[[Results, Sequence[Row], str], list[_Panel]]] = {
        "growth": _growth,
        "filter": _filter,
        "quantise": _quantise,
    }
    return draw.get(study.settings.study, _sweep)(study, rows, language)


def _time(label: str, x: Sequence[float], rows: Sequence[Row]) -> _Line:
    return _Line(label, x, [r.median for r in rows], [r.fastest for r in rows], [r.slowest for r in rows])


def _memory(x: Sequence[float], rows: Sequence[Row], language: str) -> list[_Line]:
    lines = [_Line(say(PLOTS, "index", language), x, [row.serialised_bytes / 1e6 for row in rows])]
    if all(row.rss_bytes is not None for row in rows):
        lines.append(_Line(say(PLOTS, "rss", language), x, [(row.rss_bytes or 0) / 1e6 for row in rows]))
    return lines


def _growth(study: Results, rows: Sequence[Row], language: str) -> list[_Panel]:
    ordered = sorted(rows, key=lambda row: row.n)
    x, label = [row.n for row in ordered], say(PLOTS, "rows", language)
    return [
        _Panel(say(PLOTS, "time", language), [_time("", x, ordered)], label),
        _Panel(say(PLOTS, "memory", language), _memory(x, ordered, language), label),
    ]


def _sweep(study: Results, rows: Sequence[Row], language: str) -> list[_Panel]:
    settings = study.settings
    by_key = {row.configuration.key: row for row in rows}
    panels = []
    for one in series(plan_of(settings.study), settings.options, settings.n):
        found = [by_key[c.key] for c in one.configurations if c.key in by_key]
        if found:
            panels += _one_series(one.varied, found, settings.k, language)
    return panels


def _one_series(varied: str, rows: Sequence[Row], k: int, language: str) -> list[_Panel]:
    """Recall, time, and what else the parameter is paid with."""
    x = [float(row.parameters[varied]) for row in rows]
    recalls = [_Line("R@1", x, [row.recall_at_1 for row in rows])] if k > 1 else []
    recalls.append(_Line(f"R@{k}", x, [row.recall_at_k for row in rows]))
    panels = [
        _Panel(say(PLOTS, "recall", language), recalls, varied, x, share=True),
        _Panel(say(PLOTS, "time", language), [_time("", x, rows)], varied, x),
    ]
    if varied in ("ef_search", "nprobe"):
        trade = _Line("", [row.median for row in rows], [row.recall_at_k for row in rows])
        return [*panels, _Panel(f"R@{k}", [trade], say(PLOTS, "time", language), share=True)]
    if varied == "m":
        return [*panels, _Panel(say(PLOTS, "memory", language), _memory(x, rows, language), varied, x)]
    build = _Line("", x, [row.build_seconds for row in rows])
    return [*panels, _Panel(say(PLOTS, "build", language), [build], varied, x)]


def _filter(study: Results, rows: Sequence[Row], language: str) -> list[_Panel]:
    recalls, times, counts = [], [], []
    for name in dict.fromkeys(strategy(row, language) for row in rows):
        found = sorted(
            (row for row in rows if strategy(row, language) == name), key=lambda row: float(row.parameters["filter"])
        )
        x = [float(row.parameters["filter"]) for row in found]
        recalls.append(_Line(name, x, [row.recall_at_k for row in found]))
        times.append(_time(name, x, found))
        counts.append(_Line(name, x, [row.returned for row in found]))
    label, ticks = say(PLOTS, "selectivity", language), sorted({float(row.parameters["filter"]) for row in rows})
    return [
        _Panel(f"R@{study.settings.k}", recalls, label, ticks, share=True),
        _Panel(say(PLOTS, "time", language), times, label, ticks, log_y=True),
        _Panel(say(PLOTS, "returned", language), counts, label, ticks),
    ]


def _quantise(study: Results, rows: Sequence[Row], language: str) -> list[_Panel]:
    names = [str(row.configuration) if row.kind != "flat" else "float32" for row in rows]
    values = (
        (f"R@{study.settings.k}", [row.recall_at_k for row in rows]),
        (say(PLOTS, "time", language), [row.median for row in rows]),
        (say(PLOTS, "bytes", language), [row.serialised_bytes / row.n for row in rows]),
    )
    return [
        _Panel(title, [_Line(name, (), (y,)) for name, y in zip(names, ys, strict=True)], bars=True)
        for title, ys in values
    ]
