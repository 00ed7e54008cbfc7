"""Measures, on stored vectors, how deep a scan must be reranked for the recall that an index promises.

Each sampled vector is a query against all the others, without a filter and under filters: random ones that keep 10 %
and 1 %, the query's own region, and the regions far from it, where codes separate rows worst. One deep probe per query
and filter shows what every smaller depth would have found. Stored vectors flatter an index (queries from outside lie
in sparser places), and few of them are asked, so half of the allowed loss is kept as a margin without a filter and over
all filters together, the worst of them must reach the target itself, and the result is an estimate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pinyon.index.cutting import largest
from pinyon.index.rerank import Depth, expected_misses
from pinyon.index.scan import Scan
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints, Metric

__all__ = ["Depth", "calibrate"]

_LADDER = (32, 40, 50, 64, 80, 100, 125, 160, 200, 250, 320, 400, 500, 640, 800, 1_000)
_PROBE = {10: 500, 100: 1_000}
_TOLERANCES = (0.5, 0.3, 0.2, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002)
_SETTLED = 0.8
_PIVOTS = 16
_SAMPLED_CELLS = 8_000_000
_TABLE_CELLS = 8_000_000
"""Scores that are held at a time, or those of one query where they are more."""
_FEWEST_SAMPLES = 16
_PLAIN_SAMPLES = 4
"""Times as many searches without a filter: most queries have none, and of many ways the luckiest is taken."""
_CODES_PER_ROW = 160
_EXACT_PER_ROW = 4
_LOOK_ROWS = 50
_WORTH = 2.0
"""Costs, of which only the ratios count: one rescored row is as much work as so many codes, or so many rows read in a
row; and every look costs as much as so many rows. Codes are worth it where reading all rows costs that much more."""
_CHUNK_ROWS = 4_096
_HUNDRED = ("plain", "random 10%")


@dataclass(frozen=True, slots=True)
class _Trial:
    """One query under one filter: misses foreseen and recall found at each depth of the ladder that applies.

    last: recall where none of these depths is enough: 1.0 where the search is exact then.
    """

    kind: str
    k: int
    depths: tuple[int, ...]
    misses: tuple[float, ...]
    found: tuple[float, ...]
    last: float

    def walk(self, first: int, tolerance: float) -> tuple[list[int], float]:
        """The depths that a search looks into, with a 0 at the end where none is enough, and the recall that it has."""
        reach = first
        looked: list[int] = []
        for depth, misses, found in zip(self.depths, self.misses, self.found, strict=True):
            if depth < reach:
                continue
            looked.append(depth)
            if misses <= tolerance * self.k:
                return looked, found
            reach = 2 * depth
        return [*looked, 0], self.last


def calibrate(
    scan: Scan,
    vectors: Vectors,
    alive: Bools | None,
    metric: Metric,
    target: float,
    sample: int = 48,
    seed: int = 0,
) -> Depth:
    """The first depths and the tolerances with which ``scan_search`` reaches recall ``target`` on the rows of ``scan``.

    alive: (>= n,) bool, the rows that count; sample: how many stored vectors to ask for under filters, and a multiple
    of them without (fewer of very many rows). Equal arguments give equal results. ``reached`` is False where codes do
    not pay: search exactly then.
    """
    living = np.arange(scan.n) if alive is None else np.flatnonzero(alive[: scan.n])
    if living.size // 4 < _LADDER[2]:
        return Depth(_LADDER[:2], _LADDER[:2], 0.0, reached=False)
    trials = _trials(scan, vectors, living, metric, sample, seed)
    wanted = target + (1.0 - target) / 2.0
    plain = _plain([trial for trial in trials if trial.kind == "plain"], scan.n, target, wanted)
    filtered = [trial for trial in trials if trial.kind != "plain"]
    best: Depth | None = None
    for tolerance in _TOLERANCES:
        depth = _under_filters(plain, filtered, tolerance, target)
        if best is None or depth.recall > best.recall:
            best = depth
        if depth.recall >= target and np.mean(list(depth.recalls.values())) >= wanted:
            return depth
    assert best is not None
    return best


def _plain(trials: list[_Trial], n: int, target: float, wanted: float) -> Depth:
    """The cheapest way without a filter that finds as much as is wanted, or the surest; ``filtered`` is still to do."""
    tens = [trial for trial in trials if trial.k == 10]
    ways = [(*_judged(tens, n, first, tolerance), first, tolerance) for first in _LADDER for tolerance in _TOLERANCES]
    enough = [way for way in ways if way[0] >= wanted]
    recall, cost, first, tolerance = (
        min(enough, key=lambda way: way[1]) if enough else max(ways, key=lambda way: (way[0], -way[1]))
    )
    hundred, _ = _first(trials, ["plain"], 100, tolerance)
    return Depth(
        plain=(first, max(first, hundred)),
        filtered=(first, first),
        tolerance=tolerance,
        reached=recall >= target and cost * _WORTH <= len(tens) * n / _EXACT_PER_ROW,
        recall=recall,
        recalls={"plain": recall},
        samples=len(tens),
        plain_tolerance=tolerance,
    )


def _judged(trials: list[_Trial], n: int, first: int, tolerance: float) -> tuple[float, float]:
    """(recall, cost) of the searches that begin at ``first``; the cost in rows that are rescored."""
    recall = cost = 0.0
    for trial in trials:
        looked, found = trial.walk(first, tolerance)
        recall += found
        cost += sum(depth + _LOOK_ROWS + n / _CODES_PER_ROW if depth else n / _EXACT_PER_ROW for depth in looked)
    return recall / max(1, len(trials)), cost


def _under_filters(plain: Depth, trials: list[_Trial], tolerance: float, target: float) -> Depth:
    """``plain``, and how searches with a filter go at this tolerance."""
    kinds = sorted({trial.kind for trial in trials})
    (ten, _), (hundred, _) = _first(trials, kinds, 10, tolerance), _first(trials, kinds, 100, tolerance)
    recalls = dict(plain.recalls)
    for kind in kinds:
        asked = [trial for trial in trials if trial.kind == kind and trial.k == 10]
        recalls[kind] = float(np.mean([trial.walk(max(ten, trial.depths[0]), tolerance)[1] for trial in asked]))
    recall = min(recalls.values())
    return replace(
        plain,
        filtered=(ten, max(ten, hundred)),
        tolerance=tolerance,
        reached=plain.reached and recall >= target,
        recall=recall,
        recalls=recalls,
    )


def _first(trials: list[_Trial], kinds: list[str], k: int, tolerance: float) -> tuple[int, bool]:
    """The smallest depth at which most searches settle at once, and whether there is one."""
    asked = [trial for trial in trials if trial.kind in kinds and trial.k == k]
    if not asked:
        return _PROBE[k], False
    deepest = max(trial.depths[-1] for trial in asked)
    for depth in _LADDER:
        if depth > deepest:
            break
        settled = [trial.misses[trial.depths.index(depth)] <= tolerance * k for trial in asked if depth in trial.depths]
        if len(settled) * 2 > len(asked) and np.mean(settled) >= _SETTLED:
            return depth, True
    return deepest, False


def _trials(scan: Scan, vectors: Vectors, living: Ints, metric: Metric, sample: int, seed: int) -> list[_Trial]:
    rng = np.random.default_rng(seed)
    most = max(_FEWEST_SAMPLES, min(_PLAIN_SAMPLES * sample, _SAMPLED_CELLS // scan.n))
    count = min(living.size, most)
    chosen = np.sort(rng.choice(living, count, replace=False))
    pivots = np.sort(rng.choice(living, min(_PIVOTS, living.size), replace=False))
    regions, affinity = _regions(vectors, scan.n, chosen, pivots, metric)
    alive = np.zeros(scan.n, dtype=np.bool_)
    alive[living] = True
    draws = rng.random(scan.n, dtype=np.float32)
    trials: list[_Trial] = []
    apart = -(-count // min(sample, count))  # every so many queries also ask under filters
    for i, (row, exact) in enumerate(zip(chosen, _all_scores(vectors, scan.n, chosen, metric), strict=True)):
        query = vectors.take(chosen[i : i + 1])[0]
        order = np.argsort(affinity[:, i] if metric == "euclidean" else -affinity[:, i], kind="stable")
        for kind, mask in _filters(alive, draws, regions, order) if i % apart == 0 else [("plain", alive)]:
            for k in (10, 100) if kind in _HUNDRED and i % apart == 0 else (10,):
                trial = _trial(scan, query, int(row), exact, kind, mask, k, metric)
                if trial is not None:
                    trials.append(trial)
    return trials


def _filters(
    alive: Bools, draws: Floats, regions: NDArray[np.uint8], order: NDArray[np.intp]
) -> Iterator[tuple[str, Bools]]:
    """The masks of one query; ``order``: regions from the nearest to the farthest."""
    yield "plain", alive
    yield "random 10%", alive & (draws < 0.1)
    yield "random 1%", alive & (draws < 0.01)
    yield "near", alive & (regions == order[0])
    far = np.zeros(order.size, dtype=np.bool_)
    far[order[order.size // 2 :]] = True
    yield "far", alive & far[regions]


def _trial(
    scan: Scan, query: Floats, row: int, exact: Floats, kind: str, mask: Bools, k: int, metric: Metric
) -> _Trial | None:
    """None where so few rows match that a search would be exact anyway."""
    own = bool(mask[row])
    matching = int(np.count_nonzero(mask)) - own
    deepest = min(_PROBE[k], matching // 4)
    depths = tuple(depth for depth in _LADDER if k + 16 <= depth <= deepest)
    if not depths:
        return None
    # One more than asked: the vector itself, which is no neighbour of its own, drops out.
    rows, estimates = scan.probe(query, depths[-1] + 1, None if mask.all() else mask)
    others = rows != row
    rows, estimates = rows[others][: depths[-1]], estimates[others][: depths[-1]]
    if rows.size < depths[-1]:
        return None
    goodness = -exact if metric == "euclidean" else exact
    pool = goodness[mask]
    best = pool[largest(pool, k + own)]
    kth = (_without(best, goodness[row]) if own else best).min()
    values = exact[rows]
    hits = np.minimum(np.cumsum(goodness[rows] >= kth), k)
    misses = tuple(expected_misses(estimates[:depth], values[:depth], k, metric, scan.subspaces)[0] for depth in depths)
    found = tuple(float(hits[depth - 1]) / k for depth in depths)
    # Whoever would look into more than a quarter of the rows scores all of them.
    last = 1.0 if 2 * depths[-1] > matching // 4 else found[-1]
    return _Trial(kind, k, depths, misses, found, last)


def _without(values: Floats, value: np.float32) -> Floats:
    """``values`` less one occurrence of ``value``, or less the smallest when it is not among them."""
    at = np.flatnonzero(values == value)
    return np.delete(values, at[0] if at.size else values.argmin())


def _all_scores(vectors: Vectors, n: int, chosen: Ints, metric: Metric) -> Iterator[Floats]:
    """(n,) scores of each chosen row against rows 0..n-1."""
    group = max(1, _TABLE_CELLS // n)
    for start in range(0, chosen.size, group):
        part = chosen[start : start + group]
        table = np.empty((part.size, n), dtype=np.float32)
        for at, cells in _scored(vectors, n, part, metric):
            table[:, at : at + cells.shape[1]] = cells
        yield from table


def _regions(vectors: Vectors, n: int, chosen: Ints, pivots: Ints, metric: Metric) -> tuple[NDArray[np.uint8], Floats]:
    """(n,) the pivot that is nearest to each of rows 0..n-1, and (p, s) scores of the pivots and the chosen rows."""
    regions = np.empty(n, np.uint8)
    affinity = np.empty((pivots.size, chosen.size), np.float32)
    for at, cells in _scored(vectors, n, pivots, metric):
        stop = at + cells.shape[1]
        regions[at:stop] = cells.argmin(axis=0) if metric == "euclidean" else cells.argmax(axis=0)
        first, last = np.searchsorted(chosen, (at, stop))
        affinity[:, first:last] = cells[:, chosen[first:last] - at]
    return regions, affinity


def _scored(vectors: Vectors, n: int, anchors: Ints, metric: Metric) -> Iterator[tuple[int, Floats]]:
    """(first row, (a, m) scores of the anchors against the m rows from there), piece by piece."""
    queries = vectors.take(anchors)
    euclidean = metric == "euclidean"
    # The expanded form of a distance cancels less around the middle of the data.
    middle = queries.mean(axis=0) if euclidean else None
    if middle is not None:
        queries = queries - middle
    lengths = np.einsum("ij,ij->i", queries, queries)
    at = 0
    for block in vectors.span(0, n):
        for start in range(0, len(block), _CHUNK_ROWS):
            part = block[start : start + _CHUNK_ROWS]
            if middle is not None:
                part = part - middle
            products = queries @ part.T
            if euclidean:
                products *= -2.0
                products += lengths[:, None]
                products += np.einsum("ij,ij->i", part, part)
            yield at, products
            at += len(part)
