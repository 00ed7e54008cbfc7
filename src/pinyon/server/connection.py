"""A client's connection, whatever it speaks."""

from __future__ import annotations

import asyncio
import math
from typing import Final, cast

from pinyon.server.dispatch import Dispatcher

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
