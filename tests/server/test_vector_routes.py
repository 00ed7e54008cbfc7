"""The vectors API through the server's own router, on real indexes: what it does, what it refuses and how."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon import engine
from pinyon.server.roles import Principal
from pinyon.server.routes import vectors
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.types import IndexSpec, Metric
from pinyon.wire.versions import KNOWN
from server.clients import Client, PortAddresses, Reply, WordModels

LSN_OF_WRITE = "x-pinecone-request-lsn"
LSN_OF_READ = "x-pinecone-max-indexed-lsn"

A = {"id": "a", "values": [1, 0, 0], "metadata": {"genre": "action", "runtime": 120}}
B = {"id": "b", "values": [0, 1, 0], "metadata": {"genre": "drama", "runtime": 90}}
C = {"id": "c", "values": [0, 0, 1]}
S = {"id": "s", "sparseValues": {"indices": [1, 5], "values": [0.5, 0.25]}}


@pytest.fixture(autouse=True)
def _indexes(service: Service) -> None:
    """``films`` is dense, ``words`` sparse, ``both`` takes hybrid queries, ``papers`` holds documents."""
    database = service.database
    database.create_index(IndexSpec("films", 3, "cosine"))
    database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
    database.create_index(IndexSpec("both", 3, "dotproduct"))
    database.create_index(
        IndexSpec("papers", 3, "cosine", schema={"emb": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}})
    )


def ok(reply: Reply) -> Any:
    assert reply.status == 200, reply.json
    return reply.json


def refused(reply: Reply, *fragments: str) -> None:
    """A 400 in the shape of the data plane whose message holds every fragment."""
    assert reply.status == 400, reply
    assert reply.json == {"code": 3, "message": reply.message, "details": []}
    for fragment in fragments:
        assert fragment in reply.message


def upsert(client: Client, *records: Any, index: str = "films", namespace: str | None = None) -> Any:
    body: dict[str, Any] = {"vectors": list(records)}
    if namespace is not None:
        body["namespace"] = namespace
    return ok(client.post("/vectors/upsert", body, index=index))


def fetch(client: Client, *ids: str, index: str = "films", namespace: str = "") -> Any:
    return ok(client.get("/vectors/fetch", query={"ids": list(ids), "namespace": namespace}, index=index))["vectors"]


# -- what it does -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, *KNOWN])
def test_what_was_upserted_is_found_in_every_version(client: Client, version: str | None) -> None:
    written = client.post("/vectors/upsert", {"vectors": [A, B]}, index="films", version=version)
    assert ok(written) == {"upsertedCount": 2}
    found = ok(client.post("/query", {"topK": 1, "vector": [1, 0.1, 0]}, index="films", version=version))
    assert [match["id"] for match in found["matches"]] == ["a"]
    assert found["matches"][0]["values"] == []
    assert "metadata" not in found["matches"][0]
    assert found["namespace"] == ""
    assert found["usage"] == {"readUnits": 1}


def test_a_query_gives_values_and_metadata_when_asked(client: Client) -> None:
    upsert(client, A, C, index="films")
    body = {"topK": 2, "vector": [1, 0, 0.5], "includeValues": True, "includeMetadata": True}
    first, second = ok(client.post("/query", body, index="films"))["matches"]
    assert first["values"] == [1.0, 0.0, 0.0]
    assert first["metadata"] == {"genre": "action", "runtime": 120}
    assert second["values"] == [0.0, 0.0, 1.0]
    assert "metadata" not in second, "a record without metadata has no such key"


def test_a_query_by_id_takes_the_stored_vector(client: Client) -> None:
    upsert(client, A, B)
    found = ok(client.post("/query", {"topK": 1, "id": "b"}, index="films"))
    assert found["matches"][0]["id"] == "b"


def test_unknown_ids_and_namespaces_are_empty_answers(client: Client) -> None:
    upsert(client, A)
    for body in ({"topK": 3, "id": "none"}, {"topK": 3, "vector": [1, 0, 0], "namespace": "none"}):
        found = ok(client.post("/query", body, index="films"))
        assert found["matches"] == []
        assert found["usage"]["readUnits"] > 0
    nothing = ok(client.get("/vectors/fetch?ids=x&namespace=none", index="films"))
    assert nothing == {"vectors": {}, "namespace": "none", "usage": {"readUnits": 1}}
    assert ok(client.get("/vectors/list?namespace=none", index="films"))["vectors"] == []


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ({"genre": "action"}, ["a"]),
        ({"runtime": {"$gte": 90}}, ["a", "b"]),
        ({"$or": [{"genre": "drama"}, {"runtime": {"$gt": 100}}]}, ["a", "b"]),
        ({"genre": {"$exists": False}}, ["c"]),
        ({"genre": {"$in": []}}, []),
        ({}, ["a", "b", "c"]),
    ],
)
def test_a_filter_keeps_what_it_says(client: Client, filter: Any, ids: list[str]) -> None:
    upsert(client, A, B, C)
    found = ok(client.post("/query", {"topK": 9, "vector": [1, 1, 1], "filter": filter}, index="films"))
    assert sorted(match["id"] for match in found["matches"]) == ids


@pytest.mark.parametrize("written", ["", "__default__", None])
@pytest.mark.parametrize("asked", ["", "__default__", None])
def test_the_default_namespace_has_two_names_and_answers_repeat_the_one_used(
    client: Client, written: str | None, asked: str | None
) -> None:
    upsert(client, A, namespace=written)
    body: dict[str, Any] = {"topK": 1, "vector": [1, 0, 0]}
    if asked is not None:
        body["namespace"] = asked
    found = ok(client.post("/query", body, index="films"))
    assert found["matches"][0]["id"] == "a"
    assert found["namespace"] == (asked or "")
    query = "" if asked is None else f"&namespace={asked}"
    assert ok(client.get(f"/vectors/fetch?ids=a{query}", index="films"))["namespace"] == (asked or "")
    assert ok(client.get(f"/vectors/list?prefix=a{query}", index="films"))["vectors"] == [{"id": "a"}]


def test_fetch_gives_whole_records_and_leaves_out_unknown_and_repeated_ids(client: Client) -> None:
    upsert(client, A, C)
    assert fetch(client, "a", "zz", "c", "a") == {
        "a": {"id": "a", "values": [1.0, 0.0, 0.0], "metadata": {"genre": "action", "runtime": 120}},
        "c": {"id": "c", "values": [0.0, 0.0, 1.0]},
    }


def test_ids_may_hold_anything_that_a_url_can_say(client: Client) -> None:
    odd = ["a/b", "a b", "a&b=c", "100%", "+", "\t", "'\"", "?#"]
    upsert(client, *({"id": id_, "values": [1, 0, 0]} for id_ in odd))
    assert sorted(fetch(client, *odd)) == sorted(odd)


def test_metadata_comes_back_as_it_was_written(client: Client) -> None:
    metadata = {"i": 3, "big": 2**60, "f": 0.1, "t": "한국어", "b": True, "l": ["x", "y"], "none": None}
    upsert(client, {"id": "a", "values": [1, 0, 0], "metadata": metadata})
    del metadata["none"]
    assert fetch(client, "a")["a"]["metadata"] == metadata


def test_of_records_with_one_id_the_last_is_kept(client: Client) -> None:
    assert upsert(client, A, {**A, "values": [0, 0, 1]}) == {"upsertedCount": 1}
    assert fetch(client, "a")["a"]["values"] == [0.0, 0.0, 1.0]


def test_ids_are_listed_bytewise_page_by_page(client: Client) -> None:
    ids = ["99", *(str(number) for number in range(990, 1000)), "B", "a"]
    upsert(client, *({"id": id_, "values": [1, 0, 0]} for id_ in reversed(ids)), namespace="n")
    pages = []
    token = None
    while True:
        query = {"namespace": "n", "limit": 5} | ({} if token is None else {"paginationToken": token})
        page = ok(client.get("/vectors/list", query=query, index="films"))
        assert page["namespace"] == "n"
        assert page["usage"] == {"readUnits": 1}
        pages.append([item["id"] for item in page["vectors"]])
        if "pagination" not in page:
            break
        token = page["pagination"]["next"]
    assert [len(page) for page in pages] == [5, 5, 3]
    assert list(itertools.chain(*pages)) == ids
    starting = ok(client.get("/vectors/list?namespace=n&prefix=99&limit=20", index="films"))
    assert [item["id"] for item in starting["vectors"]] == ids[:11]


def test_records_are_fetched_by_metadata_page_by_page(client: Client) -> None:
    upsert(client, *({"id": f"r{at}", "values": [1, 0, at], "metadata": {"even": at % 2 == 0}} for at in range(25)))
    body: dict[str, Any] = {"filter": {"even": True}, "limit": 5}
    found: list[str] = []
    for _ in range(9):
        page = ok(client.post("/vectors/fetch_by_metadata", body, index="films"))
        assert page["usage"] == {"readUnits": 1}
        found += page["vectors"]
        if "pagination" not in page:
            break
        body["paginationToken"] = page["pagination"]["next"]
    assert len(found) == 13
    whole = ok(client.post("/vectors/fetch_by_metadata", {"filter": {"even": True}}, index="films"))
    assert sorted(whole["vectors"]) == sorted(found)
    assert whole["usage"] == {"readUnits": 2}
    assert whole["vectors"]["r4"] == {"id": "r4", "values": [1.0, 0.0, 4.0], "metadata": {"even": True}}


def test_an_update_changes_what_it_names_and_merges_metadata(client: Client) -> None:
    upsert(client, A)
    assert ok(client.post("/vectors/update", {"id": "a", "setMetadata": {"genre": "war"}}, index="films")) == {}
    assert ok(client.post("/vectors/update", {"id": "a", "values": [0, 2, 0]}, index="films")) == {}
    assert fetch(client, "a")["a"] == {
        "id": "a",
        "values": [0.0, 2.0, 0.0],
        "metadata": {"genre": "war", "runtime": 120},
    }
    assert ok(client.post("/vectors/update", {"id": "none", "values": [1, 0, 0]}, index="films")) == {}


def test_an_update_by_filter_counts_and_a_dry_run_only_counts(client: Client) -> None:
    upsert(client, A, B, C)
    body = {"filter": {"runtime": {"$gt": 0}}, "setMetadata": {"seen": True}}
    assert ok(client.post("/vectors/update", {**body, "dryRun": True}, index="films")) == {"matchedRecords": 2}
    assert "seen" not in fetch(client, "a")["a"]["metadata"]
    assert ok(client.post("/vectors/update", body, index="films")) == {"matchedRecords": 2}
    assert fetch(client, "a")["a"]["metadata"] == {"genre": "action", "runtime": 120, "seen": True}
    assert "metadata" not in fetch(client, "c")["c"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"ids": ["a", "none"]}, ["b", "c"]),
        ({"filter": {"genre": {"$exists": True}}}, ["c"]),
        ({"deleteAll": True}, []),
        ({"deleteAll": False, "ids": ["c"]}, ["a", "b"]),
        ({"filter": {"genre": "none"}}, ["a", "b", "c"]),
    ],
)
def test_delete_removes_what_it_names(client: Client, body: dict[str, Any], left: list[str]) -> None:
    upsert(client, A, B, C, namespace="n")
    upsert(client, A, namespace="other")
    assert ok(client.post("/vectors/delete", {**body, "namespace": "n"}, index="films")) == {}
    assert sorted(fetch(client, "a", "b", "c", namespace="n")) == left
    assert sorted(fetch(client, "a", namespace="other")) == ["a"]


def test_delete_takes_its_oldest_form(client: Client) -> None:
    upsert(client, A, B, C)
    assert ok(client.delete("/vectors/delete?ids=a&ids=b", index="films")) == {}
    assert sorted(fetch(client, "a", "b", "c")) == ["c"]
    assert ok(client.delete("/vectors/delete?deleteAll=true&namespace=", index="films")) == {}
    assert fetch(client, "c") == {}
    refused(client.delete("/vectors/delete?deleteAll=yes", index="films"), "deleteAll must be true or false")
    refused(client.delete("/vectors/delete", index="films"), "exactly one of ids")
    refused(client.delete("/vectors/delete?deleteAll=true&ids=a", index="films"), "No explicit IDs allowed")


@pytest.mark.parametrize("body", [{}, None, {"filter": None}, {"filter": {}}])
def test_statistics_count_each_namespace(client: Client, body: Any) -> None:
    upsert(client, A, B, namespace="n")
    upsert(client, A)
    expected = {
        "namespaces": {"": {"vectorCount": 1}, "n": {"vectorCount": 2}},
        "dimension": 3,
        "indexFullness": 0.0,
        "totalVectorCount": 3,
        "metric": "cosine",
        "vectorType": "dense",
    }
    assert ok(client.post("/describe_index_stats", body, index="films")) == expected
    assert ok(client.get("/describe_index_stats", index="films")) == expected
    newer = ok(client.get("/describe_index_stats", index="films", version="2026-07"))
    assert sorted(newer["namespaces"]) == ["__default__", "n"]


def test_a_sparse_index_finds_records_that_share_a_term(client: Client) -> None:
    upsert(client, S, {"id": "t", "sparseValues": {"indices": [9], "values": [1]}, "values": []}, index="words")
    body = {"topK": 5, "sparseVector": {"indices": [5, 6], "values": [2, 1]}, "includeValues": True}
    found = ok(client.post("/query", body, index="words"))
    assert found["matches"] == [{"id": "s", "score": 0.5, "values": [], "sparseValues": S["sparseValues"]}]
    assert fetch(client, "s", index="words")["s"] == {"id": "s", "values": [], "sparseValues": S["sparseValues"]}
    stats = ok(client.get("/describe_index_stats", index="words"))
    assert stats["vectorType"] == "sparse"
    assert "dimension" not in stats
    assert ok(client.post("/query", {"topK": 5, "id": "s"}, index="words"))["matches"][0]["id"] == "s"


def test_a_hybrid_query_adds_both_scores(client: Client) -> None:
    upsert(client, {**A, "sparseValues": {"indices": [1], "values": [0.5]}}, B, index="both")
    body = {"topK": 2, "vector": [1, 0, 0], "sparseVector": {"indices": [1], "values": [2]}}
    found = ok(client.post("/query", body, index="both"))
    assert [(match["id"], match["score"]) for match in found["matches"]] == [("a", 2.0), ("b", 0.0)]


@pytest.mark.parametrize(
    ("metric", "scores"),
    [("cosine", [1.0, 0.0]), ("dotproduct", [2.0, 0.0]), ("euclidean", [1.0, 5.0])],
)
def test_scores_are_those_of_the_metric(client: Client, metric: Metric, scores: list[float]) -> None:
    client.service.database.create_index(IndexSpec("m", 2, metric))
    upsert(client, {"id": "a", "values": [1, 0]}, {"id": "b", "values": [0, 1]}, index="m")
    found = ok(client.post("/query", {"topK": 2, "vector": [2, 0]}, index="m"))
    assert [match["score"] for match in found["matches"]] == pytest.approx(scores)


@pytest.mark.parametrize("metric", ["cosine", "dotproduct", "euclidean"])
def test_numbers_at_the_ends_of_float32_are_searched_and_scores_stay_numbers(client: Client, metric: Metric) -> None:
    client.service.database.create_index(IndexSpec("m", 3, metric))
    ends: list[list[float]] = [[3e38, 3e38, 3e38], [-3e38, 3e38, -3e38], [1e-45, 0, 0], [1, 2, 3]]
    upsert(client, *({"id": str(at), "values": values} for at, values in enumerate(ends)), index="m")
    for values in ends:
        found = ok(client.post("/query", {"topK": 4, "vector": values}, index="m"))["matches"]
        assert len(found) == 4
        assert all(isinstance(match["score"], float) for match in found)


def test_search_effort_may_be_chosen(client: Client) -> None:
    upsert(client, A, B)
    body = {"topK": 1, "vector": [1, 0, 0], "scanFactor": 0.5, "maxCandidates": 100}
    assert ok(client.post("/query", body, index="films"))["matches"][0]["id"] == "a"
    refused(client.post("/query", {**body, "scanFactor": 5}, index="films"), "scan_factor 5")
    refused(client.post("/query", {**body, "topK": 9, "maxCandidates": 2}, index="films"), "max_candidates 2")


@pytest.mark.parametrize("version", KNOWN)
def test_the_effort_of_an_index_kind_may_be_chosen_in_every_version(client: Client, version: str) -> None:
    upsert(client, A, B)
    body = {"topK": 1, "vector": [1, 0, 0], "efSearch": 50, "nprobe": 4, "rerankDepth": 20}
    assert ok(client.post("/query", body, index="films", version=version))["matches"][0]["id"] == "a"
    for change, said in (
        ({"efSearch": 10_001}, "ef_search 10001"),
        ({"nprobe": 0}, "nprobe 0"),
        ({"topK": 9, "rerankDepth": 8}, "rerank_depth 8"),
        ({"efSearch": "50"}, "efSearch must be a whole number"),
    ):
        refused(client.post("/query", {**body, **change}, index="films", version=version), said)


# -- log sequence numbers ---------------------------------------------------------------------------------------------


def lsn(reply: Reply, header: str) -> int:
    ok(reply)
    return int(reply.headers[header])


def reads(client: Client, namespace: str) -> Iterator[int]:
    """What each kind of read says that it has seen."""
    body = {"topK": 1, "vector": [1, 0, 0], "namespace": namespace}
    yield lsn(client.post("/query", body, index="films"), LSN_OF_READ)
    yield lsn(client.get(f"/vectors/fetch?ids=a&namespace={namespace}", index="films"), LSN_OF_READ)
    yield lsn(client.get(f"/vectors/list?namespace={namespace}", index="films"), LSN_OF_READ)
    body = {"filter": {"genre": "x"}, "namespace": namespace}
    yield lsn(client.post("/vectors/fetch_by_metadata", body, index="films"), LSN_OF_READ)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/vectors/upsert", {"vectors": [A, B]}),
        ("/vectors/update", {"id": "a", "values": [0, 1, 0]}),
        ("/vectors/update", {"id": "none", "values": [0, 1, 0]}),
        ("/vectors/update", {"filter": {"genre": "action"}, "setMetadata": {"k": 1}}),
        ("/vectors/update", {"filter": {"genre": "action"}, "setMetadata": {"k": 1}, "dryRun": True}),
        ("/vectors/update", {"filter": {"genre": "none"}, "setMetadata": {"k": 1}}),
        ("/vectors/delete", {"ids": ["a"]}),
        ("/vectors/delete", {"ids": ["none"]}),
        ("/vectors/delete", {"filter": {"genre": "none"}}),
        ("/vectors/delete", {"deleteAll": True}),
    ],
)
def test_whoever_waits_for_the_lsn_of_a_write_sees_it_at_the_first_read(
    client: Client, path: str, body: dict[str, Any]
) -> None:
    upsert(client, A, B, namespace="n")
    upsert(client, C, namespace="later, elsewhere")
    written = lsn(client.post(path, {**body, "namespace": "n"}, index="films"), LSN_OF_WRITE)
    assert all(seen >= written for seen in reads(client, "n"))


def test_the_lsn_of_a_write_grows(client: Client) -> None:
    numbers = [lsn(client.post("/vectors/upsert", {"vectors": [A]}, index="films"), LSN_OF_WRITE) for _ in range(3)]
    assert numbers == sorted(set(numbers))


# -- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "path", "body", "fragment"),
    [
        (
            "films",
            "/vectors/upsert",
            {"vectors": [{"id": "a", "values": [1, 2]}]},
            "Vector dimension 2 does not match the dimension of the index 3",
        ),
        (
            "films",
            "/vectors/upsert",
            {"vectors": [A, {"id": "x", "values": [1, 2, 3, 4]}]},
            "Vector dimension 4 does not match the dimension of the index 3",
        ),
        ("films", "/vectors/upsert", {"vectors": [{"id": "é", "values": [1, 0, 0]}]}, "Vector ID must be ASCII"),
        (
            "films",
            "/vectors/upsert",
            {"vectors": [{"id": "a\0", "values": [1, 0, 0]}]},
            "Vector ID must not contain null character",
        ),
        ("films", "/vectors/upsert", {"vectors": []}, "Invalid request"),
        (
            "words",
            "/query",
            {"topK": 1, "id": "a", "sparseVector": {"indices": [1], "values": [1]}},
            "Cannot provide both 'ID' and 'sparse_vector' at the same time",
        ),
        (
            "films",
            "/query",
            {"topK": 1, "id": "a", "vector": [1, 0, 0]},
            "Cannot provide both 'ID' and 'vector' at the same time",
        ),
        ("words", "/query", {"topK": 1, "vector": [1, 0, 0]}, "Either 'sparse_vector' or 'ID' must be provided"),
        (
            "words",
            "/query",
            {"topK": 1, "vector": [1, 0, 0], "sparseVector": {"indices": [1], "values": [1]}},
            "Index configuration does not support dense values",
        ),
        (
            "films",
            "/query",
            {"topK": 1, "sparseVector": {"indices": [1], "values": [1]}},
            "Cannot query index with dense 'vector_type' with only sparse vector",
        ),
        ("films", "/vectors/delete", {"filter": {}}, "Delete with empty metadata filter is not allowed"),
        (
            "films",
            "/vectors/update",
            {"filter": {}, "setMetadata": {"a": 1}},
            "Update with empty metadata filter is not allowed",
        ),
        (
            "films",
            "/vectors/fetch_by_metadata",
            {"filter": {}},
            "Empty filter provided for fetch by metadata request",
        ),
        ("films", "/vectors/fetch_by_metadata", {}, "Empty filter provided for fetch by metadata request"),
        (
            "films",
            "/vectors/delete",
            {"deleteAll": True, "ids": ["a"]},
            "No explicit IDs allowed when delete_all=true",
        ),
        (
            "films",
            "/vectors/delete",
            {"deleteAll": True, "filter": {"a": 1}},
            "No filter allowed when delete_all=true",
        ),
        (
            "films",
            "/vectors/update",
            {"filter": {"a": 1}, "values": [1, 0, 0]},
            "Update by metadata request does not support updating vector values.",
        ),
        (
            "films",
            "/vectors/update",
            {"filter": {"a": 1}, "sparseValues": {"indices": [1], "values": [1]}},
            "Update by metadata request does not support updating vector values.",
        ),
        (
            "films",
            "/vectors/upsert",
            {"vectors": [{**A, "metadata": {"deep": {"a": 1}}}]},
            "Metadata value must be a string, number, boolean or list of strings, got '{\"a\":1.0}' for field 'deep'",
        ),
    ],
)
def test_what_clients_wait_for_is_refused_in_the_words_of_the_service(
    client: Client, index: str, path: str, body: dict[str, Any], fragment: str
) -> None:
    refused(client.post(path, body, index=index), fragment)


@pytest.mark.parametrize(
    ("path", "body", "fragment"),
    [
        ("/vectors/upsert", {"vectors": [{"id": "", "values": [1, 0, 0]}]}, "Vector ID must not be empty"),
        ("/vectors/upsert", {"vectors": [{"id": "x" * 513, "values": [1, 0, 0]}]}, "at most 512"),
        ("/vectors/upsert", {"vectors": [A], "namespace": "é"}, "must be ASCII"),
        ("/vectors/upsert", {"vectors": [A], "namespace": "n" * 513}, "at most 512"),
        ("/vectors/upsert", {"vectors": [{"id": "a"}]}, "needs `values` of 3 numbers"),
        ("/vectors/upsert", {"vectors": [A, {"id": "x"}]}, "Record 'x' has no dense values"),
        ("/vectors/upsert", {"vectors": [A, {"id": "x", "values": []}]}, "Record 'x' has no dense values"),
        ("/vectors/upsert", {"vectors": [{"id": "a", "values": [0, 0, 0]}]}, "all zeros"),
        ("/vectors/upsert", {"vectors": [{"id": "a", "values": [1, 2, 1e39]}]}, "not a finite 32-bit number"),
        ("/vectors/upsert", {"vectors": [{**A, "metadata": "text"}]}, "must be an object"),
        ("/vectors/upsert", {"vectors": [{**A, "metadata": {"l": [1]}}]}, "field 'l'"),
        ("/vectors/upsert", {"vectors": [{**A, "metadata": {"$k": 1}}]}, "'$k'"),
        ("/vectors/upsert", {"vectors": [{**A, "metadata": {"k": "x" * 41_000}}]}, "exceeds the limit of 40960 bytes"),
        ("/vectors/upsert", {"vectors": [{**A, "sparseValues": {"indices": [1], "values": []}}]}, "one for each"),
        ("/vectors/upsert", {"vectors": [{**A, "sparseValues": {"indices": [-1], "values": [1]}}]}, "4294967295"),
        ("/vectors/upsert", {"vectors": [{**A, "sparseValues": {"indices": [2**32], "values": [1]}}]}, "4294967295"),
        ("/vectors/upsert", {"vectors": [{**A, "sparseValues": {"indices": [3, 3], "values": [1, 1]}}]}, "twice"),
        ("/vectors/upsert", {"vectors": [{**A, "sparseValues": {"indices": [], "values": []}}]}, "1 to 2048"),
        ("/query", {"topK": 0, "vector": [1, 0, 0]}, "top_k 0 is out of range"),
        ("/query", {"topK": 10_001, "vector": [1, 0, 0]}, "Use 1 to 10000"),
        ("/query", {"topK": 2**63, "vector": [1, 0, 0]}, "out of range"),
        ("/query", {"topK": 1}, "Either 'vector' or 'ID' must be provided"),
        ("/query", {"topK": 1, "vector": []}, "Either 'vector' or 'ID' must be provided"),
        ("/query", {"topK": 1, "vector": [1, 0]}, "Vector dimension 2 does not match"),
        ("/query", {"topK": 1, "vector": [0, 0, 0]}, "all zeros"),
        ("/query", {"topK": 1, "vector": [1, 0, 1e300]}, "not a finite 32-bit number"),
        ("/query", {"topK": 1, "vector": [1, 0, 0], "filter": {"a": {"$near": 1}}}, "Unknown operator '$near'"),
        ("/query", {"topK": 1, "vector": [1, 0, 0], "filter": {"$and": []}}, "non-empty list"),
        (
            "/query",
            {"topK": 1, "vector": [1, 0, 0], "sparseVector": {"indices": [1], "values": [1]}},
            "metric dotproduct",
        ),
        ("/vectors/update", {"setMetadata": {"a": 1}}, "either id (one record) or filter (many)"),
        ("/vectors/update", {"id": "a", "filter": {"a": 1}, "setMetadata": {"a": 1}}, "not both"),
        ("/vectors/update", {"id": "a"}, "Nothing to update"),
        ("/vectors/update", {"id": "a", "setMetadata": {"a": 1}, "dryRun": True}, "dryRun"),
        ("/vectors/update", {"filter": {"a": 1}}, "set_metadata"),
        ("/vectors/delete", {}, "exactly one of ids"),
        ("/vectors/delete", {"ids": []}, "exactly one of ids"),
        ("/vectors/delete", {"ids": ["a"], "filter": {"a": 1}}, "not both"),
        ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "limit": 0}, "limit 0 is out of range"),
        ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "limit": 10_001}, "Use 1 to 10000"),
        ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "paginationToken": "x"}, "pagination token 'x'"),
        ("/describe_index_stats", {"filter": {"a": 1}}, "do not support describing index stats with metadata"),
    ],
)
def test_bad_requests_are_refused_with_the_value_and_the_limit(
    client: Client, path: str, body: dict[str, Any], fragment: str
) -> None:
    refused(client.post(path, body, index="films"), fragment)


@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("/vectors/fetch", "ids"),
        ("/vectors/fetch?namespace=a&namespace=b&ids=a", "namespace is given 2 times"),
        ("/vectors/fetch?ids=%C3%A9", "Vector ID must be ASCII"),
        ("/vectors/fetch?ids=", "must not be empty"),
        ("/vectors/list?limit=0", "limit 0 is out of range. Use 1 to 100"),
        ("/vectors/list?limit=101", "Use 1 to 100"),
        ("/vectors/list?limit=ten", "limit must be a whole number"),
        ("/vectors/list?limit=", "limit must be a whole number"),
        ("/vectors/list?prefix=%C3%A9", "prefix 'é' must be ASCII"),
        ("/vectors/list?prefix=%00", "null"),
        ("/vectors/list?prefix=" + "x" * 513, "at most 512"),
        ("/vectors/list?paginationToken=broken", "pagination token 'broken'"),
        ("/vectors/list?namespace=%C3%A9", "must be ASCII"),
        ("/vectors/list?namespace=%FF", "not valid UTF-8"),
    ],
)
def test_bad_query_strings_are_refused(client: Client, path: str, fragment: str) -> None:
    refused(client.get(path, index="films"), fragment)


@pytest.mark.parametrize("route", [route for route in vectors.ROUTES if route.method == "POST"], ids=lambda r: r.path)
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"5",
        b'{"topK": NaN}',
        b'{"topK": 1e999}',
        b"\xff\xfe",
        b'{"a":"\\ud800"}',
        b'{"a":' * 3_000,
        b"{}{}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_object_is_refused(client: Client, route: Any, body: bytes) -> None:
    reply = client.request("POST", route.path, body=body, index="films")
    refused(reply, "Invalid request")


@pytest.mark.parametrize("route", [route for route in vectors.ROUTES if route.method == "POST"], ids=lambda r: r.path)
def test_an_empty_body_is_refused_where_there_is_something_to_say(client: Client, route: Any) -> None:
    reply = client.request("POST", route.path, body=b"", index="films")
    if route.path == "/describe_index_stats":
        ok(reply)
    else:
        refused(reply, "the body is empty")


@pytest.mark.parametrize("depth", [129, 250, 260, 1_000])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/query", b'{"topK":1,"vector":[1,0,0],"filter":%s}'),
        ("/vectors/update", b'{"id":"a","setMetadata":{"a":%s}}'),
        ("/vectors/delete", b'{"filter":{"a":%s}}'),
        ("/vectors/fetch_by_metadata", b'{"filter":{"a":{"$in":[%s]}}}'),
        ("/vectors/upsert", b'{"vectors":[{"id":"a","values":[1,0,0],"metadata":{"a":%s}}]}'),
        ("/vectors/upsert", b'{"vectors":[{"id":"a","values":[1,0,%s]}]}'),
        ("/vectors/upsert", b'{"vectors":[{"id":%s,"values":[1,0,0]}]}'),
        ("/vectors/upsert", b'{"vectors":%s}'),
        ("/vectors/upsert", b'{"vectors":[{"id":"a","values":[1,0,0],"sparseValues":{"indices":%s,"values":[1]}}]}'),
    ],
)
def test_deep_json_is_refused(client: Client, path: str, body: bytes, depth: int) -> None:
    for deep in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        refused(client.request("POST", path, body=body % deep, index="films"))


def test_a_batch_is_written_whole_or_not_at_all(client: Client) -> None:
    refused(client.post("/vectors/upsert", {"vectors": [A, {"id": "x", "values": [1]}]}, index="films"))
    assert fetch(client, "a") == {}


def test_deleting_everything_of_a_namespace_that_is_not_there_is_a_404(client: Client) -> None:
    reply = client.post("/vectors/delete", {"deleteAll": True, "namespace": "none"}, index="films")
    assert (reply.status, reply.json["code"]) == (404, 5)


def test_data_requests_to_the_main_address_say_where_to_go(client: Client) -> None:
    reply = client.post("/query", {"topK": 1, "id": "a"})
    assert (reply.status, reply.json["code"]) == (404, 5)
    assert "/indexes/<name>" in reply.message
    upsert(client, A)
    assert ok(client.post("/indexes/films/query", {"topK": 1, "id": "a"}))["matches"][0]["id"] == "a"


def test_an_index_that_does_not_exist_is_a_404(client: Client) -> None:
    reply = client.get("/vectors/fetch?ids=a", index="none")
    assert (reply.status, reply.json["code"]) == (404, 5)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/vectors/upsert", {"vectors": [A]}),
        ("POST", "/vectors/update", {"id": "a", "setMetadata": {"a": 1}}),
        ("POST", "/vectors/delete", {"ids": ["a"]}),
    ],
)
def test_a_vectors_write_to_an_index_of_documents_points_to_the_documents_endpoints(
    client: Client, method: str, path: str, body: Any
) -> None:
    reply = client.request(method, path, json=body, index="papers", version="2026-07")
    refused(reply, "document schema", "/namespaces/{namespace}/documents/upsert")


def test_the_vectors_api_reads_an_index_of_documents(client: Client) -> None:
    papers = client.service.database.index("papers")
    papers.upsert("", ["a"], [[1.0, 0.0, 0.0]], metadata=[{"year": 2020}])
    found = ok(client.post("/query", {"topK": 1, "vector": [1, 0, 0]}, index="papers"))
    assert [match["id"] for match in found["matches"]] == ["a"]
    assert list(ok(client.get("/vectors/fetch?ids=a", index="papers"))["vectors"]) == ["a"]
    assert ok(client.get("/vectors/list", index="papers"))["vectors"] == [{"id": "a"}]
    by_metadata = client.post("/vectors/fetch_by_metadata", {"filter": {"year": 2020}}, index="papers")
    assert list(ok(by_metadata)["vectors"]) == ["a"]


# -- limits -----------------------------------------------------------------------------------------------------------


class TestSmallLimits:
    """With limits small enough to be met."""

    @pytest.fixture
    def settings(self) -> Settings:
        return replace(Settings(), requests=RequestLimits(records=3, ids=2, decoded_bytes=100, json_depth=8))

    def test_an_upsert_holds_so_many_records(self, client: Client) -> None:
        few = [{"id": str(at), "values": [1, 0, 0]} for at in range(3)]
        upsert(client, *few)
        many = [*few, {"id": "more", "values": [1, 0, 0]}]
        refused(client.post("/vectors/upsert", {"vectors": many}, index="films"), "4 records", "more than 3")

    def test_an_upsert_weighs_so_many_bytes_once_decoded(self, client: Client) -> None:
        record = {"id": "a", "values": [1, 0, 0], "metadata": {"t": "x" * 90}}
        reply = client.post("/vectors/upsert", {"vectors": [record]}, index="films")
        refused(reply, "exceeds the maximum supported size of 100 bytes")

    def test_ids_are_counted(self, client: Client) -> None:
        refused(client.get("/vectors/fetch?ids=a&ids=b&ids=c", index="films"), "3 ids in one fetch are more than 2")
        refused(client.post("/vectors/delete", {"ids": list("abc")}, index="films"), "3 ids in one delete")

    def test_json_nests_so_deep(self, client: Client) -> None:
        deep: Any = {"a": 1}
        for _ in range(8):
            deep = {"$and": [deep]}
        reply = client.post("/query", {"topK": 1, "vector": [1, 0, 0], "filter": deep}, index="films")
        refused(reply, "deeper than 8 levels")


def test_a_thousand_records_of_512_numbers_pass(client: Client) -> None:
    client.service.database.create_index(IndexSpec("wide", 512, "cosine"))
    values = np.random.default_rng(1).normal(size=(1_000, 512))
    records = [{"id": str(at), "values": row} for at, row in enumerate(values.tolist())]
    assert upsert(client, *records, index="wide") == {"upsertedCount": 1_000}


# -- keys that are limited --------------------------------------------------------------------------------------------


@pytest.fixture
def limited(client: Client) -> Client:
    """``client`` with a key that may use namespace "mine" only, and one that may use index "words" only."""
    client.keys["mine"] = Principal("k1", ("DataPlaneEditor",), namespace="mine")
    client.keys["default"] = Principal("k2", ("DataPlaneEditor",), namespace="")
    client.keys["words"] = Principal("k3", ("DataPlaneEditor",), index="words")
    return client


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/vectors/upsert", {"vectors": [A], "namespace": "{}"}),
        ("POST", "/query", {"topK": 1, "vector": [1, 0, 0], "namespace": "{}"}),
        ("POST", "/vectors/update", {"id": "a", "setMetadata": {"a": 1}, "namespace": "{}"}),
        ("POST", "/vectors/delete", {"ids": ["a"], "namespace": "{}"}),
        ("POST", "/vectors/fetch_by_metadata", {"filter": {"a": 1}, "namespace": "{}"}),
        ("GET", "/vectors/fetch?ids=a&namespace={}", None),
        ("GET", "/vectors/list?namespace={}", None),
        ("DELETE", "/vectors/delete?ids=a&namespace={}", None),
    ],
)
def test_a_key_for_one_namespace_opens_no_other(limited: Client, method: str, path: str, body: Any) -> None:
    def send(key: str, namespace: str) -> Reply:
        filled = None if body is None else {**body, "namespace": namespace}
        return limited.request(method, path.format(namespace), json=filled, index="films", key=key)

    assert send("mine", "mine").status == 200
    for other in ("", "__default__", "other"):
        reply = send("mine", other)
        assert (reply.status, reply.json["code"]) == (403, 7)
    assert send("default", "").status == 200
    assert send("default", "__default__").status == 200
    assert send("default", "mine").status == 403


def test_a_key_for_one_namespace_does_not_see_the_statistics_of_all(limited: Client) -> None:
    assert limited.get("/describe_index_stats", index="films", key="mine").status == 403


def test_a_key_for_one_index_opens_no_other(limited: Client) -> None:
    assert limited.get("/vectors/list", index="words", key="words").status == 200
    assert limited.get("/vectors/list", index="films", key="words").status == 403


# -- anything at all --------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["a", "", "__default__", "é", "\0", 10**9, 1e39, -1, 0]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One time in ten, anything."""
    return st.sampled_from(range(10)).flatmap(lambda luck: json_values if luck == 7 else good)


