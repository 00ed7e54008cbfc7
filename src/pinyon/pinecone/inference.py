"""``pc.inference``: embedding text, and which models there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from pinyon.errors import InvalidRequestError
from pinyon.pinecone import enums
from pinyon.pinecone.modeling import ModelDescription, Models, describe_model, embedder_of
from pinyon.pinecone.models import EmbeddingsList, ModelInfo, ModelInfoList
from pinyon.pinecone.transport import request

_INPUT_TYPE = {
    "parameter": "input_type",
    "type": "one_of",
    "value_type": "string",
    "required": False,
    "allowed_values": ["query", "passage"],
    "default": "passage",
}


class Inference:
    EmbedModel: ClassVar = enums.EmbedModel
    RerankModel: ClassVar = enums.RerankModel

    def __init__(self, models: Models) -> None:
        self._models = models

    @request
    def embed(
        self,
        model: str,
        inputs: str | Sequence[str] | Sequence[Mapping[str, Any]],
        parameters: Mapping[str, Any] | None = None,
    ) -> EmbeddingsList:
        """Vectors of texts, in their order. ``inputs``: a text, texts, or dictionaries with a text.

        parameters: ``input_type`` "query" or "passage" (default); ``truncate`` has no effect.
        Raises NotFoundError for an unknown model.
        """
        embedder = embedder_of(self._models, model)
        texts = [_text(row, item) for row, item in enumerate([inputs] if isinstance(inputs, str) else inputs)]
        if not texts:
            raise InvalidRequestError("inputs is empty: give at least one text.")
        given = dict(parameters or {})
        input_type = given.get("input_type", "passage")
        if input_type not in ("query", "passage"):
            raise InvalidRequestError(f"input_type must be 'query' or 'passage', got {input_type!r}.")
        if given.get("dimension", embedder.dimension) != embedder.dimension:
            raise InvalidRequestError(
                f"Model {model} gives {embedder.dimension} numbers a vector, not {given['dimension']!r}. Leave it out."
            )
        vectors = embedder.embed(texts, input_type=input_type)
        return EmbeddingsList(embedder.name, vectors, sum(len(text.split()) for text in texts))

    @request
    def list_models(self, *, type: str | None = None, vector_type: str | None = None) -> ModelInfoList:
        """The models that Pinyon knows, of this type ("embed") and vector type ("dense") when given."""
        return ModelInfoList(
            [
                _info(model)
                for model in self._models.list()
                if type in (None, model.type) and vector_type in (None, model.vector_type)
            ]
        )

    @request
    def get_model(self, model_name: str | None = None, *, model: str | None = None) -> ModelInfo:
        """Raises NotFoundError."""
        if (model_name is None) == (model is None):
            raise InvalidRequestError("Give the model once, as model_name= or as model=.")
        return _info(describe_model(self._models, model_name or model or ""))

    @request
    def rerank(
        self,
        model: str,
        query: str,
        documents: Sequence[Any],
        rank_fields: Sequence[str] = ("text",),
        return_documents: bool = True,
        top_n: int | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> NoReturn:
        """Always refused: Pinyon has no reranking model yet."""
        raise InvalidRequestError(
            f"Model '{model}' not found: no reranking model is installed with Pinyon yet. "
            "list_models() shows the embedding models; rerank with a model of your own."
        )

    @property
    def model(self) -> ModelResource:
        return ModelResource(self)


class ModelResource:
    """``pc.inference.model`` of SDK 7."""

    def __init__(self, inference: Inference) -> None:
        self.list = inference.list_models
        self.get = inference.get_model


def _text(row: int, item: Any) -> str:
    text = item.get("text") if isinstance(item, Mapping) else item
    if not isinstance(text, str):
        raise InvalidRequestError(f"Input {row} must be a text or {{'text': ...}}, got {item!r:.80}.")
    return text


def _info(model: ModelDescription) -> ModelInfo:
    return ModelInfo(
        model.name,
        model.short_description,
        model.type,
        model.vector_type,
        model.dimension,
        [model.dimension],
        list(model.metrics),
        model.modality,
        model.max_batch,
        model.max_tokens,
        model.source,
        [_INPUT_TYPE],
    )
