"""Backups, restore jobs, backup schedules and collections: bodies as values, and values as clients read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pinyon.errors import InvalidRequestError
from pinyon.types import IndexSpec
from pinyon.wire.control import check_keys, flag, free_text, inner, one_of, protection, required, tags, within
from pinyon.wire.deployments import Home, cloud_and_region, fields_of_metadata, read_capacity
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.index_models import schema_fields
from pinyon.wire.tokens import last_of, token_of
from pinyon.wire.versions import Version

FREQUENCIES = ("daily", "weekly", "monthly")
SCHEDULE_TYPE = "time-based"
LONGEST_RETENTION = 3_650
"""Days."""
NAME_LENGTH = 512
DESCRIPTION_LENGTH = 4_096
PAGE, LARGEST_PAGE = 10, 100

_SCHEMA_SINCE = "2025-10"
_DELETED_SINCE = "2026-07"


class Backup(Protocol):
    """What a backup tells of itself. ``created_at`` is RFC 3339, ``size`` bytes."""

    @property
    def id(self) -> str: ...
    @property
    def index_name(self) -> str: ...
    @property
    def index_uuid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def created_at(self) -> str: ...
    @property
    def record_count(self) -> int: ...
    @property
    def namespace_count(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def spec(self) -> IndexSpec: ...
    @property
    def status(self) -> str: ...


# -- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewBackup:
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Restore:
    """tags, read_capacity: None to take the backup's."""

    name: str
    tags: Mapping[str, str] | None
    deletion_protection: bool
    read_capacity: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """retention: days that each backup is kept."""

    name: str
    frequency: str
    retention: int


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """None where nothing changes."""

    frequency: str | None
    retention: int | None
    enabled: bool | None


@dataclass(frozen=True, slots=True)
class NewCollection:
    name: str
    source: str


def read_new_backup(value: Mapping[str, Any], version: Version) -> NewBackup:
    body = Fields(value)
    check_keys(body, ("name", "description"), version)
    return NewBackup(free_text(body, "name", NAME_LENGTH), free_text(body, "description", DESCRIPTION_LENGTH))


def read_restore(value: Mapping[str, Any], version: Version) -> Restore:
    body = Fields(value)
    check_keys(body, ("name", "tags", "deletion_protection", "read_capacity"), version)
    given, capacity = tags(body), inner(body, "read_capacity")
    return Restore(
        required(body, "name"),
        None if given is None else {key: text for key, text in given.items() if text != ""},
        bool(protection(body)),
        None if capacity is None else read_capacity(capacity),
    )


def read_new_schedule(value: Mapping[str, Any], version: Version) -> NewSchedule:
    body = Fields(value)
    check_keys(body, ("name", "schedule", "retention"), version)
    name, schedule, retention = required(body, "name"), inner(body, "schedule"), inner(body, "retention")
    if schedule is None:
        refuse("schedule is missing. Give {'type': 'time-based', 'frequency': 'daily'}.")
    if retention is None:
        refuse("retention is missing. Give {'expire_after_days': 30}.")
    free_text(body, "name", NAME_LENGTH)
    one_of(schedule.text("type"), schedule.path("type"), (SCHEDULE_TYPE,))
    frequency = one_of(schedule.text("frequency"), schedule.path("frequency"), FREQUENCIES)
    days = _retention(retention)
    if days is None:
        refuse(f"{retention.path('expire_after_days')} is missing. Give a number of days.")
    return NewSchedule(name, frequency, days)


def read_schedule_change(value: Mapping[str, Any], version: Version) -> ScheduleChange:
    body = Fields(value)
    check_keys(body, ("frequency", "retention", "enabled"), version)
    frequency, retention = body.text("frequency"), inner(body, "retention")
    return ScheduleChange(
        None if frequency is None else one_of(frequency, "frequency", FREQUENCIES),
        None if retention is None else _retention(retention),
        flag(body, "enabled"),
    )


def _retention(given: Fields) -> int | None:
    return within(given, "expire_after_days", 1, LONGEST_RETENTION)


def read_new_collection(value: Mapping[str, Any], version: Version) -> NewCollection:
    body = Fields(value)
    check_keys(body, ("name", "source"), version)
    return NewCollection(required(body, "name"), required(body, "source"))


# -- pages ------------------------------------------------------------------------------------------------------------


