"""Whatever comes over the wire: an error as Pinecone writes it, nothing of it in the log, and a server that lives.

What a listener does with bytes is told in the tests of the listener and of HTTP/2; here a whole server answers.
"""

from __future__ import annotations

import http.client
import io
import json
import random
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from pinyon.app.server import RunningServer
from pinyon.server import logs
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.settings import PINECONE_LIMITS, RequestLimits, Settings
from pinyon.types import IndexSpec
from server.frames import Http2Client
from server.live import Raw, Response, running_server

pytestmark = pytest.mark.usefixtures("loopback")

KEY = "a-key-that-nobody-may-see"
MARK = "sesame"
VECTOR = [0.13579, 0.24680, 0.97531]
QUERY = {"vector": VECTOR, "topK": 1}
UPSERT = {"vectors": [{"id": "a", "values": VECTOR, "metadata": {"text": MARK}}]}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server(keys=(KEY,), access_log="all", requests=RequestLimits(body_seconds=0.5)) as made:
        made.database.create_index(IndexSpec("films", 3, "cosine"))
        made.database.create_index(IndexSpec("wide", 512, "cosine"))
        yield made


@pytest.fixture
def log(server: RunningServer, loopback: None) -> Iterator[io.StringIO]:
    """What the server writes during a test; in the end it holds nothing of what was sent, no bug, and it lives."""
    stream = io.StringIO()
    logs.set_up(Settings(log_format="text", access_log="all"), stream)
    yield stream
    written = stream.getvalue()
    assert "  File " not in written
    assert "Traceback" not in written
    for secret in (KEY, MARK, "0.13579", "0.2468"):
        assert secret not in written
    assert send(server, "POST", "/query", QUERY).status == 200


