"""The contract of every index kind while an index lives: written to, filtered, shrunk, reopened, changed to another.

Searches are compared with a table of all records in float64. Always: min(top_k, matches) hits, true scores, ties in
order of id. On average: the recall that the index promises.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faiss", reason="without faiss every kind is exact")

from pinyon.engine import Database, Index, bases, maintenance, planner
from pinyon.engine.snapshot import Snapshot
from pinyon.index import symqg
from pinyon.index.hnsw import Hnsw
from pinyon.index.ivf import Ivf
from pinyon.index.scan import Scan
from pinyon.types import METRICS, Floats, IndexSpec, Match, Metric, Plan, Query

N, D = 5_200, 16
TARGET, MARGIN = 0.95, 0.02
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "auto": {"kind": "auto"},
    "flat": {"kind": "flat"},
    "scan": {"kind": "scan"},
    "ivf": {"kind": "ivf"},
    "ivf, fixed": {"kind": "ivf", "nlist": 40, "nprobe": 16, "codes": "float32"},
    "hnsw": {"kind": "hnsw", "m": 12, "ef_construction": 60},
    **({"symqg": {"kind": "symqg"}} if symqg.available() else {}),
}
SERVED = {
    "auto": "scan",
    "flat": "flat",
    "scan": "scan",
    "ivf": "ivf",
    "ivf, fixed": "ivf",
    "hnsw": "hnsw",
    "symqg": "symqg",
}
"""What a quiet namespace of N records is served by (``NamespaceReport.kind``)."""
PLANNED = {**SERVED, "flat": "exact"}
"""...and what the plan of a search without a filter says."""
SHARES = {None: 1.0, 50: 0.5, 10: 0.1, 1: 0.01}
"""``{"n": {"$lt": ...}}`` -> share of the records that it keeps."""


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def name(number: int) -> str:
    return f"r{number:06}"


class Table:
    """An index and the plain table of what it should hold: row ``number`` is record ``r<number>``."""

    def __init__(self, database: Database, metric: Metric, settings: Mapping[str, Any], d: int = D) -> None:
        given = {"recall": TARGET, **settings}
        database.create_index(IndexSpec("films", d, metric))
        database.configure_index("films", index=given)
        self.database = database
        self.index: Index = database.index("films")
        self.metric = metric
        self.rows: Floats = np.empty((0, d), np.float32)
        self.alive = np.empty(0, np.bool_)
        self.hits = self.wanted = 0
        self.plans: list[Plan] = []

    # -- writing ------------------------------------------------------------------------------------------------------

    def append(self, vectors: Floats) -> None:
        first = len(self.rows)
        self.rows = np.concatenate([self.rows, vectors])
        self.alive = np.concatenate([self.alive, np.ones(len(vectors), np.bool_)])
        self._write(np.arange(first, first + len(vectors)))

    def replace(self, numbers: np.ndarray[Any, Any], vectors: Floats) -> None:
        self.rows[numbers] = vectors
        self.alive[numbers] = True
        self._write(numbers)

    def _write(self, numbers: np.ndarray[Any, Any]) -> None:
        ids = [name(number) for number in numbers.tolist()]
        self.index.upsert("", ids, self.rows[numbers], metadata={"n": numbers % 100})

    def delete(self, numbers: np.ndarray[Any, Any]) -> None:
        self.index.delete("", [name(number) for number in numbers.tolist()])
        self.alive[numbers] = False

    def settle(self) -> None:
        assert self.index.ready("", timeout=120)

    # -- searching ----------------------------------------------------------------------------------------------------

    def goodness(self, query: Floats) -> np.ndarray[Any, Any]:
        rows, asked = self.rows.astype(np.float64), query.astype(np.float64)
        if self.metric == "euclidean":
            return -np.square(rows - asked).sum(axis=1)
        products = rows @ asked
        return (
            products / (np.linalg.norm(rows, axis=1) * np.linalg.norm(asked)) if self.metric == "cosine" else products
        )

    def check(self, query: Floats, top_k: int = 10, below: int | None = None, **effort: Any) -> Plan:
        """One search, with everything that it must keep to; recall is counted unless it was exact."""
        filter = None if below is None else {"n": {"$lt": below}}
        result = self.index.query("", Query(top_k, query, filter=filter, explain=True, **effort))
        assert result.plan is not None
        eligible = self.alive.copy() if below is None else self.alive & (np.arange(len(self.rows)) % 100 < below)
        true = self.goodness(query)
        best = np.sort(true[eligible])[::-1][:top_k]
        found = self._true(result.matches, true, eligible)
        assert len(found) == min(top_k, int(eligible.sum())), (len(found), result.plan)
        if len(best):
            slack = 1e-5 * max(1.0, float(np.abs(best).max()))
            hits = int((found >= best[-1] - slack).sum())
            assert hits == len(best) or not result.plan.exact, result.plan
            self.hits += hits
            self.wanted += len(best)
        self.plans.append(result.plan)
        return result.plan

    def _true(self, matches: tuple[Match, ...], true: Any, eligible: Any) -> np.ndarray[Any, Any]:
        """The true scores of the matches, which are those that they came with."""
        numbers = np.array([int(match.id[1:]) for match in matches], np.int64)
        assert len(set(numbers.tolist())) == len(numbers)
        assert eligible[numbers].all(), "a record that is gone, or that the filter leaves out"
        sign = -1.0 if self.metric == "euclidean" else 1.0
        given = np.array([sign * match.score for match in matches])
        assert np.allclose(given, true[numbers], rtol=1e-4, atol=1e-4)
        keys = [(-score, match.id) for score, match in zip(given.tolist(), matches, strict=True)]
        assert keys == sorted(keys), "best first, ties in order of id"
        return np.asarray(true[numbers])

    def check_all(self, rng: np.random.Generator, count: int = 12, base: Floats | None = None) -> None:
        """Searches near the data, with every filter, exact ones between them; then recall is what was promised."""
        pool = self.rows[self.alive] if base is None else base
        for _ in range(count):
            near = pool[rng.integers(len(pool))] + np.float32(0.2) * pool[rng.integers(len(pool))]
            for below in SHARES:
                self.check(near, int(rng.choice([1, 10, 10, 50])), below)
            assert self.check(near, 10, 50, exact=True).exact
        self.keeps_recall()

    def keeps_recall(self, target: float = TARGET - MARGIN) -> None:
        assert self.hits >= target * self.wanted, (self.hits, self.wanted)
        self.hits = self.wanted = 0

    def planned(self, query: Floats | None = None, **options: Any) -> Plan:
        """The plan of a search without a filter."""
        return self.check(self.rows[0] if query is None else query, **options)

    @property
    def snapshot(self) -> Snapshot:
        self.index.count("")
        (state,) = self.index.memory.loaded_states()
        return state.snapshot

    def configure(self, settings: Mapping[str, Any]) -> None:
        self.database.configure_index("films", index={"recall": TARGET, **settings})


@pytest.fixture(params=["memory", "disk"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with Database(":memory:" if request.param == "memory" else tmp_path / "data") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _codes_serve_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of records behave as hundreds of thousands do: few matches go through the index, not one by one."""
    monkeypatch.setattr(planner, "GATHER_ROWS", 32)
    monkeypatch.setattr(planner, "GATHER_SHARE", 0.005)
    monkeypatch.setattr(maintenance, "QUIET", 0.05)


