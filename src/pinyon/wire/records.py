"""The records API in JSON: text that is embedded as it is written, and searches by text. Names are snake_case here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import orjson

from pinyon.errors import InvalidRequestError
from pinyon.filters.show import shown
from pinyon.types import Fusion, Match, Plan, RecordQuery, RerankRequest
from pinyon.wire.fields import Fields, check_sparse, refuse
from pinyon.wire.inference import read_rerank_parameters
from pinyon.wire.plans import plan_body
from pinyon.wire.results import QUERY_UNITS
from pinyon.wire.versions import Version

_SEARCH = ("exact", "explain", "fields", "query", "rerank")
_QUERY = ("filter", "fusion", "id", "inputs", "match_terms", "mode", "syntax", "top_k", "vector")
_INPUTS = ("image", "text")
_RERANK = ("model", "parameters", "query", "rank_fields", "top_n")
_FUSION = ("constant", "depth", "method", "weight")
_VECTOR = ("sparse_indices", "sparse_values", "values")
_MOST_FIELDS = 100
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """fields: names of the fields that each hit carries; None means all."""

    query: RecordQuery
    fields: tuple[str, ...] | None = None
    rerank: RerankRequest | None = None


# -- requests ---------------------------------------------------------------------------------------------------------


def read_upsert(body: bytes, most: int) -> list[dict[str, Any]]:
    """The records of newline-delimited JSON, one object a line; empty lines are passed over.

    Raises InvalidRequestError, naming the line; for more than ``most`` records before any of them is read.
    """
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        refuse("the body holds no record. Send one JSON object a line.")
    if len(lines) > most:
        raise InvalidRequestError(
            f"{len(lines)} records of text in one upsert are more than {most}, the limit. Send them in several calls."
        )
    return [_record(number, line) for number, line in lines]


def _record(number: int, line: bytes) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        refuse(
            f"line {number} of the body is not valid JSON ({error.msg}, column {error.colno}). "
            "Send newline-delimited JSON: one whole object a line."
        )
    if type(record) is not dict:
        refuse(f"line {number} of the body must be a JSON object, got {shown(record)}.")
    return record


def read_search(body: Mapping[str, Any], version: Version) -> SearchRequest:
    """Raises InvalidRequestError. Which ways of searching go together is the index's to judge."""
    given = Fields(body)
    members = given.object("query")
    if members is None:
        refuse("query is missing. Give an object with top_k, and inputs, vector or id.")
    query = Fields(members, "query")
    if version.since("2026-07"):
        given.only(_SEARCH)
        query.only(_QUERY)
    rerank = given.object("rerank")
    asked = replace(_read_query(members, query, version), exact=given.flag("exact"), explain=given.flag("explain"))
    return SearchRequest(asked, _read_fields(given), None if rerank is None else _read_rerank(rerank, version))


def _read_query(members: Mapping[str, Any], query: Fields, version: Version) -> RecordQuery:
    top_k = query.whole("top_k")
    if top_k is None:
        refuse("query.top_k is missing. Give the number of hits that you want.")
    text, image = _read_inputs(query, version)
    vector, sparse = _read_vector(members, query)
    terms = query.object("match_terms")
    return RecordQuery(
        top_k,
        text,
        vector,
        sparse,
        query.text("id"),
        query.object("filter"),
        () if terms is None else _read_terms(Fields(terms, "query.match_terms")),
        mode=cast(Any, query.text("mode")),
        fusion=_read_fusion(members, query),
        syntax=cast(Any, query.text("syntax") or "text"),
        image=image,
    )


def _read_inputs(query: Fields, version: Version) -> tuple[str | None, str | None]:
    """(text, picture) to search for."""
    given = query.object("inputs")
    if given is None:
        return None, None
    inputs = Fields(given, "query.inputs")
    if version.since("2026-07"):
        inputs.only(_INPUTS)
    text, image = inputs.text("text"), inputs.text("image")
    if text is None and image is None:
        refuse(
            f"query.inputs.text is missing, and inputs has {shown(sorted(given))}. Give the text to search for, or a "
            "picture as base64: {'image': '...'}."
        )
    return text, image


