"""A hub of models over real HTTP, on this machine, with the files that a test gives it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from serving import serving

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """models: by organisation/name, their files by path. asked: paths of all requests."""

    models: Mapping[str, Mapping[str, bytes]]
    url: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def hub_server(models: Mapping[str, Mapping[str, bytes]]) -> Iterator[Hub]:
    hub = Hub(models)

    class Handler(_Handler):
        hub_of = hub

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    hub.url = f"http://127.0.0.1:{listening.server_port}"
    with serving(listening):
        yield hub


class _Handler(BaseHTTPRequestHandler):
    hub_of: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.hub_of.asked.append(path)
        for name, files in self.hub_of.models.items():
            if path.startswith(f"/api/models/{name}"):
                siblings = [{"rfilename": inner, "size": len(raw)} for inner, raw in files.items()]
                return self._send(json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode())
            begins = f"/{name}/resolve/{COMMIT}/"
            if path.startswith(begins) and path.removeprefix(begins) in files:
                return self._send(files[path.removeprefix(begins)], stream=True)
        return self._send(b'{"error": "Repository not found"}', status=404)

    def _send(self, raw: bytes, *, status: int = 200, stream: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Content-Type", "application/octet-stream" if stream else "application/json")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(raw).hexdigest()}"')
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(raw)
