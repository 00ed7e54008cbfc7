"""Readers and a writer in one process, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from benchmarks.peers.contract import TOP_K, Adapter, Batch, Floats
from benchmarks.peers.data import Data

clock = time.perf_counter
SAMPLE = 20
"""One answer in so many is kept for the judge."""


@dataclass
class Reader:
    """What one thread measured."""

    times: list[float] = field(default_factory=list)
    found: list[list[int]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    short: int = 0
    errors: list[str] = field(default_factory=list)

    def run(self, adapter: Adapter, queries: Floats, first: int, stop: threading.Event) -> None:
        number = first
        while not stop.is_set():
            place = number % len(queries)
            begin = clock()
            try:
                rows = adapter.query(queries[place], TOP_K)
            except Exception as problem:  # whatever a contender raises under load is a figure here
                self.errors.append(f"{type(problem).__name__}: {problem}"[:200])
                stop.wait(0.001)
                continue
            finally:
                number += 1
            self.times.append(clock() - begin)
            self.short += len(set(rows)) < TOP_K
            if len(self.times) % SAMPLE == 1:
                self.found.append([*rows[:TOP_K], *[-1] * (TOP_K - len(rows))])
                self.numbers.append(place)


@dataclass
class Writer:
    """Upserts new records, at most ``rate`` a second (0: as fast as it goes)."""

    rate: float
    written: int = 0
    errors: list[str] = field(default_factory=list)

    def run(self, adapter: Adapter, batches: Iterator[Batch], stop: threading.Event) -> None:
        begin = clock()
        while not stop.is_set():
            batch = next(batches)
            try:
                adapter.upsert(batch)
            except Exception as problem:  # as above
                self.errors.append(f"{type(problem).__name__}: {problem}"[:200])
                stop.wait(0.01)
                continue
            self.written += len(batch)
            if self.rate:
                stop.wait(max(0.0, self.written / self.rate - (clock() - begin)))


def phase(
    adapter: Adapter, data: Data, readers: int, seconds: float, rate: float | None, newcomers: Iterator[Batch]
) -> dict[str, Any]:
    """``readers`` threads for so many seconds, and a writer unless ``rate`` is None."""
    stop = threading.Event()
    reading = [Reader() for _ in range(readers)]
    handles = [adapter.reader() for _ in range(readers)]
    step = len(data.queries) // readers
    threads = [
        threading.Thread(target=reader.run, args=(handle, data.queries, number * step, stop))
        for number, (reader, handle) in enumerate(zip(reading, handles, strict=True))
    ]
    writer = Writer(rate or 0.0)
    if rate is not None:
        threads.append(threading.Thread(target=writer.run, args=(adapter, newcomers, stop)))
    begin = clock()
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    elapsed = clock() - begin
    for handle in handles:
        if handle is not adapter:
            handle.close()
    return _figures(reading, writer, elapsed)


def _figures(reading: list[Reader], writer: Writer, elapsed: float) -> dict[str, Any]:
    times = np.array([value for reader in reading for value in reader.times])
    errors = [error for reader in reading for error in reader.errors] + writer.errors
    p50, p99 = np.quantile(times, [0.5, 0.99]) * 1e3 if len(times) else (np.nan, np.nan)
    return {
        "qps": len(times) / elapsed,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "worst_ms": float(times.max()) * 1e3 if len(times) else float("nan"),
        "writes_per_s": writer.written / elapsed,
        "errors": len(errors),
        "which": sorted(set(errors))[:3],
        "short": sum(reader.short for reader in reading),
        "found": np.array([rows for reader in reading for rows in reader.found], np.int64).reshape(-1, TOP_K),
        "numbers": [number for reader in reading for number in reader.numbers],
    }


def concurrency(adapter: Adapter, data: Data, job: dict[str, Any]) -> dict[str, Any]:
    """One reader, four readers, then four readers beside a writer at each of the rates."""
    adapter.open(create=False)
    adapter.finish()
    adapter.use(job["setting"])
    newcomers = data.newcomers(job["batch"])
    next(newcomers)  # reads its pool before any clock runs
    idle = min(10.0, job["seconds"])
    phases = {}
    plan = [("1 reader", 1, idle, None), (f"{job['readers']} readers", job["readers"], idle, None)]
    plan += [(_name(job["readers"], rate), job["readers"], job["seconds"], rate) for rate in job["rates"]]
    for name, readers, seconds, rate in plan:
        phases[name] = phase(adapter, data, readers, seconds, rate, newcomers)
        job["keep"]({"phases": phases})  # a contender may bring its process down in the next phase
    adapter.close()
    return {"phases": phases}


def _name(readers: int, rate: float) -> str:
    return f"{readers} readers, writer {f'at {rate:g}/s' if rate else 'unbounded'}"
