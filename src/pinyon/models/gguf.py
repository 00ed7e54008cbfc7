"""Language models in one GGUF file, run in this process by llama.cpp."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

from pinyon.errors import ContextOverflowError, InvalidRequestError, ModelUnavailableError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.generation import TextStream, check_request
from pinyon.models.llama_server import LlamaServer
from pinyon.models.settings import GgufSettings
from pinyon.models.threads import usable_cores
from pinyon.models.weights import digest, resolve
from pinyon.types import ChatMessage, FinishReason, Generation, Usage

__all__ = ["GgufGenerator"]

MAGIC = b"GGUF"
_REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class GgufGenerator:
    """Satisfies ``pinyon.types.Generator``. The weights load at first use and stay; requests wait for one another.

    threads: by default all cores but one, because a thread that must wait for its core holds up all others.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._settings: GgufSettings = info.settings
        self.name: str = info.name
        self.context_tokens = self._settings.context_tokens
        cores = usable_cores()
        self.threads = min(self._settings.threads or max(1, min(cores - 1, 8)), cores)
        self._lock = threading.Lock()
        self._loaded: LlamaServer | None = None

    def __repr__(self) -> str:
        return f"GgufGenerator({self.name!r}, context_tokens={self.context_tokens}, threads={self.threads})"

    @cached_property
    def identity(self) -> str:
        """Digest of the file, which is read once."""
        return f"gguf {digest(self._path)}"

    @cached_property
    def _path(self) -> Path:
        return resolve(self.name, self._settings.path)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, as the model's own tokenizer makes them."""
        return self._load().tokens(text)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        """As ``pinyon.types.Generator`` says. The same request gives the same text on the same machine.

        Raises InvalidRequestError, NotFoundError without the file, MissingExtraError.
        """
        check_request(messages, max_tokens, temperature, stop)
        request: dict[str, Any] = {
            "messages": [{"role": one.role, "content": one.content} for one in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": 0 if seed is None else seed,
            "stop": list(stop),
            "stream": True,
            "stream_options": {"include_usage": True},
            # What an earlier request left in the cache changes sums in their last bits, and with them the answer.
            "cache_prompt": False,
            # Parts come while a long prompt is read, too, so that the reader can end that.
            "return_progress": True,
        }
        server = self._load()
        return TextStream(lambda stream: _pieces(stream, server, request, self.context_tokens))

    def _load(self) -> LlamaServer:
        with self._lock:
            if self._loaded is None:
                self._loaded = LlamaServer(self._checked_path(), context=self.context_tokens, threads=self.threads)
            return self._loaded

    def _checked_path(self) -> Path:
        with self._path.open("rb") as stream:
            if stream.read(4) != MAGIC:
                raise InvalidRequestError(f"model {self.name!r}: {str(self._path)!r} is no GGUF file")
        return self._path


def _pieces(
    stream: TextStream, server: LlamaServer, request: dict[str, Any], context: int
) -> Generator[str, None, None]:
    """Runs the request in a thread of its own, which gives its parts here and ends when the reader has left."""
    parts: SimpleQueue[dict[str, Any] | BaseException | None] = SimpleQueue()
    left = threading.Event()

    def each(part: dict[str, Any]) -> bool:
        parts.put(part)
        return left.is_set()

    def work() -> None:
        try:
            server.chat(request, each)
            parts.put(None)
        except Exception as error:  # whatever it is, it belongs to the reader
            parts.put(error)

    worker = threading.Thread(target=work, name="pinyon-llama", daemon=True)
    worker.start()
    try:
        while (part := parts.get()) is not None:
            if isinstance(part, BaseException):
                raise part
            yield _read(part, stream, context)  # "" while the prompt is read
    finally:
        left.set()
        worker.join()


def _read(part: dict[str, Any], stream: TextStream, context: int) -> str:
    """The text of a part; what it says of the end goes to the stream."""
    error = part.get("error")
    if error is not None:
        if error.get("type") == "exceed_context_size_error":
            raise ContextOverflowError(
                f"the conversation has {error.get('n_prompt_tokens')} tokens, and the model takes {context} with its "
                "answer: shorten it, or set context_tokens in the model's description"
            )
        raise ModelUnavailableError(f"llama.cpp answered: {str(error.get('message'))[:300]}")
    usage = part.get("usage")
    if usage is not None:
        stream.usage = Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"]))
    for choice in part.get("choices", ()):
        if choice.get("finish_reason") is not None:
            stream.finish_reason = _REASONS.get(choice["finish_reason"], "stop")
        return cast(str, choice.get("delta", {}).get("content") or "")
    return ""
