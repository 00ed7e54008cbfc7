"""Tuning: it measures, goes on, chooses what keeps the contract, says when nothing does, and sets an index."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="without it every index is flat")

from pinyon import studies
from pinyon.distance import prepare, scores
from pinyon.engine import Database
from pinyon.engine.kinds import read_line
from pinyon.errors import FailedPreconditionError, FormatError, InvalidRequestError, NotFoundError
from pinyon.index.flat import flat_search
from pinyon.studies import Contract, Source, Tuning, tuning_results
from pinyon.studies.sources import Data, generate
from pinyon.types import IndexSpec, Query

N, D = 5_000, 48
SOURCE = Source(generate=(N, D), query_count=60)
QUERIES = 150


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tune") / "results"


@pytest.fixture(scope="module")
def tuned(out: Path) -> Tuning:
    return studies.tune(SOURCE, recall=0.9, kinds=["scan", "hnsw"], repeats=1, out=out)


class Log:
    """Writes down what a watch is told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.last = 0

    def begin(self, label: str, total: int, unit: str) -> None:
        self.begun.append(f"{label} {total} {unit}")

    def advance(self, done: int, note: str = "") -> None:
        self.last = done


def test_what_is_chosen_keeps_the_contract_on_queries_that_had_no_part_in_it(tmp_path: Path) -> None:
    made = generate(N + 3 * QUERIES, D, 0)
    base, asked, others = made[:N], made[N : N + QUERIES], made[N + QUERIES :]
    best = studies.tune(Data.of(base, asked), recall=0.9, kinds=["hnsw"], repeats=1).best
    assert best is not None
    rows = prepare(base, "cosine")
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("made", D, "cosine"))
        index = database.index("made")
        index.upsert("", [str(row) for row in range(N)], base)
        database.configure_index("made", index=read_line(best.candidate.settings))
        index.ready()
        hits = 0
        for query in prepare(others, "cosine"):
            _, exact = flat_search([rows], query, "cosine", 10)
            found = [int(match.id) for match in index.query("", Query(10, query)).matches]
            hits += int(np.count_nonzero(scores(rows[found], query, "cosine") >= exact[9]))
    # Both are means of some hundred queries: they differ by a standard error or two.
    assert hits / (10 * len(others)) >= 0.9 - 0.02


def test_everything_is_measured_or_its_absence_has_a_reason(tuned: Tuning) -> None:
    assert tuned.complete
    assert len(tuned.findings) + sum(tuned.skipped.values()) == tuned.possible
    assert tuned.skipped.keys() <= {"recall", "slower", "larger"}
    assert {one.candidate.kind for one in tuned.findings} == {"scan", "hnsw"}


def test_settings_of_one_build_share_it(tuned: Tuning) -> None:
    builds = {one.candidate.build: set[float]() for one in tuned.findings}
    for one in tuned.findings:
        builds[one.candidate.build].add(one.build_seconds)
    assert all(len(seconds) == 1 for seconds in builds.values())
    assert len(builds) < len(tuned.findings)


def test_more_effort_finds_more() -> None:
    """Nothing is too slow before something has kept the contract: how fast the machine is decides nothing here."""
    tuned = studies.tune(SOURCE, recall=0.99, kinds=["hnsw"], repeats=1)
    rising = [one for one in tuned.findings if "m 8 " in one.candidate.settings and not one.candidate.adaptive]
    assert len(rising) > 1
    assert [one.recall for one in rising] == sorted(one.recall for one in rising)


def test_the_table_says_what_was_chosen_and_why_in_two_languages(tuned: Tuning) -> None:
    best = tuned.best
    assert best is not None
    english, korean = tuned.table(), tuned.table("ko")
    assert f"Chosen: {best.candidate.settings}." in english
    assert f"{best.candidate.settings} *" in english
    assert f"{len(tuned.findings)} of {tuned.possible} settings were measured." in english
    assert f"선택: {best.candidate.settings}." in korean
    assert "ms/질의" in korean


