"""What the admin API manages: the organization, projects, service accounts, their tokens and their roles.

A data directory is one organization with one project of its own. Further projects own keys and the indexes that are
made with those; the main project's keys reach every index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from pinyon.engine.registry import Registry
from pinyon.errors import AlreadyExistsError, InvalidRequestError, NotFoundError, PinyonError
from pinyon.server import credentials
from pinyon.server.credentials import CLIENT_SECRET, TOKEN
from pinyon.server.keys import KeyInfo, KeyStore
from pinyon.server.roles import MAIN_PROJECT, ROLES, Principal

Json = dict[str, Any]

ORGANIZATION: Final = "organization"
PROJECT: Final = "project"
CLIENT: Final = "admin_client"
ACCESS_TOKEN: Final = "admin_token"
TOKEN_SECONDS: Final = 1_800

ORGANIZATION_ROLES: Final = ("OrgOwner", "OrgManager", "OrgMember", "OrgBillingAdmin")
PROJECT_ROLES: Final = ("ProjectOwner", "ProjectManager", "ProjectMember", *ROLES)
_MANAGES_ALL: Final = frozenset({"OrgOwner", "OrgManager"})
_MANAGES_PROJECT: Final = frozenset({"ProjectOwner", "ProjectManager"})
_MAIN: Final = "main"
_NAME_BYTES: Final = 512


class BadTokenError(PinyonError):
    code = "UNAUTHENTICATED"
    status = 401


class BadClientError(BadTokenError):
    """The client id or its secret is wrong."""


# -- the organization and its projects --------------------------------------------------------------------------------


def organization(registry: Registry) -> Json:
    """The one organization of this data directory, made when it is first asked for."""
    found = registry.get(ORGANIZATION, _MAIN)
    if found is not None:
        return found
    with registry.edit(ORGANIZATION, _MAIN) as entry:
        if entry.value is None:
            entry.value = {
                "id": credentials.new_id(),
                "name": "pinyon",
                "plan": "Free",
                "payment_status": "Active",
                "created_at": credentials.stamp(),
                "support_tier": "Free",
            }
        return dict(entry.value)


def rename_organization(registry: Registry, name: str) -> Json:
    organization(registry)
    with registry.edit(ORGANIZATION, _MAIN) as entry:
        entry.value = {**(entry.value or {}), "name": checked_name(name, "organization")}
        return entry.value


def main_project(registry: Registry, name: str = "pinyon") -> Json:
    """The project that the data directory is, made when it is first asked for."""
    found = registry.get(PROJECT, _MAIN)
    if found is not None:
        return found
    owner = organization(registry)["id"]
    with registry.edit(PROJECT, _MAIN) as entry:
        if entry.value is None:
            entry.value = _project(name, owner)
        return dict(entry.value)


def projects(registry: Registry) -> Sequence[Json]:
    """Every project, the main one first."""
    main = main_project(registry)
    others = [one for one in registry.list(PROJECT) if one["id"] != main["id"]]
    return [main, *sorted(others, key=_age)]


def project(registry: Registry, id: str) -> Json:
    """Raises NotFoundError."""
    main = main_project(registry)
    found = main if id == main["id"] else registry.get(PROJECT, id) if id and id != _MAIN else None
    if found is None:
        raise NotFoundError(f"There is no project {id[:80]!r}.")
    return found


def create_project(registry: Registry, name: str, max_pods: int = 0, force_encryption: bool = False) -> Json:
    made = _project(checked_name(name, "project"), organization(registry)["id"])
    made |= {"max_pods": max_pods, "force_encryption_with_cmek": force_encryption}
    registry.put(PROJECT, made["id"], made)
    return made


def change_project(registry: Registry, id: str, changes: Mapping[str, Any]) -> Json:
    """Raises NotFoundError, and InvalidRequestError when encryption with a key of the customer's would be undone."""
    found = project(registry, id)
    key = _MAIN if found["id"] == main_project(registry)["id"] else id
    with registry.edit(PROJECT, key) as entry:
        if entry.value is None:
            raise NotFoundError(f"There is no project {id[:80]!r}.")
        if "name" in changes:
            checked_name(changes["name"], "project")
        if entry.value["force_encryption_with_cmek"] and changes.get("force_encryption_with_cmek") is False:
            raise InvalidRequestError("Encryption with a customer-managed key cannot be disabled once it is enabled.")
        entry.value = {**entry.value, **changes}
        return entry.value


def remove_project(registry: Registry, id: str) -> None:
    """Removes a project's record and revokes its keys; its indexes are the caller's to look at first."""
    keys = KeyStore(registry)
    for info in keys.list(project=id):
        keys.revoke(info.id)
    registry.remove(PROJECT, id)


def key_project(registry: Registry, project_id: str) -> str:
    """A project as keys and indexes note it: "" for the main one. Raises NotFoundError."""
    found = project(registry, project_id)
    return MAIN_PROJECT if found["id"] == main_project(registry)["id"] else str(found["id"])


