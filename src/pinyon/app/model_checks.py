"""Tries a model: loads it, uses it once, and says how fast it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from pinyon.models.registry import ModelRegistry
from pinyon.types import ChatMessage, ModelType, Picture

__all__ = ["ModelCheck", "check_model_by_name"]

_TEXTS = [
    "A cat sleeps on the sofa in the afternoon sun.",
    "고양이가 오후 햇살 속에서 소파 위에 잠들어 있다.",
    "The stock market fell sharply today.",
    "오늘 주식 시장이 급락했다.",
] * 8
_QUERY = "Where does the cat sleep?"
_ASK = (ChatMessage("system", "You are a helpful assistant."), ChatMessage("user", "What is the capital of France?"))
_SQUARE = np.full((224, 224, 3), 255, np.uint8)
_SQUARE[56:168, 56:168] = (220, 30, 30)
_SHOW = (ChatMessage("user", "What colour is the square?", (Picture(_SQUARE),)),)
_DRAW = "A red square on a white ground."


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What a trial told. load_seconds: until the first answer. rate: of ``unit`` per second, afterwards.

    sample: what the model made of a small task, for the eye.
    """

    name: str
    task: ModelType
    provider: str
    identity: str
    dimension: int | None
    context_tokens: int | None
    threads: int | None
    load_seconds: float
    rate: float
    unit: str
    sample: str


def check_model_by_name(models: ModelRegistry, name: str, task: ModelType | None = None) -> ModelCheck:
    """Loads the model and uses it. Raises what the model raises: NotFoundError, MissingExtraError and so on."""
    info = models.describe(name, task)
    if info.type == "image":
        return _image_generator(models, name, info.provider)
    if info.type == "generate":
        # Whether a model behind an endpoint sees is not known before somebody shows it a picture.
        sees = info.modality == "multimodal" and not hasattr(info.settings, "base_url")
        return _generator(models, name, info.provider, _SHOW if sees else _ASK)
    if info.type == "rerank":
        return _reranker(models, name, info.provider)
    if info.vector_type == "sparse":
        return _sparse(models, name, info.provider)
    return _embedder(models, name, info.provider)


def _embedder(models: ModelRegistry, name: str, provider: str) -> ModelCheck:
    model = models.get(name)
    started = perf_counter()
    cat = model.embed([_QUERY], input_type="query")[0]
    loaded = perf_counter()
    vectors = model.embed(_TEXTS)
    rate = len(_TEXTS) / (perf_counter() - loaded)
    own, korean, other, _ = (float(cosine) for cosine in _cosines(cat, vectors[:4]))
    sample = f"{_QUERY!r} is near to its answer by {own:.2f}, in Korean by {korean:.2f}, to another text by {other:.2f}"
    return ModelCheck(
        name, "embed", provider, model.identity, model.dimension, None, _threads(model), loaded - started, rate,
        "texts", sample,
    )  # fmt: skip


def _cosines(one: Any, rows: Any) -> Any:
    return (rows @ one) / np.maximum(np.linalg.norm(rows, axis=1) * np.linalg.norm(one), 1e-12)


def _sparse(models: ModelRegistry, name: str, provider: str) -> ModelCheck:
    model = models.sparse(name)
    started = perf_counter()
    first = model.embed_sparse(_TEXTS[:1])[0]
    loaded = perf_counter()
    model.embed_sparse(_TEXTS)
    rate = len(_TEXTS) / (perf_counter() - loaded)
    sample = f"{_TEXTS[0]!r} has {len(first.indices)} numbers"
    return ModelCheck(
        name, "embed", provider, model.identity, None, None, _threads(model), loaded - started, rate, "texts", sample
    )


def _reranker(models: ModelRegistry, name: str, provider: str) -> ModelCheck:
    model: Any = models.reranker(name)
    started = perf_counter()
    model.rerank(_QUERY, _TEXTS[:1])
    loaded = perf_counter()
    scores = model.rerank(_QUERY, _TEXTS)
    rate = len(_TEXTS) / (perf_counter() - loaded)
    sample = f"{_QUERY!r}: {scores[0]:.3f} for its answer, {scores[2]:.3f} for another text"
    return ModelCheck(
        name, "rerank", provider, getattr(model, "identity", ""), None, None, _threads(model), loaded - started, rate,
        "documents", sample,
    )  # fmt: skip


def _generator(models: ModelRegistry, name: str, provider: str, asked: Sequence[ChatMessage]) -> ModelCheck:
    model = models.generator(name)
    started = perf_counter()
    stream = model.generate(asked, max_tokens=32)
    pieces = [next((piece for piece in stream if piece), "")]
    loaded = perf_counter()
    pieces += stream
    seconds = perf_counter() - loaded
    tokens = stream.usage.completion_tokens if stream.usage is not None else len(pieces)
    rate = max(0, tokens - 1) / seconds if seconds > 0 else 0.0
    sample = f"{asked[-1].content!r}: {''.join(pieces)!r}"
    return ModelCheck(
        name, "generate", provider, model.identity, None, model.context_tokens, _threads(model), loaded - started, rate,
        "tokens", sample,
    )  # fmt: skip


def _image_generator(models: ModelRegistry, name: str, provider: str) -> ModelCheck:
    """Draws one picture and no second one, which may cost money."""
    model = models.image_generator(name)
    started = perf_counter()
    (made,) = model.generate_pictures(_DRAW)
    took = perf_counter() - started
    seed = "" if made.seed is None else f", seed {made.seed}"
    sample = f"{_DRAW!r}: {made.media_type}, {len(made.data):,} bytes{seed}"
    return ModelCheck(
        name, "image", provider, model.identity, None, None, _threads(model), took, 1 / took, "pictures", sample
    )


def _threads(model: Any) -> int | None:
    found = getattr(model, "threads", None)
    return found if isinstance(found, int) else None
