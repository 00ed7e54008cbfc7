"""The part of OpenAI's API that a server of models has: embeddings, chat completions, the list of models.

What a client asks for and no model here can do is refused with the name of the parameter; a parameter at its usual
value, and what only labels a request, is accepted. ``openai_images`` has pictures from prompts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import orjson

from pinyon.errors import ContextOverflowError, PinyonError, PromptRefusedError
from pinyon.filters.show import shown
from pinyon.types import ChatMessage, FinishReason, Floats, Role, Usage
from pinyon.wire.openai_fields import (
    LABELS,
    ParameterError,
    flag,
    model_of,
    only,
    only_usual,
    refuse_unknown,
    whole,
    wrong,
)

DONE: Final = b"data: [DONE]\n\n"
EVENTS: Final = "text/event-stream; charset=utf-8"

_EMBED: Final = frozenset({"model", "input", "encoding_format", "dimensions", "user", "input_type"})
_CHAT: Final = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "seed",
        "stop",
    }
)
_USUAL: Final[Mapping[str, tuple[Any, ...]]] = {
    "n": (1,),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "parallel_tool_calls": (True, False),
}
"""What these parameters may be: no model here knows anything else."""
_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_STOPS: Final = 4
_PICTURES: Final = 20
"""In one request."""
_TEXTS: Final = 2_048
_SEEDS: Final = 2**32 - 1

InputType = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    """dimensions: None means the model's own."""

    model: str
    texts: list[str]
    base64: bool
    dimensions: int | None
    input_type: InputType


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture of a message, not decoded yet. where: the parameter that it is."""

    url: str = field(repr=False)
    where: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """messages: at most one of the system, the first. pictures: those of each message, which has none itself yet.
    max_tokens: of the answer, None for as many as there is room for.

    usage: whether a streamed answer ends with its usage.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    pictures: tuple[tuple[ShownPicture, ...], ...]
    stream: bool
    usage: bool
    max_tokens: int | None
    temperature: float
    seed: int | None
    stop: tuple[str, ...]


# -- requests ---------------------------------------------------------------------------------------------------------


def read_embeddings(body: Mapping[str, Any]) -> EmbeddingsRequest:
    """Raises ParameterError."""
    only(body, _EMBED)
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        wrong("encoding_format", encoding, "float or base64")
    kind: Any = body.get("input_type") or "passage"
    if kind not in ("query", "passage"):
        wrong("input_type", kind, "query or passage")
    dimensions = whole(body, "dimensions", 1)
    return EmbeddingsRequest(model_of(body), _texts(body.get("input")), encoding == "base64", dimensions, kind)


def _texts(given: Any) -> list[str]:
    texts = [given] if type(given) is str else given
    if type(texts) is not list or not texts:
        wrong("input", given, "a text, or a list of texts that is not empty")
    if len(texts) > _TEXTS:
        raise ParameterError(f"input has {len(texts)} texts, and at most {_TEXTS} go in one request.", "input")
    for at, text in enumerate(texts):
        if type(text) is int or type(text) is list:
            raise ParameterError(
                "input holds tokens, which mean something else to every model. Send texts (LangChain: "
                "check_embedding_ctx_length=False).",
                "input",
            )
        if type(text) is not str or not text:
            wrong(f"input[{at}]", text, "a text that is not empty")
    return texts


def read_chat(body: Mapping[str, Any]) -> ChatRequest:
    """Raises ParameterError."""
    only(body, _CHAT | LABELS | _USUAL.keys())
    only_usual(body, _USUAL)
    stream = flag(body, "stream")
    temperature = body.get("temperature")
    if temperature is None:
        temperature = 0.0
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        wrong("temperature", temperature, "a number from 0 to 2")
    longest, newer = whole(body, "max_tokens", 1), whole(body, "max_completion_tokens", 1)
    if longest is not None and newer is not None and longest != newer:
        raise ParameterError("max_tokens and max_completion_tokens differ. Give one of them.", "max_tokens")
    seed = whole(body, "seed", -(2**63))
    return ChatRequest(
        model_of(body),
        *_messages(body.get("messages")),
        stream,
        _wants_usage(body, stream),
        longest if newer is None else newer,
        float(temperature),
        None if seed is None else seed % _SEEDS,
        _stop(body.get("stop")),
    )


def _wants_usage(body: Mapping[str, Any], stream: bool) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if type(options) is not dict:
        wrong("stream_options", options, "an object")
    if not stream:
        raise ParameterError("stream_options go with stream only. Leave them out, or set stream.", "stream_options")
    unknown = options.keys() - {"include_usage", "include_obfuscation"}
    if unknown:
        refuse_unknown(f"stream_options.{min(unknown)}")
    return flag(options, "include_usage", "stream_options.")


def _stop(given: Any) -> tuple[str, ...]:
    texts = [] if given is None else [given] if type(given) is str else given
    if type(texts) is not list or len(texts) > _STOPS or not all(type(one) is str and one for one in texts):
        wrong("stop", given, f"a text, or up to {_STOPS} of them, that are not empty")
    return tuple(texts)


