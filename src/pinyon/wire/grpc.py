"""The vectors API in protobuf: messages become requests, results become messages.

Metadata and filters are protobuf Structs, whose numbers are all doubles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.types import Floats, IndexStats, Match, QueryResult, Record, SparseValues
from pinyon.wire.namespaces import read_schema, stats_spelling
from pinyon.wire.protobuf import QUICK, parse
from pinyon.wire.requests import (
    CreateNamespaceRequest,
    DeleteRequest,
    FetchByMetadataRequest,
    FetchRequest,
    ListNamespacesRequest,
    ListRequest,
    QueryRequest,
    StatsRequest,
    UpdateRequest,
    UpsertRequest,
)
from pinyon.wire.results import LIST_UNITS, QUERY_UNITS, Fetched, Listed, NamespaceDescription, NamespacePage, Updated
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

# -- requests ---------------------------------------------------------------------------------------------------------
# All raise InvalidRequestError for bytes that are no such message.


def read_upsert(body: bytes) -> UpsertRequest:
    message, quick = parse("UpsertRequest", body)
    vectors = message.vectors
    sparse = [_sparse(vector.sparse_values, quick) if vector.HasField("sparse_values") else None for vector in vectors]
    metadata = [_object(vector.metadata) if vector.HasField("metadata") else None for vector in vectors]
    return UpsertRequest(
        message.namespace,
        [vector.id for vector in vectors],
        _column([vector.values for vector in vectors], quick),
        None if sparse.count(None) == len(sparse) else sparse,
        None if metadata.count(None) == len(metadata) else metadata,
    )


def read_query(body: bytes) -> QueryRequest:
    """``queries``, long deprecated, is passed over."""
    message, quick = parse("QueryRequest", body)
    return QueryRequest(
        message.namespace,
        message.top_k,
        _floats(message.vector, quick),
        _sparse(message.sparse_vector, quick) if message.HasField("sparse_vector") else None,
        message.id or None,
        _filter(message),
        message.include_values,
        message.include_metadata,
        message.scan_factor if message.HasField("scan_factor") else None,
        message.max_candidates if message.HasField("max_candidates") else None,
    )


def read_fetch(body: bytes) -> FetchRequest:
    message, _ = parse("FetchRequest", body)
    return FetchRequest(message.namespace, list(message.ids))


def read_fetch_by_metadata(body: bytes) -> FetchByMetadataRequest:
    message, _ = parse("FetchByMetadataRequest", body)
    return FetchByMetadataRequest(
        message.namespace, _filter(message), _given(message, "limit"), _given(message, "pagination_token")
    )


def read_list(body: bytes) -> ListRequest:
    message, _ = parse("ListRequest", body)
    return ListRequest(message.namespace, message.prefix, _given(message, "limit"), _given(message, "pagination_token"))


def read_update(body: bytes) -> UpdateRequest:
    message, quick = parse("UpdateRequest", body)
    return UpdateRequest(
        message.namespace,
        message.id or None,
        _floats(message.values, quick),
        _sparse(message.sparse_values, quick) if message.HasField("sparse_values") else None,
        _object(message.set_metadata) if message.HasField("set_metadata") else None,
        _filter(message),
        message.dry_run,
    )


def read_delete(body: bytes) -> DeleteRequest:
    message, _ = parse("DeleteRequest", body)
    return DeleteRequest(message.namespace, list(message.ids) or None, message.delete_all, _filter(message))


def read_stats(body: bytes) -> StatsRequest:
    message, _ = parse("DescribeIndexStatsRequest", body)
    return StatsRequest(_filter(message))


def read_list_namespaces(body: bytes) -> ListNamespacesRequest:
    message, _ = parse("ListNamespacesRequest", body)
    return ListNamespacesRequest(message.prefix, _given(message, "limit"), _given(message, "pagination_token"))


def read_namespace(name: str, body: bytes) -> str:
    """The one field of DescribeNamespaceRequest and DeleteNamespaceRequest."""
    message, _ = parse(name, body)
    return str(message.namespace)


def read_create_namespace(body: bytes) -> CreateNamespaceRequest:
    message, _ = parse("CreateNamespaceRequest", body)
    schema = None
    if message.HasField("schema"):
        fields = {name: {"filterable": value.filterable} for name, value in message.schema.fields.items()}
        schema = read_schema({"fields": fields})
    return CreateNamespaceRequest(message.name, schema)


def _given(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _filter(message: Any) -> dict[str, Any] | None:
    return _object(message.filter) if message.HasField("filter") else None


def _floats(values: Any, quick: bool) -> Floats | None:
    """(d,) float32; None for none."""
    if not values:
        return None
    return _array(values) if quick else np.array(values, np.float32)


def _array(parts: Iterable[bytes]) -> Floats:
    data = b"".join(parts)
    if len(data) % 4:
        raise InvalidRequestError(f"Invalid request: {len(data)} bytes are no array of 32-bit numbers.")
    return np.frombuffer(data, "<f4").astype(np.float32, copy=False)


def _column(values: Sequence[Any], quick: bool) -> Floats | list[Floats | None] | None:
    """An (n, d) array; or one array a record where they differ in length, or some have none."""
    if not any(values):
        return None
    if quick:
        data = [b"".join(parts) for parts in values]
        if len(set(map(len, data))) == 1:
            return _array(data).reshape(len(data), -1)
    return [_floats(parts, quick) for parts in values]


def _sparse(message: Any, quick: bool) -> dict[str, Any]:
    values = _floats(message.values, quick)
    return {"indices": list(message.indices), "values": [] if values is None else values}


def _object(struct: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _object(value.struct_value)
    return None if kind in {None, "null_value"} else getattr(value, kind)


# -- answers ----------------------------------------------------------------------------------------------------------


def upsert_body(count: int) -> bytes:
    return _bytes(QUICK["UpsertResponse"](upserted_count=count))


def query_body(result: QueryResult, namespace: str) -> bytes:
    message = QUICK["QueryResponse"](namespace=namespace, usage={"read_units": QUERY_UNITS})
    for match in result.matches:
        _fill(message.matches.add(id=match.id, score=match.score), match)
    return _bytes(message)


def fetch_body(fetched: Fetched, namespace: str, *, by_metadata: bool = False) -> bytes:
    kind = "FetchByMetadataResponse" if by_metadata else "FetchResponse"
    message = QUICK[kind](namespace=namespace, usage={"read_units": fetched.read_units})
    for id_, record in fetched.records.items():
        vector = message.vectors[id_]
        vector.id = id_
        _fill(vector, record)
    if by_metadata and fetched.last is not None:
        message.pagination.next = token_of(fetched.last)
    return _bytes(message)


def list_body(listed: Listed, namespace: str) -> bytes:
    message = QUICK["ListResponse"](
        vectors=[{"id": id_} for id_ in listed.ids], namespace=namespace, usage={"read_units": LIST_UNITS}
    )
    if listed.last is not None:
        message.pagination.next = token_of(listed.last)
    return _bytes(message)


def update_body(updated: Updated) -> bytes:
    return _bytes(QUICK["UpdateResponse"](matched_records=updated.matched))


def stats_body(stats: IndexStats, version: Version) -> bytes:
    message = QUICK["DescribeIndexStatsResponse"](
        dimension=stats.dimension,
        total_vector_count=stats.total,
        metric=stats.metric,
        vector_type=stats.vector_type,
    )
    for name, count in stats.namespaces.items():
        message.namespaces[stats_spelling(name, version)].vector_count = count
    return _bytes(message)


def namespace_body(namespace: NamespaceDescription) -> bytes:
    return _bytes(_namespace(QUICK["NamespaceDescription"](), namespace))


def namespaces_body(page: NamespacePage) -> bytes:
    message = QUICK["ListNamespacesResponse"](total_count=page.total)
    for namespace in page.namespaces:
        _namespace(message.namespaces.add(), namespace)
    if page.last is not None:
        message.pagination.next = token_of(page.last)
    return _bytes(message)


def _namespace(message: Any, namespace: NamespaceDescription) -> Any:
    message.name = namespace.name
    message.record_count = namespace.record_count
    if namespace.schema is not None:
        message.schema.SetInParent()
        for field in namespace.indexed_fields or ():
            message.schema.fields[field].filterable = True
            message.indexed_fields.fields.append(field)
    if namespace.size_bytes is not None:
        message.size_bytes = namespace.size_bytes
    return message


def _fill(message: Any, found: Match | Record) -> None:
    """Values, sparse values and metadata of a Vector or ScoredVector."""
    if found.values is not None:
        message.values.append(_packed(found.values))
    if found.sparse_values is not None:
        _fill_sparse(message.sparse_values, found.sparse_values)
    if found.metadata is not None:
        _fill_struct(message.metadata, found.metadata)


def _fill_sparse(message: Any, sparse: SparseValues) -> None:
    message.indices.extend(sparse.indices.tolist())
    message.values.append(_packed(sparse.values))


def _packed(values: Floats) -> bytes:
    return np.asarray(values, "<f4").tobytes()


def _fill_struct(message: Any, metadata: Mapping[str, Any]) -> None:
    message.SetInParent()
    message.update(metadata)


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())
