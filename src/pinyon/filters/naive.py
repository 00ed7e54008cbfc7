"""The obvious evaluator: one tree, one metadata object. It is the oracle that the fast columns are tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from pinyon.filters.tree import And, Compare, Exists, In, Kind, Match, Node, Or, Scalar

Tokens: TypeAlias = Sequence[tuple[int, Sequence[str]]]
"""(position, terms) of each word of a text."""


def no_words(field: str, text: str) -> Tokens:
    """For filters without conditions on words."""
    raise AssertionError(f"nothing tells the words of field {field!r} apart")


def matches(node: Node, metadata: Mapping[str, Any] | None, tokens: Callable[[str, str], Tokens] = no_words) -> bool:
    """Whether a record with this metadata (None: it has none) passes the filter.

    tokens: (field, text) -> the words of a text as the field's index has them.
    """
    record: Mapping[str, Any] = {} if metadata is None else metadata
    if isinstance(node, And):
        return all(matches(child, record, tokens) for child in node.children)
    if isinstance(node, Or):
        return any(matches(child, record, tokens) for child in node.children)
    if isinstance(node, Exists):
        return (node.field in record) == node.wanted
    if isinstance(node, Match):
        held = record.get(node.field)
        return isinstance(held, str) and _match(node, tokens(node.field, held), tokens(node.field, node.text))
    if node.field not in record:
        return False
    held = record[node.field]
    elements = held if isinstance(held, list) else [held]
    if isinstance(node, In):
        found = any(_equal(element, value) for element in elements for value in node.values)
        return found != node.negated
    return _compare(node, elements)


def _match(node: Match, held: Tokens, wanted: Tokens) -> bool:
    if not wanted:
        return False
    words = dict(held)
    if node.how == "any":
        return any(set(terms) <= set(there) for _, terms in wanted for there in words.values())
    if node.how == "all":
        return all(any(set(terms) <= set(there) for there in words.values()) for _, terms in wanted)
    first = wanted[0][0]
    return any(
        all(set(terms) <= set(words.get(start + position - first, ())) for position, terms in wanted) for start in words
    )


def _compare(node: Compare, elements: list[Any]) -> bool:
    if node.op == "$eq":
        return any(_equal(element, node.value) for element in elements)
    if node.op == "$ne":
        return not any(_equal(element, node.value) for element in elements)
    numbers = [float(element) for element in elements if _kind(element) == "number"]
    if node.kind != "number":
        return False
    bound = float(node.value)
    if node.op == "$gt":
        return any(number > bound for number in numbers)
    if node.op == "$gte":
        return any(number >= bound for number in numbers)
    if node.op == "$lt":
        return any(number < bound for number in numbers)
    return any(number <= bound for number in numbers)


def _equal(element: Any, value: Scalar) -> bool:
    if _kind(element) != _kind(value):
        return False
    if _kind(value) == "number":
        return float(element) == float(value)
    return bool(element == value)


def _kind(element: Any) -> Kind | None:
    """None for what is no scalar: it equals nothing."""
    if isinstance(element, bool):
        return "bool"
    if isinstance(element, int | float):
        return "number"
    return "string" if isinstance(element, str) else None
