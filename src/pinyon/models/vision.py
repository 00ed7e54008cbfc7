"""Vision-language models of transformers, such as LLaVA, from safetensors in a folder; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pinyon.errors import ContextOverflowError, InvalidRequestError
from pinyon.models.causal import FolderGenerator, Job
from pinyon.models.generation import TextStream, check_request
from pinyon.models.picture_files import as_image
from pinyon.models.sentence import quiet
from pinyon.models.settings import VisionSettings
from pinyon.models.weights import hub_folder
from pinyon.types import ChatMessage, Generation

__all__ = ["VisionGenerator"]


class VisionGenerator(FolderGenerator):
    """Satisfies ``pinyon.types.Generator`` and takes pictures. One request runs at a time.

    A conversation becomes a prompt by the template of the processor; a model without one gets lines as LLaVA 1.5 was
    trained on: ``USER: <image>`` and what is asked, and an open ``ASSISTANT:``. Pictures count as tokens of the prompt.
    """

    _settings: VisionSettings

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, as the model's own tokenizer makes them."""
        return len(self._load()[1].tokenizer.encode(text, add_special_tokens=False))

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        """As ``pinyon.types.Generator`` says. Raises NotFoundError without the files, MissingExtraError."""
        check_request(messages, max_tokens, temperature, stop, sees=True)
        model, processor = self._load()
        inputs = _inputs(processor, messages)
        length = int(inputs["input_ids"].shape[1])
        if length >= self.context_tokens:
            raise ContextOverflowError(
                f"the conversation has {length} tokens with its pictures, and model {self.name!r} takes "
                f"{self.context_tokens} with its answer: shorten it, or show fewer pictures"
            )
        tokenizer = processor.tokenizer
        settings: dict[str, Any] = {
            "max_new_tokens": min(max_tokens, self.context_tokens - length),
            "do_sample": temperature > 0.0,
            "pad_token_id": tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        }
        if temperature > 0.0:
            settings["temperature"] = temperature
        given = {name: value.to(model.dtype) if value.is_floating_point() else value for name, value in inputs.items()}
        return TextStream(Job(model, tokenizer, given, settings, seed or 0, tuple(stop), self._busy).write)

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                folder = str(hub_folder(self.name, self._settings))
                with quiet():
                    import torch
                    from transformers import AutoModelForImageTextToText, AutoProcessor

                    torch.set_num_threads(self.threads)
                    safe = {"local_files_only": True, "trust_remote_code": False}
                    processor = AutoProcessor.from_pretrained(folder, **safe)
                    if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
                        raise InvalidRequestError(
                            f"model {self.name!r}: {folder!r} does not say how it takes text and pictures: it needs "
                            "preprocessor_config.json and a tokenizer beside the weights"
                        )
                    model = AutoModelForImageTextToText.from_pretrained(
                        folder, use_safetensors=True, dtype=getattr(torch, self._settings.dtype), **safe
                    )
                    self._loaded = model.to(self._settings.device).eval(), processor
            return self._loaded


def _inputs(processor: Any, messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Tensors of a conversation, up to where the answer begins: ``input_ids`` (1, t) int64, pixels and what is more."""
    images = [as_image(picture) for message in messages for picture in message.pictures]
    with_template = bool(processor.chat_template)
    if with_template:
        turns = [{"role": one.role, "content": _parts(one)} for one in messages]
        text = processor.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    else:
        text = _plain(getattr(processor, "image_token", "<image>"), messages)
    with quiet():
        made = processor(text=[text], images=images or None, return_tensors="pt", add_special_tokens=not with_template)
    return dict(made)


def _parts(message: ChatMessage) -> list[dict[str, str]]:
    return [*({"type": "image"} for _ in message.pictures), {"type": "text", "text": message.content}]


def _plain(image_token: str, messages: Sequence[ChatMessage]) -> str:
    lines = []
    for one in messages:
        said = f"{image_token}\n" * len(one.pictures) + one.content
        lines.append(said if one.role == "system" else f"{one.role.upper()}: {said}")
    return " ".join([*lines, "ASSISTANT:"])
