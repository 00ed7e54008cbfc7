"""Runs the judges that are named, or all of them, and sums up: ``python -m conformance [judge ...]``.

A judge whose suite or packages cannot be had is skipped, and says why. Ends with 1 when any judge found a failure.
"""

from __future__ import annotations

import importlib
import sys

from conformance.harness import FAILED, PASSED, SKIPPED, UnavailableError, say

JUDGES = ("sdk7", "sdk9", "langchain", "llamaindex", "typescript", "schemathesis")


def run(name: str) -> int:
    """The exit status of one judge."""
    judge = importlib.import_module(f"conformance.{name}.judge")
    try:
        status: int = judge.main()
    except UnavailableError as reason:
        say(f"{name}: skipped, {reason}")
        return SKIPPED
    return status


def main(arguments: list[str]) -> int:
    unknown = set(arguments) - set(JUDGES)
    if unknown:
        say(f"no judge is named {', '.join(sorted(unknown))}; there are: {', '.join(JUDGES)}")
        return 2
    results = {name: run(name) for name in arguments or JUDGES}
    words = {PASSED: "passed", SKIPPED: "skipped"}
    say("\n" + "\n".join(f"{name:14}{words.get(status, 'FAILED')}" for name, status in results.items()))
    return FAILED if any(status not in words for status in results.values()) else PASSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
