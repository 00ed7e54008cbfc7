"""An OpenAI-compatible API over real HTTP, on this machine, whose answers a test knows and may disturb."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest

from pinyon.models import endpoint
from serving import serving

DIMENSION = 8
KEY = "sk-test-0123456789"


def vector_of(text: str, size: int = DIMENSION) -> list[float]:
    """What this API embeds a text as; not of unit length."""
    digest = hashlib.blake2b(text.encode()).digest()
    return [byte / 32 - 4 for byte in digest[:size]]


def picture_of(prompt: str, size: tuple[int, int] = (32, 24), seed: int = 0) -> bytes:
    """The picture that this API draws: a PNG of one colour, which the prompt and the seed decide."""
    from PIL import Image

    colour = tuple(hashlib.blake2b(f"{seed} {prompt}".encode()).digest()[:3])
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def shown(message: dict[str, Any]) -> tuple[str, list[bytes]]:
    """(the text of a message, the files of the pictures that it shows)."""
    content = message["content"]
    if isinstance(content, str):
        return content, []
    urls = [one["image_url"]["url"] for one in content if one["type"] == "image_url"]
    texts = [one["text"] for one in content if one["type"] == "text"]
    return " ".join(texts), [base64.b64decode(url.partition("base64,")[2], validate=True) for url in urls]


def described(messages: list[dict[str, Any]]) -> str:
    """What chat completions say unless told otherwise: what was said, or the sizes and colours of what was shown."""
    from PIL import Image

    text, files = shown(messages[-1])
    if not files:
        return "You said: " + text
    told = []
    for file in files:
        with Image.open(BytesIO(file)) as picture:
            pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
            told.append(f"{picture.width}x{picture.height}, colour {pixel}")
    return f"I see {'; '.join(told)}. You said: {text}"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """An answer in place of the usual one. cut: bytes of the body after which the connection ends."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass
class OpenAiServer:
    """asked: every request so far. replies: given instead of the usual answers, one a request, first come first served.

    key: what requests must bring, "" for none. answer: what chat completions say. closed: set when a reader of a stream
    left before its end.

    drawing: what requests for pictures may say; anything else is an unknown parameter, as OpenAI has it. pictures_as:
    how pictures are answered with where that was not asked for. files: what lies at paths such as /pictures/a.png; what
    does not is refused like an address that expired.
    """

    url: str = ""
    key: str = ""
    asked: list[Asked] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    answer: Callable[[list[dict[str, Any]]], str] = described
    closed: threading.Event = field(default_factory=threading.Event)
    drawing: set[str] = field(default_factory=lambda: {"model", "prompt", "n", "size", "quality"})
    pictures_as: str = "b64_json"
    files: dict[str, Reply] = field(default_factory=dict)

    @property
    def bodies(self) -> list[Any]:
        return [one.body for one in self.asked]


@contextmanager
def openai_server(**given: Any) -> Iterator[OpenAiServer]:
    """``with openai_server(key="...") as api: ... api.url`` is the base address, up to and with /v1."""
    api = OpenAiServer(**given)

    class Handler(_Handler):
        server_of = api

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    api.url = f"http://127.0.0.1:{listening.server_port}/v1"
    with serving(listening):
        yield api


class _Handler(BaseHTTPRequestHandler):
    server_of: OpenAiServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def _serve(self, body: Any) -> None:
        api = self.server_of
        api.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if api.replies:
            return self._send(api.replies.popleft())
        if self.path.startswith("/pictures/"):
            return self._send(api.files.get(self.path.partition("?")[0], Reply(403, b"<Code>AccessDenied</Code>")))
        if api.key and self.headers.get("authorization") != f"Bearer {api.key}":
            return self._send(
                Reply(401, {"error": {"message": "Incorrect API key provided: sk-te***", "code": "invalid_api_key"}})
            )
        if self.path == "/v1/chat/completions" and body.get("stream"):
            return self._stream(body)
        route = {
            "/v1/embeddings": self._embeddings, "/v1/chat/completions": self._chat, "/v1/rerank": self._rerank,
            "/api/tags": self._tags, "/v1/images/generations": self._images,
        }.get(self.path)  # fmt: skip
        return self._send(route(body) if route else Reply(404, {"error": {"message": f"no path {self.path}"}}))

    def _send(self, reply: Reply) -> None:
        raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(raw)),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw[: reply.cut])
        if reply.cut is not None:
            self.close_connection = True

    def _embeddings(self, body: Any) -> Reply:
        if body["model"] != "tiny-embed":
            return Reply(
                404, {"error": {"message": f"The model `{body['model']}` does not exist", "code": "model_not_found"}}
            )
        rows = [
            {"index": at, "embedding": vector_of(text, body.get("dimensions", DIMENSION))}
            for at, text in enumerate(body["input"])
        ]
        tokens = sum(len(text.split()) for text in body["input"])
        # Out of order, as the specification permits.
        return Reply(200, {"data": rows[::-1], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

    def _chat(self, body: Any) -> Reply:
        text = self.server_of.answer(body["messages"])
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return Reply(200, {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": len(text.split())}})

    def _stream(self, body: Any) -> None:
        words = self.server_of.answer(body["messages"]).split(" ")
        kept = words[: body.get("max_tokens", body.get("max_completion_tokens"))]
        deltas: list[dict[str, Any]] = [{"role": "assistant"}]
        deltas += [{"content": (" " if at else "") + word} for at, word in enumerate(kept)]
        events: list[Any] = [{"choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
        events.append({"choices": [{"delta": {}, "finish_reason": "stop" if kept == words else "length"}]})
        events.append({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": len(kept)}})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b": a remark\n\nevent: message\n")
            for event in events:
                self.wfile.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.server_of.closed.set()

    def _rerank(self, body: Any) -> Reply:
        asked = set(body["query"].split())
        scores = [len(asked & set(text.split())) / len(asked) for text in body["documents"]]
        order = sorted(range(len(scores)), key=lambda at: -scores[at])[: body["top_n"]]
        return Reply(200, {"results": [{"index": at, "relevance_score": scores[at]} for at in order]})

    def _images(self, body: Any) -> Reply:
        api = self.server_of
        unknown = sorted(set(body) - api.drawing)
        if unknown:
            return Reply(
                400, {"error": {"message": f"Unknown parameter: '{unknown[0]}'.", "code": "unknown_parameter"}}
            )
        if "forbidden" in body["prompt"]:
            said = "Your request was rejected as a result of our safety system."
            return Reply(400, {"error": {"message": said, "code": "content_policy_violation"}})
        width, height = map(int, body.get("size", "32x24").split("x"))
        data = []
        for number in range(body["n"]):
            file = picture_of(body["prompt"], (width, height), body.get("seed", number))
            if body.get("response_format", api.pictures_as) == "b64_json":
                data.append({"b64_json": base64.b64encode(file).decode(), "revised_prompt": body["prompt"]})
            else:
                path = f"/pictures/{len(api.files)}.png"
                api.files[path] = Reply(200, file, {"content-type": "image/png"})
                data.append({"url": f"{api.url.removesuffix('/v1')}{path}?sig=secret"})
        return Reply(200, {"data": data, "usage": {"input_tokens": 5, "output_tokens": 100 * body["n"]}})

    def _tags(self, body: Any) -> Reply:
        return Reply(200, {"models": [{"name": "tiny-embed:latest", "digest": "ab" * 32}]})


@pytest.fixture
def api() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        yield server


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds; nobody waits for them. For every test of a file that imports it."""
    found: list[float] = []
    monkeypatch.setattr(endpoint, "sleep", found.append)
    return found
