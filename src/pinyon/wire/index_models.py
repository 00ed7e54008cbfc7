"""Indexes as clients read them: any index in either dialect."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pinyon.types import EmbedSpec, IndexSpec
from pinyon.wire.deployments import (
    Home,
    capacity_json,
    deployment_json,
    fields_of_metadata,
    kind_of,
    said_of,
    spec_json,
)
from pinyon.wire.indexes import DENSE, SPARSE
from pinyon.wire.versions import Version

READY, INITIALIZING, FAILED = "Ready", "Initializing", "InitializationFailed"

_ALPHA = "2026-01.alpha"
_ALPHA_STRING = ("type", "description", "full_text_search", "filterable")
_ALPHA_SEARCH = ("language", "stemming", "stop_words", "lowercase", "max_term_len")
_STRING = (*_ALPHA_STRING, "embed", "sparse_embed", "store_text")
_SEARCH = ("language", "stemming", "stop_words", "ngram")
_READ = {"input_type": "query", "truncate": "END"}
_WRITE = {"input_type": "passage", "truncate": "END"}


def index_json(spec: IndexSpec, version: Version, host: str, home: Home, state: str = READY) -> dict[str, Any]:
    """home: the server's cloud and region, for an index that was created without one."""
    common: dict[str, Any] = {
        "name": spec.name,
        "host": host,
        "status": {"ready": state == READY, "state": state},
        "deletion_protection": protection_json(spec),
    }
    if spec.tags:
        common["tags"] = dict(spec.tags)
    if private := spec.notes.get("private_host"):
        common["private_host"] = private
    return common | (_schema_dialect(spec, version, home) if version.schema else _spec_dialect(spec, version, home))


def protection_json(spec: IndexSpec) -> str:
    return "enabled" if spec.deletion_protection else "disabled"


def _spec_dialect(spec: IndexSpec, version: Version, home: Home) -> dict[str, Any]:
    found: dict[str, Any] = {
        "metric": spec.metric,
        "vector_type": spec.vector_type,
        "spec": spec_json(spec.deployment, version, home, spec.notes.get("source_collection")),
    }
    if spec.dimension is not None and spec.vector_type == "dense":
        found["dimension"] = spec.dimension
    if spec.embed is not None:
        found["embed"] = _embed_json(spec.embed)
    return found


def _embed_json(embed: EmbedSpec) -> dict[str, Any]:
    found: dict[str, Any] = {
        "model": embed.model,
        "metric": embed.metric,
        "vector_type": embed.vector_type,
        "field_map": dict(embed.field_map),
        "read_parameters": _READ | dict(embed.read_parameters),
        "write_parameters": _WRITE | dict(embed.write_parameters),
    }
    if embed.dimension is not None and embed.vector_type == "dense":
        found["dimension"] = embed.dimension
    return found


def _schema_dialect(spec: IndexSpec, version: Version, home: Home) -> dict[str, Any]:
    found: dict[str, Any] = {
        "schema": {"fields": schema_fields(spec, version)},
        "deployment": deployment_json(spec.deployment, home),
    }
    if kind_of(spec.deployment) != "pod":
        found["read_capacity"] = capacity_json(said_of(spec.deployment))
    for note in ("source_collection", "source_backup_id", "cmek_id"):
        if note in spec.notes:
            found[note] = spec.notes[note]
    return found


def schema_fields(spec: IndexSpec, version: Version) -> dict[str, Any]:
    """The fields that a schema of this index has, whatever dialect it was created in."""
    if spec.schema is not None:
        known = _ALPHA_STRING if version.name == _ALPHA else _STRING
        search = _ALPHA_SEARCH if version.name == _ALPHA else _SEARCH
        return {name: _document_field(field, known, search) for name, field in spec.schema.items()}
    if spec.embed is not None:
        text = {
            "type": "semantic_text",
            "model": spec.embed.model,
            "metric": spec.embed.metric,
            "read_parameters": _READ | dict(spec.embed.read_parameters),
            "write_parameters": _WRITE | dict(spec.embed.write_parameters),
        }
        return {spec.embed.field_map["text"]: text} | _metadata_fields(spec, version)
    return _vector_fields(spec) | _metadata_fields(spec, version)


def _vector_fields(spec: IndexSpec) -> dict[str, Any]:
    descriptions: Mapping[str, Any] = spec.notes.get("descriptions", {})
    fields: dict[str, Any] = {}
    if spec.vector_type == "dense":
        fields[DENSE] = {"type": "dense_vector", "dimension": spec.dimension, "metric": spec.metric}
    if spec.vector_type == "sparse" or spec.notes.get("hybrid"):
        fields[SPARSE] = {"type": "sparse_vector"}
    for name, field in fields.items():
        if name in descriptions:
            field["description"] = descriptions[name]
    return fields


def _metadata_fields(spec: IndexSpec, version: Version) -> dict[str, Any]:
    """Fields that were declared for filters. They have no type, which a client of 2026-01.alpha cannot read."""
    return {} if version.name == _ALPHA else {name: dict(f) for name, f in fields_of_metadata(spec.deployment).items()}


def _document_field(field: Mapping[str, Any], string_keys: Collection[str], search_keys: Collection[str]) -> Any:
    """The definition of a field; of a string only the keys that a client of the version knows."""
    if field.get("type") != "string":
        return dict(field)
    known = {key: field[key] for key in string_keys if key in field}
    search = known.get("full_text_search")
    if isinstance(search, Mapping):
        known["full_text_search"] = {key: search[key] for key in search_keys if key in search}
    return known
