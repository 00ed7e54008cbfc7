"""kill -9 while an index becomes one of another kind: it opens, answers right, and ends up as it was told to be."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="without faiss every kind is exact")

from faults import engine_workload as workload
from faults.engine_workload import DIMENSION, SPEC, State
from faults.forks import Child, ForkServer
from faults.test_kill import RECALL, Life
from pinyon.engine import Database, bases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
KILLS = 1_000 if NIGHTLY else 24
ROWS = 1_500
SERVED = {"flat": "flat", "scan": "scan", "hnsw": "hnsw", "ivf": "ivf"}


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.kinds_worker") as server:
        yield server


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for (module, name), value in workload.THRESHOLDS.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(bases, "LINK_ROWS", 64)


@dataclass
class KindLife(Life):
    """A directory whose index is told to be another kind all the time."""

    worker: str = "faults.kinds_worker:work"
    unfinished: list[str] = field(default_factory=list)
    """Kinds that were asked for but did not serve yet when the process was killed."""

    def start(self) -> None:
        """The records that stay: writes touch the first few hundred only."""
        rng = np.random.default_rng(self.seed)
        centres = rng.standard_normal((30, DIMENSION))
        vectors = centres[rng.integers(0, 30, ROWS)] + 0.4 * rng.standard_normal((ROWS, DIMENSION))
        vectors = vectors.astype(np.float32)
        ids = [f"{number:04d}" for number in range(ROWS)]
        metadata = [{"group": f"g{number % workload.GROUPS}", "price": number / 7} for number in range(ROWS)]
        with Database(self.path) as database:
            index = workload.fresh_index(database)
            index.upsert("", ids, vectors, metadata=metadata)
        held: State = workload.empty()
        for id_, vector, fields in zip(ids, vectors, metadata, strict=True):
            held[""][id_] = vector.astype("<f4").tobytes(), dict(fields)
        self.state = held

    def _await_moment(self, child: Child, mode: str, upkeep: str) -> list[list[str]]:
        """Soon after it was asked for another kind, or while it works on it, saves it, or opens again."""
        wanted = {"opening": {"open"}, "moment": set(SERVED), "upkeep": {"ready", "close"}}[mode]
        lines: list[list[str]] = []
        left = int(self.rng.integers(1, 4))
        for words in child.lines(timeout=5.0):
            lines.append(words)
            left -= words[0] == "begin" and words[1] in wanted
            if left <= 0:
                break
        time.sleep(self.rng.choice([self.rng.uniform(0, 0.01), self.rng.uniform(0, 0.15)]))
        return lines

    def check(self) -> None:
        self.check_kind()
        super().check()

    def check_kind(self) -> None:
        """It serves at once, by whatever there is; and in the end by what it was told to be."""
        with Database(self.path) as database:
            kind = database.describe_index(SPEC.name).kind
            index = database.index(SPEC.name)
            index.query("", workload.Query(1, np.ones(DIMENSION, np.float32)))
            if kind != "auto" and index.describe("").kind != SERVED[kind]:
                self.unfinished.append(kind)
            assert index.ready(timeout=60)
            served = index.describe("").kind
            assert served == SERVED.get(kind, "scan"), f"{self.where()}: {kind} was asked for, {served} serves"
            self.counts[f"ended as {served}"] += 1


@pytest.mark.timeout(7_200 if NIGHTLY else 600)
@pytest.mark.usefixtures("_small")
def test_a_process_killed_while_a_base_is_built_leaves_an_index_that_ends_up_as_configured(
    server: ForkServer, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    run = KindLife(server, tmp_path / "data", seed, np.random.default_rng([seed, 77]))
    run.start()
    while run.counts["kills"] < KILLS:
        run.kill_once()
        if run.rng.random() < 0.4:  # the next process goes on with what this one left, and is killed as well
            continue
        run.check()
    run.check()
    record_property("record", f"{run.record()}; unfinished when killed: {len(run.unfinished)}")
    assert {f"ended as {kind}" for kind in SERVED.values()} <= run.counts.keys()
    assert len(run.unfinished) >= KILLS // 20, "kills that come when all is done prove nothing"
    assert np.mean(run.recalls) >= RECALL, run.where()
