"""pinyon tune: what it prints, writes, applies and refuses."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faiss", reason="without it every index is flat")

Program = Callable[..., Any]
Spawn = Callable[..., "subprocess.Popen[str]"]
SET = ("--generate", "4500x24", "--query-count", "40", "--repeats", "1", "--kinds", "flat,scan", "--lang", "en")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def films(pinyon: Program, tmp_path: Path) -> str:
    """An index of 4,500 vectors with a year each."""
    from pinyon.engine import Database
    from pinyon.studies.sources import generate
    from pinyon.types import IndexSpec

    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("films", 24, "cosine"))
        years = [2000 + row % 20 for row in range(4_500)]
        ids = [str(row) for row in range(4_500)]
        database.index("films").upsert("", ids, generate(4_500, 24, 3), metadata={"year": years})
    return "films"


def test_it_prints_the_front_the_choice_and_how_to_use_it(pinyon: Program, out: Path) -> None:
    answer = pinyon("tune", *SET, "--recall", "0.9", "--out", out)
    lines = answer.out.splitlines()
    assert lines[0] == "generated set, seed 0: 4,500 rows of 24 dimensions, cosine; 40 queries, top 10"
    assert lines[1].split()[:3] == ["index", "ms/query", "p99"]
    assert sum(" * " in line for line in lines) == 1
    assert any(line.startswith("Chosen: ") for line in lines)
    create, python = lines[-2:]
    assert create.startswith("pinyon create NAME --dimension 24 --metric cosine --index '")
    assert python.startswith('pc.create_index("NAME", dimension=24, metric="cosine", index={\'kind\': ')
    assert f"results: {out}" in answer.err
    assert {"tuning.json", "tuning.csv", "report.html"} <= {path.name for path in out.iterdir()}
    pinyon(*shlex.split(create.replace("NAME", "made"))[1:])
    assert pinyon("info", "made", "--json").json["index"]["recall"] == 0.9


def test_json_holds_everything_and_korean_is_spoken_on_request(pinyon: Program, out: Path) -> None:
    found = pinyon("tune", *SET, "--out", out, "--json").json
    assert found["complete"] is True
    assert found["best"]["index"] in [one["index"] for one in found["front"]]
    assert found["applied"] is None
    assert len(found["create"]) == 2
    assert "선택: " in pinyon("tune", *SET[:-1], "ko", "--out", out).out


def test_an_unmet_contract_is_an_error_with_the_nearest_misses(pinyon: Program, out: Path) -> None:
    answer = pinyon("tune", *SET, "--latency-ms", "0.000001", "--memory-mb", "0.01", "--out", out, code=1)
    assert "Nothing of what was measured keeps the contract (recall 0.99, 1e-06 ms, 0.01 MB)." in answer.out
    assert "ms, asked for 1e-06 ms; 0." in answer.out
    assert "nothing keeps the contract" in answer.err
    assert "pinyon create" not in answer.out


def test_apply_sets_the_index_and_measures_its_searches(pinyon: Program, films: str, out: Path) -> None:
    given = ("--index", films, "--query-count", "40", "--repeats", "1", "--kinds", "scan", "--lang", "en")
    year = '{"year": {"$gte": 2010}}'
    before = pinyon("tune", *given, "--filter", year, "--out", out).out
    assert before.splitlines()[-1].endswith("configure films --index 'scan recall 0.99'")
    assert pinyon("info", films, "--json").json["index"]["kind"] == "auto"
    refused = pinyon("tune", *given, "--filter", year, "--out", out, "--apply", code=2)
    assert "index films: auto -> scan recall 0.99" in refused.err
    assert pinyon("info", films, "--json").json["index"]["kind"] == "auto"
    answer = pinyon("tune", "--out", out, "--lang", "en", "--apply", "--yes")
    assert "Index 'films' is now scan, built in " in answer.out
    assert "Live searches: recall " in answer.out
    assert f"Live searches with {year}: recall " in answer.out
    assert pinyon("info", films, "--json").json["index"] == {"kind": "scan", "recall": 0.99}


def test_vectors_of_a_file_are_tuned(pinyon: Program, tmp_path: Path, out: Path) -> None:
    from pinyon.studies.sources import generate

    np.save(tmp_path / "rows.npy", generate(500, 8, 0))
    answer = pinyon("tune", tmp_path / "rows.npy", "--repeats", 1, "--out", out, "--lang", "en")
    assert answer.out.startswith("file 'rows.npy': 450 rows of 8 dimensions, cosine; 50 queries, top 10")
    assert "1 of 1 settings were measured." in answer.out


@pytest.mark.parametrize(
    ("given", "said", "code"),
    [
        ((), "name the vectors: FILE, --index INDEX or --generate NxD", 2),
        (("--limit", "100"), "name the vectors too", 2),
        ((*SET, "--apply"), "--apply goes with --index", 2),
        ((*SET, "--filter", "year"), "is not JSON", 2),
        ((*SET, "--filter", '{"year": 1}'), "filters need metadata", 1),
        ((*SET, "--recall", "1.5"), "recall is 1.5", 1),
    ],
)
def test_wrong_usage_is_refused(pinyon: Program, out: Path, given: tuple[str, ...], said: str, code: int) -> None:
    assert said in " ".join(pinyon("tune", *given, "--out", out, code=code).err.replace("│", " ").split())
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a matter of POSIX")
def test_ctrl_c_keeps_what_is_measured_and_says_how_to_go_on(spawn: Spawn, pinyon: Program, out: Path) -> None:
    given = (
        "--generate",
        "6000x32",
        "--query-count",
        "200",
        "--repeats",
        "2",
        "--kinds",
        "scan,hnsw",
        "--recall",
        "0.9",
    )
    process = spawn("tune", *given, "--out", out, "--lang", "en", start_new_session=True)
    until = time.monotonic() + 60
    while not (out / "tuning.json").exists():
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"tune --out {out}` goes on" in told
    answer = pinyon("tune", "--out", out, "--json")
    assert answer.json["complete"] is True
    assert answer.json["settings"]["kinds"] == ["scan", "hnsw"]
