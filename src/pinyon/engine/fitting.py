"""What of a namespace fits the memory budget: how fine its codes may be, and whether there is room for a graph.

The rows' numbers, columns and postings are needed whatever the kind. Codes come in four sizes: the usual one, and with
two, four and eight times as many dimensions behind each 4 bits, whose candidates the float32 rows in the mapped file
rescore all the same. A graph is built where twice its size fits beside the rest, since that is what building takes.
What exists is kept as long as it fits, so that a namespace at the edge is not built to and fro.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pinyon.engine.budget import human
from pinyon.engine.kinds import PARAMETERS, line_of, value_of
from pinyon.engine.snapshot import Snapshot
from pinyon.errors import InvalidRequestError
from pinyon.index import symqg
from pinyon.index.hnsw import graph_bytes as hnsw_bytes
from pinyon.index.scan import code_bytes, default_width
from pinyon.index.symqg import graph_bytes as symqg_bytes
from pinyon.types import IndexSpec

GRAPH_ROWS: Final = 100_000
"""From this many rows on, ``auto`` builds a symqg graph where the library for it is installed. Below, it gains less
than it costs."""
COARSER: Final = (1, 2, 4, 8)
"""How many times as many dimensions as usual may share 4 bits."""
EASY_SHARE: Final = 0.7
"""Finer codes than those that are there are worth the work once they take the namespace to this share of the budget."""
_BUILDING: Final = 2
"""A graph while it is built, as a multiple of itself."""


@dataclass(frozen=True, slots=True)
class GraphWanted:
    """links: of a row. size: bytes of the graph."""

    name: str
    links: int
    ef_construction: int
    size: int


@dataclass(frozen=True, slots=True)
class Fit:
    """width: dimensions that share 4 bits. graph: what is to be built, None where none is wanted or fits.
    refused: the graph that does not fit. squeezed: whether the budget decided anything."""

    width: int
    graph: GraphWanted | None
    refused: GraphWanted | None
    squeezed: bool


def fit(snapshot: Snapshot, spec: IndexSpec, limit: int) -> Fit:
    """What the namespace may have of what ``spec`` asks for. Of a dense index."""
    assert snapshot.vectors is not None, "only dense indexes have a base"
    n, d, base = snapshot.n, snapshot.vectors.d, snapshot.base
    usual = default_width(d)
    rest = snapshot.rest
    widths = sorted({min(d, usual * times) for times in COARSER})
    current = None if base is None else base.scan.width

    def fits(width: int) -> bool:
        finer = current is not None and width < current
        return rest + code_bytes(n, d, width) <= (EASY_SHARE if finer else 1.0) * limit

    width = next((width for width in widths if fits(width)), widths[-1])
    wanted = graph_wanted(spec, snapshot.live, n, d)
    refused = None
    if wanted is not None:
        there = base is not None and base.graph is not None and base.graph.name == wanted.name
        size = wanted.size * (1 if there else _BUILDING)
        if width > usual or rest + code_bytes(n, d, width) + size > limit:
            wanted, refused = None, wanted
    return Fit(width, wanted, refused, width > usual or refused is not None)


def line_within(snapshot: Snapshot, spec: IndexSpec, limit: int) -> str:
    """The line of settings; with the budget where that decides what is built."""
    line = line_of(spec)
    if snapshot.vectors is None or spec.kind == "flat" or not fit(snapshot, spec, limit).squeezed:
        return line
    return f"{line} within {limit}"


def shortage(snapshot: Snapshot, spec: IndexSpec, limit: int) -> str:
    """What the budget keeps the namespace from, in words; "" where it keeps it from nothing."""
    said = []
    if snapshot.base is not None and snapshot.vectors is not None:
        found = fit(snapshot, spec, limit)
        usual = default_width(snapshot.vectors.d)
        if found.refused is not None and snapshot.base.graph is None:
            said.append(
                f"no {found.refused.name} graph, which takes {human(found.refused.size)}, and twice while built"
            )
        if snapshot.base.scan.width > usual:
            said.append(f"codes of {snapshot.base.scan.width} dimensions instead of {usual}")
    elif snapshot.base is None and snapshot.settled == line_within(snapshot, spec, limit) != line_of(spec):
        said.append(f"no codes, since those that fit cannot reach recall {spec.recall_target:g}")
    if snapshot.weight > limit:
        said.append(f"it holds {human(snapshot.weight)} even so")
    return f"memory budget {human(limit)}: {'; '.join(said)}" if said else ""


def graph_wanted(spec: IndexSpec, live: int, n: int, d: int) -> GraphWanted | None:
    """The graph that the settings ask for: live of n rows of d numbers count."""
    if spec.kind == "hnsw":
        links, effort = int(value_of(spec, "m") or 0), int(value_of(spec, "ef_construction") or 0)
        return GraphWanted("hnsw", links, effort, hnsw_bytes(n, d, links))
    if not symqg.available():  # a store that was made elsewhere: its codes are searched
        return None
    if spec.kind == "symqg":
        links, effort = int(value_of(spec, "degree") or 0), int(value_of(spec, "ef_construction") or 0)
    elif spec.kind == "auto" and live >= GRAPH_ROWS:
        usual = PARAMETERS["symqg"]
        links, effort = int(usual["degree"].default or 0), int(usual["ef_construction"].default or 0)
    else:
        return None
    return GraphWanted("symqg", links, effort, symqg_bytes(n, d, links))


def check_fits(spec: IndexSpec, counts: Mapping[str, int], limit: int) -> None:
    """Refuses an explicit kind whose graph cannot fit the budget. counts: records by namespace.

    Raises InvalidRequestError.
    """
    if spec.kind not in ("hnsw", "symqg") or spec.dimension is None or not counts:
        return
    name, rows = max(counts.items(), key=lambda item: item[1])
    wanted = graph_wanted(spec, rows, rows, spec.dimension)
    if wanted is None or _BUILDING * wanted.size <= limit:
        return
    raise InvalidRequestError(
        f"A {spec.kind} graph of the {rows:,} records of namespace {name!r} takes {human(wanted.size)}, and twice that "
        f"while it is built; the memory budget is {human(limit)}. Raise the budget (memory=), take fewer links, or "
        "choose auto, ivf or scan."
    )
