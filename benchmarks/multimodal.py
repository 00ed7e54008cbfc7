"""How well pictures are found by words: the stand-in ``picture-words``, untrained and with a map learned from captions.

Run: python benchmarks/multimodal.py [--data ../shared/data] [--stamps /usr/share/tuxpaint/stamps]
                                     [--held-out 500] [--stamps-held-out 200]

Emoji: 1,911 pictures of 64 pixels (Twemoji) with names in English and Korean, no two alike; 500 are held out. Tux
Paint stamps: 785 drawings and photographs (Debian's package tuxpaint-stamps-default 2022.06.04) with a description in
English and, but for three, Korean; 200 are held out, a few more where captions demand it. Captions and emoji come from
--data or PINYON_TEST_DATA (default: ../shared/data beside the repository); a set that is absent is left out with a
line. Those held out are drawn with seed 0; pictures that share a caption in either language are held out together. The
map is learned from the captions of the others in both languages.

Every caption held out then looks, once, for its picture among all of the set: R@1, R@5, R@10. Any picture with the
same caption in that language is right, and one with the same score as a right one counts as behind it. Chance is that
of pictures in random order. Pictures that a map was learned from come before strangers, so that for how many captions
one that is not held out is first, is printed beside. All that was chosen (the constants of the map, the share of the
words) was chosen by cross-validation on the emoji that are not held out; nothing was chosen on stamps. Names of emoji
that differ in one word (man running, woman running) fall on both sides, so that a stranger's pictures will do worse.

Speeds are per CPU second of the process. A bar that is missed makes the exit status 1; stamps have none.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from _bars import Bars
from _captioned_pictures import DEPTHS, LANGUAGES, SEED, STAMPS, AbsentError, Captioned, chance, emoji, recall, stamps

from pinyon.models import ModelRegistry
from pinyon.models.picture_map import OF_FEATURES, OF_TEXTS
from pinyon.models.picture_words import WORDS, PictureWords, fit_pictures
from pinyon.types import Embedder, Floats, Ints, Picture, PictureEmbedder

MODEL = "picture-words"


def line(way: str, language: str, figures: Sequence[float], note: str = "") -> None:
    print(f"  {way:10} {language:8} " + "  ".join(f"{one:.3f}" for one in figures) + note, flush=True)


def tell(way: str, model: Embedder, pictures: Floats, found: Captioned, held: Ints) -> dict[str, float]:
    """Prints the figures of both languages, and gives R@10."""
    last = {}
    for key, language in LANGUAGES.items():
        texts, right = found.questions(held, key)
        asked = model.embed(texts, input_type="query")
        figures = recall(pictures, asked, right)
        others = float(np.isin((asked @ pictures.T).argmax(axis=1), held, invert=True).mean())
        line(way, language, figures, f"  ({others:.0%} put first what is not held out)")
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


def learned(models: ModelRegistry, found: Captioned, rows: Ints, folder: Path) -> PictureEmbedder:
    """The model with a map learned from some of the pictures, loaded as a user does."""
    plain = models.get(MODEL)
    assert isinstance(plain, PictureWords)
    cpu = time.process_time()
    made = fit_pictures(plain, ((found.pictures[row], list(found.captions[row].values())) for row in rows))
    made.save(folder / "map.npz")
    print(f"  map learned from {made.pictures} pictures in {time.process_time() - cpu:.0f} s of CPU", end="; ")
    told = ", ".join(f"{way} {value:.3f}" for way, value in made.recall.items())
    print(f"R@10 told by the fit: {told or 'too few pictures'}", flush=True)
    model = models.get(f"picture-words:{folder / 'map.npz'}")
    assert isinstance(model, PictureEmbedder)
    return model


def measure(found: Captioned, models: ModelRegistry, bars: Bars) -> None:
    held, kept = found.split()
    print(f"{found.name}: {len(held)} of {len(found.pictures)} held out, seed {SEED}")
    plain = models.get(MODEL)
    assert isinstance(plain, PictureEmbedder)
    untrained = timed(plain, found.pictures)
    with tempfile.TemporaryDirectory() as folder:
        fitted = learned(models, found, kept, Path(folder))
        vectors = fitted.embed_pictures(found.pictures)
    print("  way        language " + " ".join(f"{f'R@{depth}':6}" for depth in DEPTHS))
    for key, language in LANGUAGES.items():
        texts, right = found.questions(held, key)
        line("chance", language, chance(right), f"  ({len(texts)} captions)")
    tell("untrained", plain, untrained, found, held)
    reached = tell("fitted", fitted, vectors, found, held)
    for key, bar in found.bars.items():
        bars.tell(f"R@10 fitted, {LANGUAGES[key]}", reached[key], bar)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("PINYON_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--stamps", type=Path, default=STAMPS)
    parser.add_argument("--held-out", type=int, default=500, help="of the emoji")
    parser.add_argument("--stamps-held-out", type=int, default=200)
    options = parser.parse_args()

    print(f"map shrunk by {OF_FEATURES:g} on features and {OF_TEXTS:g} on texts; words count {WORDS:g} beside it")
    models, bars = ModelRegistry(), Bars()
    sets = (
        partial(emoji, options.data, options.held_out),
        partial(stamps, options.data, options.stamps, options.stamps_held_out),
    )
    for read in sets:
        try:
            found = read()
        except AbsentError as absent:
            print(absent)
            continue
        measure(found, models, bars)
    return int(bars.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
