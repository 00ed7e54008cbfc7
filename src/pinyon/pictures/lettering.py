"""Words in a picture: a font that has Korean where there is one, and lines that fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pinyon.errors import InvalidRequestError

if TYPE_CHECKING:
    from PIL import ImageFont

__all__ = ["KOREAN_FONTS", "Lettering"]

KOREAN_FONTS: Final = (
    "NanumGothic.ttf",
    "NanumBarunGothic.ttf",
    "NanumSquareRoundR.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansKR-Regular.otf",
    "NotoSansKR-Regular.ttf",
    "AppleSDGothicNeo.ttc",
    "malgun.ttf",
    "UnDotum.ttf",
)
"""Looked for in the folders where the system keeps its fonts: of Linux, macOS and Windows."""
_NO_CHARACTER: Final = "\U0010ffff"
"""Never assigned (Unicode 23.7), so that a font draws for it what it draws for all that it lacks."""
_ELLIPSIS: Final = "..."


@dataclass(slots=True)
class Lettering:
    """A font in one size, in pixels, and what it was asked to write and has no glyph for."""

    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    size: int
    missing: dict[str, None] = field(default_factory=dict)
    _known: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def found(cls, size: int, path: Path | None = None) -> Lettering:
        """path: a font file; without one the first of KOREAN_FONTS that the system has, else the library's own font,
        which has Latin letters only. Raises InvalidRequestError where ``path`` is no font."""
        from PIL import ImageFont

        for name in (str(path),) if path is not None else KOREAN_FONTS:
            try:
                return cls(ImageFont.truetype(name, size), size)
            except OSError as error:
                if path is not None:
                    raise InvalidRequestError(f"{name!r} is no font that can be read: {error}") from None
        return cls(ImageFont.load_default(size), size)

    @property
    def height(self) -> int:
        """Of a line, in pixels."""
        return round(self.size * 1.35)

    def wrapped(self, text: str, width: int, most: int) -> list[str]:
        """The text in at most ``most`` lines of ``width`` pixels; what does not fit is cut and shown as cut.

        Breaks at spaces, and within words that are longer than a line.
        """
        self._note(text)
        lines: list[str] = []
        line = ""
        for word in text.split():
            joined = f"{line} {word}".strip()
            if self._fits(joined, width):
                line = joined
                continue
            if line:
                lines.append(line)
            *whole, line = self._pieces(word, width)
            lines += whole
        lines += [line] if line else []
        if len(lines) <= most:
            return lines
        last = lines[most - 1]
        while last and not self._fits(last + _ELLIPSIS, width):
            last = last[:-1]
        return [*lines[: most - 1], last + _ELLIPSIS]

    def warning(self) -> str:
        """What could not be drawn and what to do, in words; "" when everything could."""
        if not self.missing:
            return ""
        shown = "".join(list(self.missing)[:10])
        korean = any("가" <= one <= "힣" for one in self.missing)
        way = "install a Korean font (fonts-nanum), or name one" if korean else "name a font that has them"
        return f"the font has no glyph for {len(self.missing)} characters of the captions ({shown}): {way}"

    def _pieces(self, word: str, width: int) -> Iterable[str]:
        piece = ""
        for letter in word:
            if piece and not self._fits(piece + letter, width):
                yield piece
                piece = ""
            piece += letter
        yield piece

    def _fits(self, text: str, width: int) -> bool:
        return self.font.getlength(text) <= width

    def _note(self, text: str) -> None:
        for letter in text:
            if letter not in self._known:
                self._known[letter] = letter.isspace() or self._glyph(letter) != self._glyph(_NO_CHARACTER)
            if not self._known[letter]:
                self.missing[letter] = None

    def _glyph(self, letter: str) -> bytes:
        return bytes(self.font.getmask(letter))
