"""Small models whose vectors follow from the words of a text, so that any test knows them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pinyon.errors import NotFoundError
from pinyon.types import Embedder, Floats, Metric, Models, VectorType


@dataclass
class HashedEmbedder:
    """The sum of a pseudo-random vector of each word. blur: of how many words that come out alike, 1 meaning none."""

    name: str
    dimension: int
    blur: int = 1
    version: str = "1"
    metric: Metric = "cosine"
    calls: int = 0

    @property
    def identity(self) -> str:
        return f"{self.name}@{self.version}"

    def vector(self, text: str) -> Floats:
        total = np.full(self.dimension, 0.01, np.float64)
        for word in text.lower().split():
            digest = hashlib.blake2b(f"{word}".encode(), digest_size=8).digest()
            number = int.from_bytes(digest, "little") // self.blur if self.blur == 1 else digest[0] % (257 // self.blur)
            total += np.random.default_rng([number, self.dimension, len(self.name)]).standard_normal(self.dimension)
        found: Floats = (total / np.linalg.norm(total)).astype(np.float32)
        return found

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        self.calls += len(texts)
        return np.array([self.vector(text) for text in texts], np.float32).reshape(len(texts), self.dimension)


@dataclass(frozen=True)
class Description:
    name: str
    dimension: int
    type: str = "embed"
    vector_type: VectorType = "dense"
    metrics: tuple[Metric, ...] = ("cosine",)
    modality: str = "text"
    max_batch: int = 1_024
    rank_fields: int = 1
    max_tokens: int | None = None
    source: str = "a test"
    short_description: str = "hashed words"

    @property
    def dimensions(self) -> tuple[int, ...]:
        return (self.dimension,)

    @property
    def tasks(self) -> tuple[str, ...]:
        return (self.type,)


class HashedModels:
    """``old`` of 16 numbers, ``new`` of 24, ``same`` of 16 as well. Models can be taken away."""

    def __init__(self, *models: HashedEmbedder) -> None:
        given = models or (HashedEmbedder("old", 16), HashedEmbedder("new", 24), HashedEmbedder("same", 16))
        self.installed = {model.name: model for model in given}

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        try:
            return self.installed[name]
        except KeyError:
            raise NotFoundError(f"no model is named {name!r}") from None

    def describe(self, name: str) -> Description:
        found = self.get(name)
        return Description(found.name, found.dimension)

    def list(self) -> list[Description]:
        return [self.describe(name) for name in self.installed]

    def sparse(self, name: str) -> object:
        raise NotFoundError(name)

    def reranker(self, name: str) -> object:
        raise NotFoundError(name)

    def generator(self, name: str) -> object:
        raise NotFoundError(name)


def hashed(*models: HashedEmbedder) -> tuple[HashedModels, Models]:
    """The models, and the same as what the engine takes."""
    made = HashedModels(*models)
    return made, made  # type: ignore[return-value]
