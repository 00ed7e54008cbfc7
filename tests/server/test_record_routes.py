"""The records API through the server's own router: text goes in, text finds it, a reranker puts it in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from pinyon import engine
from pinyon.engine.embedding import embed_spec
from pinyon.models import ModelRegistry
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.types import IndexSpec, Models
from pinyon.wire.versions import KNOWN
from server.clients import Client, PortAddresses, Reply, WordModels

RECORDS: list[dict[str, Any]] = [
    {"_id": "1", "chunk_text": "apples grow on trees", "kind": "fruit"},
    {"id": "2", "chunk_text": "the company sells computers", "kind": "business", "year": 1976},
    {"_id": "3", "chunk_text": "pears grow on trees too", "kind": "fruit", "gone": None},
]


def made_for(models: Models, name: str, model: str, **more: Any) -> IndexSpec:
    embed = embed_spec(models, {"model": model, "field_map": {"text": "chunk_text"}, **more})
    return IndexSpec(name, embed.dimension, embed.metric, embed.vector_type, embed=embed)


def ndjson(records: list[dict[str, Any]]) -> bytes:
    return b"\n".join(map(orjson.dumps, records))


def upsert(client: Client, records: Any, index: str = "fruit", namespace: str = "ns", **options: Any) -> Reply:
    body = records if isinstance(records, bytes) else ndjson(records)
    headers = {"content-type": "application/x-ndjson"}
    path = f"/records/namespaces/{namespace}/upsert"
    return client.request("POST", path, body=body, index=index, headers=headers, **options)


def search(
    client: Client, query: Any, index: str = "fruit", namespace: str = "ns", version: str | None = None, **body: Any
) -> Reply:
    path = f"/records/namespaces/{namespace}/search"
    return client.post(path, {"query": query, **body}, index=index, version=version)


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.json
    return [hit["_id"] for hit in reply.json["result"]["hits"]]


def refused(reply: Reply, *fragments: str, status: int = 400) -> None:
    assert reply.status == status, reply
    assert reply.json.keys() == {"code", "message", "details"}
    for fragment in fragments:
        assert fragment in reply.message


@pytest.fixture(autouse=True)
def _indexes(service: Service, models: WordModels) -> None:
    """``fruit`` embeds text, ``counts`` embeds it sparsely, ``plain`` has no model, ``papers`` holds documents."""
    service.database.create_index(made_for(models, "fruit", "words"))
    service.database.create_index(made_for(models, "counts", "word-counts"))
    service.database.create_index(IndexSpec("plain", 3, "cosine"))
    service.database.create_index(
        IndexSpec("papers", 3, "cosine", schema={"emb": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}})
    )


@pytest.fixture
def fruit(client: Client) -> Client:
    reply = upsert(client, RECORDS)
    assert (reply.status, reply.body) == (201, b"")
    assert int(reply.headers["x-pinecone-request-lsn"]) > 0
    return client


@pytest.mark.parametrize("version", KNOWN)
def test_records_are_found_by_text(version: str, fruit: Client) -> None:
    reply = search(fruit, {"top_k": 2, "inputs": {"text": "trees grow"}}, version=version)
    assert set(ids(reply)) == {"1", "3"}
    hit = reply.json["result"]["hits"][0]
    assert hit["_score"] > 0
    assert hit["fields"]["kind"] == "fruit"
    assert reply.json["usage"] == {"read_units": 1, "embed_total_tokens": 2}
    assert int(reply.headers["x-pinecone-max-indexed-lsn"]) > 0


def test_what_was_written_is_also_there_for_the_vectors_api(fruit: Client) -> None:
    found = fruit.get("/vectors/fetch?ids=2&ids=3&namespace=ns", index="fruit").json["vectors"]
    assert found["2"]["metadata"] == {"chunk_text": "the company sells computers", "kind": "business", "year": 1976}
    assert found["3"]["metadata"] == {"chunk_text": "pears grow on trees too", "kind": "fruit"}
    assert len(found["2"]["values"]) == 32


def test_a_search_takes_a_filter_fields_a_vector_or_an_id(fruit: Client) -> None:
    text = {"inputs": {"text": "trees grow"}, "top_k": 3}
    assert ids(search(fruit, {**text, "filter": {"kind": {"$eq": "business"}}})) == ["2"]
    chosen = search(fruit, {"top_k": 1, "id": "2"}, fields=["year", "none"]).json
    assert chosen["result"]["hits"][0]["fields"] == {"year": 1976}
    assert "embed_total_tokens" not in chosen["usage"]
    assert search(fruit, {"top_k": 1, "id": "2"}, fields=["*"]).json["result"]["hits"][0]["fields"].keys() == {
        "chunk_text",
        "kind",
        "year",
    }
    values = fruit.get("/vectors/fetch?ids=3&namespace=ns", index="fruit").json["vectors"]["3"]["values"]
    for vector in ({"values": values}, values):
        assert ids(search(fruit, {"top_k": 1, "vector": vector})) == ["3"]
    assert ids(search(fruit, {"top_k": 3, "id": "unknown"})) == []
    assert ids(search(fruit, text, namespace="empty")) == []


def test_the_default_namespace_goes_by_its_alias(client: Client) -> None:
    assert upsert(client, RECORDS, namespace="__default__").status == 201
    stats = client.post("/describe_index_stats", {}, index="fruit").json
    assert stats["namespaces"] == {"": {"vectorCount": 3}}
    assert len(ids(search(client, {"top_k": 3, "id": "1"}, namespace="__default__"))) == 3


def test_a_namespace_may_hold_what_a_path_must_encode(client: Client) -> None:
    assert upsert(client, RECORDS, namespace="a%2Fb%20c").status == 201
    assert client.post("/describe_index_stats", {}, index="fruit").json["namespaces"] == {"a/b c": {"vectorCount": 3}}
    assert len(ids(search(client, {"top_k": 3, "id": "1"}, namespace="a%2Fb%20c"))) == 3


def test_hits_are_put_in_order_by_a_reranker(fruit: Client) -> None:
    query = {"top_k": 3, "inputs": {"text": "trees grow"}}
    reply = search(
        fruit,
        query,
        rerank={"model": "shared-words", "rank_fields": ["chunk_text"], "top_n": 1, "query": "company computers"},
    )
    assert ids(reply) == ["2"]
    assert reply.json["result"]["hits"][0]["_score"] == 1.0
    assert reply.json["usage"] == {"read_units": 1, "embed_total_tokens": 2, "rerank_units": 1}
    assert ids(search(fruit, query, rerank={"model": "shared-words"}))[2] == "2"


def test_a_sparse_model_finds_by_words_and_by_words_that_must_be_there(client: Client) -> None:
    assert upsert(client, RECORDS, "counts").status == 201
    query = {"top_k": 3, "inputs": {"text": "trees grow computers"}}
    assert ids(search(client, query, "counts")) == ["1", "3", "2"]
    for terms, found in ((["on", "pears"], ["3"]), (["grow trees"], ["1", "3"]), (["grow", "computers"], [])):
        reply = search(client, {**query, "match_terms": {"strategy": "all", "terms": terms}}, "counts")
        assert ids(reply) == found
    assert ids(search(client, {"top_k": 3, "inputs": {"text": "nothing"}}, "counts")) == []
    assert ids(search(client, {**query, "filter": {"kind": "business"}}, "counts")) == ["2"]


def test_words_that_must_be_there_are_found_below_many_better_hits(client: Client) -> None:
    many = [{"_id": str(number), "chunk_text": "train train plain"} for number in range(90)]
    assert upsert(client, [*many, {"_id": "z", "chunk_text": "train rare"}], "counts").status == 201
    reply = search(client, {"top_k": 1, "inputs": {"text": "train"}, "match_terms": {"terms": ["rare"]}}, "counts")
    assert ids(reply) == ["z"]


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        (b"", ("Invalid request", "the body holds no record")),
        (b"{", ("line 1 of the body is not valid JSON",)),
        (b'{"chunk_text": "x"}', ("Record at index 0 must contain an '_id' or 'id' field",)),
        (b'{"_id": 4, "chunk_text": "x"}', ("Record at index 0 must contain an '_id' or 'id' field of text, got 4",)),
        (b'{"_id": "4", "text": "x"}', ("Record '4': the field 'chunk_text', which this index embeds, is missing",)),
        (b'{"_id": "4", "chunk_text": " "}', ("Record '4'",)),
        (b'{"_id": "4", "chunk_text": "x", "deep": {"a": 1}}', ("Metadata value must be", "for field 'deep'")),
        (b'{"_id": "a", "chunk_text": "x"}\n{"_id": "\xc3\xa9", "chunk_text": "x"}', ("Vector ID must be ASCII",)),
    ],
)
def test_a_bad_record_is_named_and_nothing_is_stored(body: bytes, fragments: tuple[str, ...], client: Client) -> None:
    refused(upsert(client, body), *fragments)
    assert client.post("/describe_index_stats", {}, index="fruit").json["totalVectorCount"] == 0


def test_more_records_than_allowed_are_refused(client: Client) -> None:
    records = [{"_id": str(number), "chunk_text": "x"} for number in range(97)]
    refused(upsert(client, records), "97 records of text", "96, the limit")
    assert upsert(client, records[:96]).status == 201


@pytest.mark.parametrize(
    ("query", "body", "fragments"),
    [
        ({"inputs": {"text": "x"}}, {}, ("query.top_k is missing",)),
        ({"top_k": 1}, {}, ("exactly one of inputs, vector and id; got none of them",)),
        ({"top_k": 1, "id": "1", "inputs": {"text": "x"}}, {}, ("got inputs and id",)),
        ({"top_k": 1, "inputs": {"text": " "}}, {}, ("The text to search for is empty",)),
        ({"top_k": 0, "inputs": {"text": "x"}}, {}, ("top_k 0 is out of range",)),
        ({"top_k": 10_001, "inputs": {"text": "x"}}, {}, ("10001 is out of range",)),
        ({"top_k": 1, "vector": {"values": [1, 2]}}, {}, ("Vector dimension 2 does not match",)),
        ({"top_k": 1, "inputs": {"text": "x"}, "filter": {"a": {"$x": 1}}}, {}, ("$x",)),
        ({"top_k": 1, "inputs": {"text": "x"}, "match_terms": {"terms": ["a"]}}, {}, ("match_terms works on sparse",)),
        ({"top_k": 1, "id": "1"}, {"rerank": {"model": "shared-words"}}, ("Reranking needs a text",)),
        ({"top_k": 1, "inputs": {"text": "x"}}, {"rerank": {"model": "words"}}, ("Model words gives vectors",)),
        (
            {"top_k": 1, "inputs": {"text": "x"}},
            {"rerank": {"model": "shared-words", "rank_fields": ["a", "b"]}},
            ("Only one rank field is supported for model 'shared-words'",),
        ),
        (
            {"top_k": 1, "inputs": {"text": "x"}},
            {"rerank": {"model": "shared-words", "rank_fields": ["none"]}},
            ("field 'none' not found in document at index 0",),
        ),
        (
            {"top_k": 1, "inputs": {"text": "x"}},
            {"rerank": {"model": "shared-words", "top_n": 0}},
            ("top_n of rerank",),
        ),
    ],
)
def test_a_bad_search_is_refused(query: Any, body: Any, fragments: tuple[str, ...], fruit: Client) -> None:
    refused(search(fruit, query, **body), *fragments)


def test_an_unknown_reranker_is_not_found(fruit: Client) -> None:
    reply = search(fruit, {"top_k": 1, "inputs": {"text": "x"}}, rerank={"model": "nope", "rank_fields": ["a"]})
    refused(reply, "Model 'nope' not found", status=404)


def test_an_index_without_a_model_is_searched_by_vector_only(client: Client) -> None:
    refused(upsert(client, RECORDS, "plain"), "has no embedding model", "create_index_for_model")
    refused(search(client, {"top_k": 1, "inputs": {"text": "x"}}, "plain"), "has no embedding model")
    client.post("/vectors/upsert", {"vectors": [{"id": "a", "values": [1, 0, 0]}], "namespace": "ns"}, index="plain")
    assert ids(search(client, {"top_k": 1, "vector": {"values": [1, 0, 0]}}, "plain")) == ["a"]
    assert ids(search(client, {"top_k": 1, "id": "a"}, "plain")) == ["a"]


def test_an_index_of_documents_sends_its_callers_to_the_documents_api(client: Client) -> None:
    refused(upsert(client, RECORDS, "papers"), "document schema", "documents endpoints")
    refused(search(client, {"top_k": 1, "id": "1"}, "papers"), "documents endpoints")


def test_another_version_of_the_model_is_refused(fruit: Client, models: WordModels) -> None:
    models.embedder = replace(models.embedder, identity="words/2/bbbb")  # type: ignore[type-var]
    refused(upsert(fruit, RECORDS), "'words/1/aaaa'", "'words/2/bbbb'", "Install the version")
    refused(search(fruit, {"top_k": 1, "inputs": {"text": "x"}}), "'words/2/bbbb'")


def test_keys_may_be_limited(fruit: Client) -> None:
    fruit.keys = {
        "reader": Principal("r", ("DataPlaneViewer",)),
        "elsewhere": Principal("e", ("DataPlaneEditor",), namespace="other"),
    }
    refused(upsert(fruit, RECORDS, key="reader"), status=403)
    refused(upsert(fruit, RECORDS, key="elsewhere"), "'other' only", status=403)
    path, body = "/records/namespaces/ns/search", {"query": {"top_k": 1, "id": "1"}}
    assert fruit.post(path, body, index="fruit", key="reader").status == 200
    refused(fruit.post(path, body, index="fruit", key="elsewhere"), "'other' only", status=403)


def test_a_write_that_weighs_too_much_is_refused(models: WordModels) -> None:
    settings = Settings(requests=RequestLimits(decoded_bytes=2_000))
    with engine.Database(":memory:") as database:
        database.create_index(made_for(models, "fruit", "words"))
        client = Client(Service(settings, database, models, PortAddresses()))
        assert upsert(client, RECORDS).status == 201
        refused(upsert(client, [{**RECORDS[0], "x": "y" * 2_000}]), "exceeds the maximum supported size of 2000 bytes")


# -- with the models that are installed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Iterator[Client]:
    """``big`` is made for multilingual-e5-large, ``sparse`` for pinecone-sparse-english-v0."""
    models = ModelRegistry()
    with engine.Database(":memory:") as database:
        database.create_index(made_for(models, "big", "multilingual-e5-large"))
        database.create_index(made_for(models, "sparse", "pinecone-sparse-english-v0"))
        yield Client(Service(Settings(), database, models, PortAddresses()))


TEXTS = [
    {"_id": "doc-1", "chunk_text": "Vector databases enable similarity search at scale."},
    {"_id": "doc-2", "chunk_text": "The Eiffel Tower is a landmark in Paris."},
    {"_id": "doc-3", "chunk_text": "에펠탑은 파리에 있는 유명한 탑이다."},
]


def test_names_of_hosted_models_work_with_1024_numbers(real: Client) -> None:
    assert upsert(real, TEXTS, "big").status == 201
    reply = search(
        real,
        {"top_k": 3, "inputs": {"text": "a famous tower in France"}},
        "big",
        rerank={"model": "bge-reranker-v2-m3", "rank_fields": ["chunk_text"], "top_n": 2},
    )
    assert set(ids(reply)) == {"doc-2", "doc-3"}
    assert all(0 <= hit["_score"] <= 1 for hit in reply.json["result"]["hits"])
    found = real.get("/vectors/fetch?ids=doc-1&namespace=ns", index="big").json["vectors"]["doc-1"]
    assert len(found["values"]) == 1024


def test_words_must_be_in_the_text_itself_not_only_their_beginnings(real: Client) -> None:
    records = [
        {"_id": "mt-r1", "chunk_text": "astronaut training in zero gravity conditions"},
        {"_id": "mt-r2", "chunk_text": "submarine underwater navigation using sonar"},
        {"_id": "mt-r3", "chunk_text": "astronaut performs spacewalk outside the station"},
    ]
    assert upsert(real, records, "sparse", namespace="mt").status == 201
    query = {"top_k": 10, "inputs": {"text": "space exploration"}}
    assert ids(search(real, query, "sparse", "mt")) == ["mt-r3"]
    for term, found in (("Astronaut", ["mt-r3"]), ("space", []), ("sonar", [])):
        reply = search(real, {**query, "match_terms": {"strategy": "all", "terms": [term]}}, "sparse", "mt")
        assert ids(reply) == found
    refused(search(real, {**query, "match_terms": {"terms": ["!"]}}, "sparse", "mt"), "there is no word in ['!']")
    assert ids(search(real, {"top_k": 1, "inputs": {"text": "?"}}, "sparse", "mt")) == []
    refused(upsert(real, [{"_id": "x", "chunk_text": "?!"}], "sparse"), "holds no word")


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
def test_a_search_may_go_by_words_or_by_both(version: str, fruit: Client) -> None:
    text = {"inputs": {"text": "pear trees"}, "top_k": 3}
    words = search(fruit, {**text, "mode": "lexical"}, version=version)
    assert ids(words) == ["3", "1"]
    assert "embed_total_tokens" not in words.json["usage"]
    assert words.json["result"]["hits"][0].keys() == {"_id", "_score", "fields"}
    fusion = {"method": "rrf", "constant": 20, "depth": 10}
    by_ranks = search(fruit, {**text, "mode": "hybrid", "fusion": fusion}, version=version)
    assert set(ids(by_ranks)) == {"1", "2", "3"}
    assert by_ranks.json["result"]["hits"][0]["_score"] <= 2 / 21 + 1e-6
    for written in ("rrf", {"weight": 0.3}, {}):
        assert len(ids(search(fruit, {**text, "mode": "hybrid", "fusion": written}, version=version))) == 3
    operators = {**text, "inputs": {"text": '"grow on trees" AND NOT pears'}, "mode": "lexical"}
    assert ids(search(fruit, {**operators, "syntax": "query_string"}, version=version)) == ["1"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"mode": "both"}, "mode 'both' is not one of dense, lexical, hybrid"),
        ({"mode": 7}, "query.mode must be a string"),
        ({"mode": "hybrid", "fusion": "best"}, "fusion method 'best' is not one of"),
        ({"mode": "hybrid", "fusion": ["rrf"]}, "query.fusion must be an object"),
        ({"mode": "hybrid", "fusion": {"k": 1}}, "unknown field 'k'"),
        ({"mode": "hybrid", "fusion": {"weight": "heavy"}}, "query.fusion.weight must be a number"),
        ({"mode": "hybrid", "fusion": {"weight": 7}}, "weight of fusion must be a number from 0 to 1: got 7"),
        ({"mode": "lexical", "syntax": "sql"}, "syntax 'sql' is neither"),
        ({"mode": "lexical", "syntax": "query_string", "inputs": {"text": "a AND"}}, "Invalid query_string"),
    ],
)
def test_ways_to_search_that_there_are_not_are_refused(fruit: Client, query: dict[str, Any], told: str) -> None:
    refused(search(fruit, {"inputs": {"text": "pears"}, "top_k": 1, **query}), told)


def test_words_are_found_among_texts_of_a_sparse_model(client: Client) -> None:
    upsert(client, RECORDS, index="counts")
    wanted = {"inputs": {"text": "tree"}, "top_k": 3}
    assert ids(search(client, {**wanted, "mode": "lexical"}, index="counts")) == ["1", "3"]
    refused(search(client, {**wanted, "mode": "hybrid"}, index="counts"), "joins words and dense vectors")
    refused(search(client, {**wanted, "mode": "lexical"}, index="plain"), "no embedding model")
