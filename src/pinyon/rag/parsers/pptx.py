"""PowerPoint presentations (OOXML): a page for each slide, with its title, text, tables and notes."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from pinyon.rag.parsed import Parsed, UnreadableError, escaped, table
from pinyon.rag.parsers.archive import Archive, Element, local
from pinyon.rag.parsers.docx import core_title

__all__ = ["pptx"]


def pptx(data: bytes) -> Parsed:
    """A slide's title is a heading; its notes follow under ``Notes:``. Hidden slides are left out, their place kept.

    Raises UnreadableError (``Archive``).
    """
    archive = Archive(data)
    hidden: Counter[str] = Counter()
    slides = [_slide(archive, name, hidden) for name in _slide_names(archive)]
    if not slides:
        raise UnreadableError("a presentation without slides")
    warnings = ["macros left out"] if "ppt/vbaProject.bin" in archive else []
    return Parsed(slides, core_title(archive), "markdown", True, warnings, dict(hidden))


def _slide_names(archive: Archive) -> list[str]:
    """The parts of the slides in the order in which they are shown."""
    related = _related(archive, "ppt/presentation.xml")
    order = [
        _relation_id(slide)
        for part in archive.xml("ppt/presentation.xml")
        if local(part) == "sldIdLst"
        for slide in part
    ]
    names = [related[id_][1] for id_ in order if id_ in related and related[id_][1] in archive]
    return names or archive.names(r"ppt/slides/slide\d+\.xml")


def _relation_id(element: Element) -> str:
    """``r:id``, which stands beside an ``id`` without a namespace."""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _related(archive: Archive, name: str) -> dict[str, tuple[str, str]]:
    """Relation id -> (kind, name of the part) for a part."""
    folder, file = posixpath.split(name)
    path = f"{folder}/_rels/{file}.rels"
    if path not in archive:
        return {}
    found = {}
    for relation in archive.xml(path):
        target = relation.get("Target", "")
        whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], whole)
    return found


def _slide(archive: Archive, name: str, hidden: Counter[str]) -> str:
    root = archive.xml(name)
    blocks = [block for block in _blocks(root) if block]
    if root.get("show") in ("0", "false"):
        hidden["hidden slide"] += sum(map(len, blocks))
        return ""
    for kind, part in _related(archive, name).values():
        if kind == "notesSlide" and part in archive:
            notes = [block for block in _blocks(archive.xml(part), notes=True) if block]
            blocks += ["Notes: " + "\n\n".join(notes)] if notes else []
    return "\n\n".join(blocks)


def _blocks(parent: Element, *, notes: bool = False) -> Iterator[str]:
    """The text of shapes and tables; of notes the text alone, not slide number, date or footer."""
    for child in parent:
        name = local(child)
        if name == "sp":
            kind = _placeholder(child)
            if kind in ("sldNum", "dt", "ftr", "hdr", "sldImg") or (notes and kind != "body"):
                continue
            yield from _paragraphs(child, kind)
        elif name == "tbl":
            rows = [part for part in child if local(part) == "tr"]
            yield table([["\n".join(_lines(cell)) for cell in row if local(cell) == "tc"] for row in rows])
        elif name != "Fallback":
            yield from _blocks(child, notes=notes)


def _placeholder(shape: Element) -> str:
    found = next((part for part in shape.iter() if local(part) == "ph"), None)
    return "" if found is None else found.get("type", "body")


def _paragraphs(shape: Element, kind: str) -> Iterator[str]:
    lines = [line for line in _lines(shape) if line.strip()]
    if kind in ("title", "ctrTitle"):
        yield "# " + " ".join(" ".join(lines).split()) if lines else ""
    elif kind == "body" and len(lines) > 1:
        yield "\n".join("- " + line for line in lines)
    else:
        yield "\n".join(map(escaped, lines))


def _lines(parent: Element) -> Iterator[str]:
    for paragraph in parent.iter():
        if local(paragraph) == "p":
            parts = (_text(part) for part in paragraph.iter())
            yield "".join(parts).strip()


def _text(part: Element) -> str:
    name = local(part)
    return (part.text or "") if name == "t" else "\n" if name == "br" else "\t" if name == "tab" else ""
