"""The inference API in JSON: texts become vectors, documents are put in order, models are described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, cast

import orjson

from pinyon.filters.show import shown
from pinyon.types import Floats, ModelDescription, ModelInput, SparseValues
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.versions import Version

_EMBED = ("inputs", "model", "parameters")
_RERANK = ("documents", "model", "parameters", "query", "rank_fields", "return_documents", "top_n")
_TRUNCATE = ("END", "START", "NONE")
_INPUT_TYPES = ("query", "passage")
_NUMPY = orjson.OPT_SERIALIZE_NUMPY
InputType = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """inputs: pictures in them are text that nobody decoded yet. parameters: as they came; ``read_embed_parameters``
    reads them once the model is known."""

    model: str
    inputs: list[ModelInput]
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EmbedParameters:
    """dimension: None means the model's own. tokens: the words behind sparse values are wanted too."""

    input_type: InputType = "passage"
    dimension: int | None = None
    tokens: bool = False


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """top_n: None means all."""

    model: str
    query: str
    documents: list[dict[str, Any]]
    fields: tuple[str, ...]
    top_n: int | None
    return_documents: bool


@dataclass(frozen=True, slots=True)
class ModelFilter:
    type: str | None = None
    vector_type: str | None = None

    def keeps(self, model: ModelDescription) -> bool:
        if model.type not in ("embed", "rerank"):
            return False  # this API knows no others
        if self.vector_type is not None and (model.type, model.vector_type) != ("embed", self.vector_type):
            return False
        return self.type in (None, model.type)


# -- requests ---------------------------------------------------------------------------------------------------------


def read_embed(body: Mapping[str, Any], version: Version) -> EmbedRequest:
    """Raises InvalidRequestError."""
    fields = _fields(body, _EMBED, version)
    model = _model(fields)
    inputs = fields.array("inputs")
    if not inputs:
        refuse("inputs is missing or empty. Give at least one object with a text: {'text': '...'}.")
    found = [_input(item, f"inputs[{at}]") for at, item in enumerate(inputs)]
    return EmbedRequest(model, found, fields.object("parameters") or {})


def read_embed_parameters(given: Mapping[str, Any], model: ModelDescription) -> EmbedParameters:
    """The parameters that a model knows. Raises InvalidRequestError.

    ``truncate`` and ``max_tokens_per_sequence`` are checked and have no effect: every token of a text counts.
    """
    fields = Fields(given, "parameters")
    fields.only([parameter["parameter"] for parameter in parameters_of(model)])
    _one_of(fields, "truncate", _TRUNCATE)
    input_type = _one_of(fields, "input_type", _INPUT_TYPES) or "passage"
    most = fields.whole("max_tokens_per_sequence")
    if most is not None and most < 1:
        refuse(f"parameters.max_tokens_per_sequence must be at least 1, got {most}.")
    return EmbedParameters(cast(InputType, input_type), fields.whole("dimension"), fields.flag("return_tokens"))


def read_rerank(body: Mapping[str, Any], version: Version) -> RerankRequest:
    """Raises InvalidRequestError."""
    fields = _fields(body, _RERANK, version)
    model = _model(fields)
    query = fields.text("query")
    if query is None:
        refuse("query is missing. Give the text that documents are compared with.")
    documents = fields.array("documents")
    if not documents:
        refuse("documents is missing or empty. Give at least one object with a text: {'text': '...'}.")
    top_n = fields.whole("top_n")
    if top_n is not None and top_n < 1:
        refuse(f"top_n must be at least 1, got {top_n}.")
    ranked_by = fields.texts("rank_fields")
    read_rerank_parameters(fields.object("parameters"), "parameters")
    return RerankRequest(
        model,
        query,
        [_document(item, at) for at, item in enumerate(documents)],
        ("text",) if ranked_by is None else tuple(ranked_by),
        top_n,
        True if fields.absent("return_documents") else fields.flag("return_documents"),
    )


def read_rerank_parameters(given: Mapping[str, Any] | None, where: str) -> None:
    """Checks the parameters of a reranking model, which have no effect: every token of a document counts."""
    fields = Fields(given or {}, where)
    fields.only([parameter["parameter"] for parameter in _RERANK_PARAMETERS])
    _one_of(fields, "truncate", _TRUNCATE)
    most = fields.whole("max_chunks_per_doc")
    if most is not None and most < 1:
        refuse(f"{where}.max_chunks_per_doc must be at least 1, got {most}.")


def read_model_filter(type_: str | None, vector_type: str | None) -> ModelFilter:
    """The query string of a list of models. Raises InvalidRequestError."""
    if type_ not in (None, "embed", "rerank"):
        refuse(f"type must be embed or rerank, got {shown(type_)}.")
    if vector_type not in (None, "dense", "sparse"):
        refuse(f"vector_type must be dense or sparse, got {shown(vector_type)}.")
    if type_ == "rerank" and vector_type is not None:
        refuse("vector_type is not supported with type=rerank: a reranking model gives no vectors.")
    return ModelFilter(type_, vector_type)


def _fields(body: Mapping[str, Any], known: Sequence[str], version: Version) -> Fields:
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(known)
    return fields


def _model(fields: Fields) -> str:
    model = fields.text("model")
    if not model:
        refuse("model is missing. GET /models lists the names.")
    return model


