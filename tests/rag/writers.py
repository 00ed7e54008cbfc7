"""Retrievers and generators whose every word a test decides."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinyon.rag import Passage
from pinyon.rag.terms import Vocabulary, terms
from pinyon.types import ChatMessage, FinishReason, Usage


class Written:
    """Satisfies ``Generation``: gives a text in pieces, and then perhaps an error."""

    def __init__(self, text: str, pieces: int, error: Exception | None, reason: FinishReason) -> None:
        self._pieces = iter([text[at : at + pieces] for at in range(0, len(text), pieces)])
        self._error, self._reason = error, reason
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.closed = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for piece in self._pieces:
            return piece
        if self._error is not None:
            raise self._error
        self.usage, self.finish_reason = Usage(10, 5), self.finish_reason or self._reason
        raise StopIteration

    def close(self) -> None:
        self.closed = True
        if self.finish_reason is None:
            self.finish_reason = "cancelled"


@dataclass
class Writer:
    """Satisfies ``Generator``. text: what it writes, or a function of the messages. error: raised behind it.

    A token is four characters. asked: the messages of every request.
    """

    text: str | Callable[[Sequence[ChatMessage]], str] = ""
    error: Exception | None = None
    reason: FinishReason = "stop"
    pieces: int = 7
    context_tokens: int = 4_096
    name: str = "scripted"
    identity: str = "scripted 1"
    asked: list[Sequence[ChatMessage]] = field(default_factory=list)
    given: list[Written] = field(default_factory=list)

    def count_tokens(self, text: str) -> int:
        return -(-len(text) // 4)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Written:
        self.asked.append(list(messages))
        text = self.text if isinstance(self.text, str) else self.text(messages)
        self.given.append(Written(text, self.pieces, self.error, self.reason))
        return self.given[-1]


@dataclass
class Shelf:
    """Satisfies ``Retriever``: passages by the words that they share with the query. queries: what was searched for."""

    passages: Sequence[Passage]
    queries: list[str] = field(default_factory=list)

    def retrieve(self, query: str, top_k: int, filter: Mapping[str, Any] | None = None) -> list[Passage]:
        self.queries.append(query)
        wanted = terms(query)

        def shared(passage: Passage) -> float:
            there = Vocabulary(passage.text)
            return sum(there.share(term) for term in wanted)

        return sorted(self.passages, key=shared, reverse=True)[:top_k]


class Shelves(Shelf):
    """A shelf that knows what stands beside a passage: the one before and the one behind in the list."""

    def neighbours(self, passage: Passage) -> list[Passage]:
        at = [one.id for one in self.passages].index(passage.id)
        return [*self.passages[max(0, at - 1) : at], *self.passages[at + 1 : at + 2]]


def passage(id_: str, text: str, **metadata: Any) -> Passage:
    return Passage(id_, text, 1.0, metadata)


def pieces_of(text: str, *cuts: int, source: str = "file.md") -> list[Passage]:
    """A document's text as chunks between the cuts, with their offsets."""
    ends = [0, *cuts, len(text)]
    found = []
    for number, (start, end) in enumerate(itertools.pairwise(ends)):
        part = text[start:end]
        begin, stop = start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        whole = {"section_start": 0, "section_end": len(text)}
        found.append(
            passage(f"{source}#{number}", text[begin:stop], source=source, chunk=number, start=begin, end=stop, **whole)
        )
    return found
