"""Pairs of (value, row) per field and kind: the storage under ``Columns``.

A sorted segment answers by binary search, an unsorted one by a scan. Segments are immutable once built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pinyon.filters.metadata import decode
from pinyon.types import Bools

PairKind: TypeAlias = Literal["string", "number", "bool", "bare"]
"""How a value is held: a digest, a float64, a bool; ``bare``: the field is there but equals nothing (an empty list)."""
KINDS: Final[tuple[PairKind, ...]] = ("string", "number", "bool", "bare")
DTYPES: Final[dict[PairKind, np.dtype[Any]]] = {
    "string": np.dtype("<u8"),
    "number": np.dtype("<f8"),
    "bool": np.dtype("u1"),
    "bare": np.dtype("u1"),
}
Rows: TypeAlias = NDArray[np.int32]
Digest: TypeAlias = Callable[[str], bytes]
PairKey: TypeAlias = tuple[str, PairKind]

_BLOCK = 4096
"""Records whose Python objects are alive at once while metadata is read into arrays."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """``values`` (p,) of the kind's dtype, ``rows`` (p,) int32: in pair i row ``rows[i]`` holds ``values[i]``."""

    values: NDArray[Any]
    rows: Rows

    def without(self, dropped: Bools) -> Pairs:
        """The pairs whose row is not set in ``dropped`` (n,), in the same order."""
        keep = ~dropped[self.rows]
        return self if keep.all() else Pairs(self.values[keep], self.rows[keep])

    def plus(self, other: Pairs) -> Pairs:
        return Pairs(np.concatenate((self.values, other.values)), np.concatenate((self.rows, other.rows)))

    def sorted(self) -> Pairs:
        """By value; the stable sort merges two sorted runs in linear time, and keeps rows of one value in order."""
        order = np.argsort(self.values, kind="stable")
        return Pairs(self.values[order], self.rows[order])

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.rows.nbytes


class Segment:
    """All pairs of a set of rows. Two threads may fill one cache entry at once: they write the same bits."""

    __slots__ = ("_dense", "_present", "ordered", "pairs")

    def __init__(self, pairs: Mapping[PairKey, Pairs], *, ordered: bool) -> None:
        self.pairs = pairs
        self.ordered = ordered
        self._present: dict[str, NDArray[np.uint8]] = {}
        self._dense: dict[str, NDArray[np.float64]] = {}

    def equal(self, field: str, kind: PairKind, wanted: NDArray[Any]) -> Rows | None:
        """Rows that hold any of ``wanted`` (k,), of the kind's dtype; a row may come twice. None: no such column."""
        pairs = self.pairs.get((field, kind))
        if pairs is None:
            return None
        if not self.ordered:
            one = len(wanted) == 1
            return pairs.rows[pairs.values == wanted[0] if one else np.isin(pairs.values, wanted)]
        starts = pairs.values.searchsorted(wanted, "left").tolist()
        ends = pairs.values.searchsorted(wanted, "right").tolist()
        if len(starts) == 1:
            return pairs.rows[starts[0] : ends[0]]
        slices = [pairs.rows[start:end] for start, end in zip(starts, ends, strict=True) if start < end]
        return np.concatenate(slices) if slices else pairs.rows[:0]

    def ordered_by(self, field: str, op: str, bound: float, n: int) -> Rows | Bools | None:
        """Rows whose number satisfies ``op bound``: as rows, or as a mask over the first ``n`` rows when they are many.

        A row holds at most one number in a field, so a wide range is faster as one comparison of a row-order copy.
        """
        pairs = self.pairs.get((field, "number"))
        if pairs is None:
            return None
        values = pairs.values
        if not self.ordered:
            return pairs.rows[_compare(op, values, bound)]
        if op in ("$gt", "$gte"):
            found = pairs.rows[values.searchsorted(bound, "right" if op == "$gt" else "left") :]
        else:
            found = pairs.rows[: values.searchsorted(bound, "right" if op == "$lte" else "left")]
        return _compare(op, self._in_row_order(field, pairs, n), bound) if len(found) * 16 > n else found

    def mark_present(self, field: str, out: Bools) -> None:
        """Set ``out[row]`` for every row that holds the field with any value."""
        packed = self._present.get(field)
        if packed is not None:
            out |= np.unpackbits(packed, count=len(out)).view(np.bool_)
            return
        held = [pairs.rows for kind in KINDS if (pairs := self.pairs.get((field, kind))) is not None]
        for rows in held:
            out[rows] = True
        # A bitmap of a rare field would outweigh its pairs, so only common fields keep one.
        if self.ordered and sum(map(len, held)) * 64 > len(out):
            self._present[field] = np.packbits(out)

    def _in_row_order(self, field: str, pairs: Pairs, n: int) -> NDArray[np.float64]:
        dense = self._dense.get(field)
        if dense is None:
            dense = np.full(n, np.nan)
            dense[pairs.rows] = pairs.values
            self._dense[field] = dense
        return dense

    @property
    def nbytes(self) -> int:
        caches: list[NDArray[Any]] = [*self._present.values(), *self._dense.values()]
        return sum(pairs.nbytes for pairs in self.pairs.values()) + sum(array.nbytes for array in caches)


