"""What is in the files of a bulk import: records as columns, a thousand rows at a time.

Columns: id, values, sparse_values {indices, values}, metadata (a JSON object, in Parquet as text). An object of a JSONL
file may hold its metadata flat instead. What ``pinyon export`` writes fits too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
import orjson

from pinyon.app.rows import pyarrow_module
from pinyon.errors import InvalidRequestError
from pinyon.server.imports import ImportBatch, ImportFile

__all__ = ["read_jsonl", "read_parquet"]

BATCH: Final = 1_000
LINE_BYTES: Final = 64 * 1024 * 1024
"""A longer line is taken for a file that is no JSONL."""
_COLUMNS: Final = frozenset({"id", "values", "sparse_values", "sparse_indices", "sparse_weights", "metadata"})
_IGNORED: Final = frozenset({"namespace"})
"""What an export of a whole index has besides: here the directory says it."""
_Parts: TypeAlias = "tuple[str, Any, Any, Mapping[str, Any] | None]"


class _Gathered:
    """Records until they are a batch."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.vectors: list[Any] = []
        self.sparse: list[Any] = []
        self.metadata: list[Mapping[str, Any] | None] = []
        self.documents: list[Mapping[str, Any]] = []
        self.places: list[str] = []
        self.problems: list[str] = []

    def add(self, read: Callable[[], _Parts], place: str) -> None:
        try:
            id_, values, sparse, metadata = read()
        except InvalidRequestError as error:
            self.problems.append(f"{error.message} ({place})")
            return
        self.ids.append(id_)
        self.vectors.append(values)
        self.sparse.append(sparse)
        self.metadata.append(metadata)
        self.places.append(place)

    def add_document(self, read: Callable[[], dict[str, Any]], place: str) -> None:
        try:
            self.documents.append(read())
        except InvalidRequestError as error:
            self.problems.append(f"{error.message} ({place})")
            return
        self.places.append(place)

    def _vectors(self) -> Any:
        if all(values is None for values in self.vectors):
            return None
        if all(isinstance(values, np.ndarray) for values in self.vectors):
            return np.stack(self.vectors)
        return self.vectors

    def __len__(self) -> int:
        return len(self.places) + len(self.problems)

    def batch(self, rows: int, share: float) -> ImportBatch:
        return ImportBatch(
            self.ids,
            self._vectors(),
            None if all(sparse is None for sparse in self.sparse) else self.sparse,
            self.metadata,
            self.documents,
            self.places,
            rows,
            share,
            tuple(self.problems),
        )


def read_jsonl(stream: BinaryIO, file: ImportFile, skip: int, documents: bool = False) -> Iterator[ImportBatch]:
    """The records of a JSONL file but the first ``skip``; a row is a line that is not empty.

    documents: each line is a document, and is left as it is. Raises InvalidRequestError.
    """
    gathered, rows, done = _Gathered(), 0, 0
    number = 0
    while line := stream.readline(LINE_BYTES + 1):
        number += 1
        done += len(line)
        place = f"{file.location}:{number}"
        if len(line) > LINE_BYTES:
            raise InvalidRequestError(f"{place}: a line of more than {LINE_BYTES:,} bytes; is this JSONL?")
        if not line.strip():
            continue
        rows += 1
        if rows <= skip:
            continue
        if documents:
            gathered.add_document(partial(_object, line, number), place)
        else:
            gathered.add(partial(_line, line, number), place)
        if len(gathered) == BATCH:
            yield gathered.batch(rows, done / max(file.size, 1))
            gathered = _Gathered()
    if len(gathered):
        yield gathered.batch(rows, 1.0)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"not JSON ({error.msg}): each line must be one JSON object") from None
    if not isinstance(found, dict):
        raise InvalidRequestError(f"a {type(found).__name__}, but each line must be one JSON object")
    return found


def _line(line: bytes, number: int) -> _Parts:
    found = _object(line, number)
    id_, values, sparse, metadata = _record(found)
    flat = {key: value for key, value in found.items() if key not in _COLUMNS | _IGNORED | {"_id"}}
    return id_, values, sparse, {**flat, **(metadata or {})} or None


def read_parquet(stream: BinaryIO, file: ImportFile, skip: int) -> Iterator[ImportBatch]:
    """The records of a Parquet file but the first ``skip``. Raises InvalidRequestError for other columns, and where the
    file is damaged; MissingExtraError without pyarrow."""
    parquet, arrow = pyarrow_module("pyarrow.parquet"), pyarrow_module("pyarrow")
    rows = 0
    try:
        table = parquet.ParquetFile(stream)
        names = set(table.schema_arrow.names) - _IGNORED
        unknown = names - _COLUMNS
        if unknown or "id" not in names:
            raise InvalidRequestError(
                f"{file.location}: the columns must be {', '.join(sorted(_COLUMNS))}, id at least; there are "
                f"{', '.join(sorted(names))[:200]}. Put other values into metadata, as JSON."
            )
        total = table.metadata.num_rows
        for piece in table.iter_batches(batch_size=BATCH, columns=sorted(names)):
            start, rows = rows, rows + piece.num_rows
            if rows > skip:
                yield _parquet_batch(piece.slice(max(0, skip - start)), file, max(start, skip), rows, total)
    except (arrow.ArrowException, OSError) as error:
        raise InvalidRequestError(f"{file.location}: no readable Parquet file ({str(error)[:200]})") from None


def _parquet_batch(piece: Any, file: ImportFile, start: int, rows: int, total: int) -> ImportBatch:
    vectors = _matrix(piece.column("values")) if "values" in piece.schema.names else None
    rest = piece.drop_columns(["values"]) if vectors is not None else piece
    gathered = _Gathered()
    for at, found in enumerate(rest.to_pylist()):
        if vectors is not None:
            found["values"] = vectors[at]
        gathered.add(partial(_record, found), f"{file.location}: row {start + at + 1}")
    return gathered.batch(rows, rows / max(total, 1))


def _matrix(column: Any) -> Any:
    """(n, d) numbers of a column of lists that are all there and equally long; None for any other."""
    if column.null_count or not len(column):
        return None
    lengths = column.value_lengths() if hasattr(column, "value_lengths") else None
    if lengths is None:
        return None
    width = lengths[0].as_py()
    flat = column.flatten()
    if not width or flat.null_count or len(flat) != width * len(column) or len(lengths.unique()) != 1:
        return None
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(len(column), width)


def _record(found: Mapping[str, Any]) -> tuple[str, Any, Any, Mapping[str, Any] | None]:
    """(id, values, sparse values, metadata) of one row. Raises InvalidRequestError."""
    id_ = found.get("id", found.get("_id"))
    if not isinstance(id_, str):
        raise InvalidRequestError(f"the id is {id_!r:.60}, but must be a string")
    sparse = found.get("sparse_values")
    if sparse is None and found.get("sparse_indices") is not None:
        sparse = {"indices": found["sparse_indices"], "values": found.get("sparse_weights")}
    return id_, found.get("values"), sparse, _metadata(found.get("metadata"))


def _metadata(value: Any) -> Mapping[str, Any] | None:
    """An object, or the JSON text of one; None when there is none, or when it is empty."""
    if isinstance(value, str) and value:
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidRequestError(f"metadata is not JSON ({error.msg})") from None
    if value in (None, ""):
        return None
    if not isinstance(value, dict):
        raise InvalidRequestError(f"metadata must be a JSON object, but is {value!r:.60}")
    return value or None
