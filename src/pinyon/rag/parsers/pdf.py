"""PDF, read by PDFium (``pypdfium2``), which knows the encodings of Korean, Chinese and Japanese fonts."""

from __future__ import annotations

import threading
from typing import Any, Final

from pinyon.errors import MissingExtraError
from pinyon.rag.parsed import Parsed, UnreadableError

__all__ = ["pdf"]

MAXIMUM_PAGES: Final = 20_000

PDFIUM_ERRORS: Final = {
    3: "a broken PDF",
    4: "an encrypted PDF: it needs a password. Save it without one",
    5: "an encrypted PDF: its protection is of a kind that cannot be opened",
}
"""What ``FPDF_GetLastError`` means."""

_LOCK = threading.Lock()
"""PDFium is not thread-safe."""


def pdf(data: bytes) -> Parsed:
    """The text of each page, and the document's title; a title of its outline that is a line of its page is a heading.

    Raises UnreadableError for what is broken, encrypted or has no text at all; MissingExtraError without the package.
    """
    try:
        import pypdfium2
    except ImportError:
        raise MissingExtraError('PDF files need a package more: pip install "pinyon[documents]"') from None
    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise UnreadableError(PDFIUM_ERRORS.get(getattr(error, "err_code", 3), "a broken PDF")) from None
        try:
            return _parsed(document, pypdfium2.PdfiumError)
        finally:
            document.close()


def _parsed(document: Any, failure: type[Exception]) -> Parsed:
    count = len(document)
    if count > MAXIMUM_PAGES:
        raise UnreadableError(f"a PDF of {count:,} pages, over {MAXIMUM_PAGES:,}: split it")
    outline = _outline(document, failure)
    pages: list[str] = []
    broken: list[int] = []
    empty: list[int] = []
    hidden = 0
    for number in range(count):
        try:
            text, outside = _page(document, number)
            hidden += outside
        except failure:
            broken.append(number + 1)
            text = ""
        if not text.strip():
            empty.append(number + 1)
        pages.append(_with_headings(text, outline.get(number, [])))
    if count and len(broken) == count:
        raise UnreadableError("a broken PDF: none of its pages can be read")
    if len(empty) == count:
        raise UnreadableError(
            f"a PDF without text ({count:,} page{'' if count == 1 else 's'}): scanned pictures? Run OCR over it first"
        )
    warnings = [f"broken pages left out: {_numbers(broken)}"] if broken else []
    if empty := [number for number in empty if number not in broken]:
        warnings.append(f"pages without text: {_numbers(empty)}")
    title = document.get_metadata_dict().get("Title", "").strip()
    return Parsed(pages, title, "markdown", True, warnings, {"outside the page": hidden})


def _page(document: Any, number: int) -> tuple[str, int]:
    """The text within the page's borders, and how many characters lie outside of them."""
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_bounded()
            outside = _letters(text_page.get_text_range()) - _letters(text)
        finally:
            text_page.close()
    finally:
        page.close()
    # PDFium marks a hyphen at the end of a line with U+FFFE, and joins the word.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "").replace("\uffff", "")
    return lines, max(0, outside)


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def _outline(document: Any, failure: type[Exception]) -> dict[int, list[tuple[int, str]]]:
    """Page index -> (level from 1, title) of the bookmarks that lead there."""
    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for bookmark in document.get_toc(max_depth=6):
            target = bookmark.get_dest()
            page = target.get_index() if target is not None else None
            title = " ".join(bookmark.get_title().split())
            if page is not None and title:
                found.setdefault(page, []).append((min(bookmark.level + 1, 6), title))
    except failure:
        return {}
    return found


def _with_headings(text: str, titles: list[tuple[int, str]]) -> str:
    """The lines of a page; those that are titles of the outline, in their order, become markdown headings."""
    waiting = list(titles)
    lines = []
    for line in text.split("\n"):
        name = " ".join(line.split())
        at = next((n for n, (_, title) in enumerate(waiting) if _same(name, title)), None)
        if at is None:
            lines.append("\\" + line if line.startswith("#") else line)
        else:
            lines.append(f"\n{'#' * waiting[at][0]} {name}\n")
            del waiting[: at + 1]
    return "\n".join(lines).strip("\n")


def _same(line: str, title: str) -> bool:
    """Whether a line is a title, perhaps with its number in front of either."""
    if not line or len(line) > 2 * len(title) + 12:
        return False
    plain = [one.lstrip("0123456789.제장절편관 ").casefold() for one in (line, title)]
    return line == title or (bool(plain[0]) and plain[0] == plain[1])


def _numbers(pages: list[int]) -> str:
    shown = ", ".join(map(str, pages[:10]))
    return f"{shown} and {len(pages) - 10:,} more" if len(pages) > 10 else shown
