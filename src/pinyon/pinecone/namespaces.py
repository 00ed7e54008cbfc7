"""The namespaces of an index, under the names of both SDKs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.handle import OpenIndex
from pinyon.pinecone.reading import after_of, pagination
from pinyon.pinecone.results import ListNamespacesResponse, NamespaceDescription
from pinyon.pinecone.tokens import namespace_of
from pinyon.pinecone.transport import request


class NamespaceCalls(OpenIndex):
    """The namespace methods of an index. Each takes the name as ``name=`` (SDK 10) or ``namespace=`` (SDK 7)."""

    @property
    def namespace(self) -> NamespaceResource:
        return NamespaceResource(self)

    @request
    def create_namespace(self, name: str, schema: Mapping[str, Any] | None = None) -> NamespaceDescription:
        """An empty namespace that stays when it holds no records.

        schema: ``{"fields": {"<field>": {"filterable": True}}}``; it is stored and shown, every field is filterable.
        Raises AlreadyExistsError when it exists, InvalidRequestError for a bad name or schema.
        """
        if not name or name == "__default__":
            raise InvalidRequestError("The default namespace always exists: create_namespace() needs another name.")
        for field, settings in (schema or {}).get("fields", {}).items():
            if settings.get("filterable") is not True:
                raise InvalidRequestError(
                    f"Field '{field}' is set to filterable: false. Only filterable: true is supported. "
                    "To avoid indexing the field, omit it from the list of fields."
                )
        return NamespaceDescription(self._index.create_namespace(name, schema))

    @request
    def describe_namespace(self, namespace: str | None = None, *, name: str | None = None) -> NamespaceDescription:
        """Raises NotFoundError when there is no such namespace."""
        return NamespaceDescription(self._index.describe_namespace(_one_name(name, namespace)))

    @request
    def delete_namespace(self, namespace: str | None = None, *, name: str | None = None) -> dict[str, Any]:
        """Deletes a namespace with all its records. Raises NotFoundError when there is no such namespace."""
        self._index.delete_namespace(_one_name(name, namespace))
        return {}

    @request
    def list_namespaces_paginated(
        self, limit: int | None = None, pagination_token: str | None = None, *, prefix: str | None = None
    ) -> ListNamespacesResponse:
        """One page of namespaces by name, ``limit`` (default and most 100) of them."""
        found, last, total = self._index.namespaces(
            prefix=prefix or "", limit=100 if limit is None else limit, after=after_of(pagination_token)
        )
        return ListNamespacesResponse([NamespaceDescription(info) for info in found], pagination(last), total)

    @request
    def list_namespaces(
        self, limit: int | None = None, pagination_token: str | None = None, *, prefix: str | None = None
    ) -> Iterator[NamespaceDescription]:
        """Every namespace by name. What SDK 10 iterates over is pages: each namespace is also a page of one."""
        token = pagination_token
        while True:
            page = self.list_namespaces_paginated(limit, token, prefix=prefix)
            yield from page.namespaces
            if page.pagination is None:
                return
            token = page.pagination.next


class NamespaceResource:
    """``index.namespace``: the same calls under short names."""

    def __init__(self, calls: NamespaceCalls) -> None:
        self.create = calls.create_namespace
        self.describe = calls.describe_namespace
        self.delete = calls.delete_namespace
        self.list = calls.list_namespaces
        self.list_paginated = calls.list_namespaces_paginated


def _one_name(name: str | None, namespace: str | None) -> str:
    if (name is None) == (namespace is None):
        raise InvalidRequestError("Give the namespace once, as namespace= or as name=.")
    return namespace_of(name if namespace is None else namespace)
