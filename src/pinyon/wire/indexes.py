"""Bodies that create and configure indexes, in every dialect, as one small value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.wire.control import check_keys, inner, protection, required, tags
from pinyon.wire.deployments import (
    Home,
    cloud_and_region,
    kind_of,
    read_capacity,
    read_deployment,
    read_metadata_schema,
    read_place,
    read_pod_type,
    read_replicas,
    read_spec,
    said_of,
    spec_kind,
)
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.versions import Version

DENSE, SPARSE = "_values", "_sparse_values"
"""Names of the fields that stand for the vectors of an index of the vectors API."""

_NOTES = ("cmek_id", "private_host")
_CREATE_SCHEMA = (
    *("name", "schema", "deployment", "read_capacity", "deletion_protection", "tags"),
    *("source_collection", "source_backup_id", *_NOTES),
)
_FOR_MODEL = ("name", "cloud", "region", "embed", "schema", "read_capacity", "deletion_protection", "tags", *_NOTES)
_FOR_MODEL_FLAT = (
    *("name", "deployment", "field", "model", "metric", "write_parameters", "read_parameters"),
    *("read_capacity", "deletion_protection", "tags", *_NOTES),
)
_EMBED = ("model", "field_map", "metric", "dimension", "read_parameters", "write_parameters")


@dataclass(frozen=True, slots=True)
class NewIndex:
    """An index that somebody asks for. What its values may be is the engine's to say.

    Of three kinds: with ``embed`` (the settings of a model), with ``fields`` (an index of documents), or of vectors.
    name: None when the server is to choose. deployment: as ``wire.deployments`` keeps it. metric: None for the default.
    source_collection, source_backup_id: what its records are copied from.
    """

    name: str | None
    deployment: Mapping[str, Any]
    vector_type: str = "dense"
    dimension: int | None = None
    metric: str | None = None
    embed: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    deletion_protection: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    source_collection: str | None = None
    source_backup_id: str | None = None


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What somebody asks to change; None where nothing is asked.

    kind: what the caller takes the index for, "serverless", "pod" or "byoc". text_fields: new parameters of the text
    fields that an index embeds, by name.
    """

    deletion_protection: bool | None = None
    tags: Mapping[str, str] | None = None
    embed: Mapping[str, Any] | None = None
    text_fields: Mapping[str, Mapping[str, Any]] | None = None
    kind: str | None = None
    read_capacity: Mapping[str, Any] | None = None
    replicas: int | None = None
    pod_type: str | None = None


# -- creating ---------------------------------------------------------------------------------------------------------


def read_new_index(value: Mapping[str, Any], version: Version, home: Home) -> NewIndex:
    """A create body. The dialect is the version's; in an older version a body with a schema and no spec is read too.

    Raises InvalidRequestError; NotFoundError for an unknown region.
    """
    body = Fields(value)
    if version.schema or ("schema" in value and "spec" not in value):
        return _read_schema_body(body, version, home)
    return _read_spec_body(body, home)


def _read_spec_body(body: Fields, home: Home) -> NewIndex:
    name, spec = required(body, "name"), body.object("spec")
    if spec is None:
        refuse("spec is missing. Give {'serverless': {'cloud': 'aws', 'region': 'us-east-1'}}.")
    kind, said = spec_kind(spec)
    vector_type = body.text("vector_type") or "dense"
    if kind == "pod" and vector_type == "sparse":
        raise InvalidRequestError("Sparse vector type is not supported for pod indexes. Use a serverless index.")
    return NewIndex(
        name,
        _with_capacity(read_spec(spec, home), body, home),
        vector_type,
        body.whole("dimension"),
        body.text("metric"),
        tags=_tags(body),
        deletion_protection=bool(protection(body)),
        notes=_notes(body),
        source_collection=said.text("source_collection") or None,
    )


def _read_schema_body(body: Fields, version: Version, home: Home) -> NewIndex:
    check_keys(body, _CREATE_SCHEMA, version)
    schema = inner(body, "schema")
    fields = None if schema is None else inner(schema, "fields")
    if fields is None or not fields.names():
        refuse("schema.fields is missing. Give {'_values': {'type': 'dense_vector', 'dimension': ..., 'metric': ...}}.")
    made = _read_schema(fields, version)
    deployment = _with_capacity(read_deployment(inner(body, "deployment"), home), body, home)
    if "pod" in deployment and made["vector_type"] == "sparse":
        raise InvalidRequestError("Sparse vector type is not supported for pod indexes. Use a managed deployment.")
    source, backup = body.text("source_collection") or None, body.text("source_backup_id") or None
    if source and backup:
        refuse("source_collection and source_backup_id exclude each other. Give one.")
    return NewIndex(
        body.text("name") or None,
        deployment,
        **made | {"notes": made["notes"] | _notes(body)},
        tags=_tags(body),
        deletion_protection=bool(protection(body)),
        source_collection=source,
        source_backup_id=backup,
    )


