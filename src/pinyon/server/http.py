"""A request and its answer, apart from any network library: handlers are plain functions of these."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import unquote

import orjson

from pinyon.errors import InvalidRequestError
from pinyon.server.roles import Action, Principal
from pinyon.wire.versions import Version

if TYPE_CHECKING:
    from pinyon.server.service import Service

Plane: TypeAlias = Literal["control", "data", "inference", "openai", "assistant", "admin", "operations"]
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One authorised request with its whole body.

    path: the decoded variables of the route. query: the decoded query string, in order.
    authority: host and port as the client wrote them. index: the index that the address names, "" on the main one.
    """

    method: str
    path: Mapping[str, str]
    query: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    version: Version
    scheme: str
    authority: str
    index: str
    principal: Principal
    request_id: str
    content_type: str = ""
    accepts_gzip: bool = False
    """Whether the client says so."""
    is_gone: Callable[[], bool] = field(default=lambda: False, repr=False)
    """Whether the client has left. Long work asks now and then, and stops."""
    accepts_html: bool = False
    """Whether it says that it takes pages, as a browser does."""
    known_tag: str = ""
    """The ETags of what it has already, If-None-Match."""

    def one(self, name: str) -> str | None:
        """The value of a query parameter. Raises InvalidRequestError when it is given more than once."""
        found = self.many(name)
        if len(found) > 1:
            raise InvalidRequestError(f"The query parameter {name} is given {len(found)} times. Give it once.")
        return found[0] if found else None

    def many(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def number(self, name: str) -> int | None:
        """A query parameter that is a whole number. Raises InvalidRequestError."""
        text = self.one(name)
        if text is None:
            return None
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 18:
            raise InvalidRequestError(f"The query parameter {name} must be a whole number, got {text[:40]!r}.")
        return int(text)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises InvalidRequestError."""
        return read_object(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case; content type and length are added from the fields.

    pieces: what comes after ``body``, taken in the handler's thread as the client reads it, and closed when the client
    leaves. An empty piece sends nothing, and is an occasion to notice that. What is raised before anything was sent is
    an ordinary refusal; afterwards it breaks the answer off, which the client sees. For routes that are ``slow``.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON
    pieces: Generator[bytes, None, None] | None = field(default=None, repr=False)


Handler: TypeAlias = "Callable[[Service, Request], Answer]"


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` is a template, ``/indexes/{name}``; a variable is one segment of the raw path, decoded after the split.

    action: what the caller must be allowed to do. operation: the name in metrics, logs and the OpenAPI page.
    slow: it may take minutes, because a model writes or draws. Such work has threads of its own, only so much is done
    at once, and a client that says no more (the end of its stream) has left. events: it may answer with events, piece
    by piece. aside: it reads data and may compute for seconds, so it does not run where queries do.
    """

    method: str
    path: str
    handler: Handler
    action: Action
    plane: Plane
    operation: str
    summary: str = ""
    body_limit: Literal["small", "large", "file"] = "small"
    tags: tuple[str, ...] = field(default=())
    slow: bool = False
    events: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body. ``path`` is raw, still percent-encoded; header names are in lower case."""

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)  # they hold keys
    scheme: str
    authority: str
    port: int
    client: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be answered, once its body is here."""

    head: Head
    route: Route
    variables: Mapping[str, str]
    index: str
    principal: Principal
    body_limit: int


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), status, headers)


def read_object(body: bytes) -> dict[str, Any]:
    """Raises InvalidRequestError for anything but one JSON object."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise InvalidRequestError(f"Invalid request: the body must be a JSON object, got {type(value).__name__}.")
    return value


def read_json(body: bytes) -> Any:
    if not body:
        raise InvalidRequestError("Invalid request: the body is empty, and a JSON object is needed.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(
            f"Invalid request: the body is not valid JSON ({error.msg}, line {error.lineno}, column {error.colno})."
        ) from None


def decode_segment(segment: str) -> str:
    """One percent-encoded segment of a path. Raises InvalidRequestError when it is not UTF-8."""
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequestError(f"The path segment {segment[:80]!r} is not valid UTF-8.") from None
