"""Several processes on one directory: each sees what the others committed, writers queue, and a fork harms nobody."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.places import Other, Processes
from pinyon.engine import Database, Index
from pinyon.errors import BusyError, NotFoundError
from pinyon.limits import Limits
from pinyon.types import IndexSpec, Query

D = 4

# Answers each line of its input, a Python expression over `database` and `index`, with one line of JSON.
ANSWERING = """
import json, sys
from pinyon.engine import Database
from pinyon.errors import PinyonError
from pinyon.types import IndexSpec, Query
with Database(sys.argv[1]) as database:
    index = database.index("films")
    ids = lambda vector, **more: [m.id for m in index.query("", Query(10, vector=vector, **more)).matches]
    metadata = lambda id: index.fetch("", [id])[id].metadata
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            answer = eval(line)
        except PinyonError as error:
            answer = type(error).__name__
        print(json.dumps(answer), flush=True)
"""


def unit(place: int) -> list[float]:
    return [1.0 if at == place else 0.0 for at in range(D)]


@pytest.fixture
def index(disk: Database) -> Index:
    disk.create_index(IndexSpec("films", D, "dotproduct"))
    return disk.index("films")


@pytest.fixture
def other(disk: Database, index: Index, run_python: Processes) -> Other:
    """Another process with its own handle on the index, open and with its first answers given."""
    index.upsert("", ["a", "b"], [unit(0), unit(1)], metadata=[{"n": 1}, {"n": 2}])
    other = run_python(ANSWERING, disk.path)
    other.says("ready")
    asked(other, "ids([1, 0.5, 0, 0])", ["a", "b"])
    return other


def asked(other: Other, expression: str, expected: Any) -> None:
    other.tell(expression)
    other.says(json.dumps(expected))


# -- commits of others ------------------------------------------------------------------------------------------------


def test_a_process_sees_the_records_of_another_at_its_next_call(index: Index, other: Other) -> None:
    index.upsert("", ["c"], [[2.0, 0.0, 0.0, 0.0]], metadata=[{"n": 3}])
    asked(other, "ids([1, 0.5, 0, 0])", ["c", "a", "b"])
    index.upsert("", ["a"], [unit(3)])
    asked(other, "ids([1, 0.5, 0, 0])", ["c", "b", "a"])
    index.update("", "b", set_metadata={"n": 9, "new": True})
    asked(other, "metadata('b')", {"n": 9, "new": True})
    asked(other, "ids([1, 0.5, 0, 0], filter={'n': {'$gte': 3}})", ["c", "b"])
    index.delete("", ["c"])
    asked(other, "ids([1, 0.5, 0, 0])", ["b", "a"])
    asked(other, "index.count('')", 2)
    index.upsert("more", ["x"], [unit(0)])
    asked(other, "dict(index.stats().namespaces)", {"": 2, "more": 1})
    index.delete_all("")
    asked(other, "ids([1, 0.5, 0, 0])", [])
    index.upsert("", ["z"], [unit(0)])
    asked(other, "ids([1, 0.5, 0, 0])", ["z"])
    index.delete_namespace("more")
    asked(other, "index.describe_namespace('more').record_count", "NotFoundError")


def test_both_processes_write_and_both_read(index: Index, other: Other) -> None:
    for turn in range(5):
        asked(other, f"index.upsert('', ['theirs-{turn}'], [[0, 0, 1, {turn}]]).count", 1)
        index.upsert("", [f"ours-{turn}"], [[0.0, 0.0, 2.0, turn]])
        found = index.query("", Query(3, vector=unit(2))).matches
        assert found[0].id == "ours-0"
        asked(other, "index.count('')", 4 + 2 * turn)
        assert index.count("") == 4 + 2 * turn
    asked(other, "index.delete('', ['ours-0']).count", 1)
    assert index.query("", Query(1, vector=unit(2))).matches[0].id == "ours-1"
    assert index.fetch("", ["ours-0"]) == {}


def test_indexes_made_configured_and_deleted_are_seen(disk: Database, index: Index, other: Other) -> None:
    disk.create_index(IndexSpec("books", 2, "cosine"))
    asked(other, "[spec.name for spec in database.list_indexes()]", ["books", "films"])
    disk.configure_index("films", tags={"team": "a"}, deletion_protection=True)
    asked(other, "dict(database.describe_index('films').tags)", {"team": "a"})
    asked(other, "database.delete_index('films')", "ForbiddenError")
    asked(other, "database.delete_index('books')", None)
    assert not disk.has_index("books")
    asked(other, "database.index('books')", "NotFoundError")


def test_a_handle_on_an_index_that_another_process_deleted_is_refused(
    disk: Database, index: Index, other: Other
) -> None:
    disk.delete_index("films")
    for call in (
        "ids([1, 0, 0, 0])",
        "index.fetch('', ['a'])",
        "index.stats()",
        "index.count('')",
        "index.list_ids('')",
        "index.upsert('', ['new'], [[1, 0, 0, 0]])",
        "index.delete('', ['a'])",
        "index.update('', 'a', set_metadata={'x': 1})",
        "index.create_namespace('n')",
        "database.index('films')",
    ):
        asked(other, call, "NotFoundError")
    disk.create_index(IndexSpec("films", 2, "cosine"))
    disk.index("films").upsert("", ["fresh"], [[1.0, 0.0]])
    asked(other, "ids([1, 0, 0, 0])", "NotFoundError")
    asked(other, "index.upsert('', ['new'], [[1, 0, 0, 0]])", "NotFoundError")
    asked(other, "list(database.index('films').fetch('', ['fresh']))", ["fresh"])
    assert disk.index("films").count("") == 1


def test_our_handle_on_an_index_that_another_process_deleted_is_refused(index: Index, other: Other) -> None:
    asked(other, "database.delete_index('films')", None)
    with pytest.raises(NotFoundError, match="'films' was deleted"):
        index.query("", Query(1, vector=unit(0)))
    with pytest.raises(NotFoundError, match="'films' was deleted"):
        index.upsert("", ["a"], [unit(0)])


def test_a_restored_index_is_seen_and_written_by_both(disk: Database, index: Index, other: Other) -> None:
    backup = disk.create_backup("films")
    asked(other, f"database.restore_backup({backup.id!r}, 'again').name", "again")
    restored = disk.index("again")
    assert restored.count("") == 2
    restored.upsert("", ["c"], [unit(2)])
    asked(other, "database.index('again').count('')", 3)
    asked(other, "index.count('')", 2)


# -- writers queue ----------------------------------------------------------------------------------------------------

COMMITTING = """
import sys
import numpy as np
from pinyon.engine import Database
name, commits = sys.argv[2], int(sys.argv[3])
with Database(sys.argv[1]) as database:
    index = database.index("films")
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(commits):
        ids = [f"{name}-{turn}-{part}" for part in range(3)]
        index.upsert("", ids, np.full((3, 4), turn + 1.0), metadata=[{"who": name, "turn": turn}] * 3)
        if turn % 10 == 9:
            assert index.delete("", [f"{name}-{turn - 1}-0"]).count == 1
