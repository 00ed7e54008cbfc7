"""The documents API through the server's own router: six operations, their statuses, headers and refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pinyon import engine
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from server.clients import Client, PortAddresses, Reply, WordModels

NEW, ALPHA = "2026-07", "2026-01.alpha"
FIELDS: dict[str, Any] = {
    "emb": {"type": "dense_vector", "dimension": 3, "metric": "cosine"},
    "kw": {"type": "sparse_vector"},
    "title": {"type": "string", "full_text_search": {}},
    "body": {"type": "string", "full_text_search": {"language": "en", "stemming": True}},
}
FILMS: list[dict[str, Any]] = [
    {"_id": "alien", "emb": [1, 0, 0], "title": "Alien", "body": "In space no one can hear you scream", "year": 1979},
    {"_id": "aliens", "emb": [1, 1, 0], "title": "Aliens", "body": "This time it is war, in space", "year": 1986},
    {"_id": "heat", "emb": [0, 1, 0], "title": "Heat", "body": "A crime saga", "year": 1995, "tags": ["crime", "la"]},
    {"_id": "jaws", "emb": [0, 0, 1], "kw": {"indices": [7], "values": [0.5]}, "title": "Jaws", "year": 1975},
]


def call(client: Client, operation: str, body: Any, index: str = "films", **options: Any) -> Reply:
    options.setdefault("version", NEW)
    return client.post(f"/namespaces/ns/documents/{operation}", body, index=index, **options)


def created(client: Client, name: str, fields: Any, version: str = NEW) -> Reply:
    return client.post("/indexes", {"name": name, "schema": {"fields": fields}}, version=version)


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.json
    return [match["_id"] for match in reply.json["matches"]]


def text(query: str, *fields: str) -> dict[str, Any]:
    return {"score_by": [{"type": "text", "query": query, "fields": list(fields)}], "top_k": 10}


def refused(reply: Reply, *fragments: str, status: int = 400) -> None:
    assert reply.status == status, reply.json
    assert reply.json.keys() == {"code", "message", "details"}
    for fragment in fragments:
        assert fragment in reply.message


@pytest.fixture
def films(client: Client) -> Client:
    """The index ``films`` with four documents in the namespace ``ns``."""
    assert created(client, "films", FIELDS).status == 201
    reply = call(client, "upsert", {"documents": FILMS})
    assert (reply.status, reply.json) == (202, {"upserted_count": 4})
    assert int(reply.headers["x-pinecone-request-lsn"]) > 0
    return client


# -- search -----------------------------------------------------------------------------------------------------------


def test_search_by_words_ranks_and_scores(films: Client) -> None:
    reply = call(films, "search", text("war in space", "title", "body"))
    assert ids(reply) == ["aliens", "alien"]
    assert reply.json["namespace"] == "ns"
    assert reply.json["usage"] == {"read_units": 1}
    assert all(match.keys() == {"_id", "_score"} for match in reply.json["matches"])
    assert reply.json["matches"][0]["_score"] > reply.json["matches"][1]["_score"] > 0
    assert int(reply.headers["x-pinecone-max-indexed-lsn"]) > 0


def test_search_with_each_clause(films: Client) -> None:
    for scored, expected in [
        ({"type": "text", "query": "alien", "field": "title"}, ["alien"]),
        ({"type": "query_string", "query": "title:alien* -body:war"}, ["alien"]),
        ({"type": "query_string", "query": 'body:"hear you" OR crime^2'}, ["heat", "alien"]),
        ({"type": "dense_vector", "field": "emb", "values": [0, 0, 1]}, ["jaws", "alien", "aliens", "heat"]),
        ({"type": "dense_vector", "fields": ["emb"], "values": [0.0, 0.0, 1.0]}, ["jaws", "alien", "aliens", "heat"]),
        ({"type": "sparse_vector", "field": "kw", "sparse_values": {"indices": [7], "values": [2]}}, ["jaws"]),
    ]:
        for version in (NEW, ALPHA):
            assert ids(call(films, "search", {"score_by": [scored], "top_k": 10}, version=version)) == expected


def test_search_with_several_clauses_and_a_filter(films: Client) -> None:
    clauses = [
        {"type": "text", "query": "jaws", "fields": ["title"]},
        {"type": "query_string", "query": "body:space"},
    ]
    assert sorted(ids(call(films, "search", {"score_by": clauses, "top_k": 9}))) == ["alien", "aliens", "jaws"]
    old = {"score_by": clauses, "top_k": 9, "filter": {"year": {"$lt": 1980}}}
    assert sorted(ids(call(films, "search", old))) == ["alien", "jaws"]
    phrase = {"score_by": clauses, "top_k": 9, "filter": {"body": {"$match_phrase": "no one"}}}
    assert ids(call(films, "search", phrase)) == ["alien"]


def test_search_gives_back_the_fields_that_are_named(films: Client) -> None:
    body = text("heat", "title")
    [match] = call(films, "search", {**body, "include_fields": ["title", "year"]}).json["matches"]
    assert {name: match[name] for name in match if name != "_score"} == {"_id": "heat", "title": "Heat", "year": 1995}
    [match] = call(films, "search", {**body, "include_fields": ["*"]}).json["matches"]
    assert {name: match[name] for name in match if name != "_score"} == {**FILMS[2], "emb": [0.0, 1.0, 0.0]}


def test_search_in_an_unknown_namespace_finds_nothing(films: Client) -> None:
    reply = films.post("/namespaces/other/documents/search", text("heat", "title"), index="films", version=NEW)
    assert (reply.status, reply.json["matches"], reply.json["namespace"]) == (200, [], "other")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**text("x", "title"), "top_k": 0}, "top_k 0 is out of range"),
        ({**text("x", "title"), "top_k": 10_001}, "top_k 10001 is out of range"),
        ({"score_by": [{"type": "dense_vector", "field": "emb", "values": [1]}], "top_k": 1}, "Vector dimension 1"),
        (
            {"score_by": [{"type": "query_string", "query": "title:(x"}], "top_k": 1},
            "Invalid query_string at character",
        ),
        (text("x", "nowhere"), "Field 'nowhere' has no full-text search. Full-text fields here: body, title"),
        ({**text("x", "title"), "filter": {"title": "x"}}, "Field 'title' is declared for search"),
        ({**text("x", "title"), "filter": {"year": {"$match_any": "x"}}}, "'year' is none"),
        (
            {
                "score_by": [
                    {"type": "text", "query": "x", "field": "title"},
                    {"type": "dense_vector", "field": "emb", "values": [1, 0, 0]},
                ],
                "top_k": 1,
            },
            "must appear alone",
        ),
    ],
)
def test_searches_that_are_refused(films: Client, body: Any, message: str) -> None:
    refused(call(films, "search", body), message)


# -- fetch and list ---------------------------------------------------------------------------------------------------


def test_fetch_by_id(films: Client) -> None:
    reply = call(films, "fetch", {"ids": ["jaws", "unknown"]})
    assert reply.json == {
        "documents": {"jaws": {**FILMS[3], "emb": [0.0, 0.0, 1.0]}},
        "namespace": "ns",
        "usage": {"read_units": 1},
    }
    reply = call(films, "fetch", {"ids": ["jaws"], "include_fields": ["year"]}, version=ALPHA)
    assert reply.json["documents"] == {"jaws": {"_id": "jaws", "year": 1975}}


def test_fetch_by_filter_goes_page_by_page(films: Client) -> None:
    body = {"filter": {"year": {"$gt": 1970}}, "include_fields": ["title"], "limit": 3}
    first = call(films, "fetch", body).json
    assert list(first["documents"]) == ["alien", "aliens", "heat"]
    second = call(films, "fetch", {**body, "pagination_token": first["pagination"]["next"]}).json
    assert second["documents"] == {"jaws": {"_id": "jaws", "title": "Jaws"}}
    assert "pagination" not in second
    everything = call(films, "fetch", {"filter": {"body": {"$match_any": "space crime"}}}).json
    assert list(everything["documents"]) == ["alien", "aliens", "heat"]
    refused(call(films, "fetch", {**body, "limit": 10_001}), "limit 10001 is out of range")
    refused(call(films, "fetch", {**body, "pagination_token": "nonsense"}), "is not one that this index gave")


def test_list_goes_page_by_page(films: Client) -> None:
    first = call(films, "list", {"prefix": "a", "limit": 1}).json
    assert (first["documents"], first["namespace"], first["usage"]) == ([{"_id": "alien"}], "ns", {"read_units": 1})
    second = call(films, "list", {"prefix": "a", "limit": 1, "pagination_token": first["pagination"]["next"]}).json
    assert second["documents"] == [{"_id": "aliens"}]
    assert "pagination" not in second
    whole = call(films, "list", None).json
    assert [document["_id"] for document in whole["documents"]] == ["alien", "aliens", "heat", "jaws"]
    refused(call(films, "list", {"limit": 101}), "limit 101 is out of range")
    refused(call(films, "list", {"limit": 0}), "limit 0 is out of range")
    refused(call(films, "list", {"prefix": "é"}), "must be ASCII")


# -- update and delete ------------------------------------------------------------------------------------------------


def test_update_by_id(films: Client) -> None:
    patches = [{"_id": "heat", "title": "Heat (1995)", "_remove_fields": ["tags"]}, {"_id": "unknown", "year": 1}]
    reply = call(films, "update", {"documents": patches})
    assert (reply.status, reply.json) == (202, {})
    document = call(films, "fetch", {"ids": ["heat", "unknown"]}).json["documents"]
    assert document == {
        "heat": {
            "_id": "heat",
            "emb": [0.0, 1.0, 0.0],
            "title": "Heat (1995)",
            "body": "A crime saga",
            "year": 1995,
        }
    }
    refused(call(films, "update", {"documents": [{"_id": "heat", "year": None}]}), "is null")


def test_update_by_filter_counts_what_it_matched(films: Client) -> None:
    body = {"filter": {"year": {"$lt": 1980}}, "set_fields": {"old": True}, "remove_fields": ["year"]}
    reply = call(films, "update", body)
    assert (reply.status, reply.json) == (202, {"matched_records": 2})
    assert list(call(films, "fetch", {"filter": {"old": True}}).json["documents"]) == ["alien", "jaws"]
    assert call(films, "update", body).json == {"matched_records": 0}
    words = {"filter": {"title": {"$match_any": "heat"}}, "set_fields": {"x": 1}}
    refused(call(films, "update", words), "only search and fetch do")


def test_deletes_by_id_by_filter_and_of_everything(films: Client) -> None:
    reply = call(films, "delete", {"ids": ["alien", "unknown"]})
    assert (reply.status, reply.json) == (202, {})
    reply = call(films, "delete", {"filter": {"year": {"$gt": 1990}}})
    assert (reply.status, reply.json) == (202, {"matched_records": 1})
    refused(call(films, "delete", {"filter": {"title": {"$match_any": "jaws"}}}), "only search and fetch do")
    refused(call(films, "delete", {}), "exactly one of")
    reply = call(films, "delete", {"delete_all": True}, version=ALPHA)
    assert (reply.status, reply.json) == (202, {})
    assert call(films, "list", {}).json["documents"] == []


def test_a_reader_who_waits_for_a_writes_lsn_sees_it(films: Client) -> None:
    for operation, body in [
        ("upsert", {"documents": [FILMS[0]]}),
        ("update", {"documents": [{"_id": "unknown", "x": 1}]}),
        ("delete", {"ids": ["unknown"]}),
        ("delete", {"filter": {"year": 1}}),
    ]:
        written = int(call(films, operation, body).headers["x-pinecone-request-lsn"])
        seen = int(call(films, "search", text("alien", "title")).headers["x-pinecone-max-indexed-lsn"])
        assert seen >= written


# -- namespaces, keys and limits --------------------------------------------------------------------------------------


def test_the_default_namespace_is_spelled_out(films: Client) -> None:
    path = "/namespaces/__default__/documents/"
    films.post(path + "upsert", {"documents": FILMS[:1]}, index="films", version=NEW)
    reply = films.post(path + "list", {}, index="films", version=NEW)
    assert (reply.json["documents"], reply.json["namespace"]) == ([{"_id": "alien"}], "__default__")
    refused(films.post("/namespaces/%20/documents/list", {}, index="films", version=NEW), "non-empty string")


def test_a_key_may_be_limited_to_a_namespace(films: Client) -> None:
    films.keys["reader"] = Principal("r", ("DataPlaneViewer",), namespace="ns")
    assert ids(call(films, "search", text("heat", "title"), key="reader")) == ["heat"]
    other = films.post("/namespaces/other/documents/list", {}, index="films", version=NEW, key="reader")
    refused(other, "may use namespace 'ns' only", status=403)
    refused(call(films, "delete", {"delete_all": True}, key="reader"), "may not do data:write", status=403)


@pytest.fixture
def settings() -> Settings:
    return replace(Settings(), requests=RequestLimits(documents=4, ids=3, decoded_bytes=20_000))


def test_requests_have_limits(films: Client) -> None:
    refused(call(films, "upsert", {"documents": [{"_id": f"{at}"} for at in range(5)]}), "5 documents in one request")
    refused(call(films, "update", {"documents": [{"_id": f"{at}"} for at in range(5)]}), "5 documents in one request")
    refused(call(films, "fetch", {"ids": ["a", "b", "c", "d"]}), "4 ids in one request are more than 3")
    refused(call(films, "delete", {"ids": ["a", "b", "c", "d"]}), "4 ids in one request are more than 3")
    large = {"documents": [{"_id": "a", "emb": [1, 0, 0], "body": "x " * 11_000}]}
    refused(call(films, "upsert", large), "at most 20,000 bytes", status=413)


@pytest.mark.parametrize(
    "document",
    [
        {"_id": "a", "emb": [1, 2]},
        {"_id": "a", "emb": {"x": [1]}},
        {"_id": "a", "emb": [1, 0, 0], "kw": {"indices": 5}},
        {"_id": "a", "emb": [1, 0, 0], "title": {"en": "x"}},
        {"_id": "a", "emb": [1, 0, 0], "deep": [[[1]]]},
        {"_id": "a" * 513, "emb": [1, 0, 0]},
        {"_id": ["a"], "emb": [1, 0, 0]},
        {"emb": [1, 0, 0]},
        {},
    ],
)
def test_odd_documents_are_refused_and_nothing_is_written(films: Client, document: dict[str, Any]) -> None:
    refused(call(films, "upsert", {"documents": [{**FILMS[0], "_id": "good"}, document]}))
    assert call(films, "fetch", {"ids": ["good"]}).json["documents"] == {}


# -- other indexes ----------------------------------------------------------------------------------------------------


def test_texts_are_embedded_and_the_words_are_counted(client: Client, models: WordModels) -> None:
    fields = {"body": {"type": "string", "embed": {"model": "words"}, "sparse_embed": {"model": "word-counts"}}}
    assert created(client, "notes", fields).status == 201
    reply = call(client, "upsert", {"documents": [{"_id": "a", "body": "two words"}]}, "notes")
    assert reply.json == {"upserted_count": 1, "usage": {"embed_total_tokens": 4}}
    for kind in ("embed", "sparse_embed"):
        body = {"score_by": [{"type": kind, "field": "body", "query": "two"}], "top_k": 1, "include_fields": ["*"]}
        found = call(client, "search", body, "notes").json
        assert [match["body"] for match in found["matches"]] == ["two words"]
        assert found["usage"] == {"read_units": 1, "embed_total_tokens": 1}
    reply = call(client, "update", {"documents": [{"_id": "a", "body": "three more words"}]}, "notes")
    assert reply.json == {"usage": {"embed_total_tokens": 6}}


def test_an_index_of_vectors_takes_documents(client: Client) -> None:
    fields = {"_values": {"type": "dense_vector", "dimension": 2, "metric": "dotproduct"}}
    assert created(client, "vectors", fields).status == 201
    document = {"_id": "a", "_values": [1.0, 2.0], "x": "y"}
    assert call(client, "upsert", {"documents": [document]}, "vectors").status == 202
    assert call(client, "fetch", {"ids": ["a"]}, "vectors").json["documents"] == {"a": document}
    by_vector = {"score_by": [{"type": "dense_vector", "field": "_values", "values": [1, 1]}], "top_k": 1}
    assert call(client, "search", by_vector, "vectors").json["matches"] == [{"_id": "a", "_score": 3.0}]
    reply = client.get("/vectors/fetch", index="vectors", query={"ids": "a", "namespace": "ns"})
    assert reply.json["vectors"]["a"] == {"id": "a", "values": [1.0, 2.0], "metadata": {"x": "y"}}


def test_declared_metadata_of_the_alpha_dialect(client: Client) -> None:
    fields = {"text": FIELDS["title"], "year": {"type": "float", "filterable": True}}
    assert created(client, "old", fields, ALPHA).status == 201
    call(client, "upsert", {"documents": [{"_id": "a", "text": "ancient Rome", "year": 100}]}, "old", version=ALPHA)
    body = text("ancient Rome", "text", "year") | {"include_fields": ["text", "year"]}
    [match] = call(client, "search", body, "old", version=ALPHA).json["matches"]
    assert (match["text"], match["year"]) == ("ancient Rome", 100)


# -- anything at all --------------------------------------------------------------------------------------------------

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "title", "emb", "*", "x:(y", "é\0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["_id", "$or", "$match_any", "indices", "values", "title"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
_clauses = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "query_string", "dense_vector", "sparse_vector", "embed", "odd"])},
    optional=dict.fromkeys(("query", "field", "fields", "values", "sparse_values"), _values),
)
_documents = st.fixed_dictionaries(
    {"_id": st.sampled_from(["a", "b", "", 5])},
    optional=dict.fromkeys(("emb", "kw", "title", "body", "x", "_remove_fields"), _values)
    | {"emb": st.just([1, 2, 3])},
)
_OTHERS = ("set_fields", "remove_fields", "include_fields", "limit", "prefix", "pagination_token", "delete_all")
_bodies = st.fixed_dictionaries(
    {},
    optional={
        "documents": st.lists(_documents, max_size=3) | _values,
        "score_by": st.lists(_clauses, max_size=2) | _values,
        "top_k": st.integers(-1, 20) | _values,
        "ids": st.lists(st.sampled_from(["a", "b"]), max_size=3) | _values,
        "filter": st.dictionaries(st.sampled_from(["title", "x", "$and", "emb"]), _values, max_size=2) | _values,
        **dict.fromkeys(_OTHERS, _values),
    },
)


@examples(max_examples=400)
@given(
    operation=st.sampled_from(["upsert", "search", "fetch", "list", "update", "delete"]),
    body=_bodies,
    version=st.sampled_from([NEW, ALPHA]),
)
def test_whatever_is_sent_the_answer_is_no_failure(operation: str, body: Any, version: str) -> None:
    with engine.Database(":memory:") as database:
        client = Client(Service(Settings(), database, WordModels(), PortAddresses()))
        created(client, "films", FIELDS)
        call(client, "upsert", {"documents": FILMS})
        reply = call(client, operation, body, version=version)
        assert reply.status in (200, 202, 400, 404), (reply.status, reply.json)
