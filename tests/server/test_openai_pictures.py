"""Chats that show pictures, and pictures from prompts, asked by OpenAI's own client."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from pinyon.app.server import RunningServer
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits
from server.clients import Client
from server.live import running_server
from server.openai_client import KEY, ai, client_of, server
from server.pictured import SVG, Painter, SeeingModels, Seer, bomb, colour_of, data_url, noise, png, text_of

openai = pytest.importorskip("openai", reason="the openai client is not installed")
pytestmark = pytest.mark.usefixtures("loopback")

__all__ = ["ai", "server"]


@pytest.fixture
def models() -> SeeingModels:
    return SeeingModels()


@pytest.fixture
def seer(models: SeeingModels) -> Seer:
    return models.seer


@pytest.fixture
def painter(models: SeeingModels) -> Painter:
    return models.painter


def shown(*pictures: Any, text: str = "What is this?", role: str = "user", **more: Any) -> dict[str, Any]:
    """A request of a message with pictures; each is a URL, or what stands in place of one."""
    parts: list[Any] = [{"type": "text", "text": text}] if text else []
    for one in pictures:
        parts.append({"type": "image_url", "image_url": {"url": one} if isinstance(one, str) else one})
    return {"model": "seer", "messages": [{"role": role, "content": parts}], **more}


# -- chats that show pictures -----------------------------------------------------------------------------------------


def test_a_model_that_sees_is_shown_pictures_in_their_order(ai: Any, seer: Seer) -> None:
    found = ai.chat.completions.create(**shown(data_url(png("red")), data_url(png("blue"), "image/jpeg")))
    assert found.choices[0].message.content == "red blue: What is this?"
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (100, 2)
    ((message,),) = seer.asked
    assert (message.role, message.content) == ("user", "What is this?")
    assert [colour_of(one) for one in message.pictures] == ["red", "blue"]
    assert message.pictures[0].pixels.shape == (6, 8, 3)


def test_every_message_has_its_own_pictures(ai: Any, seer: Seer) -> None:
    request = shown(data_url(png("green")))
    request["messages"] = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        *shown(data_url(png("red")), text="And this?")["messages"],
        {"role": "assistant", "content": "Red."},
        *request["messages"],
    ]
    assert ai.chat.completions.create(**request).choices[0].message.content == "red green: What is this?"
    (messages,) = seer.asked
    assert [(one.role, len(one.pictures)) for one in messages] == [
        ("system", 0),
        ("user", 1),
        ("assistant", 0),
        ("user", 1),
    ]


def test_an_answer_about_a_picture_comes_in_pieces(ai: Any) -> None:
    chunks = list(ai.chat.completions.create(**shown(data_url(png("blue")), stream=True)))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["blue: ", "What is this?", None]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_picture_needs_no_words_and_how_closely_it_is_looked_at_is_the_models_choice(ai: Any) -> None:
    for detail in ("auto", "low", "high"):
        picture = {"url": data_url(png("green")), "detail": detail}
        assert ai.chat.completions.create(**shown(picture, text="")).choices[0].message.content == "green: "


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_reads_texts_says_that_it_does_not_see(ai: Any, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match="this model reads text only") as caught:
        ai.chat.completions.create(**shown(data_url(png()), stream=stream) | {"model": "storyteller"})
    assert caught.value.type == "invalid_request_error"


def test_an_assistant_reads_texts_alone(ai: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="Assistants read texts alone") as caught:
        ai.chat.completions.create(**shown(data_url(png())) | {"model": "assistant/helper"})
    assert caught.value.param == "messages"


BAD: dict[str, tuple[Any, str]] = {
    "an address": ("http://127.0.0.1:9/cat.png", "is an address, and none is fetched: a server that fetches"),
    "a safe address": ("https://example.com/cat.png", "send its bytes, as base64 or a data URL"),
    "a file": ("file:///etc/passwd", "is no picture"),
    "no base64": ("data:image/png;base64,***", "is no base64"),
    "a page": (data_url(b"<html/>", "text/html"), "a data URL of the type 'text/html' is no picture"),
    "a program": (data_url(SVG, "image/svg+xml"), "is an SVG drawing: a program that draws"),
    "a part of a file": (data_url(noise(40)[:999]), "damaged or cut short"),
    "a bomb": (data_url(bomb()), "60,000 x 60,000"),
    "nothing": ("", "0 bytes"),
    "no address": ({"detail": "low"}, "It must be an object with a url"),
    "a number": ({"url": 7}, "It must be an object with a url"),
    "more than there is": ({"url": data_url(png()), "fetch": True}, "It must be an object with a url"),
    "a detail that is none": ({"url": data_url(png()), "detail": 7}, "It must be an object with a url"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_no_picture_is_refused_by_its_place(ai: Any, seer: Seer, bad: str, stream: bool) -> None:
    picture, said = BAD[bad]
    with pytest.raises(openai.BadRequestError) as caught:
        ai.chat.completions.create(**shown(data_url(png()), picture, stream=stream))
    assert (caught.value.param, caught.value.type) == ("messages[0].content[2]", "invalid_request_error")
    assert said in caught.value.message
    assert seer.asked == []


@pytest.mark.parametrize("role", ["system", "developer", "assistant"])
def test_only_a_user_shows_pictures(ai: Any, role: str) -> None:
    with pytest.raises(openai.BadRequestError, match="only a user shows pictures") as caught:
        ai.chat.completions.create(**shown(data_url(png()), role=role))
    assert caught.value.param == "messages[0].content[1]"


def test_a_request_has_twenty_pictures_at_most(ai: Any, seer: Seer) -> None:
    picture = data_url(png())
    ai.chat.completions.create(**shown(*[picture] * 20))
    with pytest.raises(openai.BadRequestError, match="messages show 21 pictures, and at most 20") as caught:
        ai.chat.completions.create(**shown(*[picture] * 21))
    assert caught.value.param == "messages"
    assert len(seer.asked) == 1


def test_only_pictures_make_a_conversation_large(models: SeeingModels) -> None:
    limits = RequestLimits(small_body_bytes=20_000, body_bytes=200_000)
    with running_server(models=models, keys=(KEY,), requests=limits) as server, client_of(server) as ai:
        large = data_url(noise(120))
        assert len(large) > 40_000
        ai.chat.completions.create(**shown(large))
        with pytest.raises(openai.APIStatusError, match=r"besides its pictures; at most 20,000") as caught:
            ai.chat.completions.create(**shown(large, text="word " * 5_000))
        assert caught.value.status_code == 413
        with pytest.raises(openai.APIStatusError) as caught:
            ai.chat.completions.create(**shown(*[large] * 5))
        assert caught.value.status_code == 413


# -- pictures from prompts --------------------------------------------------------------------------------------------


def opened(item: Any) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(item.b64_json, validate=True)))


def test_a_prompt_becomes_a_picture(ai: Any, painter: Painter) -> None:
    found = ai.images.generate(model="painter", prompt="a red house")
    (item,) = found.data
    picture = opened(item)
    assert (picture.format, picture.size, picture.getpixel((0, 0))) == ("PNG", (16, 16), (255, 0, 0))
    assert (item.revised_prompt, item.url) == (None, None)
    assert found.created > 1_700_000_000
    assert painter.asked == [{"prompt": "a red house", "count": 1, "size": None, "quality": None, "seed": None}]


def test_the_settings_reach_the_model(ai: Any, painter: Painter) -> None:
    found = ai.images.generate(
        model="painter", prompt="carefully green", n=3, size="32x32", quality="hd", response_format="b64_json", user="a"
    )
    assert [opened(one).getpixel((31, 31)) for one in found.data] == [(0, 255, 0), (0, 254, 0), (0, 253, 0)]
    assert {opened(one).size for one in found.data} == {(32, 32)}
    assert [one.revised_prompt for one in found.data] == ["a careful drawing of carefully green"] * 3
    (asked,) = painter.asked
    assert (asked["count"], asked["size"], asked["quality"]) == (3, (32, 32), "hd")


def test_what_is_left_to_the_model_is_its_own_choice(ai: Any, painter: Painter) -> None:
    ai.images.generate(
        model="painter", prompt="red", size="auto", quality="auto", background="auto", moderation="auto", stream=False
    )
    (asked,) = painter.asked
    assert (asked["size"], asked["quality"]) == (None, None)


def test_a_prompt_that_the_model_refuses_says_so_as_openai_does(ai: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="will not draw what is forbidden") as caught:
        ai.images.generate(model="painter", prompt="a forbidden tree")
    assert (caught.value.code, caught.value.type) == ("content_policy_violation", "invalid_request_error")


def test_what_the_model_does_not_take_is_told_in_its_words(ai: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="the painter draws squares, not 64 x 32"):
        ai.images.generate(model="painter", prompt="red", size="64x32")


def test_a_model_that_does_not_answer_is_an_error_of_the_server(ai: Any) -> None:
    with pytest.raises(openai.InternalServerError, match="the painter is asleep") as caught:
        ai.images.generate(model="painter", prompt="asleep")
    assert caught.value.status_code == 503


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"prompt": ""}, "prompt", "invalid_value"),
        ({"prompt": " \n"}, "prompt", "invalid_value"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": ["red"]}, "prompt", "invalid_value"),
        ({"prompt": "red " * 10_000}, "prompt", None),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 11}, "n", None),
        ({"n": True}, "n", "invalid_value"),
        ({"size": "large"}, "size", "invalid_value"),
        ({"size": "0x16"}, "size", "invalid_value"),
        ({"size": "16x99999"}, "size", "invalid_value"),
        ({"size": 16}, "size", "invalid_value"),
        ({"quality": 7}, "quality", "invalid_value"),
        ({"response_format": "url"}, "response_format", "unsupported_parameter"),
        ({"response_format": "png"}, "response_format", "invalid_value"),
        ({"background": "transparent"}, "background", "unsupported_parameter"),
        ({"partial_images": 2}, "partial_images", "unsupported_parameter"),
        ({"style": "vivid"}, "style", "unknown_parameter"),
        ({"extra_body": {"steps": 20}}, "steps", "unknown_parameter"),
        ({"extra_body": {"stream": True}}, "stream", "unsupported_parameter"),
    ],
)
def test_a_request_for_pictures_that_cannot_be_is_refused_with_its_parameter(
    ai: Any, painter: Painter, changes: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ai.images.generate(**{"model": "painter", "prompt": "red", **changes})
    assert (caught.value.param, caught.value.code) == (param, code)
    assert painter.asked == []


def test_a_picture_at_an_address_is_refused_with_the_way_out(ai: Any) -> None:
    with pytest.raises(openai.BadRequestError, match=r"keeps no pictures at addresses.*data\[0\].b64_json"):
        ai.images.generate(model="painter", prompt="red", response_format="url")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("words", "It is no model that makes pictures. There are: .*painter"),
        ("storyteller", "It is no model that makes pictures"),
        ("unknown", "There are: .*painter"),
        ("painter-not-installed", "pip install it"),
        ("gguf:/etc/passwd", "There are"),
    ],
)
def test_a_model_that_makes_no_pictures_here_is_not_found(ai: Any, model: str, said: str) -> None:
    with pytest.raises(openai.NotFoundError, match=said) as caught:
        ai.images.generate(model=model, prompt="red")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_what_draws_is_no_model_for_chats_or_vectors(ai: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="It is no model that writes"):
        ai.chat.completions.create(model="painter", messages=[{"role": "user", "content": "a"}])
    with pytest.raises(openai.NotFoundError, match="It is no model for embeddings"):
        ai.embeddings.create(model="painter", input="a")


def test_what_draws_is_listed_where_it_is_installed(ai: Any) -> None:
    names = {one.id for one in ai.models.list()}
    assert {"painter", "seer", "colours", "words", "storyteller"} <= names
    assert "painter-not-installed" not in names
    assert ai.models.retrieve("painter").owned_by == "these tests"


def test_texts_of_a_model_that_sees_are_embedded_as_any(ai: Any, models: SeeingModels) -> None:
    found = ai.embeddings.create(model="colours", input=["red", "green"], encoding_format="float")
    vectors = np.array([one.embedding for one in found.data], np.float32)
    assert np.array_equal(vectors, models.colours.embed(["red", "green"]))


def test_pictures_are_counted_and_named_in_the_audit_log(tmp_path: Any, models: SeeingModels) -> None:
    with running_server(models=models, keys=(KEY,), data=tmp_path, audit="all") as server, client_of(server) as ai:
        ai.images.generate(model="painter", prompt="two red words", n=2)
        with pytest.raises(openai.BadRequestError):
            ai.images.generate(model="painter", prompt="forbidden")
        lines = httpx.get(f"{server.url}/metrics", headers={"Api-Key": KEY}).text.splitlines()
    assert 'pinyon_model_pictures_total{model="painter"} 2.0' in lines
    assert 'pinyon_model_tokens_total{kind="prompt",model="painter"} 3.0' in lines
    entries = [json.loads(line) for line in (tmp_path / "logs" / "audit.jsonl").read_text().splitlines()]
    drawn = [(one["status"], one["result"]) for one in entries if one["operation"] == "openai_generate_images"]
    assert drawn == [(200, "ok"), (400, "failed")]
    assert "two red words" not in (tmp_path / "logs" / "audit.jsonl").read_text()


def test_nobody_draws_without_a_key(server: RunningServer) -> None:
    stranger = openai.OpenAI(base_url=f"{server.url}/v1", api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.images.generate(model="painter", prompt="red")


def test_the_routes_are_described(service: Service) -> None:
    paths = Client(service, ALL_ROUTES).get("/openapi.json").json["paths"]
    images = paths["/v1/images/generations"]["post"]
    assert images["responses"]["2XX"]["content"].keys() == {"application/json"}, "they do not come in events"
    assert images["responses"]["400"]["content"]["application/json"]["schema"]["$ref"].endswith("/OpenAIError")
    assert "text/event-stream" in paths["/v1/chat/completions"]["post"]["responses"]["2XX"]["content"]


def test_a_body_without_a_picture_in_it_is_told_from_one_that_has(server: RunningServer) -> None:
    """What no client would send: a part without a type, and base64 without its data URL, which is read all the same."""
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{server.url}/v1/chat/completions"
    body = shown(text_of(png("green")))
    assert httpx.post(url, json=body, headers=headers).json()["choices"][0]["message"]["content"][:5] == "green"
    body["messages"][0]["content"].append({"image_url": {"url": data_url(png())}})
    answer = httpx.post(url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "messages[0].content[2]")
