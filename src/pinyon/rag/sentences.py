"""The sentences of a passage, as spans, so that a citation can name exactly what was said."""

from __future__ import annotations

from itertools import pairwise

from pinyon.rag.boundaries import paragraphs, sentences

__all__ = ["spans"]

_WIDEST = 100
"""Characters of a line from which on nobody wrapped it by hand."""


def spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, list item, row or line that stands alone; none blank, no white space at the ends.

    A line break ends a sentence unless the next line goes on in lower case, or lines were wrapped at a width there.
    """
    cuts = {0, len(text), *_breaks(text)}
    for level in (paragraphs, sentences):
        cuts.update(level(text, 0, len(text)))
    ends = sorted(cuts)
    found = []
    for start, end in pairwise(ends):
        piece = text[start:end]
        left, right = len(piece) - len(piece.lstrip()), len(piece.rstrip())
        if any(map(str.isalnum, piece)):
            found.append((start + left, start + right))
    return found


def _breaks(text: str) -> list[int]:
    """Offsets behind the line breaks that were meant."""
    lines = text.split("\n")
    width = max(map(len, lines))
    found, wrapped, at = [], [], 0
    for line, following in pairwise(lines):
        at += len(line) + 1
        word = following.split(maxsplit=1)[0] if following.strip() else ""
        if following.lstrip()[:1].islower():
            continue
        if width <= _WIDEST and len(line) + 1 + len(word) > width:
            wrapped.append(at)
        else:
            found.append(at)
    # One line that is nearly as long as the longest may be chance.
    return found if len(wrapped) > 1 else found + wrapped
