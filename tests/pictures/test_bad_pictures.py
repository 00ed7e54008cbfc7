"""A file that is no picture, or a broken one, or one that would fill the memory, is refused with the reason."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pictures.drawn import EVERY, LOSSLESS, file_of, png, scene
from pinyon.errors import InvalidRequestError
from pinyon.pictures import MAXIMUM_PIXELS, about, encoded, opening, read_picture
from pinyon.types import Pixels


@pytest.mark.parametrize("read", [read_picture, about])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing: a program"),
        (b"\xef\xbb\xbf\n  <svg>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<!-- drawn --><!DOCTYPE svg>\n<svg width='1'>", "an SVG drawing"),
        (b"<svg:svg xmlns:svg='x'>", "an SVG drawing"),
        (b"%PDF-1.7", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript program"),
        (b"8BPS\0\x01", "a Photoshop document"),
        (b"\0\0\x01\0\x01\0", "an icon"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "a video"),
        (b"<!DOCTYPE html><html>404", "a web page"),
        (b"<html><body><svg/></body></html>", "a web page"),
        (b"just words", r"begins with b'just wor'.*JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, HEIC"),
        (b"\x89PNG\r\n\x1a\n", "a PNG file that is damaged or cut short"),
        (b"\xff\xd8\xff\xe0", "a JPEG file that is damaged or cut short"),
        (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 0, 5, 1, 24, 0, 0, 0, 0, 0, 0), "BMP file"),
        (b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";", "GIF"),
    ],
)
def test_what_is_no_picture_is_refused_by_name_and_with_the_reason(read: Any, data: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^'holiday.png' .*{reason}"):
        read(data, name="holiday.png")


@given(data=st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    for beginning in (b"", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"RIFF\x10\0\0\0WEBP", b"\0\0\0\x18ftypheic"):
        _read_or_refused(beginning + data)


def _read_or_refused(data: bytes) -> Pixels | None:
    try:
        found, refusal = read_picture(data, name="x", longest=64).pixels, ""
    except InvalidRequestError as error:
        found, refusal = None, error.message
    if found is None:
        assert refusal.startswith("'x' ")
        return None
    assert found.dtype == np.uint8
    assert found.ndim == 3
    assert found.shape[2] == 3
    assert min(found.shape[:2]) >= 1
    assert max(found.shape[:2]) <= 64
    return found


# Without those of libtiff, which tells of damage on the error stream of the process.
@pytest.mark.parametrize("format", [name for name in EVERY if name != "TIFF lzw"])
def test_a_file_that_is_cut_short_is_refused_unless_every_pixel_was_there(
    format: str, rng: np.random.Generator
) -> None:
    data = file_of(scene(rng, 24, 20), format)
    whole = read_picture(data, name="x").pixels
    refused = 0
    for end in {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 20, len(data))}:
        found = _read_or_refused(data[:end])
        refused += found is None
        assert found is None or np.array_equal(found, whole)
    assert refused > 40


@pytest.mark.parametrize("format", [name for name in EVERY if not name.startswith("TIFF ")])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_file_with_changed_bytes_is_read_or_refused(format: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2024:01:02 03:04:05"
    options = {"exif": exif} if format.split()[0] in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    data = bytearray(file_of(scene(rng, 24, 20), format, **options))
    for place in rng.integers(0, min(len(data), 600), 3):
        data[place] = rng.integers(0, 256)
    _read_or_refused(bytes(data))


BOMBS = ("PNG", "GIF", "BMP", "TIFF", "JPEG", "WEBP", "AVIF", "HEIF")


def _bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def _enlarged(format: str, width: int, height: int) -> bytes:
    """A small file whose header promises a picture of another size."""
    if format == "PNG":
        return png(width, height, 1, 0)
    if format == "BMP":
        return _bmp(width, height)
    small = file_of(Image.new("RGB", (64, 64)), format, **({"lossless": False} if format == "WEBP" else {}))
    if format == "GIF":
        return small[:6] + struct.pack("<HH", width, height) + small[10:]
    if format == "JPEG":
        return small.replace(struct.pack(">HH", 64, 64), struct.pack(">HH", height, width), 1)
    if format == "WEBP":
        frame = small.index(b"\x9d\x01\x2a") + 3
        return small[:frame] + struct.pack("<HH", width, height) + small[frame + 4 :]
    if format == "TIFF":
        for tag, old, new in ((256, 64, width), (257, 64, height)):
            small = small.replace(struct.pack("<HHII", tag, 4, 1, old), struct.pack("<HHII", tag, 4, 1, new))
        return small
    assert format in ("AVIF", "HEIF")
    field = b"ispe\0\0\0\0"  # of an ISO media file: the property that has the sides
    at = small.index(field) + len(field)
    return small[:at] + struct.pack(">II", width, height) + small[at + 8 :]


@pytest.mark.parametrize("format", BOMBS)
def test_a_bomb_is_refused_from_its_header(format: str) -> None:
    width, height = (10_000, 16_000) if format in ("WEBP", "AVIF", "HEIF") else (40_000, 50_000)
    for read in (about, read_picture):
        with pytest.raises(InvalidRequestError, match=r"'bomb' .*(pixels, over 120,000,000|larger than this process)"):
            read(_enlarged(format, width, height), name="bomb")


def test_the_cap_counts_every_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAXIMUM_PIXELS >= 11_648 * 8_736  # what a camera of 100 megapixels makes
    monkeypatch.setattr(opening, "MAXIMUM_PIXELS", 600)
    for format in LOSSLESS:
        assert read_picture(file_of(Image.new("RGB", (30, 20)), format), name="x").pixels.shape == (20, 30, 3)
        with pytest.raises(InvalidRequestError, match=r"'x' has 601 x 1 pixels, over 600 in all: make it smaller"):
            read_picture(file_of(Image.new("RGB", (601, 1)), format), name="x")


def test_a_picture_above_the_librarys_own_limit_and_below_ours_is_read_without_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
    for format in [*LOSSLESS, "GIF", "JPEG"]:
        assert read_picture(file_of(Image.new("RGB", (40, 30)), format), name="x").pixels.shape == (30, 40, 3)


def test_a_limit_that_this_process_set_for_itself_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of(Image.new("RGB", (40, 30)), "TIFF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(InvalidRequestError, match="larger than this process allows"):
        read_picture(data, name="x")


@pytest.mark.parametrize("longest", [0, -1, 2.5, True, "64"])
def test_a_side_that_is_none_is_refused(longest: Any) -> None:
    with pytest.raises(InvalidRequestError, match="longest is"):
        read_picture(file_of(Image.new("RGB", (4, 4)), "PNG"), name="x", longest=longest)


@given(exif=st.binary(max_size=80))
def test_damaged_exif_data_cost_no_picture(exif: bytes) -> None:
    pixels = np.full((8, 8, 3), 77, np.uint8)
    data = file_of(pixels, "WEBP", lossless=True, exif=b"II*\0\x08\0\0\0" + exif)
    assert np.array_equal(read_picture(data, name="x").pixels, pixels)
    assert about(data, name="x").format == "WebP"


def test_where_a_photo_was_taken_is_kept_nowhere() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (37.0, 33.0, 59.0)
    exif[0x010E] = "SECRETPLACE"
    data = file_of(Image.new("RGB", (8, 8)), "JPEG", exif=exif)
    assert b"SECRETPLACE" in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)
    info = about(data, name="x.jpg")
    assert (info.camera, info.taken) == ("Canon", "")
    assert {"SECRETPLACE", "37"}.isdisjoint(repr(info))
    found = read_picture(data, name="x.jpg")
    for format in ("jpeg", "png", "webp"):
        again = Image.open(io.BytesIO(encoded(found, format=format)))  # type: ignore[arg-type]
        assert dict(again.getexif()) == {}
        assert "exif" not in again.info


WITHOUT = """
import json, sys
sys.modules[{package!r}] = None
import pinyon
from pinyon.pictures import about, read_picture, sniffed
said = []
for data in json.loads(sys.stdin.read()):
    data = bytes(data)
    try:
        read_picture(data, name="x")
        said.append("read")
    except pinyon.MissingExtraError as error:
        said.append(error.message)
print(json.dumps(said))
"""


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("PIL", ["Pictures need a package more: pip install 'pinyon[pictures]'"] * 2),
        ("pillow_heif", ["read", "HEIC pictures need a package more: pip install 'pinyon[heic]'"]),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(package: str, expected: list[str]) -> None:
    files = [list(file_of(Image.new("RGB", (32, 32)), format)) for format in ("PNG", "HEIF")]
    program = WITHOUT.format(package=package)
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(files), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == expected


def test_a_header_with_a_small_size_is_believed_as_well() -> None:
    """So that it is the size which is refused above, and not the way in which these headers are made."""
    for format in BOMBS:
        info = about(_enlarged(format, 80, 70), name="x")
        assert (info.width, info.height) == (80, 70)
