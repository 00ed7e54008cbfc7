"""The structure of a text: headings of markdown, reStructuredText and Korean statutes, tables, definitions of code."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pinyon.rag.boundaries import is_row, line_start
from pinyon.rag.parsed import Style

__all__ = [
    "Definition",
    "Heading",
    "Section",
    "Tables",
    "code_sections",
    "definitions",
    "headings",
    "path_at",
    "sections",
]


@dataclass(frozen=True, slots=True)
class Heading:
    """The lines ``text[start:end]``. within: the heading is a part of its section's text (an article of a statute)."""

    level: int
    title: str
    start: int
    end: int
    within: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """What lies under one heading, up to the next one. heading: the titles above, outermost first. The heading itself
    begins at ``head``, the text at ``start``."""

    heading: str
    head: int
    start: int
    end: int
    has_children: bool = False


def sections(text: str, style: Style) -> Iterator[Section]:
    """The whole text in sections, in order."""
    titles: list[tuple[int, str]] = []
    head = begin = 0
    for found in headings(text, style):
        if begin < found.start or titles:
            deeper = bool(titles) and found.level > titles[-1][0]
            yield Section(_path(titles), head, begin, found.start, deeper)
        titles = [*(pair for pair in titles if pair[0] < found.level), (found.level, found.title)]
        head, begin = found.start, found.start if found.within else found.end
    yield Section(_path(titles), head, begin, len(text))


def _path(titles: Sequence[tuple[int, str]]) -> str:
    return " > ".join(title for _, title in titles)


# -- headings ---------------------------------------------------------------------------------------------------------

_ATX: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE: Final = re.compile(r"([=\-~^\"'*+#:.`_])\1{2,}[ \t]*$")
_ARTICLE: Final = re.compile(r"제 ?\d{1,4} ?조(?: ?의 ?\d{1,3})? ?[(（][^()（）\n]{1,60}[)）]")
_PART: Final = re.compile(r"제 ?(?:\d{1,3}|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]{1,4}) ?([편장절관])(?: ?의 ?\d{1,3})?(?:[ \t]+\S[^\n]{0,40})?$")
MAXIMUM_TITLE: Final = 120
_PART_LEVELS: Final = {"편": 1, "장": 2, "절": 3, "관": 4}
_ARTICLE_LEVEL: Final = 5


def headings(text: str, style: Style) -> Iterator[Heading]:
    """Headings in order. markdown: ``#`` lines and underlined ones outside fenced code. Prose: underlined titles, as in
    reStructuredText. Both: parts and articles of Korean statutes (``제1장 총칙``, ``제3조(목적)``)."""
    position, fence = 0, ""
    underlines: list[str] = []
    above, before = ("", 0), ("", 0)  # the last two lines and where they begin
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        bare = line.rstrip()
        opened = _FENCE.match(bare) if style == "markdown" else None
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif fence:
            pass
        elif style == "markdown" and (found := _ATX.match(bare)) and found[2]:
            yield Heading(len(found[1]), found[2], start, position)
            bare = ""
        elif level := _underlined(above[0], before[0], bare, style, underlines):
            yield Heading(level, " ".join(before[0].split()), above[1] if above[0] else before[1], position)
            bare = ""
        elif statute := _statute(bare):
            yield Heading(statute[0], statute[1], start, position, within=True)
        above, before = before, (bare, start)


def _underlined(above: str, title: str, line: str, style: Style, seen: list[str]) -> int:
    """The level of a title that is underlined, 0 for anything else. Above it is nothing, or the same line again."""
    found = _UNDERLINE.match(line)
    if not found or above not in ("", line) or not title.strip() or len(title) > MAXIMUM_TITLE:
        return 0
    if _UNDERLINE.match(title) or is_row(title, 0):
        return 0
    if style == "markdown":
        return {"=": 1, "-": 2}.get(found[1], 0) if not title.startswith((" ", "\t", "-", ">")) else 0
    if len(line.strip()) + 1 < len(title.strip()) or title[0].isspace():
        return 0
    if found[1] not in seen:
        seen.append(found[1])
    return min(seen.index(found[1]) + 1, 6)


def _statute(line: str) -> tuple[int, str] | None:
    if not line.startswith("제"):
        return None
    if found := _PART.match(line):
        return _PART_LEVELS[found[1]], " ".join(line.split())
    if found := _ARTICLE.match(line):
        return _ARTICLE_LEVEL, " ".join(found[0].split())
    return None


# -- tables -----------------------------------------------------------------------------------------------------------

