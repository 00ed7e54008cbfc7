"""Graphs of SymphonyQG: the library builds and searches them, and what we add around it holds for every dimension."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.distance import prepare, prepare_query
from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.flat import flat_search
from pinyon.index.graph import calibrate_graph, graph_search
from pinyon.index.symqg import Symqg
from pinyon.index.vectors import Vectors
from pinyon.types import Floats, Metric

pytest.importorskip("rabitqlib", reason="the extra symqg is not installed")
N = 3_000


def clustered(n: int, d: int, seed: int) -> Floats:
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(40, d))
    rng = np.random.default_rng(seed)
    return (centres[rng.integers(40, size=n)] + 0.5 * rng.normal(size=(n, d))).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "dotproduct", "euclidean"])
@pytest.mark.parametrize("d", [8, 64, 100])
def test_a_graph_reaches_the_target_on_queries_from_outside(metric: Metric, d: int) -> None:
    rows = prepare(clustered(N, d, 1), metric)
    vectors = Vectors(d, (rows,))
    graph = Symqg.build(rows, metric)
    breadth = calibrate_graph(graph, vectors, None, metric, 0.95)
    assert breadth.reached
    found = 0
    for raw in clustered(50, d, 2):
        query = prepare_query(raw, metric)
        outcome = graph_search(graph, vectors, query, metric, 10, breadth.ef(10), None)
        assert outcome is not None
        best, scores = flat_search([rows], query, metric, 10)
        worst = scores[9]
        good = outcome.scores[:10] <= worst if metric == "euclidean" else outcome.scores[:10] >= worst
        found += int(np.count_nonzero(good))
        assert set(outcome.rows.tolist()) <= set(range(N))
        assert best.size >= 10
    assert found >= 0.93 * 500


def test_dead_rows_are_never_found_and_enough_others_are() -> None:
    rows = clustered(N, 32, 3)
    alive = np.random.default_rng(4).random(N) > 0.2
    graph = Symqg.build(rows, "euclidean")
    for query in clustered(30, 32, 5):
        outcome = graph_search(graph, Vectors(32, (rows,)), query, "euclidean", 10, 64, alive)
        assert outcome is not None
        assert outcome.rows.size >= 10
        assert alive[outcome.rows].all()


def test_arrays_hold_the_whole_graph() -> None:
    rows = clustered(N, 24, 6)
    graph = Symqg.build(rows, "euclidean", degree=64, ef_construction=80)
    again = Symqg.from_arrays(graph.to_arrays(), "euclidean", 24)
    assert (again.n, again.d, again.m, again.ef_construction) == (N, 24, 64, 80)
    for query in clustered(10, 24, 8):
        assert again.search(query, 10, 50).tolist() == graph.search(query, 10, 50).tolist()


def test_arrays_of_something_else_are_refused() -> None:
    arrays = Symqg.build(clustered(N, 24, 6), "euclidean").to_arrays()
    with pytest.raises(FormatError, match="rebuild"):
        Symqg.from_arrays(arrays, "euclidean", 100)
    with pytest.raises(FormatError, match="'graph' and 'built'"):
        Symqg.from_arrays({"graph": arrays["graph"]}, "euclidean", 24)


def test_a_degree_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="degree 40"):
        Symqg.build(clustered(N, 16, 1), "euclidean", degree=40)
    with pytest.raises(InvalidRequestError, match="20 rows"):
        Symqg.build(clustered(20, 16, 1), "euclidean")


def test_equal_rows_do_no_harm() -> None:
    rows = np.repeat(clustered(2, 16, 1), 500, axis=0)
    assert Symqg.build(rows, "euclidean").search(rows[0], 10, 32).size == 10
