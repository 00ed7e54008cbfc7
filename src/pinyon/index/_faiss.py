"""The one place that touches faiss, which has no type stubs. Loaded at first use; every call runs on one thread."""

from __future__ import annotations

import importlib.util
import threading
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, MissingExtraError
from pinyon.types import Bools, Floats, Ints, Metric

_CODE_BITS = 4
_ADD_ROWS = 8_192
_module: Any = None
_loading = threading.Lock()
_thread = threading.local()


def available() -> bool:
    """Whether faiss is installed. Does not load it."""
    return _module is not None or importlib.util.find_spec("faiss") is not None


def load() -> Any:
    """The faiss module, limited to one thread for the calling thread. Raises MissingExtraError without faiss."""
    global _module
    if _module is None:
        with _loading:
            if _module is None:
                _module = _import()
    if not getattr(_thread, "limited", False):
        # OpenMP keeps this setting per calling thread.
        _module.omp_set_num_threads(1)
        _thread.limited = True
    return _module


def _import() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import faiss  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtraError(
            f"quantised search needs faiss, which cannot be imported here ({error}); install it with"
            " 'pip install faiss-cpu', or use the index kind 'flat', which is exact and needs nothing"
        ) from error
    return faiss


def train_codes(sample: Floats, subspaces: int, metric: Metric, iterations: int) -> Any:
    """An empty index of 4-bit product codes, trained on (>= 16, d) rows; ``subspaces`` divides d."""
    # One inverted list over everything: the flat form of the same code takes no selector, so it could not filter.
    return train_lists(sample, np.zeros((1, sample.shape[1]), np.float32), subspaces, metric, iterations)


def train_lists(sample: Floats, means: Floats, subspaces: int, metric: Metric, iterations: int) -> Any:
    """``train_codes`` with a list around each of the (nlist, d) means; one codebook for all of them."""
    faiss = load()
    nlist, d = means.shape
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    coarse = faiss.IndexFlat(d, kind if nlist == 1 else faiss.METRIC_L2)
    coarse.add(np.ascontiguousarray(means))
    index = faiss.IndexIVFPQFastScan(coarse, d, nlist, subspaces, _CODE_BITS, kind)
    index.by_residual = False
    index.verbose = False
    index.pq.cp.niter = iterations
    index.pq.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


def cluster(rows: Floats, nlist: int, iterations: int, seed: int) -> tuple[Floats, Ints]:
    """k-means over (m, d) rows: (nlist, d) means, and for each row the list that is nearest to it."""
    faiss = load()
    means = faiss.Kmeans(rows.shape[1], nlist, niter=iterations, seed=seed, min_points_per_centroid=1)
    means.cp.max_points_per_centroid = max(1, len(rows))
    means.train(rows)
    _, nearest = means.index.search(rows, 1)
    return means.centroids.astype(np.float32), nearest[:, 0].astype(np.int64)


def list_members(index: Any, n: int, known: tuple[Ints, NDArray[np.int32]] | None) -> tuple[Ints, NDArray[np.int32]]:
    """(nlist,) sizes of the lists, and (n,) which list each row is in. known: the same of the first rows."""
    faiss = load()
    sizes = np.zeros(index.nlist, np.int64)
    lists = np.zeros(n, np.int32)
    before = [0] * index.nlist
    if known is not None:
        before = known[0].tolist()
        lists[: len(known[1])] = known[1]
    for number, old in enumerate(before):
        size = index.invlists.list_size(number)
        if size > old:
            ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), size)
            lists[ids[old:]] = number
        sizes[number] = size
    return sizes, lists


def extended(index: Any, pieces: Iterable[Floats], n: int) -> tuple[Any, int]:
    """A clone with the rows of the pieces behind its ``n``, and how many it has then; the index itself where there are
    none."""
    grown = index
    for rows in pieces:
        if grown is index:
            grown = load().clone_index(index)
        for start in range(0, len(rows), _ADD_ROWS):
            grown.add(rows[start : start + _ADD_ROWS])
        n += len(rows)
    return grown, n


def emptied(index: Any) -> Any:
    """A clone without rows, trained as it is."""
    bare = load().clone_index(index)
    bare.reset()
    return bare


def search(index: Any, query: Floats, depth: int, mask: Bools | None) -> tuple[Ints, Floats]:
    """Up to ``depth`` rows, best first, and their approximate scores in the metric's sense."""
    faiss = load()
    rows = np.empty(depth, dtype=np.int64)
    values = np.empty(depth, dtype=np.float32)
    parameters = None if mask is None else _filtered(mask)
    if parameters is not None:
        parameters.nprobe = 1
    index.search_c(1, faiss.swig_ptr(query), depth, faiss.swig_ptr(values), faiss.swig_ptr(rows), parameters)
    if rows[-1] < 0:
        found = rows >= 0
        return rows[found], values[found]
    return rows, values


def search_lists(index: Any, query: Floats, depth: int, lists: Ints, mask: Bools | None) -> tuple[Ints, Floats]:
    """``search`` in the (p,) given lists only."""
    faiss = load()
    rows = np.empty(depth, dtype=np.int64)
    values = np.empty(depth, dtype=np.float32)
    wanted = np.ascontiguousarray(lists, np.int64)
    far = np.zeros(len(wanted), np.float32)  # of use to residual codes only
    parameters = _unfiltered() if mask is None else _filtered(mask)
    parameters.nprobe = len(wanted)
    given = faiss.swig_ptr
    index.search_preassigned_c(
        1, given(query), depth, given(wanted), given(far), given(values), given(rows), False, parameters
    )
    if rows[-1] < 0:
        found = rows >= 0
        return rows[found], values[found]
    return rows, values


