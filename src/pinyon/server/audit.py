"""The audit log: one JSON object a line, appended by every worker, set aside when it is full."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson

log = logging.getLogger("pinyon.audit")

MOST_READ: Final = 32 * 1024 * 1024
"""Bytes that are read at most when entries are looked for."""
_BLOCK: Final = 64 * 1024
_BINARY: int = getattr(os, "O_BINARY", 0)
_SECONDS_BETWEEN_COMPLAINTS = 60.0


class AuditLog:
    """path: the file, made with mode 0600 in a folder of mode 0700. Thread-safe; processes may share the file.

    max_bytes: a file this large is renamed, ``audit.<time>.jsonl``. keep: so many of those stay.
    """

    def __init__(self, path: Path, max_bytes: int, keep: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._lock = threading.Lock()
        self._descriptor = -1
        self._complained = 0.0

    def write(self, fields: Mapping[str, Any]) -> None:
        """Adds a line with the time. Never raises: a disk that says no is told in the log, once a minute."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        line = orjson.dumps({"time": stamp, **fields}) + b"\n"
        try:
            with self._lock:
                os.write(self._open(), line)  # one call, and the file is open for appending: lines do not mix
        except OSError as error:
            if time.monotonic() - self._complained > _SECONDS_BETWEEN_COMPLAINTS:
                self._complained = time.monotonic()
                log.error("the audit log %s cannot be written: %s", self.path, error.strerror)

    def close(self) -> None:
        with self._lock:
            self._release()

    def last(self, count: int, wanted: Mapping[str, str] | None = None) -> tuple[list[dict[str, Any]], bool]:
        """(the last ``count`` entries, newest first; whether all that is kept was looked at, or enough were found).

        wanted: fields that an entry must hold, such as ``{"operation": "upsert"}``. The files are read backwards, at
        most ``MOST_READ`` bytes of them; what is no JSON object is passed over.
        """
        hints = [orjson.dumps(value) for value in (wanted or {}).values()]
        found: list[dict[str, Any]] = []
        left = MOST_READ
        for line in self._lines_backwards():
            left -= len(line) + 1
            if left < 0:
                return found, False
            if not all(hint in line for hint in hints):
                continue
            entry = _entry(line)
            if entry is not None and all(entry.get(name) == value for name, value in (wanted or {}).items()):
                found.append(entry)
                if len(found) == count:
                    return found, True
        return found, True

    def _lines_backwards(self) -> Iterator[bytes]:
        """Of the current file and of those that were set aside, each file once, though it may be renamed meanwhile."""
        seen: set[tuple[int, int]] = set()
        aside = self.path.parent.glob(f"{self.path.stem}.*{self.path.suffix}")
        for path in (self.path, *sorted(aside, reverse=True)):
            try:
                with path.open("rb") as file:
                    about = os.fstat(file.fileno())
                    if (about.st_dev, about.st_ino) not in seen:
                        seen.add((about.st_dev, about.st_ino))
                        yield from backwards(file, about.st_size)
            except FileNotFoundError:
                continue

    def _open(self) -> int:
        """A descriptor of the file that has the name now: another worker may have set the last one aside."""
        if self._descriptor >= 0:
            mine = os.fstat(self._descriptor)
            if mine.st_size < self._max_bytes and self._is_current(mine):
                return self._descriptor
            if mine.st_size >= self._max_bytes and self._is_current(mine):
                self._set_aside()
            self._release()
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _BINARY | getattr(os, "O_NOFOLLOW", 0)
        self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor

    def _is_current(self, mine: os.stat_result) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino)

    def _set_aside(self) -> None:
        self._release()  # Windows renames no open file
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        # Another worker may have done it just now; and on Windows none can while another has the file open.
        with suppress(FileNotFoundError, PermissionError):
            self.path.rename(self.path.with_name(f"{self.path.stem}.{stamp}{self.path.suffix}"))
        old = sorted(self.path.parent.glob(f"{self.path.stem}.*{self.path.suffix}"))
        for file in old[: max(len(old) - self._keep, 0)]:
            file.unlink(missing_ok=True)

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def backwards(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The lines of the first ``size`` bytes of a file, last first, without their ends; a block in memory at a time, and
    the line that it is in the middle of."""
    rest: list[bytes] = []
    at = size
    while at > 0:
        length = min(_BLOCK, at)
        at -= length
        file.seek(at)
        head, *lines = file.read(length).split(b"\n")
        if lines:
            rest.append(lines.pop())
            yield b"".join(reversed(rest))
            yield from reversed(lines)
            rest = []
        rest.append(head)
    if rest:
        yield b"".join(reversed(rest))


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None  # empty, or cut off by a full disk
    return found if isinstance(found, dict) else None
