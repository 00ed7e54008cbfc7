"""Mends an index file: what is damaged is set aside and named, everything else is served as before.

Bad rows alone are moved to the ``quarantine`` table in one transaction, and others may go on working. Where pages are
damaged, all rows that can still be read go into a new file that takes the old one's place; the old one stays beside it
as ``<name>.damaged-<time>``. Either way the result is verified before it counts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import apsw

from pinyon.errors import BusyError, CorruptionError, FormatError
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.check import (
    NAMESPACES,
    Finding,
    RawRow,
    Report,
    examine,
    namespace_problem,
    row_problem,
    stray_vectors,
)
from pinyon.storage.connection import Connections
from pinyon.storage.files import open_new, sync_directory, sync_file, temporary_name
from pinyon.storage.files import translated as translated_files
from pinyon.storage.generations import HALF, Generations, recovered, write_generations
from pinyon.storage.layout import is_foreign
from pinyon.storage.rows import vector_crc
from pinyon.storage.scan import scan
from pinyon.storage.schema import APPLICATION_ID, FORMAT, FRESH_FORMAT, PAGE_SIZE, TRUTH
from pinyon.storage.truth import create_tables

_QUARANTINE: Final = "INSERT OR REPLACE INTO quarantine(ord, ns_id, id, reason, crc, metadata, sparse, data) "


def repair(path: Path, cache: CacheDirectory, dimension: int | None, *, write_wait: float = 60.0) -> list[Finding]:
    """Mends the index file and gives what it found; an empty list: it was sound, and nothing changed.

    The caller has closed its own handles of this file. Damaged pages need the file for us alone: BusyError when another
    process has it open. Raises CorruptionError when the result does not verify (the file is then as it was),
    StorageFullError, StorageError.
    """
    try:
        connections = Connections(path, application_id=APPLICATION_ID, write_wait=write_wait)
    except (CorruptionError, FormatError) as error:
        if is_foreign(path):
            raise
        report = Report(str(path))
        report.add("file header", error.message)
        return _salvage_copy(path, cache, dimension, report)
    try:
        report = examine(connections, cache, dimension)
        if not report.findings:
            return []
        mended = not report.pages_damaged and _mend_rows(connections, cache, dimension, report)
    finally:
        connections.close()
    if report.schema_damaged:
        return _salvage_copy(path, cache, dimension, report)
    if not mended:
        _salvage(path, path, cache, dimension, report)
    return report.findings


# -- rows -------------------------------------------------------------------------------------------------------------


def _mend_rows(connections: Connections, cache: CacheDirectory, dimension: int | None, report: Report) -> bool:
    """Quarantine, counts and positions in place; False when SQLite meets damage on the way and undid it all."""
    try:
        if report.rows_damaged or report.caches_bad:
            with connections.write() as connection:
                # Looked at again under the write lock: rows may have come and gone since the first look.
                found = Report(report.file)
                stored = recovered(connection, dimension)
                write_generations(connection, stored)
                _set_aside(connection, stored.dimension(dimension), found, stored)
                _settle(connection, sorted({*found.bad_rows, *found.orphan_vectors}))
    except CorruptionError:
        return False
    cache.drop_all()
    left = [finding for finding in examine(connections, cache, dimension).findings if finding.severity == "damage"]
    return not left


def _set_aside(connection: apsw.Connection, dimension: int | None, found: Report, stored: Generations) -> None:
    """Vectors of the other generation are not set aside but deleted when they are bad: they can be made again."""
    offset, names = stored.offset, {}
    for row in _joined(connection, None, offset):
        problem = row_problem(row, dimension, stored.number)
        if not row.kinds:
            found.orphan_vectors.append(row.ord)
        elif problem is not None:
            found.bad_rows[row.ord] = problem
            names[row.ord] = row.name
    for ord_, reason in found.bad_rows.items():
        connection.execute(
            _QUARANTINE + "SELECT r.ord, r.ns_id, ?, ?, r.crc, CAST(r.metadata AS BLOB), "
            "CAST(r.sparse AS BLOB), CAST(v.data AS BLOB) FROM record r "
            f"LEFT JOIN vector v ON v.ord = r.ord + {offset} WHERE r.ord = ?",
            (names[ord_], reason, ord_),
        )
    for ord_ in found.orphan_vectors:
        connection.execute(
            _QUARANTINE
            + "SELECT ?, NULL, NULL, 'vector: no record belongs to it', crc, NULL, NULL, CAST(data AS BLOB) "
            f"FROM vector WHERE ord = ? + {offset}",
            (ord_, ord_),
        )
    keys = [(ord_,) for ord_ in (*found.bad_rows, *found.orphan_vectors)]
    connection.executemany("DELETE FROM record WHERE ord = ?", keys)
    connection.executemany(f"DELETE FROM vector WHERE ord = ? + {offset}", keys)
    strays = [(key,) for key, _ in stray_vectors(connection, stored)]
    connection.executemany("DELETE FROM vector WHERE ord = ?", strays)


def _settle(connection: apsw.Connection, gone: list[int]) -> None:
    """Counts and positions that fit the rows, and a new epoch, so that nobody believes what was cached before."""
    execute = connection.execute
    lsn = 1 + max(
        _number(execute("SELECT value FROM meta WHERE key = 'lsn'").get),
        _number(execute("SELECT max(lsn) FROM record WHERE typeof(lsn) = 'integer'").get),
        _number(execute("SELECT max(lsn) FROM namespace WHERE typeof(lsn) = 'integer'").get),
    )
    known = {row[0] for row in execute("SELECT ns_id FROM namespace")}
    for (ns_id,) in execute("SELECT DISTINCT ns_id FROM record").fetchall():
        if ns_id not in known:
            name = f"recovered-{ns_id}"
            if execute("SELECT 1 FROM namespace WHERE name = ?", (name,)).get:
                name += f"-{uuid4().hex}"
            execute("INSERT INTO namespace(ns_id, name, lsn, explicit) VALUES(?, ?, ?, 1)", (ns_id, name, lsn))
    execute(
        "UPDATE namespace SET lsn = ?, count = (SELECT count(*) FROM record r WHERE r.ns_id = namespace.ns_id)", (lsn,)
    )
    execute("DELETE FROM namespace WHERE count = 0 AND NOT explicit")
    execute("DELETE FROM tombstone")
    execute("DELETE FROM cache")
    twice = execute("SELECT count(*) FROM meta WHERE key = 'last_generation'").get
    version = FORMAT if twice else FRESH_FORMAT
    pairs: list[tuple[str, int | str]] = [
        ("format", version),
        ("lsn", lsn),
        ("pruned_lsn", lsn),
        ("epoch", uuid4().hex),
    ]
    filter_key = execute("SELECT value FROM meta WHERE key = 'filter_key'").get
    if not isinstance(filter_key, str) or len(filter_key) != 64 or set(filter_key) - set("0123456789abcdef"):
        pairs.append(("filter_key", uuid4().hex + uuid4().hex))
    connection.executemany("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", pairs)
    connection.pragma("user_version", version)
    if gone:
        _reserve(connection, "record", max(gone))


def _reserve(connection: apsw.Connection, table: str, number: int) -> None:
    """Keys up to ``number`` are never given out again."""
    sequence = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).get
    if sequence is None:
        connection.execute("INSERT INTO sqlite_sequence(name, seq) VALUES(?, ?)", (table, number))
    elif _number(sequence) < number:
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, table))


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else 0


# -- pages ------------------------------------------------------------------------------------------------------------


def _salvage(path: Path, source: Path, cache: CacheDirectory, dimension: int | None, report: Report) -> None:
    """Builds a new file from what ``source`` still gives, verifies it and puts it in the place of ``path``."""
    temporary = temporary_name(path)
    try:
        with translated_files(path, "repair"):
            old = Connections(source, application_id=APPLICATION_ID, write_wait=2.0)
            try:
                if source == path:
                    _take_alone(old)
                new = Connections(temporary, application_id=APPLICATION_ID, create=create_tables)
                try:
                    with old.read() as damaged, new.write() as fresh:
                        _copy_rows(damaged, fresh, dimension, report)
                    saved = _require_sound(new, dimension)
                finally:
                    new.close()
            finally:
                old.close()
            sync_file(temporary)
            cache.drop_all()
            aside = _exchange(path, temporary)
            report.add(
                "file",
                f"{saved} records were read out of the damaged file",
                f"the damaged file is kept as {aside}: delete it when nothing is missing",
                notice=True,
            )
    finally:
        for name in (temporary, *_companions(temporary)):
            with suppress(OSError):
                name.unlink()


def _take_alone(connections: Connections) -> None:
    """Folds the write-ahead log into the file and makes sure that nobody else has it open."""
    try:
        with connections.use() as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
            mode = connection.execute("PRAGMA journal_mode=DELETE").get
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
    except BusyError:
        mode = "wal"
    if mode != "delete":
        raise BusyError(
            f"{connections.label} is open elsewhere, and its damaged pages can be repaired only when it is not. "
            "Close the other processes that use this database, then run `pinyon repair` again."
        )


def _copy_rows(damaged: apsw.Connection, fresh: apsw.Connection, dimension: int | None, report: Report) -> None:
    for key, value in _readable(damaged, "SELECT key, value FROM meta"):
        if isinstance(key, str) and isinstance(value, int | str):
            fresh.execute("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", (key, value))
    for row in scan(damaged, NAMESPACES, None, "namespace"):
        if namespace_problem(row) is None:
            fresh.execute("INSERT OR IGNORE INTO namespace VALUES(?, ?, ?, ?, ?, ?)", row)
    kept = "SELECT ord, ns_id, id, reason, crc, metadata, sparse, data FROM quarantine WHERE ord >= ? ORDER BY ord"
    for row in scan(damaged, kept, None, "quarantine"):
        fresh.execute("INSERT OR IGNORE INTO quarantine VALUES(?, ?, ?, ?, ?, ?, ?, ?)", row)
    stored = recovered(damaged, dimension)
    write_generations(fresh, stored)
    highest = 0
    for raw in _joined(damaged, report, stored.offset):
        highest = max(highest, raw.ord)
        _keep(fresh, raw, stored.dimension(dimension), stored, report)
    _keep_others(damaged, fresh, stored)
    for table, number in _readable(damaged, "SELECT name, seq FROM sqlite_sequence"):
        if table in ("record", "namespace"):
            _reserve(fresh, table, _number(number))
    _reserve(fresh, "record", highest)
    _settle(fresh, [])


def _keep_others(damaged: apsw.Connection, fresh: apsw.Connection, stored: Generations) -> None:
    """Vectors of the other generation, as far as they and their records are sound: the rest can be made again."""
    other = stored.other
    if other is None or other.state == "leaving":
        return
    size = 4 * (other.embed.dimension or 0)
    for ord_, generation, check, data in scan(damaged, _vectors(stored.other_offset), None, "vector"):
        sound = isinstance(data, bytes) and len(data) == size and generation == other.number
        if sound and vector_crc(ord_, generation, data) == check:
            values = (ord_ + stored.other_offset, generation, check, data)
            exists = "SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM record WHERE ord = ?)"
            fresh.execute(f"INSERT OR IGNORE INTO vector {exists}", (*values, ord_))


def _keep(fresh: apsw.Connection, row: RawRow, dimension: int | None, stored: Generations, report: Report) -> None:
    """A sound row as it was, a bad one into the quarantine."""
    problem = row_problem(row, dimension, stored.number)
    if problem is None:
        values = (row.ord, row.ns_id, row.name, row.lsn, row.crc, row.metadata, row.sparse)
        fresh.execute("INSERT OR IGNORE INTO record VALUES(?, ?, ?, ?, ?, ?, ?)", values)
        if fresh.changes():
            if row.vector_ord is not None:
                vector = (row.ord + stored.offset, row.generation, row.vector_check, row.data)
                fresh.execute("INSERT INTO vector VALUES(?, ?, ?, ?)", vector)
            return
        problem = "another record has the same id"
    if row.ord not in report.bad_rows:
        report.bad_rows[row.ord] = problem
        report.add(f"record ord {row.ord} id {row.name!r}" if row.kinds else f"vector ord {row.ord}", problem)
    aside = (row.ord, row.ns_id, row.name, problem, row.crc, row.metadata, row.sparse, row.data)
    fresh.execute(_QUARANTINE + "VALUES(?, ?, ?, ?, ?, ?, ?, ?)", aside)


def _readable(connection: apsw.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows up to the first that cannot be read."""
    with suppress(apsw.CorruptError, UnicodeDecodeError):
        yield from connection.execute(sql)


