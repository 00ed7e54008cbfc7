"""Members of a JSON object, read by name and type. What does not fit is refused with the name of the member.

A member that is null counts as absent, as it does in protobuf's JSON.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.filters.show import shown
from pinyon.types import Floats

_WORDS = {
    str: "a string",
    bool: "a boolean",
    dict: "an object",
    list: "an array",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def refuse(message: str) -> NoReturn:
    raise InvalidRequestError(f"Invalid request: {message}")


def check_depth(value: Any, body: bytes, limit: int) -> None:
    """Refuses arrays and objects that nest deeper than ``limit``. ``body`` is the JSON text of ``value``."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return
    level = [value]
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            refuse(f"the JSON nests deeper than {limit} levels, the limit. Flatten it.")
        level = [
            member
            for container in level
            for member in (container.values() if type(container) is dict else container)
            if type(member) is dict or type(member) is list
        ]


class Fields:
    """One JSON object. ``where``: its own path, put before the names in messages."""

    __slots__ = ("_members", "_where")

    def __init__(self, members: Mapping[str, Any], where: str = "") -> None:
        self._members = members
        self._where = where

    def only(self, known: Iterable[str]) -> None:
        """Refuses members that are not ``known``."""
        unknown = self._members.keys() - set(known)
        if unknown:
            names = ", ".join(sorted(map(shown, unknown))[:5])
            refuse(f"unknown field {names}. Known fields: {', '.join(sorted(known))}.")

    def path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def names(self) -> tuple[str, ...]:
        """The members that are there, in the order given."""
        return tuple(self._members)

    def absent(self, name: str) -> bool:
        return self._members.get(name) is None

    def text(self, name: str) -> str | None:
        value = self._members.get(name)
        if value is not None and type(value) is not str:
            self._wrong(name, value, "a string")
        return value

    def flag(self, name: str) -> bool:
        """False when it is absent."""
        value = self._members.get(name)
        if value is not None and type(value) is not bool:
            self._wrong(name, value, "true or false")
        return bool(value)

    def whole(self, name: str) -> int | None:
        """A whole number; 10.0 is one."""
        value = self._members.get(name)
        if type(value) is float and value.is_integer():
            return int(value)
        if value is not None and type(value) is not int:
            self._wrong(name, value, "a whole number")
        return value

    def number(self, name: str) -> float | None:
        value = self._members.get(name)
        if value is not None and type(value) is not float and type(value) is not int:
            self._wrong(name, value, "a number")
        return None if value is None else float(value)

    def object(self, name: str) -> dict[str, Any] | None:
        value = self._members.get(name)
        if value is not None and type(value) is not dict:
            self._wrong(name, value, "an object")
        return value

    def array(self, name: str) -> list[Any] | None:
        value = self._members.get(name)
        if value is not None and type(value) is not list:
            self._wrong(name, value, "an array")
        return value

    def texts(self, name: str) -> list[str] | None:
        value = self.array(name)
        if value is not None:
            check_types(value, (str,), self.path(name), "a string")
        return value

    def vector(self, name: str) -> Floats | None:
        """(d,) float32; None for an empty array, which clients send where they have no vector."""
        value = self.array(name)
        return packed([value], lambda _: self.path(name))[0] if value else None

    def sparse(self, name: str) -> dict[str, Any] | None:
        """``{"indices": [...], "values": [...]}`` of numbers."""
        value = self.object(name)
        if value is not None:
            check_sparse(value, self.path(name))
        return value

    def _wrong(self, name: str, value: Any, wanted: str) -> NoReturn:
        refuse(f"{self.path(name)} must be {wanted}, got {_described(value)}.")


def check_types(values: Sequence[Any], kinds: tuple[type, ...], where: str, wanted: str) -> None:
    """Refuses the first element that is of none of ``kinds``."""
    if set(map(type, values)).issubset(kinds):
        return
    at = next(at for at, value in enumerate(values) if type(value) not in kinds)
    refuse(f"{where}[{at}] must be {wanted}, got {_described(values[at])}.")


def check_sparse(value: Any, where: str) -> None:
    """Refuses what is no sparse vector by its types; lengths and ranges are the index's to judge."""
    if type(value) is not dict:
        refuse(f"{where} must be an object with indices and values, got {_described(value)}.")
    for name, kinds, wanted in (("indices", (int,), "a whole number"), ("values", (int, float), "a number")):
        numbers = value.get(name)
        if type(numbers) is not list:
            refuse(f"{where}.{name} must be an array of numbers, got {_described(numbers)}.")
        check_types(numbers, kinds, f"{where}.{name}", wanted)


def packed(rows: Sequence[Sequence[Any]], where: Callable[[int], str]) -> Floats:
    """(n, d) float32 of n lists of d numbers, d > 0. where: gives the path of a row for messages.

    ``struct`` makes 32-bit numbers of a list twice as fast as numpy does and takes no text for numbers. It takes
    booleans, but as exactly 0 or 1, so that only rows with such values need a second look.
    """
    pack = _packer(len(rows[0])).pack
    try:
        data = b"".join([pack(*row) for row in rows])
    except (struct.error, OverflowError):
        _refuse_number(rows, where)
    found = np.frombuffer(data, np.float32).reshape(len(rows), -1)
    if np.count_nonzero(found == 0.0) or np.count_nonzero(found == 1.0):
        for at in np.flatnonzero(((found == 0.0) | (found == 1.0)).any(axis=1)).tolist():
            if bool in set(map(type, rows[at])):
                _refuse_number(rows, where)
    return found


@lru_cache(maxsize=64)
def _packer(dimension: int) -> struct.Struct:
    return struct.Struct(f"{dimension}f")


def _refuse_number(rows: Sequence[Sequence[Any]], where: Callable[[int], str]) -> NoReturn:
    for at, row in enumerate(rows):
        check_types(row, (int, float), where(at), "a number")
        for column, value in enumerate(row):
            try:
                struct.pack("f", value)
            except (struct.error, OverflowError):
                refuse(f"{where(at)}[{column}] is {shown(value)}, which does not fit a 32-bit number.")
    raise AssertionError("one of the numbers was refused")


def _described(value: Any) -> str:
    """``5`` as ``a number (5)``."""
    word = _WORDS[type(value)]
    return word if value is None else f"{word} ({shown(value)})"
