"""What one namespace looks like at one LSN, in memory: an immutable value that any number of threads may search."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from pinyon.distance import prepare
from pinyon.engine.recent import RecentMasks, RecentRows
from pinyon.engine.room import Room, appended
from pinyon.engine.texts import Texts
from pinyon.filters import Columns
from pinyon.index.graph import Breadth
from pinyon.index.hnsw import Hnsw
from pinyon.index.ivf import Ivf
from pinyon.index.rerank import USUAL, Depth, Effort
from pinyon.index.scan import Scan
from pinyon.index.sparse import Sparse
from pinyon.index.symqg import Symqg
from pinyon.index.vectors import Vectors
from pinyon.storage.values import BadRow, Changes
from pinyon.types import Bools, Ints, Metric

_OBJECTS = 4_096
"""Bytes of the Python objects of a namespace, about."""


@dataclass(frozen=True, slots=True)
class Base:
    """What proposes candidates among the older rows, and how hard a search must look to keep the contract.

    scan: codes of rows 0..scan.n-1, in one list or in many. graph, breadth: over rows 0..graph.n-1, of hnsw and symqg.
    trained_on, calibrated_on: rows that existed then; a namespace that outgrew them is trained or measured again.
    settings: the line of settings that it was measured for. fixed: what these decide of every search.
    read: share of the codes that searches read, as measured. listless: rows at which lists were tried and did not pay.
    """

    scan: Scan | Ivf
    depth: Depth
    trained_on: int
    calibrated_on: int
    settings: str
    fixed: Effort = USUAL
    read: float = 1.0
    listless: int = 0
    graph: Hnsw | Symqg | None = None
    breadth: Breadth | None = None

    @property
    def kind(self) -> str:
        """What serves a search without a filter: scan, ivf, hnsw or symqg."""
        if self.graph is not None and self.breadth is not None and self.breadth.reached:
            return self.graph.name
        return "ivf" if isinstance(self.scan, Ivf) else "scan"

    @property
    def recall(self) -> float:
        """Recall@10 as estimated when the base was measured: the worst that searches of any kind get. Searches are
        exact where the codes cannot reach the target."""
        codes = self.depth.recall if self.depth.reached else 1.0
        return codes if self.breadth is None or not self.breadth.reached else min(codes, self.breadth.recall)

    @property
    def nbytes(self) -> int:
        return self.scan.nbytes + (0 if self.graph is None else self.graph.nbytes)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows 0..n-1 in the order in which they arrived. A row's vector never changes; a dead row keeps its number.

    ords: (n,) int64. alive: (n,) bool. live: number of alive rows. vectors: (n, d) prepared for the metric, None in a
    sparse index. columns: metadata by row. sparse: sparse values by row. last_ord: largest ord ever seen, dead or not.
    lineage: changes whenever row numbers lose their meaning (reload), so that work begun on older rows is dropped.
    mapped: first rows whose vectors lie in the mapped file.
    recent: rows that queries returned lately. masks: answers of the filters that were asked lately, of this LSN.
    edits: rows appended, updated and killed since the lineage began, to tell when caches are worth saving again.
    texts: the words of the full-text fields; None until somebody searches by words.
    settled: the line of settings for which all was built that can be; "" before.
    rooms: where ords and alive may grow without a copy.
    """

    ns_id: int
    lsn: int
    metric: Metric
    ords: Ints
    alive: Bools
    live: int
    vectors: Vectors | None
    columns: Columns
    sparse: Sparse
    lineage: int
    last_ord: int = 0
    ascending: bool = True
    recent: RecentRows = field(default_factory=RecentRows)
    masks: RecentMasks = field(default_factory=RecentMasks)
    mapped: int = 0
    edits: int = 0
    base: Base | None = None
    bad: tuple[BadRow, ...] = ()
    texts: Texts | None = None
    settled: str = ""
    rooms: tuple[Room | None, Room | None] = (None, None)

    @classmethod
    def empty(cls, ns_id: int, metric: Metric, dimension: int | None, filter_key: bytes, lineage: int) -> Snapshot:
        return cls(
            ns_id=ns_id,
            lsn=0,
            metric=metric,
            ords=np.empty(0, np.int64),
            alive=np.empty(0, np.bool_),
            live=0,
            vectors=None if dimension is None else Vectors(dimension),
            columns=Columns.empty(filter_key),
            sparse=Sparse(),
            lineage=lineage,
        )

    @property
    def n(self) -> int:
        return len(self.ords)

    @property
    def rest(self) -> int:
        """Bytes held whatever the kind of index: all but vectors, base and what searches keep for each other."""
        total = _OBJECTS + self.ords.nbytes + self.alive.nbytes + self.columns.nbytes + self.sparse.nbytes
        return total + (0 if self.texts is None else self.texts.nbytes)

    @property
    def mapped_bytes(self) -> int:
        """Bytes of vectors that lie in the mapped file, which the system may drop from memory and read again."""
        return 0 if self.vectors is None else 4 * self.vectors.d * self.mapped

    @property
    def weight(self) -> int:
        """Bytes held in memory: what the memory budget counts. Costs some ten microseconds."""
        total = self.rest + self.recent.nbytes + self.masks.nbytes
        if self.vectors is not None:
            total += self.vectors.nbytes - self.mapped_bytes
        return total + (0 if self.base is None else self.base.nbytes)

    def rows_of(self, ords: Ints) -> Ints:
        """Row numbers of the ords that this snapshot holds; others are left out."""
        if not ords.size or not self.n:
            return np.empty(0, np.int64)
        order = None if self.ascending else np.argsort(self.ords)
        found = np.searchsorted(self.ords, ords, sorter=order)
        found = found[found < self.n] if order is None else order[found[found < self.n]]
        return found[np.isin(self.ords[found], ords)]

    def applied(self, changes: Changes) -> Snapshot:
        """This snapshot with one piece of changes; the LSN is set by `at`, once all pieces are in."""
        grown = self._appended(changes) if changes.ords.size else self
        if changes.updated.size:
            grown = grown._updated(changes)
        if changes.dead.size:
            grown = grown.without(changes.dead)
        edits = grown.edits + len(changes.ords) + len(changes.updated) + len(changes.dead)
        return replace(grown, edits=edits, bad=grown.bad + changes.bad)

    def at(self, lsn: int) -> Snapshot:
        return replace(self, lsn=lsn, masks=RecentMasks())

    def _appended(self, changes: Changes) -> Snapshot:
        ords = changes.ords
        vectors = self.vectors
        if vectors is not None:
            assert changes.vectors is not None, "records of a dense index have vectors"
            vectors = vectors.append(prepare(changes.vectors, self.metric))
        count = len(ords)
        all_ords, ords_room = appended(self.ords, self.rooms[0], ords)
        alive, alive_room = appended(self.alive, self.rooms[1], np.ones(count, np.bool_))
        return replace(
            self,
            ords=all_ords,
            alive=alive,
            rooms=(ords_room, alive_room),
            live=self.live + count,
            vectors=vectors,
            columns=self.columns.append(changes.metadata),
            sparse=self.sparse.append(changes.sparse if changes.sparse is not None else [None] * count),
            texts=None if self.texts is None else self.texts.append(changes.metadata),
            last_ord=max(self.last_ord, int(ords.max())),
            ascending=self.ascending and bool((np.diff(ords) > 0).all()) and (not self.n or ords[0] > self.ords[-1]),
        )

    def _updated(self, changes: Changes) -> Snapshot:
        position = {ord_: at for at, ord_ in enumerate(changes.updated.tolist())}
        rows = self.rows_of(changes.updated)
        picks = [position[ord_] for ord_ in self.ords[rows].tolist()]
        sparse = self.sparse
        updated_sparse = [changes.updated_sparse[pick] for pick in picks]
        if sparse.nbytes or any(value is not None for value in updated_sparse):
            sparse = sparse.replace(rows, updated_sparse)
        metadata = [changes.updated_metadata[pick] for pick in picks]
        return replace(
            self,
            columns=self.columns.replace(rows, metadata),
            sparse=sparse,
            texts=None if self.texts is None else self.texts.replace(rows, metadata),
            recent=self.recent.without(position),
        )

    def without(self, ords: Ints) -> Snapshot:
        """The rows of these ords are dead."""
        rows = self.rows_of(ords)
        rows = rows[self.alive[rows]]
        if not rows.size:
            return self
        alive = self.alive.copy()
        alive[rows] = False
        alive.flags.writeable = False  # so that whoever works something out of it may remember that
        live = self.live - len(np.unique(rows))
        return replace(self, alive=alive, live=live, masks=RecentMasks(), rooms=(self.rooms[0], None))
