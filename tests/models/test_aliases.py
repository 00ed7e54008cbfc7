"""Names of hosted models, and the local models that answer to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models import ALIASES, MODELS, Alias, ModelRegistry, PaddedEmbedder, UseMultilingual
from pinyon.models.padded import PaddedPictureEmbedder
from pinyon.types import Embedder, Floats, Models, Picture, PictureEmbedder

TEXTS = ["The bank of the river was muddy.", "The bank raised its interest rate.", "금리가 올랐다.", ""]


@pytest.fixture(scope="module")
def registry() -> ModelRegistry:
    return ModelRegistry()


@pytest.mark.parametrize("alias", ALIASES.values(), ids=ALIASES.keys())
def test_every_alias_stands_for_models_that_exist_and_have_its_dimensions(alias: Alias) -> None:
    assert alias.name not in MODELS
    for dimension, target in alias.targets.items():
        assert MODELS[target].dimension == dimension


@pytest.mark.parametrize(
    ("name", "dimension", "target"),
    [
        ("multilingual-e5-large", None, "use-multilingual-1024"),
        ("multilingual-e5-large", 1024, "use-multilingual-1024"),
        ("llama-text-embed-v2", None, "use-multilingual-1024"),
        ("llama-text-embed-v2", 512, "use-multilingual"),
        ("llama-text-embed-v2", 768, "use-multilingual-768"),
        ("llama-text-embed-v2", 2048, "use-multilingual-2048"),
    ],
)
def test_an_alias_gives_a_local_model_of_the_dimension_asked_for(
    name: str, dimension: int | None, target: str, registry: ModelRegistry
) -> None:
    embedder = registry.get(name, dimension)
    assert isinstance(embedder, Embedder)
    assert embedder is registry.get(target)
    assert (embedder.name, embedder.dimension) == (target, dimension or 1024)


@pytest.mark.parametrize("name", ["pinecone-sparse-english-v0", "pinecone-sparse-multilingual-v0"])
def test_sparse_names_give_the_lexical_model(name: str, registry: ModelRegistry) -> None:
    assert registry.sparse(name) is registry.sparse("lexical-sparse")


@pytest.mark.parametrize("name", ["bge-reranker-v2-m3", "cohere-rerank-3.5", "pinecone-rerank-v0"])
def test_rerankers_names_give_the_embedding_reranker(name: str, registry: ModelRegistry) -> None:
    assert registry.reranker(name) is registry.reranker("use-multilingual-reranker")


def test_a_description_says_what_the_name_stands_for(registry: ModelRegistry) -> None:
    found = registry.describe("multilingual-e5-large")
    assert (found.name, found.dimension, found.dimensions) == ("multilingual-e5-large", 1024, (1024,))
    assert "Not the hosted model of this name: it stands for use-multilingual-1024." in found.short_description
    assert "512 numbers of use-multilingual" in found.short_description
    assert registry.describe("llama-text-embed-v2").dimensions == (1024, 512, 768, 2048)
    reranker = registry.describe("bge-reranker-v2-m3")
    assert (reranker.type, reranker.rank_fields, reranker.metrics) == ("rerank", 1, ())
    assert "No reranking model of its own" in reranker.short_description
    assert registry.describe("cohere-rerank-3.5").rank_fields > 1


def test_the_list_holds_models_and_aliases_by_name(registry: ModelRegistry) -> None:
    names = [model.name for model in registry.list()]
    assert names == sorted({*MODELS, *ALIASES})


def test_a_dimension_without_a_local_model_is_not_found_and_says_which_are(registry: ModelRegistry) -> None:
    with pytest.raises(NotFoundError, match=r"llama-text-embed-v2 with dimension 384 not found.*1024 or 512 or 768"):
        registry.get("llama-text-embed-v2", 384)
    with pytest.raises(NotFoundError, match="multilingual-e5-large with dimension 512 not found"):
        registry.get("multilingual-e5-large", 512)


def test_an_alias_whose_model_is_not_installed_says_what_to_install() -> None:
    absent = dataclasses.replace(MODELS["use-multilingual"], modules=("no_such_module",), install="pip install it")
    registry = ModelRegistry({"use-multilingual": absent}, {"hosted": Alias("hosted", {512: "use-multilingual"})})
    assert registry.describe("hosted").name == "hosted"
    with pytest.raises(NotFoundError, match=r"Model hosted not found: it stands for use-multilingual.*pip install it"):
        registry.get("hosted")


def test_an_alias_of_models_that_a_registry_lacks_is_unknown_to_it() -> None:
    registry = ModelRegistry({"use-multilingual": MODELS["use-multilingual"]})
    assert [model.name for model in registry.list()] == ["use-multilingual"]
    with pytest.raises(NotFoundError, match="'bge-reranker-v2-m3'"):
        registry.reranker("bge-reranker-v2-m3")


@pytest.mark.parametrize(
    ("method", "name", "said"),
    [
        ("get", "lexical-sparse", "is a model of sparse vectors, and a model of dense vectors is needed"),
        ("get", "bge-reranker-v2-m3", "is a reranker, and a model of dense vectors is needed"),
        ("sparse", "multilingual-e5-large", "is a model of dense vectors, and a model of sparse vectors is needed"),
        ("reranker", "use-multilingual", "is a model of dense vectors, and a reranker is needed"),
        ("reranker", "pinecone-sparse-english-v0", "is a model of sparse vectors, and a reranker is needed"),
    ],
)
def test_a_model_of_another_type_is_refused(method: str, name: str, said: str, registry: ModelRegistry) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        getattr(registry, method)(name)


def test_a_registry_satisfies_the_protocol(registry: ModelRegistry) -> None:
    models: Models = registry
    assert models.describe("use-multilingual").dimension == 512


@pytest.mark.parametrize("dimension", [768, 1024, 2048])
def test_more_places_change_no_similarity(dimension: int, registry: ModelRegistry) -> None:
    narrow, wide = registry.get("use-multilingual"), registry.get(f"use-multilingual-{dimension}")
    before, after = narrow.embed(TEXTS), wide.embed(TEXTS, input_type="query")
    assert (after.shape, after.dtype) == ((4, dimension), np.float32)
    np.testing.assert_array_equal(after[:, :512], before)
    assert not after[:, 512:].any()
    np.testing.assert_allclose(after @ after.T, before @ before.T, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), np.linalg.norm(before, axis=1), rtol=1e-6)


def test_wider_vectors_have_an_identity_of_their_own(registry: ModelRegistry) -> None:
    identities = {registry.get("llama-text-embed-v2", size).identity for size in (512, 768, 1024, 2048)}
    assert len(identities) == 4
    assert registry.get("multilingual-e5-large").identity.endswith("in 1024 places")


def test_fewer_places_are_refused(registry: ModelRegistry) -> None:
    narrow = dataclasses.replace(MODELS["use-multilingual-768"], dimension=384)
    with pytest.raises(InvalidRequestError, match="512 numbers, which 384 places cannot hold"):
        PaddedEmbedder(registry.get("use-multilingual"), narrow)


def test_pictures_pass_through_to_a_model_that_takes_them(registry: ModelRegistry) -> None:
    class Shades(UseMultilingual):
        def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
            return np.full((len(pictures), 512), 0.5, np.float32)

    wide = PaddedPictureEmbedder(Shades(), MODELS["use-multilingual-768"])
    assert isinstance(wide, PictureEmbedder)
    assert not isinstance(registry.get("use-multilingual-768"), PictureEmbedder)
    found = wide.embed_pictures([Picture(np.zeros((2, 2, 3), np.uint8))])
    np.testing.assert_array_equal(found, [[0.5] * 512 + [0.0] * 256])
