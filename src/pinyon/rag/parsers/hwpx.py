"""Hangul documents as XML (``.hwpx``, OWPML, KS X 6101): headings, tables, notes, text boxes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pinyon.rag.parsed import Parsed, UnreadableError, escaped, table
from pinyon.rag.parsers.archive import Archive, Element, children, local

__all__ = ["hwpx", "outline_level"]


@dataclass(slots=True)
class _Reader:
    """levels: ids of styles and of paragraph shapes -> heading level from 1. unseen: ids of character shapes -> why."""

    levels: dict[tuple[str, str], int]
    unseen: dict[str, str]
    hidden: Counter[str] = field(default_factory=Counter)

    def blocks(self, parent: Element, *, boxed: bool = False) -> Iterator[str]:
        """Paragraphs and what hangs on them, in order. boxed: within a table or box, whose paper may have a colour."""
        for paragraph in children(parent, "p"):
            runs = list(children(paragraph, "run"))
            text = "".join(self._text(run, boxed) for run in runs)
            notes = [self._note(element) for run in runs for element in run.iter() if local(element) in _NOTES]
            text = " ".join([text.strip(), *(f"({note})" for note in notes if note)]).strip()
            level = self._level(paragraph)
            if text:
                yield escaped(text) if not level or boxed else f"{'#' * level} {' '.join(text.split())}"
            for run in runs:
                yield from self._objects(run)

    def _level(self, paragraph: Element) -> int:
        style = self.levels.get(("style", paragraph.get("styleIDRef", "")), 0)
        return style or self.levels.get(("paraPr", paragraph.get("paraPrIDRef", "")), 0)

    def _text(self, run: Element, boxed: bool) -> str:
        reason = self.unseen.get(run.get("charPrIDRef", ""), "")
        text = "".join(_characters(part) for part in children(run, "t"))
        if reason and not (boxed and reason == "white text"):
            self.hidden[reason] += len(text.strip())
            return ""
        return text

    def _note(self, element: Element) -> str:
        text = " ".join(" ".join(block for part in children(element, "subList") for block in self.blocks(part)).split())
        if local(element) == "hiddenComment":
            self.hidden["comment"] += len(text)
            return ""
        return text

    def _objects(self, parent: Element) -> Iterator[str]:
        for child in parent:
            name = local(child)
            if name == "tbl":
                rows = [list(children(row, "tc")) for row in children(child, "tr")]
                yield table([[self._cell(cell) for cell in row] for row in rows])
            elif name == "subList":
                yield from self.blocks(child, boxed=True)
            elif name == "script":
                yield (child.text or "").strip()
            elif name not in _NOTES and name not in ("t", "p", "header", "footer"):
                yield from self._objects(child)

    def _cell(self, cell: Element) -> str:
        return "\n".join(block for part in children(cell, "subList") for block in self.blocks(part, boxed=True))


_NOTES = ("footNote", "endNote", "hiddenComment")


def hwpx(data: bytes) -> Parsed:
    """Raises UnreadableError (``Archive``), also for an encrypted document."""
    archive = Archive(data)
    if "META-INF/manifest.xml" in archive and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise UnreadableError("an encrypted Hangul document: save it without a password")
    sections = archive.names(r"Contents/section\d+\.xml")
    if not sections:
        raise UnreadableError("broken: a Hangul document without sections")
    reader = _Reader(*_shapes(archive))
    blocks = [block for name in sections for block in reader.blocks(archive.xml(name)) if block]
    return Parsed(["\n\n".join(blocks)], _title(archive), "markdown", hidden=dict(reader.hidden))


def outline_level(name: str) -> int:
    """The heading level that the name of a style tells; 0 for none."""
    found = re.fullmatch(r"(?:개요|제목|outline|heading) ?([1-9])(?:수준)?", name.strip(), re.IGNORECASE)
    return min(int(found[1]), 6) if found else 0


def _characters(part: Element) -> str:
    pieces = [part.text or ""]
    for child in part:
        pieces.append(_SPACES.get(local(child), "") + (child.tail or ""))
    return "".join(pieces)


_SPACES = {"lineBreak": "\n", "tab": "\t", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}


def _shapes(archive: Archive) -> tuple[dict[tuple[str, str], int], dict[str, str]]:
    levels: dict[tuple[str, str], int] = {}
    unseen: dict[str, str] = {}
    if "Contents/header.xml" not in archive:
        return levels, unseen
    for element in archive.xml("Contents/header.xml").iter():
        name, id_ = local(element), element.get("id", "")
        if name == "style":
            level = outline_level(element.get("name", "")) or outline_level(element.get("engName", ""))
            if level:
                levels["style", id_] = level
        elif name == "paraPr":
            heading = next((part for part in element.iter() if local(part) == "heading"), None)
            if heading is not None and heading.get("type") == "OUTLINE" and heading.get("level", "").isdecimal():
                levels["paraPr", id_] = min(int(heading.get("level", "0")) + 1, 6)
        elif name == "charPr":
            if element.get("height", "1000") in ("0", "100"):
                unseen[id_] = "text too small to see"
            elif element.get("textColor", "").lower() == "#ffffff" and element.get("shadeColor", "none") == "none":
                unseen[id_] = "white text"
    return levels, unseen


def _title(archive: Archive) -> str:
    if "Contents/content.hpf" not in archive:
        return ""
    found = next((part.text for part in archive.xml("Contents/content.hpf").iter() if local(part) == "title"), None)
    return " ".join((found or "").split())