scalars = mostly(st.sampled_from(["action", "drama", "x", 90, 120.5, True]))
conditions = st.one_of(
    scalars,
    st.dictionaries(st.sampled_from(["$eq", "$ne", "$gt", "$lte", "$in", "$exists", "$not"]), scalars, min_size=1),
    st.fixed_dictionaries({"$in": st.lists(scalars, max_size=3)}),
    st.fixed_dictionaries({"$gte": st.integers(-9, 200)}),
)
filters = mostly(
    st.recursive(
        st.dictionaries(st.sampled_from(["genre", "runtime", "none", ""]), conditions, min_size=1, max_size=2),
        lambda inner: st.dictionaries(st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3)),
        max_leaves=4,
    )
)
ids = mostly(st.sampled_from(["a", "b", "s", "none"]))
finite = st.integers(-3, 3) | st.floats(width=32, allow_nan=False, allow_infinity=False)
numbers = mostly(st.lists(finite, min_size=3, max_size=3) | st.just([1, 0.5, -1]))
odd_numbers = mostly(numbers | st.lists(json_values, max_size=4))
sparse = mostly(
    st.fixed_dictionaries(
        {"indices": st.lists(st.integers(0, 9), min_size=3, max_size=3, unique=True), "values": numbers}
    )
)
odd_sparse = mostly(
    sparse | st.fixed_dictionaries({"indices": st.lists(st.integers(-1, 2**33) | json_values), "values": odd_numbers})
)
metadata = mostly(st.dictionaries(st.text(max_size=3), scalars | st.lists(st.text(max_size=2), max_size=2), max_size=3))
flags = mostly(st.booleans())
where = {"namespace": mostly(st.sampled_from(["", "n", "__default__"]))}
dense_records = st.fixed_dictionaries(
    {"id": ids, "values": numbers}, optional={"metadata": metadata, "sparseValues": odd_sparse}
)
sparse_records = st.fixed_dictionaries({"id": ids, "sparseValues": sparse}, optional={"values": odd_numbers})
asked = {
    "topK": mostly(st.integers(1, 5)),
}
how = {
    "filter": filters,
    "includeValues": flags,
    "includeMetadata": flags,
    "scanFactor": mostly(st.floats(0.5, 4)),
    "maxCandidates": mostly(st.integers(5, 100)),
    **where,
}
effort = {
    "efSearch": mostly(st.integers(1, 10_000)),
    "nprobe": mostly(st.integers(1, 65_536)),
    "rerankDepth": mostly(st.integers(5, 100)),
}
BODIES: dict[str, st.SearchStrategy[Any]] = {
    "/vectors/upsert": st.fixed_dictionaries(
        {
            "vectors": mostly(
                st.lists(mostly(dense_records), min_size=1, max_size=3)
                | st.lists(mostly(sparse_records), min_size=1, max_size=3)
            )
        },
        optional=where,
    ),
    "/query": st.one_of(
        st.fixed_dictionaries({**asked, "vector": odd_numbers}, optional=how),
        st.fixed_dictionaries({**asked, "sparseVector": odd_sparse}, optional=how),
        st.fixed_dictionaries({**asked, "vector": numbers, "sparseVector": sparse}, optional=how),
        st.fixed_dictionaries({**asked, "id": ids}, optional=how),
        st.fixed_dictionaries({**asked, "vector": numbers}, optional={**how, **effort}),
        st.fixed_dictionaries({}, optional={**asked, "vector": numbers, "sparseVector": sparse, "id": ids, **how}),
    ),
    "/vectors/fetch_by_metadata": st.fixed_dictionaries(
        {"filter": filters},
        optional={"limit": mostly(st.integers(1, 5)), "paginationToken": mostly(st.just("cDE6YQ==")), **where},
    ),
    "/vectors/update": st.one_of(
        st.fixed_dictionaries({"id": ids, "values": odd_numbers}, optional={"setMetadata": metadata, **where}),
        st.fixed_dictionaries({"id": ids, "sparseValues": odd_sparse}, optional=where),
        st.fixed_dictionaries({"filter": filters, "setMetadata": metadata}, optional={"dryRun": flags, **where}),
        st.fixed_dictionaries({}, optional={"id": ids, "filter": filters, "values": numbers, "setMetadata": metadata}),
    ),
    "/vectors/delete": st.one_of(
        st.fixed_dictionaries({"ids": mostly(st.lists(ids, max_size=3))}, optional=where),
        st.fixed_dictionaries({"filter": filters}, optional=where),
        st.fixed_dictionaries({"deleteAll": flags}, optional=where),
        st.fixed_dictionaries({}, optional={"ids": st.lists(ids), "deleteAll": flags, "filter": filters, **where}),
    ),
    "/describe_index_stats": st.fixed_dictionaries({}, optional={"filter": filters}),
}
query_strings = st.lists(
    st.tuples(
        st.sampled_from(["ids", "namespace", "prefix", "limit", "paginationToken", "deleteAll"]) | st.text(max_size=4),
        st.text(max_size=8) | st.sampled_from(["a", "5", "true", "cDE6YQ=="]),
    ),
    max_size=5,
)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Client]:
    """A server that all the examples of a property share: what one writes, the next may meet."""
    with engine.Database(":memory:") as database:
        database.create_index(IndexSpec("films", 3, "cosine"))
        database.create_index(IndexSpec("both", 3, "dotproduct"))
        database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
        client = Client(Service(Settings(), database, WordModels(), PortAddresses()))
        for index in ("films", "both"):
            upsert(client, A, B, index=index)
        upsert(client, S, index="words")
        yield client


