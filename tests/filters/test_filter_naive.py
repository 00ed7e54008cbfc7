"""What each filter means on one record: Pinecone's rules, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon.filters import Columns, Compare, encode_metadata, matches, parse
from pinyon.limits import DEFAULT

CASES: list[tuple[dict[str, Any], dict[str, Any] | None, bool]] = [
    # equality
    ({"a": "x"}, {"a": "x"}, True),
    ({"a": "x"}, {"a": "X"}, False),
    ({"a": "x"}, {}, False),
    ({"a": "x"}, None, False),
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 0}, {"a": -0.0}, True),
    ({"a": 1}, {"a": True}, False),
    ({"a": True}, {"a": 1}, False),
    ({"a": False}, {"a": False}, True),
    ({"a": 1}, {"a": "1"}, False),
    ({"a": 2**53}, {"a": 2**53 + 1}, True),
    ({"a": ""}, {"a": ""}, True),
    # lists match by any element
    ({"a": "x"}, {"a": ["w", "x"]}, True),
    ({"a": "x"}, {"a": ["w"]}, False),
    ({"a": "x"}, {"a": []}, False),
    # $ne needs the field
    ({"a": {"$ne": "x"}}, {"a": "y"}, True),
    ({"a": {"$ne": "x"}}, {"a": "x"}, False),
    ({"a": {"$ne": "x"}}, {"b": "x"}, False),
    ({"a": {"$ne": "x"}}, None, False),
    ({"a": {"$ne": "x"}}, {"a": 5}, True),
    ({"a": {"$ne": 1}}, {"a": True}, True),
    ({"a": {"$ne": "x"}}, {"a": ["w", "x"]}, False),
    ({"a": {"$ne": "x"}}, {"a": ["w"]}, True),
    ({"a": {"$ne": "x"}}, {"a": []}, True),
    # order, on numbers only
    ({"a": {"$gt": 1}}, {"a": 2}, True),
    ({"a": {"$gt": 1}}, {"a": 1}, False),
    ({"a": {"$gte": 1}}, {"a": 1}, True),
    ({"a": {"$lt": 1}}, {"a": 0.5}, True),
    ({"a": {"$lt": 1}}, {"a": 1}, False),
    ({"a": {"$lte": 1}}, {"a": 1}, True),
    ({"a": {"$lt": 1}}, {"a": False}, False),
    ({"a": {"$gt": 1}}, {"a": "2"}, False),
    ({"a": {"$gt": 1}}, {}, False),
    ({"a": {"$gte": 1, "$lt": 3}}, {"a": 2}, True),
    ({"a": {"$gte": 1, "$lt": 3}}, {"a": 3}, False),
    # membership
    ({"a": {"$in": ["x", 2]}}, {"a": 2}, True),
    ({"a": {"$in": ["x", 2]}}, {"a": ["q", "x"]}, True),
    ({"a": {"$in": ["x", 2]}}, {"a": True}, False),
    ({"a": {"$in": [True]}}, {"a": True}, True),
    ({"a": {"$in": []}}, {"a": 1}, False),
    ({"a": {"$nin": ["x"]}}, {"a": "y"}, True),
    ({"a": {"$nin": ["x"]}}, {"a": ["x", "y"]}, False),
    ({"a": {"$nin": ["x"]}}, {"a": []}, True),
    ({"a": {"$nin": ["x"]}}, {}, False),
    ({"a": {"$nin": []}}, {"a": 1}, True),
    # existence
    ({"a": {"$exists": True}}, {"a": []}, True),
    ({"a": {"$exists": True}}, {"b": 1}, False),
    ({"a": {"$exists": False}}, {"b": 1}, True),
    ({"a": {"$exists": False}}, None, True),
    # logic
    ({"a": 1, "b": 2}, {"a": 1, "b": 2}, True),
    ({"a": 1, "b": 2}, {"a": 1}, False),
    ({"$or": [{"a": 1}, {"b": 2}]}, {"b": 2}, True),
    ({"$or": [{"a": 1}, {"b": 2}]}, {"b": 3}, False),
    ({"$and": [{"$or": [{"a": 1}, {"a": 2}]}, {"b": 1}]}, {"a": 2, "b": 1}, True),
    ({}, {"a": 1}, True),
    ({}, None, True),
]


@pytest.mark.parametrize(("filter", "metadata", "expected"), CASES)
def test_a_filter_matches_by_pinecones_rules(
    filter: dict[str, Any], metadata: dict[str, Any] | None, expected: bool
) -> None:
    node = parse(filter, DEFAULT)
    assert matches(node, metadata) is expected
    columns = Columns.empty(b"k" * 16).append([encode_metadata(metadata, DEFAULT, record_id="r")])
    assert columns.mask(node).tolist() == [expected]
    columns.settle()
    assert columns.mask(node).tolist() == [expected]


def test_an_order_operator_with_a_string_in_a_handmade_tree_matches_nothing() -> None:
    node = Compare("a", "$gt", "x")
    assert not matches(node, {"a": 2})
    assert not Columns.empty(b"k" * 16).append([b'{"a":2}']).mask(node).any()
