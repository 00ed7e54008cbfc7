"""What a database promises, wherever it lives: in memory, on disk, and with every read freshly opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.places import Processes
from oracle import ModelIndex, assert_best, plain
from pinyon.engine import Database, Index
from pinyon.errors import (
    AlreadyExistsError,
    ClosedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    ReadOnlyError,
)
from pinyon.types import (
    METRICS,
    EmbedSpec,
    Floats,
    IndexSpec,
    Match,
    Metric,
    NamespaceInfo,
    Query,
    SparseValues,
)

D = 8
GENRES = ("drama", "comedy", "documentary")
FILTERS: tuple[Mapping[str, Any], ...] = (
    {"genre": "drama"},
    {"genre": {"$ne": "drama"}},
    {"year": {"$gte": 1950, "$lt": 1990}},
    {"genre": {"$in": ["drama", "comedy"]}, "seen": True},
    {"tags": "t1"},
    {"tags": {"$nin": ["t1", "t2"]}},
    {"rating": {"$exists": False}},
    {"$or": [{"year": {"$lt": 1910}}, {"$and": [{"rating": {"$gt": 2.5}}, {"seen": False}]}]},
    {"nowhere": 1},
)


def make(database: Database, metric: Metric = "cosine", **settings: Any) -> Index:
    dimension = None if settings.get("vector_type") == "sparse" else D
    database.create_index(IndexSpec("films", dimension, metric, **settings))
    return database.index("films")


def film(number: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {"genre": GENRES[number % 3], "year": 1900 + number, "seen": number % 2 == 0}
    if number % 4:
        metadata["rating"] = number % 5 + 0.5
    if number % 3:
        metadata["tags"] = [f"t{number % 4}", f"t{number % 7}"]
    return metadata


def fill(index: Index, vectors: Floats, namespace: str = "") -> ModelIndex:
    """Records ``film-000``... in the index, and in the model that is given back."""
    model = ModelIndex(index.spec)
    ids = [f"film-{number:03}" for number in range(len(vectors))]
    metadata = [film(number) for number in range(len(vectors))]
    index.upsert(namespace, ids, vectors, metadata=metadata)
    model.upsert(namespace, ids, vectors.tolist(), metadata=metadata)
    return model


def ids(matches: tuple[Match, ...]) -> list[str]:
    return [match.id for match in matches]


def unit(place: int) -> list[float]:
    return [1.0 if at == place else 0.0 for at in range(D)]


def sparse(weights: Mapping[int, float]) -> SparseValues:
    terms = sorted(weights)
    return SparseValues(np.array(terms, np.uint32), np.array([weights[term] for term in terms], np.float32))


@pytest.fixture
def vectors(rng: np.random.Generator) -> Floats:
    return rng.normal(size=(100, D)).astype(np.float32)


@pytest.fixture
def index(database: Database) -> Index:
    return make(database)


# -- searching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("exact", [False, True])
def test_a_query_gives_the_best_records_with_their_scores(
    database: Database, metric: Metric, exact: bool, vectors: Floats, rng: np.random.Generator
) -> None:
    index = make(database, metric)
    model = fill(index, vectors)
    for filter in (None, *FILTERS):
        for top_k in (1, 7, 1000):
            vector = rng.normal(size=D).astype(np.float32)
            found = index.query("", Query(top_k, vector=vector, filter=filter, exact=exact)).matches
            ranking = model.ranking("", vector=vector.tolist(), filter=filter)
            assert_best(found, ranking, top_k, model.records(""), ascending=metric == "euclidean")


def test_cosine_and_dotproduct_descend_and_euclidean_is_a_squared_distance_that_ascends(database: Database) -> None:
    expected = {"cosine": [1.0, 0.6, -1.0], "dotproduct": [3.0, 6.0, -1.0], "euclidean": [4.0, 89.0, 4.0]}
    order = {
        "cosine": ["same", "other", "back"],
        "dotproduct": ["other", "same", "back"],
        "euclidean": ["back", "same", "other"],
    }
    rows = {"same": 3.0 * np.eye(D)[0], "other": 6.0 * np.eye(D)[0] + 8.0 * np.eye(D)[1], "back": -np.eye(D)[0]}
    for metric in METRICS:
        database.create_index(IndexSpec(metric, D, metric))
        index = database.index(metric)
        index.upsert("", list(rows), np.array(list(rows.values())))
        found = index.query("", Query(3, vector=unit(0))).matches
        wanted = dict(zip(rows, expected[metric], strict=True))
        assert ids(found) == order[metric]
        assert [match.score for match in found] == pytest.approx([wanted[id_] for id_ in ids(found)], abs=1e-6)


def test_distances_can_be_measured_from_the_origin(database: Database, vectors: Floats) -> None:
    index = make(database, "euclidean")
    model = fill(index, vectors)
    origin = [0.0] * D
    found = index.query("", Query(10, vector=origin)).matches
    assert_best(found, model.ranking("", vector=origin), 10, model.records(""), ascending=True)


@pytest.mark.parametrize("metric", METRICS)
def test_equal_scores_are_ordered_by_id_bytewise(database: Database, metric: Metric) -> None:
    index = make(database, metric)
    names = ["b", "a", "10", "9", "B", "~", "!", "aa"]
    index.upsert("", names, [unit(0)] * len(names))
    assert ids(index.query("", Query(8, vector=unit(0))).matches) == sorted(names)
    assert ids(index.query("", Query(3, vector=unit(0))).matches) == sorted(names)[:3]


def test_a_top_k_beyond_the_number_of_matches_gives_all_of_them(index: Index, vectors: Floats) -> None:
    fill(index, vectors[:5])
    assert len(index.query("", Query(10_000, vector=unit(0))).matches) == 5
    assert len(index.query("", Query(10_000, vector=unit(0), filter={"genre": "drama"})).matches) == 2


def test_a_match_holds_what_was_asked_for_and_no_more(index: Index, vectors: Floats) -> None:
    fill(index, vectors[:1])
    bare = index.query("", Query(1, vector=unit(0))).matches[0]
    assert bare.values is None
    assert bare.metadata is None
    full = index.query("", Query(1, vector=unit(0), include_values=True, include_metadata=True)).matches[0]
    assert full.values is not None
    assert full.values.tobytes() == vectors[0].tobytes()
    assert full.metadata == film(0)


def test_a_stored_record_can_be_the_query(database: Database, vectors: Floats) -> None:
    index = make(database, "euclidean")
    model = fill(index, vectors)
    found = index.query("", Query(10, id="film-042", filter={"genre": "drama"})).matches
    ranking = model.ranking("", id="film-042", filter={"genre": "drama"})
    assert_best(found, ranking, 10, model.records(""), ascending=True)
    assert found[0].id == "film-042"
    assert found[0].score == 0.0


def test_an_unknown_id_or_namespace_has_no_matches(index: Index, vectors: Floats) -> None:
    fill(index, vectors[:3])
    assert index.query("", Query(3, id="nobody")).matches == ()
    assert index.query("elsewhere", Query(3, vector=unit(0))).matches == ()
    assert index.query("elsewhere", Query(3, id="film-000")).matches == ()


def test_a_row_matrix_of_one_query_is_a_query(index: Index, vectors: Floats) -> None:
    fill(index, vectors[:3])
    assert index.query("", Query(3, vector=vectors[:1])).matches == index.query("", Query(3, vector=vectors[0])).matches


def test_a_query_explains_itself_when_asked(index: Index, vectors: Floats) -> None:
    fill(index, vectors)
    assert index.query("", Query(3, vector=unit(0))).plan is None
    plan = index.query("", Query(3, vector=unit(0), filter={"genre": "drama"}, explain=True)).plan
    assert plan is not None
    assert (plan.records, plan.matching, plan.exact) == (100, 34, True)
    assert plan.reason
    assert all(value >= 0 for value in plan.milliseconds.values())


# -- sparse and hybrid ------------------------------------------------------------------------------------------------


def test_a_sparse_index_scores_the_terms_that_are_shared(database: Database) -> None:
    index = make(database, "dotproduct", vector_type="sparse")
    weights = {"one": {1: 1.0, 7: 2.0}, "two": {7: 0.5}, "three": {4_294_967_295: 3.0}}
    index.upsert("", list(weights), sparse=[sparse(held) for held in weights.values()], metadata=[{"n": 1}, None, {}])
    model = ModelIndex(index.spec)
    model.upsert("", list(weights), sparse=list(weights.values()), metadata=[{"n": 1}, None, None])
    for query in ({7: 2.0}, {1: -1.0, 7: 1.0}, {4_294_967_295: 1.0}, {99: 1.0}):
        found = index.query("", Query(10, sparse=sparse(query))).matches
        assert_best(found, model.ranking("", sparse=query), 10, model.records(""), ascending=False)
    assert ids(index.query("", Query(10, id="one")).matches) == ["one", "two"]
    assert ids(index.query("", Query(10, sparse=sparse({7: 1.0}), filter={"n": 1})).matches) == ["one"]


def test_a_hybrid_score_is_the_dense_plus_the_sparse_product(database: Database, vectors: Floats) -> None:
    index = make(database, "dotproduct")
    model = ModelIndex(index.spec)
    names = [f"r{number}" for number in range(40)]
    held: list[dict[int, float] | None] = [{number % 7: 1.5, 50: -0.5} if number % 3 else None for number in range(40)]
    given = [None if weights is None else sparse(weights) for weights in held]
    index.upsert("", names, vectors[:40], sparse=given, metadata=[{"n": number} for number in range(40)])
    model.upsert("", names, vectors[:40].tolist(), sparse=held, metadata=[{"n": number} for number in range(40)])
    query = {3: 2.0, 50: 1.0}
    for filter in (None, {"n": {"$lt": 20}}):
        found = index.query("", Query(15, vector=vectors[50], sparse=sparse(query), filter=filter)).matches
        ranking = model.ranking("", vector=vectors[50].tolist(), sparse=query, filter=filter)
        assert_best(found, ranking, 15, model.records(""), ascending=False)
    by_id = index.query("", Query(15, id="r4")).matches
    assert_best(by_id, model.ranking("", id="r4"), 15, model.records(""), ascending=False)


def test_sparse_values_come_back_in_order_of_index(database: Database) -> None:
    index = make(database, "dotproduct", vector_type="sparse")
    index.upsert("", ["a"], sparse=[{"indices": [9, 2, 5], "values": [0.25, -1.0, 3.5]}])
    found = index.fetch("", ["a"])["a"].sparse_values
    assert found is not None
    assert found.indices.tolist() == [2, 5, 9]
    assert found.values.tolist() == [-1.0, 3.5, 0.25]


# -- writing ----------------------------------------------------------------------------------------------------------


def test_the_stored_vector_comes_back_bit_for_bit(database: Database, rng: np.random.Generator) -> None:
    index = make(database)
    vectors = rng.normal(size=(50, D)).astype(np.float32)
    vectors[0] = np.array([1e-45, -1e-38, 3.4e38, -0.0, 0.1, 1 / 3, 1e-20, 1.0], np.float32)
    names = [str(number) for number in range(50)]
    index.upsert("", names, vectors)
    index.upsert("lists", names, vectors.tolist())
    for namespace in ("", "lists"):
        fetched = index.fetch(namespace, names)
        for name, vector in zip(names, vectors, strict=True):
            values = fetched[name].values
            assert values is not None
            assert values.dtype == np.float32
            assert values.tobytes() == vector.tobytes()


def test_arrays_of_any_layout_and_number_type_are_taken(index: Index) -> None:
    wide = np.arange(1, 6 * D + 1, dtype=np.float64).reshape(6, D)
    for name, given in {
        "float64": wide,
        "fortran": np.asfortranarray(wide),
        "integers": wide.astype(np.int64),
        "strided": np.repeat(wide, 2, axis=0)[::2],
        "half": wide.astype(np.float16),
        "tuples": [tuple(row) for row in wide.tolist()],
        "rows": list(wide),
    }.items():
        index.upsert(name, list("abcdef"), given)
        fetched = index.fetch(name, list("abcdef"))
        assert [fetched[id_].values.tolist() for id_ in "abcdef"] == wide.tolist()  # type: ignore[union-attr]


def test_the_callers_array_may_change_after_an_upsert(index: Index) -> None:
    given = np.array([unit(0), unit(1)], np.float32)
    index.upsert("", ["a", "b"], given)
    given[:] = 7.0
    assert ids(index.query("", Query(1, vector=unit(0))).matches) == ["a"]
    assert index.query("", Query(1, vector=unit(0))).matches[0].score == pytest.approx(1.0)


def test_an_upsert_replaces_the_whole_record(database: Database) -> None:
    index = make(database, "dotproduct")
    index.upsert("", ["a"], [unit(0)], sparse=[sparse({1: 1.0})], metadata=[{"old": 1}])
    index.upsert("", ["a"], [unit(1)], metadata=[{"new": 2}])
    record = index.fetch("", ["a"])["a"]
    assert plain(record).values == tuple(unit(1))
    assert record.sparse_values is None
    assert record.metadata == {"new": 2}
    assert index.count("") == 1
    index.upsert("", ["a"], [unit(1)])
    assert index.fetch("", ["a"])["a"].metadata is None


def test_of_equal_ids_in_one_call_the_last_wins(index: Index) -> None:
    result = index.upsert(
        "", ["a", "b", "a"], [unit(0), unit(1), unit(2)], metadata=[{"turn": 1}, {"turn": 2}, {"turn": 3}]
    )
    assert result.count == 2
    assert index.count("") == 2
    assert plain(index.fetch("", ["a"])["a"]).values == tuple(unit(2))
    assert index.fetch("", ["a"])["a"].metadata == {"turn": 3}


def test_metadata_columns_mean_the_same_as_metadata_objects(index: Index) -> None:
    columns: dict[str, Any] = {"n": np.arange(3), "name": ["x", None, "z"], "tags": [["a"], [], ["b", "c"]]}
    index.upsert("", ["a", "b", "c"], [unit(0)] * 3, metadata=columns)
    found = index.fetch("", ["a", "b", "c"])
    assert found["a"].metadata == {"n": 0, "name": "x", "tags": ["a"]}
    assert found["b"].metadata == {"n": 1, "tags": []}
    assert found["c"].metadata == {"n": 2, "name": "z", "tags": ["b", "c"]}


def test_metadata_comes_back_with_its_types(index: Index) -> None:
    metadata = {
        "text": '명령줄 인자 \N{SNOWMAN} "quoted" \\ \n',
        "empty": "",
        "whole": 3,
        "negative": -(2**62),
        "fraction": 0.1,
        "tiny": 5e-324,
        "yes": True,
        "no": False,
        "list": ["b", "a", "", "가"],
        "none": [],
        "": "an empty key",
        "a.b c": 1,
    }
    index.upsert("", ["a"], [unit(0)], metadata=[metadata])
    found = index.fetch("", ["a"])["a"].metadata
    assert found == metadata
    assert {key: type(value) for key, value in found.items()} == {key: type(value) for key, value in metadata.items()}


def test_null_metadata_is_dropped_and_metadata_of_nulls_is_none(index: Index) -> None:
    index.upsert("", ["a", "b", "c"], [unit(0)] * 3, metadata=[{"x": None, "y": 1}, {"x": None}, {}])
    found = index.fetch("", ["a", "b", "c"])
    assert [found[id_].metadata for id_ in "abc"] == [{"y": 1}, None, None]


def test_an_update_keeps_the_vector_when_only_metadata_changes(index: Index) -> None:
    index.upsert("", ["a"], [unit(0)], metadata=[{"x": 1, "y": 2}])
    assert index.update("", "a", set_metadata={"y": 3, "z": [], "x": None}).count == 1
    record = index.fetch("", ["a"])["a"]
    assert plain(record).values == tuple(unit(0))
    assert record.metadata == {"x": 1, "y": 3, "z": []}
    assert ids(index.query("", Query(1, vector=unit(0), filter={"y": 3})).matches) == ["a"]
    assert index.query("", Query(1, vector=unit(0), filter={"y": 2})).matches == ()


def test_an_update_of_the_vector_keeps_metadata_and_sparse_values(database: Database) -> None:
    index = make(database, "dotproduct")
    index.upsert("", ["a", "b"], [unit(0), unit(1)], sparse=[sparse({1: 2.0}), None], metadata=[{"x": 1}, None])
    assert index.update("", "a", values=unit(3)).count == 1
    record = plain(index.fetch("", ["a"])["a"])
    assert record.values == tuple(unit(3))
    assert record.sparse == {1: 2.0}
    assert record.metadata == {"x": 1}
    assert index.query("", Query(1, vector=unit(3))).matches[0].id == "a"
    assert index.update("", "b", sparse={"indices": [4], "values": [1.0]}).count == 1
    hybrid = index.query("", Query(1, vector=unit(1), sparse=sparse({4: 5.0}))).matches[0]
    assert (hybrid.id, hybrid.score) == ("b", 6.0)


def test_an_update_of_an_unknown_record_changes_nothing(index: Index) -> None:
    assert index.update("", "nobody", set_metadata={"x": 1}).count == 0
    assert index.update("nowhere", "nobody", values=unit(0)).count == 0
    assert index.stats().namespaces == {}


def test_an_update_by_filter_merges_into_all_that_match(index: Index, vectors: Floats) -> None:
    model = fill(index, vectors)
    filter = {"genre": "drama", "year": {"$gte": 1950}}
    before = index.stats(), index.fetch("", ["film-060"])
    dry = index.update_where("", filter, {"year": 1, "new": "x"}, dry_run=True)
    assert dry.count == len(model.matching("", filter))
    assert (index.stats(), plain(index.fetch("", ["film-060"])["film-060"])) == (
        before[0],
        plain(before[1]["film-060"]),
    )
    assert index.update_where("", filter, {"year": 1, "new": "x"}).count == dry.count
    model.update_where("", filter, {"year": 1, "new": "x"})
    assert {record.id: plain(record) for record in index.iterate("")} == model.records("")
    assert index.update_where("", filter, {"year": 2}).count == 0
    assert index.update_where("nowhere", filter, {"year": 2}).count == 0


def test_deleted_records_are_gone_whichever_way_they_went(index: Index, vectors: Floats) -> None:
    model = fill(index, vectors)
    assert index.delete("", ["film-001", "film-001", "nobody"]).count == model.delete("", ["film-001"])
    drama = model.delete_where("", {"genre": "drama"})
    assert index.delete_where("", {"genre": "drama"}).count == drama
    assert {record.id: plain(record) for record in index.iterate("")} == model.records("")
    found = index.query("", Query(100, vector=unit(0))).matches
    ranking = model.ranking("", vector=unit(0))
    assert_best(found, ranking, 100, model.records(""), ascending=False)
    assert index.delete("nowhere", ["film-001"]).count == 0
    assert index.delete_where("nowhere", {"genre": "drama"}).count == 0


def test_deleting_everything_needs_the_namespace_to_exist(index: Index, vectors: Floats) -> None:
    fill(index, vectors)
    fill(index, vectors[:7], "other")
    assert index.delete_all("").count == 100
    assert index.stats().namespaces == {"other": 7}
    with pytest.raises(NotFoundError, match="''"):
        index.delete_all("")


def test_an_id_that_was_deleted_can_be_written_again(index: Index) -> None:
    index.upsert("", ["a", "b"], [unit(0), unit(1)])
    index.delete("", ["a"])
    index.upsert("", ["a"], [unit(2)])
    assert ids(index.query("", Query(2, vector=unit(2))).matches) == ["a", "b"]
    assert plain(index.fetch("", ["a"])["a"]).values == tuple(unit(2))


def test_every_write_that_changes_something_has_a_higher_lsn(index: Index) -> None:
    lsns = [
        index.upsert("", ["a"], [unit(0)]).lsn,
        index.update("", "a", set_metadata={"x": 1}).lsn,
        index.update_where("", {"x": 1}, {"y": 1}).lsn,
        index.upsert("n", ["a"], [unit(0)]).lsn,
        index.delete("", ["a"]).lsn,
    ]
    assert lsns == sorted(set(lsns))
    assert index.delete("", ["a"]).lsn == lsns[-1], "a write without effect reports the LSN that it found"
    assert index.upsert("", ["a"], [unit(0)]).lsn == lsns[-1] + 1
    assert index.query("", Query(1, vector=unit(0))).lsn == lsns[-1] + 1


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_namespace_has_the_lsn_of_its_last_write(index: Index) -> None:
    assert index.lsn("") == index.lsn("other") == 0
    first = index.upsert("", ["a"], [unit(0)])
    second = index.upsert("other", ["a"], [unit(0)])
    assert (index.lsn(""), index.lsn("other")) == (first.lsn, second.lsn)
    assert index.query("other", Query(1, vector=unit(0))).lsn == index.lsn("other")
    third = index.delete("", ["a"])
    index.create_namespace("empty")
    assert index.lsn("") in (0, third.lsn)
    assert index.lsn("empty") > second.lsn
    with pytest.raises(InvalidRequestError):
        index.lsn("é")


def test_a_batch_commits_as_one(index: Index) -> None:
    index.upsert("", ["old", "gone"], [unit(0), unit(1)], metadata=[{"x": 1}, None])
    before = index.query("", Query(1, vector=unit(0))).lsn
    with index.batch() as batch:
        batch.upsert("", ["new"], [unit(2)], metadata=[{"x": 1}])
        batch.upsert("other", ["far"], [unit(3)])
        batch.update("", "old", set_metadata={"x": 2})
        batch.delete("", ["gone"])
        assert index.count("") == 2, "nothing is written before the end"
    assert batch.result is not None
    assert (batch.result.count, batch.result.lsn) == (4, before + 1)
    assert index.stats().namespaces == {"": 2, "other": 1}
    assert index.fetch("", ["old"])["old"].metadata == {"x": 2}


def test_an_exception_in_a_batch_discards_all_of_it(index: Index) -> None:
    index.upsert("", ["a"], [unit(0)])

    def fail() -> None:
        with index.batch() as batch:
            batch.upsert("", ["b"], [unit(1)])
            batch.delete("", ["a"])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert index.list_ids("") == (["a"], None)


def test_an_operation_that_fails_at_the_end_of_a_batch_undoes_the_others(index: Index) -> None:
    index.upsert("", ["a"], [unit(0)])

    def fail() -> None:
        with index.batch() as batch:
            batch.upsert("", ["b"], [unit(1)])
            batch.delete_all("nowhere")

    with pytest.raises(NotFoundError, match="'nowhere'"):
        fail()
    assert index.list_ids("") == (["a"], None)


def test_bad_input_to_a_batch_is_refused_at_the_call(index: Index) -> None:
    with index.batch() as batch:
        with pytest.raises(InvalidRequestError):
            batch.upsert("", ["b"], [[1.0]])
        batch.upsert("", ["a"], [unit(0)])
    assert index.list_ids("") == (["a"], None)


def test_conditions_in_a_batch_see_what_came_before_them_in_it(index: Index) -> None:
    index.upsert("", ["a", "b"], [unit(0), unit(1)], metadata=[{"x": 1}, {"x": 2}])
    with index.batch() as batch:
        batch.upsert("", ["c", "d"], [unit(2), unit(3)], metadata=[{"x": 1}, {"x": 3}])
        batch.update("", "b", set_metadata={"x": 1})
        batch.update_where("", {"x": 1}, {"marked": True})
        batch.delete("", ["a"])
        batch.upsert("", ["d"], [unit(4)], metadata=[{"x": 4}])
        batch.delete_where("", {"x": 3})
        batch.update_where("fresh", {"x": 1}, {"marked": True})
        batch.upsert("fresh", ["f"], [unit(5)], metadata=[{"x": 1}])
        batch.delete_where("fresh", {"x": 1})
    held = {record.id: record.metadata for record in index.iterate("")}
    assert held == {"b": {"x": 1, "marked": True}, "c": {"x": 1, "marked": True}, "d": {"x": 4}}
    assert index.stats().namespaces == {"": 3}
    assert ids(index.query("", Query(9, vector=unit(4))).matches) == ["d", "b", "c"]


def test_a_namespace_can_be_emptied_and_filled_again_in_one_batch(index: Index) -> None:
    index.upsert("", ["a", "b"], [unit(0), unit(1)])
    with index.batch() as batch:
        batch.delete_all("")
        batch.upsert("", ["b", "c"], [unit(2), unit(3)])
        batch.upsert("brief", ["x"], [unit(0)])
        batch.delete_all("brief")
    assert index.stats().namespaces == {"": 2}
    assert ids(index.query("", Query(9, vector=unit(2))).matches) == ["b", "c"]


def test_a_batch_copies_the_callers_array(index: Index) -> None:
    given = np.array([unit(0)], np.float32)
    with index.batch() as batch:
        batch.upsert("", ["a"], given)
        given[:] = 9.0
    assert plain(index.fetch("", ["a"])["a"]).values == tuple(unit(0))


def test_an_empty_batch_is_no_write(index: Index) -> None:
    with index.batch() as batch:
        pass
    assert batch.result is None


# -- reading ----------------------------------------------------------------------------------------------------------


def test_fetch_gives_known_records_in_the_order_asked_for(index: Index, vectors: Floats) -> None:
    fill(index, vectors[:10])
    assert list(index.fetch("", ["film-007", "nobody", "film-001", "film-007"])) == ["film-007", "film-001"]
    assert index.fetch("nowhere", ["film-007"]) == {}
    assert index.fetch("", ["film-003"], include_values=False)["film-003"].values is None


def test_fetch_by_filter_pages_in_order_of_id(index: Index, vectors: Floats) -> None:
    model = fill(index, vectors)
    seen: list[str] = []
    after: str | None = None
    while True:
        page, after = index.fetch_where("", {"seen": True}, limit=15, after=after)
        assert {id_: plain(record) for id_, record in page.items()} == {id_: model.records("")[id_] for id_ in page}
        seen += page
        if after is None:
            break
    assert seen == model.matching("", {"seen": True})
    assert index.fetch_where("nowhere", {"seen": True}) == ({}, None)


def test_ids_are_listed_bytewise_page_by_page(index: Index) -> None:
    names = ["a", "B", "b", "aa", "a-1", "a0", "a\x01", "~", "!", "10", "9", "a\x7f", "ab", "a\x7fz"]
    index.upsert("", names, [unit(0)] * len(names))
    for prefix in ("", "a", "a\x7f", "z"):
        expected = sorted(name for name in names if name.startswith(prefix))
        for limit in (1, 3, 100):
            seen: list[str] = []
            after: str | None = None
            while True:
                page, after = index.list_ids("", prefix=prefix, limit=limit, after=after)
                assert len(page) <= limit
                seen += page
                if after is None:
                    break
            assert seen == expected, (prefix, limit)
    assert index.list_ids("nowhere") == ([], None)


def test_iterating_gives_every_record_once_in_order_of_id(index: Index, vectors: Floats) -> None:
    model = fill(index, vectors)
    for page in (1, 7, 1000):
        for filter in (None, {"genre": "comedy"}, {"genre": "nothing"}):
            found = list(index.iterate("", filter=filter, page=page))
            assert [record.id for record in found] == model.matching("", filter)
            assert [plain(record) for record in found] == [model.records("")[record.id] for record in found]
    assert [record.values for record in index.iterate("", include_values=False)] == [None] * 100
    assert list(index.iterate("nowhere")) == []


def test_writing_while_iterating_disturbs_nothing(database: Database, vectors: Floats) -> None:
    index = make(database)
    fill(index, vectors)
    seen = []
    for record in index.iterate("", page=10):
        seen.append(record.id)
        index.delete("", [record.id])
    assert len(seen) == len(set(seen)) >= 10
    assert index.count("") == 100 - len(seen)


def test_stats_count_every_namespace(index: Index, vectors: Floats) -> None:
    assert index.stats().total == 0
    fill(index, vectors)
    fill(index, vectors[:3], "b")
    fill(index, vectors[:2], "a")
    stats = index.stats()
    assert dict(stats.namespaces) == {"": 100, "a": 2, "b": 3}
    assert (stats.total, stats.dimension, stats.metric, stats.vector_type) == (105, D, "cosine", "dense")
    assert (index.count(""), index.count("b"), index.count("nowhere")) == (100, 3, 0)


# -- namespaces -------------------------------------------------------------------------------------------------------


def test_namespaces_keep_their_records_apart(index: Index) -> None:
    index.upsert("one", ["a"], [unit(0)], metadata=[{"n": 1}])
    index.upsert("two", ["a"], [unit(1)], metadata=[{"n": 2}])
    assert index.fetch("one", ["a"])["a"].metadata == {"n": 1}
    index.delete("one", ["a"])
    assert index.fetch("two", ["a"])["a"].metadata == {"n": 2}
    assert index.query("one", Query(1, vector=unit(0))).matches == ()


def test_an_implicit_namespace_goes_with_its_last_record_and_an_explicit_one_stays(index: Index) -> None:
    index.create_namespace("made", {"fields": {"genre": {"filterable": True}}})
    index.upsert("made", ["a"], [unit(0)])
    index.upsert("grown", ["a"], [unit(0)])
    index.delete("made", ["a"])
    index.delete("grown", ["a"])
    assert index.stats().namespaces == {"made": 0}
    index.upsert("made", ["a", "b"], [unit(0), unit(1)])
    assert index.delete_all("made").count == 2
    assert index.describe_namespace("made") == NamespaceInfo("made", 0, {"fields": {"genre": {"filterable": True}}})
    assert index.query("made", Query(1, vector=unit(0))).matches == ()


def test_namespaces_are_listed_bytewise_page_by_page(index: Index) -> None:
    names = ["b", "a", "", "B", "ab", "~", "a/1"]
    for name in names:
        index.upsert(name, ["x"], [unit(0)])
    for prefix in ("", "a"):
        expected = sorted(name for name in names if name.startswith(prefix))
        seen: list[str] = []
        after: str | None = None
        while True:
            page, after, total = index.namespaces(prefix=prefix, limit=2, after=after)
            assert total == len(expected)
            assert [info.record_count for info in page] == [1] * len(page)
            seen += [info.name for info in page]
            if after is None:
                break
        assert seen == expected


def test_a_namespace_is_made_described_and_deleted_by_name(index: Index) -> None:
    assert index.create_namespace("n") == NamespaceInfo("n", 0, None)
    with pytest.raises(AlreadyExistsError, match="'n'"):
        index.create_namespace("n")
    index.upsert("n", ["a", "b"], [unit(0), unit(1)])
    assert index.describe_namespace("n").record_count == 2
    assert index.delete_namespace("n").count == 2
    for refused in (index.describe_namespace, index.delete_namespace, index.delete_all):
        with pytest.raises(NotFoundError, match="'n'"):
            refused("n")
    with pytest.raises(NotFoundError, match="'n'"):
        index.describe("n")


def test_a_namespace_made_again_remembers_nothing(index: Index) -> None:
    index.upsert("n", ["a"], [unit(0)], metadata=[{"x": 1}])
    assert len(index.query("n", Query(9, vector=unit(0))).matches) == 1
    index.delete_namespace("n")
    index.upsert("n", ["b"], [unit(1)])
    assert ids(index.query("n", Query(9, vector=unit(0))).matches) == ["b"]
    assert index.fetch("n", ["a"]) == {}


def test_a_namespace_describes_what_it_looks_like_inside(index: Index, vectors: Floats) -> None:
    fill(index, vectors)
    index.query("", Query(1, vector=unit(0)))
    assert index.ready(timeout=60)
    report = index.describe("")
    assert (report.name, report.kind, report.records, report.base_rows) == ("", "flat", 100, 0)
    assert report.recall_estimate is None
    assert report.damaged == ()
    assert report.nbytes >= vectors.nbytes


# -- indexes ----------------------------------------------------------------------------------------------------------


def test_an_index_is_described_as_it_was_made(database: Database) -> None:
    spec = IndexSpec(
        "films", D, "euclidean", kind="flat", recall_target=0.95, tags={"team": "a"}, deployment={"cloud": "aws"}
    )
    assert database.create_index(spec) == spec
    assert database.describe_index("films") == spec
    assert database.index("films").spec == spec
    assert database.has_index("films")
    assert not database.has_index("other")


def test_indexes_are_listed_by_name(database: Database) -> None:
    for name in ("zebra", "alpha", "m-1"):
        database.create_index(IndexSpec(name, D, "cosine"))
    assert [spec.name for spec in database.list_indexes()] == ["alpha", "m-1", "zebra"]


def test_a_name_is_taken_once(database: Database) -> None:
    make(database).upsert("", ["a"], [unit(0)])
    with pytest.raises(AlreadyExistsError, match="'films'"):
        database.create_index(IndexSpec("films", D + 1, "dotproduct"))
    assert database.describe_index("films").dimension == D
    assert database.index("films").count("") == 1


@pytest.mark.parametrize("call", ["describe_index", "index", "delete_index", "configure_index", "create_backup"])
def test_an_unknown_index_is_named_together_with_the_known_ones(database: Database, call: str) -> None:
    make(database)
    with pytest.raises(NotFoundError, match=r"'movies'.*films"):
        getattr(database, call)("movies")


def test_a_definition_is_configured_part_by_part(database: Database) -> None:
    make(database, tags={"team": "a", "stage": "test"})
    changed = database.configure_index("films", tags={"stage": "", "owner": "b"}, index={"kind": "flat", "recall": 0.9})
    assert changed == database.describe_index("films")
    assert dict(changed.tags) == {"team": "a", "owner": "b"}
    assert (changed.kind, changed.recall_target, changed.deletion_protection) == ("flat", 0.9, False)
    assert database.index("films").spec == changed


def test_what_was_said_about_an_index_is_echoed_and_configured(database: Database) -> None:
    said = {"serverless": {"cloud": "aws", "region": "us-east-1", "read_capacity": {"mode": "OnDemand"}}}
    schema = {"title": {"type": "string", "full_text_search": {"language": "ko"}}}
    make(database, deployment=said, schema=schema, notes={"cmek_id": "k-1", "source_collection": "old"})
    spec = database.describe_index("films")
    assert (spec.deployment, spec.schema) == (said, schema)
    moved = {"byoc": {"environment": "here"}}
    changed = database.configure_index("films", deployment=moved, notes={"source_collection": None, "asked": [1, 2]})
    assert changed == database.describe_index("films")
    assert (changed.deployment, changed.notes) == (moved, {"cmek_id": "k-1", "asked": [1, 2]})
    assert changed.schema == schema
    with pytest.raises(InvalidRequestError, match="notes"):
        database.configure_index("films", notes={"x": {1, 2}})
    assert database.describe_index("films") == changed


def test_an_entry_has_the_uuid_and_the_time_of_creation(database: Database) -> None:
    make(database)
    entry = database.entry("films")
    assert entry.spec == database.describe_index("films")
    assert len(entry.uuid) == 32
    assert entry.created_at.endswith("Z")
    database.configure_index("films", tags={"team": "a"})
    assert (database.entry("films").uuid, database.entry("films").created_at) == (entry.uuid, entry.created_at)
    with pytest.raises(NotFoundError, match="'movies'"):
        database.entry("movies")


def test_a_protected_index_is_not_deleted(database: Database) -> None:
    make(database, deletion_protection=True).upsert("", ["a"], [unit(0)])
    with pytest.raises(ForbiddenError, match=r"'films'.*configure_index"):
        database.delete_index("films")
    assert database.index("films").count("") == 1
    database.configure_index("films", deletion_protection=False)
    database.delete_index("films")
    assert not database.has_index("films")


def test_an_index_is_bound_to_a_model_that_fits(database: Database) -> None:
    make(database)
    model = EmbedSpec("m", "m/1", D, "cosine", {"text": "body"})
    assert database.configure_index("films", embed=model).embed == model
    assert database.describe_index("films").embed == model
    for wrong in (
        EmbedSpec("other", "o/1", D, "cosine", {"text": "body"}),
        EmbedSpec("m", "m/1", D + 1, "cosine", {"text": "body"}),
        EmbedSpec("m", "m/1", D, "dotproduct", {"text": "body"}),
    ):
        with pytest.raises(InvalidRequestError, match=r"Create an index|pinyon reembed films --model other"):
            database.configure_index("films", embed=wrong)
    assert database.describe_index("films").embed == model


def test_a_handle_on_a_deleted_index_says_so(database: Database) -> None:
    index = make(database)
    index.upsert("", ["a"], [unit(0)])
    database.delete_index("films")
    with pytest.raises((NotFoundError, ClosedError), match=r"films|closed"):
        index.query("", Query(1, vector=unit(0)))
    with pytest.raises((NotFoundError, ClosedError), match=r"films|closed"):
        index.upsert("", ["a"], [unit(0)])
    assert database.list_indexes() == []


def test_a_name_of_a_deleted_index_can_be_used_for_another(database: Database) -> None:
    make(database).upsert("", ["a"], [unit(0)])
    database.delete_index("films")
    database.create_index(IndexSpec("films", 2, "dotproduct"))
    again = database.index("films")
    assert again.stats().total == 0
    again.upsert("", ["b"], [[1.0, 2.0]])
    assert ids(again.query("", Query(9, vector=[1.0, 1.0])).matches) == ["b"]


def test_all_callers_share_one_handle(database: Database) -> None:
    make(database)
    one, two = database.index("films"), database.index("films")
    one.upsert("", ["a"], [unit(0)])
    assert two.count("") == 1


# -- backups ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_restored_under_a_new_name_and_goes_its_own_way(database: Database, vectors: Floats) -> None:
    index = make(database, tags={"team": "a"}, deletion_protection=True)
    model = fill(index, vectors)
    index.create_namespace("empty")
    info = database.create_backup("films", name="weekly", description="before the change")
    index.delete_where("", {"genre": "drama"})
    index.upsert("later", ["x"], [unit(0)])

    spec = database.restore_backup(info.id, "again")
    assert (spec.name, spec.dimension, spec.metric, dict(spec.tags)) == ("again", D, "cosine", {"team": "a"})
    assert not spec.deletion_protection
    restored = database.index("again")
    assert {record.id: plain(record) for record in restored.iterate("")} == model.records("")
    assert restored.stats().namespaces == {"": 100, "empty": 0}
    found = restored.query("", Query(10, vector=unit(0))).matches
    assert_best(found, model.ranking("", vector=unit(0)), 10, model.records(""), ascending=False)

    restored.upsert("", ["mine"], [unit(3)])
    restored.delete("", ["film-000"])
    restored.update("", "film-001", set_metadata={"here": True})
    assert (restored.count(""), index.count("")) == (100, 66)
    assert index.fetch("", ["mine"]) == {}
    database.delete_index("again")
    assert index.count("") == 66


def test_backups_are_listed_described_and_deleted(database: Database) -> None:
    make(database).upsert("", ["a"], [unit(0)])
    database.create_index(IndexSpec("other", D, "cosine"))
    first = database.create_backup("films", name="one", description="first")
    second = database.create_backup("films", name="two")
    third = database.create_backup("other")
    assert (first.index_name, first.name, first.description) == ("films", "one", "first")
    assert (first.record_count, first.namespace_count, first.dimension, first.metric) == (1, 1, D, "cosine")
    assert first.size > 0
    assert database.describe_backup(first.id) == first
    assert [info.id for info in database.list_backups("films")] == [second.id, first.id]
    assert {info.id for info in database.list_backups()} == {first.id, second.id, third.id}
    database.delete_backup(first.id)
    assert [info.id for info in database.list_backups("films")] == [second.id]
    for refused in (database.describe_backup, database.delete_backup):
        with pytest.raises(NotFoundError, match=first.id):
            refused(first.id)
    with pytest.raises(NotFoundError, match=first.id):
        database.restore_backup(first.id, "again")


def test_a_restored_index_says_what_its_source_said_unless_told_otherwise(database: Database) -> None:
    said = {"serverless": {"cloud": "aws", "region": "us-east-1", "read_capacity": {"mode": "OnDemand"}}}
    make(database, deployment=said, notes={"cmek_id": "k-1"})
    info = database.create_backup("films")
    assert info.spec == database.describe_index("films")
    same = database.restore_backup(info.id, "same")
    assert (same.deployment, same.notes) == (said, {"cmek_id": "k-1"})
    other = database.restore_backup(
        info.id, "other", deployment={"serverless": {"cloud": "gcp"}}, notes={"source_backup_id": info.id}
    )
    assert other.deployment == {"serverless": {"cloud": "gcp"}}
    assert other.notes == {"cmek_id": "k-1", "source_backup_id": info.id}
    assert database.describe_index("other") == other


def test_a_backup_outlives_its_index(database: Database) -> None:
    make(database).upsert("", ["a"], [unit(0)])
    info = database.create_backup("films")
    database.delete_index("films")
    assert database.restore_backup(info.id, "films", tags={"from": "backup"}, deletion_protection=True).tags == {
        "from": "backup"
    }
    assert database.index("films").count("") == 1
    assert database.describe_index("films").deletion_protection


def test_a_restore_never_overwrites(database: Database) -> None:
    index = make(database)
    index.upsert("", ["a"], [unit(0)])
    info = database.create_backup("films")
    index.upsert("", ["b"], [unit(1)])
    with pytest.raises(AlreadyExistsError, match="'films'"):
        database.restore_backup(info.id, "films")
    with pytest.raises(InvalidRequestError, match="'Not a name'"):
        database.restore_backup(info.id, "Not a name")
    assert index.count("") == 2


def test_an_exported_file_is_imported_elsewhere(database: Database, vectors: Floats, tmp_path: Path) -> None:
    index = make(database, "dotproduct", deletion_protection=True)
    model = fill(index, vectors)
    info = database.export_file("films", tmp_path / "export")
    assert (info.record_count, info.index_name) == (100, "films")
    assert len(list((tmp_path / "export").iterdir())) == 2
    assert database.list_backups() == []
    with pytest.raises(AlreadyExistsError, match="export"):
        database.export_file("films", tmp_path / "export")
    for place in (":memory:", tmp_path / "elsewhere"):
        with Database(place) as other:
            spec = other.import_file(tmp_path / "export", "movies")
            assert (spec.name, spec.metric, spec.deletion_protection) == ("movies", "dotproduct", False)
            assert {record.id: plain(record) for record in other.index("movies").iterate("")} == model.records("")
            other.index("movies").upsert("", ["more"], [unit(0)])
    with pytest.raises(NotFoundError, match="nothing-here"):
        database.import_file(tmp_path / "nothing-here", "x")


def test_a_healthy_database_verifies_without_findings(database: Database, vectors: Floats) -> None:
    index = make(database)
    fill(index, vectors)
    index.delete("", ["film-003"])
    index.update("", "film-004", set_metadata={"x": 1})
    assert database.verify() == []
    assert database.verify("films") == []


# -- opening and closing ----------------------------------------------------------------------------------------------


def test_a_closed_database_says_so(database: Database) -> None:
    index = make(database)
    database.close()
    database.close()
    with pytest.raises(ClosedError, match="Open it again"):
        database.create_index(IndexSpec("other", D, "cosine"))
    with pytest.raises(ClosedError, match="Open it again"):
        index.upsert("", ["a"], [unit(0)])


def test_a_database_on_disk_remembers_everything(tmp_path: Path, vectors: Floats) -> None:
    with Database(tmp_path / "data") as database:
        model = fill(make(database, "euclidean", tags={"x": "y"}), vectors)
        database.index("films").create_namespace("empty")
        spec = database.describe_index("films")
    with Database(tmp_path / "data") as database:
        assert database.list_indexes() == [spec]
        index = database.index("films")
        assert {record.id: plain(record) for record in index.iterate("")} == model.records("")
        assert index.stats().namespaces == {"": 100, "empty": 0}
        found = index.query("", Query(10, vector=vectors[3], filter={"seen": True})).matches
        ranking = model.ranking("", vector=vectors[3].tolist(), filter={"seen": True})
        assert_best(found, ranking, 10, model.records(""), ascending=True)


READ_IN_ANOTHER_PROCESS = """
import json, sys
from pinyon.engine import Database
from pinyon.types import Query
with Database(sys.argv[1]) as database:
    index = database.index("films")
    found = index.query("", Query(5, vector=[1.0] * 8, filter={"seen": True}, include_metadata=True)).matches
    print(json.dumps({
        "specs": [spec.name for spec in database.list_indexes()],
        "counts": dict(index.stats().namespaces),
        "values": {record.id: record.values.tolist() for record in index.iterate("")},
        "metadata": {record.id: record.metadata for record in index.iterate("")},
        "matches": [[match.id, match.score, match.metadata] for match in found],
    }))
