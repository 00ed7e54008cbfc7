"""Backup schedules: when each runs next, running those that are due, and dropping backups whose time is over.

A schedule (kind ``schedule``, by id) belongs to an index by its uuid, so that a new index of the same name does not
inherit it. Each backup it made, or failed to make, is a run (kind ``schedule_run``, by backup id). The id of the next
backup is chosen when it is planned: whoever is killed between making a backup and noting it finds it again.
"""

from __future__ import annotations

import logging
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from pinyon import engine
from pinyon.errors import AlreadyExistsError, InvalidRequestError, NotFoundError, PinyonError
from pinyon.server.restoring import in_use, stamp, stored
from pinyon.server.service import Service
from pinyon.wire.backups import NewSchedule, ScheduleChange
from pinyon.wire.deployments import kind_of
from pinyon.wire.index_models import FAILED, INITIALIZING, READY

log = logging.getLogger("pinyon.jobs")

KIND: Final = "schedule"
RUN: Final = "schedule_run"
_STEPS: Final = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


def moment(text: str) -> datetime:
    """What ``stamp`` wrote."""
    return datetime.fromisoformat(text)


def following(frequency: str, slot: datetime, day: int) -> datetime:
    """The run after ``slot``. day: of the month, for monthly runs; a shorter month takes its last."""
    step = _STEPS.get(frequency)
    if step is not None:
        return slot + step
    year, month = slot.year + slot.month // 12, slot.month % 12 + 1
    return slot.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))


# -- schedules --------------------------------------------------------------------------------------------------------


def create(service: Service, index: str, new: NewSchedule, project: str, now: datetime) -> dict[str, Any]:
    """A schedule, enabled and with its first run planned.

    Raises NotFoundError; InvalidRequestError for a pod index; AlreadyExistsError when the index has an enabled one.
    """
    found = service.database.entry(index)
    if kind_of(found.spec.deployment) == "pod":
        raise InvalidRequestError(f"Pod indexes such as {index!r} cannot be backed up on a schedule. Use a collection.")
    schedule_id = uuid4().hex
    schedule: dict[str, Any] = {
        "schedule_id": schedule_id,
        "name": new.name,
        "index_id": found.uuid,
        "index_name": index,
        "project_id": project,
        "frequency": new.frequency,
        "retention_expire_after_days": new.retention,
        "enabled": True,
        "created_at": stamp(now),
    } | _plan(new.frequency, now)
    with service.database.registry.edit(KIND, schedule_id) as slot:
        _check_only_one(service, schedule)
        slot.value = schedule
    _wake(service)
    return schedule


def _plan(frequency: str, now: datetime, slot: datetime | None = None, day: int | None = None) -> dict[str, Any]:
    """The next run, counted from ``slot``, or from now when that is over as well: what was missed is made up once."""
    day = now.day if day is None else day
    run = following(frequency, slot or now, day)
    if run <= now:
        run = following(frequency, now, day)
    return {"next_scheduled_run": stamp(run), "next_backup_id": uuid4().hex, "planned_at": stamp(now), "day": day}


def _check_only_one(service: Service, schedule: Mapping[str, Any]) -> None:
    for other in of_index(service, schedule["index_id"]):
        if other["enabled"] and other["schedule_id"] != schedule["schedule_id"]:
            raise AlreadyExistsError(
                f"Index {schedule['index_name']!r} already has the enabled backup schedule {other['name']!r} "
                f"({other['schedule_id']}). Disable or delete that one first."
            )


def get(service: Service, schedule_id: str) -> dict[str, Any]:
    """Raises NotFoundError."""
    found = stored(service, KIND, schedule_id)
    if found is None:
        raise NotFoundError(f"Backup schedule {schedule_id!r:.80} does not exist.")
    return found


def of_index(service: Service, index_id: str) -> list[dict[str, Any]]:
    return [schedule for schedule in service.database.registry.list(KIND) if schedule["index_id"] == index_id]


def change(service: Service, schedule_id: str, wanted: ScheduleChange, now: datetime) -> dict[str, Any]:
    """A new frequency, or enabling it again, plans the next run from now. Retention counts for backups it made, too.

    Raises NotFoundError, AlreadyExistsError when another schedule of the index is enabled.
    """
    registry = service.database.registry
    with registry.edit(KIND, schedule_id) as slot:
        schedule = slot.value
        if schedule is None:
            raise NotFoundError(f"Backup schedule {schedule_id!r:.80} does not exist.")
        before = dict(schedule)
        if wanted.frequency is not None:
            schedule["frequency"] = wanted.frequency
        if wanted.enabled is not None:
            schedule["enabled"] = wanted.enabled
        if wanted.retention is not None:
            schedule["retention_expire_after_days"] = wanted.retention
        if schedule["enabled"]:
            _check_only_one(service, schedule)
            if not before["enabled"] or schedule["frequency"] != before["frequency"]:
                schedule |= _plan(schedule["frequency"], now)
        for run in runs(service, schedule_id):
            registry.put(RUN, run["backup_id"], run | {"keep_days": schedule["retention_expire_after_days"]})
    _wake(service)
    return schedule


