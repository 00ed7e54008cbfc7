"""Words in lists: the obvious way to look for phrases and to score texts with BM25. Nothing here is fast or shared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from pinyon.index.text import Phrase, Word

Tokens = list[tuple[int, tuple[str, ...]]]
"""(position, terms) of each word of a text."""


def fits(word: Word, term: str) -> bool:
    if word.kind == "prefix":
        return term.startswith(word.text)
    return edits(word.text, term) <= word.edits if word.kind == "fuzzy" else term == word.text


def edits(left: str, right: str) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours, each letter touched once."""
    if not left or not right:
        return len(left) + len(right)
    best = min(
        edits(left[1:], right) + 1, edits(left, right[1:]) + 1, edits(left[1:], right[1:]) + (left[0] != right[0])
    )
    if len(left) > 1 and len(right) > 1 and left[:2] == right[1::-1]:
        best = min(best, edits(left[2:], right[2:]) + 1)
    return best


def places(tokens: Tokens, word: Word) -> list[int]:
    """Positions where a word stands, once for each term that fits."""
    return [position for position, terms in tokens for term in terms if fits(word, term)]


def phrase_count(tokens: Tokens, phrase: Phrase) -> int:
    """How often all words stand at their distances, begun at different places."""
    if len(phrase.words) == 1:
        return len(places(tokens, phrase.words[0][1]))
    shifted = [[place - offset for place in places(tokens, word)] for offset, word in phrase.words]
    return len({min(choice) for choice in product(*shifted) if max(choice) - min(choice) <= phrase.slop})


def naive_scores(texts: Sequence[Tokens], alive: Sequence[bool], phrase: Phrase) -> dict[int, float]:
    """BM25 of every row that is alive and holds the phrase."""
    living = [tokens for tokens, lives in zip(texts, alive, strict=True) if lives and tokens]
    average = sum(map(len, living)) / max(len(living), 1)
    weight = 0.0
    for _, word in phrase.words:
        holders = sum(bool(places(tokens, word)) for tokens in living)
        weight += math.log(1 + (len(living) - holders + 0.5) / (holders + 0.5))
    found = {}
    for row, tokens in enumerate(texts):
        count = phrase_count(tokens, phrase)
        if count and alive[row]:
            found[row] = weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(tokens) / average))
    return found
