"""The power goes at any moment: what was acknowledged survives, and no transaction survives in part."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from faults.sql_workload import Opener, SqlWorkload, Workload
from faults.vfs import Disk, FaultyVFS, Operation, Trace, place
from pinyon.errors import PinyonError

STEPS = 12
STATES = 20_000 if os.environ.get("PINYON_NIGHTLY") == "1" else 1_000


def record(opener: Opener, folder: Path, steps: int = STEPS) -> Trace:
    """Runs the workload on a recording disk, with a clean close and a second opening in the middle."""
    trace = Trace()
    folder.mkdir(parents=True)
    with FaultyVFS() as vfs:
        vfs.trace = trace
        store = opener(folder, vfs.name)
        for step in range(1, steps + 1):
            trace.mark(f"started {step}")
            store.apply(step)
            trace.mark(f"acknowledged {step}")
            if step == steps // 2:
                store.close()
                store = opener(folder, vfs.name)
        store.close()
    return trace


def bounds(trace: Trace, until: int) -> tuple[int, int]:
    """Steps acknowledged and steps started when the power went."""
    least = most = 0
    for mark in trace.marks(until):
        kind, step = mark.split()
        if kind == "started":
            most = int(step)
        else:
            least = int(step)
    return least, most


def survives(opener: Opener, state: dict[str, bytes], folder: Path, least: int, most: int) -> None:
    place(state, folder)
    store: Workload = opener(folder, None)
    try:
        held = store.check(least, most)
        store.apply(held + 1)
        store.check(held + 1, held + 1)
    finally:
        store.close()


def run_states(opener: Opener, tmp_path: Path, states: int, seed: int) -> None:
    trace = record(opener, tmp_path / "run")
    chance = random.Random(seed)
    moments = sorted(chance.randrange(1, len(trace.operations) + 1) for _ in range(states))
    disk, played = Disk(), 0
    for number, moment in enumerate(moments):
        for operation in trace.operations[played:moment]:
            disk.advance(operation)
        played = moment
        least, most = bounds(trace, moment)
        folder = tmp_path / "state"
        try:
            survives(opener, disk.after_power_loss(seed + number), folder, least, most)
        except BaseException:  # tells where, whatever it was
            print(f"\nafter operation {moment} of {len(trace.operations)}, seed {seed + number}")  # noqa: T201
            raise
        shutil.rmtree(folder)


def test_acknowledged_steps_survive_a_power_loss_at_any_moment(tmp_path: Path) -> None:
    run_states(SqlWorkload, tmp_path, STATES, int(os.environ.get("PINYON_TEST_SEED", "1")))


def test_the_simulated_disk_equals_the_real_one_when_nothing_is_lost(tmp_path: Path) -> None:
    trace = record(SqlWorkload, tmp_path / "run")
    disk = Disk()
    for operation in trace.operations:
        disk.advance(operation)
        if operation.kind != "mark":
            disk.advance(Operation("sync", operation.file))
    state = disk.after_power_loss(0)
    real = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert state == real


def test_the_check_notices_a_disk_that_lies_about_syncing(tmp_path: Path) -> None:
    """With syncs ignored acknowledged steps get lost: a check that still passed would be worth nothing."""
    trace = record(SqlWorkload, tmp_path / "run")
    acknowledged = [number for number, operation in enumerate(trace.operations) if operation.kind == "mark"]
    disk = Disk()
    for operation in trace.operations[: acknowledged[-1]]:
        if operation.kind != "sync":
            disk.advance(operation)
    noticed = 0
    for seed in range(30):
        try:
            survives(SqlWorkload, disk.after_power_loss(seed), tmp_path / f"state{seed}", STEPS, STEPS)
        except (AssertionError, PinyonError):
            noticed += 1
    assert noticed > 10


@pytest.mark.nightly
@pytest.mark.skipif(os.environ.get("PINYON_NIGHTLY") != "1", reason="long; set PINYON_NIGHTLY=1")
def test_many_more_power_losses(tmp_path: Path) -> None:
    for seed in range(2, 7):
        run_states(SqlWorkload, tmp_path / str(seed), STATES, seed * 1_000_003)
