"""Search over one snapshot: choose between all rows, the matching rows and the codes, then score with float32.

The filter is evaluated first, so its selectivity is measured, not guessed. Whatever the path, the scores are exact, and
a search gives min(top_k, matches) rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from pinyon.distance import prepare_query, scores
from pinyon.engine import lexical
from pinyon.engine.bases import GRAPH_LAG, GRAPH_LAG_SHARE
from pinyon.engine.blending import blend
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.filters import Node
from pinyon.index.flat import flat_search, gather_search, select
from pinyon.index.fusion import fuse, fuse_all, reciprocal_ranks
from pinyon.index.graph import graph_search
from pinyon.index.ivf import Ivf
from pinyon.index.probing import ivf_search
from pinyon.index.rerank import MOST_RAISED, USUAL, Effort, Outcome, scan_search
from pinyon.types import Bools, Floats, Fusion, Ints, Plan, SparseValues

GATHER_ROWS = 1_000
"""Up to this many matching rows, scoring just them beats reading the codes, whatever the size of the namespace."""
GATHER_SHARE = 0.03
"""...and so does up to this share of the rows: one gathered float32 row costs about as much as 30 code rows."""
EXACT_SHARE = 0.25
"""A search that would rescore more than this share of the rows reads all of them instead."""
FUSED_ROWS = 100
"""Best dense scores that a hybrid search begins with, and 4 for each of its top_k: enough that few others matter."""
FUSED_SHARE = 0.005
"""A hybrid search that would begin with more than this share of the rows scores all of them instead."""
FURTHER_SHARE = 0.1
"""...and so does one whose sparse scores bring forward more than this share."""


@dataclass(slots=True)
class Stages:
    """Milliseconds of each stage of one query."""

    milliseconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=perf_counter)

    def mark(self, stage: str) -> None:
        now = perf_counter()
        self.milliseconds[stage] = (now - self._last) * 1e3
        self._last = now


@dataclass(frozen=True, slots=True)
class Found:
    """Rows best first; rows that tie with the last place may follow, for the caller to order by id.

    mask: rows that could be found, None for all. expected_recall: the search's own estimate, 1.0 when exact.
    parts: the dense scores of the rows, and those of their words; fusion: as in ``Plan``.
    """

    rows: Ints
    scores: Floats
    kind: str
    reason: str
    matching: int
    candidates: int
    exact: bool
    mask: Bools | None = None
    expected_recall: float = 1.0
    parts: tuple[Floats, Floats] | None = None
    fusion: Mapping[str, float | str] | None = None

    def plan(self, snapshot: Snapshot, milliseconds: Mapping[str, float]) -> Plan:
        plan = Plan(
            self.kind, self.reason, snapshot.live, self.matching, self.candidates, self.exact, dict(milliseconds)
        )
        return plan if self.fusion is None else replace(plan, fusion=self.fusion)


def matching_rows(snapshot: Snapshot, node: Node | None) -> tuple[Bools | None, int]:
    """(mask, count) of alive rows that the filter keeps. The mask is None when it would keep every row."""
    if node is None:
        return (None if snapshot.live == snapshot.n else snapshot.alive), snapshot.live
    known = snapshot.masks.get(node)
    if known is not None:
        return known
    mask = snapshot.columns.mask(node, None if snapshot.texts is None else snapshot.texts.matching)
    if snapshot.live != snapshot.n:
        mask &= snapshot.alive
    count = int(np.count_nonzero(mask))
    snapshot.masks.add(node, mask, count)
    return mask, count


def search(
    snapshot: Snapshot,
    vector: Floats | None,
    sparse: SparseValues | None,
    node: Node | None,
    top_k: int,
    *,
    exact: bool,
    stages: Stages,
    effort: Effort = USUAL,
    required: Sequence[int] = (),
    text: Sequence[lexical.Node] | None = None,
    fusion: Fusion | None = None,
) -> Found:
    """The best `top_k` rows for a raw query vector, sparse values, both (the sum of both scores), text alone, or text
    and a vector, joined as ``fusion`` says.

    required: indices that the sparse values of a row must all hold.
    """
    mask, matching = matching_rows(snapshot, node)
    if required and matching:
        holders = snapshot.sparse.holders(required)
        mask = holders if mask is None else mask[: len(holders)] & holders
        matching = int(np.count_nonzero(mask))
    stages.mark("filter")
    if not matching:
        return Found(_NO_ROWS, _NO_SCORES, "empty", "no record matches", 0, 0, True)
    k = min(top_k, matching)
    if text is not None and vector is not None:
        assert fusion is not None, "a vector and text are joined in some way"
        result = _joined(snapshot, vector, text, fusion, mask, matching, k, exact, node is not None, effort)
    elif text is not None:
        result = _text(snapshot, text, mask, matching, k)
    elif vector is None:
        assert sparse is not None, "a query has a vector or sparse values"
        rows, best = snapshot.sparse.top(sparse, k, mask)
        result = Found(rows, best, "sparse", "every record that shares a term", matching, len(rows), True)
    elif sparse is not None:
        result = _hybrid(snapshot, vector, sparse, mask, matching, k, exact, node is not None, effort)
    else:
        query = prepare_query(vector, snapshot.metric)
        result = _dense(snapshot, query, mask, matching, k, exact, node is not None, effort)
    stages.mark("search")
    return result


def _text(snapshot: Snapshot, nodes: Sequence[lexical.Node], mask: Bools | None, matching: int, k: int) -> Found:
    rows, found, _ = _words(snapshot, nodes, mask)
    rows, best = select(rows, found, "dotproduct", k)
    return Found(rows, best, "text", "every record that holds the words", matching, len(found), True)


def _words(snapshot: Snapshot, nodes: Sequence[lexical.Node], mask: Bools | None) -> tuple[Ints, Floats, float]:
    assert snapshot.texts is not None, "a text query goes to a snapshot that has its words"
    alive = None if snapshot.live == snapshot.n else snapshot.alive
    return snapshot.texts.scores(nodes, alive, mask, snapshot.n)


def _dense(
    snapshot: Snapshot,
    query: Floats,
    mask: Bools | None,
    matching: int,
    k: int,
    exact: bool,
    filtered: bool,
    effort: Effort,
) -> Found:
    vectors = snapshot.vectors
    assert vectors is not None, "a dense query goes to a dense index"
    base = snapshot.base
    reason = ""
    if mask is not None and matching <= max(GATHER_ROWS, GATHER_SHARE * snapshot.n) and matching < snapshot.n:
        few, ready = snapshot.masks.few(mask, vectors)
        if ready is None:
            rows, best = gather_search(few, vectors.take, query, snapshot.metric, k)
        else:
            rows, best = select(few, scores(ready, query, snapshot.metric), snapshot.metric, k)
        return Found(rows, best, "gather", "few records match: each is scored", matching, matching, True, mask)
    if exact:
        reason = "exact search was asked for"
    elif base is None:
        reason = "small, or no codes yet: every record is scored"
    elif effort.bounds(matching):
        reason = ""
    elif effort.raised > MOST_RAISED:
        reason = "no less keeps the recall target: every record is scored"
    elif _width(snapshot, base, k, matching, filtered, effort) > EXACT_SHARE * matching:
        reason = f"top_k {k} would rescore most of {matching} records: every record is scored"
    if reason:
        rows, best = flat_search(vectors.blocks(), query, snapshot.metric, k, mask)
        return Found(rows, best, "exact", reason, matching, matching, True, mask)
    assert base is not None, "without codes the search is exact"
    kind, found = _proposed(snapshot, base, query, mask, matching, k, filtered, effort)
    reason = _REASONS[kind]
    if found.exact:
        reason = "codes could not settle it: every record is scored"
    elif effort.bounds(matching):
        reason += f" of at most {effort.cap} candidates"
    recall = found.expected_recall
    return Found(found.rows, found.scores, kind, reason, matching, found.candidates, found.exact, mask, recall)


def _proposed(
    snapshot: Snapshot,
    base: Base,
    query: Floats,
    mask: Bools | None,
    matching: int,
    k: int,
    filtered: bool,
    effort: Effort,
) -> tuple[str, Outcome]:
    """Who proposed candidates, and what came of them. A graph serves searches without a filter."""
    vectors, metric = snapshot.vectors, snapshot.metric
    assert vectors is not None
    graph, breadth = base.graph, base.breadth
    if graph is not None and breadth is not None and _in_graph(snapshot, base, matching, filtered, effort):
        ef = effort.ef_search or breadth.ef(k, effort.factor * effort.raised)
        found = graph_search(graph, vectors, query, metric, k, ef, mask, breadth.recall)
        if found is not None:
            return graph.name, found
    depth = base.depth.raised(effort.raised)
    if isinstance(base.scan, Ivf):
        wanted = replace(effort, nprobe=effort.nprobe or base.fixed.nprobe, whole=base.fixed.whole)
        return "ivf", ivf_search(base.scan, vectors, query, metric, k, depth, mask, matching, wanted)
    return "scan", scan_search(base.scan, vectors, query, metric, k, depth, mask, matching, effort)


def _in_graph(snapshot: Snapshot, base: Base, matching: int, filtered: bool, effort: Effort) -> bool:
    """Whether the base's graph serves the search: there is no filter, and few rows are newer."""
    graph, breadth = base.graph, base.breadth
    if graph is None or breadth is None or not breadth.reached or filtered or effort.bounds(matching):
        return False
    return snapshot.n - graph.n <= max(GRAPH_LAG, GRAPH_LAG_SHARE * snapshot.n)


