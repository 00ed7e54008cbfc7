"""A file of any kind becomes the pixels that a person would see, in sRGB, upright, on white."""

from __future__ import annotations

import hashlib
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from pictures.drawn import EVERY, LOSSLESS, LOSSY, chunk, file_of, noise, png, scene
from pinyon.pictures import SUFFIXES, about, read_picture, read_with_info, reading, sniffed
from pinyon.types import Pixels

RED, GREEN, BLUE, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]
COLOURS = st.integers(1, 12).flatmap(
    lambda width: st.integers(1, 12).flatmap(lambda height: arrays.arrays(np.uint8, (height, width, 3)))
)


def read(data: bytes, longest: int | None = None) -> Pixels:
    return read_picture(data, name="test", longest=longest).pixels


def furthest(one: Pixels, other: Pixels) -> int:
    """The largest difference of a channel."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.mark.parametrize("format", LOSSLESS)
@given(pixels=COLOURS)
def test_files_without_loss_give_every_pixel_back(format: str, pixels: Pixels) -> None:
    found = read(file_of(pixels, format))
    assert found.dtype == np.uint8
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize("format", LOSSY)
def test_files_with_loss_give_nearly_the_same_pixels(format: str, rng: np.random.Generator) -> None:
    pixels = scene(rng)
    found = read(file_of(pixels, format))
    assert furthest(found, pixels) < 40
    assert np.abs(found.astype(int) - pixels).mean() < 6


def test_the_digest_is_that_of_the_bytes(rng: np.random.Generator) -> None:
    data = file_of(noise(rng, 3, 4), "PNG")
    assert read_picture(data, name="x.png").digest == f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("format", EVERY)
def test_the_format_is_told_by_content_and_not_by_name(format: str, rng: np.random.Generator) -> None:
    data = file_of(scene(rng), format)
    kind = sniffed(data)
    assert kind is not None
    assert kind.name.upper().replace("HEIC", "HEIF") == format.split()[0]
    assert about(data, name="wrong.svg").format == kind.name
    assert all(SUFFIXES[suffix] == kind.name for suffix in kind.suffixes)


# Orientation of EXIF -> how the upright picture (rows, columns) lies in the file; Exif 2.32, 4.6.4 A.
LYING: dict[int, Any] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}


@pytest.mark.parametrize("format", ["PNG", "TIFF", "TIFF lzw", "WEBP"])
@pytest.mark.parametrize("turned", LYING)
def test_a_picture_is_turned_upright(format: str, turned: int, rng: np.random.Generator) -> None:
    upright = noise(rng, 3, 5)
    exif = Image.Exif()
    exif[0x0112] = turned
    data = file_of(np.ascontiguousarray(LYING[turned](upright)), format, exif=exif)
    found, info = read_with_info(data, name="turned")
    assert np.array_equal(found.pixels, upright)
    assert (info.width, info.height) == (5, 3)
    assert about(data, name="turned") == info


@pytest.mark.parametrize("turned", LYING)
def test_a_small_copy_of_a_turned_photo_is_upright_as_well(turned: int, rng: np.random.Generator) -> None:
    upright = scene(rng, 256, 384)
    exif = Image.Exif()
    exif[0x0112] = turned
    data = file_of(np.ascontiguousarray(LYING[turned](upright)), "JPEG", exif=exif)
    found, info = read_with_info(data, name="turned.jpg", longest=48)
    wanted = np.asarray(Image.fromarray(upright).resize((48, 32), Image.Resampling.BOX))
    assert furthest(found.pixels, wanted) < 24
    assert (info.width, info.height) == (384, 256)


def test_exif_data_behind_the_pixels_of_a_png_count() -> None:
    exif = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\0\0\0\0"
    data = png(2, 1, 8, 2, bytes([0, *RED, *BLUE]), after=chunk(b"eXIf", exif))
    assert read(data).tolist() == [[RED], [BLUE]]
    assert (about(data, name="x.png").width, about(data, name="x.png").height) == (1, 2)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
@given(pixels=st.integers(1, 9).flatmap(lambda width: arrays.arrays(np.uint8, (3, width, 4))))
def test_what_is_transparent_lies_on_white(format: str, pixels: Pixels) -> None:
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    colour, alpha = pixels[..., :3].astype(float), pixels[..., 3:] / 255
    found = read(file_of(pixels, format, **options))
    assert np.abs(found - (colour * alpha + 255 * (1 - alpha))).max() <= 1


def test_grey_with_transparency_lies_on_white() -> None:
    pixels = np.array([[[0, 255], [0, 0], [100, 128]]], np.uint8)
    found = read(file_of(Image.fromarray(pixels, "LA"), "PNG"))
    assert found[0, :, 0].tolist() == [0, 255, 177]
    assert (found == found[..., :1]).all()


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_palette_has_its_colours_and_its_holes(format: str) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    assert read(file_of(image, format)).tolist() == [[RED, GREEN, BLUE]]
    assert read(file_of(image, format, transparency=1)).tolist() == [[RED, WHITE, BLUE]]


def test_a_palette_may_be_half_transparent() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    found = read(file_of(image, "PNG", transparency=bytes([255, 0, 51])))
    assert found.tolist() == [[RED, WHITE, [204, 204, 255]]]


@pytest.mark.parametrize(
    ("mode", "values", "key", "expected"),
    [
        ("1", [0, 255], None, [0, 255]),
        ("1", [0, 255], 0, [255, 255]),
        ("L", [7, 90], None, [7, 90]),
        ("L", [7, 90], 7, [255, 90]),
        ("RGB", [(7, 7, 7), (90, 90, 90)], (90, 90, 90), [7, 255]),
        ("I;16", [256 * 9 + 200, 65535], None, [9, 255]),
        ("I;16", [256 * 9 + 200, 40000], 256 * 9 + 200, [255, 156]),
    ],
)
def test_one_shade_of_a_png_may_be_transparent(mode: str, values: Any, key: Any, expected: list[int]) -> None:
    image = Image.new(mode, (2, 1))
    image.putdata(values)
    found = read(file_of(image, "PNG", **({} if key is None else {"transparency": key})))
    assert found[0, :, 0].tolist() == expected
    assert (found == found[..., :1]).all()


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_become_the_upper_eight(format: str) -> None:
    values = (np.arange(256 * 256, step=7, dtype=np.uint16)[:9000]).reshape(90, 100)
    assert np.array_equal(read(file_of(values, format))[..., 0], values >> 8)
    assert np.array_equal(read(file_of(values, format), 64), read(file_of((values >> 8).astype(np.uint8), "PNG"), 64))


def test_big_endian_tiffs_of_sixteen_bits_are_not_turned_around() -> None:
    image = Image.frombytes("I;16B", (2, 1), bytes([1, 200, 250, 3]))
    assert read(file_of(image, "TIFF"))[0, :, 0].tolist() == [1, 250]


def test_sixteen_bits_of_colour_become_the_upper_eight() -> None:
    data = png(2, 1, 16, 2, bytes([0, 10, 99, 20, 99, 30, 99, 255, 255, 128, 0, 0, 255]))
    assert read(data).tolist() == [[[10, 20, 30], [255, 128, 0]]]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_without_a_scale_are_spread(kind: Any) -> None:
    values = np.array([[-1000, 0, 1000]], kind)
    assert read(file_of(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    assert read(file_of(Image.fromarray(values * 0 + 5), "TIFF"))[0, :, 0].tolist() == [0, 0, 0]


def test_numbers_that_are_none_do_not_spoil_the_others() -> None:
    values = np.array([[0.0, np.nan, 2.0, np.inf, -np.inf]], np.float32)
    assert read(file_of(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 0, 255, 255, 0]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_printing_colours_become_screen_colours(format: str) -> None:
    cyan = read(file_of(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), format))
    black = read(file_of(Image.new("CMYK", (16, 16), (0, 0, 0, 255)), format))
    paper = read(file_of(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), format))
    assert furthest(cyan, np.full((16, 16, 3), [0, 255, 255], np.uint8)) <= 2
    assert black.max() <= 2
    assert paper.min() >= 253


def test_lab_colours_become_screen_colours() -> None:
    assert np.abs(read(file_of(Image.new("LAB", (4, 4), (128, 128, 128)), "TIFF")).astype(int) - 119).max() <= 1


def _exchanged() -> bytes:
    """A profile of a screen whose red lamp is blue and whose blue one is red: two names of sRGB's table exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    changed = profile.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    return changed.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_colours_follow_the_profile(format: str) -> None:
    pixels = np.full((4, 4, 3), RED, np.uint8)
    options = LOSSLESS[format]
    found = read(file_of(pixels, format, icc_profile=_exchanged(), **options))
    assert furthest(found, np.full((4, 4, 3), BLUE, np.uint8)) <= 3
    assert np.array_equal(read(file_of(pixels, format, **options)), pixels)


