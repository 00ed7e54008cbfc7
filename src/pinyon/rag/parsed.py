"""What parsers give, and how they say that a file cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pinyon.errors import InvalidRequestError

__all__ = ["Parsed", "Style", "UnreadableError", "escaped", "table"]

Style: TypeAlias = Literal["prose", "markdown", "code"]
"""How a text is cut: markdown has headings and tables; code is cut between definitions and keeps its indentation."""


class UnreadableError(InvalidRequestError):
    """A file that cannot be read as a document; the message is the reason, without the file's name."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The text of a document as a parser found it.

    parts: the text; several parts are joined by blank lines. paged: part i is page or slide i + 1.
    hidden: what a reader of the document would not see and was left out: kind -> characters.
    """

    parts: Sequence[str]
    title: str = ""
    style: Style = "prose"
    paged: bool = False
    warnings: Sequence[str] = ()
    hidden: dict[str, int] | None = None


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines of a markdown table, the first one its header; empty rows are left out."""
    cells = ([" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in cells if any(row))


def escaped(paragraph: str) -> str:
    """A paragraph that happens to begin like a markdown heading, table or fence is marked as none."""
    return "\\" + paragraph if paragraph.startswith(("#", "|", "```", "~~~")) else paragraph
