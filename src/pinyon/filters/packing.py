"""A sorted segment <-> flat arrays for a cache file: numbers only, no object dtype.

Columns are laid out one after another, grouped by kind; ``layout`` says where each begins.

    header   (3,) int64    format version, rows, fingerprint of the digest key
    names    (b,) uint8    field names in UTF-8, one after another
    fields   (f,) int64    length of each name in bytes
    layout   (c, 3) int64  field number, kind number (order of KINDS), pairs
    strings, numbers, bools   values of the kind, column after column; a bare column has none
    rows     (p,) int32    rows of all columns, in layout order
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import CorruptionError
from pinyon.filters.segments import DTYPES, KINDS, PairKey, PairKind, Pairs, Segment

VERSION: Final = 1
_VALUES: Final[dict[PairKind, str]] = {"string": "strings", "number": "numbers", "bool": "bools"}
_INT64: Final = np.dtype("<i8")
_ROW: Final = np.dtype("<i4")
_EXPECTED: Final[dict[str, tuple[np.dtype[Any], int]]] = {
    "header": (_INT64, 1),
    "names": (np.dtype("u1"), 1),
    "fields": (_INT64, 1),
    "layout": (_INT64, 2),
    "rows": (_ROW, 1),
    **{name: (DTYPES[kind], 1) for kind, name in _VALUES.items()},
}


def pack(segment: Segment, n: int, fingerprint: int) -> dict[str, NDArray[Any]]:
    """The arrays above, of a sorted segment over ``n`` rows."""
    keys = sorted(segment.pairs, key=lambda key: (KINDS.index(key[1]), key[0]))
    names = sorted({field for field, _ in keys})
    number = {field: position for position, field in enumerate(names)}
    encoded = [name.encode() for name in names]
    layout = [(number[field], KINDS.index(kind), len(segment.pairs[field, kind].rows)) for field, kind in keys]
    arrays: dict[str, NDArray[Any]] = {
        "header": np.array([VERSION, n, fingerprint], dtype=_INT64),
        "names": np.frombuffer(b"".join(encoded), dtype=np.uint8),
        "fields": np.array([len(name) for name in encoded], dtype=_INT64),
        "layout": np.array(layout, dtype=_INT64).reshape(-1, 3),
        "rows": _joined([segment.pairs[key].rows for key in keys], _ROW),
    }
    for kind, name in _VALUES.items():
        arrays[name] = _joined([segment.pairs[key].values for key in keys if key[1] == kind], DTYPES[kind])
    return arrays


def unpack(arrays: Mapping[str, NDArray[Any]], fingerprint: int) -> tuple[Segment, int]:
    """The segment and its number of rows; it keeps views of the arrays, and never writes into them.

    Raises: CorruptionError when the arrays are not what ``pack`` made under the same key.
    """
    _check_shapes(arrays)
    version, n, made_with = arrays["header"].tolist()
    if version != VERSION or made_with != fingerprint:
        raise _damaged(f"they have version {version} (known: {VERSION}) or were made with another key")
    names = _names(arrays)
    rows = arrays["rows"]
    if n < 0 or (len(rows) and (rows.min() < 0 or rows.max() >= n)):
        raise _damaged(f"a row lies outside the {n:,} rows that they cover")
    pairs: dict[PairKey, Pairs] = {}
    row_at = 0
    value_at = dict.fromkeys(KINDS, 0)
    for field, kind_number, count in arrays["layout"].tolist():
        if not (0 <= field < len(names) and 0 <= kind_number < len(KINDS) and count >= 0):
            raise _damaged(f"the column ({field}, {kind_number}, {count}) does not exist")
        kind = KINDS[kind_number]
        if kind == "bare":
            values: NDArray[Any] = np.zeros(count, dtype=DTYPES[kind])
        else:
            values = arrays[_VALUES[kind]][value_at[kind] : value_at[kind] + count]
            value_at[kind] += count
        pairs[names[field], kind] = Pairs(values, rows[row_at : row_at + count])
        row_at += count
    if row_at != len(rows) or any(value_at[kind] != len(arrays[name]) for kind, name in _VALUES.items()):
        raise _damaged("the lengths of the columns do not add up")
    return Segment(pairs, ordered=True), n


def _check_shapes(arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, (dtype, dimensions) in _EXPECTED.items():
        array = arrays.get(name)
        if array is None or array.dtype != dtype or array.ndim != dimensions:
            raise _damaged(f"array '{name}' is missing or is not {dimensions}-dimensional {dtype}")
    if len(arrays["header"]) != 3 or arrays["layout"].shape[1] != 3:
        raise _damaged("header or layout has another width")


def _names(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    blob = arrays["names"].tobytes()
    names: list[str] = []
    at = 0
    try:
        for length in arrays["fields"].tolist():
            names.append(blob[at : at + length].decode())
            at += length
    except UnicodeDecodeError as error:
        raise _damaged("a field name is not UTF-8") from error
    if at != len(blob) or bool((arrays["fields"] < 0).any()):
        raise _damaged("the lengths of the field names do not add up")
    return names


def _joined(parts: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _damaged(what: str) -> CorruptionError:
    return CorruptionError(
        f"The cached filter columns cannot be used: {what}. Nothing is lost: delete the cache, and it is rebuilt."
    )
