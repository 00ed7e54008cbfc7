"""Checks what a model wrote against its sources: numbers resolve, quotations exist, sentences are borne out.

A citation is the span of the source's sentences that support a sentence of the answer. Support is the share of the
sentence's words that the span holds (those of the question count little, and may stand anywhere in the source), with
the similarity of meaning where there is an embedder. A number that the span lacks is never supported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pinyon.rag.answers import Citation, Corrections, Sentence
from pinyon.rag.boundaries import lines, paragraphs, sentences
from pinyon.rag.harmless import harmless
from pinyon.rag.likeness import Likeness
from pinyon.rag.sources import Source, Statement
from pinyon.rag.terms import Term, coverage, has_hangul, terms

__all__ = ["Checker", "cite", "split_off"]

SUPPORT: Final = 0.5
"""Least support of a sentence that the model gave no source for."""
CITED_SUPPORT: Final = 0.3
"""Least support of a sentence by the source that the model named."""
STRICT_SUPPORT: Final = 0.7
"""Least support where the model is not trusted to put things in its own words."""
REPEATED_SUPPORT: Final = 0.9
"""Least support of a sentence that has no word beyond the question's: of these, one sentence must have all."""
TELLING: Final = 0.5
"""Share of what a sentence of the source adds to the question that such a model must have kept."""
MEANING_ALONE: Final = 0.9
"""Least similarity where no words can be compared, as between languages."""
_GAIN: Final = 0.15
"""What a second sentence must add to be cited as well."""
_KNOWN: Final = 0.25
"""Weight of a word that the question has already."""

_MARK: Final = re.compile(
    r"(?:\[\^?(?:sources?\s+)?(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]|【(\d{1,4})[^】\n]{0,20}】)", re.IGNORECASE
)
_MARKS: Final = re.compile(rf"\s*(?:{_MARK.pattern}[ \t]*)+[.]?", re.IGNORECASE)
_GLUED: Final = re.compile(rf"[.!?。…](?:{_MARK.pattern})+(?=\s)", re.IGNORECASE)
"""The end of a sentence whose citations follow without a space."""
_DELIMITER: Final = re.compile(r"<<\s*(?:end\s+)?src-", re.IGNORECASE)
"""What looks like the delimiter of the sources, even if it is not quite it."""
_QUOTATION: Final = re.compile(r"\"([^\"\n]{8,400})\"|“([^”\n]{8,400})”|「([^」\n]{4,400})」")
_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|cannot|without|neither|nor)\b|n['’]t\b|않|없|아니|못", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS: Final = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundred|thousand|million)\b",
    re.IGNORECASE,
)


def cite(source: Source, start: int, end: int) -> Citation:
    """The citation of a span of a source, which must lie in one of its segments. Raises ValueError."""
    held = source.segment_at(start, end)
    quote = held.text[start - held.start : end - held.start]
    page = held.page_at(start)
    return Citation(source.number, held.id, source.name, page, source.heading, start, end, quote)


def split_off(text: str, *, final: bool) -> tuple[str, str]:
    """(the first sentence, with the white space before it and the citations behind it; the rest). The first is "" while
    it may go on."""
    end = _first_end(text)
    if end is None:
        return (text, "") if final else ("", text)
    end = len(text[:end].rstrip())
    marks = _MARKS.match(text, end)
    if marks is not None:
        end = len(text[: marks.end()].rstrip())
    rest = text[end:]
    if not final and (not rest.strip() or (rest.lstrip().startswith(("[", "【")) and len(rest) < 24)):
        return "", text
    return text[:end], rest


