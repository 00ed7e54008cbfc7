"""Gives space back and makes deleted content unfindable in the data directory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pinyon.storage.cache import CacheDirectory
from pinyon.storage.connection import Connections


@dataclass(frozen=True, slots=True)
class CompactReport:
    """Sizes are bytes of the index file and its write-ahead log; zero for an index in memory.

    blocked: a reader kept the write-ahead log from being emptied, so deleted content may still lie in it.
    blocked_by: process ids that hold the index open, as far as the system tells (Linux).
    caches_kept: cache files that the system would not delete yet (mapped, on Windows).
    """

    bytes_before: int
    bytes_after: int
    tombstones: int
    quarantined: int
    blocked: bool = False
    blocked_by: tuple[int, ...] = ()
    caches_kept: tuple[str, ...] = ()
    index: str = ""


def compact(
    connections: Connections, cache: CacheDirectory, *, purge_quarantine: bool = False, wait: float = 5.0
) -> CompactReport:
    """Forgets tombstones, drops all caches, rewrites the file without holes and empties the write-ahead log.

    purge_quarantine: also delete the rows that a repair set aside. wait: seconds to wait for readers at the end.
    Readers go on; those that have not caught up rebuild what they hold. Raises BusyError when a writer holds the file
    for too long, StorageFullError, ReadOnlyError, StorageError.
    """
    before = _size(connections)
    with connections.write() as connection:
        execute = connection.execute
        tombstones: int = execute("SELECT count(*) FROM tombstone").get
        # A new LSN for all, with no way from an older one: whoever holds rows that were deleted reads everything anew.
        lsn = execute("SELECT value FROM meta WHERE key = 'lsn'").get + 1
        execute("UPDATE meta SET value = ? WHERE key IN ('lsn', 'pruned_lsn')", (lsn,))
        execute("UPDATE namespace SET lsn = ?", (lsn,))
        execute("DELETE FROM tombstone")
        execute("DELETE FROM cache")
        quarantined = 0
        if purge_quarantine:
            quarantined = execute("SELECT count(*) FROM quarantine").get
            execute("DELETE FROM quarantine")
    kept = cache.drop_all()
    _vacuum(connections)
    blocked = not connections.checkpoint(wait)
    return CompactReport(
        bytes_before=before,
        bytes_after=_size(connections),
        tombstones=tombstones,
        quarantined=quarantined,
        blocked=blocked,
        blocked_by=lock_holders(connections.path) if blocked and connections.path is not None else (),
        caches_kept=tuple(kept),
    )


def leftovers(root: Path, indexes: Collection[str], backups: Collection[str], idle: float) -> list[Path]:
    """What interrupted work left in a data directory: files, caches and backups that the catalog does not list.

    indexes: uuids that it lists. backups: ids that it lists. idle: seconds without a change, after which nobody is at
    work on a file any more. Names that we do not make are left out.
    """
    found = []
    for folder, listed in (("indexes", indexes), ("cache", indexes), ("backups", backups)):
        for path in sorted((root / folder).glob("*")):
            name = path.name[:32]
            ours = len(name) == 32 and not set(name) - set("0123456789abcdef")
            unlisted = name not in listed or ".tmp" in path.name
            if ours and unlisted and time.time() - _changed(path) > idle:
                found.append(path)
    return found


def _changed(path: Path) -> float:
    """When anything in a file or folder last changed, seconds since the epoch."""
    return max((part.stat().st_mtime for part in (path, *path.rglob("*"))), default=0.0)


def _vacuum(connections: Connections) -> None:
    with connections.use() as connection:
        # The rewritten copy is as large as the index: let it be a file, which SQLite unlinks at once.
        connection.execute("PRAGMA temp_store=FILE").fetchall()
        try:
            connection.execute("VACUUM")
        finally:
            connection.execute("PRAGMA temp_store=MEMORY").fetchall()


def _size(connections: Connections) -> int:
    if connections.path is None:
        return 0
    files = (connections.path, connections.path.with_name(connections.path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def lock_holders(path: Path) -> tuple[int, ...]:
    """Ids of the processes that hold locks on an index file or its log, this one included. Linux only; else empty."""
    if sys.platform != "linux":
        return ()
    wanted = set()
    for name in (path, path.with_name(path.name + "-shm")):
        try:
            status = name.stat()
        except OSError:
            continue
        wanted.add(f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}")
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    holders = set()
    for line in lines:
        # "1: POSIX  ADVISORY  READ 1234 fe:01:5678 120 120"; a waiting lock has "->" behind the number
        fields = line.replace("->", "").split()
        if len(fields) >= 6 and fields[5] in wanted and fields[4].isdigit():
            holders.add(int(fields[4]))
    return tuple(sorted(holders - {0}))
