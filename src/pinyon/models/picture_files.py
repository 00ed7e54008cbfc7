"""Pictures as the bytes of files: those that go to a model, and those that come from one."""

from __future__ import annotations

import base64
from typing import Any

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.types import Picture

__all__ = ["MEDIA_TYPES", "as_image", "as_jpeg", "data_url", "media_type"]

JPEG_QUALITY = 90
"""Pillow's scale; above it files grow and nothing becomes better to see."""
MEDIA_TYPES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}
"""What models answer with, and what such a file's name ends with."""


def as_image(picture: Picture) -> Any:
    """The picture as Pillow's ``Image``, RGB. Raises MissingExtraError; InvalidRequestError for pixels of another
    shape."""
    pixels = picture.pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype.name != "uint8":
        raise InvalidRequestError(
            f"a picture must be (height, width, 3) uint8 and not empty, got {pixels.shape} {pixels.dtype}"
        )
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError('pictures need the package pillow: pip install "pinyon[pictures]"') from None
    return Image.fromarray(pixels)


def as_jpeg(picture: Picture, longest: int) -> bytes:
    """A JPEG of nothing but the pixels: no EXIF, no place, no thumbnail of what was cut off.

    longest: pixels of the longer side, at most; a larger picture is made smaller.
    """
    from io import BytesIO

    image = as_image(picture)
    image.thumbnail((longest, longest))
    out = BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def data_url(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def media_type(data: bytes) -> str:
    """What the first bytes say the file is; "" for none of ``MEDIA_TYPES``."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if data.startswith((b"GIF87a", b"GIF89a")) else ""
