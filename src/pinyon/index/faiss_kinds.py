"""faiss's own index kinds as they come, to measure others against: graphs, clusters, scalar and product codes.

Nothing that serves a search stands on them. Rows are (n, d) float32 prepared for the metric; cosine is the inner
product of unit rows. Every call runs on one thread, and equal input gives an equal index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.index import _faiss
from pinyon.types import Bools, Floats, Ints, Metric

ScalarCode: TypeAlias = Literal["fp16", "bf16", "int8", "int4"]
ListCode: TypeAlias = Literal["float32", "int8", "pq4"]
Search: TypeAlias = "Callable[[Floats, int], Ints]"
"""(d,) prepared query, depth -> at most ``depth`` int64 rows, the most promising first."""

SCALAR_CODES: tuple[ScalarCode, ...] = get_args(ScalarCode)
LIST_CODES: tuple[ListCode, ...] = get_args(ListCode)
_FASTSCAN_BITS = 4
_SCALAR_TYPES = {"fp16": "QT_fp16", "bf16": "QT_bf16", "int8": "QT_8bit", "int4": "QT_4bit"}


class FaissKind:
    """A finished faiss index over rows 0..n-1, which never changes. Searches of one thread need no lock."""

    __slots__ = ("_index", "_padded", "d", "n")

    def __init__(self, index: Any, d: int, padded: int) -> None:
        self._index = index
        self._padded = padded
        self.d = d
        self.n: int = int(index.ntotal)

    @property
    def serialised_bytes(self) -> int:
        """Bytes that ``faiss.write_index`` would write. Makes them to count them."""
        return int(_faiss.serialise(self._index).nbytes)

    def searcher(self, *, ef_search: int | None = None, nprobe: int | None = None, mask: Bools | None = None) -> Search:
        """A search of the calling thread; ``mask`` (n,) bool tells which rows may be returned, asked during the search.

        ef_search: of a graph. nprobe: of clusters. Flat codes take no mask: InvalidRequestError.
        """
        parameters = self._parameters(ef_search, nprobe, mask)
        faiss, index, padded = _faiss.load(), self._index, self._padded
        pointer, room = faiss.swig_ptr, _Room()

        def search(query: Floats, depth: int) -> Ints:
            if query.size != padded:
                query = _pad(query[None], padded)[0]
            rows, values = room.of(depth)
            index.search_c(1, pointer(query), depth, pointer(values), pointer(rows), parameters)
            return rows[rows >= 0] if rows[-1] < 0 else rows.copy()

        return search

    def _parameters(self, ef_search: int | None, nprobe: int | None, mask: Bools | None) -> Any:
        faiss = _faiss.load()
        given: dict[str, Any] = {}
        if mask is not None:
            if mask.shape != (self.n,):
                raise InvalidRequestError(f"a mask of shape {mask.shape} does not fit {self.n} rows: one value a row")
            given["sel"] = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        if ef_search is not None:
            return faiss.SearchParametersHNSW(efSearch=ef_search, **given)
        if nprobe is not None:
            return faiss.SearchParametersIVF(nprobe=nprobe, **given)
        if given:
            raise InvalidRequestError("flat codes cannot be filtered during a search: leave the mask out")
        return None


class _Room:
    """Where faiss writes its answers, made once for each depth."""

    def __init__(self) -> None:
        self._depth = -1

    def of(self, depth: int) -> tuple[Ints, Floats]:
        if depth != self._depth:
            self._depth = depth
            self._rows, self._values = np.empty(depth, np.int64), np.empty(depth, np.float32)
        return self._rows, self._values


def hnsw(rows: Floats, metric: Metric, *, m: int, ef_construction: int) -> FaissKind:
    """A navigable small-world graph with ``m`` neighbours a row (2 m on the lowest level), float32 rows inside.

    Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
    World graphs", 2016. m: 2 or more.
    """
    faiss = _faiss.load()
    index = faiss.IndexHNSWFlat(rows.shape[1], m, _metric(metric))
    index.hnsw.efConstruction = ef_construction
    index.add(rows)
    return FaissKind(index, rows.shape[1], rows.shape[1])


def ivf(rows: Floats, metric: Metric, *, nlist: int, codes: ListCode = "float32", width: int = 4) -> FaissKind:
    """``nlist`` clusters, each with a list of its rows, kept as they are or as codes.

    codes: "pq4" has 4 bits for every ``width`` dimensions, scanned with SIMD look-ups (FastScan). nlist: at most n.
    """
    faiss = _faiss.load()
    d = rows.shape[1]
    padded = -(-d // width) * width if codes == "pq4" else d
    rows = _pad(rows, padded)
    kind = _metric(metric)
    coarse = faiss.IndexFlat(padded, kind)
    if codes == "float32":
        index = faiss.IndexIVFFlat(coarse, padded, nlist, kind)
    elif codes == "int8":
        index = faiss.IndexIVFScalarQuantizer(coarse, padded, nlist, faiss.ScalarQuantizer.QT_8bit, kind)
    else:
        index = faiss.IndexIVFPQFastScan(coarse, padded, nlist, padded // width, _FASTSCAN_BITS, kind)
        index.pq.cp.min_points_per_centroid = 1
    index.cp.min_points_per_centroid = 1  # fewer rows than faiss likes are the caller's choice, and no warning
    index.train(rows)
    index.add(rows)
    return FaissKind(index, d, padded)


def scalar(rows: Floats, metric: Metric, *, code: ScalarCode) -> FaissKind:
    """Every number of every row as a code of its own, all scanned."""
    faiss = _faiss.load()
    d = rows.shape[1]
    index = faiss.IndexScalarQuantizer(d, getattr(faiss.ScalarQuantizer, _SCALAR_TYPES[code]), _metric(metric))
    index.train(rows)
    index.add(rows)
    return FaissKind(index, d, d)


def product(rows: Floats, metric: Metric, *, bits: Literal[4, 8], width: int) -> FaissKind:
    """``bits`` for every ``width`` dimensions (the last ones padded with zeros), all scanned; with 4, by FastScan.

    Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011.
    """
    faiss = _faiss.load()
    d = rows.shape[1]
    padded = -(-d // width) * width
    rows = _pad(rows, padded)
    make = faiss.IndexPQFastScan if bits == _FASTSCAN_BITS else faiss.IndexPQ
    index = make(padded, padded // width, bits, _metric(metric))
    index.pq.cp.min_points_per_centroid = 1
    index.train(rows)
    index.add(rows)
    return FaissKind(index, d, padded)


def _metric(metric: Metric) -> int:
    faiss = _faiss.load()
    return int(faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT)


def _pad(rows: Floats, padded: int) -> Floats:
    if rows.shape[1] == padded:
        return np.ascontiguousarray(rows, dtype=np.float32)
    wide = np.zeros((len(rows), padded), dtype=np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide
