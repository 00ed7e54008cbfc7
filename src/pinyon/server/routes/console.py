"""The console's pages. They hold no data and no secret, so nobody needs a key to load them; what they ask for needs
one."""

from __future__ import annotations

from typing import Final

from pinyon import console
from pinyon.errors import NotFoundError
from pinyon.server.http import Answer, Request, Route
from pinyon.server.service import Service

CONTENT_SECURITY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""What the pages may do: run and load what came with them, and ask this server."""
_HEADERS: Final = (
    ("content-security-policy", CONTENT_SECURITY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)
_LASTING: Final = "public, max-age=31536000, immutable"
_DEPTH: Final = 4
"""Segments of the longest path that the console shows, after its own."""


def page(service: Service, request: Request) -> Answer:
    """A file of the console; for any other path its one page, which reads the path itself. Raises NotFoundError."""
    path = "/".join(request.path[name] for name in sorted(request.path))
    found = console.asset(path)
    if found is None and path.startswith("assets/"):
        raise NotFoundError(f"The console has no file {path[:200]!r}: it may be of another release. Reload the page.")
    found = found or console.asset("index.html")
    if found is None:
        raise NotFoundError("This copy of Pinyon has no console: build it with `make console`, or install a release.")
    kept = _LASTING if found.lasting else "no-cache"
    headers = (*_HEADERS, ("cache-control", kept), ("etag", found.tag), ("vary", "accept-encoding"))
    if found.tag in request.known_tag:
        return Answer(status=304, headers=headers)
    if found.packed is not None and request.accepts_gzip:
        return Answer(found.packed, headers=(*headers, ("content-encoding", "gzip")), content_type=_typed(found.kind))
    return Answer(found.body, headers=headers, content_type=_typed(found.kind))


def lead(service: Service, request: Request) -> Answer:
    """A browser is led to the console. Raises NotFoundError for programs, which have no use for it."""
    if not request.accepts_html:
        raise NotFoundError("There is nothing at GET /. A browser finds the console at /console/, a program the API.")
    return Answer(status=302, headers=(("location", "/console/"), ("cache-control", "no-cache"), ("vary", "accept")))


def _typed(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _paths() -> list[str]:
    return ["/console" + "".join(f"/{{{name}}}" for name in "abcd"[:depth]) for depth in range(_DEPTH + 1)]


ROUTES: tuple[Route, ...] = (
    Route("GET", "/", lead, "public", "operations", "root", "Leads a browser to the console", tags=("operations",)),
    *(
        Route("GET", path, page, "public", "operations", "console", "The console", tags=("operations",))
        for path in _paths()
    ),
)
