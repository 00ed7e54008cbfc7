"""HTTP/2: REST and gRPC over streams, and clients that break or strain the protocol."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from h2.errors import ErrorCodes

from pinyon.errors import ForbiddenError, InvalidRequestError
from pinyon.server.certificates import prepare
from pinyon.server.http import Answer, Head, Request, Route
from pinyon.server.roles import OWNER, Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits
from pinyon.server.tls import Tls
from server.frames import Http2Client
from server.live import Live, quick_limits  # noqa: F401
from waiting import eventually

pytestmark = pytest.mark.usefixtures("loopback")

started = threading.Semaphore(0)
release = threading.Event()


def hello(service: Service, request: Request) -> Answer:
    return Answer(b'{"hello":true}')


def echo(service: Service, request: Request) -> Answer:
    return Answer(request.body)


def large(service: Service, request: Request) -> Answer:
    return Answer(b"x" * (request.number("bytes") or 0))


def unchanged(service: Service, request: Request) -> Answer:
    return Answer(status=304, headers=(("etag", request.known_tag),))


def wait(service: Service, request: Request) -> Answer:
    started.release()
    release.wait(10)
    return Answer(b"waited")


def refuse(service: Service, request: Request) -> Answer:
    raise InvalidRequestError("50 % of “this” is wrong\n")


ROUTES = (
    Route("GET", "/hello", hello, "public", "data", "hello"),
    Route("POST", "/echo", echo, "data:write", "data", "echo", body_limit="large"),
    Route("GET", "/large", large, "public", "data", "large"),
    Route("GET", "/unchanged", unchanged, "public", "data", "unchanged"),
    Route("GET", "/wait", wait, "public", "data", "wait"),
    Route("POST", "/forbidden", echo, "admin", "data", "forbidden"),
)
CALLS = (
    Route("POST", "/S/Echo", echo, "data:write", "data", "Echo", body_limit="large"),
    Route("POST", "/S/Wait", wait, "data:read", "data", "Wait"),
    Route("POST", "/S/Refuse", refuse, "data:read", "data", "Refuse"),
    Route("POST", "/S/Forbidden", echo, "admin", "data", "Forbidden"),
)


def keyed(head: Head, route: Route | None) -> Principal:
    if route is not None and route.action == "admin":
        raise ForbiddenError("not for you")
    return OWNER


@pytest.fixture
def live(quick_limits: RequestLimits) -> Iterator[Live]:  # noqa: F811
    global started
    started = threading.Semaphore(0)
    release.clear()
    with Live(ROUTES, CALLS, limits=quick_limits, authenticate=keyed) as running:
        yield running
        release.set()


@pytest.fixture
def client(live: Live) -> Iterator[Http2Client]:
    with Http2Client(live.connect().sock) as connected:
        yield connected


# -- REST -------------------------------------------------------------------------------------------------------------


def test_rest_works_over_http_2(client: Http2Client) -> None:
    for _ in range(3):
        found = client.request("GET", "/hello")
        assert (found.status, found.body) == (200, b'{"hello":true}')
        assert found.headers["content-length"] == "14"
        assert found.headers["x-request-id"] == found.headers["x-pinecone-request-id"]


def test_bodies_of_any_size_go_both_ways(client: Http2Client) -> None:
    for size in (0, 1, 16_384, 65_535, 65_536, 1_999_999):
        assert client.request("POST", "/echo", body=b"y" * size).body == b"y" * size
    assert len(client.request("GET", "/large?bytes=5000000").body) == 5_000_000


def test_a_head_request_gets_no_body(client: Http2Client) -> None:
    found = client.request("HEAD", "/hello")
    assert (found.status, found.headers["content-length"], found.body) == (200, "14", b"")


def test_what_a_client_has_already_has_no_length(client: Http2Client) -> None:
    found = client.request("GET", "/unchanged", headers=[("if-none-match", '"a"')])
    assert (found.status, found.headers["etag"], found.body) == (304, '"a"', b"")
    assert "content-length" not in found.headers


def test_streams_do_not_wait_for_each_other(client: Http2Client) -> None:
    slow = client.begin("GET", "/wait", end=True)
    assert started.acquire(timeout=5)
    assert client.request("GET", "/hello").status == 200
    release.set()
    assert client.answer(slow).body == b"waited"


def test_errors_have_the_shapes_of_rest(client: Http2Client) -> None:
    assert client.request("GET", "/nothing").status == 404
    found = client.request("POST", "/forbidden", body=b"x")
    assert (found.status, orjson.loads(found.body)["code"]) == (403, 7)
    assert client.request("POST", "/echo", [("content-encoding", "br")], b"x").status == 415
    assert client.request("GET", "/hello").status == 200


def test_gzip_bodies_are_unpacked(client: Http2Client) -> None:
    found = client.request("POST", "/echo", [("content-encoding", "gzip")], gzip.compress(b"abc"))
    assert found.body == b"abc"


def test_a_body_over_the_limit_is_refused(client: Http2Client) -> None:
    announced = client.begin("POST", "/echo", [("content-length", "2000001")])
    assert client.answer(announced).status == 413
    unannounced = client.begin("POST", "/echo")
    client.data(unannounced, b"x" * 2_500_000)
    assert client.answer(unannounced).status == 413
    assert client.request("POST", "/echo", body=b"y" * 1_000_000).body == b"y" * 1_000_000


def test_a_body_of_another_length_than_announced_is_refused(client: Http2Client) -> None:
    stream = client.begin("POST", "/echo", [("content-length", "3")])
    client.data(stream, b"abcdef")
    client.answer(stream)
    assert client.goodbye is not None or client.streams[stream].reset is not None


@pytest.mark.parametrize(
    "headers",
    [
        [("host", "other")],
        [("api-key", "a"), ("api-key", "b")],
        [("content-length", "x")],
        [(f"x-{number}", "a") for number in range(200)],
    ],
    ids=["two hosts", "two keys", "no length", "many"],
)
def test_ambiguous_headers_are_refused(client: Http2Client, headers: list[tuple[str, str]]) -> None:
    stream = client.begin("POST", "/echo", headers, end=True)
    found = client.answer(stream)
    assert client.goodbye is not None or found.status in {400, 431}


@pytest.mark.parametrize("authority", ["a/b", "u@h", "", "a b"])
def test_a_strange_authority_is_refused(client: Http2Client, authority: str) -> None:
    stream = client.begin("GET", "/hello", end=True, authority=authority)
    found = client.answer(stream)
    assert client.goodbye is not None or found.status == 400


# -- gRPC -------------------------------------------------------------------------------------------------------------


def test_a_call_is_answered_with_a_message_and_a_status(client: Http2Client) -> None:
    for size in (0, 1, 5, 1_500_000):
        found = client.call("/S/Echo", b"z" * size)
        assert (found.status, found.headers["content-type"]) == (200, "application/grpc")
        assert found.message == b"z" * size
        assert found.trailers == {"grpc-status": "0"}


def test_errors_are_statuses_with_a_message_in_ascii(client: Http2Client) -> None:
    refused = client.call("/S/Refuse", b"")
    assert (refused.status, refused.grpc_status) == (200, 3)
    assert refused.grpc_message == "50 %25 of %E2%80%9Cthis%E2%80%9D is wrong%0A"
    assert client.call("/S/Forbidden", b"").grpc_status == 7
    assert client.call("/S/Nothing", b"").grpc_status == 12
    assert client.call("/nothing", b"").grpc_status == 12


@pytest.mark.parametrize(
    ("framed", "status"),
    [
        (b"", 3),
        (b"\0\0\0", 3),
        (struct.pack(">BI", 0, 10) + b"abc", 3),
        (struct.pack(">BI", 0, 2) + b"abc", 3),
        (struct.pack(">BI", 0, 2**32 - 1) + b"abc", 8),
        (struct.pack(">BI", 1, 3) + b"abc", 3),
        (struct.pack(">BI", 7, 3) + b"abc", 3),
        ((struct.pack(">BI", 0, 1) + b"a") * 2, 3),
    ],
    ids=["nothing", "half a prefix", "cut", "too much", "huge", "no compression named", "unknown flag", "two messages"],
)
def test_a_badly_framed_message_is_refused(client: Http2Client, framed: bytes, status: int) -> None:
    assert client.call("/S/Echo", b"", framed=framed).grpc_status == status
    assert client.call("/S/Echo", b"good").message == b"good"


def test_compressed_messages_are_read_up_to_the_limit(client: Http2Client) -> None:
    packed = gzip.compress(b"abc")
    framed = struct.pack(">BI", 1, len(packed)) + packed
    named = [("grpc-encoding", "gzip")]
    assert client.call("/S/Echo", b"", named, framed=framed).message == b"abc"
    assert client.call("/S/Echo", b"plain", named).message == b"plain"
    bomb = gzip.compress(b"\0" * 3_000_000)
    assert client.call("/S/Echo", b"", named, framed=struct.pack(">BI", 1, len(bomb)) + bomb).grpc_status == 8
    other = client.call("/S/Echo", b"", [("grpc-encoding", "zstd")], framed=framed)
    assert (other.grpc_status, other.headers["grpc-accept-encoding"]) == (12, "identity,gzip")


def test_a_message_over_the_limit_is_refused(client: Http2Client) -> None:
    assert client.call("/S/Echo", b"x" * 2_100_000).grpc_status == 8


def test_other_codecs_are_not_implemented(client: Http2Client) -> None:
    stream = client.begin("POST", "/S/Echo", [("content-type", "application/grpc+json")])
    client.data(stream, struct.pack(">BI", 0, 0))
    assert client.answer(stream).grpc_status == 12


def test_a_client_is_told_when_its_time_is_up(client: Http2Client, live: Live) -> None:
    assert client.call("/S/Wait", b"", [("grpc-timeout", "200m")]).grpc_status == 4
    release.set()
    assert client.call("/S/Echo", b"x", [("grpc-timeout", "10S")]).message == b"x"
    assert client.call("/S/Echo", b"x", [("grpc-timeout", "soon")]).grpc_status == 3
    assert eventually(lambda: not live.dispatcher.active)
    assert [status for _, status, _ in live.remembered.finished] == [408, 200, 400], "each of them once"


def test_work_that_nobody_waits_for_any_more_is_not_begun(quick_limits: RequestLimits) -> None:  # noqa: F811
    global started
    started = threading.Semaphore(0)
    release.clear()
    limits = replace(quick_limits, body_seconds=5.0)
    with Live(ROUTES, CALLS, limits=limits, threads=1) as live, Http2Client(live.connect().sock) as client:
        first = client.begin("GET", "/wait", end=True)
        assert started.acquire(timeout=5)
        second = client.begin("GET", "/wait", end=True)
        client.request("GET", "/nothing")
        client.h2.reset_stream(second)
        client.flush()
        client.request("GET", "/nothing")
        release.set()
        assert client.answer(first).body == b"waited"
        assert eventually(lambda: ("/wait", 499, "rest") in live.remembered.finished)
        assert not started.acquire(blocking=False)


# -- clients that strain the protocol ---------------------------------------------------------------------------------


def test_an_answer_waits_for_the_clients_window(live: Live) -> None:
    with Http2Client(live.connect().sock, grants=False) as client:
        stream = client.begin("GET", "/large?bytes=100000", end=True)
        while len(client.streams[stream].body) < 65_535:
            client.receive()
        client.h2.increment_flow_control_window(100_000)
        assert client.request("GET", "/hello").status == 200  # other streams have windows of their own
        client.h2.increment_flow_control_window(100_000, stream)
        client.flush()
        assert len(client.answer(stream).body) == 100_000


def test_a_client_that_opens_no_window_loses_its_stream(live: Live) -> None:
    with Http2Client(live.connect().sock, grants=False) as client:
        stream = client.begin("GET", "/large?bytes=100000", end=True)
        assert client.answer(stream).reset is not None


def test_a_body_that_does_not_come_is_given_up(client: Http2Client) -> None:
    stream = client.begin("POST", "/echo")
    assert client.answer(stream).status == 408
    call = client.begin("POST", "/S/Echo", [("content-type", "application/grpc")])
    assert client.answer(call).grpc_status == 4


def test_an_idle_connection_is_told_goodbye(client: Http2Client) -> None:
    assert client.request("GET", "/hello").status == 200
    assert client.until_closed()
    assert client.goodbye == 0


def test_half_a_preface_is_given_up(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"PRI * HTTP/2.0\r\n\r\nSM")
        assert raw.is_closed()


@pytest.mark.parametrize(
    ("kind", "flags", "stream", "payload"),
    [
        (0x0, 0, 0, b"data on no stream"),
        (0x0, 0, 1, b"data on a stream that is not open"),
        (0x0, 0x8, 1, b"\xff"),
        (0x1, 0x4, 2, b"\x82"),
        (0x1, 0x4, 1, b"\xff" * 20),
        (0x1, 0x4, 1, b"\x82\x86"),
        (0x4, 0, 0, b"12345"),
        (0x4, 0, 0, struct.pack(">HI", 4, 2**31)),
        (0x5, 0x4, 1, b"\0\0\0\2\x82"),
        (0x8, 0, 0, struct.pack(">I", 0)),
        (0x9, 0x4, 1, b"\x82"),
        (0x0, 0, 1, b"x" * 20_000),
    ],
    ids=[
        "data without a stream",
        "data before headers",
        "padding longer than the frame",
        "an even stream",
        "no HPACK",
        "no path",
        "settings of odd length",
        "a window too large",
        "a promise by a client",
        "an empty window",
        "a continuation of nothing",
        "a frame too large",
    ],
)
def test_a_broken_frame_ends_the_connection_with_a_reason(
    live: Live, kind: int, flags: int, stream: int, payload: bytes
) -> None:
    with Http2Client(live.connect().sock) as client:
        client.frame(kind, flags, stream, payload)
        assert client.until_closed()
        assert client.goodbye is not None
        assert client.goodbye != 0
    with Http2Client(live.connect().sock) as other:
        assert other.request("GET", "/hello").status == 200


def test_frames_of_unknown_kinds_are_ignored(client: Http2Client) -> None:
    client.frame(0xBA, 0xFF, 0, b"grease")
    client.frame(0xF, 0, 3, b"x" * 100)
    client.frame(0x2, 0, 1, b"\0\0\0\0\x10")
    assert client.request("GET", "/hello").status == 200


def test_endless_headers_are_refused(live: Live) -> None:
    with Http2Client(live.connect().sock) as client:
        client.frame(0x1, 0, 1, b"\x82")
        try:
            for _ in range(200):
                client.frame(0x9, 0, 1, b"\0" * 10_000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.until_closed()
    with Http2Client(live.connect().sock) as client:
        stream = client.begin("GET", "/hello", [("x-long", "a" * 20_000)], end=True)
        client.answer(stream)
        assert client.goodbye is not None


@pytest.mark.parametrize("flood", ["pings", "settings", "empty data", "resets", "windows"])
def test_floods_of_small_frames_end_the_connection(quick_limits: RequestLimits, flood: str) -> None:  # noqa: F811
    limits = replace(quick_limits, body_seconds=20.0)
    with Live(ROUTES, CALLS, limits=limits) as live:
        with Http2Client(live.connect().sock) as client:
            stream = client.begin("POST", "/echo")
            try:
                for _ in range(3_000):
                    if flood == "pings":
                        client.frame(0x6, 0, 0, b"12345678")
                    elif flood == "settings":
                        client.frame(0x4, 0, 0)
                    elif flood == "empty data":
                        client.frame(0x0, 0, stream)
                    elif flood == "windows":
                        client.frame(0x8, 0, 0, struct.pack(">I", 1))
                    else:
                        client.h2.reset_stream(client.begin("GET", "/wait", end=True))
                        client.flush()
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert client.until_closed()
        with Http2Client(live.connect().sock) as other:
            assert other.request("GET", "/hello").status == 200
        release.set()


def test_a_busy_client_is_no_flood(client: Http2Client) -> None:
    for _ in range(300):
        for _ in range(10):
            client.h2.ping(b"12345678")
        assert client.request("GET", "/hello").status == 200


def test_more_streams_than_allowed_are_refused(live: Live) -> None:
    with Http2Client(live.connect().sock) as client:
        client.request("GET", "/hello")
        assert client.h2.remote_settings.max_concurrent_streams == 100
        client.h2.remote_settings.max_concurrent_streams = 1_000  # what it was told does not bind this client
        client.h2.remote_settings.acknowledge()
        for _ in range(101):
            client.begin("GET", "/wait", end=True)
        release.set()
        assert client.until_closed()
        assert client.goodbye is not None


def test_random_noise_never_ends_the_server(live: Live, rng: object) -> None:
    import numpy as np

    assert isinstance(rng, np.random.Generator)
    for _ in range(60):
        with Http2Client(live.connect().sock) as client:
            try:
                for _ in range(20):
                    kind, flags, stream = (int(rng.integers(high)) for high in (11, 256, 8))
                    client.frame(kind, flags, stream, rng.bytes(int(rng.integers(60))))
            except (BrokenPipeError, ConnectionResetError):
                continue
    with Http2Client(live.connect().sock) as other:
        assert other.request("GET", "/hello").status == 200


def test_stopping_says_goodbye_and_answers_what_is_under_way(live: Live) -> None:
    with Http2Client(live.connect().sock) as busy, Http2Client(live.connect().sock) as idle:
        idle.request("GET", "/hello")
        stream = busy.begin("GET", "/wait", end=True)
        assert started.acquire(timeout=5)
        stopped: list[bool] = []
        stopper = threading.Thread(target=lambda: stopped.append(live.stop()))
        stopper.start()
        assert idle.until_closed()
        assert idle.goodbye == 0
        while busy.goodbye is None:
            busy.receive()
        release.set()
        stopper.join()
        assert stopped == [True]
        assert busy.answer(stream).body == b"waited"
        assert busy.last_stream == stream


def test_a_request_that_crosses_a_goodbye_is_answered(client: Http2Client) -> None:
    """The client did not hear of it when it asked."""
    assert client.request("GET", "/hello").status == 200
    client.sock.settimeout(10)
    while b"goodbye!" not in client.sock.recv(65_536, socket.MSG_PEEK):  # idle for too long, says the server
        time.sleep(0.01)
    assert client.request("GET", "/hello").status == 200
    assert (client.goodbye, client.until_closed()) == (0, True)
    assert client.last_stream == 3


def test_a_client_that_does_not_confirm_a_goodbye_is_left(client: Http2Client) -> None:
    assert client.request("GET", "/hello").status == 200
    while client.sock.recv(65_536):
        pass


def test_what_is_begun_after_a_goodbye_was_confirmed_is_refused(live: Live) -> None:
    with Http2Client(live.connect().sock) as busy:
        waits = busy.begin("GET", "/wait", end=True)
        assert started.acquire(timeout=5)
        stopper = threading.Thread(target=live.stop)
        stopper.start()
        while busy.last_stream != waits:
            busy.receive()
        assert busy.answer(busy.begin("GET", "/hello", end=True)).reset == ErrorCodes.REFUSED_STREAM
        release.set()
        stopper.join()
        assert busy.answer(waits).status == 200


def test_grpc_works_over_tls(tmp_path: Path, quick_limits: RequestLimits) -> None:  # noqa: F811
    made = prepare(tmp_path / "tls")
    trust = ssl.create_default_context(cafile=str(made.ca))
    trust.set_alpn_protocols(["h2"])
    tls = Tls(made.server, made.server)
    with (
        Live(ROUTES, CALLS, limits=quick_limits, tls=tls) as live,
        Http2Client(live.connect().over_tls(trust).sock) as client,
    ):
        assert client.call("/S/Echo", b"x" * 500_000).message == b"x" * 500_000
