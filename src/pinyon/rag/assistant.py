"""Questions to documents: retrieve, judge the evidence, ask the generator, check every sentence against the sources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import numpy as np

from pinyon.errors import FailedPreconditionError, InvalidRequestError
from pinyon.rag.answers import Answer, Context
from pinyon.rag.evidence import Judge
from pinyon.rag.likeness import Likeness
from pinyon.rag.passages import Retriever
from pinyon.rag.prompts import condensing, tokens
from pinyon.rag.settings import Settings, recent_of, timed
from pinyon.rag.sources import Source, numbered, with_neighbours
from pinyon.rag.streaming import AnswerStream
from pinyon.rag.terms import terms
from pinyon.types import ChatMessage, Embedder, Generator, Reranker, Usage

__all__ = ["MAXIMUM_QUESTION", "Assistant"]

MAXIMUM_QUESTION: Final = 8_000
"""Characters of a question. Most models take no more beside their sources."""
_CONDENSED_TOKENS: Final = 128
_REFERENCES: Final = re.compile(
    r"""\b(?:it|its|they|them|their|these|those|he|him|his|she|her|hers|former|latter)\b
    | \b(?:is|was|does|did|do|can|about|of|for|with|to|like|than|after|before)\s+(?:this|that)\b
    | \b(?:this|that|there|then|so|else)\s*[?.!]*\s*$
    | \b(?:which|that|this|other|another)\ ones?\b
    | ^\s*(?:and|but|so|or|then|also|what\ about|how\ about)\b | ^\s*why(?:\ not)?\s*\?
    | (?<![가-힣])(?:그것|그거|그건|그게|이것|이거|저것|그럼|그러면|그리고|거기|그중|그\ 중|그녀|그는|그가|그의)""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that mean something that was said before."""


class Assistant:
    """Answers questions from the passages that a retriever finds. Safe to share between threads if its parts are.

    generator: None where only ``context`` is used. embedder: measures how near a text is to a question; without one
    words alone decide. reranker: puts the passages in order instead of the assistant's own measure.
    """

    def __init__(
        self,
        retriever: Retriever,
        generator: Generator | None = None,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.retriever, self.generator = retriever, generator
        self.embedder, self.reranker = embedder, reranker
        self.settings = Settings() if settings is None else settings

    def __repr__(self) -> str:
        model = None if self.generator is None else self.generator.name
        return f"Assistant(model={model!r}, {self.settings})"

    def ask(
        self,
        question: str,
        *,
        history: Sequence[ChatMessage] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer to a question. history: earlier questions and answers, to which it may refer.

        Raises InvalidRequestError for a question that is empty or too long, ContextOverflowError where the model cannot
        take it with a source, FailedPreconditionError without a generator, and what retriever and generator raise;
        nothing of a text is given that was cut short by an error.
        """
        stream = self.stream(question, history=history, filter=filter)
        for _ in stream:
            pass
        return stream.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[ChatMessage] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> AnswerStream:
        """The sentences of an answer as they are written, each checked. Raises as ``ask``, while it is read too."""
        if self.generator is None:
            raise FailedPreconditionError(
                "this assistant has no generator: give one, or use context(), which generates nothing"
            )
        likeness = self._likeness()
        context = self._context(question, history, filter, likeness)
        return AnswerStream(context, self.generator, likeness, self.settings, history)

    def context(
        self,
        question: str,
        *,
        history: Sequence[ChatMessage] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> Context:
        """The sources of an answer and how strong they are. No text is generated, except to complete a follow-up."""
        return self._context(question, history, filter, self._likeness())

    def _likeness(self) -> Likeness | None:
        return None if self.embedder is None else Likeness(self.embedder)

    def _context(
        self,
        question: str,
        history: Sequence[ChatMessage],
        filter: Mapping[str, Any] | None,
        likeness: Likeness | None,
    ) -> Context:
        _check_question(question)
        times: dict[str, float] = {}
        settings = self.settings
        with timed(times, "condense"):
            query, usage = self._condensed(question, history)
        with timed(times, "retrieve"):
            passages = self.retriever.retrieve(query, settings.top_k, filter)
        with timed(times, "judge"):
            judge = Judge(query, likeness)
            found = numbered(passages, settings.top_k)
            if self.reranker is not None:
                best = _reranked(self.reranker, query, found, settings.sources)
            else:
                best = judge.ordered(found, settings.sources)
            evidence = judge.evidence(best, found, settings.threshold)
        if settings.neighbours and not settings.brief:
            with timed(times, "widen"):
                best = with_neighbours(best, self.retriever)
        return Context(question, query, tuple(best), evidence, times, usage)

    def _condensed(self, question: str, history: Sequence[ChatMessage]) -> tuple[str, Usage | None]:
        """The question so that it can be understood alone, and what that took."""
        recent = recent_of(history, self.settings)
        if not recent or not _refers(question):
            return question, None
        generator = self.generator
        if self.settings.brief or generator is None:
            return _with_topic(question, recent), None
        asked = condensing(question, recent)
        while tokens(generator, asked) + _CONDENSED_TOKENS > generator.context_tokens:
            recent = recent[1:]
            if not recent:
                return _with_topic(question, history), None
            asked = condensing(question, recent)
        with closing(
            generator.generate(asked, max_tokens=_CONDENSED_TOKENS, temperature=0.0, seed=self.settings.seed)
        ) as generation:
            line = " ".join("".join(generation).split())
        if not line or len(line) > 2 * len(question) + 300:
            line = _with_topic(question, recent)
        return line, generation.usage


def _check_question(question: str) -> None:
    if not isinstance(question, str) or not question.strip():
        raise InvalidRequestError("the question is empty: ask something")
    if len(question) > MAXIMUM_QUESTION:
        raise InvalidRequestError(
            f"the question has {len(question):,} characters, over {MAXIMUM_QUESTION:,}: ask a shorter one, and bring "
            "long texts in as documents"
        )
    if not question.isprintable() and any("\ud800" <= character <= "\udfff" for character in question):
        raise InvalidRequestError("the question is not valid Unicode: it was read with the wrong encoding, give UTF-8")


def _refers(question: str) -> bool:
    """Whether a question may mean something that was said before: by a pronoun, or because it says so little."""
    if _REFERENCES.search(question):
        return True
    said = terms(question)
    return len(said) < 2 and not any(term.is_name for term in said)


def _with_topic(question: str, history: Sequence[ChatMessage]) -> str:
    """The question behind the one before it, which names what it is about."""
    before = next((one.content for one in reversed(history) if one.role == "user"), "")
    return f"{before[: MAXIMUM_QUESTION // 4]} {question}".strip()


def _reranked(reranker: Reranker, query: str, sources: Sequence[Source], most: int) -> list[Source]:
    if not sources:
        return []
    scores = reranker.rerank(query, [source.passage.text for source in sources])
    order = np.argsort(-scores, kind="stable")[:most]
    return [
        Source(number, sources[row].passage, sources[row].segments) for number, row in enumerate(map(int, order), 1)
    ]