_RECORDS: Final = """
SELECT ord, ns_id, CAST(id AS BLOB), lsn, crc, CAST(metadata AS BLOB), CAST(sparse AS BLOB),
typeof(ns_id) || ' ' || typeof(id) || ' ' || typeof(lsn) || ' ' || typeof(crc) || ' ' || typeof(metadata)
    || ' ' || typeof(sparse)
FROM record WHERE ord >= ? ORDER BY ord
"""


def _vectors(offset: int) -> str:
    """Of one generation; keys as ords."""
    return (
        f"SELECT ord - {offset}, generation, crc, CASE typeof(data) WHEN 'blob' THEN data END "
        f"FROM vector WHERE ord >= ? + {offset} AND ord < {offset + HALF} ORDER BY ord"
    )


def _joined(connection: apsw.Connection, report: Report | None, offset: int) -> Iterator[RawRow]:
    """Records with the vectors of one generation, each table read for itself: a lost vector must not take its record
    along.

    A vector whose own checksum fails, or which has no record, comes as it is; the caller judges.
    """
    lost = None if report is None else report.lost
    vectors = scan(connection, _vectors(offset), lost, "vector")
    vector: tuple[Any, ...] | None = next(vectors, None)
    for record in scan(connection, _RECORDS, lost, "record"):
        while vector is not None and vector[0] < record[0]:
            yield _orphan(vector)
            vector = next(vectors, None)
        if vector is not None and vector[0] == record[0]:
            yield RawRow._make((*record, *vector))
            vector = next(vectors, None)
        else:
            yield RawRow._make((*record, None, None, None, None))
    while vector is not None:
        yield _orphan(vector)
        vector = next(vectors, None)


