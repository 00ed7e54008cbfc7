"""``pinyon describe`` and ``pinyon draw`` with models in folders: a tiny LLaVA, and a tiny pipeline of diffusers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.tiny_pictures import COLOURS, save_diffusion, save_llava, spot

for package in ("torch", "transformers", "diffusers"):
    pytest.importorskip(package, reason='needs pip install "pinyon[diffusers]"')
Image = pytest.importorskip("PIL.Image", reason='needs pip install "pinyon[diffusers]"')
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

Program = Callable[..., Any]


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_llava(tmp_path_factory.mktemp("describe") / "llava", steps=40)


def test_a_folder_of_pictures_is_described_by_a_model_in_a_folder(llava: Path, pinyon: Program, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, colour in enumerate(COLOURS):
        Image.fromarray(spot(colour, seed=500 + number).pixels).save(photos / f"{colour}.png")
    (photos / "empty.png").write_bytes(b"")
    answer = pinyon("describe", photos, "-m", f"vlm:{llava}", "--prompt", "what", "--save", "--json", code=1)
    found = {Path(one["path"]).stem: one for one in answer.json["pictures"]}
    assert {name: one["text"] for name, one in found.items() if name != "empty"} == {name: name for name in COLOURS}
    assert found["red"]["tokens"]["completion_tokens"] == 2
    assert found["empty"]["state"] == "failed"
    assert {file.stem: file.read_text() for file in photos.glob("*.caption")} == {c: c + "\n" for c in COLOURS}
    checked = pinyon("models", "check", f"vlm:{llava}", "--json").json
    assert checked["task"] == "generate"
    assert "What colour is the square?" in checked["sample"]


def test_a_picture_is_drawn_by_a_model_in_a_folder_and_can_be_drawn_again(
    pinyon: Program, data: Path, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = save_diffusion(tmp_path / "sd")
    data.mkdir()
    (data / "models.toml").write_text(f'[models.tiny]\nprovider = "diffusers"\nfolder = "{folder}"\nsteps = 2\n')
    (first,) = pinyon("draw", "the cat", "-m", "tiny", "--out", tmp_path, "--json").json["pictures"]
    (second,) = pinyon("draw", "the cat", "-m", "tiny", "--seed", first["seed"], "--out", tmp_path, "--json").json[
        "pictures"
    ]
    assert (tmp_path / "the-cat-1.png").read_bytes() == (tmp_path / "the-cat-2.png").read_bytes()
    known = json.loads((tmp_path / "the-cat-1.json").read_text())
    assert (known["model"], known["seed"], known["sha256"]) == ("tiny", first["seed"], second["sha256"])
    assert known["identity"].startswith("diffusers sha256:")
    assert pinyon("models", "check", "tiny", "--json").json["unit"] == "pictures"
