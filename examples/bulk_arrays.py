"""Many vectors at once: arrays with columns of metadata, recall against the exact answer, a batch as one commit."""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np

from pinyon import Pinecone

PATH = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
ROWS, DIMENSION = 20_000, 64

rng = np.random.default_rng(3)
centres = rng.normal(size=(200, DIMENSION))
vectors = (centres[rng.integers(200, size=ROWS)] + 0.6 * rng.normal(size=(ROWS, DIMENSION))).astype(np.float32)
queries = (centres[:50] + 0.6 * rng.normal(size=(50, DIMENSION))).astype(np.float32)

with Pinecone(path=PATH) as pc:
    pc.create_index("vectors", dimension=DIMENSION, metric="cosine", index={"recall": 0.99})
    index = pc.Index("vectors")
    started = perf_counter()
    for start in range(0, ROWS, 5_000):  # each call is one transaction; it is on disk when it returns
        part = slice(start, start + 5_000)
        index.upsert(
            vectors[part],
            ids=[f"v{row}" for row in range(ROWS)[part]],
            metadata={
                "row": list(range(ROWS))[part],
                "half": ["even" if row % 2 == 0 else "odd" for row in range(ROWS)[part]],
            },
        )
    print(f"{ROWS:,} records written in {perf_counter() - started:.2f} s")
    index.ready()

    found = total = 0
    for query in queries:
        near = {match.id for match in index.query(vector=query, top_k=10, filter={"half": "odd"}).matches}
        true = {match.id for match in index.query(vector=query, top_k=10, filter={"half": "odd"}, exact=True).matches}
        found, total = found + len(near & true), total + len(true)
    print(f"recall@10 under a filter: {found / total:.3f}")
    print(index.query(vector=queries[0], top_k=10, explain=True).plan)

    with index.batch() as batch:
        batch.upsert(vectors[:2], ids=["copy-0", "copy-1"])
        batch.delete(ids=["v0", "v1"])
    print("records:", index.describe_index_stats().total_vector_count)
