"""What a server is like when nobody configures anything: each safe default, once."""

from __future__ import annotations

import ast
import os
import re
import secrets
import socket
import stat
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import pinyon
from pinyon import engine
from pinyon.errors import FailedPreconditionError
from pinyon.limits import Limits
from pinyon.server import credentials
from pinyon.server.auth import check_start
from pinyon.server.http import Answer, Head
from pinyon.server.observe import Observer
from pinyon.server.roles import ROLES
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import PINECONE_LIMITS, RequestLimits, Settings
from server.clients import PORT
from server.keyed import GIVEN, KeyedClient, served

SOURCE = Path(pinyon.__file__).parent
READ = {"vector": [1, 0, 0], "topK": 1}
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with served(path=tmp_path / "data") as made:
        yield made


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def test_1_using_the_library_opens_no_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    with served(path=tmp_path / "data") as made:
        made.database.index("films").upsert("", ["a"], [[1, 0, 0]])


def test_1_nothing_is_sent_home() -> None:
    """No module reaches for a network client, but those for endpoints that a user named, for pictures on addresses
    that an operator allowed and for a socket of our own: telemetry would need one."""
    named = {
        *("endpoint.py", "endpoint_embedder.py", "endpoint_generator.py", "endpoint_reranker.py", "fetching.py"),
        *("llama_server.py", "web_pictures.py"),
    }
    clients = {"requests", "urllib.request", "urllib3", "httpx", "aiohttp", "http.client", "smtplib", "ftplib"}
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not clients & set(names) or (file.parent.name == "models" and file.name in named), file


def test_2_a_server_listens_to_this_machine_only() -> None:
    assert Settings().host == "127.0.0.1"
    assert not Settings().insecure


def test_2_beyond_this_machine_a_key_is_needed_or_insecure_is_typed(service: Service) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "db.example"):
        with pytest.raises(FailedPreconditionError):
            check_start(Settings(host=host), service.database)
        check_start(Settings(host=host, insecure=True), service.database)


def test_3_one_way_in_for_every_route(client: KeyedClient) -> None:
    """Nothing is answered that has not passed the authenticator, and only these routes pass it without a key."""
    passed: list[str] = []
    original = client.app._authenticate

    def watching(head: Head, route: Any) -> Any:
        passed.append(head.path)
        return original(head, route)

    client.app._authenticate = watching
    for route in ALL_ROUTES:
        path = re.sub(r"\{\w+\}", "x", route.path)
        admitted = client.app.admit(Head(route.method, path, "", {}, "http", "h", PORT, "127.0.0.1", "r"))
        assert passed.pop() == path
        # The console's pages hold no data.
        public = route.path in {"/", "/livez", "/readyz", "/healthz", "/oauth/token"} or route.operation == "console"
        assert isinstance(admitted, Answer) != public


def test_3_exempt_are_routes_and_never_prefixes(client: KeyedClient) -> None:
    for path in ("/livez/", "/livez/x", "/readyz/../indexes", "/livez%2f..%2findexes", "//livez", "/livez;x", "/LIVEZ"):
        admitted = client.app.admit(Head("GET", path, "", {}, "http", "h", PORT, "127.0.0.1", "r"))
        assert isinstance(admitted, Answer)
        assert admitted.status == 401, path


def test_3_no_header_of_a_client_says_who_it_is(client: KeyedClient) -> None:
    for name in (
        "x-forwarded-user",
        "x-forwarded-for",
        "forwarded",
        "sourceid",
        "x-real-ip",
        "remote-user",
        "x-user-id",
    ):
        assert client.get("/indexes", headers={name: "127.0.0.1"}).status == 401
        assert client.get("/indexes", headers={name: GIVEN}).status == 401


