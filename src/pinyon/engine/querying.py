"""Answering one query: check it, pin one LSN, search, and fetch the hits inside the same read transaction."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pinyon.engine import checks
from pinyon.engine.blending import check_joined
from pinyon.engine.effort import check_effort
from pinyon.engine.memory import Bound, Memory
from pinyon.engine.planner import Found, Stages, search
from pinyon.engine.quality import with_quality
from pinyon.engine.query_string import compiled
from pinyon.engine.reports import CorruptionWarning
from pinyon.engine.slots import text_settings
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import decode_metadata, has_words
from pinyon.index.rerank import USUAL
from pinyon.limits import Limits
from pinyon.storage.reading import View
from pinyon.storage.rows import decode_sparse, decode_vector
from pinyon.storage.values import StoredRow
from pinyon.types import Floats, IndexSpec, Match, Query, QueryResult, Record, SparseValues


def answer(memory: Memory, namespace: str, query: Query, generation: int | None = None) -> QueryResult:
    """Raises InvalidRequestError, FilterError; damaged hits are left out with a CorruptionWarning.

    generation: of vectors, for which the query was embedded; Outdated where the index has another one.
    """
    if generation is None:
        return memory.steadily(lambda bound: _answer(memory, bound, namespace, query))
    bound = memory.bound
    if bound.generation != generation:
        raise memory.outdated()
    return _answer(memory, bound, namespace, query)


def _answer(memory: Memory, bound: Bound, namespace: str, query: Query) -> QueryResult:
    limits, spec = memory.limits, bound.spec
    checks.check_namespace(namespace, limits)
    top_k = checks.check_top_k(query.top_k, limits)
    node = None if query.filter is None else memory.parse(query.filter)
    vector, sparse = checked_input(spec, limits, query)
    text = compiled(query.text, text_settings(spec)) if query.text else None
    words = text is not None or (spec.schema is not None and node is not None and has_words(node))
    effort = check_effort(query, spec, top_k)
    # Codes and graphs compare directions, and zeros have none.
    exact = query.exact or (vector is not None and spec.metric != "euclidean" and not vector.any())
    stages = Stages()

    def work(view: View) -> QueryResult:
        opened = memory.snapshot(view, namespace, texts=words)
        if opened is None:
            return QueryResult((), namespace, int(view.meta("lsn") or 0))
        state, snapshot = opened
        if state.generation != bound.generation:
            raise memory.outdated()
        if snapshot.bad:
            _warn(memory, state.unreported(snapshot))
        wanted, weights = vector, sparse
        if query.id is not None:
            wanted, weights = _stored(view, snapshot, spec, query.id)
            if wanted is None and weights is None:
                return QueryResult((), namespace, snapshot.lsn)
        stages.mark("catch up")
        while True:
            found = search(
                snapshot,
                wanted,
                weights,
                node,
                top_k,
                exact=exact,
                stages=stages,
                effort=effort if state.effort == 1.0 else replace(effort, raised=state.effort),
                required=query.required,
                text=text,
                fusion=query.fusion,
            )
            matches, damaged = _matches(view, snapshot, found, top_k, query)
            if not damaged:
                break
            state.exclude(damaged)
            _warn(memory, damaged)
            snapshot = snapshot.without(np.array(damaged, np.int64))
        stages.mark("fetch")
        metered = wanted is not None and text is None and effort is USUAL and not exact
        offered = snapshot, found, wanted, node, top_k, namespace, weights
        if metered and snapshot.base is not None and state.meter.offer(*offered):
            memory.kept(state)
        plan = None
        if query.explain:
            plan = found.plan(snapshot, stages.milliseconds)
            plan = with_quality(plan, snapshot, state.metered, spec, metered=metered)
            plan = replace(plan, shortage=memory.shortage(state, snapshot))
        return QueryResult(matches, namespace, snapshot.lsn, plan)

    return memory.read(work)


def checked_input(spec: IndexSpec, limits: Limits, query: Query) -> tuple[Floats | None, SparseValues | None]:
    """What was given against the kind of the index: (vector, sparse values), or (None, None) for a query by id."""
    given = query.vector is not None
    if query.fusion is not None:
        check_joined(query, spec)
    elif query.text:
        if given or query.id is not None or query.sparse is not None:
            checks.refuse("A search by words cannot be combined with a vector or an id. Leave one of them out.")
        return None, None
    if query.id is not None:
        checks.check_id(query.id, limits)
        if given:
            checks.refuse("Cannot provide both 'ID' and 'vector' at the same time. Leave one out.")
        if query.sparse is not None:
            checks.refuse("Cannot provide both 'ID' and 'sparse_vector' at the same time. Leave one out.")
        return None, None
    sparse = None if query.sparse is None else checks.check_sparse(query.sparse, limits, "the query")
    if spec.vector_type == "sparse":
        if sparse is None:
            checks.refuse("Either 'sparse_vector' or 'ID' must be provided to query a sparse index.")
        if given:
            checks.refuse("Index configuration does not support dense values: query a sparse index without vector.")
        return None, sparse
    if query.required:
        checks.refuse("Terms can be required of sparse values in a sparse index only. Use a metadata filter.")
    if not given:
        if sparse is not None and spec.schema is not None:
            return None, sparse
        if sparse is not None:
            checks.refuse(
                "Cannot query index with dense 'vector_type' with only sparse vector. Give a dense vector too."
            )
        checks.refuse("Either 'vector' or 'ID' must be provided to query a dense index.")
    if sparse is not None and spec.metric != "dotproduct":
        checks.refuse(
            f"Sparse values can be queried with metric dotproduct only, and index {spec.name!r} uses {spec.metric}. "
            "Leave the sparse vector out, or create the index with metric dotproduct."
        )
    assert spec.dimension is not None, "a dense index has a dimension"
    # Beside sparse values or a filter zeros make sense: Pinecone's recipe for weights sends them, and so does whoever
    # asks for records by metadata. Alone they are what a failed embedding looks like.
    zeros = sparse is not None or query.filter is not None
    return checks.check_query_vector(query.vector, spec.dimension, spec.metric, zeros=zeros), sparse


def _stored(view: View, snapshot: Snapshot, spec: IndexSpec, id_: str) -> tuple[Floats | None, SparseValues | None]:
    """The values of a stored record, as a query; (None, None) when there is no such record."""
    for row in view.rows_by_id(snapshot.ns_id, [id_], values=True):
        sparse = decode_sparse(row.sparse)
        if spec.dimension is None:
            return None, sparse
        return decode_vector(row.data), sparse if spec.metric == "dotproduct" else None
    return None, None


def _matches(
    view: View, snapshot: Snapshot, found: Found, top_k: int, query: Query
) -> tuple[tuple[Match, ...], list[int]]:
    """The hits with their contents, ties in order of id; or the ords of hits that are damaged."""
    ords = snapshot.ords[found.rows].tolist()
    scores = found.scores.tolist()
    if len(ords) > top_k:
        ords, scores = _cut_ties(view, ords, scores, top_k)
    stored, damaged = _rows(view, snapshot, ords, values=query.include_values)
    if damaged:
        return (), damaged
    rows = [(stored[ord_], score) for ord_, score in zip(ords, scores, strict=True)]
    if len(set(scores)) != len(scores):
        sign = 1 if snapshot.metric == "euclidean" and found.kind not in ("sparse", "text", "hybrid") else -1
        rows.sort(key=lambda row: (sign * row[1], row[0].id))
    matches = tuple([_match(row, score, query) for row, score in rows])
    if query.explain and found.parts is not None:
        matches = _with_parts(matches, rows, snapshot, found)
    return matches, []


def _with_parts(
    matches: tuple[Match, ...], rows: list[tuple[StoredRow, float]], snapshot: Snapshot, found: Found
) -> tuple[Match, ...]:
    """The hits of a hybrid search with the scores that they got by vector and by words."""
    assert found.parts is not None, "there are parts to tell"
    dense, lexical = found.parts
    at = {ord_: place for place, ord_ in enumerate(snapshot.ords[found.rows].tolist())}
    places = [at[row.ord] for row, _ in rows]
    return tuple(
        replace(match, parts={"dense": float(dense[place]), "lexical": float(lexical[place])})
        for match, place in zip(matches, places, strict=True)
    )


def _rows(view: View, snapshot: Snapshot, ords: list[int], *, values: bool) -> tuple[dict[int, StoredRow], list[int]]:
    """The hits' rows, and the ords of those that are damaged."""
    if values:
        return view.readable_rows(ords, values=True)
    found = snapshot.recent.get(ords)
    if len(found) == len(ords):
        return found, []
    read, damaged = view.readable_rows([ord_ for ord_ in ords if ord_ not in found], values=False)
    snapshot.recent.add(read.values())
    return found | read, damaged


