"""What interrupted work leaves in a data directory, and who clears it away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pinyon.engine import Database
from pinyon.errors import NotFoundError, StorageError
from pinyon.types import IndexSpec

SPEC = IndexSpec("films", 2, "cosine")
STRANGER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Database(tmp_path / "data") as database:
        database.create_index(SPEC)
        database.index("films").upsert("", ["a"], [[1.0, 2.0]])
        database.create_backup("films")
    return tmp_path / "data"


def aged(path: Path) -> Path:
    for part in (*path.rglob("*"), path):
        os.utime(part, (0, 0))
    return path


def leave_behind(path: Path) -> list[Path]:
    """The remains of a creation, a restore and a backup that were killed."""
    file = path / "indexes" / f"{STRANGER}.sqlite"
    file.write_bytes(b"half an index")
    listed = next(path.glob("indexes/*.sqlite"), file)
    restore = listed.with_name(f"{listed.name}.00.tmp")
    restore.write_bytes(b"half a restore")
    folder = path / "backups" / STRANGER
    folder.mkdir()
    (folder / "index.sqlite").write_bytes(b"half a backup")
    return [file, restore, folder]


def test_old_leftovers_are_removed_and_what_the_catalog_lists_stays(path: Path) -> None:
    remains = [aged(remain) for remain in leave_behind(path)]
    with Database(path) as database:
        assert sorted(database.remove_leftovers()) == sorted(map(str, remains))
        assert database.index("films").count("") == 1
        backup = database.list_backups()[0]
        database.restore_backup(backup.id, "again")
        assert database.index("again").count("") == 1
    assert not any(remain.exists() for remain in remains)


def test_fresh_files_are_left_alone_since_another_process_may_be_making_them(path: Path) -> None:
    remains = leave_behind(path)
    with Database(path) as database:
        assert database.remove_leftovers() == []
    assert all(remain.exists() for remain in remains)


def test_files_of_other_names_are_not_ours_to_remove(path: Path) -> None:
    note = path / "indexes" / "notes.txt"
    note.write_text("mine")
    aged(note)
    with Database(path) as database:
        assert database.remove_leftovers() == []
    assert note.read_text() == "mine"


def test_an_interrupted_deletion_is_finished_when_the_index_is_next_opened(path: Path) -> None:
    with Database(path) as database:
        database._wipe(database.index("films"))  # killed before the catalog was changed
    with Database(path) as database:
        with pytest.raises(NotFoundError, match="was deleted"):
            database.index("films")
        assert not database.has_index("films")
        database.create_index(SPEC)
        assert database.index("films").count("") == 0


def test_an_interrupted_deletion_can_be_asked_for_again(path: Path) -> None:
    with Database(path) as database:
        database._wipe(database.index("films"))
    with Database(path) as database:
        database.delete_index("films")
        assert not database.has_index("films")


def test_an_index_whose_file_was_lost_can_be_deleted(path: Path) -> None:
    for file in path.glob("indexes/*"):
        file.unlink()
    with Database(path) as database:
        with pytest.raises(StorageError, match="missing"):
            database.index("films")
        database.delete_index("films")
        assert database.list_indexes() == []
