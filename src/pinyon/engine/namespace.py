"""One namespace of one process: its current snapshot, and how it catches up with the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import count

import numpy as np

from pinyon.engine.learned import Learned
from pinyon.engine.meter import Meter
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.engine.texts import Texts
from pinyon.errors import CorruptionError
from pinyon.index.sparse import Sparse
from pinyon.index.vectors import Vectors
from pinyon.storage.reading import View
from pinyon.storage.values import Changes
from pinyon.types import IndexSpec, Ints, Metric

NOTE_BYTES = 16 * 1024 * 1024
"""Vectors of own commits that may wait in memory; past that, catching up reads them from the file."""

SPILL_ROWS = 4_096
"""Vectors that may wait in memory before they go to the mapped file, which the system can drop and read again."""

UNREAD_BYTES = 16 * 1024 * 1024
"""Metadata that may wait to be read while a namespace is read from the file."""

_lineages = count(1)


class Stale(Exception):
    """The read transaction is older than the snapshot: begin it again."""


class Moved(Exception):
    """The vectors of the file are of another generation than what this process holds: ``Memory.refresh``, and again."""


class NamespaceState:
    """Thread-safe. The snapshot only ever moves forward in LSN; readers keep whichever value they took."""

    def __init__(
        self,
        ns_id: int,
        metric: Metric,
        dimension: int | None,
        filter_key: bytes,
        spill: Callable[[Snapshot], Vectors | None],
        texts: Callable[[View, Snapshot], Texts],
        generation: int,
    ) -> None:
        self.ns_id = ns_id
        self.generation = generation
        """Of the vectors that it holds."""
        self._metric = metric
        self._dimension = dimension
        self._filter_key = filter_key
        self._spill = spill
        self._texts = texts
        self._lock = threading.Lock()
        self._notes: dict[int, Changes] = {}
        self._note_bytes = 0
        self._behind = 0
        self._excluded: set[int] = set()
        self._reported: set[int] = set()
        self._meter: Meter | None = None
        self.busy = False
        """Background work goes on here: not to be dropped from memory."""
        self._learned: tuple[Learned, IndexSpec] | None = None
        self.told: tuple[Snapshot, str] | None = None
        """A snapshot, and what the memory budget keeps it from."""
        self.snapshot = self.blank()

    def blank(self) -> Snapshot:
        return Snapshot.empty(self.ns_id, self._metric, self._dimension, self._filter_key, next(_lineages))

    @property
    def behind(self) -> int:
        """Rows that were committed but are not in the snapshot."""
        return self._behind

    @property
    def backlog(self) -> int:
        """Rows that wait: committed but not in the snapshot, or in it but not in the codes."""
        snapshot = self.snapshot
        return self._behind + snapshot.n - (snapshot.base.scan.n if snapshot.base is not None else 0)

    @property
    def weight(self) -> int:
        """Bytes held in memory, mapped vectors apart."""
        return self.snapshot.weight + self._note_bytes + (0 if self._meter is None else self._meter.nbytes)

    def shed(self) -> None:
        """Let go of what searches keep for each other."""
        self.snapshot.recent.clear()
        self.snapshot.masks.clear()

    @property
    def meter(self) -> Meter:
        """The recall meter of the searches, made when it is first needed: small namespaces have none."""
        if self._meter is None:
            with self._lock:
                if self._meter is None:
                    self._meter = Meter()
        return self._meter

    @property
    def metered(self) -> Meter | None:
        """The meter, if there is one."""
        return self._meter

    @property
    def effort(self) -> float:
        """What live queries need, as a multiple of the usual work of a search."""
        return 1.0 if self._meter is None else self._meter.effort

    # -- forward ------------------------------------------------------------------------------------------------------

    def note(self, changes: Changes) -> None:
        """Remember an own commit, so that catching up need not read it back."""
        with self._lock:
            if changes.lsn <= self.snapshot.lsn or changes.generation != self.generation:
                return
            size = changes.vectors.nbytes if changes.vectors is not None else 0
            size += sum(len(metadata) for metadata in changes.metadata if metadata)
            if self._note_bytes + size > NOTE_BYTES:
                self._make_note_room(changes.since)
            self._behind += len(changes.ords)
            if self._note_bytes + size > NOTE_BYTES:
                self._notes.clear()
                self._note_bytes = 0
                return
            if changes.vectors is not None:
                changes = replace(changes, vectors=changes.vectors.copy())  # the caller may reuse its array
            self._notes[changes.since] = changes
            self._note_bytes += size

    def _make_note_room(self, lsn: int) -> None:
        """Whoever writes faster than others catch up does that himself: to read it back later takes far longer."""
        self.snapshot = self._from_notes(lsn)
        if self.snapshot.lsn == lsn:
            self._behind = 0

    def at(self, view: View, lsn: int) -> Snapshot:
        """The snapshot at exactly `lsn`, which is what `view` sees. Raises Stale when it is already past it, Moved."""
        snapshot = self.snapshot
        if snapshot.lsn == lsn:
            return snapshot
        with self._lock:
            snapshot = self.snapshot
            if snapshot.lsn > lsn:
                raise Stale
            if snapshot.lsn < lsn:
                snapshot = self._from_notes(lsn)
                if snapshot.lsn < lsn:
                    snapshot = self._from_truth(snapshot, view, lsn)
                self.snapshot = snapshot
                self._behind = sum(len(changes.ords) for changes in self._notes.values())
        return snapshot

    def with_texts(self, view: View, lsn: int) -> Snapshot:
        """``at``, with the words of the full-text fields, which are read at the first call.

        Whoever catches up later brings them along. Raises Stale.
        """
        snapshot = self.at(view, lsn)
        if snapshot.texts is not None:
            return snapshot
        with self._lock:
            snapshot = self.snapshot
            if snapshot.lsn != lsn:
                raise Stale
            if snapshot.texts is None:
                snapshot = self.snapshot = replace(snapshot, texts=self._texts(view, snapshot))
        return snapshot

    def _from_notes(self, lsn: int) -> Snapshot:
        """Apply own commits as long as each follows on the one before, and none is past `lsn`."""
        snapshot = self.snapshot
        while (changes := self._notes.get(snapshot.lsn)) is not None and changes.lsn <= lsn:
            snapshot = self._slim(snapshot.applied(changes).at(changes.lsn), SPILL_ROWS)
            del self._notes[changes.since]
        self._forget_notes_before(snapshot.lsn)
        return snapshot

    def _from_truth(self, snapshot: Snapshot, view: View, lsn: int) -> Snapshot:
        pruned = int(view.meta("pruned_lsn") or 0)
        if snapshot.lsn < pruned:  # tombstones that this snapshot needs are gone
            snapshot = self.blank()
        snapshot = self._read_on(snapshot, view, lsn)
        self._forget_notes_before(lsn)
        return snapshot

    def _read_on(self, snapshot: Snapshot, view: View, lsn: int) -> Snapshot:
        if view.generation() != self.generation:
            raise Moved
        if view.dimension != self._dimension:  # somebody noticed just now that the generation is another one
            raise Stale
        for changes in view.changes(self.ns_id, snapshot.lsn, snapshot.last_ord, lsn):
            snapshot = self._slim(snapshot.applied(changes), SPILL_ROWS)
            if snapshot.columns.waiting > UNREAD_BYTES:
                with suppress(CorruptionError):  # searches without a filter need it not; others say so
                    snapshot.columns.read()
        if self._excluded:
            snapshot = snapshot.without(_as_ords(self._excluded))
        return snapshot.at(lsn)

    def _forget_notes_before(self, lsn: int) -> None:
        for since in [since for since, changes in self._notes.items() if changes.lsn <= lsn]:
            del self._notes[since]
        self._note_bytes = sum(
            changes.vectors.nbytes for changes in self._notes.values() if changes.vectors is not None
        )

    # -- replacement of parts -----------------------------------------------------------------------------------------

    def restore(self, snapshot: Snapshot) -> None:
        """Start from a snapshot that was loaded from a cache, unless there already is a later one."""
        with self._lock:
            if snapshot.lsn > self.snapshot.lsn:
                self.snapshot = snapshot

    def recall(self, learned: Learned, spec: IndexSpec) -> None:
        """Go on from what a meter of these searches learned, in another process or before its namespace made room: at
        once, or when there is a base again that it fits."""
        with self._lock:
            self._learned = learned, spec
            self._recall(self.snapshot.base)

    def _recall(self, base: Base | None) -> None:
        if self._meter is None and self._learned is not None:
            self._meter = Meter.recalled(*self._learned, base)

    def publish_base(self, lineage: int, base: Base | None, settled: str = "") -> bool:
        """Use new codes, which cover a prefix of the rows, or none. False when the rows were renumbered meanwhile.

        settled: as in ``Snapshot``.
        """
        with self._lock:
            if self.snapshot.lineage != lineage:
                return False
            former = self.snapshot.base
            self.snapshot = replace(self.snapshot, base=base, settled=settled)
            if self._meter is not None:
                self._meter.rebased(former, base)
            self._recall(base)
            return True

    def publish_sparse(self, former: Sparse, settled: Sparse) -> Snapshot:
        """Use another form of the same sparse vectors, unless these were changed meanwhile."""
        with self._lock:
            if self.snapshot.sparse is former:
                self.snapshot = replace(self.snapshot, sparse=settled)
            return self.snapshot

    def slim(self, least: int) -> Snapshot:
        """Move vectors from memory to the mapped file when at least `least` rows wait for it."""
        with self._lock:
            self.snapshot = self._slim(self.snapshot, least)
            return self.snapshot

    def _slim(self, snapshot: Snapshot, least: int) -> Snapshot:
        vectors = snapshot.vectors
        if vectors is None or vectors.n < SPILL_ROWS or snapshot.n - snapshot.mapped < least:
            return snapshot
        head = self._spill(snapshot)
        return snapshot if head is None else replace(snapshot, vectors=head, mapped=head.n)

    def renewed(self, view: View, lsn: int) -> Snapshot:
        """Everything read again, dead rows left behind. Nobody waits for it, and nobody sees it before ``renew``."""
        blank = self.blank()
        if (texts := self.snapshot.texts) is not None:
            blank = replace(blank, texts=texts.emptied())
        return self._read_on(blank, view, lsn)

    def renew(self, fresh: Snapshot, view: View, lsn: int) -> Snapshot:
        """Go on from a snapshot that ``renewed`` gave, after what was written since. Raises Stale."""
        with self._lock:
            if self.snapshot.lsn > lsn:
                raise Stale
            if fresh.texts is None and self.snapshot.texts is not None:  # somebody searched by words meanwhile
                return self.snapshot
            if fresh.lsn < lsn or self._excluded:
                fresh = self._from_truth(fresh, view, lsn)
            self.snapshot = fresh
            return fresh

    def exclude(self, ords: Iterable[int]) -> None:
        """Stop serving damaged rows that a read came upon and reported."""
        with self._lock:
            self._excluded.update(ords)
            self._reported.update(self._excluded)
            self.snapshot = self.snapshot.without(_as_ords(self._excluded))

    def unreported(self, snapshot: Snapshot) -> list[int]:
        """Ords of the rows that catching up found damaged, each of them once."""
        with self._lock:
            fresh = sorted({row.ord for row in snapshot.bad} - self._reported)
            self._reported.update(fresh)
        return fresh

    @property
    def excluded(self) -> frozenset[int]:
        return frozenset(self._excluded)


def _as_ords(ords: Iterable[int]) -> Ints:
    return np.array(sorted(ords), np.int64)
