"""Questions to assistants: answers with citations, whole or as they are written, and the snippets behind them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Final
from uuid import uuid4

from pinyon.errors import PinyonError
from pinyon.server import assistants
from pinyon.server.answering import Reply
from pinyon.server.bodies import json_object
from pinyon.server.dispatch import GONE
from pinyon.server.heads import NotSupportedError
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.wire import chat as wire
from pinyon.wire.chat import ChatRequest, Piece, Told
from pinyon.wire.errors import code_of

_EVENTS: Final = "text/event-stream; charset=utf-8"
_NOT_KEPT: Final = (("cache-control", "no-store"),)


def chat(service: Service, request: Request) -> Answer:
    asked = wire.read_chat(json_object(service, request), request.version)
    reply = assistants.reply(service, request.principal, request.path["name"], asked.chat)
    if asked.stream:
        return _streamed(_chat_events(service, request, reply, asked))
    told = _told(service, request, reply)
    return GONE if told is None else json_answer(wire.chat_json(told, asked, request.version))


def chat_completions(service: Service, request: Request) -> Answer:
    asked = wire.read_completion(json_object(service, request), request.version)
    reply = assistants.reply(service, request.principal, request.path["name"], asked.chat)
    if asked.stream:
        return _streamed(_completion_events(service, request, reply))
    told = _told(service, request, reply)
    return GONE if told is None else json_answer(wire.completion_json(told))


def context(service: Service, request: Request) -> Answer:
    asked = wire.read_context(json_object(service, request), request.version)
    found = assistants.context(service, request.principal, request.path["name"], asked)
    return json_answer(wire.context_json(uuid4().hex, found.found, found.usage, request.version))


def metrics_alignment(service: Service, request: Request) -> Answer:
    raise NotSupportedError(
        "Answers are not evaluated here: that takes a model of known judgement. docs/rag.md says how to measure "
        "answers against questions of your own."
    )


# -- pieces -----------------------------------------------------------------------------------------------------------


def _told(service: Service, request: Request, reply: Reply) -> Told | None:
    """The whole answer; None when nobody waits for it any more."""
    pieces: list[Piece] = []
    with _Counting(service, reply):
        for piece in reply:
            pieces.append(piece)
            if request.is_gone():
                return None
    now = int(time.time())
    return Told(uuid4().hex, reply.model, pieces, reply.snippets, reply.usage, reply.finish_reason, now)


def _streamed(events: Generator[bytes, None, None]) -> Answer:
    return Answer(content_type=_EVENTS, headers=_NOT_KEPT, pieces=events)


def _chat_events(service: Service, request: Request, reply: Reply, asked: ChatRequest) -> Generator[bytes, None, None]:
    id, length = uuid4().hex, 0
    with _Counting(service, reply):
        pieces = _begun(reply)
        yield wire.start_event(id, reply.model, reply.snippets)
        try:
            for piece in pieces:
                yield from wire.piece_events(id, reply.model, piece, length, asked, request.version)
                length += len(piece.before) + len(piece.text)
        except PinyonError as error:
            yield _error_event(error)
            raise
        yield wire.end_event(id, reply.model, reply.finish_reason, reply.usage)


def _completion_events(service: Service, request: Request, reply: Reply) -> Generator[bytes, None, None]:
    id, created = uuid4().hex, int(time.time())
    with _Counting(service, reply):
        pieces, said = _begun(reply), []
        yield wire.chunk_event(id, reply.model, created, {"role": "assistant", "content": ""})
        try:
            for piece in pieces:
                said.append(piece)
                yield wire.chunk_event(id, reply.model, created, {"content": piece.before + piece.marked})
        except PinyonError as error:
            yield _error_event(error)
            raise
        if listed := wire.listed(said):
            yield wire.chunk_event(id, reply.model, created, {"content": listed})
        usage = wire.usage_json(reply.usage)
        yield wire.chunk_event(id, reply.model, created, {}, reply.finish_reason, usage=usage)


def _begun(reply: Reply) -> Iterator[Piece]:
    """The pieces, once the first one is there: what goes wrong before is an ordinary refusal."""
    first = next(reply, None)
    return iter(()) if first is None else chain((first,), reply)


def _error_event(error: PinyonError) -> bytes:
    return wire.event({"type": "error", "error": {"code": code_of(error)[0], "message": error.message}})


class _Counting:
    """Stops the model in the end, however it comes, and counts what was written, unless the model has failed."""

    def __init__(self, service: Service, reply: Reply) -> None:
        self._service = service
        self._reply = reply

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._reply.close()
        if kind is None or issubclass(kind, GeneratorExit):
            self._service.count_usage(self._reply.model, self._reply.usage)


_TAGS = ("assistant chat",)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/assistant/chat/{name}",
        chat,
        "data:read",
        "assistant",
        "chat_assistant",
        "Ask an assistant",
        tags=_TAGS,
        slow=True,
        events=True,
    ),
    Route(
        "POST",
        "/assistant/chat/{name}/chat/completions",
        chat_completions,
        "data:read",
        "assistant",
        "chat_completion_assistant",
        "Ask an assistant, in OpenAI's shape",
        tags=_TAGS,
        slow=True,
        events=True,
    ),
    Route(
        "POST",
        "/assistant/chat/{name}/context",
        context,
        "data:read",
        "assistant",
        "context_assistant",
        "The snippets that an answer would be made from",
        tags=_TAGS,
    ),
    Route(
        "POST",
        "/assistant/evaluation/metrics/alignment",
        metrics_alignment,
        "inference",
        "assistant",
        "metrics_alignment",
        "Not served: answers 501",
        tags=_TAGS,
    ),
)
