"""What clients demand of an index and a backup, as data: required and optional members with their types.

The tables of the schema dialect are those of the strictest client, which refuses a missing member and a wrong type; the
others come from the published specifications.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]
"""member -> type or nested shape; a member that ends in ``?`` may be absent."""

STATUS: Shape = {"ready": bool, "state": str}
CAPACITY_STATUS: Shape = {"state": str, "current_replicas?": int, "current_shards?": int}
CAPACITIES: dict[str, Shape] = {
    "OnDemand": {"mode": str, "status": CAPACITY_STATUS},
    "Dedicated": {
        "mode": str,
        "dedicated": {"node_type": str, "scaling": str, "manual": {"shards": int, "replicas": int}},
        "status": CAPACITY_STATUS,
    },
}
EMBED: Shape = {
    "model": str,
    "metric": str,
    "dimension?": int,
    "vector_type": str,
    "field_map": {"text": str},
    "read_parameters": dict,
    "write_parameters": dict,
}
OLD_INDEX: Shape = {
    "name": str,
    "metric": str,
    "host": str,
    "status": STATUS,
    "spec": dict,
    "vector_type": str,
    "deletion_protection": str,
    "dimension?": int,
    "tags?": dict,
    "embed?": EMBED,
    "private_host?": str,
}
OLD_SPECS: dict[str, Shape] = {
    "serverless": {
        "cloud": str,
        "region": str,
        "source_collection?": str,
        "read_capacity?": dict,
        "schema?": {"fields": dict},
    },
    "pod": {
        "environment": str,
        "pod_type": str,
        "replicas": int,
        "shards": int,
        "pods": int,
        "metadata_config?": {"indexed": list},
        "source_collection?": str,
    },
    "byoc": {"environment": str, "read_capacity?": dict, "schema?": {"fields": dict}},
}
NEW_INDEX: Shape = {
    "name": str,
    "host": str,
    "status": STATUS,
    "schema": {"fields": dict},
    "deployment": dict,
    "deletion_protection": str,
    "read_capacity?": dict,
    "tags?": dict,
    "private_host?": str,
    "source_collection?": str,
    "source_backup_id?": str,
    "cmek_id?": str,
}
DEPLOYMENTS: dict[str, Shape] = {
    "managed": {"deployment_type": str, "cloud": str, "region": str},
    "pod": {"deployment_type": str, "environment": str, "pod_type": str, "replicas": int, "shards": int},
    "byoc": {"deployment_type": str, "environment": str},
}
MODEL: Shape = {"model": str, "dimension": int, "metric": str, "write_parameters": dict, "read_parameters": dict}
FIELDS: dict[str, Shape] = {
    "dense_vector": {"type": str, "dimension": int, "metric": str, "description?": str},
    "sparse_vector": {"type": str, "description?": str},
    "semantic_text": {
        "type": str,
        "model": str,
        "metric?": str,
        "read_parameters?": dict,
        "write_parameters?": dict,
    },
    "string": {
        "type": str,
        "description?": str,
        "filterable?": bool,
        "full_text_search?": {
            "language": str,
            "stemming": bool,
            "stop_words": bool,
            "ngram?": {"min_gram": int, "max_gram": int, "prefix_only": bool},
        },
        "embed?": MODEL,
        "sparse_embed?": {"model": str, "write_parameters": dict, "read_parameters": dict},
        "store_text?": bool,
    },
    "float": {"type": str, "description?": str, "filterable?": bool},
    "boolean": {"type": str, "description?": str, "filterable?": bool},
    "string_list": {"type": str, "description?": str, "filterable?": bool},
    "": {"filterable": bool},
}
ALPHA_STRING: Shape = {
    "type": str,
    "description?": str,
    "filterable?": bool,
    "full_text_search?": {
        "language": str,
        "stemming": bool,
        "stop_words": bool,
        "lowercase": bool,
        "max_term_len": int,
    },
}
BACKUP: Shape = {
    "backup_id": str,
    "source_index_name": str,
    "source_index_id": str,
    "status": str,
    "cloud": str,
    "region": str,
    "name": str,
    "description": str,
    "record_count": int,
    "namespace_count": int,
    "size_bytes": int,
    "created_at": str,
    "tags?": dict,
}
OLD_BACKUP: Shape = {**BACKUP, "metric": str, "dimension?": int, "schema?": {"fields": dict}}
NEW_BACKUP: Shape = {
    **BACKUP,
    "schema": {"fields": dict},
    "source_index_deleted_at?": str,
    "scheduled_execution_at?": str,
}


def check(value: Any, shape: Shape, where: str = "") -> None:
    """Every required member is there, every member is known and of its type. A bool is no int, a float neither."""
    assert type(value) is dict, f"{where or 'the answer'} is {value!r}"
    known = {name.removesuffix("?") for name in shape}
    assert set(value) <= known, f"{where} has unknown members {set(value) - known}"
    for name, wanted in shape.items():
        member = name.removesuffix("?")
        if member not in value:
            assert name.endswith("?"), f"{where}.{member} is missing"
        elif isinstance(wanted, dict):
            check(value[member], wanted, f"{where}.{member}")
        else:
            assert type(value[member]) is wanted, f"{where}.{member} is {value[member]!r}"


def check_index(value: dict[str, Any], version: str) -> None:
    """An index, in the dialect of a version."""
    if version not in ("2026-01.alpha", "2026-07"):
        check(value, OLD_INDEX)
        assert len(value["spec"]) == 1
        kind, spec = next(iter(value["spec"].items()))
        check(spec, OLD_SPECS[kind], f"spec.{kind}")
        assert ("read_capacity" in spec) == (kind != "pod" and version >= "2025-10")
        if "read_capacity" in spec:
            check_capacity(spec["read_capacity"])
        return
    check(value, NEW_INDEX)
    check(value["deployment"], DEPLOYMENTS[value["deployment"]["deployment_type"]], "deployment")
    check_fields(value["schema"]["fields"], version)
    if "read_capacity" in value:
        check_capacity(value["read_capacity"])


def check_fields(fields: dict[str, Any], version: str) -> None:
    for name, field in fields.items():
        kind = field.get("type", "")
        assert kind or version != "2026-01.alpha", f"{name} has no type, which the alpha client cannot decode"
        shape = ALPHA_STRING if kind == "string" and version == "2026-01.alpha" else FIELDS[kind]
        check(field, shape, f"schema.fields.{name}")


def check_capacity(value: dict[str, Any]) -> None:
    check(value, CAPACITIES[value["mode"]], "read_capacity")


def check_backup(value: dict[str, Any], version: str) -> None:
    if version in ("2026-01.alpha", "2026-07"):
        check(value, NEW_BACKUP)
        check_fields(value["schema"]["fields"], version)
    else:
        check(value, OLD_BACKUP)
