"""Backups, restore jobs, and backup schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pinyon import engine
from pinyon.engine.kinds import retagged
from pinyon.errors import FailedPreconditionError, InvalidRequestError, NotFoundError
from pinyon.server import collecting, restoring, scheduling
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.roles import PROJECT_NOTE
from pinyon.server.routes.indexes import described, home_of, unknown
from pinyon.server.service import Service
from pinyon.wire.backups import (
    backup_json,
    page_json,
    read_new_backup,
    read_new_schedule,
    read_restore,
    read_schedule_change,
    restore_job_json,
    run_json,
    schedule_json,
)
from pinyon.wire.deployments import kind_of, said_of


def _page(request: Request, items: list[tuple[str, dict[str, Any]]]) -> Answer:
    """items: (key, item); the page is in descending order of the keys."""
    ordered = sorted(items, key=lambda pair: pair[0], reverse=True)
    return json_answer(page_json(ordered, request.number("limit"), request.one("paginationToken")))


# -- backups ----------------------------------------------------------------------------------------------------------


def create_backup(service: Service, request: Request) -> Answer:
    spec = described(service, request.path["name"])
    new = read_new_backup(request.json() if request.body else {}, request.version)
    info = service.database.create_backup(spec.name, name=new.name, description=new.description)
    return json_answer(backup_json(info, request.version, home_of(service)), 201)


def list_backups(service: Service, request: Request) -> Answer:
    return _page(request, _shown(service, request, service.database.list_backups()))


def list_index_backups(service: Service, request: Request) -> Answer:
    name = request.path["name"]
    infos = service.database.list_backups(name)
    if _include_deleted(request):
        seen = service.database.has_index(name) or service.database.deleted_indexes(name)
        if not seen and not infos:
            unknown(name)
        return _page(request, _shown(service, request, infos))
    described(service, name)
    uuid = service.database.entry(name).uuid
    return _page(request, _shown(service, request, [info for info in infos if info.index_uuid == uuid]))


def _include_deleted(request: Request) -> bool:
    text = request.one("include_deleted")
    if text not in (None, "true", "false"):
        raise InvalidRequestError(f"include_deleted must be true or false, got {text!r:.80}.")
    return text == "true"


def _shown(service: Service, request: Request, infos: list[engine.BackupInfo]) -> list[tuple[str, dict[str, Any]]]:
    hidden = collecting.hidden(service)
    deleted = {entry["uuid"]: entry["deleted_at"] for entry in service.database.deleted_indexes()}
    return [
        (
            f"{info.created_at} {info.id}",
            backup_json(info, request.version, home_of(service), deleted.get(info.index_uuid)),
        )
        for info in infos
        if info.id not in hidden and request.principal.sees(info.spec)
    ]


def _backup(service: Service, request: Request) -> engine.BackupInfo:
    """Raises NotFoundError."""
    backup_id = request.path["backup_id"]
    if backup_id in collecting.hidden(service):
        raise NotFoundError(f"Backup {backup_id!r} does not exist. GET /backups lists the backups.")
    try:
        return service.database.describe_backup(backup_id)
    except NotFoundError:
        raise NotFoundError(f"Backup {backup_id!r:.80} does not exist. GET /backups lists the backups.") from None


def describe_backup(service: Service, request: Request) -> Answer:
    info = _backup(service, request)
    deleted = {entry["uuid"]: entry["deleted_at"] for entry in service.database.deleted_indexes(info.index_name)}
    return json_answer(backup_json(info, request.version, home_of(service), deleted.get(info.index_uuid)))


def delete_backup(service: Service, request: Request) -> Answer:
    info = _backup(service, request)
    if restoring.in_use(service, info.id):
        raise FailedPreconditionError(f"An index is being made from backup {info.id!r}. Wait until it is Ready.")
    service.database.delete_backup(info.id)
    return Answer(status=202)


# -- restoring --------------------------------------------------------------------------------------------------------


def create_index_from_backup(service: Service, request: Request) -> Answer:
    info = _backup(service, request)
    wanted = read_restore(request.json(), request.version)
    notes: dict[str, Any] = {"source_backup_id": info.id, "source_collection": None}
    kept = {key: value for key, value in info.spec.notes.items() if key not in notes}
    spec = replace(
        info.spec if wanted.tags is None else retagged(info.spec, dict(wanted.tags), wanted.tags),
        name=wanted.name,
        deletion_protection=wanted.deletion_protection,
        deployment=_deployment(service, info, wanted.read_capacity),
        notes={**kept, "source_backup_id": info.id},
    )
    entry = restoring.begin(service, spec, info.id, notes=notes, as_job=True)
    return json_answer({"restore_job_id": entry["restore_job_id"], "index_id": entry["uuid"]}, 202)


def _deployment(service: Service, info: engine.BackupInfo, capacity: Mapping[str, Any] | None) -> dict[str, Any]:
    deployment = dict(info.spec.deployment)
    if capacity is None:
        return deployment
    kind = kind_of(deployment)
    if kind == "pod":
        raise InvalidRequestError("read_capacity is for serverless and BYOC indexes, and the backup is of a pod index.")
    said = said_of(deployment) or dict(zip(("cloud", "region"), home_of(service), strict=True))
    return {kind: {**said, "read_capacity": dict(capacity)}}


def list_restore_jobs(service: Service, request: Request) -> Answer:
    jobs = service.database.registry.list(restoring.JOBS)
    return _page(
        request,
        [
            (f"{job['created_at']} {job['restore_job_id']}", restore_job_json(job))
            for job in jobs
            if request.principal.sees(restoring.definition(job))
        ],
    )


def describe_restore_job(service: Service, request: Request) -> Answer:
    job_id = request.path["job_id"]
    job = restoring.stored(service, restoring.JOBS, job_id)
    if job is None:
        raise NotFoundError(f"Restore job {job_id!r:.80} does not exist. GET /restore-jobs lists them.")
    return json_answer(restore_job_json(job))


# -- schedules --------------------------------------------------------------------------------------------------------


def create_schedule(service: Service, request: Request) -> Answer:
    spec = described(service, request.path["name"])
    new = read_new_schedule(request.json(), request.version)
    project = str(spec.notes.get(PROJECT_NOTE) or service.settings.project)
    return json_answer(schedule_json(scheduling.create(service, spec.name, new, project, _now(service))), 201)


def list_schedules(service: Service, request: Request) -> Answer:
    described(service, request.path["name"])
    found = scheduling.of_index(service, service.database.entry(request.path["name"]).uuid)
    return _page(request, [(f"{one['created_at']} {one['schedule_id']}", schedule_json(one)) for one in found])


def describe_schedule(service: Service, request: Request) -> Answer:
    return json_answer(schedule_json(scheduling.get(service, request.path["schedule_id"])))


def update_schedule(service: Service, request: Request) -> Answer:
    schedule_id = request.path["schedule_id"]
    scheduling.get(service, schedule_id)
    wanted = read_schedule_change(request.json(), request.version)
    return json_answer(schedule_json(scheduling.change(service, schedule_id, wanted, _now(service))))


def delete_schedule(service: Service, request: Request) -> Answer:
    scheduling.get(service, request.path["schedule_id"])
    scheduling.delete(service, request.path["schedule_id"])
    return Answer(status=202)


def schedule_history(service: Service, request: Request) -> Answer:
    schedule = scheduling.get(service, request.path["schedule_id"])
    home, version = home_of(service), request.version
    backups = {info.id: info for info in service.database.list_backups(schedule["index_name"])}
    spec = described(service, schedule["index_name"])
    items = []
    for run in scheduling.runs(service, schedule["schedule_id"]):
        info = backups.get(run["backup_id"])
        if info is not None:
            items.append((f"{run['created_at']} {info.id}", backup_json(info, version, home)))
        elif run["status"] != "Ready":
            items.append((f"{run['created_at']} {run['backup_id']}", run_json(run, spec, version, home)))
    planned = scheduling.planned(schedule)
    if planned is not None:
        when = planned["scheduled_execution_at"]
        items.append((f"{when} {planned['backup_id']}", run_json(planned, spec, version, home)))
    return _page(request, items)


def _now(service: Service) -> datetime:
    return service.jobs.clock() if service.jobs is not None else restoring.now()


_BACKUPS, _JOBS, _SCHEDULES = ("backups",), ("restore jobs",), ("backup schedules",)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/indexes/{name}/backups",
        create_backup,
        "control:write",
        "control",
        "create_backup",
        "Back an index up",
        tags=_BACKUPS,
    ),
    Route(
        "GET",
        "/indexes/{name}/backups",
        list_index_backups,
        "control:read",
        "control",
        "list_index_backups",
        "Backups of an index, page by page",
        tags=_BACKUPS,
    ),
    Route(
        "GET",
        "/backups",
        list_backups,
        "control:read",
        "control",
        "list_backups",
        "Every backup, page by page",
        tags=_BACKUPS,
    ),
    Route(
        "GET",
        "/backups/{backup_id}",
        describe_backup,
        "control:read",
        "control",
        "describe_backup",
        "One backup",
        tags=_BACKUPS,
    ),
    Route(
        "DELETE",
        "/backups/{backup_id}",
        delete_backup,
        "control:write",
        "control",
        "delete_backup",
        "Delete a backup",
        tags=_BACKUPS,
    ),
    Route(
        "POST",
        "/backups/{backup_id}/create-index",
        create_index_from_backup,
        "control:write",
        "control",
        "create_index_from_backup",
        "Restore a backup as a new index",
        tags=_BACKUPS,
    ),
    Route(
        "GET",
        "/restore-jobs",
        list_restore_jobs,
        "control:read",
        "control",
        "list_restore_jobs",
        "Every restore job, page by page",
        tags=_JOBS,
    ),
    Route(
        "GET",
        "/restore-jobs/{job_id}",
        describe_restore_job,
        "control:read",
        "control",
        "describe_restore_job",
        "One restore job",
        tags=_JOBS,
    ),
    Route(
        "POST",
        "/indexes/{name}/backup-schedules",
        create_schedule,
        "control:write",
        "control",
        "create_backup_schedule",
        "Back an index up regularly",
        tags=_SCHEDULES,
    ),
    Route(
        "GET",
        "/indexes/{name}/backup-schedules",
        list_schedules,
        "control:read",
        "control",
        "list_backup_schedules",
        "Schedules of an index, page by page",
        tags=_SCHEDULES,
    ),
    Route(
        "GET",
        "/backup-schedules/{schedule_id}",
        describe_schedule,
        "control:read",
        "control",
        "describe_backup_schedule",
        "One schedule",
        tags=_SCHEDULES,
    ),
    Route(
        "PATCH",
        "/backup-schedules/{schedule_id}",
        update_schedule,
        "control:write",
        "control",
        "update_backup_schedule",
        "Change a schedule",
        tags=_SCHEDULES,
    ),
    Route(
        "DELETE",
        "/backup-schedules/{schedule_id}",
        delete_schedule,
        "control:write",
        "control",
        "delete_backup_schedule",
        "Delete a schedule; its backups stay",
        tags=_SCHEDULES,
    ),
    Route(
        "GET",
        "/backup-schedules/{schedule_id}/history",
        schedule_history,
        "control:read",
        "control",
        "list_backup_schedule_history",
        "Backups that a schedule made, page by page",
        tags=_SCHEDULES,
    ),
)
