"""Integrated embedding: records of text go in, text queries are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinyon.engine.blending import read_fusion
from pinyon.engine.records import find_records, write_records
from pinyon.errors import InvalidRequestError
from pinyon.pinecone.handle import OpenIndex
from pinyon.pinecone.results import Hit, SearchRecordsResponse, UpsertRecordsResponse
from pinyon.pinecone.specs import as_mapping
from pinyon.pinecone.tokens import namespace_of
from pinyon.pinecone.transport import request
from pinyon.types import Fusion, RecordQuery, RerankRequest, SearchMode

_QUERY_KEYS = ("inputs", "top_k", "filter", "vector", "id", "match_terms", "mode", "fusion")


class RecordCalls(OpenIndex):
    """The methods of an index that was made with ``create_index_for_model``."""

    @request
    def upsert_records(
        self, namespace: str | None = None, records: Sequence[Mapping[str, Any]] = ()
    ) -> UpsertRecordsResponse:
        """Embeds the text of each record and stores the record, its text included, as metadata. One transaction.

        A record has ``_id`` (or ``id``) and the text field of the index's field map; every other field is metadata.
        Where the model takes pictures, it has the text, a picture in the field for images (bytes, base64, a data URL,
        or a ``pathlib.Path``), or both; of the picture, the digest is stored. A vector of both is the normalised mean
        of the two unit vectors.
        Raises ModelMismatchError when the installed model is not the one that made the vectors of this index.
        """
        write_records(self._index, self._models, namespace_of(namespace), records)
        return UpsertRecordsResponse(len(records))

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
        mode: SearchMode | None = None,
        fusion: Fusion | Mapping[str, Any] | str | None = None,
        exact: bool = False,
        explain: bool = False,
    ) -> SearchRecordsResponse:
        """The ``top_k`` records nearest to the text ``inputs={"text": ...}``, to ``vector``, or to the record ``id``;
        where the model takes pictures also to ``inputs={"image": ...}``, or to a text and a picture together.

        The request may come as ``query={...}`` (SDK 7) or as keywords (SDK 10), not both.
        match_terms: ``{"strategy": "all", "terms": [...]}``, words that every hit must hold; sparse indexes only.
        mode: what the text is compared with: "dense" (vectors, the default), "lexical" (words) or "hybrid", which joins
        both as fusion says: "adaptive", "weighted", "rrf", or ``{"method": "rrf", "constant": 20, "depth": 100}``,
        ``{"weight": 0.7}``. With explain=True each hit of a hybrid search has ``parts``: both its scores.
        rerank: ``{"model": ..., "rank_fields": [...], "top_n": ..., "query": ...}``, by default the embedded field and
        the text of the search. fields: which stored fields each hit carries; None or ["*"] means all.
        """
        values = (inputs, top_k, filter, vector, id, match_terms, mode, fusion)
        given = {key: value for key, value in zip(_QUERY_KEYS, values, strict=True) if value is not None}
        if query is not None:
            given = _merged(given, as_mapping(query, "query"))
        wanted = _record_query(given, exact, explain)
        ranking = None if rerank is None else _rerank_request(as_mapping(rerank, "rerank"))
        found = find_records(self._index, self._models, namespace_of(namespace), wanted, ranking)
        names = None if fields is None or "*" in fields else set(fields)
        hits = [Hit(match.id, match.score, _fields(match.metadata, names), match.parts) for match in found.matches]
        return SearchRecordsResponse(hits, found.plan, found.tokens, found.rerank_units)

    search_records = search


def _record_query(given: Mapping[str, Any], exact: bool, explain: bool) -> RecordQuery:
    if given.get("top_k") is None:
        raise InvalidRequestError("top_k is missing: say how many hits to return, for example top_k=10.")
    text = image = None
    if given.get("inputs") is not None:
        text, image = _inputs(given["inputs"])
    vector, sparse = _vectors(given.get("vector"))
    terms = () if given.get("match_terms") is None else _terms(given["match_terms"])
    return RecordQuery(
        given["top_k"],
        text,
        vector,
        sparse,
        given.get("id"),
        given.get("filter"),
        terms,
        exact,
        explain,
        given.get("mode"),
        None if given.get("fusion") is None else read_fusion(given["fusion"]),
        image=image,
    )


def _inputs(given: Any) -> tuple[str | None, Any]:
    """(text, picture) to search for."""
    text, image = (given.get("text"), given.get("image")) if isinstance(given, Mapping) else (None, None)
    wrong = text is not None and (not isinstance(text, str) or not text.strip())
    if wrong or (text is None and image is None):
        raise InvalidRequestError(
            f"inputs must be {{'text': '<your query>'}}, {{'image': <a picture>}} or both, got {given!r:.80}."
        )
    return text, image


def _terms(given: Any) -> tuple[str, ...]:
    terms = given.get("terms") if isinstance(given, Mapping) else None
    texts = isinstance(terms, (list, tuple)) and all(isinstance(term, str) for term in terms)
    if not terms or not texts or given.get("strategy", "all") != "all":
        raise InvalidRequestError(f"match_terms must be {{'strategy': 'all', 'terms': [...]}}, got {given!r:.80}.")
    return tuple(terms)


def _rerank_request(given: Mapping[str, Any]) -> RerankRequest:
    if not given.get("model"):
        raise InvalidRequestError("rerank needs a model, such as {'model': 'use-multilingual-reranker'}.")
    fields = given.get("rank_fields")
    if isinstance(fields, str) or not all(isinstance(field, str) for field in fields or ()):
        raise InvalidRequestError(f"rank_fields must be a list of field names, got {fields!r:.80}.")
    return RerankRequest(str(given["model"]), tuple(fields or ()), given.get("top_n"), given.get("query"))


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
