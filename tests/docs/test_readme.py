"""The code in README.md, README.ko.md, ARCHITECTURE.md and docs/*.md runs and prints what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs.documents import DOCUMENTS, ROOT, Block, blocks, links, name_of, read
from pinyon.limits import DEFAULT

MARK = "=== end of the block in line {line} ==="
WITH_PYTHON = [path for path in DOCUMENTS if blocks(path, "python")]
WITH_COMMANDS = [path for path in DOCUMENTS if blocks(path, "console")]
SOURCE = ROOT / "src"
LONG = {"README.ko.md", "study.md", "tune.md"}
"""Their commands run nightly: the first has those of README.md, and experiments take their time."""


def environment(folder: Path) -> dict[str, str]:
    """Ours, with the source on the path and nothing that would point at somebody's data."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINYON_")}
    paths = [str(SOURCE), kept.get("PYTHONPATH", "")]
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
        "HOME": str(folder),
        "PATH": os.pathsep.join([str(folder / "bin"), kept.get("PATH", "")]),
    }


def program(path: Path) -> str:
    """All blocks as one program, in which every line has the number that it has in the document."""
    lines: list[str] = []
    for block in blocks(path, "python"):
        lines += [""] * (block.line - 1 - len(lines))
        lines += block.text.rstrip("\n").split("\n")
        lines.append(f"print({MARK.format(line=block.line)!r})")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", WITH_PYTHON, ids=name_of)
def test_the_python_of_a_document_runs_and_prints_what_is_shown(path: Path, tmp_path: Path) -> None:
    script = tmp_path / path.with_suffix(".py").name
    script.write_text(program(path), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    rest = done.stdout
    for block in blocks(path, "python"):
        printed, _, rest = rest.partition(MARK.format(line=block.line) + "\n")
        assert printed == (block.output or ""), f"{name_of(path)}:{block.line}"


def command_lines(block: Block) -> list[str]:
    return [line[2:] for line in block.text.split("\n") if line.startswith("$ ")]


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are written for a POSIX shell")
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.nightly) if path.name in LONG else path for path in WITH_COMMANDS],
    ids=name_of,
)
def test_the_commands_of_a_document_succeed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, arguments in (("pinyon", "-m pinyon.cli "), ("python", "")):
        shim = tmp_path / "bin" / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n', encoding="utf-8")
        shim.chmod(0o755)
    for block in blocks(path, "console"):
        for line in command_lines(block):
            done = subprocess.run(
                ["sh", "-c", line], cwd=tmp_path, env=environment(tmp_path), capture_output=True, encoding="utf-8"
            )
            assert done.returncode == 0, f"{name_of(path)}: {line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_that_exist(path: Path) -> None:
    inside = [link.partition("#")[0] for link in links(path) if "://" not in link and not link.startswith("#")]
    assert [link for link in inside if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_files_that_a_document_names_exist(path: Path) -> None:
    named = re.findall(r"`((?:src|tests|docs|examples|benchmarks)/[\w./]*\w)`", read(path))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_extras_that_a_document_names_exist(path: Path) -> None:
    there = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    named = {extra for found in re.findall(r"pinyon\[([\w,-]+)\]", read(path)) for extra in found.split(",")}
    assert named - there.keys() == set()


def figures(path: Path) -> list[list[str]]:
    """The numbers in each row of the table of measurements."""
    (table,) = [part for part in read(path).split("\n\n") if part.startswith("|") and "faiss HNSW" in part]
    return [sorted(re.findall(r"\d(?:[\d,.]*\d)?", row)) for row in table.splitlines()]


def test_both_readmes_have_the_same_sections_and_the_same_figures() -> None:
    def shape(path: Path) -> list[int]:
        return [len(found[1]) for found in re.finditer(r"^(#+) ", _prose(path), re.MULTILINE)]

    english, korean = ROOT / "README.md", ROOT / "README.ko.md"
    assert shape(english) == shape(korean)
    assert figures(english) == figures(korean)


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_a_readme_gives_the_limits_that_the_code_has(name: str) -> None:
    limits = (
        DEFAULT.index_name_length,
        DEFAULT.id_length,
        DEFAULT.namespace_length,
        DEFAULT.dimension,
        DEFAULT.sparse_nonzeros,
        DEFAULT.metadata_bytes,
        DEFAULT.top_k,
        DEFAULT.filter_values,
        DEFAULT.list_page,
        DEFAULT.fetch_by_metadata_page,
    )
    rows = " ".join(line for line in read(ROOT / name).splitlines() if line.startswith("|"))
    assert [value for value in limits if not re.search(rf"(?<![\d,]){value:,}(?![\d,])", rows)] == []


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", read(path), flags=re.MULTILINE | re.DOTALL)
