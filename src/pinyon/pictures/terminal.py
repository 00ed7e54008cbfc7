"""A picture as characters of a terminal, two pixels a character."""

from __future__ import annotations

from typing import TypeAlias

from pinyon.errors import InvalidRequestError
from pinyon.pictures.imaging import image_of
from pinyon.types import Picture

__all__ = ["HALF_BLOCK", "Colour", "HalfBlocks", "half_blocks"]

Colour: TypeAlias = tuple[int, int, int]
HalfBlocks: TypeAlias = list[list[tuple[Colour, Colour]]]

HALF_BLOCK = "▀"
"""Its upper half has the colour of the text, its lower half that of the background."""


def half_blocks(picture: Picture, columns: int = 40, *, rows: int | None = None) -> HalfBlocks:
    """Rows of (upper, lower) colours, each 0 to 255, to be printed as HALF_BLOCK: a character is about twice as high as
    wide, so that its halves are squares and the picture keeps its proportions.

    columns, rows: at most so many, never more than the picture has pixels for. An odd last half row is white.
    Raises InvalidRequestError, MissingExtraError.
    """
    if columns < 1 or (rows is not None and rows < 1):
        raise InvalidRequestError(f"{columns} columns and {rows} rows: give at least 1 of each")
    height, width = picture.pixels.shape[:2]
    scale = min(1.0, columns / width, 2 * rows / height if rows else 1.0)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = image_of(picture).resize(size, reducing_gap=2.0)
    lines = [[_colour(pixels.getpixel((x, y))) for x in range(size[0])] for y in range(size[1])]
    if size[1] % 2:
        lines.append([(255, 255, 255)] * size[0])
    return [list(zip(upper, lower, strict=True)) for upper, lower in zip(lines[::2], lines[1::2], strict=True)]


def _colour(pixel: object) -> Colour:
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return red, green, blue
