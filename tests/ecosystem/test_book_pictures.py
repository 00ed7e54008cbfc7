"""The multimodal practice of the book's chapter, offline: the stand-in sees, an endpoint of ours tells and draws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytest.importorskip("PIL", reason='needs pip install "pinyon[pictures]"')

from ecosystem.running import example
from models.colour_models import plain_file
from models.openai_server import OpenAiServer, openai_server, shown
from pinyon import Pinecone
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules
from pinyon.pictures import read_picture
from sdk.places import REPOSITORY

pytestmark = pytest.mark.usefixtures("loopback")

PRACTICE = example("book_chapter_12_pictures")
PROMPTS = {"blue": "deep water, blue", "red": "a ripe tomato", "green": "moss on a stone"}
COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0), "green": (0, 255, 0)}


@pytest.fixture
def seeing() -> None:
    info = MODELS.get("picture-words")
    if info is None or missing_modules(info):
        pytest.skip('picture-words is not here: pip install "pinyon[picture-words]"')


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, prompt in PROMPTS.items():
        (folder / f"{name}.png").write_bytes(plain_file(COLOURS[name], (64, 64)))
        (folder / f"{name}.txt").write_text(prompt)
    return folder


def run(api: OpenAiServer, folder: Path, picture: Path) -> list[str]:
    """What the practice prints, as a reader runs it in ``folder``."""
    theirs = (
        "PINYON_",
        "OPENAI_",
        "SEES",
        "DESCRIBES",
        "DRAWS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    said = {"OPENAI_BASE_URL": api.url, "OPENAI_API_KEY": api.key, "PYTHONPATH": str(REPOSITORY / "src")}
    command = [sys.executable, "-W", "error", str(PRACTICE), str(picture)]
    done = subprocess.run(
        command, cwd=folder, env=kept | said | {"PYTHONUTF8": "1"}, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.usefixtures("seeing")
def test_the_practice_describes_finds_draws_and_scores(photos: Path, tmp_path: Path) -> None:
    def says(messages: list[dict[str, Any]]) -> str:
        text, files = shown(messages[0])
        assert text == "Describe this picture in one paragraph."
        assert read_picture(files[0], name="sent").pixels.shape == (64, 64, 3)
        return "Nothing but red."

    with openai_server(key="sk-of-the-reader", answer=says) as api:
        lines = run(api, tmp_path, photos / "red.png")
    assert lines[0] == "Nothing but red."
    found = [line.split(" ", 3) for line in lines[1:4]]
    assert sorted(one[2] for one in found) == sorted(PROMPTS)
    assert [line for line in lines[1:4] if line.endswith("a ripe tomato (true)")]
    scores = [float(one[1]) for one in found]
    assert scores == sorted(scores, reverse=True)
    assert [line.split(" ", 1)[1] for line in lines[4:]] == ["(a)", "(b) description", "(c) prompt", "(d) found"]
    assert lines[4] == "1.000 (a)"
    drawn = [one.body for one in api.asked if one.path == "/v1/images/generations"]
    assert [one["prompt"] for one in drawn] == ["Nothing but red.", "a ripe tomato", PROMPTS[found[0][2]]]
    assert {(one["model"], one["size"]) for one in drawn} == {("gpt-image-1", "1024x1024")}
    assert read_picture((tmp_path / "figure.png").read_bytes(), name="figure").pixels.shape[1] > 4 * 240
    with Pinecone(path=tmp_path / "pinyon-data") as pc:
        records = pc.Index("llm-multimodal").fetch(list(PROMPTS)).vectors
        assert {id: record.metadata["prompt"] for id, record in records.items() if record.metadata} == PROMPTS


@pytest.mark.usefixtures("seeing")
def test_the_practice_can_be_run_again(photos: Path, tmp_path: Path) -> None:
    with openai_server() as api:
        first = run(api, tmp_path, photos / "blue.png")
        assert run(api, tmp_path, photos / "blue.png") == first
