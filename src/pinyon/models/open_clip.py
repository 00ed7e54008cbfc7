"""Pictures and texts in one space with open_clip, from safetensors in a folder; nothing is downloaded.

A folder is what the hub has of such a model: ``open_clip_config.json``, ``open_clip_model.safetensors`` (or another
of the names below), and a tokenizer unless the model uses that of CLIP. Source: Cherti et al. 2023, arXiv:2212.07143.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.towers import TowerEmbedder, Towers
from pinyon.models.weights import digest, hub_folder
from pinyon.types import Floats, Picture

__all__ = ["OpenClipEmbedder"]

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
"""The files that open_clip takes before any pickle."""


class OpenClipEmbedder(TowerEmbedder):
    """Satisfies ``pinyon.types.PictureEmbedder`` with a model of open_clip."""

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizer and configuration, and all that changes a vector. Reads the files once."""
        parts = [f"open_clip {digest(hub_folder(self.name, self._settings))}"]
        parts += [f"{self._info.max_tokens} tokens"] if self._info.max_tokens else []
        parts += ["unit"] if self._settings.normalize else []
        return ", ".join(parts)

    def _open(self) -> Towers:
        import torch

        folder = hub_folder(self.name, self._settings)
        _check(self.name, folder)
        torch.set_num_threads(self.threads)
        return _OpenClip(self._info, folder)


class _OpenClip:
    """Satisfies ``Towers``."""

    def __init__(self, info: ModelInfo, folder: Path) -> None:
        import open_clip

        self._device = info.settings.device
        place = f"local-dir:{folder}"
        model, _, self._prepare = open_clip.create_model_and_transforms(
            place, device=self._device, pretrained_image=False, pretrained_text=False
        )
        self._model: Any = model.eval()
        self._tokenizer: Any = open_clip.get_tokenizer(place)
        self._longest = int(self._tokenizer.context_length)
        self._filler = int(getattr(getattr(self._tokenizer, "tokenizer", None), "pad_token_id", 0) or 0)
        self.max_tokens = min(self._longest, info.max_tokens or self._longest)
        self.logit_scale = float(model.logit_scale.exp())

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        tokenizer = self._tokenizer
        if hasattr(tokenizer, "encode"):  # that of CLIP, which adds a token at either end
            return [len(tokenizer.encode(text)) + 2 for text in texts]
        return [len(tokenizer.tokenizer(tokenizer.clean_fn(text), verbose=False)["input_ids"]) for text in texts]

    def text_vectors(self, texts: Sequence[str]) -> Floats:
        import torch

        tokens = self._tokenizer(list(texts), context_length=self.max_tokens)
        rest = self._longest - self.max_tokens  # the model takes texts of its full length only
        return self._features(self._model.encode_text, torch.nn.functional.pad(tokens, (0, rest), value=self._filler))

    def picture_vectors(self, pictures: Sequence[Picture]) -> Floats:
        import torch
        from PIL import Image

        given = torch.stack([self._prepare(Image.fromarray(picture.pixels)) for picture in pictures])
        return self._features(self._model.encode_image, given)

    def _features(self, ask: Any, given: Any) -> Floats:
        import torch

        with torch.inference_mode():
            vectors: Floats = ask(given.to(self._device)).float().cpu().numpy().astype(np.float32, copy=False)
        return vectors


def _check(name: str, folder: Path) -> None:
    """Raises InvalidRequestError for a folder that open_clip would read pickles from, or download for."""
    where = f"model {name!r}: {str(folder)!r}"
    if not (folder / CONFIG).is_file():
        raise InvalidRequestError(f"{where} has no {CONFIG}. A folder of transformers is named clip:{folder}")
    if not any((folder / file).is_file() for file in WEIGHTS):
        raise InvalidRequestError(f"{where} has none of the files {', '.join(WEIGHTS)}, which open_clip takes")
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    text = config.get("model_cfg", {}).get("text_cfg", {}) if isinstance(config, dict) else {}
    if text.get("hf_model_name"):
        raise InvalidRequestError(
            f"{where} has only half of its text model: the other is {text['hf_model_name']!r:.100} of the hub, which "
            "open_clip would download. Choose a model that has its text model with it"
        )
