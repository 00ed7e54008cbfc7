"""Search in a graph: its candidates, rescored with the stored float32 rows; how widely, is measured on stored vectors.

A graph takes no part in filtering: a search that follows links and drops what a filter forbids loses recall as the
filter narrows, so filtered queries go through the codes that every base has.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pinyon.distance import prepare_query, scores
from pinyon.index.cutting import largest
from pinyon.index.flat import goodness_table, select
from pinyon.index.rerank import Outcome, with_newer
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints, Metric

_LADDER = (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1_024, 1_536, 2_048)
_STRANGENESS = 0.45
"""How much of a random row goes into a sampled query: a stored vector alone sits at a place that the graph was built
around, and flatters it. With this much, ef_search comes out as held-out sentence embeddings need it, or a little
higher: 100,000 of them reached .957 to .978 where .95 was wanted, and .992 to .996 for .99 (four seeds)."""
_CELLS = 16_000_000


class Graph(Protocol):
    """A graph over rows 0..n-1. ``search`` gives at most ``count`` rows for a prepared query, best first."""

    name: str
    n: int

    @property
    def nbytes(self) -> int: ...
    def search(self, query: Floats, count: int, ef: int) -> Ints: ...
    def to_arrays(self) -> dict[str, NDArray[Any]]: ...


@dataclass(frozen=True, slots=True)
class Breadth:
    """How widely searches of one graph look. ten, hundred: ef_search for top_k 10 and 100, as measured.

    fixed: what the user asked for instead. recall: estimated recall@10. reached: False where no breadth of the ladder
    keeps the promise: search the codes then.
    """

    ten: int
    hundred: int
    recall: float
    reached: bool = True
    samples: int = 0
    fixed: int | None = None

    def ef(self, k: int, effort: float = 1.0) -> int:
        """ef_search for top_k ``k``: a power law through the two measured points, times the effort."""
        if self.fixed is not None:
            return max(self.fixed, k)
        slope = min(1.0, max(0.0, log(self.hundred / self.ten) / log(10.0)))
        return max(k + 6, int(self.ten * (k / 10.0) ** slope * effort + 0.5))


def graph_search(
    graph: Graph,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    ef: int,
    alive: Bools | None,
    recall: float = 1.0,
) -> Outcome | None:
    """The k best rows found and every one that ties with the k-th, best first, with exact scores. None where other ways
    know more: fewer than min(k, alive) rows were found, or all from the k-th to the last tie, so that more of them lie
    beyond.

    Rows from ``graph.n`` on are scored one by one. alive: (n,) bool, None when every row is. recall: what is expected.
    """
    ef = max(ef, k)
    wanted = min(ef, max(2 * k, k + 16))
    if alive is not None:
        dead = graph.n - int(np.count_nonzero(alive[: graph.n]))
        share = graph.n / max(1, graph.n - dead)
        wanted, ef = int(wanted * share * 1.2) + 8, int(ef * share) + 8
    rows = graph.search(query, wanted, max(ef, wanted))
    if alive is not None:
        rows = rows[alive[rows]]
    if rows.size < min(k, graph.n if alive is None else int(np.count_nonzero(alive[: graph.n]))):
        return None
    best, exact = select(rows, scores(vectors.take(rows), query, metric), metric, k)
    if best.size == rows.size > k:
        return None
    found = Outcome(best, exact, rows.size, False, recall)
    return with_newer(found, graph.n, vectors, query, metric, k, alive)


def calibrate_graph(
    graph: Graph,
    vectors: Vectors,
    alive: Bools | None,
    metric: Metric,
    target: float,
    *,
    fixed: int | None = None,
    sample: int = 256,
    seed: int = 0,
) -> Breadth:
    """The breadth with which ``graph_search`` reaches recall ``target``, with half of the allowed loss as a margin.

    Queries are stored vectors, each mixed with another one; they are an estimate of what users ask. With ``fixed`` the
    recall of that ef_search is measured. Equal arguments give equal results.
    """
    living = np.arange(vectors.n) if alive is None else np.flatnonzero(alive[: vectors.n])
    mask = None if living.size == vectors.n else alive
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(living, min(sample, living.size), replace=False))
    others = rng.choice(living, chosen.size)
    strange = np.float32(_STRANGENESS)
    mixed = (vectors.take(chosen) + strange * vectors.take(others)) / (1 + strange)
    queries = np.stack([prepare_query(query, metric) for query in mixed])
    kths = {k: _kths(vectors, queries, living, metric, k) for k in (10, 100) if living.size >= 2 * k}
    wanted = target + (1.0 - target) / 2.0

    def recall(k: int, ef: int) -> float:
        """Of the queries that the graph answers; 0.0 where most are left to the codes."""
        found = answered = 0
        for query, kth in zip(queries, kths[k], strict=True):
            outcome = graph_search(graph, vectors, query, metric, k, ef, mask)
            if outcome is None:
                continue
            good = outcome.scores <= kth if metric == "euclidean" else outcome.scores >= kth
            found += min(int(np.count_nonzero(good)), k)
            answered += 1
        return found / (k * answered) if 2 * answered > len(queries) else 0.0

    if fixed is not None:
        return Breadth(fixed, fixed, recall(10, fixed) if 10 in kths else 1.0, True, len(queries), fixed)
    picked: dict[int, tuple[int, float]] = {}
    for k in kths:
        for ef in (ef for ef in _LADDER if ef > k):
            picked[k] = ef, recall(k, ef)
            if picked[k][1] >= wanted or picked[k][1] == 0.0:  # where nothing is found, looking wider is in vain
                break
    ten, reached = picked.get(10, (_LADDER[0], 1.0))
    return Breadth(ten, picked.get(100, (10 * ten, 1.0))[0], reached, reached >= target, len(queries))


def _kths(vectors: Vectors, queries: Floats, living: Ints, metric: Metric, k: int) -> list[float]:
    """The exact score of the k-th best living row for each (q, d) query."""
    group = max(1, _CELLS // vectors.n)
    result: list[float] = []
    for start in range(0, len(queries), group):
        part = queries[start : start + group]
        for query, goodness in zip(part, goodness_table(vectors.blocks(), part, metric), strict=True):
            pool = goodness[living]
            near = living[largest(pool, min(2 * k, pool.size))]
            _, best = select(near, scores(vectors.take(near), query, metric), metric, k)
            result.append(float(best[k - 1]))
    return result
