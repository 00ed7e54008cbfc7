"""Integrated embedding: binding an index to a model, and records of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest

from pinyon.engine.embedding import (
    NoModels,
    describe_model,
    embed_spec,
    embedder_for,
    embedder_of,
    read_records,
    reranker_of,
    text_field,
)
from pinyon.engine.pictures import Fetched
from pinyon.errors import InvalidRequestError, ModelMismatchError, NotFoundError
from pinyon.types import Embedder, Floats, IndexSpec, Metric, ModelInput, Reranker, SparseEmbedder, VectorType


@dataclass(frozen=True)
class Letters:
    """Counts of letters."""

    identity: str = "letters/1/aaaa"
    name: str = "letters"
    dimension: int = 26
    metric: Metric = "dotproduct"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        return np.array([[text.count(chr(97 + at)) for at in range(26)] for text in texts], np.float32)


@dataclass(frozen=True)
class Length:
    """A reranker that likes long documents."""

    name: str = "length"

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        return np.array([len(document) for document in documents], np.float32)


@dataclass(frozen=True)
class Description:
    name: str = "letters"
    type: str = "embed"
    vector_type: VectorType = "dense"
    dimension: int = 26
    dimensions: tuple[int, ...] = (26,)
    metrics: tuple[Metric, ...] = ("dotproduct",)
    modality: str = "text"
    max_batch: int = 96
    rank_fields: int = 1
    max_tokens: int | None = None
    source: str = "these tests"
    short_description: str = "Counts of letters."

    @property
    def tasks(self) -> tuple[str, ...]:
        return (self.type,)


class TwoModels:
    def __init__(self) -> None:
        self.embedder: Embedder = Letters()

    def list(self) -> Sequence[Description]:
        return [Description(), Description("length", "rerank")]

    def describe(self, name: str) -> Description:
        for description in self.list():
            if description.name == name:
                return description
        raise NotFoundError(f"no model is named {name!r}")

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        return self.embedder

    def sparse(self, name: str) -> SparseEmbedder:
        raise NotFoundError(f"no sparse model is named {name!r}")

    def reranker(self, name: str) -> Reranker:
        return Length()


FIELDS = {"text": "body"}
SETTINGS: dict[str, Any] = {"model": "letters", "field_map": FIELDS}


@pytest.fixture
def models() -> TwoModels:
    return TwoModels()


@pytest.fixture
def bound(models: TwoModels) -> IndexSpec:
    embed = embed_spec(models, SETTINGS | {"read_parameters": {"truncate": "END"}})
    return IndexSpec("texts", embed.dimension, embed.metric, embed=embed)


# -- binding ----------------------------------------------------------------------------------------------------------


def test_an_index_keeps_the_identity_and_the_shape_of_its_model(models: TwoModels) -> None:
    embed = embed_spec(models, SETTINGS | {"write_parameters": {"input_type": "passage"}, "read_parameters": None})
    assert (embed.model, embed.identity, embed.dimension) == ("letters", "letters/1/aaaa", 26)
    assert (embed.metric, embed.vector_type, embed.field_map) == ("dotproduct", "dense", {"text": "body"})
    assert (embed.read_parameters, embed.write_parameters) == ({}, {"input_type": "passage"})


def test_the_metric_is_the_callers_the_indexs_or_the_models(models: TwoModels) -> None:
    assert embed_spec(models, SETTINGS | {"metric": "cosine"}).metric == "cosine"
    assert embed_spec(models, SETTINGS, IndexSpec("old", 26, "euclidean")).metric == "euclidean"
    assert embed_spec(models, SETTINGS).metric == "dotproduct"


def test_what_is_not_given_stays_when_an_index_is_configured(models: TwoModels, bound: IndexSpec) -> None:
    assert embed_spec(models, {}, bound) == bound.embed
    changed = embed_spec(models, {"field_map": {"text": "abstract"}}, bound)
    assert (changed.field_map, changed.read_parameters) == ({"text": "abstract"}, {"truncate": "END"})
    assert embed_spec(models, {"read_parameters": {}}, bound).read_parameters == {}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs a model"),
        ({"model": ""}, "needs a model"),
        ({"model": "letters"}, "Missing required key 'text' in field_map"),
        ({"model": "letters", "field_map": {"title": "t"}}, "Missing required key 'text'"),
        ({"model": "letters", "field_map": {"text": 7}}, "Missing required key 'text'"),
        ({"model": "letters", "field_map": {"text": ""}}, "Missing required key 'text'"),
        ({"model": "letters", "field_map": "text"}, "Missing required key 'text'"),
        (SETTINGS | {"dimension": 27}, "26 numbers, not 27"),
        (SETTINGS | {"read_parameters": "END"}, "read_parameters"),
        (SETTINGS | {"write_parameters": ["END"]}, "write_parameters"),
        (SETTINGS | {"model": "length"}, "is for rerank"),
    ],
)
def test_settings_that_do_not_fit_are_refused(models: TwoModels, settings: Mapping[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        embed_spec(models, settings)


def test_an_unknown_model_is_named_with_those_there_are(models: TwoModels) -> None:
    for call in (describe_model, embedder_of, reranker_of):
        with pytest.raises(NotFoundError, match=r"Model '?nope'? not found\. Available models: length, letters\."):
            call(models, "nope")
    with pytest.raises(InvalidRequestError, match="cannot rerank"):
        reranker_of(models, "letters")
    assert reranker_of(models, "length").rerank("q", ["a", "bb"]).tolist() == [1.0, 2.0]


def test_a_face_without_models_says_so() -> None:
    none = NoModels()
    assert list(none.list()) == []
    for call in (none.get, none.describe, none.reranker, none.sparse):
        with pytest.raises(NotFoundError, match="No models"):
            call("letters")
    with pytest.raises(NotFoundError, match=r"Model letters not found\. Available models: none"):
        embed_spec(none, SETTINGS)


# -- using ------------------------------------------------------------------------------------------------------------


def test_the_model_of_an_index_is_the_one_that_made_its_vectors(models: TwoModels, bound: IndexSpec) -> None:
    assert embedder_for(models, bound, "search") is models.embedder
    assert text_field(bound) == "body"
    models.embedder = Letters("letters/2/bbbb")
    with pytest.raises(ModelMismatchError, match=r"letters/1/aaaa.*letters/2/bbbb"):
        embedder_for(models, bound, "search")
    with pytest.raises(InvalidRequestError, match=r"'texts' has no embedding model, so search\(\)"):
        embedder_for(models, replace(bound, embed=None), "search")


def test_records_become_ids_texts_and_metadata() -> None:
    ids, inputs, metadata = read_records(
        [{"_id": "a", "body": "one", "year": 2024}, {"id": "b", "body": "둘"}, {"_id": "c", "id": "x", "body": "3"}],
        {"text": "body"},
        Fetched(NoModels()),
    )
    assert (ids, inputs) == (["a", "b", "c"], [ModelInput("one"), ModelInput("둘"), ModelInput("3")])
    assert metadata == [{"body": "one", "year": 2024}, {"body": "둘"}, {"body": "3"}]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "at least one"),
        ("text", "must be a list"),
        (7, "must be a list"),
        ([{"_id": "a", "body": "x"}, "b"], "Record 1 must be a dictionary, got str"),
        ([{"body": "x"}], "Record at index 0 must contain an '_id' or 'id'"),
        ([{"_id": 7, "body": "x"}], "got 7"),
        ([{"_id": "a"}], r"'a'.*'body'.*missing: its fields are \['_id'\]"),
        ([{"_id": "a", "body": 5}], r"'body'.*holds 5"),
        ([{"_id": "a", "body": "  "}], r"'body'.*holds '  '"),
    ],
)
def test_a_bad_record_is_named(records: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        read_records(records, {"text": "body"}, Fetched(NoModels()))


def test_a_huge_record_makes_no_huge_message() -> None:
    record = {"_id": "a", **{f"field-{at}": at for at in range(5_000)}}
    with pytest.raises(InvalidRequestError) as refusal:
        read_records([record], {"text": "body"}, Fetched(NoModels()))
    assert len(str(refusal.value)) < 500
