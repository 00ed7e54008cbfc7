"""Searches by a picture: alone, or together with a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pinyon.app.picture_files import LONGEST
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.pictures import read_picture
from pinyon.types import Embedder, Floats, Picture, PictureEmbedder

__all__ = ["picture_in", "query_vector", "seeing"]


def picture_in(path: Path) -> Picture:
    """The picture in a file. Raises NotFoundError, InvalidRequestError, MissingExtraError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"no picture in {str(path)!r}: {error.strerror or error}") from None
    return read_picture(data, name=str(path), longest=LONGEST)


def seeing(embedder: Embedder) -> PictureEmbedder:
    """The model as one that sees pictures. Raises InvalidRequestError where it reads text only."""
    if not isinstance(embedder, PictureEmbedder):
        raise InvalidRequestError(
            f"the model {embedder.name!r} reads text only: pictures need one that sees them, such as picture-words or "
            "clip:openai/clip-vit-base-patch32"
        )
    return embedder


def query_vector(embedder: Embedder, text: str, picture: Picture | None) -> Floats:
    """(d,) float32 of a text, a picture, or both: then the mean of their unit vectors."""
    if picture is None:
        return np.asarray(embedder.embed([text], input_type="query")[0])
    seen = seeing(embedder).embed_pictures([picture])[0]
    if not text:
        return np.asarray(seen)
    said = embedder.embed([text], input_type="query")[0]
    return np.asarray(_unit(seen) + _unit(said), np.float32) / np.float32(2.0)


def _unit(vector: Floats) -> Floats:
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length else vector
