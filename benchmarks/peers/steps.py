"""The steps of the race, as they run inside a contender's process. Clocks are read around the contender's own calls.

A step takes an adapter, the data and the job's options, and gives figures as JSON values; arrays among them are saved
beside the result, and judged by the harness.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from benchmarks.peers import process
from benchmarks.peers.concurrent import concurrency
from benchmarks.peers.contract import BATCH, TOP_K, Adapter, Floats, Ints
from benchmarks.peers.data import Data

Job: TypeAlias = "dict[str, Any]"
Figures: TypeAlias = "dict[str, Any]"
clock = time.perf_counter


def padded(rows: Sequence[int]) -> list[int]:
    """Exactly k rows, -1 where there are none."""
    return [*rows[:TOP_K], *[-1] * (TOP_K - len(rows))]


def ask(adapter: Adapter, queries: Floats, where: Any, seconds: float) -> tuple[Ints, Floats]:
    """(m, k) rows and (m,) seconds of each query, as many as ``seconds`` permit but ten at least."""
    found, times = [], []
    until = clock() + seconds
    for query in queries:
        begin = clock()
        rows = adapter.query(query, TOP_K, where)
        times.append(clock() - begin)
        found.append(padded(rows))
        if clock() > until and len(found) >= 10:
            break
    return np.array(found, np.int64), np.array(times, np.float32)


def latency(times: Floats) -> Figures:
    p50, p99 = np.quantile(times, [0.5, 0.99]) * 1e3
    return {"p50_ms": float(p50), "p99_ms": float(p99), "qps": 1 / float(np.mean(times)), "asked": len(times)}


def ingest(adapter: Adapter, data: Data, job: Job) -> Figures:
    """Every row in batches, until each is on disk and indexed. Stops after ``seconds``, and says how far it came.

    Queries follow at once, with the contender's own setting, before what it still does in the background is done."""
    batches = list(data.batches())
    gc.collect()
    gc.freeze()
    before, spent = process.resident(), process.cpu()
    adapter.open(create=True)
    times: list[float] = []
    begin = clock()
    for batch in batches:
        start = clock()
        adapter.insert(batch)
        times.append(clock() - start)
        if start - begin > job["seconds"]:
            break
    acknowledged = clock()
    adapter.searchable()
    ready = clock()
    at_once, asked = ask(adapter, data.queries, None, 2)
    adapter.finish()
    finished = clock()
    records = adapter.count()
    adapter.close()
    megabytes, files = process.disk(adapter.folder)
    return {
        "records": records,
        "complete": records == data.rows,
        "acknowledged_per_s": records / sum(times),
        "finish_s": ready - acknowledged,
        "ready_s": ready - begin,
        "ready_per_s": records / (ready - begin),
        "settled_s": finished - begin - float(asked.sum()),
        "found": at_once,
        "cpu_s": process.cpu() - spent,
        "first_batch_ms": float(np.median(times[:10])) * 1e3,
        "last_batch_ms": float(np.median(times[-10:])) * 1e3,
        "peak_mb": process.peak() - before,
        "disk_mb": megabytes,
        "files": files,
    }


def reopen(adapter: Adapter, data: Data, job: Job) -> Figures:
    """From import to the first answer, and until it answers at its usual speed. ``imported_s`` is the worker's."""
    begin = clock()
    adapter.open(create=False)
    opened = clock()
    adapter.query(data.queries[0], TOP_K)
    first = clock()
    answered = process.resident()
    adapter.finish()
    settled = clock()
    ask(adapter, data.queries, None, 5)
    figures = {
        "open_s": opened - begin,
        "first_s": first - opened,
        "total_s": job["imported_s"] + first - begin,
        "settled_s": settled - first,
        "resident_mb": answered - job["bare_mb"],
        "used_mb": process.resident() - job["bare_mb"],
    }
    adapter.close()
    return figures


def _opened(adapter: Adapter, data: Data) -> None:
    adapter.open(create=False)
    adapter.finish()
    ask(adapter, data.warm, None, 5)


def sweep(adapter: Adapter, data: Data, job: Job) -> Figures:
    """Every setting that may reach one of the targets, over all queries."""
    _opened(adapter, data)
    offered = {target: list(adapter.settings(target)) for target in job["targets"]}
    settings: list[Any] = []
    for some in offered.values():
        settings += [setting for setting in some if setting not in settings]
    tried = []
    for setting in settings:
        targets = [target for target, some in offered.items() if setting in some]
        tried.append({**_pass(adapter, data, setting, job["seconds"]), "targets": targets})
    adapter.close()
    return {"tried": tried}


