"""Models that users describe in a file, and names that describe a model by themselves."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pinyon.app import default_models
from pinyon.app.model_files import FILE
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models import MODELS, ModelRegistry
from pinyon.models.families import FAMILIES
from pinyon.models.files import COMMON, read_models
from pinyon.models.settings import ChatEndpoint, EmbedEndpoint, GgufSettings, OnnxSettings, SentenceSettings

SECRET = "sk-proj-0123456789abcdef"


def written(folder: Path, text: str) -> Path:
    file = folder / FILE
    file.write_text(text, encoding="utf-8")
    return file


def test_a_model_of_a_file_is_found_beside_those_that_pinyon_knows(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        [models.kr-sbert]
        provider = "sentence-transformers"
        task = "embed"
        hub = "snunlp/KR-SBERT-V40K-klueNLI-augSTS"
        dimension = 768
        max_tokens = 128
        languages = ["ko"]
        license = "CC BY-SA 4.0"
        description = "Korean sentences."
        """,
    )
    models = default_models(tmp_path)
    info = models.describe("kr-sbert")
    assert (info.type, info.provider, info.dimension, info.dimensions) == (
        "embed",
        "sentence-transformers",
        768,
        (768,),
    )
    assert (info.max_tokens, info.languages, info.license) == (128, ("ko",), "CC BY-SA 4.0")
    assert (info.short_description, info.origin) == ("Korean sentences.", str(tmp_path / FILE))
    assert info.settings == SentenceSettings(hub="snunlp/KR-SBERT-V40K-klueNLI-augSTS", store=str(tmp_path / "models"))
    assert {model.name for model in models.list()} > {"kr-sbert", "use-multilingual"}


def test_registries_of_different_directories_share_what_is_built(tmp_path: Path) -> None:
    assert default_models(tmp_path).get("use-multilingual") is default_models().get("use-multilingual")


def test_the_file_that_a_variable_names_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[models.local]\nprovider = "gguf"\npath = "answers.gguf"\n')
    monkeypatch.setenv("PINYON_MODELS", str(file))
    info = default_models().describe("local")
    assert info.settings == GgufSettings(path=str(tmp_path / "answers.gguf")), "paths are relative to the file"
    monkeypatch.setenv("PINYON_MODELS", str(tmp_path / "gone.toml"))
    with pytest.raises(NotFoundError, match=r"there is no file of models .*gone\.toml"):
        default_models().describe("use-multilingual")


