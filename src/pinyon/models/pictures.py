"""What every embedder of pictures checks of those that it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.types import Picture

__all__ = ["checked_pictures"]

LONGEST_TO_SHORTEST = 100
"""Models enlarge the shorter side to what they need: a picture that is nearly a line would need gigabytes."""


def checked_pictures(pictures: Sequence[Picture]) -> list[Picture]:
    """Raises InvalidRequestError for what is no (height, width, 3) uint8 picture, and for one that is nearly a line."""
    if isinstance(pictures, Picture):
        raise InvalidRequestError("pictures is a single picture, but must be a list of them: write [picture]")
    checked = list(pictures)
    for position, picture in enumerate(checked):
        if not isinstance(picture, Picture):
            raise InvalidRequestError(f"pictures[{position}] is a {type(picture).__name__}, but must be a Picture")
        shape, kind = picture.pixels.shape, picture.pixels.dtype
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or kind != np.uint8:
            raise InvalidRequestError(
                f"pictures[{position}] has pixels of shape {shape} and type {kind}, but must have (height, width, 3) "
                "uint8, and none of them 0"
            )
        if max(shape[:2]) > LONGEST_TO_SHORTEST * min(shape[:2]):
            raise InvalidRequestError(
                f"pictures[{position}] is {shape[1]} x {shape[0]} pixels: no side may be more than "
                f"{LONGEST_TO_SHORTEST} times the other. Crop it"
            )
    return checked
