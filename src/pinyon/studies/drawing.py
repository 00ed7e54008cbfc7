"""How figures become PNG and SVG, in ink that a page can replace and in letters that the system has."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pinyon.errors import MissingExtraError

INK = "#123456"
"""Colour of letters and axes while it is drawn; each output puts its own in its place."""
LEGEND: dict[str, Any] = {"loc": "outside lower center", "fontsize": "small", "framealpha": 0.0, "handlelength": 2.8}
"""Below all panels, where it covers nothing."""
_KOREAN_FONTS = (
    "Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Nanum Gothic", "NanumBarunGothic", "Malgun Gothic",
    "Apple SD Gothic Neo", "AppleGothic", "Pretendard", "Source Han Sans KR", "UnDotum", "Baekmuk Dotum", "Gulim",
)  # fmt: skip
_LETTERS = (0xAC00, 0xD7A3)
"""The first and the last Korean syllable. A font that stands in for missing ones has one sign for both."""
_DPI = 144


@dataclass(frozen=True, slots=True)
class Drawing:
    """png: with a white ground. svg: with dark ink and no ground. inline: for a page, its ink the page's."""

    png: bytes
    svg: str
    inline: str
    korean: bool
    """Whether the labels are Korean."""


def drawn(figure_in: Callable[[str], Any], language: str) -> Drawing:
    """The figure that ``figure_in`` makes in a language: English where no font of the system has Korean letters.

    Raises MissingExtraError without matplotlib.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError(f"plots need matplotlib ({error}). Run: pip install 'pinyon[study]'") from None
    font = korean_font() if language == "ko" else None
    settings: Any = {
        "font.family": [font, "DejaVu Sans"] if font else ["DejaVu Sans"],
        "axes.unicode_minus": False,
        "svg.hashsalt": "pinyon",
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    }
    with matplotlib.rc_context(settings):
        figure = figure_in("ko" if font else "en")
        png = _saved(figure, "png", facecolor="white")
        svg = _saved(figure, "svg", transparent=True).decode("utf-8")
    ink = svg.replace(INK, "currentColor")
    return Drawing(png, svg, ink[ink.index("<svg") :], bool(font))


@cache
def korean_font() -> str | None:
    """The name of an installed font with Korean letters: a well-known one, else any."""
    from matplotlib.font_manager import fontManager

    known = {name: at for at, name in enumerate(_KOREAN_FONTS)}
    entries = sorted(fontManager.ttflist, key=lambda one: (known.get(one.name, len(known)), one.name))
    listed = next((str(entry.name) for entry in entries if _is_korean(entry.fname)), None)
    return listed or next(_newer_fonts(), None)


def _newer_fonts() -> Iterator[str]:
    """The names of Korean fonts that were installed after matplotlib made its list, which it keeps for good."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    listed = {entry.fname for entry in fontManager.ttflist}
    for path in sorted(set(findSystemFonts()) - listed):
        if _is_korean(path):
            fontManager.addfont(path)
            yield str(fontManager.ttflist[-1].name)


def _is_korean(path: str) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first, last = map(FT2Font(path).get_char_index, _LETTERS)
    except (OSError, RuntimeError):  # listed, but gone or damaged
        return False
    return bool(first and last and first != last)


def _saved(figure: Any, form: str, **options: Any) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format=form, dpi=_DPI, metadata={"Date": None} if form == "svg" else None, **options)
    return made.getvalue()
