"""A file's header is read, and the file refused where its pixels should not be."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pinyon.errors import InvalidRequestError
from pinyon.pictures.formats import PictureFormat, explained, sniffed
from pinyon.pictures.imaging import opener

if TYPE_CHECKING:
    from PIL import ImageFile

__all__ = ["MAXIMUM_PIXELS", "opened", "orientation", "quiet", "tolerated", "unreadable"]

MAXIMUM_PIXELS: Final = 120_000_000
"""Of a picture that is decoded. The largest cameras with one shot make 102 million; a bomb of a few kilobytes can make
billions. In memory a pixel takes three to four bytes."""

ORIENTATION: Final = 0x0112
"""EXIF tag: which side of the sensor was up, 1 to 8."""

# A decoder raises what the damage leads it to.
_DAMAGE: Final = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_WARNINGS: Final = threading.Lock()


def opened(data: bytes, name: str) -> tuple[ImageFile.ImageFile, PictureFormat]:
    """The picture in a file's bytes, header read and pixels not yet decoded.

    Raises InvalidRequestError where it is no picture that is read, where it is damaged, or where it has more than
    ``MAXIMUM_PIXELS``; MissingExtraError.
    """
    if not data:
        raise InvalidRequestError(f"{name!r} is empty (0 bytes): copy or download it again")
    kind = sniffed(data)
    if kind is None:
        raise InvalidRequestError(f"{name!r} {explained(data)}")
    # The openers are called by themselves, since the library's own would warn of bombs by a limit of the whole process.
    open_header = opener(*kind.opener)
    with unreadable(name, kind), quiet():
        image: ImageFile.ImageFile = open_header(io.BytesIO(data))
    width, height = image.size
    if width * height > MAXIMUM_PIXELS:
        raise InvalidRequestError(
            f"{name!r} has {width:,} x {height:,} pixels, over {MAXIMUM_PIXELS:,} in all: make it smaller first"
        )
    return image, kind


@contextmanager
def unreadable(name: str, kind: PictureFormat) -> Iterator[None]:
    """Turns what decoders raise for damaged files into InvalidRequestError."""
    from PIL.Image import DecompressionBombError

    try:
        yield
    except DecompressionBombError as error:
        raise InvalidRequestError(f"{name!r} is larger than this process allows: {error}") from None
    except _DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise InvalidRequestError(
            f"{name!r} is a {kind.name} file that is damaged or cut short ({reason}): copy or download it again"
        ) from None


def tolerated() -> suppress:
    """Leaves out what cannot be read, where a picture is good without it."""
    return suppress(*_DAMAGE)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps the library from warning of what it mends. One thread at a time, for warnings belong to the process."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def orientation(image: ImageFile.ImageFile) -> int:
    """1 to 8; 1 (upright) where the file does not say it or says it unreadably."""
    found: object = 1
    with tolerated(), quiet():
        found = image.getexif().get(ORIENTATION, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1