def never_fails(reply: Reply) -> None:
    assert reply.status < 500, reply.json
    if reply.status >= 400:
        assert set(reply.json) == {"code", "message", "details"}
        assert 0 < len(reply.message) < 2_000


INDEXES = st.sampled_from(["films", "both", "words"])
VERSIONS = st.sampled_from(KNOWN)


@pytest.mark.parametrize("path", BODIES)
@given(data=st.data(), index=INDEXES, version=VERSIONS)
def test_bodies_near_the_right_ones_give_an_answer_or_a_refusal(
    lasting: Client, path: str, data: st.DataObject, index: str, version: str
) -> None:
    never_fails(lasting.post(path, data.draw(BODIES[path], "body"), index=index, version=version))


@given(st.sampled_from([route for route in vectors.ROUTES if route.method == "POST"]), json_values, INDEXES, VERSIONS)
def test_any_json_gives_an_answer_or_a_refusal(
    lasting: Client, route: Any, body: Any, index: str, version: str
) -> None:
    never_fails(lasting.request("POST", route.path, body=orjson.dumps(body), index=index, version=version))


@given(st.sampled_from([route for route in vectors.ROUTES if route.method != "POST"]), query_strings, INDEXES)
def test_any_query_string_gives_an_answer_or_a_refusal(
    lasting: Client, route: Any, query: list[tuple[str, str]], index: str
) -> None:
    never_fails(lasting.request(route.method, route.path, query=query, index=index))


@given(st.sampled_from(vectors.ROUTES), st.binary(max_size=40))
def test_any_bytes_give_an_answer_or_a_refusal(lasting: Client, route: Any, body: bytes) -> None:
    never_fails(lasting.request(route.method, route.path, body=body, index="films"))
