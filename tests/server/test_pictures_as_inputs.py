"""Pictures beside texts, in process and over HTTP in every dialect: the same vectors, records, answers and refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import orjson
import pytest
from PIL import Image

from pinyon import Pinecone, engine
from pinyon.app import PICTURE_SIDE, default_models
from pinyon.engine.embedding import NoModels
from pinyon.engine.pictures import AT_ONCE, LARGEST_FILE, Fetched, picture_file
from pinyon.engine.reembedding import reembed
from pinyon.errors import FailedPreconditionError, InvalidRequestError, MissingExtraError, NotFoundError, PinyonError
from pinyon.models import ModelRegistry
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from pinyon.types import Floats
from pinyon.wire.versions import KNOWN
from server.clients import Client, PortAddresses
from server.pictured import SVG, ColourEmbedder, SeeingModels, bomb, data_url, encoded, noise, png, text_of, unit

COLOURS = ColourEmbedder()
EMBED = {"model": "colours", "field_map": {"text": "caption"}}


class Face(Protocol):
    """What is asked of a database by its clients. Refusals are errors of ``pinyon.errors``."""

    def embed(self, model: str, inputs: Sequence[Any]) -> tuple[Floats, int]:
        """(vectors, tokens)."""
        ...

    def create(self, embed: Mapping[str, Any]) -> dict[str, str]:
        """Makes the index ``photos``; gives its field map."""
        ...

    def upsert(self, records: Sequence[Mapping[str, Any]]) -> None: ...
    def search(self, **query: Any) -> list[tuple[str, dict[str, Any]]]:
        """(id, fields) of each hit."""
        ...

    def record(self, id: str) -> tuple[Floats, dict[str, Any]]:
        """(vector, metadata)."""
        ...

    def count(self) -> int: ...


class InProcess:
    def __init__(self, pc: Pinecone) -> None:
        self.pc = pc

    def embed(self, model: str, inputs: Sequence[Any]) -> tuple[Floats, int]:
        found = self.pc.inference.embed(model, inputs)
        return np.array([one.values for one in found], np.float32), found.usage.total_tokens

    def create(self, embed: Mapping[str, Any]) -> dict[str, str]:
        self.pc.create_index_for_model("photos", "aws", "us-east-1", embed)
        described = self.pc.describe_index("photos").embed
        assert described is not None
        return dict(described.field_map)

    def upsert(self, records: Sequence[Mapping[str, Any]]) -> None:
        self.pc.Index("photos").upsert_records("ns", records)

    def search(self, **query: Any) -> list[tuple[str, dict[str, Any]]]:
        found = self.pc.Index("photos").search("ns", {"top_k": 10, **query})
        return [(hit.id, hit.fields) for hit in found.result.hits]

    def record(self, id: str) -> tuple[Floats, dict[str, Any]]:
        found = self.pc.Index("photos").fetch([id], "ns").vectors[id]
        return np.array(found.values, np.float32), dict(found.metadata or {})

    def count(self) -> int:
        return self.pc.Index("photos").describe_index_stats().total_vector_count


class OverHttp:
    """Bytes become base64, as in any client."""

    def __init__(self, client: Client, version: str) -> None:
        self.client = client
        self.version = version

    def embed(self, model: str, inputs: Sequence[Any]) -> tuple[Floats, int]:
        found = self._asked("POST", "/embed", {"model": model, "inputs": plain(inputs), "parameters": {}})
        return np.array([one["values"] for one in found["data"]], np.float32), found["usage"]["total_tokens"]

    def create(self, embed: Mapping[str, Any]) -> dict[str, str]:
        body = {"name": "photos", "cloud": "aws", "region": "us-east-1", "embed": embed}
        self._asked("POST", "/indexes/create-for-model", body)
        reply = self.client.get("/indexes/photos", version="2025-10")  # the newest that tells the field map
        return dict(reply.json["embed"]["field_map"])

    def upsert(self, records: Sequence[Mapping[str, Any]]) -> None:
        body = b"\n".join(orjson.dumps(plain(one)) for one in records)
        path = "/records/namespaces/ns/upsert"
        self._answered(self.client.request("POST", path, body=body, index="photos", version=self.version))

    def search(self, **query: Any) -> list[tuple[str, dict[str, Any]]]:
        body = {"query": {"top_k": 10, **plain(query)}}
        found = self._asked("POST", "/records/namespaces/ns/search", body, "photos")
        return [(hit["_id"], hit["fields"]) for hit in found["result"]["hits"]]

    def record(self, id: str) -> tuple[Floats, dict[str, Any]]:
        found = self.client.get(f"/vectors/fetch?ids={id}&namespace=ns", index="photos").json["vectors"][id]
        return np.array(found["values"], np.float32), found["metadata"]

    def count(self) -> int:
        return int(self.client.post("/describe_index_stats", {}, index="photos").json["totalVectorCount"])

    def _asked(self, method: str, path: str, body: Any, index: str = "") -> Any:
        return self._answered(self.client.request(method, path, json=body, index=index, version=self.version))

    @staticmethod
    def _answered(reply: Any) -> Any:
        if reply.status >= 300:
            errors: dict[int, type[PinyonError]] = {400: InvalidRequestError, 404: NotFoundError}
            raise errors[reply.status](reply.message)
        return reply.json


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return text_of(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def models() -> SeeingModels:
    return SeeingModels()


@pytest.fixture(params=["in process", *KNOWN])
def face(request: pytest.FixtureRequest, models: SeeingModels) -> Iterator[Face]:
    if request.param == "in process":
        with Pinecone(path=":memory:", models=models) as pc:  # type: ignore[arg-type]
            yield InProcess(pc)
        return
    with engine.Database(":memory:") as database:
        service = Service(Settings(), database, models, PortAddresses())  # type: ignore[arg-type]
        yield OverHttp(Client(service, ALL_ROUTES), request.param)


@pytest.fixture
def photos(face: Face) -> Face:
    """Three records: of a picture, of a text, of both."""
    face.create(EMBED)
    face.upsert(
        [
            {"_id": "picture", "image": png("red"), "kind": "photo"},
            {"_id": "text", "caption": "a green leaf", "kind": "note"},
            {"_id": "both", "caption": "my blue car", "image": data_url(png("red")), "kind": "photo"},
        ]
    )
    return face


def best(hits: list[tuple[str, dict[str, Any]]]) -> str:
    return hits[0][0]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pictures(*colours: str) -> Floats:
    """Vectors that the model gives, asked by itself."""
    models = SeeingModels()
    return COLOURS.embed_pictures([models.read_picture(png(colour), "a picture") for colour in colours])


# -- vectors ----------------------------------------------------------------------------------------------------------


def test_pictures_and_texts_become_vectors_in_their_order(face: Face) -> None:
    inputs = [{"image": png("red")}, {"text": "green leaves"}, {"image": png("blue")}, {"text": "red"}]
    vectors, tokens = face.embed("colours", inputs)
    texts = COLOURS.embed(["green leaves", "red"])
    np.testing.assert_allclose(vectors[[0, 2]], pictures("red", "blue"), rtol=1e-5)
    np.testing.assert_allclose(vectors[[1, 3]], texts, rtol=1e-5)
    assert tokens == 3, "those of the texts"


def test_a_text_and_a_picture_together_are_the_mean_of_their_directions(face: Face) -> None:
    (vector,), tokens = face.embed("colours", [{"text": "blue", "image": png("red")}])
    expected = unit(unit(COLOURS.embed(["blue"])[0]) + unit(pictures("red")[0]))
    np.testing.assert_allclose(vector, expected, rtol=1e-5)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert tokens == 1


def test_pictures_come_as_base64_with_or_without_lines_and_as_data_urls(face: Face) -> None:
    whole = text_of(png("green"))
    lines = "\r\n".join(whole[at : at + 40] for at in range(0, len(whole), 40))
    urls = [data_url(png("green")), data_url(png("green"), "image/x-whatever"), f"DATA:IMAGE/PNG;name=a;base64,{whole}"]
    vectors, tokens = face.embed("colours", [{"image": one} for one in (whole, lines, *urls)])
    np.testing.assert_allclose(vectors, np.repeat(pictures("green"), 5, axis=0), rtol=1e-5)
    assert tokens == 0


def test_what_a_file_is_decides_and_not_what_it_is_called(face: Face) -> None:
    gif = encoded(Image.new("RGB", (5, 5), (0, 255, 0)), "GIF")
    (vector,), _ = face.embed("colours", [{"image": data_url(gif, "image/jpeg")}])
    np.testing.assert_allclose(vector, pictures("green")[0], rtol=1e-5)


def test_more_pictures_than_are_looked_at_together_keep_their_order(face: Face) -> None:
    names = [("red", "green", "blue")[at % 3] for at in range(2 * AT_ONCE + 3)]
    vectors, _ = face.embed("colours", [{"image": png(name)} for name in names])
    assert [int(np.argmax(vector)) for vector in vectors] == [("red", "green", "blue").index(name) for name in names]


@pytest.mark.parametrize("model", ["words", "word-counts"])
def test_a_model_of_texts_takes_no_pictures(model: str, face: Face) -> None:
    with pytest.raises(InvalidRequestError, match=rf"inputs\[1\] has a picture, and the model '{model}' takes texts"):
        face.embed(model, [{"text": "a"}, {"image": png()}])


BAD: dict[str, tuple[Any, str]] = {
    "half a byte": ("abc", "is no base64"),
    "no letters of base64": ("no base64, this!", "is no base64"),
    "letters beyond ASCII": ("사진", "is no base64"),
    "nothing": ("", "0 bytes"),
    "a text file": (text_of(b"hello, I am a text" * 9), "is no picture of a format that is read"),
    "a page": (data_url(b"<html></html>", "text/html"), "a data URL of the type 'text/html' is no picture"),
    "a data URL of nothing": ("data:", "is not of the form data:image/png;base64"),
    "a data URL of signs": ("data:image/png,%89PNG", "is not of the form data:image/png;base64"),
    "a drawing that is a program": (data_url(SVG, "image/svg+xml"), "SVG"),
    "the same without its name": (text_of(SVG), "SVG"),
    "a file that is cut short": (text_of(noise(40)[:2_000]), "damaged or cut short"),
    "a bomb": (text_of(bomb()), "60,000 x 60,000"),
    "an address": (
        "http://169.254.169.254/latest/meta-data",
        "is an address, and none is fetched.*as base64 or a data",
    ),
    "an address in capitals": ("HTTPS://example.com/cat.png", "is an address, and none is fetched"),
    "a file of the server": ("file:///etc/passwd", "is no picture"),
    "a digest": (digest(b"a"), "the digest of a picture, which is all that is kept of it.*Send the picture again"),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_picture_is_refused_by_its_place_with_the_reason(bad: str, face: Face) -> None:
    image, said = BAD[bad]
    with pytest.raises(InvalidRequestError, match=rf"inputs\[1\][\s\S]*{said}"):
        face.embed("colours", [{"image": png()}, {"image": image}])


@pytest.mark.parametrize("bad", [{"image": 7}, {"image": ["a"]}, {"text": 7, "image": "a"}, {"picture": "a"}, {}, 7])
def test_an_input_that_is_neither_text_nor_picture_is_refused(bad: Any, face: Face) -> None:
    with pytest.raises(InvalidRequestError):
        face.embed("colours", [bad])


# -- records ----------------------------------------------------------------------------------------------------------


def test_pictures_are_found_by_texts_and_texts_by_pictures(photos: Face) -> None:
    assert best(photos.search(inputs={"text": "something red"})) == "picture"
    assert best(photos.search(inputs={"image": png("green")})) == "text"
    assert best(photos.search(inputs={"text": "blue", "image": png("red")})) == "both"
    only = photos.search(inputs={"image": png("green")}, filter={"kind": "photo"})
    assert sorted(id for id, _ in only) == ["both", "picture"]


def test_a_record_keeps_its_text_and_the_digest_of_its_picture(photos: Face) -> None:
    vector, metadata = photos.record("picture")
    assert metadata == {"image": digest(png("red")), "kind": "photo"}
    np.testing.assert_allclose(unit(vector), unit(pictures("red")[0]), rtol=1e-5)
    vector, metadata = photos.record("both")
    assert metadata == {"caption": "my blue car", "image": digest(png("red")), "kind": "photo"}
    expected = unit(unit(COLOURS.embed(["my blue car"])[0]) + unit(pictures("red")[0]))
    np.testing.assert_allclose(unit(vector), expected, rtol=1e-5)
    vector, metadata = photos.record("text")
    assert metadata == {"caption": "a green leaf", "kind": "note"}


def test_a_blank_text_beside_a_picture_counts_as_none(photos: Face) -> None:
    photos.upsert([{"_id": "blank", "caption": " ", "image": png("red")}])
    np.testing.assert_allclose(photos.record("blank")[0], photos.record("picture")[0], rtol=1e-6)


def test_the_field_of_pictures_is_called_image_unless_it_is_named(face: Face) -> None:
    fields = {"text": "caption", "image": "photo"}
    assert face.create({"model": "colours", "field_map": fields}) == fields
    face.upsert([{"_id": "a", "photo": png("blue"), "image": "what a caller calls so"}])
    assert face.record("a")[1] == {"photo": digest(png("blue")), "image": "what a caller calls so"}


def test_it_is_there_by_default_where_the_model_takes_pictures(face: Face) -> None:
    assert face.create(EMBED) == {"text": "caption", "image": "image"}


@pytest.mark.parametrize(
    ("embed", "said"),
    [
        ({"model": "words", "field_map": {"text": "a", "image": "b"}}, "the model 'words' takes texts only"),
        ({"model": "word-counts", "field_map": {"text": "a", "image": "b"}}, "'word-counts' takes texts only"),
        ({"model": "colours", "field_map": {"text": "a", "image": "a"}}, "must have a name of its own"),
        ({"model": "colours", "field_map": {"text": "a", "image": "_id"}}, "must have a name of its own"),
        ({"model": "colours", "field_map": {"text": "a", "image": 7}}, "must have a name of its own"),
        ({"model": "colours", "field_map": {"image": "a"}}, "Missing required key 'text' in field_map"),
    ],
)
def test_fields_that_cannot_be_are_refused_when_an_index_is_made(embed: Any, said: str, face: Face) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        face.create(embed)


def test_a_field_named_image_is_like_any_other_where_the_model_takes_texts(face: Face) -> None:
    face.create({"model": "words", "field_map": {"text": "caption"}})
    face.upsert([{"_id": "a", "caption": "a red car", "image": "cat.png"}])
    assert face.record("a")[1] == {"caption": "a red car", "image": "cat.png"}
    with pytest.raises(InvalidRequestError, match="inputs has a picture, and the model 'words' takes texts only"):
        face.search(inputs={"image": png()})


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"kind": "photo"}, "has neither of the fields that this index embeds, 'caption' .* and 'image'"),
        ({"caption": " "}, "the field 'caption', which this index embeds, holds ' '"),
        ({"caption": 7, "image": text_of(png())}, "the field 'caption' must be a text, got 7"),
        ({"image": "no base64!"}, "the field 'image' is no base64"),
        ({"image": "https://example.com/cat.png"}, "the field 'image': 'https://example.com/cat.png' is an address"),
        ({"image": digest(b"a")}, "is the digest of a picture"),
        ({"image": text_of(SVG)}, "SVG"),
        ({"caption": "a red car", "image": text_of(noise(30)[:500])}, "damaged or cut short"),
    ],
)
def test_a_bad_record_is_named_and_nothing_is_stored(record: Any, said: str, face: Face) -> None:
    face.create(EMBED)
    with pytest.raises(InvalidRequestError, match=rf"(?i)record 'bad'[\s\S]*{said}"):
        face.upsert([{"_id": "good", "caption": "a red car"}, {"_id": "bad", **record}])
    assert face.count() == 0


def test_a_search_for_a_picture_goes_by_vectors_alone(photos: Face) -> None:
    dense = photos.search(inputs={"image": png("green")})
    assert photos.search(inputs={"image": png("green")}, mode="hybrid") == dense
    with pytest.raises(InvalidRequestError, match="mode 'lexical' searches by words, and a picture has none"):
        photos.search(inputs={"image": png("green")}, mode="lexical")
    with pytest.raises(InvalidRequestError, match="mode 'lexical' searches by words, and a picture has none"):
        photos.search(inputs={"image": png("green"), "text": "leaf"}, mode="lexical")
    found = photos.search(inputs={"image": png("red"), "text": "leaf"}, mode="hybrid")
    assert {id for id, _ in found} >= {"picture", "text"}, "near to the picture, and with the word"


def test_an_index_that_searches_by_words_still_finds_pictures(face: Face) -> None:
    face.create({**EMBED, "read_parameters": {"mode": "lexical"}})
    face.upsert([{"_id": "red", "image": png("red")}, {"_id": "leaf", "caption": "a green leaf"}])
    assert [id for id, _ in face.search(inputs={"text": "leaf"})] == ["leaf"]
    assert [id for id, _ in face.search(inputs={"image": png("red")})] == ["red", "leaf"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "inputs"),
        ({"text": " ", "image": text_of(png())}, "inputs must be|text to search for is empty"),
        ({"image": "no base64!"}, "inputs is no base64"),
        ({"image": "http://localhost/"}, "is an address, and none is fetched"),
    ],
)
def test_a_bad_search_is_refused(inputs: Any, said: str, photos: Face) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        photos.search(inputs=inputs)


# -- in process only --------------------------------------------------------------------------------------------------


@pytest.fixture
def pc(models: SeeingModels) -> Iterator[Pinecone]:
    with Pinecone(path=":memory:", models=models) as pc:  # type: ignore[arg-type]
        yield pc


def test_a_picture_may_be_bytes_or_a_path(pc: Pinecone, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png("blue"))
    data = png("blue")
    found = pc.inference.embed("colours", [{"image": path}, {"image": bytearray(data)}, {"image": memoryview(data)}])
    np.testing.assert_allclose([one.values for one in found], np.repeat(pictures("blue"), 3, axis=0), rtol=1e-5)
    for bad in (tmp_path / "none.png", tmp_path):
        with pytest.raises(InvalidRequestError, match=r"inputs\[0\]: .* cannot be read"):
            pc.inference.embed("colours", [{"image": bad}])
    with pytest.raises(InvalidRequestError, match=r"got Image <PIL"):
        pc.inference.embed("colours", [{"image": Image.new("RGB", (2, 2))}])
    with pytest.raises(InvalidRequestError, match=r"pathlib.Path; got int 7"):
        pc.inference.embed("colours", [{"image": 7}])


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(InvalidRequestError, match=f"{LARGEST_FILE + 1:,} bytes; at most {LARGEST_FILE:,}"):
        picture_file(path, "it", Fetched(NoModels()))


def test_an_index_of_pictures_is_not_given_a_model_that_would_leave_them_out(pc: Pinecone) -> None:
    pc.create_index_for_model("photos", "aws", "us-east-1", EMBED)
    index = pc.Index("photos")
    index.upsert_records("ns", [{"_id": "a", "caption": "a red car", "image": png()}, {"_id": "b", "caption": "green"}])
    with pytest.raises(FailedPreconditionError, match=r"1 of 2 records .* or are of a picture, which is not kept.*'a'"):
        reembed(pc._database, SeeingModels(), "photos", "words")  # type: ignore[arg-type]
    index.delete(ids=["a"], namespace="ns")
    reembed(pc._database, SeeingModels(), "photos", "words", sample=0)  # type: ignore[arg-type]
    embed = pc.describe_index("photos").embed
    assert embed is not None
    assert (embed.model, dict(embed.field_map)) == ("words", {"text": "caption"})


def test_a_picture_is_no_text_to_rerank_by_and_takes_no_tokens(pc: Pinecone) -> None:
    pc.create_index_for_model("photos", "aws", "us-east-1", EMBED)
    index = pc.Index("photos")
    index.upsert_records("ns", [{"_id": "a", "caption": "a red car"}])
    with pytest.raises(InvalidRequestError, match="Reranking needs a text"):
        index.search("ns", {"top_k": 1, "inputs": {"image": png()}}, {"model": "shared-words"})
    assert index.search("ns", {"top_k": 1, "inputs": {"image": png()}}).usage.embed_total_tokens is None
    both = index.search("ns", {"top_k": 1, "inputs": {"image": png(), "text": "two words"}})
    assert both.usage.embed_total_tokens == 2


def test_binding_an_index_to_a_model_of_texts_leaves_the_field_of_pictures(pc: Pinecone) -> None:
    pc.create_index_for_model("photos", "aws", "us-east-1", {**EMBED, "field_map": {"text": "a", "image": "b"}})
    kept = pc.configure_index("photos", embed={"read_parameters": {"mode": "hybrid"}})
    assert kept.embed is not None
    assert dict(kept.embed.field_map) == {"text": "a", "image": "b"}


# -- over HTTP only ---------------------------------------------------------------------------------------------------


@pytest.fixture
def client(models: SeeingModels) -> Iterator[Client]:
    limits = RequestLimits(decoded_bytes=20_000, small_body_bytes=20_000)
    with engine.Database(":memory:") as database:
        service = Service(Settings(requests=limits), database, models, PortAddresses())  # type: ignore[arg-type]
        yield Client(service, ALL_ROUTES)


def test_pictures_do_not_count_as_what_is_stored(client: Client) -> None:
    face = OverHttp(client, KNOWN[-1])
    face.create(EMBED)
    large = noise(120)
    assert len(large) > 2 * 20_000
    face.upsert([{"_id": "a", "image": large}])
    assert best(face.search(inputs={"image": large})) == "a", "nor is the body of a search too small for one"
    with pytest.raises(InvalidRequestError, match="exceeds the maximum supported size of 20000 bytes"):
        face.upsert([{"_id": "b", "caption": "a", "other": text_of(large)}])


def test_settings_of_an_index_change_and_its_fields_stay(client: Client) -> None:
    OverHttp(client, "2025-10").create({**EMBED, "field_map": {"text": "a", "image": "b"}})

    def changed(embed: Any) -> Any:
        return client.patch("/indexes/photos", {"embed": embed}, version="2025-10")

    kept = changed({"model": "colours", "read_parameters": {"mode": "hybrid"}})
    assert kept.json["embed"]["field_map"] == {"text": "a", "image": "b"}
    assert changed({"field_map": {"text": "c", "image": "d"}}).json["embed"]["field_map"] == {"text": "c", "image": "d"}
    assert changed({"field_map": {"text": "c"}}).json["embed"]["field_map"] == {"text": "c", "image": "d"}
    assert changed({"field_map": {"text": "c", "image": "c"}}).status == 400


def test_a_misspelt_input_is_refused_where_the_dialect_is_strict(client: Client) -> None:
    face = OverHttp(client, "2026-07")
    face.create(EMBED)
    with pytest.raises(InvalidRequestError, match="unknown field 'imgae'"):
        face.search(inputs={"text": "red", "imgae": text_of(png())})


def test_models_are_listed_with_what_they_take(client: Client) -> None:
    found = {one["model"]: one["modality"] for one in client.get("/models").json["models"]}
    assert found == {"shared-words": "text", "word-counts": "text", "words": "text", "colours": "multimodal"}


# -- who reads pictures -----------------------------------------------------------------------------------------------


def test_the_models_of_this_machine_read_pictures_in_a_size_that_is_enough(tmp_path: Path) -> None:
    wide = BytesIO()
    Image.new("RGB", (2 * PICTURE_SIDE, 50), (0, 0, 255)).save(wide, "JPEG")
    for models in (default_models(), default_models(tmp_path), default_models().guarded(lambda name: False)):
        picture = models.read_picture(wide.getvalue(), "a photo")
        assert picture.pixels.shape == (25, PICTURE_SIDE, 3)
        assert picture.digest == digest(wide.getvalue())
        with pytest.raises(InvalidRequestError, match="a photo"):
            models.read_picture(b"none", "a photo")


def test_a_registry_that_reads_none_says_what_to_install(models: SeeingModels) -> None:
    with pytest.raises(MissingExtraError, match=r"'a photo'.*pip install \"pinyon\[pictures\]\""):
        ModelRegistry().read_picture(png(), "a photo")
    with pytest.raises(NotFoundError, match="No models were given"):
        NoModels().read_picture(png(), "a photo")
    assert NoModels().fetch_picture("https://example.com/cat.png", "a photo") is None
    given = ModelRegistry(reader=models.read_picture)
    for registry in (given, given.guarded(lambda name: False), given.with_more(dict, None)):
        assert registry.read_picture(png(), "a photo").pixels.shape == (6, 8, 3)
