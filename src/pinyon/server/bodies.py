"""Bodies of requests, and the headers that tell readers and writers apart by log sequence number."""

from __future__ import annotations

from typing import Any

from pinyon.server.http import Answer, Request
from pinyon.server.service import Service
from pinyon.wire.fields import check_depth

Headers = tuple[tuple[str, str], ...]


def json_object(service: Service, request: Request) -> dict[str, Any]:
    """The body as a JSON object that is not too deep. Raises InvalidRequestError."""
    found = request.json()
    check_depth(found, request.body, service.settings.requests.json_depth)
    return found


def json_object_or_none(service: Service, request: Request) -> dict[str, Any]:
    """As ``json_object``; an empty body is an empty object."""
    return json_object(service, request) if request.body else {}


def written(body: bytes, lsn: int, status: int = 200) -> Answer:
    """The answer to a write, which took place at ``lsn``."""
    return Answer(body, status, (("x-pinecone-request-lsn", str(lsn)),))


def read(body: bytes, lsn: int) -> Answer:
    """The answer to a read, which saw everything up to ``lsn``."""
    return Answer(body, 200, (("x-pinecone-max-indexed-lsn", str(lsn)),))
