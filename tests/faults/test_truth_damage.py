"""The truth file is damaged: no wrong data, no crash of the interpreter, a clear error, and repair saves the rest."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from faults.damage_worker import STEPS, History, state_of
from faults.engine_workload import SPEC
from faults.forks import ForkServer
from pinyon.engine import CorruptionWarning, Database, Index
from pinyon.errors import CorruptionError, FormatError, PinyonError
from pinyon.storage.schema import PAGE_SIZE
from pinyon.types import Query
from storage.sample import flip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
STRIDE = 1 if NIGHTLY else 3
"""Every third page of the file is damaged by default, in turn with the kind of damage."""
FLIPS = 1_000 if NIGHTLY else 12


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.damage_worker") as server:
        yield server


@pytest.fixture(scope="module")
def history(seed: int) -> History:
    return [(seed, 0, STEPS)]


@pytest.fixture(scope="module")
def sound(server: ForkServer, tmp_path_factory: pytest.TempPathFactory, history: History) -> Path:
    """A closed database, without caches: what is read comes from the truth file."""
    path = tmp_path_factory.mktemp("sound") / "data"
    server.call("faults.damage_worker:build", {"path": str(path), "history": history})
    with Database(path) as database:
        database.compact()
    shutil.rmtree(path / "cache")
    return path


@pytest.fixture(scope="module")
def cached(server: ForkServer, tmp_path_factory: pytest.TempPathFactory, history: History) -> Path:
    """The same with caches."""
    path = tmp_path_factory.mktemp("cached") / "data"
    server.call("faults.damage_worker:build", {"path": str(path), "history": history})
    return path


def truth_file(path: Path) -> Path:
    with Database(path) as database:
        found = database.truth_path(SPEC.name)
    assert found is not None
    return found


def endure(server: ForkServer, path: Path, history: History) -> dict[str, Any]:
    found: dict[str, Any] = server.call("faults.damage_worker:endure", {"path": str(path), "history": history})
    return found


# -- one record -------------------------------------------------------------------------------------------------------

VICTIM = "0100"


def victim(path: Path, history: History) -> str:
    """A record of the default namespace that has metadata."""
    return next(id_ for id_, (_, metadata) in sorted(state_of(history)[""].items()) if metadata and id_ > VICTIM)


def stored(path: Path, id_: str) -> tuple[int, bytes, bytes, bytes]:
    """ord, vector, metadata and id bytes of a record in the default namespace."""
    connection = apsw.Connection(str(truth_file(path)), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        sql = """SELECT r.ord, v.data, r.metadata, CAST(r.id AS BLOB) FROM record r JOIN vector v ON v.ord = r.ord
                 JOIN namespace n ON n.ns_id = r.ns_id WHERE n.name = '' AND r.id = ?"""
        row: Any = connection.execute(sql, (id_,)).fetchall()[0]
    finally:
        connection.close()
    ord_, vector, metadata, name = row
    return ord_, vector, metadata, name


def damage_record(path: Path, id_: str, part: str) -> int:
    """Flip one bit of a record's vector, metadata or id; gives its ord."""
    ord_, vector, metadata, name = stored(path, id_)
    file = truth_file(path)
    data = file.read_bytes()
    if part == "id":  # in the row, where its metadata follows; the index holds another copy
        offset = data.index(metadata)
        offset = data.rindex(name, 0, offset)
    else:
        needle = vector if part == "vector" else metadata
        assert data.count(needle) == 1
        offset = data.index(needle) + len(needle) // 2
    flip(file, offset, 2)
    return ord_


@pytest.mark.parametrize("caches", ["with-caches", "without-caches"])
@pytest.mark.parametrize("part", ["vector", "metadata", "id"])
def test_a_flipped_bit_in_a_record_is_found_named_and_repaired(
    part: str, caches: str, server: ForkServer, sound: Path, cached: Path, tmp_path: Path, history: History
) -> None:
    path = shutil.copytree(sound if caches == "without-caches" else cached, tmp_path / "data")
    id_ = victim(path, history)
    ord_ = damage_record(path, id_, part)
    told = endure(server, path, history)
    if part != "id":  # SQLite serves the id from its index, where it is sound
        assert told["unreadable"] == [id_]
        assert told["left_out"] == [id_]
        assert len(told["warnings"]) == 1
        assert "pinyon repair" in told["warnings"][0]
        assert str(truth_file(path)) in told["warnings"][0]
    assert told["errors"] == []
    assert told["absent"] == 0
    named = [finding for finding in told["findings"] if f"ord {ord_} " in finding]
    assert named, told["findings"]
    assert all("pinyon repair" in finding for finding in named)
    assert told["left"] == []
    assert told["lost"] == [id_]


