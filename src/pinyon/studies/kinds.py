"""The kinds of index that can be measured: how each is built, and how it answers with given parameters.

flat     every row, float32
scan     our quantised codes, reranked as deep as each query needs
pinyon   a database of ours, the whole query from vector to records: ``index`` as the command line writes it, "auto" or
         "hnsw m 16 recall 0.95"; ef_search, nprobe, rerank_depth
hnsw     faiss's graph: m, ef_construction; ef_search
ivf      faiss's clusters: nlist, codes, width; nprobe, rerank
fp16, bf16, int8, int4   a code for every number; rerank
pq8, pq4                 8 or 4 bits for every ``width`` dimensions; rerank

Every kind takes ``rows`` (the first so many), and those that can be filtered ``filter``, the name of a mask. rerank: so
many candidates of the codes are scored again with the float32 rows; 0 takes the codes' word.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np

from pinyon.engine import Database
from pinyon.engine.kinds import configured, read_line
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.index import faiss_kinds
from pinyon.index.calibrate import calibrate
from pinyon.index.faiss_kinds import FaissKind
from pinyon.index.flat import flat_search, gather_search
from pinyon.index.rerank import scan_search
from pinyon.index.scan import Scan
from pinyon.index.vectors import Vectors
from pinyon.studies.values import Parameters
from pinyon.types import Bools, Floats, IndexSpec, Ints, Metric, Query

Search: TypeAlias = "Callable[[Floats], Ints]"
"""(d,) prepared query -> at most k int64 row numbers, best first."""
Masks: TypeAlias = "Mapping[str, Bools]"

RECALL_TARGET = 0.99
_GATHER_SHARE = 6
_BATCH = 10_000
_NAME = "study"
_EFFORT = ("ef_search", "nprobe", "rerank_depth")


class Built(Protocol):
    """A finished index."""

    def serialised_bytes(self) -> int: ...

    def searcher(self, parameters: Parameters, masks: Masks, k: int) -> Search:
        """The search with these parameters, by the thread that calls."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """build: (rows (n, d) prepared, metric, build parameters, masks of n) -> a finished index.

    build_parameters, search_parameters: default values by name; what differs in search parameters alone shares a build.
    optional: search parameters without a default.
    """

    build: Callable[[Floats, Metric, Parameters, Masks], Built]
    build_parameters: Parameters
    search_parameters: Parameters
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Flat:
    vectors: Vectors
    metric: Metric

    @classmethod
    def build(cls, rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> _Flat:
        return cls(Vectors(rows.shape[1]).append(rows), metric)

    def serialised_bytes(self) -> int:
        return 4 * self.vectors.n * self.vectors.d

    def searcher(self, parameters: Parameters, masks: Masks, k: int) -> Search:
        blocks, metric = self.vectors.blocks(), self.metric
        norm = self.vectors.largest_norm() if metric == "dotproduct" else None
        mask = mask_of(parameters, masks)
        if mask is not None and np.count_nonzero(mask) * _GATHER_SHARE < self.vectors.n:
            few, take = np.flatnonzero(mask), self.vectors.take
            return lambda query: gather_search(few, take, query, metric, k)[0][:k]
        return lambda query: flat_search(blocks, query, metric, k, mask, norm=norm)[0][:k]

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class _Scanned:
    scan: Scan
    vectors: Vectors
    metric: Metric
    depth: Any

    @classmethod
    def build(cls, rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> _Scanned:
        scan = Scan.train(rows, metric).extended(rows)
        vectors = Vectors(rows.shape[1], (rows,))
        return cls(scan, vectors, metric, calibrate(scan, vectors, None, metric, RECALL_TARGET))

    def serialised_bytes(self) -> int:
        return sum(array.nbytes for array in self.scan.to_arrays().values())

    def searcher(self, parameters: Parameters, masks: Masks, k: int) -> Search:
        mask = mask_of(parameters, masks)
        matching = None if mask is None else int(np.count_nonzero(mask))

        def search(query: Floats) -> Ints:
            found = scan_search(self.scan, self.vectors, query, self.metric, k, self.depth, mask, matching)
            return found.rows[:k]

        return search

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class _Faiss:
    """``rows`` are those of the caller, for the rerank."""

    index: FaissKind
    rows: Floats
    metric: Metric

    def serialised_bytes(self) -> int:
        return self.index.serialised_bytes

    def searcher(self, parameters: Parameters, masks: Masks, k: int) -> Search:
        mask = mask_of(parameters, masks)
        if mask is not None and parameters.get("filtering") == "after":
            return self._filtered_after(int(parameters["candidates"]), parameters, mask, k)
        search = self._searcher(parameters, mask)
        rerank = int(parameters.get("rerank", 0))
        if not rerank:
            return lambda query: search(query, k)
        take, metric, depth = self.rows.__getitem__, self.metric, max(rerank, k)
        return lambda query: gather_search(search(query, depth), take, query, metric, k)[0][:k]

    def _searcher(self, parameters: Parameters, mask: Bools | None) -> faiss_kinds.Search:
        effort = {name: int(parameters[name]) for name in ("ef_search", "nprobe") if name in parameters}
        return self.index.searcher(ef_search=effort.get("ef_search"), nprobe=effort.get("nprobe"), mask=mask)

    def _filtered_after(self, candidates: int, parameters: Parameters, mask: Bools, k: int) -> Search:
        search = self._searcher(parameters, None)

        def after(query: Floats) -> Ints:
            found = search(query, candidates)
            return found[mask[found]][:k]

        return after

    def close(self) -> None:
        """Nothing is open."""


def _hnsw(rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> Built:
    m, ef_construction = int(parameters["m"]), int(parameters["ef_construction"])
    if m < 2 or ef_construction < 1:
        raise InvalidRequestError(f"m is {m} and ef_construction {ef_construction}: at least 2 and 1 make a graph")
    return _Faiss(faiss_kinds.hnsw(rows, metric, m=m, ef_construction=ef_construction), rows, metric)


def _ivf(rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> Built:
    nlist, codes = int(parameters["nlist"]), str(parameters["codes"])
    if not 1 <= nlist <= len(rows):
        raise InvalidRequestError(f"nlist is {nlist}: {len(rows)} rows make 1 to {len(rows)} clusters")
    for known in faiss_kinds.LIST_CODES:
        if codes == known:
            built = faiss_kinds.ivf(rows, metric, nlist=nlist, codes=known, width=int(parameters["width"]))
            return _Faiss(built, rows, metric)
    raise InvalidRequestError(f"codes are {codes!r}: choose from {', '.join(faiss_kinds.LIST_CODES)}")


def _scalar(code: faiss_kinds.ScalarCode) -> Kind:
    def build(rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> Built:
        return _Faiss(faiss_kinds.scalar(rows, metric, code=code), rows, metric)

    return Kind(build, {}, {"rerank": 0})


def _product(bits: Any) -> Kind:
    def build(rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> Built:
        width = int(parameters["width"])
        if not 1 <= width <= rows.shape[1]:
            raise InvalidRequestError(f"width is {width}: 1 to {rows.shape[1]} dimensions can share a code")
        return _Faiss(faiss_kinds.product(rows, metric, bits=bits, width=width), rows, metric)

    return Kind(build, {"width": 4}, {"rerank": 0})


class _Database:
    """The rows as records of a temporary database on disk, with one metadata field for each mask.

    Its recall meter rests: what is measured is the effort that the build chose, the same in every run.
    """

    def __init__(self, rows: Floats, metric: Metric, line: str, masks: Masks) -> None:
        self._resting = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="pinyon-study-"))
        try:
            self._database = Database(self._folder)
            self._database.create_index(configured(IndexSpec(_NAME, rows.shape[1], metric), read_line(line)))
            self._index = self._database.index(_NAME)
            self._fill(rows, masks)
            self._index.ready()
            self._resting.enter_context(self._index.metering.paused())
        except BaseException:
            self.close()
            raise

    def _fill(self, rows: Floats, masks: Masks) -> None:
        fields = {name: f"f{at}" for at, name in enumerate(masks)}
        # In one transaction, so that what upkeep finds does not depend on when it looks.
        with self._index.batch() as batch:
            for start in range(0, len(rows), _BATCH):
                part = rows[start : start + _BATCH]
                ids = [str(row) for row in range(start, start + len(part))]
                columns = {fields[name]: mask[start : start + len(part)].tolist() for name, mask in masks.items()}
                batch.upsert("", ids, part, metadata=columns or None)

    def serialised_bytes(self) -> int:
        return self._index.describe("").nbytes

    def searcher(self, parameters: Parameters, masks: Masks, k: int) -> Search:
        index, wanted = self._index, parameters.get("filter")
        filter_ = None if wanted is None else {f"f{list(masks).index(str(wanted))}": True}

        if "settings" in parameters:
            self._database.configure_index(_NAME, index=read_line(str(parameters["settings"])))
            index.ready()
        ef_search, nprobe, rerank = (int(parameters[name]) if name in parameters else None for name in _EFFORT)

        def search(query: Floats) -> Ints:
            asked = Query(k, query, filter=filter_, ef_search=ef_search, nprobe=nprobe, rerank_depth=rerank)
            found = index.query("", asked)
            return np.array([int(match.id) for match in found.matches], np.int64)

        return search

    def close(self) -> None:
        self._resting.close()
        if hasattr(self, "_database"):
            self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _pinyon(rows: Floats, metric: Metric, parameters: Parameters, masks: Masks) -> Built:
    return _Database(rows, metric, str(parameters["index"]), masks)


KINDS: dict[str, Kind] = {
    "flat": Kind(_Flat.build, {}, {}),
    "scan": Kind(_Scanned.build, {}, {}),
    "pinyon": Kind(_pinyon, {"index": "auto"}, {}, ("settings", *_EFFORT)),
    "hnsw": Kind(_hnsw, {"m": 32, "ef_construction": 40}, {"ef_search": 16, "filtering": "during", "candidates": 100}),
    "ivf": Kind(_ivf, {"nlist": 256, "codes": "float32", "width": 4}, {"nprobe": 8, "rerank": 0}),
    **{code: _scalar(code) for code in faiss_kinds.SCALAR_CODES},
    "pq8": _product(8),
    "pq4": _product(4),
}


def kind_of(name: str) -> Kind:
    """Raises NotFoundError for a name that is none."""
    if name not in KINDS:
        raise NotFoundError(f"there is no kind {name!r} to measure: choose from {', '.join(KINDS)}")
    return KINDS[name]


def mask_of(parameters: Parameters, masks: Masks) -> Bools | None:
    """The mask that a configuration names, None for all rows."""
    name = parameters.get("filter")
    return None if name is None else masks[str(name)]
