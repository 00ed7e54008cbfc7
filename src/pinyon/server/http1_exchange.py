"""One request over HTTP/1.1 and its answer, and what is wrong with bytes that are no request."""

from __future__ import annotations

import logging
import math

from httptools import HttpParserCallbackError, HttpParserError, HttpRequestParser

from pinyon.errors import InvalidRequestError, PinyonError
from pinyon.server import heads, messages
from pinyon.server.connection import Connection
from pinyon.server.dispatch import Job
from pinyon.server.feed import Feed
from pinyon.server.http import Admitted, Answer, Head

log = logging.getLogger("pinyon.server")


class Exchange:
    """One request and, in time, its answer."""

    def __init__(self, head: Head | None = None) -> None:
        self.head = head
        self.admitted: Admitted | None = None
        self.answer: Answer | None = None
        self.job: Job | None = None
        self.body: list[bytes] = []
        self.size = 0
        """Bytes of the body that are kept."""
        self.received = 0
        self.length: int | None = 0
        """Bytes of the body as announced; None for a chunked one."""
        self.complete = False
        self.expects = False
        """The client waits for "100 Continue" before it sends the body."""
        self.keep_alive = False
        self.without_body = False
        """It is a HEAD request."""
        self.takes_chunks = True
        """Else the end of the connection is the end of a streamed answer, as in HTTP/1.0."""
        self.sent: int | None = None
        """Bytes of a streamed answer that were sent; None before its head was."""
        self.began = 0.0
        self.deadline = math.inf

    @property
    def request_id(self) -> str:
        return heads.request_id_of({}) if self.head is None else self.head.request_id

    @property
    def feed(self) -> Feed | None:
        """Where the pieces of a streamed answer come from; None until there is one, and for any other."""
        return None if self.job is None or self.answer is None else self.job.feed

    def opening(self) -> bytes:
        """The head of a streamed answer, and its first piece."""
        assert self.answer is not None, "only what was answered is streamed"
        self.keep_alive &= self.takes_chunks
        head = messages.render_head(self.answer, self.request_id, close=not self.keep_alive, chunked=self.takes_chunks)
        self.sent = 0
        return head if self.without_body else head + self.framed(self.answer.body)

    def framed(self, piece: bytes) -> bytes:
        """A piece of a streamed answer as it is sent."""
        if not piece:
            return b""
        self.sent = len(piece) + (self.sent or 0)
        return b"%x\r\n%b\r\n" % (len(piece), piece) if self.takes_chunks else piece

    @property
    def is_slow(self) -> bool:
        """Whether it is not worth finishing for a client that may have left."""
        return self.admitted is not None and self.admitted.route.slow


def read_exchange(
    parser: HttpRequestParser, target: bytes, pairs: list[tuple[bytes, bytes]], connection: Connection
) -> Exchange:
    """A request whose head is here. Raises InvalidRequestError."""
    limit = connection.limits.header_bytes
    size = len(target) + sum(len(name) + len(value) + 4 for name, value in pairs)
    if size > limit or len(pairs) > heads.HEADERS:
        raise head_too_large(limit)
    headers, version = heads.gather(pairs), parser.get_http_version()
    method = parser.get_method().decode("latin-1")
    head = messages.read_head(
        method,
        target.decode("latin-1"),
        version,
        headers,
        scheme=connection.scheme,
        port=connection.port,
        client=connection.client,
    )
    exchange = Exchange(head)
    exchange.length = None if "transfer-encoding" in headers else heads.length_of(headers) or 0
    exchange.expects = exchange.length != 0 and headers.get("expect", "").lower() == "100-continue"
    exchange.without_body = method == "HEAD"
    exchange.takes_chunks = version == "1.1"
    exchange.keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
    return exchange


def cause(error: HttpParserError) -> PinyonError:
    """What to answer: our own refusal from inside the parser, or the parser's complaint."""
    inner = error.__context__
    if isinstance(inner, PinyonError):
        return inner
    if isinstance(error, HttpParserCallbackError) and inner is not None:
        log.error("a request could not be taken in", exc_info=inner)
        return PinyonError("Something went wrong inside the server. The log has it.")
    return InvalidRequestError(f"Invalid request: this is not HTTP/1.1 ({str(error)[:100]}).")


def head_too_large(limit: int) -> heads.HeaderTooLargeError:
    return heads.HeaderTooLargeError(
        f"Invalid request: the headers exceed {limit:,} bytes or {heads.HEADERS} lines. Send fewer or shorter ones."
    )
