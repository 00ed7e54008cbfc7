"""The vectors API in JSON: what bodies mean, what is refused and with which words, how answers are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.types import IndexStats, Match, QueryResult, Record, SparseValues
from pinyon.wire import namespaces, vectors
from pinyon.wire.fields import check_depth, packed
from pinyon.wire.requests import UpsertRequest
from pinyon.wire.results import Fetched, Listed, NamespaceDescription, NamespacePage, Updated
from pinyon.wire.versions import VERSIONS, Version

OLD = VERSIONS["2025-04"]
MIDDLE = VERSIONS["2025-10"]
NEW = VERSIONS["2026-07"]
READERS: dict[str, Callable[[Any, Version], object]] = {
    "upsert": vectors.read_upsert,
    "query": vectors.read_query,
    "fetch_by_metadata": vectors.read_fetch_by_metadata,
    "update": vectors.read_update,
    "delete": vectors.read_delete,
    "stats": vectors.read_stats,
    "create_namespace": namespaces.read_create,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def upsert(*records: Any, **more: Any) -> UpsertRequest:
    return vectors.read_upsert({"vectors": list(records), **more}, MIDDLE)


def message_of(reader: Callable[[Any, Version], object], body: Any, version: Version) -> str:
    """With which words a body is refused; "" when it is read."""
    try:
        reader(body, version)
    except InvalidRequestError as error:
        return error.message
    return ""


# -- upsert -----------------------------------------------------------------------------------------------------------


def test_records_become_columns() -> None:
    request = upsert(
        {"id": "a", "values": [1, 2.5], "metadata": {"x": 1}},
        {"id": "b", "values": [0.1, 0]},
        namespace="films",
    )
    assert request.namespace == "films"
    assert request.ids == ["a", "b"]
    assert isinstance(request.vectors, np.ndarray)
    assert request.vectors.dtype == np.float32
    np.testing.assert_array_equal(request.vectors, np.array([[1, 2.5], [0.1, 0]], np.float32))
    assert request.metadata == [{"x": 1}, None]
    assert request.sparse is None


def test_columns_that_no_record_has_are_absent() -> None:
    request = upsert({"id": "a", "sparseValues": {"indices": [1], "values": [0.5]}, "values": [], "metadata": None})
    assert request.vectors is None
    assert request.metadata is None
    assert request.sparse == [{"indices": [1], "values": [0.5]}]


def test_records_of_different_lengths_keep_theirs_for_the_index_to_judge() -> None:
    request = upsert({"id": "a", "values": [1, 2]}, {"id": "b", "values": [1, 2, 3]}, {"id": "c"})
    assert request.vectors is not None
    assert [None if row is None else len(row) for row in request.vectors] == [2, 3, None]


def test_an_upsert_weighs_what_it_holds() -> None:
    request = upsert(
        {"id": "a", "values": [1, 2], "metadata": {"k": "v"}},
        {"id": "b", "values": [1, 2], "sparseValues": {"indices": [1, 2, 3], "values": [1, 2, 3]}},
    )
    assert request.nbytes == 2 * 2 * 4 + 3 * 8 + len(b'[{"k":"v"},null]')


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (None, "vectors is missing"),
        ("abc", r"vectors must be an array, got a string \('abc'\)"),
        ({"id": "a"}, "vectors must be an array"),
        ([1], r"vectors\[0\] must be an object, got a number \(1\)"),
        ([{"id": "a"}, None], r"vectors\[1\] must be an object, got null"),
        ([{"id": "a"}, {"values": [1]}], r"vectors\[1\]\.id is missing"),
        ([{"id": "a"}, {"id": None}], r"vectors\[1\]\.id is null"),
        ([{"id": "a"}, {"id": 7}], r"vectors\[1\]\.id must be a string, got a number \(7\)"),
        ([{"id": ["a"]}], r"vectors\[0\]\.id must be a string, got an array"),
        ([{"id": "a", "values": "abc"}], r"vectors\[0\]\.values must be an array, got a string"),
        ([{"id": "a", "values": {"0": 1}}], r"vectors\[0\]\.values must be an array, got an object"),
        ([{"id": "a", "values": [1, "2"]}], r"vectors\[0\]\.values\[1\] must be a number, got a string \('2'\)"),
        ([{"id": "a", "values": [1, None]}], r"vectors\[0\]\.values\[1\] must be a number, got null"),
        ([{"id": "a", "values": [1, [2]]}], r"vectors\[0\]\.values\[1\] must be a number, got an array"),
        ([{"id": "a", "values": [1, True]}], r"vectors\[0\]\.values\[1\] must be a number, got a boolean"),
        ([{"id": "a", "values": [1, 2]}, {"id": "b", "values": [3, False]}], r"vectors\[1\]\.values\[1\]"),
        ([{"id": "a", "values": [1]}, {"id": "b", "values": [3, False]}], r"vectors\[1\]\.values\[1\]"),
        ([{"id": "a", "sparseValues": [1]}], r"vectors\[0\]\.sparseValues must be an object"),
        ([{"id": "a", "sparseValues": {}}], r"vectors\[0\]\.sparseValues\.indices must be an array"),
        (
            [{"id": "a", "sparseValues": {"indices": [1]}}],
            r"sparseValues\.values must be an array of numbers, got null",
        ),
        ([{"id": "a", "sparseValues": {"indices": [1.0], "values": [1]}}], r"indices\[0\] must be a whole number"),
        ([{"id": "a", "sparseValues": {"indices": [True], "values": [1]}}], r"indices\[0\] must be a whole number"),
        ([{"id": "a", "sparseValues": {"indices": [[1]], "values": [1]}}], r"indices\[0\] must be a whole number"),
        ([{"id": "a", "sparseValues": {"indices": [1], "values": ["x"]}}], r"values\[0\] must be a number"),
        ([{"id": "a", "sparseValues": {"indices": [1], "values": [True]}}], r"values\[0\] must be a number"),
    ],
)
def test_an_upsert_of_wrong_types_is_refused_by_name(records: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        vectors.read_upsert({"vectors": records}, MIDDLE)
    assert caught.value.message.startswith("Invalid request")


@given(
    st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1)
)
def test_packed_numbers_are_those_of_numpy(rows: list[list[float]]) -> None:
    np.testing.assert_array_equal(packed(rows, str), np.array(rows, np.float32))


@given(st.lists(st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, 1, 0.0, 1.0, 0.5]), min_size=1, max_size=8))
def test_whole_numbers_pass_for_floats(row: list[float]) -> None:
    np.testing.assert_array_equal(packed([row], str)[0], np.array([float(value) for value in row], np.float32))


@given(st.lists(st.sampled_from([0, 1, 0.0, 1.0, 0.5, 2]), max_size=6), st.booleans(), st.integers(0, 6))
def test_a_boolean_never_passes_for_a_number(row: list[float], boolean: bool, at: int) -> None:
    mixed: list[Any] = [*row]
    mixed.insert(at, boolean)
    with pytest.raises(InvalidRequestError, match="must be a number, got a boolean"):
        packed([mixed], str)


# -- the other requests -----------------------------------------------------------------------------------------------


def test_a_query_is_read_whole() -> None:
    request = vectors.read_query(
        {
            "namespace": "n",
            "topK": 3,
            "vector": [1, 0],
            "sparseVector": {"indices": [3], "values": [0.5]},
            "filter": {"a": 1},
            "includeValues": True,
            "includeMetadata": True,
            "scanFactor": 2,
            "maxCandidates": 500,
            "efSearch": 64,
            "nprobe": 8,
            "rerankDepth": 100,
        },
        NEW,
    )
    assert request.vector is not None
    assert request.vector.tolist() == [1.0, 0.0]
    assert (request.namespace, request.top_k, request.id, request.filter) == ("n", 3, None, {"a": 1})
    assert (request.include_values, request.include_metadata) == (True, True)
    assert (request.scan_factor, request.max_candidates) == (2.0, 500)
    assert (request.ef_search, request.nprobe, request.rerank_depth) == (64, 8, 100)
    assert request.sparse == {"indices": [3], "values": [0.5]}


def test_null_counts_as_absent() -> None:
    body = dict.fromkeys(["namespace", "vector", "id", "filter", "includeValues", "scanFactor", "maxCandidates"])
    request = vectors.read_query({"topK": 1, **body}, NEW)
    assert (request.namespace, request.vector, request.id, request.filter) == ("", None, None, None)
    assert request.include_values is False


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "topK is missing"),
        ({"topK": "3"}, r"topK must be a whole number, got a string"),
        ({"topK": 2.5}, r"topK must be a whole number, got a number \(2.5\)"),
        ({"topK": True}, "topK must be a whole number, got a boolean"),
        ({"topK": 1, "vector": [1, "x"]}, r"vector\[1\] must be a number"),
        ({"topK": 1, "vector": 5}, "vector must be an array"),
        ({"topK": 1, "id": 5}, "id must be a string"),
        ({"topK": 1, "namespace": ["n"]}, "namespace must be a string"),
        ({"topK": 1, "filter": "a = 1"}, "filter must be an object"),
        ({"topK": 1, "includeValues": "yes"}, "includeValues must be true or false"),
        ({"topK": 1, "scanFactor": "2"}, "scanFactor must be a number"),
        ({"topK": 1, "maxCandidates": []}, "maxCandidates must be a whole number"),
        ({"topK": 1, "nprobe": 1.5}, "nprobe must be a whole number"),
        ({"topK": 1, "rerankDepth": True}, "rerankDepth must be a whole number"),
        ({"topK": 1, "sparseVector": {"indices": 1, "values": 2}}, r"sparseVector\.indices must be an array"),
    ],
)
def test_a_query_of_wrong_types_is_refused_by_name(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        vectors.read_query(body, MIDDLE)


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert vectors.read_query({"topK": 10.0}, MIDDLE).top_k == 10


@pytest.mark.parametrize(("name", "reader"), READERS.items())
def test_unknown_fields_are_passed_over_until_2026_07_and_refused_from_then(name: str, reader: Any) -> None:
    body = {"vectors": [{"id": "a", "values": [1]}], "topK": 1, "id": "a", "name": "n"}
    good = {
        "upsert": ["vectors"],
        "query": ["topK", "id"],
        "update": ["id"],
        "create_namespace": ["name"],
    }.get(name, [])
    wanted = {key: body[key] for key in good}
    reader(wanted, NEW)
    for version in VERSIONS.values():
        if version.since("2026-07"):
            with pytest.raises(InvalidRequestError, match="unknown field 'surprise'"):
                reader({**wanted, "surprise": 1}, version)
        else:
            reader({**wanted, "surprise": 1}, version)


def test_the_deprecated_list_of_queries_is_passed_over_and_refused_in_2026_07() -> None:
    body = {"topK": 1, "id": "a", "queries": []}
    assert vectors.read_query(body, MIDDLE).id == "a"
    with pytest.raises(InvalidRequestError, match="unknown field 'queries'"):
        vectors.read_query(body, NEW)


def test_update_and_delete_and_fetch_by_metadata_are_read_whole() -> None:
    update = vectors.read_update(
        {"id": "a", "values": [1, 2], "setMetadata": {"k": 1}, "namespace": "n", "dryRun": False}, NEW
    )
    assert (update.id, update.set_metadata, update.namespace, update.dry_run) == ("a", {"k": 1}, "n", False)
    assert update.values is not None
    assert update.values.tolist() == [1.0, 2.0]
    delete = vectors.read_delete({"ids": ["a", "b"], "deleteAll": False, "namespace": ""}, NEW)
    assert (delete.ids, delete.delete_all, delete.filter) == (["a", "b"], False, None)
    fetch = vectors.read_fetch_by_metadata({"filter": {"a": 1}, "limit": 5, "paginationToken": "t"}, NEW)
    assert (fetch.filter, fetch.limit, fetch.token) == ({"a": 1}, 5, "t")


@pytest.mark.parametrize(
    ("reader", "body", "words"),
    [
        (vectors.read_delete, {"ids": "a"}, "ids must be an array"),
        (vectors.read_delete, {"ids": ["a", 1]}, r"ids\[1\] must be a string, got a number"),
        (vectors.read_delete, {"deleteAll": "true"}, "deleteAll must be true or false"),
        (vectors.read_update, {"id": "a", "values": [None]}, r"values\[0\] must be a number"),
        (vectors.read_update, {"id": "a", "setMetadata": []}, "setMetadata must be an object"),
        (vectors.read_fetch_by_metadata, {"limit": "5"}, "limit must be a whole number"),
        (vectors.read_fetch_by_metadata, {"paginationToken": 5}, "paginationToken must be a string"),
        (vectors.read_stats, {"filter": 5}, "filter must be an object"),
        (namespaces.read_create, {}, "name is missing"),
        (namespaces.read_create, {"name": 5}, "name must be a string"),
        (namespaces.read_create, {"name": "n", "schema": {}}, r"schema\.fields is missing"),
        (namespaces.read_create, {"name": "n", "schema": {"fields": []}}, r"schema\.fields must be an object"),
        (namespaces.read_create, {"name": "n", "schema": {"fields": {"a": 1}}}, "must be an object such as"),
        (namespaces.read_create, {"name": "n", "schema": {"fields": {"a": {}}}}, "filterable is missing"),
        (
            namespaces.read_create,
            {"name": "n", "schema": {"fields": {"a": {"filterable": 1}}}},
            "filterable must be true or false",
        ),
        (namespaces.read_create, {"name": "n", "schema": {"fields": {"$a": {"filterable": True}}}}, "no name of a"),
    ],
)
def test_other_requests_of_wrong_types_are_refused_by_name(reader: Any, body: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        reader(body, MIDDLE)


def test_a_field_that_is_not_to_be_filterable_is_refused_in_the_words_of_the_service() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        namespaces.read_create({"name": "n", "schema": {"fields": {"year": {"filterable": False}}}}, NEW)
    assert caught.value.message.endswith(
        "Field 'year' is set to filterable: false. Only filterable: true is supported. "
        "To avoid indexing the field, omit it from the list of fields."
    )


@given(st.sampled_from(sorted(READERS)), st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_any_object_is_read_or_refused(name: str, body: dict[str, Any]) -> None:
    for version in (OLD, NEW):
        assert len(message_of(READERS[name], body, version)) < 1_000


@given(
    st.sampled_from(sorted(READERS)),
    st.fixed_dictionaries(
        {},
        optional={
            "vectors": st.lists(
                st.fixed_dictionaries(
                    {"id": st.text(max_size=4) | json_values},
                    optional={
                        "values": st.lists(st.floats(width=32) | json_values, max_size=3) | json_values,
                        "sparseValues": st.fixed_dictionaries(
                            {}, optional={"indices": st.lists(json_values, max_size=3), "values": json_values}
                        )
                        | json_values,
                        "metadata": json_values,
                    },
                )
                | json_values,
                max_size=4,
            ),
            **dict.fromkeys(
                ("topK", "vector", "sparseVector", "id", "filter", "ids", "deleteAll", "namespace", "name"), json_values
            ),
            "schema": st.fixed_dictionaries({"fields": json_values}),
        },
    ),
)
def test_bodies_that_are_nearly_right_are_read_or_refused(name: str, body: dict[str, Any]) -> None:
    assert len(message_of(READERS[name], body, MIDDLE)) < 1_000


# -- depth ------------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


@pytest.mark.parametrize("depth", [1, 2, 7, 8])
def test_json_up_to_the_depth_limit_passes(depth: int) -> None:
    body = nested(depth)
    check_depth(orjson.loads(body), body, 8)


@pytest.mark.parametrize("depth", [9, 100, 1_000])
def test_json_deeper_than_the_limit_is_refused(depth: int) -> None:
    body = nested(depth)
    with pytest.raises(InvalidRequestError, match="deeper than 8 levels"):
        check_depth(orjson.loads(body), body, 8)


def test_brackets_in_text_are_no_depth() -> None:
    body = orjson.dumps({"a": "[" * 50, "b": [[1, "{" * 50]]})
    check_depth(orjson.loads(body), body, 8)


# -- answers ----------------------------------------------------------------------------------------------------------

ONE = Match(
    "a",
    0.5,
    np.array([0.1, 2], np.float32),
    SparseValues(np.array([7], np.uint32), np.array([0.25], np.float32)),
    {"year": 1999, "tags": ["x"]},
)


def test_a_match_has_the_keys_that_it_has_values_for() -> None:
    result = QueryResult((ONE, Match("b", 0.25)), "n", 7)
    assert orjson.loads(vectors.query_body(result, "n", MIDDLE)) == {
        "results": [],
        "matches": [
            {
                "id": "a",
                "score": 0.5,
                "values": [0.1, 2.0],
                "sparseValues": {"indices": [7], "values": [0.25]},
                "metadata": {"year": 1999, "tags": ["x"]},
            },
            {"id": "b", "score": 0.25, "values": []},
        ],
        "namespace": "n",
        "usage": {"readUnits": 1},
    }


def test_2026_07_has_no_deprecated_results() -> None:
    assert "results" not in orjson.loads(vectors.query_body(QueryResult((), "n", 7), "n", NEW))


@pytest.mark.parametrize(("score", "written"), [(np.inf, 3.4028234663852886e38), (-np.inf, -3.4028234663852886e38)])
def test_a_score_past_the_range_of_float32_is_written_as_its_end(score: float, written: float) -> None:
    body = vectors.query_body(QueryResult((Match("a", float(score)),), "", 1), "", NEW)
    assert orjson.loads(body)["matches"][0]["score"] == written


def test_whole_numbers_of_metadata_stay_whole_and_units_are_whole() -> None:
    body = vectors.query_body(QueryResult((ONE,), "", 1), "", NEW)
    assert b'"year":1999,' in body
    assert b'"readUnits":1}' in body


@pytest.mark.parametrize(("count", "units"), [(0, 1), (1, 1), (10, 1), (11, 2), (100, 10)])
def test_fetching_costs_a_unit_for_ten_records(count: int, units: int) -> None:
    records = {str(at): Record(str(at)) for at in range(count)}
    assert orjson.loads(vectors.fetch_body(Fetched(records, 1), ""))["usage"] == {"readUnits": units}


def test_fetched_records_are_keyed_by_id() -> None:
    found = orjson.loads(vectors.fetch_body(Fetched({"a": Record("a", np.ones(2, np.float32))}, 1), "n"))
    assert found["vectors"] == {"a": {"id": "a", "values": [1.0, 1.0]}}
    assert found["namespace"] == "n"


@pytest.mark.parametrize(("last", "pagination"), [(None, None), ("b", {"next": "cDE6Yg=="}), ("", {"next": "cDE6"})])
def test_pagination_is_there_only_while_more_remains(last: str | None, pagination: Any) -> None:
    pages = [
        vectors.list_body(Listed(["a"], 1, last), "n"),
        vectors.fetch_body(Fetched({}, 1, last), "n"),
        namespaces.page_body(NamespacePage([], 0, last), NEW),
    ]
    for page in map(orjson.loads, pages):
        assert page.get("pagination") == pagination
        assert ("pagination" in page) is (last is not None)


def test_an_update_tells_what_matched_only_when_it_was_by_filter() -> None:
    assert vectors.update_body(Updated(None, 1)) == b"{}"
    assert vectors.update_body(Updated(0, 1)) == b'{"matchedRecords":0}'


def test_an_upsert_tells_its_count() -> None:
    assert vectors.upsert_body(12) == b'{"upsertedCount":12}'


def test_statistics_leave_out_the_dimension_of_a_sparse_index() -> None:
    found = orjson.loads(vectors.stats_body(IndexStats({}, None, "dotproduct", "sparse", 0), NEW))
    assert found == {
        "namespaces": {},
        "indexFullness": 0.0,
        "totalVectorCount": 0,
        "metric": "dotproduct",
        "vectorType": "sparse",
    }


@pytest.mark.parametrize(("version", "key"), [(OLD, ""), (MIDDLE, "__default__"), (NEW, "__default__")])
def test_statistics_spell_the_default_namespace_as_their_version_does(version: Version, key: str) -> None:
    found = orjson.loads(vectors.stats_body(IndexStats({"": 2}, 2, "cosine", "dense", 2), version))
    assert found["namespaces"] == {key: {"vectorCount": 2}}


def test_a_namespace_has_what_its_version_knows() -> None:
    described = NamespaceDescription("n", 3, {"fields": {"a": {"filterable": True}}}, 40)
    assert namespaces.namespace_json(described, NEW) == {
        "name": "n",
        "record_count": 3,
        "schema": {"fields": {"a": {"filterable": True}}},
        "indexed_fields": {"fields": ["a"]},
        "size_bytes": 40,
    }
    assert namespaces.namespace_json(NamespaceDescription("n", 3), OLD) == {"name": "n", "record_count": 3}
    assert "total_count" not in orjson.loads(namespaces.page_body(NamespacePage([], 0), OLD))
    assert orjson.loads(namespaces.page_body(NamespacePage([], 5), MIDDLE)) == {"namespaces": [], "total_count": 5}
