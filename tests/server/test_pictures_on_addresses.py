"""Pictures on addresses: a server fetches them from the origins that it was started with, and no other face does."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from models.colour_models import colour_registry, plain_file
from models.picture_store import Store, picture_store
from pinyon import Pinecone, Server, engine
from pinyon.app import default_models
from pinyon.app.server import RunningServer, serve
from pinyon.app.settings import load
from pinyon.engine import pictures, records
from pinyon.engine.embedding import NoModels
from pinyon.engine.memory import Outdated
from pinyon.engine.pictures import Fetched, picture_file
from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.models.descriptions import missing_modules
from pinyon.server.settings import Settings, told
from pinyon.types import ModelInput, RecordQuery
from server.live import running_server
from server.pictured import SeeingModels, data_url

httpx = pytest.importorskip("httpx", reason='needs pip install "pinyon[endpoint]"')
pytestmark = pytest.mark.usefixtures("loopback")

RED, BLUE = plain_file((255, 0, 0)), plain_file((0, 0, 255))
EMBED = {"model": "colours", "field_map": {"text": "caption", "image": "photo"}}


@pytest.fixture
def store() -> Iterator[Store]:
    with picture_store() as running:
        running.at("/red.png", RED)
        running.at("/blue.png", BLUE)
        yield running


class Asked:
    """The four places of a server that take pictures. Refusals are errors."""

    def __init__(self, server: RunningServer, client: Any) -> None:
        self._url, self._client = server.url, client
        body = {"name": "photos", "cloud": "aws", "region": "us-east-1", "embed": EMBED}
        self.json("/indexes/create-for-model", body)
        self._index = client.get(f"{server.url}/indexes/photos").raise_for_status().json()["host"]

    def embed(self, url: str) -> str:
        body = {"model": "colours", "inputs": [{"image": url}], "parameters": {}}
        return str(["red", "green", "blue"][int(np.argmax(self.json("/embed", body)["data"][0]["values"]))])

    def records(self, url: str) -> str:
        self.upsert([{"_id": "a", "photo": url}])
        stored = self._client.get(f"{self._index}/vectors/fetch?ids=a&namespace=ns").json()["vectors"]["a"]
        assert stored["metadata"]["photo"] in (digest(RED), digest(BLUE)), "of the same bytes"
        return "red" if stored["values"][0] else "blue"

    def search(self, url: str) -> str:
        self.upsert([{"_id": "red", "caption": "red"}, {"_id": "blue", "caption": "blue"}])
        query = {"query": {"top_k": 1, "inputs": {"image": url}}}
        return str(self.json("/records/namespaces/ns/search", query, self._index)["result"]["hits"][0]["_id"])

    def chat(self, url: str) -> str:
        parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What is this?"}]
        body = {"model": "names", "messages": [{"role": "user", "content": parts}]}
        return str(self.json("/v1/chat/completions", body)["choices"][0]["message"]["content"]).removeprefix("all ")

    def upsert(self, found: Sequence[dict[str, Any]]) -> None:
        lines = b"\n".join(map(orjson.dumps, found))
        self._read(self._client.post(f"{self._index}/records/namespaces/ns/upsert", content=lines))

    def count(self) -> int:
        return int(self.json("/describe_index_stats", {}, self._index)["totalVectorCount"])

    def json(self, path: str, body: Any, place: str = "") -> Any:
        return self._read(self._client.post((place or self._url) + path, json=body))

    @staticmethod
    def _read(reply: Any) -> Any:
        found = reply.json() if reply.content else {}
        if reply.status_code >= 300:
            assert reply.status_code == 400, reply.text
            raise InvalidRequestError(found["error"]["message"] if "error" in found else found["message"])
        return found


ROUTES = {
    "embed": r"inputs\[0\]",
    "records": "(?i)record 'a': the field 'photo'",
    "search": "inputs",
    "chat": r"messages\[0\]\.content\[0\]",
}


@pytest.fixture
def client() -> Iterator[Any]:
    with httpx.Client(headers={"x-pinecone-api-version": "2025-10"}, trust_env=False, timeout=30.0) as made:
        yield made


@pytest.fixture
def asked(store: Store, client: Any) -> Iterator[Asked]:
    """Of a server that fetches from the store."""
    with running_server(models=colour_registry(), picture_origins=(store.origin,)) as server:
        yield Asked(server, client)


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


# -- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
def test_a_picture_of_an_allowed_origin_counts_like_its_bytes(route: str, asked: Asked, store: Store) -> None:
    for colour, data in (("red", RED), ("blue", BLUE)):
        assert getattr(asked, route)(f"{store.origin}/{colour}.png?sig=1") == colour
        assert getattr(asked, route)(data_url(data)) == colour
    assert [path for path, _ in store.asked] == ["/red.png?sig=1", "/blue.png?sig=1"], "each once"


@pytest.mark.parametrize("route", ROUTES)
def test_a_picture_elsewhere_or_none_is_refused_by_its_place(route: str, asked: Asked, store: Store) -> None:
    store.at("/text.png", b"a secret of the network that is no picture")
    with picture_store() as other:
        for url, said in {
            other.at("/red.png?sig=secret", RED): "is not among the addresses that this server fetches pictures from",
            "http://169.254.169.254/latest/meta-data": "is not among the addresses",
            f"{store.origin}/none.png?sig=secret": "answers with status 404, not with the picture",
            f"{store.origin}/text.png?sig=secret": "is no picture of a format that is read",
            store.at("/empty.png?sig=secret", b""): "is no picture",
        }.items():
            with pytest.raises(InvalidRequestError, match=f"{ROUTES[route]}.*{said}") as caught:
                getattr(asked, route)(url)
            assert "secret" not in caught.value.message
        assert other.connections == 0


@pytest.mark.parametrize("route", ROUTES)
def test_without_the_setting_no_address_is_fetched(route: str, store: Store, client: Any) -> None:
    with running_server(models=colour_registry()) as server:
        asked = Asked(server, client)
        with pytest.raises(InvalidRequestError, match=f"{ROUTES[route]}.*is an address, and none is fetched") as caught:
            getattr(asked, route)(f"{store.origin}/red.png?sig=secret")
    assert "send its bytes, as base64 or a data URL" in caught.value.message
    assert "--picture-origin" in caught.value.message
    assert "secret" not in caught.value.message
    assert store.connections == 0


def test_a_bad_address_among_records_leaves_nothing_stored(asked: Asked, store: Store) -> None:
    with pytest.raises(InvalidRequestError, match=r"(?i)record 'b'.*status 404"):
        asked.upsert([{"_id": "a", "photo": f"{store.origin}/red.png"}, {"_id": "b", "photo": f"{store.origin}/none"}])
    assert asked.count() == 0


def test_an_address_that_comes_twice_in_a_request_is_fetched_once(asked: Asked, store: Store) -> None:
    url = f"{store.origin}/red.png"
    asked.upsert([{"_id": name, "photo": url} for name in "abc"])
    assert (asked.count(), len(store.asked)) == (3, 1)
    inputs = [{"image": url}] * 3
    assert len(asked.json("/embed", {"model": "colours", "inputs": inputs, "parameters": {}})["data"]) == 3
    assert len(store.asked) == 2, "another request asks again"


# -- one request ------------------------------------------------------------------------------------------------------


class Counting(SeeingModels):
    """Fetches from a dictionary."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.fetched: list[str] = []

    def fetch_picture(self, url: str, name: str) -> bytes | None:
        self.fetched.append(url)
        return self.files[url]


