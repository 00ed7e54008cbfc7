"""Makes generated text harmless to show: no live links or images, no characters that steer a terminal."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from pinyon.rag.invisible import visible

__all__ = ["harmless"]

_IMAGE: Final = re.compile(r"!\[([^\]\n]*)\](?:\(\s*<?([^)\s>]*)[^)\n]*\)|\[[^\]\n]*\])")
_LINK: Final = re.compile(r"\[([^\]\n]*)\]\(\s*<?([^)\s>]+)[^)\n]*\)")
_DEFINITION: Final = re.compile(r"^[ \t]*\[[^\]\n^]+\]:[ \t]*(\S+).*$", re.MULTILINE)
_AUTOLINK: Final = re.compile(r"<((?:https?|ftp|file|data|javascript|mailto):[^>\s]*)>", re.IGNORECASE)
_TAG: Final = re.compile(
    r"""<(/?(?:a|applet|audio|base|body|button|embed|form|frame|frameset|html|iframe|image|img|input|link|math|meta
    |object|picture|script|source|style|svg|template|track|video)\b[^<>]*)(>?)""",
    re.IGNORECASE | re.VERBOSE,
)
"""What fetches, runs or asks for something where a page shows it. Its end may be in the next sentence."""
_HALF: Final = re.compile(r"(?<=\])(?=[(:])")
"""Within the half of a link whose other half is in another sentence."""


def harmless(text: str, counts: Counter[str]) -> str:
    """The text with the addresses of links and images beside their words, tags of HTML in round brackets, and without
    invisible characters. ``counts`` gets ``links`` and ``invisible``.

    A text that is made harmless in parts, sentence by sentence, is harmless as a whole.
    """
    unseen: Counter[str] = Counter()
    text = visible(text, unseen)
    counts["invisible"] += sum(unseen.values())

    def beside(match: re.Match[str]) -> str:
        counts["links"] += 1
        words, address = match[1].strip(), match[2] or ""
        return f"{words} ({address})" if words and address else words or address

    def bare(match: re.Match[str]) -> str:
        counts["links"] += 1
        return match[1]

    def bracketed(match: re.Match[str]) -> str:
        counts["links"] += 1
        return f"({match[1]}{')' if match[2] else ''}"

    text = _LINK.sub(beside, _IMAGE.sub(beside, text))
    text = _AUTOLINK.sub(bare, _DEFINITION.sub(bare, text))
    return _HALF.sub(" ", _TAG.sub(bracketed, text))
