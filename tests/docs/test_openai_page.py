"""``docs/openai.md``: its program runs, and its tables name what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.documents import ROOT, blocks, read, table
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules
from pinyon.server.routes import openai as openai_routes
from pinyon.server.routes import openai_images

PAGE = ROOT / "docs" / "openai.md"


def test_its_program_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    pytest.importorskip("openai", reason="the openai client is not installed")
    for model in ("use-multilingual", "smollm2"):
        if missing_modules(MODELS[model]):
            pytest.skip(f"needs {MODELS[model].install}")
    (program,) = blocks(PAGE, "py")
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program.text], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == program.output


def test_it_names_every_route() -> None:
    said = set(re.findall(r"`(GET|POST) (/v1/[^`]*)`", read(PAGE)))
    assert {(route.method, route.path) for route in (*openai_routes.ROUTES, *openai_images.ROUTES)} == said


def test_it_names_every_error_of_the_client() -> None:
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    rows = table(PAGE, "The client raises", "When")
    names = re.findall(r"\w+Error", " ".join(row["The client raises"] for row in rows))
    assert len(names) == 7
    assert all(issubclass(getattr(openai, name), openai.APIError) for name in names)
