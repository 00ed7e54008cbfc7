"""Pictures and files of pictures, made for tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from pinyon.types import Picture, Pixels

LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "BMP": {},
    "TIFF": {},
    "TIFF lzw": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
}
LOSSY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "JPEG progressive": {"quality": 95, "subsampling": 0, "progressive": True},
    "AVIF": {"quality": 95},
    "HEIF": {"quality": 95, "chroma": "444"},
    "TIFF jpeg": {"compression": "jpeg", "quality": 95},
}
EVERY = {**LOSSLESS, **LOSSY, "GIF": {}}


def file_of(image: Image.Image | Pixels, format: str, **options: Any) -> bytes:
    """The bytes of a file; format: the first word is Pillow's name of it."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    if format == "HEIF":
        import pillow_heif

        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, format.split()[0], **{**EVERY.get(format, {}), **options})
    return buffer.getvalue()


def noise(rng: np.random.Generator, height: int, width: int) -> Pixels:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def scene(rng: np.random.Generator, height: int = 64, width: int = 96) -> Pixels:
    """(height, width, 3): soft colours, as in a photograph, different for every state of ``rng``."""
    coarse = Image.fromarray(noise(rng, 6, 8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def picture(pixels: Pixels) -> Picture:
    return Picture(pixels)


def png(width: int, height: int, depth: int, colour: int, data: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG by the specification. data: rows, each after its filter byte. after: chunks behind the pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + after
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
