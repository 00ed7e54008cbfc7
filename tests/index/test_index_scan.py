"""Quantised codes, reranking and calibration, against exact search."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

pytest.importorskip("faiss", reason="quantised search needs faiss")

from pinyon.distance import prepare, prepare_query
from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.calibrate import calibrate
from pinyon.index.flat import flat_search
from pinyon.index.rerank import Depth, Effort, scan_search
from pinyon.index.scan import Scan
from pinyon.index.vectors import Vectors
from pinyon.types import METRICS, Bools, Floats, Metric

DIMENSIONS = (1, 2, 3, 5, 8, 17, 64, 384)
DEPTH = Depth((100, 300), (100, 300), 0.02)


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def built(rows: Floats, metric: Metric) -> Scan:
    return Scan.train(rows, metric).extended(rows)


def recall(scan: Scan, rows: Floats, metric: Metric, depth: Depth, masks: list[Bools | None], k: int = 10) -> float:
    vectors = Vectors(rows.shape[1], (rows,))
    hits = wanted = 0
    for i, mask in enumerate(masks):
        query = prepare_query(rows[i * 7] + 0.05 * rows[i * 11 + 1], metric)
        _, truth = flat_search([rows], query, metric, k, mask)
        found = scan_search(scan, vectors, query, metric, k, depth, mask)
        kth = truth[: min(k, truth.size)][-1]
        got = found.scores[:k]
        hits += int((got <= kth).sum() if metric == "euclidean" else (got >= kth).sum())
        wanted += min(k, truth.size)
    return hits / wanted


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_codes_and_rerank_find_the_nearest_rows(d: int, metric: Metric) -> None:
    rows = prepare(clustered(3000, d), metric)
    assert recall(built(rows, metric), rows, metric, DEPTH, [None] * 30) >= 0.98


@pytest.mark.parametrize("metric", METRICS)
def test_filters_lose_no_recall_even_far_from_the_query(metric: Metric) -> None:
    rows = prepare(clustered(4000, 48), metric)
    scan = built(rows, metric)
    rng = np.random.default_rng(5)
    for share in (0.5, 0.1, 0.01):
        assert recall(scan, rows, metric, DEPTH, [rng.random(4000) < share for _ in range(20)]) >= 0.98
    far: list[Bools | None] = []
    for i in range(20):
        query = prepare_query(rows[i * 7] + 0.05 * rows[i * 11 + 1], metric)
        near, _ = flat_search([rows], query, metric, 2000)
        mask = np.ones(4000, dtype=np.bool_)
        mask[near] = False
        far.append(mask)
    assert recall(scan, rows, metric, DEPTH, far) >= 0.98


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [1, 3, 17, 64])
def test_candidates_are_exactly_as_many_as_match_and_satisfy_the_mask(d: int, metric: Metric) -> None:
    rows = prepare(clustered(1500, d), metric)
    scan = built(rows, metric)
    rng = np.random.default_rng(3)
    for share in (0.0, 0.002, 0.1, 0.7, 1.0):
        mask = rng.random(1600) < share
        matches = int(mask[:1500].sum())
        for depth in (0, 1, 10, 90, 700, 1500, 5000):
            found = scan.candidates(rows[depth % 1500], depth, mask)
            assert found.dtype == np.int64
            assert len(set(found.tolist())) == found.size == min(depth, matches)
            assert mask[found].all()
            assert found.size == 0 or found.max() < 1500


@pytest.mark.parametrize("metric", METRICS)
def test_the_count_holds_when_codes_tell_nothing_apart(metric: Metric) -> None:
    rows = np.zeros((900, 16), dtype=np.float32)
    scan = built(rows, metric)
    mask = np.arange(900) % 3 == 0
    for query in (np.zeros(16, np.float32), np.ones(16, np.float32)):
        assert scan.candidates(query, 40).size == 40
        found = scan.candidates(query, 40, mask)
        assert found.size == 40
        assert mask[found].all()


@pytest.mark.parametrize("metric", METRICS)
def test_all_of_a_crowd_of_equal_rows_is_returned(metric: Metric) -> None:
    rows = prepare(clustered(3000, 32), metric)
    rows[500:1100] = rows[500]
    found = scan_search(built(rows, metric), Vectors(32, (rows,)), rows[500], metric, 10, DEPTH)
    expected, _ = flat_search([rows], rows[500], metric, 10)
    assert found.rows.tolist() == expected.tolist()
    assert found.exact


@pytest.mark.parametrize("count", [1, 2, 7, 16, 40])
@pytest.mark.parametrize("d", [1, 5, 64, 257])
def test_few_training_rows_work_quietly(count: int, d: int, capfd: pytest.CaptureFixture[str]) -> None:
    rows = clustered(count, d)
    scan = built(rows, "euclidean")
    assert sorted(scan.candidates(rows[0], count).tolist()) == list(range(count))
    assert capfd.readouterr() == ("", "")


def test_the_largest_dimension_works() -> None:
    rows = prepare(clustered(60, 20_000), "cosine")
    assert 5 in built(rows, "cosine").candidates(rows[5], 10)


@pytest.mark.parametrize("metric", METRICS)
def test_a_bounded_search_gives_k_rows_and_rescores_no_more_than_it_may(metric: Metric) -> None:
    rows = prepare(clustered(3000, 32), metric)
    rows[500:1100] = rows[500]
    scan, vectors = built(rows, metric), Vectors(32, (rows,))
    mask = np.arange(3000) % 4 == 0
    for row in (0, 500, 1700):
        for k, most in ((1, 1), (1, 2), (10, 10), (10, 64), (200, 200), (200, 700)):
            for chosen in (None, mask):
                found = scan_search(scan, vectors, rows[row], metric, k, DEPTH, chosen, effort=Effort(most=most))
                assert found.candidates <= most
                assert k <= found.rows.size <= most
                assert len(set(found.rows.tolist())) == found.rows.size
                assert chosen is None or chosen[found.rows].all()
                assert 0.0 <= found.expected_recall <= 1.0
                assert not found.exact


def test_newer_rows_are_scored_beside_the_bound() -> None:
    rows = prepare(clustered(2500, 24), "cosine")
    scan, vectors = built(rows[:2000], "cosine"), Vectors(24, (rows[:2000],)).append(rows[2000:])
    found = scan_search(scan, vectors, rows[2300], "cosine", 10, DEPTH, effort=Effort(most=20))
    assert found.rows[0] == 2300
    assert found.candidates <= 520


def test_newer_rows_than_the_codes_cover_are_found_exactly() -> None:
    rows = prepare(clustered(2500, 24), "cosine")
    vectors = Vectors(24, (rows[:2000],)).append(rows[2000:])
    scan = built(rows[:2000], "cosine")
    mask = np.arange(2500) % 2 == 0
    assert scan_search(scan, vectors, rows[2300], "cosine", 5, DEPTH).rows[0] == 2300
    found = scan_search(scan, vectors, rows[2301], "cosine", 5, DEPTH, mask)
    assert mask[found.rows].all()
    assert found.rows[:5].tolist() == flat_search([rows], rows[2301], "cosine", 5, mask)[0][:5].tolist()


def test_extending_leaves_the_old_value_as_it_was_while_others_search_it() -> None:
    rows = prepare(clustered(8000, 64), "cosine")
    old = built(rows[:4000], "cosine")
    expected = old.candidates(rows[0], 50).tolist()
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            if (found := old.candidates(rows[0], 50).tolist()) != expected:
                wrong.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    grown = old
    for start in range(4000, 8000, 500):
        grown = grown.extended(rows[start : start + 500])
    stop.set()
    reader.join()
    assert wrong == []
    assert (old.n, grown.n) == (4000, 8000)
    assert 7777 in grown.candidates(rows[7777], 20)


def test_arrays_bring_back_the_same_codes() -> None:
    rows = prepare(clustered(1000, 17), "euclidean")
    scan = built(rows, "euclidean")
    again = Scan.from_arrays(scan.to_arrays(), "euclidean")
    assert (again.n, again.d, again.nbytes) == (scan.n, scan.d, scan.nbytes)
    assert again.candidates(rows[3], 60).tolist() == scan.candidates(rows[3], 60).tolist()
    assert again.extended(rows).n == 2000


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    arrays = built(clustered(100, 8), "cosine").to_arrays()
    with pytest.raises(FormatError, match="layout"):
        Scan.from_arrays({"codes": arrays["codes"]}, "cosine")
    with pytest.raises(FormatError, match="rebuild"):
        Scan.from_arrays({**arrays, "layout": np.array([8, 8, 99])}, "cosine")
    with pytest.raises(FormatError, match="another metric"):
        Scan.from_arrays(arrays, "euclidean")
    with pytest.raises(FormatError, match="rebuild"):
        Scan.from_arrays({**arrays, "codes": arrays["codes"][:40]}, "cosine")


def test_shapes_that_do_not_fit_are_refused() -> None:
    scan = built(clustered(100, 8), "cosine")
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        scan.extended(np.zeros((1, 9), np.float32))
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        scan.candidates(np.zeros(9, np.float32), 5)
    with pytest.raises(InvalidRequestError, match="does not cover 100"):
        scan.candidates(np.zeros(8, np.float32), 5, np.ones(99, np.bool_))
    with pytest.raises(InvalidRequestError, match="m >= 1"):
        Scan.train(np.zeros((0, 8), np.float32), "cosine")


@pytest.mark.parametrize("metric", METRICS)
def test_calibration_reaches_the_target_on_queries_from_outside(metric: Metric) -> None:
    rows = prepare(clustered(6000, 64), metric)
    scan, vectors = built(rows, metric), Vectors(64, (rows,))
    depth = calibrate(scan, vectors, None, metric, 0.95, seed=1)
    assert depth == calibrate(scan, vectors, None, metric, 0.95, seed=1)
    assert depth.reached
    assert 0.95 <= depth.recall == min(depth.recalls.values()) <= 1.0
    assert {"plain", "random 10%", "far"} <= depth.recalls.keys()
    assert recall(scan, rows, metric, depth, [None] * 100) >= 0.95


def test_calibration_counts_living_rows_only() -> None:
    rows = prepare(clustered(4000, 32), "cosine")
    alive = np.arange(4000) < 2500
    scan, vectors = built(rows, "cosine"), Vectors(32, (rows,))
    assert calibrate(scan, vectors, alive, "cosine", 0.9).samples > 0
    assert not calibrate(scan, vectors, np.zeros(4000, np.bool_), "cosine", 0.9).reached


def test_data_without_structure_says_that_codes_do_not_pay() -> None:
    rows = prepare(np.random.default_rng(0).standard_normal((2000, 384)), "cosine")
    vectors = Vectors(384, (rows,))
    scan = built(rows, "cosine")
    depth = calibrate(scan, vectors, None, "cosine", 0.99)
    assert not depth.reached
    assert scan_search(scan, vectors, rows[0], "cosine", 10, depth).exact


def test_a_larger_top_k_looks_deeper() -> None:
    depths = [DEPTH.rows(k, filtered=False) for k in (1, 10, 50, 100, 1000, 10_000)]
    assert depths == sorted(depths)
    assert depths[1] == 100
    assert depths[3] == 300
    assert depths[-1] >= 10_016


def test_importing_the_index_does_not_load_faiss() -> None:
    code = "import sys, pinyon.index.calibrate as c; c.Scan; sys.exit('faiss' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
