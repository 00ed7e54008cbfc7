"""Quantised codes in inverted lists: a search reads the codes of the lists that may hold one of the best rows.

The codebook is one for all lists, so that code scores are comparable everywhere, and a list is only a way of not
looking at rows. How far rows lie around their list's mean is kept (``Nearness``), which tells how many better rows are
to be expected in the lists that were not read: the search decides from that, not from a fixed number of lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index import _faiss
from pinyon.index.scan import default_width, fitting_pieces, pad, training_rows
from pinyon.types import Bools, Floats, Ints, Metric

_ITERATIONS = 10
_LIST_ITERATIONS = 8
_ROWS_PER_LIST = 64
"""Training rows for each list: k-means gains little from more."""
_AXES = 32
"""Directions in which the scatter around a list's mean is kept apart; the others share what is left."""
_AXES_ROWS = 16_384
"""Rows that these directions are taken from, at most."""
_LEAST_SCALE = 0.25
_LEAST_DEVIATION = np.float32(1e-12)


@dataclass(frozen=True, slots=True)
class Nearness:
    """What a query may expect of each list: (nlist,) ``expected`` score of its rows, higher is better, and (nlist,)
    ``deviation`` of their scores around that. Distances are negated."""

    expected: Floats
    deviation: Floats


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where lists lie and how far their rows scatter.

    centre: (d,) the middle of the means: from there, distances cancel less. means: (nlist, d) relative to it. rest:
    variance in each direction but the principal ones. axes: (r, d) principal directions, each as long as the root of
    what its variance exceeds ``rest`` by. scales: (nlist,) scatter of a list relative to the average. offsets: (nlist,)
    mean squared distance of a list's rows from its mean.
    """

    centre: Floats
    means: Floats
    axes: Floats
    rest: float
    scales: Floats
    offsets: Floats
    placed: Floats
    """(nlist, r) means along the axes."""
    lengths: Floats
    """(nlist,) squared norms of the means."""

    @classmethod
    def of(cls, centre: Floats, means: Floats, axes: Floats, rest: float, scales: Floats, offsets: Floats) -> _Shape:
        lengths = np.einsum("ij,ij->i", means, means)
        return cls(centre, means, axes, rest, scales, offsets, means @ axes.T, lengths)


class Ivf:
    """Codes of rows 0..n-1 in ``nlist`` lists. A value never changes; ``extended`` gives a new one.

    sizes: (nlist,) int64 rows of each list. lists: (n,) int32, the list of each row.
    """

    __slots__ = ("_counted", "_index", "_padded", "_shape", "d", "lists", "metric", "n", "sizes", "subspaces")

    def __init__(
        self, index: Any, shape: _Shape, d: int, padded: int, metric: Metric, n: int, known: Ivf | None = None
    ) -> None:
        """known: a value of the first rows."""
        self._index = index
        self._shape = shape
        self._padded = padded
        self.d = d
        self.metric = metric
        self.n = n
        self.subspaces: int = int(index.pq.M)
        self.sizes: Ints
        self.lists: NDArray[np.int32]
        self.sizes, self.lists = _faiss.list_members(index, n, None if known is None else (known.sizes, known.lists))
        self._counted: tuple[Bools, Ints] | None = None

    @property
    def nlist(self) -> int:
        return len(self._shape.means)

    @classmethod
    def train(cls, sample: Floats, metric: Metric, *, nlist: int, width: int | None = None, seed: int = 0) -> Ivf:
        """Empty lists that fit the (m, d) float32 prepared ``sample``; at least 2 <= nlist <= m.

        ``width``: as in ``Scan.train``. At most 64 rows a list are read. Raises MissingExtraError without faiss.
        """
        if sample.ndim != 2 or not 2 <= nlist <= len(sample):
            raise InvalidRequestError(f"{len(sample)} rows cannot train {nlist} lists: take 2 to {len(sample)}")
        d = sample.shape[1]
        span = default_width(d) if width is None else max(1, min(width, d))
        padded = -(-d // span) * span
        rows = np.ascontiguousarray(sample, np.float32)
        if len(rows) > nlist * _ROWS_PER_LIST:
            rows = rows[np.linspace(0, len(rows) - 1, nlist * _ROWS_PER_LIST).astype(np.int64)]
        means, nearest = _faiss.cluster(rows, nlist, _LIST_ITERATIONS, seed)
        shape = _shape(rows, means, nearest)
        codebook = pad(training_rows(sample, padded), padded)
        index = _faiss.train_lists(codebook, pad(means, padded), padded // span, metric, _ITERATIONS)
        return cls(index, shape, d, padded, metric, 0)

    def extended(self, rows: Floats | Iterable[Floats]) -> Ivf:
        """A new value that covers n + m rows, the (m, d) float32 prepared ``rows`` last. This one stays as it is.

        rows: an array, or pieces of one, which are taken one after the other.
        """
        grown, n = _faiss.extended(self._index, fitting_pieces(rows, self.d, self._padded), self.n)
        return self if n == self.n else Ivf(grown, self._shape, self.d, self._padded, self.metric, n, self)

    def emptied(self) -> Ivf:
        """The same lists and codebook without rows."""
        return Ivf(_faiss.emptied(self._index), self._shape, self.d, self._padded, self.metric, 0)

    # -- searching ----------------------------------------------------------------------------------------------------

    def nearness(self, query: Floats) -> Nearness:
        """What the (d,) prepared ``query`` may expect of each list."""
        self._check(query)
        shape = self._shape
        if self.metric != "euclidean":
            along = shape.axes @ query
            variance = float(along @ along) + shape.rest * float(query @ query)
            products = shape.means @ query + np.float32(shape.centre @ query)
            return Nearness(products, np.sqrt(variance * shape.scales) + _LEAST_DEVIATION)
        query = query - shape.centre
        squared = np.maximum(float(query @ query) - 2.0 * (shape.means @ query) + shape.lengths, 0.0)
        aside = shape.placed - shape.axes @ query
        # How a row's own squared length varies is left out: with it, far too many near rows are foreseen.
        variances = np.einsum("ij,ij->i", aside, aside) + shape.rest * squared
        return Nearness(-(squared + shape.offsets), np.sqrt(4.0 * variances * shape.scales) + _LEAST_DEVIATION)

    def matching_sizes(self, mask: Bools | None) -> Ints:
        """(nlist,) rows of each list that satisfy the (>= n,) bool mask."""
        if mask is None:
            return self.sizes
        if len(mask) < self.n:
            raise InvalidRequestError(f"a mask of {len(mask)} rows does not cover {self.n} rows; give one value a row")
        known = self._counted
        if known is not None and known[0] is mask:
            return known[1]
        kept = mask[: self.n]
        most = 2 * np.count_nonzero(kept) > self.n
        few = np.bincount(self.lists[np.flatnonzero(~kept if most else kept)], minlength=self.nlist)
        sizes = self.sizes - few if most else few
        if not mask.flags.writeable:  # the mask of a popular filter comes again, and nobody can change it
            self._counted = mask, sizes
        return sizes

    def members(self, lists: Ints, mask: Bools | None, first: Ints) -> Ints:
        """All rows of the lists that satisfy the mask: those of ``first``, which are among them, then the others."""
        wanted = np.zeros(self.nlist, np.bool_)
        wanted[lists] = True
        inside = wanted[self.lists]
        if mask is not None:
            inside &= mask[: self.n]
        inside[first] = False
        return np.concatenate([first, np.flatnonzero(inside)])

    def probe(self, query: Floats, depth: int, lists: Ints, mask: Bools | None = None) -> tuple[Ints, Floats]:
        """At most ``depth`` rows of the (p,) int64 distinct ``lists``, and the float32 scores that their codes give,
        best first. Fewer where the lists hold fewer, or where the codes cannot tell rows apart."""
        self._check(query)
        if depth < 1 or not lists.size:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        contiguous = np.ascontiguousarray(query, dtype=np.float32)
        if self._padded != self.d:
            contiguous = pad(contiguous[None, :], self._padded)[0]
        allowed = mask if mask is None or len(mask) == self.n else mask[: self.n]
        return _faiss.search_lists(self._index, contiguous, depth, lists, allowed)

    def _check(self, query: Floats) -> None:
        if query.shape != (self.d,):
            raise InvalidRequestError(f"a query of shape {query.shape} does not fit codes of dimension {self.d}")

    # -- keeping ------------------------------------------------------------------------------------------------------

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays; ``from_arrays`` reads them back."""
        shape = self._shape
        return {
            "codes": _faiss.serialise(self._index),
            "layout": np.array([self.d, self._padded, self.n], dtype=np.int64),
            "centre": shape.centre,
            "means": shape.means,
            "axes": shape.axes,
            "rest": np.array([shape.rest], dtype=np.float64),
            "scales": shape.scales,
            "offsets": shape.offsets,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], metric: Metric) -> Ivf:
        """The value that ``to_arrays`` gave. The caller has verified the checksum of the bytes.

        Raises FormatError when the arrays do not belong together.
        """
        names = {"codes", "layout", "centre", "means", "axes", "rest", "scales", "offsets"}
        if not names <= arrays.keys() or arrays["layout"].shape != (3,):
            raise FormatError(f"inverted lists need the arrays {sorted(names)}, not {sorted(arrays)}")
        d, padded, n = (int(value) for value in arrays["layout"])
        means, axes, rest = arrays["means"], arrays["axes"], arrays["rest"]
        centre, scales, offsets = arrays["centre"], arrays["scales"], arrays["offsets"]
        wide = centre.shape == (d,) and all(array.ndim == 2 and array.shape[1] == d for array in (means, axes))
        if not (0 < d <= padded and wide and rest.shape == (1,) and scales.shape == offsets.shape == (len(means),)):
            raise FormatError(f"inverted lists of dimension {d}, padded to {padded}, make no sense; rebuild them")
        index = _faiss.deserialise(arrays["codes"], padded, n, metric, len(means))
        shape = _Shape.of(centre, means, axes, float(rest[0]), scales, offsets)
        return cls(index, shape, d, padded, metric, n)

    @property
    def width(self) -> int:
        """Dimensions that share 4 bits."""
        return self._padded // self.subspaces

    @property
    def nbytes(self) -> int:
        """Bytes of codes, row numbers, codebook and lists."""
        lists = self.nlist * (self.d + self._padded + _AXES) * 4
        return int(self.n * (self._index.code_size + 12) + 16 * self._padded * 4 + lists)

    def __len__(self) -> int:
        return self.n


