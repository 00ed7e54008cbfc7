"""Records that are nearly the same: copies of pictures by what they look like, and anything by its vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from pinyon.app.ingestor import fetched
from pinyon.engine import Index
from pinyon.engine.duplicates import Duplicates, duplicates_of
from pinyon.pictures import distance, near_duplicates
from pinyon.types import IndexSpec, Record

__all__ = ["Duplicates", "Way", "copies_of", "duplicates_of", "fetched", "usual_way"]

Way: TypeAlias = Literal["likeness", "vector"]


def usual_way(spec: IndexSpec) -> Way:
    """By likeness where the model of the index sees pictures, else by vector."""
    return "likeness" if spec.embed is not None and "image" in spec.embed.field_map else "vector"


def copies_of(
    index: Index,
    namespace: str,
    bits: int,
    *,
    filter: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Duplicates:
    """Groups of pictures whose perceptual hashes differ in ``bits`` or fewer; beside each member, in how many it
    differs from the first of its group. Members are in order of their ids, and the largest groups first.

    Records without such a hash are left out. Raises InvalidRequestError, FilterError.
    """
    ids, hashes = [], []
    for done, record in enumerate(index.iterate(namespace, filter=filter, include_values=False), 1):
        likeness = _likeness(record)
        if likeness is not None:
            ids.append(record.id)
            hashes.append(likeness)
        progress(done)
    groups = [
        [(ids[place], float(distance(hashes[place], hashes[group[0]]))) for place in group]
        for group in near_duplicates(hashes, bits)
    ]
    return Duplicates(len(ids), sorted(groups, key=len, reverse=True))


def _likeness(record: Record) -> int | None:
    told = (record.metadata or {}).get("likeness")
    try:
        return int(told, 16) if isinstance(told, str) and len(told) == 16 else None
    except ValueError:
        return None
