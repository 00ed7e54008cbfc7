"""What can be asked of the records of one index, apart from how it was written: JSON and protobuf both become these.

``namespace`` is what the caller wrote; answers repeat it, and ``namespace_of`` says which namespace it means. Records
are columns, so that a write of a thousand needs no object for each. Nothing here has been checked against an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from pinyon.types import Floats


@dataclass(frozen=True, slots=True)
class UpsertRequest:
    """Row i of every column belongs to ``ids[i]``; a column that no record has is None.

    vectors: (n, d) float32; or, where records differ in length, n arrays (None where a record has no dense vector).
    sparse: ``{"indices": [...], "values": [...]}`` or SparseValues. metadata: JSON objects.
    """

    namespace: str
    ids: Sequence[str]
    vectors: Floats | Sequence[Floats | None] | None = None
    sparse: Sequence[Any] | None = None
    metadata: Sequence[Mapping[str, Any] | None] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of what is written: 4 for a number, 8 for a sparse entry, metadata as compact JSON."""
        return _dense_bytes(self.vectors) + 8 * sum(map(_nonzeros, self.sparse or ())) + _metadata_bytes(self.metadata)


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """vector: (d,) float32. sparse: as in an upsert. explain: the answer is to hold the plan.

    What follows ``include_metadata`` comes in JSON only: protobuf has no such fields.
    """

    namespace: str
    top_k: int
    vector: Floats | None = None
    sparse: Any = None
    id: str | None = None
    filter: Mapping[str, Any] | None = None
    include_values: bool = False
    include_metadata: bool = False
    scan_factor: float | None = None
    max_candidates: int | None = None
    ef_search: int | None = None
    nprobe: int | None = None
    rerank_depth: int | None = None
    exact: bool = False
    explain: bool = False


@dataclass(frozen=True, slots=True)
class FetchRequest:
    namespace: str
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class FetchByMetadataRequest:
    """limit: None is the default. token: what the page before gave."""

    namespace: str
    filter: Mapping[str, Any] | None
    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ListRequest:
    namespace: str
    prefix: str = ""
    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """One record by ``id``, or the metadata of every record that ``filter`` matches."""

    namespace: str
    id: str | None = None
    values: Floats | None = None
    sparse: Any = None
    set_metadata: Mapping[str, Any] | None = None
    filter: Mapping[str, Any] | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """Exactly one of ``ids``, ``filter`` and ``delete_all``."""

    namespace: str
    ids: Sequence[str] | None = None
    delete_all: bool = False
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StatsRequest:
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CreateNamespaceRequest:
    """schema: ``{"fields": {"<field>": {"filterable": True}}}``."""

    name: str
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ListNamespacesRequest:
    prefix: str = ""
    limit: int | None = None
    token: str | None = None


def _dense_bytes(vectors: Floats | Sequence[Floats | None] | None) -> int:
    if vectors is None:
        return 0
    if isinstance(vectors, np.ndarray):
        return vectors.nbytes
    return sum(vector.nbytes for vector in vectors if vector is not None)


def _metadata_bytes(metadata: Sequence[Mapping[str, Any] | None] | None) -> int:
    if metadata is None:
        return 0
    try:
        return len(orjson.dumps(metadata))
    except orjson.JSONEncodeError:  # nested too deep to be metadata: the index says so, and names the record
        return 0


def _nonzeros(sparse: Any) -> int:
    if sparse is None:
        return 0
    return len(sparse["indices"] if isinstance(sparse, Mapping) else sparse.indices)
