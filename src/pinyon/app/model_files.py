"""Where a data directory keeps what its user says of models: descriptions, and the files of pulled ones."""

from __future__ import annotations

import os
from pathlib import Path

from pinyon.models.aliases import ALIASES
from pinyon.models.descriptions import MODELS, ModelInfo
from pinyon.models.files import read_models

__all__ = ["FILE", "FOLDER", "VARIABLE", "pulled_models", "user_models"]

FILE = "models.toml"
FOLDER = "models"
VARIABLE = "PINYON_MODELS"


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
