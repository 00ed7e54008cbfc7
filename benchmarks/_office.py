"""Writes small documents of many formats, for benchmarks and tests: as much of each format as a reader asks for."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Table = Sequence[Sequence[str]]


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of the parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


# -- PDF --------------------------------------------------------------------------------------------------------------


def pdf_file(
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    outline: Sequence[tuple[str, int]] = (),
    encrypted: bool = False,
) -> bytes:
    """A PDF of lines of English and Korean, in a font that is not embedded and the encoding of cp949. outline: pairs of
    a title and its page, from 0. encrypted: opened by a password that nobody knows."""
    objects: list[bytes] = [b"", b"", _FONT, _DESCENDANT]  # 1 catalog, 2 page tree, 3 and 4 the font
    numbers = []
    for lines in pages:
        shown = b"".join(b"<" + line.encode("cp949").hex().encode() + b"> Tj 0 -18 Td\n" for line in lines)
        objects.append(_stream(b"BT /F 12 Tf 60 760 Td\n" + shown + b"ET"))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
        numbers.append(len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), b" ".join(b"%d 0 R" % n for n in numbers))
    first = len(objects) + 2
    marks = b"/Outlines %d 0 R" % (first - 1) if outline else b""
    objects[0] = b"<</Type/Catalog/Pages 2 0 R%s>>" % marks
    if outline:
        last = first + len(outline) - 1
        objects.append(b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (first, last, len(outline)))
        for at, (name, page) in enumerate(outline):
            link = b"/Next %d 0 R" % (first + at + 1) if at + 1 < len(outline) else b""
            objects.append(
                b"<</Title%s/Parent %d 0 R/Dest[%d 0 R/Fit]%s>>" % (_string(name), first - 1, numbers[page], link)
            )
    objects.append(b"<</Title%s>>" % _string(title))
    trailer = b"/Info %d 0 R" % len(objects)
    if encrypted:
        objects.append(b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -44>>" % (b"ab" * 32, b"cd" * 32))
        trailer += b"/Encrypt %d 0 R/ID[<00><00>]" % len(objects)
    return _pdf(objects, trailer)


_FONT = b"<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/KSCms-UHC-H/DescendantFonts[4 0 R]>>"
_DESCENDANT = (
    b"<</Type/Font/Subtype/CIDFontType0/BaseFont/HYSMyeongJo-Medium/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)"
    b"/Supplement 1>>/FontDescriptor<</Type/FontDescriptor/FontName/HYSMyeongJo-Medium/Flags 6"
    b"/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 80>>>>"
)


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def _string(text: str) -> bytes:
    return b"<" + (b"\xfe\xff" + text.encode("utf-16-be")).hex().encode() + b">"


def _pdf(objects: Sequence[bytes], trailer: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


# -- Word and PowerPoint ----------------------------------------------------------------------------------------------

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_STYLES = f"""<w:styles {_W}>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="mine"><w:name w:val="My own"/><w:basedOn w:val="2"/></w:style></w:styles>"""


def word_paragraph(text: str, *, style: str = "", run: str = "", item: bool = False) -> str:
    """A ``w:p``. run: the content of its run's properties, such as ``<w:vanish/>``."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    properties += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' if item else ""
    return (
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr>"
        f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def word_table(rows: Table) -> str:
    cells = ("".join(f"<w:tc>{word_paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def docx_file(body: str, *, title: str = "", **parts: str | bytes) -> bytes:
    """A Word document. body: XML made by ``word_paragraph`` and ``word_table``. parts: further ones of ``word/``."""
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
    )
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": _STYLES,
        "docProps/core.xml": core,
    }
    for name, content in parts.items():
        whole = isinstance(content, bytes) or content.startswith("<?xml")
        found[f"word/{name}.{'bin' if isinstance(content, bytes) else 'xml'}"] = (
            content if whole else content.replace(">", f" {_W}>", 1)
        )
    return zipped(found)


def pptx_file(
    slides: Sequence[tuple[str, Sequence[str]]],
    *,
    notes: Mapping[int, str] | None = None,
    hidden: Sequence[int] = (),
    tables: Mapping[int, Table] | None = None,
) -> bytes:
    """A presentation of (title, lines); notes, tables and hidden ones by the number of the slide, from 0."""
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>"}
    relations, order = "", ""
    for number, (title, lines) in enumerate(slides):
        name = f"ppt/slides/slide{number + 1}.xml"
        shapes = _shape("title", [title]) + _shape("body", lines)
        if tables and number in tables:
            shapes += _graphic(tables[number])
        shapes += _shape("sldNum", ["7"])
        show = ' show="0"' if number in hidden else ""
        parts[name] = f"<p:sld {_A}{show}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        relations += f'<Relationship Id="rId{number}" Type="x/slide" Target="slides/slide{number + 1}.xml"/>'
        order += f'<p:sldId id="{256 + number}" r:id="rId{number}"/>'
        if notes and number in notes:
            note = f"ppt/notesSlides/notesSlide{number + 1}.xml"
            text = _shape("body", [notes[number]]) + _shape("sldNum", ["7"])
            parts[note] = f"<p:notes {_A}><p:cSld><p:spTree>{text}</p:spTree></p:cSld></p:notes>"
            relation = f'<Relationship Id="rId1" Type="x/notesSlide" Target="../../{note}"/>'
            whole = f'<Relationships xmlns="{_RELATIONS}">{relation}</Relationships>'
            parts[f"ppt/slides/_rels/slide{number + 1}.xml.rels"] = whole
    parts["ppt/_rels/presentation.xml.rels"] = f'<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>'
    parts["ppt/presentation.xml"] = f"<p:presentation {_A}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>"
    return zipped(parts)


def _paragraph(text: str) -> str:
    return f"<a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p>"


def _graphic(rows: Table) -> str:
    cells = ("".join(f"<a:tc><a:txBody>{_paragraph(cell)}</a:txBody></a:tc>" for cell in row) for row in rows)
    table = "".join(f"<a:tr>{row}</a:tr>" for row in cells)
    data = f"<a:graphicData><a:tbl>{table}</a:tbl></a:graphicData>"
    return f"<p:graphicFrame><a:graphic>{data}</a:graphic></p:graphicFrame>"


def _shape(kind: str, lines: Sequence[str]) -> str:
    text = "".join(map(_paragraph, lines))
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{place}<p:txBody>{text}</p:txBody></p:sp>"


# -- Hangul -----------------------------------------------------------------------------------------------------------

_HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'
_HH = 'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head"'
_HWPX_HEADER = f"""<hh:head {_HH}><hh:refList>
<hh:charPr id="0" height="1000" textColor="#000000" shadeColor="none"/>
<hh:charPr id="1" height="1000" textColor="#FFFFFF" shadeColor="none"/>
<hh:charPr id="2" height="100" textColor="#000000" shadeColor="none"/>
<hh:style id="0" type="PARA" name="바탕글" engName="Normal"/>
<hh:style id="1" type="PARA" name="개요 1" engName="Outline 1"/>
<hh:style id="2" type="PARA" name="개요 2" engName="Outline 2"/></hh:refList></hh:head>"""


def hwpx_paragraph(text: str, *, style: int = 0, shape: int = 0, inside: str = "") -> str:
    """An ``hp:p``. style: 1 and 2 are outline levels. shape: 1 is white, 2 tiny. inside: XML in the same run."""
    content = f"<hp:t>{escape(text)}</hp:t>" if text else ""
    return f'<hp:p paraPrIDRef="0" styleIDRef="{style}"><hp:run charPrIDRef="{shape}">{content}{inside}</hp:run></hp:p>'


def hwpx_table(rows: Table) -> str:
    cells = ("".join(f"<hp:tc><hp:subList>{hwpx_paragraph(cell)}</hp:subList></hp:tc>" for cell in row) for row in rows)
    return hwpx_paragraph("", inside="<hp:tbl>" + "".join(f"<hp:tr>{row}</hp:tr>" for row in cells) + "</hp:tbl>")


def hwpx_file(*sections: str, encrypted: bool = False) -> bytes:
    """A Hangul document as XML; a section is made of ``hwpx_paragraph`` and ``hwpx_table``."""
    manifest = "<encryption-data/>" if encrypted else ""
    parts: dict[str, str | bytes] = {
        "mimetype": "application/hwp+zip",
        "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        "Contents/header.xml": _HWPX_HEADER,
    }
    for number, section in enumerate(sections):
        parts[f"Contents/section{number}.xml"] = f"<hs:sec {_HP}>{section}</hs:sec>"
    return zipped(parts)


def hwp_record(tag: int, level: int, data: bytes) -> bytes:
    size = min(len(data), 0xFFF)
    head = struct.pack("<I", tag | level << 10 | size << 20)
    return head + (struct.pack("<I", len(data)) if size == 0xFFF else b"") + data


def hwp_paragraph(text: str, *, level: int = 0, style: int = 0, shape: int = 0, controls: bytes = b"") -> bytes:
    """The records of a paragraph. style: 1 and 2 are outline levels. shape: 1 is white, 2 tiny. controls: records that
    hang on it; for each of them stands a control character in the text."""
    units = text.encode("utf-16-le")
    if controls:
        units += struct.pack("<8H", 11, 0, 0, 0, 0, 0, 0, 11)
    units += struct.pack("<H", 13)
    head = struct.pack("<IIHBBHHHI", len(units) // 2, 0, 0, style, 0, 1, 0, 0, 0)
    return (
        hwp_record(66, level, head)
        + hwp_record(67, level + 1, units)
        + hwp_record(68, level + 1, struct.pack("<II", 0, shape))
        + controls
    )


def hwp_table(rows: Table, *, level: int = 0) -> bytes:
    """The records of a table, in a paragraph of its own."""
    inner = hwp_record(77, level + 2, struct.pack("<IHH", 0, len(rows), len(rows[0])))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            inner += hwp_record(72, level + 2, struct.pack("<HHIHHHH", 1, 0, 0, column, number, 1, 1))
            inner += hwp_paragraph(cell, level=level + 2)
    return hwp_paragraph("", level=level, controls=hwp_control("tbl ", inner, level=level))


def hwp_control(kind: str, inner: bytes, *, level: int = 0) -> bytes:
    """A control record with what is inside of it, to hang on a paragraph of that level."""
    return hwp_record(71, level + 1, kind.encode()[::-1] + bytes(8)) + inner


def hwp_file(*sections: bytes, flags: int = 1) -> bytes:
    """A Hangul document of format 5. flags: 1 packed, 2 with a password, 4 for distribution."""
    styles = b"".join(hwp_record(26, 0, _name(ko) + _name(en) + bytes(8)) for ko, en in _HWP_STYLES)
    shapes = b"".join(
        hwp_record(21, 0, bytes(42) + struct.pack("<iI2bIIII", size, 0, 0, 0, color, 0, 0xFFFFFFFF, 0))
        for size, color in ((1000, 0), (1000, 0xFFFFFF), (100, 0))
    )
    pack = _deflated if flags & 1 else bytes
    streams = {
        "FileHeader": b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags) + bytes(216),
        "DocInfo": pack(shapes + styles),
    }
    for number, section in enumerate(sections):
        streams[f"BodyText/Section{number}"] = pack(section)
    return compound_file(streams)


_HWP_STYLES = (("바탕글", "Normal"), ("개요 1", "Outline 1"), ("개요 2", "Outline 2"))


def _name(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


# -- OLE --------------------------------------------------------------------------------------------------------------

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


class _Sectors:
    """Sectors of one size and their chains."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray()
        self.next: list[int] = []

    def place(self, data: bytes) -> int:
        """Appends a stream, and gives its first sector."""
        first, count = len(self.next), -(-len(data) // self.size)
        self.data += data.ljust(count * self.size, b"\0")
        self.next += [*range(first + 1, first + count), _END] if count else []
        return first if count else _END


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file (MS-CFB, version 3) of streams by path, at most one storage deep."""
    large, small = _Sectors(512), _Sectors(64)
    starts = {path: (large if len(data) >= 4096 else small).place(data) for path, data in streams.items()}
    root = large.place(bytes(small.data))
    chains = struct.pack(f"<{len(small.next)}I", *small.next)
    small_chains = large.place(chains.ljust(-(-len(chains) // 512) * 512, b"\xff"))
    folders = sorted({path.partition("/")[0] for path in streams if "/" in path})
    directory = _entry("Root Entry", 5, child=1, start=root, size=len(small.data))
    names = [*(path for path in streams if "/" not in path), *folders]
    inner = [[path for path in streams if path.startswith(f"{folder}/")] for folder in folders]
    at = 1 + len(names)  # the entries of the storages' streams follow those of the root
    for number, name in enumerate(names, 1):
        beside = number + 1 if number < len(names) else _NONE
        if name in folders:
            directory += _entry(name, 1, right=beside, child=at)
            at += len(inner[folders.index(name)])
        else:
            directory += _entry(name, 2, right=beside, start=starts[name], size=len(streams[name]))
    at = 1 + len(names)
    for paths in inner:
        for place, path in enumerate(paths, 1):
            beside = at + place if place < len(paths) else _NONE
            name = path.rpartition("/")[2]
            directory += _entry(name, 2, right=beside, start=starts[path], size=len(streams[path]))
        at += len(paths)
    entries = large.place(directory)
    return _compound(large, entries, small_chains, len(chains))


def _entry(name: str, kind: int, *, right: int = _NONE, child: int = _NONE, start: int = 0, size: int = 0) -> bytes:
    title = name.encode("utf-16-le")
    return title.ljust(64, b"\0") + struct.pack(
        "<HBBIII16xI16xIQ", len(title) + 2, kind, 1, _NONE, right, child, 0, start, size
    )


def _compound(large: _Sectors, entries: int, small_chains: int, small_bytes: int) -> bytes:
    """The header, the sectors, and the table of their chains behind them."""
    count = 1
    while count * 128 < len(large.next) + count:
        count += 1
    first = len(large.next)
    table = [*large.next, *([_FAT] * count)]
    table += [_FREE] * (count * 128 - len(table))
    if count > 109:
        raise ValueError("too much for a file without a DIFAT")
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    chain = (small_chains, -(-small_bytes // 512)) if small_bytes else (_END, 0)
    header += struct.pack("<9I", 0, count, entries, 0, 4096, *chain, _END, 0)
    header += struct.pack("<109I", *range(first, first + count), *([_FREE] * (109 - count)))
    return header + bytes(large.data) + struct.pack(f"<{len(table)}I", *table)


# -- others -----------------------------------------------------------------------------------------------------------


def notebook_file(cells: Sequence[tuple[str, str, str]]) -> bytes:
    """A notebook of (kind, source, printed output)."""
    found = [
        {
            "cell_type": kind,
            "source": source.splitlines(keepends=True),
            **({"outputs": [{"output_type": "stream", "text": [output]}] if output else []} if kind == "code" else {}),
        }
        for kind, source, output in cells
    ]
    return json.dumps({"cells": found, "nbformat": 4, "metadata": {"kernelspec": {"language": "python"}}}).encode()
