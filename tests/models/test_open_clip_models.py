"""Pictures and texts in one space with open_clip, on a tiny model with random weights: the plumbing is real."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.tiny_clip import LABELS, draw, drawn
from models.torchvision_operators import with_operators
from pinyon.errors import InvalidRequestError
from pinyon.models import ModelRegistry
from pinyon.models.files import read_models
from pinyon.models.zero_shot import ZeroShot
from pinyon.types import Picture, PictureEmbedder

pytest.importorskip("torch", reason='needs pip install "pinyon[open-clip]"', exc_type=ImportError)
OPERATORS = with_operators()
pytest.importorskip("torchvision", reason='needs pip install "pinyon[open-clip]"', exc_type=ImportError)
open_clip = pytest.importorskip("open_clip", reason='needs pip install "pinyon[open-clip]"', exc_type=ImportError)
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 16},
        "text_cfg": {"context_length": 20, "vocab_size": 49_408, "width": 32, "heads": 4, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("open") / "clip"
    made.mkdir()
    (made / "open_clip_config.json").write_text(json.dumps(CONFIG))
    model = open_clip.CLIP(**CONFIG["model_cfg"])
    save_file(model.state_dict(), made / "open_clip_model.safetensors")
    return made


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Any:
    return ModelRegistry().get(f"open-clip:{folder}")


def test_vectors_and_probabilities_are_those_of_open_clip_itself(folder: Path, embedder: Any) -> None:
    import torch
    from PIL import Image

    pictures = drawn(6, seed=1)[0] + [draw("red cross", np.random.default_rng(2), size=70)]
    model, prepare = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    with torch.inference_mode():
        texts = model.eval().encode_text(tokenizer(list(LABELS)), normalize=True)
        images = model.encode_image(
            torch.stack([prepare(Image.fromarray(one.pixels)) for one in pictures]), normalize=True
        )
        scores = (model.logit_scale.exp() * images @ texts.T).softmax(dim=-1).numpy()
    np.testing.assert_allclose(embedder.embed(LABELS), texts, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_pictures(pictures), images, atol=1e-5)
    np.testing.assert_allclose(ZeroShot(embedder, LABELS, templates=["{}"]).probabilities(pictures), scores, atol=1e-4)
    assert isinstance(embedder, PictureEmbedder)
    assert (embedder.dimension, embedder.max_tokens) == (24, 20)
    assert ModelRegistry().describe(f"open-clip:{folder}").modality == "multimodal"


def test_text_beyond_the_token_limit_is_reported(embedder: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pinyon.models"):
        vectors = embedder.embed(["red " * 18, "red " * 18 + "cat", "고양이 사진"])
    assert "takes 20 tokens of a text, and 1 of 3 texts had more, up to 21" in caplog.text
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


def test_keys_of_models_toml_are_kept_to(folder: Path, tmp_path: Path, embedder: Any) -> None:
    (tmp_path / "models.toml").write_text(
        f'[models.mine]\nprovider = "open-clip"\nfolder = "{folder.as_posix()}"\nbatch_size = 2\nmax_tokens = 5\n'
        "normalize = false\n"
    )
    mine: Any = ModelRegistry(more=lambda: read_models(tmp_path / "models.toml")).get("mine")
    pictures = drawn(5, seed=3)[0]
    long = mine.embed_pictures(pictures)
    unit = long / np.linalg.norm(long, axis=1, keepdims=True)
    np.testing.assert_allclose(unit, embedder.embed_pictures(pictures), atol=1e-5)
    np.testing.assert_allclose(mine.embed(["red red red cat"]), mine.embed(["red red red"]), atol=1e-5)
    assert mine.identity != embedder.identity


@pytest.mark.parametrize("missing", ["open_clip_config.json", "open_clip_model.safetensors"])
def test_a_folder_that_open_clip_would_not_read_safely_is_refused(missing: str, folder: Path, tmp_path: Path) -> None:
    lacking = shutil.copytree(folder, tmp_path / "lacking")
    (lacking / missing).unlink()
    if missing.endswith(".safetensors"):
        # A pickle that open_clip would take, and a part with safetensors beside it.
        (lacking / "open_clip_pytorch_model.bin").write_bytes(b"pickle")
        (lacking / "part").mkdir()
        shutil.copy(folder / missing, lacking / "part")
    with pytest.raises(
        InvalidRequestError, match=r"has no open_clip_config\.json|has none of the files open_clip_model"
    ):
        ModelRegistry().get(f"open-clip:{lacking}").embed(["red"])


def test_a_text_half_that_would_be_downloaded_is_refused(folder: Path, tmp_path: Path) -> None:
    half = shutil.copytree(folder, tmp_path / "half")
    config = json.loads(json.dumps(CONFIG))
    config["model_cfg"]["text_cfg"] = {"hf_model_name": "org/text", "hf_tokenizer_name": "org/text"}
    (half / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidRequestError, match="the other is 'org/text' of the hub"):
        ModelRegistry().get(f"open-clip:{half}").embed(["red"])


def test_a_picture_of_any_shape_is_taken(embedder: Any) -> None:
    for shape in ((1, 1), (3, 64), (50, 1)):
        assert embedder.embed_pictures([Picture(np.full((*shape, 3), 9, np.uint8))]).shape == (1, 24)
