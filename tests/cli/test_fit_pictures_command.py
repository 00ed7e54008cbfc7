"""``pinyon models fit-pictures``: a map learned from a list of pictures with captions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.drawn import COLOURS, FORMS, drawn
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules
from pinyon.pictures import encoded

Program = Callable[..., Any]

pytestmark = pytest.mark.skipif(bool(missing_modules(MODELS["picture-words"])), reason="picture-words is not installed")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """25 pictures, and lines that are of no use."""
    rows: list[dict[str, Any]] = []
    for form in FORMS:
        for colour in COLOURS:
            one = drawn(form, colour)
            (tmp_path / f"{colour}-{form}.png").write_bytes(encoded(one.picture, format="png"))
            rows.append({"path": f"{colour}-{form}.png", "captions": [one.english, one.korean]})
    (tmp_path / "half.png").write_bytes((tmp_path / "red-ring.png").read_bytes()[:60])
    rows[0] = {"path": rows[0]["path"], "caption": "a red circle"}
    rows += [{"path": "absent.png", "caption": "a"}, {"path": "half.png", "caption": "a"}, {"path": "../x.png"}]
    (tmp_path / "bare.png").write_bytes((tmp_path / "red-ring.png").read_bytes())
    rows.append({"path": "bare.png"})
    file = tmp_path / "captions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_a_map_is_learned_and_what_was_left_out_is_told(pinyon: Program, manifest: Path, tmp_path: Path) -> None:
    found = pinyon("models", "fit-pictures", manifest, "--to", tmp_path / "drawings.npz", "--json").json
    assert (found["file"], found["pictures"]) == (str(tmp_path / "drawings.npz"), 25)
    told = {one["where"].rpartition(":")[2]: one["reason"] for one in found["left_out"]}
    assert told.keys() == {"26", "27", "28", "29"}
    assert "'absent.png' cannot be read: No such file" in told["26"]
    assert "half.png" in told["27"]
    assert "is not below" in told["28"]
    assert "no caption" in told["29"]
    name = f"picture-words:{tmp_path / 'drawings.npz'}"
    assert pinyon("models", "check", name, "--json").json["dimension"] == 512
    assert pinyon("models", "show", name, "--json").json["modality"] == "multimodal"


def test_it_says_how_to_use_what_was_learned(pinyon: Program, manifest: Path, tmp_path: Path) -> None:
    answer = pinyon("models", "fit-pictures", manifest, "--to", tmp_path / "one.npz")
    assert f"learned from 25 pictures: {tmp_path / 'one.npz'}" in answer.out
    assert f"use it as picture-words:{tmp_path / 'one.npz'}" in answer.err
    assert "left out: 'absent.png' cannot be read" in answer.err


def test_nothing_is_read_where_the_map_could_not_be_written(pinyon: Program, manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "there.npz").write_bytes(b"")
    assert (
        "there.npz' already" in pinyon("models", "fit-pictures", manifest, "--to", tmp_path / "there.npz", code=1).err
    )
    nowhere = tmp_path / "no" / "map.npz"
    assert "no folder" in pinyon("models", "fit-pictures", manifest, "--to", nowhere, code=3).err


def test_no_list_and_a_short_list_are_told(pinyon: Program, manifest: Path, tmp_path: Path) -> None:
    to = tmp_path / "map.npz"
    assert "no file" in pinyon("models", "fit-pictures", tmp_path / "absent.jsonl", "--to", to, code=3).err
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.write_text("".join(lines[:5]), encoding="utf-8")
    assert "5 pictures are too few" in pinyon("models", "fit-pictures", manifest, "--to", to, code=1).err
    assert not to.exists()
