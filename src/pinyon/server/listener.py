"""Accepts connections on any number of ports, tells TLS from plain text, and ends what takes too long.

TLS and plain text share a port: the first byte of a TLS handshake is 0x16, which begins no HTTP request.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from pinyon.server.connection import Connection
from pinyon.server.dispatch import Dispatcher
from pinyon.server.opening import HANDSHAKE, Opening
from pinyon.server.sockets import close_all

log = logging.getLogger("pinyon.server")

_AT_ONCE: Final = 64
"""Connections that are accepted before others get their turn."""
_SWEEP: Final = 0.25
_REST: Final = 1.0
"""Seconds without accepting once the process has no descriptors left."""
_LAST_TURNS: Final = 10
_OUT_OF: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """The sockets and connections of one process. All methods belong to the loop's thread.

    tls: gives the context for the next connection, None when plain text is all there is.
    """

    def __init__(self, dispatcher: Dispatcher, tls: Callable[[], ssl.SSLContext] | None) -> None:
        self.dispatcher = dispatcher
        self.loop = dispatcher.loop
        self.limits = dispatcher.settings.requests
        self.connections: set[Connection] = set()
        self._tls = tls
        self._sockets: dict[int, list[socket.socket]] = {}
        self._openings: set[asyncio.Task[None]] = set()
        self._coming = 0
        """Sockets that were accepted and are no connections yet."""
        self._sweeper = self.loop.call_later(_SWEEP, self._sweep)
        self._draining = False

    # -- sockets ------------------------------------------------------------------------------------------------------

    def add(self, sockets: Sequence[socket.socket]) -> None:
        """Accept on sockets that listen already, all on one port."""
        if self._draining:
            close_all(sockets)
            return
        port = int(sockets[0].getsockname()[1])
        self._sockets.setdefault(port, []).extend(sockets)
        for sock in sockets:
            self.loop.add_reader(sock, self._accept, sock)

    def remove(self, port: int) -> None:
        """Listen no more on a port, and end its connections once what is under way is answered."""
        for sock in self._sockets.pop(port, []):
            self.loop.remove_reader(sock)
            sock.close()
        for connection in list(self.connections):
            if connection.port == port:
                connection.finish()

    @property
    def ports(self) -> list[int]:
        return list(self._sockets)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _OUT_OF:
                    log.error("no connection can be accepted: %s", error.strerror)
                    self.loop.remove_reader(listening)
                    self.loop.call_later(_REST, self._resume, listening)
                return
            if not self._make_room():
                sock.close()
                continue
            sock.setblocking(False)
            self._coming += 1
            task = self.loop.create_task(self._open(sock))
            self._openings.add(task)
            task.add_done_callback(partial(self._opened, sock))

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self.loop.add_reader(listening, self._accept, listening)

    def _make_room(self) -> bool:
        """Whether one more connection may be open, if need be in place of one that is idle."""
        if len(self.connections) + self._coming < self.limits.connections:
            return True
        ready = (one for one in self.connections if not one.busy and not one.closing)
        idle = min(ready, key=lambda one: one.deadline, default=None)
        if idle is None:
            self.dispatcher.tell_once("all %d connections are busy: new ones are closed", self.limits.connections)
            return False
        idle.finish()
        return True

    # -- the first byte -----------------------------------------------------------------------------------------------

    async def _open(self, sock: socket.socket) -> None:
        opening = Opening(self.dispatcher, self.connections, self._arrived)
        try:
            await self._begin(sock, opening)
        except (OSError, TimeoutError) as error:
            log.debug("a connection did not come about: %s", error)
            sock.close()
        finally:
            if not opening.made:
                self._arrived()

    def _opened(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        self._openings.discard(task)
        if task.cancelled():  # perhaps before it began
            sock.close()

    def _arrived(self) -> None:
        self._coming -= 1

    async def _begin(self, sock: socket.socket, opening: Opening) -> None:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = None
        if self._tls is not None:
            async with asyncio.timeout(self.limits.header_seconds):
                first = await self._peek(sock)
            if not first:
                sock.close()
                return
            context = self._tls() if first[0] == HANDSHAKE else None
        await self.loop.connect_accepted_socket(
            lambda: opening,
            sock,
            ssl=context,
            ssl_handshake_timeout=self.limits.header_seconds if context is not None else None,
        )

    async def _peek(self, sock: socket.socket) -> bytes:
        """The first byte, which stays where it is; b"" when the client closed instead."""
        readable = self.loop.create_future()
        self.loop.add_reader(sock, _wake, readable)
        try:
            await readable
        finally:
            self.loop.remove_reader(sock)
        return sock.recv(1, socket.MSG_PEEK)

    # -- time ---------------------------------------------------------------------------------------------------------

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in [one for one in self.connections if one.deadline <= now]:
            connection.overdue()
        pause = min(_SWEEP, self.limits.header_seconds / 4, self.limits.idle_seconds / 4, self.limits.body_seconds / 4)
        self._sweeper = self.loop.call_later(max(pause, 0.01), self._sweep)

    async def drain(self, seconds: float) -> bool:
        """Accept no more, answer what is under way, close. False when ``seconds`` were not enough."""
        end = time.monotonic() + seconds
        self._draining = True
        for port in self.ports:
            self.remove(port)
        for task in list(self._openings):
            task.cancel()
        await asyncio.gather(*self._openings, return_exceptions=True)
        for connection in list(self.connections):
            connection.finish()
        while (self.connections or self.dispatcher.active) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        clean = not self.connections and not self.dispatcher.active
        for connection in list(self.connections):
            connection.transport.abort()
        self._sweeper.cancel()
        for _ in range(_LAST_TURNS):
            await asyncio.sleep(0.01 if self.connections else 0)  # transports close their sockets in turns of their own
        return clean


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it is installed; on Windows the one that can watch any socket."""
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop()
    return uvloop.new_event_loop()
