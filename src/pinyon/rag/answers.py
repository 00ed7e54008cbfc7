"""What an assistant gives: sentences with citations that resolve, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from pinyon.rag.evidence import Evidence
from pinyon.rag.sources import Source
from pinyon.rag.terms import has_hangul
from pinyon.types import FinishReason, Usage

__all__ = ["Answer", "Citation", "Context", "Corrections", "Outcome", "Sentence", "added"]

Outcome: TypeAlias = Literal["generated", "quoted", "refused"]

_UNSUPPORTED: Final = "(not supported by the sources)"
_UNSUPPORTED_KOREAN: Final = "(문서에서 확인되지 않음)"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of an answer is supported: ``quote`` is the text from ``start`` to ``end``.

    number: of the source, as the answer shows it. id: of the record that holds the text, which may be the one beside
    the record that was found. source: the file, or the id where the record names none. page: from 1. start, end:
    character offsets in the text that was extracted from the file; in the record's own text where the record has no
    offsets.
    """

    number: int
    id: str
    source: str
    page: int | None
    heading: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, checked. before: the white space that parts it from the one before.

    supported: its citations bear it out, as far as words and meaning can tell. quoted: it is a source's own text.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    supported: bool = True
    quoted: bool = False
    before: str = ""

    @property
    def marked(self) -> str:
        """With the numbers of its sources behind it, or with a remark where nothing supports it."""
        numbers = "".join(f"[{number}]" for number in dict.fromkeys(one.number for one in self.citations))
        mark = "" if self.supported else _UNSUPPORTED_KOREAN if has_hangul(self.text) else _UNSUPPORTED
        return " ".join(part for part in (self.text, numbers, mark) if part)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What was wrong in the generated text, and is not in the answer.

    unresolved: citations of numbers that no source has. misplaced: citations of a source that does not say it, where
    another does. misquoted: texts in quotation marks that no source has; their sentences are marked as unsupported.
    unsupported: sentences that nothing supports, left out or marked. leaked: sentences with the delimiter of the
    sources. links: links and images, whose addresses now stand as text. invisible: control and other unseen characters.
    """

    unresolved: int = 0
    misplaced: int = 0
    misquoted: int = 0
    unsupported: int = 0
    leaked: int = 0
    links: int = 0
    invisible: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer is made from. query: what was searched for; a question that refers to earlier ones is completed.

    sources: best first, with the numbers that citations use. milliseconds: by stage. usage: tokens that completing the
    question took.
    """

    question: str
    query: str
    sources: tuple[Source, ...]
    evidence: Evidence
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. outcome: "generated" (the model's sentences, checked), "quoted" (sentences of the sources, because the
    model wrote nothing that they support), "refused".

    reason: why it was refused, "" otherwise: "no sources", "weak evidence", "not in the sources" (says the model).
    usage: of the generator, with what completing the question took. finish_reason: of the answer. Both are None where
    the generator was not asked or does not tell.
    """

    question: str
    outcome: Outcome
    sentences: tuple[Sentence, ...]
    context: Context
    model: str
    reason: str = ""
    corrections: Corrections = Corrections()
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The answer with the numbers of its sources."""
        return "".join(one.before + one.marked for one in self.sentences)

    @property
    def refused(self) -> bool:
        return self.outcome == "refused"

    @property
    def evidence(self) -> Evidence:
        return self.context.evidence

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Each once, in the order of the answer."""
        return tuple(dict.fromkeys(citation for one in self.sentences for citation in one.citations))

    @property
    def sources(self) -> Sequence[Source]:
        """The sources that are cited; of a refusal, all that were found."""
        if self.refused:
            return self.context.sources
        cited = {citation.number for citation in self.citations}
        return tuple(source for source in self.context.sources if source.number in cited)


def added(one: Usage | None, other: Usage | None) -> Usage | None:
    """The tokens of two generations; None where neither tells."""
    if one is None or other is None:
        return one or other
    return Usage(one.prompt_tokens + other.prompt_tokens, one.completion_tokens + other.completion_tokens)