def test_the_profile_of_srgb_itself_changes_nothing(rng: np.random.Generator) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = noise(rng, 8, 8)
    assert np.array_equal(read(file_of(pixels, "PNG", icc_profile=profile)), pixels)


@pytest.mark.parametrize("profile", [b"no profile", _exchanged()[:200], _exchanged().replace(b"RGB ", b"CMYK", 1)])
def test_a_profile_that_cannot_be_used_is_ignored(profile: bytes, rng: np.random.Generator) -> None:
    pixels = noise(rng, 8, 8)
    assert np.array_equal(read(file_of(pixels, "PNG", icc_profile=profile)), pixels)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_an_animation_the_first_frame_is_read(format: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    data = file_of(frames[0], format, save_all=True, append_images=frames[1:])
    found, info = read_with_info(data, name="moving")
    assert furthest(found.pixels, np.full((16, 16, 3), RED, np.uint8)) <= 2
    assert info.frames == 3
    assert about(data, name="moving") == info


@pytest.mark.parametrize("format", EVERY)
@given(sides=st.tuples(st.integers(8, 90), st.integers(8, 90)), longest=st.integers(1, 100))
def test_a_smaller_copy_fits_and_keeps_its_proportions(format: str, sides: tuple[int, int], longest: int) -> None:
    height, width = sides
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    found = read(file_of(image, format), longest)
    scale = min(1.0, longest / max(sides))
    assert max(found.shape) == max(min(longest, max(sides)), 3)
    assert abs(found.shape[0] - height * scale) <= 1
    assert abs(found.shape[1] - width * scale) <= 1


@pytest.mark.parametrize("format", [*LOSSLESS, "JPEG"])
def test_a_smaller_copy_is_the_mean_of_what_it_covers(format: str, rng: np.random.Generator) -> None:
    pixels = scene(rng, 320, 480)
    wanted = np.asarray(Image.fromarray(pixels).resize((60, 40), Image.Resampling.BOX))
    assert furthest(read(file_of(pixels, format), 60), wanted) < 16


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "CMYK", "I;16", "F"])
def test_a_picture_that_is_reduced_in_bands_shows_no_seams(
    mode: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode in ("I;16", "F"):
        kind = np.uint16 if mode == "I;16" else np.float32
        image = Image.fromarray(rng.integers(0, 60_000, (331, 217)).astype(kind))
    else:
        alpha = Image.fromarray(noise(rng, 331, 217)[..., 0])
        image = Image.fromarray(noise(rng, 331, 217)).convert(mode.removesuffix("A") if "A" in mode else mode)
        if "A" in mode:
            image.putalpha(alpha)
    data = file_of(image, "TIFF" if mode in ("CMYK", "F") else "PNG")
    whole = read(data, 20)
    monkeypatch.setattr(reading, "_BAND", 1000)
    assert np.array_equal(read(data, 20), whole)


def test_a_copy_is_never_larger_than_the_picture(rng: np.random.Generator) -> None:
    pixels = noise(rng, 5, 7)
    assert np.array_equal(read(file_of(pixels, "PNG"), 1000), pixels)
    assert read(file_of(noise(rng, 1, 900), "PNG"), 10).shape == (1, 10, 3)


def test_threads_read_side_by_side_and_leave_the_warnings_of_the_process_alone(rng: np.random.Generator) -> None:
    pixels = [noise(rng, 20, 30) for _ in range(40)]
    files = [file_of(one, format) for one, format in zip(pixels, list(LOSSLESS) * 8, strict=True)]
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda data: read(data), files))
    assert all(np.array_equal(one, other) for one, other in zip(found, pixels, strict=True))
    assert list(warnings.filters) == before


