"""Leases: work that one of several processes on a data directory does, and the others leave alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pinyon.storage.files import FILE_MODE, make_private_directory, translated, try_lock, unlock

FOLDER = ".leases"
"""Below the data directory. Its files are empty; they come and go with their leases."""


@contextmanager
def file_lease(folder: Path, name: str) -> Iterator[bool]:
    """True when the lease is ours until the end of the block. Never waits.

    The lock is the operating system's: it ends with the process, however that ends. Raises StorageError.
    """
    path = folder / f"{name}.lock"
    with translated(folder, "lock a file in"):
        make_private_directory(folder)
        descriptor = _locked(path)
    if descriptor is None:
        yield False
        return
    owner = os.getpid()
    try:
        yield True
    finally:
        if os.getpid() == owner:  # a child forked meanwhile shares the lock
            with suppress(OSError):
                path.unlink()
            unlock(descriptor)
        with suppress(OSError):
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    """A descriptor of the file that has this name now, locked; None when somebody else has the lock."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            if not try_lock(descriptor):
                os.close(descriptor)
                return None
        except OSError:
            os.close(descriptor)
            raise
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # its last owner deleted it between our two steps


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
