"""Text -> terms: words of letters and digits, in lower case, perhaps stemmed, perhaps cut into n-grams.

The same rules turn documents and queries into terms, so whoever searches finds what was written. With the language of
one alphabet a Korean word stays one word; "auto" reads each script by rules of its own (``scripts``).
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pinyon.index import korean, scripts
from pinyon.index.scripts import SCRIPTED
from pinyon.index.stopwords import ASKING_WORDS, STOP_WORDS

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
RULES: Final = 1
"""Revision of the rules here. Raise it whenever a change alters the terms of any text."""
TERM_LENGTH: Final = 40
"""Characters of a term; what is longer is cut."""
_WORD_LENGTH: Final = 256
"""Characters of a word that are looked at."""


@dataclass(frozen=True, slots=True)
class Ngram:
    """Index the runs of ``least`` to ``most`` characters of each word; prefix_only: those that begin it."""

    least: int
    most: int
    prefix_only: bool = False


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How the text of one field becomes terms. language: a code of ``LANGUAGES``, which matters for stems and stop
    words, or of ``SCRIPTED``.

    stop_words: leave out the most frequent words of the language, where a list of them is known. ngram: not together
    with a language of ``SCRIPTED``.
    """

    language: str = "en"
    stemming: bool = False
    stop_words: bool = False
    ngram: Ngram | None = None


AUTO: Final = TextSettings("auto", stemming=True)
"""How text is read of which nothing is known."""


class Analyser:
    """Turns texts of one field into terms. Safe from any thread."""

    __slots__ = ("_stemmers", "_stop", "scripted", "settings")

    def __init__(self, settings: TextSettings) -> None:
        self.settings = settings
        self.scripted = settings.language in SCRIPTED
        self._stop = STOP_WORDS[settings.language] if settings.stop_words else frozenset[str]()
        self._stemmers: dict[str, Callable[[str], str]] = {}

    @property
    def rules(self) -> str:
        """What the terms of a text depend on: equal rules give equal terms."""
        its = self.settings
        parts = [f"terms/{RULES} {its!r} unicode/{unicodedata.unidata_version}"]
        if its.stemming:
            parts.append(f"snowballstemmer/{importlib.metadata.version('snowballstemmer')}")
        if self.scripted:
            parts.append(f"scripts/{scripts.RULES} {korean.rules()}")
        return " ".join(parts)

    def words(self, text: str) -> list[str]:
        """The words of a text in order, as they are written: runs of letters, digits and combining marks."""
        if self.scripted:
            return scripts.words(text)
        if text.isascii():
            return _PLAIN.findall(text)
        return _with_marks().findall(composed(text))

    def pieces(self, word: str) -> tuple[tuple[str, ...], ...]:
        """The terms of one word by position, of which most words have one: nothing stands there for a stop word, and
        several terms for n-grams. Where words are read by script, wholes that begin there come after the first."""
        if self.scripted:
            found = scripts.pieces(word, self._stemmed)
            return tuple(tuple(term[:TERM_LENGTH] for term in terms) for terms in found)
        lower = word[:_WORD_LENGTH].lower()
        if lower in self._stop:
            return ((),)
        if self.settings.ngram is not None:
            return (_grams(lower, self.settings.ngram),)
        return ((self._stemmed(lower, self.settings.language)[:TERM_LENGTH],),)

    def tokens(self, text: str) -> list[tuple[int, tuple[str, ...]]]:
        """[(position, terms), ...]: stop words leave a gap in the positions."""
        found = enumerate(terms for word in self.words(text) for terms in self.pieces(word))
        return [(position, terms) for position, terms in found if terms]

    def parts(self, word: str) -> tuple[tuple[str, ...], ...]:
        """``pieces`` without the wholes."""
        found = self.pieces(word)
        return tuple(terms[:1] for terms in found) if self.scripted else found

    def chain(self, text: str) -> list[tuple[int, tuple[str, ...]]]:
        """``tokens`` without the wholes: what a text must hold to have the same words side by side, however joined."""
        found = enumerate(terms for word in self.words(text) for terms in self.parts(word))
        return [(position, terms) for position, terms in found if terms]

    def asked(self, text: str) -> list[tuple[str, ...]]:
        """The terms of each position that a loose question looks for: where words are read by script, without the
        words of which English questions are made, as long as there are others."""
        words = self.words(text)
        if self.scripted:
            words = [word for word in words if word.lower() not in ASKING_WORDS] or words
        return [terms for word in words for terms in self.pieces(word) if terms]

    def beginning(self, word: str) -> str:
        """What the terms begin with that begin as a word does: the word as it is written, in lower case."""
        return scripts.whole(word) if self.scripted else composed(word).lower()

    def _stemmed(self, word: str, language: str) -> str:
        if not self.settings.stemming:
            return word
        stem = self._stemmers.get(language)
        if stem is None:
            stem = self._stemmers[language] = _stemmer(language)
        return stem(word)


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
    return re.compile(rf"[^\W_]+(?:[{scripts.marks()}][^\W_]*)*")
