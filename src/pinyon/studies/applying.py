"""Sets an index to what a tuning chose, waits until it is searched that way, and measures what its searches find."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import numpy as np

from pinyon.engine import Database, Index
from pinyon.engine.kinds import line_of, read_line
from pinyon.errors import FailedPreconditionError
from pinyon.studies import files
from pinyon.studies.gathering import held_out
from pinyon.studies.sources import QUERIES
from pinyon.studies.tuning import Tuning
from pinyon.studies.values import Silent, Watch
from pinyon.types import Floats, Query

_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Applied:
    """before, after: settings of the index. recall, milliseconds: of its live searches, mean recall@k and median, by
    the JSON of the filter, "" without one. serves: what answers searches without a filter now. seconds: of the change.
    """

    before: str
    after: str
    seconds: float
    serves: str
    recall: Mapping[str, float]
    milliseconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "seconds": self.seconds,
            "serves": self.serves,
            "recall": dict(self.recall),
            "milliseconds": dict(self.milliseconds),
        }


def apply(tuning: Tuning, database: Database, watch: Watch | None = None) -> Applied:
    """Configure the index that was tuned, in ``database``, and wait until the new base serves. Searches go on.

    Its searches are then compared with exact ones, on the queries of the tuning; a record that was held out as a query
    is in the index, and does not count as a result of its own.
    Raises FailedPreconditionError when nothing was chosen or no index was tuned, NotFoundError when it is gone.
    """
    best, source = tuning.best, tuning.settings.source
    if best is None:
        raise FailedPreconditionError("nothing that was measured keeps the contract, so there is nothing to apply")
    if source is None or source.index is None:
        raise FailedPreconditionError(
            f"no index was tuned: create one with the settings {best.candidate.settings!r} instead"
        )
    watch = watch or Silent()
    index = database.index(source.index)
    before = line_of(index.spec)
    started = monotonic()
    after = database.configure_index(source.index, index=read_line(best.candidate.settings))
    expected = max(1, round(best.build_seconds * tuning.settings.total / tuning.settings.n))
    watch.begin("building", expected, "seconds")
    while not index.ready(timeout=_WAIT_SECONDS):
        watch.advance(min(expected, int(monotonic() - started)))
    seconds = monotonic() - started
    recall, milliseconds = {}, {}
    queries, own = _queries(tuning, index)
    for name in ("", *tuning.settings.filters):
        recall[name], milliseconds[name] = _measured(tuning, index, queries, own, name, watch)
    serves = index.describe(source.namespace).kind
    return Applied(before, line_of(after), seconds, serves, recall, milliseconds)


def _queries(tuning: Tuning, index: Index) -> tuple[Floats, bool]:
    """(q, d) queries of the tuning, and whether each is a record of the index, and so its own best match."""
    source = tuning.settings.source
    assert source is not None
    if source.queries is not None:
        count = QUERIES if source.query_count is None else source.query_count
        return np.array(files.read_matrix(Path(source.queries))[:count], np.float32), False

    def work(view: Any) -> Floats | None:
        opened = index.memory.snapshot(view, source.namespace)
        if opened is None or opened[1].vectors is None:
            return None
        alive = np.flatnonzero(opened[1].alive)[: source.rows]
        return opened[1].vectors.take(alive[held_out(alive.size, source)])

    found = index.read(work)
    if found is None:
        raise index.memory.unknown_namespace(source.namespace)
    return found, tuning.settings.metric != "dotproduct"


def _measured(tuning: Tuning, index: Index, queries: Floats, own: bool, name: str, watch: Watch) -> tuple[float, float]:
    """(recall, milliseconds in the median) of searches with the filter. own: the first result is left out."""
    source, k = tuning.settings.source, tuning.settings.k
    assert source is not None
    filter_ = json.loads(name) if name else None
    skip = int(own and not name)
    ascending = tuning.settings.metric == "euclidean"
    found = wanted = 0
    times = []
    watch.begin("measuring", len(queries), "queries")
    for at, query in enumerate(queries):
        started = perf_counter()
        live = index.query(source.namespace, Query(k + skip, query, filter=filter_))
        times.append((perf_counter() - started) * 1e3)
        exact = index.query(source.namespace, Query(k + skip, query, filter=filter_, exact=True))
        best = [match.score for match in exact.matches][skip:]
        if best:
            scores = np.array([match.score for match in live.matches][skip:])
            good = scores <= best[-1] if ascending else scores >= best[-1]
            found += min(int(np.count_nonzero(good)), len(best))
            wanted += len(best)
        watch.advance(at + 1)
    return found / wanted if wanted else 1.0, float(np.median(times))
