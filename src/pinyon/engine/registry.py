"""What a server keeps beside its indexes: keys, projects, jobs, schedules, as small JSON objects in the catalog."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import apsw

from pinyon.errors import InvalidRequestError
from pinyon.storage import entries
from pinyon.storage.catalog import Catalog


class Entry:
    """What ``Registry.edit`` gives. ``value``: a copy of what is stored, None when nothing is; None removes it."""

    __slots__ = ("value",)

    def __init__(self, value: dict[str, Any] | None) -> None:
        self.value = value


class Registry:
    """JSON objects by kind and id. Thread-safe, and safe between processes: every call is one transaction.

    Writes raise ReadOnlyError when the database was opened read-only, BusyError when another writer is too slow.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._writing = threading.local()

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        """The object of that id, or None."""
        _check(kind, id)
        with self._catalog.connections.read() as connection:
            return entries.get(connection, kind, id) if self._catalog.has_entries(connection) else None

    def list(self, kind: str) -> builtins.list[dict[str, Any]]:
        """Every object of a kind, in bytewise order of their ids."""
        _check(kind)
        with self._catalog.connections.read() as connection:
            return entries.listed(connection, kind) if self._catalog.has_entries(connection) else []

    def count(self, kind: str) -> int:
        """How many objects of a kind there are."""
        _check(kind)
        with self._catalog.connections.read() as connection:
            return entries.count(connection, kind) if self._catalog.has_entries(connection) else 0

    def put(self, kind: str, id: str, value: Mapping[str, Any]) -> None:
        """Adds or replaces an object. Raises InvalidRequestError for what JSON cannot hold."""
        _check(kind, id)
        with self._write() as connection:
            entries.put(connection, kind, id, value)

    def remove(self, kind: str, id: str) -> bool:
        """Whether there was such an object."""
        _check(kind, id)
        with self._write() as connection:
            return entries.remove(connection, kind, id)

    @contextmanager
    def edit(self, kind: str, id: str) -> Iterator[Entry]:
        """``with registry.edit(kind, id) as entry: entry.value = {...}``: read, change, write as one transaction.

        Nobody else's change slips between, and an exception leaves everything as it was. Other calls of the registry
        inside the block belong to the same transaction. All other writers of the catalog wait meanwhile: keep the block
        short, and create, configure or delete no index in it.
        """
        _check(kind, id)
        with self._write() as connection:
            entry = Entry(entries.get(connection, kind, id))
            yield entry
            if entry.value is None:
                entries.remove(connection, kind, id)
            else:
                entries.put(connection, kind, id, entry.value)

    @contextmanager
    def _write(self) -> Iterator[apsw.Connection]:
        """The catalog's write transaction; within one of this thread's own, the same."""
        outer: apsw.Connection | None = getattr(self._writing, "connection", None)
        if outer is not None:
            yield outer
            return
        with self._catalog.connections.write() as connection:
            self._writing.connection = connection
            try:
                yield connection
            finally:
                self._writing.connection = None


def _check(kind: str, id: str = "-") -> None:
    for text in (kind, id):
        if not isinstance(text, str) or not text or "\0" in text:
            raise InvalidRequestError(f"An entry's kind and id are strings that are not empty, got {text!r:.80}.")
