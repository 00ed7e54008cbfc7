"""The English embedder in ONNX: known similarities, and what it promises about vectors."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.models import MODELS, ModelRegistry
from pinyon.models.descriptions import missing_modules
from pinyon.models.threads import usable_cores
from pinyon.models.weights import digest, resolve
from pinyon.types import Embedder

INFO = MODELS["minilm-en"]
pytestmark = pytest.mark.skipif(bool(missing_modules(INFO)), reason=f"needs {INFO.install}")

# The example of sbert.net's page on semantic textual similarity with all-MiniLM-L6-v2, in full precision.
PUBLISHED = [
    ("The cat sits outside", "The dog plays in the garden", 0.2838),
    ("A man is playing guitar", "A woman watches TV", -0.0327),
    ("The new movie is awesome", "The new movie is so great", 0.8939),
]


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return ModelRegistry().get("minilm-en")


@pytest.mark.parametrize(("first", "second", "cosine"), PUBLISHED)
def test_similarities_are_those_published_to_what_8_bits_can_tell(
    first: str, second: str, cosine: float, minilm: Embedder
) -> None:
    vectors = minilm.embed([first, second])
    assert float(vectors[0] @ vectors[1]) == pytest.approx(cosine, abs=0.006)


def test_vectors_are_float32_unit_rows_in_the_order_of_the_texts(minilm: Embedder) -> None:
    texts = ["A cat.", "", "A much longer sentence about a dog that runs.", "x " * 1_000, "고양이"] * 8
    vectors = minilm.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((40, 384), np.float32)
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    alone = np.concatenate([minilm.embed([text]) for text in texts[:5]])
    np.testing.assert_allclose(vectors[:5], alone, atol=2e-5)
    np.testing.assert_allclose(vectors[:5], vectors[-5:], atol=2e-5)
    assert minilm.embed([]).shape == (0, 384)
    assert isinstance(minilm, Embedder)


def test_tokens_beyond_the_limit_do_not_count(minilm: Embedder) -> None:
    assert INFO.max_tokens == 256
    vectors = minilm.embed(["cat " * 254, "cat " * 254 + "stocks fell", "cat " * 200 + "stocks fell"])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert float(vectors[0] @ vectors[2]) < 0.9999


def test_the_weights_are_those_described_and_the_threads_are_capped(minilm: Embedder) -> None:
    file = resolve("minilm-en", INFO.settings.path)
    assert digest(file) == INFO.digest[:23]
    assert minilm.identity.endswith("mean 256 tokens, unit")
    assert 1 <= minilm.threads <= usable_cores()  # type: ignore[attr-defined]


def test_any_number_of_threads_may_embed_at_once(minilm: Embedder) -> None:
    texts = [f"sentence number {number}" for number in range(12)]
    expected = minilm.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(minilm.embed, [texts] * 4):
            np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_folder_with_the_same_files_gives_the_same_vectors(minilm: Embedder, tmp_path: Path) -> None:
    shutil.copy(resolve("m", INFO.settings.path), tmp_path / "model.onnx")
    with pytest.raises(NotFoundError, match=r"there is no '.*tokenizer\.json'"):
        ModelRegistry().get(f"onnx:{tmp_path}").embed(["a"])
    shutil.copy(resolve("m", INFO.settings.tokenizer), tmp_path / "tokenizer.json")
    mine = ModelRegistry().get(f"onnx:{tmp_path}")
    assert mine.dimension == 384
    np.testing.assert_array_equal(mine.embed(["A cat."]), minilm.embed(["A cat."]))
    assert mine.identity != minilm.identity, "it takes 512 tokens of a text"


@pytest.mark.parametrize("texts", ["a text", [3], ["\ud800"]])
def test_what_is_no_list_of_texts_is_refused(texts: object, minilm: Embedder) -> None:
    with pytest.raises(InvalidRequestError, match="texts"):
        minilm.embed(texts)  # type: ignore[arg-type]
