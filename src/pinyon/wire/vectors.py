"""The vectors API in JSON: bodies become requests, results become bodies. Names are camelCase here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from pinyon.types import Floats, IndexStats, Match, Quality, QueryResult, Record, SparseValues
from pinyon.wire.fields import Fields, check_sparse, check_types, packed, refuse
from pinyon.wire.namespaces import stats_spelling
from pinyon.wire.plans import plan_body
from pinyon.wire.requests import (
    DeleteRequest,
    FetchByMetadataRequest,
    QueryRequest,
    StatsRequest,
    UpdateRequest,
    UpsertRequest,
)
from pinyon.wire.results import LIST_UNITS, QUERY_UNITS, Fetched, Listed, Updated
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

_UPSERT = ("namespace", "vectors")
_QUERY = (
    "efSearch",
    "exact",
    "explain",
    "filter",
    "id",
    "includeMetadata",
    "includeValues",
    "maxCandidates",
    "namespace",
    "nprobe",
    "rerankDepth",
    "scanFactor",
    "sparseVector",
    "topK",
    "vector",
)
_FETCH_BY_METADATA = ("filter", "limit", "namespace", "paginationToken")
_UPDATE = ("dryRun", "filter", "id", "namespace", "setMetadata", "sparseValues", "values")
_DELETE = ("deleteAll", "filter", "ids", "namespace")
_STATS = ("filter",)
_LARGEST = float(np.finfo(np.float32).max)
_NUMPY = orjson.OPT_SERIALIZE_NUMPY


def _fields(body: Mapping[str, Any], known: Sequence[str], version: Version) -> Fields:
    """The members of a body. Version 2026-07 knows no others; older ones pass over them."""
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(known)
    return fields


# -- requests ---------------------------------------------------------------------------------------------------------


def read_upsert(body: Mapping[str, Any], version: Version) -> UpsertRequest:
    """Raises InvalidRequestError. Metadata is the index's to judge."""
    fields = _fields(body, _UPSERT, version)
    namespace = fields.text("namespace") or ""
    records = fields.array("vectors")
    if records is None:
        refuse("vectors is missing. Give an array of records.")
    try:
        ids = [record["id"] for record in records]
        values = [record.get("values") for record in records]
    except (KeyError, TypeError, AttributeError):
        check_types(records, (dict,), "vectors", "an object")
        at = next(at for at, record in enumerate(records) if "id" not in record)
        refuse(f"vectors[{at}].id is missing. Give each record an id.")
    if not {str}.issuperset(map(type, ids)):
        at = next(at for at, id_ in enumerate(ids) if type(id_) is not str)
        Fields(records[at], f"vectors[{at}]").text("id")
        refuse(f"vectors[{at}].id is null. Give each record an id.")
    metadata = [record.get("metadata") for record in records]
    return UpsertRequest(
        namespace,
        ids,
        _dense_column(values),
        _sparse_column([record.get("sparseValues") for record in records]),
        None if metadata.count(None) == len(metadata) else metadata,
    )


def _dense_column(values: list[Any]) -> Floats | list[Floats | None] | None:
    """An (n, d) array; or one array a record where they differ in length, or some have none."""
    kinds = set(map(type, values))
    if not kinds <= {list, type(None)}:
        at = next(at for at, value in enumerate(values) if type(value) not in (list, type(None)))
        Fields({"values": values[at]}, f"vectors[{at}]").array("values")
    if kinds == {list} and values[0] and len(set(map(len, values))) == 1:
        return packed(values, "vectors[{}].values".format)
    if not any(values):
        return None
    return [
        Fields({"values": value}, f"vectors[{at}]").vector("values") if value else None
        for at, value in enumerate(values)
    ]


def _sparse_column(sparse: list[Any]) -> list[Any] | None:
    if sparse.count(None) == len(sparse):
        return None
    for at, value in enumerate(sparse):
        if value is not None:
            check_sparse(value, f"vectors[{at}].sparseValues")
    return sparse


def read_query(body: Mapping[str, Any], version: Version) -> QueryRequest:
    """Raises InvalidRequestError. ``queries``, long deprecated, is passed over up to 2026-04 and refused after it."""
    fields = _fields(body, _QUERY, version)
    top_k = fields.whole("topK")
    if top_k is None:
        refuse("topK is missing. Give the number of matches that you want.")
    return QueryRequest(
        fields.text("namespace") or "",
        top_k,
        fields.vector("vector"),
        fields.sparse("sparseVector"),
        fields.text("id"),
        fields.object("filter"),
        fields.flag("includeValues"),
        fields.flag("includeMetadata"),
        fields.number("scanFactor"),
        fields.whole("maxCandidates"),
        fields.whole("efSearch"),
        fields.whole("nprobe"),
        fields.whole("rerankDepth"),
        fields.flag("exact"),
        fields.flag("explain"),
    )


