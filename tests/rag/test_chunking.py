"""Chunks are whole, small enough, and begin and end where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.rag.chunking import Chunk, check_sizes, split

TEXT = st.text(alphabet=st.sampled_from("ab .!?\n다요가나。#`\t1-"), max_size=600)
STYLES = st.sampled_from(["prose", "markdown", "code"])


@given(TEXT, STYLES, st.integers(50, 200), st.floats(0, 0.5))
def test_everything_but_white_space_is_in_a_chunk_and_no_chunk_is_too_long(
    text: str, style: str, size: int, share: float
) -> None:
    chunks = split(text, size=size, overlap=int(size * share), style=style)  # type: ignore[arg-type]
    covered = bytearray(len(text))
    for chunk in chunks:
        assert chunk.text.strip()
        assert len(chunk.text) <= size
        covered[chunk.start : chunk.end] = b"\1" * (chunk.end - chunk.start)
    headings = {line.strip() for line in text.splitlines() if line.lstrip().startswith("#")}
    for position, (character, seen) in enumerate(zip(text, covered, strict=True)):
        if not seen and not character.isspace():
            assert style == "markdown"
            assert _line_at(text, position).strip() in headings


def _line_at(text: str, position: int) -> str:
    start = 0
    for line in text.splitlines(keepends=True):
        if start <= position < start + len(line):
            return line
        start += len(line)
    raise AssertionError(position)


@given(TEXT, STYLES)
def test_chunks_come_in_the_order_of_the_text(text: str, style: str) -> None:
    chunks = split(text, size=60, overlap=20, style=style)  # type: ignore[arg-type]
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)


def test_a_chunk_ends_with_a_sentence() -> None:
    text = "The cat sat on the mat today. The dog lay on the rug too. The bird was in its cage."
    assert [chunk.text for chunk in split(text, size=60, overlap=0)] == [
        "The cat sat on the mat today. The dog lay on the rug too.",
        "The bird was in its cage.",
    ]


def test_an_abbreviation_ends_no_sentence() -> None:
    text = "Fruits, e.g. apples and pears and plums, are sold here. Come in and buy some now."
    assert split(text, size=60, overlap=0)[0].text == "Fruits, e.g. apples and pears and plums, are sold here."


def test_korean_sentences_end_without_a_space_after_the_full_stop() -> None:
    text = (
        "오늘은 날씨가 아주 좋습니다.그래서 공원에 갔습니다.공원에는 사람이 많았습니다."
        "모두 즐거워 보였습니다.저녁에는 집에 왔습니다."
    )
    chunks = split(text, size=50, overlap=0)
    assert all(chunk.text.endswith("습니다.") for chunk in chunks)
    assert len(chunks) == 2


def test_korean_endings_without_a_full_stop_end_a_sentence() -> None:
    text = (
        "오늘은 비가 아주 많이 와요 그래서 우산을 가져왔어요 내일은 해가 난다고 하네요 "
        "그러면 바다에 가려고 해요 같이 가요"
    )
    assert all(
        chunk.text.endswith(("와요", "어요", "네요", "해요", "가요")) for chunk in split(text, size=50, overlap=0)
    )


def test_neighbours_share_whole_sentences() -> None:
    text = "One is here now. Two is here now. Three is here. Four is here now. Five is here now."
    first, second, *_ = split(text, size=60, overlap=20)
    assert first.text.endswith("Two is here now.")
    assert second.text.startswith("Two is here now.")


def test_markdown_chunks_carry_the_headings_above_them() -> None:
    text = "intro\n\n# Guide\n\n## Install\n\nRun it.\n\n```\n# a comment, no heading\n```\n\n## Empty\n"
    assert [(chunk.heading, chunk.text) for chunk in split(text, style="markdown")] == [
        ("", "intro"),
        ("Guide > Install", "Guide > Install\nRun it.\n\n```\n# a comment, no heading\n```"),
        ("Guide > Empty", "Guide > Empty"),
    ]


def test_code_keeps_its_indentation_and_breaks_between_lines() -> None:
    text = "def f():\n    return 1\n\n" + "    x = 1\n" * 10
    chunks = split(text, size=50, overlap=0, style="code")
    assert chunks[0].text.startswith("def f():\n    return 1\n\n    x = 1\n")
    assert len(chunks) == 3
    assert all(line == "    x = 1" for chunk in chunks[1:] for line in chunk.text.splitlines())


def test_a_word_longer_than_a_chunk_is_cut() -> None:
    assert [len(chunk.text) for chunk in split("x" * 120, size=50, overlap=0)] == [50, 50, 20]


def test_a_short_text_is_one_chunk() -> None:
    assert split(" hello \n") == [Chunk("hello", "", 1, 6, None, (1, 6))]


@pytest.mark.parametrize(
    ("size", "overlap", "told"), [(49, 0, "50 to 6000"), (6001, 0, "50 to 6000"), (100, 51, "0 to 50")]
)
def test_sizes_out_of_range_are_refused_with_the_range(size: int, overlap: int, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        check_sizes(size, overlap)
