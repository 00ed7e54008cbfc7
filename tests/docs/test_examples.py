"""Every example runs, from any directory, in memory and on disk, and stays short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.documents import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LINES = 60
SAYS = {
    "quickstart": "nearest cold colour: green",
    "korean_search": "passport",
    "filters": "left:",
    "bulk_arrays": "records: 20000",
    "backup_restore": "restored: 30",
}
ELSEWHERE = ("book_chapter_12", "book_chapter_12_pictures", "haystack_store", "langchain_rag", "llama_index_rag")
"""They need a framework and a server, or take a model: tests/ecosystem runs them."""
HERE = [path for path in EXAMPLES if path.stem not in ELSEWHERE]


def run(path: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINYON_")}
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), kept.get("PYTHONPATH", "")]))
    environment = kept | {"PYTHONPATH": paths, "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", str(path), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")


def test_every_example_is_expected_to_say_something() -> None:
    assert sorted([*SAYS, *ELSEWHERE]) == [path.stem for path in EXAMPLES]


@pytest.mark.parametrize("place", [":memory:", "data"], ids=["memory", "disk"])
@pytest.mark.parametrize("path", HERE, ids=lambda path: path.stem)
def test_an_example_runs_and_says_what_it_is_about(path: Path, place: str, tmp_path: Path) -> None:
    done = run(path, tmp_path, place)
    assert (done.returncode, done.stderr) == (0, "")
    assert SAYS[path.stem] in done.stdout
    assert [entry.name for entry in tmp_path.iterdir()] == ([] if place == ":memory:" else ["data"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_on_a_screen(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LINES
