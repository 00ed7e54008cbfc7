"""What each request about records does, whichever protocol it came by.

REST and gRPC decode what they got into the requests of ``wire.requests``, call these, and encode what comes back. Here
are the rules that belong to a request rather than to an index: what excludes what, how much one call may hold, which
namespace a key may use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import orjson

from pinyon import engine
from pinyon.errors import ForbiddenError, InvalidRequestError
from pinyon.server.roles import Principal
from pinyon.server.settings import RequestLimits
from pinyon.types import IndexStats, NamespaceInfo, Query, QueryResult, Record, WriteResult
from pinyon.wire.namespaces import DEFAULT, namespace_of, spelling
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
from pinyon.wire.results import Fetched, Listed, NamespaceDescription, NamespacePage, Updated
from pinyon.wire.tokens import last_of

_PAGE = 100
_SAMPLE = 20
"""Records whose size is looked at to tell the size of a namespace."""


@dataclass(frozen=True, slots=True)
class Records:
    """The operations on one index, for one caller. Errors are those of ``pinyon.errors``."""

    index: engine.Index
    principal: Principal
    limits: RequestLimits

    # -- writing ------------------------------------------------------------------------------------------------------

    def upsert(self, request: UpsertRequest) -> WriteResult:
        namespace = self._writable(request.namespace)
        self._check_count("records in one upsert", len(request.ids), self.limits.records)
        if request.nbytes > self.limits.decoded_bytes:
            raise InvalidRequestError(
                f"Request size {request.nbytes} bytes exceeds the maximum supported size of "
                f"{self.limits.decoded_bytes} bytes, counted as vectors and metadata. Send fewer records at a time."
            )
        return self.index.upsert(
            namespace, request.ids, request.vectors, sparse=request.sparse, metadata=request.metadata
        )

    def update(self, request: UpdateRequest) -> Updated:
        namespace = self._writable(request.namespace)
        _check_update(request)
        if request.filter is not None:
            written = self.index.update_where(
                namespace, request.filter, request.set_metadata or {}, dry_run=request.dry_run
            )
            return Updated(written.count, self._written(namespace, written, changed=not request.dry_run))
        written = self.index.update(
            namespace,
            cast(str, request.id),
            values=request.values,
            sparse=request.sparse,
            set_metadata=request.set_metadata,
        )
        return Updated(None, self._written(namespace, written))

    def delete(self, request: DeleteRequest) -> WriteResult:
        namespace = self._writable(request.namespace)
        _check_delete(request)
        if request.delete_all:
            written = self.index.delete_all(namespace)
        elif request.filter is not None:
            written = self.index.delete_where(namespace, request.filter)
        else:
            ids = request.ids or ()
            self._check_count("ids in one delete", len(ids), self.limits.ids)
            written = self.index.delete(namespace, ids)
        return WriteResult(written.count, self._written(namespace, written))

    # -- reading ------------------------------------------------------------------------------------------------------

    def query(self, request: QueryRequest, *, explain: bool = False) -> QueryResult:
        """``namespace`` of the result is the one that was meant, not what the caller wrote. explain: with the plan,
        whether the request asks for it or not."""
        namespace = self._named(request.namespace)
        asked = Query(
            request.top_k,
            request.vector,
            request.sparse,
            request.id,
            request.filter,
            request.include_values,
            request.include_metadata,
            exact=request.exact,
            explain=explain or request.explain,
            scan_factor=request.scan_factor,
            max_candidates=request.max_candidates,
            ef_search=request.ef_search,
            nprobe=request.nprobe,
            rerank_depth=request.rerank_depth,
        )
        with np.errstate(over="ignore", invalid="ignore"):  # sums past float32 are infinite: no warning helps a client
            return self.index.query(namespace, asked)

    def fetch(self, request: FetchRequest) -> Fetched:
        namespace = self._named(request.namespace)
        if not request.ids:
            raise InvalidRequestError("ids is missing. Give the ids of the records to fetch.")
        self._check_count("ids in one fetch", len(request.ids), self.limits.ids)
        lsn = self._position(namespace)
        return Fetched(self.index.fetch(namespace, request.ids), lsn)

    def fetch_by_metadata(self, request: FetchByMetadataRequest) -> Fetched:
        namespace = self._named(request.namespace)
        lsn = self._position(namespace)
        records, last = self.index.fetch_where(
            namespace,
            request.filter or {},
            limit=_PAGE if request.limit is None else request.limit,
            after=last_of(request.token),
        )
        return Fetched(records, lsn, last)

    def list_ids(self, request: ListRequest) -> Listed:
        namespace = self._named(request.namespace)
        self._check_prefix(request.prefix, self.index.limits.id_length)
        lsn = self._position(namespace)
        ids, last = self.index.list_ids(
            namespace,
            prefix=request.prefix,
            limit=_PAGE if request.limit is None else request.limit,
            after=last_of(request.token),
        )
        return Listed(ids, lsn, last)

    def stats(self, request: StatsRequest) -> IndexStats:
        self._whole_index()
        if request.filter:
            raise InvalidRequestError(
                "Serverless and Starter indexes do not support describing index stats with metadata filtering. "
                "Leave the filter out; to count records, update by filter with dryRun."
            )
        return self.index.stats()

    # -- namespaces ---------------------------------------------------------------------------------------------------

    def create_namespace(self, request: CreateNamespaceRequest) -> NamespaceDescription:
        if request.name == DEFAULT:
            raise InvalidRequestError(f"The namespace {DEFAULT} is reserved and always there. Choose another name.")
        if not request.name:
            raise InvalidRequestError("A namespace name must not be empty. Give 1 to 512 ASCII characters.")
        self.principal.check_namespace(request.name)
        return self._described(self.index.create_namespace(request.name, request.schema), with_size=False)

    def describe_namespace(self, name: str, *, with_size: bool = False) -> NamespaceDescription:
        return self._described(self.index.describe_namespace(self._named(name)), with_size=with_size)

    def delete_namespace(self, name: str) -> WriteResult:
        return self.index.delete_namespace(self._named(name))

    def list_namespaces(self, request: ListNamespacesRequest, *, with_size: bool = False) -> NamespacePage:
        self._whole_index()
        self._check_prefix(request.prefix, self.index.limits.namespace_length)
        found, last, total = self.index.namespaces(
            prefix=request.prefix,
            limit=_PAGE if request.limit is None else request.limit,
            after=last_of(request.token),
        )
        return NamespacePage([self._described(info, with_size=with_size) for info in found], total, last)

    def _described(self, info: NamespaceInfo, *, with_size: bool) -> NamespaceDescription:
        return NamespaceDescription(
            spelling(info.name),
            info.record_count,
            info.schema if info.schema is not None else _inherited(self.index.spec.deployment),
            self._size(info) if with_size else None,
        )

    def _size(self, info: NamespaceInfo) -> int:
        """Bytes that the records hold, from the mean of the first few: ids, metadata and values."""
        if not info.record_count:
            return 0
        ids, _ = self.index.list_ids(info.name, limit=_SAMPLE)
        sample = list(self.index.fetch(info.name, ids).values())
        return round(sum(map(_record_bytes, sample)) / max(1, len(sample)) * info.record_count)

    # -- rules --------------------------------------------------------------------------------------------------------

    def _named(self, written: str) -> str:
        """The namespace that is meant, once it is sure that this caller may use it."""
        namespace = namespace_of(written)
        self.principal.check_namespace(namespace)
        return namespace

    def _writable(self, written: str) -> str:
        """The same, in an index that takes vectors: a document must fit its schema, which only its own API checks."""
        namespace = self._named(written)
        if self.index.spec.schema is not None:
            raise InvalidRequestError(
                f"Index {self.index.name!r} has a document schema, and the vectors API cannot change documents. Use "
                "POST /namespaces/{namespace}/documents/upsert, update and delete."
            )
        return namespace

    def _whole_index(self) -> None:
        if self.principal.namespace is not None:
            raise ForbiddenError(
                f"This API key may use namespace {self.principal.namespace!r} only, and this concerns all of them."
            )

    def _check_count(self, what: str, count: int, limit: int) -> None:
        if count > limit:
            raise InvalidRequestError(f"{count} {what} are more than {limit}, the limit. Send them in several calls.")

    def _check_prefix(self, prefix: str, limit: int) -> None:
        if not prefix.isascii() or "\0" in prefix or len(prefix) > limit:
            raise InvalidRequestError(
                f"prefix {prefix[:60]!r} must be ASCII without null characters, at most {limit} of them."
            )

    def _position(self, namespace: str) -> int:
        """The LSN up to which a read that begins after this call is complete."""
        return self.index.lsn(namespace) or self.index.read(lambda view: int(view.meta("lsn") or 0))

    def _written(self, namespace: str, written: WriteResult, *, changed: bool = True) -> int:
        """The LSN that a reader must reach to see a write; what changed nothing is seen at once."""
        return written.lsn if written.count and changed else self._position(namespace)


def _check_update(request: UpdateRequest) -> None:
    if (request.id is None) == (request.filter is None):
        raise InvalidRequestError("An update needs either id (one record) or filter (many), and not both.")
    if request.filter is not None and (request.values is not None or request.sparse is not None):
        raise InvalidRequestError(
            "Update by metadata request does not support updating vector values. Update them by id."
        )
    if request.id is not None and request.dry_run:
        raise InvalidRequestError("dryRun counts what a filter matches: it cannot be used with id. Use fetch.")


def _check_delete(request: DeleteRequest) -> None:
    if request.delete_all and request.ids:
        raise InvalidRequestError("No explicit IDs allowed when delete_all=true. Give one of the two.")
    if request.delete_all and request.filter is not None:
        raise InvalidRequestError("No filter allowed when delete_all=true. Give one of the two.")
    if request.ids and request.filter is not None:
        raise InvalidRequestError("A delete takes ids or a filter, not both: it is not clear which records you mean.")
    if not request.delete_all and not request.ids and request.filter is None:
        raise InvalidRequestError("A delete needs exactly one of ids (not empty), filter and deleteAll.")


def _inherited(deployment: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The metadata schema that an index was created with: namespaces without one of their own have it."""
    for kind in deployment.values():
        if isinstance(kind, Mapping) and isinstance(kind.get("schema"), Mapping):
            return cast(Mapping[str, Any], kind["schema"])
    return None


def _record_bytes(record: Record) -> int:
    dense = 0 if record.values is None else record.values.nbytes
    sparse = 0 if record.sparse_values is None else 8 * len(record.sparse_values.indices)
    return len(record.id) + dense + sparse + (0 if record.metadata is None else len(orjson.dumps(record.metadata)))