def _first_end(text: str) -> int | None:
    begin = len(text) - len(text.lstrip())
    cuts = [next(level(text, begin, len(text)), None) for level in (sentences, paragraphs, lines)]
    glued = _GLUED.search(text, begin)
    cuts.append(None if glued is None else glued.start() + 1)
    return min((cut for cut in cuts if cut is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Support:
    amount: float
    statement: Statement


class Checker:
    """Checks the sentences of one answer. marker: the delimiter of the sources. corrections: what was found so far.

    trusted: None, or, for a model that may well say the opposite of what it read, the only sentences of the sources
    that can support what it writes, each alone and almost word for word.
    """

    def __init__(
        self,
        question: str,
        sources: Sequence[Source],
        likeness: Likeness | None,
        marker: str,
        *,
        trusted: Sequence[Statement] | None = None,
    ) -> None:
        self._sources = {source.number: source for source in sources}
        self._statements = [one for source in sources for one in source.statements if not one.is_instruction]
        if trusted is not None:
            self._statements = list(trusted)
        self._asked = {term.text for term in terms(question)}
        self._likeness, self._marker, self._strict = likeness, marker.casefold(), trusted is not None
        self._counts: Counter[str] = Counter()
        self._squeezed = {number: _squeezed(source.text) for number, source in self._sources.items()}

    @property
    def corrections(self) -> Corrections:
        return Corrections(**self._counts)

    def check(self, written: str) -> Sentence | None:
        """A sentence as it may be shown, or None where nothing of it may."""
        if self._marker in written.casefold() or _DELIMITER.search(written):
            self._counts["leaked"] += 1
            return None
        before = written[: len(written) - len(written.lstrip())]
        text, numbers = self._without_marks(harmless(written, self._counts))
        # Once more: a number may have stood within a link or a tag.
        text = harmless(text, self._counts)
        if not any(map(str.isalnum, text)):
            return None
        quotations = list(self._quotations(text))
        citations = self._citations(text, numbers, quotations)
        good = bool(citations) and all(found is not None for found in quotations)
        self._counts["unsupported"] += not good
        return Sentence(text, citations if good else (), good, False, before)

    # -- numbers ------------------------------------------------------------------------------------------------------

    def _without_marks(self, text: str) -> tuple[str, list[int]]:
        """The sentence without its citations, and the numbers that exist."""
        numbers: list[int] = []

        def replaced(match: re.Match[str]) -> str:
            if self._is_code(text, match):
                return match[0]
            for number in map(int, _DIGITS.findall(match[1] or match[2])):
                if number in self._sources:
                    numbers.append(number)
                else:
                    self._counts["unresolved"] += 1
            return ""

        text = _MARK.sub(replaced, text)
        return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split())), list(dict.fromkeys(numbers))

    def _is_code(self, text: str, match: re.Match[str]) -> bool:
        """Whether it is a list or a subscript, such as ``heap[0]``, that the sources have too."""
        word = re.search(r"[\w\])]*$", text[: match.start()])
        before = word[0] if word else ""
        if not before and match[0].strip("[]【】^").isdigit():
            return False
        written = _squeezed(before + match[0])
        return any(written in squeezed for squeezed in self._squeezed.values())

    # -- quotations ---------------------------------------------------------------------------------------------------

    def _quotations(self, text: str) -> Iterator[Citation | None]:
        """Where each text in quotation marks of several words stands; None for those that no source has."""
        for match in _QUOTATION.finditer(text):
            quoted = next(group for group in match.groups() if group)
            if len(quoted.split()) < 3:
                continue
            places = (_located(source, quoted) for source in self._sources.values())
            found = next((one for one in places if one is not None and not self._instructs(one)), None)
            self._counts["misquoted"] += found is None
            yield found

    def _instructs(self, citation: Citation) -> bool:
        """Whether a span is part of a sentence that speaks to a model."""
        told = (one for one in self._sources[citation.number].statements if one.is_instruction)
        return any(one.start < citation.end and citation.start < one.end for one in told)

    # -- support ------------------------------------------------------------------------------------------------------

    def _citations(
        self, text: str, numbers: Sequence[int], quotations: Sequence[Citation | None]
    ) -> tuple[Citation, ...]:
        quoted = [one for one in quotations if one is not None]
        named = [one for one in self._statements if one.source in numbers]
        least = STRICT_SUPPORT if self._strict else CITED_SUPPORT
        found = self._supporting(text, named, least) if named else ()
        if not found:
            found = self._supporting(text, self._statements, STRICT_SUPPORT if self._strict else SUPPORT)
            self._counts["misplaced"] += bool(found and numbers)
        spans = [cite(self._sources[one.source], one.start, one.end) for one in found]
        # That a quotation exists says nothing of what is said around it.
        return tuple(dict.fromkeys([*spans, *quoted])) if spans else ()

    def _supporting(self, text: str, among: Sequence[Statement], least: float) -> tuple[Statement, ...]:
        """The one or two sentences of sources that bear a sentence out together; none if they do not."""
        wanted = terms(text)
        if all(term.text in self._asked for term in wanted):
            least = max(least, REPEATED_SUPPORT)
        supports = self._measured(text, wanted, among)
        if not supports:
            return ()
        best = max(supports, key=lambda one: one.amount)
        chosen = [best.statement]
        if wanted and not self._strict:
            alone = self._share(wanted, chosen)
            more = [(self._share(wanted, [best.statement, one]), one) for one in among if one is not best.statement]
            most, other = max(more, key=lambda one: one[0], default=(0.0, best.statement))
            if most - alone >= _GAIN:
                chosen.append(other)
                best = _Support(best.amount + (most - alone), best.statement)
        if best.amount < least or not self._numbers_stand(text, chosen):
            return ()
        if self._strict and not self._faithful(text, best.statement):
            return ()
        return tuple(sorted(chosen, key=lambda one: (one.source, one.start)))

    def _share(self, wanted: Sequence[Term], statements: Sequence[Statement]) -> float:
        """The share of the words that the sentences hold. Where there are others, the words of the question count
        little, and may stand anywhere in the sources of the sentences."""
        new = any(term.text not in self._asked for term in wanted)
        whole = held = 0.0
        for term in wanted:
            places = [one.vocabulary for one in statements]
            weight = term.weight
            if new and term.text in self._asked:
                weight *= _KNOWN
                places += [self._sources[one.source].vocabulary for one in statements]
            whole += weight
            held += weight * max(place.share(term) for place in places)
        return held / whole if whole else 0.0

    def _measured(self, text: str, wanted: Sequence[Term], among: Sequence[Statement]) -> list[_Support]:
        meant = None if self._likeness is None else self._likeness.of(text, [one.text for one in among])
        measured = []
        for place, one in enumerate(among):
            similar = None if meant is None else float(meant[place])
            if has_hangul(text) != has_hangul(one.text):
                amount = 1.0 if similar is not None and similar >= MEANING_ALONE else 0.0
            else:
                amount = self._share(wanted, [one])
                if similar is not None and not self._strict:
                    amount = 0.7 * amount + 0.3 * similar
            measured.append(_Support(amount, one))
        return measured

    def _numbers_stand(self, text: str, chosen: Sequence[Statement]) -> bool:
        return _numbers(text) <= _numbers(" ".join([*(one.text for one in chosen), *self._asked]))

    def _faithful(self, text: str, statement: Statement) -> bool:
        """For a model that is not trusted: both deny or neither does, every name is one of the source, and most of what
        the source's sentence adds to the question is still there."""
        if bool(_NEGATION.search(text)) != bool(_NEGATION.search(statement.text)):
            return False
        about = self._sources[statement.source].vocabulary
        said = terms(text)
        if any(about.share(term) < 1.0 for term in said if term.weight > 1.0):
            return False
        added = [term for term in terms(statement.text) if term.text not in self._asked]
        return coverage(added, text) >= TELLING if added else True


def _numbers(text: str) -> set[str]:
    """The numbers of a text, in digits and in words."""
    return set(_DIGITS.findall(text)) | {word.casefold() for word in _NUMBER_WORDS.findall(text)}


def _squeezed(text: str) -> str:
    return "".join(text.casefold().split())


def _located(source: Source, quoted: str) -> Citation | None:
    """A quotation in a source, whatever its white space and letter case are."""
    pattern = re.compile(r"\s+".join(map(re.escape, quoted.strip(" .,;:!?…").split())), re.IGNORECASE)
    for segment in source.segments:
        match = pattern.search(segment.text)
        if match is not None:
            return cite(source, segment.start + match.start(), segment.start + match.end())
    return None
