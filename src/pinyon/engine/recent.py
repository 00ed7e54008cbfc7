"""What queries asked for lately: popular rows and filters need not be read or worked out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from pinyon.filters import Node
from pinyon.index.vectors import Vectors
from pinyon.storage.values import StoredRow
from pinyon.types import Bools, Floats, Ints

ROWS = 16_384
"""Rows that are kept for a namespace; the oldest go first, a quarter at a time."""
ROW_BYTES = 1_024
"""Rows with more metadata than this are not kept, so that the whole takes some ten megabytes."""
MASKS = 32
"""Filters whose answers are kept: a byte for each row of the namespace."""
ROW_OBJECTS = 320
"""Bytes of the Python objects of a kept row, about, besides its id and metadata."""
MASK_BYTES = 32 * 1024 * 1024
"""...as long as they take no more than this: in very large namespaces a few."""
FEW_BYTES = 4 * 1024 * 1024
"""Vectors that a filter keeps, of which a copy lies ready once it was asked for again, at most..."""
ALL_FEW_BYTES = 16 * 1024 * 1024
"""...and of all filters together, with their row numbers."""


class RecentMasks:
    """Matching rows and their number by filter, for one LSN; and the vectors of few rows that match. Safe from any
    thread."""

    __slots__ = ("_few", "_masks")

    def __init__(self) -> None:
        self._masks: dict[Node, tuple[Bools, int]] = {}
        self._few: dict[int, _Few] = {}

    def get(self, node: Node) -> tuple[Bools, int] | None:
        return self._masks.get(node)

    def add(self, node: Node, mask: Bools, count: int) -> None:
        most = min(MASKS, MASK_BYTES // max(1, len(mask)))
        if not most:
            return
        mask.flags.writeable = False
        if len(self._masks) >= most:
            self.clear()
        self._masks[node] = mask, count
        self._few[id(mask)] = _Few(mask)

    def few(self, mask: Bools, vectors: Vectors) -> tuple[Ints, Floats | None]:
        """The rows that a mask keeps, ascending; and a copy of their vectors, where that filter was asked for before
        and they take little."""
        held = self._few.get(id(mask))
        if held is None or held.mask is not mask:
            return np.flatnonzero(mask), None
        if held.rows is None:
            held.rows = np.flatnonzero(mask)
        elif held.vectors is None and self._has_room(4 * len(held.rows) * vectors.d):
            held.vectors = vectors.take(held.rows)
        return held.rows, held.vectors

    def _has_room(self, size: int) -> bool:
        return size <= FEW_BYTES and size + sum(one.nbytes for one in list(self._few.values())) <= ALL_FEW_BYTES

    @property
    def nbytes(self) -> int:
        masks = sum(len(mask) for mask, _ in list(self._masks.values()))
        return masks + sum(one.nbytes for one in list(self._few.values()))

    def clear(self) -> None:
        self._masks, self._few = {}, {}


@dataclass(slots=True)
class _Few:
    """rows: that the mask keeps, once it was asked for; vectors: theirs, once it was asked for again."""

    mask: Bools
    rows: Ints | None = None
    vectors: Floats | None = None

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in (self.rows, self.vectors) if one is not None)


class RecentRows:
    """Checked rows by ord, without vectors. Shared by snapshots for which they are the same; safe from any thread.

    A row's ord names one content until its metadata is updated. A snapshot with updated rows gets a cache of its own
    (``without``), so a query never sees the metadata of another LSN.
    """

    __slots__ = ("_rows", "nbytes")

    def __init__(self, rows: dict[int, StoredRow] | None = None) -> None:
        self._rows: dict[int, StoredRow] = {} if rows is None else rows
        self.nbytes = _bytes_of(self._rows.values())
        """About; threads that add at once may lose some of it until the oldest rows go."""

    def get(self, ords: Sequence[int]) -> dict[int, StoredRow]:
        """Those of the rows that are here."""
        rows = self._rows
        return {ord_: row for ord_ in ords if (row := rows.get(ord_)) is not None}

    def add(self, rows: Iterable[StoredRow]) -> None:
        kept = self._rows
        if len(kept) >= ROWS:
            # A new dictionary: other threads may be reading the old one, and add to this one once they see it.
            kept = dict(islice(kept.copy().items(), ROWS // 4, None))
            self.nbytes = _bytes_of(kept.values())
            self._rows = kept
        small = [row for row in rows if row.metadata is None or len(row.metadata) <= ROW_BYTES]
        kept.update((row.ord, row) for row in small)
        self.nbytes += _bytes_of(small)

    def clear(self) -> None:
        self._rows = {}
        self.nbytes = 0

    def without(self, ords: Iterable[int]) -> RecentRows:
        """The same rows but these, apart from this cache."""
        rows = self._rows.copy()
        for ord_ in ords:
            rows.pop(ord_, None)
        return RecentRows(rows)


def _bytes_of(rows: Iterable[StoredRow]) -> int:
    return sum(ROW_OBJECTS + len(row.id) + len(row.metadata or b"") for row in rows)
