"""What an operator sees over HTTP: settings without secrets, log lines, the audit log backwards, slow queries."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinyon.app.settings import load, names
from pinyon.server import audit
from pinyon.server.advice import advice
from pinyon.server.audit import AuditLog, backwards
from pinyon.server.logs import HIDDEN
from pinyon.server.observe import Observer
from pinyon.server.recent import LINES, SLOW_QUERIES
from pinyon.server.service import Service
from pinyon.server.settings import Settings, told
from pinyon.types import Plan
from server.keyed import GIVEN, KeyedClient, served

READ = {"vector": [1, 0, 0], "topK": 3}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with served(Settings(audit="all", slow_query_ms=1e-6, keys=(GIVEN,)), tmp_path / "data") as made:
        observer = Observer.start(made)
        yield made
        observer.close()


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def ok(client: KeyedClient, path: str) -> Any:
    reply = client.get(path, key=GIVEN)
    assert reply.status == 200, reply.json
    return reply.json


# -- settings ---------------------------------------------------------------------------------------------------------


def test_every_setting_is_told_with_default_and_source(client: KeyedClient) -> None:
    found = {one["name"]: one for one in ok(client, "/pinyon/settings")["settings"]}
    assert found.keys() == names().keys()
    assert found["port"] == {"name": "port", "value": 5080, "default": 5080, "source": "default"}
    assert found["audit"] == {"name": "audit", "value": "all", "default": "changes", "source": "program"}
    assert found["limits.top_k"]["value"] == 10_000


def test_keys_are_counted_and_not_told(client: KeyedClient) -> None:
    reply = client.get("/pinyon/settings", key=GIVEN)
    assert GIVEN.encode() not in reply.body
    (keys,) = [one for one in reply.json["settings"] if one["name"] == "keys"]
    assert (keys["value"], keys["default"]) == ("1 hidden", "")


def test_where_a_setting_comes_from(tmp_path: Path) -> None:
    (tmp_path / "pinyon.toml").write_text('region = "a"\nlimits = "pinecone"\nimport_roots = ["in"]\n')
    settings = load(
        tmp_path, environment={"PINYON_CLOUD": "gcp", "PINYON_REGION": "b"}, flags={"port": 1, "host": None}
    )
    found = {one["name"]: (one["value"], one["source"]) for one in told(settings)}
    assert found["region"] == ("b", "environment")
    assert found["cloud"] == ("gcp", "environment")
    assert found["port"] == (1, "flag")
    assert found["host"] == ("127.0.0.1", "default")
    assert found["import_roots"] == ([str(tmp_path / "in")], "file")
    assert found["requests.ids"] == (1_000, "file"), "of the set of limits that the file names"
    assert found["requests.records"] == (1_000, "default")


# -- log lines --------------------------------------------------------------------------------------------------------


def test_the_last_lines_are_told_from_a_level_on(client: KeyedClient) -> None:
    for number in range(5):
        logging.getLogger("pinyon.server").warning("line %d", number)
    logging.getLogger("pinyon.server").error("broken: Api-Key: hunter2")
    logging.getLogger("others").error("not ours")
    lines = ok(client, "/pinyon/logs?limit=3")["lines"]
    assert [line["message"] for line in lines] == ["line 3", "line 4", f"broken: Api-Key: {HIDDEN}"]
    assert lines[0] | {"time": ""} == {"time": "", "level": "warning", "logger": "pinyon.server", "message": "line 3"}
    assert lines[0]["time"].endswith("Z")
    assert [line["level"] for line in ok(client, "/pinyon/logs?level=error")["lines"]] == ["error"]


def test_lines_are_bounded_and_end_with_the_observer(client: KeyedClient, service: Service) -> None:
    assert service.observer is not None
    for number in range(LINES + 50):
        logging.getLogger("pinyon.server").warning("%d %s", number, "x" * 5_000)
    lines = ok(client, f"/pinyon/logs?limit={LINES}")["lines"]
    assert len(lines) == LINES
    assert lines[-1]["message"].startswith(f"{LINES + 49} xxx")
    assert max(len(line["message"]) for line in lines) == 2_000
    service.observer.lines.end()
    logging.getLogger("pinyon.server").warning("after the end")
    assert service.observer.lines.last(1)[0]["message"] != "after the end"


# -- the audit log ----------------------------------------------------------------------------------------------------


def test_the_audit_log_is_told_newest_first(client: KeyedClient) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    client.observed("DELETE", "/indexes/books", key="wrong")
    client.observed("POST", "/vectors/delete", {"ids": ["a"]}, index="films", key=GIVEN)
    found = ok(client, "/pinyon/audit")
    assert [one["operation"] for one in found["entries"]] == ["delete", "delete_index", "query"]
    assert found["complete"]
    assert {"time", "client", "key", "roles", "result", "status"} <= found["entries"][0].keys()
    assert [one["operation"] for one in ok(client, "/pinyon/audit?limit=1")["entries"]] == ["delete"]
    assert [one["result"] for one in ok(client, "/pinyon/audit?operation=delete_index")["entries"]] == ["refused"]
    assert len(ok(client, "/pinyon/audit?key=given-1")["entries"]) == 2
    assert ok(client, "/pinyon/audit?key=given-1&operation=delete_index")["entries"] == []


def test_without_an_audit_log_there_are_no_entries() -> None:
    with served(Settings(audit="off")) as service:
        observer = Observer.start(service)
        assert ok(KeyedClient(service), "/pinyon/audit") == {"entries": [], "complete": True}
        observer.close()


def test_files_that_were_set_aside_are_read_too(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", 500, 100)
    for number in range(60):
        log.write({"n": number, "operation": "odd" if number % 2 else "even"})
    assert len(list(tmp_path.glob("*.jsonl"))) > 3
    assert [one["n"] for one in log.last(60)[0]] == list(range(59, -1, -1))
    assert [one["n"] for one in log.last(3, {"operation": "even"})[0]] == [58, 56, 54]
    assert log.last(3, {"operation": "none"}) == ([], True)
    log.close()


def test_only_so_much_of_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", 1 << 20, 1)
    for number in range(200):
        log.write({"n": number})
    monkeypatch.setattr(audit, "MOST_READ", 2_000)
    found, complete = log.last(200)
    assert not complete
    assert [one["n"] for one in found] == list(range(199, 199 - len(found), -1))
    assert 20 < len(found) < 60
    assert log.last(5)[1], "what was asked for was found"
    log.close()


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_bytes(b'{"n": 1}\n{"n": \n[2]\n\xff\xfe\n\n{"n": 3}\n{"n": 4')
    assert AuditLog(file, 1 << 20, 1).last(10) == ([{"n": 3}, {"n": 1}], True)
    assert AuditLog(tmp_path / "none.jsonl", 1 << 20, 1).last(10) == ([], True)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("text", ["", "a", "a\n", "\n", "a\n\nbb\nccc", "eleven chars\n" * 5, "\n\n\n"])
def test_lines_backwards_are_the_lines_forwards(text: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_BLOCK", block)
    data = text.encode()
    found = list(backwards(io.BytesIO(data), len(data)))
    assert b"\n".join(reversed(found)) == data


# -- slow queries -----------------------------------------------------------------------------------------------------


def test_slow_queries_are_told_with_plan_and_advice(client: KeyedClient, service: Service) -> None:
    films = service.database.index("films")
    films.upsert(
        "ko", [str(n) for n in range(50)], [[1, 0, n] for n in range(50)], metadata=[{"n": n} for n in range(50)]
    )
    client.observed("POST", "/query", {**READ, "namespace": "ko"}, index="films", key=GIVEN)
    client.observed("POST", "/query", {**READ, "namespace": "ko", "filter": {"n": 3}}, index="films", key=GIVEN)
    last, first = ok(client, "/pinyon/slow-queries")["queries"]
    assert (last["index"], last["namespace"], last["plan"]["kind"], last["plan"]["matching"]) == (
        "films",
        "ko",
        "gather",
        1,
    )
    assert (first["plan"]["kind"], first["plan"]["records"]) == ("exact", 50)
    assert first["milliseconds"] > 0
    assert last["advice"].endswith(".")
    assert last["time"] >= first["time"]
    assert ok(client, "/pinyon/slow-queries?limit=1")["queries"] == [last]
    for _ in range(SLOW_QUERIES + 5):
        client.observed("POST", "/query", {**READ, "namespace": "ko"}, index="films", key=GIVEN)
    assert len(ok(client, f"/pinyon/slow-queries?limit={SLOW_QUERIES}")["queries"]) == SLOW_QUERIES


def planned(kind: str = "scan", reason: str = "", **more: Any) -> Plan:
    stages = more.pop("stages", {"catch up": 1.0, "filter": 1.0, "search": 90.0, "fetch": 1.0})
    values: dict[str, Any] = {"records": 100_000, "matching": 100_000, "candidates": 200, "exact": False} | more
    return Plan(kind, reason, milliseconds=stages, **values)


@pytest.mark.parametrize(
    ("plan", "milliseconds", "said"),
    [
        (planned(), 1_000.0, "waiting for a thread"),
        (planned(stages={"catch up": 80.0, "search": 5.0}), 100.0, "loading the namespace"),
        (planned(stages={"filter": 80.0, "search": 5.0}), 100.0, "went into the filter"),
        (planned(stages={"fetch": 80.0, "search": 5.0}), 100.0, "smaller top_k"),
        (planned("exact", "exact search was asked for", exact=True), 100.0, "leave `exact` out"),
        (planned("exact", "small, or no codes yet: every record is scored", exact=True), 100.0, "no codes yet"),
        (planned("exact", "top_k 9 would rescore most of 10 records", exact=True), 100.0, "ask for fewer"),
        (planned("ivf", "codes could not settle it: every record is scored", exact=True), 100.0, "about as near"),
        (planned("gather", "few records match: each is scored", matching=900), 100.0, "keeps few records"),
        (planned("sparse", "every record that shares a term"), 100.0, "most records share"),
        (planned("text", "every record that holds the words"), 100.0, "frequent words"),
        (planned("hybrid", "dense and sparse scores of every matching record"), 100.0, "fewer or rarer words"),
        (planned(shortage="no graph: 2 GB"), 100.0, "more `memory`"),
        (planned(effort=4.0), 100.0, "4.0 times as hard"),
        (planned(candidates=20_000), 100.0, "20,000 of 100,000 records"),
        (planned(), 100.0, "load of the machine"),
    ],
)
def test_the_advice_names_what_took_the_time(plan: Plan, milliseconds: float, said: str) -> None:
    found = advice(plan, milliseconds)
    assert said in found
    assert "\n" not in found


# -- who, and what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/pinyon/settings", "/pinyon/logs", "/pinyon/audit", "/pinyon/slow-queries"])
def test_only_keys_that_change_the_server_and_have_no_limit_see_it(client: KeyedClient, path: str) -> None:
    for key in (client.key("ControlPlaneEditor"), client.key("ProjectEditor")):
        assert client.get(path, key=key).status == 200
    for key in (
        client.key("ProjectViewer"),
        client.key("DataPlaneEditor"),
        client.key("ControlPlaneViewer"),
        client.key("ProjectEditor", index="films"),
        client.key("ProjectEditor", project="another"),
    ):
        assert client.get(path, key=key).status == 403
        assert client.get(f"/indexes/films{path}", key=key).status == 403


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/pinyon/logs?limit=0", "limit must be 1 to 1000"),
        ("/pinyon/logs?limit=many", "limit must be a whole number"),
        ("/pinyon/logs?level=loud", "debug, info, warning, error"),
        ("/pinyon/audit?limit=1001", "limit must be 1 to 1000"),
        ("/pinyon/slow-queries?limit=-1", "limit must be 1 to 200"),
        ("/pinyon/audit?key=a&key=b", "given 2 times"),
    ],
)
def test_what_makes_no_sense_is_refused(client: KeyedClient, path: str, said: str) -> None:
    reply = client.get(path, key=GIVEN)
    assert reply.status == 400
    assert said in reply.message


def test_a_server_that_observes_nothing_says_so() -> None:
    with served() as service:
        assert KeyedClient(service).get("/pinyon/logs", key=GIVEN).status == 501


def test_entries_are_those_of_the_file(client: KeyedClient, service: Service) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    assert service.database.path is not None
    written = (service.database.path / "logs" / "audit.jsonl").read_text("utf-8").splitlines()
    assert ok(client, "/pinyon/audit")["entries"] == [json.loads(line) for line in reversed(written)]
