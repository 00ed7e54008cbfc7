"""Backups: one SQLite file without a write-ahead log, and a manifest that says what it must be.

    <folder>/index.sqlite     the truth as ``VACUUM INTO`` wrote it
    <folder>/manifest.json    format, size, SHA-256, counts, and the definition of the index

The manifest is written last, so a folder without one is an unfinished backup. A backup comes from anywhere: nothing in
it names a path, and ``restore`` takes a copy, checks the copy and only then gives it its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import apsw

from pinyon.errors import AlreadyExistsError, CorruptionError, FormatError, NotFoundError
from pinyon.storage.catalog import BackupInfo, now, spec_from_json, spec_to_json
from pinyon.storage.connection import Connections
from pinyon.storage.files import (
    make_private_directory,
    open_existing,
    open_new,
    read_fully,
    sync_directory,
    sync_file,
    temporary_name,
    translated,
    write_durably,
    write_fully,
)
from pinyon.storage.generations import as_stored, recovered
from pinyon.storage.layout import differences, file_uri, layout_of, truth_layout
from pinyon.storage.schema import APPLICATION_ID, FORMAT
from pinyon.types import IndexSpec

BACKUP_FORMAT: Final = 1
"""Version of the backup folder. A larger number is refused."""

DATA_NAME: Final = "index.sqlite"
MANIFEST_NAME: Final = "manifest.json"
_MANIFEST_LIMIT: Final = 1 << 20
_CHUNK: Final = 1 << 20
_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class BackupMeta:
    """What the catalog knows about the index that is backed up."""

    index_name: str
    index_uuid: str
    spec: IndexSpec
    id: str = ""
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` says. ``size`` is bytes; ``sha256`` 64 hex digits; ``created_at`` UTC, ISO 8601."""

    format: int
    truth_format: int
    id: str
    index_name: str
    index_uuid: str
    name: str
    description: str
    created_at: str
    record_count: int
    namespace_count: int
    lsn: int
    size: int
    sha256: str
    spec: IndexSpec

    def info(self) -> BackupInfo:
        """The entry for the catalog."""
        return BackupInfo(
            id=self.id,
            index_name=self.index_name,
            index_uuid=self.index_uuid,
            name=self.name,
            description=self.description,
            created_at=self.created_at,
            record_count=self.record_count,
            namespace_count=self.namespace_count,
            size=self.size,
            spec=self.spec,
        )


# -- making -----------------------------------------------------------------------------------------------------------


def snapshot(connection: apsw.Connection, target_dir: Path, meta: BackupMeta) -> Manifest:
    """Writes a backup into ``target_dir``, which is made and must be new or empty. Other threads go on meanwhile.

    connection: of the truth, outside any transaction. Raises AlreadyExistsError when the folder holds something, and
    StorageError, StorageFullError or ReadOnlyError; then nothing is left of the attempt.
    """
    made = not target_dir.exists()
    if not made and (not target_dir.is_dir() or any(target_dir.iterdir())):
        raise AlreadyExistsError(
            f"{target_dir} exists and is not an empty folder. Choose another place for the backup."
        )
    make_private_directory(target_dir)
    target = target_dir / DATA_NAME
    temporary = temporary_name(target)
    try:
        with translated(target, "write the backup"):
            os.close(open_new(temporary))
            _vacuum_into(connection, temporary)
            sync_file(temporary)
            manifest = _describe(temporary, meta)
            temporary.replace(target)
            write_durably(target_dir / MANIFEST_NAME, _to_json(manifest))
            sync_directory(target_dir)
            sync_directory(target_dir.parent)
    except BaseException:
        for path in (temporary, target, target_dir / MANIFEST_NAME):
            with suppress(OSError):
                path.unlink()
        if made:
            with suppress(OSError):
                target_dir.rmdir()
        raise
    return manifest


def _vacuum_into(connection: apsw.Connection, target: Path) -> None:
    uri = file_uri(target)
    if not connection.db_filename("main"):
        uri += f"?vfs={apsw.vfs_names()[0]}"  # else the copy of a memory database would be one in memory too
    connection.execute("VACUUM INTO ?", (uri,))


