"""What the columns tell of fields, beside a count over the metadata themselves, after appends and replacements."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.filters import Columns

KEY = b"0123456789abcdef"
VALUES = st.one_of(
    st.sampled_from(["a", "b", "c", ""]),
    st.sampled_from([0, 1, 2.5, -3]),
    st.booleans(),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
)
METADATA = st.one_of(st.none(), st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2))


def raw(metadata: Any) -> bytes | None:
    return orjson.dumps(metadata) if metadata else None


def counted(rows: dict[int, Any], field: str) -> Counter[Any]:
    """(kind, value) -> rows that hold it."""
    found: Counter[Any] = Counter()
    for metadata in rows.values():
        value = (metadata or {}).get(field)
        if isinstance(value, list):
            found.update({("string", one) for one in value})
        elif isinstance(value, bool):
            found["bool", value] += 1
        elif isinstance(value, str):
            found["string", value] += 1
        elif value is not None:
            found["number", float(value)] += 1
    return found


@given(
    first=st.lists(METADATA, min_size=1, max_size=30),
    second=st.lists(METADATA, max_size=10),
    replaced=st.lists(st.tuples(st.integers(0, 29), METADATA), max_size=5),
    dead=st.sets(st.integers(0, 29), max_size=5),
    settled=st.booleans(),
)
def test_profiles_are_what_the_rows_hold(
    first: list[Any], second: list[Any], replaced: list[tuple[int, Any]], dead: set[int], settled: bool
) -> None:
    columns = Columns.empty(KEY).append([raw(one) for one in first])
    if settled:
        columns.settle()
    rows = dict(enumerate([*first, *second]))
    columns = columns.append([raw(one) for one in second])
    for row, metadata in replaced:
        if row < len(rows):
            columns = columns.replace([row], [raw(metadata)])
            rows[row] = metadata
    alive = np.array([row not in dead for row in range(len(rows))])
    living = {row: metadata for row, metadata in rows.items() if alive[row]}
    profiles, left_out = columns.profiles(alive, 10, 100)
    assert left_out == 0
    assert {one.name for one in profiles} == {name for metadata in living.values() for name in metadata or ()}
    names = {columns.key_of(text): text for text in ("a", "b", "c", "")}
    for profile in profiles:
        wanted = counted(living, profile.name)
        assert profile.rows == sum(profile.name in (metadata or ()) for metadata in living.values())
        assert profile.distinct == len(wanted)
        decode = {"string": lambda key: names[key], "bool": bool, "number": float}
        assert {(one.kind, decode[one.kind](one.key)): one.rows for one in profile.frequent} == wanted  # type: ignore[no-untyped-call,operator,unused-ignore]
        assert [one.rows for one in profile.frequent] == sorted(wanted.values(), reverse=True)
        numbers = [value for kind, value in wanted if kind == "number"]
        assert (profile.least, profile.most) == ((min(numbers), max(numbers)) if numbers else (None, None))
        for one in profile.frequent:
            value = (living[one.row] or {})[profile.name]
            assert decode[one.kind](one.key) in (value if isinstance(value, list) else [value])  # type: ignore[no-untyped-call,operator,unused-ignore]


def test_only_so_many_fields_and_values_are_told() -> None:
    columns = Columns.empty(KEY).append([raw({"common": n, **({"rare": "x"} if n < 3 else {})}) for n in range(20)])
    profiles, left_out = columns.profiles(np.ones(20, np.bool_), 1, 5)
    assert (left_out, [one.name for one in profiles]) == (1, ["common"])
    assert (profiles[0].distinct, len(profiles[0].frequent)) == (20, 5)


@pytest.mark.parametrize(("metadata", "several"), [({"x": ["a"]}, False), ({"x": ["a", "b"]}, True), ({"x": []}, True)])
def test_a_list_is_known_by_several_strings_or_none(metadata: Any, several: bool) -> None:
    profiles, _ = Columns.empty(KEY).append([raw(metadata), raw({"x": "c"})]).profiles(np.ones(2, np.bool_), 9, 9)
    assert profiles[0].several == several
