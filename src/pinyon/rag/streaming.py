"""An answer as it is written: each sentence is checked before anybody sees it, and what was shown stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pinyon.errors import ContextOverflowError, FailedPreconditionError
from pinyon.rag.answers import Answer, Context, Corrections, Outcome, Sentence, added
from pinyon.rag.citing import Checker, cite, split_off
from pinyon.rag.evidence import Judge, Ranked
from pinyon.rag.harmless import harmless
from pinyon.rag.likeness import Likeness
from pinyon.rag.passages import segment_of
from pinyon.rag.prompts import full_prompt, is_no_answer, marker_for, short_prompt, tokens
from pinyon.rag.settings import Settings, recent_of, timed
from pinyon.rag.sources import Source, Statement
from pinyon.rag.terms import has_hangul
from pinyon.types import ChatMessage, Generation, Generator

__all__ = ["REFUSAL", "REFUSAL_KOREAN", "AnswerStream"]

REFUSAL: Final = "The documents do not answer this question."
REFUSAL_KOREAN: Final = "문서에서 이 질문의 답을 찾을 수 없습니다."
_READ: Final = 3
"""Sentences that a tiny model reads."""
_WRITTEN: Final = 128
"""Tokens of the one that it writes, at most."""
_QUOTED: Final = 0.88
"""Share of the best sentence's score from which on another is quoted with it."""
_TRUSTED: Final = 1.0
"""...and from which on it may support what a tiny model writes: it is too likely to join what does not belong together.
"""


class _NoAnswer(Exception):
    """The model says that the sources do not answer."""


