"""What may be declared as the fields of an index of documents, and the definition of the index that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeGuard, cast

from pinyon.engine.checks import check_dimension, refuse, shown
from pinyon.engine.embedding import describe_model, embed_spec, sparse_embedder_of
from pinyon.engine.slots import SEARCH_KEYS, slots_of
from pinyon.index.analysis import LANGUAGES, TERM_LENGTH
from pinyon.index.scripts import SCRIPTED
from pinyon.index.stopwords import STOP_WORDS
from pinyon.limits import Limits
from pinyon.types import METRICS, EmbedSpec, IndexSpec, Metric, Models

DEFAULT_MODEL: Final = "llama-text-embed-v2"
DEFAULT_SPARSE_MODEL: Final = "pinecone-sparse-english-v0"
SPARSE_IDENTITY: Final = "sparse_embed_identity"
"""The note of a definition that says which model made the sparse values."""
_READING: Final = {"input_type": "query", "truncate": "END"}
_WRITING: Final = {"input_type": "passage", "truncate": "END"}
MAX_GRAM: Final = 10
_METADATA_TYPES: Final = ("string_list", "boolean", "float")


def documents_spec(
    spec: IndexSpec, fields: Mapping[str, Any], models: Models, limits: Limits, *, lenient: bool = False
) -> IndexSpec:
    """The definition of an index of documents: ``spec`` with the checked schema, and the vectors that follow from it.

    Raises InvalidRequestError, and NotFoundError for a model that is not there. ``lenient`` as in ``check_schema``.
    """
    checked = check_schema(fields, models, limits, lenient=lenient, encrypted=bool(spec.notes.get("cmek_id")))
    found = slots_of(checked)
    spec = replace(spec, dimension=found.dimension, metric=found.metric, embed=None, schema=checked)
    if found.sparse_embed_field is not None:
        model = checked[found.sparse_embed_field]["sparse_embed"]["model"]
        spec = replace(spec, notes={**spec.notes, SPARSE_IDENTITY: sparse_embedder_of(models, model).identity})
    if found.embed_field is not None:
        embed = _embed_spec(models, found.embed_field, checked[found.embed_field]["embed"])
        spec = replace(spec, dimension=embed.dimension, metric=embed.metric, embed=embed)
    return replace(spec, vector_type="sparse" if spec.dimension is None else "dense")


def check_schema(
    fields: Mapping[str, Any], models: Models, limits: Limits, *, lenient: bool = False, encrypted: bool = False
) -> dict[str, Any]:
    """The fields of a new index with everything that is left to default filled in, as ``describe`` reports them.

    lenient: accept what the 2026-01.alpha API took: metadata fields, and a metric on a sparse field.
    encrypted: the index is to have a key of the customer's own, which rules out full-text fields.
    Raises InvalidRequestError, and NotFoundError for a model that is not there.
    """
    if not isinstance(fields, Mapping) or not fields:
        refuse("A schema needs at least one field: {'fields': {'title': {'type': 'string', 'full_text_search': {}}}}.")
    if len(fields) > limits.schema_fields:
        refuse(f"A schema of {len(fields):,} fields is too large; the limit is {limits.schema_fields:,}.")
    check = _Check(models, limits, lenient)
    checked = {_field_name(name, limits): check.field(name, value) for name, value in fields.items()}
    _check_together(checked, limits, encrypted)
    return checked


def _field_name(name: Any, limits: Limits) -> str:
    if not isinstance(name, str) or not name:
        refuse(f"A field name must be a non-empty string, got {shown(name)}.")
    if name.startswith("_"):
        refuse(
            f"Field name {shown(name)} begins with an underscore, which is reserved: _id, _values and _sparse_values. "
            "Choose another name. A schema of only _values and _sparse_values makes an index of vectors."
        )
    if name.startswith("$"):
        refuse(f"Field name {shown(name)} begins with '$', which is kept for filter operators. Choose another name.")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        refuse(f"Field name {shown(name)} holds half a surrogate pair, which is not Unicode text.")
    if size > limits.field_name_bytes:
        refuse(f"Field name {shown(name)} has {size} bytes; at most {limits.field_name_bytes} are allowed.")
    return name


def _check_together(fields: Mapping[str, Any], limits: Limits, encrypted: bool) -> None:
    """The rules that concern several fields."""
    dense = [name for name, its in fields.items() if its["type"] == "dense_vector" or "embed" in its]
    sparse = [name for name, its in fields.items() if its["type"] == "sparse_vector" or "sparse_embed" in its]
    texts = [name for name, its in fields.items() if "full_text_search" in its]
    for what, names in (("dense vector", dense), ("sparse vector", sparse)):
        if len(names) > 1:
            refuse(
                f"An index has one {what} slot, and the fields {', '.join(names)} each need one. "
                "Keep one of them, or make an index for each."
            )
    if not (dense or sparse or texts):
        refuse(
            "The schema only accepts fields used for search, and needs at least one: a dense_vector or sparse_vector "
            "field, or a string field with full_text_search or embed. Leave metadata out of the schema: it is "
            "filterable as it is."
        )
    if len(texts) > limits.text_fields:
        refuse(f"{len(texts)} full-text fields are too many; an index takes up to {limits.text_fields}.")
    if texts and encrypted:
        refuse(f"cmek_id cannot be combined with full-text fields, such as {texts[0]!r}. Leave one of them out.")


class _Check:
    """Checks one field after another."""

    def __init__(self, models: Models, limits: Limits, lenient: bool) -> None:
        self._models = models
        self._limits = limits
        self._lenient = lenient

    def field(self, name: str, definition: Any) -> dict[str, Any]:
        if not isinstance(definition, Mapping):
            refuse(f"Field {name!r} must be an object with a type, got {shown(definition)}.")
        kind = definition.get("type")
        checks: dict[Any, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
            "dense_vector": self._dense,
            "sparse_vector": self._sparse,
            "string": self._string,
            **dict.fromkeys((*_METADATA_TYPES, "number"), self._metadata),
        }
        if kind == "semantic_text":
            refuse(
                f"Field {name!r} has the type semantic_text, which create-for-model makes. "
                "For an index of documents use a string field with embed."
            )
        if kind == "integer":
            refuse(f"Field {name!r} has the type integer, which is response-only. Leave the field out of the schema.")
        if not isinstance(kind, str) or kind not in checks:
            refuse(f"Field {name!r} has the type {shown(kind)}. Use dense_vector, sparse_vector or string.")
        checked = checks[kind](name, definition)
        description = definition.get("description")
        if description is not None:
            checked["description"] = self._description(name, description)
        return checked

    def _description(self, name: str, description: Any) -> str:
        most = self._limits.description_bytes
        if not isinstance(description, str) or len(description.encode("utf-8", "replace")) > most:
            refuse(f"The description of field {name!r} must be text of at most {most} bytes, got {shown(description)}.")
        return description

    def _dense(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(name, given, "dimension", "metric")
        if given.get("dimension") is None or given.get("metric") is None:
            refuse(f"Field {name!r}: a dense_vector needs a dimension and a metric.")
        check_dimension(given["dimension"], self._limits)
        return {"type": "dense_vector", "dimension": int(given["dimension"]), "metric": _metric(name, given["metric"])}

    def _sparse(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("metric") == "dotproduct" and self._lenient:
            given = {key: value for key, value in given.items() if key != "metric"}
        for key in ("metric", "dimension"):
            if key in given:
                refuse(f"Field {name!r} cannot declare {key!r}: a sparse_vector has none. Remove it.")
        _only(name, given)
        return {"type": "sparse_vector"}

    def _metadata(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if not self._lenient:
            refuse(
                f"Field {name!r} has the type {given['type']}: the schema only accepts fields used for search. "
                "Leave it out and put the values into the documents: metadata is filterable as it is."
            )
        _only(name, given, "filterable")
        kind = "float" if given["type"] == "number" else given["type"]
        return {"type": kind, "filterable": _flag(name, "filterable", given.get("filterable"))}

    def _string(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        _only(name, given, *SEARCH_KEYS, "store_text", "filterable")
        if not any(given.get(key) is not None for key in SEARCH_KEYS):
            if given.get("store_text") is not None:
                refuse(f"Field {name!r}: store_text goes with embed, which the field does not have.")
            return self._metadata(name, given)
        if "filterable" in given and (given["filterable"] or not self._lenient):
            refuse(f"Field {name!r} is searched, so it cannot be filterable as well: leave filterable out.")
        stored = given.get("store_text") is None or _flag(name, "store_text", given["store_text"])
        checked: dict[str, Any] = {"type": "string"}
        if stored:
            words = given.get("full_text_search")
            checked["full_text_search"] = self._full_text(name, {} if words is None else words)
        elif given.get("full_text_search") is not None:
            refuse(f"Field {name!r}: store_text: false goes with embed or sparse_embed, without full_text_search.")
        if given.get("embed") is not None:
            checked["embed"] = self._embed(name, given["embed"])
        if given.get("sparse_embed") is not None:
            checked["sparse_embed"] = self._sparse_embed(name, given["sparse_embed"])
        return checked | {"store_text": stored}

    def _embed(self, name: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            refuse(f"embed of field {name!r} must be an object such as {{}}, got {shown(given)}.")
        _only(f"{name}.embed", given, "model", "dimension", "metric", "write_parameters", "read_parameters")
        embed = _embed_spec(self._models, name, given)
        return {
            "model": embed.model,
            "dimension": embed.dimension,
            "metric": _metric(name, embed.metric),
            "write_parameters": _WRITING | dict(embed.write_parameters),
            "read_parameters": _READING | dict(embed.read_parameters),
        }

    def _sparse_embed(self, name: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            refuse(f"sparse_embed of field {name!r} must be an object such as {{}}, got {shown(given)}.")
        _only(f"{name}.sparse_embed", given, "model", "write_parameters", "read_parameters")
        model = given.get("model")
        if not isinstance(model, str | None):
            refuse(f"Field {name!r}: the model of sparse_embed must be a name, got {shown(model)}.")
        model = model or DEFAULT_SPARSE_MODEL
        sparse_embedder_of(self._models, model)
        parameters = {key: given.get(key) or {} for key in ("write_parameters", "read_parameters")}
        for key, value in parameters.items():
            if not isinstance(value, Mapping):
                refuse(f"Field {name!r}: {key} must be an object, got {shown(value)}.")
        return {
            "model": model,
            "write_parameters": _WRITING | dict(parameters["write_parameters"]),
            "read_parameters": _READING | dict(parameters["read_parameters"]),
        }

    def _full_text(self, name: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            refuse(f"full_text_search of field {name!r} must be an object such as {{}}, got {shown(given)}.")
        for key in ("lowercase", "max_term_len"):
            if key in given:
                refuse(f"Field {name!r}: {key} is set by the server. Leave it out.")
        _only(f"{name}.full_text_search", given, "language", "stemming", "stop_words", "ngram")
        language = _language(name, given.get("language"))
        scripted = language in SCRIPTED
        stemming = _flag(name, "stemming", scripted if given.get("stemming") is None else given["stemming"])
        stop_words = _flag(name, "stop_words", given.get("stop_words"))
        if given.get("ngram") is not None and scripted:
            refuse(
                f"Field {name!r}: ngram cannot be combined with language {language!r}, which cuts words by itself. "
                "Leave one of them out."
            )
        if given.get("ngram") is not None and (stemming or stop_words):
            refuse(f"Field {name!r}: ngram cannot be combined with stemming or stop_words.")
        if stop_words and not stemming:
            refuse(f"Field {name!r}: stop_words requires stemming to be enabled.")
        if stop_words and language not in STOP_WORDS:
            known = ", ".join(sorted(STOP_WORDS))
            refuse(f"Field {name!r}: there are no stop words for language {language!r}. There are for: {known}.")
        checked = {
            "language": language,
            "stemming": stemming,
            "stop_words": stop_words,
            "lowercase": True,
            "max_term_len": TERM_LENGTH,
        }
        return checked if given.get("ngram") is None else checked | {"ngram": _ngram(name, given["ngram"])}


def _embed_spec(models: Models, name: str, given: Mapping[str, Any]) -> EmbedSpec:
    settings = {key: value for key, value in given.items() if value is not None}
    if "metric" in settings:
        settings["metric"] = _metric(name, settings["metric"])
    found = embed_spec(models, {"model": DEFAULT_MODEL, **settings, "field_map": {"text": name}})
    if found.vector_type == "sparse":
        refuse(f"Field {name!r}: model {found.model!r} gives sparse vectors. Use it with sparse_embed.")
    metrics = describe_model(models, found.model).metrics
    if found.metric not in metrics:
        refuse(f"Field {name!r}: model {found.model!r} is for {', '.join(metrics)}, not {found.metric}.")
    return replace(found, field_map={"text": name})  # documents are found by their texts


def _metric(name: str, metric: Any) -> Metric:
    lower = metric.lower() if isinstance(metric, str) else metric
    if lower not in METRICS:
        refuse(f"Field {name!r}: Invalid value for `metric`: {shown(metric)}. Use one of {', '.join(METRICS)}.")
    return cast(Metric, lower)


def _language(name: str, language: Any) -> str:
    if language is None:
        return "en"
    lower = language.lower() if isinstance(language, str) else ""
    languages = LANGUAGES | SCRIPTED
    for code, english in languages.items():
        if lower in (code, english):
            return code
    known = ", ".join(f"{code} ({english})" for code, english in languages.items())
    refuse(f"Field {name!r}: language {shown(language)} is not one of {known}.")


def _ngram(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        refuse(f"ngram of field {name!r} must be an object such as {{'min_gram': 2, 'max_gram': 3}}.")
    _only(f"{name}.full_text_search.ngram", given, "min_gram", "max_gram", "prefix_only")
    least, most = given.get("min_gram"), given.get("max_gram")
    if not _whole(least) or not _whole(most) or not 1 <= least <= most <= MAX_GRAM:
        refuse(
            f"Field {name!r}: ngram needs whole numbers with 1 <= min_gram <= max_gram <= {MAX_GRAM}, "
            f"got {shown(least)} and {shown(most)}."
        )
    return {"min_gram": least, "max_gram": most, "prefix_only": _flag(name, "prefix_only", given.get("prefix_only"))}


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(name: str, key: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        refuse(f"Field {name!r}: {key} must be true or false, got {shown(value)}.")
    return bool(value)


def _only(name: str, given: Mapping[str, Any], *known: str) -> None:
    unknown = sorted(map(str, given.keys() - {"type", "description", *known}))
    if unknown:
        takes = ", ".join(known) or "no settings of its own"
        refuse(f"Field {name!r} has the unknown key(s) {', '.join(unknown)[:200]}; it takes {takes}.")
