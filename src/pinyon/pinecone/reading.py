"""Queries out of call arguments, and results out of what the engine answers."""

from __future__ import annotations

from collections.abc import Mapping

from pinyon.pinecone.results import FetchResponse, Pagination, QueryNamespacesResults, QueryResponse, Usage
from pinyon.pinecone.tokens import last_of, token_of
from pinyon.pinecone.vectors import NamespacedVector, ScoredVector, stored
from pinyon.types import QueryResult, Record

after_of = last_of


def answer(result: QueryResult) -> QueryResponse:
    matches = [ScoredVector(m.id, m.score, m.values, m.sparse_values, m.metadata) for m in result.matches]
    return QueryResponse(matches, result.namespace, Usage(), result.lsn, result.plan)


def merge(answers: Mapping[str, QueryResponse], top_k: int, *, ascending: bool) -> QueryNamespacesResults:
    """The best of all answers. The sort is stable, so equal scores keep the order of the namespaces."""
    found = [NamespacedVector(match, space) for space, answer in answers.items() for match in answer.matches]
    found.sort(key=lambda match: match.score, reverse=not ascending)
    merged = QueryNamespacesResults([*found[:top_k]], "", Usage(len(answers)))
    merged.ns_usage = {space: answer.usage for space, answer in answers.items()}
    return merged


def fetched(records: Mapping[str, Record], namespace: str, next_page: Pagination | None = None) -> FetchResponse:
    vectors = {id: stored(record) for id, record in records.items()}
    return FetchResponse(vectors, namespace, Usage(max(1, -(-len(vectors) // 10))), next_page)


def pagination(last: str | None) -> Pagination | None:
    return None if last is None else Pagination(token_of(last))
