"""update, delete, batches, namespaces and handles."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon import AlreadyExistsError, ClosedError, InvalidRequestError, NotFoundError, Pinecone
from pinyon.pinecone import Index
from pinyon.types import Floats


def test_update_merges_metadata_and_keeps_the_vector(index: Index, vectors: Floats) -> None:
    index.update("3", set_metadata={"text": "new", "extra": 1})
    vector = index.fetch(["3"]).vectors["3"]
    assert vector.metadata == {"number": 3, "parity": "odd", "text": "new", "extra": 1}
    assert vector.values == vectors[3].tolist()
    assert index.update(id="unknown", set_metadata={"text": "new"}).matched_records is None


def test_update_by_filter_counts_and_a_dry_run_changes_nothing(index: Index) -> None:
    tried = index.update(filter={"parity": "odd"}, set_metadata={"seen": True}, dry_run=True)
    assert tried.matched_records == tried["matched_records"] == 10
    assert index.fetch(["3"]).vectors["3"].metadata == {"number": 3, "parity": "odd", "text": "text 3"}
    assert index.update(filter={"parity": "odd"}, set_metadata={"seen": True}).matched_records == 10
    assert sum(record.metadata.get("seen", False) for record in index.iterate() if record.metadata) == 10


def test_delete_by_ids_by_filter_and_everything(index: Index, vectors: Floats) -> None:
    assert index.delete(ids=["1", "unknown"]) == {}
    assert index.delete(filter={"number": {"$lt": 5}}) == {}
    assert sorted(int(record.id) for record in index.iterate()) == list(range(5, 20))
    index.upsert([("kept", vectors[0])], namespace="other")
    assert index.delete(delete_all=True) == {}
    assert index.describe_index_stats().total_vector_count == 1
    index.delete(["kept"], namespace="other")
    with pytest.raises(NotFoundError):
        index.delete(delete_all=True, namespace="never written")


def test_a_batch_commits_as_one(index: Index, vectors: Floats) -> None:
    before = index.describe_index_stats().total_vector_count
    with index.batch() as batch:
        batch.upsert([("new", vectors[0] + 1, {"n": 1})])
        batch.upsert(vectors[:2], ids=["x", "y"], namespace="other")
        batch.update("3", set_metadata={"text": "new"})
        batch.update(filter={"parity": "odd"}, set_metadata={"seen": True})
        batch.delete(ids=["4"])
        batch.delete(filter={"number": 6})
        assert index.describe_index_stats().total_vector_count == before
    assert index.describe_index_stats().total_vector_count == before + 3 - 2
    assert index.fetch(["3"]).vectors["3"].metadata == {"number": 3, "parity": "odd", "text": "new", "seen": True}


def test_an_exception_discards_the_whole_batch(index: Index, vectors: Floats) -> None:
    def write() -> None:
        with index.batch() as batch:
            batch.upsert([("new", vectors[0])])
            batch.delete(delete_all=True)
            batch.upsert([("bad", [1.0, 2.0])])

    with pytest.raises(InvalidRequestError, match="Vector dimension 2"):
        write()
    assert [record.id for record in index.iterate()] == sorted(str(number) for number in range(20))


def test_namespaces_by_every_spelling(index: Index, vectors: Floats) -> None:
    assert index.create_namespace(name="a", schema={"fields": {"genre": {"filterable": True}}}).indexed_fields == [
        "genre"
    ]
    index.namespace.create("b")
    index.upsert([("1", vectors[0])], namespace="c")
    with pytest.raises(AlreadyExistsError):
        index.create_namespace("a")

    assert [namespace.name for namespace in index.list_namespaces(limit=2)] == ["", "a", "b", "c"]
    assert [one["name"] for page in index.list_namespaces() for one in page.namespaces] == ["", "a", "b", "c"]
    assert [namespace.name for namespace in index.namespace.list(prefix="b")] == ["b"]
    page = index.list_namespaces_paginated(limit=3)
    assert page.pagination is not None
    rest = index.namespace.list_paginated(limit=3, pagination_token=page.pagination.next)
    assert ([one.name for one in rest.namespaces], rest.pagination, rest.total_count) == (["c"], None, 4)

    for described in (
        index.describe_namespace("c"),
        index.describe_namespace(name="c"),
        index.namespace.describe(namespace="c"),
    ):
        assert (described.name, described["record_count"]) == ("c", 1)
    assert index.describe_namespace("__default__").record_count == 20

    index.delete_namespace(name="a")
    index.delete_namespace(namespace="b")
    index.namespace.delete("c")
    assert [namespace.name for namespace in index.list_namespaces()] == [""]
    with pytest.raises(NotFoundError):
        index.describe_namespace("a")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda index: index.create_namespace("__default__"), "default namespace always exists"),
        (lambda index: index.create_namespace("é"), "must be ASCII"),
        (
            lambda index: index.create_namespace("x", {"fields": {"f": {"filterable": False}}}),
            "Field 'f' is set to filterable: false",
        ),
        (lambda index: index.delete_namespace(), "Give the namespace once"),
        (lambda index: index.describe_namespace("a", name="b"), "Give the namespace once"),
    ],
)
def test_a_bad_namespace_call_is_refused(call: Any, said: str, index: Index) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        call(index)
    assert [namespace.name for namespace in index.list_namespaces()] == [""]


def test_closing_a_handle_leaves_the_others_open(pc: Pinecone, index: Index) -> None:
    with pc.Index("docs") as other:
        assert other.describe_index_stats().total_vector_count == 20
    with pytest.raises(ClosedError, match=r"handle on index 'docs' was closed.*pc\.Index"):
        other.describe_index_stats()
    assert repr(other) == "Index('docs', closed)"
    assert index.describe_index_stats().total_vector_count == 20


def test_nothing_works_after_the_database_was_closed(index: Index, pc: Pinecone) -> None:
    pc.close()
    with pytest.raises(ClosedError):
        pc.list_indexes()
    with pytest.raises(ClosedError):
        index.describe_index_stats()
