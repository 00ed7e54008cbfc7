"""``pinyon compare``, against an API over real HTTP on this machine, and an index whose model sees three colours."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytest.importorskip("PIL", reason='needs pip install "pinyon[pictures]"')

from models.colour_models import colour_registry, plain_file
from models.openai_server import OpenAiServer, Reply, openai_server, picture_of
from pinyon import Pinecone, app
from pinyon.models import endpoint

pytestmark = pytest.mark.usefixtures("loopback")

Program = Callable[..., Any]
TRUE = "red red green"
MODELS = ("--describe", "openai:sees", "--draw", "openai:draws")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(endpoint, "sleep", lambda seconds: None)
    with openai_server(answer=lambda messages: "a red thing") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def prompts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index, and a registry of models that has its model."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    registry = colour_registry()
    monkeypatch.setattr(app, "_shared_models", lambda: registry)
    with Pinecone(path=data, models=registry) as pc:
        pc.create_index_for_model("prompts", "aws", "us-east-1", {"model": "colours", "field_map": {"text": "text"}})
        texts = ["red and green", "red", TRUE, "blue"]
        pc.Index("prompts").upsert_records("", [{"_id": f"p{n}", "text": text} for n, text in enumerate(texts)])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.png").write_bytes(plain_file((200, 100, 0), (40, 30)))
    (folder / "cat.txt").write_text(TRUE)
    (folder / "dog.png").write_bytes(plain_file((0, 0, 99)))
    return folder


@pytest.mark.usefixtures("prompts")
def test_the_four_pictures_of_one(api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = ("compare", photos / "cat.png", "--index", "prompts", *MODELS, "--size", "16x16", "--out", out)
    answer = pinyon(*line, "--price-in", 2, "--price-out", 10, "--price", 0.04)
    assert answer.out.splitlines()[0].split() == ["picture", "rank", "(b)", "(c)", "(d)", "texts"]
    assert answer.out.splitlines()[1].split()[:2] == ["cat.png", "1"]
    assert "R@1  1.000 (1.000 to 1.000, n 1)" in answer.out
    assert f"results: {out}" in answer.err
    found = json.loads((out / "results.json").read_text())
    [one] = found["pictures"]
    assert [one["ways"][way]["prompt"] for way in "bcd"] == ["a red thing", TRUE, TRUE]
    folder = out / one["folder"]
    assert (folder / one["ways"]["b"]["file"]).read_bytes() == picture_of("a red thing", (16, 16))
    assert found["spent"]["cost"] == pytest.approx((3 * 2 + 3 * 10) / 1e6 + 3 * 0.04)
    assert (folder / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert "<h1>The comparison of four pictures</h1>" in (out / "report.html").read_text()


@pytest.mark.usefixtures("prompts")
def test_a_folder_as_json_and_again_without_a_request(
    api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path
) -> None:
    line = ("compare", photos, "--index", "prompts", *MODELS, "--out", tmp_path / "out", "--json")
    found = pinyon(*line).json
    assert [(one["name"], one["rank"]) for one in found["pictures"]] == [("cat.png", 1), ("dog.png", None)]
    assert found["pictures"][1]["ways"]["c"]["missing"] == "its prompt is not known"
    assert found["pictures"][1]["ways"]["d"]["prompt"] == "blue"
    assert found["figures"]["between"].keys() == {"b-d"}
    asked = len(api.asked)
    assert asked == 2 + 5
    assert pinyon(*line).json == found
    assert len(api.asked) == asked
    page = pinyon(*line, "--lang", "ko") and (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "네 그림의 비교" in page
    assert len(api.asked) == asked


@pytest.mark.usefixtures("prompts")
def test_without_models_what_is_left_out_is_named(pinyon: Program, photos: Path, tmp_path: Path) -> None:
    answer = pinyon("compare", photos, "--index", "prompts", "--out", tmp_path / "out")
    assert "left out: (b) no model that describes pictures was named (2 of 2)" in answer.err
    assert "left out: (c) no model that draws was named (1 of 2)" in answer.err
    assert "left out: (c) its prompt is not known (1 of 2)" in answer.err
    assert "left out: (d) no model that draws was named (2 of 2)" in answer.err


@pytest.mark.usefixtures("prompts")
def test_a_refused_prompt_fails_one_part_and_is_tried_again(
    api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path
) -> None:
    api.answer = lambda messages: "something forbidden"
    line = ("compare", photos / "cat.png", "--index", "prompts", *MODELS, "--out", tmp_path / "out")
    answer = pinyon(*line, code=1)
    assert "left out: (b) not drawn: " in answer.err
    assert "safety system" in answer.err
    asked = len(api.asked)
    pinyon(*line, code=1)
    assert [one.path for one in api.asked[asked:]] == ["/v1/images/generations"]


@pytest.mark.usefixtures("prompts")
def test_a_wrong_key_is_found_out_once(api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path) -> None:
    api.key = "sk-other"
    answer = pinyon("compare", photos, "--index", "prompts", *MODELS, "--out", tmp_path / "out", code=1)
    assert "(b) not described: " in answer.err
    assert len(api.asked) == 2
    api.key = ""
    pinyon("compare", photos, "--index", "prompts", *MODELS, "--out", tmp_path / "out")


@pytest.mark.usefixtures("prompts")
def test_an_endpoint_that_is_down_leaves_out_its_parts(
    api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path
) -> None:
    api.replies += [Reply(503, {})] * 5
    line = ("compare", photos / "cat.png", "--index", "prompts", *MODELS, "--out", tmp_path / "out", "--json")
    [one] = pinyon(*line, code=1).json["pictures"]
    assert "failed with status 503" in one["description"]["missing"]
    assert one["description"]["spent"]["retries"] == 4
    assert [bool(one["ways"][way]["file"]) for way in "bcd"] == [False, True, True]
    assert all(way["file"] for way in pinyon(*line).json["pictures"][0]["ways"].values())


@pytest.mark.usefixtures("prompts")
def test_what_cannot_be_is_refused_before_anything_is_written(
    api: OpenAiServer, pinyon: Program, photos: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("--index", "prompts", "--out", out)
    assert "--prompt" in pinyon("compare", photos, *line, "--prompt", "a", code=2).err
    assert "'big' is no size" in pinyon("compare", photos, *line, "--size", "big", code=2).err
    assert "no model is named 'paint'" in pinyon("compare", photos, *line, "--draw", "paint", code=3).err
    assert "NOT_FOUND" in pinyon("compare", photos / "absent.png", *line, code=3).err
    pinyon("create", "words", "--model", "use-multilingual")
    assert "reads text only" in pinyon("compare", photos, "--index", "words", "--out", out, code=1).err
    pinyon("create", "bare", "--dimension", 3)
    assert "Error" in pinyon("compare", photos, "--index", "bare", "--out", out, code=1).err
    assert not out.exists()
    assert api.asked == []


@pytest.mark.usefixtures("prompts")
def test_a_namespace_that_is_not_there_is_told(pinyon: Program, photos: Path, tmp_path: Path) -> None:
    answer = pinyon("compare", photos, "--index", "prompts", "-n", "other", "--out", tmp_path / "out")
    assert "has nothing in namespace 'other'" in answer.err
    assert "left out: (d) the index has no texts" in answer.err


@pytest.mark.usefixtures("prompts")
def test_ctrl_c_ends_the_run_with_what_there_is_and_the_next_goes_on(
    api: OpenAiServer, pinyon: Program, photos: Path, tmp_path: Path
) -> None:
    asked = threading.Event()

    def describe(messages: list[dict[str, Any]]) -> str:
        if not asked.is_set():
            asked.set()
            os.kill(os.getpid(), signal.SIGINT)
        return "a red thing"

    api.answer = describe
    line = ("compare", photos, "--index", "prompts", *MODELS, "--out", tmp_path / "out", "--json")
    answer = pinyon(*line, code=130)
    assert "the same command goes on from there" in answer.err
    assert answer.json["interrupted"]
    first = len(answer.json["pictures"])
    assert first < 2
    assert len(pinyon(*line).json["pictures"]) == 2
    assert sum(one.path == "/v1/chat/completions" for one in api.asked) == 2, "the first description was kept"
