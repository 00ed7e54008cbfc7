"""Which models a server's clients may name: those that its operator described, or bound an index to."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.openai_server import OpenAiServer, Reply, openai_server, vector_of
from pinyon import Pinecone
from pinyon.app.server import RunningServer, start_in_thread
from pinyon.server.settings import Settings

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiServer]:
    with openai_server() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        yield endpoint


@pytest.fixture
def server(tmp_path: Path, api: OpenAiServer) -> Iterator[RunningServer]:
    (tmp_path / "models.toml").write_text(
        '[models.mine]\nprovider = "openai"\ntask = "embed"\nmodel = "tiny-embed"\n'
        f'base_url = "{api.url}"\ndimension = 8\n\n'
        f'[models.writer]\nprovider = "openai"\ntask = "generate"\nmodel = "tiny"\nbase_url = "{api.url}"\n'
    )
    with start_in_thread(Settings(port=0, data=tmp_path)) as running:
        yield running


def call(server: RunningServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def embed(server: RunningServer, model: str) -> tuple[int, Any]:
    return call(server, "POST", "/embed", {"model": model, "inputs": [{"text": "a"}], "parameters": {}})


def test_a_model_of_the_file_is_served_and_listed(server: RunningServer) -> None:
    status, found = embed(server, "mine")
    assert status == 200
    vector = np.array(vector_of("a"))
    np.testing.assert_allclose(found["data"][0]["values"], vector / np.linalg.norm(vector), atol=1e-6)
    names = {one["model"] for one in call(server, "GET", "/models")[1]["models"]}
    assert {"mine", "use-multilingual", "minilm-en"} <= names
    assert names.isdisjoint({"writer", "smollm2"}), "Pinecone's inference API knows no models that write"


@pytest.mark.parametrize(
    "model", ["openai:tiny-embed", "ollama:x", "gguf:/etc/passwd", "st:/etc", "hf:a/b", "onnx:/etc"]
)
def test_a_client_cannot_name_files_or_endpoints(model: str, server: RunningServer, api: OpenAiServer) -> None:
    status, found = embed(server, model)
    assert (status, api.asked) == (404, [])
    assert f"Model '{model}' not found" in found["error"]["message"]
    rerank = {"model": model, "query": "a", "documents": [{"text": "b"}]}
    assert call(server, "POST", "/rerank", rerank)[0] == 404
    create = {"name": "x", "cloud": "aws", "region": "r", "embed": {"model": model, "field_map": {"text": "text"}}}
    assert call(server, "POST", "/indexes/create-for-model", create)[0] == 404
    assert api.asked == []


def test_an_index_that_the_operator_bound_to_such_a_name_is_served(
    server: RunningServer, api: OpenAiServer, tmp_path: Path
) -> None:
    with Pinecone(path=tmp_path) as pc:
        pc.create_index_for_model(
            "docs", cloud="aws", region="r", embed={"model": "openai:tiny-embed", "field_map": {"text": "text"}}
        )
        pc.Index("docs").upsert_records("", [{"_id": "1", "text": "a"}, {"_id": "2", "text": "b"}])
    assert embed(server, "openai:tiny-embed")[0] == 200
    assert embed(server, "openai:another")[0] == 404
    body = {"query": {"inputs": {"text": "b"}, "top_k": 1}}
    status, found = call(server, "POST", "/indexes/docs/records/namespaces/__default__/search", body)
    assert (status, found["result"]["hits"][0]["_id"]) == (200, "2")


def test_an_endpoint_that_is_down_is_the_servers_503(server: RunningServer, api: OpenAiServer) -> None:
    api.replies.append(Reply(200, b"<html>"))
    status, found = embed(server, "mine")
    assert (status, found["error"]["code"]) == (503, "UNAVAILABLE")
