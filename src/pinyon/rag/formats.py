"""The table of formats: which parser reads which suffix, and which content is what whatever it is called."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from pinyon.rag.parsed import Parsed, UnreadableError
from pinyon.rag.parsers.docx import docx
from pinyon.rag.parsers.html import html_page
from pinyon.rag.parsers.hwp import hwp, ole_file
from pinyon.rag.parsers.hwpx import hwpx
from pinyon.rag.parsers.notebook import notebook
from pinyon.rag.parsers.pdf import pdf
from pinyon.rag.parsers.plain import code, markdown, prose
from pinyon.rag.parsers.pptx import pptx
from pinyon.rag.parsers.rows import delimited, json_lines

__all__ = ["FORMATS", "NAMES", "RECORD_SUFFIXES", "Format", "format_of", "sniffed", "unsupported"]

RECORD_SUFFIXES = frozenset({".csv", ".jsonl", ".ndjson", ".npy", ".parquet", ".tsv"})
"""Files of records: they are read only when they are named themselves, or asked for as documents."""

NAMES = frozenset(
    "authors changelog contributing copying dockerfile install license makefile news notice readme todo".split()
)
"""Files without a suffix that hold text."""


@dataclass(frozen=True, slots=True)
class Format:
    """How files of a kind are read: from their bytes, or from their text once it is decoded."""

    name: str
    suffixes: frozenset[str]
    of_text: Callable[[str], Parsed] | None = None
    of_bytes: Callable[[bytes], Parsed] | None = None

    @property
    def binary(self) -> bool:
        return self.of_bytes is not None


PROSE = Format("text", frozenset({".adoc", ".log", ".org", ".rst", ".tex", ".text", ".txt"}), prose)
PDF = Format("PDF", frozenset({".pdf"}), of_bytes=pdf)
DOCX = Format("Word document", frozenset({".docm", ".docx", ".dotx"}), of_bytes=docx)
PPTX = Format("PowerPoint presentation", frozenset({".ppsx", ".pptm", ".pptx"}), of_bytes=pptx)
HWPX = Format("Hangul document (hwpx)", frozenset({".hwpx"}), of_bytes=hwpx)
HWP = Format("Hangul document (hwp)", frozenset({".hwp"}), of_bytes=hwp)
CODE_SUFFIXES = frozenset(
    """.bash .c .cc .cfg .clj .cmake .conf .cpp .cs .css .cxx .dart .el .erl .ex .exs .fish .fs .go .gradle .graphql .h
    .hh .hpp .hs .ini .java .jl .js .json .jsx .kt .kts .less .lua .m .mjs .ml .mm .nim .php .pl .properties .proto
    .ps1 .py .pyi .r .rb .rs .sass .scala .scss .sh .sql .svelte .swift .tf .toml .ts .tsx .vb .vue .xml .yaml .yml
    .zig .zsh""".split()
)

FORMATS: tuple[Format, ...] = (
    PROSE,
    Format("markdown", frozenset({".markdown", ".md", ".mdx"}), markdown),
    Format("HTML", frozenset({".htm", ".html", ".xhtml"}), html_page),
    Format("source code", CODE_SUFFIXES, code),
    Format("table", frozenset({".csv", ".tsv"}), delimited),
    Format("JSON lines", frozenset({".jsonl", ".ndjson"}), json_lines),
    Format("notebook", frozenset({".ipynb"}), of_bytes=notebook),
    PDF,
    DOCX,
    PPTX,
    HWPX,
    HWP,
)

_BY_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}

_ADVICE = {
    ".doc": "an old Word file: save it as .docx",
    ".epub": "an e-book: save it as .html",
    ".hwt": "a Hangul template: save it as .hwpx",
    ".key": "a Keynote presentation: save it as .pptx or .pdf",
    ".odp": "an OpenDocument presentation: save it as .pptx",
    ".ods": "an OpenDocument table: save it as .csv",
    ".odt": "an OpenDocument text: save it as .docx",
    ".pages": "a Pages document: save it as .docx or .pdf",
    ".ppt": "an old PowerPoint file: save it as .pptx",
    ".rtf": "a rich text file: save it as .docx",
    ".xls": "an old Excel file: save it as .csv",
    ".xlsx": "an Excel file: save its sheets as .csv",
    ".zip": "an archive: unpack it",
}


def format_of(suffix: str) -> Format | None:
    """By the suffix alone, in lower case with its dot."""
    return _BY_SUFFIX.get(suffix)


def unsupported(suffix: str) -> str:
    """Why a file of such a suffix is passed over, and what to do."""
    if suffix in _ADVICE:
        return _ADVICE[suffix]
    return f"unknown suffix {suffix!r}: use --glob to read such files" if suffix else "no suffix"


def sniffed(data: bytes) -> Format | None:
    """What the first bytes say a file is; None for text, and for what only its suffix can tell.

    Raises UnreadableError for containers that are known and not read, with advice; MissingExtraError.
    """
    if b"%PDF-" in data[:1024]:
        return PDF
    if data.startswith(b"PK\3\4"):
        return _zipped(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(data)
    if data.startswith(b"HWP Document File V"):
        raise UnreadableError("a Hangul document of format 3: save it as .hwpx")
    for mark, what in ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"7z\xbc\xaf", "7-Zip"), (b"Rar!", "RAR")):
        if data.startswith(mark):
            raise UnreadableError(f"an archive ({what}): unpack it")
    return None


def _zipped(data: bytes) -> Format:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, OverflowError) as error:
        raise UnreadableError(f"a broken zip file, or a part of one: {error}") from None
    for name, found in (("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("Contents/header.xml", HWPX)):
        if name in names:
            return found
    if any(name.startswith("Contents/section") for name in names):
        return HWPX
    for name, suffix in (("xl/workbook.xml", ".xlsx"), ("META-INF/container.xml", ".epub"), ("content.xml", ".odt")):
        if name in names:
            raise UnreadableError(_ADVICE[suffix])
    raise UnreadableError(_ADVICE[".zip"])


def _compound(data: bytes) -> Format:
    with ole_file(data) as file:
        names = {entry[0] for entry in file.listdir()}
    if "FileHeader" in names:
        return HWP
    if "EncryptedPackage" in names:
        raise UnreadableError("an encrypted office file: save it without a password")
    for name, suffix in (("WordDocument", ".doc"), ("Workbook", ".xls"), ("PowerPoint Document", ".ppt")):
        if name in names:
            raise UnreadableError(_ADVICE[suffix])
    raise UnreadableError("an OLE file of an unknown kind")