def _read_schema(fields: Fields, version: Version) -> dict[str, Any]:
    """What a schema says of the vectors: members of NewIndex."""
    names = fields.names()
    made: dict[str, Any] = {"vector_type": "dense", "dimension": None, "metric": None, "notes": {}}
    if set(names) <= {DENSE, SPARSE}:
        return made | _read_vectors(fields, version)
    found = inner(fields, names[0])
    if len(names) == 1 and found is not None and found.text("type") == "semantic_text":
        known = ("type", "model", "metric", "read_parameters", "write_parameters", "description")
        check_keys(found, known, version)
        return made | {"embed": _embed_settings(found, names[0])}
    return made | {"fields": {name: fields.object(name) for name in names}}


def _read_vectors(fields: Fields, version: Version) -> dict[str, Any]:
    made: dict[str, Any] = {}
    descriptions = {}
    for name, kind in ((DENSE, "dense_vector"), (SPARSE, "sparse_vector")):
        given = inner(fields, name)
        if given is None:
            continue
        if given.text("type") != kind:
            refuse(f"{given.path('type')} must be {kind!r}.")
        if description := given.text("description"):
            descriptions[name] = description
        if name == DENSE:
            check_keys(given, ("type", "dimension", "metric", "description"), version)
            made |= {"dimension": given.whole("dimension"), "metric": given.text("metric")}
        else:
            check_keys(given, ("type", "description"), version)
    if DENSE not in fields.names():
        made |= {"vector_type": "sparse"}
    notes: dict[str, Any] = {"descriptions": descriptions} if descriptions else {}
    return made | {"notes": notes | ({"hybrid": True} if len(fields.names()) == 2 else {})}


def read_new_index_for_model(value: Mapping[str, Any], version: Version, home: Home) -> NewIndex:
    """The body of create-for-model: with ``embed``, which every client sends, or flat, as some specifications say."""
    body = Fields(value)
    if "embed" in value or "model" not in value:
        return _read_for_model(body, version, home)
    check_keys(body, _FOR_MODEL_FLAT, version)
    return NewIndex(
        body.text("name") or None,
        _with_capacity(read_deployment(inner(body, "deployment"), home), body, home),
        embed=_embed_settings(body, required(body, "field")),
        tags=_tags(body),
        deletion_protection=bool(protection(body)),
        notes=_notes(body),
    )


def _read_for_model(body: Fields, version: Version, home: Home) -> NewIndex:
    check_keys(body, _FOR_MODEL, version)
    name, embed = required(body, "name"), inner(body, "embed")
    if embed is None:
        refuse("embed is missing. Give {'model': ..., 'field_map': {'text': ...}}.")
    required(embed, "model")
    place: dict[str, Any] = read_place(body, home)
    schema = inner(body, "schema")
    if schema is not None:
        place["schema"] = read_metadata_schema(schema)
    return NewIndex(
        name,
        _with_capacity({"serverless": place}, body, home),
        embed=_read_embed(embed),
        tags=_tags(body),
        deletion_protection=bool(protection(body)),
        notes=_notes(body),
    )


def _read_embed(embed: Fields) -> dict[str, Any]:
    settings: dict[str, Any] = {
        name: embed.object(name) for name in ("field_map", "read_parameters", "write_parameters")
    }
    settings |= {"model": embed.text("model"), "metric": embed.text("metric"), "dimension": embed.whole("dimension")}
    return {name: settings[name] for name in _EMBED if settings[name] is not None}


def _embed_settings(given: Fields, text_field: str) -> dict[str, Any]:
    """Settings as ``embed`` has them, from the members of a semantic_text field."""
    required(given, "model")
    known = {"model": given.text("model"), "metric": given.text("metric")}
    parameters = {name: given.object(name) for name in ("read_parameters", "write_parameters")}
    return {
        name: value
        for name, value in {**known, "field_map": {"text": text_field}, **parameters}.items()
        if value is not None
    }


