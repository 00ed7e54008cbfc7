"""The vectors API: upsert, query, fetch, list, update, delete and the statistics of an index."""

from __future__ import annotations

from pinyon.errors import InvalidRequestError
from pinyon.server.bodies import json_object, json_object_or_none, read, written
from pinyon.server.http import Answer, Request, Route
from pinyon.server.operations import Records
from pinyon.server.service import Service
from pinyon.wire import vectors
from pinyon.wire.requests import DeleteRequest, FetchRequest, ListRequest, StatsRequest


def _records(service: Service, request: Request) -> Records:
    return Records(service.index(request), request.principal, service.settings.requests)


def upsert(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    # Of an upsert, only parts that are checked one by one are looked at: its depth needs no check of its own.
    result = records.upsert(vectors.read_upsert(request.json(), request.version))
    return written(vectors.upsert_body(result.count), result.lsn)


def query(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = vectors.read_query(json_object(service, request), request.version)
    result = records.query(asked, explain=service.observer is not None)
    if service.observer is not None:
        service.observer.planned(request, result.namespace, result.plan)
    return read(vectors.query_body(result, asked.namespace, request.version, explain=asked.explain), result.lsn)


def fetch(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = FetchRequest(request.one("namespace") or "", request.many("ids"))
    fetched = records.fetch(asked)
    return read(vectors.fetch_body(fetched, asked.namespace), fetched.lsn)


def fetch_by_metadata(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = vectors.read_fetch_by_metadata(json_object(service, request), request.version)
    fetched = records.fetch_by_metadata(asked)
    return read(vectors.fetch_body(fetched, asked.namespace), fetched.lsn)


def list_ids(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = ListRequest(
        request.one("namespace") or "",
        request.one("prefix") or "",
        request.number("limit"),
        request.one("paginationToken"),
    )
    listed = records.list_ids(asked)
    return read(vectors.list_body(listed, asked.namespace), listed.lsn)


def update(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    updated = records.update(vectors.read_update(json_object(service, request), request.version))
    return written(vectors.update_body(updated), updated.lsn)


def delete(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    result = records.delete(vectors.read_delete(json_object(service, request), request.version))
    return written(b"{}", result.lsn)


def delete_by_query_string(service: Service, request: Request) -> Answer:
    """The oldest form, without a body: ``DELETE /vectors/delete?ids=a&ids=b`` or ``?deleteAll=true``."""
    records = _records(service, request)
    all_of_them = request.one("deleteAll") or "false"
    if all_of_them not in ("true", "false"):
        raise InvalidRequestError(f"deleteAll must be true or false, got {all_of_them[:40]!r}.")
    asked = DeleteRequest(request.one("namespace") or "", request.many("ids") or None, all_of_them == "true")
    return written(b"{}", records.delete(asked).lsn)


def describe_index_stats(service: Service, request: Request) -> Answer:
    records = _records(service, request)
    asked = vectors.read_stats(json_object_or_none(service, request), request.version)
    return Answer(vectors.stats_body(records.stats(asked), request.version))


def describe_index_stats_by_get(service: Service, request: Request) -> Answer:
    stats = _records(service, request).stats(StatsRequest())
    return Answer(vectors.stats_body(stats, request.version))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/vectors/upsert",
        upsert,
        "data:write",
        "data",
        "upsert",
        "Insert or replace records",
        body_limit="large",
        tags=("vectors",),
    ),
    Route("POST", "/query", query, "data:read", "data", "query", "Find the nearest records", tags=("vectors",)),
    Route("GET", "/vectors/fetch", fetch, "data:read", "data", "fetch", "Records by id", tags=("vectors",)),
    Route(
        "POST",
        "/vectors/fetch_by_metadata",
        fetch_by_metadata,
        "data:read",
        "data",
        "fetch_by_metadata",
        "Records by a filter, page by page",
        tags=("vectors",),
    ),
    Route("GET", "/vectors/list", list_ids, "data:read", "data", "list", "Ids, page by page", tags=("vectors",)),
    Route(
        "POST",
        "/vectors/update",
        update,
        "data:write",
        "data",
        "update",
        "Change a record, or the metadata of all that match a filter",
        body_limit="large",
        tags=("vectors",),
    ),
    Route("POST", "/vectors/delete", delete, "data:write", "data", "delete", "Delete records", tags=("vectors",)),
    Route(
        "DELETE",
        "/vectors/delete",
        delete_by_query_string,
        "data:write",
        "data",
        "delete",
        "Delete records named in the query string",
        tags=("vectors",),
    ),
    Route(
        "POST",
        "/describe_index_stats",
        describe_index_stats,
        "data:read",
        "data",
        "describe_index_stats",
        "Number of records in each namespace",
        tags=("vectors",),
    ),
    Route(
        "GET",
        "/describe_index_stats",
        describe_index_stats_by_get,
        "data:read",
        "data",
        "describe_index_stats",
        "Number of records in each namespace",
        tags=("vectors",),
    ),
)
