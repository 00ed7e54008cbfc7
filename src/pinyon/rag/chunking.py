"""Cuts a document into overlapping chunks: under headings, between definitions, rows, paragraphs and sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from pinyon.errors import InvalidRequestError
from pinyon.rag.boundaries import CODE_LEVELS, TEXT_LEVELS, Cuts, is_row, line_start, lines, sentences, words
from pinyon.rag.outline import Section, Tables, code_sections, definitions, path_at, sections
from pinyon.rag.parsed import Style

__all__ = ["DEFAULT_OVERLAP", "DEFAULT_SIZE", "MAXIMUM_SIZE", "MINIMUM_SIZE", "Chunk", "Style", "check_sizes", "split"]

DEFAULT_SIZE = 400
"""Characters of a chunk: about three sentences. The vector of a longer text is a blur of its topics."""

DEFAULT_OVERLAP = 60
MINIMUM_SIZE = 50
MAXIMUM_SIZE = 6_000
"""A chunk is kept in the metadata, which holds 40 KB; a character takes up to six bytes of JSON."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a text.

    text: what is embedded and stored: the heading, if any, on a line of its own; the header row, if the piece begins
        within a table; then the piece. Code stands alone.
    heading: the titles above the piece, outermost first, joined by `` > ``; of code, the definitions around it.
    start, end: the piece is exactly ``source[start:end]``, and neither end of it is white space (but the indentation of
        code). A heading without text under it is a piece itself.
    page: of the piece's beginning, from 1. section: the offsets of the section around it, heading included.
    """

    text: str
    heading: str
    start: int
    end: int
    page: int | None = None
    section: tuple[int, int] = (0, 0)


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
    text: str,
    *,
    size: int = DEFAULT_SIZE,
    overlap: int = DEFAULT_OVERLAP,
    style: Style = "prose",
    pages: Sequence[int] = (),
) -> list[Chunk]:
    """The chunks of a text in order, each of at most ``size`` characters, none blank.

    Neighbours share up to ``overlap`` characters, from a sentence, word, row or line of code on; never across a heading
    or a top-level definition. Everything but white space and headings is in some chunk. pages: the offsets where pages
    begin. Raises InvalidRequestError (``check_sizes``).
    """
    check_sizes(size, overlap)
    found = _code(text, size, overlap) if style == "code" else _text(text, size, overlap, style)
    # bisect gives 0 only for what stands before the first page.
    return [_paged(chunk, bisect_right(pages, chunk.start) or 1) for chunk in found] if pages else list(found)


def _paged(chunk: Chunk, page: int) -> Chunk:
    return Chunk(chunk.text, chunk.heading, chunk.start, chunk.end, page, chunk.section)


def _text(text: str, size: int, overlap: int, style: Style) -> Iterator[Chunk]:
    tables = Tables(text)
    for section in sections(text, style):
        heading = _shortened(section.heading, size)
        header = min(tables.longest_header(section.start, section.end), size // 4)
        budget = size - sum(length + 1 for length in (len(heading), header) if length)
        around = _trimmed(text, section.head, section.end)
        empty = True
        for begin, stop in _packed(text, section, budget, min(overlap, budget // 2), TEXT_LEVELS):
            start, end = _trimmed(text, begin, stop)
            if start < end:
                empty = False
                above = _shortened(tables.header_above(start), size)
                parts = [part for part in (heading, above, text[start:end]) if part]
                yield Chunk("\n".join(parts), section.heading, start, end, None, around)
        if empty and heading and not section.has_children:
            yield Chunk(heading, section.heading, *around, None, around)


def _code(text: str, size: int, overlap: int) -> Iterator[Chunk]:
    found = definitions(text)
    heads = [one.head for one in found]
    firm = frozenset(heads)

    def between(text: str, start: int, end: int) -> Iterator[int]:
        return iter(heads[bisect_right(heads, start) : bisect_right(heads, end - 1)])

    for section in code_sections(text, found, size):
        around = (section.head, _trimmed(text, section.head, section.end)[1])
        for begin, stop in _packed(text, section, size, overlap, (between, *CODE_LEVELS), firm):
            start, end = _trimmed(text, begin, stop)
            # The first line keeps its indentation.
            begin = max(begin, line_start(text, start))
            if start < end:
                start = begin if text[begin:start].isspace() else start
                path = path_at(text, found, heads, start)
                yield Chunk(text[start:end], path, start, end, None, around)


def _shortened(context: str, size: int) -> str:
    return context if len(context) <= size // 4 else context[: size // 4 - 1] + "…"


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return start + left, start + max(left, len(piece.rstrip()))


def _packed(
    text: str, section: Section, size: int, overlap: int, levels: Sequence[Cuts], firm: Set[int] = frozenset()
) -> Iterator[tuple[int, int]]:
    """Spans of at most ``size`` characters: as many whole pieces as fit, begun a little earlier for the overlap. firm:
    where nothing is repeated."""
    if section.end - section.start <= size:
        yield section.start, section.end
        return
    body = size - overlap
    start = end = section.start
    for _, piece_end in _pieces(text, section.start, section.end, body, levels):
        if piece_end - start > body:
            yield start if start in firm else _earlier(text, section.start, start, overlap, levels), end
            start = end
        end = piece_end
    yield start if start in firm else _earlier(text, section.start, start, overlap, levels), end


def _pieces(text: str, start: int, end: int, size: int, levels: Sequence[Cuts]) -> Iterator[tuple[int, int]]:
    """Cuts a span, without gaps, into pieces of at most ``size``, at the first kind of boundary that suffices."""
    if end - start <= size:
        yield start, end
    elif not levels:
        for cut in range(start, end, size):
            yield cut, min(cut + size, end)
    else:
        for cut in levels[0](text, start, end):
            yield from _pieces(text, start, cut, size, levels[1:])
            start = cut
        yield from _pieces(text, start, end, size, levels[1:])


def _earlier(text: str, section_start: int, start: int, overlap: int, levels: Sequence[Cuts]) -> int:
    """Where a chunk begins so that it repeats the end of the one before: at a sentence, row or line, else at a word."""
    low = max(section_start, start - overlap)
    if low in (start, section_start):
        return start
    in_lines = levels[-3:] == CODE_LEVELS or is_row(text, line_start(text, start - 1))
    for level in (lines,) if in_lines else (sentences, words):
        for cut in level(text, low, start):
            if in_lines or not is_row(text, line_start(text, cut)):
                return cut
    return start
