"""Which files are pictures, told by their first bytes: names are often wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["FORMATS", "SUFFIXES", "PictureFormat", "explained", "sniffed"]


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """A kind of picture that is read. opener: module and class (or function) that reads its header."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    opener: tuple[str, str]


FORMATS: Final = {
    kind.name: kind
    for kind in (
        PictureFormat(
            "JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), ("PIL.JpegImagePlugin", "jpeg_factory")
        ),
        PictureFormat("PNG", "image/png", (".png", ".apng"), ("PIL.PngImagePlugin", "PngImageFile")),
        PictureFormat("WebP", "image/webp", (".webp",), ("PIL.WebPImagePlugin", "WebPImageFile")),
        PictureFormat("GIF", "image/gif", (".gif",), ("PIL.GifImagePlugin", "GifImageFile")),
        PictureFormat("TIFF", "image/tiff", (".tif", ".tiff"), ("PIL.TiffImagePlugin", "TiffImageFile")),
        PictureFormat("BMP", "image/bmp", (".bmp",), ("PIL.BmpImagePlugin", "BmpImageFile")),
        PictureFormat("AVIF", "image/avif", (".avif",), ("PIL.AvifImagePlugin", "AvifImageFile")),
        PictureFormat("HEIC", "image/heic", (".heic", ".heif"), ("pillow_heif", "HeifImageFile")),
    )
}
"""By name. Those that run a program of their own (PostScript, SVG) are left out on purpose."""

SUFFIXES: Final = {suffix: kind.name for kind in FORMATS.values() for suffix in kind.suffixes}
"""Lower case, with the dot -> the name of the format that it promises."""

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_OTHERS: Final = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript program"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\x01\0", "an icon"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a video"),
)
_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS: Final = {b"avif", b"avis"}
_SVG: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!].*?)?<(?:svg:)?svg[\s>/]", re.DOTALL | re.IGNORECASE)
_HTML: Final = re.compile(rb"\s*<(?:!doctype html|html)", re.IGNORECASE)


def sniffed(data: bytes) -> PictureFormat | None:
    """The format that a file with these bytes has; None when it is none that is read."""
    for beginning, name in _BEGINNINGS:
        if data.startswith(beginning):
            return FORMATS[name]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return FORMATS["WebP"]
    brands = _brands(data)
    if brands & _AVIF_BRANDS:
        return FORMATS["AVIF"]
    return FORMATS["HEIC"] if brands & _HEIC_BRANDS else None


def explained(data: bytes) -> str:
    """What a file that is no picture seems to be, and what can be done: the end of a sentence that begins with it."""
    start = data[:4096]
    if _SVG.match(start):
        return "is an SVG drawing: a program that draws, and may load other files, not pixels. Convert it to PNG first"
    for beginning, name in _OTHERS:
        if data.startswith(beginning):
            return f"is {name}, not a picture of a format that is read: convert it to PNG or JPEG first"
    if _HTML.match(start):
        return "is a web page, not a picture: perhaps a download that failed"
    if _brands(data):
        return "is a video, not a picture: save a frame of it as PNG or JPEG first"
    known = ", ".join(FORMATS)
    return f"is no picture of a format that is read (it begins with {data[:8]!r}): give one of {known}"


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO base media file (ISO/IEC 14496-12, box ``ftyp``); empty for others."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
