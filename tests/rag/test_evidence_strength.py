"""How much a text has to do with a question, by words and by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest

from pinyon.rag import Assistant, Settings
from pinyon.rag.terms import coverage, terms
from pinyon.types import Floats
from rag.writers import Shelf, Writer, passage


class Alike:
    """An embedder for which every text has the same cosine with every query."""

    name, dimension, metric, identity = "alike", 2, "cosine", "alike"

    def __init__(self, cosine: float) -> None:
        self._cosine = cosine

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        row = [1.0, 0.0] if input_type == "query" else [self._cosine, (1 - self._cosine**2) ** 0.5]
        return np.asarray([row] * len(texts), np.float32)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the capital of France?", ["capit", "franc"]),
        ("How do I use check_output?", ["check_output"]),
        ("Who's the user's friend?", ["user", "friend"]),
        ("연차 휴가는 언제까지 신청해야 하나요?", ["연차", "휴가", "신청"]),
        ("프랑스의 수도는 어디입니까?", ["프랑스", "수도"]),
        ("???", []),
    ],
)
def test_what_a_question_is_about(question: str, words: list[str]) -> None:
    assert [term.text for term in terms(question)] == words


@pytest.mark.parametrize(
    ("question", "text", "covered"),
    [
        ("When do cats sleep?", "A cat was sleeping.", 1.0),
        ("When do cats sleep?", "A cat.", 0.5),
        ("What is SequenceMatcher?", "the sequence matcher", 1.0),
        ("What is check_output?", "subprocess check output", 1.0),
        ("What is Redis?", "a server", 0.0),
        ("What is MySQL?", "my server speaks SQL", 0.0),
        ("What is MySQL?", "MySQL and others", 1.0),
        ("What is SHA-1?", "the sha1 hash", 1.0),
        ("What is SHA-1?", "the hash SHA-256, of which 1 is enough", 0.0),
        ("What is HTTP/3?", "HTTP in 3 steps", 0.0),
        ("What is a t-test?", "a test of t", 0.0),
        ("What is an e-mail?", "send an email", 1.0),
        ("What is os.check_output?", "the output", 1 / 3),
        ("연차는 며칠인가요?", "연차를 쓴다", 1.0),
        ("연차는 무급인가요?", "연차를 쓴다", 0.5),
        ("연차를 언제 신청해야 하나요?", "연차를 쓴다", 0.8),
        ("도서관은 어디에 있습니까?", "도서관에서 읽는다", 1.0),
        ("???", "anything", 0.0),
    ],
)
def test_the_share_of_a_question_that_a_text_covers(question: str, text: str, covered: float) -> None:
    assert coverage(terms(question), text) == pytest.approx(covered)


def test_names_count_twice_and_common_words_half() -> None:
    weights = {term.text: term.weight for term in terms("Which value does the Redis server return?")}
    assert weights == {"valu": 0.5, "redi": 2.0, "server": 1.0, "return": 0.5}


@pytest.mark.parametrize(
    ("question", "cosine", "strength"),
    [
        ("When do cats sleep?", 0.3, 0.8),  # all words, half of a good cosine
        ("When do cats sleep?", 0.9, 1.0),
        ("When do dogs bark?", 0.9, 0.0),  # nothing that was found has any of these words
        ("When do cats bark?", 0.6, 0.45),
        ("고양이는 언제 자나요?", 0.6, 1.0),  # no word can be compared: meaning alone
        ("고양이는 언제 자나요?", 0.15, 0.25),
    ],
)
def test_strength_is_words_and_meaning_together(question: str, cosine: float, strength: float) -> None:
    shelf = Shelf([passage("a", "Cats sleep by day.")])
    evidence = Assistant(shelf, embedder=Alike(cosine), settings=Settings()).context(question).evidence
    assert evidence.strength == pytest.approx(strength, abs=1e-3)


def test_without_an_embedder_words_decide() -> None:
    evidence = Assistant(Shelf([passage("a", "Cats sleep by day.")])).context("When do cats sleep?").evidence
    assert (evidence.strength, evidence.coverage, evidence.similarity) == (1.0, 1.0, None)


def test_no_sources_are_no_evidence() -> None:
    evidence = Assistant(Shelf([])).context("When do cats sleep?").evidence
    assert (evidence.strength, evidence.enough) == (0.0, False)


class Counting(Alike):
    """Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__(0.6)
        self.seen: list[tuple[str, str]] = []

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        self.seen += [(input_type, text) for text in texts]
        return super().embed(texts, input_type=input_type)


def test_a_text_is_embedded_once_for_an_answer() -> None:
    embedder = Counting()
    passages = [passage("a", "Cats sleep by day. They wake at night."), passage("b", "Dogs bark at cats by day.")]
    writer = Writer("Cats sleep by day [1]. They wake at night [1]. Dogs bark at cats by day [2].")
    answer = Assistant(Shelf(passages), writer, embedder=embedder).ask("When do cats sleep by day?")
    assert len(answer.sentences) == 3
    assert len(embedder.seen) == len(set(embedder.seen))


def test_words_that_nothing_has_which_was_found_count_twice() -> None:
    passages = [passage("a", "Cats sleep by day."), passage("b", "Dogs bark at night.")]

    def evidence(question: str) -> tuple[float, float]:
        found = Assistant(Shelf(passages)).context(question).evidence
        return found.strength, found.absence

    assert evidence("When do cats sleep?") == (1.0, 0.0)
    assert evidence("When do cats bark?") == (0.5, 0.0), "another text has the word"
    assert evidence("When do cats meow?") == (0.25, 0.5)
    assert evidence("When do penguins meow?") == (0.0, 1.0)


def test_what_is_absent_is_looked_for_in_all_that_was_found_and_not_in_the_best_alone() -> None:
    passages = [passage("a", "Cats sleep by day."), passage("b", "Dogs bark at night.")]
    made = Assistant(Shelf(passages), settings=Settings(sources=1))
    assert made.context("When do cats bark?").evidence.absence == 0.0


def test_a_version_is_not_there_because_its_parts_are() -> None:
    assert coverage(terms("What changed in 3.13?"), "3 of 13 changed") == pytest.approx(1 / 3)
    assert coverage(terms("What changed in 3.13?"), "3.13 changed") == 1.0
