"""The admin API: tokens, the organization, projects, API keys, service accounts and roles.

What has no meaning on one's own machine says so: nobody is a user here, and no invitation is sent by e-mail.
"""

from __future__ import annotations

from typing import Any

from pinyon.engine.registry import Registry
from pinyon.errors import FailedPreconditionError, ForbiddenError, NotFoundError, PinyonError
from pinyon.server import accounts, assistants
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.keys import DEFAULT_ROLES, KeyInfo, KeyStore
from pinyon.server.roles import MAIN_PROJECT, Principal
from pinyon.server.service import Service
from pinyon.wire import admin as wire

Json = dict[str, Any]


class NotHereError(PinyonError):
    code = "UNIMPLEMENTED"
    status = 501


# -- tokens -----------------------------------------------------------------------------------------------------------


def token(service: Service, request: Request) -> Answer:
    """Answers errors as OAuth does, in a shape of its own."""
    try:
        client_id, secret = wire.read_token_request(request.body, request.content_type)
        made = accounts.issue_token(service.database.registry, client_id, secret)
    except wire.OAuthError as error:
        return json_answer(wire.oauth_error_body(error.kind, error.message), 400)
    except accounts.BadClientError as error:
        return json_answer(wire.oauth_error_body("access_denied", error.message), 401)
    answer = wire.token_body(made, accounts.TOKEN_SECONDS)
    return json_answer(answer, headers=(("cache-control", "no-store"),))


# -- projects ---------------------------------------------------------------------------------------------------------


def list_projects(service: Service, request: Request) -> Answer:
    found = [one for one in _projects(service) if accounts.reads(request.principal, one["id"])]
    return json_answer({"data": [wire.chosen(one, wire.PROJECT) for one in found]})


