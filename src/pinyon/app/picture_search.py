"""What commands that are given a picture need."""

from __future__ import annotations

from pathlib import Path

from pinyon.app import PICTURE_SIDE
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.pictures import read_picture
from pinyon.types import Embedder, Picture, PictureEmbedder

__all__ = ["picture_in", "seeing"]


def picture_in(path: Path) -> Picture:
    """The picture in a file. Raises NotFoundError, InvalidRequestError, MissingExtraError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"no picture in {str(path)!r}: {error.strerror or error}") from None
    return read_picture(data, name=str(path), longest=PICTURE_SIDE)


def seeing(embedder: Embedder) -> PictureEmbedder:
    """The model as one that sees pictures. Raises InvalidRequestError where it reads text only."""
    if not isinstance(embedder, PictureEmbedder):
        raise InvalidRequestError(
            f"the model {embedder.name!r} reads text only: pictures need one that sees them, such as picture-words or "
            "clip:openai/clip-vit-base-patch32"
        )
    return embedder
