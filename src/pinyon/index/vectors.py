"""The float32 rows of a namespace as an immutable value that grows without copying what it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.types import Floats, Ints

_SMALL_TAIL_ROWS = 4_096
_NORM_CHUNK_BYTES = 1 << 20


class _Buffer:
    """Rows with spare capacity. ``used`` is the furthest row that any published value covers."""

    __slots__ = ("lock", "rows", "used")

    def __init__(self, capacity: int, d: int) -> None:
        self.rows: Floats = np.empty((capacity, d), dtype=np.float32)
        self.used = 0
        self.lock = threading.Lock()

    def extend(self, length: int, added: Floats) -> bool:
        """Writes ``added`` behind row ``length``; False when another value went on from there, or it does not fit."""
        with self.lock:
            end = length + len(added)
            if self.used != length or end > len(self.rows):
                return False
            self.rows[length:end] = added
            self.used = end
            return True


class Vectors:
    """(n, d) float32 rows in blocks. A value never changes; ``append`` gives a new one that shares its rows."""

    __slots__ = ("_blocks", "_buffer", "_norm", "_starts", "_tail", "d", "n")

    def __init__(self, d: int, blocks: tuple[Floats, ...] = ()) -> None:
        """``blocks``: (n_i, d) float32 arrays, kept as they are (a read-only ``np.memmap`` too) and never written."""
        for block in blocks:
            if block.ndim != 2 or block.shape[1] != d or block.dtype != np.float32:
                raise InvalidRequestError(
                    f"a block of {block.dtype} with shape {block.shape} is not (n, {d}) float32; convert it first"
                )
        self._set(d, tuple(_plain(block) for block in blocks if len(block)), None, 0)

    def _set(self, d: int, blocks: tuple[Floats, ...], buffer: _Buffer | None, tail: int) -> None:
        self.d = d
        self._blocks = blocks
        self._buffer = buffer
        self._tail = tail
        lengths = [len(block) for block in blocks]
        self._starts: tuple[int, ...] = tuple(sum(lengths[:i]) for i in range(len(lengths) + 1))
        self.n: int = self._starts[-1] + tail
        self._norm: float | None = None

    def append(self, added: Floats) -> Vectors:
        """A new value with the (m, d) float32 rows behind these; the rows are copied. Safe from any thread."""
        if added.ndim != 2 or added.shape[1] != self.d:
            raise InvalidRequestError(f"rows of shape {added.shape} do not fit vectors of dimension {self.d}")
        grown = Vectors.__new__(Vectors)
        tail = self._tail + len(added)
        if self._buffer is not None and self._buffer.extend(self._tail, added):
            grown._set(self.d, self._blocks, self._buffer, tail)
            return grown
        sealed, kept = self._seal()
        buffer = _Buffer(self._capacity(len(kept) + len(added)), self.d)
        buffer.extend(0, kept)
        buffer.extend(len(kept), added)
        grown._set(self.d, sealed, buffer, len(kept) + len(added))
        return grown

    def _seal(self) -> tuple[tuple[Floats, ...], Floats]:
        """The blocks that stay, and the rows that move into the next buffer: a small tail is copied, not kept apart."""
        if self._buffer is None:
            return self._blocks, np.empty((0, self.d), dtype=np.float32)
        tail = self._buffer.rows[: self._tail]
        if self._tail < _SMALL_TAIL_ROWS:
            return self._blocks, tail
        return (*self._blocks, tail), tail[:0]

    def _capacity(self, needed: int) -> int:
        # Exact at first, since most namespaces never grow; then in proportion, so that blocks stay few.
        return needed if self.n == 0 else needed + max(needed // 2, self.n // 2)

    def blocks(self) -> list[Floats]:
        """The rows in order, as views: [(n_i, d) float32, ...]."""
        return [block for _, block in self._spans()]

    def span(self, start: int, stop: int) -> list[Floats]:
        """Rows start..stop-1 as views of the blocks that hold them."""
        parts = ((block, max(start - at, 0), min(stop - at, len(block))) for at, block in self._spans())
        return [block[low:high] for block, low, high in parts if low < high]

    def take(self, rows: Ints) -> Floats:
        """(m,) row numbers in 0..n-1 -> (m, d) float32, a private C-contiguous copy.

        Raises InvalidRequestError for a row number outside of that range.
        """
        if rows.size == 0:
            return np.empty((0, self.d), dtype=np.float32)
        low, high = int(rows.min()), int(rows.max())
        if low < 0 or high >= self.n:
            raise InvalidRequestError(f"rows {low}..{high} are not within 0..{self.n - 1}")
        spans = self._spans()
        _, first = next(spans)
        taken: Floats = first.take(rows, axis=0, mode="clip")
        if high >= len(first):
            for at, block in spans:
                here = np.flatnonzero((rows >= at) & (rows < at + len(block)))
                taken[here] = block[rows[here] - at]
        return taken

    def largest_norm(self) -> float:
        """The largest Euclidean norm of a row, 0.0 without rows. Reads every row at its first call."""
        if self._norm is None:
            self._norm = max((largest_norm(block) for block in self.blocks()), default=0.0)
        return self._norm

    @property
    def nbytes(self) -> int:
        """Bytes of the rows, spare capacity included. Mapped blocks count in full."""
        spare = 0 if self._buffer is None else self._buffer.rows.nbytes
        return sum(block.nbytes for block in self._blocks) + spare

    def __len__(self) -> int:
        return self.n

    def _spans(self) -> Iterator[tuple[int, Floats]]:
        yield from zip(self._starts, self._blocks, strict=False)
        if self._buffer is not None and self._tail:
            yield self._starts[-1], self._buffer.rows[: self._tail]


def largest_norm(rows: Floats) -> float:
    """The largest Euclidean norm among (n, d) rows, 0.0 without rows."""
    largest = 0.0
    step = max(1, _NORM_CHUNK_BYTES // max(4, 4 * rows.shape[1]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        largest = max(largest, float(np.einsum("ij,ij->i", part, part, dtype=np.float64).max()))
    return float(np.sqrt(largest))


def _plain(block: Floats) -> Floats:
    # np.memmap's own indexing costs microseconds; a plain view of the same pages does not.
    plain: Floats = np.asarray(block).view(np.ndarray)
    return np.ascontiguousarray(plain)
