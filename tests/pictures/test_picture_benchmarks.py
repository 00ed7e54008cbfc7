"""The benchmarks of pictures, on sets so small that only their machinery is tested."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from math import comb
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.drawn import COLOURS, FORMS, drawn
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules
from pinyon.types import Picture

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP))

from benchmarks._captioned_pictures import (  # noqa: E402
    AbsentError,
    Captioned,
    alike,
    chance,
    emoji,
    recall,
    stamps,
)

INFO = MODELS["picture-words"]
installed = pytest.mark.skipif(bool(missing_modules(INFO)), reason=f"picture-words is not installed: {INFO.install}")
WHITE = Picture(np.full((8, 8, 3), 255, np.uint8))


def captioned(captions: Sequence[Mapping[str, str]], held_out: int) -> Captioned:
    return Captioned("made", [WHITE] * len(captions), captions, held_out)


def png(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture.pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as --data names it, with 50 emoji; and stamps of its own below ``stamps``, two with equal captions in
    each colour and form, the first without a Korean one, the last without its picture."""
    folder = tmp_path_factory.mktemp("data")
    made = [drawn(form, colour, place) for place in (0, 1) for form in FORMS for colour in COLOURS]
    (folder / "emoji").mkdir()
    (folder / "tuxpaint").mkdir()
    (folder / "stamps" / "forms").mkdir(parents=True)
    names, described = [], []
    with tarfile.open(folder / "emoji" / "twemoji64_png.tar", "w") as tar:
        for number, one in enumerate(made):
            entry = tarfile.TarInfo(f"{number}.png")
            entry.size = len(png(one.picture))
            tar.addfile(entry, io.BytesIO(png(one.picture)))
            names.append({"file": entry.name, "en": f"{one.english} {one.place}", "ko": f"{one.korean} {one.place}"})
            (folder / "stamps" / "forms" / entry.name).write_bytes(png(one.picture))
            described.append({"file": f"forms/{entry.name}", "en": one.english, "ko": one.korean if number else ""})
    described.append({"file": "forms/gone.png", "en": "gone", "ko": "없다"})
    (folder / "emoji" / "emoji_captions_en_ko.json").write_text(json.dumps(names), encoding="utf-8")
    (folder / "tuxpaint" / "stamps_captions_en_ko.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def ran(name: str, *options: str) -> tuple[str, int]:
    """What a benchmark printed, and its exit status."""
    command = [sys.executable, str(TOP / "benchmarks" / name), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    return done.stdout, done.returncode


# -- what is held out, and what is right ------------------------------------------------------------------------------


def test_pictures_are_alike_that_share_a_caption_in_any_language_or_are_linked_by_one_that_does() -> None:
    said = [
        {"en": "a rose", "ko": "꽃"},
        {"en": "a cat", "ko": "고양이"},
        {"en": "a tulip", "ko": "튤립"},
        {"en": "a tulip", "ko": "꽃"},
        {"en": "고양이"},
    ]
    groups = alike(said)
    assert groups[0] == groups[2] == groups[3]
    assert len({groups[0], groups[1], groups[4]}) == 3


def test_no_caption_is_on_both_sides_and_the_draw_is_the_same_every_time() -> None:
    rng = np.random.default_rng(4)
    said = [{"en": f"thing {rng.integers(60)}", "ko": f"것 {rng.integers(200)}"} for _ in range(100)]
    held, kept = captioned(said, 30).split()
    largest = max(np.bincount(alike(said)))
    assert 30 <= len(held) < 30 + largest
    assert sorted([*held, *kept]) == list(range(100))
    for language in ("en", "ko"):
        assert not {said[row][language] for row in held} & {said[row][language] for row in kept}
    again, _ = captioned(said, 30).split()
    assert held.tolist() == again.tolist()


def test_pictures_that_share_nothing_are_held_out_as_the_first_of_a_seeded_permutation() -> None:
    held, _ = captioned([{"en": str(number)} for number in range(40)], 15).split()
    assert held.tolist() == sorted(np.random.default_rng(0).permutation(40)[:15])


def test_a_caption_is_asked_once_and_every_picture_that_has_it_is_right() -> None:
    found = captioned([{"en": "a star", "ko": "별"}, {"en": "a cat"}, {"en": "a star", "ko": "노란 별"}], 2)
    texts, right = found.questions(np.array([0, 1, 2]), "en")
    assert texts == ["a star", "a cat"]
    assert right.tolist() == [[True, False, True], [False, True, False]]
    assert found.questions(np.array([0, 1]), "ko")[0] == ["별"]


def test_recall_is_that_of_ranks_counted_one_by_one() -> None:
    rng = np.random.default_rng(7)
    pictures, asked = (rng.standard_normal((rows, 6)).astype(np.float32) for rows in (30, 40))
    right = rng.random((40, 30)) < 0.08
    right[np.arange(40), rng.integers(30, size=40)] = True
    ranks = []
    for row, question in enumerate(asked):
        order = sorted(range(30), key=lambda one: -float(pictures[one] @ question))
        ranks.append(min(place for place, one in enumerate(order) if right[row, one]))
    assert recall(pictures, asked, right) == [np.mean([rank < depth for rank in ranks]) for depth in (1, 5, 10)]


def test_a_picture_with_the_same_score_counts_as_behind_the_right_one() -> None:
    pictures = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    asked = np.array([[1, 0], [1, 0]], np.float32)
    right = np.array([[False, True, False], [False, False, True]])
    assert recall(pictures, asked, right) == [0.5, 1.0, 1.0]


def test_chance_is_that_of_pictures_in_random_order() -> None:
    right = np.zeros((2, 20), np.bool_)
    right[0, 3] = right[1, :4] = True
    expected = [(depth / 20 + 1 - comb(16, depth) / comb(20, depth)) / 2 for depth in (1, 5, 10)]
    assert chance(right) == pytest.approx(expected)


# -- the sets ---------------------------------------------------------------------------------------------------------


def test_stamps_are_read_with_the_captions_that_they_have(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = stamps(shared, shared / "stamps", 8)
    assert "1 of 51 are not in" in capsys.readouterr().out
    assert found.captions[0] == {"en": "a red circle"}
    assert found.captions[49] == {"en": "a black ring", "ko": "검은 고리"}
    assert np.array_equal(found.pictures[49].pixels, drawn("ring", "black", 1).picture.pixels)
    assert found.bars == {}
    held, _ = found.split()
    assert len(held) == 8  # four captions of two pictures each


def test_a_set_that_is_absent_says_what_is_missing_and_how_to_get_it(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(AbsentError, match=r"there are none in .*apt-get install tuxpaint-stamps-default.*--stamps"):
        stamps(shared, tmp_path, 8)
    with pytest.raises(AbsentError, match=r"no captions .*stamps_captions_en_ko\.json.*--data"):
        stamps(tmp_path, shared / "stamps", 8)
    with pytest.raises(AbsentError, match=r"no captions .*emoji_captions_en_ko\.json.*--data"):
        emoji(tmp_path, 8)


# -- the programs -----------------------------------------------------------------------------------------------------


@installed
@pytest.mark.nightly
def test_both_sets_are_measured_and_the_bars_of_the_emoji_decide(shared: Path) -> None:
    options = ["--data", str(shared), "--held-out", "10", "--stamps-held-out", "10"]
    told, status = ran("multimodal.py", *options, "--stamps", str(shared / "stamps"))
    emoji_part, _, stamps_part = told.partition("Tux Paint stamps: 10 of 50 held out")
    assert "Emoji: 10 of 50 held out, seed 0" in emoji_part
    for part, chances, captions in (
        (emoji_part, "0.020  0.100  0.200", 10),
        (stamps_part, "0.040  0.192  0.363", 5),
    ):
        assert f"  chance     English  {chances}  ({captions} captions)" in part
        for way in ("chance", "untrained", "fitted"):
            rows = re.findall(rf"^  {way} +(English|Korean) +(?:\d\.\d{{3}}  ){{2}}\d\.\d{{3}}", part, re.MULTILINE)
            assert rows == ["English", "Korean"]
    assert len(re.findall("reached|MISSED", emoji_part)) == 2
    assert not re.findall("reached|MISSED", stamps_part)
    assert status == ("MISSED" in emoji_part)


def test_sets_that_are_absent_are_told_in_a_line_and_miss_no_bar(tmp_path: Path) -> None:
    told, status = ran("multimodal.py", "--data", str(tmp_path), "--stamps", str(tmp_path))
    _, first, second = told.splitlines()
    assert first.startswith("Emoji: left out, there are no captions")
    assert second.startswith("Tux Paint stamps: left out, there are no captions")
    assert status == 0


@installed
def test_a_collection_is_brought_in_once_and_found_unchanged() -> None:
    told, status = ran("picture_collection.py", "--pictures", "70", "--every", "32")
    assert re.findall(r"^ +(\d+) +\d+ +[\d.]+ +[\d.]+$", told, re.MULTILINE) == ["32", "64"]
    assert re.search(r"^first ingest: .* \d+ threads; .* pictures per second", told, re.MULTILINE)
    assert "memory after 64 over that after 32: " in told
    assert "reached  pictures embedded or written by the second: 0.000" in told
    assert "reached  pictures it did not find unchanged: 0.000" in told
    assert status == ("MISSED" in told)
