"""llama.cpp in this process: one model, its queue of requests, and its tokenizer.

The library (xllamacpp) makes a HTTP server whether it is wanted or not, and takes over the signals of the process.
Here nobody else reaches the server: it listens on a socket in a private folder where the system has such sockets, else
on a port of this machine behind a key that is never written down. The signals are given back at once.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from pinyon.errors import InvalidRequestError, ModelUnavailableError

__all__ = ["LlamaServer"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ACTION_BYTES = 512
"""Room for a ``struct sigaction``, which is smaller on every system."""
_HAS_SOCKETS = hasattr(socket, "AF_UNIX") and sys.platform != "win32"


class LlamaServer:
    """A GGUF model, loaded. Any number of threads may call it; their requests wait for one another.

    context: tokens of prompt and answer together. Raises InvalidRequestError for a file that cannot be loaded.
    """

    def __init__(self, path: Path, *, context: int, threads: int) -> None:
        import xllamacpp

        self._folder = Path(tempfile.mkdtemp(prefix="pinyon-llama-"))  # which only this user may enter
        # A model that is dropped takes its folder along, as does the end of the process.
        weakref.finalize(self, shutil.rmtree, str(self._folder), ignore_errors=True)
        self._key = secrets.token_urlsafe(32)
        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(path)
        wanted.n_ctx, wanted.n_parallel = context, 1
        wanted.n_batch = wanted.n_ubatch = 256  # how much of a prompt is read before somebody may end it
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
        # Threads that wait for each other sleep: spinning starves whatever else the cores are for.
        wanted.cpuparams.poll = wanted.cpuparams_batch.poll = 0
        wanted.warmup, wanted.verbosity, wanted.offline = False, -1, True
        wanted.hostnames = [str(self._folder / "llama.sock") if _HAS_SOCKETS else "127.0.0.1"]
        wanted.port = 0
        wanted.api_keys, wanted.cors_origins, wanted.ui = [self._key], "", False
        wanted.endpoint_slots = wanted.endpoint_props = wanted.endpoint_metrics = False
        wanted.n_threads_http = 2
        try:
            with _own_signals():
                self._server = xllamacpp.Server(wanted)
        except RuntimeError as error:
            raise InvalidRequestError(f"{str(path)!r} cannot be loaded as a GGUF model: {error}") from None

    def chat(self, request: Mapping[str, Any], each: Callable[[dict[str, Any]], bool]) -> None:
        """Answers a request of the OpenAI shape; each part of the answer is given to ``each``, which ends it with True.

        The global interpreter lock is free meanwhile.
        """
        self._server.handle_chat_completions(dict(request), each)

    def tokens(self, text: str) -> int:
        """Tokens of a text, without those that begin or end a prompt."""
        return len(self._call("/tokenize", {"content": text, "add_special": False})["tokens"])

    def _call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        connection: http.client.HTTPConnection
        if _HAS_SOCKETS:
            connection = _SocketConnection(self._folder / "llama.sock")
        else:
            connection = http.client.HTTPConnection(self._server.listening_address.partition("//")[2])
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise ModelUnavailableError(f"llama.cpp answered {answer.status} to {path}: {read[:200]!r}")
        return cast(dict[str, Any], json.loads(read))


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@contextmanager
def _own_signals() -> Iterator[None]:
    """Puts the process's handlers of Ctrl-C and of the request to end back to what they were before the block.

    Not with the module ``signal``, which serves the main thread alone and does not see what C code does. On Windows
    what the library registers cannot be taken back: there Ctrl-C ends the model first.
    """
    if os.name != "posix":
        yield
        return
    library = ctypes.CDLL(None)
    before = {number: ctypes.create_string_buffer(_ACTION_BYTES) for number in _SIGNALS}
    for number, action in before.items():
        library.sigaction(int(number), None, action)
    try:
        yield
    finally:
        for number, action in before.items():
            library.sigaction(int(number), action, None)
