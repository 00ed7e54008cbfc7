"""Every shape of records that ``upsert`` takes, turned into columns without building an object per record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.vectors import SparseValues, Vector

_NONE = {type(None)}
_KEYS = frozenset({"id", "values", "sparse_values", "metadata"})
_SHAPES = (
    "Give dictionaries {'id': ..., 'values': ..., 'metadata': ...}, tuples (id, values[, metadata]), Vector objects, "
    "a DataFrame, or an (n, d) array with ids=[...]."
)


@dataclass(slots=True)
class Columns:
    """Row i of each field belongs to ``ids[i]``; a field that no record has is None.

    values: an (n, d) array or n sequences of d numbers (None where a record has no dense vector).
    metadata: n mappings or None, or one mapping from field to n values.
    """

    ids: Sequence[str]
    values: Any
    sparse: Sequence[Any] | None
    metadata: Any

    def slices(self, size: int) -> Iterator[Columns]:
        for start in range(0, len(self.ids), size):
            yield self._slice(slice(start, start + size))

    def _slice(self, rows: slice) -> Columns:
        metadata = self.metadata
        if isinstance(metadata, Mapping):
            metadata = {field: column[rows] for field, column in metadata.items()}
        elif metadata is not None:
            metadata = metadata[rows]
        return Columns(
            self.ids[rows],
            None if self.values is None else self.values[rows],
            None if self.sparse is None else self.sparse[rows],
            metadata,
        )


def read_columns(vectors: Any, ids: Any = None, metadata: Any = None, sparse_values: Any = None) -> Columns:
    """Any shape that ``upsert`` takes. With ``ids``, ``vectors`` is an (n, d) array, n rows, or None (sparse only)."""
    if ids is not None:
        return _from_arrays(vectors, ids, metadata, sparse_values)
    if metadata is not None or sparse_values is not None:
        raise InvalidRequestError("metadata= and sparse_values= are columns that need ids=[...]: one id for each row.")
    if is_dataframe(vectors):
        return _from_dataframe(vectors)
    if hasattr(vectors, "ndim"):
        raise InvalidRequestError(f"An array of vectors of shape {vectors.shape} needs ids=[...]: one id for each row.")
    return _from_records(vectors)


def read_batches(vectors: Any, size: Any, **columns: Any) -> Iterator[Columns]:
    """``read_columns`` in batches of ``size``; records of an iterator are drawn only as they are needed."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InvalidRequestError(f"batch_size must be a whole number of at least 1, got {size!r}.")
    if all(column is None for column in columns.values()) and isinstance(vectors, Iterator):
        while chunk := list(islice(vectors, size)):
            yield _from_records(chunk)
    else:
        yield from read_columns(vectors, **columns).slices(size)


