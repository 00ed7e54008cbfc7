"""Assistants over the server's own routes: made, changed, listed, deleted; whose they are; what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pinyon import engine
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from server.assisted import ASK, BEES, NEWEST, OLD, Assisted, HelpfulModels
from server.clients import PortAddresses

EDITOR = ("ProjectEditor",)


@pytest.fixture
def helped() -> Iterator[Assisted]:
    models = HelpfulModels()
    settings = Settings(requests=RequestLimits(file_bytes=50_000, files=3))
    with engine.Database(":memory:") as database:
        yield Assisted(Service(settings, database, models, PortAddresses()), models)


def test_an_assistant_is_ready_when_it_was_made(helped: Assisted) -> None:
    made = helped.create(instructions="Be brief.", metadata={"team": "bees", "more": {"a": [1]}}, region="eu")
    assert made["status"] == "Ready"
    assert made["host"] == "http://127.0.0.1:5080"
    assert (made["instructions"], made["metadata"], made["region"]) == (
        "Be brief.",
        {"team": "bees", "more": {"a": [1]}},
        "eu",
    )
    described = helped.client.get("/assistant/assistants/helper", version=NEWEST).json
    assert described == made
    assert helped.create("plain")["metadata"] is None


def test_a_change_keeps_what_it_does_not_name_and_replaces_metadata_whole(helped: Assisted) -> None:
    helped.create(instructions="Be brief.", metadata={"a": 1, "b": 2})
    changed = helped.client.patch("/assistant/assistants/helper", {"metadata": {"c": 3}}, version=NEWEST).json
    assert changed["assistant_name"] == "helper"
    assert (changed["instructions"], changed["metadata"]) == ("Be brief.", {"c": 3})
    cleared = helped.client.patch("/assistant/assistants/helper", {"instructions": ""}, version=NEWEST).json
    assert (cleared["instructions"], cleared["metadata"]) == ("", {"c": 3})
    assert cleared["updated_at"] > cleared["created_at"]


def test_lists_come_in_pages_of_every_assistant_once(helped: Assisted) -> None:
    names = [f"a{number}" for number in range(7)]
    for name in reversed(names):
        helped.create(name)
    seen: list[str] = []
    token: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 3} | ({"pagination_token": token} if token else {})
        page = helped.client.get("/assistant/assistants", query=query, version=NEWEST).json
        seen += [one["name"] for one in page["assistants"]]
        if "pagination" not in page:
            break
        token = page["pagination"]["next"]
    assert seen == names


def test_deleting_an_assistant_removes_files_chunks_operations_and_bytes(helped: Assisted) -> None:
    helped.create()
    file = helped.given(BEES)
    database = helped.service.database
    entry = database.registry.get("assistant", "helper")
    assert entry is not None
    path = database.blobs.path(entry["uuid"], "").parent
    assert list(path.glob("*"))
    assert helped.client.delete("/assistant/assistants/helper", version=NEWEST).status == 200
    for address in ("assistants/helper", f"files/helper/{file['id']}", "operations/helper"):
        assert helped.client.get(f"/assistant/{address}", version=NEWEST).status == 404
    assert not database.entries()
    assert not list(path.glob("*"))
    kinds = (f"assistant-file-{entry['uuid']}", f"assistant-operation-{entry['uuid']}", "assistant-work", "assistant")
    assert not any(database.registry.list(kind) for kind in kinds)
    helped.create()
    assert helped.client.get("/assistant/files/helper", version=NEWEST).json == {"files": []}


@pytest.mark.parametrize("status", ["Initializing", "Terminating"])
def test_what_a_killed_process_began_is_finished_by_the_next_one(helped: Assisted, status: str) -> None:
    helped.create()
    helped.given(BEES)
    registry = helped.service.database.registry
    with registry.edit("assistant", "helper") as slot:
        assert slot.value is not None
        slot.value["status"] = status
    assert helped.ask().status == 412
    helped.settle()
    found = helped.client.get("/assistant/assistants/helper", version=NEWEST)
    if status == "Initializing":
        assert found.json["status"] == "Ready"
        assert helped.ask().status == 200
    else:
        assert found.status == 404
        assert not helped.service.database.entries()


def test_the_index_of_an_assistant_is_nobodys_to_see_or_touch(helped: Assisted) -> None:
    helped.create()
    helped.given(BEES)
    [entry] = helped.service.database.entries()
    name = entry.spec.name
    assert helped.client.get("/indexes").json == {"indexes": []}
    assert helped.service.database.list_indexes() == []
    for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", "")):
        assert helped.client.request(method, f"/indexes/{name}{path}", json={}).status == 404, method
    assert helped.client.post(f"/indexes/{name}/backups", {"name": "stolen"}).status == 404
    assert helped.client.post("/vectors/delete", {"deleteAll": True}, index=name).status == 404
    assert helped.client.post("/vectors/fetch", index=name).status in (404, 405)
    assert helped.ask().status == 200, "and it still answers"


# -- whose it is ------------------------------------------------------------------------------------------------------


def test_an_assistant_of_another_project_does_not_exist(helped: Assisted) -> None:
    helped.client.keys |= {
        "one": Principal("1", EDITOR, project="one"),
        "two": Principal("2", EDITOR, project="two"),
    }
    made = helped.client.post("/assistant/assistants", {"name": "ours"}, key="one", version=NEWEST)
    assert made.status == 200
    file = helped.upload(BEES, to="ours", key="one").json["file_id"]
    helped.settle()
    calls: list[tuple[str, str, Any]] = [
        ("GET", "assistants/ours", None),
        ("PATCH", "assistants/ours", {"instructions": "x"}),
        ("DELETE", "assistants/ours", None),
        ("GET", "files/ours", None),
        ("GET", f"files/ours/{file}", None),
        ("GET", f"files/ours/{file}/content", None),
        ("DELETE", f"files/ours/{file}", None),
        ("GET", "operations/ours", None),
        ("POST", "chat/ours", {"messages": [{"content": ASK}]}),
        ("POST", "chat/ours/chat/completions", {"messages": [{"content": ASK}]}),
        ("POST", "chat/ours/context", {"query": ASK}),
    ]
    for method, path, body in calls:
        refused = helped.client.request(method, f"/assistant/{path}", json=body, key="two", version=NEWEST)
        assert (refused.status, refused.message) == (404, 'Assistant "ours" not found.'), (method, path)
    assert helped.upload(BEES, to="ours", key="two").status == 404
    assert helped.client.get("/assistant/assistants", key="two", version=NEWEST).json == {"assistants": []}
    for key in ("one", ""):  # the main project is the data directory itself
        listed = helped.client.get("/assistant/assistants", key=key, version=NEWEST).json["assistants"]
        assert [one["name"] for one in listed] == ["ours"]
    again = helped.client.post("/assistant/assistants", {"name": "ours"}, key="two", version=NEWEST)
    assert again.status == 409, "names are the server's, as those of indexes are"


def test_a_key_of_one_index_uses_no_assistant(helped: Assisted) -> None:
    helped.create()
    helped.client.keys["limited"] = Principal("1", EDITOR, index="films")
    assert helped.client.get("/assistant/assistants", key="limited").json == {"assistants": []}
    assert helped.client.get("/assistant/assistants/helper", key="limited").status == 403
    assert helped.client.post("/assistant/assistants", {"name": "mine"}, key="limited").status == 403
    assert helped.upload(BEES, key="limited").status == 403


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("ProjectViewer", {"list", "chat"}),
        ("ControlPlaneEditor", {"create", "list"}),
        ("ControlPlaneViewer", {"list"}),
        ("DataPlaneEditor", {"upload", "chat"}),
        ("DataPlaneViewer", {"chat"}),
    ],
)
def test_roles_may_do_with_assistants_what_they_may_do_with_indexes(helped: Assisted, role: str, may: set[str]) -> None:
    helped.create()
    helped.given(BEES)
    helped.client.keys["key"] = Principal("1", (role,))
    statuses = {
        "create": helped.client.post("/assistant/assistants", {"name": "other"}, key="key", version=NEWEST).status,
        "list": helped.client.get("/assistant/assistants", key="key").status,
        "upload": helped.upload(BEES, key="key").status,
        "chat": helped.client.post("/assistant/chat/helper", {"messages": [{"content": ASK}]}, key="key").status,
    }
    assert {name for name, status in statuses.items() if status < 300} == may
    assert {status for status in statuses.values() if status >= 300} == {403}


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "Upper"}, "name"),
        ({"name": "-edge"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "a" * 64}, "63"),
        ({"name": 5}, "name"),
        ({"name": "fine", "instructions": "가" * 5_462}, "16,384"),
        ({"name": "fine", "metadata": {"a": "x" * 16_384}}, "16,384"),
        ({"name": "fine", "metadata": [1]}, "metadata"),
        ({"name": "fine", "region": "mars"}, "us, eu"),
        ({"name": "fine", "environment": "prod-us"}, "environment"),
    ],
)
@pytest.mark.parametrize("version", [OLD, NEWEST])
def test_a_bad_definition_is_refused_and_leaves_nothing(
    helped: Assisted, body: dict[str, Any], said: str, version: str
) -> None:
    refused = helped.client.post("/assistant/assistants", body, version=version)
    assert refused.status == 400
    assert said in refused.message
    assert refused.json["error"]["code"] == "INVALID_ARGUMENT"
    assert not helped.service.database.entries()
    assert not helped.service.database.registry.list("assistant")


def test_a_name_of_63_characters_is_fine_and_a_second_one_of_a_name_is_not(helped: Assisted) -> None:
    helped.create("a" * 63)
    again = helped.client.post("/assistant/assistants", {"name": "a" * 63}, version=NEWEST)
    assert again.status == 409
    assert again.json["error"]["code"] == "ALREADY_EXISTS"
    assert len(helped.service.database.entries()) == 1


def test_a_change_of_nothing_is_refused(helped: Assisted) -> None:
    helped.create()
    assert helped.client.patch("/assistant/assistants/helper", {}, version=NEWEST).status == 400
    assert helped.client.patch("/assistant/assistants/helper", {"name": "x"}, version=NEWEST).status == 400


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_page_has_1_to_100_assistants(helped: Assisted, limit: str) -> None:
    assert helped.client.get(f"/assistant/assistants?limit={limit}", version=NEWEST).status == 400


def test_a_token_that_was_never_given_is_refused(helped: Assisted) -> None:
    assert helped.client.get("/assistant/assistants?pagination_token=nonsense", version=NEWEST).status == 400


def test_a_server_without_an_answerer_says_so() -> None:
    from server.clients import Client, WordModels

    with engine.Database(":memory:") as database:
        client = Client(Service(Settings(), database, WordModels(), PortAddresses()))
        assert client.post("/assistant/assistants", {"name": "helper"}, version=NEWEST).status == 501
        assert client.get("/assistant/assistants", version=NEWEST).json == {"assistants": []}
        assert not database.registry.list("assistant")