def test_every_key_of_every_provider_is_taken(tmp_path: Path) -> None:
    shown: dict[Any, str] = {str: '"package:a/b"', int: "7", float: "2.5", bool: "true"}
    special = {
        "provider": "", "task": "", "folder": "", "languages": '["ko", "en"]', "metric": '"dotproduct"',
        "hub": '"a/b"', "base_url": '"http://127.0.0.1:1/v1"', "pooling": '"cls"', "api_key_env": '"A_KEY"',
        "max_tokens_key": '"max_completion_tokens"', "query_prefix": '"q: "', "passage_prefix": '"p: "',
        "text_hub": "",
    }  # fmt: skip
    for family in FAMILIES.values():
        for task, part in family.parts.items():
            lines = [f'provider = "{family.name}"', f'task = "{task}"']
            names = {one.name: one.type for one in fields(part.settings) if not one.metadata.get("internal")}
            for key, kind in {**{key: str(value) for key, value in COMMON.items()}, **names}.items():
                if task != "embed" and key in ("dimension", "max_tokens", "metric"):
                    continue
                plain = next((one for one in (bool, int, float, str) if one.__name__ in str(kind)), str)
                value = special.get(key, shown[plain])
                lines += [f"{key} = {value}"] if value else []
            found = read_models(written(tmp_path, "[models.m]\n" + "\n".join(lines)))["m"]
            assert (found.provider, found.type, found.languages) == (family.name, task, ("ko", "en"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[models.m]\nprovider = 'onxx'", r"provider is 'onxx', but must be one of .*did you mean 'onnx'"),
        ("[models.m]\npath = 'a'", r"\[models\.m\] lacks the key 'provider': one of clip, gguf"),
        ("[models.m]\nprovider = 'onnx'", r"lacks the key 'path'"),
        ("[models.m]\nprovider = 'onnx'\npath = 'a'\npoolin = 'cls'", r"unknown key 'poolin' \(did you mean 'pooling'"),
        ("[models.m]\nprovider = 'onnx'\npath = 'a'\nthreads = '2'", r"threads must be a whole number, got str"),
        ("[models.m]\nprovider = 'onnx'\npath = 'a'\nthreads = true", r"threads must be a whole number, got bool"),
        ("[models.m]\nprovider = 'onnx'\npath = 'a'\nbatch_size = 0", r"batch_size is 0, but must be at least 1"),
        ("[models.m]\nprovider = 'onnx'\npath = 'a'\nlanguages = 'ko'", r"languages must be a list of texts"),
        (
            "[models.m]\nprovider = 'onnx'\npath = 'a'\npooling = 'max'",
            r"pooling is 'max', but must be one of mean, cls",
        ),
        ("[models.m]\nprovider = 'openai'\nmodel = 'x'", r"lacks the key 'task': openai can embed, generate, rerank"),
        ("[models.m]\nprovider = 'gguf'\ntask = 'embed'\npath = 'a'", r"task is 'embed', but gguf can only generate"),
        ("[models.m]\nprovider = 'gguf'\npath = 'a'\ndimension = 3", r"is for generate: it has no dimension"),
        ("[models.m]\nprovider = 'transformers'", r"give either folder, a path, or hub"),
        ("[models.m]\nprovider = 'transformers'\nhub = 'a'\nfolder = 'b'", r"give either folder, a path, or hub"),
        ("[models.m]\nprovider = 'transformers'\nhub = '../up'", r"'\.\./up' is neither a folder here nor a name"),
        ("[models.m]\nprovider = 'transformers'\nhub = 'a'\nstore = 'b'", r"unknown key 'store'"),
        ("[models.'a b']\nprovider = 'onnx'", r"cannot be named 'a b'"),
        ("[models.'st:a']\nprovider = 'onnx'", r"cannot be named 'st:a'"),
        ("[models.use-multilingual]\nprovider = 'onnx'", r"the name 'use-multilingual' is taken"),
        ("[models.multilingual-e5-large]\nprovider = 'onnx'", r"the name 'multilingual-e5-large' is taken"),
        ("[model.m]\nprovider = 'onnx'", r"'model' is not a table \[models\.NAME\]"),
        ("models = 3", r"'models' is not a table \[models\.NAME\]"),
        ("[models]\nm = 3", r"'m' is not a table \[models\.m\]"),
        ("[models.m", r"is not valid TOML"),
        (
            "[models.m]\nprovider = 'openai'\ntask = 'embed'\nmodel = 'x'\nbase_url = 'localhost:80'",
            "base_url is no address",
        ),
        (
            "[models.m]\nprovider = 'openai'\ntask = 'embed'\nmodel = 'x'\nbase_url = 'http://h:x/'",
            "base_url is no address",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(InvalidRequestError, match=said) as refused:
        default_models(tmp_path).describe("use-multilingual")
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        f"api_key = '{SECRET}'",
        f"key = '{SECRET}'",
        f"api_key_env = '{SECRET}'",
        f"base_url = 'https://me:{SECRET}@host/v1'",
        f"base_url = 'https://host/v1?key={SECRET}'",
        f"header = '{SECRET}'",
        f"timeout = '{SECRET}'",
    ],
)
def test_a_key_in_a_file_is_refused_and_not_repeated(line: str, tmp_path: Path) -> None:
    base = "" if line.startswith("base_url") else "base_url = 'https://host/v1'\n"
    written(tmp_path, f"[models.m]\nprovider = 'openai'\ntask = 'generate'\nmodel = 'x'\n{base}{line}\n")
    with pytest.raises(InvalidRequestError) as refused:
        default_models(tmp_path).describe("m")
    assert SECRET not in str(refused.value)


def test_names_describe_models_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0:12000")
    registry = ModelRegistry(store=tmp_path)
    assert registry.describe("openai:text-embedding-3-small").settings == EmbedEndpoint(
        model="text-embedding-3-small", base_url="https://api.openai.com/v1", api_key_env="OPENAI_API_KEY"
    )
    assert registry.describe("ollama:qwen3:0.6b", "generate").settings == ChatEndpoint(
        model="qwen3:0.6b", base_url="http://127.0.0.1:12000/v1", ollama=True
    )
    assert registry.describe(f"st:{tmp_path}").settings.folder == str(tmp_path)
    assert registry.describe("st:jhgan/ko-sroberta-multitask").settings.hub == "jhgan/ko-sroberta-multitask"
    assert registry.describe("hf:./here").settings.folder == "here"
    assert registry.describe("gguf:a.gguf").settings == GgufSettings(path="a.gguf")
    assert registry.describe("onnx:a").settings == OnnxSettings(path="a")
    assert registry.describe("openai:x").tasks == ("embed", "generate", "rerank")
    assert SECRET not in repr(registry.describe("openai:x"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("st:", "ends after 'st:': say which model"),
        ("st:a/b/c", "'a/b/c' is neither a folder here nor a name of the hub"),
        ("gguf:a.gguf", "Model gguf:a.gguf is for generate, and one for embed is needed here"),
    ],
)
def test_a_name_that_says_too_little_or_something_else_is_refused(name: str, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        ModelRegistry().get(name)


def test_who_may_name_no_file_or_endpoint_gets_only_what_is_agreed_to(tmp_path: Path) -> None:
    registry = ModelRegistry().guarded(lambda name: name == "gguf:agreed")
    assert registry.describe("gguf:agreed").name == "gguf:agreed"
    with pytest.raises(NotFoundError, match=r"no model is named 'gguf:/etc/passwd' here: .*models\.toml"):
        registry.generator("gguf:/etc/passwd")


def test_all_built_in_models_say_what_they_are() -> None:
    assert MODELS["minilm-en"].languages == ("en",)
    for info in MODELS.values():
        assert info.origin == "built in"
        assert info.license
        assert info.tasks == (info.type,)
