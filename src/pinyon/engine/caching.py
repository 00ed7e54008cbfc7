"""Snapshots as cache files: saved when things are quiet, believed only when the truth lists their digest.

One namespace has one file of arrays (rows, columns, sparse lists, codes) and one growing file of float32 vectors. All
of it is read and verified before it is used: 0.4 µs a vector of 384 numbers, once per process.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pinyon.engine.budget import Budget
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.errors import ClosedError, CorruptionError, FormatError, MissingExtraError, StorageError
from pinyon.filters import Columns
from pinyon.index import symqg
from pinyon.index.graph import Breadth
from pinyon.index.hnsw import Hnsw
from pinyon.index.ivf import Ivf
from pinyon.index.rerank import Depth, Effort
from pinyon.index.scan import Scan
from pinyon.index.sparse import Sparse
from pinyon.index.symqg import Symqg
from pinyon.index.vectors import Vectors
from pinyon.storage.cache import CacheDirectory, CacheFile, VectorFile
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.types import Metric

KIND = "snapshot"
VECTORS = "vectors"
SAVE_ROWS = 8_192
"""Rows that must have changed before caches are written again, or all of them where there are fewer..."""
SAVE_SHARE = 0.05
"""...and this share; what they lack is read from the truth."""

_COPIED = (".codes", ".graph")
_GRAPHS = (f"{Hnsw.name}.", f"{Symqg.name}.")

_log = logging.getLogger("pinyon")


class SnapshotCache:
    """Saves and loads the snapshots of one index. Every failure to load means: read the truth instead."""

    def __init__(self, truth: Truth, directory: CacheDirectory) -> None:
        self._truth = truth
        self._directory = directory
        self._files: dict[tuple[int, int], VectorFile] = {}
        """(ns_id, lineage of the rows) -> the growing file that holds their vectors."""
        self._saved: dict[int, tuple[int, int, str]] = {}
        """ns_id -> (lineage, edits, shape of the base) of the snapshot that the cache files hold."""
        self._graphs: dict[int, tuple[int, CacheFile]] = {}
        """ns_id -> (lineage, open cache file) of snapshots whose graph was left in the file when they were loaded."""

    def unsaved(self, snapshot: Snapshot) -> int:
        """Rows that were appended, updated or killed since the namespace's cache files were written; all of them where
        the base is of another shape by now."""
        lineage, edits, shape = self._saved.get(snapshot.ns_id, (0, 0, ""))
        # A snapshot that has not settled yet may still come to be what was saved.
        same = shape == _shape(snapshot) if snapshot.settled else shape.endswith(_shape(snapshot))
        if lineage == snapshot.lineage and (same or self._waits(snapshot)):
            return snapshot.edits - edits
        return max(snapshot.edits, snapshot.n)

    def due(self, snapshot: Snapshot) -> bool:
        """Whether so much has changed since the cache files were written that it is worth to write them again."""
        return self.unsaved(snapshot) >= max(min(SAVE_ROWS, snapshot.n), int(SAVE_SHARE * snapshot.n))

    def saved(self) -> list[int]:
        """Namespaces whose cache files were read or written."""
        return list(self._saved)

    @property
    def enabled(self) -> bool:
        return self._directory.enabled and not self._truth.connections.read_only

    # -- saving -------------------------------------------------------------------------------------------------------

    def spill(self, snapshot: Snapshot) -> Vectors | None:
        """Write the vectors that are only in memory to the growing file; gives all of them back as mapped rows.

        One thread at a time for each lineage. Where the disk says no, vectors stay in memory.
        """
        vectors = snapshot.vectors
        if vectors is None or not self.enabled:
            return None
        try:
            file = self._growing(snapshot, vectors.d)
            if file is None:
                return None
            for block in vectors.span(file.rows, vectors.n):
                file.append(block)
            return Vectors(vectors.d, (file.map(vectors.n),))
        except (StorageError, ClosedError) as error:  # closed: the namespace was read anew meanwhile, by another thread
            _log.warning("vectors of %s stay in memory: %s", self._truth.connections.label, error)
            return None

    def _growing(self, snapshot: Snapshot, dimension: int) -> VectorFile | None:
        key = snapshot.ns_id, snapshot.lineage
        file = self._files.get(key)
        if file is not None and file.appendable and file.path.exists():
            return file
        if file is not None:
            file.close()
        fresh = self._directory.create_vectors(snapshot.ns_id, VECTORS, dimension)
        if fresh is not None:
            self._files[key] = fresh
        return fresh

    def leave(self, ns_id: int, lineage: int) -> None:
        """Let go of a lineage's file, its rows having been numbered anew. The next save deletes it; maps stay valid."""
        if self._graphs.get(ns_id, (0, None))[0] == lineage:
            self._forget_graph(ns_id)
        file = self._files.pop((ns_id, lineage), None)
        if file is not None:
            file.close()

    def save(self, snapshot: Snapshot) -> bool:
        """Publish a snapshot whose vectors were spilled, and list it in the truth.

        False when another builds it, or when the growing file does not hold just these rows: the disk said no, or the
        namespace was read anew meanwhile.
        """
        if not self.enabled or not self._spilled(snapshot):
            return False
        with self._directory.lease(snapshot.ns_id) as mine:
            if not mine:
                return False
            arrays, meta = self._packed(snapshot)
            file = None if snapshot.vectors is None else self._files[snapshot.ns_id, snapshot.lineage]
            publish_trusted(self._truth, self._directory, snapshot.ns_id, KIND, snapshot.lsn, arrays, meta, file)
        self._saved[snapshot.ns_id] = snapshot.lineage, snapshot.edits, _shape(snapshot)
        return True

    def _spilled(self, snapshot: Snapshot) -> bool:
        if snapshot.vectors is None:
            return True
        file = self._files.get((snapshot.ns_id, snapshot.lineage))
        return file is not None and file.appendable and file.rows >= snapshot.n

    def _packed(self, snapshot: Snapshot) -> tuple[dict[str, NDArray[Any]], dict[str, str | int | float]]:
        arrays: dict[str, NDArray[Any]] = {"ords": snapshot.ords, "alive": snapshot.alive}
        arrays |= _prefixed("columns", snapshot.columns.to_arrays())
        arrays |= _prefixed("sparse", snapshot.sparse.to_arrays())
        meta: dict[str, str | int | float] = {
            "lsn": snapshot.lsn,
            "last_ord": snapshot.last_ord,
            "ascending": int(snapshot.ascending),
            "metric": snapshot.metric,
            "settled": snapshot.settled,
        }
        if snapshot.base is not None:
            more, notes = _packed_base(snapshot.base)
            arrays |= more
            meta |= notes
            if self._waits(snapshot):
                file = self._graphs[snapshot.ns_id][1]
                arrays |= {name: file.array(name) for name in _graph_names(file)}
                meta["breadth"] = file.meta["breadth"]
        return arrays, meta

    # -- graphs -------------------------------------------------------------------------------------------------------

    def saved_graph(self, snapshot: Snapshot) -> tuple[Hnsw | Symqg, Breadth] | None:
        """The graph that was left in the cache file when the snapshot's rows were loaded, once; None without one.

        To make one from its bytes takes seconds for a million rows, and searches can do without.
        """
        if not self._waits(snapshot):
            return None
        _, file = self._graphs.pop(snapshot.ns_id)
        try:
            with file:
                names = _graph_names(file)
                for name in names:
                    file.verify(name)
                return _unpacked_graph({name: file.map(name) for name in names}, file.meta, snapshot)
        except (StorageError, FormatError, MissingExtraError, KeyError, TypeError, ValueError) as error:
            _log.warning("a graph of %s is not usable: %s", self._truth.connections.label, error)
            return None

    def _waits(self, snapshot: Snapshot) -> bool:
        """Whether the graph of the snapshot's rows is still in the cache file alone."""
        return self._graphs.get(snapshot.ns_id, (0, None))[0] == snapshot.lineage

    def _forget_graph(self, ns_id: int) -> None:
        left = self._graphs.pop(ns_id, None)
        if left is not None:
            left[1].close()

    # -- loading ------------------------------------------------------------------------------------------------------

    def load(self, view: View, blank: Snapshot, budget: Budget) -> Snapshot | None:
        """The saved snapshot of a namespace that the truth vouches for, or None. Others make room for it first, and a
        graph for which there is no room is left out."""
        listed = view.cache(KIND, blank.ns_id)
        if listed is None or not self._directory.enabled:
            return None
        lsn, digest = listed
        if lsn < int(view.meta("pruned_lsn") or 0) and lsn != view.lsn_of(blank.ns_id):
            return None  # tombstones that it lacks are gone; at the namespace's own LSN it lacks none
        try:
            file = self._directory.open(blank.ns_id, KIND, lsn, digest)
            if file is None:
                return None
            with ExitStack() as opened:
                opened.enter_context(file)
                names = _fitting(file, budget)
                graph = [name for name in _graph_names(file) if name in names]
                needed = [name for name in names if name not in graph]
                for name in needed:
                    file.verify(name)
                loaded = self._unpacked(file, blank, view.dimension, needed)
                if loaded is not None:
                    self._forget_graph(blank.ns_id)
                    shape = _shape(loaded)
                    if graph:
                        self._graphs[blank.ns_id] = loaded.lineage, file
                        opened.pop_all()
                        shape = _shape_with_graph(file)
                    self._saved[blank.ns_id] = loaded.lineage, loaded.edits, shape
            return loaded
        except CorruptionError as error:
            _log.warning("%s", error)
        except (StorageError, FormatError, MissingExtraError, KeyError, TypeError, ValueError) as error:
            _log.warning("cache of namespace %d of %s is not usable: %s", blank.ns_id, view.label, error)
        return None

    def _unpacked(
        self, file: CacheFile, blank: Snapshot, dimension: int | None, names: Sequence[str]
    ) -> Snapshot | None:
        meta = file.meta
        # What faiss and rabitqlib make values of is copied by them; everything has been verified.
        arrays = {name: file.map(name) if name.endswith(_COPIED) else file.array(name) for name in names}
        ords = arrays["ords"]
        alive = arrays["alive"].astype(np.bool_, copy=False)
        vectors = None
        if dimension is not None:
            stored = self._directory.open_attached(file, append=self.enabled)
            if stored is None or stored.rows < len(ords):
                return None
            stored.verify_all()
            vectors = Vectors(dimension, (stored.map(len(ords)),))
            if stored.appendable and stored.rows == len(ords):
                self._files[blank.ns_id, blank.lineage] = stored
            else:
                stored.close()
        base = None if "depth" not in meta else _unpacked_base(arrays, meta, blank.metric)
        return replace(
            blank,
            lsn=int(meta["lsn"]),
            ords=ords,
            alive=alive,
            live=int(np.count_nonzero(alive)),
            vectors=vectors,
            columns=Columns.from_arrays(_chosen("columns", arrays), self._truth.filter_key),
            sparse=Sparse.from_arrays(_chosen("sparse", arrays)),
            mapped=len(ords) if vectors is not None else 0,
            last_ord=int(meta["last_ord"]),
            ascending=bool(meta["ascending"]),
            base=base,
            settled=str(meta["settled"]) if len(names) == len(file.names) else "",
        )

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        for ns_id in list(self._graphs):
            self._forget_graph(ns_id)
        self._saved.clear()


