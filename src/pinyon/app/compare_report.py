"""A comparison as files: results as JSON, a sheet of four pictures for each original, and one HTML page."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any, Final

import orjson

from pinyon.app.compare_figures import PAIRS, RETRIEVAL, Figures, Prices, total
from pinyon.app.compare_words import CELLS, HEADS, REASONS, REPORT
from pinyon.app.compared import ORIGINAL, RANKS, RESULT, WAYS, Compared, Outcome, Way, write_whole
from pinyon.app.describing import Spent
from pinyon.errors import InvalidRequestError
from pinyon.evaluation import Interval
from pinyon.pictures import Cell, contact_sheet, encoded, read_picture
from pinyon.studies.report import document, html_table, listing
from pinyon.studies.words import say
from pinyon.types import Picture

__all__ = ["PAGE", "RESULTS", "SHOWN", "page", "results", "save", "sheet_name"]

RESULTS, PAGE = "results.json", "report.html"
SHOWN: Final = 100
"""Pictures that the page shows; each is about 60 kB of it."""
_SIDE: Final = 320
"""Pixels of a picture on a sheet and on the page."""
_STYLE = """\
.four { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; }
figure { margin: 0; }
figure img, figure .empty { width: 100%; aspect-ratio: 1; object-fit: contain; border: 1px solid #8884; }
figure img { background: #fff; }
figure .empty { display: flex; align-items: center; justify-content: center; box-sizing: border-box; padding: 1rem;
  text-align: center; opacity: .75; font-size: .9rem; overflow: hidden; overflow-wrap: anywhere; }
figcaption { font-size: .9rem; overflow-wrap: anywhere; }
section { border-top: 1px solid #8884; margin-top: 2rem; }
"""


def save(outcome: Outcome, counted: Figures, folder: Path, prices: Prices, language: str) -> list[str]:
    """Write everything. Gives remarks, such as on letters that no font has. Raises MissingExtraError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    remarks: dict[str, None] = {}
    for one in outcome.pictures:
        warning = _sheet(one, folder / one.folder, language)
        remarks |= {warning: None} if warning else {}
    write_whole(folder / RESULTS, orjson.dumps(results(outcome, counted, prices), option=orjson.OPT_INDENT_2))
    write_whole(folder / PAGE, page(outcome, counted, folder, prices, language).encode())
    return list(remarks)


def results(outcome: Outcome, counted: Figures, prices: Prices) -> dict[str, Any]:
    """All of it as JSON has it."""
    spent = {
        "describe": _spent_json(counted.described, prices.of_description(counted.described)),
        "draw": _spent_json(counted.drawn, _drawing_cost(outcome, prices)),
        "cost": total([prices.of(one) for one in outcome.pictures]),
    }
    told = asdict(counted)
    return {
        "settings": dict(outcome.settings),
        "interrupted": outcome.interrupted,
        "figures": {name: told[name] for name in ("retrieval", "said", "likeness", "between", "unrelated")},
        "spent": spent,
        "prices": asdict(prices),
        "pictures": [{"name": one.name, **asdict(one), "cost": prices.of(one)} for one in outcome.pictures],
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in outcome.skipped],
    }


def _spent_json(spent: Spent, cost: float | None) -> dict[str, Any]:
    return {**asdict(spent), "cost": cost}


def _drawing_cost(outcome: Outcome, prices: Prices) -> float | None:
    return total([prices.of_picture(way) for one in outcome.pictures for way in one.ways.values()])


# -- sheets -----------------------------------------------------------------------------------------------------------


def sheet_name(language: str) -> str:
    return "sheet.png" if language == "en" else f"sheet.{language}.png"


def _sheet(one: Compared, folder: Path, language: str) -> str:
    """Writes the four pictures side by side, unless that was done since they were compared. Gives a warning, or ""."""
    file = folder / sheet_name(language)
    if file.exists() and file.stat().st_mtime_ns > (folder / RESULT).stat().st_mtime_ns:
        return ""
    cells = [
        Cell(_picture(folder, file), say(CELLS, way, language), lines)
        for way, file, lines in (
            ("a", ORIGINAL, _lines_of_original(one, language)),
            *((way, one.ways[way].file, _lines(one.ways[way], language)) for way in WAYS),
        )
    ]
    made = contact_sheet(cells, columns=4, side=_SIDE)
    write_whole(file, made.png)
    return made.warning


def _picture(folder: Path, file: str) -> Picture | None:
    if not file:
        return None
    try:
        return read_picture((folder / file).read_bytes(), name=file, longest=_SIDE)
    except (InvalidRequestError, OSError):  # somebody changed the folder; the next run draws it again
        return None


def _lines_of_original(one: Compared, language: str) -> tuple[str, ...]:
    return (one.name, _rank(one, language))


def _rank(one: Compared, language: str) -> str:
    if one.rank is not None:
        return say(CELLS, "rank", language, rank=one.rank)
    if one.known:
        return say(CELLS, "beyond", language, most=RANKS)
    return say(REPORT, "unranked" if one.prompt else "unknown_prompt", language)


def _lines(way: Way, language: str) -> tuple[str, ...]:
    lines = []
    if way.likeness is not None:
        lines.append(say(CELLS, "likeness", language, likeness=way.likeness, said=way.said))
    elif way.said is not None:
        lines.append(say(CELLS, "said", language, said=way.said))
    if way.missing:
        lines.append(say(CELLS, "missing", language, reason=_reason(way.missing, language)))
    return (*lines, *([way.prompt] if way.prompt else []))


def _reason(reason: str, language: str) -> str:
    return REASONS.get(reason, reason) if language == "ko" else reason


# -- the page ---------------------------------------------------------------------------------------------------------


def page(outcome: Outcome, counted: Figures, folder: Path, prices: Prices, language: str) -> str:
    """The page as text; it holds small copies of the pictures, and needs nothing else."""
    settings, all = outcome.settings, outcome.pictures
    title = _said("title", language)
    line = say(REPORT, "line", language, count=len(all), index=settings["index"], model=settings["model"])
    body = [
        f"<h1>{title}</h1>",
        f"<p>{escape(line)}</p>",
        *([f"<p>{_said('interrupted', language)}</p>"] if outcome.interrupted else []),
        *([f"<p>{_said('few', language)}</p>"] if len(all) == 1 else []),
        *_retrieval(counted, language),
        *_likeness(counted, language),
        *_pairs(counted, language),
        *_costs(outcome, counted, prices, language),
        *_left_out(outcome, language),
        f"<h2>{_said('pictures', language)}</h2>",
        *([f'<p class="note">{_said("more", language, shown=SHOWN)}</p>'] if len(all) > SHOWN else []),
        *(_section(one, folder / one.folder, prices, language) for one in all[:SHOWN]),
        f"<h2>{_said('settings', language)}</h2>",
        listing(dict(settings)),
        f'<p class="note">{_said("again", language)}</p>',
    ]
    return document(title, body, language, style=_STYLE, pictures=True)


def _said(key: str, language: str, **values: Any) -> str:
    return escape(say(REPORT, key, language, **values))


def _heads(language: str, *keys: str) -> list[str]:
    return [say(HEADS, key, language) for key in keys]


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _between(interval: Interval) -> str:
    return f"{interval.low:.3f} – {interval.high:.3f}"


def _part(head: str, columns: Sequence[str], cells: Sequence[Sequence[str]], note: str, language: str) -> list[str]:
    table = html_table(columns, cells) if cells else f"<p>{_said('none', language)}</p>"
    return [f"<h2>{_said(head, language)}</h2>", table, f'<p class="note">{_said(note, language)}</p>']


def _retrieval(counted: Figures, language: str) -> list[str]:
    cells = [
        (name, _number(found.mean), _between(found), f"{found.n:,}")
        for name in RETRIEVAL
        if (found := counted.retrieval.get(name)) is not None
    ]
    return _part("found", _heads(language, "measure", "mean", "interval", "pictures"), cells, "found_note", language)


def _likeness(counted: Figures, language: str) -> list[str]:
    cells = []
    for way in WAYS:
        said, drawn = counted.said.get(way), counted.likeness.get(way)
        row = [cell for one in (drawn, said) for cell in (("–", "–", "0") if one is None else _row(one))]
        if said is not None:
            cells.append((say(CELLS, way, language), *row))
    if counted.unrelated is not None:
        cells.append((say(HEADS, "unrelated", language), *_row(counted.unrelated), "", "", ""))
    heads = _heads(language, "way", "likeness", "interval", "pictures", "said", "interval", "pictures")
    return _part("near", heads, cells, "near_note", language)


def _row(found: Interval) -> tuple[str, str, str]:
    return _number(found.mean), _between(found), f"{found.n:,}"


def _pairs(counted: Figures, language: str) -> list[str]:
    cells = []
    for one, other in PAIRS:
        found = counted.between.get(f"{one}-{other}")
        if found is not None:
            difference = found.difference
            cells.append(
                (f"({one}) − ({other})", f"{difference.mean:+.3f}", _between(difference), _number(found.p, 4),
                 f"{difference.n:,}")
            )  # fmt: skip
    heads = _heads(language, "pair", "difference", "interval", "p", "pictures")
    return _part("pairs", heads, cells, "pairs_note", language)


def _costs(outcome: Outcome, counted: Figures, prices: Prices, language: str) -> list[str]:
    cells = [
        _spent_row("described", counted.described, prices.of_description(counted.described), language),
        _spent_row("drawn", counted.drawn, _drawing_cost(outcome, prices), language),
        _spent_row(
            "original", Spent(sum(sum(one.seconds.values()) for one in outcome.pictures)), None, language, tokens=False
        ),
    ]
    cost = total([prices.of(one) for one in outcome.pictures])
    cells.append((say(REPORT, "total", language), "", "", _cost(cost, language)))
    return [
        f"<h2>{_said('spent', language)}</h2>",
        html_table(_heads(language, "step", "seconds", "tokens", "cost"), cells),
    ]


def _spent_row(
    key: str, spent: Spent, cost: float | None, language: str, *, tokens: bool = True
) -> tuple[str, str, str, str]:
    return (
        say(REPORT, key, language), f"{spent.seconds:.2f}", _tokens(spent, language) if tokens else "",
        _cost(cost, language) if tokens else "",
    )  # fmt: skip


def _tokens(spent: Spent, language: str) -> str:
    used = spent.tokens
    return say(REPORT, "unknown", language) if used is None else f"{used.prompt_tokens:,} + {used.completion_tokens:,}"


def _cost(cost: float | None, language: str) -> str:
    return say(REPORT, "unknown", language) if cost is None else f"{cost:.6g}"


def _left_out(outcome: Outcome, language: str) -> list[str]:
    count = len(outcome.pictures)
    reasons = Counter((way, one.ways[way].missing) for one in outcome.pictures for way in WAYS if one.ways[way].missing)
    lines = []
    for (way, reason), n in reasons.most_common():
        what, why = say(CELLS, way, language), _reason(reason, language)
        lines.append(say(REPORT, "left_out_line", language, what=what, reason=why, count=n, all=count))
    lines += [say(REPORT, "passed_over", language, path=str(one.path), reason=one.reason) for one in outcome.skipped]
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return [
        f"<h2>{_said('left_out', language)}</h2>",
        f"<ul>{told}</ul>" if lines else f"<p>{_said('all_there', language)}</p>",
    ]


def _section(one: Compared, folder: Path, prices: Prices, language: str) -> str:
    shown = [_figure(folder, "a", ORIGINAL, _lines_of_original(one, language), language)]
    shown += [_figure(folder, way, one.ways[way].file, _lines(one.ways[way], language), language) for way in WAYS]
    found = [(f"{rank}", text.id, text.text, _number(text.score, 4)) for rank, text in enumerate(one.found, 1)]
    parts = [
        f"<h3>{escape(one.name)}</h3>",
        f'<div class="four">{"".join(shown)}</div>',
        html_table(
            _heads(language, "way", "model", "seed", "seconds", "tokens", "cost"), _facts(one, prices, language)
        ),
        *(
            f'<p class="note">{escape(say(CELLS, way, language))}: '
            f"{_said('changed', language, text=drawn.drawn_from)}</p>"
            for way, drawn in one.ways.items()
            if drawn.drawn_from
        ),
        f"<h4>{_said('nearest', language)}</h4>",
        html_table(_heads(language, "rank", "id", "prompt", "score"), found),
    ]
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _facts(one: Compared, prices: Prices, language: str) -> list[tuple[str, ...]]:
    """What was done for a picture: the description, and each way, as far as they are there."""
    told, rows = one.description, []
    if told.text:
        name = say(REPORT, "described", language) + (f" {say(REPORT, 'cut', language)}" if told.cut else "")
        rows.append((name, told.model, "", told.spent, prices.of_description(told.spent)))
    rows += [
        (say(CELLS, way, language), drawn.model, "" if drawn.seed is None else str(drawn.seed), drawn.spent,
         prices.of_picture(drawn))
        for way, drawn in one.ways.items()
        if drawn.file
    ]  # fmt: skip
    return [
        (name, model, seed, f"{spent.seconds:.2f}", _tokens(spent, language), _cost(cost, language))
        for name, model, seed, spent, cost in rows
    ]


def _figure(folder: Path, way: str, file: str, lines: Sequence[str], language: str) -> str:
    title = escape(say(CELLS, way, language))
    picture = _picture(folder, file)
    told = "".join(f"<br>{escape(line)}" for line in lines)
    if picture is None:
        return f'<figure><div class="empty">–</div><figcaption><b>{title}</b>{told}</figcaption></figure>'
    data = b64encode(encoded(picture, format="webp", quality=80)).decode("ascii")
    return (
        f'<figure><img src="data:image/webp;base64,{data}" alt="{title}">'
        f"<figcaption><b>{title}</b>{told}</figcaption></figure>"
    )
