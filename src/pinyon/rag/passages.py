"""What a question is answered from: passages, whoever finds them, and where their text stands in its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pinyon.rag.invisible import blanked

__all__ = ["NeighbourRetriever", "Passage", "Retriever", "Segment", "page_of", "segment_of"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document. score: higher is better; only the order counts.

    metadata: ``source`` (the file), ``page`` (from 1), ``heading``, ``title``, ``chunk``, ``start`` and ``end``
    (offsets in the document's text), ``section_start`` and ``section_end``; all may be missing.
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

    text stands in the document, or, where ``start`` counts from the beginning of a record, in that record. id, page: of
    the passage that it is from.
    """

    text: str
    start: int
    id: str = ""
    page: int | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def segment_of(passage: Passage) -> Segment:
    """The part of a passage that stands in its document: without the heading that was put before it.

    A record without offsets is a document of its own. Empty where nothing but a heading is there.
    """
    start, end = _offset(passage.metadata.get("start")), _offset(passage.metadata.get("end"))
    if start is None or end is None:
        return Segment(blanked(passage.text), 0, passage.id, page_of(passage))
    begin = len(passage.text) - (end - start)
    # Before the piece itself there is a line with the heading, and perhaps one with the head of a table, or nothing.
    whole = begin == 0 or (begin > 0 and passage.text[begin - 1] == "\n")
    return Segment(blanked(passage.text[begin:]) if whole else "", start, passage.id, page_of(passage))


def page_of(passage: Passage) -> int | None:
    return _offset(passage.metadata.get("page"))


def _offset(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or value != value // 1:
        return None
    return int(value)
