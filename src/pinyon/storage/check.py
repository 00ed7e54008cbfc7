"""Reads every byte of an index and says what is wrong with it, and where. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import apsw
import numpy as np
import orjson

from pinyon.errors import CorruptionError, FormatError, PinyonError, StorageError
from pinyon.storage.cache import CacheDirectory, open_arrays
from pinyon.storage.connection import Connections
from pinyon.storage.generations import HALF, Generations, read_generations, recovered
from pinyon.storage.layout import differences, is_foreign, layout_of, truth_layout
from pinyon.storage.rows import decode_sparse, record_crc, vector_crc
from pinyon.storage.scan import scan
from pinyon.storage.schema import APPLICATION_ID, FORMAT

_Listed: TypeAlias = tuple[str, int, int, str]
"""Kind, namespace, LSN and digest of a cache that the truth lists."""

REPAIR: Final = "run `pinyon repair`"
REBUILT: Final = "nothing to do: it is rebuilt from the truth file when it is needed"

Progress = Callable[[int, int], None]
"""Called now and then with (rows checked, rows in all)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    place: table, ord and id, or the page, or the cache entry. severity: "notice" when nothing but time is lost.
    """

    file: str
    place: str
    problem: str
    remedy: str
    severity: Literal["damage", "notice"] = "damage"
    index: str = ""


class RawRow(NamedTuple):
    """A record with its vector as the file gives them, whatever their types became.

    kinds: the types of the record's fields; empty for a vector without a record.
    """

    ord: int
    ns_id: Any
    id: bytes | None
    lsn: Any
    crc: Any
    metadata: Any
    sparse: Any
    kinds: str
    vector_ord: int | None
    generation: Any
    vector_check: Any
    data: Any

    @property
    def name(self) -> str:
        return (self.id or b"").decode("utf-8", "backslashreplace")


# Casts: one flipped bit in a row's header turns a blob into text, which need not be valid UTF-8.
_FIELDS: Final = """
r.ord, r.ns_id, CAST(r.id AS BLOB), r.lsn, r.crc, CAST(r.metadata AS BLOB), CAST(r.sparse AS BLOB),
typeof(r.ns_id) || ' ' || typeof(r.id) || ' ' || typeof(r.lsn) || ' ' || typeof(r.crc) || ' ' || typeof(r.metadata)
    || ' ' || typeof(r.sparse)
"""
ROWS: Final = f"""
SELECT {_FIELDS}, v.ord, v.generation, v.crc, CASE typeof(v.data) WHEN 'blob' THEN v.data END
FROM record r LEFT JOIN vector v ON v.ord = r.ord + {{offset}} WHERE r.ord >= ? ORDER BY r.ord
"""
_KINDS: Final = frozenset(
    f"integer text integer integer {metadata} {sparse}" for metadata in ("blob", "null") for sparse in ("blob", "null")
)


def row_problem(row: RawRow, dimension: int | None, generation: int = 1) -> str | None:
    """What is wrong with a row, or None. dimension: of a dense index; None for a sparse one. generation: of the vectors
    that the records have."""
    if not row.kinds:
        return "vector: no record belongs to it"
    if row.kinds not in _KINDS or row.id is None:
        return f"its fields have the types {row.kinds}"
    if record_crc(row.ord, row.ns_id, row.id, row.lsn, row.metadata, row.sparse) != row.crc:
        return "record: the checksum does not match"
    if dimension is None:
        return _content_problem(row) or (None if row.vector_ord is None else "a sparse index holds a vector for it")
    if row.vector_ord is None:
        return "it has no vector"
    if not isinstance(row.data, bytes) or not isinstance(row.generation, int):
        return "vector: its fields have the wrong types"
    if vector_crc(row.ord, row.generation, row.data) != row.vector_check:
        return "vector: the checksum does not match"
    if row.generation != generation:
        return f"vector: it is of generation {row.generation}, expected {generation}"
    if len(row.data) != 4 * dimension:
        return f"vector: {len(row.data)} bytes, expected {4 * dimension}"
    return _content_problem(row)


def _content_problem(row: RawRow) -> str | None:
    """Fields whose checksum is right and whose content is not: written so by a defect, not by a disk."""
    if row.metadata is not None:
        try:
            metadata = orjson.loads(row.metadata)
        except orjson.JSONDecodeError as error:
            return f"metadata: not JSON ({error})"
        if not isinstance(metadata, dict):
            return "metadata: not a JSON object"
    if row.sparse is not None:
        if len(row.sparse) % 8 or not row.sparse:
            return f"sparse: {len(row.sparse)} bytes are not pairs of index and value"
        sparse = decode_sparse(row.sparse)
        assert sparse is not None
        if (np.diff(sparse.indices.astype(np.int64)) <= 0).any() or not np.isfinite(sparse.values).all():
            return "sparse: indices do not increase, or values are not finite"
    return None


@dataclass(slots=True)
class Report:
    """Everything that a check found, for ``repair`` to act upon."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    pages_damaged: bool = False
    """SQLite itself cannot follow its pages: rows have to be salvaged into a new file."""
    schema_damaged: bool = False
    """The definitions on the first page are not ours any more: nothing can be asked through them."""
    bad_rows: dict[int, str] = field(default_factory=dict)
    orphan_vectors: list[int] = field(default_factory=list)
    stray_vectors: list[int] = field(default_factory=list)
    """Keys of vectors of the other generation that are damaged, or that no record or no generation owns."""
    lost_namespaces: set[int] = field(default_factory=set)
    miscounted: bool = False
    positions_wrong: bool = False
    caches_bad: bool = False

    def add(self, place: str, problem: str, remedy: str = REPAIR, *, notice: bool = False) -> None:
        self.findings.append(Finding(self.file, place, problem, remedy, "notice" if notice else "damage"))

    def lost(self, place: str, problem: str) -> None:
        """Takes note of rows that cannot be read for the damage of their pages."""
        self.pages_damaged = True
        self.add(place, problem)

    @property
    def rows_damaged(self) -> bool:
        return bool(
            self.bad_rows
            or self.orphan_vectors
            or self.stray_vectors
            or self.lost_namespaces
            or self.miscounted
            or self.positions_wrong
        )


