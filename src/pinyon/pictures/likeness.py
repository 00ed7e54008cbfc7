"""Copies of one picture are found by what they look like: other sizes, other files, other compression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import InvalidRequestError
from pinyon.pictures.imaging import image_of
from pinyon.types import Ints, Picture, Scores

__all__ = ["BITS", "distance", "near_duplicates", "perceptual_hash"]

BITS: Final = 64
_SIDE: Final = 32
_WAVES: Final = 8
_FAINT: Final = 0.25 * (_SIDE / 2) ** 2
"""A wave of a quarter of one shade of grey, in units of the transform."""
_BLOCK: Final = 4_000_000
"""Pairs of hashes that are compared at once: 32 MB."""


def perceptual_hash(picture: Picture) -> int:
    """64 bits that hardly change when a picture is scaled, compressed anew or made a little brighter.

    The DCT hash of C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions (2010), with the waves
    of N. Krawetz, Looks Like It (2011): of the luma in 32 x 32 pixels the 8 x 8 lowest, without the mean; a bit for
    each, set where it is greater than their median. Ours is that faint waves count as none: drawings are often
    symmetric, and half of their bits would be noise. Turning, mirroring and cropping change the hash. That of a picture
    of one colour is 0, whichever the colour.

    Raises MissingExtraError.
    """
    image = image_of(picture)
    from PIL.Image import Resampling

    grey = image.convert("L").resize((_SIDE, _SIDE), Resampling.LANCZOS, reducing_gap=3.0)
    lowest = (_cosines() @ np.asarray(grey, np.float64) @ _cosines().T)[:_WAVES, :_WAVES].ravel()
    lowest[0] = 0.0
    lowest[np.abs(lowest) < _FAINT] = 0.0
    return int.from_bytes(np.packbits(lowest > np.median(lowest)).tobytes(), "big")


def distance(one: int, other: int) -> int:
    """Bits in which two hashes differ, 0 to 64. Of unrelated pictures about 32; up to 6 or so, copies are likely."""
    return (one ^ other).bit_count()


def near_duplicates(hashes: Sequence[int], most: int = 6) -> list[list[int]]:
    """Groups of places in ``hashes`` whose pictures are likely copies, two and more each, in order.

    Two are joined when their hashes differ in at most ``most`` bits, and groups grow: the first and the last of a chain
    may differ in more. Every pair of different hashes is compared: 10,000 pictures take a fraction of a second, ten
    times as many a hundred times as long. Raises InvalidRequestError.
    """
    if not 0 <= most <= BITS:
        raise InvalidRequestError(f"most is {most!r}: give 0 to {BITS} bits")
    for place, one in enumerate(hashes):
        if not 0 <= one < 1 << BITS:
            raise InvalidRequestError(f"hash {one} at place {place} has more than {BITS} bits or is negative")
    distinct, which = np.unique(np.array(hashes, np.uint64), return_inverse=True)
    leaders = _joined(len(distinct), _close_pairs(distinct, most))
    groups: dict[int, list[int]] = {}
    for place, one in enumerate(which.tolist()):
        groups.setdefault(leaders[one], []).append(place)
    return sorted(group for group in groups.values() if len(group) > 1)


@cache
def _cosines() -> Scores:
    """(32, 32) float64: row k is the k-th wave of the DCT-II."""
    wave, place = np.ogrid[:_SIDE, :_SIDE]
    cosines: Scores = np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
    return cosines


def _close_pairs(distinct: NDArray[np.uint64], most: int) -> Iterator[tuple[Ints, Ints]]:
    """Places (i), (j) with i < j, a block of rows at a time."""
    rows = max(1, _BLOCK // max(1, len(distinct)))
    for start in range(0, len(distinct), rows):
        block = distinct[start : start + rows]
        near = np.bitwise_count(block[:, None] ^ distinct[None, start:]) <= most
        first, second = np.nonzero(near)
        later = second > first
        yield first[later] + start, second[later] + start


def _joined(count: int, pairs: Iterator[tuple[Ints, Ints]]) -> list[int]:
    """For each of ``count`` places the least place of its group."""
    leader = list(range(count))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    for firsts, seconds in pairs:
        for first, second in zip(firsts.tolist(), seconds.tolist(), strict=True):
            one, other = find(first), find(second)
            leader[max(one, other)] = min(one, other)
    return [find(place) for place in range(count)]
