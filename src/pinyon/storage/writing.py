"""A write transaction on the truth: every change carries the transaction's LSN, and every death leaves a tombstone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apsw
import numpy as np
import orjson

from pinyon.errors import AlreadyExistsError
from pinyon.storage.generations import HALF
from pinyon.storage.reading import View
from pinyon.storage.rows import encode_sparse, record_crc, vector_crc
from pinyon.storage.values import NO_ORDS, Changes, StoredRow
from pinyon.types import EmbedSpec, Floats, Ints, RecordBatch, SparseValues


class _Pending:
    """What this transaction did to one namespace so far."""

    __slots__ = (
        "count",
        "dead",
        "explicit",
        "metadata",
        "name",
        "ns_id",
        "ords",
        "since",
        "sparse",
        "touched",
        "updated",
        "vectors",
    )

    def __init__(self, ns_id: int, name: str, since: int, count: int, explicit: bool) -> None:
        self.ns_id = ns_id
        self.name = name
        self.since = since
        self.count = count
        self.explicit = explicit
        self.touched = False
        self.ords: list[Ints] = []
        self.vectors: list[Floats] = []
        self.metadata: list[bytes | None] = []
        self.sparse: list[SparseValues | None] = []
        self.updated: dict[int, tuple[bytes | None, SparseValues | None]] = {}
        self.dead: list[int] = []

    def changes(self, lsn: int, dimension: int | None, generation: int) -> Changes:
        vectors = None
        if dimension is not None:
            vectors = (
                self.vectors[0]
                if len(self.vectors) == 1
                else np.concatenate(self.vectors or [np.empty((0, dimension), np.float32)])
            )
        return Changes(
            self.ns_id,
            self.since,
            lsn,
            np.concatenate(self.ords) if self.ords else NO_ORDS,
            vectors,
            self.metadata,
            self.sparse if any(value is not None for value in self.sparse) else None,
            np.array(list(self.updated), np.int64),
            [metadata for metadata, _ in self.updated.values()],
            [sparse for _, sparse in self.updated.values()],
            np.array(self.dead, np.int64),
            generation=generation,
        )


class Writer(View):
    """Inside ``BEGIN IMMEDIATE``. Reads see what this transaction wrote. `lsn` is the LSN of the whole transaction.

    stored: the generations of vectors as they were when the transaction began. A vector of the other generation goes
    when its record goes or gets another text: those that are there need not be made again.
    """

    __slots__ = ("_next_ord", "_pending", "_touched", "lsn", "stored")

    def __init__(self, connection: apsw.Connection, label: str, dimension: int | None) -> None:
        super().__init__(connection, label, dimension)
        self.lsn = int(self.meta("lsn") or 0) + 1
        self.stored = self.generations()
        self._next_ord = 1 + (connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").get or 0)
        self._pending: dict[str, _Pending] = {}
        self._touched = False

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def open_namespace(self, name: str) -> _Pending | None:
        """The namespace as this transaction sees it, or None."""
        pending = self._pending.get(name)
        if pending is None:
            row = self.namespace(name)
            if row is None:
                return None
            pending = self._pending[name] = _Pending(row.ns_id, name, row.lsn, row.count, row.explicit)
        return pending

    def create_namespace(self, name: str, *, explicit: bool, schema: Mapping[str, Any] | None = None) -> None:
        if self.open_namespace(name) is not None:
            raise AlreadyExistsError(f"Namespace {name!r} already exists. Use it, or choose another name.")
        self.connection.execute(
            "INSERT INTO namespace(name, lsn, explicit, schema) VALUES(?, ?, ?, ?)",
            (name, self.lsn, explicit, None if schema is None else json.dumps(schema)),
        )
        pending = self._pending[name] = _Pending(self.connection.last_insert_rowid(), name, 0, 0, explicit)
        pending.touched = self._touched = True

    def drop_namespace(self, name: str) -> int:
        """Delete a namespace with all its records; its ns_id is never used again. Gives the number of records."""
        pending = self.open_namespace(name)
        assert pending is not None, "the caller checks that the namespace exists"
        del self._pending[name]
        execute = self.connection.execute
        bindings = (pending.ns_id,)
        for offset in (0, HALF) if self.stored.other is not None else (self.stored.offset,):
            execute(f"DELETE FROM vector WHERE ord IN (SELECT ord + {offset} FROM record WHERE ns_id = ?)", bindings)
        for table in ("record", "tombstone", "cache", "namespace"):
            execute(f"DELETE FROM {table} WHERE ns_id = ?", bindings)
        self._touched = True
        return pending.count

    def touched(self, name: str) -> bool:
        """Whether this transaction already changed the namespace, so that a committed snapshot would miss something."""
        pending = self._pending.get(name)
        return pending is not None and pending.touched

    # -- records ------------------------------------------------------------------------------------------------------

    def put(self, name: str, batch: RecordBatch) -> None:
        """Insert the records, replacing those with the same ids."""
        pending = self.open_namespace(name)
        if pending is None:
            self.create_namespace(name, explicit=False)
            pending = self._pending[name]
        if pending.count:
            self._remove(pending, self.ords_of(pending.ns_id, batch.ids))
        n = len(batch.ids)
        first = self._next_ord
        self._next_ord += n
        self.connection.executemany(
            "INSERT INTO record(ord, ns_id, id, lsn, crc, metadata, sparse) VALUES(?, ?, ?, ?, ?, ?, ?)",
            self._record_rows(pending.ns_id, first, batch),
        )
        if batch.vectors is not None:
            rows = _vector_rows(first, batch.vectors, self.stored.number, self.stored.offset)
            self.connection.executemany("INSERT INTO vector VALUES(?, ?, ?, ?)", rows)
            pending.vectors.append(batch.vectors)
        pending.count += n
        pending.ords.append(np.arange(first, first + n, dtype=np.int64))
        pending.metadata += batch.metadata if batch.metadata is not None else [None] * n
        pending.sparse += batch.sparse if batch.sparse is not None else [None] * n
        pending.touched = self._touched = True

    def _record_rows(self, ns_id: int, first: int, batch: RecordBatch) -> Iterator[tuple[object, ...]]:
        nothing = [None] * len(batch.ids)
        lsn = self.lsn
        metadata = nothing if batch.metadata is None else batch.metadata
        sparse = nothing if batch.sparse is None else [encode_sparse(value) for value in batch.sparse]
        for ord_, (id_, fields, extra) in enumerate(zip(batch.ids, metadata, sparse, strict=True), first):
            yield ord_, ns_id, id_, lsn, record_crc(ord_, ns_id, id_.encode(), lsn, fields, extra), fields, extra

    def rewrite(self, name: str, row: StoredRow, metadata: bytes | None, sparse: SparseValues | None) -> None:
        """New metadata or sparse values for a record whose vector stays: it keeps its ord."""
        pending = self.open_namespace(name)
        assert pending is not None, "the row was read from this namespace"
        blob = encode_sparse(sparse)
        crc = record_crc(row.ord, pending.ns_id, row.id.encode(), self.lsn, metadata, blob)
        self.connection.execute(
            "UPDATE record SET lsn = ?, crc = ?, metadata = ?, sparse = ? WHERE ord = ?",
            (self.lsn, crc, metadata, blob, row.ord),
        )
        other = self.stored.other
        if other is not None and _embedded(row.metadata, other.embed) != _embedded(metadata, other.embed):
            self.connection.execute("DELETE FROM vector WHERE ord = ?", (row.ord + self.stored.other_offset,))
        pending.updated[row.ord] = metadata, sparse
        pending.touched = self._touched = True

    def remove(self, name: str, ords: Sequence[int]) -> None:
        """Delete records by ord."""
        pending = self.open_namespace(name)
        assert pending is not None, "the rows were read from this namespace"
        self._remove(pending, ords)

    def _remove(self, pending: _Pending, ords: Sequence[int]) -> None:
        if not ords:
            return
        keys = [(ord_,) for ord_ in ords]
        self.connection.executemany("DELETE FROM record WHERE ord = ?", keys)
        for offset in (0, HALF) if self.stored.other is not None else (self.stored.offset,):
            self.connection.executemany(f"DELETE FROM vector WHERE ord = ? + {offset}", keys)
        self.connection.executemany(
            "INSERT INTO tombstone VALUES(?, ?, ?)", [(pending.ns_id, self.lsn, ord_) for ord_ in ords]
        )
        pending.count -= len(ords)
        pending.dead += ords
        pending.touched = self._touched = True

    def trust_cache(self, kind: str, ns_id: int, lsn: int, digest: str) -> None:
        """List a cache that readers may believe. It is no change of the data and takes no LSN."""
        self.connection.execute("INSERT OR REPLACE INTO cache VALUES(?, ?, ?, ?)", (kind, ns_id, lsn, digest))

    def start_over(self) -> None:
        """A new LSN for every namespace, with no way to it from an older one: whoever holds anything of this index in
        memory or in a cache reads it anew. The transaction must change no records beside."""
        execute = self.connection.execute
        execute("UPDATE meta SET value = ? WHERE key = 'pruned_lsn'", (self.lsn,))
        execute("UPDATE namespace SET lsn = ?", (self.lsn,))
        execute("DELETE FROM tombstone")
        execute("DELETE FROM cache")
        self._touched = True

    # -- the end ------------------------------------------------------------------------------------------------------

    def finish(self) -> list[Changes]:
        """Write the LSN and the namespace rows; gives what changed. A namespace left without records disappears."""
        if not self._touched:
            self.lsn -= 1  # nothing changed: the number stays free for a write that changes something
            return []
        changes = []
        for pending in [pending for pending in self._pending.values() if pending.touched]:
            if not pending.count and not pending.explicit:
                self.drop_namespace(pending.name)
                continue
            self.connection.execute(
                "UPDATE namespace SET lsn = ?, count = ? WHERE ns_id = ?", (self.lsn, pending.count, pending.ns_id)
            )
            changes.append(pending.changes(self.lsn, self.dimension, self.stored.number))
        self.connection.execute("UPDATE meta SET value = ? WHERE key = 'lsn'", (self.lsn,))
        return changes


def _vector_rows(first: int, vectors: Floats, number: int, offset: int) -> Iterable[tuple[int, int, int, bytes]]:
    data = vectors.astype("<f4", copy=False).tobytes()
    size = len(data) // max(1, len(vectors))
    for row in range(len(vectors)):
        blob = data[row * size : (row + 1) * size]
        yield first + row + offset, number, vector_crc(first + row, number, blob), blob


def _embedded(metadata: bytes | None, embed: EmbedSpec) -> list[object]:
    """What a record's vector was made of."""
    fields = {} if metadata is None else orjson.loads(metadata)
    return [fields.get(name) for name in embed.field_map.values()]
