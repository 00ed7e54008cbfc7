"""Embedders and cross-encoders of sentence-transformers, on tiny models with random weights."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from models.tiny_models import save_cross_encoder, save_sentence_model, with_config
from pinyon.errors import InvalidRequestError, ModelUnavailableError, NotFoundError
from pinyon.models import ModelRegistry
from pinyon.models.files import read_models
from pinyon.models.threads import usable_cores
from pinyon.types import Embedder, Reranker

pytest.importorskip("sentence_transformers", reason='needs pip install "pinyon[sentence-transformers]"')
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

TEXTS = ["the cat sleeps", "", "고양이 잔다", "the dog runs on the sofa today"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_sentence_model(tmp_path_factory.mktemp("tiny") / "bert")


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Embedder:
    return ModelRegistry().get(f"st:{folder}")


def described(tmp_path: Path, **keys: object) -> ModelRegistry:
    lines = ["[models.mine]", 'provider = "sentence-transformers"', 'task = "embed"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    (tmp_path / "models.toml").write_text("\n".join(lines))
    return ModelRegistry(more=lambda: read_models(tmp_path / "models.toml", (), tmp_path / "models"))


def test_a_folder_gives_the_vectors_that_the_library_itself_gives(embedder: Embedder, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True)
    vectors = embedder.embed(TEXTS)
    assert (vectors.shape, vectors.dtype, embedder.dimension, embedder.metric) == ((4, 32), np.float32, 32, "cosine")
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert isinstance(embedder, Embedder)
    assert embedder.embed([]).shape == (0, 32)


def test_threads_are_never_more_than_cores(folder: Path, tmp_path: Path) -> None:
    import torch

    many = described(tmp_path, folder=str(folder), threads=64).get("mine")
    many.embed(["a"])
    assert torch.get_num_threads() == usable_cores()


def test_the_identity_is_that_of_the_files_wherever_they_lie(embedder: Embedder, folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "README.md").write_text("Something else.")
    assert ModelRegistry().get(f"st:{copy}").identity == embedder.identity
    with_config(copy, hidden_act="relu")
    assert ModelRegistry().get(f"st:{copy}").identity != embedder.identity
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = save_sentence_model(tmp_path / "other", seed=1)
    assert ModelRegistry().get(f"st:{other}").identity != embedder.identity
    assert str(folder) not in embedder.identity


def test_what_changes_vectors_changes_the_identity(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    changes = [{"normalize": False}, {"query_prefix": "query: "}, {"passage_prefix": ""}, {"truncate_dim": 8}]
    changes += [{"max_tokens": 4}, {}]
    found = {described(tmp_path, folder=str(folder), **one).get("mine").identity for one in changes}
    assert len(found) == len(changes)
    assert embedder.identity in found


def test_prefixes_and_shorter_vectors_are_as_described(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    mine = described(tmp_path, folder=str(folder), query_prefix="the ", passage_prefix="a ", truncate_dim=8).get("mine")
    assert mine.dimension == 8
    whole = embedder.embed(["the cat", "a cat"])[:, :8]
    whole = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    np.testing.assert_allclose(mine.embed(["cat"], input_type="query")[0], whole[0], atol=1e-5)
    np.testing.assert_allclose(mine.embed(["cat"])[0], whole[1], atol=1e-5)


def test_a_wrong_dimension_in_the_description_is_found_out(folder: Path, tmp_path: Path) -> None:
    mine = described(tmp_path, folder=str(folder), dimension=768).get("mine")
    with pytest.raises(ModelUnavailableError, match=r"gave vectors of shape \(1, 32\), and 768 numbers"):
        mine.embed(["a"])


def test_a_cross_encoder_scores_pairs(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = save_cross_encoder(tmp_path / "cross")
    reranker = ModelRegistry().reranker(f"st:{folder}")
    documents = ["the cat sleeps", "stocks fell", ""]
    expected = CrossEncoder(str(folder), device="cpu").predict([("cat", one) for one in documents])
    scores = reranker.rerank("cat", documents)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    assert len(set(scores.tolist())) == 3
    assert isinstance(reranker, Reranker)
    assert reranker.rerank("cat", []).shape == (0,)


def test_a_hub_name_is_found_where_pulled_models_lie_and_else_says_how_to_pull(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'org/tiny' is not on this machine.*pinyon models pull st:org/tiny"):
        ModelRegistry(store=tmp_path).get("st:org/tiny").embed(["a"])
    shutil.copytree(folder, tmp_path / "org--tiny")
    assert ModelRegistry(store=tmp_path).get("st:org/tiny").dimension == 32
    with pytest.raises(NotFoundError, match=r"there is no .*nowhere"):
        ModelRegistry().get(f"st:{tmp_path}/nowhere").embed(["a"])


def test_weights_that_run_code_are_never_read(folder: Path, tmp_path: Path) -> None:
    import torch

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    for name in ("pytorch_model.bin", "model.pt"):
        trapped = shutil.copytree(folder, tmp_path / name.replace(".", "-"))
        (trapped / "model.safetensors").unlink()
        torch.save({"weight": Trap()}, trapped / name)
        with pytest.raises(InvalidRequestError, match=f"only '{name}', a format that can run code"):
            ModelRegistry().get(f"st:{trapped}").embed(["a"])
    beside = shutil.copytree(folder, tmp_path / "dense")
    (beside / "2_Dense").mkdir()
    torch.save({"weight": Trap()}, beside / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(InvalidRequestError, match="its part '2_Dense' has weights only in a format that can run code"):
        ModelRegistry().get(f"st:{beside}").embed(["a"])
    assert not (tmp_path / "sprung").exists()


def test_code_of_models_is_never_run(folder: Path, tmp_path: Path) -> None:
    remote = shutil.copytree(folder, tmp_path / "remote")
    with_config(remote, auto_map={"AutoModel": "trap.Trap"})
    (remote / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap: pass\n")
    with pytest.raises(InvalidRequestError, match="asks to run code of its own"):
        ModelRegistry().get(f"st:{remote}").embed(["a"])
    foreign = shutil.copytree(folder, tmp_path / "foreign")
    modules = json.loads((foreign / "modules.json").read_text())
    modules[0]["type"] = "subprocess.Popen"
    (foreign / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(InvalidRequestError, match=r"asks for 'subprocess\.Popen', which is no part of"):
        ModelRegistry().get(f"st:{foreign}").embed(["a"])
    assert not (tmp_path / "sprung").exists()
