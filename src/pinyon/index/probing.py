"""Search in inverted lists: as many lists, and as deep in their codes, as the query at hand needs.

After a first look at the nearest lists the k-th best score is known. ``Ivf.nearness`` then tells how many better rows
are to be expected in each list that was not read, and ``expected_misses`` how many behind the last candidate in those
that were. The search goes on where most of them are, until what is to be expected elsewhere is a small part of k. A
filter needs no special care: lists count with the rows that match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pinyon.distance import scores
from pinyon.index.cutting import kth_best, kth_largest
from pinyon.index.flat import select
from pinyon.index.ivf import Ivf
from pinyon.index.rerank import (
    EXACT_SHARE,
    USUAL,
    Depth,
    Effort,
    Outcome,
    exhaustive,
    expected_misses,
    matching_below,
    with_newer,
)
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints, Metric

_ROUNDS = 4
_NORMAL = np.linspace(-6.0, 6.0, 1_201)


@dataclass(slots=True)
class _Found:
    """What a search has so far. read: (nlist,) bool, lists that were looked into; misses: expected in these."""

    rows: Ints
    exact: Floats
    read: Bools
    misses: float


def ivf_search(
    ivf: Ivf,
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

    Arguments and result as in ``scan_search``. ``effort.nprobe`` fixes the number of lists, ``effort.cap`` bounds the
    candidates.
    """
    matching = matching_below(ivf.n, vectors, mask, matching)
    base = _lists_search(ivf, vectors, query, metric, k, depth, mask, matching, effort)
    return with_newer(base, ivf.n, vectors, query, metric, k, mask)


def _lists_search(
    ivf: Ivf,
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
    cap = effort.cap if effort.bounds(matching) else None
    if cap is not None:
        reach = min(reach, cap)
    elif reach * EXACT_SHARE > matching or not depth.reached:
        return exhaustive(ivf.n, vectors, query, metric, k, mask, matching, 0)
    sizes = ivf.matching_sizes(mask)
    near = ivf.nearness(query)
    tolerated = depth.tolerated(k, mask is not None) / effort.factor
    if effort.nprobe is None:
        lists = _nearest(near.expected, sizes, max(1, depth.probes), reach)
    else:  # just so many, unless they hold too few rows
        lists = _nearest(near.expected, sizes, effort.nprobe, min(k, matching))
    found = _Found(np.empty(0, np.int64), np.empty(0, np.float32), np.zeros(ivf.nlist, np.bool_), 0.0)
    elsewhere = 0.0
    limit = matching if effort.nprobe is not None else matching // EXACT_SHARE
    for _ in range(_ROUNDS):
        held = int(sizes[lists].sum())
        most = min(held, (limit + 1 if cap is None else cap) - found.rows.size)
        _look(found, ivf, vectors, query, metric, k, lists, held, most, reach, tolerated, mask, effort.whole)
        if cap is None and found.rows.size > limit:
            return exhaustive(ivf.n, vectors, query, metric, k, mask, matching, found.rows.size)
        expected = _expected(near.expected, near.deviation * depth.spread, sizes, found, k, metric)
        elsewhere = float(expected.sum())
        if effort.nprobe is not None or elsewhere <= tolerated or (cap is not None and found.rows.size >= cap):
            break
        lists = _worthwhile(expected, elsewhere, tolerated)
    else:
        if cap is None:
            return exhaustive(ivf.n, vectors, query, metric, k, mask, matching, found.rows.size)
    recall = max(0.0, 1.0 - (found.misses + elsewhere) / k)
    read = int(np.count_nonzero(found.read))
    return Outcome(*select(found.rows, found.exact, metric, k), found.rows.size, False, recall, read)


def _nearest(expected: Floats, sizes: Ints, probes: int, reach: int) -> Ints:
    """The lists nearest to the query: ``probes`` of those that hold a row, and more where these hold too few rows."""
    filled = np.flatnonzero(sizes)
    if filled.size <= probes:
        return filled
    goodness = expected[filled]
    head = filled[np.argpartition(goodness, filled.size - probes)[filled.size - probes :]]
    if int(sizes[head].sum()) >= reach:
        return head
    order = filled[np.argsort(-goodness)]
    wanted = int(np.searchsorted(np.cumsum(sizes[order]), reach)) + 1
    return order[: max(probes, wanted)]


def _look(
    found: _Found,
    ivf: Ivf,
    vectors: Vectors,
    query: Floats,
    metric: Metric,
    k: int,
    lists: Ints,
    held: int,
    most: int,
    reach: int,
    tolerated: float,
    mask: Bools | None,
    whole: bool,
) -> None:
    """Add the best rows of further lists to ``found``, deeper where codes alone would miss too many.

    held: rows of these lists that match. most: rows that may be added. whole: as many are, at once.
    """
    found.read[lists] = True
    while True:
        asked = most if whole else min(reach, most)
        rows, estimates = ivf.probe(query, asked, lists, mask)
        alike = rows.size < asked
        if alike:  # the codes cannot tell rows apart, and any of them make up the number
            rows = ivf.members(lists, mask, rows)[:most]
        exact = scores(vectors.take(rows), query, metric)
        both = np.concatenate([found.exact, exact])
        misses = 0.0
        if rows.size < held:
            misses = float(k)
            if not alike and rows.size > 1 and both.size > k:
                kth = kth_best(both, k, metric)
                misses = expected_misses(estimates, exact, k, metric, ivf.subspaces, kth)[0]
        if misses <= tolerated or rows.size >= most:
            break
        reach = 3 * asked
    found.rows = np.concatenate([found.rows, rows])
    found.exact = both
    found.misses += min(misses, float(k))


def _expected(expected: Floats, deviation: Floats, sizes: Ints, found: _Found, k: int, metric: Metric) -> Floats:
    """(nlist,) how many rows better than the k-th found are to be expected in each list that was not read."""
    exact = -found.exact if metric == "euclidean" else found.exact
    if exact.size < k:
        return np.where(found.read, 0.0, sizes).astype(np.float32)
    kth = kth_largest(exact, k)
    standard = (kth - expected) / deviation
    near = np.flatnonzero((standard < 5.0) & ~found.read)
    result = np.zeros(len(expected), np.float32)
    result[near] = sizes[near] * np.interp(standard[near], _NORMAL, _TAIL)
    return result


def _worthwhile(expected: Floats, total: float, tolerated: float) -> Ints:
    """The fewest lists without which at most half of ``tolerated`` rows are to be expected elsewhere."""
    filled = np.flatnonzero(expected)
    order = filled[np.argsort(-expected[filled])]
    left = total - np.cumsum(expected[order])
    return order[: int(np.searchsorted(-left, -tolerated / 2.0)) + 1]


def _tail() -> Floats:
    """P(a standard normal exceeds x) on the grid, by the trapezoidal rule from the right end."""
    density = np.exp(-0.5 * _NORMAL**2) / np.sqrt(2.0 * np.pi)
    steps = (density[1:] + density[:-1]) * 0.5 * np.diff(_NORMAL)
    tail: Floats = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    return tail


_TAIL = _tail()
