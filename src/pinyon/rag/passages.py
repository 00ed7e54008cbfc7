"""What a question is answered from: passages, whoever finds them, and where their text stands in its document."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from pinyon.rag.invisible import blanked

__all__ = ["NeighbourRetriever", "Passage", "Retriever", "Segment", "page_of", "segment_of"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document. score: higher is better; only the order counts.

    metadata: ``source`` (the file), ``page`` (from 1) on which it begins, ``page_starts`` (offsets, as texts, where
    further pages begin in it), ``heading``, ``title``, ``chunk``, ``start`` and ``end`` (offsets in the document's
    text), ``section_start`` and ``section_end``; all may be missing.
    """

    id: str
    text: str
    score: float
    metadata: Mapping[str, Any]


class Retriever(Protocol):
    """Finds passages."""

    def retrieve(self, query: str, top_k: int, filter: Mapping[str, Any] | None = None) -> Sequence[Passage]:
        """At most ``top_k`` passages, best first. filter: a condition on metadata, as Pinecone writes it."""
        ...


@runtime_checkable
class NeighbourRetriever(Retriever, Protocol):
    """A retriever that knows what stands around a passage."""

    def neighbours(self, passage: Passage) -> Sequence[Passage]:
        """The passages just before and just after it in the same section, in order; scores mean nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive text of a document: ``text`` is its characters from ``start`` on, invisible ones as spaces.

    text stands in the document, or, where ``start`` counts from the beginning of a record, in that record. id: of the
    passage that it is from. page: on which it begins, None without pages. turns: offsets of the document where further
    pages begin, in order.
    """

    text: str
    start: int
    id: str = ""
    page: int | None = None
    turns: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def page_at(self, offset: int) -> int | None:
        """The page at an offset of the document."""
        return None if self.page is None else self.page + bisect_right(self.turns, offset)

    def behind(self, offset: int) -> Segment:
        """The part from an offset on."""
        if offset <= self.start:
            return self
        turns = self.turns[bisect_right(self.turns, offset) :]
        return replace(
            self, text=self.text[offset - self.start :], start=offset, page=self.page_at(offset), turns=turns
        )


def segment_of(passage: Passage) -> Segment:
    """The part of a passage that stands in its document: without the heading that was put before it.

    A record without offsets is a document of its own. Empty where nothing but a heading is there.
    """
    start, end = _offset(passage.metadata.get("start")), _offset(passage.metadata.get("end"))
    page = page_of(passage)
    if start is None or end is None:
        return Segment(blanked(passage.text), 0, passage.id, page)
    given = passage.metadata.get("page_starts")
    turns = [int(one) for one in given if str(one).isdecimal()] if isinstance(given, list) else []
    begin = len(passage.text) - (end - start)
    # Before the piece itself there is a line with the heading, and perhaps one with the head of a table, or nothing.
    whole = begin == 0 or (begin > 0 and passage.text[begin - 1] == "\n")
    return Segment(blanked(passage.text[begin:]) if whole else "", start, passage.id, page, tuple(sorted(turns)))


def page_of(passage: Passage) -> int | None:
    """On which a passage begins, None without pages."""
    return _offset(passage.metadata.get("page"))


def _offset(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value // 1:
        return None
    return int(value)
