"""The bytes of a picture file become pixels as models see them: sRGB, upright, on white."""

from __future__ import annotations

import hashlib
import io
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from pinyon.pictures.facts import PictureInfo, facts
from pinyon.pictures.imaging import check_longest, fitted
from pinyon.pictures.opening import opened, orientation, quiet, unreadable
from pinyon.types import Picture, Scores

if TYPE_CHECKING:
    from PIL import Image, ImageFile

__all__ = ["read_picture", "read_with_info"]

_BAND: Final = 4_000_000
"""Pixels that are converted at once where a picture is made smaller anyway."""
_SPARE: Final = 2
"""A picture is first reduced by a whole factor, by averaging, to at least so many times the size that is wanted. The
same as the default ``reducing_gap`` of Pillow's ``thumbnail``, with which one cannot see a difference."""
_DEEP: Final = ("I", "F")


def read_picture(data: bytes, *, name: str, longest: int | None = None) -> Picture:
    """The picture in the bytes of a file, by what they are, whatever the file is called.

    JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, and HEIC with the extra ``heic``. Of animations and files of several pages,
    the first is read. It is turned upright as its EXIF data say, colours become sRGB by its ICC profile (one that is
    damaged is ignored), 16 bits become the upper 8, numbers without a scale (32 bits, floating point) are spread from
    their least to their greatest, and what is transparent lies on white. Nothing else of the file is kept.

    name: for messages. longest: the picture is made smaller, in proportion, until no side has more pixels. A baseline
    JPEG is then never decoded whole: one of 100 megapixels takes some ten megabytes; other files take three to four
    bytes a pixel while they are read.

    Raises InvalidRequestError, with the reason, for what is empty, damaged or cut short, no picture (SVG is a program),
    or over MAXIMUM_PIXELS; MissingExtraError.
    """
    return read_with_info(data, name=name, longest=longest)[0]


def read_with_info(data: bytes, *, name: str, longest: int | None = None) -> tuple[Picture, PictureInfo]:
    """``read_picture`` and ``about`` in one reading of the file. Raises what they do."""
    check_longest(longest)
    image, kind = opened(data, name)
    size = image.size
    wanted = fitted(*size, longest)
    if kind.name == "JPEG" and wanted != size:
        image.draft(None, (_SPARE * wanted[0], _SPARE * wanted[1]))
    with unreadable(name, kind), _decoding(image):
        image.load()
    small = _smaller(image, wanted)
    upright = _upright(_in_srgb(small, image.info.get("icc_profile")), orientation(image))
    return Picture(np.array(upright), f"sha256:{hashlib.sha256(data).hexdigest()}"), facts(image, kind, size)


def _decoding(image: ImageFile.ImageFile) -> AbstractContextManager[None]:
    """Quiet, hence one at a time, where the decoder warns of tags and sizes. Others decode side by side."""
    return quiet() if image.format == "TIFF" else nullcontext()


def _smaller(image: ImageFile.ImageFile, wanted: tuple[int, int]) -> Image.Image:
    """The picture with 8 bits a channel, opaque, in the size that is wanted."""
    from PIL import Image

    levels = _extrema(image) if image.mode in _DEEP else (0.0, 0.0)
    factor = max(1, min(image.width // (_SPARE * wanted[0]), image.height // (_SPARE * wanted[1])))
    if factor == 1:
        opaque = _opaque(image, levels)
    else:
        step = factor * max(1, _BAND // (factor * image.width))
        bands = []
        for top in range(0, image.height, step):
            box = (0, top, image.width, min(image.height, top + step))
            bands.append(_opaque(image.crop(box), levels).reduce(factor))
        opaque = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
        for number, band in enumerate(bands):
            opaque.paste(band, (0, number * step // factor))
    return opaque if opaque.size == wanted else opaque.resize(wanted, Image.Resampling.LANCZOS)


def _extrema(image: Image.Image) -> tuple[float, float]:
    """The least and the greatest finite number of a picture whose numbers have no scale."""
    values = np.asarray(image, np.float64)
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _opaque(image: Image.Image, levels: tuple[float, float]) -> Image.Image:
    """With 8 bits a channel, and on white: of mode L, RGB, CMYK, YCbCr or LAB."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return _on_white_by_key(image)
    if image.mode in _DEEP:
        return Image.fromarray(_spread(np.asarray(image, np.float64), levels))
    if image.has_transparency_data:
        shown = image.convert("RGBA")
        canvas = Image.new("RGB", image.size, "white")
        canvas.paste(shown, mask=shown.getchannel("A"))
        return canvas
    if image.mode in ("L", "RGB", "CMYK", "YCbCr", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _on_white_by_key(image: Image.Image) -> Image.Image:
    """16 bits of grey: the upper 8, with the one shade that PNG lets be transparent. The library would clip."""
    from PIL import Image

    values = np.asarray(image)
    grey = (values >> 8).astype(np.uint8)
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey[values == key] = 255
    return Image.fromarray(grey)


def _spread(values: Scores, levels: tuple[float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """(h, w) of any numbers -> (h, w) uint8; what is not finite becomes black or, above all, white."""
    low, high = levels
    known = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    return np.rint((known - low) * (255.0 / (high - low) if high > low else 0.0)).astype(np.uint8)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours by the file's ICC profile, as far as it can be read and is another one than sRGB."""
    if not profile or image.mode not in ("L", "RGB", "CMYK"):
        return image.convert("RGB")
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image.convert("RGB")
        target = ImageCms.createProfile("sRGB")
        return cast("Image.Image", ImageCms.profileToProfile(image, source, target, outputMode="RGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")


def _upright(image: Image.Image, turned: int) -> Image.Image:
    """turned: EXIF orientation, 1 to 8 (Exif 2.32, 4.6.4 A)."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[turned]) if turned in turns else image
