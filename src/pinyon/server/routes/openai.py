"""OpenAI's API over the models of this server: embeddings, chat completions (of assistants, too), the list of models.

Only models that were described for this server are there: no request names a file or an address.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator as Pieces
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from pinyon.engine.pictures import Fetched, picture_file
from pinyon.engine.records import count_tokens
from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError, PinyonError
from pinyon.server import assistants
from pinyon.server.answering import Chat
from pinyon.server.bodies import json_object
from pinyon.server.completing import AssistantText, Writing, prompt_tokens
from pinyon.server.dispatch import GONE
from pinyon.server.heads import BodyTooLargeError
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.types import ChatMessage, Embedder, Generator, ModelDescription, Picture, Usage
from pinyon.wire import openai
from pinyon.wire.openai import ChatRequest, Completion, ShownPicture
from pinyon.wire.openai_fields import ParameterError, UnknownModelError

ASSISTANT: Final = "assistant/"
"""What the name of a model begins with that is an assistant."""
MODEL_HEADER: Final = "x-pinyon-model"
_AS_IT_COMES: Final = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))
"""Told to proxies between us and the client."""


# -- embeddings -------------------------------------------------------------------------------------------------------


def embeddings(service: Service, request: Request) -> Answer:
    asked = openai.read_embeddings(json_object(service, request))
    described = described_as(service, asked.model, "embed")
    if len(asked.texts) > described.max_batch:
        raise ParameterError(
            f"{len(asked.texts)} texts are more than {described.max_batch}, the limit of the model. Send them in "
            "several requests.",
            "input",
        )
    embedder = _embedder(service, described, asked.dimensions)
    vectors = embedder.embed(asked.texts, input_type=asked.input_type)
    tokens = count_tokens(asked.texts)
    service.count_usage(asked.model, Usage(tokens, 0))
    body = openai.embeddings_body(asked.model, vectors, tokens, asked.base64)
    return Answer(body, headers=((MODEL_HEADER, embedder.name),))


def _embedder(service: Service, described: ModelDescription, dimensions: int | None) -> Embedder:
    if dimensions is not None and described.dimensions and dimensions not in described.dimensions:
        allowed = " or ".join(map(str, described.dimensions))
        raise ParameterError(
            f"The model {described.name} gives vectors of {allowed} numbers, not {dimensions}.", "dimensions"
        )
    try:
        return service.models.get(described.name, dimensions)
    except (MissingExtraError, NotFoundError) as error:
        raise UnknownModelError(described.name, error.message) from None
    except InvalidRequestError as error:
        raise ParameterError(error.message, "model" if dimensions is None else "dimensions") from None


# -- chat -------------------------------------------------------------------------------------------------------------


def chat_completions(service: Service, request: Request) -> Answer:
    asked = openai.read_chat(json_object(service, request))
    _check_texts(service, request, asked)
    writing = _assistant(service, request, asked) if asked.model.startswith(ASSISTANT) else _model(service, asked)
    completion = Completion(f"chatcmpl-{secrets.token_hex(12)}", int(time.time()), asked.model)
    if asked.stream:
        pieces = _events(asked, completion, writing)
        return Answer(pieces=pieces, content_type=openai.EVENTS, headers=_AS_IT_COMES)
    with closing(writing.pieces()) as pieces_of_text:
        for _ in pieces_of_text:
            if request.is_gone():
                return GONE
    return Answer(completion.whole(writing.text, writing.finish_reason, writing.usage))


def _check_texts(service: Service, request: Request, asked: ChatRequest) -> None:
    """Only pictures make a conversation large."""
    most = service.settings.requests.small_body_bytes
    size = len(request.body) - sum(len(one.url) for of_message in asked.pictures for one in of_message)
    if size > most:
        raise BodyTooLargeError(f"The request has {size:,} bytes besides its pictures; at most {most:,} are allowed.")


def _model(service: Service, asked: ChatRequest) -> Writing:
    described_as(service, asked.model, "generate")
    try:
        generator = service.models.generator(asked.model)
    except (MissingExtraError, NotFoundError) as error:
        raise UnknownModelError(asked.model, error.message) from None
    longest = generator.context_tokens
    if asked.max_tokens is not None and asked.max_tokens > longest:
        raise ParameterError(
            f"max_tokens is {asked.max_tokens}, and {asked.model} takes {longest} tokens, prompt and answer together.",
            "max_tokens",
        )
    seed = asked.seed
    if seed is None and asked.temperature > 0:
        seed = secrets.randbelow(2**31)
    messages = _seen(service, asked)
    generation = generator.generate(
        messages,
        max_tokens=asked.max_tokens or _room(generator, asked),
        temperature=asked.temperature,
        seed=seed,
        stop=asked.stop,
    )
    return Writing(service, asked.model, messages, generation, generator.count_tokens)


def _seen(service: Service, asked: ChatRequest) -> tuple[ChatMessage, ...]:
    """The messages with their pictures. Raises ParameterError for one that cannot be read."""
    fetched = Fetched(service.models)
    return tuple(
        replace(message, pictures=tuple(_picture(service, one, fetched) for one in pictures)) if pictures else message
        for message, pictures in zip(asked.messages, asked.pictures, strict=True)
    )


def _picture(service: Service, shown: ShownPicture, fetched: Fetched) -> Picture:
    try:
        data = picture_file(shown.url, shown.where, fetched)
        return service.models.read_picture(data, shown.where)
    except InvalidRequestError as error:
        raise ParameterError(error.message, shown.where) from None


def _room(generator: Generator, asked: ChatRequest) -> int:
    """Tokens that are left for the answer. What counts tokens may count too many: some are left in any case, and the
    model itself refuses a prompt that is too long."""
    context = generator.context_tokens
    left = context - prompt_tokens(asked.messages, generator.count_tokens)
    return max(1, left, min(context // 4, 256))


def _assistant(service: Service, request: Request, asked: ChatRequest) -> Writing:
    for parameter, given in (("seed", asked.seed), ("stop", asked.stop or None)):
        if given is not None:
            raise ParameterError(f"{parameter} does not go with an assistant.", parameter, "unsupported_parameter")
    if any(asked.pictures):
        raise ParameterError("Assistants read texts alone. Leave the pictures out.", "messages")
    if asked.messages[-1].role != "user" or not asked.messages[-1].content.strip():
        raise ParameterError("The last message must be the user's question.", "messages")
    name = asked.model.removeprefix(ASSISTANT)
    chat = Chat(asked.messages, temperature=asked.temperature, max_tokens=asked.max_tokens)
    try:
        reply = assistants.reply(service, request.principal, name, chat)
    except NotFoundError as error:
        raise UnknownModelError(asked.model, error.message) from None
    return Writing(service, reply.model, asked.messages, AssistantText(reply), lambda text: count_tokens([text]))


def _events(asked: ChatRequest, completion: Completion, writing: Writing) -> Pieces[bytes, None, None]:
    """A completion as events. None comes before the first text, so that what fails until then is refused as usual; what
    fails later is told in an event, and raised."""
    begun = False
    try:
        with closing(writing.pieces()) as pieces:
            for text in pieces:
                if not text:
                    yield b""
                    continue
                yield completion.piece(text, first=not begun, with_usage=asked.usage)
                begun = True
    except PinyonError as error:
        if begun:
            yield openai.event(openai.error_json(error))
        raise
    reason = openai.finish_reason(writing.finish_reason)
    yield completion.piece("", first=not begun, reason=reason, with_usage=asked.usage)
    if asked.usage:
        yield completion.usage(writing.usage)
    yield openai.DONE


# -- models -----------------------------------------------------------------------------------------------------------


def list_models(service: Service, request: Request) -> Answer:
    return json_answer({"object": "list", "data": _models(service, request)})


def get_model(service: Service, request: Request) -> Answer:
    name = request.path["id"] if "id" in request.path else ASSISTANT + request.path["name"]
    found = next((one for one in _models(service, request) if one["id"] == name), None)
    if found is None:
        raise UnknownModelError(name, _hint(service))
    return json_answer(found)


def _models(service: Service, request: Request) -> list[dict[str, Any]]:
    known = [openai.model_json(one.name, one.source) for one in _served(service)]
    own = [one["name"] for one in assistants.listed(service, request.principal)]
    return known + [openai.model_json(ASSISTANT + name, "an assistant of this server") for name in own]


def described_as(service: Service, name: str, kind: str) -> ModelDescription:
    """A model of this kind: a name that could be several things is not taken for what nobody meant it for."""
    try:
        described = service.models.describe(name)
    except NotFoundError:
        raise UnknownModelError(name, _hint(service)) from None
    if described.type != kind or described.vector_type != "dense":
        raise UnknownModelError(name, f"It is no model {_FOR[kind]}. {_hint(service)}")
    return described


_FOR: Final = {"embed": "for embeddings", "generate": "that writes", "image": "that makes pictures"}


def _hint(service: Service) -> str:
    return f"There are: {', '.join(one.name for one in _served(service)) or 'none'}."


def _served(service: Service) -> list[ModelDescription]:
    """The embedders and generators, of texts and of pictures, that are installed."""
    return [one for one in service.models.list() if one.vector_type == "dense" and _is_installed(service, one)]


def _is_installed(service: Service, described: ModelDescription) -> bool:
    """Nothing is loaded for it."""
    try:
        if described.type == "generate":
            service.models.generator(described.name)
        elif described.type == "embed":
            service.models.get(described.name)
        elif described.type == "image":
            service.models.image_generator(described.name)
        else:
            return False
    except PinyonError:
        return False
    return True


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/embeddings",
        embeddings,
        "inference",
        "openai",
        "openai_embeddings",
        "Vectors of texts, as OpenAI writes them",
        body_limit="large",
        tags=("openai",),
    ),
    Route(
        "POST",
        "/v1/chat/completions",
        chat_completions,
        "inference",
        "openai",
        "openai_chat_completions",
        "The answer of a model or an assistant to a conversation, whole or as events",
        body_limit="large",
        tags=("openai",),
        slow=True,
        events=True,
    ),
    Route(
        "GET",
        "/v1/models",
        list_models,
        "inference",
        "openai",
        "openai_list_models",
        "The models of this server that embed, write or make pictures",
        tags=("openai",),
    ),
    Route(
        "GET",
        "/v1/models/{id}",
        get_model,
        "inference",
        "openai",
        "openai_get_model",
        "One of them",
        tags=("openai",),
    ),
    Route(
        "GET",
        "/v1/models/assistant/{name}",
        get_model,
        "inference",
        "openai",
        "openai_get_model",
        "An assistant as a model",
        tags=("openai",),
    ),
)
