"""Reranking with an embedding model, where there is no model made for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinyon.models.descriptions import ModelInfo
from pinyon.types import Embedder, Floats

__all__ = ["EmbeddingReranker"]


class EmbeddingReranker:
    """Scores a document by the cosine of its vector and the query's, (1 + cosine) / 2. Satisfies
    ``pinyon.types.Reranker``.

    The order is that of an exact search with the same model: it is of use for texts that were found in another way.
    """

    def __init__(self, base: Embedder, info: ModelInfo) -> None:
        self._base = base
        self.name: str = info.name

    def __repr__(self) -> str:
        return f"EmbeddingReranker({self._base!r})"

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        """(n,) documents -> (n,) float32 scores in 0..1, in the order given."""
        wanted = self._base.embed([query], input_type="query")[0]
        vectors = self._base.embed(documents, input_type="passage")
        cosines: Floats = (vectors @ wanted).clip(-1.0, 1.0)
        return (cosines + np.float32(1.0)) / np.float32(2.0)
