"""A store of pictures over real HTTP on this machine, which a test may disturb, and name servers of its own."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from serving import serving


@dataclass
class Stored:
    """What a path is answered with. length: said instead of the body's; None says none, and the end of the connection
    is the body's. early: bytes instead of an answer, each sent by itself until the client leaves."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    early: Iterable[bytes] = ()


@dataclass
class Store:
    """asked: (path, headers) of every request. connections: how many there were, with or without a request."""

    port: int
    scheme: str = "http"
    files: dict[str, Stored] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: int = 0

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def at(self, path: str, stored: Stored | bytes) -> str:
        """The address of what is put there."""
        self.files[path.partition("?")[0]] = Stored(stored) if isinstance(stored, bytes) else stored
        return self.origin + path


class _Handler(BaseHTTPRequestHandler):
    store: Store

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.store.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        found = self.store.files.get(self.path.partition("?")[0], Stored(status=404))
        with suppress(OSError):  # the client has left
            for piece in found.early:
                self.wfile.write(piece)
                self.wfile.flush()
            if found.early:
                return
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            if found.length is not None:
                self.send_header("content-length", str(len(found.body) if found.length < 0 else found.length))
            self.end_headers()
            self.wfile.write(found.body)


@contextmanager
def picture_store(context: ssl.SSLContext | None = None) -> Iterator[Store]:
    """context: of a store over TLS."""

    class Server(ThreadingHTTPServer):
        def get_request(self) -> Any:
            found = super().get_request()
            store.connections += 1
            return found

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that leaves is none."""

    handler = type("Handler", (_Handler,), {})
    server = Server(("127.0.0.1", 0), handler)
    store = Store(server.server_port, "http" if context is None else "https")
    handler.store = store  # type: ignore[attr-defined]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield store


def naming(monkeypatch: pytest.MonkeyPatch, **places: tuple[str, ...]) -> list[str]:
    """Hosts are at these numbers, as a name server of somebody else might say; dots of names are written ``_``. Gives
    the names that are looked up, as they are; a number is none."""
    usual, asked = socket.getaddrinfo, []

    def found(host: Any, port: Any, *given: Any, **more: Any) -> Any:
        if not re.fullmatch(r"[\d.]+\.[\d.]+|[\da-f:]*:[\da-f:.]*", str(host)):
            asked.append(str(host))
        numbers = places.get(str(host).replace(".", "_"))
        if numbers is None:
            return usual(host, port, *given, **more)
        if not numbers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        families = [socket.AF_INET6 if ":" in one else socket.AF_INET for one in numbers]
        return [(family, socket.SOCK_STREAM, 6, "", (one, port)) for family, one in zip(families, numbers, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked
