"""Which candidates there are, which are the best trade-offs, and which is the cheapest that keeps a contract."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.engine.kinds import configured, read_line
from pinyon.errors import InvalidRequestError
from pinyon.studies.candidates import Candidate, ladders
from pinyon.studies.choosing import Contract, Finding, cheapest, front, nearest
from pinyon.studies.values import Row
from pinyon.types import IndexSpec


def found(
    ms: float, recall: float, mb: float = 1.0, *, build: float = 1.0, settings: str = "scan", p99: float = 0.0
) -> Finding:
    row = Row(
        "pinyon",
        {},
        n=100,
        build_seconds=build,
        serialised_bytes=round(mb * 1e6),
        milliseconds=(ms,),
        recall_at_k=recall,
        p50=ms,
        p99=p99 or ms,
    )
    return Finding(Candidate(settings, settings), (row,), 100)


def figures(findings: list[Finding]) -> list[tuple[float, float, float]]:
    return [(one.milliseconds, one.recall, one.memory_bytes) for one in findings]


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_brute_force_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Few values, so that there are ties in every objective.
    drawn = [
        found(float(ms), float(recall) / 10, float(mb))
        for ms, recall, mb in zip(*(rng.integers(1, 7, 60) for _ in range(3)), strict=True)
    ]
    expected = [
        one
        for one in figures(drawn)
        if not any(
            other[0] <= one[0] and other[1] >= one[1] and other[2] <= one[2] and other != one
            for other in figures(drawn)
        )
    ]
    assert sorted(figures(front(drawn))) == sorted(expected)
    assert [one.milliseconds for one in front(drawn)] == sorted(one.milliseconds for one in front(drawn))


def test_the_fastest_that_keeps_every_bound_is_chosen() -> None:
    contract = Contract(0.99, latency_ms=2.0, memory_mb=10.0)
    best = found(1.0, 0.99, 10.0)
    others = [found(0.5, 0.98), found(0.6, 0.999, 11.0), found(1.2, 1.0), found(2.1, 1.0)]
    assert cheapest([*others, best], contract) is best


def test_a_tie_in_time_goes_to_less_memory_then_to_the_shorter_build() -> None:
    fastest, lean, slower = found(1.0, 1.0, 5.0), found(1.04, 1.0, 2.0, build=9.0), found(1.06, 1.0, 1.0)
    assert cheapest([fastest, lean, slower], Contract(0.9)) is lean
    quick = found(1.05, 1.0, 2.0, build=3.0)
    assert cheapest([fastest, lean, quick, slower], Contract(0.9)) is quick


def test_of_equal_candidates_the_one_whose_effort_follows_the_contract_is_chosen() -> None:
    fixed, own = found(1.0, 1.0, settings="hnsw m 8 ef_search 20"), found(1.02, 1.0, settings="hnsw m 8")
    assert cheapest([fixed, own], Contract(0.9)) is own


def test_nothing_is_chosen_where_nothing_keeps_the_contract_and_the_nearest_say_what_they_break() -> None:
    contract = Contract(0.99, latency_ms=1.0, p99_ms=3.0, memory_mb=4.0)
    far, near = found(3.0, 0.9, 8.0, p99=9.0), found(1.1, 1.0)
    assert cheapest([far, near], contract) is None
    assert nearest([far, near], contract) == [near, far]
    assert [miss.bound for miss in near.misses(contract)] == ["latency_ms"]
    assert [(miss.bound, miss.value, miss.limit) for miss in far.misses(contract)] == [
        ("recall", 0.9, 0.99),
        ("latency_ms", 3.0, 1.0),
        ("p99_ms", 9.0, 3.0),
        ("memory_mb", 8.0, 4.0),
    ]


def test_a_filter_that_fares_badly_breaks_the_contract() -> None:
    plain, filtered = found(1.0, 1.0).rows[0], found(3.0, 0.95, p99=7.0).rows[0]
    both = Finding(Candidate("scan", "scan"), (plain, filtered), 200)
    assert (both.milliseconds, both.slowest, both.p99, both.recall) == (2.0, 3.0, 7.0, 0.95)
    assert both.memory_bytes == 2e6  # half of the rows were measured
    assert [miss.bound for miss in both.misses(Contract(0.96, latency_ms=2.5))] == ["recall", "latency_ms"]


@pytest.mark.parametrize(
    "bad", [Contract(0.0), Contract(1.1), Contract(0.9, latency_ms=0.0), Contract(0.9, None, -1.0)]
)
def test_a_contract_that_means_nothing_is_refused(bad: Contract) -> None:
    with pytest.raises(InvalidRequestError, match="must be above 0"):
        bad.check()


@pytest.mark.parametrize("n", [5_000, 100_000, 10_000_000])
def test_every_candidate_is_a_setting_that_an_index_takes(n: int) -> None:
    pytest.importorskip("faiss", reason="without it every index is flat")
    found = ladders(n, 0.95, 10)
    assert {"flat", "scan", "ivf", "hnsw"} <= {one.kind for one in found}
    for ladder in found:
        for candidate in ladder:
            spec = configured(IndexSpec("any", 8, "cosine", recall_target=0.5), read_line(candidate.settings))
            assert spec.kind == ladder.kind
            assert spec.recall_target >= 0.95
        assert len({one.settings for one in ladder}) == len(list(ladder))


def test_a_few_thousand_rows_are_searched_exactly_whatever_the_kind() -> None:
    assert [one.settings for ladder in ladders(4_000, 0.99, 10) for one in ladder] == ["flat recall 0.99"]