"""


def test_two_writers_queue_and_readers_see_whole_commits(disk: Database, index: Index, run_python: Processes) -> None:
    """200 commits each, from two processes, while this one reads: nobody fails, nobody waits for ever."""
    writers = [run_python(COMMITTING, disk.path, name, 200) for name in ("left", "right")]
    for writer in writers:
        writer.says("ready")
    for writer in writers:
        writer.tell("go")
    reads = 0
    while any(writer.process.poll() is None for writer in writers):
        for name in ("left", "right"):
            turn = int(np.random.default_rng().integers(0, 200))
            filter = {"who": name, "turn": turn}
            found = index.query("", Query(10, vector=unit(0), filter=filter, include_metadata=True)).matches
            assert len(found) in ({0, 3} if turn % 10 != 8 else {0, 2, 3})
            assert all(match.score == turn + 1.0 for match in found)
            reads += 1
    for writer in writers:
        writer.ends(timeout=120)
    assert reads > 10
    assert index.count("") == 2 * (600 - 20)
    assert index.read(lambda view: view.meta("lsn")) == 2 * 220
    with Database(Path(str(disk.path))) as fresh:
        held = {record.id: record for record in fresh.index("films").iterate("")}
        assert len(held) == 2 * (600 - 20)
        assert fresh.verify() == []


HOLDING = """
import sys
from pinyon.engine import Database
with Database(sys.argv[1]) as database:
    with database.index("films").truth.write():
        print("holding", flush=True)
        sys.stdin.readline()
