"""Namespaces in JSON, and the two spellings of the default one.

The namespace of requests that name none is "" inside, and on the wire of the records. Where answers list namespaces,
it is ``__default__``, the only spelling that fits into a path; in the statistics, versions up to 2025-04 say "".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from pinyon.filters.show import shown
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.requests import CreateNamespaceRequest
from pinyon.wire.results import NamespaceDescription, NamespacePage
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

DEFAULT = "__default__"
_CREATE = ("name", "schema")


def namespace_of(written: str | None) -> str:
    """The namespace that a caller means."""
    return "" if written is None or written == DEFAULT else written


def spelling(name: str) -> str:
    """How a namespace is called where namespaces are described or listed."""
    return name or DEFAULT


def stats_spelling(name: str, version: Version) -> str:
    """How a namespace is called in the statistics of an index."""
    return spelling(name) if version.since("2025-10") else name


def read_create(body: Mapping[str, Any], version: Version) -> CreateNamespaceRequest:
    """Raises InvalidRequestError."""
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(_CREATE)
    name = fields.text("name")
    if name is None:
        refuse("name is missing. Give the new namespace a name.")
    return CreateNamespaceRequest(name, read_schema(fields.object("schema")))


def read_schema(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """``{"fields": {"<field>": {"filterable": True}}}``, or None. Raises InvalidRequestError."""
    if schema is None:
        return None
    given = Fields(schema, "schema").object("fields")
    if given is None:
        refuse("schema.fields is missing. Give the fields to filter by, or leave schema out.")
    for name, definition in given.items():
        where = f"schema.fields[{shown(name)}]"
        if not name or name.startswith("$"):
            refuse(f"{where} is no name of a metadata field: it is empty or begins with '$'.")
        if type(definition) is not dict:
            refuse(f"{where} must be an object such as {{'filterable': true}}, got {shown(definition)}.")
        if "filterable" not in definition:
            refuse(f"{where}.filterable is missing. Set it to true, or leave the field out.")
        if not Fields(definition, where).flag("filterable"):
            refuse(
                f"Field '{name[:80]}' is set to filterable: false. Only filterable: true is supported. "
                "To avoid indexing the field, omit it from the list of fields."
            )
    return {"fields": {name: {"filterable": True} for name in given}}


def namespace_json(namespace: NamespaceDescription, version: Version) -> dict[str, Any]:
    found: dict[str, Any] = {"name": namespace.name, "record_count": namespace.record_count}
    if namespace.schema is not None and version.since("2025-10"):
        found["schema"] = namespace.schema
        found["indexed_fields"] = {"fields": namespace.indexed_fields}
    if namespace.size_bytes is not None:
        found["size_bytes"] = namespace.size_bytes
    return found


def namespace_body(namespace: NamespaceDescription, version: Version) -> bytes:
    return orjson.dumps(namespace_json(namespace, version))


def page_body(page: NamespacePage, version: Version) -> bytes:
    found: dict[str, Any] = {"namespaces": [namespace_json(item, version) for item in page.namespaces]}
    if page.last is not None:
        found["pagination"] = {"next": token_of(page.last)}
    if version.since("2025-10"):
        found["total_count"] = page.total
    return orjson.dumps(found)
