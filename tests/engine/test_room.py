"""Arrays that grow in place: a value that somebody holds never changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.engine.room import Room, appended


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=30))
def test_values_that_go_on_from_any_earlier_one_keep_what_they_were(steps: list[tuple[int, int]]) -> None:
    """Each step: which of the values so far to go on from, and how many numbers to add."""
    values: list[tuple[np.ndarray, Room | None, list[int]]] = [(np.empty(0, np.int64), None, [])]
    fresh = 0
    for origin, count in steps:
        array, room, expected = values[origin % len(values)]
        added = list(range(fresh, fresh + count))
        fresh += count
        grown, its = appended(array, room, np.array(added, np.int64))
        values.append((grown, its, expected + added))
    for array, _, expected in values:
        assert array.tolist() == expected


def test_many_small_additions_copy_little() -> None:
    array, room = appended(np.zeros(100_000, np.int64), None, np.zeros(1, np.int64))
    copies = 0
    for _ in range(5_000):
        before = room
        array, room = appended(array, room, np.ones(1, np.int64))
        copies += room is not before
    assert len(array) == 105_001
    assert copies == 0


def test_what_a_value_shows_cannot_be_written() -> None:
    array, _ = appended(np.zeros(3, np.bool_), None, np.ones(2, np.bool_))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = True