def test_results_are_saved_whole_and_read_back(tuned: Tuning, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it")
    assert tuned.save(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "plot.png",
        "plot.svg",
        "report.html",
        "tuning.csv",
        "tuning.json",
    ]
    assert Tuning.read(tmp_path) == tuned
    found = json.loads((tmp_path / "tuning.json").read_text(encoding="utf-8"))
    assert tuned.best is not None
    assert found["best"]["index"] == tuned.best.candidate.settings
    assert found["findings"]["en"][0].startswith(f"Chosen: {tuned.best.candidate.settings}.")
    assert found["findings"]["ko"][0].startswith(f"선택: {tuned.best.candidate.settings}.")
    with (tmp_path / "tuning.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["index"] for line in lines if line["chosen"] == "True"] == [tuned.best.candidate.settings]
    assert [line["index"] for line in lines] == [one.candidate.settings for one in tuned.findings]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert f"{tuned.best.candidate.settings} *" in page
    plot = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert f"<!-- {tuned.best.candidate.settings} -->" in plot
    assert f"<!-- recall {tuned.contract.recall:g} -->" in plot


def test_a_finished_tuning_is_not_measured_again(tuned: Tuning, out: Path) -> None:
    log = Log()
    again = studies.tune(SOURCE, recall=0.9, kinds=["scan", "hnsw"], repeats=1, out=out, watch=log)
    assert (again.rows, log.begun) == (tuned.rows, [])


def test_one_that_was_cut_short_goes_on_without_measuring_twice(tuned: Tuning, tmp_path: Path) -> None:
    kept = tuned.rows[:2]
    replace(tuned, rows=kept, complete=False).write(tmp_path)
    log = Log()
    again = studies.tune(SOURCE, recall=0.9, kinds=["scan", "hnsw"], repeats=1, out=tmp_path, watch=log)
    assert again.complete
    assert again.rows[: len(kept)] == kept
    assert log.begun[-1] == f"measuring {again.possible} settings"
    assert log.last == again.possible
    recalls = {one.candidate.settings: one.recall for one in tuned.findings}
    assert all(recalls.get(one.candidate.settings, one.recall) == one.recall for one in again.findings)


def test_other_bounds_of_time_and_memory_use_what_is_measured(tuned: Tuning, tmp_path: Path) -> None:
    tuned.write(tmp_path)
    lean = min(one.memory_bytes for one in tuned.findings) / 1e6
    bounded = studies.tune(
        SOURCE, recall=0.9, memory_mb=lean, kinds=["scan", "hnsw"], repeats=1, out=tmp_path, latency_ms=1e3
    )
    assert bounded.contract == Contract(0.9, 1e3, None, lean)
    assert bounded.best is not None
    assert bounded.best.memory_bytes == lean * 1e6


def test_a_folder_with_other_settings_is_left_alone(tuned: Tuning, out: Path) -> None:
    with pytest.raises(FailedPreconditionError, match="holds a tuning with other settings"):
        studies.tune(SOURCE, recall=0.8, kinds=["scan"], out=out)


def test_when_nothing_keeps_the_contract_it_says_so_and_what_comes_nearest() -> None:
    found = studies.tune(SOURCE, recall=0.9, memory_mb=0.001, latency_ms=1e-6, kinds=["flat", "scan"], repeats=1)
    assert found.best is None
    assert {one.candidate.kind for one in found.nearest} == {"flat", "scan"}
    text = found.table()
    assert "Nothing of what was measured keeps the contract (recall 0.9, 1e-06 ms, 0.001 MB)" in text
    assert "MB, asked for 0.001 MB" in text
    assert found.to_json()["nearest"][0]["misses"][-1]["bound"] == "memory_mb"


def test_a_large_set_is_sampled_and_its_memory_scaled_up() -> None:
    part = studies.tune(SOURCE, recall=0.9, kinds=["flat"], repeats=1, sample=4_500)
    assert (part.settings.n, part.settings.total, part.settings.sampled) == (4_500, N, True)
    assert "Measured on a sample of 4,500 of 5,000 rows" in part.table()
    whole = studies.tune(SOURCE, recall=0.9, kinds=["flat"], repeats=1, sample=None)
    assert not whole.settings.sampled
    assert part.findings[0].memory_bytes == pytest.approx(whole.findings[0].memory_bytes, rel=0.1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"recall": 2.0}, "recall is 2.0"),
        ({"latency_ms": -1.0}, "latency_ms is -1.0"),
        ({"kinds": ["tree"]}, "kind 'tree' cannot be measured here: choose from flat, scan"),
        ({"filters": [{"year": 1}]}, "filters need metadata"),
        ({"sample": 3}, "a sample of 3 rows is too small"),
        ({"k": 0}, "top_k is 0"),
    ],
)
def test_bad_requests_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        studies.tune(SOURCE, **given)  # type: ignore[arg-type]


def test_what_is_no_tuning_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"name the tuning\.json"):
        Tuning.read(tmp_path)
    (tmp_path / tuning_results.RESULTS).write_text('{"format": "pinyon tuning 1", "settings": {}}', encoding="utf-8")
    with pytest.raises(FormatError, match="cannot be read"):
        Tuning.read(tmp_path)


# -- an index of one's own --------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    rows = generate(N, D, 7)
    with Database(folder) as database:
        database.create_index(IndexSpec("films", D, "cosine", kind="flat", recall_target=0.9))
        years = [2000 + row % 20 for row in range(N)]
        database.index("films").upsert("", [str(row) for row in range(N)], rows, metadata={"year": years})
    return folder


def test_applying_changes_the_index_while_searches_go_on_and_measures_them(stored: Path) -> None:
    source = Source(database=str(stored), index="films", query_count=50)
    late = {"year": {"$gte": 2010}}
    found = studies.tune(source, filters=[late], kinds=["scan"], repeats=1)
    assert found.contract.recall == 0.9  # the promise of the index
    best = found.best
    assert best is not None
    answers: list[int] = []
    done = threading.Event()
    with Database(stored) as database:
        index = database.index("films")

        def ask() -> None:
            for row in generate(200, D, 8):
                answers.append(len(index.query("", Query(10, row)).matches))
                if done.is_set():
                    break

        searching = threading.Thread(target=ask)
        searching.start()
        applied = studies.apply(found, database)
        done.set()
        searching.join()
        assert set(answers) == {10}
        assert database.describe_index("films").kind == "scan"
        assert index.describe("").kind == "scan"
    assert (applied.before, applied.serves) == ("flat recall 0.9", "scan")
    assert applied.recall.keys() == {"", '{"year": {"$gte": 2010}}'}
    assert min(applied.recall.values()) >= 0.9


def test_there_is_nothing_to_apply_without_an_index_or_a_choice(tuned: Tuning, stored: Path) -> None:
    with Database(stored) as database:
        with pytest.raises(FailedPreconditionError, match="no index was tuned"):
            studies.apply(tuned, database)
        with pytest.raises(FailedPreconditionError, match="nothing to apply"):
            studies.apply(replace(tuned, contract=Contract(0.9, latency_ms=1e-9)), database)
        assert database.describe_index("films").kind == "flat"


def test_a_filter_that_keeps_nothing_is_refused(stored: Path) -> None:
    source = Source(database=str(stored), index="films")
    with pytest.raises(InvalidRequestError, match="no record matches the filter"):
        studies.tune(source, filters=[{"year": 1900}])
    with pytest.raises(NotFoundError, match="namespace"):
        studies.tune(replace(source, namespace="none"))