def test_4_keys_are_random_and_kept_as_digests(client: KeyedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = secrets.randbits
    monkeypatch.setattr(secrets, "randbits", lambda bits: asked.append(bits) or original(bits))
    secret = client.key()
    assert asked == [256]
    (stored,) = client.service.database.registry.list("api_key")
    assert secret not in repr(stored)
    assert stored["sha256"] == credentials.digest(secret)
    assert len(ROLES) == 6


def test_5_limits_are_on_by_default(service: Service) -> None:
    limits, requests = Limits(), RequestLimits()
    assert (limits.top_k, limits.dimension, limits.id_length) == (10_000, 20_000, 512)
    assert (limits.filter_nodes, limits.filter_depth, requests.json_depth) == (10_000, 100, 128)
    assert all(getattr(requests, one.name) > 0 for one in fields(RequestLimits) if one.name != "requests_per_second")
    assert PINECONE_LIMITS.decoded_bytes == 2 * 1024 * 1024
    assert requests.records == 1_000


def test_5_who_may_not_send_a_body_is_refused_before_it_is_read(client: KeyedClient) -> None:
    for headers in ({}, {"api-key": "wrong"}, {"api-key": client.key("DataPlaneViewer")}):
        given = {"content-length": "99999999", **headers}
        head = Head("POST", "/indexes/films/vectors/upsert", "", given, "http", "h", PORT, "127.0.0.1", "r")
        admitted = client.app.admit(head)
        assert isinstance(admitted, Answer)
        assert admitted.status in {401, 403}


def test_6_a_browser_page_of_another_site_gets_nothing(service: Service) -> None:
    opened = KeyedClient(service, [])
    evil = {"Origin": "https://evil.example"}
    assert opened.post("/vectors/delete", {"deleteAll": True}, index="films", headers=evil).status == 403
    for path in ("/indexes", "/docs", "/openapi.json", "/livez"):
        reply = opened.get(path)
        assert reply.status == 200
        assert not [name for name in reply.headers if name.lower().startswith("access-control-")]
    assert opened.request("OPTIONS", "/query", index="films").status == 405
    head = Head("GET", "/indexes", "", {}, "http", "rebound.example:5080", PORT, "127.0.0.1", "r")
    assert opened.app.admit(head).status == 403  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "..\\..\\x", "%2e%2e", "a/../b", "CON", "\0"]
)
def test_7_names_reach_no_file(client: KeyedClient, service: Service, name: str) -> None:
    assert service.database.path is not None
    before = sorted(service.database.path.parent.rglob("*"))
    body = {
        "name": name,
        "dimension": 3,
        "metric": "cosine",
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
    }
    assert client.post("/indexes", body, key=GIVEN).status in {400, 404, 422}
    for method in ("GET", "DELETE", "PATCH"):
        path = f"/indexes/{name}".replace("\0", "%00").replace("\\", "%5c")
        assert client.request(method, path, json={"tags": {}} if method == "PATCH" else None, key=GIVEN).status in {
            400,
            404,
            405,
        }
    new = [path for path in sorted(service.database.path.parent.rglob("*")) if path not in before]
    assert not [path for path in new if "passwd" in path.name or path.name == "x"]


def test_7_files_are_named_by_uuid(service: Service) -> None:
    assert service.database.path is not None
    names = [path.stem for path in (service.database.path / "indexes").glob("*.sqlite")]
    assert len(names) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in names)


def test_7_imports_read_no_folder_and_no_network_unless_told_to() -> None:
    assert Settings().import_roots == ()
    assert not Settings().import_remote


def test_7_pictures_are_fetched_from_nowhere_unless_told_to() -> None:
    assert Settings().picture_origins == ()


def test_9_nothing_runs_code_that_it_read() -> None:
    forbidden = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
    for file in SOURCE.rglob("*.py"):
        text = file.read_text("utf-8")
        imported = {
            name.partition(".")[0] for name in re.findall(r"^\s*(?:import|from)\s+([\w.]+)", text, re.MULTILINE)
        }
        assert not forbidden & imported, file
        assert not re.search(r'trust_remote_code(?!"?\s*[:=]\s*False)', text), file


@posix
def test_10_the_data_directory_is_for_its_owner_only(service: Service) -> None:
    observer = Observer.start(service)
    KeyedClient(service).observed("GET", "/indexes", key="wrong")
    service.database.create_backup("films")
    observer.close()
    assert service.database.path is not None
    for path in [service.database.path, *service.database.path.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@posix
def test_10_even_under_a_generous_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with served(path=tmp_path / "data") as made:
            Observer.start(made).close()
            KeyedClient(made).key()
            for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    finally:
        os.umask(before)


def test_10_a_key_in_the_clear_is_warned_of_at_the_start(service: Service) -> None:
    said = check_start(Settings(host="0.0.0.0", keys=(GIVEN,)), service.database)
    assert any("--tls" in one for one in said)
    assert not any(
        "--tls" in one for one in check_start(Settings(host="0.0.0.0", keys=(GIVEN,), tls="auto"), service.database)
    )


def test_12_changes_and_refusals_are_audited_by_default() -> None:
    assert Settings().audit == "changes"


def test_13_dependencies_are_few_and_named() -> None:
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert len(project["optional-dependencies"]["server"]) <= 8


def test_errors_say_nothing_of_the_inside(client: KeyedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret recipe at /srv/secret.py")

    monkeypatch.setattr(engine.Database, "index", broken)
    reply = client.post("/query", READ, index="films", key=GIVEN)
    assert reply.status == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
