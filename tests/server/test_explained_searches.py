"""``explain`` and ``exact`` in searches over REST: the plan in the answer, and answers that score every record."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from pinyon.engine.embedding import embed_spec
from pinyon.server.service import Service
from pinyon.types import IndexSpec
from pinyon.wire.versions import KNOWN
from server.clients import Client, Reply, WordModels

PLAN = {
    "kind",
    "reason",
    "records",
    "matching",
    "candidates",
    "exact",
    "milliseconds",
    "recall",
    "low",
    "high",
    "label",
    "effort",
    "shortage",
    "fusion",
}
FIELDS = {
    "emb": {"type": "dense_vector", "dimension": 3, "metric": "cosine"},
    "title": {"type": "string", "full_text_search": {}},
}


def ok(reply: Reply) -> Any:
    assert reply.status == 200, reply.json
    return reply.json


@pytest.fixture(autouse=True)
def _indexes(service: Service, models: WordModels, client: Client) -> None:
    """``many`` has codes, ``fruit`` embeds text, ``papers`` holds documents."""
    service.database.create_index(IndexSpec("many", 16, "cosine", kind="scan"))
    embed = embed_spec(models, {"model": "words", "field_map": {"text": "text"}})
    service.database.create_index(IndexSpec("fruit", embed.dimension, embed.metric, embed=embed))
    records = [{"_id": str(n), "text": text} for n, text in enumerate(["pears grow on trees", "apples too", "cars"])]
    body = b"\n".join(map(orjson.dumps, records))
    headers = {"content-type": "application/x-ndjson"}
    client.request("POST", "/records/namespaces/ns/upsert", body=body, index="fruit", headers=headers)
    made = {"name": "papers", "schema": {"fields": FIELDS}}
    assert client.post("/indexes", made, version="2026-07").status == 201
    documents = [{"_id": "a", "emb": [1, 0, 0], "title": "pears"}, {"_id": "b", "emb": [0, 1, 0], "title": "cars"}]
    client.post("/namespaces/ns/documents/upsert", {"documents": documents}, index="papers", version="2026-07")


def fill(service: Service, n: int = 5_000) -> None:
    index = service.database.index("many")
    rng = np.random.default_rng(3)
    index.upsert("", [str(n) for n in range(n)], rng.standard_normal((n, 16)), metadata=[{"n": n} for n in range(n)])
    assert index.ready(timeout=60)


@pytest.mark.parametrize("version", [None, *KNOWN])
def test_a_query_tells_its_plan_when_it_is_asked(client: Client, service: Service, version: str | None) -> None:
    service.database.index("many").upsert("", ["a", "b"], np.eye(2, 16), metadata=[{"n": 1}, {"n": 2}])
    body = {"topK": 1, "vector": [1.0] * 16, "filter": {"n": 1}}
    plain = ok(client.post("/query", body, index="many", version=version))
    assert "plan" not in plain
    told = ok(client.post("/query", {**body, "explain": True}, index="many", version=version))
    plan = told.pop("plan")
    assert told == plain
    assert plan.keys() == PLAN
    assert (plan["records"], plan["matching"], plan["exact"], plan["kind"]) == (2, 1, True, "gather")
    assert (plan["recall"], plan["low"], plan["high"], plan["label"]) == (1.0, 1.0, 1.0, "exact")
    assert set(plan["milliseconds"]) == {"catch up", "filter", "search", "fetch"}
    assert (plan["effort"], plan["shortage"], plan["fusion"]) == (1.0, "", None)


def test_the_units_of_an_explained_query_are_still_its_last_word(client: Client) -> None:
    """What counts units looks at the end of an answer."""
    reply = client.post("/query", {"topK": 1, "vector": [1.0] * 16, "explain": True}, index="many")
    assert reply.body.endswith(b'"usage":{"readUnits":1}}')
    assert ok(reply)["plan"] is None, "nothing was searched: the namespace does not exist"


def test_an_exact_query_scores_every_record(client: Client, service: Service) -> None:
    fill(service)
    body = {"topK": 10, "vector": np.ones(16).tolist(), "explain": True}
    usual = ok(client.post("/query", body, index="many"))
    exact = ok(client.post("/query", {**body, "exact": True}, index="many"))
    assert (usual["plan"]["kind"], usual["plan"]["exact"], usual["plan"]["label"]) == ("scan", False, "estimate")
    assert (exact["plan"]["kind"], exact["plan"]["exact"], exact["plan"]["candidates"]) == ("exact", True, 5_000)
    rows = np.random.default_rng(3).standard_normal((5_000, 16))
    cosines = rows @ np.ones(16) / np.linalg.norm(rows, axis=1) / 4.0
    assert [match["id"] for match in exact["matches"]] == [str(n) for n in np.argsort(-cosines)[:10]]


@pytest.mark.parametrize("version", KNOWN)
def test_a_search_of_records_tells_its_plan_and_both_scores(client: Client, version: str) -> None:
    path = "/records/namespaces/ns/search"
    query = {"top_k": 2, "inputs": {"text": "pears trees"}, "mode": "hybrid"}
    plain = ok(client.post(path, {"query": query}, index="fruit", version=version))
    told = ok(client.post(path, {"query": query, "explain": True, "exact": True}, index="fruit", version=version))
    assert told["plan"].keys() == PLAN
    assert (told["plan"]["kind"], told["plan"]["fusion"]["method"]) == ("hybrid", "adaptive")
    hits = told["result"]["hits"]
    assert [hit.pop("_parts").keys() for hit in hits] == [{"dense", "lexical"}] * 2
    assert hits == plain["result"]["hits"]
    assert "plan" not in plain
    by_vectors = ok(client.post(path, {"query": {"top_k": 1, "id": "0"}, "explain": True}, index="fruit"))
    assert by_vectors["plan"]["kind"] == "exact"
    assert by_vectors["result"]["hits"][0].keys() == {"_id", "_score", "fields"}


def test_a_search_of_records_may_be_exact(client: Client) -> None:
    body = {"query": {"top_k": 1, "inputs": {"text": "cars"}}, "exact": True, "explain": True}
    plan = ok(client.post("/records/namespaces/ns/search", body, index="fruit"))["plan"]
    assert plan["reason"] == "exact search was asked for"


@pytest.mark.parametrize(
    ("clause", "kind", "reason"),
    [
        ({"type": "text", "query": "pears", "fields": ["title"]}, "text", "every record that holds the words"),
        ({"type": "dense_vector", "field": "emb", "values": [1, 0, 0]}, "exact", "exact search was asked for"),
    ],
)
def test_a_search_of_documents_tells_its_plan(client: Client, clause: Any, kind: str, reason: str) -> None:
    body = {"score_by": [clause], "top_k": 1, "exact": True}
    path = "/namespaces/ns/documents/search"
    assert "plan" not in ok(client.post(path, body, index="papers", version="2026-07"))
    plan = ok(client.post(path, {**body, "explain": True}, index="papers", version="2026-07"))["plan"]
    assert plan.keys() == PLAN
    assert (plan["kind"], plan["reason"], plan["records"]) == (kind, reason, 2)


@pytest.mark.parametrize("field", ["explain", "exact"])
def test_neither_is_anything_but_true_or_false(client: Client, field: str) -> None:
    query = client.post("/query", {"topK": 1, "vector": [1.0] * 16, field: "yes"}, index="many")
    records = client.post("/records/namespaces/ns/search", {"query": {"top_k": 1, "id": "0"}, field: 1}, index="fruit")
    text = {"score_by": [{"type": "text", "query": "x", "fields": ["title"]}], "top_k": 1, field: []}
    documents = client.post("/namespaces/ns/documents/search", text, index="papers", version="2026-07")
    for reply in (query, records, documents):
        assert reply.status == 400
        assert f"{field} must be true or false" in reply.message
