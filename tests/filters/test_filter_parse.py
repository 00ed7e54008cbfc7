"""The filter language: what it means as a tree, and the words for what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pinyon.errors import FilterError, InvalidRequestError
from pinyon.filters import And, Compare, Exists, In, Node, Or, parse
from pinyon.limits import DEFAULT


@pytest.mark.parametrize(
    ("filter", "tree"),
    [
        ({"a": "x"}, Compare("a", "$eq", "x")),
        ({"a": 1}, Compare("a", "$eq", 1.0)),
        ({"a": True}, Compare("a", "$eq", True)),
        ({"a": {"$ne": "x"}}, Compare("a", "$ne", "x")),
        ({"a": 1, "b": 2}, And((Compare("a", "$eq", 1.0), Compare("b", "$eq", 2.0)))),
        ({"a": {"$gte": 1, "$lt": 2}}, And((Compare("a", "$gte", 1.0), Compare("a", "$lt", 2.0)))),
        ({"a": {"$in": ["x", 1, True]}}, In("a", ("x", 1.0, True))),
        ({"a": {"$in": []}}, In("a", ())),
        ({"a": {"$nin": ("x",)}}, In("a", ("x",), negated=True)),
        ({"a": {"$exists": False}}, Exists("a", False)),
        ({"$or": [{"a": 1}, {"b": 2}]}, Or((Compare("a", "$eq", 1.0), Compare("b", "$eq", 2.0)))),
        ({"$and": [{"a": 1}]}, Compare("a", "$eq", 1.0)),
        (
            {"c": 0, "$or": [{"a": 1}, {"a": 2}]},
            And((Compare("c", "$eq", 0.0), parse({"$or": [{"a": 1}, {"a": 2}]}, DEFAULT))),
        ),
        ({}, And(())),
        ({"": 1}, Compare("", "$eq", 1.0)),
        ({"a.b": {"$gt": np.float32(0.5)}}, Compare("a.b", "$gt", 0.5)),
        ({"a": {"$in": [np.int64(3), np.bool_(True), np.str_("s")]}}, In("a", (3.0, True, "s"))),
        ({"a": 2**63 + 1}, Compare("a", "$eq", float(2**63))),
    ],
)
def test_a_filter_parses_to_its_tree(filter: dict[str, Any], tree: Node) -> None:
    assert parse(filter, DEFAULT) == tree


def _nested(levels: int) -> dict[str, Any]:
    filter: dict[str, Any] = {"a": 1}
    for _ in range(levels):
        filter = {"$and": [filter]}
    return filter


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ([], ["must be an object", "[]"]),
        ({1: 2}, ["field name or an operator", "1"]),
        ({"$eq": 1}, ["$eq needs a field"]),
        ({"$ro": []}, ["$ro", "Did you mean $or?"]),
        ({"$not": {"a": 1}}, ["$not", "not supported", "$ne for $eq"]),
        ({"a": {"$not": {"$eq": 1}}}, ["$not", "'a'", "not supported"]),
        ({"a": {"$gtt": 1}}, ["$gtt", "'a'", "Did you mean $gt?"]),
        ({"a": {"gte": 1}}, ["'gte'", "'a'", "Did you mean $gte?"]),
        ({"a": {"$EQ": 1}}, ["$EQ", "Did you mean $eq?"]),
        ({"a": {"city": "x"}}, ["'city'", "'a'", "Nested objects"]),
        ({"a": {"$contains": "x"}}, ["$contains", "any element"]),
        ({"a": {"$and": [{"$gt": 1}]}}, ["$and", "'a'", "joins whole conditions"]),
        ({"a": {3: 1}}, ["operator", "must be a string", "3"]),
        ({"a": {}}, ["'a'", "empty condition"]),
        ({"a": ["x", "y"]}, ["'a'", "['x', 'y']", "$in"]),
        ({"a": {"$eq": ["x"]}}, ["$eq", "'a'", "use $in"]),
        ({"a": {"$ne": ["x"]}}, ["$ne", "'a'", "use $nin"]),
        ({"a": {"$in": [["x"]]}}, ["$in", "nested lists"]),
        ({"a": None}, ["'a'", "null", "$exists"]),
        ({"a": {"$eq": {"b": 1}}}, ["$eq", "'a'", "string, number or boolean"]),
        ({"a": {"$gt": "2020"}}, ["$gt", "'a'", "'2020'", "takes a number"]),
        ({"a": {"$lte": True}}, ["$lte", "'a'", "True", "takes a number"]),
        ({"a": float("nan")}, ["'a'", "nan", "finite"]),
        ({"a": {"$lt": float("inf")}}, ["$lt", "inf", "finite"]),
        ({"a": 10**400}, ["'a'", "integer of 1,329 bits", "1.8e308"]),
        ({"a": {"$in": "x"}}, ["$in", "'a'", "'x'", "list"]),
        ({"a": {"$in": {"x"}}}, ["$in", "'a'", "list"]),
        ({"a": {"$nin": [None]}}, ["$nin", "'a'", "null"]),
        ({"a": {"$in": [1] * 10_001}}, ["$in", "'a'", "10,001", "10,000", "Split"]),
        ({"a": {"$exists": 1}}, ["$exists", "'a'", "True or False", "1"]),
        ({"$and": []}, ["$and", "non-empty list"]),
        ({"$or": {"a": 1}}, ["$or", "non-empty list", "{'a': 1}"]),
        ({"$or": [1]}, ["$or", "filter objects", "1"]),
        ({"$or": [{"a": 1}, {}]}, ["$or", "empty object", "every record"]),
        ({"a": "\ud800"}, ["'a'", "surrogate", "\\ud800"]),
        ({"\ud800": 1}, ["field name", "surrogate"]),
        (_nested(100), ["100 levels", "Flatten"]),
    ],
)
def test_a_malformed_filter_is_refused_with_value_and_way_out(filter: Any, words: list[str]) -> None:
    with pytest.raises(FilterError) as refusal:
        parse(filter, DEFAULT)
    assert [word for word in words if word not in str(refusal.value)] == []
    assert isinstance(refusal.value, InvalidRequestError)


def test_the_limits_are_what_they_say() -> None:
    assert parse(_nested(99), DEFAULT) == Compare("a", "$eq", 1.0)
    parse({"a": {"$in": ["x"] * 10_000}}, DEFAULT)
    four = replace(DEFAULT, filter_nodes=4)
    parse({"a": {"$gt": 1, "$lt": 2}, "b": 1, "c": 1}, four)
    with pytest.raises(FilterError, match="more than 4 conditions"):
        parse({"a": {"$gt": 1, "$lt": 2}, "b": 1, "c": 1, "d": 1}, four)


def test_a_hostile_value_does_not_make_the_message_fail_or_grow() -> None:
    deep: Any = {}
    for _ in range(50_000):
        deep = {"k": deep}
    for value in (deep, ["x" * 1_000_000] * 1_000, [10**5_000], "y" * 1_000_000):
        with pytest.raises(FilterError) as refusal:
            parse({"a": {"$gt": value}}, DEFAULT)
        assert len(str(refusal.value)) < 500
    while deep:  # taken apart level by level: freeing it at once would be as deep
        deep = deep["k"]


def test_trees_tell_true_from_one_and_can_be_keys_of_a_cache() -> None:
    one, true = parse({"a": 1}, DEFAULT), parse({"a": True}, DEFAULT)
    assert one != true
    assert len({one, true, parse({"a": 1.0}, DEFAULT)}) == 2
    assert parse({"a": {"$in": [1]}}, DEFAULT) != parse({"a": {"$in": [True]}}, DEFAULT)
