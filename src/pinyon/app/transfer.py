"""Export and import of whole indexes as .jsonl, .csv, .npy or .parquet: exact, streamed, in constant memory."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import uuid4

import numpy as np
import orjson

from pinyon.app.rows import Columns, Row, ids_file, open_rows, pyarrow_module
from pinyon.engine import Database, Index
from pinyon.errors import AlreadyExistsError, FailedPreconditionError, InvalidRequestError, PinyonError
from pinyon.types import Floats, IndexSpec, Match, Metric, Record

__all__ = ["SUFFIXES", "Exported", "Imported", "export_index", "import_index", "record_json"]

SUFFIXES = (".jsonl", ".csv", ".npy", ".parquet")
PAGE = 500
FIELDS = ("id", "namespace", "values", "sparse_values", "metadata")
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """``left_out``: records whose metadata or sparse values the format cannot hold."""

    records: int
    files: tuple[Path, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    records: int
    created: bool


class _Writer(Protocol):
    def write(self, namespace: str, records: Sequence[Record]) -> None: ...
    def close(self) -> None: ...


def export_index(
    index: Index,
    target: Path,
    *,
    namespaces: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done: None,
) -> Exported:
    """Writes every record with its values, by namespace and id; None means all namespaces.

    The file appears under its name when it is complete. Raises AlreadyExistsError, InvalidRequestError (suffix, or
    several namespaces into .npy), FailedPreconditionError (a sparse index into .npy), MissingExtraError.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidRequestError(f"cannot export to {target.name!r}: use one of the suffixes {', '.join(SUFFIXES)}")
    names = sorted(index.stats().namespaces) if namespaces is None else list(namespaces)
    if suffix == ".npy":
        names = _one_namespace(index, names)
    files = (target, ids_file(target)) if suffix == ".npy" else (target,)
    for file in files:
        if file.exists() and not overwrite:
            raise AlreadyExistsError(f"{str(file)!r} exists: choose another name, or overwrite it with --force")
    parts = [file.with_name(f"{file.name}.{uuid4().hex[:8]}.part") for file in files]
    done = left_out = 0
    try:
        with _writer(suffix, parts, index.spec) as writer:
            for name in names:
                for page in _pages(index, name):
                    writer.write(name, page)
                    done += len(page)
                    left_out += sum(r.metadata is not None or r.sparse_values is not None for r in page)
                    progress(done)
        for part, file in zip(parts, files, strict=True):
            part.replace(file)
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink()
    return Exported(done, files, left_out if suffix == ".npy" else 0)


def _one_namespace(index: Index, names: Sequence[str]) -> list[str]:
    if index.spec.vector_type == "sparse":
        raise FailedPreconditionError(f"index {index.name!r} is sparse, and .npy holds dense rows: use .jsonl")
    filled = [name for name in names if index.count(name)]
    if len(filled) > 1:
        shown = ", ".join(map(repr, filled[:5])) + (", ..." if len(filled) > 5 else "")
        raise InvalidRequestError(
            f".npy holds one namespace, and index {index.name!r} has {len(filled)} ({shown}): "
            "name one with --namespace, or use .jsonl"
        )
    return filled


def _pages(index: Index, namespace: str) -> Iterator[list[Record]]:
    page: list[Record] = []
    for record in index.iterate(namespace, include_values=True, page=PAGE):
        page.append(record)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


@contextmanager
def _writer(suffix: str, parts: Sequence[Path], spec: IndexSpec) -> Iterator[_Writer]:
    writer: _Writer
    if suffix == ".npy":
        writer = _NpyWriter(parts[0], parts[1], spec.dimension or 0)
    elif suffix == ".parquet":
        writer = _ParquetWriter(parts[0])
    else:
        writer = _JsonLines(parts[0]) if suffix == ".jsonl" else _Csv(parts[0])
    try:
        yield writer
    finally:
        writer.close()


def exact_numbers(values: Floats) -> Any:
    """A JSON value that gives back the very same float32 numbers.

    The shortest decimals do, but for a few in a billion: a reader that goes through double precision, as JSON readers
    do, rounds twice. Such a vector is written with all its digits.
    """
    short = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    if np.array_equal(np.asarray(orjson.loads(short), dtype=np.float32), values):
        return orjson.Fragment(short)
    return values.tolist()


def record_json(record: Record | Match, namespace: str | None = None, *, include_values: bool = True) -> dict[str, Any]:
    """A record as it is exported; absent parts are left out."""
    found: dict[str, Any] = {"id": record.id}
    if namespace is not None:
        found["namespace"] = namespace
    if include_values and record.values is not None:
        found["values"] = exact_numbers(np.ascontiguousarray(record.values, dtype=np.float32))
    if include_values and record.sparse_values is not None:
        sparse = record.sparse_values
        found["sparse_values"] = {"indices": sparse.indices.tolist(), "values": exact_numbers(sparse.values)}
    if record.metadata is not None:
        found["metadata"] = record.metadata
    return found


