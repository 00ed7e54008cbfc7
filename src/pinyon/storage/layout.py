"""Whether a SQLite file is laid out like one of our truth files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from pinyon.storage.schema import TRUTH

Layout = dict[str, tuple[str, str]]
"""Name in the schema -> (kind, SQL text with single spaces)."""


def layout_of(connection: apsw.Connection) -> Layout:
    """What the schema says; statistics tables, which SQLite makes for itself, are left out."""
    rows: Any = connection.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_schema").fetchall()
    return {name: (kind, " ".join(sql.split())) for name, kind, sql in rows if not name.startswith("sqlite_stat")}


def truth_layout() -> Layout:
    """The layout of a fresh truth file."""
    scratch = apsw.Connection(":memory:")
    try:
        scratch.execute(TRUTH)
        return layout_of(scratch)
    finally:
        scratch.close()


def differences(found: Layout, wanted: Layout) -> list[str]:
    """Names that are missing, additional or different; sorted."""
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))


def file_uri(path: Path) -> str:
    """The path as a SQLite URI."""
    uri = "file:" + quote(str(path.absolute()).replace(os.sep, "/"))
    return uri.replace("file:", "file:///", 1) if sys.platform == "win32" else uri


def is_foreign(path: Path) -> bool:
    """True when SQLite reads the file well and finds another program's tables. Never changes or locks the file."""
    flags = apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_READONLY
    try:
        connection = apsw.Connection(file_uri(path) + "?immutable=1", flags=flags)
        try:
            found = layout_of(connection)
        finally:
            connection.close()
    except (apsw.Error, UnicodeDecodeError):
        return False
    return bool(found) and not found.keys() & truth_layout().keys()
