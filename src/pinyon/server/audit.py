"""The audit log: one JSON object a line, appended by every worker, set aside when it is full."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

log = logging.getLogger("pinyon.audit")

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
