"""A picture as half blocks: two pixels a character."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures.drawn import noise, picture
from pinyon.errors import InvalidRequestError
from pinyon.pictures import half_blocks


def test_a_small_picture_keeps_every_pixel(rng: np.random.Generator) -> None:
    pixels = noise(rng, 6, 5)
    rows = half_blocks(picture(pixels))
    drawn = [half for upper_lower in rows for half in zip(*upper_lower, strict=True)]
    assert np.array_equal(np.array(drawn), pixels)


def test_an_odd_last_row_has_white_below_it() -> None:
    assert half_blocks(picture(np.zeros((1, 2, 3), np.uint8))) == [[((0, 0, 0), (255, 255, 255))] * 2]


@given(
    sides=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    columns=st.integers(1, 80),
    rows=st.none() | st.integers(1, 40),
)
def test_a_picture_fits_and_keeps_its_proportions(sides: tuple[int, int], columns: int, rows: int | None) -> None:
    height, width = sides
    found = half_blocks(picture(np.zeros((height, width, 3), np.uint8)), columns, rows=rows)
    wide, high = len(found[0]), 2 * len(found)
    assert wide <= min(columns, width)
    assert high <= height + 1
    assert rows is None or len(found) <= rows
    assert all(len(row) == wide for row in found)
    scale = min(1, columns / width, (2 * rows / height) if rows else 1)
    assert abs(wide - max(1, width * scale)) <= 1
    assert abs(high - max(1, height * scale)) <= 2


@pytest.mark.parametrize(("columns", "rows"), [(0, None), (3, 0), (-1, 2)])
def test_no_columns_or_rows_are_refused(columns: int, rows: int | None) -> None:
    with pytest.raises(InvalidRequestError, match="at least 1"):
        half_blocks(picture(np.zeros((2, 2, 3), np.uint8)), columns, rows=rows)
