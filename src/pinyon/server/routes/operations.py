"""What operators and their tools ask: is it up, is it ready, which release, how is it doing, what does it offer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson

from pinyon.errors import NotFoundError, PinyonError
from pinyon.server import accounts, openapi
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.release import release
from pinyon.server.roles import MAIN_PROJECT
from pinyon.server.service import Service
from pinyon.wire.versions import KNOWN

_NO_SNIFF = ("x-content-type-options", "nosniff")


class NotMeasuredError(PinyonError):
    code = "UNIMPLEMENTED"
    status = 501


def livez(service: Service, request: Request) -> Answer:
    """The process answers. Says nothing else."""
    return json_answer({"status": "ok"})


def readyz(service: Service, request: Request) -> Answer:
    """Its data can be read, and it is not about to stop."""
    observer = service.observer
    try:
        ready = not (observer is not None and observer.draining)
        service.database.list_indexes()
    except PinyonError:
        ready = False
    if ready:
        return json_answer({"status": "ok"})
    return json_answer({"status": "unavailable"}, 503, (("retry-after", "1"),))


def version(service: Service, request: Request) -> Answer:
    return json_answer({"name": "pinyon", "version": release(), "api_versions": list(KNOWN)})


def metrics(service: Service, request: Request) -> Answer:
    """Prometheus' text format, for all worker processes together."""
    if service.observer is None:
        raise NotMeasuredError("This server counts nothing.")
    from pinyon.server.metrics import CONTENT_TYPE

    return Answer(service.observer.metrics.text(), content_type=CONTENT_TYPE)


def discover(service: Service, request: Request) -> Answer:
    """Where Prometheus finds the metrics of a project: here. Raises NotFoundError for one that is not the key's."""
    registry, asked = service.database.registry, request.path["project_id"]
    main = accounts.main_project(registry, service.settings.project)
    mine = main["id"] if request.principal.project == MAIN_PROJECT else request.principal.project
    if asked != mine and (asked != main["name"] or mine != main["id"]):
        raise NotFoundError(f"There is no project {asked[:80]!r}. This key's is {mine}.")
    labels = {"__scheme__": request.scheme, "__metrics_path__": "/metrics", "project_id": mine}
    return json_answer([{"targets": [request.authority], "labels": labels}])


def description(others: Sequence[Route]) -> tuple[Route, ...]:
    """The routes that show what there is: the others, and themselves."""

    def openapi_document(service: Service, request: Request) -> Answer:
        return Answer(document(), headers=(_NO_SNIFF,))

    @cache
    def document() -> bytes:
        return orjson.dumps(openapi.document(routes, release()))

    def docs(service: Service, request: Request) -> Answer:
        """Every route on one page, without script."""
        headers = (("content-security-policy", openapi.CONTENT_SECURITY), _NO_SNIFF, ("referrer-policy", "no-referrer"))
        page = openapi.page(routes, release())
        return Answer(page.encode(), headers=headers, content_type="text/html; charset=utf-8")

    own = (
        _route("/openapi.json", openapi_document, "any", "openapi", "This API as OpenAPI 3.1"),
        _route("/docs", docs, "any", "docs", "This API as a page"),
    )
    routes = (*others, *own)
    return own


def _route(path: str, handler: Any, action: Any, operation: str, summary: str) -> Route:
    return Route("GET", path, handler, action, "operations", operation, summary, tags=("operations",))


ROUTES: tuple[Route, ...] = (
    _route("/livez", livez, "public", "livez", "The process is up"),
    _route("/readyz", readyz, "public", "readyz", "It can serve"),
    _route("/healthz", readyz, "public", "healthz", "It can serve"),
    _route("/version", version, "any", "version", "The release, and the API versions that it speaks"),
    _route("/metrics", metrics, "metrics", "metrics", "Numbers for Prometheus"),
    _route(
        "/prometheus/projects/{project_id}/metrics/discover",
        discover,
        "metrics",
        "discover_metrics",
        "Where Prometheus finds the numbers",
    ),
)
