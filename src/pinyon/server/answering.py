"""How the server reaches assistants: what it asks, what it gets, and what the application brings for it.

Files and their descriptions are the server's (``assistants``, ``assistant_files``); reading a document and answering
from it needs parsers and models, which an ``Answerer`` has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pinyon import engine
from pinyon.types import FinishReason, IndexSpec, Usage
from pinyon.wire.assistants import StoredFile
from pinyon.wire.chat import Chat, Piece, Reference, Snippet

__all__ = [
    "Answerer",
    "Chat",
    "Library",
    "Piece",
    "Reference",
    "Reply",
    "Snippet",
    "Snippets",
    "StoredFile",
    "Upload",
]


class Reply(Protocol):
    """An answer as it is written: iterate for its pieces; taking one raises what generators raise. ``close`` stops it.

    model: that writes, which need not be the one that was asked for. snippets: that the answer is made from.
    usage, finish_reason: after the last piece; usage is zero where no model was needed to say that the files do not
    answer.
    """

    @property
    def model(self) -> str: ...
    @property
    def snippets(self) -> int: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def finish_reason(self) -> FinishReason: ...
    def __iter__(self) -> Iterator[Piece]: ...
    def __next__(self) -> Piece: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Snippets:
    """Best first. usage: tokens of the snippets (an estimate), and of what a model read to complete the question."""

    found: tuple[Snippet, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class Library:
    """The files of one assistant. find: the file of an id, None when it is gone or may not be used.

    wanted: ids of the only files to use; unwanted: of those not to use. instructions: of the assistant.
    """

    index: engine.Index
    find: Callable[[str], StoredFile | None]
    wanted: tuple[str, ...] | None = None
    unwanted: tuple[str, ...] = ()
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be read. path: where its bytes are. digest: BLAKE2b-128 of these, hexadecimal."""

    id: str
    name: str
    path: Path
    digest: str


class Answerer(Protocol):
    """Reads files into an index and answers from it. Raises errors of ``pinyon.errors`` only."""

    def definition(self, name: str, notes: Mapping[str, Any]) -> IndexSpec:
        """Of the index of a new assistant. Raises MissingExtraError, NotFoundError."""
        ...

    def ingest(
        self, index: engine.Index, upload: Upload, *, stop: Callable[[], bool], progress: Callable[[float], None]
    ) -> bool:
        """Makes the chunks of a file those of its bytes, in one transaction; False when it was stopped before.

        stop: is asked now and then. progress: is told the share that is done, 0 to 1; the first time, 0, when the file
        was parsed. Raises InvalidRequestError for a file that cannot be read, MissingExtraError.
        """
        ...

    def remove(self, index: engine.Index, id: str) -> None:
        """Removes the chunks of a file."""
        ...

    def reply(self, library: Library, chat: Chat) -> Reply:
        """Raises InvalidRequestError, FailedPreconditionError without a generator, and what models raise."""
        ...

    def context(self, library: Library, chat: Chat) -> Snippets:
        """The snippets that an answer would be made from. Raises as ``reply``, but needs no generator."""
        ...
