"""Pictures in rows with their captions, in Korean where the machine has a font for it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from pictures.drawn import picture, scene
from pinyon.errors import InvalidRequestError
from pinyon.pictures import Cell, contact_sheet, lettering
from pinyon.pictures.lettering import Lettering
from pinyon.types import Pixels

COLOURS = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0), (0, 200, 200)]


def plain(colour: tuple[int, int, int], height: int = 40, width: int = 40) -> Cell:
    return Cell(picture(np.full((height, width, 3), colour, np.uint8)), "title", ("a line",))


def drawn(png: bytes) -> Pixels:
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image)


def places(sheet: Pixels, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Where the pixels of a colour lie: top, left, bottom, right."""
    rows, columns = np.nonzero((sheet == colour).all(axis=2))
    return int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())


@pytest.fixture
def korean() -> Path:
    for name in lettering.KOREAN_FONTS:
        try:
            return Path(str(ImageFont.truetype(name, 12).path))
        except OSError:
            continue
    pytest.skip("no Korean font is installed, such as Debian's fonts-nanum")


@pytest.fixture
def latin(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without Korean fonts."""
    monkeypatch.setattr(lettering, "KOREAN_FONTS", ("no-such-font.ttf",))


def test_pictures_lie_in_rows_in_the_order_they_came_in() -> None:
    sheet = drawn(contact_sheet([plain(colour) for colour in COLOURS], columns=2, side=64).png)
    found = [places(sheet, colour) for colour in COLOURS]
    assert [bottom - top + 1 for top, _, bottom, _ in found] == [40] * 5
    assert [right - left + 1 for _, left, _, right in found] == [40] * 5
    tops, lefts = [place[0] for place in found], [place[1] for place in found]
    assert tops[0] == tops[1] < tops[2] == tops[3] < tops[4]
    assert lefts[0] == lefts[2] == lefts[4] < lefts[1] == lefts[3]


def test_a_large_picture_is_made_to_fit_and_a_small_one_is_not_blown_up() -> None:
    sheet = drawn(contact_sheet([plain(COLOURS[0], 100, 400), plain(COLOURS[1], 3, 5)], side=100).png)
    top, left, bottom, right = places(sheet, COLOURS[0])
    assert (bottom - top + 1, right - left + 1) == (25, 100)
    top, left, bottom, right = places(sheet, COLOURS[1])
    assert (bottom - top + 1, right - left + 1) == (3, 5)


def test_the_sheet_is_no_wider_than_its_pictures() -> None:
    one = drawn(contact_sheet([plain(COLOURS[0])], columns=9, side=64).png)
    assert one.shape[1] < 2 * 64


def test_captions_stand_below_their_picture_and_change_nothing_else() -> None:
    cells = [plain(colour) for colour in COLOURS[:2]]
    bare = drawn(contact_sheet([Cell(cell.picture, "x") for cell in cells], side=64).png)
    told = drawn(contact_sheet([Cell(cells[0].picture, "x"), Cell(cells[1].picture, "WWW")], side=64).png)
    changed = np.nonzero((bare != told).any(axis=2))
    assert changed[0].min() > places(bare, COLOURS[1])[2]
    assert changed[1].min() > places(bare, COLOURS[0])[3]


def test_an_empty_cell_keeps_its_place_and_its_words(latin: None) -> None:
    sheet = drawn(contact_sheet([Cell(None, "left out"), plain(COLOURS[0])], side=64).png)
    blank = drawn(contact_sheet([Cell(None), plain(COLOURS[0])], side=64).png)
    assert places(sheet, COLOURS[0]) == places(blank, COLOURS[0])
    assert (sheet != blank).any()


def test_every_row_is_as_high_as_its_longest_caption() -> None:
    few = drawn(contact_sheet([plain(COLOURS[0]), plain(COLOURS[1])], columns=1, side=64).png)
    long = Cell(plain(COLOURS[0]).picture, "title", ("one", "two", "three"))
    more = drawn(contact_sheet([long, plain(COLOURS[1])], columns=1, side=64).png)
    assert places(more, COLOURS[0]) == places(few, COLOURS[0])
    assert places(more, COLOURS[1])[0] > places(few, COLOURS[1])[0]


def test_korean_captions_are_drawn_where_a_font_has_them(korean: Path) -> None:
    for font in (None, korean):
        sheets = [
            contact_sheet([Cell(None, caption)], side=64, font=font) for caption in ("고양이", "강아지", "꽃", "고양이")
        ]
        assert [sheet.warning for sheet in sheets] == [""] * 4
        assert len({sheet.png for sheet in sheets}) == 3


def test_without_a_font_for_them_the_missing_letters_are_told(latin: None) -> None:
    sheet = contact_sheet([Cell(None, "cat 고양이", ("강아지",))], side=64)
    assert sheet.warning.startswith("the font has no glyph for 6 characters of the captions (고양이강아지)")
    assert "install a Korean font" in sheet.warning
    assert contact_sheet([Cell(None, "just a cat, 100 %!")], side=64).warning == ""


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "font.ttf"
    broken.write_bytes(b"no font")
    for path in (broken, tmp_path / "absent.ttf"):
        with pytest.raises(InvalidRequestError, match=rf"{path.name}' is no font"):
            contact_sheet([Cell(None)], font=path)


@pytest.mark.parametrize(
    ("columns", "side", "reason"),
    [(0, 64, "0 columns"), (3, 31, "31 pixels"), (3, 5000, "5000 pixels")],
)
def test_shapes_that_are_none_are_refused(columns: int, side: int, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        contact_sheet([Cell(None)], columns=columns, side=side)


def test_a_sheet_of_nothing_and_a_sheet_of_too_much_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no cells"):
        contact_sheet([])
    with pytest.raises(InvalidRequestError, match=r"100 rows of 1 .* pixels, over 120,000,000"):
        contact_sheet([Cell(None)] * 100, columns=1, side=4096)


WORDS = st.lists(st.text("abcW고양이. ", min_size=1, max_size=12), max_size=12).map(" ".join)


@given(text=WORDS, width=st.integers(20, 200), most=st.integers(1, 6))
def test_wrapped_lines_fit_and_say_what_the_text_says(text: str, width: int, most: int) -> None:
    pen = Lettering(ImageFont.load_default(12), 12)
    lines = pen.wrapped(text, width, most)
    assert len(lines) <= most
    assert all(pen.font.getlength(line) <= width for line in lines)
    said = "".join("".join(lines).split())
    whole = "".join(text.split())
    assert said == whole or (said.endswith("...") and whole.startswith(said[:-3]))
    assert (said == whole) == (len(pen.wrapped(text, width, 1000)) <= most) or whole.endswith("...")


def test_lines_break_between_words_where_they_can(latin: None) -> None:
    pen = Lettering.found(12)
    width = round(pen.font.getlength("a red cat"))
    assert pen.wrapped("a red cat sat on it", width, 9) == ["a red cat", "sat on it"]
    assert pen.wrapped("", width, 9) == []
    assert pen.wrapped("cat", 1, 9) == ["c", "a", "t"]


def test_scenes_of_any_shape_make_a_sheet(rng: np.random.Generator) -> None:
    cells = [Cell(picture(scene(rng, height, width))) for height, width in ((1, 300), (300, 1), (64, 64), (2, 2))]
    assert drawn(contact_sheet(cells, side=64).png).shape[1] == 4 * (64 + 12) + 12
