"""The operations of a write: checked when they are made, run inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar

import numpy as np

from pinyon.engine import checks
from pinyon.engine.memory import Memory
from pinyon.errors import InvalidRequestError
from pinyon.filters import Node, decode_metadata, encode_metadata, matches
from pinyon.storage.rows import decode_sparse
from pinyon.storage.values import StoredRow
from pinyon.storage.writing import Writer
from pinyon.types import Floats, RecordBatch, SparseValues, WriteResult

T = TypeVar("T")


class Operation(Protocol):
    def run(self, memory: Memory, writer: Writer) -> int:
        """Change the truth inside the caller's transaction; gives the number of records concerned."""
        ...


@dataclass(frozen=True, slots=True)
class Upsert:
    namespace: str
    batch: RecordBatch

    @classmethod
    def checked(
        cls, memory: Memory, namespace: str, ids: Sequence[str], vectors: Any, sparse: Any, metadata: Any
    ) -> Upsert:
        checks.check_namespace(namespace, memory.limits)
        return cls(namespace, checks.make_batch(memory.spec, memory.limits, ids, vectors, sparse, metadata))

    def run(self, memory: Memory, writer: Writer) -> int:
        writer.put(self.namespace, self.batch)
        return len(self.batch.ids)


@dataclass(frozen=True, slots=True)
class Update:
    """New values, sparse values or metadata for one record; what is None stays."""

    namespace: str
    id: str
    values: Floats | None
    sparse: SparseValues | None
    set_metadata: Mapping[str, Any] | None

    @classmethod
    def checked(
        cls, memory: Memory, namespace: str, id_: str, values: Any, sparse: Any, set_metadata: Mapping[str, Any] | None
    ) -> Update:
        checks.check_namespace(namespace, memory.limits)
        checks.check_id(id_, memory.limits)
        if values is None and sparse is None and set_metadata is None:
            checks.refuse(f"Nothing to update for record {id_!r}. Give values, sparse_values or set_metadata.")
        found = None
        if values is not None:
            if memory.spec.dimension is None:
                checks.refuse(f"Index configuration does not support dense values: {memory.name!r} is a sparse index.")
            found = checks.check_vectors([values], [id_], memory.spec.dimension).copy()
        weights = None if sparse is None else checks.check_sparse(sparse, memory.limits, f"record {id_!r}")
        if set_metadata is not None:
            encode_metadata(set_metadata, memory.limits, record_id=id_)
        return cls(namespace, id_, found, weights, set_metadata)

    def run(self, memory: Memory, writer: Writer) -> int:
        namespace = writer.open_namespace(self.namespace)
        rows = [] if namespace is None else writer.rows_by_id(namespace.ns_id, [self.id], values=False)
        if not rows:
            return 0
        metadata = merged(rows[0], self.set_metadata, memory)
        sparse = self.sparse if self.sparse is not None else decode_sparse(rows[0].sparse)
        if self.values is None:
            writer.rewrite(self.namespace, rows[0], metadata, sparse)
        else:
            writer.put(self.namespace, RecordBatch([self.id], self.values, [sparse], [metadata]))
        return 1


@dataclass(frozen=True, slots=True)
class UpdateWhere:
    namespace: str
    node: Node
    set_metadata: Mapping[str, Any]

    @classmethod
    def checked(
        cls, memory: Memory, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any]
    ) -> UpdateWhere:
        checks.check_namespace(namespace, memory.limits)
        node = memory.parse_filter(filter, "Update with empty metadata filter is not allowed. Give a condition.")
        if not set_metadata:
            checks.refuse("Update by filter needs set_metadata with at least one field.")
        encode_metadata(set_metadata, memory.limits, record_id="matched by the filter")
        return cls(namespace, node, set_metadata)

    def run(self, memory: Memory, writer: Writer) -> int:
        ords = matching(memory, writer, self.namespace, self.node)
        for row in writer.rows(ords, values=False).values():
            writer.rewrite(self.namespace, row, merged(row, self.set_metadata, memory), decode_sparse(row.sparse))
        return len(ords)


