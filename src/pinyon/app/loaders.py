"""Finds the text files under a path and reads them as plain text. What is passed over is reported, with the reason."""

from __future__ import annotations

import codecs
import fnmatch
import html.parser
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinyon.app.chunking import Style
from pinyon.errors import InvalidRequestError, NotFoundError

__all__ = ["CODE", "MAXIMUM_BYTES", "MARKUP", "RECORD_SUFFIXES", "Document", "FoundFile", "Skipped", "find", "load"]

RECORD_SUFFIXES = frozenset({".csv", ".jsonl", ".ndjson", ".npy", ".parquet"})
"""Files of records: they are read only when they are named themselves."""

HTML = frozenset({".htm", ".html", ".xhtml"})
MARKUP = frozenset({".adoc", ".markdown", ".md", ".mdx", ".org", ".rst", ".tex", ".text", ".txt"})
CODE = frozenset(
    """.bash .c .cc .cfg .clj .cmake .conf .cpp .cs .css .cxx .dart .el .erl .ex .exs .fish .fs .go .gradle .graphql .h
    .hh .hpp .hs .ini .java .jl .js .json .jsx .kt .kts .less .lua .m .mjs .ml .mm .nim .php .pl .properties .proto
    .ps1 .py .pyi .r .rb .rs .sass .scala .scss .sh .sql .svelte .swift .tf .toml .ts .tsx .vb .vue .xml .yaml .yml
    .zig .zsh""".split()
)
NAMES = frozenset(
    "authors changelog contributing copying dockerfile install license makefile news notice readme todo".split()
)
"""Files without a suffix that hold text."""

IGNORED_DIRECTORIES = frozenset({"__pycache__", "bower_components", "node_modules", "site-packages", "venv"})
DIRECTORY_MARKS = ("pyvenv.cfg", "catalog.sqlite")
"""A directory with such a file is a virtual environment or a Pinyon data directory."""

MAXIMUM_BYTES = 20 * 1024**2
"""Larger files inside a directory are passed over: dumps and logs rather than documents."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read. ``source`` is its path below ``root``, with ``/`` between the parts, in Unicode form NFC."""

    path: Path
    root: Path
    source: str
    named: bool
    """Whether the caller named this very file, so that neither suffix nor size is a reason to pass it over."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """The plain text of a file. ``title`` is that of an HTML page, else empty."""

    file: FoundFile
    text: str
    title: str
    style: Style


def find(paths: Sequence[Path], *, root: Path | None = None, glob: str | None = None) -> Iterator[FoundFile | Skipped]:
    """Every text file at or under the paths, each once, in a stable order.

    Hidden files and directories, virtual environments and the like are left out silently; other files of a directory
    that are not taken come as Skipped. root: what ``source`` is relative to; by default the directory that was named,
    or the directory of the file that was named. glob: takes the files that match it and no others, whatever their
    suffix; a pattern without ``/`` is matched against the name. Raises NotFoundError, InvalidRequestError.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"no file or directory {str(path)!r}: check the spelling and the working directory")
        if root is not None and not path.resolve().is_relative_to(root.resolve()):
            raise InvalidRequestError(
                f"{str(path)!r} is not below the root {str(root)!r}: leave --root out, or widen it"
            )
    seen: set[Path] = set()
    for path in paths:
        base = (root or (path if path.is_dir() else path.parent)).resolve()
        files = _walk(path.resolve()) if path.is_dir() else iter([path.resolve()])
        for file in files:
            if file not in seen:
                seen.add(file)
                found = FoundFile(file, base, _source(file, base), named=not path.is_dir())
                reason = "" if found.named else _unwanted(found, glob)
                if not reason:
                    yield found
                elif glob is None:
                    yield Skipped(file, reason)


