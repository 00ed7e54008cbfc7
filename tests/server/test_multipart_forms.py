"""Forms are read byte for byte, and what is no form is refused."""

from __future__ import annotations

import random

import pytest

from pinyon.errors import InvalidRequestError
from pinyon.server.heads import UnsupportedMediaError
from pinyon.server.multipart import read_form
from server.assisted import form


def _read(*parts: tuple[str, str | None, bytes], boundary: str = "") -> list[tuple[str, str | None, bytes]]:
    body, kind = form(*parts, boundary=boundary)
    return [(part.name, part.filename, b"".join(part.pieces)) for part in read_form(body, kind)]


def test_parts_come_out_as_they_went_in() -> None:
    parts = (("file", "벌.md", "벌은 꿀을 만든다.\r\n".encode()), ("metadata", None, b'{"a": 1}'), ("file", "", b""))
    assert _read(*parts) == list(parts)


def test_content_that_looks_like_a_boundary_is_content() -> None:
    """Every content of up to a few pieces of boundary, line end and dashes, of which parsers lose some."""
    boundary = "0123456789abcdef"
    pieces = (b"\r\n", b"--", boundary.encode()[:7], boundary.encode()[7:], b"\r", b"\n", b"-", b"x", b"\r\n--")
    rng = random.Random(7)
    for _ in range(3_000):
        content = b"".join(rng.choice(pieces) for _ in range(rng.randrange(12)))
        if b"\r\n--" + boundary.encode() in b"\r\n" + content:
            continue
        assert _read(("file", "a", content), boundary=boundary) == [("file", "a", content)], content


def test_a_large_file_is_not_copied_while_it_is_read() -> None:
    body, kind = form(("file", "a", b"x" * 5_000_000))
    [part] = read_form(body, kind)
    assert part.size == 5_000_000
    assert all(piece.obj is body for piece in part.pieces)


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=b"])
def test_another_kind_of_body_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        read_form(b"--b--\r\n", kind)


def _bad() -> list[bytes]:
    body, _ = form(("file", "a.txt", b"text"), boundary="b")
    many, _ = form(*[("file", "a", b"")] * 17, boundary="b")
    return [
        b"",
        b"text",
        body[:-6],
        body[: len(body) // 2],
        body.replace(b"Content-Disposition", b"Content-Disposition: form-data; name=x\r\nContent-Disposition"),
        body.replace(b'name="file"; ', b""),
        body.replace(b"form-data;", b"attachment;"),
        b"--b\r\n\r\ntext\r\n--b--\r\n",
        b"--b\r\nX: " + b"y" * 9_000 + b"\r\n\r\n\r\n--b--\r\n",
        many,
    ]


@pytest.mark.parametrize("body", _bad(), ids=range(len(_bad())))
def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read_form(body, "multipart/form-data; boundary=b")


def test_a_field_may_not_be_as_large_as_a_file() -> None:
    body, kind = form(("metadata", None, b"x" * 1_100_000))
    with pytest.raises(InvalidRequestError, match="metadata"):
        read_form(body, kind)