def _pass(adapter: Adapter, data: Data, setting: Any, seconds: float) -> Figures:
    adapter.use(setting)
    ask(adapter, data.warm[:10], None, 1)
    spent = process.cpu()
    found, times = ask(adapter, data.queries, None, seconds)
    used = (process.cpu() - spent) * 1e3 / len(times)
    return {"setting": setting, **latency(times), "cpu_ms": used, "found": found}


def query(adapter: Adapter, data: Data, job: Job) -> Figures:
    """The chosen settings, each in a client that has not answered these queries before."""
    rows = []
    for setting in job["settings"]:
        _opened(adapter, data)
        rows.append(_pass(adapter, data, setting, job["seconds"]))
        adapter.close()
    return {"tried": rows}


def filtered(adapter: Adapter, data: Data, job: Job) -> Figures:
    """Every filter with the chosen setting; a filter is prepared outside of the clock and asked once before."""
    _opened(adapter, data)
    adapter.use(job["setting"])
    cases = []
    for number, case in enumerate(data.filters):
        where = adapter.filter(data.conditions(number))
        begin = clock()
        adapter.query(data.warm[0], TOP_K, where)
        first = clock() - begin
        found, times = ask(adapter, data.queries, where, job["seconds"])
        cases.append(
            {"name": case["name"], "share": case["share"], "first_ms": first * 1e3, **latency(times), "found": found}
        )
    adapter.close()
    return {"cases": cases}


def change(adapter: Adapter, data: Data, job: Job) -> Figures:
    """Some rows get new vectors, others are deleted, then the contender's compaction runs."""
    _opened(adapter, data)
    adapter.use(job["setting"])
    updates, deletions = data.updates(), data.deletions()
    begin = clock()
    for start in range(0, len(updates), BATCH):
        adapter.upsert(updates[start : start + BATCH])
    updated = clock() - begin
    seen = sum(
        row in adapter.query(vector, TOP_K)
        for row, vector in list(zip(updates.rows, updates.vectors, strict=True))[:100]
    )
    begin = clock()
    adapter.delete(deletions)
    deleted = clock() - begin
    gone = set(deletions.rows)
    after, times = ask(adapter, data.queries, None, job["seconds"])
    figures = {
        "updated": len(updates),
        "deleted": len(deletions),
        "update_s": updated,
        "found_at_once": seen,
        "looked_for": min(100, len(updates)),
        "delete_s": deleted,
        "count": adapter.count(),
        "expected": data.rows - len(deletions),
        "deleted_seen": int(sum(row in gone for row in after.ravel().tolist())),
        **latency(times),
        "found": after,
    }
    begin = clock()
    adapter.compact()
    figures["compact_s"] = clock() - begin
    figures["compacted"] = ask(adapter, data.queries, None, job["seconds"])[0]
    adapter.close()
    figures["disk_mb"] = process.disk(adapter.folder)[0]
    return figures


def namespaces(adapter: Adapter, data: Data, job: Job) -> Figures:
    """Many small namespaces of the same records under other names; stops after ``seconds``."""
    pool = [
        batch[start : start + job["each"]]
        for batch in data.batches(10 * BATCH)
        for start in range(0, BATCH, job["each"])
    ]
    pool = [batch for batch in pool if len(batch) == job["each"]]
    before = process.resident()
    adapter.open_namespaces(create=True)
    begin, made = clock(), 0
    while made < job["count"] and clock() - begin < job["seconds"]:
        adapter.add_namespace(f"space-{made}", pool[made % len(pool)])
        made += 1
    spent = clock() - begin
    right, times = 0, []
    for number in np.random.default_rng(0).choice(made, min(100, made), replace=False).tolist():
        batch = pool[number % len(pool)]
        begin = clock()
        found = adapter.query_namespace(f"space-{number}", batch.vectors[0], TOP_K)
        times.append(clock() - begin)
        right += found[:1] == batch.rows[:1] and set(found) <= set(batch.rows)
    figures = {
        "as": adapter.namespaces,
        "made": made,
        "each_ms": spent / made * 1e3,
        "right": right,
        "of": len(times),
        **latency(np.array(times, np.float32)),
        "resident_mb": process.resident() - before,
    }
    adapter.close_namespaces()
    figures["disk_mb"], figures["files"] = process.disk(adapter.folder)
    return figures


STEPS: dict[str, Callable[[Adapter, Data, Job], Figures]] = {
    "ingest": ingest,
    "reopen": reopen,
    "sweep": sweep,
    "query": query,
    "filter": filtered,
    "change": change,
    "namespaces": namespaces,
    "concurrency": concurrency,
}