def _width(snapshot: Snapshot, base: Base, k: int, matching: int, filtered: bool, effort: Effort) -> int:
    """About how many rows the base would have to rescore."""
    if base.breadth is not None and _in_graph(snapshot, base, matching, filtered, effort):
        return effort.ef_search or base.breadth.ef(k, effort.factor * effort.raised)
    return base.depth.raised(effort.raised).rows(k, filtered, effort.factor)


_REASONS = {
    "hnsw": "a graph, then float32 rerank",
    "symqg": "a graph, then float32 rerank",
    "ivf": "codes of the lists that may hold better ones, then float32 rerank",
    "scan": "codes, then float32 rerank",
}


def _hybrid(
    snapshot: Snapshot,
    vector: Floats,
    sparse: SparseValues,
    mask: Bools | None,
    matching: int,
    k: int,
    exact: bool,
    filtered: bool,
    effort: Effort,
) -> Found:
    """The best sums of dense and sparse score: of every matching row, or of those that either side brings forward."""
    query = prepare_query(vector, snapshot.metric)
    weights = snapshot.sparse.all_scores(sparse, snapshot.n)
    return _summed(snapshot, query, weights, "sparse", mask, matching, k, exact, filtered, effort)


def _summed(
    snapshot: Snapshot,
    query: Floats,
    weights: Floats,
    other: str,
    mask: Bools | None,
    matching: int,
    k: int,
    exact: bool,
    filtered: bool,
    effort: Effort,
) -> Found:
    """The best sums of dense scores and (n,) weights, which it may write to. other: what the weights come from."""
    vectors, metric = snapshot.vectors, snapshot.metric
    assert vectors is not None, "a dense query goes to a dense index"
    if mask is not None:
        np.copyto(weights, -np.inf, where=~mask)
    depth = max(FUSED_ROWS, 4 * k)
    if not exact and snapshot.base is not None and depth <= FUSED_SHARE * matching:
        depth = depth if effort.cap is None else min(depth, effort.cap)
        near = _dense(snapshot, query, mask, matching, depth, False, filtered, effort)
        most = int(FURTHER_SHARE * matching)
        fused = fuse(near.rows, float(near.scores[-1]), vectors, query, metric, weights, k, most)
        if fused is not None:
            rows, best, scored = fused
            reason = f"the best dense scores, and the records whose {other} score makes up for a worse one"
            recall = near.expected_recall
            return Found(rows, best, "hybrid", reason, matching, near.candidates + scored, near.exact, mask, recall)
    rows, best = fuse_all(vectors, query, metric, weights, k)
    reason = f"dense and {other} scores of every matching record"
    return Found(rows, best, "hybrid", reason, matching, matching, True, mask)


