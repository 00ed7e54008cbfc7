"""Assistants: what they are called, what they were told, and which index holds the chunks of their files.

An assistant is an entry of the catalog (kind ``assistant``, by name). Its index is an internal one: no list shows it,
because what it holds is kept in step with the files by this server alone. Making and deleting an assistant are several
steps; the entry says which ones are due, so that whoever comes next finishes what a killed process began.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from pinyon import engine
from pinyon.errors import AlreadyExistsError, FailedPreconditionError, ForbiddenError, NotFoundError, PinyonError
from pinyon.server.answering import Answerer, Chat, Library, Reply, Snippets, StoredFile
from pinyon.server.heads import NotSupportedError
from pinyon.server.roles import MAIN_PROJECT, Principal
from pinyon.server.service import Service
from pinyon.types import ASSISTANT_NOTE
from pinyon.wire.assistants import AssistantChange, NewAssistant, matching

KIND: Final = "assistant"
WORK: Final = "assistant-work"
"""Files whose chunks are not yet what they should be, by uuid of the assistant and id of the file."""
DEPARTED: Final = "assistant-departed"
"""What was deleted a moment ago: clients of older versions describe it once more, and expect to see it go."""
_FAREWELL: Final = 4.0
"""Seconds for which it is shown to them. They look again after 5."""
INITIALIZING, READY, TERMINATING = "Initializing", "Ready", "Terminating"

Entry = dict[str, Any]


def files_of(uuid: str) -> str:
    """The kind of the entries of an assistant's files."""
    return f"assistant-file-{uuid}"


def operations_of(uuid: str) -> str:
    return f"assistant-operation-{uuid}"


def answerer_of(service: Service) -> Answerer:
    """Raises NotSupportedError when the server was started without."""
    if service.answerer is None:
        raise NotSupportedError("This server was started without assistants.")
    return service.answerer


