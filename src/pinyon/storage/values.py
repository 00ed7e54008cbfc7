"""What storage hands to the engine and takes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pinyon.types import Floats, Ints, SparseValues

NO_ORDS: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    ns_id: int
    name: str
    lsn: int
    count: int
    explicit: bool = False
    schema: Mapping[str, Any] | None = None


class StoredRow(NamedTuple):
    """One row of ``record`` with its CRC checked; ``data`` is the raw vector when it was asked for.

    A tuple, because every hit of every query makes one, and a frozen dataclass takes three times as long to make.
    """

    ord: int
    id: str
    metadata: bytes | None
    sparse: bytes | None
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row whose checksum does not match what it holds."""

    ord: int
    id: str
    part: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to one namespace after LSN ``since``, up to and including ``lsn``.

    Apply in this order: append the new rows, replace the updated ones, kill the dead. Ords that a reader does not know
    are ignored, so applying twice gives the same state.

    ords: (m,) int64 of new rows, ascending. vectors: (m, d) float32 as the user gave them, or None in a sparse index.
    metadata, sparse: m entries each (sparse None: no row has sparse values).
    updated: (u,) int64 of rows whose metadata or sparse values changed, with their whole new content.
    dead: (x,) int64 of rows that were deleted or replaced. generation: of the vectors.
    """

    ns_id: int
    since: int
    lsn: int
    ords: Ints
    vectors: Floats | None
    metadata: Sequence[bytes | None]
    sparse: Sequence[SparseValues | None] | None
    updated: Ints
    updated_metadata: Sequence[bytes | None]
    updated_sparse: Sequence[SparseValues | None]
    dead: Ints
    bad: tuple[BadRow, ...] = ()
    generation: int = 1
