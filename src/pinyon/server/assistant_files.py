"""The files of assistants: kept before they are acknowledged, read in the background, gone when they are deleted.

A file is an entry of the catalog (by id, in a kind of its assistant's) and its bytes, which are on disk before the
entry names them. Each change of it is an operation, and leaves a note of work; ``settle`` does that work, and may be
repeated: it makes the index agree with what the catalog says of the file, whatever a killed process has left.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from pinyon.engine.blobs import Blob
from pinyon.errors import (
    CorruptionError,
    FailedPreconditionError,
    ForbiddenError,
    NotFoundError,
    PinyonError,
    StorageError,
)
from pinyon.server.answering import Upload
from pinyon.server.assistants import (
    KIND,
    READY,
    WORK,
    Entry,
    answerer_of,
    depart,
    departed,
    departed_id,
    files_of,
    index_of,
    operations_of,
    stamp,
    work_id,
)
from pinyon.server.service import Service
from pinyon.types import Metadata
from pinyon.wire.assistants import OperationType

log = logging.getLogger("pinyon.assistants")

_KEPT: Final = timedelta(days=30)
"""How long an operation is remembered once it has ended."""
_MOST_KEPT: Final = 10_000
_ATTEMPTS: Final = 3
"""So often a server may end while it parses a file."""
_PATIENCE: Final = 5.0
"""Seconds that a deletion waits for whoever is reading the file, and notices."""
_SHOWN: Final = 1_000


class TooManyFilesError(ForbiddenError):
    code = "QUOTA_EXCEEDED"


@dataclass(frozen=True, slots=True)
class NewFile:
    """parts: its bytes."""

    name: str
    parts: Iterable[bytes | memoryview]
    metadata: Metadata | None


# -- what callers ask -------------------------------------------------------------------------------------------------


def upload(service: Service, assistant: Mapping[str, Any], new: NewFile, *, id: str | None = None) -> Entry:
    """Keeps a file and gives the operation that reads it. id: of the file that it replaces, or makes; None makes one.

    When this returns the file is there to stay. Raises TooManyFilesError, StorageError, NotFoundError when the
    assistant is gone.
    """
    file_id = str(uuid4()) if id is None else id
    _check_count(service, assistant, file_id)
    blobs, uuid = service.database.blobs, assistant["uuid"]
    blob = blobs.put(uuid, new.parts)
    operation = _operation("upload_file" if id is None else "upsert_file", file_id)
    replaced = ""
    try:
        with service.database.registry.edit(files_of(uuid), file_id) as slot:
            _check_there(service, assistant)
            now = stamp()
            if slot.value is not None:
                replaced = slot.value["blob"]
                _supersede(service, uuid, slot.value["operation"], operation["id"])
            slot.value = _file_entry(file_id, new, blob, operation["id"], now) | {
                "created_at": now if slot.value is None else slot.value["created_at"]
            }
            _note(service, uuid, operation)
    except PinyonError:
        blobs.remove(uuid, blob.id)
        raise
    if replaced:
        blobs.remove(uuid, replaced)
    return operation


def describe(service: Service, assistant: Mapping[str, Any], file_id: str, *, going: bool = False) -> Entry:
    """The entry of a file. going: also of one that was deleted a moment ago. Raises NotFoundError."""
    entry = service.database.registry.get(files_of(assistant["uuid"]), file_id) if file_id else None
    if entry is None and going and file_id:
        entry = departed(service, departed_id(assistant["uuid"], file_id))
    if entry is None:
        raise _unknown(file_id)
    return entry


def bytes_of(service: Service, assistant: Mapping[str, Any], entry: Mapping[str, Any]) -> bytes:
    """The bytes of a file. Raises CorruptionError when they are not what was uploaded, NotFoundError."""
    path = service.database.blobs.path(assistant["uuid"], entry["blob"])
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _unknown(entry["id"]) from None  # deleted or replaced at this moment
    if hashlib.blake2b(data, digest_size=16).hexdigest() != entry["digest"]:
        raise CorruptionError(f"The bytes of file {entry['id']} are not those that were uploaded. Upload it again.")
    return data


def delete(service: Service, assistant: Mapping[str, Any], file_id: str) -> Entry | None:
    """Deletes a file with its chunks; gives the operation, or None where a file went that was never read.

    The work is done when this returns, unless another process is in the middle of reading that file. Raises
    NotFoundError.
    """
    uuid = assistant["uuid"]
    operation = _operation("delete_file", file_id)
    with service.database.registry.edit(files_of(uuid), file_id) as slot:
        if slot.value is None:
            raise _unknown(file_id)
        if slot.value["status"] == "Deleting":
            return describe_operation(service, assistant, slot.value["operation"])
        failed = slot.value["status"] == "ProcessingFailed"
        _supersede(service, uuid, slot.value["operation"], operation["id"])
        slot.value |= {"status": "Deleting", "updated_at": stamp(), "operation": operation["id"]}
        _note(service, uuid, operation)
    until = time.monotonic() + _PATIENCE
    while not settle(service, uuid, file_id) and time.monotonic() < until:
        time.sleep(0.05)
    return None if failed else describe_operation(service, assistant, operation["id"])


def describe_operation(service: Service, assistant: Mapping[str, Any], id: str) -> Entry:
    """Raises NotFoundError."""
    entry = service.database.registry.get(operations_of(assistant["uuid"]), id) if id else None
    if entry is None:
        raise NotFoundError(f"Operation {id[:140]} not found.")
    return entry


def prune(service: Service, uuid: str) -> None:
    """Forgets the operations that ended long ago."""
    registry, kind = service.database.registry, operations_of(uuid)
    ended = [one for one in registry.list(kind) if one["completed_at"] is not None]
    oldest = (datetime.now(UTC) - _KEPT).isoformat()
    recent = sorted(ended, key=lambda one: str(one["completed_at"]), reverse=True)
    for at, one in enumerate(recent):
        if at >= _MOST_KEPT or str(one["completed_at"]) < oldest:
            registry.remove(kind, one["id"])


def _unknown(file_id: str) -> NotFoundError:
    return NotFoundError(f"File with id {file_id[:140]} not found in provided assistant")


def operations(service: Service, assistant: Mapping[str, Any]) -> list[Entry]:
    """Newest first."""
    found = service.database.registry.list(operations_of(assistant["uuid"]))
    return sorted(found, key=age, reverse=True)


def age(operation: Mapping[str, Any]) -> str:
    """What operations are sorted by."""
    return f"{operation['created_at']} {operation['id']}"


# -- entries ----------------------------------------------------------------------------------------------------------


def _check_count(service: Service, assistant: Mapping[str, Any], file_id: str) -> None:
    limit, kind, registry = service.settings.requests.files, files_of(assistant["uuid"]), service.database.registry
    count = registry.count(kind)
    if count >= limit and registry.get(kind, file_id) is None:
        raise TooManyFilesError(
            f"Assistant {assistant['name']!r} has {count:,} files, and at most {limit:,} are allowed. Delete some, "
            "or use another assistant."
        )


def _check_there(service: Service, assistant: Mapping[str, Any]) -> None:
    """Inside the transaction that adds to an assistant: that it is still the same one."""
    now = service.database.registry.get(KIND, assistant["name"])
    if now is None or now["uuid"] != assistant["uuid"]:
        raise NotFoundError(f'Assistant "{assistant["name"]}" not found.')
    if now["status"] != READY:
        raise FailedPreconditionError(f'Assistant "{assistant["name"]}" is {now["status"]}.')


def _file_entry(id: str, new: NewFile, blob: Blob, operation: str, now: str) -> Entry:
    return {
        "id": id,
        "name": new.name,
        "status": "Processing",
        "size": blob.size,
        "metadata": new.metadata,
        "updated_at": now,
        "percent": 0.0,
        "error": None,
        "blob": blob.id,
        "digest": blob.digest,
        "operation": operation,
    }


def _operation(type: OperationType, file_id: str) -> Entry:
    return {
        "id": uuid4().hex,
        "type": type,
        "file_id": file_id,
        "status": "Processing",
        "created_at": stamp(),
        "completed_at": None,
        "percent": 0.0,
        "error": None,
    }


def _note(service: Service, uuid: str, operation: Mapping[str, Any]) -> None:
    """Inside a transaction: the operation, and the work that it asks for."""
    registry, file_id = service.database.registry, operation["file_id"]
    registry.put(operations_of(uuid), operation["id"], operation)
    registry.put(
        WORK, work_id(uuid, file_id), {"uuid": uuid, "file_id": file_id, "created_at": operation["created_at"]}
    )


def _supersede(service: Service, uuid: str, id: str, by: str) -> None:
    """Inside a transaction: an operation that has not ended will not be done any more."""
    found = service.database.registry.get(operations_of(uuid), id)
    if found is not None and found["status"] == "Processing":
        found |= {"status": "Failed", "completed_at": stamp(), "error": f"Operation {by} took the place of this one."}
        service.database.registry.put(operations_of(uuid), id, found)


# -- the work ---------------------------------------------------------------------------------------------------------


def settle(service: Service, uuid: str, file_id: str, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Makes an assistant's index agree with what the catalog says of a file; True when it does.

    False when another process is at it, when ``stopping`` says so, or when the file was changed again meanwhile.
    """
    name = hashlib.blake2b(work_id(uuid, file_id).encode(), digest_size=16).hexdigest()
    with service.database.lease(f"assistant-file-{name}") as mine:
        return mine and _Settling(service, uuid, file_id, stopping).run()


