"""What a caller says when creating an index: specs, embedding settings, search requests.

Cloud and region have no effect in process; they are stored and echoed by ``describe_index``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.enums import DeletionProtection


class _Plain:
    """Dataclasses that turn into dictionaries without their unset fields."""

    def to_dict(self) -> dict[str, Any]:
        values = ((f.name, getattr(self, f.name)) for f in fields(self))  # type: ignore[arg-type]
        return {name: value for name, value in values if value is not None}

    as_dict = to_dict

    def get(self, key: str, default: Any = None) -> Any:
        return self.to_dict().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self.to_dict()[key]


@dataclass(slots=True)
class ServerlessSpec(_Plain):
    cloud: str
    region: str
    read_capacity: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None

    def asdict(self) -> dict[str, Any]:
        return {"serverless": self.to_dict()}


@dataclass(slots=True)
class PodSpec(_Plain):
    """Accepted so that old code runs: the index is made as any other, there are no pods here."""

    environment: str
    pod_type: str = "p1.x1"
    replicas: int | None = None
    shards: int | None = None
    pods: int | None = None
    metadata_config: Mapping[str, Any] | None = None
    source_collection: str | None = None

    def asdict(self) -> dict[str, Any]:
        return {"pod": self.to_dict()}


@dataclass(slots=True)
class ByocSpec(_Plain):
    environment: str
    read_capacity: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None

    def asdict(self) -> dict[str, Any]:
        return {"byoc": self.to_dict()}


@dataclass(slots=True)
class IndexEmbed(_Plain):
    """``field_map``: which record field holds the text, ``{"text": "<field>"}``; of a model that takes pictures also
    which holds the picture, ``{"text": ..., "image": "<field>"}``, by default "image"."""

    model: str
    field_map: Mapping[str, Any]
    metric: str | None = None
    read_parameters: Mapping[str, Any] | None = None
    write_parameters: Mapping[str, Any] | None = None
    dimension: int | None = None


EmbedConfig = IndexEmbed


@dataclass(slots=True)
class SearchQueryVector(_Plain):
    values: Any = None
    sparse_values: list[float] | None = None
    sparse_indices: list[int] | None = None


@dataclass(slots=True)
class SearchQuery(_Plain):
    inputs: Mapping[str, Any] | None = None
    top_k: int | None = None
    filter: Mapping[str, Any] | None = None
    vector: Any = None
    id: str | None = None
    match_terms: Mapping[str, Any] | None = None


@dataclass(slots=True)
class SearchRerank(_Plain):
    model: str
    rank_fields: list[str] | None = None
    top_n: int | None = None
    parameters: Mapping[str, Any] | None = None
    query: str | None = None


def as_mapping(value: Any, what: str) -> Mapping[str, Any]:
    """A dictionary or one of the classes above, as a dictionary."""
    if isinstance(value, _Plain):
        return value.to_dict()
    if isinstance(value, Mapping):
        return value
    raise InvalidRequestError(f"{what} must be a dictionary or its class, got {type(value).__name__} {value!r:.80}.")


_DEPLOYMENTS = ("serverless", "pod", "byoc")


def deployment_of(spec: object) -> dict[str, Any]:
    """The stored form of a spec, ``{"serverless": {"cloud": ..., "region": ...}}``; empty when none was given."""
    if spec is None:
        return {}
    if isinstance(spec, (ServerlessSpec, PodSpec, ByocSpec)):
        return _plain_dict(spec.asdict())
    if not isinstance(spec, Mapping):
        raise InvalidRequestError(
            f"spec must be a ServerlessSpec, PodSpec, ByocSpec or dictionary, got {type(spec).__name__} {spec!r:.80}. "
            'Pass dimension and metric by name: create_index("docs", dimension=768, metric="cosine").'
        )
    keys = [key for key in _DEPLOYMENTS if key in spec]
    if len(keys) != 1 or len(spec) != 1:
        raise InvalidRequestError(
            f"spec must hold exactly one of the keys {', '.join(_DEPLOYMENTS)}, got {sorted(map(str, spec))}. "
            'Example: {"serverless": {"cloud": "aws", "region": "us-east-1"}}.'
        )
    inner = spec[keys[0]]
    return _plain_dict({keys[0]: inner.to_dict() if isinstance(inner, _Plain) else inner})


def _plain_dict(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Enumeration members as their text, nested mappings as dictionaries: what JSON can store."""
    return {str(key): _plain(inner) for key, inner in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _plain_dict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def is_protected(value: str | None) -> bool | None:
    """``"enabled"`` -> True, ``"disabled"`` -> False, None -> None (unchanged)."""
    if value is None:
        return None
    if value in (DeletionProtection.ENABLED, DeletionProtection.DISABLED):
        return value == DeletionProtection.ENABLED
    raise InvalidRequestError(f"deletion_protection must be either 'enabled' or 'disabled', got {value!r}.")


def vectors_of_schema(schema: Any) -> tuple[str, int | None, str]:
    """(vector type, dimension, metric) of the schema of a classic vector index, the only kind that is served here."""
    fields = as_mapping(schema, "schema").get("fields")
    if not isinstance(fields, Mapping) or set(fields) not in ({"_values"}, {"_sparse_values"}):
        found = sorted(map(str, fields)) if isinstance(fields, Mapping) else fields
        raise InvalidRequestError(
            f"schema must hold exactly one of the fields _values and _sparse_values, got {found!r:.80}. "
            "Document schemas are not available here: keep other fields in metadata."
        )
    if "_sparse_values" in fields:
        return "sparse", None, "dotproduct"
    return "dense", fields["_values"].get("dimension"), fields["_values"].get("metric") or "cosine"
