"""Sparse vectors of words: nothing is learned, no weights are needed, and the same text gives the same vector for ever.

A word becomes a token, and a token an index by its BLAKE2b digest. Words of six letters or more are found by their
first five letters too, so that "apples" meets "apple". A Korean word is also found by its pairs of syllables, because
particles are written onto it; Chinese and Japanese have no spaces, so pairs of characters are all there is.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import LEXICAL_SPARSE as INFO
from pinyon.types import SparseValues

__all__ = ["LexicalSparse"]

RULES = 1
"""Revision of these rules. Raise it whenever a change alters any vector."""

MOST = 1_000
"""Numbers in one vector, at most: the heaviest stay."""

PART = 0.5
"""Weight of a part of a word beside the word itself."""
SHORT = 0.5
"""Weight of words of up to three letters, which in most languages bind others together."""
STEM = 5

_HANGUL = "\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f"
_WITHOUT_SPACES = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"([{_HANGUL}]+)|([{_WITHOUT_SPACES}]+)|([^\W_{_HANGUL}{_WITHOUT_SPACES}]+)")


class LexicalSparse:
    """Satisfies ``pinyon.types.SparseEmbedder``. Holds no state: any number of threads may call it at once."""

    name = INFO.name
    identity = f"{INFO.name}/{RULES}"

    def __repr__(self) -> str:
        return "LexicalSparse()"

    def embed_sparse(
        self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage"
    ) -> list[SparseValues]:
        """(n,) texts -> n sparse vectors of at most 1,000 numbers; a text without any letter or digit has none.

        In a passage a token that comes f times weighs 1 + ln f, in a query it weighs the same however often it comes;
        short words and parts of words weigh half. Raises InvalidRequestError for a single string, and for what is not a
        string.
        """
        if input_type not in ("query", "passage"):
            raise InvalidRequestError(f'input_type is {input_type!r}, but must be "query" or "passage"')
        return [_vector(text, input_type == "query") for text in _checked(texts)]

    def tokens(self, text: str) -> dict[int, str]:
        """What the numbers of a text stand for: index -> token."""
        return {_index(token): token for token, _ in _weighted(text)}

    def terms(self, text: str) -> dict[int, str]:
        """The tokens that a text must share to hold the same words: words, and pairs where a script has no words."""
        return {_index(token): token for token in _terms(text)}


def _vector(text: str, query: bool) -> SparseValues:
    weights: dict[str, float] = {}
    counts: dict[str, int] = {}
    for token, weight in _weighted(text):
        weights[token] = max(weight, weights.get(token, 0.0))
        counts[token] = counts.get(token, 0) + 1
    if not query:
        weights = {token: weight * (1.0 + math.log(counts[token])) for token, weight in weights.items()}
    kept = sorted(weights, key=weights.__getitem__, reverse=True)[:MOST]
    numbers: dict[int, float] = {}
    for token in kept:
        numbers[_index(token)] = numbers.get(_index(token), 0.0) + weights[token]
    indices = np.array(sorted(numbers), dtype=np.uint32)
    return SparseValues(indices, np.array([numbers[index] for index in indices.tolist()], dtype=np.float32))


def _weighted(text: str) -> Iterator[tuple[str, float]]:
    """Every token of a text with its weight, as often as it comes."""
    for hangul, unspaced, word in _words(text):
        if word:
            yield word, SHORT if len(word) <= 3 and not word.isdigit() else 1.0
            if len(word) > STEM and word.isalpha():
                yield word[:STEM], PART
        elif hangul:
            yield hangul, 1.0
            if len(hangul) > 2:
                yield from ((pair, PART) for pair in _pairs(hangul))
        else:
            yield from ((pair, 1.0) for pair in _pairs(unspaced))


def _terms(text: str) -> Iterator[str]:
    for hangul, unspaced, word in _words(text):
        if word:
            yield word
        else:
            yield from _pairs(hangul or unspaced)


def _words(text: str) -> Iterator[tuple[str, str, str]]:
    """(Korean word, run of Chinese or Japanese, any other word) in lower case; just one of them is not empty."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return (match.groups("") for match in _WORD.finditer(plain))  # type: ignore[misc]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


@lru_cache(maxsize=65_536)
def _index(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")


def _checked(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise InvalidRequestError("texts is a single string, but must be a list of strings: write [text]")
    checked = list(texts)
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            raise InvalidRequestError(f"texts[{position}] is a {type(text).__name__}, but must be a string")
    return checked
