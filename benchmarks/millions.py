"""Millions of rows: ingest, the kinds that ``auto`` goes through, recall, CPU time, memory, small writes, reopening.

Run: python benchmarks/millions.py [--rows 300000] [--dimension 32] [--queries 200] [--targets 0.95,0.99]
                                   [--kind auto] [--memory 4GiB] [--folder DIR]

Rows are generated piece by piece: 2,000 clusters in a space of few dimensions, with noise; no more than a piece of them
is ever held here. The right answers of the held-out queries are kept while the rows go by. A query is a whole one of
the database; its cost is CPU time of the asking thread, so that a busy machine does not change it. Memory is what the
process holds beyond mapped files (RssAnon of /proc, Linux only); the peak of each stage is sampled.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from _workload import child, say
from threadpoolctl import threadpool_limits

import pinyon
from pinyon.engine import Database, Index
from pinyon.types import IndexSpec, Query

TOP_K: Final = 10
PIECE: Final = 100_000
BATCH: Final = 20_000
CLUSTERS: Final = 2_000
RANK: Final = 24
STOPS: Final = (20_000, 60_000, 100_000, 300_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)
"""Rows at which the index is looked at on the way."""
FILTERS: Final[dict[str, tuple[dict[str, Any] | None, int]]] = {
    "no filter": (None, 1_000),
    "10 %": ({"draw": {"$lt": 100}}, 100),
    "0.1 %": ({"draw": {"$eq": 0}}, 1),
}
"""name -> (filter, how many of the thousand values of ``draw`` it keeps)."""


class Source:
    """Rows by the piece, the same for equal arguments."""

    def __init__(self, dimension: int) -> None:
        rng = np.random.default_rng(0)
        self.dimension = dimension
        self._centres = rng.standard_normal((CLUSTERS, RANK), dtype=np.float32)
        self._spread = rng.standard_normal((RANK, dimension), dtype=np.float32) / 5

    def draw(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """(n, d) float32 unit rows, and (n,) a number below 1,000 that has nothing to do with them."""
        rng = np.random.default_rng((1, seed))
        inner = self._centres[rng.integers(CLUSTERS, size=n)]
        inner = inner + np.float32(0.6) * rng.standard_normal((n, RANK), dtype=np.float32)
        rows = inner @ self._spread + np.float32(0.05) * rng.standard_normal((n, self.dimension), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows, rng.integers(1_000, size=n)


class Truth:
    """The best rows of each query under each filter, of all rows that went by."""

    def __init__(self, queries: np.ndarray) -> None:
        self._queries = queries
        empty = np.full((len(queries), TOP_K), -np.inf, np.float32), np.full((len(queries), TOP_K), -1, np.int64)
        self._best = dict.fromkeys(FILTERS, empty)

    def see(self, rows: np.ndarray, draw: np.ndarray, first: int) -> None:
        for start in range(0, len(rows), BATCH):
            table = self._queries @ rows[start : start + BATCH].T
            numbers = np.arange(first + start, first + start + table.shape[1])
            for name, (_, share) in FILTERS.items():
                keep = draw[start : start + BATCH] < share
                self._best[name] = _merged(self._best[name], table[:, keep], numbers[keep])

    def best(self, name: str) -> np.ndarray:
        """(q, 10) row numbers; -1 where fewer rows match."""
        return self._best[name][1]


def _merged(known: tuple[np.ndarray, np.ndarray], table: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores = np.concatenate([known[0], table], axis=1)
    numbers = np.concatenate([known[1], np.broadcast_to(rows, table.shape)], axis=1)
    order = np.argpartition(-scores, TOP_K - 1, axis=1)[:, :TOP_K]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(numbers, order, axis=1)


# -- memory -----------------------------------------------------------------------------------------------------------


def held() -> int:
    """Bytes that this process holds beyond mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("RssAnon is not in /proc/self/status: this benchmark needs Linux")


class Watch:
    """Samples what is held, and remembers the most."""

    def __init__(self) -> None:
        self.peak = held()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.peak = max(self.peak, held())
            time.sleep(0.02)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.peak = held()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        say(
            f"  {name:34s} {wall:9.1f} s {cpu:9.1f} s of CPU; held at most {self.peak / 1e6:8,.0f} MB,"
            f" now {held() / 1e6:8,.0f} MB"
        )


# -- stages -----------------------------------------------------------------------------------------------------------


