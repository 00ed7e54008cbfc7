"""What a server keeps beside the indexes: objects by kind and id."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.places import Processes
from pinyon.engine import Database
from pinyon.errors import ClosedError, CorruptionError, InvalidRequestError, ReadOnlyError
from pinyon.types import IndexSpec

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"


@pytest.fixture(params=["memory", "disk"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with Database(":memory:" if request.param == "memory" else tmp_path / "data") as opened:
        yield opened


def test_what_was_put_is_found_by_kind_and_id(database: Database) -> None:
    registry = database.registry
    assert registry.get("api_key", "a") is None
    assert registry.list("api_key") == []
    registry.put("api_key", "b", {"name": "둘", "roles": ["DataEditor"], "until": None, "n": 2.5})
    registry.put("api_key", "a", {"name": "one"})
    registry.put("project", "a", {"name": "another kind"})
    assert registry.get("api_key", "b") == {"name": "둘", "roles": ["DataEditor"], "until": None, "n": 2.5}
    assert registry.list("api_key") == [{"name": "one"}, registry.get("api_key", "b")]
    registry.put("api_key", "a", {"name": "replaced"})
    assert registry.get("api_key", "a") == {"name": "replaced"}
    assert registry.remove("api_key", "a")
    assert not registry.remove("api_key", "a")
    assert (registry.get("api_key", "a"), registry.get("project", "a")) == (None, {"name": "another kind"})


def test_objects_are_listed_bytewise_by_id(database: Database) -> None:
    for id in ("b", "B", "ab", "é", "10", "9"):
        database.registry.put("job", id, {"id": id})
    assert [entry["id"] for entry in database.registry.list("job")] == ["10", "9", "B", "ab", "b", "é"]


def test_an_edit_changes_makes_and_removes(database: Database) -> None:
    registry = database.registry
    with registry.edit("job", "1") as entry:
        assert entry.value is None
        entry.value = {"done": 0}
    with registry.edit("job", "1") as entry:
        assert entry.value == {"done": 0}
        entry.value["done"] = 1
    assert registry.get("job", "1") == {"done": 1}
    with registry.edit("job", "1") as entry:
        entry.value = None
    assert registry.get("job", "1") is None
    with registry.edit("job", "1"):
        pass
    assert registry.list("job") == []


def test_an_exception_in_an_edit_leaves_everything_as_it_was(database: Database) -> None:
    registry = database.registry
    registry.put("job", "1", {"done": 0})

    def fail() -> None:
        with registry.edit("job", "1") as entry:
            entry.value = {"done": 5}
            registry.put("job", "2", {})
            registry.remove("job", "1")
            raise KeyError("mistake")

    with pytest.raises(KeyError):
        fail()
    assert registry.list("job") == [{"done": 0}]
    registry.put("job", "2", {})


def test_calls_inside_an_edit_belong_to_it(database: Database) -> None:
    registry = database.registry
    with registry.edit("key", "old") as entry:
        entry.value = {"revoked": True}
        registry.put("key", "new", {"revoked": False})
        assert registry.get("key", "new") == {"revoked": False}
        with registry.edit("count", "keys") as count:
            count.value = {"n": len(registry.list("key")) + 1}
    assert registry.list("key") == [{"revoked": False}, {"revoked": True}]
    assert registry.get("count", "keys") == {"n": 2}


def test_edits_of_many_threads_lose_nothing(database: Database) -> None:
    def count() -> None:
        for _ in range(25):
            with database.registry.edit("count", "all") as entry:
                entry.value = {"n": (entry.value or {"n": 0})["n"] + 1}

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.registry.get("count", "all") == {"n": 100}


COUNTER = """
import sys
from pinyon.engine import Database

with Database(sys.argv[1]) as database:
    for _ in range(25):
        with database.registry.edit("count", "all") as entry:
            entry.value = {"n": (entry.value or {"n": 0})["n"] + 1}
