"""The namespaces API through the server's own router: create, describe, list, delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon import engine
from pinyon.server.roles import Principal
from pinyon.server.routes import namespaces
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from pinyon.wire.versions import KNOWN
from server.clients import Client, PortAddresses, Reply, WordModels

SCHEMA = {"fields": {"genre": {"filterable": True}, "year": {"filterable": True}}}


@pytest.fixture(autouse=True)
def _indexes(service: Service) -> None:
    service.database.create_index(IndexSpec("films", 3, "cosine"))
    service.database.create_index(
        IndexSpec(
            "strict",
            3,
            "cosine",
            deployment={"serverless": {"cloud": "aws", "region": "us-east-1", "schema": SCHEMA}},
        )
    )
    service.database.create_index(
        IndexSpec("papers", 3, "cosine", schema={"emb": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}})
    )


def ok(reply: Reply) -> Any:
    assert reply.status == 200, reply.json
    return reply.json


def fails(reply: Reply, status: int, code: int, *fragments: str) -> None:
    assert (reply.status, reply.json["code"]) == (status, code), reply
    assert reply.json == {"code": code, "message": reply.message, "details": []}
    for fragment in fragments:
        assert fragment in reply.message


def fill(client: Client, *names: str, index: str = "films", count: int = 1) -> None:
    for name in names:
        records = [{"id": f"r{at:03}", "values": [1, 0, at], "metadata": {"genre": "action"}} for at in range(count)]
        ok(client.post("/vectors/upsert", {"vectors": records, "namespace": name}, index=index))


def names(client: Client, query: str = "", version: str = "2025-10") -> list[str]:
    return [
        item["name"] for item in ok(client.get(f"/namespaces{query}", index="films", version=version))["namespaces"]
    ]


# -- describing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
def test_a_namespace_with_records_is_described_and_listed_in_every_version(client: Client, version: str) -> None:
    fill(client, "n", count=3)
    described = ok(client.get("/namespaces/n", index="films", version=version))
    assert (described["name"], described["record_count"]) == ("n", 3)
    assert type(described["record_count"]) is int
    assert ok(client.get("/namespaces", index="films", version=version))["namespaces"] == [described]


def test_a_namespace_without_a_schema_has_no_such_keys(client: Client) -> None:
    fill(client, "n")
    assert ok(client.get("/namespaces/n", index="films", version="2026-04")) == {"name": "n", "record_count": 1}


def test_2026_07_tells_about_how_many_bytes_a_namespace_holds(client: Client) -> None:
    fill(client, "n", count=50)
    weight = len("r000") + 3 * 4 + len(b'{"genre":"action"}')
    described = ok(client.get("/namespaces/n", index="films", version="2026-07"))
    assert described["size_bytes"] == 50 * weight
    ok(client.post("/namespaces", {"name": "empty"}, index="films"))
    assert ok(client.get("/namespaces/empty", index="films", version="2026-07"))["size_bytes"] == 0


def test_the_default_namespace_is_described_and_listed_by_the_name_that_fits_into_a_path(client: Client) -> None:
    fill(client, "", "n")
    assert names(client) == ["__default__", "n"]
    for path in ("/namespaces/__default__", "/namespaces/"):
        assert ok(client.get(path, index="films")) == {"name": "__default__", "record_count": 1}
    assert names(client, version="2025-04") == ["__default__", "n"]


def test_a_namespace_that_does_not_exist_is_a_404(client: Client) -> None:
    for path in ("/namespaces/none", "/namespaces/__default__"):
        fails(client.get(path, index="films"), 404, 5, "does not exist in index 'films'")
        fails(client.delete(path, index="films"), 404, 5, "does not exist in index 'films'")


@pytest.mark.parametrize("name", ["a/b", "a b", "100%", "..", ".", "?x", "a&b", "+", "x" * 512])
def test_a_name_may_hold_anything_that_a_path_can_say(client: Client, name: str) -> None:
    assert ok(client.post("/namespaces", {"name": name}, index="films"))["name"] == name
    path = f"/namespaces/{quote(name, safe='')}"
    assert ok(client.get(path, index="films"))["name"] == name
    assert ok(client.delete(path, index="films")) == {}
    assert client.get(path, index="films").status == 404


# -- creating ---------------------------------------------------------------------------------------------------------


def test_a_created_namespace_is_empty_and_stays(client: Client) -> None:
    created = ok(client.post("/namespaces", {"name": "fresh", "schema": SCHEMA}, index="films", version="2025-10"))
    assert created == {
        "name": "fresh",
        "record_count": 0,
        "schema": SCHEMA,
        "indexed_fields": {"fields": ["genre", "year"]},
    }
    fill(client, "fresh")
    ok(client.post("/vectors/delete", {"deleteAll": True, "namespace": "fresh"}, index="films"))
    assert ok(client.get("/namespaces/fresh", index="films", version="2025-10")) == created


def test_a_namespace_without_a_schema_has_that_of_its_index(client: Client) -> None:
    created = ok(client.post("/namespaces", {"name": "n"}, index="strict", version="2025-10"))
    assert created["schema"] == SCHEMA
    fill(client, "by writing", index="strict")
    described = ok(client.get("/namespaces/by%20writing", index="strict", version="2025-10"))
    assert described["indexed_fields"] == {"fields": ["genre", "year"]}
    own = {"fields": {"lang": {"filterable": True}}}
    made = ok(client.post("/namespaces", {"name": "own", "schema": own}, index="strict", version="2025-10"))
    assert made["schema"] == own


def test_a_namespace_that_exists_is_a_409(client: Client) -> None:
    fill(client, "written")
    ok(client.post("/namespaces", {"name": "made"}, index="films"))
    for name in ("written", "made"):
        fails(client.post("/namespaces", {"name": name}, index="films"), 409, 6, "already exists")


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ({}, "name is missing"),
        ({"name": None}, "name is missing"),
        ({"name": 5}, "name must be a string"),
        ({"name": ""}, "must not be empty"),
        ({"name": "__default__"}, "__default__ is reserved"),
        ({"name": "é"}, "must be ASCII"),
        ({"name": "a\0"}, "null"),
        ({"name": "x" * 513}, "at most 512"),
        ({"name": "n", "schema": "genre"}, "schema must be an object"),
        ({"name": "n", "schema": {"fields": {"genre": {"filterable": False}}}}, "Only filterable: true is supported"),
        ({"name": "n", "schema": {"fields": {"": {"filterable": True}}}}, "no name of a metadata field"),
    ],
)
def test_a_bad_namespace_is_not_made(client: Client, body: dict[str, Any], fragment: str) -> None:
    fails(client.post("/namespaces", body, index="films"), 400, 3, fragment)
    assert names(client) == []


# -- listing ----------------------------------------------------------------------------------------------------------


def test_namespaces_are_listed_bytewise_page_by_page(client: Client) -> None:
    fill(client, "b", "a", "", "B", "c")
    found: list[str] = []
    query = "?limit=2"
    for _ in range(9):
        page = ok(client.get(f"/namespaces{query}", index="films", version="2025-10"))
        assert page["total_count"] == 5
        found += [item["name"] for item in page["namespaces"]]
        if "pagination" not in page:
            break
        query = f"?limit=2&paginationToken={quote(page['pagination']['next'])}"
    assert found == ["__default__", "B", "a", "b", "c"]


def test_the_page_after_the_default_namespace_begins_behind_it(client: Client) -> None:
    fill(client, "", "a")
    first = ok(client.get("/namespaces?limit=1", index="films"))
    assert names(client, f"?paginationToken={quote(first['pagination']['next'])}") == ["a"]


def test_a_prefix_chooses_and_counts(client: Client) -> None:
    fill(client, "test-1", "test-2", "other", "")
    page = ok(client.get("/namespaces?prefix=test-&limit=1", index="films", version="2025-10"))
    assert [item["name"] for item in page["namespaces"]] == ["test-1"]
    assert page["total_count"] == 2


def test_no_namespaces_are_an_empty_list(client: Client) -> None:
    assert ok(client.get("/namespaces", index="films", version="2025-04")) == {"namespaces": []}
    assert ok(client.get("/namespaces", index="films", version="2025-10")) == {"namespaces": [], "total_count": 0}


@pytest.mark.parametrize(
    ("query", "fragment"),
    [
        ("?limit=0", "limit 0 is out of range. Use 1 to 100"),
        ("?limit=101", "Use 1 to 100"),
        ("?limit=x", "must be a whole number"),
        ("?paginationToken=x", "pagination token 'x'"),
        ("?prefix=%C3%A9", "must be ASCII"),
        ("?prefix=" + "x" * 513, "at most 512"),
        ("?prefix=a&prefix=b", "prefix is given 2 times"),
    ],
)
def test_bad_query_strings_are_refused(client: Client, query: str, fragment: str) -> None:
    fails(client.get(f"/namespaces{query}", index="films"), 400, 3, fragment)


# -- deleting ---------------------------------------------------------------------------------------------------------


def test_deleting_a_namespace_takes_its_records_and_no_others(client: Client) -> None:
    fill(client, "n", "other")
    reply = client.delete("/namespaces/n", index="films")
    assert ok(reply) == {}
    assert int(reply.headers["x-pinecone-request-lsn"]) == 3
    assert names(client) == ["other"]
    assert ok(client.get("/vectors/list?namespace=n", index="films"))["vectors"] == []


# -- who may, and where -----------------------------------------------------------------------------------------------


def test_a_key_for_one_namespace_sees_and_deletes_only_that_one(client: Client) -> None:
    client.keys["mine"] = Principal("k", ("DataPlaneEditor",), namespace="mine")
    fill(client, "mine", "other")
    assert ok(client.get("/namespaces/mine", index="films", key="mine"))["record_count"] == 1
    fails(client.get("/namespaces/other", index="films", key="mine"), 403, 7)
    fails(client.delete("/namespaces/other", index="films", key="mine"), 403, 7)
    fails(client.get("/namespaces", index="films", key="mine"), 403, 7)
    fails(client.post("/namespaces", {"name": "more"}, index="films", key="mine"), 403, 7)
    ok(client.delete("/namespaces/mine", index="films", key="mine"))


def test_an_index_of_documents_has_namespaces_too(client: Client) -> None:
    papers = client.service.database.index("papers")
    papers.upsert("", ["a"], [[1.0, 0.0, 0.0]])
    assert ok(client.get("/namespaces/__default__", index="papers"))["record_count"] == 1
    assert ok(client.post("/namespaces", {"name": "n"}, index="papers"))["name"] == "n"
    listed = ok(client.get("/namespaces", index="papers"))["namespaces"]
    assert [item["name"] for item in listed] == ["__default__", "n"]
    assert ok(client.delete("/namespaces/__default__", index="papers")) == {}
    fails(client.post("/namespaces", {"name": "__default__"}, index="papers"), 400, 3, "reserved")


def test_the_main_address_has_no_namespaces(client: Client) -> None:
    fails(client.get("/namespaces"), 404, 5, "/indexes/<name>")
    fails(client.get("/namespaces", index="none"), 404, 5)


# -- anything at all --------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["fields", "filterable", "name"]) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Client]:
    """A server that all the examples of a property share."""
    with engine.Database(":memory:") as database:
        database.create_index(IndexSpec("films", 3, "cosine"))
        yield Client(Service(Settings(), database, WordModels(), PortAddresses()))


@given(
    st.sampled_from(namespaces.ROUTES),
    st.text(max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(max_size=4) | json_values,
            "schema": st.fixed_dictionaries({"fields": st.dictionaries(st.text(max_size=3), json_values)})
            | json_values,
        },
    )
    | json_values,
    st.lists(
        st.tuples(
            st.sampled_from(["limit", "prefix", "paginationToken"]) | st.text(max_size=3),
            st.text(max_size=6) | st.sampled_from(["5", "cDE6YQ=="]),
        ),
        max_size=3,
    ),
    st.sampled_from(KNOWN),
)
def test_anything_gives_an_answer_or_a_refusal(
    lasting: Client, route: Any, name: str, body: Any, query: list[tuple[str, str]], version: str
) -> None:
    reply = lasting.request(
        route.method,
        route.path.replace("{namespace}", quote(name, safe="")),
        body=orjson.dumps(body),
        query=query,
        index="films",
        version=version,
    )
    assert reply.status < 500, reply.json
    if reply.status >= 400:
        assert set(reply.json) == {"code", "message", "details"}
        assert 0 < len(reply.message) < 2_000
