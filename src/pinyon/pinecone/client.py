"""The database as ``Pinecone``: the methods of the SDKs' client over the engine, in process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from pinyon.engine import Database
from pinyon.engine.comparing import Question
from pinyon.engine.embedding import NoModels
from pinyon.engine.reembedding import SAMPLE, ReembedReport, reembed, reembedding
from pinyon.errors import InvalidRequestError
from pinyon.pinecone.backups import BackupList, BackupModel, Backups
from pinyon.pinecone.control import Indexes
from pinyon.pinecone.index import Index as IndexHandle
from pinyon.pinecone.inference import Inference
from pinyon.pinecone.models import IndexList, IndexModel, name_of
from pinyon.pinecone.specs import IndexEmbed
from pinyon.types import Models

_WITHOUT_EFFECT = frozenset(
    {
        "additional_headers",
        "config",
        "connection_pool_maxsize",
        "environment",
        "grpc_config",
        "grpc_scheme",
        "index_api",
        "openapi_config",
        "pool_threads",
        "proxy_headers",
        "proxy_url",
        "retry_config",
        "source_tag",
        "ssl_ca_certs",
        "ssl_verify",
        "timeout",
    }
)


def _refuse_unknown(what: str, keywords: Mapping[str, Any], way_out: str) -> None:
    unknown = sorted(keywords.keys() - _WITHOUT_EFFECT)
    if unknown:
        raise TypeError(f"{what}() got the unknown keyword(s) {', '.join(unknown)}. {way_out}")


class Pinecone:
    """A vector database in a directory, or in memory.

    path: the data directory, or ":memory:". Without it: the environment variable PINYON_DATA, else "./pinyon-data".
    memory: what the namespaces in use may hold in this process, such as "2GB" or a number of bytes; the least recently
        used make room. Without it: the environment variable PINYON_MEMORY, else 4 GiB.
    read_only: open without writing; every write raises ReadOnlyError.
    api_key, host and the network keywords of the SDKs are accepted and have no effect.
    """

    def __init__(
        self,
        api_key: str | None = None,
        host: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        memory: int | str | None = None,
        read_only: bool = False,
        models: Models | None = None,
        **network: Any,
    ) -> None:
        _refuse_unknown("Pinecone", network, "The data directory is path=.")
        place = os.environ.get("PINYON_DATA") or "./pinyon-data" if path is None else os.fspath(path)
        budget = os.environ.get("PINYON_MEMORY") or None if memory is None else memory
        self._database = Database(place, memory=budget, read_only=read_only)
        self._models: Models = NoModels() if models is None else models
        self.indexes = Indexes(self._database, self._models)
        self.backups = Backups(self._database)
        self.inference = Inference(self._models)

    @property
    def db(self) -> ControlPlane:
        return ControlPlane(self)

    # -- indexes ------------------------------------------------------------------------------------------------------

    def create_index(
        self,
        name: str,
        spec: Any = None,
        dimension: int | None = None,
        metric: str | None = None,
        timeout: int | None = None,
        deletion_protection: str | None = "disabled",
        vector_type: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        index: Mapping[str, Any] | None = None,
    ) -> IndexModel:
        """Creates an index and gives its definition. ``spec`` (cloud and region) may be left out.

        metric: cosine (default), dotproduct or euclidean; dotproduct for ``vector_type="sparse"``, without dimension.
        index: how it is searched, ``{"kind": "hnsw", "m": 32, "recall": 0.95}``. Nothing of it need be given.
            kind: auto (default: chosen by size and recall), flat (always exact), scan (codes of all rows), hnsw or
            symqg (graphs) or ivf (clusters).
            recall: recall@10 that searches must reach, 0.99 when not given.
            hnsw: m (2 to 128, usually 16), ef_construction (8 to 2,000, usually 200), ef_search (1 to 10,000).
            ivf: nlist (1 to 65,536), nprobe (1 to nlist), codes ("pq4" or "float32").
            symqg: degree (32, 64, 96 or 128), ef_construction (32 to 2,000, usually 100), ef_search (1 to 10,000).
            What is not given of ef_search, nlist and nprobe is chosen by size and recall.
        Raises AlreadyExistsError, or InvalidRequestError for a bad name, dimension, metric or tag.
        """
        return self.indexes.create(
            name,
            spec,
            dimension,
            metric,
            timeout,
            deletion_protection,
            vector_type,
            tags,
            index=index,
        )

    def create_index_for_model(
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
        """Creates an index that embeds text itself; see ``Index.upsert_records`` and ``Index.search``."""
        return self.indexes.create_for_model(name, cloud, region, embed, tags, deletion_protection, index=index)

    def list_indexes(self) -> IndexList:
        """Every index, by name; iterable, with ``.names()``."""
        return self.indexes.list()

    def has_index(self, name: str) -> bool:
        """Whether there is an index of that name."""
        return self.indexes.exists(name)

    def describe_index(self, name: str) -> IndexModel:
        """The definition of an index. Raises NotFoundError."""
        return self.indexes.describe(name)

    def configure_index(
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
        index: Mapping[str, Any] | None = None,
    ) -> IndexModel:
        """Changes what is given. Tags are merged, and the value "" deletes a key.

        index: as in ``create_index``. With a kind, it says everything about the kind; without one, only what is named
            changes, as in ``{"ef_search": 100}``. Searches go on meanwhile.
        """
        return self.indexes.configure(
            name,
            deletion_protection=deletion_protection,
            tags=tags,
            embed=embed,
            index=index,
        )

    def reembed_index(
        self,
        name: str,
        model: str,
        *,
        dimension: int | None = None,
        namespace: str | None = None,
        queries: Sequence[Mapping[str, Any]] | None = None,
        sample: int = SAMPLE,
        confirm: Callable[[ReembedReport], bool] | None = None,
        progress: Callable[[int, int], None] | None = None,
        dry_run: bool = False,
    ) -> ReembedReport:
        """Gives all records vectors of another model, while searches and writes go on, and then changes over at once.

        dimension: of a model that has several. namespace: whose records the models are compared by; the largest if not
            given.
        queries: ``{"query": "a text", "relevant": ["the id of a record", ...]}`` each; without them ``sample``
            sentences of records, which flatters both models. 0 compares nothing.
        confirm: is given the report, comparison included, before the index changes over. When it says False nothing
            changes, and the next call goes on from there.
        progress: is called with (records done, records in all). dry_run: checks and counts only.
        Raises FailedPreconditionError for records without text, before anything is embedded, and NotFoundError.
        """
        questions = None
        if queries is not None:
            questions = [Question(str(one.get("query", "")), tuple(one.get("relevant", ()))) for one in queries]
        return reembed(
            self._database,
            self._models,
            name,
            model,
            dimension=dimension,
            namespace=namespace,
            questions=questions,
            sample=sample,
            confirm=confirm or (lambda report: True),
            progress=progress or (lambda done, total: None),
            dry_run=dry_run,
        )

    def rollback_reembedded_index(self, name: str) -> IndexModel:
        """Back to the model of before ``reembed_index``, in one transaction. What was written since is embedded first.

        Raises FailedPreconditionError when the former vectors are gone, or when its model is needed and not installed.
        """
        with reembedding(self._database, self._models, name) as change:
            change.rollback()
        return self.describe_index(name)

    def forget_former_vectors(self, name: str) -> None:
        """Deletes the vectors that searches do not use: kept for a way back, or half made. Raises
        FailedPreconditionError when there are none."""
        with reembedding(self._database, self._models, name) as change:
            change.forget()

    def delete_index(self, name: str, timeout: int | None = None) -> None:
        """Raises NotFoundError, or ForbiddenError when deletion protection is enabled."""
        self.indexes.delete(name)

    def Index(self, name: str = "", host: str = "", **network: Any) -> IndexHandle:
        """A handle on an index, by name or by the ``host`` of its description. Raises NotFoundError."""
        _refuse_unknown("Index", network, "The index is given by name or host.")
        if not name and not host:
            raise InvalidRequestError("Index() needs the name of an index, or the host that describe_index() gives.")
        return IndexHandle(self._database.index(name_of(host) if host else name), self._models)

    def index(
        self, name: str = "", *, host: str = "", grpc: bool = False, pool_threads: int | None = None
    ) -> IndexHandle:
        """``Index`` in the spelling of SDK 10."""
        return self.Index(name, host)

    # -- backups ------------------------------------------------------------------------------------------------------

    def create_backup(
        self, *, index_name: str, backup_name: str | None = None, description: str | None = None
    ) -> BackupModel:
        """A consistent copy of an index, kept in the data directory; writers go on meanwhile."""
        return self.backups.create(index_name, backup_name, description)

    def list_backups(
        self,
        *,
        index_name: str | None = None,
        limit: int | None = None,
        pagination_token: str | None = None,
        include_deleted: bool | None = None,
    ) -> BackupList:
        """Backups, newest first, of one index when ``index_name`` is given. ``include_deleted`` has no effect."""
        return self.backups.list(index_name, limit, pagination_token, include_deleted)

    def describe_backup(self, *, backup_id: str) -> BackupModel:
        """One backup. Raises NotFoundError."""
        return self.backups.describe(backup_id)

    def delete_backup(self, *, backup_id: str) -> None:
        """Deletes a backup and its files. Raises NotFoundError."""
        self.backups.delete(backup_id)

    def create_index_from_backup(
        self,
        *,
        name: str,
        backup_id: str,
        deletion_protection: str | None = None,
        tags: Mapping[str, str] | None = None,
        read_capacity: Mapping[str, Any] | None = None,
        timeout: int | None = None,
    ) -> IndexModel:
        """A new index ``name`` with what the backup holds; it is complete when this returns."""
        return self.indexes.create_from_backup(name, backup_id, deletion_protection, tags)

    # -- life cycle ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes every index of this object. Using it afterwards raises ClosedError."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        path = self._database.path
        return f"Pinecone(path={':memory:' if path is None else str(path)!r})"


class ControlPlane:
    """``pc.db`` of SDK 7."""

    def __init__(self, client: Pinecone) -> None:
        self.index = client.indexes
        self.backup = client.backups
