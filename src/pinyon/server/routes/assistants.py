"""Assistants: create, list, describe, change and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    page, last = paged(request, entries, lambda entry: str(entry["name"]), usual=_PAGE, most=_MOST)
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
    request: Request, items: Sequence[Any], key: Callable[[Any], str], *, usual: int, most: int, newest: bool = False
) -> tuple[Sequence[Any], str | None]:
    """(the items of the page that is asked for, the key of the last one if there are more), of items in order of a key.

    A page goes on behind the last key of the one before, whether or not that item is still there. All items in versions
    without pages, where no limit is given. newest: the items are in descending order. Raises InvalidRequestError.
    """
    limit = request.number("limit")
    if limit is not None and not 1 <= limit <= most:
        raise InvalidRequestError(f"limit {limit} is out of range. Use 1 to {most}.")
    after = last_of(request.one("pagination_token"))
    if after is not None:
        items = [item for item in items if (key(item) < after if newest else key(item) > after)]
    if limit is None:
        limit = usual if has_operations(request.version) else len(items)
    return items[:limit], key(items[limit - 1]) if 0 < limit < len(items) else None


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
