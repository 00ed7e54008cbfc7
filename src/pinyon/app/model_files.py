"""Where a data directory keeps what its user says of models: descriptions, and the files of pulled ones."""

from __future__ import annotations

import os
from pathlib import Path

from pinyon.engine.budget import read_size
from pinyon.errors import InvalidRequestError
from pinyon.models.aliases import ALIASES
from pinyon.models.descriptions import MODELS, ModelInfo
from pinyon.models.embedding_cache import EmbeddingCache, cached_by
from pinyon.models.files import read_models
from pinyon.types import Embedder

__all__ = ["CACHE", "CACHE_VARIABLE", "FILE", "FOLDER", "VARIABLE", "cached", "pulled_models", "user_models"]

FILE = "models.toml"
FOLDER = "models"
CACHE = "embeddings.cache"
VARIABLE = "PINYON_MODELS"
CACHE_VARIABLE = "PINYON_EMBEDDING_CACHE"


def pulled_models(data: Path | None) -> Path | None:
    """The folder with pulled models; it need not exist."""
    return None if data is None else data / FOLDER


def user_models(data: Path | None) -> dict[str, ModelInfo]:
    """The models of ``models.toml`` in the data directory and of the file that PINYON_MODELS names, by name.

    Raises InvalidRequestError for a file that is not as it should be, NotFoundError when the named one is not there.
    """
    found: dict[str, ModelInfo] = {}
    named = os.environ.get(VARIABLE)
    for file in ([data / FILE] if data is not None and (data / FILE).is_file() else []) + (
        [Path(named)] if named else []
    ):
        found |= read_models(file, {*MODELS, *ALIASES, *found}, pulled_models(data))
    return found


def cached(embedder: Embedder, data: Path | None) -> Embedder:
    """The embedder, behind a cache in the data directory where PINYON_EMBEDDING_CACHE says how large that may be.

    Raises InvalidRequestError for what is no size.
    """
    most = _bytes(os.environ.get(CACHE_VARIABLE, ""))
    if data is None or not most:
        return embedder
    return cached_by(embedder, EmbeddingCache(data / CACHE, most))


def _bytes(text: str) -> int:
    if text.strip().lower() in ("", "0", "off"):
        return 0
    size = read_size(text)
    if not size:
        raise InvalidRequestError(f"{CACHE_VARIABLE} is {text!r:.80}, but must be a size such as '2 GB', or 'off'")
    return size
