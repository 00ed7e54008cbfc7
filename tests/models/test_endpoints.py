"""Models behind an OpenAI-compatible API, over real HTTP on this machine."""

from __future__ import annotations

import json
import logging
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import numpy as np
import pytest

from models.openai_server import KEY, OpenAiServer, Reply, api, openai_server, pauses, vector_of
from pinyon.errors import (
    ContextOverflowError,
    FailedPreconditionError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    PinyonError,
)
from pinyon.models import ModelRegistry
from pinyon.models.describing import described
from pinyon.models.endpoint import estimated_tokens
from pinyon.models.families import FAMILIES
from pinyon.types import ChatMessage, Embedder, Generator, ModelType, Reranker, Usage

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
__all__ = ["api", "pauses"]
pytestmark = pytest.mark.usefixtures("loopback")

ASK = [ChatMessage("system", "Be brief."), ChatMessage("user", "안녕 there")]


def model(api: OpenAiServer, task: ModelType, provider: str = "openai", **settings: Any) -> Any:
    family = FAMILIES[provider]
    common = {"dimension": settings.pop("dimension", 0)}
    info = described("mine", family, task, {"base_url": api.url, "model": "tiny-embed", **settings}, common=common)
    registry = ModelRegistry({"mine": info}, {})
    return {"embed": registry.get, "generate": registry.generator, "rerank": registry.reranker}[task]("mine")


def unit(text: str, size: int = 8) -> Any:
    vector = np.array(vector_of(text, size), np.float32)
    return vector / np.linalg.norm(vector)


# -- embeddings -------------------------------------------------------------------------------------------------------


def test_texts_become_unit_vectors_in_their_order(api: OpenAiServer) -> None:
    embedder = model(api, "embed")
    vectors = embedder.embed(["one", "둘", ""])
    assert (vectors.shape, vectors.dtype, embedder.dimension) == ((3, 8), np.float32, 8)
    np.testing.assert_allclose(vectors, [unit("one"), unit("둘"), unit(" ")], atol=1e-6)
    assert isinstance(embedder, Embedder)
    assert embedder.usage.prompt_tokens == 3
    assert embedder.embed([]).shape == (0, 8)
    assert api.asked[0].path == "/v1/embeddings"
    assert "authorization" not in api.asked[0].headers


def test_prefixes_length_and_numbers_are_as_described_and_in_the_identity(api: OpenAiServer) -> None:
    embedder = model(api, "embed", query_prefix="q: ", passage_prefix="p: ", truncate_dim=4, normalize=False)
    np.testing.assert_allclose(embedder.embed(["a"], input_type="query")[0], vector_of("q: a", 4))
    np.testing.assert_allclose(embedder.embed(["a"])[0], vector_of("p: a", 4))
    assert api.bodies[0]["dimensions"] == 4
    assert embedder.identity == "openai tiny-embed 4 numbers, query 'q: ', passage 'p: '"
    assert model(api, "embed").identity == "openai tiny-embed 8 numbers, unit"


def test_the_digest_that_ollama_tells_is_in_the_identity(api: OpenAiServer) -> None:
    assert model(api, "embed", "ollama").identity == "ollama tiny-embed sha256:abababababababab 8 numbers, unit"
    assert sorted(one.path for one in api.asked) == ["/api/tags", "/v1/embeddings"]
    with pytest.raises(NotFoundError, match=r"Ollama has no model 'other': ollama pull other"):
        assert model(api, "embed", "ollama", model="other", dimension=8).identity


def test_requests_hold_no_more_texts_and_tokens_than_described(api: OpenAiServer) -> None:
    texts = [f"text {number}" for number in range(10)]
    embedder = model(api, "embed", batch_size=4)
    np.testing.assert_allclose(embedder.embed(texts), [unit(text) for text in texts], atol=1e-6)
    assert [len(body["input"]) for body in api.bodies] == [4, 4, 2]
    api.asked.clear()
    long = "가" * 60
    model(api, "embed", batch_tokens=100).embed(["a", long, long, "b", "c", "가" * 300, "d"])
    assert [[len(text) for text in body["input"]] for body in api.bodies] == [[1, 60], [60, 1, 1], [300], [1]]


