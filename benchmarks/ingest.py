"""Bringing in 1,000 mixed files: reading by format, the first run, the second run over unchanged files, memory.

Run: python benchmarks/ingest.py [--files 1000] [--kilobytes 4] [--seed 1]

The files are generated: English and Korean prose of about that size in each format, some of the text files in cp949.
Reading is parsing and cutting into chunks, in this process, without a model. The runs are the command `pinyon ingest`
in processes of their own, start-up included; the first one embeds with the built-in model. Wall and CPU seconds are
given, for a busy machine shows in the difference; memory is the highest resident size of the process.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _office import (
    docx_file,
    hwp_file,
    hwp_paragraph,
    hwp_table,
    hwpx_file,
    hwpx_paragraph,
    notebook_file,
    pdf_file,
    pptx_file,
    word_paragraph,
    word_table,
)

from pinyon.rag.chunking import split
from pinyon.rag.documents import Document, load
from pinyon.rag.files import FoundFile, find

WORDS = (
    "the office asks every guest to sign the book before noon and to leave a number where rain may delay trains "
    "휴가는 사무실에 신청하며 담당자는 사흘 안에 답합니다 비가 오면 우산을 준비하고 열차가 늦으면 연락하십시오 "
).split()

Maker = Callable[[list[str]], bytes]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--files", type=int, default=1_000)
    given.add_argument("--kilobytes", type=float, default=4, help="of text in a file")
    given.add_argument("--seed", type=int, default=1)
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        write(folder, options.files, round(options.kilobytes * 1_000), random.Random(options.seed))
        reading(folder)
        runs(folder, Path(scratch) / "data")


def write(folder: Path, files: int, characters: int, rng: random.Random) -> None:
    """That many files of all formats in turn, with times of an hour ago."""
    folder.mkdir()
    then = time.time() - 3_600
    for number in range(files):
        suffix, make = list(MAKERS.items())[number % len(MAKERS)]
        path = folder / f"{number:05}{suffix}"
        path.write_bytes(make(paragraphs(characters, rng)))
        os.utime(path, (then, then))


def paragraphs(characters: int, rng: random.Random) -> list[str]:
    found: list[str] = []
    while sum(map(len, found)) < characters:
        sentences = (" ".join(rng.choices(WORDS, k=rng.randint(6, 14))).capitalize() + "." for _ in range(4))
        found.append(" ".join(sentences))
    return found


def _lines(text: list[str]) -> list[str]:
    return [paragraph[at : at + 60] for paragraph in text for at in range(0, len(paragraph), 60)]


def _pages(text: list[str]) -> list[list[str]]:
    lines = _lines(text)
    return [lines[at : at + 40] for at in range(0, len(lines), 40)]


def _text(text: list[str]) -> bytes:
    # Every tenth as Korean programs still write it.
    return "\n\n".join(text).encode("cp949" if len(text[0]) % 10 == 0 else "utf-8")


MAKERS: dict[str, Maker] = {
    ".txt": _text,
    ".md": lambda text: "\n\n".join(f"## Part {n}\n\n{one}" for n, one in enumerate(text)).encode(),
    ".html": lambda text: ("<title>T</title>" + "".join(f"<h2>P</h2><p>{one}</p>" for one in text)).encode(),
    ".py": lambda text: "\n\n".join(f'def part_{n}():\n    """{one}"""' for n, one in enumerate(text)).encode(),
    ".pdf": lambda text: pdf_file(_pages(text), title="T"),
    ".docx": lambda text: docx_file("".join(map(word_paragraph, text)) + word_table([["a", "b"], ["1", "2"]])),
    ".pptx": lambda text: pptx_file([(f"Slide {n}", [one]) for n, one in enumerate(text)]),
    ".hwpx": lambda text: hwpx_file("".join(map(hwpx_paragraph, text))),
    ".hwp": lambda text: hwp_file(b"".join(map(hwp_paragraph, text)) + hwp_table([["a", "b"], ["1", "2"]])),
    ".ipynb": lambda text: notebook_file([("markdown", one, "") for one in text]),
}


def reading(folder: Path) -> None:
    """A line for each format: files, chunks, and the speed of one CPU."""
    print(f"{'format':8} {'files':>6} {'MB':>7} {'chunks':>7} {'files/s':>8} {'MB/s':>7}   (CPU seconds, one process)")
    total = [0.0, 0.0]
    by_suffix: dict[str, list[FoundFile]] = {}
    for file in find([folder]):
        if isinstance(file, FoundFile):
            by_suffix.setdefault(file.path.suffix, []).append(file)
    for suffix, files in by_suffix.items():
        size = sum(file.path.stat().st_size for file in files) / 1e6
        load(files[0])  # what is imported at the first use
        started = time.process_time()
        chunks = 0
        for file in files:
            document = load(file)
            if not isinstance(document, Document):
                raise SystemExit(f"{file.path}: {document.reason}")
            chunks += len(split(document.text, style=document.style, pages=document.pages))
        spent = max(1e-6, time.process_time() - started)
        total = [total[0] + spent, total[1] + size]
        print(f"{suffix:8} {len(files):6,} {size:7.2f} {chunks:7,} {len(files) / spent:8,.0f} {size / spent:7.2f}")
    count = sum(map(len, by_suffix.values()))
    print(f"{'all':8} {count:6,} {total[1]:7.2f} {'':7} {count / total[0]:8,.0f} {total[1] / total[0]:7.2f}")


def runs(folder: Path, data: Path) -> None:
    """The command twice, and once more with one file in a hundred changed."""
    timed("first run (embeds)", folder, data)
    timed("second run, unchanged", folder, data)
    timed("third run, unchanged", folder, data)
    for path in sorted(folder.glob("*.md"))[::10]:
        path.write_text(path.read_text(encoding="utf-8") + "\n\n## New\n\nA new part.\n", encoding="utf-8")
    timed("1 % of files changed", folder, data)


def timed(label: str, folder: Path, data: Path) -> None:
    command = [sys.executable, "-m", "pinyon.cli", "ingest", "files", str(folder), "--data", str(data)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Of all children so far: the first run is the largest.
    memory = after.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    peak = f", {memory:,.0f} MB" if after.ru_maxrss > before.ru_maxrss else ""
    print(f"{label}: {wall:.2f} s wall, {cpu:.2f} s CPU{peak}: {process.stdout.strip()}")


if __name__ == "__main__":
    main()
