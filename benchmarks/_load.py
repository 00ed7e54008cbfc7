"""The load generator: a process of its own that sends prepared requests over kept connections, and times the answers.

Run by server.py, not by hand: ``python _load.py <job.json>``. It parses no more of an answer than it must to know
where it ends, so that it takes as little of the machine as it can. HTTP/1.1, and gRPC over cleartext HTTP/2.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

WINDOW = 2**31 - 1
TOP_UP = 2**28
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8


class FailedError(Exception):
    """The server answered with an error, or not at all."""


class Connection(Protocol):
    """One kept connection with at most one request under way."""

    socket: socket.socket

    def send(self, body: bytes) -> None: ...
    def receive(self) -> bytes | None:
        """The answer when it is complete."""
        ...


def dial(host: str, port: int) -> socket.socket:
    made = socket.create_connection((host, port), timeout=60)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class Http:
    """HTTP/1.1 with keep-alive; answers have a content length."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.socket = dial(job["host"], job["port"])
        headers = {"host": f"{job['host']}:{job['port']}", "content-type": "application/json", **job["headers"]}
        lines = [f"POST {job['path']} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.head = ("\r\n".join(lines) + "\r\ncontent-length: ").encode()
        self.buffer = b""

    def send(self, body: bytes) -> None:
        self.socket.sendall(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)

    def receive(self) -> bytes | None:
        piece = self.socket.recv(262_144)
        if not piece:
            raise FailedError(f"the server closed the connection after {self.buffer[:300]!r}")
        self.buffer += piece
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise FailedError(f"an answer without a length: {head[:300]!r}")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return None
        body, self.buffer = self.buffer[end + 4 :], b""
        if head[9:10] != b"2":
            raise FailedError(f"{head[:40]!r} {body[:300]!r}")
        return body


class Grpc:
    """Unary calls of one method. Header blocks are never indexed, so that each is a constant."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.socket = dial(job["host"], job["port"])
        authority = f"{job['host']}:{job['port']}"
        pairs = [(":method", "POST"), (":scheme", "http"), (":path", job["path"]), (":authority", authority)]
        pairs += [("te", "trailers"), ("content-type", "application/grpc"), *job["headers"].items()]
        self.block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in pairs)
        self.stream = -1
        self.buffer = b""
        self.window = 65_535
        self.first_window = 65_535
        self.stream_window = 0
        self.frame_size = 16_384
        self.consumed = 0
        self.rest = memoryview(b"")
        self.message = b""
        settings = struct.pack(">HIHI", 4, WINDOW, 5, 2**24 - 1)
        self.socket.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(SETTINGS, 0, 0, settings)
            + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW - 65_535))
        )
        self.settled = False
        while not self.settled:
            self._read()

    def send(self, body: bytes) -> None:
        self.stream += 2
        self.stream_window = self.first_window
        self.message = b""
        self.rest = memoryview(b"\x00" + struct.pack(">I", len(body)) + body)
        self._flush(_frame(HEADERS, 4, self.stream, self.block))

    def receive(self) -> bytes | None:
        return self.message[5:] if self._read() else None

    def _flush(self, first: bytes = b"") -> None:
        """Sends as much as the server's windows permit."""
        out = [first]
        while size := min(len(self.rest), self.window, self.stream_window, self.frame_size):
            piece, self.rest = self.rest[:size], self.rest[size:]
            self.window -= size
            self.stream_window -= size
            out.append(_frame(DATA, 0 if self.rest else 1, self.stream, piece))
        self.socket.sendall(b"".join(out))

    def _read(self) -> bool:
        """Handles the frames that have come; True when the answer is complete."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise FailedError("the server closed the connection")
        self.buffer += piece
        done, at = False, 0
        while len(self.buffer) - at >= 9:
            length = int.from_bytes(self.buffer[at : at + 3], "big")
            if len(self.buffer) - at < 9 + length:
                break
            kind, flags = self.buffer[at + 3], self.buffer[at + 4]
            payload = self.buffer[at + 9 : at + 9 + length]
            stream = int.from_bytes(self.buffer[at + 5 : at + 9], "big")
            done = self._handle(kind, flags, stream, payload) or done
            at += 9 + length
        self.buffer = self.buffer[at:]
        return done

    def _handle(self, kind: int, flags: int, stream: int, payload: bytes) -> bool:
        if kind == DATA:
            self.message += payload
            self.consumed += len(payload)
            if self.consumed > TOP_UP:
                self.socket.sendall(_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self.consumed)))
                self.consumed = 0
        elif kind == SETTINGS and not flags & 1:
            self._settle(payload)
        elif kind == PING and not flags & 1:
            self.socket.sendall(_frame(PING, 1, 0, payload))
        elif kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big")
            if stream:
                self.stream_window += more
            else:
                self.window += more
            self._flush()
        elif kind in (RST_STREAM, GOAWAY):
            raise FailedError(f"the server sent frame {kind}: {payload[:100]!r}")
        if kind in (DATA, HEADERS) and flags & 1 and stream == self.stream:
            if len(self.message) < 5:
                raise FailedError("the call failed: its answer holds no message")
            return True
        return False

    def _settle(self, payload: bytes) -> None:
        for at in range(0, len(payload), 6):
            name, value = struct.unpack(">HI", payload[at : at + 6])
            if name == 4:
                self.first_window = value
            elif name == 5:
                self.frame_size = min(value, 2**20)
        self.socket.sendall(_frame(SETTINGS, 1, 0, b""))
        self.settled = True


def _text(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 126:
        raise ValueError(f"a header that is too long for the generator: {text!r}")
    return bytes([len(raw)]) + raw


def _frame(kind: int, flags: int, stream: int, payload: bytes | memoryview) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return b"".join((head, payload))


class Run:
    """Bodies sent over some connections: every one once, or round and round until a time is up."""

    def __init__(self, bodies: list[bytes], seconds: float | None) -> None:
        self.bodies = bodies
        self.times: list[float] = []
        self.answers: dict[int, bytes] = {}
        self.begin = time.perf_counter()
        self.until = None if seconds is None else self.begin + seconds
        self.order = iter(range(len(bodies))) if seconds is None else itertools.cycle(range(len(bodies)))

    def next(self) -> tuple[int, float] | None:
        """The number of the next body, and the time."""
        now = time.perf_counter()
        number = None if self.until is not None and now > self.until else next(self.order, None)
        return None if number is None else (number, now)

    def done(self, number: int, begin: float, answer: bytes) -> None:
        self.times.append(time.perf_counter() - begin)
        self.answers[number] = answer

    def in_turn(self, connection: Connection) -> None:
        """One request after the other. Several threads may do it at once, each on its own connection."""
        while (due := self.next()) is not None:
            self.done(*due, exchange(connection, self.bodies[due[0]]))

    def in_threads(self, connections: list[Connection]) -> None:
        """For large bodies, which take a while to hand over."""
        threads = [threading.Thread(target=self.in_turn, args=(connection,)) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def together(self, connections: list[Connection]) -> None:
        """All connections in one thread, for small bodies: nothing waits for the interpreter's lock."""
        selector = selectors.DefaultSelector()
        due: dict[Connection, tuple[int, float]] = {}

        def begin(connection: Connection) -> bool:
            found = self.next()
            if found is None:
                return False
            due[connection] = found
            connection.send(self.bodies[found[0]])
            return True

        under_way = 0
        for connection in connections:
            if begin(connection):
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                under_way += 1
        while under_way:
            for key, _ in selector.select():
                answer = key.data.receive()
                if answer is None:
                    continue
                self.done(*due[key.data], answer)
                if not begin(key.data):
                    selector.unregister(key.data.socket)
                    under_way -= 1


def exchange(connection: Connection, body: bytes) -> bytes:
    connection.send(body)
    while (answer := connection.receive()) is None:
        pass
    return answer


def perform(job: dict[str, Any]) -> dict[str, Any]:
    """bodies, ends: the prepared requests. times, answers: where to write what was measured and what came back."""
    raw = Path(job["bodies"]).read_bytes()
    ends = np.load(job["ends"]).tolist()
    bodies = [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    make = Grpc if job["protocol"] == "grpc" else Http
    connections: list[Connection] = [make(job) for _ in range(job["clients"])]
    for number in range(job.get("warm", 0)):
        exchange(connections[number % len(connections)], bodies[number % len(bodies)])
    run = Run(bodies, job.get("seconds"))
    if len(connections) == 1:
        run.in_turn(connections[0])
    elif job.get("threads"):
        run.in_threads(connections)
    else:
        run.together(connections)
    elapsed = time.perf_counter() - run.begin
    if job.get("answers"):
        kept = [run.answers.get(number, b"") for number in range(len(bodies))]
        np.save(job["answers"] + ".ends.npy", np.cumsum([len(answer) for answer in kept]))
        Path(job["answers"]).write_bytes(b"".join(kept))
    np.save(job["times"], np.array(run.times))
    return {"seconds": elapsed, "requests": len(run.times)}


def main() -> None:
    try:
        print(json.dumps(perform(json.loads(Path(sys.argv[1]).read_text()))))
    except (FailedError, OSError) as problem:
        print(json.dumps({"problem": str(problem)}))
        sys.exit(1)


if __name__ == "__main__":
    main()
