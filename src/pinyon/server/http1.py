"""HTTP/1.1: httptools parses, this decides. Strict where requests could be smuggled, patient where clients are slow.

Requests of one connection are answered one after the other. Of a body nothing is kept before its sender is admitted.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from functools import partial
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from pinyon.errors import PinyonError
from pinyon.server import heads, messages
from pinyon.server.connection import LINGER, Connection
from pinyon.server.dispatch import GONE, Dispatcher, Job
from pinyon.server.feed import Feed
from pinyon.server.http import Answer
from pinyon.server.http1_exchange import Exchange, cause, head_too_large, read_exchange

log = logging.getLogger("pinyon.server")

_SMALL: Final = 64 * 1024
"""The body of a refused request is read and forgotten up to this size; beyond it the connection is closed."""
_SWALLOWED: Final = 256 * 1024 * 1024
"""So much is thrown away of a client that goes on sending after its last answer."""


class Http1(Connection):
    """One connection that speaks HTTP/1.1 or 1.0."""

    def __init__(self, dispatcher: Dispatcher, group: set[Connection]) -> None:
        super().__init__(dispatcher, group)
        self._parser = HttpRequestParser(self)
        self._queue: deque[Exchange] = deque()
        self._reading: Exchange | None = None
        """The exchange whose body comes in."""
        self._target = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._head_deadline = math.inf
        self._idle_since = self.loop.time()
        self._quiet = 0
        """Bytes that the parser took since it last told us something: an endless header, or chunk, or empty line."""
        self._verbatim = 0
        """Bytes of a body that the parser leaves to us."""
        self._held = b""
        """What came while an answer was being made."""
        self._ended = False
        """The client has sent everything."""
        self._last = False
        """Nothing that comes in counts any more."""
        self._lingering = False
        self._swallowed = 0
        self._draining = False
        self._advancing = False

    # -- what comes in ------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._last:
            self._swallowed += len(data)
            if self._swallowed > _SWALLOWED:
                self.transport.abort()
        elif self._occupied():
            self._held += data
            self.transport.pause_reading()
        else:
            self._feed(data)
            self._advance()

    def eof_received(self) -> bool:
        """A client that has said everything may still listen, but a model does not write for one that may have left.
        TLS cannot be half closed."""
        self._ended = True
        return self._occupied() and self.scheme == "http" and not (self._queue and self._queue[0].is_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for exchange in self._queue:
            if exchange.job is not None:
                exchange.job.cancel()
            if exchange.job is None or exchange.answer is not None:  # else what it answers is still remembered
                self._forget(exchange)
                self._remember(exchange, (exchange.feed is None and exchange.answer) or GONE)
        self._queue.clear()
        self._last = self.closing = True

    def _occupied(self) -> bool:
        """Whether what comes next must wait for an answer that is being made or written."""
        return self.clogged or bool(self._queue and self._queue[0].complete)

    def _feed(self, data: bytes) -> None:
        self._quiet += len(data)
        try:
            if self._verbatim:
                data = self._take_verbatim(data)
            if data:
                self._parser.feed_data(data)
        except HttpParserUpgrade as offer:  # another protocol, which a server may decline by ignoring it
            rest = data[offer.args[0] :]
            if self._verbatim and rest:
                self._feed(rest)
        except PinyonError as error:
            self._give_up(error)
        except HttpParserError as error:
            self._give_up(cause(error))
        else:
            if self._quiet > self.limits.header_bytes:
                self._give_up(head_too_large(self.limits.header_bytes))

    def _take_verbatim(self, data: bytes) -> bytes:
        mine, rest = data[: self._verbatim], data[self._verbatim :]
        self._verbatim -= len(mine)
        self.on_body(mine)
        if not self._verbatim:
            self._complete()
        return rest

    # -- what the parser says -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._head_deadline = self.loop.time() + self.limits.header_seconds
        self._target = b""
        self._pairs = []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading is None:
            self._pairs.append((name, value))
        # else it is a trailer, and nothing reads them

    def on_headers_complete(self) -> None:
        self._quiet = 0
        self._head_deadline = math.inf
        if self._last:
            return
        exchange = read_exchange(self._parser, self._target, self._pairs, self)
        exchange.began = self.dispatcher.begin("rest")
        exchange.deadline = self.loop.time() + self.limits.body_seconds
        self._admit(exchange)
        self._queue.append(exchange)
        self._reading = exchange

    def _admit(self, exchange: Exchange) -> None:
        app, head = self.dispatcher.rest, exchange.head
        assert head is not None, "it was read"
        admitted = app.admit(head)
        if isinstance(admitted, Answer):
            exchange.answer = admitted
            return
        exchange.admitted = admitted
        self.dispatcher.warn_of_plain_key(head)
        try:
            heads.check_encoding(head.headers)
            if exchange.length != 0:
                heads.check_content_type(head.headers, admitted.route)
            if (exchange.length or 0) > admitted.body_limit:
                raise heads.too_large(admitted.body_limit, exchange.length)
        except PinyonError as error:
            exchange.answer = app.refuse(error, admitted.route.plane)

    def on_body(self, body: bytes) -> None:
        self._quiet = 0
        exchange = self._reading
        if exchange is None:
            return
        exchange.received += len(body)
        if exchange.answer is not None or exchange.admitted is None:
            return  # refused: it is read past
        try:
            if exchange.size + len(body) > exchange.admitted.body_limit:
                raise heads.too_large(exchange.admitted.body_limit)
            self.dispatcher.reserve(len(body))
        except PinyonError as error:
            exchange.answer = self.dispatcher.rest.refuse(error, exchange.admitted.route.plane)
            self._forget(exchange)
        else:
            exchange.body.append(body)
            exchange.size += len(body)

    def on_message_complete(self) -> None:
        self._quiet = 0
        exchange = self._reading
        if exchange is not None and exchange.length and self._parser.should_upgrade():
            self._verbatim = exchange.length  # beside an Upgrade header the parser ignores the length
        else:
            self._complete()

    def _complete(self) -> None:
        if self._reading is not None:
            self._reading.complete = True
            self._last = self._last or not self._reading.keep_alive
        self._reading = None

    # -- what goes out ------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Do what can be done now: answer, start work, ask for a body, parse what was held."""
        if self._advancing:
            return
        self._advancing = True
        while self._step():
            pass
        self._advancing = False
        self._set_deadline()

    def _step(self) -> bool:
        """One thing that can be done now; False when there is none."""
        if self.clogged or self._lingering or self.closing:
            return False
        if not self._queue:
            if self._held and not self._last:
                data, self._held = self._held, b""
                self.transport.resume_reading()
                self._feed(data)
                return True
            if self._last or self._draining or self._ended:
                self.close()
            return False
        first = self._queue[0]
        if first.feed is not None:
            return self._stream(first, first.feed)
        if first.answer is not None:
            if first.complete or not self._worth_reading(first):
                self._send(first, first.answer)
                return True
        elif first.complete and first.job is None:
            self._start(first)
        elif self._ended and not first.complete:
            self.close()  # the rest will not come
        elif first.expects and not first.complete:
            first.expects = False
            self.transport.write(messages.CONTINUE)
        return False

    @staticmethod
    def _worth_reading(refused: Exchange) -> bool:
        """Whether the rest of a body that nobody wants is short enough to keep the connection for."""
        return refused.length is not None and refused.length <= _SMALL and not refused.expects

    def _start(self, exchange: Exchange) -> None:
        assert exchange.admitted is not None, "an exchange without an answer was admitted"
        admitted, headers = exchange.admitted, exchange.admitted.head.headers
        exchange.job = Job(
            self.dispatcher.rest,
            admitted,
            exchange.body,
            partial(heads.decoded, headers=headers, limit=admitted.body_limit),
            partial(self._answered, exchange),
            self._advance,
        )
        self.dispatcher.start(exchange.job)

    def _answered(self, exchange: Exchange, answer: Answer) -> None:
        exchange.answer = answer
        self._forget(exchange)
        if self.closing:
            self._remember(exchange, answer if exchange.feed is None else GONE)
        else:
            self._advance()

    def _send(self, exchange: Exchange, answer: Answer) -> None:
        self._queue.popleft()
        unread = not exchange.complete
        close = unread or not exchange.keep_alive or (self._draining and not self._queue)
        self._idle_since = self.loop.time()
        for part in messages.render(answer, exchange.request_id, close=close, without_body=exchange.without_body):
            self.transport.write(part)
        self._remember(exchange, answer)
        if unread:
            self._linger()
        elif close:
            self.close()

    def _stream(self, exchange: Exchange, feed: Feed) -> bool:
        """Send what there is of a streamed answer; False when more is to come."""
        if exchange.sent is None:
            self.transport.write(exchange.opening())
            if exchange.without_body:
                self._end_stream(exchange, None)
                return True
        while not self.clogged:
            piece = feed.take()
            if piece is None:
                self._end_stream(exchange, feed.error)
                return True
            if not piece:
                break
            self.transport.write(exchange.framed(piece))
        return False

    def _end_stream(self, exchange: Exchange, error: PinyonError | None) -> None:
        """error: why the answer is not whole, which its missing end tells the client."""
        assert exchange.job is not None, "only what was started is streamed"
        assert exchange.answer is not None, "only what was answered is streamed"
        exchange.job.cancel()
        self._queue.popleft()
        self._idle_since = self.loop.time()
        self._remember(exchange, exchange.answer if error is None else Answer(status=error.status))
        if error is None and exchange.takes_chunks and not exchange.without_body:
            self.transport.write(messages.LAST_CHUNK)
        if error is not None or not exchange.keep_alive or (self._draining and not self._queue):
            self._last = True
            self.close()

    def _remember(self, exchange: Exchange, answer: Answer) -> None:
        if exchange.head is not None:
            self.dispatcher.finish(
                exchange.head,
                exchange.admitted,
                answer,
                began=exchange.began,
                bytes_in=exchange.received,
                transport="rest",
                bytes_out=exchange.sent if exchange.feed is not None else None,
            )

    def _forget(self, exchange: Exchange) -> None:
        self.dispatcher.release(exchange.size)
        exchange.body.clear()
        exchange.size = 0

    def _give_up(self, error: PinyonError) -> None:
        """Refuse what cannot be parsed, after the answers that are still due; nothing after it is read."""
        broken = self._reading
        if broken is None:
            broken = Exchange()
            self._queue.append(broken)
        if broken.answer is None:
            self._forget(broken)
            plane = "control" if broken.admitted is None else broken.admitted.route.plane
            broken.answer = self.dispatcher.rest.refuse(error, plane)
        broken.length = None
        self._reading = None
        self._verbatim = 0
        self._last = True

    def _linger(self) -> None:
        """Say no more, but let the client finish speaking: a reset would lose the answer on its way."""
        self._last = self._lingering = True
        self._queue.clear()
        if self._ended:
            self.close()
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self.deadline = self.loop.time() + LINGER

    # -- time ---------------------------------------------------------------------------------------------------------

    def _set_deadline(self) -> None:
        if self.closing or self._lingering:
            return
        if self.clogged:
            self.deadline = self.loop.time() + self.limits.body_seconds
        elif self._queue:
            self.deadline = math.inf if self._queue[0].complete else self._queue[0].deadline
        elif self._head_deadline < math.inf:
            self.deadline = self._head_deadline
        else:
            self.deadline = self._idle_since + self.limits.idle_seconds

    def overdue(self) -> None:
        if self.closing or self._lingering:
            self.transport.abort()
        elif self.clogged:
            if self.stuck():
                self.transport.abort()
            self.deadline = self.loop.time() + self.limits.body_seconds
        elif self._queue or self._head_deadline < math.inf:
            self._give_up(heads.RequestTimeoutError("The request did not arrive in time. Send it again."))
            self._advance()
        else:
            self.close()

    @property
    def busy(self) -> bool:
        return bool(self._queue) or self._head_deadline < math.inf

    def finish(self) -> None:
        self._draining = True
        if self._lingering:
            self.close()
        self._advance()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._advance()
