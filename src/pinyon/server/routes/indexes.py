"""Indexes: create, list, describe, configure, delete. Every index is readable in every dialect."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_hex
from typing import Any, NoReturn, cast

from pinyon.engine.embedding import embed_spec, field_map
from pinyon.engine.kinds import retagged
from pinyon.engine.schema import documents_spec
from pinyon.errors import AlreadyExistsError, InvalidRequestError, NotFoundError
from pinyon.server import collecting, restoring, scheduling
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.types import EmbedSpec, IndexSpec, Metric, VectorType
from pinyon.wire.deployments import Home
from pinyon.wire.index_models import READY, index_json
from pinyon.wire.indexes import (
    IndexChange,
    NewIndex,
    changed_deployment,
    read_index_change,
    read_new_index,
    read_new_index_for_model,
)

_ALPHA = "2026-01.alpha"
_TAKEN = frozenset({"create-for-model"})
"""Names that a path below /indexes has already."""


def home_of(service: Service) -> Home:
    """Where an index lives that was created without saying where."""
    return service.settings.cloud, service.settings.region


def rendered(service: Service, request: Request, spec: IndexSpec, state: str = READY) -> dict[str, Any]:
    """An index as this request's dialect describes it."""
    return index_json(spec, request.version, service.addresses.host_of(spec.name, request), home_of(service), state)


def unknown(name: str) -> NoReturn:
    """Says no more than that: which other indexes there are is not for every key to know."""
    raise NotFoundError(f"Resource {name:.80} not found. GET /indexes lists the indexes.")


def described(service: Service, name: str) -> IndexSpec:
    """The definition of an index that is there. Raises NotFoundError; InvalidRequestError while it is being made."""
    entry = restoring.pending(service, name)  # asked first: it goes when the index is there
    if not service.database.has_index(name):
        if entry is None:
            unknown(name)
        raise InvalidRequestError(f"Index {name!r} is not ready: it is being made. Wait until its status is Ready.")
    spec = service.database.describe_index(name)
    if spec.is_internal:
        unknown(name)
    return spec


# -- creating ---------------------------------------------------------------------------------------------------------


def create_index(service: Service, request: Request) -> Answer:
    return _create(service, request, read_new_index(request.json(), request.version, home_of(service)))


def create_index_for_model(service: Service, request: Request) -> Answer:
    return _create(service, request, read_new_index_for_model(request.json(), request.version, home_of(service)))


def _create(service: Service, request: Request, new: NewIndex) -> Answer:
    name = new.name or _free_name(service)
    if name in _TAKEN:
        raise InvalidRequestError(f"Index name {name!r} is kept for a path of this API. Choose another name.")
    spec = _definition(service, request, new, name)
    if restoring.pending(service, name) is not None:
        raise AlreadyExistsError(f"Index {name!r} already exists. Choose another name, or delete that index first.")
    if new.source_collection is not None:
        entry = collecting.source_of(service, new.source_collection, spec, request.principal)
        return _copied(service, request, spec, entry["backup_id"], {"source_collection": new.source_collection})
    if new.source_backup_id is not None:
        spec = _like_backup(service, request, spec, new.source_backup_id)
        return _copied(service, request, spec, new.source_backup_id, {"source_backup_id": new.source_backup_id})
    return json_answer(rendered(service, request, service.database.create_index(spec)), 201)


def _free_name(service: Service) -> str:
    while True:
        name = f"index-{token_hex(4)}"
        if not service.database.has_index(name) and restoring.pending(service, name) is None:
            return name


def _definition(service: Service, request: Request, new: NewIndex, name: str) -> IndexSpec:
    spec = IndexSpec(
        name,
        new.dimension,
        cast(Metric, new.metric or ("dotproduct" if new.vector_type == "sparse" else "cosine")),
        cast(VectorType, new.vector_type),
        deletion_protection=new.deletion_protection,
        tags=dict(new.tags),
        deployment=dict(new.deployment),
        notes={**new.notes, **request.principal.notes},
    )
    if new.fields is not None:
        lenient = request.version.name == _ALPHA
        return documents_spec(spec, new.fields, service.models, service.database.limits, lenient=lenient)
    if new.embed is not None:
        embed = embed_spec(service.models, new.embed)
        return replace(spec, dimension=embed.dimension, metric=embed.metric, vector_type=embed.vector_type, embed=embed)
    return spec


def _like_backup(service: Service, request: Request, wanted: IndexSpec, backup_id: str) -> IndexSpec:
    """The definition in a backup, with what the caller says of the new index; their vectors must agree."""
    info = service.database.describe_backup(backup_id)
    if not request.principal.owns(info.spec) or backup_id in collecting.hidden(service):
        raise NotFoundError(f"Backup {backup_id!r} does not exist.")
    kept = info.spec
    for what in ("dimension", "vector_type", "metric", "schema"):
        if getattr(kept, what) != getattr(wanted, what):
            raise InvalidRequestError(
                f"The backup {backup_id} has {what} {getattr(kept, what)!r:.80}, and the schema of the new index says "
                f"{getattr(wanted, what)!r:.80}. Use the schema that GET /backups/{backup_id} shows."
            )
    return replace(
        retagged(kept, wanted.tags, wanted.tags),
        name=wanted.name,
        deletion_protection=wanted.deletion_protection,
        deployment=wanted.deployment or kept.deployment,
    )


