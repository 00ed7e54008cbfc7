"""Answers that are sent while they are made, over both protocols and raw sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import orjson
import pytest
from h2.errors import ErrorCodes

from pinyon.errors import InvalidRequestError
from pinyon.server.certificates import prepare
from pinyon.server.feed import ROOM
from pinyon.server.http import Answer, Request, Route
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits
from pinyon.server.tls import Tls
from server.frames import Http2Client
from server.live import Live, Raw, quick_limits  # noqa: F401
from waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("loopback")

HOST = b"Host: localhost\r\n"
PIECE = 16 * 1024


class Story:
    """What the generators of these tests do and tell."""

    def __init__(self) -> None:
        self.made = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.closed = threading.Semaphore(0)
        self.left = threading.Event()


story = Story()


@pytest.fixture(autouse=True)
def new_story() -> Iterator[None]:
    global story
    story = Story()
    yield
    for _ in range(100):
        story.go_on.release()


def bytes_of(seed: int, pieces: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    return [rng.bytes(int(rng.integers(1, 40_000))) for _ in range(pieces)]


def count(service: Service, request: Request) -> Answer:
    """Pieces of many sizes, with empty ones between them."""

    def pieces() -> Generator[bytes, None, None]:
        for piece in bytes_of(request.number("seed") or 0, request.number("pieces") or 0):
            yield b""
            yield piece

    return Answer(pieces=pieces(), content_type="text/event-stream", headers=(("x-said", "yes"),))


def step(service: Service, request: Request) -> Answer:
    """A piece at once, and one for each time that it may go on; "end" ends it."""

    def pieces() -> Generator[bytes, None, None]:
        try:
            for number in range(request.number("pieces") or 3):
                if number:
                    story.go_on.acquire(timeout=PATIENCE)
                story.made += 1
                yield b"piece %d;" % number
                story.begun.release()
        finally:
            story.closed.release()

    return Answer(pieces=pieces())


def flood(service: Service, request: Request) -> Answer:
    def pieces() -> Generator[bytes, None, None]:
        try:
            for _ in range(request.number("pieces") or 1_000_000):
                story.made += 1
                yield b"x" * PIECE
        finally:
            story.closed.release()

    return Answer(pieces=pieces())


def quiet(service: Service, request: Request) -> Answer:
    """After the first piece it has nothing to say for ever."""

    def pieces() -> Generator[bytes, None, None]:
        try:
            if request.one("first") != "no":
                yield b"first"
            story.begun.release()
            while True:
                time.sleep(0.01)
                yield b""
        finally:
            story.closed.release()

    return Answer(pieces=pieces())


def fails(service: Service, request: Request) -> Answer:
    def pieces() -> Generator[bytes, None, None]:
        try:
            for number in range(request.number("after") or 0):
                yield b"piece %d;" % number
            if request.one("bug"):
                raise RuntimeError("a bug with a secret in it")
            raise InvalidRequestError("this went wrong")
        finally:
            story.closed.release()

    return Answer(pieces=pieces())


def thinks(service: Service, request: Request) -> Answer:
    """Answers in one piece, if anybody waits so long."""
    story.begun.release()
    while not request.is_gone() and not story.go_on.acquire(timeout=0.01):
        pass
    if request.is_gone():
        story.left.set()
    return Answer(b"thought")


def hello(service: Service, request: Request) -> Answer:
    return Answer(b"hello")


ROUTES = (
    Route("GET", "/count", count, "public", "control", "count", slow=True),
    Route("GET", "/step", step, "public", "control", "step", slow=True),
    Route("GET", "/flood", flood, "public", "control", "flood", slow=True),
    Route("GET", "/quiet", quiet, "public", "control", "quiet", slow=True),
    Route("GET", "/fails", fails, "public", "control", "fails", slow=True),
    Route("GET", "/thinks", thinks, "public", "control", "thinks", slow=True),
    Route("GET", "/hello", hello, "public", "control", "hello"),
)


@pytest.fixture
def live() -> Iterator[Live]:
    with Live(ROUTES) as running:
        yield running


def get(path: str, more: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"GET %b HTTP/%b\r\n%b%b\r\n" % (path.encode(), version, HOST, more)


def dial(live: Live, **options: int | bool) -> Http2Client:
    return Http2Client(socket.create_connection(("127.0.0.1", live.port), PATIENCE), **options)  # type: ignore[arg-type]


def is_closed_soon() -> bool:
    return story.closed.acquire(timeout=PATIENCE)


# -- what arrives -----------------------------------------------------------------------------------------------------


def test_the_pieces_arrive_whole_and_in_their_order(live: Live) -> None:
    expected = b"".join(bytes_of(7, 100))
    with live.connect() as raw:
        status, headers = raw.send(get("/count?seed=7&pieces=100")).head()
        assert (status, headers["transfer-encoding"], headers["x-said"]) == (200, "chunked", "yes")
        assert headers["content-type"] == "text/event-stream"
        assert "content-length" not in headers
        assert raw.chunks() == expected
    with dial(live) as client:
        found = client.request("GET", "/count?seed=7&pieces=100")
        assert (found.status, found.headers["content-type"], found.headers["x-said"]) == (
            200,
            "text/event-stream",
            "yes",
        )
        assert "content-length" not in found.headers
        assert (found.body, found.reset) == (expected, None)


def test_a_piece_arrives_before_the_next_is_made(live: Live) -> None:
    with live.connect() as raw:
        assert raw.send(get("/step?pieces=3")).head()[0] == 200
        for number in range(3):
            assert raw.chunk() == b"piece %d;" % number
            assert story.made == number + 1
            story.go_on.release()
        assert raw.chunk() == b""


def test_a_piece_arrives_before_the_next_is_made_over_http_2(live: Live) -> None:
    with dial(live) as client:
        found = client.streams[client.begin("GET", "/step?pieces=3", end=True)]
        for number in range(3):
            while found.body.count(b";") <= number:
                client.receive()
            assert story.made == number + 1
            story.go_on.release()
        assert client.answer(1).body == b"piece 0;piece 1;piece 2;"


def test_a_stream_without_pieces_is_an_empty_answer(live: Live) -> None:
    with live.connect() as raw:
        found = raw.send(get("/count?pieces=0")).response()
        assert (found.status, found.body) == (200, b"")
        assert raw.send(get("/hello")).response().body == b"hello"
    with dial(live) as client:
        assert client.request("GET", "/count?pieces=0").body == b""


def test_the_connection_is_kept_and_the_next_request_waits_its_turn(live: Live) -> None:
    with live.connect() as raw:
        raw.send(get("/count?seed=1&pieces=5") + get("/hello") + get("/count?seed=2&pieces=5"))
        raw.head()
        assert raw.chunks() == b"".join(bytes_of(1, 5))
        assert raw.response().body == b"hello"
        raw.head()
        assert raw.chunks() == b"".join(bytes_of(2, 5))
        assert raw.send(get("/hello")).response().body == b"hello"


def test_a_client_that_wants_to_close_is_obeyed_after_the_stream(live: Live) -> None:
    with live.connect() as raw:
        _, headers = raw.send(get("/count?seed=1&pieces=5", b"Connection: close\r\n")).head()
        assert headers["connection"] == "close"
        assert raw.chunks() == b"".join(bytes_of(1, 5))
        assert raw.is_closed()


@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
def test_to_an_old_client_the_end_of_the_connection_is_the_end_of_the_answer(live: Live, more: bytes) -> None:
    with live.connect() as raw:
        _, headers = raw.send(get("/count?seed=3&pieces=50", more, b"1.0")).head()
        assert headers["connection"] == "close"
        assert not {"transfer-encoding", "content-length"} & headers.keys()
        assert raw.until_closed() == b"".join(bytes_of(3, 50))


def test_a_head_request_gets_no_piece_and_stops_the_work(live: Live) -> None:
    with live.connect() as raw:
        status, headers = raw.send(get("/quiet").replace(b"GET", b"HEAD")).head()
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        assert is_closed_soon()
        assert raw.send(get("/hello")).response().body == b"hello"
    with dial(live) as client:
        found = client.request("HEAD", "/quiet")
        assert (found.status, found.body, found.ended) == (200, b"", True)
        assert is_closed_soon()
    assert eventually(lambda: live.remembered.finished.count(("/quiet", 200, "rest")) == 2)


def test_streams_of_one_connection_go_on_beside_each_other_and_beside_requests(live: Live) -> None:
    with dial(live) as client:
        first = client.begin("GET", "/step?pieces=2", end=True)
        second = client.begin("GET", "/step?pieces=2", end=True)
        while not (client.streams[first].body and client.streams[second].body):
            client.receive()
        assert client.request("GET", "/hello").body == b"hello"
        story.go_on.release()
        story.go_on.release()
        assert client.answer(first).body == client.answer(second).body == b"piece 0;piece 1;"


def test_streams_go_over_tls(tmp_path: Path) -> None:
    made = prepare(tmp_path / "tls")
    trust = ssl.create_default_context(cafile=str(made.ca))
    with Live(ROUTES, tls=Tls(made.server, made.server)) as live:
        with live.connect().over_tls(trust) as raw:
            raw.send(get("/count?seed=4&pieces=60")).head()
            assert raw.chunks() == b"".join(bytes_of(4, 60))
        trust.set_alpn_protocols(["h2"])
        sock = trust.wrap_socket(
            socket.create_connection(("127.0.0.1", live.port), PATIENCE), server_hostname="localhost"
        )
        with Http2Client(sock) as client:
            assert client.request("GET", "/count?seed=4&pieces=60").body == b"".join(bytes_of(4, 60))


# -- slow clients -----------------------------------------------------------------------------------------------------


def test_nothing_is_made_ahead_of_a_client_that_does_not_read(live: Live) -> None:
    with live.connect() as raw:
        raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        raw.send(get("/flood?pieces=4096"))  # 64 MiB
        _settle()
        assert story.made * PIECE < 16 * 1024 * 1024  # what the system takes for both ends, and our buffers
        raw.head()
        total = sum(map(len, iter(raw.chunk, b"")))
        assert total == 4096 * PIECE


def test_nothing_is_made_ahead_of_a_window(live: Live) -> None:
    with dial(live, grants=False) as client:
        stream = client.begin("GET", "/flood?pieces=4096", end=True)
        while len(client.streams[stream].body) < 65_535:  # a window's first size (RFC 9113, section 6.9.2)
            client.receive()
        _settle()
        assert story.made * PIECE <= 65_535 + 2 * ROOM + 2 * PIECE


def test_one_closed_window_does_not_hold_up_other_streams(live: Live) -> None:
    with dial(live, grants=False) as client:
        client.h2.increment_flow_control_window(1_000_000)  # of the connection, and not of the stream
        client.begin("GET", "/flood?pieces=4096", end=True)
        _settle()
        assert client.request("GET", "/hello").body == b"hello"


def test_a_client_that_reads_too_slowly_loses_the_thread(quick_limits: RequestLimits) -> None:  # noqa: F811
    with Live(ROUTES, limits=quick_limits) as live, live.connect() as raw:
        raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        raw.send(get("/flood"))
        assert is_closed_soon()  # though the client is still there
        raw.head()
        with pytest.raises((EOFError, ConnectionResetError)):
            raw.chunks()
        assert eventually(lambda: live.dispatcher.active == 0)


def test_a_window_that_stays_closed_costs_the_stream(quick_limits: RequestLimits) -> None:  # noqa: F811
    with Live(ROUTES, limits=quick_limits) as live, dial(live, grants=False) as client:
        found = client.answer(client.begin("GET", "/flood", end=True))
        assert found.reset in {ErrorCodes.CANCEL, ErrorCodes.INTERNAL_ERROR}
        assert is_closed_soon()
        assert eventually(lambda: ("/flood", 499, "rest") in live.remembered.finished)


def test_a_generator_that_thinks_longer_than_a_client_may_is_not_cut_off(
    quick_limits: RequestLimits,  # noqa: F811
) -> None:
    with Live(ROUTES, limits=quick_limits) as live, live.connect() as raw, dial(live) as client:
        raw.send(get("/step?pieces=2")).head()
        stream = client.begin("GET", "/step?pieces=2", end=True)
        time.sleep(3 * quick_limits.body_seconds)
        story.go_on.release()
        story.go_on.release()
        assert raw.chunks() == b"piece 0;piece 1;"
        assert client.answer(stream).body == b"piece 0;piece 1;"


def _settle() -> None:
    """Until nothing more is made."""
    before = -1
    while story.made != before:
        before = story.made
        time.sleep(0.3)


# -- clients that leave -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/quiet", "/quiet?first=no"])
def test_a_client_that_leaves_stops_the_work(live: Live, path: str) -> None:
    with live.connect() as raw:
        raw.send(get(path))
        assert story.begun.acquire(timeout=PATIENCE)
    assert is_closed_soon()
    assert eventually(lambda: live.remembered.finished == [("/quiet", 499, "rest")])
    assert live.remembered.sent == [len(b"first") if path == "/quiet" else 0]
    assert eventually(lambda: live.dispatcher.active == 0)


@pytest.mark.parametrize("path", ["/quiet", "/quiet?first=no"])
@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_leaves_stops_the_work_over_http_2(live: Live, how: str, path: str) -> None:
    with dial(live) as client:
        stream = client.begin("GET", path, end=True)
        assert story.begun.acquire(timeout=PATIENCE)
        if how == "reset":
            client.h2.reset_stream(stream, ErrorCodes.CANCEL)
            client.flush()
            assert is_closed_soon()
            assert client.request("GET", "/hello").body == b"hello"
    assert how == "reset" or is_closed_soon()
    assert eventually(lambda: ("/quiet", 499, "rest") in live.remembered.finished)
    assert live.remembered.begun == eventually(lambda: live.dispatcher.active == 0) + (how == "reset")


def test_a_client_that_leaves_a_full_buffer_behind_stops_the_work(live: Live) -> None:
    with live.connect() as raw:
        raw.send(get("/flood"))
        _settle()
    assert is_closed_soon()


def test_work_without_pieces_can_see_that_the_client_left(live: Live) -> None:
    with live.connect() as raw:
        raw.send(get("/thinks"))
        assert story.begun.acquire(timeout=PATIENCE)
    assert story.left.wait(10)
    story.left.clear()
    with dial(live) as client:
        client.begin("GET", "/thinks", end=True)
        assert story.begun.acquire(timeout=PATIENCE)
    assert story.left.wait(10)
    assert eventually(lambda: live.remembered.finished == [("/thinks", 200, "rest")] * 2)


def test_a_client_that_has_stopped_speaking_may_still_listen_to_what_is_quick(live: Live) -> None:
    with live.connect() as raw:
        raw.send(get("/hello"))
        raw.sock.shutdown(socket.SHUT_WR)
        assert raw.response().body == b"hello"


# -- errors -----------------------------------------------------------------------------------------------------------


def test_what_fails_before_the_first_piece_is_an_ordinary_refusal(live: Live) -> None:
    with live.connect() as raw:
        found = raw.send(get("/fails")).response()
        assert (found.status, orjson.loads(found.body)["error"]["message"]) == (400, "this went wrong")
        found = raw.send(get("/fails?bug=yes")).response()
        assert found.status == 500
        assert b"secret" not in found.body
        assert raw.send(get("/hello")).response().body == b"hello"
    with dial(live) as client:
        assert client.request("GET", "/fails").status == 400
        assert client.request("GET", "/fails?bug=yes").status == 500


@pytest.mark.parametrize(("query", "status"), [("after=3", 400), ("after=3&bug=yes", 500)])
def test_what_fails_later_breaks_the_answer_off(live: Live, query: str, status: int) -> None:
    with live.connect() as raw:
        assert raw.send(get(f"/fails?{query}")).head()[0] == 200
        received: list[bytes] = []
        with pytest.raises(EOFError):
            received += iter(raw.chunk, b"")
        assert b"".join(received) == b"piece 0;piece 1;piece 2;"
    with dial(live) as client:
        found = client.request("GET", f"/fails?{query}")
        assert found.body in b"piece 0;piece 1;piece 2;"
        assert (found.ended, found.reset) == (False, ErrorCodes.INTERNAL_ERROR)
        assert client.request("GET", "/hello").body == b"hello"  # the connection is as good as before
    assert eventually(lambda: live.remembered.finished.count(("/fails", status, "rest")) == 2)
    assert live.remembered.sent[0] == len(b"piece 0;piece 1;piece 2;")


# -- many, and the end ------------------------------------------------------------------------------------------------


def test_streams_take_no_thread_from_other_requests_and_too_many_are_refused() -> None:
    with Live(ROUTES, threads=1, generations=3) as live:
        streams = [live.connect() for _ in range(3)]
        for raw in streams:
            raw.send(get("/step?pieces=2")).head()
        with live.connect() as other:
            assert other.send(get("/hello")).response().body == b"hello"
            refused = other.send(get("/step?pieces=2")).response()
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert b"generations" in refused.body
            for _ in streams:
                story.go_on.release()
            assert {raw.chunks() for raw in streams} == {b"piece 0;piece 1;"}
            assert eventually(lambda: live.dispatcher.active == 0)
            other.send(get("/step?pieces=1")).head()
            assert other.chunks() == b"piece 0;"
        for raw in streams:
            raw.sock.close()


def test_stopping_waits_for_a_stream(live: Live) -> None:
    with live.connect() as raw, dial(live) as client:
        raw.send(get("/step?pieces=2")).head()
        stream = client.begin("GET", "/step?pieces=2", end=True)
        while not client.streams[stream].body:
            client.receive()
        stopped: list[bool] = []
        stopper = threading.Thread(target=lambda: stopped.append(live.stop()))
        stopper.start()
        assert eventually(lambda: not live.listener.ports)
        story.go_on.release()
        story.go_on.release()
        assert raw.chunks() == b"piece 0;piece 1;"
        assert raw.is_closed()
        assert client.answer(stream).body == b"piece 0;piece 1;"
        assert client.until_closed()
        stopper.join()
        assert stopped == [True]


def test_stopping_ends_a_stream_that_takes_too_long(live: Live) -> None:
    with live.connect() as raw, dial(live) as client:
        raw.send(get("/quiet")).head()
        client.begin("GET", "/quiet", end=True)
        assert story.begun.acquire(timeout=PATIENCE)
        assert story.begun.acquire(timeout=PATIENCE)
        assert live.stop(seconds=0.2) is False
        assert is_closed_soon()
        assert is_closed_soon()
        assert raw.chunk() == b"first"
        with pytest.raises((EOFError, ConnectionResetError)):
            raw.chunk()
        assert client.until_closed()


def test_every_stream_is_remembered_once_with_what_was_sent(live: Live) -> None:
    expected = len(b"".join(bytes_of(5, 30)))
    with live.connect() as raw, dial(live) as client:
        raw.send(get("/count?seed=5&pieces=30")).head()
        raw.chunks()
        client.request("GET", "/count?seed=5&pieces=30")
    assert eventually(lambda: len(live.remembered.finished) == 2)
    assert live.remembered.finished == [("/count", 200, "rest")] * 2
    assert live.remembered.sent == [expected, expected]
    assert live.remembered.begun == 2


def test_random_readers_and_leavers_leave_nothing_behind(rng: np.random.Generator) -> None:
    with Live(ROUTES, generations=4) as live:
        for _ in range(60):
            pieces, seed = int(rng.integers(0, 20)), int(rng.integers(0, 1000))
            expected = b"".join(bytes_of(seed, pieces))
            with closing(live.connect().sock) as sock:
                raw = Raw(sock).send(get(f"/count?seed={seed}&pieces={pieces}"))
                wanted = int(rng.integers(0, 2 * len(expected) + 2))
                status, headers = raw.head()
                if status == 200 and "transfer-encoding" in headers:
                    received = b""
                    while len(received) < wanted and (piece := raw.chunk()):
                        received += piece
                    assert expected.startswith(received)
        assert eventually(lambda: live.dispatcher.active == 0 and not live.listener.connections)
        assert live.remembered.begun == len(live.remembered.finished) == 60
