"""Codes first, float32 scores last, and as deep as the query at hand needs.

Reranked rows have both a code score and an exact score. Their differences are a fair sample of the error of the codes
(rows are chosen by code score alone), and the code scores tell how densely rows follow behind the last candidate. From
both follows how many true members are to be expected among the rows that were not reranked. The search deepens until
that number is a small part of k, and becomes exact where codes cannot decide: a filter that leaves only rows far from
the query, or crowds of equal rows, cost time instead of recall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import erfc, exp, log, sqrt

import numpy as np

from pinyon.distance import scores
from pinyon.index.cutting import kth_best
from pinyon.index.flat import flat_search, gather_search, select
from pinyon.index.scan import Scan
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints, Metric

_FEWEST = 32
EXACT_SHARE = 4
_GATHER_SHARE = 6
_FORESEEING = 512
_FEW_SUBSPACES = 4.0
_TINY = 1e-12

MOST_RAISED = 64.0
"""Up to this multiple the effort of searches is raised; where more would be needed, every row is scored."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How deep searches of one scan look first, and when they may stop.

    plain, filtered: first rerank depth at top_k 10 and 100, without and with a filter.
    tolerance: share of the top_k that may be expected to be missing when a search stops. plain_tolerance: without a
    filter, where it is another one.
    reached: False where the codes do not settle most queries before a quarter of the rows is reranked: search exactly.
    recall: estimated recall@10, the worst of ``recalls``; stored vectors served as queries and flatter it.
    probes, spread: of inverted lists only. How many are looked into first, and what the deviations of their scores are
    multiplied with.
    """

    plain: tuple[int, int]
    filtered: tuple[int, int]
    tolerance: float
    reached: bool = True
    recall: float = 1.0
    recalls: Mapping[str, float] = field(default_factory=dict)
    samples: int = 0
    probes: int = 0
    spread: float = 1.0
    plain_tolerance: float | None = None

    def tolerated(self, k: int, filtered: bool) -> float:
        """How many of the k best rows may be expected to be missing when a search stops."""
        loose = None if filtered else self.plain_tolerance
        return (self.tolerance if loose is None else loose) * k

    def rows(self, k: int, filtered: bool, factor: float = 1.0) -> int:
        """The first rerank depth for top_k ``k``: a power law through the two measured points, at least k + 16.

        factor: what the depth is multiplied with.
        """
        ten, hundred = self.filtered if filtered else self.plain
        slope = min(1.0, max(0.0, log(hundred / ten) / log(10.0)))
        return max(_FEWEST, k + 16, int(factor * ten * (k / 10.0) ** slope + 0.5))

    def raised(self, effort: float) -> Depth:
        """For ``effort`` times the work: so many times as deep at first, and as much stricter about when to stop."""
        if effort == 1.0:
            return self
        return replace(
            self,
            plain=(int(effort * self.plain[0]), int(effort * self.plain[1])),
            filtered=(int(effort * self.filtered[0]), int(effort * self.filtered[1])),
            tolerance=self.tolerance / effort,
            plain_tolerance=None if self.plain_tolerance is None else self.plain_tolerance / effort,
            probes=int(effort * self.probes + 0.5),
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """What one query asks for. factor: of the first rerank depth. most: candidates at most, None or at least k.

    With ``most`` a search never becomes exact, and stops there whatever it expects to have missed.
    ef_search, nprobe, rerank_depth: of the kinds that know them, None for what the index is set to or needs.
    whole: rows of the inverted lists that are read are all rescored, whatever their codes say.
    raised: what live queries turned out to need, as a multiple of what stored vectors needed (``Depth.raised``); above
    ``MOST_RAISED`` every row is scored.
    """

    factor: float = 1.0
    most: int | None = None
    ef_search: int | None = None
    nprobe: int | None = None
    rerank_depth: int | None = None
    whole: bool = False
    raised: float = 1.0

    @property
    def cap(self) -> int | None:
        """Candidates that may be rescored at most; with ``rerank_depth`` just so many are."""
        return self.most if self.rerank_depth is None else self.rerank_depth

    def bounds(self, matching: int) -> bool:
        return self.cap is not None and self.cap < matching


USUAL = Effort()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows and exact scores as ``flat_search`` gives them; ``candidates`` rows were scored to find them.

    exact: every matching row was scored. expected_recall: the search's own estimate for this query, 1.0 when exact.
    lists: inverted lists that were looked into.
    """

    rows: Ints
    scores: Floats
    candidates: int
    exact: bool
    expected_recall: float
    lists: int = 0


