"""The in-process face: the classes of the Pinecone SDKs over the engine. Models arrive injected."""

from __future__ import annotations

from pinyon.pinecone.backups import BackupList, BackupModel
from pinyon.pinecone.batch import Batch
from pinyon.pinecone.client import Pinecone
from pinyon.pinecone.conditions import Condition, Field, FilterBuilder
from pinyon.pinecone.enums import (
    AwsRegion,
    AzureRegion,
    CloudProvider,
    DeletionProtection,
    EmbedModel,
    GcpRegion,
    Metric,
    PodIndexEnvironment,
    PodType,
    RerankModel,
    VectorType,
)
from pinyon.pinecone.index import Index
from pinyon.pinecone.models import EmbeddingsList, IndexList, IndexModel, ModelInfo, ModelInfoList
from pinyon.pinecone.results import (
    DescribeIndexStatsResponse,
    FetchByMetadataResponse,
    FetchResponse,
    ListNamespacesResponse,
    ListResponse,
    NamespaceDescription,
    QueryNamespacesResults,
    QueryResponse,
    SearchRecordsResponse,
    UpdateResponse,
    UpsertRecordsResponse,
    UpsertResponse,
)
from pinyon.pinecone.specs import (
    ByocSpec,
    EmbedConfig,
    IndexEmbed,
    PodSpec,
    SearchQuery,
    SearchQueryVector,
    SearchRerank,
    ServerlessSpec,
)
from pinyon.pinecone.transport import PineconeFuture
from pinyon.pinecone.vectors import ScoredVector, SparseValues, Vector
from pinyon.types import ModelDescription, Models

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
    "ModelDescription",
    "ModelInfo",
    "ModelInfoList",
    "Models",
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
]
