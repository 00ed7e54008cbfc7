"""The race against other vector stores, on a set so small that only its machinery is tested: Pinyon and raw faiss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP))

from benchmarks.peers.__main__ import parse, run  # noqa: E402
from benchmarks.peers.jobs import Job  # noqa: E402
from benchmarks.peers.page import document  # noqa: E402
from benchmarks.peers.race import STEPS, Race, chosen  # noqa: E402
from benchmarks.peers.report import better, number  # noqa: E402
from benchmarks.peers.sets import Judge, Kind, prepare  # noqa: E402

OPTIONS = (
    "--here --peers pinyon,faiss --rows 1500 --queries 20 --repeats 1 --seconds 0.5 --rates 200 --spaces 3".split()
)


@pytest.fixture(scope="module", autouse=True)
def generated_data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINYON_BENCH_DATA", str(tmp_path_factory.mktemp("nothing")))
        yield


def raced(root: Path) -> Race:
    return run(parse(["--root", str(root), *OPTIONS]))[0]


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Race:
    return raced(tmp_path_factory.mktemp("race"))


def test_every_step_gives_a_row_to_every_contender(race: Race) -> None:
    lines = [line for line in document([race]).splitlines() if line.startswith(("|", "#"))]
    heads = [place for place, line in enumerate(lines) if line.startswith("| contender")]
    assert sum(line.startswith("### ") for line in lines) == len(STEPS)
    assert len(heads) == 2 + 2 + 13 + 2 + 3  # ingest, reopen; queries; filters; changes, namespaces; phases
    for head in heads:
        assert lines[head + 2].startswith("| pinyon |")
        assert lines[head + 3].startswith("| raw faiss HNSW (M 16) |")


def test_pinyon_answers_rightly_in_every_step(race: Race) -> None:
    found = {step: race.results["pinyon", step][0] for step in (*STEPS, "sweep")}
    assert [result["problem"] for result in found.values() if "problem" in result] == []
    assert found["ingest"]["records"] == 1_500
    assert min(row["recall"] for row in found["query"]["tried"]) >= 0.99
    assert min(case["recall"] for case in found["filter"]["cases"]) >= 0.99
    assert all(case["full"] == case["asked"] for case in found["filter"]["cases"])
    changes, spaces = found["change"], found["namespaces"]
    assert (changes["found_at_once"], changes["deleted_seen"], changes["count"]) == (30, 0, changes["expected"])
    assert changes["recall"] >= 0.99
    assert (spaces["made"], spaces["right"]) == (3, 3)
    for phase in found["concurrency"]["phases"].values():
        assert (phase["errors"], phase["short"]) == (0, 0)
        assert phase["recall"] >= 0.9, "new records may be nearer than those that the truth knows"


def test_a_race_that_ran_before_is_not_run_again(race: Race) -> None:
    files = list((race.options.root / "results").rglob("*.json"))
    before = {file: file.stat().st_mtime_ns for file in files}
    again = raced(race.options.root)
    assert {file: file.stat().st_mtime_ns for file in files} == before
    assert document([again]) == document([race])


def test_a_contender_that_fails_is_an_entry_and_not_the_end(tmp_path: Path) -> None:
    data = prepare(Kind("tiny", 200, 384), 5, tmp_path / "sets")
    options = {"step": "ingest", "adapter": "no_such_adapter", "options": {}}
    result = tmp_path / "results" / "ingest-0.json"
    job = Job(Path(sys.executable), options, tmp_path, data, result, limit=60, one_thread=False, code="")
    found = job.run()
    assert found["problem"].startswith("ModuleNotFoundError")
    assert job.known() == found


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(prepare(Kind("tiny", 600, 384), 8, tmp_path_factory.mktemp("sets")))


def best(judge: Judge, keep: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(8, 10) rows in order, worked out the slow way; -1 where there are none."""
    answer = np.full((8, 10), -1)
    for place, query in enumerate(judge.queries):
        ranked = sorted(np.flatnonzero(keep).tolist(), key=lambda row: -float(vectors[row] @ query))[:10]
        answer[place, : len(ranked)] = ranked
    return answer


def test_the_judge_agrees_with_an_answer_worked_out_by_hand(judge: Judge) -> None:
    for case, truth in judge.truth.items():
        vectors = np.array(judge.base)
        if case == "after":
            vectors[list(judge.updated)] = judge.changed
        answer = best(judge, truth.keep, vectors)
        assert judge.recall(answer, case) == 1.0
        assert judge.full(answer, case) == 8


def test_the_judge_counts_what_is_missing_and_ignores_what_the_filter_excludes(judge: Judge) -> None:
    case, truth = next((name, one) for name, one in judge.truth.items() if name == "random 10 %")
    answer = best(judge, truth.keep, judge.base)
    unfiltered = best(judge, np.ones(len(judge.base), bool), judge.base)
    assert judge.recall(np.full_like(answer, -1), case) == 0.0
    answer[:, 5:] = -1
    assert judge.recall(answer, case) == 0.5
    assert judge.full(answer, case) == 0
    outside = np.where(truth.keep[unfiltered], -1, unfiltered)
    assert judge.recall(outside, case) == 0.0
    twice = np.repeat(answer[:, :5], 2, axis=1)
    assert judge.recall(twice, case) == 0.5


def test_the_quickest_setting_that_reaches_the_recall_is_chosen() -> None:
    both = [0.95, 0.99]
    rows = [
        {"setting": {"ef": 16}, "recall": 0.91, "p50_ms": 0.1, "targets": both},
        {"setting": {"ef": 32}, "recall": 0.96, "p50_ms": 0.3, "targets": both},
        {"setting": {"ef": 64}, "recall": 0.97, "p50_ms": 0.2, "targets": both},
        {"setting": {"ef": 65}, "recall": 0.98, "p50_ms": 0.1, "targets": []},
    ]
    assert chosen(rows, 0.95).setting == {"ef": 64}
    beyond = chosen(rows, 0.99)
    assert (beyond.setting, beyond.recall, beyond.reached) == ({"ef": 64}, 0.97, False)


def test_ratios_say_how_many_times_better_pinyon_is() -> None:
    assert better(200.0, 100.0, "more") == "2.00x"
    assert better(0.1, 0.3, "less") == "3.00x"
    assert better(None, 0.3, "less") == "-"
    assert [number(value) for value in (0.012345, 12345.6, 7, None, float("nan"))] == [
        "0.0123",
        "12,346",
        "7",
        "-",
        "-",
    ]
