"""The documents API: upsert, search, fetch, list, update and delete, under the namespace that the path names."""

from __future__ import annotations

from pinyon.engine.documents import Documents
from pinyon.errors import InvalidRequestError
from pinyon.server.bodies import json_object, json_object_or_none, read, written
from pinyon.server.heads import too_large
from pinyon.server.http import Answer, Request, Route
from pinyon.server.service import Service
from pinyon.wire import documents as wire
from pinyon.wire.namespaces import namespace_of
from pinyon.wire.tokens import last_of

_PAGE = 100
_ACCEPTED = 202


def _opened(service: Service, request: Request) -> tuple[Documents, str]:
    """The documents of the index that the request names, and the namespace, which this caller may use."""
    index = service.index(request)
    name = request.path["namespace"]
    if not name.strip():
        raise InvalidRequestError("Invalid request: the namespace in the path must be a non-empty string.")
    namespace = namespace_of(name)
    request.principal.check_namespace(namespace)
    return Documents(index, service.models), namespace


def _check_count(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise InvalidRequestError(f"{count} {what} in one request are more than {limit}, the limit. Send several.")


def upsert(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    limits = service.settings.requests
    given = wire.read_upsert(json_object(service, request), request.version)
    _check_count("documents", len(given), limits.documents)
    size = wire.size_of(given)
    if size > limits.decoded_bytes:
        raise too_large(limits.decoded_bytes, size)  # clients send the halves of a batch that is too large
    done = documents.upsert(namespace, given)
    return written(wire.upsert_body(done.count, done.tokens), done.lsn, _ACCEPTED)


def search(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    asked = wire.read_search(json_object(service, request), request.version)
    found = documents.search(
        namespace,
        asked.clauses,
        asked.top_k,
        filter=asked.filter,
        fields=asked.fields,
        exact=asked.exact,
        explain=asked.explain or service.observer is not None,
    )
    if service.observer is not None:
        service.observer.planned(request, namespace, found.plan)
    body = wire.search_body(
        found.documents, request.path["namespace"], found.tokens, plan=found.plan, explain=asked.explain
    )
    return read(body, found.lsn)


def fetch(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    asked = wire.read_fetch(json_object(service, request), request.version)
    lsn = documents.position(namespace)
    if asked.ids is not None:
        _check_count("ids", len(asked.ids), service.settings.requests.ids)
        found, last = documents.fetch(namespace, asked.ids, fields=asked.fields), None
    else:
        most = service.settings.limits.fetch_by_metadata_page
        found, last = documents.fetch_where(
            namespace,
            asked.filter or {},
            limit=most if asked.limit is None else asked.limit,
            after=last_of(asked.token),
            fields=asked.fields,
        )
    return read(wire.fetch_body(found, request.path["namespace"], last), lsn)


def list_ids(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    asked = wire.read_list(json_object_or_none(service, request), request.version)
    longest = service.settings.limits.id_length
    if not asked.prefix.isascii() or "\0" in asked.prefix or len(asked.prefix) > longest:
        raise InvalidRequestError(
            f"prefix {asked.prefix[:60]!r} must be ASCII without null characters, at most {longest} of them."
        )
    lsn = documents.position(namespace)
    ids, last = documents.list_ids(
        namespace,
        prefix=asked.prefix,
        limit=_PAGE if asked.limit is None else asked.limit,
        after=last_of(asked.token),
    )
    return read(wire.list_body(ids, request.path["namespace"], last), lsn)


def update(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    asked = wire.read_update(json_object(service, request), request.version)
    if asked.documents is not None:
        _check_count("documents", len(asked.documents), service.settings.requests.documents)
        done = documents.update(namespace, asked.documents)
        return written(wire.update_body(None, done.tokens), done.lsn, _ACCEPTED)
    done = documents.update_where(namespace, asked.filter or {}, asked.set_fields, asked.remove_fields)
    return written(wire.update_body(done.count, done.tokens), done.lsn, _ACCEPTED)


def delete(service: Service, request: Request) -> Answer:
    documents, namespace = _opened(service, request)
    asked = wire.read_delete(json_object(service, request), request.version)
    if asked.ids is not None:
        _check_count("ids", len(asked.ids), service.settings.requests.ids)
        done = documents.delete(namespace, asked.ids)
    elif asked.filter is not None:
        done = documents.delete_where(namespace, asked.filter)
    else:
        done = documents.delete_all(namespace)
    matched = done.count if asked.filter is not None else None
    return written(wire.delete_body(matched), done.lsn, _ACCEPTED)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/namespaces/{namespace}/documents/upsert",
        upsert,
        "data:write",
        "data",
        "upsert_documents",
        "Insert or replace documents",
        body_limit="large",
        tags=("documents",),
    ),
    Route(
        "POST",
        "/namespaces/{namespace}/documents/search",
        search,
        "data:read",
        "data",
        "search_documents",
        "Find documents by words, a vector or a text to embed",
        tags=("documents",),
    ),
    Route(
        "POST",
        "/namespaces/{namespace}/documents/fetch",
        fetch,
        "data:read",
        "data",
        "fetch_documents",
        "Documents by id, or by a filter, page by page",
        tags=("documents",),
    ),
    Route(
        "POST",
        "/namespaces/{namespace}/documents/list",
        list_ids,
        "data:read",
        "data",
        "list_documents",
        "Ids of documents, page by page",
        tags=("documents",),
    ),
    Route(
        "POST",
        "/namespaces/{namespace}/documents/update",
        update,
        "data:write",
        "data",
        "update_documents",
        "Set and remove fields of documents, by id or by a filter",
        body_limit="large",
        tags=("documents",),
    ),
    Route(
        "POST",
        "/namespaces/{namespace}/documents/delete",
        delete,
        "data:write",
        "data",
        "delete_documents",
        "Delete documents by id, by a filter, or all of a namespace",
        tags=("documents",),
    ),
)
