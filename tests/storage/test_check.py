from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import numpy as np
import pytest

from pinyon.errors import BusyError, CorruptionError, FormatError, PinyonError
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.check import Finding, verify, verify_file
from pinyon.storage.repair import repair
from pinyon.storage.schema import PAGE_SIZE
from pinyon.storage.truth import Truth
from storage.sample import DIMENSION, batch, contents, flip, make_truth, offset_of

NO_CACHE = CacheDirectory(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed, sound index file."""
    make_truth(tmp_path / "i.sqlite").close()
    return tmp_path / "i.sqlite"


def content(path: Path) -> dict[str, tuple[bytes | None, bytes | None]]:
    truth = Truth(path, DIMENSION)
    try:
        return contents(truth)
    finally:
        truth.close()


def damage(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "damage"]


def vector_bytes(number: int) -> bytes:
    vectors = batch(number, 1).vectors
    assert vectors is not None
    return vectors.tobytes()


def test_a_sound_index_has_no_findings_and_a_repair_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    assert verify_file(path, NO_CACHE, DIMENSION) == []
    assert repair(path, NO_CACHE, DIMENSION) == []
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", ["disk", "memory"])
def test_an_open_index_is_verified_with_progress(tmp_path: Path, place: str) -> None:
    truth = make_truth(tmp_path / "i.sqlite" if place == "disk" else None)
    seen: list[tuple[int, int]] = []
    assert verify(truth.connections, NO_CACHE, DIMENSION, progress=lambda a, b: seen.append((a, b))) == []
    assert seen[-1] == (65, 65)
    with truth.write() as writer:
        writer.put("", batch(3, 4))
        writer.put("third", batch(70, 4))
    assert verify(truth.connections, NO_CACHE, DIMENSION) == []
    truth.close()


@pytest.mark.parametrize(
    ("needle", "shift", "part"),
    [
        (vector_bytes(17), 9, "vector: the checksum"),
        (b"film number 17", 3, "record: the checksum"),
        (np.array([18, 25], "<u4").tobytes(), 0, "record: the checksum"),
    ],
    ids=["vector", "metadata", "sparse"],
)
def test_a_flipped_bit_in_a_row_is_found_quarantined_and_the_rest_served(
    path: Path, needle: bytes, shift: int, part: str
) -> None:
    expected = content(path)
    flip(path, offset_of(path, needle) + shift, 1)
    found = verify_file(path, NO_CACHE, DIMENSION)
    bad = "film-18" if b"film" not in needle and needle != vector_bytes(17) else "film-17"
    assert len(found) == 1
    assert found[0].file == str(path)
    assert f"id '{bad}'" in found[0].place
    assert part in found[0].problem
    assert "pinyon repair" in found[0].remedy
    with pytest.raises(CorruptionError):
        content(path)
    assert repair(path, NO_CACHE, DIMENSION) == found
    assert verify_file(path, NO_CACHE, DIMENSION) == []
    del expected[bad]
    assert content(path) == expected
    truth = Truth(path, DIMENSION)
    with truth.read() as view:
        rows = view.connection.execute("SELECT id, reason, length(data) FROM quarantine").fetchall()
        assert view.counts() == {"": 59, "other": 5}
    assert rows == [(bad, found[0].problem, 4 * DIMENSION)]
    with truth.write() as writer:
        writer.put("", batch(int(bad[-2:]), 1))
    truth.close()
    assert verify_file(path, NO_CACHE, DIMENSION) == []


def test_a_repair_starts_a_new_epoch_and_trusts_no_cache(path: Path, tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path / "cache")
    digest = cache.publish(1, "scan", 2, {"x": np.arange(5)}, {})
    truth = Truth(path, DIMENSION)
    with truth.write() as writer:
        writer.trust_cache("scan", 1, 2, digest or "")
    with truth.read() as view:
        epoch, lsn = view.meta("epoch"), view.meta("lsn")
    truth.close()
    flip(path, offset_of(path, vector_bytes(3)))
    repair(path, cache, DIMENSION)
    truth = Truth(path, DIMENSION)
    with truth.read() as view:
        assert view.meta("epoch") != epoch
        assert view.meta("pruned_lsn") == view.meta("lsn") == int(lsn or 0) + 1
        assert view.connection.execute("SELECT count(*) FROM cache").get == 0
        assert view.namespace("").lsn == view.meta("lsn")  # type: ignore[union-attr]
    truth.close()
    assert cache.names() == []


def test_damaged_and_missing_caches_are_noticed_and_dropped(path: Path, tmp_path: Path) -> None:
    cache = CacheDirectory(tmp_path / "cache")
    truth = Truth(path, DIMENSION)
    vectors = cache.create_vectors(1, "rows", DIMENSION)
    assert vectors is not None
    vectors.append(np.ones((5, DIMENSION), np.float32))
    sound = cache.publish(1, "scan", 2, {"x": np.arange(5)}, {}, vectors=vectors) or ""
    bad = cache.publish(2, "scan", 2, {"x": np.arange(5)}, {}) or ""
    vectors.close()
    with truth.write() as writer:
        writer.trust_cache("scan", 1, 2, sound)
        writer.trust_cache("scan", 2, 2, bad)
        writer.trust_cache("scan", 3, 2, "0" * 32)
    assert [finding.place for finding in verify(truth.connections, cache, DIMENSION)] == ["cache scan of namespace 3"]
    name = cache.root / cache.file_name(2, "scan", 2, bad)  # type: ignore[operator]
    flip(name, name.stat().st_size - 64)
    flip(vectors.path, 64)
    truth.close()
    found = verify_file(path, cache, DIMENSION)
    assert [finding.severity for finding in found] == ["notice"] * 3
    assert "offset" in found[1].problem
    assert repair(path, cache, DIMENSION) == found
    assert verify_file(path, cache, DIMENSION) == []
    assert cache.names() == []


def change(path: Path, *statements: str) -> None:
    truth = Truth(path, DIMENSION)
    with truth.connections.write() as connection:
        for statement in statements:
            connection.execute(statement)
    truth.close()


@pytest.mark.parametrize(
    ("statement", "place", "problem"),
    [
        ("UPDATE namespace SET count = 7 WHERE ns_id = 2", "namespace 2", "its count is 7, and it has 5 records"),
        ("DELETE FROM vector WHERE ord = 9", "record ord 9", "it has no vector"),
        ("DELETE FROM record WHERE ord = 9", "vector ord 9", "no record belongs to it"),
        ("UPDATE meta SET value = 1 WHERE key = 'lsn'", "namespace 2", "LSN 2 lies outside 0..1"),
        ("UPDATE meta SET value = 9 WHERE key = 'pruned_lsn'", "meta pruned_lsn", "not between 0 and"),
        ("DELETE FROM meta WHERE key = 'epoch'", "meta epoch", "its value is None"),
        ("UPDATE record SET ns_id = 2 WHERE ord = 9", "record ord 9", "the checksum"),
        ("UPDATE record SET metadata = CAST(metadata AS TEXT) WHERE ord = 9", "record ord 9", "have the types"),
        ("UPDATE record SET metadata = CAST(x'ff00' AS TEXT) WHERE ord = 9", "record ord 9", "have the types"),
        ("UPDATE record SET id = CAST(x'ff00' AS TEXT) WHERE ord = 9", "record ord 9", "checksum does not match"),
        ("UPDATE vector SET data = CAST(x'ff00' AS TEXT) WHERE ord = 9", "record ord 9", "wrong types"),
        ("UPDATE vector SET ord = 99 WHERE ord = 9", "record ord 9", "it has no vector"),
        ("DELETE FROM namespace WHERE ns_id = 2", "namespace 2", "records belong to it"),
        ("INSERT INTO tombstone VALUES(1, 1, 9)", "tombstone ord 9", "its record is alive"),
    ],
)
def test_each_broken_rule_is_found_and_repaired(path: Path, statement: str, place: str, problem: str) -> None:
    expected = content(path)
    change(path, statement)
    found = verify_file(path, NO_CACHE, DIMENSION)
    assert any(place in finding.place and problem in finding.problem for finding in found), found
    assert repair(path, NO_CACHE, DIMENSION)[: len(found)] == found
    assert verify_file(path, NO_CACHE, DIMENSION) == []
    after = content(path)
    assert after.items() <= expected.items()
    assert len(after) >= len(expected) - 1


def test_a_lost_namespace_comes_back_under_a_new_name(path: Path) -> None:
    change(path, "DELETE FROM namespace WHERE ns_id = 2")
    repair(path, NO_CACHE, DIMENSION)
    truth = Truth(path, DIMENSION)
    with truth.read() as view:
        assert view.counts() == {"": 60, "recovered-2": 5}
    truth.close()


def test_an_ord_is_not_given_out_again_after_a_repair(path: Path) -> None:
    flip(path, offset_of(path, np.float32(1005 + 2 / 16).tobytes()), 3)
    with pytest.raises(CorruptionError):
        content(path)
    repair(path, NO_CACHE, DIMENSION)
    truth = Truth(path, DIMENSION)
    with truth.write() as writer:
        writer.put("", batch(900, 1))
    with truth.read() as view:
        assert view.ord_of(1, "film-900") == 66
    truth.close()


# -- pages ------------------------------------------------------------------------------------------------------------


def zero_page(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE_SIZE)
        file.write(bytes(PAGE_SIZE))


def large(tmp_path: Path, count: int = 1500) -> tuple[Path, dict[str, tuple[bytes | None, bytes | None]]]:
    path = tmp_path / "large.sqlite"
    truth = make_truth(path, count=count, dimension=DIMENSION)
    expected = contents(truth)
    truth.close()
    return path, expected


def test_every_zeroed_page_is_found_and_what_can_be_read_is_saved(tmp_path: Path) -> None:
    original, expected = large(tmp_path)
    original.rename(tmp_path / "original")
    pages = (tmp_path / "original").stat().st_size // PAGE_SIZE
    assert pages > 40
    saved = []
    for page in range(pages):
        shutil.copyfile(tmp_path / "original", original)
        zero_page(original, page)
        found = verify_file(original, NO_CACHE, DIMENSION)
        assert damage(found), page
        repaired = repair(original, NO_CACHE, DIMENSION)
        assert "kept as" in repaired[-1].remedy
        assert verify_file(original, NO_CACHE, DIMENSION) == []
        after = content(original)
        assert after.items() <= expected.items()
        saved.append(len(after))
        (damaged,) = tmp_path.glob("large.sqlite.damaged-*")
        damaged.unlink()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["large.sqlite", "original"]
        original.unlink()
    # A leaf costs what lay in it; losing the root of the records or of the vectors is the worst that can happen.
    assert sum(count == len(expected) for count in saved) > 10
    assert sum(count < len(expected) // 2 for count in saved) <= 2
    assert saved[0] == len(expected)


def test_records_whose_vectors_are_lost_keep_their_metadata_in_quarantine(tmp_path: Path) -> None:
    path, expected = large(tmp_path)
    data = path.read_bytes()
    vectors = batch(700, 1).vectors
    assert vectors is not None
    page = data.index(vectors.tobytes()) // PAGE_SIZE
    zero_page(path, page)
    repair(path, NO_CACHE, DIMENSION)
    after = content(path)
    truth = Truth(path, DIMENSION)
    with truth.read() as view:
        kept = dict(view.connection.execute("SELECT id, metadata FROM quarantine WHERE reason = 'it has no vector'"))
    truth.close()
    assert "film-700" in kept
    assert {**{id_: row[0] for id_, row in after.items()}, **kept} == {id_: row[0] for id_, row in expected.items()}


def test_random_damage_is_detected_or_harmless_and_never_kills_the_process(tmp_path: Path) -> None:
    original, expected = large(tmp_path, 300)
    good = original.read_bytes()
    random_ = random.Random(7)
    work = tmp_path / "work.sqlite"
    for _ in range(150):
        work.write_bytes(good)
        for _ in range(random_.randint(1, 3)):
            flip(work, random_.randrange(len(good)), random_.randrange(8))
        findings = verify_file(work, NO_CACHE, DIMENSION)
        if not damage(findings):
            assert content(work) == expected
            continue
        try:
            repair(work, NO_CACHE, DIMENSION)
        except PinyonError:
            continue
        assert verify_file(work, NO_CACHE, DIMENSION) == []
        assert content(work).items() <= expected.items()
        for leftover in tmp_path.glob("work.sqlite*"):
            leftover.unlink()


def test_every_truncation_at_a_page_is_found(tmp_path: Path) -> None:
    original, expected = large(tmp_path, 300)
    good = original.read_bytes()
    work = tmp_path / "work.sqlite"
    for size in range(PAGE_SIZE, len(good), PAGE_SIZE):
        work.write_bytes(good[:size])
        assert damage(verify_file(work, NO_CACHE, DIMENSION))
        repair(work, NO_CACHE, DIMENSION)
        assert content(work).items() <= expected.items()
        for leftover in tmp_path.glob("work.sqlite*"):
            leftover.unlink()


def test_another_programs_database_is_never_repaired(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)")
    connection.close()
    with pytest.raises(FormatError, match="another program"):
        repair(path, NO_CACHE, DIMENSION)
    assert list(tmp_path.iterdir()) == [path]
    connection = apsw.Connection(str(path))
    assert connection.execute("SELECT x FROM theirs").get == 1
    connection.close()


HOLDER = """
import sys
from pathlib import Path
from pinyon.storage.truth import Truth
truth = Truth(Path(sys.argv[1]), 8)
print("open", flush=True)
sys.stdin.readline()
"""


def test_pages_are_not_repaired_under_another_process(tmp_path: Path) -> None:
    path, _ = large(tmp_path, 300)
    zero_page(path, path.stat().st_size // PAGE_SIZE - 3)
    before = path.read_bytes()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "open"
        with pytest.raises(BusyError, match="open elsewhere"):
            repair(path, NO_CACHE, DIMENSION)
    finally:
        holder.communicate("\n")
    assert path.read_bytes() == before
    repair(path, NO_CACHE, DIMENSION)
    assert verify_file(path, NO_CACHE, DIMENSION) == []
