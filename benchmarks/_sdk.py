"""What one official SDK reaches: run by server.py in an environment that has it. ``python _sdk.py URL KEY FOLDER``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import pinecone
from pinecone import Pinecone

BATCH = 200


def spent(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def clients(url: str, key: str, index: str) -> dict[str, Any]:
    """Handles on one index over REST and gRPC."""
    if pinecone.__version__.startswith("7"):
        from pinecone.grpc import GRPCClientConfig, PineconeGRPC

        pc = Pinecone(api_key=key, host=url)
        host = pc.describe_index(index).host.removeprefix("http://")
        grpc = PineconeGRPC(api_key=key, host=url)
        config = GRPCClientConfig(secure=False)
        return {"REST": pc.Index(host=f"http://{host}"), "gRPC": grpc.Index(host=host, grpc_config=config)}
    new = Pinecone(api_key=key, host=url, grpc_scheme="http")
    return {"REST": new.index(index), "gRPC": new.index(index, grpc=True)}


def main() -> None:
    url, key, folder = sys.argv[1:]
    queries = np.load(Path(folder) / "queries.npy").tolist()
    rows = np.load(Path(folder) / "rows.npy").tolist()
    records = [{"id": str(number), "values": row, "metadata": {"year": number}} for number, row in enumerate(rows)]
    for name, index in clients(url, key, "bench").items():
        times = [spent(lambda q=q, i=index: i.query(vector=q, top_k=10, include_metadata=True)) for q in queries]
        batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
        wrote = spent(lambda i=index, b=batches: [i.upsert(vectors=batch, namespace="sdk") for batch in b])
        p50 = float(np.median(times)) * 1e3
        print(
            f"{pinecone.__version__} {name}: p50 {p50:.2f} ms; one client upserts {len(records) / wrote:,.0f} records/s"
        )


if __name__ == "__main__":
    main()
