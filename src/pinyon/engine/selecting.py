"""Which rows of a namespace a look at all of its vectors goes over, read at one LSN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pinyon.engine.index import Index
from pinyon.engine.memory import Bound
from pinyon.engine.planner import matching_rows
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import Node, has_words
from pinyon.storage.reading import View
from pinyon.types import Ints

_SEED: Final = 20_260


@dataclass(frozen=True, slots=True)
class Selected:
    """matching: how many records the filter keeps. rows, ids: (m,) row numbers in the snapshot and ids of those that
    are looked at."""

    snapshot: Snapshot
    matching: int
    rows: Ints
    ids: list[str]


def selected(
    index: Index, namespace: str, bound: Bound, node: Node | None, view: View, most: int | None = None
) -> Selected | None:
    """None when there is no such namespace. most: of more records a sample is drawn, always the same one of the same.

    Raises Outdated when the index has other vectors than those of ``bound``.
    """
    opened = index.memory.snapshot(view, namespace, texts=node is not None and has_words(node))
    if opened is None:
        return None
    state, snapshot = opened
    if state.generation != bound.generation:
        raise index.memory.outdated()
    mask, matching = matching_rows(snapshot, node)
    rows = np.arange(snapshot.n) if mask is None else np.flatnonzero(mask)
    if most is not None and len(rows) > most:
        rows = np.sort(np.random.default_rng(_SEED).choice(rows, most, replace=False))
    ords = snapshot.ords[rows].tolist()
    known = view.ids_of(ords)
    if len(known) < len(ords):  # records that are damaged, or gone from under the snapshot
        rows = rows[[ord_ in known for ord_ in ords]]
        ords = snapshot.ords[rows].tolist()
    return Selected(snapshot, matching, rows, [known[ord_] for ord_ in ords])
