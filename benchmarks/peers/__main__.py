"""The race: ``python -m benchmarks.peers`` from the root of the repository.

Runs every contender through the same steps over the same data, each in an environment and a process of its own, and
prints the tables. Results are kept step by step: an interrupted run goes on where it was, and a finished one is only
printed again. What changed since, in a contender's version, its adapter or Pinyon's source, is run anew; so is what
--again names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

from benchmarks._workload import say
from benchmarks.peers import plot
from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.environments import UnavailableError
from benchmarks.peers.page import document
from benchmarks.peers.race import STEPS, Options, Race
from benchmarks.peers.sets import KINDS, Kind

TOP = Path(__file__).resolve().parents[2]
RESULTS = TOP / "benchmarks" / "results" / "peers"
PAGE = TOP / "docs" / "peers.md"
INTRODUCTION = """# Pinyon beside other embedded vector stores

Written by `make race`, which anybody can run: it installs every contender at the pinned version in an environment of
its own and takes all of them through the same steps. The settings are the best ones that their documentation describes;
each contender's search effort is the cheapest of those that reach the recall.
"""


def listed(text: str, known: Collection[str], what: str) -> list[str]:
    """The names of a comma-separated option."""
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no {what} is named {', '.join(unknown)}; there are: {', '.join(known)}")
    return names


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default="50k,100k", help=f"of {', '.join(KINDS)} (default: 50k,100k)")
    parser.add_argument("--peers", default=",".join(CONTENDERS), help=f"of {', '.join(CONTENDERS)} (default: all)")
    parser.add_argument("--steps", default=",".join(STEPS), help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--rows", type=int, help="so many rows of 384 dimensions instead of --sets")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="of each phase with readers and a writer (default: 10)"
    )
    parser.add_argument(
        "--rates", default="1000,0", help="records a second of the writer, 0 for no bound (default: 1000,0)"
    )
    parser.add_argument(
        "--budget", type=float, default=15.0, help="seconds for one pass over the queries (default: 15)"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=900.0,
        help="seconds for the writes of an ingest (default: 900)",
    )
    parser.add_argument("--spaces", type=int, default=1_000, help="namespaces to make (default: 1000)")
    parser.add_argument("--here", action="store_true", help="use this environment's packages instead of installing")
    parser.add_argument("--again", default="", help="contenders whose kept results are thrown away")
    parser.add_argument("--root", type=Path, default=RESULTS, help="where environments, databases and results are kept")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(TOP)} and its charts")
    return parser.parse_args(arguments)


def run(given: argparse.Namespace) -> list[Race]:
    """The races that were asked for, one for each data set."""
    kinds = [KINDS[name] for name in listed(given.sets, KINDS, "set")]
    if given.rows:
        kinds = [Kind(f"{given.rows} rows", given.rows, 384)]
    contenders = [CONTENDERS[name] for name in listed(given.peers, CONTENDERS, "contender")]
    options = Options(
        root=given.root.resolve(),
        steps=listed(given.steps, STEPS, "step"),
        repeats=given.repeats,
        queries=given.queries,
        seconds=given.seconds,
        rates=[float(rate) for rate in given.rates.split(",") if rate],
        budget=given.budget,
        patience=given.patience,
        spaces=given.spaces,
        use_here=given.here,
        again=listed(given.again, CONTENDERS, "contender"),
    )
    races = [Race(kind, [one for one in contenders if one.large or not kind.large], options) for kind in kinds]
    for race in races:
        race.run()
    return races


def main() -> int:
    given = parse(None)
    races = run(given)
    say("\n" + document(races))
    if given.write:
        PAGE.write_text("\n".join([INTRODUCTION, *charts(races), document(races)]))
        say(f"wrote {PAGE}")
    return 0


def charts(races: list[Race]) -> list[str]:
    """Lines of the page that show the charts, drawn beside it."""
    lines = []
    for race in races:
        path = PAGE.with_name(f"peers-{race.kind.name.replace(' ', '-')}.svg")
        try:
            plot.draw(race, path)
        except UnavailableError as reason:
            say(f"no chart: {reason}")
            return []
        lines += [f"![queries per second against recall, {race.kind.rows:,} rows]({path.name})", ""]
    return lines


if __name__ == "__main__":
    sys.exit(main())
