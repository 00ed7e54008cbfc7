"""Metadata objects <-> JSON bytes, under Pinecone's rules.

A value is a string, a number, a boolean or a list of strings. A null is dropped, as Pinecone does; metadata without
any value is stored as None. A key is a string that does not begin with ``$``. Field order and integers are kept as
written; filters compare numbers as float64, and an integer outside 64 bits is stored as the float64 that it would be
compared as. NumPy scalars become Python values, tuples and one-dimensional arrays of strings become lists.

``encode`` and ``encode_columns`` lie on the path of every upsert. Both first test for plain values only, and hand
anything else to ``_encode_carefully``, which converts and which finds the words for what it refuses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NoReturn

import numpy as np
import orjson

from pinyon.errors import CorruptionError, InvalidRequestError
from pinyon.filters.show import shown
from pinyon.limits import Limits
from pinyon.types import Metadata

_PLAIN_IN_COLUMN = frozenset({str, int, bool, float, list, type(None)})
_ONLY_STRINGS = frozenset({str})
_NEWLINE = orjson.OPT_APPEND_NEWLINE
"""With ``[:-1]`` this copies the result into a block of its own size. Kept as orjson made it, every result is the
shrunk end of a large buffer, and glibc gives the rest back to the kernel call by call: ten times slower."""
_SHOWN_BYTES = 16


def encode(metadata: Mapping[str, Any] | None, limits: Limits, *, record_id: str) -> bytes | None:
    """One record's metadata as a JSON object in UTF-8, or None when it holds no value.

    Raises: InvalidRequestError, which names the record, the field, the value and the way out.
    """
    if metadata is None:
        return None
    if type(metadata) is not dict:
        return _encode_carefully(metadata, limits, record_id)
    for value in metadata.values():
        kind = type(value)
        if kind is str or kind is int or kind is bool:
            continue
        if kind is float and value - value == 0.0:  # inf - inf is NaN, so both fail here
            continue
        if kind is list and _ONLY_STRINGS.issuperset(map(type, value)):
            continue
        return _encode_carefully(metadata, limits, record_id)
    try:
        suspect = "$" in "".join(metadata)
        raw = orjson.dumps(metadata, None, _NEWLINE)[:-1]
    except TypeError:  # a key that is no string, or what orjson cannot encode
        suspect, raw = True, b""
    if suspect or len(raw) > limits.metadata_bytes or len(raw) == 2:
        return _encode_carefully(metadata, limits, record_id)
    return raw


def encode_columns(
    columns: Mapping[str, Sequence[Any]], n: int, limits: Limits, ids: Sequence[str]
) -> list[bytes | None]:
    """Metadata given as whole columns: ``columns[field][i]`` belongs to ``ids[i]``; None there leaves the field out.

    A column is a list or an array of length ``n``. The result and the refusals are those of ``encode`` on every row.

    Raises: InvalidRequestError, also for a column whose length is not ``n``.
    """
    names = list(columns)
    values = [_column(name, columns[name], n) for name in names]
    encoded = _encode_plain_columns(names, values, n, limits)
    if encoded is not None:
        return encoded
    return [
        encode({name: column[i] for name, column in zip(names, values, strict=True)}, limits, record_id=ids[i])
        for i in range(n)
    ]


def decode(raw: bytes | None) -> Metadata | None:
    """The metadata that ``encode`` stored. Raises: CorruptionError when the bytes are no JSON object."""
    if raw is None:
        return None
    try:
        metadata = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise CorruptionError(
            f"Stored metadata {shown(raw)} is not JSON ({error}). Run `pinyon repair`, which sets the record aside."
        ) from error
    if not isinstance(metadata, dict):
        raise CorruptionError(
            f"Stored metadata {shown(raw)} is not a JSON object. Run `pinyon repair`, which sets the record aside."
        )
    return metadata


def _column(name: str, column: Any, n: int) -> list[Any]:
    """A column as a list of Python values, where that is cheap; other values are left for the careful path."""
    if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__len__") or not hasattr(column, "__iter__"):
        raise InvalidRequestError(
            f"Metadata column '{name}' must be a list or array of {n:,} values, one a record, got {shown(column)}. "
            "Repeat the value if every record has the same."
        )
    if isinstance(column, np.ndarray) and column.ndim == 0:
        raise InvalidRequestError(f"Metadata column '{name}' is an array without dimensions: give {n:,} values.")
    if len(column) != n:
        raise InvalidRequestError(
            f"Metadata column '{name}' holds {len(column):,} values for {n:,} records. Give one value for each record; "
            "None leaves the field out of a record."
        )
    # Arrays of dates would turn into integers here, so only these dtypes are converted as a whole.
    if isinstance(column, np.ndarray) and column.dtype.kind in "biufU":
        return list(column.tolist())
    return list(column)


def _encode_plain_columns(
    names: list[str], values: list[list[Any]], n: int, limits: Limits
) -> list[bytes | None] | None:
    """The fast path: None when anything at all needs a closer look."""
    kinds = [{*map(type, column)} for column in values]
    if not all(_is_plain_column(column, its) for column, its in zip(values, kinds, strict=True)):
        return None
    if not names or not n or any(type(name) is not str or name.startswith("$") for name in names):
        return None
    rows = zip(*values, strict=True)
    dumps: Callable[..., bytes] = orjson.dumps
    try:
        if any(type(None) in its for its in kinds):
            raws = [
                dumps(
                    {name: value for name, value in zip(names, row, strict=True) if value is not None}, None, _NEWLINE
                )[:-1]
                for row in rows
            ]
        else:
            raws = [dumps(dict(zip(names, row)), None, _NEWLINE)[:-1] for row in rows]  # noqa: B905 (strict costs a tenth of the budget)
    except orjson.JSONEncodeError:
        return None
    if max(map(len, raws)) > limits.metadata_bytes:
        return None
    return [raw if len(raw) > 2 else None for raw in raws]


def _is_plain_column(column: list[Any], kinds: set[type]) -> bool:
    if not kinds <= _PLAIN_IN_COLUMN:
        return False
    if float in kinds:
        floats = column if len(kinds) == 1 else [value for value in column if type(value) is float]
        if not all(map(math.isfinite, floats)):
            return False
    if list in kinds:
        lists = column if len(kinds) == 1 else [value for value in column if type(value) is list]
        return {*map(type, chain.from_iterable(lists))} <= _ONLY_STRINGS
    return True


def _encode_carefully(metadata: Any, limits: Limits, record_id: str) -> bytes | None:
    if not isinstance(metadata, Mapping):
        raise InvalidRequestError(
            f"Metadata of record {shown(record_id)} must be an object of fields and values, got {shown(metadata)}. "
            "Give a dict, or None for no metadata."
        )
    clean: dict[str, Any] = {}
    for key, value in metadata.items():
        name = _key(key, record_id)
        if value is not None:
            clean[name] = _value(name, value, record_id)
    if not clean:
        return None
    raw = orjson.dumps(clean, None, _NEWLINE)[:-1]
    if len(raw) > limits.metadata_bytes:
        largest = max(clean, key=lambda name: len(orjson.dumps(clean[name])))
        raise InvalidRequestError(
            f"Metadata size is {len(raw)} bytes, which exceeds the limit of {limits.metadata_bytes} bytes per vector "
            f"(record {shown(record_id)}). The largest field is {shown(largest)}: shorten it, split the record, "
            "or keep the long text elsewhere and store a reference."
        )
    return raw


def _key(key: Any, record_id: str) -> str:
    if not isinstance(key, str):
        raise InvalidRequestError(
            f"Metadata key {shown(key)} of record {shown(record_id)} is not a string: convert it with str()."
        )
    if key.startswith("$"):
        raise InvalidRequestError(
            f"Metadata key {shown(key)} of record {shown(record_id)} begins with '$', which is kept for filter "
            "operators. Rename the field."
        )
    return _text(key, f"key {shown(key)}", record_id)


def _value(name: str, value: Any, record_id: str) -> Any:
    if isinstance(value, str):
        return _text(value, f"field {shown(name)}", record_id)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return _integer(name, int(value), record_id)
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            _refuse(name, value, record_id, "JSON has no NaN or infinity; leave the field out of the record.")
        return float(value)
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple):
        _refuse(name, value, record_id, "Flatten objects into fields of their own; store dates as numbers or text.")
    for element in value:
        if not isinstance(element, str):
            _refuse(name, value, record_id, "Convert every element of the list to a string, or use a field for each.")
    return [_text(element, f"field {shown(name)}", record_id) for element in value]


def _integer(name: str, value: int, record_id: str) -> int | float:
    if -(2**63) <= value < 2**64:
        return value
    try:
        return float(value)
    except OverflowError:
        _refuse(name, value, record_id, "Numbers must fit float64 (up to about 1.8e308); store larger ones as text.")


def _text(value: str, where: str, record_id: str) -> str:
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(
            f"Metadata {where} of record {shown(record_id)} holds half a surrogate pair at character {error.start}, "
            "which is not Unicode text. Decode the source as UTF-8 with errors='replace'."
        ) from None
    return plain


def _refuse(name: str, value: Any, record_id: str, way_out: str) -> NoReturn:
    raise InvalidRequestError(
        f"Metadata value must be a string, number, boolean or list of strings, got '{_pinecone_form(value)}' "
        f"for field '{name}' (record {shown(record_id)}). {way_out}"
    )


def _pinecone_form(value: Any) -> str:
    """Compact JSON with numbers as floats, cut to 16 bytes, as Pinecone prints it."""
    text = json.dumps(_head(value, depth=0), separators=(",", ":"), ensure_ascii=False)
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= _SHOWN_BYTES:
        return data.decode()
    return data[:_SHOWN_BYTES].decode("utf-8", "ignore") + "..."


def _head(value: Any, depth: int) -> Any:
    """As much of a value as its first 16 bytes can show: user data may be huge, deep, or no JSON at all."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value[:_SHOWN_BYTES]
    if isinstance(value, int | float | np.integer | np.floating):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, np.ndarray):
        value = value[:_SHOWN_BYTES].tolist() if value.ndim else value.item()
    if depth < _SHOWN_BYTES and isinstance(value, Mapping):
        return {str(key): _head(item, depth + 1) for key, item in list(value.items())[:_SHOWN_BYTES]}
    if depth < _SHOWN_BYTES and isinstance(value, list | tuple):
        return [_head(item, depth + 1) for item in value[:_SHOWN_BYTES]]
    return shown(value)
