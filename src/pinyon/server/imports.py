"""Bulk imports: files that a server reads by itself, in the background.

An import is an entry of the catalog (kind ``import``, by id), so every process of a server sees it, and what a killed
process left is taken up where its last note was. Records that are read twice are written twice under their ids, which
changes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import uuid4

from pinyon import engine
from pinyon.engine.documents import Documents
from pinyon.errors import InvalidRequestError, NotFoundError, PinyonError
from pinyon.server.background import Background, contained
from pinyon.server.service import Service

log = logging.getLogger("pinyon.imports")

KIND: Final = "import"
PENDING, RUNNING, FAILED, COMPLETED, CANCELLED = "Pending", "InProgress", "Failed", "Completed", "Cancelled"
_OPEN: Final = (PENDING, RUNNING)
_KEPT: Final = 200
"""Imports of one index that are remembered once they have ended."""
_NOTE_SECONDS: Final = 0.5
"""How often progress is written down."""
_SHOWN: Final = 1_000


@dataclass(frozen=True, slots=True)
class ImportFile:
    """location: what ``Importer.batches`` opens; files are read in the order of their locations."""

    namespace: str
    location: str
    size: int


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """A few records of a file, as the columns of an upsert, or a few documents; and which rows they come from.

    places: where each record stands, for messages.
    rows: how many rows of the file have been read with this batch, good or bad. share: of the file, 0 to 1.
    problems: rows that hold no record, each with its place.
    """

    ids: Sequence[str]
    vectors: Any
    sparse: Sequence[Any] | None
    metadata: Sequence[Mapping[str, Any] | None]
    documents: Sequence[Mapping[str, Any]]
    places: Sequence[str]
    rows: int
    share: float
    problems: tuple[str, ...] = ()

    def one(self, at: int) -> ImportBatch:
        """The record at a place, alone."""
        part = slice(at, at + 1)
        return replace(
            self,
            ids=self.ids[part],
            vectors=None if self.vectors is None else self.vectors[part],
            sparse=None if self.sparse is None else self.sparse[part],
            metadata=self.metadata[part],
            documents=self.documents[part],
            places=self.places[part],
            problems=(),
        )


class Importer(Protocol):
    """Finds and reads the files of an import. Raises errors of ``pinyon.errors`` only."""

    def check(self, uri: str) -> None:
        """Whether an import from there may begin. Quick: nothing remote is asked."""
        ...

    def files(self, uri: str) -> Sequence[ImportFile]:
        """Everything that is to be read, in order of location."""
        ...

    def batches(self, file: ImportFile, *, skip: int = 0, documents: bool = False) -> Iterator[ImportBatch]:
        """The records of a file but the first ``skip`` rows. documents: its rows are documents."""
        ...


# -- what callers ask -------------------------------------------------------------------------------------------------


def begin(service: Service, index: engine.Index, uri: str, *, abort: bool, integration: str | None) -> str:
    """Notes a new import and gives its id. abort: end at the first record that cannot be written; else leave it out.

    Raises InvalidRequestError when nothing may be read from there.
    """
    imports = service.imports
    if imports is None:
        raise InvalidRequestError("This server was started without bulk imports.")
    imports.importer.check(uri)
    entry: dict[str, Any] = {
        "id": uuid4().hex,
        "index": index.name,
        "index_uuid": service.database.entry(index.name).uuid,
        "uri": uri,
        "integration": integration,
        "abort": abort,
        "status": PENDING,
        "created_at": _stamp(),
        "finished_at": None,
        "percent": 0.0,
        "records": 0,
        "skipped": 0,
        "problem": None,
        "file": "",
        "rows": 0,
    }
    service.database.registry.put(KIND, entry["id"], entry)
    imports.wake()
    return str(entry["id"])


def describe(service: Service, index: engine.Index, id: str) -> dict[str, Any]:
    """The entry of an import of this index. Raises NotFoundError."""
    uuid = service.database.entry(index.name).uuid
    entry = service.database.registry.get(KIND, id) if id else None
    if entry is None or entry["index_uuid"] != uuid:
        raise NotFoundError(f"Import {id[:120]!r} not found in index {index.name!r}. GET /bulk/imports lists them.")
    return entry


def newest_first(service: Service, index: engine.Index) -> list[dict[str, Any]]:
    """The entries of an index."""
    uuid = service.database.entry(index.name).uuid
    found = [entry for entry in service.database.registry.list(KIND) if entry["index_uuid"] == uuid]
    return sorted(found, key=lambda entry: (entry["created_at"], entry["id"]), reverse=True)


def cancel(service: Service, index: engine.Index, id: str) -> None:
    """Ends an import that has not ended; what it wrote stays. Raises NotFoundError."""
    describe(service, index, id)
    with service.database.registry.edit(KIND, id) as slot:
        if slot.value is not None and slot.value["status"] in _OPEN:
            slot.value |= {"status": CANCELLED, "finished_at": _stamp()}


# -- the work ---------------------------------------------------------------------------------------------------------


class _Ended(Exception):
    """The import was cancelled, or this process stops."""


class Imports:
    """The imports of one process, one after another, in a thread of their own; making it gives it to the service.

    Several processes may share a data directory: each import runs under a lease, so that only one of them does it.
    poll: seconds between looks for what other processes left, or were asked for.
    """

    def __init__(self, service: Service, importer: Importer, *, poll: float = 15.0) -> None:
        self.importer = importer
        self._service = service
        self._poll = poll
        self._thread = Background("pinyon-imports", self._turn)
        service.imports = self

    def start(self) -> None:
        """Begins; what an earlier process left undone comes first."""
        if not self._service.database.read_only:
            self._thread.start()

    def stop(self, wait: float = 30.0) -> bool:
        """Ends after the batch in hand, False when that takes longer. The next start goes on from there."""
        return self._thread.stop(wait)

    def wake(self) -> None:
        """There is something new to do."""
        self._thread.wake()

    def run_waiting(self) -> None:
        """Does every import that waits, the oldest first."""
        registry = self._service.database.registry
        waiting = [entry for entry in registry.list(KIND) if entry["status"] in _OPEN]
        for entry in sorted(waiting, key=lambda entry: str(entry["created_at"])):
            if self._thread.stopping.is_set():
                return
            with self._service.database.lease(f"import-{entry['id']}") as mine:
                current = registry.get(KIND, entry["id"])
                if mine and current is not None and current["status"] in _OPEN:
                    _Run(self._service, self.importer, current, self._thread.stopping).run()

    def _turn(self) -> float:
        contained(log, "bulk imports", self.run_waiting)
        return self._poll


class _Run:
    """One import, from where its entry says it is."""

    def __init__(self, service: Service, importer: Importer, entry: dict[str, Any], stopping: threading.Event) -> None:
        self._service = service
        self._importer = importer
        self._entry = entry
        self._stopping = stopping
        self._noted = 0.0

    def run(self) -> None:
        entry = self._entry
        try:
            self._note({"status": RUNNING})
            index = self._service.database.index(entry["index"])
            if self._service.database.entry(entry["index"]).uuid != entry["index_uuid"]:
                raise NotFoundError(f"Index {entry['index']!r} is another one by now.")
            self._read(index)
        except _Ended:
            return
        except (PinyonError, OSError) as error:
            self._end(FAILED, {"error": str(error)[:_SHOWN]})
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            log.exception("import %s failed", entry["id"])
            self._end(FAILED, {"error": f"The import failed; the server's log says how, under {entry['id']}."})
        else:
            self._end(COMPLETED, {"percent": 100.0})

    def _read(self, index: engine.Index) -> None:
        entry = self._entry
        files = self._importer.files(entry["uri"])
        if not files:
            raise InvalidRequestError(
                f"No Parquet or JSONL file is in {entry['uri']!r}: the layout is <directory>/<namespace>/*.parquet."
            )
        total = sum(file.size for file in files) or 1
        done = 0
        for file in files:
            if file.location >= entry["file"]:
                skip = entry["rows"] if file.location == entry["file"] else 0
                entry |= {"file": file.location, "rows": skip}
                for batch in self._importer.batches(file, skip=skip, documents=index.spec.schema is not None):
                    self._write(index, file.namespace, batch)
                    entry["rows"] = batch.rows
                    entry["percent"] = min(99.9, 100.0 * (done + batch.share * file.size) / total)
                    self._check_time()
            done += file.size

    def _write(self, index: engine.Index, namespace: str, batch: ImportBatch) -> None:
        """One transaction; where it is refused and the caller said ``continue``, record by record."""
        self._skip(batch.problems)
        if not batch.places:
            return
        try:
            self._upsert(index, namespace, batch)
        except InvalidRequestError as error:
            places = batch.places
            if self._entry["abort"]:
                place = places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"
                raise InvalidRequestError(f"{error.message} ({place})") from None
            for at, place in enumerate(places):
                try:
                    self._upsert(index, namespace, batch.one(at))
                except InvalidRequestError as one:
                    self._skip((f"{one.message} ({place})",))

    def _upsert(self, index: engine.Index, namespace: str, batch: ImportBatch) -> None:
        if batch.documents:
            Documents(index, self._service.models).upsert(namespace, batch.documents)
        else:
            index.upsert(namespace, batch.ids, batch.vectors, sparse=batch.sparse, metadata=batch.metadata)
        self._entry["records"] += len(batch.places)

    def _skip(self, problems: Sequence[str]) -> None:
        """Raises InvalidRequestError when the import ends at the first problem."""
        if problems and self._entry["abort"]:
            raise InvalidRequestError(problems[0])
        for problem in problems:
            self._entry["skipped"] += 1
            self._entry["problem"] = self._entry["problem"] or problem[:_SHOWN]

    # -- progress -----------------------------------------------------------------------------------------------------

    def _check_time(self) -> None:
        """Writes progress down now and then. Raises _Ended."""
        if time.monotonic() - self._noted >= _NOTE_SECONDS or self._stopping.is_set():
            self._note({})
        else:
            current = self._service.database.registry.get(KIND, self._entry["id"])
            if current is None or current["status"] not in _OPEN:
                self._note({})
        if self._stopping.is_set():
            raise _Ended

    def _note(self, change: Mapping[str, Any]) -> None:
        """Raises _Ended when the import is over by now; what it has written counts all the same."""
        self._entry |= change
        self._noted = time.monotonic()
        with self._service.database.registry.edit(KIND, self._entry["id"]) as slot:
            if slot.value is None:
                raise _Ended
            over = slot.value["status"] not in _OPEN
            kept = {"status", "finished_at"} if over else set()
            slot.value |= {key: value for key, value in self._entry.items() if key not in kept}
        if over:
            raise _Ended

    def _end(self, status: str, change: Mapping[str, Any]) -> None:
        entry = self._entry
        if status == FAILED:
            log.error("import %s into index %r failed: %s", entry["id"], entry["index"], change["error"])
        elif entry["skipped"]:
            said = f"{entry['skipped']} records were left out; the first: {entry['problem']}"
            log.warning("import %s into index %r: %s", entry["id"], entry["index"], said)
            change = {**change, "error": said}
        try:
            self._note({**change, "status": status, "finished_at": _stamp()})
        except _Ended:
            return
        ended = [other for other in _of_index(self._service, entry["index_uuid"]) if other["status"] not in _OPEN]
        for other in sorted(ended, key=lambda other: str(other["created_at"]))[: max(0, len(ended) - _KEPT)]:
            self._service.database.registry.remove(KIND, other["id"])


def _of_index(service: Service, uuid: str) -> list[dict[str, Any]]:
    return [entry for entry in service.database.registry.list(KIND) if entry["index_uuid"] == uuid]


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
