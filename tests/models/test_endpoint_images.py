"""Pictures from an OpenAI-compatible API, over real HTTP on this machine."""

from __future__ import annotations

import base64
import socket
import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from models.openai_server import KEY, OpenAiServer, Reply, api, openai_server, pauses, picture_of
from pinyon.errors import InvalidRequestError, ModelUnavailableError, PromptRefusedError
from pinyon.models import ModelRegistry, fetching
from pinyon.models.describing import described
from pinyon.models.families import FAMILIES
from pinyon.types import GeneratedPicture, ImageGenerator
from serving import serving

pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytest.importorskip("PIL", reason='needs pip install "pinyon[pictures]"')
__all__ = ["api", "pauses"]
pytestmark = pytest.mark.usefixtures("loopback")


def model(api: OpenAiServer, **settings: Any) -> Any:
    info = described("mine", FAMILIES["openai"], "image", {"base_url": api.url, "model": "draws", **settings})
    return ModelRegistry({"mine": info}, {}).image_generator("mine")


def answers_with(api: OpenAiServer, **one: Any) -> None:
    api.replies.append(Reply(200, {"data": [one]}))


def test_a_picture_comes_with_the_answer(api: OpenAiServer) -> None:
    generator = model(api)
    assert isinstance(generator, ImageGenerator)
    made = generator.generate_pictures("a puppy", size=(64, 48), quality="high")
    assert made == [GeneratedPicture(picture_of("a puppy", (64, 48)), "image/png")]
    assert api.bodies == [{"model": "draws", "prompt": "a puppy", "size": "64x48", "quality": "high", "n": 1}]
    assert (generator.usage.prompt_tokens, generator.usage.completion_tokens) == (5, 100)
    assert generator.identity == f"openai draws at {api.url[7:-3]}"


def test_nothing_is_sent_that_was_not_asked_for(api: OpenAiServer) -> None:
    model(api).generate_pictures("a puppy")
    assert set(api.bodies[0]) == {"model", "prompt", "n"}


def test_the_form_of_the_answer_is_asked_for_where_the_description_says_so(api: OpenAiServer) -> None:
    with pytest.raises(InvalidRequestError, match="Unknown parameter: 'response_format'"):
        model(api, response_format="b64_json").generate_pictures("a")
    api.drawing.add("response_format")
    assert model(api, response_format="url").generate_pictures("a")[0].data == picture_of("a")
    assert api.bodies[1]["response_format"] == "url"


def test_what_the_model_drew_from_is_told_where_it_changed_the_prompt(api: OpenAiServer) -> None:
    png = base64.b64encode(picture_of("a")).decode()
    answers_with(api, b64_json=png, revised_prompt="a brown puppy on a lawn")
    assert model(api).generate_pictures("a puppy")[0].prompt == "a brown puppy on a lawn"
    answers_with(api, b64_json=png, revised_prompt="a puppy")
    assert model(api).generate_pictures("a puppy")[0].prompt == ""


def test_several_pictures_are_asked_for_as_the_endpoint_permits(api: OpenAiServer) -> None:
    assert len(model(api).generate_pictures("a", count=3)) == 3
    assert [body["n"] for body in api.bodies] == [1, 1, 1]
    api.asked.clear()
    made = model(api, batch_size=2).generate_pictures("a", count=3)
    assert [body["n"] for body in api.bodies] == [2, 1]
    assert len(made) == 3


def test_a_seed_is_refused_unless_the_endpoint_takes_one(api: OpenAiServer) -> None:
    with pytest.raises(InvalidRequestError, match="takes no seed: leave it out, or say seeds = true"):
        model(api).generate_pictures("a", seed=7)
    assert api.asked == []
    api.drawing.add("seed")
    made = model(api, seeds=True, batch_size=5).generate_pictures("a", count=2, seed=7)
    assert [(one.seed, one.data) for one in made] == [(n, picture_of("a", seed=n)) for n in (7, 8)]


@pytest.mark.parametrize(
    ("prompt", "more", "said"),
    [
        ("  ", {}, "the prompt is empty"),
        ("a" * 40_000, {}, "has 40,000 characters, and 32,000 is the most"),
        ("a", {"count": 0}, "count must be a whole number from 1 to 10, got 0"),
        ("a", {"count": 11}, "count must be"),
        ("a", {"count": True}, "count must be"),
        ("a", {"size": (0, 9)}, "size must be"),
        ("a", {"seed": -1}, "seed must be 0 to"),
    ],
)
def test_what_cannot_be_drawn_is_refused_unasked(prompt: str, more: Any, said: str, api: OpenAiServer) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        model(api, seeds=True).generate_pictures(prompt, **more)
    assert api.asked == []


