"""Assistants, their files and the operations on these, in JSON. Names are snake_case here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import orjson

from pinyon.errors import InvalidRequestError
from pinyon.filters import encode_metadata, matches, parse
from pinyon.filters.show import shown
from pinyon.limits import Limits
from pinyon.types import Metadata
from pinyon.wire.control import check_keys, one_of
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.tokens import token_of
from pinyon.wire.versions import Version

FileStatus: TypeAlias = Literal["Processing", "Available", "Deleting", "ProcessingFailed"]
OperationType: TypeAlias = Literal["upload_file", "upsert_file", "update_file_metadata", "delete_file"]

NAME_LENGTH: Final = 63
TEXT_BYTES: Final = 16 * 1024
"""Of instructions, and of metadata as JSON."""
FILE_NAME_LENGTH: Final = 255
OPERATION_TYPES: Final = ("upload_file", "upsert_file", "update_file_metadata", "delete_file")
OPERATION_STATUSES: Final = ("Processing", "Completed", "Failed")
_REGIONS: Final = ("us", "eu")
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_FILE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_OPERATIONS_SINCE: Final = "2026-01.alpha"
"""From there on changes of files are operations, and a file does not tell itself how far it is."""


@dataclass(frozen=True, slots=True)
class NewAssistant:
    name: str
    instructions: str | None
    metadata: Mapping[str, Any] | None
    region: str


@dataclass(frozen=True, slots=True)
class AssistantChange:
    """None leaves as it is."""

    instructions: str | None
    metadata: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an assistant as it is described. size: bytes. created_at, updated_at: ISO 8601.

    percent: 0 to 100, of its processing. error: why that failed, or None.
    """

    id: str
    name: str
    status: FileStatus
    size: int
    metadata: Mapping[str, Any] | None
    created_at: str
    updated_at: str
    percent: float = 0.0
    error: str | None = None

    @property
    def kind(self) -> str:
        """What Pinecone calls the kind of the document."""
        suffix = self.name.rpartition(".")[2].lower()
        kinds = {"pdf": "pdf", "docx": "doc_x", "json": "json", "md": "markdown", "markdown": "markdown"}
        return kinds.get(suffix, "text")


def has_operations(version: Version) -> bool:
    return version.since(_OPERATIONS_SINCE)


# -- assistants -------------------------------------------------------------------------------------------------------


def read_new(body: Mapping[str, Any], version: Version) -> NewAssistant:
    """Raises InvalidRequestError."""
    fields = Fields(body)
    check_keys(fields, ("instructions", "metadata", "name", "region"), version)
    if not fields.absent("environment"):
        refuse(f"environment {shown(body['environment'])} is not one of this server: leave it out.")
    name = fields.text("name") or ""
    if len(name) > NAME_LENGTH or not _NAME.fullmatch(name):
        refuse(
            f"name {shown(name)} is not valid. Use 1 to {NAME_LENGTH} lower-case letters, digits and hyphens, with an "
            "alphanumeric character at both ends."
        )
    region = "us" if fields.absent("region") else one_of(body["region"], "region", _REGIONS)
    return NewAssistant(name, _instructions(fields), _own_metadata(fields), region)


def read_change(body: Mapping[str, Any], version: Version) -> AssistantChange:
    """Raises InvalidRequestError, also for a body that changes nothing."""
    fields = Fields(body)
    check_keys(fields, ("instructions", "metadata"), version)
    change = AssistantChange(_instructions(fields), _own_metadata(fields))
    if change.instructions is None and change.metadata is None:
        refuse("there is nothing to change. Give instructions, metadata, or both.")
    return change


def _instructions(fields: Fields) -> str | None:
    value = fields.text("instructions")
    if value is not None and len(value.encode()) > TEXT_BYTES:
        refuse(f"instructions have {len(value.encode()):,} bytes; at most {TEXT_BYTES:,} are allowed.")
    return value


def _own_metadata(fields: Fields) -> dict[str, Any] | None:
    """Metadata of an assistant is any JSON object: nothing is searched by it."""
    value = fields.object("metadata")
    if value is not None and len(orjson.dumps(value)) > TEXT_BYTES:
        refuse(f"metadata has {len(orjson.dumps(value)):,} bytes; at most {TEXT_BYTES:,} are allowed.")
    return value


