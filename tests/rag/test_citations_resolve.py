"""Whatever a model writes, every citation of an answer is the text that stands at its offsets."""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.rag import Answer, Assistant, Settings
from pinyon.rag.citing import split_off
from pinyon.rag.sentences import spans
from rag.writers import Shelf, Shelves, Writer, pieces_of

WORDS = [
    "otter",
    "river",
    "fish",
    "swims",
    "sleeps",
    "7",
    "수달",
    "강에서",
    "헤엄친다",
    "not",
    "[1]",
    "[3]",
    "[99]",
    "»",
]
sentences_of_words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(lambda words: " ".join(words) + ". ")
documents = st.lists(sentences_of_words, min_size=1, max_size=8).map("".join)
marks = st.sampled_from(
    ["", " [1]", "[2]", " [1][2]", " [1, 9]", " [0]", "【1】", " [source 2]", ' "river otter fish"']
)
written = st.lists(st.tuples(sentences_of_words, marks), max_size=6).map(
    lambda pairs: "".join(text[:-2] + mark + ". " for text, mark in pairs)
)


def check(answer: Answer, document: str) -> None:
    numbers = {source.number for source in answer.context.sources}
    for citation in answer.citations:
        assert document[citation.start : citation.end] == citation.quote != ""
        assert citation.number in numbers
    shown = [int(number) for one in answer.sentences for number in re.findall(r"\[(\d+)\]$", one.marked)]
    assert set(shown) <= numbers
    assert all(one.citations or not one.supported for one in answer.sentences if not answer.refused)


@given(document=documents, cut=st.integers(1, 200), text=written, brief=st.booleans(), pieces=st.integers(1, 30))
def test_every_citation_is_the_text_at_its_offsets(
    document: str, cut: int, text: str, brief: bool, pieces: int
) -> None:
    chunks = pieces_of(document, *([cut] if cut < len(document.rstrip()) else []))
    chunks = [one for one in chunks if one.text]
    settings = Settings(brief=brief, threshold=0.0)
    for shelf in (Shelf(chunks), Shelves(chunks)):
        answer = Assistant(shelf, Writer(text, pieces=pieces), settings=settings).ask("Where does the otter swim?")
        check(answer, document)


@given(text=written, pieces=st.integers(1, 30))
def test_how_a_text_arrives_does_not_change_the_answer(text: str, pieces: int) -> None:
    chunks = pieces_of("The otter swims in the river. The fish sleeps. 수달이 강에서 헤엄친다.")
    settings = Settings(threshold=0.0)
    whole = Assistant(Shelf(chunks), Writer(text, pieces=10_000), settings=settings).ask("What does the otter do?")
    cut = Assistant(Shelf(chunks), Writer(text, pieces=pieces), settings=settings).ask("What does the otter do?")
    assert (cut.text, cut.outcome, cut.citations) == (whole.text, whole.outcome, whole.citations)


@given(st.text(alphabet=string.printable + "가나다.。\n|-", max_size=200))
def test_the_spans_of_a_text_are_in_order_and_hold_all_that_is_written(text: str) -> None:
    found = spans(text)
    assert all(start < end for start, end in found)
    assert all(end <= following for (_, end), (following, _) in itertools.pairwise(found))
    held = "".join(text[start:end] for start, end in found)
    assert [one for one in text if one.isalnum()] == [one for one in held if one.isalnum()]
    assert all(text[start:end] == text[start:end].strip() for start, end in found)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("A line that was wrapped by somebody\nby hand goes on here. Next.", 2),
        ("남은 연차는 그대로 두면 되고 나중에 아무\n때나 쓸 수 있습니다. 다음 문장입니다.", 2),
        ("Short title\nThe text begins here.", ["Short title", "The text begins here."]),
        ("- first item\n- second item", ["- first item", "- second item"]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("It costs 3.5 euros, e.g. for tea. Dr. Kim agrees.", 2),
    ],
)
def test_a_text_has_these_sentences(text: str, sentences: list[str] | int) -> None:
    found = [text[start:end] for start, end in spans(text)]
    assert (len(found) if isinstance(sentences, int) else found) == sentences


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Cats sleep. [1] Dogs", "Cats sleep. [1]"),
        ("Cats sleep [1]. Dogs", "Cats sleep [1]."),
        ("Cats sleep.[1][2] Dogs", "Cats sleep.[1][2]"),
        ("Cats sleep. [", ""),
        ("Cats sleep. ", ""),
        ("Cats sleep", ""),
        ("- cats\n- dogs", "- cats"),
        ("고양이는 잡니다. 개는", "고양이는 잡니다."),
    ],
)
def test_a_sentence_is_taken_with_the_citations_behind_it_once_it_is_complete(text: str, first: str) -> None:
    found, rest = split_off(text, final=False)
    assert found == first
    assert found + rest == text


@given(
    pages=st.lists(sentences_of_words, min_size=2, max_size=6),
    cuts=st.lists(st.integers(1, 300), max_size=4),
    wanted=st.integers(0, 5),
)
def test_a_citation_names_the_page_on_which_its_text_stands(pages: list[str], cuts: list[int], wanted: int) -> None:
    """However chunks and pages overlap, and whichever chunk of a source the text is from."""
    pages = [f"Page{number} tells: {page.strip()}" for number, page in enumerate(pages, 1)]
    begins = [0, *itertools.accumulate(len(page) + 2 for page in pages)][:-1]
    document = "\n\n".join(pages)
    chunks = []
    for one in pieces_of(document, *sorted({cut for cut in cuts if cut < len(document)})):
        start, end = one.metadata["start"], one.metadata["end"]
        turns = [str(begin) for begin in begins if start < begin < end]
        page = sum(begin <= start for begin in begins)
        if one.text:
            chunks.append(
                replace(one, metadata=one.metadata | {"page": page} | ({"page_starts": turns} if turns else {}))
            )
    sentence = pages[wanted % len(pages)]
    answer = Assistant(Shelves(chunks), Writer(sentence), settings=Settings(threshold=0.0)).ask(sentence)
    check(answer, document)
    for citation in answer.citations:
        assert citation.page == sum(begin <= citation.start for begin in begins)
    for source in answer.context.sources:
        held = {sum(begin <= at for begin in begins) for one in source.segments for at in range(one.start, one.end)}
        assert set(source.pages) == held
