"""Documents written, changed and read back by the names of their fields, in every place where a database may live."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pinyon.engine import Database
from pinyon.engine.documents import Documents
from pinyon.engine.embedding import embed_spec
from pinyon.engine.records import write_records
from pinyon.engine.schema import documents_spec
from pinyon.errors import FilterError, InvalidRequestError, ModelMismatchError, NotFoundError
from pinyon.limits import DEFAULT
from pinyon.types import Document, EmbedClause, IndexSpec, SparseValues, TextClause, VectorClause
from server.clients import WordEmbedder, WordModels

FIELDS: dict[str, Any] = {
    "v": {"type": "dense_vector", "dimension": 3, "metric": "cosine"},
    "s": {"type": "sparse_vector"},
    "title": {"type": "string", "full_text_search": {}},
    "body": {"type": "string", "full_text_search": {"stemming": True}},
}
EMBEDDED: dict[str, Any] = {
    "body": {"type": "string", "embed": {"model": "words"}, "sparse_embed": {"model": "word-counts"}}
}


def made(
    database: Database, fields: dict[str, Any] = FIELDS, models: WordModels | None = None, *, lenient: bool = False
) -> Documents:
    known = models or WordModels()
    database.create_index(documents_spec(IndexSpec("docs", None, "cosine"), fields, known, DEFAULT, lenient=lenient))
    return Documents(database.index("docs"), known)


def plain(document: Document) -> dict[str, Any]:
    """As JSON would have it."""

    def value_of(value: Any) -> Any:
        if isinstance(value, SparseValues):
            return {"indices": value.indices.tolist(), "values": value.values.tolist()}
        return value.tolist() if isinstance(value, np.ndarray) else value

    return {"_id": document.id, **{name: value_of(value) for name, value in document.fields.items()}}


def fetched(documents: Documents, *ids: str, **settings: Any) -> list[dict[str, Any]]:
    return [plain(document) for document in documents.fetch("n", ids, **settings).values()]


def found(documents: Documents, *clauses: Any, **settings: Any) -> list[str]:
    return [document.id for document in documents.search("n", clauses, 10, **settings).documents]


# -- writing and reading ----------------------------------------------------------------------------------------------


def test_a_document_comes_back_as_it_was_written(database: Database) -> None:
    documents = made(database)
    document = {
        "_id": "a",
        "v": [1.0, 2.0, 3.0],
        "s": {"indices": [1, 7], "values": [0.5, 2.0]},
        "title": "A title",
        "body": "Some body",
        "year": 2020,
        "tags": ["x", "y"],
        "new": True,
        "_note": "an undeclared field may begin with an underscore",
    }
    assert documents.upsert("n", [document]).count == 1
    assert fetched(documents, "a", "unknown") == [document]


def test_only_the_dense_vector_is_required_beside_a_field_to_search(database: Database) -> None:
    documents = made(database)
    assert documents.upsert("n", [{"_id": "a", "v": [1, 0, 0]}, {"_id": "b", "v": [0, 1, 0], "body": "b"}]).count == 2
    with pytest.raises(InvalidRequestError, match="'c' lacks the field 'v', the dense vector"):
        documents.upsert("n", [{"_id": "c", "title": "no vector"}])


def test_an_index_without_dense_vectors_takes_any_field_that_can_be_searched(database: Database) -> None:
    documents = made(database, {name: FIELDS[name] for name in ("s", "title")})
    sparse = {"indices": [1], "values": [1.0]}
    written = [{"_id": "a", "title": "words"}, {"_id": "b", "s": sparse}, {"_id": "c", "title": "x", "s": sparse}]
    assert documents.upsert("n", written).count == 3
    assert fetched(documents, "a", "b", "c") == written
    assert found(documents, VectorClause("s", sparse, sparse=True)) == ["b", "c"]
    assert found(documents, TextClause("words", ("title",))) == ["a"]
    with pytest.raises(InvalidRequestError, match=r"'d' has no field that can be searched\. Give .* of: s, ti"):
        documents.upsert("n", [{"_id": "d", "year": 3}])


def test_nulls_are_left_out(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "s": None, "title": None, "year": None}])
    assert fetched(documents, "a") == [{"_id": "a", "v": [1.0, 0.0, 0.0]}]


def test_an_upsert_replaces_the_whole_document(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "title": "old", "year": 1}])
    documents.upsert("n", [{"_id": "a", "v": [0, 1, 0], "body": "new"}])
    assert fetched(documents, "a") == [{"_id": "a", "v": [0.0, 1.0, 0.0], "body": "new"}]
    assert found(documents, TextClause("old", ("title",))) == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"title": "x"}, "needs an '_id'"),
        ({"_id": 5}, "needs an '_id'"),
        ({"_id": ""}, "must not be empty"),
        ({"_id": "é"}, "must be ASCII"),
        ({"_id": "a\0"}, "null character"),
        ({"_id": "x" * 513}, "513 characters"),
        ({"_id": "a", "v": [1, 2]}, "Vector dimension 2 does not match the dimension of the index 3"),
        ({"_id": "a", "v": [1, 2, "3"]}, "not a number"),
        ({"_id": "a", "v": "1 2 3"}, "'v' must be a list of numbers"),
        ({"_id": "a", "v": {"0": 1, "1": 2, "2": 3}}, "'v' must be a list of numbers"),
        ({"_id": "a", "v": [1, 2, True]}, "'v' must be a list of numbers"),
        ({"_id": "a", "v": [1, 2, [3]]}, "not a number"),
        ({"_id": "a", "v": [1, 2, 1e300]}, "not a finite|not a number that fits"),
        ({"_id": "a", "v": [0, 0, 0]}, "all zeros"),
        ({"_id": "a", "v": [1, 2, 3], "s": [1, 2]}, "'s' must be {'indices'"),
        ({"_id": "a", "v": [1, 2, 3], "s": {}}, "indices of field 's' must be a list of whole numbers, got None"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": 5, "values": 3}}, "must be a list of whole numbers"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": [1.5], "values": [1]}}, "must be a list of whole numbers"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": [1], "values": [[1]]}}, "values of field 's' must be a list"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": [2**70], "values": [1]}}, "from 0 to 4294967295"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": [], "values": []}}, "Give 1 to 2048"),
        ({"_id": "a", "v": [1, 2, 3], "s": {"indices": [1, 1], "values": [1, 1]}}, "appears twice"),
        ({"_id": "a", "v": [1, 2, 3], "title": 5}, "field 'title' must be a string of text"),
        ({"_id": "a", "v": [1, 2, 3], "title": ["x"]}, "field 'title' must be a string of text"),
        ({"_id": "a", "v": [1, 2, 3], "deep": {"x": 1}}, "must be a string, number, boolean or list of strings"),
        ({"_id": "a", "v": [1, 2, 3], "mixed": ["x", 1]}, "must be a string, number, boolean or list of strings"),
        ({"_id": "a", "v": [1, 2, 3], "$x": 1}, "begins with '\\$'"),
        ({"_id": "a", "v": [1, 2, 3], "_score": 1.0}, "'_score' is a reserved name"),
        ({"_id": "a", "v": [1, 2, 3], "_values": [1.0]}, "'_values' is a reserved name"),
        ({"_id": "a", "v": [1, 2, 3], "_remove_fields": ["x"]}, "'_remove_fields' is a reserved name"),
        ({"_id": "a", "v": [1, 2, 3], "title": "x" * 102_401}, "102401 bytes; at most 102400"),
        ({"_id": "a", "v": [1, 2, 3], "title": "x " * 10_001}, "10001 words; at most 10000"),
        ({"_id": "a", "v": [1, 2, 3], "other": "x" * 41_000}, "exceeds the limit of 40960 bytes"),
    ],
)
def test_one_bad_document_refuses_the_whole_request(disk: Database, document: dict[str, Any], message: str) -> None:
    documents = made(disk)
    with pytest.raises(InvalidRequestError, match=message):
        documents.upsert("n", [{"_id": "good", "v": [1, 2, 3]}, document])
    assert fetched(documents, "good") == []


def test_ids_are_unique_within_a_request(disk: Database) -> None:
    documents = made(disk)
    with pytest.raises(InvalidRequestError, match="'a' is given twice"):
        documents.upsert("n", [{"_id": "a", "v": [1, 2, 3]}, {"_id": "a", "v": [1, 2, 3]}])
    with pytest.raises(InvalidRequestError, match="at least one document"):
        documents.upsert("n", [])


def test_texts_do_not_count_against_the_limit_of_metadata(database: Database) -> None:
    documents = made(database)
    long = "word " * 9_000
    document = {"_id": "a", "v": [1.0, 2.0, 3.0], "title": long, "body": long, "other": "x" * 40_000}
    documents.upsert("n", [document])
    assert fetched(documents, "a") == [document]
    documents.update("n", [{"_id": "a", "year": 1}])
    assert fetched(documents, "a") == [document | {"year": 1}]


# -- include_fields ---------------------------------------------------------------------------------------------------


def test_chosen_fields_come_back(database: Database) -> None:
    documents = made(database)
    whole = {"_id": "a", "v": [1.0, 0.0, 0.0], "s": {"indices": [1], "values": [1.0]}, "title": "t", "year": 1}
    documents.upsert("n", [whole])
    for fields in (None, ["*"], ["title", "*"]):
        assert fetched(documents, "a", fields=fields) == [whole]
    assert fetched(documents, "a", fields=[]) == [{"_id": "a"}]
    assert fetched(documents, "a", fields=["title", "nothing"]) == [{"_id": "a", "title": "t"}]
    assert fetched(documents, "a", fields=["v"]) == [{"_id": "a", "v": whole["v"]}]
    assert fetched(documents, "a", fields=["s"]) == [{"_id": "a", "s": whole["s"]}]
    clause = VectorClause("v", [1, 0, 0])
    [hit] = documents.search("n", [clause], 5).documents
    assert (plain(hit), hit.score) == ({"_id": "a"}, 1.0)
    [hit] = documents.search("n", [clause], 5, fields=["year", "s"]).documents
    assert plain(hit) == {"_id": "a", "s": whole["s"], "year": 1}
    [hit] = documents.search("n", [clause], 5, fields=None).documents
    assert plain(hit) == whole


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_patch_sets_and_removes_fields_and_leaves_the_others(database: Database) -> None:
    documents = made(database)
    sparse = {"indices": [1], "values": [1.0]}
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "s": sparse, "title": "old title", "year": 1, "draft": True}])
    assert documents.update("n", [{"_id": "a", "title": "fresh title", "_remove_fields": ["draft", "none"]}]).count == 1
    assert fetched(documents, "a") == [
        {"_id": "a", "v": [1.0, 0.0, 0.0], "s": sparse, "title": "fresh title", "year": 1}
    ]
    assert found(documents, TextClause("fresh", ("title",))) == ["a"]
    assert found(documents, TextClause("old", ("title",))) == []


def test_a_patch_may_change_vectors(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "title": "stays"}, {"_id": "b", "v": [0, 1, 0]}])
    documents.update("n", [{"_id": "a", "v": [0, 0, 1], "s": {"indices": [4], "values": [2.0]}}])
    assert found(documents, VectorClause("v", [0, 0, 1]))[0] == "a"
    assert found(documents, VectorClause("s", {"indices": [4], "values": [1]}, sparse=True)) == ["a"]
    assert found(documents, TextClause("stays", ("title",))) == ["a"]
    documents.update("n", [{"_id": "a", "_remove_fields": ["s"]}])
    assert fetched(documents, "a") == [{"_id": "a", "v": [0.0, 0.0, 1.0], "title": "stays"}]
    assert found(documents, VectorClause("s", {"indices": [4], "values": [1]}, sparse=True)) == []


def test_patches_of_unknown_ids_change_nothing(database: Database) -> None:
    documents = made(database)
    assert documents.update("n", [{"_id": "a", "year": 1}]).count == 0
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0]}])
    done = documents.update("n", [{"_id": "a", "year": 1}, {"_id": "b", "year": 1}])
    assert done.count == 1
    assert fetched(documents, "a", "b") == [{"_id": "a", "v": [1.0, 0.0, 0.0], "year": 1}]
    assert documents.update("n", [{"_id": "c", "year": 1}]).lsn == done.lsn == documents.position("n")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"_id": "a", "year": None}, "field 'year' is null"),
        ({"_id": "a", "year": 1, "_remove_fields": ["year"]}, "both set and removed"),
        ({"_id": "a", "_remove_fields": ["v"]}, "'v' cannot be removed"),
        ({"_id": "a", "_remove_fields": ["_id"]}, "'_id' is no field"),
        ({"_id": "a", "_remove_fields": "year"}, "must be a list of names"),
        ({"_id": "a", "_remove_fields": [1]}, "must be a list of names"),
        ({"_id": "a", "title": 3}, "must be a string of text"),
        ({"_id": "a", "deep": {}}, "must be a string, number, boolean or list of strings"),
        ({"_id": "a", "other": "x" * 41_000}, "exceeds the limit"),
    ],
)
def test_one_bad_patch_refuses_them_all(disk: Database, patch: dict[str, Any], message: str) -> None:
    documents = made(disk)
    written = [{"_id": "a", "v": [1.0, 0.0, 0.0], "year": 1}, {"_id": "b", "v": [1.0, 0.0, 0.0]}]
    documents.upsert("n", written)
    with pytest.raises(InvalidRequestError, match=message):
        documents.update("n", [{"_id": "b", "year": 2}, patch])
    assert fetched(documents, "a", "b") == written


def test_a_document_that_would_grow_too_large_undoes_the_whole_update(disk: Database) -> None:
    documents = made(disk)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0]}, {"_id": "b", "v": [1, 0, 0], "x": "x" * 30_000}])
    with pytest.raises(InvalidRequestError, match="exceeds the limit"):
        documents.update("n", [{"_id": "a", "y": "y" * 20_000}, {"_id": "b", "y": "y" * 20_000}])
    assert fetched(documents, "a", fields=["y"]) == [{"_id": "a"}]


def test_one_change_for_all_that_match(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": f"{at}", "v": [1, at, 0], "title": "x", "year": at} for at in range(5)])
    done = documents.update_where("n", {"year": {"$gte": 3}}, {"late": True, "title": "changed"}, ["year"])
    assert done.count == 2
    assert fetched(documents, "2", "3", fields=["title", "year", "late"]) == [
        {"_id": "2", "title": "x", "year": 2},
        {"_id": "3", "title": "changed", "late": True},
    ]
    assert found(documents, TextClause("changed", ("title",))) == ["3", "4"]
    assert documents.update_where("n", {"year": 77}, {"late": True}).count == 0
    with pytest.raises(InvalidRequestError, match="must change something"):
        documents.update_where("n", {"year": 1})
    with pytest.raises(InvalidRequestError, match="Update with empty metadata filter is not allowed"):
        documents.update_where("n", {}, {"late": True})


# -- deleting and listing ---------------------------------------------------------------------------------------------


def test_deletes(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": f"{at}", "v": [1, at, 0], "title": "x", "year": at} for at in range(6)])
    assert documents.delete("n", ["0", "none"]).count == 1
    assert documents.delete_where("n", {"year": {"$lt": 3}}).count == 2
    assert found(documents, TextClause("x", ("title",))) == ["3", "4", "5"]
    assert documents.delete_all("n").count == 3
    assert found(documents, TextClause("x", ("title",))) == []
    with pytest.raises(NotFoundError):
        documents.delete_all("n")


def test_lists_and_pages(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": f"d{at}", "v": [1, at, 0], "title": f"word{at % 2}"} for at in range(5)])
    assert documents.list_ids("n", limit=2) == (["d0", "d1"], "d1")
    assert documents.list_ids("n", prefix="d", limit=3, after="d1") == (["d2", "d3", "d4"], None)
    page, following = documents.fetch_where("n", {"title": {"$match_any": "word0"}}, limit=2, fields=["title"])
    assert [plain(document) for document in page.values()] == [
        {"_id": "d0", "title": "word0"},
        {"_id": "d2", "title": "word0"},
    ]
    page, following = documents.fetch_where("n", {"title": {"$match_any": "word0"}}, limit=2, after=following)
    assert (list(page), following) == (["d4"], None)


# -- searching --------------------------------------------------------------------------------------------------------


def test_vectors_of_each_metric_are_ranked_as_ever(database: Database) -> None:
    fields = {"v": {"type": "dense_vector", "dimension": 2, "metric": "euclidean"}, "t": FIELDS["title"]}
    documents = made(database, fields)
    documents.upsert("n", [{"_id": "far", "v": [5, 5], "t": "word"}, {"_id": "near", "v": [1, 1], "t": "word word"}])
    hits = documents.search("n", [VectorClause("v", [0, 0.5])], 2).documents
    assert [(hit.id, hit.score) for hit in hits] == [("near", 1.25), ("far", 45.25)]
    hits = documents.search("n", [TextClause("word", ("t",))], 2).documents
    assert [hit.id for hit in hits] == ["near", "far"]
    assert hits[0].score > hits[1].score  # type: ignore[operator]


def test_equal_scores_are_ordered_by_id_and_cut_by_id(database: Database) -> None:
    documents = made(database)
    documents.upsert("n", [{"_id": id_, "v": [1, 2, 3], "title": "same words"} for id_ in "dbeac"])
    for clause in (TextClause("same", ("title",)), VectorClause("v", [1, 2, 3])):
        hits = documents.search("n", [clause], 3).documents
        assert [hit.id for hit in hits] == ["a", "b", "c"]


def test_a_filter_applies_first(database: Database) -> None:
    documents = made(database)
    documents.upsert(
        "n",
        [
            {"_id": "a", "v": [1, 0, 0], "title": "black hole", "year": 2000},
            {"_id": "b", "v": [1, 1, 0], "title": "a hole, black and deep", "year": 2020},
            {"_id": "c", "v": [0, 1, 0], "title": "black holes", "body": "holes holes", "year": 2020},
        ],
    )
    vector, words = VectorClause("v", [1, 0, 0]), TextClause("black", ("title",))
    for filter_, expected in [
        ({"title": {"$match_phrase": "Black HOLE"}}, ["a"]),
        ({"title": {"$match_all": "hole black"}}, ["a", "b"]),
        ({"title": {"$match_any": "deep holes"}}, ["b", "c"]),
        ({"body": {"$match_all": "hole"}}, ["c"]),
        ({"title": {"$match_any": "..."}}, []),
        ({"title": {"$match_all": ""}}, []),
        ({"title": {"$match_phrase": "black hole"}, "year": {"$gt": 2010}}, []),
        ({"$or": [{"title": {"$match_phrase": "black hole"}}, {"body": {"$match_any": "hole"}}]}, ["a", "c"]),
        ({"$and": [{"year": 2020}, {"title": {"$match_all": "hole"}}]}, ["b"]),
    ]:
        assert sorted(found(documents, vector, filter=filter_)) == expected
        assert sorted(found(documents, words, filter=filter_)) == expected


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"title": "black"}, "cannot compare it with '\\$eq'. Use \\$match_phrase"),
        ({"title": {"$exists": True}}, "cannot compare it with '\\$exists'"),
        ({"title": {"$in": ["a"]}}, "cannot compare"),
        ({"v": {"$gt": 1}}, "Field 'v' is declared for search"),
        ({"s": {"$eq": 1}}, "Field 's' is declared for search"),
        ({"year": {"$match_any": "2020"}}, "'year' is none. Full-text fields here: body, title"),
        ({"v": {"$match_any": "2020"}}, "'v' is none"),
        ({"title": {"$match_any": ["a", "b"]}}, "takes one string of words"),
        ({"$match_any": "a"}, "needs a full-text field"),
        ({"title": {"$match_some": "a"}}, "Unknown operator"),
    ],
)
def test_filters_that_do_not_fit_their_field(disk: Database, filter_: dict[str, Any], message: str) -> None:
    documents = made(disk)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "title": "x"}])
    for call in (
        lambda: documents.search("n", [VectorClause("v", [1, 0, 0])], 1, filter=filter_),
        lambda: documents.fetch_where("n", filter_, limit=5),
    ):
        with pytest.raises(FilterError, match=message):
            call()


def test_words_select_nothing_for_deletion_or_change(disk: Database) -> None:
    documents = made(disk)
    documents.upsert("n", [{"_id": "a", "v": [1, 0, 0], "title": "x"}])
    with pytest.raises(FilterError, match="only search and fetch do"):
        documents.delete_where("n", {"title": {"$match_any": "x"}})
    with pytest.raises(FilterError, match="only search and fetch do"):
        documents.update_where("n", {"$or": [{"title": {"$match_any": "x"}}, {"y": 1}]}, {"y": 1})
    with pytest.raises(FilterError, match="cannot compare"):
        documents.delete_where("n", {"title": "x"})


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ([], "1 to 100 clauses, got 0"),
        ([TextClause("x", ("title",))] * 101, "1 to 100 clauses, got 101"),
        ([TextClause("x", ("title",)), VectorClause("v", [1, 0, 0])], "must appear alone"),
        ([VectorClause("v", [1, 0, 0])] * 2, "must appear alone"),
        ([VectorClause("title", [1, 0, 0])], "has to name a dense vector field, which here is 'v'"),
        ([VectorClause("v", {"indices": [1], "values": [1]}, sparse=True)], "a sparse vector field, which here is 's'"),
        ([EmbedClause("title", "x")], "embedded string field, and this index has none"),
        ([EmbedClause("title", "x", sparse=True)], "sparse_embed field, and this index has none"),
        ([TextClause("x", ("v",))], "'v' has no full-text search"),
        ([VectorClause("v", [1, 0])], "Vector dimension 2 does not match"),
        ([TextClause("title:(", (), "query_string")], "query_string at character 7"),
    ],
)
def test_searches_that_do_not_fit_the_index(disk: Database, clauses: list[Any], message: str) -> None:
    documents = made(disk)
    with pytest.raises(InvalidRequestError, match=message):
        documents.search("n", clauses, 3)


def test_an_unknown_namespace_gives_nothing(database: Database) -> None:
    documents = made(database)
    assert found(documents, TextClause("x", ("title",))) == []
    assert fetched(documents, "a") == []
    assert documents.list_ids("n") == ([], None)


# -- the alpha dialect ------------------------------------------------------------------------------------------------


def test_declared_metadata_has_its_type(database: Database) -> None:
    fields = {
        "title": FIELDS["title"],
        "year": {"type": "float", "filterable": True},
        "tags": {"type": "string_list"},
        "new": {"type": "boolean"},
        "kind": {"type": "string", "filterable": True},
    }
    documents = made(database, fields, lenient=True)
    document = {"_id": "a", "title": "x", "year": 3, "tags": ["a"], "new": False, "kind": "k"}
    documents.upsert("n", [document])
    assert fetched(documents, "a") == [document]
    assert found(documents, TextClause("x", ("title", "year")), filter={"year": {"$gte": 3}, "kind": "k"}) == ["a"]
    for name, value, message in [
        ("year", "3", "field 'year' must be a number"),
        ("year", True, "field 'year' must be a number"),
        ("tags", "a", "must be a list of strings"),
        ("new", 1, "must be true or false"),
        ("kind", 1, "must be a string"),
    ]:
        with pytest.raises(InvalidRequestError, match=message):
            documents.upsert("n", [document | {name: value}])


# -- texts that are embedded ------------------------------------------------------------------------------------------


def test_texts_are_embedded_and_found_all_three_ways(database: Database) -> None:
    documents = made(database, EMBEDDED)
    written = documents.upsert("n", [{"_id": "a", "body": "green apples"}, {"_id": "b", "body": "fast cars cars"}])
    assert written.tokens == 10  # every word twice: for the dense model and for the sparse one
    assert fetched(documents, "a") == [{"_id": "a", "body": "green apples"}]
    result = documents.search("n", [EmbedClause("body", "green apples")], 2)
    assert [hit.id for hit in result.documents] == ["a", "b"]
    assert result.documents[0].score == pytest.approx(1.0)
    assert result.tokens == 2
    sparse = documents.search("n", [EmbedClause("body", "cars", sparse=True)], 2)
    assert [(hit.id, hit.score) for hit in sparse.documents] == [("b", 2.0)]
    assert found(documents, TextClause("apples", ("body",))) == ["a"]


def test_a_changed_text_is_embedded_anew(database: Database) -> None:
    documents = made(database, EMBEDDED)
    documents.upsert("n", [{"_id": "a", "body": "green apples", "year": 1}])
    assert documents.update("n", [{"_id": "a", "body": "fast cars"}]).tokens == 4
    assert found(documents, EmbedClause("body", "apples", sparse=True)) == []
    assert found(documents, EmbedClause("body", "cars", sparse=True)) == ["a"]
    assert documents.search("n", [EmbedClause("body", "fast cars")], 1).documents[0].score == pytest.approx(1.0)
    assert fetched(documents, "a") == [{"_id": "a", "body": "fast cars", "year": 1}]
    assert documents.update("n", [{"_id": "a", "year": 2}]).tokens is None


def test_text_that_is_not_stored_is_embedded_only(database: Database) -> None:
    fields = {"body": {"type": "string", "embed": {"model": "words"}, "store_text": False}}
    documents = made(database, fields)
    documents.upsert("n", [{"_id": "a", "body": "secret words", "year": 1}])
    assert fetched(documents, "a") == [{"_id": "a", "year": 1}]
    assert found(documents, EmbedClause("body", "secret words")) == ["a"]
    with pytest.raises(InvalidRequestError, match="'body' is not stored"):
        fetched(documents, "a", fields=["body"])
    with pytest.raises(InvalidRequestError, match="no full-text field"):
        found(documents, TextClause("secret", ("body",)))
    with pytest.raises(FilterError, match="Field 'body' is declared for search"):
        documents.fetch_where("n", {"body": "secret words"}, limit=3)


def test_the_text_to_embed_is_required_and_not_empty(disk: Database) -> None:
    documents = made(disk, EMBEDDED)
    for document, message in [
        ({"_id": "a", "year": 1}, "lacks the field 'body', the text to embed"),
        ({"_id": "a", "body": "  "}, "'body' is empty"),
        ({"_id": "a", "body": 7}, "must be a string of text"),
    ]:
        with pytest.raises(InvalidRequestError, match=message):
            documents.upsert("n", [document])
    with pytest.raises(InvalidRequestError, match="'body' cannot be removed"):
        documents.update("n", [{"_id": "a", "_remove_fields": ["body"]}])


def test_another_version_of_a_model_is_refused(disk: Database) -> None:
    models = WordModels()
    documents = made(disk, EMBEDDED, models)
    documents.upsert("n", [{"_id": "a", "body": "words"}])
    models.embedder = WordEmbedder(identity="words/2/bbbb")
    with pytest.raises(ModelMismatchError, match="'words/1/aaaa'"):
        documents.upsert("n", [{"_id": "a", "body": "words"}])
    with pytest.raises(ModelMismatchError, match="'words/1/aaaa'"):
        found(documents, EmbedClause("body", "words"))


# -- what is on disk -------------------------------------------------------------------------------------------------


def test_documents_without_vectors_are_sound_records(disk: Database) -> None:
    documents = made(disk, {name: FIELDS[name] for name in ("s", "title")})
    documents.upsert("n", [{"_id": f"{at}", "title": f"word{at}"} for at in range(50)])
    documents.update("n", [{"_id": "3", "title": "changed", "x": 1}])
    documents.delete("n", ["4"])
    assert disk.verify() == []
    backup = disk.create_backup("docs")
    disk.restore_backup(backup.id, "copy")
    copy = Documents(disk.index("copy"), WordModels())
    assert [hit.id for hit in copy.search("n", [TextClause("changed", ("title",))], 5).documents] == ["3"]


# -- indexes of vectors -----------------------------------------------------------------------------------------------


def test_an_index_of_vectors_is_an_index_of_documents_too(database: Database) -> None:
    database.create_index(IndexSpec("vectors", 2, "dotproduct"))
    documents = Documents(database.index("vectors"), WordModels())
    document = {"_id": "a", "_values": [1.0, 2.0], "_sparse_values": {"indices": [1], "values": [1.0]}, "x": 1}
    documents.upsert("n", [document])
    assert fetched(documents, "a") == [document]
    assert found(documents, VectorClause("_values", [1, 1]), filter={"x": 1}) == ["a"]
    documents.update("n", [{"_id": "a", "_values": [3, 4], "_remove_fields": ["x", "_sparse_values"]}])
    assert fetched(documents, "a") == [{"_id": "a", "_values": [3.0, 4.0]}]
    with pytest.raises(InvalidRequestError, match="lacks the field '_values'"):
        documents.upsert("n", [{"_id": "b", "x": 1}])
    with pytest.raises(InvalidRequestError, match="no full-text field"):
        found(documents, TextClause("x", ("y",)))


def test_an_index_that_embeds_records_is_read_but_not_written_as_documents(disk: Database) -> None:
    models = WordModels()
    embed = embed_spec(models, {"model": "words", "field_map": {"text": "t"}})
    disk.create_index(IndexSpec("records", embed.dimension, embed.metric, embed=embed))
    write_records(disk.index("records"), models, "n", [{"_id": "a", "t": "some words"}])
    documents = Documents(disk.index("records"), models)
    assert fetched(documents, "a", fields=["t"]) == [{"_id": "a", "t": "some words"}]
    with pytest.raises(InvalidRequestError, match="Use the records endpoint"):
        documents.upsert("n", [{"_id": "a", "_values": [1.0] * 32}])
