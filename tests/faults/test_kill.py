"""kill -9 at a random moment, hundreds of times over: what was acknowledged is there, and nothing else is."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from faults import engine_workload as workload
from faults.engine_workload import SPEC, State, foretell, step
from faults.forks import Child, ForkServer
from faults.kill_worker import SCRATCH, UPKEEP
from pinyon.engine import Database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
KILLS = 10_000 if NIGHTLY else 100
LIVES = 4
"""Directories; each goes through its share of the kills."""
WRITES_PER_KILL = 2
"""Acknowledged writes that a life must show for each kill: a run in which everything was refused proves nothing."""
RECALL = 0.9


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.kill_worker") as server:
        yield server


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker sees codes and caches where the worker builds them."""
    for (module, name), value in workload.THRESHOLDS.items():
        monkeypatch.setattr(module, name, value)


@dataclass
class Life:
    """One directory, what was acknowledged in it, and what went wrong."""

    server: ForkServer
    path: Path
    seed: int
    rng: np.random.Generator
    state: State = field(default_factory=workload.empty)
    acknowledged: int = 0
    """Writes 0..acknowledged-1 are acknowledged, and foretold in `state`."""
    backups: dict[str, State] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    recalls: list[float] = field(default_factory=list)
    worker: str = "faults.kill_worker:work"

    def where(self) -> str:
        return f"seed {self.seed}, kill {self.counts['kills']}, write {self.acknowledged}, directory {self.path}"

    # -- killing ------------------------------------------------------------------------------------------------------

    def kill_once(self) -> None:
        upkeep = str(self.rng.choice(UPKEEP)) if self.rng.random() < 0.8 else ""
        mode = str(self.rng.choice(["opening", "moment", "upkeep"], p=[0.25, 0.35, 0.4]))
        child = self.server.start(
            self.worker,
            {
                "path": str(self.path),
                "seed": self.seed,
                "first": self.acknowledged,
                "upkeep": upkeep,
                "shuffle": int(self.rng.integers(2**32)),
            },
        )
        lines = self._await_moment(child, mode, upkeep)
        child.kill()
        lines += list(child.lines())
        status = child.wait()
        os.close(child.pipe)
        errors = [words[1] for words in lines if words[0] == "error"]
        assert not errors, f"{self.where()}: the worker failed\n{errors[0]}\n{self.server.log()}"
        assert status == -9, f"{self.where()}: the worker ended with {status}\n{self.server.log()}"
        self.counts["kills"] += 1
        self._take_note(lines)

    def _await_moment(self, child: Child, mode: str, upkeep: str) -> list[list[str]]:
        lines: list[list[str]] = []
        if mode == "opening":
            time.sleep(self.rng.uniform(0, 0.03))
        elif mode == "moment" or not upkeep:
            left = int(self.rng.integers(16))
            for words in child.lines(timeout=2.0):
                lines.append(words)
                left -= words[0] == "done"
                if left <= 0:
                    break
            time.sleep(self.rng.uniform(0, 0.02))
        else:
            for words in child.lines(timeout=2.0):
                lines.append(words)
                if words == ["begin", upkeep]:
                    break
            time.sleep(self.rng.choice([self.rng.uniform(0, 0.005), self.rng.uniform(0, 0.04)]))
        return lines

    def _take_note(self, lines: list[list[str]]) -> None:
        last = "start"
        for words in lines:
            if words[0] == "begin":
                last = words[1]
                if last in ("backup", "scratch"):
                    self.backups[f"after-{self.acknowledged - 1}"] = self.state
            else:
                assert words == ["done", str(self.acknowledged)], f"{self.where()}: {words}"
                self.state = foretell(self.state, step(self.seed, self.acknowledged))
                self.acknowledged += 1
                self.counts["acknowledged writes"] += 1
        self.struck[last if last in (*UPKEEP, "start", "open", "search") else "write"] += 1

    # -- checking -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        with Database(self.path) as database:
            index = database.index(SPEC.name)
            found, twice = workload.read(index)
            self._compare(found, twice)
            if self.rng.random() < 0.5:
                index.ready()
            self.recalls += workload.check_searches(index, self.state, self.rng)
            assert database.verify() == [], self.where()
            self._check_others(database)

    def _compare(self, found: State, twice: int) -> None:
        """Equal to the state after the last acknowledged write, or after the one that was under way."""
        ahead = foretell(self.state, step(self.seed, self.acknowledged))
        self.counts["duplicates"] += twice
        if found == self.state and not twice:
            return
        if found == ahead and not twice:
            self.state = ahead
            self.acknowledged += 1
            self.counts["written, not yet acknowledged"] += 1
            return
        for name in {*found, *self.state}:
            old, new, seen = self.state.get(name, {}), ahead.get(name, {}), found.get(name, {})
            ids = {*old, *new, *seen}
            forward = {id_ for id_ in ids if seen.get(id_) == new.get(id_)}
            backward = {id_ for id_ in ids if seen.get(id_) == old.get(id_)}
            self.counts["lost"] += len([id_ for id_ in old if id_ not in forward | backward])
            self.counts["phantom"] += len([id_ for id_ in seen if id_ not in old and id_ not in new])
            self.counts["half batches"] += bool(ids - forward and ids - backward)
        raise AssertionError(f"{self.where()}: the content is neither before nor after the write: {self.record()}")

    def _check_others(self, database: Database) -> None:
        assert {spec.name for spec in database.list_indexes()} <= {SPEC.name, SCRATCH}, self.where()
        for info in database.list_backups():
            expected = self.backups[info.name]
            if self.rng.random() < 0.3 or len(self.backups) > 20:
                database.restore_backup(info.id, "restored")
                assert workload.read(database.index("restored"))[0] == expected, f"{self.where()}: {info.name}"
                database.delete_index("restored")
                self.counts["backups restored"] += 1
                database.delete_backup(info.id)

    def record(self) -> str:
        wrong = ("lost", "phantom", "duplicates", "half batches")
        good = ("kills", "acknowledged writes", "written, not yet acknowledged", "backups restored")
        counts = ", ".join(f"{self.counts[name]:,} {name}" for name in (*good, *wrong))
        struck = ", ".join(f"{name} {count}" for name, count in self.struck.most_common())
        return f"kill -9: seed {self.seed}: {counts}; struck in: {struck}"


