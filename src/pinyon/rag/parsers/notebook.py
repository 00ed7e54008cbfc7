"""Jupyter notebooks: text cells as they are, code cells fenced, with the beginning of their textual output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from pinyon.rag.parsed import Parsed, UnreadableError
from pinyon.rag.parsers.plain import markdown

__all__ = ["notebook"]

OUTPUT_CHARACTERS: Final = 1_000
"""Of one output; pictures, HTML and widgets are left out."""


def notebook(data: bytes) -> Parsed:
    """Raises UnreadableError for what is no notebook of format 3 or 4."""
    try:
        found = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(f"a broken notebook: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise UnreadableError("not a notebook: no JSON object")
    sheets = found.get("worksheets") or [found]
    cells = [cell for sheet in _objects(sheets) for cell in _objects(sheet.get("cells"))]
    if not cells and "cells" not in found:
        raise UnreadableError("not a notebook: it has no cells")
    metadata = _object(found.get("metadata"))
    language = str(_object(metadata.get("kernelspec")).get("language") or "python")
    text = "\n\n".join(part for cell in cells for part in _cell(cell, language) if part.strip())
    return replace(markdown(text), title=str(metadata.get("title") or ""))


def _cell(cell: Mapping[str, Any], language: str) -> Iterator[str]:
    source = _joined(cell.get("source", cell.get("input")))
    kind = cell.get("cell_type")
    if kind == "heading":
        level = cell.get("level")
        yield "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + " " + source
    elif kind != "code":
        yield source
    elif source.strip():
        yield _fenced(source, language)
        for output in _objects(cell.get("outputs")):
            shown = _joined(output.get("text") or _object(output.get("data")).get("text/plain")).strip()
            if shown:
                yield _fenced(shown[:OUTPUT_CHARACTERS], "")


def _fenced(text: str, language: str) -> str:
    fence = "```" if "```" not in text else "~~~~"
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
