"""A fall below the target is noticed after a few bad outcomes, and noise hardly ever passes for one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pinyon.index.shortfall import ALARM, Shortfall

SINGLE = ((1.0, 0.9), (0.6, 0.4))
"""0.96: two of five queries miss one row of ten."""


def outcomes(values: Sequence[float], shares: Sequence[float], n: int, seed: int) -> list[float]:
    drawn: list[float] = np.random.default_rng(seed).choice(values, n, p=shares).tolist()
    return drawn


def first_alarm(target: float, stream: Sequence[float]) -> int:
    """How many outcomes it takes; one more than there are when none is raised."""
    shortfall = Shortfall(target)
    for at, outcome in enumerate(stream, 1):
        shortfall.add(outcome)
        if shortfall.gain >= ALARM:
            return at
    return len(stream) + 1


def median_delay(target: float, values: Sequence[float], shares: Sequence[float], n: int = 2_000) -> float:
    return float(np.median([first_alarm(target, outcomes(values, shares, n, seed)) for seed in range(50)]))


def test_five_queries_that_all_miss_a_tenth_are_proof() -> None:
    assert first_alarm(0.99, [0.9] * 20) == 5


@pytest.mark.parametrize(
    ("values", "shares", "most"),
    [
        ((1.0, 0.9, 0.5), (0.4, 0.45, 0.15), 12),  # 0.88
        ((1.0, 0.9, 0.8), (0.6, 0.3, 0.1), 30),  # 0.95
        ((1.0, 0.9, 0.8), (0.75, 0.2, 0.05), 80),  # 0.97
        ((1.0, 0.9), (0.8, 0.2), 220),  # 0.98
    ],
)
def test_the_further_recall_falls_the_sooner_it_shows(
    values: Sequence[float], shares: Sequence[float], most: int
) -> None:
    assert median_delay(0.99, values, shares) <= most


def test_perfect_answers_never_raise_an_alarm() -> None:
    assert first_alarm(0.99, [1.0] * 5_000) == 5_001


@pytest.mark.parametrize(
    "target",
    [pytest.param(0.9, marks=pytest.mark.nightly), 0.99, pytest.param(0.999, marks=pytest.mark.nightly)],
)
def test_at_the_target_itself_false_alarms_are_at_least_as_far_apart_as_promised(target: float) -> None:
    """Misses of a tenth, as many as the target allows. The mean run of 100, cut at ten times the promise, is a lower
    bound."""
    share = (1.0 - target) / 0.1
    runs = [first_alarm(target, outcomes((1.0, 0.9), (1.0 - share, share), 10_000, seed)) for seed in range(100)]
    assert np.mean(runs) >= ALARM


def test_with_the_margin_that_a_build_keeps_alarms_are_rare() -> None:
    """Recall 0.995 against a target of 0.99: of 40 runs of 5,000 outcomes, hardly any."""
    runs = [first_alarm(0.99, outcomes((1.0, 0.9), (0.95, 0.05), 5_000, seed)) for seed in range(40)]
    assert sum(run <= 5_000 for run in runs) <= 1


def test_a_long_good_time_does_not_make_it_slow() -> None:
    values, shares = SINGLE
    after = [first_alarm(0.99, [1.0] * 3_000 + outcomes(values, shares, 500, seed)) - 3_000 for seed in range(30)]
    fresh = [first_alarm(0.99, outcomes(values, shares, 500, seed)) for seed in range(30)]
    assert np.median(after) <= np.median(fresh) + 5


def test_it_tells_how_long_recall_has_been_low() -> None:
    values, shares = SINGLE
    runs = []
    for seed in range(30):
        shortfall = Shortfall(0.99)
        bad = 0
        for at, outcome in enumerate([1.0] * 400 + outcomes(values, shares, 400, seed)):
            shortfall.add(outcome)
            if shortfall.gain >= ALARM:
                bad = at - 399
                break
        assert 0 < shortfall.run <= bad
        runs.append(shortfall.run / bad)
    assert np.median(runs) > 0.7


def test_a_target_of_one_allows_no_miss_for_long() -> None:
    assert first_alarm(1.0, [1.0] * 1_000) == 1_001
    assert first_alarm(1.0, ([1.0] * 9 + [0.9]) * 10) <= 30
