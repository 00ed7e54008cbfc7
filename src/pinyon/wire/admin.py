"""The admin API and OAuth as JSON: snake_case, lists under ``data``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from pinyon.errors import InvalidRequestError
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.tokens import last_of, token_of
from pinyon.wire.versions import Version

Json = dict[str, Any]

FORM: Final = "application/x-www-form-urlencoded"
GRANT: Final = "client_credentials"
PAGE: Final = 100
_TOKEN_BODY: Final = 16 * 1024

PROJECT: Final = ("id", "name", "max_pods", "force_encryption_with_cmek", "organization_id", "created_at")
ORGANIZATION: Final = ("id", "name", "plan", "payment_status", "created_at", "support_tier")
KEY_LIMITS: Final = ("index", "namespace", "expires_at")
"""What a new key may be limited to; ours, Pinecone has no such members."""
SERVICE_ACCOUNT: Final = ("id", "name", "client_id", "created_at", "updated_at")
BINDING: Final = ("id", "principal_type", "principal_id", "resource_type", "resource_id", "role", "created_at")
BINDING_FILTERS: Final = ("principal_type", "principal_id", "resource_type", "resource_id", "role")


class OAuthError(InvalidRequestError):
    """kind: the error as RFC 6749 names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_token_request(body: bytes, content_type: str) -> tuple[str, str]:
    """(client id, client secret) of a request for a token, in JSON or as a form. Raises OAuthError."""
    if len(body) > _TOKEN_BODY:
        raise OAuthError("invalid_request", f"A token request has at most {_TOKEN_BODY} bytes.")
    given = _form(body) if content_type.partition(";")[0].strip().lower() == FORM else _object(body)
    for name in ("client_id", "client_secret", "grant_type"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise OAuthError("invalid_request", f"{name} is missing.")
    if given["grant_type"] != GRANT:
        raise OAuthError("unsupported_grant_type", f"grant_type must be {GRANT}.")
    return given["client_id"], given["client_secret"]


def token_body(token: str, seconds: int) -> Json:
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


def oauth_error_body(kind: str, message: str) -> Json:
    return {"error": kind, "error_description": message}


def chosen(value: Mapping[str, Any], names: Sequence[str]) -> Json:
    """The members that are shown; a record may hold others, such as digests."""
    return {name: value[name] for name in names}


def api_key_body(
    id: str, name: str, project_id: str, roles: Sequence[str], created_at: str, limits: Mapping[str, str | None]
) -> Json:
    """limits: further members, shown where they say something: ``KEY_LIMITS`` and ``last_used_at``."""
    said = {name: value for name, value in limits.items() if value is not None and (value or name == "namespace")}
    return {"id": id, "name": name, "project_id": project_id, "roles": list(roles), "created_at": created_at} | said


def page_body(values: Sequence[Json], show: Callable[[Json], Json], limit: int | None, token: str | None) -> Json:
    """A page of values that are sorted by ``created_at`` and ``id``. Raises InvalidRequestError."""
    if limit is not None and not 1 <= limit <= PAGE:
        raise InvalidRequestError(f"limit must be between 1 and {PAGE}, got {limit}.")
    after = last_of(token)
    rest = [one for one in values if after is None or _place(one) > after]
    size = limit or PAGE
    page: Json = {"data": [show(one) for one in rest[:size]]}
    if len(rest) > size:
        page["pagination"] = {"next": token_of(_place(rest[size - 1]))}
    return page


def read_project(body: Mapping[str, Any], version: Version, *, partial: bool = False) -> Json:
    """What is given of name, max_pods and force_encryption_with_cmek. Raises InvalidRequestError."""
    fields = _fields(body, version, ("name", "max_pods", "force_encryption_with_cmek"))
    found: Json = {}
    if not fields.absent("name"):
        found["name"] = fields.text("name")
    elif not partial:
        refuse("name is missing.")
    pods = fields.whole("max_pods")
    if pods is not None:
        if pods < 0:
            refuse(f"max_pods must not be negative, got {pods}.")
        found["max_pods"] = pods
    if not fields.absent("force_encryption_with_cmek"):
        found["force_encryption_with_cmek"] = fields.flag("force_encryption_with_cmek")
    return found


def read_name(body: Mapping[str, Any], version: Version) -> str | None:
    """The new name in a patch of an organization or service account; None leaves it."""
    return _fields(body, version, ("name",)).text("name")


def read_api_key(
    body: Mapping[str, Any], version: Version, *, partial: bool = False
) -> tuple[str | None, list[str] | None]:
    """(name, roles); None for what is not given. Raises InvalidRequestError."""
    fields = _fields(body, version, ("name", "roles", *KEY_LIMITS))
    name = fields.text("name")
    if partial and any(not fields.absent(one) for one in KEY_LIMITS):
        refuse(f"{', '.join(KEY_LIMITS)} are settled when a key is made. Create another key, and delete this one.")
    if name is None and not partial:
        refuse("name is missing.")
    return name, fields.texts("roles")


def read_key_limits(body: Mapping[str, Any]) -> tuple[str, str | None, datetime | None]:
    """(index, namespace, time of expiry) of a new key; "" and None are no limit. Raises InvalidRequestError."""
    fields = Fields(body)
    until = fields.text("expires_at")
    return fields.text("index") or "", fields.text("namespace"), None if until is None else _time(until)


def read_service_account(body: Mapping[str, Any], version: Version) -> tuple[str, list[Json]]:
    """(name, initial role bindings). Raises InvalidRequestError."""
    fields = _fields(body, version, ("name", "role_bindings"))
    name = fields.text("name")
    if name is None:
        refuse("name is missing.")
    found = fields.array("role_bindings") or []
    return name, [_scope(one, f"role_bindings[{at}]", version) for at, one in enumerate(found)]


def read_binding(body: Mapping[str, Any], version: Version) -> tuple[str, str, Json]:
    """(kind of principal, its id, scope and role). Raises InvalidRequestError."""
    fields = _fields(body, version, BINDING_FILTERS)
    kind, id = fields.text("principal_type"), fields.text("principal_id")
    if kind not in ("user", "service_account", "api_key", "invite"):
        refuse("principal_type must be user, service_account, api_key or invite.")
    if not id:
        refuse("principal_id is missing.")
    return kind, id, _scope({name: body[name] for name in BINDING_FILTERS[2:] if name in body}, "", version)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"expires_at must be a time such as 2027-01-31T12:00:00Z, got {text!r:.80}.")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _scope(value: Any, where: str, version: Version) -> Json:
    if not isinstance(value, dict):
        refuse(f"{where} must be an object with resource_type and role.")
    fields = Fields(value, where)
    if version.since("2026-07"):
        fields.only(BINDING_FILTERS[2:])
    return {name: fields.text(name) for name in BINDING_FILTERS[2:] if not fields.absent(name)}


def _fields(body: Mapping[str, Any], version: Version, known: Sequence[str]) -> Fields:
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(known)
    return fields


def _form(body: bytes) -> Json:
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict"))
    except ValueError:  # what is no ASCII, or no UTF-8 once decoded, or too much
        raise OAuthError("invalid_request", "The body is no valid form.") from None


def _object(body: bytes) -> Json:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise OAuthError("invalid_request", "The body must be a JSON object, or a form with its content type.")
    return found


def _place(one: Mapping[str, Any]) -> str:
    return f"{one['created_at']} {one['id']}"
