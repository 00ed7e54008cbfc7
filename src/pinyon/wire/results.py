"""What was answered about the records of one index, apart from how it will be written.

``lsn``: everything up to this log sequence number is in the answer. ``last``: the key after which the next page
begins; None on the last page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinyon.types import Record

QUERY_UNITS = 1
LIST_UNITS = 1


@dataclass(frozen=True, slots=True)
class Fetched:
    records: Mapping[str, Record]
    lsn: int
    last: str | None = None

    @property
    def read_units(self) -> int:
        """One for every ten records, and at least one."""
        return max(1, -(-len(self.records) // 10))


@dataclass(frozen=True, slots=True)
class Listed:
    ids: Sequence[str]
    lsn: int
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Updated:
    """matched: records that the filter matches; None for an update by id."""

    matched: int | None
    lsn: int


@dataclass(frozen=True, slots=True)
class NamespaceDescription:
    """name: as it is written in answers. schema: its own, or else that of the index. size_bytes: None if not asked."""

    name: str
    record_count: int
    schema: Mapping[str, Any] | None = None
    size_bytes: int | None = None

    @property
    def indexed_fields(self) -> list[str] | None:
        return None if self.schema is None else list(self.schema.get("fields", {}))


@dataclass(frozen=True, slots=True)
class NamespacePage:
    """total: namespaces with the prefix, on all pages."""

    namespaces: Sequence[NamespaceDescription]
    total: int
    last: str | None = None
