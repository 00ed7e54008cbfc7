"""What a request's head says about the index and namespace it means, and what keys with a limit may do with it.

A limited key gets only what is listed here: a route that nobody has thought about is refused to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pinyon.errors import ForbiddenError, NotFoundError
from pinyon.server.http import decode_segment
from pinyon.server.restoring import definition
from pinyon.server.roles import MAIN_PROJECT, Principal
from pinyon.types import IndexSpec

if TYPE_CHECKING:
    from pinyon import engine
    from pinyon.server.http import Head, Route
    from pinyon.server.service import Service

LISTS: Final = frozenset(
    ("GET", f"/{kind}") for kind in ("indexes", "collections", "backups", "restore-jobs", "assistant/assistants")
)
"""Routes whose handlers list only what ``Principal.sees``."""
CREATES: Final = frozenset({("POST", "/indexes"), ("POST", "/indexes/create-for-model")})
"""Routes whose handlers give what they make ``Principal.notes``."""
CHECKS_NAMESPACE: Final = frozenset(
    {
        "/vectors/upsert",
        "/query",
        "/vectors/fetch",
        "/vectors/fetch_by_metadata",
        "/vectors/list",
        "/vectors/update",
        "/vectors/delete",
        "/describe_index_stats",
        "/namespaces",
        "/pinyon/fields",
        "/pinyon/map",
        "/VectorService/Upsert",
        "/VectorService/Query",
        "/VectorService/Fetch",
        "/VectorService/FetchByMetadata",
        "/VectorService/List",
        "/VectorService/Update",
        "/VectorService/Delete",
        "/VectorService/DescribeIndexStats",
        "/VectorService/ListNamespaces",
        "/VectorService/DescribeNamespace",
        "/VectorService/CreateNamespace",
        "/VectorService/DeleteNamespace",
    }
)
"""Routes whose handlers find the namespace in the body or the query string and check it, or show only that one."""


def variables_of(route: Route, path: str) -> dict[str, str]:
    """The decoded variables of a raw path, which may begin with ``/indexes/<name>``."""
    template, given = route.path.split("/")[1:], path.split("/")[1:]
    pairs = zip(template, given[len(given) - len(template) :], strict=False)
    return {want[1:-1]: decode_segment(have) for want, have in pairs if want.startswith("{")}


def named_index(route: Route, variables: Mapping[str, str]) -> str:
    """The index that a control route names, ``/indexes/{...}``; "" where it names none."""
    return _after(route, variables, "indexes")


def named_namespace(route: Route, variables: Mapping[str, str]) -> str | None:
    """The namespace that the path of a data route names; None where it names none."""
    found = _after(route, variables, "namespaces")
    return found or None


def addressed_index(service: Service, head: Head, route: Route) -> str:
    """The index that a data route is sent to: by port, by virtual host, or by the prefix of its path."""
    if route.plane != "data":
        return ""
    index = service.addresses.index_at(head.port, head.authority)
    if index or not head.path.startswith("/indexes/"):
        return index
    name = head.path.removeprefix("/indexes/").partition("/")[0]
    return decode_segment(name)


def check_scope(service: Service, head: Head, route: Route, principal: Principal) -> None:
    """Raises ForbiddenError for a limited key, or one of another project, that means what is not its own."""
    if not principal.is_limited and principal.project == MAIN_PROJECT:
        return
    if route.action in {"public", "any", "inference"}:
        return
    variables = variables_of(route, head.path)
    index = addressed_index(service, head, route) or named_index(route, variables)
    if index:
        principal.check_index(index)
        _check_project(service.database, index, principal)
    elif route.plane == "data":
        return  # sent to no index at all, which its handler refuses
    else:
        _check_whole_server(service, route, variables, principal)
    if principal.namespace is not None:
        _check_namespace(route, variables, principal)


def _check_project(database: engine.Database, index: str, principal: Principal) -> None:
    if principal.project == MAIN_PROJECT:
        return
    try:
        spec = database.entry(index).spec
    except NotFoundError:
        return  # its handler says so, too
    if not principal.owns(spec):
        raise ForbiddenError(f"This API key belongs to another project than index {index!r}.")


def _check_whole_server(service: Service, route: Route, variables: Mapping[str, str], principal: Principal) -> None:
    """Routes that name no index."""
    known = (route.method, route.path)
    if known in LISTS or (known in CREATES and not principal.is_limited):
        return
    if route.plane == "assistant":
        if principal.is_limited:
            raise ForbiddenError(
                "This API key is limited to one index and may use no assistants. Use one without a limit."
            )
        return  # each handler asks for an assistant of the key's project
    if known in CREATES or route.path.endswith("/create-index"):
        if principal.is_limited:
            raise ForbiddenError("This API key is limited to one index and can create none. Use one without a limit.")
    elif route.path.split("/")[1] not in _OWNED or not variables:
        raise ForbiddenError(
            f"{route.method} {route.path} concerns the whole server, and this API key is limited to "
            f"{'one index' if principal.is_limited else 'a project'}. Use one without a limit."
        )
    spec = _owned_spec(service.database, route.path.split("/")[1], next(iter(variables.values()), ""))
    if spec is not None and not principal.sees(spec):
        raise ForbiddenError("This API key may not use this: it is of another index or project.")


_OWNED: Final = frozenset({"backups", "collections", "restore-jobs", "backup-schedules"})
"""What comes from an index and belongs to whom that does."""


def _owned_spec(database: engine.Database, kind: str, id: str) -> IndexSpec | None:
    """The definition of the index that something comes from; None when there is no such thing."""
    if not id:
        return None
    if kind == "backup-schedules":
        entry = database.registry.get("schedule", id)
        return (
            database.describe_index(entry["index_name"]) if entry and database.has_index(entry["index_name"]) else None
        )
    if kind != "backups":
        entry = database.registry.get("collection" if kind == "collections" else "restore_job", id)
        return None if entry is None else definition(entry)
    try:
        return database.describe_backup(id).spec
    except NotFoundError:
        return None


def _check_namespace(route: Route, variables: Mapping[str, str], principal: Principal) -> None:
    if route.plane != "data":
        if route.action != "control:read":
            raise ForbiddenError(
                f"This API key is limited to namespace {principal.namespace!r} and cannot change a whole index."
            )
        return
    named = named_namespace(route, variables)
    if named is not None:
        principal.check_namespace(named)
    elif route.path not in CHECKS_NAMESPACE:
        raise ForbiddenError(
            f"{route.method} {route.path} concerns every namespace, and this API key is limited to "
            f"namespace {principal.namespace!r}. Use one without a limit."
        )


def _after(route: Route, variables: Mapping[str, str], word: str) -> str:
    segments = route.path.split("/")
    for at, segment in enumerate(segments[:-1]):
        following = segments[at + 1]
        if segment == word and following.startswith("{"):
            return variables.get(following[1:-1], "")
    return ""
