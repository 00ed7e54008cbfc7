"""The documents API in JSON: bodies become requests, documents become bodies. Names are snake_case here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from pinyon.types import Document, EmbedClause, Plan, ScoreClause, SparseValues, TextClause, VectorClause
from pinyon.wire.fields import Fields, check_types, refuse
from pinyon.wire.plans import plan_body
from pinyon.wire.results import LIST_UNITS, QUERY_UNITS
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

_CLAUSES: Mapping[str, tuple[str, ...]] = {
    "text": ("type", "query", "field", "fields"),
    "query_string": ("type", "query", "field", "fields"),
    "dense_vector": ("type", "values", "field", "fields"),
    "sparse_vector": ("type", "sparse_values", "field", "fields"),
    "embed": ("type", "query", "field", "fields"),
    "sparse_embed": ("type", "query", "field", "fields"),
}
"""The members that each type of clause may have."""
_SEARCH = ("score_by", "top_k", "include_fields", "filter", "exact", "explain")
_FETCH = ("ids", "filter", "include_fields", "pagination_token", "limit")
_LIST = ("prefix", "limit", "pagination_token")
_UPDATE = ("documents", "filter", "set_fields", "remove_fields")
_DELETE = ("ids", "filter", "delete_all")
_EMPTY_FILTER = (
    'the \'filter\' field must be a non-empty object of conditions, such as {"category": {"$eq": "news"}}. '
    "Remove it to select documents by ID instead."
)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """fields: which fields of the hits to give back, by default none. explain: the answer is to hold the plan."""

    clauses: tuple[ScoreClause, ...]
    top_k: int
    fields: Sequence[str] = ()
    filter: Mapping[str, Any] | None = None
    exact: bool = False
    explain: bool = False


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """Exactly one of ``ids`` and ``filter``. fields: None means all of them. token: what the page before gave."""

    ids: Sequence[str] | None = None
    filter: Mapping[str, Any] | None = None
    fields: Sequence[str] | None = None
    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ListRequest:
    prefix: str = ""
    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """``documents``, each with its own changes, or one change for all that ``filter`` matches."""

    documents: Sequence[Mapping[str, Any]] | None = None
    filter: Mapping[str, Any] | None = None
    set_fields: Mapping[str, Any] | None = None
    remove_fields: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """Exactly one of the three."""

    ids: Sequence[str] | None = None
    filter: Mapping[str, Any] | None = None
    delete_all: bool = False


def _fields(body: Mapping[str, Any], known: Sequence[str], version: Version) -> Fields:
    """The members of a body. Version 2026-07 knows no others; older ones pass over them."""
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(known)
    return fields


# -- requests ---------------------------------------------------------------------------------------------------------


def read_upsert(body: Mapping[str, Any], version: Version) -> list[dict[str, Any]]:
    """The documents. What they hold is the index's to judge."""
    return _documents(_fields(body, ("documents",), version))


def read_search(body: Mapping[str, Any], version: Version) -> SearchRequest:
    fields = _fields(body, _SEARCH, version)
    given = fields.array("score_by")
    if not given:
        refuse("'score_by' must contain at least one scoring method.")
    check_types(given, (dict,), "score_by", "an object")
    top_k = fields.whole("top_k")
    if top_k is None:
        refuse("top_k is missing. Say how many documents to return.")
    clauses = tuple(_clause(Fields(clause, f"score_by[{at}]")) for at, clause in enumerate(given))
    chosen, filter_ = fields.texts("include_fields") or (), fields.object("filter")
    return SearchRequest(clauses, top_k, chosen, filter_, fields.flag("exact"), fields.flag("explain"))


def read_fetch(body: Mapping[str, Any], version: Version) -> FetchRequest:
    fields = _fields(body, _FETCH, version)
    ids, filter_ = fields.texts("ids"), fields.object("filter")
    token = fields.text("pagination_token")
    if token is not None and filter_ is None:
        refuse("'pagination_token' goes with 'filter' only. Leave it out, or fetch by filter.")
    if ids and filter_ is not None:
        refuse("the 'ids' and 'filter' fields are mutually exclusive. Give one of them.")
    if not ids and filter_ is None:
        refuse("no 'ids' or 'filter' is given. Give at least one id, or a filter on metadata.")
    if filter_ is not None and not filter_:
        refuse(_EMPTY_FILTER)
    chosen = fields.texts("include_fields") or None
    return FetchRequest(ids or None, filter_, chosen, fields.whole("limit"), token or None)


def read_list(body: Mapping[str, Any], version: Version) -> ListRequest:
    fields = _fields(body, _LIST, version)
    return ListRequest(fields.text("prefix") or "", fields.whole("limit"), fields.text("pagination_token") or None)


def read_update(body: Mapping[str, Any], version: Version) -> UpdateRequest:
    fields = _fields(body, _UPDATE, version)
    filter_, changes = fields.object("filter"), fields.object("set_fields")
    removed = fields.texts("remove_fields")
    if not fields.absent("documents"):
        if filter_ is not None or changes or removed:
            refuse("'documents' excludes 'filter', 'set_fields' and 'remove_fields'. Change by id, or by filter.")
        return UpdateRequest(_documents(fields))
    if filter_ is None and (changes or removed):
        refuse("'set_fields' and 'remove_fields' go with 'filter' only. Add a filter, or use 'documents'.")
    if filter_ is None:
        refuse("no 'documents' or 'filter' is given. Give changes by id in 'documents', or a filter.")
    if not filter_:
        refuse(_EMPTY_FILTER)
    if not changes and not removed:
        refuse("an update by 'filter' must change something. Give 'set_fields' or 'remove_fields'.")
    return UpdateRequest(None, filter_, changes, removed)


