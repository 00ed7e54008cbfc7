"""Integrated embedding: which model an index is bound to, and records of text as the columns of a write."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

from pinyon.engine.blending import check_mode, read_fusion
from pinyon.errors import InvalidRequestError, ModelMismatchError, NotFoundError
from pinyon.types import (
    Embedder,
    EmbedSpec,
    Floats,
    Generator,
    ImageGenerator,
    IndexSpec,
    Metric,
    ModelDescription,
    Models,
    Reranker,
    SparseEmbedder,
    SparseValues,
)


class NoModels:
    """The registry of a face that was given none."""

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        self._refuse()

    def sparse(self, name: str) -> SparseEmbedder:
        self._refuse()

    def reranker(self, name: str) -> Reranker:
        self._refuse()

    def generator(self, name: str) -> Generator:
        self._refuse()

    def image_generator(self, name: str) -> ImageGenerator:
        self._refuse()

    def describe(self, name: str) -> ModelDescription:
        self._refuse()

    def list(self) -> builtins.list[ModelDescription]:
        return []

    @staticmethod
    def _refuse() -> NoReturn:
        raise NotFoundError("No models were given to this database.")


# -- models -----------------------------------------------------------------------------------------------------------


def describe_model(models: Models, name: str, *, quoted: bool = False) -> ModelDescription:
    """The description of a model, or NotFoundError saying which models there are.

    quoted: with quotation marks around the name, as the inference API writes it and index creation does not.
    """
    try:
        return models.describe(str(name))
    except NotFoundError:
        shown = str(name)[:200]
        raise unknown_model(models, f"'{shown}'" if quoted else shown) from None


def embedder_of(models: Models, name: str, dimension: int | None = None) -> Embedder:
    """The embedder called ``name`` that gives ``dimension`` numbers, by default the model's own.

    Raises NotFoundError, InvalidRequestError for a model of another type.
    """
    _embedding_model(models, name, "dense")
    return models.get(str(name), dimension)


def sparse_embedder_of(models: Models, name: str) -> SparseEmbedder:
    """The sparse embedder called ``name``. Raises NotFoundError, InvalidRequestError for a model of another type."""
    _embedding_model(models, name, "sparse")
    return models.sparse(str(name))


def _embedding_model(models: Models, name: str, vector_type: str | None = None) -> ModelDescription:
    found = describe_model(models, name)
    if "embed" not in found.tasks:
        raise InvalidRequestError(f"Model {name} is for {found.type}, it gives no vectors. Choose an embedding model.")
    if vector_type not in (None, found.vector_type):
        raise InvalidRequestError(f"Model {name} gives {found.vector_type} vectors, and {vector_type} ones are needed.")
    return found


def reranker_of(models: Models, name: str) -> Reranker:
    """The reranker called ``name``. Raises NotFoundError, InvalidRequestError for a model of another type."""
    found = describe_model(models, name, quoted=True)
    if "rerank" not in found.tasks:
        raise InvalidRequestError(f"Model {name} gives vectors, it cannot rerank. Choose a model of type rerank.")
    return models.reranker(str(name))


def unknown_model(models: Models, name: str) -> NotFoundError:
    known = ", ".join(sorted(model.name for model in models.list() if model.type in ("embed", "rerank"))) or "none"
    return NotFoundError(f"Model {name} not found. Available models: {known}.")


# -- indexes ----------------------------------------------------------------------------------------------------------


def embed_spec(models: Models, settings: Mapping[str, Any], bound: IndexSpec | None = None) -> EmbedSpec:
    """What an index keeps of its model, from ``{"model": ..., "field_map": {"text": ...}}`` and further keys: metric,
    dimension, read_parameters, write_parameters.

    bound: the index that is configured, whose settings stay where none are given. Raises NotFoundError for an unknown
    model, InvalidRequestError for settings that do not fit it.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if bound is not None and bound.embed is not None:
        kept = bound.embed
        given = {
            "model": kept.model,
            "field_map": kept.field_map,
            "read_parameters": kept.read_parameters,
            "write_parameters": kept.write_parameters,
        } | given
    if not given.get("model"):
        raise InvalidRequestError("embed needs a model, such as {'model': 'use-multilingual', 'field_map': ...}.")
    model = str(given["model"])
    described = _embedding_model(models, model)
    reading, writing = _parameters(given, "read_parameters"), _parameters(given, "write_parameters")
    if "mode" in reading:
        check_mode(reading["mode"])
    if "fusion" in reading:
        read_fusion(reading["fusion"])
    wanted = _dimension(given, writing)
    if described.vector_type == "sparse":
        if wanted is not None:
            raise InvalidRequestError(f"dimension should not be specified for sparse indexes: got {wanted}.")
        dimension, identity = None, models.sparse(model).identity
    else:
        embedder = models.get(model, bound.dimension if wanted is None and bound is not None else wanted)
        dimension, identity = embedder.dimension, embedder.identity
        if wanted not in (None, dimension):
            raise InvalidRequestError(
                f"Model {model!r} gives vectors of {dimension} numbers, not {wanted!r}. Leave it out."
            )
    metric = given.get("metric") or (described.metrics[0] if bound is None else bound.metric)
    return EmbedSpec(
        model,
        identity,
        dimension,
        cast(Metric, str(metric)),
        {"text": _text_field(given.get("field_map"))},
        described.vector_type,
        reading,
        writing,
    )