"""


def test_a_writer_waits_for_its_turn_and_says_why_when_it_gives_up(
    disk: Database, index: Index, run_python: Processes
) -> None:
    holder = run_python(HOLDING, disk.path)
    holder.says("holding")
    assert disk.path is not None
    with Database(disk.path, limits=Limits(write_wait=0.2)) as impatient:
        with pytest.raises(BusyError, match=r"another writer.*0\.2 s.*Try again"):
            impatient.index("films").upsert("", ["a"], [unit(0)])
        assert impatient.index("films").count("") == 0, "readers go on"
    holder.tell("go on")
    index.upsert("", ["a"], [unit(0)])
    holder.ends()


# -- forks ------------------------------------------------------------------------------------------------------------

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this platform has no fork: processes start afresh there"
)

FORKING = """
import os, signal, sys, threading, time, warnings
import numpy as np
from pinyon.engine import Database
from pinyon.types import IndexSpec, Query

warnings.simplefilter("ignore", DeprecationWarning)  # that a forked process had threads is the point
where, forks = sys.argv[1], int(sys.argv[2])
database = Database(where)
if not database.has_index("films"):
    database.create_index(IndexSpec("films", 4, "dotproduct"))
index = database.index("films")
index.upsert("", [f"base-{at}" for at in range(300)], np.random.default_rng(1).normal(size=(300, 4)))
stop = threading.Event()
written, errors = [], []

def guarded(work):
    def run():
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            errors.append(error)
            stop.set()
    return run

def write():
    name = f"parent-{len(written)}"
    index.upsert("", [name], [[1.0, 2.0, 3.0, len(written)]], metadata=[{"at": len(written)}])
    written.append(name)
    time.sleep(0.001)

def read():
    assert len(index.query("", Query(10, vector=[1.0, 0, 0, 0], include_metadata=True)).matches) == 10
    assert len(index.fetch("", [f"base-{at}" for at in range(20)])) == 20

def child(number):
    seen = index.count("")
    assert seen >= 300, seen
    for at in range(10):
        index.upsert("", [f"child-{number}-{at}"], [[9.0, 9.0, 9.0, at]], metadata=[{"child": number}])
        found = index.query("", Query(20, vector=[0, 0, 0, 1.0], filter={"child": number})).matches
        assert [match.id for match in found] == [f"child-{number}-{i}" for i in range(at, -1, -1)], found
    threading.Thread(target=read).start()
    with Database(where) if where != ":memory:" else database as again:
        assert len(again.index("films").fetch("", [f"child-{number}-{at}" for at in range(10)])) == 10

