"""Whole studies: what they measure, that they repeat, and that they go on where they were cut short."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="most kinds are faiss's")

from pinyon import studies
from pinyon.errors import FailedPreconditionError, FormatError, InvalidRequestError, NotFoundError
from pinyon.studies import Data, Source, Study, again, conduct, differences
from pinyon.studies.plans import PLANS, configurations, plan_of, resolve, series
from pinyon.studies.values import Row

SOURCE = Source(generate=(1_000, 12), query_count=40)
SMALL: dict[str, dict[str, list[int | float | str]]] = {
    "growth": {"rows": [500, 1_000]},
    "hnsw": {"m": [4, 16]},
    "ivf": {"nprobe": [1, 8]},
    "filter": {"selectivity": [0.3, 0.02], "ef_search": [32]},
    "quantise": {"codes": ["fp16", "pq4", "scan"], "width": [4]},
}


def settings_of(name: str, **given: list[int | float | str]) -> list[str]:
    plan = plan_of(name)
    return [str(one) for one in configurations(plan, resolve(plan, given, 10_000), 10_000)]


def test_one_list_varies_one_parameter_around_the_defaults_of_the_others() -> None:
    assert settings_of("hnsw", m=[8, 64]) == [
        "flat",
        "hnsw m=8 ef_construction=40 ef_search=16",
        "hnsw m=64 ef_construction=40 ef_search=16",
    ]


def test_a_single_value_moves_the_default() -> None:
    assert settings_of("hnsw", m=[16], ef_search=[32, 64]) == [
        "flat",
        "hnsw m=16 ef_construction=40 ef_search=32",
        "hnsw m=16 ef_construction=40 ef_search=64",
    ]


def test_two_lists_are_two_series_and_not_multiplied() -> None:
    assert settings_of("ivf", nlist=[16, 256], nprobe=[8, 32]) == [
        "flat",
        "ivf nlist=16 nprobe=8",
        "ivf nlist=256 nprobe=8",
        "ivf nlist=256 nprobe=32",
    ]


def test_without_lists_each_parameter_varies_in_turn() -> None:
    plan = plan_of("hnsw")
    found = list(series(plan, resolve(plan, {}, 10_000), 10_000))
    assert [one.varied for one in found] == ["m", "ef_construction", "ef_search"]
    assert len(settings_of("hnsw")) == 1 + 4 + 3 + 3
    assert settings_of("growth") == [f"flat rows={rows}" for rows in (2_000, 4_000, 6_000, 8_000, 10_000)]


def test_few_rows_get_few_clusters_by_default() -> None:
    plan = plan_of("ivf")
    assert resolve(plan, {}, 300)["nlist"] == (30,)


@pytest.mark.parametrize(
    ("name", "lists", "words"),
    [
        ("hnsw", {"m": [1]}, "m is 1: it must be a number of at least 2"),
        ("hnsw", {"m": [8.5]}, "whole number"),
        ("hnsw", {"m": ["many"]}, "m is 'many'"),
        ("hnsw", {"nprobe": [1]}, "study hnsw has no list 'nprobe'"),
        ("filter", {"selectivity": [1.5]}, "at most 1"),
        ("filter", {"m": [8, 16]}, "m takes one value here"),
        ("filter", {"match": ["sideways"]}, "'sideways' is unknown: choose from anywhere, together"),
        ("quantise", {"codes": ["int9"]}, "'int9' is unknown: choose from fp16"),
        ("growth", {"rows": [5_000]}, "rows is 5000: 1000 rows and top_k 10 allow 10 to 1000"),
        ("ivf", {"nlist": [1_001]}, "nlist is 1001"),
    ],
)
def test_bad_lists_are_refused_before_anything_is_written(
    tmp_path: Path, name: str, lists: dict[str, list[int]], words: str
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        conduct(name, SOURCE, lists, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_study_is_refused() -> None:
    with pytest.raises(NotFoundError, match=r"no study 'annoy'.*growth"):
        conduct("annoy", SOURCE)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.nightly) if name in ("growth", "ivf") else name for name in PLANS]
)
def test_a_study_repeats_from_its_results_with_equal_recall(tmp_path: Path, name: str) -> None:
    first = conduct(name, SOURCE, SMALL[name], repeats=2, out=tmp_path / "one")
    assert first.complete
    assert [row.error for row in first.rows] == [None] * len(first.rows)
    recorded = Study.read(tmp_path / "one" / "results.json")
    assert recorded == first
    second = again(recorded, out=tmp_path / "two")
    assert second.settings == first.settings
    assert differences(first, second) == []
    assert [row.configuration for row in second.rows] == [row.configuration for row in first.rows]


def test_figures_tell_what_a_reader_expects_of_them() -> None:
    study = studies.hnsw(SOURCE, m=[4, 32], repeats=2)
    exact, low, high = study.rows
    assert exact.recall_at_k == 1.0
    assert low.recall_at_k < high.recall_at_k
    assert low.serialised_bytes < high.serialised_bytes
    study = studies.quantise(SOURCE, codes=["pq4"], width=[4], rerank=[0, 100], repeats=1)
    assert study.rows[1].recall_at_k < study.rows[2].recall_at_k
    study = studies.filters(SOURCE, selectivity=[0.01], ef_search=[16], repeats=1)
    after, during, flat, ours = study.rows
    assert after.returned < 5
    assert after.recall_at_k < 0.5
    assert (flat.recall_at_k, flat.returned, ours.recall_at_k, ours.returned) == (1.0, 10.0, 1.0, 10.0)
    assert during.recall_at_k < 1.0
    assert [row.n for row in studies.growth(SOURCE, rows=[100, 200], repeats=1).rows] == [100, 200]
    assert len(studies.ivf(SOURCE, nlist=[4, 8], repeats=1).rows) == 3


def test_rows_that_match_may_lie_together() -> None:
    study = studies.filters(SOURCE, selectivity=[0.02], ef_search=[16], match="together", repeats=1)
    assert study.rows[-1].recall_at_k == 1.0
    assert study.settings.options["match"] == ("together",)


class Interrupting:
    """Raises KeyboardInterrupt as Ctrl-C would, once ``after`` rows are measured."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.begun: list[str] = []

    def begin(self, label: str, total: int, unit: str) -> None:
        self.begun.append(label)

    def advance(self, done: int, note: str = "") -> None:
        if self.begun[-1] == "measuring" and done > self.after:
            raise KeyboardInterrupt


