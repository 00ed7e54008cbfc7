"""Characters that nobody sees are taken out and counted; those that mean something stay."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.rag.documents import parse
from pinyon.rag.invisible import visible

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore")


@pytest.mark.parametrize(
    ("text", "left", "counted"),
    [
        ("pass\u200bword\ufeff", "password", {"zero-width": 2}),
        ("hy\u00adphen\u00adation", "hyphenation", {"soft-hyphen": 2}),
        ("a\u202etxt.exe\u202c b", "atxt.exe b", {"bidi-control": 2}),
        (f"hello{TAGS}", "hello", {"tag": 6}),
        ("휴\u3164가", "휴가", {"filler": 1}),
        ("a\ufe00\ufe01\U000e0100", "a", {"variation-selector": 3}),
        ("a\x00b\x08c", "abc", {"control": 2}),
        ("a\ud800b", "a\ufffdb", {"surrogate": 1}),
        ("page\x0cnext\u2028line", "page\nnext\nline", {}),
        ("tab\tstays", "tab\tstays", {}),
    ],
)
def test_invisible_characters_go(text: str, left: str, counted: dict[str, int]) -> None:
    counts: Counter[str] = Counter()
    assert visible(text, counts) == left
    assert counts == counted


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧",  # a family is one emoji
        "❤\ufe0f",
        "क्\u200dष",  # Hindi
        "می\u200cخواهم",  # Persian
        "葛\U000e0100城",  # a variant of an ideograph in a name
    ],
)
def test_what_gives_a_character_its_form_stays(text: str) -> None:
    counts: Counter[str] = Counter()
    assert visible(text, counts) == text
    assert not counts


def test_decomposed_korean_is_composed() -> None:
    assert visible("휴가", Counter()) == "휴가"


def test_the_report_of_a_document_tells_how_many_of_which() -> None:
    found = parse(f"a\u200bb{TAGS}".encode(), "a.txt", suffix=".txt")
    assert found.text == "ab"
    assert found.warnings == ("invisible characters left out: 6 tag, 1 zero-width",)


@given(st.text(max_size=200))
def test_a_second_pass_finds_nothing_and_what_remains_can_be_stored(text: str) -> None:
    once = visible(text, Counter())
    again: Counter[str] = Counter()
    assert visible(once, again) == once
    assert not again
    once.encode("utf-8")
