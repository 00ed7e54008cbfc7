"""Metadata filters written as expressions: ``(Field("genre") == "drama") & Field("year").gte(2020)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Condition(Mapping[str, Any]):
    """A filter. It is a read-only mapping, so it goes wherever a filter dictionary goes."""

    __slots__ = ("_filter",)

    def __init__(self, filter_dict: Mapping[str, Any]) -> None:
        self._filter = dict(filter_dict)

    def to_dict(self) -> dict[str, Any]:
        return dict(self._filter)

    def __and__(self, other: Condition) -> Condition:
        return Condition({"$and": [self.to_dict(), other.to_dict()]})

    def __or__(self, other: Condition) -> Condition:
        return Condition({"$or": [self.to_dict(), other.to_dict()]})

    def __getitem__(self, key: str) -> Any:
        return self._filter[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._filter)

    def __len__(self) -> int:
        return len(self._filter)

    def __repr__(self) -> str:
        return f"Condition({self._filter!r})"


class Field:
    """A metadata field in a filter expression."""

    __slots__ = ("name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = name

    def _is(self, operator: str, value: Any) -> Condition:
        return Condition({self.name: {operator: value}})

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return self._is("$eq", value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return self._is("$ne", value)

    def gt(self, value: float) -> Condition:
        return self._is("$gt", value)

    def gte(self, value: float) -> Condition:
        return self._is("$gte", value)

    def lt(self, value: float) -> Condition:
        return self._is("$lt", value)

    def lte(self, value: float) -> Condition:
        return self._is("$lte", value)

    __gt__ = gt
    __ge__ = gte
    __lt__ = lt
    __le__ = lte

    def is_in(self, values: Sequence[Any]) -> Condition:
        return self._is("$in", list(values))

    def not_in(self, values: Sequence[Any]) -> Condition:
        return self._is("$nin", list(values))

    def exists(self) -> Condition:
        return self._is("$exists", True)


FilterBuilder = Field
