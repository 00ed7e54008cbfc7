"""Several writes that commit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from pinyon.pinecone import inputs
from pinyon.pinecone.selectors import check_delete, check_update
from pinyon.pinecone.tokens import namespace_of

if TYPE_CHECKING:
    from pinyon import engine


class Batch:
    """Collects writes inside a ``with`` block; the end of the block commits them as one, an exception discards them.

    Input is checked when it is given, so a bad record raises inside the block, at its own line.
    """

    def __init__(self, batch: engine.Batch) -> None:
        self._batch = batch

    def upsert(
        self,
        vectors: Any = None,
        namespace: str | None = None,
        *,
        ids: Sequence[str] | None = None,
        metadata: Sequence[Mapping[str, Any] | None] | Mapping[str, Sequence[Any]] | None = None,
        sparse_values: Sequence[Any] | None = None,
    ) -> None:
        columns = inputs.read_columns(vectors, ids, metadata, sparse_values)
        self._batch.upsert(
            namespace_of(namespace), columns.ids, columns.values, sparse=columns.sparse, metadata=columns.metadata
        )

    def update(
        self,
        id: str | None = None,
        values: Any = None,
        set_metadata: Mapping[str, Any] | None = None,
        namespace: str | None = None,
        sparse_values: Any = None,
        *,
        filter: Mapping[str, Any] | None = None,
    ) -> None:
        check_update(id, filter, values, sparse_values, dry_run=False)
        space = namespace_of(namespace)
        if filter is not None:
            self._batch.update_where(space, filter, set_metadata or {})
        else:
            self._batch.update(space, cast(str, id), values=values, sparse=sparse_values, set_metadata=set_metadata)

    def delete(
        self,
        ids: Sequence[str] | None = None,
        delete_all: bool | None = None,
        namespace: str | None = None,
        filter: Mapping[str, Any] | None = None,
    ) -> None:
        check_delete(ids, delete_all, filter)
        space = namespace_of(namespace)
        if filter is not None:
            self._batch.delete_where(space, filter)
        elif ids is not None:
            self._batch.delete(space, ids)
        else:
            self._batch.delete_all(space)

    def __enter__(self) -> Self:
        self._batch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._batch.__exit__(kind, error, trace)
