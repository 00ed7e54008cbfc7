"""API keys: shown once, stored as a digest, expiring, revocable, rotatable, the same for every process."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pinyon.engine import Database
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.server import credentials, keys
from pinyon.server.keys import KeyStore, WrongKeyError
from pinyon.server.roles import ROLES


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> KeyStore:
    return KeyStore(database.registry)


def test_a_secret_has_a_prefix_an_id_and_256_random_bits(store: KeyStore) -> None:
    info, secret = store.create("laptop")
    assert re.fullmatch(r"pnyn_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}", secret)
    assert credentials.id_of(secret, credentials.API_KEY) == info.id
    assert 62**43 > 2**256
    assert len({store.create("x")[1] for _ in range(50)}) == 50


def test_only_the_digest_of_a_secret_is_in_the_files(store: KeyStore, database: Database) -> None:
    _, secret = store.create("laptop")
    database.close()
    assert database.path is not None
    stored = b"".join(file.read_bytes() for file in database.path.rglob("*") if file.is_file())
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in stored
    assert secret.encode() not in stored
    assert secret.rpartition("_")[2].encode() not in stored


def test_a_key_opens_what_its_roles_and_limits_say(store: KeyStore) -> None:
    info, secret = store.create("reader", ["DataPlaneViewer"], index="films", namespace="ko")
    assert store.verify(secret) == info
    principal = info.principal
    assert (principal.key_id, principal.roles, principal.index, principal.namespace) == (
        info.id,
        ("DataPlaneViewer",),
        "films",
        "ko",
    )


@pytest.mark.parametrize(
    "wrong",
    ["", "x", "pclocal", "pnyn_" + "0" * 22 + "_" + "0" * 43, "pnyn_" + "z" * 22 + "_" + "z" * 43, "pcsk_abc_def"],
)
def test_what_is_no_key_opens_nothing(store: KeyStore, wrong: str) -> None:
    store.create("laptop")
    with pytest.raises(WrongKeyError):
        store.verify(wrong)


def test_a_changed_character_anywhere_opens_nothing(store: KeyStore) -> None:
    _, secret = store.create("laptop")
    for at in range(len(secret)):
        other = secret[:at] + ("a" if secret[at] != "a" else "b") + secret[at + 1 :]
        with pytest.raises(WrongKeyError):
            store.verify(other)


def test_secrets_are_compared_in_constant_time(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = store.create("laptop")
    compared = []
    original = credentials.hmac.compare_digest
    monkeypatch.setattr(credentials.hmac, "compare_digest", lambda *both: compared.append(both) or original(*both))
    store.verify(secret)
    assert compared


def test_an_expired_key_opens_nothing_and_says_when(store: KeyStore) -> None:
    info, secret = store.create("short", expires=credentials.now() + timedelta(seconds=0.05))
    assert store.verify(secret).id == info.id
    time.sleep(0.08)
    with pytest.raises(WrongKeyError, match="expired at 20") as caught:
        store.verify(secret)
    assert caught.value.key_id == info.id
    assert store.get(info.id).state == "expired"


def test_a_key_cannot_be_made_expired(store: KeyStore) -> None:
    with pytest.raises(InvalidRequestError, match="is over"):
        store.create("late", expires=credentials.now() - timedelta(seconds=1))


def test_a_revoked_key_opens_nothing_and_stays_listed(store: KeyStore) -> None:
    info, secret = store.create("gone")
    store.revoke(info.id)
    first = store.revoke(info.id).revoked_at
    with pytest.raises(WrongKeyError, match="was revoked at 20"):
        store.verify(secret)
    assert [(one.id, one.state, one.revoked_at) for one in store.list()] == [(info.id, "revoked", first)]
    assert store.any()


def test_rotating_gives_a_new_secret_and_the_old_one_stops(store: KeyStore) -> None:
    info, old = store.create("laptop", ["ProjectViewer"], index="films")
    rotated, new = store.rotate(info.id)
    assert (rotated.id, rotated.roles, rotated.index) == (info.id, ("ProjectViewer",), "films")
    assert store.verify(new).id == info.id
    with pytest.raises(WrongKeyError):
        store.verify(old)


def test_an_old_secret_may_overlap_with_the_new_one_for_a_while(store: KeyStore) -> None:
    info, old = store.create("laptop")
    _, new = store.rotate(info.id, overlap=0.15)
    assert store.verify(old).id == store.verify(new).id == info.id
    time.sleep(0.2)
    assert store.verify(new).id == info.id
    with pytest.raises(WrongKeyError):
        store.verify(old)


def test_a_revoked_key_is_not_rotated_and_an_overlap_does_not_survive_revoking(store: KeyStore) -> None:
    info, old = store.create("laptop")
    _, new = store.rotate(info.id, overlap=60)
    store.revoke(info.id)
    for secret in (old, new):
        with pytest.raises(WrongKeyError):
            store.verify(secret)
    with pytest.raises(InvalidRequestError, match="was revoked"):
        store.rotate(info.id)


def test_name_and_roles_can_change_and_the_secret_stays(store: KeyStore) -> None:
    info, secret = store.create("old name")
    store.update(info.id, name="new name", roles=["ControlPlaneViewer", "DataPlaneViewer", "DataPlaneViewer"])
    found = store.verify(secret)
    assert (found.name, found.roles) == ("new name", ("ControlPlaneViewer", "DataPlaneViewer"))


@pytest.mark.parametrize("change", ["get", "revoke", "rotate", "update"])
@pytest.mark.parametrize("id", ["nothing", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_id_is_not_found(store: KeyStore, change: str, id: str) -> None:
    with pytest.raises(NotFoundError, match="There is no API key"):
        getattr(store, change)(id)


@pytest.mark.parametrize(
    ("roles", "said"), [([], "at least one"), (["Admin"], "no role 'Admin'"), ("ProjectEditor", "list")]
)
def test_roles_are_pinecones_six(store: KeyStore, roles: list[str], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        store.create("x", roles)
    assert len(ROLES) == 6


@pytest.mark.parametrize("name", ["", "x" * 81, "two\nlines"])
def test_a_name_has_1_to_80_printable_characters(store: KeyStore, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 80"):
        store.create(name)


def test_a_namespace_limit_needs_an_index(store: KeyStore) -> None:
    with pytest.raises(InvalidRequestError, match="name the index"):
        store.create("x", namespace="ko")


def _wait_for_use(store: KeyStore, id: str) -> str:
    for _ in range(200):
        used = store.get(id).last_used_at
        if used is not None:
            return used
        time.sleep(0.01)
    raise AssertionError("the use was not written down")


def test_the_last_use_is_written_down_once_a_minute(store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    info, secret = store.create("laptop")
    assert info.last_used_at is None
    store.verify(secret)
    used = _wait_for_use(store, info.id)
    for _ in range(20):
        store.verify(secret)
    time.sleep(0.05)
    assert store.get(info.id).last_used_at == used
    monkeypatch.setattr(keys, "_SECONDS_BETWEEN_NOTES", 0.0)
    store.verify(secret)
    for _ in range(200):
        if store.get(info.id).last_used_at != used:
            return
        time.sleep(0.01)
    raise AssertionError("a use a minute later was not written down")


def test_another_process_revokes_a_key_at_once(store: KeyStore, database: Database) -> None:
    info, secret = store.create("laptop")
    store.verify(secret)
    code = (
        "import sys; from pinyon.engine import Database; from pinyon.server.keys import KeyStore\n"
        "with Database(sys.argv[1]) as database: KeyStore(database.registry).revoke(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, str(database.path), info.id], check=True)
    with pytest.raises(WrongKeyError, match="was revoked"):
        store.verify(secret)


def test_neither_a_key_nor_its_store_shows_a_secret(store: KeyStore) -> None:
    info, secret = store.create("laptop")
    assert secret.rpartition("_")[2] not in f"{info!r}{store!r}{store.list()!r}{store.__dict__!r}"
