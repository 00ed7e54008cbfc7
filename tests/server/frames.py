"""An HTTP/2 client that does what a test says, right or wrong."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from hyperframe.frame import GoAwayFrame

Pairs = Sequence[tuple[str, str]]


@dataclass
class Stream:
    """What came back in one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def grpc_status(self) -> int:
        return int({**self.headers, **self.trailers}["grpc-status"])

    @property
    def grpc_message(self) -> str:
        return {**self.headers, **self.trailers}.get("grpc-message", "")

    @property
    def message(self) -> bytes:
        """The one message of a gRPC answer."""
        flag, length = struct.unpack_from(">BI", self.body)
        assert (flag, length) == (0, len(self.body) - 5)
        return self.body[5:]


class Http2Client:
    """One connection. ``grants``: whether windows are opened for what was received."""

    def __init__(self, sock: socket.socket, *, window: int = 65_535, grants: bool = True) -> None:
        self.sock = sock
        self.grants = grants
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        # As clients should, and as h2 does not: what is under way goes on after a goodbye.
        self.h2._frame_dispatch_table[GoAwayFrame] = self._hear_goodbye
        self.h2.local_settings.initial_window_size = window
        self.h2.initiate_connection()
        self.streams: dict[int, Stream] = {}
        self.goodbye: int | None = None
        self.last_stream: int | None = None
        self.closed = False
        self.flush()

    def __enter__(self) -> Http2Client:
        return self

    def __exit__(self, *problem: object) -> None:
        self.sock.close()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def frame(self, kind: int, flags: int, stream: int, payload: bytes = b"") -> None:
        """A frame that h2 knows nothing of."""
        self.raw(struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload)

    def begin(
        self, method: str, path: str, headers: Pairs = (), *, end: bool = False, authority: str = "localhost:1"
    ) -> int:
        """Send the head of a request. Gives its stream."""
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)]
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self.streams[stream] = Stream()
        self.flush()
        return stream

    def data(self, stream: int, body: bytes, *, end: bool = True) -> None:
        """Send a body in as many frames as it takes, waiting for windows."""
        rest = memoryview(body)
        while True:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if rest and not room:
                self.receive()
                if self.streams[stream].ended or self.closed:
                    return
                continue
            part, rest = rest[:room], rest[room:]
            self.h2.send_data(stream, part.tobytes(), end_stream=end and not rest)
            self.flush()
            if not rest:
                return

    def request(self, method: str, path: str, headers: Pairs = (), body: bytes = b"") -> Stream:
        stream = self.begin(method, path, headers, end=not body)
        if body:
            self.data(stream, body)
        return self.answer(stream)

    def call(self, name: str, message: bytes, headers: Pairs = (), *, framed: bytes | None = None) -> Stream:
        """A gRPC call. framed: the bytes to send in place of the framed message."""
        stream = self.begin("POST", name, [("content-type", "application/grpc"), ("te", "trailers"), *headers])
        self.data(stream, struct.pack(">BI", 0, len(message)) + message if framed is None else framed)
        return self.answer(stream)

    def answer(self, stream: int) -> Stream:
        """Wait for the end of a stream, or of the connection."""
        found = self.streams[stream]
        while not found.ended and found.reset is None and not self.closed:
            self.receive()
        return found

    def receive(self) -> None:
        try:
            data = self.sock.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            return
        for event in self.h2.receive_data(data):
            self._take(event)
        self.flush_if_open()

    def flush_if_open(self) -> None:
        try:
            self.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.closed = True

    def until_closed(self) -> bool:
        while not self.closed:
            self.receive()
        return True

    def _take(self, event: h2.events.Event) -> None:
        stream = self.streams.get(getattr(event, "stream_id", None) or 0, Stream())
        if isinstance(event, h2.events.ResponseReceived):
            stream.headers = dict(event.headers or ())  # type: ignore[arg-type]
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = dict(event.headers or ())  # type: ignore[arg-type]
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data or b""
            if self.grants and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = int(event.error_code or 0)

    def _hear_goodbye(self, frame: GoAwayFrame) -> tuple[list[Any], list[h2.events.Event]]:
        self.goodbye, self.last_stream = frame.error_code, frame.last_stream_id
        return [], []