@dataclass(frozen=True, slots=True)
class Delete:
    """By ids, by filter, or (neither) everything; `whole` removes an explicitly made namespace too."""

    namespace: str
    ids: tuple[str, ...] | None = None
    node: Node | None = None
    whole: bool = False

    @classmethod
    def by_ids(cls, memory: Memory, namespace: str, ids: Sequence[str]) -> Delete:
        checks.check_namespace(namespace, memory.limits)
        return cls(namespace, ids=tuple(dict.fromkeys(checks.check_ids(ids, memory.limits))))

    @classmethod
    def by_filter(cls, memory: Memory, namespace: str, filter: Mapping[str, Any]) -> Delete:
        checks.check_namespace(namespace, memory.limits)
        when_empty = "Delete with empty metadata filter is not allowed. Give a condition, or delete_all=True."
        return cls(namespace, node=memory.parse_filter(filter, when_empty))

    @classmethod
    def everything(cls, memory: Memory, namespace: str) -> Delete:
        return cls(checks.check_namespace(namespace, memory.limits))

    @classmethod
    def namespace_too(cls, memory: Memory, namespace: str) -> Delete:
        return cls(checks.check_namespace(namespace, memory.limits), whole=True)

    def run(self, memory: Memory, writer: Writer) -> int:
        namespace = writer.open_namespace(self.namespace)
        if self.ids is None and self.node is None:
            if namespace is None:
                raise memory.unknown_namespace(self.namespace)
            row = writer.namespace(self.namespace)
            count = writer.drop_namespace(self.namespace)
            if row is not None and row.explicit and not self.whole:
                writer.create_namespace(self.namespace, explicit=True, schema=row.schema)
            return count
        if namespace is None:
            return 0
        if self.node is not None:
            ords = matching(memory, writer, self.namespace, self.node)
        else:
            ords = writer.ords_of(namespace.ns_id, self.ids or ())
        writer.remove(self.namespace, ords)
        return len(ords)


def matching(memory: Memory, writer: Writer, namespace: str, node: Node) -> list[int]:
    """Ords that match inside a write transaction.

    The columns know what is committed. Once this transaction itself changed the namespace, they are behind, and every
    record is looked at.
    """
    if not writer.touched(namespace):
        return memory.matching_ords(writer, namespace, node)
    opened = writer.open_namespace(namespace)
    if opened is None:
        return []
    rows = writer.connection.execute("SELECT ord, metadata FROM record WHERE ns_id = ?", (opened.ns_id,))
    return [ord_ for ord_, metadata in rows if matches(node, decode_metadata(metadata))]


def merged(row: StoredRow, changes: Mapping[str, Any] | None, memory: Memory) -> bytes | None:
    """A record's metadata with some fields set; a field set to None keeps its value, as Pinecone drops nulls."""
    if not changes:
        return row.metadata
    old = decode_metadata(row.metadata) or {}
    return encode_metadata(
        old | {key: value for key, value in changes.items() if value is not None}, memory.limits, record_id=row.id
    )


class Batch:
    """Collects writes and commits them as one transaction at the end of its ``with`` block.

    Each call is checked at once; an exception inside the block discards everything. `result` tells what was committed.
    generation: of the vectors, as in ``Index.apply``; that of the index when the first of them comes, if not given. The
    end of the block raises Outdated when the index was re-embedded since then.
    """

    def __init__(
        self,
        memory: Memory,
        apply: Callable[[Sequence[Operation], int | None], WriteResult],
        generation: int | None = None,
    ) -> None:
        self._memory = memory
        self._apply = apply
        self._generation = generation
        self._operations: list[Operation] = []
        self.result: WriteResult | None = None

    def upsert(
        self, namespace: str, ids: Sequence[str], vectors: Any = None, *, sparse: Any = None, metadata: Any = None
    ) -> None:
        batch = self._fitting(lambda: Upsert.checked(self._memory, namespace, ids, vectors, sparse, metadata)).batch
        if (
            batch.vectors is not None
            and isinstance(vectors, np.ndarray)
            and np.may_share_memory(batch.vectors, vectors)
        ):
            batch = RecordBatch(batch.ids, batch.vectors.copy(), batch.sparse, batch.metadata)
        self._operations.append(Upsert(namespace, batch))

    def update(
        self,
        namespace: str,
        id: str,
        *,
        values: Any = None,
        sparse: Any = None,
        set_metadata: Mapping[str, Any] | None = None,
    ) -> None:
        update = self._fitting(lambda: Update.checked(self._memory, namespace, id, values, sparse, set_metadata))
        self._operations.append(update)

    def _fitting(self, checked: Callable[[], T]) -> T:
        """What fits the vectors that the index has, which are the same for the whole batch."""
        found, generation = self._memory.steadily(lambda bound: (checked(), bound.generation))
        self._generation = self._generation or generation
        return found

    def update_where(self, namespace: str, filter: Mapping[str, Any], set_metadata: Mapping[str, Any]) -> None:
        self._operations.append(UpdateWhere.checked(self._memory, namespace, filter, set_metadata))

    def delete(self, namespace: str, ids: Sequence[str]) -> None:
        self._operations.append(Delete.by_ids(self._memory, namespace, ids))

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> None:
        self._operations.append(Delete.by_filter(self._memory, namespace, filter))

    def delete_all(self, namespace: str) -> None:
        self._operations.append(Delete.everything(self._memory, namespace))

    def __enter__(self) -> Batch:
        if self.result is not None:
            raise InvalidRequestError("This batch was committed already. Make a new one with index.batch().")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._operations:
            self.result = self._apply(self._operations, self._generation)
        self._operations.clear()