def test_a_study_that_was_cut_short_goes_on_and_measures_nothing_twice(tmp_path: Path) -> None:
    lists = {"nprobe": [1, 2, 4, 8]}
    with pytest.raises(KeyboardInterrupt):
        conduct("ivf", SOURCE, lists, repeats=1, out=tmp_path, watch=Interrupting(2))
    cut = Study.read(tmp_path)
    assert (len(cut.rows), cut.complete) == (2, False)
    assert json.loads((tmp_path / "results.json").read_text())["complete"] is False
    with (tmp_path / "results.csv").open() as file:
        assert len(list(csv.reader(file))) == 1 + 2
    watch = Interrupting(99)
    whole = conduct("ivf", SOURCE, lists, repeats=1, out=tmp_path, watch=watch)
    assert watch.begun == ["measuring"], "exact answers are kept beside the results"
    assert whole.complete
    assert whole.rows[:2] == cut.rows
    assert conduct("ivf", SOURCE, lists, repeats=1, out=tmp_path) == whole


def test_a_row_that_failed_is_tried_again(tmp_path: Path) -> None:
    study = conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1, out=tmp_path)
    failed = Row("ivf", study.rows[1].parameters, error="the process was ended by SIGKILL")
    study.with_row(failed).write(tmp_path)
    assert Study.read(tmp_path).rows[1].error is not None
    assert conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1, out=tmp_path).rows[1].error is None


