"""The pages that are shipped are those that the sources make, and the package holds them."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pinyon import console

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "console"
BUILT = ROOT / "src" / "pinyon" / "console" / "assets"
LEAST_NODE = (20, 19)
BUDGET = 500_000
"""Bytes of all scripts and styles but the map's, gzipped."""


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def vite() -> list[str]:
    """How the pages are built. Skips the test where that is not possible."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: the pages cannot be built here (they are shipped as built)")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, said.lstrip("v").split(".")[:2])) < LEAST_NODE:
        pytest.skip(f"node {said} is older than {'.'.join(map(str, LEAST_NODE))}")
    program = SOURCES / "node_modules" / "vite" / "bin" / "vite.js"
    if not program.exists():
        pytest.skip("console/node_modules is not there: `make console` makes it")
    return [node, str(program)]


def test_the_shipped_pages_are_what_the_sources_make(tmp_path: Path) -> None:
    command = [*vite(), "build", "--outDir", str(tmp_path / "out"), "--emptyOutDir", "--logLevel", "error"]
    done = subprocess.run(command, cwd=SOURCES, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    made, shipped = files(tmp_path / "out"), files(BUILT)
    assert made.keys() == shipped.keys(), "run `make console` and commit what it builds"
    assert [name for name in made if made[name] != shipped[name]] == [], "run `make console` and commit what it builds"


def test_the_shipped_pages_load_only_each_other() -> None:
    shipped = files(BUILT)
    for name, body in shipped.items():
        if not name.endswith((".js", ".css", ".html")):
            continue
        text = body.decode("utf-8")
        for one in re.findall(r'["\'(](?:\./|/console/assets/)([\w.-]+\.(?:js|css))["\')]', text):
            assert f"assets/{one}" in shipped, f"{name} loads {one}"
        assert not re.search(r"(?:src|href)=[\"']?https?:|@import|url\(\s*[\"']?https?:", text), name


def test_the_pages_are_small() -> None:
    sizes = {name: len(gzip.compress(body)) for name, body in files(BUILT).items() if name.endswith((".js", ".css"))}
    assert sum(size for name, size in sizes.items() if "Map" not in name) < BUDGET, sizes


def test_every_page_is_served_as_it_was_built() -> None:
    for name, body in files(BUILT).items():
        found = console.asset(name)
        assert found is not None, name
        assert found.body == body
        assert found.lasting == name.startswith("assets/")
    assert console.asset("../__init__.py") is None


def test_the_wheel_and_the_source_archive_hold_the_pages() -> None:
    """By hatchling's own list of what it would pack."""
    script = (
        "import sys\n"
        "from hatchling.builders.sdist import SdistBuilder\n"
        "from hatchling.builders.wheel import WheelBuilder\n"
        "for builder in (WheelBuilder(sys.argv[1]), SdistBuilder(sys.argv[1])):\n"
        "    packed = [one.distribution_path for one in builder.recurse_included_files()]\n"
        "    print('\\n'.join(packed).replace('\\\\', '/'))\n"
        "    print('--')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(ROOT)], capture_output=True, text=True, check=True)
    wheel, source, _ = done.stdout.split("--\n")
    wanted = {f"pinyon/console/assets/{name}" for name in files(BUILT)}
    assert wanted <= set(wheel.split("\n"))
    assert {f"src/{name}" for name in wanted} <= set(source.split("\n"))
    assert "console/src/main.tsx" in source.split("\n"), "what is shipped as built comes with its sources"
    assert not [name for name in source.split("\n") if "node_modules" in name]
