"""The results as Markdown: a table for each step, medians over the repeats, and how many times better Pinyon is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeAlias

from benchmarks.peers.contenders import Contender
from benchmarks.peers.race import TARGETS, Race, Result

OWN = "pinyon"
Read: TypeAlias = "Callable[[Result], Any]"


def number(value: Any) -> str:
    """Three significant digits; a dash where there is nothing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def share(value: Any) -> str:
    return "-" if value is None else f"{value:.4f}"


def shown(setting: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in setting.items()) or "default"


@dataclass(frozen=True)
class Column:
    """A figure of each repeat, put together with ``over``. better: whether more or less of it is better, and a column
    beside it then says how many times better Pinyon's is."""

    head: str
    read: Read
    show: Callable[[Any], str] = number
    over: Callable[[Sequence[Any]], Any] = median
    better: str = ""


def entry(head: str, key: str, **more: Any) -> Column:
    return Column(head, lambda result: result[key], **more)


INGEST = (
    entry("acknowledged/s", "acknowledged_per_s", better="more"),
    entry("all searchable s", "ready_s", better="less"),
    entry("all work done s", "settled_s"),
    entry("CPU s", "cpu_s"),
    entry("first batch ms", "first_batch_ms"),
    entry("last batch ms", "last_batch_ms"),
    entry("disk MB", "disk_mb"),
    entry("files", "files"),
    entry("peak memory MB", "peak_mb"),
    entry("load before", "load", over=max),
)
REOPEN = (
    entry("import to first answer s", "total_s", better="less"),
    entry("open s", "open_s"),
    entry("first query s", "first_s"),
    entry("then until settled s", "settled_s"),
    entry("at worst", "settled_s", over=max),
    entry("RSS MB", "resident_mb"),
    entry("RSS after queries MB", "used_mb"),
)
CHANGE = (
    entry("update s", "update_s", better="less"),
    Column("updates not found", lambda result: result["looked_for"] - result["found_at_once"], over=max),
    entry("delete s", "delete_s", better="less"),
    Column("count off by", lambda result: result["count"] - result["expected"], over=max),
    entry("deleted rows seen", "deleted_seen", over=max),
    entry("recall", "recall", show=share, over=min),
    entry("p50 ms", "p50_ms", better="less"),
    entry("compact s", "compact_s"),
    entry("recall then", "recall_compacted", show=share, over=min),
    entry("disk MB", "disk_mb"),
)
SPACES = (
    entry("as", "as", show=str, over=lambda values: values[0]),
    entry("made", "made", over=min),
    entry("ms each", "each_ms", better="less"),
    entry("query p50 ms", "p50_ms", better="less"),
    Column("wrong", lambda result: result["of"] - result["right"], number, max),
    entry("RSS MB", "resident_mb"),
    entry("disk MB", "disk_mb"),
    entry("files", "files"),
)


def query_columns(place: int, target: float) -> tuple[Column, ...]:
    def read(key: str) -> Read:
        return lambda result: result["tried"][place][key]

    def setting(result: Result) -> str:
        row = result["tried"][place]
        return shown(row["setting"]) + ("" if row["recall"] >= target else " (its best)")

    return (
        Column("setting", setting, str, lambda values: values[0]),
        Column("recall", read("recall"), share),
        Column("p50 ms", read("p50_ms"), better="less"),
        Column("p99 ms", read("p99_ms")),
        Column("queries/s", read("qps"), better="more"),
        Column("CPU ms", read("cpu_ms")),
    )


def filter_columns(case: int) -> tuple[Column, ...]:
    def read(key: str) -> Read:
        return lambda result: result["cases"][case][key]

    return (
        Column("queries/s", read("qps"), better="more"),
        Column("p50 ms", read("p50_ms"), better="less"),
        Column("its first ms", read("first_ms")),
        Column("recall", read("recall"), share, min),
        Column("not min(k, matches)", lambda result: read("asked")(result) - read("full")(result), number, sum),
    )


def phase_columns(name: str) -> tuple[Column, ...]:
    def read(key: str) -> Read:
        return lambda result: result["phases"].get(name, {}).get(key)

    def against_idle(result: Result) -> float | None:
        phases = list(result["phases"].values())
        mine = read("p99_ms")(result)
        return mine / phases[1]["p99_ms"] if mine and len(phases) > 1 else None

    return (
        Column("queries/s", read("qps"), better="more"),
        Column("p50 ms", read("p50_ms")),
        Column("p99 ms", read("p99_ms"), better="less"),
        Column("p99 to idle p99", against_idle),
        Column("worst ms", read("worst_ms"), over=max),
        Column("writes/s", read("writes_per_s")),
        Column("recall", read("recall"), share, min),
        Column("short", read("short"), number, sum),
        Column("errors", read("errors"), number, sum),
    )