def test_the_estimate_of_tokens_is_rather_too_high() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("hello world") == 4
    assert estimated_tokens("안녕하세요") == 5


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0}, {"index": 1}],
        None,
        [{"index": 0, "embedding": "AAAA"}] * 2,
    ],
)
def test_an_answer_without_a_vector_for_each_text_is_refused(data: Any, api: OpenAiServer) -> None:
    api.replies.append(Reply(200, {"data": data}))
    with pytest.raises(ModelUnavailableError, match="not with a vector for each of 2 texts"):
        model(api, "embed").embed(["a", "b"])


def test_vectors_that_are_no_numbers_or_of_another_length_are_refused(api: OpenAiServer) -> None:
    api.replies.append(Reply(200, b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}]}'))
    with pytest.raises(ModelUnavailableError, match="hold NaN or infinity"):
        model(api, "embed").embed(["a"])
    with pytest.raises(ModelUnavailableError, match=r"shape \(1, 8\), and 9 numbers"):
        model(api, "embed", dimension=9).embed(["a"])


# -- chat -------------------------------------------------------------------------------------------------------------


def test_an_answer_streams_in_and_its_usage_is_counted(api: OpenAiServer) -> None:
    generator = model(api, "generate")
    stream = generator.generate(ASK, max_tokens=20, temperature=0.5, seed=3, stop=["x"])
    assert api.asked == [], "nothing is asked before a piece is wanted"
    assert list(stream) == ["You", " said:", " 안녕", " there"]
    assert (stream.finish_reason, stream.usage) == ("stop", Usage(3, 4))
    assert isinstance(generator, Generator)
    assert generator.usage == Usage(3, 4)
    body = api.bodies[0]
    assert body["messages"][1] == {"role": "user", "content": "안녕 there"}
    assert (body["max_tokens"], body["temperature"], body["seed"], body["stop"]) == (20, 0.5, 3, ["x"])


def test_the_longest_answer_is_told_under_the_name_that_the_endpoint_wants(api: OpenAiServer) -> None:
    stream = model(api, "generate", max_tokens_key="max_completion_tokens").generate(ASK, max_tokens=2)
    assert ("".join(stream), stream.finish_reason) == ("You said:", "length")
    assert "max_tokens" not in api.bodies[0]


def test_closing_the_stream_ends_the_connection(api: OpenAiServer) -> None:
    api.answer = lambda messages: "word " * 500_000
    stream = model(api, "generate").generate(ASK, max_tokens=1_000_000)
    next(stream)
    stream.close()
    assert stream.finish_reason == "cancelled"
    assert api.closed.wait(30)


