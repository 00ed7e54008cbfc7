"""Causal language models of transformers, Mamba included, from safetensors in a folder; nothing is downloaded."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from functools import cached_property
from queue import SimpleQueue
from typing import Any

from pinyon.errors import ContextOverflowError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.generation import TextStream, check_request, until_stop
from pinyon.models.sentence import quiet
from pinyon.models.settings import TransformersSettings
from pinyon.models.threads import capped
from pinyon.models.weights import digest, hub_folder
from pinyon.types import ChatMessage, Generation, Usage

__all__ = ["CausalGenerator", "FolderGenerator", "Job"]

DEFAULT_CONTEXT = 2_048
"""Where neither the description nor the model's configuration has a number, as with Mamba, which has no bound."""


class FolderGenerator(ABC):
    """What generators of transformers share, whose weights lie in a folder. A class of it loads them."""

    def __init__(self, info: ModelInfo) -> None:
        self._settings: TransformersSettings = info.settings
        self.name: str = info.name
        self.threads = capped(self._settings.threads)
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, threads={self.threads})"

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizer and configuration."""
        return f"transformers {digest(hub_folder(self.name, self._settings))}"

    @cached_property
    def context_tokens(self) -> int:
        """As described, else as the model's configuration says, which loads it."""
        if self._settings.context_tokens:
            return self._settings.context_tokens
        found = getattr(self._load()[0].config.get_text_config(), "max_position_embeddings", None)
        return int(found) if found else DEFAULT_CONTEXT

    @abstractmethod
    def _load(self) -> tuple[Any, Any]:
        """The model, and what turns a conversation into its tokens."""


class CausalGenerator(FolderGenerator):
    """Satisfies ``pinyon.types.Generator``. One request runs at a time.

    A conversation becomes a prompt by the template of the tokenizer; a model without one gets lines such as
    ``user: ...`` and an open ``assistant:``.
    """

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, as the model's own tokenizer makes them."""
        return len(self._load()[1].encode(text, add_special_tokens=False))

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
        check_request(messages, max_tokens, temperature, stop)
        model, tokenizer = self._load()
        ids = _prompt(tokenizer, messages)
        if ids.shape[1] >= self.context_tokens:
            raise ContextOverflowError(
                f"the conversation has {ids.shape[1]} tokens, and model {self.name!r} takes {self.context_tokens} with "
                "its answer: shorten it"
            )
        settings: dict[str, Any] = {
            "max_new_tokens": min(max_tokens, self.context_tokens - ids.shape[1]),
            "do_sample": temperature > 0.0,
            "pad_token_id": tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        }
        if temperature > 0.0:
            settings["temperature"] = temperature
        return TextStream(Job(model, tokenizer, {"input_ids": ids}, settings, seed or 0, tuple(stop), self._busy).write)

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                folder = str(hub_folder(self.name, self._settings))
                with quiet():
                    import torch
                    from transformers import AutoModelForCausalLM, AutoTokenizer

                    torch.set_num_threads(self.threads)
                    safe = {"local_files_only": True, "trust_remote_code": False}
                    tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
                    model = AutoModelForCausalLM.from_pretrained(
                        folder, use_safetensors=True, dtype=torch.float32, **safe
                    )
                    self._loaded = model.to(self._settings.device).eval(), tokenizer
            return self._loaded


def _prompt(tokenizer: Any, messages: Sequence[ChatMessage]) -> Any:
    """(1, t) int64 tokens of a conversation, up to where the answer begins."""
    if tokenizer.chat_template:
        turns = [{"role": one.role, "content": one.content} for one in messages]
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    text = "".join(f"{one.role}: {one.content}\n" for one in messages) + "assistant:"
    return tokenizer(text, return_tensors="pt")["input_ids"]


class Job:
    """One request: runs in a thread of its own, which gives pieces of text and ends when the reader has left.

    inputs: by name, tensors with (1, t) ``input_ids`` among them. settings: of ``generate``.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        inputs: dict[str, Any],
        settings: dict[str, Any],
        seed: int,
        stop: tuple[str, ...],
        lock: Any,
    ) -> None:
        self._model, self._tokenizer, self._inputs, self._settings = model, tokenizer, inputs, settings
        self._seed, self._stop, self._lock = seed, stop, lock
        self._left = threading.Event()
        self._tokens: SimpleQueue[int | BaseException | None] = SimpleQueue()

    def write(self, stream: TextStream) -> Generator[str, None, None]:
        worker = threading.Thread(target=self._work, name="pinyon-generate", daemon=True)
        worker.start()
        stopped: list[bool] = []
        count = 0

        def pieces() -> Generator[str, None, None]:
            nonlocal count
            given, tokens = "", []
            while (token := self._tokens.get()) is not None:
                if isinstance(token, BaseException):
                    raise token
                count += 1
                tokens.append(token)
                text = self._tokenizer.decode(tokens, skip_special_tokens=True)
                # A character may need several tokens; until they are all there it is shown as a replacement.
                if not text.endswith("\ufffd") and len(text) > len(given):
                    yield text[len(given) :]
                    given = text

        try:
            yield from until_stop(pieces(), self._stop, lambda: stopped.append(True))
            ended = bool(stopped) or count < self._settings["max_new_tokens"]
            stream.finish_reason = "stop" if ended else "length"
        finally:
            self._left.set()
            worker.join()
            stream.usage = Usage(int(self._inputs["input_ids"].shape[1]), count)

    def _work(self) -> None:
        try:
            with self._lock, quiet():
                import torch
                from transformers import StoppingCriteriaList

                torch.manual_seed(self._seed)
                given = {name: value.to(self._model.device) for name, value in self._inputs.items()}
                with torch.inference_mode():
                    self._model.generate(
                        **{"attention_mask": torch.ones_like(given["input_ids"])} | given,
                        streamer=self,
                        stopping_criteria=StoppingCriteriaList([lambda ids, scores, **_: self._ended(ids)]),
                        **self._settings,
                    )
            self._tokens.put(None)
        except Exception as error:  # whatever it is, it belongs to the reader
            self._tokens.put(error)

    def _ended(self, ids: Any) -> Any:
        import torch

        return torch.full((ids.shape[0],), self._left.is_set(), device=ids.device, dtype=torch.bool)

    # -- what transformers calls a streamer: first it is given the prompt, then every token -------------------------

    _seen_prompt = False

    def put(self, value: Any) -> None:
        if not self._seen_prompt:
            self._seen_prompt = True
            return
        for token in value.reshape(-1).tolist():
            self._tokens.put(token)

    def end(self) -> None:
        """The thread itself says when it is done."""
