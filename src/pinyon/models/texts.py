"""What every embedder checks of the texts that it is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinyon.errors import InvalidRequestError, ModelUnavailableError
from pinyon.types import Floats

__all__ = ["check_input_type", "checked_texts", "checked_vectors", "unit_rows"]


def check_input_type(input_type: str) -> None:
    """Raises InvalidRequestError."""
    if input_type not in ("query", "passage"):
        raise InvalidRequestError(f'input_type is {input_type!r}, but must be "query" or "passage"')


def checked_texts(texts: Sequence[str]) -> list[str]:
    """Raises InvalidRequestError for a single string, for what is not a string, and for invalid Unicode."""
    if isinstance(texts, str):
        raise InvalidRequestError("texts is a single string, but must be a list of strings: write [text]")
    checked = list(texts)
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            raise InvalidRequestError(f"texts[{position}] is a {type(text).__name__}, but must be a string")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidRequestError(
                f"texts[{position}] holds the lone surrogate {text[error.start]!r} at character {error.start}: "
                'it is not valid Unicode; read the file with its right encoding, or with errors="replace"'
            ) from None
    return checked


def unit_rows(vectors: Floats) -> Floats:
    """(n, d) -> (n, d) float32 rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0.0] = 1.0
    return np.ascontiguousarray(vectors / lengths, dtype=np.float32)


def checked_vectors(name: str, vectors: Floats, dimension: int) -> Floats:
    """The (n, dimension) vectors that a model gave. Raises ModelUnavailableError for others, and for what is no number.

    dimension: 0 when any will do.
    """
    if vectors.ndim != 2 or (dimension and vectors.shape[1] != dimension):
        raise ModelUnavailableError(
            f"model {name!r} gave vectors of shape {vectors.shape}, and {dimension} numbers each are expected: "
            "correct dimension in its description, or choose another model"
        )
    if not np.isfinite(vectors).all():
        raise ModelUnavailableError(f"model {name!r} gave vectors that hold NaN or infinity")
    return vectors
