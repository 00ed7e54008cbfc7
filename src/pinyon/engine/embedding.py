"""Integrated embedding: which model an index is bound to, and records of text as the columns of a write."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, cast

from pinyon.engine.blending import check_mode, read_fusion
from pinyon.engine.pictures import Fetched, digest_of, embed_inputs, picture_file, refuse_pictures
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
    ModelInput,
    Models,
    Picture,
    PictureEmbedder,
    Reranker,
    SparseEmbedder,
    SparseValues,
)

_IMAGE: Final = "image"
"""The field of a record that holds its picture, where none is named."""


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

    def read_picture(self, data: bytes, name: str) -> Picture:
        self._refuse()

    def fetch_picture(self, url: str, name: str) -> bytes | None:
        return None

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
    dimension, read_parameters, write_parameters. Of a model that takes pictures, field_map may also name the field that
    holds them, "image" by default.

    bound: the index that is configured, whose settings stay where none are given. Raises NotFoundError for an unknown
    model, InvalidRequestError for settings that do not fit it.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    kept = None if bound is None else bound.embed
    if kept is not None:
        given = {
            "model": kept.model,
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
    wanted, sees = _dimension(given, writing), False
    if described.vector_type == "sparse":
        if wanted is not None:
            raise InvalidRequestError(f"dimension should not be specified for sparse indexes: got {wanted}.")
        dimension, identity = None, models.sparse(model).identity
    else:
        embedder = models.get(model, bound.dimension if wanted is None and bound is not None else wanted)
        dimension, identity, sees = embedder.dimension, embedder.identity, isinstance(embedder, PictureEmbedder)
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
        field_map(given.get("field_map"), kept, model, sees=sees),
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


def field_map(given: Any, kept: EmbedSpec | None, model: str, *, sees: bool) -> dict[str, str]:
    """The fields of a record that are embedded: ``given``, else those that are ``kept``. Raises InvalidRequestError.

    sees: whether the model takes pictures.
    """
    known: Mapping[str, str] = {} if kept is None else kept.field_map
    text = known.get("text") if given is None else given.get("text") if isinstance(given, Mapping) else None
    if not isinstance(text, str) or not text:
        raise InvalidRequestError(
            f"Missing required key 'text' in field_map, got {given!r:.80}: "
            "say which record field holds the text, for example {'text': 'chunk_text'}."
        )
    image = None if given is None else given.get("image")
    if not sees:
        if image is not None:
            raise InvalidRequestError(
                f"field_map names a field for pictures, {image!r:.80}, and the model {model!r} takes texts only. Leave "
                "it out, or choose a model whose modality is multimodal."
            )
        return {"text": str(text)}
    image = known.get("image", _IMAGE) if image is None else image
    if not isinstance(image, str) or not image or image in (text, "_id", "id"):
        raise InvalidRequestError(
            f"The field for pictures in field_map must have a name of its own, such as {{'image': 'image'}}, got "
            f"{image!r:.80}."
        )
    return {"text": str(text), "image": str(image)}


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
    models: Models, spec: IndexSpec, inputs: Sequence[ModelInput], caller: str, named: Callable[[int], str]
) -> tuple[Floats | None, list[SparseValues] | None]:
    """(vectors, sparse values) of what an index with a model is to hold: one of the two, by the model's type.

    named: what an input is called in messages. Raises InvalidRequestError for a text of which a sparse model finds
    nothing to keep, and as ``embedder_for`` and ``embed_inputs`` do.
    """
    bound = bound_model(spec, caller)
    if bound.vector_type == "dense":
        return embed_inputs(models, embedder_for(models, spec, caller), inputs, named), None
    refuse_pictures(bound.model, inputs, named)
    texts = [one.text or "" for one in inputs]
    values = sparse_embedder_for(models, spec, caller).embed_sparse(texts, input_type="passage")
    for text, found in zip(texts, values, strict=True):
        if not len(found.indices):
            raise InvalidRequestError(f"The text {text!r:.80} holds no word, so nothing could ever find it.")
    return None, values


def embed_query(
    models: Models, spec: IndexSpec, wanted: ModelInput, caller: str, fetched: Fetched
) -> tuple[Floats | None, SparseValues | None]:
    """(vector, sparse values) of a query to an index with a model: one of the two, by the model's type. Errors as
    ``embed_passages`` raises them."""
    bound = bound_model(spec, caller)
    if bound.vector_type == "dense":
        embedder = embedder_for(models, spec, caller)
        return embed_inputs(models, embedder, [wanted], _of_query, input_type="query", fetched=fetched)[0], None
    refuse_pictures(bound.model, [wanted], _of_query)
    sparse = sparse_embedder_for(models, spec, caller)
    return None, sparse.embed_sparse([wanted.text or ""], input_type="query")[0]


def _of_query(row: int) -> str:
    return "inputs"


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


def read_records(
    records: Sequence[Mapping[str, Any]], fields: Mapping[str, str], fetched: Fetched
) -> tuple[list[str], list[ModelInput], list[dict[str, Any]]]:
    """(ids, inputs, metadata) of records ``{"_id" or "id": ..., <text field>: <text>, <image field>: <picture>, ...}``.

    fields: the field map of the index. Without a field for pictures every record needs a text, with one a text, a
    picture or both. The text stays in the metadata; of a picture, its digest does.

    Raises InvalidRequestError, naming the record.
    """
    if not isinstance(records, (list, tuple)) or not records:
        raise InvalidRequestError("Invalid request: records must be a list of at least one dictionary.")
    ids = [_record_id(row, record) for row, record in enumerate(records)]
    kept = [{key: record[key] for key in record if key not in ("_id", "id")} for record in records]
    image = fields.get("image")
    if image is None:
        texts = [_text(id, record, fields["text"]) for id, record in zip(ids, records, strict=True)]
        return ids, [ModelInput(text) for text in texts], kept
    inputs = [_input(id, record, fields["text"], image, fetched) for id, record in zip(ids, records, strict=True)]
    for one, metadata in zip(inputs, kept, strict=True):
        if one.image is not None:
            metadata[image] = digest_of(one.image)
    return ids, inputs, kept


def record_named(id: str) -> str:
    return f"record {id!r}"


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


def _input(id: str, record: Mapping[str, Any], field: str, image: str, fetched: Fetched) -> ModelInput:
    """What an index whose model takes pictures embeds of a record. The picture is bytes."""
    text, picture = record.get(field), record.get(image)
    if picture is None:
        if text is None:
            raise InvalidRequestError(
                f"Record {id!r} has neither of the fields that this index embeds, {field!r} (a text) and {image!r} (a "
                f"picture): its fields are {sorted(map(str, record))!s:.100}. Give it one of them, or both."
            )
        return ModelInput(_text(id, record, field))
    if text is not None and not isinstance(text, str):
        raise InvalidRequestError(f"Record {id!r}: the field {field!r} must be a text, got {text!r:.60}.")
    data = picture_file(picture, f"{record_named(id)}: the field {image!r}", fetched)
    return ModelInput(text if text and text.strip() else None, data)
