"""Indexes and backups: create, list, describe, configure, delete, restore, in the spellings of both SDKs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinyon import (
    AlreadyExistsError,
    AwsRegion,
    ByocSpec,
    CloudProvider,
    DeletionProtection,
    ForbiddenError,
    InvalidRequestError,
    Metric,
    NotFoundError,
    Pinecone,
    PodSpec,
    ServerlessSpec,
    VectorType,
)
from pinyon.pinecone import Index
from pinyon.types import Floats

SPEC = ServerlessSpec(cloud="aws", region="us-east-1")

CREATIONS: dict[str, Callable[[Pinecone], Any]] = {
    "the spec second": lambda pc: pc.create_index("a", SPEC, 3, "dotproduct"),
    "everything by name": lambda pc: pc.create_index(name="a", spec=SPEC, dimension=3, metric="dotproduct"),
    "enumerations": lambda pc: pc.create_index(
        "a", ServerlessSpec(CloudProvider.AWS, AwsRegion.US_EAST_1), 3, Metric.DOTPRODUCT, vector_type=VectorType.DENSE
    ),
    "a dictionary": lambda pc: pc.create_index(
        name="a", spec={"serverless": {"cloud": "aws", "region": "us-east-1"}}, dimension=3, metric="dotproduct"
    ),
    "the resource of SDK 7": lambda pc: pc.db.index.create(name="a", spec=SPEC, dimension=3, metric="dotproduct"),
    "the resource of SDK 10": lambda pc: pc.indexes.create(name="a", spec=SPEC, dimension=3, metric="dotproduct"),
    "the schema of SDK 10": lambda pc: pc.indexes.create(
        name="a",
        schema={"fields": {"_values": {"type": "dense_vector", "dimension": 3, "metric": "dotproduct"}}},
        deployment={"cloud": "aws", "region": "us-east-1"},
    ),
}


@pytest.mark.parametrize("way", CREATIONS)
def test_every_way_to_create_gives_the_same_index(way: str, pc: Pinecone) -> None:
    created = CREATIONS[way](pc)
    assert created == pc.describe_index("a")
    assert repr(created) == (
        "IndexModel(name='a', dimension=3, metric='dotproduct', vector_type='dense', "
        "deletion_protection='disabled', tags={})"
    )
    assert created.to_dict() == {
        "name": "a",
        "dimension": 3,
        "metric": "dotproduct",
        "vector_type": "dense",
        "host": "a.pinyon.localhost",
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
        "status": {"ready": True, "state": "Ready"},
        "deletion_protection": "disabled",
        "tags": {},
        "embed": None,
        "index": {"kind": "auto", "recall": 0.99},
    }


def test_a_spec_is_not_needed_and_the_metric_is_cosine(pc: Pinecone) -> None:
    assert pc.create_index("a", dimension=3).metric == "cosine"
    assert pc.create_index("pods", PodSpec(environment="us-west1-gcp"), 3).spec.pod.pod_type == "p1.x1"
    assert pc.create_index("byoc", ByocSpec("mine"), 3).spec["byoc"]["environment"] == "mine"


def test_a_sparse_index_takes_no_dimension_and_is_dotproduct(pc: Pinecone) -> None:
    for name, metric in (("a", None), ("b", "dotproduct")):
        created = pc.create_index(name, SPEC, metric=metric, vector_type="sparse")
        assert (created.dimension, created.metric, created.vector_type) == (None, "dotproduct", "sparse")
    schema = {"fields": {"_sparse_values": {"type": "sparse_vector"}}}
    assert pc.indexes.create(name="c", schema=schema).vector_type == "sparse"


def test_a_definition_answers_by_attribute_and_by_key(pc: Pinecone) -> None:
    described = pc.create_index("a", SPEC, 3)
    assert described.spec.serverless.region == described["spec"]["serverless"]["region"] == "us-east-1"
    assert described.status["ready"] is described["status"].ready is True
    assert pc.describe_index("a").status["state"] == "Ready"
    with pytest.raises(AttributeError, match="keys here are serverless"):
        _ = described.spec.pod


def test_the_list_of_indexes_iterates_counts_and_names(pc: Pinecone) -> None:
    assert pc.list_indexes().names() == []
    for name in ("b", "a"):
        pc.create_index(name, dimension=3)
    for indexes in (pc.list_indexes(), pc.indexes.list(), pc.db.index.list()):
        assert indexes.names() == ["a", "b"] == [index.name for index in indexes] == [i["name"] for i in indexes]
        assert (len(indexes), indexes[1].name, indexes["indexes"][0].name) == (2, "b", "a")
        assert [indexes.get("indexes"), indexes.get("collections", 7)] == [indexes.indexes, 7]
        assert [index.name for index in indexes.to_list()] == [i.name for page in indexes.pages() for i in page.items]


def test_whether_an_index_exists(pc: Pinecone) -> None:
    assert not pc.has_index("a")
    pc.create_index("a", dimension=3)
    assert [pc.has_index("a"), pc.indexes.exists("a"), pc.db.index.has(name="a")] == [True, True, True]


def test_an_index_opens_by_name_and_by_the_host_of_its_description(pc: Pinecone, index: Index) -> None:
    host = pc.describe_index("docs").host
    assert index.host == host
    for opened in (
        pc.Index("docs"),
        pc.Index(name="docs", pool_threads=4),
        pc.index("docs", grpc=True),
        pc.Index(host=host),
        pc.index(host=f"https://{host}/"),
        pc.Index("ignored when there is a host", host=f"http://{host}"),
    ):
        assert opened.describe_index_stats().total_vector_count == 20
    with pytest.raises(NotFoundError, match="'none' does not exist"):
        pc.Index("none")
    with pytest.raises(
        InvalidRequestError, match=r"host 'docs-abc\.svc\.pinecone\.io' is not an index of this database"
    ):
        pc.Index(host="docs-abc.svc.pinecone.io")
    with pytest.raises(InvalidRequestError, match="needs the name of an index"):
        pc.Index()


def test_tags_are_merged_and_an_empty_value_deletes(pc: Pinecone) -> None:
    pc.create_index("a", dimension=3, tags={"env": "test", "team": "x"})
    changed = pc.configure_index("a", tags={"team": "", "owner": "me"})
    assert changed.tags == pc.describe_index("a").tags == {"env": "test", "owner": "me"}


@pytest.mark.parametrize("enabled", ["enabled", DeletionProtection.ENABLED])
def test_a_protected_index_is_deleted_only_after_protection_ends(enabled: str, pc: Pinecone) -> None:
    assert pc.create_index("a", dimension=3, deletion_protection=enabled).deletion_protection == "enabled"
    with pytest.raises(ForbiddenError, match="Deletion protection is enabled for this index"):
        pc.delete_index("a", timeout=5)
    assert pc.configure_index("a", deletion_protection="disabled").deletion_protection == "disabled"
    pc.delete_index("a", timeout=-1)
    assert not pc.has_index("a")


def test_what_only_a_cloud_has_is_accepted_and_changes_nothing(pc: Pinecone) -> None:
    before = pc.create_index("a", dimension=3)
    pc.configure_index("a", replicas=2, pod_type="p1.x2", read_capacity={"mode": "OnDemand"})
    assert pc.db.index.configure(name="a", replicas=3) == before == pc.describe_index("a")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda pc: pc.create_index("there", dimension=3), AlreadyExistsError, "'there'"),
        (lambda pc: pc.create_index("a", 768), InvalidRequestError, r"spec must be .* got int 768"),
        (lambda pc: pc.create_index("a", {"cloud": "aws"}, 3), InvalidRequestError, "exactly one of the keys"),
        (lambda pc: pc.create_index("a", SPEC), InvalidRequestError, "needs a dimension"),
        (lambda pc: pc.create_index("a", SPEC, 20_001), InvalidRequestError, "20001 is out of range"),
        (lambda pc: pc.create_index("a", SPEC, 3, "manhattan"), InvalidRequestError, "Invalid value for `metric`"),
        (lambda pc: pc.create_index("A_b", SPEC, 3), InvalidRequestError, "'A_b' is not valid"),
        (lambda pc: pc.create_index("a", SPEC, 3, tags={"!": "x"}), InvalidRequestError, "Tag key '!'"),
        (
            lambda pc: pc.create_index("a", SPEC, 3, vector_type="sparse", metric="dotproduct"),
            InvalidRequestError,
            "dimension should not be specified for sparse indexes",
        ),
        (
            lambda pc: pc.create_index("a", SPEC, metric="cosine", vector_type="sparse"),
            InvalidRequestError,
            "Sparse vector indexes must use the metric dotproduct",
        ),
        (
            lambda pc: pc.create_index("a", SPEC, 3, deletion_protection="yes"),
            InvalidRequestError,
            "deletion_protection must be either 'enabled' or 'disabled', got 'yes'",
        ),
        (
            lambda pc: pc.indexes.create(name="a", schema={"fields": {"body": {"type": "string"}}}),
            InvalidRequestError,
            "Document schemas are not available",
        ),
        (lambda pc: pc.indexes.create(name="a", schema={}, dimension=3), InvalidRequestError, "not both"),
        (lambda pc: pc.indexes.create(dimension=3), InvalidRequestError, "needs a name"),
        (lambda pc: pc.describe_index("none"), NotFoundError, "'none' does not exist"),
        (lambda pc: pc.delete_index("none"), NotFoundError, "'none' does not exist"),
        (lambda pc: pc.configure_index("none", tags={"a": "b"}), NotFoundError, "'none' does not exist"),
        (lambda pc: pc.configure_index("there", index={"kind": "tree"}), InvalidRequestError, "'tree'"),
        (lambda pc: pc.create_backup(index_name="none"), NotFoundError, "'none' does not exist"),
        (lambda pc: pc.list_backups(index_name="none"), NotFoundError, "'none' does not exist"),
        (lambda pc: pc.list_backups(limit=0), InvalidRequestError, "limit must be at least 1"),
        (lambda pc: pc.describe_backup(backup_id="none"), NotFoundError, "none"),
        (lambda pc: pc.create_index_from_backup(name="a", backup_id="none"), NotFoundError, "none"),
    ],
)
def test_a_bad_call_is_refused_and_the_database_is_unchanged(
    call: Any, error: type[Exception], said: str, pc: Pinecone
) -> None:
    pc.create_index("there", dimension=3, tags={"k": "v"})
    before = pc.list_indexes().to_dict()
    with pytest.raises(error, match=said):
        call(pc)
    assert pc.list_indexes().to_dict() == before


def test_a_backup_brings_back_what_was_lost(tmp_path: Path, vectors: Floats) -> None:
    with Pinecone(path=tmp_path / "data") as pc:
        pc.create_index("docs", SPEC, 8, tags={"k": "v"})
        index = pc.Index("docs")
        index.upsert([("a", vectors[0], {"n": 1})], namespace="x")
        backup = pc.create_backup(index_name="docs", backup_name="first", description="before the loss")
        assert (backup.name, backup["source_index_name"], backup.status) == ("first", "docs", "Ready")
        assert (backup["record_count"], backup["namespace_count"], backup["region"]) == (1, 1, "us-east-1")
        index.delete(delete_all=True, namespace="x")

        restored = pc.create_index_from_backup(name="again", backup_id=backup.backup_id)
        assert (restored.name, restored.tags, restored.status.ready) == ("again", {"k": "v"}, True)
        assert pc.Index("again").fetch(["a"], "x").vectors["a"].metadata == {"n": 1}
        other = pc.db.index.create_from_backup(
            name="other", backup_id=backup.backup_id, tags={}, deletion_protection="enabled"
        )
        assert (other.tags, other.deletion_protection) == ({}, "enabled")


def test_backups_by_every_spelling(tmp_path: Path) -> None:
    with Pinecone(path=tmp_path) as pc:
        for name in ("one", "two"):
            pc.create_index(name, dimension=3)
        made = [
            pc.backups.create(index_name="one", name="a"),
            pc.db.backup.create(index_name="one", backup_name="b"),
            pc.indexes.create_backup("two", name="c", description="d"),
        ]
        assert sorted(pc.list_backups().names()) == ["a", "b", "c"]
        assert sorted(pc.backups.list(index_name="one").names()) == ["a", "b"]
        assert pc.indexes.list_backups("two").names() == ["c"]
        page = pc.list_backups(limit=2)
        assert page.pagination is not None
        rest = pc.list_backups(limit=2, pagination_token=page.pagination.next)
        assert (len(page), len(rest), rest.pagination) == (2, 1, None)
        id = made[2].backup_id
        assert pc.describe_backup(backup_id=id) == pc.backups.get(backup_id=id) == pc.indexes.describe_backup(id)
        pc.delete_index("two")
        assert pc.list_backups(index_name="two", include_deleted=True).names() == ["c"]
        pc.delete_backup(backup_id=id)
        pc.backups.delete(backup_id=made[0].backup_id)
        assert [backup.name for backup in pc.list_backups()] == ["b"]
