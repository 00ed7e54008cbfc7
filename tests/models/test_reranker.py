"""Reranking by late interaction with the embedding model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pinyon.models import ModelRegistry
from pinyon.types import Reranker


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return ModelRegistry().reranker("use-multilingual-reranker")


def test_it_is_a_reranker_and_says_what_it_is(reranker: Reranker) -> None:
    assert isinstance(reranker, Reranker)
    assert reranker.name == "use-multilingual-reranker"
    info = ModelRegistry().describe(reranker.name)
    assert (info.type, info.dimension, info.dimensions) == ("rerank", 0, ())
    assert info.short_description.startswith("No reranking model of its own")


@pytest.mark.parametrize(
    ("query", "documents", "best"),
    [
        ("i love dogs", ["dogs are pretty cool", "everyone loves dogs", "I'm a cat person"], 1),
        (
            "Latest news on climate change.",
            ["Article about renewable energy.", "Report on economic growth.", "News on climate policy changes."],
            2,
        ),
        (
            "What is the capital of France?",
            ["Paris is the capital of France.", "Berlin is the capital of Germany.", "The Eiffel Tower is in Paris."],
            0,
        ),
        ("고양이", ["강아지가 뛰어논다", "고양이가 소파에서 잔다", "주식 시장이 급락했다"], 1),
    ],
)
def test_the_document_that_answers_scores_highest(
    query: str, documents: list[str], best: int, reranker: Reranker
) -> None:
    scores = reranker.rerank(query, documents)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    assert scores.argmax() == best


def test_scores_are_worked_out_from_words_and_whole_texts(reranker: Reranker) -> None:
    embedder = ModelRegistry().get("use-multilingual")
    query, texts = "The cat!", ["the CAT, the cat", "a dog", "고양이", "...", ""]
    words = [["the", "cat"], ["a", "dog"], ["고양이"]]
    whole = (embedder.embed(texts) @ embedder.embed([query])[0]).clip(0.0, 1.0)
    asked = embedder.embed(["the", "cat"])
    nearest = [(asked @ embedder.embed(have).T).max(axis=1).clip(0.0, 1.0) for have in words]
    expected = np.array([np.square(row).mean() for row in nearest] + [0.0, 0.0])
    np.testing.assert_allclose(reranker.rerank(query, texts), 0.7 * expected + 0.3 * whole, atol=1e-5)


def test_a_score_is_1_for_the_same_text_and_depends_on_no_other_document(reranker: Reranker) -> None:
    texts = ["The stock market fell.", "Ein ganz anderer Satz.", "a", ""]
    scores = reranker.rerank("The stock market fell.", texts)
    assert scores[0] == pytest.approx(1.0, abs=1e-5)
    assert np.all((scores >= 0) & (scores <= 1.0001))
    alone = [float(reranker.rerank("The stock market fell.", [text])[0]) for text in texts]
    np.testing.assert_allclose(scores, alone, atol=1e-5)


def test_a_query_without_words_is_compared_as_a_whole(reranker: Reranker) -> None:
    embedder = ModelRegistry().get("use-multilingual")
    whole = (embedder.embed(["?!", "a cat"]) @ embedder.embed(["?!"])[0]).clip(0.0, 1.0)
    np.testing.assert_allclose(reranker.rerank("?!", ["?!", "a cat"]), whole, atol=1e-5)


@pytest.mark.nightly
def test_questions_find_their_paragraph_better_than_by_whole_texts(reranker: Reranker, shared_data: Path) -> None:
    """Of the 20 paragraphs that are nearest as a whole: .51 of questions have theirs first, and .84 after reranking."""
    file = shared_data / "korquad" / "KorQuAD_v1.0_dev.json"
    if not file.is_file():
        pytest.skip(f"the data set is absent: no file {file}")
    articles = json.loads(file.read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]][:200]
    asked = [(paragraph["qas"][0]["question"], row) for row, paragraph in enumerate(paragraphs)][::5]
    embedder = ModelRegistry().get("use-multilingual")
    texts = [paragraph["context"] for paragraph in paragraphs]
    scores = embedder.embed([question for question, _ in asked]) @ embedder.embed(texts).T
    before = after = 0
    for (question, own), row in zip(asked, scores, strict=True):
        found = np.argsort(-row)[:20]
        before += int(found[0] == own)
        after += int(found[reranker.rerank(question, [texts[at] for at in found]).argmax()] == own)
    assert after >= before + 4


def test_no_documents_give_no_scores(reranker: Reranker) -> None:
    assert reranker.rerank("query", []).shape == (0,)
