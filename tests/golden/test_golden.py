"""Data directories that released formats wrote are opened, read in full, and written on."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest

from golden.make import BACKED_UP, BACKUP, BACKUP_DESCRIPTION, EXPECTED, POEMS, Golden, Held, make, sparse_values
from pinyon.engine import Database, Index
from pinyon.errors import ForbiddenError
from pinyon.types import Query, Record

HERE = Path(__file__).parent
FORMATS = sorted(entry.name for entry in HERE.iterdir() if entry.is_dir() and entry.name.startswith("v"))


@pytest.fixture(params=[*FORMATS, "fresh"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a golden directory; "fresh" is what the script makes today, which must be the same."""
    target = tmp_path / "data"
    if request.param == "fresh":
        make(target)
    else:
        shutil.copytree(HERE / request.param, target)
    return target


def held(record: Record) -> Held:
    sparse = record.sparse_values
    return Held(
        None if record.values is None else tuple(record.values.tolist()),
        None if sparse is None else dict(zip(sparse.indices.tolist(), sparse.values.tolist(), strict=True)),
        record.metadata,
    )


def as_stored(expected: Held) -> Held:
    """Values as 32-bit numbers, which is what an index keeps."""
    values = None if expected.values is None else tuple(np.array(expected.values, np.float32).tolist())
    sparse = None if expected.sparse is None else {key: float(np.float32(v)) for key, v in expected.sparse.items()}
    return Held(values, sparse, expected.metadata)


def compare(index: Index, namespaces: dict[str, dict[str, Held]]) -> None:
    infos, following, total = index.namespaces()
    assert following is None
    assert {info.name: info.record_count for info in infos} == {name: len(each) for name, each in namespaces.items()}
    assert total == len(namespaces)
    assert index.stats().total == sum(map(len, namespaces.values()))
    for name, records in namespaces.items():
        expected = {id_: as_stored(each) for id_, each in records.items()}
        assert {record.id: held(record) for record in index.iterate(name)} == expected
        if records:
            assert {id_: held(record) for id_, record in index.fetch(name, sorted(records)).items()} == expected
            assert index.list_ids(name)[0] == sorted(records)


def test_there_is_a_golden_directory_of_format_1() -> None:
    assert "v1" in FORMATS
    for name in FORMATS:
        files = [file for file in (HERE / name).rglob("*") if file.is_file()]
        assert sum(len(zlib.compress(file.read_bytes())) for file in files) < 200_000, "too large for a repository"
    assert not list(HERE.rglob("*-wal"))


def test_definitions_and_records_are_as_they_were_written(path: Path) -> None:
    with Database(path) as database:
        assert database.list_indexes() == sorted((each.spec for each in EXPECTED.values()), key=lambda spec: spec.name)
        for name, golden in EXPECTED.items():
            compare(database.index(name), golden.namespaces)
        assert database.verify() == []


def test_schemas_of_namespaces_are_as_they_were_written(path: Path) -> None:
    with Database(path) as database:
        for name, golden in EXPECTED.items():
            for namespace, schema in golden.schemas.items():
                assert database.index(name).describe_namespace(namespace).schema == schema


def test_it_opens_read_only_too(path: Path) -> None:
    with Database(path, read_only=True) as database:
        for name, golden in EXPECTED.items():
            compare(database.index(name), golden.namespaces)


@pytest.mark.parametrize("name", EXPECTED)
def test_searches_find_what_the_records_say(name: str, path: Path) -> None:
    golden = EXPECTED[name]
    with Database(path) as database:
        for record_id, each in golden.namespaces[""].items():
            query = Query(3, vector=each.values, sparse=sparse_values(each), include_metadata=True)
            matches = database.index(name).query("", query).matches
            scores = _scores(golden, each)
            best = sorted(scores.values(), reverse=True)[:3]
            assert [match.score for match in matches] == pytest.approx(best, abs=1e-5)
            for match in matches:
                assert match.score == pytest.approx(scores[match.id], abs=1e-5)
                assert match.metadata == golden.namespaces[""][match.id].metadata
            if name == "poems":
                assert matches[0].id == record_id


def _scores(golden: Golden, query: Held) -> dict[str, float]:
    found = {}
    for id_, each in golden.namespaces[""].items():
        if each.values is not None and query.values is not None:
            left, right = np.array(each.values), np.array(query.values)
            found[id_] = float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))
        else:
            mine, theirs = each.sparse or {}, query.sparse or {}
            found[id_] = sum(weight * theirs.get(key, 0.0) for key, weight in mine.items())
    return found


def test_filters_find_what_the_metadata_say(path: Path) -> None:
    with Database(path) as database:
        index = database.index("poems")
        poems = EXPECTED["poems"].namespaces[""]
        after = {id_ for id_, each in poems.items() if (each.metadata or {}).get("year", 0) >= 1915}
        assert set(index.fetch_where("", {"year": {"$gte": 1915}})[0]) == after
        moon = {id_ for id_, each in poems.items() if "달" in (each.metadata or {}).get("themes", [])}
        assert set(index.fetch_where("", {"themes": "달"})[0]) == moon
        assert after
        assert moon


def test_its_backup_can_be_restored(path: Path) -> None:
    with Database(path) as database:
        [info] = database.list_backups("poems")
        assert (info.name, info.description, info.spec) == (BACKUP, BACKUP_DESCRIPTION, POEMS)
        assert info.record_count == sum(map(len, BACKED_UP.values()))
        database.restore_backup(info.id, "restored")
        compare(database.index("restored"), BACKED_UP)
        compare(database.index("poems"), EXPECTED["poems"].namespaces)


def test_it_can_be_written_on_and_is_still_there_after_reopening(path: Path) -> None:
    expected = {name: dict(records) for name, records in EXPECTED["poems"].namespaces.items()}
    with Database(path) as database:
        index = database.index("poems")
        index.upsert("", ["poem-99"], [(1.0, 2.0, 3.0, 4.0)], metadata=[{"year": 2026}])
        index.delete("", ["poem-01"])
        index.update("", "poem-02", set_metadata={"rating": 5.0})
        with pytest.raises(ForbiddenError):
            database.delete_index("poems")
        database.delete_index("terms")
        database.compact()
    expected[""]["poem-99"] = Held((1.0, 2.0, 3.0, 4.0), metadata={"year": 2026})
    del expected[""]["poem-01"]
    old = expected[""]["poem-02"]
    expected[""]["poem-02"] = Held(old.values, metadata=(old.metadata or {}) | {"rating": 5.0})
    with Database(path) as database:
        assert [spec.name for spec in database.list_indexes()] == ["passages", "poems"]
        compare(database.index("poems"), expected)
        compare(database.index("passages"), EXPECTED["passages"].namespaces)
        assert database.verify() == []
