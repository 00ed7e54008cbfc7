"""Indexes on the wire: any index in any dialect, and bodies of every dialect as one value."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.types import EmbedSpec, IndexSpec
from pinyon.wire.deployments import REGIONS, cloud_and_region
from pinyon.wire.index_models import index_json
from pinyon.wire.indexes import (
    IndexChange,
    NewIndex,
    changed_deployment,
    read_index_change,
    read_new_index,
    read_new_index_for_model,
)
from pinyon.wire.versions import KNOWN, VERSIONS
from wire.index_shapes import check_index

HOME = ("aws", "us-east-1")
HERE = {"serverless": {"cloud": "gcp", "region": "us-central1"}}
DEDICATED = {
    "mode": "Dedicated",
    "dedicated": {"node_type": "b1", "scaling": "Manual", "manual": {"shards": 2, "replicas": 3}},
}
POD = {
    "environment": "us-east1-gcp",
    "pod_type": "p1.x2",
    "replicas": 2,
    "shards": 3,
    "pods": 6,
    "metadata_config": {"indexed": ["genre"]},
}
SEARCHED = {"language": "en", "stemming": True, "stop_words": False, "lowercase": True, "max_term_len": 40}
EMBED = EmbedSpec("words", "words/1", 8, "cosine", {"text": "body"}, read_parameters={"truncate": "NONE"})
SPARSE_EMBED = EmbedSpec("counts", "counts/1", None, "dotproduct", {"text": "body"}, "sparse")
MODEL = {"model": "words", "dimension": 8, "metric": "cosine", "write_parameters": {}, "read_parameters": {}}
DOCUMENT_FIELDS = {
    "place": {"type": "dense_vector", "dimension": 8, "metric": "euclidean", "description": "where"},
    "terms": {"type": "sparse_vector"},
    "title": {"type": "string", "full_text_search": SEARCHED, "store_text": True},
    "year": {"type": "float", "filterable": True},
    "tags": {"type": "string_list", "filterable": True},
}

INDEXES: dict[str, IndexSpec] = {
    "dense": IndexSpec("films", 8, "cosine", tags={"a": "b"}, deployment=HERE),
    "sparse": IndexSpec("films", None, "dotproduct", "sparse", deployment=HERE),
    "hybrid": IndexSpec("films", 8, "dotproduct", deployment=HERE, notes={"hybrid": True}),
    "described": IndexSpec("films", 8, "cosine", notes={"descriptions": {"_values": "of the poster"}}),
    "made in process": IndexSpec("films", 8, "cosine"),
    "protected": IndexSpec("films", 8, "cosine", deletion_protection=True),
    "embedded": IndexSpec("films", 8, "cosine", embed=EMBED, deployment=HERE),
    "embedded sparse": IndexSpec("films", None, "dotproduct", "sparse", embed=SPARSE_EMBED),
    "documents": IndexSpec("films", 8, "euclidean", schema=DOCUMENT_FIELDS, deployment=HERE),
    "documents of text": IndexSpec(
        "films", None, "dotproduct", "sparse", schema={"title": DOCUMENT_FIELDS["title"]}, deployment=HERE
    ),
    "documents embedded": IndexSpec(
        "films",
        8,
        "cosine",
        embed=EMBED,
        schema={"body": {"type": "string", "embed": MODEL, "store_text": False}},
        deployment=HERE,
    ),
    "pod": IndexSpec("films", 8, "cosine", deployment={"pod": POD}),
    "pod from a collection": IndexSpec(
        "films", 8, "cosine", deployment={"pod": POD}, notes={"source_collection": "old-films"}
    ),
    "byoc": IndexSpec("films", 8, "cosine", deployment={"byoc": {"environment": "aws-us-east-1-b921"}}),
    "dedicated": IndexSpec(
        "films", 8, "cosine", deployment={"serverless": {**HERE["serverless"], "read_capacity": DEDICATED}}
    ),
    "with a metadata schema": IndexSpec(
        "films",
        8,
        "cosine",
        deployment={"serverless": {**HERE["serverless"], "schema": {"fields": {"genre": {"filterable": True}}}}},
    ),
    "with notes": IndexSpec(
        "films",
        8,
        "cosine",
        notes={"cmek_id": "key-1", "private_host": "films.internal", "source_backup_id": "bk-1"},
    ),
}
OLD = [name for name in KNOWN if not VERSIONS[name].schema]
NEW = [name for name in KNOWN if VERSIONS[name].schema]


def show(kind: str, version: str, state: str = "Ready") -> dict[str, Any]:
    return index_json(INDEXES[kind], VERSIONS[version], "http://h:1", HOME, state)


# -- describing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize("kind", INDEXES)
def test_every_index_has_the_shape_that_clients_of_every_version_demand(kind: str, version: str) -> None:
    shown = show(kind, version)
    check_index(shown, version)
    assert shown["name"] == "films"
    assert shown["host"] == "http://h:1"
    assert shown["status"] == {"ready": True, "state": "Ready"}


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize(
    ("kind", "vectors"),
    [
        ("dense", (8, "cosine", "dense")),
        ("sparse", (None, "dotproduct", "sparse")),
        ("embedded", (8, "cosine", "dense")),
        ("embedded sparse", (None, "dotproduct", "sparse")),
        ("documents", (8, "euclidean", "dense")),
        ("documents of text", (None, "dotproduct", "sparse")),
        ("documents embedded", (8, "cosine", "dense")),
        ("pod", (8, "cosine", "dense")),
    ],
)
def test_older_clients_read_dimension_metric_and_vector_type(
    kind: str, vectors: tuple[int | None, str, str], version: str
) -> None:
    shown = show(kind, version)
    assert (shown.get("dimension"), shown["metric"], shown["vector_type"]) == vectors


@pytest.mark.parametrize("version", NEW)
@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("dense", {"_values": "dense_vector"}),
        ("sparse", {"_sparse_values": "sparse_vector"}),
        ("hybrid", {"_values": "dense_vector", "_sparse_values": "sparse_vector"}),
        ("embedded", {"body": "semantic_text"}),
        ("documents", {name: field["type"] for name, field in DOCUMENT_FIELDS.items()}),
        ("documents embedded", {"body": "string"}),
        ("pod", {"_values": "dense_vector"}),
    ],
)
def test_newer_clients_read_typed_fields(kind: str, types: dict[str, str], version: str) -> None:
    fields = show(kind, version)["schema"]["fields"]
    assert {name: field["type"] for name, field in fields.items()} == types


def test_an_embedded_index_tells_its_model_in_both_dialects() -> None:
    old, new = show("embedded", "2025-04")["embed"], show("embedded", "2026-07")["schema"]["fields"]["body"]
    assert old["model"] == new["model"] == "words"
    assert old["field_map"] == {"text": "body"}
    assert old["read_parameters"] == new["read_parameters"] == {"input_type": "query", "truncate": "NONE"}
    assert old["write_parameters"] == new["write_parameters"] == {"input_type": "passage", "truncate": "END"}


def test_full_text_settings_are_those_that_each_version_knows() -> None:
    new = show("documents", "2026-07")["schema"]["fields"]["title"]["full_text_search"]
    alpha = show("documents", "2026-01.alpha")["schema"]["fields"]["title"]["full_text_search"]
    assert new == {"language": "en", "stemming": True, "stop_words": False}
    assert alpha == SEARCHED


def test_fields_of_a_metadata_schema_have_no_type_where_a_client_can_read_that() -> None:
    assert show("with a metadata schema", "2026-07")["schema"]["fields"]["genre"] == {"filterable": True}
    assert "genre" not in show("with a metadata schema", "2026-01.alpha")["schema"]["fields"]
    old = show("with a metadata schema", "2025-10")["spec"]["serverless"]
    assert old["schema"] == {"fields": {"genre": {"filterable": True}}}
    assert "schema" not in show("with a metadata schema", "2025-04")["spec"]["serverless"]


def test_dedicated_read_capacity_is_ready_with_the_counts_asked_for() -> None:
    wanted = DEDICATED | {"status": {"state": "Ready", "current_replicas": 3, "current_shards": 2}}
    assert show("dedicated", "2026-07")["read_capacity"] == wanted
    assert show("dedicated", "2026-04")["spec"]["serverless"]["read_capacity"] == wanted
    assert show("dense", "2026-07")["read_capacity"] == {"mode": "OnDemand", "status": {"state": "Ready"}}


def test_a_pod_index_has_no_read_capacity_and_keeps_its_numbers() -> None:
    new = show("pod from a collection", "2026-07")
    assert "read_capacity" not in new
    assert new["source_collection"] == "old-films"
    assert new["deployment"] == {
        "deployment_type": "pod",
        **{key: POD[key] for key in ("environment", "pod_type", "replicas", "shards")},
    }
    assert show("pod from a collection", "2025-04")["spec"]["pod"] == POD | {"source_collection": "old-films"}


def test_an_index_made_in_process_is_shown_at_the_servers_own_place() -> None:
    assert show("made in process", "2025-04")["spec"] == {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    assert show("made in process", "2026-07")["deployment"]["region"] == "us-east-1"


def test_what_was_only_noted_is_echoed() -> None:
    new = show("with notes", "2026-07")
    assert (new["cmek_id"], new["private_host"], new["source_backup_id"]) == ("key-1", "films.internal", "bk-1")
    assert show("with notes", "2025-10")["private_host"] == "films.internal"
    assert show("described", "2026-07")["schema"]["fields"]["_values"]["description"] == "of the poster"


def test_tags_are_left_out_when_there_are_none() -> None:
    assert show("dense", "2025-04")["tags"] == {"a": "b"}
    assert "tags" not in show("sparse", "2025-04")
    assert "tags" not in show("sparse", "2026-07")


@pytest.mark.parametrize("version", ["2025-04", "2026-07"])
@pytest.mark.parametrize("state", ["Initializing", "InitializationFailed"])
def test_an_index_that_is_not_there_yet_is_not_ready(state: str, version: str) -> None:
    assert show("dense", version, state)["status"] == {"ready": False, "state": state}
    check_index(show("dense", version, state), version)


# -- creating ---------------------------------------------------------------------------------------------------------

OLD_BODY: dict[str, Any] = {
    "name": "films",
    "spec": {"serverless": {"cloud": "aws", "region": "us-west-2"}},
    "dimension": 8,
    "metric": "euclidean",
    "deletion_protection": "enabled",
    "vector_type": "dense",
    "tags": {"a": "b", "gone": ""},
}
NEW_BODY: dict[str, Any] = {
    "name": "films",
    "schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 8, "metric": "euclidean"}}},
    "deployment": {"deployment_type": "managed", "cloud": "aws", "region": "us-west-2"},
    "deletion_protection": "enabled",
    "tags": {"a": "b", "gone": ""},
}


def read(body: dict[str, Any], version: str = "2026-07") -> NewIndex:
    return read_new_index(body, VERSIONS[version], HOME)


def test_the_same_index_can_be_asked_for_in_both_dialects() -> None:
    wanted = NewIndex(
        "films",
        {"serverless": {"cloud": "aws", "region": "us-west-2"}},
        "dense",
        8,
        "euclidean",
        tags={"a": "b"},
        deletion_protection=True,
    )
    assert read(OLD_BODY, "2025-04") == wanted
    assert read(NEW_BODY, "2026-07") == wanted
    assert read(NEW_BODY, "2026-01.alpha") == wanted


def test_an_older_version_understands_a_body_with_a_schema() -> None:
    assert read(NEW_BODY, "2025-04") == read(NEW_BODY, "2026-07")


def test_name_deployment_and_tags_may_be_left_out_since_schemas() -> None:
    body = {"schema": {"fields": {"_sparse_values": {"type": "sparse_vector"}}}}
    assert read(body) == NewIndex(None, {}, "sparse")


def test_both_reserved_fields_make_a_hybrid_index() -> None:
    vectors = {"_values": NEW_BODY["schema"]["fields"]["_values"], "_sparse_values": {"type": "sparse_vector"}}
    found = read({"schema": {"fields": vectors}})
    assert (found.vector_type, found.dimension, found.notes) == ("dense", 8, {"hybrid": True})


def test_other_fields_make_an_index_of_documents() -> None:
    fields = {"title": {"type": "string", "full_text_search": {}}, "place": {"type": "dense_vector", "dimension": 2}}
    found = read({"schema": {"fields": fields}})
    assert found.fields == fields
    assert found.embed is None


def test_a_lone_semantic_text_field_asks_for_a_model() -> None:
    field = {"type": "semantic_text", "model": "words", "metric": "cosine", "read_parameters": {"truncate": "END"}}
    assert read({"schema": {"fields": {"body": field}}}).embed == {
        "model": "words",
        "metric": "cosine",
        "field_map": {"text": "body"},
        "read_parameters": {"truncate": "END"},
    }


def test_pods_are_counted() -> None:
    def pod(**given: Any) -> Any:
        spec = {"pod": {"environment": "us-east1-gcp", **given}}
        return read(OLD_BODY | {"spec": spec}, "2025-04").deployment["pod"]

    assert pod() == {"environment": "us-east1-gcp", "pod_type": "p1.x1", "replicas": 1, "shards": 1, "pods": 1}
    assert pod(replicas=2, shards=3)["pods"] == 6
    assert pod(pods=4, replicas=2)["shards"] == 2
    assert pod(metadata_config={"indexed": ["a"]})["metadata_config"] == {"indexed": ["a"]}
    with pytest.raises(InvalidRequestError, match=r"pods is 5, which is not replicas \(2\) times shards"):
        pod(pods=5, replicas=2)


def test_what_has_no_effect_is_kept() -> None:
    spec = {"byoc": {"environment": "e", "read_capacity": DEDICATED, "schema": {"genre": {"filterable": True}}}}
    found = read(OLD_BODY | {"spec": spec, "cmek_id": "key-1"}, "2025-10")
    assert found.deployment["byoc"]["read_capacity"] == DEDICATED
    assert found.deployment["byoc"]["schema"] == {"fields": {"genre": {"filterable": True}}}
    assert found.notes == {"cmek_id": "key-1"}
    new = read(NEW_BODY | {"read_capacity": DEDICATED, "cmek_id": "key-1", "private_host": "p"})
    assert new.deployment["serverless"]["read_capacity"] == DEDICATED
    assert new.notes == {"cmek_id": "key-1", "private_host": "p"}


def test_read_capacity_alone_takes_the_servers_place() -> None:
    body = {"schema": NEW_BODY["schema"], "read_capacity": {"mode": "OnDemand"}}
    assert read(body).deployment == {
        "serverless": {"cloud": "aws", "region": "us-east-1", "read_capacity": {"mode": "OnDemand"}}
    }


def test_an_unknown_member_is_refused_since_2026_07_and_ignored_before() -> None:
    assert read(OLD_BODY | {"colour": "red"}, "2026-04").name == "films"
    assert read(NEW_BODY | {"colour": "red"}, "2026-01.alpha").name == "films"
    with pytest.raises(InvalidRequestError, match="unknown field 'colour'"):
        read(NEW_BODY | {"colour": "red"}, "2026-07")
    with pytest.raises(InvalidRequestError, match=r"unknown field .*'spec'"):
        read(NEW_BODY | {"spec": OLD_BODY["spec"]}, "2026-07")


@pytest.mark.parametrize(("cloud", "region"), [(cloud, region) for cloud in REGIONS for region in REGIONS[cloud]])
def test_every_region_of_pinecone_is_known(cloud: str, region: str) -> None:
    place = {"cloud": cloud, "region": region}
    assert read(OLD_BODY | {"spec": {"serverless": place}}, "2025-04").deployment == {"serverless": place}


def test_the_servers_own_place_is_known_whatever_it_is() -> None:
    body = OLD_BODY | {"spec": {"serverless": {"cloud": "attic", "region": "left"}}}
    assert read_new_index(body, VERSIONS["2025-04"], ("attic", "left")).deployment == body["spec"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"spec": {"serverless": {"cloud": "mars", "region": "us-east-1"}}}, "Invalid value for `cloud`"),
        ({"spec": {"serverless": {"region": "us-east-1"}}}, r"spec\.serverless\.cloud is missing"),
        ({"spec": {"serverless": {"cloud": "aws"}}}, r"spec\.serverless\.region is missing"),
        ({"spec": {}}, "exactly one object"),
        ({"spec": {"serverless": None}}, "exactly one object"),
        ({"spec": {"serverless": {}, "pod": {}}}, "exactly one object"),
        ({"spec": {"SERVERLESS": {}}}, "exactly one object"),
        ({"spec": "aws"}, "spec must be an object"),
        ({"spec": None}, "spec is missing"),
        ({"name": None}, "name is missing"),
        ({"name": 7}, "name must be a string"),
        ({"dimension": "8"}, "dimension must be a whole number"),
        ({"dimension": True}, "dimension must be a whole number"),
        ({"metric": ["cosine"]}, "metric must be a string"),
        ({"deletion_protection": "on"}, "deletion_protection must be either 'enabled' or 'disabled'"),
        ({"tags": {"a": 1}}, "Value 1 of tag 'a' is not valid"),
        ({"tags": ["a"]}, "tags must be an object"),
        ({"spec": {"pod": {"environment": "e"}}, "vector_type": "sparse"}, "Sparse vector type is not supported"),
        ({"spec": {"pod": {"environment": ""}}}, "environment is missing"),
        ({"spec": {"pod": {"environment": "e", "pod_type": "q9.x3"}}}, "pod_type 'q9.x3' is unknown"),
        ({"spec": {"pod": {"environment": "e", "replicas": 0}}}, "replicas`: 0"),
        ({"spec": {"byoc": {}}}, r"spec\.byoc\.environment is missing"),
    ],
)
def test_a_body_of_the_old_dialect_that_does_not_fit_is_refused_by_name(change: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequestError, match=text):
        read(OLD_BODY | change, "2025-04")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"schema": None}, r"schema\.fields is missing"),
        ({"schema": {"fields": {}}}, r"schema\.fields is missing"),
        ({"schema": {"fields": {"_values": {"type": "sparse_vector"}}}}, r"_values\.type must be 'dense_vector'"),
        (
            {"schema": {"fields": {"_sparse_values": {"type": "sparse_vector", "metric": "dotproduct"}}}},
            "unknown field 'metric'",
        ),
        ({"deployment": {"deployment_type": "moon"}}, "Invalid value for `deployment.deployment_type`"),
        ({"deployment": {"deployment_type": "managed", "cloud": "x", "region": "y"}}, "Invalid value for `cloud`"),
        (
            {"deployment": {"deployment_type": "byoc", "environment": "e", "pods": 1}},
            "unknown field 'pods'",
        ),
        ({"read_capacity": {"mode": "Fast"}}, r"Invalid value for `read_capacity\.mode`"),
        ({"read_capacity": {"mode": "Dedicated"}}, "dedicated is missing"),
        (
            {"read_capacity": {"mode": "Dedicated", "dedicated": {"scaling": "Manual", "manual": {}}}},
            r"manual\.shards is missing",
        ),
        ({"source_collection": "c", "source_backup_id": "b"}, "exclude each other"),
        (
            {
                "deployment": {"deployment_type": "pod", "environment": "e", "pod_type": "p1.x1"},
                "read_capacity": {"mode": "OnDemand"},
            },
            "a pod index has replicas",
        ),
    ],
)
def test_a_body_of_the_new_dialect_that_does_not_fit_is_refused_by_name(change: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequestError, match=text):
        read(NEW_BODY | change)


def test_an_unknown_region_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="us-central1 not found"):
        read(OLD_BODY | {"spec": {"serverless": {"cloud": "aws", "region": "us-central1"}}}, "2025-04")
    with pytest.raises(NotFoundError, match="nowhere-1 not found"):
        read(NEW_BODY | {"deployment": {"deployment_type": "managed", "cloud": "aws", "region": "nowhere-1"}})


# -- for a model ------------------------------------------------------------------------------------------------------

FOR_MODEL: dict[str, Any] = {
    "name": "films",
    "cloud": "aws",
    "region": "us-east-1",
    "embed": {"model": "words", "field_map": {"text": "body"}, "metric": "cosine", "dimension": 8},
    "tags": {"a": "b"},
}


@pytest.mark.parametrize("version", KNOWN)
def test_create_for_model_takes_the_body_that_every_client_sends(version: str) -> None:
    found = read_new_index_for_model(FOR_MODEL, VERSIONS[version], HOME)
    assert found.embed == FOR_MODEL["embed"]
    assert found.deployment == {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    assert found.tags == {"a": "b"}


@pytest.mark.parametrize("version", NEW)
def test_create_for_model_takes_the_flat_body_of_the_specification(version: str) -> None:
    flat = {"name": "films", "field": "body", "model": "words", "metric": "cosine", "write_parameters": {"x": 1}}
    found = read_new_index_for_model(flat, VERSIONS[version], HOME)
    assert found.embed == {
        "model": "words",
        "metric": "cosine",
        "field_map": {"text": "body"},
        "write_parameters": {"x": 1},
    }
    assert found.deployment == {}


def test_create_for_model_keeps_schema_and_read_capacity() -> None:
    body = FOR_MODEL | {"schema": {"fields": {"genre": {"filterable": True}}}, "read_capacity": DEDICATED}
    place = read_new_index_for_model(body, VERSIONS["2025-10"], HOME).deployment["serverless"]
    assert place["schema"] == {"fields": {"genre": {"filterable": True}}}
    assert place["read_capacity"] == DEDICATED


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"embed": None}, "embed is missing"),
        ({"embed": {"field_map": {"text": "body"}}}, r"embed\.model is missing"),
        ({"embed": {"model": "words", "field_map": "body"}}, r"embed\.field_map must be an object"),
        ({"cloud": "mars"}, "Invalid value for `cloud`"),
        ({"name": None}, "name is missing"),
    ],
)
def test_a_body_for_a_model_that_does_not_fit_is_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequestError, match=text):
        read_new_index_for_model(FOR_MODEL | change, VERSIONS["2025-04"], HOME)


# -- configuring ------------------------------------------------------------------------------------------------------


def change_of(body: dict[str, Any], version: str = "2026-07") -> IndexChange:
    return read_index_change(body, VERSIONS[version])


def test_changes_mean_the_same_in_both_dialects() -> None:
    common: dict[str, Any] = {"deletion_protection": "disabled", "tags": {"a": ""}}
    old = change_of(common | {"spec": {"pod": {"replicas": 2, "pod_type": "p1.x2"}}}, "2025-04")
    new = change_of(common | {"deployment": {"replicas": 2, "pod_type": "p1.x2"}})
    assert old == new == IndexChange(False, {"a": ""}, kind="pod", replicas=2, pod_type="p1.x2")
    assert change_of({"spec": {"serverless": {"read_capacity": DEDICATED}}}, "2025-10").read_capacity == DEDICATED
    assert change_of({"read_capacity": DEDICATED}).read_capacity == DEDICATED


def test_an_empty_change_changes_nothing() -> None:
    assert change_of({}, "2025-04") == change_of({}) == IndexChange()


def test_text_fields_take_new_parameters_only() -> None:
    fields = {"body": {"type": "semantic_text", "read_parameters": {"truncate": "NONE"}}}
    assert change_of({"schema": {"fields": fields}}).text_fields == {"body": {"read_parameters": {"truncate": "NONE"}}}
    with pytest.raises(InvalidRequestError, match=r"schema\.fields\.place cannot change"):
        change_of({"schema": {"fields": {"place": {"type": "dense_vector", "dimension": 4}}}})


def test_replicas_change_the_number_of_pods() -> None:
    changed = changed_deployment({"pod": POD}, IndexChange(kind="pod", replicas=4), "films", HOME)
    assert changed == {"pod": POD | {"replicas": 4, "pods": 12}}


def test_dedicated_capacity_can_change_in_part() -> None:
    before = {"serverless": {**HERE["serverless"], "read_capacity": DEDICATED}}
    part = {"mode": "Dedicated", "dedicated": {"manual": {"replicas": 0}}}
    changed = changed_deployment(before, IndexChange(read_capacity=part), "films", HOME)
    assert changed is not None
    assert changed["serverless"]["read_capacity"]["dedicated"] == {
        "node_type": "b1",
        "scaling": "Manual",
        "manual": {"shards": 2, "replicas": 0},
    }
    assert changed_deployment(before, IndexChange(tags={"a": "b"}), "films", HOME) is None


@pytest.mark.parametrize(
    ("deployment", "change"),
    [
        (HERE, IndexChange(kind="pod", replicas=2)),
        ({}, IndexChange(kind="byoc", read_capacity={"mode": "OnDemand"})),
        ({"pod": POD}, IndexChange(kind="serverless", read_capacity={"mode": "OnDemand"})),
    ],
)
def test_an_index_cannot_become_one_of_another_kind(deployment: dict[str, Any], change: IndexChange) -> None:
    with pytest.raises(InvalidRequestError, match="that cannot change"):
        changed_deployment(deployment, change, "films", HOME)


@pytest.mark.parametrize(
    ("deployment", "place"),
    [
        ({}, HOME),
        (HERE, ("gcp", "us-central1")),
        ({"pod": {"environment": "us-east-1-aws"}}, ("aws", "us-east-1")),
        ({"pod": {"environment": "northamerica-northeast1-gcp"}}, ("gcp", "northamerica-northeast1")),
        ({"byoc": {"environment": "aws-b921"}}, ("aws", "aws-b921")),
    ],
)
def test_every_deployment_has_a_cloud_and_a_region(deployment: dict[str, Any], place: tuple[str, str]) -> None:
    assert cloud_and_region(deployment, HOME) == place
