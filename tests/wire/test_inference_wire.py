"""Embedding, reranking and models as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pytest

from pinyon.errors import InvalidRequestError
from pinyon.types import Metric, ModelInput, SparseValues, VectorType
from pinyon.wire import inference
from pinyon.wire.versions import VERSIONS

OLDEST, OLD, NEW = VERSIONS["2024-10"], VERSIONS["2025-04"], VERSIONS["2026-07"]


@dataclass(frozen=True)
class Model:
    name: str = "dense-model"
    type: str = "embed"
    vector_type: VectorType = "dense"
    dimension: int = 1024
    dimensions: tuple[int, ...] = (1024, 512)
    metrics: tuple[Metric, ...] = ("cosine", "euclidean")
    modality: str = "text"
    max_batch: int = 96
    rank_fields: int = 1
    max_tokens: int | None = None
    source: str = "somebody"
    short_description: str = "A model."


DENSE = Model()
SPARSE = Model("sparse-model", vector_type="sparse", dimension=0, dimensions=(), metrics=("dotproduct",))
RERANKER = Model("reranker", "rerank", dimension=0, dimensions=(), metrics=(), max_tokens=512)


# -- embed ------------------------------------------------------------------------------------------------------------


def test_inputs_are_objects_with_a_text_or_plain_texts() -> None:
    found = inference.read_embed({"model": "m", "inputs": [{"text": "a"}, "b", {"text": ""}]}, OLD)
    assert (found.model, found.inputs, found.parameters) == (
        "m",
        [ModelInput("a"), ModelInput("b"), ModelInput("")],
        {},
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"inputs": ["a"]}, "model is missing"),
        ({"model": "", "inputs": ["a"]}, "model is missing"),
        ({"model": 7, "inputs": ["a"]}, "model must be a string"),
        ({"model": "m"}, "inputs is missing or empty"),
        ({"model": "m", "inputs": []}, "inputs is missing or empty"),
        ({"model": "m", "inputs": "a"}, "inputs must be an array"),
        ({"model": "m", "inputs": [{"INVALID_FIELD": "x"}]}, r"inputs\[0\].text is missing.*INVALID_FIELD"),
        ({"model": "m", "inputs": ["a", {"text": 7}]}, r"inputs\[1\].text must be a string"),
        ({"model": "m", "inputs": [7]}, r"inputs\[0\] must be an object with a text, got 7"),
        ({"model": "m", "inputs": ["a"], "parameters": []}, "parameters must be an object"),
    ],
)
def test_a_bad_embed_body_is_refused_by_name(body: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        inference.read_embed(body, OLD)


def test_unknown_members_are_passed_over_until_2026_07() -> None:
    for read, body in (
        (inference.read_embed, {"model": "m", "inputs": ["a"], "new": 1}),
        (inference.read_rerank, {"model": "m", "query": "q", "documents": ["a"], "new": 1}),
    ):
        read(body, OLD)
        with pytest.raises(InvalidRequestError, match="unknown field 'new'"):
            read(body, NEW)


def test_parameters_have_defaults() -> None:
    found = inference.read_embed_parameters({}, DENSE)
    assert (found.input_type, found.dimension, found.tokens) == ("passage", None, False)
    found = inference.read_embed_parameters({"input_type": "query", "truncate": "END", "dimension": 512}, DENSE)
    assert (found.input_type, found.dimension) == ("query", 512)
    assert inference.read_embed_parameters({"return_tokens": True, "max_tokens_per_sequence": 512}, SPARSE).tokens


@pytest.mark.parametrize(
    ("parameters", "model", "said"),
    [
        ({"input_type": "document"}, DENSE, "parameters.input_type must be one of query, passage, got 'document'"),
        ({"truncate": "MIDDLE"}, DENSE, "parameters.truncate must be one of END, START, NONE"),
        ({"dimension": "512"}, DENSE, "parameters.dimension must be a whole number"),
        ({"dimension": 512}, SPARSE, "unknown field 'dimension'"),
        ({"return_tokens": True}, DENSE, "unknown field 'return_tokens'"),
        ({"return_tokens": 1}, SPARSE, "parameters.return_tokens must be true or false"),
        ({"max_tokens_per_sequence": 0}, SPARSE, "max_tokens_per_sequence must be at least 1"),
        ({"temperature": 1}, DENSE, "unknown field 'temperature'. Known fields: dimension, input_type, truncate"),
    ],
)
def test_a_parameter_that_a_model_does_not_know_is_refused(parameters: Any, model: Model, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        inference.read_embed_parameters(parameters, model)


def test_dense_embeddings_name_their_type_since_2025_01() -> None:
    vectors = np.array([[0.1, 0.5], [1, 0]], np.float32)
    assert orjson.loads(inference.dense_body("m", vectors, 3, OLD)) == {
        "model": "m",
        "vector_type": "dense",
        "data": [{"values": [0.1, 0.5], "vector_type": "dense"}, {"values": [1.0, 0.0], "vector_type": "dense"}],
        "usage": {"total_tokens": 3},
    }
    older = orjson.loads(inference.dense_body("m", vectors, 3, OLDEST))
    assert older == {
        "model": "m",
        "data": [{"values": [0.1, 0.5]}, {"values": [1.0, 0.0]}],
        "usage": {"total_tokens": 3},
    }


def test_sparse_embeddings_hold_indices_values_and_the_words_if_asked_for() -> None:
    vectors = [SparseValues(np.array([3, 4_294_967_295], np.uint32), np.array([1.0, 0.5], np.float32))]
    plain = orjson.loads(inference.sparse_body("m", vectors, None, 2, OLD))
    assert plain["vector_type"] == "sparse"
    assert plain["data"] == [
        {"sparse_values": [1.0, 0.5], "sparse_indices": [3, 4_294_967_295], "vector_type": "sparse"}
    ]
    named = orjson.loads(inference.sparse_body("m", vectors, [{4_294_967_295: "b", 3: "a"}], 2, OLD))
    assert named["data"][0]["sparse_tokens"] == ["a", "b"]


# -- rerank -----------------------------------------------------------------------------------------------------------


def test_a_rerank_body_has_defaults() -> None:
    found = inference.read_rerank({"model": "m", "query": "q", "documents": ["a", {"text": "b", "id": 1}]}, OLD)
    assert found.documents == [{"text": "a"}, {"text": "b", "id": 1}]
    assert (found.fields, found.top_n, found.return_documents) == (("text",), None, True)
    found = inference.read_rerank(
        {"model": "m", "query": "q", "documents": ["a"], "rank_fields": [], "top_n": 1, "return_documents": False}, OLD
    )
    assert (found.fields, found.top_n, found.return_documents) == ((), 1, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": None}, "model is missing"),
        ({"query": None}, "query is missing"),
        ({"query": 7}, "query must be a string"),
        ({"documents": []}, "documents is missing or empty"),
        ({"documents": "a"}, "documents must be an array"),
        ({"documents": ["a", 7]}, r"documents\[1\] must be an object, got 7"),
        ({"rank_fields": "text"}, "rank_fields must be an array"),
        ({"top_n": 0}, "top_n must be at least 1, got 0"),
        ({"top_n": -3}, "top_n must be at least 1, got -3"),
        ({"return_documents": "no"}, "return_documents must be true or false"),
        ({"parameters": {"truncate": "X"}}, "parameters.truncate must be one of"),
        ({"parameters": {"max_chunks_per_doc": 0}}, "max_chunks_per_doc must be at least 1"),
        ({"parameters": {"input_type": "query"}}, "unknown field 'input_type'"),
    ],
)
def test_a_bad_rerank_body_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        inference.read_rerank({"model": "m", "query": "q", "documents": ["a"], **change}, OLD)


@pytest.mark.parametrize("returned", [True, False])
def test_ranked_documents_point_at_what_was_given(returned: bool) -> None:
    request = inference.read_rerank(
        {"model": "m", "query": "q", "documents": ["a", {"text": "b", "x": [1]}], "return_documents": returned}, OLD
    )
    found = orjson.loads(inference.rerank_body(request, [(1, 0.75), (0, 0.5)], 1))
    assert found["usage"] == {"rerank_units": 1}
    assert [(item["index"], item["score"]) for item in found["data"]] == [(1, 0.75), (0, 0.5)]
    assert [item.get("document") for item in found["data"]] == (
        [{"text": "b", "x": [1]}, {"text": "a"}] if returned else [None, None]
    )


# -- models -----------------------------------------------------------------------------------------------------------


def test_a_dense_model_is_described_in_full() -> None:
    found = inference.model_json(DENSE, 1_000)
    assert found == {
        "model": "dense-model",
        "short_description": "A model.",
        "type": "embed",
        "vector_type": "dense",
        "default_dimension": 1024,
        "supported_dimensions": [512, 1024],
        "supported_metrics": ["cosine", "euclidean"],
        "modality": "text",
        "max_sequence_length": 1_000,
        "max_batch_size": 96,
        "provider_name": "somebody",
        "supported_parameters": found["supported_parameters"],
    }


def test_models_without_a_dimension_do_not_name_one() -> None:
    sparse = inference.model_json(SPARSE, 1_000)
    assert sparse["vector_type"] == "sparse"
    assert not {"default_dimension", "supported_dimensions"} & sparse.keys()
    reranker = inference.model_json(RERANKER, 1_000)
    assert reranker["max_sequence_length"] == 512
    assert not {"vector_type", "default_dimension", "supported_dimensions", "supported_metrics"} & reranker.keys()


@pytest.mark.parametrize("model", [DENSE, SPARSE, RERANKER], ids=lambda model: model.name)
def test_parameters_are_described_as_the_specification_wants_it(model: Model) -> None:
    for parameter in inference.parameters_of(model):
        assert {"parameter", "type", "value_type", "required"} <= parameter.keys()
        assert isinstance(parameter["required"], bool)
        if parameter["type"] == "one_of":
            assert parameter["default"] in parameter["allowed_values"]
        elif parameter["type"] == "numeric_range":
            assert parameter["min"] < parameter["max"]
        else:
            assert parameter["type"] == "any"


@pytest.mark.parametrize(
    ("type_", "vector_type", "kept"),
    [
        (None, None, [DENSE, SPARSE, RERANKER]),
        ("embed", None, [DENSE, SPARSE]),
        ("rerank", None, [RERANKER]),
        (None, "dense", [DENSE]),
        ("embed", "sparse", [SPARSE]),
    ],
)
def test_lists_are_filtered_by_type(type_: str | None, vector_type: str | None, kept: list[Model]) -> None:
    wanted = inference.read_model_filter(type_, vector_type)
    assert [model for model in (DENSE, SPARSE, RERANKER) if wanted.keeps(model)] == kept


@pytest.mark.parametrize(
    ("type_", "vector_type", "said"),
    [
        ("x", None, "type must be embed or rerank, got 'x'"),
        (None, "x", "vector_type must be dense or sparse, got 'x'"),
        ("rerank", "dense", "vector_type is not supported with type=rerank"),
    ],
)
def test_a_bad_filter_of_models_is_refused(type_: str | None, vector_type: str | None, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        inference.read_model_filter(type_, vector_type)