def test_a_damaged_record_stays_named_in_the_quarantine(
    server: ForkServer, sound: Path, tmp_path: Path, history: History
) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    id_ = victim(path, history)
    ord_ = damage_record(path, id_, "vector")
    with Database(path) as database:
        found = database.repair()
        assert [finding.index for finding in found] == [SPEC.name]
        with database.index(SPEC.name).truth.read() as view:
            rows = view.connection.execute("SELECT ord, id, reason FROM quarantine").fetchall()
    assert rows == [(ord_, id_, "vector: the checksum does not match")]


@pytest.fixture
def damaged(sound: Path, tmp_path: Path, history: History) -> Iterator[tuple[Index, str]]:
    """An open index of which one record's vector is damaged, and that record's id."""
    path = shutil.copytree(sound, tmp_path / "data")
    id_ = victim(path, history)
    damage_record(path, id_, "vector")
    with Database(path) as database:
        yield database.index(SPEC.name), id_


def test_fetching_a_damaged_record_names_the_file_and_the_remedy(damaged: tuple[Index, str]) -> None:
    index, id_ = damaged
    with pytest.raises(CorruptionError, match="pinyon repair") as caught:
        index.fetch("", [id_])
    assert str(index.path) in caught.value.message
    assert id_ in caught.value.message


def test_a_query_leaves_a_damaged_record_out_with_a_warning_and_serves_the_rest(
    damaged: tuple[Index, str], history: History
) -> None:
    index, id_ = damaged
    records = state_of(history)[""]
    query = Query(5, vector=np.frombuffer(records[id_][0], "<f4"), include_values=True, include_metadata=True)
    with pytest.warns(CorruptionWarning, match="pinyon repair"):
        matches = index.query("", query).matches
    assert len(matches) == 5
    assert id_ not in {match.id for match in matches}
    with warnings.catch_warnings():
        warnings.simplefilter("error", CorruptionWarning)  # said once, not at every query
        assert [match.id for match in index.query("", query).matches] == [match.id for match in matches]


def test_a_damaged_record_can_be_written_again(damaged: tuple[Index, str]) -> None:
    index, id_ = damaged
    vector = np.ones((1, 16), np.float32)
    index.upsert("", [id_], vector, metadata=[{"again": True}])
    found = index.fetch("", [id_])[id_]
    assert found.values is not None
    assert found.values.tolist() == vector[0].tolist()
    assert [match.id for match in index.query("", Query(1, vector=vector[0])).matches] == [id_]


def test_a_damaged_record_is_left_out_after_reopening_too_until_it_is_repaired(
    server: ForkServer, cached: Path, tmp_path: Path, history: History
) -> None:
    """Caches that were saved over damage would hide it."""
    path = shutil.copytree(cached, tmp_path / "data")
    shutil.rmtree(path / "cache")
    id_ = victim(path, history)
    damage_record(path, id_, "vector")
    for _ in range(2):
        told = endure_without_repair(server, path, history)
        assert told["unreadable"] == told["left_out"] == [id_]
        assert len(told["warnings"]) == 1


def endure_without_repair(server: ForkServer, path: Path, history: History) -> dict[str, Any]:
    argument = {"path": str(path), "history": history, "repair": False}
    found: dict[str, Any] = server.call("faults.damage_worker:endure", argument)
    return found


# -- pages ------------------------------------------------------------------------------------------------------------


def check_page_damage(told: dict[str, Any], where: str) -> None:
    """Detected or harmless, and what repair leaves is sound."""
    if not told["intact"]:
        assert told.get("findings") or told["errors"], f"{where}: damage that verify does not find: {told}"
    if "left" in told:
        assert told["left"] == [], f"{where}: {told}"
    else:
        assert told["errors"], f"{where}: {told}"
    if told["intact"]:
        assert told["lost"] == [], f"{where}: repair lost what was readable: {told}"


