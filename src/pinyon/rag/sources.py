"""The numbered sources of an answer: passages without repetitions, their sentences, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pinyon.rag.instructions import addresses_the_model
from pinyon.rag.passages import NeighbourRetriever, Passage, Retriever, Segment, page_of, segment_of
from pinyon.rag.sentences import spans
from pinyon.rag.terms import Vocabulary

__all__ = ["Source", "Statement", "numbered", "with_neighbours"]

_SHINGLE: Final = 4
"""Words of the runs by which texts are compared."""
_EXAMPLES: Final = (">>> ", "$ pip ")
"""What lines of examples hold."""
_SAME: Final = 0.8
"""Share of the shorter text's runs from which on two texts say the same."""


@dataclass(frozen=True)
class Statement:
    """A sentence of a source. start, end: its offsets in the document (in the record, where those are not known).

    is_title: it stands in the first line of several, which looks like a title.
    """

    source: int
    text: str
    start: int
    end: int
    is_title: bool = False

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.text)

    @property
    def is_prose(self) -> bool:
        """Whether it may be what a reader looks for: no title, and no lines of an example."""
        return not self.is_title and not any(sign in self.text for sign in _EXAMPLES)

    @cached_property
    def is_instruction(self) -> bool:
        """Whether it tells a language model what to do; such a sentence supports nothing."""
        return addresses_the_model(self.text)


@dataclass(frozen=True)
class Source:
    """A passage under the number by which it is cited. segments: its text and perhaps its neighbours', in order,
    without overlaps."""

    number: int
    passage: Passage
    segments: tuple[Segment, ...] = field(default=())

    @property
    def name(self) -> str:
        """The file that it is from; of a record without one, its id."""
        named = self.passage.metadata.get("source")
        return named if isinstance(named, str) and named else self.passage.id

    @property
    def page(self) -> int | None:
        """On which the passage begins."""
        return page_of(self.passage)

    @property
    def pages(self) -> tuple[int, ...]:
        """All on which its text stands."""
        ends = ((one.page_at(one.start), one.page_at(max(one.start, one.end - 1))) for one in self.segments)
        found = {page for first, last in ends if first and last for page in range(first, last + 1)}
        return tuple(sorted(found))

    @property
    def heading(self) -> str:
        for key in ("heading", "title"):
            value = self.passage.metadata.get(key)
            if isinstance(value, str) and value:
                return value
        return ""

    @property
    def text(self) -> str:
        return "\n".join(segment.text for segment in self.segments)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Of its name, its heading and its text, without what speaks to a language model."""
        text = "\n".join((self.passage.id, self.heading, self.passage.text, self.text))
        for one in self.statements:
            text = text.replace(one.text, " ") if one.is_instruction else text
        return Vocabulary(text)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        # The pieces of documents come without their headings; a record may begin with a title.
        title = 0 if "start" in self.passage.metadata else _title_end(self.segments[0].text)
        return tuple(
            Statement(self.number, segment.text[start:end], segment.start + start, segment.start + end, start < title)
            for segment in self.segments
            for start, end in spans(segment.text, title)
        )

    def segment_at(self, start: int, end: int) -> Segment:
        """The segment that holds the text between two offsets. Raises ValueError if none does."""
        for segment in self.segments:
            if segment.start <= start < end <= segment.end:
                return segment
        raise ValueError(f"{start}-{end} is not in one segment of source {self.number}")


def _title_end(text: str) -> int:
    """Where the first line ends if it looks like a title: others follow, and it is not just a sentence."""
    first, _, rest = text.partition("\n")
    is_sentence = first.rstrip().endswith((".", "!", "?", "다")) and ": " not in first
    return 0 if is_sentence or not rest.strip() else len(first)


def numbered(passages: Sequence[Passage], most: int) -> list[Source]:
    """At most so many sources, from 1, in the order of the passages, without those that repeat an earlier one."""
    kept: list[tuple[Passage, Segment, frozenset[tuple[str, ...]]]] = []
    for passage in passages:
        segment = segment_of(passage)
        if not any(map(str.isalnum, segment.text)):
            continue
        runs = _runs(segment.text)
        if len(kept) < most and not any(_repeats(runs, earlier) for _, _, earlier in kept):
            kept.append((passage, segment, runs))
    return [Source(number, passage, (segment,)) for number, (passage, segment, _) in enumerate(kept, 1)]


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = text.casefold().split()
    if len(words) < _SHINGLE:
        return frozenset([tuple(words)])
    return frozenset(tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1))


def _repeats(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    return len(one & other) >= _SAME * min(len(one), len(other))


def with_neighbours(sources: Sequence[Source], retriever: Retriever) -> list[Source]:
    """The sources with what stands around them in their sections, where the retriever knows; text that belongs to
    another source already is not repeated."""
    if not isinstance(retriever, NeighbourRetriever):
        return list(sources)
    taken = {source.passage.id for source in sources}
    widened = []
    for source in sources:
        found = [one for one in retriever.neighbours(source.passage) if one.id not in taken]
        taken.update(one.id for one in found)
        widened.append(Source(source.number, source.passage, _joined([source.passage, *found])))
    return widened


def _joined(passages: Sequence[Passage]) -> tuple[Segment, ...]:
    """The text of passages of one document in order; where two overlap, the later one loses its beginning."""
    joined: list[Segment] = []
    for segment in sorted(map(segment_of, passages), key=lambda segment: segment.start):
        reached = joined[-1].end if joined else 0
        if segment.end > reached:
            joined.append(segment.behind(reached))
    return tuple(joined)
