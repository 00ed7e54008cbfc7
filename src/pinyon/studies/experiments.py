"""The studies as functions, for programs and notebooks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypedDict, Unpack

from pinyon.studies.sources import Data, Source
from pinyon.studies.study import Study, conduct
from pinyon.studies.values import Watch


class Common(TypedDict, total=False):
    """What every study takes: results of a query (10), timed passes (5), a folder for results, and who is told."""

    k: int
    repeats: int
    out: str | os.PathLike[str] | None
    watch: Watch | None


def growth(data: Data | Source, *, rows: Sequence[int] | None = None, **common: Unpack[Common]) -> Study:
    """Time and memory of exact search against the number of rows: by default fifths of all."""
    return conduct("growth", data, {"rows": rows}, **common)


def hnsw(
    data: Data | Source,
    *,
    m: Sequence[int] | None = None,
    ef_construction: Sequence[int] | None = None,
    ef_search: Sequence[int] | None = None,
    **common: Unpack[Common],
) -> Study:
    """A graph: each list of several values varies one parameter, around m 32, ef_construction 40 and ef_search 16."""
    return conduct("hnsw", data, {"m": m, "ef_construction": ef_construction, "ef_search": ef_search}, **common)


def ivf(
    data: Data | Source,
    *,
    nlist: Sequence[int] | None = None,
    nprobe: Sequence[int] | None = None,
    **common: Unpack[Common],
) -> Study:
    """Clusters: each list of several values varies one parameter, around nlist 256 and nprobe 8."""
    return conduct("ivf", data, {"nlist": nlist, "nprobe": nprobe}, **common)


def filters(
    data: Data | Source,
    *,
    selectivity: Sequence[float] | None = None,
    ef_search: Sequence[int] | None = None,
    candidates: int | None = None,
    m: int | None = None,
    ef_construction: int | None = None,
    match: str | None = None,
    **common: Unpack[Common],
) -> Study:
    """A filter after the search of a graph, one inside it, an exact search of the matching rows, and ours.

    selectivity: shares of rows that match. candidates: of the graph, before the filter comes after. match: "anywhere",
    or "together" for rows that lie near each other.
    """
    single = {"candidates": candidates, "m": m, "ef_construction": ef_construction, "match": match}
    lists = {name: None if value is None else (value,) for name, value in single.items()}
    return conduct("filter", data, {"selectivity": selectivity, "ef_search": ef_search, **lists}, **common)


def quantise(
    data: Data | Source,
    *,
    codes: Sequence[str] | None = None,
    width: Sequence[int] | None = None,
    rerank: Sequence[int] | None = None,
    **common: Unpack[Common],
) -> Study:
    """Codes in place of float32 rows, all scanned, without and with a rerank by the float32 rows.

    codes: of fp16, bf16, int8, int4, pq8, pq4 and scan, which is ours. width: dimensions that share a code of
    pq8 and pq4. rerank: candidates that are scored again.
    """
    return conduct("quantise", data, {"codes": codes, "width": width, "rerank": rerank}, **common)
