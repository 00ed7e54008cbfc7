"""Chat completions of an OpenAI-compatible API."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any, cast

from pinyon.errors import ModelUnavailableError, PromptRefusedError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.endpoint import Endpoint, estimated_tokens
from pinyon.models.generation import TextStream, check_request
from pinyon.models.picture_files import as_jpeg, data_url
from pinyon.models.settings import ChatEndpoint
from pinyon.types import ChatMessage, FinishReason, Generation, Usage

__all__ = ["EndpointGenerator"]

_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}


class EndpointGenerator:
    """Satisfies ``pinyon.types.Generator``. Pieces may raise what ``endpoint.Endpoint`` does.

    Tokens are estimated: the tokenizer is out of reach. context_tokens is what the description says. Pictures go along
    as JPEG; a model that cannot see refuses them.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: ChatEndpoint = info.settings
        self._endpoint = Endpoint(info.name, info.settings)
        self.name: str = info.name
        self.context_tokens = self._settings.context_tokens

    def __repr__(self) -> str:
        return f"EndpointGenerator({self.name!r}, model={self._settings.model!r}, host={self._endpoint.host!r})"

    @property
    def usage(self) -> Usage:
        """Tokens of all requests so far."""
        return self._endpoint.usage

    @property
    def retries(self) -> int:
        """Attempts so far that repeated one which failed."""
        return self._endpoint.retries

    @property
    def identity(self) -> str:
        """The name of the model and its host: an endpoint says nothing of its weights."""
        return f"{self._info.provider} {self._settings.model} at {self._endpoint.host}"

    def count_tokens(self, text: str) -> int:
        """An estimate, rather too high."""
        return estimated_tokens(text)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        """As ``pinyon.types.Generator`` says. The request is sent when the first piece is taken."""
        check_request(messages, max_tokens, temperature, stop, sees=self._settings.pictures)
        body: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [{"role": one.role, "content": self._content(one)} for one in messages],
            self._settings.max_tokens_key: max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if seed is not None:
            body["seed"] = seed
        if stop:
            body["stop"] = list(stop)
        return TextStream(lambda stream: self._pieces(stream, body))

    def _content(self, message: ChatMessage) -> str | list[dict[str, Any]]:
        """A plain text where there are no pictures, which every endpoint understands."""
        if not message.pictures:
            return message.content
        jpegs = [as_jpeg(picture, self._settings.picture_side) for picture in message.pictures]
        parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": data_url(jpeg)}} for jpeg in jpegs]
        return parts + ([{"type": "text", "text": message.content}] if message.content else [])

    def _pieces(self, stream: TextStream, body: dict[str, Any]) -> Generator[str, None, None]:
        reason: FinishReason | None = None
        refusal = ""
        with closing(
            cast(Generator[dict[str, Any], None, None], self._endpoint.stream("/chat/completions", body))
        ) as events:
            for event in events:
                used = event.get("usage")
                if isinstance(used, dict):
                    stream.usage = Usage(int(used.get("prompt_tokens") or 0), int(used.get("completion_tokens") or 0))
                for choice in (event.get("choices") or [])[:1]:
                    part = choice.get("delta") or choice.get("message") or {}
                    if choice.get("finish_reason"):
                        reason = _REASONS.get(choice["finish_reason"], "stop")
                    if isinstance(part.get("refusal"), str):
                        refusal += part["refusal"]
                    if isinstance(part.get("content"), str) and part["content"]:
                        yield part["content"]
        if refusal:
            raise PromptRefusedError(f"model {self.name!r} will not do that. It says: {' '.join(refusal.split()):.300}")
        if reason is None:
            raise ModelUnavailableError(
                f"model {self.name!r}: the answer of {self._endpoint.host} ended without saying why, so a part may be "
                "missing"
            )
        stream.finish_reason = reason