def verify(
    connections: Connections, cache: CacheDirectory, dimension: int | None, *, progress: Progress | None = None
) -> list[Finding]:
    """Checks an open index; others may go on reading and writing. Raises StorageError when it cannot be read at all."""
    return examine(connections, cache, dimension, progress=progress).findings


def verify_file(
    path: Path, cache: CacheDirectory, dimension: int | None, *, progress: Progress | None = None
) -> list[Finding]:
    """Checks an index by its path: also one that does not open any more, which is then the finding.

    Raises FormatError on another program's database and on a newer format, StorageError.
    """
    try:
        connections = Connections(path, application_id=APPLICATION_ID, read_only=True)
    except (CorruptionError, FormatError) as error:
        if is_foreign(path):
            raise
        return [Finding(str(path), "file header", error.message, REPAIR)]
    try:
        return verify(connections, cache, dimension, progress=progress)
    finally:
        connections.close()


def examine(
    connections: Connections, cache: CacheDirectory, dimension: int | None, *, progress: Progress | None = None
) -> Report:
    """The whole check inside one read transaction."""
    report = Report(connections.label)
    with connections.read() as connection:
        _guarded(report, _check_schema, connection)
        if report.pages_damaged:
            report.schema_damaged = True
            return report
        for check in (_check_pages, _check_positions):
            _guarded(report, check, connection)
        stored = recovered(connection, dimension)
        _guarded(report, lambda c, r: _check_generations(c, r, stored), connection)
        size = stored.dimension(dimension)
        _guarded(report, lambda c, r: _check_rows(c, r, size, stored, progress), connection)
        _guarded(report, lambda c, r: _check_vectors(c, r, stored), connection)
        for check in (_check_counts, _check_tombstones):
            _guarded(report, check, connection)
    # Caches are replaced while all this goes on: they are looked at on their own, and one that seems bad is reported
    # only if it is listed afterwards, too.
    suspects: dict[_Listed, str] = {}
    with connections.read() as connection:
        _guarded(report, lambda c, r: suspects.update(_bad_caches(c, cache)), connection)
    with connections.read() as connection:
        _guarded(report, lambda c, r: _add_caches(c, r, suspects), connection)
    return report


def _guarded(report: Report, check: Callable[[apsw.Connection, Report], None], connection: apsw.Connection) -> None:
    """Pages that SQLite can't follow end one check, and the others go on."""
    try:
        check(connection, report)
    except (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError) as error:
        report.pages_damaged = True
        report.add("pages", f"SQLite cannot read on: {error}")


