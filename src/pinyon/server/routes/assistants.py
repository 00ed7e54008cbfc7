"""There are no assistants. Clients that tidy up a project list them, and find none."""

from __future__ import annotations

from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service


def list_assistants(service: Service, request: Request) -> Answer:
    return json_answer({"assistants": []})


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/assistant/assistants",
        list_assistants,
        "control:read",
        "control",
        "list_assistants",
        "Always empty: there are no assistants",
        tags=("assistants",),
    ),
)
