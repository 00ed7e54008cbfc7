"""Pictures and texts in one space with transformers, from safetensors in a folder; nothing is downloaded.

CLIP (Radford et al. 2021, arXiv:2103.00020), SigLIP and SigLIP 2 (arXiv:2303.15343, arXiv:2502.14786), AltCLIP
(arXiv:2211.06679), Chinese CLIP (arXiv:2211.01335), and whatever else has ``get_text_features`` and
``get_image_features``. Texts may go to a model of sentence-transformers that was trained for the same space, such as
clip-ViT-B-32-multilingual-v1 (arXiv:2004.09813), which knows Korean.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.sentence import SentenceEmbedder
from pinyon.models.settings import ClipSettings, HubSettings, SentenceSettings
from pinyon.models.towers import TowerEmbedder, Towers
from pinyon.models.weights import digest, hub_folder
from pinyon.types import Floats, Picture

__all__ = ["ClipEmbedder"]

_SAFE = {"local_files_only": True, "trust_remote_code": False}
_PADDED = ("siglip", "siglip2")
"""Kinds of model that were trained on texts filled up to the longest."""
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


class ClipEmbedder(TowerEmbedder):
    """Satisfies ``pinyon.types.PictureEmbedder`` with a model of transformers."""

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizer and configuration, and all that changes a vector. Reads the files once."""
        chosen: ClipSettings = self._settings
        parts = [f"clip {digest(hub_folder(self.name, chosen))}"]
        text = _text_settings(chosen)
        parts += [f"texts {digest(hub_folder(self.name, text))}"] if text else []
        parts += [f"{self._info.max_tokens} tokens"] if self._info.max_tokens else []
        parts += ["unit"] if chosen.normalize else []
        return ", ".join(parts)

    def _open(self) -> Towers:
        import torch

        folder = hub_folder(self.name, self._settings)
        text = _text_settings(self._settings)
        torch.set_num_threads(self.threads)
        return _Clip(self._info, folder, _text_model(self._info, text) if text else None)


class _Clip:
    """Satisfies ``Towers``."""

    def __init__(self, info: ModelInfo, folder: Path, texts: SentenceEmbedder | None) -> None:
        from safetensors import SafetensorError

        config = _config(info.name, folder)
        try:
            model, self._processor, self._tokenizer = _read(folder, tokenizer=texts is None)
        except (OSError, ValueError, SafetensorError) as error:  # a part is missing, or is not what it should be
            raise InvalidRequestError(
                f"model {info.name!r}: {str(folder)!r} is not whole: {_first_line(error)}"
            ) from None
        self._texts = texts
        self._device = info.settings.device
        self._model = model.to(self._device).eval()
        self._padding: Any = "max_length" if config.model_type in _PADDED else True
        self.max_tokens = texts.max_tokens if texts else _most_tokens(config, self._tokenizer, info.max_tokens)
        self.logit_scale = math.exp(float(model.logit_scale)) if hasattr(model, "logit_scale") else 100.0

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        if self._texts is not None:
            return self._texts.token_counts(texts)
        return [len(ids) for ids in self._tokenizer(list(texts), verbose=False)["input_ids"]] if texts else []

    def text_vectors(self, texts: Sequence[str]) -> Floats:
        if self._texts is not None:
            return self._texts.embed(texts)
        tokens = self._tokenizer(
            list(texts), padding=self._padding, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        return self._features(self._model.get_text_features, tokens)

    def picture_vectors(self, pictures: Sequence[Picture]) -> Floats:
        from PIL import Image

        images = [Image.fromarray(picture.pixels) for picture in pictures]
        # The order of the numbers is said, because that of a picture three pixels high cannot be guessed.
        given = self._processor(images=images, input_data_format="channels_last", return_tensors="pt")
        return self._features(self._model.get_image_features, given)

    def _features(self, ask: Any, given: Any) -> Floats:
        import torch

        with torch.inference_mode():
            found = ask(**given.to(self._device))
        # Until version 5 of transformers the features themselves were given.
        pooled = found if isinstance(found, torch.Tensor) else found.pooler_output
        vectors: Floats = pooled.float().cpu().numpy().astype(np.float32, copy=False)
        return vectors


def _read(folder: Path, *, tokenizer: bool) -> tuple[Any, Any, Any]:
    """Model, image processor, and the tokenizer where it is wanted."""
    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **_SAFE)
    processor = AutoImageProcessor.from_pretrained(folder, **_SAFE, **_pillow())
    return model, processor, AutoTokenizer.from_pretrained(folder, **_SAFE) if tokenizer else None


def _config(name: str, folder: Path) -> Any:
    """The configuration of a model of pictures and texts. Raises InvalidRequestError for a folder of something else."""
    from transformers import MODEL_MAPPING, AutoConfig

    where = f"model {name!r}: {str(folder)!r}"
    if not (folder / "config.json").is_file():
        raise InvalidRequestError(f"{where} has no config.json, so it is no model of transformers")
    try:
        config = AutoConfig.from_pretrained(folder, **_SAFE)
    except ValueError as error:  # of a kind that transformers does not know
        raise InvalidRequestError(f"{where} cannot be read: {_first_line(error)}") from None
    found = MODEL_MAPPING.get(type(config), None)
    if not (hasattr(found, "get_text_features") and hasattr(found, "get_image_features")):
        raise InvalidRequestError(
            f"{where} is of the kind {config.model_type!r}, which does not put pictures and texts into one space. "
            f"Needed is CLIP, SigLIP, AltCLIP or Chinese CLIP; a model of texts alone is named st:{folder}"
        )
    if not any((folder / file).is_file() for file in _PROCESSORS):
        raise InvalidRequestError(f"{where} has no {_PROCESSORS[0]}, which says how pictures are scaled")
    return config


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _most_tokens(config: Any, tokenizer: Any, described: int | None) -> int:
    """Tokens of a text that count: as described, but no more than the tokenizer and the model take."""
    places = int(config.text_config.max_position_embeddings)
    if config.model_type == "altclip":  # counts places from the one after its padding, as RoBERTa does
        places -= config.text_config.pad_token_id + 1
    return min(places, int(tokenizer.model_max_length), described or places)


def _pillow() -> dict[str, Any]:
    """Asks for pictures scaled by Pillow, also where torchvision, which scales a little differently, is installed."""
    chosen = importlib.util.find_spec("transformers.image_processing_backends") is not None
    return {"backend": "pil"} if chosen else {"use_fast": False}


def _text_settings(settings: ClipSettings) -> HubSettings | None:
    if not settings.text_folder and not settings.text_hub:
        return None
    return HubSettings(
        folder=settings.text_folder, hub=settings.text_hub, revision=settings.text_revision, store=settings.store
    )


def _text_model(info: ModelInfo, text: HubSettings) -> SentenceEmbedder:
    chosen: ClipSettings = info.settings
    settings = SentenceSettings(
        folder=text.folder,
        hub=text.hub,
        revision=text.revision,
        store=text.store,
        threads=chosen.threads,
        batch_size=chosen.batch_size,
        device=chosen.device,
        normalize=False,
        passage_prefix="",
    )
    return SentenceEmbedder(replace(info, settings=settings, dimension=0))
