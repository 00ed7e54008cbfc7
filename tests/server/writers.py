"""A generator that a test knows beforehand, and a registry with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pinyon.errors import ContextOverflowError, InvalidRequestError, MissingExtraError, ModelUnavailableError
from pinyon.models.generation import TextStream, check_request, until_stop
from pinyon.types import ChatMessage, FinishReason, Generation, Generator, Usage
from server.clients import Description, WordModels


@dataclass
class Storyteller:
    """Says "You said: " and the last message, a word a piece; each word is a token. Satisfies ``types.Generator``.

    A last message "fail" fails at once, "break" after the second word, "forever" has no end, and "say:TEXT" says TEXT.
    asked: every call. closed: is released when a text was finished or given up. tells: whether it says what it took.
    """

    name: str = "storyteller"
    identity: str = "storyteller/1"
    context_tokens: int = 300
    tells: bool = True
    asked: list[dict[str, Any]] = field(default_factory=list)
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        check_request(messages, max_tokens, temperature, stop)
        settings = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed, "stop": tuple(stop)}
        self.asked.append({"messages": list(messages), **settings})
        prompt = sum(self.count_tokens(message.content) for message in messages)
        if prompt > self.context_tokens:
            raise ContextOverflowError(f"{prompt} tokens are more than {self.context_tokens}")
        last = messages[-1].content
        return TextStream(lambda stream: self._write(stream, last, prompt, max_tokens, stop))

    def _write(
        self, stream: TextStream, last: str, prompt: int, max_tokens: int, stop: Sequence[str]
    ) -> Pieces[str, None, None]:
        reason: FinishReason = "stop"
        made = 0

        def words() -> Pieces[str, None, None]:
            nonlocal made, reason
            for word in _words(last):
                if made == max_tokens:
                    reason = "length"
                    return
                made += bool(word)
                yield word

        try:
            yield from until_stop(words(), stop, lambda: None)
            while last == "forever":
                time.sleep(0.01)
                yield ""
            stream.finish_reason = reason
            if self.tells:
                stream.usage = Usage(prompt, made)
        finally:
            self.closed.release()


def _words(last: str) -> Pieces[str, None, None]:
    yield ""  # as models do while they read
    if last == "fail":
        raise ModelUnavailableError("the storyteller is asleep")
    if last == "refuse":
        raise InvalidRequestError("the storyteller does not want to")
    text = last.removeprefix("say:") if last.startswith("say:") else f"You said: {last}"
    for at, word in enumerate(text.split(" ")):
        if last == "break" and at == 2:
            raise ModelUnavailableError("the storyteller fell asleep")
        yield word if not at else " " + word


class WritingModels(WordModels):
    """Also a storyteller, and one that is known and not installed."""

    def __init__(self) -> None:
        super().__init__()
        self.storyteller = Storyteller()

    def list(self) -> Sequence[Description]:
        written = {"type": "generate", "dimension": 0, "dimensions": (), "metrics": (), "max_batch": 1}
        return [
            *super().list(),
            Description("storyteller", **written),  # type: ignore[arg-type]
            Description("not-installed", **written),  # type: ignore[arg-type]
        ]

    def generator(self, name: str) -> Generator:
        self.describe(name)
        if name == "not-installed":
            raise MissingExtraError("model 'not-installed' needs a package: pip install it")
        self._check(name, "storyteller")
        return self.storyteller
