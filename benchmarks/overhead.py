"""What a query costs above the search kernel: each layer of a query beside the one below it, in one run.

Run: python benchmarks/overhead.py [--rows 50000] [--rounds 2000]

A layer is timed as a whole, with all layers below it; "own" is what it adds. The bar: 80 µs from the kernel to the
caller. One client, one thread, CPU time, medians over queries; the recall meter is paused. Hits were read before, as
popular ones are, except in the last line; filters were asked for before, so that the few vectors they keep lie ready.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from _workload import Workload, say

import pinyon
from pinyon.distance import prepare_query, scores
from pinyon.engine.planner import Stages, matching_rows, search
from pinyon.engine.querying import answer
from pinyon.engine.snapshot import Snapshot
from pinyon.index.flat import select
from pinyon.index.rerank import scan_search
from pinyon.types import Query

K = 10
FILTERS = {"none": None, "1 % of the records": {"pct": 7}, "0.1 % of the records": {"permille": 7}}


@dataclass
class Bench:
    client: pinyon.Pinecone
    queries: np.ndarray
    rounds: int

    def __post_init__(self) -> None:
        self.face = self.client.Index("overhead")
        self.engine = self.face._index
        self.memory = self.engine.memory

    def layers(self, where: dict[str, int] | None) -> Iterator[tuple[str, Callable[[np.ndarray], object]]]:
        """(name, call with one query), the innermost first."""
        with self.memory.truth.read() as view:
            opened = self.memory.snapshot(view, "")
        assert opened is not None, "the namespace was filled"
        snapshot = opened[1]
        node = None if where is None else self.memory.parse(where)
        yield "kernel: rows and exact scores", kernel(snapshot, matching_rows(snapshot, node)[0])
        stages = Stages()
        yield (
            "+ plan: filter, choice of the way, query made ready",
            lambda query: search(snapshot, query, None, node, K, exact=False, stages=stages),
        )
        yield (
            "+ engine: checks, one transaction, hits with metadata",
            lambda query: answer(self.memory, "", Query(K, query, filter=where, include_metadata=True)),
        )
        yield (
            "+ face: arguments, result objects",
            lambda query: self.face.query(vector=query, top_k=K, filter=where, include_metadata=True),
        )

    def show(self, name: str, where: dict[str, int] | None) -> None:
        say(f"\nfilter: {name}")
        say(f"{'layer':56} {'µs':>8} {'own µs':>8}")
        below = first = 0.0
        for layer, call in self.layers(where):
            spent = self.median(call)
            first = first or spent
            say(f"{layer:56} {spent:8.1f} {spent - below if below else spent:8.1f}")
            below = spent
        say(f"{'above the kernel':56} {below - first:8.1f}")
        spent = self.median(lambda query: self.cold(query, where))
        say(f"{'(a query none of whose hits was read before)':56} {spent:8.1f}")

    def cold(self, query: np.ndarray, where: dict[str, int] | None) -> None:
        for state in self.memory.loaded_states():
            state.snapshot.recent._rows.clear()
        self.face.query(vector=query, top_k=K, filter=where, include_metadata=True)

    def median(self, call: Callable[[np.ndarray], object]) -> float:
        """Microseconds of CPU time."""
        asked = cycle(self.queries)
        times = []
        for count in range(self.rounds + len(self.queries)):
            query = next(asked)
            began = time.thread_time_ns()
            call(query)
            if count >= len(self.queries):  # the first round warms up
                times.append(time.thread_time_ns() - began)
        return float(np.median(times)) / 1e3


def kernel(snapshot: Snapshot, mask: np.ndarray | None) -> Callable[[np.ndarray], object]:
    vectors, base, metric = snapshot.vectors, snapshot.base, snapshot.metric
    assert vectors is not None, "it holds dense vectors"
    assert base is not None, "it was made ready"
    if mask is None:
        ready = base.scan
        return lambda query: scan_search(ready, vectors, query, metric, K, base.depth)  # type: ignore[arg-type]
    rows = np.flatnonzero(mask)
    few = vectors.take(rows)
    return lambda query: select(rows, scores(few, query, metric), metric, K)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2_000)
    options = parser.parse_args()
    work = Workload.load(options.rows, 500)
    load = os.getloadavg()[0]
    say(f"{work.rows:,} x {work.dimension}, {work.origin}; kind scan, top {K} with metadata; load average {load:.1f}")
    with tempfile.TemporaryDirectory() as folder, pinyon.Pinecone(path=folder) as client:
        client.create_index("overhead", dimension=work.dimension, metric="cosine", index={"kind": "scan"})
        index = client.Index("overhead")
        spread = np.random.default_rng(0).permutation(work.rows)
        metadata = [{"pct": int(at % 100), "permille": int(at % 1_000), "text": "x" * 60} for at in spread]
        for start in range(0, work.rows, 5_000):
            part = slice(start, start + 5_000)
            index.upsert(vectors=work.base[part], ids=work.ids[part], metadata=metadata[part])
        index.ready()
        bench = Bench(client, np.stack([prepare_query(query, "cosine") for query in work.queries]), options.rounds)
        with bench.engine.metering.paused(), bench.engine.maintenance.paused():
            for name, where in FILTERS.items():
                bench.show(name, where)


if __name__ == "__main__":
    main()
