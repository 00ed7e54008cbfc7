"""What may be declared as the fields of an index of documents, and what is reported back."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon.engine.embedding import NoModels
from pinyon.engine.schema import check_schema, documents_spec
from pinyon.engine.slots import Slots, slots
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.index.analysis import Ngram, TextSettings
from pinyon.limits import DEFAULT
from pinyon.types import IndexSpec
from server.clients import WordModels

DENSE = {"type": "dense_vector", "dimension": 3, "metric": "cosine"}
TEXT = {"type": "string", "full_text_search": {}}
SEARCH = {"language": "en", "stemming": False, "stop_words": False, "lowercase": True, "max_term_len": 40}


def checked(fields: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return check_schema(fields, WordModels(), DEFAULT, **settings)


def spec_of(fields: dict[str, Any], **settings: Any) -> IndexSpec:
    return documents_spec(IndexSpec("docs", None, "cosine"), fields, WordModels(), DEFAULT, **settings)


def refused(fields: dict[str, Any], **settings: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        checked(fields, **settings)
    return str(caught.value)


def searched(**settings: Any) -> dict[str, Any]:
    return {"t": {"type": "string", "full_text_search": settings}}


# -- what is reported -------------------------------------------------------------------------------------------------


def test_defaults_are_filled_in() -> None:
    assert checked({"title": TEXT}) == {"title": {"type": "string", "full_text_search": SEARCH, "store_text": True}}


def test_descriptions_are_kept() -> None:
    assert checked({"v": DENSE | {"description": "of the cover"}})["v"] == DENSE | {"description": "of the cover"}


def test_a_checked_schema_of_vectors_is_what_was_given() -> None:
    fields = {"v": DENSE, "s": {"type": "sparse_vector"}}
    assert checked(fields) == fields


@pytest.mark.parametrize("written", ["DE", "de", "German", "german"])
def test_a_language_goes_by_code_or_name(written: str) -> None:
    assert checked(searched(language=written))["t"]["full_text_search"]["language"] == "de"


def test_metrics_may_be_written_in_capitals() -> None:
    assert checked({"v": DENSE | {"metric": "DotProduct"}})["v"]["metric"] == "dotproduct"


def test_embed_is_resolved_and_makes_the_text_searchable() -> None:
    assert checked({"body": {"type": "string", "embed": {"model": "words"}}})["body"] == {
        "type": "string",
        "full_text_search": SEARCH,
        "embed": {
            "model": "words",
            "dimension": 32,
            "metric": "cosine",
            "write_parameters": {"input_type": "passage", "truncate": "END"},
            "read_parameters": {"input_type": "query", "truncate": "END"},
        },
        "store_text": True,
    }


def test_text_that_is_not_stored_is_not_searchable_by_words() -> None:
    field = checked({"body": {"type": "string", "embed": {"model": "words"}, "store_text": False}})["body"]
    assert "full_text_search" not in field
    assert field["store_text"] is False


def test_the_default_models_are_asked_for_by_name() -> None:
    with pytest.raises(NotFoundError, match="llama-text-embed-v2 not found"):
        checked({"body": {"type": "string", "embed": {}}})
    with pytest.raises(NotFoundError, match="pinecone-sparse-english-v0 not found"):
        checked({"body": {"type": "string", "sparse_embed": {}}})


# -- the index that follows -------------------------------------------------------------------------------------------


def test_a_schema_says_which_vectors_the_index_holds() -> None:
    spec = spec_of({"v": DENSE | {"metric": "euclidean"}, "t": TEXT})
    assert (spec.dimension, spec.metric, spec.vector_type, spec.embed) == (3, "euclidean", "dense", None)


@pytest.mark.parametrize("fields", [{"t": TEXT}, {"s": {"type": "sparse_vector"}}])
def test_an_index_without_dense_vectors_is_sparse_inside(fields: dict[str, Any]) -> None:
    spec = spec_of(fields)
    assert (spec.dimension, spec.metric, spec.vector_type) == (None, "dotproduct", "sparse")


def test_slots_tell_the_parts_of_a_document_apart() -> None:
    search = {"stemming": True, "stop_words": True, "language": "fr"}
    fields = {
        "v": DENSE,
        "s": {"type": "sparse_vector"},
        "t": {"type": "string", "full_text_search": search},
        "n": {"type": "string", "full_text_search": {"ngram": {"min_gram": 2, "max_gram": 4}}},
        "year": {"type": "float", "filterable": True},
    }
    assert slots(spec_of(fields, lenient=True)) == Slots(
        "v",
        3,
        "cosine",
        "s",
        {"t": TextSettings("fr", True, True), "n": TextSettings(ngram=Ngram(2, 4))},
        declared={"year": "float"},
    )


def test_embedded_fields_take_the_slots_of_their_vectors() -> None:
    field = {"type": "string", "embed": {"model": "words"}, "sparse_embed": {"model": "word-counts"}}
    spec = spec_of({"body": field})
    found = slots(spec)
    assert (found.embed_field, found.sparse_embed_field, found.dense_field, found.sparse_field) == (
        "body",
        "body",
        None,
        None,
    )
    assert (spec.dimension, spec.metric) == (32, "cosine")
    assert spec.embed is not None
    assert spec.embed.identity == "words/1/aaaa"
    assert spec.notes["sparse_embed_identity"] == "word-counts/1"


def test_an_index_of_vectors_has_the_reserved_fields() -> None:
    assert slots(IndexSpec("v", 3, "cosine")) == Slots("_values", 3, "cosine", "_sparse_values")
    assert slots(IndexSpec("v", None, "dotproduct", "sparse")) == Slots(None, None, "dotproduct", "_sparse_values")


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "at least one field"),
        ({"": DENSE}, "non-empty string"),
        ({"_v": DENSE}, "begins with an underscore"),
        ({"$v": DENSE}, "filter operators"),
        ({"v" * 65: DENSE}, "has 65 bytes; at most 64"),
        ({"뜻" * 22: DENSE}, "has 66 bytes"),
        ({"\ud800": DENSE}, "surrogate"),
        ({"v": 3}, "must be an object"),
        ({"v": {"dimension": 3}}, "has the type None"),
        ({"v": {"type": "vector"}}, "has the type 'vector'"),
        ({"v": {"type": ["dense_vector"]}}, "has the type"),
        ({"v": {"type": "integer"}}, "response-only"),
        ({"v": {"type": "semantic_text", "model": "words"}}, "create-for-model"),
        ({"v": {"type": "dense_vector", "metric": "cosine"}}, "needs a dimension and a metric"),
        ({"v": DENSE | {"dimension": 0}}, "Dimension 0 is out of range"),
        ({"v": DENSE | {"dimension": 20_001}}, "Dimension 20001 is out of range"),
        ({"v": DENSE | {"dimension": "3"}}, "a whole number"),
        ({"v": DENSE | {"dimension": True}}, "a whole number"),
        ({"v": DENSE | {"metric": "manhattan"}}, "Invalid value for `metric`"),
        ({"v": DENSE | {"colour": "red"}}, "unknown key"),
        ({"v": DENSE | {"description": "x" * 257}}, "at most 256 bytes"),
        ({"v": DENSE, "w": DENSE}, "one dense vector slot, and the fields v, w"),
        ({"v": DENSE, "b": {"type": "string", "embed": {"model": "words"}}}, "one dense vector slot"),
        ({"s": {"type": "sparse_vector"}, "r": {"type": "sparse_vector"}}, "one sparse vector slot"),
        (
            {"s": {"type": "sparse_vector"}, "b": {"type": "string", "sparse_embed": {"model": "word-counts"}}},
            "one sparse vector slot",
        ),
        ({"s": {"type": "sparse_vector", "metric": "dotproduct"}}, "cannot declare 'metric'"),
        ({"s": {"type": "sparse_vector", "dimension": 3}}, "cannot declare 'dimension'"),
        ({"v": DENSE, "y": {"type": "float", "filterable": True}}, "only accepts fields used for search"),
        ({"v": DENSE, "y": {"type": "string", "filterable": True}}, "only accepts fields used for search"),
        ({"t": TEXT | {"filterable": True}}, "cannot be filterable as well"),
        ({"t": TEXT | {"filterable": False}}, "cannot be filterable as well"),
        ({"t": TEXT | {"store_text": False}}, "store_text: false goes with embed"),
        ({"t": {"type": "string", "store_text": False}}, "goes with embed"),
        ({"t": TEXT | {"store_text": "no"}}, "must be true or false"),
        ({"t": {"type": "string", "full_text_search": True}}, "must be an object"),
        (searched(language="tlh"), "language 'tlh' is not one of"),
        (searched(language=7), "is not one of"),
        (searched(stemming="yes"), "must be true or false"),
        (searched(stop_words=True), "stop_words requires stemming"),
        (searched(stop_words=True, stemming=True, language="tr"), "no stop words for language 'tr'"),
        (searched(ngram={"min_gram": 2, "max_gram": 3}, stemming=True), "ngram cannot be combined"),
        (searched(ngram={"min_gram": 3, "max_gram": 2}), "1 <= min_gram <= max_gram <= 10"),
        (searched(ngram={"min_gram": 0, "max_gram": 2}), "1 <= min_gram"),
        (searched(ngram={"min_gram": 2, "max_gram": 11}), "max_gram <= 10"),
        (searched(ngram={"min_gram": 2.0, "max_gram": 3}), "whole numbers"),
        (searched(ngram={"min_gram": 2, "max_gram": 3, "step": 1}), "unknown key"),
        (searched(ngram=3), "must be an object"),
        (searched(lowercase=True), "set by the server"),
        (searched(max_term_len=40), "set by the server"),
        (searched(boost=2), "unknown key"),
        ({"b": {"type": "string", "embed": True}}, "must be an object"),
        ({"b": {"type": "string", "embed": {"model": "words", "dimension": 7}}}, "32 numbers, not 7"),
        ({"b": {"type": "string", "embed": {"model": "words", "metric": "euclidean"}}}, "is for cosine, dotproduct"),
        ({"b": {"type": "string", "embed": {"model": "words", "modle": 1}}}, "unknown key"),
        ({"b": {"type": "string", "embed": {"model": "word-counts"}}}, "sparse vectors. Use it with sparse_embed"),
        ({"b": {"type": "string", "sparse_embed": {"model": "words"}}}, "dense vectors, and sparse ones are needed"),
        ({"b": {"type": "string", "sparse_embed": {"model": "word-counts", "dimension": 3}}}, "unknown key"),
        ({f"t{number}": TEXT for number in range(101)}, "101 full-text fields are too many"),
        ({f"t{number}": TEXT for number in range(1_001)}, "1,001 fields is too large"),
    ],
)
def test_what_cannot_be_declared(fields: dict[str, Any], message: str) -> None:
    assert message in refused(fields)


def test_a_key_of_the_customers_own_rules_out_full_text() -> None:
    assert "cmek_id cannot be combined" in refused({"t": TEXT}, encrypted=True)
    checked({"v": DENSE}, encrypted=True)


def test_without_models_only_embedding_is_out_of_reach() -> None:
    check_schema({"v": DENSE, "t": TEXT}, NoModels(), DEFAULT)
    with pytest.raises(NotFoundError):
        check_schema({"b": {"type": "string", "embed": {}}}, NoModels(), DEFAULT)


# -- the 2026-01.alpha dialect ----------------------------------------------------------------------------------------


def test_the_alpha_dialect_declares_metadata_too() -> None:
    fields = {
        "v": DENSE,
        "s": {"type": "sparse_vector", "metric": "dotproduct"},
        "category": {"type": "string", "filterable": True},
        "year": {"type": "float"},
        "count": {"type": "number", "filterable": True},
        "tags": {"type": "string_list", "filterable": True},
        "new": {"type": "boolean", "filterable": True},
    }
    assert checked(fields, lenient=True) == {
        "v": DENSE,
        "s": {"type": "sparse_vector"},
        "category": {"type": "string", "filterable": True},
        "year": {"type": "float", "filterable": False},
        "count": {"type": "float", "filterable": True},
        "tags": {"type": "string_list", "filterable": True},
        "new": {"type": "boolean", "filterable": True},
    }


def test_metadata_alone_makes_no_index_in_any_dialect() -> None:
    assert "needs at least one" in refused({"year": {"type": "float"}}, lenient=True)
