"""Quantised codes scanned exhaustively: 4 bits for every few dimensions, filtered by a bitmap during the scan.

Scanning everything makes a filter harmless: no graph is cut and no cluster is skipped, so only the precision of the
codes limits recall, and ``rerank`` makes up for that with the stored float32 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index import _faiss
from pinyon.index._faiss import available
from pinyon.types import Bools, Floats, Ints, Metric

__all__ = ["Scan", "available", "code_bytes"]

_CENTROIDS = 16
_TRAINING_VALUES = 5_000 * 384
_TRAINING_ROWS = (256, 10_000)
_ITERATIONS = 10
_MOST_SUBSPACES = 1_024


class Scan:
    """Codes of rows 0..n-1, ``subspaces`` times 4 bits each.

    A value never changes; ``extended`` gives a new one, so readers need no lock.
    """

    __slots__ = ("_index", "_padded", "d", "metric", "n", "subspaces")

    def __init__(self, index: Any, d: int, padded: int, metric: Metric, n: int) -> None:
        self._index = index
        self._padded = padded
        self.d = d
        self.metric = metric
        self.n = n
        self.subspaces: int = int(index.pq.M)

    @classmethod
    def train(cls, sample: Floats, metric: Metric, *, width: int | None = None) -> Scan:
        """An empty code whose codebook fits the (m, d) float32 prepared ``sample``, m >= 1.

        ``width`` is the number of dimensions that share 4 bits (``default_width`` by default): half of it doubles the
        code and its precision. Only as many sample rows are read as the codebook needs, at an even stride. Raises
        MissingExtraError without faiss.
        """
        if sample.ndim != 2 or sample.shape[0] < 1 or sample.shape[1] < 1:
            raise InvalidRequestError(f"a sample of shape {sample.shape} cannot train a code; give (m, d) rows, m >= 1")
        d = sample.shape[1]
        span = default_width(d) if width is None else max(1, min(width, d))
        padded = -(-d // span) * span
        rows = training_rows(sample, padded)
        index = _faiss.train_codes(pad(rows, padded), padded // span, metric, _ITERATIONS)
        return cls(index, d, padded, metric, 0)

    def extended(self, rows: Floats | Iterable[Floats]) -> Scan:
        """A new value that covers n + m rows, the (m, d) float32 prepared ``rows`` last. This one stays as it is.

        rows: an array, or pieces of one, which are taken one after the other. Costs a copy of the codes, however many
        pieces there are, and the encoding of the new rows; the GIL is released meanwhile.
        """
        grown, n = _faiss.extended(self._index, fitting_pieces(rows, self.d, self._padded), self.n)
        return self if n == self.n else Scan(grown, self.d, self._padded, self.metric, n)

    def emptied(self) -> Scan:
        """The same codebook without rows."""
        return Scan(_faiss.emptied(self._index), self.d, self._padded, self.metric, 0)

    def candidates(self, query: Floats, depth: int, mask: Bools | None = None) -> Ints:
        """Exactly min(depth, matches) distinct int64 rows that satisfy the (>= n,) bool mask, the most promising first.

        Where everything that matches is asked for, the rows come in row order.
        """
        allowed = self._allowed(mask)
        if depth >= (self.n if allowed is None else np.count_nonzero(allowed)):
            return np.arange(self.n) if allowed is None else np.flatnonzero(allowed)
        if depth < 1:
            return np.empty(0, dtype=np.int64)
        rows, _ = _faiss.search(self._index, self._padded_query(query), depth, allowed)
        return rows if rows.size == depth else self._filled(rows, depth, allowed)

    def probe(self, query: Floats, depth: int, mask: Bools | None = None) -> tuple[Ints, Floats]:
        """At most ``depth`` rows and the (m,) float32 scores that their codes give, best first.

        Fewer than min(depth, matches) where the codes cannot tell rows apart; ``candidates`` fills up instead.
        """
        reach = min(depth, self.n)
        if reach < 1:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return _faiss.search(self._index, self._padded_query(query), reach, self._allowed(mask))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """{"codes": (bytes,) uint8, "layout": (3,) int64 of d, padded d, n}; ``from_arrays`` reads them back."""
        layout = np.array([self.d, self._padded, self.n], dtype=np.int64)
        return {"codes": _faiss.serialise(self._index), "layout": layout}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], metric: Metric) -> Scan:
        """The value that ``to_arrays`` gave. The caller has verified the checksum of the bytes.

        Raises FormatError when the arrays do not belong together.
        """
        if not {"codes", "layout"} <= arrays.keys() or arrays["layout"].shape != (3,):
            raise FormatError(f"quantised codes need the arrays 'codes' and 'layout' (3,), not {sorted(arrays)}")
        d, padded, n = (int(value) for value in arrays["layout"])
        if not 0 < d <= padded:
            raise FormatError(f"quantised codes of dimension {d}, padded to {padded}, make no sense; rebuild them")
        return cls(_faiss.deserialise(arrays["codes"], padded, n, metric, 1), d, padded, metric, n)

    @property
    def width(self) -> int:
        """Dimensions that share 4 bits."""
        return self._padded // self.subspaces

    @property
    def nbytes(self) -> int:
        """Bytes of codes, row numbers and codebook."""
        index = self._index
        return int(self.n * (index.code_size + 8) + _CENTROIDS * self._padded * 4)

    def __len__(self) -> int:
        return self.n

    def _allowed(self, mask: Bools | None) -> Bools | None:
        if mask is None:
            return None
        if len(mask) < self.n:
            raise InvalidRequestError(f"a mask of {len(mask)} rows does not cover {self.n} rows; give one value a row")
        return mask if len(mask) == self.n else mask[: self.n]

    def _padded_query(self, query: Floats) -> Floats:
        if query.shape != (self.d,):
            raise InvalidRequestError(f"a query of shape {query.shape} does not fit codes of dimension {self.d}")
        contiguous = np.ascontiguousarray(query, dtype=np.float32)
        return contiguous if self._padded == self.d else pad(contiguous[None, :], self._padded)[0]

    def _filled(self, rows: Ints, depth: int, allowed: Bools | None) -> Ints:
        # Equal or saturated code scores can leave places empty; the promise of the count does not.
        rest = np.ones(self.n, dtype=np.bool_) if allowed is None else allowed.copy()
        rest[rows] = False
        return np.concatenate([rows, np.flatnonzero(rest)[: depth - rows.size]])


def default_width(d: int) -> int:
    """Dimensions that share a 4-bit code: 4 at full size (measured), fewer where the whole code is short anyway."""
    if d < 64:
        return 1
    if d < 256:
        return 2
    return max(4, -(-d // _MOST_SUBSPACES))


def fitting_pieces(rows: Floats | Iterable[Floats], d: int, padded: int) -> Iterator[Floats]:
    """Contiguous pieces of (m, d) rows, padded; empty ones are left out. Raises InvalidRequestError."""
    for piece in (rows,) if isinstance(rows, np.ndarray) else rows:
        if piece.ndim != 2 or piece.shape[1] != d:
            raise InvalidRequestError(f"rows of shape {piece.shape} do not fit codes of dimension {d}")
        if len(piece):
            yield pad(np.ascontiguousarray(piece, dtype=np.float32), padded)


def code_bytes(n: int, d: int, width: int) -> int:
    """Bytes that the codes of n rows of d numbers take, with row and list numbers, ``width`` dimensions to 4 bits."""
    subspaces = -(-d // width)
    return n * ((subspaces + 1) // 2 + 12)


def training_rows(sample: Floats, padded: int) -> Floats:
    """As many of the (m, d) rows as the codebook of a padded dimension needs, at an even stride."""
    fewest, most = _TRAINING_ROWS
    wanted = min(most, max(fewest, _TRAINING_VALUES // padded))
    rows = np.ascontiguousarray(sample, dtype=np.float32)
    if len(rows) > wanted:
        rows = rows[np.linspace(0, len(rows) - 1, wanted).astype(np.int64)]
    if len(rows) < _CENTROIDS:
        # k-means wants a row for each centroid: repeats are harmless.
        rows = np.tile(rows, (-(-_CENTROIDS // len(rows)), 1))
    return rows


def pad(rows: Floats, padded: int) -> Floats:
    """(m, d) rows with zeros up to the padded dimension."""
    if rows.shape[1] == padded:
        return rows
    wide = np.zeros((len(rows), padded), dtype=np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide
