"""How the server reaches assistants: what it asks, what it gets, and what the application brings for it.

Files and their descriptions are the server's (``assistants``, ``files``); reading a document and answering from it
needs parsers and models, which an ``Answerer`` has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from pinyon import engine
from pinyon.types import ChatMessage, FinishReason, IndexSpec, Usage

FileStatus: TypeAlias = Literal["Processing", "Available", "Deleting", "ProcessingFailed"]

TOP_K = 16
"""Snippets of an answer, where nothing else is said."""
SNIPPET_TOKENS = 2_048


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an assistant as it is described. size: bytes. times: ISO 8601. digest: BLAKE2b-128 of its bytes.

    checksum: CRC-32C of its bytes, hexadecimal. percent: 0 to 100, of its processing. error: why that failed, or None.
    """

    id: str
    name: str
    status: FileStatus
    size: int
    metadata: Mapping[str, Any] | None
    created_at: str
    updated_at: str
    digest: str
    checksum: str
    percent: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """What is asked. messages: the last one is the user's question; a system message adds to the instructions.

    model: as the caller named it, None for the server's own. filter: on the metadata of files, as Pinecone writes it.
    top_k: snippets, at most. snippet_tokens: of one snippet, at most. max_tokens: of the answer, None for the usual.
    """

    messages: tuple[ChatMessage, ...]
    model: str | None = None
    temperature: float = 0.0
    filter: Mapping[str, Any] | None = None
    top_k: int = TOP_K
    snippet_tokens: int = SNIPPET_TOKENS
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Where something stands. number: of the source, as ``Piece.marked`` shows it. pages: from 1, none without pages.

    quote: the sentence of the file itself.
    """

    number: int
    file: StoredFile
    pages: tuple[int, ...]
    quote: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of an answer, checked. before: the white space that parts it from the one before.

    marked: the text with the numbers of its sources behind it, "[1]".
    """

    text: str
    marked: str
    references: tuple[Reference, ...] = ()
    before: str = ""


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
class Snippet:
    """A passage that speaks to a question. score: higher is better."""

    text: str
    score: float
    file: StoredFile
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Snippets:
    """Best first. usage: tokens of the snippets (an estimate), and of what a model read to complete the question."""

    found: Sequence[Snippet]
    usage: Usage


@dataclass(frozen=True, slots=True)
class Library:
    """The files of one assistant. find: the file behind the key that its chunks carry, None when it is gone.

    filter: on chunks, which keeps those of the wanted files; None keeps all. instructions: of the assistant.
    """

    index: engine.Index
    find: Callable[[str], StoredFile | None]
    filter: Mapping[str, Any] | None = None
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be read. key: what its chunks carry. path: where its bytes are."""

    key: str
    name: str
    path: Path


class Answerer(Protocol):
    """Reads files into an index and answers from it. Raises errors of ``pinyon.errors`` only."""

    def definition(self, name: str) -> IndexSpec:
        """Of the index of a new assistant. Raises MissingExtraError, NotFoundError."""
        ...

    def ingest(
        self, index: engine.Index, upload: Upload, *, stop: Callable[[], bool], progress: Callable[[float], None]
    ) -> bool:
        """Makes the chunks of a file those of its bytes, in one transaction; False when it was stopped before.

        progress: is told the share that is done, 0 to 1. Raises InvalidRequestError for a file that cannot be read.
        """
        ...

    def remove(self, index: engine.Index, key: str) -> None:
        """Removes the chunks of a file."""
        ...

    def matching(self, files: Sequence[StoredFile], filter: Mapping[str, Any]) -> list[StoredFile]:
        """The files whose metadata match. Raises InvalidRequestError for a malformed filter."""
        ...

    def reply(self, library: Library, chat: Chat) -> Reply:
        """Raises InvalidRequestError, FailedPreconditionError without a generator, and what models raise."""
        ...

    def context(self, library: Library, chat: Chat) -> Snippets:
        """The snippets that an answer would be made from. Raises as ``reply``, but needs no generator."""
        ...
