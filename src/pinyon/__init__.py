"""Pinyon: a vector database inside your Python process.

Public names load when they are first used, so that ``import pinyon`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinyon.app import (
        AwsRegion as AwsRegion,
    )
    from pinyon.app import (
        AzureRegion as AzureRegion,
    )
    from pinyon.app import (
        BackupList as BackupList,
    )
    from pinyon.app import (
        BackupModel as BackupModel,
    )
    from pinyon.app import (
        Batch as Batch,
    )
    from pinyon.app import (
        ByocSpec as ByocSpec,
    )
    from pinyon.app import (
        CloudProvider as CloudProvider,
    )
    from pinyon.app import (
        Condition as Condition,
    )
    from pinyon.app import (
        DeletionProtection as DeletionProtection,
    )
    from pinyon.app import (
        DescribeIndexStatsResponse as DescribeIndexStatsResponse,
    )
    from pinyon.app import (
        EmbedConfig as EmbedConfig,
    )
    from pinyon.app import (
        EmbeddingsList as EmbeddingsList,
    )
    from pinyon.app import (
        EmbedModel as EmbedModel,
    )
    from pinyon.app import (
        FetchByMetadataResponse as FetchByMetadataResponse,
    )
    from pinyon.app import (
        FetchResponse as FetchResponse,
    )
    from pinyon.app import (
        Field as Field,
    )
    from pinyon.app import (
        FilterBuilder as FilterBuilder,
    )
    from pinyon.app import (
        GcpRegion as GcpRegion,
    )
    from pinyon.app import (
        Index as Index,
    )
    from pinyon.app import (
        IndexEmbed as IndexEmbed,
    )
    from pinyon.app import (
        IndexList as IndexList,
    )
    from pinyon.app import (
        IndexModel as IndexModel,
    )
    from pinyon.app import (
        ListNamespacesResponse as ListNamespacesResponse,
    )
    from pinyon.app import (
        ListResponse as ListResponse,
    )
    from pinyon.app import (
        Metric as Metric,
    )
    from pinyon.app import (
        ModelInfo as ModelInfo,
    )
    from pinyon.app import (
        ModelInfoList as ModelInfoList,
    )
    from pinyon.app import (
        NamespaceDescription as NamespaceDescription,
    )
    from pinyon.app import (
        Pinecone as Pinecone,
    )
    from pinyon.app import (
        PineconeFuture as PineconeFuture,
    )
    from pinyon.app import (
        PodIndexEnvironment as PodIndexEnvironment,
    )
    from pinyon.app import (
        PodSpec as PodSpec,
    )
    from pinyon.app import (
        PodType as PodType,
    )
    from pinyon.app import (
        QueryNamespacesResults as QueryNamespacesResults,
    )
    from pinyon.app import (
        QueryResponse as QueryResponse,
    )
    from pinyon.app import (
        RerankModel as RerankModel,
    )
    from pinyon.app import (
        ScoredVector as ScoredVector,
    )
    from pinyon.app import (
        SearchQuery as SearchQuery,
    )
    from pinyon.app import (
        SearchQueryVector as SearchQueryVector,
    )
    from pinyon.app import (
        SearchRecordsResponse as SearchRecordsResponse,
    )
    from pinyon.app import (
        SearchRerank as SearchRerank,
    )
    from pinyon.app import (
        ServerlessSpec as ServerlessSpec,
    )
    from pinyon.app import (
        SparseValues as SparseValues,
    )
    from pinyon.app import (
        UpdateResponse as UpdateResponse,
    )
    from pinyon.app import (
        UpsertRecordsResponse as UpsertRecordsResponse,
    )
    from pinyon.app import (
        UpsertResponse as UpsertResponse,
    )
    from pinyon.app import (
        Vector as Vector,
    )
    from pinyon.app import (
        VectorType as VectorType,
    )
    from pinyon.errors import (
        AlreadyExistsError as AlreadyExistsError,
    )
    from pinyon.errors import (
        BusyError as BusyError,
    )
    from pinyon.errors import (
        ClosedError as ClosedError,
    )
    from pinyon.errors import (
        CorruptionError as CorruptionError,
    )
    from pinyon.errors import (
        FailedPreconditionError as FailedPreconditionError,
    )
    from pinyon.errors import (
        FilterError as FilterError,
    )
    from pinyon.errors import (
        ForbiddenError as ForbiddenError,
    )
    from pinyon.errors import (
        FormatError as FormatError,
    )
    from pinyon.errors import (
        InvalidRequestError as InvalidRequestError,
    )
    from pinyon.errors import (
        MissingExtraError as MissingExtraError,
    )
    from pinyon.errors import (
        ModelMismatchError as ModelMismatchError,
    )
    from pinyon.errors import (
        NotFoundError as NotFoundError,
    )
    from pinyon.errors import (
        PinyonError as PinyonError,
    )
    from pinyon.errors import (
        ReadOnlyError as ReadOnlyError,
    )
    from pinyon.errors import (
        StorageError as StorageError,
    )
    from pinyon.errors import (
        StorageFullError as StorageFullError,
    )
    from pinyon.exceptions import (
        ApiError as ApiError,
    )
    from pinyon.exceptions import (
        ConflictError as ConflictError,
    )
    from pinyon.exceptions import (
        ForbiddenException as ForbiddenException,
    )
    from pinyon.exceptions import (
        IndexInitFailedError as IndexInitFailedError,
    )
    from pinyon.exceptions import (
        IndexTerminatedError as IndexTerminatedError,
    )
    from pinyon.exceptions import (
        ListConversionException as ListConversionException,
    )
    from pinyon.exceptions import (
        MetadataDictionaryExpectedError as MetadataDictionaryExpectedError,
    )
    from pinyon.exceptions import (
        NotFoundException as NotFoundException,
    )
    from pinyon.exceptions import (
        PayloadTooLargeError as PayloadTooLargeError,
    )
    from pinyon.exceptions import (
        PaymentRequiredError as PaymentRequiredError,
    )
    from pinyon.exceptions import (
        PineconeApiAttributeError as PineconeApiAttributeError,
    )
    from pinyon.exceptions import (
        PineconeApiException as PineconeApiException,
    )
    from pinyon.exceptions import (
        PineconeApiKeyError as PineconeApiKeyError,
    )
    from pinyon.exceptions import (
        PineconeApiTypeError as PineconeApiTypeError,
    )
    from pinyon.exceptions import (
        PineconeApiValueError as PineconeApiValueError,
    )
    from pinyon.exceptions import (
        PineconeConfigurationError as PineconeConfigurationError,
    )
    from pinyon.exceptions import (
        PineconeConnectionError as PineconeConnectionError,
    )
    from pinyon.exceptions import (
        PineconeError as PineconeError,
    )
    from pinyon.exceptions import (
        PineconeException as PineconeException,
    )
    from pinyon.exceptions import (
        PineconeProtocolError as PineconeProtocolError,
    )
    from pinyon.exceptions import (
        PineconeTimeoutError as PineconeTimeoutError,
    )
    from pinyon.exceptions import (
        PineconeTypeError as PineconeTypeError,
    )
    from pinyon.exceptions import (
        PineconeValueError as PineconeValueError,
    )
    from pinyon.exceptions import (
        RateLimitError as RateLimitError,
    )
    from pinyon.exceptions import (
        RateLimitException as RateLimitException,
    )
    from pinyon.exceptions import (
        ResponseParsingError as ResponseParsingError,
    )
    from pinyon.exceptions import (
        ServiceError as ServiceError,
    )
    from pinyon.exceptions import (
        ServiceException as ServiceException,
    )
    from pinyon.exceptions import (
        SparseValuesDictionaryExpectedError as SparseValuesDictionaryExpectedError,
    )
    from pinyon.exceptions import (
        SparseValuesMissingKeysError as SparseValuesMissingKeysError,
    )
    from pinyon.exceptions import (
        SparseValuesTypeError as SparseValuesTypeError,
    )
    from pinyon.exceptions import (
        UnauthorizedError as UnauthorizedError,
    )
    from pinyon.exceptions import (
        UnauthorizedException as UnauthorizedException,
    )
    from pinyon.exceptions import (
        ValidationError as ValidationError,
    )
    from pinyon.exceptions import (
        VectorDictionaryExcessKeysError as VectorDictionaryExcessKeysError,
    )
    from pinyon.exceptions import (
        VectorDictionaryMissingKeysError as VectorDictionaryMissingKeysError,
    )
    from pinyon.exceptions import (
        VectorTupleLengthError as VectorTupleLengthError,
    )

    __version__: str

__all__ = [
    "AlreadyExistsError",
    "ApiError",
    "AwsRegion",
    "AzureRegion",
    "BackupList",
    "BackupModel",
    "Batch",
    "BusyError",
    "ByocSpec",
    "ClosedError",
    "CloudProvider",
    "Condition",
    "ConflictError",
    "CorruptionError",
    "DeletionProtection",
    "DescribeIndexStatsResponse",
    "EmbedConfig",
    "EmbedModel",
    "EmbeddingsList",
    "FailedPreconditionError",
    "FetchByMetadataResponse",
    "FetchResponse",
    "Field",
    "FilterBuilder",
    "FilterError",
    "ForbiddenError",
    "ForbiddenException",
    "FormatError",
    "GcpRegion",
    "Index",
    "IndexEmbed",
    "IndexInitFailedError",
    "IndexList",
    "IndexModel",
    "IndexTerminatedError",
    "InvalidRequestError",
    "ListConversionException",
    "ListNamespacesResponse",
    "ListResponse",
    "MetadataDictionaryExpectedError",
    "Metric",
    "MissingExtraError",
    "ModelInfo",
    "ModelInfoList",
    "ModelMismatchError",
    "NamespaceDescription",
    "NotFoundError",
    "NotFoundException",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "Pinecone",
    "PineconeApiAttributeError",
    "PineconeApiException",
    "PineconeApiKeyError",
    "PineconeApiTypeError",
    "PineconeApiValueError",
    "PineconeConfigurationError",
    "PineconeConnectionError",
    "PineconeError",
    "PineconeException",
    "PineconeFuture",
    "PineconeProtocolError",
    "PineconeTimeoutError",
    "PineconeTypeError",
    "PineconeValueError",
    "PinyonError",
    "PodIndexEnvironment",
    "PodSpec",
    "PodType",
    "QueryNamespacesResults",
    "QueryResponse",
    "RateLimitError",
    "RateLimitException",
    "ReadOnlyError",
    "RerankModel",
    "ResponseParsingError",
    "ScoredVector",
    "SearchQuery",
    "SearchQueryVector",
    "SearchRecordsResponse",
    "SearchRerank",
    "ServerlessSpec",
    "ServiceError",
    "ServiceException",
    "SparseValues",
    "SparseValuesDictionaryExpectedError",
    "SparseValuesMissingKeysError",
    "SparseValuesTypeError",
    "StorageError",
    "StorageFullError",
    "UnauthorizedError",
    "UnauthorizedException",
    "UpdateResponse",
    "UpsertRecordsResponse",
    "UpsertResponse",
    "ValidationError",
    "Vector",
    "VectorDictionaryExcessKeysError",
    "VectorDictionaryMissingKeysError",
    "VectorTupleLengthError",
    "VectorType",
]

_HOMES = ("pinyon.errors", "pinyon.exceptions", "pinyon.app")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("pinyon")
    if name in __all__:
        for home in _HOMES:
            module = import_module(home)
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
