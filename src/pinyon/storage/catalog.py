"""The catalog of a data directory: which indexes exist, how they are defined, and which backups were made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

import apsw

from pinyon.errors import AlreadyExistsError, CorruptionError, FormatError, NotFoundError
from pinyon.storage import entries
from pinyon.storage.connection import Connections
from pinyon.storage.files import translated, write_durably
from pinyon.storage.schema import CATALOG_APPLICATION_ID
from pinyon.types import EmbedSpec, IndexSpec

CATALOG_FORMAT: Final = 2
"""Version of the catalog file. A larger number is refused; 1, which has no table ``entry``, is migrated."""

BackupStatus = Literal["Initializing", "Ready", "Failed"]

_TABLES: Final = """
CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE indexes(
    name TEXT PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    spec TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE backup(
    id TEXT PRIMARY KEY,
    index_name TEXT NOT NULL,
    index_uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at TEXT NOT NULL,
    record_count INTEGER NOT NULL,
    namespace_count INTEGER NOT NULL,
    size INTEGER NOT NULL,
    spec TEXT NOT NULL,
    status TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX backup_by_index ON backup(index_name, created_at);
"""
_OLD: Final = 1
_HARMLESS: Final = frozenset(
    {
        "indexes",
        "cache",
        "backups",
        "logs",
        "tls",
        "models",
        "models.toml",
        "pinyon.toml",
        "lost+found",
        "Thumbs.db",
        "desktop.ini",
    }
)
_BACKUP: Final = (
    "id, index_name, index_uuid, name, description, created_at, record_count, namespace_count, size, spec, status"
)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """An index of the catalog. ``uuid`` (32 hex digits) names its files; ``created_at`` is UTC, ISO 8601."""

    uuid: str
    created_at: str
    spec: IndexSpec


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """A backup of the catalog. ``size`` is bytes, ``created_at`` is UTC, ISO 8601."""

    id: str
    index_name: str
    index_uuid: str
    name: str
    description: str
    created_at: str
    record_count: int
    namespace_count: int
    size: int
    spec: IndexSpec
    status: BackupStatus = "Ready"

    @property
    def dimension(self) -> int | None:
        return self.spec.dimension

    @property
    def metric(self) -> str:
        return self.spec.metric


def now() -> str:
    """The time as the catalog writes it: UTC, microseconds, ``2026-01-31T12:00:00.000000Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def spec_to_json(spec: IndexSpec) -> str:
    """The definition as JSON text with sorted keys."""
    return json.dumps(asdict(spec), ensure_ascii=False, allow_nan=False, sort_keys=True)


def spec_from_json(text: str) -> IndexSpec:
    """The definition that ``spec_to_json`` wrote. Raises ValueError, TypeError or KeyError on anything else."""
    fields: dict[str, Any] = json.loads(text)
    embed = fields.pop("embed")
    return IndexSpec(**fields, embed=None if embed is None else EmbedSpec(**embed))


class Catalog:
    """Index definitions and backups. Thread-safe; several processes may share the file.

    path: ``catalog.sqlite``, or None for a catalog in memory. vfs: name of the SQLite VFS, for tests.
    Raises FormatError when the file is not a catalog, or of a newer format; the file is then as it was. A catalog of
    format 1 is migrated unless it is opened read-only, and ``catalog.sqlite.v1`` keeps what it was.
    """

    def __init__(
        self, path: Path | None, *, read_only: bool = False, write_wait: float = 60.0, vfs: str | None = None
    ) -> None:
        _refuse_stranger(path)
        self.path = path
        self.connections = Connections(
            path,
            application_id=CATALOG_APPLICATION_ID,
            create=_create,
            read_only=read_only,
            write_wait=write_wait,
            vfs=vfs,
        )
        try:
            self._check_format()
        except BaseException:
            self.close()
            raise

    def _check_format(self) -> None:
        with self.connections.read() as connection:
            found = self._format(connection)
        if found < CATALOG_FORMAT and not self.connections.read_only:
            self._migrate()

    def _format(self, connection: apsw.Connection) -> int:
        """The format of the file, which this release can read."""
        label = self.connections.label
        found = connection.execute("SELECT value FROM meta WHERE key = 'format'").get
        if not isinstance(found, int) or found < _OLD:
            raise FormatError(
                f"{label} holds no format version: it is not a catalog of Pinyon. Choose another directory."
            )
        if found > CATALOG_FORMAT:
            raise FormatError(
                f"{label} has catalog format {found}, and this release reads up to {CATALOG_FORMAT}. "
                "Upgrade Pinyon: pip install --upgrade pinyon"
            )
        return found

    def _migrate(self) -> None:
        """From format 1 to 2, in one transaction: a crash leaves one or the other, and the copy is of the former."""
        assert self.path is not None, "a catalog in memory is made in the newest format"
        with self.connections.write() as connection:
            if self._format(connection) >= CATALOG_FORMAT:
                return  # another process was first
            kept = self.path.with_name(f"{self.path.name}.v{_OLD}")
            with translated(kept, "keep a copy of the catalog as"):
                write_durably(kept, connection.serialize("main"))
            connection.execute(entries.TABLE)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (CATALOG_FORMAT,))

    def has_entries(self, connection: apsw.Connection) -> bool:
        """Whether the file has the table ``entry``: one of format 1 that was opened read-only has none."""
        return not self.connections.read_only or self._format(connection) > _OLD

    def close(self) -> None:
        """Closes this process's connections; calling it twice is harmless."""
        self.connections.close()

    # -- indexes ------------------------------------------------------------------------------------------------------

    def create_index(self, spec: IndexSpec, *, uuid: str | None = None) -> IndexEntry:
        """Adds a definition. Raises AlreadyExistsError."""
        entry = IndexEntry(uuid or uuid4().hex, now(), spec)
        with self.connections.write() as connection:
            self._insert(connection, entry)
        return entry

    def _insert(self, connection: apsw.Connection, entry: IndexEntry) -> None:
        if connection.execute("SELECT 1 FROM indexes WHERE name = ?", (entry.spec.name,)).get:
            raise AlreadyExistsError(
                f"Index {entry.spec.name!r} already exists. Choose another name, or delete that index first."
            )
        row = (entry.spec.name, entry.uuid, entry.created_at, spec_to_json(entry.spec))
        connection.execute("INSERT INTO indexes(name, uuid, created_at, spec) VALUES(?, ?, ?, ?)", row)

    def list_indexes(self) -> list[IndexEntry]:
        """Every index, by name."""
        with self.connections.read() as connection:
            rows = connection.execute("SELECT name, uuid, created_at, spec FROM indexes ORDER BY name").fetchall()
        return [self._entry(row) for row in rows]

    def get_index(self, name: str) -> IndexEntry | None:
        """The index of that name, or None."""
        with self.connections.read() as connection:
            return self._get(connection, name)

    def _get(self, connection: apsw.Connection, name: str) -> IndexEntry | None:
        row = connection.execute("SELECT name, uuid, created_at, spec FROM indexes WHERE name = ?", (name,)).fetchone()
        return None if row is None else self._entry(row)

    @contextmanager
    def edit_index(self, name: str) -> Iterator[_Edit]:
        """``with catalog.edit_index(name) as edit: edit.spec = replace(edit.spec, ...)``: read, change, write as one.

        Nobody else's change slips between. An exception leaves the definition as it was. Raises NotFoundError.
        """
        with self.connections.write() as connection:
            entry = self._get(connection, name)
            if entry is None:
                raise _unknown(name)
            edit = _Edit(entry)
            yield edit
            if edit.spec != entry.spec:
                self._store(connection, name, edit.spec)

    def update_index(self, name: str, spec: IndexSpec) -> IndexEntry:
        """Replaces a definition; its uuid and creation time stay. Raises NotFoundError; ValueError on a new name."""
        with self.edit_index(name) as edit:
            edit.spec = spec
        return replace(edit.entry, spec=spec)

    def _store(self, connection: apsw.Connection, name: str, spec: IndexSpec) -> None:
        if spec.name != name:
            raise ValueError(f"index {name!r} cannot be renamed to {spec.name!r}")
        connection.execute("UPDATE indexes SET spec = ? WHERE name = ?", (spec_to_json(spec), name))

    def delete_index(self, name: str) -> IndexEntry:
        """Removes a definition and gives it back; its files are the caller's to delete. Raises NotFoundError.

        An entry remembers when it went.
        """
        with self.connections.write() as connection:
            entry = self._get(connection, name)
            if entry is None:
                raise _unknown(name)
            connection.execute("DELETE FROM indexes WHERE name = ?", (name,))
            entries.remember_deleted(connection, entry.uuid, name, now())
        return entry

    def _entry(self, row: tuple[Any, ...]) -> IndexEntry:
        name, uuid, created_at, text = row
        return IndexEntry(uuid, created_at, self._spec(text, f"index {name!r}"))

    def _spec(self, text: Any, owner: str) -> IndexSpec:
        try:
            return spec_from_json(text)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptionError(
                f"{self.connections.label}: the definition of {owner} cannot be read ({error}). "
                "Restore the catalog from a backup of the data directory."
            ) from error

    # -- backups ------------------------------------------------------------------------------------------------------

    def add_backup(self, info: BackupInfo) -> None:
        """Lists a backup. Raises AlreadyExistsError when its id is taken."""
        with self.connections.write() as connection:
            if connection.execute("SELECT 1 FROM backup WHERE id = ?", (info.id,)).get:
                raise AlreadyExistsError(f"Backup {info.id!r} already exists.")
            connection.execute(
                f"INSERT INTO backup({_BACKUP}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [spec_to_json(info.spec) if key == "spec" else getattr(info, key) for key in _BACKUP.split(", ")],
            )

    def list_backups(self, index: str | None = None) -> list[BackupInfo]:
        """Backups, newest first; of one index when its name is given. They outlive their index."""
        where, values = ("WHERE index_name = ?", (index,)) if index is not None else ("", ())
        with self.connections.read() as connection:
            sql = f"SELECT {_BACKUP} FROM backup {where} ORDER BY created_at DESC, id"
            return [self._backup(row) for row in connection.execute(sql, values).fetchall()]

    def get_backup(self, backup_id: str) -> BackupInfo | None:
        """The backup of that id, or None."""
        with self.connections.read() as connection:
            row = connection.execute(f"SELECT {_BACKUP} FROM backup WHERE id = ?", (backup_id,)).fetchone()
        return None if row is None else self._backup(row)

    def delete_backup(self, backup_id: str) -> BackupInfo:
        """Removes the entry and gives it back; its folder is the caller's to delete. Raises NotFoundError."""
        with self.connections.write() as connection:
            row = connection.execute(f"SELECT {_BACKUP} FROM backup WHERE id = ?", (backup_id,)).fetchone()
            if row is None:
                raise NotFoundError(f"Backup {backup_id!r} does not exist. List the backups to see which do.")
            connection.execute("DELETE FROM backup WHERE id = ?", (backup_id,))
        return self._backup(row)

    def _backup(self, row: tuple[Any, ...]) -> BackupInfo:
        fields = dict(zip(_BACKUP.split(", "), row, strict=True))
        return BackupInfo(**fields | {"spec": self._spec(fields["spec"], f"backup {fields['id']!r}")})


class _Edit:
    __slots__ = ("entry", "spec")

    def __init__(self, entry: IndexEntry) -> None:
        self.entry = entry
        self.spec = entry.spec


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(f"Index {name!r} does not exist. List the indexes to see which do.")


def _create(connection: apsw.Connection) -> None:
    connection.execute(_TABLES + entries.TABLE)
    connection.execute("INSERT INTO meta VALUES('format', ?)", (CATALOG_FORMAT,))


def _refuse_stranger(path: Path | None) -> None:
    """A data directory that holds other things and no catalog is somebody else's."""
    if path is None or path.exists():
        return
    folder = path.parent
    if folder.exists() and not folder.is_dir():
        raise FormatError(f"{folder} is a file, not a data directory. Choose another path.")
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    strangers = sorted(name for name in names if name not in _HARMLESS and not name.startswith((path.name, ".")))
    if strangers:
        shown = ", ".join(strangers[:3]) + (", ..." if len(strangers) > 3 else "")
        raise FormatError(
            f"{folder} is not a Pinyon data directory: it has no {path.name} and holds {shown}. "
            "Choose an empty or a new directory."
        )


__all__ = [
    "CATALOG_FORMAT",
    "BackupInfo",
    "BackupStatus",
    "Catalog",
    "IndexEntry",
    "now",
    "spec_from_json",
    "spec_to_json",
]
