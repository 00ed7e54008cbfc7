"""A second generation of vectors: begun, filled batch by batch, taken into use, or dropped. All inside transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import uuid4

import numpy as np

from pinyon.errors import FailedPreconditionError
from pinyon.storage.generations import HALF, Other, embed_to_json, other_to_json
from pinyon.storage.reading import RECORD, View, check_row
from pinyon.storage.rows import vector_crc
from pinyon.storage.schema import FORMAT
from pinyon.storage.values import StoredRow
from pinyon.storage.writing import Writer
from pinyon.types import EmbedSpec, Floats, Ints

_LACKING: Final = "NOT EXISTS (SELECT 1 FROM vector v WHERE v.ord = r.ord + ?)"
_BLOCK: Final = 4_096


class Lacking(NamedTuple):
    """A record without a vector of the other generation, and the LSN at which it was read."""

    row: StoredRow
    ns_id: int
    lsn: int


def lacking(view: View, after: int, until: int, limit: int) -> list[Lacking]:
    """The next records of ords above ``after`` and up to ``until`` that lack a vector of the other generation.

    Raises CorruptionError.
    """
    sql = f"SELECT {RECORD} FROM record r WHERE r.ord > ? AND r.ord <= ? AND {_LACKING} ORDER BY r.ord LIMIT ?"
    return _read(view, sql, (after, until, view.generations().other_offset, limit))


def last_ord(view: View) -> int:
    """The highest ord that a record has."""
    found: int | None = view.connection.execute("SELECT max(ord) FROM record").get
    return found or 0


def lacking_since(view: View, lsn: int, limit: int) -> list[Lacking]:
    """The same, of the records that were written after ``lsn``: quick, where few were."""
    sql = (
        f"SELECT {RECORD} FROM record r WHERE r.ns_id IN (SELECT ns_id FROM namespace) AND r.lsn > ? AND {_LACKING} "
        "LIMIT ?"
    )
    return _read(view, sql, (lsn, view.generations().other_offset, limit))


def _read(view: View, sql: str, values: tuple[int, ...]) -> list[Lacking]:
    found = []
    for row in view.connection.execute(sql, values):
        stored, bad = check_row(row)
        if bad is not None:
            raise view.corruption(bad)
        found.append(Lacking(stored, row[5], row[6]))
    return found


def count_lacking(view: View) -> int:
    """Records without a vector of the other generation."""
    sql = f"SELECT count(*) FROM record r WHERE {_LACKING}"
    count: int = view.connection.execute(sql, (view.generations().other_offset,)).get
    return count


def records(view: View, after: int, until: int, limit: int) -> list[Lacking]:
    """As ``lacking``, whatever vectors they have."""
    sql = f"SELECT {RECORD} FROM record r WHERE r.ord > ? AND r.ord <= ? ORDER BY r.ord LIMIT ?"
    return _read(view, sql, (after, until, limit))


def namespace_names(view: View) -> dict[int, str]:
    """By ns_id."""
    return {int(row[0]): str(row[1]) for row in view.connection.execute("SELECT ns_id, name FROM namespace")}


def vectors(view: View, ns_id: int, dimension: int, *, other: bool) -> Iterator[tuple[Ints, Floats]]:
    """Blocks of (m,) ords and (m, dimension) vectors of a namespace, of the records that have one of that generation.

    Raises CorruptionError.
    """
    offset = view.generations().other_offset if other else view.generations().offset
    sql = (
        "SELECT r.ord, CAST(r.id AS BLOB), CAST(v.data AS BLOB), v.crc, v.generation FROM record r "
        "JOIN vector v ON v.ord = r.ord + ? WHERE r.ns_id = ?"
    )
    ords: list[int] = []
    data: list[bytes] = []
    for ord_, name, blob, crc, generation in view.connection.execute(sql, (offset, ns_id)):
        if len(blob) != 4 * dimension or vector_crc(ord_, generation, blob) != crc:
            raise view.damaged_vector(ord_, name.decode("utf-8", "backslashreplace"))
        ords.append(ord_)
        data.append(blob)
        if len(ords) == _BLOCK:
            yield _block(ords, data, dimension)
            ords, data = [], []
    if ords:
        yield _block(ords, data, dimension)


def _block(ords: Sequence[int], data: Sequence[bytes], dimension: int) -> tuple[Ints, Floats]:
    rows = np.frombuffer(b"".join(data), "<f4").reshape(len(ords), dimension).astype(np.float32, copy=False)
    return np.array(ords, np.int64), rows


# -- changes ----------------------------------------------------------------------------------------------------------


def begin(writer: Writer, former: EmbedSpec, new: EmbedSpec) -> Other:
    """Begins a generation of the model ``new`` beside the one of ``former``. No record changes, so it takes no LSN.

    Raises FailedPreconditionError when there are two generations already.
    """
    stored = writer.stored
    if stored.other is not None:
        raise FailedPreconditionError(f"{writer.label} has two generations of vectors already. Forget one of them.")
    other = Other(stored.last + 1, "building", new)
    pairs: list[tuple[str, int | str]] = [
        ("format", FORMAT),
        ("generation", stored.number),
        ("offset", stored.offset),
        ("embed", embed_to_json(former)),
        ("other", other_to_json(other)),
        ("last_generation", other.number),
    ]
    _put(writer, pairs)
    writer.connection.pragma("user_version", FORMAT)
    return other


def fill(writer: Writer, number: int, found: Sequence[Lacking], made: Floats) -> int:
    """Stores the vectors of generation ``number`` for records as they were read; gives how many were stored.

    Records that changed since then are left out. Raises FailedPreconditionError when the generation is gone.
    """
    other = writer.stored.other
    if other is None or other.number != number or other.state == "leaving":
        raise FailedPreconditionError(
            f"{writer.label}: the vectors that were being made were dropped by somebody else meanwhile. Begin again."
        )
    before = writer.connection.total_changes()
    data, size = made.astype("<f4", copy=False).tobytes(), 4 * made.shape[1]
    writer.connection.executemany(
        "INSERT OR REPLACE INTO vector SELECT ?1 + ?2, ?3, ?4, ?5 "
        "WHERE EXISTS (SELECT 1 FROM record WHERE ord = ?1 AND lsn = ?6)",
        (
            (its.row.ord, writer.stored.other_offset, number, vector_crc(its.row.ord, number, blob), blob, its.lsn)
            for at, its in enumerate(found)
            for blob in [data[at * size : (at + 1) * size]]
        ),
    )
    return int(writer.connection.total_changes() - before)


def switch(writer: Writer, former: EmbedSpec) -> None:
    """The other generation becomes that of the records, and theirs is kept. Every record must have its vector.

    former: the model of the index until now.

    A new epoch: no cache of before may be believed, and every reader reads everything anew.
    """
    stored = writer.stored
    assert stored.other is not None, "there is another generation"
    pairs: list[tuple[str, int | str]] = [
        ("generation", stored.other.number),
        ("offset", stored.other_offset),
        ("embed", embed_to_json(stored.other.embed)),
        ("other", other_to_json(Other(stored.number, "kept", former))),
        ("epoch", uuid4().hex),
    ]
    _put(writer, pairs)
    writer.start_over()


def leave(writer: Writer) -> None:
    """The other generation is to go: nobody may use it any more, and ``drop_some`` deletes its vectors."""
    assert writer.stored.other is not None, "there is another generation"
    _put(writer, [("other", other_to_json(replace(writer.stored.other, state="leaving")))])


def drop_some(writer: Writer, limit: int) -> bool:
    """Deletes so many vectors of the generation that is to go; False once the last of them is gone."""
    offset = writer.stored.other_offset
    sql = "DELETE FROM vector WHERE ord IN (SELECT ord FROM vector WHERE ord >= ? AND ord < ? LIMIT ?)"
    writer.connection.execute(sql, (offset, offset + HALF, limit))
    if writer.connection.changes():
        return True
    writer.connection.execute("DELETE FROM meta WHERE key = 'other'")
    return False


def _put(writer: Writer, pairs: Sequence[tuple[str, int | str]]) -> None:
    writer.connection.executemany("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", pairs)
