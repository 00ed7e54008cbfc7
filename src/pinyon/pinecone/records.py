"""Integrated embedding: records of text go in, text queries are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinyon.errors import InvalidRequestError, ModelMismatchError
from pinyon.pinecone.handle import OpenIndex
from pinyon.pinecone.modeling import embedder_of
from pinyon.pinecone.results import Hit, SearchRecordsResponse, UpsertRecordsResponse
from pinyon.pinecone.specs import as_mapping
from pinyon.pinecone.tokens import namespace_of
from pinyon.pinecone.transport import request
from pinyon.types import Embedder, EmbedSpec, IndexSpec, Query

_QUERY_KEYS = ("inputs", "top_k", "filter", "vector", "id", "match_terms")


class RecordCalls(OpenIndex):
    """The methods of an index that was made with ``create_index_for_model``."""

    @request
    def upsert_records(
        self, namespace: str | None = None, records: Sequence[Mapping[str, Any]] = ()
    ) -> UpsertRecordsResponse:
        """Embeds the text of each record and stores the record, its text included, as metadata. One transaction.

        A record has ``_id`` (or ``id``) and the text field of the index's field map; every other field is metadata.
        Raises ModelMismatchError when the installed model is not the one that made the vectors of this index.
        """
        if not isinstance(records, (list, tuple)) or not records:
            raise InvalidRequestError("Invalid request: records must be a list of at least one dictionary.")
        embed, embedder = self._embedding("upsert_records")
        field = embed.field_map["text"]
        ids = [_record_id(row, record) for row, record in enumerate(records)]
        texts = [_text(id, record, field) for id, record in zip(ids, records, strict=True)]
        metadata = [{key: record[key] for key in record if key not in ("_id", "id")} for record in records]
        vectors = embedder.embed(texts, input_type="passage")
        self._index.upsert(namespace_of(namespace), ids, vectors, metadata=metadata)
        return UpsertRecordsResponse(len(ids))

    @request
    def search(
        self,
        namespace: str | None = None,
        query: Any = None,
        rerank: Any = None,
        fields: Sequence[str] | None = None,
        *,
        top_k: int | None = None,
        inputs: Mapping[str, Any] | None = None,
        vector: Any = None,
        id: str | None = None,
        filter: Mapping[str, Any] | None = None,
        match_terms: Mapping[str, Any] | None = None,
        exact: bool = False,
        explain: bool = False,
    ) -> SearchRecordsResponse:
        """The ``top_k`` records nearest to the text ``inputs={"text": ...}``, to ``vector``, or to the record ``id``.

        The request may come as ``query={...}`` (SDK 7) or as keywords (SDK 10), not both.
        fields: which stored fields each hit carries; None or ["*"] means all.
        """
        values = (inputs, top_k, filter, vector, id, match_terms)
        given = {key: value for key, value in zip(_QUERY_KEYS, values, strict=True) if value is not None}
        if query is not None:
            given = _merged(given, as_mapping(query, "query"))
        if rerank is not None:
            raise InvalidRequestError(
                "Reranking is not available: no reranking model is installed with Pinyon yet. "
                "Leave rerank out, or rerank the hits yourself."
            )
        if given.get("match_terms") is not None:
            raise InvalidRequestError(
                "match_terms works on sparse embedding models only, and this index has none. Use a metadata filter."
            )
        result = self._index.query(namespace_of(namespace), self._query(given, exact, explain))
        names = None if fields is None or "*" in fields else set(fields)
        hits = [Hit(match.id, match.score, _fields(match.metadata, names)) for match in result.matches]
        return SearchRecordsResponse(hits, result.plan)

    search_records = search

    def _query(self, given: Mapping[str, Any], exact: bool, explain: bool) -> Query:
        if given.get("top_k") is None:
            raise InvalidRequestError("top_k is missing: say how many hits to return, for example top_k=10.")
        ways = [name for name in ("inputs", "vector", "id") if given.get(name) is not None]
        if len(ways) != 1:
            raise InvalidRequestError(
                f"search() needs exactly one of inputs, vector and id; got {' and '.join(ways) or 'none of them'}."
            )
        vector, sparse = _vectors(given.get("vector"))
        if ways == ["inputs"]:
            vector = self._embed_query(given["inputs"])
        return Query(given["top_k"], vector, sparse, given.get("id"), given.get("filter"), False, True, exact, explain)

    def _embed_query(self, inputs: Any) -> Any:
        text = inputs.get("text") if isinstance(inputs, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise InvalidRequestError(f"inputs must be {{'text': '<your query>'}}, got {inputs!r:.80}.")
        _, embedder = self._embedding("search")
        return embedder.embed([text], input_type="query")[0]

    def _embedding(self, caller: str) -> tuple[EmbedSpec, Embedder]:
        """The index's model, proven to be the one that made its vectors."""
        spec = self._index.spec
        if spec.embed is None:
            raise InvalidRequestError(
                f"Index {spec.name!r} has no embedding model, so {caller}() cannot turn text into vectors. "
                "Create it with create_index_for_model(), or embed the text yourself and use upsert() and query()."
            )
        embedder = embedder_of(self._models, spec.embed.model)
        check_identity(spec, spec.embed, embedder)
        return spec.embed, embedder


def check_identity(spec: IndexSpec, embed: EmbedSpec, embedder: Embedder) -> None:
    if embedder.identity != embed.identity:
        raise ModelMismatchError(
            f"Index {spec.name!r} holds vectors of the model {embed.identity!r}, and the installed model is "
            f"{embedder.identity!r}: their vectors cannot be compared. Install the version that the index was made "
            "with, or create a new index for the installed model and upsert the records again."
        )


def _record_id(row: int, record: Any) -> str:
    if not isinstance(record, Mapping):
        raise InvalidRequestError(f"Record {row} must be a dictionary, got {type(record).__name__}.")
    id = record.get("_id", record.get("id"))
    if not isinstance(id, str):
        raise InvalidRequestError(f"Record at index {row} must contain an '_id' or 'id' field of text, got {id!r}.")
    return id


def _text(id: str, record: Mapping[str, Any], field: str) -> str:
    text = record.get(field)
    if not isinstance(text, str) or not text.strip():
        found = f"holds {text!r:.60}" if field in record else f"is missing: its fields are {sorted(map(str, record))}"
        raise InvalidRequestError(
            f"Record {id!r}: the field {field!r}, which this index embeds, {found}. Give every record a text there."
        )
    return text


def _merged(given: dict[str, Any], query: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(map(str, query.keys() - set(_QUERY_KEYS)))
    if unknown:
        raise InvalidRequestError(f"query has the unknown key(s) {unknown}; it may have {', '.join(_QUERY_KEYS)}.")
    if given:
        raise InvalidRequestError(f"Give the search either in query= or as keywords; got query= and {sorted(given)}.")
    return dict(query)


def _vectors(vector: Any) -> tuple[Any, Any]:
    """(dense, sparse) of a search vector: numbers, or a dictionary with values, sparse_values, sparse_indices."""
    if vector is None:
        return None, None
    if not isinstance(vector, Mapping) and not hasattr(vector, "as_dict"):
        return vector, None
    parts = as_mapping(vector, "vector")
    sparse = None
    if parts.get("sparse_indices") is not None:
        sparse = {"indices": parts["sparse_indices"], "values": parts.get("sparse_values")}
    return parts.get("values"), sparse


def _fields(metadata: Mapping[str, Any] | None, names: set[str] | None) -> dict[str, Any]:
    return {key: value for key, value in (metadata or {}).items() if names is None or key in names}
