"""Indexes over the control plane: what one client makes, a client of any version finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pinyon.errors import CorruptionError
from pinyon.server.jobs import Jobs
from pinyon.server.roles import OWNER
from pinyon.server.service import Service
from pinyon.wire.versions import KNOWN, VERSIONS
from server.clients import Client, WordEmbedder, WordModels
from wire.index_shapes import check_index

HERE = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
DENSE: dict[str, Any] = {"name": "films", "dimension": 3, "metric": "cosine", "spec": HERE}
VECTORS = {"_values": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}}
DEDICATED = {
    "mode": "Dedicated",
    "dedicated": {"node_type": "b1", "scaling": "Manual", "manual": {"shards": 1, "replicas": 2}},
}
DOCUMENTS = {
    "place": {"type": "dense_vector", "dimension": 3, "metric": "euclidean"},
    "terms": {"type": "sparse_vector"},
    "title": {"type": "string", "full_text_search": {"language": "english", "stemming": True}},
}
FOR_MODEL: dict[str, Any] = {
    "name": "films",
    "cloud": "aws",
    "region": "us-east-1",
    "embed": {"model": "words", "field_map": {"text": "body"}},
}

Request = tuple[str, dict[str, Any], str]

MADE: dict[str, Request] = {
    "dense": ("/indexes", DENSE, "2025-04"),
    "sparse": ("/indexes", {"name": "films", "vector_type": "sparse", "spec": HERE}, "2025-04"),
    "pod": ("/indexes", DENSE | {"spec": {"pod": {"environment": "us-east-1-aws", "pods": 2}}}, "2025-01"),
    "byoc": ("/indexes", DENSE | {"spec": {"byoc": {"environment": "aws-b921"}}}, "2026-04"),
    "serverless, dedicated": (
        "/indexes",
        DENSE | {"spec": {"serverless": {**HERE["serverless"], "read_capacity": DEDICATED}}},
        "2025-10",
    ),
    "with a metadata schema": (
        "/indexes",
        DENSE | {"spec": {"serverless": {**HERE["serverless"], "schema": {"fields": {"g": {"filterable": True}}}}}},
        "2025-10",
    ),
    "embedded": ("/indexes/create-for-model", FOR_MODEL, "2025-01"),
    "embedded, sparse": (
        "/indexes/create-for-model",
        FOR_MODEL | {"embed": {"model": "word-counts", "field_map": {"text": "body"}}},
        "2025-04",
    ),
    "embedded, flat body": (
        "/indexes/create-for-model",
        {"name": "films", "model": "words", "field": "body"},
        "2026-07",
    ),
    "dense by schema": ("/indexes", {"name": "films", "schema": {"fields": VECTORS}}, "2026-07"),
    "hybrid by schema": (
        "/indexes",
        {"name": "films", "schema": {"fields": {**VECTORS, "_sparse_values": {"type": "sparse_vector"}}}},
        "2026-07",
    ),
    "documents": ("/indexes", {"name": "films", "schema": {"fields": DOCUMENTS}}, "2026-07"),
    "documents of text": (
        "/indexes",
        {"name": "films", "schema": {"fields": {"title": DOCUMENTS["title"]}}},
        "2026-07",
    ),
    "documents, embedded": (
        "/indexes",
        {"name": "films", "schema": {"fields": {"body": {"type": "string", "embed": {"model": "words"}}}}},
        "2026-07",
    ),
    "documents of the first version": (
        "/indexes",
        {"name": "films", "schema": {"fields": {**DOCUMENTS, "year": {"type": "float", "filterable": True}}}},
        "2026-01.alpha",
    ),
    "managed, dedicated": (
        "/indexes",
        {"name": "films", "schema": {"fields": VECTORS}, "read_capacity": DEDICATED},
        "2026-07",
    ),
}


def make(client: Client, kind: str = "dense", **changes: Any) -> dict[str, Any]:
    path, body, version = MADE[kind]
    reply = client.post(path, body | changes, version=version)
    assert reply.status == 201, reply.json
    check_index(reply.json, version)
    return dict(reply.json)


# -- every kind in every dialect --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize("kind", MADE)
def test_an_index_is_described_listed_and_configured_in_every_dialect(client: Client, kind: str, version: str) -> None:
    made = make(client, kind)
    described = client.get("/indexes/films", version=version)
    assert described.status == 200
    check_index(described.json, version)
    assert described.json["host"] == made["host"]
    assert client.get("/indexes", version=version).json == {"indexes": [described.json]}
    configured = client.patch("/indexes/films", {"tags": {"seen": "by"}}, version=version)
    assert configured.status == 202
    assert configured.json == described.json | {"tags": {"seen": "by"}}


@pytest.mark.parametrize("kind", MADE)
def test_the_answer_to_creating_an_index_is_its_description(client: Client, kind: str) -> None:
    made = make(client, kind)
    assert client.get("/indexes/films", version=MADE[kind][2]).json == made


@pytest.mark.parametrize("kind", MADE)
def test_a_deleted_index_is_gone(client: Client, kind: str) -> None:
    make(client, kind)
    reply = client.delete("/indexes/films")
    assert (reply.status, reply.body) == (202, b"")
    assert client.get("/indexes/films").status == 404
    assert client.get("/indexes").json == {"indexes": []}
    assert client.delete("/indexes/films").status == 404


def test_an_index_of_documents_keeps_its_resolved_schema(client: Client) -> None:
    fields = make(client, "documents")["schema"]["fields"]
    assert fields["title"]["full_text_search"] == {"language": "en", "stemming": True, "stop_words": False}
    old = client.get("/indexes/films", version="2025-10").json
    assert (old["dimension"], old["metric"], old["vector_type"]) == (3, "euclidean", "dense")
    embedded = client.post("/indexes", MADE["documents, embedded"][1] | {"name": "books"}, version="2026-07").json
    assert embedded["schema"]["fields"]["body"]["embed"]["dimension"] == 32
    assert client.get("/indexes/books", version="2025-04").json["embed"]["field_map"] == {"text": "body"}


def test_an_index_without_a_name_gets_one(client: Client) -> None:
    body = {"schema": {"fields": VECTORS}}
    names = {client.post("/indexes", body, version="2026-07").json["name"] for _ in range(3)}
    assert len(names) == 3
    assert {index["name"] for index in client.get("/indexes").json["indexes"]} == names


def test_an_embedded_index_takes_dimension_and_metric_of_its_model(client: Client) -> None:
    made = make(client, "embedded")
    assert (made["dimension"], made["metric"], made["vector_type"]) == (32, "cosine", "dense")
    assert made["embed"]["read_parameters"] == {"input_type": "query", "truncate": "END"}
    assert made["embed"]["write_parameters"] == {"input_type": "passage", "truncate": "END"}
    sparse = client.post("/indexes/create-for-model", MADE["embedded, sparse"][1] | {"name": "books"}).json
    assert (sparse.get("dimension"), sparse["metric"], sparse["vector_type"]) == (None, "dotproduct", "sparse")


def test_defaults_are_pinecones(client: Client) -> None:
    made = client.post("/indexes", {"name": "films", "dimension": 3, "spec": HERE}).json
    assert (made["metric"], made["vector_type"], made["deletion_protection"]) == ("cosine", "dense", "disabled")
    assert "tags" not in made
    assert client.post("/indexes", {"name": "s", "vector_type": "sparse", "spec": HERE}).json["metric"] == "dotproduct"


def test_the_host_is_where_the_index_answers(client: Client) -> None:
    host = make(client)["host"]
    assert host.startswith("http://127.0.0.1:")
    assert client.service.addresses.index_at(int(host.rpartition(":")[2]), "") == "films"


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": "Invalid-name"}, "lower-case letters"),
        ({"name": "invalid-name-"}, "alphanumeric character"),
        ({"name": "a" * 46}, "at most 45"),
        ({"name": "create-for-model"}, "kept for a path"),
        ({"metric": "invalid"}, "Invalid value for `metric`"),
        ({"vector_type": "fuzzy"}, "Invalid value for `vector_type`"),
        ({"dimension": -1}, "Dimension -1 is out of range"),
        ({"dimension": None}, "needs a dimension"),
        ({"dimension": 20_001}, "Dimension 20001 is out of range"),
        ({"vector_type": "sparse", "metric": "dotproduct"}, "dimension should not be specified for sparse indexes"),
        (
            {"vector_type": "sparse", "dimension": None},
            "Sparse vector indexes must use the metric dotproduct.",
        ),
        ({"tags": {"a b": "c"}}, "Tag key"),
        ({"spec": {"serverless": {"cloud": "invalid", "region": "x"}}}, "Invalid value for `cloud`"),
    ],
)
def test_an_index_that_cannot_be_is_refused(client: Client, change: dict[str, Any], text: str) -> None:
    reply = client.post("/indexes", DENSE | change)
    assert reply.status == 400
    assert text in reply.message
    assert reply.json["error"]["code"] == "INVALID_ARGUMENT"
    assert client.get("/indexes").json == {"indexes": []}


def test_an_unknown_region_is_404(client: Client) -> None:
    reply = client.post("/indexes", DENSE | {"spec": {"serverless": {"cloud": "aws", "region": "invalid-region"}}})
    assert reply.status == 404
    assert "invalid-region not found" in reply.message


def test_a_name_that_is_taken_is_409(client: Client) -> None:
    make(client)
    for path, body, version in MADE.values():
        reply = client.post(path, body, version=version)
        assert (reply.status, reply.json["error"]["code"]) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("embed", "status", "text"),
    [
        ({"model": "invalid-model", "field_map": {"text": "t"}}, 404, "Model invalid-model not found."),
        ({"model": "words", "field_map": {"invalid_field": "t"}}, 400, "Missing required key 'text'"),
        ({"model": "words", "field_map": {"text": "t"}, "metric": "invalid"}, 400, "Invalid value for `metric`"),
        ({"model": "words", "field_map": {"text": "t"}, "dimension": 7}, 400, "7"),
        ({"model": "shared-words", "field_map": {"text": "t"}}, 400, "shared-words"),
    ],
)
def test_an_index_for_a_model_that_cannot_be_is_refused(
    client: Client, embed: dict[str, Any], status: int, text: str
) -> None:
    reply = client.post("/indexes/create-for-model", FOR_MODEL | {"embed": embed})
    assert reply.status == status
    assert text in reply.message


@pytest.mark.parametrize("version", ["2025-04", "2026-07"])
def test_an_unknown_index_is_404_and_names_no_other(client: Client, version: str) -> None:
    make(client)
    for reply in (
        client.get("/indexes/nothing", version=version),
        client.patch("/indexes/nothing", {"tags": {}}, version=version),
        client.delete("/indexes/nothing", version=version),
        client.get("/indexes/nothing/backups", version=version),
        client.get("/indexes/%00", version=version),
    ):
        assert reply.status == 404
        assert reply.json["error"]["code"] == "NOT_FOUND"
        assert "films" not in reply.message


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"films"', b"null", b'{"name": "\xff"}'])
def test_a_body_that_is_no_object_is_400(client: Client, body: bytes) -> None:
    for path in ("/indexes", "/indexes/create-for-model"):
        assert client.request("POST", path, body=body).status == 400


# -- configuring ------------------------------------------------------------------------------------------------------


def test_tags_are_merged_and_an_empty_value_removes_one(client: Client) -> None:
    make(client, tags={"env": "test", "version": "1", "old": "yes"})
    client.patch("/indexes/films", {"tags": {"version": "2", "new": "n", "old": ""}})
    assert client.get("/indexes/films").json["tags"] == {"env": "test", "version": "2", "new": "n"}
    client.patch("/indexes/films", {"tags": {}})
    assert client.get("/indexes/films").json["tags"] == {"env": "test", "version": "2", "new": "n"}
    client.patch("/indexes/films", {"tags": {"env": "", "version": "", "new": ""}})
    assert "tags" not in client.get("/indexes/films").json


@pytest.mark.parametrize("version", ["2025-04", "2026-07"])
def test_a_protected_index_cannot_be_deleted(client: Client, version: str) -> None:
    make(client, deletion_protection="enabled")
    reply = client.delete("/indexes/films", version=version)
    assert (reply.status, reply.json["error"]["code"]) == (403, "FORBIDDEN")
    assert "Deletion protection is enabled for this index" in reply.message
    client.patch("/indexes/films", {"tags": {"a": "b"}}, version=version)
    assert client.get("/indexes/films").json["deletion_protection"] == "enabled"
    client.patch("/indexes/films", {"deletion_protection": "disabled"}, version=version)
    assert client.delete("/indexes/films", version=version).status == 202


def test_pods_can_be_scaled_in_both_dialects(client: Client) -> None:
    make(client, "pod")
    old = client.patch("/indexes/films", {"spec": {"pod": {"replicas": 3, "pod_type": "p1.x2"}}}, version="2025-04")
    assert old.json["spec"]["pod"] == {
        "environment": "us-east-1-aws",
        "pod_type": "p1.x2",
        "replicas": 3,
        "shards": 2,
        "pods": 6,
    }
    new = client.patch("/indexes/films", {"deployment": {"replicas": 1}}, version="2026-07")
    assert new.json["deployment"]["replicas"] == 1
    assert client.patch("/indexes/films", {"read_capacity": DEDICATED}, version="2026-07").status == 400


def test_read_capacity_can_change_in_both_dialects(client: Client) -> None:
    make(client, "dense by schema")
    new = client.patch("/indexes/films", {"read_capacity": DEDICATED}, version="2026-07")
    assert new.json["read_capacity"]["status"] == {"state": "Ready", "current_replicas": 2, "current_shards": 1}
    body = {"spec": {"serverless": {"read_capacity": {"mode": "OnDemand"}}}}
    old = client.patch("/indexes/films", body, version="2025-10")
    assert old.json["spec"]["serverless"]["read_capacity"]["mode"] == "OnDemand"
    assert client.patch("/indexes/films", {"deployment": {"replicas": 2}}, version="2026-07").status == 400
    assert client.patch("/indexes/films", {"spec": {"pod": {"replicas": 2}}}, version="2025-04").status == 400


def test_a_plain_index_becomes_one_that_embeds(client: Client) -> None:
    make(client, dimension=32)
    embed = {"model": "words", "field_map": {"text": "chunk_text"}}
    reply = client.patch("/indexes/films", {"embed": embed}, version="2025-04")
    assert reply.status == 202
    assert reply.json["embed"] == {
        "model": "words",
        "metric": "cosine",
        "dimension": 32,
        "vector_type": "dense",
        "field_map": {"text": "chunk_text"},
        "read_parameters": {"input_type": "query", "truncate": "END"},
        "write_parameters": {"input_type": "passage", "truncate": "END"},
    }
    assert client.get("/indexes/films", version="2026-07").json["schema"]["fields"].keys() == {"chunk_text"}


def test_an_index_only_embeds_with_a_model_that_fits(client: Client) -> None:
    make(client, dimension=3)
    embed = {"model": "words", "field_map": {"text": "body"}}
    assert client.patch("/indexes/films", {"embed": embed}, version="2025-04").status == 400
    assert client.patch("/indexes/films", {"embed": embed | {"model": "nothing"}}, version="2025-04").status == 404
    assert client.patch("/indexes/films", {"embed": embed}, version="2026-07").status == 400, "no longer possible there"


def test_parameters_of_an_embedded_field_change_and_its_model_does_not(client: Client, models: WordModels) -> None:
    make(client, "embedded")
    models.embedder = replace(WordEmbedder(), identity="words/2/bbbb")
    old = client.patch("/indexes/films", {"embed": {"read_parameters": {"truncate": "NONE"}}}, version="2025-04")
    assert old.json["embed"]["read_parameters"] == {"input_type": "query", "truncate": "NONE"}
    field = {"type": "semantic_text", "write_parameters": {"truncate": "START"}}
    new = client.patch("/indexes/films", {"schema": {"fields": {"body": field}}}, version="2026-07")
    assert new.json["schema"]["fields"]["body"]["read_parameters"]["truncate"] == "NONE"
    assert new.json["schema"]["fields"]["body"]["write_parameters"]["truncate"] == "START"
    kept = client.service.database.describe_index("films").embed
    assert kept is not None
    assert kept.identity == "words/1/aaaa", "a newer model that is installed by now made none of these vectors"
    for change in (
        {"schema": {"fields": {"body": field | {"model": "other"}}}},
        {"schema": {"fields": {"title": field}}},
        {"schema": {"fields": {"body": {"type": "string", "full_text_search": {}}}}},
    ):
        assert client.patch("/indexes/films", change, version="2026-07").status == 400


def test_fields_of_an_index_of_documents_are_fixed(client: Client) -> None:
    make(client, "documents, embedded")
    field = {"type": "semantic_text", "read_parameters": {}}
    assert client.patch("/indexes/films", {"schema": {"fields": {"body": field}}}, version="2026-07").status == 400
    embed = {"model": "words", "field_map": {"text": "body"}}
    assert client.patch("/indexes/films", {"embed": embed}, version="2025-04").status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"deletion_protection": "yes"},
        {"tags": {"a": None}},
        {"tags": {"a b": "c"}},
        {"spec": {"serverless": {"read_capacity": {"mode": "Odd"}}}},
        {"spec": {}},
        {"embed": "words"},
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(client: Client, change: dict[str, Any]) -> None:
    made = make(client)
    assert client.patch("/indexes/films", change).status == 400
    assert client.get("/indexes/films").json == made


# -- from a backup, by schema -----------------------------------------------------------------------------------------


def backed_up(client: Client, service: Service) -> str:
    make(client)
    service.database.index("films").upsert("", ["a"], [[1.0, 2.0, 3.0]])
    return str(client.post("/indexes/films/backups", {}).json["backup_id"])


def test_an_index_can_name_the_backup_it_is_made_from(client: Client, service: Service) -> None:
    backup_id = backed_up(client, service)
    body = {"name": "again", "schema": {"fields": VECTORS}, "source_backup_id": backup_id, "tags": {"a": "b"}}
    made = client.post("/indexes", body, version="2026-07")
    assert (made.status, made.json["status"]["state"]) == (201, "Initializing")
    Jobs(service).do_work()
    ready = client.get("/indexes/again", version="2026-07").json
    assert ready["status"]["ready"] is True
    assert (ready["source_backup_id"], ready["tags"]) == (backup_id, {"a": "b"})
    assert service.database.index("again").stats().total == 1


def test_the_schema_must_be_that_of_the_backup(client: Client, service: Service) -> None:
    backup_id = backed_up(client, service)
    other = {"_values": VECTORS["_values"] | {"dimension": 4}}
    body = {"name": "again", "schema": {"fields": other}, "source_backup_id": backup_id}
    reply = client.post("/indexes", body, version="2026-07")
    assert reply.status == 400
    assert "dimension" in reply.message
    body = {"name": "again", "schema": {"fields": VECTORS}, "source_backup_id": "nothing"}
    assert client.post("/indexes", body, version="2026-07").status == 404


# -- keys with a limit ------------------------------------------------------------------------------------------------


def test_a_key_lists_only_what_it_may_use(client: Client) -> None:
    make(client)
    make(client, name="books")
    client.keys["films only"] = replace(OWNER, index="films")
    assert [index["name"] for index in client.get("/indexes", key="films only").json["indexes"]] == ["films"]


def test_indexes_belong_to_the_project_of_the_key_that_made_them(client: Client) -> None:
    client.keys["theirs"] = replace(OWNER, project="p-2")
    assert client.post("/indexes", DENSE, key="theirs").status == 201
    make(client, name="books")
    assert [index["name"] for index in client.get("/indexes", key="theirs").json["indexes"]] == ["films"]
    assert [index["name"] for index in client.get("/indexes").json["indexes"]] == ["books", "films"]


def test_every_route_answers_every_version(client: Client) -> None:
    for version in VERSIONS:
        assert client.get("/indexes", version=version).json == {"indexes": []}
    assert client.get("/indexes").json == {"indexes": []}, "no version at all is 2025-04"
    assert client.get("/indexes", version="2030-01").json == {"indexes": []}


def test_an_unreadable_definition_is_an_error_and_no_missing_index(client: Client, service: Service) -> None:
    make(client)
    with service.database._catalog.connections.write() as connection:
        connection.execute("UPDATE indexes SET spec = '{}'")
    reply = client.get("/indexes/films")
    assert reply.status == CorruptionError.status
    assert reply.json["error"]["code"] == "DATA_LOSS"
