"""What the metadata of a namespace looks like: its fields, their types and their most frequent values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pinyon.engine import checks
from pinyon.engine.index import Index
from pinyon.engine.snapshot import Snapshot
from pinyon.filters import Profile, decode_metadata
from pinyon.storage.reading import View

FIELDS: Final = 200
"""Fields that are told, those with the most values."""
VALUES: Final = 50
LONGEST: Final = 200
"""Characters of a string that is told among the values."""
_WHOLE: Final = 2.0**53


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value, and the number of records that hold it."""

    value: str | float | bool
    records: int


@dataclass(frozen=True, slots=True)
class Field:
    """One metadata field. records: those that have it. distinct: different values; each string of a list is one.

    types: of string, number, boolean and list. least, most: of its numbers. values: the most frequent ones first, at
    most ``VALUES``, without strings longer than ``LONGEST``.
    """

    name: str
    types: tuple[str, ...]
    records: int
    distinct: int
    least: float | None
    most: float | None
    values: tuple[FieldValue, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """left_out: fields beyond the ``FIELDS`` that are told."""

    records: int
    fields: tuple[Field, ...]
    left_out: int = 0


def fields_of(index: Index, namespace: str) -> Fields:
    """The fields of all records of a namespace in order of name; none where there is no such namespace.

    Reads the columns in memory, and the few records that hold the frequent strings. Raises CorruptionError.
    """
    checks.check_namespace(namespace, index.limits)

    def work(view: View) -> Fields:
        opened = index.memory.snapshot(view, namespace)
        if opened is None:
            return Fields(0, ())
        snapshot = opened[1]
        profiles, left_out = snapshot.columns.profiles(snapshot.alive, FIELDS, VALUES)
        texts = Texts(view, snapshot)
        texts.read(one.row for profile in profiles for one in profile.frequent if one.kind == "string")
        fields = [_field(profile, texts) for profile in sorted(profiles, key=lambda profile: profile.name)]
        return Fields(snapshot.live, tuple(fields), left_out)

    return index.read(work)


class Texts:
    """Names the strings that the columns hold as digests, by the records that hold them."""

    def __init__(self, view: View, snapshot: Snapshot) -> None:
        self._view = view
        self._snapshot = snapshot
        self._metadata: dict[int, Mapping[str, Any]] = {}

    def read(self, rows: Iterable[int]) -> None:
        """Reads the metadata of rows. Damaged records are passed over."""
        wanted = sorted({*rows} - self._metadata.keys())
        ords = self._snapshot.ords[np.array(wanted, np.int64)].tolist()
        found, _ = self._view.readable_rows(ords, values=False)
        for row, ord_ in zip(wanted, ords, strict=True):
            if ord_ in found:
                self._metadata[row] = decode_metadata(found[ord_].metadata) or {}

    def named(self, field: str, row: int, key: int) -> tuple[str | None, bool]:
        """(the string of that digest in a field of a row that was read, whether it is in a list); None for unknown."""
        value = self._metadata.get(row, {}).get(field)
        candidates = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        key_of = self._snapshot.columns.key_of
        return next((text for text in candidates if key_of(text) == key), None), isinstance(value, list)


def _field(profile: Profile, texts: Texts) -> Field:
    values: list[FieldValue] = []
    types = {"list"} if profile.several else set()
    for one in profile.frequent:
        if one.kind == "string":
            text, in_list = texts.named(profile.name, one.row, int(one.key))
            types.add("list" if in_list else "string")
            if text is not None and len(text) <= LONGEST:
                values.append(FieldValue(text, one.rows))
        elif one.kind == "bool":
            types.add("boolean")
            values.append(FieldValue(bool(one.key), one.rows))
        else:
            types.add("number")
            values.append(FieldValue(plain(float(one.key)), one.rows))
    if profile.least is not None:
        types.add("number")
    least, most = (None if bound is None else plain(bound) for bound in (profile.least, profile.most))
    kinds = tuple(kind for kind in ("string", "number", "boolean", "list") if kind in types)
    return Field(profile.name, kinds, profile.rows, profile.distinct, least, most, tuple(values))


def plain(number: float) -> float:
    """A whole number as one, as it was most likely written."""
    return int(number) if number.is_integer() and abs(number) <= _WHOLE else number
