"""Hangul documents of format 5 (``.hwp``): OLE streams of records.

Source: Hancom, "한글 문서 파일 형식 5.0" (revision 1.3), where the record tags and layouts below are described.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pinyon.errors import MissingExtraError
from pinyon.rag.parsed import Parsed, UnreadableError, escaped, table
from pinyon.rag.parsers.hwpx import outline_level

__all__ = ["hwp", "ole_file"]

CHAR_SHAPE, PARA_SHAPE, STYLE = 21, 25, 26
PARA_HEADER, PARA_TEXT, PARA_CHAR_SHAPE, CTRL_HEADER, LIST_HEADER = 66, 67, 68, 71, 72
EQUATION = 88

COMPRESSED, PASSWORD, DISTRIBUTED = 1, 2, 4
"""Bits of the FileHeader's properties."""

MAXIMUM_STREAM: Final = 64 * 1024**2
MAXIMUM_DEPTH: Final = 100

_SINGLE = {10: "\n", 24: "-", 30: " ", 31: " "}
_EXTENDED = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})
"""Control characters that take the place of eight; the other ones below 32 take one."""


@dataclass(slots=True)
class _Record:
    tag: int
    data: bytes
    children: list[_Record] = field(default_factory=list)


def ole_file(data: bytes) -> Any:
    """An open OLE file. Raises UnreadableError, MissingExtraError."""
    try:
        import olefile
    except ImportError:
        raise MissingExtraError('HWP files need a package more: pip install "pinyon[documents]"') from None
    try:
        return olefile.OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, IndexError, struct.error, RecursionError) as error:
        raise UnreadableError(f"a broken OLE file ({error})") from None


def hwp(data: bytes) -> Parsed:
    """Raises UnreadableError for what is broken, encrypted or of another version, MissingExtraError."""
    with ole_file(data) as file:
        header = _stream(file, "FileHeader")
        if len(header) < 40 or not header.startswith(b"HWP Document File"):
            raise UnreadableError("broken: not a Hangul document")
        properties = int.from_bytes(header[36:40], "little")
        if properties & PASSWORD:
            raise UnreadableError("an encrypted Hangul document: save it without a password")
        if properties & DISTRIBUTED:
            raise UnreadableError("a distributed Hangul document (배포용), which is encrypted: ask for the original")
        packed = bool(properties & COMPRESSED)
        reader = _Reader(*_shapes(_records(_stream(file, "DocInfo"), packed)))
        sections = _sections(file)
        if not sections:
            raise UnreadableError("broken: a Hangul document without sections")
        blocks = [
            block
            for name in sections
            for block in reader.blocks(_records(_stream(file, name), packed), boxed=False)
            if block
        ]
        return Parsed(["\n\n".join(blocks)], _title(file), "markdown", hidden=dict(reader.hidden))


def _stream(file: Any, name: str) -> bytes:
    try:
        data: bytes = file.openstream(name).read()
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise UnreadableError(f"broken: the stream {name!r} cannot be read ({error})") from None
    return data


def _sections(file: Any) -> list[str]:
    names = ["/".join(entry) for entry in file.listdir()]
    found = [name for name in names if name.startswith("BodyText/Section") and name[16:].isdecimal()]
    return sorted(found, key=lambda name: int(name[16:]))


def _title(file: Any) -> str:
    try:
        title = file.getproperties("\x05HwpSummaryInformation").get(2, "")
    except (OSError, ValueError, IndexError, KeyError, TypeError, struct.error):
        return ""
    return " ".join(title.split()) if isinstance(title, str) else ""


# -- records ----------------------------------------------------------------------------------------------------------


def _records(data: bytes, packed: bool) -> list[_Record]:
    """The records of a stream as a forest: a record's children follow it, one level deeper."""
    if packed:
        try:
            decompressor = zlib.decompressobj(-15)
            data = decompressor.decompress(data, MAXIMUM_STREAM)
        except zlib.error as error:
            raise UnreadableError(f"broken: a stream cannot be unpacked ({error})") from None
        if decompressor.unconsumed_tail:
            raise UnreadableError(f"looks like a bomb: a stream unpacks to more than {MAXIMUM_STREAM:,} bytes")
    roots: list[_Record] = []
    open_: list[list[_Record]] = [roots]
    position = 0
    while position + 4 <= len(data):
        word = int.from_bytes(data[position : position + 4], "little")
        tag, level, size = word & 0x3FF, word >> 10 & 0x3FF, word >> 20
        position += 4
        if size == 0xFFF:
            size = int.from_bytes(data[position : position + 4], "little")
            position += 4
        if position + size > len(data):
            raise UnreadableError("broken: a record is cut off")
        if level > MAXIMUM_DEPTH:
            raise UnreadableError(f"broken: records nested more than {MAXIMUM_DEPTH} deep")
        record = _Record(tag, data[position : position + size])
        position += size
        del open_[level + 1 :]
        open_[-1].append(record)
        open_.append(record.children)
    return roots


