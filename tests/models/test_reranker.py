"""Reranking with the embedding model."""

from __future__ import annotations

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
    ("query", "documents", "order"),
    [
        ("i love dogs", ["dogs are pretty cool", "everyone loves dogs", "I'm a cat person"], [1, 0, 2]),
        (
            "Latest news on climate change.",
            ["Article about renewable energy.", "Report on economic growth.", "News on climate policy changes."],
            [2, 0, 1],
        ),
        (
            "What is the capital of France?",
            ["Paris is the capital of France.", "Berlin is the capital of Germany.", "The Eiffel Tower is in Paris."],
            [0, 1, 2],
        ),
        ("고양이", ["강아지가 뛰어논다", "고양이가 소파에서 잔다", "주식 시장이 급락했다"], [1, 0, 2]),
    ],
)
def test_documents_that_answer_score_higher(
    query: str, documents: list[str], order: list[int], reranker: Reranker
) -> None:
    scores = reranker.rerank(query, documents)
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    assert np.argsort(-scores).tolist() == order


def test_scores_are_the_cosine_moved_to_0_and_1(reranker: Reranker) -> None:
    embedder = ModelRegistry().get("use-multilingual")
    texts = ["The stock market fell.", "Ein ganz anderer Satz.", "a", ""]
    scores = reranker.rerank("The stock market fell.", texts)
    cosines = embedder.embed(texts) @ embedder.embed(["The stock market fell."])[0]
    np.testing.assert_allclose(scores, (1 + cosines) / 2, atol=1e-5)
    assert scores[0] == pytest.approx(1.0, abs=1e-5)
    assert np.all((scores >= 0) & (scores <= 1))


def test_no_documents_give_no_scores(reranker: Reranker) -> None:
    assert reranker.rerank("query", []).shape == (0,)
