from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
from pathlib import Path

import apsw
import pytest

from pinyon.errors import AlreadyExistsError, CorruptionError, FormatError, NotFoundError, PinyonError
from pinyon.storage.backup import BackupMeta, Manifest, _checksum, read_manifest, restore, snapshot
from pinyon.storage.truth import Truth
from storage.sample import DIMENSION, SPEC, batch, contents, flip, make_truth

META = BackupMeta("films", "a" * 32, SPEC, name="weekly", description="매주")


def make_backup(tmp_path: Path) -> tuple[Path, Manifest, dict[str, tuple[bytes | None, bytes | None]]]:
    truth = make_truth(tmp_path / "live.sqlite")
    with truth.connections.write() as connection:
        connection.execute("INSERT INTO cache VALUES('scan', 1, 1, 'd')")
    expected = contents(truth)
    manifest = snapshot(truth.connections.connection(), tmp_path / "backup", META)
    truth.close()
    return tmp_path / "backup", manifest, expected


def test_a_backup_restores_to_the_same_records_on_a_new_timeline(tmp_path: Path) -> None:
    folder, manifest, expected = make_backup(tmp_path)
    assert (manifest.record_count, manifest.namespace_count, manifest.lsn) == (65, 2, 2)
    assert manifest.size == (folder / "index.sqlite").stat().st_size
    assert manifest.spec == SPEC
    assert read_manifest(folder) == manifest
    assert restore(folder, tmp_path / "new" / "restored.sqlite", index_uuid="b" * 32) == manifest
    restored, live = Truth(tmp_path / "new" / "restored.sqlite", DIMENSION), Truth(tmp_path / "live.sqlite", DIMENSION)
    assert contents(restored) == expected
    with restored.read() as new, live.read() as old:
        assert new.meta("lsn") == old.meta("lsn") == 2
        assert new.meta("epoch") != old.meta("epoch")
        assert new.meta("index_uuid") == "b" * 32
        assert new.connection.execute("SELECT count(*) FROM cache").get == 0
        assert old.connection.execute("SELECT count(*) FROM cache").get == 1
    with restored.write() as writer:
        writer.put("", batch(500, 1))
        assert writer.lsn == 3
    restored.close()
    live.close()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["restored.sqlite"]


def test_the_entry_for_the_catalog_says_what_the_manifest_says(tmp_path: Path) -> None:
    _, manifest, _ = make_backup(tmp_path)
    info = manifest.info()
    assert (info.id, info.name, info.description) == (manifest.id, "weekly", "매주")
    assert (info.dimension, info.metric, info.record_count) == (DIMENSION, "cosine", 65)


def test_a_memory_index_is_backed_up_to_disk(tmp_path: Path) -> None:
    truth = make_truth(None)
    snapshot(truth.connections.connection(), tmp_path / "backup", META)
    expected = contents(truth)
    truth.close()
    restore(tmp_path / "backup", tmp_path / "r.sqlite")
    restored = Truth(tmp_path / "r.sqlite", DIMENSION)
    assert contents(restored) == expected
    restored.close()


