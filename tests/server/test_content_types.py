"""What a body may say that it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinyon.server.http import Answer, Request, Route
from pinyon.server.service import Service
from server.frames import Http2Client
from server.live import Live

pytestmark = pytest.mark.usefixtures("loopback")

BODY = b'{"_id":"1"}'


def echo(service: Service, request: Request) -> Answer:
    return Answer(request.body)


ROUTES = (
    Route("POST", "/vectors", echo, "data:write", "data", "upsert"),
    Route("POST", "/records", echo, "data:write", "data", "upsert_records"),
    Route("POST", "/token", echo, "public", "admin", "token"),
)


@pytest.fixture
def live() -> Iterator[Live]:
    with Live(ROUTES) as running:
        yield running


CASES = [
    ("/vectors", "application/json", 200),
    ("/vectors", "application/json; charset=UTF-8", 200),
    ("/vectors", "application/json; charset=utf-16", 415),
    ("/vectors", "text/plain;charset=UTF-8", 415),
    ("/vectors", "application/x-www-form-urlencoded", 415),
    ("/records", "application/x-ndjson", 200),
    ("/records", "text/plain;charset=UTF-8", 200),  # the TypeScript SDK lets fetch name the type of a string
    ("/records", "text/plain;charset=latin1", 415),
    ("/token", "application/x-www-form-urlencoded", 200),
    ("/token", "text/plain", 415),
]


@pytest.mark.parametrize(("path", "kind", "status"), CASES)
def test_a_body_is_read_by_its_type_over_http_1(live: Live, path: str, kind: str, status: int) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    with live.connect() as raw:
        found = raw.send(head.encode() + BODY).response()
    assert found.status == status
    if status == 415:
        assert "is not supported. Send" in found.body.decode()


@pytest.mark.parametrize(("path", "kind", "status"), CASES)
def test_a_body_is_read_by_its_type_over_http_2(live: Live, path: str, kind: str, status: int) -> None:
    with Http2Client(live.connect().sock) as client:
        assert client.request("POST", path, [("content-type", kind)], body=BODY).status == status
