"""A navigable small-world graph (Malkov and Yashunin 2018, https://arxiv.org/abs/1603.09320), as faiss builds it.

The graph holds its vectors as 16-bit floats: half the memory, and nearly the same order. Scores of its candidates are
computed anew from the float32 rows by whoever searches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index import _faiss
from pinyon.types import Floats, Ints, Metric


class Hnsw:
    """A graph over rows 0..n-1, made by ``HnswBuilder``. A value never changes."""

    name = "hnsw"
    __slots__ = ("_index", "d", "ef_construction", "m", "metric", "n")

    def __init__(self, index: Any, metric: Metric, ef_construction: int) -> None:
        self._index = index
        self.metric = metric
        self.d = int(index.d)
        self.n = int(index.ntotal)
        self.m = int(index.hnsw.nb_neighbors(1))
        self.ef_construction = ef_construction

    def copied(self) -> Any:
        """faiss's graph, to go on from."""
        return _faiss.copied_graph(self._index, self.ef_construction)

    def search(self, query: Floats, count: int, ef: int) -> Ints:
        """At most ``count`` int64 rows, best first by their 16-bit vectors, for a (d,) prepared query.

        ef: breadth of the search, at least ``count``.
        """
        if query.shape != (self.d,):
            raise InvalidRequestError(f"a query of shape {query.shape} does not fit a graph of dimension {self.d}")
        wanted = min(count, self.n)
        if wanted < 1:
            return np.empty(0, np.int64)
        return _faiss.search_graph(self._index, np.ascontiguousarray(query, np.float32), wanted, ef)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """{"graph": (bytes,) uint8, "built": (2,) int64 of n, ef_construction}; ``from_arrays`` reads them back."""
        return {"graph": _faiss.serialise(self._index), "built": np.array([self.n, self.ef_construction], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], metric: Metric, d: int) -> Hnsw:
        """The value that ``to_arrays`` gave; the caller has verified the checksum of the bytes. Raises FormatError."""
        if not {"graph", "built"} <= arrays.keys() or arrays["built"].shape != (2,):
            raise FormatError(f"a graph needs the arrays 'graph' and 'built' (2,), not {sorted(arrays)}")
        n, ef_construction = (int(value) for value in arrays["built"])
        return cls(_faiss.deserialise_graph(arrays["graph"], d, n, metric), metric, ef_construction)

    @property
    def nbytes(self) -> int:
        """Bytes of 16-bit vectors, links and levels."""
        return graph_bytes(self.n, self.d, self.m)

    def __len__(self) -> int:
        return self.n


def graph_bytes(n: int, d: int, m: int) -> int:
    """Bytes of a graph of n rows of d numbers with m links."""
    return n * (2 * d + 4 * 2 * m + 12)


class HnswBuilder:
    """A graph in the making: rows are linked a step at a time, until ``finished`` gives the value.

    m: links of a row, twice as many on the lowest level. ef_construction: how widely links are looked for.
    Raises MissingExtraError without faiss.
    """

    def __init__(self, d: int, metric: Metric, *, m: int = 16, ef_construction: int = 200) -> None:
        self.metric = metric
        self.ef_construction = ef_construction
        self._index = _faiss.new_graph(d, metric, m, ef_construction)

    @classmethod
    def onward(cls, graph: Hnsw) -> HnswBuilder:
        """A builder that goes on from a copy of ``graph``."""
        builder = cls.__new__(cls)
        builder.metric = graph.metric
        builder.ef_construction = graph.ef_construction
        builder._index = graph.copied()
        return builder

    @property
    def n(self) -> int:
        """Rows that are linked."""
        return int(self._index.ntotal)

    def add(self, rows: Floats) -> None:
        """Link the (m, d) float32 prepared ``rows``, which follow those that are linked."""
        if rows.ndim != 2 or rows.shape[1] != self._index.d:
            raise InvalidRequestError(f"rows of shape {rows.shape} do not fit a graph of dimension {self._index.d}")
        self._index.add(np.ascontiguousarray(rows, np.float32))

    def finished(self) -> Hnsw:
        """The graph. The builder is used up."""
        return Hnsw(self._index, self.metric, self.ef_construction)
