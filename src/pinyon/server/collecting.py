"""Collections: static copies of pod indexes. Each is a backup that no list of backups shows, and an entry (kind
``collection``, by name) that says what it is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import uuid4

from pinyon.errors import AlreadyExistsError, FailedPreconditionError, InvalidRequestError, NotFoundError, PinyonError
from pinyon.server import restoring
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.types import IndexSpec
from pinyon.wire.deployments import kind_of, said_of

log = logging.getLogger("pinyon.jobs")

KIND: Final = "collection"
COPYING, READY = "Initializing", "Ready"


def begin(service: Service, name: str, source: str) -> dict[str, Any]:
    """Notes a new collection and leaves the copying to ``Jobs``. Gives the entry.

    Raises InvalidRequestError for an index that is not of pods or not ready, NotFoundError, AlreadyExistsError.
    """
    if restoring.pending(service, source) is not None and not service.database.has_index(source):
        raise InvalidRequestError(f"Source index is not ready: {source!r} is being made. Wait until it is Ready.")
    try:
        found = service.database.entry(source)
    except NotFoundError:
        raise NotFoundError(f"Resource {source} not found. Name an existing pod index.") from None
    if kind_of(found.spec.deployment) != "pod":
        raise InvalidRequestError(
            f"Cannot create collections from serverless indexes such as {source!r}. Create a backup instead."
        )
    entry: dict[str, Any] = {
        "name": name,
        "uuid": uuid4().hex,
        "status": COPYING,
        "environment": said_of(found.spec.deployment).get("environment", ""),
        "dimension": found.spec.dimension,
        "source": source,
        "source_uuid": found.uuid,
        "backup_id": uuid4().hex,
        "size": None,
        "vector_count": None,
        "created_at": restoring.stamp(),
        "spec": asdict(found.spec),
    }
    with service.database.registry.edit(KIND, name) as slot:
        if slot.value is not None:
            raise AlreadyExistsError(f"Collection {name!r} already exists. Choose another name, or delete it first.")
        slot.value = entry
    if service.jobs is not None:
        service.jobs.wake()
    return entry


def hidden(service: Service) -> set[str]:
    """Ids of the backups that are collections."""
    return {entry["backup_id"] for entry in service.database.registry.list(KIND)}


def collection(service: Service, name: str) -> dict[str, Any]:
    """Raises NotFoundError."""
    entry = restoring.stored(service, KIND, name)
    if entry is None:
        raise NotFoundError(f"Resource {name} not found. GET /collections lists the collections.")
    return entry


def source_of(service: Service, name: str, new: IndexSpec, principal: Principal) -> dict[str, Any]:
    """The collection that a new index is to be made from.

    Raises InvalidRequestError when there is none that ``principal`` owns, when it is not ready, or does not fit: it is
    the request's body that names it, so this is no NotFoundError.
    """
    entry = restoring.stored(service, KIND, name)
    if entry is None or not principal.owns(restoring.definition(entry)):
        raise InvalidRequestError(f"Resource {name} not found. GET /collections lists the collections.")
    if entry["status"] != READY:
        raise InvalidRequestError(f"Source collection is not ready: {name!r} is {entry['status']}. Wait until it is.")
    environment = said_of(new.deployment).get("environment")
    if kind_of(new.deployment) == "pod" and environment != entry["environment"]:
        raise InvalidRequestError(
            "Source collection must be in the same environment as the index: "
            f"{name!r} is in {entry['environment']!r}, not {environment!r}."
        )
    copied = restoring.definition(entry)
    if (new.dimension, new.vector_type) != (copied.dimension, copied.vector_type):
        raise InvalidRequestError(
            f"Index and collection must have the same dimension: collection {name!r} has {copied.dimension}, "
            f"and the index is to have {new.dimension}."
        )
    return entry


def delete(service: Service, name: str) -> None:
    """Raises NotFoundError, FailedPreconditionError while an index is made from it."""
    entry = collection(service, name)
    if restoring.in_use(service, entry["backup_id"]):
        raise FailedPreconditionError(f"An index is being made from collection {name!r}. Wait until it is Ready.")
    if _forget(service, entry):
        _drop_backup(service, entry["backup_id"])


def work(service: Service, entry: Mapping[str, Any]) -> None:
    """Copies the index of a new collection, unless that is done or another process is at it."""
    with service.database.lease(f"collection-{entry['uuid']}") as mine:
        current = service.database.registry.get(KIND, entry["name"])
        if mine and current is not None and current["uuid"] == entry["uuid"] and current["status"] == COPYING:
            _copy(service, current)


def _copy(service: Service, entry: Mapping[str, Any]) -> None:
    database = service.database
    _drop_backup(service, entry["backup_id"])  # of an attempt that was killed
    backup_id = uuid4().hex
    if not _change(service, entry, {"backup_id": backup_id}):
        return
    try:
        if database.entry(entry["source"]).uuid != entry["source_uuid"]:
            raise NotFoundError(f"Index {entry['source']!r} is another one by now.")
        about = f"Collection {entry['name']}"
        info = database.create_backup(entry["source"], name=entry["name"], description=about, backup_id=backup_id)
    except PinyonError as error:
        log.error("collection %r of index %r failed: %s", entry["name"], entry["source"], error)
        _forget(service, entry)
        return
    done = {"status": READY, "size": info.size, "vector_count": info.record_count, "spec": asdict(info.spec)}
    if not _change(service, entry, done):  # it was deleted meanwhile
        _drop_backup(service, backup_id)


def _change(service: Service, entry: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    """False when the collection is gone."""
    with service.database.registry.edit(KIND, entry["name"]) as slot:
        if slot.value is None or slot.value["uuid"] != entry["uuid"]:
            return False
        slot.value |= change
    return True


def _forget(service: Service, entry: Mapping[str, Any]) -> bool:
    with service.database.registry.edit(KIND, entry["name"]) as slot:
        if slot.value is None or slot.value["uuid"] != entry["uuid"]:
            return False
        slot.value = None
    return True


def _drop_backup(service: Service, backup_id: str) -> None:
    try:
        service.database.delete_backup(backup_id)
    except NotFoundError:
        return