def send(
    server: RunningServer,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    *,
    index: str = "films",
) -> Response:
    """index: "" for the main address."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        given = {"api-key": KEY, "content-type": "application/json", **(headers or {})}
        connection.request(method, (f"/indexes/{index}" if index else "") + path, content, given)
        answer = connection.getresponse()
        return Response(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def refused(found: Response, status: int, code: int | str, fragment: str = "") -> None:
    """Whether it is an error of the data plane (a number for a code) or of the control plane (a name)."""
    body = orjson.loads(found.body)
    assert found.status == status, body
    if isinstance(code, int):
        assert set(body) == {"code", "message", "details"}
        assert (body["code"], body["details"]) == (code, [])
        assert fragment in body["message"]
    else:
        assert set(body) == {"status", "error"}
        assert (body["status"], body["error"]["code"]) == (status, code)
        assert fragment in body["error"]["message"]


# -- size -------------------------------------------------------------------------------------------------------------


def large_upsert() -> bytes:
    """1,000 vectors of 512 numbers as Python writes them: 11 MB of JSON, 2 MB of vectors."""
    numbers = random.Random(7)
    vectors = [{"id": f"id-{one}", "values": [numbers.gauss(0, 1) for _ in range(512)]} for one in range(1000)]
    body = orjson.dumps({"vectors": vectors})
    assert 10_000_000 < len(body) < 12_000_000
    return body


@pytest.mark.usefixtures("log")
def test_a_thousand_long_vectors_are_accepted(server: RunningServer) -> None:
    found = send(server, "POST", "/vectors/upsert", large_upsert(), index="wide")
    assert (found.status, found.body) == (200, b'{"upsertedCount":1000}')


def test_with_the_limits_of_the_cloud_they_are_refused() -> None:
    with running_server(requests=PINECONE_LIMITS) as server:
        server.database.create_index(IndexSpec("wide", 512, "cosine"))
        refused(send(server, "POST", "/vectors/upsert", large_upsert(), index="wide"), 413, 3, "8,388,608")
        vectors = [{"id": f"id-{one}", "values": [0.5] * 512, "metadata": {"a": "b" * 100}} for one in range(1000)]
        refused(send(server, "POST", "/vectors/upsert", {"vectors": vectors}, index="wide"), 400, 3, "2097152")
        assert send(server, "POST", "/vectors/upsert", {"vectors": vectors[:900]}, index="wide").status == 200


@pytest.mark.usefixtures("log")
def test_a_body_over_the_raw_limit_is_refused_before_it_is_sent(server: RunningServer) -> None:
    head = f"POST /indexes/films/vectors/upsert HTTP/1.1\r\nHost: localhost\r\nApi-Key: {KEY}\r\n"
    size = 96 * 1024 * 1024 + 1
    with connect(server) as raw:
        raw.send(f"{head}Content-Length: {size}\r\n\r\n".encode())
        refused(raw.response(), 413, 3, "100,663,296")
        assert raw.is_closed()


# -- bodies -----------------------------------------------------------------------------------------------------------

TEXTS = {
    "nothing": b"",
    "cut": b'{"vectors":[{"id":"sesame","values":[0.13579,',
    "noise": bytes(range(256)),
    "Latin-1": '{"id":"sésame","topK":1}'.encode("latin-1"),
    "UTF-16": '{"id":"sesame","topK":1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + orjson.dumps(QUERY),
    "half a surrogate pair": b'{"id":"sesame\\ud800","topK":1}',
    "NaN": b'{"vector":[NaN,0.13579,1],"topK":1}',
    "infinity": b'{"vector":[1e999,0.13579,1],"topK":1}',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"sesame"',
    "two objects": orjson.dumps(QUERY) * 2,
    "deep lists": b'{"filter":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "a deep filter": b'{"vector":[1,2,3],"topK":1,"filter":' + b'{"$and":[' * 64 + b'{"a":1}' + b"]}" * 64 + b"}",
    "a deep metadata value": b'{"setMetadata":' + b'{"a":' * 200 + b"1" + b"}" * 201,
}


@pytest.mark.parametrize("path", ["/query", "/vectors/upsert", "/vectors/update", "/vectors/delete"])
@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.usefixtures("log")
def test_what_is_no_json_of_ours_is_refused(server: RunningServer, path: str, body: bytes) -> None:
    refused(send(server, "POST", path, body), 400, 3)


@pytest.mark.parametrize("path", ["/indexes", "/indexes/create-for-model", "/embed", "/rerank"])
@pytest.mark.parametrize("body", [TEXTS[name] for name in ("nothing", "cut", "noise", "a list", "deep objects")])
@pytest.mark.usefixtures("log")
def test_the_main_address_says_so_in_its_own_shape(server: RunningServer, path: str, body: bytes) -> None:
    refused(send(server, "POST", path, body, index=""), 400, "INVALID_ARGUMENT")


def wrong_values() -> Iterator[Any]:
    yield from (None, True, 7, -1, 1.5, 10**30, "", "words", [], [1], [[]], [None], {}, {"a": 1}, {"a": {"$eq": None}})


@pytest.mark.usefixtures("log")
def test_members_of_every_wrong_type_never_break_the_server(server: RunningServer) -> None:
    """Each member of each body, given each kind of value: an answer, or an error that is the client's."""
    bodies: dict[str, dict[str, Any]] = {
        "/query": {**QUERY, "filter": {}, "namespace": "", "includeValues": True, "sparseVector": None, "id": None},
        "/vectors/upsert": {"vectors": [], "namespace": ""},
        "/vectors/update": {"id": "a", "values": VECTOR, "setMetadata": {}, "sparseValues": None, "filter": None},
        "/vectors/delete": {"ids": ["a"], "deleteAll": False, "filter": None, "namespace": ""},
        "/vectors/fetch_by_metadata": {"filter": {"a": 1}, "limit": 1, "paginationToken": None, "namespace": ""},
        "/describe_index_stats": {"filter": {}},
        "/namespaces": {"name": "made", "schema": None},
        "/records/namespaces/x/search": {"query": {"inputs": {"text": "a"}, "top_k": 1}, "fields": [], "rerank": None},
    }
    for path, body in bodies.items():
        for name in body:
            for value in wrong_values():
                found = send(server, "POST", path, {**body, name: value})
                assert found.status < 500, (path, name, value)
                if found.status != 200:
                    refused(found, found.status, {404: 5, 409: 6}.get(found.status, 3))


@pytest.mark.usefixtures("log")
def test_members_of_records_of_every_wrong_type_never_break_the_server(server: RunningServer) -> None:
    record = {"id": "b", "values": VECTOR, "metadata": {"a": 1}, "sparseValues": None}
    for name in record:
        for value in (*wrong_values(), {"indices": [1], "values": []}, {"indices": "a", "values": {}}):
            found = send(server, "POST", "/vectors/upsert", {"vectors": [{**record, name: value}]})
            assert found.status in {200, 400}, (name, value)
            if found.status == 400:
                refused(found, 400, 3)


