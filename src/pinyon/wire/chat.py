"""Questions to assistants and their answers: Pinecone's own shape, and the one that it shares with OpenAI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from pinyon.errors import InvalidRequestError
from pinyon.filters.show import shown
from pinyon.types import ChatMessage, Role, Usage
from pinyon.wire.assistants import StoredFile, file_json
from pinyon.wire.control import check_keys, flag, within
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.versions import Version

MOST_TOP_K: Final = 64
_SNIPPET_TOKENS: Final = (512, 8_192)
_MESSAGES: Final = 1_000
_ROLES: Final = ("user", "assistant", "system")
_TEMPERATURES: Final = (0.0, 2.0)
_CHAT: Final = ("messages", "stream", "model", "temperature", "filter")
_ENDS: Final = ".!?\u3002\u2026"
"""A citation stands before what ends its sentence."""


@dataclass(frozen=True, slots=True)
class Chat:
    """What is asked. messages: the last one is the user's question; a system message adds to the instructions.

    model: as the caller named it, None for the server's own. filter: on the metadata of files, as Pinecone writes it.
    top_k: snippets, at most. snippet_tokens: of one snippet, at most. max_tokens: of the answer. None for the usual.
    """

    messages: tuple[ChatMessage, ...]
    model: str | None = None
    temperature: float = 0.0
    filter: Mapping[str, Any] | None = None
    top_k: int | None = None
    snippet_tokens: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """chat: what is asked. The others say how the answer is written."""

    chat: Chat
    stream: bool = False
    json: bool = False
    highlights: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Where something stands. number: of the source, as ``Piece.marked`` shows it. pages: from 1, none without pages.

    quote: the sentence of the file itself.
    """

    number: int
    file: StoredFile
    pages: tuple[int, ...]
    quote: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of an answer, checked. before: the white space that parts it from the one before.

    marked: the text with the numbers of its sources behind it, "[1]".
    """

    text: str
    marked: str
    references: tuple[Reference, ...] = ()
    before: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage that speaks to a question. score: higher is better."""

    text: str
    score: float
    file: StoredFile
    pages: tuple[int, ...]


# -- questions --------------------------------------------------------------------------------------------------------


def read_chat(body: Mapping[str, Any], version: Version) -> ChatRequest:
    """Raises InvalidRequestError."""
    fields = Fields(body)
    check_keys(fields, (*_CHAT, "json_response", "include_highlights", "context_options"), version)
    options = Fields(fields.object("context_options") or {}, "context_options")
    check_keys(options, ("top_k", "snippet_size", "multimodal", "include_binary_content"), version)
    _check_images(options)
    request = ChatRequest(
        _chat(fields, options), fields.flag("stream"), fields.flag("json_response"), fields.flag("include_highlights")
    )
    if request.stream and request.json:
        refuse("json_response cannot be used with stream. Leave one of them out.")
    return request


def read_completion(body: Mapping[str, Any], version: Version) -> ChatRequest:
    """The same in OpenAI's shape. Raises InvalidRequestError."""
    fields = Fields(body)
    check_keys(fields, _CHAT, version)
    return ChatRequest(_chat(fields, Fields({})), fields.flag("stream"))


def read_context(body: Mapping[str, Any], version: Version) -> Chat:
    """Raises InvalidRequestError."""
    fields = Fields(body)
    known = ("query", "messages", "filter", "top_k", "snippet_size", "multimodal", "include_binary_content")
    check_keys(fields, known, version)
    _check_images(fields)
    query = fields.text("query")
    if (not query) == (not fields.array("messages")):
        refuse("exactly one of query and messages is needed.")
    if query:
        messages: tuple[ChatMessage, ...] = (ChatMessage("user", _content(query, "query")),)
    else:
        messages = _messages(fields)
    top_k, tokens = _sizes(fields)
    return Chat(messages, filter=fields.object("filter"), top_k=top_k, snippet_tokens=tokens)


def _chat(fields: Fields, options: Fields) -> Chat:
    temperature = fields.number("temperature")
    least, most = _TEMPERATURES
    if temperature is not None and not least <= temperature <= most:
        refuse(f"temperature {temperature} is out of range. Use {least:g} to {most:g}.")
    top_k, tokens = _sizes(options)
    return Chat(
        _messages(fields), fields.text("model") or None, temperature or 0.0, fields.object("filter"), top_k, tokens
    )


def _sizes(fields: Fields) -> tuple[int | None, int | None]:
    return within(fields, "top_k", 1, MOST_TOP_K), within(fields, "snippet_size", *_SNIPPET_TOKENS)


def _check_images(fields: Fields) -> None:
    """There are none here, which is a valid answer to whoever would take some; but what is asked must make sense."""
    if flag(fields, "multimodal") is False and flag(fields, "include_binary_content"):
        refuse(f"{fields.path('include_binary_content')} needs multimodal. Leave one of them out.")


def _messages(fields: Fields) -> tuple[ChatMessage, ...]:
    found = fields.array("messages")
    if not found:
        refuse("messages is missing. Give at least one message, the last one from the user.")
    if len(found) > _MESSAGES:
        refuse(f"messages has {len(found):,} of them; at most {_MESSAGES:,} are allowed.")
    messages = tuple(_message(one, f"messages[{at}]") for at, one in enumerate(found))
    if messages[-1].role != "user":
        refuse(f"the last message is from the {messages[-1].role}; it must be the user's question.")
    return messages


