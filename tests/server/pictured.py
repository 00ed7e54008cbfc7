"""Models that see, and one that draws, whose answers follow from colours: any test knows them beforehand."""

from __future__ import annotations

import io
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

from pinyon.errors import InvalidRequestError, MissingExtraError, ModelUnavailableError, PromptRefusedError
from pinyon.models.generation import TextStream, check_request
from pinyon.pictures import read_picture
from pinyon.types import (
    ChatMessage,
    Embedder,
    Floats,
    GeneratedPicture,
    Generation,
    Generator,
    ImageGenerator,
    Metric,
    Picture,
    Usage,
)
from server.clients import Description
from server.writers import WritingModels

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'


def png(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    """The file of a picture of one colour."""
    return encoded(Image.new("RGB", size, COLOURS[colour]))


def noise(size: int, seed: int = 1) -> bytes:
    """A picture that cannot be made smaller: about three bytes a pixel."""
    return encoded(Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)))


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    image.save(made, kind)
    return made.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG that says it has ``side`` x ``side`` pixels."""
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    data = b"IDAT" + zlib.compress(b"\0" * 1_000)

    def chunk(body: bytes) -> bytes:
        return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    return b"\x89PNG\r\n\x1a\n" + chunk(header) + chunk(data) + chunk(b"IEND")


def text_of(data: bytes) -> str:
    return b64encode(data).decode()


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{text_of(data)}"


def colour_of(picture: Picture) -> str:
    return list(COLOURS)[int(np.argmax(picture.pixels.reshape(-1, 3).mean(axis=0)))]


@dataclass(frozen=True)
class ColourEmbedder:
    """(red, green, blue, something else): how often a text names each, and how much of each a picture has. Vectors of
    texts are three long and those of pictures seven, so that a mean of them as they are is no mean of unit vectors."""

    identity: str = "colours/1"
    name: str = "colours"
    dimension: int = 4
    metric: Metric = "cosine"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        counts = [[text.split().count(colour) for colour in COLOURS] + [0.1] for text in texts]
        return 3 * unit(np.array(counts, np.float32).reshape(-1, 4))

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        assert len(pictures) <= 16, "a few at a time, so that memory stays small"
        means = [[*one.pixels.reshape(-1, 3).mean(axis=0) / 255, 0.1] for one in pictures]
        return 7 * unit(np.array(means, np.float32).reshape(-1, 4))


def unit(rows: Floats) -> Floats:
    found: Floats = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return found


@dataclass
class Seer:
    """Says what it is shown: "red blue: What is this?". A word is a token. Satisfies ``types.Generator``."""

    name: str = "seer"
    identity: str = "seer/1"
    context_tokens: int = 300
    asked: list[list[ChatMessage]] = field(default_factory=list)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Generation:
        check_request(messages, max_tokens, temperature, stop, sees=True)
        self.asked.append(list(messages))
        seen = " ".join(colour_of(one) for message in messages for one in message.pictures)

        def write(stream: TextStream) -> Any:
            yield f"{seen}: "
            yield messages[-1].content
            stream.usage, stream.finish_reason = Usage(100, 2), "stop"

        return TextStream(write)


@dataclass
class Painter:
    """A picture of the colour that a prompt names, one level darker for each further one. Satisfies
    ``types.ImageGenerator``.

    It refuses what is "forbidden", does not answer to "asleep", and draws squares only. asked: every call.
    """

    name: str = "painter"
    identity: str = "painter/1"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def generate_pictures(
        self,
        prompt: str,
        *,
        count: int = 1,
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        seed: int | None = None,
    ) -> Sequence[GeneratedPicture]:
        self.asked.append({"prompt": prompt, "count": count, "size": size, "quality": quality, "seed": seed})
        words = prompt.split()
        if "forbidden" in words:
            raise PromptRefusedError("the painter will not draw what is forbidden")
        if "asleep" in words:
            raise ModelUnavailableError("the painter is asleep")
        width, height = size or (16, 16)
        if width != height:
            raise InvalidRequestError(f"the painter draws squares, not {width} x {height}")
        colour = COLOURS[next((word for word in words if word in COLOURS), "blue")]
        told = f"a careful drawing of {prompt}" if "carefully" in words else ""
        return [
            GeneratedPicture(encoded(Image.new("RGB", (width, height), _darker(colour, at))), "image/png", at, told)
            for at in range(count)
        ]


def _darker(colour: tuple[int, int, int], levels: int) -> tuple[int, int, int]:
    red, green, blue = (max(0, level - levels) for level in colour)
    return red, green, blue


class SeeingModels(WritingModels):
    """Also an embedder and a generator that take pictures, and what draws them."""

    def __init__(self) -> None:
        super().__init__()
        self.colours = ColourEmbedder()
        self.seer = Seer()
        self.painter = Painter()

    def list(self) -> Sequence[Description]:
        none: dict[str, Any] = {"dimension": 0, "dimensions": (), "metrics": (), "max_batch": 1}
        return [
            *super().list(),
            Description("colours", dimension=4, dimensions=(4,), metrics=("cosine",), modality="multimodal"),
            Description("seer", "generate", modality="multimodal", **none),
            Description("painter", "image", **none),
            Description("painter-not-installed", "image", **none),
        ]

    def get(self, name: str, dimension: int | None = None) -> Embedder:
        return self.colours if name == "colours" else super().get(name, dimension)

    def generator(self, name: str) -> Generator:
        return self.seer if name == "seer" else super().generator(name)

    def image_generator(self, name: str) -> ImageGenerator:
        self.describe(name)
        if name == "painter-not-installed":
            raise MissingExtraError("model 'painter-not-installed' needs a package: pip install it")
        self._check(name, "painter")
        return self.painter

    def read_picture(self, data: bytes, name: str) -> Picture:
        return read_picture(data, name=name, longest=64)

    def fetch_picture(self, url: str, name: str) -> bytes | None:
        return None
