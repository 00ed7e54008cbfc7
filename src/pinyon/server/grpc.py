"""gRPC's part of HTTP/2: one framed message in, one out, and the status behind it.

A remote call is a route like any other: the same authentication, the same operations, the same log.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from pinyon.errors import InvalidRequestError, PinyonError
from pinyon.server import heads
from pinyon.server.app import UnknownPathError
from pinyon.server.http import Answer, Plane
from pinyon.wire.errors import code_of

_UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_TIMEOUT: Final = re.compile(r"([0-9]{1,8})([HMSmun])")
_PREFIX: Final = struct.Struct(">BI")
_PLAIN: Final = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_MESSAGE: Final = 2_000
"""Characters of an error's message that are sent: clients refuse long headers."""
_UNIMPLEMENTED: Final = 12
_RESOURCE_EXHAUSTED: Final = 8

Headers = list[tuple[str, str]]


def patience_of(headers: Mapping[str, str]) -> float:
    """Seconds that the client waits, from ``grpc-timeout``; infinite without it. Raises InvalidRequestError."""
    text = headers.get("grpc-timeout")
    if text is None:
        return math.inf
    found = _TIMEOUT.fullmatch(text)
    if found is None:
        raise InvalidRequestError(f"Invalid request: grpc-timeout {text[:40]!r} is not a number and a unit, as in 10S.")
    return int(found[1]) * _UNITS[found[2]]


def check_encoding(headers: Mapping[str, str]) -> None:
    """Raises NotSupportedError for messages in another compression than gzip."""
    encoding = headers.get("grpc-encoding", "identity")
    if encoding not in {"identity", "gzip"}:
        raise heads.NotSupportedError(f"grpc-encoding {encoding[:40]!r} is not supported. Use gzip or identity.")
    kind = headers.get("content-type", "")
    if kind.partition(";")[0].strip() not in {"application/grpc", "application/grpc+proto"}:
        raise heads.NotSupportedError(f"Content-Type {kind[:60]!r} is not supported. Use application/grpc.")


def decoded(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """The one message of a unary call. Raises InvalidRequestError, BodyTooLargeError."""
    if len(body) < _PREFIX.size:
        raise InvalidRequestError(f"Invalid request: the message is missing; {len(body)} bytes came.")
    flag, length = _PREFIX.unpack_from(body)
    if length > limit:
        raise heads.too_large(limit, length)
    message = body[_PREFIX.size :]
    if len(message) != length:
        raise InvalidRequestError(
            f"Invalid request: one message of {length:,} bytes was announced, and {len(message):,} bytes came."
        )
    if flag > 1 or (flag and headers.get("grpc-encoding", "identity") == "identity"):
        raise InvalidRequestError(f"Invalid request: compression flag {flag}, and grpc-encoding names no compression.")
    return heads.gunzip(message, limit) if flag else message


def refuse(error: PinyonError, plane: Plane) -> Answer:
    """How an error is answered: an empty body, and the status in headers."""
    if isinstance(error, UnknownPathError):
        number = _UNIMPLEMENTED
    elif isinstance(error, heads.BodyTooLargeError):
        number = _RESOURCE_EXHAUSTED
    else:
        number = code_of(error)[1]
    message = quote(error.message[:_MESSAGE], safe=_PLAIN)
    headers = (("grpc-status", str(number)), ("grpc-message", message))
    return Answer(status=error.status, headers=headers + tuple(getattr(error, "headers", ())))


def render(answer: Answer) -> tuple[Headers, bytes, Headers]:
    """(headers, body, trailers) of an answer. A refusal has only headers."""
    headers = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-accept-encoding", "identity,gzip")]
    if answer.status >= 300:
        return headers + list(answer.headers), b"", []
    body = _PREFIX.pack(0, len(answer.body)) + answer.body
    return headers + list(answer.headers), body, [("grpc-status", "0")]