def _read_fusion(members: Mapping[str, Any], query: Fields) -> Fusion | None:
    """``fusion``: a method, or an object with the settings of ``Fusion``. Whether they make sense is the index's to
    judge."""
    if type(members.get("fusion")) is str:
        return Fusion(cast(Any, members["fusion"]))
    given = query.object("fusion")
    if given is None:
        return None
    fusion = Fields(given, "query.fusion")
    fusion.only(_FUSION)
    settings = {
        "method": fusion.text("method") or (None if fusion.absent("weight") else "weighted"),
        "constant": fusion.number("constant"),
        "weight": fusion.number("weight"),
        "depth": fusion.whole("depth"),
    }
    return Fusion(**cast(Any, {name: value for name, value in settings.items() if value is not None}))


def _read_vector(members: Mapping[str, Any], query: Fields) -> tuple[Any, Any]:
    """(dense, sparse) of ``vector``: an object, or the numbers of a dense vector."""
    if type(members.get("vector")) is list:
        return query.vector("vector"), None
    given = query.object("vector")
    if given is None:
        return None, None
    vector = Fields(given, "query.vector")
    vector.only(_VECTOR)
    sparse = None
    if not (vector.absent("sparse_indices") and vector.absent("sparse_values")):
        sparse = {"indices": given.get("sparse_indices"), "values": given.get("sparse_values")}
        check_sparse(sparse, "query.vector.sparse")
    return vector.vector("values"), sparse


def _read_terms(given: Fields) -> tuple[str, ...]:
    strategy = given.text("strategy")
    if strategy not in (None, "all"):
        refuse(f"query.match_terms.strategy must be all, got {shown(strategy)}.")
    terms = given.texts("terms")
    if not terms:
        refuse("query.match_terms.terms is missing. Give the words that every hit must hold, or leave match_terms out.")
    return tuple(terms)


def _read_fields(given: Fields) -> tuple[str, ...] | None:
    fields = given.texts("fields")
    if fields is None or "*" in fields:
        return None
    if len(fields) > _MOST_FIELDS:
        refuse(f"fields has {len(fields)} names; at most {_MOST_FIELDS} are allowed.")
    return tuple(fields)


def _read_rerank(members: Mapping[str, Any], version: Version) -> RerankRequest:
    rerank = Fields(members, "rerank")
    if version.since("2026-07"):
        rerank.only(_RERANK)
    model = rerank.text("model")
    if not model:
        refuse("rerank.model is missing. Give the name of a reranking model.")
    fields = rerank.texts("rank_fields")
    if fields is not None and not fields:
        raise InvalidRequestError(f"Only one rank field is supported for model '{model[:200]}': got none.")
    read_rerank_parameters(rerank.object("parameters"), "rerank.parameters")
    return RerankRequest(model, tuple(fields or ()), rerank.whole("top_n"), rerank.text("query"))


# -- answers ----------------------------------------------------------------------------------------------------------


def search_body(
    matches: Sequence[Match],
    fields: Sequence[str] | None,
    tokens: int | None = None,
    rerank_units: int | None = None,
    *,
    plan: Plan | None = None,
    explain: bool = False,
) -> bytes:
    """tokens: those of the query, None when nothing was embedded. rerank_units: None when nothing was reranked.

    explain: with the plan, and of hits by vector and by words both scores, ``_parts``.
    """
    usage = {"read_units": QUERY_UNITS, "embed_total_tokens": tokens, "rerank_units": rerank_units}
    return orjson.dumps(
        {
            "result": {"hits": [_hit(match, fields, explain=explain) for match in matches]},
            **({"plan": plan_body(plan)} if explain else {}),
            "usage": {name: count for name, count in usage.items() if count is not None},
        }
    )


def _hit(match: Match, fields: Sequence[str] | None, *, explain: bool) -> dict[str, Any]:
    stored = match.metadata or {}
    score = match.score
    if not math.isfinite(score):  # sums past the range of float32, for which JSON has no number
        score = math.copysign(_LARGEST, score)
    kept = stored if fields is None else {name: stored[name] for name in fields if name in stored}
    parts = {"_parts": match.parts} if explain and match.parts is not None else {}
    return {"_id": match.id, "_score": score, **parts, "fields": kept}
