"""One index: the data operations of the Pinecone SDKs over the engine, and a few that Pinecone does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

from pinyon.errors import InvalidRequestError
from pinyon.pinecone import inputs, reading
from pinyon.pinecone.batch import Batch
from pinyon.pinecone.models import host_of
from pinyon.pinecone.namespaces import NamespaceCalls
from pinyon.pinecone.progress import progress
from pinyon.pinecone.records import RecordCalls
from pinyon.pinecone.results import (
    DescribeIndexStatsResponse,
    FetchResponse,
    ListResponse,
    QueryNamespacesResults,
    QueryResponse,
    UpdateResponse,
    UpsertResponse,
)
from pinyon.pinecone.selectors import check_delete, check_update
from pinyon.pinecone.tokens import namespace_of
from pinyon.pinecone.transport import request
from pinyon.pinecone.vectors import SparseValues, Vector, stored
from pinyon.types import Query, WriteResult


class Index(NamespaceCalls, RecordCalls):
    """A handle on one index, made by ``Pinecone.Index(name)``. Safe to share between threads.

    Every method also takes the SDKs' request keywords. ``timeout`` and the like have no effect; ``async_req=True`` runs
    the call at once and gives a future that is already done.
    ``namespace`` None, "" and "__default__" all mean the default namespace.
    """

    @property
    def name(self) -> str:
        return self._name

    @property
    def host(self) -> str:
        return host_of(self._name)

    # -- writing ------------------------------------------------------------------------------------------------------

    @request
    def upsert(
        self,
        vectors: Any = None,
        namespace: str | None = None,
        batch_size: int | None = None,
        show_progress: bool = True,
        *,
        ids: Sequence[str] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | Mapping[str, Sequence[Any]] | None = None,
        sparse_values: Sequence[Any] | None = None,
    ) -> UpsertResponse:
        """Inserts records, or replaces those with the same ids.

        vectors: dictionaries, tuples (id, values[, metadata]), ``Vector`` objects, a DataFrame with these columns, or
            with ``ids`` an (n, d) array (metadata then is a list of n or a mapping from field to n values).
        batch_size: without it the whole call is one transaction, however many records it has. With it each batch is
            one, and a batch that is refused leaves the earlier ones written.

        Raises InvalidRequestError for bad ids, vectors, sparse values or metadata; then nothing of the batch is stored.
        """
        space = namespace_of(namespace)
        if batch_size is None:
            written = self._write(space, inputs.read_columns(vectors, ids, metadata, sparse_values))
            return UpsertResponse(written.count, written.lsn)
        count, lsn, batches = 0, None, 0
        all_rows = vectors if ids is None else ids
        read = inputs.read_batches(vectors, batch_size, ids=ids, metadata=metadata, sparse_values=sparse_values)
        with progress(show_progress, len(all_rows) if hasattr(all_rows, "__len__") else None) as advance:
            for columns in read:
                written = self._write(space, columns)
                count, lsn, batches = count + written.count, written.lsn, batches + 1
                advance(len(columns.ids))
        return UpsertResponse(count, lsn, batches)

    def _write(self, namespace: str, columns: inputs.Columns) -> WriteResult:
        return self._index.upsert(
            namespace, columns.ids, columns.values, sparse=columns.sparse, metadata=columns.metadata
        )

    @request
    def upsert_from_dataframe(
        self,
        df: Any,
        namespace: str | None = None,
        batch_size: int = 500,
        show_progress: bool = True,
        *,
        on_error: str | None = None,
    ) -> UpsertResponse:
        """Upserts a pandas DataFrame with the columns id, values and optionally sparse_values, metadata.

        A refused batch always raises: ``on_error="collect"`` is not offered, because batches here do not fail in part.
        """
        if not inputs.is_dataframe(df):
            raise InvalidRequestError(f"Only pandas DataFrames are supported, got {type(df).__name__}: use upsert().")
        if on_error not in (None, "raise"):
            raise InvalidRequestError(
                f"on_error must be 'raise' or None here, got {on_error!r}: catch the error instead."
            )
        return self.upsert(df, namespace, batch_size, show_progress)

    @request
    def update(
        self,
        id: str | None = None,
        values: Any = None,
        set_metadata: Mapping[str, Any] | None = None,
        namespace: str | None = None,
        sparse_values: SparseValues | Mapping[str, Any] | None = None,
        *,
        filter: Mapping[str, Any] | None = None,
        dry_run: bool = False,
    ) -> UpdateResponse:
        """Changes one record by ``id``, or the metadata of every record that ``filter`` matches.

        ``set_metadata`` is merged into what is there. An unknown id is no error. ``dry_run`` only counts.
        """
        check_update(id, filter, values, sparse_values, dry_run)
        space = namespace_of(namespace)
        if filter is not None:
            written = self._index.update_where(space, filter, set_metadata or {}, dry_run=dry_run)
            return UpdateResponse(written.count, written.lsn)
        written = self._index.update(
            space, cast(str, id), values=values, sparse=sparse_values, set_metadata=set_metadata
        )
        return UpdateResponse(None, written.lsn)

    @request
    def delete(
        self,
        ids: Sequence[str] | None = None,
        delete_all: bool | None = None,
        namespace: str | None = None,
        filter: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Deletes by ``ids`` (unknown ones are no error), by ``filter``, or everything in the namespace. Gives {}."""
        check_delete(ids, delete_all, filter)
        space = namespace_of(namespace)
        if filter is not None:
            self._index.delete_where(space, filter)
        elif ids is not None:
            self._index.delete(space, ids)
        else:
            self._index.delete_all(space)
        return {}

    def batch(self) -> Batch:
        """``with index.batch() as b:`` collects b.upsert, b.update and b.delete, and commits all of them as one.

        They take the arguments of the methods of the same names here. An exception inside the block discards
        everything that was collected.
        """
        return Batch(self._index.batch())

    # -- reading ------------------------------------------------------------------------------------------------------

    @request
    def query(
        self,
        *,
        top_k: int,
        vector: Any = None,
        id: str | None = None,
        namespace: str | None = None,
        filter: Mapping[str, Any] | None = None,
        include_values: bool | None = False,
        include_metadata: bool | None = False,
        sparse_vector: SparseValues | Mapping[str, Any] | None = None,
        scan_factor: float | None = None,
        max_candidates: int | None = None,
        ef_search: int | None = None,
        nprobe: int | None = None,
        rerank_depth: int | None = None,
        exact: bool = False,
        explain: bool = False,
    ) -> QueryResponse:
        """The ``top_k`` records nearest to ``vector`` and/or ``sparse_vector``, or to the record ``id``.

        exact: compare with every record that the filter keeps. explain: say in ``plan`` how the answer was found.
        scan_factor: 0.5 to 4, times the number of candidates that a search through codes looks at first.
        max_candidates: top_k to 100,000; such a search rescores no more, and may then miss the index's recall target.
        ef_search: 1 to 10,000, rows that a search of a graph (hnsw, symqg) keeps in view.
        nprobe: 1 to 65,536, clusters that a search of an ivf index reads.
        rerank_depth: top_k to 100,000, candidates that are rescored with the stored vectors.
            These three have no effect where a kind knows nothing of them; a sparse index refuses them.
        An unknown namespace or id gives no matches.
        """
        query = Query(
            top_k,
            vector,
            sparse_vector,
            id,
            filter,
            bool(include_values),
            bool(include_metadata),
            exact,
            explain,
            scan_factor=scan_factor,
            max_candidates=max_candidates,
            ef_search=ef_search,
            nprobe=nprobe,
            rerank_depth=rerank_depth,
        )
        return reading.answer(self._index.query(namespace_of(namespace), query))

    @request
    def query_namespaces(
        self,
        vector: Any = None,
        namespaces: Sequence[str] = (),
        metric: str | None = None,
        top_k: int | None = None,
        filter: Mapping[str, Any] | None = None,
        include_values: bool | None = False,
        include_metadata: bool | None = False,
        sparse_vector: SparseValues | Mapping[str, Any] | None = None,
        *,
        scan_factor: float | None = None,
        max_candidates: int | None = None,
        ef_search: int | None = None,
        nprobe: int | None = None,
        rerank_depth: int | None = None,
        exact: bool = False,
    ) -> QueryNamespacesResults:
        """The ``top_k`` (default 10) best matches of several namespaces together; each match says its namespace.

        metric: may be left out; when given it must be the index's own. Equal scores keep the order of ``namespaces``.
        """
        own = self._index.spec.metric
        if metric is not None and metric != own:
            raise InvalidRequestError(
                f"metric {str(metric)!r} is not that of index {self.name!r}, which is {own!r}: give that one or none."
            )
        if isinstance(namespaces, str) or not namespaces:
            raise InvalidRequestError(f"namespaces must be a list of at least one name, got {namespaces!r}.")
        limit = 10 if top_k is None else top_k
        answers = {
            space: self.query(
                top_k=limit,
                vector=vector,
                namespace=space,
                filter=filter,
                include_values=include_values,
                include_metadata=include_metadata,
                sparse_vector=sparse_vector,
                scan_factor=scan_factor,
                max_candidates=max_candidates,
                ef_search=ef_search,
                nprobe=nprobe,
                rerank_depth=rerank_depth,
                exact=exact,
            )
            for space in dict.fromkeys(map(namespace_of, namespaces))
        }
        return reading.merge(answers, limit, ascending=own == "euclidean")

    @request
    def fetch(self, ids: Sequence[str], namespace: str | None = None) -> FetchResponse:
        """Records by id, with values and metadata. Ids that do not exist are absent from ``vectors``."""
        space = namespace_of(namespace)
        records = self._index.fetch(space, ids)
        return reading.fetched(records, space)

    @request
    def fetch_by_metadata(
        self,
        filter: Mapping[str, Any],
        namespace: str | None = None,
        limit: int | None = None,
        pagination_token: str | None = None,
    ) -> FetchResponse:
        """Records that ``filter`` matches, in the order of their ids, ``limit`` (default 100) a page."""
        space = namespace_of(namespace)
        after = reading.after_of(pagination_token)
        records, last = self._index.fetch_where(space, filter, limit=100 if limit is None else limit, after=after)
        return reading.fetched(records, space, reading.pagination(last))

    @request
    def list_paginated(
        self,
        prefix: str | None = None,
        limit: int | None = None,
        pagination_token: str | None = None,
        namespace: str | None = None,
    ) -> ListResponse:
        """One page of ids in bytewise order, ``limit`` (default and most 100) of them."""
        space = namespace_of(namespace)
        after = reading.after_of(pagination_token)
        ids, last = self._index.list_ids(space, prefix=prefix or "", limit=100 if limit is None else limit, after=after)
        return ListResponse(ids, space, reading.pagination(last))

    @request
    def list(
        self,
        prefix: str | None = None,
        limit: int | None = None,
        namespace: str | None = None,
        pagination_token: str | None = None,
    ) -> Iterator[ListResponse]:
        """Pages of ids until there are no more. A page is a list of ids, and has ``.vectors`` as in SDK 10."""
        token = pagination_token
        while True:
            page = self.list_paginated(prefix, limit, token, namespace)
            if page:
                yield page
            if page.pagination is None:
                return
            token = page.pagination.next

    def iterate(
        self,
        namespace: str | None = None,
        *,
        filter: Mapping[str, Any] | None = None,
        include_values: bool = True,
    ) -> Iterator[Vector]:
        """Every record of a namespace in the order of its id, in constant memory. Other writes may go on meanwhile."""
        records = self._index.iterate(namespace_of(namespace), filter=filter, include_values=include_values)
        return map(stored, records)

    @request
    def describe_index_stats(self, filter: Mapping[str, Any] | None = None) -> DescribeIndexStatsResponse:
        """Record counts by namespace. A filter is refused, as serverless indexes do."""
        if filter is not None:
            raise InvalidRequestError(
                "Serverless and Starter indexes do not support describing index stats with metadata filtering. "
                "Count with update(filter=..., set_metadata=..., dry_run=True).matched_records instead."
            )
        return DescribeIndexStatsResponse(self._index.stats())

    def ready(self, namespace: str | None = None, timeout: float | None = None, *, graphs: bool = True) -> bool:
        """Waits until the background work on what was written is done: searches are right before, and faster after.

        namespace None means all of them here. With ``graphs=False`` it waits for the codes only, which keep the
        promised recall by themselves and take seconds; a graph, where the index has one, follows in the background.
        Gives False when ``timeout`` seconds ran out first.
        """
        return self._index.ready(None if namespace is None else namespace_of(namespace), timeout, graphs=graphs)

    # -- life cycle ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._open is None:
            return f"Index({self._name!r}, closed)"
        spec = self._open.spec
        return f"Index({spec.name!r}, {spec.vector_type}, dimension={spec.dimension}, metric={spec.metric!r})"

    def _repr_html_(self) -> str:
        return self.describe_index_stats()._repr_html_()
