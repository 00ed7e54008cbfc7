"""Indexes that are being made from a backup or a collection.

Until its records are there, such an index is an entry of the registry (kind ``pending_index``, by name) and not yet in
the catalog. The entry holds the name, tells what describe_index answers meanwhile, and survives a kill: the work is
found and done at the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from pinyon.engine.checks import check_spec
from pinyon.errors import AlreadyExistsError, NotFoundError, PinyonError
from pinyon.server.service import Service
from pinyon.types import EmbedSpec, IndexSpec
from pinyon.wire.index_models import FAILED, INITIALIZING

log = logging.getLogger("pinyon.jobs")

PENDING: Final = "pending_index"
JOBS: Final = "restore_job"
_JOBS_KEPT: Final = 1_000


def now() -> datetime:
    return datetime.now(UTC)


def stamp(when: datetime | None = None) -> str:
    """RFC 3339 in UTC, of a width that sorts: now, or the moment given."""
    return (when or now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stored(service: Service, kind: str, id: str) -> dict[str, Any] | None:
    """An entry by an id that came from outside, which may be one that no entry can have."""
    return service.database.registry.get(kind, id) if id and "\0" not in id else None


def begin(
    service: Service, spec: IndexSpec, backup_id: str, *, notes: Mapping[str, Any], as_job: bool
) -> dict[str, Any]:
    """Takes the name of a new index and leaves the work to ``Jobs``. Gives the pending entry.

    spec: what the index will be. notes: those that differ from the backup's, None for one that goes.
    as_job: whether the restore is listed as a restore job. Raises InvalidRequestError, AlreadyExistsError.
    """
    spec = check_spec(spec, service.database.limits)
    entry: dict[str, Any] = {
        "name": spec.name,
        "uuid": uuid4().hex,
        "state": INITIALIZING,
        "backup_id": backup_id,
        "restore_job_id": uuid4().hex if as_job else None,
        "created_at": stamp(),
        "spec": asdict(spec),
        "notes": dict(notes),
    }
    with service.database.registry.edit(PENDING, spec.name) as slot:
        if slot.value is not None or service.database.has_index(spec.name):
            raise AlreadyExistsError(
                f"Index {spec.name!r} already exists. Choose another name, or delete that index first."
            )
        slot.value = entry
        if as_job:
            service.database.registry.put(JOBS, entry["restore_job_id"], _new_job(entry))
    if service.jobs is not None:
        service.jobs.wake()
    return entry


def _new_job(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "restore_job_id": entry["restore_job_id"],
        "backup_id": entry["backup_id"],
        "target_index_name": entry["name"],
        "target_index_id": entry["uuid"],
        "status": "Pending",
        "created_at": entry["created_at"],
        "completed_at": None,
        "percent_complete": 0.0,
        "spec": entry["spec"],
    }


def definition(entry: Mapping[str, Any]) -> IndexSpec:
    """The definition in an entry."""
    fields = dict(entry["spec"])
    embed = fields.pop("embed")
    return IndexSpec(**fields, embed=None if embed is None else EmbedSpec(**embed))


def pending(service: Service, name: str) -> dict[str, Any] | None:
    """The entry of an index that is not there yet; None when nothing of that name is on its way."""
    return stored(service, PENDING, name)


def in_use(service: Service, backup_id: str) -> bool:
    """Whether an index is being made from this backup."""
    entries = service.database.registry.list(PENDING)
    return any(entry["backup_id"] == backup_id and entry["state"] == INITIALIZING for entry in entries)


def cancel(service: Service, name: str) -> bool:
    """Forgets an index that is not there yet; whether there was one. Work on it that goes on is thrown away."""
    with service.database.registry.edit(PENDING, name) as slot:
        entry, slot.value = slot.value, None
    if entry is None:
        return False
    if entry["state"] == INITIALIZING:
        _end_job(service, entry, "Failed")
    return True


def work(service: Service, entry: Mapping[str, Any]) -> None:
    """Makes the index of an entry, unless it is done, gone, or another process is at it."""
    with service.database.lease(f"restore-{entry['uuid']}") as mine:
        current = service.database.registry.get(PENDING, entry["name"])
        if mine and current is not None and current["uuid"] == entry["uuid"] and current["state"] == INITIALIZING:
            _restore(service, current)


def _restore(service: Service, entry: Mapping[str, Any]) -> None:
    _set_job(service, entry, {"status": "InProgress"})
    spec = definition(entry)
    try:
        service.database.restore_backup(
            entry["backup_id"],
            spec.name,
            tags=spec.tags,
            deletion_protection=spec.deletion_protection,
            metric=spec.metric,
            deployment=spec.deployment,
            notes=entry["notes"],
            uuid=entry["uuid"],
        )
    except AlreadyExistsError as error:
        _lost_its_name(service, entry, error)
    except PinyonError as error:
        _failed(service, entry, error)
    else:
        _finish(service, entry)


def _lost_its_name(service: Service, entry: Mapping[str, Any], error: AlreadyExistsError) -> None:
    """An index of that name is there: ours, when a kill came right after it was made, or somebody else's."""
    try:
        found = service.database.entry(entry["name"]).uuid
    except NotFoundError:
        found = ""
    if found == entry["uuid"]:
        _finish(service, entry)
        return
    log.error("restore of index %r failed: %s", entry["name"], error)
    _forget(service, entry)
    _end_job(service, entry, "Failed")


def _finish(service: Service, entry: Mapping[str, Any]) -> None:
    if _forget(service, entry):
        _end_job(service, entry, "Completed")
        return
    database, name = service.database, entry["name"]  # it was deleted while it was being made
    try:
        if database.entry(name).uuid == entry["uuid"]:
            database.configure_index(name, deletion_protection=False)
            database.delete_index(name)
    except NotFoundError:
        return


def _failed(service: Service, entry: Mapping[str, Any], error: PinyonError) -> None:
    log.error("restore of index %r failed: %s", entry["name"], error)
    with service.database.registry.edit(PENDING, entry["name"]) as slot:
        if slot.value is not None and slot.value["uuid"] == entry["uuid"]:
            slot.value |= {"state": FAILED, "error": str(error)}
    _end_job(service, entry, "Failed")


def _forget(service: Service, entry: Mapping[str, Any]) -> bool:
    """Removes the entry; False when it was gone already."""
    with service.database.registry.edit(PENDING, entry["name"]) as slot:
        if slot.value is None or slot.value["uuid"] != entry["uuid"]:
            return False
        slot.value = None
    return True


def _end_job(service: Service, entry: Mapping[str, Any], status: str) -> None:
    done = {"percent_complete": 100.0} if status == "Completed" else {}
    _set_job(service, entry, {"status": status, "completed_at": stamp(), **done})
    registry = service.database.registry
    jobs = sorted(registry.list(JOBS), key=lambda job: str(job["created_at"]))
    for job in jobs[: max(0, len(jobs) - _JOBS_KEPT)]:
        if job["completed_at"] is not None:
            registry.remove(JOBS, job["restore_job_id"])


def _set_job(service: Service, entry: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    if entry["restore_job_id"] is None:
        return
    with service.database.registry.edit(JOBS, entry["restore_job_id"]) as slot:
        if slot.value is not None and slot.value["completed_at"] is None:
            slot.value |= change
