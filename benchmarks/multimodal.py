"""How well pictures are found by words: the stand-in ``picture-words``, untrained and with a map learned from captions.

Run: python benchmarks/multimodal.py [--data ../shared/data] [--held-out 500]

Emoji: 1,911 pictures of 64 pixels (Twemoji) with names in English and Korean, from --data or PINYON_TEST_DATA (default:
../shared/data beside the repository). 500 of them, drawn with seed 0, are held out; the map is learned from the names
of the others in both languages. Every held-out name then looks for its picture among all 1,911: R@1, R@5, R@10. All
that was chosen (the constants of the map, the share of the words) was chosen by cross-validation on the others. Names
that differ in one word (man running, woman running) fall on both sides, so that a stranger's pictures will do worse.

Speeds are per CPU second of the process. A bar that is missed makes the exit status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pinyon.models import ModelRegistry
from pinyon.models.picture_map import OF_FEATURES, OF_TEXTS
from pinyon.models.picture_words import WORDS, PictureWords, fit_pictures
from pinyon.pictures import read_picture
from pinyon.types import Embedder, Floats, Ints, Picture, PictureEmbedder

MODEL = "picture-words"
SEED = 0
BARS = {"en": 0.25, "ko": 0.15}
LANGUAGES = {"en": "English", "ko": "Korean"}
DEPTHS = (1, 5, 10)


@dataclass(frozen=True)
class Emoji:
    pictures: list[Picture]
    names: list[dict[str, str]]


def emoji(data: Path) -> Emoji:
    listed = json.loads((data / "emoji" / "emoji_captions_en_ko.json").read_text(encoding="utf-8"))
    with tarfile.open(data / "emoji" / "twemoji64_png.tar") as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers() if one.isfile()}
        read = {name: stream.read() for name, stream in files.items() if stream is not None}
    return Emoji([read_picture(read[one["file"]], name=one["file"]) for one in listed], listed)


def recall(pictures: Floats, asked: Floats, right: Ints) -> list[float]:
    """R@1, R@5, R@10 of (q, d) questions among (n, d) pictures, all unit rows; right: the row of each one's picture."""
    scores = asked @ pictures.T
    better = (scores > scores[np.arange(len(right)), right][:, None]).sum(axis=1)
    return [float((better < depth).mean()) for depth in DEPTHS]


def tell(way: str, model: Embedder, pictures: Floats, found: Emoji, held: Ints) -> dict[str, float]:
    """Prints the figures of both languages, and gives R@10."""
    last = {}
    for key, language in LANGUAGES.items():
        asked = model.embed([found.names[row][key] for row in held], input_type="query")
        figures = recall(pictures, asked, held)
        print(f"  {way:10} {language:8} " + "  ".join(f"{one:.3f}" for one in figures), flush=True)
        last[key] = figures[-1]
    return last


def timed(model: PictureEmbedder, pictures: Sequence[Picture]) -> Floats:
    """Their vectors, and a line about the speed; what is loaded at first is not counted."""
    model.embed_pictures(pictures[:1])
    started, cpu = time.perf_counter(), time.process_time()
    vectors = model.embed_pictures(pictures)
    wall, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"  {len(pictures)} pictures embedded, {getattr(model, 'threads', 1)} threads: {len(pictures) / used:.1f} per "
        f"second of CPU, {len(pictures) / wall:.1f} by the clock",
        flush=True,
    )
    return vectors


def learned(models: ModelRegistry, found: Emoji, rows: Ints, folder: Path) -> PictureEmbedder:
    """The model with a map learned from some of the pictures, loaded as a user does."""
    plain = models.get(MODEL)
    assert isinstance(plain, PictureWords)
    cpu = time.process_time()
    made = fit_pictures(plain, ((found.pictures[row], [found.names[row][key] for key in LANGUAGES]) for row in rows))
    made.save(folder / "emoji.npz")
    print(f"  map learned from {made.pictures} pictures in {time.process_time() - cpu:.0f} s of CPU", end="; ")
    print("R@10 told by the fit: " + ", ".join(f"{way} {value:.3f}" for way, value in made.recall.items()), flush=True)
    model = models.get(f"picture-words:{folder / 'emoji.npz'}")
    assert isinstance(model, PictureEmbedder)
    return model


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("PINYON_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--held-out", type=int, default=500)
    options = parser.parse_args()

    found = emoji(options.data)
    count = len(found.pictures)
    order = np.random.default_rng(SEED).permutation(count)
    held, kept = np.sort(order[: options.held_out]), np.sort(order[options.held_out :])
    print(f"Emoji: {len(held)} of {count} held out, seed {SEED}; chance of R@10 {10 / count:.3f}")
    print(f"  map shrunk by {OF_FEATURES:g} on features and {OF_TEXTS:g} on texts; words count {WORDS:g} beside it")
    models = ModelRegistry()
    plain = models.get(MODEL)
    assert isinstance(plain, PictureEmbedder)
    untrained = timed(plain, found.pictures)
    with tempfile.TemporaryDirectory() as folder:
        fitted = learned(models, found, kept, Path(folder))
        vectors = fitted.embed_pictures(found.pictures)
    print("  way        language R@1    R@5    R@10")
    tell("untrained", plain, untrained, found, held)
    reached = tell("fitted", fitted, vectors, found, held)
    missed = 0
    for key, bar in BARS.items():
        missed += reached[key] < bar
        word = "MISSED " if reached[key] < bar else "reached"
        print(f"  {word}  R@10 fitted, {LANGUAGES[key]}: {reached[key]:.3f} (bar {bar:g})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
