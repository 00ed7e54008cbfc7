"""What the fields of a namespace hold: how many rows, which values, how often; read off the columns.

Strings are digests here. Each comes with a row that holds it, so that whoever has the metadata can name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pinyon.filters.segments import KINDS, PairKey, PairKind, Pairs, Segment
from pinyon.types import Bools, Ints

Held: TypeAlias = "dict[PairKind, Pairs]"


@dataclass(frozen=True, slots=True)
class Frequent:
    """A value and the number of rows that hold it. key: the number, 0 or 1, or the digest of a string. row: one of
    these rows, the first."""

    kind: PairKind
    key: float | int
    row: int
    rows: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One field. rows: those that hold it. distinct: different values. least, most: of its numbers. frequent: the most
    frequent values first, of equally frequent ones that of the first row.

    several: a row holds more than one string, or an empty list.
    """

    name: str
    rows: int
    distinct: int
    least: float | None
    most: float | None
    frequent: tuple[Frequent, ...]
    several: bool


def held(base: Segment, delta: Segment, field: str, fresh: Bools, alive: Bools) -> Held:
    """The pairs of a field, by kind. fresh: (n,) rows whose pairs of the base count; alive: (n,) rows that count."""
    found: Held = {}
    for kind in KINDS:
        parts = [_of(segment.pairs.get((field, kind)), rows) for segment, rows in ((base, fresh), (delta, alive))]
        given = [part for part in parts if part is not None]
        if given:
            found[kind] = given[0] if len(given) == 1 else given[0].plus(given[1])
    return found


def _of(pairs: Pairs | None, counted: Bools) -> Pairs | None:
    if pairs is None:
        return None
    chosen = pairs.without(~counted)
    return chosen if len(chosen.rows) else None


def names_of(segments: tuple[Segment, ...]) -> list[str]:
    """The fields that there are, those with the most values first."""
    sizes: dict[str, int] = {}
    for segment in segments:
        pairs: Mapping[PairKey, Pairs] = segment.pairs
        for (field, _), its in pairs.items():
            sizes[field] = sizes.get(field, 0) + len(its.rows)
    return sorted(sizes, key=lambda field: (-sizes[field], field))


def profiled(name: str, pairs: Held, n: int, most: int) -> Profile:
    """pairs: what ``held`` gave of ``n`` rows. most: so many frequent values are told."""
    present = np.zeros(n, np.bool_)
    for its in pairs.values():
        present[its.rows] = True
    strings = pairs.get("string")
    several = "bare" in pairs
    if strings is not None and len(strings.rows) > np.count_nonzero(_flags(strings.rows, n)):
        several = True
        pairs = {**pairs, "string": _once(strings)}
    counted = [_counted(kind, its) for kind, its in pairs.items() if kind != "bare"]
    frequent = [one for kind, keys, rows, counts in counted for one in _most(kind, keys, rows, counts, most)]
    frequent.sort(key=lambda one: (-one.rows, one.row))
    numbers = pairs.get("number")
    return Profile(
        name,
        int(np.count_nonzero(present)),
        sum(len(keys) for _, keys, _, _ in counted),
        None if numbers is None else float(numbers.values.min()),
        None if numbers is None else float(numbers.values.max()),
        tuple(frequent[:most]),
        several,
    )


def _flags(rows: NDArray[np.int32], n: int) -> Bools:
    flags = np.zeros(n, np.bool_)
    flags[rows] = True
    return flags


def _once(pairs: Pairs) -> Pairs:
    """Each value of a row once: a list may hold a string twice."""
    order = np.lexsort((pairs.rows, pairs.values))
    values, rows = pairs.values[order], pairs.rows[order]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
    return Pairs(values[new], rows[new])


def _counted(kind: PairKind, pairs: Pairs) -> tuple[PairKind, NDArray[Any], Ints, Ints]:
    """(kind, distinct values, a first row of each, how many rows hold each)."""
    order = np.argsort(pairs.values, kind="stable")  # linear where the pairs are sorted, as those of a base are
    values, rows = pairs.values[order], pairs.rows[order]
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    counts = np.diff(np.append(starts, len(values)))
    return kind, values[starts], np.minimum.reduceat(rows, starts).astype(np.int64), counts


def _most(kind: PairKind, keys: NDArray[Any], rows: Ints, counts: Ints, most: int) -> list[Frequent]:
    order = np.lexsort((rows, -counts))[:most]
    picked = zip(keys[order].tolist(), rows[order].tolist(), counts[order].tolist(), strict=True)
    return [Frequent(kind, key, row, count) for key, row, count in picked]