EMPTY: Final = Segment({}, ordered=False)


def without(segment: Segment, dropped: Bools) -> dict[PairKey, Pairs]:
    """The pairs of a segment but for the rows set in ``dropped``; emptied columns vanish."""
    kept = {key: pairs.without(dropped) for key, pairs in segment.pairs.items()}
    return {key: pairs for key, pairs in kept.items() if len(pairs.rows)}


def joined(first: Mapping[PairKey, Pairs], second: Mapping[PairKey, Pairs]) -> dict[PairKey, Pairs]:
    """Both sets of pairs, unsorted; columns that only one of them holds are shared, not copied."""
    pairs = dict(first)
    for key, more in second.items():
        held = pairs.get(key)
        pairs[key] = more if held is None else held.plus(more)
    return pairs


def folded(base: Mapping[PairKey, Pairs], delta: Mapping[PairKey, Pairs]) -> Segment:
    """One sorted segment of sorted ``base`` and unsorted ``delta`` pairs."""
    pairs = dict(base)
    for key, more in delta.items():
        held = pairs.get(key)
        added = more.sorted()
        pairs[key] = added if held is None else held.plus(added).sorted()
    return Segment(pairs, ordered=True)


def extract(rows: Sequence[int], metadata: Sequence[bytes | None], digest: Digest) -> dict[PairKey, Pairs]:
    """Read metadata bytes into unsorted pairs; ``metadata[i]`` belongs to ``rows[i]``.

    Raises: CorruptionError when stored bytes are no JSON object.
    """
    blocks: dict[PairKey, list[Pairs]] = {}
    for start in range(0, len(rows), _BLOCK):
        block = _extract_block(rows[start : start + _BLOCK], metadata[start : start + _BLOCK], digest)
        for key, pairs in block:
            blocks.setdefault(key, []).append(pairs)
    return {
        key: parts[0]
        if len(parts) == 1
        else Pairs(np.concatenate([part.values for part in parts]), np.concatenate([part.rows for part in parts]))
        for key, parts in blocks.items()
    }


def _extract_block(
    rows: Sequence[int], metadata: Sequence[bytes | None], digest: Digest
) -> Iterable[tuple[PairKey, Pairs]]:
    fields: dict[str, tuple[list[int], list[Any]]] = {}
    for row, raw in zip(rows, metadata, strict=True):
        if raw is None:
            continue
        for name, value in (decode(raw) or {}).items():
            held = fields.get(name)
            if held is None:
                held = fields[name] = ([], [])
            held[0].append(row)
            held[1].append(value)
    for name, (its_rows, values) in fields.items():
        for kind, pairs in _by_kind(np.array(its_rows, dtype=np.int32), values, digest):
            yield (name, kind), pairs


def _by_kind(rows: Rows, values: list[Any], digest: Digest) -> Iterable[tuple[PairKind, Pairs]]:
    """Values of one field as pairs per kind; a column usually has a single type, which needs no selection."""
    types = {*map(type, values)}
    if types == {str}:
        yield "string", Pairs(_digests(values, digest), rows)
    elif types <= {int, float}:
        yield "number", Pairs(np.array(values, dtype=np.float64), rows)
    elif types == {bool}:
        yield "bool", Pairs(np.array(values, dtype=np.uint8), rows)
    elif types == {list}:
        lengths = np.array([len(value) for value in values])
        flat = list(chain.from_iterable(values))
        if flat:
            yield from _by_kind(np.repeat(rows, lengths), flat, digest)
        if not lengths.all():
            bare = rows[lengths == 0]
            yield "bare", Pairs(np.zeros(len(bare), dtype=np.uint8), bare)
    else:
        yield from _mixed(rows, values, digest)


def _mixed(rows: Rows, values: list[Any], digest: Digest) -> Iterable[tuple[PairKind, Pairs]]:
    groups: dict[PairKind | Literal["list"], list[int]] = {}
    for position, value in enumerate(values):
        groups.setdefault(_group(value), []).append(position)
    found: dict[PairKey, Pairs] = {}
    for group, positions in groups.items():
        chosen = rows[positions]
        if group == "bare":
            parts: Iterable[tuple[PairKind, Pairs]] = [("bare", Pairs(np.zeros(len(chosen), dtype=np.uint8), chosen))]
        else:
            parts = _by_kind(chosen, [values[position] for position in positions], digest)
        found = joined(found, {("", kind): pairs for kind, pairs in parts})
    for (_, kind), pairs in found.items():
        yield kind, pairs


def _group(value: Any) -> PairKind | Literal["list"]:
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "bare"


def _digests(values: list[str], digest: Digest) -> NDArray[np.uint64]:
    known = {value: digest(value) for value in {*values}}
    return np.frombuffer(b"".join([known[value] for value in values]), dtype=DTYPES["string"])


def _compare(op: str, values: NDArray[np.float64], bound: float) -> Bools:
    if op == "$gt":
        return values > bound
    if op == "$gte":
        return values >= bound
    return values < bound if op == "$lt" else values <= bound