every_kind = pytest.mark.parametrize("kind", SETTINGS)
every_base = pytest.mark.parametrize("kind", [kind for kind in SETTINGS if kind not in ("flat", "scan")])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data") as opened:
        yield opened


# -- a life -----------------------------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize(
    ("place", "metric"), [("memory", "cosine"), ("disk", "cosine"), ("memory", "dotproduct"), ("memory", "euclidean")]
)
def test_every_kind_keeps_the_contract_through_updates_deletions_and_filters(
    tmp_path: Path, kind: str, place: str, metric: Metric, rng: np.random.Generator
) -> None:
    with Database(":memory:" if place == "memory" else tmp_path / "data") as database:
        live(Table(database, metric, SETTINGS[kind]), kind, rng)


def live(table: Table, kind: str, rng: np.random.Generator) -> None:
    sure = table.metric != "dotproduct" or kind != "hnsw"
    """A graph of inner products may not reach the target: codes serve then."""
    table.append(clustered(N, D))
    table.settle()
    if sure:
        assert table.index.describe("").kind == SERVED[kind]
        assert table.planned().kind == PLANNED[kind]
    table.check_all(rng)
    table.append(clustered(150, D, seed=1))  # too few to be coded: scored beside the base
    table.replace(rng.choice(N, 60, replace=False), clustered(60, D, seed=2))
    table.delete(rng.choice(N, 500, replace=False))
    table.check_all(rng)
    table.settle()
    table.append(clustered(1_500, D, seed=3))
    table.check_all(rng, 4)
    table.settle()
    table.check_all(rng)
    if sure:
        assert table.planned().kind == PLANNED[kind]


