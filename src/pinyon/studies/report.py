"""A study as one HTML page that needs nothing else: table, plots, sentences, settings; in light and dark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pinyon.errors import MissingExtraError
from pinyon.studies import findings, plots, tables
from pinyon.studies.results import Results
from pinyon.studies.sources import source_line
from pinyon.studies.words import NOTES, REPORT, TITLES, say

PAGE, PNG, SVG = "report.html", "plot.png", "plot.svg"
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
tbody tr:hover { background: #8882; }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
.note { opacity: .75; font-size: .9rem; }
"""


def write(study: Results, folder: Path, language: str) -> list[str]:
    """Write the page and, with matplotlib, the plots. Gives remarks about what is missing."""
    remarks, drawing = [], None
    try:
        drawing = plots.draw(study, language)
    except MissingExtraError:
        remarks.append(say(NOTES, "no_plots", language))
    if drawing is not None:
        (folder / PNG).write_bytes(drawing.png)
        (folder / SVG).write_text(drawing.svg, encoding="utf-8")
        if language == "ko" and not drawing.korean:
            remarks.append(say(NOTES, "no_font", language))
    text = page(study, language, "" if drawing is None else drawing.inline, remarks)
    (folder / PAGE).write_text(text, encoding="utf-8")
    return remarks


def page(study: Results, language: str, drawing: str, remarks: list[str]) -> str:
    """The page as text. drawing: an SVG element, or nothing."""
    settings = study.settings
    title = escape(say(TITLES, settings.study, language))
    body = [
        f"<h1>{title}</h1>",
        f"<p>{escape(data_line(study, language))}</p>",
        f"<h2>{_head('figures', language)}</h2>",
        html_table(tables.columns(study, language), tables.cells(study)),
        *(f"<p>{escape(line)}</p>" for line in tables.remarks(study, language)),
        f'<p class="note">{escape(say(NOTES, "columns", language, repeats=settings.repeats, k=settings.k))}</p>',
        f"<h2>{_head('shows', language)}</h2>",
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in findings.sentences(study, language)) + "</ul>",
        drawing,
        *(f'<p class="note">{escape(line)}</p>' for line in remarks),
        f"<h2>{_head('settings', language)}</h2>",
        listing(settings.to_json()),
        f"<h2>{_head('machine', language)}</h2>",
        listing({**study.environment, "started": study.started}),
        f"<h2>{_head('again', language)}</h2>",
        f"<p>{_head('again_line', language)}</p><pre>pinyon study --again results.json</pre>",
    ]
    return document(title, body, language)


def document(title: str, body: Sequence[str], language: str, *, style: str = "", pictures: bool = False) -> str:
    """A whole page of elements. title: escaped. style: more rules. pictures: it holds some, as data URLs."""
    allowed = "default-src 'none'; style-src 'unsafe-inline'" + ("; img-src data:" if pictures else "")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def data_line(study: Results, language: str) -> str:
    """Which vectors were measured, on one line."""
    settings = study.settings
    told = {name: getattr(settings, name) for name in ("n", "d", "metric", "queries", "k")}
    return say(REPORT, "data_line", language, source=source_line(settings.source, language), **told)


def _head(key: str, language: str) -> str:
    return escape(say(REPORT, key, language))


def html_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Text cells under their heads, as an element."""
    heads = "".join(f"<th>{escape(head)}</th>" for head in columns)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>\n" for line in cells)
    return f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table></div>'


def listing(found: dict[str, Any]) -> str:
    """Values as an element, a line each."""
    lines = (f"{name}: {json.dumps(value, ensure_ascii=False, default=str)}" for name, value in found.items())
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
