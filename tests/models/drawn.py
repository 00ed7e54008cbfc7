"""Drawn pictures with captions: forms in colours, at several places of a white square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pinyon.types import Picture

__all__ = ["COLOURS", "FORMS", "Drawn", "drawn"]

FORMS = {"circle": "동그라미", "square": "네모", "triangle": "세모", "star": "별", "ring": "고리"}
COLOURS = {
    "red": ("빨간", (220, 30, 30)),
    "yellow": ("노란", (240, 210, 20)),
    "green": ("초록", (30, 160, 60)),
    "blue": ("파란", (30, 60, 220)),
    "black": ("검은", (20, 20, 20)),
}
SIZE = 64


@dataclass(frozen=True)
class Drawn:
    picture: Picture
    english: str
    korean: str
    place: int


def drawn(form: str, colour: str, place: int = 0) -> Drawn:
    """A form in a colour. place: 0 to 4, which moves it and changes its size."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
    across, down = (26, 38, 32, 28, 36)[place], (30, 28, 34, 38, 32)[place]
    x, y = (columns - across) / (22 - place), (rows - down) / (22 - place)
    far, angle = np.hypot(x, y), np.arctan2(y, x)
    inside = {
        "circle": far < 1,
        "square": np.maximum(abs(x), abs(y)) < 0.85,
        "triangle": (abs(x) < (y + 1) * 0.6) & (y < 0.8),
        "star": far < 0.65 + 0.4 * np.cos(5 * angle + np.pi / 2),
        "ring": (far < 1) & (far > 0.6),
    }[form]
    pixels = np.full((SIZE, SIZE, 3), 255, np.uint8)
    korean, ink = COLOURS[colour]
    pixels[inside] = ink
    return Drawn(Picture(pixels), f"a {colour} {form}", f"{korean} {FORMS[form]}", place)
