"""Lazy verification of a file in blocks of 1 MiB, and read-only maps of what was verified.

Verification reads with ``pread`` instead of through the map: a file that became shorter or a bad sector then gives an
error, where touching the map would kill the process with SIGBUS. Pinyon never shortens or rewrites a published cache
file in place, so a block that was verified once stays what it was.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import numpy as np

from pinyon.errors import CorruptionError
from pinyon.storage.files import read_fully
from pinyon.types import Bools, Ints

BLOCK = 1 << 20
"""Bytes that one CRC-32 covers."""


class Blocks:
    """The checksummed region of an open file. Owns the descriptor. Thread-safe.

    base: file offset where the region begins. length: its bytes; the last block may be partial.
    """

    __slots__ = ("_bad", "_crcs", "_descriptor", "_lock", "_verified", "base", "complete", "length", "path")

    def __init__(self, path: Path, descriptor: int, base: int, length: int, crcs: Sequence[int]) -> None:
        self.path = path
        self.base = base
        self.length = length
        self.complete = not crcs
        """True once every block was verified: nothing is left to do for any reader."""
        self._descriptor = descriptor
        self._crcs = list(crcs)
        self._verified: Bools = np.zeros(len(crcs), np.bool_)
        self._bad: set[int] = set()
        self._lock = threading.Lock()

    def ensure(self, start: int, stop: int) -> None:
        """Verifies the bytes [start, stop) of the region. Raises CorruptionError naming file and offset."""
        if self.complete or start >= stop:
            return
        self._verify(range(start // BLOCK, (stop - 1) // BLOCK + 1))

    def ensure_rows(self, offset: int, row_bytes: int, rows: Ints) -> None:
        """Verifies the blocks that hold ``rows`` of an array whose row 0 begins at byte ``offset`` of the region.

        rows: (m,) int64, any order, repeats allowed. Raises CorruptionError.
        """
        if self.complete or not len(rows) or not row_bytes:
            return
        first = (offset + rows * row_bytes) // BLOCK
        last = (offset + rows * row_bytes + (row_bytes - 1)) // BLOCK
        verified = self._verified
        needed = np.zeros(len(verified), np.bool_)
        for step in range(int((last - first).max()) + 1):
            needed[np.minimum(first + step, last)] = True
        missing = np.flatnonzero(needed & ~verified)
        if missing.size:
            self._verify(missing.tolist())

    def ensure_all(self) -> None:
        """Verifies what nobody touched yet; afterwards every ``ensure`` returns at once. Raises CorruptionError."""
        if not self.complete:
            self._verify(range(len(self._crcs)))

    def read(self, start: int, stop: int) -> bytearray:
        """The verified bytes [start, stop) of the region as a copy. Raises CorruptionError."""
        out = bytearray(stop - start)
        for block in range(start // BLOCK, (stop - 1) // BLOCK + 1) if stop > start else ():
            with self._lock:
                data = self._load(block)
            low, high = max(start, block * BLOCK), min(stop, block * BLOCK + len(data))
            out[low - start : high - start] = data[low - block * BLOCK : high - block * BLOCK]
        return out

    def _verify(self, blocks: Sequence[int]) -> None:
        for block in blocks:
            if not self._verified[block]:
                with self._lock:
                    if not self._verified[block]:
                        self._load(block)
        with self._lock:
            self.complete = bool(self._verified.all())

    def _load(self, block: int) -> bytes:
        """Reads and checks one block, under the lock."""
        if block in self._bad:
            raise self._damaged(block, "the checksum does not match")
        if self._descriptor < 0:
            raise self._damaged(block, "the file was closed before this block was verified")
        count = min(BLOCK, self.length - block * BLOCK)
        try:
            data = read_fully(self._descriptor, count, self.base + block * BLOCK)
        except OSError as error:
            raise self._damaged(block, error.strerror or str(error)) from error
        if len(data) < count:
            raise self._damaged(block, "the file ends there")
        if crc32(data) != self._crcs[block]:
            self._bad.add(block)
            raise self._damaged(block, "the checksum does not match")
        self._verified[block] = True
        return data

    def _damaged(self, block: int, reason: str) -> CorruptionError:
        return CorruptionError(
            f"cache file {self.path} is damaged at offset {self.base + block * BLOCK}: {reason}. "
            "It is rebuilt from the truth file; nothing is lost."
        )

    def grow(self, data: memoryview) -> None:
        """Takes note of bytes that the owner of the file just wrote behind the region: they need no verification."""
        with self._lock:
            taken = 0
            while taken < data.nbytes:
                filled = self.length % BLOCK
                part = data[taken : taken + BLOCK - filled]
                if filled:
                    self._crcs[-1] = crc32(part, self._crcs[-1])
                else:
                    self._crcs.append(crc32(part))
                    self._verified = np.append(self._verified, True)
                taken += part.nbytes
                self.length += part.nbytes

    def checksums(self) -> list[int]:
        """CRC-32 of each block, the last of its bytes so far."""
        with self._lock:
            return list(self._crcs)

    def map(self, size: int) -> mmap.mmap:
        """A read-only map of the first ``size`` bytes of the file. Raises CorruptionError when it is shorter."""
        try:
            if os.fstat(self._descriptor).st_size < size:
                raise CorruptionError(
                    f"cache file {self.path} is shorter than {size} bytes. It is rebuilt from the truth file."
                )
            if sys.version_info >= (3, 13):
                return mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ, trackfd=False)
            return mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise CorruptionError(f"cache file {self.path} cannot be mapped ({error}).") from error
        except OSError as error:
            if isinstance(error, CorruptionError):
                raise
            raise CorruptionError(f"cache file {self.path} cannot be mapped ({error.strerror}).") from error

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)

    def close(self) -> None:
        """Closes the descriptor. Arrays that were handed out stay valid; blocks not yet verified can't be any more."""
        with self._lock:
            self._close()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            self._close()
