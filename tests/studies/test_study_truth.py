"""The right answers and recall, against sorting every row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.studies import Data
from pinyon.studies.truth import Truth, cache_name, compute, of_file
from pinyon.types import METRICS, Bools, Ints, Metric


def nearest(data: Data, at: int, k: int, mask: Bools | None = None) -> list[int]:
    """The obvious way, in float64."""
    base, query = data.base.astype(np.float64), data.queries[at].astype(np.float64)
    cost = ((base - query) ** 2).sum(axis=1) if data.metric == "euclidean" else -(base @ query)
    if mask is not None:
        cost[~mask] = np.inf
    found = np.argsort(cost, kind="stable")[:k]
    return found[np.isfinite(cost[found])].tolist()


def data_of(rng: np.random.Generator, metric: Metric, n: int = 300, d: int = 7) -> Data:
    return Data.of(rng.standard_normal((n, d)), rng.standard_normal((20, d)), metric=metric)


def answers(data: Data, k: int, mask: Bools | None = None) -> list[Ints]:
    return [np.array(nearest(data, at, k, mask), np.int64) for at in range(len(data.queries))]


@pytest.mark.parametrize("metric", METRICS)
def test_the_true_rows_have_recall_one_and_each_wrong_one_costs_its_share(
    rng: np.random.Generator, metric: Metric
) -> None:
    data = data_of(rng, metric)
    truth, right = compute(data, data.n, 10), answers(data, 10)
    assert truth.recall(right, data, 10) == 1.0
    assert truth.recall(right, data, 1) == 1.0
    wrong = [rows.copy() for rows in right]
    for at in range(5):
        wrong[at][0] = nearest(data, at, 200)[-1]
    assert truth.recall(wrong, data, 10) == pytest.approx(1 - 5 / 200)
    assert truth.recall(wrong, data, 1) == pytest.approx(1 - 5 / 20)
    assert truth.recall([rows[:4] for rows in right], data, 10) == pytest.approx(0.4)
    assert truth.recall([rows[:0] for rows in right], data, 10) == 0.0


@pytest.mark.parametrize("metric", METRICS)
def test_recall_is_what_counting_common_rows_gives(rng: np.random.Generator, metric: Metric) -> None:
    data = data_of(rng, metric)
    found = [rng.permutation(nearest(data, at, 30))[:10].astype(np.int64) for at in range(20)]
    common = sum(len(set(rows.tolist()) & set(nearest(data, at, 10))) for at, rows in enumerate(found))
    assert compute(data, data.n, 10).recall(found, data, 10) == pytest.approx(common / 200)


def test_a_row_that_ties_with_the_last_place_is_right(rng: np.random.Generator) -> None:
    base = np.repeat(rng.standard_normal((30, 5)), 4, axis=0)
    data = Data.of(base, base[:3], metric="euclidean")
    truth = compute(data, data.n, 2)
    assert truth.recall([np.array([2, 3])] * 3, data, 2) == 1.0
    assert truth.recall([np.array([3, 3])] * 3, data, 2) == 0.5, "the same row twice is one row"


def test_where_fewer_rows_match_than_are_asked_for_all_of_them_are_the_truth(rng: np.random.Generator) -> None:
    data = data_of(rng, "cosine")
    mask = np.zeros(data.n, np.bool_)
    mask[[4, 40, 77]] = True
    truth = compute(data, data.n, 10, mask)
    assert truth.recall(answers(data, 10, mask), data, 10) == 1.0
    assert truth.recall([np.array([4, 40])] * 20, data, 10) == pytest.approx(2 / 3)
    assert np.isnan(truth.bounds[:, 3:]).all()


def test_the_first_rows_have_a_truth_of_their_own(rng: np.random.Generator) -> None:
    data = data_of(rng, "euclidean")
    mask = np.arange(data.n) < 100
    assert compute(data, 100, 5).recall(answers(data, 5, mask), data, 5) == 1.0


@pytest.mark.parametrize("metric", METRICS)
def test_the_truth_of_a_file_judges_as_the_computed_one(rng: np.random.Generator, metric: Metric) -> None:
    data = data_of(rng, metric)
    given = Data(data.base, data.queries, metric, data.digest, neighbours=np.array(answers(data, 15)))
    found, computed = of_file(given, 10), compute(data, data.n, 10)
    assert found is not None
    assert found.bounds.tobytes() == computed.bounds.tobytes()
    assert of_file(given, 16) is None, "not as deep"
    assert of_file(data, 10) is None


def test_a_truth_of_another_metric_is_refused(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((300, 7)) * rng.uniform(0.1, 9, (300, 1))
    other, data = Data.of(rows, rows[:20], metric="dotproduct"), Data.of(rows, rows[:20], metric="euclidean")
    wrong = Data(data.base, data.queries, "euclidean", "", neighbours=np.array(answers(other, 10)))
    with pytest.raises(InvalidRequestError, match="another metric or of other rows"):
        of_file(wrong, 10)


def test_a_truth_is_kept_under_a_name_that_changes_with_all_that_it_depends_on(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    data, other = data_of(rng, "cosine"), data_of(rng, "cosine")
    mask = rng.random(data.n) < 0.5
    names = [
        cache_name(data, 300, 10, None),
        cache_name(data, 299, 10, None),
        cache_name(data, 300, 9, None),
        cache_name(data, 300, 10, mask),
        cache_name(data, 300, 10, ~mask),
        cache_name(other, 300, 10, None),
    ]
    assert len(set(names)) == len(names)
    truth, path = compute(data, 300, 10), tmp_path / names[0]
    truth.save(path)
    kept = Truth.saved(path, 20, 10)
    assert kept is not None
    assert kept.bounds.tobytes() == truth.bounds.tobytes()
    assert Truth.saved(path, 20, 11) is None
    assert Truth.saved(tmp_path / "nothing.npy", 20, 10) is None
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(FormatError, match="delete it"):
        Truth.saved(path, 20, 10)
