"""One request over HTTP/2 and its answer."""

from __future__ import annotations

import math

from pinyon.errors import InvalidRequestError, PinyonError
from pinyon.server import grpc, heads
from pinyon.server.app import App
from pinyon.server.connection import Connection
from pinyon.server.dispatch import GONE, Job
from pinyon.server.feed import Feed
from pinyon.server.http import Admitted, Answer, Head, Plane

Pairs = list[tuple[str, str]]


class Stream:
    """One request and, in time, its answer."""

    def __init__(self, head: Head, app: App, grpc: bool, began: float) -> None:
        self.head = head
        self.app = app
        self.grpc = grpc
        self.began = began
        self.admitted: Admitted | None = None
        self.job: Job | None = None
        self.body: list[bytes] = []
        self.size = 0
        """Bytes of the body that are kept."""
        self.received = 0
        self.complete = False
        self.without_body = False
        self.deadline = math.inf
        self.limit = math.inf
        """Time at which the client's patience ends (grpc-timeout)."""
        self.answer: Answer | None = None
        self.unsent = memoryview(b"")
        self.trailers: list[tuple[str, str]] = []
        self.feed: Feed | None = None
        """Where the rest of a streamed answer comes from, until it has all come."""
        self.error: PinyonError | None = None
        """Why a streamed answer is not whole."""
        self.sent: int | None = None
        """Bytes of a streamed answer that were sent."""

    @property
    def plane(self) -> Plane:
        return "control" if self.admitted is None else self.admitted.route.plane

    def due(self) -> float:
        """When patience with it ends: the client's own, or ours with a body or window that does not come."""
        if self.answer is None:
            return self.limit if self.complete else min(self.limit, self.deadline)
        return self.deadline if self.unsent or self.feed is None else math.inf

    def render(self, answer: Answer) -> Pairs:
        """Takes the answer; gives the headers that begin it."""
        self.answer = answer
        if self.grpc:
            headers, body, self.trailers = grpc.render(answer)
        else:
            headers, body = [(":status", str(answer.status))], answer.body
            if answer.pieces is None and answer.status != 304:  # its length would be that of what is not sent again
                headers.append(("content-length", str(len(body))))
            elif answer.pieces is not None and self.job is not None:
                self.feed, self.sent = self.job.feed, 0
            if answer.body or answer.pieces is not None:
                headers.append(("content-type", answer.content_type))
            headers += answer.headers
        if self.without_body:
            body, self.feed = b"", None
        self.unsent = memoryview(body)
        request_id = self.head.request_id
        return [*headers, ("x-pinecone-request-id", request_id), ("x-request-id", request_id)]

    def refill(self, deadline: float) -> bool:
        """Whether there is something to send now, taken from a streamed answer if need be. deadline: when that is to be
        sent."""
        if not self.unsent and self.feed is not None:
            piece = self.feed.take()
            if piece is None:
                self.error, self.feed = self.feed.error, None
            else:
                self.unsent, self.deadline = memoryview(piece), deadline
        return bool(self.unsent)

    def outcome(self) -> Answer:
        """What is remembered of an answer that was sent, or given up on the way."""
        if self.answer is None or self.feed is not None:
            return GONE
        return self.answer if self.error is None else Answer(status=self.error.status)


def read_head(pairs: list[tuple[bytes, bytes]], connection: Connection) -> tuple[Head, str]:
    """(head, method) of a request. Raises InvalidRequestError. Which pseudo-headers there are, and their order, h2 has
    checked."""
    if len(pairs) > heads.HEADERS:
        raise heads.HeaderTooLargeError(f"Invalid request: more than {heads.HEADERS} headers.")
    pseudo = {name[1:].decode(): value.decode("latin-1") for name, value in pairs if name.startswith(b":")}
    headers = heads.gather((name, value) for name, value in pairs if not name.startswith(b":"))
    authority = heads.check_authority(pseudo.get("authority") or headers.get("host", ""))
    if headers.setdefault("host", authority).lower() != authority.lower():
        raise InvalidRequestError("Invalid request: the Host header and :authority differ.")
    method = pseudo["method"]
    path, query = heads.split_target(pseudo.get("path", ""))
    head = Head(
        "GET" if method == "HEAD" else method,
        path,
        query,
        headers,
        connection.scheme,
        authority,
        connection.port,
        connection.client,
        heads.request_id_of(headers),
    )
    return head, method
