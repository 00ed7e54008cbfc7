"""What tuning tries: kinds of index, builds of each from cheap to costly, and the effort of searches in each build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from pinyon.engine.bases import SCAN_ROWS
from pinyon.engine.kinds import PARAMETERS, read_line
from pinyon.index import scan, symqg
from pinyon.studies.values import Configuration

_GRAPH_EFFORT = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
_LIST_EFFORT = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_HNSW = ((8, 100), (16, 200), (32, 200), (48, 400))
_LISTS = (1, 2, 4, 8)
"""Clusters, as multiples of the square root of the rows."""

FIXED = frozenset({"ef_search", "nprobe"})
"""Parameters that fix the effort of searches: the engine then does not raise it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Settings of an index, as ``configure_index(index=...)`` takes them in one line. build: those that it is built
    with; candidates with equal ones differ in the effort of searches alone."""

    build: str
    settings: str

    @property
    def kind(self) -> str:
        return str(read_line(self.settings)["kind"])

    @property
    def adaptive(self) -> bool:
        """Whether the engine chooses the effort, and raises it where live queries need more."""
        return FIXED.isdisjoint(read_line(self.settings))

    def configurations(self, filters: Sequence[str]) -> list[Configuration]:
        """What is measured of it: searches without a filter, and with each."""
        parameters = {"index": self.build, "settings": self.settings}
        return [Configuration("pinyon", parameters | ({"filter": name} if name else {})) for name in ("", *filters)]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A kind. builds: from the cheapest on; in each, candidates by effort, first the one that the engine chooses."""

    kind: str
    builds: tuple[tuple[Candidate, ...], ...]

    def __iter__(self) -> Iterator[Candidate]:
        return (one for build in self.builds for one in build)


def ladders(n: int, recall: float, k: int) -> list[Ladder]:
    """Every kind that is available here for n rows, those that are built fast first. recall: what they promise."""
    found = [_ladder("flat", [{}], [], recall)]
    if n < SCAN_ROWS or not scan.available():
        return found
    found.append(_scanned(recall))
    nlists = dict.fromkeys(max(2, min(PARAMETERS["ivf"]["nlist"].most, round(times * sqrt(n)))) for times in _LISTS)
    found.append(_ladder("ivf", [{"nlist": nlist} for nlist in nlists], _probes(max(nlists)), recall))
    breadths = [{"ef_search": max(k, ef)} for ef in _GRAPH_EFFORT if 2 * ef > k]
    if symqg.available():
        found.append(_ladder("symqg", [{"degree": degree} for degree in symqg.DEGREES[:2]], breadths, recall))
    graphs = [{"m": m, "ef_construction": width} for m, width in _HNSW]
    return [*found, _ladder("hnsw", graphs, breadths, recall)]


def _scanned(recall: float) -> Ladder:
    """A scan has no parameter, but it can promise more than it needs to keep."""
    build = _line("scan", {}, recall)
    promises = dict.fromkeys((recall, (1.0 + recall) / 2.0, (9.0 + recall) / 10.0))
    return Ladder("scan", (tuple(Candidate(build, _line("scan", {}, promise)) for promise in promises),))


def _probes(nlist: int) -> list[dict[str, int]]:
    return [{"nprobe": nprobe} for nprobe in _LIST_EFFORT if nprobe <= nlist]


def _ladder(
    kind: str, builds: Sequence[Mapping[str, int]], efforts: Sequence[Mapping[str, int]], recall: float
) -> Ladder:
    made = []
    for build in builds:
        fitting = [one for one in efforts if one.get("nprobe", 0) <= build.get("nlist", 0) or "nprobe" not in one]
        line = _line(kind, build, recall)
        lines = dict.fromkeys([line, *(_line(kind, {**build, **effort}, recall) for effort in fitting)])
        made.append(tuple(Candidate(line, settings) for settings in lines))
    return Ladder(kind, tuple(made))


def _line(kind: str, parameters: Mapping[str, int], recall: float) -> str:
    """The recall is always said, so that the line means the same for an index that has had another."""
    return " ".join([kind, *(f"{name} {value}" for name, value in parameters.items()), f"recall {recall:.6g}"])
