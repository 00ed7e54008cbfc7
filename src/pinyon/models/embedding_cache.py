"""Vectors of texts and pictures that were embedded before, in a SQLite file: the same one costs nothing a second time.

A row is found by a BLAKE2b digest of the model's identity, the kind of input, and the text or the digest of the
picture; the text or the picture itself is not kept.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import apsw
import numpy as np

from pinyon.models.pictures import checked_pictures
from pinyon.models.texts import check_input_type, checked_texts
from pinyon.types import Embedder, Floats, Metric, Picture, PictureEmbedder

__all__ = ["CachedEmbedder", "CachedPictureEmbedder", "EmbeddingCache", "cached_by"]

T = TypeVar("T")

BUSY_SECONDS = 5.0
_CHECK = 8
_ROW_BYTES = 64
"""What a row needs beside its vector, about: key, numbers, entries of the index."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS embedding (at INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS size (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO size VALUES (1, 0);
"""


class EmbeddingCache:
    """At most ``most_bytes`` of vectors; the oldest make room. Any number of threads and processes may share the file.

    A file that cannot be used, or a damaged row, costs the speed and nothing else: a warning says so once.
    """

    def __init__(self, file: Path, most_bytes: int) -> None:
        self.file = file
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._opened: apsw.Connection | None = None
        self._broken = False

    def __repr__(self) -> str:
        return f"EmbeddingCache({str(self.file)!r}, most_bytes={self.most_bytes})"

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Floats]:
        """The (d,) float32 vectors that are there, by key."""
        with self._lock:
            try:
                connection = self._connection()
                if connection is None:
                    return {}
                with connection:
                    rows = ((key, _row(connection, key)) for key in dict.fromkeys(keys))
                    found = {key: _vector(row) for key, row in rows if row is not None}
            except (apsw.Error, OSError) as error:
                self._give_up(error)
                return {}
        return {key: vector for key, vector in found.items() if vector is not None}

    def keep(self, vectors: dict[bytes, Floats]) -> None:
        """Adds (d,) float32 vectors by key, and drops the oldest until all fit."""
        with self._lock:
            try:
                connection = self._connection()
                if connection is None or not vectors:
                    return
                connection.execute("BEGIN IMMEDIATE")
                try:
                    _add(connection, vectors)
                    _shrink(connection, self.most_bytes)
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
            except (apsw.Error, OSError) as error:
                self._give_up(error)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _connection(self) -> apsw.Connection | None:
        if self._opened is None and not self._broken:
            # What was embedded is nobody else's business, so the file is made private before SQLite opens it.
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
            connection = apsw.Connection(str(self.file))
            connection.set_busy_timeout(int(BUSY_SECONDS * 1_000))
            _prepare(connection)
            self._opened = connection
        return self._opened

    def _give_up(self, error: Exception) -> None:
        if not self._broken:
            warnings.warn(
                f"the cache of embeddings {str(self.file)!r} cannot be used ({error}): all texts are embedded anew. "
                "Delete the file if this goes on; nothing is lost with it",
                stacklevel=4,
            )
        self._broken = True
        if self._opened is not None:
            self._opened.close(True)
            self._opened = None


class CachedEmbedder:
    """An embedder that asks a cache first. Satisfies ``pinyon.types.Embedder``; its vectors are those of the embedder.

    hits, misses: inputs so far that were, and were not, in the cache.
    """

    def __init__(self, embedder: Embedder, cache: EmbeddingCache) -> None:
        self._embedder = embedder
        self._cache = cache
        self.hits = self.misses = 0

    def __repr__(self) -> str:
        return f"CachedEmbedder({self._embedder!r}, {self._cache!r})"

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def metric(self) -> Metric:
        return self._embedder.metric

    @property
    def identity(self) -> str:
        return self._embedder.identity

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32. Only texts that are new are embedded, each once."""
        check_input_type(input_type)
        given = checked_texts(texts)
        keys = [self._key(input_type, text) for text in given]
        return self._found(keys, given, lambda new: self._embedder.embed(new, input_type=input_type))

    def _found(self, keys: Sequence[bytes], given: Sequence[T], embed: Callable[[list[T]], Floats]) -> Floats:
        """(n, dimension) float32 of what is ``given``, of which ``embed`` makes those that are new, each once."""
        found = self._cache.find(keys)
        new = {key: one for key, one in zip(keys, given, strict=True) if key not in found}
        if new:
            vectors = embed(list(new.values()))
            made = dict(zip(new, vectors, strict=True))
            self._cache.keep(made)
            found |= made
        misses = sum(key in new for key in keys)
        self.hits, self.misses = self.hits + len(keys) - misses, self.misses + misses
        if not keys:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([found[key] for key in keys])

    def _key(self, kind: str, what: str) -> bytes:
        whole = "\0".join((self._embedder.identity, kind, what))
        return hashlib.blake2b(whole.encode(), digest_size=20).digest()


