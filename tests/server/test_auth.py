"""Who is let in: keys, tokens, hosts, origins, rates, and what a limited key may do."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from pinyon.errors import FailedPreconditionError, ForbiddenError, PinyonError
from pinyon.server import accounts, auth, calls, credentials, scope
from pinyon.server.auth import Authenticator, Bucket, check_start, host_of, is_loopback
from pinyon.server.http import Route
from pinyon.server.keys import KeyStore
from pinyon.server.roles import OWNER, Principal
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.wire import protobuf
from server.keyed import GIVEN, KeyedClient, head_of, served

READ = {"vector": [1, 0, 0], "topK": 1}


@pytest.fixture
def service() -> Iterator[Service]:
    with served() as made:
        yield made


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def route(method: str, path: str) -> Route:
    return next(one for one in ALL_ROUTES if (one.method, one.path) == (method, path))


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_given_at_the_start_opens_every_plane(client: KeyedClient) -> None:
    assert client.post("/query", READ, index="films", key=GIVEN).status == 200
    assert client.get("/version", key=GIVEN).status == 200


def test_any_text_may_be_given_as_a_key(service: Service) -> None:
    client = KeyedClient(service, ["x", "pclocal"])
    assert [client.get("/version", key=key).status for key in ("x", "pclocal", "y")] == [200, 200, 401]


def test_a_given_key_is_held_as_a_digest_only(client: KeyedClient) -> None:
    held = repr(client.authenticator.__dict__)
    assert GIVEN not in held
    assert GIVEN not in repr(Settings(keys=(GIVEN,)))


def test_a_stored_key_opens_what_it_may(client: KeyedClient) -> None:
    assert client.post("/query", READ, index="films", key=client.key("DataPlaneViewer")).status == 200


def test_a_missing_key_is_401_on_every_plane(client: KeyedClient) -> None:
    for reply in (client.post("/query", READ, index="films"), client.get("/version"), client.get("/metrics")):
        assert reply.status == 401
        assert "API key is missing" in reply.message
        assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_key_is_403_where_data_is_and_401_elsewhere(client: KeyedClient) -> None:
    data = client.post("/query", READ, index="films", key="invalid_key")
    assert (data.status, data.json["code"]) == (403, 7)
    assert "Wrong API key" in data.message
    control = client.get("/version", key="invalid_key")
    assert (control.status, control.json["error"]["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("why", ["expired", "revoked"])
def test_a_key_that_no_longer_works_says_why_to_its_holder(client: KeyedClient, why: str) -> None:
    secret = client.key(expires=credentials.now() + timedelta(seconds=0.05) if why == "expired" else None)
    if why == "revoked":
        client.store.revoke(client.info(secret).id)
    else:
        time.sleep(0.08)
    assert why in client.get("/version", key=secret).message
    assert why in client.post("/query", READ, index="films", key=secret).message
    assert "not known" in client.get("/version", key=secret[:-1] + ("a" if secret[-1] != "a" else "b")).message


def test_a_key_may_come_as_a_bearer_token_as_scrapers_send_it(client: KeyedClient) -> None:
    headers = {"Authorization": f"Bearer {client.key('ProjectViewer')}"}
    assert client.get("/version", headers=headers).status == 200
    assert client.get("/version", headers={"Authorization": "Bearer nonsense"}).status == 401
    assert client.get("/version", headers={"Authorization": f"Basic {GIVEN}"}).status == 401


def test_a_path_that_leads_nowhere_is_401_without_a_key_and_404_with_one(client: KeyedClient) -> None:
    for path in ("/nothing", "/indexes/films/nothing", "/livez/../metrics", "/livez%2F..%2Fmetrics", "/livez/"):
        assert client.get(path).status == 401, path
        assert client.get(path, key="wrong").status == 401, path
        assert client.get(path, key=GIVEN).status == 404, path


def test_a_wrong_method_is_401_without_a_key_and_405_with_one(client: KeyedClient) -> None:
    assert client.request("PUT", "/query", index="films").status == 401
    assert client.request("PUT", "/query", index="films", key=GIVEN).status == 405
    assert client.request("DELETE", "/livez").status == 401


def test_public_routes_ask_for_nothing(client: KeyedClient) -> None:
    assert [client.get(path).status for path in ("/livez", "/readyz", "/healthz")] == [200, 200, 200]


def test_the_body_is_not_looked_at_before_the_key(client: KeyedClient) -> None:
    reply = client.request("POST", "/vectors/upsert", body=b"not json", index="films", key="wrong")
    assert reply.status == 403


def test_a_role_that_is_not_enough_is_named_with_those_that_are(client: KeyedClient) -> None:
    reply = client.post("/vectors/delete", {"ids": ["a"]}, index="films", key=client.key("DataPlaneViewer"))
    assert reply.status == 403
    assert "has DataPlaneViewer" in reply.message
    assert "ProjectEditor, DataPlaneEditor" in reply.message


def test_several_roles_add_up(client: KeyedClient) -> None:
    key = client.key("ControlPlaneViewer", "DataPlaneViewer")
    assert client.get("/metrics", key=key).status != 403
    assert client.post("/query", READ, index="films", key=key).status == 200
    assert client.post("/vectors/delete", {"ids": ["a"]}, index="films", key=key).status == 403


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_an_api_key_opens_no_admin_route_and_a_token_nothing_else(client: KeyedClient) -> None:
    assert client.get("/admin/projects", key=GIVEN).status == 401
    assert client.get("/admin/projects", headers={"Authorization": f"Bearer {client.key()}"}).status == 401
    token = client.token()
    assert client.admin("GET", "/admin/projects", token=token).status == 200
    assert client.admin("GET", "/version", token=token).status == 401
    assert client.get("/version", key=token).status == 401
    assert client.admin("POST", "/query", READ, index="films", token=token).status == 403


def test_a_token_expires(client: KeyedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "TOKEN_SECONDS", 0.05)
    token = client.token()
    assert client.admin("GET", "/admin/projects", token=token).status == 200
    time.sleep(0.08)
    assert "expired" in client.admin("GET", "/admin/projects", token=token).message


# -- without keys -----------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(service: Service) -> KeyedClient:
    return KeyedClient(service, [])


def test_without_keys_everybody_on_this_machine_is_the_owner(opened: KeyedClient) -> None:
    assert opened.get("/version").status == 200
    assert opened.get("/version", key="whatever the SDK sends").status == 200
    assert opened.post("/query", READ, index="films").status == 200
    assert opened.get("/admin/projects").status == 401


def test_without_keys_a_server_that_others_reach_lets_nobody_in(service: Service) -> None:
    service.settings = replace(service.settings, host="0.0.0.0")
    assert KeyedClient(service, []).get("/version").status == 401
    service.settings = replace(service.settings, insecure=True)
    assert KeyedClient(service, []).get("/version").status == 200


def test_the_first_key_closes_an_open_server_and_its_revocation_does_not_open_it(
    opened: KeyedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_LOOK_AGAIN", 0.0)
    assert opened.get("/version").status == 200
    secret = opened.key()
    assert opened.get("/version").status == 401
    assert opened.get("/version", key=secret).status == 200
    opened.store.revoke(opened.info(secret).id)
    assert opened.get("/version").status == 401
    assert opened.get("/version", key=secret).status == 401


def test_an_admin_client_closes_an_open_server_too(opened: KeyedClient) -> None:
    accounts.create_client(opened.service.database.registry, "ci")
    assert opened.get("/version").status == 401


@pytest.mark.parametrize("authority", ["localhost:5080", "127.0.0.1:5080", "[::1]:5080", "films-x.svc.localhost:5080"])
def test_an_open_server_answers_to_the_names_of_this_machine(service: Service, authority: str) -> None:
    assert Authenticator(service)(head_of("GET", "/version", authority=authority), route("GET", "/version")) is not None


@pytest.mark.parametrize(
    "authority",
    ["evil.example:5080", "localhost.evil.example", "127.0.0.1.evil.example:5080", "192.168.0.7:5080", ":1"],
)
def test_an_open_server_does_not_answer_to_a_strangers_name(service: Service, authority: str) -> None:
    with pytest.raises(ForbiddenError, match="--allow-host"):
        Authenticator(service)(head_of("GET", "/version", authority=authority), route("GET", "/version"))


def test_a_name_can_be_allowed(service: Service) -> None:
    service.settings = replace(service.settings, allow_hosts=("dev.example",))
    ask = Authenticator(service)
    assert ask(head_of("GET", "/version", authority="Dev.Example:5080"), route("GET", "/version"))
    with pytest.raises(ForbiddenError):
        ask(head_of("GET", "/version", authority="other.example"), route("GET", "/version"))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:5080"])
def test_an_open_server_takes_nothing_from_another_sites_page(opened: KeyedClient, origin: str) -> None:
    reply = opened.post("/vectors/delete", {"deleteAll": True}, index="films", headers={"Origin": origin})
    assert reply.status == 403
    assert "Origin" in reply.message


def test_a_page_of_this_machine_may_ask(opened: KeyedClient) -> None:
    assert opened.get("/version", headers={"Origin": "http://localhost:3000"}).status == 200


def test_with_keys_the_host_does_not_matter(client: KeyedClient) -> None:
    head = head_of("GET", "/version", {"api-key": GIVEN}, authority="db.example.com")
    assert client.authenticator(head, route("GET", "/version")).key_id == "given-1"


def test_even_an_open_server_tells_a_stranger_only_that_it_lives(opened: KeyedClient) -> None:
    head = head_of("GET", "/livez", authority="evil.example")
    assert opened.authenticator(head, route("GET", "/livez")).roles == ()


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost:1", "localhost"),
        ("LOCALHOST", "localhost"),
        ("[::1]:5080", "::1"),
        ("http://[::1]:1", "::1"),
        ("https://a.b:443", "a.b"),
        ("null", "null"),
        ("", ""),
    ],
)
def test_the_host_of_an_authority(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.1", False),
        ("example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


# -- the start --------------------------------------------------------------------------------------------------------


def test_an_open_address_without_a_key_refuses_to_start_and_says_how_to_make_one(service: Service) -> None:
    with pytest.raises(FailedPreconditionError, match="pinyon keys create") as caught:
        check_start(Settings(host="0.0.0.0"), service.database)
    assert "--insecure" in caught.value.message


def test_an_open_address_starts_with_a_given_key_a_stored_key_or_insecure(service: Service) -> None:
    check_start(Settings(host="0.0.0.0", keys=("a-long-enough-key",)), service.database)
    said = check_start(Settings(host="0.0.0.0", insecure=True), service.database)
    assert any("everybody" in one for one in said)
    info, _ = KeyStore(service.database.registry).create("x")
    check_start(Settings(host="0.0.0.0"), service.database)
    KeyStore(service.database.registry).revoke(info.id)
    with pytest.raises(FailedPreconditionError, match="no API key that works"):
        check_start(Settings(host="0.0.0.0"), service.database)


def test_the_start_warns_of_what_is_weak(service: Service) -> None:
    said = check_start(Settings(host="0.0.0.0", keys=("pclocal",)), service.database)
    assert any("7 characters" in one for one in said)
    assert any("--tls" in one for one in said)
    assert not any("pclocal" in one for one in said)
    assert check_start(Settings(keys=("pclocal",)), service.database) == []
    assert ["no keys" in one for one in check_start(Settings(), service.database)] == [True]


# -- rate -------------------------------------------------------------------------------------------------------------


def test_a_key_that_asks_too_often_waits(service: Service) -> None:
    service.settings = replace(service.settings, requests=RequestLimits(requests_per_second=5))
    client = KeyedClient(service, ["one", "two"])
    statuses = [client.get("/version", key="one").status for _ in range(8)]
    assert statuses[:5] == [200] * 5
    assert statuses[5:] == [429] * 3
    reply = client.get("/version", key="one")
    assert int(reply.headers["retry-after"]) >= 1
    assert "5 requests a second" in reply.message
    assert client.get("/version", key="two").status == 200
    assert client.get("/livez").status == 200


def test_a_bucket_fills_again() -> None:
    bucket = Bucket(50)
    assert sum(bucket.take() == 0.0 for _ in range(200)) in range(50, 53)
    time.sleep(0.11)
    assert sum(bucket.take() == 0.0 for _ in range(20)) in range(5, 9)


def test_a_rate_below_one_lets_a_request_through_now_and_then() -> None:
    bucket = Bucket(0.5)
    assert bucket.take() == 0.0
    assert 1.9 < bucket.take() <= 2.0


def test_threads_do_not_get_more_than_the_rate(service: Service) -> None:
    service.settings = replace(service.settings, requests=RequestLimits(requests_per_second=20))
    client = KeyedClient(service)
    passed: list[int] = []

    def ask() -> None:
        for _ in range(20):
            passed.append(client.authenticator(head_of("GET", "/version", {"api-key": GIVEN}), None) is not None)

    def quietly() -> None:
        try:
            ask()
        except PinyonError:
            return

    threads = [threading.Thread(target=quietly) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20 <= len(passed) <= 25


# -- limits -----------------------------------------------------------------------------------------------------------


def test_a_key_of_one_index_reaches_only_that(client: KeyedClient) -> None:
    key = client.key(index="films")
    assert client.post("/query", READ, index="films", key=key).status == 200
    assert client.post("/indexes/films/query", READ, key=key).status == 200
    for reply in (
        client.post("/query", READ, index="books", key=key),
        client.post("/indexes/books/query", READ, key=key),
    ):
        assert reply.status == 403
        assert "may use index 'films' only" in reply.message
    assert client.post("/indexes/boo%6bs/query", READ, key=key).status == 403


def test_a_key_of_one_namespace_reaches_only_that(client: KeyedClient) -> None:
    key = client.key(index="films", namespace="ko")
    assert client.post("/query", {**READ, "namespace": "ko"}, index="films", key=key).status == 200
    for given in ({}, {"namespace": ""}, {"namespace": "__default__"}, {"namespace": "en"}):
        assert client.post("/query", {**READ, **given}, index="films", key=key).status == 403
    assert client.get("/vectors/list?namespace=ko", index="films", key=key).status == 200
    assert client.get("/vectors/list", index="films", key=key).status == 403
    assert client.delete("/namespaces/en", index="films", key=key).status == 403


@pytest.mark.parametrize("limit", ["", "__default__"])
def test_the_default_namespace_has_two_names_and_is_one(client: KeyedClient, limit: str) -> None:
    key = client.key(index="films", namespace=limit)
    for given in ({}, {"namespace": ""}, {"namespace": "__default__"}):
        assert client.post("/query", {**READ, **given}, index="films", key=key).status == 200
    assert client.post("/query", {**READ, "namespace": "ko"}, index="films", key=key).status == 403


def test_a_namespace_key_sees_no_other_namespace(client: KeyedClient) -> None:
    films = client.service.database.index("films")
    for namespace in ("ko", "en"):
        films.upsert(namespace, ["a"], [[1, 0, 0]])
    key = client.key(index="films", namespace="ko")
    for reply in (
        client.post("/describe_index_stats", {}, index="films", key=key),
        client.get("/describe_index_stats", index="films", key=key),
        client.get("/namespaces", index="films", key=key),
        client.get("/namespaces/en", index="films", key=key),
    ):
        assert reply.status == 403 or b'"en"' not in reply.body
    assert client.get("/namespaces/ko", index="films", key=key).json["record_count"] == 1


def test_a_limited_key_does_not_read_the_metrics(client: KeyedClient) -> None:
    assert client.get("/metrics", key=client.key("ProjectViewer", index="films")).status == 403


def test_every_data_route_has_a_known_place_for_its_namespace() -> None:
    """A key that is limited to a namespace can use a route only when somebody has thought about where it is named."""
    unplaced = {
        one.path
        for one in ALL_ROUTES + calls.ROUTES
        if one.plane == "data"
        and scope.named_namespace(one, {"namespace": "x"}) is None
        and one.path not in scope.CHECKS_NAMESPACE
    }
    assert unplaced == {"/bulk/imports", "/bulk/imports/{id}"}, "a limited key is refused there"


def test_what_handlers_promise_about_namespaces_is_kept(client: KeyedClient) -> None:
    """Each of them, asked for another namespace, refuses."""
    key = client.key(index="films", namespace="ko")
    asked = {
        "/vectors/upsert": {"vectors": [{"id": "a", "values": [1, 0, 0]}]},
        "/query": READ,
        "/vectors/fetch_by_metadata": {"filter": {"a": 1}},
        "/vectors/update": {"id": "a", "setMetadata": {"a": 1}},
        "/vectors/delete": {"ids": ["a"]},
        "/pinyon/map": {},
    }
    for path, body in asked.items():
        reply = client.post(path, {**body, "namespace": "en"}, index="films", key=key, version="2025-10")
        assert (path, reply.status) == (path, 403)
    for path in ("/vectors/fetch?ids=a&namespace=en", "/vectors/list?namespace=en", "/pinyon/fields?namespace=en"):
        assert client.get(path, index="films", key=key).status == 403
    assert client.delete("/vectors/delete?ids=a&namespace=en", index="films", key=key).status == 403
    assert client.post("/namespaces", {"name": "en"}, index="films", key=key, version="2025-10").status == 403
    others = {"/vectors/fetch", "/vectors/list", "/describe_index_stats", "/namespaces", "/pinyon/fields"}
    assert set(asked) | others == {path for path in scope.CHECKS_NAMESPACE if not path.startswith("/VectorService/")}


def test_what_remote_calls_promise_about_namespaces_is_kept(service: Service) -> None:
    client = KeyedClient(service, routes=calls.ROUTES)
    key = client.key(index="films", namespace="ko")
    messages = protobuf.PLAIN
    asked = {
        "Upsert": messages["UpsertRequest"](namespace="en", vectors=[{"id": "a", "values": [1, 0, 0]}]),
        "Query": messages["QueryRequest"](namespace="en", vector=[1, 0, 0], top_k=1),
        "Fetch": messages["FetchRequest"](namespace="en", ids=["a"]),
        "FetchByMetadata": messages["FetchByMetadataRequest"](namespace="en"),
        "List": messages["ListRequest"](namespace="en"),
        "Update": messages["UpdateRequest"](namespace="en", id="a", values=[1, 0, 0]),
        "Delete": messages["DeleteRequest"](namespace="en", ids=["a"]),
        "DescribeIndexStats": messages["DescribeIndexStatsRequest"](),
        "ListNamespaces": messages["ListNamespacesRequest"](),
        "DescribeNamespace": messages["DescribeNamespaceRequest"](namespace="en"),
        "CreateNamespace": messages["CreateNamespaceRequest"](name="en"),
        "DeleteNamespace": messages["DeleteNamespaceRequest"](namespace="en"),
    }
    assert {one.path for one in calls.ROUTES} == {f"/VectorService/{name}" for name in asked}
    for name, message in asked.items():
        body = message.SerializeToString()
        reply = client.request("POST", f"/VectorService/{name}", body=body, index="films", key=key)
        assert (name, reply.status) == (name, 403)


# -- what is remembered -----------------------------------------------------------------------------------------------


def test_each_request_has_a_principal_of_its_own(client: KeyedClient) -> None:
    ask = lambda: client.authenticator(head_of("GET", "/version", {"api-key": GIVEN}), route("GET", "/version"))  # noqa: E731
    first, second = ask(), ask()
    first.check_namespace("ko")
    assert (first.touched, second.touched) == (["ko"], [])
    OWNER.check_namespace("ko")
    assert OWNER.touched is None
    assert isinstance(first, Principal)


def test_authentication_writes_no_key_to_the_log(client: KeyedClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = client.key("DataPlaneViewer")
    for key in (secret, GIVEN, "some-wrong-key"):
        client.get("/metrics", key=key)
        client.get("/nothing", key=key)
    assert not any(key in caplog.text for key in (secret, GIVEN, "some-wrong-key"))
