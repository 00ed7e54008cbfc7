"""Search in a graph against exact search, and the breadth that the contract needs."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("faiss", reason="graphs need faiss")

from pinyon.distance import prepare, prepare_query, scores
from pinyon.index.flat import flat_search
from pinyon.index.graph import Breadth, calibrate_graph, graph_search
from pinyon.index.hnsw import Hnsw, HnswBuilder
from pinyon.index.rerank import Outcome
from pinyon.index.vectors import Vectors
from pinyon.types import METRICS, Bools, Floats, Ints, Metric

N, D = 4_000, 24


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def gaussian(n: int, d: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def built(rows: Floats, metric: Metric, *, m: int = 16, ef_construction: int = 100) -> Hnsw:
    builder = HnswBuilder(rows.shape[1], metric, m=m, ef_construction=ef_construction)
    builder.add(rows)
    return builder.finished()


class Linked:
    """A graph over rows, some of them newer than it, and what exact search says of them."""

    def __init__(self, raw: Floats, metric: Metric, *, newer: int = 0) -> None:
        self.metric = metric
        self.rows = prepare(raw, metric)
        older = self.rows[: len(raw) - newer]
        self.graph = built(older, metric)
        self.vectors = Vectors(raw.shape[1], (older,))
        if newer:
            self.vectors = self.vectors.append(self.rows[len(older) :])
        self.hits = self.wanted = 0

    def query(self, at: int) -> Floats:
        return prepare_query(self.rows[at * 7] + 0.2 * self.rows[at * 11 + 1], self.metric)

    def search(self, query: Floats, k: int, ef: int, alive: Bools | None = None) -> Outcome | None:
        """The search, and what it must always keep to unless it gives up; recall is counted, 0 where it gives up."""
        found = graph_search(self.graph, self.vectors, query, self.metric, k, ef, alive, recall=0.5)
        truth, best = flat_search(self.vectors.blocks(), query, self.metric, k, alive)
        wanted = min(k, truth.size)
        self.wanted += wanted
        if found is None:
            return None
        assert found.rows.dtype == np.int64
        assert len(set(found.rows.tolist())) == found.rows.size >= wanted
        assert alive is None or alive[found.rows].all()
        assert found.scores.tolist() == scores(self.rows[found.rows], query, self.metric).tolist(), "exact scores"
        order = found.scores if self.metric == "euclidean" else -found.scores
        assert (np.diff(order) >= 0).all(), "best first"
        assert (found.exact, found.expected_recall) == (False, 0.5)
        kth = best[wanted - 1]
        self.hits += min(
            int((found.scores <= kth if self.metric == "euclidean" else found.scores >= kth).sum()), wanted
        )
        return found

    def recall(self, k: int, breadth: Breadth, queries: Floats) -> float:
        self.hits = self.wanted = 0
        for raw in queries:
            self.search(prepare_query(raw, self.metric), k, breadth.ef(k))
        return self.hits / self.wanted


@pytest.fixture(scope="module", params=METRICS)
def linked(request: pytest.FixtureRequest) -> Linked:
    return Linked(clustered(N, D), request.param)


@pytest.fixture(autouse=True)
def _counted_anew(request: pytest.FixtureRequest) -> None:
    if "linked" in request.fixturenames:
        shared = request.getfixturevalue("linked")
        shared.hits = shared.wanted = 0


# -- searching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, 100])
def test_a_search_gives_k_exactly_scored_rows_and_nearly_all_are_the_best(linked: Linked, k: int) -> None:
    for at in range(40):
        found = linked.search(linked.query(at), k, 4 * k + 100)
        assert found is not None
        assert k <= found.candidates <= 2 * k + 16
    assert linked.hits >= (0.9 if linked.metric == "dotproduct" else 0.97) * linked.wanted


@pytest.mark.parametrize("ef", [1, 3, 10])
def test_a_breadth_below_k_is_k(linked: Linked, ef: int) -> None:
    found = linked.search(linked.query(0), 10, ef)
    assert found is not None
    assert found.rows.size >= 10


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_dead_rows_are_never_returned_and_enough_others_are(
    linked: Linked, share: float, rng: np.random.Generator
) -> None:
    alive = rng.random(N) >= share
    given_up = 0
    for at in range(40):
        given_up += linked.search(linked.query(at), 10, 120, alive) is None
    assert given_up <= 4
    assert linked.hits >= (0.85 if linked.metric == "dotproduct" else 0.93) * linked.wanted


def test_where_too_few_that_live_are_found_it_gives_up(linked: Linked) -> None:
    query = linked.query(1)
    near, _ = flat_search([linked.rows], query, linked.metric, 3_900)
    alive = np.ones(N, np.bool_)
    alive[near] = False
    assert linked.search(query, 50, 50, alive) is None


def test_no_row_that_lives_gives_none_or_nothing(linked: Linked) -> None:
    found = graph_search(linked.graph, linked.vectors, linked.query(1), linked.metric, 5, 50, np.zeros(N, np.bool_))
    assert found is None or found.rows.size == 0


@pytest.mark.parametrize("metric", METRICS)
def test_newer_rows_are_found_beside_those_of_the_graph(metric: Metric, rng: np.random.Generator) -> None:
    found = Linked(clustered(N, D), metric, newer=300)
    alive = rng.random(N) < 0.8
    for at in range(30):
        found.search(found.query(at), 10, 120)
        found.search(found.query(at), 10, 120, alive)
    assert found.hits >= (0.88 if metric == "dotproduct" else 0.95) * found.wanted
    fresh = found.search(prepare_query(found.rows[N - 3], metric), 10, 50)
    assert fresh is not None
    assert metric == "dotproduct" or N - 3 in fresh.rows


@pytest.mark.parametrize("metric", METRICS)
def test_a_crowd_of_equal_rows_larger_than_it_looks_at_is_left_to_others(metric: Metric) -> None:
    """Of rows that tie for the last place those with the smallest ids are wanted, so all of them must be known."""
    raw = clustered(N, D)
    raw[500:1_100] = raw[500]
    found = Linked(raw, metric)
    assert found.search(prepare_query(raw[500], metric), 10, 100) is None


@pytest.mark.parametrize("metric", METRICS)
def test_rows_of_which_all_are_equal_are_left_to_others(metric: Metric) -> None:
    found = Linked(np.full((1_000, D), 0.5, np.float32), metric)
    assert found.search(found.rows[0], 10, 100) is None
    breadth = calibrate_graph(found.graph, found.vectors, None, metric, 0.9)
    assert not breadth.reached


# -- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("target", [0.9, 0.99])
@pytest.mark.parametrize("generated", [clustered, gaussian])
def test_calibration_keeps_the_contract_on_held_out_queries(metric: Metric, target: float, generated: object) -> None:
    assert callable(generated)
    raw = generated(N + 100, D, 3)
    found = Linked(raw[100:], metric)
    breadth = calibrate_graph(found.graph, found.vectors, None, metric, target, seed=1)
    assert breadth == calibrate_graph(found.graph, found.vectors, None, metric, target, seed=1)
    assert breadth.reached
    assert target <= breadth.recall <= 1.0
    assert breadth.fixed is None
    assert found.recall(10, breadth, raw[:100]) >= target - 0.01
    assert found.recall(100, breadth, raw[:40]) >= target - 0.02


@pytest.mark.parametrize("spread", [0.0, 2.5])
def test_norms_over_five_orders_of_magnitude_keep_the_contract_or_are_not_promised(spread: float) -> None:
    rng = np.random.default_rng(5)
    raw = (clustered(N + 60, D) * 10.0 ** rng.uniform(-spread, spread, (N + 60, 1))).astype(np.float32)
    found = Linked(raw[60:], "dotproduct")
    breadth = calibrate_graph(found.graph, found.vectors, None, "dotproduct", 0.95)
    assert not breadth.reached or found.recall(10, breadth, raw[:60]) >= 0.94


def test_a_higher_target_needs_no_smaller_breadth(linked: Linked) -> None:
    low, high = (calibrate_graph(linked.graph, linked.vectors, None, linked.metric, t) for t in (0.5, 0.99))
    assert low.ten <= high.ten
    assert low.hundred <= high.hundred
    assert low.ef(10) <= high.ef(10) <= high.ef(100) <= high.ef(1_000)
    assert high.ef(10, 2.0) > high.ef(10)
    assert high.ef(1_000) >= 1_006


def test_dead_rows_do_not_count(linked: Linked) -> None:
    alive = np.arange(N) % 4 != 0
    breadth = calibrate_graph(linked.graph, linked.vectors, alive, linked.metric, 0.9)
    assert breadth.samples == 256
    assert breadth.reached or linked.metric == "dotproduct"


@pytest.mark.parametrize("dead", [False, True])
def test_rows_newer_than_the_graph_do_not_count_as_missed(dead: bool) -> None:
    """They are scored beside it, and push rows of the graph out of the best ten."""
    found = Linked(clustered(N, D), "cosine", newer=800)
    alive = np.arange(N) % 10 != 0 if dead else None
    assert calibrate_graph(found.graph, found.vectors, alive, "cosine", 0.99).reached


@pytest.mark.parametrize("fixed", [1, 24, 5_000])
def test_a_fixed_breadth_is_measured_and_kept(linked: Linked, fixed: int) -> None:
    breadth = calibrate_graph(linked.graph, linked.vectors, None, linked.metric, 0.99, fixed=fixed)
    assert (breadth.reached, breadth.fixed) == (True, fixed)
    assert breadth.ef(10) == max(fixed, 10)
    assert breadth.ef(100, 8.0) == max(fixed, 100), "what the user fixed is not raised"
    assert 0.3 < breadth.recall <= 1.0
    assert breadth.recall > 0.9 or fixed < 5_000


def test_a_crowd_here_and_there_spoils_no_calibration() -> None:
    """Queries that meet a crowd are answered by the codes, which says nothing about the graph."""
    raw = clustered(N, D)
    crowd: Ints = np.random.default_rng(1).choice(N, N // 10, replace=False)
    raw[crowd] = raw[crowd[0]]
    found = Linked(raw, "cosine")
    assert calibrate_graph(found.graph, found.vectors, None, "cosine", 0.95).reached


def test_few_rows_are_calibrated_on_what_there_is() -> None:
    found = Linked(clustered(30, D), "cosine")
    breadth = calibrate_graph(found.graph, found.vectors, None, "cosine", 0.99)
    assert breadth.reached
    assert breadth.samples == 30
    assert calibrate_graph(found.graph, found.vectors, np.arange(30) < 12, "cosine", 0.99).samples == 12
