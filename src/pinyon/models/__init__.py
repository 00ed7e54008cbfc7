"""Models: descriptions as data, and providers that load their packages and weights at first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinyon.models.aliases import ALIASES, Alias
    from pinyon.models.descriptions import MODELS, ModelInfo
    from pinyon.models.embedding_cache import CachedEmbedder, EmbeddingCache
    from pinyon.models.late_interaction import LateInteraction
    from pinyon.models.lexical_sparse import LexicalSparse
    from pinyon.models.padded import PaddedEmbedder
    from pinyon.models.registry import ModelRegistry
    from pinyon.models.use_multilingual import UseMultilingual

__all__ = [
    "ALIASES",
    "Alias",
    "CachedEmbedder",
    "EmbeddingCache",
    "LateInteraction",
    "LexicalSparse",
    "MODELS",
    "ModelInfo",
    "ModelRegistry",
    "PaddedEmbedder",
    "UseMultilingual",
]

_HOMES = {
    "ALIASES": "aliases",
    "Alias": "aliases",
    "CachedEmbedder": "embedding_cache",
    "EmbeddingCache": "embedding_cache",
    "LateInteraction": "late_interaction",
    "LexicalSparse": "lexical_sparse",
    "MODELS": "descriptions",
    "ModelInfo": "descriptions",
    "ModelRegistry": "registry",
    "PaddedEmbedder": "padded",
    "UseMultilingual": "use_multilingual",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
