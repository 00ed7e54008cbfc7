"""The tree of a parsed metadata filter. Nodes are immutable and hashable; equal trees match the same records."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = "str | float | bool"
"""A value in a filter. Numbers are float64, as they are in Pinecone; True is not the number 1."""
Kind: TypeAlias = Literal["string", "number", "bool"]
Operator: TypeAlias = Literal["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]


def kind_of(value: Scalar) -> Kind:
    """The type that a value is compared as: values of different kinds are never equal."""
    if isinstance(value, str):
        return "string"
    return "bool" if isinstance(value, bool) else "number"


@dataclass(frozen=True, slots=True)
class Compare:
    """One field against one value. The order operators take numbers only.

    A list in the record matches when any of its elements does; ``$ne`` matches when the record holds the
    field and no element equals the value.
    """

    field: str
    op: Operator
    value: Scalar
    kind: Kind = dataclasses.field(init=False, repr=False)
    """Derived from ``value``. It keeps ``True`` and ``1.0``, which are equal in Python, apart in == and hash."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind_of(self.value))


@dataclass(frozen=True, slots=True)
class In:
    """``$in``: any element is one of ``values``. Negated, ``$nin``: the field is there and no element is."""

    field: str
    values: tuple[Scalar, ...]
    negated: bool = False
    kinds: tuple[Kind, ...] = dataclasses.field(init=False, repr=False)
    """Derived from ``values``, element by element."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(map(kind_of, self.values)))

    def of_kind(self, kind: Kind) -> list[Scalar]:
        """The values of one kind, in the order given."""
        return [value for value, its_kind in zip(self.values, self.kinds, strict=True) if its_kind == kind]


@dataclass(frozen=True, slots=True)
class Exists:
    """The record holds the field, with any value (``wanted``), or does not hold it (not ``wanted``)."""

    field: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """The words of ``text`` in a full-text field: all of them, any of them, or next to each other in this order."""

    field: str
    how: Literal["phrase", "all", "any"]
    text: str


@dataclass(frozen=True, slots=True)
class And:
    """Every child matches. ``And(())`` matches every record, with or without metadata."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some child matches. ``Or(())`` matches nothing."""

    children: tuple[Node, ...]


Node: TypeAlias = And | Or | Compare | In | Exists | Match


def has_words(node: Node) -> bool:
    """Whether some condition looks at the words of a full-text field."""
    if isinstance(node, And | Or):
        return any(map(has_words, node.children))
    return isinstance(node, Match)
