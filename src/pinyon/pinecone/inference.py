"""``pc.inference``: embedding text, reranking documents, and which models there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pinyon.engine.embedding import describe_model, embedder_of, reranker_of, sparse_embedder_of
from pinyon.engine.pictures import embed_inputs, input_named, refuse_pictures
from pinyon.engine.records import check_rank_fields, count_tokens, document_text, ranked, rerank_units
from pinyon.errors import InvalidRequestError
from pinyon.pinecone import enums
from pinyon.pinecone.models import (
    EmbeddingsList,
    ModelInfo,
    ModelInfoList,
    RankedDocument,
    RerankResult,
    Settings,
)
from pinyon.pinecone.specs import as_mapping
from pinyon.pinecone.transport import request
from pinyon.types import ModelDescription, ModelInput, Models

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
        """Vectors of texts and pictures, in their order. ``inputs``: a text, texts, or dictionaries with a text; for
        models that take pictures also with an ``image``: the bytes of a file, their base64, a data URL, or a
        ``pathlib.Path``. Of an input with both, the normalised mean of both unit vectors.

        parameters: ``input_type`` "query" or "passage" (default); ``truncate`` has no effect.
        Raises NotFoundError for an unknown model.
        """
        described = describe_model(self._models, model)
        found = [_input(row, item) for row, item in enumerate([inputs] if isinstance(inputs, str) else inputs)]
        if not found:
            raise InvalidRequestError("inputs is empty: give at least one text.")
        texts = [one.text for one in found if one.text is not None]
        given = dict(parameters or {})
        input_type = given.get("input_type", "passage")
        if input_type not in ("query", "passage"):
            raise InvalidRequestError(f"input_type must be 'query' or 'passage', got {input_type!r}.")
        name = str(model)
        if described.vector_type == "sparse":
            refuse_pictures(name, found, input_named)
            sparse = sparse_embedder_of(self._models, name).embed_sparse(texts, input_type=input_type)
            return EmbeddingsList(name, sparse, count_tokens(texts), "sparse")
        embedder = embedder_of(self._models, name, given.get("dimension"))
        if given.get("dimension", embedder.dimension) != embedder.dimension:
            raise InvalidRequestError(
                f"Model {model} gives {embedder.dimension} numbers a vector, not {given['dimension']!r}. Leave it out."
            )
        vectors = embed_inputs(self._models, embedder, found, input_named, input_type=input_type)
        return EmbeddingsList(name, vectors, count_tokens(texts))

    @request
    def list_models(self, *, type: str | None = None, vector_type: str | None = None) -> ModelInfoList:
        """The models that Pinyon knows, of a type ("embed", "rerank") and vector type ("dense", "sparse") if given."""
        return ModelInfoList(
            [
                _info(model)
                for model in self._models.list()
                if model.type in ("embed", "rerank")  # Pinecone's inference knows no others
                and type in (None, model.type)
                and (vector_type is None or (model.type, model.vector_type) == ("embed", vector_type))
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
    ) -> RerankResult:
        """Documents in order of how well they answer the query. A document is a text, or a dictionary of fields.

        rank_fields: which field is judged. top_n: how many to give back; None means all. parameters have no effect.
        Raises NotFoundError for an unknown model.
        """
        reranker = reranker_of(self._models, model)
        check_rank_fields(self._models, model, rank_fields)
        if isinstance(documents, str) or not documents:
            raise InvalidRequestError("documents must be a list of at least one text or dictionary.")
        if top_n is not None and top_n < 1:
            raise InvalidRequestError(f"top_n must be at least 1, got {top_n}.")
        given = [{"text": item} if isinstance(item, str) else as_mapping(item, "A document") for item in documents]
        texts = [document_text(document, rank_fields, row) for row, document in enumerate(given)]
        order = ranked(reranker, query, texts)[:top_n]
        hits = [RankedDocument(row, score, Settings(given[row]) if return_documents else None) for row, score in order]
        return RerankResult(str(model), hits, rerank_units(len(texts)))

    @property
    def model(self) -> ModelResource:
        return ModelResource(self)


class ModelResource:
    """``pc.inference.model`` of SDK 7."""

    def __init__(self, inference: Inference) -> None:
        self.list = inference.list_models
        self.get = inference.get_model


def _input(row: int, item: Any) -> ModelInput:
    text, image = (item.get("text"), item.get("image")) if isinstance(item, Mapping) else (item, None)
    if not isinstance(text, str) and (text is not None or image is None):
        raise InvalidRequestError(f"Input {row} must be a text, {{'text': ...}} or {{'image': ...}}, got {item!r:.80}.")
    return ModelInput(text, image)


def _info(model: ModelDescription) -> ModelInfo:
    embeds = model.type == "embed"
    return ModelInfo(
        model.name,
        model.short_description,
        model.type,
        model.vector_type if embeds else None,
        model.dimension or None,
        list(model.dimensions) or None,
        list(model.metrics) or None,
        model.modality,
        model.max_batch,
        model.max_tokens,
        model.source,
        [_INPUT_TYPE] if embeds else [],
    )