def _with_exif(**tags: str) -> bytes:
    exif = Image.Exif()
    detail = exif.get_ifd(0x8769)
    places = {"taken": 0x9003, "offset": 0x9011, "digitised": 0x9004, "offset_digitised": 0x9012}
    for name, text in tags.items():
        if name in places:
            detail[places[name]] = text
        else:
            exif[{"make": 0x010F, "model": 0x0110, "changed": 0x0132}[name]] = text
    return file_of(Image.new("RGB", (4, 2)), "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("tags", "taken"),
    [
        ({"taken": "2024:03:05 06:07:08"}, "2024-03-05T06:07:08"),
        ({"taken": "2024:03:05 06:07:08", "offset": "+09:00"}, "2024-03-05T06:07:08+09:00"),
        ({"taken": "2024:03:05 06:07:08", "offset": "somewhere"}, "2024-03-05T06:07:08"),
        ({"digitised": "2023:01:01 00:00:00", "offset_digitised": "-05:30"}, "2023-01-01T00:00:00-05:30"),
        ({"taken": "0000:00:00 00:00:00"}, ""),
        ({"taken": "yesterday"}, ""),
        ({"changed": "2024:03:05 06:07:08"}, ""),
        ({}, ""),
    ],
)
def test_when_a_photo_was_taken(tags: dict[str, str], taken: str) -> None:
    assert about(_with_exif(**tags), name="x.jpg").taken == taken


@pytest.mark.parametrize(
    ("tags", "camera"),
    [
        ({"make": "Canon", "model": "Canon EOS 5D"}, "Canon EOS 5D"),
        ({"make": "Apple", "model": "iPhone 15\0\0"}, "Apple iPhone 15"),
        ({"make": "NIKON\n"}, "NIKON"),
        ({"model": "x" * 5000}, "x" * 100),
        ({}, ""),
    ],
)
def test_what_a_photo_was_taken_with(tags: dict[str, str], camera: str) -> None:
    assert about(_with_exif(**tags), name="x.jpg").camera == camera


def test_facts_of_a_picture_without_any() -> None:
    data = file_of(Image.new("RGB", (4, 2)), "PNG")
    info = about(data, name="x.png")
    assert (info.width, info.height, info.format, info.taken, info.camera, info.frames) == (4, 2, "PNG", "", "", 1)


def test_a_picture_with_a_thumbnail_beside_it_is_read_whole(rng: np.random.Generator) -> None:
    """HEIC files often bring a small copy, which may be another picture."""
    import pillow_heif

    pixels = scene(rng, 256, 256)
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=95, thumbnails=[64])
    small = read(buffer.getvalue(), 64)
    wanted = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BOX))
    assert furthest(small, wanted) < 16
