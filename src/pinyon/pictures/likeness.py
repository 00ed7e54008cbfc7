"""Copies of one picture are found by what they look like: other sizes, other files, other compression."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.pictures.imaging import image_of
from pinyon.types import Picture, Scores

__all__ = ["BITS", "distance", "near_duplicates", "perceptual_hash"]

BITS: Final = 64
_SIDE: Final = 32
_WAVES: Final = 8
_FAINT: Final = 0.25 * (_SIDE / 2) ** 2
"""A wave of a quarter of one shade of grey, in units of the transform."""


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
    """Groups of places in ``hashes`` whose pictures are likely copies of the first one, two and more each, in order.

    A hash that differs in at most ``most`` bits from the first of a former group joins the earliest such group, so that
    the first of every group may stand for all of it. 10,000 pictures take a fraction of a second, ten times as many a
    hundred times as long. Raises InvalidRequestError.
    """
    if not 0 <= most <= BITS:
        raise InvalidRequestError(f"most is {most!r}: give 0 to {BITS} bits")
    for place, one in enumerate(hashes):
        if not 0 <= one < 1 << BITS:
            raise InvalidRequestError(f"hash {one} at place {place} has more than {BITS} bits or is negative")
    listed = np.array(hashes, np.uint64)
    free = np.arange(len(listed))
    groups = []
    while len(free):
        near = np.bitwise_count(listed[free] ^ listed[free[0]]) <= most
        groups.append(free[near].tolist())
        free = free[~near]
    return [group for group in groups if len(group) > 1]


@cache
def _cosines() -> Scores:
    """(32, 32) float64: row k is the k-th wave of the DCT-II."""
    wave, place = np.ogrid[:_SIDE, :_SIDE]
    cosines: Scores = np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
    return cosines
