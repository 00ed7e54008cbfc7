"""Finds models by name and builds each one once."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import threading
from collections.abc import Mapping
from typing import Any, cast

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.models.aliases import ALIASES, Alias
from pinyon.models.descriptions import MODELS, ModelInfo, missing_package
from pinyon.types import Embedder, Reranker, SparseEmbedder

__all__ = ["ModelRegistry"]


class ModelRegistry:
    """The models by name or alias. Thread-safe; a model is built once, so its weights load once.

    ``get``, ``sparse`` and ``reranker`` raise NotFoundError for an unknown name, and for an alias whose model is not
    installed; MissingExtraError for a local model whose package is not installed; InvalidRequestError for a model of
    another type. Weights load at the first use of what they give.
    """

    def __init__(self, models: Mapping[str, ModelInfo] = MODELS, aliases: Mapping[str, Alias] | None = None) -> None:
        self._models = dict(models)
        given = ALIASES if aliases is None else aliases
        self._aliases = {name: alias for name, alias in given.items() if set(alias.targets.values()) <= models.keys()}
        self._built: dict[str, Any] = {}
        self._lock = threading.RLock()

    def list(self) -> builtins.list[ModelInfo]:
        """Every known model and alias, installed or not, by name."""
        return [self.describe(name) for name in sorted({*self._models, *self._aliases})]

    def describe(self, name: str) -> ModelInfo:
        """Raises NotFoundError for an unknown name."""
        alias = self._aliases.get(name)
        if alias is not None:
            return alias.describe(self._models[alias.default])
        try:
            return self._models[name]
        except KeyError:
            known = ", ".join(sorted({*self._models, *self._aliases})) or "none"
            raise NotFoundError(f"no model is named {name!r}; available: {known}") from None

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        """The embedder of a name that gives ``dimension`` numbers, by default the name's own dimension.

        An alias without a local model of that dimension is a NotFoundError.
        """
        info = self.describe(name)
        _expect(info, "embed", "dense")
        embedder = cast(Embedder, self._model(name, dimension))
        if dimension is not None and embedder.dimension != dimension:
            raise InvalidRequestError(f"Model {name} gives {embedder.dimension} numbers a vector, not {dimension}.")
        return embedder

    def sparse(self, name: str) -> SparseEmbedder:
        """The sparse embedder of a name."""
        _expect(self.describe(name), "embed", "sparse")
        return cast(SparseEmbedder, self._model(name))

    def reranker(self, name: str) -> Reranker:
        """The reranker of a name."""
        _expect(self.describe(name), "rerank", "dense")
        return cast(Reranker, self._model(name))

    def _model(self, name: str, dimension: int | None = None) -> Any:
        alias = self._aliases.get(name)
        if alias is None:
            return self._build(self._models[name])
        target = self._models[alias.target(dimension)]
        try:
            return self._build(target)
        except MissingExtraError as error:
            raise NotFoundError(f"Model {name} not found: it stands for {target.name} here, and {error}") from None

    def _build(self, info: ModelInfo) -> Any:
        with self._lock:
            if info.name not in self._built:
                if info.module and importlib.util.find_spec(info.module) is None:
                    raise missing_package(info)
                module, _, provider = info.provider.partition(":")
                make = getattr(importlib.import_module(module), provider)
                self._built[info.name] = make(self._build(self._models[info.base]), info) if info.base else make()
            return self._built[info.name]


def _expect(info: ModelInfo, kind: str, vector_type: str) -> None:
    if info.type == kind == "rerank" or (info.type, info.vector_type) == (kind, vector_type):
        return
    is_ = "a reranker" if info.type == "rerank" else f"a model of {info.vector_type} vectors"
    wanted = "a reranker" if kind == "rerank" else f"a model of {vector_type} vectors"
    raise InvalidRequestError(f"Model {info.name} is {is_}, and {wanted} is needed here.")
