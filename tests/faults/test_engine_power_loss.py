"""The power goes at any moment while the whole engine works: what was acknowledged survives, and nothing in part."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from faults import engine_workload as workload
from faults.engine_on_disk import EngineWorkload
from faults.sql_workload import Workload
from faults.test_power_loss import record, run_states
from storage.sample import flip

STEPS = 12
STATES = 20_000 if os.environ.get("PINYON_NIGHTLY") == "1" else 80


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for (module, name), value in workload.THRESHOLDS.items():
        monkeypatch.setattr(module, name, value)


def test_acknowledged_writes_survive_a_power_loss_at_any_moment(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    run_states(EngineWorkload, tmp_path, STATES, seed)
    record_property("record", f"power loss under the engine: seed {seed}: {STATES:,} states, nothing lost or half done")


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
def test_caches_that_are_newer_than_the_truth_after_a_power_loss_are_not_believed(
    torn: bool, tmp_path: Path, seed: int
) -> None:
    """Cache files are not synced: the disk may have kept them and lost the commits that they were built from."""
    record(EngineWorkload, tmp_path / "once")
    caches = tmp_path / "caches"
    shutil.copytree(tmp_path / "once" / "cache", caches)
    files = [file for file in caches.rglob("*") if file.suffix in (".cache", ".f32")]
    assert files
    for number, file in enumerate(files if torn else []):
        if number % 2:
            os.truncate(file, file.stat().st_size // 2)
        else:
            flip(file, file.stat().st_size // 2)

    def opener(folder: Path, vfs: str | None) -> Workload:
        return EngineWorkload(folder, vfs, caches=None if vfs else caches)

    run_states(opener, tmp_path, STATES // 3, seed + 1)
