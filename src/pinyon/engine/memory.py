"""What this process holds in memory of one index: the state of each namespace that was used."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pinyon.engine import checks
from pinyon.engine.caching import SnapshotCache
from pinyon.engine.kinds import line_of
from pinyon.engine.learned import Learned, MeterCache
from pinyon.engine.meter import Meter
from pinyon.engine.namespace import NamespaceState, Stale
from pinyon.engine.planner import matching_rows
from pinyon.engine.slots import slots
from pinyon.engine.snapshot import Snapshot
from pinyon.errors import NotFoundError, PinyonError
from pinyon.filters import Node, has_words, parse
from pinyon.limits import Limits
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.storage.values import Changes
from pinyon.types import IndexSpec

T = TypeVar("T")

_log = logging.getLogger("pinyon")


class Memory:
    """Thread-safe. Namespaces load when they are first used, and the least recently used make room for others.

    changed: called with a namespace that has changed, or whose caches are not what its settings ask for, and whether it
    was a reader who found out; upkeep listens.
    kept: called with a namespace where queries wait for their recall to be checked.
    learned: called when a meter learned something that should be kept, and whether at once: its namespace made room.
    """

    def __init__(self, spec: IndexSpec, truth: Truth, directory: CacheDirectory, limits: Limits) -> None:
        self.spec = spec
        self.truth = truth
        self.directory = directory
        self.limits = limits
        self.cache = SnapshotCache(truth, directory)
        self.changed: Callable[[NamespaceState, bool], None] = _nobody_listens
        self.kept: Callable[[NamespaceState], None] = _nobody_checks
        self.learned: Callable[[bool], None] = _nobody_keeps
        self.meters = MeterCache(truth, directory)
        self._parted: dict[int, NamespaceState] = {}
        """Namespaces that made room before what their meters learned was kept."""
        self._states: OrderedDict[int, NamespaceState] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def path(self) -> Path | None:
        return self.truth.path

    # -- reading at one LSN -------------------------------------------------------------------------------------------

    def read(self, work: Callable[[View], T]) -> T:
        """Run `work` in one read transaction; again when another thread moved the snapshot past it meanwhile."""
        while True:
            try:
                with self.truth.read() as view:
                    return work(view)
            except Stale:
                continue

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
        with suppress(KeyError):  # dropped by another thread: this read goes on with what it has
            self._states.move_to_end(ns_id)
        snapshot = state.snapshot
        if snapshot.lsn != lsn:
            snapshot = state.at(view, lsn)
            self.changed(state, True)
        if texts and snapshot.texts is None:
            snapshot = state.with_texts(view, lsn)
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
            saved = self.cache.load(view, state.snapshot)
            if saved is not None:
                state.restore(saved)
            learned = self._learned(view, ns_id)
            if learned is not None:
                state.recall(learned, self.spec)
            state = self._keep(state)
            if saved is not None and saved.settled != line_of(self.spec):
                self.changed(state, True)
        return state

    def _learned(self, view: View, ns_id: int) -> Learned | None:
        parted = self._parted.get(ns_id)
        if parted is not None and parted.metered is not None:
            return parted.metered.learned
        return self.meters.load(view, ns_id)

    def keep_learned(self) -> None:
        """Write what meters learned since it was last written. What cannot be written is left for the next time."""
        if not self.meters.enabled:
            return
        for state in [*self._parted.values(), *self.loaded_states()]:
            meter = state.metered
            if meter is not None and meter.learned is not None and meter.learned is not meter.kept:
                self._keep_learned(state, meter, meter.learned)
            if self._parted.get(state.ns_id) is state:
                del self._parted[state.ns_id]

    def _keep_learned(self, state: NamespaceState, meter: Meter, learned: Learned) -> None:
        try:
            if self.meters.save(state.ns_id, state.snapshot.lsn, learned):
                meter.kept = learned
        except (PinyonError, OSError) as error:
            _log.warning("recall that was learned of index %s was not kept: %s", self.name, error)

    def note(self, changes: Sequence[Changes]) -> None:
        """Remember what was committed, so that the next read need not fetch it from the file."""
        for change in changes:
            state = self._states.get(change.ns_id)
            if state is None and change.since == 0:
                state = self._keep(self._blank(change.ns_id))
            if state is not None:
                state.note(change)
                self.changed(state, False)

    def clear(self) -> None:
        with self._lock:
            self._states.clear()
            self._parted.clear()

    def _blank(self, ns_id: int) -> NamespaceState:
        spec = self.spec
        texts = {} if spec.schema is None else slots(spec).text_fields
        return NamespaceState(ns_id, spec.metric, spec.dimension, self.truth.filter_key, self.cache.spill, texts)

    def _keep(self, state: NamespaceState) -> NamespaceState:
        """The state that counts, when several threads made one; others make room if memory runs over its budget."""
        with self._lock:
            states = self._states
            state = states.setdefault(state.ns_id, state)
            # Adding up costs as much as there are namespaces, so small ones are counted only now and then.
            weigh = state.snapshot.n >= 4_096 or len(states) % 256 == 0
            total = sum(other.snapshot.weight for other in states.values()) if weigh else 0
            while len(states) > 1 and (len(states) > self.limits.loaded_namespaces or total > self.limits.loaded_bytes):
                _, dropped = states.popitem(last=False)
                total -= dropped.snapshot.weight
                meter = dropped.metered
                if self.meters.enabled and meter is not None and meter.learned is not meter.kept:
                    self._parted[dropped.ns_id] = dropped
                    self.learned(True)
            return state


def _nobody_listens(state: NamespaceState, by_reader: bool) -> None:
    """Until upkeep begins."""


def _nobody_keeps(at_once: bool) -> None:
    """Until upkeep begins."""


def _nobody_checks(state: NamespaceState) -> None:
    """Until metering begins."""
