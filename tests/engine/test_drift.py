"""A shift of the queries is noticed within some ten of them, and ordinary variation is not taken for one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from pinyon.engine.drift import Drift
from pinyon.types import Floats


def settled(values: Iterable[float]) -> Drift:
    drift = Drift()
    for value in values:
        drift.add(float(value))
    return drift


def usual(n: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(0.8, 0.05, n).astype(np.float32)


def until_noticed(drift: Drift, values: Iterable[float]) -> int:
    for at, value in enumerate(values, 1):
        if drift.add(float(value)):
            return at
    raise AssertionError("it was not noticed")


@pytest.mark.parametrize(("shift", "most"), [(1.5, 60), (2.0, 30), (4.0, 10), (10.0, 4)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_larger_the_shift_the_sooner_it_is_noticed(shift: float, most: int, sign: int) -> None:
    after = [
        until_noticed(settled(usual(2_000, seed)), usual(400, 90 + seed) + sign * shift * 0.05) for seed in range(9)
    ]
    assert np.median(after) <= most


def test_independent_values_are_never_off() -> None:
    drift = Drift()
    assert not any(drift.add(float(value)) for value in usual(50_000))


def test_equal_values_are_never_off_and_any_other_is() -> None:
    drift = settled([1.0] * 1_000)
    assert not drift.off
    assert until_noticed(drift, [0.9] * 10) <= 2


def test_the_first_queries_only_tell_what_is_usual() -> None:
    drift = Drift()
    assert not any(drift.add(value) for value in [0.9] * 100 + [0.1] * 100)


def test_what_was_new_becomes_usual() -> None:
    drift = settled(usual(3_000))
    states = [drift.add(float(value)) for value in usual(4_000, 1) - 0.4]
    assert all(states[20:500])
    assert not any(states[2_000:])
    assert drift.lately == pytest.approx(0.4, abs=0.05)
