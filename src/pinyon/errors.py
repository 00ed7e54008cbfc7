"""One tree of errors. Each class has a stable ``code`` and the HTTP ``status`` that a server would answer.

    PinyonError                     INTERNAL               500
    ├── InvalidRequestError         INVALID_ARGUMENT       400   also a ValueError
    │   ├── FilterError             INVALID_FILTER         400   the metadata filter is malformed
    │   ├── ModelMismatchError      MODEL_MISMATCH         400   vectors of another embedding model
    │   ├── ContextOverflowError    CONTEXT_OVERFLOW       400   more tokens than a model takes at once
    │   └── PromptRefusedError      PROMPT_REFUSED         400   a model will not do what it was asked for
    ├── ForbiddenError              FORBIDDEN              403   deletion protection
    ├── NotFoundError               NOT_FOUND              404   also a LookupError
    ├── AlreadyExistsError          ALREADY_EXISTS         409
    ├── FailedPreconditionError     FAILED_PRECONDITION    412
    │   ├── ClosedError             CLOSED                 412   the handle was closed
    │   └── FormatError             UNSUPPORTED_FORMAT     412   not our directory, or written by a newer Pinyon
    ├── StorageError                STORAGE                500   also an OSError: the disk said no
    │   ├── CorruptionError         DATA_LOSS              500   a checksum does not match
    │   ├── StorageFullError        STORAGE_FULL           507
    │   ├── ReadOnlyError           READ_ONLY              403   opened read-only, or a failed fsync
    │   └── BusyError               UNAVAILABLE            503   another writer holds the lock for too long
    ├── ModelUnavailableError       MODEL_UNAVAILABLE      503   an endpoint does not answer, or not sensibly
    └── MissingExtraError           MISSING_EXTRA          501   also an ImportError; names the install command

A message names the offending value, the limit it broke and the way out.
"""

from __future__ import annotations

from typing import ClassVar


class PinyonError(Exception):
    """Base of every error that Pinyon raises on purpose."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    @property
    def status_code(self) -> int:
        """``status`` under the name that the Pinecone SDK 10 uses."""
        return self.status


class InvalidRequestError(PinyonError, ValueError):
    code = "INVALID_ARGUMENT"
    status = 400


class FilterError(InvalidRequestError):
    code = "INVALID_FILTER"


class ModelMismatchError(InvalidRequestError):
    code = "MODEL_MISMATCH"


class ContextOverflowError(InvalidRequestError):
    code = "CONTEXT_OVERFLOW"


class PromptRefusedError(InvalidRequestError):
    code = "PROMPT_REFUSED"


class ForbiddenError(PinyonError):
    code = "FORBIDDEN"
    status = 403


class NotFoundError(PinyonError, LookupError):
    code = "NOT_FOUND"
    status = 404


class AlreadyExistsError(PinyonError):
    code = "ALREADY_EXISTS"
    status = 409


class FailedPreconditionError(PinyonError):
    code = "FAILED_PRECONDITION"
    status = 412


class ClosedError(FailedPreconditionError):
    code = "CLOSED"


class FormatError(FailedPreconditionError):
    code = "UNSUPPORTED_FORMAT"


class StorageError(PinyonError, OSError):
    code = "STORAGE"
    status = 500


class CorruptionError(StorageError):
    code = "DATA_LOSS"


class StorageFullError(StorageError):
    code = "STORAGE_FULL"
    status = 507


class ReadOnlyError(StorageError):
    code = "READ_ONLY"
    status = 403


class BusyError(StorageError):
    code = "UNAVAILABLE"
    status = 503


class ModelUnavailableError(PinyonError):
    code = "MODEL_UNAVAILABLE"
    status = 503


class MissingExtraError(PinyonError, ImportError):
    code = "MISSING_EXTRA"
    status = 501
