"""Metadata filters: in queries, counts, updates and deletes."""

from __future__ import annotations

import sys

import numpy as np

from pinyon import Field, Pinecone

PATH = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
CITIES = ["서울", "부산", "대구", "광주"]
TAGS = ["parking", "pets", "terrace", "late"]

with Pinecone(path=PATH) as pc:
    pc.create_index("places", dimension=16)
    places = pc.Index("places")
    rng = np.random.default_rng(7)
    places.upsert(
        rng.normal(size=(1_000, 16)).astype(np.float32),
        ids=[f"place-{number:04d}" for number in range(1_000)],
        metadata={
            "city": [CITIES[number % 4] for number in range(1_000)],
            "rating": [round(float(rating), 1) for rating in rng.uniform(1, 5, 1_000)],
            "tags": [[TAGS[number % 4], TAGS[number % 3]] for number in range(1_000)],
        },
    )

    here = rng.normal(size=16)
    good = {"city": {"$in": ["서울", "부산"]}, "rating": {"$gte": 4.5}, "tags": "terrace"}
    answer = places.query(vector=here, top_k=5, filter=good, include_metadata=True, explain=True)
    print(f"{answer.plan.matching} of {answer.plan.records} records match: {answer.plan.kind}")
    for match in answer.matches:
        print(f"  {match.score:.3f}  {match.id}  {match.metadata}")

    # The same condition as an expression. Each comparison needs its parentheses.
    same = Field("city").is_in(["서울", "부산"]) & (Field("rating") >= 4.5) & (Field("tags") == "terrace")
    assert (
        places.query(vector=here, top_k=5, filter=same).matches
        == places.query(vector=here, top_k=5, filter=good).matches
    )

    poor = {"rating": {"$lt": 2.0}}
    print("poorly rated:", places.update(filter=poor, set_metadata={"hidden": True}, dry_run=True).matched_records)
    places.update(filter=poor, set_metadata={"hidden": True})
    places.delete(filter={"hidden": True, "city": "대구"})
    print("left:", places.describe_index_stats().total_vector_count)
