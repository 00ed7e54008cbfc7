"""What a picture's file says of it, apart from pixels. Where it was taken is never read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pinyon.pictures.formats import PictureFormat
from pinyon.pictures.opening import opened, orientation, quiet, tolerated

if TYPE_CHECKING:
    from PIL import ImageFile

__all__ = ["PictureInfo", "about", "facts"]

# Tags of Exif 2.32: in the main directory, and in the one that EXIF_DIRECTORY leads to.
MAKE: Final = 0x010F
MODEL: Final = 0x0110
EXIF_DIRECTORY: Final = 0x8769
MOMENTS: Final = ((0x9003, 0x9011), (0x9004, 0x9012))
"""When it was taken, when it was digitised; each with its distance from UTC."""
LONGEST_NAME: Final = 100
"""Characters of a camera's name: anybody can write there."""


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """width, height: pixels, of the picture upright. format: as in FORMATS. taken: local time in ISO 8601, with the
    distance from UTC where it is known, or "". camera: or "". frames: of an animation, or pages; 1 for most."""

    width: int
    height: int
    format: str
    taken: str = ""
    camera: str = ""
    frames: int = 1


def about(data: bytes, *, name: str) -> PictureInfo:
    """What the header of a file says, without decoding the picture. name: for messages.

    Raises what ``read_picture`` raises, save that damage behind the header goes unseen.
    """
    image, kind = opened(data, name)
    return facts(image, kind, image.size)


def facts(image: ImageFile.ImageFile, kind: PictureFormat, size: tuple[int, int]) -> PictureInfo:
    """size: (width, height) as the decoder gives them. EXIF data and counts that cannot be read are left out."""
    width, height = size
    # TIFF alone has its sides exchanged by the decoder itself.
    if kind.name != "TIFF" and orientation(image) >= 5:
        width, height = height, width
    main: Mapping[int, Any] = {}
    detail: Mapping[int, Any] = {}
    frames = 1
    with tolerated(), quiet():
        frames = getattr(image, "n_frames", 1)
    with tolerated(), quiet():
        main = image.getexif()
        detail = main.get_ifd(EXIF_DIRECTORY)
    return PictureInfo(width, height, kind.name, _taken(detail), _camera(main), frames)


def _taken(detail: Mapping[int, Any]) -> str:
    for moment, distance in MOMENTS:
        try:
            local = datetime.strptime(_text(detail.get(moment)), "%Y:%m:%d %H:%M:%S").isoformat()
        except ValueError:
            continue
        try:
            return datetime.fromisoformat(local + _text(detail.get(distance))).isoformat()
        except ValueError:
            return local
    return ""


def _camera(main: Mapping[int, Any]) -> str:
    make, model = _text(main.get(MAKE)), _text(main.get(MODEL))
    whole = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return whole.strip()[:LONGEST_NAME]


def _text(value: object) -> str:
    return "".join(filter(str.isprintable, value)).strip() if isinstance(value, str) else ""
