"""How a row's fields become bytes, and the CRC-32 that guards them.

SQLite does not notice a flipped bit inside a stored value, so each row carries a CRC-32 (zlib's polynomial) over all of
its fields and over its own keys: a value that strayed into another row does not verify either.
"""

from __future__ import annotations

import struct
from zlib import crc32

import numpy as np

from pinyon.types import Floats, SparseValues

_RECORD_HEAD = struct.Struct("<qqqIii").pack
_VECTOR_HEAD = struct.Struct("<qq").pack


def record_crc(ord_: int, ns_id: int, name: bytes, lsn: int, metadata: bytes | None, sparse: bytes | None) -> int:
    """CRC-32 of a ``record`` row; ``name`` is the id. An absent field is told from an empty one by its length, -1."""
    head = _RECORD_HEAD(
        ord_,
        ns_id,
        lsn,
        len(name),
        -1 if metadata is None else len(metadata),
        -1 if sparse is None else len(sparse),
    )
    return crc32(b"".join((head, name, metadata or b"", sparse or b"")))


def vector_crc(ord_: int, generation: int, data: bytes) -> int:
    """CRC-32 of a ``vector`` row."""
    return crc32(data, crc32(_VECTOR_HEAD(ord_, generation)))


def encode_sparse(sparse: SparseValues | None) -> bytes | None:
    """nnz uint32 indices, then nnz float32 values, both little-endian."""
    if sparse is None:
        return None
    return sparse.indices.astype("<u4").tobytes() + sparse.values.astype("<f4").tobytes()


def decode_sparse(data: bytes | None) -> SparseValues | None:
    if data is None:
        return None
    nnz = len(data) // 8
    return SparseValues(
        np.frombuffer(data, "<u4", nnz).astype(np.uint32),
        np.frombuffer(data, "<f4", nnz, offset=4 * nnz).astype(np.float32),
    )


def decode_vector(data: bytes | None) -> Floats | None:
    """(d,) float32, writable and the caller's own."""
    return None if data is None else np.frombuffer(data, "<f4").astype(np.float32)
