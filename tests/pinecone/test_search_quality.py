"""Recall in the answers of the face: the plan of a query, and the statistics of an index."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from pinyon import Pinecone

ROWS, D = 6_000, 32


def test_statistics_and_plans_tell_of_recall() -> None:
    rng = np.random.default_rng(1)
    centres = np.random.default_rng(99).standard_normal((30, D))
    rows = (centres[rng.integers(0, 30, ROWS)] + 0.4 * rng.standard_normal((ROWS, D))).astype(np.float32)
    with Pinecone(path=":memory:") as pc:
        pc.create_index(name="stars", dimension=D, metric="cosine")
        index = pc.Index("stars")
        index.upsert(vectors=[(str(row), rows[row]) for row in range(ROWS)])
        index.upsert(vectors=[("a", rows[0])], namespace="few")
        pc._database.index("stars").ready(timeout=120)
        plan = index.query(vector=rows[0], top_k=10, explain=True).plan
        assert plan is not None
        stats = index.describe_index_stats()
    quality = stats.namespaces[""].quality
    assert quality is not None
    assert quality.label in ("estimate", "exact")
    assert (quality.target, quality.effort, quality.checked) == (0.99, 1.0, 0)
    assert 0.98 < quality.recall <= 1.0
    assert plan.recall is not None
    assert plan.recall_label in ("estimate", "exact")
    assert stats.namespaces["few"].quality is None
    assert stats["namespaces"][""]["quality"]["recall"] == quality.recall
    assert json.loads(json.dumps(stats.to_dict()))["namespaces"]["few"] == {"vector_count": 1, "quality": None}
    assert "quality" not in repr(stats.namespaces["few"])