def scan_search(
    scan: Scan,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    depth: Depth,
    mask: Bools | None = None,
    matching: int | None = None,
    effort: Effort = USUAL,
) -> Outcome:
    """The k best rows of ``vectors`` and every row found that ties with the k-th, best first, with exact scores.

    Rows below ``scan.n`` are found through the codes, newer ones exactly. query: (d,) prepared; mask: (>= n,) bool.
    matching: how many rows the mask keeps, when the caller knows. ``effort.most`` bounds the candidates of the codes.
    """
    matching = matching_below(scan.n, vectors, mask, matching)
    base = _base_search(scan, vectors, query, metric, k, depth, mask, matching, effort)
    return with_newer(base, scan.n, vectors, query, metric, k, mask)


def matching_below(n: int, vectors: Vectors, mask: Bools | None, matching: int | None) -> int:
    """How many of the rows 0..n-1 the mask keeps. matching: how many of all, when the caller knows."""
    if mask is None:
        return n
    if matching is None or vectors.n != n:
        return int(np.count_nonzero(mask[:n]))
    return matching


def with_newer(
    base: Outcome, n: int, vectors: Vectors, query: Floats, metric: Metric, k: int, mask: Bools | None
) -> Outcome:
    """What was found among rows 0..n-1, and the newer rows, each of them scored."""
    if vectors.n == n:
        return base
    newer = None if mask is None else mask[n : vectors.n]
    norm = vectors.largest_norm() if metric == "dotproduct" else None
    rows, exact = flat_search(vectors.span(n, vectors.n), query, metric, k, newer, norm=norm)
    both = select(np.concatenate([base.rows, rows + n]), np.concatenate([base.scores, exact]), metric, k)
    return replace(base, rows=both[0], scores=both[1], candidates=base.candidates + vectors.n - n)


def exhaustive(
    n: int,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    mask: Bools | None,
    matching: int,
    candidates: int,
) -> Outcome:
    """Every matching one of the rows 0..n-1 is scored, after ``candidates`` others were in vain."""
    if mask is not None and matching * _GATHER_SHARE < n:
        found = gather_search(np.flatnonzero(mask[:n]), vectors.take, query, metric, k)
    else:
        norm = vectors.largest_norm() if metric == "dotproduct" else None
        found = flat_search(vectors.span(0, n), query, metric, k, mask, norm=norm)
    return Outcome(*found, candidates + matching, True, 1.0)