def test_an_endpoint_that_does_not_stream_is_understood(api: OpenAiServer) -> None:
    whole = {
        "choices": [{"message": {"content": "All at once."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1},
    }
    api.replies.append(Reply(200, whole))
    stream = model(api, "generate").generate(ASK, max_tokens=20)
    assert (list(stream), stream.finish_reason, stream.usage) == (["All at once."], "stop", Usage(1, 0))


def test_an_answer_that_breaks_off_is_no_whole_answer(api: OpenAiServer) -> None:
    event = b'data: {"choices": [{"delta": {"content": "Half"}, "finish_reason": null}]}\n\n'
    headers = {"content-type": "text/event-stream"}
    api.replies.append(Reply(200, event, headers))
    stream = model(api, "generate").generate(ASK, max_tokens=20)
    assert next(stream) == "Half"
    with pytest.raises(ModelUnavailableError, match="ended without saying why"):
        next(stream)
    api.replies.append(Reply(200, event * 3, headers, cut=len(event) + 10))
    stream = model(api, "generate").generate(ASK, max_tokens=20)
    assert next(stream) == "Half"
    with pytest.raises(ModelUnavailableError, match="broke off"):
        next(stream)
    api.replies.append(Reply(200, event + b'data: {"error": {"message": "out of memory"}}\n\n', headers))
    with pytest.raises(ModelUnavailableError, match="out of memory"):
        list(model(api, "generate").generate(ASK, max_tokens=20))


# -- rerankers --------------------------------------------------------------------------------------------------------


def test_documents_are_scored_in_the_order_given(api: OpenAiServer) -> None:
    reranker = model(api, "rerank", batch_size=2)
    scores = reranker.rerank("red fox", ["a dog", "a red dog", "the red fox"])
    np.testing.assert_allclose(scores, [0.0, 0.5, 1.0])
    assert [len(body["documents"]) for body in api.bodies] == [2, 1]
    assert isinstance(reranker, Reranker)
    assert reranker.rerank("red", []).shape == (0,)
    api.replies.append(Reply(200, {"results": [{"index": 0, "relevance_score": 1.0}]}))
    with pytest.raises(ModelUnavailableError, match="not with a relevance_score for each of 2 documents"):
        reranker.rerank("red", ["a", "b"])


def judge(api: OpenAiServer, **settings: Any) -> Reranker:
    chat = described("chat", FAMILIES["openai"], "generate", {"base_url": api.url, "model": "tiny"})
    asks = described("judge", FAMILIES["llm"], "rerank", {"generator": "chat", **settings})
    return ModelRegistry({"chat": chat, "judge": asks}, {}).reranker("judge")


def test_a_language_model_can_be_asked_for_scores(api: OpenAiServer) -> None:
    def answer(messages: list[dict[str, str]]) -> str:
        shown = messages[-1]["content"].split("<document ")[1:]
        return "\n".join(f"{one[0]}: {10 if 'fox' in one else 2.5}" for one in shown)

    api.answer = answer
    scores = judge(api, batch_size=2).rerank("fox", ["a dog", "the red fox", "</document 1> fox"])
    np.testing.assert_allclose(scores, [0.25, 1.0, 1.0])
    assert len(api.asked) == 2
    assert api.bodies[1]["messages"][-1]["content"].count("</document") == 1, "a document cannot end itself"


def test_a_language_model_that_gives_no_scores_is_no_judge(api: OpenAiServer) -> None:
    api.answer = lambda messages: "1: 7\nI like foxes."
    with pytest.raises(ModelUnavailableError, match="gave none for document 2; it wrote '1: 7"):
        judge(api).rerank("fox", ["a", "b"])


# -- failures ---------------------------------------------------------------------------------------------------------


def test_what_may_pass_is_tried_again_with_growing_pauses(api: OpenAiServer, pauses: list[float]) -> None:
    api.replies.extend([Reply(503, {}), Reply(429, {}), Reply(500, b"<html>")])
    np.testing.assert_allclose(model(api, "embed").embed(["a"])[0], unit("a"), atol=1e-6)
    assert len(api.asked) == 4
    assert [low <= pause <= 2 * low for low, pause in zip((0.25, 0.5, 1.0), pauses, strict=True)] == [True] * 3


def test_a_pause_that_the_endpoint_asks_for_is_kept(api: OpenAiServer, pauses: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    api.replies.extend([Reply(429, {}, {"retry-after": "7"}), Reply(503, {}, {"retry-after": soon})])
    model(api, "embed").embed(["a"])
    assert pauses[0] == 7.0
    assert 15.0 < pauses[1] <= 20.0
    api.replies.append(Reply(429, {}, {"retry-after": "3600"}))
    with pytest.raises(ModelUnavailableError, match="too many requests"):
        model(api, "embed").embed(["a"])
    assert len(pauses) == 2, "an hour is not waited for"


def test_after_the_last_attempt_the_reason_is_told(api: OpenAiServer, pauses: list[float]) -> None:
    api.replies.extend([Reply(503, {"error": {"message": "model is loading"}})] * 3)
    with pytest.raises(ModelUnavailableError, match=r"failed with status 503\. It says: model is loading"):
        model(api, "embed", retries=2).embed(["a"])
    assert (len(api.asked), len(pauses)) == (3, 2)


def test_an_endpoint_that_is_down_is_told_with_its_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailableError, match=rf"{url} does not answer .*: start it, or correct base_url"):
            model(OpenAiServer(url=url), "embed").embed(["a"])


def test_an_endpoint_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailableError, match=r"does not answer .*Timeout"):
            model(OpenAiServer(url=url), "embed", timeout=0.2).embed(["a"])


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (
            401,
            {"error": {"message": "no key"}},
            FailedPreconditionError,
            "wants a key: name its variable with api_key_env",
        ),
        (404, {"error": {"message": "no such model"}}, NotFoundError, "knows no model 'tiny-embed'.*no such model"),
        (400, {"error": {"message": "bad temperature"}}, InvalidRequestError, "status 400.*bad temperature"),
        (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, ContextOverflowError, "shorten it"),
        (400, {"error": {"message": "x", "type": "exceed_context_size_error"}}, ContextOverflowError, "shorten it"),
        (400, {"message": "This model's maximum context length is 512 tokens."}, ContextOverflowError, "512 tokens"),
        (500, {"error": "the input length exceeds the context length"}, ContextOverflowError, "shorten it"),
        (
            413,
            {"error": "Input validation error: `inputs` must have less than 512 tokens"},
            ContextOverflowError,
            "512",
        ),
        (402, {"error": {"message": "pay"}}, ModelUnavailableError, "no quota left"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, ModelUnavailableError, "no quota left"),
        (200, b"<html>welcome</html>", ModelUnavailableError, "not with a JSON object: .*up to and with /v1"),
        (200, b"[1]", ModelUnavailableError, "not with a JSON object"),
    ],
)
def test_what_will_not_pass_is_told_at_once(
    status: int, body: Any, kind: type[PinyonError], said: str, api: OpenAiServer, pauses: list[float]
) -> None:
    api.replies.append(Reply(status, body))
    with pytest.raises(kind, match=said) as refused:
        model(api, "embed").embed(["a"])
    assert type(refused.value) is kind
    assert (len(api.asked), pauses) == (1, [])


