"""Files that a server keeps whole, such as the documents of an assistant: private, on disk before they are named.

What names them is the catalog. A file that nothing names is what a killed process left, and ``sweep`` takes it away.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pinyon.storage import files


@dataclass(frozen=True, slots=True)
class Blob:
    """size: bytes. digest: BLAKE2b-128, hexadecimal."""

    id: str
    size: int
    digest: str


class Blobs:
    """Files by folder and id, both made of letters and digits. root: None keeps them in a temporary directory."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._temporary: Path | None = None
        self._lock = threading.Lock()

    def put(self, folder: str, parts: Iterable[bytes | memoryview]) -> Blob:
        """Keeps a file; when this returns it survives a power loss. Raises StorageError, and what ``parts`` raises."""
        id = uuid4().hex
        path = self.path(folder, id)
        files.make_private_directory(path.parent)
        hashed, size = hashlib.blake2b(digest_size=16), 0
        temporary = files.temporary_name(path)
        try:
            with files.translated(path, "write"):
                descriptor = files.open_new(temporary)
                try:
                    for part in parts:
                        files.write_fully(descriptor, part, size)
                        hashed.update(part)
                        size += len(part)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                temporary.replace(path)
                files.sync_directory(path.parent)
                files.sync_directory(path.parent.parent)
        finally:
            with suppress(OSError):
                temporary.unlink()
        return Blob(id, size, hashed.hexdigest())

    def path(self, folder: str, id: str) -> Path:
        return self._base() / folder / id

    def remove(self, folder: str, id: str) -> None:
        """Harmless when it is gone already."""
        with suppress(OSError):
            self.path(folder, id).unlink()

    def remove_folder(self, folder: str) -> None:
        shutil.rmtree(self._base() / folder, ignore_errors=True)

    def size(self) -> int:
        """Bytes of all files."""
        found = 0
        for path in self._all():
            with suppress(OSError):
                found += path.stat().st_size
        return found

    def sweep(self, named: Iterable[tuple[str, str]], *, idle: float = 86_400.0) -> list[Path]:
        """Removes the files that are not among those (folder, id). Gives what is gone.

        idle: seconds without a change, so that nothing is taken that another process is about to name.
        """
        kept = {self.path(folder, id) for folder, id in named}
        gone = []
        for path in self._all():
            with suppress(OSError):
                ours = len(path.name) >= 32 and not set(path.name[:32]) - set("0123456789abcdef")
                if ours and path not in kept and time.time() - path.stat().st_mtime > idle:
                    path.unlink()
                    gone.append(path)
        return gone

    def close(self) -> None:
        """Forgets what was temporary."""
        with self._lock:
            if self._temporary is not None:
                shutil.rmtree(self._temporary, ignore_errors=True)
                self._temporary = None

    def _all(self) -> list[Path]:
        return sorted(self._base().glob("*/*")) if self._root is not None or self._temporary is not None else []

    def _base(self) -> Path:
        if self._root is not None:
            return self._root
        with self._lock:
            if self._temporary is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="pinyon-"))
            return self._temporary