def read_page(limit: int | None, token: str | None) -> tuple[int, str | None]:
    """(size of the page, key of the last item of the page before). A token carries the size that it was made with.

    Raises InvalidRequestError.
    """
    size, last = PAGE, None
    found = last_of(token)
    if found is not None:
        digits, _, last = found.partition(" ")
        if not digits.isascii() or not digits.isdigit() or not 1 <= len(digits) <= 3:
            raise InvalidRequestError(
                "This pagination token belongs to another list: use pagination.next of the page before."
            )
        size = int(digits)
    if limit is not None:
        size = limit
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidRequestError(f"limit {size} is out of range. Use 1 to {LARGEST_PAGE}.")
    return size, last


def page_json(items: Sequence[tuple[str, dict[str, Any]]], limit: int | None, token: str | None) -> dict[str, Any]:
    """One page of (key, item), with keys that descend; ``pagination`` is there when there is more."""
    size, last = read_page(limit, token)
    rest = [(key, item) for key, item in items if last is None or key < last]
    page: dict[str, Any] = {"data": [item for _, item in rest[:size]]}
    if len(rest) > size:
        page["pagination"] = {"next": token_of(f"{size} {rest[size - 1][0]}")}
    return page


# -- writing ----------------------------------------------------------------------------------------------------------


def backup_json(backup: Backup, version: Version, home: Home, deleted_at: str | None = None) -> dict[str, Any]:
    """deleted_at: when the index that it was made of was deleted, if it was."""
    found = {
        "backup_id": backup.id,
        "source_index_name": backup.index_name,
        "source_index_id": backup.index_uuid,
        "name": backup.name,
        "description": backup.description,
        "status": backup.status,
        "record_count": backup.record_count,
        "namespace_count": backup.namespace_count,
        "size_bytes": backup.size,
        "created_at": backup.created_at,
    } | _of_index(backup.spec, version, home)
    if deleted_at is not None and version.since(_DELETED_SINCE):
        found["source_index_deleted_at"] = deleted_at
    return found


def _of_index(spec: IndexSpec, version: Version, home: Home) -> dict[str, Any]:
    """What a backup says of the index that it holds."""
    cloud, region = cloud_and_region(spec.deployment, home)
    found: dict[str, Any] = {"cloud": cloud, "region": region}
    if spec.tags:
        found["tags"] = dict(spec.tags)
    if version.schema:
        return found | {"schema": {"fields": schema_fields(spec, version)}}
    found["metric"] = spec.metric
    if spec.dimension is not None and spec.vector_type == "dense":
        found["dimension"] = spec.dimension
    fields = fields_of_metadata(spec.deployment)
    if fields and version.since(_SCHEMA_SINCE):
        found["schema"] = {"fields": fields}
    return found


def run_json(run: Mapping[str, Any], spec: IndexSpec, version: Version, home: Home) -> dict[str, Any]:
    """A run of a schedule that made no backup: it is yet to come, or it failed. spec: of the index."""
    found = {
        "backup_id": run["backup_id"],
        "source_index_name": run["index_name"],
        "source_index_id": run["index_id"],
        "name": run["name"],
        "description": "",
        "status": run["status"],
        "record_count": 0,
        "namespace_count": 0,
        "size_bytes": 0,
        "created_at": run["created_at"],
    } | _of_index(spec, version, home)
    if "scheduled_execution_at" in run:
        found["scheduled_execution_at"] = run["scheduled_execution_at"]
    return found


def restore_job_json(job: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("restore_job_id", "backup_id", "target_index_name", "target_index_id", "status", "created_at")
    found = {key: job[key] for key in keys}
    if job.get("completed_at") is not None:
        found["completed_at"] = job["completed_at"]
    if job["status"] != "Pending":
        found["percent_complete"] = float(job.get("percent_complete", 0.0))
    return found


def schedule_json(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """``next_scheduled_run`` is null while the schedule is disabled."""
    keys = ("schedule_id", "name", "index_id", "project_id", "frequency", "retention_expire_after_days", "enabled")
    found = {key: schedule[key] for key in keys}
    next_run = schedule["next_scheduled_run"] if schedule["enabled"] else None
    return found | {
        "schedule_type": SCHEDULE_TYPE,
        "next_scheduled_run": next_run,
        "created_at": schedule["created_at"],
    }


def collection_json(collection: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("name", "status", "environment", "dimension", "size", "vector_count")
    return {key: collection[key] for key in keys if collection.get(key) is not None}
