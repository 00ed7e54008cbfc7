"""Index kinds at the recall they promise: building, memory, query time and recall, beside raw faiss HNSW.

Run: python benchmarks/kinds.py [--rows 50000] [--queries 500] [--repeats 3] [--kinds auto,scan,ivf,hnsw]
                                [--targets 0.95,0.99] [--graphs 40,200] [--million]

Real sentence embeddings when PINYON_BENCH_DATA (default: ../shared/data/bench beside the repository) holds them, else
generated clusters of low rank; --million adds 1,000,000 x 128 generated. Every kind is built from a flat index by
``configure_index``: training, coding, linking, measuring and saving all count as building. A query is a whole one of
the database, in one read transaction, with its ids; faiss (M=16, one graph for each efConstruction of --graphs) gives
bare row numbers, at the cheapest efSearch that reaches the recall of the contender beside it. The two take turns, pass
by pass, so a busy moment hits both; figures are medians. One thread. Compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _workload import Workload, recall, say
from threadpoolctl import threadpool_limits

import pinyon
from pinyon.engine import Database, Index
from pinyon.types import IndexSpec, Query

BATCH = 10_000
TOP_K = 10
LADDER = (16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1_024)

Search = Callable[[np.ndarray], np.ndarray]
"""A query -> the row numbers of its best ten."""


def million(rows: int, queries: int) -> Workload:
    """Generated: 2,000 clusters in 24 of 128 dimensions, and a little noise in all of them."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((2_000, 24))
    spread = rng.standard_normal((24, 128)) / 5

    def draw(n: int) -> np.ndarray:
        inner = centres[rng.integers(len(centres), size=n)] + 0.6 * rng.standard_normal((n, 24))
        out = (inner @ spread + 0.05 * rng.standard_normal((n, 128))).astype(np.float32)
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    base = np.concatenate([draw(min(100_000, rows - start)) for start in range(0, rows, 100_000)])
    return Workload(base, draw(queries), "generated clusters")


def best_rows(work: Workload) -> np.ndarray:
    """(q, 10) true best rows, a block at a time: a table of all scores would not fit."""
    found = np.empty((len(work.queries), TOP_K), np.int64)
    for start in range(0, len(work.queries), 50):
        scores = work.queries[start : start + 50] @ work.base.T
        near = np.argpartition(-scores, TOP_K, axis=1)[:, :TOP_K]
        order = np.argsort(-np.take_along_axis(scores, near, axis=1), axis=1)
        found[start : start + 50] = np.take_along_axis(near, order, axis=1)
    return found


# -- faiss ------------------------------------------------------------------------------------------------------------


