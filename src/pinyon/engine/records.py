"""Records of text: embedded as they are written, found by text, and put in order by a reranker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pinyon.engine.blending import check_mode, read_fusion
from pinyon.engine.embedding import (
    bound_model,
    describe_model,
    embed_passages,
    embed_query,
    read_records,
    record_named,
    reranker_of,
    sparse_embedder_for,
)
from pinyon.engine.index import Index
from pinyon.engine.memory import Bound
from pinyon.engine.pictures import Fetched
from pinyon.errors import InvalidRequestError
from pinyon.types import (
    Fusion,
    IndexSpec,
    Match,
    ModelInput,
    Models,
    Plan,
    Query,
    QueryResult,
    RecordQuery,
    Reranker,
    RerankRequest,
    SearchMode,
    TextClause,
    WriteResult,
)

UNIT_DOCUMENTS = 100
"""Documents that one rerank unit covers."""


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """Hits best first, each with all its metadata. tokens: words of the query that were embedded, None when none were.
    rerank_units: None when nothing was reranked."""

    matches: tuple[Match, ...]
    lsn: int
    plan: Plan | None = None
    tokens: int | None = None
    rerank_units: int | None = None


def count_tokens(texts: Sequence[str]) -> int:
    """What usage figures show as tokens: words between spaces, at least one a text. No tokenizer is asked."""
    return sum(max(1, len(text.split())) for text in texts)


def write_records(index: Index, models: Models, namespace: str, records: Sequence[Mapping[str, Any]]) -> WriteResult:
    """Embeds the text of each record and stores the record, its text included, as metadata. One transaction.

    Where the model takes pictures, a record may have one in the field that the index names for it, with or without a
    text (``embed_inputs`` says what becomes of both); its digest is stored, not the picture.

    Raises InvalidRequestError, naming the record; ModelMismatchError when the installed model is another one.
    """
    fetched = Fetched(models)

    def write(bound: Bound) -> WriteResult:
        model = bound_model(bound.spec, "upsert_records")
        ids, inputs, metadata = read_records(records, model.field_map, fetched)
        vectors, sparse = embed_passages(
            models, bound.spec, inputs, "upsert_records", lambda row: record_named(ids[row])
        )
        return index.upsert(namespace, ids, vectors, sparse=sparse, metadata=metadata, generation=bound.generation)

    return index.memory.steadily(write)


def find_records(
    index: Index, models: Models, namespace: str, wanted: RecordQuery, rerank: RerankRequest | None = None
) -> FoundRecords:
    """The records nearest to a text, a picture (or both), a vector or a stored record, reranked when that is asked for.
    A text is compared with vectors, words or both, as ``wanted.mode`` says; a picture alone with vectors.

    Raises InvalidRequestError, NotFoundError for an unknown model, ModelMismatchError.
    """
    _check_ways(wanted)
    fetched = Fetched(models)
    return index.memory.steadily(lambda bound: _found(index, models, namespace, wanted, rerank, bound, fetched))


def _found(
    index: Index,
    models: Models,
    namespace: str,
    wanted: RecordQuery,
    rerank: RerankRequest | None,
    bound: Bound,
    fetched: Fetched,
) -> FoundRecords:
    """Raises Outdated when the index has another model than ``bound`` when it comes to the search."""
    spec, generation = bound
    mode = _mode(spec, wanted)
    ranking = None if rerank is None else _Ranking.of(models, spec, wanted, rerank)
    vector, sparse, tokens = wanted.vector, wanted.sparse, None
    embedded = mode != "lexical" and not (wanted.text is None and wanted.image is None)
    if embedded:
        vector, sparse = embed_query(models, spec, ModelInput(wanted.text, wanted.image), "search", fetched)
        tokens = None if wanted.text is None else count_tokens([wanted.text])
        if sparse is not None and not len(sparse.indices):
            return FoundRecords((), index.lsn(namespace), None, tokens)
    query = Query(wanted.top_k, vector, sparse, wanted.id, wanted.filter, False, True, wanted.exact, wanted.explain)
    if mode != "dense":
        assert wanted.text is not None, "only a text is searched by words"
        fusion = _fusion(spec, wanted) if mode == "hybrid" else None
        query = replace(query, text=(TextClause(wanted.text, syntax=wanted.syntax),), fusion=fusion)
    if wanted.terms:
        found = _holding(index, models, namespace, query, wanted.terms)
    else:
        found = index.query(namespace, query, generation=generation if embedded else None)
    if ranking is None:
        return FoundRecords(found.matches, found.lsn, found.plan, tokens)
    return FoundRecords(ranking.apply(found.matches), found.lsn, found.plan, tokens, rerank_units(len(found.matches)))


def _check_ways(wanted: RecordQuery) -> None:
    ways = {
        "inputs": wanted.text is not None or wanted.image is not None,
        "vector": wanted.vector is not None or wanted.sparse is not None,
        "id": wanted.id is not None,
    }
    given = [name for name, there in ways.items() if there]
    if len(given) != 1:
        raise InvalidRequestError(
            f"A search needs exactly one of inputs, vector and id; got {' and '.join(given) or 'none of them'}."
        )
    if wanted.text is not None and not wanted.text.strip():
        raise InvalidRequestError("The text to search for is empty: inputs must be {'text': '<your query>'}.")


def _mode(spec: IndexSpec, wanted: RecordQuery) -> SearchMode:
    """What the search is by: as it says itself, else as the index says, else by vectors. A picture has no words: alone
    it is compared with vectors where words would be joined to them."""
    asked: Any = wanted.mode
    if asked is None and wanted.text is not None and not wanted.terms and spec.embed is not None:
        asked = spec.embed.read_parameters.get("mode")
    mode = check_mode("dense" if asked is None else asked)
    if mode == "dense":
        return mode
    bound_model(spec, "search")
    if wanted.image is not None:
        if mode == "lexical":
            raise InvalidRequestError(
                "mode 'lexical' searches by words, and a picture has none. Leave the picture out, or use mode 'dense' "
                "(or 'hybrid', with a text)."
            )
        if wanted.text is None:
            return "dense"
    if wanted.syntax not in ("text", "query_string"):
        raise InvalidRequestError(f"syntax {wanted.syntax!r:.80} is neither 'text' nor 'query_string'.")
    if wanted.text is None:
        raise InvalidRequestError(f"mode {mode!r} searches by words, so it needs inputs: {{'text': '<your query>'}}.")
    if wanted.terms:
        raise InvalidRequestError(f"match_terms goes with searches by vectors, not with mode {mode!r}. Leave one out.")
    return mode


def _fusion(spec: IndexSpec, wanted: RecordQuery) -> Fusion:
    if wanted.fusion is not None:
        return wanted.fusion
    given = None if spec.embed is None else spec.embed.read_parameters.get("fusion")
    return Fusion() if given is None else read_fusion(given)


def _holding(index: Index, models: Models, namespace: str, query: Query, terms: Sequence[str]) -> QueryResult:
    """The best records whose text holds every word of ``terms``.

    The index leaves out the records that lack one of their numbers; two words can share a number, and a part of a word
    has the number of the word that it is, so the text decides.
    """
    spec = index.spec
    if spec.embed is None or spec.embed.vector_type != "sparse":
        raise InvalidRequestError(
            f"match_terms works on sparse indexes with an embedding model only, and {spec.name!r} is none. "
            "Use a metadata filter."
        )
    embedder = sparse_embedder_for(models, spec, "search")
    required = {number: token for term in terms for number, token in embedder.terms(term).items()}
    if not required:
        raise InvalidRequestError(f"match_terms: there is no word in {list(terms)!r:.80}.")
    words, field, size = set(required.values()), spec.embed.field_map["text"], query.top_k
    while True:
        found = index.query(namespace, replace(query, top_k=size, required=tuple(required)))
        texts = [(match.metadata or {}).get(field) for match in found.matches]
        kept = [
            match
            for match, text in zip(found.matches, texts, strict=True)
            if isinstance(text, str) and words <= set(embedder.terms(text).values())
        ]
        if len(kept) >= query.top_k or len(texts) < size or size >= index.limits.top_k:
            return replace(found, matches=tuple(kept[: query.top_k]))
        size = min(4 * size, index.limits.top_k)


# -- reranking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ranking:
    """A rerank request, found good before the search runs."""

    reranker: Reranker
    query: str
    fields: tuple[str, ...]
    top_n: int

    @classmethod
    def of(cls, models: Models, spec: IndexSpec, wanted: RecordQuery, request: RerankRequest) -> _Ranking:
        reranker = reranker_of(models, request.model)
        if request.top_n is not None and (not _whole(request.top_n) or request.top_n < 1):
            raise InvalidRequestError(f"top_n of rerank must be a whole number from 1: got {request.top_n!r:.80}.")
        fields = request.fields or (("text",) if spec.embed is None else (spec.embed.field_map["text"],))
        check_rank_fields(models, request.model, fields)
        query = request.query if request.query is not None else wanted.text
        if not isinstance(query, str) or not query.strip():
            raise InvalidRequestError("Reranking needs a text to compare with: give the query of rerank.")
        return cls(reranker, query, fields, wanted.top_k if request.top_n is None else request.top_n)

    def apply(self, matches: Sequence[Match]) -> tuple[Match, ...]:
        texts = [document_text(match.metadata or {}, self.fields, row) for row, match in enumerate(matches)]
        order = ranked(self.reranker, self.query, texts)[: self.top_n]
        return tuple(replace(matches[row], score=score) for row, score in order)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_rank_fields(models: Models, model: str, fields: Sequence[str]) -> None:
    """Raises InvalidRequestError when a reranker cannot judge by so many fields at once."""
    most = describe_model(models, model).rank_fields
    if most == 1 and len(fields) != 1:
        raise InvalidRequestError(f"Only one rank field is supported for model '{model}': got {list(fields)!r:.120}.")
    if not 1 <= len(fields) <= most:
        raise InvalidRequestError(f"Model '{model}' takes 1 to {most} rank fields: got {len(fields)}.")


def document_text(document: Mapping[str, Any], fields: Sequence[str], row: int) -> str:
    """What a reranker reads of a document: its fields, one a line. Raises InvalidRequestError."""
    parts = []
    for field in fields:
        if field not in document:
            raise InvalidRequestError(f"field '{field:.120}' not found in document at index {row}")
        value = document[field]
        if not isinstance(value, str):
            raise InvalidRequestError(
                f"field '{field:.120}' of the document at index {row} must be a text, got {value!r:.80}"
            )
        parts.append(value)
    return "\n".join(parts)


def ranked(reranker: Reranker, query: str, documents: Sequence[str]) -> list[tuple[int, float]]:
    """(row, score) of each document, best first; of equal ones the earlier."""
    if not documents:
        return []
    scores = reranker.rerank(query, documents)
    order = np.argsort(-scores, kind="stable")
    return [(int(row), float(scores[row])) for row in order]


def rerank_units(documents: int) -> int:
    return max(1, -(-documents // UNIT_DOCUMENTS))
