"""Word documents (OOXML): headings, lists, tables, notes; without deleted, hidden and commented text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pinyon.rag.parsed import Parsed, escaped, table
from pinyon.rag.parsers.archive import Archive, Element, attribute, children, local

__all__ = ["core_title", "docx"]


@dataclass(slots=True)
class _Reader:
    """levels: style id -> heading level from 1. notes: id -> text of foot- and endnotes."""

    levels: dict[str, int]
    notes: dict[tuple[str, str], str] = field(default_factory=dict)
    hidden: Counter[str] = field(default_factory=Counter)

    # -- blocks -------------------------------------------------------------------------------------------------------

    def blocks(self, parent: Element, *, in_table: bool = False) -> Iterator[str]:
        """Paragraphs and tables, in their order; what only wraps them is looked through."""
        for child in parent:
            name = local(child)
            if name == "p":
                yield from self._paragraph(child, in_table)
            elif name == "tbl":
                yield table(list(self._rows(child)))
            elif name in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "body"):
                yield from self.blocks(child, in_table=in_table)

    def _rows(self, element: Element) -> Iterator[list[str]]:
        for row in _through(element, "tr"):
            yield ["\n".join(self.blocks(cell, in_table=True)) for cell in _through(row, "tc")]

    def _paragraph(self, element: Element, in_table: bool) -> Iterator[str]:
        properties = next(children(element, "pPr"), None)
        plain = in_table or _shaded(properties)
        text = "".join(self._runs(element, plain)).strip()
        if text:
            level = self._level(properties)
            if level and not in_table:
                yield f"{'#' * level} {' '.join(text.split())}"
            else:
                yield "- " + text if _is_item(properties) else escaped(text)
        for box in _boxes(element):
            yield from self.blocks(box, in_table=True)

    def _level(self, properties: Element | None) -> int:
        if properties is None:
            return 0
        style = next(children(properties, "pStyle"), None)
        outline = next(children(properties, "outlineLvl"), None)
        if outline is not None:
            number = attribute(outline, "val") or ""
            return int(number) + 1 if number in ("0", "1", "2", "3", "4", "5") else 0
        return self.levels.get(attribute(style, "val") or "", 0) if style is not None else 0

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _runs(self, parent: Element, plain: bool) -> Iterator[str]:
        for child in parent:
            name = local(child)
            if name == "r":
                yield from self._run(child, plain)
            elif name in ("del", "moveFrom"):
                self.hidden["deleted text"] += sum(
                    len(part.text or "") for part in child.iter() if local(part) in ("delText", "t")
                )
            elif name in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple", "dir", "bdo"):
                yield from self._runs(child, plain)
            elif name in ("oMath", "oMathPara"):
                yield "".join(part.text or "" for part in child.iter() if local(part) == "t")

    def _run(self, run: Element, plain: bool) -> Iterator[str]:
        properties = next(children(run, "rPr"), None)
        reason = _hiding(properties, plain)
        for part in run:
            name = local(part)
            if name == "t" and reason:
                self.hidden[reason] += len(part.text or "")
            elif name == "t":
                yield part.text or ""
            elif name in ("tab", "ptab"):
                yield "\t"
            elif name in ("br", "cr"):
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name in ("footnoteReference", "endnoteReference"):
                note = self.notes.get((name[:3], attribute(part, "id") or ""))
                if note:
                    yield f" ({note})"


def docx(data: bytes) -> Parsed:
    """Footnotes stand in brackets where they belong. Raises UnreadableError (``Archive``)."""
    archive = Archive(data)
    reader = _Reader(_heading_styles(archive))
    for kind in ("footnote", "endnote"):
        if f"word/{kind}s.xml" in archive:
            for note in archive.xml(f"word/{kind}s.xml"):
                text = " ".join(" ".join(reader.blocks(note)).split())
                reader.notes[kind[:3], attribute(note, "id") or ""] = text
    root = archive.xml("word/document.xml")
    blocks = [block for block in reader.blocks(root) if block]
    warnings = ["macros left out"] if "word/vbaProject.bin" in archive else []
    text = re.sub(r"(?<=\n)\n(?=- )", "", "\n\n".join(blocks)) if blocks else ""
    return Parsed([text], core_title(archive), "markdown", warnings=warnings, hidden=dict(reader.hidden))


def core_title(archive: Archive) -> str:
    """The title among the properties of an office file."""
    if "docProps/core.xml" not in archive:
        return ""
    found = next((child.text for child in archive.xml("docProps/core.xml") if local(child) == "title"), None)
    return " ".join((found or "").split())


def _heading_styles(archive: Archive) -> dict[str, int]:
    """Style id -> level: by the outline level of the style or of one it is based on, else by its name."""
    if "word/styles.xml" not in archive:
        return {}
    levels: dict[str, int] = {}
    based: dict[str, str] = {}
    for style in children(archive.xml("word/styles.xml"), "style"):
        id_ = attribute(style, "styleId") or ""
        found = {local(part): attribute(part, "val") or "" for part in style.iter()}
        number = found.get("outlineLvl", "")
        named = re.fullmatch(r"(?:heading|제목|개요) ?([1-6])", found.get("name", ""), re.IGNORECASE)
        if number in ("0", "1", "2", "3", "4", "5"):
            levels[id_] = int(number) + 1
        elif named:
            levels[id_] = int(named[1])
        elif found.get("name", "").lower() == "title":
            levels[id_] = 1
        based[id_] = found.get("basedOn", "")
    for id_ in based:
        seen, above = {id_}, id_
        while above not in levels and (above := based.get(above, "")) and above not in seen:
            seen.add(above)
        if above in levels:
            levels[id_] = levels[above]
    return levels


def _through(element: Element, name: str) -> Iterator[Element]:
    """Children of that name, also those within content controls."""
    for child in element:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _through(child, name)


def _boxes(paragraph: Element) -> Iterator[Element]:
    """Text boxes of a paragraph, each once: Word writes a second version for old readers."""
    for child in paragraph:
        name = local(child)
        if name == "txbxContent":
            yield child
        elif name != "Fallback":
            yield from _boxes(child)


def _is_item(properties: Element | None) -> bool:
    return properties is not None and any(children(properties, "numPr"))


def _shaded(properties: Element | None) -> bool:
    return properties is not None and any(children(properties, "shd"))


def _hiding(properties: Element | None, plain: bool) -> str:
    """Why a run is not seen. plain: its colour tells nothing, because what lies under it is unknown."""
    if properties is None:
        return ""
    found = {local(part): attribute(part, "val") for part in properties}
    for name in ("vanish", "webHidden"):
        if name in found and (found[name] or "true").lower() not in ("0", "false", "off"):
            return "hidden text"
    if (found.get("sz") or "24") in ("0", "1", "2"):
        return "text too small to see"
    if (found.get("color") or "").lower() == "ffffff" and not plain and not {"shd", "highlight"} & found.keys():
        return "white text"
    return ""