@pytest.mark.usefixtures("log")
def test_members_of_control_bodies_of_every_wrong_type_never_break_the_server(server: RunningServer) -> None:
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/indexes"): {
            "name": "made",
            "dimension": 0,
            "metric": "cosine",
            "spec": spec,
            "tags": {},
            "deletion_protection": "disabled",
            "vector_type": "dense",
        },
        ("PATCH", "/indexes/films"): {"tags": {}, "deletion_protection": "disabled", "spec": {}, "embed": {}},
        ("POST", "/indexes/films/backups"): {"name": "x", "description": "y"},
        ("POST", "/embed"): {"model": "words", "inputs": [{"text": "a"}], "parameters": {"input_type": "query"}},
        ("POST", "/rerank"): {"model": "shared-words", "query": "a", "documents": ["a"], "rank_fields": [], "top_n": 1},
    }
    for (method, path), body in bodies.items():
        for version in ("2025-04", "2025-10", "2026-04", "2026-07"):
            for name in body:
                for value in wrong_values():
                    found = send(
                        server,
                        method,
                        path,
                        {**body, name: value},
                        {"x-pinecone-api-version": version},
                        index="",
                    )
                    assert found.status < 500, (path, name, value, version)
                    if found.status >= 400:
                        assert set(orjson.loads(found.body)) == {"status", "error"}


# -- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("log")
def test_filters_have_ten_thousand_conditions_at_most(server: RunningServer) -> None:
    most = {"$or": [{"a": {"$eq": one}} for one in range(9_990)]}
    assert send(server, "POST", "/query", {**QUERY, "filter": most}).status == 200
    more = {"$or": [{"a": {"$eq": one}} for one in range(10_001)]}
    refused(send(server, "POST", "/query", {**QUERY, "filter": more}), 400, 3, "10,000")
    values = {"a": {"$in": [f"{MARK}{one}" for one in range(10_001)]}}
    refused(send(server, "POST", "/query", {**QUERY, "filter": values}), 400, 3, "10,000")


# -- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/grpc",
        "application/json; charset=utf-16",
        'application/json;charset="latin-1"',
        MARK,
    ],
)
@pytest.mark.usefixtures("log")
def test_a_body_that_says_it_is_no_json_is_refused(server: RunningServer, kind: str) -> None:
    refused(send(server, "POST", "/query", QUERY, {"content-type": kind}), 415, 3, "not supported")
    refused(send(server, "POST", "/embed", {}, {"content-type": kind}, index=""), 415, "INVALID_ARGUMENT")
    if kind != "application/grpc":  # which is a call, over HTTP/2
        with over_http2(server) as client:
            head = [("content-type", kind), ("api-key", KEY)]
            assert client.request("POST", "/indexes/films/query", head, orjson.dumps(QUERY)).status == 415


def test_the_log_says_what_was_refused_although_nothing_of_it_was_read(server: RunningServer, log: io.StringIO) -> None:
    wrong = {"content-type": "text/plain"}
    assert send(server, "POST", "/query", QUERY, wrong).status == 415
    assert send(server, "POST", "/query", QUERY, {"content-encoding": "br"}).status == 415
    with over_http2(server) as client:
        head = [*wrong.items(), ("api-key", KEY)]
        assert client.request("POST", "/indexes/films/query", head, orjson.dumps(QUERY)).status == 415
    assert send(server, "PUT", "/query", QUERY).status == 405
    assert send(server, "POST", "/" + MARK, QUERY).status == 404
    deadline = time.monotonic() + 20
    while log.getvalue().count(" ms ") < 5 and time.monotonic() < deadline:  # an answer is sent before it is logged
        time.sleep(0.01)
    *refusals, method, nothing = [line for line in log.getvalue().splitlines() if " ms " in line]
    assert len(refusals) == 3
    for line in refusals:
        assert "POST /query 415" in line
        assert "operation=query" in line
        assert "index=films" in line
        assert "key=given-1" in line
    assert "PUT /query 405" in method
    assert "key=given-1" in method
    assert "POST (unknown path) 404" in nothing
    assert "key=given-1" in nothing


