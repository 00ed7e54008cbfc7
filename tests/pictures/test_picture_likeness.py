"""Copies of a picture have hashes that differ little, and are found among many."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pictures.drawn import picture, scene
from pinyon.errors import InvalidRequestError
from pinyon.pictures import distance, encoded, near_duplicates, perceptual_hash, read_picture
from pinyon.types import Pixels

HASHES = st.integers(0, 2**64 - 1)


def _hash_by_definition(pixels: Pixels) -> int:
    """Of 32 x 32 grey pixels: the DCT-II as a sum of cosines, one at a time."""
    side = len(pixels)
    waves = []
    for row in range(8):
        for column in range(8):
            terms = (
                float(pixels[y, x, 0])
                * math.cos(math.pi * row * (2 * y + 1) / (2 * side))
                * math.cos(math.pi * column * (2 * x + 1) / (2 * side))
                for y in range(side)
                for x in range(side)
            )
            total = math.fsum(terms)
            waves.append(0.0 if row == column == 0 or abs(total) < 64 else total)
    middle = sorted(waves)
    median = (middle[31] + middle[32]) / 2
    return int("".join("1" if wave > median else "0" for wave in waves), 2)


def test_the_hash_is_what_its_definition_says(rng: np.random.Generator) -> None:
    for _ in range(3):
        pixels = np.repeat(scene(rng, 32, 32)[..., :1], 3, axis=2)
        assert perceptual_hash(picture(pixels)) == _hash_by_definition(pixels)


def test_copies_are_close_and_others_are_far(rng: np.random.Generator) -> None:
    scenes = [scene(rng, 120, 160) for _ in range(20)]
    hashes = [perceptual_hash(picture(pixels)) for pixels in scenes]
    for pixels, original in zip(scenes, hashes, strict=True):
        copies = [
            encoded(picture(pixels), quality=60),
            encoded(picture(pixels), format="webp", quality=60),
            encoded(picture(pixels), format="png", longest=70),
            encoded(picture((pixels * 0.9 + 10).astype(np.uint8)), format="png"),
        ]
        assert max(distance(original, perceptual_hash(read_picture(data, name="x"))) for data in copies) <= 6
        assert distance(original, perceptual_hash(picture(pixels[:, ::-1].copy()))) > 6
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) > 10


def test_symmetric_drawings_keep_their_hash_as_well() -> None:
    """Half of their waves are nothing, and noise must not decide them."""
    rows, columns = np.mgrid[:64, :64]
    disc = (np.hypot(rows - 31.5, columns - 31.5) < 20)[..., None]
    pixels = np.where(disc, np.array([200, 60, 40], np.uint8), np.uint8(255)).astype(np.uint8)
    original = perceptual_hash(picture(pixels))
    for quality in (40, 60, 80, 95):
        assert (
            distance(original, perceptual_hash(read_picture(encoded(picture(pixels), quality=quality), name="x"))) <= 6
        )
    assert original != 0


def test_stripes_are_told_from_nothing_and_from_other_stripes() -> None:
    def stripes(*shades: int) -> int:
        return perceptual_hash(
            picture(np.repeat(np.array(shades, np.uint8), 30)[None, :, None].repeat(60, 0).repeat(3, 2))
        )

    assert stripes(0) == stripes(130) == stripes(255) == 0
    assert len({0, stripes(0, 100, 255), stripes(0, 255, 100), stripes(255, 0, 255)}) == 4


def test_a_hash_needs_no_certain_size() -> None:
    for height, width in ((1, 1), (1, 500), (500, 1), (31, 33)):
        image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        assert 0 <= perceptual_hash(picture(np.asarray(image))) < 2**64


@given(one=HASHES, other=HASHES)
def test_distance_counts_the_bits_that_differ(one: int, other: int) -> None:
    assert distance(one, other) == sum(a != b for a, b in zip(f"{one:064b}", f"{other:064b}", strict=True))


def _groups_by_definition(hashes: list[int], most: int) -> list[list[int]]:
    """Each joins the earliest group whose first one is near, else it is the first of its own."""
    groups: list[list[int]] = []
    for place, one in enumerate(hashes):
        for group in groups:
            if bin(hashes[group[0]] ^ one).count("1") <= most:
                group.append(place)
                break
        else:
            groups.append([place])
    return [group for group in groups if len(group) > 1]


@given(
    hashes=st.lists(HASHES | st.integers(0, 255) | st.sampled_from([0, 2**64 - 1, 2**63]), max_size=30),
    most=st.integers(0, 64),
)
def test_groups_are_those_of_the_definition(hashes: list[int], most: int) -> None:
    assert near_duplicates(hashes, most) == _groups_by_definition(hashes, most)


def test_groups_are_found_among_many(rng: np.random.Generator) -> None:
    hashes = [int(one) for one in rng.integers(0, 2**64, 6_000, dtype=np.uint64)]
    hashes[5_999] = hashes[3] ^ (0b101 << 61 | 1)
    hashes[4_000] = hashes[17]
    assert near_duplicates(hashes, 4) == [[3, 5_999], [17, 4_000]]
    assert near_duplicates(hashes, 2) == [[17, 4_000]]


@pytest.mark.parametrize(
    ("hashes", "most", "reason"),
    [
        ([1], -1, "most is -1"),
        ([1], 65, "most is 65"),
        ([1, 2**64], 3, f"hash {2**64} at place 1"),
        ([-1], 3, "hash -1 at place 0"),
    ],
)
def test_hashes_and_distances_that_are_none_are_refused(hashes: list[int], most: int, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        near_duplicates(hashes, most)
