"""Pictures side by side with words below them, in one picture that every viewer shows."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pinyon.errors import InvalidRequestError
from pinyon.pictures.imaging import fitted, image_of, require_pillow
from pinyon.pictures.lettering import Lettering
from pinyon.pictures.opening import MAXIMUM_PIXELS
from pinyon.types import Picture

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

__all__ = ["Cell", "ContactSheet", "contact_sheet"]

_MARGIN: Final = 12
_TITLE_LINES: Final = 2
_TEXT_LINES: Final = 4
"""Of each of a cell's texts."""
_PAPER, _FRAME, _INK, _FAINT = "white", "#d0d0d0", "black", "#505050"


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet. picture: None leaves its place empty. title: in black, lines: below it in grey."""

    picture: Picture | None
    title: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """png: the file. warning: what of the captions could not be drawn, and what to do; "" when everything could."""

    png: bytes
    warning: str = ""


@dataclass(frozen=True, slots=True)
class _Caption:
    title: list[str]
    lines: list[str]

    def height(self, lettering: Lettering) -> int:
        return lettering.height * (len(self.title) + len(self.lines))


def contact_sheet(
    cells: Sequence[Cell], *, columns: int = 4, side: int = 240, font: Path | None = None
) -> ContactSheet:
    """The pictures in rows of ``columns``, each within ``side`` x ``side`` pixels, with their captions.

    Captions are wrapped; what is longer than two lines of a title or four of any other text ends in "...".
    font: a font file; by default the system's Korean font, else one with Latin letters only.
    Raises InvalidRequestError, also where the sheet would have more than MAXIMUM_PIXELS; MissingExtraError.
    """
    require_pillow()
    if not cells:
        raise InvalidRequestError("no cells: a contact sheet shows at least one picture")
    if columns < 1 or not 32 <= side <= 4096:
        raise InvalidRequestError(f"{columns} columns of {side} pixels: give at least 1, and 32 to 4,096")
    from PIL import Image, ImageDraw

    lettering = Lettering.found(max(11, side // 16), font)
    captions = [_caption(cell, lettering, side) for cell in cells]
    columns = min(columns, len(cells))
    heights = [
        side + max(caption.height(lettering) for caption in captions[start : start + columns]) + 2 * _MARGIN
        for start in range(0, len(cells), columns)
    ]
    width, height = columns * (side + _MARGIN) + _MARGIN, sum(heights) + _MARGIN
    if width * height > MAXIMUM_PIXELS:
        rows = math.ceil(len(cells) / columns)
        raise InvalidRequestError(
            f"{rows:,} rows of {columns:,} pictures make {width:,} x {height:,} pixels, over {MAXIMUM_PIXELS:,}: "
            "give fewer pictures, or a smaller side"
        )
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (cell, caption) in enumerate(zip(cells, captions, strict=True)):
        row, column = divmod(number, columns)
        left, top = _MARGIN + column * (side + _MARGIN), _MARGIN + sum(heights[:row])
        _place(sheet, pen, cell.picture, left, top, side)
        _write(pen, caption, lettering, left, top + side + _MARGIN // 2)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return ContactSheet(buffer.getvalue(), lettering.warning())


def _caption(cell: Cell, lettering: Lettering, side: int) -> _Caption:
    title = lettering.wrapped(cell.title, side, _TITLE_LINES)
    return _Caption(title, [line for text in cell.lines for line in lettering.wrapped(text, side, _TEXT_LINES)])


def _place(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, picture: Picture | None, left: int, top: int, side: int
) -> None:
    if picture is not None:
        image = image_of(picture)
        size = fitted(*image.size, side)
        if size != image.size:
            image = image.resize(size, reducing_gap=2.0)
        sheet.paste(image, (left + (side - image.width) // 2, top + (side - image.height) // 2))
    pen.rectangle((left - 1, top - 1, left + side, top + side), outline=_FRAME)


def _write(pen: ImageDraw.ImageDraw, caption: _Caption, lettering: Lettering, left: int, top: int) -> None:
    inks = [_INK] * len(caption.title) + [_FAINT] * len(caption.lines)
    for number, (line, ink) in enumerate(zip([*caption.title, *caption.lines], inks, strict=True)):
        pen.text((left, top + number * lettering.height), line, fill=ink, font=lettering.font)
