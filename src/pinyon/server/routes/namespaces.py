"""The namespaces of an index: create, describe, delete and list."""

from __future__ import annotations

from pinyon.server.bodies import json_object, written
from pinyon.server.http import Answer, Request, Route
from pinyon.server.operations import Records
from pinyon.server.service import Service
from pinyon.wire import namespaces
from pinyon.wire.requests import ListNamespacesRequest


def _records(service: Service, request: Request) -> Records:
    return Records(service.index(request), request.principal, service.settings.requests)


def create_namespace(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    created = records.create_namespace(namespaces.read_create(json_object(service, request), request.version))
    return Answer(namespaces.namespace_body(created, request.version))


def describe_namespace(service: Service, request: Request) -> Answer:
    found = _records(service, request).describe_namespace(
        request.path["namespace"], with_size=request.version.since("2026-07")
    )
    return Answer(namespaces.namespace_body(found, request.version))


def delete_namespace(service: Service, request: Request) -> Answer:
    deleted = _records(service, request).delete_namespace(request.path["namespace"])
    return written(b"{}", deleted.lsn)


def list_namespaces(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = ListNamespacesRequest(request.one("prefix") or "", request.number("limit"), request.one("paginationToken"))
    page = records.list_namespaces(asked, with_size=request.version.since("2026-07"))
    return Answer(namespaces.page_body(page, request.version))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/namespaces",
        list_namespaces,
        "data:read",
        "data",
        "list_namespaces",
        "Namespaces, page by page",
        tags=("namespaces",),
    ),
    Route(
        "POST",
        "/namespaces",
        create_namespace,
        "data:write",
        "data",
        "create_namespace",
        "Create an empty namespace",
        tags=("namespaces",),
    ),
    Route(
        "GET",
        "/namespaces/{namespace}",
        describe_namespace,
        "data:read",
        "data",
        "describe_namespace",
        "One namespace",
        tags=("namespaces",),
    ),
    Route(
        "DELETE",
        "/namespaces/{namespace}",
        delete_namespace,
        "data:write",
        "data",
        "delete_namespace",
        "Delete a namespace with all its records",
        tags=("namespaces",),
    ),
)
