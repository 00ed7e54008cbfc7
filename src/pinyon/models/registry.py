"""Finds models by name and builds each one once."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import threading
from collections.abc import Mapping

from pinyon.errors import NotFoundError
from pinyon.models.descriptions import MODELS, ModelInfo, missing_package
from pinyon.types import Embedder

__all__ = ["ModelRegistry"]


class ModelRegistry:
    """The models by name. Thread-safe; ``get`` gives the same embedder every time, so weights load once."""

    def __init__(self, models: Mapping[str, ModelInfo] = MODELS) -> None:
        self._models = dict(models)
        self._embedders: dict[str, Embedder] = {}
        self._lock = threading.Lock()

    def list(self) -> builtins.list[ModelInfo]:
        """Every known model, installed or not, by name."""
        return [self._models[name] for name in sorted(self._models)]

    def describe(self, name: str) -> ModelInfo:
        """Raises NotFoundError for an unknown name."""
        try:
            return self._models[name]
        except KeyError:
            known = ", ".join(sorted(self._models)) or "none"
            raise NotFoundError(f"no model is named {name!r}; available: {known}") from None

    def get(self, name: str) -> Embedder:
        """The embedder of that name; its weights load at the first ``embed``.

        Raises NotFoundError for an unknown name, MissingExtraError when the model's package is not installed.
        """
        info = self.describe(name)
        with self._lock:
            if name not in self._embedders:
                self._embedders[name] = _build(info)
            return self._embedders[name]


def _build(info: ModelInfo) -> Embedder:
    if importlib.util.find_spec(info.module) is None:
        raise missing_package(info)
    module, _, provider = info.provider.partition(":")
    embedder: Embedder = getattr(importlib.import_module(module), provider)()
    return embedder
