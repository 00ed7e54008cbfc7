"""The documents API in JSON: what bodies mean, what is refused and with which words, how answers are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.types import Document, EmbedClause, SparseValues, TextClause, VectorClause
from pinyon.wire import documents
from pinyon.wire.tokens import last_of
from pinyon.wire.versions import VERSIONS, Version

ALPHA = VERSIONS["2026-01.alpha"]
NEW = VERSIONS["2026-07"]
READERS: dict[str, Callable[[Any, Version], object]] = {
    "upsert": documents.read_upsert,
    "search": documents.read_search,
    "fetch": documents.read_fetch,
    "list": documents.read_list,
    "update": documents.read_update,
    "delete": documents.read_delete,
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def message_of(reader: str, body: Any, version: Version = NEW) -> str:
    """With which words a body is refused; "" when it is read."""
    try:
        READERS[reader](body, version)
    except InvalidRequestError as error:
        return error.message
    return ""


def clause(**members: Any) -> Any:
    return documents.read_search({"score_by": [members], "top_k": 3}, NEW).clauses[0]


# -- clauses ----------------------------------------------------------------------------------------------------------


def test_each_type_of_clause() -> None:
    assert clause(type="text", query="a b", fields=["t", "u", "t"]) == TextClause("a b", ("t", "u"))
    assert clause(type="text", query="a b", field="t") == TextClause("a b", ("t",))
    assert clause(type="query_string", query="t:a") == TextClause("t:a", (), "query_string")
    assert clause(type="embed", query="a", field="t") == EmbedClause("t", "a")
    assert clause(type="sparse_embed", query="a", fields=["t"]) == EmbedClause("t", "a", sparse=True)
    dense = clause(type="dense_vector", values=[1, 2.5], field="v")
    assert (dense.field, dense.values.tolist(), dense.sparse) == ("v", [1.0, 2.5], False)
    sparse = {"indices": [1], "values": [0.5]}
    assert clause(type="sparse_vector", sparse_values=sparse, fields=["s"]) == VectorClause("s", sparse, sparse=True)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "score_by[0].type is ''. Use one of text, query_string"),
        ({"type": "bm25", "query": "a"}, "score_by[0].type is 'bm25'"),
        ({"type": 5}, "score_by[0].type must be a string"),
        ({"type": "text", "query": "a"}, "text scoring requires specifying at least one field"),
        ({"type": "text", "query": "a", "fields": []}, "at least one field"),
        ({"type": "text", "query": "a", "fields": [""]}, "at least one field"),
        ({"type": "text", "query": "a", "fields": "t"}, "score_by[0].fields must be an array"),
        ({"type": "text", "query": "a", "fields": [5]}, "score_by[0].fields[0] must be a string"),
        ({"type": "text", "query": "a", "field": "t", "fields": ["t"]}, "'field' or 'fields', but not both"),
        ({"type": "text", "query": "", "field": "t"}, "score_by[0].query is missing or empty"),
        ({"type": "text", "field": "t"}, "score_by[0].query is missing or empty"),
        ({"type": "text", "query": "a", "field": "t", "boost": 2}, "unknown field 'boost'"),
        ({"type": "query_string", "query": "a", "field": "t"}, "must not specify 'field' or 'fields'"),
        ({"type": "query_string", "query": "a", "fields": ["t"]}, "must not specify 'field' or 'fields'"),
        ({"type": "dense_vector", "field": "v"}, "non-empty 'values' array"),
        ({"type": "dense_vector", "field": "v", "values": []}, "non-empty 'values' array"),
        ({"type": "dense_vector", "field": "v", "values": [1, "2"]}, "score_by[0].values[1] must be a number"),
        ({"type": "dense_vector", "values": [1]}, "at least one field"),
        ({"type": "dense_vector", "values": [1], "fields": ["v", "w"]}, "the name of exactly one field"),
        ({"type": "dense_vector", "values": [1], "field": "v", "query": "a"}, "unknown field 'query'"),
        ({"type": "sparse_vector", "field": "s"}, "score_by[0].sparse_values with indices and values"),
        ({"type": "sparse_vector", "field": "s", "sparse_values": {"indices": [1]}}, "values must be an array"),
        ({"type": "embed", "field": "t"}, "score_by[0].query is missing or empty"),
    ],
)
def test_clauses_that_are_refused(members: dict[str, Any], message: str) -> None:
    for version in (ALPHA, NEW):
        assert message in message_of("search", {"score_by": [members], "top_k": 3}, version)


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_a_search_names_the_fields_that_it_wants_back() -> None:
    body = {"score_by": [{"type": "query_string", "query": "a"}], "top_k": 3}
    assert documents.read_search(body, NEW).fields == ()
    assert documents.read_search({**body, "include_fields": []}, NEW).fields == ()
    assert documents.read_search({**body, "include_fields": ["*"], "filter": {"x": 1}}, NEW) == documents.SearchRequest(
        (TextClause("a", (), "query_string"),), 3, ["*"], {"x": 1}
    )


def test_a_fetch_gives_all_fields_unless_some_are_named() -> None:
    for given_ in ({}, {"include_fields": None}, {"include_fields": []}):
        assert documents.read_fetch({"ids": ["a"], **given_}, NEW) == documents.FetchRequest(["a"])
    assert documents.read_fetch({"ids": ["a"], "include_fields": ["t"]}, ALPHA).fields == ["t"]


@pytest.mark.parametrize(
    ("reader", "body", "message"),
    [
        ("upsert", {}, "'documents' must contain at least one document"),
        ("upsert", {"documents": []}, "at least one document"),
        ("upsert", {"documents": {"_id": "a"}}, "documents must be an array"),
        ("upsert", {"documents": [1]}, "documents[0] must be an object"),
        ("upsert", {"documents": [{}], "namespace": "n"}, "unknown field 'namespace'"),
        ("search", {"top_k": 3}, "'score_by' must contain at least one scoring method"),
        ("search", {"score_by": [], "top_k": 3}, "'score_by' must contain at least one scoring method"),
        ("search", {"score_by": ["text"], "top_k": 3}, "score_by[0] must be an object"),
        ("search", {"score_by": [{"type": "query_string", "query": "a"}]}, "top_k is missing"),
        ("search", {"score_by": [{}], "top_k": "3"}, "top_k must be a whole number"),
        ("search", {"score_by": [{}], "top_k": 1, "vector": [1]}, "unknown field 'vector'"),
        ("fetch", {}, "no 'ids' or 'filter' is given"),
        ("fetch", {"ids": []}, "no 'ids' or 'filter' is given"),
        ("fetch", {"ids": ["a"], "filter": {"x": 1}}, "mutually exclusive"),
        ("fetch", {"filter": {}}, "non-empty object of conditions"),
        ("fetch", {"ids": ["a"], "pagination_token": "t"}, "goes with 'filter' only"),
        ("fetch", {"ids": "a"}, "ids must be an array"),
        ("list", {"limit": "3"}, "limit must be a whole number"),
        ("list", {"prefix": 3}, "prefix must be a string"),
        ("update", {}, "no 'documents' or 'filter' is given"),
        ("update", {"documents": []}, "at least one document"),
        ("update", {"documents": [{}], "filter": {"x": 1}}, "excludes 'filter'"),
        ("update", {"documents": [{}], "set_fields": {"x": 1}}, "excludes 'filter'"),
        ("update", {"set_fields": {"x": 1}}, "go with 'filter' only"),
        ("update", {"filter": {}, "set_fields": {"x": 1}}, "non-empty object of conditions"),
        ("update", {"filter": {"x": 1}}, "must change something"),
        ("update", {"filter": {"x": 1}, "set_fields": {}, "remove_fields": []}, "must change something"),
        ("delete", {}, "exactly one of"),
        ("delete", {"ids": []}, "exactly one of"),
        ("delete", {"delete_all": False}, "exactly one of"),
        ("delete", {"ids": ["a"], "delete_all": True}, "exactly one of"),
        ("delete", {"filter": {"x": 1}, "delete_all": True}, "exactly one of"),
        ("delete", {"filter": {}}, "non-empty object of conditions"),
    ],
)
def test_bodies_that_are_refused(reader: str, body: dict[str, Any], message: str) -> None:
    assert message in message_of(reader, body)


def test_what_asks_for_no_change_is_passed_over() -> None:
    patches = {"documents": [{"_id": "a"}], "set_fields": {}, "remove_fields": []}
    assert documents.read_update(patches, NEW).documents == [{"_id": "a"}]


def test_unknown_members_are_passed_over_before_2026_07() -> None:
    for reader, body in {
        "upsert": {"documents": [{"_id": "a"}]},
        "fetch": {"ids": ["a"]},
        "list": {},
        "update": {"documents": [{"_id": "a"}]},
        "delete": {"ids": ["a"]},
        "search": {"score_by": [{"type": "query_string", "query": "a"}], "top_k": 1},
    }.items():
        assert message_of(reader, body | {"more": 1}, ALPHA) == ""
        assert "unknown field 'more'" in message_of(reader, body | {"more": 1}, NEW)


@given(reader=st.sampled_from(sorted(READERS)), body=st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_any_object_is_read_or_refused(reader: str, body: dict[str, Any]) -> None:
    message_of(reader, body)
    message_of(reader, body, ALPHA)


@given(members=st.dictionaries(st.sampled_from(["type", "query", "field", "fields", "values"]), json_values))
def test_any_clause_is_read_or_refused(members: dict[str, Any]) -> None:
    for kind in ("text", "query_string", "dense_vector", "sparse_vector", "embed"):
        message_of("search", {"score_by": [members | {"type": kind}], "top_k": 1})


@given(given_=st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=4), max_size=3))
def test_any_documents_have_a_size(given_: list[dict[str, Any]]) -> None:
    assert documents.size_of(given_) >= 0


def test_sizes_count_vectors_as_what_they_become() -> None:
    assert documents.size_of([{"v": [0.125] * 100}]) == 400
    assert documents.size_of([{"s": {"indices": [1, 2], "values": [1, 2]}}]) == 24
    assert documents.size_of([{"t": "네", "tags": ["ab", "c"], "n": 5}]) == 3 + 3 + 8


# -- answers ----------------------------------------------------------------------------------------------------------


HIT = Document(
    "a",
    {
        "v": np.array([0.1, 1], np.float32),
        "s": SparseValues(np.array([7], np.uint32), np.array([0.5], np.float32)),
        "t": "text",
        "n": 5,
    },
    0.25,
)
WRITTEN = {"v": [0.1, 1.0], "s": {"indices": [7], "values": [0.5]}, "t": "text", "n": 5}


def test_matches_hold_their_fields_beside_id_and_score() -> None:
    assert orjson.loads(documents.search_body([HIT], "n", None)) == {
        "matches": [{"_id": "a", "_score": 0.25, **WRITTEN}],
        "namespace": "n",
        "usage": {"read_units": 1},
    }
    assert orjson.loads(documents.search_body([], "n", 4))["usage"] == {"read_units": 1, "embed_total_tokens": 4}


def test_fetched_documents_go_by_id_and_have_no_score() -> None:
    body = orjson.loads(documents.fetch_body({"a": HIT}, "n", None))
    assert body == {"documents": {"a": {"_id": "a", **WRITTEN}}, "namespace": "n", "usage": {"read_units": 1}}
    many = {f"{at}": Document(f"{at}", {}) for at in range(11)}
    body = orjson.loads(documents.fetch_body(many, "n", "9"))
    assert body["usage"] == {"read_units": 2}
    assert last_of(body["pagination"]["next"]) == "9"


def test_lists_hold_ids_and_the_last_page_has_no_token() -> None:
    assert orjson.loads(documents.list_body(["a", "b"], "n", None)) == {
        "documents": [{"_id": "a"}, {"_id": "b"}],
        "namespace": "n",
        "usage": {"read_units": 1},
    }
    assert last_of(orjson.loads(documents.list_body(["a"], "n", "a"))["pagination"]["next"]) == "a"


def test_writes_tell_what_they_did() -> None:
    assert orjson.loads(documents.upsert_body(2, None)) == {"upserted_count": 2}
    assert orjson.loads(documents.upsert_body(2, 7)) == {"upserted_count": 2, "usage": {"embed_total_tokens": 7}}
    assert orjson.loads(documents.update_body(None, None)) == {}
    assert orjson.loads(documents.update_body(0, None)) == {"matched_records": 0}
    assert orjson.loads(documents.delete_body(None)) == {}
    assert orjson.loads(documents.delete_body(3)) == {"matched_records": 3}
