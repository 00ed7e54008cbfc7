"""Cuts a text into overlapping chunks at paragraph, sentence (Korean, Chinese and Japanese too), line and word ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pinyon.errors import InvalidRequestError

__all__ = ["DEFAULT_OVERLAP", "DEFAULT_SIZE", "MAXIMUM_SIZE", "MINIMUM_SIZE", "Chunk", "Style", "check_sizes", "split"]

Style: TypeAlias = Literal["prose", "markdown", "code"]

DEFAULT_SIZE = 400
"""Characters of a chunk: about three sentences. The vector of a longer text is a blur of its topics."""

DEFAULT_OVERLAP = 60
MINIMUM_SIZE = 50
MAXIMUM_SIZE = 6_000
"""A chunk is kept in the metadata, which holds 40 KB; a character takes up to six bytes of JSON."""

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(
    r"""[.!?…]+["'”’)\]»]*\s+(?![a-z])   # a lower-case word next means an abbreviation
    | [。！？]+[」』”’)]*\s*              # Chinese and Japanese leave no space
    | (?<=[가-힣])[.!?…]+(?=[가-힣])      # Korean, where the space was forgotten
    | (?<=니다|어요|아요|해요|에요|예요|세요|군요|네요|지요)\s+  # Korean endings without a full stop
    """,
    re.VERBOSE,
)
_LINE = re.compile(r"\n+")
_WORD = re.compile(r"\s+")
_LEVELS: dict[Style, tuple[re.Pattern[str], ...]] = {
    "prose": (_PARAGRAPH, _SENTENCE, _LINE, _WORD),
    "markdown": (_PARAGRAPH, _SENTENCE, _LINE, _WORD),
    "code": (_PARAGRAPH, _LINE, _WORD),
}
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a text.

    text: what is embedded and stored: the heading, if any, on a line of its own, then the piece.
    heading: the titles above the piece, outermost first, joined by `` > ``; empty outside markdown.
    start, end: the piece without its heading is ``source[start:end]``, less the white space around it.
    """

    text: str
    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    start: int
    end: int
    has_children: bool


def check_sizes(size: int, overlap: int) -> None:
    """Raises InvalidRequestError unless chunks of that many characters can be made."""
    if not MINIMUM_SIZE <= size <= MAXIMUM_SIZE:
        raise InvalidRequestError(
            f"chunk size {size} is outside {MINIMUM_SIZE} to {MAXIMUM_SIZE} characters: choose one within, "
            f"for example {DEFAULT_SIZE}"
        )
    if not 0 <= overlap <= size // 2:
        raise InvalidRequestError(
            f"overlap {overlap} is outside 0 to {size // 2} characters, half of the chunk size {size}: "
            "choose a smaller overlap or a larger chunk size"
        )


def split(
    text: str, *, size: int = DEFAULT_SIZE, overlap: int = DEFAULT_OVERLAP, style: Style = "prose"
) -> list[Chunk]:
    """The chunks of a text in order, each of at most ``size`` characters, none blank.

    Neighbours share up to ``overlap`` characters, from a sentence or word on; never across a markdown heading.
    Everything but white space is in some chunk. Raises InvalidRequestError (``check_sizes``).
    """
    check_sizes(size, overlap)
    chunks: list[Chunk] = []
    for section in _sections(text) if style == "markdown" else [_Section("", 0, len(text), False)]:
        heading = section.heading if len(section.heading) <= size // 4 else section.heading[: size // 4 - 1] + "…"
        budget = size - len(heading) - 1 if heading else size
        found = [
            Chunk(f"{heading}\n{body}" if heading else body, section.heading, start, end)
            for start, end in _packed(text, section, budget, min(overlap, budget // 2), style)
            if (body := _trimmed(text[start:end], style))
        ]
        if not found and heading and not section.has_children:
            found = [Chunk(heading, section.heading, section.start, section.start)]
        chunks.extend(found)
    return chunks


def _trimmed(piece: str, style: Style) -> str:
    """Code keeps the indentation of its first line."""
    return piece.strip("\r\n").rstrip() if style == "code" and piece.strip() else piece.strip()


def _sections(text: str) -> Iterator[_Section]:
    """What lies between one markdown heading and the next, with the titles above it."""
    titles: list[tuple[int, str]] = []
    begin = 0
    for level, title, start, end in _headings(text):
        if begin < start or titles:
            deeper = bool(titles) and level > titles[-1][0]
            yield _Section(_path(titles), begin, start, deeper)
        titles = [*(pair for pair in titles if pair[0] < level), (level, title)]
        begin = end
    yield _Section(_path(titles), begin, len(text), False)


def _path(titles: Sequence[tuple[int, str]]) -> str:
    return " > ".join(title for _, title in titles)


def _headings(text: str) -> Iterator[tuple[int, str, int, int]]:
    """(level, title, start, end) of every heading line outside fenced code."""
    position = 0
    fence = ""
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        opened = _FENCE.match(line)
        if opened and (not fence or opened[1].startswith(fence)):
            fence = "" if fence else opened[1]
        elif not fence and (found := _HEADING.match(line.rstrip("\r\n"))) and found[2]:
            yield len(found[1]), found[2], start, position


def _packed(text: str, section: _Section, size: int, overlap: int, style: Style) -> Iterator[tuple[int, int]]:
    """Spans of at most ``size`` characters: as many whole pieces as fit, begun a little earlier for the overlap."""
    if section.end - section.start <= size:
        yield section.start, section.end
        return
    body = size - overlap
    start = end = section.start
    for _, piece_end in _pieces(text, section.start, section.end, body, _LEVELS[style]):
        if piece_end - start > body:
            yield _earlier(text, section.start, start, overlap, style), end
            start = end
        end = piece_end
    yield _earlier(text, section.start, start, overlap, style), end


def _pieces(text: str, start: int, end: int, size: int, levels: Sequence[re.Pattern[str]]) -> Iterator[tuple[int, int]]:
    """Cuts a span, without gaps, into pieces of at most ``size``, at the first kind of boundary that suffices."""
    if end - start <= size:
        yield start, end
    elif not levels:
        for cut in range(start, end, size):
            yield cut, min(cut + size, end)
    else:
        for match in levels[0].finditer(text, start, end):
            if start < match.end() < end:
                yield from _pieces(text, start, match.end(), size, levels[1:])
                start = match.end()
        yield from _pieces(text, start, end, size, levels[1:])


def _earlier(text: str, section_start: int, start: int, overlap: int, style: Style) -> int:
    """Where a chunk begins so that it repeats the end of the one before: at a sentence or line, else at a word."""
    low = max(section_start, start - overlap)
    if low in (start, section_start):
        return start
    for level in (_SENTENCE if style != "code" else _LINE, _WORD):
        for match in level.finditer(text, low, start):
            if match.end() < start:
                return match.end()
    return start
