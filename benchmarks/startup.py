"""What starting costs: ``import pinyon``, ``pinyon --help``, listing indexes; each in processes of its own.

Run: python benchmarks/startup.py [--rounds 15]

Wall and CPU milliseconds of whole processes, the interpreter's own start included, which the first line gives alone;
medians of interleaved rounds. The bar: 300 ms of CPU for the import and for --help. A bar that is missed makes the exit
status 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from _bars import Bars
from _workload import say

BAR_MS = 300.0
WAYS = {
    "python, nothing else": ["-c", "pass"],
    "import pinyon": ["-c", "import pinyon"],
    "pinyon --help": ["-m", "pinyon.cli", "--help"],
    "pinyon ls": ["-m", "pinyon.cli", "ls"],
}
BARRED = ("import pinyon", "pinyon --help")


def once(arguments: list[str], folder: str) -> tuple[float, float]:
    """(wall, CPU) milliseconds."""
    before, started = os.times(), time.perf_counter()
    # As an installed package: what was compiled once is kept.
    environment = {**os.environ, "PINYON_DATA": folder, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, env=environment, check=False)
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall * 1e3, used * 1e3


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rounds", type=int, default=15)
    rounds = given.parse_args().rounds
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        once(["-m", "pinyon.cli", "create", "films", "--dimension", "4"], folder)
        for number in range(rounds + 1):
            for name, arguments in WAYS.items():
                spent = once(arguments, folder)
                if number:  # the first time compiles
                    found[name].append(spent)
    say(f"{rounds} rounds, Python {sys.version.split()[0]}")
    say(f"{'':24} {'wall ms':>8} {'CPU ms':>8}")
    medians = {
        name: [statistics.median(column) for column in zip(*times, strict=True)] for name, times in found.items()
    }
    for name, (wall, used) in medians.items():
        say(f"{name:24} {wall:8.0f} {used:8.0f}")
    bars = Bars()
    for name in BARRED:
        bars.tell(f"{name}, CPU ms", medians[name][1], BAR_MS, at_most=True)
    return int(bars.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
