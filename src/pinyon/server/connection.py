"""A client's connection, whatever it speaks, and its first bytes, which say what that is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final, cast

from pinyon.server.dispatch import Dispatcher

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What every HTTP/2 connection begins with, and no HTTP/1.1 request does."""
HANDSHAKE: Final = 0x16
"""The first byte of a TLS handshake."""
LINGER: Final = 5.0
"""Seconds that a client gets to read its last answer before the connection is cut."""
_WRITE_BUFFER: Final = 256 * 1024


class Connection(asyncio.Protocol):
    """What the listener knows of a connection.

    deadline: time of the event loop at which ``overdue`` is called, unless it was moved. group: all open connections.
    """

    transport: asyncio.Transport

    def __init__(self, dispatcher: Dispatcher, group: set[Connection]) -> None:
        self.dispatcher = dispatcher
        self.loop = dispatcher.loop
        self.limits = dispatcher.settings.requests
        self.group = group
        self.deadline = math.inf
        self.closing = False
        self.clogged = False
        """The client reads slower than we write, and the buffer is full."""
        self._stuck = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast(asyncio.Transport, transport)  # uvloop's are none by inheritance
        self.group.add(self)
        transport.set_write_buffer_limits(_WRITE_BUFFER)
        here = transport.get_extra_info("sockname")
        there = transport.get_extra_info("peername")
        self.port = int(here[1]) if isinstance(here, tuple) else 0
        self.client = str(there[0]) if isinstance(there, tuple) else ""
        self.scheme = "https" if transport.get_extra_info("sslcontext") is not None else "http"

    def connection_lost(self, exc: Exception | None) -> None:
        self.group.discard(self)

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return False

    def overdue(self) -> None:
        """The deadline has passed."""
        self.close()

    def finish(self) -> None:
        """End as soon as what is under way is answered."""
        self.close()

    def close(self) -> None:
        """Close once the buffer is written, or after a grace period whatever is left of it."""
        if self.closing:
            self.transport.abort()
        else:
            self.closing = True
            self.deadline = self.loop.time() + LINGER
            self.transport.close()

    def pause_writing(self) -> None:
        self.clogged = True
        self._stuck = -1

    def resume_writing(self) -> None:
        self.clogged = False

    def stuck(self) -> bool:
        """Whether a slow reader took nothing since the last time this was asked."""
        left = self.transport.get_write_buffer_size()
        stuck, self._stuck = left == self._stuck, left
        return stuck


class Opening(Connection):
    """A connection of which too little is known: it hands over to HTTP/1.1 or HTTP/2 after the first bytes.

    arrived: is called once the connection is there, after the handshake of TLS.
    """

    def __init__(self, dispatcher: Dispatcher, group: set[Connection], arrived: Callable[[], None]) -> None:
        super().__init__(dispatcher, group)
        self.made = False
        self._arrived = arrived
        self.deadline = self.loop.time() + self.limits.header_seconds
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.made = True
        self._arrived()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if PREFACE.startswith(self._seen[: len(PREFACE)]):
            if len(self._seen) >= len(PREFACE):
                self._hand_over(2)
        else:
            if self._seen[0] == HANDSHAKE and self.scheme == "http":
                self.dispatcher.tell_once(
                    "a client at %s tries TLS, and this server speaks plain HTTP: say http:// there, or start it with "
                    "TLS (--tls)",
                    self.client,
                )
            self._hand_over(1)

    def _hand_over(self, version: int) -> None:
        heir: Connection
        if version == 2:
            from pinyon.server.http2 import Http2

            heir = Http2(self.dispatcher, self.group)
        else:
            from pinyon.server.http1 import Http1

            heir = Http1(self.dispatcher, self.group)
        self.group.discard(self)
        self.transport.set_protocol(heir)
        heir.connection_made(self.transport)
        heir.data_received(self._seen)
