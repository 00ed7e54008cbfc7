"""A text as a model writes it, with what it costs, whoever the model is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final

from pinyon.server.answering import Reply
from pinyon.server.service import Service
from pinyon.types import ChatMessage, FinishReason, Generation, Usage
from pinyon.wire.chat import listed

_TEMPLATE_TOKENS: Final = 16
"""What a model's chat template puts around a message, at most."""


def prompt_tokens(messages: Sequence[ChatMessage], count: Callable[[str], int]) -> int:
    """Tokens of a conversation; rather too many."""
    return count("\n".join(message.content for message in messages)) + _TEMPLATE_TOKENS * len(messages)


def sound(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces as text that can be sent: some endpoints cut a character in two, each half a surrogate."""
    held = ""
    for piece in pieces:
        text = held + piece
        held = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        yield _whole(text.removesuffix(held))
    if held:
        yield _whole(held)


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Writing:
    """One answer to ``messages``. Whatever it took is counted in the metrics, when it is finished and when it is not.

    count: tokens of a text, for a model that does not tell what it took, or was stopped before it could.
    """

    def __init__(
        self,
        service: Service,
        model: str,
        messages: Sequence[ChatMessage],
        generation: Generation,
        count: Callable[[str], int],
    ) -> None:
        self._service = service
        self._model = model
        self._messages = messages
        self._generation = generation
        self._count = count
        self._parts: list[str] = []
        self.usage = Usage(0, 0)
        """Once the last piece was taken."""

    @property
    def text(self) -> str:
        """What was written so far."""
        return "".join(self._parts)

    @property
    def finish_reason(self) -> FinishReason | None:
        return self._generation.finish_reason

    def pieces(self) -> Generator[str, None, None]:
        """The text as it comes; some pieces are empty. Closing it stops the model. Raises what generators raise."""
        failed = True
        try:
            with closing(self._generation):
                for piece in sound(self._generation):
                    self._parts.append(piece)
                    yield piece
            failed = False
        except GeneratorExit:
            failed = False
            raise
        finally:
            if not failed or self._generation.usage is not None:
                self.usage = self._generation.usage or self._estimate()
                self._service.count_usage(self._model, self.usage)

    def _estimate(self) -> Usage:
        return Usage(prompt_tokens(self._messages, self._count), self._count(self.text))


class AssistantText:
    """The answer of an assistant as a text, with the numbers of its sources, and these below. Satisfies
    ``types.Generation``."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._pieces = self._texts()
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        self._reply.close()
        self._pieces.close()
        self.usage = self._reply.usage
        if self.finish_reason is None:
            self.finish_reason = "cancelled"

    def _texts(self) -> Generator[str, None, None]:
        pieces = []
        for piece in self._reply:
            pieces.append(piece)
            yield piece.before + piece.marked
        yield listed(pieces)
        self.finish_reason = self._reply.finish_reason