def _check_schema(connection: apsw.Connection, report: Report) -> None:
    wrong = differences(layout_of(connection), truth_layout())
    version = None if "meta" in wrong else connection.execute("SELECT value FROM meta WHERE key = 'format'").get
    if isinstance(version, int) and version > FORMAT and version == connection.pragma("user_version"):
        raise FormatError(
            f"{report.file} has format {version}, and this release reads up to {FORMAT}. "
            "Upgrade Pinyon: pip install --upgrade pinyon"
        )
    if wrong:
        report.pages_damaged = True
        report.add("schema", f"the definitions of {', '.join(wrong[:5])} are not as they were made")


def _check_pages(connection: apsw.Connection, report: Report) -> None:
    for (message,) in connection.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            report.pages_damaged = True
            report.add("pages", str(message))


def _check_positions(connection: apsw.Connection, report: Report) -> None:
    pairs: Any = connection.execute("SELECT key, value FROM meta").fetchall()
    meta: dict[Any, Any] = dict(pairs)
    wrong = [key for key in ("format", "lsn", "pruned_lsn") if not isinstance(meta.get(key), int)]
    wrong += [key for key in ("epoch", "filter_key") if not _hexadecimal(meta.get(key))]
    if meta.get("format") != connection.pragma("user_version"):
        wrong.append("format")
    for key in wrong:
        report.positions_wrong = True
        report.add(f"meta {key}", f"its value is {meta.get(key)!r}")
    lsn = meta.get("lsn")
    if not isinstance(lsn, int):
        return
    if not 0 <= meta["pruned_lsn"] <= lsn:
        report.positions_wrong = True
        report.add("meta pruned_lsn", f"{meta['pruned_lsn']} is not between 0 and the last LSN, {lsn}")
    for table, key in (("namespace", "ns_id"), ("record", "ord"), ("tombstone", "ord")):
        for number, found in connection.execute(
            f"SELECT {key}, lsn FROM {table} WHERE lsn > ? OR lsn < 0 LIMIT 20", (lsn,)
        ):
            report.positions_wrong = True
            report.add(f"{table} {number}", f"its LSN {found} lies outside 0..{lsn}")


def _check_generations(connection: apsw.Connection, report: Report, stored: Generations) -> None:
    try:
        told = read_generations(connection)
        problem = "" if told == stored else f"it says {told}, and the vectors {stored}"
    except ValueError as error:
        problem = str(error)
    if problem:
        report.positions_wrong = True
        report.add("meta generation", problem)


