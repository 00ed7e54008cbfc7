"""Passes over milvus-lite by its own client; run by server.py in the environment of the peers."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import MilvusClient

NAME = "bench"


def main() -> None:
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    rows = np.load(folder / "rows.npy")
    connections = [MilvusClient(f"http://127.0.0.1:{job['port']}") for _ in range(job["clients"])]
    run = _upserts if job["what"] == "upsert" else _queries
    calls = run(rows, job, folder)
    times: list[float] = [0.0] * len(calls)
    found: list[Any] = [None] * len(calls)

    def work(client: MilvusClient, first: int) -> None:
        for number in range(first, len(calls), len(connections)):
            begin = time.perf_counter()
            found[number] = calls[number](client)
            times[number] = time.perf_counter() - begin

    if job["what"] == "upsert":
        client = connections[0]
        client.create_collection(NAME, dimension=rows.shape[1], metric_type="COSINE", id_type="int")
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(connections)) as pool:
        list(pool.map(work, connections, range(len(connections))))
    elapsed = time.perf_counter() - begin
    np.save(folder / "times.npy", np.array(times))
    if job["what"] == "query":
        np.save(folder / "found.npy", np.array([[hit["id"] for hit in hits[0]] for hits in found[: len(rows)]]))
    print(len(calls) / elapsed)


def _upserts(rows: np.ndarray, job: dict[str, Any], folder: Path) -> list[Any]:
    metadata = json.loads((folder / "metadata.json").read_text())
    vectors = rows.tolist()
    data = [{"id": number, "vector": vectors[number], **metadata[number]} for number in range(len(rows))]
    batches = [data[start : start + job["batch"]] for start in range(0, len(data), job["batch"])]
    return [lambda client, batch=batch: client.upsert(NAME, batch) for batch in batches]


def _queries(rows: np.ndarray, job: dict[str, Any], folder: Path) -> list[Any]:
    fields = ["category", "year", "price", "tags", "text"]
    made = [lambda client, row=row: client.search(NAME, [row], limit=10, output_fields=fields) for row in rows.tolist()]
    return made * job["times"]


if __name__ == "__main__":
    main()
