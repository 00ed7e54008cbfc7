"""The demonstration answers its questions, and embeds nothing a second time."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinyon.app.corpus import standard_library
from pinyon.app.ingest import embedder_of, model_spec
from pinyon.app.ingestor import Summary
from pinyon.cli.demo import INDEX, QUESTIONS, TAG, fill
from pinyon.cli.ingesting import Watch
from pinyon.cli.output import Output
from pinyon.cli.session import program
from pinyon.engine import Database

Program = Callable[..., Any]
MODULES = ("argparse", "cmd", "csv", "getopt", "multiprocessing", "shlex", "tempfile", "zipfile")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """The demonstration's index, of a few modules only, and what its second run did."""
    data = tmp_path_factory.mktemp("demo")
    passages = [passage for passage in standard_library() if passage.id.partition(".")[0].partition("#")[0] in MODULES]
    with Database(data) as database, Output().progress() as bar:
        database.create_index(model_spec(INDEX, "use-multilingual"))
        index = database.index(INDEX)
        fill(index, embedder_of(index.spec), passages[:-10], Watch(bar), Summary())
        summary = fill(index, embedder_of(index.spec), passages, Watch(bar), Summary())
        database.configure_index(INDEX, tags={TAG: platform.python_version()})
    return data, summary


@pytest.fixture
def data(made: tuple[Path, Summary]) -> Path:
    """The data directory of every command in this file."""
    return made[0]


def test_a_run_embeds_only_the_passages_that_are_missing(made: tuple[Path, Summary]) -> None:
    assert made[1].embedded == 10
    assert made[1].unchanged > 300


def test_a_later_run_embeds_nothing_and_answers_in_english_and_korean(pinyon: Program, data: Path) -> None:
    answer = pinyon("demo", "--json")
    found = answer.json
    assert found["ingest"] is None
    assert "nothing to embed" in answer.err
    assert found["next"] == f"{program()} search python-docs 'How do I read a zip file?' --data {data}"
    top = {
        one["question"]: [match["id"].split(".")[0].split("#")[0] for match in one["matches"]]
        for one in found["answers"]
    }
    assert tuple(top) == QUESTIONS
    assert len(QUESTIONS) == 5
    for question, module in zip(QUESTIONS, ("argparse", "argparse", "csv", "tempfile", "multiprocessing"), strict=True):
        assert module in top[question]
    assert all(list(one["milliseconds"]) == ["embed", "search", "fetch"] for one in found["answers"])


def test_it_prints_rank_score_id_text_and_time_and_how_to_go_on(pinyon: Program) -> None:
    text = pinyon("demo", "--top-k", 1).out
    assert text.count("rank   score  id") == 5
    assert text.count("time: embed") == 5
    assert text.splitlines()[-1].startswith(f"  {program()} search python-docs")


def test_the_command_it_ends_with_works(pinyon: Program, data: Path) -> None:
    found = pinyon("search", INDEX, "How do I read a zip file?", "--data", data, "-k", 1, "--json").json
    assert found["matches"][0]["id"].startswith("zipfile")


@pytest.mark.nightly
def test_the_whole_standard_library_is_indexed_and_answers(pinyon: Program, tmp_path: Path) -> None:
    found = pinyon("demo", "--data", tmp_path / "whole", "--json").json
    assert found["ingest"]["embedded"] > 8_000
    korean = found["answers"][1]
    assert "명령줄" in korean["question"]
    assert any(match["id"].startswith("argparse") for match in korean["matches"])