@pytest.mark.parametrize(
    "kind",
    ["", "application/json", "Application/JSON; Charset=UTF-8", "application/vnd.api+json", "application/x-ndjson"],
)
@pytest.mark.usefixtures("log")
def test_a_body_that_says_it_is_json_or_nothing_is_read(server: RunningServer, kind: str) -> None:
    assert send(server, "POST", "/query", QUERY, {"content-type": kind}).status == 200


@pytest.mark.usefixtures("log")
def test_a_request_without_a_body_may_say_what_it_likes(server: RunningServer) -> None:
    assert send(server, "GET", "/vectors/list", None, {"content-type": "text/plain"}).status == 200
    with over_http2(server) as client:
        found = client.request("GET", "/indexes/films/vectors/list", [("content-type", "text/plain"), ("api-key", KEY)])
        assert found.status == 200


@pytest.mark.parametrize(
    "version", ["1999-01", "latest", "2025-10, 2025-10", "2025-13", "x" * 5_000, "2025-10\t2025-10"]
)
@pytest.mark.usefixtures("log")
def test_an_unknown_version_is_refused(server: RunningServer, version: str) -> None:
    headers = {"x-pinecone-api-version": version}
    refused(send(server, "POST", "/query", QUERY, headers), 400, 3, "ersion")
    refused(send(server, "GET", "/indexes", None, headers, index=""), 400, "INVALID_ARGUMENT", "ersion")


