"""The records API: text that is embedded as it is written, and searches by text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pinyon.engine import Index
from pinyon.engine.records import find_records, write_records
from pinyon.errors import InvalidRequestError
from pinyon.server.bodies import json_object, read, written
from pinyon.server.http import Answer, Request, Route
from pinyon.server.service import Service
from pinyon.wire import records
from pinyon.wire.namespaces import namespace_of


def upsert_records(service: Service, request: Request) -> Answer:
    index, namespace = _place(service, request)
    limits = service.settings.requests
    given = records.read_upsert(request.body, limits.text_records)
    size = len(request.body) - _pictures(index, given) + 4 * len(given) * (index.spec.dimension or 0)
    if size > limits.decoded_bytes:
        raise InvalidRequestError(
            f"Request size {size} bytes exceeds the maximum supported size of {limits.decoded_bytes} bytes, counted as "
            "records and their vectors. Send fewer records at a time."
        )
    result = write_records(index, service.models, namespace, given)
    return written(b"", result.lsn, 201)


def search_records(service: Service, request: Request) -> Answer:
    index, namespace = _place(service, request)
    asked = records.read_search(json_object(service, request), request.version)
    explain = asked.query.explain
    query = replace(asked.query, explain=explain or service.observer is not None)
    found = find_records(index, service.models, namespace, query, asked.rerank)
    if service.observer is not None:
        service.observer.planned(request, namespace, found.plan)
    body = records.search_body(
        found.matches, asked.fields, found.tokens, found.rerank_units, plan=found.plan, explain=explain
    )
    return read(body, found.lsn)


def _pictures(index: Index, records: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of a body that are pictures, which are not stored."""
    field = index.spec.embed.field_map.get("image") if index.spec.embed is not None else None
    return 0 if field is None else sum(len(text) for one in records if type(text := one.get(field)) is str)


def _place(service: Service, request: Request) -> tuple[Index, str]:
    index = service.index(request)
    namespace = namespace_of(request.path["namespace"])
    request.principal.check_namespace(namespace)
    if index.spec.schema is not None:
        raise InvalidRequestError(
            f"Index {index.name!r} has a document schema, which the records API does not serve. Use the documents "
            "endpoints: POST /namespaces/{namespace}/documents/upsert and search."
        )
    return index, namespace


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/records/namespaces/{namespace}/upsert",
        upsert_records,
        "data:write",
        "data",
        "upsert_records",
        "Insert or replace records of text, and of pictures",
        body_limit="large",
        tags=("records",),
    ),
    Route(
        "POST",
        "/records/namespaces/{namespace}/search",
        search_records,
        "data:read",
        "data",
        "search_records",
        "Find records by text, picture, vector or id",
        body_limit="large",
        tags=("records",),
    ),
)