def assistant_json(entry: Mapping[str, Any], host: str) -> dict[str, Any]:
    """entry: name, status, instructions, metadata, region, created_at, updated_at."""
    return {
        "name": entry["name"],
        "status": entry["status"],
        "host": host,
        "region": entry["region"],
        "instructions": entry["instructions"],
        "metadata": entry["metadata"],
        "created_at": entry["created_at"],
        "updated_at": entry["updated_at"],
    }


def assistants_json(assistants: Sequence[dict[str, Any]], last: str | None) -> dict[str, Any]:
    return _page("assistants", assistants, last)


# -- files ------------------------------------------------------------------------------------------------------------


def check_file_id(id: str) -> str:
    """Raises InvalidRequestError for an id that nobody may give."""
    if not _FILE_ID.fullmatch(id):
        refuse(f"the file id {shown(id)} is not valid. Use 1 to 128 letters, digits, hyphens and underscores.")
    return id


def check_file_name(name: str) -> str:
    """The name of an uploaded file without its folders. Raises InvalidRequestError.

    A name is shown beside answers: characters that nobody sees, or that turn what stands around them, are refused.
    """
    base = name.replace("\\", "/").rpartition("/")[2].strip()
    if not base or base in {".", ".."} or len(base) > FILE_NAME_LENGTH or _CONTROL.search(base):
        refuse(
            f"the file name {shown(name)} is not valid. Use 1 to {FILE_NAME_LENGTH} characters, none of them invisible."
        )
    return base


def read_file_metadata(text: str | None, limits: Limits) -> Metadata | None:
    """Metadata of a file from its JSON text; None for none. Raises InvalidRequestError."""
    if text is None or not text.strip():
        return None
    value = _object(text, "metadata")
    # A megabyte is enough to be told what is wrong with it, by the same rules as those of records.
    if len(text.encode()) > TEXT_BYTES:
        refuse(f"metadata has {len(text.encode()):,} bytes; at most {TEXT_BYTES:,} are allowed.")
    raw = encode_metadata(value, replace(limits, metadata_bytes=TEXT_BYTES), record_id="the file")
    found: Metadata | None = None if raw is None else orjson.loads(raw)
    return found


def read_filter(text: str | None) -> dict[str, Any] | None:
    """A filter from a query string. Raises InvalidRequestError."""
    return None if text is None or not text.strip() else _object(text, "filter")


def matching(files: Sequence[StoredFile], filter: Mapping[str, Any], limits: Limits) -> list[StoredFile]:
    """The files whose metadata pass a filter. Raises FilterError."""
    tree = parse(filter, limits)
    return [file for file in files if matches(tree, file.metadata)]


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"Invalid request: {name} is not JSON ({error.msg}).") from None
    if not isinstance(value, dict):
        refuse(f"{name} must be a JSON object, got {shown(value)}.")
    return value


def file_json(file: StoredFile, version: Version, url: str | None = None) -> dict[str, Any]:
    """url: where its bytes are, when the caller asked for that."""
    found = {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "metadata": file.metadata,
        "created_on": file.created_at,
        "updated_on": file.updated_at,
        "status": file.status,
        "signed_url": url,
        "multimodal": False,
    }
    if not has_operations(version):
        found |= {"percent_done": file.percent / 100.0, "error_message": file.error}
    return found


def files_json(files: Sequence[StoredFile], last: str | None, version: Version) -> dict[str, Any]:
    return _page("files", [file_json(file, version) for file in files], last)


# -- operations -------------------------------------------------------------------------------------------------------


def operation_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """entry: id, type, file_id, status, created_at, completed_at, percent, error."""
    found = {
        "id": entry["id"],
        "operation_type": entry["type"],
        "file_id": entry["file_id"],
        "status": entry["status"],
        "created_on": entry["created_at"],
        "percent_complete": int(entry["percent"]),
    }
    if entry["completed_at"] is not None:
        found["completed_on"] = entry["completed_at"]
    if entry["status"] == "Failed":
        found["error_message"] = entry["error"]
    return found


def operations_json(entries: Sequence[Mapping[str, Any]], last: str | None) -> dict[str, Any]:
    return _page("operations", [operation_json(entry) for entry in entries], last)


def _page(name: str, items: Sequence[Mapping[str, Any]], last: str | None) -> dict[str, Any]:
    """last: the key after which the next page begins, None on the last page."""
    found: dict[str, Any] = {name: list(items)}
    if last is not None:
        found["pagination"] = {"next": token_of(last)}
    return found