def test_a_refused_prompt_is_told_and_not_asked_again(api: OpenAiServer) -> None:
    with pytest.raises(PromptRefusedError, match=r"will not do that, by its rules.*safety system"):
        model(api).generate_pictures("something forbidden")
    assert len(api.asked) == 1


@pytest.mark.parametrize("code", ["moderation_blocked", "content_filter"])
def test_other_words_for_a_refusal_are_understood(code: str, api: OpenAiServer) -> None:
    api.replies.append(Reply(400, {"error": {"message": "no", "type": "image_generation_user_error", "code": code}}))
    with pytest.raises(PromptRefusedError):
        model(api).generate_pictures("a")


def test_a_busy_endpoint_is_asked_again(api: OpenAiServer) -> None:
    api.replies += [Reply(429, {"error": {"message": "slow down"}}), Reply(500, {})]
    generator = model(api)
    assert generator.generate_pictures("a")[0].data == picture_of("a")
    assert generator.retries == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "not with 1 picture"),
        ([], "not with 1 picture"),
        ([{}, {}], "not with 1 picture"),
        (["x"], "not with 1 picture"),
        ([{}], "neither b64_json nor url"),
        ([{"b64_json": "?!"}], "no base64"),
        ([{"b64_json": "PHN2Zz4="}], r"not with a picture: it begins with b'<svg>'"),
    ],
)
def test_an_answer_without_a_picture_is_told(data: Any, said: str, api: OpenAiServer) -> None:
    api.replies.append(Reply(200, {"data": data}))
    with pytest.raises(ModelUnavailableError, match=said):
        model(api).generate_pictures("a")


def test_an_answer_that_is_too_large_is_not_read_to_its_end(api: OpenAiServer) -> None:
    api.replies.append(Reply(200, b'{"data": "' + b"x" * 4_000_000 + b'"}'))
    with pytest.raises(ModelUnavailableError, match=r"more than 1,133,337 bytes"):
        model(api, picture_bytes=100_000).generate_pictures("a")
    answers_with(api, b64_json=base64.b64encode(b"x" * 200_000).decode())
    with pytest.raises(ModelUnavailableError, match=r"a picture of 200,000 bytes, and picture_bytes is 100,000"):
        model(api, picture_bytes=100_000).generate_pictures("a")


# -- addresses --------------------------------------------------------------------------------------------------------


def test_a_picture_at_the_endpoint_itself_is_fetched(api: OpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    api.pictures_as, api.key = "url", KEY
    assert model(api, api_key_env="SOME_KEY").generate_pictures("a")[0].data == picture_of("a")
    assert api.asked[1].path == "/pictures/0.png?sig=secret"


@pytest.mark.parametrize(
    "url", ["/pictures/a.png", "data:image/png;base64," + base64.b64encode(picture_of("b")).decode()]
)
def test_relative_addresses_and_those_that_hold_the_picture_are_understood(url: str, api: OpenAiServer) -> None:
    api.files["/pictures/a.png"] = Reply(200, picture_of("b"))
    answers_with(api, url=url)
    assert model(api).generate_pictures("a")[0].data == picture_of("b")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_address_that_expired_is_told_without_what_it_permits(status: int, api: OpenAiServer) -> None:
    api.files["/pictures/old.png"] = Reply(status, b"gone")
    answers_with(api, url="/pictures/old.png?sig=secret")
    with pytest.raises(ModelUnavailableError, match=rf"the picture is gone \(status {status}\).*ask again") as caught:
        model(api).generate_pictures("a")
    assert "secret" not in str(caught.value)


def test_a_store_that_fails_is_asked_again(api: OpenAiServer, pauses: list[float]) -> None:
    api.files["/pictures/a.png"] = Reply(200, picture_of("a"))
    answers_with(api, url="/pictures/a.png")
    api.replies += [Reply(503, b""), Reply(503, b"")]
    generator = model(api)
    assert generator.generate_pictures("a")[0].data == picture_of("a")
    assert (generator.retries, len(pauses)) == (2, 2)
    answers_with(api, url="/pictures/a.png")
    api.replies += [Reply(503, b"")] * 3
    with pytest.raises(ModelUnavailableError, match="answers with status 503"):
        model(api, retries=2).generate_pictures("a")


def test_a_picture_that_is_too_large_or_breaks_off_is_told(api: OpenAiServer) -> None:
    api.files["/pictures/large.png"] = Reply(200, picture_of("a") + b"x" * 300_000)
    answers_with(api, url="/pictures/large.png")
    with pytest.raises(ModelUnavailableError, match="larger than picture_bytes, 100,000"):
        model(api, picture_bytes=100_000).generate_pictures("a")
    api.files["/pictures/cut.png"] = Reply(200, picture_of("a"), cut=20)
    answers_with(api, url="/pictures/cut.png")
    with pytest.raises(ModelUnavailableError, match="the picture broke off"):
        model(api).generate_pictures("a")


def test_a_redirect_is_followed_within_the_host_and_no_further(api: OpenAiServer) -> None:
    api.files["/pictures/a.png"] = Reply(200, picture_of("a"))
    api.files["/pictures/moved.png"] = Reply(302, b"", {"location": "a.png"})
    answers_with(api, url="/pictures/moved.png")
    assert model(api).generate_pictures("a")[0].data == picture_of("a")
    with openai_server(files={"/pictures/a.png": Reply(200, picture_of("a"))}) as other:
        api.files["/pictures/away.png"] = Reply(307, b"", {"location": other.url[:-3] + "/pictures/a.png"})
        answers_with(api, url="/pictures/away.png")
        with pytest.raises(ModelUnavailableError, match="sends on to another host"):
            model(api).generate_pictures("a")
        assert other.asked == []
    api.files["/pictures/round.png"] = Reply(302, b"", {"location": "round.png"})
    answers_with(api, url="/pictures/round.png")
    with pytest.raises(ModelUnavailableError, match="sends on more than 3 times"):
        model(api).generate_pictures("a")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/a.png", "neither https nor at the endpoint itself"),
        ("http://127.0.0.1:1/a.png", "neither https nor at the endpoint itself"),
        ("https://127.0.0.1/a.png", "127.0.0.1, which is no public host"),
        ("https://localhost/a.png", "which is no public host"),
        ("https://10.0.0.1/a.png", "10.0.0.1, which is no public host"),
        ("https://169.254.169.254/latest", "169.254.169.254, which is no public host"),
        ("https://[::1]/a.png", "::1, which is no public host"),
        ("https://[::ffff:192.168.0.1]/a.png", "192.168.0.1, which is no public host"),
        ("https://2130706433/a.png", "127.0.0.1, which is no public host"),
        ("https://100.64.0.1/a.png", "100.64.0.1, which is no public host"),
        ("file:///etc/passwd", "no address of the web"),
        ("ftp://example.com/a.png", "no address of the web"),
        ("https://host:99999/a.png", "no address of the web"),
    ],
)
def test_an_address_that_leads_inside_is_not_followed(url: str, said: str, api: OpenAiServer) -> None:
    answers_with(api, url=url)
    with pytest.raises(ModelUnavailableError, match=said):
        model(api).generate_pictures("a")
    assert len(api.asked) == 1