class Report:
    """Figures of one data set."""

    def __init__(self, race: Race) -> None:
        self.race = race

    def ran(self, step: str) -> list[Contender]:
        return [one for one in self.race.contenders if (one.name, step) in self.race.results]

    def good(self, one: Contender, step: str) -> list[Result]:
        found = self.race.results.get((one.name, step), [])
        return [
            result
            for result in found
            if "unsupported" not in result and ("problem" not in result or "phases" in result)
        ]

    def failures(self, one: Contender, step: str) -> list[str]:
        found = self.race.results.get((one.name, step), [])
        return sorted(
            {
                result.get("problem") or result["unsupported"]
                for result in found
                if {"problem", "unsupported"} & set(result)
            }
        )

    def value(self, one: Contender, step: str, column: Column) -> Any:
        """The figure of all repeats, None when there is none."""
        values = [value for result in self.good(one, step) if (value := column.read(result)) is not None]
        return column.over(values) if values else None

    def own(self, step: str, column: Column) -> Any:
        return next((self.value(one, step, column) for one in self.ran(step) if one.name == OWN), None)

    def table(self, step: str, columns: Sequence[Column]) -> list[str]:
        head = ["contender"]
        for column in columns:
            head += [column.head, "Pinyon"] if column.better else [column.head]
        return markdown(head, self._rows(step, columns))

    def _rows(self, step: str, columns: Sequence[Column]) -> Iterator[list[str]]:
        for one in self.ran(step):
            row = [one.title]
            if not self.good(one, step):
                yield [*row, "; ".join(self.failures(one, step))]
                continue
            for column in columns:
                value = self.value(one, step, column)
                row.append("-" if value is None else column.show(value))
                if column.better:
                    row.append(better(self.own(step, column), value, column.better))
            yield row

    def notes(self, step: str) -> list[str]:
        """What went wrong in some repeats of those that have figures."""
        notes = [
            f"- {one.title}, in {count} of {len(self.race.results[one.name, step])} repeats: {'; '.join(why)}"
            for one in self.ran(step)
            if (why := self.failures(one, step)) and self.good(one, step)
            for count in [sum("problem" in result for result in self.race.results[one.name, step])]
        ]
        return [*notes, ""] if notes else []

    def title(self) -> list[str]:
        kind = self.race.kind
        return [f"## {kind.rows:,} x {kind.dimension}", "", f"Data: {self.race.judge.origin}.", ""]

    def lines(self) -> list[str]:
        out: list[str] = []
        parts = (self.ingest, self.reopen, self.query, self.filter, self.change, self.namespaces, self.concurrency)
        for part in parts:
            if self.ran(part.__name__):
                out += [*part(), *self.notes(part.__name__)]
        absent = {one.title: self.race.absent[one.name] for one in self.race.contenders if one.name in self.race.absent}
        out += [f"- {title} takes no further part: {why}" for title, why in absent.items()]
        return [*out, ""]

    def ingest(self) -> list[str]:
        out = [
            "### Ingest, batches of 1,000",
            "",
            *self.table("ingest", INGEST),
            "What an acknowledged write means:",
            "",
        ]
        firsts = [(one.title, self.good(one, "ingest")[0]) for one in self.ran("ingest") if self.good(one, "ingest")]
        return [*out, *(f"- {title}, version {first['version']}: {first['promise']}" for title, first in firsts), ""]

    def reopen(self) -> list[str]:
        return ["### Reopen in a fresh process, files in the page cache", "", *self.table("reopen", REOPEN)]

    def query(self) -> list[str]:
        out = ["### Single queries, top 10 with metadata, one thread", ""]
        for place, target in enumerate(TARGETS):
            out += [f"At recall {target:g}:", "", *self.table("query", query_columns(place, target))]
        return [*out, "Settings tried (setting: recall, p50 ms):", "", *self.sweeps(), ""]

    def sweeps(self) -> Iterator[str]:
        for one in self.ran("sweep"):
            rows = self.race.results[one.name, "sweep"][0]["tried"]
            tried = (f"{shown(row['setting'])}: {row['recall']:.4f}, {number(row['p50_ms'])}" for row in rows)
            yield f"- {one.title}: {'; '.join(tried)}"

    def filter(self) -> list[str]:
        out = ["### Filters, at the setting for recall 0.99", ""]
        cases: list[Any] = next(
            (result["cases"] for one in self.ran("filter") for result in self.good(one, "filter")), []
        )
        for place, case in enumerate(cases):
            out += [
                f"{case['name']} (keeps {100 * case['share']:.3g} %):",
                "",
                *self.table("filter", filter_columns(place)),
            ]
        return out

    def change(self) -> list[str]:
        first = next((result for one in self.ran("change") for result in self.good(one, "change")), None)
        sizes = "" if first is None else f"{first['updated']:,} new vectors, then {first['deleted']:,} deletions"
        return [f"### Changes: {sizes}", "", *self.table("change", CHANGE)]

    def namespaces(self) -> list[str]:
        return ["### Namespaces of 50 records", "", *self.table("namespaces", SPACES)]

    def concurrency(self) -> list[str]:
        out = ["### Readers and a writer in one process", ""]
        names = {
            name: None
            for one in self.ran("concurrency")
            for result in self.good(one, "concurrency")
            for name in result["phases"]
        }
        for name in names:
            out += [f"{name}:", "", *self.table("concurrency", phase_columns(name))]
        return out


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    filled = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *filled)] + [""]


def better(mine: Any, other: Any, way: str) -> str:
    """How many times better Pinyon's figure is; below 1 the other's is."""
    if not mine or not other:
        return "-"
    return f"{mine / other if way == 'more' else other / mine:.2f}x"
