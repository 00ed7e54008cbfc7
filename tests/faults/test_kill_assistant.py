"""kill -9 while a server reads the files of an assistant: what was acknowledged becomes Available, each chunk once."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinyon.engine import Database
from pinyon.rag import parse, split
from server.assisted import form

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
KILLS = 60 if NIGHTLY else 3
SENTENCES = 6_000 if NIGHTLY else 2_000
"""Of a file; to read as many takes ``SECONDS`` at least."""
SECONDS = 1.5 if NIGHTLY else 0.5
HEADERS = {"x-pinecone-api-version": "2026-07"}


class Server:
    """``pinyon serve`` over one data directory, in a process that a test kills."""

    def __init__(self, data: Path) -> None:
        self.data = data
        command = [sys.executable, "-m", "pinyon.cli", "--data", str(data), "--json", "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--generator", "off"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.port = json.loads(self.process.stdout.readline())["port"]

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, f"/assistant/{path}", sent, HEADERS | (headers or {}))
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 300, (answer.status, text)
            return json.loads(text) if text else None
        finally:
            connection.close()

    def upload(self, id: str, text: str) -> None:
        body, kind = form(("file", f"{id}.md", text.encode()))
        self.call("PUT", f"files/library/{id}", body, {"content-type": kind})

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)


def _text(seed: int, sentences: int) -> str:
    rng = random.Random(seed)
    words = [f"w{number}" for number in range(500)]
    return "\n\n".join(" ".join(rng.choices(words, k=9)).capitalize() + "." for _ in range(sentences))


def _chunks(name: str, text: str) -> int:
    document = parse(text.encode(), f"{name}.md", suffix=".md")
    return len(list(split(document.text, style=document.style, pages=document.pages)))


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "data"


@pytest.mark.usefixtures("loopback")
def test_a_killed_server_goes_on_where_it_was(data: Path) -> None:
    rng = random.Random(11)
    server = Server(data)
    server.call("POST", "assistants", {"name": "library"})
    texts: dict[str, str] = {}
    while_reading = 0
    for kill in range(KILLS):
        texts[f"f{kill}"] = _text(kill, SENTENCES)
        server.upload(f"f{kill}", texts[f"f{kill}"])
        if kill % 2:  # and another content for a file that is there, or is being read
            texts[f"f{kill - 1}"] = _text(1_000 + kill, SENTENCES // 2)
            server.upload(f"f{kill - 1}", texts[f"f{kill - 1}"])
        time.sleep(rng.uniform(0.0, SECONDS))
        while_reading += any(one["status"] == "Processing" for one in server.call("GET", "files/library")["files"])
        server.kill()
        server = Server(data)
    assert while_reading >= KILLS // 2, "most kills hit a server that was not reading"
    server.call("DELETE", "files/library/f0")
    del texts["f0"]
    server.kill()

    server = Server(data)
    deadline = time.monotonic() + 300
    while any(one["status"] == "Processing" for one in server.call("GET", "files/library")["files"]):
        assert time.monotonic() < deadline, "the files are not read"
        time.sleep(0.2)
    files = {one["id"]: one for one in server.call("GET", "files/library")["files"]}
    assert {id: one["status"] for id, one in files.items()} == dict.fromkeys(texts, "Available")
    assert {id: one["size"] for id, one in files.items()} == {id: len(text.encode()) for id, text in texts.items()}
    server.stop()

    with Database(data) as database:
        [entry] = database.entries()
        records = list(database.index(entry.spec.name).iterate("", include_values=False))
        held = Counter(record.id.rpartition("#")[0] for record in records)
        assert held == {id: _chunks(id, text) for id, text in texts.items()}
        for record in records:
            metadata = record.metadata or {}
            text = texts[record.id.rpartition("#")[0]]
            assert str(metadata["text"]) in text, "a chunk of another content"
        assert not database.verify()
        assert not database.registry.list("assistant-work")
        [assistant] = database.registry.list("assistant")
        named = {one["blob"] for one in database.registry.list(f"assistant-file-{assistant['uuid']}")}
        left = {path.name for path in (data / "files" / assistant["uuid"]).iterdir()}
        assert named <= left, "bytes of a file are gone"
