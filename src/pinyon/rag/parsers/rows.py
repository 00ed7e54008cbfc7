"""Files of records read as documents: csv as a table, JSON lines as fields."""

from __future__ import annotations

import csv
import io
import sys

import orjson

from pinyon.rag.parsed import Parsed, UnreadableError, table

__all__ = ["delimited", "json_lines"]


def delimited(text: str) -> Parsed:
    """A csv or tsv file as one table, its first row the header."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    first = text.partition("\n")[0]
    delimiter = max("\t,;|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\n"), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableError(f"not csv: {error}") from None
    return Parsed([table(rows)], style="markdown")


def json_lines(text: str) -> Parsed:
    """Each line a record: its fields a line each, an empty line between records."""
    records, bad = [], 0
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            bad += 1
            continue
        fields = found.items() if isinstance(found, dict) else [("", found)]
        shown = [f"{key}: {_shown(value)}" if key else _shown(value) for key, value in fields if value is not None]
        records.append("\n".join(shown))
    if bad and not records:
        raise UnreadableError("no line of it is JSON")
    warnings = [f"{bad:,} line{'' if bad == 1 else 's'} left out: not JSON"] if bad else []
    return Parsed(["\n\n".join(records)], warnings=warnings)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
