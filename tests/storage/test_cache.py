from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from pinyon.errors import ClosedError, CorruptionError, ReadOnlyError
from pinyon.storage.cache import CacheDirectory, VectorFile, open_arrays, write_arrays

SMALL = {
    "ords": np.arange(5, dtype=np.int64) * 3,
    "alive": np.array([True, False, True, True, False]),
    "codes": np.arange(20, dtype=np.uint8).reshape(5, 4),
    "empty": np.empty((0, 4), np.float32),
    "scalar": np.float64(2.5) * np.ones(()),
}


def test_arrays_and_meta_come_back_as_they_were(tmp_path: Path) -> None:
    digest = write_arrays(tmp_path / "a.cache", SMALL, {"kind": "스캔", "rows": 5, "mean": 0.25})
    with open_arrays(tmp_path / "a.cache", digest) as file:
        assert file.meta == {"kind": "스캔", "rows": 5, "mean": 0.25}
        assert set(file.names) == set(SMALL)
        for name, expected in SMALL.items():
            for found in (file.array(name), file.map(name)):
                assert found.dtype == expected.dtype
                assert found.shape == expected.shape
                np.testing.assert_array_equal(found, expected)


@given(
    array=arrays_of.arrays(
        st.sampled_from([np.dtype(t) for t in ("?", "i1", "u2", "<f2", ">f4", "<i8", ">u8", "f8")]),
        arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_numeric_array_survives_in_any_byte_order(tmp_path_factory: pytest.TempPathFactory, array) -> None:
    path = tmp_path_factory.mktemp("a") / "x"
    with open_arrays(path, write_arrays(path, {"x": array}, {})) as file:
        np.testing.assert_array_equal(file.array("x"), array)
        np.testing.assert_array_equal(file.map("x"), array)


def test_a_map_is_read_only_and_aligned_and_a_copy_is_writable(tmp_path: Path) -> None:
    digest = write_arrays(tmp_path / "a", SMALL, {})
    with open_arrays(tmp_path / "a", digest) as file:
        mapped = file.map("codes")
        assert mapped.ctypes.data % 64 == 0
        with pytest.raises(ValueError, match="read-only"):
            mapped[0, 0] = 1
        file.array("codes")[0, 0] = 1


def test_maps_outlive_the_file_object_and_the_file(tmp_path: Path) -> None:
    digest = write_arrays(tmp_path / "a", SMALL, {})
    file = open_arrays(tmp_path / "a", digest)
    mapped = file.map("ords")
    file.verify_all()
    file.close()
    (tmp_path / "a").unlink()
    np.testing.assert_array_equal(mapped, SMALL["ords"])


@pytest.mark.parametrize("bad", [np.array([object()]), np.array(["text"]), np.array([1j])])
def test_only_plain_numbers_are_stored(tmp_path: Path, bad) -> None:
    with pytest.raises(TypeError, match="dtype"):
        write_arrays(tmp_path / "a", {"bad": bad}, {})
    assert list(tmp_path.iterdir()) == []


def use(path: Path, digest: str) -> None:
    """Opens a file and reads all of it in each way; whatever comes back must be right."""
    with open_arrays(path, digest) as file:
        for name, expected in SMALL.items():
            np.testing.assert_array_equal(file.array(name), expected)
    with open_arrays(path, digest) as file:
        file.verify_rows("codes", np.array([4, 0]))
        file.verify_all()
        np.testing.assert_array_equal(file.map("codes"), SMALL["codes"])


def test_every_flipped_bit_of_a_file_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "a"
    digest = write_arrays(path, SMALL, {"rows": 5})
    good = path.read_bytes()
    for offset in range(len(good)):
        for bit in (0, 7) if offset % 5 else range(8):
            path.write_bytes(good[:offset] + bytes([good[offset] ^ 1 << bit]) + good[offset + 1 :])
            with pytest.raises(CorruptionError):
                use(path, digest)
    path.write_bytes(good)
    use(path, digest)


def test_every_truncation_and_an_appended_byte_are_detected(tmp_path: Path) -> None:
    path = tmp_path / "a"
    digest = write_arrays(path, SMALL, {})
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(CorruptionError):
            open_arrays(path, digest)
    path.write_bytes(good + b"\0")
    with pytest.raises(CorruptionError, match="expected"):
        open_arrays(path, digest)


def test_a_sound_file_of_another_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    old = write_arrays(path, SMALL, {"lsn": 1})
    new = write_arrays(path, SMALL, {"lsn": 2})
    assert old != new
    with pytest.raises(CorruptionError, match="digest"):
        open_arrays(path, old)
    use(path, new)


def test_a_missing_file_or_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    digest = write_arrays(tmp_path / "a", SMALL, {})
    with pytest.raises(CorruptionError, match="cannot be opened"):
        open_arrays(tmp_path / "b", digest)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(CorruptionError, match="cannot be opened"):
        open_arrays(tmp_path / "link", digest)


def test_damage_is_named_with_file_and_offset_and_other_blocks_are_served(tmp_path: Path) -> None:
    path = tmp_path / "a"
    codes = np.random.default_rng(1).integers(0, 255, (5000, 700), np.uint8)
    digest = write_arrays(path, {"codes": codes}, {})
    with path.open("r+b") as raw:
        base = len(path.read_bytes()) - (-(-codes.nbytes // 64) * 64)
        raw.seek(base + (1 << 20) + 77)
        raw.write(b"\0\1\2")
    with open_arrays(path, digest) as file:
        mapped = file.map("codes")
        file.verify_rows("codes", np.array([0, 1000, 4999]))
        np.testing.assert_array_equal(mapped[[0, 1000, 4999]], codes[[0, 1000, 4999]])
        inside = np.array([1600])
        assert inside[0] * 700 > 1 << 20
        for _ in range(2):
            with pytest.raises(CorruptionError, match=rf"{path.name} is damaged at offset {base + (1 << 20)}"):
                file.verify_rows("codes", inside)
        with pytest.raises(CorruptionError):
            file.verify_all()
        with pytest.raises(CorruptionError):
            file.array("codes")
        assert not file.complete


def test_a_row_that_spans_two_blocks_verifies_both(tmp_path: Path) -> None:
    path = tmp_path / "a"
    codes = np.ones((2000, 700), np.uint8)
    digest = write_arrays(path, {"codes": codes}, {})
    last = path.read_bytes()
    row = (1 << 20) // 700
    with path.open("r+b") as raw:
        raw.seek(len(last) - codes.nbytes + (1 << 20) + 1)
        raw.write(b"\0")
    with open_arrays(path, digest) as file:
        file.verify_rows("codes", np.array([row - 1]))
        with pytest.raises(CorruptionError):
            file.verify_rows("codes", np.array([row]))


def test_a_file_cut_after_opening_raises_instead_of_killing_the_process(tmp_path: Path) -> None:
    path = tmp_path / "a"
    digest = write_arrays(path, {"x": np.ones((3 << 20,), np.uint8)}, {})
    with open_arrays(path, digest) as file:
        file.map("x")
        os.truncate(path, 1 << 20)
        with pytest.raises(CorruptionError, match="the file ends there"):
            file.verify_rows("x", np.array([2 << 20]))
        with pytest.raises(CorruptionError, match="the file ends there"):
            file.array("x")


def test_once_complete_nothing_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    digest = write_arrays(path, SMALL, {})
    file = open_arrays(path, digest)
    file.verify_all()
    assert file.complete
    path.unlink()
    file.verify_rows("ords", np.array([0]))
    file.verify("codes")
    np.testing.assert_array_equal(file.array("ords"), SMALL["ords"])
    np.testing.assert_array_equal(file.map("ords"), SMALL["ords"])
    file.close()


# -- growing vectors --------------------------------------------------------------------------------------------------


def rows(first: int, count: int, dimension: int = 300) -> np.ndarray:
    return (np.arange(first, first + count)[:, None] + np.arange(dimension)[None, :] / 512).astype(np.float32)


def test_rows_append_and_earlier_maps_stay_valid(tmp_path: Path) -> None:
    file = VectorFile.create(tmp_path / "v", 300)
    file.append(rows(0, 10))
    early = file.map(10)
    for first in range(10, 5000, 499):
        file.append(rows(first, 499))
    assert file.rows == 10 + 499 * 10
    np.testing.assert_array_equal(file.map(file.rows), rows(0, file.rows))
    np.testing.assert_array_equal(early, rows(0, 10))
    assert file.map(0).shape == (0, 300)
    assert file.complete
    file.close()
    np.testing.assert_array_equal(early, rows(0, 10))


def test_a_saved_state_opens_verifies_and_goes_on(tmp_path: Path) -> None:
    file = VectorFile.create(tmp_path / "v", 300)
    file.append(rows(0, 2500))
    state = file.state()
    file.close()
    again = VectorFile.open(tmp_path / "v", 300, int(state["rows"][0]), state["crc32"], append=True)
    assert again.appendable
    again.append(rows(2500, 1500))
    assert not again.complete
    again.verify_rows(np.array([0, 2499, 3999]))
    again.verify_all()
    assert again.complete
    np.testing.assert_array_equal(again.map(4000), rows(0, 4000))
    state = again.state()
    again.close()
    reader = VectorFile.open(tmp_path / "v", 300, 4000, state["crc32"])
    reader.verify_all()
    np.testing.assert_array_equal(reader.map(4000), rows(0, 4000))
    reader.close()


def test_one_writer_at_a_time_and_readers_are_free(tmp_path: Path) -> None:
    writer = VectorFile.create(tmp_path / "v", 300)
    writer.append(rows(0, 100))
    state = writer.state()
    second = VectorFile.open(tmp_path / "v", 300, 100, state["crc32"], append=True)
    assert not second.appendable
    with pytest.raises(ClosedError, match="copy_to"):
        second.append(rows(0, 1))
    np.testing.assert_array_equal(second.map(100), rows(0, 100))
    writer.close()
    second.close()


def test_bytes_that_someone_may_have_mapped_are_never_written_again(tmp_path: Path) -> None:
    writer = VectorFile.create(tmp_path / "v", 300)
    writer.append(rows(0, 100))
    state = writer.state()
    writer.append(rows(100, 50))
    mapped = writer.map(150)
    writer.close()
    late = VectorFile.open(tmp_path / "v", 300, 100, state["crc32"], append=True)
    assert not late.appendable
    copy = late.copy_to(tmp_path / "w")
    copy.append(rows(900, 50))
    np.testing.assert_array_equal(copy.map(150), np.vstack([rows(0, 100), rows(900, 50)]))
    np.testing.assert_array_equal(mapped, rows(0, 150))
    late.close()
    copy.close()


def test_damaged_short_and_foreign_vector_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v"
    file = VectorFile.create(path, 300)
    file.append(rows(0, 3000))
    crcs = file.state()["crc32"]
    file.close()
    good = path.read_bytes()
    for length in (0, 10, 63, len(rows(0, 3000)) * 1200 + 63):
        path.write_bytes(good[:length])
        with pytest.raises(CorruptionError):
            VectorFile.open(path, 300, 3000, crcs)
    for dimension, n in ((299, 3000), (300, 3001 + 900)):
        path.write_bytes(good)
        with pytest.raises(CorruptionError):
            VectorFile.open(path, dimension, n, crcs)
    path.write_bytes(good[: 64 + 1200 * 2000] + b"\1" + good[65 + 1200 * 2000 :])
    file = VectorFile.open(path, 300, 3000, crcs)
    file.verify_rows(np.array([0, 2999]))
    with pytest.raises(CorruptionError, match="offset"):
        file.verify_rows(np.array([2000]))
    with pytest.raises(CorruptionError):
        file.copy_to(tmp_path / "w")
    assert not (tmp_path / "w").exists()
    file.close()


# -- the directory ----------------------------------------------------------------------------------------------------


def test_published_files_open_by_digest_and_everything_else_is_absent(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path / "deep" / "cache")
    assert cache.names() == []
    digest = cache.publish(7, "scan", 12, SMALL, {"rows": 5})
    assert digest is not None
    file = cache.open(7, "scan", 12, digest)
    assert file is not None
    np.testing.assert_array_equal(file.array("codes"), SMALL["codes"])
    file.close()
    assert cache.open(7, "scan", 12, "0" * 32) is None
    assert cache.open(7, "scan", 13, digest) is None
    assert cache.open(8, "scan", 12, digest) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_directories_and_files_are_private(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path / "cache")
    cache.publish(1, "scan", 1, SMALL, {})
    vectors = cache.create_vectors(1, "rows", 4)
    assert vectors is not None
    vectors.close()
    with cache.lease(1) as mine:
        assert mine
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "cache").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_vector_file_travels_with_the_file_that_vouches_for_it(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path)
    vectors = cache.create_vectors(1, "rows", 300)
    assert vectors is not None
    vectors.append(rows(0, 500))
    digest = cache.publish(1, "base", 3, SMALL, {}, vectors=vectors)
    vectors.append(rows(500, 5))
    vectors.close()
    assert digest is not None
    with cache.open(1, "base", 3, digest) as file:  # type: ignore[union-attr]
        attached = cache.open_attached(file, append=True)
        assert attached is not None
        assert attached.rows == 500
        assert not attached.appendable
        attached.verify_all()
        np.testing.assert_array_equal(attached.map(500), rows(0, 500))
        fresh = cache.copy_vectors(1, "rows", attached)
        assert fresh is not None
        assert fresh.appendable
        fresh.close()
        attached.path.unlink()
        assert cache.open_attached(file) is None


def test_a_sweep_deletes_old_generations_and_leftovers_of_that_namespace_only(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path)
    old = cache.file_name(1, "scan", 1, cache.publish(1, "scan", 1, SMALL, {}) or "")
    new = cache.file_name(1, "scan", 2, cache.publish(1, "scan", 2, SMALL, {"lsn": 2}) or "")
    other = cache.file_name(11, "scan", 1, cache.publish(11, "scan", 1, SMALL, {}) or "")
    torn = f"1.scan.3.cache.{'a' * 32}.tmp"
    (tmp_path / torn).write_bytes(b"half")
    assert sorted(cache.sweep(1, {new})) == sorted([old, torn])
    assert cache.names() == sorted([new, other])
    assert cache.sweep_all({new}) == [other]
    assert cache.drop_all() == []
    assert cache.names() == []


def test_a_sweep_of_all_leaves_what_somebody_is_building(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path)
    cache.publish(1, "scan", 1, SMALL, {})
    with cache.lease(1) as mine:
        assert mine
        assert cache.sweep_all(set()) == []
    assert len(cache.sweep_all(set())) == 1


def test_files_of_others_are_not_ours_to_delete(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    cache = CacheDirectory(tmp_path)
    cache.publish(1, "scan", 1, SMALL, {})
    assert cache.strangers() == ["notes.txt"]
    cache.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_memory_database_keeps_no_files() -> None:
    cache = CacheDirectory(None)
    assert cache.publish(1, "scan", 1, SMALL, {}) is None
    assert cache.open(1, "scan", 1, "0" * 32) is None
    assert cache.create_vectors(1, "rows", 4) is None
    with cache.lease(1) as mine:
        assert mine
    assert cache.drop_all() == []


def test_a_read_only_directory_gives_a_clear_error(unwritable: Path) -> None:
    cache = CacheDirectory(unwritable)
    with pytest.raises(ReadOnlyError, match="Check its permissions"):
        cache.publish(1, "scan", 1, SMALL, {})
    with cache.lease(1) as mine:
        assert not mine


HOLDER = """
import sys
from pathlib import Path
from pinyon.storage.cache import CacheDirectory
with CacheDirectory(Path(sys.argv[1])).lease(1) as mine:
    print(mine, flush=True)
    sys.stdin.readline()
"""


def test_a_lease_excludes_threads_and_processes_and_ends_with_a_kill(tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "True"
        with cache.lease(1) as mine:
            assert not mine
        with cache.lease(2) as mine:
            assert mine
    finally:
        holder.kill()
        holder.communicate()
    with cache.lease(1) as mine:
        assert mine
        with cache.lease(1) as second:
            assert not second
    with cache.lease(1) as mine:
        assert mine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_give_the_parents_lease_back(tmp_path: Path) -> None:
    # In a process of its own: forking this one is a warning once it has threads.
    script = """
import os, sys
from pathlib import Path
from pinyon.storage.cache import CacheDirectory
cache = CacheDirectory(Path(sys.argv[1]))
child = 0
with cache.lease(1) as mine:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        with cache.lease(1) as second:
            assert mine and not second
if child:
    with cache.lease(1) as mine:
        print(mine)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
