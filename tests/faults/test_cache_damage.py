"""Cache files are damaged, lost, swapped and outdated: answers stay those of the truth, and the cache is rebuilt."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from faults.damage_worker import STEPS, History
from faults.engine_workload import SPEC, THRESHOLDS
from faults.forks import ForkServer
from pinyon.engine import Database
from storage.sample import flip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
FLIPS = 500 if NIGHTLY else 4
"""Bit flips at random places of each file, beside those at chosen ones."""
Damage: TypeAlias = "Callable[[Path], None]"


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.damage_worker") as server:
        yield server


@pytest.fixture(scope="module")
def sound(server: ForkServer, tmp_path_factory: pytest.TempPathFactory, seed: int) -> Path:
    """A closed database whose two namespaces have caches with codes."""
    path = tmp_path_factory.mktemp("sound") / "data"
    server.call("faults.damage_worker:build", {"path": str(path), "history": [(seed, 0, STEPS)]})
    return path


def answer(server: ForkServer, path: Path, history: History, seed: int) -> dict[str, bool]:
    """Which namespaces began with a cache, after every answer was found to be right."""
    argument = {"path": str(path), "history": history, "seed": seed}
    found: dict[str, bool] = server.call("faults.damage_worker:answer", argument)
    return found


def cache_files(path: Path, name: str = SPEC.name) -> list[Path]:
    with Database(path) as database:
        folder = database.cache_path(name)
    assert folder is not None
    return sorted(file for file in folder.iterdir() if file.suffix != ".lock")


def truth_file(path: Path, name: str = SPEC.name) -> Path:
    with Database(path) as database:
        found = database.truth_path(name)
    assert found is not None
    return found


def test_the_sound_database_has_a_cache_for_each_namespace_and_uses_it(
    server: ForkServer, sound: Path, tmp_path: Path, seed: int
) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    assert sorted(file.suffix for file in cache_files(path)) == [".cache", ".cache", ".f32", ".f32"]
    assert answer(server, path, [(seed, 0, STEPS)], seed) == {"": True, "other": True}


# -- damage -----------------------------------------------------------------------------------------------------------


def cut(length: float) -> Damage:
    """To a share of the file, or by some bytes when negative."""

    def damage(file: Path) -> None:
        size = file.stat().st_size
        os.truncate(file, int(size * length) if length >= 0 else size + int(length))

    return damage


def zeroed(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def zero_page(file: Path) -> None:
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(len(data[middle : middle + 4096]))
    file.write_bytes(data)


def emptied_text(file: Path) -> None:
    file.write_text("This is not a cache.\n" * 100)


def longer(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"\xff" * 100)


DAMAGES: dict[str, Damage] = {
    "deleted": Path.unlink,
    "emptied": cut(0.0),
    "cut-in-the-header": cut(0.002),
    "cut-in-half": cut(0.5),
    "one-byte-short": cut(-1),
    "zeroed": zeroed,
    "a-zeroed-page": zero_page,
    "text": emptied_text,
    "longer": longer,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_answers_are_right_whatever_happens_to_a_cache_file(
    name: str, server: ForkServer, sound: Path, tmp_path: Path, seed: int
) -> None:
    for number in range(4):
        path = shutil.copytree(sound, tmp_path / f"{number}")
        file = cache_files(path)[number]
        DAMAGES[name](file)
        first = answer(server, path, [(seed, 0, STEPS)], seed)
        # A vector file is made longer than it needs to be, and what follows the last row means nothing.
        if file.suffix == ".cache" or name in ("deleted", "emptied", "cut-in-the-header", "zeroed", "text"):
            assert list(first.values()).count(True) == 1, f"{file.name} was believed"


@pytest.mark.parametrize("number", range(4))
def test_answers_are_right_wherever_a_bit_of_a_cache_file_flips(
    number: int, server: ForkServer, sound: Path, tmp_path: Path, rng: np.random.Generator, seed: int
) -> None:
    size = cache_files(sound)[number].stat().st_size
    chosen = [0, 8, 16, 20, 63, 64, size // 2, size - 1]
    for offset in [*chosen, *map(int, rng.integers(size, size=FLIPS))]:
        path = shutil.copytree(sound, tmp_path / "data")
        file, bit = cache_files(path)[number], int(rng.integers(8))
        flip(file, offset, bit)
        try:
            first = answer(server, path, [(seed, 0, STEPS)], seed)
        except AssertionError as error:
            raise AssertionError(f"bit {bit} of byte {offset} of {size} in {file.name}") from error
        if file.suffix == ".cache":
            assert list(first.values()).count(True) == 1, f"bit {bit} of byte {offset} of {file.name} was believed"
        shutil.rmtree(path)


def test_all_caches_may_be_deleted(server: ForkServer, sound: Path, tmp_path: Path, seed: int) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    shutil.rmtree(path / "cache")
    assert answer(server, path, [(seed, 0, STEPS)], seed) == {"": False, "other": False}


# -- caches of another index, time or timeline ------------------------------------------------------------------------


def swap(first: Path, second: Path) -> None:
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


@pytest.fixture
def twins(server: ForkServer, tmp_path: Path, seed: int) -> tuple[Path, Path]:
    """Two databases with the same history of LSNs and other records."""
    paths = tmp_path / "one", tmp_path / "two"
    for path, offset in zip(paths, (0, 1_000_000), strict=True):
        server.call("faults.damage_worker:build", {"path": str(path), "history": [(seed + offset, 0, STEPS)]})
    return paths


def test_caches_swapped_between_two_indexes_are_not_believed(
    server: ForkServer, twins: tuple[Path, Path], seed: int
) -> None:
    for first, second in zip(cache_files(twins[0]), cache_files(twins[1]), strict=True):
        swap(first, second)
    for path, offset in zip(twins, (0, 1_000_000), strict=True):
        assert answer(server, path, [(seed + offset, 0, STEPS)], seed) == {"": False, "other": False}


def test_cache_directories_swapped_between_two_indexes_are_not_believed(
    server: ForkServer, twins: tuple[Path, Path], tmp_path: Path, seed: int
) -> None:
    first, second = (cache_files(path)[0].parent for path in twins)
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    for path, offset in zip(twins, (0, 1_000_000), strict=True):
        assert answer(server, path, [(seed + offset, 0, STEPS)], seed) == {"": False, "other": False}


def test_caches_swapped_between_two_namespaces_are_not_believed(
    server: ForkServer, sound: Path, tmp_path: Path, seed: int
) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    files = cache_files(path)
    swap(*[file for file in files if file.suffix == ".cache"])
    swap(*[file for file in files if file.suffix == ".f32"])
    assert answer(server, path, [(seed, 0, STEPS)], seed) == {"": False, "other": False}


@pytest.mark.parametrize("kept", ["newer", "both"])
def test_a_cache_of_a_timeline_that_was_restored_away_is_not_believed(
    kept: str, server: ForkServer, sound: Path, tmp_path: Path, seed: int
) -> None:
    """An old truth file is put back under the caches of what came later, and then other things are written.

    kept: "newer" leaves only the later caches, "both" those of the old file too.
    """
    path = shutil.copytree(sound, tmp_path / "data")
    old = truth_file(path).read_bytes()
    old_caches = {file: file.read_bytes() for file in cache_files(path)}
    lost = [(seed, STEPS, 2 * STEPS)]
    server.call("faults.damage_worker:build", {"path": str(path), "history": lost})
    later = {file: file.read_bytes() for file in cache_files(path)}
    assert later.keys() != old_caches.keys()
    truth_file(path).write_bytes(old)
    if kept == "both":
        for file, data in old_caches.items():
            if not file.exists():
                file.write_bytes(data)
    history = [(seed, 0, STEPS), (seed + 7, STEPS, 2 * STEPS)]
    server.call("faults.damage_worker:build", {"path": str(path), "history": history[1:]})
    answer(server, path, history, seed)
    # The lost timeline's caches come back once more, beside those of the new one.
    for file, data in later.items():
        if not file.exists():
            file.write_bytes(data)
    answer(server, path, history, seed)
    for file, data in later.items():
        file.write_bytes(data)
    answer(server, path, history, seed)


def test_a_cache_from_before_compaction_is_not_believed(
    server: ForkServer, sound: Path, tmp_path: Path, seed: int
) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    old_caches = {file: file.read_bytes() for file in cache_files(path)}
    with Database(path) as database:
        database.compact()
    assert cache_files(path) == []
    for file, data in old_caches.items():
        file.write_bytes(data)
    assert answer(server, path, [(seed, 0, STEPS)], seed) == {"": False, "other": False}


def test_a_cache_from_before_repair_is_not_believed(server: ForkServer, sound: Path, tmp_path: Path, seed: int) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    old_caches = {file: file.read_bytes() for file in cache_files(path)}
    flip(cache_files(path)[0], 100)
    with Database(path) as database:
        assert database.repair() != []
    for file, data in old_caches.items():
        file.write_bytes(data)
    assert answer(server, path, [(seed, 0, STEPS)], seed) == {"": False, "other": False}


def test_a_snapshot_is_saved_with_the_vectors_of_its_own_row_numbers(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a namespace anew leaves dead rows behind, and its vectors then lie in another file, in another order."""
    for (module, name), value in THRESHOLDS.items():
        monkeypatch.setattr(module, name, value)
    with Database(shutil.copytree(sound, tmp_path / "data")) as database:
        index = database.index(SPEC.name)
        index.delete("", index.list_ids("")[0])
        with index.truth.read() as view:
            position = view.position("")
            assert position is not None
            state = index.memory.state(view, position[0])
            before = state.at(view, position[1])
            fresh = state.renewed(view, position[1])
            after = state.renew(fresh, view, position[1])
        assert before.lsn == after.lsn
        assert before.n > after.n
        cache = index.memory.cache
        assert cache.save(before)
        cache.leave(before.ns_id, before.lineage)
        assert not cache.save(before)
        assert cache.save(state.slim(1))
