"""The first bytes of a connection, which say what it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from pinyon.server.connection import Connection
from pinyon.server.dispatch import Dispatcher

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What every HTTP/2 connection begins with, and no HTTP/1.1 request does."""
HANDSHAKE: Final = 0x16
"""The first byte of a TLS handshake."""


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
