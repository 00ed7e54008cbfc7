"""Pictures come in with what is known of them, are found by pictures and words, and are sorted by labels."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pinyon.app import default_models
from pinyon.app.picture_files import thumbnail_in
from pinyon.engine import Database
from pinyon.engine.pictures import of_both
from pinyon.models.descriptions import MODELS, missing_modules

pytestmark = pytest.mark.skipif(
    bool(missing_modules(MODELS["picture-words"])), reason=f"needs {MODELS['picture-words'].install}"
)
Program = Callable[..., Any]


def drawn(kind: str, colour: str, size: tuple[int, int] = (160, 120)) -> Any:
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    box = (size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4)
    if kind == "disc":
        pen.ellipse(box, fill=colour)
    elif kind == "bars":
        for x in range(0, size[0], 20):
            pen.rectangle((x, 0, x + 8, size[1]), fill=colour)
    else:
        pen.rectangle(box, fill=colour)
    return image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three pictures: one with EXIF data, one with a caption and tags, one in a folder below."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Pinyon", "Eye 1"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 09:30:00"
    drawn("disc", "red").save(folder / "sun.jpg", exif=exif)
    drawn("square", "navy").save(folder / "box.png")
    (folder / "box.txt").write_text("A box of oranges at the market", encoding="utf-8")
    (folder / "box.json").write_text(json.dumps({"tags": ["market", "시장"], "place": "Busan"}), encoding="utf-8")
    drawn("bars", "green").save(folder / "trip" / "fence.webp", lossless=True)
    return folder


def stored(data: Path, name: str = "photos") -> dict[str, dict[str, Any]]:
    with Database(data) as database:
        return {record.id: dict(record.metadata or {}) for record in database.index(name).iterate("")}


def test_pictures_come_in_with_what_is_known_of_them(pinyon: Program, data: Path, photos: Path) -> None:
    told = pinyon("ingest", "photos", photos, "--json").json
    assert (told["embedded"], told["skipped"]) == (3, [])
    found = stored(data)
    assert list(found) == ["box.png#0", "sun.jpg#0", "trip/fence.webp#0"]
    sun = found["sun.jpg#0"]
    assert (sun["width"], sun["height"], sun["format"], sun["modality"]) == (160, 120, "JPEG", "image")
    assert sun["image"] == "sha256:" + hashlib.sha256((photos / "sun.jpg").read_bytes()).hexdigest()
    assert (sun["taken"], sun["camera"]) == ("2026-05-01T09:30:00", "Pinyon Eye 1")
    box = found["box.png#0"]
    assert (box["text"], box["tags"], box["place"]) == ("A box of oranges at the market", ["market", "시장"], "Busan")
    with Database(data) as database:
        for record in database.index("photos").iterate(""):
            small = thumbnail_in(record)
            assert small is not None
            assert small.pixels.shape == (72, 96, 3)
        assert database.describe_index("photos").embed is not None
        assert database.describe_index("photos").embed.model == "picture-words"


def test_a_second_run_looks_at_no_picture_and_another_caption_at_one(pinyon: Program, data: Path, photos: Path) -> None:
    pinyon("ingest", "photos", photos)
    again = pinyon("ingest", "photos", photos, "--json").json
    assert (again["embedded"], again["unchanged"]) == (0, 3)
    (photos / "box.txt").write_text("A box of lemons", encoding="utf-8")
    (photos / "sun.jpg").unlink()
    changed = pinyon("ingest", "photos", photos, "--json").json
    assert (changed["embedded"], changed["unchanged"], changed["removed"]) == (1, 1, 1)
    assert stored(data)["box.png#0"]["text"] == "A box of lemons"


def test_a_list_names_pictures_and_says_what_is_known_of_them(pinyon: Program, data: Path, photos: Path) -> None:
    rows = [
        {"path": "sun.jpg", "caption": "The sun", "year": 2026},
        {"path": "trip/fence.webp"},
        {"path": "gone.png"},
    ]
    manifest = photos / "all.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = pinyon("ingest", "photos", manifest, "--json").json
    assert told["embedded"] == 2
    assert [Path(one["path"]).name for one in told["skipped"]] == ["gone.png"]
    sun = stored(data)["sun.jpg#0"]
    assert (sun["text"], sun["year"], sun["source"]) == ("The sun", 2026, "sun.jpg")


def test_files_that_are_no_pictures_are_reported_and_the_rest_goes_on(
    pinyon: Program, data: Path, photos: Path
) -> None:
    whole = (photos / "sun.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "empty.png").write_bytes(b"")
    (photos / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (photos / "named.png").write_bytes(whole)
    (photos / "page.gif").write_text("<html>")
    told = pinyon("ingest", "photos", photos, "--json").json
    reasons = {Path(one["path"]).name: one["reason"] for one in told["skipped"]}
    assert set(reasons) == {"cut.jpg", "empty.png", "logo.svg", "page.gif"}
    assert "SVG" in reasons["logo.svg"]
    assert told["embedded"] == 4, "one that is named wrongly is told by its content"


def test_a_picture_finds_itself_and_a_caption_is_found_by_its_words(
    pinyon: Program, data: Path, photos: Path, tmp_path: Path
) -> None:
    pinyon("ingest", "photos", photos)
    for name in ("sun.jpg", "box.png", "trip/fence.webp"):
        matches = pinyon("search", "photos", "--image", photos / name, "--json").json["matches"]
        assert matches[0]["id"] == f"{name}#0"
        assert matches[0]["score"] == pytest.approx(1.0, abs=1e-5)
    assert pinyon("search", "photos", "oranges", "--mode", "lexical", "--json").json["matches"][0]["id"] == "box.png#0"
    both = pinyon("search", "photos", "a fence", "--image", photos / "sun.jpg", "--json").json["matches"]
    assert 0.0 < both[0]["score"] < 0.999
    sheet = tmp_path / "found.png"
    pinyon("search", "photos", "--image", photos / "sun.jpg", "--sheet", sheet, "-k", 2)
    assert Image.open(io.BytesIO(sheet.read_bytes())).format == "PNG"


def test_pictures_and_documents_share_an_index_and_a_filter_tells_them_apart(
    pinyon: Program, data: Path, photos: Path
) -> None:
    (photos / "notes.md").write_text("# Oranges\n\nThey came from Jeju.", encoding="utf-8")
    pinyon("ingest", "photos", photos, "--model", "picture-words")
    found = stored(data)
    assert "notes.md#0" in found
    picture = ["--filter", json.dumps({"modality": "image"})]
    ids = [one["id"] for one in pinyon("search", "photos", "oranges", *picture, "--json").json["matches"]]
    assert len(ids) == 3
    assert "notes.md#0" not in ids


def test_what_cannot_be_searched_by_a_picture_says_so(pinyon: Program, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    pinyon("ingest", "texts", tmp_path / "a.txt")
    assert "takes texts only" in pinyon("search", "texts", "--image", photos / "sun.jpg", code=1).err
    pinyon("ingest", "photos", photos)
    assert "cannot be read" in pinyon("search", "photos", "--image", tmp_path / "none.png", code=1).err
    lexical = pinyon("search", "photos", "--image", photos / "sun.jpg", "--mode", "lexical", code=2)
    assert "by meaning alone" in lexical.err
    assert "no --image" in pinyon("search", "photos", code=2).err


def test_pictures_are_sorted_by_labels_and_folders_tell_how_often_that_is_right(
    pinyon: Program, tmp_path: Path
) -> None:
    for kind in ("disc", "bars"):
        (tmp_path / "sorted" / kind).mkdir(parents=True)
        for colour in ("red", "green", "navy"):
            drawn(kind, colour).save(tmp_path / "sorted" / kind / f"{colour}.png")
    (tmp_path / "sorted" / "disc" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    told = pinyon("classify", tmp_path / "sorted", "--by-folder", "--calibrate", "--json").json
    assert [len(one["labels"]) for one in told["pictures"]] == [2] * 6
    for one in told["pictures"]:
        assert sum(label["probability"] for label in one["labels"]) == pytest.approx(1.0)
    report = told["report"]
    assert sorted(report["labels"]) == ["bars", "disc"]
    assert sum(map(sum, report["counts"])) == report["pictures"] == 6
    right = sum(one["labels"][0]["label"] == one["truth"] for one in told["pictures"])
    assert report["accuracy"] == pytest.approx(right / 6)
    assert told["calibration"]["loss"] <= told["calibration"]["loss_before"]
    assert [Path(one["path"]).name for one in told["skipped"]] == ["broken.png"]
    shown = pinyon(
        "classify", tmp_path / "sorted" / "bars" / "red.png", "--labels", "울타리,해", "--template", "{} 그림"
    )
    assert "울타리" in shown.out
    assert "add --by-folder" in pinyon("classify", tmp_path / "sorted", code=2).err
    assert (
        "none of the labels"
        in pinyon("classify", tmp_path / "sorted", "--by-folder", "--labels", "sun,fence", code=1).err
    )


# -- duplicates -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copies(photos: Path) -> Path:
    """The sun again, half as large and compressed anew."""
    with Image.open(photos / "sun.jpg") as sun:
        sun.resize((80, 60)).save(photos / "trip" / "small.jpg", quality=60)
    return photos


def test_copies_of_a_picture_are_found_by_what_they_look_like(
    pinyon: Program, data: Path, copies: Path, tmp_path: Path
) -> None:
    pinyon("ingest", "photos", copies)
    found = pinyon("duplicates", "photos", "--json").json
    assert (found["by"], found["records"]) == ("likeness", 4)
    [[first, second]] = found["groups"]
    assert (first, second["id"]) == ({"id": "sun.jpg#0", "bits": 0}, "trip/small.jpg#0")
    assert 0 <= second["bits"] <= 6
    sheet = tmp_path / "copies.png"
    told = pinyon("duplicates", "photos", "--sheet", sheet)
    assert [line.split()[:3:2] for line in told.out.splitlines()] == [
        ["group", "id"],
        ["1", "sun.jpg#0"],
        ["1", "trip/small.jpg#0"],
    ]
    assert "4 records compared by likeness: 1 could go" in told.err
    with Image.open(sheet) as drawn_sheet:
        assert drawn_sheet.size > (250, 150)
    none = pinyon("duplicates", "photos", "--filter", '{"source": "box.png"}')
    assert (none.out, "1 records compared by likeness: no two are so near" in none.err) == ("", True)


def test_duplicates_by_vector_are_asked_for_or_usual_where_there_are_no_pictures(
    pinyon: Program, data: Path, copies: Path
) -> None:
    pinyon("ingest", "photos", copies)
    found = pinyon("duplicates", "photos", "--by", "vector", "--cosine", "0.5", "--json").json
    assert found["by"] == "vector"
    with Database(data) as database:
        values = {record.id: record.values for record in database.index("photos").iterate("")}
    assert found["groups"]
    for first, *others in found["groups"]:
        assert first["cosine"] == 1.0
        for one in others:
            assert one["cosine"] == pytest.approx(float(values[first["id"]] @ values[one["id"]]), abs=1e-6)
    rows = [{"id": "a", "values": [1, 0]}, {"id": "b", "values": [2, 0]}, {"id": "c", "values": [0, 1]}]
    (copies / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pinyon("import", "points", copies / "rows.jsonl")
    told = pinyon("duplicates", "points", "--json").json
    assert (told["by"], [[one["id"] for one in group] for group in told["groups"]]) == ("vector", [["a", "b"]])


def test_duplicates_in_a_namespace_that_is_not_there_are_none(pinyon: Program, data: Path, photos: Path) -> None:
    pinyon("ingest", "photos", photos)
    told = pinyon("duplicates", "photos", "--namespace", "nowhere")
    assert "nothing in namespace 'nowhere'" in told.err


# -- captions in vectors ----------------------------------------------------------------------------------------------


def test_a_caption_counts_in_the_vector_where_that_is_asked_for(pinyon: Program, data: Path, photos: Path) -> None:
    pinyon("ingest", "photos", photos)
    alone = vectors_of(data)
    told = pinyon("ingest", "photos", photos, "--embed-captions", "--json").json
    assert (told["embedded"], told["unchanged"]) == (1, 2), "only one of the pictures has a caption"
    both = vectors_of(data)
    assert [id for id in both if not np.allclose(alone[id], both[id], atol=1e-6)] == ["box.png#0"]
    caption = default_models().get("picture-words").embed(["A box of oranges at the market"])[0]
    assert np.allclose(both["box.png#0"], of_both(caption[None], alone["box.png#0"][None])[0], atol=1e-6)
    assert stored(data)["box.png#0"]["modality"] == ["image", "text"]
    assert stored(data)["sun.jpg#0"]["modality"] == "image"
    found = pinyon("search", "photos", "시장에 있는 오렌지 상자", "--mode", "dense", "-k", "1", "--json").json
    assert found["matches"][0]["id"] == "box.png#0", "in another language"
    assert pinyon("ingest", "photos", photos, "--embed-captions", "--json").json["embedded"] == 0
    assert pinyon("ingest", "photos", photos, "--json").json["embedded"] == 1
    assert np.allclose(vectors_of(data)["box.png#0"], alone["box.png#0"], atol=1e-6)


def test_pictures_with_embedded_captions_are_still_pictures_to_filters(
    pinyon: Program, data: Path, photos: Path
) -> None:
    pinyon("ingest", "photos", photos, "--embed-captions")
    found = pinyon("search", "photos", "a box", "--filter", '{"modality": "image"}', "--json").json
    assert len(found["matches"]) == 3


def vectors_of(data: Path) -> dict[str, Any]:
    with Database(data) as database:
        return {record.id: record.values for record in database.index("photos").iterate("")}
