"""Records and searches by text as JSON: what is read, what is refused with which place, what is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.types import Match, RecordQuery, RerankRequest
from pinyon.wire import records
from pinyon.wire.versions import VERSIONS

OLD, NEW = VERSIONS["2025-04"], VERSIONS["2026-07"]


# -- upsert -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"_id": "a", "t": "hello"}\n{"_id": "b", "t": "x"}',
        b'{"_id": "a", "t": "hello"}\n{"_id": "b", "t": "x"}\n',
        b'{"_id": "a", "t": "hello"}\r\n\r\n{"_id": "b", "t": "x"}\r\n',
        b'\n  \n{"_id":"a","t":"hello"}\n\n{"_id":"b","t":"x"}\n\n',
    ],
)
def test_records_are_one_object_a_line(body: bytes) -> None:
    assert records.read_upsert(body, 96) == [{"_id": "a", "t": "hello"}, {"_id": "b", "t": "x"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Invalid request: the body holds no record"),
        (b" \n\n", "Invalid request: the body holds no record"),
        (b'{"_id": "a"}\n{"_id": ', "line 2 of the body is not valid JSON"),
        (b'{"_id": "a"}\n[1]', r"line 2 of the body must be a JSON object, got \[1\]"),
        (b'[{"_id": "a"}]', "line 1 of the body must be a JSON object"),
        (b'{\n"_id": "a"\n}', "line 1 of the body is not valid JSON"),
        (b'{"_id": "a"}{"_id": "b"}', "line 1 of the body is not valid JSON"),
        (b'{"_id": "\xff"}', "line 1 of the body is not valid JSON"),
        (b'{"_id": NaN}', "line 1 of the body is not valid JSON"),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, "line 1 of the body is not valid JSON"),
    ],
)
def test_a_bad_line_is_named(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        records.read_upsert(body, 96)


def test_too_many_records_are_refused_before_they_are_read() -> None:
    with pytest.raises(InvalidRequestError, match="97 records of text in one upsert are more than 96, the limit"):
        records.read_upsert(b"not json\n" * 97, 96)
    assert len(records.read_upsert(b"{}\n" * 96, 96)) == 96


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(-5, 5), max_size=3), min_size=1))
def test_any_objects_come_back_as_they_were(given_records: list[dict[str, Any]]) -> None:
    body = b"\n".join(orjson.dumps(record) for record in given_records)
    assert records.read_upsert(body, len(given_records)) == given_records


# -- search -----------------------------------------------------------------------------------------------------------


def search(query: Any, version: Any = OLD, **more: Any) -> records.SearchRequest:
    return records.read_search({"query": query, **more}, version)


def test_the_body_that_7_3_sends_is_read() -> None:
    found = search(
        {"top_k": 2, "inputs": {"text": "q"}, "filter": {"a": 1}},
        fields=["t"],
        rerank={"model": "bge-reranker-v2-m3", "rank_fields": ["t"], "top_n": 1},
    )
    assert found.query == RecordQuery(2, "q", filter={"a": 1})
    assert found.fields == ("t",)
    assert found.rerank == RerankRequest("bge-reranker-v2-m3", ("t",), 1)


@pytest.mark.parametrize(
    ("fields", "meant"), [(None, None), (["*"], None), (["a", "*"], None), ([], ()), (["a"], ("a",))]
)
def test_fields_are_names_or_everything(fields: Any, meant: Any) -> None:
    assert search({"top_k": 1, "id": "a"}, fields=fields).fields == meant


def test_a_search_by_vector_takes_an_object_or_plain_numbers() -> None:
    for vector in ({"values": [1, 2.5]}, [1, 2.5]):
        found = search({"top_k": 1, "vector": vector}).query
        assert found.vector.tolist() == [1.0, 2.5]
        assert found.vector.dtype == np.float32
        assert found.sparse is None
    sparse = search({"top_k": 1, "vector": {"sparse_values": [0.5], "sparse_indices": [4_294_967_295]}}).query
    assert (sparse.vector, sparse.sparse) == (None, {"indices": [4_294_967_295], "values": [0.5]})
    both = search({"top_k": 1, "vector": {"values": [1], "sparse_values": [0.5], "sparse_indices": [7]}}).query
    assert both.vector is not None
    assert both.sparse is not None


def test_terms_that_must_match_are_read() -> None:
    found = search({"top_k": 1, "inputs": {"text": "q"}, "match_terms": {"strategy": "all", "terms": ["a", "b c"]}})
    assert found.query.terms == ("a", "b c")
    assert search({"top_k": 1, "id": "a", "match_terms": {"terms": ["a"]}}).query.terms == ("a",)


def test_a_rerank_without_fields_leaves_the_choice_to_the_index() -> None:
    assert search({"top_k": 1, "id": "a"}, rerank={"model": "m", "query": "q"}).rerank == RerankRequest("m", query="q")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "query is missing"),
        ({"query": []}, "query must be an object, got an array"),
        ({"query": {}}, "query.top_k is missing"),
        ({"query": {"top_k": "3"}}, "query.top_k must be a whole number, got a string"),
        ({"query": {"top_k": 1.5}}, "query.top_k must be a whole number"),
        ({"query": {"top_k": True}}, "query.top_k must be a whole number"),
        ({"query": {"top_k": 1, "inputs": "q"}}, "query.inputs must be an object"),
        (
            {"query": {"top_k": 1, "inputs": {"picture": "q"}}},
            r"query.inputs.text is missing, and inputs has \['picture'\]",
        ),
        ({"query": {"top_k": 1, "inputs": {"text": 7}}}, "query.inputs.text must be a string"),
        ({"query": {"top_k": 1, "vector": "x"}}, "query.vector must be an object"),
        ({"query": {"top_k": 1, "vector": ["x"]}}, r"query.vector\[0\] must be a number"),
        ({"query": {"top_k": 1, "vector": {"values": ["x"]}}}, r"query.vector.values\[0\] must be a number"),
        ({"query": {"top_k": 1, "vector": {"sparse_values": [1]}}}, "query.vector.sparse.indices must be an array"),
        ({"query": {"top_k": 1, "vector": {"Values": [1]}}}, "unknown field 'Values'"),
        ({"query": {"top_k": 1, "id": 7}}, "query.id must be a string"),
        ({"query": {"top_k": 1, "filter": "x"}}, "query.filter must be an object"),
        ({"query": {"top_k": 1, "match_terms": {"terms": []}}}, "query.match_terms.terms is missing"),
        (
            {"query": {"top_k": 1, "match_terms": {"strategy": "any", "terms": ["a"]}}},
            "strategy must be all, got 'any'",
        ),
        ({"query": {"top_k": 1}, "fields": "t"}, "fields must be an array"),
        ({"query": {"top_k": 1}, "fields": ["t"] * 101}, "fields has 101 names; at most 100"),
        ({"query": {"top_k": 1}, "rerank": {}}, "rerank.model is missing"),
        (
            {"query": {"top_k": 1}, "rerank": {"model": "bge-reranker-v2-m3", "rank_fields": []}},
            "Only one rank field is supported for model 'bge-reranker-v2-m3'",
        ),
        ({"query": {"top_k": 1}, "rerank": {"model": "m", "parameters": {"x": 1}}}, "unknown field 'x'"),
    ],
)
def test_a_bad_search_is_refused_by_name(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        records.read_search(body, OLD)


def test_unknown_members_are_passed_over_until_2026_07() -> None:
    for where in ({"query": {"top_k": 1, "id": "a", "new": 1}}, {"query": {"top_k": 1, "id": "a"}, "new": 1}):
        assert records.read_search(where, OLD).query.id == "a"
        with pytest.raises(InvalidRequestError, match="unknown field 'new'"):
            records.read_search(where, NEW)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["query", "top_k", "inputs", "text", "vector", "values", "rerank"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    body = value if isinstance(value, dict) else {"query": value}
    try:
        records.read_search(body, NEW)
    except InvalidRequestError:
        return


# -- answers ----------------------------------------------------------------------------------------------------------


def test_hits_carry_the_fields_that_were_asked_for() -> None:
    matches = [Match("a", 0.5, metadata={"t": "text", "year": 1976}), Match("b", 1.0)]
    found = orjson.loads(records.search_body(matches, ("year", "none"), tokens=3, rerank_units=1))
    assert found == {
        "result": {
            "hits": [{"_id": "a", "_score": 0.5, "fields": {"year": 1976}}, {"_id": "b", "_score": 1.0, "fields": {}}]
        },
        "usage": {"read_units": 1, "embed_total_tokens": 3, "rerank_units": 1},
    }
    whole = orjson.loads(records.search_body(matches, None))
    assert whole["result"]["hits"][0]["fields"] == {"t": "text", "year": 1976}
    assert whole["usage"] == {"read_units": 1}


def test_usage_is_whole_numbers_and_scores_are_finite() -> None:
    body = records.search_body([Match("a", float("inf")), Match("b", float("-inf"))], None, 2)
    assert b'"read_units":1,"embed_total_tokens":2' in body
    scores = [hit["_score"] for hit in orjson.loads(body)["result"]["hits"]]
    assert scores == [float(np.finfo(np.float32).max), -float(np.finfo(np.float32).max)]
