"""Models for pictures of real architectures, so small that they are made, or even trained, in moments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from models.tiny_models import WORDS, save_tokenizer
from pinyon.types import Picture

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 40), "blue": (30, 60, 220), "yellow": (240, 220, 40)}
SIDE = 32
"""Pixels of the square that the tiny models look at, in 16 patches."""


def spot(colour: str, *, seed: int = 0, side: int = SIDE) -> Picture:
    """A rectangle of one colour somewhere on a grey ground."""
    rng = np.random.default_rng(seed)
    pixels = np.full((side, side, 3), rng.integers(90, 150), np.uint8)
    top, left = rng.integers(0, side // 2, 2)
    height, width = rng.integers(side // 3, side // 2, 2)
    pixels[top : top + height, left : left + width] = COLOURS[colour]
    return Picture(pixels)


def save_llava(folder: Path, *, template: str = "", steps: int = 0) -> Path:
    """A tiny LLaVA, of CLIP's vision half and a Llama. steps: of training to name the colour of a spot."""
    import torch
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder, more=["<image>", "USER", "ASSISTANT", ":", "what", *COLOURS], end="")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=CLIPVisionConfig(image_size=SIDE, patch_size=8, projection_dim=32, **size),
            text_config=LlamaConfig(
                vocab_size=len(tokenizer), max_position_embeddings=128, eos_token_id=3, pad_token_id=0, bos_token_id=2,
                **size,
            ),
            image_token_index=image_token, vision_feature_layer=-1, vision_feature_select_strategy="default",
        )
    )  # fmt: skip
    square = {"height": SIDE, "width": SIDE}
    processor = LlavaProcessor(
        CLIPImageProcessor(size=square, crop_size=square), tokenizer, patch_size=8, num_additional_image_tokens=1,
        vision_feature_select_strategy="default", image_token="<image>", chat_template=template or None,
    )  # fmt: skip
    if steps:
        _train(model, processor, steps)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _train(model: Any, processor: Any, steps: int) -> None:
    import torch
    from PIL import Image

    torch.set_num_threads(1)  # its tensors are too small for several
    learn = torch.optim.AdamW(model.parameters(), lr=3e-3)
    names = list(COLOURS)
    for step in range(steps):
        chosen = [names[at % len(names)] for at in range(16)]
        texts = [f"USER: <image>\nwhat ASSISTANT: {name} [SEP]" for name in chosen]
        images = [Image.fromarray(spot(name, seed=16 * step + at).pixels) for at, name in enumerate(chosen)]
        made = processor(text=texts, images=images, return_tensors="pt")
        # The name of the colour and the end: all else is the prompt.
        labels = made["input_ids"].clone()
        labels[:, :-2] = -100
        loss = model(**made, labels=labels).loss
        loss.backward()
        learn.step()
        learn.zero_grad()


def save_diffusion(folder: Path, *, most_tokens: int = 16) -> Path:
    """A pipeline of Stable Diffusion's parts with random weights; its pictures are noise of 16 pixels."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder.with_name(folder.name + "-tokenizer"), most=most_tokens)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text = CLIPTextModel(
        CLIPTextConfig(vocab_size=len(WORDS) + 5, max_position_embeddings=most_tokens, eos_token_id=3, **size)
    )
    groups = {"norm_num_groups": 4, "block_out_channels": (8, 8), "layers_per_block": 1}
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, cross_attention_dim=16, attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **groups,
    )  # fmt: skip
    vae = AutoencoderKL(
        latent_channels=4, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        **groups,
    )  # fmt: skip
    StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=DDIMScheduler(), safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder
