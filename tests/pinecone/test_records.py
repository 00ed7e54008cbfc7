"""Integrated embedding: text in, text queries answered, and never vectors of two models in one index."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pinyon import (
    FailedPreconditionError,
    IndexEmbed,
    InvalidRequestError,
    ModelMismatchError,
    NotFoundError,
    Pinecone,
    SearchQuery,
    SearchRerank,
)
from pinyon.pinecone import Index

FRUIT: list[dict[str, Any]] = [
    {"_id": "1", "chunk_text": "apples grow on trees", "kind": "fruit"},
    {"id": "2", "chunk_text": "the company sells computers", "kind": "business", "year": 1976},
    {"_id": "3", "chunk_text": "pears grow on trees too", "kind": "fruit"},
]
EMBED = {"model": "words", "field_map": {"text": "chunk_text"}}


@pytest.fixture
def records(pc: Pinecone) -> Index:
    pc.create_index_for_model(name="fruit", cloud="aws", region="us-east-1", embed=EMBED)
    index = pc.Index("fruit")
    assert index.upsert_records("ns", FRUIT).record_count == 3
    return index


def test_the_index_remembers_the_model(pc: Pinecone, records: Index) -> None:
    described = pc.describe_index("fruit")
    assert (described.dimension, described.metric) == (32, "cosine")
    assert described.embed is not None
    assert described.embed.model == described["embed"]["model"] == "words"
    assert described.embed.field_map.text == "chunk_text"
    assert described.embed.identity == "words/1/aaaa"
    assert described.spec.serverless.cloud == "aws"


def test_records_keep_their_text_and_every_other_field(records: Index) -> None:
    fetched = records.fetch(["2"], "ns").vectors["2"]
    assert fetched.metadata == {"chunk_text": "the company sells computers", "kind": "business", "year": 1976}
    assert len(fetched.values) == 32


SEARCHES: dict[str, dict[str, Any]] = {
    "the dictionary of SDK 7": {"namespace": "ns", "query": {"inputs": {"text": "trees grow"}, "top_k": 2}},
    "the class of SDK 7": {"namespace": "ns", "query": SearchQuery(inputs={"text": "trees grow"}, top_k=2)},
    "the keywords of SDK 10": {"namespace": "ns", "top_k": 2, "inputs": {"text": "trees grow"}},
}


@pytest.mark.parametrize("way", SEARCHES)
@pytest.mark.parametrize("method", ["search", "search_records"])
def test_a_text_query_finds_texts_that_share_words(way: str, method: str, records: Index) -> None:
    response = getattr(records, method)(**SEARCHES[way])
    hits = response.result.hits
    assert {hit["_id"] for hit in response["result"]["hits"]} == {hit.id for hit in hits} == {"1", "3"}
    assert hits[0]["_score"] == hits[0].score == hits[0]["score"] > 0
    assert hits[0].fields["kind"] == "fruit"
    assert response.usage.read_units == 1
    assert "SearchRecordsResponse(hits=[" in repr(response)


def test_a_search_takes_a_filter_fields_a_vector_or_an_id(records: Index) -> None:
    query = {"inputs": {"text": "trees grow"}, "top_k": 3, "filter": {"kind": "business"}}
    assert [hit.id for hit in records.search("ns", query).result.hits] == ["2"]
    chosen = records.search(namespace="ns", top_k=1, id="1", fields=["kind", "none"]).result.hits[0]
    assert (chosen.id, chosen.fields) == ("1", {"kind": "fruit"})
    assert records.search(namespace="ns", top_k=1, id="1", fields=["*"]).result.hits[0].fields == {
        "chunk_text": "apples grow on trees",
        "kind": "fruit",
    }
    values = records.fetch(["3"], "ns").vectors["3"].values
    for vector in (values, {"values": values}):
        assert records.search(namespace="ns", top_k=1, vector=vector).result.hits[0].id == "3"
    assert records.search(namespace="ns", top_k=1, id="1", explain=True).plan is not None


def test_queries_of_vectors_work_too(pc: Pinecone, records: Index, models: Any) -> None:
    vector = models.embedder.embed(["pears grow on trees too"])[0]
    assert records.query(vector=vector, top_k=1, namespace="ns").matches[0].id == "3"


def test_another_model_is_refused_before_anything_is_embedded(records: Index, models: Any) -> None:
    models.embedder = replace(models.embedder, identity="words/2/bbbb")
    with pytest.raises(ModelMismatchError, match=r"'words/1/aaaa'.*'words/2/bbbb'.*Install the version"):
        records.upsert_records("ns", [{"_id": "4", "chunk_text": "new"}])
    with pytest.raises(ModelMismatchError, match=r"'words/1/aaaa'.*'words/2/bbbb'"):
        records.search(namespace="ns", top_k=1, inputs={"text": "trees"})
    assert records.describe_index_stats().total_vector_count == 3


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([], "records must be a list of at least one"),
        ({"_id": "4"}, "records must be a list of at least one"),
        ([{"chunk_text": "x"}], "Record at index 0 must contain an '_id' or 'id' field"),
        ([{"_id": 4, "chunk_text": "x"}], "Record at index 0 must contain an '_id' or 'id' field of text, got 4"),
        ([{"_id": "4", "text": "x"}], "Record '4': the field 'chunk_text', which this index embeds, is missing"),
        ([{"_id": "4", "chunk_text": 7}], "Record '4': the field 'chunk_text', which this index embeds, holds 7"),
        ([{"_id": "4", "chunk_text": "  "}], "Record '4'"),
        (["text"], "Record 0 must be a dictionary, got str"),
        ([{"_id": "4", "chunk_text": "good"}, {"_id": "é", "chunk_text": "x"}], "Vector ID must be ASCII"),
        ([{"_id": "4", "chunk_text": "x", "deep": {"a": 1}}], "deep"),
    ],
)
def test_a_bad_record_is_named_and_nothing_is_stored(bad: Any, said: str, records: Index) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        records.upsert_records("ns", bad)
    assert records.describe_index_stats().total_vector_count == 3


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"inputs": {"text": "x"}}, "top_k is missing"),
        ({"top_k": 1}, "exactly one of inputs, vector and id; got none of them"),
        ({"top_k": 1, "id": "1", "inputs": {"text": "x"}}, "got inputs and id"),
        ({"top_k": 1, "inputs": {"image": "x"}}, "inputs has a picture, and the model 'words' takes texts only"),
        ({"top_k": 1, "query": {"top_k": 1, "id": "1"}}, r"query= or as keywords; got query= and \['top_k'\]"),
        ({"query": {"topk": 1}}, r"unknown key\(s\) \['topk'\]"),
        ({"query": 7}, "query must be a dictionary"),
        (
            {"top_k": 1, "id": "1", "rerank": {"model": "shared-words"}},
            "Reranking needs a text to compare with",
        ),
        ({"top_k": 1, "inputs": {"text": "x"}, "rerank": {"rank_fields": ["a"]}}, "rerank needs a model"),
        (
            {"top_k": 1, "inputs": {"text": "x"}, "rerank": {"model": "shared-words", "rank_fields": ["a", "b"]}},
            "Only one rank field is supported for model 'shared-words'",
        ),
        (
            {"top_k": 1, "inputs": {"text": "x"}, "rerank": {"model": "shared-words", "rank_fields": ["none"]}},
            "field 'none' not found in document at index 0",
        ),
        ({"top_k": 1, "inputs": {"text": "x"}, "rerank": {"model": "shared-words", "top_n": 0}}, "top_n of rerank"),
        ({"top_k": 1, "inputs": {"text": "x"}, "match_terms": {"terms": ["x"]}}, "match_terms works on sparse"),
        ({"top_k": 10_001, "inputs": {"text": "x"}}, "10001 is out of range"),
    ],
)
def test_a_bad_search_is_refused(search: dict[str, Any], said: str, records: Index) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        records.search("ns", **search)


def test_hits_are_put_in_order_by_a_reranker(records: Index) -> None:
    query = {"inputs": {"text": "trees grow"}, "top_k": 3}
    judged = records.search("ns", query, {"model": "shared-words", "query": "company computers", "top_n": 2})
    assert [hit.score for hit in judged.result.hits] == [1.0, 0.0]
    assert judged.result.hits[0].id == "2"
    assert judged.usage.rerank_units == 1
    plain = records.search("ns", query, SearchRerank("shared-words", ["chunk_text"]))
    assert {hit.id: hit.score for hit in plain.result.hits} == {"1": 1.0, "3": 1.0, "2": 0.0}
    with pytest.raises(NotFoundError, match="Model 'bge-reranker-v2-m3' not found"):
        records.search("ns", query, {"model": "bge-reranker-v2-m3"})


def test_documents_are_reranked_by_themselves(pc: Pinecone) -> None:
    documents = ["a parked car", "trees grow here", {"text": "trees"}]
    answer = pc.inference.rerank("shared-words", "trees grow", documents, top_n=2)
    assert [(hit.index, hit.score, hit.document.text) for hit in answer] == [
        (1, 1.0, "trees grow here"),
        (2, 0.5, "trees"),
    ]
    assert (answer.model, answer.usage.rerank_units, answer["data"]) == ("shared-words", 1, answer.data)
    fields = pc.inference.rerank("shared-words", "trees", [{"body": "trees"}], ["body"], return_documents=False)
    assert (fields[0].index, fields[0].document) == (0, None)
    assert "RerankResult(model='shared-words'" in repr(answer)


@pytest.fixture
def sparse_records(pc: Pinecone) -> Index:
    embed = {"model": "word-counts", "field_map": {"text": "chunk_text"}}
    model = pc.create_index_for_model(name="words", cloud="aws", region="us-east-1", embed=embed)
    assert (model.vector_type, model.dimension, model.metric) == ("sparse", None, "dotproduct")
    index = pc.Index("words")
    index.upsert_records("ns", FRUIT)
    return index


def test_a_sparse_model_finds_by_words_and_by_words_that_must_be_there(sparse_records: Index) -> None:
    query = {"inputs": {"text": "trees grow computers"}, "top_k": 3}
    assert [hit.id for hit in sparse_records.search("ns", query).result.hits] == ["1", "3", "2"]
    for terms, found in ((["on", "pears"], ["3"]), (["grow trees"], ["1", "3"]), (["grow", "computers"], [])):
        hits = sparse_records.search("ns", {**query, "match_terms": {"strategy": "all", "terms": terms}}).result.hits
        assert [hit.id for hit in hits] == found
    assert sparse_records.search("ns", {"inputs": {"text": "nothing"}, "top_k": 3}).result.hits == []
    for bad in ({"terms": []}, {"strategy": "any", "terms": ["on"]}, {"terms": "on"}):
        with pytest.raises(InvalidRequestError, match="match_terms"):
            sparse_records.search("ns", {**query, "match_terms": bad})


def test_a_sparse_model_gives_sparse_embeddings(pc: Pinecone) -> None:
    answer = pc.inference.embed("word-counts", ["trees trees grow"])
    assert (answer.vector_type, answer[0].vector_type, answer.usage.total_tokens) == ("sparse", "sparse", 3)
    assert sorted(answer[0].sparse_values) == [1.0, 2.0]
    assert answer.to_dict()["data"][0].keys() == {"sparse_values", "sparse_indices", "vector_type"}
    assert list(answer.to_pandas().columns) == ["sparse_indices", "sparse_values"]


def test_an_index_without_a_model_says_what_to_do(pc: Pinecone, index: Index) -> None:
    for call in (
        lambda: index.upsert_records("ns", FRUIT),
        lambda: index.search(namespace="ns", top_k=1, inputs={"text": "x"}),
    ):
        with pytest.raises(InvalidRequestError, match=r"has no embedding model.*create_index_for_model"):
            call()


@pytest.mark.parametrize(
    ("embed", "error", "said"),
    [
        (
            {"model": "nope", "field_map": {"text": "t"}},
            NotFoundError,
            r"Model nope not found\. Available models: shared-words, word-counts, words",
        ),
        ({"field_map": {"text": "t"}}, InvalidRequestError, "embed needs a model"),
        ({"model": "words"}, InvalidRequestError, "Missing required key 'text'"),
        ({"model": "words", "field_map": {"body": "t"}}, InvalidRequestError, "Missing required key 'text'"),
        ({"model": "words", "field_map": {"text": "t"}, "dimension": 64}, InvalidRequestError, "32 numbers, not 64"),
        ({"model": "words", "field_map": {"text": "t"}, "metric": "x"}, InvalidRequestError, "`metric`"),
        ("words", InvalidRequestError, "embed must be a dictionary"),
    ],
)
def test_a_bad_model_makes_no_index(embed: Any, error: type[Exception], said: str, pc: Pinecone) -> None:
    with pytest.raises(error, match=said):
        pc.create_index_for_model("a", "aws", "us-east-1", embed)
    assert pc.list_indexes().names() == []


def test_every_way_to_create_for_a_model_gives_the_same(pc: Pinecone) -> None:
    made = [
        pc.create_index_for_model("a", "aws", "us-east-1", IndexEmbed("words", {"text": "chunk_text"})),
        pc.db.index.create_for_model(name="b", cloud="aws", region="us-east-1", embed=EMBED),
        pc.indexes.create_for_model(name="c", cloud="aws", region="us-east-1", embed=EMBED),
    ]
    assert made[0].embed == made[1].embed == made[2].embed


def test_a_plain_index_can_be_bound_to_a_model_that_fits(pc: Pinecone) -> None:
    pc.create_index("a", dimension=32)
    assert pc.configure_index("a", embed=EMBED)["embed"]["model"] == "words"
    pc.Index("a").upsert_records("", FRUIT)
    assert pc.Index("a").search(top_k=1, inputs={"text": "pears"}).result.hits[0].id == "3"
    assert pc.configure_index("a", embed={"field_map": {"text": "body"}})["embed"]["field_map"] == {"text": "body"}
    pc.create_index("b", dimension=8)
    with pytest.raises(InvalidRequestError, match="dimension 8"):
        pc.configure_index("b", embed=EMBED)
    assert pc.describe_index("b").embed is None


def test_inference_embeds_texts_in_their_order(pc: Pinecone, models: Any) -> None:
    for inputs in (["apples", "pears grow"], [{"text": "apples"}, {"text": "pears grow"}]):
        answer = pc.inference.embed(model="words", inputs=inputs, parameters={"input_type": "query", "truncate": "END"})
        assert (answer.model, answer.vector_type, len(answer), answer.usage.total_tokens) == ("words", "dense", 2, 3)
        assert_allclose([item.values for item in answer], models.embedder.embed(["apples", "pears grow"]))
        assert answer[0]["values"] == answer.data[0].values == answer["data"][0]["values"]
        assert answer.get("model") == answer["model"] == "words"
    assert len(pc.inference.embed("words", "one text")) == 1
    assert isinstance(answer.array, np.ndarray)


def test_models_are_listed_and_described_in_both_spellings(pc: Pinecone) -> None:
    assert pc.inference.list_models().names() == ["shared-words", "word-counts", "words"]
    assert pc.inference.model.list(type="embed").names() == ["word-counts", "words"]
    assert pc.inference.list_models(vector_type="sparse").names() == ["word-counts"]
    assert pc.inference.list_models(type="rerank").names() == ["shared-words"]
    judge = pc.inference.get_model("shared-words")
    assert (judge.type, judge.vector_type, judge.default_dimension, judge.supported_metrics) == ("rerank", *[None] * 3)
    model = pc.inference.get_model("words")
    assert model == pc.inference.get_model(model="words") == pc.inference.model.get(model_name="words")
    assert (model.model, model["default_dimension"], model.type) == ("words", 32, "embed")
    assert pc.inference.EmbedModel("multilingual-e5-large").name == "Multilingual_E5_Large"


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda pc: pc.inference.embed("nope", ["x"]), NotFoundError, "Model nope not found"),
        (lambda pc: pc.inference.get_model("nope"), NotFoundError, "Model nope not found"),
        (lambda pc: pc.inference.get_model(), InvalidRequestError, "Give the model once"),
        (lambda pc: pc.inference.embed("words", []), InvalidRequestError, "inputs is empty"),
        (lambda pc: pc.inference.embed("words", [7]), InvalidRequestError, "Input 0 must be a text"),
        (lambda pc: pc.inference.embed("words", ["x"], {"input_type": "x"}), InvalidRequestError, "input_type"),
        (lambda pc: pc.inference.embed("words", ["x"], {"dimension": 7}), InvalidRequestError, "32 numbers"),
        (lambda pc: pc.inference.embed("shared-words", ["x"]), InvalidRequestError, "it gives no vectors"),
        (lambda pc: pc.inference.rerank("bge", "q", ["d"]), NotFoundError, "Model 'bge' not found"),
        (lambda pc: pc.inference.rerank("words", "q", ["d"]), InvalidRequestError, "it cannot rerank"),
        (lambda pc: pc.inference.rerank("shared-words", "q", []), InvalidRequestError, "at least one"),
        (lambda pc: pc.inference.rerank("shared-words", "q", ["d"], top_n=0), InvalidRequestError, "at least 1"),
        (
            lambda pc: pc.inference.rerank("shared-words", "q", ["d"], ["a", "b"]),
            InvalidRequestError,
            "Only one rank field is supported for model 'shared-words'",
        ),
        (
            lambda pc: pc.inference.rerank("shared-words", "q", [{"text": "d"}, {"body": "d"}]),
            InvalidRequestError,
            "field 'text' not found in document at index 1",
        ),
    ],
)
def test_a_bad_inference_call_is_refused(call: Any, error: type[Exception], said: str, pc: Pinecone) -> None:
    with pytest.raises(error, match=said):
        call(pc)


def test_the_face_alone_has_no_models() -> None:
    from pinyon import pinecone

    with pinecone.Pinecone(path=":memory:") as pc:
        assert pc.inference.list_models().names() == []
        with pytest.raises(NotFoundError, match=r"Model words not found\. Available models: none"):
            pc.create_index_for_model("a", "aws", "us-east-1", EMBED)


def test_a_mismatch_is_a_bad_request_not_a_failed_precondition() -> None:
    assert not issubclass(ModelMismatchError, FailedPreconditionError)
    assert ModelMismatchError("x").status == 400


# -- words ------------------------------------------------------------------------------------------------------------


def test_a_search_may_go_by_words_or_by_both(records: Index) -> None:
    asked: dict[str, Any] = {"namespace": "ns", "top_k": 3, "inputs": {"text": "pear trees"}}
    words = records.search(**asked, mode="lexical")
    assert [hit.id for hit in words.result.hits] == ["3", "1"]
    both = records.search(**asked, mode="hybrid", fusion={"method": "rrf", "constant": 20}, explain=True)
    assert {hit.id for hit in both.result.hits} == {"1", "2", "3"}
    assert both.plan is not None
    assert both.plan.fusion == {"method": "rrf", "constant": 20, "depth": 100}
    assert both.result.hits[0].parts.keys() == {"dense", "lexical"}
    assert "parts" not in both.result.hits[0].to_dict()
    old = records.search("ns", {"inputs": {"text": "pear trees"}, "top_k": 3, "mode": "lexical"})
    assert [hit.id for hit in old.result.hits] == ["3", "1"]
    plain = records.search(**asked)
    assert [(hit.id, hit.score) for hit in plain.result.hits] == [
        (hit.id, hit.score) for hit in records.search(**asked, mode="dense").result.hits
    ]


def test_an_index_may_say_what_its_searches_are_by(pc: Pinecone) -> None:
    embed = {**EMBED, "read_parameters": {"mode": "lexical"}}
    pc.create_index_for_model(name="fruit", cloud="aws", region="us-east-1", embed=embed)
    index = pc.Index("fruit")
    index.upsert_records("ns", FRUIT)
    assert [hit.id for hit in index.search(namespace="ns", top_k=3, inputs={"text": "pears"}).result.hits] == ["3"]
    with pytest.raises(InvalidRequestError, match="mode 'words' is not one of"):
        pc.create_index_for_model(
            name="other", cloud="aws", region="us-east-1", embed={**EMBED, "read_parameters": {"mode": "words"}}
        )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"mode": "both"}, "mode 'both' is not one of dense, lexical, hybrid"),
        ({"mode": "hybrid", "fusion": "best"}, "fusion method 'best'"),
        ({"mode": "hybrid", "fusion": {"weight": 2}}, "weight of fusion must be a number from 0 to 1"),
    ],
)
def test_ways_to_search_that_there_are_not_are_refused(records: Index, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        records.search(namespace="ns", top_k=1, inputs={"text": "pears"}, **settings)