def test_a_backup_under_writes_is_some_committed_state(tmp_path: Path) -> None:
    truth = make_truth(tmp_path / "live.sqlite", count=10)
    stop = threading.Event()

    def write() -> None:
        first = 100
        while not stop.is_set():
            with truth.write() as writer:
                writer.put("", batch(first, 7))
            first += 7

    thread = threading.Thread(target=write)
    thread.start()
    try:
        manifests = [snapshot(truth.connections.connection(), tmp_path / f"b{n}", META) for n in range(5)]
    finally:
        stop.set()
        thread.join()
    truth.close()
    for number, manifest in enumerate(manifests):
        restore(tmp_path / f"b{number}", tmp_path / f"r{number}.sqlite")
        restored = Truth(tmp_path / f"r{number}.sqlite", DIMENSION)
        assert len(contents(restored)) == manifest.record_count
        assert (manifest.record_count - 15) % 7 == 0
        assert (manifest.record_count - 15) // 7 == manifest.lsn - 2
        restored.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_backups_and_restored_files_are_private(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    restore(folder, tmp_path / "r.sqlite")
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in (*folder.iterdir(), tmp_path / "r.sqlite"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    live = Truth(tmp_path / "live.sqlite", DIMENSION)
    with pytest.raises(AlreadyExistsError, match="not an empty folder"):
        snapshot(live.connections.connection(), folder, META)
    live.close()
    read_manifest(folder)
    with pytest.raises(AlreadyExistsError, match=r"live\.sqlite exists already"):
        restore(folder, tmp_path / "live.sqlite")
    (tmp_path / "r.sqlite-wal").write_bytes(b"left over")
    with pytest.raises(AlreadyExistsError, match=r"r\.sqlite-wal exists already"):
        restore(folder, tmp_path / "r.sqlite")


def test_a_failed_backup_leaves_nothing(tmp_path: Path) -> None:
    truth = make_truth(tmp_path / "live.sqlite")
    connection = truth.connections.connection()
    connection.execute("BEGIN")
    with pytest.raises(apsw.SQLError):
        snapshot(connection, tmp_path / "backup", META)
    connection.execute("ROLLBACK")
    truth.close()
    assert not (tmp_path / "backup").exists()


def refuses(folder: Path, target: Path, error: type[PinyonError], words: str) -> None:
    with pytest.raises(error, match=words):
        restore(folder, target)
    assert [path.name for path in target.parent.iterdir() if path.name.startswith(target.name)] == []


def test_every_damaged_byte_region_of_the_data_is_refused(tmp_path: Path) -> None:
    folder, manifest, _ = make_backup(tmp_path)
    for offset in range(0, manifest.size, 997):
        flip(folder / "index.sqlite", offset, offset % 8)
        refuses(folder, tmp_path / "r.sqlite", CorruptionError, "SHA-256")
        flip(folder / "index.sqlite", offset, offset % 8)
    os.truncate(folder / "index.sqlite", manifest.size - 1)
    refuses(folder, tmp_path / "r.sqlite", CorruptionError, "bytes, and its manifest says")


def test_every_flipped_bit_of_the_manifest_is_refused(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    path = folder / "manifest.json"
    good = path.read_bytes()
    body = json.loads(good)
    for offset in range(len(good)):
        path.write_bytes(good[:offset] + bytes([good[offset] ^ 1 << offset % 8]) + good[offset + 1 :])
        try:
            changed = json.loads(path.read_bytes())
        except ValueError:
            changed = None
        if changed == body:
            continue  # white space: nothing changed
        with pytest.raises((CorruptionError, FormatError)):
            read_manifest(folder)


def rewrite(folder: Path, **changes: object) -> None:
    """An attacker's manifest: it agrees with itself."""
    path = folder / "manifest.json"
    body = json.loads(path.read_bytes()) | changes
    del body["checksum"]
    path.write_text(json.dumps(body | {"checksum": _checksum(body)}))


def test_a_newer_backup_or_index_format_is_refused_and_named(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    rewrite(folder, truth_format=7)
    refuses(folder, tmp_path / "r.sqlite", FormatError, "index of format 7, and this release reads up to 2")
    rewrite(folder, format=9, truth_format=1)
    refuses(folder, tmp_path / "r.sqlite", FormatError, "backup format 9, and this release reads up to 1")


@pytest.mark.parametrize(
    "changes",
    [
        {"size": -1},
        {"size": "12"},
        {"sha256": "../../etc"},
        {"record_count": True},
        {"file": "/etc/passwd"},
        {"spec": 3},
    ],
    ids=str,
)
def test_a_manifest_of_wrong_types_or_extra_fields_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    folder, _, _ = make_backup(tmp_path)
    rewrite(folder, **changes)
    refuses(folder, tmp_path / "r.sqlite", CorruptionError, "cannot be read as a manifest")


def test_symbolic_links_strange_files_and_missing_files_are_refused(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    target = tmp_path / "r.sqlite"
    (folder / "index.sqlite-wal").write_bytes(b"surprise")
    refuses(folder, target, FormatError, "also holds index.sqlite-wal")
    (folder / "index.sqlite-wal").unlink()
    for name in ("index.sqlite", "manifest.json"):
        shutil.move(folder / name, tmp_path / "elsewhere")
        refuses(folder, target, FormatError, f"{name} is missing")
        (folder / name).symlink_to(tmp_path / "elsewhere")
        refuses(folder, target, FormatError, "symbolic link")
        (folder / name).unlink()
        (folder / name).mkdir()
        refuses(folder, target, PinyonError, name)
        (folder / name).rmdir()
        shutil.move(tmp_path / "elsewhere", folder / name)
    refuses(tmp_path / "nowhere", target, NotFoundError, "is not a folder")
    restore(folder, target)


def test_a_backup_that_brings_a_trigger_or_another_table_is_refused(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    for statement in (
        "CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END",
        "CREATE TABLE extra(x)",
        "CREATE VIEW seen AS SELECT * FROM record",
        "ALTER TABLE record ADD COLUMN more",
    ):
        work = tmp_path / "work"
        shutil.copytree(folder, work)
        connection = apsw.Connection(str(work / "index.sqlite"))
        connection.execute(statement)
        connection.close()
        data = (work / "index.sqlite").read_bytes()
        rewrite(work, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        refuses(work, tmp_path / "r.sqlite", FormatError, "not laid out like")
        shutil.rmtree(work)


def test_a_file_of_another_program_behind_a_right_digest_is_refused(tmp_path: Path) -> None:
    folder, _, _ = make_backup(tmp_path)
    (folder / "index.sqlite").write_bytes(b"MZ" * 4096)
    rewrite(folder, size=8192, sha256=hashlib.sha256(b"MZ" * 4096).hexdigest())
    refuses(folder, tmp_path / "r.sqlite", FormatError, "not a readable Pinyon file")