def read_fetch_by_metadata(body: Mapping[str, Any], version: Version) -> FetchByMetadataRequest:
    """Raises InvalidRequestError."""
    fields = _fields(body, _FETCH_BY_METADATA, version)
    return FetchByMetadataRequest(
        fields.text("namespace") or "",
        fields.object("filter"),
        fields.whole("limit"),
        fields.text("paginationToken"),
    )


def read_update(body: Mapping[str, Any], version: Version) -> UpdateRequest:
    """Raises InvalidRequestError."""
    fields = _fields(body, _UPDATE, version)
    return UpdateRequest(
        fields.text("namespace") or "",
        fields.text("id"),
        fields.vector("values"),
        fields.sparse("sparseValues"),
        fields.object("setMetadata"),
        fields.object("filter"),
        fields.flag("dryRun"),
    )


def read_delete(body: Mapping[str, Any], version: Version) -> DeleteRequest:
    """Raises InvalidRequestError."""
    fields = _fields(body, _DELETE, version)
    return DeleteRequest(
        fields.text("namespace") or "", fields.texts("ids"), fields.flag("deleteAll"), fields.object("filter")
    )


def read_stats(body: Mapping[str, Any], version: Version) -> StatsRequest:
    """Raises InvalidRequestError."""
    return StatsRequest(_fields(body, _STATS, version).object("filter"))


# -- answers ----------------------------------------------------------------------------------------------------------


def upsert_body(count: int) -> bytes:
    return b'{"upsertedCount":%d}' % count


def query_body(result: QueryResult, namespace: str, version: Version, *, explain: bool = False) -> bytes:
    """explain: with the plan, before the usage, which ends every answer."""
    return orjson.dumps(
        {
            **({} if version.since("2026-07") else {"results": []}),
            "matches": [_match(match) for match in result.matches],
            "namespace": namespace,
            **({"plan": plan_body(result.plan)} if explain else {}),
            "usage": {"readUnits": QUERY_UNITS},
        },
        option=_NUMPY,
    )


def fetch_body(fetched: Fetched, namespace: str) -> bytes:
    return orjson.dumps(
        {
            "vectors": {id_: _record(record) for id_, record in fetched.records.items()},
            "namespace": namespace,
            **_pagination(fetched.last),
            "usage": {"readUnits": fetched.read_units},
        },
        option=_NUMPY,
    )


def list_body(listed: Listed, namespace: str) -> bytes:
    return orjson.dumps(
        {
            "vectors": [{"id": id_} for id_ in listed.ids],
            "namespace": namespace,
            **_pagination(listed.last),
            "usage": {"readUnits": LIST_UNITS},
        }
    )


def update_body(updated: Updated) -> bytes:
    return b"{}" if updated.matched is None else b'{"matchedRecords":%d}' % updated.matched


def stats_body(stats: IndexStats, version: Version) -> bytes:
    found: dict[str, Any] = {
        "namespaces": {
            stats_spelling(name, version): {"vectorCount": count, **_quality(stats.quality.get(name))}
            for name, count in stats.namespaces.items()
        },
        "indexFullness": 0.0,
        "totalVectorCount": stats.total,
        "metric": stats.metric,
        "vectorType": stats.vector_type,
    }
    if stats.dimension is not None:
        found["dimension"] = stats.dimension
    return orjson.dumps(found)


def _quality(quality: Quality | None) -> dict[str, Any]:
    """A field of our own, for namespaces large enough for approximate search."""
    if quality is None:
        return {}
    low, high = quality.interval or (None, None)
    return {
        "quality": {
            "recall": quality.recall,
            "low": low,
            "high": high,
            "label": quality.label,
            "target": quality.target,
            "holds": quality.holds,
            "effort": quality.effort,
            "checked": quality.checked,
            "exactShare": quality.exact_share,
        }
    }


def _match(match: Match) -> dict[str, Any]:
    score = match.score
    if not math.isfinite(score):  # sums past the range of float32, for which JSON has no number
        score = math.copysign(_LARGEST, score)
    found: dict[str, Any] = {"id": match.id, "score": score, "values": [] if match.values is None else match.values}
    if match.sparse_values is not None:
        found["sparseValues"] = _sparse(match.sparse_values)
    if match.metadata is not None:
        found["metadata"] = match.metadata
    return found


def _record(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {"id": record.id, "values": [] if record.values is None else record.values}
    if record.sparse_values is not None:
        found["sparseValues"] = _sparse(record.sparse_values)
    if record.metadata is not None:
        found["metadata"] = record.metadata
    return found


def _sparse(sparse: SparseValues) -> dict[str, Any]:
    return {"indices": sparse.indices, "values": sparse.values}


def _pagination(last: str | None) -> dict[str, Any]:
    """Absent on the last page: clients of 2025-04 would ask on for ever."""
    return {} if last is None else {"pagination": {"next": token_of(last)}}
