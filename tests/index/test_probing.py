"""Search in inverted lists against exact search: scores, counts and recall, whatever the filter, data and effort.

Each search is compared with ``flat_search``, the oracle. What must hold always: min(k, matches) distinct rows that
match, their exact scores, best first. What must hold on average: the recall that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("faiss", reason="inverted lists need faiss")

from pinyon.distance import prepare, prepare_query, scores
from pinyon.errors import InvalidRequestError
from pinyon.index.calibrate_lists import calibrate_lists
from pinyon.index.flat import flat_search
from pinyon.index.ivf import Ivf
from pinyon.index.probing import ivf_search
from pinyon.index.rerank import USUAL, Depth, Effort, Outcome
from pinyon.index.vectors import Vectors
from pinyon.types import METRICS, Bools, Floats, Ints, Metric

N, D, NLIST = 5_000, 24, 60
DEPTH = Depth((64, 200), (64, 200), 0.02, probes=6)


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def gaussian(n: int, d: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


class Lists:
    """Lists over rows, some of them newer than the codes, and what exact search says of them."""

    def __init__(self, raw: Floats, metric: Metric, *, nlist: int = NLIST, newer: int = 0) -> None:
        self.metric = metric
        self.rows = prepare(raw, metric)
        older = self.rows[: len(raw) - newer]
        self.ivf = Ivf.train(older, metric, nlist=nlist).extended(older)
        self.vectors = Vectors(raw.shape[1], (older,))
        if newer:
            self.vectors = self.vectors.append(self.rows[len(older) :])
        self.hits = self.wanted = 0

    def query(self, at: int) -> Floats:
        """Near the data, but none of it."""
        return prepare_query(self.rows[at * 7] + 0.2 * self.rows[at * 11 + 1], self.metric)

    def search(
        self,
        query: Floats,
        k: int,
        mask: Bools | None = None,
        effort: Effort = USUAL,
        depth: Depth = DEPTH,
    ) -> Outcome:
        """The search, and everything that it must always keep to; recall is counted."""
        matching = None if mask is None else int(mask[: self.ivf.n].sum())
        found = ivf_search(self.ivf, self.vectors, query, self.metric, k, depth, mask, matching, effort)
        truth, best = flat_search(self.vectors.blocks(), query, self.metric, k, mask)
        assert found.rows.dtype == np.int64
        assert len(set(found.rows.tolist())) == found.rows.size >= min(k, truth.size)
        assert mask is None or mask[found.rows].all()
        assert found.scores.tolist() == scores(self.rows[found.rows], query, self.metric).tolist(), "exact scores"
        order = found.scores if self.metric == "euclidean" else -found.scores
        assert (np.diff(order) >= 0).all(), "best first"
        assert 0.0 <= found.expected_recall <= 1.0
        assert 0 <= found.lists <= self.ivf.nlist
        wanted = min(k, truth.size)
        if wanted:
            kth = best[wanted - 1]
            got = found.scores <= kth if self.metric == "euclidean" else found.scores >= kth
            self.hits += min(int(got.sum()), wanted)
            self.wanted += wanted
            if found.exact:
                assert found.rows.tolist() == truth.tolist()
        return found

    @property
    def recall(self) -> float:
        return self.hits / self.wanted


@pytest.fixture(scope="module", params=METRICS)
def lists(request: pytest.FixtureRequest) -> Lists:
    return Lists(clustered(N, D), request.param)


@pytest.fixture(autouse=True)
def _counted_anew(request: pytest.FixtureRequest) -> None:
    if "lists" in request.fixturenames:
        shared = request.getfixturevalue("lists")
        shared.hits = shared.wanted = 0


def far_from(found: Lists, query: Floats, share: float) -> Bools:
    """A mask of the rows that are farthest from the query."""
    nearest, _ = flat_search([found.rows], query, found.metric, int((1 - share) * len(found.rows)))
    mask = np.ones(len(found.rows), np.bool_)
    mask[nearest] = False
    return mask


# -- what always holds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, 100])
def test_a_search_reads_few_lists_and_finds_the_nearest_rows(lists: Lists, k: int) -> None:
    found = [lists.search(lists.query(at), k) for at in range(40)]
    assert lists.recall >= 0.97
    assert np.mean([outcome.exact for outcome in found]) < 0.2
    assert np.mean([outcome.lists for outcome in found if not outcome.exact]) < 0.6 * NLIST


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.0])
def test_a_filter_costs_no_recall(lists: Lists, share: float, rng: np.random.Generator) -> None:
    for at in range(20):
        lists.search(lists.query(at), 10, rng.random(N) < share)
    assert share == 0.0 or lists.recall >= 0.97


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_a_filter_that_leaves_only_far_rows_costs_no_recall(lists: Lists, share: float) -> None:
    for at in range(15):
        query = lists.query(at)
        lists.search(query, 10, far_from(lists, query, share))
    assert lists.recall >= 0.97


def test_a_filter_that_leaves_only_the_nearest_rows_costs_no_recall(lists: Lists) -> None:
    for at in range(15):
        query = lists.query(at)
        lists.search(query, 10, ~far_from(lists, query, 0.9))
    assert lists.recall >= 0.97


def test_dead_rows_are_never_returned_and_cost_no_recall(lists: Lists) -> None:
    for at in range(15):
        query = lists.query(at)
        alive = np.ones(N, np.bool_)
        dead, _ = flat_search([lists.rows], query, lists.metric, 30)
        alive[dead] = False  # just those that it would have found
        lists.search(query, 10, alive)
    assert lists.recall >= 0.97


@pytest.mark.parametrize("k", [200, 1_000, N, 2 * N])
def test_a_k_larger_than_lists_hold_is_filled_all_the_same(lists: Lists, k: int) -> None:
    mask = np.arange(N) % 5 == 0
    for chosen in (None, mask):
        for effort in (USUAL, Effort(nprobe=1), Effort(nprobe=1, whole=True)):
            found = lists.search(lists.query(3), k, chosen, effort)
            assert found.rows.size >= min(k, N if chosen is None else 1_000)


def test_newer_rows_than_the_codes_cover_are_found_exactly() -> None:
    for metric in METRICS:
        found = Lists(clustered(N, D), metric, newer=700)
        mask = np.arange(N) % 2 == 0
        for at in range(20):
            found.search(found.query(at), 10)
            found.search(found.query(at), 10, mask)
            found.search(found.query(at), 10, np.arange(N) >= N - 100)
        assert found.recall >= 0.97
        fresh = prepare_query(found.rows[N - 3], metric)
        assert N - 3 in found.search(fresh, 10).rows


def test_a_mask_longer_than_the_rows_and_one_that_leaves_nothing_of_the_codes() -> None:
    found = Lists(clustered(N, D), "cosine", newer=700)
    longer = np.ones(N + 50, np.bool_)
    found.search(found.query(0), 10, longer)
    late = np.arange(N + 50) >= N - 20
    assert found.search(found.query(0), 100, late).rows.size == 20
    with pytest.raises(InvalidRequestError, match="does not cover"):
        ivf_search(found.ivf, found.vectors, found.query(0), "cosine", 5, DEPTH, longer[:4_000], 4_000)


@pytest.mark.parametrize("metric", METRICS)
def test_all_of_a_crowd_of_equal_rows_is_returned(metric: Metric) -> None:
    raw = clustered(N, D)
    raw[500:1_100] = raw[500]
    found = Lists(raw, metric)
    query = prepare_query(raw[500], metric)
    for mask in (None, np.arange(N) % 2 == 0):
        outcome = found.search(query, 10, mask)
        expected, _ = flat_search([found.rows], query, metric, 10, mask)
        assert outcome.rows.tolist() == expected.tolist()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("points", [1, 2])
def test_rows_of_which_all_are_equal_fill_every_place(metric: Metric, points: int) -> None:
    raw = np.tile(clustered(points, D), (3_000 // points, 1))
    found = Lists(raw, metric)
    mask = np.arange(3_000) % 3 == 0
    for query in (found.rows[0], found.rows[-1], prepare_query(np.ones(D), metric), np.zeros(D, np.float32)):
        for k in (1, 10, 2_000):
            for effort in (USUAL, Effort(nprobe=1), Effort(most=max(k, 50)), Effort(whole=True)):
                found.search(query, k, None, effort)
                found.search(query, k, mask, effort)
    assert found.recall == 1.0


@pytest.mark.parametrize("d", [1, 2])
def test_one_or_two_dimensions_work(d: int) -> None:
    for metric in METRICS:
        found = Lists(clustered(3_000, d), metric)
        for at in range(20):
            found.search(found.query(at), 10)
            found.search(found.query(at), 10, np.arange(3_000) % 7 == 0)
        assert found.recall >= 0.95


# -- effort -----------------------------------------------------------------------------------------------------------


def test_a_fixed_number_of_lists_is_what_is_read(lists: Lists) -> None:
    recalls = []
    for nprobe in (1, 4, 15, NLIST):
        lists.hits = lists.wanted = 0
        for at in range(30):
            found = lists.search(lists.query(at), 10, effort=Effort(nprobe=nprobe))
            assert not found.exact
            # A list of fewer than ten rows cannot fill the page.
            assert nprobe <= found.lists <= nprobe + 2
        recalls.append(lists.recall)
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]
    assert recalls[-1] >= 0.97
    assert lists.search(lists.query(0), 10, effort=Effort(nprobe=65_536)).lists == NLIST


def test_whole_lists_are_rescored_row_by_row(lists: Lists) -> None:
    for nprobe in (1, 5):
        for at in range(20):
            query = lists.query(at)
            found = lists.search(query, 10, effort=Effort(nprobe=nprobe, whole=True))
            best = np.argsort(-lists.ivf.nearness(query).expected)[:nprobe]
            inside = np.flatnonzero(np.isin(lists.ivf.lists, best))
            if inside.size >= 10:
                assert found.candidates == inside.size
                kth = np.sort(scores(lists.rows[inside], query, lists.metric))
                assert found.scores[0] == (kth[0] if lists.metric == "euclidean" else kth[-1])
    lists.hits = lists.wanted = 0
    for at in range(20):
        lists.search(lists.query(at), 10, effort=Effort(nprobe=NLIST, whole=True))
        lists.search(lists.query(at), 10, np.arange(N) % 3 == 0, Effort(nprobe=NLIST, whole=True))
    assert lists.recall == 1.0


@pytest.mark.parametrize("metric", METRICS)
def test_candidates_are_no_more_than_the_cap_and_matches_no_fewer_than_asked(metric: Metric) -> None:
    raw = clustered(N, D)
    raw[500:1_100] = raw[500]
    found = Lists(raw, metric)
    mask = np.arange(N) % 4 == 0
    for row in (0, 500, 1_700):
        for k, most in ((1, 1), (1, 2), (10, 10), (10, 11), (10, 64), (200, 200), (200, 700)):
            for chosen in (None, mask):
                for effort in (Effort(most=most), Effort(rerank_depth=most), Effort(most=most, nprobe=3)):
                    outcome = found.search(prepare_query(raw[row], metric), k, chosen, effort)
                    assert outcome.candidates <= most
                    assert k <= outcome.rows.size <= most
                    assert not outcome.exact


def test_a_cap_beyond_what_matches_is_none(lists: Lists) -> None:
    mask = np.arange(N) < 600
    for at in range(15):
        lists.search(lists.query(at), 10, mask, Effort(most=100_000))
        lists.search(lists.query(at), 10, None, Effort(most=100_000))
    assert lists.recall >= 0.97
    assert lists.search(lists.query(0), 10, None, Effort(rerank_depth=100_000)).exact


def test_more_rescored_candidates_find_no_fewer(lists: Lists) -> None:
    recalls = []
    for depth in (10, 40, 400):
        lists.hits = lists.wanted = 0
        for at in range(40):
            lists.search(lists.query(at), 10, effort=Effort(rerank_depth=depth))
        recalls.append(lists.recall)
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]


def test_newer_rows_come_on_top_of_the_cap() -> None:
    found = Lists(clustered(N, D), "cosine", newer=500)
    outcome = found.search(found.rows[N - 1], 10, effort=Effort(most=20))
    assert outcome.rows[0] == N - 1
    assert outcome.candidates <= 520


def test_raised_effort_looks_further(lists: Lists) -> None:
    easy, hard = DEPTH, DEPTH.raised(8.0)
    mean = [
        np.mean([lists.search(lists.query(at), 10, depth=depth).candidates for at in range(20)])
        for depth in (easy, hard)
    ]
    assert mean[0] < mean[1]


# -- the contract -----------------------------------------------------------------------------------------------------


def held_out(raw: Floats, count: int) -> tuple[Floats, Floats]:
    return raw[count:], raw[:count]


def recall_of(found: Lists, queries: Floats, depth: Depth, masks: Sequence[Bools | None]) -> float:
    found.hits = found.wanted = 0
    for at, raw in enumerate(queries):
        found.search(prepare_query(raw, found.metric), 10, masks[at % len(masks)], depth=depth)
    return found.recall


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("target", [0.9, 0.99])
def test_calibration_keeps_the_contract_on_held_out_queries(
    metric: Metric, target: float, rng: np.random.Generator
) -> None:
    raw, queries = held_out(clustered(N + 100, D, seed=4), 100)
    found = Lists(raw, metric)
    depth, read = calibrate_lists(found.ivf, found.vectors, None, metric, target, seed=1)
    assert depth.reached
    assert target <= depth.recall == min(depth.recalls.values()) <= 1.0
    assert {"plain", "random 10%", "region", "far"} == depth.recalls.keys()
    assert 0.0 < read < 0.7
    assert recall_of(found, queries, depth, [None]) >= target - 0.01
    assert recall_of(found, queries, depth, [rng.random(N) < share for share in (0.5, 0.2, 0.1)]) >= target - 0.01


@pytest.mark.parametrize("metric", METRICS)
def test_data_without_clusters_keeps_the_contract_too(metric: Metric, rng: np.random.Generator) -> None:
    raw, queries = held_out(gaussian(N + 60, D), 60)
    found = Lists(raw, metric)
    depth, _ = calibrate_lists(found.ivf, found.vectors, None, metric, 0.95, seed=1)
    assert recall_of(found, queries, depth, [None, rng.random(N) < 0.3]) >= 0.95


def test_where_no_setting_reaches_the_target_searches_are_exact() -> None:
    raw, queries = held_out(gaussian(2_060, 384), 60)
    found = Lists(raw, "cosine")
    depth, read = calibrate_lists(found.ivf, found.vectors, None, "cosine", 0.99, sample=16)
    assert not depth.reached
    assert read > 0.5
    for raw_query in queries[:5]:
        assert found.search(prepare_query(raw_query, "cosine"), 10, depth=depth).exact


@pytest.mark.parametrize("spread", [0.0, 2.5])
def test_norms_over_five_orders_of_magnitude_keep_the_contract_or_are_searched_exactly(spread: float) -> None:
    rng = np.random.default_rng(5)
    lengths = 10.0 ** rng.uniform(-spread, spread, (N + 60, 1))
    raw, queries = held_out((clustered(N + 60, D) * lengths).astype(np.float32), 60)
    found = Lists(raw, "dotproduct")
    depth, _ = calibrate_lists(found.ivf, found.vectors, None, "dotproduct", 0.95)
    assert recall_of(found, queries, depth, [None, rng.random(N) < 0.3]) >= 0.95
    small = np.linalg.norm(found.rows, axis=1) < np.quantile(np.linalg.norm(found.rows, axis=1), 0.3)
    assert recall_of(found, queries[:20], depth, [small]) >= 0.95


def test_equal_arguments_calibrate_equally_and_dead_rows_do_not_count(lists: Lists) -> None:
    alive = np.arange(N) < 3_500
    first, second = (
        calibrate_lists(lists.ivf, lists.vectors, alive, lists.metric, 0.9, sample=12, seed=2) for _ in range(2)
    )
    assert first == second
    assert first[0].samples == 12
    none = calibrate_lists(lists.ivf, lists.vectors, np.zeros(N, np.bool_), lists.metric, 0.9)
    assert not none[0].reached


def test_a_fixed_number_of_lists_is_measured_and_taken_as_it_is(lists: Lists) -> None:
    few, read = calibrate_lists(lists.ivf, lists.vectors, None, lists.metric, 0.99, fixed=Effort(nprobe=1))
    many, _ = calibrate_lists(lists.ivf, lists.vectors, None, lists.metric, 0.99, fixed=Effort(nprobe=40, whole=True))
    assert few.reached
    assert many.reached
    assert few.recall < many.recall
    assert read < 0.05


def test_more_is_foreseen_where_the_target_is_higher(lists: Lists) -> None:
    low, _ = calibrate_lists(lists.ivf, lists.vectors, None, lists.metric, 0.5)
    high, _ = calibrate_lists(lists.ivf, lists.vectors, None, lists.metric, 0.995)
    assert (high.tolerance, -high.spread) <= (low.tolerance, -low.spread)


def test_a_depth_without_probes_reads_at_least_one_list(lists: Lists) -> None:
    bare = replace(DEPTH, probes=0)
    for effort in (USUAL, Effort(most=40)):
        lists.search(lists.query(1), 10, depth=bare, effort=effort)


def test_lists_without_rows_find_only_what_is_newer() -> None:
    rows = prepare(clustered(600, D), "cosine")
    empty = Ivf.train(rows, "cosine", nlist=10)
    none: Ints = np.empty(0, np.int64)
    found = ivf_search(empty, Vectors(D), rows[0], "cosine", 5, DEPTH)
    assert found.rows.tolist() == none.tolist()
    newer = ivf_search(empty, Vectors(D, (rows,)), rows[3], "cosine", 5, DEPTH, np.arange(600) % 3 == 0)
    assert newer.rows[0] == 3
