"""What HTTP/1.1 and HTTP/2 have in common: the head of a request, checked, and the body behind it."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Iterable, Mapping

from pinyon.errors import InvalidRequestError, PinyonError
from pinyon.server.http import Route

SINGLE = frozenset(
    {
        "api-key",
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "grpc-encoding",
        "grpc-timeout",
        "host",
        "te",
        "transfer-encoding",
        "x-pinecone-api-version",
    }
)
"""Headers that two programs on the way might read differently when they come twice: a second one is refused."""
_REPEATED = "x-pinecone-api-version"
"""The Python SDK 8 sends it twice, and says the same both times."""
HEADERS = 100
"""So many header lines one request may have."""
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TARGET = re.compile(r"/[!-~]*")
_JSON = frozenset({"", "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl"})
_FORM = "application/x-www-form-urlencoded"
_TEXT = "text/plain"
FILES = "multipart/form-data"
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\";\s]*)")
_READ_AT_ONCE = 256 * 1024


class HeaderTooLargeError(InvalidRequestError):
    status = 431


class BodyTooLargeError(InvalidRequestError):
    status = 413


class UnsupportedMediaError(InvalidRequestError):
    status = 415


class RequestTimeoutError(PinyonError):
    code = "DEADLINE_EXCEEDED"
    status = 408


class NotSupportedError(PinyonError):
    code = "UNIMPLEMENTED"
    status = 501


class OverloadedError(PinyonError):
    code = "UNAVAILABLE"
    status = 503
    headers = (("retry-after", "1"),)


def gather(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header lines as a mapping, names in lower case; repeated ones are joined with commas.

    Raises InvalidRequestError when one of ``SINGLE`` comes twice; the API version may, when it is the same one.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").strip(" \t")
        if key in headers:
            if key == _REPEATED and headers[key] == text:
                continue
            if key in SINGLE:
                raise InvalidRequestError(f"Invalid request: the header {key} comes twice. Send it once.")
            text = f"{headers[key]}, {text}"
        headers[key] = text
    return headers


def check_authority(text: str) -> str:
    """A Host header or ``:authority``, ``name[:port]``. Raises InvalidRequestError when it is anything else."""
    if len(text) > 260 or not _AUTHORITY.fullmatch(text):
        raise InvalidRequestError(f"Invalid request: the host {text[:80]!r} is not a name or address with a port.")
    return text


def split_target(target: str) -> tuple[str, str]:
    """(raw path, query) of a request target. Raises InvalidRequestError when it is no path in printable ASCII."""
    if not _TARGET.fullmatch(target) or "#" in target:
        raise InvalidRequestError(f"Invalid request: {target[:80]!r} is not a path.")
    path, _, query = target.partition("?")
    return path, query


def request_id_of(headers: Mapping[str, str]) -> str:
    """The client's own request id where it is a sane one, else a new one of 32 hex digits."""
    given = headers.get("x-request-id") or headers.get("request_id")
    return given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def length_of(headers: Mapping[str, str]) -> int | None:
    """The announced length of the body in bytes, None when there is none. Raises InvalidRequestError."""
    text = headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidRequestError(f"Invalid request: content-length {text[:40]!r} is not a number of bytes.")
    return int(text)


def too_large(limit: int, size: int | None = None) -> BodyTooLargeError:
    found = "more" if size is None else f"{size:,} bytes"
    return BodyTooLargeError(f"The body has {found}, and at most {limit:,} bytes are accepted. Send smaller batches.")


def check_encoding(headers: Mapping[str, str]) -> None:
    """Raises UnsupportedMediaError for a content-encoding other than gzip."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip", ""}:
        raise UnsupportedMediaError(f"Content-Encoding {encoding[:40]!r} is not supported. Send gzip, or none.")


def check_content_type(headers: Mapping[str, str], route: Route) -> None:
    """Raises UnsupportedMediaError for a body that says it is something other than JSON in UTF-8.

    The admin API takes forms as well, and files come in forms only. The TypeScript SDK sends records as plain text. A
    body that says nothing is taken for JSON.
    """
    given = headers.get("content-type", "")
    kind, _, parameters = given.lower().partition(";")
    kind = kind.strip()
    also = (route.plane == "admin" and kind == _FORM) or (route.operation == "upsert_records" and kind == _TEXT)
    if route.body_limit == "file":
        if kind != FILES:
            raise UnsupportedMediaError(f"Content-Type {given[:80]!r} is not supported. Send {FILES}.")
        return
    if not (kind in _JSON or (kind.startswith("application/") and kind.endswith("+json")) or also):
        raise UnsupportedMediaError(f"Content-Type {given[:80]!r} is not supported. Send application/json.")
    charset = _CHARSET.search(parameters)
    if charset and charset[1] not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaError(f"The charset {charset[1][:40]!r} is not supported. Send JSON in UTF-8.")


def decoded(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """The body without its content-encoding. Raises BodyTooLargeError, InvalidRequestError, UnsupportedMediaError."""
    check_encoding(headers)
    if headers.get("content-encoding", "identity").lower() in {"identity", ""}:
        return body
    return gunzip(body, limit)


def gunzip(data: bytes, limit: int) -> bytes:
    """What gzip members decompress to, at most ``limit`` bytes. Raises BodyTooLargeError, InvalidRequestError."""
    parts: list[bytes] = []
    size = 0
    try:
        while data:
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                part = member.decompress(data, min(_READ_AT_ONCE, limit - size + 1))
                data = member.unconsumed_tail or member.unused_data
                if not part and not member.eof:
                    raise InvalidRequestError("Invalid request: the gzip body ends too early.")
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise too_large(limit)
    except zlib.error as error:
        raise InvalidRequestError(f"Invalid request: the body is not valid gzip ({error}).") from None
    return b"".join(parts)