def _shape(rows: Floats, means: Floats, nearest: Ints) -> _Shape:
    """The scatter of (m, d) training rows around the means of their lists."""
    scatter = rows - means[nearest]
    squared = np.einsum("ij,ij->i", scatter, scatter)
    average = max(float(squared.mean()), 1e-30)
    counts = np.bincount(nearest, minlength=len(means))
    # A list of few training rows says little about itself: it is drawn to the average.
    sums = np.bincount(nearest, weights=squared, minlength=len(means))
    own = (sums + 8.0 * average) / (counts + 8.0)
    scales = np.maximum(own / average, _LEAST_SCALE).astype(np.float32)
    axes, rest = _axes(scatter, average)
    centre = means.mean(axis=0)
    return _Shape.of(centre, means - centre, axes, rest, scales, own.astype(np.float32))


def _axes(scatter: Floats, total: float) -> tuple[Floats, float]:
    """(r, d) axes of (m, d) deviations of mean squared length ``total``, and the variance in each other direction.

    By subspace iteration (Halko, Martinsson and Tropp 2011, https://arxiv.org/abs/0909.4061): a decomposition of all
    d x d covariances takes minutes where d is in the thousands.
    """
    rows = scatter[:: -(-len(scatter) // _AXES_ROWS)]
    d = rows.shape[1]
    top = min(_AXES, d)
    basis = np.random.default_rng(0).standard_normal((d, min(d, top + 8)), np.float32)
    for _ in range(4):
        basis, _ = np.linalg.qr(rows.T @ (rows @ basis))
    inner = (rows @ basis).astype(np.float64)
    variances, turns = np.linalg.eigh(inner.T @ inner / len(rows))
    variances, turns = variances[-top:], turns[:, -top:]
    rest = max(total - float(variances.sum()), 0.0) / (d - top) if d > top else 0.0
    lengths = np.sqrt(np.maximum(variances - rest, 0.0))
    return ((basis @ turns).T * lengths[:, None]).astype(np.float32), rest
