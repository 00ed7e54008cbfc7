"""What the recall meter learned outlives the process and the stay of a namespace in memory, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from engine.places import Processes
from engine.test_meter import (
    POOR,
    ROWS,
    K,
    ask,
    by_hand,
    clustered,
    elsewhere,
    made,
    often,
    planned,
    quality,
    state_of,
    with_depth,
)
from pinyon.engine import Database, Index, maintenance
from pinyon.engine.learned import KIND, Learned, MeterCache
from pinyon.types import Quality, Query
from waiting import eventually

__all__ = ["by_hand", "often"]
pytestmark = pytest.mark.usefixtures("by_hand")


def raised(path: Path, **spec: object) -> Quality:
    """An index whose searches turned out to need more effort, closed; and what was known of their recall."""
    with Database(path) as database:
        index = made(database, **spec)
        with_depth(index, POOR)
        index.memory.cache.save(state_of(index).snapshot)
        for seed in range(4):
            ask(index, elsewhere(150, seed))
            index.metering.settle()
        ask(index, clustered(220, 5))
        index.metering.settle()
        told = quality(index)
        assert told.effort > 1.0
        assert told.checked >= 200
        return told


def opened(database: Database) -> Index:
    """The index with its namespace in memory, one query asked."""
    index = database.index("films")
    index.query("", Query(K, vector=clustered(1, 1)[0]))
    return index


def told_of(path: Path) -> Quality:
    with Database(path) as database:
        return quality(opened(database))


def files(path: Path) -> list[Path]:
    return sorted((path / "cache").rglob(f"*.{KIND}.*"))


# -- the next process -------------------------------------------------------------------------------------------------


def test_a_database_that_is_opened_again_knows_effort_and_recall(tmp_path: Path) -> None:
    before = raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = opened(database)
        assert replace(quality(index), checks=before.checks, expected=before.expected) == before
        plan = planned(index, Query(K, vector=clustered(1, 1)[0]))
        assert (plan.recall, plan.recall_interval, plan.recall_label) == (before.recall, before.interval, "measured")
        assert plan.effort == before.effort
        assert index.stats().quality[""].checked == before.checked
        ask(index, clustered(30, 6))
        index.metering.settle()
        assert quality(index).checked == before.checked + quality(index).checks > before.checked + 25
    assert told_of(tmp_path / "data").checked > before.checked + 25


def test_of_several_processes_the_last_one_to_write_wins(tmp_path: Path, run_python: Processes) -> None:
    """Each goes on from what was there when it began, and none is confused by what another learns."""
    before = raised(tmp_path / "data")
    script = """
import sys
import numpy as np
from pinyon.engine import Database, bases, meter
from pinyon.engine.meter import Meter
from pinyon.types import Query
bases.Builder._outdated = lambda *_: False
meter.SHARE = meter.CLOSE_SHARE = 0.999
Meter.__init__.__defaults__ = (0.999,)
with Database(sys.argv[1]) as database:
    index = database.index("films")
    for row in index.fetch("", [str(n) for n in range(100)]).values():
        index.query("", Query(10, vector=row.values))
    index.metering.settle()
    print(index.describe("").quality.effort, index.describe("").quality.checked, flush=True)
    input()
