"""Collections: copies of pod indexes, and indexes made from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pinyon.server.jobs import Jobs
from pinyon.server.roles import OWNER
from pinyon.server.service import Service
from pinyon.wire.versions import KNOWN
from server.clients import Client
from wire.index_shapes import check, check_index

COLLECTION = {
    "name": str,
    "status": str,
    "environment": str,
    "dimension?": int,
    "size?": int,
    "vector_count?": int,
}
POD = {"pod": {"environment": "us-east-1-aws"}}
SERVERLESS = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
FILMS: dict[str, Any] = {"name": "films", "dimension": 2, "metric": "cosine", "spec": POD}


def make(client: Client, service: Service, **changes: Any) -> None:
    assert client.post("/indexes", FILMS | changes).status == 201
    service.database.index(changes.get("name", "films")).upsert("", ["a", "b"], [[1.0, 2.0], [2.0, 1.0]])
    service.database.index(changes.get("name", "films")).upsert("ns", ["a"], [[1.0, 2.0]])


def collect(client: Client, service: Service, name: str = "copy") -> None:
    assert client.post("/collections", {"name": name, "source": "films"}).status == 201
    Jobs(service).do_work()


def from_copy(name: str = "again", environment: str = "us-east-1-aws", **changes: Any) -> dict[str, Any]:
    return FILMS | {"name": name, "spec": {"pod": {"environment": environment, "source_collection": "copy"}}} | changes


@pytest.mark.parametrize("version", KNOWN)
def test_a_collection_is_made_in_the_background(client: Client, service: Service, version: str) -> None:
    make(client, service)
    begun = client.post("/collections", {"name": "copy", "source": "films"}, version=version)
    assert begun.status == 201
    check(begun.json, COLLECTION)
    assert begun.json["status"] == "Initializing"
    assert client.get("/collections/copy", version=version).json == begun.json
    Jobs(service).do_work()
    ready = client.get("/collections/copy", version=version).json
    check(ready, COLLECTION)
    assert ready["size"] > 0
    assert ready | {"size": 0} == {
        "name": "copy",
        "status": "Ready",
        "environment": "us-east-1-aws",
        "dimension": 2,
        "vector_count": 3,
        "size": 0,
    }
    assert client.get("/collections", version=version).json == {"collections": [ready]}


def test_a_collection_is_no_backup_to_anybody(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    (info,) = service.database.list_backups()
    assert client.get("/backups").json == {"data": []}
    assert client.get("/indexes/films/backups").json == {"data": []}
    assert client.get(f"/backups/{info.id}").status == 404
    assert client.delete(f"/backups/{info.id}").status == 404
    assert client.post(f"/backups/{info.id}/create-index", {"name": "again"}).status == 404


def test_a_deleted_collection_takes_no_room(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    reply = client.delete("/collections/copy")
    assert (reply.status, reply.body) == (202, b"")
    assert client.get("/collections/copy").status == 404
    assert client.delete("/collections/copy").status == 404
    assert client.get("/collections").json == {"collections": []}
    assert service.database.list_backups() == []


def test_a_collection_that_is_deleted_while_it_is_made_leaves_nothing(client: Client, service: Service) -> None:
    make(client, service)
    client.post("/collections", {"name": "copy", "source": "films"})
    assert client.delete("/collections/copy").status == 202
    Jobs(service).do_work()
    assert client.get("/collections").json == {"collections": []}
    assert service.database.list_backups() == []


def test_a_collection_whose_source_goes_first_is_forgotten(client: Client, service: Service) -> None:
    make(client, service)
    client.post("/collections", {"name": "copy", "source": "films"})
    client.delete("/indexes/films")
    Jobs(service).do_work()
    assert client.get("/collections/copy").status == 404


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"name": "copy", "source": "invalid_index"}, 404, "Resource invalid_index not found"),
        ({"name": "Copy!", "source": "films"}, 400, "Collection name"),
        ({"name": "c" * 46, "source": "films"}, 400, "at most 45"),
        ({"name": "copy"}, 400, "source is missing"),
        ({"source": "films"}, 400, "name is missing"),
        ({"name": "copy", "source": "server-less"}, 400, "Cannot create collections from serverless indexes"),
        ({"name": "copy", "source": "on-its-way"}, 400, "Source index is not ready"),
    ],
)
def test_a_collection_that_cannot_be_is_refused(
    client: Client, service: Service, body: dict[str, Any], status: int, text: str
) -> None:
    make(client, service)
    make(client, service, name="server-less", spec=SERVERLESS)
    backup = client.post("/indexes/films/backups", {}).json
    client.post(f"/backups/{backup['backup_id']}/create-index", {"name": "on-its-way"})
    reply = client.post("/collections", body)
    assert reply.status == status
    assert text in reply.message
    assert client.get("/collections").json == {"collections": []}


def test_a_name_that_is_taken_is_409(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    assert client.post("/collections", {"name": "copy", "source": "films"}).status == 409


@pytest.mark.parametrize("version", ["2025-04", "2026-04"])
def test_an_index_is_made_from_a_collection(client: Client, service: Service, version: str) -> None:
    make(client, service)
    collect(client, service)
    client.delete("/indexes/films")
    begun = client.post("/indexes", from_copy(metric="euclidean", tags={"a": "b"}), version=version)
    assert begun.status == 201
    check_index(begun.json, version)
    assert begun.json["status"]["state"] == "Initializing"
    Jobs(service).do_work()
    made = client.get("/indexes/again", version=version).json
    assert made["status"]["ready"] is True
    assert (made["metric"], made["tags"]) == ("euclidean", {"a": "b"})
    assert made["spec"]["pod"]["source_collection"] == "copy"
    assert client.get("/indexes/again", version="2026-07").json["source_collection"] == "copy"
    assert service.database.index("again").stats().namespaces == {"": 2, "ns": 1}
    assert client.get("/restore-jobs").json == {"data": []}, "only backups have restore jobs"


def test_a_serverless_index_is_made_from_a_collection(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    spec = {"serverless": {**SERVERLESS["serverless"], "source_collection": "copy"}}
    assert client.post("/indexes", FILMS | {"name": "moved", "spec": spec}).status == 201
    Jobs(service).do_work()
    assert client.get("/indexes/moved").json["spec"] == spec
    by_schema = {
        "name": "moved-too",
        "schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 2, "metric": "cosine"}}},
        "source_collection": "copy",
    }
    assert client.post("/indexes", by_schema, version="2026-07").status == 201
    Jobs(service).do_work()
    assert client.get("/indexes/moved-too", version="2026-07").json["source_collection"] == "copy"


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (
            FILMS | {"name": "again", "spec": {"pod": {"environment": "e", "source_collection": "doesnotexist"}}},
            400,
            "Resource doesnotexist not found",
        ),
        (
            from_copy(environment="eu-west4-gcp"),
            400,
            "Source collection must be in the same environment as the index",
        ),
        (from_copy(dimension=3), 400, "Index and collection must have the same dimension"),
    ],
)
def test_an_index_that_does_not_fit_its_collection_is_refused(
    client: Client, service: Service, body: dict[str, Any], status: int, text: str
) -> None:
    make(client, service)
    collect(client, service)
    reply = client.post("/indexes", body)
    assert reply.status == status
    assert text in reply.message
    assert client.get("/indexes/again").status == 404


def test_a_collection_that_is_being_made_is_not_ready(client: Client, service: Service) -> None:
    make(client, service)
    client.post("/collections", {"name": "copy", "source": "films"})
    reply = client.post("/indexes", from_copy())
    assert reply.status == 400
    assert "Source collection is not ready" in reply.message


def test_a_collection_in_use_cannot_be_deleted(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    client.post("/indexes", from_copy())
    assert client.delete("/collections/copy").status == 412
    Jobs(service).do_work()
    assert client.delete("/collections/copy").status == 202


def test_a_key_lists_only_the_collections_of_what_it_may_use(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    client.keys["books only"] = replace(OWNER, index="books")
    assert client.get("/collections", key="books only").json == {"collections": []}
    client.keys["films only"] = replace(OWNER, index="films")
    assert len(client.get("/collections", key="films only").json["collections"]) == 1


def test_a_key_of_another_project_learns_nothing_of_a_collection(client: Client, service: Service) -> None:
    make(client, service)
    collect(client, service)
    client.keys["stranger"] = replace(OWNER, project="another")
    there = client.post("/indexes", from_copy(dimension=3), key="stranger")
    client.delete("/collections/copy")
    absent = client.post("/indexes", from_copy(dimension=3), key="stranger")
    assert there.status == absent.status == 400
    assert there.body == absent.body
