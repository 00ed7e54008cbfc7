"""From a request's head to its answer: find the route, authenticate, authorise, then read the body, then work.

The order is the point: nothing of a body is read for a caller who may not send it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from pinyon.errors import InvalidRequestError, PinyonError
from pinyon.server.http import Admitted, Answer, Head, Plane, Request, Route
from pinyon.server.roles import Principal
from pinyon.server.routing import Router
from pinyon.server.service import Service
from pinyon.wire.errors import control_body, data_body
from pinyon.wire.openai import error_body
from pinyon.wire.versions import version_of

log = logging.getLogger("pinyon.server")

_INDEX = re.compile("(?!(?:%2[Ee])+$)[A-Za-z0-9%_-]+")
"""What may stand for an index in a path: not ``..``, which programs on the way take for something else."""

Authenticate = Callable[[Head, Route | None], Principal]
Refuse = Callable[[PinyonError, Plane], Answer]


class MethodNotAllowedError(InvalidRequestError):
    status = 405

    def __init__(self, head: Head, methods: Iterable[str]) -> None:
        allowed = ", ".join(sorted(methods))
        super().__init__(f"{head.path[:200]} takes {allowed}, not {head.method}.")
        self.headers = (("allow", allowed),)


class UnknownPathError(PinyonError):
    code = "NOT_FOUND"
    status = 404


class App:
    """routes: everything this server answers. authenticate: gives the principal of a head, or raises.

    refuse: how an error is answered.
    """

    def __init__(
        self, service: Service, routes: Sequence[Route], authenticate: Authenticate, refuse: Refuse | None = None
    ) -> None:
        self.service = service
        self.router = Router(routes)
        self.refuse = refusal if refuse is None else refuse
        self._authenticate = authenticate

    def admit(self, head: Head) -> Admitted | Answer:
        """Whether a request may go on, before anything of its body is read."""
        plane: Plane = "control"
        try:
            index, path = self._place(head)
            plane = "data" if index else "openai" if path.startswith("/v1/") else "control"
            found = self.router.match(path)
            if found is None:
                self._lead_nowhere(head, "")
                raise UnknownPathError(f"There is nothing at {head.method} {head.path[:200]}.")
            methods, variables = found
            route = methods.get(head.method)
            if route is None:
                self._lead_nowhere(head, next(iter(methods.values())).path)
                raise MethodNotAllowedError(head, methods)
            plane = route.plane
            principal = self._authenticate(head, route)
            limits = self.service.settings.requests
            return Admitted(head, route, variables, index, principal, limits.of(route.body_limit))
        except PinyonError as error:
            return self.refuse(error, plane)

    def _lead_nowhere(self, head: Head, path: str) -> None:
        """Lets only those know who may ask. path: the template that a request of another method would have met."""
        principal = self._authenticate(head, None)
        if self.service.observer is not None:
            self.service.observer.refused(head, None, principal, path)

    def answer(self, admitted: Admitted, body: bytes, is_gone: Callable[[], bool] = lambda: False) -> Answer:
        """Runs the handler, up to the first piece of a streamed answer. Never raises: what goes wrong becomes an
        answer."""
        head = admitted.head
        try:
            request = Request(
                head.method,
                admitted.variables,
                tuple(parse_qsl(head.query, keep_blank_values=True, errors="strict")) if head.query else (),
                body,
                version_of(head.headers.get("x-pinecone-api-version")),
                head.scheme,
                head.authority,
                admitted.index,
                admitted.principal,
                head.request_id,
                head.headers.get("content-type", ""),
                "gzip" in head.headers.get("accept-encoding", ""),
                is_gone,
                "text/html" in head.headers.get("accept", ""),
                head.headers.get("if-none-match", ""),
            )
            return _begun(admitted.route.handler(self.service, request), is_gone)
        except PinyonError as error:
            return self.refuse(error, admitted.route.plane)
        except UnicodeDecodeError:
            return self.refuse(InvalidRequestError("The query string is not valid UTF-8."), admitted.route.plane)
        except Exception:  # the last line: a bug answers 500 and is logged whole, and the worker lives on
            log.exception("request %s: %s %s failed", head.request_id, head.method, admitted.route.path)
            problem = PinyonError(
                f"Something went wrong inside the server. The log has it under request {head.request_id}."
            )
            return self.refuse(problem, admitted.route.plane)

    def _place(self, head: Head) -> tuple[str, str]:
        """(index, path within it): by port or virtual host, else by the prefix ``/indexes/<name>``."""
        index = self.service.addresses.index_at(head.port, head.authority)
        if index or not head.path.startswith("/indexes/"):
            return index, head.path
        name, slash, rest = head.path.removeprefix("/indexes/").partition("/")
        if slash and rest and _INDEX.fullmatch(name) and self.router.match(head.path) is None:
            return name, "/" + rest
        return "", head.path


def _begun(answer: Answer, is_gone: Callable[[], bool]) -> Answer:
    """The answer with its first piece in the body, if it is a streamed one that has none."""
    if answer.pieces is None or answer.body:
        return answer
    for piece in answer.pieces:
        if piece or is_gone():
            return replace(answer, body=piece)
    return replace(answer, pieces=None)


def refusal(error: PinyonError, plane: Plane) -> Answer:
    body = {"data": data_body, "openai": error_body}.get(plane, control_body)(error)
    return Answer(body, error.status, getattr(error, "headers", ()))
