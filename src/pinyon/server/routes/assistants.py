"""Assistants: create, list, describe, change and delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.server import assistants
from pinyon.server.bodies import json_object
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.wire.assistants import assistant_json, assistants_json, has_operations, read_change, read_new
from pinyon.wire.tokens import last_of

_PAGE = 50
_MOST = 100


def create_assistant(service: Service, request: Request) -> Answer:
    new = read_new(json_object(service, request), request.version)
    return json_answer(_described(request, assistants.create(service, request.principal, new)))


def list_assistants(service: Service, request: Request) -> Answer:
    entries = assistants.listed(service, request.principal)
    page, last = paged(request, entries, "name", usual=_PAGE, most=_MOST)
    return json_answer(assistants_json([_described(request, entry) for entry in page], last))


def describe_assistant(service: Service, request: Request) -> Answer:
    going = not has_operations(request.version)
    entry = assistants.describe(service, request.principal, request.path["name"], going=going)
    return json_answer(_described(request, entry))


def update_assistant(service: Service, request: Request) -> Answer:
    change = read_change(json_object(service, request), request.version)
    entry = assistants.change(service, request.principal, request.path["name"], change)
    return json_answer(_described(request, entry) | {"assistant_name": entry["name"]})


def delete_assistant(service: Service, request: Request) -> Answer:
    assistants.delete(service, request.principal, request.path["name"])
    return Answer()


def host_of(request: Request) -> str:
    """Where an assistant's files and answers are: at this address, for whoever reached it. Clients add the path."""
    return f"{request.scheme}://{request.authority}"


def paged(
    request: Request, items: Sequence[Any], key: str, *, usual: int, most: int
) -> tuple[Sequence[Any], str | None]:
    """(the items of the page that is asked for, the key of the last one if there are more), of items in order of a key.

    All of them in versions without pages, where no limit is given. Raises InvalidRequestError.
    """
    limit = request.number("limit")
    if limit is not None and not 1 <= limit <= most:
        raise InvalidRequestError(f"limit {limit} is out of range. Use 1 to {most}.")
    after = last_of(request.one("pagination_token"))
    if after is not None:
        at = next((at for at, item in enumerate(items) if _key(item, key) == after), None)
        if at is None:
            raise InvalidRequestError(
                "What pagination_token names is gone, so it is not clear where to go on. Begin again without a token."
            )
        items = items[at + 1 :]
    if limit is None:
        limit = usual if has_operations(request.version) else len(items)
    return items[:limit], _key(items[limit - 1], key) if 0 < limit < len(items) else None


def _key(item: Any, key: str) -> str:
    return str(item[key] if isinstance(item, Mapping) else getattr(item, key))


def _described(request: Request, entry: Mapping[str, Any]) -> dict[str, Any]:
    return assistant_json(entry, host_of(request))


_TAGS = ("assistants",)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/assistant/assistants",
        create_assistant,
        "control:write",
        "assistant",
        "create_assistant",
        "Create an assistant",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/assistants",
        list_assistants,
        "control:read",
        "assistant",
        "list_assistants",
        "Assistants by name",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/assistants/{name}",
        describe_assistant,
        "control:read",
        "assistant",
        "describe_assistant",
        "One assistant",
        tags=_TAGS,
    ),
    Route(
        "PATCH",
        "/assistant/assistants/{name}",
        update_assistant,
        "control:write",
        "assistant",
        "update_assistant",
        "Change instructions and metadata",
        tags=_TAGS,
    ),
    Route(
        "DELETE",
        "/assistant/assistants/{name}",
        delete_assistant,
        "control:write",
        "assistant",
        "delete_assistant",
        "Delete an assistant with its files",
        tags=_TAGS,
    ),
)