def wait(pid, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hung"

threads = [threading.Thread(target=guarded(work)) for work in (write, read, read)]
for thread in threads:
    thread.start()
outcomes = []
for number in range(forks):
    time.sleep(0.02)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            import faulthandler
            faulthandler.dump_traceback_later(15)
            child(number)
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    outcomes.append(wait(pid, 20))
    if outcomes[-1] != 0:
        break
stop.set()
for thread in threads:
    thread.join(30)
    assert not thread.is_alive(), "a thread of the parent hangs"
assert not errors, errors
assert outcomes == [0] * forks, outcomes
children = 0 if where == ":memory:" else forks
expected = {f"base-{at}" for at in range(300)} | set(written)
expected |= {f"child-{number}-{at}" for number in range(children) for at in range(10)}
held = {record.id for record in index.iterate("")}
assert held == expected, (sorted(expected - held)[:5], sorted(held - expected)[:5])
index.upsert("", ["after"], [[1.0, 1.0, 1.0, 1.0]])
assert database.verify() == []
database.close()
if where != ":memory:":
    with Database(where) as fresh:
        assert {record.id for record in fresh.index("films").iterate("")} == expected | {"after"}
        assert fresh.verify() == []
print("done")
"""


@needs_fork
@pytest.mark.parametrize("place", ["memory", "disk"])
def test_a_fork_in_the_middle_of_everything_harms_neither_side(
    place: str, tmp_path: Path, run_python: Processes
) -> None:
    """Threads of the parent read and write at each fork; the child goes on with the handles that it inherited."""
    where = ":memory:" if place == "memory" else tmp_path / "data"
    assert run_python(FORKING, where, 12).ends(timeout=120) == "done\n"


FORKED_AND_GONE = """
import os, sys, warnings
from pinyon.engine import Database
from pinyon.errors import FailedPreconditionError
warnings.simplefilter("ignore", DeprecationWarning)
with Database(sys.argv[1]) as database:
    index = database.index("films")
    index.count("")
    with index.truth.write():
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                try:
                    index.upsert("", ["child"], [[1.0, 0, 0, 0]])
                except FailedPreconditionError as error:
                    assert "forked" in str(error) and "spawn" in str(error), error
                    database.close()
                    code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        print("holding", flush=True)
        sys.stdin.readline()
    index.upsert("", ["later"], [[1.0, 0, 0, 0]])
"""


@needs_fork
def test_a_child_forked_inside_a_transaction_is_refused_and_leaves_the_locks_of_its_parent(
    disk: Database, index: Index, run_python: Processes
) -> None:
    index.upsert("", ["a"], [unit(0)])
    holder = run_python(FORKED_AND_GONE, disk.path)
    holder.says("holding")
    assert disk.path is not None
    with Database(disk.path, limits=Limits(write_wait=0.2)) as impatient, pytest.raises(BusyError):
        impatient.index("films").upsert("", ["b"], [unit(1)])
    holder.tell("go on")
    holder.ends()
    assert index.list_ids("") == (["a", "later"], None)


CHILD_OUTLIVES_PARENT = """
import os, sys, time
from pinyon.engine import Database
database = Database(sys.argv[1])
index = database.index("films")
index.upsert("", ["parent"], [[1.0, 0, 0, 0]])
told, tell = os.pipe()  # the child waits here: of one standard input either could take the other's line
pid = os.fork()
if pid == 0:
    index.upsert("", ["child-1"], [[1.0, 0, 0, 0]])
    print("written", flush=True)
    os.read(told, 1)
    index.upsert("", ["child-2"], [[1.0, 0, 0, 0]])
    found = sorted(record.id for record in index.iterate(""))
    database.close()
    print(found == ["child-1", "child-2", "parent"], flush=True)
    os._exit(0)
sys.stdin.readline()
database.close()
print("closed", flush=True)
sys.stdin.readline()
os.write(tell, b"!")
os.waitpid(pid, 0)
"""


@needs_fork
def test_a_child_goes_on_writing_when_its_parent_has_closed_the_database(tmp_path: Path, run_python: Processes) -> None:
    """The last one out folds the write-ahead log into the file and removes it: a child must not be counted out."""
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("films", D, "dotproduct"))
    family = run_python(CHILD_OUTLIVES_PARENT, tmp_path / "data")
    family.says("written")
    family.tell("parent: close")
    family.says("closed")
    family.tell("child: write")
    family.says("True")
    family.ends()
    with Database(tmp_path / "data") as database:
        assert database.index("films").list_ids("") == (["child-1", "child-2", "parent"], None)
        assert database.verify() == []


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file stays in its folder on Windows")
def test_nothing_is_left_open_after_a_hundred_opens(disk: Database, index: Index) -> None:
    index.upsert("", ["a"], [unit(0)])
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("open files are listed on Linux only")
    assert disk.path is not None
    before = len(list(folder.iterdir()))
    for _ in range(100):
        with Database(disk.path) as database:
            assert database.index("films").count("") == 1
    assert len(list(folder.iterdir())) <= before + 2
