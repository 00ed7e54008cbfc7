"""The language "auto": each script by rules of its own, with Kiwi and without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiwi import HAS_KIWI, needs_kiwi, without_kiwi
from pinyon.engine.lexical import phrase_of
from pinyon.index.analysis import AUTO, TERM_LENGTH, Analyser, TextSettings
from pinyon.index.text import Phrase, TextIndex, Word
from words import naive_scores


@pytest.fixture(params=["kiwi", "pairs"])
def reader(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "kiwi":
        if not HAS_KIWI:
            pytest.skip("kiwipiepy is not installed: pip install 'pinyon[korean]'")
        yield request.param
        return
    with without_kiwi():
        yield request.param


@pytest.fixture
def pairs() -> Iterator[None]:
    with without_kiwi():
        yield


def terms(text: str) -> list[str]:
    return [term for _, its in Analyser(AUTO).tokens(text) for term in its]


def positions(text: str) -> dict[int, tuple[str, ...]]:
    return dict(Analyser(AUTO).tokens(text))


def holds(text: str, phrase: str) -> bool:
    """Whether a text has the words of another side by side."""
    return bool(TextIndex(AUTO).append([text]).rows_with(phrase_of(phrase, AUTO))[0])


def finds(texts: list[str], question: str) -> list[int]:
    """Rows that share a term with a question, the best first."""
    index = TextIndex(AUTO).append(texts)
    totals = np.zeros(len(texts))
    for its in index.analyser.asked(question):
        for term in its:
            rows, scores = index.scores(Phrase(((0, Word(term)),)), index.statistics())
            totals[rows] += scores
    return [int(row) for row in np.argsort(-totals, kind="stable") if totals[row] > 0]


# -- Korean -----------------------------------------------------------------------------------------------------------


@needs_kiwi
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("국립중앙박물관에서", ["국립", "국립중앙박물관", "중앙", "박물관"]),  # no particle; parts and whole
        ("신청하나요?", ["신청"]),
        ("먹었다 먹는", ["먹", "먹"]),
        ("1989년에는", ["1989", "1989년", "년"]),
        ("제3조에", ["제", "제3조", "3", "조"]),  # what a syllable means shows from the number beside it
        ("SQL문을", ["sql", "sql문", "문"]),
        ("ArgumentParser를", ["argument", "argumentpars", "parser"]),
        ("그리고", ["그리고"]),  # no noun, no verb: as it is written
        ("한국어형태소분석기를사용하는방법은", ["한국어", "한국어형태소분석기", "형태소", "분석기", "사용", "방법"]),
    ],
)
def test_korean_words_are_their_morphemes(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@needs_kiwi
def test_a_name_that_the_dictionary_has_as_one_word_is_found_by_its_parts() -> None:
    whole = "전국민주노동조합총연맹은"
    for part in ("민주", "노동", "노동조합", "전국민주노동조합총연맹"):
        assert finds([whole, "다른 글"], part) == [0], part
    assert holds(whole, "민주 노동 조합")
    assert terms("프란치스코") == ["프란치스코"]  # one name, which ends in nothing that is a word


@needs_kiwi
def test_a_phrase_is_found_however_it_is_spaced_and_whatever_particles_it_has() -> None:
    text = "서울에 있는 국립중앙박물관의 역사를 배웠다"
    for phrase in ("국립중앙박물관", "국립 중앙 박물관", "중앙박물관 역사", "박물관은 역사가"):
        assert holds(text, phrase), phrase
    assert not holds(text, "역사 박물관")


@needs_kiwi
def test_missing_spaces_do_not_hide_words() -> None:
    texts = ["휴가는 인사팀에 신청서를 내면 됩니다.", "회의실은 미리 예약하세요."]
    assert finds(texts, "휴가신청서는인사팀에내나요")[0] == 0
    assert finds([text.replace(" ", "") for text in texts], "휴가 신청서")[0] == 0


def test_a_word_is_found_with_and_without_its_particle(reader: str) -> None:
    texts = ["휴가를 신청한다", "회의실을 예약한다", "서울은 넓다"]
    assert finds(texts, "휴가는 어떻게 하나요") == [0]
    assert finds(texts, "회의실에서")[0] == 1


def test_without_kiwi_a_word_is_its_pairs_of_syllables_and_itself(pairs: None) -> None:
    assert positions("박물관에서 물") == {
        0: ("박물", "박물관에서"),
        1: ("물관",),
        2: ("관에",),
        3: ("에서",),
        4: ("물",),
    }
    assert holds("국립중앙박물관에서", "박물관")
    assert holds("국립중앙 박물관에서", "중앙 박물관")
    assert not holds("국립중앙박물관에서", "관박물")


def test_rules_tell_whether_kiwi_reads() -> None:
    with without_kiwi():
        assert Analyser(AUTO).rules.endswith(" pairs")
    if HAS_KIWI:
        assert "kiwipiepy/" in Analyser(AUTO).rules
    assert "kiwipiepy" not in Analyser(TextSettings("en", stemming=True)).rules


# -- other scripts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("running compilations", ["run", "compil"]),
        ("привета книгами", ["привет", "книг"]),
        ("東京都", ["東京", "東", "京都", "京", "都"]),
        ("ジョン・スミス", ["ジョ", "ジ", "ョン", "ョ", "ン", "スミ", "ス", "ミス", "ミ", "ス"]),
        ("ＡＢＣ ①", ["abc", "1"]),  # compatibility forms
        ("Cafe\u0301 café", ["café", "café"]),
        ("don't", ["don", "dont", "t"]),
        ("end.Next one", ["end", "endnext", "next", "one"]),
        ("", []),
        ("... --- !?", []),
    ],
)
def test_each_script_has_rules_of_its_own(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add_argument", {0: ("add", "addargu"), 1: ("argument",)}),
        ("HTTPServer", {0: ("http", "httpserver"), 1: ("server",)}),
        ("iPhone", {0: ("i", "iphon"), 1: ("phone",)}),
        ("use-multilingual", {0: ("use", "usemultilingu"), 1: ("multilingu",)}),
        (
            "argparse.ArgumentParser",
            {0: ("argpars", "argparseargumentpars"), 1: ("argument", "argumentpars"), 2: ("parser",)},
        ),
        ("__init__", {0: ("init",)}),
        ("utf-8", {0: ("utf", "utf8"), 1: ("8",)}),
        ("utf8", {0: ("utf", "utf8"), 1: ("8",)}),
        ("1,000", {0: ("1000",)}),
        ("1,2", {0: ("1",), 1: ("2",)}),
        ("3.5", {0: ("3", "3.5"), 1: ("5",)}),
        ("3.11.7", {0: ("3", "3.11.7"), 1: ("11",), 2: ("7",)}),
    ],
)
def test_identifiers_and_numbers_are_found_by_whole_and_parts(text: str, expected: dict[int, tuple[str, ...]]) -> None:
    assert positions(text) == expected


def test_a_name_is_found_however_it_is_written() -> None:
    text = "call argparse.ArgumentParser and add_argument"
    for written in ("ArgumentParser", "argumentparser", "argument parser", "add-argument", "addArgument", "argparse"):
        assert finds([text, "something else"], written) == [0], written
        assert holds(text, written) or written == "argumentparser", written


def test_nothing_of_a_long_word_is_dropped() -> None:
    word = "x" * 150
    assert [len(term) for term in terms(word)] == [TERM_LENGTH, TERM_LENGTH, 22]
    assert len(terms("가" * 1_000)) >= 15


def test_a_question_drops_the_words_that_every_question_has_unless_there_are_no_others() -> None:
    analyser = Analyser(AUTO)
    assert analyser.asked("how do I parse the command line") == [("pars",), ("command",), ("line",)]
    assert analyser.asked("what is this") == [("what",), ("is",), ("this",)]
    assert Analyser(TextSettings()).asked("what is parsed") == [("what",), ("is",), ("parsed",)]


def test_stems_can_be_left_out() -> None:
    assert Analyser(TextSettings("auto")).tokens("running") == [(0, ("running",))]


# -- the index --------------------------------------------------------------------------------------------------------

SAID = [
    "국립중앙박물관에서",
    "박물관",
    "add_argument",
    "argument",
    "ArgumentParser를",
    "東京都",
    "1989년",
    "은",
    "3.5",
    "x",
]
SOME = st.none() | st.lists(st.sampled_from(SAID), max_size=6).map(" ".join)
ASKED = st.one_of(
    st.sampled_from(["박물관", "국립중앙박물관", "argument", "addargu", "東京", "1989년", "박물"]).map(Word),
    st.sampled_from(["국립", "ar", "1", ""]).map(lambda text: Word(text, "prefix")),
)


@settings(max_examples=120, deadline=None)
@given(
    parts=st.lists(st.lists(SOME, max_size=6), max_size=4),
    changed=st.dictionaries(st.integers(0, 30), SOME, max_size=4),
    words=st.lists(st.tuples(st.integers(0, 2), ASKED), min_size=1, max_size=3, unique_by=lambda it: it),
    slop=st.integers(0, 2),
    kiwi=st.booleans(),
)
def test_words_of_several_parts_score_like_lists_of_tokens(
    parts: list[list[str | None]],
    changed: dict[int, str | None],
    words: list[tuple[int, Word]],
    slop: int,
    kiwi: bool,
) -> None:
    def check() -> None:
        index, model = TextIndex(AUTO), list[str | None]()
        for part in parts:
            index = index.append(part)
            model += part
        rows = {row % len(model): text for row, text in changed.items()} if model else {}
        index = index.replace(np.array(list(rows), np.int64), list(rows.values()))
        model = [rows.get(row, text) for row, text in enumerate(model)]
        tokens = [[] if text is None else index.analyser.tokens(text) for text in model]
        phrase = Phrase(tuple(words), slop if len(words) > 1 else 0)
        expected = naive_scores(tokens, [True] * len(model), phrase)
        for value in (index, TextIndex.from_arrays(index.to_arrays(), AUTO)):
            found, scores = value.scores(phrase, value.statistics())
            assert found.tolist() == list(expected)
            assert scores.tolist() == pytest.approx(list(expected.values()))
            assert value.lengths.tolist() == [len(its) for its in tokens]

    if kiwi and HAS_KIWI:
        check()
    else:
        with without_kiwi():
            check()


def test_a_stored_value_goes_on_growing() -> None:
    index = TextIndex(AUTO).append(["red fish", None, "blue fish"]).replace(np.array([0]), ["red bird"])
    again = TextIndex.from_arrays(index.to_arrays(), AUTO).append(["a fish"])
    assert np.flatnonzero(again.rows_with(phrase_of("fish", AUTO))).tolist() == [2, 3]
    assert np.flatnonzero(again.rows_with(phrase_of("red", AUTO))).tolist() == [0]
    empty = TextIndex.from_arrays(TextIndex(AUTO).to_arrays(), AUTO)
    assert empty.n == 0
    assert empty.append(["fish"]).rows_with(phrase_of("fish", AUTO)).tolist() == [True]


def test_rows_can_be_numbered_anew_and_left_out() -> None:
    index = TextIndex(AUTO).append(["one", "two", "three", "one two"])
    moved = index.renumbered(np.array([4, -1, 0, 2]), 5)
    expected = TextIndex(AUTO).append(["three", None, "one two", None, "one"])
    for text in ("one", "two", "three"):
        phrase = phrase_of(text, AUTO)
        assert moved.rows_with(phrase).tolist() == expected.rows_with(phrase).tolist()
    assert moved.lengths.tolist() == expected.lengths.tolist()
