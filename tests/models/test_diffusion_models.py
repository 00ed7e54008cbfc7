"""Pipelines of diffusers, on one of Stable Diffusion's parts with random weights: its pictures are noise, the plumbing
is real."""

from __future__ import annotations

import json
import shutil
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from models.tiny_pictures import save_diffusion
from pinyon.errors import InvalidRequestError, NotFoundError, PromptRefusedError
from pinyon.models import ModelRegistry
from pinyon.models.describing import described
from pinyon.models.families import FAMILIES
from pinyon.types import ImageGenerator

pytest.importorskip("torch", reason='needs pip install "pinyon[diffusers]"')
pytest.importorskip("transformers", reason='needs pip install "pinyon[diffusers]"')
pytest.importorskip("diffusers", reason='needs pip install "pinyon[diffusers]"')
Image = pytest.importorskip("PIL.Image", reason='needs pip install "pinyon[diffusers]"')
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_diffusion(tmp_path_factory.mktemp("diffusion") / "sd")


def model(folder: Path, **settings: Any) -> Any:
    info = described("mine", FAMILIES["diffusers"], "image", {"folder": str(folder), "steps": 2, **settings})
    return ModelRegistry({"mine": info}, {}).image_generator("mine")


@pytest.fixture(scope="module")
def generator(folder: Path) -> ImageGenerator:
    made: ImageGenerator = model(folder)
    return made


def test_the_picture_is_what_the_library_itself_makes(folder: Path, generator: ImageGenerator) -> None:
    import torch
    from diffusers import StableDiffusionPipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = StableDiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline("the cat", num_inference_steps=2, generator=torch.Generator().manual_seed(7)).images[0]
    (made,) = generator.generate_pictures("the cat", seed=7)
    with Image.open(BytesIO(made.data)) as picture:
        assert picture.format == "PNG"
        assert picture.tobytes() == expected.tobytes()
    assert (made.media_type, made.seed, made.prompt) == ("image/png", 7, "")


def test_each_picture_has_a_seed_that_repeats_it(generator: ImageGenerator) -> None:
    first, second = generator.generate_pictures("the cat", count=2, seed=7)
    assert (first.seed, second.seed) == (7, 8)
    assert first.data != second.data
    assert generator.generate_pictures("the cat", seed=8)[0].data == second.data
    (drawn,) = generator.generate_pictures("the cat")
    assert generator.generate_pictures("the cat", seed=drawn.seed)[0].data == drawn.data
    assert generator.generate_pictures("the dog", seed=7)[0].data != first.data


def test_sizes_are_multiples_of_eight(generator: ImageGenerator) -> None:
    (made,) = generator.generate_pictures("a", size=(24, 16), seed=1)
    with Image.open(BytesIO(made.data)) as picture:
        assert picture.size == (24, 16)
    with pytest.raises(InvalidRequestError, match="multiples of 8 pixels, and 20x16 was asked for"):
        generator.generate_pictures("a", size=(20, 16))
    with pytest.raises(InvalidRequestError, match="knows no quality, and 'hd' was asked for"):
        generator.generate_pictures("a", quality="hd")


def test_a_prompt_that_is_cut_says_what_was_left(generator: ImageGenerator) -> None:
    (whole,) = generator.generate_pictures("a b c d e f g h a b c d e f", seed=1)
    (cut,) = generator.generate_pictures("a b c d e f g h a b c d e f g h", seed=1)
    assert whole.prompt == ""
    assert cut.prompt == "a b c d e f g h a b c d e f"


def test_steps_and_guidance_are_as_described(folder: Path, generator: ImageGenerator) -> None:
    usual = generator.generate_pictures("a", seed=1)[0].data
    assert model(folder, steps=3).generate_pictures("a", seed=1)[0].data != usual
    assert model(folder, guidance=0.0).generate_pictures("a", seed=1)[0].data != usual
    assert model(folder, guidance=7.5).generate_pictures("a", seed=1)[0].data == usual, "the pipeline's own"


def test_weights_with_a_word_in_their_names_are_found(folder: Path, generator: ImageGenerator, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    for weights in list(copy.rglob("*.safetensors")):
        weights.rename(weights.with_name(f"{weights.stem}.fp16.safetensors"))
    usual = generator.generate_pictures("a", seed=1)[0].data
    assert model(copy, variant="fp16").generate_pictures("a", seed=1)[0].data == usual


def test_a_picture_that_the_safety_checker_keeps_back_is_told(folder: Path) -> None:
    import torch
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    generator = model(folder)
    pipeline = generator._load()
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config={"image_size": 16, "patch_size": 8, **size}, text_config=size, projection_dim=8)
    )
    torch.nn.init.constant_(checker.concept_embeds_weights, -10.0)  # below any similarity: everything is unsafe
    square = {"height": 16, "width": 16}
    pipeline.safety_checker = checker.eval()
    pipeline.feature_extractor = CLIPImageProcessor(size=square, crop_size=square)
    with pytest.raises(PromptRefusedError, match=r"its safety checker keeps the picture back \(seed 3\)"):
        generator.generate_pictures("a", seed=3)


def test_the_identity_is_a_digest_of_all_parts(folder: Path, generator: ImageGenerator, tmp_path: Path) -> None:
    assert isinstance(generator, ImageGenerator)
    assert generator.identity.startswith("diffusers sha256:")
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert model(copy).identity == generator.identity
    (copy / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"other")
    assert model(copy).identity != generator.identity


def test_code_of_pipelines_is_never_run(folder: Path, tmp_path: Path) -> None:
    def refused(said: str) -> None:
        with pytest.raises(InvalidRequestError, match=said):
            model(copy).generate_pictures("a")

    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "unet" / "trap.py").write_text("raise SystemExit")
    refused(r"trap\.py' is code of its own, which is never run")
    (copy / "unet" / "trap.py").unlink()
    index = copy / "model_index.json"
    whole = json.loads(index.read_text())
    index.write_text(json.dumps(whole | {"unet": ["os", "system"]}))
    refused("its part 'unet' is from 'os', and only parts of diffusers and transformers are loaded")
    index.write_text(json.dumps(whole | {"_class_name": ["trap", "Trap"]}))
    refused("its part '_class_name' is from 'trap'")
    index.write_text(json.dumps(whole))
    weights = copy / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    refused("its part 'vae' has weights only in a format that can run code")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(NotFoundError, match=r"has no model_index\.json, and so is no folder of diffusers"):
        model(tmp_path).generate_pictures("a")
    with pytest.raises(NotFoundError, match="pinyon models pull diffusers:org/tiny"):
        ModelRegistry(store=tmp_path).image_generator("diffusers:org/tiny").generate_pictures("a")


def test_a_pipeline_without_prompts_is_refused(tmp_path: Path) -> None:
    from diffusers import DDIMScheduler, DDPMPipeline, UNet2DModel

    unet = UNet2DModel(
        sample_size=8, block_out_channels=(8, 8), norm_num_groups=4, layers_per_block=1,
        down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        DDPMPipeline(unet, DDIMScheduler()).save_pretrained(tmp_path)
    with pytest.raises(InvalidRequestError, match="is a DDPMPipeline, which makes pictures without a text"):
        model(tmp_path).generate_pictures("a")
