"""Builds one index and times searches with it, in the process that calls: one row for each set of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.studies import machine
from pinyon.studies.kinds import Built, Masks, Search, kind_of
from pinyon.studies.sources import Data
from pinyon.studies.truth import Truth, compute
from pinyon.studies.values import Configuration, Parameters, Row
from pinyon.types import Floats

TOP_K = 10
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Task:
    """What a measurement needs besides the kind and its parameters.

    masks: (n,) bool by name, for configurations with a ``filter``. truths: by ``truth_key``; one that is missing is
    computed. stage: told what is going on.
    """

    data: Data
    masks: Masks = field(default_factory=dict)
    truths: Mapping[tuple[int, str], Truth] = field(default_factory=dict)
    k: int = TOP_K
    repeats: int = REPEATS
    stage: Callable[[str], None] = lambda name: None


def truth_key(parameters: Parameters, n: int) -> tuple[int, str]:
    """Which truth a configuration is judged by: (number of rows, name of the filter or "")."""
    return int(parameters.get("rows", n)), str(parameters.get("filter", ""))


def complete(configuration: Configuration) -> Configuration:
    """The configuration with the defaults of its kind. Raises NotFoundError, InvalidRequestError."""
    kind = kind_of(configuration.kind)
    known = {**kind.build_parameters, **kind.search_parameters}
    names = [*known, *kind.optional, "rows", "filter"]
    unknown = configuration.parameters.keys() - set(names)
    if unknown:
        raise InvalidRequestError(
            f"kind {configuration.kind!r} has no parameter {min(unknown)!r}: there are {', '.join(names)}"
        )
    return Configuration(configuration.kind, {**known, **configuration.parameters})


def build_key(configuration: Configuration) -> str:
    """Equal for configurations that one build serves."""
    whole = complete(configuration)
    build = kind_of(whole.kind).build_parameters.keys() | {"rows"}
    return Configuration(whole.kind, {k: v for k, v in whole.parameters.items() if k in build}).key


def measure(
    kind: str,
    parameters: Parameters,
    data: Data,
    truth: Truth | None = None,
    *,
    k: int = TOP_K,
    repeats: int = REPEATS,
) -> Row:
    """Build one index on the data, search it with every query, and give its row.

    Memory is the growth of this process, so it says little in a process that has done other things before; ``running``
    measures in fresh ones. Raises NotFoundError for an unknown kind, InvalidRequestError for parameters that make no
    index.
    """
    configuration = Configuration(kind, parameters)
    truths = {} if truth is None else {truth_key(parameters, data.n): truth}
    (row,) = measure_each([configuration], Task(data, truths=truths, k=k, repeats=repeats))
    return row


def measure_each(configurations: Sequence[Configuration], task: Task) -> Iterator[Row]:
    """Rows of configurations that differ in search parameters alone, from one build; each as soon as it is known."""
    first = complete(configurations[0])
    if len({build_key(one) for one in configurations}) > 1:
        raise InvalidRequestError("configurations of one build may differ in search parameters alone")
    n = int(first.parameters.get("rows", task.data.n))
    if not task.k <= n <= task.data.n:
        raise InvalidRequestError(f"rows is {n}: the data have {task.data.n} rows, and top_k is {task.k}")
    load = machine.load()
    rows = task.data.base[:n]
    masks = {name: mask[:n] for name, mask in task.masks.items()}
    task.stage("build")
    resident = machine.Resident()
    started = perf_counter()
    built = kind_of(first.kind).build(rows, task.data.metric, first.parameters, masks)
    seconds = perf_counter() - started
    try:
        rss, peak = resident.growth()
        made = (n, seconds, built.serialised_bytes(), rss, peak)
        for configuration in configurations:
            task.stage("search")
            yield _row(configuration, built, task, masks, made, load)
    finally:
        built.close()


def _row(
    configuration: Configuration,
    built: Built,
    task: Task,
    masks: Masks,
    made: tuple[int, float, int, int | None, int | None],
    load: float | None,
) -> Row:
    parameters = complete(configuration).parameters
    search = built.searcher(parameters, masks, task.k)
    found = [search(query) for query in task.data.queries]  # the first pass warms caches, and is judged, not timed
    timed = np.array([_timed(search, task.data.queries) for _ in range(task.repeats)])
    usual = np.median(timed, axis=0)  # so that what else the machine does is not taken for queries that take long
    key = truth_key(parameters, task.data.n)
    truth = task.truths.get(key) or compute(task.data, key[0], task.k, masks.get(key[1]))
    return Row(
        configuration.kind,
        configuration.parameters,
        *made,
        milliseconds=tuple(timed.mean(axis=1).tolist()),
        recall_at_1=truth.recall(found, task.data, 1),
        recall_at_k=truth.recall(found, task.data, task.k),
        returned=float(np.mean([rows.size for rows in found])),
        load=load,
        p50=float(np.quantile(usual, 0.5)),
        p99=float(np.quantile(usual, 0.99)),
    )


def _timed(search: Search, queries: Floats) -> list[float]:
    """Milliseconds of each query, asked one after the other."""
    found = []
    for query in queries:
        started = perf_counter()
        search(query)
        found.append((perf_counter() - started) * 1e3)
    return found
