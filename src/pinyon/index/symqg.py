"""SymphonyQG (Gou et al. 2025, https://doi.org/10.1145/3709730): a graph of nodes with the codes of their neighbours.

A step along the graph scores all neighbours of a node at once, from 1-bit codes that lie beside each other. That makes
searches several times as fast as in other graphs, for more memory: a row takes its vector and the codes of ``degree``
others. A graph is built in one go and does not grow. The library is ``rabitqlib``, an extra.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, InvalidRequestError, MissingExtraError
from pinyon.types import Floats, Ints, Metric

MISSING = 'Index kind symqg needs rabitqlib. Install it with: pip install "pinyon[symqg]". Or use another kind.'
DEGREES = (32, 64, 96, 128)
_LEAST_DIMENSION = 64


def available() -> bool:
    """Whether the library is installed. Does not load it."""
    return importlib.util.find_spec("rabitqlib") is not None


class Symqg:
    """A graph over rows 0..n-1. A value never changes; searches may run in any number of threads."""

    name = "symqg"
    __slots__ = ("_index", "d", "ef_construction", "m", "metric", "n")

    def __init__(self, index: Any, d: int, metric: Metric, ef_construction: int) -> None:
        self._index = index
        self.metric = metric
        self.d = d
        self.n = int(index.num_points)
        self.m = int(index.max_degree)
        self.ef_construction = ef_construction

    @classmethod
    def build(cls, rows: Floats, metric: Metric, *, degree: int = 32, ef_construction: int = 100) -> Symqg:
        """The graph of (n, d) float32 prepared ``rows``, n > degree, on the calling thread. The GIL is released.

        degree: links of a row, 32, 64, 96 or 128. ef_construction: how widely links are looked for. Takes as much
        memory again as the graph while it runs, and cannot be interrupted. Raises MissingExtraError without rabitqlib,
        and InvalidRequestError when no graph can be made of the rows.
        """
        if degree not in DEGREES or len(rows) <= degree:
            raise InvalidRequestError(
                f"degree {degree} does not fit {len(rows)} rows: take one of {DEGREES}, less than n"
            )
        index = _load().SymqgIndex(
            max(_LEAST_DIMENSION, rows.shape[1]), degree, "ip" if metric == "dotproduct" else "l2"
        )
        try:
            index.build(_widened(rows), ef_construction, 1, "pipnn")
        except (RuntimeError, ValueError) as error:
            raise InvalidRequestError(f"no graph can be made of these {len(rows)} rows: {error}") from error
        return cls(index, rows.shape[1], metric, ef_construction)

    def search(self, query: Floats, count: int, ef: int) -> Ints:
        """At most ``count`` int64 rows, best first by their codes, for a (d,) prepared query.

        ef: breadth of the search, at least ``count``.
        """
        if query.shape != (self.d,):
            raise InvalidRequestError(f"a query of shape {query.shape} does not fit a graph of dimension {self.d}")
        found = self._index.search(_widened(query[None, :]), min(count, self.n), max(ef, count), 1)[0][0]
        rows: Ints = found.astype(np.int64)
        return rows[rows < self.n]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """{"graph": (bytes,) uint8, "built": (2,) int64 of n, ef_construction}; ``from_arrays`` reads them back."""
        with tempfile.TemporaryDirectory() as folder:  # the library writes files only
            path = Path(folder) / "graph"
            self._index.save(str(path))
            data = np.fromfile(path, np.uint8)
        return {"graph": data, "built": np.array([self.n, self.ef_construction], np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], metric: Metric, d: int) -> Symqg:
        """The value that ``to_arrays`` gave; the caller has verified the checksum of the bytes.

        Raises FormatError, and MissingExtraError without rabitqlib.
        """
        if not {"graph", "built"} <= arrays.keys() or arrays["built"].shape != (2,):
            raise FormatError(f"a graph needs the arrays 'graph' and 'built' (2,), not {sorted(arrays)}")
        n, ef_construction = (int(value) for value in arrays["built"])
        library = _load()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph"
            arrays["graph"].tofile(path)
            try:
                index = library.SymqgIndex.load(str(path))
            except (RuntimeError, ValueError) as error:
                raise FormatError(f"the {arrays['graph'].size} bytes of a graph cannot be read; rebuild it") from error
        if (index.dim, index.num_points) != (max(_LEAST_DIMENSION, d), n):
            raise FormatError(
                f"the graph has {index.num_points} rows of dimension {index.dim}, not {n} of {d}; rebuild it"
            )
        return cls(index, d, metric, ef_construction)

    @property
    def nbytes(self) -> int:
        """Bytes of rows, neighbours' codes and links."""
        return graph_bytes(self.n, self.d, self.m)

    def __len__(self) -> int:
        return self.n


def graph_bytes(n: int, d: int, degree: int) -> int:
    """Bytes of a graph of n rows of d numbers with ``degree`` links."""
    padded = -(-d // 64) * 64
    return n * (4 * padded + degree * (padded // 8 + 16))


def _widened(rows: Floats) -> Floats:
    """(m, d) rows with zeros up to the least dimension that the library takes."""
    lacking = _LEAST_DIMENSION - rows.shape[1]
    wide = rows if lacking <= 0 else np.pad(rows, ((0, 0), (0, lacking)))
    return np.ascontiguousarray(wide, np.float32)


def _load() -> Any:
    try:
        import rabitqlib  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtraError(f"{MISSING} ({error})") from error
    return rabitqlib
