"""The records of a namespace as points on a plane, with the values of a field and the distances between neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np

from pinyon.distance import prepare_query
from pinyon.engine import checks
from pinyon.engine.fields import LONGEST, Texts, plain
from pinyon.engine.index import Index
from pinyon.engine.memory import Bound
from pinyon.engine.selecting import Selected, selected
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import Node
from pinyon.index.neighbourhood import check as check_neighbours
from pinyon.index.neighbourhood import placed_by_neighbours
from pinyon.index.projection import Doubles, nearest_others, principal_plane
from pinyon.index.vectors import Vectors
from pinyon.storage.reading import View
from pinyon.storage.rows import decode_vector
from pinyon.types import Floats, Ints

METHODS: Final = ("pca", "umap")
MOST: Final = 100_000
"""Records on one map; of more a sample is drawn, always the same one of the same records."""
NEIGHBOURS: Final = 10_000
"""Records among which nearest ones are looked for."""
_PRODUCTS: Final = 2e11
"""...as long as that takes no more multiplications than this: a few seconds."""
_NAMED: Final = 1_000
"""Different strings of a field that are named, the most frequent ones."""
_SAMPLE: Final = 10_000
_SAMPLE_BYTES: Final = 64 * 1024 * 1024
"""Of the float64 rows that the plane is found by, however many dimensions they have."""
_LEAST_SAMPLE: Final = 512
_BLOCK: Final = 4_096
_SEED: Final = 20_260
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class MapQuery:
    """filter: which records; None is all. colour: the field whose values are given. neighbours: give distances.

    vector, id: a query to be placed, one of them or none.
    """

    filter: Mapping[str, Any] | None = None
    limit: int = MOST
    method: str = "pca"
    colour: str | None = None
    neighbours: bool = False
    vector: Any = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class PointMap:
    """Point i is record ``ids[i]`` at (``x[i]``, ``y[i]``). Numbers have 4 significant digits.

    records, matching: of the namespace, and those that the filter keeps, of which the points may be a sample.
    explained: the share of the variance that each axis shows; None where axes mean nothing. values: of the field: the
    text (cut to 200 characters), number or boolean, a list of texts, or None where there is none or where it is not
    among the 1,000 most frequent.
    nearest: (n,) 1 - cosine, else the Euclidean distance, to the nearest other point; None beyond 10,000 points or
    where it would take too long. query: where the query lies; None without one, or where its id is unknown.
    """

    records: int
    matching: int
    method: str
    explained: tuple[float, float] | None
    ids: list[str]
    x: Doubles
    y: Doubles
    values: list[Any] | None = None
    nearest: Doubles | None = None
    query: tuple[float, float] | None = None


_NOTHING: Final = PointMap(0, 0, "pca", None, [], np.empty(0), np.empty(0))


def map_of(index: Index, namespace: str, wanted: MapQuery) -> PointMap:
    """The map of a namespace; without points where there is no such namespace. What takes long happens outside of the
    read transaction, in blocks.

    Raises InvalidRequestError, FilterError, and MissingExtraError for umap without umap-learn.
    """
    checks.check_namespace(namespace, index.limits)
    _check(wanted)
    return index.memory.steadily(partial(_map, index, namespace, wanted))


def _check(wanted: MapQuery) -> None:
    if wanted.method not in METHODS:
        checks.refuse(f"There is no method {wanted.method!r:.80}. Use 'pca' or 'umap'.")
    if not isinstance(wanted.limit, int) or not 1 <= wanted.limit <= MOST:
        checks.refuse(f"limit {wanted.limit!r:.80} is out of range. Give 1 to {MOST}.")
    if wanted.vector is not None and wanted.id is not None:
        checks.refuse("Cannot place both 'id' and 'vector'. Leave one out.")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was read at one LSN. values: of each point, of the field that was asked for."""

    points: Selected
    values: list[Any] | None
    query: Floats | None


def _map(index: Index, namespace: str, wanted: MapQuery, bound: Bound) -> PointMap:
    spec = bound.spec
    if spec.dimension is None:
        checks.refuse(f"Index {index.name!r} has no dense vectors, and a map shows those.")
    node = None if wanted.filter is None else index.memory.parse(wanted.filter)
    vector: Floats | None = None
    if wanted.vector is not None:
        vector = checks.check_query_vector(wanted.vector, spec.dimension, spec.metric, zeros=True)
    if wanted.id is not None:
        checks.check_id(wanted.id, index.limits)
    chosen = index.read(partial(_choose, index, namespace, wanted, bound, node, vector))
    return _NOTHING if chosen is None else _drawn(chosen, wanted)


def _choose(
    index: Index,
    namespace: str,
    wanted: MapQuery,
    bound: Bound,
    node: Node | None,
    vector: Floats | None,
    view: View,
) -> _Chosen | None:
    points = selected(index, namespace, bound, node, view, wanted.limit)
    if points is None:
        return None
    values = None if wanted.colour is None else _values(view, points.snapshot, wanted.colour, points.rows)
    if wanted.id is not None:
        stored = view.rows_by_id(points.snapshot.ns_id, [wanted.id], values=True)
        vector = decode_vector(stored[0].data) if stored else None
    return _Chosen(points, values, vector)


