"""Everything that a run found, as one page of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.peers.bars import Bars
from benchmarks.peers.race import Race
from benchmarks.peers.report import Report


def machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    chip = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{chip}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


ABOUT = """\
The column "Pinyon" after a figure says how many times better Pinyon's is. Time runs around a contender's own calls,
from lists, arrays and dictionaries to ids with metadata fetched. Searching uses one thread; other threads that a
contender starts show in the processor time. Recall counts ties and the filter. Memory is what comes on top of a process
that holds the input and has not loaded the contender.
"""


def heading(races: Sequence[Race]) -> list[str]:
    options = races[0].options
    results = [result for race in races for found in race.results.values() for result in found]
    loads = [result["load"] for result in results if "load" in result]
    busy = f" (load average before a step: median {median(loads):.1f}, worst {max(loads):.1f})" if loads else ""
    return [
        f"{machine()}{busy}. Medians of {options.repeats} repeats in which the contenders take turns, a process each;",
        f"{options.queries} held-out queries, asked once for each process and setting, after others for warmth.",
        "",
        ABOUT,
    ]


def document(races: Sequence[Race]) -> str:
    out = heading(races)
    for race in races:
        report = Report(race)
        bars = [line if line.startswith(" ") else f"- {line}" for line in Bars(report).lines()]
        out += [*report.title(), *bars, "", *report.lines()]
    return "\n".join(out)
