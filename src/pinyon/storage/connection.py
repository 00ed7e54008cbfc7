"""Connections to one SQLite file: one per thread, with our pragmas, our errors and fork safety.

Nothing else in Pinyon opens a live truth file: a stray ``open``/``close`` of it would cancel the POSIX locks that
SQLite holds for the whole process.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import apsw

from pinyon.errors import (
    BusyError,
    ClosedError,
    CorruptionError,
    FailedPreconditionError,
    FormatError,
    PinyonError,
    ReadOnlyError,
    StorageError,
    StorageFullError,
)
from pinyon.storage.files import NO_SPACE, create_private
from pinyon.storage.gates import Patience, ReaderGate, fork_gate
from pinyon.storage.schema import MINIMUM_SQLITE, PAGE_SIZE

_NETWORK_FILESYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.glusterfs"}
)
_FSYNC_ERRORS: Final = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})
_LIVE: weakref.WeakSet[Connections] = weakref.WeakSet()


def _check_sqlite() -> None:
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split("."))) < MINIMUM_SQLITE:
        wanted = ".".join(map(str, MINIMUM_SQLITE))
        raise FailedPreconditionError(
            f"apsw was built with SQLite {version}, which can corrupt a database that several connections write: "
            f"{wanted} or newer is needed. Run: pip install --upgrade apsw"
        )


def network_filesystem(path: Path) -> str | None:
    """The type of the network file system that holds `path`, or None. Known on Linux only."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    target = str(path.resolve())
    best, kind = "", ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].replace("\\040", " ")
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind if kind in _NETWORK_FILESYSTEMS else None


