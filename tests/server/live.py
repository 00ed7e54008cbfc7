"""Servers that listen: a whole one, and one that answers routes of a test's own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pinyon import engine
from pinyon.app.server import RunningServer, start_in_thread
from pinyon.errors import NotFoundError
from pinyon.server import grpc
from pinyon.server.app import App, Authenticate
from pinyon.server.dispatch import Dispatcher
from pinyon.server.http import Head, Request, Route
from pinyon.server.listener import Listener, new_loop
from pinyon.server.roles import OWNER, Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.server.sockets import listen
from pinyon.server.tls import Tls
from server.clients import WordModels
from waiting import PATIENCE


@contextmanager
def running_server(settings: Settings | None = None, *, models: Any = None, **changes: Any) -> Iterator[RunningServer]:
    """A whole server in this process, on a free port, in memory unless ``data`` is given.

    ``with running_server(host_style="bare") as server: ... server.url, server.port``
    """
    chosen = replace(settings or Settings(port=0), **changes)
    with start_in_thread(chosen, WordModels() if models is None else models) as server:
        yield server


@dataclass
class Main:
    """One index, ``films``, that the main address reaches."""

    def host_of(self, name: str, request: Request) -> str:
        return request.authority

    def index_at(self, port: int, authority: str) -> str:
        return ""


class Live:
    """A listener with routes of a test's own, in a thread. ``remembered``: what an observer is told."""

    def __init__(
        self,
        routes: Sequence[Route],
        calls: Sequence[Route] = (),
        *,
        limits: RequestLimits | None = None,
        tls: Tls | None = None,
        threads: int = 4,
        generations: int = 16,
        authenticate: Authenticate | None = None,
    ) -> None:
        self.settings = Settings(port=0, requests=limits or RequestLimits(), threads=threads, generations=generations)
        self.remembered = Remembered()
        self._routes, self._calls, self._tls = routes, calls, tls
        self._authenticate = authenticate or _anybody
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Live:
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def stop(self, seconds: float = 5.0) -> bool:
        """Whether everything under way was answered in time."""
        if self._thread.is_alive():
            self._seconds = seconds
            self.loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(20)
        return self._clean

    def connect(self, *, timeout: float = PATIENCE) -> Raw:
        return Raw(socket.create_connection(("127.0.0.1", self.port), timeout))

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._clean = False
        self._seconds = 5.0
        with engine.Database(":memory:") as database:
            service = Service(self.settings, database, WordModels(), Main())
            service.observer = self.remembered  # type: ignore[assignment]
            self.dispatcher = Dispatcher(
                App(service, self._routes, self._authenticate),
                App(service, self._calls, self._authenticate, grpc.refuse),
                self.settings,
                self.loop,
            )
            self.listener = Listener(self.dispatcher, self._tls)
            sockets = listen("127.0.0.1", 0)
            self.port = sockets[0].getsockname()[1]
            self.listener.add(sockets)
            self._ready.set()
            await self._stopping.wait()
            self._clean = await self.listener.drain(self._seconds)
            self.dispatcher.close(wait=self._clean)


@dataclass
class Remembered:
    begun: int = 0
    finished: list[tuple[str, int, str]] = field(default_factory=list)
    """(path, status, transport) of every request."""
    sent: list[int] = field(default_factory=list)
    """Bytes of their answers' bodies."""

    def begin(self, transport: str) -> None:
        self.begun += 1

    def refused(self, *_: Any) -> None:
        """Nobody asks."""

    def finish(
        self, head: Head, admitted: Any, answer: Any, *, transport: str, bytes_out: int | None = None, **_: Any
    ) -> None:
        self.sent.append(len(answer.body) if bytes_out is None else bytes_out)
        self.finished.append((head.path, answer.status, transport))


def _anybody(head: Head, route: Route | None) -> Principal:
    if head.headers.get("api-key") == "wrong":
        raise NotFoundError("no such key")
    return OWNER


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Raw:
    """A client that sends exactly the bytes that it is told to."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._seen = b""

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *problem: object) -> None:
        self.sock.close()

    def over_tls(self, context: ssl.SSLContext, name: str = "localhost") -> Raw:
        return Raw(context.wrap_socket(self.sock, server_hostname=name))

    def send(self, data: bytes) -> Raw:
        self.sock.sendall(data)
        return self

    def response(self, *, head_only: bool = False) -> Response:
        """The next response. Raises EOFError when the connection ends instead."""
        status, headers = self.head()
        length = 0 if head_only or status == 100 else int(headers["content-length"])
        return Response(status, headers, self._taken(length))

    def head(self) -> tuple[int, dict[str, str]]:
        """(status, headers) of the next response."""
        while b"\r\n\r\n" not in self._seen:
            self._more()
        head, _, self._seen = self._seen.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        return int(first.split(" ")[1]), dict(line.split(": ", 1) for line in lines)

    def chunk(self) -> bytes:
        """The next chunk of a streamed body, b"" for the last. Raises EOFError when the connection ends instead."""
        while b"\r\n" not in self._seen:
            self._more()
        size, _, self._seen = self._seen.partition(b"\r\n")
        body = self._taken(int(size, 16))
        assert self._taken(2) == b"\r\n"
        return body

    def chunks(self) -> bytes:
        """All the chunks that are left, put together."""
        return b"".join(iter(self.chunk, b""))

    def until_closed(self) -> bytes:
        """Everything up to the end of the connection."""
        while data := self.sock.recv(65536):
            self._seen += data
        return self._seen

    def is_closed(self) -> bool:
        """Waits for the end of the connection; False when something else comes."""
        try:
            return self._seen == b"" and self.sock.recv(65536) == b""
        except ConnectionResetError:
            return True

    def _taken(self, length: int) -> bytes:
        parts, missing = [self._seen], length - len(self._seen)
        while missing > 0:
            parts.append(self._received())
            missing -= len(parts[-1])
        self._seen = b"".join(parts)
        found, self._seen = self._seen[:length], self._seen[length:]
        return found

    def _more(self) -> None:
        self._seen += self._received()

    def _received(self) -> bytes:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        return data


@pytest.fixture
def quick_limits() -> RequestLimits:
    """Times that a test can wait for."""
    return RequestLimits(
        header_seconds=0.3,
        body_seconds=0.4,
        idle_seconds=0.6,
        header_bytes=8192,
        small_body_bytes=100_000,
        body_bytes=2_000_000,
    )