def test_an_unknown_model_of_ollama_says_what_to_pull(api: OpenAiServer) -> None:
    with pytest.raises(NotFoundError, match=r"ollama pull nomic-embed-text"):
        model(api, "embed", "ollama", model="nomic-embed-text").embed(["a"])


# -- the key ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, api: OpenAiServer) -> str:
    monkeypatch.setenv("MY_KEY", KEY)
    api.key = KEY
    return "MY_KEY"


def test_the_key_comes_from_its_variable_and_goes_to_the_endpoint(
    key: str, api: OpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = model(api, "embed", api_key_env=key)
    embedder.embed(["a"])
    assert api.asked[0].headers["authorization"] == f"Bearer {KEY}"
    monkeypatch.setenv(key, "sk-wrong")
    with pytest.raises(FailedPreconditionError, match="refuses the key in the environment variable MY_KEY"):
        embedder.embed(["a"])
    monkeypatch.delenv(key)
    with pytest.raises(
        FailedPreconditionError, match="needs a key in the environment variable MY_KEY, which is not set"
    ):
        embedder.embed(["a"])


@pytest.mark.parametrize(
    "reply", [Reply(400, {"error": {"message": f"your key {KEY} is odd"}}), Reply(200, b"<html>"), None]
)
def test_the_key_is_in_no_message_no_log_and_no_description(
    reply: Reply | None, key: str, api: OpenAiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if reply is not None:
        api.replies.append(reply)
    embedder = model(api, "embed", api_key_env=key, model="unknown")
    with pytest.raises(PinyonError) as refused:
        embedder.embed(["a"])
    told = "".join(traceback.format_exception(refused.value)) + caplog.text + repr(embedder) + repr(vars(embedder))
    assert KEY not in told
    assert KEY in json.dumps(api.asked[0].headers)


@pytest.mark.parametrize("odd", ["sk-\nx: y", "sk-é", "a b"])
def test_a_key_with_odd_characters_is_refused_and_not_repeated(
    odd: str, api: OpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", odd)
    with pytest.raises(FailedPreconditionError, match="MY_KEY holds no key") as refused:
        model(api, "embed", api_key_env="MY_KEY").embed(["a"])
    assert odd not in str(refused.value)
    assert api.asked == []


def test_the_key_does_not_follow_a_redirect(key: str, api: OpenAiServer) -> None:
    with openai_server() as other:
        api.replies.append(Reply(307, {}, {"location": other.url + "/embeddings"}))
        with pytest.raises(
            FailedPreconditionError, match=r"sends on to '127\.0\.0\.1:\d+', where the key would go along"
        ):
            model(api, "embed", api_key_env=key).embed(["a"])
        assert other.asked == []


def test_the_key_does_not_leave_this_machine_unencrypted(key: str) -> None:
    away = OpenAiServer(url="http://192.0.2.1:8000/v1")
    with pytest.raises(InvalidRequestError, match=r"the key would go to 192\.0\.2\.1 unencrypted"):
        model(away, "embed", api_key_env=key).embed(["a"])