def _drawn(chosen: _Chosen, wanted: MapQuery) -> PointMap:
    snapshot, rows = chosen.points.snapshot, chosen.points.rows
    vectors = snapshot.vectors
    assert vectors is not None, "a dense index has vectors"
    if not len(rows):
        return replace(_NOTHING, records=snapshot.live)
    query = None if chosen.query is None else prepare_query(chosen.query, snapshot.metric)
    placed, explained, at = (_principal if wanted.method == "pca" else _by_neighbours)(vectors, rows, query)
    nearest = None
    if wanted.neighbours and len(rows) <= NEIGHBOURS and float(len(rows)) ** 2 * vectors.d <= _PRODUCTS:
        nearest = significant(nearest_others(len(rows), lambda points: vectors.take(rows[points]), snapshot.metric))
    return PointMap(
        snapshot.live,
        chosen.points.matching,
        wanted.method,
        explained,
        chosen.points.ids,
        significant(placed[:, 0]),
        significant(placed[:, 1]),
        chosen.values,
        nearest,
        None if at is None else (float(significant(at[:1])[0]), float(significant(at[1:])[0])),
    )


_Placed: TypeAlias = tuple[Doubles, tuple[float, float] | None, Doubles | None]
"""(m, 2) positions, what the axes explain, and the (2,) position of the query."""


def _principal(vectors: Vectors, rows: Ints, query: Floats | None) -> _Placed:
    size = max(_LEAST_SAMPLE, min(_SAMPLE, _SAMPLE_BYTES // (8 * vectors.d)))
    sample = rows
    if len(rows) > size:
        sample = np.sort(np.random.default_rng(_SEED).choice(rows, size, replace=False))
    plane = principal_plane(vectors.take(sample))
    placed = np.empty((len(rows), 2))
    for start in range(0, len(rows), _BLOCK):
        placed[start : start + _BLOCK] = plane.place(vectors.take(rows[start : start + _BLOCK]))
    first, second = plane.shares
    explained = round(first, _DIGITS), round(second, _DIGITS)
    return placed, explained, None if query is None else plane.place(query[None, :])[0]


def _by_neighbours(vectors: Vectors, rows: Ints, query: Floats | None) -> _Placed:
    check_neighbours(len(rows))  # before the rows are copied
    placed, at = placed_by_neighbours(vectors.take(rows), query)
    return placed, None, at


def _values(view: View, snapshot: Snapshot, field: str, rows: Ints) -> list[Any]:
    """What each of the rows holds of a field; strings of a list are in order of the alphabet."""
    place = np.full(snapshot.n, -1)
    place[rows] = np.arange(len(rows))
    found: list[Any] = [None] * len(rows)
    for kind, pairs in snapshot.columns.held(field).items():
        shown = place[pairs.rows] >= 0
        places, held = place[pairs.rows[shown]].tolist(), pairs.values[shown]
        if kind == "number":
            for at, number in zip(places, held.tolist(), strict=True):
                found[at] = plain(number)
        elif kind == "bool":
            for at, flag in zip(places, held.tolist(), strict=True):
                found[at] = bool(flag)
        elif kind == "string" and places:
            names = _names(view, snapshot, field, held, pairs.rows[shown])
            for at, text in zip(places, names, strict=True):
                _add(found, at, text)
    return [sorted({*value}) if isinstance(value, list) else value for value in found]


def _add(found: list[Any], at: int, text: str | None) -> None:
    before = found[at]
    if text is None or before == text:
        return
    found[at] = text if before is None else [before, text] if isinstance(before, str) else [*before, text]


def _names(view: View, snapshot: Snapshot, field: str, keys: Any, rows: Any) -> list[str | None]:
    """The strings of (m,) digests that (m,) rows hold; None for all but the most frequent."""
    distinct, first, which, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    often = np.lexsort((first, -counts))[:_NAMED]
    texts = Texts(view, snapshot)
    texts.read(rows[first[often]].tolist())
    names: list[str | None] = [None] * len(distinct)
    for at in often.tolist():
        text, _ = texts.named(field, int(rows[first[at]]), int(distinct[at]))
        names[at] = text if text is None or len(text) <= LONGEST else text[:LONGEST] + "…"
    return [names[at] for at in which.tolist()]


_POWERS: Final = np.array([float(f"1e{power}") for power in range(309)])


def significant(numbers: Doubles) -> Doubles:
    """(n,) numbers, rounded so that they are written with 4 digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(numbers)))
    power = np.where(np.isfinite(size), _DIGITS - 1 - size, 0.0).astype(np.int64)
    up, down = _POWERS[np.clip(power, 0, 300)], _POWERS[np.clip(-power, 0, 300)]
    rounded: Doubles = np.round(numbers * up / down) / up * down
    return rounded