def _orphan(vector: tuple[Any, ...]) -> RawRow:
    return RawRow._make((vector[0], *[None] * 6, "", *vector))


def _require_sound(connections: Connections, dimension: int | None) -> int:
    """The number of records, once all of them verify."""
    left = examine(connections, CacheDirectory(None), dimension).findings
    if left:
        raise CorruptionError(
            f"{connections.label} was salvaged, but the result does not verify ({left[0].place}: {left[0].problem}). "
            "The damaged file was left as it was. Restore a backup."
        )
    with connections.read() as connection:
        return _number(connection.execute("SELECT count(*) FROM record").get)


def _exchange(path: Path, temporary: Path) -> Path:
    """Gives the damaged file a second name and then its place to the sound one: the place is never empty."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    try:
        aside.hardlink_to(path)
    except OSError:  # a file system without links
        shutil.copyfile(path, aside)
        sync_file(aside)
    for companion in _companions(path):
        # A write-ahead log of the old file would be replayed into the new one.
        if companion.exists():
            companion.replace(aside.with_name(aside.name + companion.name.removeprefix(path.name)))
    temporary.replace(path)
    sync_directory(path.parent)
    return aside


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


# -- the first page ---------------------------------------------------------------------------------------------------


def _salvage_copy(path: Path, cache: CacheDirectory, dimension: int | None, report: Report) -> list[Finding]:
    """For a file whose first page is damaged: that page is the same in every index, so a copy is given a fresh one."""
    copy = temporary_name(path)
    try:
        with translated_files(path, "repair"):
            os.close(open_new(copy))
            shutil.copyfile(path, copy)
            log = path.with_name(path.name + "-wal")
            if log.exists():
                shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
            _replace_first_page(copy)
        _salvage(path, copy, cache, dimension, report)
    finally:
        for name in (copy, *_companions(copy)):
            with suppress(OSError):
                name.unlink()
    return [replace(finding, file=str(path)) for finding in report.findings]


def _replace_first_page(path: Path) -> None:
    """Writes the header and the schema of an empty index over the first page of the copy at ``path``."""
    template = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
    try:
        connection = apsw.Connection(str(template))
        try:
            connection.execute(f"PRAGMA page_size={PAGE_SIZE}").fetchall()
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}").fetchall()
            connection.execute(TRUTH)
        finally:
            connection.close()
        page = bytearray(template.read_bytes()[:PAGE_SIZE])
        least = template.stat().st_size
    finally:
        template.unlink(missing_ok=True)
    pages = -(-max(least, path.stat().st_size) // PAGE_SIZE)
    wal = path.with_name(path.name + "-wal")
    page[18:20] = b"\2\2" if wal.exists() and wal.stat().st_size else b"\1\1"
    page[28:32] = pages.to_bytes(4, "big")
    page[32:40] = bytes(8)  # no free pages: those of the old file are left to lie, since only tables are read
    with path.open("r+b") as file:
        file.write(page)
        file.truncate(pages * PAGE_SIZE)  # a file that was cut short gets the pages that the schema points to, empty
