"""A small truth file of known content, and ways to damage it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pinyon.storage.truth import Truth
from pinyon.types import IndexSpec, RecordBatch, SparseValues

DIMENSION = 8
SPEC = IndexSpec("films", DIMENSION, "cosine", tags={"stage": "test"})


def batch(first: int, count: int, *, marker: str = "film", dimension: int = DIMENSION) -> RecordBatch:
    """Records ``<marker>-<i>`` whose vector and metadata follow from i."""
    numbers = range(first, first + count)
    vectors = np.array([[i + 1 + column / 16 for column in range(dimension)] for i in numbers], np.float32)
    sparse = [
        SparseValues(np.array([i, i + 7], np.uint32), np.array([0.5, i + 1], np.float32)) if i % 3 == 0 else None
        for i in numbers
    ]
    metadata = [json.dumps({"title": f"{marker} number {i}", "year": 1900 + i}).encode() for i in numbers]
    return RecordBatch([f"{marker}-{i}" for i in numbers], vectors, sparse, metadata)


def make_truth(path: Path | None, *, count: int = 60, dimension: int = DIMENSION) -> Truth:
    """Two namespaces: ``""`` with ``count`` records, and "other" with five."""
    truth = Truth(path, dimension)
    with truth.write() as writer:
        writer.put("", batch(0, count, dimension=dimension))
    with truth.write() as writer:
        writer.put("other", batch(1000, 5, marker="other", dimension=dimension))
    return truth


def contents(truth: Truth) -> dict[str, tuple[bytes | None, bytes | None]]:
    """id -> (metadata, vector) of every record, read through the checked path."""
    found: dict[str, tuple[bytes | None, bytes | None]] = {}
    with truth.read() as view:
        ords = [row[0] for row in view.connection.execute("SELECT ord FROM record")]
        for row in view.rows(ords, values=True).values():
            found[row.id] = (row.metadata, row.data)
    return found


def flip(path: Path, offset: int, bit: int = 0) -> None:
    """Flips one bit of a closed file."""
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([old ^ 1 << bit]))


def offset_of(path: Path, needle: bytes) -> int:
    """Where ``needle`` lies in a closed file; it must be there once."""
    data = path.read_bytes()
    assert data.count(needle) == 1
    return data.index(needle)
