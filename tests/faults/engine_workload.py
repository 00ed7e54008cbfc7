"""Writes whose content is a pure function of seed and sequence number, and a dict that foretells their outcome.

Whoever knows the seed knows every byte that the first n writes leave behind, without having written one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pinyon.engine import Database, Index, bases, caching, maintenance, namespace, planner
from pinyon.errors import NotFoundError
from pinyon.types import Floats, IndexSpec, Query, Record

DIMENSION = 16
NAMESPACES = ("", "other")
IDS = 240
GROUPS = 8
SPEC = IndexSpec("kill", DIMENSION, "cosine")

Content: TypeAlias = "tuple[bytes, dict[str, Any] | None]"
"""A record's vector, float32 little-endian, and its metadata."""
State: TypeAlias = "dict[str, dict[str, Content]]"
"""namespace -> id -> content."""

KINDS = {
    "upsert": 0.34,
    "load": 0.05,
    "touch": 0.12,
    "revalue": 0.08,
    "delete": 0.14,
    "delete_where": 0.06,
    "update_where": 0.06,
    "transaction": 0.14,
    "delete_all": 0.01,
}

THRESHOLDS: dict[tuple[object, str], float] = {
    (bases, "SCAN_ROWS"): 96,
    (maintenance, "STEP_ROWS"): 64,
    (maintenance, "IDLE_ROWS"): 8,
    (maintenance, "QUIET"): 0.02,
    (maintenance, "CALM"): 0.02,
    (caching, "SAVE_ROWS"): 64,
    (namespace, "SPILL_ROWS"): 48,
    (bases, "SAMPLE"): 8,
    (planner, "GATHER_ROWS"): 20,
    (planner, "EXACT_SHARE"): 0.9,
}
"""With these, codes and caches are built for a few dozen rows and at once, where it takes thousands and quiet."""


def lower_thresholds() -> None:
    """For the rest of this process."""
    for (module, name), value in THRESHOLDS.items():
        setattr(module, name, value)


@dataclass(frozen=True)
class Step:
    """One write: a transaction."""

    sequence: int
    kind: str
    namespace: str
    ids: tuple[str, ...]
    group: str
    vectors: Floats
    metadata: tuple[dict[str, Any] | None, ...]

    @property
    def touched(self) -> dict[str, Any]:
        return {"touched": self.sequence, "group": self.group}


def step(seed: int, sequence: int, *, kind: str = "", namespace: str | None = None) -> Step:
    """The write of that number. Done twice in a row, it leaves what it left when done once.

    kind, namespace: instead of those that the number has.
    """
    rng = np.random.default_rng([seed, sequence])
    drawn = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    kind = kind or drawn
    count = {"load": 200, "touch": 1, "revalue": 1}.get(kind) or int(rng.integers(1, 40))
    numbers = [int(number) for number in rng.choice(IDS, count, replace=False)]
    return Step(
        sequence,
        kind,
        NAMESPACES[int(rng.random() < 0.3)] if namespace is None else namespace,
        tuple(f"{number:04d}" for number in numbers),
        f"g{rng.integers(GROUPS)}",
        rng.standard_normal((count, DIMENSION), dtype=np.float32),
        tuple(_metadata(sequence, position, number) for position, number in enumerate(numbers)),
    )


def _metadata(sequence: int, position: int, number: int) -> dict[str, Any] | None:
    if number % 17 == 0:
        return None
    return {
        "sequence": sequence,
        "position": position,
        "group": f"g{number % GROUPS}",
        "even": number % 2 == 0,
        "price": sequence / 7,
        "tags": [f"t{number % 5}", f"t{position % 3}"],
        "text": f"{sequence}번째 쓰기 " + "x" * (number % 50),
    }


def run(index: Index, write: Step) -> None:
    """Do it, as one transaction."""
    namespace, ids = write.namespace, list(write.ids)
    if write.kind in ("upsert", "load"):
        index.upsert(namespace, ids, write.vectors, metadata=write.metadata)
    elif write.kind == "touch":
        index.update(namespace, ids[0], set_metadata=write.touched)
    elif write.kind == "revalue":
        index.update(namespace, ids[0], values=write.vectors[0], set_metadata=write.touched)
    elif write.kind == "delete":
        index.delete(namespace, ids)
    elif write.kind == "delete_where":
        index.delete_where(namespace, {"group": write.group, "even": True})
    elif write.kind == "update_where":
        index.update_where(namespace, {"group": write.group}, write.touched)
    elif write.kind == "delete_all":
        try:
            index.delete_all(NAMESPACES[1])
        except NotFoundError:
            return
    else:
        moved = slice(1, 3) if len(ids) > 1 else slice(0, 1)
        with index.batch() as batch:
            batch.upsert(NAMESPACES[0], ids, write.vectors, metadata=write.metadata)
            batch.delete(NAMESPACES[1], ids)
            batch.update(NAMESPACES[0], ids[0], set_metadata=write.touched)
            batch.delete(NAMESPACES[0], ids[moved])
            batch.upsert(NAMESPACES[1], ids[moved], write.vectors[moved])


