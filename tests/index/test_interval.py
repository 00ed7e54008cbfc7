"""The interval holds the mean: also where nearly every query finds everything, and a few find little."""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
import pytest

from pinyon.index.interval import mean_interval

Population = tuple[tuple[float, float], ...]
"""((recall, share of the queries), ...); all others find everything."""

POPULATIONS: dict[str, Population] = {
    "0.999, one miss now and then": ((0.9, 0.01),),
    "0.999, all missed very seldom": ((0.0, 0.001),),
    "0.995, single misses": ((0.9, 0.05),),
    "0.991, single misses and a few bad queries": ((0.9, 0.05), (0.2, 0.005)),
    "0.990, up to four misses": ((0.9, 0.05), (0.8, 0.015), (0.6, 0.005)),
    "0.970, misses in clusters": ((0.9, 0.08), (0.5, 0.02), (0.0, 0.012)),
    "0.950": ((0.9, 0.2), (0.8, 0.07), (0.5, 0.03), (0.1, 0.001)),
    "0.900, misses in clusters": ((0.9, 0.2), (0.7, 0.1), (0.3, 0.05), (0.0, 0.015)),
    "0.900, every query alike": ((0.9, 1.0),),
}
RUNS = 200


def coverage(population: Population, n: int, seed: int = 5) -> tuple[float, float]:
    """(share of runs whose interval holds the mean, mean width)."""
    values = np.array([recall for recall, _ in population] + [1.0])
    shares = np.array([share for _, share in population])
    shares = np.append(shares, 1.0 - shares.sum())
    rng = np.random.default_rng(seed)
    held, width = 0, 0.0
    for _ in range(RUNS):
        low, high = mean_interval(rng.choice(values, n, p=shares).tolist())
        held += low <= values @ shares + 1e-12 and values @ shares - 1e-12 <= high
        width += high - low
    return held / RUNS, width / RUNS


@pytest.mark.parametrize("n", [50, 200, 1_000])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_interval_holds_the_true_recall_in_at_least_93_of_100_runs(
    name: str, n: int, record_property: Callable[[str, object], None]
) -> None:
    held, width = coverage(POPULATIONS[name], n)
    record_property("coverage", float(held))
    record_property("width", float(width))
    assert held >= 0.93


def test_outcomes_that_come_now_from_one_kind_of_query_and_now_from_another_are_covered_too() -> None:
    """The stream is a mixture, and its mean is what counts: easy queries, and a tenth of hard ones."""
    held, _ = coverage(((0.9, 0.04 + 0.03), (0.7, 0.03), (0.4, 0.02)), 200)
    assert held >= 0.93


def binomial_tail(n: int, least: int, p: float) -> float:
    return sum(comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(least, n + 1))


@pytest.mark.parametrize(("n", "ones"), [(20, 20), (50, 49), (50, 45), (200, 196), (30, 0)])
def test_for_hits_and_misses_it_is_the_interval_of_clopper_and_pearson(n: int, ones: int) -> None:
    """By its definition: at either end, what was seen is just as unlikely as 2.5 %."""
    low, high = mean_interval([1.0] * ones + [0.0] * (n - ones))
    if ones:
        assert binomial_tail(n, ones, low) == pytest.approx(0.025, abs=0.006)
    if ones < n:
        assert 1.0 - binomial_tail(n, ones + 1, high) == pytest.approx(0.025, abs=0.006)


@pytest.mark.parametrize("n", [1, 10, 369, 1_000])
def test_perfect_outcomes_prove_as_much_as_their_number_allows(n: int) -> None:
    low, high = mean_interval([1.0] * n)
    assert low == pytest.approx(0.025 ** (1.0 / n), abs=0.2 / n)
    assert high == 1.0


def test_nothing_is_known_without_outcomes() -> None:
    assert mean_interval([]) == (0.0, 1.0)


def test_more_outcomes_tell_more() -> None:
    widths = []
    for n in (40, 200, 1_000, 5_000):
        low, high = mean_interval(([1.0] * 19 + [0.9]) * (n // 20))
        assert 0.0 < low < 0.995 < high <= 1.0
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.002


def test_equal_outcomes_in_any_order_give_equal_ends() -> None:
    outcomes = [1.0] * 90 + [0.9] * 7 + [0.3] * 3
    assert mean_interval(outcomes) == mean_interval(outcomes[::-1])


def test_another_level_gives_another_width() -> None:
    outcomes = [1.0] * 180 + [0.8] * 20
    low, high = mean_interval(outcomes, 0.99)
    narrow_low, narrow_high = mean_interval(outcomes, 0.8)
    assert low < narrow_low < 0.98 < narrow_high < high
