"""What the recall meter costs and what it is worth.

How often its interval holds the truth, beside other intervals; what a query pays; what share of the CPU checks take
under load; and how many queries go by until recall is back after a shift.

Run: python benchmarks/meter.py [--rows 50000] [--dimension 384] [--seconds 60]

Rows are generated: clusters in a space of few dimensions, with noise. One client, and the index in memory.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from pinyon.distance import prepare
from pinyon.engine import Database, Index, metering
from pinyon.engine.meter import Meter
from pinyon.engine.planner import Stages, search
from pinyon.index.interval import mean_interval
from pinyon.index.recount import Answered, kth_scores
from pinyon.index.rerank import Depth
from pinyon.types import Floats, IndexSpec, Query

K = 10
RANK, CLUSTERS = 24, 200
RUNS = 200
POPULATIONS = {
    "0.999, one miss now and then": ((0.9, 0.01),),
    "0.999, all missed seldom": ((0.0, 0.001),),
    "0.995, single misses": ((0.9, 0.05),),
    "0.991, and a few bad queries": ((0.9, 0.05), (0.2, 0.005)),
    "0.970, misses in clusters": ((0.9, 0.08), (0.5, 0.02), (0.0, 0.012)),
    "0.900, misses in clusters": ((0.9, 0.2), (0.7, 0.1), (0.3, 0.05), (0.0, 0.015)),
}
Interval = Callable[[Floats], tuple[float, float]]


# -- intervals --------------------------------------------------------------------------------------------------------


def wilson(outcomes: Floats) -> tuple[float, float]:
    """With an effective sample size from the variance between queries, at most ten hits each."""
    n, mean, variance = len(outcomes), float(outcomes.mean()), float(outcomes.var())
    effective = min(10.0 * n, n * mean * (1.0 - mean) / variance) if variance else float(n)
    z2 = 1.96**2
    centre = (mean + z2 / (2 * effective)) / (1 + z2 / effective)
    half = 1.96 * np.sqrt(mean * (1 - mean) / effective + z2 / (4 * effective**2)) / (1 + z2 / effective)
    return centre - half, centre + half


def bootstrap(outcomes: Floats) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = outcomes[rng.integers(0, len(outcomes), (1_000, len(outcomes)))].mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def bernstein(outcomes: Floats) -> tuple[float, float]:
    """Empirical Bernstein (Maurer and Pontil 2009)."""
    n, mean, spread = len(outcomes), float(outcomes.mean()), float(outcomes.std(ddof=1))
    half = spread * np.sqrt(2 * np.log(80) / n) + 7 * np.log(80) / (3 * (n - 1))
    return mean - half, mean + half


def ours(outcomes: Floats) -> tuple[float, float]:
    return mean_interval(outcomes.tolist())


INTERVALS: dict[str, Interval] = {
    "ours": ours,
    "Wilson, effective n": wilson,
    "bootstrap": bootstrap,
    "Bernstein": bernstein,
}


def coverage(values: Floats, shares: Floats, n: int, interval: Interval) -> tuple[float, float]:
    rng = np.random.default_rng(5)
    truth = float(values @ shares)
    held, width = 0, 0.0
    for _ in range(RUNS):
        low, high = interval(rng.choice(values, n, p=shares))
        held += low - 1e-12 <= truth <= high + 1e-12
        width += min(high, 1.0) - max(low, 0.0)
    return held / RUNS, width / RUNS


def show_coverage(live: Floats) -> None:
    """Also for the recalls that queries of a real index had, drawn with replacement."""
    print(f"\nHow often a 95 % interval holds the true recall in {RUNS} runs, and its mean width")
    print(f"{'population':32} {'n':>5} " + "".join(f"{name:>22}" for name in INTERVALS))
    known = {
        name: np.array([*((r, s) for r, s in its), (1.0, 1.0 - sum(s for _, s in its))])
        for name, its in POPULATIONS.items()
    }
    values, counts = np.unique(live, return_counts=True)
    known[f"{live.mean():.3f}, measured on this index"] = np.stack([values, counts / counts.sum()], axis=1)
    for n in (50, 200, 1_000):
        for name, table in known.items():
            cells = [coverage(table[:, 0], table[:, 1], n, interval) for interval in INTERVALS.values()]
            print(f"{name:32} {n:5} " + "".join(f"{held:>13.1%} {width:.4f} " for held, width in cells))


# -- an index ---------------------------------------------------------------------------------------------------------


class Data:
    """Stored rows, queries like them, and queries unlike them."""

    def __init__(self, rows: int, dimension: int) -> None:
        self.rng = np.random.default_rng(0)
        self.dimension = dimension
        self.basis = self.rng.standard_normal((RANK, dimension), dtype=np.float32)
        self.centres = self.rng.standard_normal((CLUSTERS, RANK), dtype=np.float32)
        self.rows = self.like(rows)
        self.unit = prepare(self.rows, "cosine")

    def like(self, n: int) -> Floats:
        inner = self.centres[self.rng.integers(0, CLUSTERS, n)]
        inner = inner + 0.6 * self.rng.standard_normal((n, RANK), dtype=np.float32)
        found: Floats = inner @ self.basis + 0.3 * self.rng.standard_normal((n, self.dimension), dtype=np.float32)
        return found

    def unlike(self, n: int) -> Floats:
        return self.rng.standard_normal((n, self.dimension), dtype=np.float32)

    def recalls(self, queries: Floats, answers: Iterable[list[float]]) -> Floats:
        found = []
        for query, scores in zip(prepare(queries, "cosine"), answers, strict=True):
            kth = np.partition(self.unit @ query, -K)[-K]
            found.append(sum(score >= kth - 1e-6 for score in scores) / K)
        return np.array(found)


def stored(database: Database, data: Data) -> Index:
    database.create_index(IndexSpec("bench", data.dimension, "cosine", kind="scan"))
    index = database.index("bench")
    ids = [str(row) for row in range(len(data.rows))]
    for at in range(0, len(ids), 10_000):
        index.upsert("", ids[at : at + 10_000], data.rows[at : at + 10_000])
    index.ready(timeout=600)
    return index


def ask(index: Index, queries: Floats) -> tuple[list[list[float]], Floats]:
    """(scores of each answer, milliseconds of each)."""
    answers, took = [], []
    for query in queries:
        began = time.perf_counter()
        answers.append([match.score for match in index.query("", Query(K, vector=query)).matches])
        took.append((time.perf_counter() - began) * 1e3)
    return answers, np.array(took)


def told(index: Index) -> str:
    quality = index.describe("").quality
    low, high = quality.interval or (0.0, 1.0)
    found = f"{quality.label} {quality.recall:.4f} ({low:.4f} to {high:.4f})"
    return f"meter: {found}, {quality.checked} in the window, {quality.checks} checked, effort {quality.effort:g}"


def spoil(index: Index) -> None:
    """A first depth far too small, and a search that is content with any number of misses."""
    (state,) = index.memory.loaded_states()
    base = state.snapshot.base
    assert base is not None, "the codes of this data reach the target"
    state.publish_base(state.snapshot.lineage, replace(base, depth=Depth((12, 40), (12, 40), 0.6)))


# -- measurements -----------------------------------------------------------------------------------------------------


def show_cost_of_a_query(index: Index, data: Data) -> None:
    (state,) = index.memory.loaded_states()
    snapshot, query = state.snapshot, data.like(1)[0]
    found = search(snapshot, query, None, None, K, exact=False, stages=Stages())
    rare, always = Meter(1e-9), Meter(1.0 - 1e-12)
    print("\nWhat a query pays, µs (median of 20 rounds of 2,000)")
    for name, meter in (("not kept", rare), ("kept", always), ("usual mixture", Meter())):
        rounds = []
        for _ in range(20):
            began = time.perf_counter()
            for _ in range(2_000):
                meter.offer(snapshot, found, query, None, K, "")
            rounds.append((time.perf_counter() - began) / 2_000)
        print(f"  {name:14} {np.median(rounds) * 1e6:7.2f}")


def show_cost_of_a_check(data: Data, index: Index) -> None:
    (state,) = index.memory.loaded_states()
    vectors = state.snapshot.vectors
    assert vectors is not None
    queries = prepare(data.like(32), "cosine")
    answers = [Answered(query, K, float(np.partition(data.unit @ query, -K)[-K]), vectors.n, None) for query in queries]
    print("\nExact search for queries that have an answer, CPU ms each")
    for count in (1, 4, 8, 16, 32):
        rounds = []
        for _ in range(7):
            began = time.thread_time()
            kth_scores(vectors, answers[:count], "cosine")
            rounds.append((time.thread_time() - began) / count)
        print(f"  {count:3} together {np.median(rounds) * 1e3:7.2f}")


def show_share(index: Index, data: Data, seconds: float) -> None:
    """One client that never pauses. CPU time of the checking thread, by what the budget was charged."""
    charged: list[tuple[float, float]] = []
    budget = metering.Budget()
    spend = budget.spend

    def noted(cost: float) -> float:
        if cost:
            charged.append((time.monotonic(), cost))
        return spend(cost)

    budget.spend = noted  # type: ignore[method-assign]
    index.metering.close()
    index.metering = metering.Metering(index.memory, budget)
    queries = data.like(2_000)
    began, asked = time.monotonic(), 0
    took: list[Floats] = []
    while time.monotonic() - began < seconds:
        took.append(ask(index, queries[asked % 2_000 : asked % 2_000 + 100])[1])
        asked += 100
    wall = time.monotonic() - began
    every = np.concatenate(took)
    cpu = sum(cost for _, cost in charged)
    print(
        f"\nUnder load for {wall:.0f} s: {asked / wall:,.0f} queries/s, p50 {np.median(every):.2f} ms, "
        f"p99 {np.quantile(every, 0.99):.2f} ms; checks took {cpu:.2f} s of CPU, {cpu / wall:.2%} of a core"
    )
    print(f"  {told(index)}")
    (state,) = index.memory.loaded_states()
    while state.meter.waiting:
        time.sleep(0.1)
    time.sleep(0.5)
    before = len(charged)
    time.sleep(3.0)
    print(f"  without queries: {sum(cost for _, cost in charged[before:]) * 1e3:.2f} ms of CPU in 3 s")


def show_shift(index: Index, data: Data, name: str) -> None:
    queries = data.unlike(2_000)
    answers, took = ask(index, queries)
    found = data.recalls(queries, answers)
    print(f"\n{name}: recall by hundred queries after the shift, {len(queries) / took.sum() * 1e3:,.0f} queries/s")
    print("  " + " ".join(f"{part.mean():.3f}" for part in np.array_split(found, 20)))
    print(f"  queries 501 to 800: {found[500:800].mean():.4f}; all after 500: {found[500:].mean():.4f}")
    print(f"  {told(index)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{given.rows:,} rows x {given.dimension}, {os.cpu_count()} cores, load {load:.1f}")
    data = Data(given.rows, given.dimension)
    with Database(":memory:") as database:
        index = stored(database, data)
        queries = data.like(1_000)
        live = data.recalls(queries, ask(index, queries)[0])
        show_cost_of_a_query(index, data)
        show_cost_of_a_check(data, index)
        show_share(index, data, given.seconds)
        show_shift(index, data, "Queries unlike the stored rows, on a base that is as it should be")
        spoil(index)
        ask(index, data.like(500))
        show_shift(index, data, "The same on a base that promises too much")
    show_coverage(live)


if __name__ == "__main__":
    main()
