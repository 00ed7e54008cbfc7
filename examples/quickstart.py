"""Make an index, fill it, ask it: the Pinecone API in process."""

from __future__ import annotations

import sys

from pinyon import Pinecone, ServerlessSpec

PATH = sys.argv[1] if len(sys.argv) > 1 else ":memory:"

with Pinecone(path=PATH) as pc:
    pc.create_index("colours", dimension=3, metric="cosine", spec=ServerlessSpec("aws", "us-east-1"))
    colours = pc.Index("colours")
    colours.upsert(
        [
            {"id": "red", "values": [1.0, 0.0, 0.0], "metadata": {"name": "빨강", "warm": True}},
            {"id": "orange", "values": [1.0, 0.6, 0.0], "metadata": {"name": "주황", "warm": True}},
            {"id": "green", "values": [0.0, 0.8, 0.2], "metadata": {"name": "초록", "warm": False}},
            {"id": "blue", "values": [0.0, 0.2, 1.0], "metadata": {"name": "파랑", "warm": False}},
        ]
    )

    answer = colours.query(vector=[0.9, 0.3, 0.1], top_k=2, include_metadata=True)
    for match in answer.matches:
        print(f"{match.score:.3f}  {match.id:7s} {match.metadata['name']}")

    cold = colours.query(vector=[0.9, 0.3, 0.1], top_k=1, filter={"warm": False})
    print("nearest cold colour:", cold["matches"][0]["id"])
    print("records:", colours.describe_index_stats().total_vector_count)
