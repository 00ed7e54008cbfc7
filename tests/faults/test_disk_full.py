"""A full disk, a disk that may only be read, a sync that fails: a clear error, and the store as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pinyon
from faults import engine_workload as workload
from faults.engine_workload import SPEC, foretell, step
from faults.forks import TESTS, ForkServer
from faults.vfs import Fault, FaultyVFS
from pinyon.engine import Database
from pinyon.errors import ReadOnlyError, StorageError, StorageFullError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, and limits that POSIX has")

WRITES = 20


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.disk_worker") as server:
        yield server


# -- full -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [300_000, 1_000_000])
def test_at_a_limit_on_file_sizes_the_store_is_unchanged_and_works_again_with_space(
    size: int, server: ForkServer, tmp_path: Path, seed: int
) -> None:
    found = server.call("faults.disk_worker:limited", {"path": str(tmp_path / "data"), "seed": seed, "bytes": size})
    assert found["written"] >= 15
    assert found["refused"] > 0


def test_on_a_full_file_system_the_store_is_unchanged_and_works_again_with_space(tmp_path: Path, seed: int) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare command to mount a small file system with")
    mount = tmp_path / "small"
    mount.mkdir()
    script = 'mount -t tmpfs -o size=4m tmpfs "$1" && shift && exec "$@"'
    command = [unshare, "--map-root-user", "--mount", "sh", "-c", script, "sh", str(mount)]
    allowed = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if allowed.returncode:
        pytest.skip(f"mounting a small file system is not permitted here: {allowed.stderr.strip()}")
    package = Path(pinyon.__file__).parents[1]
    run = subprocess.run(
        [*command, sys.executable, "-m", "faults.disk_worker", str(mount / "data"), str(seed)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(package)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["written"] >= 15
    assert found["refused"] > 0


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    with FaultyVFS() as vfs:
        database = Database(tmp_path / "data", vfs=vfs.name)
        index = workload.fresh_index(database)
        workload.run(index, step(1, 0))
        vfs.fault = Fault(1, error="full", forever=True)
        with pytest.raises(StorageFullError, match="Free some space") as caught:
            index.upsert("", ["new"], np.ones((1, workload.DIMENSION), np.float32))
        assert str(index.path) in caught.value.message
        assert index.fetch("", ["new"]) == {}
        vfs.fault = None
        index.upsert("", ["new"], np.ones((1, workload.DIMENSION), np.float32))
        assert list(index.fetch("", ["new"])) == ["new"]
        database.close()


# -- read-only --------------------------------------------------------------------------------------------------------


@pytest.fixture
def public(tmp_path: Path, seed: int) -> Iterator[Path]:
    """A closed database that everybody may read and nobody may write, also where tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "data"
        with Database(path) as database:
            index = workload.fresh_index(database)
            for sequence in range(WRITES):
                workload.run(index, step(seed, sequence))
        everything = [path, *path.rglob("*")]
        for entry in everything:
            entry.chmod(0o555 if entry.is_dir() else 0o444)
        yield path
        for entry in everything:
            entry.chmod(0o755 if entry.is_dir() else 0o644)


def test_a_read_only_directory_is_readable_and_refuses_writes(server: ForkServer, public: Path, seed: int) -> None:
    before = sorted(str(entry) for entry in public.rglob("*"))
    refused = server.call("faults.disk_worker:read_only", {"path": str(public), "seed": seed, "writes": WRITES})
    assert len(refused) == 11
    for message in refused[:-1]:
        assert "read-only" in message
    assert str(public) in refused[-1]
    assert sorted(str(entry) for entry in public.rglob("*")) == before


def test_a_database_that_was_opened_read_only_leaves_a_writable_directory_as_it_is(tmp_path: Path, seed: int) -> None:
    with Database(tmp_path / "data") as database:
        workload.run(workload.fresh_index(database), step(seed, 0, kind="load"))
    before = sorted(str(entry) for entry in tmp_path.rglob("*"))
    with Database(tmp_path / "data", read_only=True) as database:
        for attempt in (
            lambda: database.create_index(SPEC),
            lambda: database.create_backup(SPEC.name),
            lambda: database.compact(),
            lambda: database.repair(),
        ):
            with pytest.raises(ReadOnlyError, match="without read_only=True"):
                attempt()
        assert sum(map(len, workload.read(database.index(SPEC.name))[0].values())) > 0
    after = sorted(str(entry) for entry in tmp_path.rglob("*"))
    assert [name for name in after if not name.endswith(("-wal", "-shm"))] == before


# -- a failed sync ----------------------------------------------------------------------------------------------------


def test_after_a_failed_sync_an_index_is_read_only_until_it_is_opened_again(tmp_path: Path, seed: int) -> None:
    """What the disk holds is uncertain then: a second sync may well report success for what was lost."""
    state = workload.empty()
    with FaultyVFS() as vfs:
        database = Database(tmp_path / "data", vfs=vfs.name)
        index = workload.fresh_index(database)
        for sequence in range(5):
            workload.run(index, step(seed, sequence))
            state = foretell(state, step(seed, sequence))
        vfs.fault = Fault(1, calls=("sync",))
        new = np.ones((1, workload.DIMENSION), np.float32)
        with pytest.raises(StorageError):
            index.upsert("", ["new"], new)
        assert vfs.fault.hits == ["sync"]
        for _ in range(2):
            with pytest.raises(ReadOnlyError, match="open the database again"):
                index.upsert("", ["new"], new)
        found, _ = workload.read(index)
        found[""].pop("new", None)
        assert found == state
        database.close()
    with Database(tmp_path / "data") as database:
        index = database.index(SPEC.name)
        index.upsert("", ["new"], new)
        found, _ = workload.read(index)
        found[""].pop("new")
        assert found == state
        assert database.verify() == []
