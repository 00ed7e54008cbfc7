"""The default embedder on public Korean data: floors a little under what was measured (0.755 and 0.912)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pinyon.models import UseMultilingual


@pytest.fixture(scope="module")
def use() -> UseMultilingual:
    return UseMultilingual()


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count) - 1
    ranks: NDArray[np.float64] = (last - (count - 1) / 2)[place]
    return ranks


def _spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def test_spearman_agrees_with_values_worked_by_hand() -> None:
    assert _ranks(np.array([30.0, 10.0, 20.0, 10.0])).tolist() == [3.0, 0.5, 2.0, 0.5]
    assert _spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 90.0])) == pytest.approx(1.0)
    assert _spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])) == pytest.approx(0.8)


def _load(path: Path) -> Any:
    if not path.is_file():
        pytest.skip(f"the data set is absent: no file {path}")
    return json.loads(path.read_text("utf-8"))


def test_similarity_of_korean_sentences_follows_human_judgement(use: UseMultilingual, shared_data: Path) -> None:
    pairs = _load(shared_data / "klue" / "klue-sts-v1.1_dev.json")
    first = use.embed([pair["sentence1"] for pair in pairs])
    second = use.embed([pair["sentence2"] for pair in pairs])
    cosine = np.einsum("ij,ij->i", first, second).astype(np.float64)
    human = np.array([pair["labels"]["real-label"] for pair in pairs])
    assert _spearman(cosine, human) >= 0.72


def test_korean_questions_find_their_paragraph_among_the_first_ten(use: UseMultilingual, shared_data: Path) -> None:
    articles = _load(shared_data / "korquad" / "KorQuAD_v1.0_dev.json")["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]][:320]
    questions = [(qa["question"], row) for row, paragraph in enumerate(paragraphs) for qa in paragraph["qas"]]
    sample = random.Random(0).sample(questions, 500)
    passages = use.embed([paragraph["context"] for paragraph in paragraphs])
    scores = use.embed([question for question, _ in sample], input_type="query") @ passages.T
    own = scores[np.arange(500), [row for _, row in sample]]
    assert ((scores > own[:, None]).sum(axis=1) < 10).mean() >= 0.88
