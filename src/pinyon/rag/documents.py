"""A file becomes a document: sniffed, decoded, parsed, and freed of what no reader sees."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pinyon.errors import MissingExtraError
from pinyon.rag.decoding import decode
from pinyon.rag.files import FoundFile, Skipped
from pinyon.rag.formats import PROSE, Format, format_of, sniffed
from pinyon.rag.invisible import visible
from pinyon.rag.parsed import Parsed, Style, UnreadableError

__all__ = ["MAXIMUM_CHARACTERS", "MAXIMUM_FILE", "READER", "Document", "digest_of", "load", "parse"]

READER: Final = 2
"""Revision of how files become text and chunks. Raise it whenever a change alters any: files are then read again."""

MAXIMUM_CHARACTERS: Final = 30_000_000
"""Of one document, whose chunks are written in one transaction. The text of about thirty thick books."""

MAXIMUM_FILE: Final = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a file.

    digest: BLAKE2b-128 of the file's bytes, hexadecimal. pages: where each page or slide begins in ``text``; empty when
    the format has none. encoding: of a text file. hidden: characters left out that a reader would not see, by kind.
    """

    source: str
    digest: str
    text: str
    title: str = ""
    style: Style = "prose"
    pages: Sequence[int] = ()
    warnings: Sequence[str] = ()
    encoding: str = ""
    hidden: tuple[tuple[str, int], ...] = ()

    def page_at(self, offset: int) -> int | None:
        """The page, from 1, at an offset of ``text``."""
        return bisect_right(self.pages, offset) or 1 if self.pages else None


def load(file: FoundFile, *, encoding: str | None = None) -> Document | Skipped:
    """The document in a file, or the reason why there is none. Raises InvalidRequestError for an unknown encoding."""
    try:
        size = file.path.stat().st_size
        if size > MAXIMUM_FILE:
            reason = f"{size:,} bytes, over {MAXIMUM_FILE:,}: split it, or bring it in as records (.jsonl)"
            return Skipped(file.path, reason)
        data = file.path.read_bytes()
    except OSError as error:
        return Skipped(file.path, f"cannot be read: {error.strerror or error}")
    try:
        return parse(data, file.source, suffix=file.path.suffix.lower(), encoding=encoding)
    except MissingExtraError as error:
        return Skipped(file.path, error.message)
    except UnreadableError as error:
        return Skipped(file.path, error.message, lasting=True)


def digest_of(data: bytes) -> str:
    """BLAKE2b-128, hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def parse(data: bytes, source: str, *, suffix: str = "", encoding: str | None = None) -> Document:
    """The document in the bytes of a file called ``source``. What they are counts more than the suffix.

    Raises UnreadableError with the reason, MissingExtraError, InvalidRequestError for an unknown encoding.
    """
    if not data:
        return Document(source, digest_of(data), "")
    expected = format_of(suffix) or PROSE
    actual = sniffed(data)
    if actual is None and expected.binary and expected.name != "notebook":
        raise UnreadableError(f"named {suffix}, but it is no {expected.name}")
    chosen = actual or expected
    warnings = [f"named {suffix}, but it is a {chosen.name}"] if actual not in (None, expected) else []
    codec = ""
    try:
        if chosen.of_bytes is not None:
            parsed = chosen.of_bytes(data)
        else:
            decoded = decode(data, encoding)
            codec = decoded.encoding
            warnings += [f"read as {codec}"] if decoded.guessed else []
            parsed = _of_text(chosen, decoded.text)
    except RecursionError:
        raise UnreadableError("broken: nested too deeply") from None
    return _document(source, digest_of(data), parsed, warnings, codec)


def _of_text(chosen: Format, text: str) -> Parsed:
    _check_length(len(text))
    assert chosen.of_text is not None
    return chosen.of_text(text)


def _check_length(characters: int) -> None:
    if characters > MAXIMUM_CHARACTERS:
        raise UnreadableError(
            f"{characters:,} characters of text, over {MAXIMUM_CHARACTERS:,}: "
            "split it, or bring it in as records (.jsonl)"
        )


def _document(source: str, digest: str, parsed: Parsed, warnings: list[str], codec: str) -> Document:
    _check_length(sum(map(len, parsed.parts)))
    invisible: Counter[str] = Counter()
    pages: list[int] = []
    parts: list[str] = []
    length = 0
    for part in parsed.parts:
        pages.append(length)
        parts.append(visible(part, invisible))
        length += len(parts[-1]) + 2
    hidden = Counter({kind: count for kind, count in (parsed.hidden or {}).items() if count})
    warnings += parsed.warnings
    if hidden:
        warnings.append(f"hidden text left out: {_told(hidden)}")
    if invisible:
        warnings.append(f"invisible characters left out: {_told(invisible)}")
    return Document(
        source,
        digest,
        "\n\n".join(parts),
        visible(parsed.title, Counter()),
        parsed.style,
        tuple(pages) if parsed.paged else (),
        tuple(warnings),
        codec,
        tuple(sorted((hidden + invisible).items())),
    )


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
