"""The vectors, queries and filters that tuning measures with: all of a set, or a sample of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pinyon.engine import Database
from pinyon.engine.planner import matching_rows
from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.studies import files, sources
from pinyon.studies.sources import QUERIES, Data, Source
from pinyon.types import DEFAULT_RECALL, Bools, Floats, Metric

SAMPLE_ROWS = 50_000
"""Rows that are measured by default: enough for the kinds to differ, and a graph of them is built in a minute."""
_SAMPLE_SEED = 3
_FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Gathered:
    """data: what is measured. masks: (n,) bool by the JSON of their filter. total: rows of the whole set, queries that
    were held out aside. target: recall that the index promises."""

    data: Data
    masks: Mapping[str, Bools]
    total: int
    target: float


@dataclass(frozen=True, slots=True)
class _Stored:
    rows: Floats
    masks: tuple[Bools, ...]
    metric: Metric
    target: float


def gather(given: Data | Source, filters: Sequence[Mapping[str, Any]], sample: int | None) -> Gathered:
    """Read what is to be measured. sample: at most so many rows, drawn with the seed of the source; None for all.

    Raises NotFoundError, InvalidRequestError and FilterError.
    """
    if sample is not None and sample < _FEWEST_ROWS:
        raise InvalidRequestError(f"a sample of {sample} rows is too small: take at least {_FEWEST_ROWS}")
    if isinstance(given, Source) and given.index is not None:
        gathered = _of_index(given, filters)
    elif filters:
        raise InvalidRequestError("filters need metadata, which only an index has: name one, or leave the filters out")
    else:
        data = sources.load(given) if isinstance(given, Source) else given
        gathered = Gathered(data, {}, data.n, DEFAULT_RECALL)
    return gathered if sample is None or gathered.total <= sample else _sampled(gathered, sample)


def name_of(filter: Mapping[str, Any]) -> str:
    """Equal for equal filters."""
    return json.dumps(filter, ensure_ascii=False, sort_keys=True)


def _of_index(source: Source, filters: Sequence[Mapping[str, Any]]) -> Gathered:
    stored = _read(source, filters)
    base, masks = stored.rows, list(stored.masks)
    if source.rows is not None:
        base, masks = base[: source.rows], [mask[: source.rows] for mask in masks]
    if len(base) < _FEWEST_ROWS:
        raise InvalidRequestError(f"index {source.index!r} has {len(base)} vectors there: tuning needs {_FEWEST_ROWS}")
    if source.queries is not None:
        queries = files.read_matrix(Path(source.queries))
    else:
        held = held_out(len(base), source)
        queries, base = base[held], np.delete(base, held, axis=0)
        masks = [np.delete(mask, held) for mask in masks]
    for filter_, mask in zip(filters, masks, strict=True):
        if not mask.any():
            raise InvalidRequestError(f"no record matches the filter {name_of(filter_)}: nothing can be measured there")
    data = Data.of(base, queries, metric=stored.metric, query_count=source.query_count, seed=source.seed)
    named = {name_of(filter_): mask for filter_, mask in zip(filters, masks, strict=True)}
    return Gathered(replace(data, source=source), named, data.n, stored.target)


def held_out(n: int, source: Source) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(q,) rows of n that are asked and not stored."""
    count = max(1, min(QUERIES, n // 10)) if source.query_count is None else source.query_count
    if count > n // 2:
        raise InvalidRequestError(f"{count} queries of {n} rows: at most half of the rows can be held out")
    held: np.ndarray[Any, np.dtype[np.int64]] = np.sort(
        np.random.default_rng(source.seed).choice(n, count, replace=False)
    )
    return held


def _read(source: Source, filters: Sequence[Mapping[str, Any]]) -> _Stored:
    """Vectors and matches of one moment."""
    assert source.index is not None
    if source.database is None or not Path(source.database).is_dir():
        raise NotFoundError(f"there is no data directory {source.database!r}: check the spelling")
    with Database(source.database, read_only=not os.access(source.database, os.W_OK)) as database:
        index = database.index(source.index)
        memory, spec = index.memory, index.spec
        if spec.dimension is None:
            raise InvalidRequestError(f"index {source.index!r} holds sparse vectors: dense ones can be tuned")
        if source.metric not in (None, spec.metric):
            raise InvalidRequestError(
                f"index {source.index!r} compares by {spec.metric}, not {source.metric}: leave the metric out"
            )
        nodes = [memory.parse_filter(one, "An empty filter keeps every record. Leave it out.") for one in filters]

        def work(view: Any) -> _Stored | None:
            opened = memory.snapshot(view, source.namespace)
            if opened is None or opened[1].vectors is None:
                return None
            snapshot = opened[1]
            alive = np.flatnonzero(snapshot.alive)
            masks = [matching_rows(snapshot, node)[0] for node in nodes]
            kept = tuple(np.ones(alive.size, np.bool_) if mask is None else mask[alive] for mask in masks)
            assert snapshot.vectors is not None
            return _Stored(snapshot.vectors.take(alive), kept, spec.metric, spec.recall_target)

        found = index.read(work)
        if found is None:
            raise memory.unknown_namespace(source.namespace)
        return found


def _sampled(gathered: Gathered, sample: int) -> Gathered:
    data = gathered.data
    seed = data.source.seed if data.source is not None else 0
    chosen = np.sort(np.random.default_rng([seed, _SAMPLE_SEED]).choice(data.n, sample, replace=False))
    masks = {name: mask[chosen] for name, mask in gathered.masks.items()}
    for name, mask in masks.items():
        if not mask.any():
            raise InvalidRequestError(f"no record of the sample matches the filter {name}: measure all rows")
    return replace(gathered, data=replace(data, base=data.base[chosen], neighbours=None), masks=masks)
