"""Backups of indexes: ``pc.backups`` of SDK 10 and ``pc.db.backup`` of SDK 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.models import Listing, page_of
from pinyon.pinecone.results import Fields, Pagination
from pinyon.pinecone.tokens import last_of, token_of
from pinyon.pinecone.transport import request

if TYPE_CHECKING:
    from pinyon import engine


class BackupModel(Fields):
    """One backup. ``size_bytes`` is the size of its file; ``created_at`` is UTC, RFC 3339."""

    __slots__ = _fields = (
        "backup_id",
        "source_index_name",
        "source_index_id",
        "name",
        "description",
        "status",
        "cloud",
        "region",
        "dimension",
        "metric",
        "record_count",
        "namespace_count",
        "size_bytes",
        "tags",
        "created_at",
    )
    backup_id: str
    source_index_name: str
    source_index_id: str
    name: str
    description: str
    status: str
    cloud: str
    region: str
    dimension: int | None
    metric: str
    record_count: int
    namespace_count: int
    size_bytes: int
    tags: Mapping[str, str]
    created_at: str


class BackupList(Listing[BackupModel]):
    """Backups, newest first; ``pagination.next`` asks for the next page."""

    _columns = ("backup_id", "name", "source_index_name", "created_at", "record_count", "size_bytes")


class Backups:
    def __init__(self, database: engine.Database) -> None:
        self._database = database

    @request
    def create(
        self,
        index_name: str,
        backup_name: str | None = None,
        description: str | None = None,
        *,
        name: str | None = None,
    ) -> BackupModel:
        """Copies the index as it is now. The backup's name is ``backup_name`` (SDK 7) or ``name`` (SDK 10)."""
        if name is not None and backup_name is not None:
            raise InvalidRequestError("Give the backup's name once, as name= or as backup_name=.")
        return _model(
            self._database.create_backup(index_name, name=name or backup_name or "", description=description or "")
        )

    @request
    def list(
        self,
        index_name: str | None = None,
        limit: int | None = None,
        pagination_token: str | None = None,
        include_deleted: bool | None = None,
    ) -> BackupList:
        """Backups of one index, or of all; ``limit`` None means all in one page.

        include_deleted: also answer for an index that no longer exists (otherwise NotFoundError).
        """
        if index_name is not None and not include_deleted:
            self._database.describe_index(index_name)
        if limit is not None and limit < 1:
            raise InvalidRequestError(f"limit must be at least 1, got {limit!r}.")
        found = [_model(info) for info in self._database.list_backups(index_name)]
        page, last = page_of(found, lambda backup: backup.backup_id, limit, last_of(pagination_token))
        return BackupList(page, None if last is None else Pagination(token_of(last)))

    @request
    def describe(self, backup_id: str) -> BackupModel:
        """Raises NotFoundError."""
        return _model(self._database.describe_backup(backup_id))

    get = describe

    @request
    def delete(self, backup_id: str) -> None:
        """Raises NotFoundError."""
        self._database.delete_backup(backup_id)


def _model(info: engine.BackupInfo) -> BackupModel:
    placed: Mapping[str, str] = next(iter(info.spec.deployment.values()), {})
    return BackupModel(
        info.id,
        info.index_name,
        info.index_uuid,
        info.name,
        info.description,
        info.status,
        placed.get("cloud", ""),
        placed.get("region", ""),
        info.dimension,
        info.metric,
        info.record_count,
        info.namespace_count,
        info.size,
        dict(info.spec.tags),
        info.created_at,
    )
