"""The query language over a handful of texts, and what it says of mistakes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pinyon.engine.query_string import compiled
from pinyon.engine.texts import Texts
from pinyon.errors import InvalidRequestError
from pinyon.filters import encode_metadata
from pinyon.index.analysis import Ngram, TextSettings
from pinyon.limits import DEFAULT
from pinyon.types import TextClause

FIELDS = {"title": TextSettings(), "body": TextSettings("en", stemming=True, stop_words=True)}
DOCUMENTS = [
    {"title": "Black holes", "body": "A black hole swallows light."},  # 0
    {"title": "Holes in the ground", "body": "Digging a hole, black as night."},  # 1
    {"title": "Football", "body": "The premier league of football"},  # 2
    {"title": "American football", "body": "The draft of the league"},  # 3
    {"title": "C++ and Go: 12:30", "body": "state-of-the-art programming"},  # 4
    {"title": "한국어 검색", "body": "데이터베이스 검색 엔진"},  # 5
    {"title": "(brackets) [and] more"},  # 6
]


def found(
    *clauses: TextClause, documents: list[dict[str, str]] = DOCUMENTS, fields: Mapping[str, TextSettings] = FIELDS
) -> dict[int, float]:
    """Row -> score."""
    texts = Texts(fields).append([encode_metadata(document, DEFAULT, record_id="x") for document in documents])
    rows, scores, _ = texts.scores(compiled(clauses, fields), None, None, len(documents))
    return dict(zip(rows.tolist(), scores.tolist(), strict=True))


def rows(query: str) -> list[int]:
    return list(found(TextClause(query, (), "query_string")))


# -- what is found ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("football", [2, 3]),
        ("FOOTBALL", [2, 3]),
        ("football hole", [0, 1, 2, 3]),
        ("football OR hole", [0, 1, 2, 3]),
        ("football || hole", [0, 1, 2, 3]),
        ("football AND american", [3]),
        ("football && american", [3]),
        ("football NOT american", [2]),
        ("football -american", [2]),
        ("football !american", [2]),
        ("football AND NOT american", [2]),
        ("+football -american", [2]),
        ("+league draft", [2, 3]),
        ("league AND draft OR hole", [0, 1, 3]),
        ("league AND (draft OR premier)", [2, 3]),
        ("(league OR hole) AND NOT (draft OR ground)", [0, 2]),
        ("title:football", [2, 3]),
        ("title:league", []),
        ("body:(league -draft)", [2]),
        ("title:(football holes) -body:draft", [0, 1, 2]),
        ("title:(football body:digging)", [1, 2, 3]),
        ('"black hole"', [0]),
        ('title:"black holes"', [0]),
        ('"hole black"', [1]),
        ('body:"black hole"~2', [0, 1]),
        ('"black hole swal"*', [0]),
        ("foot*", [2, 3]),
        ("title:hol*", [0, 1]),
        ("title:(ame* OR go*)", [3, 4]),
        ("footbal~", [2, 3]),
        ("title:footbal~0", []),
        ("footbal~1", [2, 3]),
        ("title:fotbal~1", []),
        ("fotbal~2", [2, 3]),
        ("ofotball~1", [2, 3]),  # two neighbours swapped are one edit
        ("holes~1^2", [0, 1]),
        ("state-of-the-art", [4]),
        ("the-art", [4]),
        ("title:C++", [4]),
        (r"title:12\:30", [4]),
        (r"title:\(brackets\)", [6]),
        ('title:"12:30"', [4]),
        ("검색", [5]),
        ("데이터*", [5]),
        ("digs", [1]),  # the stem of the body's "digging"
        ("ANDROID", []),
        ("and", [4, 6]),  # a stop word of the body, and a word like any other in the title
        ("the", [1]),
        ("body:the", []),
        ("+body:the football", [2, 3]),
        ("body:(the AND league)", [2, 3]),
        ("football -body:the", [2, 3]),
        ("football AND (NOT american)", [2]),
        ("nothing here matches", []),
        ("what is a hole?", [0, 1]),
    ],
)
def test_queries(query: str, expected: list[int]) -> None:
    assert rows(query) == expected


def test_the_score_is_the_sum_of_what_matches() -> None:
    one, other = found(TextClause("title:football", (), "query_string")), found(TextClause("premier", ("body",)))
    both = found(TextClause("title:football body:premier", (), "query_string"))
    assert both[2] == pytest.approx(one[2] + other[2])
    assert both[3] == pytest.approx(one[3])


def test_a_boost_multiplies_the_score() -> None:
    plain = found(TextClause("title:football", (), "query_string"))
    assert found(TextClause("title:football^3", (), "query_string"))[2] == pytest.approx(3 * plain[2])
    assert found(TextClause("title:(football)^0.5", (), "query_string"))[2] == pytest.approx(0.5 * plain[2])
    assert found(TextClause("(title:football^3)^2", (), "query_string"))[2] == pytest.approx(6 * plain[2])
    assert found(TextClause("title:football^0", (), "query_string")) == {2: 0.0, 3: 0.0}


def test_what_must_be_there_counts_and_what_may_be_there_adds() -> None:
    sure = found(TextClause("+league", (), "query_string"))
    more = found(TextClause("+league draft", (), "query_string"))
    assert set(sure) == set(more) == {2, 3}
    assert more[3] > sure[3]
    assert more[2] == pytest.approx(sure[2])


# -- clauses together -------------------------------------------------------------------------------------------------


def test_every_word_of_a_text_clause_is_optional_in_every_field() -> None:
    assert list(found(TextClause("holes draft", ("title", "body")))) == [0, 1, 3]
    assert list(found(TextClause("holes draft", ("title",)))) == [0, 1]


def test_nothing_is_special_in_a_text_clause() -> None:
    assert list(found(TextClause('title:"football"^5 AND -', ("title",)))) == [2, 3, 4, 6]


def test_several_clauses_are_alternatives_whose_scores_add_up() -> None:
    title, body = TextClause("holes", ("title",)), TextClause("black", ("body",))
    together = found(title, body)
    assert together == pytest.approx({0: found(title)[0] + found(body)[0], 1: found(title)[1] + found(body)[1]})


@pytest.mark.parametrize(
    "again",
    [
        TextClause("black hole", ("body", "title")),
        TextClause("hole black", ("title", "body")),
        TextClause("black hole", ("title", "body", "title")),
        TextClause("black hole", (), "query_string"),
        TextClause("title:(hole OR black) body:(black hole)", (), "query_string"),
    ],
)
def test_a_clause_that_says_the_same_again_counts_once(again: TextClause) -> None:
    once = TextClause("black hole", ("title", "body"))
    assert found(once, again) == pytest.approx(found(once))


def test_clauses_that_share_a_word_both_count() -> None:
    one, two = TextClause("black", ("body",)), TextClause("black hole", ("body",))
    assert found(one, two)[0] == pytest.approx(found(one)[0] + found(two)[0])


def test_a_clause_of_stop_words_finds_nothing_and_hides_nothing() -> None:
    assert found(TextClause("the of", ("body",))) == {}
    assert list(found(TextClause("the of", ("body",)), TextClause("draft", ("body",)))) == [3]


# -- n-grams ----------------------------------------------------------------------------------------------------------


GRAMS = {"name": TextSettings(ngram=Ngram(2, 3))}
PREFIXES = {"name": TextSettings(ngram=Ngram(2, 5, prefix_only=True))}
PRODUCTS = [{"name": "Headphones"}, {"name": "Heating"}, {"name": "Speaker"}]


def test_n_grams_find_parts_of_words_best_first() -> None:
    scores = found(TextClause("phone", ("name",)), documents=PRODUCTS, fields=GRAMS)
    assert list(scores) == [0]
    scores = found(TextClause("head", ("name",)), documents=PRODUCTS, fields=GRAMS)
    assert scores[0] > scores[1]


def test_prefix_n_grams_find_beginnings_only() -> None:
    assert list(found(TextClause("hea", ("name",)), documents=PRODUCTS, fields=PREFIXES)) == [0, 1]
    assert found(TextClause("phone", ("name",)), documents=PRODUCTS, fields=PREFIXES) == {}


def test_n_grams_mean_the_same_in_both_syntaxes() -> None:
    text = found(TextClause("head", ("name",)), documents=PRODUCTS, fields=GRAMS)
    both = found(
        TextClause("head", ("name",)), TextClause("head", (), "query_string"), documents=PRODUCTS, fields=GRAMS
    )
    assert both == pytest.approx(text)


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("(a b", 4, "a ) is missing"),
        ("a b)", 3, "a ) without its ("),
        ('title:"black', 6, "a phrase has no closing quote"),
        ("a AND", 5, "something to search for is missing"),
        ("a OR", 4, "something to search for is missing"),
        ("AND a", 0, "'AND' stands where a word is expected"),
        ("a AND OR b", 6, "'OR' stands where a word is expected"),
        ("()", 1, "something to search for is missing"),
        ("name:x", 0, "'name' is no full-text field; there are: body, title"),
        ("http://x", 0, "'http' is no full-text field"),
        ("title: x", 6, "a word has to follow the colon at once"),
        ("title:", 6, "a word has to follow the colon at once"),
        ("a^", 1, "a number has to follow ^"),
        ("a^x", 1, "a number has to follow ^"),
        ("a^2^3", 3, "'^' cannot stand here"),
        ("a~3", 1, "a whole number from 0 to 2"),
        ("a~0.8", 1, "a whole number from 0 to 2"),
        ('"a b"~9999', 5, "a whole number from 0 to 1000"),
        ("te*t", 3, "a space has to follow '*'"),
        ("*", 0, "a * may only follow the beginning of a word"),
        ("a*~1", 1, "either a prefix or fuzzy"),
        ("(a b)~1", 5, "only a boost ^N may follow a bracket"),
        ("year:[1 TO 2]", 0, "'year' is no full-text field"),
        ("title:[a TO b]", 6, "ranges are not part of the query language"),
        ("^2", 0, "'^' cannot stand here"),
        ("-a", 0, "it only excludes"),
        ("- - a", 2, "'-' stands where a word is expected"),
        ("NOT a NOT b", 0, "it only excludes"),
        ("a\\", 1, "cannot stand here"),
        ("(" * 51 + "a" + ")" * 51, 50, "nested deeper than 50"),
    ],
)
def test_a_mistake_is_pointed_at(query: str, position: int, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        rows(query)
    assert f"query_string at character {position} " in str(caught.value)
    assert message in str(caught.value)


def test_empty_queries_and_unknown_fields_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="must not be empty"):
        found(TextClause(" ", ("title",)))
    with pytest.raises(InvalidRequestError, match="'year' has no full-text search"):
        found(TextClause("a", ("title", "year")))
    with pytest.raises(InvalidRequestError, match="no full-text field"):
        compiled([TextClause("a")], {})


def test_a_query_has_a_length() -> None:
    with pytest.raises(InvalidRequestError, match="100,001 characters; at most 100,000"):
        found(TextClause("x" * 100_001, ("title",)))


@pytest.mark.parametrize("query", ["a " * 11_000, "a* " * 60, "b~ " * 60])
def test_a_query_that_asks_for_too_much_is_refused(query: str) -> None:
    with pytest.raises(InvalidRequestError, match="look up more than 10,000 words"):
        rows(query)
