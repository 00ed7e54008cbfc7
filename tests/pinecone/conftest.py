"""A database in memory, and embedders whose vectors can be checked by hand."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from pinyon import InvalidRequestError, NotFoundError, Pinecone
from pinyon.pinecone import Index
from pinyon.types import Embedder, Floats, Metric, Reranker, SparseEmbedder, SparseValues, VectorType

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
class WordReranker:
    """How many of the query's words a document holds, as a share."""

    name: str = "shared-words"

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        words = set(query.split())
        return np.array([len(words & set(text.split())) / max(len(words), 1) for text in documents], np.float32)


@dataclass(frozen=True)
class WordCounter:
    """Sparse: one number for each word, how often it comes."""

    identity: str = "word-counts/1"
    name: str = "word-counts"

    def embed_sparse(
        self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage"
    ) -> list[SparseValues]:
        found = []
        for text in texts:
            indices = np.array(sorted(self.tokens(text)), np.uint32)
            words = [zlib.crc32(word.encode()) for word in text.split()]
            found.append(SparseValues(indices, np.array([words.count(index) for index in indices], np.float32)))
        return found

    def tokens(self, text: str) -> dict[int, str]:
        return {zlib.crc32(word.encode()): word for word in text.split()}

    terms = tokens


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
    dimensions: tuple[int, ...] = (32,)
    rank_fields: int = 1

    @property
    def tasks(self) -> tuple[str, ...]:
        return (self.type,)


class WordModels:
    """A registry of one embedder, which a test may replace by another version, one sparse one and one reranker."""

    def __init__(self) -> None:
        self.embedder: Embedder = WordEmbedder()
        self.counter: SparseEmbedder = WordCounter()
        self.judge: Reranker = WordReranker()

    def list(self) -> Sequence[Description]:
        return [
            Description("shared-words", "rerank", dimension=0, dimensions=(), metrics=()),
            Description("word-counts", vector_type="sparse", dimension=0, dimensions=(), metrics=("dotproduct",)),
            Description(),
        ]

    def describe(self, name: str) -> Description:
        for description in self.list():
            if description.name == name:
                return description
        raise NotFoundError(f"no model is named {name!r}")

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        self._check(name, "words")
        return self.embedder

    def sparse(self, name: str) -> SparseEmbedder:
        self._check(name, "word-counts")
        return self.counter

    def reranker(self, name: str) -> Reranker:
        self._check(name, "shared-words")
        return self.judge

    def _check(self, name: str, wanted: str) -> None:
        self.describe(name)
        if name != wanted:
            raise InvalidRequestError(f"{name!r} is a model of another type")


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