def _shapes(records: Sequence[_Record]) -> tuple[dict[int, int], dict[int, int], dict[int, str]]:
    """Levels of styles and of paragraph shapes by number, and why characters of a shape are not seen."""
    flat = [child for record in records for child in (record, *record.children)]
    styles, paragraphs, unseen = {}, {}, {}
    for number, record in enumerate(one for one in flat if one.tag == STYLE):
        if level := max(map(outline_level, _style_names(record.data))):
            styles[number] = level
    for number, record in enumerate(one for one in flat if one.tag == PARA_SHAPE):
        attributes = int.from_bytes(record.data[:4], "little")
        if attributes >> 23 & 3 == 1:
            paragraphs[number] = min((attributes >> 25 & 7) + 1, 6)
    for number, record in enumerate(one for one in flat if one.tag == CHAR_SHAPE):
        if len(record.data) >= 64:
            size, color, shade = (int.from_bytes(record.data[at : at + 4], "little") for at in (42, 52, 60))
            if size <= 100:
                unseen[number] = "text too small to see"
            elif color & 0xFFFFFF == 0xFFFFFF and shade in (0xFFFFFFFF, 0xFFFFFF):
                unseen[number] = "white text"
    return styles, paragraphs, unseen


def _style_names(data: bytes) -> tuple[str, str]:
    """The Korean and the English name: each a length in characters, then UTF-16."""
    names, position = [], 0
    for _ in range(2):
        length = int.from_bytes(data[position : position + 2], "little")
        names.append(data[position + 2 : position + 2 + 2 * length].decode("utf-16-le", "replace"))
        position += 2 + 2 * length
    return names[0], names[1]


# -- text -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    styles: dict[int, int]
    shapes: dict[int, int]
    unseen: dict[int, str]
    hidden: Counter[str] = field(default_factory=Counter)

    def blocks(self, records: Sequence[_Record], *, boxed: bool) -> Iterator[str]:
        """Paragraphs and what hangs on them. boxed: within a table or box, whose paper may have a colour."""
        for record in records:
            if record.tag == PARA_HEADER:
                text = self._text(record, boxed)
                notes = [f"({note})" for note in map(self._note, record.children) if note]
                text = " ".join([text, *notes]).strip()
                level = self._level(record.data)
                if text:
                    yield escaped(text) if not level or boxed else f"{'#' * level} {' '.join(text.split())}"
                for child in record.children:
                    if child.tag == CTRL_HEADER:
                        yield from self._control(child)

    def _level(self, data: bytes) -> int:
        if len(data) < 11:
            return 0
        return self.styles.get(data[10], 0) or self.shapes.get(int.from_bytes(data[8:10], "little"), 0)

    def _text(self, paragraph: _Record, boxed: bool) -> str:
        data = b"".join(child.data for child in paragraph.children if child.tag == PARA_TEXT)
        spans = [child.data for child in paragraph.children if child.tag == PARA_CHAR_SHAPE]
        starts = dict(struct.iter_unpack("<II", b"".join(spans)[: sum(map(len, spans)) // 8 * 8]))
        units = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
        out: list[int] = []
        position, reason = 0, ""
        while position < len(units):
            if position in starts:
                reason = self.unseen.get(starts[position], "")
            unit = units[position]
            step = 8 if unit in _EXTENDED else 1
            if unit >= 32 and reason and not (boxed and reason == "white text"):
                self.hidden[reason] += 1
            elif unit >= 32:
                out.append(unit)
            elif unit == 9 or unit in _SINGLE:
                out.append(ord(_SINGLE.get(unit, "\t")))
            position += step
        return struct.pack(f"<{len(out)}H", *out).decode("utf-16-le", "replace").strip()

    def _note(self, record: _Record) -> str:
        """The text of a foot- or endnote on one line; a hidden comment is only counted."""
        kind = record.data[3::-1] if record.tag == CTRL_HEADER else b""
        if kind not in (b"fn  ", b"en  ", b"tcmt"):
            return ""
        text = " ".join(" ".join(self.blocks(record.children, boxed=False)).split())
        if kind == b"tcmt":
            self.hidden["comment"] += len(text)
            return ""
        return text

    def _control(self, record: _Record) -> Iterator[str]:
        kind = record.data[3::-1]
        if kind == b"tbl ":
            yield table(self._rows(record.children))
        elif kind == b"gso ":
            yield from self._boxes(record.children)
        elif kind == b"eqed":
            for child in record.children:
                if child.tag == EQUATION:
                    length = int.from_bytes(child.data[4:6], "little")
                    yield child.data[6 : 6 + 2 * length].decode("utf-16-le", "replace").strip()

    def _boxes(self, records: Sequence[_Record]) -> Iterator[str]:
        for record in records:
            if record.tag == PARA_HEADER:
                yield from self.blocks([record], boxed=True)
            else:
                yield from self._boxes(record.children)

    def _rows(self, records: Sequence[_Record]) -> list[list[str]]:
        """Cells by row: a list header tells where a cell stands, its paragraphs follow."""
        rows: dict[int, list[list[str]]] = {}
        cell: list[str] = []
        for record in records:
            if record.tag == LIST_HEADER:
                cell = []
                row = int.from_bytes(record.data[10:12], "little")
                rows.setdefault(row, []).append(cell)
            elif record.tag == PARA_HEADER:
                cell.extend(self.blocks([record], boxed=True))
        return [["\n".join(cell) for cell in rows[row]] for row in sorted(rows)]
