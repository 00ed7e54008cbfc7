"""Vectors of another model in more places, for code that expects a certain dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.types import Embedder, Floats, Metric, Picture, PictureEmbedder

__all__ = ["PaddedEmbedder", "PaddedPictureEmbedder"]


class PaddedEmbedder:
    """The numbers of ``base``, and zeros after them: norms, angles, dot products and distances stay what they are.

    Raises InvalidRequestError when the description asks for fewer numbers than ``base`` gives.
    """

    def __init__(self, base: Embedder, info: ModelInfo) -> None:
        if info.dimension < base.dimension:
            raise InvalidRequestError(
                f"{base.name} gives {base.dimension} numbers, which {info.dimension} places cannot hold"
            )
        self._base = base
        self.name: str = info.name
        self.dimension: int = info.dimension
        self.metric: Metric = info.metrics[0]

    def __repr__(self) -> str:
        return f"PaddedEmbedder({self._base!r}, dimension={self.dimension})"

    @property
    def identity(self) -> str:
        return f"{self._base.identity} in {self.dimension} places"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32."""
        return self._wider(self._base.embed(texts, input_type=input_type))

    def _wider(self, vectors: Floats) -> Floats:
        out = np.zeros((len(vectors), self.dimension), np.float32)
        out[:, : self._base.dimension] = vectors
        return out


class PaddedPictureEmbedder(PaddedEmbedder):
    """The same of a model that takes pictures as well. Satisfies ``pinyon.types.PictureEmbedder``."""

    def __init__(self, base: PictureEmbedder, info: ModelInfo) -> None:
        super().__init__(base, info)
        self._sees = base

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, dimension) float32."""
        return self._wider(self._sees.embed_pictures(pictures))