class _JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")

    def write(self, namespace: str, records: Sequence[Record]) -> None:
        for record in records:
            self._file.write(orjson.dumps(record_json(record, namespace), option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        _finish(self._file)


class _Csv:
    def __init__(self, path: Path) -> None:
        self._raw = path.open("xb")
        self._file = io.TextIOWrapper(self._raw, encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(FIELDS)

    def write(self, namespace: str, records: Sequence[Record]) -> None:
        for record in records:
            found = record_json(record, namespace)
            cells = (orjson.dumps(found[key]).decode() if key in found else "" for key in FIELDS[2:])
            self._csv.writerow([record.id, namespace, *cells])

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._raw.fileno())
        self._file.close()


class _NpyWriter:
    """The array's length is known only at the end, so the header is written twice; it always takes 128 bytes."""

    HEADER = 128

    def __init__(self, path: Path, ids: Path, dimension: int) -> None:
        self._file, self._ids = path.open("xb"), ids.open("xb")
        self._dimension = dimension
        self._rows = 0
        self._file.write(self._header())
        self._ids.write(b"[")

    def _header(self) -> bytes:
        """Format version 1.0 of .npy: magic, header length, a Python literal padded with spaces."""
        literal = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({self._rows}, {self._dimension}), }}"
        length = self.HEADER - 10
        return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + literal.encode().ljust(length - 1) + b"\n"

    def write(self, namespace: str, records: Sequence[Record]) -> None:
        vectors = np.array([record.values for record in records], dtype="<f4")
        self._file.write(vectors.tobytes())
        lines = b",\n".join(orjson.dumps(record.id) for record in records)
        self._ids.write((b",\n" if self._rows else b"\n") + lines)
        self._rows += len(records)

    def close(self) -> None:
        self._ids.write(b"\n]\n")
        self._file.seek(0)
        self._file.write(self._header())
        for file in (self._file, self._ids):
            _finish(file)


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self._arrow = arrow = pyarrow_module("pyarrow")
        floats = arrow.list_(arrow.float32())
        self._schema = arrow.schema(
            [
                ("id", arrow.string()),
                ("namespace", arrow.string()),
                ("values", floats),
                ("sparse_indices", arrow.list_(arrow.uint32())),
                ("sparse_weights", floats),
                ("metadata", arrow.string()),
            ]
        )
        self._writer = pyarrow_module("pyarrow.parquet").ParquetWriter(path, self._schema)

    def write(self, namespace: str, records: Sequence[Record]) -> None:
        sparse = [record.sparse_values for record in records]
        columns = {
            "id": [record.id for record in records],
            "namespace": [namespace] * len(records),
            "values": [record.values for record in records],
            "sparse_indices": [None if item is None else item.indices for item in sparse],
            "sparse_weights": [None if item is None else item.values for item in sparse],
            "metadata": [None if r.metadata is None else orjson.dumps(r.metadata).decode() for r in records],
        }
        self._writer.write_table(self._arrow.table(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _finish(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()


# -- import -----------------------------------------------------------------------------------------------------------


def import_index(
    database: Database,
    name: str,
    source: Path,
    *,
    spec: IndexSpec | None = None,
    metric: Metric = "cosine",
    namespace: str | None = None,
    ids: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Upserts what ``export_index`` wrote, in batches; the index is created when missing.

    spec: how to create it; without one, the dimension is that of the first record. namespace: puts every record there
    instead of where it came from. Raises NotFoundError, InvalidRequestError (with the place in the file),
    MissingExtraError; the batches before an error stay.
    """
    table = open_rows(source, Columns(), ids=ids, exported=True)
    first = next(table.rows, None)
    if first is None:
        raise InvalidRequestError(f"{source} holds no records: nothing to import")
    created = not database.has_index(name)
    if created:
        database.create_index(spec if spec is not None else _spec_of(name, first[1], metric))
    index = database.index(name)
    records = done = 0
    for batch in _batches(chain([first], table.rows)):
        try:
            _upsert(index, [row for _, row in batch], namespace)
        except PinyonError as error:
            place = f"between {batch[0][1].where} and {batch[-1][1].where}"
            error.message = f"{error.message} ({place}; the {records:,} records before it were imported)"
            raise
        records += len(batch)
        done = batch[-1][0]
        progress(done, table.total)
    return Imported(records, created)


def _spec_of(name: str, row: Row, metric: Metric) -> IndexSpec:
    if row.values is None and row.sparse is not None:
        return IndexSpec(name, None, "dotproduct", "sparse")
    if not hasattr(row.values, "__len__") or isinstance(row.values, str):
        raise InvalidRequestError(f"{row.where}: record {row.id!r} has no list of values to import")
    # Sparse values beside dense ones can be searched with this metric only.
    return IndexSpec(name, len(row.values), metric)


def _batches(rows: Iterator[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    batch: list[tuple[int, Row]] = []
    for numbered in rows:
        batch.append(numbered)
        if len(batch) == PAGE:
            yield batch
            batch = []
    if batch:
        yield batch


def _upsert(index: Index, rows: Sequence[Row], namespace: str | None) -> None:
    """One transaction, which may span namespaces."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(namespace if namespace is not None else row.namespace or "", []).append(row)
    with index.batch() as batch:
        for name, group in groups.items():
            sparse = [row.sparse for row in group]
            values = [row.values for row in group]
            batch.upsert(
                name,
                [row.id for row in group],
                None if all(value is None for value in values) else values,
                sparse=None if all(item is None for item in sparse) else sparse,
                metadata=[row.metadata or None for row in group],
            )
