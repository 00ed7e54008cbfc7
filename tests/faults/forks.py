"""Child processes at the price of a fork: a server that has imported everything forks itself once per request.

The children are real processes with pids of their own: they can be killed, and a crash of the interpreter in one of
them is an exit status here. The server computes nothing itself, so it has no threads that a fork would lose.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

TESTS = Path(__file__).parents[1]
Send = Callable[..., None]
"""``send(*words)`` in a child: one line to whoever started it."""


class Child:
    """A process that runs ``function(argument, send)``. Its lines arrive in ``lines``; ``crashed`` is never True."""

    def __init__(self, server: ForkServer, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe
        self._server = server
        self._buffer = b""
        self._ended = False
        self._status: int | None = None

    def lines(self, timeout: float | None = None) -> Iterator[list[str]]:
        """Lines as words, as they arrive, until the child has ended or `timeout` seconds have passed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            while b"\n" in self._buffer:
                line, self._buffer = self._buffer.split(b"\n", 1)
                yield line.decode().split(" ", 1) if line.startswith(b"error ") else line.decode().split(" ")
            if self._ended:
                return
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self.pipe], [], [], left)[0]:
                return
            data = os.read(self.pipe, 1 << 16)
            self._ended = not data
            self._buffer += data

    def kill(self) -> None:
        """SIGKILL: no handler runs, no buffer is written."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """The exit status, or the negative number of the signal that ended it. Lines that it sent stay readable."""
        if self._status is None:
            self._status = self._server.wait(self.pid)
        return self._status

    def result(self) -> Any:
        """What the function gave back, once it ended well; AssertionError with its traceback, or naming its signal."""
        found: Any = None
        for words in self.lines():
            if words[0] == "error":
                found = AssertionError(json.loads(words[1]))
            elif words[0] == "result":
                found = json.loads(" ".join(words[1:]))
        status = self.wait()
        os.close(self.pipe)
        if isinstance(found, AssertionError):
            raise found
        assert status == 0, f"the process ended with status {status} (a negative one is a signal)\n{self._server.log()}"
        return found


class ForkServer:
    """``with ForkServer("faults.kill_worker") as server: server.start("faults.kill_worker:run", {...})``"""

    def __init__(self, *modules: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        package = importlib.import_module("pinyon").__file__
        assert package is not None
        paths = [str(TESTS), str(Path(package).parents[1]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._socket = ours
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.forks", str(theirs.fileno()), *modules],
            env={**os.environ, **single, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=self._log,
        )
        theirs.close()
        self._replies = ours.makefile("r", encoding="ascii")
        assert self._replies.readline().strip() == "ready", f"the fork server did not start\n{self.log()}"

    def start(self, function: str, argument: Any) -> Child:
        """Fork a child that runs the function, named ``module:name``, and go on."""
        reader, writer = os.pipe()
        request = json.dumps([function, argument]).encode()
        socket.send_fds(self._socket, [len(request).to_bytes(4, "little")], [writer])
        self._socket.sendall(request)
        os.close(writer)
        return Child(self, int(self._replies.readline()), reader)

    def call(self, function: str, argument: Any) -> Any:
        """Run the function in a child of its own and give its result; raise its error, or say which signal ended it."""
        return self.start(function, argument).result()

    def wait(self, pid: int) -> int:
        self._socket.sendall(b"\0\0\0\0" + pid.to_bytes(4, "little"))
        return int(self._replies.readline())

    def log(self) -> str:
        """The last that the children wrote to their standard error."""
        with os.fdopen(os.dup(self._log.fileno()), "rb") as file:
            file.seek(0)
            return file.read()[-4_000:].decode(errors="replace")

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._replies.close()
        self._socket.close()
        self._process.wait(timeout=30)
        self._log.close()


# -- in the server ----------------------------------------------------------------------------------------------------


def _serve(connection: socket.socket, modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    connection.sendall(b"ready\n")
    while True:
        head, descriptors, _, _ = socket.recv_fds(connection, 4, 1)
        if not head:
            return
        size = int.from_bytes(head, "little")
        if not size:
            _, status = os.waitpid(int.from_bytes(_exactly(connection, 4), "little"), 0)
            connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            continue
        function, argument = json.loads(_exactly(connection, size))
        pid = os.fork()
        if not pid:
            connection.close()
            _child(function, argument, array.array("i", descriptors)[0])
        os.close(descriptors[0])
        connection.sendall(b"%d\n" % pid)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += connection.recv(size - len(data))
    return data


def _child(function: str, argument: Any, pipe: int) -> None:
    def send(*words: object) -> None:
        os.write(pipe, (" ".join(map(str, words)) + "\n").encode())

    status = 1
    try:
        module, name = function.split(":")
        found = getattr(importlib.import_module(module), name)(argument, send)
        send("result", json.dumps(found))
        status = 0
    except BaseException:
        # Whatever it was, it belongs to the parent: nothing may leave this function and run the server's loop twice.
        send("error", json.dumps(traceback.format_exc()))
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
