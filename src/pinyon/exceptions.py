"""The exception names of the Pinecone SDKs 7.x and 10.x, so that ``except`` clauses keep working.

Names of errors that Pinyon raises are the classes of ``pinyon.errors`` themselves. Names of errors that only a
remote service has (a wrong key, a rate limit, a dropped connection) are classes of their own that are never raised
in process: aliasing them to another class would make their ``except`` clauses catch what they do not mean.
"""

from __future__ import annotations

from pinyon.errors import (
    AlreadyExistsError,
    BusyError,
    FailedPreconditionError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PinyonError,
    StorageError,
)


class UnauthorizedError(PinyonError):
    """A missing or wrong API key: never raised in process, where no key is checked."""

    code = "UNAUTHENTICATED"
    status = 401


class PaymentRequiredError(PinyonError):
    """A plan that was used up: never raised in process."""

    code = "PAYMENT_REQUIRED"
    status = 402


class PayloadTooLargeError(PinyonError):
    """A request body over the size limit: never raised in process, where nothing is sent."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class RateLimitError(PinyonError):
    """Too many requests: never raised in process, where nothing limits the rate."""

    code = "RESOURCE_EXHAUSTED"
    status = 429


class PineconeConnectionError(PinyonError):
    """No connection to the service: never raised in process."""

    code = "UNAVAILABLE"
    status = 503


class ResponseParsingError(PinyonError):
    """A response that could not be read: never raised in process."""


class IndexInitFailedError(PinyonError):
    """An index that never became ready: never raised in process, where an index is ready when it is created."""


class IndexTerminatedError(PinyonError):
    """An index that was deleted while it was awaited: never raised in process."""


PineconeError = PinyonError
ApiError = PinyonError
ServiceError = StorageError
ConflictError = AlreadyExistsError
PineconeTimeoutError = BusyError
PineconeValueError = InvalidRequestError
PineconeTypeError = InvalidRequestError
ValidationError = InvalidRequestError

PineconeException = PinyonError
PineconeApiException = PinyonError
PineconeApiValueError = InvalidRequestError
PineconeApiTypeError = InvalidRequestError
PineconeApiKeyError = InvalidRequestError
PineconeApiAttributeError = InvalidRequestError
PineconeConfigurationError = InvalidRequestError
PineconeProtocolError = PineconeConnectionError
ListConversionException = InvalidRequestError
NotFoundException = NotFoundError
ForbiddenException = ForbiddenError
ServiceException = StorageError
UnauthorizedException = UnauthorizedError
RateLimitException = RateLimitError
VectorDictionaryMissingKeysError = InvalidRequestError
VectorDictionaryExcessKeysError = InvalidRequestError
VectorTupleLengthError = InvalidRequestError
MetadataDictionaryExpectedError = InvalidRequestError
SparseValuesTypeError = InvalidRequestError
SparseValuesMissingKeysError = InvalidRequestError
SparseValuesDictionaryExpectedError = InvalidRequestError

__all__ = [
    "ApiError",
    "ConflictError",
    "FailedPreconditionError",
    "ForbiddenError",
    "ForbiddenException",
    "IndexInitFailedError",
    "IndexTerminatedError",
    "ListConversionException",
    "MetadataDictionaryExpectedError",
    "NotFoundError",
    "NotFoundException",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "PineconeApiAttributeError",
    "PineconeApiException",
    "PineconeApiKeyError",
    "PineconeApiTypeError",
    "PineconeApiValueError",
    "PineconeConfigurationError",
    "PineconeConnectionError",
    "PineconeError",
    "PineconeException",
    "PineconeProtocolError",
    "PineconeTimeoutError",
    "PineconeTypeError",
    "PineconeValueError",
    "RateLimitError",
    "RateLimitException",
    "ResponseParsingError",
    "ServiceError",
    "ServiceException",
    "SparseValuesDictionaryExpectedError",
    "SparseValuesMissingKeysError",
    "SparseValuesTypeError",
    "UnauthorizedError",
    "UnauthorizedException",
    "ValidationError",
    "VectorDictionaryExcessKeysError",
    "VectorDictionaryMissingKeysError",
    "VectorTupleLengthError",
]
