"""HTTP/1.1 on a raw socket: what is well formed is answered, and nothing else gets far."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from pinyon.errors import ForbiddenError, PinyonError
from pinyon.server.certificates import prepare
from pinyon.server.http import Answer, Head, Request, Route
from pinyon.server.roles import OWNER, Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits
from pinyon.server.tls import Tls
from server.live import Live, Raw, quick_limits  # noqa: F401
from waiting import eventually

pytestmark = pytest.mark.usefixtures("loopback")

started = threading.Event()
release = threading.Event()
bodies: list[bytes] = []


def hello(service: Service, request: Request) -> Answer:
    return Answer(b'{"hello":true}')


def echo(service: Service, request: Request) -> Answer:
    bodies.append(request.body)
    return Answer(request.body, headers=(("x-length", str(len(request.body))),))


def wait(service: Service, request: Request) -> Answer:
    started.set()
    release.wait(10)
    return Answer(b'{"waited":true}')


def large(service: Service, request: Request) -> Answer:
    return Answer(b"x" * (request.number("bytes") or 0))


def about(service: Service, request: Request) -> Answer:
    return Answer(orjson.dumps({"path": dict(request.path), "query": request.query, "authority": request.authority}))


def evil(service: Service, request: Request) -> Answer:
    return Answer(b"{}", headers=(("x-said", "a\r\nset-cookie: b"),))


def broken(service: Service, request: Request) -> Answer:
    raise RuntimeError("a bug")


ROUTES = (
    Route("GET", "/hello", hello, "public", "data", "hello"),
    Route("POST", "/echo", echo, "data:write", "data", "echo"),
    Route("POST", "/large/echo", echo, "data:write", "data", "echo", body_limit="large"),
    Route("POST", "/forbidden", echo, "admin", "data", "forbidden", body_limit="large"),
    Route("GET", "/wait", wait, "public", "data", "wait"),
    Route("GET", "/large", large, "public", "data", "large"),
    Route("GET", "/things/{name}", about, "public", "control", "about"),
    Route("GET", "/evil", evil, "public", "control", "evil"),
    Route("GET", "/broken", broken, "public", "control", "broken"),
)


def keyed(head: Head, route: Route | None) -> Principal:
    if route is not None and route.action == "admin":
        raise ForbiddenError("not for you")
    return OWNER


@pytest.fixture
def live(quick_limits: RequestLimits) -> Iterator[Live]:  # noqa: F811
    started.clear()
    release.clear()
    bodies.clear()
    with Live(ROUTES, limits=quick_limits, authenticate=keyed) as running:
        yield running
        release.set()


HOST = b"Host: localhost\r\n"


def post(path: str, body: bytes, extra: bytes = b"") -> bytes:
    return b"POST %s HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s" % (path.encode(), HOST, extra, len(body), body)


HELLO = b"GET /hello HTTP/1.1\r\n" + HOST + b"\r\n"


# -- what is well formed ----------------------------------------------------------------------------------------------


def test_a_request_is_answered_and_the_connection_is_kept(live: Live) -> None:
    with live.connect() as raw:
        for _ in range(3):
            found = raw.send(HELLO).response()
            assert (found.status, found.body) == (200, b'{"hello":true}')
            assert found.headers["content-type"] == "application/json"
            assert "connection" not in found.headers
            assert "server" not in found.headers


def test_every_answer_has_a_request_id_the_clients_own_when_it_is_sane(live: Live) -> None:
    with live.connect() as raw:
        made = raw.send(HELLO).response().headers
        assert len(made["x-request-id"]) == 32
        assert made["x-pinecone-request-id"] == made["x-request-id"]
        given = raw.send(b"GET /nothing HTTP/1.1\r\n" + HOST + b"X-Request-Id: my-id-1\r\n\r\n").response().headers
        assert given["x-request-id"] == "my-id-1"
        strange = raw.send(b"GET /hello HTTP/1.1\r\n" + HOST + b"X-Request-Id: <b>\r\n\r\n").response().headers
        assert strange["x-request-id"] != "<b>"


def test_requests_sent_at_once_are_answered_in_their_order(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"".join(post("/echo", b"%d" % number) for number in range(200)) + HELLO)
        assert [raw.response().body for _ in range(200)] == [b"%d" % number for number in range(200)]
        assert raw.response().status == 200


def test_many_refusals_in_one_packet_are_all_sent(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /nothing HTTP/1.1\r\n\r\n".replace(b"\r\n\r\n", b"\r\n" + HOST + b"\r\n") * 3000)
        assert {raw.response().status for _ in range(3000)} == {404}


def test_a_request_may_come_byte_by_byte(live: Live) -> None:
    with live.connect() as raw:
        for byte in post("/echo", b"abc"):
            raw.send(bytes([byte]))
        assert raw.response().body == b"abc"


def test_chunks_are_put_together_and_trailers_ignored(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        raw.send(b"3\r\nabc\r\n1;note=x\r\nd\r\n0\r\nX-Trailer: 1\r\n\r\n" + HELLO)
        assert raw.response().body == b"abcd"
        assert raw.response().status == 200


def test_a_head_request_gets_the_headers_of_a_get(live: Live) -> None:
    with live.connect() as raw:
        found = raw.send(HELLO.replace(b"GET", b"HEAD")).response(head_only=True)
        assert (found.status, found.headers["content-length"]) == (200, "14")
        assert raw.send(HELLO).response().body == b'{"hello":true}'


def test_an_old_client_is_answered_and_let_go(live: Live) -> None:
    with live.connect() as raw:
        assert raw.send(b"GET /hello HTTP/1.0\r\n\r\n").response().headers["connection"] == "close"
        assert raw.is_closed()


def test_a_client_that_wants_to_close_is_obeyed(live: Live) -> None:
    with live.connect() as raw:
        raw.send(HELLO.replace(HOST, HOST + b"Connection: close\r\n") + HELLO)
        assert raw.response().status == 200
        assert raw.is_closed()


def test_a_client_that_has_stopped_speaking_is_still_answered(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        raw.sock.shutdown(socket.SHUT_WR)
        assert started.wait(5)
        release.set()
        assert raw.response().body == b'{"waited":true}'
        assert raw.is_closed()


def test_an_offer_of_another_protocol_is_ignored_with_and_without_a_body(live: Live) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    with live.connect() as raw:
        assert raw.send(HELLO.replace(HOST, HOST + offer)).response().body == b'{"hello":true}'
    for cut in (0, 3, 10):
        with live.connect() as raw:
            data = post("/echo", b"0123456789", offer)
            at = len(data) - 10 + cut
            raw.send(data[:at])
            time.sleep(0.02)
            raw.send(data[at:])
            assert raw.response().body == b"0123456789"
            assert raw.is_closed()


def test_the_path_is_handed_on_as_it_was_sent(live: Live) -> None:
    with live.connect() as raw:
        found = raw.send(b"GET /things/a%2Fb%20%252e?x=1&x=%2B HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").response()
        assert orjson.loads(found.body) == {
            "path": {"name": "a/b %2e"},
            "query": [["x", "1"], ["x", "+"]],
            "authority": "[::1]:80",
        }
        whole = raw.send(b"GET http://localhost/things/a HTTP/1.1\r\n" + HOST + b"\r\n").response()
        assert orjson.loads(whole.body)["path"] == {"name": "a"}


def test_a_gzip_body_is_unpacked(live: Live) -> None:
    packed = gzip.compress(b"a" * 1000) + gzip.compress(b"b" * 10)
    with live.connect() as raw:
        found = raw.send(post("/echo", packed, b"Content-Encoding: gzip\r\n")).response()
        assert found.body == b"a" * 1000 + b"b" * 10


def test_a_large_answer_reaches_a_slow_reader_whole(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /large?bytes=20000000 HTTP/1.1\r\n" + HOST + b"\r\n" + HELLO)
        time.sleep(0.3)
        assert len(raw.response().body) == 20_000_000
        assert raw.response().status == 200


def test_an_answer_cannot_forge_headers(live: Live) -> None:
    with live.connect() as raw:
        found = raw.send(b"GET /evil HTTP/1.1\r\n" + HOST + b"\r\n").response()
        assert found.headers["x-said"] == "a  set-cookie: b"


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_continue_is_said_only_to_those_who_may_send(live: Live) -> None:
    expect = HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with live.connect() as raw:
        raw.send(b"POST /echo HTTP/1.1\r\n" + expect)
        assert raw.response().status == 100
        assert raw.send(b"abc").response().body == b"abc"
    with live.connect() as raw:
        raw.send(b"POST /forbidden HTTP/1.1\r\n" + expect)
        assert raw.response().status == 403
        assert raw.is_closed()


@pytest.mark.parametrize("path", ["/forbidden", "/nothing"])
def test_a_refused_client_is_told_before_its_body_is_read(live: Live, path: str) -> None:
    with live.connect() as raw:
        raw.send(b"POST %s HTTP/1.1\r\n" % path.encode() + HOST + b"Content-Length: 90000\r\n\r\n")
        found = raw.response()
        assert found.status in {403, 404}
        assert found.headers["connection"] == "close"


def test_a_refused_client_that_sends_everything_first_still_reads_its_answer(live: Live) -> None:
    with live.connect() as raw:
        raw.send(post("/forbidden", b"x" * 1_500_000))
        assert raw.response().status == 403
        assert raw.is_closed()


def test_a_small_unwanted_body_does_not_cost_the_connection(live: Live) -> None:
    with live.connect() as raw:
        assert raw.send(post("/forbidden", b"x" * 1000)).response().status == 403
        assert raw.send(HELLO).response().status == 200


def test_a_body_over_the_limit_is_refused_before_it_is_read(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 100001\r\n\r\n")
        found = raw.response()
        assert found.status == 413
        assert orjson.loads(found.body)["code"] == 3
        assert "100,000" in orjson.loads(found.body)["message"]
    with live.connect() as raw:
        assert raw.send(post("/large/echo", b"x" * 2_000_000)).response().headers["x-length"] == "2000000"


def test_a_chunked_body_is_refused_as_soon_as_it_exceeds_the_limit(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(101):
            raw.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert raw.response().status == 413
        assert bodies == []


def test_a_gzip_bomb_is_refused(live: Live) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with live.connect() as raw:
        assert raw.send(post("/echo", bomb, b"Content-Encoding: gzip\r\n")).response().status == 413


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        (b"gzip", b"not gzip", 400),
        (b"gzip", gzip.compress(b"abc")[:-4], 400),
        (b"gzip", gzip.compress(b"abc") + b"rest", 400),
        (b"br", b"abc", 415),
        (b"gzip, gzip", b"abc", 415),
    ],
    ids=["noise", "cut", "more", "brotli", "twice"],
)
def test_other_encodings_are_refused(live: Live, encoding: bytes, body: bytes, status: int) -> None:
    with live.connect() as raw:
        assert raw.send(post("/echo", body, b"Content-Encoding: %s\r\n" % encoding)).response().status == status


def test_bodies_of_all_connections_together_are_limited(quick_limits: RequestLimits) -> None:  # noqa: F811
    limits = replace(quick_limits, held_bytes=300_000, body_seconds=5.0)
    with Live(ROUTES, limits=limits, authenticate=keyed) as live, live.connect() as first, live.connect() as second:
        first.send(b"POST /large/echo HTTP/1.1\r\n" + HOST + b"Content-Length: 200001\r\n\r\n" + b"x" * 200_000)
        time.sleep(0.2)
        refused = second.send(post("/large/echo", b"x" * 150_000)).response()
        assert (refused.status, orjson.loads(refused.body)["code"]) == (503, 14)
        assert refused.headers["retry-after"] == "1"
        assert first.send(b"x").response().status == 200
        with live.connect() as third:
            assert third.send(post("/large/echo", b"x" * 150_000)).response().status == 200


# -- what two programs could read differently -------------------------------------------------------------------------

CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"
SMUGGLING = {
    "length and chunks": HOST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n" + END,
    "chunks and length": HOST + CHUNKED + b"Content-Length: 4\r\n\r\n" + END,
    "two lengths": HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "two equal lengths": HOST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    "a list of lengths": HOST + b"Content-Length: 4, 4\r\n\r\nabcd",
    "a signed length": HOST + b"Content-Length: +4\r\n\r\nabcd",
    "a negative length": HOST + b"Content-Length: -4\r\n\r\nabcd",
    "a huge length": HOST + b"Content-Length: 99999999999999999999\r\n\r\nabcd",
    "a hexadecimal length": HOST + b"Content-Length: 0x4\r\n\r\nabcd",
    "an empty length": HOST + b"Content-Length: \r\n\r\n",
    "space before the colon": HOST + b"Content-Length : 4\r\n\r\nabcd",
    "an unknown encoding": HOST + b"Transfer-Encoding: xchunked\r\n\r\n" + END,
    "two encodings": HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END,
    "an encoding after chunked": HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + END,
    "two lines of encodings": HOST + b"Transfer-Encoding: identity\r\n" + CHUNKED + b"\r\n" + END,
    "a vertical tab": HOST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + END,
    "a folded header": HOST + b"X-A: a\r\n b\r\n\r\n",
    "a folded encoding": HOST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + END,
    "space before the first header": b" X-A: a\r\n" + HOST + b"\r\n",
    "a line that ends with LF": b"Host: localhost\nX-A: a\r\n\r\n",
    "a line that ends with CR": b"Host: localhost\rX-A: a\r\n\r\n",
    "a null byte": b"Host: local\x00host\r\n\r\n",
    "a space in a name": HOST + b"X A: a\r\n\r\n",
    "a nameless header": HOST + b": a\r\n\r\n",
    "a chunk size with a prefix": HOST + CHUNKED + b"\r\n0x3\r\nabc\r\n" + END,
    "a negative chunk size": HOST + CHUNKED + b"\r\n-3\r\nabc\r\n" + END,
    "a huge chunk size": HOST + CHUNKED + b"\r\nfffffffffffffffff\r\nabc\r\n" + END,
    "a chunk size with a space": HOST + CHUNKED + b"\r\n3 \r\nabc\r\n" + END,
    "a chunk that ends with LF": HOST + CHUNKED + b"\r\n3\nabc\n0\n\n",
    "a chunk longer than it says": HOST + CHUNKED + b"\r\n3\r\nabcdef\r\n" + END,
    "LF in a chunk extension": HOST + CHUNKED + b"\r\n3;a\nb\r\nabc\r\n" + END,
    "a length as a trailer": HOST + CHUNKED + b"\r\n3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
    "two hosts": HOST + b"Host: other\r\n\r\n",
    "a strange host": b"Host: a/b\r\n\r\n",
    "a host with a user": b"Host: user@localhost\r\n\r\n",
    "no host": b"X-A: a\r\n\r\n",
    "two keys": HOST + b"Api-Key: a\r\nApi-Key: b\r\nContent-Length: 0\r\n\r\n",
    "two versions": HOST + b"X-Pinecone-Api-Version: a\r\nX-Pinecone-Api-Version: b\r\nContent-Length: 0\r\n\r\n",
    "two content types": HOST + b"Content-Type: a\r\nContent-Type: b\r\nContent-Length: 0\r\n\r\n",
    "an upgrade in chunks": HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + CHUNKED + b"\r\n" + END,
}


@pytest.mark.parametrize("headers", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_an_ambiguous_request_is_refused_and_nothing_after_it_is_read(live: Live, headers: bytes) -> None:
    with live.connect() as raw:
        raw.send(b"POST /echo HTTP/1.1\r\n" + headers + HELLO)
        found = raw.response()
        assert found.status in {400, 501}
        assert set(orjson.loads(found.body)) in ({"status", "error"}, {"code", "message", "details"})
        assert found.headers["connection"] == "close"
        assert raw.is_closed()
    assert bodies == []
    with live.connect() as raw:
        assert raw.send(HELLO).response().status == 200


def test_the_api_version_may_come_twice_when_it_is_the_same(live: Live) -> None:
    """The Python SDK 8 says it under two spellings of the header."""
    same = b"X-Pinecone-Api-Version: 2025-10\r\nX-Pinecone-API-Version: 2025-10\r\n"
    with live.connect() as raw:
        assert raw.send(post("/echo", b"{}", same)).response().status == 200


REQUEST_LINES = {
    "no version": b"GET /hello\r\n\r\n",
    "LF": b"GET /hello HTTP/1.1\nHost: localhost\n\n",
    "an unknown version": b"GET /hello HTTP/3.7\r\n" + HOST + b"\r\n",
    "HTTP/2 without its preface": b"GET /hello HTTP/2.0\r\n" + HOST + b"\r\n",
    "an unknown method": b"FETCH /hello HTTP/1.1\r\n" + HOST + b"\r\n",
    "a proxy's method": b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "another scheme": b"GET ftp://localhost/hello HTTP/1.1\r\n" + HOST + b"\r\n",
    "another host": b"GET http://other/hello HTTP/1.1\r\n" + HOST + b"\r\n",
    "a fragment": b"GET /hello#x HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space": b"GET /hel lo HTTP/1.1\r\n" + HOST + b"\r\n",
    "another protocol": b"PLAY rtsp://localhost RTSP/1.0\r\n\r\n",
    "noise": bytes(range(128, 256)) * 4,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "half a preface": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
}


@pytest.mark.parametrize("data", REQUEST_LINES.values(), ids=REQUEST_LINES.keys())
def test_a_strange_request_line_is_refused(live: Live, data: bytes) -> None:
    with live.connect() as raw:
        raw.send(data)
        found = raw.response()
        assert 400 <= found.status <= 505
        assert "error" in orjson.loads(found.body) or "code" in orjson.loads(found.body)
        assert raw.is_closed()


def test_what_is_wrong_in_a_later_request_spoils_no_earlier_answer(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n" + HELLO + b"nonsense\r\n\r\n")
        assert started.wait(5)
        release.set()
        assert raw.response().body == b'{"waited":true}'
        assert raw.response().body == b'{"hello":true}'
        assert raw.response().status == 400
        assert raw.is_closed()


def test_damaged_requests_never_end_the_server(live: Live, rng: np.random.Generator) -> None:
    whole = [post("/echo", b"abc"), HELLO, b"POST /echo HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n3\r\nabc\r\n" + END]
    for _ in range(150):
        data = bytearray(b"".join(whole[int(number)] for number in rng.integers(len(whole), size=3)))
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(len(data)))
            if rng.random() < 0.5:
                data[at] = int(rng.integers(256))
            else:
                del data[at : at + int(rng.integers(1, 5))]
        with live.connect() as raw:
            raw.send(bytes(data))
            raw.sock.shutdown(socket.SHUT_WR)
            with suppress(EOFError, ConnectionResetError):
                for _ in range(10):
                    assert 200 <= raw.response().status < 600
    with live.connect() as raw:
        assert raw.send(HELLO).response().status == 200


# -- sizes and times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET /hello HTTP/1.1\r\nX-Long: " + b"a" * 20_000,
        b"GET /hello HTTP/1.1\r\n" + HOST + b"X-Long: " + b"a" * 9_000 + b"\r\n\r\n",
        b"GET /hello HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n",
        b"GET /" + b"a" * 300_000,
        b"\r\n" * 10_000,
    ],
    ids=["endless value", "long value", "many lines", "endless path", "empty lines"],
)
def test_headers_over_the_limit_are_refused(live: Live, head: bytes) -> None:
    with live.connect() as raw:
        assert raw.send(head).response().status == 431
        assert raw.is_closed()


def test_endless_chunk_extensions_and_trailers_are_refused(live: Live) -> None:
    for rest in (b"3;" + b"a" * 300_000, b"0\r\nX-A: " + b"a" * 300_000):
        with live.connect() as raw:
            raw.send(b"POST /echo HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n")
            time.sleep(0.05)
            raw.send(rest)
            assert raw.response().status == 431


def test_a_head_that_takes_too_long_is_given_up(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /hello HTTP/1.1\r\n")
        for number in range(6):  # each line comes in time, the head does not
            raw.send(b"X-%d: a\r\n" % number)
            time.sleep(0.1)
        assert raw.response().status == 408
        assert raw.is_closed()
    with live.connect() as raw:
        assert raw.send(b"GET /hello HTTP/1.1\r\n").response().status == 408


def test_a_body_that_takes_too_long_is_given_up(live: Live) -> None:
    with live.connect() as raw:
        raw.send(post("/echo", b"abc")[:-1])
        found = raw.response()
        assert (found.status, found.headers["connection"]) == (408, "close")
        assert raw.is_closed()


def test_connections_that_say_nothing_are_closed(live: Live) -> None:
    with live.connect() as silent, live.connect() as idle, live.connect() as dripping:
        assert idle.send(HELLO).response().status == 200
        assert silent.is_closed()
        assert idle.is_closed()
        assert _drips(dripping, b"\r\n") < 20


def test_a_reader_that_stands_still_is_cut_off(live: Live) -> None:
    with live.connect() as raw:
        raw.send(b"GET /large?bytes=30000000 HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(1.5)
        with pytest.raises((EOFError, ConnectionResetError)):
            raw.response()


def test_a_client_that_goes_away_disturbs_nobody(live: Live) -> None:
    raw = live.connect()
    raw.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
    assert started.wait(5)
    raw.sock.close()
    with live.connect() as cut:
        cut.send(post("/echo", b"abc")[:-1])
    release.set()
    with live.connect() as other:
        assert other.send(HELLO).response().status == 200
    assert eventually(lambda: ("/wait", 200, "rest") in live.remembered.finished)
    assert eventually(lambda: ("/echo", 499, "rest") in live.remembered.finished)


def test_when_connections_run_out_the_idle_ones_make_room(quick_limits: RequestLimits) -> None:  # noqa: F811
    limits = replace(quick_limits, connections=10, idle_seconds=30.0)
    with Live(ROUTES, limits=limits) as live:
        raws = [live.connect() for _ in range(10)]
        for raw in raws:
            assert raw.send(HELLO).response().status == 200
            time.sleep(0.005)
        with live.connect() as late:
            assert late.send(HELLO).response().status == 200
        assert raws[0].is_closed()
        assert raws[9].send(HELLO).response().status == 200
        for raw in raws:
            raw.sock.close()


def test_when_all_connections_are_busy_new_ones_are_closed(quick_limits: RequestLimits) -> None:  # noqa: F811
    release.clear()
    with Live(ROUTES, limits=replace(quick_limits, connections=3), threads=3) as live:
        raws = [live.connect().send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n") for _ in range(3)]
        assert eventually(lambda: live.dispatcher.active == 3)
        with live.connect() as late:
            assert late.is_closed()
        release.set()
        assert [raw.response().status for raw in raws] == [200] * 3
        for raw in raws:
            raw.sock.close()


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_a_bug_in_a_handler_is_a_500_without_details(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with live.connect() as raw:
        found = raw.send(b"GET /broken HTTP/1.1\r\n" + HOST + b"\r\n").response()
        assert found.status == 500
        assert b"bug" not in found.body
        assert raw.send(HELLO).response().status == 200


def test_everything_is_remembered_once(live: Live) -> None:
    with live.connect() as raw:
        raw.send(HELLO + post("/echo", b"abc") + b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n")
        for _ in range(3):
            raw.response()
    assert eventually(lambda: len(live.remembered.finished) == 3)
    assert live.remembered.finished == [("/hello", 200, "rest"), ("/echo", 200, "rest"), ("/nothing", 404, "rest")]
    assert live.remembered.begun == 3


def test_stopping_answers_what_is_under_way_and_takes_nothing_new(live: Live) -> None:
    with live.connect() as busy, live.connect() as idle:
        assert idle.send(HELLO).response().status == 200
        busy.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        assert started.wait(5)
        stopped: list[bool] = []
        stopper = threading.Thread(target=lambda: stopped.append(live.stop()))
        stopper.start()
        assert idle.is_closed()
        with pytest.raises(ConnectionRefusedError):
            live.connect()
        release.set()
        found = busy.response()
        assert (found.body, found.headers["connection"]) == (b'{"waited":true}', "close")
        assert busy.is_closed()
        stopper.join()
        assert stopped == [True]


def test_stopping_gives_up_in_the_end(live: Live) -> None:
    with live.connect() as busy:
        busy.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        assert started.wait(5)
        assert live.stop(seconds=0.2) is False
        assert busy.is_closed()
        release.set()


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path, quick_limits: RequestLimits) -> Iterator[tuple[Live, ssl.SSLContext]]:  # noqa: F811
    made = prepare(tmp_path / "tls")
    with Live(ROUTES, limits=quick_limits, tls=Tls(made.server, made.server)) as running:
        yield running, ssl.create_default_context(cafile=str(made.ca))


def test_tls_and_plain_text_share_a_port(secure: tuple[Live, ssl.SSLContext]) -> None:
    live, trust = secure
    with live.connect() as plain, live.connect().over_tls(trust) as encrypted:
        assert plain.send(HELLO).response().status == 200
        assert encrypted.send(HELLO).response().status == 200
        assert encrypted.send(post("/echo", b"x" * 90_000)).response().body == b"x" * 90_000
        assert isinstance(encrypted.sock, ssl.SSLSocket)
        assert encrypted.sock.version() == "TLSv1.3"


def test_a_refused_upload_over_tls_still_reads_its_answer(secure: tuple[Live, ssl.SSLContext]) -> None:
    live, trust = secure
    with live.connect().over_tls(trust) as raw:
        assert raw.send(post("/echo", b"x" * 1_500_000)).response().status == 413


def test_old_tls_is_refused(secure: tuple[Live, ssl.SSLContext]) -> None:
    live, trust = secure
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        trust.maximum_version = ssl.TLSVersion.TLSv1_1
    with live.connect() as raw, pytest.raises((ssl.SSLError, OSError)):
        raw.over_tls(trust)


def test_a_handshake_that_takes_too_long_is_given_up(secure: tuple[Live, ssl.SSLContext]) -> None:
    live, _ = secure
    with live.connect() as silent, live.connect() as half:
        half.send(b"\x16\x03\x01\x02\x00")
        assert silent.is_closed()
        assert half.is_closed()
    with live.connect() as raw:
        assert raw.send(HELLO).response().status == 200


def test_the_handshake_offers_http_2_and_1(secure: tuple[Live, ssl.SSLContext]) -> None:
    live, trust = secure
    for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (["spdy"], None)):
        trust.set_alpn_protocols(offered)
        with live.connect().over_tls(trust) as raw:
            assert isinstance(raw.sock, ssl.SSLSocket)
            assert raw.sock.selected_alpn_protocol() == chosen


def test_a_new_certificate_is_used_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepare(tmp_path / "tls")
    tls = Tls(made.server, made.server)
    first = tls()
    prepare(tmp_path / "tls", ["other.example"])
    assert tls() is first  # it looks at the files now and then
    monkeypatch.setattr("pinyon.server.tls._LOOK", 0.0)
    second = tls()
    assert second is not first
    made.server.write_bytes(b"damaged")
    assert tls() is second


def test_files_that_are_no_certificate_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("nothing")
    with pytest.raises(PinyonError, match=r"a\.pem"):
        Tls(tmp_path / "a.pem", tmp_path / "a.pem")
    with pytest.raises(PinyonError, match=r"missing\.pem"):
        Tls(tmp_path / "missing.pem", tmp_path / "a.pem")


def _drips(raw: Raw, data: bytes) -> int:
    """How often a client can send something, ten times a second, before it is cut off."""
    for number in range(100):
        try:
            raw.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return number
        time.sleep(0.1)
    return 100