def flip_middle(data: bytearray, page: int) -> None:
    data[page * PAGE_SIZE + PAGE_SIZE // 2] ^= 0x10


def flip_header(data: bytearray, page: int) -> None:
    data[page * PAGE_SIZE + (100 if page == 0 else 0)] ^= 0x04


def flip_cell_pointer(data: bytearray, page: int) -> None:
    data[page * PAGE_SIZE + (108 if page == 0 else 8) + 1] ^= 0x40


def zero_page(data: bytearray, page: int) -> None:
    data[page * PAGE_SIZE : (page + 1) * PAGE_SIZE] = bytes(PAGE_SIZE)


def cut_before(data: bytearray, page: int) -> None:
    del data[page * PAGE_SIZE :]


def cut_inside(data: bytearray, page: int) -> None:
    del data[page * PAGE_SIZE + 1_000 :]


DAMAGES: dict[str, Callable[[bytearray, int], None]] = {
    "a-bit-in-the-middle": flip_middle,
    "a-bit-in-the-header": flip_header,
    "a-bit-in-a-cell-pointer": flip_cell_pointer,
    "zeroed": zero_page,
    "cut-before": cut_before,
    "cut-inside": cut_inside,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_page_never_gives_wrong_data_and_repair_saves_the_rest(
    name: str, server: ForkServer, sound: Path, tmp_path: Path, history: History
) -> None:
    file = truth_file(sound)
    pages = file.stat().st_size // PAGE_SIZE
    assert pages > 15
    for page in range(list(DAMAGES).index(name) % STRIDE, pages, STRIDE):
        if page == 0 and name == "cut-before":
            continue  # an empty file: below
        path = shutil.copytree(sound, tmp_path / "data")
        target = truth_file(path)
        data = bytearray(target.read_bytes())
        DAMAGES[name](data, page)
        target.write_bytes(data)
        where = f"{name}, page {page} of {pages}"
        try:
            told = endure(server, path, history)
        except AssertionError as error:
            raise AssertionError(where) from error
        check_page_damage(told, where)
        shutil.rmtree(path)


def test_a_flipped_bit_anywhere_never_gives_wrong_data(
    server: ForkServer, cached: Path, tmp_path: Path, history: History, rng: np.random.Generator
) -> None:
    size = truth_file(cached).stat().st_size
    for _ in range(FLIPS):
        offset, bit = int(rng.integers(size)), int(rng.integers(8))
        path = shutil.copytree(cached, tmp_path / "data")
        flip(truth_file(path), offset, bit)
        where = f"bit {bit} of byte {offset} of {size}"
        try:
            told = endure(server, path, history)
        except AssertionError as error:
            raise AssertionError(where) from error
        check_page_damage(told, where)
        shutil.rmtree(path)


# -- not ours ---------------------------------------------------------------------------------------------------------


def snapshot_of(folder: Path) -> dict[str, bytes]:
    """All files, less the write-ahead logs that SQLite makes to read a file; they must be empty."""
    found = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert not any(data for name, data in found.items() if name.endswith("-wal"))
    return {name: data for name, data in found.items() if not name.endswith(("-wal", "-shm"))}


def foreign_database(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("CREATE TABLE diary(day, text); INSERT INTO diary VALUES('monday', 'rain')")
    connection.close()


def newer_format(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def empty_file(file: Path) -> None:
    file.write_bytes(b"")


def text_file(file: Path) -> None:
    file.write_text("Dear diary, today it rained.\n" * 500)


def replaced_by_foreign(file: Path) -> None:
    file.unlink()
    foreign_database(file)


STRANGERS: dict[str, Callable[[Path], None]] = {
    "another-program's-database": replaced_by_foreign,
    "a-newer-format": newer_format,
    "an-empty-file": empty_file,
    "a-text-file": text_file,
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_truth_file_that_is_not_ours_is_refused_and_left_as_it_is(name: str, sound: Path, tmp_path: Path) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    file = truth_file(path)
    STRANGERS[name](file)
    before = snapshot_of(path)
    for read_only in (False, True):
        with Database(path, read_only=read_only) as database, pytest.raises(FormatError) as caught:
            database.index(SPEC.name)
        assert str(file) in caught.value.message
        if name == "a-newer-format":
            assert "99" in caught.value.message
            assert "pip install --upgrade" in caught.value.message
    with Database(path) as database:
        if name in ("an-empty-file", "a-text-file"):
            assert [finding.file for finding in database.verify()] == [str(file)]
        else:
            with pytest.raises(FormatError):
                database.verify()
            with pytest.raises(FormatError):  # the two above may be what a disk left of ours
                database.repair()
    assert snapshot_of(path) == before


@pytest.mark.parametrize("name", [name for name in STRANGERS if name != "an-empty-file"])
def test_a_catalog_that_is_not_ours_is_refused_and_left_as_it_is(name: str, sound: Path, tmp_path: Path) -> None:
    path = shutil.copytree(sound, tmp_path / "data")
    STRANGERS[name](path / "catalog.sqlite")
    before = snapshot_of(path)
    for read_only in (False, True):
        with pytest.raises(FormatError) as caught:
            Database(path, read_only=read_only)
        assert "catalog.sqlite" in caught.value.message
    assert snapshot_of(path) == before


def test_a_directory_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photos"
    path.mkdir()
    (path / "beach.jpg").write_bytes(b"\xff\xd8")
    for read_only in (False, True):
        with pytest.raises(FormatError, match=r"beach\.jpg"):
            Database(path, read_only=read_only)
    assert snapshot_of(path) == {"beach.jpg": b"\xff\xd8"}
    assert [entry.name for entry in path.iterdir()] == ["beach.jpg"]


def test_a_path_that_is_a_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, bread")
    with pytest.raises(PinyonError, match=r"notes\.txt"):
        Database(path)
    assert path.read_text() == "milk, bread"
