"""Between the event loop and the handlers: threads that answer, and a budget for the bodies that wait for them."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from pinyon.errors import PinyonError
from pinyon.server.app import App
from pinyon.server.feed import Feed
from pinyon.server.heads import OverloadedError
from pinyon.server.http import Admitted, Answer, Head, Route
from pinyon.server.settings import Settings

log = logging.getLogger("pinyon.server")

Decode: TypeAlias = Callable[[bytes], bytes]
Transport: TypeAlias = Literal["rest", "grpc"]

GONE: Final = Answer(status=499)
"""What is remembered of a request whose client went away before it was answered."""
_SIDE_THREADS: Final = 8
_WRITE_THREADS: Final = 8


class Job:
    """One admitted request with its whole body, on its way through a thread.

    decode: takes the body's encoding off; what it raises becomes the answer. done: is called on the loop with the
    answer. more: is called there when further pieces of it are in ``feed``, or its end.
    """

    __slots__ = ("admitted", "app", "body", "cancelled", "decode", "done", "feed", "more")

    def __init__(
        self,
        app: App,
        admitted: Admitted,
        body: list[bytes],
        decode: Decode,
        done: Callable[[Answer], None],
        more: Callable[[], None],
    ) -> None:
        self.app = app
        self.admitted = admitted
        self.body = body
        self.decode = decode
        self.done = done
        self.more = more
        self.feed: Feed | None = None
        """Of a streamed answer, from before ``done`` is called."""
        self.cancelled = False
        """Nobody waits for the answer any more: work that has not begun is not done."""

    def cancel(self) -> None:
        self.cancelled = True
        if self.feed is not None:
            self.feed.wake()

    def is_gone(self) -> bool:
        return self.cancelled

    def run(self) -> Answer:
        if self.cancelled:
            return GONE
        try:
            body = self.decode(self.body[0] if len(self.body) == 1 else b"".join(self.body))
        except PinyonError as error:
            return self.app.refuse(error, self.admitted.route.plane)
        return self.app.answer(self.admitted, body, self.is_gone)


class Dispatcher:
    """Runs requests in threads and gives the answers back on the event loop.

    Reads and writes of data have threads of their own, so that neither a long backup nor a writer who waits for the
    lock keeps a query waiting; models that write, which may take minutes, have theirs. All methods belong to the
    loop's thread.
    """

    def __init__(self, rest: App, grpc: App, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self.rest = rest
        self.grpc = grpc
        self.settings = settings
        self.loop = loop
        self.active = 0
        """Requests that are in threads."""
        self._free = settings.requests.held_bytes
        self._told: set[str] = set()
        # More readers than cores only take the interpreter from each other; writers wait for the disk and the lock.
        self._reads = ThreadPoolExecutor(settings.threads or max(2, os.cpu_count() or 1), "pinyon-read")
        self._writes = ThreadPoolExecutor(_WRITE_THREADS, "pinyon-write")
        self._side = ThreadPoolExecutor(_SIDE_THREADS, "pinyon-side")
        self._slow = ThreadPoolExecutor(settings.generations, "pinyon-slow")
        self._slow_jobs = 0

    def start(self, job: Job) -> None:
        route = job.admitted.route
        if route.slow:
            if self._slow_jobs >= self.settings.generations:
                self.loop.call_soon(job.done, job.app.refuse(_too_many(self.settings.generations), route.plane))
                return
            self._slow_jobs += 1
        self.active += 1
        self._pool(route).submit(self._run, job)

    def _pool(self, route: Route) -> ThreadPoolExecutor:
        if route.slow:
            return self._slow
        if route.plane != "data" or route.aside:
            return self._side
        return self._writes if route.action == "data:write" else self._reads

    def _run(self, job: Job) -> None:
        """In a thread."""
        answer = job.run()
        if answer.pieces is None:
            self._tell(self._finish, job, answer)
            return
        job.feed = Feed(job.is_gone, self.settings.requests.body_seconds, partial(self._tell, job.more))
        self._tell(job.done, answer)
        try:
            job.feed.pour(answer.pieces)
        finally:
            self._tell(self._leave, job)

    def _tell(self, callback: Callable[..., None], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody is left to be told
            self.loop.call_soon_threadsafe(callback, *values)

    def _finish(self, job: Job, answer: Answer) -> None:
        self._leave(job)
        job.done(answer)

    def _leave(self, job: Job) -> None:
        """Its thread is free again."""
        self.active -= 1
        if job.admitted.route.slow:
            self._slow_jobs -= 1

    # -- memory -------------------------------------------------------------------------------------------------------

    def reserve(self, size: int) -> None:
        """Set memory aside for a part of a body. Raises OverloadedError when too much is held already."""
        if size > self._free:
            raise OverloadedError("The server is holding as many request bodies as it may. Try again in a moment.")
        self._free -= size

    def release(self, size: int) -> None:
        self._free += size

    # -- what is remembered -------------------------------------------------------------------------------------------

    def begin(self, transport: Transport) -> float:
        """A head is here. Gives the time, for ``finish``."""
        if self.rest.service.observer is not None:
            self.rest.service.observer.begin(transport)
        return time.perf_counter()

    def finish(
        self,
        head: Head,
        admitted: Admitted | None,
        answer: Answer,
        *,
        began: float,
        bytes_in: int,
        transport: Transport,
        bytes_out: int | None = None,
    ) -> None:
        """The answer is sent, or given up. Every ``begin`` needs one. bytes_out: of a streamed body."""
        observer = self.rest.service.observer
        if observer is not None:
            observer.finish(
                head,
                admitted,
                answer,
                seconds=time.perf_counter() - began,
                bytes_in=bytes_in,
                transport=transport,
                bytes_out=bytes_out,
            )

    def tell_once(self, message: str, *values: object) -> None:
        if message not in self._told:
            self._told.add(message)
            log.warning(message, *values)

    def warn_of_plain_key(self, head: Head) -> None:
        """Says once that a key crosses the network in the clear."""
        if head.scheme != "http" or not ("api-key" in head.headers or "authorization" in head.headers):
            return
        if not head.client.startswith(("127.", "::ffff:127.")) and head.client not in {"::1", ""}:
            self.tell_once("an API key came over plain HTTP from %s: use TLS (--tls), or a proxy", head.client)

    def close(self, *, wait: bool = True) -> None:
        """Let the threads end; those that are in the middle of a request finish it."""
        for pool in (self._reads, self._writes, self._side, self._slow):
            pool.shutdown(wait=wait, cancel_futures=True)


def _too_many(limit: int) -> OverloadedError:
    return OverloadedError(
        f"Models are writing {limit} answers already, as many as this server lets them (its setting generations). Try "
        "again in a moment."
    )