@every_kind
def test_a_namespace_that_shrank_keeps_the_contract(disk: Database, kind: str, rng: np.random.Generator) -> None:
    table = Table(disk, "cosine", SETTINGS[kind])
    table.append(clustered(3 * N, D))
    table.settle()
    table.delete(rng.choice(3 * N, 2 * N - 200, replace=False))
    table.check_all(rng, 4)
    table.settle()
    assert table.index.describe("").dead_rows == 0
    assert table.planned().kind == PLANNED[kind]
    table.check_all(rng)
    table.delete(np.flatnonzero(table.alive)[2_000:])
    table.settle()
    assert table.planned().kind == "exact"
    table.check_all(rng, 2)


@every_kind
def test_a_reopened_database_serves_what_it_served_and_builds_nothing(
    tmp_path: Path, kind: str, rng: np.random.Generator
) -> None:
    with Database(tmp_path / "data") as database:
        table = Table(database, "cosine", SETTINGS[kind])
        table.append(clustered(N, D))
        table.settle()
        former = table.snapshot.base
    with Database(tmp_path / "data") as database:
        table.database, table.index = database, database.index("films")
        if SERVED[kind] in ("hnsw", "symqg"):  # a graph is loaded after the first answer
            assert table.planned().kind == "scan"
            table.settle()
        assert table.planned().kind == PLANNED[kind]
        loaded = table.snapshot.base
        if former is not None and loaded is not None:
            assert loaded.kind == SERVED[kind]
            assert (loaded.depth, loaded.breadth, loaded.settings, loaded.fixed, loaded.read) == (
                former.depth,
                former.breadth,
                former.settings,
                former.fixed,
                former.read,
            )
        table.settle()
        assert table.snapshot.base is loaded, "nothing was built"
        table.check_all(rng, 4)


# -- from one kind to another -----------------------------------------------------------------------------------------


