"""What Pinyon set out to reach, beside what the race found: one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, TypeAlias

from benchmarks.peers.contenders import Contender
from benchmarks.peers.race import TARGETS, Result
from benchmarks.peers.report import OWN, Report, number

Read: TypeAlias = "Callable[[Result], Any]"


def at(*path: Any) -> Read:
    """Reads what stands in a result at the end of a path of keys and places."""

    def read(result: Any) -> Any:
        for step in path:
            result = result[step]
        return result

    return read


class Bars:
    """The bars of one data set; those that the steps of the run can tell."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def lines(self) -> Iterator[str]:
        parts = {
            "query": self.queries,
            "ingest": self.searchable,
            "filter": self.filters,
            "concurrency": self.readers,
            "reopen": self.reopening,
        }
        for step, part in parts.items():
            own = next((one for one in self.report.ran(step) if one.name == OWN), None)
            if own is not None and self.report.good(own, step):
                yield from part(own)

    def middle(self, one: Contender, step: str, read: Read) -> Any:
        """The median over the repeats, None when there is none."""
        values = [read(result) for result in self.report.good(one, step)]
        return median(values) if values else None

    def fastest(
        self, step: str, path: tuple[Any, ...], target: float, *, library: bool
    ) -> tuple[Contender, float] | None:
        """The other contender of that kind with the most queries a second among those whose recall is enough."""
        others = [one for one in self.report.ran(step) if one.name != OWN and one.library == library]
        good = [one for one in others if (self.middle(one, step, at(*path, "recall")) or 0) >= target]
        rates = [(one, self.middle(one, step, at(*path, "qps"))) for one in good]
        return max(rates, key=lambda pair: pair[1], default=None)

    def queries(self, own: Contender) -> Iterator[str]:
        for place, target in enumerate(TARGETS):
            path = ("tried", place)
            mine, reached = (self.middle(own, "query", at(*path, key)) for key in ("qps", "recall"))
            yield f"Queries at recall {target:g}: {number(mine)} a second, recall {reached:.4f}"
            for library, kind in ((False, "database"), (True, "library")):
                best = self.fastest("query", path, target, library=library)
                if best is not None:
                    yield f"  - {mine / best[1]:.2f}x those of the fastest {kind}, {best[0].title} ({number(best[1])})"

    def searchable(self, own: Contender) -> Iterator[str]:
        mine = self.middle(own, "ingest", at("ready_s"))
        recall, done = (self.middle(own, "ingest", at(key)) for key in ("recall", "settled_s"))
        yield f"Until all rows are searchable: {number(mine)} s (recall {recall:.4f} then)"
        yield f"Until no work is left in the background: {number(done)} s"
        for one in self.report.ran("ingest"):
            choice = self.report.race.choices.get(one.name, {}).get(TARGETS[-1])
            if one.name == OWN or one.library or not one.indexed or choice is None or not choice.reached:
                continue
            theirs = self.middle(one, "ingest", at("ready_s"))
            if theirs:
                yield f"  - {theirs / mine:.1f}x quicker than {one.title}, whose index reaches recall {TARGETS[-1]:g}"

    def filters(self, own: Contender) -> Iterator[str]:
        results = self.report.good(own, "filter")
        for place, case in enumerate(results[0]["cases"]):
            path = ("cases", place)
            mine, reached = (self.middle(own, "filter", at(*path, key)) for key in ("qps", "recall"))
            line = f"Filter {case['name']}: {number(mine)} queries a second, recall {reached:.4f}"
            best = self.fastest("filter", path, TARGETS[-1], library=False)
            yield line + (f", {mine / best[1]:.2f}x {best[0].title} ({number(best[1])})" if best else "")
        cases = [case for result in results for case in result["cases"]]
        asked, full = (sum(case[key] for case in cases) for key in ("asked", "full"))
        yield f"Filtered answers without exactly min(k, matches) records: {asked - full} of {asked:,}"

    def readers(self, own: Contender) -> Iterator[str]:
        results = [result["phases"] for result in self.report.good(own, "concurrency")]
        for name in results[0]:
            phases = [(phases[name], list(phases.values())[1]) for phases in results if name in phases]
            if "writer" in name:
                against = median(phase["p99_ms"] / idle["p99_ms"] for phase, idle in phases)
                errors, short = (sum(phase[key] for phase, _ in phases) for key in ("errors", "short"))
                recall = min(phase["recall"] for phase, _ in phases)
                tail = f"{errors} errors, {short} short results, least recall {recall:.4f}"
                yield f"{name}: p99 {against:.1f}x that of idle readers, {tail}"

    def reopening(self, own: Contender) -> Iterator[str]:
        yield f"Import to first answer in a fresh process: {number(self.middle(own, 'reopen', at('total_s')))} s"
