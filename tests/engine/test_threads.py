"""Many threads read one index while one writes: every answer was true at one moment, and nothing is left behind.

A record of version v has a vector, a field and a place in its group that all follow from v. A group is only ever
written as a whole, so that half a commit, or a score beside the metadata of another version, cannot go unnoticed.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from oracle import close
from pinyon.engine import Database, Index, bases, maintenance, planner
from pinyon.errors import ClosedError
from pinyon.types import Floats, IndexSpec, Query

SECONDS = 60.0 if os.environ.get("PINYON_NIGHTLY") == "1" else 3.0
READERS = 4
D = 16
GROUPS, SIZE = 12, 50


def vector_of(number: int, version: int) -> Floats:
    angles = np.arange(1, D + 1) * (1 + number * 0.37 + version * 0.11)
    return np.array(np.sin(angles), np.float32)


def score_of(query: Floats, number: int, version: int) -> float:
    a, b = query.astype(np.float64), vector_of(number, version).astype(np.float64)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def members(group: int) -> range:
    return range(group * SIZE, (group + 1) * SIZE)


def names(group: int) -> list[str]:
    return [f"r{number}" for number in members(group)]


class Crew:
    """Threads that repeat their work until told to stop, or until one of them fails."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self.rounds = 0
        self._threads: list[threading.Thread] = []

    def repeat(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                while not self.stop.is_set():
                    work()
                    self.rounds += 1
            except BaseException as error:  # the test, in another thread, raises it again
                self.errors.append(error)
                self.stop.set()

        self._threads.append(threading.Thread(target=run))

    def work(self, seconds: float) -> None:
        for thread in self._threads:
            thread.start()
        self.stop.wait(seconds)
        self.stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread hangs"
        if self.errors:
            raise self.errors[0]


@pytest.fixture(params=["memory", "disk"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Its background work is busy: it codes and folds from a few hundred records on."""
    monkeypatch.setattr(bases, "SCAN_ROWS", 256)
    monkeypatch.setattr(maintenance, "STEP_ROWS", 128)
    monkeypatch.setattr(maintenance, "IDLE_ROWS", 16)
    monkeypatch.setattr(maintenance, "QUIET", 0.02)
    monkeypatch.setattr(planner, "GATHER_ROWS", 32)
    before = set(threading.enumerate())
    with Database(":memory:" if request.param == "memory" else tmp_path / "data") as database:
        yield database
    for thread in set(threading.enumerate()) - before:
        if thread.name == "pinyon-symqg":  # cannot be stopped in the middle; nobody waits for it but us
            thread.join(60)
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert left == [], "threads go with their database"
    if sys.platform == "linux":
        opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        assert [path for path in opened if path.startswith(str(tmp_path))] == [], "files go with their database"


def films(database: Database) -> Index:
    database.create_index(IndexSpec("films", D, "cosine"))
    return database.index("films")


def write_group(index: Index, group: int, version: int) -> None:
    index.upsert(
        "",
        names(group),
        np.stack([vector_of(number, version) for number in members(group)]),
        metadata=[{"number": number, "v": version, "g": group, "touched": version} for number in members(group)],
    )


def test_no_reader_ever_sees_half_a_commit_or_a_score_of_another_version(database: Database) -> None:
    index = films(database)
    for group in range(GROUPS):
        write_group(index, group, 0)
    crew = Crew()
    versions = [0] * GROUPS

    def write() -> None:
        group = random.randrange(GROUPS)
        versions[group] += 1
        version = versions[group]
        kind = random.randrange(3)
        if kind == 0:
            write_group(index, group, version)
        elif kind == 1:
            with index.batch() as batch:
                batch.delete("", names(group))
                for number in members(group):
                    batch.upsert(
                        "",
                        [f"r{number}"],
                        [vector_of(number, version)],
                        metadata=[{"number": number, "v": version, "g": group, "touched": version}],
                    )
        else:
            versions[group] -= 1
            index.update_where("", {"g": group}, {"touched": random.randrange(1_000_000)})

    def search() -> None:
        query = np.random.default_rng().normal(size=D).astype(np.float32)
        found = index.query("", Query(10, vector=query, include_metadata=True)).matches
        assert len(found) == 10
        for match in found:
            assert match.metadata is not None
            assert match.id == f"r{match.metadata['number']}"
            expected = score_of(query, int(str(match.metadata["number"])), int(str(match.metadata["v"])))
            assert close(match.score, expected), (match, expected)

    def search_a_group() -> None:
        group = random.randrange(GROUPS)
        query = vector_of(7, 3)
        found = index.query("", Query(100, vector=query, filter={"g": group}, include_metadata=True)).matches
        assert sorted(match.id for match in found) == sorted(names(group))
        held = [match.metadata or {} for match in found]
        assert len({metadata["v"] for metadata in held}) == 1, "half an upsert"
        assert len({metadata["touched"] for metadata in held}) == 1, "half an update"

    def fetch() -> None:
        group = random.randrange(GROUPS)
        found = index.fetch("", names(group))
        assert len(found) == SIZE
        held = [record.metadata or {} for record in found.values()]
        assert len({(metadata["v"], metadata["touched"]) for metadata in held}) == 1
        for record, metadata in zip(found.values(), held, strict=True):
            assert record.values is not None
            assert record.values.tolist() == vector_of(int(str(metadata["number"])), int(str(metadata["v"]))).tolist()
        assert index.count("") == GROUPS * SIZE

    crew.repeat(write)
    for at in range(READERS):
        crew.repeat((search, search_a_group, fetch, search)[at % 4])
    crew.work(SECONDS)
    assert crew.rounds > 50
    assert index.ready(timeout=60)
    assert database.verify() == []


def test_searches_keep_their_recall_and_their_number_of_hits_while_the_index_grows(database: Database) -> None:
    """What is found is compared, afterwards, with the records that existed at the LSN of the answer."""
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(60_000, D)).astype(np.float32)
    index = films(database)
    sizes: dict[int, int] = {}
    answers: list[tuple[int, Floats, list[tuple[str, float]], bool]] = []
    written = 0

    def grow() -> None:
        nonlocal written
        count = min(random.randrange(1, 400), len(rows) - written)
        if not count:
            time.sleep(0.01)
            return
        ids = [str(number) for number in range(written, written + count)]
        metadata = [{"odd": number % 2 == 1} for number in range(written, written + count)]
        result = index.upsert("", ids, rows[written : written + count], metadata=metadata)
        written += count
        sizes[result.lsn] = written

    def search() -> None:
        query = np.random.default_rng().normal(size=D).astype(np.float32)
        odd = random.random() < 0.5
        result = index.query("", Query(10, vector=query, filter={"odd": True} if odd else None))
        if len(answers) < 3_000:
            answers.append((result.lsn, query, [(match.id, match.score) for match in result.matches], odd))

    grow()
    crew = Crew()
    crew.repeat(grow)
    for _ in range(READERS):
        crew.repeat(search)
    crew.work(SECONDS)

    unit = rows.astype(np.float64) / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    hits = wanted = 0
    for lsn, query, found, odd in answers:
        scores = unit[: sizes[lsn]] @ (query.astype(np.float64) / np.linalg.norm(query.astype(np.float64)))
        eligible = np.arange(1, len(scores), 2) if odd else np.arange(len(scores))
        assert len(found) == min(10, len(eligible))
        for id_, score in found:
            assert close(score, scores[int(id_)])
            assert not odd or int(id_) % 2 == 1
        best = np.sort(scores[eligible])[::-1][: len(found)]
        hits += sum(score >= best[-1] - 1e-6 for _, score in found)
        wanted += len(found)
    assert len(answers) > 20
    assert hits >= 0.95 * wanted, (hits, wanted)
    assert index.count("") == written


def test_writers_in_many_threads_queue(database: Database) -> None:
    index = films(database)
    lsns: list[int] = []

    def write(number: int) -> None:
        for turn in range(25):
            lsns.append(index.upsert("", [f"{number}-{turn}"], [vector_of(number, turn)]).lsn)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(lsns) == list(range(1, 151))
    assert index.count("") == 150


def test_a_database_closed_under_its_readers_says_so_and_nothing_worse(database: Database) -> None:
    index = films(database)
    for group in range(GROUPS):
        write_group(index, group, 0)
    refusals: list[BaseException] = []

    def read() -> None:
        try:
            while True:
                index.query("", Query(10, vector=vector_of(1, 1)))
        except BaseException as error:  # looked at below
            refusals.append(error)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    database.close()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert [type(error) for error in refusals] == [ClosedError] * READERS, refusals
