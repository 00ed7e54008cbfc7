"""The navigable graph as a value: built in steps, grown from a copy, searched, kept as arrays."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("faiss", reason="graphs need faiss")

from pinyon.distance import prepare, prepare_query, scores
from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.hnsw import Hnsw, HnswBuilder
from pinyon.types import METRICS, Floats, Metric

N, D = 3_000, 24


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def built(rows: Floats, metric: Metric, *, m: int = 12, ef_construction: int = 80, step: int = 512) -> Hnsw:
    builder = HnswBuilder(rows.shape[1], metric, m=m, ef_construction=ef_construction)
    for start in range(0, len(rows), step):
        builder.add(rows[start : start + step])
    return builder.finished()


def recall(graph: Hnsw, rows: Floats, ef: int, k: int = 10) -> float:
    """Of queries near to rows, judged by exact scores."""
    hits = 0
    for at in range(50):
        query = prepare_query(rows[at * 7] + 0.2 * rows[at * 11 + 1], graph.metric)
        exact = scores(rows, query, graph.metric)
        goodness = -exact if graph.metric == "euclidean" else exact
        found = graph.search(query, 2 * k, ef)  # 16 bits mistake the order of a few
        assert found.dtype == np.int64
        assert len(set(found.tolist())) == found.size == 2 * k
        assert 0 <= found.min() <= found.max() < len(rows)
        hits += int((goodness[found] >= np.sort(goodness)[-k]).sum())
    return hits / (50 * k)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [4, 17, 64])
def test_a_search_finds_the_nearest_rows_and_more_of_them_the_wider_it_looks(d: int, metric: Metric) -> None:
    rows = prepare(clustered(N, d), metric)
    graph = built(rows, metric)
    assert (graph.n, graph.d, graph.m, graph.ef_construction, len(graph)) == (N, d, 12, 80, N)
    narrow, wide = recall(graph, rows, 10), recall(graph, rows, 200)
    assert narrow <= wide
    # Inner products of rows of different lengths are no distance: a graph of them is known to be worse.
    assert wide >= (0.9 if metric == "dotproduct" else 0.97)


@pytest.mark.parametrize("metric", METRICS)
def test_candidates_come_best_first(metric: Metric) -> None:
    rows = prepare(clustered(N, D), metric)
    graph = built(rows, metric)
    for at in range(10):
        exact = scores(rows[graph.search(rows[at], 40, 80)], rows[at], metric)
        steps = np.diff(exact if metric == "euclidean" else -exact)
        assert (steps >= -2e-3 * np.abs(exact).max()).all(), "best first, as far as 16 bits tell"


def test_a_graph_built_in_steps_is_the_same_whenever_the_steps_are() -> None:
    rows = prepare(clustered(N, D), "cosine")
    left, right = (built(rows, "cosine").to_arrays()["graph"] for _ in range(2))
    assert np.array_equal(left, right)


@pytest.mark.parametrize("step", [1, 100, N])
def test_the_size_of_the_steps_costs_no_recall(step: int) -> None:
    rows = prepare(clustered(N, D), "cosine")
    assert recall(built(rows, "cosine", step=step), rows, 100) >= 0.97


def test_wider_construction_and_more_links_give_a_better_graph() -> None:
    rows = prepare(np.random.default_rng(0).standard_normal((N, D)), "cosine")
    poor, good = built(rows, "cosine", m=4, ef_construction=16), built(rows, "cosine", m=24, ef_construction=120)
    assert recall(poor, rows, 32) < recall(good, rows, 32)
    assert poor.nbytes < good.nbytes


def test_going_on_from_a_graph_leaves_it_as_it_was_while_others_search_it() -> None:
    rows = prepare(clustered(N, D), "cosine")
    old = built(rows[:2_000], "cosine")
    before = old.to_arrays()
    expected = old.search(rows[0], 50, 80).tolist()
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            if (found := old.search(rows[0], 50, 80).tolist()) != expected:
                wrong.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    builder = HnswBuilder.onward(old)
    for start in range(2_000, N, 250):
        builder.add(rows[start : start + 250])
        assert builder.n == min(N, start + 250)
    grown = builder.finished()
    stop.set()
    reader.join()
    assert wrong == []
    assert (old.n, grown.n) == (2_000, N)
    assert (grown.m, grown.ef_construction, grown.metric) == (old.m, old.ef_construction, old.metric)
    assert np.array_equal(before["graph"], old.to_arrays()["graph"])
    assert recall(grown, rows, 100) >= 0.97


def test_fewer_rows_than_asked_for_are_all_of_them() -> None:
    rows = prepare(clustered(7, D), "cosine")
    graph = built(rows, "cosine")
    assert sorted(graph.search(rows[0], 50, 50).tolist()) == list(range(7))
    assert graph.search(rows[0], 0, 50).size == 0


@pytest.mark.parametrize("metric", METRICS)
def test_large_numbers_beyond_what_16_bits_hold_crash_nothing(metric: Metric) -> None:
    rows = clustered(500, D) * np.float32(1e7)
    rows[::5] *= np.float32(1e-12)
    graph = built(prepare(rows, metric), metric)
    found = graph.search(prepare_query(rows[3], metric), 10, 50)
    assert len(set(found.tolist())) == found.size <= 10


@pytest.mark.parametrize("metric", METRICS)
def test_arrays_bring_back_the_same_graph(metric: Metric) -> None:
    rows = prepare(clustered(N, D), metric)
    graph = built(rows, metric)
    arrays = graph.to_arrays()
    again = Hnsw.from_arrays(arrays, metric, D)
    assert (again.n, again.d, again.m, again.ef_construction) == (graph.n, graph.d, graph.m, graph.ef_construction)
    for at in range(20):
        assert again.search(rows[at], 30, 60).tolist() == graph.search(rows[at], 30, 60).tolist()
    assert 0.5 * arrays["graph"].nbytes < graph.nbytes == again.nbytes < 2 * arrays["graph"].nbytes
    builder = HnswBuilder.onward(again)
    builder.add(rows[:10])
    assert builder.finished().n == N + 10


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    arrays = built(prepare(clustered(200, 8), "cosine"), "cosine").to_arrays()
    for broken in ({"graph": arrays["graph"]}, {"built": arrays["built"]}, {**arrays, "built": arrays["built"][:1]}):
        with pytest.raises(FormatError, match="'built'"):
            Hnsw.from_arrays(broken, "cosine", 8)
    with pytest.raises(FormatError, match="199 rows"):
        Hnsw.from_arrays({**arrays, "built": np.array([199, 80])}, "cosine", 8)
    with pytest.raises(FormatError, match="dimension 9"):
        Hnsw.from_arrays(arrays, "cosine", 9)
    with pytest.raises(FormatError, match="another metric"):
        Hnsw.from_arrays(arrays, "euclidean", 8)
    for size in (0, 40, arrays["graph"].size // 2):
        with pytest.raises(FormatError, match="rebuild"):
            Hnsw.from_arrays({**arrays, "graph": arrays["graph"][:size]}, "cosine", 8)


def test_shapes_that_do_not_fit_are_refused() -> None:
    graph = built(prepare(clustered(100, 8), "cosine"), "cosine")
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        graph.search(np.zeros(9, np.float32), 5, 10)
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        HnswBuilder.onward(graph).add(np.zeros((2, 9), np.float32))
