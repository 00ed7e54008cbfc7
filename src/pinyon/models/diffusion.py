"""Pipelines of diffusers that make pictures from texts, from safetensors in a folder; nothing is downloaded."""

from __future__ import annotations

import importlib.util
import inspect
import json
import secrets
import threading
from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from pinyon.errors import InvalidRequestError, NotFoundError, PromptRefusedError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.drawing import LARGEST_SEED, check_drawing
from pinyon.models.sentence import quiet
from pinyon.models.settings import DiffusionSettings
from pinyon.models.threads import capped
from pinyon.models.weights import digest, hub_folder
from pinyon.types import GeneratedPicture

__all__ = ["DiffusionPictures"]

INDEX = "model_index.json"
"""What makes a folder one of diffusers: the pipeline and its parts."""
SIDE_STEP = 8
"""Pixels: pipelines refuse sides that are no multiple of it."""


class DiffusionPictures:
    """Satisfies ``pinyon.types.ImageGenerator``. One request runs at a time; picture i is made with ``seed`` + i, and
    without a seed one is drawn and told. The same seed, folder and machine give the same picture.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._settings: DiffusionSettings = info.settings
        self.name: str = info.name
        self.threads = capped(self._settings.threads)
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self._loaded: Any = None

    def __repr__(self) -> str:
        return f"DiffusionPictures({self.name!r}, threads={self.threads})"

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizers and configurations."""
        return f"diffusers {digest(hub_folder(self.name, self._settings))}"

    def generate_pictures(
        self,
        prompt: str,
        *,
        count: int = 1,
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        seed: int | None = None,
    ) -> Sequence[GeneratedPicture]:
        """As ``pinyon.types.ImageGenerator`` says, as PNG. A prompt beyond the tokens that the model reads is cut, and
        ``GeneratedPicture.prompt`` is what was left of it. Raises NotFoundError without the files, MissingExtraError.
        """
        check_drawing(prompt, count, size, seed)
        if quality:
            raise InvalidRequestError(
                f"model {self.name!r} knows no quality, and {quality!r:.80} was asked for: leave it out. The number of "
                "steps decides, which is a key of the model's description"
            )
        if size is not None and any(side % SIDE_STEP for side in size):
            raise InvalidRequestError(
                f"model {self.name!r} makes pictures whose sides are multiples of {SIDE_STEP} pixels, and "
                f"{size[0]}x{size[1]} was asked for"
            )
        pipeline = self._load()
        settings: dict[str, Any] = {} if size is None else {"width": size[0], "height": size[1]}
        if self._settings.steps:
            settings["num_inference_steps"] = self._settings.steps
        if self._settings.guidance is not None:
            settings["guidance_scale"] = self._settings.guidance
        first = secrets.randbelow(LARGEST_SEED) if seed is None else seed
        read = _read_of(pipeline, prompt)
        return [self._picture(pipeline, prompt, settings, first + number, read) for number in range(count)]

    def _picture(self, pipeline: Any, prompt: str, settings: dict[str, Any], seed: int, read: str) -> GeneratedPicture:
        with self._busy, quiet():
            import torch

            chance = torch.Generator("cpu").manual_seed(seed)
            made = pipeline(prompt=prompt, generator=chance, output_type="pil", **settings)
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            raise PromptRefusedError(
                f"model {self.name!r}: its safety checker keeps the picture back (seed {seed}): say it in other words"
            )
        out = BytesIO()
        made.images[0].save(out, "PNG")
        return GeneratedPicture(out.getvalue(), "image/png", seed, read)

    def _load(self) -> Any:
        with self._lock:
            if self._loaded is None:
                folder = hub_folder(self.name, self._settings)
                check_pipeline(self.name, folder)
                with quiet():
                    import torch
                    from diffusers import DiffusionPipeline

                    torch.set_num_threads(self.threads)
                    pipeline = DiffusionPipeline.from_pretrained(
                        str(folder),
                        torch_dtype=getattr(torch, self._settings.dtype),
                        variant=self._settings.variant or None,
                        use_safetensors=True,
                        local_files_only=True,
                    )
                pipeline.set_progress_bar_config(disable=True)
                if "prompt" not in inspect.signature(pipeline.__call__).parameters:
                    raise InvalidRequestError(
                        f"model {self.name!r} is a {type(pipeline).__name__}, which makes pictures without a text: "
                        "choose one that takes a prompt"
                    )
                self._loaded = pipeline.to(self._settings.device)
            return self._loaded


def check_pipeline(name: str, folder: Path) -> None:
    """Raises NotFoundError for a folder that is none of diffusers, InvalidRequestError where it brings code."""
    if not (folder / INDEX).is_file():
        raise NotFoundError(
            f"model {name!r}: {str(folder)!r} has no {INDEX}, and so is no folder of diffusers; save one with "
            "save_pretrained(..., safe_serialization=True)"
        )
    code = sorted(folder.rglob("*.py"))
    code += [path for path in sorted(folder.rglob("config.json")) if "auto_map" in json.loads(path.read_text("utf-8"))]
    if code:
        raise InvalidRequestError(f"model {name!r}: {str(code[0])!r} is code of its own, which is never run")
    for part, given in json.loads((folder / INDEX).read_text("utf-8")).items():
        library = given[0] if isinstance(given, list) and given else None
        if library is not None and not _is_known(library):
            raise InvalidRequestError(
                f"model {name!r}: its part {part!r} is from {library!r:.80}, and only parts of diffusers and "
                "transformers are loaded"
            )


def _is_known(library: Any) -> bool:
    """Whether a part of a pipeline is from diffusers, where some have a module of their pipeline's own, or
    transformers."""
    if library in ("diffusers", "transformers"):
        return True
    return (
        isinstance(library, str)
        and library.isidentifier()
        and importlib.util.find_spec(f"diffusers.pipelines.{library}") is not None
    )


def _read_of(pipeline: Any, prompt: str) -> str:
    """What the tokenizers of the pipeline keep of a prompt, where all of them cut it; "" where one reads it whole."""
    best: list[int] = []
    reader: Any = None
    for part, tokenizer in pipeline.components.items():
        if not part.startswith("tokenizer") or tokenizer is None:
            continue
        whole = tokenizer(prompt, truncation=False, verbose=False)["input_ids"]
        kept = tokenizer(prompt, truncation=True, max_length=tokenizer.model_max_length)["input_ids"]
        if len(kept) == len(whole):
            return ""
        if len(kept) > len(best):
            best, reader = kept, tokenizer
    return "" if reader is None else str(reader.decode(best, skip_special_tokens=True))