def read_delete(body: Mapping[str, Any], version: Version) -> DeleteRequest:
    fields = _fields(body, _DELETE, version)
    ids, filter_, everything = fields.texts("ids"), fields.object("filter"), fields.flag("delete_all")
    if (bool(ids), filter_ is not None, everything).count(True) != 1:
        refuse("give exactly one of 'ids' (not empty), 'filter' and 'delete_all'.")
    if filter_ is not None and not filter_:
        refuse(_EMPTY_FILTER)
    return DeleteRequest(ids or None, filter_, everything)


def _documents(fields: Fields) -> list[dict[str, Any]]:
    documents = fields.array("documents")
    if not documents:
        refuse("'documents' must contain at least one document.")
    check_types(documents, (dict,), "documents", "an object")
    return documents


def _clause(given: Fields) -> ScoreClause:
    kind = given.text("type") or ""
    if kind not in _CLAUSES:
        refuse(f"{given.path('type')} is {kind!r:.40}. Use one of {', '.join(_CLAUSES)}.")
    given.only(_CLAUSES[kind])
    if kind == "query_string":
        if not (given.absent("field") and given.absent("fields")):
            refuse(
                "'score_by' clauses of type 'query_string' must not specify 'field' or 'fields'; use Lucene-style "
                "field qualifiers (e.g. 'field_name:value') in the query string instead."
            )
        return TextClause(_query(given), (), "query_string")
    names = _named_fields(given, kind)
    if kind == "text":
        return TextClause(_query(given), names)
    if len(names) != 1:
        refuse(f"{kind} scoring requires specifying the name of exactly one field, in {given.path('field')}.")
    if kind == "dense_vector":
        values = given.vector("values")
        if values is None:
            refuse(f"dense_vector scoring requires a non-empty 'values' array, in {given.path('values')}.")
        return VectorClause(names[0], values)
    if kind == "sparse_vector":
        sparse = given.sparse("sparse_values")
        if sparse is None:
            refuse(f"sparse_vector scoring requires {given.path('sparse_values')} with indices and values.")
        return VectorClause(names[0], sparse, sparse=True)
    return EmbedClause(names[0], _query(given), sparse=kind == "sparse_embed")


def _query(given: Fields) -> str:
    query = given.text("query")
    if query is None or not query.strip():
        refuse(f"{given.path('query')} is missing or empty. Give the words to search for.")
    return query


def _named_fields(given: Fields, kind: str) -> tuple[str, ...]:
    """What ``field`` or ``fields`` names, each once."""
    one, several = given.text("field"), given.texts("fields")
    if one is not None and several is not None:
        refuse(f"{kind} scoring accepts 'field' or 'fields', but not both.")
    names = [one] if one is not None else several
    if not names or "" in names:
        refuse(f"{kind} scoring requires specifying at least one field, in {given.path('fields')}.")
    return tuple(dict.fromkeys(names))


def size_of(documents: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of what is written: 4 for each number of a vector, 8 for a sparse entry or a number, text as UTF-8."""
    return sum(_size(value) for document in documents for value in document.values())


def _size(value: Any) -> int:
    if type(value) is str:
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if type(value) is list:
        return 4 * len(value) if not value or type(value[0]) is not str else sum(map(_size, value))
    if type(value) is dict:
        return 8 + sum(map(_size, value.values()))
    return 8


# -- answers ----------------------------------------------------------------------------------------------------------


def upsert_body(count: int, tokens: int | None) -> bytes:
    return _dumps({"upserted_count": count} | _embed_usage(tokens))


def update_body(matched: int | None, tokens: int | None) -> bytes:
    """matched: documents that the filter matches; None for an update by id."""
    return _dumps(({} if matched is None else {"matched_records": matched}) | _embed_usage(tokens))


def delete_body(matched: int | None) -> bytes:
    return _dumps({} if matched is None else {"matched_records": matched})


def search_body(
    documents: Sequence[Document],
    namespace: str,
    tokens: int | None,
    *,
    plan: Plan | None = None,
    explain: bool = False,
) -> bytes:
    """explain: with the plan."""
    usage: dict[str, Any] = {"read_units": QUERY_UNITS}
    if tokens is not None:
        usage["embed_total_tokens"] = tokens
    matches = [{"_id": its.id, "_score": its.score, **_json_fields(its.fields)} for its in documents]
    told = {"plan": plan_body(plan)} if explain else {}
    return _dumps({"matches": matches, "namespace": namespace, **told, "usage": usage})


def fetch_body(documents: Mapping[str, Document], namespace: str, last: str | None) -> bytes:
    """last: the id after which the next page begins; None on the last page."""
    found = {
        "documents": {id_: {"_id": id_, **_json_fields(its.fields)} for id_, its in documents.items()},
        "namespace": namespace,
        "usage": {"read_units": max(1, -(-len(documents) // 10))},
    }
    return _dumps(found | _pagination(last))


def list_body(ids: Sequence[str], namespace: str, last: str | None) -> bytes:
    found = {
        "documents": [{"_id": id_} for id_ in ids],
        "namespace": namespace,
        "usage": {"read_units": LIST_UNITS},
    }
    return _dumps(found | _pagination(last))


def _pagination(last: str | None) -> dict[str, Any]:
    return {} if last is None else {"pagination": {"next": token_of(last)}}


def _embed_usage(tokens: int | None) -> dict[str, Any]:
    return {} if tokens is None else {"usage": {"embed_total_tokens": tokens}}


def _json_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"indices": value.indices, "values": value.values} if isinstance(value, SparseValues) else value
        for name, value in fields.items()
    }


def _dumps(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
