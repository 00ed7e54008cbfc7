"""Background work of one index: catching up, moving vectors to the mapped file, building codes, saving caches.

One daemon thread, started when there is something to do. It takes work in small steps, publishes each by swapping one
reference, and stops between steps. Nothing depends on it for correctness: without it, searches score more rows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from pinyon.engine import bases, fitting
from pinyon.engine.budget import trim
from pinyon.engine.memory import Memory, Outdated
from pinyon.engine.namespace import NamespaceState
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.errors import PinyonError
from pinyon.storage.reading import View

STEP_ROWS = 8_192
"""Newer rows that may wait while somebody writes and somebody reads, before they are spilled and coded."""
BULK_ROWS = 65_536
"""Newer rows that may wait while somebody only writes: until then the writer gets the machine for itself."""
IDLE_ROWS = 256
"""Newer rows that are left to be scored one by one when writes have stopped."""
STEP_SHARE = 1 / 256
"""...or this share of the rows, if that is more: each time the codes are copied."""
UNREAD_BYTES = 8 * 1024 * 1024
"""Metadata that may wait to be read while writes go on."""
QUIET = 0.25
"""Seconds without a commit after which a namespace counts as quiet."""
CALM = 2.0
"""Seconds in which a namespace has hardly grown before a graph that cannot grow is begun: a bulk load passes it by."""
CALM_GROWTH = 1.01
"""Hardly: by no more than this factor."""
DEAD_SHARE = 0.3
"""Share of dead rows from which a quiet namespace is read anew without them."""
BUSY_DEAD_SHARE = 0.5
"""...and one that is never quiet."""
LOOSE_SHARE = 0.05
"""Share of sparse values outside of the longest lists from which the lists are merged."""
KEEP_SECONDS = 60.0
"""Seconds after which what recall meters learned is written."""
_log = logging.getLogger("pinyon")


class Maintenance:
    """Thread-safe. `work` is done by the background thread or, in `settle`, by the caller; never by both at once."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        memory.changed = self.wake
        memory.learned = self.learned
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._event = threading.Event()
        self._dirty: dict[int, float] = {}
        """ns_id -> time of its last commit, monotonic seconds."""
        self._read: set[int] = set()
        """Namespaces that somebody searched since they were last worked on."""
        self._worked: set[int] = set()
        """Namespaces that were brought up to date: what is too little to save at once is saved at the end."""
        self._keep_at: float | None = None
        """When to write what recall meters learned, monotonic seconds; None while they learn nothing."""
        self._grown: dict[int, tuple[float, int]] = {}
        """ns_id -> since when it has hardly grown, and from how many rows."""
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._generation = memory.generation
        self._builder = bases.Builder(memory.name, lambda: self._stopping, memory.budget, memory.cache.saved_graph)

    # -- what the index tells -----------------------------------------------------------------------------------------

    def wake(self, state: NamespaceState, by_reader: bool) -> None:
        """There may be work on a namespace; nothing is started for small ones."""
        if state.snapshot.n + state.backlog < bases.SCAN_ROWS or self._stopping:
            return
        if by_reader:
            self._read.add(state.ns_id)
        idle = not self._dirty
        self._dirty[state.ns_id] = time.monotonic()
        self._start()
        if idle or state.behind >= STEP_ROWS or self._pressing(state):
            self._event.set()

    def learned(self, at_once: bool) -> None:
        """A recall meter learned something, which is written within a minute; or at once where the meter goes."""
        at = time.monotonic() + (0.0 if at_once else KEEP_SECONDS)
        if self._memory.meters.enabled and not self._stopping and (self._keep_at is None or at < self._keep_at):
            self._keep_at = at
            self._start()
            self._event.set()

    def _start(self) -> None:
        """A thread that an unforeseen error ended, which Python reports, is followed by another."""
        if self._thread is None or not self._thread.is_alive():
            with self._starting:
                if (self._thread is None or not self._thread.is_alive()) and not self._stopping:
                    thread = threading.Thread(target=self._run, name=f"pinyon-{self._memory.name}", daemon=True)
                    thread.start()
                    self._thread = thread

    def settings_changed(self) -> None:
        """The kind or the contract is another one now: every namespace in memory follows in the background."""
        for state in self._memory.loaded_states():
            self.wake(state, False)

    # -- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._event.wait(self._pause())
            self._event.clear()
            if self._keep_at is not None and time.monotonic() >= self._keep_at:
                self._keep_at = None
                self._attempt(self._memory.keep_learned)
            for ns_id, last in [] if self._stopping else list(self._dirty.items()):
                state = self._memory.loaded(ns_id)
                quiet = time.monotonic() - last >= QUIET
                if state is None:
                    self._dirty.pop(ns_id, None)
                    self._grown.pop(ns_id, None)
                elif quiet or self._pressing(state):
                    calm = self._calm(state)
                    self._read.discard(ns_id)
                    more = self._attempt(partial(self.work, ns_id, quiet=quiet, calm=calm))
                    if more:
                        self._event.set()  # go on at once, after the others had their turn
                    elif quiet and calm and self._dirty.get(ns_id) == last:
                        self._dirty.pop(ns_id, None)
                elif state.behind >= STEP_ROWS:  # so that the first search after a bulk load finds little to catch up
                    self._attempt(lambda ns_id=ns_id: self._caught_up(ns_id))  # type: ignore[misc]

    def _pause(self) -> float | None:
        """Seconds until there is something to look after; None until somebody comes."""
        keep_at = self._keep_at
        left = None if keep_at is None else max(0.0, keep_at - time.monotonic())
        if not self._dirty:
            return left
        return QUIET if left is None else min(QUIET, left)

    def _pressing(self, state: NamespaceState) -> bool:
        """Whether work has to be done although writes go on."""
        few = _step(state)
        return state.backlog >= (few if state.ns_id in self._read else max(few, BULK_ROWS)) or self._changed(state)

    def _changed(self, state: NamespaceState) -> bool:
        """Whether all was built, and for other settings than those of now."""
        snapshot = state.snapshot
        return snapshot.settled != "" and snapshot.settled != self._line(snapshot)

    def _line(self, snapshot: Snapshot) -> str:
        """The settings of now, and the memory budget where it decides what is built."""
        return fitting.line_within(snapshot, self._memory.spec, self._memory.budget.limit)

    def _calm(self, state: NamespaceState) -> bool:
        """Whether the namespace has hardly grown for a while."""
        rows, now = state.snapshot.n + state.behind, time.monotonic()
        since, before = self._grown.get(state.ns_id, (0.0, 0))
        if rows > CALM_GROWTH * before:
            self._grown[state.ns_id] = since, before = now, rows
        return now - since >= CALM

    def _attempt(self, step: Callable[[], object]) -> bool:
        """What the step says, False when it failed."""
        try:
            with self._working:
                return bool(step())
        except (PinyonError, OSError, MemoryError) as error:
            # The truth holds everything: a cache that could not be built only makes searches slower.
            if not self._stopping:
                _log.warning("upkeep of index %s was put off: %s", self._memory.name, error)
        return False

    def settle(self, name: str | None, timeout: float | None, *, graphs: bool = True) -> bool:
        """Do all work on a namespace, or on every one, now and in the calling thread; without ``graphs``, what is left
        of theirs stays with the background thread. False when time ran out."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for ns_id in self._memory.read(lambda view: self._upkept(view, name)):
            left = -1.0 if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._working.acquire(timeout=left):
                return False
            try:
                while self.work(ns_id, quiet=True, graphs=graphs):
                    if deadline is not None and time.monotonic() > deadline:
                        return False
            finally:
                self._working.release()
        return True

    def _upkept(self, view: View, name: str | None) -> list[int]:
        """The ns_id of a namespace, if there is one; of all that may be worth upkeep without a name."""
        if name is not None:
            position = view.position(name)
            return [] if position is None else [position[0]]
        # One that shrank has few records, and perhaps many dead rows in memory.
        states = self._memory.loaded_states()
        worn = {state.ns_id for state in states if worth_upkeep(state.snapshot.n + state.behind)}
        return sorted(worn.union(view.large_namespaces(bases.SCAN_ROWS)))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No work goes on inside; at the end all that it knew of the caches is forgotten."""
        with self._working:
            yield
            self._dirty.clear()
            self._worked.clear()
            self._keep_at = None
            self._builder.forget()
            self._memory.cache.close()
            self._memory.texts.close()

    # -- the work -----------------------------------------------------------------------------------------------------

    def work(self, ns_id: int, *, quiet: bool, calm: bool = True, graphs: bool = True) -> bool:
        """Bring one namespace up to date. quiet: nobody writes, so fold what is left and save. calm: it hardly grows,
        so a graph may be begun that cannot grow. graphs: they are worked on at all.

        True when there is more to do, which takes long and so is done in slices.
        """
        found = self._caught_up(ns_id)
        if found is None:
            return False
        state, snapshot = found
        if self._generation != state.generation:
            self._builder.forget()
            self._generation = state.generation
        state.busy = True
        try:
            return self._worked_on(state, snapshot, quiet=quiet, calm=calm, graphs=graphs)
        except Outdated:
            return True  # the index was re-embedded: what is to be built now is another thing
        finally:
            state.busy = False
            self._memory.weigh(state)

    def _worked_on(self, state: NamespaceState, snapshot: Snapshot, *, quiet: bool, calm: bool, graphs: bool) -> bool:
        least = IDLE_ROWS if quiet else _step(state)
        if snapshot.columns.waiting > UNREAD_BYTES:
            snapshot.columns.read()
        more = False
        dead = snapshot.n - snapshot.live
        renewed = snapshot.n >= bases.SCAN_ROWS and dead > (DEAD_SHARE if quiet else BUSY_DEAD_SHARE) * snapshot.n
        if renewed:
            snapshot = self._renewed(state, snapshot)
        if snapshot.vectors is not None and snapshot.n >= bases.SCAN_ROWS:
            self._give_back_memory()
            snapshot = state.slim(least)
            snapshot, more = self._based(state, snapshot, least=least, quiet=quiet, calm=calm, graphs=graphs)
        if (quiet or renewed) and not more and not self._stopping:
            snapshot.columns.settle()
            if snapshot.n >= bases.SCAN_ROWS and snapshot.sparse.loose >= LOOSE_SHARE:
                snapshot = state.publish_sparse(snapshot.sparse, snapshot.sparse.settle())
            self._give_back_memory()
            self._worked.add(state.ns_id)
            if renewed or self._memory.cache.due(snapshot):
                self._save(state, snapshot, least=1)
            self._save_texts(state)
        return more

    def _based(
        self, state: NamespaceState, snapshot: Snapshot, *, least: int, quiet: bool, calm: bool, graphs: bool
    ) -> tuple[Snapshot, bool]:
        """The snapshot with the base that the settings ask for, as far as it is built; whether more is to be done."""
        spec = self._memory.spec
        more = False
        urgent = quiet or self._changed(state)
        base = self._builder.codes(snapshot, spec, least=least, quiet=urgent)
        growing = base is not None and base.graph is not None  # under writes, too
        if base is not None and graphs and (urgent or growing):
            snapshot = self._publish(state, snapshot, base, snapshot.settled)
            base, more = self._builder.graph(snapshot, base, spec, quiet=urgent, calm=calm)
        settled = snapshot.settled
        if urgent and calm and graphs and not more:
            settled = self._line(replace(snapshot, base=base))
        return self._publish(state, snapshot, base, settled), more

    def _publish(self, state: NamespaceState, snapshot: Snapshot, base: Base | None, settled: str) -> Snapshot:
        """The state's snapshot with this base, unless its rows were numbered anew meanwhile."""
        if base is snapshot.base and settled == snapshot.settled:
            return snapshot
        state.publish_base(snapshot.lineage, base, settled)
        self._memory.weigh(state)
        return state.snapshot

    def _renewed(self, state: NamespaceState, worn: Snapshot) -> Snapshot:
        """Leave dead rows behind. Searches go on with the worn snapshot until the fresh one has codes as well."""
        fresh = self._memory.read(lambda view: state.renewed(view, view.lsn_of(state.ns_id) or -1))
        if worn.base is not None and fresh.n >= bases.SCAN_ROWS:
            scan = self._builder.extended(worn.base.scan.emptied(), fresh)
            # A graph knows rows by their numbers, which are others now: it is built again.
            fresh = replace(fresh, base=replace(worn.base, scan=scan, graph=None, breadth=None), settled=worn.settled)
        renewed = self._memory.read(lambda view: state.renew(fresh, view, view.lsn_of(state.ns_id) or -1))
        for other in {worn.lineage, fresh.lineage} - {renewed.lineage}:
            self._memory.cache.leave(state.ns_id, other)
        return renewed

    def _caught_up(self, ns_id: int) -> tuple[NamespaceState, Snapshot] | None:
        def work(view: View) -> tuple[NamespaceState, Snapshot] | None:
            lsn = view.lsn_of(ns_id)
            if lsn is None:
                return None
            state = self._memory.state(view, ns_id)
            return state, state.at(view, lsn)

        return self._memory.read(work)

    def _give_back_memory(self) -> None:
        """Let go of this thread's page cache and of freed memory that the C library keeps: tens of megabytes."""
        with self._memory.truth.connections.use() as connection:
            connection.execute("PRAGMA shrink_memory").fetchall()
        trim()

    def _save(self, state: NamespaceState, snapshot: Snapshot, *, least: int) -> None:
        """Publish the caches of a large namespace once so many rows have changed that it is worth it."""
        if self._memory.cache.unsaved(snapshot) < least:
            return
        if not self._memory.cache.enabled or snapshot.n < bases.SCAN_ROWS:
            return
        if snapshot.bad or state.excluded:  # a cache would hide the damage from whoever loads it
            return
        if snapshot.vectors is not None:
            snapshot = state.slim(1)
            if snapshot.mapped < snapshot.n:
                return
        self._memory.cache.save(snapshot)

    def _save_texts(self, state: NamespaceState) -> None:
        """Publish the words of a namespace whose texts somebody searched."""
        snapshot = state.snapshot
        if self._memory.texts.due(snapshot) and not snapshot.bad and not state.excluded:
            self._memory.texts.save(snapshot)

    # -- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop after the step under way, and save what has been built but not been saved."""
        self._stopping = True
        self._event.set()
        with self._starting:  # a thread that is being started is waited for as well
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._thread = None
        self._save_what_is_new()
        self._memory.keep_learned()
        self._memory.cache.close()

    def _save_what_is_new(self) -> None:
        try:
            for ns_id in {*self._memory.cache.saved(), *self._dirty, *self._worked}:
                state = self._memory.loaded(ns_id)
                if state is not None:
                    self._save(state, state.snapshot, least=IDLE_ROWS)
            for state in self._memory.loaded_states():
                self._save_texts(state)
        except (PinyonError, OSError) as error:
            _log.warning("caches of index %s were not saved: %s", self._memory.name, error)


def worth_upkeep(rows: int) -> bool:
    """Whether a namespace of this size has anything to build."""
    return rows >= bases.SCAN_ROWS


def _step(state: NamespaceState) -> int:
    """Newer rows for which work is worth it while writes go on."""
    return max(STEP_ROWS, int(STEP_SHARE * state.snapshot.n))
