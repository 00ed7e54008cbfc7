"""Tuning as a person asks for it: going on where it was cut short, and the lines that use what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from pinyon.engine import Database
from pinyon.engine.kinds import read_line
from pinyon.errors import InvalidRequestError
from pinyon.studies import Applied, Source, Tuning, Watch, apply, tune
from pinyon.studies.climbing import REPEATS
from pinyon.studies.gathering import SAMPLE_ROWS
from pinyon.studies.measuring import TOP_K
from pinyon.studies.tuning_results import RESULTS

__all__ = ["Applied", "Request", "Tuning", "create_lines", "default_folder", "run", "set_index"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tuned for what. None has its default. out: the folder of the results."""

    out: Path
    source: Source | None = None
    recall: float | None = None
    latency_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float | None = None
    filters: Sequence[Mapping[str, Any]] = ()
    kinds: Sequence[str] | None = None
    k: int | None = None
    repeats: int | None = None
    sample: int | None = None
    all_rows: bool = False

    @property
    def recorded(self) -> bool:
        """Whether it names a folder with results, and no vectors."""
        return self.source is None and (self.out / RESULTS).exists()


def run(request: Request, watch: Watch | None = None) -> Tuning:
    """Tune; results are in the folder after every measurement.

    A folder that holds a tuning, when no vectors are named, goes on with the settings recorded there.
    Raises the errors of ``studies.tune``, and InvalidRequestError when there is nothing to tune.
    """
    source, recall, k, repeats = request.source, request.recall, request.k, request.repeats
    filters, kinds = request.filters, request.kinds
    sample = None if request.all_rows else request.sample or SAMPLE_ROWS
    bounds = {"latency_ms": request.latency_ms, "p99_ms": request.p99_ms, "memory_mb": request.memory_mb}
    if request.recorded:
        found = Tuning.read(request.out)
        settings = found.settings
        source, sample = settings.source, settings.sample
        recall, k, repeats = recall or settings.recall, k or settings.k, repeats or settings.repeats
        kinds = kinds or settings.kinds
        filters = filters or [orjson.loads(name) for name in settings.filters]
        if not any(bounds.values()):
            bounds = {name: getattr(found.contract, name) for name in bounds}
    if source is None:
        raise InvalidRequestError("no vectors are named: give an index, a file, or the size of a set to generate")
    return tune(
        source,
        recall=recall,
        **bounds,
        k=TOP_K if k is None else k,
        filters=filters,
        kinds=kinds,
        sample=sample,
        repeats=REPEATS if repeats is None else repeats,
        out=request.out,
        watch=watch,
    )


def set_index(tuning: Tuning, database: Database, watch: Watch | None = None) -> Applied:
    """Apply what was chosen to the index that was tuned. Raises the errors of ``studies.apply``."""
    return apply(tuning, database, watch)


def create_lines(tuning: Tuning, name: str = "NAME") -> list[str]:
    """A command and a Python line that create an index with what was chosen; none where nothing was."""
    best, settings = tuning.best, tuning.settings
    if best is None:
        return []
    line, given = best.candidate.settings, read_line(best.candidate.settings)
    return [
        f"pinyon create {name} --dimension {settings.d} --metric {settings.metric} --index '{line}'",
        f'pc.create_index("{name}", dimension={settings.d}, metric="{settings.metric}", index={given!r})',
    ]


def default_folder() -> Path:
    """A folder of its own in the working directory."""
    return Path(f"tune-{datetime.now():%Y%m%d-%H%M%S}")