class _Settling:
    """The work on one file, by whoever holds its lease."""

    def __init__(self, service: Service, uuid: str, file_id: str, stopping: Callable[[], bool]) -> None:
        self._service = service
        self._uuid = uuid
        self._file_id = file_id
        self._stopping = stopping
        self._registry = service.database.registry
        self._operation = ""
        self._percent = 0
        self._counted = False

    def run(self) -> bool:
        entry = self._registry.get(files_of(self._uuid), self._file_id)
        if entry is None or entry["status"] == "Deleting":
            return self._remove(entry)
        self._operation = entry["operation"]
        if entry["status"] != "Processing":  # a killed process had all but the note of its work done
            return self._end(entry["operation"], entry["status"], entry["error"])
        self._counted = True
        if not self._attempt():
            return self._fail(f"The server ended {_ATTEMPTS} times while it parsed this file.")
        try:
            done = self._read(entry)
            self._survived()
        except CorruptionError as error:
            return self._fail(error.message)
        except StorageError:
            self._survived()
            raise  # a disk that says no is no property of the file: its work stays to be done
        except PinyonError as error:
            return self._fail(error.message)
        except Exception:  # the last line: a bug that a document found fails that document, and the thread lives on
            log.exception("file %s of assistant %s cannot be processed", self._file_id, self._uuid)
            return self._fail("The file cannot be processed; the server's log says how, under its id.")
        return done and self._end(entry["operation"], "Available", None)

    def _attempt(self, more: int = 1) -> bool:
        """Counts the attempts that no outcome was noted of, so that a file that kills the server does so a few times
        only. False when this one would be too many."""
        with self._registry.edit(WORK, work_id(self._uuid, self._file_id)) as slot:
            if slot.value is None:
                return True
            slot.value["attempts"] = max(0, slot.value.get("attempts", 0) + more)
            return bool(slot.value["attempts"] <= _ATTEMPTS)

    def _survived(self) -> None:
        """The file has been parsed, or another reason was found why it was not: the attempt does not count."""
        if self._counted:
            self._counted = False
            self._attempt(-1)

    def _read(self, entry: Mapping[str, Any]) -> bool:
        path = self._service.database.blobs.path(self._uuid, entry["blob"])
        upload = Upload(entry["id"], entry["name"], path, entry["digest"])
        index = index_of(self._service, {"uuid": self._uuid})
        return answerer_of(self._service).ingest(index, upload, stop=self._is_over, progress=self._tell)

    def _fail(self, reason: str) -> bool:
        """What an earlier version of the file left is removed: it would be cited under this one's name."""
        log.warning("file %s of assistant %s: %s", self._file_id, self._uuid, reason)
        self._clear()
        return self._end(self._operation, "ProcessingFailed", reason[:_SHOWN])

    def _remove(self, entry: Mapping[str, Any] | None) -> bool:
        """Chunks, entry, bytes, in this order: what is left after a kill is removed by the same steps."""
        self._clear()
        with self._registry.edit(files_of(self._uuid), self._file_id) as slot:
            if slot.value is not None and (entry is None or slot.value["operation"] != entry["operation"]):
                return False  # it was uploaded anew
            if slot.value is not None:
                depart(self._service, departed_id(self._uuid, self._file_id), slot.value)
            slot.value = None
            self._close(None if entry is None else entry["operation"], "Completed", None)
        if entry is not None:
            self._service.database.blobs.remove(self._uuid, entry["blob"])
        return True

    def _clear(self) -> None:
        with suppress(NotFoundError):  # the assistant is gone, and all chunks with it
            answerer_of(self._service).remove(index_of(self._service, {"uuid": self._uuid}), self._file_id)

    def _end(self, operation: str, status: str, error: str | None) -> bool:
        """Notes the outcome, unless the file was changed or deleted meanwhile: then there is more work."""
        with self._registry.edit(files_of(self._uuid), self._file_id) as slot:
            if slot.value is None or slot.value["operation"] != operation:
                return False
            slot.value |= {"status": status, "error": error, "percent": 100.0 if error is None else self._percent}
            self._close(operation, "Failed" if error else "Completed", error)
        return True

    def _close(self, id: str | None, status: str, error: str | None) -> None:
        """Inside a transaction: the operation has ended, and its work is done."""
        kind = operations_of(self._uuid)
        self._registry.remove(WORK, work_id(self._uuid, self._file_id))
        found = None if id is None else self._registry.get(kind, id)
        if id is not None and found is not None and found["status"] == "Processing":
            percent = self._percent if error else 100.0
            found |= {"status": status, "completed_at": stamp(), "error": error, "percent": percent}
            self._registry.put(kind, id, found)

    # -- while it is read ---------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        """Whether there is no use in going on: the server stops, or the file is another one by now."""
        if self._stopping():
            return True
        entry = self._registry.get(files_of(self._uuid), self._file_id)
        return entry is None or entry["operation"] != self._operation

    def _tell(self, share: float) -> None:
        """Notes progress, a hundredth at a time; the first that is told says that the file was parsed."""
        self._survived()
        percent = min(99, int(100.0 * share))
        if percent <= self._percent:
            return
        self._percent = percent
        with self._registry.edit(files_of(self._uuid), self._file_id) as slot:
            if slot.value is not None and slot.value["operation"] == self._operation:
                slot.value["percent"] = float(percent)
            with self._registry.edit(operations_of(self._uuid), self._operation) as operation:
                if operation.value is not None and operation.value["status"] == "Processing":
                    operation.value["percent"] = float(percent)
