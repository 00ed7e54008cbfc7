"""Where in a ranking the right answers stand. Each function gives one number for one query; their mean is the figure.

Ranks count from 1. C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval (2008), chapter 8.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["rank_of", "recall_at", "reciprocal_rank"]


def rank_of(relevant: Collection[str], found: Sequence[str]) -> int | None:
    """The rank of the first relevant id, None where none was found."""
    return next((rank for rank, id in enumerate(found, 1) if id in relevant), None)


def recall_at(k: int, relevant: Collection[str], found: Sequence[str]) -> float:
    """The share of the relevant ids among the first k: with one relevant id, 1 or 0. Raises ValueError without any."""
    wanted = set(relevant)
    if not wanted or k < 1:
        raise ValueError(f"recall at {k} of {len(wanted)} relevant ids means nothing: both must be at least 1")
    return len(wanted.intersection(found[:k])) / len(wanted)


def reciprocal_rank(relevant: Collection[str], found: Sequence[str]) -> float:
    """1 over the rank of the first relevant id, 0 where none was found. Its mean is MRR."""
    rank = rank_of(relevant, found)
    return 0.0 if rank is None else 1.0 / rank
