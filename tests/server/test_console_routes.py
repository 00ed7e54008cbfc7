"""The console's pages: to whom they are given, with which headers, and that no path from outside is opened."""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Iterator

import pytest

from pinyon import console
from pinyon.server.routes.console import CONTENT_SECURITY
from pinyon.server.service import Service
from server.clients import Reply
from server.keyed import GIVEN, KeyedClient, served
from server.live import Raw, running_server
from waiting import PATIENCE

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def service() -> Iterator[Service]:
    with served() as made:
        yield made


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def files() -> list[str]:
    """What the page loads."""
    page = console.asset("index.html")
    assert page is not None
    return re.findall(r'(?:src|href)="/console/([^"]+)"', page.body.decode())


def is_page(reply: Reply) -> bool:
    return reply.status == 200 and b'<div id="app">' in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/console",
        "/console/",
        "/console/indexes/films",
        "/console/indexes/films/browse",
        "/console/indexes/a%2Fb/map",
        "/console/operate/audit",
        "/console/index.html",
        "/console/nowhere/at/all/even",
    ],
)
def test_every_page_of_the_console_is_the_one_page_and_needs_no_key(client: KeyedClient, path: str) -> None:
    reply = client.get(path)
    assert is_page(reply)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"


def test_what_the_page_loads_is_there_and_may_be_kept_for_good(client: KeyedClient) -> None:
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    assert {name.rpartition(".")[2] for name in files()} == {"js", "css", "svg"}
    for name in files():
        reply = client.get(f"/console/{name}")
        assert reply.status == 200
        assert reply.headers["content-type"] == kinds[f".{name.rpartition('.')[2]}"]
        assert ("immutable" in reply.headers["cache-control"]) == name.startswith("assets/")


def test_a_file_that_there_is_not_is_not_the_page(client: KeyedClient) -> None:
    for path in ("/console/assets/index-0000.js", "/console/assets/", "/console/assets/a/b"):
        reply = client.get(path)
        assert reply.status == 404
        assert "Reload the page" in reply.message


@pytest.mark.parametrize(
    "path",
    [
        "/console/..%2F__init__.py",
        "/console/%2E%2E/__init__.py",
        "/console/../__init__.py",
        "/console/assets/..%2F..%2F__init__.py",
        "/console/assets/%2E%2E/index.html",
        "/console/%2Fetc%2Fpasswd",
        "/console//etc/passwd",
        "/console/__init__.py",
        "/console/assets%2Findex.html%00.js",
    ],
)
def test_no_path_from_outside_is_opened(client: KeyedClient, path: str) -> None:
    reply = client.get(path)
    assert is_page(reply) or reply.status == 404
    assert b"root:" not in reply.body
    assert b"importlib" not in reply.body


def test_it_may_do_nothing_but_ask_this_server(client: KeyedClient) -> None:
    for path in ("/console/", f"/console/{files()[0]}"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_SECURITY.split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules.pop("img-src") == "'self' blob: data:", "pictures of what is shown, such as a map to be saved"
    assert not re.search(r"unsafe|\*|https?:|data:|blob:", " ".join(rules.values()))


def test_the_page_holds_no_script_and_no_style_of_its_own() -> None:
    page = console.asset("index.html")
    assert page is not None
    text = page.body.decode()
    assert not re.search(r"<style|style=|\son\w+=", text)
    assert all(re.search(r'src="/console/assets/[^"]+"', tag) for tag in re.findall(r"<script[^>]*>", text))
    assert re.findall(r"(?:src|href)=\"(?!/console/)[^\"]*\"", text) == []


def test_those_who_take_gzip_get_the_same_packed(client: KeyedClient) -> None:
    for name in ("", *files()):
        plain = client.get(f"/console/{name}")
        packed = client.get(f"/console/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body)
        assert "content-encoding" not in plain.headers
        assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"


def test_what_a_browser_has_already_is_not_sent_again(client: KeyedClient) -> None:
    first = client.get("/console/")
    again = client.get("/console/indexes", headers={"If-None-Match": f'W/"other", {first.headers["etag"]}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/console/", headers={"If-None-Match": 'W/"other"'}).status == 200
    tags = {client.get(f"/console/{name}").headers["etag"] for name in ("", *files())}
    assert len(tags) == 1 + len(files())


def test_a_browser_is_led_to_the_console_and_a_program_is_not(client: KeyedClient) -> None:
    led = client.get("/", headers=HTML)
    assert (led.status, led.headers["location"], led.body) == (302, "/console/", b"")
    told = client.get("/", headers={"Accept": "application/json"})
    assert told.status == 404
    assert "/console/" in told.message
    assert client.request("POST", "/", key=GIVEN).status == 405


def test_the_console_is_at_the_address_of_an_index_too(client: KeyedClient) -> None:
    assert is_page(client.get("/console/", index="films"))


def test_without_built_pages_it_says_how_to_make_them(client: KeyedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_assets", dict)
    reply = client.get("/console/")
    assert reply.status == 404
    assert "make console" in reply.message


@pytest.mark.usefixtures("loopback")
def test_over_a_socket_head_says_what_get_would_and_sends_nothing() -> None:
    with running_server(keys=("secret",)) as server:
        with Raw(socket.create_connection(("127.0.0.1", server.port), PATIENCE)) as raw:
            head = b"%s /console/ HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
            got = raw.send(head % b"GET").response()
            asked = raw.send(head % b"HEAD").response(head_only=True)
            known = b"GET /console/ HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %s\r\n\r\n"
            status, headers = raw.send(known % got.headers["etag"].encode()).head()
            last = raw.send(head % b"GET").response()
        assert (got.status, asked.status, status, last.status) == (200, 200, 304, 200)
        shown, announced = (
            {name: value for name, value in one.headers.items() if name not in VARYING} for one in (got, asked)
        )
        assert shown == announced
        assert (asked.body, last.body) == (b"", got.body)
        assert "content-length" not in headers


VARYING = {"date", "x-request-id", "x-pinecone-request-id", "content-type"}