def _joined(
    snapshot: Snapshot,
    vector: Floats,
    nodes: Sequence[lexical.Node],
    fusion: Fusion,
    mask: Bools | None,
    matching: int,
    k: int,
    exact: bool,
    filtered: bool,
    effort: Effort,
) -> Found:
    """The best by vector and words together; words are scored everywhere, so both scores of what is found are exact."""
    query = prepare_query(vector, snapshot.metric)
    rows, found, most = _words(snapshot, nodes, mask)
    told: dict[str, float | str] = {"method": fusion.method}
    if fusion.method == "rrf":
        depth = max(fusion.depth, k)
        near = _dense(snapshot, query, mask, matching, min(depth, matching), exact, filtered, effort)
        best_words, _ = select(rows, found, "dotproduct", depth)
        ranked, sums = reciprocal_ranks([near.rows[:depth], best_words[:depth]], fusion.constant)
        kept, best = select(ranked, sums.astype(np.float32), "dotproduct", k)
        result = replace(near, rows=kept, scores=best, kind="hybrid", reason="ranks by vector and by words")
        told |= {"constant": fusion.constant, "depth": depth}
    else:
        blended = blend(snapshot, query, rows, found, most, fusion)
        result = _summed(snapshot, query, blended.lift, "lexical", mask, matching, k, exact, filtered, effort)
        result = replace(result, scores=blended.scores(result.scores))
        told |= {"weight": blended.weight, "covered": blended.coverage}
    return replace(result, parts=_parts(snapshot, query, result.rows, rows, found), fusion=told)


def _parts(snapshot: Snapshot, query: Floats, rows: Ints, holders: Ints, found: Floats) -> tuple[Floats, Floats]:
    """The dense scores of (m,) rows, and those of their words: (holders, found) are the rows that have any."""
    assert snapshot.vectors is not None, "a dense query goes to a dense index"
    words = np.zeros(snapshot.n, np.float32)
    words[holders] = found
    return scores(snapshot.vectors.take(rows), query, snapshot.metric), words[rows]


_NO_ROWS: Ints = np.empty(0, np.int64)
_NO_SCORES: Floats = np.empty(0, np.float32)