def project_of(registry: Registry, info: KeyInfo) -> str:
    """The id of the project that a key belongs to."""
    return info.project or str(main_project(registry)["id"])


def _project(name: str, organization_id: str) -> Json:
    return {
        "id": credentials.new_id(),
        "name": name,
        "max_pods": 0,
        "force_encryption_with_cmek": False,
        "organization_id": organization_id,
        "created_at": credentials.stamp(),
    }


# -- service accounts -------------------------------------------------------------------------------------------------


def create_client(registry: Registry, name: str, bindings: Sequence[Mapping[str, Any]] = ()) -> tuple[Json, str]:
    """A service account and its secret, which cannot be had again. bindings: scopes and roles, without ids."""
    id = credentials.new_id()
    secret = credentials.new_secret(CLIENT_SECRET, id)
    stamp = credentials.stamp()
    account = {
        "id": id,
        "name": checked_name(name, "service account"),
        "client_id": id.replace("-", ""),
        "created_at": stamp,
        "updated_at": stamp,
        "sha256": credentials.digest(secret),
        "generation": 1,
        "revoked_at": None,
        "bindings": [checked_binding(registry, "service_account", id, one) for one in bindings],
    }
    registry.put(CLIENT, id, account)
    return account, secret


def owner_bindings() -> Sequence[Json]:
    """What a client gets that may do everything."""
    return [{"resource_type": "organization", "role": "OrgOwner"}]


def clients(registry: Registry) -> Sequence[Json]:
    return sorted((one for one in registry.list(CLIENT) if one["revoked_at"] is None), key=_age)


def any_client(registry: Registry) -> bool:
    """Whether a client was ever made, removed or not."""
    return bool(registry.list(CLIENT))


def any_active_client(registry: Registry) -> bool:
    return bool(clients(registry))


def client(registry: Registry, id: str) -> Json:
    """Raises NotFoundError."""
    found = registry.get(CLIENT, id) if id else None
    if found is None or found["revoked_at"] is not None:
        raise _no_client(id)
    return found


def rename_client(registry: Registry, id: str, name: str) -> Json:
    return _edit_client(registry, id, {"name": checked_name(name, "service account")})


def rotate_client(registry: Registry, id: str) -> tuple[Json, str]:
    """A new secret; the old one and every token it gave stop working at once."""
    found = client(registry, id)
    secret = credentials.new_secret(CLIENT_SECRET, id)
    changes = {"sha256": credentials.digest(secret), "generation": found["generation"] + 1}
    return _edit_client(registry, id, changes), secret


def remove_client(registry: Registry, id: str) -> None:
    """The account opens nothing any more. Its record stays, so that a server with it never counts as without keys."""
    _edit_client(registry, id, {"revoked_at": credentials.stamp(), "bindings": []})


def _edit_client(registry: Registry, id: str, changes: Mapping[str, Any]) -> Json:
    with registry.edit(CLIENT, id or "-") as entry:
        if entry.value is None or entry.value["revoked_at"] is not None:
            raise _no_client(id)
        entry.value = {**entry.value, **changes, "updated_at": credentials.stamp()}
        return entry.value


def _no_client(id: str) -> NotFoundError:
    return NotFoundError(f"There is no service account {id[:80]!r}.")


# -- tokens -----------------------------------------------------------------------------------------------------------


def issue_token(registry: Registry, client_id: str, secret: str) -> str:
    """A token for ``TOKEN_SECONDS``. Raises BadClientError."""
    try:
        found = registry.get(CLIENT, str(UUID(hex=client_id)))
    except ValueError:
        found = None
    if found is None or found["revoked_at"] is not None or not credentials.matches(secret, found["sha256"]):
        raise BadClientError("Unauthorized: the client id or the client secret is wrong.")
    id = credentials.new_id()
    token = credentials.new_secret(TOKEN, id)
    with registry.edit(ACCESS_TOKEN, id) as entry:
        for old in registry.list(ACCESS_TOKEN):
            if old["expires_at"] <= credentials.stamp():
                registry.remove(ACCESS_TOKEN, old["id"])
        entry.value = {
            "id": id,
            "client": found["id"],
            "generation": found["generation"],
            "sha256": credentials.digest(token),
            "expires_at": credentials.after(TOKEN_SECONDS),
        }
    return token


def principal_of(registry: Registry, token: str) -> Principal:
    """Who a token stands for. Raises BadTokenError."""
    id = credentials.id_of(token, TOKEN)
    found = registry.get(ACCESS_TOKEN, id) if id else None
    if found is None or not credentials.matches(token, found["sha256"]):
        raise BadTokenError("The access token is not known here. Get one from POST /oauth/token.")
    if found["expires_at"] <= credentials.stamp():
        raise BadTokenError("The access token has expired. Get a new one from POST /oauth/token.")
    account = registry.get(CLIENT, found["client"])
    if account is None or account["revoked_at"] is not None or account["generation"] != found["generation"]:
        raise BadTokenError("The service account of this token was removed, or its secret was rotated.")
    grants = tuple((one["resource_id"], one["role"]) for one in account["bindings"])
    return Principal(account["id"], (), admin=True, grants=grants)


