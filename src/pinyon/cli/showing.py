"""Pictures that were found: drawn in the terminal, and on a contact sheet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinyon.cli.output import Output
    from pinyon.types import Match, Picture

SHOWN = 6
ACROSS = 3
SHEET_ACROSS = 6
SHEET_SIDE = 128
"""Pixels: the small copies have up to 96, and names want some room."""


def show_pictures(output: Output, matches: Sequence[Match], sheet: Path | None) -> None:
    """The first matches that are pictures, in a terminal with colours; and all of them on a sheet, where one is named.

    They are drawn from the small copies that records of pictures carry.
    """
    from pinyon.app.picture_files import thumbnail_in

    found = [(rank, match, picture) for rank, match in enumerate(matches, 1) if (picture := thumbnail_in(match))]
    if sheet is not None:
        named = [(picture, f"{rank}. {match.id}", f"{match.score:.4f}") for rank, match, picture in found]
        write_sheet(output, named, sheet)
    if sys.stdout.isatty():
        for at in range(0, min(SHOWN, len(found)), ACROSS):
            output.pictures(
                [(f"{rank}. {match.id}", picture) for rank, match, picture in found[at : min(SHOWN, at + ACROSS)]]
            )


def write_sheet(output: Output, named: Sequence[tuple[Picture, str, str]], sheet: Path) -> None:
    """Pictures with a name and a remark each, as one PNG."""
    from pinyon.pictures import Cell, contact_sheet

    if not named:
        output.message("no pictures were found, so that there is no sheet")
        return
    cells = [Cell(picture, name, (remark,)) for picture, name, remark in named]
    made = contact_sheet(cells, columns=SHEET_ACROSS, side=SHEET_SIDE)
    sheet.write_bytes(made.png)
    if made.warning:
        output.warn(made.warning)
    output.message(f"wrote {sheet}")
