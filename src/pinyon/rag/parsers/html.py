"""HTML: the text that a reader of the page would see, with its headings, lists, tables and code as markdown."""

from __future__ import annotations

import html.parser
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from pinyon.rag.parsed import Parsed, escaped, table
from pinyon.rag.parsers.styles import StyleSheet, hiding

__all__ = ["html_page"]

_DROPPED: Final = frozenset({"math", "noscript", "script", "style", "svg", "template"})
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_HEADINGS: Final = frozenset(f"h{level}" for level in range(1, 7))
_BLOCKS: Final = frozenset(
    """address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form header hgroup hr li main menu nav ol p pre section summary table ul""".split()
)
_CLOSED_BY: Final[dict[str, tuple[str, ...]]] = {
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "tr": ("tr", "td", "th"),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "option": ("option",),
}
"""A start tag ends an open element of these names above it, as the HTML standard has it."""

MAXIMUM_DEPTH: Final = 1_000


@dataclass(slots=True)
class _Open:
    """An element that has begun. hidden: why its text is not seen, empty when it is."""

    tag: str
    hidden: str
    color: str
    background: str


@dataclass(slots=True)
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    cell: list[str] | None = None


class _Reader(html.parser.HTMLParser):
    """Collects blocks of text; ``finish`` gives them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.hidden: Counter[str] = Counter()
        self._styles = StyleSheet()
        self._open: list[_Open] = []
        self._blocks: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._tables: list[_Table] = []
        self._verbatim = 0

    def finish(self) -> str:
        """The blocks of the page, once all of it was fed. ``close`` is not for pages of strangers: in older versions of
        Python it looks at what was never ended again and again, which takes time by the square."""
        if self.rawdata.startswith("<!"):
            self.handle_comment(self.rawdata[4:])
        elif self.rawdata:
            self.handle_data(html.unescape(self.rawdata))
        self._end_block()
        while self._tables:
            self._end_table()
        return "\n\n".join(block for block in self._blocks if block.strip())

    # -- events -------------------------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._close_implied(tag)
        self._begin(tag)
        if tag == "link" and "stylesheet" in attributes.get("rel", "").lower():
            self._styles.outside = True
        if tag not in _VOID and len(self._open) < MAXIMUM_DEPTH:
            self._open.append(self._opened(tag, attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML ignores the slash, except in elements of SVG, which are dropped anyway.
        self.handle_starttag(tag, attrs)
        if tag in _DROPPED:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        at = next((n for n in range(len(self._open) - 1, -1, -1) if self._open[n].tag == tag), None)
        if at is None:
            return
        self._end(tag)
        del self._open[at:]

    def handle_data(self, data: str) -> None:
        top = self._open[-1] if self._open else None
        if top is not None and top.tag == "style":
            self._styles.add(data)
        elif top is not None and top.hidden:
            if top.hidden not in _DROPPED and data.strip():
                self.hidden[top.hidden] += len(data.strip())
        elif any(one.tag == "title" for one in self._open[-1:]):
            self.title.append(data)
        else:
            self._line.append(data if self._verbatim else re.sub(r"[ \t\r\n\f]+", " ", data))

    def handle_comment(self, data: str) -> None:
        if data.strip() and not data.lstrip().startswith("[if "):
            self.hidden["comment"] += len(data.strip())

    # -- elements -----------------------------------------------------------------------------------------------------

    def _opened(self, tag: str, attributes: dict[str, str]) -> _Open:
        above = self._open[-1] if self._open else _Open("", "", "", "")
        style = self._styles.of(tag, attributes)
        color = style.get("color") or above.color
        background = style.get("background") or above.background
        reason = above.hidden or (tag if tag in _DROPPED else "") or hiding(style, attributes)
        if not reason and color and "color" in style:
            paper = background or ("" if self._styles.paints else "white")
            reason = "text in the color of its background" if color == paper else ""
        return _Open(tag, reason, color, background)

    def _close_implied(self, tag: str) -> None:
        names = _CLOSED_BY.get(tag, ()) + (("p",) if tag in _BLOCKS or tag in _HEADINGS else ())
        while self._open and self._open[-1].tag in names:
            self._end(self._open.pop().tag)

    def _begin(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._end_block()
            self._prefix = "#" * int(tag[1]) + " "
        elif tag == "table":
            self._end_block()
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._end_cell()
            self._tables[-1].rows.append([])
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
            self._line.clear()
            self._tables[-1].cell = []
        elif tag in _BLOCKS:
            self._end_block()
            self._prefix = "- " if tag == "li" else self._prefix if tag == "p" else ""
            self._verbatim += tag == "pre"
        elif tag == "br":
            self._line.append("\n")

    def _end(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag == "table" and self._tables:
            self._end_table()
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._end_block(verbatim=tag == "pre")
            self._verbatim = max(0, self._verbatim - (tag == "pre"))

    def _end_block(self, *, verbatim: bool = False) -> None:
        text = "".join(self._line)
        self._line.clear()
        prefix, self._prefix = self._prefix, "" if text.strip() else self._prefix
        if verbatim:
            self._put(f"```\n{text.strip(chr(10))}\n```" if text.strip() else "")
            return
        lines = [line.strip() for line in text.split("\n")]
        whole = " ".join(filter(None, lines)) if prefix.startswith("#") else "\n".join(lines).strip()
        if whole:
            self._put(prefix + whole if prefix else escaped(whole))

    def _put(self, block: str) -> None:
        if self._tables and self._tables[-1].cell is not None:
            self._tables[-1].cell.append(block)
        elif block.startswith("- ") and self._blocks and self._blocks[-1].startswith("- "):
            self._blocks[-1] += "\n" + block
        elif block:
            self._blocks.append(block)

    def _end_cell(self) -> None:
        if self._tables and self._tables[-1].cell is not None:
            self._end_block()
            cell, self._tables[-1].cell = self._tables[-1].cell, None
            if not self._tables[-1].rows:
                self._tables[-1].rows.append([])
            self._tables[-1].rows[-1].append(" ".join(cell))

    def _end_table(self) -> None:
        self._end_cell()
        self._end_block()
        done = self._tables.pop()
        # Pages that are laid out with tables have one cell a row: running text rather than a table.
        if all(len(row) <= 1 for row in done.rows):
            for row in done.rows:
                self._put(row[0] if row else "")
        else:
            self._put(table(done.rows))


def html_page(text: str) -> Parsed:
    """The visible text of a page and its title. Hidden are elements that attributes or inline styles hide, or a rule of
    the page's own style sheet for a single class, id or element; text in the colour of its background; comments."""
    reader = _Reader()
    reader.feed(text)
    title = " ".join("".join(reader.title).split())
    return Parsed([reader.finish()], title, "markdown", hidden=dict(reader.hidden))
