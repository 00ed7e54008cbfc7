"""Embedding, reranking and models through the server's own router, with models to check by hand and real ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pinyon import engine
from pinyon.models import ModelRegistry
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.wire.versions import KNOWN
from server.clients import Client, PortAddresses, Reply, WordModels

DOCUMENTS = ["dogs are pretty cool", "everyone loves dogs", "I'm a cat person"]


def refused(reply: Reply, *fragments: str, status: int = 400) -> None:
    assert reply.status == status, reply
    assert reply.json.keys() == {"status", "error"}
    assert reply.json["status"] == status
    for fragment in fragments:
        assert fragment in reply.message


# -- embed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
def test_texts_become_vectors_in_their_order(version: str, client: Client, models: WordModels) -> None:
    body = {"model": "words", "inputs": [{"text": "apples"}, {"text": "pears grow"}], "parameters": {"truncate": "END"}}
    reply = client.post("/embed", body, version=version)
    assert reply.status == 200
    np.testing.assert_allclose(
        [item["values"] for item in reply.json["data"]], models.embedder.embed(["apples", "pears grow"]), rtol=1e-6
    )
    assert (reply.json["model"], reply.json["usage"]) == ("words", {"total_tokens": 3})
    typed = version >= "2025-01"
    assert ("vector_type" in reply.json, "vector_type" in reply.json["data"][0]) == (typed, typed)


def test_sparse_texts_become_indices_and_values(client: Client) -> None:
    body = {"model": "word-counts", "inputs": ["a b a"], "parameters": {"return_tokens": True}}
    found = client.post("/embed", body).json
    assert found["vector_type"] == "sparse"
    (item,) = found["data"]
    assert dict(zip(item["sparse_tokens"], item["sparse_values"], strict=True)) == {"a": 2.0, "b": 1.0}
    assert len(item["sparse_indices"]) == 2
    assert "sparse_tokens" not in client.post("/embed", {"model": "word-counts", "inputs": ["a"]}).json["data"][0]


@pytest.mark.parametrize(
    ("body", "status", "fragment"),
    [
        ({"model": "unknown-model", "inputs": ["x"]}, 404, "Model 'unknown-model' not found"),
        ({"model": "shared-words", "inputs": ["x"]}, 400, "is for rerank: it gives no vectors"),
        ({"model": "words", "inputs": []}, 400, "inputs is missing or empty"),
        ({"model": "words", "inputs": [{"INVALID_FIELD": "x"}]}, 400, "INVALID_FIELD"),
        ({"model": "words", "inputs": ["x"] * 97}, 400, "97 inputs are more than 96, the limit of model 'words'"),
        ({"model": "words", "inputs": ["x"], "parameters": {"input_type": "x"}}, 400, "parameters.input_type"),
        ({"model": "words", "inputs": ["x"], "parameters": {"dimensions": 7}}, 400, "unknown field 'dimensions'"),
        ({"inputs": ["x"]}, 400, "model is missing"),
    ],
)
def test_a_bad_embed_request_is_refused(body: Any, status: int, fragment: str, client: Client) -> None:
    refused(client.post("/embed", body), fragment, status=status)


# -- rerank -----------------------------------------------------------------------------------------------------------


def test_documents_come_back_best_first(client: Client) -> None:
    body = {"model": "shared-words", "query": "loves dogs", "documents": [{"text": text} for text in DOCUMENTS]}
    found = client.post("/rerank", body).json
    assert [(item["index"], item["score"]) for item in found["data"]] == [(1, 1.0), (0, 0.5), (2, 0.0)]
    assert found["data"][0]["document"] == {"text": "everyone loves dogs"}
    assert (found["model"], found["usage"]) == ("shared-words", {"rerank_units": 1})
    best = client.post("/rerank", {**body, "top_n": 1, "return_documents": False}).json["data"]
    assert best == [{"index": 1, "score": 1.0}]


def test_documents_are_judged_by_the_field_that_is_named(client: Client) -> None:
    documents = [{"id": "1", "body": "dogs", "text": "cats"}, {"id": "2", "body": "cats", "text": "dogs"}]
    body = {"model": "shared-words", "query": "cats", "documents": documents}
    assert client.post("/rerank", body).json["data"][0]["document"]["id"] == "1"
    assert client.post("/rerank", {**body, "rank_fields": ["body"]}).json["data"][0]["document"]["id"] == "2"


@pytest.mark.parametrize(
    ("change", "status", "fragment"),
    [
        ({"model": "unknown-model"}, 404, "Model 'unknown-model' not found"),
        ({"model": "words"}, 400, "Model words gives vectors, it cannot rerank"),
        ({"documents": []}, 400, "documents is missing or empty"),
        ({"documents": ["x"] * 97}, 400, "97 documents are more than 96"),
        ({"rank_fields": ["customField"]}, 400, "field 'customField' not found in document at index 0"),
        ({"documents": [{"text": "a"}, {"body": "b"}]}, 400, "field 'text' not found in document at index 1"),
        ({"documents": [{"text": 7}]}, 400, "field 'text' of the document at index 0 must be a text, got 7"),
        ({"rank_fields": ["title", "text"]}, 400, "Only one rank field is supported for model 'shared-words'"),
        ({"rank_fields": []}, 400, "Only one rank field is supported for model 'shared-words'"),
        ({"top_n": 0}, 400, "top_n must be at least 1"),
    ],
)
def test_a_bad_rerank_request_is_refused(change: Any, status: int, fragment: str, client: Client) -> None:
    body = {"model": "shared-words", "query": "q", "documents": DOCUMENTS, **change}
    reply = client.post("/rerank", body)
    refused(reply, status=status)
    assert reply.message.startswith(fragment) or fragment in reply.message


def test_the_text_about_rank_fields_begins_the_message(client: Client) -> None:
    body = {"model": "shared-words", "query": "q", "documents": DOCUMENTS, "rank_fields": ["a", "b"]}
    assert b'"message":"Only one rank field is supported for model' in client.post("/rerank", body).body


# -- models -----------------------------------------------------------------------------------------------------------


def test_models_are_listed_filtered_and_described(client: Client) -> None:
    names = [model["model"] for model in client.get("/models").json["models"]]
    assert names == ["shared-words", "word-counts", "words"]
    for query, kept in (("type=rerank", names[:1]), ("vector_type=dense", names[2:]), ("type=embed", names[1:])):
        assert [model["model"] for model in client.get(f"/models?{query}").json["models"]] == kept
    assert client.get("/models/words").json == client.get("/models?vector_type=dense").json["models"][0]
    refused(client.get("/models/nope"), "Model nope not found", status=404)
    refused(client.get("/models?type=rerank&vector_type=dense"), "vector_type is not supported")
    refused(client.get("/models?type=image"), "type must be embed or rerank")


def test_inference_needs_a_key_that_may_use_it(client: Client) -> None:
    client.keys = {"control": Principal("c", ("ControlPlaneEditor",)), "data": Principal("d", ("DataPlaneViewer",))}
    for method, path, body in (
        ("POST", "/embed", {"model": "words", "inputs": ["x"]}),
        ("POST", "/rerank", {"model": "shared-words", "query": "q", "documents": ["d"]}),
        ("GET", "/models", None),
    ):
        assert client.request(method, path, json=body, key="data").status == 200
        assert client.request(method, path, json=body, key="control").status == 403


# -- with the models that are installed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Iterator[Client]:
    with engine.Database(":memory:") as database:
        yield Client(Service(Settings(), database, ModelRegistry(), PortAddresses()))


@pytest.mark.parametrize(
    ("model", "parameters", "length", "used"),
    [
        ("multilingual-e5-large", {"input_type": "query", "truncate": "END"}, 1024, "use-multilingual-1024"),
        ("llama-text-embed-v2", {"input_type": "passage"}, 1024, "use-multilingual-1024"),
        ("llama-text-embed-v2", {"dimension": 512}, 512, "use-multilingual"),
        ("llama-text-embed-v2", {"dimension": 2048}, 2048, "use-multilingual-2048"),
        ("use-multilingual", {}, 512, "use-multilingual"),
    ],
)
def test_the_name_that_was_asked_for_is_echoed_and_the_model_that_was_used_is_told(
    model: str, parameters: Any, length: int, used: str, real: Client
) -> None:
    reply = real.post("/embed", {"model": model, "inputs": [{"text": "lorem ipsum"}], "parameters": parameters})
    assert reply.status == 200
    assert (reply.json["model"], reply.headers["x-pinyon-model"]) == (model, used)
    assert len(reply.json["data"][0]["values"]) == length


def test_a_dimension_that_no_local_model_has_is_a_clear_404(real: Client) -> None:
    body = {"model": "llama-text-embed-v2", "inputs": ["x"], "parameters": {"dimension": 384}}
    refused(real.post("/embed", body), "with dimension 384 not found", "1024 or 512 or 768 or 2048", status=404)


def test_sparse_and_rerank_names_are_served(real: Client) -> None:
    body = {"model": "pinecone-sparse-english-v0", "inputs": ["Hello, world!"], "parameters": {"input_type": "query"}}
    reply = real.post("/embed", body)
    assert (reply.json["vector_type"], len(reply.json["data"][0]["sparse_indices"])) == ("sparse", 2)
    assert reply.headers["x-pinyon-model"] == "lexical-sparse"
    ranked = real.post("/rerank", {"model": "bge-reranker-v2-m3", "query": "i love dogs", "documents": DOCUMENTS})
    assert [item["index"] for item in ranked.json["data"]] == [1, 0, 2]
    assert ranked.headers["x-pinyon-model"] == "use-multilingual-reranker"
    several = {"query": "dogs", "documents": [{"a": "dogs", "b": "cats"}], "rank_fields": ["a", "b"]}
    assert real.post("/rerank", {"model": "cohere-rerank-3.5", **several}).status == 200
    refused(real.post("/rerank", {"model": "bge-reranker-v2-m3", **several}), "Only one rank field is supported")


def test_every_listed_model_is_described_with_what_clients_read(real: Client) -> None:
    models = real.get("/models").json["models"]
    names = {model["model"] for model in models}
    assert {"multilingual-e5-large", "bge-reranker-v2-m3", "pinecone-sparse-english-v0", "use-multilingual"} <= names
    for model in models:
        assert real.get(f"/models/{model['model']}").json == model
        assert model["supported_parameters"]
        for key, kind in (
            ("short_description", str),
            ("modality", str),
            ("provider_name", str),
            ("max_sequence_length", int),
            ("max_batch_size", int),
        ):
            assert isinstance(model[key], kind)
            assert model[key]
    e5 = next(model for model in models if model["model"] == "multilingual-e5-large")
    assert (e5["default_dimension"], e5["vector_type"]) == (1024, "dense")
    assert "stands for use-multilingual-1024" in e5["short_description"]
