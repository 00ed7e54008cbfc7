"""Forms with files (RFC 7578), as they are uploaded to assistants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.server.heads import FILES, UnsupportedMediaError

_PARTS: Final = 16
_PART_HEADERS: Final = 16
_HEADER_BYTES: Final = 8 * 1024
_FIELD_BYTES: Final = 1024 * 1024
"""Of a part that is no file."""


@dataclass(slots=True)
class Part:
    """One part of a form. filename: None for one that is no file. pieces: its bytes, as views of the body."""

    name: str
    filename: str | None
    pieces: list[memoryview] = field(default_factory=list)
    size: int = 0

    @property
    def text(self) -> str:
        """Raises InvalidRequestError for what is not UTF-8."""
        try:
            return b"".join(self.pieces).decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidRequestError(f"Invalid request: the part {self.name[:80]!r} is not UTF-8.") from None


def read_form(body: bytes, content_type: str) -> list[Part]:
    """The parts of a form. Raises UnsupportedMediaError, InvalidRequestError, MissingExtraError."""
    try:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import MultipartParser, parse_options_header
    except ImportError:
        raise MissingExtraError(
            "Uploads need a further package (python-multipart is missing). Run: pip install 'pinyon[server]'"
        ) from None
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind.decode("latin-1") != FILES or not boundary:
        raise UnsupportedMediaError(
            f"Content-Type {content_type[:80]!r} is not supported. Send {FILES} with a boundary."
        )
    reader = _Reader(memoryview(body))
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise InvalidRequestError(f"Invalid request: the form cannot be read ({error}).") from None
    if not reader.ended:
        raise InvalidRequestError("Invalid request: the form ends in the middle of a part.")
    return reader.parts


class _Reader:
    """Collects what the parser finds. Nothing of a file is copied: a part holds views of the body."""

    def __init__(self, body: memoryview) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._body = body
        self._headers: dict[str, bytes] = {}
        self._name = b""
        self._value = b""
        self._size = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= _PARTS:
            raise InvalidRequestError(f"Invalid request: a form may have {_PARTS} parts, and this one has more.")
        self._headers, self._size = {}, 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += self._counted(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._counted(data[start:end])

    def _counted(self, data: bytes) -> bytes:
        self._size += len(data)
        if self._size > _HEADER_BYTES:
            raise InvalidRequestError(f"Invalid request: the headers of a part exceed {_HEADER_BYTES:,} bytes.")
        return data

    def _header_end(self) -> None:
        name = self._name.decode("latin-1").lower()
        if name in self._headers or len(self._headers) >= _PART_HEADERS:
            raise InvalidRequestError(f"Invalid request: the header {name[:40]!r} of a part comes twice.")
        self._headers[name] = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        name, filename = _disposition(self._headers.get("content-disposition", b""))
        self.parts.append(Part(name, filename))

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        part.pieces.append(self._body[start:end])
        part.size += end - start
        if part.filename is None and part.size > _FIELD_BYTES:
            raise InvalidRequestError(
                f"Invalid request: the part {part.name[:80]!r} exceeds {_FIELD_BYTES:,} bytes and is no file."
            )

    def _end(self) -> None:
        self.ended = True


def _disposition(header: bytes) -> tuple[str, str | None]:
    """(name, file name) of a part; the name of a file is UTF-8 as browsers and SDKs send it, or else Latin-1."""
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(header)
    if kind != b"form-data" or b"name" not in options:
        raise InvalidRequestError("Invalid request: a part of the form has no name.")
    filename = options.get(b"filename")
    return _decoded(options[b"name"]), None if filename is None else _decoded(filename)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
