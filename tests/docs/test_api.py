"""``docs/api.md`` is what the source says, and nothing public is missing from it."""

from __future__ import annotations

import re
import subprocess
import sys

import pinyon
import pinyon.errors
import pinyon.exceptions
from docs.documents import ROOT, read


def test_the_api_reference_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "make_api.py", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_public_name_has_an_entry_or_is_an_error() -> None:
    entries = set(re.findall(r"^### (\w+)$", read(ROOT / "docs" / "api.md"), re.MULTILINE))
    errors = {*vars(pinyon.errors), *vars(pinyon.exceptions)}
    assert set(pinyon.__all__) - errors - entries == set()
    assert entries - set(pinyon.__all__) == {"Inference", "Plan"}
