"""Groups of rows that are nearly the same, beside the leader algorithm as it is written down."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.distance import prepare
from pinyon.index import grouping
from pinyon.index.grouping import near_groups
from pinyon.types import Floats


def by_definition(rows: Floats, least: float) -> list[int]:
    """The first former leader that is near, row by row, in float64."""
    wide = rows.astype(np.float64)
    leaders: list[int] = []
    found = []
    for at, row in enumerate(wide):
        near = [one for one in leaders if wide[one] @ row >= least]
        found.append(near[0] if near else at)
        if not near:
            leaders.append(at)
    return found


def clustered(n: int, d: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((max(1, n // 8), d))
    return prepare(middles[rng.integers(0, len(middles), n)] + 0.2 * rng.standard_normal((n, d)), "cosine")


@pytest.mark.parametrize("block", [1, 7, 64, 2_048])
@pytest.mark.parametrize("least", [0.5, 0.9, 0.97])
def test_leaders_are_those_of_the_definition_whatever_the_blocks(
    block: int, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "_BLOCK", block)
    rows = clustered(300, 12, seed=int(least * 100))
    leaders, cosines = near_groups(len(rows), rows.__getitem__, least)
    assert leaders.tolist() == by_definition(rows, least)
    assert 20 < len(set(leaders.tolist())) < 300, "there are groups, and several"
    assert np.allclose(cosines, np.vecdot(rows, rows[leaders]), atol=1e-6)


def test_a_chain_is_cut_where_it_leaves_its_first_row() -> None:
    angles = np.arange(0, 90, 5) * np.pi / 180
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    leaders, _ = near_groups(len(rows), rows.__getitem__, float(np.cos(10.5 * np.pi / 180)))
    assert leaders.tolist() == [3 * (at // 3) for at in range(18)]


def test_equal_rows_are_one_group_at_a_cosine_of_one() -> None:
    rows = np.repeat(prepare(np.random.default_rng(3).standard_normal((1, 384)), "cosine"), 5_000, axis=0)
    leaders, cosines = near_groups(len(rows), rows.__getitem__, 1.0)
    assert not leaders.any()
    assert cosines.max() <= 1.0
    assert cosines.min() == pytest.approx(1.0, abs=1e-6)


def test_rows_of_zeros_are_near_to_none() -> None:
    rows = np.zeros((4, 3), np.float32)
    assert near_groups(4, rows.__getitem__, 0.01)[0].tolist() == [0, 1, 2, 3]
    assert near_groups(0, rows.__getitem__, 0.5)[0].tolist() == []


def test_progress_tells_how_many_rows_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_BLOCK", 40)
    rows, told = clustered(100, 4, seed=1), list[int]()
    near_groups(100, rows.__getitem__, 0.9, told.append)
    assert told == [40, 80, 100]
