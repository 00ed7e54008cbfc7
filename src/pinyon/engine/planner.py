"""Search over one snapshot: choose between all rows, the matching rows and the codes, then score with float32.

The filter is evaluated first, so its selectivity is measured, not guessed. Whatever the path, the scores are exact, and
a search gives min(top_k, matches) rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from pinyon.distance import prepare_query, scores
from pinyon.engine import lexical
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import Node
from pinyon.index.flat import flat_search, gather_search, select
from pinyon.index.rerank import USUAL, Effort, scan_search
from pinyon.types import Bools, Floats, Ints, Plan, SparseValues

GATHER_ROWS = 1_000
"""Up to this many matching rows, scoring just them beats reading the codes, whatever the size of the namespace."""
GATHER_SHARE = 0.03
"""...and so does up to this share of the rows: one gathered float32 row costs about as much as 30 code rows."""
EXACT_SHARE = 0.25
"""A search that would rescore more than this share of the rows reads all of them instead."""


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
    """Rows best first; rows that tie with the last place may follow, for the caller to order by id."""

    rows: Ints
    scores: Floats
    kind: str
    reason: str
    matching: int
    candidates: int
    exact: bool

    def plan(self, snapshot: Snapshot, milliseconds: Mapping[str, float]) -> Plan:
        return Plan(
            self.kind, self.reason, snapshot.live, self.matching, self.candidates, self.exact, dict(milliseconds)
        )


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
) -> Found:
    """The best `top_k` rows for a raw query vector, sparse values, both (the sum of both scores), or text alone.

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
    if text is not None:
        result = _text(snapshot, text, mask, matching, k)
    elif vector is None:
        assert sparse is not None, "a query has a vector or sparse values"
        rows, found = snapshot.sparse.scores(sparse, mask)
        rows, best = select(rows, found, "dotproduct", k)
        result = Found(rows, best, "sparse", "inverted lists", matching, len(found), True)
    elif sparse is not None:
        result = _hybrid(snapshot, vector, sparse, mask, matching, k)
    else:
        query = prepare_query(vector, snapshot.metric)
        result = _dense(snapshot, query, mask, matching, k, exact, node is not None, effort)
    stages.mark("search")
    return result


def _text(snapshot: Snapshot, nodes: Sequence[lexical.Node], mask: Bools | None, matching: int, k: int) -> Found:
    assert snapshot.texts is not None, "a text query goes to a snapshot that has its words"
    alive = None if snapshot.live == snapshot.n else snapshot.alive
    rows, found = snapshot.texts.scores(nodes, alive, mask, snapshot.n)
    rows, best = select(rows, found, "dotproduct", k)
    return Found(rows, best, "text", "every record that holds the words", matching, len(found), True)


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
        rows, best = gather_search(np.flatnonzero(mask), vectors.take, query, snapshot.metric, k)
        return Found(rows, best, "gather", "few records match: each is scored", matching, matching, True)
    if exact:
        reason = "exact search was asked for"
    elif base is None:
        reason = "small, or no codes yet: every record is scored"
    elif not effort.bounds(matching) and base.depth.rows(k, filtered, effort.factor) > EXACT_SHARE * matching:
        reason = f"top_k {k} would rescore most of {matching} records: every record is scored"
    if reason:
        rows, best = flat_search(vectors.blocks(), query, snapshot.metric, k, mask)
        return Found(rows, best, "exact", reason, matching, matching, True)
    assert base is not None, "without codes the search is exact"
    found = scan_search(base.scan, vectors, query, snapshot.metric, k, base.depth, mask, matching, effort)
    reason = "codes could not settle it: every record is scored" if found.exact else "codes, then float32 rerank"
    if effort.bounds(matching) and not found.exact:
        reason += f" of at most {effort.most} candidates"
    return Found(found.rows, found.scores, "scan", reason, matching, found.candidates, found.exact)


def _hybrid(
    snapshot: Snapshot, vector: Floats, sparse: SparseValues, mask: Bools | None, matching: int, k: int
) -> Found:
    """Dense plus sparse score of every matching row: the sum has no shortcut that never misses."""
    vectors = snapshot.vectors
    assert vectors is not None, "a dense query goes to a dense index"
    query = prepare_query(vector, snapshot.metric)
    weights = snapshot.sparse.all_scores(sparse, snapshot.n)
    total = np.concatenate([block @ query for block in vectors.blocks()]) + weights
    if mask is not None:
        total[~mask] = -np.inf
    # The fast product rounds differently from row to row: whoever may belong to the best is scored again, exactly.
    slack = 4.0 * (query.size + 4) * 2.0**-24 * float(np.linalg.norm(query)) * vectors.largest_norm() + 1e-6
    rows = np.flatnonzero(total >= np.partition(total, -k)[-k] - slack)
    exact = scores(vectors.take(rows), query, snapshot.metric) + weights[rows]
    rows, best = select(rows, exact, snapshot.metric, k)
    return Found(rows, best, "hybrid", "dense and sparse scores of every matching record", matching, matching, True)


_NO_ROWS: Ints = np.empty(0, np.int64)
_NO_SCORES: Floats = np.empty(0, np.float32)
