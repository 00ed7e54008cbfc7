"""Chunks are whole, small enough, and begin and end where a reader would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.rag.chunking import Chunk, Style, check_sizes, split
from pinyon.rag.outline import definitions, headings

TEXT = st.text(alphabet=st.sampled_from("ab .!?\n다요가나。#`\t1-|=("), max_size=600)
PIECES = """# One|## 둘|Title|=====||- item|1. first|```|제1장 총칙|제3조(목적) 이 법은 목적을 정한다.|def f(x):
class A:|    return x|// note|A sentence. Another one.|휴가는 사무실에 신청합니다. 그래서 갔어요
    indented words of some length"""
LINES = st.lists(st.sampled_from([*re.split(r"[|\n]", PIECES), "| a | b |", "| 1 | 2 |", "x" * 70]), max_size=40).map(
    "\n".join
)
ANY = TEXT | LINES
STYLES: st.SearchStrategy[Style] = st.sampled_from(["prose", "markdown", "code"])


@given(ANY, STYLES, st.integers(50, 200), st.floats(0, 0.5))
def test_everything_but_white_space_and_headings_is_in_a_chunk_and_no_chunk_is_too_long(
    text: str, style: Style, size: int, share: float
) -> None:
    covered = bytearray(len(text))
    for heading in headings(text, style) if style != "code" else ():
        covered[heading.start : heading.end] = b"\1" * (heading.end - heading.start)
    for chunk in split(text, size=size, overlap=int(size * share), style=style):
        assert chunk.text.strip()
        assert len(chunk.text) <= size
        covered[chunk.start : chunk.end] = b"\1" * (chunk.end - chunk.start)
    assert all(seen or character.isspace() for character, seen in zip(text, covered, strict=True))


@given(ANY, STYLES, st.integers(50, 200), st.floats(0, 0.5))
def test_offsets_are_exact(text: str, style: Style, size: int, share: float) -> None:
    for chunk in split(text, size=size, overlap=int(size * share), style=style):
        body = text[chunk.start : chunk.end]
        assert body.strip()
        assert body == (body.rstrip() if style == "code" else body.strip())
        assert chunk.text.endswith(body) or chunk.text == chunk.heading or chunk.text.endswith("…")
        assert chunk.section[0] <= chunk.start < chunk.end <= chunk.section[1]


@given(ANY, STYLES)
def test_chunks_come_in_the_order_of_the_text_and_every_time_the_same(text: str, style: Style) -> None:
    chunks = split(text, size=60, overlap=20, style=style)
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)
    assert [chunk.end for chunk in chunks] == sorted(chunk.end for chunk in chunks)
    assert split(text, size=60, overlap=20, style=style) == chunks


@given(ANY, st.sampled_from([0, 20]))
def test_no_chunk_begins_or_ends_within_a_row_that_fits(text: str, overlap: int) -> None:
    rows = [match.span() for match in re.finditer(r"^\|.*$", text, re.MULTILINE) if len(match[0]) < 40]
    for chunk in split(text, size=80, overlap=overlap, style="markdown"):
        if chunk.heading:
            continue  # a long heading leaves less room
        for start, end in rows:
            assert not start < chunk.start < end
            assert not start < chunk.end < len(text[:end].rstrip())


@given(LINES, st.lists(st.integers(0, 300), max_size=5))
def test_a_chunk_is_on_the_page_where_it_begins(text: str, breaks: list[int]) -> None:
    pages = [0, *sorted({offset for offset in breaks if 0 < offset < len(text)})]
    for chunk in split(text, size=60, overlap=10, pages=pages):
        assert chunk.page is not None
        assert pages[chunk.page - 1] <= chunk.start
        assert chunk.page == len(pages) or chunk.start < pages[chunk.page]


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


def test_titles_stand_for_their_initials_and_dates_are_whole() -> None:
    text = (
        "Dr. J. R. Smith of the U.S. Army met Mr. Kim on 2024. 3. 1. in Seoul, see Fig. 3 there. They spoke for long."
    )
    assert split(text, size=95, overlap=0)[0].text.endswith("see Fig. 3 there.")


def test_a_list_item_stays_with_its_number() -> None:
    text = "1. 첫째 항목은 이것입니다.\n2. 둘째 항목은 저것입니다.\n가. 그 아래 항목입니다.\n나. 마지막 항목입니다."
    for size in range(50, 70):
        for chunk in split(text, size=size, overlap=0):
            assert re.match(r"[12가나]\. \S", chunk.text)


def test_a_table_is_cut_between_rows_and_every_piece_begins_with_the_header() -> None:
    rows = [f"| item {number} | {number * 7} |" for number in range(20)]
    text = "\n".join(["# Prices", "", "| name | price |", *rows, "", "That is all."])
    chunks = split(text, size=120, overlap=30, style="markdown")
    assert len(chunks) > 4
    assert all(chunk.text.startswith("Prices\n| name | price |\n| item") for chunk in chunks[1:-1])
    shown = [
        line for chunk in chunks for line in text[chunk.start : chunk.end].splitlines() if line.startswith("| item")
    ]
    assert set(shown) == set(rows)


def test_code_is_cut_between_definitions_and_knows_where_it_is() -> None:
    text = (
        "import os\n\n\n# Adds one.\n@cached\ndef first(x):\n    return x + 1\n\n\nclass Shop:\n    def buy(self):\n"
        + "        self.count += 1\n" * 6
        + "\n    def sell(self):\n"
        + "        self.count -= 1\n" * 6
        + "\n\nprint(first(1))\n"
    )
    chunks = split(text, size=250, overlap=40, style="code")
    assert [chunk.heading for chunk in chunks] == ["", "Shop", "Shop > sell"]
    assert chunks[0].text.endswith("# Adds one.\n@cached\ndef first(x):\n    return x + 1")
    assert chunks[1].text.startswith("class Shop:\n    def buy(self):")
    assert chunks[2].text.startswith("    def sell(self):")


def test_definitions_of_many_languages_are_found() -> None:
    lines = {
        "def f(x):": "f",
        "async def g():": "g",
        "export default class Shop {": "Shop",
        "pub(crate) fn add<T>(a: T) -> T {": "add",
        "func (s *Server) Start() error {": "Start",
        "static int parse(const char *s)": "parse",
        "public interface Mover {": "Mover",
        "CREATE TABLE orders (": "orders",
        "function* walk(tree) {": "walk",
    }
    assert [one.path[-1] for one in definitions("\n\n".join(lines))] == [*lines.values()]
    assert definitions("if (x) {\nreturn f(x);\nelse print(y)\n") == []


def test_underlined_titles_are_headings_of_plain_text() -> None:
    text = "=====\nGuide\n=====\n\nintro\n\nInstall\n-------\n\nRun it.\n\n설정\n----\n\n바꿉니다.\n"
    assert [(chunk.heading, text[chunk.start : chunk.end]) for chunk in split(text)] == [
        ("Guide", "intro"),
        ("Guide > Install", "Run it."),
        ("Guide > 설정", "바꿉니다."),
    ]


def test_articles_of_a_korean_statute_are_sections() -> None:
    text = (
        "제1장 총칙\n제1조(목적) 이 규정은 휴가를 정한다.\n제2조(정의) 휴가란 쉬는 것이다.\n제1조 및 제2조에 따른다.\n"
        "제2장 신청\n제3조(방법) 사무실에 낸다.\n"
    )
    assert [(chunk.heading, text[chunk.start : chunk.end]) for chunk in split(text)] == [
        ("제1장 총칙", "제1장 총칙"),
        ("제1장 총칙 > 제1조(목적)", "제1조(목적) 이 규정은 휴가를 정한다."),
        ("제1장 총칙 > 제2조(정의)", "제2조(정의) 휴가란 쉬는 것이다.\n제1조 및 제2조에 따른다."),
        ("제2장 신청", "제2장 신청"),
        ("제2장 신청 > 제3조(방법)", "제3조(방법) 사무실에 낸다."),
    ]


def test_a_chunk_knows_its_section() -> None:
    text = "# A\n\n" + "One sentence here. " * 10 + "\n\n# B\n\nshort\n"
    *first, last = split(text, size=60, overlap=0, style="markdown")
    begin = text.index("# B")
    assert {chunk.section for chunk in first} == {(0, len(text[:begin].rstrip()))}
    assert text[slice(*last.section)] == "# B\n\nshort"


@pytest.mark.parametrize(
    ("size", "overlap", "told"), [(49, 0, "50 to 6000"), (6001, 0, "50 to 6000"), (100, 51, "0 to 50")]
)
def test_sizes_out_of_range_are_refused_with_the_range(size: int, overlap: int, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        check_sizes(size, overlap)
