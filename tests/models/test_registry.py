"""Models by name."""

from __future__ import annotations

import dataclasses

import pytest

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.models import MODELS, ModelInfo, ModelRegistry, UseMultilingual
from pinyon.models.descriptions import missing_modules


def test_a_model_is_found_by_name_and_built_once() -> None:
    registry = ModelRegistry()
    embedder = registry.get("use-multilingual")
    assert isinstance(embedder, UseMultilingual)
    assert registry.get("use-multilingual") is embedder


@pytest.mark.parametrize("method", ["get", "describe"])
def test_an_unknown_model_is_refused_with_the_names_of_the_known_ones(method: str) -> None:
    with pytest.raises(NotFoundError, match=r"'no-such-model'; available: .*multilingual-e5-large, .*use-multilingual"):
        getattr(ModelRegistry(), method)("no-such-model")


def test_a_known_model_without_its_package_says_how_to_install_it() -> None:
    absent = dataclasses.replace(
        MODELS["use-multilingual"], name="absent", modules=("no_such_module",), install="pip install it"
    )
    registry = ModelRegistry({"absent": absent})
    assert registry.list() == [absent]
    with pytest.raises(MissingExtraError, match=r"'absent' needs .*: pip install it"):
        registry.get("absent")


def test_models_are_listed_by_name() -> None:
    info = MODELS["use-multilingual"]
    others = {name: dataclasses.replace(info, name=name) for name in ("b", "a", "c")}
    assert [one.name for one in ModelRegistry(others).list()] == ["a", "b", "c"]


@pytest.mark.parametrize("info", MODELS.values(), ids=MODELS.keys())
def test_a_description_agrees_with_its_model(info: ModelInfo) -> None:
    registry = ModelRegistry()
    if missing_modules(info):
        pytest.skip(f"{info.name} is not installed: {info.install}")
    if info.type == "generate":
        generator = registry.generator(info.name)
        assert (generator.name, generator.context_tokens) == (info.name, info.context_tokens)
    elif info.type == "rerank":
        assert (registry.reranker(info.name).name, info.dimension, info.metrics) == (info.name, 0, ())
    elif info.vector_type == "sparse":
        assert (registry.sparse(info.name).name, info.dimension, info.metrics) == (info.name, 0, ("dotproduct",))
    else:
        embedder = registry.get(info.name)
        assert (embedder.name, embedder.dimension, embedder.metric) == (info.name, info.dimension, info.metrics[0])
    assert info.dimensions == ((info.dimension,) if info.dimension else ())
    assert MODELS[info.name] is info
    assert len(set(info.languages)) == len(info.languages)


def test_models_made_from_another_share_it() -> None:
    registry = ModelRegistry()
    wide = registry.get("use-multilingual-1024")
    assert repr(registry.get("use-multilingual")) in repr(wide)
    assert registry.get("use-multilingual-1024", 1024) is wide
    with pytest.raises(InvalidRequestError, match="gives 1024 numbers a vector, not 512"):
        registry.get("use-multilingual-1024", 512)
