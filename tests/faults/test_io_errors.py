"""The disk fails at call N, for every N: a clean error, a readable store, nothing half done, and writing goes on."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest

from faults.sql_workload import Opener, SqlWorkload, Workload
from faults.vfs import Fault, FaultyVFS
from pinyon.errors import BusyError, PinyonError, ReadOnlyError, StorageError, StorageFullError

STEPS = 6
Kind = Literal["io", "full", "short"]


def drive(
    opener: Opener, folder: Path, vfs: FaultyVFS, fault: Fault
) -> tuple[int, PinyonError | None, Workload | None]:
    """Applies steps until one fails. Gives the acknowledged steps, the error, and the store if it opened."""
    vfs.fault = fault
    store: Workload | None = None
    acknowledged = 0
    try:
        store = opener(folder, vfs.name)
        for step in range(1, STEPS + 1):
            store.apply(step)
            acknowledged = step
    except PinyonError as error:
        return acknowledged, error, store
    return acknowledged, None, store


def count_calls(opener: Opener, folder: Path, error: Kind) -> int:
    with FaultyVFS() as vfs:
        fault = Fault(at=1 << 60, error=error)
        acknowledged, failure, store = drive(opener, folder, vfs, fault)
        assert (acknowledged, failure) == (STEPS, None)
        assert store is not None
        store.close()
    return fault.count


def fail_at(opener: Opener, folder: Path, number: int, error: Kind, forever: bool) -> PinyonError | None:
    folder.mkdir()
    with FaultyVFS() as vfs:
        fault = Fault(number, error, forever)
        acknowledged, failure, store = drive(opener, folder, vfs, fault)
        vfs.fault = None  # space was freed, the cable is in again
        if failure is None:
            assert acknowledged == STEPS
        if store is not None:
            in_doubt = acknowledged if failure is None else acknowledged + 1
            held = store.check(acknowledged, in_doubt)
            if failure is not None:
                go_on(store, held, fault)
                held = store.check(held, held + 1)
            acknowledged = held
            store.close()
    again = opener(folder, None)
    held = again.check(acknowledged, acknowledged + (failure is not None))
    again.apply(held + 1)
    again.check(held + 1, held + 1)
    again.close()
    return failure


def go_on(store: Workload, held: int, fault: Fault) -> None:
    """The next write works, unless a failed sync has made the store read-only until it is opened again."""
    if "sync" not in fault.hits:
        store.apply(held + 1)
        return
    # A sync that failed while the store was being opened, or in a checkpoint after the commit, need not close it.
    with suppress(ReadOnlyError):
        store.apply(held + 1)


CASES: list[tuple[Kind, bool]] = [(kind, forever) for kind in ("io", "full", "short") for forever in (False, True)]


@pytest.mark.parametrize(("error", "forever"), CASES, ids=[f"{kind}-{'on' if on else 'once'}" for kind, on in CASES])
def test_an_error_at_any_call_is_clean_and_loses_nothing(tmp_path: Path, error: Kind, forever: bool) -> None:
    (tmp_path / "count").mkdir()
    calls = count_calls(SqlWorkload, tmp_path / "count", error)
    assert calls > 20
    failures: list[PinyonError] = []
    for number in range(1, calls + 1):
        failure = fail_at(SqlWorkload, tmp_path / str(number), number, error, forever)
        if failure is not None:
            failures.append(failure)
    assert len(failures) > 5
    for failure in failures:
        assert isinstance(failure, PinyonError)
        assert not isinstance(failure, BusyError)
        if error != "io":
            assert isinstance(failure, StorageFullError), failure
            assert "free" in failure.message.lower()


def test_a_failed_sync_makes_the_store_read_only_until_it_is_opened_again(tmp_path: Path) -> None:
    with FaultyVFS() as vfs:
        store = SqlWorkload(tmp_path, vfs.name)
        store.apply(1)
        vfs.fault = Fault(1, calls=("sync",))
        with pytest.raises(StorageError):
            store.apply(2)
        assert vfs.fault.hits == ["sync"]
        for _ in range(2):
            with pytest.raises(ReadOnlyError, match="sync to disk failed"):
                store.apply(2)
        held = store.check(1, 2)
        store.close()
    again = SqlWorkload(tmp_path, None)
    again.check(held, 2)
    again.apply(2)
    again.check(2, 2)
    again.close()


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is a thing of POSIX")
def test_a_file_size_limit_gives_a_short_write_and_a_clean_error(tmp_path: Path) -> None:
    """The operating system's own short write, in a process of its own."""
    script = f"""
import resource, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from faults.sql_workload import SqlWorkload
from pinyon.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqlWorkload(Path(sys.argv[1]), None)
done = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
try:
    for step in range(1, 200):
        store.apply(step)
        done = step
except StorageError as error:
    print(type(error).__name__)
store.check(done, done + 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.apply(done + 1)
store.check(done + 1, done + 1)
store.close()
print(done)
"""
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    name, done = run.stdout.split()
    assert name in ("StorageError", "StorageFullError")
    again = SqlWorkload(tmp_path, None)
    again.check(int(done) + 1, int(done) + 1)
    again.close()
