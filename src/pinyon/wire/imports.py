"""Bulk imports in JSON. Names are camelCase here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinyon.filters.show import shown
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

_START = ("errorMode", "integrationId", "uri")
URI_LENGTH = 1_500
ID_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class StartRequest:
    """abort: end at the first record that cannot be imported; else leave it out and go on."""

    uri: str
    integration: str | None
    abort: bool


def read_start(body: Mapping[str, Any], version: Version) -> StartRequest:
    """Raises InvalidRequestError. Whether the place may be read is not judged here."""
    fields = Fields(body)
    if version.since("2026-07"):
        fields.only(_START)
    uri = fields.text("uri")
    if not uri:
        refuse("uri is missing. Give the directory to import from.")
    if len(uri) > URI_LENGTH:
        refuse(f"uri has {len(uri)} characters; at most {URI_LENGTH} are allowed.")
    integration = fields.text("integrationId")
    if integration is not None and len(integration) > ID_LENGTH:
        refuse(f"integrationId has {len(integration)} characters; at most {ID_LENGTH} are allowed.")
    mode = fields.object("errorMode")
    on_error = "abort" if mode is None else Fields(mode, "errorMode").text("onError") or "abort"
    if on_error not in ("abort", "continue"):
        refuse(f"errorMode.onError must be abort or continue, got {shown(on_error)}.")
    return StartRequest(uri, integration, on_error == "abort")


def import_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An import as it is described: ``entry`` has id, uri, status, created_at, finished_at, percent, records, error."""
    found: dict[str, Any] = {
        "id": entry["id"],
        "uri": entry["uri"],
        "status": entry["status"],
        "createdAt": entry["created_at"],
        "percentComplete": float(entry["percent"]),
        "recordsImported": int(entry["records"]),
    }
    if entry["finished_at"] is not None:
        found["finishedAt"] = entry["finished_at"]
    if entry.get("error"):
        found["error"] = entry["error"]
    return found


def list_json(entries: Sequence[Mapping[str, Any]], last: str | None) -> dict[str, Any]:
    """last: the id after which the next page begins, None on the last page."""
    found: dict[str, Any] = {"data": [import_json(entry) for entry in entries]}
    if last is not None:
        found["pagination"] = {"next": token_of(last)}
    return found
