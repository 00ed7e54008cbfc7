"""Plain text, source code and markdown."""

from __future__ import annotations

import re
from collections import Counter

from pinyon.rag.parsed import Parsed

__all__ = ["code", "markdown", "prose"]

_HIDING = r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0\s*[;\"'])"
_HIDDEN = re.compile(
    rf"<(\w+)\s[^<>]{{0,300}}?{_HIDING}[^<>]{{0,300}}>(.{{0,2000}}?)</\1\s*>", re.IGNORECASE | re.DOTALL
)
_FENCED = re.compile(r"^ {0,3}(`{3,}+|~{3,}+)[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"^\[(?://|comment)\]: *(?:#|<>) *[(\"'](.*)[)\"'] *$", re.MULTILINE | re.IGNORECASE)


def prose(text: str) -> Parsed:
    return Parsed([text])


def code(text: str) -> Parsed:
    return Parsed([text], style="code")


def markdown(text: str) -> Parsed:
    """Markdown stays as it is, less its comments and the HTML elements that are hidden; fenced code is left alone."""
    hidden: Counter[str] = Counter()
    parts: list[str] = []
    position = 0
    for fence in _FENCED.finditer(text):
        parts += [_shown(text[position : fence.start()], hidden), fence[0]]
        position = fence.end()
    parts.append(_shown(text[position:], hidden))
    return Parsed(["".join(parts)], style="markdown", hidden=dict(hidden))


def _shown(text: str, hidden: Counter[str]) -> str:
    text = _without_comments(text, hidden)
    for pattern, kind, group in ((_HIDDEN, "hidden element", 2), (_REMARK, "comment", 1)):
        for match in pattern.finditer(text):
            hidden[kind] += len(match[group].strip())
        text = pattern.sub("", text)
    return text


def _without_comments(text: str, hidden: Counter[str]) -> str:
    # A loop, because a pattern would look to the end of the text again at every comment that is never closed.
    parts, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[position:start])
        hidden["comment"] += len(text[start + 4 : end].strip())
        position = end + 3
    return "".join([*parts, text[position:]])
