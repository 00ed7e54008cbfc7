"""Embeddings of an OpenAI-compatible API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from pinyon.errors import ModelUnavailableError, NotFoundError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.endpoint import Endpoint, estimated_tokens
from pinyon.models.settings import EmbedEndpoint
from pinyon.models.texts import check_input_type, checked_texts, checked_vectors, unit_rows
from pinyon.types import Floats, Metric, Usage

__all__ = ["EndpointEmbedder"]


class EndpointEmbedder:
    """Satisfies ``pinyon.types.Embedder``. Every call may raise what ``endpoint.Endpoint`` does.

    An endpoint says nothing of its weights, so that the identity is the name of the model, the dimension and what is
    done to the vectors; Ollama tells a digest, which is in it.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: EmbedEndpoint = info.settings
        self._endpoint = Endpoint(info.name, info.settings)
        self.name: str = info.name
        self.metric: Metric = info.metrics[0]

    def __repr__(self) -> str:
        return f"EndpointEmbedder({self.name!r}, model={self._settings.model!r}, host={self._endpoint.host!r})"

    @property
    def usage(self) -> Usage:
        """Tokens of all requests so far."""
        return self._endpoint.usage

    @cached_property
    def dimension(self) -> int:
        """As described, else learned from a first request."""
        return self._info.dimension or int(self._vectors(["dimension"]).shape[1])

    @cached_property
    def identity(self) -> str:
        """Name, dimension, and all that is done to texts and vectors. Asks Ollama for the digest of the weights."""
        chosen = self._settings
        parts = [f"{self._info.provider} {chosen.model}{self._ollama_digest()} {self.dimension} numbers"]
        parts += ["unit"] if chosen.normalize else []
        parts += [f"query {chosen.query_prefix!r}"] if chosen.query_prefix else []
        parts += [f"passage {chosen.passage_prefix!r}"] if chosen.passage_prefix else []
        return ", ".join(parts)

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32, of unit length unless the description says otherwise."""
        check_input_type(input_type)
        prefix = self._settings.query_prefix if input_type == "query" else self._settings.passage_prefix
        given = [prefix + text for text in checked_texts(texts)]
        if not given:
            return np.empty((0, self.dimension), np.float32)
        vectors = np.concatenate([self._vectors(batch) for batch in self._batches(given)])
        checked_vectors(self.name, vectors, self._info.dimension)
        return unit_rows(vectors) if self._settings.normalize else vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Texts in their order, few enough for one request, and of few enough tokens unless one alone has more."""
        batch: list[str] = []
        tokens = 0
        for text in texts:
            more = estimated_tokens(text)
            if batch and (len(batch) == self._settings.batch_size or tokens + more > self._settings.batch_tokens):
                yield batch
                batch, tokens = [], 0
            batch.append(text)
            tokens += more
        yield batch

    def _vectors(self, texts: Sequence[str]) -> Floats:
        body: dict[str, Any] = {
            "model": self._settings.model,
            # Some endpoints refuse an empty text, which a blank stands for.
            "input": [text or " " for text in texts],
            "encoding_format": "float",
        }
        if self._settings.truncate_dim:
            body["dimensions"] = self._settings.truncate_dim
        read = self._endpoint.post("/embeddings", body).get("data")
        try:
            rows = {int(one.get("index", at)): one["embedding"] for at, one in enumerate(read)}  # type: ignore[arg-type]
            return np.array([rows[at] for at in range(len(texts))], dtype=np.float32).reshape(len(texts), -1)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ModelUnavailableError(
                f"model {self.name!r}: {self._endpoint.host} answers, but not with a vector for each of "
                f"{len(texts)} texts. Is {self._settings.model!r} a model for embeddings?"
            ) from None

    def _ollama_digest(self) -> str:
        if not self._settings.ollama:
            return ""
        models = self._endpoint.get_beside("/api/tags").get("models") or []
        found = {one.get("name"): one.get("digest", "") for one in models if isinstance(one, dict)}
        digest = found.get(self._settings.model) or found.get(f"{self._settings.model}:latest")
        if not digest:
            raise NotFoundError(
                f"model {self.name!r}: Ollama has no model {self._settings.model!r}: ollama pull {self._settings.model}"
            )
        return f" sha256:{digest.removeprefix('sha256:')[:16]}"
