"""A database in memory, and embedders whose vectors can be checked by hand."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from pinyon import NotFoundError, Pinecone
from pinyon.pinecone import Index
from pinyon.types import Embedder, Floats, Metric, VectorType

DIMENSION = 8


@dataclass(frozen=True)
class WordEmbedder:
    """The sum of one fixed random direction for each word: texts that share words are near each other."""

    identity: str = "words/1/aaaa"
    name: str = "words"
    dimension: int = 32
    metric: Metric = "cosine"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        return np.stack([np.sum([self._word(word) for word in text.split()], axis=0) for text in texts])

    def _word(self, word: str) -> Floats:
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dimension).astype(np.float32)


@dataclass(frozen=True)
class Description:
    name: str = "words"
    type: str = "embed"
    vector_type: VectorType = "dense"
    dimension: int = 32
    metrics: tuple[Metric, ...] = ("cosine", "dotproduct")
    modality: str = "text"
    max_batch: int = 96
    max_tokens: int | None = None
    source: str = "these tests"
    short_description: str = "Sums of random word vectors."


class WordModels:
    """A registry that holds one embedder, which a test may replace by another version."""

    def __init__(self) -> None:
        self.embedder: Embedder = WordEmbedder()

    def list(self) -> Sequence[Description]:
        return [Description()]

    def describe(self, name: str) -> Description:
        if name != "words":
            raise NotFoundError(f"no model is named {name!r}")
        return Description()

    def get(self, name: str) -> Embedder:
        self.describe(name)
        return self.embedder


@pytest.fixture
def models() -> WordModels:
    return WordModels()


@pytest.fixture
def pc(models: WordModels) -> Iterator[Pinecone]:
    with Pinecone(path=":memory:", models=models) as pc:
        yield pc


@pytest.fixture
def vectors(rng: np.random.Generator) -> Floats:
    return rng.normal(size=(20, DIMENSION)).astype(np.float32)


@pytest.fixture
def make_index(pc: Pinecone) -> Callable[..., Index]:
    def make(name: str = "docs", **settings: Any) -> Index:
        if settings.get("vector_type") != "sparse":
            settings.setdefault("dimension", DIMENSION)
        pc.create_index(name, **settings)
        return pc.Index(name)

    return make


@pytest.fixture
def index(make_index: Callable[..., Index], vectors: Floats) -> Index:
    """20 records "0".."19" with metadata {number, parity, text} in the default namespace."""
    index = make_index()
    index.upsert(
        [
            {
                "id": str(number),
                "values": vector.tolist(),
                "metadata": {"number": number, "parity": "odd" if number % 2 else "even", "text": f"text {number}"},
            }
            for number, vector in enumerate(vectors)
        ]
    )
    return index
