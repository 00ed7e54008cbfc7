"""Files of assistants, and the operations on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pinyon.errors import InvalidRequestError
from pinyon.server import assistant_files as files
from pinyon.server import assistants
from pinyon.server.assistant_files import NewFile
from pinyon.server.heads import NotSupportedError, too_large
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.multipart import read_form
from pinyon.server.routes.assistants import host_of, paged
from pinyon.server.service import Service
from pinyon.wire import assistants as wire

_PAGE = 100
_MOST_FILES = 1_000
_OUT_OF_REACH = (
    ("content-security-policy", "sandbox; default-src 'none'"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
)
"""What a browser is told of a file that anybody may have made: it is to be saved, not shown."""


def upload_file(service: Service, request: Request) -> Answer:
    return _upload(service, request, None)


def upsert_file(service: Service, request: Request) -> Answer:
    return _upload(service, request, wire.check_file_id(request.path["id"]))


def _upload(service: Service, request: Request, id: str | None) -> Answer:
    assistant = assistants.ready(service, request.principal, request.path["name"])
    _check_images(request)
    operation = files.upload(service, assistant, _new_file(service, request), id=id)
    if service.assistant_work is not None:
        service.assistant_work.wake()
    if wire.has_operations(request.version) or id is not None:
        return _accepted(request, operation)
    entry = files.describe(service, assistant, operation["file_id"])
    return json_answer(wire.file_json(assistants.stored_file(entry), request.version))


def list_files(service: Service, request: Request) -> Answer:
    uuid = assistants.describe(service, request.principal, request.path["name"])["uuid"]
    found = assistants.stored_files(service, uuid)
    filter = wire.read_filter(request.one("filter"))
    if filter is not None:
        found = wire.matching(found, filter, service.database.limits)
    page, last = paged(request, found, lambda file: file.id, usual=_PAGE, most=_MOST_FILES)
    return json_answer(wire.files_json(page, last, request.version))


def describe_file(service: Service, request: Request) -> Answer:
    assistant = assistants.describe(service, request.principal, request.path["name"])
    entry = files.describe(service, assistant, request.path["id"], going=not wire.has_operations(request.version))
    url = _url(request, entry) if _flag(request, "include_url") else None
    return json_answer(wire.file_json(assistants.stored_file(entry), request.version, url))


def download_file(service: Service, request: Request) -> Answer:
    """The bytes of a file as they were uploaded."""
    assistant = assistants.describe(service, request.principal, request.path["name"])
    entry = files.describe(service, assistant, request.path["id"])
    name = quote(entry["name"], safe="")
    headers = (("content-disposition", f"attachment; filename*=UTF-8''{name}"), *_OUT_OF_REACH)
    data = files.bytes_of(service, assistant, entry)
    return Answer(data, 200, headers, "application/octet-stream")


def delete_file(service: Service, request: Request) -> Answer:
    assistant = assistants.ready(service, request.principal, request.path["name"])
    operation = files.delete(service, assistant, request.path["id"])
    if not wire.has_operations(request.version):
        return Answer()
    return Answer(status=204) if operation is None else _accepted(request, operation)


def list_operations(service: Service, request: Request) -> Answer:
    assistant = assistants.describe(service, request.principal, request.path["name"])
    found = files.operations(service, assistant)
    for parameter, key, known in (
        ("operation_type", "type", wire.OPERATION_TYPES),
        ("status", "status", wire.OPERATION_STATUSES),
    ):
        wanted = request.one(parameter)
        if wanted is not None:
            if wanted not in known:
                raise InvalidRequestError(f"{parameter} {wanted[:40]!r} is not one of {', '.join(known)}.")
            found = [entry for entry in found if entry[key] == wanted]
    page, last = paged(request, found, files.age, usual=_PAGE, most=_PAGE, newest=True)
    return json_answer(wire.operations_json(page, last))


def describe_operation(service: Service, request: Request) -> Answer:
    assistant = assistants.describe(service, request.principal, request.path["name"])
    return json_answer(wire.operation_json(files.describe_operation(service, assistant, request.path["id"])))


# -- pieces -----------------------------------------------------------------------------------------------------------


def _new_file(service: Service, request: Request) -> NewFile:
    parts = read_form(request.body, request.content_type)
    uploaded = [part for part in parts if part.name == "file"]
    metadata = [part.text for part in parts if part.name == "metadata" and part.filename is None]
    unknown = sorted({part.name[:40] for part in parts} - {"file", "metadata"})
    if unknown:
        raise InvalidRequestError(f"Invalid request: the form has a part {unknown[0]!r}. Known: file, metadata.")
    in_query = request.one("metadata")
    if in_query is not None:
        metadata.append(in_query)
    if len(metadata) > 1:
        raise InvalidRequestError("Invalid request: metadata is given more than once. Give it once.")
    if len(uploaded) != 1 or uploaded[0].filename is None:
        raise InvalidRequestError("Invalid request: the form needs exactly one part 'file' with a file name.")
    limit = service.settings.requests.file_bytes
    if uploaded[0].size > limit:
        raise too_large(limit, uploaded[0].size)
    about = wire.read_file_metadata(metadata[0] if metadata else None, service.database.limits)
    return NewFile(wire.check_file_name(uploaded[0].filename), uploaded[0].pieces, about)


def _check_images(request: Request) -> None:
    if _flag(request, "multimodal"):
        raise NotSupportedError(
            "Images in documents are not read here. Leave multimodal out: the text of the document is read."
        )


def _flag(request: Request, name: str) -> bool:
    value = request.one(name)
    if value not in (None, "true", "false"):
        raise InvalidRequestError(f"The query parameter {name} must be true or false, got {value[:40]!r}.")
    return value == "true"


def _accepted(request: Request, operation: Mapping[str, Any]) -> Answer:
    place = f"/operations/{quote(request.path['name'], safe='')}/{operation['id']}"
    return json_answer(wire.operation_json(operation), 202, (("location", place),))


def _url(request: Request, entry: Mapping[str, Any]) -> str:
    """Takes a key as every address here does: what is given away by mistake opens nothing."""
    name, id = quote(request.path["name"], safe=""), quote(entry["id"], safe="")
    return f"{host_of(request)}/assistant/files/{name}/{id}/content"


_TAGS = ("assistant files",)
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/assistant/files/{name}",
        list_files,
        "data:read",
        "assistant",
        "list_files",
        "Files of an assistant, by id",
        tags=_TAGS,
    ),
    Route(
        "POST",
        "/assistant/files/{name}",
        upload_file,
        "data:write",
        "assistant",
        "upload_file",
        "Upload a file",
        body_limit="file",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/files/{name}/{id}",
        describe_file,
        "data:read",
        "assistant",
        "describe_file",
        "One file",
        tags=_TAGS,
    ),
    Route(
        "PUT",
        "/assistant/files/{name}/{id}",
        upsert_file,
        "data:write",
        "assistant",
        "upsert_file",
        "Upload or replace a file under an id of your own",
        body_limit="file",
        tags=_TAGS,
    ),
    Route(
        "DELETE",
        "/assistant/files/{name}/{id}",
        delete_file,
        "data:write",
        "assistant",
        "delete_file",
        "Delete a file with what was read from it",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/files/{name}/{id}/content",
        download_file,
        "data:read",
        "assistant",
        "download_file",
        "The bytes of a file, where signed_url points",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/operations/{name}",
        list_operations,
        "data:read",
        "assistant",
        "list_operations",
        "Operations on files, newest first",
        tags=_TAGS,
    ),
    Route(
        "GET",
        "/assistant/operations/{name}/{id}",
        describe_operation,
        "data:read",
        "assistant",
        "describe_operation",
        "One operation",
        tags=_TAGS,
    ),
)
