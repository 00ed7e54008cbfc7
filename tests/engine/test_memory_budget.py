"""A memory budget is kept by all namespaces of a database together, and decides the form of those that are large."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from engine.places import SOURCE
from pinyon import Pinecone
from pinyon.distance import prepare
from pinyon.engine import Database, Index, fitting, maintenance
from pinyon.engine.budget import DEFAULT_MEMORY, Budget, check_memory, human, read_size
from pinyon.errors import InvalidRequestError
from pinyon.index import symqg
from pinyon.index.hnsw import graph_bytes
from pinyon.index.scan import code_bytes
from pinyon.types import Floats, IndexSpec, Query

N, D, K = 6_000, 32, 10
ROOMY = 10**9


def clustered(n: int, seed: int, d: int = D) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, d))
    return (centres[rng.integers(0, 40, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def best(rows: Floats, query: Floats) -> set[str]:
    scores = prepare(rows, "cosine") @ prepare(query[None], "cosine")[0]
    return {str(row) for row in np.argsort(-scores)[:K]}


def filled(index: Index, namespace: str, rows: Floats) -> None:
    index.upsert(namespace, [str(row) for row in range(len(rows))], rows, metadata={"n": list(range(len(rows)))})


def made(database: Database, name: str = "films", d: int = D, **index: object) -> Index:
    database.create_index(IndexSpec(name, d, "cosine"))
    if index:
        database.configure_index(name, index=index)
    return database.index(name)


def found(index: Index, namespace: str, query: Floats) -> set[str]:
    return {match.id for match in index.query(namespace, Query(K, vector=query)).matches}


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data", memory=ROOMY) as opened:
        yield opened


# -- saying it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("512 MiB", 512 * 2**20), ("1.5kb", 1_500), ("4_096", 4_096), ("7b", 7), ("0.5 GiB", 2**29)],
)
def test_a_size_may_have_a_unit(text: str, size: int) -> None:
    assert read_size(text) == check_memory(text) == size


@pytest.mark.parametrize("given", ["much", "2 TB", "-1", "", 0, -5, 1.5, True, "0GB"])
def test_what_is_no_size_is_refused_before_anything_is_made(given: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="'2GB' or '512MiB'"):
        Database(tmp_path / "data", memory=given)  # type: ignore[arg-type]
    assert not (tmp_path / "data").exists()


def test_the_face_takes_it_as_an_argument_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit(**given: object) -> int:
        client = Pinecone(path=tmp_path / "data", **given)  # type: ignore[arg-type]
        try:
            return client._database.budget.limit
        finally:
            client.close()

    assert limit() == DEFAULT_MEMORY
    monkeypatch.setenv("PINYON_MEMORY", "1GB")
    assert limit() == 10**9
    assert limit(memory="3MB") == 3 * 10**6
    monkeypatch.setenv("PINYON_MEMORY", "plenty")
    with pytest.raises(InvalidRequestError, match="plenty"):
        limit()


def test_sizes_are_shown_with_three_digits() -> None:
    assert [human(size) for size in (12, 999, 1_500, 2_340_000, 999_600, 5e9)] == [
        "12 bytes",
        "999 bytes",
        "1.5 KB",
        "2.34 MB",
        "1 MB",
        "5 GB",
    ]


# -- making room ------------------------------------------------------------------------------------------------------


def test_namespaces_of_all_indexes_share_one_budget_and_the_least_recently_used_go(tmp_path: Path) -> None:
    rows = clustered(N, 1)
    with Database(tmp_path / "data", memory=ROOMY) as database:
        for name in ("films", "songs"):
            index = made(database, name)
            for namespace in ("a", "b"):
                filled(index, namespace, rows)
            assert index.ready(timeout=120)
        one = database.index("films").describe("a").nbytes
    with Database(tmp_path / "data", memory=int(2.5 * one)) as database:
        films, songs = database.index("films"), database.index("songs")
        for index, namespace in ((films, "a"), (films, "b"), (songs, "a"), (films, "b"), (songs, "b")):
            assert len(found(index, namespace, rows[5]) & best(rows, rows[5])) >= 9
            assert database.budget.used <= database.budget.limit
        loaded = [len(index.memory.loaded_states()) for index in (films, songs)]
        assert sum(loaded) == database.budget.loaded == 2
        # "b" of films was used after "a" of songs, though loaded before it.
        assert [state.ns_id for state in films.memory.loaded_states()] == [2]
        assert [state.ns_id for state in songs.memory.loaded_states()] == [2]


def test_what_is_counted_is_what_the_loaded_namespaces_weigh(roomy: Database) -> None:
    index = made(roomy)
    for namespace in ("a", "b"):
        filled(index, namespace, clustered(N, 2))
    assert index.ready(timeout=120)
    for query in clustered(300, 3):
        index.query("a", Query(K, vector=query, filter={"n": {"$lt": 3_000}}))
    index.upsert("b", ["new"], clustered(1, 4))
    found(index, "b", clustered(1, 5)[0])
    states = index.memory.loaded_states()
    for state in states:
        index.memory.weigh(state)
    assert roomy.budget.used == sum(state.weight for state in states)
    roomy.delete_index("films")
    assert roomy.budget.used == 0


def test_mapped_vectors_are_told_apart_and_not_counted(roomy: Database) -> None:
    index = made(roomy, d=512)
    filled(index, "", clustered(N, 6, 512))
    assert index.ready(timeout=120)
    report = index.describe("")
    assert report.mapped_bytes == 4 * 512 * N
    assert report.nbytes < report.mapped_bytes / 4
    assert report.shortage == ""


def test_a_namespace_whose_caches_are_not_written_yet_is_dropped_last(roomy: Database) -> None:
    index = made(roomy)
    filled(index, "saved", clustered(N, 7))
    assert index.ready(timeout=120)
    with index.maintenance.paused():
        filled(index, "fresh", clustered(N, 8))
        found(index, "fresh", clustered(1, 9)[0])
        saved, fresh = sorted(index.memory.loaded_states(), key=lambda state: state.ns_id)
        roomy.budget.touch(saved)  # the most recently used
        assert index.memory.unfinished(fresh)
        assert not index.memory.unfinished(saved)
        roomy.budget.make_room(ROOMY - fresh.weight - saved.weight // 2)
        assert index.memory.loaded_states() == [fresh]
        roomy.budget.make_room(ROOMY)
        assert index.memory.loaded_states() == []


def test_work_that_goes_on_is_not_dropped(roomy: Database) -> None:
    index = made(roomy)
    filled(index, "", clustered(N, 10))
    found(index, "", clustered(1, 11)[0])
    (state,) = index.memory.loaded_states()
    with index.maintenance.paused():
        state.busy = True
        roomy.budget.make_room(ROOMY)
        assert index.memory.loaded_states() == [state]
        state.busy = False
        roomy.budget.make_room(ROOMY)
        assert index.memory.loaded_states() == []


def test_room_for_temporary_copies_is_made_and_given_back(roomy: Database) -> None:
    index = made(roomy)
    filled(index, "", clustered(N, 12))
    assert index.ready(timeout=120)
    before = roomy.budget.used
    with roomy.budget.reserved("copies", 1_000):
        assert roomy.budget.used == before + 1_000
    assert roomy.budget.used == before
    with roomy.budget.reserved("copies", ROOMY):
        assert roomy.budget.loaded == 0
    assert roomy.budget.used == 0
    assert found(index, "", clustered(N, 12)[3])


def test_so_many_namespaces_may_be_loaded_however_small() -> None:
    budget = Budget(ROOMY, namespaces=3)
    with Database(":memory:") as database:
        database.budget = budget
        index = made(database)
        for number in range(10):
            index.upsert(f"n{number}", ["a"], clustered(1, number))
            assert budget.loaded <= 3
        assert {number for number in range(10) if found(index, f"n{number}", clustered(1, number)[0]) == {"a"}} == {
            *range(10)
        }


def test_writes_and_searches_of_more_than_fits_give_what_a_roomy_database_gives(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    rows = {name: clustered(N, 20 + at) for at, name in enumerate("abcdef")}
    with Database(tmp_path / "data", memory="1400KB") as database:
        index = made(database)
        for name, its in rows.items():
            filled(index, name, its)
        for step in range(120):
            name = "abcdef"[rng.integers(6)]
            row = int(rng.integers(N))
            rows[name][row] = rng.standard_normal(D)
            index.upsert(name, [str(row)], rows[name][row][None], metadata=[{"n": row}])
            asked = rows[name][row] if step % 2 else clustered(1, step)[0]
            assert len(found(index, name, asked) & best(rows[name], asked)) >= 8
        assert index.ready(timeout=120)
        for name, its in rows.items():
            hits = [len(found(index, name, query) & best(its, query)) for query in clustered(30, 31)]
            assert sum(hits) >= 0.97 * K * len(hits)
        assert database.budget.loaded < 6


# -- the form that fits -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not symqg.available(), reason="needs rabitqlib")
def test_auto_builds_a_graph_where_there_is_room_and_none_where_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "GRAPH_ROWS", 4_000)
    rows = clustered(N, 40)
    graph = symqg.graph_bytes(N, D, 32)
    with Database(tmp_path / "data", memory=ROOMY) as database:
        index = made(database)
        filled(index, "", rows)
        assert index.ready(timeout=240)
        assert index.describe("").kind == "symqg"
    with Database(tmp_path / "data", memory=graph // 2) as database:
        index = database.index("films")
        plan = index.query("", Query(K, vector=rows[0], explain=True)).plan
        assert plan is not None
        assert plan.kind == "scan"
        assert "no symqg graph" in plan.shortage
        assert index.describe("").nbytes < graph // 2
        assert index.ready(timeout=120)
        assert "no symqg graph" in index.describe("").shortage
    with Database(tmp_path / "data", memory=ROOMY) as database:  # there is room again
        index = database.index("films")
        found(index, "", rows[0])
        assert index.ready(timeout=240)
        report = index.describe("")
        assert (report.kind, report.shortage) == ("symqg", "")


@pytest.mark.skipif(not symqg.available(), reason="needs rabitqlib")
def test_a_graph_that_cannot_grow_is_not_begun_while_a_load_goes_on(
    roomy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "GRAPH_ROWS", 4_000)
    index = made(roomy)
    with index.maintenance.paused():
        filled(index, "", clustered(N, 49))
        found(index, "", clustered(1, 50)[0])
        (state,) = index.memory.loaded_states()
        while index.maintenance.work(state.ns_id, quiet=True, calm=False):
            pass
        assert state.snapshot.base is not None
        assert (state.snapshot.base.graph, state.snapshot.settled) == (None, "")
        while index.maintenance.work(state.ns_id, quiet=True, calm=True):  # a graph is built in slices
            pass
        assert state.snapshot.base.graph is not None
    assert index.ready(timeout=240)
    assert index.describe("").kind == "symqg"


@pytest.mark.skipif(not symqg.available(), reason="needs rabitqlib")
def test_who_does_not_wait_for_graphs_gets_the_codes_and_the_graph_follows_in_the_background(
    roomy: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "GRAPH_ROWS", 4_000)
    monkeypatch.setattr(maintenance, "CALM", 0.5)
    index, rows = made(roomy), clustered(N, 52)
    filled(index, "", rows)
    assert index.ready(timeout=120, graphs=False)
    assert index.describe("").kind == "scan"
    hits = [len(found(index, "", query) & best(rows, query)) for query in clustered(30, 53)]
    assert sum(hits) >= 0.97 * K * len(hits)
    until = time.monotonic() + 120
    while index.describe("").kind != "symqg":
        assert time.monotonic() < until, "the graph never came"
        time.sleep(0.05)
    assert index.ready(timeout=120)


def test_a_writer_who_is_faster_than_others_catch_up_leaves_no_more_than_some_notes(roomy: Database) -> None:
    rows = clustered(20_000, 51, 512)
    index = made(roomy, d=512)
    with index.maintenance.paused():
        index.upsert("", ["first"], rows[:1])
        found(index, "", rows[0])
        for start in range(0, len(rows), 2_000):
            part = rows[start : start + 2_000]
            index.upsert("", [str(start + at) for at in range(len(part))], part)
        (state,) = index.memory.loaded_states()
        assert state.weight < rows.nbytes
        assert state.snapshot.n >= 10_000  # applied by the writer, not to be read back
        assert state.behind == len(rows) + 1 - state.snapshot.n
    assert found(index, "", rows[15_000]) & {"15000"}


def test_codes_become_coarser_where_the_usual_ones_do_not_fit_and_answers_stay_right(tmp_path: Path) -> None:
    d = 256
    spread = np.random.default_rng(40).standard_normal((8, d)).astype(np.float32)
    rows = clustered(N, 41, 8) @ spread
    with Database(tmp_path / "data", memory=ROOMY) as database:
        index = made(database, d=d, recall=0.9)
        filled(index, "", rows)
        assert index.ready(timeout=120)
        (state,) = index.memory.loaded_states()
        assert state.snapshot.base is not None
        rest, usual = state.snapshot.rest, state.snapshot.base.scan.nbytes
        assert state.snapshot.base.scan.width == 4
    limit = rest + int(0.8 * usual)
    with Database(tmp_path / "data", memory=limit) as database:
        index = database.index("films")
        found(index, "", rows[0])
        assert index.ready(timeout=120)
        (state,) = index.memory.loaded_states()
        assert state.snapshot.base is not None
        assert state.snapshot.base.scan.width > 4
        assert "codes of 8 dimensions instead of 4" in index.describe("").shortage
        queries = clustered(60, 42, 8) @ spread
        hits = [len(found(index, "", query) & best(rows, query)) for query in queries]
        assert sum(hits) >= 0.9 * K * len(hits)


def test_where_codes_that_fit_cannot_reach_the_target_every_record_is_scored(tmp_path: Path) -> None:
    d = 256
    rows = clustered(N, 47, d)  # scattered in every direction: hard for codes
    with Database(tmp_path / "data", memory=24 * N + int(0.8 * code_bytes(N, d, 4))) as database:
        index = made(database, d=d)
        filled(index, "", rows)
        assert index.ready(timeout=120)
        report = index.describe("")
        assert report.kind == "flat"
        assert "no codes, since those that fit cannot reach recall 0.99" in report.shortage
        assert all(found(index, "", query) == best(rows, query) for query in clustered(20, 48, d))


def test_a_namespace_that_fits_in_no_form_is_served_and_said_to_be_too_large(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = clustered(N, 43)
    with Database(tmp_path / "data", memory="50KB") as database:
        index = made(database)
        filled(index, "", rows)
        with caplog.at_level(logging.WARNING, logger="pinyon"):
            assert index.ready(timeout=120)
            for query in clustered(20, 44):
                assert len(found(index, "", query) & best(rows, query)) >= 8
        told = [record.getMessage() for record in caplog.records if "memory budget" in record.getMessage()]
        assert len(told) == 1
        assert "more than the memory budget of 50 KB" in told[0]
        report = index.describe("")
        assert report.nbytes > 50_000
        assert "it holds" in report.shortage
        plan = index.query("", Query(K, vector=rows[0], explain=True)).plan
        assert plan is not None
        assert plan.shortage == index.describe("").shortage


def test_an_explicit_graph_that_cannot_fit_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    rows = clustered(N, 45)
    with Database(tmp_path / "data", memory=int(1.7 * graph_bytes(N, D, 16))) as database:
        index = made(database)
        filled(index, "", rows)
        with pytest.raises(InvalidRequestError, match=r"hnsw graph of the 6,000 records of namespace ''.*auto, ivf or"):
            database.configure_index("films", index={"kind": "hnsw"})
        assert database.describe_index("films").kind == "auto"
        database.configure_index("films", index={"kind": "hnsw", "m": 4, "recall": 0.9})  # fewer links fit
        assert index.ready(timeout=120)
        report = index.describe("")
        assert (report.kind, report.shortage) == ("hnsw", "")


def test_an_explicit_graph_that_outgrows_the_budget_is_left_out_and_told_of(tmp_path: Path) -> None:
    rows = clustered(N, 46)
    with Database(tmp_path / "data", memory=graph_bytes(N, D, 16)) as database:
        index = made(database, kind="hnsw")
        filled(index, "", rows)
        assert index.ready(timeout=120)
        report = index.describe("")
        assert report.kind == "scan"
        assert "no hnsw graph, which takes" in report.shortage
        assert len(found(index, "", rows[7]) & best(rows, rows[7])) >= 9


# -- what the system sees ---------------------------------------------------------------------------------------------

_ROUND_ROBIN = """
import json, sys
from pathlib import Path
import numpy as np
from pinyon.engine import Database
from pinyon.types import Query