"""


@pytest.mark.parametrize("closed", [True, False])
def test_another_process_reads_what_was_written(
    disk: Database, vectors: Floats, run_python: Processes, closed: bool
) -> None:
    index = make(disk)
    fill(index, vectors)
    index.delete_where("", {"genre": "comedy"})
    index.update("", "film-000", set_metadata={"updated": True}, values=unit(1))
    query = Query(5, vector=[1.0] * D, filter={"seen": True}, include_metadata=True)
    expected = {
        "specs": ["films"],
        "counts": dict(index.stats().namespaces),
        "values": {record.id: record.values.tolist() for record in index.iterate("") if record.values is not None},
        "metadata": {record.id: record.metadata for record in index.iterate("")},
        "matches": [[match.id, match.score, match.metadata] for match in index.query("", query).matches],
    }
    if closed:
        disk.close()
    assert json.loads(run_python(READ_IN_ANOTHER_PROCESS, disk.path).ends()) == expected


def test_a_read_only_database_reads_and_refuses_to_write(disk: Database, vectors: Floats) -> None:
    model = fill(make(disk), vectors)
    assert disk.path is not None
    with Database(disk.path, read_only=True) as reader:
        index = reader.index("films")
        assert reader.read_only
        assert {record.id: plain(record) for record in index.iterate("")} == model.records("")
        assert len(index.query("", Query(10, vector=unit(0))).matches) == 10
        for write in (
            lambda: index.upsert("", ["a"], [unit(0)]),
            lambda: index.delete("", ["film-000"]),
            lambda: index.create_namespace("n"),
            lambda: reader.create_index(IndexSpec("other", D, "cosine")),
            lambda: reader.delete_index("films"),
            lambda: reader.configure_index("films", tags={"a": "b"}),
        ):
            with pytest.raises(ReadOnlyError, match="read_only=True"):
                write()
    assert disk.index("films").count("") == 100
    assert [spec.name for spec in disk.list_indexes()] == ["films"]
