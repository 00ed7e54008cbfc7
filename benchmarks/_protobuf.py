"""As much protobuf as a load generator needs: upserts and queries of VectorService, written and read by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\x20" + varint(value)
    if isinstance(value, int | float):
        return b"\x11" + struct.pack("<d", value)
    if isinstance(value, str):
        return delimited(3, value.encode())
    return delimited(6, b"".join(delimited(1, _value(item)) for item in value))


def _struct(metadata: Mapping[str, Any]) -> bytes:
    return b"".join(
        delimited(1, delimited(1, key.encode()) + delimited(2, _value(value))) for key, value in metadata.items()
    )


def query(vector: np.ndarray, top_k: int) -> bytes:
    """A QueryRequest that asks for metadata."""
    return b"\x10" + varint(top_k) + b"\x28\x01" + delimited(7, vector.astype("<f4").tobytes())


def upsert(ids: list[str], vectors: np.ndarray, metadata: list[Mapping[str, Any]]) -> bytes:
    """An UpsertRequest."""
    return b"".join(
        delimited(
            1,
            delimited(1, id_.encode()) + delimited(2, row.astype("<f4").tobytes()) + delimited(3, _struct(described)),
        )
        for id_, row, described in zip(ids, vectors, metadata, strict=True)
    )


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a message, in order: bytes of what has a length, else a number."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == 2:
            length, at = _read_varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif kind == 0:
            number, at = _read_varint(message, at)
            yield key >> 3, number
        else:
            size = 4 if kind == 5 else 8
            yield key >> 3, struct.unpack("<f" if kind == 5 else "<d", message[at : at + size])[0]
            at += size


def match_ids(response: bytes) -> list[str]:
    """The ids of a QueryResponse."""
    return [
        next(value.decode() for number, value in fields(match) if number == 1)
        for place, match in fields(response)
        if place == 2
    ]


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
