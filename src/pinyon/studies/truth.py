"""The right answers: exact search over every row, or what a file says they are; and recall against them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pinyon.distance import scores
from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.flat import flat_search
from pinyon.index.vectors import largest_norm
from pinyon.studies.sources import Data
from pinyon.studies.values import Watch
from pinyon.types import Bools, Floats, Ints, Metric

_TRIED = 8
_PLAUSIBLE = 0.9


@dataclass(frozen=True, slots=True)
class Truth:
    """bounds: (q, k) float32, the exact score of the best, second best ... true result of each query; NaN past the
    number of rows that match.

    A found row counts as right when its exact score is as good, so that ties are right whichever of them is found.
    """

    bounds: Floats

    def recall(self, found: Sequence[Ints], data: Data, k: int) -> float:
        """Share of the true best ``k`` that were found. found: (q,) arrays of row numbers, best first."""
        hits = wanted = 0
        for query, rows, bounds in zip(data.queries, found, self.bounds, strict=True):
            possible = int(np.count_nonzero(~np.isnan(bounds[:k])))
            wanted += possible
            if possible:
                hits += right(data.base, query, data.metric, np.unique(rows[:k]), float(bounds[possible - 1]))
        return hits / wanted if wanted else 1.0

    def save(self, path: Path) -> None:
        np.save(path, self.bounds, allow_pickle=False)

    @classmethod
    def saved(cls, path: Path, queries: int, k: int) -> Truth | None:
        """What ``save`` wrote; None when there is nothing that fits."""
        try:
            bounds = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (ValueError, EOFError) as error:
            raise FormatError(f"{path} is not a cached truth ({error}): delete it, and it is computed anew") from None
        return cls(bounds) if bounds.shape == (queries, k) and bounds.dtype == np.float32 else None


def right(base: Floats, query: Floats, metric: Metric, rows: Ints, bound: float) -> int:
    """How many of the distinct (m,) rows score at least as well as ``bound``."""
    exact = scores(base[rows], query, metric)
    return int(np.count_nonzero(exact <= bound if metric == "euclidean" else exact >= bound))


def compute(data: Data, rows: int, k: int, mask: Bools | None = None, watch: Watch | None = None) -> Truth:
    """The truth among the first ``rows`` rows that the (n,) ``mask`` keeps, by exact search."""
    bounds = np.full((len(data.queries), k), np.nan, np.float32)
    part = [data.base[:rows]]
    norm = largest_norm(part[0]) if data.metric == "dotproduct" else None
    for at, query in enumerate(data.queries):
        _, best = flat_search(part, query, data.metric, k, mask, norm=norm)
        bounds[at, : min(k, best.size)] = best[:k]
        if watch is not None and at % 16 == 15:
            watch.advance(at + 1)
    return Truth(bounds)


def of_file(data: Data, k: int) -> Truth | None:
    """The truth that came with the queries; None when there is none, or it is not as deep as ``k``.

    Raises InvalidRequestError when it is not the truth of these rows under this metric, as a few exact searches show.
    """
    if data.neighbours is None or data.neighbours.shape[1] < k:
        return None
    bounds = np.empty((len(data.queries), k), np.float32)
    for at, (query, rows) in enumerate(zip(data.queries, data.neighbours[:, :k], strict=True)):
        exact = np.sort(scores(data.base[rows], query, data.metric))
        bounds[at] = exact if data.metric == "euclidean" else exact[::-1]
    tried = np.linspace(0, len(data.queries) - 1, min(_TRIED, len(data.queries))).astype(int)
    few = Data(data.base, data.queries[tried], data.metric, "")
    agreed = compute(few, data.n, k).recall([data.neighbours[at, :k] for at in tried], few, k)
    if agreed < _PLAUSIBLE:
        raise InvalidRequestError(
            f"the truth of the file names {agreed:.0%} of what an exact {data.metric} search finds: it is that of "
            "another metric or of other rows. Give the right metric, or leave the truth out"
        )
    return Truth(bounds)


def cache_name(data: Data, rows: int, k: int, mask: Bools | None) -> str:
    """The file name of a cached truth: it changes with the vectors, the rows, k and the mask."""
    found = hashlib.blake2b(f"{data.digest} {rows} {k}".encode(), digest_size=12)
    if mask is not None:
        found.update(np.packbits(mask[:rows]).tobytes())
    return f"truth-{found.hexdigest()}.npy"
