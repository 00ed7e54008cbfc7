"""From files to answers: documents of many formats are read, freed of what no reader sees, and cut into chunks;
questions are answered from them, with citations that resolve."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinyon.rag.answers import Answer, Citation, Context, Corrections, Sentence
    from pinyon.rag.assistant import Assistant
    from pinyon.rag.chunking import Chunk, split
    from pinyon.rag.documents import Document, load, parse
    from pinyon.rag.evidence import Evidence
    from pinyon.rag.files import FoundFile, Skipped, find
    from pinyon.rag.passages import NeighbourRetriever, Passage, Retriever
    from pinyon.rag.settings import Settings
    from pinyon.rag.sources import Source
    from pinyon.rag.streaming import AnswerStream

__all__ = [
    "Answer",
    "AnswerStream",
    "Assistant",
    "Chunk",
    "Citation",
    "Context",
    "Corrections",
    "Document",
    "Evidence",
    "FoundFile",
    "NeighbourRetriever",
    "Passage",
    "Retriever",
    "Sentence",
    "Settings",
    "Skipped",
    "Source",
    "find",
    "load",
    "parse",
    "split",
]

_HOMES = {
    "Answer": "answers",
    "AnswerStream": "streaming",
    "Assistant": "assistant",
    "Chunk": "chunking",
    "Citation": "answers",
    "Context": "answers",
    "Corrections": "answers",
    "Document": "documents",
    "Evidence": "evidence",
    "FoundFile": "files",
    "NeighbourRetriever": "passages",
    "Passage": "passages",
    "Retriever": "passages",
    "Sentence": "answers",
    "Settings": "settings",
    "Skipped": "files",
    "Source": "sources",
    "find": "files",
    "load": "documents",
    "parse": "documents",
    "split": "chunking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
