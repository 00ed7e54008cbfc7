"""Queries per second against recall, a line for each contender."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from benchmarks.peers.environments import UnavailableError
from benchmarks.peers.race import Race


def draw(race: Race, path: Path) -> None:
    """Raises UnavailableError where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UnavailableError("matplotlib is not installed: pip install 'pinyon[study]'")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    for one in race.contenders:
        rows = [row for result in race.results.get((one.name, "sweep"), []) for row in result["tried"]]
        points = sorted((row["recall"], 1e3 / row["p50_ms"]) for row in rows if row["recall"] >= 0.85)
        if points:
            style = (
                {"linewidth": 3, "zorder": 3} if one.name == "pinyon" else {"linestyle": ":" if one.library else "-"}
            )
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=one.title, **style)
    axes.set(
        xlabel="recall@10",
        ylabel="1 / median latency (queries/s)",
        yscale="log",
        title=f"{race.kind.rows:,} x {race.kind.dimension}, one thread",
    )
    axes.grid(which="both", alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path)
