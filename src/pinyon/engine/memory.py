"""What this process holds in memory of one index: the state of each namespace that was used."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pinyon.engine import bases, checks, fitting
from pinyon.engine.budget import Budget
from pinyon.engine.caching import SnapshotCache
from pinyon.engine.learned import Learned, MeterCache
from pinyon.engine.meter import Meter
from pinyon.engine.namespace import Moved, NamespaceState, Stale
from pinyon.engine.planner import matching_rows
from pinyon.engine.slots import slots, text_settings
from pinyon.engine.snapshot import Snapshot
from pinyon.engine.text_cache import TextCache
from pinyon.engine.texts import Texts
from pinyon.errors import InvalidRequestError, ModelMismatchError, NotFoundError, PinyonError
from pinyon.filters import Node, has_words, parse
from pinyon.limits import Limits
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.generations import as_stored
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.storage.values import Changes
from pinyon.types import IndexSpec

T = TypeVar("T")
WEIGHED = 256
"""Reads between two looks at what a namespace holds: what searches keep for each other grows without any change."""

_log = logging.getLogger("pinyon")


class Bound(NamedTuple):
    """The definition of an index as it was at one moment, and the generation of vectors that it speaks of."""

    spec: IndexSpec
    generation: int


class Outdated(ModelMismatchError):
    """What was prepared for the vectors of one model meets those of another: the index was re-embedded meanwhile."""


class Memory:
    """Thread-safe. Namespaces load when they are first used, and the least recently used make room for others.

    changed: called with a namespace that has changed, or whose caches are not what its settings ask for, and whether it
    was a reader who found out; upkeep listens.
    kept: called with a namespace where queries wait for their recall to be checked.
    learned: called when a meter learned something that should be kept, and whether at once: its namespace made room.
    """

    def __init__(
        self, spec: IndexSpec, truth: Truth, directory: CacheDirectory, limits: Limits, budget: Budget | None = None
    ) -> None:
        self._listed = spec
        self._stored_at = -1
        self._bound = Bound(as_stored(spec, truth.stored), truth.stored.number)
        self.budget = Budget() if budget is None else budget
        self.truth = truth
        self.directory = directory
        self.limits = limits
        self.cache = SnapshotCache(truth, directory)
        self.changed: Callable[[NamespaceState, bool], None] = _nobody_listens
        self.kept: Callable[[NamespaceState], None] = _nobody_checks
        self.learned: Callable[[bool], None] = _nobody_keeps
        self.meters = MeterCache(truth, directory)
        self.texts = TextCache(truth, directory)
        self._states: dict[int, NamespaceState] = {}
        self._parted: dict[int, tuple[int, Meter]] = {}
        """ns_id -> (LSN, meter) of namespaces that made room before what their meters learned was kept, and a while
        longer: whoever began to read before that was written does not see it in the file."""
        self._lock = threading.Lock()
        self._asked = 0

    @property
    def bound(self) -> Bound:
        """The definition and the generation of vectors that belong together, as far as this process knows."""
        return self._bound

    @property
    def spec(self) -> IndexSpec:
        return self._bound.spec

    @spec.setter
    def spec(self, listed: IndexSpec) -> None:
        """Takes what the catalog says; which model made the vectors the file knows better."""
        with self._lock:
            self._listed = listed
            self._bound = Bound(as_stored(listed, self.truth.stored), self.truth.stored.number)

    @property
    def generation(self) -> int:
        return self._bound.generation

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def path(self) -> Path | None:
        return self.truth.path

    # -- reading at one LSN -------------------------------------------------------------------------------------------

    def read(self, work: Callable[[View], T]) -> T:
        """Run `work` in one read transaction; again when another thread moved the snapshot past it meanwhile, or when
        the index turns out to have been re-embedded. Raises Outdated when `work` cannot do with the new vectors."""
        moved = 0
        while True:
            try:
                with self.truth.read() as view:
                    return work(view)
            except Stale:
                continue
            except Moved:
                if not self.refresh() and moved > 1:
                    raise self.outdated() from None
                moved += 1

    def steadily(self, work: Callable[[Bound], T]) -> T:
        """What `work` gives with the model that the index has: again when it was prepared for, or refused by, a former
        one, which this process had not noticed."""
        while True:
            bound = self.bound
            try:
                return work(bound)
            except Outdated:
                self.refresh()
            except (InvalidRequestError, NotFoundError):
                if not self.refresh():
                    raise

    def refresh(self) -> bool:
        """Look up in the file which generation of vectors the records have. Outside of transactions of this thread.

        True when it is another one than was known: what was held in memory is let go.
        """
        with self.truth.read() as view:
            stored, lsn = view.generations(), int(view.meta("lsn") or 0)
        with self._lock:
            if lsn < self._stored_at:
                return False  # another thread has looked since
            self._stored_at = lsn
            moved = stored.number != self.generation
            self.truth.stored = stored
            self.truth.dimension = stored.dimension(self._listed.dimension)
            self._bound = Bound(as_stored(self._listed, stored), stored.number)
            states = list(self._states.values()) if moved else []
            if moved:
                self._states.clear()
                self._parted.clear()
        for state in states:
            self.budget.forget(state)
            self.cache.leave(state.ns_id, state.snapshot.lineage)
        return moved

    def as_stored(self, spec: IndexSpec) -> IndexSpec:
        """A definition with the model that the file tells at this moment."""
        with self.truth.read() as view:
            return as_stored(spec, view.generations())

    def outdated(self) -> Outdated:
        embed = self.spec.embed
        return Outdated(
            f"Index {self.name!r} was re-embedded meanwhile and now has the model "
            f"{None if embed is None else embed.model!r}: vectors of the former one do not fit. Embed them again."
        )

    def snapshot(self, view: View, namespace: str, *, texts: bool = False) -> tuple[NamespaceState, Snapshot] | None:
        """The namespace as `view` sees it, with the words of its texts when asked for; None when it does not exist.

        May raise Stale.
        """
        position = view.position(namespace)
        if position is None:
            self.check_alive(view)
            return None
        ns_id, lsn, _ = position
        state = self.state(view, ns_id)
        self.budget.touch(state)
        self._asked += 1
        snapshot = state.snapshot
        if snapshot.lsn != lsn:
            snapshot = state.at(view, lsn)
            self.changed(state, True)
            self.weigh(state)
        if texts and snapshot.texts is None:
            snapshot = state.with_texts(view, lsn)
            self.changed(state, True)  # what was read of them is worth saving
            self.weigh(state)
        elif not self._asked % WEIGHED:
            self.weigh(state)
        return state, snapshot

    def matching_ords(self, view: View, namespace: str, node: Node) -> list[int]:
        """Ords of the records that match, at the LSN of `view`."""
        opened = self.snapshot(view, namespace, texts=has_words(node))
        if opened is None:
            return []
        snapshot = opened[1]
        mask, _ = matching_rows(snapshot, node)
        found: list[int] = snapshot.ords[np.flatnonzero(mask) if mask is not None else slice(None)].tolist()
        return found

    def check_alive(self, view: View) -> None:
        """Raises NotFoundError when the index was deleted, perhaps by another process."""
        if view.meta("dropped"):
            raise NotFoundError(f"Index {self.name!r} was deleted. Create it again, or get another one.")

    def unknown_namespace(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"Namespace {name!r} does not exist in index {self.name!r}. "
            "list_namespaces() shows what there is; writing a record makes a namespace."
        )

    def parse_filter(self, filter: Mapping[str, Any], when_empty: str, *, words: bool = False) -> Node:
        """The parsed filter; an empty one is refused where it would mean everything. words: it may match words."""
        if not filter:
            checks.refuse(when_empty)
        return self.parse(filter, words=words)

    def parse(self, filter: Mapping[str, Any], *, words: bool = True) -> Node:
        """The parsed filter, by the rules of the index's fields. Raises FilterError."""
        if self.spec.schema is None:
            return parse(filter, self.limits)
        return parse(filter, self.limits, slots(self.spec).filtering, words=words)

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def loaded(self, ns_id: int) -> NamespaceState | None:
        """The state of a namespace that is in memory."""
        return self._states.get(ns_id)

    def loaded_states(self) -> list[NamespaceState]:
        return list(self._states.values())

    def state(self, view: View, ns_id: int) -> NamespaceState:
        """The state of a namespace, from the cache files when it is first asked for."""
        state = self._states.get(ns_id)
        if state is None:
            state = self._blank(ns_id)
            if view.generation() != state.generation:
                raise Moved
            if view.dimension != self.spec.dimension:
                raise Stale
            learned = self._learned(view, ns_id)
            saved = self.cache.load(view, state.snapshot, self.budget)
            if saved is not None:
                state.restore(saved)
            if learned is not None:
                state.recall(learned, self.spec)
            state = self._keep(state)
            if saved is not None and saved.settled != fitting.line_within(saved, self.spec, self.budget.limit):
                self.changed(state, True)
        return state

    def _learned(self, view: View, ns_id: int) -> Learned | None:
        parted = self._parted.get(ns_id)
        return self.meters.load(view, ns_id) if parted is None else parted[1].learned

    def keep_learned(self) -> None:
        """Write what meters learned since it was last written. What cannot be written is left for the next time."""
        if not self.meters.enabled:
            return
        for ns_id, (lsn, meter) in list(self._parted.items()):
            if meter.learned is meter.kept:  # since the last round: nobody reads from before it any more
                self._forget_parted(ns_id, meter)
            else:
                self._keep_learned(ns_id, lsn, meter)
        for state in self.loaded_states():
            if state.metered is not None:
                self._keep_learned(state.ns_id, state.snapshot.lsn, state.metered)

    def _forget_parted(self, ns_id: int, meter: Meter) -> None:
        with self._lock:
            if self._parted.get(ns_id, (0, None))[1] is meter:
                del self._parted[ns_id]

    def _keep_learned(self, ns_id: int, lsn: int, meter: Meter) -> None:
        learned = meter.learned
        if learned is None or learned is meter.kept:
            return
        try:
            if self.meters.save(ns_id, lsn, learned):
                meter.kept = learned
        except (PinyonError, OSError) as error:
            _log.warning("recall that was learned of index %s was not kept: %s", self.name, error)

    def note(self, changes: Sequence[Changes]) -> None:
        """Remember what was committed, so that the next read need not fetch it from the file."""
        for change in changes:
            state = self._states.get(change.ns_id)
            if state is None and change.since == 0:
                with suppress(Moved):
                    state = self._keep(self._blank(change.ns_id))
            if state is not None:
                state.note(change)
                self.changed(state, False)
                self.weigh(state)

    def weigh(self, state: NamespaceState) -> None:
        """What the namespace holds has changed."""
        if self._states.get(state.ns_id) is state:
            self.budget.weigh(state, self)

    def shortage(self, state: NamespaceState, snapshot: Snapshot) -> str:
        """What the memory budget keeps the namespace from, in words."""
        known = state.told
        if known is None or known[0] is not snapshot:
            known = state.told = snapshot, fitting.shortage(snapshot, self.spec, self.budget.limit)
        return known[1]

    def unfinished(self, state: NamespaceState) -> bool:
        """Whether to drop the namespace is to lose what was read or built and is not in the cache files yet."""
        snapshot = state.snapshot
        return self.cache.enabled and snapshot.n >= bases.SCAN_ROWS and self.cache.due(snapshot)

    def drop(self, state: NamespaceState) -> None:
        """Forget a namespace; it is loaded again when it is next used."""
        with self._lock:
            if self._states.get(state.ns_id) is state:
                del self._states[state.ns_id]
                self._part(state)
        self.cache.leave(state.ns_id, state.snapshot.lineage)

    def _part(self, state: NamespaceState) -> None:
        meter = state.metered
        self._parted.pop(state.ns_id, None)  # of an earlier stay
        if self.meters.enabled and meter is not None and meter.learned is not meter.kept:
            self._parted[state.ns_id] = state.snapshot.lsn, meter
            self.learned(True)

    def clear(self) -> None:
        with self._lock:
            states = list(self._states.values())
            self._states.clear()
            self._parted.clear()
        for state in states:
            self.budget.forget(state)

    def _blank(self, ns_id: int) -> NamespaceState:
        spec, generation = self.bound
        key, spill = self.truth.filter_key, self.cache.spill
        return NamespaceState(ns_id, spec.metric, spec.dimension, key, spill, self._read_texts, generation)

    def _read_texts(self, view: View, snapshot: Snapshot) -> Texts:
        return self.texts.texts(view, snapshot, text_settings(self.spec))

    def _keep(self, state: NamespaceState) -> NamespaceState:
        """The state that counts, when several threads made one; others make room if memory runs over its budget."""
        with self._lock:
            if state.generation != self.generation:
                raise Moved
            kept = self._states.setdefault(state.ns_id, state)
        self.budget.weigh(kept, self)
        return kept


def _nobody_listens(state: NamespaceState, by_reader: bool) -> None:
    """Until upkeep begins."""


def _nobody_keeps(at_once: bool) -> None:
    """Until upkeep begins."""


def _nobody_checks(state: NamespaceState) -> None:
    """Until metering begins."""
