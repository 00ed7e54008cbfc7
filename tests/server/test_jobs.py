"""Background work of a server process: it is done once, by somebody, also after a kill."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pinyon import engine
from pinyon.errors import NotFoundError
from pinyon.server import restoring, scheduling
from pinyon.server.jobs import LEASE, Jobs
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from pinyon.wire.backups import NewSchedule, ScheduleChange
from server.clients import Client, PortAddresses, WordModels
from waiting import eventually

NOW = datetime(2026, 1, 31, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SOON = 20.0
"""Seconds within which a thread has surely done a small thing."""


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def process(folder: Path | str) -> Iterator[Service]:
    """A service with a database of its own, as every worker process has one."""
    with engine.Database(folder) as database:
        yield Service(Settings(), database, WordModels(), PortAddresses())


@pytest.fixture(params=["memory", "disk"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    with process(":memory:" if request.param == "memory" else tmp_path / "data") as service:
        yield service


@pytest.fixture
def client(service: Service) -> Client:
    return Client(service)


def fill(service: Service, name: str = "films") -> None:
    service.database.create_index(IndexSpec(name, 2, "cosine"))
    service.database.index(name).upsert("", ["a", "b"], [[1.0, 2.0], [2.0, 1.0]])


def begin(service: Service, name: str = "again") -> dict[str, Any]:
    """A restore that nobody does yet."""
    info = service.database.create_backup("films")
    spec = IndexSpec(name, 2, "cosine", tags={"a": "b"})
    return restoring.begin(service, spec, info.id, notes={"source_backup_id": info.id}, as_job=True)


def job_of(service: Service, entry: dict[str, Any]) -> dict[str, Any]:
    found = service.database.registry.get(restoring.JOBS, entry["restore_job_id"])
    assert found is not None
    return found


# -- threads ----------------------------------------------------------------------------------------------------------


def test_what_a_handler_begins_is_done_at_once(client: Client, service: Service) -> None:
    fill(service)
    jobs = Jobs(service, poll=3600)
    jobs.start()
    try:
        backup_id = client.post("/indexes/films/backups", {}).json["backup_id"]
        assert client.post(f"/backups/{backup_id}/create-index", {"name": "again"}).status == 202
        assert eventually(lambda: bool(client.get("/indexes/again").json["status"]["ready"]))
        assert service.database.index("again").stats().total == 2
    finally:
        assert jobs.stop()


def test_a_collection_is_copied_at_once(client: Client, service: Service) -> None:
    service.database.create_index(IndexSpec("pods", 2, "cosine", deployment={"pod": {"environment": "e"}}))
    jobs = Jobs(service, poll=3600)
    jobs.start()
    try:
        assert client.post("/collections", {"name": "copy", "source": "pods"}).status == 201
        assert eventually(lambda: client.get("/collections/copy").json["status"] == "Ready")
    finally:
        assert jobs.stop()


def test_work_that_was_left_is_done_at_the_start(service: Service) -> None:
    fill(service)
    entry = begin(service)
    jobs = Jobs(service, poll=3600)
    jobs.start()
    try:
        assert eventually(lambda: job_of(service, entry)["status"] == "Completed")
    finally:
        assert jobs.stop()


def test_work_of_another_process_is_found_by_and_by(tmp_path: Path) -> None:
    with process(tmp_path / "data") as one, process(tmp_path / "data") as other:
        fill(one)
        jobs = Jobs(other, poll=0.05)
        jobs.start()
        try:
            entry = begin(one)
            assert eventually(lambda: job_of(one, entry)["status"] == "Completed")
            assert one.database.index("again").stats().total == 2
        finally:
            assert jobs.stop()


def test_stopping_is_prompt_and_starting_again_works(service: Service) -> None:
    jobs = Jobs(service, poll=3600)
    for _ in range(3):
        jobs.start()
        jobs.start()
        begun = time.monotonic()
        assert jobs.stop()
        assert time.monotonic() - begun < SOON
    assert not [thread for thread in threading.enumerate() if thread.name in ("pinyon-jobs", "pinyon-schedules")]


def test_a_read_only_server_has_no_jobs(tmp_path: Path) -> None:
    with process(tmp_path / "data"):
        pass
    with engine.Database(tmp_path / "data", read_only=True) as database:
        jobs = Jobs(Service(Settings(), database, WordModels(), PortAddresses()))
        jobs.start()
        assert not [thread for thread in threading.enumerate() if thread.name == "pinyon-jobs"]
        assert jobs.stop()


def test_an_entry_that_nobody_understands_does_not_stop_the_others(service: Service) -> None:
    fill(service)
    service.database.registry.put(restoring.PENDING, "aaa", {"name": "aaa"})
    entry = begin(service)
    Jobs(service).do_work()
    assert job_of(service, entry)["status"] == "Completed"


# -- once, and after a kill -------------------------------------------------------------------------------------------


def test_two_processes_do_the_work_once(tmp_path: Path) -> None:
    with process(tmp_path / "data") as one, process(tmp_path / "data") as other:
        fill(one)
        entries = [begin(one, f"again-{number}") for number in range(8)]
        threads = [threading.Thread(target=Jobs(service).do_work) for service in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert {job_of(one, entry)["status"] for entry in entries} == {"Completed"}
        for entry in entries:
            assert one.database.entry(entry["name"]).uuid == entry["uuid"]
        files = {path.name for path in (tmp_path / "data" / "indexes").glob("*.sqlite")}
        assert len(files) == 9, "nothing was restored twice"


def test_what_a_killed_process_was_doing_is_done_by_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with process(data) as service:
        fill(service)
        entry = begin(service)
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HALF_WAY), str(data), entry["name"]], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"half way\n"
            Jobs(service).do_work()
            assert job_of(service, entry)["status"] == "InProgress", "the other process is at it"
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        Jobs(service).do_work()
        assert job_of(service, entry)["status"] == "Completed"
        assert service.database.index("again").stats().total == 2
        assert service.database.entry("again").uuid == entry["uuid"]
        assert service.database.verify("again") == []


HALF_WAY = """
    import sys, time
    from pathlib import Path
    from pinyon import engine

    database = engine.Database(Path(sys.argv[1]))
    entry = database.registry.get("pending_index", sys.argv[2])
    with database.lease(f"restore-{entry['uuid']}") as mine:
        assert mine
        with database.registry.edit("restore_job", entry["restore_job_id"]) as slot:
            slot.value["status"] = "InProgress"
        (Path(sys.argv[1]) / "indexes" / f"{entry['uuid']}.sqlite").write_bytes(b"half a file")
        print("half way", flush=True)
        time.sleep(600)
