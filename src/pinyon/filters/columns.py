"""Metadata of all rows of a namespace as columns, on which a filter becomes a row mask.

Per field and kind there are pairs (value, row); a list of strings gives a pair for each element. Pairs of the *base*
are sorted by value, so equality, ``$in`` and ranges are a binary search and a slice of rows. Rows that were appended
or replaced since lie in the *delta*, which is small, unsorted and scanned; base pairs of replaced rows are masked out.

Strings are held as 64-bit blake2b digests under a secret key. That costs 8 bytes a value whatever its length. Without
the key nobody can prepare two strings of one digest, and a string that was not stored is taken for one of n distinct
stored strings of its field with probability n / 2^64: below 1e-12 for ten million.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import InvalidRequestError
from pinyon.filters import packing
from pinyon.filters.profile import Held, Profile, held, names_of, profiled
from pinyon.filters.segments import (
    DTYPES,
    EMPTY,
    Digest,
    PairKey,
    PairKind,
    Pairs,
    Rows,
    Segment,
    extract,
    folded,
    joined,
    without,
)
from pinyon.filters.tree import And, Compare, Exists, In, Match, Node, Or, Scalar
from pinyon.types import Bools, Ints

Words: TypeAlias = Callable[[Match], Bools]
_MAX_ROWS: Final = 2**31 - 1
_BYTES_OBJECT: Final = 48
"""What Python adds to a piece of metadata that waits, about."""
_DELTA_ROWS: Final = 4096
"""A delta of more rows than this, and than an eighth of the base, is folded by the mask that meets it."""


@dataclass(frozen=True, slots=True)
class _State:
    """What has been read. ``base`` covers rows [0, base_rows) but for ``stale`` (sorted); ``delta`` covers the rest."""

    n: int
    base: Segment
    base_rows: int
    delta: Segment
    stale: Rows


@dataclass(frozen=True, slots=True)
class _Edit:
    """What has not been read yet: ``parent`` and then this. ``rows`` None appends, else the rows are replaced."""

    parent: Columns
    rows: tuple[int, ...] | None
    metadata: tuple[bytes | None, ...]
    waiting: int
    """Bytes of metadata that wait to be read here and before."""

    @classmethod
    def after(cls, parent: Columns, rows: tuple[int, ...] | None, metadata: Sequence[bytes | None]) -> _Edit:
        size = sum([_BYTES_OBJECT + len(raw) for raw in metadata if raw is not None])
        return cls(parent, rows, tuple(metadata), parent.waiting + size)


class _Lineage:
    """Shared by all values that descend from one: the key, and a lock so that only one thread reads metadata."""

    __slots__ = ("digest", "fingerprint", "lock")

    def __init__(self, key: bytes) -> None:
        if not 16 <= len(key) <= 64:
            raise InvalidRequestError(f"The key of the columns must have 16 to 64 bytes, got {len(key)}.")
        self.digest: Digest = functools.partial(_digest, key=key)
        self.fingerprint = int.from_bytes(_digest("pinyon filter columns", key), "little", signed=True)
        self.lock = threading.Lock()


class Columns:
    """Metadata columns of rows 0..n-1: an immutable value. ``append`` and ``replace`` give new ones that share arrays.

    Any number of threads may use one value at once. Metadata bytes are taken as ``encode`` made them, and are kept
    unread until the first ``mask`` or ``settle``; reading is remembered, also for the values made from this one.
    """

    __slots__ = ("_held", "_lineage", "n")

    def __init__(self, held: _State | _Edit, n: int, lineage: _Lineage) -> None:
        """For this module: use ``empty`` or ``from_arrays``."""
        self._held: _State | _Edit = held  # replaced as a whole, so that readers need no lock
        self._lineage = lineage
        self.n = n
        """Rows covered."""

    @classmethod
    def empty(cls, key: bytes) -> Columns:
        """No rows. ``key``: 16 to 64 secret random bytes, kept as long as the data, for the digests of strings."""
        return cls(_settled(Segment({}, ordered=True), 0), 0, _Lineage(key))

    def append(self, metadata: Sequence[bytes | None]) -> Columns:
        """Rows n..n+m-1 with this metadata (None: the row has none). O(m): nothing is parsed."""
        if not metadata:
            return self
        n = self.n + len(metadata)
        if n > _MAX_ROWS:
            raise InvalidRequestError(
                f"Filter columns hold at most {_MAX_ROWS:,} rows, not {n:,}: use more namespaces."
            )
        return Columns(_Edit.after(self, None, metadata), n, self._lineage)

    def replace(self, rows: Ints | Sequence[int], metadata: Sequence[bytes | None]) -> Columns:
        """``rows[i]`` holds ``metadata[i]`` and nothing of what it held. Of a row given twice the last counts."""
        chosen = tuple(np.asarray(rows, dtype=np.int64).tolist())
        if len(chosen) != len(metadata):
            raise InvalidRequestError(
                f"{len(chosen):,} rows cannot take {len(metadata):,} metadata: give one for each."
            )
        if not chosen:
            return self
        if min(chosen) < 0 or max(chosen) >= self.n:
            raise InvalidRequestError(
                f"Rows {min(chosen)}..{max(chosen)} cannot be replaced: there are {self.n:,} rows. Append new ones."
            )
        return Columns(_Edit.after(self, chosen, metadata), self.n, self._lineage)

    def mask(self, node: Node, words: Words | None = None) -> Bools:
        """(n,) bool, the caller's own: the rows that match. Raises: CorruptionError, on damaged metadata.

        words: gives the (n,) rows that a ``Match`` keeps; needed where the filter holds one.
        """
        return _evaluate(self._state(), node, self._lineage.digest, words)

    def profiles(self, alive: Bools, fields: int, values: int) -> tuple[list[Profile], int]:
        """What the fields of the rows in ``alive`` (n,) hold, and how many fields are left out.

        fields, values: so many fields, those with the most values, and of each so many values are told.
        """
        state = self._state()
        names = names_of((state.base, state.delta))
        fresh = _fresh(state, alive)
        told = [
            profiled(name, held(state.base, state.delta, name, fresh, alive), self.n, values) for name in names[:fields]
        ]
        return [one for one in told if one.rows], len(names[fields:])

    def held(self, field: str) -> Held:
        """What the rows hold of a field, by kind: (value, row) pairs as they are kept, so strings as digests."""
        state = self._state()
        every = np.ones(self.n, np.bool_)
        return held(state.base, state.delta, field, _fresh(state, every), every)

    def key_of(self, text: str) -> int:
        """The digest that stands for a string."""
        return int.from_bytes(self._lineage.digest(text), "little")

    def read(self) -> None:
        """Read what is unread, as the first ``mask`` does. Raises: CorruptionError, on damaged metadata."""
        self._state()

    def settle(self) -> None:
        """Read what is unread and fold the delta into the base. Readers of this value go on meanwhile."""
        state = self._state()
        if state.base_rows < state.n or len(state.stale):
            self._held = _fold(state)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Flat numeric arrays of the settled value (see ``packing``), without the key. Do not write into them."""
        self.settle()
        state = self._state()
        return packing.pack(state.base, state.n, self._lineage.fingerprint)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], key: bytes) -> Columns:
        """The value that ``to_arrays`` wrote. It keeps the arrays, read-only or memory-mapped ones too.

        Raises: CorruptionError when the arrays do not fit together or were made with another key.
        """
        lineage = _Lineage(key)
        base, n = packing.unpack(arrays, lineage.fingerprint)
        return cls(_settled(base, n), n, lineage)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays and of the metadata that waits to be read."""
        held = self._held
        while isinstance(held, _Edit):
            held = held.parent._held
        return self.waiting + held.base.nbytes + held.delta.nbytes + held.stale.nbytes

    @property
    def waiting(self) -> int:
        """Bytes of the metadata that waits to be read."""
        held = self._held
        return held.waiting if isinstance(held, _Edit) else 0

    def _state(self) -> _State:
        held = self._held
        if isinstance(held, _State):
            return held
        with self._lineage.lock:
            edits: list[_Edit] = []
            held = self._held
            while isinstance(held, _Edit):
                edits.append(held)
                held = held.parent._held
            if edits:
                edits.reverse()
                held = self._held = _apply(held, edits, self._lineage.digest)
            return held


def _digest(text: str, key: bytes) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()


def _settled(base: Segment, n: int) -> _State:
    return _State(n, base, n, EMPTY, np.empty(0, dtype=np.int32))


def _apply(state: _State, edits: Sequence[_Edit], digest: Digest) -> _State:
    """The state after these edits, oldest first."""
    latest: dict[int, bytes | None] = {}
    n = state.n
    for edit in edits:
        rows: Sequence[int] = range(n, n + len(edit.metadata)) if edit.rows is None else edit.rows
        latest.update(zip(rows, edit.metadata, strict=True))
        n += len(edit.metadata) if edit.rows is None else 0
    fresh = extract(list(latest), list(latest.values()), digest)
    replaced = np.array([row for row in latest if row < state.n], dtype=np.int32)
    older: Mapping[PairKey, Pairs] = state.delta.pairs
    stale = state.stale
    if len(replaced):
        older = without(state.delta, _flags(replaced, state.n))
        stale = np.union1d(stale, replaced[replaced < state.base_rows])
    after = _State(n, state.base, state.base_rows, Segment(joined(older, fresh), ordered=False), stale)
    delta_rows = n - state.base_rows + len(stale)
    return _fold(after) if delta_rows > max(_DELTA_ROWS, state.base_rows // 8) else after


def _fold(state: _State) -> _State:
    base: Mapping[PairKey, Pairs] = state.base.pairs
    if len(state.stale):
        base = without(state.base, _flags(state.stale, state.base_rows))
    return _settled(folded(base, state.delta.pairs), state.n)


def _fresh(state: _State, alive: Bools) -> Bools:
    """(base_rows,) bool: the rows in ``alive`` (n,) whose pairs of the base are true."""
    fresh = alive[: state.base_rows].copy()
    fresh[state.stale] = False
    return fresh


def _flags(rows: Rows, n: int) -> Bools:
    flags = np.zeros(n, dtype=np.bool_)
    flags[rows] = True
    return flags


def _evaluate(state: _State, node: Node, digest: Digest, words: Words | None) -> Bools:
    if isinstance(node, And):
        return _conjunction(state, node, digest, words)
    if isinstance(node, Or):
        out = np.zeros(state.n, dtype=np.bool_)
        for child in node.children:
            out |= _evaluate(state, child, digest, words)
        return out
    if isinstance(node, Match):
        assert words is not None, "conditions on words go to an index that has them"
        return words(node)
    if isinstance(node, Exists):
        present = _present(state, node.field)
        return present if node.wanted else np.logical_not(present, out=present)
    if isinstance(node, Compare) and node.op not in ("$eq", "$ne"):
        return _range(state, node)
    values = [node.value] if isinstance(node, Compare) else list(node.values)
    negated = node.op == "$ne" if isinstance(node, Compare) else node.negated
    found = _equal(state, node.field, values, digest)
    # For bools, `present > found` is `present & ~found` in one pass.
    return np.greater(_present(state, node.field), found, out=found) if negated else found


def _conjunction(state: _State, node: And, digest: Digest, words: Words | None) -> Bools:
    """Likely selective children first: once no row is left, the rest need not be looked at."""
    out: Bools | None = None
    for child in sorted(node.children, key=_breadth):
        mask = _evaluate(state, child, digest, words)
        out = mask if out is None else np.logical_and(out, mask, out=out)
        if not out.any():
            break
    return np.ones(state.n, dtype=np.bool_) if out is None else out


def _breadth(node: Node) -> int:
    if isinstance(node, And | Or | Match):
        return 3
    if isinstance(node, Exists):
        return 2
    if isinstance(node, In):
        return 2 if node.negated else 0
    return {"$eq": 0, "$ne": 2}.get(node.op, 1)


def _equal(state: _State, field: str, values: Sequence[Scalar], digest: Digest) -> Bools:
    """Rows whose field holds any of the values, each compared within its own kind."""
    wanted = _wanted(values, digest)
    out = np.zeros(state.n, dtype=np.bool_)
    for kind, its in wanted.items():
        rows = state.base.equal(field, kind, its)
        if rows is not None:
            out[rows] = True
    out[state.stale] = False
    for kind, its in wanted.items():
        rows = state.delta.equal(field, kind, its)
        if rows is not None:
            out[rows] = True
    return out


def _wanted(values: Sequence[Scalar], digest: Digest) -> dict[PairKind, NDArray[Any]]:
    strings = [digest(value) for value in values if isinstance(value, str)]
    flags = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if not isinstance(value, str | bool)]
    wanted: dict[PairKind, NDArray[Any]] = {}
    if strings:
        wanted["string"] = np.frombuffer(b"".join(strings), dtype=DTYPES["string"])
    if numbers:
        wanted["number"] = np.array(numbers, dtype=DTYPES["number"])
    if flags:
        wanted["bool"] = np.array(flags, dtype=DTYPES["bool"])
    return wanted


def _range(state: _State, node: Compare) -> Bools:
    out = np.zeros(state.n, dtype=np.bool_)
    if node.kind != "number":
        return out
    bound = float(node.value)
    found = state.base.ordered_by(node.field, node.op, bound, state.base_rows)
    if found is not None and found.dtype == np.bool_:
        out[: state.base_rows] = found
    elif found is not None:
        out[found] = True
    out[state.stale] = False
    found = state.delta.ordered_by(node.field, node.op, bound, state.n)
    if found is not None:
        out[found] = True
    return out


def _present(state: _State, field: str) -> Bools:
    out = np.zeros(state.n, dtype=np.bool_)
    state.base.mark_present(field, out[: state.base_rows])
    out[state.stale] = False
    state.delta.mark_present(field, out)
    return out
