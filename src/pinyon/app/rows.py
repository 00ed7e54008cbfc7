"""Reads records from .jsonl, .csv, .parquet and .npy files, a little at a time and in constant memory."""

from __future__ import annotations

import csv
import importlib
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pinyon.errors import InvalidRequestError, MissingExtraError, NotFoundError

__all__ = ["Columns", "Row", "RowFile", "ids_file", "open_rows", "pyarrow_module", "read_ids"]

Rows = Iterator[tuple[int, "Row"]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns (csv, parquet) or fields (jsonl) hold what; every other one is metadata.

    id: None means ``id``, else ``_id``. strings: keep csv cells as text instead of reading numbers and true/false.
    """

    id: str | None = None
    text: str = "text"
    values: str = "values"
    strings: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file. ``where`` names it in messages: ``file.jsonl:12``."""

    id: str
    where: str
    text: str | None = None
    values: Any = None
    sparse: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class RowFile:
    """``rows`` yields (units done, row); ``total`` is the number of units: bytes, or rows of npy and parquet."""

    path: Path
    total: int
    rows: Rows
    total_is_bytes: bool = False


def open_rows(path: Path, columns: Columns, *, ids: Path | None = None, exported: bool = False) -> RowFile:
    """The records of a file, by its suffix.

    ids: the file with the ids of an .npy file, by default the file beside it that ``export`` writes.
    exported: reads what ``export`` writes: namespaces, and metadata in a column or field of its own.
    Raises NotFoundError, InvalidRequestError, MissingExtraError; while reading, InvalidRequestError names the line.
    """
    if not path.is_file():
        raise NotFoundError(f"no file {str(path)!r}: check the spelling and the working directory")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _npy(path, ids or ids_file(path))
    if suffix == ".parquet":
        return _parquet(path, columns, exported)
    readers: dict[str, Callable[[Path, Columns, bool], Rows]] = {".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _csv}
    if suffix not in readers:
        raise InvalidRequestError(
            f"{str(path)!r} has the suffix {suffix!r}: records are read from .jsonl, .csv, .parquet and .npy files"
        )
    return RowFile(path, path.stat().st_size, readers[suffix](path, columns, exported), total_is_bytes=True)


def _jsonl(path: Path, columns: Columns, exported: bool) -> Rows:
    done = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            done += len(line)
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                found = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except orjson.JSONDecodeError as error:
                raise InvalidRequestError(f"{where}: not JSON ({error}): each line must be one JSON object") from None
            if not isinstance(found, dict):
                raise InvalidRequestError(f"{where}: a {type(found).__name__}, but each line must be one JSON object")
            yield done, _row(found, columns, where, exported)


def _csv(path: Path, columns: Columns, exported: bool) -> Rows:
    # The default, 128 KB, is less than a vector of 20,000 numbers takes.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            for cells in reader:
                if cells:
                    where = f"{path}:{reader.line_num}"
                    yield raw.tell(), _csv_row(header, cells, columns, where, exported)
        except csv.Error as error:
            raise InvalidRequestError(f"{path}:{reader.line_num}: not CSV ({error})") from None
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"{path}: not UTF-8 text (after line {reader.line_num}: {error.reason}): convert the file first"
            ) from None


def _csv_row(header: list[str], cells: list[str], columns: Columns, where: str, exported: bool) -> Row:
    if len(cells) > len(header):
        raise InvalidRequestError(f"{where}: {len(cells)} cells, but the header has {len(header)}")
    found: dict[str, Any] = dict(zip_longest(header, cells, fillvalue=""))
    json_columns = (columns.values, "sparse_values", "metadata") if exported else (columns.values, "sparse_values")
    for name in json_columns:
        if found.get(name):
            found[name] = _json_cell(found[name], name, where)
        elif name in found:
            found[name] = None
    kept = {"id", "_id", columns.id, columns.text, *json_columns, *(["namespace"] if exported else [])}
    for name, cell in found.items():
        if name not in kept:
            found[name] = None if cell == "" else cell if columns.strings else _typed(cell)
    return _row(found, columns, where, exported)


def _json_cell(cell: str, name: str, where: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"{where}: column {name!r} is not JSON ({error}): write [0.1, 0.2, ...]") from None


def _typed(cell: str) -> str | int | float | bool:
    """Numbers that look like nothing else become numbers: ``007`` and ``1e5`` stay text."""
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})", cell):
        return int(cell)
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}", cell):
        return float(cell)
    return cell == "true" if cell in ("true", "false") else cell


