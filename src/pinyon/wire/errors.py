"""Errors as Pinecone writes them: one shape on the control plane, another on the data plane, a number in gRPC."""

from __future__ import annotations

import orjson

from pinyon.errors import PinyonError

_BY_STATUS: dict[int, tuple[str, int]] = {
    400: ("INVALID_ARGUMENT", 3),
    401: ("UNAUTHENTICATED", 16),
    403: ("FORBIDDEN", 7),
    404: ("NOT_FOUND", 5),
    405: ("UNIMPLEMENTED", 12),
    408: ("DEADLINE_EXCEEDED", 4),
    409: ("ALREADY_EXISTS", 6),
    411: ("INVALID_ARGUMENT", 3),
    412: ("FAILED_PRECONDITION", 9),
    413: ("INVALID_ARGUMENT", 3),
    415: ("INVALID_ARGUMENT", 3),
    422: ("UNPROCESSABLE_ENTITY", 3),
    429: ("RESOURCE_EXHAUSTED", 8),
    431: ("INVALID_ARGUMENT", 3),
    500: ("INTERNAL", 13),
    501: ("UNIMPLEMENTED", 12),
    503: ("UNAVAILABLE", 14),
    507: ("RESOURCE_EXHAUSTED", 8),
}
_UNKNOWN = ("UNKNOWN", 2)
_OWN = {"DATA_LOSS": ("DATA_LOSS", 15)}


def code_of(error: PinyonError) -> tuple[str, int]:
    """(Pinecone's code, gRPC's number) of an error."""
    return _OWN.get(error.code) or _BY_STATUS.get(error.status, _UNKNOWN)


def control_body(error: PinyonError) -> bytes:
    """``{"status": 404, "error": {"code": "NOT_FOUND", "message": ...}}``: control plane, inference and admin."""
    return orjson.dumps({"status": error.status, "error": {"code": code_of(error)[0], "message": error.message}})


def data_body(error: PinyonError) -> bytes:
    """``{"code": 5, "message": ..., "details": []}``: vectors, namespaces, records, documents and imports."""
    return orjson.dumps({"code": code_of(error)[1], "message": error.message, "details": []})
