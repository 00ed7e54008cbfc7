"""The remote calls of ``VectorService``: what REST does, in protobuf."""

from __future__ import annotations

from pinyon.server.bodies import read, written
from pinyon.server.http import Answer, Handler, Request, Route
from pinyon.server.operations import Records
from pinyon.server.roles import Action
from pinyon.server.service import Service
from pinyon.wire import grpc

SERVICE = "VectorService"


def _records(service: Service, request: Request) -> Records:
    return Records(service.index(request), request.principal, service.settings.requests)


def upsert(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    result = records.upsert(grpc.read_upsert(request.body))
    return written(grpc.upsert_body(result.count), result.lsn)


def query(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = grpc.read_query(request.body)
    result = records.query(asked, explain=service.observer is not None)
    if service.observer is not None:
        service.observer.planned(request, result.namespace, result.plan)
    return read(grpc.query_body(result, asked.namespace), result.lsn)


def fetch(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = grpc.read_fetch(request.body)
    fetched = records.fetch(asked)
    return read(grpc.fetch_body(fetched, asked.namespace), fetched.lsn)


def fetch_by_metadata(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = grpc.read_fetch_by_metadata(request.body)
    fetched = records.fetch_by_metadata(asked)
    return read(grpc.fetch_body(fetched, asked.namespace, by_metadata=True), fetched.lsn)


def list_ids(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = grpc.read_list(request.body)
    listed = records.list_ids(asked)
    return read(grpc.list_body(listed, asked.namespace), listed.lsn)


def update(service: Service, request: Request) -> Answer:
    updated = _records(service, request).update(grpc.read_update(request.body))
    return written(grpc.update_body(updated), updated.lsn)


def delete(service: Service, request: Request) -> Answer:
    result = _records(service, request).delete(grpc.read_delete(request.body))
    return written(b"", result.lsn)


def describe_index_stats(service: Service, request: Request) -> Answer:
    stats = _records(service, request).stats(grpc.read_stats(request.body))
    return Answer(grpc.stats_body(stats, request.version))


def list_namespaces(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    page = records.list_namespaces(grpc.read_list_namespaces(request.body), with_size=_with_size(request))
    return Answer(grpc.namespaces_body(page))


def describe_namespace(service: Service, request: Request) -> Answer:
    name = grpc.read_namespace("DescribeNamespaceRequest", request.body)
    return Answer(
        grpc.namespace_body(_records(service, request).describe_namespace(name, with_size=_with_size(request)))
    )


def create_namespace(service: Service, request: Request) -> Answer:
    created = _records(service, request).create_namespace(grpc.read_create_namespace(request.body))
    return Answer(grpc.namespace_body(created))


def delete_namespace(service: Service, request: Request) -> Answer:
    name = grpc.read_namespace("DeleteNamespaceRequest", request.body)
    return written(b"", _records(service, request).delete_namespace(name).lsn)


def _with_size(request: Request) -> bool:
    return request.version.since("2026-07")


def _route(name: str, handler: Handler, action: Action, operation: str, summary: str, *, large: bool = False) -> Route:
    return Route(
        "POST",
        f"/{SERVICE}/{name}",
        handler,
        action,
        "data",
        operation,
        summary,
        body_limit="large" if large else "small",
        tags=("grpc",),
    )


ROUTES: tuple[Route, ...] = (
    _route("Upsert", upsert, "data:write", "upsert", "Insert or replace records", large=True),
    _route("Query", query, "data:read", "query", "Find the nearest records"),
    _route("Fetch", fetch, "data:read", "fetch", "Records by id"),
    _route("FetchByMetadata", fetch_by_metadata, "data:read", "fetch_by_metadata", "Records by a filter, page by page"),
    _route("List", list_ids, "data:read", "list", "Ids, page by page"),
    _route("Update", update, "data:write", "update", "Change a record, or all that match a filter", large=True),
    _route("Delete", delete, "data:write", "delete", "Delete records"),
    _route(
        "DescribeIndexStats",
        describe_index_stats,
        "data:read",
        "describe_index_stats",
        "Number of records in each namespace",
    ),
    _route("ListNamespaces", list_namespaces, "data:read", "list_namespaces", "Namespaces, page by page"),
    _route("DescribeNamespace", describe_namespace, "data:read", "describe_namespace", "One namespace"),
    _route("CreateNamespace", create_namespace, "data:write", "create_namespace", "Create an empty namespace"),
    _route(
        "DeleteNamespace", delete_namespace, "data:write", "delete_namespace", "Delete a namespace with its records"
    ),
)
