"""How hard one query wants to be searched for: checked before anything is searched."""

from __future__ import annotations

from typing import Final

import numpy as np

from pinyon.engine.checks import refuse, shown
from pinyon.engine.kinds import PARAMETERS
from pinyon.index.rerank import USUAL, Effort
from pinyon.types import IndexSpec, Query

_SCAN_FACTOR: Final = (0.5, 4.0)
_MOST_CANDIDATES: Final = 100_000
_EF_SEARCH: Final = PARAMETERS["hnsw"]["ef_search"]
_NPROBE: Final = PARAMETERS["ivf"]["nprobe"]


def check_effort(query: Query, spec: IndexSpec, top_k: int) -> Effort:
    """What the query asks for; None is the usual. Raises InvalidRequestError.

    What the kind in use knows nothing of is passed over, so that a program may ask the same of every index; but a
    sparse index has no kind that could ever know.
    """
    if (
        query.scan_factor is None
        and query.max_candidates is None
        and query.ef_search is None
        and query.nprobe is None
        and query.rerank_depth is None
    ):
        return USUAL
    knobs = {"ef_search": query.ef_search, "nprobe": query.nprobe, "rerank_depth": query.rerank_depth}
    given = [name for name, value in knobs.items() if value is not None]
    if given and spec.vector_type == "sparse":
        refuse(f"{given[0]} has no meaning for sparse index {spec.name!r}: its searches are exact. Leave it out.")
    from_top_k = f"top_k ({top_k})"
    return Effort(
        _factor(query.scan_factor),
        _whole("max_candidates", query.max_candidates, top_k, _MOST_CANDIDATES, from_top_k),
        _whole("ef_search", query.ef_search, _EF_SEARCH.least, _EF_SEARCH.most),
        _whole("nprobe", query.nprobe, _NPROBE.least, _NPROBE.most),
        _whole("rerank_depth", query.rerank_depth, top_k, _MOST_CANDIDATES, from_top_k),
    )


def _factor(factor: object) -> float:
    low, high = _SCAN_FACTOR
    if factor is None:
        return 1.0
    if isinstance(factor, bool) or not isinstance(factor, (int, float, np.number)):
        refuse(f"scan_factor must be a number from {low:g} to {high:g}: got {shown(factor)}.")
    if not low <= factor <= high:
        refuse(f"scan_factor {factor} is out of range. Use {low:g} to {high:g}, or leave it out.")
    return float(factor)


def _whole(name: str, value: object, least: int, most: int, shown_least: str = "") -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        refuse(f"{name} must be a whole number up to {most}: got {shown(value)}.")
    if not least <= value <= most:
        refuse(f"{name} {value} is out of range. Use {shown_least or least} to {most}, or leave it out.")
    return int(value)
