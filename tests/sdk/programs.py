"""Small programs in the words of the SDK, for a client of any make: the official one, or Pinyon embedded.

Each takes a client and gives back what it saw, as plain values. The same program must see the same everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
D = 8
FILTERS: tuple[Any, ...] = (
    None,
    {"genre": "drama"},
    {"year": {"$gte": 1950, "$lt": 1990}},
    {"genre": {"$in": ["drama", "comedy"]}, "seen": True},
    {"tags": {"$nin": ["t1", "t2"]}},
    {"rating": {"$exists": False}},
    {"$or": [{"year": {"$lt": 1910}}, {"$and": [{"rating": {"$gt": 2.5}}, {"seen": False}]}]},
)


def films(number: int) -> list[dict[str, Any]]:
    draw = random.Random(7)
    made = []
    for at in range(number):
        metadata: dict[str, Any] = {"genre": ("drama", "comedy", "documentary")[at % 3], "year": 1900 + at}
        metadata |= {"seen": at % 2 == 0, "tags": [f"t{at % 4}", f"t{at % 7}"]}
        if at % 4:
            metadata["rating"] = at % 5 + 0.5
        made.append({"id": f"film-{at:03}", "values": [draw.gauss(0, 1) for _ in range(D)], "metadata": metadata})
    return made


def queries(number: int) -> list[list[float]]:
    draw = random.Random(11)
    return [[draw.gauss(0, 1) for _ in range(D)] for _ in range(number)]


def matches(found: Any) -> list[Any]:
    return [[match["id"], match["score"], plain(match.get("metadata"))] for match in found["matches"]]


def plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def searching(pc: Any, metric: str) -> list[Any]:
    """Every filter, three queries, three depths."""
    pc.create_index(name="films", dimension=D, metric=metric, spec=SPEC)
    index = pc.Index("films")
    index.upsert(vectors=films(120))
    seen = []
    for filter in FILTERS:
        for vector in queries(3):
            for top_k in (1, 10, 200):
                found = index.query(vector=vector, top_k=top_k, filter=filter, include_metadata=True)
                seen.append(matches(found))
    seen.append(matches(index.query(id="film-007", top_k=5)))
    return seen


def cosine(pc: Any) -> list[Any]:
    return searching(pc, "cosine")


def dotproduct(pc: Any) -> list[Any]:
    return searching(pc, "dotproduct")


def euclidean(pc: Any) -> list[Any]:
    return searching(pc, "euclidean")


def ties(pc: Any) -> list[Any]:
    """Equal scores come in order of id."""
    pc.create_index(name="films", dimension=D, metric="cosine", spec=SPEC)
    index = pc.Index("films")
    one = [1.0] + [0.0] * (D - 1)
    index.upsert(vectors=[(name, one) for name in ("b", "a", "10", "9", "B", "~", "!", "aa")])
    return [matches(index.query(vector=one, top_k=top_k)) for top_k in (3, 8)]


def hybrid(pc: Any) -> list[Any]:
    pc.create_index(name="films", dimension=D, metric="dotproduct", spec=SPEC)
    index = pc.Index("films")
    records = films(60)
    for at, record in enumerate(records):
        if at % 3:
            record["sparse_values"] = {"indices": [at % 7, 50], "values": [1.5, -0.5]}
    index.upsert(vectors=records)
    seen = []
    for vector in queries(3):
        for filter in FILTERS[:3]:
            sparse = {"indices": [3, 50], "values": [2.0, 1.0]}
            seen.append(matches(index.query(vector=vector, sparse_vector=sparse, top_k=20, filter=filter)))
    return seen


def sparse(pc: Any) -> list[Any]:
    pc.create_index(name="films", metric="dotproduct", vector_type="sparse", spec=SPEC)
    index = pc.Index("films")
    weights = {"one": ([1, 7], [1.0, 2.0]), "two": ([7], [0.5]), "three": ([4_294_967_295], [3.0])}
    index.upsert(
        vectors=[
            {"id": name, "sparse_values": {"indices": indices, "values": values}}
            for name, (indices, values) in weights.items()
        ]
    )
    asked: tuple[tuple[list[int], list[float]], ...] = (([7], [2.0]), ([1, 7], [-1.0, 1.0]), ([99], [1.0]))
    return [
        matches(index.query(sparse_vector={"indices": indices, "values": values}, top_k=10))
        for indices, values in asked
    ]


def writing(pc: Any) -> list[Any]:
    """What is there after upserts, updates and deletions of several kinds."""
    pc.create_index(name="films", dimension=D, metric="cosine", spec=SPEC)
    index = pc.Index("films")
    records = films(30)
    counts = [index.upsert(vectors=records, namespace="n", batch_size=7).upserted_count]
    index.upsert(vectors=[(records[0]["id"], records[1]["values"], {"new": True})], namespace="n")
    index.update(id="film-001", set_metadata={"year": 1, "extra": ["a", "b"]}, namespace="n")
    index.update(id="film-002", values=records[5]["values"], namespace="n")
    index.update(id="nobody", set_metadata={"year": 1}, namespace="n")
    index.delete(ids=["film-003", "nobody"], namespace="n")
    index.delete(filter={"genre": "comedy"}, namespace="n")
    held = index.fetch(ids=[record["id"] for record in records], namespace="n").vectors
    rows = [[name, list(held[name].values), plain(held[name].metadata)] for name in sorted(held)]
    stats = index.describe_index_stats()
    return [counts, rows, stats["total_vector_count"], stats["namespaces"]["n"]["vector_count"]]


def listing(pc: Any) -> list[Any]:
    pc.create_index(name="films", dimension=D, metric="cosine", spec=SPEC)
    index = pc.Index("films")
    names = ["a", "B", "b", "aa", "a-1", "a0", "~", "!", "10", "9", "a b", "a/b", "a%2Fb", "ab", "a#?&"]
    index.upsert(vectors=[(name, [1.0] * D) for name in names], namespace="odd / name")
    seen = []
    for prefix in (None, "a", "z"):
        ids: list[str] = []
        token = None
        while True:
            page = index.list_paginated(prefix=prefix, limit=4, pagination_token=token, namespace="odd / name")
            ids += [item.id for item in page.vectors or ()]
            token = page.pagination.next if getattr(page, "pagination", None) else None
            if token is None:
                break
        seen.append(ids)
    return seen


def refusals(pc: Any) -> list[Any]:
    """Which calls are refused."""
    pc.create_index(name="films", dimension=D, metric="cosine", spec=SPEC)
    index = pc.Index("films")
    index.upsert(vectors=[("a", [1.0] * D)])
    calls: dict[str, Callable[[], Any]] = {
        "a short vector": lambda: index.upsert(vectors=[("b", [1.0])]),
        "a null byte": lambda: index.upsert(vectors=[("b\0", [1.0] * D)]),
        "a letter beyond ASCII": lambda: index.upsert(vectors=[("é", [1.0] * D)]),
        "nested metadata": lambda: index.upsert(vectors=[("b", [1.0] * D, {"x": {"y": 1}})]),
        "a short query": lambda: index.query(vector=[1.0], top_k=1),
        "an unknown operator": lambda: index.query(vector=[1.0] * D, top_k=1, filter={"x": {"$near": 1}}),
        "an unknown id": lambda: index.query(id="nobody", top_k=1),
        "an unknown namespace": lambda: index.query(vector=[1.0] * D, top_k=1, namespace="nowhere"),
        "a name that is taken": lambda: pc.create_index(name="films", dimension=D, metric="cosine", spec=SPEC),
        "an unknown index": lambda: pc.describe_index("nobody"),
    }
    return [[name, _outcome(call)] for name, call in calls.items()] + [
        index.describe_index_stats()["total_vector_count"]
    ]


def _outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:
        status = getattr(error, "status", None) or getattr(error, "status_code", None)
        if status is None:
            if not isinstance(error, ValueError | TypeError):
                raise
            status = 400  # refused by the client itself, before it asked
        return f"refused with {status}"
    return "done"


PROGRAMS: dict[str, Callable[[Any], list[Any]]] = {
    program.__name__: program
    for program in (cosine, dotproduct, euclidean, ties, hybrid, sparse, writing, listing, refusals)
}


def run(name: str, pc: Any) -> list[Any]:
    return PROGRAMS[name](pc)
