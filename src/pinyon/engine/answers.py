"""Answered queries that wait to be checked, how good they were, and what checking them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pinyon.distance import prepare_query
from pinyon.engine.planner import Found, Stages, search
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import Node
from pinyon.index.fusion import kth_of_all
from pinyon.index.recount import Answered, kth_scores
from pinyon.index.rerank import Effort
from pinyon.index.sparse import Sparse
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Metric, SparseValues

BATCH: Final = 32
"""Queries that are checked together: more hardly cost less each."""
STEP_SECONDS: Final = 0.25
"""CPU time that a check may take."""
_SHARED_SECONDS: Final = 3e-11
"""CPU time of one number of one row for one query, where many queries share the reading of the rows."""
_SINGLE_SECONDS: Final = 1.5e-10
"""...and for a hybrid query, which is searched by itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was asked. sparse: of a hybrid one. band: its number in ``contract.BANDS``."""

    query: Floats
    sparse: SparseValues | None
    node: Node | None
    top_k: int
    band: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answered query that waits. scores: of the k rows found; None when every matching row was scored.

    vectors, sparse, n, mask: the rows that were there, and those of them that match.
    """

    asked: Asked
    k: int
    scores: Floats | None
    vectors: Vectors
    sparse: Sparse
    n: int
    mask: Bools | None
    lineage: int
    generation: int

    @classmethod
    def of(cls, asked: Asked, snapshot: Snapshot, found: Found, scores: Floats | None, generation: int) -> Answer:
        assert snapshot.vectors is not None, "a query with a vector goes to a dense index"
        k = min(asked.top_k, found.matching)
        rows = snapshot.vectors, snapshot.sparse, snapshot.n, found.mask
        return cls(asked, k, scores, *rows, snapshot.lineage, generation)

    def answered(self, metric: Metric) -> Answered:
        """As ``kth_scores`` wants it. A search that found too few rows would take any."""
        assert self.scores is not None, "exact answers are not checked"
        worst = np.inf if metric == "euclidean" else -np.inf
        reached = float(self.scores[self.k - 1]) if self.scores.size >= self.k else worst
        return Answered(prepare_query(self.asked.query, metric), self.k, reached, self.n, self.mask)

    def fused_kth(self, metric: Metric, between: Callable[[], None]) -> float:
        """The exact k-th best sum of dense and sparse score. ``between`` is called between small pieces of work."""
        assert self.asked.sparse is not None, "a hybrid query has sparse values"
        weights = self.sparse.all_scores(self.asked.sparse, self.n)
        if self.mask is not None:
            np.copyto(weights, -np.inf, where=~self.mask)
        known = self.answered(metric)
        return kth_of_all(self.vectors, known.query, metric, weights, self.k, known.reached, between)

    def recall(self, kth: float, metric: Metric) -> float:
        """Share of the k best rows that were found; whatever ties with the k-th counts as one of them.

        kth: exact score of the truly k-th best row.
        """
        assert self.scores is not None, "exact answers are not checked"
        found = self.scores[: self.k]
        return float(np.count_nonzero(found <= kth if metric == "euclidean" else found >= kth)) / self.k


def again(snapshot: Snapshot, asked: Asked, effort: float) -> Answer:
    """The query, answered from this snapshot with this effort; with scores even where the answer is exact."""
    found = search(
        snapshot,
        asked.query,
        asked.sparse,
        asked.node,
        asked.top_k,
        exact=False,
        stages=Stages(),
        effort=Effort(raised=effort),
    )
    return Answer.of(asked, snapshot, found, found.scores, 0)


def recalls(answers: Sequence[Answer], metric: Metric, between: Callable[[], None]) -> list[float]:
    """(len(answers),) share of the truly best rows in each; 1.0 for exact ones."""
    costly = [one for one in answers if one.scores is not None]
    best = iter(kths(costly, metric, between))
    return [1.0 if one.scores is None else one.recall(next(best), metric) for one in answers]


def kths(answers: Sequence[Answer], metric: Metric, between: Callable[[], None]) -> list[float]:
    """(len(answers),) exact score of the truly k-th best row of each: of dense queries in one product, of hybrid ones
    one by one. ``between`` is called between small pieces of work, and may raise to stop."""
    dense: Iterator[float] = iter(())
    if plain := [one for one in answers if one.asked.sparse is None]:
        vectors = max(plain, key=lambda one: one.n).vectors
        dense = iter(kth_scores(vectors, [one.answered(metric) for one in plain], metric, between).tolist())
    best: list[float] = []
    for one in answers:
        if one.asked.sparse is None:
            best.append(next(dense))
        else:
            best.append(one.fused_kth(metric, between))
    return best


def seconds(asked: Asked, vectors: Vectors) -> float:
    """About what it costs to check a query on these rows: of small namespaces as much as lets ``BATCH`` fill a step."""
    rate = _SHARED_SECONDS if asked.sparse is None else _SINGLE_SECONDS
    return max(STEP_SECONDS / BATCH, rate * vectors.n * vectors.d)