class Connections:
    """All of this process's connections to one SQLite file.

    path: the file, or None for a database in memory that lives as long as this object.
    create: runs once, inside a transaction, when the file has no tables yet.
    vfs: name of the SQLite VFS, for tests that make the disk fail.

    Every method may be called from any thread. ``read()`` and ``write()`` give the calling thread's own connection.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        application_id: int,
        create: Callable[[apsw.Connection], None] | None = None,
        read_only: bool = False,
        write_wait: float = 60.0,
        vfs: str | None = None,
    ) -> None:
        _check_sqlite()
        self.path = path
        self.label = str(path) if path is not None else ":memory:"
        self.read_only = read_only
        self.write_wait = write_wait
        self._vfs = vfs
        self._application_id = application_id
        self._create = create
        self._recognised = False
        self._immutable = False
        self._closed = False
        self._failure: str | None = None
        self._gate: ReaderGate | None = None
        self._reset()
        if path is not None and (kind := network_filesystem(path.parent)):
            raise StorageError(
                f"{self.label} lies on a network file system ({kind}), where SQLite's write-ahead log is not safe. "
                "Put the data directory on a local disk."
            )
        self._memory_name = f"/pinyon-{uuid4().hex}"
        self._keepalive: apsw.Connection | None = None
        _LIVE.add(self)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _reset(self) -> None:
        self._local = threading.local()
        self._open_connections: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._write_lock = threading.Lock()
        self._registry_lock = threading.Lock()
        self._gate = ReaderGate() if self.path is None else None

    # -- opening ------------------------------------------------------------------------------------------------------

    def _open(self) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_URI
        if self.path is None:
            uri = f"file:{self._memory_name}?vfs=memdb"
            flags |= apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        else:
            if self._create is not None and not self.read_only:
                create_private(self.path)
            uri = "file:" + quote(str(self.path.absolute()).replace(os.sep, "/"))
            if sys.platform == "win32":
                uri = uri.replace("file:", "file:///", 1)
            flags |= apsw.SQLITE_OPEN_READONLY if self.read_only else _READ_WRITE
            if self._immutable:
                uri += "?immutable=1"
        connection = apsw.Connection(uri, flags=flags, vfs=self._vfs, statementcachesize=128)
        try:
            connection.set_busy_handler(Patience(self.write_wait))
            self._set_pragmas(connection)
        except BaseException:
            with suppress(apsw.Error):
                connection.close()
            raise
        with self._registry_lock:
            self._open_connections.add(connection)
        return connection

    def _set_pragmas(self, connection: apsw.Connection) -> None:
        pragmas = ["trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY", "cache_size=-8192"]
        if not self.read_only:
            pragmas += [f"page_size={PAGE_SIZE}", "secure_delete=ON", "wal_autocheckpoint=4000"]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if not self._recognised:
            self._recognise(connection)
        if not self.read_only and self.path is not None:
            # A commit returns after the write-ahead log is on disk. EXTRA, set before the mode changes, also syncs the
            # directory when the rollback journal of a new file goes: else a power loss may bring that journal back, and
            # it would undo the file under the log. fullfsync matters on macOS only.
            for pragma in ("synchronous=EXTRA", "fullfsync=ON", "journal_mode=WAL", "journal_size_limit=67108864"):
                connection.execute(f"PRAGMA {pragma}").fetchall()

    def _recognise(self, connection: apsw.Connection) -> None:
        """Refuses a file that is not ours before the first pragma that would change it."""
        found = connection.pragma("application_id")
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
        if tables and found != self._application_id:
            raise FormatError(
                f"{self.label} is a database of another program (application id {found:#x}). "
                "Choose another data directory."
            )
        if not tables and (self._create is None or self.read_only):
            raise FormatError(f"{self.label} is empty: there is no Pinyon database in it.")
        self._recognised = True

    def _prepare(self) -> None:
        """Recognise our file, or make it when it is empty."""
        if self.path is None:
            self._keepalive = self._open()
        elif self.read_only:
            self._choose_read_mode()
        try:
            with self.read() as connection:
                tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
        except CorruptionError as error:
            raise FormatError(
                f"{self.label} is not a readable Pinyon file ({error.__cause__}). "
                "If it ever was one, `pinyon repair` salvages what can be read."
            ) from error
        if not tables:
            assert self._create is not None, "a file without tables was recognised because it may be made"
            with self.write() as connection:
                if not connection.execute("SELECT count(*) FROM sqlite_schema").get:
                    connection.pragma("application_id", self._application_id)
                    self._create(connection)

    def _choose_read_mode(self) -> None:
        """A directory that we may not write to has no place for a WAL: open such a file as immutable."""
        assert self.path is not None
        if os.access(self.path.parent, os.W_OK):
            return
        wal = self.path.with_name(self.path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise ReadOnlyError(
                f"{self.label} has a write-ahead log with changes that are not yet in the file, and its directory is "
                "read-only. Close the writing process first, or copy a backup (`pinyon backup`) here instead."
            )
        self._immutable = True

    # -- use ----------------------------------------------------------------------------------------------------------

    def connection(self) -> apsw.Connection:
        """The calling thread's connection, opened at first use."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            fork_gate.refuse_orphans(self.label)
            if self._closed:
                raise ClosedError(f"{self.label} is closed. Open it again to go on.")
            with translated(self), fork_gate:
                connection = self._local.connection = self._open()
        return connection

    @contextmanager
    def use(self) -> Iterator[apsw.Connection]:
        """``with use() as connection:`` for statements that run by themselves, outside of a transaction."""
        with translated(self), fork_gate:
            yield self.connection()

    def read(self) -> _Read:
        """``with read() as connection:`` one read transaction: all statements inside see one state."""
        return _Read(self)

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One write transaction, committed at exit and rolled back on an exception. Writers queue.

        Raises BusyError after ``write_wait`` seconds, ReadOnlyError, StorageFullError, StorageError.
        """
        self._refuse_write()
        if not self._write_lock.acquire(timeout=self.write_wait):
            raise self.busy()
        try:
            connection = self.connection()
            with fork_gate, self._gate.alone() if self._gate is not None else nullcontext():
                with translated(self):
                    connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    with translated(self):
                        connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        with translated(self):
                            connection.execute("ROLLBACK")
                    raise
        except apsw.Error as error:
            raise self.translate(error) from error
        finally:
            self._write_lock.release()

    def _refuse_write(self) -> None:
        if self.read_only:
            raise ReadOnlyError(f"{self.label} was opened read-only. Open it without read_only=True to write.")
        if self._failure is not None:
            raise ReadOnlyError(
                f"{self.label} is read-only since a sync to disk failed ({self._failure}): what the disk holds is "
                "uncertain. Check the disk, then close and open the database again."
            )

    def busy(self) -> BusyError:
        return BusyError(
            f"{self.label}: another writer kept the lock for more than {self.write_wait:g} s. "
            "Try again, or find the process that holds a long transaction."
        )

    def translate(self, error: apsw.Error) -> PinyonError:
        """SQLite's error as ours. A failed fsync closes the file for writing."""
        extended = getattr(error, "extendedresult", 0)
        if isinstance(error, (apsw.BusyError, apsw.LockedError)):
            return self.busy()
        if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and self._errno() in NO_SPACE):
            return StorageFullError(
                f"{self.label}: the disk is full, and the write was undone. Free some space and try again; "
                "`pinyon compact` gives back what deleted records held."
            )
        if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
            return CorruptionError(f"{self.label} is damaged ({error}). Run `pinyon verify`, then `pinyon repair`.")
        if isinstance(error, apsw.ReadOnlyError):
            return ReadOnlyError(f"{self.label} cannot be written ({error}). Check the permissions of its directory.")
        if isinstance(error, (apsw.ConnectionClosedError, apsw.ThreadingViolationError)) and self._closed:
            return ClosedError(f"{self.label} is closed. Open it again to go on.")
        if extended in _FSYNC_ERRORS:
            self._failure = str(error)
        return StorageError(f"{self.label}: {error}. Check the disk and the permissions, then try again.")

    def _errno(self) -> int:
        """What the system said to the calling thread's connection last: SQLite calls a file-size limit an I/O error."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        return 0 if connection is None else connection.system_errno

    # -- ending -------------------------------------------------------------------------------------------------------

    def checkpoint(self, wait: float | None = None) -> bool:
        """Move the write-ahead log into the file and empty it. False when a reader holds it back for `wait` seconds."""
        if self.read_only or self.path is None:
            return True
        connection = self.connection()
        connection.set_busy_handler(Patience(self.write_wait if wait is None else wait))
        try:
            with translated(self), fork_gate:
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
        except BusyError:
            return False
        finally:
            connection.set_busy_handler(Patience(self.write_wait))
        return not busy

    def close(self) -> None:
        """Close every connection of this process. The last one out folds the write-ahead log into the file."""
        self._closed = True
        with self._registry_lock:
            connections = list(self._open_connections)
            self._open_connections.clear()
        for connection in connections:
            # One that another thread is using at this moment closes when that thread lets go of it; an I/O error on the
            # way out loses nothing, since what was acknowledged is in the log.
            with suppress(apsw.Error), fork_gate:
                connection.close()
        self._local = threading.local()
        self._keepalive = None

    def abandon_after_fork(self) -> None:
        """In a forked child: give up the connections that came along, and start afresh.

        SQLite knows the locks of a file by process, so a connection that came along makes it believe in locks that the
        child does not hold: a commit of the child could then land in a log that the parent has removed. Closed while no
        transaction is open, they take that belief with them; they find the parent's lock on the file, and leave its log
        alone. Where a transaction is open they cannot be closed, are kept for ever, and the child is refused.
        """
        connections = list(self._open_connections)
        keepalive = self._keepalive
        self._reset()
        for connection in connections:
            if fork_gate.orphaned:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
            elif connection is not keepalive:
                with suppress(apsw.Error):
                    connection.close(force=True)
        if keepalive is not None:
            # Memory is copied by the fork, so the child owns this database and may go on with it.
            self._local.connection = keepalive
            self._open_connections.add(keepalive)


_READ_WRITE: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


class _Read:
    """Context manager of one read transaction. A nested one joins the outer one."""

    __slots__ = ("_connection", "_nested", "_owner")

    def __init__(self, owner: Connections) -> None:
        self._owner = owner

    def __enter__(self) -> apsw.Connection:
        connection = self._connection = self._owner.connection()
        gate = self._owner._gate
        fork_gate.__enter__()
        self._nested = True
        try:
            self._nested = connection.in_transaction
            if not self._nested:
                if gate is not None:
                    gate.enter()
                connection.execute("BEGIN")
        except apsw.Error as error:
            if gate is not None and not self._nested:
                gate.leave()
            fork_gate.__exit__()
            raise self._owner.translate(error) from error
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self._nested and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error as failure:  # closed by another thread meanwhile
            raise self._owner.translate(failure) from failure
        finally:
            if not self._nested and self._owner._gate is not None:
                self._owner._gate.leave()
            fork_gate.__exit__()
        if isinstance(error, apsw.Error):
            raise self._owner.translate(error) from error


@contextmanager
def translated(owner: Connections) -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise owner.translate(error) from error


def _after_fork_in_child() -> None:
    fork_gate.after_fork_in_child()
    for connections in list(_LIVE):
        connections.abandon_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=fork_gate.before_fork,
        after_in_parent=fork_gate.after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
