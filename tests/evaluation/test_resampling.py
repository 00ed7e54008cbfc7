"""Intervals hold the mean as often as they say, and the paired test is right about chance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pinyon.evaluation import bootstrap, paired_test


def test_an_interval_holds_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    runs = [bootstrap(rng.exponential(2.0, 60).tolist()) for _ in range(200)]
    assert 0.88 <= np.mean([run.low <= 2.0 <= run.high for run in runs]) <= 0.99


def test_equal_values_give_a_point_and_more_of_them_a_narrower_interval() -> None:
    assert (bootstrap([0.5] * 8).low, bootstrap([0.5] * 8).high) == (0.5, 0.5)
    few, many = bootstrap([0.0, 1.0] * 5), bootstrap([0.0, 1.0] * 500)
    assert many.high - many.low < 0.2 * (few.high - few.low)
    assert few.mean == many.mean == 0.5
    assert (few.n, many.n) == (10, 1_000)


def test_the_paired_test_of_few_items_counts_every_sign() -> None:
    one, other = [0.9, 0.7, 0.8, 0.6, 0.75], [0.5, 0.65, 0.7, 0.62, 0.4]
    differences = [a - b for a, b in zip(one, other, strict=True)]
    sums = [
        abs(sum(sign * value for sign, value in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=5)
    ]
    expected = sum(value >= abs(sum(differences)) - 1e-9 for value in sums) / len(sums)
    found = paired_test(one, other)
    assert found.p == pytest.approx(expected)
    assert found.difference.mean == pytest.approx(np.mean(differences))
    assert paired_test(other, one).p == found.p


def test_where_there_is_no_difference_small_p_are_as_rare_as_they_say() -> None:
    rng = np.random.default_rng(2)
    ps = [paired_test(rng.normal(size=30).tolist(), rng.normal(size=30).tolist()).p for _ in range(200)]
    assert 0.01 <= np.mean(np.array(ps) <= 0.05) <= 0.10
    assert paired_test([0.3, 0.4], [0.3, 0.4]).p == 1.0


def test_a_clear_difference_of_many_items_is_seen() -> None:
    rng = np.random.default_rng(3)
    other = rng.normal(size=50)
    found = paired_test((other + 0.5 + 0.1 * rng.normal(size=50)).tolist(), other.tolist())
    assert found.p < 0.001
    assert found.difference.low > 0.4


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_what_has_no_mean_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        bootstrap(values)


def test_measurements_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        paired_test([1.0], [1.0, 2.0])
