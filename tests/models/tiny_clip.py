"""A CLIP that learns colours and forms within seconds, in English and Korean, and the pictures that it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pinyon.types import Picture, Pixels

COLOURS = {
    "red": (220, 30, 30), "green": (20, 150, 40), "blue": (30, 60, 220), "yellow": (235, 215, 20),
    "purple": (140, 30, 170), "orange": (245, 130, 10), "black": (15, 15, 15), "grey": (128, 128, 128),
}  # fmt: skip
FORMS = ("circle", "square", "triangle", "cross")
LABELS = tuple(f"{colour} {form}" for colour in COLOURS for form in FORMS)
KOREAN = dict(zip((*COLOURS, *FORMS), "빨간 초록 파란 노란 보라 주황 검은 회색 원 네모 세모 십자".split(), strict=True))
KOREAN_LABELS = tuple(" ".join(KOREAN[word] for word in label.split()) for label in LABELS)
TEMPLATES = ("{}", "a picture of a {}")
KOREAN_TEMPLATES = ("{}", "{} 그림")
SIZE, TOKENS = 32, 16


def draw(label: str, rng: np.random.Generator, size: int = SIZE) -> Picture:
    """A form somewhere on a light background, of about the colour, with noise on everything."""
    colour, form = label.split()
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    radius = rng.uniform(0.28, 0.36) * size
    right, down = rng.uniform(0.44, 0.56, 2) * size
    dx, dy = np.abs(x - right), y - down
    inside = {
        "circle": dx**2 + dy**2 <= radius**2,
        "square": np.maximum(dx, np.abs(dy)) <= 0.85 * radius,
        "triangle": (dy <= 0.8 * radius) & (dy >= -radius + 1.9 * dx),
        "cross": np.minimum(dx, np.abs(dy)) <= 0.28 * radius,
    }[form] & (np.maximum(dx, np.abs(dy)) <= radius)
    pixels = np.full((size, size, 3), rng.uniform(225, 255), np.float64)
    pixels[inside] = np.asarray(COLOURS[colour]) + rng.normal(0, 12, 3)
    noisy: Pixels = np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    return Picture(noisy)


def drawn(count: int, seed: int) -> tuple[list[Picture], list[str]]:
    """Pictures with random labels, and the labels."""
    rng = np.random.default_rng(seed)
    labels = [LABELS[at] for at in rng.integers(0, len(LABELS), count)]
    return [draw(label, rng) for label in labels], labels


def save_word_tokenizer(folder: Path, *, longest: int = TOKENS) -> Any:
    """Whole words, [CLS] before and [SEP] behind them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    texts = (*LABELS, *KOREAN_LABELS, *TEMPLATES, *KOREAN_TEMPLATES)
    words = sorted({word for text in texts for word in text.replace("{}", "").split()})
    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        eos_token="[SEP]", model_max_length=longest,
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_image_processor(folder: Path) -> Any:
    from transformers import CLIPImageProcessorPil

    edges = {"height": SIZE, "width": SIZE}
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIZE}, crop_size=edges)
    processor.save_pretrained(folder)
    return processor


def parts(vocabulary: int) -> dict[str, dict[str, Any]]:
    """Sizes of the text half and of the vision half."""
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    tokens = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    return {
        "text_config": {"vocab_size": vocabulary, "max_position_embeddings": TOKENS, **tokens, **size},
        "vision_config": {"image_size": SIZE, "patch_size": 8, **size},
    }


def save_trained_clip(folder: Path, *, steps: int = 300) -> Path:
    """Cross-entropy of every picture against all labels, however often a label is in a batch."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(0)
    tokenizer, processor = save_word_tokenizer(folder), save_image_processor(folder)
    model = CLIPModel(CLIPConfig(**parts(len(tokenizer)), projection_dim=32))
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    pictures, labels = drawn(1_024, seed=0)
    truth = torch.tensor([LABELS.index(label) for label in labels])
    pixels = processor(images=[one.pixels for one in pictures], input_data_format="channels_last", return_tensors="pt")[
        "pixel_values"
    ]
    texts = [
        tokenizer([template.replace("{}", label) for label in names], padding=True, return_tensors="pt")
        for names, templates in ((LABELS, TEMPLATES), (KOREAN_LABELS, KOREAN_TEMPLATES))
        for template in templates
    ]
    for step in range(steps):
        chosen = torch.randint(len(truth), (32,))
        scores = model(**texts[step % len(texts)], pixel_values=pixels[chosen]).logits_per_image
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(scores, truth[chosen]).backward()
        optimizer.step()
        schedule.step()
    model.save_pretrained(folder)
    return folder