def _with_capacity(deployment: dict[str, Any], body: Fields, home: Home) -> dict[str, Any]:
    capacity = inner(body, "read_capacity")
    if capacity is None:
        return deployment
    return _capacity_changed(deployment, capacity, home)


def _capacity_changed(deployment: Mapping[str, Any], capacity: Fields, home: Home) -> dict[str, Any]:
    kind, said = kind_of(deployment), dict(said_of(deployment))
    if kind == "pod":
        refuse("read_capacity is for serverless and BYOC indexes; a pod index has replicas.")
    if not said:
        said = dict(zip(("cloud", "region"), home, strict=True))
    return {kind: said | {"read_capacity": read_capacity(capacity, said.get("read_capacity"))}}


def _tags(body: Fields) -> dict[str, str]:
    """An empty value, which removes a tag, adds none."""
    return {key: value for key, value in (tags(body) or {}).items() if value != ""}


def _notes(body: Fields) -> dict[str, Any]:
    return {name: value for name in _NOTES if (value := body.text(name))}


# -- configuring ------------------------------------------------------------------------------------------------------


def read_index_change(value: Mapping[str, Any], version: Version) -> IndexChange:
    """A configure body. Raises InvalidRequestError."""
    body = Fields(value)
    if version.schema or not {"deployment", "schema"}.isdisjoint(value):
        return _read_schema_change(body, version)
    spec = body.object("spec")
    kind, said = (None, Fields({})) if spec is None else spec_kind(spec)
    embed = inner(body, "embed")
    capacity = said.object("read_capacity")
    return IndexChange(
        protection(body),
        tags(body),
        None if embed is None else _read_embed(embed),
        None,
        kind,
        body.object("read_capacity") if capacity is None else capacity,
        read_replicas(said) if kind == "pod" else None,
        read_pod_type(said) if kind == "pod" else None,
    )


def _read_schema_change(body: Fields, version: Version) -> IndexChange:
    check_keys(body, ("deployment", "schema", "read_capacity", "tags", "deletion_protection"), version)
    deployment = inner(body, "deployment")
    if deployment is not None:
        deployment.only(("replicas", "pod_type"))
    schema = inner(body, "schema")
    fields = None if schema is None else inner(schema, "fields")
    if schema is not None and fields is None:
        refuse("schema.fields is missing. Give {'<text field>': {'type': 'semantic_text', 'read_parameters': ...}}.")
    return IndexChange(
        protection(body),
        tags(body),
        None,
        None if fields is None else {name: _read_text_field(fields, name) for name in fields.names()},
        None if deployment is None else "pod",
        body.object("read_capacity"),
        None if deployment is None else read_replicas(deployment),
        None if deployment is None else read_pod_type(deployment),
    )


def _read_text_field(fields: Fields, name: str) -> dict[str, Any]:
    given = inner(fields, name)
    if given is None or given.text("type") != "semantic_text":
        refuse(
            f"schema.fields.{name} cannot change: only parameters of semantic_text fields can, once an index exists."
        )
    given.only(("type", "model", "read_parameters", "write_parameters"))
    settings: dict[str, Any] = {key: given.object(key) for key in ("read_parameters", "write_parameters")}
    settings |= {"model": given.text("model")}
    return {key: value for key, value in settings.items() if value is not None}


def changed_deployment(
    deployment: Mapping[str, Any], change: IndexChange, name: str, home: Home
) -> dict[str, Any] | None:
    """The deployment of index ``name`` after a change; None when it stays. Raises InvalidRequestError."""
    kind = kind_of(deployment)
    if change.kind not in (None, kind):
        refuse(f"index {name!r} is {kind}, not {change.kind}, and that cannot change. Create a new index instead.")
    if change.read_capacity is not None:
        return _capacity_changed(deployment, Fields(change.read_capacity, "read_capacity"), home)
    if change.replicas is None and change.pod_type is None:
        return None
    pod = dict(said_of(deployment))
    if change.pod_type is not None:
        pod["pod_type"] = change.pod_type
    if change.replicas is not None:
        pod |= {"replicas": change.replicas, "pods": change.replicas * int(pod.get("shards") or 1)}
    return {"pod": pod}


__all__ = [
    "DENSE",
    "SPARSE",
    "IndexChange",
    "NewIndex",
    "changed_deployment",
    "cloud_and_region",
    "read_index_change",
    "read_new_index",
    "read_new_index_for_model",
]
