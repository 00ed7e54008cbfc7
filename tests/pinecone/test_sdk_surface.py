"""Every public method and parameter of the official SDKs is here too, or is listed below with the reason.

``sdk_surface.json`` was taken by introspection of the packages pinecone 7.3.0 and 10.2.0.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import pinyon
from pinyon import Pinecone, exceptions
from pinyon.pinecone import Index
from pinyon.pinecone.client import _WITHOUT_EFFECT
from pinyon.pinecone.transport import TRANSPORT

SURFACE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("sdk_surface.json").read_text("utf-8"))

SDK_INTERNALS = dict.fromkeys(
    ("config", "load_plugins", "openapi_config", "pool_threads"), "connections and plugins of the SDK"
)
NOT_HERE = {
    "Pinecone": {
        "IndexAsyncio": "asynchronous face: in process nothing waits for a network",
        "assistant": "assistants need a language model",
        "assistants": "assistants need a language model",
        "backup_schedules": "nothing runs between calls that could keep a schedule: use cron",
        "collections": "static copies of pod indexes: backups take their place",
        "config": "connection settings of the SDK",
        "create_collection": "see collections",
        "delete_collection": "see collections",
        "describe_collection": "see collections",
        "describe_restore_job": "a restore is complete when create_index_from_backup returns",
        "from_documents": "raises in the SDK too",
        "from_texts": "raises in the SDK too",
        "index_api": "deprecated internals of the SDK",
        "index_host_store": "deprecated internals of the SDK",
        "list_collections": "see collections",
        "list_restore_jobs": "see describe_restore_job",
        "load_plugins": "plugins of the SDK",
        "openapi_config": "deprecated internals of the SDK",
        "pool_threads": "deprecated internals of the SDK",
        "restore_jobs": "see describe_restore_job",
    },
    "Index": {
        "bulk_import": "imports read cloud storage; files on disk are read by the command line",
        "cancel_import": "see bulk_import",
        "config": "connection settings of the SDK",
        "describe_import": "see bulk_import",
        "documents": "document schemas are another kind of index",
        "list_imports": "see bulk_import",
        "list_imports_paginated": "see bulk_import",
        "load_plugins": "plugins of the SDK",
        "openapi_config": "deprecated internals of the SDK",
        "pool_threads": "deprecated internals of the SDK",
        "start_import": "see bulk_import",
        "__init__": "made by Pinecone.Index(), never by hand",
    },
    "inference": {"close": "it opens nothing", **SDK_INTERNALS},
    "inference.model": SDK_INTERNALS,
    "db.index": SDK_INTERNALS,
    "db.backup": SDK_INTERNALS,
    "Index.namespace": SDK_INTERNALS,
}

PARAMETERS_NOT_HERE = {
    ("indexes", "configure"): {"schema": "it changes the parameters of semantic_text fields, which documents have"},
}

CASES = [
    (version, place, method)
    for version, places in SURFACE.items()
    for place, methods in places.items()
    if isinstance(methods, dict) and place != "enums"
    for method in methods
]


def _place(place: str, pc: Pinecone, index: Index) -> Any:
    roots: dict[str, Any] = {"Pinecone": pc, "Index": index}
    first, *rest = place.split(".") if place.split(".")[0] in roots else ["Pinecone", *place.split(".")]
    found = roots[first]
    for name in rest:
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(("version", "place", "method"), CASES)
def test_every_method_and_parameter_of_the_sdks_exists(
    version: str, place: str, method: str, pc: Pinecone, index: Index
) -> None:
    wanted = SURFACE[version][place][method]
    owner = _place(place, pc, index)
    if method in NOT_HERE.get(place, {}):
        assert method == "__init__" or not hasattr(owner, method), f"{place}.{method} exists: strike it off the list"
        return
    found = getattr(owner, method)
    if wanted is None:
        return
    known = inspect.signature(found).parameters.keys() | TRANSPORT | PARAMETERS_NOT_HERE.get((place, method), {}).keys()
    if method == "__init__":
        known |= _WITHOUT_EFFECT
    assert [name for name in wanted if name not in known] == []


POSITIONS = {
    ("Pinecone", "create_index"): ["name", "spec", "dimension", "metric", "timeout", "deletion_protection"],
    ("Pinecone", "create_index_for_model"): ["name", "cloud", "region", "embed", "tags", "deletion_protection"],
    ("Pinecone", "configure_index"): ["name", "replicas", "pod_type", "deletion_protection", "tags", "embed"],
    ("Index", "upsert"): ["vectors", "namespace", "batch_size", "show_progress"],
    ("Index", "update"): ["id", "values", "set_metadata", "namespace", "sparse_values"],
    ("Index", "delete"): ["ids", "delete_all", "namespace", "filter"],
    ("Index", "fetch"): ["ids", "namespace"],
    ("Index", "query_namespaces"): ["vector", "namespaces", "metric", "top_k", "filter"],
    ("Index", "search"): ["namespace", "query", "rerank", "fields"],
    ("Index", "list_paginated"): ["prefix", "limit", "pagination_token", "namespace"],
    ("Index", "upsert_records"): ["namespace", "records"],
    ("Index", "upsert_from_dataframe"): ["df", "namespace", "batch_size", "show_progress"],
}


@pytest.mark.parametrize(("place", "method"), POSITIONS)
def test_positional_arguments_are_in_the_order_of_sdk_7(place: str, method: str) -> None:
    owner = {"Pinecone": Pinecone, "Index": Index}[place]
    names = [name for name in inspect.signature(getattr(owner, method)).parameters if name != "self"]
    expected = POSITIONS[place, method]
    assert names[: len(expected)] == expected == SURFACE["7.3.0"][place][method][: len(expected)]


@pytest.mark.parametrize("version", SURFACE)
def test_every_exception_name_of_the_sdks_can_be_caught(version: str) -> None:
    for name in SURFACE[version]["exceptions"]:
        assert issubclass(getattr(exceptions, name), pinyon.PinyonError)
        assert getattr(pinyon, name) is getattr(exceptions, name)


@pytest.mark.parametrize("version", SURFACE)
def test_enumerations_hold_the_members_of_the_sdks(version: str) -> None:
    for name, members in SURFACE[version]["enums"].items():
        for member, value in members.items():
            assert getattr(pinyon, name)[member] == value


def test_the_constructor_takes_every_keyword_of_the_sdks() -> None:
    for version in SURFACE:
        keywords = dict.fromkeys(SURFACE[version]["Pinecone"]["__init__"])
        with Pinecone(**keywords, path=":memory:") as pc:  # type: ignore[arg-type]
            assert pc.list_indexes().names() == []
    with Pinecone("key", path=":memory:") as pc:
        assert repr(pc) == "Pinecone(path=':memory:')"
