"""How alike texts are, by an embedding model that is asked for each text once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from pinyon.types import Embedder, Floats

__all__ = ["GOOD_COSINE", "Likeness"]

GOOD_COSINE: Final = 0.6
"""Of a question and a text that answers it, with the built-in embedder."""

_InputType: TypeAlias = Literal["query", "passage"]


class Likeness:
    """Compares the texts of one answer. embedder: of any kind whose vectors of like texts have a high cosine."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[_InputType, str], Floats] = {}

    def of(self, text: str, others: Sequence[str], input_type: _InputType = "passage") -> Floats:
        """(n,) float32, 0..1: how alike other texts are to one. input_type: of the one."""
        if not others:
            return np.empty(0, np.float32)
        [vector] = self._vectors([text], input_type)
        cosines = np.stack(self._vectors(others, "passage")) @ vector
        similar: Floats = np.clip(cosines / GOOD_COSINE, 0.0, 1.0).astype(np.float32)
        return similar

    def _vectors(self, texts: Sequence[str], input_type: _InputType) -> list[Floats]:
        """(d,) unit vectors."""
        new = [text for text in dict.fromkeys(texts) if (input_type, text) not in self._known]
        if new:
            vectors = self._embedder.embed(new, input_type=input_type)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            unit = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
            self._known |= {(input_type, text): row for text, row in zip(new, unit, strict=True)}
        return [self._known[input_type, text] for text in texts]
