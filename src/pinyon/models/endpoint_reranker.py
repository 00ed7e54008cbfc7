"""Rerankers behind ``POST /rerank``, as Cohere, Jina, vLLM and llama.cpp have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinyon.errors import ModelUnavailableError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.endpoint import Endpoint
from pinyon.models.settings import RerankEndpoint
from pinyon.models.texts import checked_texts
from pinyon.types import Floats, Usage

__all__ = ["EndpointReranker"]


class EndpointReranker:
    """Satisfies ``pinyon.types.Reranker``. Every call may raise what ``endpoint.Endpoint`` does."""

    def __init__(self, info: ModelInfo) -> None:
        self._settings: RerankEndpoint = info.settings
        self._endpoint = Endpoint(info.name, info.settings)
        self.name: str = info.name

    def __repr__(self) -> str:
        return f"EndpointReranker({self.name!r}, model={self._settings.model!r}, host={self._endpoint.host!r})"

    @property
    def usage(self) -> Usage:
        """Tokens of all requests so far."""
        return self._endpoint.usage

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        """(n,) documents -> (n,) float32 scores in the order given, of the scale that the model has."""
        checked_texts([query])
        given, size = checked_texts(documents), self._settings.batch_size
        parts = [self._scores(query, given[start : start + size]) for start in range(0, len(given), size)]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)

    def _scores(self, query: str, documents: Sequence[str]) -> Floats:
        body = {"model": self._settings.model, "query": query, "documents": documents, "top_n": len(documents)}
        read = self._endpoint.post("/rerank", body)
        try:
            rows = {int(one["index"]): float(one["relevance_score"]) for one in read["results"]}
            scores = np.array([rows[at] for at in range(len(documents))], dtype=np.float32)
        except (KeyError, TypeError, ValueError):
            scores = np.full(1, np.nan, np.float32)
        if not np.isfinite(scores).all():
            raise ModelUnavailableError(
                f"model {self.name!r}: {self._endpoint.host} answers, but not with a relevance_score for each of "
                f"{len(documents)} documents. Is {self._settings.model!r} a model for reranking?"
            )
        return scores
