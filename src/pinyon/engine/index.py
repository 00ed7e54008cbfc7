"""One index: reads at one LSN, writes in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pinyon.engine import checks
from pinyon.engine.budget import Budget
from pinyon.engine.kinds import line_of
from pinyon.engine.maintenance import Maintenance, worth_upkeep
from pinyon.engine.memory import Bound, Memory
from pinyon.engine.metering import Metering
from pinyon.engine.namespace import Moved, Stale
from pinyon.engine.quality import quality_of
from pinyon.engine.querying import answer, as_record
from pinyon.engine.reports import NamespaceReport
from pinyon.engine.writes import Batch, Delete, Operation, Update, UpdateWhere, Upsert
from pinyon.errors import AlreadyExistsError
from pinyon.limits import Limits
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.storage.values import NamespaceRow, StoredRow
from pinyon.types import (
    IndexSpec,
    IndexStats,
    NamespaceInfo,
    Quality,
    Query,
    QueryResult,
    Record,
    WriteResult,
)


class Index:
    """A handle on one index. Thread-safe: readers search immutable snapshots while one writer commits.

    Every read is of one LSN: what it returns was true at one moment. Errors are those of ``pinyon.errors``.
    """

    def __init__(
        self,
        spec: IndexSpec,
        truth: Truth,
        caches: CacheDirectory,
        limits: Limits,
        budget: Budget | None = None,
    ) -> None:
        """budget: the memory that all indexes of a database share; one of its own where it is not given."""
        self.memory = Memory(spec, truth, caches, limits, budget)
        self.maintenance = Maintenance(self.memory)
        self.metering = Metering(self.memory)
        self.truth = truth
        self.limits = limits
        self.read = self.memory.read

    @property
    def spec(self) -> IndexSpec:
        return self.memory.spec

    @spec.setter
    def spec(self, spec: IndexSpec) -> None:
        former, self.memory.spec = self.memory.spec, spec
        if line_of(former) != line_of(spec):
            self.maintenance.settings_changed()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def path(self) -> Path | None:
        return self.truth.path

    # -- searching ----------------------------------------------------------------------------------------------------

    def query(self, namespace: str, query: Query, *, generation: int | None = None) -> QueryResult:
        """The `top_k` best records; fewer only when fewer match. Unknown namespaces and ids give no matches.

        generation: of ``memory.bound``, whose model embedded the query. Raises Outdated when the index has another one.
        """
        return answer(self.memory, namespace, query, generation)

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
        self,
        namespace: str,
        filter: Mapping[str, Any],
        *,
        limit: int = 100,
        after: str | None = None,
        include_values: bool = True,
    ) -> tuple[dict[str, Record], str | None]:
        """A page of the records that match, in order of id, and where the next page begins."""
        checks.check_namespace(namespace, self.limits)
        limit = checks.check_page(limit, self.limits.fetch_by_metadata_page)
        node = self.memory.parse_filter(
            filter, "Empty filter provided for fetch by metadata request. Give a condition.", words=True
        )

        def work(view: View) -> tuple[dict[str, Record], str | None]:
            ids = view.ids_of(self.memory.matching_ords(view, namespace, node))
            picked = sorted((id_, ord_) for ord_, id_ in ids.items() if after is None or id_ > after)[: limit + 1]
            page = picked[:limit]
            rows = view.rows([ord_ for _, ord_ in page], values=include_values)
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
        """Every record in order of id. Each page is a consistent read; writes between pages may show in later ones.

        Raises Outdated when the index is re-embedded between two pages with values.
        """
        checks.check_namespace(namespace, self.limits)
        node = None if filter is None else self.memory.parse(filter)
        after: str | None = None
        known: set[int] = set()
        while True:

            def work(view: View, after: str | None = after) -> tuple[list[StoredRow], str | None]:
                if include_values:
                    known.add(view.generation())
                    if len(known) > 1:
                        raise self.memory.outdated()
                row = self._namespace(view, namespace)
                if row is None:
                    return [], None
                ids = view.list_ids(row.ns_id, "", after, page)
                wanted = ids
                if node is not None:
                    keep = set(self.memory.matching_ords(view, namespace, node))
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

    def lsn(self, namespace: str) -> int:
        """LSN of the last transaction that changed a namespace; 0 when there is no such namespace."""
        checks.check_namespace(namespace, self.limits)

        def work(view: View) -> int:
            row = self._namespace(view, namespace)
            return 0 if row is None else row.lsn

        return self.read(work)

    def stats(self) -> IndexStats:
        def work(view: View) -> IndexStats:
            spec, generation = self.memory.bound
            if view.generation() != generation:
                raise Moved
            counts = view.counts()
            if not counts:
                self.memory.check_alive(view)
            total, quality = sum(counts.values()), self._quality(view, counts)
            return IndexStats(counts, spec.dimension, spec.metric, spec.vector_type, total, quality)

        return self.read(work)

    def _quality(self, view: View, counts: Mapping[str, int]) -> dict[str, Quality]:
        """Of the namespaces that are in memory and large enough for approximate search."""
        found: dict[str, Quality] = {}
        for name in [name for name, count in counts.items() if worth_upkeep(count)]:
            position = view.position(name)
            state = None if position is None else self.memory.loaded(position[0])
            if state is not None and state.snapshot.vectors is not None:
                found[name] = quality_of(state.snapshot, state.metered, self.spec)
        return found

    def _namespace(self, view: View, name: str) -> NamespaceRow | None:
        row = view.namespace(name)
        if row is None:
            self.memory.check_alive(view)
        return row

    # -- writing ------------------------------------------------------------------------------------------------------

    def apply(self, operations: Sequence[Operation], *, generation: int | None = None) -> WriteResult:
        """Run operations as one transaction: all of them are on disk when this returns, or none ever happened.

        generation: of the vectors among them, as ``memory.bound`` gave it when they were embedded or checked; None when
        there are none. Raises Outdated when the index has another one.
        """
        while True:
            try:
                with self.truth.write(self.memory.note) as writer:
                    self.memory.check_alive(writer)
                    if generation not in (None, writer.stored.number):
                        raise Moved
                    count = sum(operation.run(self.memory, writer) for operation in operations)
                return WriteResult(count, writer.lsn)
            except Stale:
                continue
            except Moved:
                self.memory.refresh()
                if generation not in (None, self.memory.generation):
                    raise self.memory.outdated() from None

    def upsert(
        self,
        namespace: str,
        ids: Sequence[str],
        vectors: Any = None,
        *,
        sparse: Sequence[Any] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | Mapping[str, Sequence[Any]] | None = None,
        generation: int | None = None,
    ) -> WriteResult:
        """Insert or replace records in one transaction. Of equal ids in one call the last wins.

        vectors: (n, d) array, or n sequences of d numbers. metadata: n objects, or columns of n values.
        generation: of ``memory.bound``, whose model made the vectors. Raises Outdated when the index has another one.
        """

        def write(bound: Bound) -> WriteResult:
            checked = Upsert.checked(self.memory, namespace, ids, vectors, sparse, metadata)
            return self.apply([checked], generation=bound.generation if generation is None else generation)

        return self.memory.steadily(write) if generation is None else write(self.memory.bound)

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

        def write(bound: Bound) -> WriteResult:
            checked = Update.checked(self.memory, namespace, id, values, sparse, set_metadata)
            return self.apply([checked], generation=bound.generation)

        return self.memory.steadily(write)

    def update_where(
        self, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any], *, dry_run: bool = False
    ) -> WriteResult:
        """Merge metadata into every record that matches; `dry_run` only counts them."""
        operation = UpdateWhere.checked(self.memory, namespace, filter, set_metadata)
        if not dry_run:
            return self.apply([operation])
        count = self.read(lambda view: len(self.memory.matching_ords(view, namespace, operation.node)))
        return WriteResult(count, self.read(lambda view: int(view.meta("lsn") or 0)))

    def delete(self, namespace: str, ids: Sequence[str]) -> WriteResult:
        """Delete records by id. Ids that do not exist are no error."""
        return self.apply([Delete.by_ids(self.memory, namespace, ids)])

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> WriteResult:
        """Delete every record that matches."""
        return self.apply([Delete.by_filter(self.memory, namespace, filter)])

    def delete_all(self, namespace: str) -> WriteResult:
        """Delete every record of a namespace. Raises NotFoundError when there is no such namespace."""
        return self.apply([Delete.everything(self.memory, namespace)])

    def batch(self, *, generation: int | None = None) -> Batch:
        """``with index.batch() as batch:`` what is called on `batch` commits as one transaction at exit.

        generation: of ``memory.bound``, whose model made the vectors of the batch.
        """
        return Batch(self.memory, lambda operations, of: self.apply(operations, generation=of), generation)

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
        with self.truth.write(self.memory.note) as writer:
            self.memory.check_alive(writer)
            if writer.namespace(name) is not None:
                raise AlreadyExistsError(f"Namespace {name!r} already exists in index {self.name!r}.")
            writer.create_namespace(name, explicit=True, schema=schema)
        return NamespaceInfo(name, 0, schema)

    def describe_namespace(self, name: str) -> NamespaceInfo:
        checks.check_namespace(name, self.limits)
        row = self.read(lambda view: self._namespace(view, name))
        if row is None:
            raise self.memory.unknown_namespace(name)
        return _info(row)

    def delete_namespace(self, name: str) -> WriteResult:
        """Delete a namespace and all its records."""
        return self.apply([Delete.namespace_too(self.memory, name)])

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def ready(self, namespace: str | None = None, timeout: float | None = None, *, graphs: bool = True) -> bool:
        """Wait until the background work on what was written so far is done, or but for graphs.

        False when `timeout` seconds ran out."""
        return self.maintenance.settle(namespace, timeout, graphs=graphs)

    def describe(self, namespace: str) -> NamespaceReport:
        """What a namespace looks like inside. Raises NotFoundError."""
        checks.check_namespace(namespace, self.limits)

        def work(view: View) -> NamespaceReport:
            opened = self.memory.snapshot(view, namespace)
            if opened is None:
                raise self.memory.unknown_namespace(namespace)
            return NamespaceReport.of(namespace, *opened, self.spec, self.memory.budget.limit)

        return self.read(work)

    def metered(self) -> list[tuple[str, Quality]]:
        """The namespaces in memory whose queries are metered. Reads no file."""
        states = [(state, state.metered) for state in self.memory.loaded_states()]
        return [
            (meter.namespace, quality_of(state.snapshot, meter, self.spec))
            for state, meter in states
            if meter is not None and meter.namespace is not None
        ]

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """No background work inside, and nothing in memory afterwards: the file's caches are about to go."""
        with self.metering.paused(), self.maintenance.paused():
            yield
            self.memory.clear()

    def abandon_after_fork(self) -> None:
        """In a forked child: forget what the parent's threads may have been in the middle of, and load it anew."""
        self.memory = Memory(self.spec, self.truth, self.memory.directory, self.limits, self.memory.budget)
        self.maintenance = Maintenance(self.memory)
        self.metering = Metering(self.memory)
        self.read = self.memory.read

    def close(self) -> None:
        """Stop background work and close the file. Waits for nothing but the step under way."""
        self.metering.close()
        self.maintenance.close()
        self.truth.close()
        self.memory.clear()


def _info(row: NamespaceRow) -> NamespaceInfo:
    return NamespaceInfo(row.name, row.count, row.schema)