def load(file: FoundFile, *, encoding: str | None = None) -> Document | Skipped:
    """The text of a file: UTF-8, or what its byte order mark says, or else ``encoding``."""
    try:
        data = file.path.read_bytes()
    except OSError as error:
        return Skipped(file.path, f"cannot be read: {error.strerror or error}")
    text = _decoded(data, encoding)
    if text is None:
        if b"\0" in data[:8192]:
            return Skipped(file.path, "binary")
        tried = "UTF-8" if encoding is None else f"UTF-8 nor {encoding}"
        hint = ": name its encoding, for example --encoding cp949" if encoding is None else ""
        return Skipped(file.path, f"not {tried} text{hint}")
    suffix = file.path.suffix.lower()
    if suffix in HTML:
        text, title = _html_text(text)
        return Document(file, text, title, "markdown")
    style: Style = "markdown" if suffix in (".md", ".markdown", ".mdx") else "code" if suffix in CODE else "prose"
    return Document(file, text, "", style)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below, sorted; links to directories are not followed, for they may lead in a circle."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED_DIRECTORIES and not _is_marked(entry.path):
                yield from _walk(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)


def _is_marked(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, mark)) for mark in DIRECTORY_MARKS)


def _source(file: Path, base: Path) -> str:
    # Apple's file systems hand out Korean names in decomposed form; the id of a file must not depend on the machine.
    return unicodedata.normalize("NFC", file.relative_to(base).as_posix())


def _unwanted(file: FoundFile, glob: str | None) -> str:
    """Why a file of a directory is passed over; empty when it is not."""
    name, suffix = file.path.name, file.path.suffix.lower()
    if glob is not None:
        matches = fnmatch.fnmatchcase(file.source if "/" in glob else name, glob)
        return "" if matches else "does not match the pattern"
    if suffix in RECORD_SUFFIXES:
        return f"a {suffix} file of records: name it itself to read it"
    if not (suffix in MARKUP or suffix in HTML or suffix in CODE or (not suffix and name.lower() in NAMES)):
        return f"unknown suffix {suffix!r}: use --glob to read such files" if suffix else "no suffix"
    try:
        size = file.path.stat().st_size
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if size > MAXIMUM_BYTES:
        return f"{size:,} bytes, over {MAXIMUM_BYTES:,}: name the file itself to read it"
    return ""


def _decoded(data: bytes, encoding: str | None) -> str | None:
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if marked is None and b"\0" in data[:8192] and not (encoding or "").lower().startswith(("utf-16", "utf-32")):
        return None
    for name in [marked] if marked else ["utf-8", *([encoding] if encoding else [])]:
        try:
            return data.decode(name).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise InvalidRequestError(f"unknown encoding {name!r}: try cp949, euc-kr, shift_jis or latin-1") from None
    return None


_DROPPED = frozenset({"noscript", "script", "style", "svg", "template"})
_BLOCKS = frozenset(
    """address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form header hr li
    main nav ol p pre section summary table tr ul""".split()
)


class _TextOfHtml(html.parser.HTMLParser):
    """Collects the visible text; headings become markdown headings, so that chunks keep them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._dropped = 0
        self._verbatim = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag == "title" and not self._dropped:
            self._in_title = True
        elif re.fullmatch("h[1-6]", tag):
            self.parts.append("\n\n" + "#" * int(tag[1]) + " ")
        elif tag in _BLOCKS:
            self._verbatim += tag == "pre"
            self.parts.append("\n- " if tag == "li" else "\n" if tag in ("tr", "dd") else "\n\n")
        elif tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag == "title":
            self._in_title = False
        elif tag in _BLOCKS or re.fullmatch("h[1-6]", tag):
            self._verbatim = max(0, self._verbatim - (tag == "pre"))
            self.parts.append("" if tag in ("li", "tr", "dd") else "\n\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._dropped:
            self.parts.append(data if self._verbatim else re.sub(r"\s+", " ", data))


def _html_text(source: str) -> tuple[str, str]:
    """(visible text, title) of an HTML page."""
    parser = _TextOfHtml()
    parser.feed(source)
    parser.close()
    text = re.sub(r"[ \t]+\n", "\n", "".join(parser.parts))
    text = re.sub(r"\n[ \t]+(?=#+ )", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip(), " ".join("".join(parser.title).split())
