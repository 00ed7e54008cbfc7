"""The pictures with captions that benchmarks/multimodal.py asks for, and when one counts as found. Read at run time."""

from __future__ import annotations

import json
import math
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pinyon.pictures import read_picture
from pinyon.types import Floats, Ints, Picture

LANGUAGES = {"en": "English", "ko": "Korean"}
DEPTHS = (1, 5, 10)
SEED = 0
STAMPS = Path("/usr/share/tuxpaint/stamps")


class AbsentError(Exception):
    """The set is not on this machine; the message names what is missing and how to get it."""


@dataclass(frozen=True)
class Captioned:
    """pictures: n of them. captions: of each, by language; a picture may lack one language. held_out: how many pictures
    are asked for. bars: R@10 to reach with a map, by language; none where nothing is demanded."""

    name: str
    pictures: Sequence[Picture]
    captions: Sequence[Mapping[str, str]]
    held_out: int
    bars: Mapping[str, float] = field(default_factory=dict)

    def split(self) -> tuple[Ints, Ints]:
        """The rows held out and the others: drawn one by one, each with all that are ``alike``, until there are
        ``held_out``. So no caption is on both sides, and there may be some more than that."""
        groups = alike(self.captions)
        held = np.zeros(len(groups), np.bool_)
        for row in np.random.default_rng(SEED).permutation(len(groups)):
            if held.sum() >= self.held_out:
                break
            held |= groups == groups[row]
        return np.flatnonzero(held), np.flatnonzero(~held)

    def questions(self, rows: Ints, language: str) -> tuple[list[str], NDArray[np.bool_]]:
        """The captions of the rows, each once, and (q, n) which pictures have it: all of them are right."""
        said = [one.get(language) for one in self.captions]
        asked = list(dict.fromkeys(text for row in rows if (text := said[row]) is not None))
        return asked, np.array([[one == text for one in said] for text in asked], np.bool_).reshape(len(asked), -1)


def alike(captions: Sequence[Mapping[str, str]]) -> Ints:
    """(n,) numbers, equal for pictures that have a caption in common in any language, and for those linked by others
    that do."""
    groups = np.arange(len(captions))
    first: dict[tuple[str, str], int] = {}
    for row, said in enumerate(captions):
        for caption in said.items():
            groups[groups == groups[row]] = groups[first.setdefault(caption, row)]
    return groups


def recall(pictures: Floats, asked: Floats, right: NDArray[np.bool_]) -> list[float]:
    """R@1, R@5, R@10 of (q, d) questions among (n, d) pictures, all unit rows; right: (q, n), one in each row at least.

    A question is right when fewer pictures than that have a higher score than its best right one: those with the same
    score count as behind it.
    """
    scores = asked @ pictures.T
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    better = (scores > best).sum(axis=1)
    return [float((better < depth).mean()) for depth in DEPTHS]


def chance(right: NDArray[np.bool_]) -> list[float]:
    """R@1, R@5, R@10 of pictures in random order: that none of the first few is right, and the rest."""
    count = right.shape[1]
    wrong = [count - int(one) for one in right.sum(axis=1)]
    drawn = [min(depth, count) for depth in DEPTHS]
    return [float(np.mean([1 - math.comb(one, few) / math.comb(count, few) for one in wrong])) for few in drawn]


# -- the sets ---------------------------------------------------------------------------------------------------------


def emoji(data: Path, held_out: int) -> Captioned:
    """Twemoji with the names of Unicode; every name is another. Raises AbsentError."""
    folder = data / "emoji"
    listed = _listed(folder / "emoji_captions_en_ko.json", "Emoji")
    if not (folder / "twemoji64_png.tar").is_file():
        raise AbsentError(f"Emoji: left out, there is no {folder / 'twemoji64_png.tar'}: name their folder with --data")
    with tarfile.open(folder / "twemoji64_png.tar") as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers() if one.isfile()}
        read = {name: stream.read() for name, stream in files.items() if stream is not None}
    pictures = [read_picture(read[one["file"]], name=one["file"]) for one in listed]
    return Captioned("Emoji", pictures, _captions(listed), held_out, {"en": 0.25, "ko": 0.15})


def stamps(data: Path, folder: Path, held_out: int) -> Captioned:
    """Tux Paint's stamps with their descriptions; what is not below the folder is left out, with a line.

    Raises AbsentError.
    """
    listed = _listed(data / "tuxpaint" / "stamps_captions_en_ko.json", "Tux Paint stamps")
    present = [one for one in listed if (folder / one["file"]).is_file()]
    if not present:
        raise AbsentError(
            f"Tux Paint stamps: left out, there are none in {folder}: apt-get install tuxpaint-stamps-default, or name "
            "their folder with --stamps"
        )
    if len(present) < len(listed):
        print(f"Tux Paint stamps: {len(listed) - len(present)} of {len(listed)} are not in {folder} and left out")
    pictures = [read_picture((folder / one["file"]).read_bytes(), name=one["file"]) for one in present]
    return Captioned("Tux Paint stamps", pictures, _captions(present), held_out)


def _listed(file: Path, name: str) -> list[dict[str, str]]:
    if not file.is_file():
        raise AbsentError(f"{name}: left out, there are no captions {file}: name their folder with --data")
    listed: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return listed


def _captions(listed: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{key: one[key] for key in LANGUAGES if one.get(key)} for one in listed]
