"""The server, measured from outside: REST and gRPC, one client and eight, reading and writing, beside other servers.

Run: python benchmarks/server.py [--rows 50000] [--queries 500] [--repeats 3] [--only query,write,sdk,soak]
     [--soak 600] [--peers /path/to/an/environment/with/chromadb,pymilvus,milvus-lite,needledb]

Server and load generator share one machine. The generator is a process of its own with bodies prepared beforehand and
connections that are kept; what the official SDKs reach is reported apart, for most of their time is their own.
Real sentence embeddings when PINYON_BENCH_DATA holds them (see embedded.py), else generated clusters of low rank.
Figures are medians of interleaved repeats in one run; compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from _clients import Client, Figures, PinyonServer
from _peers import peers_of
from _workload import Workload, recall, say

import pinyon
from pinyon import Pinecone, ServerlessSpec

TOP_K = 10
CLIENTS = 8
BATCH = 200


def fill(folder: Path, work: Workload) -> None:
    """The index "bench" with every row and its metadata, ready to be searched."""
    with Pinecone(path=str(folder)) as pc:
        pc.create_index("bench", dimension=work.dimension, metric="cosine", spec=ServerlessSpec("aws", "us-east-1"))
        index = pc.Index("bench")
        for start in range(0, work.rows, 1_000):
            columns = {name: values[start : start + 1_000] for name, values in work.columns.items()}
            index.upsert(
                vectors=work.base[start : start + 1_000], ids=work.ids[start : start + 1_000], metadata=columns
            )
        index.ready()


# -- searching --------------------------------------------------------------------------------------------------------


def bench_query(work: Workload, folder: Path, repeats: int) -> None:
    say(f"{len(work.queries)} queries, top_k {TOP_K} with metadata, over {work.rows:,} records")
    single: dict[str, list[np.ndarray]] = {"embedded": [], "REST": [], "gRPC": []}
    many: dict[str, list[Figures]] = {"REST": [], "gRPC": []}
    found: dict[str, np.ndarray] = {}
    with PinyonServer(folder) as server, Pinecone(path=str(folder), read_only=True) as pc:
        index = pc.Index("bench")
        clients = {"REST": server.rest("bench"), "gRPC": server.grpc("bench")}
        for client in clients.values():
            client.query(work, clients=1)  # each transport's first pass finds nothing prepared
        for _ in range(repeats):
            single["embedded"].append(_embedded(index, work, found))
            for name, client in clients.items():
                figures = client.query(work, clients=1)
                single[name].append(figures.times)
                found[name] = figures.rows
            for name, client in clients.items():
                many[name].append(client.query(work, clients=CLIENTS, times=4))
    base = float(np.median(np.concatenate(single["embedded"]))) * 1e3
    rest = float(np.median(np.concatenate(single["REST"]))) * 1e3
    bars = {
        "embedded": "",
        "REST": f"(bar {base + 0.6:.3f}: embedded + 0.6)",
        "gRPC": f"(bar {rest + 0.6:.3f}: REST + 0.6)",
    }
    for name, times in single.items():
        p50, p99 = np.quantile(np.concatenate(times), [0.5, 0.99]) * 1e3
        reached = recall(found[name], work.truth)
        say(f"  {name:10s} one client     p50 {p50:.3f} ms {bars[name]}   p99 {p99:.3f} ms   recall@10 {reached:.4f}")
    for name, runs in many.items():
        rate = float(np.median([run.rate for run in runs]))
        p50, p99 = np.quantile(np.concatenate([run.times for run in runs]), [0.5, 0.99]) * 1e3
        bar = " (bar 1,500)" if name == "REST" else ""
        say(f"  {name:10s} {CLIENTS} clients   {rate:8,.0f} queries/s{bar}   p50 {p50:.3f} ms   p99 {p99:.3f} ms")


def _embedded(index: pinyon.Index, work: Workload, found: dict[str, np.ndarray]) -> np.ndarray:
    times, rows = [], []
    for query in work.queries:
        begin = perf_counter()
        answer = index.query(vector=query, top_k=TOP_K, include_metadata=True)
        times.append(perf_counter() - begin)
        rows.append([int(match.id) for match in answer.matches])
    found["embedded"] = np.array(rows)
    return np.array(times)


# -- writing ----------------------------------------------------------------------------------------------------------


def bench_write(work: Workload, repeats: int) -> None:
    say(f"Upsert of {work.rows:,} records in batches of {BATCH} by {CLIENTS} clients; acknowledged = on disk")
    rates: dict[str, list[float]] = {"REST": [], "gRPC": []}
    with tempfile.TemporaryDirectory() as folder, PinyonServer(Path(folder)) as server:
        for repeat in range(repeats):
            for name in rates:
                index = f"write-{name.lower()}-{repeat}"
                server.create(index, work.dimension)
                client = server.rest(index) if name == "REST" else server.grpc(index)
                rates[name].append(client.upsert(work, batch=BATCH, clients=CLIENTS).rate * BATCH)
                server.settle()
                server.delete(index)
    for name, found in rates.items():
        bar = "12,000" if name == "REST" else "faster than REST"
        say(f"  {name:10s} {np.median(found):10,.0f} records/s (bar {bar})   best {max(found):,.0f}")


# -- others -----------------------------------------------------------------------------------------------------------


def bench_peers(work: Workload, environment: Path, repeats: int) -> None:
    say(f"Other servers in the same run, from {environment}: searching as above, then writing as above")
    with tempfile.TemporaryDirectory() as folder:
        mine = _measure(work, PinyonServer(Path(folder)), repeats)
    _say_peer("pinyon", mine)
    for name, server in peers_of(environment):
        try:
            _say_peer(name, _measure(work, server, repeats), mine)
        except (OSError, RuntimeError) as problem:
            say(f"  {name}: not measured, {str(problem).strip()[:300]}")


def _say_peer(name: str, row: dict[str, float], mine: dict[str, float] | None = None) -> None:
    ratios = ""
    if mine is not None:
        ratios = (
            f"   pinyon: {row['p50'] / mine['p50']:.2f} x as quick, {mine['rate'] / row['rate']:.2f} x the queries,"
            f" {mine['records'] / row['records']:.2f} x the records"
        )
    say(
        f"  {name:12s} p50 {row['p50']:7.3f} ms   {CLIENTS} clients {row['rate']:7,.0f} queries/s"
        f"   upsert {row['records']:8,.0f} records/s   recall@10 {row['recall']:.4f}{ratios}"
    )


def _measure(work: Workload, place: object, repeats: int) -> dict[str, float]:
    with place as server:  # type: ignore[attr-defined]
        server.create("bench", work.dimension)
        client: Client = server.rest("bench")
        written = client.upsert(work, batch=BATCH, clients=CLIENTS)
        server.settle()
        client.query(work, clients=1)
        single = [client.query(work, clients=1) for _ in range(repeats)]
        many = [client.query(work, clients=CLIENTS, times=2) for _ in range(repeats)]
    return {
        "p50": float(np.median(np.concatenate([run.times for run in single]))) * 1e3,
        "rate": float(np.median([run.rate for run in many])),
        "records": written.rate * BATCH,
        "recall": recall(single[-1].rows, work.truth),
    }


def bench_sdk(work: Workload, folder: Path) -> None:
    say("What the official SDKs reach (their own encoding and decoding is most of it)")
    root = Path(__file__).resolve().parents[1]
    with PinyonServer(folder) as server:
        for name in ("sdk7", "sdk10"):
            python = root / f".venv-{name}" / "bin" / "python"
            if not python.exists():
                say(f"  {name}: {python} is absent; make test builds it")
                continue
            for line in server.sdk(python, work):
                say(f"  {name:6s} {line}")


def bench_soak(work: Workload, folder: Path, seconds: float) -> None:
    say(f"Soak: {CLIENTS} clients query for {seconds:.0f} s while one writes; resident memory of the server")
    with PinyonServer(folder) as server:
        rate, samples = server.soak(work, seconds, CLIENTS)
    settled = samples[len(samples) // 5 :]
    slope = float(np.polyfit(settled[:, 0], settled[:, 1], 1)[0]) * 3_600
    say(
        f"  {rate:,.0f} queries/s   from {settled[0, 1]:.0f} MB to {settled[-1, 1]:.0f} MB"
        f"   slope {slope:+.1f} MB an hour over the last four fifths"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="query,write,sdk")
    parser.add_argument("--soak", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--peers", type=Path, metavar="ENVIRONMENT")
    options = parser.parse_args()
    chosen = set(options.only.split(","))
    work = Workload.load(options.rows, options.queries)
    assert len(work.truth)  # worked out before any clock runs
    say(
        f"pinyon {pinyon.__version__}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"{work.rows:,} x {work.dimension} {work.origin}; {options.repeats} repeats"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen & {"query", "sdk"} or options.soak:
            fill(folder, work)
        if "query" in chosen:
            bench_query(work, folder, options.repeats)
        if "write" in chosen:
            bench_write(work, options.repeats)
        if options.peers:
            bench_peers(work, options.peers, options.repeats)
        if "sdk" in chosen:
            bench_sdk(work, folder)
        if options.soak:
            bench_soak(work, folder, options.soak)


if __name__ == "__main__":
    main()