_TABLE: Final = re.compile(r"^(?:[ \t]*\|[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)


class Tables:
    """The markdown tables of a text, to be asked for the header of a row."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans = [match.span() for match in _TABLE.finditer(text)] if "|" in text else []
        self._starts = [start for start, _ in self._spans]

    def header_above(self, offset: int) -> str:
        """The first row of the table around an offset; empty outside of tables and in the first row itself."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._spans[at][1]:
            return ""
        start = self._starts[at]
        end = self._text.find("\n", start)
        return "" if end < 0 or offset <= end else self._text[start:end].strip()

    def longest_header(self, start: int, end: int) -> int:
        """Characters of the longest header among the tables of a span."""
        first = max(0, bisect_right(self._starts, start) - 1)
        found = 0
        for at in range(first, bisect_right(self._starts, end)):
            found = max(found, self._text.find("\n", self._starts[at]) - self._starts[at])
        return found


# -- code -------------------------------------------------------------------------------------------------------------

_DEFINITION: Final = re.compile(
    r"""([ \t]*)
    (?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)\n]*\))?
        |unsafe|inline|virtual|override|open|data|sealed|partial|const|CREATE|OR|REPLACE|create|or|replace)[ \t]+)*
    (?:def|class|function\*?|func|fn|struct|enum|interface|trait|impl|module|namespace|object|protocol|record|union
       |TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|table|view|procedure|trigger)
    [ \t]+(?:\([^)\n]*\)[ \t]*)?([A-Za-z_$~가-힣][\w$.:~]*)""",
    re.VERBOSE,
)
_C_FUNCTION: Final = re.compile(r"((?:[A-Za-z_][\w:<>,*&\[\]]*[ \t*&]+){1,6})([A-Za-z_~][\w:~]*)[ \t]*\([^;]*$")
_NO_TYPES: Final = frozenset(
    """and assert await case catch del delete elif else except for from goto if import in let new not or print raise
    return switch throw try using var while with yield""".split()
)
_ABOVE: Final = re.compile(r"[ \t]*(?:#|//|/?\*|--|@|\[|\"\"\")")
MAXIMUM_LINE: Final = 300


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition at ``start``; the comments and decorators right above it begin at ``head``. path: the names of those
    around it, by indentation, and its own; indents: how far each is indented."""

    head: int
    start: int
    path: tuple[str, ...]
    indents: tuple[int, ...]


def definitions(text: str) -> list[Definition]:
    """Functions, classes and the like of most languages, in order."""
    found: list[Definition] = []
    around: list[tuple[int, str]] = []
    position, head = 0, -1
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        named = _defined(line.rstrip()) if len(line) <= MAXIMUM_LINE else None
        if named is not None:
            indent, name = named
            around = [*(pair for pair in around if pair[0] < indent), (indent, name)]
            indents, path = zip(*around, strict=True)
            found.append(Definition(start if head < 0 else head, start, path, indents))
            head = -1
        elif not _ABOVE.match(line):
            head = -1
        elif head < 0:
            head = start
    return found


def _defined(line: str) -> tuple[int, str] | None:
    """(indentation, name) of what a line defines."""
    if match := _DEFINITION.match(line):
        return len(match[1].expandtabs(4)), match[2].rstrip(":.")
    match = _C_FUNCTION.match(line)
    if match and not _NO_TYPES & set(re.findall(r"\w+", match[1])):
        return 0, match[2]
    return None


def code_sections(text: str, found: Sequence[Definition], size: int) -> Iterator[Section]:
    """Top-level definitions, small neighbours together up to ``size`` characters, with what stands before the first."""
    starts = [one.head for one in found if one.indents[-1] == 0]
    edges = [0, *(start for start in starts if start > 0), len(text)]
    begin = 0
    for here, following in zip(edges[1:], [*edges[2:], len(text)], strict=True):
        if here > begin and (following - begin > size or here == len(text)):
            yield Section("", begin, begin, here)
            begin = here
    if begin < len(text):
        yield Section("", begin, begin, len(text))


def path_at(text: str, found: Sequence[Definition], heads: Sequence[int], offset: int) -> str:
    """The names of the definitions around an offset. heads: ``head`` of each definition."""
    at = bisect_right(heads, offset) - 1
    if at < 0:
        return ""
    last = found[at]
    path = last.path
    if offset > last.start:
        begin = line_start(text, offset)
        line = text[begin : begin + MAXIMUM_LINE].partition("\n")[0].expandtabs(4)
        indent = len(line) - len(line.lstrip())
        # What is indented no more than a definition stands outside of it, unless it only ends it.
        if line.strip() and line.strip()[0] not in "})]":
            path = tuple(name for name, its in zip(path, last.indents, strict=True) if its < indent)
    return " > ".join(path)
