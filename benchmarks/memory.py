"""What a process really holds under a memory budget, while more namespaces than fit are searched in turn.

Run: python benchmarks/memory.py [--namespaces 30] [--rows 20000] [--dimension 64] [--rounds 4]
                                 [--memory 8MB,32MB,128MB,1GB]

Namespaces lie in three indexes. A fresh process for each budget; every answer is compared with the exact one. Held is
what a process holds beyond mapped files (Anonymous of /proc/self/smaps_rollup, Linux only), before the first query and
at most during the others. Codes, metadata columns, and 5 bytes of metadata a record; generated clusters, cosine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
from _workload import child, say

import pinyon
from pinyon.engine import Database
from pinyon.engine.budget import check_memory
from pinyon.types import IndexSpec, Query

TOP_K: Final = 10
INDEXES: Final = ("one", "two", "three")
QUERIES: Final = 20

_CODE: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import memory
memory.asked(*sys.argv[2:])
"""


def held() -> int:
    """Bytes that this process holds beyond mapped files."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/self/smaps_rollup tells nothing: this benchmark needs Linux")


def rows_of(space: int, rows: int, dimension: int) -> np.ndarray:
    rng = np.random.default_rng(space)
    centres = rng.standard_normal((100, dimension))
    found = centres[rng.integers(0, 100, rows)] + 0.4 * rng.standard_normal((rows, dimension))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def place(space: int) -> tuple[str, str]:
    """(index, namespace)."""
    return INDEXES[space % 3], str(space // 3)


def asked(folder: str, budget: str, namespaces: str, rounds: str) -> None:
    """In a process of its own: prints [before, most, budget used at most, loaded, hits, ms of CPU, seconds a round]."""
    queries, truth = np.load(f"{folder}/queries.npy"), np.load(f"{folder}/truth.npy")
    with Database(f"{folder}/data", memory=budget) as database:
        indexes = {name: database.index(name) for name in INDEXES}
        before = most = held()
        used, hits, took, began = 0, 0, [], time.perf_counter()
        for turn in range(int(rounds)):
            for space in range(int(namespaces)):
                index, namespace = place(space)
                at = (turn + space) % len(queries)
                start = time.thread_time()
                found = indexes[index].query(namespace, Query(TOP_K, queries[at]))
                took.append(time.thread_time() - start)
                hits += len({int(match.id) for match in found.matches} & set(truth[space, at].tolist()))
                most, used = max(most, held()), max(used, database.budget.used)
        seconds = (time.perf_counter() - began) / int(rounds)
        mean = float(np.mean(took)) * 1e3
        sys.stdout.write(json.dumps([before, most, used, database.budget.loaded, hits, mean, seconds]) + "\n")


def filled(folder: Path, options: argparse.Namespace) -> int:
    """Makes the data; gives what all namespaces together hold once they are loaded."""
    queries = rows_of(1_000, QUERIES, options.dimension)
    truth = np.empty((options.namespaces, QUERIES, TOP_K), np.int64)
    with Database(folder / "data") as database:
        for name in INDEXES:
            database.create_index(IndexSpec(name, options.dimension, "cosine"))
        ids = [str(row) for row in range(options.rows)]
        for space in range(options.namespaces):
            index, namespace = place(space)
            rows = rows_of(space, options.rows, options.dimension)
            database.index(index).upsert(namespace, ids, rows, metadata={"n": list(range(options.rows))})
            truth[space] = np.argsort(-(queries @ rows.T), axis=1)[:, :TOP_K]
        for name in INDEXES:
            database.index(name).ready()
        places = [place(space) for space in range(options.namespaces)]
        total = sum(database.index(index).describe(namespace).nbytes for index, namespace in places)
    np.save(folder / "queries.npy", queries)
    np.save(folder / "truth.npy", truth)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--namespaces", type=int, default=30)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--memory", type=lambda text: text.split(","), default=["8MB", "32MB", "128MB", "1GB"])
    options = parser.parse_args()
    say(
        f"pinyon {pinyon.__version__}, Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    )
    with tempfile.TemporaryDirectory() as folder:
        total = filled(Path(folder), options)
        say(
            f"{options.namespaces} namespaces of {options.rows:,} x {options.dimension} in {len(INDEXES)} indexes, "
            f"{total / 1e6:.0f} MB in all; {options.rounds} rounds of one query each; MB"
        )
        say(f"  {'budget':>8s} {'used':>8s} {'held':>8s} {'beyond':>8s} {'loaded':>7s} {'recall':>7s} {'CPU ms':>7s}")
        for budget in options.memory:
            told = child(
                _CODE, str(Path(__file__).parent), folder, budget, str(options.namespaces), str(options.rounds)
            )
            before, most, used, loaded, hits, milliseconds, _ = json.loads(told)
            limit = check_memory(budget)
            recall = hits / (TOP_K * options.namespaces * options.rounds)
            say(
                f"  {limit / 1e6:8.1f} {used / 1e6:8.1f} {(most - before) / 1e6:8.1f} "
                f"{(most - before - limit) / 1e6:8.1f} {loaded:7d} {recall:7.4f} {milliseconds:7.2f}"
            )
    say("  (held: at most, less what the process held before its first query; beyond: held less the budget)")


if __name__ == "__main__":
    main()
