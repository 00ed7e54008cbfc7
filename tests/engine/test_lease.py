"""Leases: one holder at a time, in this process or another, until it lets go or is gone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinyon import engine
from pinyon.engine.lease import FOLDER
from pinyon.errors import ReadOnlyError

HOLDER = """
    import sys, time
    from pinyon import engine

    with engine.Database(sys.argv[1]).lease("work") as mine:
        print(mine, flush=True)
        time.sleep(600)
"""


@pytest.fixture(params=["memory", "disk"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[engine.Database]:
    with engine.Database(":memory:" if request.param == "memory" else tmp_path / "data") as database:
        yield database


def test_a_lease_has_one_holder(database: engine.Database) -> None:
    with database.lease("work") as mine, database.lease("work") as again, database.lease("other") as other:
        assert (mine, again, other) == (True, False, True)
    with database.lease("work") as mine:
        assert mine


def test_whoever_did_not_get_it_takes_nothing_away(database: engine.Database) -> None:
    with database.lease("work") as mine:
        assert mine
        for _ in range(3):
            with database.lease("work") as again:
                assert not again


def test_an_error_gives_the_lease_back(database: engine.Database) -> None:
    with pytest.raises(KeyError), database.lease("work"):
        raise KeyError
    with database.lease("work") as mine:
        assert mine


def test_of_many_threads_one_at_a_time_has_it(database: engine.Database) -> None:
    holders = 0
    most = 0
    taken = 0
    counting = threading.Lock()

    def try_often() -> None:
        nonlocal holders, most, taken
        for _ in range(200):
            with database.lease("work") as mine:
                if mine:
                    with counting:
                        holders += 1
                        taken += 1
                        most = max(most, holders)
                    with counting:
                        holders -= 1

    threads = [threading.Thread(target=try_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert taken >= 1


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    with engine.Database(tmp_path / "data") as database:
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path / "data")], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"True\n"
            with database.lease("work") as mine:
                assert not mine
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        with database.lease("work") as mine:
            assert mine


def test_nothing_is_left_in_the_directory(tmp_path: Path) -> None:
    with engine.Database(tmp_path / "data") as database:
        with database.lease("work"):
            assert [path.name for path in (tmp_path / "data" / FOLDER).iterdir()] == ["work.lock"]
        assert list((tmp_path / "data" / FOLDER).iterdir()) == []


def test_a_read_only_database_gives_no_lease(tmp_path: Path) -> None:
    with engine.Database(tmp_path / "data"):
        pass
    with (
        engine.Database(tmp_path / "data", read_only=True) as database,
        pytest.raises(ReadOnlyError),
        database.lease("work"),
    ):
        pass