def foretell(state: State, write: Step) -> State:
    """The state after a write; the given one stays as it is."""
    state = {name: dict(records) for name, records in state.items()}
    mine = state[write.namespace]
    fresh = {
        id_: (vector.astype("<f4").tobytes(), metadata)
        for id_, vector, metadata in zip(write.ids, write.vectors, write.metadata, strict=True)
    }
    if write.kind in ("upsert", "load"):
        mine |= fresh
    elif write.kind == "touch":
        _touch(mine, write, write.ids)
    elif write.kind == "revalue":
        _touch(mine, write, write.ids)
        mine |= {id_: (vector, mine[id_][1]) for id_, (vector, _) in fresh.items() if id_ in mine}
    elif write.kind == "delete":
        _drop(mine, write.ids)
    elif write.kind == "delete_where":
        _drop(mine, [id_ for id_ in in_group(mine, write.group) if (mine[id_][1] or {}).get("even") is True])
    elif write.kind == "update_where":
        _touch(mine, write, in_group(mine, write.group))
    elif write.kind == "delete_all":
        state[NAMESPACES[1]] = {}
    else:
        first, second = state[NAMESPACES[0]], state[NAMESPACES[1]]
        moved = write.ids[1:3] or write.ids
        first |= fresh
        _drop(second, write.ids)
        _touch(first, write, write.ids[:1])
        _drop(first, moved)
        second |= {id_: (fresh[id_][0], None) for id_ in moved}
    return state


def in_group(records: Mapping[str, Content], group: str) -> list[str]:
    return [id_ for id_, (_, metadata) in records.items() if (metadata or {}).get("group") == group]


def _drop(records: dict[str, Content], ids: Iterable[str]) -> None:
    for id_ in ids:
        records.pop(id_, None)


def _touch(records: dict[str, Content], write: Step, ids: Iterable[str]) -> None:
    for id_ in ids:
        if id_ in records:
            vector, metadata = records[id_]
            records[id_] = vector, (metadata or {}) | write.touched


def empty() -> State:
    return {name: {} for name in NAMESPACES}


# -- looking at an index ----------------------------------------------------------------------------------------------


def content(record: Record) -> Content:
    assert record.values is not None
    return record.values.astype("<f4").tobytes(), record.metadata


def read(index: Index) -> tuple[State, int]:
    """Everything that an index holds, and how many ids came more than once."""
    state, twice = empty(), 0
    names = index.stats().namespaces
    for name in {*NAMESPACES, *names}:
        records = state.setdefault(name, {})
        for record in index.iterate(name, page=100):
            twice += record.id in records
            records[record.id] = content(record)
        assert index.count(name) == names.get(name, 0) == len(records), f"namespace {name!r} counts wrongly"
    return state, twice


def cosine(records: Mapping[str, Content], ids: list[str], vector: Floats) -> dict[str, float]:
    """Scores in float64, the slow and obvious way."""
    if not ids:
        return {}
    rows = np.array([np.frombuffer(records[id_][0], "<f4") for id_ in ids], np.float64)
    query = vector.astype(np.float64)
    found = rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query))
    return dict(zip(ids, found.tolist(), strict=True))


def check_searches(index: Index, state: State, rng: np.random.Generator) -> Iterator[float]:
    """Compare searches with the model, exact and not, with and without a filter; gives the recall of the inexact."""
    for name, records in state.items():
        group, bound = f"g{rng.integers(GROUPS)}", float(rng.integers(200))
        above = [id_ for id_, (_, metadata) in records.items() if (metadata or {}).get("price", -1.0) >= bound]
        for filter_, ids in (
            (None, list(records)),
            ({"group": group}, in_group(records, group)),
            ({"price": {"$gte": bound}}, above),
        ):
            vector = rng.standard_normal(DIMENSION, dtype=np.float32)
            yield from check_search(index, name, records, vector, filter_, ids)


def check_search(
    index: Index,
    namespace: str,
    records: Mapping[str, Content],
    vector: Floats,
    filter_: Mapping[str, Any] | None,
    ids: list[str],
) -> Iterator[float]:
    """One query, asked for exact and default results; every hit must be true, and exact search must miss nothing.

    ids: the records that the filter keeps. Gives the recall of the default search.
    """
    expected = cosine(records, ids, vector)
    best = sorted(expected.values(), reverse=True)[:10]
    for exact in (True, False):
        query = Query(10, vector=vector, filter=filter_, exact=exact, include_values=True, include_metadata=True)
        matches = index.query(namespace, query).matches
        assert len({match.id for match in matches}) == len(matches) == len(best), f"{namespace!r} {filter_}"
        for match in matches:
            assert match.id in expected, f"{match.id!r} of {namespace!r} does not match {filter_}"
            assert abs(match.score - expected[match.id]) < 1e-5
            assert match.values is not None
            assert (match.values.astype("<f4").tobytes(), match.metadata) == records[match.id]
        scores = [match.score for match in matches]
        if exact:
            assert np.allclose(scores, best, atol=1e-5), f"exact search in {namespace!r} with {filter_}"
        elif best:
            yield sum(score >= best[-1] - 1e-5 for score in scores) / len(best)


def fresh_index(database: Database) -> Index:
    """The empty index that the writes go to."""
    database.create_index(SPEC)
    return database.index(SPEC.name)
