"""Metadata -> bytes: Pinecone's rules, one record at a time and whole columns at once."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import CorruptionError, InvalidRequestError
from pinyon.filters import decode_metadata, encode_metadata, encode_metadata_columns
from pinyon.limits import DEFAULT


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("metadata", "stored"),
    [
        (None, None),
        ({}, None),
        ({"a": None}, None),
        ({"b": 1, "a": "x"}, b'{"b":1,"a":"x"}'),
        ({"a": None, "b": 1}, b'{"b":1}'),
        ({"a": 1, "b": 1.0, "c": True}, b'{"a":1,"b":1.0,"c":true}'),
        ({"a": []}, b'{"a":[]}'),
        ({"a": ["x", "y"]}, b'{"a":["x","y"]}'),
        ({"a": ("x", "y")}, b'{"a":["x","y"]}'),
        ({"a": np.array(["x", "y"])}, b'{"a":["x","y"]}'),
        (
            {"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("s")},
            b'{"a":3,"b":0.5,"c":true,"d":"s"}',
        ),
        ({"a": Colour.RED}, b'{"a":"red"}'),
        ({"price": "$5", "k": "a$"}, b'{"price":"$5","k":"a$"}'),
        ({"a$b": 1}, b'{"a$b":1}'),
        ({"": 1}, b'{"":1}'),
        ({"a": 2**64 - 1, "b": -(2**63)}, b'{"a":18446744073709551615,"b":-9223372036854775808}'),
        ({"a": 2**64}, b'{"a":1.8446744073709552e+19}'),
        ({"한글": "값"}, '{"한글":"값"}'.encode()),
    ],
)
def test_metadata_is_stored_as_json(metadata: dict[str, Any] | None, stored: bytes | None) -> None:
    assert encode_metadata(metadata, DEFAULT, record_id="r") == stored


NOT_A_VALUE = "Metadata value must be a string, number, boolean or list of strings, got '{}' for field 'a'"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"b": 1}, '{"b":1.0}'),
        ({"SPEAKER_00": "Emma"}, '{"SPEAKER_00":"E...'),
        ([1, 2], "[1.0,2.0]"),
        (["x", 1], '["x",1.0]'),
        (["x", None], '["x",null]'),
        ([["x"]], '[["x"]]'),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (np.float32("nan"), "NaN"),
        (np.array([1, 2]), "[1.0,2.0]"),
        (np.array(["한글한글한글"] * 3, dtype=object).reshape(1, 3), '[["한글한글...'),
        (10**400, "Infinity"),
        (b"x", "\"b'x'\""),
        ({"x"}, "\"{'x'}\""),
    ],
)
def test_a_value_that_pinecone_has_no_type_for_is_refused_in_its_words(value: Any, shown: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        encode_metadata({"fine": 1, "a": value}, DEFAULT, record_id="rec-7")
    assert str(refusal.value).startswith(NOT_A_VALUE.format(shown))
    assert "rec-7" in str(refusal.value)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ([("a", 1)], ["rec-7", "object of fields and values"]),
        ({"$a": 1}, ["rec-7", "'$a'", "begins with '$'", "Rename"]),
        ({3: 1}, ["rec-7", "3", "not a string"]),
        ({"a": "\ud800"}, ["rec-7", "'a'", "surrogate", "character 0"]),
        ({"a": ["x\udfff"]}, ["rec-7", "'a'", "surrogate", "character 1"]),
        ({"\ud800": 1}, ["rec-7", "key", "surrogate"]),
        ({"a": datetime.date(2024, 1, 31)}, ["rec-7", "'a'", "store dates as numbers"]),
        ({"k": 1, "a": "x" * 41_000}, ["41014 bytes", "40960 bytes per vector", "rec-7", "'a'", "shorten"]),
    ],
)
def test_refused_metadata_names_the_record_the_place_and_the_way_out(metadata: Any, words: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        encode_metadata(metadata, DEFAULT, record_id="rec-7")
    assert [word for word in words if word not in str(refusal.value)] == []


def test_metadata_of_exactly_the_limit_passes() -> None:
    limits = replace(DEFAULT, metadata_bytes=9)
    assert encode_metadata({"a": "xyz"[:1]}, limits, record_id="r") == b'{"a":"x"}'
    with pytest.raises(InvalidRequestError, match="10 bytes, which exceeds the limit of 9 bytes"):
        encode_metadata({"a": "xy"}, limits, record_id="r")


def test_deep_nesting_is_refused_without_recursion() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(InvalidRequestError, match="for field 'a'"):
        encode_metadata({"a": deep}, DEFAULT, record_id="r")
    while deep:
        deep = deep[0]


def test_decoding_gives_back_what_was_stored_and_names_damage() -> None:
    metadata = {"a": 2**63, "b": [], "c": 0.1, "d": True}
    assert decode_metadata(encode_metadata(metadata, DEFAULT, record_id="r")) == metadata
    assert decode_metadata(None) is None
    for damaged in (b'{"a":', b"[1]", b"\xff"):
        with pytest.raises(CorruptionError, match="pinyon repair"):
            decode_metadata(damaged)


def _one_by_one(columns: dict[str, Any], n: int, limits: Any = DEFAULT) -> list[bytes | None]:
    rows = [{name: column[i] for name, column in columns.items()} for i in range(n)]
    return [encode_metadata(row, limits, record_id=f"id{i}") for i, row in enumerate(rows)]


@pytest.mark.parametrize(
    "columns",
    [
        {
            "year": np.array([1, 2, 3]),
            "price": np.array([0.5, 1.5, 2.5], np.float32),
            "ok": np.array([True, False, True]),
        },
        {"name": np.array(["a", "b", "c"]), "tags": [["x"], [], ["y", "z"]]},
        {"name": ["a", None, "c"], "n": [None, None, 1.5]},
        {"name": np.array(["a", None, 3], dtype=object)},
        {"mixed": ["a", 1, True], "big": [2**70, 1, 2]},
        {"n": [np.int32(1), np.float64(2), np.bool_(False)]},
        {"pairs": np.array([["a", "b"], ["c", "d"], ["e", "f"]])},
        {"none": [None, None, None]},
        {"t": (1, 2, 3)},
        {},
    ],
)
def test_columns_encode_as_their_rows_do(columns: dict[str, Any]) -> None:
    ids = ["id0", "id1", "id2"]
    assert encode_metadata_columns(columns, 3, DEFAULT, ids) == _one_by_one(columns, 3)


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [1, math.nan, 2]},
        {"a": np.array([1, np.inf, 2])},
        {"a": [1.0, "x", math.inf]},
        {"a": np.array([[1, 2], [3, 4], [5, 6]])},
        {"a": [["x"], [1], ["y"]]},
        {"a": [["x"], ["y", None], "z"]},
        {"a": np.array(["2024-01-31"] * 3, dtype="datetime64[ns]")},
        {"a": [1, 2, {"b": 1}]},
        {"$a": [1, 2, 3]},
        {"$a": [None, None, 3]},
        {3: [1, 2, 3]},
        {"a": ["x", "\ud800", "y"]},
        {"a": ["x", "y", "z" * 50_000]},
    ],
)
def test_columns_refuse_what_their_rows_refuse_in_the_same_words(columns: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as by_row:
        _one_by_one(columns, 3)
    with pytest.raises(InvalidRequestError) as by_column:
        encode_metadata_columns(columns, 3, DEFAULT, ["id0", "id1", "id2"])
    assert str(by_column.value) == str(by_row.value)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ([1, 2], ["'a'", "2 values for 3 records", "None leaves the field out"]),
        ("abc", ["'a'", "list or array of 3 values", "'abc'"]),
        (7, ["'a'", "list or array of 3 values", "7"]),
        (np.array(7), ["'a'", "without dimensions", "3 values"]),
    ],
)
def test_a_column_of_another_length_is_refused(column: Any, words: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        encode_metadata_columns({"a": column}, 3, DEFAULT, ["id0", "id1", "id2"])
    assert [word for word in words if word not in str(refusal.value)] == []


_any_value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=4),
    st.lists(st.one_of(st.text(max_size=3), st.integers()), max_size=3),
    st.integers(-5, 5).map(np.int16),
    st.floats(width=32).map(np.float32),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.dictionaries(
            st.text(max_size=3), st.lists(_any_value, min_size=n, max_size=n), min_size=1, max_size=3
        )
    )
)
def test_columns_and_rows_agree_on_anything(columns: dict[str, list[Any]]) -> None:
    n = len(next(iter(columns.values())))
    ids = [f"id{i}" for i in range(n)]
    assert _outcome(encode_metadata_columns, columns, n, DEFAULT, ids) == _outcome(_one_by_one, columns, n)


def _outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result, or the words of the refusal."""
    try:
        return function(*arguments)
    except InvalidRequestError as refusal:
        return str(refusal)
