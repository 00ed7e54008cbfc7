"""What the storage room asks of the operating system: private files, durable renames, locks, translated errors."""

from __future__ import annotations

import errno
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pinyon.errors import ReadOnlyError, StorageError, StorageFullError

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
TEMPORARY_SUFFIX = ".tmp"

_BINARY: int = getattr(os, "O_BINARY", 0)
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
NO_SPACE = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}


def storage_error(error: OSError, path: Path, action: str) -> StorageError:
    """The Pinyon error for what the operating system said about ``path`` while we tried to ``action`` it."""
    reason = error.strerror or str(error)
    if error.errno in NO_SPACE:
        return StorageFullError(f"cannot {action} {path}: {reason}. Free space on that disk and try again.")
    if error.errno in _REFUSED:
        return ReadOnlyError(f"cannot {action} {path}: {reason}. Check its permissions, or open read-only.")
    return StorageError(f"cannot {action} {path}: {reason}.")


@contextmanager
def translated(path: Path, action: str) -> Iterator[None]:
    """Turns an OSError of the block into a StorageError that names ``path``; Pinyon's own errors pass unchanged."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, path, action) from error


def make_private_directory(path: Path) -> None:
    """Makes ``path`` and its parents; what is made has mode 0700. Raises StorageError."""
    with translated(path, "create the directory"):
        missing = [path, *path.parents]
        for folder in reversed([folder for folder in missing if not folder.exists()]):
            with suppress(FileExistsError):
                folder.mkdir(DIRECTORY_MODE)


def open_new(path: Path) -> int:
    """A descriptor of a file that did not exist, readable and writable, mode 0600."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY | _NO_FOLLOW, FILE_MODE)


def create_private(path: Path) -> None:
    """An empty file of mode 0600 where there is none yet; SQLite gives its companions the same mode."""
    with translated(path, "create"), suppress(FileExistsError):
        os.close(open_new(path))


def open_existing(path: Path, *, writable: bool = False) -> int:
    """A descriptor of a file that exists and is not a symbolic link."""
    return os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | _BINARY | _NO_FOLLOW)


def temporary_name(path: Path) -> Path:
    """A name beside ``path`` that nobody else uses; it begins with the name of ``path`` and ends in ``.tmp``."""
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}{TEMPORARY_SUFFIX}")


def sync_file(path: Path) -> None:
    """fsync of a closed file."""
    descriptor = open_existing(path, writable=True)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """fsync of a directory, so that a rename in it survives power loss. Windows offers none and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Replaces the file at ``path`` so that after a crash it holds the old or the new bytes, never a mixture."""
    temporary = temporary_name(path)
    try:
        descriptor = open_new(temporary)
        try:
            write_fully(descriptor, data, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
        sync_directory(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


if sys.platform == "win32":
    _position = threading.Lock()

    def read_at(descriptor: int, count: int, offset: int) -> bytes:
        with _position:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, count)

    def _write_at(descriptor: int, data: memoryview, offset: int) -> int:
        with _position:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, data)

else:

    def read_at(descriptor: int, count: int, offset: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end of the file."""
        return os.pread(descriptor, count, offset)

    def _write_at(descriptor: int, data: memoryview, offset: int) -> int:
        return os.pwrite(descriptor, data, offset)


def read_fully(descriptor: int, count: int, offset: int) -> bytes:
    """``count`` bytes from ``offset``, or fewer where the file ends before."""
    data = read_at(descriptor, count, offset)
    if len(data) == count or not data:
        return data
    parts, have = [data], len(data)
    while have < count:
        part = read_at(descriptor, count - have, offset + have)
        if not part:
            break
        parts.append(part)
        have += len(part)
    return b"".join(parts)


def write_fully(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Writes all of ``data`` at ``offset``; a short write is continued until the system gives an error."""
    rest = memoryview(data).cast("B") if not isinstance(data, memoryview) or data.format != "B" else data
    while rest.nbytes:
        written = _write_at(descriptor, rest, offset)
        if written <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]
        offset += written


def try_lock(descriptor: int) -> bool:
    """Takes the exclusive lock of an open file without waiting; False when another holder has it.

    The lock belongs to the open file: the system drops it when its last descriptor is closed, also by a kill.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK):
            return False
        raise
    return True


def unlock(descriptor: int) -> None:
    """Gives the lock of ``try_lock`` back, also on behalf of forked children that inherited the descriptor."""
    with suppress(OSError):
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_UN)
