"""``docs/assistants.md``: its program runs with the official SDK and prints what the page says; its settings exist."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import typer

from docs.documents import ROOT, blocks, table
from pinyon.cli.main import app
from pinyon.models.descriptions import MODELS, missing_modules
from pinyon.server.settings import Settings
from pinyon.wire.assistants import NAME_LENGTH, TEXT_BYTES
from sdk.places import Serving, environment

PAGE = ROOT / "docs" / "assistants.md"


@pytest.mark.skipif(bool(missing_modules(MODELS["smollm2"])), reason="smollm2 is not installed")
def test_its_program_prints_what_the_page_says(tmp_path: Path) -> None:
    (program,) = blocks(PAGE, "py")
    sdk = environment("sdk10")
    with Serving(tmp_path) as server:
        variables = {**os.environ, "PINECONE_CONTROLLER_HOST": server.url}
        command = [str(sdk), "-c", program.text]
        done = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == program.output


def test_its_command_and_its_settings_exist() -> None:
    command = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    command.make_context("serve", ["--key", "pclocal", "--generator", "off"], resilient_parsing=True)
    rows = {row["Setting"]: row["Default"] for row in table(PAGE, "Setting", "Default", "Meaning")}
    settings = Settings()
    assert rows == {
        "generator": settings.generator,
        "requests.file_bytes": str(settings.requests.file_bytes),
        "requests.files": str(settings.requests.files),
    }
    assert (TEXT_BYTES, NAME_LENGTH) == (16 * 1024, 63), "as the page says"
