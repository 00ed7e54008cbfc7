"""HTTP/1.1 as text: the head of a request once it is parsed, and the bytes of an answer."""

from __future__ import annotations

import http
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final

from pinyon.errors import InvalidRequestError
from pinyon.server import heads
from pinyon.server.http import Answer, Head

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"
_STATUS: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in http.HTTPStatus}
_LINE_ENDS: Final = str.maketrans("\r\n\0", "   ")


class VersionError(heads.NotSupportedError):
    status = 505


def read_head(
    method: str,
    target: str,
    version: str,
    headers: Mapping[str, str],
    *,
    scheme: str,
    port: int,
    client: str,
) -> Head:
    """The head of a request. Raises InvalidRequestError, VersionError; its framing is then not to be trusted."""
    if version not in {"1.1", "1.0"}:
        raise VersionError(f"HTTP/{version} is not spoken here. Use HTTP/1.1 or HTTP/2.")
    _check_framing(version, headers)
    authority = headers.get("host")
    if authority is None and version == "1.1":
        raise InvalidRequestError("Invalid request: an HTTP/1.1 request needs a Host header.")
    if authority:
        heads.check_authority(authority)
    path, query = heads.split_target(_local(target, authority))
    return Head(
        "GET" if method == "HEAD" else method,
        path,
        query,
        headers,
        scheme,
        authority or "",
        port,
        client,
        heads.request_id_of(headers),
    )


def _check_framing(version: str, headers: Mapping[str, str]) -> None:
    """The parser refuses contradictions; this refuses what two programs on the way may read differently."""
    encoding = headers.get("transfer-encoding")
    if encoding is None:
        return
    if version == "1.0" or encoding.lower() != "chunked":
        raise heads.NotSupportedError(f"Transfer-Encoding {encoding[:40]!r} is not supported here. Use chunked, alone.")
    if "upgrade" in headers:
        raise InvalidRequestError("Invalid request: a chunked body does not go with an Upgrade header.")


def _local(target: str, authority: str | None) -> str:
    """The target without scheme and host, which a client may write as if to a proxy."""
    if target.startswith("/"):
        return target
    scheme, found, rest = target.partition("://")
    if not found or scheme.lower() not in {"http", "https"}:
        raise InvalidRequestError(f"Invalid request: {target[:80]!r} is not a path.")
    host, slash, path = rest.partition("/")
    if host.lower() != (authority or "").lower():
        raise InvalidRequestError(f"Invalid request: the target names {host[:80]!r}, and the Host header does not.")
    return slash + path or "/"


def render(answer: Answer, request_id: str, *, close: bool, without_body: bool) -> list[bytes]:
    """The bytes of an answer, in one or two parts. ``without_body``: it answers a HEAD request."""
    length = f"content-length: {len(answer.body)}\r\n"
    has_length = answer.status >= 200 and answer.status not in {204, 304}
    head = _head(answer, request_id, length if has_length else "", close=close)
    if without_body or not answer.body:
        return [head]
    return [head + answer.body] if len(answer.body) < 4096 else [head, answer.body]


def render_head(answer: Answer, request_id: str, *, close: bool, chunked: bool) -> bytes:
    """The head of a streamed answer, whose length nobody knows."""
    return _head(answer, request_id, "transfer-encoding: chunked\r\n" if chunked else "", close=close)


def _head(answer: Answer, request_id: str, framing: str, *, close: bool) -> bytes:
    lines = [
        _STATUS.get(answer.status) or f"HTTP/1.1 {answer.status} \r\n",
        f"date: {_date()}\r\nx-pinecone-request-id: {request_id}\r\nx-request-id: {request_id}\r\n",
        framing,
    ]
    if answer.body or answer.pieces is not None:
        lines.append(f"content-type: {answer.content_type}\r\n")
    lines += [f"{name}: {value.translate(_LINE_ENDS)}\r\n" for name, value in answer.headers]
    lines.append("connection: close\r\n\r\n" if close else "\r\n")
    return "".join(lines).encode("latin-1", "replace")


_clock = (0, "")


def _date() -> str:
    global _clock
    second = int(time.time())
    if second != _clock[0]:
        _clock = (second, formatdate(second, usegmt=True))
    return _clock[1]