def expected_misses(
    estimates: Floats, exact: Floats, k: int, metric: Metric, subspaces: int, kth: float | None = None
) -> tuple[float, float, float, float]:
    """How many of the true top k lie behind the last of m > k candidates.

    estimates: (m,) code scores, best first; exact: (m,) exact scores of the same rows; subspaces: of the code. kth: the
    exact score that a member must beat, when it is not the k-th best of these.
    Returns (misses, gap, decay, noise), the terms of ``_tail``, for a look ahead at greater depths.
    """
    m = exact.size
    sign = -1.0 if metric == "euclidean" else 1.0
    errors = exact - estimates
    bias = float(errors.sum()) / m
    # An error is the sum of one per subspace: few of them are not yet normal, and differ from place to place.
    noise = (1.0 + _FEW_SUBSPACES / subspaces) * sqrt(max(float(np.dot(errors, errors)) / m - bias * bias, _TINY))
    if kth is None:
        kth = kth_best(exact, k, metric)
    last = float(estimates[-1])
    gap = sign * (kth - last - bias)
    spread = sign * (float(estimates[m // 2 - 1]) - last)
    decay = log(m / (m // 2)) / max(spread, _TINY)
    return _tail(m, gap, decay, noise), gap, decay, noise


def _tail(m: float, gap: float, decay: float, noise: float) -> float:
    """Expected number of better rows behind candidate m, where the number of rows within t behind it grows as
    m * (exp(decay * t) - 1) and a row at t is better than the k-th with probability P(noise * normal > gap + t)."""
    if decay * noise > 8.0:
        return float("inf")
    beyond = 0.5 * erfc((gap / noise - decay * noise) / sqrt(2.0))
    here = 0.5 * erfc(gap / noise / sqrt(2.0))
    exponent = min(decay * (0.5 * decay * noise * noise - gap), 600.0)
    return m * max(exp(exponent) * beyond - here, 0.0)


def _base_search(
    scan: Scan,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    depth: Depth,
    mask: Bools | None,
    matching: int,
    effort: Effort,
) -> Outcome:
    reach = effort.rerank_depth or depth.rows(k, mask is not None, effort.factor)
    if effort.cap is not None and effort.bounds(matching):
        return _bounded_search(scan, vectors, query, metric, k, depth, mask, reach, effort.cap)
    limit = matching // EXACT_SHARE
    tolerated = depth.tolerated(k, mask is not None)
    candidates = 0
    while reach <= limit and depth.reached:
        rows, estimates = scan.probe(query, reach, mask)
        if rows.size < reach:
            break
        exact = scores(vectors.take(rows), query, metric)
        candidates += reach
        misses, gap, decay, noise = expected_misses(estimates, exact, k, metric, scan.subspaces)
        if misses <= tolerated:
            return Outcome(*select(rows, exact, metric, k), candidates, False, max(0.0, 1.0 - misses / k))
        reach = _deeper(reach, limit, tolerated, gap, decay, noise)
    return exhaustive(scan.n, vectors, query, metric, k, mask, matching, candidates)


def _bounded_search(
    scan: Scan,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    depth: Depth,
    mask: Bools | None,
    reach: int,
    most: int,
) -> Outcome:
    """As deep as needed, but no deeper than ``most`` >= k rows, of which there are more. ``candidates`` counts rows
    here: those of an earlier round are among those of a later one."""
    tolerated = depth.tolerated(k, mask is not None)
    while True:
        reach = min(reach, most)
        rows, estimates = scan.probe(query, reach, mask)
        if rows.size < reach:  # the codes cannot tell rows apart, and any of them make up the number
            rows = scan.candidates(query, most, mask)
            found = select(rows, scores(vectors.take(rows), query, metric), metric, k)
            return Outcome(*found, rows.size, False, 0.0)
        exact = scores(vectors.take(rows), query, metric)
        misses, gap, decay, noise = float(k), 0.0, 1.0, 1.0
        if reach > k:
            misses, gap, decay, noise = expected_misses(estimates, exact, k, metric, scan.subspaces)
        if misses <= tolerated or reach == most:
            return Outcome(*select(rows, exact, metric, k), reach, False, max(0.0, 1.0 - misses / k))
        reach = _deeper(reach, most, tolerated, gap, decay, noise)


def _deeper(reach: int, limit: int, tolerated: float, gap: float, decay: float, noise: float) -> int:
    """The next depth: where the misses are foreseen to be tolerable, or past ``limit`` if that is nowhere."""
    ahead = 2 * reach
    while ahead <= limit and _tail(ahead, gap + log(ahead / reach) / decay, decay, noise) > tolerated:
        ahead *= 2
    # Few candidates foresee too darkly: the first steps stay short.
    return ahead if reach > _FORESEEING else min(ahead, 3 * reach)
