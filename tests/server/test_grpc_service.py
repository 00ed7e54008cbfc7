"""The gRPC service of a whole server: every call does what its REST twin does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest

from pinyon.app.server import RunningServer
from pinyon.server.calls import ROUTES
from pinyon.server.settings import RequestLimits, Settings
from pinyon.types import IndexSpec
from pinyon.wire.protobuf import PLAIN
from server.frames import Http2Client, Stream
from server.live import Raw, running_server
from waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("loopback")

SHAPES = {
    "Upsert": "UpsertResponse",
    "Delete": "DeleteResponse",
    "Fetch": "FetchResponse",
    "FetchByMetadata": "FetchByMetadataResponse",
    "List": "ListResponse",
    "Query": "QueryResponse",
    "Update": "UpdateResponse",
    "DescribeIndexStats": "DescribeIndexStatsResponse",
    "ListNamespaces": "ListNamespacesResponse",
    "DescribeNamespace": "NamespaceDescription",
    "CreateNamespace": "NamespaceDescription",
    "DeleteNamespace": "DeleteResponse",
}
DELETES_NAMESPACE = "DeleteNamespaceRequest"


class Service:
    """Both protocols of one index."""

    def __init__(self, server: RunningServer, index: str, *, key: str = "", version: str = "2025-10") -> None:
        self.headers = [("x-pinecone-api-version", version), *([("api-key", key)] if key else [])]
        found = self._send(server.port, "GET", f"/indexes/{index}")
        self.port = int(found["host"].rpartition(":")[2])
        self.connection = Http2Client(socket.create_connection(("127.0.0.1", self.port), PATIENCE))

    def call(self, name: str, /, **fields: Any) -> Any:
        """The response message of a call that succeeds."""
        found = self.try_(name, **fields)
        assert found.grpc_status == 0, found.grpc_message
        return PLAIN[SHAPES[name]].FromString(found.message)

    def try_(self, name: str, /, **fields: Any) -> Stream:
        message = PLAIN[f"{name}Request"](**fields)
        return self.connection.call(f"/VectorService/{name}", message.SerializeToString(), self.headers)

    def rest(self, method: str, path: str, value: Any = None) -> Any:
        return self._send(self.port, method, path, value)

    def _send(self, port: int, method: str, path: str, value: Any = None) -> Any:
        body = b"" if value is None else orjson.dumps(value)
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {text}" for name, text in self.headers]
        with Raw(socket.create_connection(("127.0.0.1", port), PATIENCE)) as raw:
            found = raw.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body).response()
            assert found.status == 200, found.body
            return orjson.loads(found.body)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def films(server: RunningServer) -> Iterator[Service]:
    server.database.create_index(IndexSpec("films", 2, "dotproduct"))
    service = Service(server, "films")
    yield service
    service.connection.sock.close()
    server.database.delete_index("films")


def fill(films: Service, count: int = 5, namespace: str = "n") -> None:
    vectors = [
        {"id": f"f{number}", "values": [1.0, number], "metadata": struct({"year": 2000 + number, "tags": ["a", "b"]})}
        for number in range(count)
    ]
    assert films.call("Upsert", vectors=vectors, namespace=namespace).upserted_count == count


def struct(value: dict[str, Any]) -> Any:
    found = PLAIN["Struct"]()
    found.update(value)
    return found


# -- each call --------------------------------------------------------------------------------------------------------


def test_every_call_of_the_service_is_served() -> None:
    assert {route.path for route in ROUTES} == {f"/VectorService/{name}" for name in SHAPES}


def test_records_written_by_either_protocol_are_read_by_both(films: Service) -> None:
    fill(films, 1)
    films.rest(
        "POST",
        "/vectors/upsert",
        {"namespace": "n", "vectors": [{"id": "r", "values": [3, 4], "sparseValues": {"indices": [9], "values": [2]}}]},
    )
    fetched = films.call("Fetch", ids=["f0", "r", "missing"], namespace="n")
    assert sorted(fetched.vectors) == ["f0", "r"]
    assert (fetched.namespace, fetched.usage.read_units) == ("n", 1)
    assert list(fetched.vectors["r"].values) == [3.0, 4.0]
    assert (list(fetched.vectors["r"].sparse_values.indices), list(fetched.vectors["r"].sparse_values.values)) == (
        [9],
        [2.0],
    )
    assert not fetched.vectors["r"].HasField("metadata")
    assert dict(fetched.vectors["f0"].metadata) == {"year": 2000.0, "tags": fetched.vectors["f0"].metadata["tags"]}
    assert films.rest("GET", "/vectors/fetch?ids=f0&namespace=n")["vectors"]["f0"] == {
        "id": "f0",
        "values": [1.0, 0.0],
        "metadata": {"year": 2000.0, "tags": ["a", "b"]},
    }


def test_a_query_finds_what_its_rest_twin_finds(films: Service) -> None:
    fill(films)
    found = films.call(
        "Query",
        namespace="n",
        vector=[1.0, 1.0],
        top_k=3,
        filter=struct({"year": {"$lt": 2004}}),
        include_values=True,
        include_metadata=True,
    )
    twin = films.rest(
        "POST",
        "/query",
        {
            "namespace": "n",
            "vector": [1, 1],
            "topK": 3,
            "filter": {"year": {"$lt": 2004}},
            "includeValues": True,
            "includeMetadata": True,
        },
    )
    assert [match.id for match in found.matches] == [match["id"] for match in twin["matches"]] == ["f3", "f2", "f1"]
    assert [match.score for match in found.matches] == [match["score"] for match in twin["matches"]]
    assert [list(match.values) for match in found.matches] == [match["values"] for match in twin["matches"]]
    assert found.matches[0].metadata["year"] == 2003
    assert (found.namespace, found.usage.read_units) == ("n", 1)
    by_id = films.call("Query", namespace="n", id="f4", top_k=1)
    assert (by_id.matches[0].id, list(by_id.matches[0].values), by_id.matches[0].HasField("metadata")) == (
        "f4",
        [],
        False,
    )


def test_pages_follow_each_other(films: Service) -> None:
    fill(films, 5)
    ids: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        page = films.call("List", namespace="n", prefix="f", limit=2, **token)
        ids += [item.id for item in page.vectors]
        token = {"pagination_token": page.pagination.next}
    assert ids == [f"f{number}" for number in range(5)]
    assert not page.HasField("pagination")
    matching = films.call("FetchByMetadata", namespace="n", filter=struct({"year": {"$gte": 2001}}), limit=3)
    assert sorted(matching.vectors) == ["f1", "f2", "f3"]
    rest = films.call(
        "FetchByMetadata",
        namespace="n",
        filter=struct({"year": {"$gte": 2001}}),
        limit=3,
        pagination_token=matching.pagination.next,
    )
    assert (sorted(rest.vectors), rest.HasField("pagination")) == (["f4"], False)


def test_updates_by_id_and_by_filter(films: Service) -> None:
    fill(films)
    by_id = films.call("Update", id="f1", namespace="n", values=[9.0, 9.0], set_metadata=struct({"seen": True}))
    assert not by_id.HasField("matched_records")
    record = films.call("Fetch", ids=["f1"], namespace="n").vectors["f1"]
    assert (list(record.values), record.metadata["seen"], record.metadata["year"]) == ([9.0, 9.0], True, 2001)
    several = {"namespace": "n", "filter": struct({"year": {"$gt": 2002}}), "set_metadata": struct({"new": "x"})}
    assert films.call("Update", dry_run=True, **several).matched_records == 2
    assert films.call("FetchByMetadata", namespace="n", filter=struct({"new": "x"})).vectors == {}
    assert films.call("Update", **several).matched_records == 2
    assert len(films.call("FetchByMetadata", namespace="n", filter=struct({"new": "x"})).vectors) == 2


def test_deletes_by_id_by_filter_and_all(films: Service) -> None:
    fill(films)
    films.call("Delete", ids=["f0", "missing"], namespace="n")
    films.call("Delete", filter=struct({"year": 2001}), namespace="n")
    assert films.call("DescribeIndexStats").namespaces["n"].vector_count == 3
    films.call("Delete", delete_all=True, namespace="n")
    assert films.call("DescribeIndexStats").total_vector_count == 0


def test_stats_describe_the_index(films: Service) -> None:
    fill(films, 2)
    fill(films, 3, namespace="")
    stats = films.call("DescribeIndexStats")
    assert (stats.dimension, stats.metric, stats.vector_type, stats.total_vector_count) == (2, "dotproduct", "dense", 5)
    assert {name: summary.vector_count for name, summary in stats.namespaces.items()} == {"n": 2, "__default__": 3}


def test_namespaces_are_created_described_listed_and_deleted(films: Service) -> None:
    created = films.call("CreateNamespace", name="new", schema={"fields": {"year": {"filterable": True}}})
    assert (created.name, created.record_count, list(created.indexed_fields.fields)) == ("new", 0, ["year"])
    fill(films, 3, namespace="old")
    listed = films.call("ListNamespaces")
    assert [(one.name, one.record_count) for one in listed.namespaces] == [("new", 0), ("old", 3)]
    assert (listed.total_count, listed.HasField("pagination")) == (2, False)
    assert [one.name for one in films.call("ListNamespaces", prefix="o", limit=1).namespaces] == ["old"]
    described = films.call("DescribeNamespace", namespace="old")
    assert (described.record_count, described.HasField("schema"), described.HasField("size_bytes")) == (3, False, False)
    found = films.connection.call(
        "/VectorService/DeleteNamespace", PLAIN[DELETES_NAMESPACE](namespace="old").SerializeToString()
    )
    assert found.grpc_status == 0
    assert films.try_("DescribeNamespace", namespace="old").grpc_status == 5


def test_newer_versions_tell_the_size_of_a_namespace(server: RunningServer, films: Service) -> None:
    fill(films, 3)
    newer = Service(server, "films", version="2026-07")
    assert newer.call("DescribeNamespace", namespace="n").size_bytes > 0
    newer.connection.sock.close()


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields", "status", "fragment"),
    [
        (
            "Upsert",
            {"vectors": [{"id": "a", "values": [1.0]}]},
            3,
            "Vector dimension 1 does not match the dimension of",
        ),
        ("Upsert", {"vectors": [{"id": "é", "values": [1.0, 2.0]}]}, 3, "must be ASCII"),
        ("Upsert", {}, 3, "Invalid request"),
        ("Query", {"top_k": 0, "vector": [1.0, 2.0]}, 3, "top_k"),
        ("Query", {"top_k": 1, "vector": [1.0, 2.0], "id": "a"}, 3, "Cannot provide both 'ID' and 'vector'"),
        ("Fetch", {}, 3, "ids"),
        ("Delete", {}, 3, "exactly one of"),
        ("Delete", {"filter": {}}, 3, "empty metadata filter"),
        ("Update", {"id": "a", "filter": {}}, 3, "not both"),
        ("DescribeNamespace", {"namespace": "missing"}, 5, "missing"),
        ("CreateNamespace", {"name": "__default__"}, 3, "reserved"),
    ],
)
def test_errors_have_the_status_and_text_of_rest(
    films: Service, name: str, fields: dict[str, Any], status: int, fragment: str
) -> None:
    found = films.try_(name, **fields)
    assert found.grpc_status == status
    assert fragment.replace(" ", "") in found.grpc_message.replace("%20", "").replace(" ", "").replace("%27", "'")


def test_a_call_to_the_main_address_is_told_where_to_go(server: RunningServer) -> None:
    with Http2Client(socket.create_connection(("127.0.0.1", server.port), PATIENCE)) as client:
        found = client.call("/VectorService/DescribeIndexStats", b"")
        assert found.grpc_status == 5
        assert "describe_index" in found.grpc_message


def test_a_virtual_host_leads_to_an_index(server: RunningServer, films: Service) -> None:
    with Http2Client(socket.create_connection(("127.0.0.1", server.port), PATIENCE)) as client:
        head = [("content-type", "application/grpc"), ("te", "trailers")]
        stream = client.begin(
            "POST", "/VectorService/DescribeIndexStats", head, authority=f"films-pinyon.svc.localhost:{server.port}"
        )
        client.data(stream, b"\0" * 5)
        assert client.answer(stream).grpc_status == 0


def test_keys_are_asked_for_and_limits_hold() -> None:
    key = "k" * 40
    limits = RequestLimits(records=10, body_bytes=100_000)
    with running_server(Settings(port=0, keys=(key,), requests=limits)) as server:
        server.database.create_index(IndexSpec("films", 2, "cosine"))
        films = Service(server, "films", key=key)
        fill(films, 10)
        vectors = [{"id": f"f{number}", "values": [1.0, number]} for number in range(11)]
        assert films.try_("Upsert", vectors=vectors).grpc_status == 3
        assert films.try_("Upsert", vectors=[{"id": "x" * 200_000}]).grpc_status == 8
        for headers in ([], [("api-key", "wrong")]):
            films.headers = headers
            assert films.try_("DescribeIndexStats").grpc_status in {7, 16}
        films.connection.sock.close()


def test_many_calls_at_once_are_all_answered(server: RunningServer, films: Service) -> None:
    failures: list[object] = []

    def work(part: int) -> None:
        connection = Http2Client(socket.create_connection(("127.0.0.1", films.port), 30))
        with connection:
            streams = []
            for number in range(30):
                values = np.array([part + 1.0, number], "<f4").tolist()
                message = PLAIN["UpsertRequest"](vectors=[{"id": f"{part}-{number}", "values": values}], namespace="m")
                stream = connection.begin(
                    "POST", "/VectorService/Upsert", [("content-type", "application/grpc"), ("te", "trailers")]
                )
                body = message.SerializeToString()
                connection.data(stream, b"\0" + len(body).to_bytes(4, "big") + body)
                streams.append(stream)
            failures.extend(s for s in map(connection.answer, streams) if s.grpc_status != 0)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert films.call("DescribeIndexStats").namespaces["m"].vector_count == 240
