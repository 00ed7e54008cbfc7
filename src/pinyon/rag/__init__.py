"""Documents and answers: files become chunks, questions become answers whose citations resolve."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinyon.rag.answers import Answer, Citation, Context, Corrections, Sentence
    from pinyon.rag.assistant import Assistant
    from pinyon.rag.evidence import Evidence
    from pinyon.rag.passages import NeighbourRetriever, Passage, Retriever
    from pinyon.rag.settings import Settings
    from pinyon.rag.sources import Source
    from pinyon.rag.streaming import AnswerStream

__all__ = [
    "Answer",
    "AnswerStream",
    "Assistant",
    "Citation",
    "Context",
    "Corrections",
    "Evidence",
    "NeighbourRetriever",
    "Passage",
    "Retriever",
    "Sentence",
    "Settings",
    "Source",
]

_HOMES = {
    "Answer": "answers",
    "AnswerStream": "streaming",
    "Assistant": "assistant",
    "Citation": "answers",
    "Context": "answers",
    "Corrections": "answers",
    "Evidence": "evidence",
    "NeighbourRetriever": "passages",
    "Passage": "passages",
    "Retriever": "passages",
    "Sentence": "answers",
    "Settings": "settings",
    "Source": "sources",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
