"""What a contender must do, and the values that pass between the steps and its adapter.

Imported in every contender's environment: standard library and numpy only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

TOP_K = 10
BATCH = 1_000
Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Setting: TypeAlias = "dict[str, Any]"
"""Search effort as JSON; {} means the contender's own default."""
Conditions: TypeAlias = "list[tuple[str, str, Any]]"
"""(field, one of == < <= > >=, value), all of which must hold."""

INDEXED: dict[str, type] = {"category": str, "year": int, "draw": float, "region": float}
"""Metadata fields that filters use, for contenders that want to be told."""
OTHERS: dict[str, type] = {"price": float, "tags": list, "text": str}


class UnsupportedError(Exception):
    """The contender cannot do this at all; the text says why."""


@dataclass(frozen=True)
class Batch:
    """Row i of each field belongs to record ``rows[i]``. ids: the same numbers as text. vectors: (n, d) unit rows."""

    rows: list[int]
    ids: list[str]
    vectors: Floats
    metadata: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> Batch:
        return Batch(self.rows[part], self.ids[part], self.vectors[part], self.metadata[part])


class Adapter(ABC):
    """A contender behind the verbs of the race, with cosine similarity.

    Every method does its work before it returns. What it takes (lists, arrays, dictionaries) is turned into the
    contender's own types inside, as any program would have to; ``filter`` alone is called outside of the clock.
    """

    namespaces = "none"
    """What stands for a namespace."""
    sweep: Sequence[Setting] = ({},)
    """The documented settings of search effort that are tried, cheapest first."""

    def __init__(self, folder: Path, dimension: int, options: Mapping[str, Any]) -> None:
        self.folder = folder
        self.dimension = dimension
        self.options = options
        self.effort: Any = {}

    @property
    @abstractmethod
    def promise(self) -> str:
        """What has happened to a write when it is acknowledged."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The version of the package, as installed."""

    @abstractmethod
    def open(self, *, create: bool) -> None:
        """Opens what ``folder`` holds, or makes it anew in that empty folder."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def upsert(self, batch: Batch) -> None:
        """Inserts or replaces at most BATCH records."""

    def insert(self, batch: Batch) -> None:
        """Adds records that are known to be new, where that is another call."""
        self.upsert(batch)

    def searchable(self) -> None:
        """Until all that was written is on disk, and searched through an index with its usual recall."""
        self.finish()

    @abstractmethod
    def finish(self) -> None:
        """...and as fast as it will ever be."""

    def settings(self, target: float) -> Sequence[Setting]:
        """Settings to try for that recall."""
        return self.sweep

    def use(self, setting: Setting) -> None:
        """Search effort of later queries."""
        self.effort = setting

    @abstractmethod
    def filter(self, conditions: Conditions) -> Any:
        """A prepared filter in the contender's form."""

    @abstractmethod
    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        """Records nearest to the vector, best first, after their metadata has been fetched."""

    @abstractmethod
    def delete(self, ids: Batch) -> None:
        """Removes records by id; vectors and metadata of ``ids`` are not looked at."""

    @abstractmethod
    def count(self) -> int: ...

    def compact(self) -> None:
        """What the contender offers to reclaim space and mend its index after changes."""
        self.finish()

    def reader(self) -> Adapter:
        """What another thread reads with; the same object where it may be shared."""
        return self

    def open_namespaces(self, *, create: bool) -> None:
        raise UnsupportedError("no namespaces")

    def add_namespace(self, name: str, batch: Batch) -> None:
        raise UnsupportedError("no namespaces")

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        raise UnsupportedError("no namespaces")

    def close_namespaces(self) -> None:
        self.close()


def conjunction(conditions: Conditions, *, equal: str = "=", joint: str = " AND ") -> str:
    """The conditions as SQL-like text."""
    words = {"==": equal}
    return joint.join(f"{field} {words.get(op, op)} {_literal(value)}" for field, op, value in conditions)


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)


def pinecone_filter(conditions: Conditions) -> dict[str, Any]:
    """The conditions as a Pinecone filter."""
    words = {"==": "$eq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
    return {field: {words[op]: value} for field, op, value in conditions}
