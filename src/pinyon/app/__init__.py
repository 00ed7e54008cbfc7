"""The wiring: gives the in-process face the models that are installed."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from pinyon import pinecone
from pinyon.app.model_files import pulled_models, user_models
from pinyon.models.registry import ModelRegistry
from pinyon.pinecone import (
    AwsRegion,
    AzureRegion,
    BackupList,
    BackupModel,
    Batch,
    ByocSpec,
    CloudProvider,
    Condition,
    DeletionProtection,
    DescribeIndexStatsResponse,
    EmbedConfig,
    EmbeddingsList,
    EmbedModel,
    FetchByMetadataResponse,
    FetchResponse,
    Field,
    FilterBuilder,
    GcpRegion,
    Index,
    IndexEmbed,
    IndexList,
    IndexModel,
    ListNamespacesResponse,
    ListResponse,
    Metric,
    ModelInfo,
    ModelInfoList,
    NamespaceDescription,
    PineconeFuture,
    PodIndexEnvironment,
    PodSpec,
    PodType,
    QueryNamespacesResults,
    QueryResponse,
    RerankModel,
    ScoredVector,
    SearchQuery,
    SearchQueryVector,
    SearchRecordsResponse,
    SearchRerank,
    ServerlessSpec,
    SparseValues,
    UpdateResponse,
    UpsertRecordsResponse,
    UpsertResponse,
    Vector,
    VectorType,
)
from pinyon.types import Picture

__all__ = [
    "AwsRegion",
    "AzureRegion",
    "BackupList",
    "BackupModel",
    "Batch",
    "ByocSpec",
    "CloudProvider",
    "Condition",
    "DeletionProtection",
    "DescribeIndexStatsResponse",
    "EmbedConfig",
    "EmbedModel",
    "EmbeddingsList",
    "FetchByMetadataResponse",
    "FetchResponse",
    "Field",
    "FilterBuilder",
    "GcpRegion",
    "Index",
    "IndexEmbed",
    "IndexList",
    "IndexModel",
    "ListNamespacesResponse",
    "ListResponse",
    "Metric",
    "ModelInfo",
    "ModelInfoList",
    "NamespaceDescription",
    "Pinecone",
    "PineconeFuture",
    "PodIndexEnvironment",
    "PodSpec",
    "PodType",
    "QueryNamespacesResults",
    "QueryResponse",
    "RerankModel",
    "ScoredVector",
    "SearchQuery",
    "SearchQueryVector",
    "SearchRecordsResponse",
    "SearchRerank",
    "ServerlessSpec",
    "SparseValues",
    "UpdateResponse",
    "UpsertRecordsResponse",
    "UpsertResponse",
    "Vector",
    "VectorType",
    "default_models",
]


PICTURE_SIDE: Final = 1024
"""Pixels of the longest side of a picture that a model is given."""


def default_models(data: str | os.PathLike[str] | None = None) -> ModelRegistry:
    """The models of a data directory: those that Pinyon knows, and those of its ``models.toml`` and of the file that
    PINYON_MODELS names. All registries of this process share what is loaded, so that a model's weights load once.
    """
    folder = None if data is None or os.fspath(data) == ":memory:" else Path(data)
    return _shared_models().with_more(partial(user_models, folder), pulled_models(folder))


@cache
def _shared_models() -> ModelRegistry:
    return ModelRegistry(reader=_read_picture)


def _read_picture(data: bytes, name: str) -> Picture:
    """No model sees more than PICTURE_SIDE pixels on a side; larger pictures would only be held in memory."""
    from pinyon.pictures import read_picture

    return read_picture(data, name=name, longest=PICTURE_SIDE)


class Pinecone(pinecone.Pinecone):
    """A vector database in a directory, or in memory, with the embedding models that are installed.

    path: the data directory, or ":memory:". Without it: the environment variable PINYON_DATA, else "./pinyon-data".
    models: a registry of your own instead of the default one.
    memory: what the namespaces in use may hold in this process, such as "2GB" or a number of bytes; the least recently
        used make room. Without it: the environment variable PINYON_MEMORY, else 4 GiB.
    read_only: open without writing; every write raises ReadOnlyError.
    api_key, host and the network keywords of the Pinecone SDKs are accepted and have no effect.
    """

    def __init__(
        self,
        api_key: str | None = None,
        host: str | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        memory: int | str | None = None,
        read_only: bool = False,
        models: pinecone.Models | None = None,
        **network: Any,
    ) -> None:
        place = path if path is not None else os.environ.get("PINYON_DATA") or "./pinyon-data"
        super().__init__(
            api_key,
            host,
            path=place,
            memory=memory,
            read_only=read_only,
            models=default_models(place) if models is None else models,
            **network,
        )