def create_project(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    given = wire.read_project(request.json(), request.version)
    made = accounts.create_project(
        service.database.registry,
        given["name"],
        given.get("max_pods", 0),
        given.get("force_encryption_with_cmek", False),
    )
    return json_answer(wire.chosen(made, wire.PROJECT))


def describe_project(service: Service, request: Request) -> Answer:
    return json_answer(wire.chosen(_project(service, request, change=False), wire.PROJECT))


def update_project(service: Service, request: Request) -> Answer:
    found = _project(service, request, change=True)
    changes = wire.read_project(request.json(), request.version, partial=True)
    changed = accounts.change_project(service.database.registry, found["id"], changes)
    return json_answer(wire.chosen(changed, wire.PROJECT))


def delete_project(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    found = _project(service, request, change=True)
    owner = Principal("", (), project=accounts.key_project(service.database.registry, found["id"]))
    specs = [spec for spec in service.database.list_indexes() if owner.owns(spec)]
    protected = [spec.name for spec in specs if spec.deletion_protection]
    if protected:
        raise FailedPreconditionError(
            f"Indexes with deletion protection enabled cannot be deleted: {', '.join(protected[:10])}. "
            "Disable the protection, delete the indexes, and then the project."
        )
    backups = [info.id for info in service.database.list_backups() if owner.owns(info.spec)]
    held = assistants.listed(service, owner)
    if specs or backups or held:
        raise FailedPreconditionError(
            f"Project {found['name']!r} still has {len(specs)} index(es), {len(backups)} backup(s) and {len(held)} "
            "assistant(s). Delete those first."
        )
    if owner.project == MAIN_PROJECT:
        raise FailedPreconditionError(f"Project {found['name']!r} is this server's data directory and stays with it.")
    accounts.remove_project(service.database.registry, found["id"])
    return Answer(status=202)


# -- API keys ---------------------------------------------------------------------------------------------------------


def list_api_keys(service: Service, request: Request) -> Answer:
    found = _project(service, request, change=False)
    registry = service.database.registry
    keys = KeyStore(registry).list(project=accounts.key_project(registry, found["id"]))
    return json_answer({"data": [_key_body(registry, info) for info in keys if info.revoked_at is None]})


def create_api_key(service: Service, request: Request) -> Answer:
    found = _project(service, request, change=True)
    registry = service.database.registry
    name, roles = wire.read_api_key(request.json(), request.version)
    index, namespace, expires = wire.read_key_limits(request.json())
    info, secret = KeyStore(registry).create(
        name or "",
        DEFAULT_ROLES if roles is None else roles,
        index=index,
        namespace=namespace,
        expires=expires,
        project=accounts.key_project(registry, found["id"]),
    )
    return json_answer({"key": _key_body(registry, info), "value": secret}, 201)


def describe_api_key(service: Service, request: Request) -> Answer:
    return json_answer(_key_body(service.database.registry, _key(service, request, change=False)))


def update_api_key(service: Service, request: Request) -> Answer:
    info = _key(service, request, change=True)
    name, roles = wire.read_api_key(request.json(), request.version, partial=True)
    changed = KeyStore(service.database.registry).update(info.id, name=name, roles=roles)
    status = 200 if request.version.since("2025-10") else 201
    return json_answer(_key_body(service.database.registry, changed), status)


def delete_api_key(service: Service, request: Request) -> Answer:
    KeyStore(service.database.registry).revoke(_key(service, request, change=True).id)
    return Answer(status=202)


# -- the organization -------------------------------------------------------------------------------------------------


def list_organizations(service: Service, request: Request) -> Answer:
    found = accounts.organization(service.database.registry)
    shown = [wire.chosen(found, wire.ORGANIZATION)] if accounts.reads(request.principal) else []
    return json_answer({"data": shown})


def describe_organization(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    return json_answer(wire.chosen(_organization(service, request), wire.ORGANIZATION))


def update_organization(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    found = _organization(service, request)
    name = wire.read_name(request.json(), request.version)
    if name is not None:
        found = accounts.rename_organization(service.database.registry, name)
    return json_answer(wire.chosen(found, wire.ORGANIZATION))


def delete_organization(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    _organization(service, request)
    raise FailedPreconditionError("The organization holds this server's data directory, a project, and stays with it.")


# -- service accounts -------------------------------------------------------------------------------------------------


def list_service_accounts(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    return _page(request, accounts.clients(service.database.registry), wire.SERVICE_ACCOUNT)


def create_service_account(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    name, bindings = wire.read_service_account(request.json(), request.version)
    for one in bindings:
        _check_grants(request.principal, one.get("role"))
    account, secret = accounts.create_client(service.database.registry, name, bindings)
    return _with_secret(account, secret, 201)


def describe_service_account(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    account = accounts.client(service.database.registry, request.path["service_account_id"])
    return json_answer(wire.chosen(account, wire.SERVICE_ACCOUNT))


def update_service_account(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    registry, id = service.database.registry, request.path["service_account_id"]
    name = wire.read_name(request.json(), request.version)
    account = accounts.client(registry, id) if name is None else accounts.rename_client(registry, id, name)
    return json_answer(wire.chosen(account, wire.SERVICE_ACCOUNT))


def delete_service_account(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    _check_outranks(service, request)
    accounts.remove_client(service.database.registry, request.path["service_account_id"])
    return Answer(status=202)


def rotate_secret(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    _check_outranks(service, request)
    account, secret = accounts.rotate_client(service.database.registry, request.path["service_account_id"])
    return _with_secret(account, secret, 200)


# -- role bindings ----------------------------------------------------------------------------------------------------


def list_role_bindings(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    wanted = {name: request.one(name) for name in wire.BINDING_FILTERS}
    found = [
        one
        for one in accounts.bindings(service.database.registry)
        if all(value is None or one[name] == value for name, value in wanted.items())
    ]
    return _page(request, found, wire.BINDING)


def create_role_binding(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    kind, id, scope = wire.read_binding(request.json(), request.version)
    if kind not in ("service_account", "api_key"):
        raise NotFoundError(f"There is no {kind} {id[:80]!r}: this server knows service accounts and API keys only.")
    _check_grants(request.principal, scope.get("role"))
    registry = service.database.registry
    if kind == "service_account":
        accounts.client(registry, id)
    made = accounts.create_binding(registry, kind, id, scope)
    return json_answer(wire.chosen(made, wire.BINDING), 201)


def describe_role_binding(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    return json_answer(wire.chosen(_binding(service, request), wire.BINDING))


def delete_role_binding(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    found = _binding(service, request)
    _check_grants(request.principal, found["role"])
    accounts.remove_binding(service.database.registry, found["id"])
    return Answer(status=202)


# -- users and invites ------------------------------------------------------------------------------------------------


def list_nobody(service: Service, request: Request) -> Answer:
    _check_reads(request.principal)
    return json_answer({"data": []})


def nobody(service: Service, request: Request) -> Answer:
    id = next(iter(request.path.values()))
    raise NotFoundError(f"There is no {request.method} target {id[:80]!r}: this server has no users and no invites.")


def create_invite(service: Service, request: Request) -> Answer:
    _check_manages(request.principal)
    raise NotHereError(
        "This server has no users and sends no e-mail, so nobody can be invited. Create a service account "
        "(POST /admin/service-accounts) or an API key instead."
    )


# -- rules ------------------------------------------------------------------------------------------------------------


def _check_manages(principal: Principal, project_id: str = "") -> None:
    if not accounts.manages(principal, project_id):
        raise _forbidden(principal, "OrgOwner or OrgManager" + (" or ProjectOwner" if project_id else ""))


def _check_reads(principal: Principal, project_id: str = "") -> None:
    if not accounts.reads(principal, project_id):
        raise _forbidden(principal, "a role of the organization" + (" or of the project" if project_id else ""))


def _check_grants(principal: Principal, role: object) -> None:
    """Nobody gives or takes what is above them."""
    if role == "OrgOwner" and all(held != "OrgOwner" for _, held in principal.grants):
        raise _forbidden(principal, "OrgOwner")


def _check_outranks(service: Service, request: Request) -> None:
    account = accounts.client(service.database.registry, request.path["service_account_id"])
    for one in account["bindings"]:
        _check_grants(request.principal, one["role"])


def _forbidden(principal: Principal, needed: str) -> ForbiddenError:
    held = ", ".join(sorted({role for _, role in principal.grants})) or "no role"
    return ForbiddenError(f"Service account {principal.key_id} has {held}, and this takes {needed}.")


def _projects(service: Service) -> list[Json]:
    accounts.main_project(service.database.registry, service.settings.project)
    return list(accounts.projects(service.database.registry))


def _project(service: Service, request: Request, *, change: bool) -> Json:
    id = request.path["project_id"]
    accounts.main_project(service.database.registry, service.settings.project)
    (_check_manages if change else _check_reads)(request.principal, id)
    return accounts.project(service.database.registry, id)


def _organization(service: Service, request: Request) -> Json:
    found = accounts.organization(service.database.registry)
    if request.path["organization_id"] != found["id"]:
        raise NotFoundError(f"There is no organization {request.path['organization_id'][:80]!r}.")
    return found


def _key(service: Service, request: Request, *, change: bool) -> KeyInfo:
    registry, id = service.database.registry, request.path["api_key_id"]
    try:
        info = KeyStore(registry).get(id)
    except NotFoundError:
        _check_reads(request.principal)
        raise
    (_check_manages if change else _check_reads)(request.principal, accounts.project_of(registry, info))
    if info.revoked_at is not None:
        raise NotFoundError(f"API key {id[:80]!r} was deleted.")
    return info


def _binding(service: Service, request: Request) -> Json:
    id = request.path["role_binding_id"]
    for one in accounts.bindings(service.database.registry):
        if one["id"] == id:
            return one
    raise NotFoundError(f"There is no role binding {id[:80]!r}.")


def _key_body(registry: Registry, info: KeyInfo) -> Json:
    limits = {name: getattr(info, name) for name in (*wire.KEY_LIMITS, "last_used_at")}
    project = accounts.project_of(registry, info)
    return wire.api_key_body(info.id, info.name, project, info.roles, info.created_at, limits)


def _with_secret(account: Json, secret: str, status: int) -> Answer:
    body = {"service_account": wire.chosen(account, wire.SERVICE_ACCOUNT), "client_secret": secret}
    return json_answer(body, status, (("cache-control", "no-store"),))


def _page(request: Request, values: Any, names: tuple[str, ...]) -> Answer:
    limit, after = request.number("limit"), request.one("paginationToken")
    return json_answer(wire.page_body(values, lambda one: wire.chosen(one, names), limit, after))


def _route(method: str, path: str, handler: Any, summary: str, tag: str) -> Route:
    return Route(method, f"/admin/{path}", handler, "admin", "admin", handler.__name__, summary, tags=(tag,))


_ACCOUNT = "service-accounts/{service_account_id}"
ROUTES: tuple[Route, ...] = (
    Route("POST", "/oauth/token", token, "public", "admin", "token", "A token for the admin API", tags=("oauth",)),
    _route("GET", "projects", list_projects, "Every project", "projects"),
    _route("POST", "projects", create_project, "Create a project", "projects"),
    _route("GET", "projects/{project_id}", describe_project, "One project", "projects"),
    _route("PATCH", "projects/{project_id}", update_project, "Change a project", "projects"),
    _route("DELETE", "projects/{project_id}", delete_project, "Delete a project that is empty", "projects"),
    _route("GET", "projects/{project_id}/api-keys", list_api_keys, "Keys of a project", "api keys"),
    _route("POST", "projects/{project_id}/api-keys", create_api_key, "Create a key", "api keys"),
    _route("GET", "api-keys/{api_key_id}", describe_api_key, "One key, without its secret", "api keys"),
    _route("PATCH", "api-keys/{api_key_id}", update_api_key, "Change a key's name or roles", "api keys"),
    _route("DELETE", "api-keys/{api_key_id}", delete_api_key, "Revoke a key", "api keys"),
    _route("GET", "organizations", list_organizations, "The organization", "organizations"),
    _route("GET", "organizations/{organization_id}", describe_organization, "The organization", "organizations"),
    _route("PATCH", "organizations/{organization_id}", update_organization, "Rename it", "organizations"),
    _route("DELETE", "organizations/{organization_id}", delete_organization, "Refused: it stays", "organizations"),
    _route("GET", "service-accounts", list_service_accounts, "Service accounts, page by page", "service accounts"),
    _route("POST", "service-accounts", create_service_account, "Create a service account", "service accounts"),
    _route("GET", _ACCOUNT, describe_service_account, "One service account", "service accounts"),
    _route("PATCH", _ACCOUNT, update_service_account, "Rename a service account", "service accounts"),
    _route("DELETE", _ACCOUNT, delete_service_account, "Delete a service account", "service accounts"),
    _route("POST", f"{_ACCOUNT}/rotate-secret", rotate_secret, "A new secret, once", "service accounts"),
    _route("GET", "role-bindings", list_role_bindings, "Roles, page by page", "role bindings"),
    _route("POST", "role-bindings", create_role_binding, "Give a role", "role bindings"),
    _route("GET", "role-bindings/{role_binding_id}", describe_role_binding, "One role binding", "role bindings"),
    _route("DELETE", "role-bindings/{role_binding_id}", delete_role_binding, "Take a role", "role bindings"),
    _route("GET", "users", list_nobody, "Always empty: there are no users", "users"),
    _route("GET", "users/{user_id}", nobody, "Always 404", "users"),
    _route("DELETE", "users/{user_id}", nobody, "Always 404", "users"),
    _route("GET", "invites", list_nobody, "Always empty: there are no invites", "invites"),
    _route("POST", "invites", create_invite, "Refused: no e-mail is sent", "invites"),
    _route("GET", "invites/{invite_id}", nobody, "Always 404", "invites"),
    _route("DELETE", "invites/{invite_id}", nobody, "Always 404", "invites"),
    _route("POST", "invites/{invite_id}/resend", nobody, "Always 404", "invites"),
)
