from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import AlreadyExistsError, CorruptionError, FormatError, NotFoundError, ReadOnlyError
from pinyon.storage.catalog import BackupInfo, Catalog, now, spec_from_json, spec_to_json
from pinyon.types import EmbedSpec, IndexSpec

EMBED = EmbedSpec(
    "use-multilingual", "use-multilingual@1:abc", 512, "cosine", {"text": "본문"}, read_parameters={"truncate": "END"}
)
SPECS = [
    IndexSpec("films", 384, "cosine"),
    IndexSpec("words", None, "dotproduct", "sparse", tags={"한글": "태그"}, deletion_protection=True),
    IndexSpec("texts", 512, "cosine", kind="scan", recall_target=0.95, embed=EMBED, deployment={"cloud": "aws"}),
    IndexSpec("graph", 3, "euclidean", kind="hnsw", parameters={"m": 32, "ef_search": 64}),
    IndexSpec("clusters", 3, "cosine", kind="ivf", parameters={"nlist": 8, "codes": "float32"}),
]


@pytest.fixture(params=["disk", "memory"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path):
    catalog = Catalog(tmp_path / "catalog.sqlite" if request.param == "disk" else None)
    yield catalog
    catalog.close()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_definition_survives_as_json(spec: IndexSpec) -> None:
    assert spec_from_json(spec_to_json(spec)) == spec


@given(
    tags=st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=3), recall=st.floats(0.1, 1.0, width=64)
)
def test_any_tags_and_targets_survive_as_json(tags: dict[str, str], recall: float) -> None:
    spec = IndexSpec("x", 3, "euclidean", tags=tags, recall_target=recall)
    assert spec_from_json(spec_to_json(spec)) == spec


def test_a_definition_that_was_written_without_parameters_has_none() -> None:
    old = json.loads(spec_to_json(replace(SPECS[0], kind="scan")))
    assert old.pop("parameters") == {}
    assert spec_from_json(json.dumps(old)) == replace(SPECS[0], kind="scan")


def test_a_kind_of_another_release_is_told_as_it_was_written(catalog: Catalog) -> None:
    later = replace(SPECS[0], kind=cast(Any, "later"), parameters={"x": 1})
    catalog.create_index(later)
    assert catalog.list_indexes()[0].spec == later


def test_indexes_are_listed_by_name_with_a_uuid_each(catalog: Catalog) -> None:
    for spec in SPECS:
        catalog.create_index(spec)
    entries = catalog.list_indexes()
    assert [entry.spec for entry in entries] == sorted(SPECS, key=lambda spec: spec.name)
    assert len({entry.uuid for entry in entries}) == len(SPECS)
    assert catalog.get_index("films") in entries
    assert catalog.get_index("nothing") is None


def test_a_name_is_taken_once_and_free_again_after_deletion(catalog: Catalog) -> None:
    first = catalog.create_index(SPECS[0])
    with pytest.raises(AlreadyExistsError, match="'films' already exists"):
        catalog.create_index(SPECS[0])
    assert catalog.delete_index("films") == first
    with pytest.raises(NotFoundError, match="'films' does not exist"):
        catalog.delete_index("films")
    assert catalog.create_index(SPECS[0]).uuid != first.uuid


def test_an_update_keeps_uuid_and_time(catalog: Catalog) -> None:
    entry = catalog.create_index(SPECS[0])
    changed = replace(SPECS[0], tags={"a": "b"}, deletion_protection=True)
    catalog.update_index("films", changed)
    assert catalog.get_index("films") == replace(entry, spec=changed)
    with pytest.raises(NotFoundError):
        catalog.update_index("other", replace(changed, name="other"))
    with pytest.raises(ValueError, match="renamed"):
        catalog.update_index("films", replace(changed, name="other"))
    assert catalog.get_index("films") == replace(entry, spec=changed)


def test_edits_from_many_threads_all_count(catalog: Catalog) -> None:
    catalog.create_index(SPECS[0])

    def tag(number: int) -> None:
        with catalog.edit_index("films") as edit:
            edit.spec = replace(edit.spec, tags={**edit.spec.tags, str(number): "x"})

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entry = catalog.get_index("films")
    assert entry is not None
    assert set(entry.spec.tags) == set(map(str, range(8)))


def test_an_edit_that_fails_changes_nothing(catalog: Catalog) -> None:
    entry = catalog.create_index(SPECS[0])

    def change() -> None:
        with catalog.edit_index("films") as edit:
            edit.spec = replace(edit.spec, tags={"a": "b"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert catalog.get_index("films") == entry


def backup(number: int, index: str = "films") -> BackupInfo:
    return BackupInfo(f"b{number}", index, "u" * 32, f"n{number}", "설명", now(), 10, 2, 4096, SPECS[2])


def test_backups_are_listed_newest_first_and_outlive_their_index(catalog: Catalog) -> None:
    catalog.create_index(SPECS[0])
    infos = [backup(1), backup(2), backup(3, "other")]
    for info in infos:
        catalog.add_backup(info)
    with pytest.raises(AlreadyExistsError):
        catalog.add_backup(infos[0])
    catalog.delete_index("films")
    assert catalog.list_backups("films") == [infos[1], infos[0]]
    assert catalog.list_backups() == [infos[2], infos[1], infos[0]]
    assert catalog.get_backup("b1") == infos[0]
    assert catalog.get_backup("b1").dimension == 512  # type: ignore[union-attr]
    assert catalog.delete_backup("b1") == infos[0]
    assert catalog.get_backup("b1") is None
    with pytest.raises(NotFoundError):
        catalog.delete_backup("b1")


def test_two_openers_see_each_others_changes(tmp_path: Path) -> None:
    first, second = (Catalog(tmp_path / "catalog.sqlite") for _ in range(2))
    first.create_index(SPECS[0])
    assert [entry.spec.name for entry in second.list_indexes()] == ["films"]
    first.close()
    second.close()


def test_a_newer_format_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path)
    with catalog.connections.write() as connection:
        connection.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    catalog.close()
    with pytest.raises(FormatError, match=r"catalog format 99, and this release reads up to 2\. Upgrade"):
        Catalog(path)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_another_programs_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs(x)")
    connection.close()
    before = digests(tmp_path)
    with pytest.raises(FormatError, match="another program"):
        Catalog(path)
    assert digests(tmp_path) == before


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"a shopping list, long enough to be mistaken for a header" * 50)
    before = digests(tmp_path)
    with pytest.raises(FormatError):
        Catalog(path)
    assert digests(tmp_path) == before


def test_a_directory_of_other_things_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"...")
    (tmp_path / ".DS_Store").write_bytes(b"...")
    with pytest.raises(FormatError, match=r"not a Pinyon data directory.*holiday\.jpg"):
        Catalog(tmp_path / "catalog.sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".DS_Store", "holiday.jpg"]
    with pytest.raises(FormatError, match="is a file"):
        Catalog(tmp_path / "holiday.jpg" / "catalog.sqlite")


def test_a_definition_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.create_index(SPECS[0])
    with catalog.connections.write() as connection:
        connection.execute("UPDATE indexes SET spec = '{\"name\": 1'")
    with pytest.raises(CorruptionError, match="definition of index 'films'"):
        catalog.get_index("films")
    catalog.close()


def test_a_read_only_catalog_reads(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.create_index(SPECS[0])
    catalog.close()
    catalog = Catalog(tmp_path / "catalog.sqlite", read_only=True)
    assert [entry.spec for entry in catalog.list_indexes()] == [SPECS[0]]
    with pytest.raises(ReadOnlyError):
        catalog.create_index(SPECS[1])
    catalog.close()
