from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pinyon.storage.cache import CacheDirectory
from pinyon.storage.check import verify
from pinyon.storage.compact import compact
from pinyon.storage.repair import repair
from pinyon.storage.truth import Truth
from storage.sample import DIMENSION, batch, contents, flip, make_truth, offset_of

NO_CACHE = CacheDirectory(None)


def places(root: Path, needle: bytes) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_deleted_content_is_found_nowhere_in_the_data_directory(tmp_path: Path) -> None:
    truth = make_truth(tmp_path / "i.sqlite", count=400)
    cache = CacheDirectory(tmp_path / "cache")
    secret = batch(777, 1, marker="secret")
    assert secret.vectors is not None
    vector = secret.vectors.tobytes()
    with truth.write() as writer:
        writer.put("", secret)
    vectors = cache.create_vectors(1, "rows", DIMENSION)
    assert vectors is not None
    vectors.append(secret.vectors)
    digest = cache.publish(1, "rows", 3, {"codes": secret.vectors}, {}, vectors=vectors)
    vectors.close()
    with truth.write() as writer:
        writer.trust_cache("rows", 1, 3, digest or "")
        ord_ = writer.ord_of(1, "secret-777")
        assert ord_ is not None
        writer.remove("", [ord_])
    expected = contents(truth)
    assert places(tmp_path, vector)
    report = compact(truth.connections, cache)
    assert places(tmp_path, vector) == []
    assert places(tmp_path, b"secret") == []
    assert (report.tombstones, report.blocked, report.caches_kept) == (1, False, ())
    assert contents(truth) == expected
    with truth.read() as view:
        assert view.meta("pruned_lsn") == view.meta("lsn")
    assert verify(truth.connections, cache, DIMENSION) == []
    truth.close()


def test_space_is_given_back(tmp_path: Path) -> None:
    truth = make_truth(tmp_path / "i.sqlite", count=3000)
    with truth.write() as writer:
        writer.remove("", [row[0] for row in writer.connection.execute("SELECT ord FROM record WHERE ord <= 2900")])
    report = compact(truth.connections, NO_CACHE)
    assert report.bytes_after < report.bytes_before / 4
    assert report.bytes_after == (tmp_path / "i.sqlite").stat().st_size
    assert len(contents(truth)) == 105
    truth.close()


def test_a_reader_that_blocks_is_named(tmp_path: Path) -> None:
    truth = make_truth(tmp_path / "i.sqlite")
    other = Truth(tmp_path / "i.sqlite", DIMENSION)
    with other.read() as view:
        assert view.counts() == {"": 60, "other": 5}
        with truth.write() as writer:
            writer.remove("", [1])
        report = compact(truth.connections, NO_CACHE, wait=0.1)
        assert view.counts() == {"": 60, "other": 5}
    assert report.blocked
    if sys.platform == "linux":
        assert report.blocked_by == (os.getpid(),)
    assert not compact(truth.connections, NO_CACHE).blocked
    other.close()
    truth.close()


def test_a_memory_index_compacts_too() -> None:
    truth = make_truth(None)
    with truth.write() as writer:
        writer.remove("", [1])
    report = compact(truth.connections, NO_CACHE)
    assert (report.tombstones, report.bytes_after, report.blocked) == (1, 0, False)
    assert len(contents(truth)) == 64
    truth.close()


@pytest.mark.parametrize("purge", [False, True])
def test_the_quarantine_goes_only_when_asked(tmp_path: Path, purge: bool) -> None:
    path = tmp_path / "i.sqlite"
    make_truth(path).close()
    flip(path, offset_of(path, b"film number 17"))
    repair(path, NO_CACHE, DIMENSION)
    truth = Truth(path, DIMENSION)
    report = compact(truth.connections, NO_CACHE, purge_quarantine=purge)
    assert report.quarantined == purge
    truth.close()
    assert bool(places(tmp_path, np.float32(18 + 3 / 16).tobytes())) is not purge