def _unfiltered() -> Any:
    known = _thread.__dict__.get("plain")
    if known is None:
        known = _thread.plain = load().SearchParametersIVF()
    return known


def _filtered(mask: Bools) -> Any:
    """Search parameters of the calling thread that let only the rows of the mask through.

    faiss borrows the bits and the selector, so the thread keeps both. Making all of it anew takes a tenth of a search,
    so a mask that nobody may write into is recognised when it comes again.
    """
    known = _thread.__dict__.get("filter")
    if known is not None and known[0] is mask and not mask.flags.writeable:
        return known[3]
    faiss = load()
    parameters = faiss.SearchParametersIVF(nprobe=1) if known is None else known[3]
    bits = np.packbits(mask, bitorder="little")
    selector = faiss.IDSelectorBitmap(bits.size, faiss.swig_ptr(bits))
    parameters.sel = selector
    _thread.filter = mask, bits, selector, parameters
    return parameters


def new_graph(d: int, metric: Metric, m: int, ef_construction: int) -> Any:
    """An empty HNSW graph over 16-bit vectors."""
    faiss = load()
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    graph = faiss.IndexHNSWSQ(d, faiss.ScalarQuantizer.QT_fp16, m, kind)
    graph.train(np.zeros((1, d), np.float32))  # 16-bit floats have nothing to learn
    graph.hnsw.efConstruction = ef_construction
    return graph


def copied_graph(index: Any, ef_construction: int) -> Any:
    """A clone that can grow."""
    load()
    copied = deserialise_any(serialise(index))
    copied.hnsw.efConstruction = ef_construction
    return copied


def search_graph(index: Any, query: Floats, count: int, ef: int) -> Ints:
    """Up to ``count`` rows, best first."""
    faiss = load()
    rows = np.empty(count, dtype=np.int64)
    values = np.empty(count, dtype=np.float32)
    parameters = _thread.__dict__.get("breadth")
    if parameters is None:
        parameters = _thread.breadth = faiss.SearchParametersHNSW()
    parameters.efSearch = max(ef, count)
    given = faiss.swig_ptr
    index.search_c(1, given(query), count, given(values), given(rows), parameters)
    return rows if count and rows[-1] >= 0 else rows[rows >= 0]


def deserialise_graph(data: NDArray[np.uint8], d: int, n: int, metric: Metric) -> Any:
    """The graph in ``data``; FormatError when it is not one of n rows of dimension d for ``metric``."""
    faiss = load()
    try:
        graph = deserialise_any(data)
    except RuntimeError as error:
        raise FormatError(f"the {data.size} bytes of a graph cannot be read; rebuild it") from error
    if type(graph).__name__ != "IndexHNSWSQ" or graph.d != d or graph.ntotal != n:
        raise FormatError(
            f"the graph is a {type(graph).__name__} of {graph.ntotal} rows and dimension {graph.d},"
            f" not one of {n} rows and dimension {d}; rebuild it"
        )
    if (graph.metric_type == faiss.METRIC_L2) != (metric == "euclidean"):
        raise FormatError(f"the graph serves another metric than {metric}; rebuild it")
    return graph


def deserialise_any(data: NDArray[np.uint8]) -> Any:
    return load().deserialize_index(np.ascontiguousarray(data, dtype=np.uint8))


def serialise(index: Any) -> NDArray[np.uint8]:
    data: NDArray[np.uint8] = load().serialize_index(index)
    return data


def deserialise(data: NDArray[np.uint8], d: int, n: int, metric: Metric, nlist: int) -> Any:
    """The index in ``data``; FormatError when it is not one of n rows of dimension d in nlist lists for ``metric``."""
    faiss = load()
    try:
        index = faiss.deserialize_index(np.ascontiguousarray(data, dtype=np.uint8))
    except RuntimeError as error:
        raise FormatError(f"the {data.size} bytes of quantised codes cannot be read; rebuild them") from error
    if type(index).__name__ != "IndexIVFPQFastScan" or index.d != d or index.ntotal != n or index.nlist != nlist:
        raise FormatError(
            f"the quantised codes are a {type(index).__name__} of {index.ntotal} rows and dimension {index.d},"
            f" not {n} rows of dimension {d} in {nlist} list(s); rebuild them"
        )
    if (index.metric_type == faiss.METRIC_L2) != (metric == "euclidean"):
        raise FormatError(f"the quantised codes serve another metric than {metric}; rebuild them")
    return index


class Products:
    """Inner products of blocks of rows with the same (q, d) vectors, plus a (q,) bias. For one thread, and on one:
    numpy's own product would take every core."""

    def __init__(self, vectors: Floats, bias: Floats) -> None:
        faiss = load()
        count, d = vectors.shape
        self._transform = faiss.LinearTransform(d, count, True)
        faiss.copy_array_to_vector(np.ascontiguousarray(vectors, np.float32).ravel(), self._transform.A)
        self._transform.is_trained = True
        self._out: Floats = np.empty((0, count), np.float32)
        self.rebias(bias)

    def rebias(self, bias: Floats) -> None:
        load().copy_array_to_vector(np.ascontiguousarray(bias, np.float32), self._transform.b)

    def of(self, rows: Floats) -> Floats:
        """(m, d) C-contiguous float32 -> (m, q) float32, valid until the next call."""
        given = load().swig_ptr
        if len(self._out) < len(rows):
            self._out = np.empty((len(rows), self._out.shape[1]), np.float32)
        out = self._out[: len(rows)]
        self._transform.apply_noalloc(len(rows), given(rows), given(out))
        return out
