"""Recognises sentences of documents that speak to a language model instead of a reader.

This is a heuristic, for the sake of citations: such a sentence is never taken as support of an answer. What protects
is elsewhere: documents are delimited data for the model, no answer is executed, nothing in it is fetched.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["addresses_the_model"]

_PATTERNS: Final = re.compile(
    r"""\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|all|any|your|the)\b
        .{0,40}\b(?:instruction|prompt|rule|direction|message|context|guideline)s?\b
    | \byou\ are\ (?:now|no\ longer)\b
    | \b(?:system|developer)\ (?:prompt|message)\b
    | \b(?:new|updated)\ instructions?\s*:
    | \b(?:as|being)\ an?\ (?:ai|language\ model|assistant)\b
    | \b(?:reveal|print|repeat|output|show)\b.{0,30}\b(?:prompt|instructions|delimiter|marker)\b
    | \b(?:instead|only|always|must|just|now)\b.{0,20}\b(?:say|answer|respond|reply|output|write)\b.{0,10}
        (?:with|:|["'“‘])
    | \b(?:respond|reply|answer)\s+(?:only|with)\b
    | (?:이전|앞선|앞의|위의?|기존|모든)\s*(?:의\s*)?(?:모든\s*)?(?:지시|명령|지침|규칙|프롬프트).{0,12}
        (?:무시|잊|따르지)
    | 시스템\s*(?:프롬프트|메시지)
    | (?:라고|이라고)만?\s*(?:대답|답|말|출력)(?:하|해)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def addresses_the_model(text: str) -> bool:
    """Whether a sentence looks like an instruction to a language model."""
    return _PATTERNS.search(text) is not None
