"""HTTP/2 for gRPC and REST: h2 keeps the protocol's state, this decides what a client may do with it.

Streams are answered in any order. Of a body nothing is kept before its sender is admitted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from pinyon.errors import PinyonError
from pinyon.server import grpc, heads
from pinyon.server.connection import Connection
from pinyon.server.dispatch import GONE, Dispatcher, Job
from pinyon.server.http import Answer, Head
from pinyon.server.http2_goodbye import Goodbye
from pinyon.server.http2_stream import Stream, read_head

if TYPE_CHECKING:
    from asyncio import BaseTransport

log = logging.getLogger("pinyon.server")

_STREAMS: Final = 100
_WINDOW: Final = 4 * 1024 * 1024
"""Bytes that a client may have under way in one stream; four times as many in all."""
_FRAME: Final = 256 * 1024
"""The largest frame that a client may send once it was admitted; until then it is 16 KiB, HTTP/2's least."""
_PATIENCE: Final = 1_000
"""Small frames (pings, settings, windows, empty data) that a client may send while no request of it is answered."""
_CREDIT: Final = 50
"""What an answered request is worth in such frames."""
_RESET_COST: Final = 10
"""What it costs to take a request back."""


class Http2(Connection):
    """One connection that speaks HTTP/2."""

    def __init__(self, dispatcher: Dispatcher, group: set[Connection]) -> None:
        super().__init__(dispatcher, group)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        """Answers' headers are our own and lower case: they need no second look."""
        self._streams: dict[int, Stream] = {}
        self._patience = _PATIENCE
        self._trusted = False
        self._goodbye = Goodbye(self._h2, self._write)
        self._idle_since = self.loop.time()
        self._events: dict[type[h2.events.Event], Callable[..., None]] = {
            h2.events.RequestReceived: self._on_request,
            h2.events.DataReceived: self._on_data,
            h2.events.StreamEnded: self._on_end,
            h2.events.StreamReset: self._on_reset,
            h2.events.PingAckReceived: self._on_ping_ack,
            h2.events.ConnectionTerminated: self._on_goodbye,
        }

    # -- what comes in ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: _STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: self.limits.header_bytes,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
            },
        )
        self._h2.decoder.max_header_list_size = self.limits.header_bytes
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(4 * _WINDOW - 65_535)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            log.debug("HTTP/2 from %s: %s", self.client, error)
            self._flush()
            self.close()
            return
        for event in events:
            if self.closing:
                return
            handle = self._events.get(type(event))
            if handle is not None:
                handle(event)
            else:
                self._patience -= 1
        if self._patience < 0:
            self._goodbye.blame(ErrorCodes.ENHANCE_YOUR_CALM)
            self.close()
            return
        self._pump()
        self._set_deadline()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.closing = True
        for stream in self._streams.values():
            self._abandon(stream)
        self._streams.clear()

    def _on_request(self, event: h2.events.RequestReceived) -> None:
        assert event.stream_id is not None
        assert event.headers is not None
        self._patience -= 1
        if self._goodbye.heard:
            self._reset(event.stream_id, ErrorCodes.REFUSED_STREAM)
            return
        try:
            stream = self._open([(bytes(name), bytes(value)) for name, value in event.headers])
        except PinyonError as error:
            answer = self.dispatcher.rest.refuse(error, "control")
            head = Head("GET", "/", "", {}, self.scheme, "", self.port, self.client, heads.request_id_of({}))
            stream = Stream(head, self.dispatcher.rest, False, self.dispatcher.begin("rest"))
            self._streams[event.stream_id] = stream
            self._answer(event.stream_id, stream, answer)
            return
        self._streams[event.stream_id] = stream
        stream.complete = event.stream_ended is not None
        self._admit(event.stream_id, stream)

    def _open(self, pairs: list[tuple[bytes, bytes]]) -> Stream:
        """Raises InvalidRequestError."""
        head, method = read_head(pairs, self)
        is_grpc = head.headers.get("content-type", "").startswith("application/grpc")
        app = self.dispatcher.grpc if is_grpc else self.dispatcher.rest
        stream = Stream(head, app, is_grpc, self.dispatcher.begin("grpc" if is_grpc else "rest"))
        stream.without_body = method == "HEAD"
        stream.deadline = self.loop.time() + self.limits.body_seconds
        return stream

    def _admit(self, stream_id: int, stream: Stream) -> None:
        head, app = stream.head, stream.app
        admitted = app.admit(head)
        if isinstance(admitted, Answer):
            self._answer(stream_id, stream, admitted)
            return
        stream.admitted = admitted
        self.dispatcher.warn_of_plain_key(head)
        try:
            if stream.grpc:
                grpc.check_encoding(head.headers)
                # The clock of the loop, but not its last tick: patience may be shorter than that.
                stream.limit = time.monotonic() + grpc.patience_of(head.headers)
            else:
                heads.check_encoding(head.headers)
                if not stream.complete:
                    heads.check_content_type(head.headers, admitted.route)
            length = heads.length_of(head.headers) or 0
            if length > admitted.body_limit:
                raise heads.too_large(admitted.body_limit, length)
        except PinyonError as error:
            self._answer(stream_id, stream, app.refuse(error, admitted.route.plane))
            return
        self._trust()

    def _trust(self) -> None:
        """Somebody who was admitted once may send larger frames, which are much faster to take in."""
        if not self._trusted:
            self._trusted = True
            self._h2.update_settings({SettingCodes.MAX_FRAME_SIZE: _FRAME})

    def _on_data(self, event: h2.events.DataReceived) -> None:
        assert event.stream_id is not None
        assert event.data is not None
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self._earn(1 if len(event.data) >= 1024 else -1)
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.answer is not None or stream.admitted is None:
            return  # refused: it is read past
        stream.received += len(event.data)
        try:
            if stream.size + len(event.data) > stream.admitted.body_limit:
                raise heads.too_large(stream.admitted.body_limit)
            self.dispatcher.reserve(len(event.data))
        except PinyonError as error:
            self._answer(event.stream_id, stream, stream.app.refuse(error, stream.plane))
        else:
            stream.body.append(event.data)
            stream.size += len(event.data)

    def _on_end(self, event: h2.events.StreamEnded) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        stream.complete = True
        if stream.admitted is not None and stream.answer is None and stream.job is None:
            self._start(event.stream_id, stream)

    def _on_reset(self, event: h2.events.StreamReset) -> None:
        assert event.stream_id is not None
        self._patience -= _RESET_COST
        stream = self._streams.pop(event.stream_id, None)
        if stream is not None:
            self._abandon(stream)
            self._idle_since = self.loop.time()

    def _on_ping_ack(self, event: h2.events.PingAckReceived) -> None:
        if self._goodbye.is_confirmed_by(event.ping_data):
            self._goodbye.hear()
            self._pump()
        else:
            self._patience -= 1

    def _on_goodbye(self, _: h2.events.ConnectionTerminated) -> None:
        self.close()

    def _earn(self, frames: int) -> None:
        self._patience = min(_PATIENCE, self._patience + frames)

    # -- answering ----------------------------------------------------------------------------------------------------

    def _start(self, stream_id: int, stream: Stream) -> None:
        assert stream.admitted is not None, "only admitted requests are started"
        if time.monotonic() >= stream.limit:
            self._answer(stream_id, stream, stream.app.refuse(_out_of_time(), stream.plane))
            return
        decode = grpc.decoded if stream.grpc else heads.decoded
        stream.job = Job(
            stream.app,
            stream.admitted,
            stream.body,
            partial(decode, headers=stream.head.headers, limit=stream.admitted.body_limit),
            partial(self._answered, stream_id, stream),
            self._go_on,
        )
        self.dispatcher.start(stream.job)

    def _answered(self, stream_id: int, stream: Stream, answer: Answer) -> None:
        self._forget(stream)
        if self._streams.get(stream_id) is stream and stream.answer is None:
            self._answer(stream_id, stream, answer)
            self._go_on()
        elif stream.answer is None:
            self._remember(stream, answer if answer.pieces is None else GONE)  # the client is gone
        # else it was told that its time was up

    def _go_on(self) -> None:
        self._pump()
        self._set_deadline()

    def _answer(self, stream_id: int, stream: Stream, answer: Answer) -> None:
        """Send the head of an answer, and queue its body."""
        self._forget(stream)
        stream.deadline = self.loop.time() + self.limits.body_seconds
        headers = stream.render(answer)
        ends = not stream.unsent and not stream.trailers and stream.feed is None
        try:
            self._h2.send_headers(stream_id, headers, end_stream=ends)
        except h2.exceptions.ProtocolError as error:
            log.debug("stream %d cannot be answered: %s", stream_id, error)
            ends = True
        if ends:
            self._end(stream_id, stream)

    def _pump(self) -> None:
        """Send of the bodies what the client's windows and the socket take."""
        for stream_id, stream in list(self._streams.items()):
            if self.clogged or self.closing:
                break
            if stream.answer is not None:
                self._send(stream_id, stream)
        self._flush()
        if self._goodbye.heard and not self._streams and not self.closing:
            self.close()

    def _send(self, stream_id: int, stream: Stream) -> None:
        try:
            while stream.refill(self.loop.time() + self.limits.body_seconds):
                room = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
                if room <= 0 or self.clogged:
                    return
                part, stream.unsent = stream.unsent[:room], stream.unsent[room:]
                ends = not (stream.unsent or stream.trailers or stream.sent is not None)
                self._h2.send_data(stream_id, part.tobytes(), end_stream=ends)
                if stream.sent is not None:
                    stream.sent += len(part)
                stream.deadline = self.loop.time() + self.limits.body_seconds
                self._earn(2)
                self._flush()
            if stream.feed is not None:
                return
            if stream.error is not None:
                self._reset(stream_id, ErrorCodes.INTERNAL_ERROR)
            elif stream.sent is not None:
                self._h2.send_data(stream_id, b"", end_stream=True)
            if stream.trailers:
                self._h2.send_headers(stream_id, stream.trailers, end_stream=True)
        except h2.exceptions.ProtocolError as error:
            log.debug("stream %d cannot be answered to its end: %s", stream_id, error)
        self._end(stream_id, stream)

    def _end(self, stream_id: int, stream: Stream) -> None:
        """The whole answer is on its way."""
        if stream.job is not None:
            stream.job.cancel()  # whatever is left of its answer
        del self._streams[stream_id]
        self._remember(stream, stream.outcome())
        self._earn(_CREDIT)
        self._idle_since = self.loop.time()
        if not stream.complete:
            self._reset(stream_id, ErrorCodes.NO_ERROR)

    def _reset(self, stream_id: int, code: ErrorCodes) -> None:
        try:
            self._h2.reset_stream(stream_id, code)
        except h2.exceptions.ProtocolError:
            log.debug("stream %d is closed already", stream_id)

    def _abandon(self, stream: Stream) -> None:
        if stream.job is not None:
            stream.job.cancel()
        if stream.job is None or stream.answer is not None:  # else what it answers is still remembered
            self._forget(stream)
            self._remember(stream, stream.outcome() if stream.sent is None else GONE)

    def _forget(self, stream: Stream) -> None:
        self.dispatcher.release(stream.size)
        stream.body.clear()
        stream.size = 0

    def _remember(self, stream: Stream, answer: Answer) -> None:
        self.dispatcher.finish(
            stream.head,
            stream.admitted,
            answer,
            began=stream.began,
            bytes_in=stream.received,
            transport="grpc" if stream.grpc else "rest",
            bytes_out=stream.sent,
        )

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self.transport.is_closing():
            self.transport.write(data)

    # -- time ---------------------------------------------------------------------------------------------------------

    def _set_deadline(self) -> None:
        if self.closing:
            return
        if self.clogged:
            self.deadline = self.loop.time() + self.limits.body_seconds
        elif self._streams:
            self.deadline = min(self._goodbye.due, *(stream.due() for stream in self._streams.values()))
        else:
            self.deadline = min(self._goodbye.due, self._idle_since + self.limits.idle_seconds)

    def overdue(self) -> None:
        if self.closing or (self.clogged and self.stuck()):
            self.transport.abort()
            return
        now = self.loop.time()
        for stream_id, stream in list(self._streams.items()):
            if stream.due() > now:
                continue
            if stream.answer is not None:
                self._drop(stream_id, stream)
            else:
                if stream.job is not None:
                    stream.job.cancel()
                self._answer(stream_id, stream, stream.app.refuse(_out_of_time(), stream.plane))
        if now >= self._goodbye.due:
            self._goodbye.hear()
        elif not self._streams and now >= self._idle_since + self.limits.idle_seconds:
            self.finish()
        self._pump()
        self._set_deadline()

    def _drop(self, stream_id: int, stream: Stream) -> None:
        """A client that does not take its answer."""
        del self._streams[stream_id]
        self._abandon(stream)
        self._reset(stream_id, ErrorCodes.CANCEL)

    @property
    def busy(self) -> bool:
        return bool(self._streams) or self._goodbye.begun

    def finish(self) -> None:
        """Tell the client to begin nothing more, and take what it began before it heard of that (RFC 9113, 6.8)."""
        if self._goodbye.begun or self.closing:
            return
        self._goodbye.begin()
        self._flush()
        self._set_deadline()

    def _write(self, frame: bytes) -> None:
        """Send a frame of our own behind what h2 has to say."""
        self._flush()
        self.transport.write(frame)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()  # a client that takes nothing may not ask for more
        self._set_deadline()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.closing:
            self.transport.resume_reading()
            self._pump()
            self._set_deadline()


def _out_of_time() -> PinyonError:
    return heads.RequestTimeoutError("The request took longer than it may. Give it more time.")