def test_the_check_notices_what_is_lost_invented_or_half_done(tmp_path: Path) -> None:
    """A check that could not fail would prove nothing."""
    writes = {number: step(1, number, kind="load", namespace="") for number in range(2)}
    before = foretell(workload.empty(), writes[0])
    ahead = foretell(before, step(1, 1))
    gone, changed = sorted(before[""])[:2]

    def checked(found: State, twice: int = 0) -> Counter[str]:
        life = Life(None, tmp_path, 1, np.random.default_rng(1), state=before, acknowledged=1)  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match="seed 1"):
            life._compare(found, twice)
        return life.counts

    assert ahead != before
    lost = {**before, "": {id_: held for id_, held in before[""].items() if id_ != gone}}
    assert checked(lost)["lost"] == 1
    assert checked({**before, "": before[""] | {"9999": before[""][gone]}})["phantom"] == 1
    assert checked({**before, "": before[""] | {changed: before[""][gone]}})["lost"] == 1
    assert checked(before, twice=1)["duplicates"] == 1
    differing = sorted(id_ for id_ in {*before[""], *ahead[""]} if before[""].get(id_) != ahead[""].get(id_))
    half = dict(before[""])
    half.pop(differing[0], None)
    if differing[0] in ahead[""]:
        half[differing[0]] = ahead[""][differing[0]]
    assert len(differing) > 1
    assert checked({**before, "": half})["half batches"] == 1


@pytest.mark.timeout(7_200 if NIGHTLY else 600)
@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("life", range(LIVES))
def test_a_killed_process_loses_nothing_acknowledged_and_leaves_no_half_batch(
    life: int, server: ForkServer, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    run = Life(server, tmp_path / "data", seed * LIVES + life, np.random.default_rng([seed, life]))
    with Database(run.path) as database:
        workload.fresh_index(database)
    while run.counts["kills"] < KILLS // LIVES:
        run.kill_once()
        if run.rng.random() < 0.2:  # the next process recovers, and is killed while it does
            continue
        run.check()
    run.check()
    record_property("record", run.record())
    assert run.counts["acknowledged writes"] >= WRITES_PER_KILL * run.counts["kills"], run.record()
    assert np.mean(run.recalls) >= RECALL, run.where()
