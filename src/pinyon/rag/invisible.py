"""Takes out the characters that nobody sees: zero-width and bidirectional controls, tags, soft hyphens, fillers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

__all__ = ["blanked", "visible"]

_KINDS = {
    "zero-width": "\u200b\u200c\u200d\u2060-\u2064\ufeff\u180e\u034f\ufff9-\ufffc",
    "bidi-control": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
    "tag": "\U000e0000-\U000e007f",
    "soft-hyphen": "\u00ad",
    "filler": "\u3164\uffa0",
    "variation-selector": "\ufe00-\ufe0f\U000e0100-\U000e01ef",
    "control": "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f",
    "surrogate": "\ud800-\udfff",
}
_NAMES = {f"k{number}": name for number, name in enumerate(_KINDS)}
_INVISIBLE = re.compile("|".join(f"(?P<k{number}>[{kind}])" for number, kind in enumerate(_KINDS.values())))
_BREAKS = re.compile("[\x0c\x85\u2028\u2029]")
_JOINERS = "\u200c\u200d"


def visible(text: str, counts: Counter[str]) -> str:
    """The text without invisible characters, in Unicode form NFC; ``counts`` gets how many of which kind went.

    Kept are joiners between letters of scripts that need them and between emoji, and one variation selector behind a
    character: more of them can only carry a hidden message. Form feeds and Unicode's line ends become ``\\n``.
    """
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)

    def replaced(match: re.Match[str]) -> str:
        kind = _NAMES[str(match.lastgroup)]
        if _has_meaning(match[0], kind, text, match.start()):
            return match[0]
        counts[kind] += 1
        return "\ufffd" if kind == "surrogate" else ""

    return _INVISIBLE.sub(replaced, _BREAKS.sub("\n", text) if _BREAKS.search(text) else text)


def blanked(text: str) -> str:
    """The text with spaces for its invisible characters, so that offsets stay what they are."""

    def replaced(match: re.Match[str]) -> str:
        return match[0] if _has_meaning(match[0], _NAMES[str(match.lastgroup)], text, match.start()) else " "

    return _INVISIBLE.sub(replaced, _BREAKS.sub("\n", text))


def _has_meaning(character: str, kind: str, text: str, position: int) -> bool:
    before = text[position - 1] if position else " "
    if kind == "variation-selector":
        return _takes_variation(before)
    if character in _JOINERS:
        return _joins(before) and position + 1 < len(text) and _joins(text[position + 1])
    return False


def _takes_variation(character: str) -> bool:
    return (character >= "\u2000" and not _INVISIBLE.match(character)) or character in "#*0123456789©®"


def _joins(character: str) -> bool:
    """Arabic, Indic and other scripts with joined forms, and emoji; neither Latin nor Chinese, Japanese, Korean."""
    if character == "\ufe0f":
        return True
    if "\u0600" <= character < "\u1100" or "\u1780" <= character < "\u1e00":
        return not character.isspace()
    return unicodedata.category(character) in ("So", "Sk") and not "\u2e80" <= character <= "\ua000"