def _message(value: Any, where: str) -> ChatMessage:
    if not isinstance(value, dict):
        refuse(f"{where} must be an object with role and content, got {shown(value)}.")
    fields = Fields(value, where)
    role = fields.text("role")
    role = "user" if role is None else role
    if role not in _ROLES:
        raise InvalidRequestError(f"Role {shown(role)} is not valid ({where}). Use one of {', '.join(_ROLES)}.")
    return ChatMessage(cast(Role, role), _content(fields.text("content") or "", where))


def _content(text: str, where: str) -> str:
    if not text.strip():
        raise InvalidRequestError(f"Message content cannot be empty ({where}).")
    return text


# -- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is complete. id: 32 hex digits. model: that wrote it. created: seconds since 1970."""

    id: str
    model: str
    pieces: Sequence[Piece]
    snippets: int
    usage: Usage
    finish_reason: str
    created: int


def chat_json(told: Told, request: ChatRequest, version: Version) -> dict[str, Any]:
    """Pinecone's own shape: the text without marks, and its citations by place."""
    text, citations = "", []
    for piece in told.pieces:
        citation = citation_json(piece, len(text), request, version)
        text += piece.before + piece.text
        if citation is not None:
            citations.append(citation)
    if request.json:
        text, citations = _as_json(text, citations)
    return {
        "id": told.id,
        "model": told.model,
        "message": {"role": "assistant", "content": text},
        "finish_reason": told.finish_reason,
        "citations": citations,
        "usage": usage_json(told.usage),
        "context_snippet_count": told.snippets,
    }


def _as_json(text: str, citations: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """An answer as a JSON object, and its citations where their sentences stand now."""
    opening = '{"answer":'
    moved = []
    for citation in citations:
        place = len(opening) + len(orjson.dumps(text[: citation["position"]]).decode()) - 1
        moved.append(citation | {"position": place})
    return opening + orjson.dumps(text).decode() + "}", moved


def citation_json(piece: Piece, length: int, request: ChatRequest, version: Version) -> dict[str, Any] | None:
    """The citation of a sentence that comes after ``length`` characters; None for one without."""
    if not piece.references:
        return None
    position = length + len(piece.before) + len(piece.text.rstrip(_ENDS))
    references: dict[tuple[str, str], dict[str, Any]] = {}
    for one in piece.references:
        quote = one.quote if request.highlights else ""
        found = references.get((one.file.id, quote))
        if found is None:
            highlight = {"type": "text", "content": quote} if quote else None
            found = {"file": file_json(one.file, version), "pages": [], "highlight": highlight}
            references[one.file.id, quote] = found
        found["pages"] = sorted({*found["pages"], *one.pages})
    return {"position": position, "references": list(references.values())}


def usage_json(usage: Usage) -> dict[str, int]:
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def completion_json(told: Told) -> dict[str, Any]:
    """OpenAI's shape: citations are numbers in the text, and what they mean stands below it."""
    text = "".join(piece.before + piece.marked for piece in told.pieces)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text + listed(told.pieces)},
        "finish_reason": told.finish_reason,
    }
    return {
        "id": told.id,
        "object": "chat.completion",
        "created": told.created,
        "model": told.model,
        "choices": [choice],
        "usage": usage_json(told.usage),
    }


def listed(pieces: Sequence[Piece]) -> str:
    """The sources that the sentences name, below them; "" where there are none."""
    pages: dict[int, tuple[str, set[int]]] = {}
    for piece in pieces:
        for one in piece.references:
            pages.setdefault(one.number, (one.file.name, set()))[1].update(one.pages)
    lines = [
        f"[{number}] {name}" + (f", pp. {', '.join(map(str, sorted(found)))}" if found else "")
        for number, (name, found) in sorted(pages.items())
    ]
    return "\n\nReferences:\n" + "\n".join(lines) if lines else ""


def context_json(id: str, snippets: Sequence[Snippet], usage: Usage, version: Version) -> dict[str, Any]:
    return {"id": id, "snippets": [_snippet_json(one, version) for one in snippets], "usage": usage_json(usage)}


def _snippet_json(snippet: Snippet, version: Version) -> dict[str, Any]:
    reference: dict[str, Any] = {"type": snippet.file.kind, "file": file_json(snippet.file, version)}
    if snippet.file.kind in {"pdf", "doc_x"}:
        reference["pages"] = list(snippet.pages)
    return {"type": "text", "content": snippet.text, "score": snippet.score, "reference": reference}


# -- streams ----------------------------------------------------------------------------------------------------------


def event(value: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data:" + orjson.dumps(value) + b"\n\n"


def start_event(id: str, model: str, snippets: int) -> bytes:
    return event(
        {"type": "message_start", "id": id, "model": model, "role": "assistant", "context_snippet_count": snippets}
    )


def piece_events(
    id: str, model: str, piece: Piece, length: int, request: ChatRequest, version: Version
) -> Iterator[bytes]:
    """A sentence, after ``length`` characters, and its citation."""
    same = {"id": id, "model": model}
    yield event({"type": "content_chunk", **same, "delta": {"content": piece.before + piece.text}})
    citation = citation_json(piece, length, request, version)
    if citation is not None:
        yield event({"type": "citation", **same, "citation": citation})


def end_event(id: str, model: str, finish_reason: str, usage: Usage) -> bytes:
    told = {"finish_reason": finish_reason, "usage": usage_json(usage)}
    return event({"type": "message_end", "id": id, "model": model, **told})


def chunk_event(
    id: str, model: str, created: int, delta: Mapping[str, str], finish_reason: str | None = None, **more: Any
) -> bytes:
    """One chunk of an answer in OpenAI's shape."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return event(
        {"id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": [choice], **more}
    )
