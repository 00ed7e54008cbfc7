"""The admin API: tokens, projects, keys, the organization, service accounts, roles."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from pinyon.server import accounts
from pinyon.server.credentials import stamp
from server.clients import Reply
from server.keyed import KeyedClient, served

FORM = {"content-type": "application/x-www-form-urlencoded"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
READ = {"vector": [1, 0, 0], "topK": 1}


@pytest.fixture
def client() -> Iterator[KeyedClient]:
    with served() as service:
        yield KeyedClient(service)


@pytest.fixture
def account(client: KeyedClient) -> tuple[dict[str, Any], str]:
    return accounts.create_client(client.service.database.registry, "ci", accounts.owner_bindings())


class Admin:
    """Requests with one token, in the newest version unless another is named."""

    def __init__(self, client: KeyedClient, *bindings: dict[str, Any]) -> None:
        self.client = client
        self.token = client.token(*bindings)

    def __call__(self, method: str, path: str, json: Any = None, version: str = "2026-07", **options: Any) -> Reply:
        return self.client.admin(method, f"/admin/{path}", json, token=self.token, version=version, **options)

    def project(self, name: str = "side") -> str:
        return str(self("POST", "projects", {"name": name}).json["id"])

    @property
    def main(self) -> str:
        return str(self("GET", "projects").json["data"][0]["id"])


@pytest.fixture
def admin(client: KeyedClient) -> Admin:
    return Admin(client)


# -- tokens -----------------------------------------------------------------------------------------------------------


def asked(account: tuple[dict[str, Any], str], **changes: Any) -> dict[str, Any]:
    about, secret = account
    found = {
        "client_id": about["client_id"],
        "client_secret": secret,
        "grant_type": "client_credentials",
        "audience": "https://api.pinecone.io/",
    }
    return {name: value for name, value in (found | changes).items() if value is not None}


def test_a_token_is_given_for_json_and_for_a_form(client: KeyedClient, account: tuple[dict[str, Any], str]) -> None:
    as_json = client.post("/oauth/token", asked(account))
    as_form = client.request("POST", "/oauth/token", body=urlencode(asked(account)).encode(), headers=FORM)
    for reply in (as_json, as_form):
        assert reply.status == 200
        assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 1800)
        assert reply.headers["cache-control"] == "no-store"
        assert client.admin("GET", "/admin/projects", token=reply.json["access_token"]).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "access_denied"),
        ({"client_id": "nonexistent"}, 401, "access_denied"),
        ({"client_id": "0" * 32}, 401, "access_denied"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"client_secret": 5}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"audience": "x" * 20_000}, 400, "invalid_request"),
    ],
)
def test_what_gets_no_token(
    client: KeyedClient, account: tuple[dict[str, Any], str], changes: dict[str, Any], status: int, error: str
) -> None:
    reply = client.post("/oauth/token", asked(account, **changes))
    assert (reply.status, reply.json["error"]) == (status, error)
    assert reply.json["error_description"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"client_id=\xff&x=%FF"])
@pytest.mark.parametrize("headers", [{}, FORM])
def test_a_malformed_token_request_is_told_as_oauth_tells_it(
    client: KeyedClient, body: bytes, headers: dict[str, str]
) -> None:
    reply = client.request("POST", "/oauth/token", body=body, headers=headers)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


def test_only_digests_of_secrets_and_tokens_are_stored(client: KeyedClient, account: tuple[Any, str]) -> None:
    token = client.post("/oauth/token", asked(account)).json["access_token"]
    registry = client.service.database.registry
    stored = repr([registry.list(kind) for kind in (accounts.CLIENT, accounts.ACCESS_TOKEN)])
    assert account[1] not in stored
    assert token not in stored


def test_old_tokens_are_swept_away(
    client: KeyedClient, account: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "TOKEN_SECONDS", -1)
    for _ in range(5):
        client.post("/oauth/token", asked(account))
    assert len(client.service.database.registry.list(accounts.ACCESS_TOKEN)) == 1


# -- projects ---------------------------------------------------------------------------------------------------------


def test_the_data_directory_is_a_project(admin: Admin) -> None:
    (project,) = admin("GET", "projects").json["data"]
    assert UUID.fullmatch(project["id"])
    assert project == {
        "id": project["id"],
        "name": "pinyon",
        "max_pods": 0,
        "force_encryption_with_cmek": False,
        "organization_id": admin("GET", "organizations").json["data"][0]["id"],
        "created_at": project["created_at"],
    }
    assert admin("GET", f"projects/{project['id']}").json == project


def test_projects_are_created_changed_and_deleted(admin: Admin) -> None:
    made = admin("POST", "projects", {"name": "side"})
    assert made.status == 200
    id = made.json["id"]
    changed = admin("PATCH", f"projects/{id}", {"name": "new", "max_pods": 1, "force_encryption_with_cmek": True})
    assert (changed.status, changed.json) == (
        200,
        {**made.json, "name": "new", "max_pods": 1, "force_encryption_with_cmek": True},
    )
    assert admin("PATCH", f"projects/{id}", {}).json == changed.json
    assert admin("PATCH", f"projects/{id}", {"force_encryption_with_cmek": False}).status == 400
    assert [one["name"] for one in admin("GET", "projects").json["data"]] == ["pinyon", "new"]
    assert admin("DELETE", f"projects/{id}").status == 202
    for reply in (
        admin("GET", f"projects/{id}"),
        admin("DELETE", f"projects/{id}"),
        admin("PATCH", f"projects/{id}", {}),
    ):
        assert reply.status == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": " "}, {"name": "x" * 513}, {"name": "a\0b"}, {"name": 5}, {"name": "x", "max_pods": -1},
     {"name": "x", "max_pods": "1"}, {"name": "x", "force_encryption_with_cmek": "yes"}, {"name": "x", "nmae": "y"}],
)  # fmt: skip
def test_a_project_that_makes_no_sense_is_refused(admin: Admin, body: dict[str, Any]) -> None:
    reply = admin("POST", "projects", body)
    assert (reply.status, reply.json["error"]["code"]) == (400, "INVALID_ARGUMENT")


def test_unknown_fields_are_ignored_before_2026_07(admin: Admin) -> None:
    assert admin("POST", "projects", {"name": "x", "nmae": "y"}, version="2026-04").status == 200


def test_a_key_of_a_project_reaches_the_indexes_that_it_made_and_no_others(admin: Admin) -> None:
    client, id = admin.client, admin.project()
    key = admin("POST", f"projects/{id}/api-keys", {"name": "side"}).json["value"]
    assert client.get("/indexes", key=key).json == {"indexes": []}
    assert client.post("/query", READ, index="films", key=key).status == 403
    assert client.delete("/indexes/films", key=key).status == 403
    made = client.post(
        "/indexes",
        {
            "name": "own",
            "dimension": 3,
            "metric": "cosine",
            "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
        },
        key=key,
    )
    assert made.status == 201
    assert [one["name"] for one in client.get("/indexes", key=key).json["indexes"]] == ["own"]
    assert client.post("/query", READ, index="own", key=key).status == 200
    other = admin("POST", f"projects/{admin.project('third')}/api-keys", {"name": "x"}).json["value"]
    assert client.post("/query", READ, index="own", key=other).status == 403
    main = admin("POST", f"projects/{admin.main}/api-keys", {"name": "main"}).json["value"]
    assert len(client.get("/indexes", key=main).json["indexes"]) == 3
    assert client.post("/query", READ, index="own", key=main).status == 200


def test_a_backup_belongs_to_the_project_of_its_index(admin: Admin) -> None:
    client = admin.client
    key = admin("POST", f"projects/{admin.project()}/api-keys", {"name": "side"}).json["value"]
    backup = client.service.database.create_backup("films").id
    assert client.get("/backups", key=key).json["data"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/create-index")):
        assert client.request(method, f"/backups/{backup}{path}", json={"name": "x"}, key=key).status == 403
    assert client.service.database.describe_backup(backup)


def test_a_project_with_indexes_is_not_deleted(admin: Admin) -> None:
    client, id = admin.client, admin.project()
    key = admin("POST", f"projects/{id}/api-keys", {"name": "side"}).json["value"]
    body = {
        "name": "own",
        "dimension": 3,
        "metric": "cosine",
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
    }
    client.post("/indexes", {**body, "deletion_protection": "enabled"}, key=key)
    reply = admin("DELETE", f"projects/{id}")
    assert reply.status == 412
    assert "Indexes with deletion protection enabled cannot be deleted" in reply.message
    client.patch("/indexes/own", {"deletion_protection": "disabled"}, key=key)
    assert "1 index(es)" in admin("DELETE", f"projects/{id}").message
    client.delete("/indexes/own", key=key)
    assert admin("DELETE", f"projects/{id}").status == 202
    assert client.get("/indexes", key=key).status == 401


def test_the_main_project_stays(admin: Admin) -> None:
    for name in ("films", "books"):
        admin.client.service.database.delete_index(name)
    reply = admin("DELETE", f"projects/{admin.main}")
    assert reply.status == 412
    assert "data directory" in reply.message


# -- API keys ---------------------------------------------------------------------------------------------------------


def without_use(key: dict[str, Any]) -> dict[str, Any]:
    """When a key was last used is noted a moment later, by another thread."""
    return {name: value for name, value in key.items() if name != "last_used_at"}


def test_keys_are_created_listed_changed_and_deleted(admin: Admin) -> None:
    client, project = admin.client, admin.main
    made = admin("POST", f"projects/{project}/api-keys", {"name": "ci"})
    assert made.status == 201
    key, secret = made.json["key"], made.json["value"]
    assert key == {**key, "name": "ci", "project_id": project, "roles": ["ProjectEditor"]}
    assert UUID.fullmatch(key["id"])
    assert client.get("/indexes", key=secret).status == 200
    (listed,) = admin("GET", f"projects/{project}/api-keys").json["data"]
    assert without_use(listed) == key
    assert without_use(admin("GET", f"api-keys/{key['id']}").json) == key
    changed = admin("PATCH", f"api-keys/{key['id']}", {"name": "new", "roles": ["DataPlaneViewer"]})
    assert changed.status == 200
    assert without_use(changed.json) == {**key, "name": "new", "roles": ["DataPlaneViewer"]}
    assert client.get("/indexes", key=secret).status == 403
    assert admin("PATCH", f"api-keys/{key['id']}", {"name": "old"}, version="2025-04").status == 201
    assert admin("DELETE", f"api-keys/{key['id']}").status == 202
    assert client.get("/indexes", key=secret).status == 401
    assert admin("GET", f"projects/{project}/api-keys").json == {"data": []}
    for reply in (admin("GET", f"api-keys/{key['id']}"), admin("DELETE", f"api-keys/{key['id']}")):
        assert reply.status == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "x", "roles": []}, {"name": "x", "roles": ["Root"]},
             {"name": "x", "roles": "ProjectEditor"}, {"name": "x", "expires": 1}],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused(admin: Admin, body: dict[str, Any]) -> None:
    assert admin("POST", f"projects/{admin.main}/api-keys", body).status == 400


def test_a_key_may_be_limited_when_it_is_made(admin: Admin) -> None:
    client, path = admin.client, f"projects/{admin.main}/api-keys"
    limits = {"index": "films", "namespace": "", "expires_at": "2999-01-31T12:00:00Z"}
    made = admin("POST", path, {"name": "reader", "roles": ["DataPlaneViewer"], **limits}).json
    assert {name: made["key"][name] for name in limits} == {**limits, "expires_at": "2999-01-31T12:00:00.000000Z"}
    assert client.post("/query", READ, index="films", key=made["value"]).status == 200
    assert client.post("/query", READ, index="books", key=made["value"]).status == 403
    assert client.post("/query", {**READ, "namespace": "other"}, index="films", key=made["value"]).status == 403
    refused = admin("PATCH", f"api-keys/{made['key']['id']}", {"index": "books"})
    assert (refused.status, "when a key is made" in refused.message) == (400, True)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"expires_at": "soon"}, "'soon'"),
        ({"expires_at": "2001-01-31"}, "which is over"),
        ({"namespace": "x"}, "needs an index"),
        ({"index": 5}, "must be a string"),
    ],
)
def test_limits_that_make_no_sense_are_refused(admin: Admin, limits: dict[str, Any], said: str) -> None:
    reply = admin("POST", f"projects/{admin.main}/api-keys", {"name": "x", **limits})
    assert reply.status == 400
    assert said in reply.message
    assert admin("GET", f"projects/{admin.main}/api-keys").json == {"data": []}


def test_keys_of_one_project_are_not_listed_in_another(admin: Admin) -> None:
    side = admin.project()
    made = admin("POST", f"projects/{side}/api-keys", {"name": "side"}).json["key"]
    assert made["project_id"] == side
    assert admin("GET", f"projects/{admin.main}/api-keys").json["data"] == []
    assert [one["id"] for one in admin("GET", f"projects/{side}/api-keys").json["data"]] == [made["id"]]
    assert admin("GET", f"projects/{side[:-1]}0/api-keys").status in {404, 200}


# -- the organization -------------------------------------------------------------------------------------------------


def test_there_is_one_organization_which_can_be_renamed_and_not_deleted(admin: Admin) -> None:
    (found,) = admin("GET", "organizations").json["data"]
    assert found.keys() == {"id", "name", "plan", "payment_status", "created_at", "support_tier"}
    renamed = admin("PATCH", f"organizations/{found['id']}", {"name": "Our lab"})
    assert (renamed.status, renamed.json["name"]) == (200, "Our lab")
    assert admin("GET", f"organizations/{found['id']}").json == renamed.json
    assert admin("DELETE", f"organizations/{found['id']}").status == 412
    assert admin("GET", "organizations/other").status == 404


# -- service accounts -------------------------------------------------------------------------------------------------


def test_a_service_account_is_created_renamed_rotated_and_deleted(admin: Admin) -> None:
    client = admin.client
    made = admin("POST", "service-accounts", {"name": "ci", "role_bindings": accounts.owner_bindings()})
    assert made.status == 201
    about, secret = made.json["service_account"], made.json["client_secret"]
    assert about.keys() == {"id", "name", "client_id", "created_at", "updated_at"}
    token = client.post("/oauth/token", asked((about, secret))).json["access_token"]
    assert client.admin("GET", "/admin/projects", token=token).status == 200
    path = f"service-accounts/{about['id']}"
    renamed = admin("PATCH", path, {"name": "ci-eu"}).json
    assert (renamed["name"], renamed["client_id"]) == ("ci-eu", about["client_id"])
    assert renamed["updated_at"] > about["updated_at"]
    assert admin("GET", path).json == renamed
    rotated = admin("POST", f"{path}/rotate-secret").json
    assert rotated["service_account"]["client_id"] == about["client_id"]
    assert client.admin("GET", "/admin/projects", token=token).status == 401
    assert client.post("/oauth/token", asked((about, secret))).status == 401
    assert client.post("/oauth/token", asked((about, rotated["client_secret"]))).status == 200
    assert admin("DELETE", path).status == 202
    assert client.post("/oauth/token", asked((about, rotated["client_secret"]))).status == 401
    assert admin("GET", path).status == 404
    assert admin("DELETE", path).status == 404


def test_service_accounts_come_in_pages(admin: Admin) -> None:
    names = {f"n{number}" for number in range(7)}
    for name in names:
        admin("POST", "service-accounts", {"name": name})
    seen: list[str] = []
    token = None
    for _ in itertools.count():
        query = {"limit": 3} | ({"paginationToken": token} if token else {})
        page = admin("GET", "service-accounts", query=query).json
        assert len(page["data"]) <= 3
        seen += [one["name"] for one in page["data"]]
        if "pagination" not in page:
            break
        token = page["pagination"]["next"]
    assert len(seen) == 8
    assert set(seen) == names | {"test"}
    for limit in (0, 101):
        assert admin("GET", "service-accounts", query={"limit": limit}).status == 400
    assert admin("GET", "service-accounts", query={"paginationToken": "nonsense"}).status == 400


# -- roles ------------------------------------------------------------------------------------------------------------


def test_roles_are_given_listed_and_taken(admin: Admin) -> None:
    about = admin("POST", "service-accounts", {"name": "ci"}).json["service_account"]
    wanted = {"principal_type": "service_account", "principal_id": about["id"], "resource_type": "organization"}
    made = admin("POST", "role-bindings", {**wanted, "role": "OrgMember"})
    assert made.status == 201
    assert made.json["resource_id"] == admin("GET", "organizations").json["data"][0]["id"]
    assert admin("POST", "role-bindings", {**wanted, "role": "OrgMember"}).status == 409
    query = {"principal_type": "service_account", "principal_id": about["id"]}
    assert admin("GET", "role-bindings", query=query).json["data"] == [made.json]
    assert admin("GET", "role-bindings", query={**query, "role": "OrgOwner"}).json["data"] == []
    assert admin("GET", f"role-bindings/{made.json['id']}").json == made.json
    assert admin("DELETE", f"role-bindings/{made.json['id']}").status == 202
    assert admin("DELETE", f"role-bindings/{made.json['id']}").status == 404


def test_the_roles_of_a_key_are_its_bindings(admin: Admin) -> None:
    project = admin.main
    key = admin("POST", f"projects/{project}/api-keys", {"name": "x", "roles": ["DataPlaneViewer"]}).json["key"]
    wanted = {
        "principal_type": "api_key",
        "principal_id": key["id"],
        "resource_type": "project",
        "resource_id": project,
    }
    made = admin("POST", "role-bindings", {**wanted, "role": "ControlPlaneViewer"})
    assert made.status == 201
    assert admin("GET", f"api-keys/{key['id']}").json["roles"] == ["DataPlaneViewer", "ControlPlaneViewer"]
    found = admin("GET", "role-bindings", query={"principal_type": "api_key"}).json["data"]
    assert {one["role"] for one in found} == {"DataPlaneViewer", "ControlPlaneViewer"}
    assert admin("DELETE", f"role-bindings/{made.json['id']}").status == 202
    assert admin("GET", f"api-keys/{key['id']}").json["roles"] == ["DataPlaneViewer"]
    (last,) = admin("GET", "role-bindings", query={"principal_type": "api_key"}).json["data"]
    assert admin("DELETE", f"role-bindings/{last['id']}").status == 400


def test_a_role_that_does_not_fit_is_refused(admin: Admin) -> None:
    project = admin.main
    about = admin("POST", "service-accounts", {"name": "ci"}).json["service_account"]
    key = admin("POST", f"projects/{project}/api-keys", {"name": "x"}).json["key"]
    account = {"principal_type": "service_account", "principal_id": about["id"]}
    of_key = {"principal_type": "api_key", "principal_id": key["id"]}
    on_project = {"resource_type": "project", "resource_id": project}
    on_side = {"resource_type": "project", "resource_id": admin.project()}
    for body, status in (
        ({**account, "resource_type": "organization", "role": "ProjectOwner"}, 400),
        ({**account, **on_project, "role": "OrgOwner"}, 400),
        ({**account, "resource_type": "project", "role": "ProjectOwner"}, 400),
        ({**account, "resource_type": "planet", "role": "OrgOwner"}, 400),
        ({**account, "resource_type": "project", "resource_id": "nothing", "role": "ProjectOwner"}, 404),
        ({**account, **on_project}, 400),
        ({**of_key, **on_project, "role": "ProjectOwner"}, 400),
        ({**of_key, **on_side, "role": "ProjectViewer"}, 400),
        ({**of_key, "principal_id": "nothing", **on_project, "role": "ProjectViewer"}, 404),
        ({"principal_type": "user", "principal_id": "u", **on_project, "role": "ProjectViewer"}, 404),
        ({"principal_type": "planet", "principal_id": "u", **on_project, "role": "ProjectViewer"}, 400),
        ({"principal_type": "api_key", **on_project, "role": "ProjectViewer"}, 400),
    ):
        assert admin("POST", "role-bindings", body).status == status, body


def scopes(client: KeyedClient, role: str, project: str = "") -> dict[str, Any]:
    return {"resource_type": "project", "resource_id": project, "role": role} if project else {
        "resource_type": "organization",
        "role": role,
    }  # fmt: skip


def test_what_each_role_of_the_organization_may_do(client: KeyedClient) -> None:
    for role, reads, writes in (
        ("OrgOwner", True, True),
        ("OrgManager", True, True),
        ("OrgMember", True, False),
        ("OrgBillingAdmin", True, False),
    ):
        admin = Admin(client, scopes(client, role))
        assert (admin("GET", "service-accounts").status == 200) == reads, role
        assert (admin("POST", "projects", {"name": role}).status == 200) == writes, role


def test_what_a_role_in_a_project_may_do(client: KeyedClient) -> None:
    owner = Admin(client)
    side, main = owner.project(), owner.main
    for role, writes in (
        ("ProjectOwner", True),
        ("ProjectManager", True),
        ("ProjectMember", False),
        ("ProjectViewer", False),
    ):
        admin = Admin(client, scopes(client, role, side))
        assert [one["id"] for one in admin("GET", "projects").json["data"]] == [side]
        assert admin("GET", f"projects/{main}").status == 403
        assert admin("GET", "service-accounts").status == 403
        assert admin("GET", "role-bindings").status == 403
        made = admin("POST", f"projects/{side}/api-keys", {"name": role})
        assert (made.status == 201) == writes, role
        assert admin("POST", f"projects/{main}/api-keys", {"name": role}).status == 403
        assert admin("DELETE", f"projects/{side}").status == 403


def test_an_account_without_roles_may_do_nothing(client: KeyedClient) -> None:
    registry = client.service.database.registry
    about, secret = accounts.create_client(registry, "none")
    token = accounts.issue_token(registry, about["client_id"], secret)
    assert client.admin("GET", "/admin/projects", token=token).json == {"data": []}
    assert client.admin("GET", "/admin/organizations", token=token).json == {"data": []}
    for method, path, body in (
        ("POST", "/admin/projects", {"name": "x"}),
        ("GET", "/admin/service-accounts", None),
        ("POST", "/admin/service-accounts", {"name": "x", "role_bindings": accounts.owner_bindings()}),
        ("GET", "/admin/users", None),
        ("POST", "/admin/invites", {}),
        ("GET", "/admin/api-keys/x", None),
    ):
        assert client.admin(method, path, body, token=token).status == 403, path


def test_a_manager_cannot_make_or_unmake_an_owner(client: KeyedClient) -> None:
    owner, manager = Admin(client), Admin(client, scopes(client, "OrgManager"))
    about = owner("POST", "service-accounts", {"name": "boss", "role_bindings": [scopes(client, "OrgOwner")]}).json
    id = about["service_account"]["id"]
    (binding,) = owner("GET", "role-bindings", query={"principal_type": "service_account", "principal_id": id}).json[
        "data"
    ]
    own = {"principal_type": "service_account", "principal_id": id}
    refused = (
        manager("POST", "service-accounts", {"name": "x", "role_bindings": [scopes(client, "OrgOwner")]}),
        manager("POST", "role-bindings", {**own, **scopes(client, "OrgOwner")}),
        manager("DELETE", f"role-bindings/{binding['id']}"),
        manager("POST", f"service-accounts/{id}/rotate-secret"),
        manager("DELETE", f"service-accounts/{id}"),
    )
    assert [reply.status for reply in refused] == [403] * 5
    assert owner("POST", f"service-accounts/{id}/rotate-secret").status == 200


# -- users and invites ------------------------------------------------------------------------------------------------


def test_nobody_is_a_user_and_nobody_is_invited(admin: Admin) -> None:
    assert admin("GET", "users").json == {"data": []}
    assert admin("GET", "users", query={"email": "a@b.c"}).json == {"data": []}
    assert admin("GET", "invites").json == {"data": []}
    invited = admin("POST", "invites", {"email": "a@b.c", "role_bindings": []})
    assert (invited.status, invited.json["error"]["code"]) == (501, "UNIMPLEMENTED")
    assert "service account" in invited.message
    for method, path in (("GET", "users/x"), ("DELETE", "users/x"), ("GET", "invites/x"), ("POST", "invites/x/resend")):
        assert admin(method, path).status == 404


def test_times_are_utc_and_sort_as_text() -> None:
    first, second = stamp(), stamp()
    assert first < second
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first)
