"""Text -> terms: words of letters and digits, in lower case, perhaps stemmed, perhaps cut into n-grams.

The same rules turn documents and queries into terms, so whoever searches finds what was written. A Korean word stays
one word: nothing is known here of where its particles begin.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pinyon.index.stopwords import STOP_WORDS

LANGUAGES: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Code -> English name, which is also the name of its Snowball stemmer."""
TERM_LENGTH: Final = 40
"""Characters of a term; what is longer is cut."""
_WORD_LENGTH: Final = 256
"""Characters of a word that are looked at."""
_FIRST_MARK, _LAST_MARK = 0x300, 0x1FFFF
"""Where Unicode's combining marks lie; finding them takes a hundredth of a second, once."""


@dataclass(frozen=True, slots=True)
class Ngram:
    """Index the runs of ``least`` to ``most`` characters of each word; prefix_only: those that begin it."""

    least: int
    most: int
    prefix_only: bool = False


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How the text of one field becomes terms. language: a code of ``LANGUAGES``; it matters for stems and stop words.

    stop_words: leave out the most frequent words of the language, where a list of them is known.
    """

    language: str = "en"
    stemming: bool = False
    stop_words: bool = False
    ngram: Ngram | None = None


class Analyser:
    """Turns texts of one field into terms. Safe from any thread."""

    __slots__ = ("_stem", "_stop", "settings")

    def __init__(self, settings: TextSettings) -> None:
        self.settings = settings
        self._stop = STOP_WORDS[settings.language] if settings.stop_words else frozenset[str]()
        self._stem: Callable[[str], str] | None = None

    def words(self, text: str) -> list[str]:
        """The words of a text in order, as they are written: runs of letters, digits and combining marks."""
        if text.isascii():
            return _PLAIN.findall(text)
        return _with_marks().findall(composed(text))

    def terms(self, word: str) -> tuple[str, ...]:
        """What is indexed for one word: nothing for a stop word, several terms for n-grams, else one term."""
        lower = word[:_WORD_LENGTH].lower()
        if lower in self._stop:
            return ()
        if self.settings.ngram is not None:
            return _grams(lower, self.settings.ngram)
        return (self._stemmed(lower)[:TERM_LENGTH],)

    def tokens(self, text: str) -> list[tuple[int, tuple[str, ...]]]:
        """[(position, terms), ...]: stop words leave a gap in the positions."""
        found = ((position, self.terms(word)) for position, word in enumerate(self.words(text)))
        return [(position, terms) for position, terms in found if terms]

    def _stemmed(self, word: str) -> str:
        if not self.settings.stemming:
            return word
        if self._stem is None:
            self._stem = _stemmer(self.settings.language)
        return self._stem(word)


def composed(text: str) -> str:
    """The text in Unicode's composed form, so that an accent written apart makes no other word."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _grams(word: str, ngram: Ngram) -> tuple[str, ...]:
    starts = range(1 if ngram.prefix_only else len(word))
    runs = (word[start : start + size] for start in starts for size in range(ngram.least, ngram.most + 1))
    return tuple(dict.fromkeys(run for run in runs if len(run) >= ngram.least))


def _stemmer(language: str) -> Callable[[str], str]:
    # Pure Python stemmers keep the word they work on in themselves, so every call has one of its own; few calls are
    # made, since the terms of a word are remembered by whoever indexes.
    import snowballstemmer

    name = LANGUAGES[language]

    def stem(word: str) -> str:
        stemmed: str = snowballstemmer.stemmer(name).stemWord(word)
        return stemmed or word

    return stem


_PLAIN: Final = re.compile(r"[^\W_]+")


@functools.cache
def _with_marks() -> re.Pattern[str]:
    """Letters and digits of any script, and the combining marks that belong to them; no underscore."""
    spans: list[list[int]] = []
    for point in range(_FIRST_MARK, _LAST_MARK):
        if unicodedata.category(chr(point))[0] != "M":
            continue
        if spans and point == spans[-1][1] + 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    marks = "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)
    return re.compile(rf"[^\W_]+(?:[{marks}][^\W_]*)*")
