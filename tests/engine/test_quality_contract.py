"""What follows from checked queries: when effort rises, when it falls, and when nothing happens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from pinyon.engine.contract import BANDS, Contract, Outcome, band_of, window_of

TARGET = 0.99


def filled(contract: Contract, recalls: Iterable[float], band: int = 0) -> Contract:
    for recall in recalls:
        contract.add(Outcome(recall, band, False))
    return contract


def stream(recall: float, n: int, seed: int = 0) -> list[float]:
    """Single misses among ten, so many that this is the mean."""
    drawn: list[float] = np.where(np.random.default_rng(seed).random(n) < (1.0 - recall) / 0.1, 0.9, 1.0).tolist()
    return drawn


def test_the_contract_is_broken_by_a_handful_of_bad_answers() -> None:
    contract = filled(Contract(TARGET), [1.0] * 300)
    assert contract.broken() is None
    broken = filled(contract, [0.8] * 6).broken()
    assert broken is not None
    place, run = broken
    assert 0 < run <= 6
    assert contract.recent(place, run) == pytest.approx(0.8)


def test_filters_whose_answers_are_bad_break_it_although_most_queries_have_none() -> None:
    """One in twenty queries has a filter that loses a fifth: the mean of all is 0.99 still."""
    contract = Contract(TARGET)
    for _ in range(12):
        filled(contract, [1.0] * 19)
        filled(contract, [0.8], band=2)
    broken = contract.broken()
    assert broken is not None
    assert broken[0] == 2


def test_recall_at_the_target_breaks_nothing_for_a_long_time() -> None:
    assert filled(Contract(TARGET), stream(0.995, 4_000)).broken() is None


def test_a_review_comes_with_every_full_window() -> None:
    contract = Contract(TARGET)
    size = window_of(TARGET)
    assert filled(contract, [1.0] * (size - 1)).review() is None
    assert filled(contract, [1.0]).review() == "generous"
    assert contract.review() is None
    assert filled(contract, [1.0] * (size - 1)).review() is None
    assert filled(contract, [1.0]).review() == "generous"


def test_recall_that_meets_the_target_but_cannot_be_proven_is_found_wanting() -> None:
    contract = filled(Contract(TARGET), stream(0.9915, window_of(TARGET)))
    assert contract.broken() is None
    assert contract.review() == "unproven"


def test_recall_that_is_proven_without_much_to_spare_is_left_alone() -> None:
    contract = filled(Contract(TARGET), stream(0.995, window_of(TARGET)))
    assert contract.review() is None


def test_after_lowering_too_early_the_next_attempt_waits_twice_as_long() -> None:
    contract = Contract(TARGET)
    size = window_of(TARGET)
    assert filled(contract, [1.0] * size).review() == "generous"
    contract.changed(raised=False)
    contract.changed(raised=True)
    assert filled(contract, [1.0] * size).review() is None
    assert filled(contract, [1.0] * size).review() == "generous"
    contract.changed(raised=True)  # raised for another reason: what lowering would do is not known yet
    assert filled(contract, [1.0] * size).review() is None
    assert filled(contract, [1.0] * size).review() == "generous"


def test_what_was_measured_at_another_effort_is_forgotten() -> None:
    contract = filled(Contract(TARGET), [0.5] * 20)
    assert contract.broken() is not None
    contract.changed(raised=True)
    assert contract.broken() is None
    assert contract.gain == 1.0
    assert len(contract.window) == 0


@pytest.mark.parametrize(
    ("target", "size"), [(0.5, 1_000), (0.9, 1_000), (0.99, 1_200), (0.999, 12_000), (0.9999, 20_000), (1.0, 20_000)]
)
def test_the_window_is_long_enough_to_prove_the_target(target: float, size: int) -> None:
    assert window_of(target) == size


def test_a_target_that_no_number_of_queries_can_prove_asks_for_no_further_effort() -> None:
    contract = filled(Contract(1.0), [1.0] * window_of(1.0))
    assert contract.broken() is None
    assert contract.review() is None


def test_filters_belong_to_bands_by_what_they_keep() -> None:
    named = {share: BANDS[band_of(True, int(share * 10_000), 10_000)] for share in (1.0, 0.3, 0.29, 0.03, 0.02, 0.0)}
    assert named == {1.0: "30-100%", 0.3: "30-100%", 0.29: "3-30%", 0.03: "3-30%", 0.02: "0-3%", 0.0: "0-3%"}
    assert BANDS[band_of(False, 10_000, 10_000)] == "all"
    assert band_of(True, 0, 0) == 3


def test_a_contract_goes_on_where_another_left_off() -> None:
    """Neither what was looked at nor the patience of one that fell too early is forgotten; nothing counts twice."""
    size = window_of(TARGET)
    first = Contract(TARGET)
    first.changed(raised=False)
    first.changed(raised=True)
    filled(first, [1.0] * (size + 40))
    assert first.review() is None, "patience is two windows by now"
    second = Contract(TARGET)
    second.resume(first.window, first.standing)
    assert second.window == first.window
    assert second.standing == first.standing
    assert second.review() is None, "the window is full, but was looked at before"
    for contract in (first, second):
        assert filled(contract, [1.0] * (size - 41)).review() is None
        assert filled(contract, [1.0]).review() == "generous"


def test_evidence_that_was_nearly_enough_is_not_lost_with_the_process() -> None:
    first = filled(Contract(TARGET), [*[1.0] * 300, *[0.8] * 2])
    assert first.broken() is None
    second = Contract(TARGET)
    second.resume(first.window, first.standing)
    assert second.gain == pytest.approx(first.gain)
    assert filled(second, [0.8] * 2).broken() is not None
