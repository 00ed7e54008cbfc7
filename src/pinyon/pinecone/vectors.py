"""Records as users hold them: ``Vector`` and ``SparseValues`` go in and come out, ``ScoredVector`` comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pinyon.errors import InvalidRequestError
from pinyon.pinecone.view import View, html_table
from pinyon.types import Match, Record
from pinyon.types import SparseValues as StoredSparse


def _as_list(values: Any) -> Any:
    """Arrays (numpy, torch) as a list of Python floats; anything else as it is."""
    return values.tolist() if hasattr(values, "tolist") else values


class SparseValues(View):
    """A sparse vector: ``indices`` are dimensions (0 to 2**32 - 1), ``values`` their weights; equal lengths."""

    __slots__ = ("_indices", "_values")
    _fields: ClassVar[tuple[str, ...]] = ("indices", "values")

    def __init__(self, indices: Any, values: Any) -> None:
        self._indices = indices
        self._values = values

    @property
    def indices(self) -> Any:
        self._indices = _as_list(self._indices)
        return self._indices

    @indices.setter
    def indices(self, indices: Any) -> None:
        self._indices = indices

    @property
    def values(self) -> Any:
        self._values = _as_list(self._values)
        return self._values

    @values.setter
    def values(self, values: Any) -> None:
        self._values = values

    @staticmethod
    def from_dict(sparse_values_dict: Any) -> SparseValues:
        if not isinstance(sparse_values_dict, Mapping) or not {"indices", "values"} <= sparse_values_dict.keys():
            raise InvalidRequestError(
                f"Sparse values must have the keys 'indices' and 'values', got {sparse_values_dict!r:.80}."
            )
        return SparseValues(sparse_values_dict["indices"], sparse_values_dict["values"])


class Vector(View):
    """One record. ``values`` is [] when there is no dense vector or none was asked for; ``metadata`` may be None."""

    __slots__ = ("_sparse", "_values", "id", "metadata")
    _fields: ClassVar[tuple[str, ...]] = ("id", "values", "metadata", "sparse_values")

    def __init__(
        self,
        id: str,
        values: Any = None,
        metadata: Mapping[str, Any] | None = None,
        sparse_values: SparseValues | Mapping[str, Any] | StoredSparse | None = None,
    ) -> None:
        self.id = id
        self._values = values
        self.metadata = metadata
        self._sparse = sparse_values

    @property
    def values(self) -> Any:
        """list of floats. Converted from the stored array at first use: most callers never look."""
        self._values = [] if self._values is None else _as_list(self._values)
        return self._values

    @values.setter
    def values(self, values: Any) -> None:
        self._values = values

    @property
    def sparse_values(self) -> SparseValues | None:
        sparse = self._sparse
        if sparse is None or isinstance(sparse, SparseValues):
            return sparse
        if isinstance(sparse, StoredSparse):
            sparse = SparseValues(sparse.indices, sparse.values)
        else:
            sparse = SparseValues.from_dict(sparse)
        self._sparse = sparse
        return sparse

    @sparse_values.setter
    def sparse_values(self, sparse: SparseValues | Mapping[str, Any] | None) -> None:
        self._sparse = sparse

    @staticmethod
    def from_dict(vector_dict: Mapping[str, Any]) -> Vector:
        if "id" not in vector_dict:
            raise InvalidRequestError(f"A vector must have the key 'id', got the keys {sorted(vector_dict)}.")
        return Vector(
            vector_dict["id"],
            vector_dict.get("values"),
            vector_dict.get("metadata"),
            vector_dict.get("sparse_values"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Without the keys that are unset, so that the dictionary can be upserted again."""
        return {key: value for key, value in super().to_dict().items() if value is not None and value != []}

    def _repr_html_(self) -> str:
        return html_table(f"{type(self).__name__} {self.id}", ("field", "value"), list(self.to_dict().items()))


class ScoredVector(Vector):
    """One match. ``score``: cosine or dotproduct (higher is better), squared Euclidean distance (lower is better)."""

    __slots__ = ("score",)
    _fields: ClassVar[tuple[str, ...]] = ("id", "score", "values", "sparse_values", "metadata")

    def __init__(
        self,
        id: str,
        score: float,
        values: Any = None,
        sparse_values: SparseValues | Mapping[str, Any] | StoredSparse | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.score = score
        self._values = values
        self._sparse = sparse_values
        self.metadata = metadata

    def to_dict(self) -> dict[str, Any]:
        return View.to_dict(self)


class NamespacedVector(ScoredVector):
    """A match of ``query_namespaces``, which says where it was found."""

    __slots__ = ("namespace",)
    _fields: ClassVar[tuple[str, ...]] = ("id", "score", "namespace", "values", "sparse_values", "metadata")

    def __init__(self, match: ScoredVector, namespace: str) -> None:
        super().__init__(match.id, match.score, match._values, match._sparse, match.metadata)
        self.namespace = namespace


def scored(match: Match) -> ScoredVector:
    return ScoredVector(match.id, match.score, match.values, match.sparse_values, match.metadata)


def stored(record: Record) -> Vector:
    return Vector(record.id, record.values, record.metadata, record.sparse_values)
