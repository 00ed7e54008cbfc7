"""The words of texts: terms, phrases and BM25 against lists of tokens."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.index.analysis import LANGUAGES, Analyser, Ngram, TextSettings
from pinyon.index.stopwords import STOP_WORDS
from pinyon.index.text import Phrase, TextIndex, Word, edit_distances
from words import Tokens, edits, naive_scores

WORDS = ["a", "ab", "abc", "abd", "b", "bc", "Ab", "and", "한국어", "über"]
TEXTS = st.none() | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(TEXTS, max_size=12)),
        st.tuples(st.just("replace"), st.dictionaries(st.integers(0, 200), TEXTS, max_size=4)),
    ),
    max_size=25,
)
QUERY_WORDS = st.one_of(
    st.sampled_from(["a", "ab", "abc", "b", "bc", "한국어", "nothing"]).map(Word),
    st.sampled_from(["", "a", "ab", "x"]).map(lambda text: Word(text, "prefix")),
    st.tuples(st.sampled_from(["ab", "acb", "한국"]), st.integers(1, 2)).map(lambda it: Word(it[0], "fuzzy", it[1])),
)
PHRASES = st.builds(
    lambda words, slop: Phrase(tuple(words), slop if len(words) > 1 else 0),
    st.lists(st.tuples(st.integers(0, 3), QUERY_WORDS), min_size=1, max_size=3, unique_by=lambda it: it),
    st.integers(0, 3),
)
SETTINGS = st.sampled_from(
    [
        TextSettings(),
        TextSettings("en", stemming=True, stop_words=True),
        TextSettings(ngram=Ngram(1, 2)),
        TextSettings(ngram=Ngram(2, 3, prefix_only=True)),
    ]
)


def tokens_of(index: TextIndex) -> Callable[[str | None], Tokens]:
    return lambda text: [] if text is None else index.analyser.tokens(text)


# -- the index --------------------------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(steps=STEPS, phrase=PHRASES, its=SETTINGS, seed=st.integers(0, 99))
def test_any_history_scores_like_lists_of_tokens(steps: list, phrase: Phrase, its: TextSettings, seed: int) -> None:
    index, model = TextIndex(its), list[str | None]()
    for name, given_ in steps:
        if name == "append":
            index = index.append(given_)
            model += given_
        elif model:
            rows = {row % len(model): text for row, text in given_.items()}
            index = index.replace(np.array(list(rows), np.int64), list(rows.values()))
            for row, text in rows.items():
                model[row] = text
    rng = np.random.default_rng(seed)
    alive, mask = rng.random(len(model)) < 0.8, rng.random(len(model)) < 0.7
    expected = naive_scores(list(map(tokens_of(index), model)), alive.tolist(), phrase)

    rows, values = index.scores(phrase, index.statistics(alive), alive, mask)

    assert rows.tolist() == [row for row in expected if mask[row]]
    assert values.tolist() == pytest.approx([expected[row] for row in expected if mask[row]])
    everywhere = naive_scores(list(map(tokens_of(index), model)), [True] * len(model), phrase)
    assert np.flatnonzero(index.rows_with(phrase)).tolist() == list(everywhere)
    assert index.lengths.tolist() == [len(tokens_of(index)(text)) for text in model]


def test_a_value_stays_as_it_was_while_others_are_made_from_it() -> None:
    first = TextIndex(TextSettings()).append(["red fish", "blue fish"])
    second = first.append(["red bird"]).replace(np.array([0]), ["green"])

    assert hits(first, "red") == [0]
    assert hits(second, "red") == [2]
    assert hits(second, "green") == [0]
    assert hits(first, "green") == []
    assert hits(first, "fish") == [0, 1]


def test_many_small_writes_are_merged_and_still_found() -> None:
    index = TextIndex(TextSettings())
    for row in range(300):
        index = index.append([f"word{row % 7} common"])
    assert len(index._segments) < 30
    assert hits(index, "common") == list(range(300))
    assert hits(index, "word3") == list(range(3, 300, 7))


def test_rows_that_are_not_there_cannot_be_replaced() -> None:
    index = TextIndex(TextSettings()).append(["a"])
    with pytest.raises(InvalidRequestError, match=r"not within 0\.\.0"):
        index.replace(np.array([1]), ["b"])
    with pytest.raises(InvalidRequestError, match="do not pair up"):
        index.replace(np.array([0]), ["b", "c"])


def test_few_documents_more_copy_little_however_many_there_are() -> None:
    rng = np.random.default_rng(3)
    words = [f"w{number}" for number in range(2_000)]
    index = TextIndex(TextSettings()).append([" ".join(rng.choice(words, 12)) for _ in range(30_000)])
    made = []
    for _ in range(20):
        tracemalloc.start()
        index = index.append(["w1 w2 new"])
        made.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sorted(made)[10] < 500_000, "of 360,000 postings"
    assert len(hits(index, "new")) == 20


def test_a_rarer_term_and_a_shorter_text_count_more() -> None:
    index = TextIndex(TextSettings()).append(["rare common", "common common", "common", "common and much more text"])
    statistics = index.statistics()
    rare = index.scores(Phrase(((0, Word("rare")),)), statistics)
    common = index.scores(Phrase(((0, Word("common")),)), statistics)
    assert rare[1][0] > common[1].max()
    assert common[1][2] > common[1][3]


# -- phrases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words", "slop", "found"),
    [
        ("the black hole eats", "black hole", 0, True),
        ("the hole is black", "black hole", 0, False),
        ("black and white hole", "black hole", 1, False),
        ("black and white hole", "black hole", 2, True),
        ("hole black", "black hole", 1, False),
        ("hole black", "black hole", 2, True),  # a swap is two moves, as in Lucene
        ("black\nhole", "BLACK, hole!", 0, True),
    ],
)
def test_phrases(text: str, words: str, slop: int, found: bool) -> None:
    index = TextIndex(TextSettings()).append([text])
    tokens = index.analyser.tokens(words)
    phrase = Phrase(tuple((position, Word(terms[0])) for position, terms in tokens), slop)
    assert bool(index.rows_with(phrase)[0]) is found


def test_a_phrase_never_runs_from_one_row_into_the_next() -> None:
    index = TextIndex(TextSettings()).append(["ends with black", "hole begins"])
    assert not index.rows_with(Phrase(((0, Word("black")), (1, Word("hole"))), slop=100)).any()


def test_a_stop_word_inside_a_phrase_keeps_its_place() -> None:
    index = TextIndex(TextSettings("en", stemming=True, stop_words=True)).append(["king of spain", "king spain"])
    tokens = index.analyser.tokens("king of spain")
    phrase = Phrase(tuple((position, Word(terms[0])) for position, terms in tokens))
    assert index.rows_with(phrase).tolist() == [True, False]


# -- edit distance ----------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.text("abc", max_size=5), max_size=6), target=st.text("abc", max_size=5))
def test_edit_distances_are_those_of_the_recursive_definition(words: list[str], target: str) -> None:
    assert edit_distances(words, target).tolist() == [edits(word, target) for word in words]


# -- analysis ---------------------------------------------------------------------------------------------------------


def terms(text: str, its: TextSettings) -> list[str]:
    return [term for _, found in Analyser(its).tokens(text) for term in found]


def hits(index: TextIndex, term: str) -> list[int]:
    rows, _ = index.scores(Phrase(((0, Word(term)),)), index.statistics())
    return list(rows.tolist())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("state-of-the-art snake_case a/b", ["state", "of", "the", "art", "snake", "case", "a", "b"]),
        ("don't 3.14 C++", ["don", "t", "3", "14", "c"]),
        ("피니언은 데이터베이스입니다.", ["피니언은", "데이터베이스입니다"]),
        ("Ünïcödé e\u0301te\u0301", ["ünïcödé", "été"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("", []),
        (" \t\n—…“”", []),
        ("x" * 39 + " " + "y" * 41, ["x" * 39, "y" * 40]),
    ],
)
def test_text_is_split_on_spaces_and_punctuation(text: str, expected: list[str]) -> None:
    assert terms(text, TextSettings()) == expected


def test_stemming_joins_forms_of_a_word() -> None:
    assert terms("running runs runner", TextSettings(stemming=True)) == ["run", "run", "runner"]
    assert terms("running", TextSettings()) == ["running"]
    assert terms("Häuser Hauses", TextSettings("de", stemming=True)) == ["haus", "haus"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_stemmer(language: str) -> None:
    assert terms("words", TextSettings(language, stemming=True))


@pytest.mark.parametrize("language", STOP_WORDS)
def test_stop_words_are_single_words_in_lower_case_of_known_languages(language: str) -> None:
    assert language in LANGUAGES
    plain = Analyser(TextSettings())
    for word in STOP_WORDS[language]:
        assert plain.words(word) == [word]
        assert word == word.lower()


def test_stop_words_leave_a_gap() -> None:
    assert Analyser(TextSettings("en", True, True)).tokens("The dog and the cat") == [(1, ("dog",)), (4, ("cat",))]


def test_ngrams_are_runs_of_letters_within_words() -> None:
    assert terms("abcd x", TextSettings(ngram=Ngram(2, 3))) == ["ab", "abc", "bc", "bcd", "cd"]
    assert terms("Head phones", TextSettings(ngram=Ngram(1, 2, prefix_only=True))) == ["h", "he", "p", "ph"]
