"""The indexes of a database: ``pc.indexes`` of SDK 10 and ``pc.db.index`` of SDK 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pinyon.engine import kinds
from pinyon.engine.embedding import embed_spec
from pinyon.errors import InvalidRequestError
from pinyon.pinecone.backups import BackupModel, Backups
from pinyon.pinecone.models import IndexList, IndexModel, Listing
from pinyon.pinecone.specs import IndexEmbed, as_mapping, deployment_of, is_protected, vectors_of_schema
from pinyon.pinecone.transport import request
from pinyon.types import IndexSpec, Metric, Models, VectorType

if TYPE_CHECKING:
    from pinyon import engine


class Indexes:
    """Creates, lists, describes, configures and deletes indexes.

    ``timeout``, pods, replicas and read capacity are accepted and have no effect: an index is ready when it is made.
    """

    def __init__(self, database: engine.Database, models: Models) -> None:
        self._database = database
        self._models = models
        self._backups = Backups(database)

    @request
    def create(
        self,
        name: str | None = None,
        spec: Any = None,
        dimension: int | None = None,
        metric: str | None = None,
        timeout: int | None = None,
        deletion_protection: str | None = "disabled",
        vector_type: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        schema: Mapping[str, Any] | None = None,
        deployment: Mapping[str, Any] | None = None,
        read_capacity: Mapping[str, Any] | None = None,
        cmek_id: str | None = None,
        index: Mapping[str, Any] | None = None,
    ) -> IndexModel:
        """Creates an index. ``metric`` defaults to cosine, and to dotproduct for a sparse index.

        index: how it is searched, as in ``Pinecone.create_index``.
        Raises AlreadyExistsError, or InvalidRequestError for a bad name, dimension, metric or tag.
        """
        if name is None:
            raise InvalidRequestError("An index needs a name of lower-case letters, digits and hyphens.")
        if schema is not None:
            if dimension is not None or metric is not None or vector_type is not None:
                raise InvalidRequestError("Give schema= or dimension=, metric= and vector_type=, not both.")
            vector_type, dimension, metric = vectors_of_schema(schema)
        kind_of_vectors = "dense" if vector_type is None else str(vector_type)
        default = "dotproduct" if kind_of_vectors == "sparse" else "cosine"
        placed = deployment_of(spec) if deployment is None else deployment_of({"serverless": deployment})
        wanted = IndexSpec(
            name,
            dimension,
            cast(Metric, default if metric is None else str(metric)),
            cast(VectorType, kind_of_vectors),
            deletion_protection=bool(is_protected(deletion_protection)),
            tags=dict(tags or {}),
            deployment=placed,
        )
        return self._made(wanted, index)

    def _made(self, wanted: IndexSpec, index: Mapping[str, Any] | None) -> IndexModel:
        kinds.check_said_once(index, wanted.tags)
        return IndexModel(self._database.create_index(wanted if index is None else kinds.configured(wanted, index)))

    @request
    def create_for_model(
        self,
        name: str,
        cloud: str,
        region: str,
        embed: IndexEmbed | Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
        deletion_protection: str | None = "disabled",
        read_capacity: Mapping[str, Any] | None = None,
        schema: Mapping[str, Any] | None = None,
        timeout: int | None = None,
        *,
        index: Mapping[str, Any] | None = None,
    ) -> IndexModel:
        """Creates an index that embeds text: ``embed={"model": "use-multilingual", "field_map": {"text": ...}}``.

        The identity of the model is stored with the index. Raises NotFoundError for an unknown model.
        """
        bound = embed_spec(self._models, as_mapping(embed, "embed"))
        wanted = IndexSpec(
            name,
            bound.dimension,
            bound.metric,
            bound.vector_type,
            embed=bound,
            deletion_protection=bool(is_protected(deletion_protection)),
            tags=dict(tags or {}),
            deployment=deployment_of({"serverless": {"cloud": cloud, "region": region}}),
        )
        return self._made(wanted, index)

    @request
    def create_from_backup(
        self,
        name: str,
        backup_id: str,
        deletion_protection: str | None = None,
        tags: Mapping[str, str] | None = None,
        read_capacity: Mapping[str, Any] | None = None,
        timeout: int | None = None,
    ) -> IndexModel:
        """A new index ``name`` with what the backup holds; it is complete when this returns."""
        return IndexModel(
            self._database.restore_backup(
                backup_id,
                name,
                tags=None if tags is None else dict(tags),
                deletion_protection=bool(is_protected(deletion_protection)),
            )
        )

    @request
    def list(self, limit: int | None = None, pagination_token: str | None = None) -> IndexList:
        """All indexes by name, always in one page."""
        return IndexList([IndexModel(spec) for spec in self._database.list_indexes()])

    @request
    def describe(self, name: str) -> IndexModel:
        """Raises NotFoundError."""
        return IndexModel(self._database.describe_index(name))

    @request
    def exists(self, name: str) -> bool:
        return self._database.has_index(name)

    has = exists

    @request
    def configure(
        self,
        name: str,
        replicas: int | None = None,
        pod_type: str | None = None,
        deletion_protection: str | None = None,
        tags: Mapping[str, str] | None = None,
        embed: IndexEmbed | Mapping[str, Any] | None = None,
        read_capacity: Mapping[str, Any] | None = None,
        serverless_read_capacity: Mapping[str, Any] | None = None,
        *,
        deployment: Mapping[str, Any] | None = None,
        index: Mapping[str, Any] | None = None,
    ) -> IndexModel:
        """Changes what is given. Tags are merged, and "" deletes a key; ``embed`` binds the index to a model.

        index: as in ``Pinecone.configure_index``.
        """
        bound = None
        if embed is not None:
            bound = embed_spec(self._models, as_mapping(embed, "embed"), self._database.describe_index(name))
        return IndexModel(
            self._database.configure_index(
                name,
                deletion_protection=is_protected(deletion_protection),
                tags=None if tags is None else dict(tags),
                index=index,
                embed=bound,
            )
        )

    @request
    def delete(self, name: str, timeout: int | None = None) -> None:
        """Raises NotFoundError, or ForbiddenError when deletion protection is enabled."""
        self._database.delete_index(name)

    def create_backup(self, index_name: str, *, name: str | None = None, description: str | None = None) -> BackupModel:
        return self._backups.create(index_name=index_name, name=name, description=description)

    def describe_backup(self, backup_id: str) -> BackupModel:
        return self._backups.describe(backup_id=backup_id)

    def list_backups(
        self,
        index_name: str,
        *,
        limit: int | None = None,
        pagination_token: str | None = None,
        include_deleted: bool | None = None,
    ) -> Listing[BackupModel]:
        return self._backups.list(
            index_name=index_name, limit=limit, pagination_token=pagination_token, include_deleted=include_deleted
        )
