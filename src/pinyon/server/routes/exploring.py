"""What people look at before they search: the fields of a namespace, and its records on a map. Routes of our own."""

from __future__ import annotations

from pinyon.engine.fields import fields_of
from pinyon.engine.mapping import MOST, MapQuery, map_of
from pinyon.server.bodies import json_object
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.wire.exploring import read_map
from pinyon.wire.namespaces import namespace_of


def fields(service: Service, request: Request) -> Answer:
    """The metadata fields of a namespace, for completion and facets."""
    index = service.index(request)
    written = request.one("namespace") or ""
    namespace = namespace_of(written)
    request.principal.check_namespace(namespace)
    found = fields_of(index, namespace)
    return json_answer(
        {"namespace": written, "records": found.records, "fields": found.fields, "left_out": found.left_out}
    )


def point_map(service: Service, request: Request) -> Answer:
    """The records of a namespace as points."""
    index = service.index(request)
    asked = read_map(json_object(service, request))
    namespace = namespace_of(asked.namespace)
    request.principal.check_namespace(namespace)
    limit = MOST if asked.limit is None else asked.limit
    wanted = MapQuery(asked.filter, limit, asked.method, asked.colour, asked.neighbours, asked.vector, asked.id)
    found = map_of(index, namespace, wanted)
    return json_answer(
        {
            "namespace": asked.namespace,
            "records": found.records,
            "matching": found.matching,
            "method": found.method,
            "explained": found.explained,
            "ids": found.ids,
            "x": found.x,
            "y": found.y,
            "values": found.values,
            "nearest": found.nearest,
            "query": found.query,
        }
    )


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/pinyon/fields",
        fields,
        "data:read",
        "data",
        "fields",
        "The metadata fields of a namespace, with their most frequent values",
        tags=("exploring",),
    ),
    Route(
        "POST",
        "/pinyon/map",
        point_map,
        "data:read",
        "data",
        "map",
        "The records of a namespace as points on a plane",
        tags=("exploring",),
        aside=True,
    ),
)