def stamp() -> str:
    """Now, in UTC: "2026-10-01T12:30:00.123456Z"."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# -- what callers ask -------------------------------------------------------------------------------------------------


def create(service: Service, principal: Principal, new: NewAssistant) -> Entry:
    """An empty assistant, ready when this returns. Raises AlreadyExistsError, MissingExtraError, ForbiddenError."""
    _check_unlimited(principal)
    answerer_of(service)
    now = stamp()
    entry: Entry = {
        "name": new.name,
        "uuid": uuid4().hex,
        "project": principal.project,
        "instructions": new.instructions,
        "metadata": new.metadata,
        "region": new.region,
        "status": INITIALIZING,
        "created_at": now,
        "updated_at": now,
    }
    with service.database.registry.edit(KIND, new.name) as slot:
        if slot.value is not None:
            raise AlreadyExistsError(f'Assistant "{new.name}" already exists. Choose another name, or delete it first.')
        slot.value = entry
    try:
        return initialize(service, entry)
    except PinyonError:
        _forget(service, entry)
        raise


def describe(service: Service, principal: Principal, name: str, *, going: bool = False) -> Entry:
    """Raises NotFoundError, also for an assistant of another project; ForbiddenError for a key of one index.

    going: also one that was deleted a moment ago.
    """
    _check_unlimited(principal)
    entry = service.database.registry.get(KIND, name) if name else None
    if entry is None and going and name:
        entry = departed(service, departed_id(name))
    if entry is None or principal.project not in (MAIN_PROJECT, entry["project"]):
        raise NotFoundError(f'Assistant "{name[:120]}" not found.')
    return entry


def listed(service: Service, principal: Principal) -> list[Entry]:
    """Those that the key may use, by name."""
    if principal.is_limited:
        return []
    entries = service.database.registry.list(KIND)
    return [entry for entry in entries if principal.project in (MAIN_PROJECT, entry["project"])]


def change(service: Service, principal: Principal, name: str, change: AssistantChange) -> Entry:
    """Raises NotFoundError."""
    uuid = describe(service, principal, name)["uuid"]
    with service.database.registry.edit(KIND, name) as slot:
        if slot.value is None or slot.value["uuid"] != uuid:
            raise NotFoundError(f'Assistant "{name}" not found.')
        if change.instructions is not None:
            slot.value["instructions"] = change.instructions
        if change.metadata is not None:
            slot.value["metadata"] = change.metadata
        slot.value["updated_at"] = stamp()
        return dict(slot.value)


def delete(service: Service, principal: Principal, name: str) -> None:
    """Removes an assistant with its files. Raises NotFoundError."""
    entry = describe(service, principal, name)
    with service.database.registry.edit(KIND, name) as slot:
        if slot.value is None or slot.value["uuid"] != entry["uuid"]:
            raise NotFoundError(f'Assistant "{name}" not found.')
        slot.value["status"] = TERMINATING
    terminate(service, entry)


def ready(service: Service, principal: Principal, name: str) -> Entry:
    """An assistant whose files can be used and changed. Raises NotFoundError, FailedPreconditionError."""
    entry = describe(service, principal, name)
    if entry["status"] != READY:
        raise FailedPreconditionError(f'Assistant "{name}" is {entry["status"]}. Wait until it is Ready.')
    return entry


def reply(service: Service, principal: Principal, name: str, chat: Chat) -> Reply:
    """The answer of an assistant, as it is written.

    Raises NotFoundError, ForbiddenError, InvalidRequestError, FailedPreconditionError while no file is Available or
    without a generator, and what models raise.
    """
    return answerer_of(service).reply(_library(service, principal, name, chat), chat)


def context(service: Service, principal: Principal, name: str, chat: Chat) -> Snippets:
    """The snippets that an answer would be made from. Raises as ``reply``, but needs no generator."""
    return answerer_of(service).context(_library(service, principal, name, chat), chat)


# -- their files ------------------------------------------------------------------------------------------------------


def index_name(uuid: str) -> str:
    return f"assistant-{uuid}"


def index_of(service: Service, entry: Mapping[str, Any]) -> engine.Index:
    """Raises NotFoundError when the assistant is gone."""
    return service.database.index(index_name(entry["uuid"]))


def work_id(uuid: str, file_id: str) -> str:
    return f"{uuid}/{file_id}"


def stored_file(entry: Mapping[str, Any]) -> StoredFile:
    return StoredFile(
        entry["id"],
        entry["name"],
        entry["status"],
        entry["size"],
        entry["metadata"],
        entry["created_at"],
        entry["updated_at"],
        entry["percent"],
        entry["error"],
    )


def stored_files(service: Service, uuid: str) -> list[StoredFile]:
    """Every file of an assistant, by id."""
    return [stored_file(entry) for entry in service.database.registry.list(files_of(uuid))]


def _library(service: Service, principal: Principal, name: str, chat: Chat) -> Library:
    entry = ready(service, principal, name)
    uuid, registry = entry["uuid"], service.database.registry
    index = index_of(service, entry)
    due = [work["file_id"] for work in registry.list(WORK) if work["uuid"] == uuid]
    wanted = None
    if chat.filter is not None or due or not index.count(""):  # else every chunk is of a file that is Available
        files = [file for file in stored_files(service, uuid) if file.status == "Available"]
        if not files:
            raise FailedPreconditionError(
                f'Assistant "{name}" has no file that is Available. Upload one, and wait until it is processed.'
            )
        found = files if chat.filter is None else matching(files, chat.filter, service.database.limits)
        wanted = None if len(found) == len(files) else tuple(file.id for file in found)

    def find(id: str) -> StoredFile | None:
        found = registry.get(files_of(uuid), id)
        return None if found is None or found["status"] != "Available" else stored_file(found)

    return Library(index, find, wanted, tuple(due), entry["instructions"] or "")


# -- steps ------------------------------------------------------------------------------------------------------------


def initialize(service: Service, entry: Mapping[str, Any]) -> Entry:
    """Makes the index of an assistant, if it is not there. Raises NotFoundError when the assistant is gone."""
    name = index_name(entry["uuid"])
    project = Principal("", (), project=entry["project"])
    spec = answerer_of(service).definition(name, {ASSISTANT_NOTE: entry["uuid"], **project.notes})
    with suppress(AlreadyExistsError):
        service.database.create_index(spec)
    with service.database.registry.edit(KIND, entry["name"]) as slot:
        if slot.value is not None and slot.value["uuid"] == entry["uuid"]:
            if slot.value["status"] == INITIALIZING:
                slot.value["status"] = READY
            return dict(slot.value)
    _drop_index(service, entry["uuid"])  # deleted meanwhile, by somebody who may have found no index
    raise NotFoundError(f'Assistant "{entry["name"]}" not found.')


def terminate(service: Service, entry: Mapping[str, Any]) -> None:
    """Removes what an assistant that is to go has: its index first, and last the bytes that nothing names any more."""
    _drop_index(service, entry["uuid"])
    _forget(service, entry)
    service.database.blobs.remove_folder(entry["uuid"])


def _drop_index(service: Service, uuid: str) -> None:
    with suppress(NotFoundError):
        service.database.delete_index(index_name(uuid))


def _forget(service: Service, entry: Mapping[str, Any]) -> None:
    """Takes an assistant, its files and its operations out of the catalog, in one transaction."""
    registry, uuid = service.database.registry, entry["uuid"]
    with registry.edit(KIND, entry["name"]) as slot:
        if slot.value is None or slot.value["uuid"] != uuid:
            return
        for kind in (files_of(uuid), operations_of(uuid)):
            for one in registry.list(kind):
                registry.remove(kind, one["id"])
        for work in registry.list(WORK):
            if work["uuid"] == uuid:
                registry.remove(WORK, work_id(uuid, work["file_id"]))
        depart(service, departed_id(entry["name"]), {**entry, "status": TERMINATING})
        slot.value = None


def departed_id(name: str, file_id: str = "") -> str:
    """Of an assistant, by name, or of one of its files, by uuid and id; neither is ever taken for the other."""
    return f"file/{name}/{file_id}" if file_id else f"assistant/{name}"


def depart(service: Service, id: str, entry: Mapping[str, Any]) -> None:
    """Inside the transaction that removes something: remembers it for a moment."""
    registry, now = service.database.registry, time.time()
    for one in registry.list(DEPARTED):
        if not now - _FAREWELL <= one["at"] <= now:
            registry.remove(DEPARTED, one["id"])
    registry.put(DEPARTED, id, {"id": id, "at": now, "entry": dict(entry)})


def departed(service: Service, id: str) -> Entry | None:
    """What was removed a moment ago."""
    found = service.database.registry.get(DEPARTED, id)
    if found is None or not 0 <= time.time() - found["at"] <= _FAREWELL:
        return None
    entry: Entry = found["entry"]
    return entry


def _check_unlimited(principal: Principal) -> None:
    if principal.is_limited:
        raise ForbiddenError("This API key is limited to one index and may use no assistants. Use one without a limit.")
