"""What a text search asks for, as a tree of phrases, and its scores over the texts of a namespace."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from pinyon.index.analysis import Analyser, TextSettings
from pinyon.index.text import Phrase, Statistics, TextIndex, Word
from pinyon.types import Bools, Floats, Ints, Scores


@dataclass(frozen=True, slots=True)
class Leaf:
    """A phrase in a field. Its score is BM25 times ``boost``."""

    field: str
    phrase: Phrase
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """All of ``must`` and none of ``must_not``; any of ``should`` where nothing must be. Scores are added up.

    A group of exclusions alone holds every document but those, with the score 0.
    """

    must: tuple[Node, ...] = ()
    should: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()


Node: TypeAlias = Leaf | Group


def grouped(must: Sequence[Node] = (), should: Sequence[Node] = (), must_not: Sequence[Node] = ()) -> Node | None:
    """One group without needless nesting; None for an empty one."""
    flat: list[Node] = []
    for node in should:
        alternatives = isinstance(node, Group) and not node.must and not node.must_not
        flat += node.should if isinstance(node, Group) and alternatives else [node]
    if not must_not and len(must) + len(flat) == 1:
        return [*must, *flat][0]
    group = Group(tuple(must), tuple(flat), tuple(must_not))
    return group if must or flat or must_not else None


def boosted(node: Node, boost: float) -> Node:
    """The node with all its scores times ``boost``."""
    if boost == 1.0:
        return node
    if isinstance(node, Leaf):
        return replace(node, boost=node.boost * boost)
    must, should = (tuple(boosted(child, boost) for child in part) for part in (node.must, node.should))
    return Group(must, should, node.must_not)


@functools.lru_cache(maxsize=1_024)
def analyser_of(settings: TextSettings) -> Analyser:
    return Analyser(settings)


def phrase_of(text: str, settings: TextSettings) -> Phrase:
    """The words of a text next to each other."""
    return _as_phrase(analyser_of(settings).chain(text))


def word_phrases(text: str, settings: TextSettings) -> list[Phrase]:
    """Each word of a text by itself; n-grams and parts of one word belong together."""
    analyser = analyser_of(settings)
    phrases = [_as_phrase(analyser.chain(word)) for word in analyser.words(text)]
    return [phrase for phrase in phrases if phrase.words]


def _as_phrase(tokens: Sequence[tuple[int, tuple[str, ...]]]) -> Phrase:
    return Phrase(tuple((position - tokens[0][0], Word(term)) for position, terms in tokens for term in terms))


# -- scores -----------------------------------------------------------------------------------------------------------


def scored(
    nodes: Sequence[Node], texts: Mapping[str, TextIndex], alive: Bools | None, mask: Bools | None, n: int
) -> tuple[Ints, Floats, float]:
    """(m,) rows among the (n,) mask that match any node, ascending, and their (m,) float32 scores, added up; and what
    texts of average length score that hold all that is wanted once."""
    scoring = _Scoring(texts, alive, mask, n)
    return *scoring.of(nodes), scoring.most


class _Scoring:
    """One search: masks and statistics that its parts share."""

    def __init__(self, texts: Mapping[str, TextIndex], alive: Bools | None, mask: Bools | None, n: int) -> None:
        self._texts = texts
        self._alive = alive
        self._mask = mask
        self._n = n
        self._statistics: dict[str, Statistics] = {}
        self.most = 0.0

    def of(self, nodes: Sequence[Node]) -> tuple[Ints, Floats]:
        matched, scores = self._any(nodes)
        rows = np.flatnonzero(matched)
        return rows, scores[rows].astype(np.float32)

    def _any(self, nodes: Sequence[Node]) -> tuple[Bools, Scores]:
        matched, scores = np.zeros(self._n, np.bool_), np.zeros(self._n, np.float64)
        for node in nodes:
            self._add(node, matched, scores)
        return matched, scores

    def _add(self, node: Node, matched: Bools, scores: Scores) -> None:
        if isinstance(node, Leaf):
            rows, found = self._leaf(node)
            matched[rows] = True
            scores[rows] += found
            return
        its, found = self._group(node)
        matched |= its
        scores[its] += found[its]

    def _group(self, node: Group) -> tuple[Bools, Scores]:
        matched, scores = self._any(node.should)
        if node.must:
            # What may be there adds to the score, and what must be there decides.
            matched = np.ones(self._n, np.bool_)
            for child in node.must:
                its, found = self._any([child])
                matched &= its
                scores += found
        elif not node.should:
            matched = np.ones(self._n, np.bool_) if self._mask is None else self._mask[: self._n].copy()
        most = self.most
        for child in node.must_not:
            its, _ = self._any([child])
            matched &= ~its
        self.most = most  # what may not be there adds nothing
        return matched, scores

    def _leaf(self, node: Leaf) -> tuple[Ints, Scores]:
        index = self._texts[node.field]
        statistics = self._statistics.get(node.field)
        if statistics is None:
            statistics = self._statistics[node.field] = index.statistics(self._alive)
        rows, scores, weight = index.weighed(node.phrase, statistics, self._alive, self._mask)
        self.most += weight * node.boost
        return rows, scores * node.boost
