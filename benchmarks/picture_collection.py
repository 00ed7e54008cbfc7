"""A folder of pictures brought in, and looked at again: speed, memory on the way, what the second ingest costs.

Run: python benchmarks/picture_collection.py [--pictures 10000] [--every 1000] [--seed 0]

JPEGs of 320 x 240 pixels, soft random colours with times of an hour ago, are made in a temporary folder and brought
into a database on disk by the ingest of the product, in this process, with the default model for pictures. The second
ingest opens that database anew; the model is loaded already.

Memory is what is resident (MiB) after every 1,000 pictures, and at most since the process began. After the last
thousand it may be 1.25 times what it is after the first, when model and decoder have been in use already: SQLite's
cache and what the engine keeps of the last commits for its next reader (up to 16 MB) are still filling, and the path,
the digest and the line of the report of every picture stay until the run ends. All that was 4 KB a picture; 8 KB miss
the bar, and the pixels, 230 KB a picture, would miss it at once. Fewer than two thousands show nothing.

The second ingest may take 2 s per 1,000 pictures by the clock, must find all of them unchanged, and embeds none. A
missed bar makes the exit status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _bars import Bars
from peers.process import peak, resident
from PIL import Image

from pinyon.app.ingest import DEFAULT_PICTURE_MODEL, Request, embedder_of, ingest
from pinyon.app.ingestor import Summary
from pinyon.engine import Database

INDEX = "pictures"
SIZE = (320, 240)
GROWTH = 1.25
SECONDS = 2.0
"""Of the second ingest, per 1,000 pictures."""


class Watch:
    """Satisfies ``pinyon.app.ingest.Monitor``: prints a line after every so many pictures that were written."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._last = (0, time.perf_counter(), time.process_time())
        self.resident: list[float] = []
        """MiB, one for each line."""

    def begin(self, label: str, total: int, unit: str) -> None:
        self._last = (0, time.perf_counter(), time.process_time())

    def advance(self, done: int, written: int) -> None:
        if written < self._every * (len(self.resident) + 1):
            return
        if not self.resident:
            print("  pictures     MiB  per second  per second of CPU")
        self.resident.append(resident())
        now = (written, time.perf_counter(), time.process_time())
        pictures, wall, cpu = (after - before for before, after in zip(self._last, now, strict=True))
        self._last = now
        print(f"  {written:8,} {self.resident[-1]:7.0f} {pictures / wall:11.1f} {pictures / cpu:18.1f}", flush=True)

    def stopped(self) -> bool:
        return False


def make(folder: Path, pictures: int, seed: int) -> None:
    """That many different JPEGs, with times of an hour ago."""
    folder.mkdir()
    rng, then = np.random.default_rng(seed), time.time() - 3_600
    for number in range(pictures):
        few = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        path = folder / f"{number:06}.jpg"
        few.resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=85)
        os.utime(path, (then, then))


def brought_in(folder: Path, data: Path, watch: Watch) -> tuple[Summary, float, float]:
    """What an ingest of the folder did, with its seconds by the clock and of CPU."""
    with Database(data) as database:
        started, cpu = time.perf_counter(), time.process_time()
        done = ingest(database, Request(INDEX, [folder], model=DEFAULT_PICTURE_MODEL), watch, Summary())
        spent = time.perf_counter() - started, time.process_time() - cpu
        if done.skipped:
            raise SystemExit(f"{len(done.skipped)} pictures were not read: {done.skipped[0].reason}")
        return done, *spent


def threads(data: Path) -> int:
    with Database(data) as database:
        return getattr(embedder_of(database.describe_index(INDEX), data), "threads", 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=1_000, help="pictures between two looks at memory")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bars, count = Bars(), options.pictures
    with tempfile.TemporaryDirectory() as scratch:
        folder, data = Path(scratch) / "files", Path(scratch) / "data"
        make(folder, count, options.seed)
        print(f"{count:,} JPEGs of {SIZE[0]} x {SIZE[1]} pixels, {DEFAULT_PICTURE_MODEL}; {resident():.0f} MiB before")
        watch = Watch(options.every)
        first, wall, cpu = brought_in(folder, data, watch)
        print(
            f"first ingest: {wall:.1f} s by the clock, {cpu:.1f} s of CPU, {threads(data)} threads; "
            f"{first.embedded / wall:.1f} pictures per second, {first.embedded / cpu:.1f} per second of CPU; "
            f"at most {peak():.0f} MiB"
        )
        second, wall, cpu = brought_in(folder, data, Watch(options.every))
        print(f"second ingest: {wall:.2f} s by the clock, {cpu:.2f} s of CPU")
    if len(watch.resident) > 1:
        what = f"memory after {len(watch.resident) * options.every:,} over that after {options.every:,}"
        bars.tell(what, watch.resident[-1] / watch.resident[0], GROWTH, at_most=True)
    bars.tell("second ingest, seconds per 1,000 pictures", 1_000 * wall / count, SECONDS, at_most=True)
    bars.tell("pictures embedded or written by the second", second.embedded + second.stored, 0, at_most=True)
    bars.tell("pictures it did not find unchanged", count - second.unchanged, 0, at_most=True)
    return int(bars.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
