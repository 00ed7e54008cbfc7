"""Documents of one index: written, changed, read and searched by the names of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pinyon.engine import checks
from pinyon.engine.checks import refuse
from pinyon.engine.document_reading import DocumentReader, Parts, Patch
from pinyon.engine.embedding import embedder_for, sparse_embedder_of
from pinyon.engine.index import Index
from pinyon.engine.memory import Bound, Memory
from pinyon.engine.records import count_tokens
from pinyon.engine.schema import SPARSE_IDENTITY
from pinyon.engine.writes import Upsert, matching
from pinyon.errors import ModelMismatchError
from pinyon.filters import Node, decode_metadata
from pinyon.storage.rows import decode_sparse
from pinyon.storage.values import StoredRow
from pinyon.storage.writing import Writer
from pinyon.types import (
    Document,
    EmbedClause,
    Floats,
    IndexSpec,
    Match,
    Models,
    Plan,
    Query,
    Record,
    RecordBatch,
    ScoreClause,
    SparseValues,
    TextClause,
    VectorClause,
    WriteResult,
)


@dataclass(frozen=True, slots=True)
class Written:
    """count: documents written, changed or deleted. tokens: words that were embedded for it, None when none were."""

    count: int
    lsn: int
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """Best first. tokens: words of the query that were embedded, None when none were."""

    documents: tuple[Document, ...]
    lsn: int
    tokens: int | None = None
    plan: Plan | None = None


class Documents:
    """The documents of an index. A search or a write is one transaction; errors are those of ``pinyon.errors``.

    fields: names of the fields to give back; None is all of them, and so is a name ``*``.
    """

    def __init__(self, index: Index, models: Models) -> None:
        self._index = index
        self._models = models
        self._reader = DocumentReader(index.spec, index.limits)
        self._slots = self._reader.slots

    # -- writing ------------------------------------------------------------------------------------------------------

    def upsert(self, namespace: str, documents: Sequence[Mapping[str, Any]]) -> Written:
        """Insert or replace documents."""
        self._refuse_records("upsert")
        checks.check_namespace(namespace, self._index.limits)
        return self._index.memory.steadily(lambda bound: self._upserted(namespace, documents, bound))

    def _upserted(self, namespace: str, documents: Sequence[Mapping[str, Any]], bound: Bound) -> Written:
        ids, parts = self._reader.documents(documents)
        metadata = [self._reader.encoded(id_, its.metadata) for id_, its in zip(ids, parts, strict=True)]
        embedded, tokens = self._embedded(parts, bound.spec)
        vectors = [its.values for its in embedded if its.values is not None]
        sparse = [its.sparse for its in embedded]
        batch = RecordBatch(
            ids,
            np.concatenate(vectors) if vectors else None,
            sparse if any(its is not None for its in sparse) else None,
            metadata,
        )
        result = self._index.apply([Upsert(namespace, batch)], generation=bound.generation)
        return Written(result.count, result.lsn, tokens)

    def update(self, namespace: str, documents: Sequence[Mapping[str, Any]]) -> Written:
        """Set and remove fields of documents by id. Ids that do not exist change nothing."""
        self._refuse_records("update")
        checks.check_namespace(namespace, self._index.limits)
        ids, patches = self._reader.patches(documents)

        def update(bound: Bound) -> Written:
            made, tokens = self._with_vectors(patches, bound.spec)
            operation = _PatchById(namespace, dict(zip(ids, made, strict=True)), self._reader)
            result = self._index.apply([operation], generation=bound.generation)
            return Written(result.count, self._visible(namespace, result), tokens)

        return self._index.memory.steadily(update)

    def update_where(
        self,
        namespace: str,
        filter: Mapping[str, Any],
        set_fields: Mapping[str, Any] | None = None,
        remove_fields: Sequence[str] | None = None,
    ) -> Written:
        """Set and remove fields of every document that matches; the filter is one of metadata, not of words."""
        self._refuse_records("update")
        checks.check_namespace(namespace, self._index.limits)
        node = self._index.memory.parse_filter(
            filter, "Update with empty metadata filter is not allowed. Give a condition."
        )
        if not set_fields and not remove_fields:
            refuse("A document update by filter must change something. Give set_fields or remove_fields.")
        read = self._reader.patch("update by filter", set_fields or {}, remove_fields)

        def update(bound: Bound) -> Written:
            [patch], tokens = self._with_vectors([read], bound.spec)
            operation = _PatchWhere(namespace, node, patch, self._reader)
            result = self._index.apply([operation], generation=bound.generation)
            return Written(result.count, self._visible(namespace, result), tokens)

        return self._index.memory.steadily(update)

    def delete(self, namespace: str, ids: Sequence[str]) -> Written:
        """Delete documents by id. Ids that do not exist are no error."""
        result = self._index.delete(namespace, ids)
        return Written(result.count, self._visible(namespace, result))

    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> Written:
        """Delete every document that matches; the filter is one of metadata, not of words."""
        result = self._index.delete_where(namespace, filter)
        return Written(result.count, self._visible(namespace, result))

    def delete_all(self, namespace: str) -> Written:
        """Delete every document of a namespace. Raises NotFoundError when there is no such namespace."""
        result = self._index.delete_all(namespace)
        return Written(result.count, self._visible(namespace, result))

    def position(self, namespace: str) -> int:
        """The LSN up to which a read that begins after this call is complete."""
        return self._index.lsn(namespace) or self._index.read(lambda view: int(view.meta("lsn") or 0))

    def _visible(self, namespace: str, result: WriteResult) -> int:
        """The LSN that a reader must reach to see a write; what changed nothing is seen at once."""
        return result.lsn if result.count else self.position(namespace)

    # -- reading ------------------------------------------------------------------------------------------------------

    def fetch(self, namespace: str, ids: Sequence[str], *, fields: Sequence[str] | None = None) -> dict[str, Document]:
        """Documents by id, in the order of ``ids``; unknown ids are absent."""
        chosen = self._chosen(fields)
        found = self._index.fetch(namespace, ids, include_values=self._wants_values(chosen))
        return {id_: self._document(record, chosen) for id_, record in found.items()}

    def fetch_where(
        self,
        namespace: str,
        filter: Mapping[str, Any],
        *,
        limit: int,
        after: str | None = None,
        fields: Sequence[str] | None = None,
    ) -> tuple[dict[str, Document], str | None]:
        """A page of the documents that match, in order of id, and where the next page begins."""
        chosen = self._chosen(fields)
        found, following = self._index.fetch_where(
            namespace, filter, limit=limit, after=after, include_values=self._wants_values(chosen)
        )
        return {id_: self._document(record, chosen) for id_, record in found.items()}, following

    def list_ids(
        self, namespace: str, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> tuple[list[str], str | None]:
        """A page of ids in bytewise order, and where the next page begins."""
        return self._index.list_ids(namespace, prefix=prefix, limit=limit, after=after)

    def search(
        self,
        namespace: str,
        clauses: Sequence[ScoreClause],
        top_k: int,
        *,
        filter: Mapping[str, Any] | None = None,
        fields: Sequence[str] | None = (),
        exact: bool = False,
        explain: bool = False,
    ) -> FoundDocuments:
        """The ``top_k`` best documents: by words (any number of text clauses), or by one vector."""
        chosen = self._chosen(fields)
        query = Query(
            top_k,
            filter=filter,
            include_values=self._wants_values(chosen),
            include_metadata=chosen is None or bool(chosen),
            exact=exact,
            explain=explain,
        )

        def find(bound: Bound) -> FoundDocuments:
            scored, tokens = self._scored(query, clauses, bound.spec)
            if scored is None:
                return FoundDocuments((), self.position(namespace), tokens)
            result = self._index.query(namespace, scored, generation=bound.generation)
            documents = tuple(self._document(match, chosen) for match in result.matches)
            return FoundDocuments(documents, result.lsn, tokens, result.plan)

        return self._index.memory.steadily(find)

    def _scored(self, query: Query, clauses: Sequence[ScoreClause], spec: IndexSpec) -> tuple[Query | None, int | None]:
        """(the query with what it is scored by, words that were embedded); None when nothing can match."""
        if not 1 <= len(clauses) <= self._index.limits.score_clauses:
            refuse(f"score_by must hold 1 to {self._index.limits.score_clauses} clauses, got {len(clauses)}.")
        words = tuple(self._searchable(clause) for clause in clauses if isinstance(clause, TextClause))
        if len(words) == len(clauses):
            return replace(query, text=words), None
        if len(clauses) > 1:
            refuse(
                "'score_by' clauses of type 'text' and 'query_string' may be combined, but 'dense_vector', "
                "'sparse_vector', 'embed', and 'sparse_embed' clauses must appear alone in 'score_by'."
            )
        clause = clauses[0]
        if isinstance(clause, VectorClause):
            known = self._slots.sparse_field if clause.sparse else self._slots.dense_field
            self._check_field(clause.field, known, "sparse vector" if clause.sparse else "dense vector")
            return replace(query, sparse=clause.values) if clause.sparse else replace(query, vector=clause.values), None
        assert isinstance(clause, EmbedClause), "a clause is of text, a vector or a text to embed"
        return self._embedded_query(query, clause, spec), count_tokens([clause.query])

    def _searchable(self, clause: TextClause) -> TextClause:
        """Without the metadata fields that it names beside full-text ones: they hold no words to be found."""
        kept = tuple(name for name in clause.fields if name not in self._slots.declared)
        return replace(clause, fields=kept) if kept else clause

    def _check_field(self, name: str, known: str | None, what: str) -> None:
        if name != known:
            there = "and this index has none" if known is None else f"which here is {known!r}"
            refuse(f"The clause scores by the field {name!r:.80}; it has to name a {what} field, {there}.")

    # -- models -------------------------------------------------------------------------------------------------------

    def _embedded_query(self, query: Query, clause: EmbedClause, spec: IndexSpec) -> Query | None:
        known = self._slots.sparse_embed_field if clause.sparse else self._slots.embed_field
        self._check_field(clause.field, known, "string field with sparse_embed" if clause.sparse else "embedded string")
        if not clause.query.strip():
            refuse("The query of an embed clause must not be empty.")
        if not clause.sparse:
            embedder = embedder_for(self._models, spec, "search")
            return replace(query, vector=embedder.embed([clause.query], input_type="query")[0])
        found = self._sparse_values([clause.query], "query")[0]
        return replace(query, sparse=found) if len(found.indices) else None

    def _sparse_values(self, texts: Sequence[str], kind: str) -> list[SparseValues]:
        spec, field = self._index.spec, self._slots.sparse_embed_field
        embedder = sparse_embedder_of(self._models, (spec.schema or {})[field or ""]["sparse_embed"]["model"])
        if embedder.identity != spec.notes.get(SPARSE_IDENTITY):
            raise ModelMismatchError(
                f"Index {spec.name!r} holds sparse values of the model {spec.notes.get(SPARSE_IDENTITY)!r}, and the "
                f"installed model is {embedder.identity!r}. Install the version that the index was made with."
            )
        return embedder.embed_sparse(texts, input_type="query" if kind == "query" else "passage")

    def _embedded(self, parts: Sequence[Parts], spec: IndexSpec) -> tuple[list[Parts], int | None]:
        """The parts with the vectors of their texts, and how many words were embedded."""
        found = list(parts)
        texts = [(at, its.text) for at, its in enumerate(parts) if its.text is not None]
        if texts:
            vectors = self._vectors([text for _, text in texts], spec)
            for (at, _), vector in zip(texts, vectors, strict=True):
                found[at] = replace(found[at], values=vector[None, :])
        sparse = [(at, its.sparse_text) for at, its in enumerate(parts) if its.sparse_text is not None]
        if sparse:
            for (at, _), values in zip(sparse, self._sparse_values([t for _, t in sparse], "passage"), strict=True):
                found[at] = replace(found[at], sparse=values if len(values.indices) else None)
        words = [text for _, text in (*texts, *sparse)]
        return found, count_tokens(words) if words else None

    def _vectors(self, texts: Sequence[str], spec: IndexSpec) -> Floats:
        embedder = embedder_for(self._models, spec, "documents upsert")
        vectors = embedder.embed(texts, input_type="passage")
        return checks.check_vectors(vectors, list(texts), embedder.dimension)

    def _with_vectors(self, patches: Sequence[Patch], spec: IndexSpec) -> tuple[list[Patch], int | None]:
        parts, tokens = self._embedded([patch.parts for patch in patches], spec)
        return [replace(patch, parts=its) for patch, its in zip(patches, parts, strict=True)], tokens

    def _refuse_records(self, what: str) -> None:
        spec = self._index.spec
        if spec.schema is None and spec.embed is not None:
            refuse(
                f"Index {spec.name!r} was created for a model, so documents {what} cannot write to it. Use the records "
                "endpoint, POST /records/namespaces/{namespace}/upsert."
            )

    # -- fields -------------------------------------------------------------------------------------------------------

    def _chosen(self, fields: Sequence[str] | None) -> frozenset[str] | None:
        """The fields to give back; None for all."""
        if fields is None or "*" in fields:
            return None
        for name in fields:
            if name in self._slots.unstored:
                refuse(f"The text of field {name!r} is not stored (store_text: false), so it cannot be given back.")
        return frozenset(fields)

    def _wants_values(self, chosen: frozenset[str] | None) -> bool:
        vectors = {self._slots.dense_field, self._slots.sparse_field} - {None}
        return bool(vectors) and (chosen is None or not chosen.isdisjoint(vectors))

    def _document(self, found: Record | Match, chosen: frozenset[str] | None) -> Document:
        fields: dict[str, Any] = {}
        for name, value in (
            (self._slots.dense_field, found.values),
            (self._slots.sparse_field, found.sparse_values),
            *(found.metadata or {}).items(),
        ):
            if name is not None and value is not None and (chosen is None or name in chosen):
                fields[name] = value
        return Document(found.id, fields, found.score if isinstance(found, Match) else None)


# -- operations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _PatchById:
    namespace: str
    patches: Mapping[str, Patch]
    reader: DocumentReader

    def run(self, memory: Memory, writer: Writer) -> int:
        namespace = writer.open_namespace(self.namespace)
        if namespace is None:
            return 0
        rows = writer.rows_by_id(namespace.ns_id, list(self.patches), values=False)
        for row in rows:
            _apply(writer, self.namespace, row, self.patches[row.id], self.reader)
        return len(rows)


@dataclass(frozen=True, slots=True)
class _PatchWhere:
    namespace: str
    node: Node
    patch: Patch
    reader: DocumentReader

    def run(self, memory: Memory, writer: Writer) -> int:
        rows = writer.rows(matching(memory, writer, self.namespace, self.node), values=False)
        for row in rows.values():
            _apply(writer, self.namespace, row, self.patch, self.reader)
        return len(rows)


def _apply(writer: Writer, namespace: str, row: StoredRow, patch: Patch, reader: DocumentReader) -> None:
    parts = patch.parts
    old = {name: value for name, value in (decode_metadata(row.metadata) or {}).items() if name not in patch.remove}
    metadata = reader.encoded(row.id, old | parts.metadata)
    sparse = parts.sparse
    if sparse is None and not patch.clears_sparse and parts.sparse_text is None:
        sparse = decode_sparse(row.sparse)
    if parts.values is None:
        writer.rewrite(namespace, row, metadata, sparse)
    else:
        writer.put(namespace, RecordBatch([row.id], parts.values, [sparse], [metadata]))