def _describe(path: Path, meta: BackupMeta) -> Manifest:
    """Counts and digest of a finished copy; the copy itself is asked, since the live index has moved on."""
    connections = Connections(path, application_id=APPLICATION_ID, read_only=True)
    try:
        with connections.read() as connection:
            pairs: Any = connection.execute("SELECT key, value FROM meta").fetchall()
            values: dict[str, Any] = dict(pairs)
            records = connection.execute("SELECT count(*) FROM record").get
            namespaces = connection.execute("SELECT count(*) FROM namespace").get
            stored = recovered(connection, meta.spec.dimension)
    finally:
        connections.close()
    size, digest = _hash(path)
    return Manifest(
        format=BACKUP_FORMAT,
        truth_format=int(values["format"]),
        id=meta.id or uuid4().hex,
        index_name=meta.index_name,
        index_uuid=meta.index_uuid,
        name=meta.name,
        description=meta.description,
        created_at=now(),
        record_count=records,
        namespace_count=namespaces,
        lsn=int(values["lsn"]),
        size=size,
        sha256=digest,
        spec=as_stored(meta.spec, stored),
    )


def _hash(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
            size += len(data)
    return size, digest.hexdigest()


def _to_json(manifest: Manifest) -> bytes:
    body = asdict(manifest) | {"spec": json.loads(spec_to_json(manifest.spec))}
    body["checksum"] = _checksum(body)
    return json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _checksum(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -- reading ----------------------------------------------------------------------------------------------------------


def read_manifest(source_dir: Path) -> Manifest:
    """The manifest of a backup folder that holds what a backup holds and nothing else.

    Raises NotFoundError when there is no such folder, FormatError when it is no backup of ours or a newer one, and
    CorruptionError when the manifest is damaged.
    """
    if not source_dir.is_dir():
        raise NotFoundError(f"{source_dir} is not a folder. Give the folder that holds {MANIFEST_NAME}.")
    names = {entry.name for entry in source_dir.iterdir()}
    if names != {DATA_NAME, MANIFEST_NAME}:
        odd = ", ".join(sorted(names - {DATA_NAME, MANIFEST_NAME})[:3])
        missing = ", ".join(sorted({DATA_NAME, MANIFEST_NAME} - names))
        detail = f"{missing} is missing" if missing else f"it also holds {odd}"
        raise FormatError(f"{source_dir} is not a complete Pinyon backup: {detail}. Nothing was restored.")
    path = source_dir / MANIFEST_NAME
    with _regular(path) as (descriptor, size):
        if size > _MANIFEST_LIMIT:
            raise FormatError(f"{path} has {size} bytes; a manifest has at most {_MANIFEST_LIMIT}.")
        data = read_fully(descriptor, size, 0)
    return _parse(path, data)


def _parse(path: Path, data: bytes) -> Manifest:
    try:
        body = json.loads(data)
        found = body.get("format") if isinstance(body, dict) else None
        if isinstance(found, int) and found > BACKUP_FORMAT:
            raise FormatError(
                f"{path} has backup format {found}, and this release reads up to {BACKUP_FORMAT}. "
                "Upgrade Pinyon: pip install --upgrade pinyon"
            )
        checksum = body.pop("checksum")
        if checksum != _checksum(body):
            raise CorruptionError(f"{path} does not match its own checksum: it was changed. Use another backup.")
        spec = spec_from_json(json.dumps(body.pop("spec")))
        manifest = Manifest(**body, spec=spec)
        _check_types(manifest)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorruptionError(f"{path} cannot be read as a manifest ({error}). Use another backup.") from error
    if manifest.truth_format > FORMAT:
        raise FormatError(
            f"{path} describes an index of format {manifest.truth_format}, and this release reads up to {FORMAT}. "
            "Upgrade Pinyon: pip install --upgrade pinyon"
        )
    return manifest


def _check_types(manifest: Manifest) -> None:
    for field in fields(manifest):
        value = getattr(manifest, field.name)
        wanted = {"int": int, "str": str}.get(str(field.type))
        if wanted is not None and type(value) is not wanted:
            raise TypeError(f"{field.name} is {value!r}")
        if wanted is int and value < 0:
            raise ValueError(f"{field.name} is {value}")
    if not _HEX.match(manifest.sha256):
        raise ValueError(f"sha256 is {manifest.sha256!r}")


@contextmanager
def _regular(path: Path) -> Iterator[tuple[int, int]]:
    """Descriptor and size of a regular file. Symbolic links, pipes and devices are refused with FormatError."""
    if path.is_symlink():
        raise FormatError(f"{path} is a symbolic link; a backup holds plain files only. Nothing was restored.")
    with translated(path, "read the backup"):
        descriptor = open_existing(path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FormatError(f"{path} is not a plain file. Nothing was restored.")
            yield descriptor, status.st_size
        finally:
            os.close(descriptor)


# -- restoring --------------------------------------------------------------------------------------------------------


def restore(source_dir: Path, target_file: Path, *, index_uuid: str | None = None) -> Manifest:
    """Makes the truth file ``target_file``, which must not exist, from a backup.

    The restored index has a new epoch, a new uuid (``index_uuid``, or a fresh one) and trusts no cache. Until all is
    checked the file has a temporary name, so ``target_file`` appears whole or not at all.
    Raises NotFoundError, AlreadyExistsError, FormatError, CorruptionError, StorageError, StorageFullError.
    """
    manifest = read_manifest(source_dir)
    for path in (target_file, *_companions(target_file)):
        if path.exists():
            raise AlreadyExistsError(f"{path} exists already. Restore to a new index name.")
    make_private_directory(target_file.parent)
    temporary = temporary_name(target_file)
    try:
        with translated(target_file, "restore the backup to"):
            _copy_checked(source_dir / DATA_NAME, temporary, manifest)
            _begin_new_timeline(temporary, index_uuid or uuid4().hex)
            sync_file(temporary)
            temporary.replace(target_file)
            sync_directory(target_file.parent)
    finally:
        for path in (temporary, *_companions(temporary)):
            with suppress(OSError):
                path.unlink()
    return manifest


def restore_into_memory(source_dir: Path, target: Connections, *, index_uuid: str) -> Manifest:
    """``restore`` into a database in memory, whose content is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / DATA_NAME
        manifest = restore(source_dir, file, index_uuid=index_uuid)
        stored = Connections(file, application_id=APPLICATION_ID)
        try:
            with stored.use() as source, target.use() as destination:
                # The mode is in the file's header, and a database in memory has no place for a write-ahead log.
                source.pragma("journal_mode", "delete")
                with destination.backup("main", source, "main") as copy:
                    copy.step()
        finally:
            stored.close()
    return manifest


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _copy_checked(source: Path, target: Path, manifest: Manifest) -> None:
    """Copies while hashing, so that what was checked is what is kept."""
    digest = hashlib.sha256()
    with _regular(source) as (descriptor, size):
        if size != manifest.size:
            raise CorruptionError(
                f"{source} has {size} bytes, and its manifest says {manifest.size}. Use another backup."
            )
        copy = open_new(target)
        try:
            for offset in range(0, size, _CHUNK):
                data = read_fully(descriptor, min(_CHUNK, size - offset), offset)
                digest.update(data)
                write_fully(copy, data, offset)
        finally:
            os.close(copy)
    if digest.hexdigest() != manifest.sha256:
        raise CorruptionError(
            f"{source} has SHA-256 {digest.hexdigest()}, and its manifest says {manifest.sha256}: it was changed or "
            "damaged. Use another backup."
        )


def _begin_new_timeline(path: Path, index_uuid: str) -> None:
    connections = Connections(path, application_id=APPLICATION_ID)
    try:
        with connections.write() as connection:
            _check_layout(connection, path)
            connection.execute("DELETE FROM cache")
            connection.executemany(
                "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
                [("epoch", uuid4().hex), ("index_uuid", index_uuid)],
            )
    finally:
        connections.close()


def _check_layout(connection: apsw.Connection, path: Path) -> None:
    """Refuses triggers, views, virtual tables and foreign tables: a backup brings data, and nothing that acts."""
    found, wanted = layout_of(connection), truth_layout()
    if found != wanted:
        odd = ", ".join(differences(found, wanted)[:3])
        raise FormatError(f"{path.name} is not laid out like an index of Pinyon (see {odd}). Nothing was restored.")
    version = connection.execute("SELECT value FROM meta WHERE key = 'format'").get
    if not isinstance(version, int) or version > FORMAT:
        raise FormatError(
            f"the backup holds an index of format {version}, and this release reads up to {FORMAT}. "
            "Upgrade Pinyon: pip install --upgrade pinyon"
        )