def delete(service: Service, schedule_id: str) -> None:
    """The backups it made stay, and are dropped by nobody any more. Raises NotFoundError."""
    registry = service.database.registry
    with registry.edit(KIND, schedule_id) as slot:
        if slot.value is None:
            raise NotFoundError(f"Backup schedule {schedule_id!r:.80} does not exist.")
        slot.value = None
        for run in runs(service, schedule_id):
            registry.remove(RUN, run["backup_id"])


def delete_of_index(service: Service, index_id: str) -> None:
    """The schedules of an index that is gone."""
    for schedule in of_index(service, index_id):
        try:
            delete(service, schedule["schedule_id"])
        except NotFoundError:
            continue


def runs(service: Service, schedule_id: str) -> list[dict[str, Any]]:
    return [run for run in service.database.registry.list(RUN) if run["schedule_id"] == schedule_id]


def planned(schedule: Mapping[str, Any]) -> dict[str, Any] | None:
    """The run that is yet to come, as one of ``runs``; None while the schedule is disabled."""
    if not schedule["enabled"]:
        return None
    run = _run(schedule, INITIALIZING, schedule["planned_at"], moment(schedule["next_scheduled_run"]))
    return run | {"scheduled_execution_at": schedule["next_scheduled_run"]}


def _run(schedule: Mapping[str, Any], status: str, created_at: str, when: datetime) -> dict[str, Any]:
    return {
        "backup_id": schedule["next_backup_id"],
        "schedule_id": schedule["schedule_id"],
        "index_id": schedule["index_id"],
        "index_name": schedule["index_name"],
        "name": f"{schedule['name']}-{when.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "status": status,
        "created_at": created_at,
        "keep_days": schedule["retention_expire_after_days"],
    }


def _wake(service: Service) -> None:
    if service.jobs is not None:
        service.jobs.wake()


# -- running ----------------------------------------------------------------------------------------------------------


def next_due(service: Service) -> datetime | None:
    """When the next run of any schedule is due."""
    enabled = [schedule for schedule in service.database.registry.list(KIND) if schedule["enabled"]]
    return min((moment(schedule["next_scheduled_run"]) for schedule in enabled), default=None)


def run_due(service: Service, now: datetime) -> list[str]:
    """Makes the backups that are due; gives the names of the indexes whose backup failed. For one process at a time."""
    failed = []
    for schedule in service.database.registry.list(KIND):
        if schedule["enabled"] and moment(schedule["next_scheduled_run"]) <= now:
            if not _exists(service, schedule):
                delete_of_index(service, schedule["index_id"])
            elif not _run_one(service, schedule, now):
                failed.append(str(schedule["index_name"]))
    return failed


def _exists(service: Service, schedule: Mapping[str, Any]) -> bool:
    """Whether the very index is still there."""
    try:
        return bool(service.database.entry(schedule["index_name"]).uuid == schedule["index_id"])
    except NotFoundError:
        return False


def _run_one(service: Service, schedule: Mapping[str, Any], now: datetime) -> bool:
    run = _run(schedule, READY, stamp(now), now)
    try:
        made = _found(service, run["backup_id"])
        if made is None:
            about = f"Backup schedule {schedule['name']}"
            made = service.database.create_backup(
                run["index_name"], name=run["name"], description=about, backup_id=run["backup_id"]
            )
        run["name"] = made.name
    except PinyonError as error:
        log.error("scheduled backup %r of index %r failed: %s", run["name"], run["index_name"], error)
        run["status"] = FAILED
    registry = service.database.registry
    with registry.edit(KIND, schedule["schedule_id"]) as slot:
        if slot.value is None:
            return bool(run["status"] == READY)  # deleted meanwhile: what it made is an ordinary backup
        registry.put(RUN, run["backup_id"], run)
        if slot.value["next_backup_id"] == run["backup_id"]:
            due = moment(schedule["next_scheduled_run"])
            slot.value |= _plan(slot.value["frequency"], now, due, schedule["day"])
    return bool(run["status"] == READY)


def _found(service: Service, backup_id: str) -> engine.BackupInfo | None:
    try:
        return service.database.describe_backup(backup_id)
    except NotFoundError:
        return None


def expire(service: Service, now: datetime) -> None:
    """Drops the backups of schedules that have been kept long enough. For one process at a time."""
    for run in service.database.registry.list(RUN):
        gone = run["status"] == READY and _found(service, run["backup_id"]) is None
        over = moment(run["created_at"]) + timedelta(days=run["keep_days"]) <= now
        if not gone and (not over or in_use(service, run["backup_id"])):
            continue
        if not gone and run["status"] == READY:
            service.database.delete_backup(run["backup_id"])
        service.database.registry.remove(RUN, run["backup_id"])
