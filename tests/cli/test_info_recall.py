"""What ``info`` and ``--explain`` say of recall."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from cli.conftest import Program
from pinyon.cli.output import recall
from pinyon.engine import Database
from pinyon.types import IndexSpec

ROWS, D = 6_000, 32


@pytest.fixture
def large(data: Path) -> str:
    """An index with codes, and a small namespace beside."""
    rng = np.random.default_rng(1)
    centres = np.random.default_rng(99).standard_normal((30, D))
    rows = centres[rng.integers(0, 30, ROWS)] + 0.4 * rng.standard_normal((ROWS, D))
    with Database(data) as database:
        database.create_index(IndexSpec("stars", D, "cosine", kind="scan"))
        index = database.index("stars")
        index.upsert("", [str(row) for row in range(ROWS)], rows)
        index.upsert("few", ["a"], rows[:1])
        assert index.ready(timeout=120)
        assert index.describe("").kind == "scan"
    return "stars"


def test_info_shows_recall_with_and_without_a_filter(pinyon: Program, large: str) -> None:
    shown = {line.split()[0]: line for line in pinyon("info", large).out.splitlines() if line.strip()}
    assert shown["(default)"].count("~0.9") + shown["(default)"].count("~1.0") == 2
    assert shown["few"].split().count("exact") == 2
    default, few = pinyon("info", large, "--json").json["namespaces"]
    assert default["quality"]["label"] == "estimate"
    assert default["quality"]["built"].keys() >= {"plain", "near", "far"}
    assert few["quality"] == {
        "recall": 1.0,
        "interval": [1.0, 1.0],
        "label": "exact",
        "target": 0.99,
        "holds": True,
        "effort": 1.0,
        "checked": 0,
        "exact_share": 1.0,
        "expected": None,
        "checks": 0,
        "bands": {},
        "built": {},
    }


def test_an_explained_query_says_how_far_its_answer_is_to_be_trusted(pinyon: Program, large: str) -> None:
    vector = json.dumps([0.1] * D)
    plan = pinyon("query", large, "--vector", vector, "--explain", "--json").json["plan"]
    assert plan["recall_label"] in ("estimate", "exact")
    assert plan["effort"] == 1.0
    exact = pinyon("query", large, "--vector", vector, "--explain", "--exact")
    assert "recall exact" in exact.err + exact.out


def test_recall_is_written_by_what_is_known_of_it() -> None:
    assert recall(1.0, (1.0, 1.0), "exact") == "exact"
    assert recall(0.9979, None, "estimate") == "~0.998"
    assert recall(0.995, (0.94, 0.999), "estimate") == "~0.995 (0.940 to 0.999)"
    assert recall(0.9941, (0.9903, 0.9968), "measured") == "0.994 (0.990 to 0.997)"