@pytest.mark.nightly
def test_each_kind_becomes_each_other_kind(disk: Database, rng: np.random.Generator) -> None:
    table = Table(disk, "cosine", SETTINGS["auto"])
    table.append(clustered(N, D))
    table.settle()
    kinds = list(SETTINGS)
    former = ""
    for at, first in enumerate(kinds):
        for kind in [first, *(step for other in kinds[at + 1 :] for step in (other, first))]:
            table.configure(SETTINGS[kind])
            table.check(table.rows[rng.integers(N)])
            table.settle()
            assert table.planned().kind == PLANNED[kind], (former, kind)
            for below in SHARES:
                table.check(table.rows[rng.integers(N)] + table.rows[rng.integers(N)], 10, below)
            former = kind
    table.keeps_recall()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"kind": "ivf", "nlist": 8}, {"nlist": 50}, lambda base: base.scan.nlist == 50),
        ({"kind": "ivf", "nlist": 2}, {"kind": "ivf"}, lambda base: base.scan.nlist > 50),
        ({"kind": "ivf"}, {"nprobe": 3}, lambda base: base.fixed.nprobe == 3),
        ({"kind": "ivf", "nprobe": 3}, {"kind": "ivf"}, lambda base: base.fixed.nprobe is None),
        ({"kind": "ivf"}, {"codes": "float32"}, lambda base: base.fixed.whole),
        ({"kind": "hnsw", "m": 4}, {"m": 20}, lambda base: base.graph.m == 20),
        ({"kind": "hnsw", "m": 8}, {"ef_search": 77}, lambda base: base.breadth.fixed == 77),
        ({"kind": "hnsw", "m": 8}, {"ef_construction": 20}, lambda base: base.graph.ef_construction == 20),
        ({"kind": "hnsw", "m": 8}, {"recall": 0.5}, lambda base: base.settings == "hnsw m 8 recall 0.5"),
        ({"kind": "scan"}, {"recall": 0.5}, lambda base: base.settings == "scan recall 0.5"),
    ],
    ids=lambda value: " ".join(f"{key} {word}" for key, word in value.items()) if isinstance(value, dict) else "",
)
def test_a_parameter_changes_online(
    before: dict[str, Any], after: dict[str, Any], expected: Callable[[Any], bool]
) -> None:
    with Database(":memory:") as database:
        table = Table(database, "cosine", before)
        table.append(clustered(N, D))
        table.settle()
        assert not expected(table.snapshot.base)
        database.configure_index("films", index=after)
        table.settle()
        assert expected(table.snapshot.base)
        assert table.planned().kind == before["kind"]


def test_a_changed_kind_keeps_what_it_can(rng: np.random.Generator) -> None:
    """Codes serve several kinds, and a graph whose parameters stay is not linked anew."""
    with Database(":memory:") as database:
        table = Table(database, "cosine", SETTINGS["hnsw"])
        table.append(clustered(N, D))
        table.settle()
        first = table.snapshot.base
        assert first is not None
        database.configure_index("films", index={"recall": 0.9})
        table.settle()
        assert table.snapshot.base is not None
        assert table.snapshot.base.graph is first.graph
        table.configure(SETTINGS["scan"])
        table.settle()
        assert table.snapshot.base.scan.n == N
        assert table.snapshot.base.graph is None


