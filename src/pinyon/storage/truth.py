"""One index's truth file: read views and write transactions over records, vectors, tombstones and namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from uuid import uuid4

import apsw

from pinyon.errors import CorruptionError, FormatError, PinyonError, StorageError
from pinyon.storage.connection import Connections
from pinyon.storage.reading import View
from pinyon.storage.schema import APPLICATION_ID, FORMAT, FRESH_FORMAT, TRUTH
from pinyon.storage.values import Changes
from pinyon.storage.writing import Writer


class Truth:
    """The durable state of one index. Thread-safe; each thread has a connection of its own.

    path: the SQLite file, or None for memory. dimension: None for a sparse index; what the file itself says counts for
    more, and ``dimension`` changes when the index is re-embedded. create: make the file where there is none; without
    it, a missing or empty file is an error and stays as it is.
    Raises FormatError when the file is not ours or newer than this release, StorageError when it is missing.
    """

    def __init__(
        self,
        path: Path | None,
        dimension: int | None,
        *,
        create: bool = True,
        read_only: bool = False,
        write_wait: float = 60.0,
        vfs: str | None = None,
    ) -> None:
        if path is not None and not create and not path.exists():
            raise StorageError(
                f"{path} is missing, and the records of its index with it. Restore a backup of the index."
            )
        self.path = path
        self.dimension = dimension
        self.connections = Connections(
            path,
            application_id=APPLICATION_ID,
            create=create_tables if create or path is None else None,
            read_only=read_only,
            write_wait=write_wait,
            vfs=vfs,
        )
        try:
            with self.read() as view:
                self.filter_key = self._check_format(view)
                self.stored = view.generations()
            self.dimension = self.stored.dimension(dimension)
        except PinyonError:
            self.close()
            raise

    def _check_format(self, view: View) -> bytes:
        """The key of the string hashes, once it is sure that this release can read the file."""
        label, found = self.connections.label, view.meta("format")
        if found != view.connection.pragma("user_version"):  # kept twice, so that a flipped bit is no newer release
            raise CorruptionError(f"{label}: its format version is damaged ({found!r}). Run `pinyon repair`.")
        if not isinstance(found, int) or found > FORMAT:
            raise FormatError(
                f"{label} has format {found}, and this release reads up to {FORMAT}. "
                "Upgrade Pinyon: pip install --upgrade pinyon"
            )
        try:
            return bytes.fromhex(str(view.meta("filter_key")))
        except ValueError as error:
            raise CorruptionError(f"{label}: its filter key is damaged. Run `pinyon repair`.") from error

    def refresh(self) -> None:
        """Take what the file says of its vectors, whose whole content was replaced."""
        with self.read() as view:
            self.stored = view.generations()
        self.dimension = self.stored.dimension(self.dimension)

    def read(self) -> _Reading:
        """``with truth.read() as view:`` everything read inside is of one LSN."""
        return _Reading(self)

    @contextmanager
    def write(self, committed: Callable[[Sequence[Changes]], None] | None = None) -> Iterator[Writer]:
        """One transaction with one new LSN. An exception undoes all of it.

        committed: called with what changed, per namespace, after the commit is on disk.
        """
        with self.connections.write() as connection:
            writer = Writer(connection, self.connections.label, self.dimension)
            yield writer
            changes = writer.finish()
        if committed is not None:
            committed(changes)

    def close(self) -> None:
        self.connections.close()


class _Reading:
    __slots__ = ("_read", "_truth")

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._read = truth.connections.read()

    def __enter__(self) -> View:
        return View(self._read.__enter__(), self._truth.connections.label, self._truth.dimension)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._read.__exit__(kind, error, trace)


def create_tables(connection: apsw.Connection) -> None:
    """The empty truth file, inside the caller's transaction."""
    connection.execute(TRUTH)
    connection.pragma("user_version", FRESH_FORMAT)
    rows = [
        ("format", FRESH_FORMAT),
        ("lsn", 0),
        ("pruned_lsn", 0),
        ("epoch", uuid4().hex),
        # Key of the string hashes in metadata columns: secret, so that nobody can craft two values that collide.
        ("filter_key", uuid4().hex + uuid4().hex),
    ]
    connection.executemany("INSERT INTO meta VALUES(?, ?)", rows)