"""


def test_a_kill_right_after_the_index_was_made_leaves_a_finished_index(service: Service) -> None:
    fill(service)
    entry = begin(service)
    service.database.restore_backup(entry["backup_id"], "again", uuid=entry["uuid"])
    Jobs(service).do_work()
    assert job_of(service, entry)["status"] == "Completed"
    assert restoring.pending(service, "again") is None
    assert service.database.index("again").stats().total == 2


def test_an_index_that_took_the_name_meanwhile_stays(service: Service) -> None:
    fill(service)
    entry = begin(service)
    service.database.create_index(IndexSpec("again", 7, "cosine"))
    Jobs(service).do_work()
    assert job_of(service, entry)["status"] == "Failed"
    assert restoring.pending(service, "again") is None
    assert service.database.describe_index("again").dimension == 7


def test_an_index_that_is_deleted_while_it_is_made_does_not_come_back(service: Service) -> None:
    fill(service)
    entry = begin(service)
    service.database.restore_backup(entry["backup_id"], "again", deletion_protection=True, uuid=entry["uuid"])
    assert restoring.cancel(service, "again")
    restoring._finish(service, entry)
    assert not service.database.has_index("again")
    assert job_of(service, entry)["status"] == "Failed"


def test_old_restore_jobs_are_forgotten(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "_JOBS_KEPT", 3)
    fill(service)
    entries = [begin(service, f"again-{number}") for number in range(5)]
    Jobs(service).do_work()
    kept = {job["target_index_name"] for job in service.database.registry.list(restoring.JOBS)}
    assert kept == {entry["name"] for entry in entries[2:]}


# -- schedules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "slot", "day", "following"),
    [
        ("daily", "2026-02-28T06:00", 31, "2026-03-01T06:00"),
        ("weekly", "2026-12-30T06:00", 30, "2027-01-06T06:00"),
        ("monthly", "2026-01-31T06:00", 31, "2026-02-28T06:00"),
        ("monthly", "2026-02-28T06:00", 31, "2026-03-31T06:00"),
        ("monthly", "2026-11-15T06:00", 15, "2026-12-15T06:00"),
        ("monthly", "2026-12-15T06:00", 15, "2027-01-15T06:00"),
        ("monthly", "2028-01-31T06:00", 31, "2028-02-29T06:00"),
    ],
)
def test_runs_follow_the_calendar(frequency: str, slot: str, day: int, following: str) -> None:
    assert scheduling.following(frequency, datetime.fromisoformat(slot), day) == datetime.fromisoformat(following)


def plan(service: Service, clock: Clock, frequency: str = "daily", keep: int = 3) -> dict[str, Any]:
    return scheduling.create(service, "films", NewSchedule("nightly", frequency, keep), "pinyon", clock())


def backups_of(service: Service) -> list[str]:
    return [info.name for info in reversed(service.database.list_backups("films"))]


def at(clock: Clock, jobs: Jobs, moment: datetime) -> None:
    """The schedules look at a certain time."""
    clock.now = moment
    jobs.run_schedules()


def test_a_backup_is_made_when_it_is_due_and_not_before(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    plan(service, clock)
    at(clock, jobs, NOW + DAY - timedelta(seconds=1))
    assert backups_of(service) == []
    at(clock, jobs, NOW + DAY)
    at(clock, jobs, NOW + DAY)
    assert backups_of(service) == ["nightly-20260201T060000Z"]
    at(clock, jobs, NOW + 2 * DAY)
    assert backups_of(service) == ["nightly-20260201T060000Z", "nightly-20260202T060000Z"]
    assert jobs.failures == {}


def test_the_cadence_stays_when_a_run_is_late(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    at(clock, jobs, NOW + DAY + timedelta(hours=5))
    assert scheduling.get(service, made["schedule_id"])["next_scheduled_run"] == "2026-02-02T06:00:00.000000Z"


def test_runs_that_were_missed_are_made_up_for_once(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    for _ in range(3):
        at(clock, jobs, NOW + 10.5 * DAY)
    assert backups_of(service) == ["nightly-20260210T180000Z"]
    assert scheduling.moment(scheduling.get(service, made["schedule_id"])["next_scheduled_run"]) > clock.now


def test_a_disabled_schedule_does_not_run(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    scheduling.change(service, made["schedule_id"], ScheduleChange(None, None, False), clock())
    at(clock, jobs, NOW + 2 * DAY)
    assert backups_of(service) == []


def test_backups_are_dropped_when_their_time_is_over(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock, keep=2)
    mine = service.database.create_backup("films", name="by hand")
    for day in range(1, 6):
        at(clock, jobs, NOW + day * DAY)
    assert backups_of(service) == ["by hand", "nightly-20260204T060000Z", "nightly-20260205T060000Z"]
    assert len(scheduling.runs(service, made["schedule_id"])) == 2
    assert service.database.describe_backup(mine.id) == mine


def test_a_new_retention_counts_for_backups_that_are_there(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock, keep=30)
    for day in range(1, 5):
        at(clock, jobs, NOW + day * DAY)
    assert len(backups_of(service)) == 4
    scheduling.change(service, made["schedule_id"], ScheduleChange(None, 1, None), clock())
    jobs.run_schedules()
    assert backups_of(service) == ["nightly-20260204T060000Z"]


def test_backups_of_a_deleted_schedule_stay_for_ever(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock, keep=1)
    at(clock, jobs, NOW + DAY)
    scheduling.delete(service, made["schedule_id"])
    at(clock, jobs, NOW + 100 * DAY)
    assert len(backups_of(service)) == 1


def test_a_backup_that_is_being_restored_is_not_dropped(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock, keep=1)
    at(clock, jobs, NOW + DAY)
    scheduling.change(service, made["schedule_id"], ScheduleChange(None, None, False), clock())
    (info,) = service.database.list_backups("films")
    restoring.begin(service, IndexSpec("again", 2, "cosine"), info.id, notes={}, as_job=True)
    at(clock, jobs, NOW + 10 * DAY)
    assert len(backups_of(service)) == 1
    jobs.do_work()
    jobs.run_schedules()
    assert backups_of(service) == []
    assert service.database.index("again").stats().total == 2


def test_a_backup_that_somebody_deleted_leaves_the_history(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    at(clock, jobs, NOW + DAY)
    service.database.delete_backup(service.database.list_backups("films")[0].id)
    jobs.run_schedules()
    assert scheduling.runs(service, made["schedule_id"]) == []


def test_a_schedule_of_an_index_that_is_gone_goes_as_well(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    service.database.delete_index("films")
    fill(service)
    at(clock, jobs, NOW + DAY)
    assert backups_of(service) == []
    with pytest.raises(NotFoundError):
        scheduling.get(service, made["schedule_id"])


def test_a_failed_backup_is_counted_and_the_next_one_is_planned(tmp_path: Path) -> None:
    with process(tmp_path / "data") as service:
        client = Client(service)
        fill(service)
        clock = Clock()
        jobs = Jobs(service, clock=clock)
        made = plan(service, clock)
        (tmp_path / "data" / "backups").write_text("in the way")
        at(clock, jobs, NOW + DAY)
        assert jobs.failures == {"films": 1}
        path = f"/backup-schedules/{made['schedule_id']}/history"
        planned, failed = client.get(path, version="2026-07").json["data"]
        assert failed["status"] == "InitializationFailed"
        assert planned["scheduled_execution_at"] == "2026-02-02T06:00:00.000000Z"
        (tmp_path / "data" / "backups").unlink()
        at(clock, jobs, NOW + 2 * DAY)
        assert backups_of(service) == ["nightly-20260202T060000Z"]
        assert jobs.failures == {"films": 1}
        clock.now = NOW + 30 * DAY
        scheduling.expire(service, clock.now)
        assert scheduling.runs(service, made["schedule_id"]) == []


def test_a_kill_between_a_backup_and_its_note_does_not_make_two(service: Service) -> None:
    fill(service)
    clock = Clock()
    jobs = Jobs(service, clock=clock)
    made = plan(service, clock)
    service.database.create_backup("films", name="nightly-1", backup_id=made["next_backup_id"])
    at(clock, jobs, NOW + DAY)
    assert backups_of(service) == ["nightly-1"]
    (run,) = scheduling.runs(service, made["schedule_id"])
    assert run["name"] == "nightly-1"


def test_only_one_process_runs_schedules(tmp_path: Path) -> None:
    with process(tmp_path / "data") as one, process(tmp_path / "data") as other:
        fill(one)
        plan(one, Clock())
        clock = Clock()
        clock.now = NOW + DAY
        both = [Jobs(service, clock=clock, poll=0.02) for service in (one, other)]
        for jobs in both:
            jobs.start()
        try:
            assert eventually(lambda: len(backups_of(one)) == 1)
            with one.database.lease(LEASE) as mine:
                assert not mine
            clock.now = NOW + 2 * DAY
            assert eventually(lambda: len(backups_of(one)) == 2)
        finally:
            stopped = [jobs.stop() for jobs in both]
        assert stopped == [True, True]
        assert backups_of(one) == ["nightly-20260201T060000Z", "nightly-20260202T060000Z"]


def test_another_process_goes_on_with_the_schedules(tmp_path: Path) -> None:
    with process(tmp_path / "data") as one, process(tmp_path / "data") as other:
        fill(one)
        clock = Clock()
        plan(one, clock)
        first, second = Jobs(one, clock=clock, poll=0.02), Jobs(other, clock=clock, poll=0.02)
        first.start()
        assert eventually(lambda: not _is_free(other))
        second.start()
        assert first.stop()
        clock.now = NOW + DAY
        try:
            assert eventually(lambda: len(backups_of(other)) == 1)
        finally:
            assert second.stop()


def _is_free(service: Service) -> bool:
    with service.database.lease(LEASE) as mine:
        return mine


def test_a_schedule_made_here_is_noticed_at_once(service: Service) -> None:
    fill(service)
    clock = Clock()
    clock.now = NOW + DAY
    jobs = Jobs(service, clock=clock, poll=3600)
    jobs.start()
    try:
        scheduling.create(service, "films", NewSchedule("nightly", "daily", 3), "pinyon", NOW)
        assert eventually(lambda: len(backups_of(service)) == 1)
    finally:
        assert jobs.stop()
