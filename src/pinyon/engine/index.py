"""One index: reads at one LSN, writes in one transaction."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pinyon.engine import checks
from pinyon.engine.maintenance import Maintenance, worth_upkeep
from pinyon.engine.namespace import NamespaceState, Stale
from pinyon.engine.planner import matching_rows
from pinyon.engine.querying import answer, as_record
from pinyon.engine.reports import NamespaceReport
from pinyon.engine.snapshot import Snapshot
from pinyon.engine.writes import Batch, Delete, Operation, Update, UpdateWhere, Upsert
from pinyon.errors import AlreadyExistsError, NotFoundError
from pinyon.filters import Node, parse
from pinyon.limits import Limits
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.storage.values import Changes, NamespaceRow, StoredRow
from pinyon.types import (
    IndexSpec,
    IndexStats,
    NamespaceInfo,
    Query,
    QueryResult,
    Record,
    WriteResult,
)

T = TypeVar("T")


class Index:
    """A handle on one index. Thread-safe: readers search immutable snapshots while one writer commits.

    Every read is of one LSN: what it returns was true at one moment. Errors are those of ``pinyon.errors``.
    """

    def __init__(self, spec: IndexSpec, truth: Truth, caches: CacheDirectory, limits: Limits) -> None:
        self.spec = spec
        self.limits = limits
        self.truth = truth
        self._states: OrderedDict[int, NamespaceState] = OrderedDict()
        self._states_lock = threading.Lock()
        self.maintenance = Maintenance(self, caches)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def path(self) -> Path | None:
        return self.truth.path

    # -- snapshots ----------------------------------------------------------------------------------------------------

    def state(self, view: View, ns_id: int) -> NamespaceState:
        """This process's state of a namespace, from the cache files when it is first asked for."""
        state = self._states.get(ns_id)
        if state is None:
            state = self.maintenance.new_state(ns_id)
            self.maintenance.load(view, state)
            with self._states_lock:
                state = self._states.setdefault(ns_id, state)
                self._evict(state)
        return state

    def loaded(self, ns_id: int) -> NamespaceState | None:
        """The state of a namespace that this process has in memory."""
        return self._states.get(ns_id)

    def snapshot(self, view: View, namespace: str) -> tuple[NamespaceState, Snapshot] | None:
        """The namespace as `view` sees it; None when it does not exist. May raise Stale."""
        position = view.position(namespace)
        if position is None:
            self._check_alive(view)
            return None
        ns_id, lsn, _ = position
        state = self.state(view, ns_id)
        with suppress(KeyError):  # dropped by another thread: this query goes on with what it has
            self._states.move_to_end(ns_id)
        snapshot = state.snapshot
        if snapshot.lsn != lsn:
            snapshot = state.at(view, lsn)
            self.maintenance.wake(state)
        return state, snapshot

    def read(self, work: Callable[[View], T]) -> T:
        """Run `work` in one read transaction; again when another thread moved the snapshot past it meanwhile."""
        while True:
            try:
                with self.truth.read() as view:
                    return work(view)
            except Stale:
                continue

    def _check_alive(self, view: View) -> None:
        if view.meta("dropped"):
            raise NotFoundError(f"Index {self.name!r} was deleted. Create it again, or get another one.")

    def _evict(self, added: NamespaceState) -> None:
        """Drop the least recently used namespaces beyond the budget. Called with the lock held."""
        states = self._states
        # Adding up costs as much as there are namespaces, so small ones are counted only now and then.
        weigh = added.snapshot.n >= 4_096 or len(states) % 256 == 0
        total = sum(state.snapshot.weight for state in states.values()) if weigh else 0
        while len(states) > 1 and (len(states) > self.limits.loaded_namespaces or total > self.limits.loaded_bytes):
            _, state = states.popitem(last=False)
            total -= state.snapshot.weight

    # -- searching ----------------------------------------------------------------------------------------------------

    def query(self, namespace: str, query: Query) -> QueryResult:
        """The `top_k` best records; fewer only when fewer match. Unknown namespaces and ids give no matches."""
        return answer(self, namespace, query)

    # -- reading records ----------------------------------------------------------------------------------------------

    def fetch(self, namespace: str, ids: Sequence[str], *, include_values: bool = True) -> dict[str, Record]:
        """Records by id, in the order of `ids`; unknown ids are absent. Raises CorruptionError for a damaged one."""
        checks.check_namespace(namespace, self.limits)
        listed = checks.check_ids(ids, self.limits)

        def work(view: View) -> dict[str, Record]:
            row = self._namespace(view, namespace)
            if row is None:
                return {}
            return {r.id: as_record(r) for r in view.rows_by_id(row.ns_id, listed, values=include_values)}

        return self.read(work)

    def fetch_where(
        self, namespace: str, filter: Mapping[str, Any], *, limit: int = 100, after: str | None = None
    ) -> tuple[dict[str, Record], str | None]:
        """A page of the records that match, in order of id, and where the next page begins."""
        checks.check_namespace(namespace, self.limits)
        limit = checks.check_page(limit, self.limits.fetch_by_metadata_page)
        node = self.parse_filter(filter, "Empty filter provided for fetch by metadata request. Give a condition.")

        def work(view: View) -> tuple[dict[str, Record], str | None]:
            ids = view.ids_of(self.matching_ords(view, namespace, node))
            picked = sorted((id_, ord_) for ord_, id_ in ids.items() if after is None or id_ > after)[: limit + 1]
            page = picked[:limit]
            rows = view.rows([ord_ for _, ord_ in page], values=True)
            return (
                {id_: as_record(rows[ord_]) for id_, ord_ in page},
                page[-1][0] if len(picked) > limit else None,
            )

        return self.read(work)

    def list_ids(
        self, namespace: str, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> tuple[list[str], str | None]:
        """A page of ids in bytewise order, and where the next page begins."""
        checks.check_namespace(namespace, self.limits)
        limit = checks.check_page(limit, self.limits.list_page)

        def work(view: View) -> tuple[list[str], str | None]:
            row = self._namespace(view, namespace)
            ids = [] if row is None else view.list_ids(row.ns_id, prefix, after, limit + 1)
            return ids[:limit], ids[limit - 1] if len(ids) > limit else None

        return self.read(work)

    def iterate(
        self,
        namespace: str,
        *,
        filter: Mapping[str, Any] | None = None,
        include_values: bool = True,
        page: int = 1000,
    ) -> Iterator[Record]:
        """Every record in order of id. Each page is a consistent read; writes between pages may show in later ones."""
        checks.check_namespace(namespace, self.limits)
        node = None if filter is None else parse(filter, self.limits)
        after: str | None = None
        while True:

            def work(view: View, after: str | None = after) -> tuple[list[StoredRow], str | None]:
                row = self._namespace(view, namespace)
                if row is None:
                    return [], None
                ids = view.list_ids(row.ns_id, "", after, page)
                wanted = ids
                if node is not None:
                    keep = set(self.matching_ords(view, namespace, node))
                    wanted = [id_ for id_ in ids if view.ord_of(row.ns_id, id_) in keep]
                return view.rows_by_id(row.ns_id, wanted, values=include_values), ids[-1] if ids else None

            rows, after = self.read(work)
            yield from map(as_record, rows)
            if after is None:
                return

    def count(self, namespace: str) -> int:
        """Number of records of one namespace."""
        checks.check_namespace(namespace, self.limits)

        def work(view: View) -> int:
            row = self._namespace(view, namespace)
            return 0 if row is None else row.count

        return self.read(work)

    def stats(self) -> IndexStats:
        def work(view: View) -> IndexStats:
            counts = view.counts()
            if not counts:
                self._check_alive(view)
            spec = self.spec
            return IndexStats(counts, spec.dimension, spec.metric, spec.vector_type, sum(counts.values()))

        return self.read(work)

    def parse_filter(self, filter: Mapping[str, Any], when_empty: str) -> Node:
        """The parsed filter; an empty one is refused where it would mean everything."""
        if not filter:
            checks.refuse(when_empty)
        return parse(filter, self.limits)

    def matching_ords(self, view: View, namespace: str, node: Node) -> list[int]:
        """Ords of the records that match, at the LSN of `view`."""
        opened = self.snapshot(view, namespace)
        if opened is None:
            return []
        snapshot = opened[1]
        mask, _ = matching_rows(snapshot, node)
        found: list[int] = snapshot.ords[np.flatnonzero(mask) if mask is not None else slice(None)].tolist()
        return found

    def _namespace(self, view: View, name: str) -> NamespaceRow | None:
        row = view.namespace(name)
        if row is None:
            self._check_alive(view)
        return row

    # -- writing ------------------------------------------------------------------------------------------------------

    def apply(self, operations: Sequence[Operation]) -> WriteResult:
        """Run operations as one transaction: all of them are on disk when this returns, or none ever happened."""
        while True:
            try:
                with self.truth.write(self._committed) as writer:
                    self._check_alive(writer)
                    count = sum(operation.run(self, writer) for operation in operations)
                return WriteResult(count, writer.lsn)
            except Stale:
                continue

    def _committed(self, changes: Sequence[Changes], lsn: int) -> None:
        for change in changes:
            state = self._states.get(change.ns_id)
            if state is None and change.since == 0:
                state = self.maintenance.new_state(change.ns_id)
                with self._states_lock:
                    state = self._states.setdefault(change.ns_id, state)
                    self._evict(state)
            if state is not None:
                state.note(change)
        self.maintenance.committed(changes)

    def upsert(
        self,
        namespace: str,
        ids: Sequence[str],
        vectors: Any = None,
        *,
        sparse: Sequence[Any] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | Mapping[str, Sequence[Any]] | None = None,
    ) -> WriteResult:
        """Insert or replace records in one transaction. Of equal ids in one call the last wins.

        vectors: (n, d) array, or n sequences of d numbers. metadata: n objects, or columns of n values.
        """
        return self.apply([Upsert.checked(self, namespace, ids, vectors, sparse, metadata)])

    def update(
        self,
        namespace: str,
        id: str,
        *,
        values: Any = None,
        sparse: Any = None,
        set_metadata: Mapping[str, Any] | None = None,
    ) -> WriteResult:
        """Change parts of one record; metadata is merged. An unknown id changes nothing (count 0)."""
        return self.apply([Update.checked(self, namespace, id, values, sparse, set_metadata)])

    def update_where(
        self, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any], *, dry_run: bool = False
    ) -> WriteResult:
        """Merge metadata into every record that matches; `dry_run` only counts them."""
        operation = UpdateWhere.checked(self, namespace, filter, set_metadata)
        if not dry_run:
            return self.apply([operation])
        count = self.read(lambda view: len(self.matching_ords(view, namespace, operation.node)))
        return WriteResult(count, self.read(lambda view: int(view.meta("lsn") or 0)))

    def delete(self, namespace: str, ids: Sequence[str]) -> WriteResult:
        """Delete records by id. Ids that do not exist are no error."""
        return self.apply([Delete.by_ids(self, namespace, ids)])

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> WriteResult:
        """Delete every record that matches."""
        return self.apply([Delete.by_filter(self, namespace, filter)])

    def delete_all(self, namespace: str) -> WriteResult:
        """Delete every record of a namespace. Raises NotFoundError when there is no such namespace."""
        return self.apply([Delete.everything(self, namespace)])

    def batch(self) -> Batch:
        """``with index.batch() as batch:`` what is called on `batch` commits as one transaction at exit."""
        return Batch(self)

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def namespaces(
        self, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> tuple[list[NamespaceInfo], str | None, int]:
        """A page of namespaces in order of name, where the next page begins, and how many there are in all."""
        limit = checks.check_page(limit, self.limits.list_page)

        def work(view: View) -> tuple[list[NamespaceInfo], str | None, int]:
            rows = view.namespaces(prefix, after, limit + 1)
            infos = [_info(row) for row in rows[:limit]]
            following = rows[limit - 1].name if len(rows) > limit else None
            return infos, following, view.count_namespaces(prefix)

        return self.read(work)

    def create_namespace(self, name: str, schema: Mapping[str, Any] | None = None) -> NamespaceInfo:
        """An empty namespace that stays when it holds no records. Raises AlreadyExistsError."""
        checks.check_namespace(name, self.limits)
        with self.truth.write(self._committed) as writer:
            self._check_alive(writer)
            if writer.namespace(name) is not None:
                raise AlreadyExistsError(f"Namespace {name!r} already exists in index {self.name!r}.")
            writer.create_namespace(name, explicit=True, schema=schema)
        return NamespaceInfo(name, 0, schema)

    def describe_namespace(self, name: str) -> NamespaceInfo:
        checks.check_namespace(name, self.limits)
        row = self.read(lambda view: self._namespace(view, name))
        if row is None:
            raise self.unknown_namespace(name)
        return _info(row)

    def delete_namespace(self, name: str) -> WriteResult:
        """Delete a namespace and all its records."""
        return self.apply([Delete.namespace_too(self, name)])

    def unknown_namespace(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"Namespace {name!r} does not exist in index {self.name!r}. "
            "list_namespaces() shows what there is; writing a record makes a namespace."
        )

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def ready(self, namespace: str | None = None, timeout: float | None = None) -> bool:
        """Wait until the background work on what was written so far is done. False when `timeout` seconds ran out."""
        if namespace is not None:
            return self.maintenance.settle([namespace], timeout)
        counts = self.read(lambda view: view.counts())
        return self.maintenance.settle([name for name, count in counts.items() if worth_upkeep(count)], timeout)

    def describe(self, namespace: str) -> NamespaceReport:
        """What a namespace looks like inside. Raises NotFoundError."""
        checks.check_namespace(namespace, self.limits)

        def work(view: View) -> NamespaceReport:
            opened = self.snapshot(view, namespace)
            if opened is None:
                raise self.unknown_namespace(namespace)
            return NamespaceReport.of(namespace, *opened)

        return self.read(work)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """No background work inside, and nothing in memory afterwards: the file's caches are about to go."""
        with self.maintenance.paused():
            yield
            with self._states_lock:
                self._states.clear()

    def abandon_after_fork(self) -> None:
        """In a forked child: forget what the parent's threads may have been in the middle of, and load it anew."""
        self._states = OrderedDict()
        self._states_lock = threading.Lock()
        self.maintenance = Maintenance(self, self.maintenance.directory)

    def close(self) -> None:
        """Stop background work and close the file. Waits for nothing but the step under way."""
        self.maintenance.close()
        self.truth.close()
        self._states.clear()


def _info(row: NamespaceRow) -> NamespaceInfo:
    return NamespaceInfo(row.name, row.count, row.schema)
