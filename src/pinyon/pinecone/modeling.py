"""What the face asks of the models that are injected into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pinyon.errors import NotFoundError
from pinyon.types import Embedder, Metric, VectorType


class ModelDescription(Protocol):
    """A model as the registry describes it. ``metrics``: those its vectors are meant for, the default first."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def vector_type(self) -> VectorType: ...
    @property
    def dimension(self) -> int: ...
    @property
    def metrics(self) -> tuple[Metric, ...]: ...
    @property
    def modality(self) -> str: ...
    @property
    def max_batch(self) -> int: ...
    @property
    def max_tokens(self) -> int | None: ...
    @property
    def source(self) -> str: ...
    @property
    def short_description(self) -> str: ...


class Models(Protocol):
    """A registry of embedders. ``get`` and ``describe`` raise NotFoundError for an unknown name."""

    def get(self, name: str) -> Embedder: ...
    def describe(self, name: str) -> ModelDescription: ...
    def list(self) -> Sequence[ModelDescription]: ...


class NoModels:
    """The registry of a face that was given none."""

    def get(self, name: str) -> Embedder:
        raise NotFoundError("this Pinecone object was made without models")

    def describe(self, name: str) -> ModelDescription:
        raise NotFoundError("this Pinecone object was made without models")

    def list(self) -> Sequence[ModelDescription]:
        return ()


def describe_model(models: Models, name: str) -> ModelDescription:
    try:
        return models.describe(str(name))
    except NotFoundError:
        raise unknown_model(models, name) from None


def embedder_of(models: Models, name: str) -> Embedder:
    """The embedder called ``name``, or NotFoundError saying which models there are."""
    describe_model(models, name)
    return models.get(str(name))


def unknown_model(models: Models, name: str) -> NotFoundError:
    known = ", ".join(sorted(model.name for model in models.list())) or "none"
    return NotFoundError(f"Model {name} not found. Available models: {known}.")
