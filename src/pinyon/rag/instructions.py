"""Recognises sentences of documents that speak to a language model instead of a reader.

This is a heuristic, for the sake of citations: such a sentence is never taken as support of an answer, so it must not
be seen where there is none: manuals tell servers what to respond with, and readers which message to ignore. What
protects is elsewhere: documents are delimited data for the model, no answer is executed, nothing in it is fetched.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["addresses_the_model"]

_PATTERNS: Final = re.compile(
    r"""\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|your)\b
        .{0,40}\b(?:instruction|prompt|rule|direction|message|context|guideline)s?\b
    | \b(?:ignore|disregard|forget)\b.{0,20}\b(?:all|any|the|these)\b.{0,30}\b(?:instruction|prompt|guideline)s?\b
    | (?:^|[.!?:]\s*)you\ are\ now\ an?\b
    | \bsystem\ prompt\b | \b(?:system|developer)\ message\s*:
    | \b(?:new|updated)\ instructions?\s*:
    | \b(?:as|being)\ an?\ (?:ai|language\ model)\b
    | \b(?:reveal|print|repeat|output|show)\b.{0,20}\b(?:your|hidden|secret)\b.{0,20}\b(?:prompt|instruction|rule)s?\b
    | \b(?:respond|reply|answer)\s+only\s+with\b
    | \b(?:instead|only|always|just|now)\s+(?:say|answer|respond|reply|output|write)\b.{0,10}
        (?:with\s+(?:only|the\s+words?)\b|:|["'“‘])
    | (?:이전|앞선|앞의|위의?|기존|모든)\s*(?:의\s*)?(?:모든\s*)?(?:지시|명령|지침|규칙|프롬프트).{0,12}
        (?:무시(?:하고|하라|하세요|하십시오|해)|잊(?:고|어|으)|따르지\s*[마말])
    | 시스템\s*프롬프트
    | (?:라고|이라고)만\s*(?:대답|답|말|출력)
    | (?:라고|이라고)\s*(?:대답|답|말|출력)(?:하세요|하십시오|해라|하라|해\s*(?:줘|주세요))
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def addresses_the_model(text: str) -> bool:
    """Whether a sentence looks like an instruction to a language model."""
    return _PATTERNS.search(text) is not None
