"""Inverted lists for sparse vectors: exact dot products with the rows that share a term with the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.types import Bools, Floats, Ints, SparseValues

_FAN = 8
_NAMES = ("terms", "offsets", "rows", "values", "n")


@dataclass(frozen=True, slots=True)
class _Segment:
    """Postings sorted by term, then row: those of ``terms[i]`` are at ``offsets[i]:offsets[i + 1]``.

    gone: (n,) bool over all rows, true where a later segment holds the row's values; None when nowhere.
    """

    terms: NDArray[np.uint32]
    offsets: Ints
    rows: NDArray[np.int32]
    values: Floats
    level: int
    gone: Bools | None = None

    @property
    def nbytes(self) -> int:
        gone = 0 if self.gone is None else self.gone.nbytes
        return self.terms.nbytes + self.offsets.nbytes + self.rows.nbytes + self.values.nbytes + gone


class Sparse:
    """Sparse vectors of rows 0..n-1. A value never changes: every change gives a new one, so readers need no lock."""

    __slots__ = ("_segments", "n")

    def __init__(self) -> None:
        self._segments: tuple[_Segment, ...] = ()
        self.n = 0

    def append(self, added: Sequence[SparseValues | None]) -> Sparse:
        """A new value with the rows n, n + 1, ...; None where a row has no sparse vector."""
        rows = np.arange(self.n, self.n + len(added), dtype=np.int64)
        return _value(_tiered(self._segments, _segment(rows, added)), self.n + len(added))

    def replace(self, rows: Ints, values: Sequence[SparseValues | None]) -> Sparse:
        """A new value in which the (m,) distinct ``rows`` have ``values`` instead of their own; None clears a row.

        Raises InvalidRequestError for a row that is not in 0..n-1.
        """
        if len(rows) != len(values):
            raise InvalidRequestError(f"{len(rows)} rows and {len(values)} sparse vectors do not pair up")
        if len(rows) == 0:
            return self
        if int(rows.min()) < 0 or int(rows.max()) >= self.n:
            raise InvalidRequestError(f"rows {int(rows.min())}..{int(rows.max())} are not within 0..{self.n - 1}")
        kept = tuple(_without(segment, rows, self.n) for segment in self._segments)
        return _value(_tiered(kept, _segment(rows, values)), self.n)

    def settle(self) -> Sparse:
        """The same vectors in one list per term: the fastest to search, and what ``to_arrays`` stores."""
        if len(self._segments) <= 1 and all(segment.gone is None for segment in self._segments):
            return self
        return _value((_merged(self._segments),), self.n)

    def scores(self, query: SparseValues, mask: Bools | None = None) -> tuple[Ints, Floats]:
        """(m,) int64 rows that share a term with ``query`` and satisfy the (>= n,) bool mask, ascending, and their
        (m,) float32 dot products."""
        rows, products = self._postings(query)
        touched = np.zeros(self.n, dtype=np.bool_)
        touched[rows] = True
        if mask is not None:
            if len(mask) < self.n:
                raise InvalidRequestError(f"a mask of {len(mask)} rows does not cover {self.n} rows")
            touched &= mask[: self.n]
        found = np.flatnonzero(touched)
        summed = np.bincount(rows, weights=products, minlength=self.n)
        return found, summed[found].astype(np.float32)

    def holders(self, terms: Sequence[int]) -> Bools:
        """(n,) bool mask of the rows whose sparse vectors hold every one of ``terms``."""
        everywhere = np.ones(self.n, dtype=np.bool_)
        for term in terms:
            rows, _ = self._postings(SparseValues(np.array([term], np.uint32), np.ones(1, np.float32)))
            found = np.zeros(self.n, dtype=np.bool_)
            found[rows] = True
            everywhere &= found
        return everywhere

    def all_scores(self, query: SparseValues, n: int | None = None) -> Floats:
        """(n,) float32 dot products of every row, 0.0 where no term is shared; ``n`` >= the rows held, these by
        default."""
        length = self.n if n is None else n
        if length < self.n:
            raise InvalidRequestError(f"{length} scores cannot hold {self.n} rows")
        rows, products = self._postings(query)
        return np.bincount(rows, weights=products, minlength=length).astype(np.float32)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """{"terms": (t,) uint32, "offsets": (t + 1,) int64, "rows": (nnz,) int32, "values": (nnz,) float32,
        "n": (1,) int64}; ``from_arrays`` reads them back."""
        settled = self.settle()
        whole = settled._segments[0] if settled._segments else _segment(np.empty(0, dtype=np.int64), [])
        return {
            "terms": whole.terms,
            "offsets": whole.offsets,
            "rows": whole.rows,
            "values": whole.values,
            "n": np.array([self.n], dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Sparse:
        """The value that ``to_arrays`` gave, keeping the arrays (read-only maps too). Raises FormatError when they do
        not belong together; the caller has verified their checksum."""
        if not set(_NAMES) <= arrays.keys():
            raise FormatError(f"inverted lists need the arrays {', '.join(_NAMES)}, not {sorted(arrays)}")
        terms, offsets, rows, values, counts = (np.asarray(arrays[name]) for name in _NAMES)
        n = int(counts[0]) if counts.shape == (1,) else -1
        ends_fit = offsets.size == terms.size + 1 and int(offsets[-1]) == rows.size == values.size
        if n < 0 or not ends_fit or (rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < n):
            raise FormatError(f"inverted lists of {terms.size} terms and {rows.size} postings over {n} rows do not fit")
        segment = _Segment(terms, offsets, rows, values, _level(rows.size))
        return _value((segment,) if rows.size else (), n)

    @property
    def nbytes(self) -> int:
        return sum(segment.nbytes for segment in self._segments)

    def __len__(self) -> int:
        return self.n

    def _postings(self, query: SparseValues) -> tuple[Ints, NDArray[np.float64]]:
        """Row and weighted value of every posting that the query touches, by term within a segment."""
        rows: list[Ints] = [np.empty(0, dtype=np.int64)]
        products: list[NDArray[np.float64]] = [np.empty(0, dtype=np.float64)]
        for segment in self._segments:
            places = np.searchsorted(segment.terms, query.indices)
            for place, term, weight in zip(places.tolist(), query.indices.tolist(), query.values, strict=True):
                if place == segment.terms.size or int(segment.terms[place]) != term:
                    continue
                low, high = int(segment.offsets[place]), int(segment.offsets[place + 1])
                listed, values = segment.rows[low:high], segment.values[low:high]
                if segment.gone is not None:
                    stay = ~segment.gone[listed]
                    listed, values = listed[stay], values[stay]
                rows.append(listed.astype(np.int64))
                products.append(values.astype(np.float64) * float(weight))
        return np.concatenate(rows), np.concatenate(products)


def _value(segments: tuple[_Segment, ...], n: int) -> Sparse:
    value = Sparse()
    value._segments = segments
    value.n = n
    return value


def _segment(rows: Ints, added: Sequence[SparseValues | None]) -> _Segment:
    present = [(row, values) for row, values in zip(rows.tolist(), added, strict=True) if values is not None]
    if not present:
        return _sorted(np.empty(0, np.uint32), np.empty(0, np.int32), np.empty(0, np.float32))
    owners = np.array([row for row, _ in present], dtype=np.int32)
    lengths = [values.indices.size for _, values in present]
    terms = np.concatenate([values.indices for _, values in present])
    weights = np.concatenate([values.values for _, values in present])
    return _sorted(terms, np.repeat(owners, lengths), weights)


def _sorted(terms: NDArray[np.uint32], rows: NDArray[np.int32], values: Floats) -> _Segment:
    # Sorting one 64-bit key is several times faster than a stable argsort of the terms.
    keys = (terms.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64)
    order = np.argsort(keys)
    ordered = terms[order].astype(np.uint32, copy=False)
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] + np.uint32(1)))
    offsets = np.append(starts, ordered.size).astype(np.int64)
    return _Segment(ordered[starts], offsets, rows[order], values[order].astype(np.float32), _level(rows.size))


def _tiered(segments: tuple[_Segment, ...], added: _Segment) -> tuple[_Segment, ...]:
    """Adds a segment, and merges the last ones where eight of them are no larger than its class: a search meets few
    segments, and a posting is merged a logarithmic number of times."""
    if added.rows.size == 0:
        return segments
    grown = (*segments, added)
    while len(grown) >= _FAN and max(segment.level for segment in grown[-_FAN:]) <= grown[-1].level:
        grown = (*grown[:-_FAN], _merged(grown[-_FAN:]))
    return grown


def _merged(segments: tuple[_Segment, ...]) -> _Segment:
    terms, rows, values = [], [], []
    for segment in segments:
        spread = np.repeat(segment.terms, np.diff(segment.offsets))
        stay = slice(None) if segment.gone is None else ~segment.gone[segment.rows]
        terms.append(spread[stay])
        rows.append(segment.rows[stay])
        values.append(segment.values[stay])
    return _sorted(np.concatenate(terms), np.concatenate(rows), np.concatenate(values))


def _without(segment: _Segment, rows: Ints, n: int) -> _Segment:
    gone = np.zeros(n, dtype=np.bool_)
    if segment.gone is not None:
        gone[: segment.gone.size] = segment.gone
    gone[rows] = True
    return _Segment(segment.terms, segment.offsets, segment.rows, segment.values, segment.level, gone)


def _level(postings: int) -> int:
    """The size class: each is eight times the one below."""
    return max(postings, 1).bit_length() // 3