def _hexadecimal(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not set(value) - set("0123456789abcdef")


def _check_rows(
    connection: apsw.Connection,
    report: Report,
    dimension: int | None,
    stored: Generations,
    progress: Progress | None,
) -> None:
    total = connection.execute("SELECT count(*) FROM record").get
    known = {row[0] for row in connection.execute("SELECT ns_id FROM namespace")}
    for done, row in enumerate(_read_rows(connection, report, stored.offset)):
        problem = row_problem(row, dimension, stored.number)
        if problem is not None:
            report.bad_rows[row.ord] = problem
            report.add(f"record ord {row.ord} id {row.name!r}", problem)
        elif row.ns_id not in known and row.ns_id not in report.lost_namespaces:
            report.lost_namespaces.add(row.ns_id)
            report.add(f"namespace {row.ns_id}", "it is missing and records belong to it")
        if progress is not None and done % 1024 == 0:
            progress(done, total)
    if progress is not None:
        progress(total, total)


def _read_rows(connection: apsw.Connection, report: Report, offset: int) -> Iterator[RawRow]:
    """Every row of ``record`` that SQLite can reach, by ord, stepping over damaged pages."""
    for raw in scan(connection, ROWS.format(offset=offset), report.lost, "record"):
        yield RawRow(*raw)


def _check_vectors(connection: apsw.Connection, report: Report, stored: Generations) -> None:
    low, high = stored.offset, stored.offset + HALF
    sql = (
        f"SELECT v.ord - {low} FROM vector v LEFT JOIN record r ON r.ord = v.ord - {low} "
        f"WHERE v.ord >= {low} AND v.ord < {high} AND r.ord IS NULL"
    )
    for (ord_,) in connection.execute(sql):
        report.orphan_vectors.append(ord_)
        report.add(f"vector ord {ord_}", "no record belongs to it")
    for key, problem in stray_vectors(connection, stored):
        report.stray_vectors.append(key)
        report.add(f"vector ord {key - stored.other_offset} of the other generation", problem)


def stray_vectors(connection: apsw.Connection, stored: Generations) -> Iterator[tuple[int, str]]:
    """(key, what is wrong with it) of vectors beside those of the records."""
    other = stored.other
    if other is not None and other.state == "leaving":
        return  # nobody will look at them
    sql = (
        "SELECT v.ord, v.generation, v.crc, CASE typeof(v.data) WHEN 'blob' THEN v.data END, r.ord FROM vector v "
        f"LEFT JOIN record r ON r.ord = v.ord - {stored.other_offset} "
        f"WHERE v.ord < {stored.offset} OR v.ord >= {stored.offset + HALF}"
    )
    for key, generation, check, data, ord_ in connection.execute(sql):
        if other is None:
            yield key, "there is no other generation"
        elif ord_ is None:
            yield key, "no record belongs to it"
        elif not isinstance(data, bytes) or not isinstance(generation, int):
            yield key, "its fields have the wrong types"
        elif generation != other.number or vector_crc(ord_, generation, data) != check:
            yield key, "the checksum or the generation does not match"
        elif len(data) != 4 * (other.embed.dimension or 0):
            yield key, f"{len(data)} bytes, expected {4 * (other.embed.dimension or 0)}"


NAMESPACES: Final = """
SELECT ns_id, name, lsn, count, explicit, schema FROM namespace WHERE ns_id >= ? ORDER BY ns_id
"""


def namespace_problem(row: tuple[Any, ...]) -> str | None:
    """What is wrong with a row of ``NAMESPACES`` by itself, or None."""
    _, name, lsn, count, explicit, schema = row
    if not isinstance(name, str) or not isinstance(schema, str | None):
        return "its name or schema is not text"
    if not all(isinstance(number, int) for number in (lsn, count, explicit)):
        return f"its LSN, count or flag is not a number: {lsn!r}, {count!r}, {explicit!r}"
    if schema is not None:
        try:
            orjson.loads(schema)
        except orjson.JSONDecodeError as error:
            return f"its schema is not JSON ({error})"
    return None


def _check_counts(connection: apsw.Connection, report: Report) -> None:
    counted = "SELECT ns_id, count(*), max(lsn) FROM record WHERE typeof(lsn) = 'integer' GROUP BY ns_id"
    real = {row[0]: row[1:] for row in connection.execute(counted)}
    for row in scan(connection, NAMESPACES, report.lost, "namespace"):
        ns_id, name, lsn, count = row[:4]
        place = f"namespace {ns_id} {name!r}"
        problem = namespace_problem(row)
        records, newest = real.get(ns_id, (0, 0))
        if problem is not None:
            report.pages_damaged = True  # such a row is only left behind, in a new file
            report.add(place, problem)
            continue
        if count != records:
            report.miscounted = True
            report.add(place, f"its count is {count}, and it has {records} records")
        if newest > lsn:
            report.positions_wrong = True
            report.add(place, f"its LSN is {lsn}, and a record has {newest}")


def _check_tombstones(connection: apsw.Connection, report: Report) -> None:
    sql = "SELECT t.ord FROM tombstone t JOIN record r ON r.ord = t.ord LIMIT 20"
    for (ord_,) in connection.execute(sql):
        report.positions_wrong = True
        report.add(f"tombstone ord {ord_}", "its record is alive")


def _bad_caches(connection: apsw.Connection, cache: CacheDirectory) -> dict[_Listed, str]:
    """What is wrong with the listed caches, of those with which anything is."""
    if cache.root is None:
        return {}
    problems = {row: _cache_problem(cache, *row) for row in _listed(connection)}
    return {row: problem for row, problem in problems.items() if problem is not None}


def _add_caches(connection: apsw.Connection, report: Report, suspects: Mapping[_Listed, str]) -> None:
    for row in _listed(connection):
        if row in suspects:
            report.caches_bad = True
            report.add(f"cache {row[0]} of namespace {row[1]}", suspects[row], REBUILT, notice=True)


def _listed(connection: apsw.Connection) -> list[_Listed]:
    rows: Any = connection.execute("SELECT kind, ns_id, lsn, digest FROM cache").fetchall()
    return list(rows)


def _cache_problem(cache: CacheDirectory, kind: str, ns_id: int, lsn: int, digest: str) -> str | None:
    assert cache.root is not None
    try:
        path = cache.root / cache.file_name(ns_id, kind, lsn, digest)
        with open_arrays(path, digest) as file:
            file.verify_all()
            attached = cache.open_attached(file)
            if attached is not None:
                try:
                    attached.verify_all()
                finally:
                    attached.close()
            elif cache.has_attached(file):
                return "the vector file that belongs to it is missing or damaged"
    except (StorageError, ValueError, TypeError) as error:
        return error.message if isinstance(error, PinyonError) else str(error)
    return None
