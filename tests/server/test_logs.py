"""What is written down: lines for machines and people, an audit log, slow queries; never a secret, never content."""

from __future__ import annotations

import io
import itertools
import json
import logging
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pinyon.server import audit, logs
from pinyon.server.audit import AuditLog
from pinyon.server.http import Admitted, Answer, Head, Request, Route
from pinyon.server.logs import HIDDEN, hidden
from pinyon.server.observe import Observer
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.wire.versions import NEWEST
from server.keyed import GIVEN, KeyedClient, head_of, served

MARK = "Zauberwort"
"""In every text, id and metadata value below."""
VECTOR = [0.8414709848, 0.9092974268, 0.1411200081]
READ = {"vector": VECTOR, "topK": 3}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    found = io.StringIO()
    before = logging.getLogger("pinyon")
    handlers, level, propagate = before.handlers[:], before.level, before.propagate
    yield found
    before.handlers, before.propagate = handlers, propagate
    before.setLevel(level)


@pytest.fixture
def service(tmp_path: Path, stream: io.StringIO) -> Iterator[Service]:
    settings = Settings(log_format="json", log_level="debug", access_log="all", audit="all", slow_query_ms=1e-6)
    logs.set_up(settings, stream)
    with served(settings, tmp_path / "data") as made:
        observer = Observer.start(made)
        yield made
        observer.close()


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def audited(service: Service) -> list[dict[str, Any]]:
    assert service.database.path is not None
    text = (service.database.path / "logs" / "audit.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# -- nothing leaks ----------------------------------------------------------------------------------------------------


def everything(client: KeyedClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests of all kinds that hold marked content: good ones, bad ones and nonsense, for every route."""
    record = {"id": MARK, "values": VECTOR, "metadata": {"text": f"{MARK} {MARK}", "n": 1}}
    bodies: list[Any] = [
        {"vectors": [record]},
        {**READ, "filter": {"text": {"$eq": MARK}}, "includeMetadata": True},
        {"id": MARK, "setMetadata": {"text": MARK}},
        {"ids": [MARK]},
        {"name": MARK, "dimension": 3, "spec": {}},
        {"documents": [{"_id": MARK, "text": MARK}], "query": MARK, "model": MARK, "inputs": [{"text": MARK}]},
        {"vectors": MARK},
        {"vectors": [{"id": MARK, "values": [MARK]}]},
        {"filter": {MARK: {f"${MARK}": MARK}}, "vector": VECTOR, "topK": MARK},
        {"client_id": MARK, "client_secret": MARK, "grant_type": MARK, "role_bindings": [{"role": MARK}]},
        MARK,
    ]
    for route, body in itertools.product(ALL_ROUTES, bodies):
        path = route.path
        for name in ("namespace", "name", "id", "backup_id", "job_id", "schedule_id", "project_id"):
            path = path.replace(f"{{{name}}}", "films" if path.startswith("/indexes/{") else "x")
        path = path.replace("{", "").replace("}", "")
        yield route.method, f"{path}?ids={MARK}&prefix={MARK}&paginationToken={MARK}&{MARK}={MARK}", {"json": body}
    for broken in (MARK.encode(), b'{"vectors": [{"id": "' + MARK.encode(), b"\xff" + MARK.encode()):
        yield "POST", "/vectors/upsert", {"body": broken}
        yield "POST", "/records/namespaces/x/upsert", {"body": broken}
    yield "GET", f"/{MARK}", {}
    yield "GET", f"/indexes/films/{MARK}?api_key={MARK}", {}


def test_no_key_vector_or_text_is_ever_written_down(client: KeyedClient, service: Service, stream: io.StringIO) -> None:
    wrong = "another-Zauberwort-key"
    keys = [client.key(), GIVEN, client.key("DataPlaneViewer"), client.key(index="books"), wrong]
    token = client.token()
    count = 0
    for (method, path, options), key in zip(everything(client), itertools.cycle(keys), strict=False):
        client.observed(method, path, **options, index="films" if method != "PUT" else "", key=key)
        client.observed(method, path, **options, headers={"Authorization": f"Bearer {token}"})
        count += 2
    written = stream.getvalue() + "".join(map(json.dumps, audited(service)))
    written += "".join(file.read_text("utf-8") for file in service.database.path.glob("logs/*"))  # type: ignore[union-attr]
    for path in ("/pinyon/logs?limit=1000", "/pinyon/slow-queries?limit=200", "/pinyon/audit?limit=1000"):
        written += client.get(path, key=GIVEN).body.decode()
    assert count > 1_500
    assert len(lines(stream)) > 1_000
    for secret in (MARK, *keys, token, *(f"{number}" for number in VECTOR)):
        assert secret not in written


@pytest.mark.parametrize(
    "text",
    [
        "pnyn_0123456789012345678901_0123456789012345678901234567890123456789012",
        "api-key: hunter2",
        "Api-Key: hunter2, more",
        "Authorization: Bearer hunter2",
        "{'api-key': 'hunter2'}",
        '{"client_secret":"hunter2"}',
        "pcsk_hunter2_hunter2",
    ],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_comes_from(text: str, stream: io.StringIO) -> None:
    logs.set_up(Settings(), stream)
    logging.getLogger("pinyon.anything").warning("something said %s", text)
    assert HIDDEN in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert "01234567890123456789" not in hidden(text)


def test_a_key_is_in_no_repr(client: KeyedClient) -> None:
    secret = client.key()
    head = head_of("GET", "/version", {"api-key": secret})
    route = next(route for route in ALL_ROUTES if route.path == "/version")
    principal = client.authenticator(head, route)
    request = Request("POST", {}, (("ids", MARK),), MARK.encode(), NEWEST, "http", "h", "films", principal, "r")
    shown = (
        f"{head!r}{Admitted(head, route, {}, '', principal, 1)!r}{principal!r}{request!r}{Settings(keys=(secret,))!r}"
    )
    assert secret not in shown
    assert MARK not in shown


def test_an_error_of_ours_is_told_with_its_place_and_without_its_text(stream: io.StringIO) -> None:
    for kind in ("json", "text"):
        logs.set_up(Settings(log_format=kind), stream)  # type: ignore[arg-type]
        try:
            raise ValueError(f"could not convert string to float: {MARK!r}")
        except ValueError:
            logging.getLogger("pinyon.server").exception("request %s failed", "r1")
    written = stream.getvalue()
    assert written.count("ValueError\n") + written.count('ValueError"}') == 2
    assert written.count("test_logs.py") == 2
    assert MARK not in written.replace(__file__, "").replace("{MARK!r}", "")


# -- lines ------------------------------------------------------------------------------------------------------------


def test_a_request_is_one_line_of_json(client: KeyedClient, stream: io.StringIO) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    (line,) = [one for one in lines(stream) if one["logger"] == "pinyon.access"]
    assert line["message"].startswith("POST /query 200 ")
    assert {name: line[name] for name in ("level", "operation", "status", "index", "key", "transport", "client")} == {
        "level": "info",
        "operation": "query",
        "status": 200,
        "index": "films",
        "key": "given-1",
        "transport": "rest",
        "client": "127.0.0.1",
    }
    assert line["request"].startswith("test-")
    assert line["namespaces"] == [""]
    assert line["bytes_in"] > 0 < line["bytes_out"]


def test_text_is_for_people_and_one_line_each(client: KeyedClient, service: Service, stream: io.StringIO) -> None:
    service.settings = replace(service.settings, log_format="text", slow_query_ms=0)
    logs.set_up(service.settings, stream)
    client.observed("GET", "/indexes/two%0Alines", key=GIVEN)
    client.observed("GET", "/nothing", key=GIVEN)
    first, second = stream.getvalue().splitlines()
    assert "WARNING GET /indexes/{name} 404" in first
    assert "\\n" in first
    assert "(unknown path) 404" in second
    assert "request=test-" in first


@pytest.mark.parametrize(("wanted", "count"), [("all", 2), ("errors", 1), ("off", 0)])
def test_what_the_access_log_holds(
    client: KeyedClient, service: Service, stream: io.StringIO, wanted: Any, count: int
) -> None:
    service.settings = replace(service.settings, access_log=wanted)
    client.observed("GET", "/version", key=GIVEN)
    client.observed("GET", "/version", key="wrong")
    assert len([one for one in lines(stream) if one["logger"] == "pinyon.access"]) == count


def test_setting_up_again_replaces_what_was_there(stream: io.StringIO) -> None:
    for _ in range(3):
        logs.set_up(Settings(), stream)
    logging.getLogger("pinyon.server").warning("once")
    assert stream.getvalue().count("once") == 1
    logs.set_up(Settings(log_level="error"), stream)
    logging.getLogger("pinyon.server").warning("never")
    assert "never" not in stream.getvalue()


def test_without_a_stream_lines_go_to_stderr(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    handler = logs.set_up(Settings())
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr


# -- slow queries -----------------------------------------------------------------------------------------------------


def test_a_slow_query_is_told_with_its_plan(client: KeyedClient, service: Service, stream: io.StringIO) -> None:
    films = service.database.index("films")
    films.upsert(
        "ko", [str(n) for n in range(50)], [[1, 0, n] for n in range(50)], metadata=[{"n": n} for n in range(50)]
    )
    body = {**READ, "namespace": "ko", "filter": {"n": {"$lt": 10}}}
    assert client.observed("POST", "/query", body, index="films", key=GIVEN).status == 200
    (line,) = [one for one in lines(stream) if one["logger"] == "pinyon.slow"]
    assert (line["records"], line["matching"], line["candidates"], line["exact"]) == (50, 10, 10, True)
    assert (line["plan"], line["namespaces"], line["index"]) == ("gather", ["ko"], "films")
    assert "search" in line["stages"]
    assert line["message"].startswith("slow query: ")


def test_a_fast_query_is_not_told(client: KeyedClient, service: Service, stream: io.StringIO) -> None:
    for limit in (60_000.0, 0.0):
        service.settings = replace(service.settings, slow_query_ms=limit)
        client.observed("POST", "/query", READ, index="films", key=GIVEN)
    assert not [one for one in lines(stream) if one["logger"] == "pinyon.slow"]


# -- the audit log ----------------------------------------------------------------------------------------------------


def test_the_audit_log_says_who_did_what_and_with_what_result(client: KeyedClient, service: Service) -> None:
    secret = client.key("DataPlaneEditor")
    upsert = {"namespace": "ko", "vectors": [{"id": "a", "values": [1, 0, 0]}]}
    client.observed("POST", "/vectors/upsert", upsert, index="films", key=secret)
    client.observed("DELETE", "/indexes/films", key=secret)
    client.observed("DELETE", "/indexes/films", key="wrong")
    client.observed("GET", "/indexes/nothing", key=GIVEN)
    done, forbidden, unknown, missing = audited(service)
    assert {name: done[name] for name in ("key", "roles", "method", "path", "operation", "index", "namespaces")} == {
        "key": client.info(secret).id,
        "roles": ["DataPlaneEditor"],
        "method": "POST",
        "path": "/vectors/upsert",
        "operation": "upsert",
        "index": "films",
        "namespaces": ["ko"],
    }
    assert (done["result"], done["status"]) == ("ok", 200)
    assert done["bytes_in"] > 0
    assert done["time"].endswith("Z")
    assert (forbidden["result"], forbidden["key"], forbidden["operation"]) == (
        "refused",
        client.info(secret).id,
        "delete_index",
    )
    assert (unknown["result"], unknown["key"], unknown["operation"]) == ("refused", "", "delete_index")
    assert (missing["result"], missing["status"], missing["index"]) == ("failed", 404, "nothing")


def test_a_revoked_key_is_named_when_it_is_tried(client: KeyedClient, service: Service) -> None:
    secret = client.key()
    id = client.info(secret).id
    client.store.revoke(id)
    client.observed("GET", "/version", key=secret)
    assert [(one["result"], one["key"]) for one in audited(service)] == [("refused", id)]


def test_by_default_changes_and_refusals_are_audited_and_reads_are_not(client: KeyedClient, service: Service) -> None:
    service.settings = replace(service.settings, audit="changes")
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    client.observed("GET", "/livez")
    client.observed("POST", "/vectors/delete", {"ids": ["a"]}, index="films", key=GIVEN)
    client.observed("POST", "/query", READ, index="films")
    client.observed("POST", "/query", {}, index="films", key=GIVEN)
    assert [(one["operation"], one["result"]) for one in audited(service)] == [("delete", "ok"), ("query", "refused")]


def test_everything_but_health_is_audited_where_it_is_asked_for(client: KeyedClient, service: Service) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    client.observed("GET", "/livez")
    assert [one["operation"] for one in audited(service)] == ["query"]


def test_no_audit_is_no_file(tmp_path: Path) -> None:
    with served(Settings(audit="off"), tmp_path / "data") as service:
        observer = Observer.start(service)
        KeyedClient(service).observed("DELETE", "/indexes/films", key=GIVEN)
        observer.close()
        assert not (tmp_path / "data" / "logs").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_audit_log_is_private(client: KeyedClient, service: Service) -> None:
    client.observed("GET", "/version", key="wrong")
    assert service.database.path is not None
    file = service.database.path / "logs" / "audit.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_full_audit_log_is_set_aside_and_old_ones_go(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "logs" / "audit.jsonl", 500, 3)
    for number in range(60):
        log.write({"n": number})
        time.sleep(0.001)
    log.close()
    files = sorted((tmp_path / "logs").glob("*.jsonl"))
    assert len(files) == 4
    assert all(file.stat().st_size < 600 for file in files)
    kept = [json.loads(line)["n"] for file in (*files[:-1], files[-1]) for line in file.read_text().splitlines()]
    assert sorted(kept) == list(range(min(kept), 60))


def test_writers_of_two_logs_lose_and_mix_nothing(tmp_path: Path) -> None:
    """As two workers do: each has the file open, and either sets it aside."""
    both = [AuditLog(tmp_path / "audit.jsonl", 4_000, 1_000) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda log, who: [log.write({"who": who, "n": n}) for n in range(400)], args=(log, who))
        for who, log in enumerate(both * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in both:
        log.close()
    found = [json.loads(line) for file in tmp_path.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert sorted((one["who"], one["n"]) for one in found) == [(who, n) for who in range(4) for n in range(400)]


def test_a_disk_that_refuses_the_audit_log_stops_no_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").write_text("in the way")
    log = AuditLog(tmp_path / "logs" / "audit.jsonl", 500, 3)
    for _ in range(5):
        log.write({"n": 1})
    assert len([one for one in caplog.records if one.name == audit.log.name]) == 1
    log.close()


# -- the observer -----------------------------------------------------------------------------------------------------


def test_requests_that_are_never_finished_are_forgotten(client: KeyedClient, service: Service) -> None:
    observer = service.observer
    assert observer is not None
    plan = service.database.index("films").query("", _explained()).plan
    route: Route = next(route for route in ALL_ROUTES if route.path == "/query")
    for number in range(10_000):
        head = Head("POST", "/query", "", {}, "http", "h", 1, "c", f"r{number}")
        observer.refused(head, route, None)
        request = Request("POST", {}, (), b"", NEWEST, "http", "h", "films", client.authenticator(
            head_of("POST", "/query", {"api-key": GIVEN}), route), f"r{number}")  # fmt: skip
        observer.planned(request, "", plan)
    assert len(observer._plans) <= 4_096
    assert len(observer._refused) <= 4_096


def _explained() -> Any:
    from pinyon.types import Query

    return Query(1, vector=[1, 0, 0], explain=True)


def test_an_answer_without_a_beginning_is_no_error(service: Service) -> None:
    assert service.observer is not None
    service.observer.finish(head_of("GET", "/x"), None, Answer(status=404), seconds=0.1, bytes_in=0, transport="grpc")
