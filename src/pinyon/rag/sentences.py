"""The sentences of a passage, as spans, so that a citation can name exactly what was said."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from pinyon.rag.boundaries import lines, paragraphs, sentences

__all__ = ["spans"]

_LONGEST: Final = 400
"""Characters of a span from which on every line break is taken as meant: that is no prose."""
_TITLE: Final = 25
"""Columns of a line below which nobody wrapped it."""
_ITEM: Final = re.compile(
    r"[ \t]*(?:\||[-*+•·▪○●□■◇◆※]\s|\d{1,3}[.)]\s|[가-하][.)]\s|[①-⑳]|```|~~~|>>> |\.\.\. |\$ |#{1,6} )"
)
"""How list items, rows, fences, examples and headings begin."""


def spans(text: str, title_end: int = 0) -> list[tuple[int, int]]:
    """(start, end) of each sentence, list item, row or title; none blank, no white space at the ends.

    title_end: where a title ends that the text begins with, 0 without one.
    """
    cuts = {0, title_end, len(text), *_breaks(text)}
    for level in (paragraphs, sentences):
        cuts.update(level(text, 0, len(text)))
    found = []
    for start, end in pairwise(sorted(cuts)):
        inner = list(lines(text, start, end)) if end - start > _LONGEST else []
        found += [_trimmed(text, *pair) for pair in pairwise([start, *inner, end])]
    return [(start, end) for start, end in found if any(map(str.isalnum, text[start:end]))]


def _breaks(text: str) -> list[int]:
    """Offsets behind the line breaks that part what belongs to different sentences. Others only wrap a paragraph."""
    found, at = [], 0
    for line, following in pairwise(text.split("\n")):
        at += len(line) + 1
        goes_on = following.lstrip()[:1].islower() and not _ITEM.match(following)
        if _ITEM.match(following) or (not goes_on and (_width(line) < _TITLE or line.rstrip().endswith(":"))):
            found.append(at)
    return found


def _width(line: str) -> int:
    """Columns: a syllable of Korean takes two."""
    return sum(2 if character >= "\u1100" else 1 for character in line.strip())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
