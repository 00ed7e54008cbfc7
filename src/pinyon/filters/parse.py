"""The Pinecone filter language -> the tree. Everything doubtful is refused, with the way out in the message."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, cast

import numpy as np

from pinyon.errors import FilterError
from pinyon.filters.show import shown
from pinyon.filters.tree import And, Compare, Exists, In, Match, Node, Operator, Or, Scalar
from pinyon.limits import Limits

_EQUALITY = ("$eq", "$ne")
_ORDER = ("$gt", "$gte", "$lt", "$lte")
_MEMBERSHIP = ("$in", "$nin")
_FIELD_OPERATORS = (*_EQUALITY, *_ORDER, *_MEMBERSHIP, "$exists")
_WORDS: dict[str, Literal["phrase", "all", "any"]] = {
    "$match_phrase": "phrase",
    "$match_all": "all",
    "$match_any": "any",
}
_WORD_LENGTH = 4
"""Characters of a text to match that count as one condition, since each word is looked up."""
_LOGIC = ("$and", "$or")
_OPERATORS = (*_FIELD_OPERATORS, *_LOGIC)
_ADVICE = {
    "$not": "Turn the condition round: $ne for $eq, $nin for $in, $lt for $gte, $exists False for a missing field.",
    "$nor": "Use $and of the opposite conditions: $ne for $eq, $nin for $in, $lt for $gte.",
    "$all": "Use $and of one $eq per value: {'$and': [{'tags': 'a'}, {'tags': 'b'}]}.",
    "$contains": "A list field matches when any element does: {'tags': 'a'} or {'tags': {'$in': ['a', 'b']}}.",
    "$regex": "Text patterns are not part of the filter language; store what you filter by as its own field.",
    "$like": "Text patterns are not part of the filter language; store what you filter by as its own field.",
    "$between": "Use two bounds: {'$gte': low, '$lte': high}.",
}


@dataclass(frozen=True, slots=True)
class Searched:
    """What a schema says of its fields. text: full-text fields, whose words a filter may match. fields: all that a
    search can score by; they take no comparison."""

    text: frozenset[str]
    fields: frozenset[str]


_NOTHING_SEARCHED = Searched(frozenset(), frozenset())


def parse(
    filter: Mapping[str, Any], limits: Limits, searched: Searched = _NOTHING_SEARCHED, *, words: bool = True
) -> Node:
    """Check a filter object and give its tree.

    The language: ``{"field": value}`` (means ``$eq``), ``{"field": {"$op": value, ...}}`` with ``$eq $ne`` (string,
    number, bool), ``$gt $gte $lt $lte`` (numbers), ``$in $nin`` (lists of strings, numbers and bools), ``$exists``
    (bool), and ``$and`` / ``$or`` over non-empty lists of such objects. Several keys of one object, and several
    operators of one field, must all hold. ``{}`` matches every record; a caller that must refuse it does so.
    The full-text fields of ``searched`` take ``$match_phrase $match_all $match_any`` (a string of words) instead,
    unless ``words`` is False.

    Numbers compare as float64: an integer that float64 cannot hold exactly is rounded, in filters and in records.

    Raises: FilterError, which names the operator, the field and the value, the limit and the way out.
    """
    if not isinstance(filter, Mapping):
        raise FilterError(f"A filter must be an object such as {{'year': {{'$gte': 2020}}}}, got {shown(filter)}.")
    return _Parser(limits, searched, words).object(filter, depth=1)


class _Parser:
    """One parse: counts what it has seen, so that a hostile filter is refused before it costs anything."""

    def __init__(self, limits: Limits, searched: Searched, words: bool) -> None:
        self._limits = limits
        self._searched = searched
        self._words = words
        self._nodes = 0

    def object(self, filter: Mapping[Any, Any], depth: int) -> Node:
        if depth > self._limits.filter_depth:
            raise FilterError(
                f"The filter nests $and/$or deeper than the limit of {self._limits.filter_depth} levels. Flatten it: "
                "several keys of one object already mean AND, and $in replaces an $or over one field."
            )
        conditions: list[Node] = []
        for key, value in filter.items():
            if not isinstance(key, str):
                raise FilterError(f"A filter key must be a field name or an operator, got {shown(key)}: use a string.")
            if key in _LOGIC:
                conditions.append(self._logic(key, value, depth))
            elif key.startswith("$"):
                _refuse_operator(key, field=None)
            else:
                conditions.extend(self._field(_text(key, "field name"), value))
        return conditions[0] if len(conditions) == 1 else And(tuple(conditions))

    def _logic(self, op: str, value: Any, depth: int) -> Node:
        self._count()
        if not isinstance(value, list | tuple) or not value:
            raise FilterError(
                f"{op} takes a non-empty list of filter objects, got {shown(value)}. "
                f"Write {{'{op}': [{{'a': 1}}, {{'b': 2}}]}}, or leave {op} out."
            )
        for child in value:
            if not isinstance(child, Mapping):
                raise FilterError(f"{op} takes a list of filter objects, but it holds {shown(child)}.")
            if not child:
                raise FilterError(
                    f"{op} holds an empty object, which would match every record. Remove it from the list."
                )
        children = tuple(self.object(child, depth + 1) for child in value)
        if len(children) == 1:
            return children[0]
        return And(children) if op == "$and" else Or(children)

    def _field(self, field: str, value: Any) -> list[Node]:
        if not isinstance(value, Mapping):
            self._count()
            if field in self._searched.fields:
                self._refuse_comparison(field, "$eq")
            if isinstance(value, list | tuple | set | frozenset | np.ndarray):
                raise FilterError(
                    f"Field '{field}' is compared with the list {shown(value)}. Use "
                    f"{{'{field}': {{'$in': [...]}}}} to match any of its values."
                )
            return [Compare(field, "$eq", _scalar(value, field, "$eq"))]
        if not value:
            raise FilterError(
                f"Field '{field}' has an empty condition {{}}. Give it an operator such as "
                f"{{'{field}': {{'$eq': ...}}}}, or {{'{field}': {{'$exists': True}}}}."
            )
        return [self._condition(field, op, operand) for op, operand in value.items()]

    def _condition(self, field: str, op: Any, operand: Any) -> Node:
        self._count()
        if isinstance(op, str) and op in _WORDS:
            return Match(field, _WORDS[op], self._text_of(field, op, operand))
        if field in self._searched.fields and op in _FIELD_OPERATORS:
            self._refuse_comparison(field, op)
        if op in _EQUALITY:
            return Compare(field, cast(Operator, op), _scalar(operand, field, op))
        if op in _ORDER:
            return Compare(field, cast(Operator, op), _number(operand, field, op))
        if op in _MEMBERSHIP:
            return In(field, self._members(operand, field, op), negated=op == "$nin")
        if op == "$exists":
            if not isinstance(operand, bool | np.bool_):
                raise FilterError(f"$exists on field '{field}' takes True or False, got {shown(operand)}.")
            return Exists(field, bool(operand))
        _refuse_operator(op, field)

    def _text_of(self, field: str, op: str, operand: Any) -> str:
        if not self._words:
            raise FilterError(
                f"{op} on field '{field}' selects documents by their words, which only search and fetch do. "
                "Delete and update take conditions on metadata, or ids."
            )
        if field not in self._searched.text:
            there = ", ".join(sorted(self._searched.text)) or "none"
            raise FilterError(f"{op} needs a full-text field, and '{field}' is none. Full-text fields here: {there}.")
        if not isinstance(operand, str):
            raise FilterError(f"{op} on field '{field}' takes one string of words, got {shown(operand)}.")
        self._count(len(operand) // _WORD_LENGTH)
        return _text(operand, f"value for field '{field}'")

    def _refuse_comparison(self, field: str, op: str) -> NoReturn:
        way_out = "Use $match_phrase, $match_all or $match_any." if field in self._searched.text else "Leave it out."
        raise FilterError(
            f"Field '{field}' is declared for search, so a filter cannot compare it with {shown(op)}. {way_out}"
        )

    def _members(self, operand: Any, field: str, op: str) -> tuple[Scalar, ...]:
        if not isinstance(operand, list | tuple):
            raise FilterError(
                f"{op} on field '{field}' takes a list of strings, numbers or booleans, got {shown(operand)}. "
                "Convert it to a list."
            )
        if len(operand) > self._limits.filter_values:
            raise FilterError(
                f"{op} on field '{field}' holds {len(operand):,} values; the limit is {self._limits.filter_values:,}. "
                "Split the values over several requests, or store what they have in common as a field of its own."
            )
        return tuple(_scalar(value, field, op) for value in operand)

    def _count(self, conditions: int = 1) -> None:
        self._nodes += conditions
        if self._nodes > self._limits.filter_nodes:
            raise FilterError(
                f"The filter holds more than {self._limits.filter_nodes:,} conditions, the limit. "
                "Use $in in place of many $eq on one field."
            )


def _scalar(value: Any, field: str, op: str) -> Scalar:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str):
        return _text(value, f"value for field '{field}'")
    if isinstance(value, int | float | np.integer | np.floating):
        return _number(value, field, op)
    if value is None:
        raise FilterError(
            f"{op} on field '{field}' is given null, which records never hold. Use "
            f"{{'{field}': {{'$exists': False}}}} for records without the field."
        )
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        hint = "nested lists are not supported" if op in _MEMBERSHIP else f"use {'$nin' if op == '$ne' else '$in'}"
        raise FilterError(f"{op} on field '{field}' takes one value, got the list {shown(value)}: {hint}.")
    raise FilterError(
        f"{op} on field '{field}' takes a string, number or boolean, got {shown(value)}. "
        "Store and compare dates as numbers, and nested data as separate fields."
    )


def _number(value: Any, field: str, op: str) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise FilterError(
            f"{op} on field '{field}' takes a number, got {shown(value)}. Only numbers have an order in filters; "
            "store dates as numbers, such as 20240131 or seconds since 1970."
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FilterError(
            f"{op} on field '{field}' is given {shown(value)}; numbers must be finite and fit float64 "
            "(up to about 1.8e308). Leave the bound out to have none."
        )
    return number


def _text(value: str, what: str) -> str:
    plain = str.__str__(value)
    if not plain.isascii():
        try:
            plain.encode()
        except UnicodeEncodeError:
            raise FilterError(
                f"The {what} {shown(plain)} holds half a surrogate pair, which is not Unicode text. "
                "Decode the text as UTF-8 with errors='replace'."
            ) from None
    return plain


def _refuse_operator(op: Any, field: str | None) -> NoReturn:
    where = "at the top of a filter object" if field is None else f"on field '{field}'"
    if not isinstance(op, str):
        raise FilterError(f"An operator {where} must be a string, got {shown(op)}. Known: {' '.join(_OPERATORS)}.")
    if field is None and op in _FIELD_OPERATORS:
        raise FilterError(f"{op} needs a field: write {{'field': {{'{op}': ...}}}}.")
    if field is not None and op in _LOGIC:
        raise FilterError(
            f"{op} stands {where}, but it joins whole conditions: write {{'{op}': [{{'{field}': ...}}, ...]}}."
        )
    if op in _WORDS:
        raise FilterError(f"{op} needs a full-text field: write {{'field': {{'{op}': 'words'}}}}.")
    if op in _ADVICE:
        raise FilterError(f"Operator {op} {where} is not supported. {_ADVICE[op]}")
    known = _LOGIC if field is None else _FIELD_OPERATORS
    near = difflib.get_close_matches(f"${op.lstrip('$').lower()}"[:40], known, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}? " if near else ""
    if field is not None and not op.startswith("$"):
        hint = hint or "Nested objects are not metadata values: filter by a flat field. "
    raise FilterError(f"Unknown operator {shown(op)} {where}. {hint}Known: {' '.join(_OPERATORS)}.")
