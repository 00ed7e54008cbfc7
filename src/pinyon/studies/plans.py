"""The five studies as data: which lists of parameters each has, and which configurations follow from them.

A list of several values varies one parameter, while the others stay at one value: what the caller gave, or the default.
So lists are not multiplied with each other; a study that is given two of them has two series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.index.faiss_kinds import SCALAR_CODES
from pinyon.studies.sources import Data
from pinyon.studies.values import Configuration, Options, Parameter
from pinyon.types import Bools

_MASK_SEED = 2


@dataclass(frozen=True, slots=True)
class Option:
    """One list of a study.

    values: what it is for n rows when it is not given. default: its one value for n rows while other lists vary; None
    keeps ``values``. least, most: of a number. words: the only ones that are known, for a list of words. single: one
    value alone makes sense.
    """

    values: Callable[[int], tuple[Parameter, ...]]
    default: Callable[[int], Parameter] | None = None
    least: float = 1
    most: float = float("inf")
    whole: bool = True
    words: tuple[str, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A study: its lists by name, and the configurations that they mean for n rows.

    kind: the kind whose parameters vary one at a time, in the studies that are such sweeps.
    """

    name: str
    options: Mapping[str, Option]
    configurations: Callable[[Plan, Options, int], Iterator[Configuration]]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Configurations in which one parameter varies, in the order of its values."""

    varied: str
    configurations: tuple[Configuration, ...]


def plan_of(name: str) -> Plan:
    """Raises NotFoundError."""
    if name not in PLANS:
        raise NotFoundError(f"there is no study {name!r}: choose from {', '.join(PLANS)}")
    return PLANS[name]


def resolve(plan: Plan, given: Mapping[str, Sequence[Parameter] | None], n: int) -> Options:
    """Every list of the plan: as given, or what it is for n rows. Raises InvalidRequestError for a bad value."""
    chosen = {name: tuple(values) for name, values in given.items() if values}
    unknown = chosen.keys() - plan.options.keys()
    if unknown:
        raise InvalidRequestError(f"study {plan.name} has no list {min(unknown)!r}: it has {', '.join(plan.options)}")
    varied = any(len(values) > 1 for values in chosen.values())
    resolved: Options = {}
    for name, option in plan.options.items():
        usual = (option.default(n),) if varied and option.default is not None else option.values(n)
        values = [checked(name, option, value) for value in chosen.get(name, usual)]
        if option.single and len(values) > 1:
            raise InvalidRequestError(f"{name} takes one value here, not {len(values)}")
        resolved[name] = tuple(dict.fromkeys(values))
    return resolved


def checked(name: str, option: Option, value: Any) -> Parameter:
    """A value of a list. Raises InvalidRequestError."""
    if option.words:
        if value not in option.words:
            raise InvalidRequestError(f"{name} {value!r} is unknown: choose from {', '.join(option.words)}")
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not option.least <= value <= option.most:
        most = "" if option.most == float("inf") else f" and at most {option.most:g}"
        raise InvalidRequestError(f"{name} is {value!r}: it must be a number of at least {option.least:g}{most}")
    if option.whole and value != int(value):
        raise InvalidRequestError(f"{name} is {value!r}: it must be a whole number")
    return int(value) if option.whole else float(value)


def configurations(plan: Plan, options: Options, n: int) -> list[Configuration]:
    """All configurations of a study on n rows, each once, in the order in which they are shown."""
    return list({one.key: one for one in plan.configurations(plan, options, n)}.values())


def series(plan: Plan, options: Options, n: int) -> Iterator[Series]:
    """The configurations of a sweep by the parameter that varies; nothing for the other studies."""
    if not plan.kind:
        return
    varied = [name for name in plan.options if len(options[name]) > 1]
    middle = {
        name: options[name][0] if option.default is None or len(options[name]) == 1 else option.default(n)
        for name, option in plan.options.items()
    }
    for name in varied or list(plan.options)[:1]:
        yield Series(name, tuple(Configuration(plan.kind, {**middle, name: value}) for value in options[name]))


def filter_masks(options: Options, data: Data, seed: int) -> dict[str, Bools]:
    """A (n,) mask for each selectivity that keeps at least one row: rows from anywhere, or those nearest to one row."""
    rng = np.random.default_rng([seed, _MASK_SEED])
    order = rng.permutation(data.n)
    if options["match"] == ("together",):
        order = np.argsort(((data.base - data.base[order[0]]) ** 2).sum(axis=1), kind="stable")
    masks = {}
    for share in options["selectivity"]:
        mask = np.zeros(data.n, np.bool_)
        mask[order[: max(1, round(float(share) * data.n))]] = True
        masks[str(share)] = mask
    return masks


# -- the studies ------------------------------------------------------------------------------------------------------


def _growth(plan: Plan, options: Options, n: int) -> Iterator[Configuration]:
    for rows in options["rows"]:
        yield Configuration("flat", {"rows": rows})


def _sweep(plan: Plan, options: Options, n: int) -> Iterator[Configuration]:
    yield Configuration("flat")
    for one in series(plan, options, n):
        yield from one.configurations


def _filter(plan: Plan, options: Options, n: int) -> Iterator[Configuration]:
    (m,), (ef_construction,), (candidates,) = options["m"], options["ef_construction"], options["candidates"]
    for share in options["selectivity"]:
        graph: dict[str, Parameter] = {"filter": str(share), "m": m, "ef_construction": ef_construction}
        after = {"filtering": "after", "ef_search": candidates, "candidates": candidates}
        yield Configuration("hnsw", {**graph, **after})
        for ef_search in options["ef_search"]:
            yield Configuration("hnsw", {**graph, "filtering": "during", "ef_search": ef_search})
        yield Configuration("flat", {"filter": str(share)})
        yield Configuration("pinyon", {"filter": str(share)})


def _quantise(plan: Plan, options: Options, n: int) -> Iterator[Configuration]:
    yield Configuration("flat")
    for code in map(str, options["codes"]):
        if code == "scan":
            yield Configuration(code)
            continue
        for width in options["width"] if code.startswith("pq") else (None,):
            for rerank in options["rerank"]:
                shared = {} if width is None else {"width": width}
                yield Configuration(code, {**shared, "rerank": rerank})


def _always(*values: Parameter) -> Callable[[int], tuple[Parameter, ...]]:
    return lambda n: values


def _clusters(n: int) -> int:
    return max(1, min(256, n // 10))


_HNSW = {
    # What faiss takes when nothing is said, except for m.
    "m": Option(_always(8, 16, 32, 64), lambda n: 32, least=2),
    "ef_construction": Option(_always(40, 80, 160, 320), lambda n: 40),
    "ef_search": Option(_always(16, 32, 64, 128), lambda n: 16),
}
_IVF = {
    "nlist": Option(lambda n: tuple(min(lists, max(1, n // 10)) for lists in (64, 256, 1_024)), _clusters),
    "nprobe": Option(_always(1, 4, 16, 64), lambda n: 8),
}
_FILTER = {
    "selectivity": Option(_always(0.5, 0.1, 0.01, 0.001), least=1e-9, most=1, whole=False),
    "ef_search": Option(_always(64, 256)),
    "candidates": Option(_always(100), single=True),
    "m": Option(_always(16), least=2, single=True),
    "ef_construction": Option(_always(80), single=True),
    "match": Option(_always("anywhere"), words=("anywhere", "together"), single=True),
}
_QUANTISE = {
    "codes": Option(_always("fp16", "int8", "pq8", "pq4", "scan"), words=(*SCALAR_CODES, "pq8", "pq4", "scan")),
    "width": Option(_always(2, 4)),
    "rerank": Option(_always(0, 100), least=0),
}
_GROWTH = {"rows": Option(lambda n: tuple(dict.fromkeys(max(1, n * part // 5) for part in range(1, 6))))}

PLANS: dict[str, Plan] = {
    "growth": Plan("growth", _GROWTH, _growth),
    "hnsw": Plan("hnsw", _HNSW, _sweep, kind="hnsw"),
    "ivf": Plan("ivf", _IVF, _sweep, kind="ivf"),
    "filter": Plan("filter", _FILTER, _filter),
    "quantise": Plan("quantise", _QUANTISE, _quantise),
}
