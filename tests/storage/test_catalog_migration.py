"""A catalog of format 1 becomes one of format 2, once, whoever opens it and whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pinyon.errors import FormatError, ReadOnlyError, StorageError
from pinyon.storage import catalog as module
from pinyon.storage.catalog import CATALOG_FORMAT, Catalog

OLD = Path(__file__).parents[1] / "golden" / "v1" / "catalog.sqlite"
SOURCE = Path(__file__).parents[2] / "src"
NAMES = ["passages", "poems", "terms"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    shutil.copy(OLD, tmp_path / "catalog.sqlite")
    return tmp_path / "catalog.sqlite"


def asked(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def format_of(path: Path) -> object:
    return asked(path, "SELECT value FROM meta WHERE key = 'format'")[0][0]


def copy_of(path: Path) -> Path:
    return path.with_name("catalog.sqlite.v1")


def test_the_definitions_stay_and_a_copy_of_what_was_is_kept(path: Path) -> None:
    assert format_of(path) == 1
    definitions = asked(path, "SELECT * FROM indexes ORDER BY name")
    catalog = Catalog(path)
    assert [entry.spec.name for entry in catalog.list_indexes()] == NAMES
    assert [entry.spec.schema for entry in catalog.list_indexes()] == [None] * 3
    assert [entry.spec.notes for entry in catalog.list_indexes()] == [{}] * 3
    assert len(catalog.list_backups()) == 1
    catalog.close()
    assert (format_of(path), format_of(copy_of(path))) == (CATALOG_FORMAT, 1)
    assert asked(path, "SELECT * FROM entry") == []
    assert asked(copy_of(path), "PRAGMA integrity_check") == [("ok",)]
    assert asked(copy_of(path), "SELECT * FROM indexes ORDER BY name") == definitions


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_read_the_copy(path: Path) -> None:
    Catalog(path).close()
    assert copy_of(path).stat().st_mode & 0o777 == 0o600


def test_the_copy_holds_what_is_in_the_log_too(path: Path) -> None:
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("UPDATE indexes SET created_at = 'late' WHERE name = 'poems'")
    writer.commit()
    Catalog(path).close()
    writer.close()
    assert asked(copy_of(path), "SELECT created_at FROM indexes WHERE name = 'poems'") == [("late",)]


def test_the_copy_takes_the_place_of_the_catalog_again(path: Path) -> None:
    Catalog(path).close()
    path.unlink()
    copy_of(path).rename(path)
    catalog = Catalog(path)
    assert [entry.spec.name for entry in catalog.list_indexes()] == NAMES
    catalog.close()


def test_a_migrated_catalog_is_left_alone(path: Path) -> None:
    Catalog(path).close()
    copy_of(path).unlink()
    Catalog(path).close()
    assert not copy_of(path).exists()


def test_reading_only_migrates_nothing(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    catalog = Catalog(path, read_only=True)
    assert [entry.spec.name for entry in catalog.list_indexes()] == NAMES
    with catalog.connections.read() as connection:
        assert not catalog.has_entries(connection)
    with pytest.raises(ReadOnlyError):
        catalog.delete_index("poems")
    catalog.close()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert not copy_of(path).exists()


def test_a_reader_notices_that_somebody_migrated(path: Path) -> None:
    reader = Catalog(path, read_only=True)
    Catalog(path).close()
    with reader.connections.read() as connection:
        assert reader.has_entries(connection)
    reader.close()


def test_without_a_copy_nothing_is_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_durably", full)
    with pytest.raises(StorageError, match=r"catalog\.sqlite\.v1.*Free space"):
        Catalog(path)
    assert format_of(path) == 1
    monkeypatch.undo()
    Catalog(path).close()
    assert format_of(path) == CATALOG_FORMAT


def test_a_process_that_dies_before_the_commit_leaves_the_old_catalog(path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from pinyon.storage import catalog\n"
        "whole = catalog.write_durably\n"
        "def die(path, data):\n    whole(path, data); os._exit(9)\n"
        "catalog.write_durably = die\n"
        "catalog.Catalog(Path(sys.argv[1]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    assert subprocess.run([sys.executable, "-c", script, str(path)], env=environment, check=False).returncode == 9
    assert (format_of(path), format_of(copy_of(path))) == (1, 1)
    Catalog(path).close()
    assert format_of(path) == CATALOG_FORMAT


def test_many_openers_at_once_migrate_once(path: Path) -> None:
    start = threading.Barrier(8)
    found: list[list[str]] = []

    def open_it() -> None:
        start.wait()
        catalog = Catalog(path)
        found.append([entry.spec.name for entry in catalog.list_indexes()])
        catalog.close()

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [NAMES] * 8
    assert (format_of(path), format_of(copy_of(path))) == (CATALOG_FORMAT, 1)
    assert sorted(file.name for file in path.parent.iterdir()) == ["catalog.sqlite", "catalog.sqlite.v1"]


@pytest.mark.parametrize("found", [0, -1, 1.5, "'two'", "NULL"])
def test_a_format_that_never_was_is_refused_and_untouched(path: Path, found: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE meta SET value = {found} WHERE key = 'format'")
    connection.commit()
    connection.close()
    with pytest.raises(FormatError, match="no format version"):
        Catalog(path)
    assert not copy_of(path).exists()
    assert asked(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'entry'") == [(0,)]


def test_old_definitions_have_no_schema_and_no_notes() -> None:
    for (text,) in asked(OLD, "SELECT spec FROM indexes"):
        assert {"schema", "notes"} & set(json.loads(str(text))) == set()
