"""The table ``entry`` of the catalog: small JSON objects by kind and id, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import apsw

from pinyon.errors import CorruptionError, InvalidRequestError

TABLE: Final = """
CREATE TABLE entry(
    kind TEXT,
    id TEXT,
    value TEXT NOT NULL,
    PRIMARY KEY(kind, id)
) WITHOUT ROWID;
"""

DELETED_INDEX: Final = "deleted_index"
"""Kind of the entries that remember deleted indexes, by uuid."""
DELETED_KEPT: Final = 1_000
"""So many deleted indexes are remembered, and beyond them those that have backups."""

_FORGET: Final = """
DELETE FROM entry WHERE kind = ?1 AND id NOT IN (SELECT index_uuid FROM backup) AND id NOT IN (
    SELECT id FROM entry WHERE kind = ?1 ORDER BY json_extract(value, '$.deleted_at') DESC, id LIMIT ?2)
"""


def get(connection: apsw.Connection, kind: str, id: str) -> dict[str, Any] | None:
    """Raises CorruptionError when the stored value is not a JSON object."""
    row = connection.execute("SELECT value FROM entry WHERE kind = ? AND id = ?", (kind, id)).fetchone()
    return None if row is None else _decoded(kind, id, row[0])


def listed(connection: apsw.Connection, kind: str) -> list[dict[str, Any]]:
    """The values of one kind, in bytewise order of their ids."""
    rows = connection.execute("SELECT id, value FROM entry WHERE kind = ? ORDER BY id", (kind,)).fetchall()
    return [_decoded(kind, str(id), text) for id, text in rows]


def count(connection: apsw.Connection, kind: str) -> int:
    row = connection.execute("SELECT count(*) FROM entry WHERE kind = ?", (kind,)).fetchone()
    return int(row[0]) if row is not None else 0


def put(connection: apsw.Connection, kind: str, id: str, value: Mapping[str, Any]) -> None:
    """Adds or replaces. Raises InvalidRequestError for what JSON cannot hold."""
    connection.execute("INSERT OR REPLACE INTO entry(kind, id, value) VALUES(?, ?, ?)", (kind, id, encoded(value)))


def remove(connection: apsw.Connection, kind: str, id: str) -> bool:
    """Whether there was such an entry."""
    connection.execute("DELETE FROM entry WHERE kind = ? AND id = ?", (kind, id))
    return connection.changes() > 0


def remember_deleted(connection: apsw.Connection, uuid: str, name: str, deleted_at: str) -> None:
    """Notes when an index went, and forgets the oldest of those that nothing refers to."""
    put(connection, DELETED_INDEX, uuid, {"name": name, "uuid": uuid, "deleted_at": deleted_at})
    connection.execute(_FORGET, (DELETED_INDEX, DELETED_KEPT))


def encoded(value: Mapping[str, Any]) -> str:
    """A JSON object with sorted keys. Raises InvalidRequestError for what JSON cannot hold."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)
        text.encode()
    except RecursionError as error:
        raise InvalidRequestError("This cannot be kept as JSON: it is nested too deeply. Flatten it.") from error
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"This cannot be kept as JSON ({error}): {value!r:.80}.") from error
    if not text.startswith("{"):
        raise InvalidRequestError(f"An entry is a JSON object, got {value!r:.80}.")
    return text


def _decoded(kind: str, id: str, text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError) as error:
        raise _damaged(kind, id, str(error)) from error
    if not isinstance(value, dict):
        raise _damaged(kind, id, f"it is a {type(value).__name__}, not an object")
    return value


def _damaged(kind: str, id: str, problem: str) -> CorruptionError:
    return CorruptionError(
        f"The catalog's entry {kind} {id!r} cannot be read ({problem}). "
        "Restore the catalog from a backup of the data directory."
    )
