"""What an operator looks at: settings, log lines, the audit log and slow queries. Routes of our own."""

from __future__ import annotations

from typing import Any, Final

from pinyon.errors import InvalidRequestError
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.observe import Observer
from pinyon.server.recent import LINES, SLOW_QUERIES
from pinyon.server.routes.operations import NotMeasuredError
from pinyon.server.service import Service
from pinyon.server.settings import told

_PAGE: Final = 100
_MOST_ENTRIES: Final = 1_000
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def settings(service: Service, request: Request) -> Answer:
    """Every setting with its value and where that comes from. Keys are only counted."""
    return json_answer({"settings": told(service.settings)})


def logs(service: Service, request: Request) -> Answer:
    """The last lines of this worker, oldest first."""
    level = request.one("level") or "debug"
    if level not in _LEVELS:
        raise InvalidRequestError(f"The query parameter level must be one of {', '.join(_LEVELS)}, got {level[:40]!r}.")
    lines = _observer(service).lines.last(_limit(request, LINES), _LEVELS[level])
    return json_answer({"lines": lines})


def audit(service: Service, request: Request) -> Answer:
    """Entries of the audit log, newest first. ``complete``: nothing that is kept was left unread."""
    log = _observer(service).audit
    if log is None:
        return json_answer({"entries": [], "complete": True})
    wanted = {name: value for name in ("key", "operation") if (value := request.one(name))}
    entries, complete = log.last(_limit(request, _MOST_ENTRIES), wanted)
    return json_answer({"entries": entries, "complete": complete})


def slow_queries(service: Service, request: Request) -> Answer:
    """The last slow queries of this worker, newest first, each with its plan and a sentence of advice."""
    return json_answer({"queries": _observer(service).slow_queries.last(_limit(request, SLOW_QUERIES))})


def _observer(service: Service) -> Observer:
    if service.observer is None:
        raise NotMeasuredError("This server remembers nothing of its requests.")
    return service.observer


def _limit(request: Request, most: int) -> int:
    found = request.number("limit")
    if found is None:
        return min(_PAGE, most)
    if not 1 <= found <= most:
        raise InvalidRequestError(f"The query parameter limit must be 1 to {most}, got {found}.")
    return found


def _route(path: str, handler: Any, operation: str, summary: str) -> Route:
    return Route("GET", path, handler, "operate", "operations", operation, summary, tags=("operations",))


ROUTES: tuple[Route, ...] = (
    _route("/pinyon/settings", settings, "settings", "The settings, and where each comes from"),
    _route("/pinyon/logs", logs, "logs", "The last log lines of the worker that answers"),
    _route("/pinyon/audit", audit, "audit", "The audit log, newest first"),
    _route("/pinyon/slow-queries", slow_queries, "slow_queries", "The last slow queries of the worker that answers"),
)
