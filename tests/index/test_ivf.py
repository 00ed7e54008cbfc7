"""Codes in inverted lists, against brute force: what lists hold, what a probe finds, what nearness foretells."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest

pytest.importorskip("faiss", reason="inverted lists need faiss")

from pinyon.distance import prepare, prepare_query, scores
from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.ivf import Ivf
from pinyon.types import METRICS, Bools, Floats, Ints, Metric

N, NLIST = 4_000, 50


def clustered(n: int, d: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((60, d))
    return (centres[rng.integers(0, 60, n)] + 0.4 * rng.standard_normal((n, d))).astype(np.float32)


def built(rows: Floats, metric: Metric, nlist: int = NLIST) -> Ivf:
    return Ivf.train(rows, metric, nlist=nlist).extended(rows)


def goodness(rows: Floats, query: Floats, metric: Metric) -> Floats:
    """Scores of which higher is better, in float64."""
    exact = scores(rows, query, metric).astype(np.float64)
    return -exact if metric == "euclidean" else exact


def all_lists(ivf: Ivf) -> Ints:
    return np.arange(ivf.nlist)


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_each_row_is_in_the_list_whose_mean_is_nearest(metric: Metric) -> None:
    rows = prepare(clustered(N, 24), metric)
    ivf = built(rows, metric)
    means = ivf.to_arrays()["means"] + ivf.to_arrays()["centre"]
    distances = ((rows[:, None, :] - means[None, :, :]) ** 2).sum(axis=2)
    own = np.take_along_axis(distances, ivf.lists[:, None].astype(np.int64), axis=1)[:, 0]
    assert np.allclose(own, distances.min(axis=1), rtol=1e-4, atol=1e-5)
    assert ivf.sizes.tolist() == np.bincount(ivf.lists, minlength=NLIST).tolist()
    assert (ivf.n, ivf.d, ivf.nlist, len(ivf)) == (N, 24, NLIST, N)


def test_training_gives_empty_lists_and_equal_input_gives_equal_lists() -> None:
    rows = prepare(clustered(N, 16), "cosine")
    empty = Ivf.train(rows, "cosine", nlist=NLIST, seed=3)
    assert (empty.n, empty.sizes.tolist(), empty.lists.size) == (0, [0] * NLIST, 0)
    left, right = (Ivf.train(rows, "cosine", nlist=NLIST, seed=3).extended(rows).to_arrays() for _ in range(2))
    assert all(np.array_equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("slices", [1, 7])
def test_rows_may_be_added_at_once_or_in_slices(slices: int) -> None:
    rows = prepare(clustered(N, 16), "cosine")
    ivf = Ivf.train(rows, "cosine", nlist=NLIST)
    for part in np.array_split(rows, slices):
        ivf = ivf.extended(part)
    whole = Ivf.train(rows, "cosine", nlist=NLIST).extended(rows)
    assert ivf.lists.tolist() == whole.lists.tolist()
    found, values = ivf.probe(rows[5], 40, all_lists(ivf))
    expected, expected_values = whole.probe(rows[5], 40, all_lists(whole))
    assert found.tolist() == expected.tolist()
    assert values.tolist() == expected_values.tolist()
    assert ivf.extended(rows[:0]) is ivf


def test_extending_leaves_the_old_value_as_it_was_while_others_search_it() -> None:
    rows = prepare(clustered(8_000, 32), "cosine")
    old = built(rows[:4_000], "cosine")
    expected = old.probe(rows[0], 50, all_lists(old))[0].tolist()
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            if (found := old.probe(rows[0], 50, all_lists(old))[0].tolist()) != expected:
                wrong.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    grown = old
    for start in range(4_000, 8_000, 500):
        grown = grown.extended(rows[start : start + 500])
    stop.set()
    reader.join()
    assert wrong == []
    assert (old.n, int(old.sizes.sum()), grown.n, int(grown.sizes.sum())) == (4_000, 4_000, 8_000, 8_000)
    assert 7_777 in grown.probe(rows[7_777], 20, all_lists(grown))[0]


def test_emptied_lists_take_other_rows_and_leave_the_full_ones_alone() -> None:
    rows = prepare(clustered(N, 16), "cosine")
    full = built(rows, "cosine")
    empty = full.emptied()
    assert (empty.n, int(empty.sizes.sum()), full.n) == (0, 0, N)
    again = empty.extended(rows[1_000:])
    assert again.lists.tolist() == full.lists[1_000:].tolist()
    assert again.probe(rows[1_500], 1, all_lists(again))[0].size == 1
    assert 500 in again.probe(rows[1_500], 20, all_lists(again))[0]


# -- probing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [8, 17, 64, 130])
def test_a_probe_of_all_lists_finds_the_nearest_rows(d: int, metric: Metric) -> None:
    rows = prepare(clustered(N, d), metric)
    ivf = built(rows, metric)
    found = wanted = 0
    for i in range(20):
        query = prepare_query(rows[i * 7] + 0.05 * rows[i * 11 + 1], metric)
        exact = goodness(rows, query, metric)
        kth = np.sort(exact)[-10]
        candidates, estimates = ivf.probe(query, 150, all_lists(ivf))
        assert len(set(candidates.tolist())) == candidates.size == 150
        order = estimates if metric == "euclidean" else -estimates
        assert (np.diff(order) >= 0).all(), "best first"
        found += min(int((exact[candidates] >= kth).sum()), 10)
        wanted += 10
    assert found >= 0.97 * wanted


@pytest.mark.parametrize("metric", METRICS)
def test_a_probe_gives_rows_of_its_lists_that_satisfy_the_mask_and_no_others(
    metric: Metric, rng: np.random.Generator
) -> None:
    rows = prepare(clustered(N, 24), metric)
    ivf = built(rows, metric)
    for share in (0.0, 0.01, 0.3, 1.0):
        for longer in (0, 300):
            mask = rng.random(N + longer) < share
            for count in (1, 7, NLIST):
                lists = rng.choice(NLIST, count, replace=False)
                held = np.flatnonzero(mask[:N] & np.isin(ivf.lists, lists))
                assert ivf.matching_sizes(mask)[lists].sum() == held.size
                for depth in (1, 40, N):
                    found, values = ivf.probe(rows[3], depth, lists, mask)
                    assert found.size == values.size == min(depth, held.size)
                    assert np.isin(found, held).all()


def test_nothing_is_found_in_no_lists_or_at_no_depth() -> None:
    ivf = built(prepare(clustered(500, 8), "cosine"), "cosine", 10)
    query = np.ones(8, np.float32)
    assert ivf.probe(query, 10, np.empty(0, np.int64))[0].size == 0
    assert ivf.probe(query, 0, all_lists(ivf))[0].size == 0
    assert ivf.emptied().probe(query, 10, all_lists(ivf))[0].size == 0


def test_members_of_lists_are_those_that_were_found_and_then_the_others() -> None:
    rows = prepare(clustered(N, 16), "cosine")
    ivf = built(rows, "cosine")
    mask = np.arange(N + 5) % 3 != 0
    lists = np.array([4, 9, 30])
    first, _ = ivf.probe(rows[0], 12, lists, mask)
    members = ivf.members(lists, mask, first)
    assert members[: first.size].tolist() == first.tolist()
    assert sorted(members.tolist()) == np.flatnonzero(mask[:N] & np.isin(ivf.lists, lists)).tolist()


def test_sizes_that_match_are_counted_anew_when_a_mask_changes_and_remembered_when_it_cannot(
    rng: np.random.Generator,
) -> None:
    ivf = built(prepare(clustered(N, 8), "cosine"), "cosine")
    mask = rng.random(N) < 0.5
    first = ivf.matching_sizes(mask).tolist()
    mask[: N // 2] = False
    assert ivf.matching_sizes(mask).tolist() == np.bincount(ivf.lists[mask], minlength=NLIST).tolist() != first
    mask.flags.writeable = False
    assert ivf.matching_sizes(mask) is ivf.matching_sizes(mask)
    other = ~mask
    other.flags.writeable = False
    assert int(ivf.matching_sizes(other).sum()) == int(other.sum())
    assert ivf.matching_sizes(None) is ivf.sizes


# -- nearness ---------------------------------------------------------------------------------------------------------


def standardised(rows: Floats, metric: Metric, ivf: Ivf, queries: Floats) -> Floats:
    """Scores of all rows, as so many deviations from what their lists promise."""
    found = []
    for raw in queries:
        query = prepare_query(raw, metric)
        near = ivf.nearness(query)
        found.append((goodness(rows, query, metric) - near.expected[ivf.lists]) / near.deviation[ivf.lists])
    return np.concatenate(found)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [8, 32, 64, 200])
def test_scores_scatter_around_what_nearness_expects_as_it_says(d: int, metric: Metric) -> None:
    raw = clustered(N, d)
    rows = prepare(raw, metric)
    found = standardised(rows, metric, built(rows, metric), raw[:40] + 0.1 * raw[40:80])
    assert abs(found.mean()) < 0.2
    assert 0.8 < found.std() < 1.2


@pytest.mark.parametrize("metric", METRICS)
def test_nearness_holds_without_clusters_and_in_few_directions_too(metric: Metric, rng: np.random.Generator) -> None:
    spread = rng.standard_normal((6, 48))
    for raw in (
        rng.standard_normal((N, 48)).astype(np.float32),
        (rng.standard_normal((N, 6)) @ spread + 0.05 * rng.standard_normal((N, 48))).astype(np.float32),
    ):
        rows = prepare(raw, metric)
        found = standardised(rows, metric, built(rows, metric), raw[:40] + 0.1 * raw[40:80])
        assert abs(found.mean()) < 0.1
        assert 0.75 < found.std() < 1.3


@pytest.mark.parametrize("metric", METRICS)
def test_nearness_of_equal_rows_is_their_score(metric: Metric) -> None:
    rows = np.full((600, 12), 0.25, np.float32)
    ivf = built(rows, metric, 8)
    near = ivf.nearness(rows[0])
    assert np.isfinite(near.expected).all()
    assert (near.deviation > 0).all()
    filled = np.flatnonzero(ivf.sizes)
    assert near.expected[filled] == pytest.approx(goodness(rows[:1], rows[0], metric)[0], abs=1e-3)


def test_thousands_of_dimensions_need_no_table_of_their_covariances() -> None:
    rows = prepare(clustered(300, 5_000), "cosine")
    tracemalloc.start()
    ivf = Ivf.train(rows, "cosine", nlist=8, width=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # 5,000 x 5,000 float64 are 200 MB
    found = standardised(rows, "cosine", ivf.extended(rows), rows[:20])
    assert abs(found.mean()) < 0.1


# -- keeping ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
def test_arrays_bring_back_the_same_lists(metric: Metric) -> None:
    rows = prepare(clustered(N, 130), metric)
    ivf = built(rows, metric)
    again = Ivf.from_arrays(ivf.to_arrays(), metric)
    assert (again.n, again.d, again.nlist, again.nbytes) == (ivf.n, ivf.d, ivf.nlist, ivf.nbytes)
    assert again.lists.tolist() == ivf.lists.tolist()
    left, right = ivf.nearness(rows[3]), again.nearness(rows[3])
    assert left.expected.tolist() == right.expected.tolist()
    assert left.deviation.tolist() == right.deviation.tolist()
    lists = np.arange(0, NLIST, 2)
    assert again.probe(rows[3], 60, lists)[0].tolist() == ivf.probe(rows[3], 60, lists)[0].tolist()
    assert again.extended(rows).n == 2 * N


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    ivf = built(clustered(400, 8), "cosine", 10)
    arrays = ivf.to_arrays()
    for name in arrays:
        with pytest.raises(FormatError, match="need the arrays"):
            Ivf.from_arrays({other: arrays[other] for other in arrays if other != name}, "cosine")
    for changed in (
        {"layout": np.array([8, 8, 99])},
        {"layout": np.array([0, 8, 400])},
        {"layout": np.array([8, 4, 400])},
        {"layout": np.array([8, 8])},
        {"codes": arrays["codes"][:40]},
        {"codes": arrays["codes"][:0]},
        {"means": arrays["means"][:9]},
        {"means": arrays["means"][:, :7]},
        {"means": arrays["means"].ravel()},
        {"centre": arrays["centre"][:7]},
        {"axes": arrays["axes"][:, :7]},
        {"axes": arrays["axes"].ravel()},
        {"rest": arrays["rest"][:0]},
        {"scales": arrays["scales"][:9]},
        {"offsets": arrays["offsets"][:9]},
        {"offsets": arrays["offsets"][None]},
    ):
        with pytest.raises(FormatError, match=r"rebuild|need the arrays"):
            Ivf.from_arrays({**arrays, **changed}, "cosine")
    with pytest.raises(FormatError, match="another metric"):
        Ivf.from_arrays(arrays, "euclidean")
    with pytest.raises(FormatError, match="rebuild"):
        Ivf.from_arrays({**arrays, "codes": built(clustered(400, 8), "cosine", 11).to_arrays()["codes"]}, "cosine")


def test_bytes_are_counted_nearly_as_they_are_kept() -> None:
    ivf = built(prepare(clustered(N, 64), "cosine"), "cosine")
    kept = sum(array.nbytes for array in ivf.to_arrays().values())
    assert 0.5 * kept < ivf.nbytes < 2.0 * kept


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_shapes_that_do_not_fit_are_refused() -> None:
    ivf = built(clustered(400, 8), "cosine", 10)
    wrong = np.zeros(9, np.float32)
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        ivf.extended(wrong[None])
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        ivf.nearness(wrong)
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        ivf.probe(wrong, 5, all_lists(ivf))
    with pytest.raises(InvalidRequestError, match="does not cover 400"):
        ivf.matching_sizes(np.ones(399, np.bool_))


@pytest.mark.parametrize("nlist", [0, 1, 31])
def test_a_sample_cannot_train_fewer_than_two_lists_or_more_than_it_has_rows(nlist: int) -> None:
    with pytest.raises(InvalidRequestError, match=f"30 rows cannot train {nlist} lists: take 2 to 30"):
        Ivf.train(clustered(30, 4), "cosine", nlist=nlist)


@pytest.mark.parametrize("metric", METRICS)
def test_as_many_lists_as_rows_work_quietly(metric: Metric, capfd: pytest.CaptureFixture[str]) -> None:
    rows = prepare(clustered(40, 5), metric)
    ivf = built(rows, metric, 40)
    mask: Bools = np.ones(40, np.bool_)
    assert sorted(ivf.probe(rows[0], 40, all_lists(ivf), mask)[0].tolist()) == list(range(40))
    assert capfd.readouterr() == ("", "")


def test_pieces_give_what_one_array_gives_and_each_row_is_in_one_list() -> None:
    rows = np.random.default_rng(3).standard_normal((3_000, 16)).astype(np.float32)
    empty = Ivf.train(rows, "cosine", nlist=20)
    whole = empty.extended(rows)
    pieces = empty.extended(rows[:700]).extended(rows[at : at + 500] for at in range(700, 3_000, 500))
    assert pieces.n == 3_000
    assert (pieces.lists == whole.lists).all()
    assert (pieces.sizes == whole.sizes).all()
    assert pieces.sizes.tolist() == np.bincount(pieces.lists, minlength=20).tolist()
    for share in (0.02, 0.98):
        mask = np.random.default_rng(4).random(3_000) < share
        assert pieces.matching_sizes(mask).tolist() == np.bincount(pieces.lists[mask], minlength=20).tolist()
    assert empty.extended(iter([])) is empty
