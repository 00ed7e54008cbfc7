"""Collections: static copies of pod indexes, from which new indexes can be made."""

from __future__ import annotations

from pinyon.server import collecting, restoring
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.wire.backups import collection_json, read_new_collection
from pinyon.wire.control import check_name


def list_collections(service: Service, request: Request) -> Answer:
    entries = service.database.registry.list(collecting.KIND)
    shown = [collection_json(entry) for entry in entries if request.principal.sees(restoring.definition(entry))]
    return json_answer({"collections": shown})


def create_collection(service: Service, request: Request) -> Answer:
    new = read_new_collection(request.json(), request.version)
    check_name(new.name, "Collection", service.database.limits)
    return json_answer(collection_json(collecting.begin(service, new.name, new.source)), 201)


def describe_collection(service: Service, request: Request) -> Answer:
    return json_answer(collection_json(collecting.collection(service, request.path["name"])))


def delete_collection(service: Service, request: Request) -> Answer:
    collecting.delete(service, request.path["name"])
    return Answer(status=202)


_TAGS = ("collections",)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/collections",
        list_collections,
        "control:read",
        "control",
        "list_collections",
        "Every collection",
        tags=_TAGS,
    ),
    Route(
        "POST",
        "/collections",
        create_collection,
        "control:write",
        "control",
        "create_collection",
        "Copy a pod index",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/collections/{name}",
        describe_collection,
        "control:read",
        "control",
        "describe_collection",
        "One collection",
        tags=_TAGS,
    ),
    Route(
        "DELETE",
        "/collections/{name}",
        delete_collection,
        "control:write",
        "control",
        "delete_collection",
        "Delete a collection",
        tags=_TAGS,
    ),
)
