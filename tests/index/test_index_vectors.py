"""The growing value of float32 rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.index.vectors import Vectors


def rows_of(start: int, count: int, d: int = 3) -> np.ndarray:
    return np.arange(start * d, (start + count) * d, dtype=np.float32).reshape(count, d)


def whole(vectors: Vectors) -> np.ndarray:
    return np.concatenate([np.empty((0, vectors.d), np.float32), *vectors.blocks()])


def test_two_appends_to_one_value_do_not_see_each_other() -> None:
    base = Vectors(3).append(rows_of(0, 5)).append(rows_of(5, 1))
    left, right = base.append(rows_of(100, 2)), base.append(rows_of(200, 1))
    assert np.array_equal(whole(base), rows_of(0, 6))
    assert np.array_equal(whole(left), np.concatenate([rows_of(0, 6), rows_of(100, 2)]))
    assert np.array_equal(whole(right), np.concatenate([rows_of(0, 6), rows_of(200, 1)]))


def test_the_callers_array_is_copied() -> None:
    given_rows = rows_of(0, 4)
    vectors = Vectors(3).append(given_rows)
    given_rows[:] = -1
    assert np.array_equal(whole(vectors), rows_of(0, 4))


def test_what_take_gives_is_private() -> None:
    vectors = Vectors(3).append(rows_of(0, 4))
    vectors.take(np.array([1]))[:] = -1
    assert np.array_equal(whole(vectors), rows_of(0, 4))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=25), first=st.integers(0, 20))
def test_any_tree_of_appends_keeps_every_value(steps: list[tuple[int, int]], first: int) -> None:
    values = [(Vectors(3, (rows_of(0, first),)), rows_of(0, first))]
    for step, (parent, count) in enumerate(steps):
        vectors, content = values[parent % len(values)]
        added = rows_of(1000 * (step + 1), count)
        values.append((vectors.append(added), np.concatenate([content, added])))
    for vectors, content in values:
        assert vectors.n == len(vectors) == len(content)
        assert np.array_equal(whole(vectors), content)
        picks = np.random.default_rng(0).permutation(len(content)).astype(np.int64)
        assert np.array_equal(vectors.take(picks), content[picks])
        low, high = len(content) // 3, len(content) * 2 // 3
        assert np.array_equal(np.concatenate([content[:0], *vectors.span(low, high)]), content[low:high])


def test_long_growth_leaves_few_blocks_and_little_waste() -> None:
    vectors = Vectors(8)
    for start in range(0, 60_000, 500):
        vectors = vectors.append(rows_of(start, 500, 8))
    assert len(vectors.blocks()) <= 12
    assert vectors.nbytes <= 1.6 * 60_000 * 8 * 4
    rows = np.arange(0, 60_000, 777)
    assert np.array_equal(vectors.take(rows), rows_of(0, 60_000, 8)[rows])


def test_a_single_row_takes_no_spare_capacity() -> None:
    assert Vectors(384).append(np.zeros((1, 384), np.float32)).nbytes == 384 * 4


def test_a_mapped_file_is_read_and_never_written(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", rows_of(0, 50))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    vectors = Vectors(3, (mapped,)).append(rows_of(50, 3))
    assert np.array_equal(vectors.take(np.array([51, 0, 49])), rows_of(0, 53)[[51, 0, 49]])
    assert vectors.largest_norm() == pytest.approx(np.linalg.norm(rows_of(52, 1)))


@pytest.mark.parametrize("row", [-1, 4])
def test_a_row_out_of_range_is_refused(row: int) -> None:
    with pytest.raises(InvalidRequestError, match=r"not within 0\.\.3"):
        Vectors(3).append(rows_of(0, 4)).take(np.array([0, row]))


def test_rows_of_another_dimension_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="dimension 3"):
        Vectors(3).append(np.zeros((1, 4), np.float32))
    with pytest.raises(InvalidRequestError, match="float32"):
        Vectors(3, (np.zeros((2, 3)),))