def ingested(index: Index, source: Source, rows: int, queries: np.ndarray, watch: Watch) -> Truth:
    truth = Truth(queries)
    at, spent = 0, 0.0
    stops = [stop for stop in STOPS if stop < rows]
    with watch.stage("ingest, truth and looks on the way"):
        while at < rows:
            vectors, draw = source.draw(min(PIECE, rows - at), at // PIECE)
            truth.see(vectors, draw, at)
            for start in range(0, len(vectors), BATCH):
                part = slice(start, min(len(vectors), start + BATCH))
                ids = [str(row) for row in range(at + part.start, at + part.stop)]
                began = time.perf_counter()
                index.upsert("", ids, vectors[part], metadata={"draw": draw[part]})
                spent += time.perf_counter() - began
                if stops and at + part.stop >= stops[0]:
                    look(index, at + part.stop, queries)
                    stops.pop(0)
            at += len(vectors)
    say(f"  of these {spent:.1f} s in upserts of {BATCH:,}: {rows / spent:,.0f} rows a second")
    return truth


def look(index: Index, rows: int, queries: np.ndarray) -> None:
    """What serves on the way, nobody having waited for it."""
    began, cpu = time.perf_counter(), time.thread_time()
    index.query("", Query(TOP_K, queries[0]))
    wall, cpu = time.perf_counter() - began, time.thread_time() - cpu
    report = index.describe("")
    say(
        f"    at {rows:10,} rows: {report.kind:5s} over {report.base_rows:10,}, {report.delta_rows:8,} newer; a query "
        f"after the writes took {wall * 1e3:8.1f} ms ({cpu * 1e3:.1f} ms of CPU)"
    )


def asked(index: Index, truth: Truth, queries: np.ndarray) -> None:
    for name, (filter, _) in FILTERS.items():
        best, right, wanted, took, kinds = truth.best(name), 0, 0, [], {}
        for query, rows in zip(queries, best.tolist(), strict=True):
            began = time.thread_time()
            found = index.query("", Query(TOP_K, query, filter=filter, explain=True))
            took.append(time.thread_time() - began)
            rows = {row for row in rows if row >= 0}
            right += len(rows & {int(match.id) for match in found.matches})
            wanted += len(rows)
            assert found.plan is not None
            kind = found.plan.kind + (" (exact)" if found.plan.exact else "")
            kinds[kind] = kinds.get(kind, 0) + 1
        low, high = np.quantile(took, (0.5, 0.99)) * 1e3
        served = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
        say(
            f"    {name:10s} recall {right / wanted:.4f}; CPU ms a query: mean {np.mean(took) * 1e3:7.2f}, median "
            f"{low:7.2f}, p99 {high:7.2f}; {served}"
        )


def wrote(index: Index, source: Source) -> None:
    """Small writes into a large namespace, each followed by a query that sees it."""
    vectors, _ = source.draw(40, 1_000_000)
    for name in ("upsert", "delete"):
        writes, reads = [], []
        for row, vector in enumerate(vectors[:20]):
            began = time.thread_time()
            if name == "upsert":
                index.upsert("", [f"new {row}"], vector[None], metadata=[{"draw": 5}])
            else:
                index.delete("", [f"new {row}"])
            writes.append(time.thread_time() - began)
            began = time.thread_time()
            index.query("", Query(TOP_K, vectors[20 + row]))
            reads.append(time.thread_time() - began)
        say(
            f"    {name} of one record: {np.median(writes) * 1e3:.2f} ms of CPU, the query after it "
            f"{np.median(reads) * 1e3:.2f} ms (medians of {len(writes)})"
        )


_REOPEN: Final = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from millions import Watch, held, opened
from pinyon.types import Query
import numpy as np
query = np.random.default_rng(3).standard_normal(int(sys.argv[3])).astype(np.float32)
watch = Watch()
began, cpu = time.perf_counter(), time.process_time()
with opened(sys.argv[2], sys.argv[4]) as database:
    index = database.index("bench")
    index.query("", Query(10, query))
    first = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    index.query("", Query(10, query))
    second = time.perf_counter() - began
    print(json.dumps([*first, second, index.describe("").kind, watch.peak, held()]))
"""


def reopened(folder: str, dimension: int, memory: str) -> None:
    line = child(_REOPEN, str(Path(__file__).parent), folder, str(dimension), memory)
    wall, cpu, second, kind, peak, now = json.loads(line)
    say(
        f"  reopened in a new process: first query after {wall:.2f} s ({cpu:.2f} s of CPU), the second in "
        f"{second * 1e3:.1f} ms, by {kind}; held at most {peak / 1e6:,.0f} MB, now {now / 1e6:,.0f} MB"
    )


def opened(folder: str, memory: str) -> Database:
    return Database(folder, memory=memory or None)


def sizes(folder: str) -> str:
    parts = {"truth": 0, "cache": 0}
    for path in Path(folder).rglob("*"):
        if path.is_file():
            parts["cache" if "cache" in path.parts else "truth"] += path.stat().st_blocks * 512
    return ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in parts.items())


def measure(folder: str, options: argparse.Namespace) -> None:
    source, watch = Source(options.dimension), Watch()
    queries, _ = source.draw(options.queries, 2_000_000)
    with opened(folder, options.memory) as database:
        database.create_index(IndexSpec("bench", options.dimension, "cosine", kind=options.kind))
        index = database.index("bench")
        truth = ingested(index, source, options.rows, queries, watch)
        for target in options.targets:
            database.configure_index("bench", index={"recall": target})
            with watch.stage(f"ready at recall {target:g}"):
                index.ready()
            report = index.describe("")
            say(
                f"    serves {report.kind}; {report.nbytes / 1e6:,.0f} MB of arrays, mapped vectors included; recall "
                f"estimate {report.recall_estimate}; on disk: {sizes(folder)}"
            )
            with watch.stage(f"queries at recall {target:g}"):
                asked(index, truth, queries)
        with watch.stage("small writes"):
            wrote(index, source)
        with watch.stage("closing"):
            database.close()
    reopened(folder, options.dimension, options.memory)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--dimension", type=int, default=32)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--targets", type=lambda text: [float(word) for word in text.split(",")], default=[0.95, 0.99])
    parser.add_argument("--kind", default="auto")
    parser.add_argument("--memory", default="", help="the memory budget, the usual one when it is left out")
    parser.add_argument("--folder", default=None, help="where the data go, a new temporary folder when left out")
    return parser.parse_args(given)


def main() -> None:
    options = arguments()
    say(
        f"pinyon {pinyon.__version__}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    say(
        f"{options.rows:,} x {options.dimension} generated, cosine, {options.queries} held-out queries, top_k {TOP_K}, "
        f"kind {options.kind}, memory {options.memory or 'as usual'}; one thread"
    )
    with threadpool_limits(1, "blas"), tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(folder, options)


if __name__ == "__main__":
    sys.exit(main())
