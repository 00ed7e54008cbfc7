"""Backups, restore jobs and backup schedules over the control plane."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pinyon.server.jobs import Jobs
from pinyon.server.roles import OWNER
from pinyon.server.service import Service
from pinyon.wire.versions import KNOWN
from server.clients import Client, Reply
from wire.index_shapes import check, check_backup, check_index

HERE = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
DENSE: dict[str, Any] = {"name": "films", "dimension": 3, "metric": "dotproduct", "spec": HERE}
FOR_MODEL: dict[str, Any] = {
    "name": "films",
    "cloud": "gcp",
    "region": "us-central1",
    "embed": {"model": "words", "field_map": {"text": "body"}},
}
SCHEMA: dict[str, Any] = {
    "title": {"type": "string", "full_text_search": {}},
    "place": {"type": "dense_vector", "dimension": 3},
}
KINDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "dense": ("/indexes", DENSE | {"tags": {"a": "b"}}, "2025-04"),
    "sparse": ("/indexes", {"name": "films", "vector_type": "sparse", "spec": HERE}, "2025-04"),
    "pod": ("/indexes", DENSE | {"spec": {"pod": {"environment": "us-east1-gcp"}}}, "2025-04"),
    "byoc": ("/indexes", DENSE | {"spec": {"byoc": {"environment": "aws-b921"}}}, "2025-10"),
    "embedded": ("/indexes/create-for-model", FOR_MODEL, "2025-04"),
    "documents": (
        "/indexes",
        {"name": "films", "schema": {"fields": SCHEMA | {"place": SCHEMA["place"] | {"metric": "cosine"}}}},
        "2026-07",
    ),
}
RESTORE_JOB = {
    "restore_job_id": str,
    "backup_id": str,
    "target_index_name": str,
    "target_index_id": str,
    "status": str,
    "created_at": str,
    "completed_at?": str,
    "percent_complete?": float,
}
SCHEDULE = {
    "schedule_id": str,
    "name": str,
    "index_id": str,
    "project_id": str,
    "schedule_type": str,
    "frequency": str,
    "retention_expire_after_days": int,
    "enabled": bool,
    "created_at": str,
}
NIGHTLY: dict[str, Any] = {
    "name": "nightly",
    "schedule": {"type": "time-based", "frequency": "daily"},
    "retention": {"expire_after_days": 30},
}
NOW = datetime(2026, 1, 31, 6, 0, tzinfo=UTC)


def make(client: Client, kind: str = "dense", **changes: Any) -> None:
    path, body, version = KINDS[kind]
    assert client.post(path, body | changes, version=version).status == 201


def back_up(client: Client, name: str = "", index: str = "films", **options: Any) -> dict[str, Any]:
    reply = client.post(f"/indexes/{index}/backups", {"name": name} if name else {}, **options)
    assert reply.status == 201
    return dict(reply.json)


def restore(client: Client, backup: dict[str, Any], name: str = "again", **body: Any) -> Reply:
    return client.post(f"/backups/{backup['backup_id']}/create-index", {"name": name, **body})


# -- backups ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_any_index_is_readable_in_every_dialect(client: Client, kind: str, version: str) -> None:
    make(client, kind)
    made = back_up(client, "before", version=version)
    check_backup(made, version)
    assert (made["status"], made["source_index_name"], made["name"]) == ("Ready", "films", "before")
    assert client.get(f"/backups/{made['backup_id']}", version=version).json == made
    assert client.get("/backups", version=version).json == {"data": [made]}
    assert client.get("/indexes/films/backups", version=version).json == {"data": [made]}


def test_a_backup_tells_what_it_holds(client: Client, service: Service) -> None:
    make(client)
    service.database.index("films").upsert("", ["a", "b"], [[1.0, 2.0, 3.0]] * 2)
    service.database.index("films").upsert("other", ["a"], [[1.0, 2.0, 3.0]])
    body = {"name": "before", "description": "the move"}
    made = client.post("/indexes/films/backups", body).json
    assert (made["record_count"], made["namespace_count"], made["description"]) == (3, 2, "the move")
    assert (made["dimension"], made["metric"], made["tags"]) == (3, "dotproduct", {"a": "b"})
    assert (made["cloud"], made["region"]) == ("aws", "us-east-1")
    assert made["size_bytes"] > 0
    assert datetime.fromisoformat(made["created_at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("kind", "place"),
    [("pod", ("gcp", "us-east1")), ("embedded", ("gcp", "us-central1")), ("byoc", ("aws", "aws-b921"))],
)
def test_a_backup_is_where_its_index_is(client: Client, kind: str, place: tuple[str, str]) -> None:
    make(client, kind)
    made = back_up(client)
    assert (made["cloud"], made["region"]) == place


def test_name_and_description_may_be_left_out(client: Client) -> None:
    make(client)
    for body in (b"", b"{}", b'{"name": null}'):
        made = client.request("POST", "/indexes/films/backups", body=body).json
        assert (made["name"], made["description"]) == ("", "")


def test_a_deleted_backup_is_gone(client: Client) -> None:
    make(client)
    backup_id = back_up(client)["backup_id"]
    reply = client.delete(f"/backups/{backup_id}")
    assert (reply.status, reply.body) == (202, b"")
    assert client.get(f"/backups/{backup_id}").status == 404
    assert client.delete(f"/backups/{backup_id}").status == 404
    assert client.get("/backups").json == {"data": []}


@pytest.mark.parametrize("path", ["/backups/nothing", "/backups/%00", "/restore-jobs/nothing", "/restore-jobs/%00"])
def test_what_does_not_exist_is_404(client: Client, path: str) -> None:
    reply = client.get(path)
    assert (reply.status, reply.json["error"]["code"]) == (404, "NOT_FOUND")


def test_a_backup_of_nothing_is_404(client: Client) -> None:
    assert client.post("/indexes/nothing/backups", {}).status == 404
    assert client.get("/indexes/nothing/backups").status == 404
    assert client.post("/backups/nothing/create-index", {"name": "again"}).status == 404


@pytest.mark.parametrize("body", [{"name": 7}, {"description": ["x"]}, {"name": "x" * 513}, []])
def test_a_bad_backup_body_is_400(client: Client, body: Any) -> None:
    make(client)
    assert client.post("/indexes/films/backups", body).status == 400
    assert client.get("/backups").json == {"data": []}


# -- pages ------------------------------------------------------------------------------------------------------------


def walk(client: Client, path: str, limit: int | None = None) -> list[list[dict[str, Any]]]:
    """Every page of a list, following its tokens as the clients do: a token takes the place of the limit."""
    pages = []
    query: dict[str, Any] = {} if limit is None else {"limit": limit}
    while True:
        page = client.get(path, query=query).json
        pages.append(page["data"])
        if "pagination" not in page:
            return pages
        query = {"paginationToken": page["pagination"]["next"]}


@pytest.mark.parametrize("path", ["/backups", "/indexes/films/backups"])
def test_backups_come_in_pages_newest_first(client: Client, path: str) -> None:
    make(client)
    names = [back_up(client, f"b{number}")["name"] for number in range(7)]
    pages = walk(client, path, 3)
    assert [[backup["name"] for backup in page] for page in pages] == [names[:3:-1], names[3:0:-1], names[:1]]
    assert [len(page) for page in walk(client, path)] == [7], "the last page has no pagination"
    assert [len(page) for page in walk(client, path, 7)] == [7]


def test_a_page_holds_ten_unless_said_otherwise(client: Client) -> None:
    make(client)
    for _ in range(12):
        back_up(client)
    assert [len(page) for page in walk(client, "/backups")] == [10, 2]


def test_a_token_still_works_when_its_backup_is_gone(client: Client) -> None:
    make(client)
    made = [back_up(client) for _ in range(4)]
    first = client.get("/backups", query={"limit": 2}).json
    client.delete(f"/backups/{first['data'][-1]['backup_id']}")
    rest = client.get("/backups", query={"paginationToken": first["pagination"]["next"]}).json
    assert [backup["backup_id"] for backup in rest["data"]] == [made[1]["backup_id"], made[0]["backup_id"]]


@pytest.mark.parametrize("path", ["/backups", "/indexes/films/backups", "/restore-jobs"])
@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": -1}, {"limit": 101}, {"limit": "x"}, {"paginationToken": "invalid"}]
)
def test_a_bad_page_is_400(client: Client, path: str, query: dict[str, Any]) -> None:
    make(client)
    reply = client.get(path, query=query)
    assert (reply.status, reply.json["error"]["code"]) == (400, "INVALID_ARGUMENT")


# -- deleted sources --------------------------------------------------------------------------------------------------


def test_backups_outlive_their_index(client: Client) -> None:
    make(client)
    backup = back_up(client, version="2026-07")
    client.delete("/indexes/films")
    assert client.get("/indexes/films/backups", version="2026-07").status == 404
    found = client.get("/indexes/films/backups", query={"include_deleted": "true"}, version="2026-07").json["data"]
    assert [one["backup_id"] for one in found] == [backup["backup_id"]]
    deleted_at = found[0].pop("source_index_deleted_at")
    assert datetime.fromisoformat(deleted_at) >= datetime.fromisoformat(backup["created_at"])
    assert found == [backup]
    assert client.get("/backups", version="2026-07").json["data"][0]["source_index_deleted_at"] == deleted_at
    described = client.get(f"/backups/{backup['backup_id']}", version="2026-07").json
    assert described["source_index_deleted_at"] == deleted_at
    assert "source_index_deleted_at" not in client.get("/backups", version="2025-10").json["data"][0]


def test_an_index_shows_its_own_backups_and_not_those_of_a_namesake(client: Client) -> None:
    make(client)
    old = back_up(client)["backup_id"]
    client.delete("/indexes/films")
    make(client)
    new = back_up(client)["backup_id"]

    def listed(**query: str) -> list[str]:
        return [one["backup_id"] for one in client.get("/indexes/films/backups", query=query).json["data"]]

    assert listed() == listed(include_deleted="false") == [new]
    assert listed(include_deleted="true") == [new, old]


def test_include_deleted_needs_a_name_that_somebody_ever_had(client: Client) -> None:
    assert client.get("/indexes/films/backups", query={"include_deleted": "true"}).status == 404
    make(client)
    client.delete("/indexes/films")
    assert client.get("/indexes/films/backups", query={"include_deleted": "true"}).json == {"data": []}
    assert client.get("/indexes/films/backups", query={"include_deleted": "maybe"}).status == 400


# -- restoring --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2025-04", "2026-07"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_backup_becomes_an_index_again(client: Client, service: Service, kind: str, version: str) -> None:
    make(client, kind)
    source = client.get("/indexes/films", version=version).json
    backup = back_up(client)
    begun = restore(client, backup)
    assert begun.status == 202
    check(begun.json, {"restore_job_id": str, "index_id": str})
    shown = client.get("/indexes/again", version=version).json
    check_index(shown, version)
    assert shown["status"] == {"ready": False, "state": "Initializing"}
    assert "again" in [index["name"] for index in client.get("/indexes", version=version).json["indexes"]]
    Jobs(service).do_work()
    ready = client.get("/indexes/again", version=version).json
    check_index(ready, version)
    assert ready == shown | {"status": {"ready": True, "state": "Ready"}}
    assert {key: ready[key] for key in ("deletion_protection",)} == {"deletion_protection": "disabled"}
    same = source.keys() - {"name", "host"}
    assert {key: ready[key] for key in same} == {key: source[key] for key in same}
    assert service.database.entry("again").uuid == begun.json["index_id"]
    assert ready.get("source_backup_id", backup["backup_id"]) == backup["backup_id"]


def test_a_restored_index_holds_the_records(client: Client, service: Service) -> None:
    make(client)
    service.database.index("films").upsert("ns", ["a", "b"], [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    restore(client, back_up(client))
    Jobs(service).do_work()
    assert service.database.index("again").stats().namespaces == {"ns": 2}


def test_a_restore_takes_tags_protection_and_read_capacity(client: Client, service: Service) -> None:
    make(client)
    capacity = {
        "mode": "Dedicated",
        "dedicated": {"node_type": "t1", "scaling": "Manual", "manual": {"shards": 1, "replicas": 1}},
    }
    restore(client, back_up(client), tags={"c": "d"}, deletion_protection="enabled", read_capacity=capacity)
    Jobs(service).do_work()
    made = client.get("/indexes/again", version="2026-07").json
    assert (made["tags"], made["deletion_protection"]) == ({"c": "d"}, "enabled")
    assert made["read_capacity"]["dedicated"]["node_type"] == "t1"


def test_a_restore_job_tells_how_far_it_is(client: Client, service: Service) -> None:
    make(client)
    backup = back_up(client)
    begun = restore(client, backup).json
    path = f"/restore-jobs/{begun['restore_job_id']}"
    job = client.get(path).json
    check(job, RESTORE_JOB)
    assert (job["status"], job["backup_id"]) == ("Pending", backup["backup_id"])
    assert (job["target_index_name"], job["target_index_id"]) == ("again", begun["index_id"])
    assert "percent_complete" not in job
    Jobs(service).do_work()
    done = client.get(path).json
    check(done, RESTORE_JOB)
    assert (done["status"], done["percent_complete"]) == ("Completed", 100.0)
    assert done["completed_at"] >= done["created_at"]
    assert client.get("/restore-jobs").json == {"data": [done]}


def test_restore_jobs_come_in_pages_newest_first(client: Client, service: Service) -> None:
    make(client)
    backup = back_up(client)
    for number in range(5):
        restore(client, backup, f"again-{number}")
    Jobs(service).do_work()
    pages = walk(client, "/restore-jobs", 2)
    names = [[job["target_index_name"] for job in page] for page in pages]
    assert names == [["again-4", "again-3"], ["again-2", "again-1"], ["again-0"]]


def test_a_name_that_is_taken_or_on_its_way_is_409(client: Client) -> None:
    make(client)
    backup = back_up(client)
    assert restore(client, backup, "films").status == 409
    assert restore(client, backup).status == 202
    assert restore(client, backup).status == 409
    assert client.post("/indexes", DENSE | {"name": "again"}).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Bad Name"},
        {"name": ""},
        {"name": "again", "tags": {"a b": "c"}},
        {"name": "again", "deletion_protection": "x"},
        {"name": "again", "read_capacity": {"mode": "x"}},
        {},
    ],
)
def test_a_bad_restore_begins_nothing(client: Client, body: dict[str, Any]) -> None:
    make(client)
    assert client.post(f"/backups/{back_up(client)['backup_id']}/create-index", body).status == 400
    assert client.get("/restore-jobs").json == {"data": []}


def test_a_backup_in_use_cannot_be_deleted(client: Client, service: Service) -> None:
    make(client)
    backup = back_up(client)
    restore(client, backup)
    reply = client.delete(f"/backups/{backup['backup_id']}")
    assert (reply.status, reply.json["error"]["code"]) == (412, "FAILED_PRECONDITION")
    Jobs(service).do_work()
    assert client.delete(f"/backups/{backup['backup_id']}").status == 202


def test_an_index_that_is_being_made_can_only_be_looked_at_and_deleted(client: Client, service: Service) -> None:
    make(client)
    begun = restore(client, back_up(client)).json
    for reply in (
        client.patch("/indexes/again", {"tags": {"a": "b"}}),
        client.post("/indexes/again/backups", {}),
        client.post("/indexes/again/backup-schedules", NIGHTLY),
    ):
        assert reply.status == 400
        assert "not ready" in reply.message
    assert client.delete("/indexes/again").status == 202
    assert client.get("/indexes/again").status == 404
    assert client.get(f"/restore-jobs/{begun['restore_job_id']}").json["status"] == "Failed"
    Jobs(service).do_work()
    assert client.get("/indexes/again").status == 404
    assert not service.database.has_index("again")


def test_a_restore_of_a_damaged_backup_fails_and_says_so(client: Client, service: Service) -> None:
    make(client)
    backup = back_up(client)
    folder = service.database._backup_path(backup["backup_id"])
    (folder / "index.sqlite").write_bytes(b"not what was written")
    begun = restore(client, backup).json
    Jobs(service).do_work()
    shown = client.get("/indexes/again", version="2026-07").json
    check_index(shown, "2026-07")
    assert shown["status"] == {"ready": False, "state": "InitializationFailed"}
    assert client.get(f"/restore-jobs/{begun['restore_job_id']}").json["status"] == "Failed"
    assert client.delete(f"/backups/{backup['backup_id']}").status == 202
    assert client.delete("/indexes/again").status == 202
    assert client.get("/indexes/again").status == 404


# -- schedules --------------------------------------------------------------------------------------------------------


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(service: Service) -> Clock:
    """Of a server whose jobs run when a test says so."""
    clock = Clock()
    Jobs(service, clock=clock)
    return clock


def schedule(client: Client, **changes: Any) -> dict[str, Any]:
    reply = client.post("/indexes/films/backup-schedules", NIGHTLY | changes, version="2026-07")
    assert reply.status == 201, reply.json
    return dict(reply.json)


@pytest.mark.usefixtures("clock")
def test_a_schedule_is_enabled_with_its_first_run_planned(client: Client, service: Service) -> None:
    make(client)
    made = schedule(client)
    check(made, SCHEDULE | {"next_scheduled_run": str})
    assert made == {
        "schedule_id": made["schedule_id"],
        "name": "nightly",
        "index_id": service.database.entry("films").uuid,
        "project_id": service.settings.project,
        "schedule_type": "time-based",
        "frequency": "daily",
        "retention_expire_after_days": 30,
        "enabled": True,
        "next_scheduled_run": "2026-02-01T06:00:00.000000Z",
        "created_at": "2026-01-31T06:00:00.000000Z",
    }
    assert client.get(f"/backup-schedules/{made['schedule_id']}").json == made
    assert client.get("/indexes/films/backup-schedules").json == {"data": [made]}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("frequency", "first"),
    [("daily", "2026-02-01T06"), ("weekly", "2026-02-07T06"), ("monthly", "2026-02-28T06")],
)
def test_every_frequency_plans_its_own_next_run(client: Client, frequency: str, first: str) -> None:
    make(client)
    made = schedule(client, schedule={"type": "time-based", "frequency": frequency})
    assert made["next_scheduled_run"].startswith(first)


def test_a_schedule_can_be_paused_and_goes_on_from_then(client: Client, clock: Clock) -> None:
    make(client)
    path = f"/backup-schedules/{schedule(client)['schedule_id']}"
    paused = client.patch(path, {"enabled": False}).json
    check(paused, SCHEDULE | {"next_scheduled_run": type(None)})
    clock.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    resumed = client.patch(path, {"enabled": True}).json
    assert resumed["next_scheduled_run"] == "2026-03-02T12:00:00.000000Z"


@pytest.mark.usefixtures("clock")
def test_a_schedule_changes_in_part(client: Client) -> None:
    make(client)
    made = schedule(client)
    path = f"/backup-schedules/{made['schedule_id']}"
    assert client.patch(path, {}).json == made
    changed = client.patch(path, {"frequency": "weekly", "retention": {"expire_after_days": 7}}).json
    assert (changed["frequency"], changed["retention_expire_after_days"], changed["enabled"]) == ("weekly", 7, True)
    assert changed["next_scheduled_run"] == "2026-02-07T06:00:00.000000Z"


@pytest.mark.usefixtures("clock")
def test_an_index_has_one_enabled_schedule(client: Client) -> None:
    make(client)
    first = schedule(client)
    reply = client.post("/indexes/films/backup-schedules", NIGHTLY | {"name": "second"})
    assert (reply.status, reply.json["error"]["code"]) == (409, "ALREADY_EXISTS")
    client.patch(f"/backup-schedules/{first['schedule_id']}", {"enabled": False})
    schedule(client, name="second")
    assert client.patch(f"/backup-schedules/{first['schedule_id']}", {"enabled": True}).status == 409
    assert client.get(f"/backup-schedules/{first['schedule_id']}").json["enabled"] is False
    make(client, name="books")
    assert client.post("/indexes/books/backup-schedules", NIGHTLY).status == 201
    assert len(client.get("/indexes/films/backup-schedules").json["data"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": None},
        {"schedule": None},
        {"schedule": {"type": "cron", "frequency": "daily"}},
        {"schedule": {"type": "time-based", "frequency": "hourly"}},
        {"retention": None},
        {"retention": {}},
        {"retention": {"expire_after_days": 0}},
        {"retention": {"expire_after_days": 1_000_000}},
        {"retention": {"expire_after_days": "7"}},
    ],
)
def test_a_bad_schedule_is_400(client: Client, change: dict[str, Any]) -> None:
    make(client)
    assert client.post("/indexes/films/backup-schedules", NIGHTLY | change).status == 400
    assert client.get("/indexes/films/backup-schedules").json == {"data": []}


def test_a_pod_index_takes_no_schedule(client: Client) -> None:
    make(client, "pod")
    assert client.post("/indexes/films/backup-schedules", NIGHTLY).status == 400


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("id", ["nothing", "%00"])
def test_an_unknown_schedule_is_404(client: Client, method: str, id: str) -> None:
    assert client.request(method, f"/backup-schedules/{id}", json={}).status == 404
    assert client.get(f"/backup-schedules/{id}/history").status == 404
    assert client.get("/indexes/nothing/backup-schedules").status == 404
    assert client.post("/indexes/nothing/backup-schedules", NIGHTLY).status == 404


@pytest.mark.usefixtures("clock")
def test_a_deleted_schedule_is_gone(client: Client) -> None:
    make(client)
    made = schedule(client)
    reply = client.delete(f"/backup-schedules/{made['schedule_id']}")
    assert (reply.status, reply.body) == (202, b"")
    assert client.delete(f"/backup-schedules/{made['schedule_id']}").status == 404
    schedule(client, name="its successor")


@pytest.mark.usefixtures("clock")
def test_schedules_go_with_their_index_and_a_namesake_inherits_none(client: Client) -> None:
    make(client)
    made = schedule(client)
    client.delete("/indexes/films")
    assert client.get(f"/backup-schedules/{made['schedule_id']}").status == 404
    make(client)
    assert client.get("/indexes/films/backup-schedules").json == {"data": []}


@pytest.mark.parametrize("version", ["2025-10", "2026-01.alpha", "2026-07"])
def test_the_history_begins_with_the_run_to_come(client: Client, service: Service, clock: Clock, version: str) -> None:
    make(client, "documents")
    path = f"/backup-schedules/{schedule(client)['schedule_id']}/history"
    (planned,) = client.get(path, version=version).json["data"]
    assert planned["status"] == "Initializing"
    assert planned["name"] == "nightly-20260201T060000Z"
    assert planned.pop("scheduled_execution_at") == "2026-02-01T06:00:00.000000Z"
    check_backup(planned, version)
    clock.now = datetime(2026, 2, 1, 6, 0, 5, tzinfo=UTC)
    assert service.jobs is not None
    service.jobs.run_schedules()
    following, made = client.get(path, version=version).json["data"]
    assert (made["status"], made["backup_id"]) == ("Ready", planned["backup_id"])
    assert made["name"] == "nightly-20260201T060005Z"
    assert client.get(f"/backups/{made['backup_id']}", version=version).json == made
    assert following["scheduled_execution_at"] == "2026-02-02T06:00:00.000000Z"


def test_the_history_comes_in_pages(client: Client, service: Service, clock: Clock) -> None:
    make(client)
    path = f"/backup-schedules/{schedule(client)['schedule_id']}/history"
    assert service.jobs is not None
    for day in range(1, 6):
        clock.now = datetime(2026, 2, day, 7, tzinfo=UTC)
        service.jobs.run_schedules()
    pages = walk(client, path, 2)
    assert [len(page) for page in pages] == [2, 2, 2]
    times = [run["name"] for page in pages for run in page]
    assert times == sorted(times, reverse=True)


# -- keys with a limit ------------------------------------------------------------------------------------------------


def test_a_key_lists_only_the_backups_and_jobs_of_what_it_may_use(client: Client) -> None:
    make(client)
    make(client, name="books")
    mine = back_up(client)
    restore(client, back_up(client, index="books"), "books-again")
    client.keys["films only"] = replace(OWNER, index="films")
    assert client.get("/backups", key="films only").json == {"data": [mine]}
    assert client.get("/restore-jobs", key="films only").json == {"data": []}
