"""The lexical model: which words of a text become numbers, and what texts then have in common."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.models import LexicalSparse
from pinyon.types import SparseEmbedder

MODEL = LexicalSparse()


def score(query: str, passage: str) -> float:
    wanted = MODEL.embed_sparse([query], input_type="query")[0]
    held = MODEL.embed_sparse([passage])[0]
    _, left, right = np.intersect1d(wanted.indices, held.indices, return_indices=True)
    return float(wanted.values[left] @ held.values[right])


def tokens(text: str) -> set[str]:
    return set(MODEL.tokens(text).values())


def test_it_is_a_sparse_embedder() -> None:
    assert isinstance(MODEL, SparseEmbedder)
    assert (MODEL.name, MODEL.identity) == ("lexical-sparse", "lexical-sparse/1")


def test_a_word_is_one_number_whatever_its_case_and_punctuation() -> None:
    found = MODEL.embed_sparse(["Hello, world!", "hello WORLD", "ＨＥＬＬＯ world"], input_type="query")
    assert [len(one.indices) for one in found] == [2, 2, 2]
    for one in found:
        assert (one.indices.dtype, one.values.dtype) == (np.uint32, np.float32)
        assert one.indices.tolist() == sorted(found[0].indices.tolist())
        assert one.values.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("?! ...", set()),
        ("the cat", {"the", "cat"}),
        ("apples", {"apples", "apple"}),
        ("Ｅ５ 2026-11-22", {"e5", "2026", "11", "22"}),
        ("snake_case", {"snake", "case"}),
        ("고양이가", {"고양이가", "고양", "양이", "이가"}),
        ("물", {"물"}),
        ("GPU는", {"gpu", "는"}),
        ("東京都", {"東京", "京都"}),
        ("Straße", {"strasse", "stras"}),
    ],
)
def test_texts_become_tokens(text: str, expected: set[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Apples", {"the", "apples"}),
        ("고양이가 잔다", {"고양", "양이", "이가", "잔다"}),
        ("東京都", {"東京", "京都"}),
        ("donald Duck", {"donald", "duck"}),
    ],
)
def test_required_terms_are_words_and_pairs_without_parts_of_words(text: str, expected: set[str]) -> None:
    assert set(MODEL.terms(text).values()) == expected


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("space exploration", "a spacewalk outside the station", "submarine navigation using sonar"),
        ("apple", "Apples are sweet.", "The orange is sweet."),
        ("고양이", "고양이가 소파에서 잔다", "강아지가 소파에서 잔다"),
        ("서울의 날씨", "오늘 서울 날씨는 맑다", "부산 맛집을 소개합니다"),
        ("東京", "東京都の天気", "大阪府の天気"),
        ("the price of the train", "train prices", "the point of the story"),
    ],
)
def test_the_passage_that_shares_more_words_scores_higher(query: str, better: str, worse: str) -> None:
    assert score(query, better) > score(query, worse)


def test_repetition_counts_less_and_less_in_a_passage_and_not_in_a_query() -> None:
    once, twice, often = (score("train", " ".join(["train"] * count)) for count in (1, 2, 8))
    assert once == 1.0
    assert twice == pytest.approx(1 + np.log(2))
    assert often == pytest.approx(1 + np.log(8))
    assert score("train train train", "train") == once


def test_short_words_and_parts_of_words_weigh_half() -> None:
    weights = dict(zip(MODEL.tokens("cat").values(), MODEL.embed_sparse(["cat"])[0].values.tolist(), strict=True))
    assert weights == {"cat": 0.5}
    found = MODEL.embed_sparse(["apples"])[0]
    named = {MODEL.tokens("apples")[int(i)]: v for i, v in zip(found.indices, found.values.tolist(), strict=True)}
    assert named == {"apples": 1.0, "apple": 0.5}


def test_of_a_very_long_text_the_heaviest_thousand_stay() -> None:
    text = " ".join(f"w{number}" for number in range(3_000)) + " heavy" * 10
    found = MODEL.embed_sparse([text])[0]
    assert len(found.indices) == 1_000
    heaviest = int(found.indices[np.argmax(found.values)])
    assert MODEL.tokens(text)[heaviest] == "heavy"


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_gives_a_well_formed_vector_that_names_its_tokens(texts: Sequence[str]) -> None:
    for text, found in zip(texts, MODEL.embed_sparse(texts), strict=True):
        assert np.all(np.diff(found.indices.astype(np.int64)) > 0)
        assert np.all(np.isfinite(found.values))
        assert np.all(found.values > 0)
        assert set(found.indices.tolist()) == set(MODEL.tokens(text))
        assert set(MODEL.terms(text).items()) <= set(MODEL.tokens(text).items())


def test_vectors_are_the_same_in_every_process_and_thread() -> None:
    code = (
        "from pinyon.models import LexicalSparse as L; print(L().embed_sparse(['고양이 apples'])[0].indices.tolist())"
    )
    outside = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    with ThreadPoolExecutor(4) as pool:
        inside = pool.map(lambda _: MODEL.embed_sparse(["고양이 apples"])[0].indices.tolist(), range(8))
    assert {str(one) for one in inside} == {outside}


@pytest.mark.parametrize("bad", ["text", ["text", 7], [None]])
def test_what_is_no_list_of_texts_is_refused(bad: list[str]) -> None:
    with pytest.raises(InvalidRequestError, match="text"):
        MODEL.embed_sparse(bad)


def test_an_unknown_input_type_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="input_type"):
        MODEL.embed_sparse(["x"], input_type="x")  # type: ignore[arg-type]
