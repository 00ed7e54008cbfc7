"""``pinyon describe`` and ``pinyon draw``, against an API over real HTTP on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from models.openai_server import OpenAiServer, Reply, openai_server, picture_of, shown
from pinyon.models import endpoint

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
Image = pytest.importorskip("PIL.Image", reason='needs pip install "pinyon[pictures]"')
pytestmark = pytest.mark.usefixtures("loopback")

Program = Callable[..., Any]
DESCRIBE = ("describe", "--model", "openai:sees")
DRAW = ("draw", "--model", "openai:draws")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(endpoint, "sleep", lambda seconds: None)
    with openai_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of two pictures, a damaged one, an SVG, and a text that belongs to none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.new("RGB", (20, 10), (255, 0, 0)).save(folder / "a.png")
    Image.new("RGB", (10, 20), (0, 0, 255)).save(folder / "more" / "b.jpg")
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:40])
    (folder / "drawn.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "notes.md").write_text("notes")
    return folder


def by_name(answer: Any) -> dict[str, Any]:
    return {Path(one["path"]).name: one for one in answer.json["pictures"]}


# -- describe ---------------------------------------------------------------------------------------------------------


def test_a_picture_is_described_with_its_tokens_and_cost(api: OpenAiServer, pinyon: Program, photos: Path) -> None:
    api.replies.append(Reply(429, {"error": {"message": "slow down"}}))
    answer = pinyon(*DESCRIBE, photos / "a.png", "--price-in", 1_000_000, "--price-out", 100_000)
    first, said, told = answer.out.splitlines()[:3]
    assert first == str(photos / "a.png")
    assert said.startswith("I see 20x10, colour (254, 0, 0). You said: Describe this picture in one paragraph")
    words = len(said.split(" "))
    assert f"3 + {words} tokens, 1 retry, cost {3 + words / 10:.6g}" in told
    assert not list(photos.glob("*.caption"))


def test_where_a_photograph_was_taken_is_sent_to_nobody(api: OpenAiServer, pinyon: Program, tmp_path: Path) -> None:
    photo, exif = Image.new("RGB", (3000, 20), (0, 200, 0)), Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif.get_ifd(0x8825)[1] = "N"  # the place
    exif[0x010F] = "a camera"
    photo.save(tmp_path / "photo.jpg", exif=exif, comment=b"private")
    pinyon(*DESCRIBE, tmp_path / "photo.jpg")
    _, (sent,) = shown(api.bodies[0]["messages"][0])
    assert b"a camera" in (tmp_path / "photo.jpg").read_bytes()
    assert not [word for word in (b"Exif", b"a camera", b"private") if word in sent]
    with Image.open(BytesIO(sent)) as picture:
        assert picture.size[1] == 1024
        assert picture.size[0] < 20


def test_the_question_can_be_in_korean_or_in_ones_own_words(api: OpenAiServer, pinyon: Program, photos: Path) -> None:
    pinyon(*DESCRIBE, photos / "a.png", "--lang", "ko")
    pinyon(*DESCRIBE, photos / "a.png", "--prompt", "What colour?", "--max-tokens", 5)
    texts = [shown(body["messages"][0])[0] for body in api.bodies]
    assert "한국어" in texts[0]
    assert texts[1] == "What colour?"
    assert api.bodies[1]["max_tokens"] == 5


def test_what_fails_is_told_with_the_reason_and_the_rest_goes_on(
    api: OpenAiServer, pinyon: Program, photos: Path
) -> None:
    answer = pinyon(*DESCRIBE, photos, "--json", code=1)
    found = by_name(answer)
    assert {name: one["state"] for name, one in found.items()} == {
        "a.png": "described", "broken.png": "failed", "drawn.svg": "failed", "b.jpg": "described",
    }  # fmt: skip
    assert "SVG" in found["drawn.svg"]["reason"]
    assert found["b.jpg"]["text"].startswith("I see 10x20, colour (0, 0, 254)")
    total = answer.json["total"]
    assert (total["described"], total["kept"], total["failed"]) == (2, 0, 2)
    assert total["tokens"]["prompt_tokens"] == 6
    assert "2 described, 0 had a caption, 2 failed; " in pinyon(*DESCRIBE, photos, code=1).err


def test_a_refusal_or_a_model_that_is_down_fails_one_picture_only(
    api: OpenAiServer, pinyon: Program, photos: Path
) -> None:
    (photos / "broken.png").unlink()
    (photos / "drawn.svg").unlink()
    refusal = {"error": {"message": "No faces.", "code": "content_policy_violation"}}
    api.replies.append(Reply(400, refusal))
    answer = pinyon(*DESCRIBE, photos, "--json", code=1)
    assert [one["state"] for one in answer.json["pictures"]] == ["failed", "described"]
    assert "by its rules" in answer.json["pictures"][0]["reason"]
    api.replies += [Reply(503, {})] * 5
    answer = pinyon(*DESCRIBE, photos, "--json", code=1)
    assert [(one["state"], one["retries"]) for one in answer.json["pictures"]] == [("failed", 4), ("described", 0)]
    api.answer = lambda messages: ""
    assert "the model says nothing: does it see?" in pinyon(*DESCRIBE, photos / "a.png", code=1).err


def test_what_concerns_every_picture_ends_the_run_at_once(api: OpenAiServer, pinyon: Program, photos: Path) -> None:
    api.key = "sk-other"
    assert "wants a key" in pinyon(*DESCRIBE, photos, code=1).err
    assert len(api.asked) == 1
    assert "no file or directory" in pinyon(*DESCRIBE, photos, photos / "gone.png", code=3).err
    wrong = pinyon("describe", photos, "--model", "use-multilingual", code=1).err
    assert "is a model of dense vectors, and a generator of text is needed here" in wrong
    assert len(api.asked) == 1


def test_descriptions_are_saved_beside_the_pictures_and_not_made_twice(
    api: OpenAiServer, pinyon: Program, photos: Path
) -> None:
    (photos / "more" / "b.txt").write_text("what I wrote myself")
    pinyon(*DESCRIBE, photos, "--save", code=1)
    assert (photos / "a.caption").read_text().startswith("I see 20x10")
    assert [file.name for file in photos.rglob("*.caption")] == ["a.caption"]
    asked = len(api.asked)
    found = by_name(pinyon(*DESCRIBE, photos, "--save", "--json", code=1))
    assert (found["a.png"]["state"], found["b.jpg"]["state"], found["b.jpg"]["text"]) == (
        "kept",
        "kept",
        "what I wrote myself",
    )
    assert len(api.asked) == asked
    api.answer = lambda messages: "anew"
    pinyon(*DESCRIBE, photos, "--save", "--again", code=1)
    assert (photos / "a.caption").read_text() == "anew\n"
    assert (photos / "more" / "b.caption").read_text() == "anew\n"
    assert (photos / "more" / "b.txt").read_text() == "what I wrote myself"
    assert sorted(file.name for file in photos.iterdir()) == [
        "a.caption", "a.png", "broken.png", "drawn.svg", "more", "notes.md",
    ]  # fmt: skip


def test_two_pictures_do_not_share_one_caption(api: OpenAiServer, pinyon: Program, photos: Path) -> None:
    Image.new("RGB", (5, 5)).save(photos / "a.webp")
    found = by_name(pinyon(*DESCRIBE, photos / "a.png", photos / "a.webp", "--save", "--json", code=1))
    assert (found["a.png"]["state"], found["a.webp"]["state"]) == ("described", "failed")
    assert "would be that of 'a.png' too: rename one" in found["a.webp"]["reason"]
    assert len(pinyon(*DESCRIBE, photos / "a.png", photos / "a.webp", "--again").out.splitlines()) == 8


def test_a_description_that_was_cut_off_says_so(api: OpenAiServer, pinyon: Program, photos: Path) -> None:
    answer = pinyon(*DESCRIBE, photos / "a.png", "--max-tokens", 3)
    assert "the description was cut off: a larger --max-tokens" in answer.err
    assert "I see 20x10," in answer.out


# -- draw -------------------------------------------------------------------------------------------------------------


def test_a_picture_is_stored_with_all_that_made_it(api: OpenAiServer, pinyon: Program, tmp_path: Path) -> None:
    out = tmp_path / "new" / "pictures"
    answer = pinyon(*DRAW, "A brown puppy!", "--size", "64x48", "--quality", "low", "--out", out)
    file = out / "a-brown-puppy-1.png"
    assert answer.out.splitlines()[0] == str(file)
    assert "5 + 100 tokens, 0 retries" in answer.out
    assert file.read_bytes() == picture_of("A brown puppy!", (64, 48))
    known = json.loads(file.with_suffix(".json").read_text())
    assert datetime.fromisoformat(known.pop("made")).tzinfo is not None
    assert known.pop("seconds") >= 0
    assert known == {
        "file": "a-brown-puppy-1.png",
        "prompt": "A brown puppy!",
        "model": "openai:draws",
        "identity": f"openai draws at {api.url[7:-3]}",
        "size": "64x48",
        "quality": "low",
        "tokens": {"prompt_tokens": 5, "completion_tokens": 100},
        "media_type": "image/png",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def test_nothing_is_overwritten(api: OpenAiServer, pinyon: Program, tmp_path: Path) -> None:
    (tmp_path / "달빛-1.json").write_text("mine")
    (tmp_path / "달빛-2.jpg").write_bytes(b"mine")
    found = pinyon(*DRAW, "달빛", "--count", 2, "--out", tmp_path, "--json").json["pictures"]
    assert [Path(one["file"]).name for one in found] == ["달빛-3.png", "달빛-4.png"]
    assert (tmp_path / "달빛-1.json").read_text() == "mine"
    assert (tmp_path / "달빛-2.jpg").read_bytes() == b"mine"
    assert found[0]["sha256"] == hashlib.sha256((tmp_path / "달빛-3.png").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("prompt", "name"), [("../../etc/passwd", "etc-passwd-1"), ("?!", "picture-1"), ("x" * 99, "x" * 40 + "-1")]
)
def test_a_prompt_gives_a_harmless_name(
    prompt: str, name: str, api: OpenAiServer, pinyon: Program, tmp_path: Path
) -> None:
    pinyon(*DRAW, prompt, "--out", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [f"{name}.json", f"{name}.png"]


def test_seeds_and_costs_of_several_pictures(api: OpenAiServer, pinyon: Program, data: Path, tmp_path: Path) -> None:
    data.mkdir()
    (data / "models.toml").write_text(
        f'[models.local]\nprovider = "openai"\ntask = "image"\nmodel = "x"\nbase_url = "{api.url}"\nseeds = true\n'
    )
    api.drawing.add("seed")
    found = pinyon(
        "draw", "a", "-m", "local", "--seed", 7, "--count", 2, "--out", tmp_path, "--price", 0.04, "--price-out", 100,
        "--json",
    ).json["pictures"]  # fmt: skip
    assert [one["seed"] for one in found] == [7, 8]
    assert [one["cost"] for one in found] == [pytest.approx(0.05)] * 2
    assert (tmp_path / "a-2.png").read_bytes() == picture_of("a", seed=8)


def test_pictures_that_are_there_stay_where_a_later_one_fails(
    api: OpenAiServer, pinyon: Program, tmp_path: Path
) -> None:
    first = Reply(200, {"data": [{"b64_json": base64.b64encode(picture_of("a")).decode()}]})
    api.replies += [first, Reply(400, {"error": {"message": "no", "code": "moderation_blocked"}})]
    answer = pinyon(*DRAW, "a", "--count", 3, "--out", tmp_path, "--json", code=1)
    assert [Path(one["file"]).name for one in answer.json["pictures"]] == ["a-1.png"]
    assert "PROMPT_REFUSED" in answer.err
    assert (tmp_path / "a-1.png").read_bytes() == picture_of("a")


def test_a_refused_prompt_writes_nothing(api: OpenAiServer, pinyon: Program, tmp_path: Path) -> None:
    answer = pinyon(*DRAW, "something forbidden", "--out", tmp_path / "out", code=1)
    assert "Error [PROMPT_REFUSED]" in answer.err
    assert not (tmp_path / "out").exists()
    assert "'big' is no size such as 1024x1024" in pinyon(*DRAW, "a", "--size", "big", code=2).err
    assert "takes no seed" in pinyon(*DRAW, "a", "--seed", 1, code=1).err


def test_what_was_drawn_can_be_described(api: OpenAiServer, pinyon: Program, tmp_path: Path) -> None:
    pinyon(*DRAW, "-", "--out", tmp_path, input="a lake\n")
    assert pinyon(*DESCRIBE, tmp_path, "--save").out.splitlines()[1].startswith("I see 32x24")
    assert sorted(file.suffix for file in tmp_path.glob("a-lake-1.*")) == [".caption", ".json", ".png"]


def test_a_model_for_pictures_is_tried(api: OpenAiServer, pinyon: Program) -> None:
    found = pinyon("models", "check", "openai:draws", "--task", "image", "--json").json
    assert (found["task"], found["unit"]) == ("image", "pictures")
    assert "image/png" in found["sample"]
    assert len(api.asked) == 1
    assert pinyon("models", "show", "openai:draws", "--task", "generate", "--json").json["modality"] == "multimodal"
