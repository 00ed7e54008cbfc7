"""Writers and readers of the storm. What a writer's n-th transaction leaves is a function of seed, writer and n."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from faults.engine_workload import Content, content, cosine, lower_thresholds
from faults.forks import Send
from pinyon.engine import Database, Index
from pinyon.types import IndexSpec, Query

SPEC = IndexSpec("storm", 8, "cosine")
WRITERS = 4
SLOTS = 8
EXTRAS = 6
NAMESPACES = ("", "other")
Expected: TypeAlias = "dict[str, dict[str, Content]]"
"""namespace -> id -> content, of one writer."""


def expected(seed: int, writer: int, sequence: int) -> Expected:
    """What a writer's records are after its transaction of that number; transaction 0 is none.

    Always the same slots, a token that changes its namespace each time, and a number of extras that come and go.
    """
    state: Expected = {name: {} for name in NAMESPACES}
    if not sequence:
        return state
    vectors = np.random.default_rng([seed, writer, sequence]).standard_normal((SLOTS + EXTRAS + 1, 8), np.float32)
    slots = [f"w{writer}-slot-{slot}" for slot in range(SLOTS)]
    extras = [f"w{writer}-extra-{extra}" for extra in range(sequence % EXTRAS)]
    for position, id_ in enumerate([*slots, *extras]):
        state[""][id_] = _content(vectors[position], writer, sequence)
    state[NAMESPACES[sequence % 2]][f"w{writer}-token"] = _content(vectors[-1], writer, sequence)
    return state


def _content(vector: Any, writer: int, sequence: int) -> Content:
    return vector.astype("<f4").tobytes(), {"writer": writer, "sequence": sequence, "name": f"쓰는 이 {writer}"}


def transact(index: Index, seed: int, writer: int, sequence: int) -> None:
    """The transaction of that number, over both namespaces."""
    state = expected(seed, writer, sequence)
    every = [*(f"w{writer}-extra-{extra}" for extra in range(EXTRAS)), f"w{writer}-token"]
    with index.batch() as batch:
        for name in NAMESPACES:
            gone = [id_ for id_ in every if id_ not in state[name]]
            batch.delete(name, gone)
            if state[name]:
                ids, contents = list(state[name]), list(state[name].values())
                vectors = np.array([np.frombuffer(vector, "<f4") for vector, _ in contents])
                batch.upsert(name, ids, vectors, metadata=[metadata for _, metadata in contents])


def sequence_of(index: Index, writer: int) -> int:
    """The last transaction of a writer that the index holds."""
    slot = f"w{writer}-slot-0"
    found = index.fetch("", [slot]).get(slot)
    return 0 if found is None or found.metadata is None else int(found.metadata["sequence"])  # type: ignore[arg-type]


# -- the processes ----------------------------------------------------------------------------------------------------


def write(argument: dict[str, Any], send: Send) -> None:
    """Go on behind the last transaction. Lines: ``resumed <n>``, ``done <n>``."""
    lower_thresholds()
    seed, writer = argument["seed"], argument["number"]
    rng = np.random.default_rng(argument["shuffle"])
    database = Database(argument["path"])
    index = database.index(SPEC.name)
    sequence = sequence_of(index, writer)
    send("resumed", sequence)
    while True:
        sequence += 1
        transact(index, seed, writer, sequence)
        send("done", sequence)
        chance = rng.random()
        if chance < 0.02:
            index.ready()
        elif chance < 0.025:
            database.compact(SPEC.name)
        elif chance < 0.04:
            database.close()
            database = Database(argument["path"])
            index = database.index(SPEC.name)


def read(argument: dict[str, Any], send: Send) -> None:
    """Check what can be seen, without end. Lines: ``saw <writer> <n>``."""
    lower_thresholds()
    seed = argument["seed"]
    rng = np.random.default_rng(argument["shuffle"])
    latest = [0] * WRITERS
    with Database(argument["path"]) as database:
        index = database.index(SPEC.name)
        while True:
            writer = int(rng.integers(WRITERS))
            look = search_one if rng.random() < 0.7 else fetch_one
            seen = look(index, seed, writer, rng)
            assert seen >= latest[writer], f"writer {writer} went back from {latest[writer]} to {seen}"
            latest[writer] = seen
            send("saw", writer, seen)


def search_one(index: Index, seed: int, writer: int, rng: np.random.Generator) -> int:
    """All records of one writer by one query: of one transaction, whole, and with the scores of their own vectors."""
    vector = rng.standard_normal(8, dtype=np.float32)
    query = Query(100, vector=vector, filter={"writer": writer}, include_values=True, include_metadata=True)
    matches = index.query("", query).matches
    if not matches:
        return 0
    found = {match.id: (np.asarray(match.values, "<f4").tobytes(), match.metadata) for match in matches}
    sequence = int((matches[0].metadata or {})["sequence"])  # type: ignore[arg-type]
    assert found == expected(seed, writer, sequence)[""], f"writer {writer}, transaction {sequence}: {sorted(found)}"
    scores = cosine(found, list(found), vector)
    for match in matches:
        assert abs(match.score - scores[match.id]) < 1e-5, f"the score of {match.id} is not that of its vector"
    return sequence


def fetch_one(index: Index, seed: int, writer: int, rng: np.random.Generator) -> int:
    """Records of one writer by id, from one namespace."""
    ids = [f"w{writer}-slot-{slot}" for slot in range(SLOTS)]
    ids += [f"w{writer}-extra-{extra}" for extra in range(EXTRAS)] + [f"w{writer}-token"]
    found = {id_: content(record) for id_, record in index.fetch("", ids).items()}
    if not found:
        return 0
    sequence = int((found[ids[0]][1] or {})["sequence"])
    assert found == expected(seed, writer, sequence)[""], f"writer {writer}, transaction {sequence}: {sorted(found)}"
    return sequence
