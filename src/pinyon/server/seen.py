"""One finished request as it is remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pinyon.server.http import Answer, Head, Route
from pinyon.server.roles import Principal

Transport: TypeAlias = Literal["rest", "grpc"]

UNITS = re.compile(rb'"(?:readUnits|read_units)":(\d{1,9})')
_TAIL = 400
"""``usage`` ends an answer, so that its end is where to look."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One finished request. ``operation`` is "" when no route was found; ``namespaces`` are those that it touched.

    seconds: from the head to the last byte of the answer. read_units: what the answer says that it cost, else 0.
    """

    request_id: str
    transport: Transport
    method: str
    path: str
    operation: str
    plane: str
    action: str
    index: str
    namespaces: tuple[str, ...]
    key_id: str
    roles: tuple[str, ...]
    client: str
    status: int
    seconds: float
    bytes_in: int
    bytes_out: int
    read_units: int


def seen(
    head: Head,
    route: Route | None,
    principal: Principal | None,
    answer: Answer,
    *,
    index: str = "",
    path: str = "",
    seconds: float,
    bytes_in: int,
    bytes_out: int,
    transport: Transport,
) -> Seen:
    """What is remembered of one request. Its ``path`` is a template, the route's or the one that is given without a
    route: a real path may hold anything."""
    found = UNITS.findall(answer.body[-_TAIL:]) if answer.status < 300 else []
    return Seen(
        head.request_id,
        transport,
        head.method,
        route.path if route else path,
        route.operation if route else "",
        route.plane if route else "",
        route.action if route else "",
        index,
        tuple(dict.fromkeys(principal.touched or ())) if principal else (),
        principal.key_id if principal else "",
        principal.roles if principal else (),
        head.client,
        answer.status,
        seconds,
        bytes_in,
        bytes_out,
        int(found[-1]) if found else 0,
    )
