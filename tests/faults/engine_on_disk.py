"""The whole engine as a ``Workload``: step 1 makes the index, and every later one is a write or an upkeep."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np

from faults import engine_workload as workload
from faults.engine_workload import SPEC, State, foretell, step
from pinyon.engine import Database

SEED = 11
COMPACTED = 7
"""The step that also compacts."""
SETTLED = (3, 6, 10)
"""Steps that also build codes and save caches."""


def state_after(steps: int) -> State:
    """What the index holds after so many steps."""
    state = workload.empty()
    for number in range(2, steps + 1):
        state = foretell(state, write_of(number))
    return state


def write_of(number: int) -> workload.Step:
    """The write of a step from the second on; the second fills the index."""
    return step(SEED, number, kind="load", namespace="") if number == 2 else step(SEED, number)


class EngineWorkload:
    """One opening of a database. caches: a cache directory of another time to find there, as a power loss may leave."""

    def __init__(self, folder: Path, vfs: str | None, *, caches: Path | None = None) -> None:
        _arrange(folder)
        if caches is not None:
            shutil.copytree(caches, folder / "cache", dirs_exist_ok=True)
        self.database = Database(folder, vfs=vfs)

    def apply(self, step: int) -> None:
        if step == 1:
            if not self.database.has_index(SPEC.name):
                self.database.create_index(SPEC)
            return
        index = self.database.index(SPEC.name)
        workload.run(index, write_of(step))
        if step in SETTLED:
            index.ready()
        elif step == COMPACTED:
            self.database.compact(SPEC.name)

    def check(self, least: int, most: int) -> int:
        """How many steps the database holds; see ``Workload``."""
        if not self.database.has_index(SPEC.name):
            assert least == 0, "the index is gone"
            return 0
        index = self.database.index(SPEC.name)
        found, twice = workload.read(index)
        assert not twice
        # The latest that fits: a write that changes nothing leaves what the one before it left.
        fitting = [number for number in range(max(1, least), most + 1) if state_after(number) == found]
        assert fitting, f"the content is that of no step from {least} to {most}"
        list(workload.check_searches(index, found, np.random.default_rng(least)))
        damage = [finding for finding in self.database.verify() if finding.severity == "damage"]
        assert damage == []
        return fitting[-1]

    def close(self) -> None:
        self.database.close()


def _arrange(folder: Path) -> None:
    """A trace knows files by name; put those of indexes where they belong."""
    for file in list(folder.glob("*.sqlite*")) if folder.is_dir() else []:
        if re.match(r"[0-9a-f]{32}\.sqlite", file.name):
            (folder / "indexes").mkdir(exist_ok=True)
            file.rename(folder / "indexes" / file.name)
