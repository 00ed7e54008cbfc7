"""Bases: what proposes candidates among the rows of a namespace, by kind; how it is built, extended and measured.

Every base has codes, in one list (scan) or in many (ivf); hnsw and symqg have a graph beside them, which serves
searches without a filter. All is built in the background from one snapshot, and published by swapping a reference.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from pinyon.engine.budget import Budget
from pinyon.engine.fitting import GraphWanted, fit
from pinyon.engine.kinds import line_of, value_of
from pinyon.engine.snapshot import Base, Snapshot
from pinyon.errors import ClosedError, InvalidRequestError
from pinyon.index import scan as scan_kernel
from pinyon.index.calibrate import calibrate
from pinyon.index.calibrate_lists import calibrate_lists
from pinyon.index.graph import Breadth, calibrate_graph
from pinyon.index.hnsw import Hnsw, HnswBuilder
from pinyon.index.ivf import Ivf
from pinyon.index.rerank import Depth, Effort
from pinyon.index.scan import Scan
from pinyon.index.symqg import Symqg
from pinyon.types import Floats, IndexSpec

SCAN_ROWS = 4_096
"""From this many rows on, codes are built: an exact scan of fewer takes well under a millisecond."""
IVF_ROWS = 200_000
"""From this many rows on, ``auto`` tries whether lists pay."""
LIST_SHARE = 0.4
"""...which they do while searches read no more than this share of the codes."""
TRAIN_ROWS = 4_096
"""Rows that the codebook is trained on: 256 for each of the 16 centroids of a sub-vector; more gain nothing."""
ROWS_PER_LIST = 64
"""Rows that each list is trained on."""
CODE_ROWS = 8_192
"""Rows that are coded between two looks whether to stop."""
RETRAIN_GROWTH = 8
"""Codes are trained anew when the namespace has this many times the rows they were trained at, or as small a part."""
RECALIBRATE_GROWTH = 1.5
"""The search effort is measured anew when the namespace has grown or shrunk by this factor."""
TABLE_BYTES = 64 * 2**20
"""Scores that are held while the search effort is measured, about."""
SAMPLE = 48
"""Stored vectors whose search is repeated exactly to choose the search effort."""
LINK_SECONDS = 0.5
"""A graph is built in slices of this length, so that other work need not wait for minutes."""
LINK_ROWS = 512
"""Rows that are linked between two looks at the clock."""
GRAPH_LAG = 2_048
"""Newer rows that a graph may lack: they are scored one by one. While it lacks more, the codes are searched instead."""
GRAPH_LAG_SHARE = 0.02
"""...or this share of the rows, if that is more, before the graph grows."""

REBUILD_SHARE = 0.1
"""Share of newer rows from which a graph that cannot grow is built anew while writes go on. Once they have stopped, one
that lacks too much to be searched is built anew: it would only take memory."""

_log = logging.getLogger("pinyon")


@dataclass(slots=True)
class _Growing:
    """A graph in the making, for rows of one lineage."""

    lineage: int
    wanted: GraphWanted
    maker: HnswBuilder | _Whole


class _Whole:
    """A symqg graph of a snapshot's rows, built by a thread of its own: it takes a minute for some hundred thousand
    rows and cannot be stopped, so nobody waits for its end who does not want to."""

    def __init__(self, snapshot: Snapshot, wanted: GraphWanted) -> None:
        assert snapshot.vectors is not None
        spans = snapshot.vectors.span(0, snapshot.n)
        self._rows = spans[0] if len(spans) == 1 else np.concatenate(spans)
        self._metric = snapshot.metric
        self._wanted = wanted
        self._made: Symqg | Exception | None = None
        self._thread = threading.Thread(target=self._make, name="pinyon-symqg", daemon=True)
        self._thread.start()

    def _make(self) -> None:
        degree, effort = self._wanted.links, self._wanted.ef_construction
        try:
            self._made = Symqg.build(self._rows, self._metric, degree=degree, ef_construction=effort)
        except Exception as error:  # raised again in the thread that waits
            self._made = error

    def wait(self, seconds: float) -> Symqg | None:
        """The graph, or None when it takes longer. Raises what the building raised."""
        self._thread.join(seconds)
        if isinstance(self._made, Exception):
            raise self._made
        return self._made


class Builder:
    """Builds the bases of one index. Used by one thread at a time. stopping: whether to give up. budget: the memory
    that bases must fit, where that is possible; copies that are made on the way are reserved there. saved_graph: a
    graph of the snapshot that need not be built, or None."""

    def __init__(
        self,
        name: str,
        stopping: Callable[[], bool],
        budget: Budget,
        saved_graph: Callable[[Snapshot], tuple[Hnsw | Symqg, Breadth] | None],
    ) -> None:
        self._name = name
        self._saved_graph = saved_graph
        self._stopping = stopping
        self._budget = budget
        self._unreachable: dict[int, int] = {}
        """ns_id -> rows at which no effort reached the target."""
        self._graphless: dict[int, int] = {}
        """ns_id -> rows of which no graph could be made."""
        self._growing: dict[int, _Growing] = {}
        self._settings = ""

    def forget(self) -> None:
        self._unreachable.clear()
        for ns_id in list(self._growing):
            self._abandon(ns_id)

    def _abandon(self, ns_id: int) -> None:
        if self._growing.pop(ns_id, None) is not None:
            self._budget.reserve((self, ns_id), 0)

    # -- codes --------------------------------------------------------------------------------------------------------

    def codes(self, snapshot: Snapshot, spec: IndexSpec, *, least: int, quiet: bool) -> Base | None:
        """The base that the snapshot should have, its codes trained, extended and measured where they are behind.

        least: newer rows for which it is worth it. quiet: larger work may begin: nobody writes, or settings changed.
        """
        base = snapshot.base
        if spec.kind == "flat" or not scan_kernel.available():
            return None
        if self._settings != line_of(spec):
            self._unreachable.clear()
            self._settings = line_of(spec)
        changed = base is not None and base.settings != self._settings
        if base is None or self._outdated(base, snapshot, spec, changed, quiet):
            hopeless = 2 * self._unreachable.get(snapshot.ns_id, 0)
            if snapshot.n < max(SCAN_ROWS if quiet or base is not None else 2 * SCAN_ROWS, hopeless):
                return base
            with self._budget.reserved((self, "codes"), self._copies(snapshot)):
                base = self._trained(snapshot, spec)
        else:
            unsure = changed or (quiet and _far_from(snapshot.n, base.calibrated_on, RECALIBRATE_GROWTH))
            if not unsure and snapshot.n - base.scan.n < least:
                return base
            base = replace(base, scan=self.extended(base.scan, snapshot))
            if unsure:
                base = self._measured(base, snapshot, spec)
        if base.depth.reached or self._graph_wanted(snapshot, spec) is not None:
            return base
        self._unreachable[snapshot.ns_id] = snapshot.n
        _log.info("%s: codes cannot reach the recall target; searches stay exact", self._name)
        return None

    def _outdated(self, base: Base, snapshot: Snapshot, spec: IndexSpec, changed: bool, quiet: bool) -> bool:
        """Whether the base must be trained anew rather than extended."""
        lists = base.scan.nlist if isinstance(base.scan, Ivf) else 0
        wanted = self._lists_wanted(snapshot, spec)
        if quiet and fit(snapshot, spec, self._budget.limit).width != base.scan.width:
            return True
        if changed:
            fitting = lists == wanted if "nlist" in spec.parameters else wanted <= 2 * lists <= 4 * wanted
            return not fitting
        return quiet and ((lists > 0) != (wanted > 0) or _far_from(snapshot.n, base.trained_on, RETRAIN_GROWTH))

    def _lists_wanted(self, snapshot: Snapshot, spec: IndexSpec) -> int:
        """How many lists the codes should be in; 0 for a scan of all."""
        if spec.kind == "auto":
            least = IVF_ROWS
            if snapshot.base is not None and snapshot.base.settings == line_of(spec):
                # Between half as many rows and all, what is there stays.
                with_lists = isinstance(snapshot.base.scan, Ivf)
                least = IVF_ROWS // 2 if with_lists else max(IVF_ROWS, 2 * snapshot.base.listless)
            return usual_nlist(snapshot.live) if snapshot.live >= least else 0
        if spec.kind != "ivf":
            return 0
        nlist = value_of(spec, "nlist")
        return max(2, min(int(nlist), snapshot.live // 4)) if nlist else usual_nlist(snapshot.live)

    def _trained(self, snapshot: Snapshot, spec: IndexSpec) -> Base:
        nlist = self._lists_wanted(snapshot, spec)
        fixed, width = _fixed(spec), fit(snapshot, spec, self._budget.limit).width
        if nlist:
            sample = _sample(snapshot, max(TRAIN_ROWS, nlist * ROWS_PER_LIST))
            empty = Ivf.train(sample, snapshot.metric, nlist=nlist, width=width, seed=snapshot.n)
            lists = self.extended(empty, snapshot)
            base = self._measured(_blank(lists, snapshot, spec, fixed), snapshot, spec)
            if spec.kind == "ivf" or (base.depth.reached and base.read <= LIST_SHARE):
                return base
            _log.info("%s: lists do not pay at %d rows, a scan of all codes serves", self._name, snapshot.n)
        scan = self.extended(Scan.train(_sample(snapshot, TRAIN_ROWS), snapshot.metric, width=width), snapshot)
        base = self._measured(_blank(scan, snapshot, spec, fixed), snapshot, spec)
        return replace(base, listless=snapshot.n if nlist else 0)

    def extended(self, codes: Scan | Ivf, snapshot: Snapshot) -> Scan | Ivf:
        """The codes of all rows of the snapshot."""
        return codes.extended(self._pieces(snapshot, codes.n))

    def _pieces(self, snapshot: Snapshot, start: int) -> Iterator[Floats]:
        assert snapshot.vectors is not None
        for at in range(start, snapshot.n, CODE_ROWS):
            if self._stopping():
                raise ClosedError("The index is being closed.")
            spans = snapshot.vectors.span(at, min(snapshot.n, at + CODE_ROWS))
            yield spans[0] if len(spans) == 1 else np.concatenate(spans)

    def _measured(self, base: Base, snapshot: Snapshot, spec: IndexSpec) -> Base:
        """The base with the effort that the contract of ``spec`` needs on the rows of the snapshot."""
        assert snapshot.vectors is not None
        codes, target, read = base.scan, spec.recall_target, 1.0
        fixed = _fixed(spec)
        if isinstance(codes, Ivf):
            depth, read = calibrate_lists(
                codes,
                snapshot.vectors,
                snapshot.alive,
                snapshot.metric,
                target,
                fixed=fixed,
                sample=SAMPLE,
                seed=snapshot.n,
            )
        else:
            depth = calibrate(codes, snapshot.vectors, snapshot.alive, snapshot.metric, target, SAMPLE, seed=snapshot.n)
        breadth = None if base.settings != line_of(spec) else base.breadth
        return replace(
            base,
            depth=depth,
            calibrated_on=snapshot.n,
            settings=line_of(spec),
            fixed=fixed,
            read=read,
            breadth=breadth,
        )

    # -- graphs -------------------------------------------------------------------------------------------------------

    def graph(self, snapshot: Snapshot, base: Base, spec: IndexSpec, *, quiet: bool, calm: bool) -> tuple[Base, bool]:
        """The base with the graph that it should have, after a slice of work at most; and whether there is more.

        quiet: nobody writes, or settings changed. calm: the namespace hardly grows.
        """
        wanted = self._graph_wanted(snapshot, spec)
        graph = base.graph
        if wanted is None or graph is None or not _same(graph, wanted):
            graph = None
        if wanted is None:
            self._abandon(snapshot.ns_id)
            return (base if base.graph is None else replace(base, graph=None, breadth=None)), False
        saved = None if graph is not None else self._saved_graph(snapshot)
        if saved is not None and _same(saved[0], wanted):
            graph = saved[0]
            base = replace(base, graph=graph, breadth=saved[1])
        if graph is not None and snapshot.n - graph.n < self._lag(graph, snapshot.n, quiet):
            return (base if base.breadth is not None else self._with_graph(base, graph, snapshot, spec)), False
        if snapshot.n < 2 * self._graphless.get(snapshot.ns_id, 0):
            return base, False
        growing = self._growing.get(snapshot.ns_id)
        if growing is None or growing.lineage != snapshot.lineage or not _alike(growing.wanted, wanted):
            if wanted.name == Symqg.name and not calm:
                return base, False
            self._budget.reserve((self, snapshot.ns_id), 2 * wanted.size)
            growing = self._growing[snapshot.ns_id] = _begun(snapshot, wanted, graph)
        try:
            made = self._linked(growing.maker, snapshot)
        except (InvalidRequestError, MemoryError) as error:
            _log.warning("%s: %s; its codes are searched", self._name, error)
            self._graphless[snapshot.ns_id] = snapshot.n
            self._abandon(snapshot.ns_id)
            return base, False
        if made is None:
            return base, True
        self._abandon(snapshot.ns_id)
        return self._with_graph(base, made, snapshot, spec), False

    def _graph_wanted(self, snapshot: Snapshot, spec: IndexSpec) -> GraphWanted | None:
        """The graph that the settings ask for, where it fits the memory budget."""
        return fit(snapshot, spec, self._budget.limit).graph

    def _copies(self, snapshot: Snapshot) -> int:
        """Bytes that training and measuring take on the way, about: sampled rows, tables of scores, masks."""
        assert snapshot.vectors is not None
        rows = min(snapshot.n, max(TRAIN_ROWS, ROWS_PER_LIST * usual_nlist(snapshot.n)))
        return 2 * 4 * snapshot.vectors.d * rows + min(TABLE_BYTES, 4 * SAMPLE * snapshot.n) + 32 * snapshot.n

    def _lag(self, graph: Hnsw | Symqg, n: int, quiet: bool) -> float:
        """How many rows a graph may lack before it grows, or is built anew where it cannot grow."""
        if isinstance(graph, Hnsw):
            return max(GRAPH_LAG, GRAPH_LAG_SHARE * n) / 2
        return max(GRAPH_LAG, (GRAPH_LAG_SHARE if quiet else REBUILD_SHARE) * n) + 1

    def _linked(self, maker: HnswBuilder | _Whole, snapshot: Snapshot) -> Hnsw | Symqg | None:
        """Work on the graph for a while; what it is once it is done."""
        if isinstance(maker, _Whole):
            return maker.wait(LINK_SECONDS)
        assert snapshot.vectors is not None
        until = time.monotonic() + LINK_SECONDS
        while maker.n < snapshot.n and time.monotonic() < until:
            if self._stopping():
                raise ClosedError("The index is being closed.")
            stop = min(snapshot.n, maker.n + LINK_ROWS)
            for block in snapshot.vectors.span(maker.n, stop):
                maker.add(block)
        return maker.finished() if maker.n >= snapshot.n else None

    def _with_graph(self, base: Base, graph: Hnsw | Symqg, snapshot: Snapshot, spec: IndexSpec) -> Base:
        assert snapshot.vectors is not None
        ef_search = spec.parameters.get("ef_search")
        breadth = calibrate_graph(
            graph,
            snapshot.vectors,
            None if snapshot.live == snapshot.n else snapshot.alive,
            snapshot.metric,
            spec.recall_target,
            fixed=None if ef_search is None else int(ef_search),
            seed=snapshot.n,
        )
        if not breadth.reached:
            _log.info("%s: the graph cannot reach the recall target; its codes are searched", self._name)
        return replace(base, graph=graph, breadth=breadth)


def _far_from(rows: int, former: int, factor: float) -> bool:
    """Whether a namespace has grown or shrunk by the factor."""
    return rows >= factor * former or factor * rows <= former


def usual_nlist(rows: int) -> int:
    """Twice the square root, as is usual: a search then compares about as many means as it reads rows in a list."""
    return max(2, min(65_536, round(2 * sqrt(rows))))


def _begun(snapshot: Snapshot, wanted: GraphWanted, graph: Hnsw | Symqg | None) -> _Growing:
    """The making of a graph for the rows of the snapshot; one that can grow goes on from ``graph``."""
    maker: HnswBuilder | _Whole
    if wanted.name == Symqg.name:
        maker = _Whole(snapshot, wanted)
    elif isinstance(graph, Hnsw):
        maker = HnswBuilder.onward(graph)
    else:
        assert snapshot.vectors is not None
        d, effort = snapshot.vectors.d, wanted.ef_construction
        maker = HnswBuilder(d, snapshot.metric, m=wanted.links, ef_construction=effort)
    return _Growing(snapshot.lineage, wanted, maker)


def _alike(one: GraphWanted, other: GraphWanted) -> bool:
    """Whether they ask for the same, whatever the number of rows."""
    return (one.name, one.links, one.ef_construction) == (other.name, other.links, other.ef_construction)


def _same(graph: Hnsw | Symqg, wanted: GraphWanted) -> bool:
    return (graph.name, graph.m, graph.ef_construction) == (wanted.name, wanted.links, wanted.ef_construction)


def _fixed(spec: IndexSpec) -> Effort:
    """What the settings decide of every search of the codes."""
    if spec.kind != "ivf":
        return Effort()
    nprobe = spec.parameters.get("nprobe")
    return Effort(nprobe=None if nprobe is None else int(nprobe), whole=value_of(spec, "codes") == "float32")


def _blank(codes: Scan | Ivf, snapshot: Snapshot, spec: IndexSpec, fixed: Effort) -> Base:
    """A base that is not measured yet, with the graph of the one before it."""
    former = snapshot.base
    kept = former is not None and former.settings == line_of(spec)
    return Base(
        codes,
        Depth((32, 32), (32, 32), 0.0, reached=False),
        snapshot.n,
        snapshot.n,
        line_of(spec),
        fixed,
        graph=None if former is None else former.graph,
        breadth=former.breadth if former is not None and kept else None,
    )


def _sample(snapshot: Snapshot, most: int) -> Floats:
    assert snapshot.vectors is not None
    rows = np.flatnonzero(snapshot.alive)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(snapshot.n).choice(rows, most, replace=False))
    return snapshot.vectors.take(rows)