def resolving(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> None:
    """The host pictures.example is at these addresses, as a name server of somebody else might say."""
    usual = socket.getaddrinfo

    def found(host: Any, port: Any, *given: Any, **more: Any) -> Any:
        if host != "pictures.example":
            return usual(host, port, *given, **more)
        if not numbers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_a_name_with_one_private_address_is_not_followed(api: OpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "8.8.8.8", "192.168.1.1")
    answers_with(api, url="https://pictures.example/a.png")
    with pytest.raises(ModelUnavailableError, match=r"192\.168\.1\.1, which is no public host"):
        model(api).generate_pictures("a")


class _Store(BaseHTTPRequestHandler):
    """A store of pictures on another host. seen: the headers of every request."""

    seen: ClassVar[list[dict[str, str]]] = []

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(picture_of(self.path))


@pytest.mark.parametrize("certified", ["pictures.example", "another.example"])
def test_a_picture_at_a_public_host_is_fetched_from_the_address_that_was_checked_without_the_key(
    certified: str, api: OpenAiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SOME_KEY", KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(certified).configure_cert(context)
    _Store.seen.clear()
    store = HTTPServer(("127.0.0.1", 0), _Store)
    store.socket = context.wrap_socket(store.socket, server_side=True)
    # A loopback address stands for the public one, which a test cannot have; the name leads nowhere a second time.
    resolving(monkeypatch, "127.0.0.1")
    monkeypatch.setattr(fetching, "is_public", lambda number: True)
    answers_with(api, url=f"https://pictures.example:{store.server_port}/a.png?sig=1")
    with serving(store):
        if certified == "pictures.example":
            made = model(api, api_key_env="SOME_KEY").generate_pictures("a")
            assert made[0].data == picture_of("/a.png?sig=1")
            assert _Store.seen[0]["host"] == f"pictures.example:{store.server_port}"
            assert "authorization" not in _Store.seen[0]
        else:
            with pytest.raises(ModelUnavailableError, match=r"pictures\.example.*does not answer"):
                model(api, retries=0).generate_pictures("a")
            assert _Store.seen == []


def test_an_address_of_a_host_that_is_unknown_is_told(api: OpenAiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    answers_with(api, url="https://pictures.example/a.png")
    with pytest.raises(ModelUnavailableError, match=r"'pictures\.example' of the picture's address is not known here"):
        model(api).generate_pictures("a")
