"""What the data operations answer: matches, fetched records, pages of ids, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pinyon.pinecone.vectors import NamespacedVector, ScoredVector, Vector
from pinyon.pinecone.view import View, frame, html_table, lines, plain, short
from pinyon.types import IndexStats, NamespaceInfo, Plan, Quality


class Fields(View):
    """A result that holds exactly its fields, in the order of ``_fields``."""

    __slots__ = ()

    def __init__(self, *values: Any) -> None:
        for name, value in zip(self._fields, values, strict=True):
            setattr(self, name, value)


class Usage(Fields):
    """``read_units``: 1 for each request. Nothing is billed here; callers that add them up keep working."""

    __slots__ = _fields = ("read_units",)
    read_units: int

    def __init__(self, read_units: int = 1) -> None:
        self.read_units = read_units


class Pagination(Fields):
    """``next``: the token that asks for the page after this one."""

    __slots__ = _fields = ("next",)
    next: str


class ResponseInfo(Fields):
    """Log sequence numbers: of this write (``lsn_committed``), or of the state that a read saw (``lsn_reconciled``)."""

    __slots__ = _fields = ("lsn_committed", "lsn_reconciled")
    lsn_committed: int | None
    lsn_reconciled: int | None

    def is_reconciled(self, target: int) -> bool:
        return self.lsn_reconciled is not None and self.lsn_reconciled >= target


class QueryResponse(View):
    """``matches`` best first, ``namespace``, ``usage``; ``plan`` when the query asked to explain itself."""

    __slots__ = ("lsn", "matches", "namespace", "plan", "usage")
    _fields: ClassVar[tuple[str, ...]] = ("matches", "namespace", "usage")

    def __init__(
        self,
        matches: list[ScoredVector],
        namespace: str,
        usage: Usage,
        lsn: int | None = None,
        plan: Plan | None = None,
    ) -> None:
        self.matches = matches
        self.namespace = namespace
        self.usage = usage
        self.lsn = lsn
        self.plan = plan

    @property
    def response_info(self) -> ResponseInfo:
        return ResponseInfo(None, self.lsn)

    def to_pandas(self) -> Any:
        """One row a match: id, score, values, metadata."""
        return frame([plain(match) for match in self.matches], ("id", "score", "values", "metadata"))

    def __repr__(self) -> str:
        return lines(f"{type(self).__name__}(namespace={self.namespace!r}, matches=", self.matches)

    def _repr_html_(self) -> str:
        rows = [(match.id, match.score, match.metadata) for match in self.matches]
        return html_table(f"{len(rows)} matches in namespace '{self.namespace}'", ("id", "score", "metadata"), rows)


class QueryNamespacesResults(QueryResponse):
    """The best matches of several namespaces together; ``ns_usage`` is the usage of each."""

    __slots__ = ("ns_usage",)
    _fields: ClassVar[tuple[str, ...]] = ("matches", "usage", "ns_usage")
    matches: list[NamespacedVector]  # type: ignore[assignment]
    ns_usage: Mapping[str, Usage]

    def __repr__(self) -> str:
        return lines(f"QueryNamespacesResults(namespaces={list(self.ns_usage)!r}, matches=", self.matches)


class FetchResponse(View):
    """``vectors`` by id; ids that do not exist are absent. ``pagination`` is None on the last page."""

    __slots__ = ("namespace", "pagination", "usage", "vectors")
    _fields: ClassVar[tuple[str, ...]] = ("vectors", "namespace", "usage", "pagination")

    def __init__(
        self, vectors: dict[str, Vector], namespace: str, usage: Usage, pagination: Pagination | None = None
    ) -> None:
        self.vectors = vectors
        self.namespace = namespace
        self.usage = usage
        self.pagination = pagination

    def to_pandas(self) -> Any:
        """One row a record: id, values, metadata."""
        return frame([View.to_dict(vector) for vector in self.vectors.values()], ("id", "values", "metadata"))

    def __repr__(self) -> str:
        return lines(f"{type(self).__name__}(namespace={self.namespace!r}, vectors=", list(self.vectors.values()))

    def _repr_html_(self) -> str:
        rows = [(vector.id, vector.metadata) for vector in self.vectors.values()]
        return html_table(f"{len(rows)} records in namespace '{self.namespace}'", ("id", "metadata"), rows)


FetchByMetadataResponse = FetchResponse


class ListedId(Fields):
    __slots__ = _fields = ("id",)
    id: str


class ListResponse(list[str]):
    """A page of ids. It is the list of ids that SDK 7 gives, and has the fields of the page that SDK 10 gives."""

    _fields: ClassVar[tuple[str, ...]] = ("vectors", "pagination", "namespace", "usage")

    def __init__(self, ids: Iterable[str], namespace: str, pagination: Pagination | None) -> None:
        super().__init__(ids)
        self.namespace = namespace
        self.pagination = pagination
        self.usage = Usage()

    @property
    def vectors(self) -> list[ListedId]:
        return [ListedId(id) for id in self]

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) and key in self._fields else super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key) if key in self._fields else default

    def to_dict(self) -> dict[str, Any]:
        return {name: plain(getattr(self, name)) for name in self._fields}


class UpsertResponse(View):
    """``upserted_count``: records given. The other counts follow SDK 10; a write either happens whole or raises."""

    __slots__ = ("lsn", "total_batch_count", "upserted_count")
    _fields: ClassVar[tuple[str, ...]] = ("upserted_count",)

    def __init__(self, upserted_count: int, lsn: int | None = None, batches: int = 1) -> None:
        self.upserted_count = upserted_count
        self.lsn = lsn
        self.total_batch_count = batches

    @property
    def response_info(self) -> ResponseInfo:
        return ResponseInfo(self.lsn, None)

    @property
    def total_item_count(self) -> int:
        return self.upserted_count

    successful_item_count = success_count = total_item_count

    @property
    def successful_batch_count(self) -> int:
        return self.total_batch_count

    @property
    def errors(self) -> list[Any]:
        return []

    failed_items = errors

    @property
    def failed_item_count(self) -> int:
        return 0

    failed_batch_count = error_count = failed_item_count

    @property
    def has_errors(self) -> bool:
        return False


class UpsertRecordsResponse(Fields):
    __slots__ = _fields = ("record_count",)
    record_count: int


class UpdateResponse(View):
    """``matched_records``: records that the filter matched; None for an update by id."""

    __slots__ = ("lsn", "matched_records")
    _fields: ClassVar[tuple[str, ...]] = ("matched_records",)

    def __init__(self, matched_records: int | None = None, lsn: int | None = None) -> None:
        self.matched_records = matched_records
        self.lsn = lsn

    @property
    def response_info(self) -> ResponseInfo:
        return ResponseInfo(self.lsn, None)


class SearchQuality(Fields):
    """What is known of the recall of a namespace's searches, and what is done about it.

    recall: mean over ``checked`` live queries that were repeated exactly, of which ``exact_share`` had been answered
    exactly anyway; before the first, what the build measured. low, high: its 95 % confidence interval, None till then.
    label: "exact" where every record is scored, "measured" from 200 checked queries on, "estimate" before.
    holds: whether ``low`` reaches ``target``; None while it is an estimate. effort: work of a search, as a multiple of
    what stored vectors needed.
    """

    __slots__ = _fields = ("recall", "low", "high", "label", "target", "holds", "effort", "checked", "exact_share")
    recall: float
    low: float | None
    high: float | None
    label: str
    target: float
    holds: bool | None
    effort: float
    checked: int
    exact_share: float

    def __init__(self, quality: Quality) -> None:
        low, high = quality.interval or (None, None)
        judged = quality.label, quality.target, quality.holds, quality.effort, quality.checked, quality.exact_share
        super().__init__(quality.recall, low, high, *judged)


class NamespaceSummary(Fields):
    """``quality``: of namespaces large enough for approximate search, else None."""

    __slots__ = _fields = ("vector_count", "quality")
    vector_count: int
    quality: SearchQuality | None


class DescribeIndexStatsResponse(View):
    """Record counts. ``namespaces`` maps each name ("" is the default one) to its ``vector_count``."""

    __slots__ = _fields = (
        "namespaces",
        "dimension",
        "index_fullness",
        "total_vector_count",
        "metric",
        "vector_type",
    )

    def __init__(self, stats: IndexStats) -> None:
        found = {name: SearchQuality(quality) for name, quality in stats.quality.items()}
        self.namespaces = {name: NamespaceSummary(count, found.get(name)) for name, count in stats.namespaces.items()}
        self.dimension = stats.dimension
        self.index_fullness = 0.0
        self.total_vector_count = stats.total
        self.metric = stats.metric
        self.vector_type = stats.vector_type

    def _rows(self) -> list[tuple[str, int]]:
        return [(name, summary.vector_count) for name, summary in self.namespaces.items()]

    def to_pandas(self) -> Any:
        """One row a namespace: namespace, vector_count."""
        return frame([{"namespace": n, "vector_count": c} for n, c in self._rows()], ("namespace", "vector_count"))

    def _repr_html_(self) -> str:
        caption = f"{self.total_vector_count} {self.vector_type} records, dimension {self.dimension}, {self.metric}"
        return html_table(caption, ("namespace", "vector_count"), self._rows())


class NamespaceDescription(View):
    """One namespace. It also reads as the page of one that SDK 10 iterates over (``.namespaces``)."""

    __slots__ = _fields = ("name", "record_count", "schema")

    def __init__(self, info: NamespaceInfo) -> None:
        self.name = info.name
        self.record_count = info.record_count
        self.schema = info.schema

    @property
    def indexed_fields(self) -> list[str]:
        return list((self.schema or {}).get("fields", {}))

    @property
    def namespaces(self) -> list[NamespaceDescription]:
        return [self]


class ListNamespacesResponse(View):
    """A page of namespaces; ``total_count`` counts all that match the prefix."""

    __slots__ = _fields = ("namespaces", "pagination", "total_count")

    def __init__(self, namespaces: list[NamespaceDescription], pagination: Pagination | None, total_count: int) -> None:
        self.namespaces = namespaces
        self.pagination = pagination
        self.total_count = total_count

    def _repr_html_(self) -> str:
        rows = [(namespace.name, namespace.record_count) for namespace in self.namespaces]
        return html_table(f"{self.total_count} namespaces", ("name", "record_count"), rows)


class SearchUsage(Fields):
    """``embed_total_tokens``: words of the query, None for a search by vector or id. ``rerank_units``: None when
    nothing was reranked. Nothing is billed here."""

    __slots__ = _fields = ("read_units", "embed_total_tokens", "rerank_units")
    read_units: int
    embed_total_tokens: int | None
    rerank_units: int | None


class Hit(View):
    """One search hit: ``_id``, ``_score`` and the stored ``fields`` that were asked for. ``parts``: of a hybrid search
    by words that was to be explained, the ``dense`` score and the ``lexical`` one."""

    __slots__ = ("_id", "_score", "fields", "parts")
    _fields: ClassVar[tuple[str, ...]] = ("_id", "_score", "fields")
    _aliases: ClassVar[Mapping[str, str]] = {"id": "_id", "score": "_score", "id_": "_id", "score_": "_score"}

    def __init__(self, id: str, score: float, fields: dict[str, Any], parts: Mapping[str, float] | None = None) -> None:
        self._id = id
        self._score = score
        self.fields = fields
        self.parts = parts

    @property
    def id(self) -> str:
        return self._id

    @property
    def score(self) -> float:
        return self._score

    id_ = id
    score_ = score

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(self._aliases.get(key, key))

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(self._aliases.get(key, key), default)


class SearchResult(Fields):
    __slots__ = _fields = ("hits",)
    hits: list[Hit]


class SearchRecordsResponse(View):
    """``result.hits`` best first, and ``usage``."""

    __slots__ = ("plan", "result", "usage")
    _fields: ClassVar[tuple[str, ...]] = ("result", "usage")

    def __init__(
        self, hits: Sequence[Hit], plan: Plan | None = None, tokens: int | None = None, rerank_units: int | None = None
    ) -> None:
        self.result = SearchResult(list(hits))
        self.usage = SearchUsage(1, tokens, rerank_units)
        self.plan = plan

    def to_pandas(self) -> Any:
        """One row a hit: _id, _score and a column for each field."""
        rows = [{"_id": hit.id, "_score": hit.score, **hit.fields} for hit in self.result.hits]
        columns = dict.fromkeys(name for row in rows for name in row)
        return frame(rows, list(columns) or ["_id", "_score"])

    def __repr__(self) -> str:
        return lines("SearchRecordsResponse(hits=", self.result.hits)

    def _repr_html_(self) -> str:
        rows = [(hit.id, hit.score, short(hit.fields)) for hit in self.result.hits]
        return html_table(f"{len(rows)} hits", ("_id", "_score", "fields"), rows)
