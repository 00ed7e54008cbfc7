"""Compares the search kernels on real embeddings: quantised codes of several widths, reranked, against exact search
and a raw HNSW graph. One thread. Run: python benchmarks/kernels.py [--rows 50000] [--queries 500]

Needs base_100000x384_f16.npy and queries_1000x384_f16.npy in PINYON_BENCH_DATA (default: ../shared/data/bench beside
the repository); says so and stops when they are absent.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from pinyon.distance import prepare, scores
from pinyon.index.calibrate import calibrate
from pinyon.index.flat import flat_search, gather_search
from pinyon.index.rerank import Depth, scan_search
from pinyon.index.scan import Scan, available
from pinyon.index.vectors import Vectors
from pinyon.types import Bools, Floats, Ints

TOP_K = 10
WIDTHS = {2: (30, 40, 60), 3: (50, 60, 100), 4: (60, 100, 150)}
Masks = Sequence[Bools | None]
Search = Callable[[Floats, Bools | None], Ints]


@dataclass(frozen=True)
class Case:
    name: str
    masks: Masks
    kth: Floats
    """(q,) score of the k-th best matching row."""
    wanted: Ints
    """(q,) min(k, matches)."""


def folder() -> Path:
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "bench"
    return Path(os.environ.get("PINYON_BENCH_DATA", default))


def load(rows: int, queries: int) -> tuple[Floats, Floats]:
    base = np.load(folder() / "base_100000x384_f16.npy", mmap_mode="r")[:rows]
    asked = np.load(folder() / "queries_1000x384_f16.npy")[:queries]
    return prepare(base.astype(np.float32), "cosine"), prepare(asked.astype(np.float32), "cosine")


def cases(base: Floats, queries: Floats) -> list[Case]:
    """No filter, random filters, and filters by region: rows belong to the nearest of 20 pivots."""
    rng = np.random.default_rng(0)
    n, count = len(base), len(queries)
    pivots = base[rng.choice(n, 20, replace=False)]
    region = np.argmax(base @ pivots.T, axis=1)
    nearest = np.argsort(-(queries @ pivots.T), axis=1)
    masks: dict[str, Masks] = {"all": [None] * count}
    for share in (0.5, 0.1, 0.01, 0.001):
        masks[f"{share:.1%}"] = [rng.random(n) < share] * count
    masks["near"] = [region == order[0] for order in nearest]
    masks["far half"] = [np.isin(region, order[10:]) for order in nearest]
    masks["farthest"] = [region == order[-1] for order in nearest]
    table = queries @ base.T
    return [case(name, chosen, table) for name, chosen in masks.items()]


def case(name: str, masks: Masks, table: Floats) -> Case:
    kth, wanted = np.empty(len(table), np.float32), np.empty(len(table), np.int64)
    for i, mask in enumerate(masks):
        pool = table[i] if mask is None else table[i][mask]
        wanted[i] = min(TOP_K, pool.size)
        kth[i] = np.partition(pool, pool.size - wanted[i])[pool.size - wanted[i]] if pool.size else np.inf
    return Case(name, masks, kth, wanted)


def measure(search: Search, which: Case, base: Floats, queries: Floats) -> str:
    for query, mask in zip(queries[:20], which.masks, strict=False):
        search(query, mask)
    hits, seconds = 0, []
    for i, (query, mask) in enumerate(zip(queries, which.masks, strict=True)):
        start = time.perf_counter()
        rows = search(query, mask)
        seconds.append(time.perf_counter() - start)
        hits += int((scores(base[rows[:TOP_K]], query, "cosine") >= which.kth[i] - 1e-6).sum())
    recall = hits / max(1, int(which.wanted.sum()))
    return f"{recall:.4f} {np.median(seconds) * 1e3:5.3f} {np.mean(seconds) * 1e3:5.3f}"


def report(name: str, search: Search, asked: list[Case], base: Floats, queries: Floats) -> None:
    cells = [f"{measure(search, which, base, queries):>18}" for which in asked]
    print(f"{name:30}" + " |".join(cells), flush=True)


def fixed(scan: Scan, vectors: Vectors, depth: int) -> Search:
    """Candidates of one depth, reranked."""

    def search(query: Floats, mask: Bools | None) -> Ints:
        rows = scan.candidates(query, depth, mask)
        return gather_search(rows, vectors.take, query, "cosine", TOP_K)[0]

    return search


def adaptive(scan: Scan, vectors: Vectors, depth: Depth) -> Search:
    return lambda query, mask: scan_search(scan, vectors, query, "cosine", TOP_K, depth, mask).rows


def graph(base: Floats) -> tuple[Search, float]:
    """Raw HNSW (M=16, efConstruction=200, efSearch=128): the peer to beat. Answers unfiltered searches only."""
    import faiss

    start = time.perf_counter()
    index = faiss.IndexHNSWFlat(base.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 200
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    index.add(base)
    faiss.omp_set_num_threads(1)
    index.hnsw.efSearch = 128
    return (lambda query, mask: index.search(query[None], TOP_K)[1][0]), time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--no-graph", action="store_true", help="leave out HNSW, which takes long to build")
    options = parser.parse_args()
    if not (folder() / "base_100000x384_f16.npy").exists():
        print(f"kernels: skipped, no benchmark data in {folder()} (set PINYON_BENCH_DATA)")
        return 0
    if not available():
        print("kernels: skipped, faiss is not installed")
        return 0
    with threadpool_limits(limits=1):
        compare(options.rows, options.queries, with_graph=not options.no_graph)
    return 0


def compare(rows: int, count: int, *, with_graph: bool) -> None:
    base, queries = load(rows, count)
    asked = cases(base, queries)
    vectors = Vectors(base.shape[1], (base,))
    print(f"{len(base)} x {base.shape[1]}, {len(queries)} queries, top {TOP_K}; recall, p50 ms, mean ms per filter")
    print(f"{'':30}" + " |".join(f"{which.name:>18}" for which in asked))
    report("exact", lambda q, m: flat_search([base], q, "cosine", TOP_K, m)[0], asked, base, queries)
    if with_graph:
        search, seconds = graph(base)
        report(f"hnsw ef128 ({seconds:.1f} s)", search, asked[:1], base, queries)
    for width, depths in WIDTHS.items():
        codes(width, depths, vectors, base, queries, asked)


def codes(
    width: int, depths: Sequence[int], vectors: Vectors, base: Floats, queries: Floats, asked: list[Case]
) -> None:
    start = time.perf_counter()
    empty = Scan.train(base, "cosine", width=width)
    trained = time.perf_counter()
    scan = empty.extended(base)
    added = time.perf_counter()
    print(
        f"{width} dimensions per 4 bits: train {trained - start:.2f} s, add {added - trained:.2f} s,"
        f" {scan.nbytes / len(base):.0f} bytes a row"
    )
    for depth in depths:
        report(f"  rerank {depth}", fixed(scan, vectors, depth), asked, base, queries)
    for target in (0.99, 0.995):
        start = time.perf_counter()
        chosen = calibrate(scan, vectors, None, "cosine", target)
        seconds = time.perf_counter() - start
        name = f"  to {target} from {chosen.plain[0]} ({seconds:.2f} s)"
        report(name, adaptive(scan, vectors, chosen), asked, base, queries)


if __name__ == "__main__":
    sys.exit(main())