"""
    with Database(tmp_path / "data") as database:
        index = opened(database)
        other = run_python(script, tmp_path / "data")
        assert other.process.stdout is not None
        effort, checked = other.process.stdout.readline().split()
        assert float(effort) == before.effort
        assert before.checked + 80 < int(checked) <= before.checked + 100
        assert quality(index).checked == before.checked, "this process has its own figures"
        other.tell("")
        other.ends()
        ask(index, clustered(20, 7))
        index.metering.settle()
        own = quality(index).checked
        assert before.checked + 10 < own < int(checked)
    assert told_of(tmp_path / "data").checked == own


# -- when it is dropped -----------------------------------------------------------------------------------------------


def test_other_settings_begin_anew(tmp_path: Path) -> None:
    raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        database.configure_index("films", index={"recall": 0.8})
        told = quality(opened(database))
        assert (told.effort, told.checked, told.target) == (1.0, 0, 0.8)


def test_a_base_that_looks_more_or_less_hard_keeps_the_effort_and_forgets_the_outcomes(tmp_path: Path) -> None:
    before = raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = opened(database)
        with_depth(index, replace(POOR, plain=(12, 31)))
        index.memory.cache.save(state_of(index).snapshot)
    told = told_of(tmp_path / "data")
    assert (told.effort, told.checked) == (before.effort, 0)


def test_another_kind_of_base_begins_anew(tmp_path: Path) -> None:
    raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = opened(database)
        state = state_of(index)
        learned = state.meter.learned
        assert learned is not None
        index.memory.meters.save(state.ns_id, state.snapshot.lsn, replace(learned, kind="ivf"))
    told = told_of(tmp_path / "data")
    assert (told.effort, told.checked) == (1.0, 0)


def test_without_a_cache_directory_only_this_is_lost(tmp_path: Path) -> None:
    raised(tmp_path / "data")
    for file in files(tmp_path / "data"):
        file.unlink()
    told = told_of(tmp_path / "data")
    assert (told.effort, told.checked, told.label) == (1.0, 0, "estimate")


@pytest.mark.parametrize("damage", ["flipped bit in the outcomes", "flipped bit in the notes", "cut", "empty"])
def test_a_damaged_file_is_passed_over(tmp_path: Path, damage: str) -> None:
    raised(tmp_path / "data")
    (file,) = files(tmp_path / "data")
    content = bytearray(file.read_bytes())
    if damage.startswith("flipped"):
        content[-20 if "outcomes" in damage else 60] ^= 4
    file.write_bytes({"cut": content[:-100], "empty": b""}.get(damage, content))
    with Database(tmp_path / "data") as database:
        assert [(found.severity, "meter" in found.place) for found in database.verify("films")] == [("notice", True)]
        told = quality(opened(database))
        assert (told.effort, told.checked) == (1.0, 0)
        assert len(ask(opened(database), clustered(1, 8))[0]) == K


@pytest.mark.parametrize("change", [{"effort": 1e6}, {"effort": float("nan")}, {"standing": None}, {"settings": ""}])
def test_notes_that_make_no_sense_are_passed_over(tmp_path: Path, change: dict[str, object]) -> None:
    raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = opened(database)
        state = state_of(index)
        learned = state.meter.learned
        assert learned is not None
        index.memory.meters.save(state.ns_id, state.snapshot.lsn, replace(learned, **change))  # type: ignore[arg-type]
    told = told_of(tmp_path / "data")
    assert (told.effort, told.checked) == (1.0, 0)


# -- when it is written -----------------------------------------------------------------------------------------------


def test_it_is_written_now_and_then_while_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "KEEP_SECONDS", 0.05)
    with Database(tmp_path / "data") as database:
        index = made(database)
        ask(index, clustered(60, 9))
        assert files(tmp_path / "data") == []
        index.metering.settle()
        assert eventually(lambda: state_of(index).meter.kept is state_of(index).meter.learned)
        (first,) = files(tmp_path / "data")
        ask(index, clustered(60, 10))
        index.metering.settle()
        assert eventually(lambda: state_of(index).meter.kept is state_of(index).meter.learned)
        (second,) = files(tmp_path / "data")  # the former one is gone
        assert second != first
        assert database.verify("films") == []


def test_it_is_not_written_more_than_once_a_minute_and_not_without_news(tmp_path: Path) -> None:
    with Database(tmp_path / "data") as database:
        index = made(database)
        for seed in range(3):
            ask(index, clustered(40, seed))
            index.metering.settle()
        assert files(tmp_path / "data") == []
    (written,) = files(tmp_path / "data")
    told_of(tmp_path / "data")
    assert files(tmp_path / "data") == [written]


def test_saving_rows_and_saving_what_was_learned_leave_each_others_files_alone(tmp_path: Path) -> None:
    before = raised(tmp_path / "data")
    with Database(tmp_path / "data") as database:
        index = opened(database)
        index.upsert("", [f"new {n}" for n in range(500)], clustered(500, 11))
        assert index.ready(timeout=120)
    assert len(files(tmp_path / "data")) == 1
    with Database(tmp_path / "data") as database:
        index = opened(database)
        assert state_of(index).snapshot.n == ROWS + 500
        assert quality(index).checked == before.checked
        assert database.verify("films") == []


def test_a_database_that_may_not_write_reads_it_and_writes_nothing(tmp_path: Path) -> None:
    before = raised(tmp_path / "data")
    kept = files(tmp_path / "data")
    with Database(tmp_path / "data", read_only=True) as database:
        index = opened(database)
        assert quality(index).effort == before.effort
        ask(index, clustered(40, 12))
        index.metering.settle()
        assert quality(index).checked > before.checked
    assert files(tmp_path / "data") == kept
    assert told_of(tmp_path / "data").checked == before.checked


def test_a_full_disk_costs_nothing_but_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pinyon.errors import StorageFullError
    from pinyon.storage.cache import CacheDirectory

    def full(*_: object, **__: object) -> str:
        raise StorageFullError("no space left")

    with Database(tmp_path / "data") as database:
        index = made(database)
        ask(index, clustered(40, 13))
        index.metering.settle()
        monkeypatch.setattr(CacheDirectory, "publish", full)
    monkeypatch.undo()
    assert told_of(tmp_path / "data").checked == 0


# -- namespaces that make room ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("saved", [True, False])
def test_a_namespace_that_made_room_comes_back_with_what_was_learned(
    tmp_path: Path, at_once: bool, saved: bool
) -> None:
    """Whether it comes back before that was written, or after; with its codes, or where they must be built again."""
    with Database(tmp_path / "data") as database:
        index = made(database)
        index.memory.cache.save(state_of(index).snapshot)
        ask(index, clustered(220, 14))
        index.metering.settle()
        state, before = state_of(index), quality(index)
        assert before.checked > 200
        index.memory.drop(state)
        assert index.memory.loaded_states() == []
        if not at_once:
            assert eventually(lambda: state.meter.kept is state.meter.learned)
        if not saved:
            for file in (tmp_path / "data" / "cache").rglob("*.snapshot.*"):
                file.unlink()
        index = opened(database)
        assert state_of(index) is not state
        assert (state_of(index).snapshot.base is not None) == saved
        assert index.ready(timeout=120)
        after = quality(index)
        assert (after.checked, after.recall, after.interval) == (before.checked, before.recall, before.interval)


def test_a_reader_who_began_before_it_was_written_finds_it_too(tmp_path: Path) -> None:
    with Database(tmp_path / "data") as database:
        index = made(database)
        ask(index, clustered(220, 14))
        index.metering.settle()
        state, before = state_of(index), quality(index)
        with index.memory.truth.read() as view:
            assert view.lsn_of(state.ns_id) == state.snapshot.lsn
            index.memory.drop(state)
            assert eventually(lambda: state.meter.kept is state.meter.learned)
            assert len(index.memory.state(view, state.ns_id).meter.outcomes) == before.checked


def test_what_could_not_be_written_when_a_namespace_made_room_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def somebody_else_writes(self: MeterCache, ns_id: int, lsn: int, learned: Learned) -> bool:
        tried.append(ns_id)
        return False

    with Database(tmp_path / "data") as database:
        index = made(database)
        ask(index, clustered(220, 14))
        index.metering.settle()
        state, before = state_of(index), quality(index)
        with monkeypatch.context() as patch:
            patch.setattr(MeterCache, "save", somebody_else_writes)
            index.memory.drop(state)
            assert eventually(lambda: tried)
    assert told_of(tmp_path / "data").checked == before.checked
