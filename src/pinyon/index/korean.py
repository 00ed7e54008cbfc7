"""Korean runs of syllables -> morphemes, by Kiwi where it is installed (the extra ``pinyon[korean]``).

A run is analysed by itself, not in its sentence: a question and a passage then never read the same word differently,
and a word is analysed once however often it comes. On KorQuAD this finds as much as whole sentences do.
Without Kiwi a run is its pairs of syllables: particles are written onto words, and most pairs are not touched by them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import threading
from dataclasses import dataclass
from typing import Any, Final, Protocol

PACKAGES: Final = ("kiwipiepy", "kiwipiepy_model")
_CONTENT: Final = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "XR", "MAG", "MM", "XPN"})
"""Tags of what says something: nouns, verbs, adjectives, adverbs, roots; no particles and no endings."""
_JOINING: Final = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "XR", "XPN", "XSN", "MM"})
"""Tags of what makes a compound with its neighbours."""
_DIVISIBLE: Final = 4
"""Syllables from which a noun of the dictionary may be several."""
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Morpheme:
    """Part of a word. content: it is looked for by itself. joins: it makes a compound with its neighbours.

    beside: a term that begins here as well.
    """

    text: str
    content: bool
    joins: bool
    beside: str = ""


class _Token(Protocol):
    """What Kiwi tells of a morpheme: ``start`` and ``len`` are characters of the text."""

    form: str
    tag: str
    start: int
    len: int


def rules() -> str:
    """What reads Korean here: equal rules give equal morphemes."""
    if not installed():
        return "pairs"
    return " ".join(f"{name}/{importlib.metadata.version(name)}" for name in PACKAGES)


@functools.cache
def installed() -> bool:
    """Whether Kiwi can be imported; nothing is loaded to find out."""
    try:
        return importlib.util.find_spec("kiwipiepy") is not None
    except ValueError:  # barred in ``sys.modules``
        return False


@functools.lru_cache(maxsize=1 << 16)
def morphemes(run: str, before: str = "", after: str = "") -> tuple[Morpheme, ...]:
    """The morphemes of a run of syllables. Particles and endings are parts without content, unless there is nothing
    else: then the run is a morpheme as it is written.

    before, after: "A" where a letter is written onto the run, "1" for a digit: what is a particle or a unit shows from
    what it follows.
    """
    found = _read(run, before, after) if installed() else _pairs(run)
    if before or after or any(its.content for its in found):
        return tuple(found)
    return (Morpheme(run, True, False),)


def _read(run: str, before: str, after: str) -> list[Morpheme]:
    found: list[Morpheme] = []
    for token in _tokens(before + run + after):
        start = token.start - len(before)
        if start < 0 or start + token.len > len(run):
            continue
        tag = token.tag.partition("-")[0]
        texts = _divided(token.form) if tag in ("NNG", "NNP") else (token.form,)
        found += [Morpheme(text, tag in _CONTENT, tag in _JOINING) for text in texts]
    return found


@functools.lru_cache(maxsize=1 << 14)
def _divided(noun: str) -> tuple[str, ...]:
    """The nouns that make a noun which the dictionary has as one, such as the full name of an organisation."""
    if " " in noun:
        return tuple(part for word in noun.split() for part in _divided(word))
    if len(noun) < _DIVISIBLE:
        return (noun,)
    parts = _tokens(noun, without=noun)
    if any(part.tag not in _JOINING for part in parts) or sum(len(part.form) > 1 for part in parts) < 2:
        return (noun,)
    return tuple(piece for part in parts for piece in _divided(part.form))


def _pairs(run: str) -> list[Morpheme]:
    """Pairs of syllables, and the whole run besides."""
    pairs = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    return [Morpheme(pair, True, False, "" if at else run) for at, pair in enumerate(pairs)]


def _tokens(text: str, without: str = "") -> list[_Token]:
    """without: a noun that may not be taken as one."""
    blocked = [(without, "NNG"), (without, "NNP")] if without else None
    with _lock:
        found: list[_Token] = _kiwi().tokenize(text, blocklist=blocked)
    return found


@functools.cache
def _kiwi() -> Any:
    """Loaded at the first Korean word, in about a second."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)
