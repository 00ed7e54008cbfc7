"""A storm: four writers and two readers, each a process, and every fraction of a second one of them is killed."""

from __future__ import annotations

import os
import select
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from faults import engine_workload
from faults.forks import Child, ForkServer
from faults.storm_worker import NAMESPACES, SPEC, WRITERS, expected
from pinyon.engine import Database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
SECONDS = 180.0 if NIGHTLY else 5.0
READERS = 2
PAUSE = (0.05, 0.45)
"""Seconds between two kills."""
WORK_PER_SECOND = 10
"""Acknowledged transactions, and reads, that a run must show: one in which everything was refused proves nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.storm_worker") as server:
        yield server


@dataclass
class Storm:
    server: ForkServer
    path: Path
    seed: int
    rng: np.random.Generator
    children: dict[tuple[str, int], Child] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=lambda: [0] * WRITERS)
    counts: Counter[str] = field(default_factory=Counter)

    def start(self, role: tuple[str, int]) -> None:
        kind, number = role
        argument = {
            "path": str(self.path),
            "seed": self.seed,
            "number": number,
            "shuffle": int(self.rng.integers(2**32)),
        }
        self.children[role] = self.server.start(f"faults.storm_worker:{kind}", argument)

    def rage(self, seconds: float) -> None:
        for number in range(WRITERS):
            self.start(("write", number))
        for number in range(READERS):
            self.start(("read", number))
        now = time.monotonic()
        end, strike = now + seconds, now + self.rng.uniform(*PAUSE)
        while (now := time.monotonic()) < end:
            if now >= strike:
                roles = sorted(self.children)
                role = roles[self.rng.integers(len(roles))]
                self.kill(role)
                self.start(role)
                strike = now + self.rng.uniform(*PAUSE)
            self.listen(max(0.0, min(end, strike) - now))
        for role in sorted(self.children):
            self.kill(role)

    def listen(self, seconds: float) -> None:
        pipes = {child.pipe: role for role, child in self.children.items()}
        for pipe in select.select(list(pipes), [], [], seconds)[0]:
            role = pipes[pipe]
            self.note(role, list(self.children[role].lines(timeout=0)))

    def kill(self, role: tuple[str, int]) -> None:
        child = self.children.pop(role)
        child.kill()
        self.note(role, list(child.lines()))
        assert child.wait() == -9, f"seed {self.seed}: {role} had ended by itself\n{self.server.log()}"
        os.close(child.pipe)
        self.counts["kills"] += 1

    def note(self, role: tuple[str, int], lines: list[list[str]]) -> None:
        """Take down what a process said; it may only say what fits what was acknowledged before."""
        kind, number = role
        for words in lines:
            assert words[0] != "error", f"seed {self.seed}: {kind} {number} failed: {words[1]}"
            if words[0] == "saw":
                self.counts["reads"] += 1
            elif words[0] == "resumed":
                known = self.acknowledged[number]
                assert int(words[1]) in (known, known + 1), f"seed {self.seed}: {role} found {words[1]} after {known}"
                self.acknowledged[number] = int(words[1])
            else:
                assert words == ["done", str(self.acknowledged[number] + 1)], f"seed {self.seed}: {role} {words}"
                self.acknowledged[number] += 1
                self.counts["acknowledged transactions"] += 1

    def check(self) -> None:
        """By somebody who wrote nothing: every byte."""
        with Database(self.path) as database:
            found, twice = engine_workload.read(database.index(SPEC.name))
            assert database.verify() == []
        assert not twice
        for writer, known in enumerate(self.acknowledged):
            mine = {
                name: {id_: held for id_, held in found[name].items() if id_.startswith(f"w{writer}-")}
                for name in NAMESPACES
            }
            possible = [expected(self.seed, writer, known), expected(self.seed, writer, known + 1)]
            assert mine in possible, f"seed {self.seed}, writer {writer}, acknowledged {known}: {mine}"
            for name in NAMESPACES:
                for id_ in mine[name]:
                    del found[name][id_]
        assert not any(found.values()), f"seed {self.seed}: records that nobody wrote: {found}"

    def record(self) -> str:
        return f"storm: seed {self.seed}: " + ", ".join(f"{count:,} {name}" for name, count in self.counts.items())


def test_processes_that_are_killed_at_random_never_show_or_leave_half_a_transaction(
    server: ForkServer, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    storm = Storm(server, tmp_path / "data", seed, np.random.default_rng(seed))
    with Database(storm.path) as database:
        database.create_index(SPEC)
    storm.rage(SECONDS)
    storm.check()
    record_property("record", storm.record())
    assert storm.counts["acknowledged transactions"] >= WORK_PER_SECOND * SECONDS, storm.record()
    assert storm.counts["reads"] >= WORK_PER_SECOND * SECONDS, storm.record()
    assert min(storm.acknowledged) > 0, "a writer never had its turn"