class Busy:
    """Threads that repeat their work until the block ends; the first error is raised there."""

    def __init__(self, *works: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self.rounds = 0
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in works]

    def _run(self, work: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                work()
                self.rounds += 1
        except BaseException as error:  # raised again where the block ends
            self._errors.append(error)

    def __enter__(self) -> Busy:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread hangs"
        if self._errors:
            raise self._errors[0]


def test_kinds_change_while_threads_search_and_write(database: Database, rng: np.random.Generator) -> None:
    table = Table(database, "cosine", SETTINGS["scan"])
    table.append(clustered(N, D))
    table.settle()
    steady = table.rows.copy()
    unit = steady / np.linalg.norm(steady, axis=1, keepdims=True)
    recalls: list[float] = []

    def search() -> None:
        """Among records that nobody writes: those with n < 50."""
        generator = np.random.default_rng()
        query = steady[generator.integers(N)] + 0.2 * steady[generator.integers(N)]
        below = int(generator.choice([50, 10]))
        found = table.index.query("", Query(10, query, filter={"n": {"$lt": below}})).matches
        eligible = np.arange(N) % 100 < below
        true = unit @ (query / np.linalg.norm(query))
        assert len(found) == 10
        numbers = [int(match.id[1:]) for match in found]
        assert eligible[numbers].all()
        assert np.allclose([match.score for match in found], true[numbers], atol=1e-5)
        recalls.append(float((true[numbers] >= np.sort(true[eligible])[-10] - 1e-6).mean()))

    def search_all() -> None:
        query = np.random.default_rng().standard_normal(D).astype(np.float32)
        assert len(table.index.query("", Query(10, query)).matches) == 10

    def write() -> None:
        generator = np.random.default_rng()
        numbers = 100 * generator.integers(0, N // 100, 40) + generator.integers(50, 100, 40)
        vectors = generator.standard_normal((40, D)).astype(np.float32)
        ids = [name(number) for number in numbers.tolist()]
        if generator.random() < 0.3:
            table.index.delete("", ids)
        else:
            table.index.upsert("", ids, vectors, metadata={"n": numbers % 100})
        time.sleep(0.03)

    with Busy(search, search, search_all, write) as busy:
        for kind in ("hnsw", "ivf", "flat", "ivf, fixed", "hnsw", "scan"):
            table.configure(SETTINGS[kind])
            time.sleep(0.25)
            if kind == "hnsw":
                table.settle()
    assert busy.rounds > 50
    assert np.mean(recalls) >= TARGET - MARGIN, np.mean(recalls)
    for kind in ("hnsw", "ivf"):
        table.configure(SETTINGS[kind])
        table.settle()
        assert table.index.describe("").kind == kind


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_a_changed_kind_arrives_although_writes_never_pause(database: Database, kind: str) -> None:
    table = Table(database, "cosine", SETTINGS["scan"])
    table.append(clustered(N, D))
    table.settle()

    def write() -> None:
        number = np.random.default_rng().integers(0, N, 1)
        table.index.upsert("", [name(int(number[0]))], table.rows[number], metadata={"n": number % 100})
        time.sleep(0.01)

    with Busy(write):
        table.configure(SETTINGS[kind])
        until = time.monotonic() + 60
        while table.index.describe("").kind != kind:
            assert time.monotonic() < until, "the new kind never comes"
            time.sleep(0.05)


def test_a_graph_grows_although_writes_never_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "QUIET", 0.5)
    monkeypatch.setattr(maintenance, "STEP_ROWS", 256)
    for module in (bases, planner):
        monkeypatch.setattr(module, "GRAPH_LAG", 512)
    with Database(":memory:") as database:
        table = Table(database, "cosine", SETTINGS["hnsw"])
        table.append(clustered(N, D))
        table.settle()
        query = table.rows[0]

        def write() -> None:
            table.append(clustered(40, D, seed=len(table.rows)))
            assert len(table.index.query("", Query(10, query)).matches) == 10
            time.sleep(0.01)

        with Busy(write):
            until = time.monotonic() + 60
            while table.index.describe("").base_rows < N + 1_500 or table.snapshot.base.graph.n < N + 1_000:
                assert time.monotonic() < until, "the graph is left behind"
                time.sleep(0.05)


def test_a_cache_that_cannot_be_read_is_read_from_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """As when another version of a library wrote it: its bytes are those that were written."""
    with Database(tmp_path / "data") as database:
        table = Table(database, "cosine", SETTINGS["hnsw"])
        table.append(clustered(N, D))
        whole = Hnsw.to_arrays
        with monkeypatch.context() as patch:
            patch.setattr(Hnsw, "to_arrays", lambda graph: {**whole(graph), "graph": whole(graph)["graph"][:1_000]})
            table.settle()
            database.close()
    with Database(tmp_path / "data") as database:
        table.database, table.index = database, database.index("films")
        assert table.planned().kind == "scan", "the codes can be read"
        table.settle()
        assert table.planned().kind == "hnsw", "the graph is built again"
        table.check_all(rng, 3)


def test_a_kind_that_was_configured_before_a_kill_is_built_by_whoever_opens_it_next(tmp_path: Path) -> None:
    """...also if nobody writes any more: the caches that are there are those of the former kind."""
    with Database(tmp_path / "data") as database:
        table = Table(database, "cosine", SETTINGS["scan"])
        table.append(clustered(N, D))
        table.settle()
    with Database(tmp_path / "data") as database:  # no handle on the index, so nothing is built here
        database.configure_index("films", index={"recall": TARGET, **SETTINGS["ivf"]})
    with Database(tmp_path / "data") as database:
        table.database, table.index = database, database.index("films")
        assert table.planned().kind in ("scan", "ivf")
        until = time.monotonic() + 60
        while table.index.describe("").kind != "ivf":
            assert time.monotonic() < until, "the new kind never comes"
            time.sleep(0.05)


# -- auto -------------------------------------------------------------------------------------------------------------


def test_auto_grows_from_exact_search_to_codes_to_lists_and_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(bases, "IVF_ROWS", 6_500)
    monkeypatch.setattr(bases, "LIST_SHARE", 0.8)
    table = Table(database, "cosine", {"kind": "auto"})
    for size, kind in ((3_000, "exact"), (5_000, "scan"), (6_000, "scan"), (8_000, "ivf"), (9_000, "ivf")):
        table.append(clustered(size - len(table.rows), D, seed=size))
        table.settle()
        assert table.planned().kind == kind, size
        table.check_all(rng, 3)
    monkeypatch.setattr(bases, "IVF_ROWS", 10_000)
    for live, kind in ((6_000, "ivf"), (4_500, "scan"), (2_900, "exact")):  # lists go at half of what they come at
        table.delete(np.flatnonzero(table.alive)[live:])
        table.settle()
        assert table.planned().kind == kind, live
        table.check_all(rng, 3)


def test_auto_stays_with_a_scan_where_lists_do_not_pay_and_remembers_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "IVF_ROWS", 5_000)
    tried: list[int] = []
    original = Ivf.train

    def counted(*arguments: Any, **settings: Any) -> Ivf:
        tried.append(settings["nlist"])
        return original(*arguments, **settings)

    monkeypatch.setattr(Ivf, "train", counted)
    rng = np.random.default_rng(0)
    with Database(tmp_path / "data") as database:
        table = Table(database, "cosine", {"kind": "auto"}, d=24)
        table.append(rng.standard_normal((N, 24)).astype(np.float32))
        table.settle()
        assert table.planned().kind == "scan"
        assert len(tried) == 1
        table.append(rng.standard_normal((600, 24)).astype(np.float32))
        table.settle()
        assert len(tried) == 1, "not again before there are twice as many rows"
    with Database(tmp_path / "data") as database:
        table.database, table.index = database, database.index("films")
        table.append(rng.standard_normal((600, 24)).astype(np.float32))
        table.settle()
        assert table.planned().kind == "scan"
        assert len(tried) == 1
        table.append(rng.standard_normal((N, 24)).astype(np.float32))
        table.settle()
        assert len(tried) == 2