def _fitting(file: CacheFile, budget: Budget) -> list[str]:
    """The arrays that may be loaded."""
    sizes = {name: file.size(name) for name in file.names}
    if sum(sizes.values()) > budget.limit:
        sizes = {name: size for name, size in sizes.items() if not name.startswith(_GRAPHS)}
    budget.make_room(sum(sizes.values()))
    return list(sizes)


def publish_trusted(
    truth: Truth,
    directory: CacheDirectory,
    ns_id: int,
    kind: str,
    lsn: int,
    arrays: Mapping[str, NDArray[Any]],
    meta: Mapping[str, str | int | float],
    vectors: VectorFile | None = None,
) -> None:
    """Write a cache file of a namespace, list it in the truth, and delete what it takes the place of; where the
    namespace is gone, all of its files. The caller holds the lease. Raises StorageError."""
    digest = directory.publish(ns_id, kind, lsn, arrays, meta, vectors=vectors)
    assert digest is not None, "the directory is enabled"
    with truth.write() as writer:
        current = writer.lsn_of(ns_id)
        alive = current is not None
        if alive and (lsn == current or lsn >= int(writer.meta("pruned_lsn") or 0)):  # else nobody may believe it
            writer.trust_cache(kind, ns_id, lsn, digest)
    kept = [directory.file_name(ns_id, kind, lsn, digest)] + ([] if vectors is None else [vectors.path.name])
    if alive:
        directory.sweep(ns_id, kept, kinds=(KIND, VECTORS) if kind == KIND else (kind,))
    else:
        directory.sweep(ns_id, ())


