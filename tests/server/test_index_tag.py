"""How an index is searched, as clients of any SDK say it: by the tag ``pinyon-index``."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon.engine.kinds import TAG, settings_of
from pinyon.server.jobs import Jobs
from pinyon.server.service import Service
from pinyon.wire.versions import KNOWN
from server.clients import Client
from wire.index_shapes import check_index

HERE = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
LINE = "hnsw m 32 ef_search 64 recall 0.95"
GRAPH = {"kind": "hnsw", "m": 32, "ef_search": 64, "recall": 0.95}
VECTORS = {"_values": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}}
BY_SPEC: dict[str, Any] = {"name": "films", "dimension": 3, "metric": "cosine", "spec": HERE}
BODIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "spec": ("/indexes", BY_SPEC, "2025-04"),
    "schema": ("/indexes", {"name": "films", "schema": {"fields": VECTORS}}, "2026-07"),
    "model": (
        "/indexes/create-for-model",
        {
            "name": "films",
            "cloud": "aws",
            "region": "us-east-1",
            "embed": {"model": "words", "field_map": {"text": "body"}},
        },
        "2025-10",
    ),
    "documents": (
        "/indexes",
        {
            "name": "films",
            "schema": {"fields": {"place": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}}},
        },
        "2026-07",
    ),
}


def make(client: Client, body: str = "spec", **tags: str) -> dict[str, Any]:
    path, given, version = BODIES[body]
    reply = client.post(path, given | {"tags": tags}, version=version)
    assert reply.status == 201, reply.json
    return dict(reply.json)


def settings(service: Service, name: str = "films") -> dict[str, Any]:
    return settings_of(service.database.describe_index(name))


@pytest.mark.parametrize("body", BODIES)
def test_an_index_is_made_as_its_tag_says_and_the_tag_is_told(client: Client, service: Service, body: str) -> None:
    made = make(client, body, **{TAG: LINE, "team": "a"})
    assert made["tags"] == {TAG: LINE, "team": "a"}
    assert settings(service) == GRAPH
    assert client.get("/indexes/films", version=BODIES[body][2]).json == made


@pytest.mark.parametrize("version", KNOWN)
def test_clients_of_every_version_change_it_and_take_it_away(client: Client, service: Service, version: str) -> None:
    make(client, team="a")
    changed = client.patch("/indexes/films", {"tags": {TAG: "ivf nlist 64"}}, version=version)
    assert changed.status == 202, changed.json
    check_index(changed.json, version)
    assert changed.json["tags"] == {"team": "a", TAG: "ivf nlist 64"}
    assert settings(service) == {"kind": "ivf", "nlist": 64, "recall": 0.99}
    gone = client.patch("/indexes/films", {"tags": {TAG: ""}}, version=version)
    assert gone.json["tags"] == {"team": "a"}
    assert settings(service) == {"kind": "auto", "recall": 0.99}


@pytest.mark.parametrize("version", KNOWN)
def test_an_index_of_any_kind_is_read_in_every_version(client: Client, service: Service, version: str) -> None:
    made = make(client, **{TAG: LINE})
    service.database.configure_index("films", index={"kind": "ivf", "codes": "float32"})
    described = client.get("/indexes/films", version=version).json
    check_index(described, version)
    assert described["tags"] == {TAG: "ivf codes float32 recall 0.95"}
    assert described["host"] == made["host"]


def test_a_client_that_sends_all_tags_with_each_change_changes_nothing_else(client: Client, service: Service) -> None:
    tags = make(client, **{TAG: LINE})["tags"]
    assert client.patch("/indexes/films", {"tags": tags | {"team": "a"}}).status == 202
    assert settings(service) == GRAPH
    service.database.configure_index("films", index={"ef_search": 100})
    tags = client.get("/indexes/films").json["tags"]
    assert client.patch("/indexes/films", {"tags": tags | {"team": "b"}}).status == 202
    assert settings(service) == GRAPH | {"ef_search": 100}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tree", "Tag 'pinyon-index': Index settings 'tree' are not understood. Write a kind (auto, flat, scan, hnsw"),
        ("hnsw m=16", "names and values with spaces between them: 'hnsw m 16 ef_construction 200 recall 0.95'"),
        ("hnsw m 1", "m 1 of index kind hnsw is out of range. Use 2 to 128, or leave it out (16)."),
        ("ivf nlist 4 nprobe 5", "nprobe 5 is more than nlist 4"),
        ("auto recall 2", "Recall target 2 is out of range"),
    ],
)
def test_a_bad_value_is_400_and_nothing_changes(client: Client, service: Service, line: str, said: str) -> None:
    for body in BODIES.values():
        path, given, version = body
        refused = client.post(path, given | {"tags": {TAG: line}}, version=version)
        assert (refused.status, said in refused.message) == (400, True), refused.json
    assert service.database.list_indexes() == []
    before = make(client, **{TAG: LINE})
    refused = client.patch("/indexes/films", {"tags": {TAG: line, "team": "a"}})
    assert (refused.status, said in refused.message) == (400, True), refused.json
    assert client.get("/indexes/films", version="2025-04").json == before
    assert settings(service) == GRAPH


def test_a_sparse_index_has_no_kind_of_dense_vectors(client: Client) -> None:
    reply = client.post("/indexes", {"name": "words", "vector_type": "sparse", "spec": HERE, "tags": {TAG: "hnsw"}})
    assert reply.status == 400
    assert "Index kind hnsw is for dense vectors. Index 'words' has none" in reply.message


def test_an_empty_value_at_creation_is_no_tag(client: Client, service: Service) -> None:
    assert "tags" not in make(client, **{TAG: ""})
    assert settings(service)["kind"] == "auto"


def test_an_index_made_from_a_backup_has_its_settings_or_those_of_its_own_tag(client: Client, service: Service) -> None:
    make(client, **{TAG: LINE})
    backup = client.post("/indexes/films/backups", {}).json["backup_id"]
    for name, body in (("same", {}), ("other", {"tags": {TAG: "ivf"}}), ("kept", {"tags": {"team": "a"}})):
        reply = client.post(f"/backups/{backup}/create-index", {"name": name, **body})
        assert reply.status == 202, reply.json
    by_schema = {"name": "by-schema", "schema": {"fields": VECTORS}, "source_backup_id": backup, "tags": {TAG: "scan"}}
    assert client.post("/indexes", by_schema, version="2026-07").status == 201
    refused = client.post(f"/backups/{backup}/create-index", {"name": "bad", "tags": {TAG: "tree"}})
    assert (refused.status, "Tag 'pinyon-index'" in refused.message) == (400, True)
    Jobs(service).do_work()
    assert settings(service, "same") == settings(service, "kept") == GRAPH
    assert settings(service, "other") == {"kind": "ivf", "recall": 0.99}
    assert settings(service, "by-schema") == {"kind": "scan", "recall": 0.99}
    assert not service.database.has_index("bad")
    assert client.get("/indexes/kept").json["tags"] == {"team": "a"}


def test_an_index_made_from_a_collection_obeys_its_tag(client: Client, service: Service) -> None:
    pod = {"pod": {"environment": "us-east1-gcp", "pod_type": "p1.x1"}}
    assert client.post("/indexes", BY_SPEC | {"spec": pod}).status == 201
    assert client.post("/collections", {"name": "kept", "source": "films"}).status == 201
    Jobs(service).do_work()
    copied = {"pod": {**pod["pod"], "source_collection": "kept"}}
    reply = client.post("/indexes", BY_SPEC | {"name": "again", "spec": copied, "tags": {TAG: LINE}})
    assert reply.status == 201, reply.json
    Jobs(service).do_work()
    assert settings(service, "again") == GRAPH
    assert client.get("/indexes/again").json["tags"] == {TAG: LINE}
