"""Measures, on stored vectors, how inverted lists must be searched for the recall that an index promises.

Each sampled vector is a query against all the others, without a filter and under filters: random ones that keep 10 %,
the nearest lists with a tenth of the rows, and the farthest half. The searches are those that users get, from the
cheapest setting on, until one keeps the promise with margins: the sample is small, and the first setting that looks
good enough is often one that was lucky. A quarter of the allowed loss is kept without a filter, half over all.

Stored vectors as they are foretell the recall of held-out sentence embeddings to within 0.01 (measured on 20,000 and
50,000 rows). Mixed with others, as a graph is measured, they lie farther from every list, searches read half as much
again, and recall comes out up to 0.05 too high.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pinyon.distance import scores
from pinyon.index.cutting import largest
from pinyon.index.flat import goodness_table, select
from pinyon.index.ivf import Ivf
from pinyon.index.probing import ivf_search
from pinyon.index.rerank import USUAL, Depth, Effort
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Metric

_SETTINGS = (
    *((0.1, 0.85), (0.02, 0.85)),
    *((0.1, 1.0), (0.05, 1.0), (0.02, 1.0), (0.01, 1.0)),
    *((0.05, 1.2), (0.02, 1.2), (0.01, 1.2)),
    *((0.05, 1.4), (0.02, 1.4), (0.01, 1.4)),
    *((0.02, 1.7), (0.01, 1.7), (0.01, 2.0), (0.005, 2.5), (0.003, 3.0), (0.002, 4.0)),
)
"""(tolerance, spread), the cheapest first."""
_FIRST = (64, 200)
_PROBES = 8
_K = 10
_CELLS = 16_000_000
"""Scores that are held in memory at a time."""


class _Mask:
    """(n,) bool, a bit each: there are some hundred of them."""

    __slots__ = ("_bits", "_n")

    def __init__(self, mask: Bools) -> None:
        self._bits = np.packbits(mask)
        self._n = len(mask)

    def rows(self) -> Bools:
        return np.unpackbits(self._bits, count=self._n).view(np.bool_)


@dataclass(frozen=True, slots=True)
class _Trial:
    """One query under one filter, and the exact score of the last that belongs to its best ten."""

    kind: str
    row: int
    query: Floats
    mask: _Mask
    plain: bool
    matching: int
    kth: float


def calibrate_lists(
    ivf: Ivf,
    vectors: Vectors,
    alive: Bools | None,
    metric: Metric,
    target: float,
    *,
    fixed: Effort = USUAL,
    sample: int = 48,
    seed: int = 0,
) -> tuple[Depth, float]:
    """The settings with which ``ivf_search`` reaches recall ``target`` on the rows of ``ivf``, and the mean share of
    all codes that its searches without a filter read.

    alive: (>= n,) bool, the rows that count. Equal arguments give equal results. ``Depth.reached`` is False where no
    setting reaches the target. fixed: what the user decided; with ``nprobe`` in it, just its recall is measured.
    """
    living = np.ones(ivf.n, np.bool_) if alive is None else alive[: ivf.n]
    trials = list(_trials(ivf, vectors, living, metric, sample, seed))
    loss = 1.0 - target
    best, share = Depth(_FIRST, _FIRST, 0.0, reached=False, recall=0.0), 1.0
    for tolerance, spread in _SETTINGS:
        depth = Depth(_FIRST, _FIRST, tolerance, probes=_PROBES, spread=spread)
        depth, read = _measured(ivf, vectors, trials, depth, metric, target, fixed)
        if fixed.nprobe is not None:
            return replace(depth, reached=True), read
        if depth.recall > best.recall:
            best, share = depth, read
        kept = depth.recalls.get("plain", 0.0) >= 1.0 - 0.75 * loss
        if depth.reached and kept and np.mean(list(depth.recalls.values())) >= 1.0 - 0.5 * loss:
            return depth, read
    return best, share


def _measured(
    ivf: Ivf,
    vectors: Vectors,
    trials: list[_Trial],
    depth: Depth,
    metric: Metric,
    target: float,
    fixed: Effort,
) -> tuple[Depth, float]:
    """``depth`` with the recall that its searches reach, and its first look at what they needed in the end."""
    found: dict[str, list[float]] = {}
    candidates: dict[bool, list[int]] = {True: [], False: []}
    read: list[int] = []
    for trial in trials:
        mask = None if trial.plain else trial.mask.rows()
        outcome = ivf_search(ivf, vectors, trial.query, metric, _K + 1, depth, mask, trial.matching, fixed)
        values = outcome.scores[outcome.rows != trial.row]
        good = values <= trial.kth if metric == "euclidean" else values >= trial.kth
        found.setdefault(trial.kind, []).append(min(int(np.count_nonzero(good)), _K) / _K)
        if not outcome.exact:
            candidates[trial.kind == "plain"].append(outcome.candidates)
            if trial.kind == "plain":
                read.append(outcome.lists)
    recalls = {kind: float(np.mean(values)) for kind, values in found.items()}
    plain, filtered = (_first(candidates[kind]) for kind in (True, False))
    recall = min(recalls.values(), default=0.0)
    ready = replace(
        depth,
        plain=plain,
        filtered=filtered,
        probes=max(2, int(np.median(read))) if read else ivf.nlist,
        recall=recall,
        recalls=recalls,
        reached=recall >= target and len(read) * 2 > len(found.get("plain", [])),
        samples=len(found.get("plain", [])),
    )
    share = float(np.mean(read)) / ivf.nlist if read else 1.0
    return ready, share


def _first(candidates: list[int]) -> tuple[int, int]:
    """First depths for top_k 10 and 100, so that about two of three searches need no second look."""
    ten = _FIRST[0] if not candidates else int(np.clip(np.quantile(candidates, 0.35), _FIRST[0], 1_000))
    return ten, max(_FIRST[1], 2 * ten)


def _trials(ivf: Ivf, vectors: Vectors, living: Bools, metric: Metric, sample: int, seed: int) -> Iterator[_Trial]:
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(living)
    chosen = np.sort(rng.choice(rows, min(rows.size, sample), replace=False))
    group = max(1, _CELLS // max(ivf.n, 1))
    draws = living & (rng.random(ivf.n, dtype=np.float32) < 0.1)
    known = {id(living): _Mask(living), id(draws): _Mask(draws)}
    for start in range(0, chosen.size, group):
        part = chosen[start : start + group]
        queries = vectors.take(part)
        table = goodness_table(vectors.span(0, ivf.n), queries, metric)
        for row, query, goodness in zip(part.tolist(), queries, table, strict=True):
            for kind, mask in _filters(ivf, living, draws, query):
                packed = known.get(id(mask)) or _Mask(mask)
                trial = _trial(kind, row, query, goodness, mask, packed, vectors, metric)
                if trial is not None:
                    yield trial


def _filters(ivf: Ivf, living: Bools, draws: Bools, query: Floats) -> Iterator[tuple[str, Bools]]:
    yield "plain", living
    yield "random 10%", draws
    order = np.argsort(-ivf.nearness(query).expected)
    reached = np.cumsum(ivf.sizes[order])
    near = np.zeros(ivf.nlist, np.bool_)
    near[order[: int(np.searchsorted(reached, 0.1 * ivf.n)) + 1]] = True
    yield "region", living & near[ivf.lists]
    far = np.zeros(ivf.nlist, np.bool_)
    far[order[int(np.searchsorted(reached, 0.5 * ivf.n)) :]] = True
    yield "far", living & far[ivf.lists]


def _trial(
    kind: str,
    row: int,
    query: Floats,
    goodness: Floats,
    mask: Bools,
    packed: _Mask,
    vectors: Vectors,
    metric: Metric,
) -> _Trial | None:
    """None where so few rows match that a search would be exact anyway."""
    matching = np.flatnonzero(mask)
    others = matching[matching != row]
    if others.size < 4 * _FIRST[0]:
        return None
    pool = goodness[others]
    near = others[largest(pool, 2 * _K)]
    exact = scores(vectors.take(near), query, metric)  # the table of products rounds differently
    _, best = select(near, exact, metric, _K)
    plain = kind == "plain" and matching.size == mask.size
    return _Trial(kind, row, query, packed, plain, matching.size, float(best[_K - 1]))
