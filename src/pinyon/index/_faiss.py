"""The one place that touches faiss, which has no type stubs. Loaded at first use; every call runs on one thread."""

from __future__ import annotations

import importlib.util
import threading
import warnings
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
    faiss = load()
    d = sample.shape[1]
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    coarse = faiss.IndexFlat(d, kind)
    coarse.add(np.zeros((1, d), dtype=np.float32))
    # One inverted list over everything: the flat form of the same code takes no selector, so it could not filter.
    index = faiss.IndexIVFPQFastScan(coarse, d, 1, subspaces, _CODE_BITS, kind)
    index.by_residual = False
    index.verbose = False
    index.pq.cp.niter = iterations
    index.pq.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


def extended(index: Any, rows: Floats) -> Any:
    """A clone with the rows added."""
    faiss = load()
    grown = faiss.clone_index(index)
    for start in range(0, len(rows), _ADD_ROWS):
        grown.add(rows[start : start + _ADD_ROWS])
    return grown


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
    index.search_c(1, faiss.swig_ptr(query), depth, faiss.swig_ptr(values), faiss.swig_ptr(rows), parameters)
    if rows[-1] < 0:
        found = rows >= 0
        return rows[found], values[found]
    return rows, values


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


def serialise(index: Any) -> NDArray[np.uint8]:
    data: NDArray[np.uint8] = load().serialize_index(index)
    return data


def deserialise(data: NDArray[np.uint8], d: int, n: int, metric: Metric) -> Any:
    """The index in ``data``; FormatError when it is not one of n rows of dimension d for ``metric``."""
    faiss = load()
    try:
        index = faiss.deserialize_index(np.ascontiguousarray(data, dtype=np.uint8))
    except RuntimeError as error:
        raise FormatError(f"the {data.size} bytes of quantised codes cannot be read; rebuild them") from error
    if type(index).__name__ != "IndexIVFPQFastScan" or index.d != d or index.ntotal != n or index.nlist != 1:
        raise FormatError(
            f"the quantised codes are a {type(index).__name__} of {index.ntotal} rows and dimension {index.d},"
            f" not one list of {n} rows and dimension {d}; rebuild them"
        )
    if (index.metric_type == faiss.METRIC_L2) != (metric == "euclidean"):
        raise FormatError(f"the quantised codes serve another metric than {metric}; rebuild them")
    return index
