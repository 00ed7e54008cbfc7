"""Pixels become files that others read, with the picture in them and nothing else."""

from __future__ import annotations

import io
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pictures.drawn import noise, picture, scene
from pinyon.errors import InvalidRequestError
from pinyon.pictures import MEDIA_TYPES, encoded, read_picture, sniffed, thumbnail
from pinyon.types import Pixels


@given(pixels=st.tuples(st.integers(1, 20), st.integers(1, 20)).flatmap(lambda s: arrays.arrays(np.uint8, (*s, 3))))
def test_a_png_keeps_every_pixel(pixels: Pixels) -> None:
    assert np.array_equal(read_picture(encoded(picture(pixels), format="png"), name="x").pixels, pixels)


@pytest.mark.parametrize("format", MEDIA_TYPES)
def test_a_file_is_of_the_format_that_was_asked_for(format: Any, rng: np.random.Generator) -> None:
    pixels = scene(rng)
    data = encoded(picture(pixels), format=format, quality=95)
    kind = sniffed(data)
    assert kind is not None
    assert (kind.name.lower(), kind.media_type) == (format, MEDIA_TYPES[format])
    assert np.abs(read_picture(data, name="x").pixels.astype(int) - pixels).mean() < 5


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_more_quality_makes_a_larger_and_better_file(format: Any, rng: np.random.Generator) -> None:
    pixels = scene(rng)
    poor, good = (encoded(picture(pixels), format=format, quality=quality) for quality in (5, 95))
    loss = [np.abs(read_picture(data, name="x").pixels.astype(int) - pixels).mean() for data in (poor, good)]
    assert len(poor) < len(good)
    assert loss[0] > loss[1]


def test_a_smaller_copy_shows_the_same(rng: np.random.Generator) -> None:
    pixels = scene(rng, 300, 400)
    found = read_picture(encoded(picture(pixels), format="png", longest=40), name="x").pixels
    wanted = np.asarray(Image.fromarray(pixels).resize((40, 30), Image.Resampling.BOX))
    assert found.shape == (30, 40, 3)
    assert np.abs(found.astype(int) - wanted).max() < 12


def test_a_thumbnail_is_a_small_webp(rng: np.random.Generator) -> None:
    data = thumbnail(picture(scene(rng, 300, 400)), 64)
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size) == ("WEBP", (64, 48))
    assert Image.open(io.BytesIO(thumbnail(picture(noise(rng, 5, 4))))).size == (4, 5)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"format": "gif"}, "format is 'gif': give one of jpeg, png, webp"),
        ({"quality": 0}, "quality is 0"),
        ({"quality": 101}, "quality is 101"),
        ({"longest": 0}, "longest is 0"),
    ],
)
def test_what_cannot_be_written_is_refused(options: Any, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        encoded(picture(np.zeros((2, 2, 3), np.uint8)), **options)


@pytest.mark.parametrize(("format", "side"), [("jpeg", 65_501), ("webp", 16_384)])
def test_a_side_that_the_format_cannot_have_is_refused_with_the_way_out(format: Any, side: int) -> None:
    long = picture(np.zeros((1, side, 3), np.uint8))
    with pytest.raises(InvalidRequestError, match=rf"a side of {side:,} pixels .* {format}: give a smaller longest"):
        encoded(long, format=format)
    for options in ({"format": "png"}, {"format": format, "longest": side - 1}):
        assert max(read_picture(encoded(long, **options), name="x").pixels.shape) >= side - 1