class CachedPictureEmbedder(CachedEmbedder):
    """The same of an embedder that takes pictures as well. Satisfies ``pinyon.types.PictureEmbedder``."""

    def __init__(self, embedder: PictureEmbedder, cache: EmbeddingCache) -> None:
        super().__init__(embedder, cache)
        self._sees = embedder

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, dimension) float32. Only pictures that are new are embedded, each once.

        A picture is known by the digest of its file and the size in which it was read, or else by its pixels.
        """
        given = checked_pictures(pictures)
        keys = [self._key("picture", _known_by(picture)) for picture in given]
        return self._found(keys, given, self._sees.embed_pictures)


def cached_by(embedder: Embedder, cache: EmbeddingCache) -> CachedEmbedder:
    """The embedder behind the cache, which takes pictures where the embedder does."""
    if isinstance(embedder, PictureEmbedder):
        return CachedPictureEmbedder(embedder, cache)
    return CachedEmbedder(embedder, cache)


def _known_by(picture: Picture) -> str:
    digest = picture.digest or f"pixels:{hashlib.sha256(picture.pixels.tobytes()).hexdigest()}"
    return f"{digest} {picture.pixels.shape}"


def _prepare(connection: apsw.Connection) -> None:
    """Tables in a new file. SQLite does not wait for another process that switches the file to its log as well."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)
            return
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _row(connection: apsw.Connection, key: bytes) -> Any:
    return connection.execute("SELECT vector FROM embedding WHERE key = ?", (key,)).get


def _vector(stored: bytes) -> Floats | None:
    """The vector of a row whose bytes are those that were written."""
    if hashlib.blake2b(stored[_CHECK:], digest_size=_CHECK).digest() != stored[:_CHECK]:
        return None
    return np.frombuffer(stored, np.float32, offset=_CHECK)


def _add(connection: apsw.Connection, vectors: dict[bytes, Floats]) -> None:
    added = 0
    for key, vector in vectors.items():
        raw = np.ascontiguousarray(vector, dtype=np.float32).tobytes()
        stored = hashlib.blake2b(raw, digest_size=_CHECK).digest() + raw
        # A damaged row is replaced, which changes nothing in size.
        known = connection.execute("UPDATE embedding SET vector = ? WHERE key = ? RETURNING 1", (stored, key)).get
        if known is None:
            connection.execute("INSERT INTO embedding (key, vector) VALUES (?, ?)", (key, stored))
            added += len(stored) + _ROW_BYTES
    connection.execute("UPDATE size SET bytes = bytes + ?", (added,))


def _shrink(connection: apsw.Connection, most: int) -> None:
    total: Any = connection.execute("SELECT bytes FROM size").get
    while total > most:
        rows: Any = connection.execute("SELECT at, length(vector) FROM embedding ORDER BY at LIMIT 256").fetchall()
        if not rows:
            total = 0
            break
        for at, length in rows:
            if total <= most:
                break
            connection.execute("DELETE FROM embedding WHERE at = ?", (at,))
            total -= length + _ROW_BYTES
    connection.execute("UPDATE size SET bytes = ?", (total,))
