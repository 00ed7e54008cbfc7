"""Reads a table in the order of its keys, stepping over pages that SQLite cannot follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import apsw

Damage = Callable[[str, str], None]
"""Called with (place, problem) for each stretch that cannot be read."""

_PATIENCE: Final = 4096
"""Keys that are tried one by one behind the first damaged place; half as many behind each further one."""


def scan(connection: apsw.Connection, sql: str, damage: Damage | None, table: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a query ``... WHERE key >= ? ORDER BY key`` whose first column is an integer key, in strict order.

    Where SQLite reports damage, or follows its pages in a circle, the scan goes on behind: key by key for the size of
    some pages, then in doubling steps, and back by halves to the first key that can be read.
    """
    start, patience = 0, _PATIENCE
    while True:
        try:
            for row in connection.execute(sql, (start,)):
                if row[0] < start:
                    raise apsw.CorruptError(f"key {row[0]} comes after key {start - 1}")
                yield row
                start = row[0] + 1
            return
        except (apsw.CorruptError, UnicodeDecodeError) as error:
            resumed = _behind_damage(connection, sql, start, patience)
            patience //= 2
            if damage is not None:
                behind = "the end" if resumed is None else f"{table} ord {resumed}"
                damage(f"{table} ord {start}", f"SQLite cannot read from here to {behind}: {error}")
            if resumed is None:
                return
            start = resumed


def _behind_damage(connection: apsw.Connection, sql: str, start: int, patience: int) -> int | None:
    """The first key behind ``start`` whose row can be read, or None."""
    low, probe, step = start, start + 1, 1
    while (found := _first_from(connection, sql, probe)) is False:
        low = probe
        step = 1 if probe - start < patience else step * 2
        probe += step
        if probe >= 1 << 62:
            return None
    while probe - low > 1:
        middle = (low + probe) // 2
        nearer = _first_from(connection, sql, middle)
        if nearer is False:
            low = middle
        else:
            probe, found = middle, nearer
    return found


def _first_from(connection: apsw.Connection, sql: str, key: int) -> int | Literal[False] | None:
    """Key of the first row at or behind ``key``; None at the end; False when SQLite cannot tell."""
    cursor = connection.cursor()
    try:
        for row in cursor.execute(sql, (key,)):
            return row[0] if row[0] >= key else False
    except (apsw.CorruptError, UnicodeDecodeError):
        return False
    finally:
        cursor.close(force=True)
    return None