def manages(principal: Principal, project_id: str = "") -> bool:
    """Whether a token may change the organization, or one project where it is named."""
    return any(
        role in _MANAGES_ALL or (resource == project_id and role in _MANAGES_PROJECT)
        for resource, role in principal.grants
    )


def reads(principal: Principal, project_id: str = "") -> bool:
    """Whether a token may look at the organization, or at one project where it is named."""
    return any(
        role in ORGANIZATION_ROLES or (bool(project_id) and resource == project_id)
        for resource, role in principal.grants
    )


# -- role bindings ----------------------------------------------------------------------------------------------------


def bindings(registry: Registry) -> Sequence[Json]:
    """Every role of every service account and API key. A key's roles are its bindings to its project."""
    found: list[Json] = [one for account in clients(registry) for one in account["bindings"]]
    for info in KeyStore(registry).list():
        if info.revoked_at is None:
            found += [_key_binding(registry, info, role) for role in info.roles]
    return sorted(found, key=_age)


def create_binding(registry: Registry, kind: str, id: str, wanted: Mapping[str, Any]) -> Json:
    """Gives a role to a service account or a key. Raises NotFoundError, AlreadyExistsError, InvalidRequestError."""
    made = checked_binding(registry, kind, id, wanted)
    same = ("principal_id", "resource_id", "role")
    if any(all(one[name] == made[name] for name in same) for one in bindings(registry)):
        raise AlreadyExistsError(f"{kind} {id} already has role {made['role']} there.")
    if kind == "api_key":
        keys = KeyStore(registry)
        info = keys.get(id)
        return _key_binding(registry, keys.update(id, roles=[*info.roles, made["role"]]), made["role"])
    account = client(registry, id)
    _edit_client(registry, id, {"bindings": [*account["bindings"], made]})
    return made


def remove_binding(registry: Registry, id: str) -> None:
    """Raises NotFoundError, and InvalidRequestError for the last role of a key."""
    for one in bindings(registry):
        if one["id"] != id:
            continue
        if one["principal_type"] == "api_key":
            keys = KeyStore(registry)
            left = [role for role in keys.get(one["principal_id"]).roles if role != one["role"]]
            if not left:
                raise InvalidRequestError("A key has at least one role. Delete the key instead.")
            keys.update(one["principal_id"], roles=left)
        else:
            account = client(registry, one["principal_id"])
            kept = [binding for binding in account["bindings"] if binding["id"] != id]
            _edit_client(registry, account["id"], {"bindings": kept})
        return
    raise NotFoundError(f"There is no role binding {id[:80]!r}.")


def checked_binding(registry: Registry, kind: str, id: str, wanted: Mapping[str, Any]) -> Json:
    """A binding that may be stored. Raises InvalidRequestError, NotFoundError."""
    scope, role = wanted.get("resource_type"), wanted.get("role")
    known = {"organization": ORGANIZATION_ROLES, "project": PROJECT_ROLES}.get(str(scope))
    if known is None:
        raise InvalidRequestError(f"resource_type is organization or project, got {scope!r:.80}.")
    if role not in known:
        raise InvalidRequestError(f"Role {role!r:.80} cannot be bound to a {scope}. Roles: {', '.join(known)}.")
    resource = wanted.get("resource_id")
    if scope == "organization":
        owner = organization(registry)["id"]
        if resource not in (None, owner):
            raise NotFoundError(f"There is no organization {resource!r:.80}.")
        resource = owner
    else:
        if not isinstance(resource, str):
            raise InvalidRequestError("resource_id is missing: the id of the project.")
        project(registry, resource)
    if kind == "api_key" and (role not in ROLES or resource != project_of(registry, KeyStore(registry).get(id))):
        raise InvalidRequestError(f"An API key takes roles of its own project only: {', '.join(ROLES)}.")
    return {
        "id": credentials.new_id(),
        "principal_type": kind,
        "principal_id": id,
        "resource_type": scope,
        "resource_id": resource,
        "role": role,
        "created_at": credentials.stamp(),
    }


def _key_binding(registry: Registry, info: KeyInfo, role: str) -> Json:
    return {
        "id": str(uuid5(UUID(info.id), role)),
        "principal_type": "api_key",
        "principal_id": info.id,
        "resource_type": "project",
        "resource_id": project_of(registry, info),
        "role": role,
        "created_at": info.created_at,
    }


def checked_name(name: object, what: str) -> str:
    """Raises InvalidRequestError."""
    if not isinstance(name, str) or not name.strip() or "\0" in name or len(name.encode()) > _NAME_BYTES:
        raise InvalidRequestError(f"The name of a {what} is text of 1 to {_NAME_BYTES} bytes, got {name!r:.100}.")
    return name


def _age(one: Mapping[str, Any]) -> tuple[str, str]:
    return one["created_at"], one["id"]