# -- effort of one query ----------------------------------------------------------------------------------------------


def rising(table: Table, knob: str, values: tuple[int, ...], rng: np.random.Generator) -> list[float]:
    """Recall of the same queries for each value of a knob."""
    seeds = rng.integers(N, size=(40, 2))
    found = []
    for value in values:
        table.hits = table.wanted = 0
        for left, right in seeds:
            table.check(table.rows[left] + np.float32(0.5) * table.rows[right], 10, **{knob: value})
        found.append(table.hits / table.wanted)
    return found


def test_a_wider_ef_search_finds_more(rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, "cosine", {"kind": "hnsw", "m": 4, "ef_construction": 16})
        table.append(rng.standard_normal((N, D)).astype(np.float32))
        table.settle()
        recalls = rising(table, "ef_search", (1, 40, 400), rng)
        assert recalls == sorted(recalls)
        assert recalls[0] < recalls[1] < recalls[2]
        assert {plan.kind for plan in table.plans} == {"hnsw"}
        assert table.planned(ef_search=1).candidates < table.planned(ef_search=400).candidates


def test_more_lists_find_more(rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, "cosine", {"kind": "ivf", "nlist": 64})
        table.append(rng.standard_normal((N, D)).astype(np.float32))
        table.settle()
        recalls = rising(table, "nprobe", (1, 8, 64), rng)
        assert recalls[0] < recalls[1] < recalls[2]
        assert recalls[2] >= TARGET
        assert {plan.kind for plan in table.plans} == {"ivf"}