def _cut_ties(view: View, ords: list[int], scores: list[float], top_k: int) -> tuple[list[int], list[float]]:
    """Of the rows that tie for the last places, those with the smallest ids."""
    last = scores[top_k - 1]
    sure = [at for at in range(top_k) if scores[at] != last]
    tied = [at for at in range(len(ords)) if scores[at] == last]
    ids = view.ids_of([ords[at] for at in tied])
    tied.sort(key=lambda at: ids.get(ords[at], ""))
    keep = (sure + tied)[:top_k]
    return [ords[at] for at in keep], [scores[at] for at in keep]


def _warn(memory: Memory, ords: Sequence[int]) -> None:
    if not ords:
        return
    warnings.warn(
        f"{memory.path}: {len(ords)} damaged record(s) of index {memory.name!r} (ord {', '.join(map(str, ords))}) are "
        "left out of results: their bytes do not match their checksums. Run `pinyon repair`.",
        CorruptionWarning,
        stacklevel=9,
    )


def _match(row: StoredRow, score: float, query: Query) -> Match:
    metadata = decode_metadata(row.metadata) if query.include_metadata and row.metadata is not None else None
    if not query.include_values:
        return Match(row.id, score, None, None, metadata)
    return Match(row.id, score, decode_vector(row.data), decode_sparse(row.sparse), metadata)


def as_record(row: StoredRow) -> Record:
    """A stored row as it is given back."""
    return Record(row.id, decode_vector(row.data), decode_sparse(row.sparse), decode_metadata(row.metadata))