def _input(item: Any, where: str) -> ModelInput:
    if type(item) is str:
        return ModelInput(item)
    if type(item) is not dict:
        refuse(f"{where} must be an object with a text, got {shown(item)}.")
    fields = Fields(item, where)
    found = ModelInput(fields.text("text"), fields.text("image"))
    if found.text is None and found.image is None:
        refuse(
            f"{where}.text is missing, and the object has {shown(sorted(item))}. Give {{'text': '...'}}, or "
            "{'image': '<base64 of a file>'} to a model that takes pictures."
        )
    return found


def _document(item: Any, at: int) -> dict[str, Any]:
    if type(item) is str:
        return {"text": item}
    if type(item) is not dict:
        refuse(f"documents[{at}] must be an object, got {shown(item)}.")
    return cast(dict[str, Any], item)


def _one_of(fields: Fields, name: str, allowed: Sequence[str]) -> str | None:
    value = fields.text(name)
    if value is not None and value not in allowed:
        _refuse_choice(fields.path(name), value, allowed)
    return value


def _refuse_choice(path: str, value: str, allowed: Sequence[str]) -> NoReturn:
    refuse(f"{path} must be one of {', '.join(allowed)}, got {shown(value)}.")


# -- answers ----------------------------------------------------------------------------------------------------------


def dense_body(model: str, vectors: Floats, tokens: int, version: Version) -> bytes:
    return _embeddings(model, "dense", [{"values": vector} for vector in vectors], tokens, version)


def sparse_body(
    model: str,
    vectors: Sequence[SparseValues],
    words: Sequence[Mapping[int, str]] | None,
    tokens: int,
    version: Version,
) -> bytes:
    """words: for each vector, what its indices stand for; None when that was not asked for."""
    data: list[dict[str, Any]] = [
        {"sparse_values": vector.values, "sparse_indices": vector.indices} for vector in vectors
    ]
    for item, meant in zip(data, words or (), strict=False):
        item["sparse_tokens"] = [meant[index] for index in item["sparse_indices"].tolist()]
    return _embeddings(model, "sparse", data, tokens, version)


def _embeddings(model: str, vector_type: str, data: list[dict[str, Any]], tokens: int, version: Version) -> bytes:
    typed = {"vector_type": vector_type} if version.since("2025-01") else {}
    return orjson.dumps(
        {
            "model": model,
            **typed,
            "data": [{**item, **typed} for item in data],
            "usage": {"total_tokens": tokens},
        },
        option=_NUMPY,
    )


def rerank_body(request: RerankRequest, order: Sequence[tuple[int, float]], units: int) -> bytes:
    """order: (row, score) of the documents, best first."""
    data: list[dict[str, Any]] = []
    for row, score in order:
        data.append({"index": row, "score": score})
        if request.return_documents:
            data[-1]["document"] = request.documents[row]
    return orjson.dumps({"model": request.model, "data": data, "usage": {"rerank_units": units}})


def model_json(model: ModelDescription, longest: int) -> dict[str, Any]:
    """longest: tokens that a text may have where the model itself sets no bound."""
    found: dict[str, Any] = {
        "model": model.name,
        "short_description": model.short_description,
        "type": model.type,
        "modality": model.modality,
        "max_sequence_length": longest if model.max_tokens is None else model.max_tokens,
        "max_batch_size": model.max_batch,
        "provider_name": model.source,
        "supported_parameters": parameters_of(model),
    }
    if model.type == "embed":
        found["vector_type"] = model.vector_type
        found["supported_metrics"] = list(model.metrics)
        if model.vector_type == "dense" and model.dimensions:
            found["default_dimension"] = model.dimension
            found["supported_dimensions"] = sorted(model.dimensions)
    return found


def _choice(name: str, allowed: Sequence[str] | Sequence[int], default: str | int) -> dict[str, Any]:
    return {
        "parameter": name,
        "type": "one_of",
        "value_type": "string" if isinstance(default, str) else "integer",
        "required": False,
        "allowed_values": list(allowed),
        "default": default,
    }


def _count(name: str) -> dict[str, Any]:
    return {
        "parameter": name,
        "type": "numeric_range",
        "value_type": "integer",
        "required": False,
        "min": 1,
        "max": 2**31 - 1,
    }


_EMBED_PARAMETERS = [_choice("input_type", _INPUT_TYPES, "passage"), _choice("truncate", _TRUNCATE, "END")]
_SPARSE_PARAMETERS = [
    *_EMBED_PARAMETERS,
    {"parameter": "return_tokens", "type": "any", "value_type": "boolean", "required": False, "default": False},
    _count("max_tokens_per_sequence"),
]
_RERANK_PARAMETERS = [_choice("truncate", _TRUNCATE, "END"), _count("max_chunks_per_doc")]


def parameters_of(model: ModelDescription) -> list[dict[str, Any]]:
    """What ``parameters`` may hold for a model."""
    if model.type == "rerank":
        return _RERANK_PARAMETERS
    if model.vector_type == "sparse":
        return _SPARSE_PARAMETERS
    if not model.dimensions:  # only the loaded model can tell
        return _EMBED_PARAMETERS
    return [*_EMBED_PARAMETERS, _choice("dimension", sorted(model.dimensions), model.dimension)]
