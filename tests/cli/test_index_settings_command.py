"""How an index is searched, as the command line says, changes and shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Program
from pinyon.cli.start import SETTINGS
from pinyon.engine.kinds import KINDS


def settings(pinyon: Program, name: str = "vectors") -> dict[str, Any]:
    found: dict[str, Any] = pinyon("info", name, "--json").json["index"]
    return found


def test_create_says_it_in_one_line(pinyon: Program) -> None:
    answer = pinyon("create", "vectors", "--dimension", 3, "--index", "hnsw m 32 recall 0.95")
    assert "(dense, 3 dimensions, cosine, hnsw m 32 recall 0.95)" in answer.out
    assert settings(pinyon) == {"kind": "hnsw", "m": 32, "recall": 0.95}
    assert "hnsw m 32 recall 0.95" in pinyon("info", "vectors").out


def test_the_help_names_every_kind(pinyon: Program) -> None:
    assert f"a kind ({', '.join(KINDS)})" in SETTINGS
    assert "a kind (auto, flat" in " ".join(pinyon("create", "--help").out.split())


def test_without_it_an_index_is_auto(pinyon: Program) -> None:
    assert "(dense, 3 dimensions, cosine)" in pinyon("create", "vectors", "--dimension", 3).out
    assert settings(pinyon) == {"kind": "auto", "recall": 0.99}


def test_ingest_says_it_of_a_new_index(pinyon: Program, tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps({"id": "a", "values": [1, 0, 0]}) + "\n")
    pinyon("ingest", "vectors", file, "--index", "ivf nlist 4")
    assert settings(pinyon) == {"kind": "ivf", "nlist": 4, "recall": 0.99}
    assert pinyon("query", "vectors", "--id", "a", "--json").json["matches"][0]["id"] == "a"


def test_configure_changes_what_is_named_or_all_of_a_kind(pinyon: Program) -> None:
    pinyon("create", "vectors", "--dimension", 3, "--index", "hnsw m 32 recall 0.95")
    told = pinyon("configure", "vectors", "--index", "ef_search 100").out
    assert told == "Index 'vectors' is now dense, 3 dimensions, cosine, hnsw m 32 ef_search 100 recall 0.95\n"
    assert pinyon("configure", "vectors", "--index", "scan", "--json").json["index"] == {"kind": "scan", "recall": 0.95}
    pinyon("configure", "vectors", "--index", "auto recall 0.99")
    assert settings(pinyon) == {"kind": "auto", "recall": 0.99}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "hnsw m=16",
            "Index settings 'hnsw m=16' are not understood. Write a kind (auto, flat, scan, hnsw, ivf, symqg)",
        ),
        ("tree", "Index settings 'tree'"),
        ("hnsw m 500", "m 500 of index kind hnsw is out of range. Use 2 to 128"),
        ("ef_search 10", "Index kind auto has no 'ef_search', which belongs to hnsw"),
    ],
)
def test_a_bad_line_is_refused_and_nothing_changes(pinyon: Program, data: Path, line: str, said: str) -> None:
    refused = pinyon("create", "vectors", "--dimension", 3, "--index", line, code=1)
    assert said in refused.err
    assert not data.exists()
    pinyon("create", "vectors", "--dimension", 3)
    assert said in pinyon("configure", "vectors", "--index", line, code=1).err
    assert settings(pinyon) == {"kind": "auto", "recall": 0.99}


def test_configure_needs_an_index_that_is_there_and_something_to_say(pinyon: Program, vectors: str) -> None:
    assert "index 'vector' does not exist" in pinyon("configure", "vector", "--index", "scan", code=3).err
    assert "--index" in pinyon("configure", vectors, code=2).err
