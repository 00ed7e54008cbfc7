"""A view of the truth inside one read transaction."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

import apsw
import numpy as np

from pinyon.errors import CorruptionError
from pinyon.storage.generations import NUMBER, OFFSET, Generations, read_generations
from pinyon.storage.rows import decode_sparse, record_crc, vector_crc
from pinyon.storage.values import NO_ORDS, BadRow, Changes, NamespaceRow, StoredRow
from pinyon.types import Ints, SparseValues

Row: TypeAlias = tuple[Any, ...]
"""What SQLite gives; a damaged file may give values of any type."""

# Read as blobs whatever they are: a flipped bit can turn a blob into text that is no text.
RECORD = "r.ord, CAST(r.id AS BLOB), CAST(r.metadata AS BLOB), CAST(r.sparse AS BLOB), r.crc, r.ns_id, r.lsn"
_VECTOR = f"CAST(v.data AS BLOB), v.crc, v.generation, {NUMBER}"
_JOINED = f"LEFT JOIN vector v ON v.ord = r.ord + {OFFSET}"
_BUCKETS = (1, 3, 10, 20, 50, 100, 250)
_CHUNK = 4096

_BY_ORD = {
    (size, values): (
        f"SELECT {RECORD}, {_VECTOR} FROM record r {_JOINED} WHERE r.ord IN ({marks})"
        if values
        else f"SELECT {RECORD} FROM record r WHERE r.ord IN ({marks})"
    )
    for size in _BUCKETS
    for marks in [",".join("?" * size)]
    for values in (False, True)
}
_BY_ID = f"SELECT {RECORD} FROM record r WHERE r.ns_id = ? AND r.id = ?"
_BY_ID_WITH_VECTOR = (
    f"SELECT {RECORD}, CAST(v.data AS BLOB), v.crc, v.generation, ? FROM record r "
    "LEFT JOIN vector v ON v.ord = r.ord + ? WHERE r.ns_id = ? AND r.id = ?"
)
_CHANGED = f"""
SELECT {RECORD}, {_VECTOR} FROM record r {_JOINED} AND r.ord > ?
WHERE r.ns_id = ? AND r.lsn > ? ORDER BY r.lsn, r.ord
"""


def upper_bound(prefix: str) -> str:
    """The smallest string above every string that starts with the non-empty ASCII `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class View:
    """Reads inside one transaction, so at one LSN. Valid only inside its ``with`` block."""

    __slots__ = ("connection", "dimension", "label")

    def __init__(self, connection: apsw.Connection, label: str, dimension: int | None) -> None:
        self.connection = connection
        self.label = label
        self.dimension = dimension

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def meta(self, key: str) -> int | str | None:
        value: int | str | None = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).get
        return value

    def generation(self) -> int:
        """Number of the generation of vectors that the records have."""
        number: int = self.connection.execute(f"SELECT {NUMBER}").get
        return number

    def generations(self) -> Generations:
        """Both generations of vectors. Raises CorruptionError."""
        try:
            return read_generations(self.connection)
        except ValueError as error:
            raise CorruptionError(
                f"{self.label}: what it says of its generations of vectors is damaged ({error}). Run `pinyon repair`."
            ) from error

    def position(self, name: str) -> tuple[int, int, int] | None:
        """(ns_id, lsn, count) of a namespace: what every query asks first."""
        row: tuple[int, int, int] | None = self.connection.execute(
            "SELECT ns_id, lsn, count FROM namespace WHERE name = ?", (name,)
        ).fetchone()
        return row

    def lsn_of(self, ns_id: int) -> int | None:
        """The LSN of a namespace; None when it is gone."""
        lsn: int | None = self.connection.execute("SELECT lsn FROM namespace WHERE ns_id = ?", (ns_id,)).get
        return lsn

    def namespace(self, name: str) -> NamespaceRow | None:
        for row in self.connection.execute(
            "SELECT ns_id, name, lsn, count, explicit, schema FROM namespace WHERE name = ?", (name,)
        ):
            return _namespace_row(row)
        return None

    def namespaces(self, prefix: str, after: str | None, limit: int) -> list[NamespaceRow]:
        """Bytewise by name, starting behind `after`."""
        where, values = _range("name", prefix, after)
        rows = self.connection.execute(
            f"SELECT ns_id, name, lsn, count, explicit, schema FROM namespace {where} ORDER BY name LIMIT ?",
            (*values, limit),
        )
        return [_namespace_row(row) for row in rows]

    def count_namespaces(self, prefix: str) -> int:
        where, values = _range("name", prefix, None)
        count: int = self.connection.execute(f"SELECT count(*) FROM namespace {where}", values).get
        return count

    def counts(self) -> dict[str, int]:
        rows: list[Row] = self.connection.execute("SELECT name, count FROM namespace ORDER BY name").fetchall()
        return dict(rows)

    def large_namespaces(self, least: int) -> list[int]:
        """The ns_ids of the namespaces with so many records."""
        return [ns_id for (ns_id,) in self.connection.execute("SELECT ns_id FROM namespace WHERE count >= ?", (least,))]

    def cache(self, kind: str, ns_id: int) -> tuple[int, str] | None:
        """(lsn, digest) of the cache of a namespace that may be believed."""
        row: tuple[int, str] | None = self.connection.execute(
            "SELECT lsn, digest FROM cache WHERE kind = ? AND ns_id = ?", (kind, ns_id)
        ).fetchone()
        return row

    # -- records ------------------------------------------------------------------------------------------------------

    def rows(self, ords: Sequence[int], *, values: bool) -> dict[int, StoredRow]:
        """Records by ord; unknown ords are absent. Raises CorruptionError on a row that fails its checksum."""
        found, damaged = self._read(ords, values=values)
        for bad in damaged:
            raise self.corruption(bad)
        return found

    def readable_rows(self, ords: Sequence[int], *, values: bool) -> tuple[dict[int, StoredRow], list[int]]:
        """Records by ord, and the ords of those that are missing or fail their checksum."""
        found, damaged = self._read(ords, values=values)
        if len(found) == len(ords):
            return found, []
        return found, [bad.ord for bad in damaged] or [ord_ for ord_ in ords if ord_ not in found]

    def _read(self, ords: Sequence[int], *, values: bool) -> tuple[dict[int, StoredRow], list[BadRow]]:
        found: dict[int, StoredRow] = {}
        damaged: list[BadRow] = []
        start = 0
        while start < len(ords):
            size = next((bucket for bucket in _BUCKETS if bucket >= len(ords) - start), _BUCKETS[-1])
            part = [*ords[start : start + size]]
            part += [-1] * (size - len(part))
            for row in self.connection.execute(_BY_ORD[size, values], part):
                stored, bad = check_row(row, vector_expected=values and self.dimension is not None)
                if bad is None:
                    found[stored.ord] = stored
                else:
                    damaged.append(bad)
            start += size
        return found, damaged

    def rows_by_id(self, ns_id: int, ids: Iterable[str], *, values: bool) -> list[StoredRow]:
        """Records by id, in the order of `ids`; unknown ids are absent. Raises CorruptionError."""
        if not values:
            found = self.connection.executemany(_BY_ID, [(ns_id, id_) for id_ in ids])
        else:  # asked once, and not for each id
            number, offset = next(self.connection.execute(f"SELECT {NUMBER}, {OFFSET}"))
            found = self.connection.executemany(_BY_ID_WITH_VECTOR, [(number, offset, ns_id, id_) for id_ in ids])
        return [self._checked(row) for row in found]

    def ord_of(self, ns_id: int, id_: str) -> int | None:
        found: int | None = self.connection.execute(
            "SELECT ord FROM record WHERE ns_id = ? AND id = ?", (ns_id, id_)
        ).get
        return found

    def ords_of(self, ns_id: int, ids: Iterable[str]) -> list[int]:
        """Ords of the records with these ids, in their order; unknown ids are left out."""
        sql = "SELECT ord FROM record WHERE ns_id = ? AND id = ?"
        return [row[0] for row in self.connection.executemany(sql, [(ns_id, id_) for id_ in ids])]

    def ords_since(self, ns_id: int, lsn: int) -> list[int]:
        """Ords of the records that were written after an LSN and are there still."""
        sql = "SELECT ord FROM record WHERE ns_id = ? AND lsn > ?"
        return [row[0] for row in self.connection.execute(sql, (ns_id, lsn))]

    def ids_of(self, ords: Sequence[int]) -> dict[int, str]:
        sql = "SELECT ord, id FROM record WHERE ord = ?"
        rows: list[Row] = self.connection.executemany(sql, [(ord_,) for ord_ in ords]).fetchall()
        return dict(rows)

    def list_ids(self, ns_id: int, prefix: str, after: str | None, limit: int) -> list[str]:
        """Bytewise by id, starting behind `after`."""
        where, values = _range("id", prefix, after)
        sql = f"SELECT id FROM record {where + ' AND' if where else 'WHERE'} ns_id = ? ORDER BY id LIMIT ?"
        return [row[0] for row in self.connection.execute(sql, (*values, ns_id, limit))]

    def _checked(self, row: Row) -> StoredRow:
        stored, bad = check_row(row, vector_expected=len(row) > 7 and self.dimension is not None)
        if bad is not None:
            raise self.corruption(bad)
        return stored

    def damaged_vector(self, ord_: int, id_: str) -> CorruptionError:
        return self.corruption(BadRow(ord_, id_, "vector"))

    def corruption(self, bad: BadRow) -> CorruptionError:
        return CorruptionError(
            f"{self.label}: the {bad.part} of record {bad.id!r} (ord {bad.ord}) does not match its checksum: the "
            "bytes on disk changed after they were written. Run `pinyon repair` to set it aside; other records "
            "are served as before."
        )

    # -- catching up --------------------------------------------------------------------------------------------------

    def changes(self, ns_id: int, since: int, last_ord: int, lsn: int) -> Iterator[Changes]:
        """What a reader at LSN `since`, who has seen ords up to `last_ord`, lacks to be at `lsn`: in pieces."""
        dead = NO_ORDS
        if since:
            sql = "SELECT ord FROM tombstone WHERE ns_id = ? AND lsn > ?"
            dead = np.array([row[0] for row in self.connection.execute(sql, (ns_id, since))], np.int64)
        cursor = self.connection.execute(_CHANGED, (last_ord, ns_id, since))
        while rows := list(islice(cursor, _CHUNK)):
            yield self._piece(rows, ns_id, since, last_ord, lsn, dead)
            dead = NO_ORDS
        if dead.size:
            yield self._piece([], ns_id, since, last_ord, lsn, dead)

    def _piece(
        self,
        rows: Sequence[Row],
        ns_id: int,
        since: int,
        last_ord: int,
        lsn: int,
        dead: Ints,
    ) -> Changes:
        fresh: list[StoredRow] = []
        updated: list[StoredRow] = []
        bad: list[BadRow] = []
        for row in rows:
            stored, wrong = check_row(row, vector_expected=self.dimension is not None and row[0] > last_ord)
            if wrong is not None:
                bad.append(wrong)
            else:
                (fresh if stored.ord > last_ord else updated).append(stored)
        vectors = None
        if self.dimension is not None:
            data = b"".join([row.data or b"" for row in fresh])
            vectors = np.frombuffer(data, "<f4").reshape(len(fresh), self.dimension).astype(np.float32, copy=False)
        return Changes(
            ns_id,
            since,
            lsn,
            np.array([row.ord for row in fresh], np.int64),
            vectors,
            [row.metadata for row in fresh],
            _sparse(fresh),
            np.array([row.ord for row in updated], np.int64),
            [row.metadata for row in updated],
            [decode_sparse(row.sparse) for row in updated],
            dead,
            tuple(bad),
        )


def check_row(row: Row, *, vector_expected: bool = False) -> tuple[StoredRow, BadRow | None]:
    """A row of the columns ``RECORD`` and perhaps ``_VECTOR`` as a value, and what is wrong with it."""
    ord_, name, metadata, sparse, crc, ns_id, lsn = row[:7]
    try:
        sound = record_crc(ord_, ns_id, name, lsn, metadata, sparse) == crc
    except (TypeError, struct.error):  # a flipped bit in a row header changes the types of its fields
        sound = False
    if not sound:
        id_ = repr(name) if name is None else name.decode("utf-8", "backslashreplace")
        return StoredRow(ord_, id_, None, None), BadRow(ord_, id_, "record")
    id_ = name.decode()
    if len(row) == 7:
        return StoredRow(ord_, id_, metadata, sparse), None
    data, vector_check, generation, wanted = row[7:]
    bad = None
    if data is None:
        if vector_expected:
            bad = BadRow(ord_, id_, "vector (missing)")
    elif not isinstance(generation, int) or vector_crc(ord_, generation, data) != vector_check or generation != wanted:
        bad = BadRow(ord_, id_, "vector")
    return StoredRow(ord_, id_, metadata, sparse, data), bad


def _sparse(rows: Sequence[StoredRow]) -> list[SparseValues | None] | None:
    if not any(row.sparse for row in rows):
        return None
    return [decode_sparse(row.sparse) for row in rows]


def _range(column: str, prefix: str, after: str | None) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []
    values: list[str] = []
    if after is not None:
        parts.append(f"{column} > ?")
        values.append(after)
    if prefix:
        parts.append(f"{column} >= ? AND {column} < ?")
        values += [prefix, upper_bound(prefix)]
    return ("WHERE " + " AND ".join(parts) if parts else ""), tuple(values)


def _namespace_row(row: Row) -> NamespaceRow:
    ns_id, name, lsn, count, explicit, schema = row
    return NamespaceRow(
        int(ns_id),
        str(name),
        int(lsn),
        int(count),
        bool(explicit),
        None if schema is None else json.loads(str(schema)),
    )