def test_a_folder_of_another_study_is_left_alone(tmp_path: Path) -> None:
    conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1, out=tmp_path)
    before = (tmp_path / "results.json").read_bytes()
    with pytest.raises(FailedPreconditionError, match=r"other settings \(options"):
        conduct("ivf", SOURCE, {"nprobe": [1, 4]}, repeats=1, out=tmp_path)
    with pytest.raises(FailedPreconditionError, match=r"other settings \(study"):
        conduct("growth", SOURCE, repeats=1, out=tmp_path)
    assert (tmp_path / "results.json").read_bytes() == before


def test_figures_of_another_machine_are_not_mixed_in(tmp_path: Path) -> None:
    study = conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1)
    other = Study(study.settings, {**study.environment, "processor": "abacus"}, study.started, study.rows[:1])
    other.write(tmp_path)
    with pytest.raises(FailedPreconditionError, match=r"another machine or release.*abacus"):
        conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1, out=tmp_path)


def test_a_study_of_arrays_can_be_saved_but_not_repeated_by_its_results_alone(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    data = Data.of(rng.standard_normal((300, 6)), query_count=20)
    study = studies.growth(data, rows=[100, 280], repeats=1, out=tmp_path)
    assert study.complete
    with pytest.raises(FailedPreconditionError, match="arrays of a program"):
        again(Study.read(tmp_path))


def test_vectors_that_have_changed_are_not_compared(tmp_path: Path, rng: np.random.Generator) -> None:
    file = tmp_path / "a.npy"
    np.save(file, rng.standard_normal((300, 6)))
    study = studies.growth(Source(file=str(file), query_count=20), rows=[100], repeats=1)
    np.save(file, rng.standard_normal((300, 6)))
    with pytest.raises(FailedPreconditionError, match="changed since"):
        again(study)


def test_paths_are_recorded_as_they_can_be_found_from_everywhere(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", rng.standard_normal((300, 6)))
    monkeypatch.chdir(tmp_path)
    study = studies.growth(Source(file="a.npy", query_count=20), rows=[100], repeats=1)
    monkeypatch.chdir("/")
    assert differences(study, again(study)) == []


def test_a_difference_in_recall_is_told() -> None:
    study = conduct("ivf", SOURCE, {"nprobe": [1, 2]}, repeats=1)
    row = study.rows[1]
    worse = study.with_row(Row(**{**row.to_json(), "milliseconds": row.milliseconds, "recall_at_k": 0.5}))
    (told,) = differences(study, worse)
    assert told == f"ivf nlist=100 nprobe=1: recall_at_k {row.recall_at_k:.6g} -> 0.5"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not JSON"),
        ("[]", "format is None"),
        ('{"format": "pinyon study 9"}', "'pinyon study 9'"),
        ('{"format": "pinyon study 1", "settings": {"study": "hnsw"}}', "not the settings of a study"),
        ('{"format": "pinyon study 1", "settings": null}', "not the settings of a study"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(FormatError, match=words):
        Study.read(tmp_path)
    with pytest.raises(NotFoundError, match=r"name the results\.json"):
        Study.read(tmp_path / "nothing")


def test_a_sheet_holds_every_row_with_its_settings(tmp_path: Path) -> None:
    study = conduct("hnsw", SOURCE, {"m": [4, 8]}, repeats=2, out=tmp_path)
    with (tmp_path / "results.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["kind"] for line in lines] == ["flat", "hnsw", "hnsw"]
    assert [line["m"] for line in lines] == ["", "4", "8"]
    assert float(lines[2]["recall_at_k"]) == study.rows[2].recall_at_k
    assert {line["digest"] for line in lines} == {study.settings.digest}
    assert {line["seed"] for line in lines} == {"0"}
    assert lines[0]["numpy"] == np.__version__
