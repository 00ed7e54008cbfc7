"""From files to answers: documents of many formats are read, freed of what no reader sees, and cut into chunks."""

from __future__ import annotations

from pinyon.rag.chunking import Chunk, split
from pinyon.rag.documents import Document, load, parse
from pinyon.rag.files import FoundFile, Skipped, find

__all__ = ["Chunk", "Document", "FoundFile", "Skipped", "find", "load", "parse", "split"]
