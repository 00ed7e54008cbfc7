"""Words of any script, each by the rules of its own: what the language "auto" does.

A word is read as a row of parts, each at a position of its own, so a phrase is found however its parts are joined:
``add_argument`` as "add argument", 국립중앙박물관에서 as "국립 중앙 박물관". The parts that make one word are a term
besides, all of them together, which counts for a text that has the whole.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from pinyon.index.korean import morphemes

RULES: Final = 1
"""Revision of these rules and those of ``korean``. Raise it whenever a change alters the terms of any text."""
SCRIPTED: Final = {"auto": "automatic", "ja": "japanese", "ko": "korean", "zh": "chinese"}
"""Languages whose words are told apart by script. They differ in name only: text is rarely of one script."""
_STEMMED: Final = (
    (0x0000, 0x024F, "en"),
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "ru"),
    (0x0600, 0x06FF, "ar"),
    (0x0B80, 0x0BFF, "ta"),
)
"""Script, from its first to its last code point, and the language whose stems its words have."""
_HANGUL: Final = "가-힣"
_UNSPACED: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that put no spaces between words."""
_LONGEST: Final = 64
"""Letters of a part of a word; what is longer is several."""
_JOINTS: Final = "._,'’-"
_JOINT: Final = r"(?<=[0-9A-Za-z])(?:[.'’-]|_+|,(?=[0-9]{3}(?![0-9])))(?=[0-9A-Za-z])"
"""What holds an identifier, a name or a number together."""
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d)")
_CASE: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PARTS: Final = re.compile(
    rf"(?P<hangul>[{_HANGUL}]+)|(?P<digits>\d+)|(?P<joint>[{_JOINTS}]+)|(?P<letters>[^\d{_HANGUL}{_JOINTS}]+)"
)
_FIRST_MARK, _LAST_MARK = 0x300, 0x1FFFF
"""Where Unicode's combining marks lie; finding them takes a hundredth of a second, once."""
Stemmer: TypeAlias = Callable[[str, str], str]
"""(word, language) -> its stem."""


def words(text: str) -> list[str]:
    """The words of a text in order, in Unicode's compatibility form.

    Where words have no spaces between them: pairs of neighbours, and the last character by itself.
    """
    if text.isascii():
        return _plain().findall(text)
    return [found[1] or found[0] for found in _any().finditer(unicodedata.normalize("NFKC", text))]


def pieces(word: str, stem: Stemmer) -> tuple[tuple[str, ...], ...]:
    """The terms of a word by position: what stands there, and then the wholes that begin there."""
    if _unspaced().match(word):
        return ((word, word[0]) if len(word) > 1 else (word,),)
    atoms = list(_atoms(_THOUSANDS.sub("", word), stem))
    found: list[list[str]] = []
    places = []
    for atom in atoms:
        places.append(len(found))
        if atom.term:
            found.append([atom.term, atom.beside] if atom.beside else [atom.term])
    for start, end in _wholes(atoms):
        if places[start] < len(found):
            found[places[start]].append(_stemmed(_joined(atoms[start:end]), stem))
    return tuple(tuple(dict.fromkeys(terms)) for terms in found) or ((word.lower(),),)


def whole(word: str) -> str:
    """A word, or the beginning of one, as the single term that the whole of it is."""
    return _joined(list(_atoms(_THOUSANDS.sub("", word), lambda letters, language: letters)))


@dataclass(frozen=True, slots=True)
class _Atom:
    """A part of a word as it is written. term: "" when it is not looked for by itself. joins: it makes one word with
    its neighbours. segment: how many dots stand before it. beside: a term that begins here as well."""

    text: str
    term: str
    joins: bool
    segment: int
    beside: str = ""


def _atoms(word: str, stem: Stemmer) -> Iterator[_Atom]:
    segment = 0
    for part in _PARTS.finditer(word):
        text = part[0]
        if part["joint"]:
            segment += text == "."
        elif part["hangul"]:
            before, after = word[: part.start()][-1:], word[part.end() :][:1]
            for one in morphemes(text, _neighbour(before), _neighbour(after)):
                yield _Atom(one.text, one.text if one.content else "", one.joins, segment, one.beside)
        elif part["digits"]:
            yield _Atom(text, text, True, segment)
        else:
            for piece in _CASE.findall(text) if text.isascii() else [text]:
                lower = piece.lower()
                yield _Atom(lower, _stemmed(lower, stem), True, segment)


def _neighbour(letter: str) -> str:
    """What is written onto a run of syllables, as ``morphemes`` asks."""
    if not letter or letter in _JOINTS:
        return ""
    return "1" if letter.isdigit() else "A"


def _stemmed(word: str, stem: Stemmer) -> str:
    point = ord(word[0])
    for first, last, language in _STEMMED:
        if first <= point <= last and len(word) > 2:
            return stem(word, language)
    return word


def _wholes(atoms: list[_Atom]) -> Iterator[tuple[int, int]]:
    """From where to where several atoms make one word: side by side, and of these between two dots."""
    at = 0
    while at < len(atoms):
        start = at
        while at < len(atoms) and atoms[at].joins:
            at += 1
        if at - start > 1:
            yield start, at
            cuts = [cut for cut in range(start + 1, at) if atoms[cut].segment != atoms[cut - 1].segment]
            for first, last in zip([start, *cuts], [*cuts, at], strict=True):
                if 1 < last - first < at - start:
                    yield first, last
        at = max(at, start + 1)


def _joined(atoms: list[_Atom]) -> str:
    """Without what holds them together, but for the dots of a number."""
    out = ""
    for atom in atoms:
        out += "." + atom.text if out[-1:].isdigit() and atom.text.isdigit() and atom.segment else atom.text
    return out


# -- patterns, made at first use --------------------------------------------------------------------------------------


@functools.cache
def _plain() -> re.Pattern[str]:
    part = rf"[^\W_]{{1,{_LONGEST}}}"
    return re.compile(rf"{part}(?:{_JOINT}{part}){{0,15}}")


@functools.cache
def _any() -> re.Pattern[str]:
    letter = rf"[^\W_{_UNSPACED}]"
    part = rf"{letter}{{1,{_LONGEST}}}(?:[{marks()}]+{letter}{{0,{_LONGEST}}}){{0,{_LONGEST}}}"
    return re.compile(rf"(?=([{_UNSPACED}]{{2}}))[{_UNSPACED}]|[{_UNSPACED}]|{part}(?:{_JOINT}{part}){{0,15}}")


@functools.cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(rf"[{_UNSPACED}]")


@functools.cache
def marks() -> str:
    """The combining marks of all scripts, as ranges of a set of a regular expression."""
    spans: list[list[int]] = []
    for point in range(_FIRST_MARK, _LAST_MARK):
        if unicodedata.category(chr(point))[0] != "M":
            continue
        if spans and point == spans[-1][1] + 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)