@pytest.mark.parametrize("kind", ["scan", "ivf", "hnsw"])
def test_a_deeper_rerank_finds_more_and_looks_at_just_so_many(kind: str, rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, "cosine", SETTINGS[kind])
        table.append(clustered(N, D))
        table.settle()
        recalls = rising(table, "rerank_depth", (10, 40, 300), rng)
        assert recalls == sorted(recalls)
        assert recalls[0] < recalls[2]
        assert [table.planned(rerank_depth=depth).candidates for depth in (10, 40, 300)] == [10, 40, 300]


def test_knobs_of_other_kinds_do_nothing(rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, "cosine", SETTINGS["scan"])
        table.append(clustered(N, D))
        table.settle()
        usual = table.planned()
        for knob in ({"ef_search": 1}, {"nprobe": 1}):
            plan = table.planned(**knob)
            assert (plan.kind, plan.candidates) == (usual.kind, usual.candidates)


# -- data that is hard to index ---------------------------------------------------------------------------------------

SMALL = bases.SCAN_ROWS + 60


@every_base
@pytest.mark.parametrize("metric", METRICS)
def test_two_dimensions(kind: str, metric: Metric, rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, metric, SETTINGS[kind], d=2)
        table.append(clustered(SMALL, 2))
        table.settle()
        table.check_all(rng, 6)


@every_base
@pytest.mark.parametrize(
    ("metric", "points"),
    [("cosine", 1), ("dotproduct", 1), ("euclidean", 2), ("cosine", 2), ("dotproduct", 40), ("euclidean", 40)],
)
def test_crowds_of_equal_records(kind: str, metric: Metric, points: int, rng: np.random.Generator) -> None:
    """Of equal records those with the smallest ids are found."""
    with Database(":memory:") as database:
        table = Table(database, metric, SETTINGS[kind])
        distinct = clustered(points, D)
        table.append(distinct[rng.integers(0, points, SMALL)])
        table.settle()
        for at in range(min(points, 8)):
            for below in (None, 50):
                table.check(distinct[at], 10, below)
            if metric == "euclidean" or (metric == "cosine" and points <= 2):
                found = table.index.query("", Query(10, distinct[at])).matches
                expected = [name(row) for row in np.flatnonzero((table.rows == distinct[at]).all(axis=1))[:10].tolist()]
                assert [match.id for match in found] == expected
        table.keeps_recall(1.0)


@pytest.mark.parametrize("kind", ["auto", "ivf", "hnsw"])
def test_norms_over_five_orders_of_magnitude(kind: str, rng: np.random.Generator) -> None:
    with Database(":memory:") as database:
        table = Table(database, "dotproduct", SETTINGS[kind])
        lengths = 10.0 ** rng.uniform(-2.5, 2.5, (N, 1))
        table.append((clustered(N, D) * lengths).astype(np.float32))
        table.settle()
        table.check_all(rng, 10, base=clustered(500, D, seed=9))


@every_base
def test_distances_far_from_the_origin(kind: str, rng: np.random.Generator) -> None:
    """Where float32 has few digits left for what differs."""
    with Database(":memory:") as database:
        table = Table(database, "euclidean", SETTINGS[kind])
        table.append(clustered(N, D) + np.float32(2_000))
        table.settle()
        for _ in range(40):
            near = table.rows[rng.integers(N)] + np.float32(0.2) * (table.rows[rng.integers(N)] - np.float32(2_000))
            for below in (None, 50):
                table.check(near, 10, below)
        table.keeps_recall()


def test_graphs_lists_and_codes_are_what_is_built() -> None:
    """So that the tests above test what they say."""
    with Database(":memory:") as database:
        for kind, parts in {"scan": (Scan, type(None)), "ivf": (Ivf, type(None)), "hnsw": (Scan, Hnsw)}.items():
            table = Table(database, "cosine", SETTINGS[kind])
            table.append(clustered(N, D))
            table.settle()
            base = table.snapshot.base
            assert base is not None
            assert (type(base.scan), type(base.graph)) == parts
            database.delete_index("films")