def _dimension(given: Mapping[str, Any], writing: Mapping[str, Any]) -> int | None:
    """The dimension that was asked for, beside the model or among its parameters."""
    wanted = given.get("dimension", writing.get("dimension"))
    if wanted is not None and (isinstance(wanted, bool) or not isinstance(wanted, int)):
        raise InvalidRequestError(f"dimension of embed must be a whole number, got {wanted!r:.80}.")
    return wanted


def _text_field(field_map: Any) -> str:
    field = field_map.get("text") if isinstance(field_map, Mapping) else None
    if not isinstance(field, str) or not field:
        raise InvalidRequestError(
            f"Missing required key 'text' in field_map, got {field_map!r:.80}: "
            "say which record field holds the text, for example {'text': 'chunk_text'}."
        )
    return str(field)


def _parameters(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{key} of embed must be an object, got {value!r:.80}.")
    return dict(value)


def text_field(spec: IndexSpec) -> str:
    """The field of a record that an index with a model embeds."""
    assert spec.embed is not None, "an index without a model embeds nothing"
    return spec.embed.field_map["text"]


def embedder_for(models: Models, spec: IndexSpec, caller: str) -> Embedder:
    """The model of an index, proven to be the one that made its vectors. caller: what was asked for, for the message.

    Raises InvalidRequestError when the index has no model or a sparse one, ModelMismatchError when the installed one is
    another.
    """
    embed = bound_model(spec, caller)
    embedder = embedder_of(models, embed.model, embed.dimension)
    _same_model(spec, embed, embedder.identity)
    return embedder


def sparse_embedder_for(models: Models, spec: IndexSpec, caller: str) -> SparseEmbedder:
    """The sparse model of an index; errors as ``embedder_for`` raises them."""
    embed = bound_model(spec, caller)
    embedder = sparse_embedder_of(models, embed.model)
    _same_model(spec, embed, embedder.identity)
    return embedder


def embed_passages(
    models: Models, spec: IndexSpec, texts: Sequence[str], caller: str
) -> tuple[Floats | None, list[SparseValues] | None]:
    """(vectors, sparse values) of texts that an index with a model is to hold: one of the two, by the model's type.

    Raises InvalidRequestError for a text of which a sparse model finds nothing to keep, and as ``embedder_for`` does.
    """
    if bound_model(spec, caller).vector_type == "dense":
        return embedder_for(models, spec, caller).embed(texts, input_type="passage"), None
    values = sparse_embedder_for(models, spec, caller).embed_sparse(texts, input_type="passage")
    for text, found in zip(texts, values, strict=True):
        if not len(found.indices):
            raise InvalidRequestError(f"The text {text!r:.80} holds no word, so nothing could ever find it.")
    return None, values


def embed_query(models: Models, spec: IndexSpec, text: str, caller: str) -> tuple[Floats | None, SparseValues | None]:
    """(vector, sparse values) of a query to an index with a model: one of the two, by the model's type."""
    if bound_model(spec, caller).vector_type == "dense":
        return embedder_for(models, spec, caller).embed([text], input_type="query")[0], None
    return None, sparse_embedder_for(models, spec, caller).embed_sparse([text], input_type="query")[0]


def bound_model(spec: IndexSpec, caller: str) -> EmbedSpec:
    """What an index keeps of its model. Raises InvalidRequestError when it has none."""
    if spec.embed is None:
        raise InvalidRequestError(
            f"Index {spec.name!r} has no embedding model, so {caller}() cannot turn text into vectors. "
            "Create it with create_index_for_model(), or embed the text yourself and use upsert() and query()."
        )
    return spec.embed


def _same_model(spec: IndexSpec, embed: EmbedSpec, identity: str) -> None:
    if identity != embed.identity:
        raise ModelMismatchError(
            f"Index {spec.name!r} holds vectors of the model {embed.identity!r}, and the installed model is "
            f"{identity!r}: their vectors cannot be compared. Install the version that the index was made with, or "
            f"give all records vectors of the installed one: pinyon reembed {spec.name} --model {embed.model}"
        )


# -- records ----------------------------------------------------------------------------------------------------------


def read_records(records: Sequence[Mapping[str, Any]], field: str) -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """(ids, texts, metadata) of records ``{"_id" or "id": ..., field: <text>, ...}``; the text stays in the metadata.

    Raises InvalidRequestError, naming the record.
    """
    if not isinstance(records, (list, tuple)) or not records:
        raise InvalidRequestError("Invalid request: records must be a list of at least one dictionary.")
    ids = [_record_id(row, record) for row, record in enumerate(records)]
    texts = [_text(id, record, field) for id, record in zip(ids, records, strict=True)]
    return ids, texts, [{key: record[key] for key in record if key not in ("_id", "id")} for record in records]


def _record_id(row: int, record: Any) -> str:
    if not isinstance(record, Mapping):
        raise InvalidRequestError(f"Record {row} must be a dictionary, got {type(record).__name__}.")
    id = record.get("_id", record.get("id"))
    if not isinstance(id, str):
        raise InvalidRequestError(f"Record at index {row} must contain an '_id' or 'id' field of text, got {id!r:.80}.")
    return id


def _text(id: str, record: Mapping[str, Any], field: str) -> str:
    text = record.get(field)
    if not isinstance(text, str) or not text.strip():
        found = f"holds {text!r:.60}" if field in record else f"is missing: its fields are {sorted(map(str, record))}"
        raise InvalidRequestError(
            f"Record {id!r}: the field {field!r}, which this index embeds, {found:.200}. "
            "Give every record a text there."
        )
    return text
