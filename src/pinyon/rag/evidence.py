"""How well the sources speak to a question, measured before anything is generated.

strength = 0.6 coverage + 0.4 similarity - 0.5 absence, of the source where it is largest. coverage: the share of the
question's words, by weight, that the source holds. absence: the share that no passage holds which the search found; as
it prefers rare words, what it did not find is hardly in the texts. similarity: the largest cosine of the question with
the source or with one of its sentences, over ``GOOD_COSINE`` and at most 1, from the model that embedded the texts.
Korean words do not count where no source has any; a question without words that count, as one in Korean about English
texts, is judged by similarity alone, and without an embedder by words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinyon.rag.likeness import Likeness
from pinyon.rag.sources import Source, Statement
from pinyon.rag.terms import Term, coverage, has_hangul, terms
from pinyon.types import Floats

__all__ = ["Evidence", "Judge", "Ranked"]

_SENTENCE, _SOURCE, _MEANING, _PLACE = 0.3, 0.6, 0.3, 0.2
"""What counts for a sentence: its own words, those of its source, its meaning, the place of its source."""
_COVERED, _FOUND = 0.6, 0.2
"""What counts for a source: its words, against its meaning; and, for the order, where the search put it."""
_MISSED = 0.5
"""What the words count that nothing has."""
_BARE = 0.4
"""What a title counts less, or a line of an example."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """strength, coverage, similarity: 0..1, of the best source; absence: 0..1, of all that was found. threshold: the
    least strength that is answered.

    similarity is None without an embedder, coverage is None where no word of the question can be compared.
    """

    strength: float
    threshold: float
    coverage: float | None
    similarity: float | None
    absence: float = 0.0
    source: int = 0

    @property
    def enough(self) -> bool:
        return self.strength >= self.threshold


@dataclass(frozen=True, slots=True)
class Ranked:
    """A sentence of a source, and how well it speaks to the question, 0..1."""

    statement: Statement
    score: float


class Judge:
    """Compares a question with sources."""

    def __init__(self, question: str, likeness: Likeness | None) -> None:
        self._question, self._likeness = question, likeness
        self._terms = terms(question)

    def ordered(self, sources: Sequence[Source], most: int) -> list[Source]:
        """The sources that speak best to the question, numbered anew; the place that each had counts a little."""
        covered, similar = self._covered(sources), self._similar([source.passage.text for source in sources])
        scored = []
        for place, source in enumerate(sources):
            score = _COVERED * (covered[place] or 0.0) + _FOUND / (place + 1)
            score += 0.0 if similar is None else (1.0 - _COVERED) * float(similar[place])
            scored.append((score, source))
        best = sorted(scored, key=lambda one: -one[0])[:most]
        return [Source(number, source.passage, source.segments) for number, (_, source) in enumerate(best, 1)]

    def evidence(self, sources: Sequence[Source], found: Sequence[Source], threshold: float) -> Evidence:
        """The strength of the best source; of no sources it is 0. found: all that the search found."""
        absence = self._absence(found)
        texts = [
            [source.passage.text, *(one.text for one in source.statements if not one.is_instruction)]
            for source in sources
        ]
        similar = self._similar([text for group in texts for text in group])
        best, at = Evidence(0.0, threshold, None, None), 0
        for source, group, covered in zip(sources, texts, self._covered(sources), strict=True):
            meant = None if similar is None else float(similar[at : at + len(group)].max())
            at += len(group)
            strength = max(0.0, _strength(covered, meant) - _MISSED * absence)
            if strength > best.strength or not best.source:
                best = Evidence(strength, threshold, covered, meant, absence, source.number)
        return best

    def ranked(self, sources: Sequence[Source]) -> list[Ranked]:
        """Every sentence of the sources that speaks to readers, best first."""
        found = [one for source in sources for one in source.statements if not one.is_instruction]
        similar = self._similar([one.text for one in found])
        covered = {source.number: part or 0.0 for source, part in zip(sources, self._covered(sources), strict=True)}
        wanted = self._comparable(sources)
        ranked = []
        for place, one in enumerate(found):
            score = _SENTENCE * coverage(wanted, one.vocabulary) + _SOURCE * covered[one.source] + _PLACE / one.source
            score += 0.0 if similar is None else _MEANING * float(similar[place])
            ranked.append(Ranked(one, score if one.is_prose else score - _BARE))
        return sorted(ranked, key=lambda one: -one.score)

    def _covered(self, sources: Sequence[Source]) -> list[float | None]:
        wanted = self._comparable(sources)
        return [coverage(wanted, source.vocabulary) if wanted else None for source in sources]

    def _absence(self, found: Sequence[Source]) -> float:
        # How a Korean verb ends differs between a question and a text.
        wanted = [term for term in self._comparable(found) if not term.is_verb]
        whole = sum(term.weight for term in wanted)
        missed = (term for term in wanted if all(one.vocabulary.share(term) <= 0.5 for one in found))
        return sum(term.weight for term in missed) / whole if whole else 0.0

    def _comparable(self, sources: Sequence[Source]) -> list[Term]:
        """The words of the question in a script that the sources use."""
        korean = any(has_hangul(source.text) for source in sources)
        return [term for term in self._terms if korean or not term.korean]

    def _similar(self, texts: Sequence[str]) -> Floats | None:
        return None if self._likeness is None else self._likeness.of(self._question, texts, "query")


def _strength(covered: float | None, meant: float | None) -> float:
    if covered is None or meant is None:
        return covered if meant is None and covered is not None else meant or 0.0
    return _COVERED * covered + (1.0 - _COVERED) * meant