"""


def test_edits_of_many_processes_lose_nothing(disk: Database, run_python: Processes) -> None:
    others = [run_python(COUNTER, disk.path) for _ in range(3)]
    for other in others:
        other.ends()
    assert disk.registry.get("count", "all") == {"n": 75}


def test_another_opener_sees_it_at_once(tmp_path: Path) -> None:
    with Database(tmp_path / "data") as one, Database(tmp_path / "data") as two:
        one.registry.put("address", "films", {"port": 5081})
        assert two.registry.get("address", "films") == {"port": 5081}
    with Database(tmp_path / "data", read_only=True) as reader:
        assert reader.registry.list("address") == [{"port": 5081}]


@pytest.mark.parametrize("write", ["put", "remove", "edit"])
def test_a_read_only_database_refuses_to_write(tmp_path: Path, write: str) -> None:
    Database(tmp_path / "data").close()
    with Database(tmp_path / "data", read_only=True) as database:
        registry = database.registry

        def change() -> None:
            if write == "put":
                registry.put("a", "b", {})
            elif write == "remove":
                registry.remove("a", "b")
            else:
                with registry.edit("a", "b"):
                    pass

        with pytest.raises(ReadOnlyError, match="read_only"):
            change()


def test_an_old_directory_that_is_opened_read_only_has_an_empty_registry(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "data")
    with Database(tmp_path / "data", read_only=True) as database:
        assert database.registry.list("api_key") == database.deleted_indexes() == []
        assert database.registry.get("api_key", "a") is None
        with pytest.raises(ReadOnlyError):
            database.registry.put("api_key", "a", {})


@pytest.mark.parametrize(
    "value", [{"x": float("nan")}, {"x": b"raw"}, {"x": {1, 2}}, {(1, 2): 3}, [], "text", None, {"x": "\ud800"}]
)
def test_what_json_cannot_hold_is_refused(database: Database, value: object) -> None:
    database.registry.put("job", "1", {"was": "here"})
    with pytest.raises(InvalidRequestError, match="JSON"):
        database.registry.put("job", "1", value)  # type: ignore[arg-type]
    assert database.registry.get("job", "1") == {"was": "here"}


def test_a_value_that_is_too_deep_is_refused(database: Database) -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"deeper": deep}
    with pytest.raises(InvalidRequestError, match="Flatten"):
        database.registry.put("job", "1", deep)
    while deep:  # Python itself may fail to free so deep a value in one go
        deep = deep["deeper"]  # type: ignore[assignment]


@pytest.mark.parametrize(("kind", "id"), [("", "a"), ("a", ""), ("a", 7), (None, "a"), ("a\0", "b")])
def test_kinds_and_ids_are_strings(database: Database, kind: str, id: str) -> None:
    for call in (database.registry.get, database.registry.remove):
        with pytest.raises(InvalidRequestError, match="kind and id"):
            call(kind, id)


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(value=st.dictionaries(TEXT, JSON, max_size=4))
def test_any_json_object_comes_back_as_it_was(value: dict[str, object]) -> None:
    with Database(":memory:") as database:
        database.registry.put("any", "thing", value)
        assert database.registry.get("any", "thing") == value


@pytest.mark.parametrize("text", ["{", "[1]", "null", ""])
def test_a_damaged_entry_is_named(tmp_path: Path, text: str) -> None:
    with Database(tmp_path / "data") as database:
        database.registry.put("api_key", "a", {})
    connection = sqlite3.connect(tmp_path / "data" / "catalog.sqlite")
    connection.execute("UPDATE entry SET value = ?", (text,))
    connection.commit()
    connection.close()
    with Database(tmp_path / "data") as database:
        with pytest.raises(CorruptionError, match="api_key 'a'"):
            database.registry.get("api_key", "a")
        with pytest.raises(CorruptionError, match="api_key 'a'"):
            database.registry.list("api_key")
        assert database.registry.remove("api_key", "a")


def test_a_closed_database_says_so() -> None:
    database = Database(":memory:")
    database.close()
    with pytest.raises(ClosedError):
        database.registry.get("a", "b")
    with pytest.raises(ClosedError):
        database.deleted_indexes()


# -- deleted indexes --------------------------------------------------------------------------------------------------


def test_deleted_indexes_are_remembered_newest_first(database: Database) -> None:
    assert database.deleted_indexes() == []
    uuids = {}
    for name in ("films", "books", "films"):
        database.create_index(IndexSpec(name, 2, "cosine"))
        uuids.setdefault(name, []).append(database.entry(name).uuid)
        database.delete_index(name)
    assert [entry["uuid"] for entry in database.deleted_indexes("films")] == uuids["films"][::-1]
    assert [entry["name"] for entry in database.deleted_indexes()] == ["films", "books", "films"]
    assert database.deleted_indexes("nothing") == []
    entry = database.deleted_indexes("books")[0]
    assert entry.keys() == {"name", "uuid", "deleted_at"}
    assert entry["deleted_at"].endswith("Z")


def test_a_backup_of_a_deleted_index_leads_to_its_deletion(database: Database) -> None:
    database.create_index(IndexSpec("films", 2, "cosine"))
    info = database.create_backup("films")
    database.delete_index("films")
    assert [entry["uuid"] for entry in database.deleted_indexes()] == [info.index_uuid]


def test_an_index_that_stays_is_not_among_the_deleted(database: Database) -> None:
    database.create_index(IndexSpec("films", 2, "cosine", deletion_protection=True))
    with pytest.raises(Exception, match="protection"):
        database.delete_index("films")
    assert database.deleted_indexes() == []


def test_old_deletions_are_forgotten_unless_a_backup_needs_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pinyon.storage import entries

    monkeypatch.setattr(entries, "DELETED_KEPT", 3)
    for number in range(7):
        database.create_index(IndexSpec(f"index-{number}", 2, "cosine"))
        if number == 1:
            database.create_backup("index-1")
        database.delete_index(f"index-{number}")
    assert [entry["name"] for entry in database.deleted_indexes()] == ["index-6", "index-5", "index-4", "index-1"]
