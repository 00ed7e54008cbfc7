"""Conditions on the words of full-text fields: what is accepted, what they mean, and how they join others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import FilterError
from pinyon.filters import (
    And,
    Columns,
    Compare,
    Match,
    Node,
    Or,
    Searched,
    encode_metadata,
    has_words,
    matches,
    parse,
)
from pinyon.limits import DEFAULT

SEARCHED = Searched(frozenset({"t"}), frozenset({"t", "v"}))


def tokens(field: str, text: str) -> list[tuple[int, tuple[str, ...]]]:
    """Words between spaces; "/" joins the terms of one word; "the" is left out."""
    words = enumerate(text.lower().split())
    return [(position, tuple(word.split("/"))) for position, word in words if word != "the"]


# -- parsing ----------------------------------------------------------------------------------------------------------


def test_each_operator_becomes_a_condition() -> None:
    assert parse({"t": {"$match_phrase": "a b"}}, DEFAULT, SEARCHED) == Match("t", "phrase", "a b")
    assert parse({"t": {"$match_all": "a b"}, "x": 1}, DEFAULT, SEARCHED) == And(
        (Match("t", "all", "a b"), Compare("x", "$eq", 1.0))
    )
    assert parse({"t": {"$match_any": "a", "$match_all": "b"}}, DEFAULT, SEARCHED) == And(
        (Match("t", "any", "a"), Match("t", "all", "b"))
    )


@pytest.mark.parametrize(
    ("filter", "message"),
    [
        ({"x": {"$match_any": "a"}}, "needs a full-text field, and 'x' is none"),
        ({"v": {"$match_any": "a"}}, "needs a full-text field, and 'v' is none"),
        ({"t": {"$match_any": 5}}, "takes one string of words"),
        ({"t": {"$match_any": "\ud800"}}, "surrogate"),
        ({"t": {"$match": "a"}}, "Unknown operator '\\$match'"),
        ({"$match_all": "a"}, "write {'field': {'\\$match_all': 'words'}}"),
        ({"t": "a"}, "cannot compare it with '\\$eq'. Use \\$match_phrase"),
        ({"t": {"$gt": 1}}, "cannot compare it with '\\$gt'"),
        ({"v": {"$in": [1]}}, "cannot compare it with '\\$in'. Leave it out"),
        ({"v": 1}, "Field 'v' is declared for search"),
    ],
)
def test_what_does_not_fit_a_field_is_refused(filter: dict[str, Any], message: str) -> None:
    with pytest.raises(FilterError, match=message):
        parse(filter, DEFAULT, SEARCHED)


def test_without_full_text_fields_there_are_no_words_to_match() -> None:
    with pytest.raises(FilterError, match="Full-text fields here: none"):
        parse({"t": {"$match_any": "a"}}, DEFAULT)


def test_where_words_select_nothing_they_are_refused() -> None:
    with pytest.raises(FilterError, match="only search and fetch do"):
        parse({"$or": [{"x": 1}, {"t": {"$match_any": "a"}}]}, DEFAULT, SEARCHED, words=False)


def test_conditions_on_words_count_like_others() -> None:
    with pytest.raises(FilterError, match="10,000 conditions"):
        parse({"$or": [{"t": {"$match_any": "a"}}] * 10_001}, DEFAULT, SEARCHED)
    with pytest.raises(FilterError, match="10,000 conditions"):
        parse({"t": {"$match_any": "word " * 10_000}}, DEFAULT, SEARCHED)


def test_a_tree_knows_whether_it_holds_such_a_condition() -> None:
    match = Match("t", "any", "a")
    assert has_words(And((Compare("x", "$eq", 1.0), Or((match,)))))
    assert not has_words(And((Compare("x", "$eq", 1.0),)))


# -- meaning ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "wanted", "held", "expected"),
    [
        ("phrase", "black hole", "the Black Hole eats", True),
        ("phrase", "black hole", "hole black", False),
        ("phrase", "black hole", "black the hole", False),
        ("phrase", "black the hole", "black the hole", True),
        ("phrase", "the hole", "a hole", True),
        ("all", "hole black", "black and hole", True),
        ("all", "hole black", "black", False),
        ("any", "hole black", "black", True),
        ("any", "hole", "holes", False),
        ("phrase", "", "black", False),
        ("all", "the", "black", False),
        ("any", "the", "the", False),
        ("any", "x/y", "x/y/z", True),
        ("any", "x/y", "x y", False),
        ("all", "x/y", "x y", False),
    ],
)
def test_what_words_match(how: Any, wanted: str, held: str, expected: bool) -> None:
    assert matches(Match("t", how, wanted), {"t": held}, tokens) is expected


def test_what_is_no_text_holds_no_words() -> None:
    node = Match("t", "any", "a")
    for metadata in (None, {}, {"t": 5}, {"t": ["a"]}):
        assert not matches(node, metadata, tokens)


# -- columns ----------------------------------------------------------------------------------------------------------

_leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Match, st.just("t"), st.sampled_from(["phrase", "all", "any"]), st.sampled_from(["a", "a b", "b a", ""])),
    st.builds(Compare, st.just("x"), st.sampled_from(["$eq", "$ne", "$gt"]), st.integers(0, 2)),
)


def _joins(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several))


_trees = st.recursive(_leaves, _joins, max_leaves=6)
_metadata = st.fixed_dictionaries({}, optional={"t": st.sampled_from(["a", "b a", "a b"]), "x": st.integers(0, 2)})


@given(node=_trees, rows=st.lists(_metadata, max_size=8))
def test_columns_join_conditions_on_words_with_others(node: Node, rows: list[dict[str, Any]]) -> None:
    columns = Columns.empty(bytes(16)).append([encode_metadata(row, DEFAULT, record_id="r") for row in rows])

    def words(match: Match) -> np.ndarray:
        return np.array([matches(match, row, tokens) for row in rows], np.bool_)

    assert columns.mask(node, words).tolist() == [matches(node, row, tokens) for row in rows]
