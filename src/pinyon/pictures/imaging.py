"""The imaging library behind this room: found when it is needed, and named when it is missing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.types import Picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["check_longest", "fitted", "image_of", "opener", "require_pillow"]


def require_pillow() -> None:
    """Raises MissingExtraError where Pillow is not installed."""
    try:
        importlib.import_module("PIL.Image")
    except ImportError:
        raise MissingExtraError("Pictures need a package more: pip install 'pinyon[pictures]'") from None


def opener(module: str, name: str) -> Any:
    """What reads the header of one format. Raises MissingExtraError."""
    require_pillow()
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError:
        if module != "pillow_heif":
            raise
        raise MissingExtraError("HEIC pictures need a package more: pip install 'pinyon[heic]'") from None


def image_of(picture: Picture) -> Image.Image:
    """The picture as the library has it, mode RGB. Raises MissingExtraError."""
    require_pillow()
    from PIL import Image

    return Image.fromarray(picture.pixels)


def fitted(width: int, height: int, longest: int | None) -> tuple[int, int]:
    """(width, height) of a picture that is made smaller, in proportion, until no side is over ``longest``."""
    if longest is None or max(width, height) <= longest:
        return width, height
    scale = longest / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def check_longest(longest: int | None) -> None:
    """Raises InvalidRequestError unless it is a side in pixels, or None."""
    if longest is not None and (not isinstance(longest, int) or isinstance(longest, bool) or longest < 1):
        raise InvalidRequestError(f"longest is {longest!r}: give the pixels of the longest side, at least 1, or None")