def is_dataframe(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _from_records(vectors: Any) -> Columns:
    if isinstance(vectors, (str, bytes, Mapping, Vector)) or not isinstance(vectors, Iterable):
        raise InvalidRequestError(f"vectors must be a list of records, got {type(vectors).__name__}. {_SHAPES}")
    records: Any = vectors if isinstance(vectors, (list, tuple)) else list(vectors)
    if not records:
        raise InvalidRequestError("Invalid request: vectors is empty. Give at least one record.")
    types = set(map(type, records))
    read = _READERS.get(types.pop(), _from_mixed) if len(types) == 1 else _from_mixed
    return read(records)


def _from_dicts(records: Sequence[Mapping[str, Any]]) -> Columns:
    keys = set().union(*records)
    if not keys <= _KEYS:
        raise _unknown_keys(records)
    try:
        ids = [record["id"] for record in records]
    except KeyError:
        row = next(row for row, record in enumerate(records) if "id" not in record)
        raise InvalidRequestError(
            f"Record {row} has no 'id': its keys are {sorted(records[row])}. Give every record an id."
        ) from None
    return _columns(
        ids,
        [record.get("values") for record in records] if "values" in keys else None,
        [record.get("sparse_values") for record in records] if "sparse_values" in keys else None,
        [record.get("metadata") for record in records] if "metadata" in keys else None,
    )


def _unknown_keys(records: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    row, extra = next((row, set(record) - _KEYS) for row, record in enumerate(records) if set(record) - _KEYS)
    return InvalidRequestError(
        f"Record {row} (id {records[row].get('id')!r}) has the unknown key(s) {sorted(map(str, extra))}. "
        f"A record has id, values, sparse_values and metadata: put other fields inside 'metadata'."
    )


def _from_tuples(records: Sequence[tuple[Any, ...]]) -> Columns:
    lengths = set(map(len, records))
    if not lengths <= {2, 3}:
        row = next(row for row, record in enumerate(records) if len(record) not in (2, 3))
        raise InvalidRequestError(
            f"Record {row} is a tuple of {len(records[row])}: a tuple is (id, values) or (id, values, metadata)."
        )
    values = [record[1] for record in records]
    if any(isinstance(value, (SparseValues, Mapping)) for value in values):
        raise InvalidRequestError(
            "Sparse values are not supported in tuples: use a dictionary or a Vector with sparse_values."
        )
    metadata = None if lengths == {2} else [record[2] if len(record) == 3 else None for record in records]
    return _columns([record[0] for record in records], values, None, metadata)


def _from_vectors(records: Sequence[Vector]) -> Columns:
    return _columns(
        [record.id for record in records],
        [record._values for record in records],
        [record._sparse for record in records],
        [record.metadata for record in records],
    )


def _from_mixed(records: Sequence[Any]) -> Columns:
    """Records of several shapes, or of subclasses."""
    plain: list[Mapping[str, Any]] = []
    for row, record in enumerate(records):
        if isinstance(record, Vector):
            fields = (record.id, record._values, record.metadata, record._sparse)
            plain.append(dict(zip(("id", "values", "metadata", "sparse_values"), fields, strict=True)))
        elif isinstance(record, Mapping):
            plain.append(record)
        elif isinstance(record, tuple) and len(record) in (2, 3):
            plain.append(dict(zip(("id", "values", "metadata"), record, strict=False)))
        else:
            raise InvalidRequestError(
                f"Invalid vector value passed: record {row} is a {type(record).__name__}, {record!r:.60}. {_SHAPES}"
            )
    return _from_dicts(plain)


_READERS: dict[type, Callable[[Any], Columns]] = {dict: _from_dicts, tuple: _from_tuples, Vector: _from_vectors}


def _columns(ids: list[str], values: Any, sparse: Any, metadata: Any) -> Columns:
    """Drops columns in which every entry is None, and the empty ``values`` of records that are sparse only."""
    sparse, metadata = (
        None if column is None or set(map(type, column)) == _NONE else column for column in (sparse, metadata)
    )
    if values is not None:
        kinds = set(map(type, values))
        if sparse is not None or kinds & _NONE:
            values = [None if value is None or len(value) == 0 else value for value in values]
            kinds = set(map(type, values))
        if kinds == _NONE:
            values = None
    return Columns(ids, values, sparse, metadata)


def _from_arrays(vectors: Any, ids: Any, metadata: Any, sparse_values: Any) -> Columns:
    ids = _as_list(ids)
    if not ids:
        raise InvalidRequestError("Invalid request: ids is empty. Give at least one record.")
    if is_dataframe(metadata):
        metadata = metadata.to_dict("list")
    elif metadata is not None and not isinstance(metadata, Mapping):
        metadata = _as_list(metadata)
    sparse = None if sparse_values is None else list(sparse_values)
    columns: dict[str, Any] = {"vectors": vectors, "sparse_values": sparse}
    if isinstance(metadata, Mapping):
        columns |= {f"metadata[{field!r}]": column for field, column in metadata.items()}
    else:
        columns["metadata"] = metadata
    for name, column in columns.items():
        if column is not None and len(column) != len(ids):
            raise InvalidRequestError(
                f"{name} has {len(column)} rows and ids has {len(ids)}: give every column one row for each id."
            )
    return Columns(ids, vectors, sparse, metadata)


def _as_list(column: Any) -> Any:
    return column.tolist() if hasattr(column, "tolist") else column if isinstance(column, list) else list(column)


def _from_dataframe(df: Any) -> Columns:
    names = [str(name) for name in df.columns]
    if "id" not in names or not set(names) <= _KEYS:
        raise InvalidRequestError(
            f"A DataFrame of vectors has the columns id, values, and optionally sparse_values and metadata; "
            f"this one has {names}. Put other columns into one column 'metadata' of dictionaries."
        )
    if not len(df):
        raise InvalidRequestError("Invalid request: the DataFrame is empty. Give at least one row.")

    def column(name: str) -> Any:
        if name not in names:
            return None
        # pandas writes a missing object as NaN, the only value that differs from itself.
        return [None if isinstance(value, float) and value != value else value for value in df[name].tolist()]

    return _columns(column("id"), column("values"), column("sparse_values"), column("metadata"))
