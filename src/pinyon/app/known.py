"""What earlier runs learned of files, so that an unchanged one is not read again. Losing it costs time, nothing else.

Every statement is checked before it is believed: size and time of the file, the settings of the run, and the chunks
that the index holds for it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from pinyon.engine import Database, Index
from pinyon.errors import BusyError

__all__ = ["KIND", "NOTHING", "Known", "KnownFiles", "settings_digest", "state_of", "trusted_time"]

KIND: Final = "ingested"
"""Kind of the catalog's entries, one for each index, namespace and directory."""

RACY_NANOSECONDS: Final = 2_000_000_000
"""A file that changed so shortly before it was read may change again within the same tick of its clock (FAT counts in
two seconds), so its time proves nothing."""

SAVE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """A file as a run left it. mtime: nanoseconds, 0 when it proves nothing. state: ``state_of`` its stored chunks.
    reason: why it gave no chunks."""

    size: int
    mtime: int
    digest: str
    settings: str
    chunks: int
    state: str
    reason: str = ""

    def same_file(self, status: os.stat_result) -> bool:
        return self.mtime != 0 and (self.size, self.mtime) == (status.st_size, status.st_mtime_ns)


NOTHING: Final = Known(0, 0, "", "", 0, "")


def trusted_time(status: os.stat_result) -> int:
    """The time of a file that is read now, 0 where it is too fresh to tell a later change."""
    return status.st_mtime_ns if time.time_ns() - status.st_mtime_ns > RACY_NANOSECONDS else 0


class KnownFiles:
    """What is known of the files below one directory, by source. Saved now and then, and by ``save``."""

    def __init__(self, database: Database, index: Index, namespace: str, root: Path) -> None:
        self._registry = database.registry
        self._index = index.path.stem if index.path is not None else index.name
        self._id = orjson.dumps([self._index, namespace, ascii(os.fsdecode(root))]).decode()
        self._changed = False
        self._saved = time.monotonic()
        found = self._registry.get(KIND, self._id) or {}
        self._files = dict(_read(found.get("files")))

    def get(self, source: str) -> Known | None:
        return self._files.get(source)

    def put(self, source: str, known: Known) -> None:
        if self._files.get(source) != known:
            self._files[source] = known
            self._changed = True
            if time.monotonic() - self._saved > SAVE_SECONDS:
                self.save()

    def drop(self, source: str) -> None:
        self._changed = self._files.pop(source, None) is not None or self._changed

    def sources(self) -> list[str]:
        return [*self._files]

    def save(self) -> None:
        """Writes what changed; that the catalog is busy is no reason to fail."""
        if self._changed:
            files = {source: asdict(known) for source, known in self._files.items()}
            try:
                self._registry.put(KIND, self._id, {"index": self._index, "files": files})
            except BusyError:
                return
            self._changed = False
        self._saved = time.monotonic()


def _read(files: Any) -> Iterator[tuple[str, Known]]:
    for source, known in files.items() if isinstance(files, Mapping) else ():
        try:
            yield source, Known(**known)
        except TypeError:  # written by another version
            continue


def settings_digest(*settings: object) -> str:
    """One word for everything besides a file's bytes that decides about its chunks."""
    return hashlib.blake2b(orjson.dumps(settings), digest_size=12).hexdigest()


def state_of(stored: Iterable[tuple[str, Mapping[str, Any] | None]]) -> str:
    """One word for (id, metadata) of the chunks of a file: which there are, and their digests."""
    lines = sorted(f"{id_} {(metadata or {}).get('digest')}" for id_, metadata in stored)
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()