@pytest.mark.usefixtures("log")
def test_without_a_version_the_oldest_shape_is_served(server: RunningServer) -> None:
    plain = orjson.loads(send(server, "GET", "/indexes/films", index="").body)
    old = orjson.loads(
        send(server, "GET", "/indexes/films", None, {"x-pinecone-api-version": "2025-04"}, index="").body
    )
    assert plain == old
    assert "read_capacity" not in plain["spec"]["serverless"]


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../films",
        "a/b",
        "A",
        "-a",
        "a-",
        "a.b",
        "a b",
        "%2e",
        "a\0",
        "é",
        "ⅰ",
        "ａ",
        "a\u202eb",
        "a" * 46,
        "",
        "\\",
    ],
)
@pytest.mark.usefixtures("log")
def test_an_index_cannot_have_a_name_that_is_a_trick(server: RunningServer, name: str) -> None:
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    body = {"name": name, "dimension": 3, "metric": "cosine", "spec": spec}
    refused(send(server, "POST", "/indexes", body, index=""), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/indexes/../livez", 404),
        ("/indexes/./livez", 404),
        ("/indexes/films/../../livez", 404),
        ("/indexes/%2e%2e/livez", 404),
        ("/indexes/..%2ffilms", 404),
        ("/indexes/films%2fquery", 404),
        ("/indexes/films%00", 404),
        ("/indexes/FILMS", 404),
        ("/indexes/films/", 404),
        ("//indexes", 404),
        ("/indexes;x", 404),
        ("/indexes/%ff", 400),
        ("/indexes/%ed%a0%80", 400),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_path_means_only_what_it_says(server: RunningServer, path: str, status: int) -> None:
    found = send(server, "GET", path, index="")
    assert found.status == status, found.body
    assert set(orjson.loads(found.body)) in ({"status", "error"}, {"code", "message", "details"})


@pytest.mark.parametrize("id", ["", "a\0", "é", "e\u0301", "a\u202eb", "\ufeffa", "x" * 513, "😀"])
@pytest.mark.usefixtures("log")
def test_ids_and_namespaces_are_ascii_and_short(server: RunningServer, id: str) -> None:
    refused(send(server, "POST", "/vectors/upsert", {"vectors": [{"id": id, "values": VECTOR}]}), 400, 3, "ID")
    if id:
        refused(send(server, "POST", "/vectors/upsert", {**UPSERT, "namespace": id}), 400, 3, "amespace")


@pytest.mark.usefixtures("log")
def test_ids_that_look_like_paths_are_just_ids(server: RunningServer) -> None:
    for id in ("../../etc/passwd", "%2e%2e", "a/b\\c", "' OR 1=1 --", "$ne", "__proto__"):
        record = {"id": id, "values": VECTOR}
        assert send(server, "POST", "/vectors/upsert", {"namespace": id, "vectors": [record]}).status == 200
        found = orjson.loads(send(server, "POST", "/query", {"id": id, "namespace": id, "topK": 9}).body)
        assert [match["id"] for match in found["matches"]] == [id]


@pytest.mark.parametrize(
    "query",
    ["limit=abc", "limit=0", "limit=99999999999999999999", "prefix=%ff", "paginationToken=%00", "limit=1&limit=2"],
)
@pytest.mark.usefixtures("log")
def test_a_query_string_that_makes_no_sense_is_refused(server: RunningServer, query: str) -> None:
    refused(send(server, "GET", f"/vectors/list?{query}"), 400, 3)


@pytest.mark.usefixtures("log")
def test_every_route_takes_the_same_rubbish(server: RunningServer) -> None:
    """No route answers a body of noise, or strange variables, with an error of the server.

    Inviting a user is not implemented, and says so.
    """
    for route in ALL_ROUTES:
        for value in ("%00", "..", "%F0%9F%98%80", "x" * 2_000):
            path = "/".join(value if part.startswith("{") else part for part in route.path.split("/"))
            for index in {"", "films"}:
                body = None if route.method in {"GET", "DELETE"} else TEXTS["noise"]
                found = send(server, route.method, path, body, index=index)
                assert found.status < 500 or found.status == 501, (route.method, path, found.body)


# -- connections ------------------------------------------------------------------------------------------------------


def connect(server: RunningServer) -> Raw:
    return Raw(socket.create_connection(("127.0.0.1", server.port), 20))


def over_http2(server: RunningServer) -> Http2Client:
    return Http2Client(socket.create_connection(("127.0.0.1", server.port), 20))


@pytest.mark.usefixtures("log")
def test_slow_and_cut_uploads_change_nothing(server: RunningServer) -> None:
    head = f"POST /indexes/films/vectors/upsert HTTP/1.1\r\nHost: localhost\r\nApi-Key: {KEY}\r\n"
    head += "Content-Length: 200\r\n\r\n"
    before = server.database.index("films").stats().total
    with connect(server) as raw:
        raw.send(head.encode() + orjson.dumps(UPSERT)[:20])
        refused(raw.response(), 408, 4)
    for _ in range(20):
        with connect(server) as raw:
            raw.send(head.encode() + orjson.dumps(UPSERT)[:20])
    assert server.database.index("films").stats().total == before


CALLS = {
    "cut": struct.pack(">BI", 0, 100) + b"abc",
    "no protobuf": struct.pack(">BI", 0, 6) + MARK.encode(),
    "half a field": struct.pack(">BI", 0, 2) + b"\x0a\x7f",
    "text that is not UTF-8": struct.pack(">BI", 0, 4) + b"\x12\x02\xff\xfe",
    "an endless number": struct.pack(">BI", 0, 11) + b"\x08" + b"\xff" * 10,
    "deep groups": struct.pack(">BI", 0, 10_000) + b"\x0b" * 10_000,
}


@pytest.mark.parametrize("name", ["Upsert", "Query", "Update", "Delete"])
@pytest.mark.parametrize("framed", CALLS.values(), ids=CALLS.keys())
@pytest.mark.usefixtures("log")
def test_a_broken_call_is_an_invalid_argument(server: RunningServer, name: str, framed: bytes) -> None:
    with over_http2(server) as client:
        head = [("content-type", "application/grpc"), ("te", "trailers"), ("api-key", KEY)]
        stream = client.begin(
            "POST", f"/VectorService/{name}", head, authority=f"films-pinyon.svc.localhost:{server.port}"
        )
        client.data(stream, framed)
        found = client.answer(stream)
        assert found.grpc_status == 3
        assert "Traceback" not in found.grpc_message


@pytest.mark.usefixtures("log")
def test_a_call_over_the_raw_limit_is_refused(server: RunningServer) -> None:
    with over_http2(server) as client:
        head = [("content-type", "application/grpc"), ("te", "trailers"), ("api-key", KEY)]
        stream = client.begin(
            "POST", "/VectorService/Upsert", head, authority=f"films-pinyon.svc.localhost:{server.port}"
        )
        client.data(stream, struct.pack(">BI", 0, 2**31) + b"abc")
        assert client.answer(stream).grpc_status == 8
