"""Records of text found by vectors, by words, or by both: what a search says, and what its index says."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon.engine import Database, Index
from pinyon.engine.documents import Documents
from pinyon.engine.embedding import embed_spec
from pinyon.engine.records import FoundRecords, find_records, write_records
from pinyon.engine.schema import documents_spec
from pinyon.errors import InvalidRequestError
from pinyon.limits import DEFAULT
from pinyon.types import Fusion, IndexSpec, RecordQuery, RerankRequest, TextClause
from server.clients import WordEmbedder, WordModels

RECORDS = [
    {"_id": "leave", "body": "휴가는 인사팀에 신청서를 내면 됩니다", "year": 2020},
    {"_id": "room", "body": "회의실은 미리 예약하세요", "year": 2021},
    {"_id": "parser", "body": "Call argparse.ArgumentParser and add_argument", "year": 2022},
    {"_id": "museum", "body": "국립중앙박물관에서 열린 행사", "year": 2023},
]
MODELS = WordModels()


def bound(**parameters: Any) -> IndexSpec:
    settings = {"model": "words", "field_map": {"text": "body"}, "read_parameters": parameters}
    embed = embed_spec(MODELS, settings)
    return IndexSpec("docs", embed.dimension, embed.metric, embed=embed)


@pytest.fixture
def index(database: Database) -> Index:
    database.create_index(bound())
    index = database.index("docs")
    write_records(index, MODELS, "", RECORDS)
    return index


def find(index: Index, text: str | None, mode: Any = None, **settings: Any) -> FoundRecords:
    return find_records(index, MODELS, "", RecordQuery(10, text, mode=mode, **settings))


def ids(found: FoundRecords) -> list[str]:
    return [match.id for match in found.matches]


def test_words_find_what_holds_them_whatever_its_form(index: Index) -> None:
    assert ids(find(index, "휴가 신청", "lexical")) == ["leave"]
    assert ids(find(index, "add argument", "lexical")) == ["parser"]
    assert ids(find(index, "전혀 없는 낱말들", "lexical")) == []
    assert ids(find(index, "!!! ...", "lexical")) == []


def test_words_need_no_model(index: Index) -> None:
    strangers = WordModels()
    strangers.embedder = WordEmbedder(identity="words/2/bbbb")
    found = find_records(index, strangers, "", RecordQuery(10, "박물관", mode="lexical"))
    assert ids(found) == ["museum"]
    assert found.tokens is None


def test_operators_work_where_they_are_asked_for(index: Index) -> None:
    def with_operators(text: str) -> list[str]:
        return sorted(ids(find(index, text, "lexical", syntax="query_string")))

    assert with_operators('"신청서 내면"') == ["leave"]
    assert with_operators("회의* OR 휴가") == ["leave", "room"]
    assert with_operators("argumentparser AND add_argument AND -휴가") == ["parser"]
    assert with_operators("argumentpar*") == ["parser"]
    assert with_operators("body:parser") == ["parser"]
    assert with_operators("argmuent~2") == ["parser"]


def test_both_find_every_record_and_the_words_count(index: Index) -> None:
    found = find(index, "박물관", "hybrid", explain=True)
    assert ids(found)[0] == "museum"
    assert len(found.matches) == 4
    assert found.tokens == 1
    assert found.plan is not None
    assert found.plan.fusion is not None
    assert found.plan.fusion["method"] == "adaptive"
    assert all(match.parts is not None for match in found.matches)


def test_vectors_stay_what_is_searched_where_nothing_is_said(index: Index) -> None:
    said, unsaid = find(index, "박물관", "dense"), find(index, "박물관")
    assert [(match.id, match.score) for match in said.matches] == [(match.id, match.score) for match in unsaid.matches]
    assert unsaid.matches[0].parts is None


def test_a_filter_and_a_count_hold_in_every_mode(index: Index) -> None:
    for mode in ("dense", "lexical", "hybrid"):
        found = find(index, "휴가 회의실 박물관 parser", mode, filter={"year": {"$gte": 2021}})
        assert set(ids(found)) == {"room", "parser", "museum"}, mode
        few = find_records(index, MODELS, "", RecordQuery(2, "휴가 회의실 박물관 parser", mode=mode))
        assert len(few.matches) == 2


def test_what_a_mode_finds_can_be_reranked(index: Index) -> None:
    wanted = RecordQuery(10, "회의실은 미리 휴가는", mode="lexical")
    found = find_records(index, MODELS, "", wanted, RerankRequest("shared-words"))
    assert ids(found) == ["room", "leave"]
    assert found.rerank_units == 1


def test_an_index_says_what_its_searches_are_by(database: Database) -> None:
    database.create_index(bound(mode="hybrid", fusion={"method": "rrf", "constant": 20}))
    index = database.index("docs")
    write_records(index, MODELS, "", RECORDS)
    plan = find(index, "박물관", explain=True).plan
    assert plan is not None
    assert plan.fusion == {"method": "rrf", "constant": 20, "depth": 100}
    assert find(index, "박물관", "dense", explain=True).plan.fusion is None  # type: ignore[union-attr]
    weighted = find(index, "박물관", explain=True, fusion=Fusion("weighted", weight=0.25)).plan
    assert weighted is not None
    assert weighted.fusion is not None
    assert weighted.fusion["weight"] == 0.25
    by_id = find_records(index, MODELS, "", RecordQuery(1, id="leave"))
    assert ids(by_id) == ["leave"]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"mode": "words"}, "mode 'words' is not one of dense, lexical, hybrid"),
        ({"fusion": "rff"}, "fusion method 'rff'"),
        ({"fusion": {"k": 1}}, "unknown key"),
    ],
)
def test_an_index_cannot_say_what_makes_no_sense(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        bound(**parameters)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (RecordQuery(1, "a", mode="both"), "mode 'both' is not one of dense, lexical, hybrid"),  # type: ignore[arg-type]
        (RecordQuery(1, id="leave", mode="hybrid"), "mode 'hybrid' searches by words, so it needs inputs"),
        (RecordQuery(1, vector=[1.0] * 32, mode="lexical"), "mode 'lexical' searches by words"),
        (RecordQuery(1, "a", terms=("a",), mode="lexical"), "match_terms goes with searches by vectors"),
        (RecordQuery(1, "a", mode="lexical", syntax="lucene"), "syntax 'lucene' is neither"),  # type: ignore[arg-type]
        (RecordQuery(1, "a AND", mode="lexical", syntax="query_string"), "Invalid query_string"),
        (RecordQuery(1, "a", mode="hybrid", fusion=Fusion("best")), "fusion method 'best'"),  # type: ignore[arg-type]
    ],
)
def test_searches_that_make_no_sense_are_refused(index: Index, query: RecordQuery, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        find_records(index, MODELS, "", query)


def test_a_sparse_model_can_be_joined_by_no_fusion_but_its_texts_have_words(disk: Database) -> None:
    embed = embed_spec(MODELS, {"model": "word-counts", "field_map": {"text": "body"}})
    disk.create_index(IndexSpec("docs", None, "dotproduct", "sparse", embed=embed))
    index = disk.index("docs")
    write_records(index, MODELS, "", RECORDS)
    assert ids(find(index, "박물관", "lexical")) == ["museum"]
    with pytest.raises(InvalidRequestError, match="joins words and dense vectors"):
        find(index, "박물관", "hybrid")


def test_an_index_of_vectors_has_no_words(disk: Database) -> None:
    disk.create_index(IndexSpec("docs", 2, "cosine"))
    with pytest.raises(InvalidRequestError, match="has no embedding model"):
        find(disk.index("docs"), "a", "lexical")


# -- fields of a schema -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["auto", "automatic", "ko", "Korean", "ja", "zh"])
def test_a_field_can_be_read_by_script(disk: Database, language: str) -> None:
    fields = {"body": {"type": "string", "full_text_search": {"language": language}}}
    spec = documents_spec(IndexSpec("docs", None, "cosine"), fields, MODELS, DEFAULT)
    assert spec.schema is not None
    assert spec.schema["body"]["full_text_search"]["stemming"] is True
    disk.create_index(spec)
    index = disk.index("docs")
    documents = Documents(index, MODELS)
    documents.upsert("", [{"_id": "a", "body": "휴가를 신청합니다"}, {"_id": "b", "body": "running the parser"}])
    assert [its.id for its in documents.search("", [TextClause("휴가는")], 5).documents] == ["a"]
    assert [its.id for its in documents.search("", [TextClause("runs")], 5).documents] == ["b"]
    both = {"body": {"$match_all": "휴가 신청"}}
    assert [its.id for its in documents.search("", [TextClause("휴가")], 5, filter=both).documents] == ["a"]
    assert documents.search("", [TextClause("running")], 5, filter=both).documents == ()


@pytest.mark.parametrize(
    ("search", "told"),
    [
        (
            {"language": "auto", "ngram": {"min_gram": 2, "max_gram": 3}},
            "ngram cannot be combined with language 'auto'",
        ),
        ({"language": "ko", "stop_words": True}, "no stop words for language 'ko'"),
        ({"language": "klingon"}, "language 'klingon' is not one of .*auto"),
    ],
)
def test_settings_that_exclude_each_other_are_refused(search: dict[str, Any], told: str) -> None:
    fields = {"body": {"type": "string", "full_text_search": search}}
    with pytest.raises(InvalidRequestError, match=told):
        documents_spec(IndexSpec("docs", None, "cosine"), fields, MODELS, DEFAULT)