@dataclass
class Graph:
    """A graph of faiss, and its recall for each efSearch that was asked for."""

    index: Any
    effort: int
    seconds: float
    megabytes: float
    work: Workload
    truth: np.ndarray
    recalls: dict[int, float]

    @classmethod
    def build(cls, work: Workload, truth: np.ndarray, effort: int) -> Graph:
        import faiss

        faiss.omp_set_num_threads(1)
        index = faiss.IndexHNSWFlat(work.dimension, 16, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = effort
        begin = time.perf_counter()
        index.add(work.base)
        seconds = time.perf_counter() - begin
        links = work.rows * (2 * 16 * 4 + 12)
        return cls(index, effort, seconds, (work.base.nbytes + links) / 2**20, work, truth, {})

    def search(self, ef: int) -> Search:
        import faiss

        parameters = faiss.SearchParametersHNSW(efSearch=ef)
        return lambda query: self.index.search(query[None], TOP_K, params=parameters)[1][0]

    def cheapest(self, wanted: float) -> int:
        """The smallest efSearch of the ladder with that recall; the largest where none has it."""
        for ef in LADDER:
            if ef not in self.recalls:
                search = self.search(ef)
                self.recalls[ef] = recall(np.stack([search(query) for query in self.work.queries]), self.truth)
            if self.recalls[ef] >= wanted:
                return ef
        return LADDER[-1]


# -- pinyon -----------------------------------------------------------------------------------------------------------


def filled(database: Database, work: Workload) -> Index:
    database.create_index(IndexSpec("bench", work.dimension, "cosine", kind="flat"))
    index = database.index("bench")
    ids = [str(row) for row in range(work.rows)]
    for start in range(0, work.rows, BATCH):
        index.upsert("", ids[start : start + BATCH], work.base[start : start + BATCH])
    index.ready()
    return index


def rebuilt(database: Database, index: Index, kind: str, target: float) -> float:
    """Seconds until an index without any base serves the kind at the target."""
    database.configure_index("bench", index={"kind": "flat"})
    index.ready()
    database.configure_index("bench", index={"kind": kind, "recall": target})
    begin = time.perf_counter()
    index.ready()
    return time.perf_counter() - begin


def searched(index: Index) -> Search:
    def search(query: np.ndarray) -> np.ndarray:
        return np.array([int(match.id) for match in index.query("", Query(TOP_K, query)).matches])

    return search


def base_megabytes(index: Index) -> float:
    """Memory of codes and links, beside the float32 rows that lie in a mapped file."""
    (state,) = index.memory.loaded_states()
    base = state.snapshot.base
    return 0.0 if base is None else base.nbytes / 2**20


# -- the race ---------------------------------------------------------------------------------------------------------


def timed(searches: Sequence[Search], queries: np.ndarray, repeats: int) -> list[float]:
    """Median milliseconds a query of each search; they take turns, a pass each."""
    times: list[list[float]] = [[] for _ in searches]
    for _ in range(repeats):
        for search, found in zip(searches, times, strict=True):
            for query in queries:
                begin = time.perf_counter()
                search(query)
                found.append(time.perf_counter() - begin)
    return [float(np.median(found)) * 1e3 for found in times]


def race(work: Workload, options: argparse.Namespace) -> None:
    say(f"{work.rows:,} x {work.dimension} {work.origin}, {len(work.queries)} queries, top_k {TOP_K}, cosine")
    truth = best_rows(work)
    graphs = [Graph.build(work, truth, effort) for effort in options.graphs]
    for graph in graphs:
        say(f"  raw faiss HNSW M=16 efC {graph.effort:3d}: built in {graph.seconds:.1f} s, {graph.megabytes:.0f} MB")
        for target in options.targets:
            ef = graph.cheapest(target)
            (ms,) = timed([graph.search(ef)], work.queries, options.repeats)
            say(f"    recall {target:g} or more: efSearch {ef}, {ms:.3f} ms, recall {graph.recalls[ef]:.4f}")
    heads = "".join(f"{f'faiss efC {graph.effort}':>30s}" for graph in graphs)
    say(f"  {'asked for':12s} {'serves':7s} {'build s':>8s} {'base MB':>8s} {'ms':>7s} {'recall':>7s}{heads}")
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "data") as database:
        index = filled(database, work)
        for target in options.targets:
            for kind in options.kinds:
                seconds = rebuilt(database, index, kind, target)
                search = searched(index)
                reached = recall(np.stack([search(query) for query in work.queries]), truth)
                efforts = [graph.cheapest(reached) for graph in graphs]
                rivals = [graph.search(ef) for graph, ef in zip(graphs, efforts, strict=True)]
                mine, *others = timed([search, *rivals], work.queries, options.repeats)
                beside = "".join(
                    f"   ef {ef:4d} {graph.recalls[ef]:.4f} {ms:6.3f} {mine / ms:4.2f}x"
                    for graph, ef, ms in zip(graphs, efforts, others, strict=True)
                )
                say(
                    f"  {f'{kind} {target:g}':12s} {index.describe('').kind:7s} {seconds:8.2f} "
                    f"{base_megabytes(index):8.1f} {mine:7.3f} {reached:7.4f}{beside}"
                )
    say("  (beside each: efSearch, its recall, ms a query, and how many times as long the database takes)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["auto", "scan", "ivf", "hnsw"])
    parser.add_argument("--targets", type=lambda text: [float(word) for word in text.split(",")], default=[0.95, 0.99])
    parser.add_argument(
        "--graphs", type=lambda text: [int(word) for word in text.split(",") if word], default=[40, 200]
    )
    parser.add_argument("--million", action="store_true", help="also 1,000,000 x 128: half an hour")
    options = parser.parse_args()
    say(
        f"pinyon {pinyon.__version__}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {options.repeats} repeats"
    )
    with threadpool_limits(1, "blas"):
        race(Workload.load(options.rows, options.queries), options)
        if options.million:
            race(million(1_000_000, options.queries), options)


if __name__ == "__main__":
    main()
