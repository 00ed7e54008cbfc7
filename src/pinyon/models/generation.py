"""A text as it is written, and what every generator checks of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from pinyon.errors import InvalidRequestError
from pinyon.types import ChatMessage, FinishReason, Usage

__all__ = ["TextStream", "check_request", "until_stop"]

ROLES = ("system", "user", "assistant")


class TextStream:
    """Satisfies ``pinyon.types.Generation``. One thread takes the pieces at a time.

    write: given this object, yields the pieces and sets ``usage`` and ``finish_reason`` before it ends; it is closed at
    the piece where the reader stops.
    """

    def __init__(self, write: Callable[[TextStream], Generator[str, None, None]]) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self._pieces = write(self)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """Stops the work. After the last piece it does nothing."""
        self._pieces.close()
        if self.finish_reason is None:
            self.finish_reason = "cancelled"


def check_request(
    messages: Sequence[ChatMessage], max_tokens: int, temperature: float, stop: Sequence[str], *, sees: bool = False
) -> None:
    """Raises InvalidRequestError. sees: whether the model takes pictures."""
    if not messages:
        raise InvalidRequestError("messages is empty: give at least one message of the user")
    for place, message in enumerate(messages):
        if message.role not in ROLES:
            raise InvalidRequestError(
                f"messages[{place}].role is {message.role!r}: it must be one of {', '.join(ROLES)}"
            )
        if message.role == "system" and place:
            raise InvalidRequestError(f"messages[{place}] is a system message, which must be the first of all")
        if not isinstance(message.content, str):
            raise InvalidRequestError(f"messages[{place}].content is a {type(message.content).__name__}, not a text")
        if message.pictures and message.role != "user":
            raise InvalidRequestError(f"messages[{place}] is of the {message.role}, and only a user shows pictures")
        if message.pictures and not sees:
            raise InvalidRequestError(
                f"messages[{place}] shows {len(message.pictures)} picture(s), and this model reads text only: choose "
                "one that sees, such as a vision model behind an OpenAI-compatible endpoint"
            )
    if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1:
        raise InvalidRequestError(f"max_tokens must be a whole number of at least 1, got {max_tokens!r:.80}")
    if not 0.0 <= temperature <= 2.0:
        raise InvalidRequestError(f"temperature must be 0 to 2, got {temperature!r:.80}")
    if isinstance(stop, str) or not all(isinstance(one, str) and one for one in stop):
        raise InvalidRequestError("stop must be a list of texts that are not empty")


def until_stop(pieces: Iterable[str], stop: Sequence[str], found: Callable[[], object]) -> Iterator[str]:
    """The pieces up to the first stop text; the end of a piece that may begin one is held back. ``found`` is called."""
    held = ""
    longest = max(map(len, stop), default=0)
    for piece in pieces:
        held += piece
        places = [place for place in (held.find(one) for one in stop) if place >= 0]
        if places:
            found()
            if held[: min(places)]:
                yield held[: min(places)]
            return
        sure = len(held) - longest + 1 if stop else len(held)
        if sure > 0:
            yield held[:sure]
            held = held[sure:]
    if held:
        yield held
