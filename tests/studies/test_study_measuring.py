"""One row of figures: every kind, in this process."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("faiss", reason="most kinds are faiss's")

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.studies import Configuration, Data, Row, measure
from pinyon.studies.kinds import KINDS
from pinyon.studies.measuring import Task, build_key, measure_each
from pinyon.types import METRICS, Metric

GENEROUS = {
    "hnsw": {"m": 16, "ef_construction": 80, "ef_search": 200},
    "ivf": {"nlist": 10, "nprobe": 10},
    "pq4": {"width": 2, "rerank": 300},
    "pq8": {"width": 2, "rerank": 100},
    "int4": {"rerank": 200},
}
"""What lets a kind find nearly everything; the others do by themselves, or with a rerank of 50."""


def data_of(metric: Metric = "cosine", n: int = 800) -> Data:
    rng = np.random.default_rng(4)
    centres = rng.standard_normal((30, 12))
    rows = centres[rng.integers(0, 30, n + 40)] + 0.6 * rng.standard_normal((n + 40, 12))
    return Data.of(rows[:n], rows[n:], metric=metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_measured_and_finds_nearly_everything_when_it_may(kind: str, metric: Metric) -> None:
    data = data_of(metric)
    usual = {"rerank": 50} if "rerank" in KINDS[kind].search_parameters else {}
    row = measure(kind, {**usual, **GENEROUS.get(kind, {})}, data, repeats=3)
    assert row.recall_at_k > 0.97
    assert row.recall_at_1 > 0.9
    assert row.returned == 10.0
    assert (row.n, len(row.milliseconds), row.error) == (800, 3, None)
    assert row.fastest <= row.median <= row.slowest
    assert row.build_seconds > 0
    assert row.serialised_bytes > 0


def test_sizes_are_those_of_what_would_be_saved() -> None:
    data = data_of()
    assert measure("flat", {}, data, repeats=1).serialised_bytes == 800 * 12 * 4
    assert 800 * 24 <= measure("fp16", {}, data, repeats=1).serialised_bytes < 800 * 24 + 1_000
    small, large = (measure("hnsw", {"m": m}, data, repeats=1).serialised_bytes for m in (8, 32))
    assert 800 * 12 * 4 < small < large


@pytest.mark.parametrize("kind", ["flat", "scan", "pinyon", "hnsw", "ivf"])
def test_with_a_filter_recall_is_counted_among_the_rows_that_match(kind: str) -> None:
    data = data_of()
    mask = np.random.default_rng(0).random(data.n) < 0.3
    task = Task(data, masks={"some": mask}, repeats=1)
    (row,) = measure_each([Configuration(kind, {**GENEROUS.get(kind, {}), "filter": "some"})], task)
    assert row.recall_at_k > 0.97
    assert row.returned == 10.0


def test_a_filter_after_the_search_returns_what_is_left_of_its_candidates() -> None:
    data = data_of()
    mask = np.zeros(data.n, np.bool_)
    mask[np.random.default_rng(0).choice(data.n, 8, replace=False)] = True
    task = Task(data, masks={"few": mask}, repeats=1)
    after = {"filter": "few", "filtering": "after", "candidates": 100, "ef_search": 100}
    (row,) = measure_each([Configuration("hnsw", after)], task)
    assert row.returned < 4
    assert row.recall_at_k == pytest.approx(row.returned / 8, abs=0.01)
    (ours,) = measure_each([Configuration("pinyon", {"filter": "few"})], task)
    assert (ours.recall_at_k, ours.returned) == (1.0, 8.0)


def test_our_database_can_be_measured_with_any_settings_of_an_index() -> None:
    data = data_of(n=5_000)
    graph = {"index": "hnsw m 4 ef_construction 20"}
    hasty, thorough = measure_each(
        [Configuration("pinyon", {**graph, "ef_search": ef}) for ef in (10, 400)], Task(data, repeats=1)
    )
    assert hasty.build_seconds == thorough.build_seconds
    assert hasty.recall_at_k < thorough.recall_at_k
    assert measure("pinyon", {"index": "flat"}, data, repeats=1).recall_at_k == 1.0
    with pytest.raises(InvalidRequestError, match="Index settings"):
        measure("pinyon", {"index": "quickly please now"}, data)


def test_search_parameters_share_a_build_and_build_parameters_do_not() -> None:
    near = [Configuration("hnsw", {"ef_search": ef}) for ef in (16, 64)]
    assert build_key(near[0]) == build_key(near[1]) == build_key(Configuration("hnsw", {"m": 32}))
    assert build_key(near[0]) != build_key(Configuration("hnsw", {"m": 16}))
    sparse = [Configuration("hnsw", {"m": 3, "ef_search": ef}) for ef in (10, 200)]
    rows = list(measure_each(sparse, Task(data_of(), repeats=1)))
    assert rows[0].build_seconds == rows[1].build_seconds
    assert rows[0].recall_at_k < rows[1].recall_at_k
    with pytest.raises(InvalidRequestError, match="search parameters alone"):
        list(measure_each([Configuration("hnsw", {"m": m}) for m in (8, 16)], Task(data_of())))


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "words"),
    [
        ("kdtree", {}, NotFoundError, "no kind 'kdtree'.*hnsw"),
        ("hnsw", {"nprobe": 3}, InvalidRequestError, "no parameter 'nprobe'.*ef_search"),
        ("hnsw", {"m": 1}, InvalidRequestError, "m is 1"),
        ("ivf", {"nlist": 801}, InvalidRequestError, "800 rows make 1 to 800 clusters"),
        ("ivf", {"nlist": 4, "codes": "float8"}, InvalidRequestError, "'float8'.*pq4"),
        ("pq4", {"width": 13}, InvalidRequestError, "1 to 12 dimensions"),
        ("flat", {"rows": 801}, InvalidRequestError, "rows is 801"),
        ("flat", {"rows": 9}, InvalidRequestError, "rows is 9"),
    ],
)
def test_what_cannot_be_built_is_refused(
    kind: str, parameters: dict[str, int | str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        measure(kind, parameters, data_of())


def test_a_row_survives_being_written_down() -> None:
    row = measure("flat", {"rows": 500}, data_of(), repeats=2)
    assert row.n == 500
    assert Row.from_json(row.to_json()) == row
    for broken in ({}, {**row.to_json(), "colour": 1}, {**row.to_json(), "milliseconds": "x"}, [1], None):
        with pytest.raises(InvalidRequestError, match="not a row of a study"):
            Row.from_json(broken)
