"""Queries with the records that answer them, from a file of JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from pinyon.engine.comparing import Question
from pinyon.errors import InvalidRequestError, NotFoundError

__all__ = ["Question", "read_questions"]


def read_questions(path: Path) -> list[Question]:
    """One ``{"query": "...", "relevant": ["id", ...]}`` a line; blank lines are passed over.

    Raises NotFoundError, and InvalidRequestError naming the line.
    """
    if not path.is_file():
        raise NotFoundError(f"{str(path)!r} is not a file. Give one of queries, a JSON object a line.")
    questions = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            questions.append(_question(line, f"{path}:{number}"))
    if not questions:
        raise InvalidRequestError(f"{str(path)!r} holds no query.")
    return questions


def _question(line: bytes, where: str) -> Question:
    try:
        found: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"{where} is not JSON ({error}).") from error
    text = found.get("query") if isinstance(found, dict) else None
    relevant = found.get("relevant") if isinstance(found, dict) else None
    if not isinstance(text, str) or not isinstance(relevant, list) or not all(isinstance(id_, str) for id_ in relevant):
        raise InvalidRequestError(
            f'{where}: a query is {{"query": "a text", "relevant": ["the id of a record", ...]}}, got {found!r:.120}.'
        )
    return Question(text, tuple(relevant))
