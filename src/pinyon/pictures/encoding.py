"""Pixels become the bytes of a file again, with nothing in it but the picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pinyon.errors import InvalidRequestError
from pinyon.pictures.imaging import check_longest, fitted, image_of
from pinyon.types import Picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["MEDIA_TYPES", "PictureEncoding", "encoded", "thumbnail"]

PictureEncoding: TypeAlias = Literal["jpeg", "png", "webp"]

MEDIA_TYPES: Final[dict[PictureEncoding, str]] = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_LONGEST: Final[dict[PictureEncoding, int]] = {"jpeg": 65_500, "png": 2**31 - 1, "webp": 16_383}
"""Pixels of a side that the format, or the library's encoder, can write."""


def encoded(
    picture: Picture, *, format: PictureEncoding = "jpeg", longest: int | None = None, quality: int = 85
) -> bytes:
    """The picture as a file, without EXIF data, profile or any other trace of the one that it was read from.

    longest: made smaller, in proportion, until no side has more pixels. quality: 1 to 100 for jpeg and webp; png keeps
    every pixel and ignores it. Raises InvalidRequestError, MissingExtraError.
    """
    if format not in MEDIA_TYPES:
        raise InvalidRequestError(f"format is {format!r}: give one of {', '.join(MEDIA_TYPES)}")
    if not isinstance(quality, int) or not 1 <= quality <= 100:
        raise InvalidRequestError(f"quality is {quality!r}: give 1 to 100")
    image = _resized(picture, longest)
    if max(image.size) > _LONGEST[format]:
        raise InvalidRequestError(
            f"a side of {max(image.size):,} pixels is over the {_LONGEST[format]:,} of {format}: "
            "give a smaller longest, or take png"
        )
    buffer = io.BytesIO()
    options = {} if format == "png" else {"quality": quality}
    image.save(buffer, format, **options)
    return buffer.getvalue()


def thumbnail(picture: Picture, size: int = 96) -> bytes:
    """A small WebP of the picture, in proportion; size: pixels of its longest side. Raises as ``encoded`` does."""
    return encoded(picture, format="webp", longest=size, quality=80)


def _resized(picture: Picture, longest: int | None) -> Image.Image:
    check_longest(longest)
    image = image_of(picture)
    wanted = fitted(*image.size, longest)
    # The gap lets the library average whole pixels first, which is much faster and cannot be seen.
    return image if wanted == image.size else image.resize(wanted, reducing_gap=2.0)