def _copied(service: Service, request: Request, spec: IndexSpec, backup_id: str, source: dict[str, Any]) -> Answer:
    """An index whose records come from elsewhere; they are being copied when this answers."""
    notes = {"source_collection": None, "source_backup_id": None, **spec.notes, **source}
    made = replace(spec, notes={key: value for key, value in notes.items() if value is not None})
    as_job = source.get("source_backup_id") is not None
    entry = restoring.begin(service, made, backup_id, notes=notes, as_job=as_job)
    return json_answer(rendered(service, request, made, entry["state"]), 201)


# -- reading ----------------------------------------------------------------------------------------------------------


def list_indexes(service: Service, request: Request) -> Answer:
    entries = service.database.registry.list(restoring.PENDING)  # asked first: they go when their indexes are there
    found = {spec.name: (spec, READY) for spec in service.database.list_indexes()}
    for entry in entries:
        found.setdefault(entry["name"], (restoring.definition(entry), entry["state"]))
    shown = [
        rendered(service, request, spec, state)
        for _, (spec, state) in sorted(found.items())
        if request.principal.sees(spec)
    ]
    return json_answer({"indexes": shown})


def describe_index(service: Service, request: Request) -> Answer:
    name = request.path["name"]
    entry = restoring.pending(service, name)  # asked first: it goes when the index is there
    if service.database.has_index(name):
        return json_answer(rendered(service, request, described(service, name)))
    if entry is None or not request.principal.owns(restoring.definition(entry)):
        unknown(name)
    return json_answer(rendered(service, request, restoring.definition(entry), entry["state"]))


# -- changing ---------------------------------------------------------------------------------------------------------


def configure_index(service: Service, request: Request) -> Answer:
    name = request.path["name"]
    spec = described(service, name)
    change = read_index_change(request.json(), request.version)
    spec = service.database.configure_index(
        name,
        deletion_protection=change.deletion_protection,
        tags=change.tags,
        embed=_changed_embedding(service, spec, change),
        deployment=changed_deployment(spec.deployment, change, name, home_of(service)),
    )
    return json_answer(rendered(service, request, spec), 202)


def _changed_embedding(service: Service, spec: IndexSpec, change: IndexChange) -> EmbedSpec | None:
    settings = change.embed
    if change.text_fields is not None:
        settings = _parameters_of(spec, change.text_fields)
    if settings is None:
        return None
    if spec.schema is not None:
        raise InvalidRequestError(
            f"Index {spec.name!r} is an index of documents: its fields and their models are fixed when it is created."
        )
    bound = spec.embed
    if bound is None or settings.get("model", bound.model) != bound.model:
        return embed_spec(service.models, settings, spec)
    # The model stays, and with it the identity that was kept: whatever is installed now did not make these vectors.
    return replace(
        bound,
        field_map=field_map(settings.get("field_map"), bound, bound.model, sees="image" in bound.field_map),
        read_parameters=dict(settings.get("read_parameters", bound.read_parameters)),
        write_parameters=dict(settings.get("write_parameters", bound.write_parameters)),
    )


def _parameters_of(spec: IndexSpec, fields: Any) -> dict[str, Any] | None:
    """Settings of the one text field that an index embeds, from a change that names fields."""
    known = set() if spec.embed is None or spec.schema is not None else {spec.embed.field_map["text"]}
    for name in fields:
        if name not in known:
            raise InvalidRequestError(
                f"Index {spec.name!r} has no semantic_text field {name!r:.80}, and fields cannot be added. "
                "Create a new index with the schema that you need."
            )
    settings = next(iter(fields.values()), None)
    if settings is not None and spec.embed is not None and settings.get("model", spec.embed.model) != spec.embed.model:
        raise InvalidRequestError(
            f"The model of index {spec.name!r} is {spec.embed.model!r} and cannot change. Create a new index instead."
        )
    return settings


def delete_index(service: Service, request: Request) -> Answer:
    name = request.path["name"]
    if service.database.has_index(name):
        described(service, name)
        uuid = service.database.entry(name).uuid
        service.database.delete_index(name)
        scheduling.delete_of_index(service, uuid)
    else:
        entry = restoring.pending(service, name)
        if entry is None or not request.principal.owns(restoring.definition(entry)):
            unknown(name)
        restoring.cancel(service, name)
    return Answer(status=202)


_TAGS = ("indexes",)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/indexes", list_indexes, "control:read", "control", "list_indexes", "Every index", tags=_TAGS),
    Route("POST", "/indexes", create_index, "control:write", "control", "create_index", "Create an index", tags=_TAGS),
    Route(
        "POST",
        "/indexes/create-for-model",
        create_index_for_model,
        "control:write",
        "control",
        "create_index_for_model",
        "Create an index that embeds text",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/indexes/{name}",
        describe_index,
        "control:read",
        "control",
        "describe_index",
        "One index and its host",
        tags=_TAGS,
    ),
    Route(
        "PATCH",
        "/indexes/{name}",
        configure_index,
        "control:write",
        "control",
        "configure_index",
        "Change an index",
        tags=_TAGS,
    ),
    Route(
        "DELETE",
        "/indexes/{name}",
        delete_index,
        "control:write",
        "control",
        "delete_index",
        "Delete an index with all its records",
        tags=_TAGS,
    ),
)
