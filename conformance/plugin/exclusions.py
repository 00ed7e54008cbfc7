"""A pytest plugin for the suites: leaves out tests that an exclusion file names, and writes what became of the rest.

It runs inside each suite's own environment, so it imports nothing of ours. The file has one exclusion a line,
``<test id>  # <reason>``; ``*`` in an id stands for anything, and an id covers all that lies under it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SEPARATOR = "  # "


@dataclass
class Exclusion:
    """One line of the file, and the tests it left out."""

    pattern: str
    reason: str
    tests: list[str] = field(default_factory=list)

    def covers(self, test: str) -> bool:
        wanted = ".*".join(re.escape(part) for part in self.pattern.split("*"))
        return re.fullmatch(rf"{wanted}(\[.*\]|::.*|/.*)?", test, re.DOTALL) is not None


def read(path: Path) -> list[Exclusion]:
    """Raises ValueError for a line without a reason."""
    found = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, separator, reason = line.partition(SEPARATOR)
        if not separator or not reason.strip():
            raise ValueError(f"{path}: {line!r} gives no reason. Write: <test id>{SEPARATOR}<reason>")
        found.append(Exclusion(pattern.strip(), reason.strip()))
    return found


class Recorder:
    """only: run the excluded tests instead, to see which of them would pass by now."""

    def __init__(self, exclusions: list[Exclusion], report: Path, only: bool) -> None:
        self.exclusions = exclusions
        self.report = report
        self.only = only
        self.outcomes: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.collected = 0
        self.broken: list[str] = []

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self.collected = len(items)
        kept, left_out = [], []
        for item in items:
            exclusion = next((one for one in self.exclusions if one.covers(item.nodeid)), None)
            if exclusion is not None:
                exclusion.tests.append(item.nodeid)
            (kept if (exclusion is None) != self.only else left_out).append(item)
        items[:] = kept
        if left_out:
            config.hook.pytest_deselected(items=left_out)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(report.nodeid)
            self.messages[report.nodeid] = str(report.longrepr)[-2_000:]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self.outcomes.get(report.nodeid)
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
            text = str(report.longrepr)
            self.messages[report.nodeid] = text[-4_000:]
        elif report.skipped and before != "failed":
            self.outcomes[report.nodeid] = "skipped"
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
            self.messages[report.nodeid] = str(reason)
        elif report.when == "call" and before is None:
            self.outcomes[report.nodeid] = "passed"

    def pytest_sessionfinish(self) -> None:
        self.report.write_text(
            json.dumps(
                {
                    "collected": self.collected,
                    "broken": self.broken,
                    "outcomes": self.outcomes,
                    "messages": self.messages,
                    "excluded": [
                        {"pattern": one.pattern, "reason": one.reason, "tests": one.tests} for one in self.exclusions
                    ],
                },
                indent=1,
            )
        )


def pytest_configure(config: pytest.Config) -> None:
    exclusions = os.environ.get("PINYON_EXCLUSIONS")
    if exclusions is None or hasattr(config, "workerinput"):
        return
    only = os.environ.get("PINYON_EXCLUDED_ONLY") == "1"
    recorder = Recorder(read(Path(exclusions)), Path(os.environ["PINYON_REPORT"]), only)
    config.pluginmanager.register(recorder, "pinyon-exclusions")
