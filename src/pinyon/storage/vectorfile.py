"""A file of float32 rows that grows at its end: the prepared vectors of one namespace.

    magic      8 bytes   b"PINYVEC\\0"
    version    uint32 LE
    dimension  uint32 LE
    reach      uint64 LE  rows that were ever begun to be written
    zeros      to byte 64
    rows       float32 little-endian, row i at 64 + 4 * dimension * i

One writer at a time, who holds the file's lock. A byte that may have been mapped by anyone is never written again:
a file that reaches further than the state somebody opens (a crash before the state was saved) is not continued but
copied. How many rows count, and the CRC-32 of each MiB of them, is the caller's to keep in a digest-protected file
(``state``). Nothing is synced: after a power loss the rows are what they were, or fail their checksums.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from pinyon.errors import ClosedError, CorruptionError
from pinyon.storage.blocks import BLOCK, Blocks
from pinyon.storage.files import (
    open_existing,
    open_new,
    read_fully,
    translated,
    try_lock,
    unlock,
    write_fully,
)
from pinyon.types import Floats, Ints

MAGIC: Final = b"PINYVEC\0"
VERSION: Final = 1
BASE: Final = 64
_HEADER: Final = struct.Struct("<8sIIQ")
_REACH_OFFSET: Final = 16
_REACH: Final = struct.Struct("<Q")


class VectorFile:
    """(n, d) float32 rows in a file. Made by ``create``, ``open`` or ``copy_to``. Thread-safe; one thread appends."""

    def __init__(self, path: Path, blocks: Blocks, dimension: int, rows: int, *, writer: bool) -> None:
        self.path = path
        self.dimension = dimension
        self.rows = rows
        self._writer_process = os.getpid() if writer else -1
        self._blocks = blocks
        self._row_bytes = 4 * dimension
        self._lock = threading.Lock()
        self._mapped: mmap.mmap | None = None
        self._capacity = 0

    # -- making -------------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, dimension: int) -> VectorFile:
        """A new empty file, locked for appending. Raises StorageError, also when ``path`` exists already."""
        with translated(path, "write the cache file"):
            descriptor = open_new(path)
            try:
                write_fully(descriptor, _HEADER.pack(MAGIC, VERSION, dimension, 0).ljust(BASE, b"\0"), 0)
                locked = try_lock(descriptor)
            except BaseException:
                os.close(descriptor)
                with suppress(OSError):
                    path.unlink()
                raise
        return cls(path, Blocks(path, descriptor, BASE, 0, []), dimension, 0, writer=locked)

    @classmethod
    def open(
        cls, path: Path, dimension: int, rows: int, block_crcs: Sequence[int] | Ints, *, append: bool = False
    ) -> VectorFile:
        """The first ``rows`` rows of an existing file, verified as they are used.

        append: try to become its writer; see ``appendable``. Raises CorruptionError when the file is missing, too short
        or of another dimension.
        """
        crcs = [int(crc) for crc in block_crcs]
        length = 4 * dimension * rows
        if len(crcs) != -(-length // BLOCK):
            raise CorruptionError(f"cache file {path}: {len(crcs)} checksums do not fit {rows} rows of {dimension}.")
        try:
            descriptor = open_existing(path, writable=append)
        except OSError as error:
            raise CorruptionError(f"cache file {path} cannot be opened: {error.strerror or error}.") from error
        try:
            writer = append and try_lock(descriptor)
            reach = _check(path, descriptor, dimension, length)
            if writer and reach != rows:
                unlock(descriptor)
                writer = False
            return cls(path, Blocks(path, descriptor, BASE, length, crcs), dimension, rows, writer=writer)
        except OSError as error:
            with suppress(OSError):
                os.close(descriptor)
            if isinstance(error, CorruptionError):
                raise
            raise CorruptionError(f"cache file {path} cannot be read: {error.strerror or error}.") from error

    def copy_to(self, path: Path) -> VectorFile:
        """A new appendable file with the same rows, each verified. Raises CorruptionError, StorageError."""
        other = VectorFile.create(path, self.dimension)
        try:
            step = max(1, BLOCK // self._row_bytes)
            for start in range(0, self.rows, step):
                stop = min(self.rows, start + step)
                self._blocks.ensure(start * self._row_bytes, stop * self._row_bytes)
                other.append(self.map(self.rows)[start:stop])
        except BaseException:
            other.close()
            with suppress(OSError):
                path.unlink()
            raise
        return other

    @property
    def appendable(self) -> bool:
        """True while this object may append: this process took the lock, and nothing lies behind the last row."""
        return self._writer_process == os.getpid()

    # -- growing ------------------------------------------------------------------------------------------------------

    def append(self, rows: Floats) -> None:
        """Writes (m, d) float32 rows behind the last. On an error the file keeps the rows it had.

        Raises StorageFullError, StorageError, ClosedError when this object is not the writer.
        """
        if not self.appendable:
            raise ClosedError(f"{self.path} is not open for appending. Copy it with copy_to and append to the copy.")
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise ValueError(f"rows have shape {rows.shape}, expected (m, {self.dimension})")
        if not len(rows):
            return
        data = np.ascontiguousarray(rows, "<f4").reshape(-1).view(np.uint8).data
        with self._lock:
            descriptor = self._blocks.descriptor
            with translated(self.path, "write the cache file"):
                # Noted first: whoever finds rows that no saved state lists must not write over them.
                write_fully(descriptor, _REACH.pack(self.rows + len(rows)), _REACH_OFFSET)
                write_fully(descriptor, data, BASE + self.rows * self._row_bytes)
            self._blocks.grow(data)
            self.rows += len(rows)

    def state(self) -> dict[str, Ints]:
        """What ``open`` needs: ``rows`` (1,) int64 and ``crc32`` (blocks,) int64, of one moment."""
        with self._lock:
            return {"rows": np.array([self.rows], np.int64), "crc32": np.array(self._blocks.checksums(), np.int64)}

    # -- reading ------------------------------------------------------------------------------------------------------

    def map(self, n: int) -> Floats:
        """(n, d) float32, read-only, the first ``n`` rows; use them after ``verify_rows`` or ``verify_all``.

        The array stays valid after ``close`` and while the file grows. Raises CorruptionError, StorageError.
        """
        if not 0 <= n <= self.rows:
            raise ValueError(f"{n} rows asked of a file with {self.rows}")
        if not n:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            if n > self._capacity:
                self._remap(n)
            assert self._mapped is not None
            flat = np.frombuffer(self._mapped, "<f4", n * self.dimension, BASE)
        return flat.reshape(n, self.dimension).astype(np.float32, copy=False)

    def _remap(self, n: int) -> None:
        """Maps at least ``n`` rows. A writer first makes the file longer than it needs, so that it remaps seldom."""
        capacity = n
        if self.appendable:
            capacity = n + max(n // 8, (1 << 20) // self._row_bytes)
            size = BASE + capacity * self._row_bytes
            with translated(self.path, "grow the cache file"):
                if os.fstat(self._blocks.descriptor).st_size < size:
                    os.truncate(self._blocks.descriptor, size)
        self._mapped = self._blocks.map(BASE + capacity * self._row_bytes)
        self._capacity = capacity

    @property
    def complete(self) -> bool:
        """True once every row was verified; rows that this object appended need no verification."""
        return self._blocks.complete

    def verify_rows(self, rows: Ints) -> None:
        """Verifies the blocks that hold these rows: (m,) int64, any order. Raises CorruptionError."""
        if not self._blocks.complete:
            self._blocks.ensure_rows(0, self._row_bytes, rows)

    def verify_all(self) -> None:
        """Verifies everything, 1 MiB at a time; meant for a background thread. Raises CorruptionError.

        A reader then needs its descriptor no more (the map remains) and closes it.
        """
        self._blocks.ensure_all()
        if not self.appendable:
            self.map(self.rows)
            with self._lock:
                self._blocks.close()

    def close(self) -> None:
        """Gives the lock back and closes the file. Maps stay valid. Save ``state`` before, or the new rows are lost."""
        with self._lock:
            if self.appendable:  # a forked child shares the lock and must not give it back
                unlock(self._blocks.descriptor)
            self._writer_process = -1
            self._blocks.close()
            self._mapped = None


def _check(path: Path, descriptor: int, dimension: int, length: int) -> int:
    """Rows that were ever begun to be written. Raises CorruptionError when the file can't hold what is asked."""
    head = read_fully(descriptor, _HEADER.size, 0)
    if len(head) < _HEADER.size:
        raise CorruptionError(f"cache file {path} is cut within its header. It is rebuilt from the truth file.")
    magic, version, found, reach = _HEADER.unpack(head)
    if (magic, version, found) != (MAGIC, VERSION, dimension):
        raise CorruptionError(
            f"cache file {path} is not a version {VERSION} file of dimension {dimension}. "
            "It is rebuilt from the truth file."
        )
    size = os.fstat(descriptor).st_size
    if size < BASE + length:
        raise CorruptionError(
            f"cache file {path} has {size} bytes, expected at least {BASE + length}. It is rebuilt from the truth file."
        )
    return int(reach)
