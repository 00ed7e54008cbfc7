"""Segments of inverted lists: immutable postings by term, merged as an index grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pinyon.types import Floats, Ints, SparseValues

_SMALL = 4_096
_LARGEST = 1 << 21
_NO_ROWS: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Segment:
    """Postings sorted by term: those of ``terms[i]`` are at ``offsets[i]:offsets[i + 1]``, at most one a row.

    terms: (t,) uint32 ascending. offsets: (t + 1,) int64. rows: (p,) int32. values: (p,) float32.
    owners: (r,) int64 ascending, the rows that have postings here.
    gone: (g,) int64 ascending, those of ``owners`` whose postings no longer count. What such a row has instead, if
    anything, is in a later segment: who reads segment by segment forgets the ``gone`` rows after each.
    """

    terms: NDArray[np.uint32]
    offsets: Ints
    rows: NDArray[np.int32]
    values: Floats
    owners: Ints
    gone: Ints = field(default_factory=lambda: _NO_ROWS)

    @property
    def nbytes(self) -> int:
        arrays = (self.terms, self.offsets, self.rows, self.values, self.owners, self.gone)
        return sum(array.nbytes for array in arrays)

    def lists(self, terms: NDArray[np.uint32]) -> Iterator[tuple[int, int, int]]:
        """(i, low, high) for each of the ``terms[i]`` that has postings here, which are ``rows[low:high]``."""
        if not self.terms.size:
            return iter(())
        places = np.minimum(np.searchsorted(self.terms, terms), self.terms.size - 1)
        found = np.flatnonzero(self.terms[places] == terms)
        places = places[found]
        return zip(found.tolist(), self.offsets[places].tolist(), self.offsets[places + 1].tolist(), strict=True)

    def without(self, rows: Ints) -> Segment:
        """The same postings less those of the (m,) distinct ``rows``; this very segment when it has none of them."""
        hit = _common(np.sort(rows), self.owners)
        hit = hit[~np.isin(hit, self.gone, assume_unique=True)]
        if not hit.size:
            return self
        gone = np.insert(self.gone, np.searchsorted(self.gone, hit), hit)
        marked = replace(self, gone=gone)
        # Postings that do not count cost time all the same: at half of the rows they are left behind.
        return marked.compact() if 2 * gone.size >= self.owners.size else marked

    def compact(self) -> Segment:
        """The same without the postings that do not count."""
        if not self.gone.size:
            return self
        stays = np.ones(int(self.owners[-1]) + 1, dtype=np.bool_)
        stays[self.gone] = False
        kept = stays[self.rows]
        counts = np.add.reduceat(kept, self.offsets[:-1], dtype=np.int64) if kept.size else _NO_ROWS
        used = counts > 0
        offsets = np.append(0, np.cumsum(counts[used]))
        owners = self.owners[stays[self.owners]]
        return Segment(self.terms[used], offsets, self.rows[kept], self.values[kept], owners)


def segment(rows: Ints, added: Sequence[SparseValues | None]) -> Segment:
    """The postings of (m,) distinct rows; None where a row has none."""
    present = [(row, values) for row, values in zip(rows.tolist(), added, strict=True) if values is not None]
    if not present:
        return whole(np.empty(0, np.uint32), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    owners = np.array([row for row, _ in present], dtype=np.int64)
    lengths = [values.indices.size for _, values in present]
    terms = np.concatenate([values.indices for _, values in present])
    weights = np.concatenate([values.values for _, values in present])
    order = np.argsort(terms, kind="stable")
    ordered = terms[order].astype(np.uint32, copy=False)
    starts = _starts(ordered)
    offsets = np.append(starts, ordered.size).astype(np.int64)
    spread = np.repeat(owners.astype(np.int32), lengths)
    return Segment(ordered[starts], offsets, spread[order], weights[order].astype(np.float32), np.sort(owners))


def whole(terms: NDArray[np.uint32], offsets: Ints, rows: NDArray[np.int32], values: Floats) -> Segment:
    """A segment of stored arrays, all of whose postings count."""
    held = np.zeros(int(rows.max()) + 1 if rows.size else 0, dtype=np.bool_)
    held[rows] = True
    return Segment(terms, offsets, rows, values, np.flatnonzero(held))


def grown(segments: tuple[Segment, ...], added: Segment) -> tuple[Segment, ...]:
    """Adds a segment behind the others and merges it with the last ones that are not much larger.

    Each segment so has more than twice the postings of all behind it, or makes more than ``_LARGEST`` together with the
    next: a search meets about ten segments and one for every million postings, and a posting is moved a logarithmic
    number of times. No merge moves more than ``_LARGEST``, so that nobody waits long for one.
    """
    total = added.rows.size
    if not total:
        return segments
    first = len(segments)
    while first:
        size = segments[first - 1].rows.size
        if size + total > max(_SMALL, min(_LARGEST, 3 * total)):
            break
        total += size
        first -= 1
    return (*segments[:first], merged((*segments[first:], added)))


def merged(segments: Sequence[Segment]) -> Segment:
    """One segment with the postings of all; a term's postings follow in the order of the segments."""
    parts = [part.compact() for part in segments]
    if len(parts) == 1:
        return parts[0]
    everywhere = np.sort(np.concatenate([part.terms for part in parts]), kind="stable")
    terms = everywhere[_starts(everywhere)]
    places = [np.searchsorted(terms, part.terms) for part in parts]
    counts = np.zeros(terms.size, dtype=np.int64)
    for part, place in zip(parts, places, strict=True):
        counts[place] += np.diff(part.offsets)
    offsets = np.append(0, np.cumsum(counts))
    rows = np.empty(int(offsets[-1]), dtype=np.int32)
    values = np.empty(rows.size, dtype=np.float32)
    following = offsets[:-1].copy()
    for part, place in zip(parts, places, strict=True):
        lengths = np.diff(part.offsets)
        target = np.repeat(following[place] - part.offsets[:-1], lengths) + np.arange(part.rows.size)
        rows[target] = part.rows
        values[target] = part.values
        following[place] += lengths
    return Segment(terms, offsets, rows, values, np.sort(np.concatenate([part.owners for part in parts])))


def _starts(ordered: NDArray[np.uint32]) -> Ints:
    """Where each distinct value of an ascending array begins."""
    changes = np.empty(ordered.size, dtype=np.bool_)
    changes[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def _common(wanted: Ints, held: Ints) -> Ints:
    """Those of the ascending ``wanted`` that are among the ascending ``held``."""
    if not held.size:
        return _NO_ROWS
    common: Ints = wanted[held[np.minimum(np.searchsorted(held, wanted), held.size - 1)] == wanted]
    return common
