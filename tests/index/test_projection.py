"""The plane on which rows spread most, and nearest others, beside slow and obvious twins."""

from __future__ import annotations

import numpy as np
import pytest

from pinyon.distance import prepare
from pinyon.index import neighbourhood
from pinyon.index.neighbourhood import placed_by_neighbours
from pinyon.index.projection import nearest_others, principal_plane
from pinyon.types import Floats, Metric


def rows(n: int, d: int, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    spread = np.concatenate([[9.0, 4.0], np.full(max(0, d - 2), 0.5)])[:d]
    turned = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return ((rng.standard_normal((n, d)) * spread) @ turned + 5.0).astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(500, 3), (800, 40), (60, 200)])
def test_the_plane_is_that_of_a_full_decomposition(n: int, d: int) -> None:
    given = rows(n, d)
    plane = principal_plane(given)
    wide = given.astype(np.float64) - given.astype(np.float64).mean(axis=0)
    sizes = np.linalg.svd(wide, compute_uv=False) ** 2
    assert np.allclose(plane.shares, sizes[:2] / sizes.sum(), rtol=1e-3)
    placed = plane.place(given)
    assert np.allclose((placed**2).sum(axis=0) / sizes.sum(), plane.shares, rtol=1e-6)
    assert np.allclose(plane.axes.T @ plane.axes, np.eye(2), atol=1e-9)
    assert np.allclose(placed.mean(axis=0), 0.0, atol=1e-3)


def test_equal_rows_give_an_equal_plane() -> None:
    given = rows(300, 20)
    first, second = principal_plane(given), principal_plane(given.copy())
    assert np.array_equal(first.axes, second.axes)
    assert np.array_equal(principal_plane(-given).axes, first.axes), "the sides do not depend on signs"


def test_rows_that_spread_in_fewer_directions_lie_on_a_line_or_a_point() -> None:
    line = np.outer(np.arange(9), [3.0, 4.0]).astype(np.float32)
    plane = principal_plane(line)
    assert plane.shares == (pytest.approx(1.0), 0.0)
    assert np.allclose(np.abs(plane.place(line)), np.abs(np.outer(np.arange(9) - 4.0, [5.0, 0.0])))
    assert principal_plane(line[:1]).place(line[:1]).tolist() == [[0.0, 0.0]]
    assert principal_plane(np.repeat(line[2:3], 5, axis=0)).shares == (0.0, 0.0)
    assert np.allclose(np.abs(principal_plane(line[:, :1]).place(line[:, :1])[:, 0]), np.abs(3.0 * (np.arange(9) - 4)))


def test_huge_numbers_are_placed_too() -> None:
    given = (rows(50, 6) * np.float32(1e36)).astype(np.float32)
    assert np.isfinite(principal_plane(given).place(given)).all()


@pytest.mark.parametrize("metric", ["cosine", "dotproduct", "euclidean"])
@pytest.mark.parametrize("n", [2, 100, 2_100])
def test_the_nearest_other_is_that_of_all_pairs(metric: Metric, n: int) -> None:
    given = prepare(rows(n, 8, seed=n), metric)
    given[-1] = given[0]
    found = nearest_others(n, given.__getitem__, metric)
    wide = given.astype(np.float64)
    squares = ((wide[:, None, :] - wide[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    wanted = squares.min(axis=1)
    wanted = wanted / 2 if metric == "cosine" else np.sqrt(wanted)
    assert np.allclose(found, wanted, rtol=1e-3, atol=1e-6)
    assert found[0] == found[-1] == 0.0, "equal rows are at no distance"


def test_a_row_alone_has_no_nearest_other() -> None:
    assert np.isnan(nearest_others(1, rows(1, 3).__getitem__, "cosine")).all()
    assert nearest_others(0, rows(1, 3).__getitem__, "cosine").shape == (0,)


@pytest.mark.skipif(not neighbourhood.available(), reason='needs umap-learn: pip install "pinyon[map]"')
def test_umap_keeps_clusters_apart_and_gives_the_same_again() -> None:
    rng = np.random.default_rng(11)
    of = rng.integers(0, 6, 600)
    rows = (rng.standard_normal((6, 32))[of] + 0.2 * rng.standard_normal((600, 32))).astype(np.float32)
    placed, at = placed_by_neighbours(rows, rows[0])
    distances = np.linalg.norm(placed[:, None] - placed[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert np.mean(of[distances.argmin(axis=1)] == of) > 0.98
    assert at is not None
    assert of[np.linalg.norm(placed - at, axis=1).argmin()] == of[0]
    np.testing.assert_array_equal(placed, placed_by_neighbours(rows, None)[0])