def _messages(given: Any) -> tuple[tuple[ChatMessage, ...], tuple[tuple[ShownPicture, ...], ...]]:
    """(messages, pictures of each)."""
    if type(given) is not list or not given:
        wrong("messages", given, "a list of messages that is not empty")
    found = [_message(one, f"messages[{at}]") for at, one in enumerate(given)]
    first = next((at for at, (message, _) in enumerate(found) if message.role != "system"), len(found))
    for at, (message, _) in enumerate(found[first:], first):
        if message.role == "system":
            raise ParameterError(
                f"messages[{at}] is a system message behind others. Put what the system says first.",
                f"messages[{at}].role",
            )
    count = sum(len(pictures) for _, pictures in found)
    if count > _PICTURES:
        raise ParameterError(f"messages show {count} pictures, and at most {_PICTURES} go in one request.", "messages")
    if first:
        system = "\n\n".join(message.content for message, _ in found[:first])
        found = [(ChatMessage("system", system), ()), *found[first:]]
    return tuple(message for message, _ in found), tuple(pictures for _, pictures in found)


def _message(given: Any, where: str) -> tuple[ChatMessage, tuple[ShownPicture, ...]]:
    if type(given) is not dict:
        wrong(where, given, "an object with role and content")
    role = given.get("role")
    if type(role) is not str or role not in _ROLES:
        wrong(f"{where}.role", role, ", ".join(_ROLES))
    for name in given.keys() - {"role", "content", "name"}:
        if given[name]:
            raise ParameterError(
                f"{where}.{shown(name)} cannot be read by any model here. Leave it out.",
                f"{where}.{name[:60]}",
                "unsupported_parameter",
            )
    text, pictures = _content(given.get("content"), f"{where}.content")
    if pictures and role != "user":
        raise ParameterError(
            f"{pictures[0].where} is a picture of the {role}, and only a user shows pictures.", pictures[0].where
        )
    return ChatMessage(_ROLES[role], text), pictures


def _content(given: Any, where: str) -> tuple[str, tuple[ShownPicture, ...]]:
    """(text, pictures)."""
    if type(given) is str:
        return given, ()
    if type(given) is not list or not given:
        wrong(where, given, "a text")
    texts, pictures = [], []
    for at, part in enumerate(given):
        kind = part.get("type") if type(part) is dict else None
        if kind == "text" and type(part.get("text")) is str:
            texts.append(part["text"])
        elif kind == "image_url":
            pictures.append(_shown_picture(part.get("image_url"), f"{where}[{at}]"))
        else:
            raise ParameterError(
                f"{where}[{at}] is neither a text nor a picture: {shown(part)}. The models here read nothing else.",
                f"{where}[{at}]",
            )
    return "\n".join(texts), tuple(pictures)


def _shown_picture(given: Any, where: str) -> ShownPicture:
    """How closely a picture is looked at, ``detail``, is for each model to decide."""
    known = type(given) is dict and given.keys() <= {"url", "detail"} and type(given.get("url")) is str
    if not known or type(given.get("detail")) not in (str, type(None)):
        raise ParameterError(
            f"{where}.image_url is {shown(given)}. It must be an object with a url, data:image/...;base64,...", where
        )
    return ShownPicture(given["url"], where)


# -- answers ----------------------------------------------------------------------------------------------------------


def embeddings_body(model: str, vectors: Floats, tokens: int, base64: bool) -> bytes:
    """vectors: (n, d) float32. tokens: of all texts."""
    rows = np.ascontiguousarray(vectors, np.dtype("<f4"))
    shown_rows = (b64encode(row.tobytes()).decode() for row in rows) if base64 else iter(rows)
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(shown_rows)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return orjson.dumps(
        {"object": "list", "data": data, "model": model, "usage": usage}, option=orjson.OPT_SERIALIZE_NUMPY
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer on its way out. created: seconds since 1970."""

    id: str
    created: int
    model: str

    def whole(self, text: str, reason: FinishReason | None, usage: Usage) -> bytes:
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": None},
            "logprobs": None,
            "finish_reason": finish_reason(reason),
        }
        return orjson.dumps({**self._head("chat.completion"), "choices": [choice], "usage": usage_json(usage)})

    def piece(self, text: str, *, first: bool = False, reason: str | None = None, with_usage: bool = False) -> bytes:
        """An event with a part of the text, or with the reason of its end. with_usage: a later event has it."""
        delta: dict[str, Any] = {"role": "assistant"} if first else {}
        if text or first:
            delta["content"] = text
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if with_usage else {}
        return event({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def usage(self, usage: Usage) -> bytes:
        """The event that comes last, where it was asked for."""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": usage_json(usage)})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def finish_reason(reason: FinishReason | None) -> str:
    """OpenAI knows no answer that was broken off."""
    return reason if reason in ("length", "content_filter") else "stop"


def usage_json(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


def event(value: Mapping[str, Any]) -> bytes:
    """A server-sent event. JSON has no bare line ends, so that nothing in a text can end it or begin another."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def model_json(name: str, owner: str) -> dict[str, Any]:
    """created: 0, since nobody knows when a model was made."""
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


# -- errors -----------------------------------------------------------------------------------------------------------

_CODES: Final[Mapping[int, str]] = {
    401: "invalid_api_key",
    403: "permission_denied",
    404: "not_found",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    503: "overloaded",
}
_TYPES: Final[Mapping[int, str]] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_json(error: PinyonError) -> dict[str, Any]:
    """``{"error": {"message", "type", "param", "code"}}``."""
    kind = _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    code, param = getattr(error, "reason", None), getattr(error, "param", None)
    if isinstance(error, ContextOverflowError):
        code, param = "context_length_exceeded", "messages"
    if isinstance(error, PromptRefusedError):
        code = "content_policy_violation"
    found = {"message": error.message, "type": kind, "param": param, "code": code or _CODES.get(error.status)}
    return {"error": found}


def error_body(error: PinyonError) -> bytes:
    return orjson.dumps(error_json(error))
