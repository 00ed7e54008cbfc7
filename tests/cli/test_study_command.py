"""pinyon study: what it prints, writes and refuses; bars, pipes and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faiss", reason="graphs are faiss's")

Program = Callable[..., Any]
Spawn = Callable[..., "subprocess.Popen[str]"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals and signals are a matter of POSIX")
SET = ("--generate", "600x8", "--query-count", "30", "--repeats", "1", "--lang", "en")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_a_study_prints_its_table_and_what_it_shows(pinyon: Program, out: Path) -> None:
    answer = pinyon("study", "hnsw", *SET, "--m", "4,16", "--out", out)
    lines = answer.out.splitlines()
    assert lines[0] == "generated set, seed 0: 600 rows of 8 dimensions, cosine; 30 queries, top 10"
    assert lines[1].split()[:4] == ["kind", "m", "build", "s"]
    assert [line.split()[:2] for line in lines[2:5]] == [["flat", "-"], ["hnsw", "4"], ["hnsw", "16"]]
    assert "In every row: hnsw ef_construction=40 ef_search=16." in lines
    assert any(line.startswith("With m from 4 to 16, R@10 ") for line in lines)
    assert f"results: {out}" in answer.err
    assert {"results.json", "results.csv", "report.html"} <= {path.name for path in out.iterdir()}


def test_json_is_one_document_with_settings_rows_and_findings(pinyon: Program, out: Path) -> None:
    found = pinyon("study", "ivf", *SET, "--nprobe", "1,4", "--out", out, "--json").json
    assert found["complete"] is True
    assert found["out"] == str(out)
    assert found["settings"]["options"] == {"nlist": [60], "nprobe": [1, 4]}
    assert [row["kind"] for row in found["rows"]] == ["flat", "ivf", "ivf"]
    assert found["findings"][-1].startswith("Each time was taken once")
    assert {"processor", "cores", "versions", "load"} <= found["environment"].keys()


@pytest.mark.parametrize(
    ("name", "options", "kinds"),
    [
        ("growth", ["--rows", "100,600"], ["flat", "flat"]),
        (
            "filter",
            ["--selectivity", "0.5,0.05", "--ef-search", "16", "--together"],
            ["hnsw", "hnsw", "flat", "pinyon"],
        ),
        ("quantise", ["--codes", "fp16,pq4", "--width", "2", "--rerank", "0,50"], ["flat", "fp16", "fp16", "pq4"]),
    ],
)
def test_the_other_studies(pinyon: Program, out: Path, name: str, options: list[str], kinds: list[str]) -> None:
    found = pinyon("study", name, *SET, *options, "--out", out, "--json").json
    assert [row["kind"] for row in found["rows"]][: len(kinds)] == kinds
    assert [row["error"] for row in found["rows"]] == [None] * len(found["rows"])


def test_korean_is_spoken_on_request_and_where_the_system_speaks_it(
    pinyon: Program, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pinyon("study", "ivf", *SET[:-2], "--nprobe", "1,4", "--out", out, "--lang", "ko")
    assert "구축(초)" in asked.out
    assert "nprobe를 1에서 4로 바꾸면" in asked.out
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert "구축(초)" in pinyon("study", "ivf", "--out", out).out
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert "build s" in pinyon("study", "ivf", "--out", out).out


def test_vectors_of_an_index_are_studied(pinyon: Program, tmp_path: Path, out: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    np.save(tmp_path / "v.npy", rows)
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(300))) + "\n")
    pinyon("ingest", "vectors", tmp_path / "v.npy", "--ids", tmp_path / "ids.txt")
    arguments = ("study", "growth", "--index", "vectors", "--rows", "100,270", "--repeats", "1", "--lang", "en")
    answer = pinyon(*arguments, "--out", out)
    assert answer.out.startswith("index 'vectors': 270 rows of 6 dimensions, cosine; 30 queries, top 10")
    pinyon("study", "--again", out, "--out", tmp_path / "again")
    pinyon("rm", "vectors", "--id", "7", "--yes")
    assert "changed since" in pinyon("study", "again", out, "--out", tmp_path / "third", code=1).err
    missing = pinyon("study", "growth", "--index", "vektors", code=3).err
    assert "Did you mean 'vectors'?" in missing


def test_vectors_of_files_are_studied(pinyon: Program, tmp_path: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    base, queries = rng.standard_normal((200, 4)).astype("<f4"), rng.standard_normal((10, 4)).astype("<f4")
    truth = np.argsort(((queries[:, None] - base[None]) ** 2).sum(axis=2), axis=1)[:, :10].astype("<i4")
    for name, array in (("base.fvecs", base), ("query.fvecs", queries), ("truth.ivecs", truth)):
        head = np.full((len(array), 1), array.shape[1], "<i4")
        (tmp_path / name).write_bytes(np.hstack([head.view(np.uint8), array.view(np.uint8)]).tobytes())
    answer = pinyon(
        "study", "growth", tmp_path / "base.fvecs", "--queries", tmp_path / "query.fvecs",
        "--truth", tmp_path / "truth.ivecs", "--rows", "200", "--repeats", "1", "--lang", "en", "--out", out,
    )  # fmt: skip
    assert answer.out.startswith("file 'base.fvecs': 200 rows of 4 dimensions, euclidean; 10 queries, top 10")
    assert "1.0000  1.0000" in answer.out


def test_a_study_is_repeated_and_shown_beside_the_old_one(pinyon: Program, tmp_path: Path, out: Path) -> None:
    pinyon("study", "ivf", *SET, "--nprobe", "1,4", "--out", out)
    again = pinyon("study", "--again", out / "results.json", "--out", tmp_path / "two", "--lang", "en")
    head, _, row, _ = again.out.splitlines()
    assert "R@10 was" in head
    assert row.split()[3] == row.split()[4]
    found = pinyon("study", "again", out, "--out", tmp_path / "three", "--json").json
    assert found["differences"] == []
    assert found["old"]["settings"] == found["new"]["settings"]


def test_recall_that_is_not_what_it_was_ends_with_an_error(pinyon: Program, tmp_path: Path, out: Path) -> None:
    pinyon("study", "ivf", *SET, "--nprobe", "1,4", "--out", out)
    recorded = json.loads((out / "results.json").read_text())
    recorded["rows"][1]["recall_at_k"] += 0.01
    (out / "results.json").write_text(json.dumps(recorded))
    answer = pinyon("study", "--again", out, "--out", tmp_path / "two", code=1)
    assert "recall differs: ivf nlist=60 nprobe=1: recall_at_k" in answer.err


def test_a_setting_that_cannot_be_measured_is_told_and_ends_with_an_error(pinyon: Program, out: Path) -> None:
    answer = pinyon("study", "quantise", *SET, "--codes", "pq4", "--width", "2,99", "--out", out, code=1)
    assert "pq4 width=99 rerank=0: not measured: width is 99: 1 to 8 dimensions can share a code" in answer.out
    assert "The smallest code, pq4 width=2 rerank=0" in answer.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["hnsw", "--m", "8,many"], 2, "'8,many' is not a list of numbers like 8,16,32"),
        (["hnsw", "--generate", "100"], 2, "'100' is not like 100000x128"),
        (["hnsw", "--generate", "600x8", "--index", "docs"], 3, "no Pinyon data"),
        (["hnsw", "nothing.npy"], 3, "nothing.npy': check the spelling"),
        (["hnsw", "--generate", "600x8", "--m", "1"], 1, "m is 1"),
        (["filter", "--generate", "600x8", "--selectivity", "2"], 1, "at most 1"),
        (["quantise", "--generate", "600x8", "--codes", "int9"], 1, "'int9' is unknown"),
        (["growth", "--generate", "600x8", "--top-k", "601"], 1, "top_k is 601"),
        (["again", "nothing"], 3, r"name the results.json of a study"),
        (["--again"], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    pinyon: Program, out: Path, arguments: list[str], code: int, words: str
) -> None:
    answer = pinyon("study", *arguments, *(["--out", out] if len(arguments) > 1 else []), code=code)
    assert words in " ".join(answer.err.split())
    assert not out.exists()


def test_a_folder_that_holds_another_study_is_left_alone(pinyon: Program, out: Path) -> None:
    pinyon("study", "ivf", *SET, "--nprobe", "1,4", "--out", out)
    assert "other settings" in pinyon("study", "ivf", *SET, "--nprobe", "1,2", "--out", out, code=1).err
    assert "holds a study of ivf, not of hnsw" in pinyon("study", "hnsw", "--out", out, code=1).err


def test_a_pipe_gets_the_table_alone(spawn: Spawn, out: Path) -> None:
    with spawn("study", "ivf", *SET, "--nprobe", "1,4", "--out", out) as process:
        printed, told = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "\x1b" not in printed + told
    assert told == f"results: {out}\n"


LONG = ("study", "hnsw", "--generate", "10000x24", "--query-count", "50", "--repeats", "1", "--lang", "en")
SLOW = ("--ef-construction", "40,1000", "--ef-search", "16")


@posix
def test_ctrl_c_leaves_what_is_measured_and_says_how_to_go_on(spawn: Spawn, pinyon: Program, out: Path) -> None:
    process = spawn(*LONG, *SLOW, "--out", out, start_new_session=True)
    with process:
        deadline = time.monotonic() + 120
        while not (out / "results.json").exists() or len(json.loads((out / "results.json").read_text())["rows"]) < 2:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the children as well
        printed, told = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert re.search(rf"interrupted: 2 of 3 settings are measured; `.*pinyon study hnsw --out {out}` goes on\n", told)
    assert "Traceback" not in told
    recorded = json.loads((out / "results.json").read_text())
    assert (len(recorded["rows"]), recorded["complete"]) == (2, False)
    whole = pinyon("study", "hnsw", "--out", out, "--json").json
    assert whole["complete"] is True
    assert whole["rows"][:2] == recorded["rows"]


@posix
def test_a_bar_shows_on_a_terminal(spawn: Spawn, out: Path) -> None:
    import pty

    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONIOENCODING": "utf-8"}
    arguments = ("study", "ivf", *SET, "--nprobe", "1,4", "--out", out)
    process = spawn(*arguments, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    while select.select([master], [], [], 60)[0]:
        try:
            shown += os.read(master, 65536)
        except OSError:  # the other end is closed
            break
    os.close(master)
    assert process.wait(60) == 0
    text = shown.decode("utf-8", "replace")
    assert "measuring" in text
    assert "━" in text
    assert "ivf nlist=60 nprobe=4" in text
