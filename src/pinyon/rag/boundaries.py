"""Where a text may be cut, from paragraphs down to words: each function yields offsets strictly inside a span."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

__all__ = ["CODE_LEVELS", "TEXT_LEVELS", "Cuts", "is_row", "line_start", "lines", "sentences", "words"]

Cuts: TypeAlias = Callable[[str, int, int], Iterator[int]]

_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE: Final = re.compile(
    # The lookbehind and the quantifiers that give nothing back keep a line of dots from taking time by its square.
    r"""(?<![.!?…])[.!?…]++["'”’)\]»]*+\s++(?![a-z])   # a lower-case word next means an abbreviation
    | [。！？]+[」』”’)]*\s*              # Chinese and Japanese leave no space
    | (?<=[가-힣])[.!?…]++(?=[가-힣])     # Korean, where the space was forgotten
    # Korean endings without a full stop: polite ones, unless the word is a noun such as 필요 or 주요; past ones.
    | (?<=니다|시오)\s+ | (?<=[습입합됩십]니까)\s+
    | (?<=[가-힣][요죠])(?<![필중주수소동강개가민긴]요)\s+
    | (?<=[했었았였겠졌됐]다)\s+
    """,
    re.VERBOSE,
)
_ABBREVIATION: Final = re.compile(
    r"""(?:^|[\s("'“‘\[])(?:
        (?:[A-Z]\.)*[A-Z]                                                       # initials: J. R. Smith, the U.S. Army
      | Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Col|Capt|Lt|Sgt|Sen|Rep|Gov|St|Mt|Jr|Sr          # titles
      | No|Nos|vs|Fig|Figs|Eq|Eqs|Sec|Ch|Vol|pp?|cf|al|ed|eds|approx|ca|e\.g|i\.e|etc
      | Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Inc|Ltd|Corp|Co
    )\.\s+$""",
    re.VERBOSE,
)
_NUMBERED: Final = re.compile(r"(?:^|\n)[ \t]*(?:\d{1,3}|[가-하]|[ivx]{1,5})\.\s+$")
"""The number of a list's item, or of a Korean date: ``2024. 3. 1.``"""
_DATE: Final = re.compile(r"\d{1,4}\.\s+$")

_WORD: Final = re.compile(r"\s+")
_CELL: Final = re.compile(r"(?<!\\)\|[ \t]+")
_ITEM: Final = re.compile(r"[ \t]*(?:\||[-*+•·▪○●□■◇◆※]\s|\d{1,3}[.)]\s|[가-하][.)]\s|[①-⑳]|```|~~~)")
_LOOKBACK: Final = 24


def paragraphs(text: str, start: int, end: int) -> Iterator[int]:
    return _ends(_PARAGRAPH, text, start, end)


def blocks(text: str, start: int, end: int) -> Iterator[int]:
    """Before and after each row of a table, item of a list and fence."""
    item = _ITEM.match(text, start, end) is not None
    for cut in lines(text, start, end):
        following = _ITEM.match(text, cut, end) is not None
        if item or following:
            yield cut
        item = following


def sentences(text: str, start: int, end: int) -> Iterator[int]:
    """Ends of sentences; none within a row of a table."""
    row_until = -1
    for match in _SENTENCE.finditer(text, start, end):
        cut = match.end()
        if not start < cut < end or match.start() < row_until or _is_inner(text, match):
            continue
        begin = line_start(text, match.start())
        if is_row(text, begin):
            row_until = _line_end(text, begin)
            if cut < row_until:
                continue
        yield cut


def _is_inner(text: str, match: re.Match[str]) -> bool:
    """Whether the full stop belongs to an abbreviation, a list's number or a date."""
    if text[match.start()] != ".":
        return False
    low = max(0, match.start() - _LOOKBACK)
    before = text[low : match.end()] if "\n" not in match[0] else text[low : match.start() + 1] + " "
    if _ABBREVIATION.search(before) or _NUMBERED.search(before if low else "\n" + before):
        return True
    return bool(_DATE.search(before)) and text[match.end() : match.end() + 1].isdigit()


def lines(text: str, start: int, end: int) -> Iterator[int]:
    cut = text.find("\n", start, end) + 1
    while 0 < cut < end:
        if text[cut] != "\n":
            yield cut
        cut = text.find("\n", cut, end) + 1


def cells(text: str, start: int, end: int) -> Iterator[int]:
    """Between the cells of a row that is longer than a chunk."""
    return _ends(_CELL, text, start, end) if is_row(text, line_start(text, start)) else iter(())


def words(text: str, start: int, end: int) -> Iterator[int]:
    return _ends(_WORD, text, start, end)


def _ends(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[int]:
    return (match.end() for match in pattern.finditer(text, start, end) if start < match.end() < end)


def line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def is_row(text: str, begin: int) -> bool:
    """Whether the line that begins there is a row of a markdown table."""
    return _ROW.match(text, begin) is not None


_ROW: Final = re.compile(r"[ \t]*\|")

TEXT_LEVELS: Final[tuple[Cuts, ...]] = (paragraphs, blocks, sentences, lines, cells, words)
CODE_LEVELS: Final[tuple[Cuts, ...]] = (paragraphs, lines, words)
