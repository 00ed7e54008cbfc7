"""Bulk imports: start, list, describe and cancel."""

from __future__ import annotations

from pinyon.engine import Index
from pinyon.errors import ForbiddenError, InvalidRequestError
from pinyon.server import imports as jobs
from pinyon.server.bodies import json_object
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.wire import imports
from pinyon.wire.tokens import last_of

_PAGE = 100


def start_import(service: Service, request: Request) -> Answer:
    index = _index(service, request)
    asked = imports.read_start(json_object(service, request), request.version)
    id = jobs.begin(service, index, asked.uri, abort=asked.abort, integration=asked.integration)
    return json_answer({"id": id})


def list_imports(service: Service, request: Request) -> Answer:
    index = _index(service, request)
    limit = request.number("limit")
    limit = _PAGE if limit is None else limit
    if not 1 <= limit <= _PAGE:
        raise InvalidRequestError(f"limit {limit} is out of range. Use 1 to {_PAGE}.")
    entries = jobs.newest_first(service, index)
    after = last_of(request.one("paginationToken"))
    if after is not None:
        start = next((at + 1 for at, entry in enumerate(entries) if entry["id"] == after), None)
        if start is None:
            raise InvalidRequestError("The import that paginationToken names is gone. Begin again without a token.")
        entries = entries[start:]
    page = entries[:limit]
    return json_answer(imports.list_json(page, page[-1]["id"] if len(entries) > limit else None))


def describe_import(service: Service, request: Request) -> Answer:
    index = _index(service, request)
    return json_answer(imports.import_json(jobs.describe(service, index, request.path["id"])))


def cancel_import(service: Service, request: Request) -> Answer:
    jobs.cancel(service, _index(service, request), request.path["id"])
    return json_answer({})


def _index(service: Service, request: Request) -> Index:
    index = service.index(request)
    if request.principal.namespace is not None:
        raise ForbiddenError(
            f"This API key may use namespace {request.principal.namespace!r} only, and an import may write to any."
        )
    return index


ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/bulk/imports", start_import, "data:write", "data", "start_import", "Import files", tags=("imports",)
    ),
    Route(
        "GET",
        "/bulk/imports",
        list_imports,
        "data:read",
        "data",
        "list_imports",
        "Imports, newest first",
        tags=("imports",),
    ),
    Route(
        "GET",
        "/bulk/imports/{id}",
        describe_import,
        "data:read",
        "data",
        "describe_import",
        "One import",
        tags=("imports",),
    ),
    Route(
        "DELETE",
        "/bulk/imports/{id}",
        cancel_import,
        "data:write",
        "data",
        "cancel_import",
        "Cancel an import",
        tags=("imports",),
    ),
)
