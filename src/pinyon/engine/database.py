"""The database: a directory of indexes, or one in memory."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from pinyon.engine import checks, fitting, kinds
from pinyon.engine.blobs import Blobs
from pinyon.engine.budget import DEFAULT_MEMORY, Budget, check_memory
from pinyon.engine.index import Index
from pinyon.engine.lease import FOLDER, file_lease
from pinyon.engine.registry import Registry
from pinyon.errors import (
    AlreadyExistsError,
    ClosedError,
    ForbiddenError,
    NotFoundError,
    PinyonError,
    ReadOnlyError,
    StorageError,
)
from pinyon.limits import DEFAULT, Limits
from pinyon.storage import backup, check, compact, repair
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.catalog import BackupInfo, Catalog, IndexEntry
from pinyon.storage.check import Finding
from pinyon.storage.compact import CompactReport
from pinyon.storage.entries import DELETED_INDEX
from pinyon.storage.files import make_private_directory
from pinyon.storage.truth import Truth
from pinyon.types import EmbedSpec, IndexSpec, Metric

_OPEN: weakref.WeakSet[Database] = weakref.WeakSet()


class Database:
    """All indexes of one data directory. Thread-safe; several processes may use one directory at once.

    path: a directory, made (mode 0700) when missing, or ":memory:". Raises FormatError when the directory is not ours
    or was written by a newer release, and StorageError when the disk says no. memory: bytes, or text such as "2GB",
    that loaded namespaces may hold in this process, vectors in mapped files apart (see ``budget``); 4 GiB when it is
    not given. vfs: name of the SQLite VFS, for tests that make the disk fail.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        limits: Limits = DEFAULT,
        read_only: bool = False,
        memory: int | str | None = None,
        vfs: str | None = None,
    ) -> None:
        self.path = None if str(path) == ":memory:" else Path(path).expanduser()
        self.limits = limits
        self.read_only = read_only
        self.budget = Budget(DEFAULT_MEMORY if memory is None else check_memory(memory))
        self._vfs = vfs
        self._lock = threading.RLock()
        self._indexes: dict[str, Index] = {}
        self._temporary: Path | None = None
        self._leases: set[str] = set()
        self._closed = False
        if self.path is not None:
            _prepare_directory(self.path, read_only)
        self._catalog = Catalog(
            None if self.path is None else self.path / "catalog.sqlite",
            read_only=read_only,
            write_wait=limits.write_wait,
            vfs=vfs,
        )
        self.registry = Registry(self._catalog)
        self.blobs = Blobs(None if self.path is None else self.path / "files")
        if self.path is not None and not read_only:  # after the catalog, which refuses a directory that is not ours
            make_private_directory(self.path / "indexes")
        _OPEN.add(self)

    # -- indexes ------------------------------------------------------------------------------------------------------

    def create_index(self, spec: IndexSpec) -> IndexSpec:
        """Make an empty index. Raises InvalidRequestError, AlreadyExistsError."""
        self._check_writable()
        spec = checks.check_spec(spec, self.limits)
        uuid = uuid4().hex
        if self._catalog.get_index(spec.name) is None and self.path is not None:
            # The file comes first: a catalog entry without a file would be worse than a file that nobody lists.
            path = self._truth_path(uuid)
            Truth(path, spec.dimension, write_wait=self.limits.write_wait, vfs=self._vfs).close()
        try:
            return self._catalog.create_index(spec, uuid=uuid).spec
        except PinyonError:
            self._remove_files(uuid)
            raise

    def list_indexes(self) -> list[IndexSpec]:
        """Every index of the user's, by name."""
        self._check_open()
        return [entry.spec for entry in self._catalog.list_indexes() if not entry.spec.is_internal]

    def entries(self) -> list[IndexEntry]:
        """Every index as the catalog lists it, by name; internal ones, too."""
        self._check_open()
        return self._catalog.list_indexes()

    def catalog_state(self) -> int:
        """A number that is another one as soon as another thread or process has changed the catalog.

        Numbers that different threads were given cannot be compared.
        """
        self._check_open()
        with self._catalog.connections.use() as connection:
            return int(connection.pragma("data_version"))

    def has_index(self, name: str) -> bool:
        self._check_open()
        return self._catalog.get_index(name) is not None

    def describe_index(self, name: str) -> IndexSpec:
        """The definition of an index. Raises NotFoundError."""
        return self.entry(name).spec

    def entry(self, name: str) -> IndexEntry:
        """An index as the catalog lists it: uuid, creation time and definition. Raises NotFoundError."""
        self._check_open()
        entry = self._catalog.get_index(name)
        if entry is None:
            names = [spec.name for spec in self.list_indexes()]
            there = f"There are: {', '.join(names[:20])}." if names else "There are no indexes yet."
            raise NotFoundError(f"Index {checks.shown(name)} does not exist. {there} create_index() makes one.")
        return entry

    def configure_index(
        self,
        name: str,
        *,
        deletion_protection: bool | None = None,
        tags: Mapping[str, str] | None = None,
        index: Mapping[str, Any] | None = None,
        embed: EmbedSpec | None = None,
        deployment: Mapping[str, Any] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> IndexSpec:
        """Change parts of a definition. Tags and notes are merged, the others replace what was there.

        The value "" removes a tag, None a note. index: settings of ``kinds``, which searches follow while they go on.
        """
        self.entry(name)
        kinds.check_said_once(index, tags)
        with self._catalog.edit_index(name) as edit:
            spec = edit.spec
            if deletion_protection is not None:
                spec = replace(spec, deletion_protection=deletion_protection)
            if tags is not None:
                spec = kinds.retagged(spec, _merged(spec.tags, tags, without=""), tags)
            if index is not None:
                spec = kinds.configured(spec, index)
            if embed is not None:
                spec = replace(spec, embed=checks.check_embed(spec, embed))
            if deployment is not None:
                spec = replace(spec, deployment=deployment)
            if notes is not None:
                spec = replace(spec, notes=_merged(spec.notes, notes, without=None))
            spec = checks.check_spec(spec, self.limits)
            if kinds.line_of(spec) != kinds.line_of(edit.spec):
                fitting.check_fits(spec, self.index(name).read(lambda view: view.counts()), self.budget.limit)
            edit.spec = spec
        with self._lock:
            for handle in self._indexes.values():
                if handle.name == name:
                    handle.spec = spec
        return spec

    def delete_index(self, name: str) -> None:
        """Delete an index with all its records and caches; its backups stay. Raises ForbiddenError when protected."""
        entry = self.entry(name)
        if entry.spec.deletion_protection:
            raise ForbiddenError(
                f"Deletion protection is enabled for this index: {name!r}. "
                'Disable it with configure_index(name, deletion_protection="disabled") before deleting.'
            )
        path = self._truth_path(entry.uuid)
        if path is None or path.exists():
            try:
                index = self.index(name)
            except NotFoundError:
                return  # a deletion that was interrupted: opening the index has finished it
            self._wipe(index)
        self._catalog.delete_index(name)
        self._release(entry.uuid)
        self._remove_files(entry.uuid)

    def deleted_indexes(self, name: str | None = None) -> list[dict[str, Any]]:
        """Indexes that are gone, newest first, as ``{"name", "uuid", "deleted_at"}``; of one name when given.

        The last thousand, and every one that has a backup.
        """
        self._check_open()
        found = [entry for entry in self.registry.list(DELETED_INDEX) if name in (None, entry["name"])]
        return sorted(found, key=lambda entry: str(entry["deleted_at"]), reverse=True)

    @staticmethod
    def _wipe(index: Index) -> None:
        """Empty the file and mark it, which tells every other process that holds it open."""
        with index.truth.write() as writer:
            writer.connection.execute("INSERT OR REPLACE INTO meta VALUES('dropped', 1)")
            for table in ("vector", "record", "tombstone", "cache", "namespace"):
                writer.connection.execute(f"DELETE FROM {table}")

    def index(self, name: str) -> Index:
        """A handle on an index; the same one for every caller in this process. Raises NotFoundError."""
        entry = self.entry(name)
        with self._lock:
            index = self._indexes.get(entry.uuid)
            if index is None:
                truth = Truth(
                    self._truth_path(entry.uuid),
                    entry.spec.dimension,
                    create=False,  # an empty file in place of a lost one would hide the loss
                    read_only=self.read_only,
                    write_wait=self.limits.write_wait,
                    vfs=self._vfs,
                )
                with truth.read() as view:
                    dropped = view.meta("dropped")
                if dropped and not self.read_only:
                    truth.close()
                    raise self._finish_deletion(entry)
                index = Index(entry.spec, truth, self._caches(entry.uuid), self.limits, self.budget)
                self._indexes[entry.uuid] = index
            else:
                index.spec = entry.spec
        if index.spec is not entry.spec:
            self._settle_model(name, index)
        return index

    def _settle_model(self, name: str, index: Index) -> None:
        """The catalog follows the file in what model made the vectors. They differ for a moment when an index is
        re-embedded, and for longer where the process was killed in that moment."""
        index.memory.refresh()
        if self.read_only:
            return
        with suppress(NotFoundError), self._catalog.edit_index(name) as edit:
            if self._truth_path(edit.entry.uuid) == index.path:
                edit.spec = index.memory.as_stored(edit.spec)  # asked under the catalog's lock: the newest word stays

    def open_indexes(self) -> list[Index]:
        """The handles that this process has opened so far."""
        with self._lock:
            return list(self._indexes.values())

    def truth_path(self, name: str) -> Path | None:
        """Where the records of an index lie; None in memory."""
        return self._truth_path(self.entry(name).uuid)

    def cache_path(self, name: str) -> Path | None:
        """Where the caches of an index lie; None in memory."""
        return self._caches(self.entry(name).uuid).root

    # -- backups ------------------------------------------------------------------------------------------------------

    def create_backup(
        self, index: str, *, name: str = "", description: str = "", backup_id: str | None = None
    ) -> BackupInfo:
        """A consistent copy of an index, kept in the data directory. Writers go on meanwhile.

        backup_id: 32 hex digits that no backup has; made when it is not given.
        """
        self._check_writable()
        entry = self.entry(index)
        backup_id = backup_id or uuid4().hex
        meta = backup.BackupMeta(index, entry.uuid, entry.spec, backup_id, name, description)
        folder = self._backup_path(backup_id)
        info = self._copy(index, folder, meta).info()
        try:
            self._catalog.add_backup(info)
        except PinyonError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return info

    def list_backups(self, index: str | None = None) -> list[BackupInfo]:
        """Backups, newest first; of one index when its name is given."""
        self._check_open()
        return self._catalog.list_backups(index)

    def describe_backup(self, backup_id: str) -> BackupInfo:
        """Raises NotFoundError."""
        self._check_open()
        info = self._catalog.get_backup(backup_id)
        if info is None:
            raise NotFoundError(f"Backup {backup_id!r} does not exist. list_backups() shows what there is.")
        return info

    def delete_backup(self, backup_id: str) -> None:
        info = self.describe_backup(backup_id)
        self._catalog.delete_backup(info.id)
        shutil.rmtree(self._backup_path(info.id), ignore_errors=True)

    def restore_backup(
        self,
        backup_id: str,
        name: str,
        *,
        tags: Mapping[str, str] | None = None,
        deletion_protection: bool = False,
        metric: Metric | None = None,
        deployment: Mapping[str, Any] | None = None,
        notes: Mapping[str, Any] | None = None,
        uuid: str | None = None,
    ) -> IndexSpec:
        """A new index from a backup, with the definition of its source but for what is given; notes are merged.

        uuid: 32 hex digits that no index has; made when it is not given.
        Raises NotFoundError, AlreadyExistsError, CorruptionError.
        """
        info = self.describe_backup(backup_id)
        spec = replace(
            info.spec if tags is None else kinds.retagged(info.spec, dict(tags), tags),
            name=name,
            deletion_protection=deletion_protection,
            metric=info.spec.metric if metric is None else metric,
            deployment=info.spec.deployment if deployment is None else deployment,
            notes=_merged(info.spec.notes, notes or {}, without=None),
        )
        return self._restore(self._backup_path(info.id), spec, uuid)

    def export_file(self, index: str, target: Path) -> BackupInfo:
        """A portable copy: one SQLite file and its manifest in the new or empty directory `target`."""
        entry = self.entry(index)
        meta = backup.BackupMeta(index, entry.uuid, entry.spec, uuid4().hex)
        return self._copy(index, Path(target), meta).info()

    def _copy(self, index: str, target: Path, meta: backup.BackupMeta) -> backup.Manifest:
        with self.index(index).truth.connections.use() as connection:
            return backup.snapshot(connection, target, meta)

    def import_file(self, source: Path, name: str) -> IndexSpec:
        """A new index from what `export_file` or a backup wrote."""
        self._check_open()
        manifest = backup.read_manifest(Path(source))
        return self._restore(Path(source), replace(manifest.spec, name=name, deletion_protection=False))

    def _restore(self, source: Path, spec: IndexSpec, uuid: str | None = None) -> IndexSpec:
        self._check_writable()
        spec = checks.check_spec(spec, self.limits)
        if self.has_index(spec.name):
            raise AlreadyExistsError(
                f"Index {spec.name!r} already exists. Restore under another name, or delete that index first."
            )
        if uuid is None:
            uuid = uuid4().hex
        elif uuid not in {entry.uuid for entry in self._catalog.list_indexes()}:
            self._remove_files(uuid)  # of an attempt that was killed before the catalog knew of it
        path = self._truth_path(uuid)
        if path is None:
            self._restore_into_memory(source, spec, uuid)
        else:
            backup.restore(source, path, index_uuid=uuid)
        try:
            return self._catalog.create_index(spec, uuid=uuid).spec
        except PinyonError:
            self._remove_files(uuid)
            raise

    def _restore_into_memory(self, source: Path, spec: IndexSpec, uuid: str) -> None:
        truth = Truth(None, spec.dimension, write_wait=self.limits.write_wait)
        backup.restore_into_memory(source, truth.connections, index_uuid=uuid)
        truth.refresh()
        with self._lock:
            self._indexes[uuid] = Index(spec, truth, self._caches(uuid), self.limits, self.budget)

    # -- several processes ---------------------------------------------------------------------------------------------

    @contextmanager
    def lease(self, name: str) -> Iterator[bool]:
        """``with database.lease("upkeep") as mine:`` True while nobody else holds the lease of that name, here or in
        another process. Never waits, and ends with the process. Raises StorageError.

        name: letters, digits and hyphens.
        """
        self._check_writable()
        if self.path is not None:
            with file_lease(self.path / FOLDER, name) as mine:
                yield mine
            return
        with self._lock:
            mine = name not in self._leases
            self._leases.add(name)
        try:
            yield mine
        finally:
            if mine:
                self._leases.discard(name)

    # -- health -------------------------------------------------------------------------------------------------------

    def verify(
        self, index: str | None = None, *, progress: Callable[[str, int, int], None] | None = None
    ) -> list[Finding]:
        """Read every byte of one index, or of all, and say what is not as it was written."""
        findings: list[Finding] = []
        for entry in self._chosen(index):
            report = None if progress is None else _named(progress, entry.spec.name)
            path = self._truth_path(entry.uuid)
            if path is None:
                connections = self.index(entry.spec.name).truth.connections
                found = check.verify(connections, self._caches(entry.uuid), entry.spec.dimension, progress=report)
            elif not path.exists():
                found = [Finding(str(path), "file", "the file is missing", "restore a backup of the index")]
            else:
                found = check.verify_file(path, self._caches(entry.uuid), entry.spec.dimension, progress=report)
            findings += [replace(finding, index=entry.spec.name) for finding in found]
        return findings

    def repair(self, index: str | None = None) -> list[Finding]:
        """Mend one index, or all: damaged rows are set aside and named, damaged caches are dropped, the rest is served.

        Handles on the index are closed; get new ones. An empty list means that nothing was damaged. Raises BusyError
        when pages are damaged and another process has the file open.
        """
        self._check_writable()
        findings: list[Finding] = []
        for entry in self._chosen(index):
            path = self._truth_path(entry.uuid)
            if path is None:
                continue
            self._release(entry.uuid)
            found = repair.repair(
                path, self._caches(entry.uuid), entry.spec.dimension, write_wait=self.limits.write_wait
            )
            findings += [replace(finding, index=entry.spec.name) for finding in found]
        return findings

    def compact(self, index: str | None = None, *, purge_quarantine: bool = False) -> list[CompactReport]:
        """Give space back: deleted content is then found nowhere in the data directory, backups aside."""
        self._check_writable()
        reports = []
        for entry in self._chosen(index):
            handle = self.index(entry.spec.name)
            with handle.at_rest():
                report = compact.compact(
                    handle.truth.connections, self._caches(entry.uuid), purge_quarantine=purge_quarantine
                )
            reports.append(replace(report, index=entry.spec.name))
        return reports

    def remove_leftovers(self, *, idle: float = 3600.0) -> list[str]:
        """Delete what interrupted work left behind: files, caches and backups that the catalog does not list.

        idle: seconds without a change, so that nothing is taken that another process is making. Gives what is gone.
        """
        self._check_writable()
        if self.path is None:
            return []
        indexes = {entry.uuid for entry in self._catalog.list_indexes()}
        backups = {info.id for info in self._catalog.list_backups()}
        gone = []
        for path in compact.leftovers(self.path, indexes, backups, idle):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            gone.append(str(path))
        return gone

    def _finish_deletion(self, entry: IndexEntry) -> NotFoundError:
        """An index whose deletion was interrupted: its records are gone already, and now it is too."""
        with suppress(NotFoundError):
            self._catalog.delete_index(entry.spec.name)
        self._remove_files(entry.uuid)
        return NotFoundError(f"Index {entry.spec.name!r} was deleted. create_index() makes a new one.")

    def _release(self, uuid: str) -> None:
        with self._lock:
            handle = self._indexes.pop(uuid, None)
        if handle is not None:
            handle.close()

    # -- paths --------------------------------------------------------------------------------------------------------

    def _chosen(self, index: str | None) -> list[IndexEntry]:
        self._check_open()
        return self._catalog.list_indexes() if index is None else [self.entry(index)]

    def _truth_path(self, uuid: str) -> Path | None:
        return None if self.path is None else self.path / "indexes" / f"{uuid}.sqlite"

    def _caches(self, uuid: str) -> CacheDirectory:
        return CacheDirectory(None if self.path is None else self.path / "cache" / uuid)

    def _backup_path(self, backup_id: str) -> Path:
        if self.path is not None:
            return self.path / "backups" / backup_id
        with self._lock:
            if self._temporary is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="pinyon-"))
        return self._temporary / backup_id

    def _remove_files(self, uuid: str) -> None:
        path = self._truth_path(uuid)
        if path is None:
            return
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                path.with_name(path.name + suffix).unlink()
        self._caches(uuid).remove()

    # -- the end ------------------------------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("This database was closed. Open it again to go on.")

    def _check_writable(self) -> None:
        self._check_open()
        if self.read_only:
            raise ReadOnlyError(f"{self.path} was opened read-only. Open it without read_only=True to write.")

    def close(self) -> None:
        """Close every index and file; harmless when called twice."""
        with self._lock:
            self._closed = True
            indexes = list(self._indexes.values())
            self._indexes.clear()
        for index in indexes:
            index.close()
        self._catalog.close()
        self.blobs.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
        _OPEN.discard(self)

    def abandon_after_fork(self) -> None:
        """In a forked child: locks and threads of the parent mean nothing any more."""
        self._lock = threading.RLock()
        self.budget = Budget(self.budget.limit)
        for index in self._indexes.values():
            index.memory.budget = self.budget
            index.abandon_after_fork()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _prepare_directory(path: Path, read_only: bool) -> None:
    if path.exists() and not path.is_dir():
        raise StorageError(f"{path} is a file. Give a directory for the data.")
    if read_only:
        if not path.exists():
            raise NotFoundError(f"There is no data directory {path}. Open it without read_only=True to make one.")
        return
    make_private_directory(path)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], *, without: object) -> dict[str, Any]:
    return {key: value for key, value in {**old, **new}.items() if value != without}


def _named(progress: Callable[[str, int, int], None], name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


@atexit.register
def _close_all() -> None:
    for database in list(_OPEN):
        database.close()


def _after_fork_in_child() -> None:
    for database in list(_OPEN):
        database.abandon_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
