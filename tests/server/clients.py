"""A client without sockets: the server's own router, authorisation and handlers, called as functions."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import orjson

import pinyon.server.routes
from pinyon.errors import ForbiddenError, InvalidRequestError, NotFoundError
from pinyon.server.app import App
from pinyon.server.http import Admitted, Answer, Head, Request, Route
from pinyon.server.roles import OWNER, Principal
from pinyon.server.service import Service
from pinyon.types import Embedder, Floats, Metric, Reranker, SparseEmbedder, SparseValues, VectorType

PORT = 5080


def every_route() -> tuple[Route, ...]:
    """The routes of every module in ``pinyon.server.routes``."""
    found: list[Route] = []
    for module in pkgutil.iter_modules(pinyon.server.routes.__path__, "pinyon.server.routes."):
        found += getattr(importlib.import_module(module.name), "ROUTES", ())
    return tuple(found)


@dataclass
class PortAddresses:
    """Every index has a port of its own, the next free one at its first use."""

    ports: dict[str, int] = field(default_factory=dict)

    def host_of(self, name: str, request: Request) -> str:
        port = self.ports.setdefault(name, PORT + 1 + len(self.ports))
        return f"{request.scheme}://{request.authority.partition(':')[0]}:{port}"

    def index_at(self, port: int, authority: str) -> str:
        return next((name for name, known in self.ports.items() if known == port), "")


@dataclass(frozen=True)
class WordEmbedder:
    """The sum of one fixed random direction for each word: texts that share words are near each other."""

    identity: str = "words/1/aaaa"
    name: str = "words"
    dimension: int = 32
    metric: Metric = "cosine"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        return np.stack([np.sum([self._word(word) for word in text.split() or [""]], axis=0) for text in texts])

    def _word(self, word: str) -> Floats:
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dimension).astype(np.float32)


@dataclass(frozen=True)
class WordReranker:
    """How many of the query's words a document holds, as a share."""

    name: str = "shared-words"

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        words = set(query.split())
        return np.array([len(words & set(text.split())) / max(len(words), 1) for text in documents], np.float32)


@dataclass(frozen=True)
class WordCounter:
    """Sparse: one number for each word, how often it comes."""

    identity: str = "word-counts/1"
    name: str = "word-counts"

    def embed_sparse(
        self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage"
    ) -> list[SparseValues]:
        found = []
        for text in texts:
            indices = np.array(sorted(self.tokens(text)), np.uint32)
            words = [zlib.crc32(word.encode()) for word in text.split()]
            found.append(SparseValues(indices, np.array([words.count(index) for index in indices], np.float32)))
        return found

    def tokens(self, text: str) -> dict[int, str]:
        return {zlib.crc32(word.encode()): word for word in text.split()}

    terms = tokens


@dataclass(frozen=True)
class Description:
    name: str = "words"
    type: str = "embed"
    vector_type: VectorType = "dense"
    dimension: int = 32
    metrics: tuple[Metric, ...] = ("cosine", "dotproduct")
    modality: str = "text"
    max_batch: int = 96
    max_tokens: int | None = None
    source: str = "these tests"
    short_description: str = "Sums of random word vectors."
    dimensions: tuple[int, ...] = (32,)
    rank_fields: int = 1

    @property
    def tasks(self) -> tuple[str, ...]:
        return (self.type,)


class WordModels:
    """A registry of one embedder, which a test may replace by another version, one sparse one and one reranker."""

    def __init__(self) -> None:
        self.embedder: Embedder = WordEmbedder()
        self.counter: SparseEmbedder = WordCounter()
        self.judge: Reranker = WordReranker()

    def list(self) -> Sequence[Description]:
        return [
            Description("shared-words", "rerank", dimension=0, dimensions=(), metrics=()),
            Description("word-counts", vector_type="sparse", dimension=0, dimensions=(), metrics=("dotproduct",)),
            Description(),
        ]

    def describe(self, name: str) -> Description:
        for description in self.list():
            if description.name == name:
                return description
        raise NotFoundError(f"no model is named {name!r}")

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        self._check(name, "words")
        return self.embedder

    def sparse(self, name: str) -> SparseEmbedder:
        self._check(name, "word-counts")
        return self.counter

    def reranker(self, name: str) -> Reranker:
        self._check(name, "shared-words")
        return self.judge

    def fetch_picture(self, url: str, name: str) -> bytes | None:
        return None

    def _check(self, name: str, wanted: str) -> None:
        self.describe(name)
        if name != wanted:
            raise InvalidRequestError(f"{name!r} is a model of another type")


@dataclass(frozen=True)
class Reply:
    """``json`` is None for an empty body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body) if self.body else None

    @property
    def message(self) -> str:
        """The text of an error in either of its shapes."""
        found = self.json
        return str(found["error"]["message"] if "error" in found else found["message"])


class Client:
    """Sends requests straight into an App.

    keys: what each API key may do; a request without a key, or with one that is not listed, is the owner's.
    """

    def __init__(self, service: Service, routes: Sequence[Route] | None = None) -> None:
        self.service = service
        self.keys: dict[str, Principal] = {}
        self.app = App(service, every_route() if routes is None else routes, self._authenticate)
        self._count = itertools.count(1)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        version: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        index: str = "",
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    ) -> Reply:
        """path: raw, with or without a query string. index: send it to the address of this index."""
        given = {"content-type": "application/json"}
        if version is not None:
            given["x-pinecone-api-version"] = version
        if key is not None:
            given["api-key"] = key
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        path, _, text = path.partition("?")
        text = "&".join(filter(None, [text, urlencode(query, doseq=True)]))
        port = PORT
        addresses = self.service.addresses
        if index:
            assert isinstance(addresses, PortAddresses)
            port = addresses.ports.setdefault(index, PORT + 1 + len(addresses.ports))
        head = Head(
            method, path, text, given, "http", f"127.0.0.1:{port}", port, "127.0.0.1", f"test-{next(self._count)}"
        )
        content = body if body is not None else b"" if json is None else orjson.dumps(json)
        admitted = self.app.admit(head)
        if isinstance(admitted, Answer):
            return _reply(admitted)
        if len(content) > admitted.body_limit:
            raise AssertionError(f"the body has {len(content)} bytes; the listener would refuse more than the limit")
        return _reply(self.app.answer(admitted, content))

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Reply:
        return self.request("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Reply:
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self.request("DELETE", path, **options)

    def admits(self, head: Head) -> Admitted | Answer:
        return self.app.admit(head)

    def _authenticate(self, head: Head, route: Route | None) -> Principal:
        principal = self.keys.get(head.headers.get("api-key", ""), OWNER)
        if route is not None and not principal.may(route.action):
            raise ForbiddenError(f"This API key may not do {route.action}.")
        return principal


def _reply(answer: Answer) -> Reply:
    return Reply(answer.status, {"content-type": answer.content_type, **dict(answer.headers)}, answer.body)
