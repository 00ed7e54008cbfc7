"""What the tests of damaged files do in child processes, so that a crash of the interpreter would be seen."""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from faults import engine_workload as workload
from faults.engine_workload import NAMESPACES, SPEC, Content, State, Step, content, foretell, lower_thresholds, step
from faults.forks import Send
from pinyon.engine import CorruptionWarning, Database, Finding, Index
from pinyon.errors import CorruptionError, PinyonError
from pinyon.types import Query

STEPS = 40


History: TypeAlias = "Sequence[Sequence[int]]"
"""Runs of writes, each (seed, from, to), at the end of which both namespaces are filled."""


def writes(history: History) -> Iterator[Step]:
    for seed, start, stop in history:
        for sequence in range(start, stop - 2):
            yield step(seed, sequence)
        for offset, namespace in enumerate(NAMESPACES):
            yield step(seed, stop - 2 + offset, kind="load", namespace=namespace)
        yield large(seed, stop)


def large(seed: int, sequence: int) -> Step:
    """Three records that each need several pages."""
    fresh = step(seed, sequence, kind="load", namespace="")
    texts = [f"{seed} {sequence} {number} " * 1_000 for number in range(3)]
    metadata = tuple({"group": "large", "text": text} for text in texts)
    return replace(fresh, ids=("large-0", "large-1", "large-2"), vectors=fresh.vectors[:3], metadata=metadata)


def state_of(history: History) -> State:
    """What these writes leave."""
    state = workload.empty()
    for write in writes(history):
        state = foretell(state, write)
    return state


def build(argument: dict[str, Any], send: Send) -> None:
    """Do the writes, one LSN each, and save caches."""
    lower_thresholds()
    with Database(argument["path"]) as database:
        if not database.has_index(SPEC.name):
            workload.fresh_index(database)
        index = database.index(SPEC.name)
        for write in writes(argument["history"]):
            workload.run(index, write)
        index.ready()


def believed(index: Index) -> dict[str, bool]:
    """By namespace: whether a freshly opened index begins with what a cache file holds."""
    found = {}
    with index.truth.read() as view:
        for name in view.counts():
            position = view.position(name)
            assert position is not None
            found[name] = index.memory.state(view, position[0]).snapshot.lsn > 0
    return found


def answer(argument: dict[str, Any], send: Send) -> dict[str, Any]:
    """Open, compare all answers with the model, let the caches be rebuilt, and open again.

    Gives which namespaces began with a cache the first time.
    """
    lower_thresholds()
    state = state_of(argument["history"])
    rng = np.random.default_rng(argument["seed"])
    path = Path(argument["path"])
    with Database(path) as database:
        index = database.index(SPEC.name)
        first = believed(index)
        check(index, state, rng)
        index.ready()
        check(index, state, rng)
        assert database.verify() == []
    with Database(path) as database:
        index = database.index(SPEC.name)
        assert set(believed(index).values()) == {True}, "the cache was not rebuilt"
        check(index, state, rng)
        index.upsert("", ["later"], np.ones((1, workload.DIMENSION), np.float32))
        assert index.fetch("", ["later"])["later"].values is not None
        index.delete("", ["later"])
        check(index, state, rng)
    return first


def check(index: Index, state: State, rng: np.random.Generator) -> None:
    assert workload.read(index) == (state, 0)
    recalls = list(workload.check_searches(index, state, rng))
    assert np.mean(recalls) > 0.7


# -- damaged truth files ----------------------------------------------------------------------------------------------


def endure(argument: dict[str, Any], send: Send) -> dict[str, Any]:
    """Use a damaged database in every way, let caches be built, then repair it unless `repair` is False.

    Wrong data is an AssertionError here; the rest is told.
    Gives: errors (messages of what was refused), unreadable (ids by namespace that fetch refused), absent (number of
    ids that fetch did not find), warnings, left_out (ids that no query gave), findings and repaired (place, problem,
    remedy), lost (ids that are gone after repair), intact (whether all was as written, before).
    """
    lower_thresholds()
    state = state_of(argument["history"])
    path = Path(argument["path"])
    told: dict[str, Any] = {"errors": [], "unreadable": [], "messages": [], "absent": 0, "warnings": [], "left_out": []}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CorruptionWarning)
        with contextlib.suppress(_Refused), refusals(told), Database(path) as database:
            index = database.index(SPEC.name)
            _fetch_all(index, state, told)
            _query_all(index, state, told)
            index.ready()
    told["warnings"] = [str(warning.message) for warning in caught if warning.category is CorruptionWarning]
    told["intact"] = not (told["errors"] or told["unreadable"] or told["absent"] or told["left_out"])
    if argument.get("repair", True):
        _mend(path, state, told)
    return told


class _Refused(Exception):
    """Pinyon said no, as it may."""


@contextlib.contextmanager
def refusals(told: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except PinyonError as error:
        told["errors"].append(f"{type(error).__name__}: {error.message}")
        raise _Refused from error


def _fetch_all(index: Index, state: State, told: dict[str, Any]) -> None:
    for name, records in state.items():
        for id_, expected in records.items():
            try:
                found = index.fetch(name, [id_])
            except CorruptionError as error:
                told["unreadable"].append(id_)
                told["messages"].append(error.message)
                continue
            told["absent"] += not found
            assert not found or content(found[id_]) == expected, f"wrong content of {id_!r}"
    for message in told["messages"]:
        assert "pinyon repair" in message
        assert str(index.path) in message


def _query_all(index: Index, state: State, told: dict[str, Any]) -> None:
    """Every record is asked for by its own vector, so that each could come first."""
    for name, records in state.items():
        for id_, (vector, _) in records.items():
            values = np.frombuffer(vector, "<f4")
            with contextlib.suppress(_Refused), refusals(told):
                matches = index.query(name, Query(3, vector=values, include_values=True, include_metadata=True)).matches
                for match in matches:
                    assert match.values is not None
                    assert (match.values.astype("<f4").tobytes(), match.metadata) == records[match.id]
                    assert abs(match.score - workload.cosine(records, [match.id], values)[match.id]) < 1e-5
                if id_ not in {match.id for match in matches}:
                    told["left_out"].append(id_)


def _mend(path: Path, state: State, told: dict[str, Any]) -> None:
    with contextlib.suppress(_Refused), refusals(told), Database(path) as database:
        told["findings"] = [_shown(finding) for finding in database.verify()]
        told["repaired"] = [_shown(finding) for finding in database.repair()]
        told["left"] = [_shown(finding) for finding in database.verify()]
        index = database.index(SPEC.name)
        found: dict[tuple[str, str], Content] = {}
        for name in index.stats().namespaces:
            found |= {(name, record.id): content(record) for record in index.iterate(name)}
        expected = {(name, id_): held for name, records in state.items() for id_, held in records.items()}
        renamed = {key for key in found if key[0].startswith("recovered-")}
        for key in found.keys() - renamed:
            assert found[key] == expected[key], f"wrong content of {key} after repair"
        for name, id_ in renamed:
            assert found[name, id_] in [expected.get((other, id_)) for other in NAMESPACES]
        saved = Counter(id_ for _, id_ in found)
        told["lost"] = sorted((Counter(id_ for _, id_ in expected) - saved).elements())
        index.upsert("", ["new"], np.ones((1, workload.DIMENSION), np.float32))
        assert [match.id for match in index.query("", Query(1, vector=np.ones(workload.DIMENSION))).matches] == ["new"]


def _shown(finding: Finding) -> str:
    return f"{finding.file}: {finding.place}: {finding.problem}; {finding.remedy}"