def _graph_names(file: CacheFile) -> list[str]:
    return [name for name in file.names if name.startswith(_GRAPHS)]


def _shape_with_graph(file: CacheFile) -> str:
    """``_shape`` of the snapshot that the file holds, its graph included."""
    reached = json.loads(str(file.meta["breadth"]))["reached"]
    lists = any(name.startswith("ivf.") for name in file.names)
    kind = _graph_names(file)[0].partition(".")[0] if reached else "ivf" if lists else "scan"
    return f"{file.meta['settled']} {kind}"


def _shape(snapshot: Snapshot) -> str:
    base = snapshot.base
    return f"{snapshot.settled} {'' if base is None else base.kind}"


def _packed_base(base: Base) -> tuple[dict[str, NDArray[Any]], dict[str, str | int | float]]:
    arrays = _prefixed("ivf" if isinstance(base.scan, Ivf) else "scan", base.scan.to_arrays())
    meta: dict[str, str | int | float] = {
        "trained_on": base.trained_on,
        "calibrated_on": base.calibrated_on,
        "depth": json.dumps(asdict(base.depth)),
        "settings": base.settings,
        "fixed": json.dumps(asdict(base.fixed)),
        "read": base.read,
        "listless": base.listless,
    }
    if base.graph is not None and base.breadth is not None:
        arrays |= _prefixed(base.graph.name, base.graph.to_arrays())
        meta["breadth"] = json.dumps(asdict(base.breadth))
    return arrays, meta