def test_work_that_is_done_again_fetches_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when an index is given another model while a request is under way."""
    models: Any = Counting({"https://a.example/red.png": RED})
    first = {"upsert": True, "embed_query": True}
    with Pinecone(path=":memory:", models=models) as pc:
        pc.create_index_for_model("photos", "aws", "us-east-1", {"model": "colours", "field_map": {"text": "caption"}})
        index = pc._database.index("photos")

        def again(name: str, usual: Any) -> Any:
            def work(*given: Any, **more: Any) -> Any:
                found = usual(*given, **more) if name == "embed_query" else None
                if first.pop(name, False):
                    raise Outdated("once")
                return usual(*given, **more) if found is None else found

            return work

        monkeypatch.setattr(index, "upsert", again("upsert", index.upsert))
        monkeypatch.setattr(records, "embed_query", again("embed_query", records.embed_query))
        url = "https://a.example/red.png"
        engine.records.write_records(index, models, "", [{"_id": "a", "image": url}])
        assert models.fetched == [url]
        found = engine.records.find_records(index, models, "", RecordQuery(top_k=1, image=url))
        assert ([match.id for match in found.matches], first) == (["a"], {})
        assert models.fetched == [url] * 2


def test_all_that_is_fetched_for_a_request_is_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST_FILE", 250)
    urls = [f"https://a.example/{number}" for number in range(3)]
    models: Any = Counting(dict.fromkeys(urls, b"x" * 100))
    fetched = Fetched(models)
    for url in (*urls[:2], *urls[:2]):
        assert len(picture_file(url, "it", fetched)) == 100
    with pytest.raises(InvalidRequestError, match=r"it: with it, .* have 300 bytes; at most 250 are fetched for one"):
        picture_file(urls[2], "it", fetched)
    assert len(picture_file(urls[2], "it", Fetched(models))) == 100


def test_pictures_that_take_long_are_not_waited_for_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1_000, 25))
    monkeypatch.setattr(pictures, "monotonic", lambda: float(next(clock)))
    urls = [f"https://a.example/{number}" for number in range(9)]
    models: Any = Counting(dict.fromkeys(urls, RED))
    inputs = [ModelInput(None, url) for url in urls]
    with pytest.raises(InvalidRequestError, match=r"inputs\[3\]: .* took 75 s .* after 60 s no more"):
        pictures.embed_inputs(models, models.colours, inputs, pictures.input_named)
    assert models.fetched == urls[:3]


# -- in process -------------------------------------------------------------------------------------------------------


def test_in_process_no_address_is_fetched(store: Store) -> None:
    url = f"{store.origin}/red.png?sig=secret"
    with Pinecone(path=":memory:", models=colour_registry()) as pc:
        pc.create_index_for_model("photos", "aws", "us-east-1", EMBED)
        index = pc.Index("photos")
        for refused in (
            lambda: pc.inference.embed("colours", [{"image": url}]),
            lambda: index.upsert_records("ns", [{"_id": "a", "photo": url}]),
            lambda: index.search("ns", {"top_k": 1, "inputs": {"image": url}}),
        ):
            with pytest.raises(InvalidRequestError, match=r"and none is fetched.*send its bytes") as caught:
                refused()
            assert "secret" not in caught.value.message
    with pytest.raises(InvalidRequestError, match="none is fetched"):
        picture_file(url, "it", Fetched(NoModels()))
    assert store.connections == 0


# -- the setting ------------------------------------------------------------------------------------------------------


def test_no_origin_is_allowed_unless_it_is_named() -> None:
    assert load(environment={}).picture_origins == ()


def test_origins_come_from_a_file_the_environment_or_a_flag_and_are_told(tmp_path: Path) -> None:
    origins = ("https://a.example", "http://b.example:9000")
    file = tmp_path / "pinyon.toml"
    file.write_text('picture_origins = ["https://a.example", "http://b.example:9000"]\n')
    for found, source in (
        (load(file=file, environment={}), "file"),
        (load(environment={"PINYON_PICTURE_ORIGINS": ", ".join(origins)}), "environment"),
        (load(environment={}, flags={"picture_origins": list(origins)}), "flag"),
    ):
        assert found.picture_origins == origins
        (shown,) = [one for one in told(found) if one["name"] == "picture_origins"]
        assert shown == {"name": "picture_origins", "value": list(origins), "default": [], "source": source}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_no_origin_is_refused_before_anything_is_opened(workers: int, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(InvalidRequestError, match=r"picture_origins holds 'a\.example', which is no origin"):
        serve(Settings(data=data, port=0, workers=workers, picture_origins=("a.example",)))
    assert not data.exists()


def test_a_server_that_cannot_fetch_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pinyon\[endpoint\]"'):
        Server(picture_origins=("*",))
    with Server():
        pass


def test_models_that_cannot_be_told_are_refused_with_the_way_out() -> None:
    models: Any = SeeingModels()
    with pytest.raises(InvalidRequestError, match="picture_origins cannot be told to models of the type SeeingModels"):
        Server(models=models, picture_origins=("*",))


def test_the_usual_models_fetch_as_well(store: Store, tmp_path: Path, client: Any) -> None:
    generators = [one for one in default_models(tmp_path).list() if one.type == "generate" and not missing_modules(one)]
    if not generators:
        pytest.skip("no model that writes is installed")
    with Server(tmp_path, picture_origins=(store.origin,)) as server:
        parts = [{"type": "image_url", "image_url": {"url": f"{store.origin}/none.png"}}]
        body = {"model": generators[0].name, "messages": [{"role": "user", "content": parts}]}
        reply = client.post(f"{server.url}/v1/chat/completions", json=body)
    assert "answers with status 404" in reply.text
    assert [path for path, _ in store.asked] == ["/none.png"]
