"""``pinyon keys``: made, listed, revoked and rotated from the command line, while a server runs or not."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pinyon.cli.keys import Role
from pinyon.engine import Database
from pinyon.errors import PinyonError
from pinyon.server import accounts
from pinyon.server.keys import KeyStore, WrongKeyError
from pinyon.server.roles import ROLES

Program = Callable[..., Any]
SECRET = re.compile(r"pnyn_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}")


@pytest.fixture
def database(data: Path) -> Iterator[Database]:
    with Database(data) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> KeyStore:
    return KeyStore(database.registry)


def test_the_roles_are_the_servers() -> None:
    assert {one.value for one in Role} == ROLES.keys()


def test_a_key_is_printed_alone_on_stdout_and_the_rest_on_stderr(pinyon: Program, data: Path) -> None:
    answer = pinyon("keys", "create", "laptop")
    assert SECRET.fullmatch(answer.out.strip())
    assert "only time" in answer.err
    with Database(data) as database:
        info = KeyStore(database.registry).verify(answer.out.strip())
    assert (info.name, info.roles) == ("laptop", ("ProjectEditor",))
    assert info.id in answer.err


def test_a_key_can_be_limited_and_expire(pinyon: Program, store: KeyStore) -> None:
    answer = pinyon(
        "keys", "create", "app", "--role", "DataPlaneViewer", "--role", "ControlPlaneViewer", "--index", "docs",
        "-n", "ko", "--expires", "30d", "--json",
    )  # fmt: skip
    info = store.verify(answer.json["key"])
    assert (info.roles, info.index, info.namespace) == (("DataPlaneViewer", "ControlPlaneViewer"), "docs", "ko")
    assert info.expires_at is not None
    assert info.expires_at == answer.json["expires_at"]
    assert info.expires_at[:10] > info.created_at[:10]
    assert "no index 'docs' yet" in answer.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["x", "--expires", "soon"], 2, "neither a span"),
        (["x", "--expires", "2020-01-01"], 1, "is over"),
        (["x", "--role", "Root"], 2, "Root"),
        (["x", "-n", "ko"], 1, "name the index"),
        (["x", "--admin", "--index", "docs"], 2, "--admin goes with none"),
        (["y" * 81], 1, "1 to 80"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(pinyon: Program, arguments: list[str], code: int, said: str) -> None:
    assert said in pinyon("keys", "create", *arguments, code=code).err


def test_keys_are_listed_without_secrets(pinyon: Program, store: KeyStore) -> None:
    secret = pinyon("keys", "create", "laptop").out.strip()
    pinyon("keys", "create", "app", "--index", "docs", "-n", "")
    answer = pinyon("keys", "list")
    assert [line.split()[1] for line in answer.out.splitlines()[1:]] == ["laptop", "app"]
    assert "docs/__default__" in answer.out
    assert secret.rpartition("_")[2] not in answer.out + pinyon("keys", "list", "--json").out
    found = pinyon("keys", "list", "--json").json["keys"]
    assert [one["name"] for one in found] == ["laptop", "app"]
    assert found[0]["state"] == "active"


def test_without_keys_the_list_says_how_to_make_one(pinyon: Program) -> None:
    pinyon("init")
    assert "pinyon keys create NAME" in pinyon("keys", "list").err
    assert pinyon("keys", "list", "--json").json == {"keys": [], "clients": []}


def test_without_a_data_directory_there_is_nothing_to_list(pinyon: Program) -> None:
    pinyon("keys", "list", code=3)


@pytest.mark.parametrize("by", ["id", "beginning", "name"])
def test_a_key_is_revoked_by_its_id_the_beginning_of_it_or_its_name(pinyon: Program, store: KeyStore, by: str) -> None:
    made = pinyon("keys", "create", "laptop", "--json").json
    key = {"id": made["id"], "beginning": made["id"][:6], "name": "laptop"}[by]
    assert "revoked 'laptop'" in pinyon("keys", "revoke", key, "--yes").out
    with pytest.raises(WrongKeyError, match="revoked"):
        store.verify(made["key"])
    assert pinyon("keys", "list", "--json").json["keys"] == []
    assert [one["state"] for one in pinyon("keys", "list", "--all", "--json").json["keys"]] == ["revoked"]
    pinyon("keys", "revoke", key, "--yes", code=3)


def test_revoking_asks_first(pinyon: Program, store: KeyStore) -> None:
    secret = pinyon("keys", "create", "laptop").out.strip()
    assert "add --yes" in pinyon("keys", "revoke", "laptop", code=2).err
    assert store.verify(secret)


def test_a_name_that_means_two_keys_is_not_guessed(pinyon: Program) -> None:
    for _ in range(2):
        pinyon("keys", "create", "laptop")
    assert "means 2 keys" in pinyon("keys", "revoke", "laptop", "--yes", code=2).err


def test_an_unknown_key_gets_a_suggestion(pinyon: Program) -> None:
    pinyon("keys", "create", "laptop")
    assert "Did you mean 'laptop'?" in pinyon("keys", "rotate", "labtop", code=3).err


def test_rotating_prints_the_new_key(pinyon: Program, store: KeyStore) -> None:
    old = pinyon("keys", "create", "laptop").out.strip()
    new = pinyon("keys", "rotate", "laptop").out.strip()
    assert store.verify(new).name == "laptop"
    with pytest.raises(WrongKeyError):
        store.verify(old)
    newest = pinyon("keys", "rotate", "laptop", "--overlap", "1h", "--json").json["key"]
    assert store.verify(new).id == store.verify(newest).id
    assert "not a span" in pinyon("keys", "rotate", "laptop", "--overlap", "1 hour", code=2).err


def test_an_admin_client_is_made_rotated_and_revoked(pinyon: Program, database: Database) -> None:
    lines = dict(line.split("=") for line in pinyon("keys", "create", "ops", "--admin").out.splitlines())
    id, secret = lines["PINECONE_CLIENT_ID"], lines["PINECONE_CLIENT_SECRET"]
    assert accounts.manages(
        accounts.principal_of(database.registry, accounts.issue_token(database.registry, id, secret))
    )
    assert [one["client_id"] for one in pinyon("keys", "list", "--json").json["clients"]] == [id]
    new = pinyon("keys", "rotate", "ops", "--json").json["client_secret"]
    with pytest.raises(accounts.BadClientError):
        accounts.issue_token(database.registry, id, secret)
    assert accounts.issue_token(database.registry, id, new)
    pinyon("keys", "revoke", "ops", "--yes")
    with pytest.raises(PinyonError):
        accounts.issue_token(database.registry, id, new)
    assert pinyon("keys", "create", "ops", "--admin", "--json").json.keys() == {"id", "client_id", "client_secret"}


def test_a_database_that_is_open_elsewhere_sees_a_new_key_at_once(
    spawn: Callable[..., subprocess.Popen[str]], store: KeyStore
) -> None:
    with spawn("keys", "create", "laptop", "--json") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert store.verify(json.loads(out)["key"]).name == "laptop"
