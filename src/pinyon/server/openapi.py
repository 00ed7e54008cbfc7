"""The server's own description, made from its routes: OpenAPI 3.1, and a page for people."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from pinyon.server.heads import FILES
from pinyon.server.http import Plane, Route
from pinyon.server.roles import ROLES
from pinyon.wire.versions import DEFAULT, KNOWN

Json = dict[str, Any]

PAGINATED: Final = "paginationToken"
_STATUSES: Final[Mapping[int, str]] = {
    400: "The request is malformed, or asks for what cannot be.",
    401: "The key or token is missing or wrong.",
    403: "The key may not do this; on an index's address, also a wrong key.",
    404: "There is no such thing.",
    409: "It exists already.",
    412: "Its state does not permit this.",
    413: "The body is too large.",
    429: "Too many requests; the header retry-after says when to try again.",
    500: "A fault of the server. Its log has more under the request id.",
}
_TITLES: Final[Mapping[Plane, str]] = {
    "control": "Control plane",
    "data": "Data plane: at the address of an index",
    "inference": "Inference",
    "openai": "OpenAI's API",
    "admin": "Admin",
    "operations": "Operations",
    "assistant": "Assistants",
}
_TEXT: Final[Mapping[str, str]] = {"/metrics": "text/plain", "/docs": "text/html", "/console": "text/html"}


def document(routes: Sequence[Route], version: str) -> Json:
    """OpenAPI 3.1. Bodies are described as JSON objects: Pinecone's own documents say what is in them."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, _unique(route, routes))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pinyon",
            "version": version,
            "summary": "A server that speaks the Pinecone API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({tag for route in routes for tag in _tags(route)})],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "Api-Key"},
                "BearerKey": {"type": "http", "scheme": "bearer", "description": "The same key."},
                "Token": {"type": "http", "scheme": "bearer", "description": "From POST /oauth/token."},
            },
            "schemas": {
                "ControlError": _control_error(),
                "DataError": _data_error(),
                "OpenAIError": _openai_error(),
            },
        },
    }


def _operation(route: Route, operation_id: str) -> Json:
    found: Json = {
        "operationId": operation_id,
        "summary": route.summary or operation_id,
        "tags": list(_tags(route)),
        "description": _who(route),
        "security": _security(route),
        "parameters": [*_path_parameters(route), _version_parameter()],
        "responses": _responses(route),
    }
    if route.method in {"POST", "PATCH", "PUT"}:
        kind = "application/x-ndjson" if route.path.endswith("}/upsert") else "application/json"
        kind = FILES if route.body_limit == "file" else kind
        found["requestBody"] = {"content": {kind: {"schema": {"type": "object"} if kind.endswith("/json") else {}}}}
    return found


def _unique(route: Route, routes: Iterable[Route]) -> str:
    """An operation may answer at several paths; each needs a name of its own."""
    same = [one for one in routes if one.operation == route.operation]
    at = same.index(route)
    return route.operation if at == 0 else f"{route.operation}_{route.method.lower()}_{at + 1}"


def _tags(route: Route) -> tuple[str, ...]:
    return route.tags or (route.plane,)


def _who(route: Route) -> str:
    if route.action == "public":
        return "Open to everybody."
    if route.action == "any":
        return "Open to every key."
    if route.action == "admin":
        return "Takes a token of a service account."
    return f"Roles: {', '.join(role for role, actions in ROLES.items() if route.action in actions)}."


def _security(route: Route) -> list[Json]:
    if route.action == "public":
        return []
    if route.action == "admin":
        return [{"Token": []}]
    return [{"BearerKey": []}, {"ApiKey": []}] if route.plane == "openai" else [{"ApiKey": []}]


def _path_parameters(route: Route) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _version_parameter() -> Json:
    return {
        "name": "X-Pinecone-Api-Version",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "default": DEFAULT.name, "examples": list(KNOWN)},
    }


def _responses(route: Route) -> Json:
    kind = _TEXT.get(route.path, "application/json")
    schema = {"type": "string"} if kind.startswith("text/") else {"type": ["object", "array"]}
    name = {"data": "DataError", "openai": "OpenAIError"}.get(route.plane, "ControlError")
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    wanted = (400, 404, 500) if route.action == "public" else _STATUSES
    content = {kind: {"schema": schema}}
    if route.events:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    found: Json = {"2XX": {"description": "Done.", "content": content}}
    return found | {str(status): {"description": _STATUSES[status], "content": error} for status in wanted}


def _control_error() -> Json:
    inner = {"type": "object", "required": ["code", "message"], "properties": _strings("code", "message")}
    return {
        "type": "object",
        "required": ["status", "error"],
        "properties": {"status": {"type": "integer"}, "error": inner},
    }


def _data_error() -> Json:
    return {
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {"code": {"type": "integer"}, **_strings("message"), "details": {"type": "array", "items": {}}},
    }


def _openai_error() -> Json:
    may_miss = {"type": ["string", "null"]}
    inner = {"type": "object", "properties": {**_strings("message", "type"), "param": may_miss, "code": may_miss}}
    return {"type": "object", "required": ["error"], "properties": {"error": inner}}


def _strings(*names: str) -> Json:
    return {name: {"type": "string"} for name in names}


# -- the page ---------------------------------------------------------------------------------------------------------

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;"
    "background:#fff}h1{font-size:1.6rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ddd;vertical-align:top}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}td,th{border-color:#333}a{color:#8cf}}"
)
CONTENT_SECURITY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""What the page may do: show itself in its own style, and nothing else."""


def page(routes: Sequence[Route], version: str) -> str:
    """One HTML page with every route. It holds no script and loads nothing."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Pinyon: the API</title><style>{STYLE}</style></head><body>",
        f"<h1>Pinyon {escape(version)}</h1>",
        "<p>This server speaks the Pinecone API. Send a key in the header <code>Api-Key</code>, and the version in "
        f"<code>X-Pinecone-Api-Version</code> (without it: {DEFAULT.name}). The same for programs: "
        '<a href="/openapi.json">openapi.json</a>.</p>',
    ]
    for plane, title in _TITLES.items():
        chosen = [route for route in routes if route.plane == plane]
        if not chosen:
            continue
        parts.append(f"<h2>{escape(title)}</h2><table><tr><th>Route</th><th>What it does</th><th>Who may</th></tr>")
        parts += [
            f"<tr><td><code>{escape(route.method)} {escape(route.path)}</code></td><td>{escape(route.summary)}</td>"
            f"<td>{escape(_who(route))}</td></tr>"
            for route in sorted(chosen, key=lambda route: (route.path, route.method))
        ]
        parts.append("</table>")
    parts.append("</body></html>")
    return "".join(parts)