def held():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024

folder, memory, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
queries = np.load(Path(folder) / "queries.npy")
answers = []
with Database(Path(folder) / "data", memory=memory) as database:
    indexes = [database.index(name) for name in ("one", "two", "three")]
    indexes[0].query("0", Query(10, vector=queries[0, 0]))
    first, most, used = held(), 0, 0
    for turn in range(rounds):
        for space in range(30):
            found = indexes[space % 3].query(str(space // 3), Query(10, vector=queries[space, turn]))
            answers.append([match.id for match in found.matches])
            most, used = max(most, held()), max(used, database.budget.used)
    print(json.dumps([first, most, used, database.budget.loaded, answers]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_stays_within_the_budget_and_a_constant(tmp_path: Path) -> None:
    """30 namespaces in turn, in a fresh process. Beyond the budget: the program, page caches, one namespace on its way
    in, and what the C library keeps."""
    import json

    rows, d, constant = 8_192, 64, 48 * 2**20
    data = [clustered(rows, 100 + space, d) for space in range(30)]
    noise = 0.2 * np.random.default_rng(99).standard_normal((30, 4, d)).astype(np.float32)
    queries = np.stack([its[:4] for its in data]) + noise
    np.save(tmp_path / "queries.npy", queries)
    with Database(tmp_path / "data", memory=ROOMY) as database:
        for name in ("one", "two", "three"):
            made(database, name, d)
        for space, its in enumerate(data):
            filled(database.index(("one", "two", "three")[space % 3]), str(space // 3), its)
        for name in ("one", "two", "three"):
            assert database.index(name).ready(timeout=240)
        reports = [database.index(name).describe(str(at)) for name in ("one", "two", "three") for at in range(10)]
    gc.collect()
    limit = sum(report.nbytes for report in reports) // 6
    command = [sys.executable, "-c", _ROUND_ROBIN, str(tmp_path), str(limit), "4"]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE), "PATH": ""}, timeout=300
    )
    first, most, used, loaded, answers = json.loads(done.stdout)
    assert used <= limit
    assert 1 <= loaded < 15
    assert most - first <= limit + constant
    hits = 0
    for at, ids in enumerate(answers):
        turn, space = divmod(at, 30)
        hits += len({*ids} & best(data[space], queries[space, turn]))
    assert hits >= 0.95 * K * len(answers)