class AnswerStream:
    """An answer as it is written: iterate for its sentences; ``answer`` is there after the last one.

    ``close`` stops the work; it is called by whoever takes the sentences, between two of them. Sentences that nothing
    supports come, marked, only together with one that is supported.
    """

    def __init__(
        self,
        context: Context,
        generator: Generator,
        likeness: Likeness | None,
        settings: Settings,
        history: Sequence[ChatMessage],
    ) -> None:
        self.context = context
        self._generator, self._likeness, self._settings, self._history = generator, likeness, settings, history
        self._generation: Generation | None = None
        self._answer: Answer | None = None
        self._times = dict(context.milliseconds)
        self._sentences = self._work()

    def __iter__(self) -> Iterator[Sentence]:
        return self

    def __next__(self) -> Sentence:
        return next(self._sentences)

    @property
    def answer(self) -> Answer:
        """Raises FailedPreconditionError before the last sentence was taken."""
        if self._answer is None:
            raise FailedPreconditionError("the answer is not complete: take all of its sentences first")
        return self._answer

    def close(self) -> None:
        """Stops the generator. After the last sentence it does nothing."""
        self._sentences.close()
        if self._generation is not None:
            self._generation.close()

    # -- work ---------------------------------------------------------------------------------------------------------

    def _work(self) -> Pieces[Sentence, None, None]:
        context = self.context
        if not context.evidence.enough or not context.sources:
            reason = "weak evidence" if context.sources else "no sources"
            yield from self._refused(reason)
            return
        judge = Judge(context.query, self._likeness)
        ranked = judge.ranked(context.sources)
        if not ranked:  # nothing but instructions to a model
            yield from self._refused("not in the sources")
            return
        if not self._settings.writes_korean and has_hangul(context.question):
            yield from self._quoted(ranked, Corrections())
            return
        marker = marker_for(context.question, context.sources)
        messages, sources = self._messages(ranked, marker)
        trusted = _near(ranked, _TRUSTED) if self._settings.brief else None
        checker = Checker(context.query, sources, self._likeness, marker, trusted=trusted)
        given: list[Sentence] = []
        with timed(self._times, "generate"):
            try:
                for one in self._checked(messages, checker):
                    sentence = one if given else replace(one, before="")
                    given.append(sentence)
                    yield sentence
            except _NoAnswer:
                yield from self._refused("not in the sources", checker.corrections)
                return
        if not given:
            yield from self._quoted(ranked, checker.corrections)
            return
        self._finish("generated", given, checker.corrections)

    def _messages(self, ranked: Sequence[Ranked], marker: str) -> tuple[list[ChatMessage], list[Source]]:
        """The prompt, and the sources that are in it."""
        sources = list(self.context.sources)
        if self._settings.brief:
            best = ranked[:_READ]
            kept = {one.statement.source for one in best}
            messages = short_prompt(self.context.query, best, marker)
            self._check_fit(messages)
            return messages, [source for source in sources if source.number in kept]
        history = recent_of(self._history, self._settings)
        while True:
            settings = self._settings
            messages = full_prompt(
                self.context.question, sources, history, marker, settings.sentences, settings.instructions
            )
            if self._fits(messages):
                return messages, sources
            if history:
                history = history[1:]
            elif any(len(source.segments) > 1 for source in sources):
                sources = [_narrowed(source) for source in sources]
            elif len(sources) > 1:
                sources = sources[:-1]
            else:
                self._check_fit(messages)

    def _fits(self, messages: Sequence[ChatMessage]) -> bool:
        return self._tokens(messages) + self._room <= self._generator.context_tokens

    @property
    def _room(self) -> int:
        """Tokens of the answer; a small model gives at most half of what it takes."""
        most = min(self._settings.max_tokens, _WRITTEN) if self._settings.brief else self._settings.max_tokens
        return min(most, self._generator.context_tokens // 2)

    def _tokens(self, messages: Sequence[ChatMessage]) -> int:
        return tokens(self._generator, messages)

    def _check_fit(self, messages: Sequence[ChatMessage]) -> None:
        if not self._fits(messages):
            raise ContextOverflowError(
                f"the question with its best source has {self._tokens(messages):,} tokens and the answer may have "
                f"{self._room:,}, but model {self._generator.name!r} takes {self._generator.context_tokens:,}: ask a "
                "shorter question, lower max_tokens, ingest smaller chunks, or use a model with a larger context"
            )

    def _checked(self, messages: Sequence[ChatMessage], checker: Checker) -> Iterator[Sentence]:
        """Sentences of the model. The first ones wait until one is supported; without any nothing comes.

        Raises _NoAnswer where the model says so at the beginning.
        """
        settings = self._settings
        generation = self._generator.generate(
            messages, max_tokens=self._room, temperature=settings.temperature, seed=settings.seed
        )
        self._generation = generation
        waiting: list[Sentence] | None = []
        first = True
        try:
            for written in _sentences(generation):
                sentence = checker.check(written)
                if first and is_no_answer(written.strip()) and not (sentence and sentence.supported):
                    raise _NoAnswer
                if sentence is None:
                    continue
                first = False
                if self._settings.brief:
                    if sentence.supported:
                        yield sentence
                    return
                if waiting is not None and not sentence.supported:
                    waiting.append(sentence)
                    continue
                yield from waiting or ()
                waiting = None
                yield sentence
        finally:
            generation.close()

    # -- ends ---------------------------------------------------------------------------------------------------------

    def _quoted(self, ranked: Sequence[Ranked], corrections: Corrections) -> Iterator[Sentence]:
        """The best sentences of the sources themselves, where the model wrote nothing that they support."""
        sources = {source.number: source for source in self.context.sources}
        given: list[Sentence] = []
        changed: Counter[str] = Counter()
        for one in _near(ranked, _QUOTED)[:2]:
            citation = cite(sources[one.source], one.start, one.end)
            text = " ".join(harmless(one.text, changed).split())
            given.append(Sentence(f"“{text}”", (citation,), True, True, " " if given else ""))
        corrections = replace(corrections, links=corrections.links + changed["links"])
        yield from given
        self._finish("quoted", given, corrections)

    def _refused(self, reason: str, corrections: Corrections | None = None) -> Iterator[Sentence]:
        sentence = Sentence(REFUSAL_KOREAN if has_hangul(self.context.question) else REFUSAL)
        yield sentence
        self._finish("refused", [sentence], corrections or Corrections(), reason)

    def _finish(
        self, outcome: Outcome, sentences: Sequence[Sentence], corrections: Corrections, reason: str = ""
    ) -> None:
        generation = self._generation
        self._answer = Answer(
            self.context.question,
            outcome,
            tuple(sentences),
            self.context,
            self._generator.name,
            reason,
            corrections,
            added(self.context.usage, None if generation is None else generation.usage),
            None if generation is None else generation.finish_reason,
            self._times,
        )


def _sentences(generation: Generation) -> Iterator[str]:
    """Sentences as they are complete. What was cut off at the limit of tokens is left out."""
    text = ""
    for piece in generation:
        text += piece
        while True:
            sentence, text = split_off(text, final=False)
            if not sentence:
                break
            yield sentence
    while text.strip():
        sentence, text = split_off(text, final=True)
        if text.strip() or generation.finish_reason != "length":
            yield sentence


def _near(ranked: Sequence[Ranked], share: float) -> list[Statement]:
    """The best sentences: those with this share of the best one's score. Titles only where there is nothing else."""
    told = [one for one in ranked if one.statement.is_prose] or list(ranked)
    return [one.statement for one in told if one.score >= share * told[0].score]


def _narrowed(source: Source) -> Source:
    """The source without its neighbours."""
    return Source(source.number, source.passage, (segment_of(source.passage),))
