"""Chat completions that show pictures, over real HTTP on this machine."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from models.openai_server import OpenAiServer, Reply, api, pauses, shown
from pinyon.errors import InvalidRequestError, PromptRefusedError
from pinyon.models import ModelRegistry
from pinyon.models.describing import described
from pinyon.models.families import FAMILIES
from pinyon.models.picture_files import as_jpeg
from pinyon.types import ChatMessage, Picture

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
Image = pytest.importorskip("PIL.Image", reason='needs pip install "pinyon[pictures]"')
__all__ = ["api", "pauses"]
pytestmark = pytest.mark.usefixtures("loopback")


def model(api: OpenAiServer, **settings: Any) -> Any:
    info = described("mine", FAMILIES["openai"], "generate", {"base_url": api.url, "model": "sees", **settings})
    return ModelRegistry({"mine": info}, {}).generator("mine")


def one_colour(colour: tuple[int, int, int], width: int = 40, height: int = 30) -> Picture:
    return Picture(np.full((height, width, 3), colour, np.uint8))


RED = one_colour((255, 0, 0))


def test_a_picture_is_shown_before_the_text_and_answered_in_pieces(api: OpenAiServer) -> None:
    generator = model(api)
    stream = generator.generate([ChatMessage("user", "What is it?", (RED,))], max_tokens=40)
    pieces = list(stream)
    assert len(pieces) > 3
    assert "".join(pieces) == "I see 40x30, colour (254, 0, 0). You said: What is it?"
    assert [part["type"] for part in api.bodies[0]["messages"][0]["content"]] == ["image_url", "text"]
    assert stream.usage is not None
    assert stream.usage.completion_tokens == generator.usage.completion_tokens == len(pieces)


def test_several_pictures_keep_their_order_and_need_no_text(api: OpenAiServer) -> None:
    blue = one_colour((0, 0, 255), 16, 16)
    assert "40x30, colour (254, 0, 0); 16x16, colour (0, 0, 254)." in "".join(
        model(api).generate([ChatMessage("user", "", (RED, blue))], max_tokens=40)
    )
    assert [part["type"] for part in api.bodies[0]["messages"][0]["content"]] == ["image_url", "image_url"]


def test_without_pictures_a_message_is_a_plain_text(api: OpenAiServer) -> None:
    talk = [ChatMessage("user", "a", (RED,)), ChatMessage("assistant", "red"), ChatMessage("user", "sure?")]
    assert "".join(model(api).generate(talk, max_tokens=9)) == "You said: sure?"
    assert [type(one["content"]) for one in api.bodies[0]["messages"]] == [list, str, str]


def test_a_picture_goes_as_nothing_but_its_pixels_and_no_larger_than_described(api: OpenAiServer) -> None:
    "".join(
        model(api, picture_side=100).generate(
            [ChatMessage("user", "a", (one_colour((9, 9, 9), 400, 200),))], max_tokens=9
        )
    )
    _, files = shown(api.bodies[0]["messages"][0])
    with Image.open(BytesIO(files[0])) as sent:
        assert (sent.format, sent.size, dict(sent.getexif())) == ("JPEG", (100, 50), {})
        assert set(sent.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_the_longest_strip_keeps_a_pixel_of_its_shorter_side() -> None:
    with Image.open(BytesIO(as_jpeg(one_colour((1, 2, 3), 3000, 1), 64))) as sent:
        assert sent.size == (64, 1)


def test_a_model_that_is_described_as_blind_is_shown_nothing(api: OpenAiServer) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"messages\[0\] shows 1 picture\(s\), and this model reads text only"
    ):
        model(api, pictures=False).generate([ChatMessage("user", "a", (RED,))], max_tokens=9)
    assert api.asked == []
    info = described("m", FAMILIES["openai"], "generate", {"base_url": api.url, "model": "x", "pictures": False})
    assert info.modality == "text"
    assert ModelRegistry().describe("openai:gpt", "generate").modality == "multimodal"
    assert ModelRegistry().describe("openai:gpt", "embed").modality == "text"


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_pixels_of_another_shape_are_refused(pixels: Any, api: OpenAiServer) -> None:
    with pytest.raises(InvalidRequestError, match=r"must be \(height, width, 3\) uint8"):
        model(api).generate([ChatMessage("user", "a", (Picture(pixels),))], max_tokens=9)


def test_attempts_that_repeat_are_counted(api: OpenAiServer, pauses: list[float]) -> None:
    api.replies += [Reply(429, {"error": {"message": "slow down"}}, {"retry-after": "7"}), Reply(503, {})]
    generator = model(api)
    assert "".join(generator.generate([ChatMessage("user", "a", (RED,))], max_tokens=40)).startswith("I see 40x30")
    assert generator.retries == 2
    assert pauses[0] == 7.0


@pytest.mark.parametrize(
    "error",
    [
        {"code": "content_policy_violation", "message": "no"},
        {"code": "content_filter", "message": "no"},
        {"type": "invalid_request_error", "message": "Rejected by our safety system. no"},
    ],
)
def test_a_refusal_by_the_rules_of_the_endpoint_is_told_as_such(error: dict[str, str], api: OpenAiServer) -> None:
    api.replies.append(Reply(400, {"error": error}))
    with pytest.raises(PromptRefusedError, match=r"will not do that, by its rules.*It says: .*no"):
        list(model(api).generate([ChatMessage("user", "a", (RED,))], max_tokens=9))
    assert len(api.asked) == 1


def test_a_refusal_instead_of_an_answer_is_no_empty_answer(api: OpenAiServer) -> None:
    events = [
        {"delta": {"refusal": "I cannot "}},
        {"delta": {"refusal": "say who that is."}},
        {"delta": {}, "finish_reason": "stop"},
    ]
    body = "".join(f"data: {json.dumps({'choices': [one]})}\n\n" for one in events)
    api.replies.append(Reply(200, body.encode(), {"content-type": "text/event-stream"}))
    with pytest.raises(PromptRefusedError, match="It says: I cannot say who that is"):
        list(model(api).generate([ChatMessage("user", "Who is it?", (RED,))], max_tokens=9))