def _unpacked_base(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, str | int | float], metric: Metric) -> Base:
    lists = _chosen("ivf", arrays)
    scan = Ivf.from_arrays(lists, metric) if lists else Scan.from_arrays(_chosen("scan", arrays), metric)
    return Base(
        scan,
        _depth(str(meta["depth"])),
        int(meta["trained_on"]),
        int(meta["calibrated_on"]),
        str(meta["settings"]),
        Effort(**json.loads(str(meta["fixed"]))),
        float(meta["read"]),
        int(meta["listless"]),
    )


def _unpacked_graph(
    arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, str | int | float], snapshot: Snapshot
) -> tuple[Hnsw | Symqg, Breadth] | None:
    assert snapshot.vectors is not None, "only a dense index has a graph"
    dimension = snapshot.vectors.d
    graph: Hnsw | Symqg
    if links := _chosen(Hnsw.name, arrays):
        graph = Hnsw.from_arrays(links, snapshot.metric, dimension)
    elif symqg.available():
        graph = Symqg.from_arrays(_chosen(Symqg.name, arrays), snapshot.metric, dimension)
    else:
        return None  # the library that made the graph is gone: its codes are searched
    return graph, Breadth(**json.loads(str(meta["breadth"])))


def _depth(text: str) -> Depth:
    fields = json.loads(text)
    return Depth(**fields | {name: tuple(fields[name]) for name in ("plain", "filtered")})


def _prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _chosen(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name[len(prefix) + 1 :]: array for name, array in arrays.items() if name.startswith(prefix + ".")}