def _row(found: dict[str, Any], columns: Columns, where: str, exported: bool) -> Row:
    """The record of one line: known fields by name, the rest is metadata."""
    rest = dict(found)
    names = (columns.id,) if columns.id is not None else ("id", "_id")
    name = next((name for name in names if name in rest), None)
    if name is None:
        listed = ", ".join(map(repr, found)) or "none"
        raise InvalidRequestError(
            f"{where}: no field {' or '.join(map(repr, names))}; there are {listed}. Name it: --id-column NAME"
        )
    id_ = rest.pop(name)
    if not isinstance(id_, str):
        if isinstance(id_, bool) or not isinstance(id_, int):
            raise InvalidRequestError(f"{where}: the id is {id_!r}, but must be a string")
        id_ = str(id_)
    values, sparse = rest.pop(columns.values, None), rest.pop("sparse_values", None)
    if exported:
        return Row(id_, where, None, values, sparse, rest.get("metadata") or {}, rest.get("namespace") or "")
    text = rest.pop(columns.text, None)
    if text is not None and not isinstance(text, str):
        raise InvalidRequestError(f"{where}: {columns.text!r} is a {type(text).__name__}, but must be a string")
    nested = rest.pop("metadata", None)
    if isinstance(nested, dict):
        rest |= nested
    elif nested is not None:
        rest["metadata"] = nested
    return Row(id_, where, text, values, sparse, {key: value for key, value in rest.items() if value is not None})


# -- parquet ----------------------------------------------------------------------------------------------------------


def pyarrow_module(name: str) -> Any:
    """A module of pyarrow. Raises MissingExtraError with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError("Parquet files need the package 'pyarrow': pip install 'pinyon[parquet]'") from None


def _parquet(path: Path, columns: Columns, exported: bool) -> RowFile:
    parquet, arrow = pyarrow_module("pyarrow.parquet"), pyarrow_module("pyarrow")
    try:
        file = parquet.ParquetFile(path)
    except arrow.ArrowInvalid as error:
        raise InvalidRequestError(f"{path}: not a Parquet file ({error})") from None

    def rows() -> Rows:
        number = 0
        with file:
            for batch in file.iter_batches(batch_size=1000):
                for found in batch.to_pylist():
                    number += 1
                    yield (
                        number,
                        _row(_plain(found, exported, number, path), columns, f"{path}: row {number}", exported),
                    )

    return RowFile(path, file.metadata.num_rows, rows())


def _plain(found: dict[str, Any], exported: bool, number: int, path: Path) -> dict[str, Any]:
    if not exported:
        return {k: v.isoformat() if isinstance(v, datetime | date | time) else v for k, v in found.items()}
    if found.get("metadata"):
        found["metadata"] = _json_cell(found["metadata"], "metadata", f"{path}: row {number}")
    indices, weights = found.pop("sparse_indices", None), found.pop("sparse_weights", None)
    if indices is not None:
        found["sparse_values"] = {"indices": indices, "values": weights}
    return found


# -- npy --------------------------------------------------------------------------------------------------------------


def ids_file(path: Path) -> Path:
    """Where ``export`` writes the ids of an .npy file."""
    return path.with_name(path.name + ".ids.json")


def _npy(path: Path, ids: Path) -> RowFile:
    if not ids.is_file():
        raise NotFoundError(
            f"no file {str(ids)!r} with the ids of {str(path)!r}: name it with --ids FILE "
            "(a JSON list of strings, or one id a line)"
        )
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InvalidRequestError(f"{path}: not an .npy file of numbers ({error})") from None
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InvalidRequestError(f"{path}: shape {array.shape} of {array.dtype}, but must be (n, d) numbers")
    count = sum(1 for _ in read_ids(ids))
    if count != len(array):
        raise InvalidRequestError(f"{path} has {len(array)} rows, but {ids} has {count} ids: give one id a row")

    def rows() -> Rows:
        for number, (id_, values) in enumerate(zip(read_ids(ids), array, strict=True)):
            yield number + 1, Row(id_, f"{path}: row {number}", values=values)

    return RowFile(path, len(array), rows())


def read_ids(path: Path) -> Iterator[str]:
    """The ids of a file: a JSON list of strings, or one id a line. A list written one id a line is never held whole."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.read(1)
        file.seek(0)
        if first != "[":
            yield from (line.rstrip("\r\n") for line in file if line.strip())
            return
        head = file.readline()
        if head.strip() == "[":
            lines = (line.strip().removesuffix(",") for line in file)
            yield from (_id_of(line, path) for line in lines if line not in ("", "]"))
            return
        found = _parsed(head + file.read(), path)
        yield from (_checked_id(id_, path) for id_ in found)


def _id_of(text: str, path: Path) -> str:
    return _checked_id(_parsed(text, path), path)


def _parsed(text: str, path: Path) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"{path}: not JSON ({error}): write a list of strings, or one id a line") from None


def _checked_id(found: Any, path: Path) -> str:
    if not isinstance(found, str):
        raise InvalidRequestError(f"{path}: the id {found!r} is a {type(found).__name__}, but must be a string")
    return found
