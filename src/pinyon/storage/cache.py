"""The cache directory of one index: disposable files, named by namespace and generation, and the leases to build them.

    <ns_id>.<kind>.<generation>.<digest>.cache    immutable arrays  (``arrays``)
    <ns_id>.<kind>.<token>.f32                    growing vectors   (``vectorfile``)
    <ns_id>.lock                                  lease of a namespace

A published name is never written again, so a file that another process (or Windows) still has mapped is left alone and
deleted later. Whoever opens a file brings its digest from the truth; every failure means: build it anew.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pinyon.errors import CorruptionError
from pinyon.storage.arrays import Array, CacheFile, Meta, open_arrays, publish_staged, stage_arrays, write_arrays
from pinyon.storage.files import (
    FILE_MODE,
    make_private_directory,
    storage_error,
    translated,
    try_lock,
    unlock,
)
from pinyon.storage.vectorfile import VectorFile
from pinyon.types import Ints

__all__ = ["CacheDirectory", "CacheFile", "VectorFile", "open_arrays", "write_arrays"]

_ATTACHED: Final = "vectors"
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}\Z")
_OURS: Final = re.compile(r"(?P<ns>\d+)\.[a-z][a-z0-9_-]*\.[0-9a-f.]+\.(cache|f32)(\.[0-9a-f]{32}\.tmp)?\Z")
_LOCK: Final = re.compile(r"\d+\.lock\Z")


class CacheDirectory:
    """Cache files of one index under ``root``. With ``root`` None (a memory database) nothing is kept and all is free.

    Thread-safe. The directory is made, with mode 0700, when the first file is published.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root

    @property
    def enabled(self) -> bool:
        return self.root is not None

    # -- immutable arrays ---------------------------------------------------------------------------------------------

    def file_name(self, ns_id: int, kind: str, generation: int, digest: str) -> str:
        """The name under which ``publish`` keeps such a file."""
        if not _KIND.match(kind):
            raise ValueError(f"cache kind {kind!r} does not match {_KIND.pattern}")
        return f"{ns_id:d}.{kind}.{generation:d}.{digest[:16]}.cache"

    def publish(
        self,
        ns_id: int,
        kind: str,
        generation: int,
        arrays: Mapping[str, Array],
        meta: Meta,
        *,
        vectors: VectorFile | None = None,
    ) -> str | None:
        """Writes a file and gives the digest to list in the truth; None when this directory keeps nothing.

        generation: the LSN that the truth lists beside the digest. vectors: a growing file of this directory whose
        state goes into the published file, so that the digest vouches for its rows too (``open_attached``).
        The caller holds the lease of the namespace. Raises StorageError, StorageFullError, ReadOnlyError.
        """
        if self.root is None:
            return None
        make_private_directory(self.root)
        if vectors is not None:
            arrays = {**arrays, **{f"{_ATTACHED}.{key}": value for key, value in vectors.state().items()}}
            meta = {**meta, f"{_ATTACHED}.file": vectors.path.name, f"{_ATTACHED}.dimension": vectors.dimension}
        digest, staged = stage_arrays(self.root / f"{ns_id:d}.{kind}.{generation:d}.cache", arrays, meta)
        publish_staged(staged, self.root / self.file_name(ns_id, kind, generation, digest))
        return digest

    def open(self, ns_id: int, kind: str, generation: int, digest: str) -> CacheFile | None:
        """The file with this digest, or None when it is absent, damaged in its header or another: build it anew."""
        if self.root is None:
            return None
        try:
            return open_arrays(self.root / self.file_name(ns_id, kind, generation, digest), digest)
        except CorruptionError:
            return None

    @staticmethod
    def has_attached(file: CacheFile) -> bool:
        """Whether a growing file was published with ``file``."""
        return f"{_ATTACHED}.file" in file.meta

    def open_attached(self, file: CacheFile, *, append: bool = False) -> VectorFile | None:
        """The growing file whose state was published in ``file``; None when there is none or it can't be used."""
        name, dimension = file.meta.get(f"{_ATTACHED}.file"), file.meta.get(f"{_ATTACHED}.dimension")
        if not isinstance(name, str) or not isinstance(dimension, int):
            return None
        try:
            rows = int(file.array(f"{_ATTACHED}.rows")[0])
            return self.open_vectors(name, dimension, rows, file.array(f"{_ATTACHED}.crc32"), append=append)
        except CorruptionError:
            return None

    # -- growing vectors ----------------------------------------------------------------------------------------------

    def create_vectors(self, ns_id: int, kind: str, dimension: int) -> VectorFile | None:
        """A new growing file under a fresh name (``.path.name``); None when this directory keeps nothing."""
        if self.root is None:
            return None
        make_private_directory(self.root)
        return VectorFile.create(self._fresh(ns_id, kind), dimension)

    def copy_vectors(self, ns_id: int, kind: str, source: VectorFile) -> VectorFile | None:
        """An appendable copy of a file that can't be continued, under a fresh name. Raises CorruptionError."""
        return None if self.root is None else source.copy_to(self._fresh(ns_id, kind))

    def open_vectors(
        self, name: str, dimension: int, rows: int, block_crcs: Ints, *, append: bool = False
    ) -> VectorFile | None:
        """A growing file by the name that its state was saved with; None when it is absent, too short or another."""
        if self.root is None or not _OURS.match(name):
            return None
        try:
            return VectorFile.open(self.root / name, dimension, rows, block_crcs, append=append)
        except CorruptionError:
            return None

    def _fresh(self, ns_id: int, kind: str) -> Path:
        if not _KIND.match(kind):
            raise ValueError(f"cache kind {kind!r} does not match {_KIND.pattern}")
        assert self.root is not None
        return self.root / f"{ns_id:d}.{kind}.{uuid.uuid4().hex[:16]}.f32"

    # -- cleaning -----------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Cache files that are there, temporary ones included, lock files not; sorted."""
        if self.root is None:
            return []
        try:
            return sorted(path.name for path in self.root.iterdir() if _OURS.match(path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise storage_error(error, self.root, "list") from error

    def strangers(self) -> list[str]:
        """Names in the directory that no release of ours makes."""
        if self.root is None or not self.root.is_dir():
            return []
        names = (path.name for path in self.root.iterdir())
        return sorted(name for name in names if not _OURS.match(name) and not _LOCK.match(name))

    def sweep(self, ns_id: int, keep: Collection[str], *, kinds: Collection[str] = ()) -> list[str]:
        """Deletes this namespace's files, of these kinds or of any, but those named in ``keep``; the caller holds its
        lease. Gives what is gone.

        What the system refuses to delete (mapped files on Windows) stays for the next sweep.
        """
        places = ((name, name.split(".", 2)) for name in self.names())
        mine = [name for name, place in places if place[0] == str(ns_id) and (not kinds or place[1] in kinds)]
        return [name for name in mine if self._drop(name, keep)]

    def sweep_all(self, keep: Collection[str]) -> list[str]:
        """Deletes what ``keep`` does not name, leaving out namespaces that somebody is building. Gives what is gone."""
        groups: dict[int, list[str]] = {}
        for name in self.names():
            if name not in keep:
                groups.setdefault(int(name.split(".", 1)[0]), []).append(name)
        gone: list[str] = []
        for ns_id, names in groups.items():
            with self.lease(ns_id) as mine:
                if mine:
                    gone += [name for name in names if self._drop(name, keep)]
        return gone

    def drop_all(self) -> list[str]:
        """Deletes every cache file; nothing is lost. Gives the names that could not be deleted (still mapped)."""
        for name in self.names():
            self._drop(name, ())
        return self.names()

    def remove(self) -> None:
        """Deletes every cache file, the lock files and the directory itself: the index is gone."""
        if self.root is None:
            return
        self.drop_all()
        with suppress(OSError):
            for path in self.root.iterdir():
                if _LOCK.match(path.name):
                    path.unlink()
            self.root.rmdir()

    def _drop(self, name: str, keep: Collection[str]) -> bool:
        assert self.root is not None
        if name in keep:
            return False
        try:
            (self.root / name).unlink()
        except OSError:  # gone already, or still mapped on Windows
            return False
        return True

    # -- leases -------------------------------------------------------------------------------------------------------

    @contextmanager
    def lease(self, ns_id: int) -> Iterator[bool]:
        """``with cache.lease(ns_id) as mine:`` True when this thread alone may build caches of the namespace.

        Never waits. The lock is the operating system's, so it ends with the process, however that ends. Without a place
        for a lock file (read-only directory) nobody may build: False. A memory database always gives True.
        """
        if self.root is None:
            yield True
            return
        descriptor = self._open_lock(ns_id)
        if descriptor is None:
            yield False
            return
        owner = os.getpid()
        mine = False
        try:
            with translated(self.root, "lock a file in"):
                mine = try_lock(descriptor)
            yield mine
        finally:
            if mine and os.getpid() == owner:  # a child forked meanwhile shares the lock
                unlock(descriptor)
            with suppress(OSError):
                os.close(descriptor)

    def _open_lock(self, ns_id: int) -> int | None:
        assert self.root is not None
        try:
            make_private_directory(self.root)
            return os.open(self.root / f"{ns_id:d}.lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
        except OSError:
            return None
